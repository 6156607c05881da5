//! What is kept between two windows of a text?
//!
//! Where in the structure of the documents the next one begins, what was counted, and what is to be told at the end.

use super::damage::{Damage, tell};
use super::keys::{Keys, Saw};
use super::shape::{After, Fed, Opener, TextKind, Told};
use super::skip::Skipper;
use super::window::Window;
use crate::vocab::LossKind;

/// Finds the records of a text, window by window.
pub struct Splitter<'o> {
    pub(super) opener: &'o Opener<'o>,
    /// How many payloads lie around this text.
    pub(super) depth: u8,
    /// Where the window begins in the text.
    pub(super) base: u64,
    pub(super) place: Place,
    /// What the keys of the open document say.
    pub(super) keys: Keys,
    /// A value that is being stepped over: what to tell of it, and the place behind it.
    pub(super) stepping: Option<(Skipper, Damage, Place)>,
    pub(super) decided: Option<TextKind>,
    pub(super) saw_document: Saw,
    pub(super) saw_log: Saw,
    pub(super) saw_digest: Saw,
    pub(super) saw_control: Saw,
    pub(super) damage: Vec<Damage>,
    pub(super) elements: u64,
    /// Whether every value is stepped over byte by byte.
    pub(super) is_slow: bool,
}

/// Where in the structure of documents a window begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Start,
    Between,
    Array(Within, Members),
    Over,
}

/// Whose elements an array holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Within {
    /// `Records`: what is in it is a record, unless it says otherwise.
    Records,
    /// `Events`, `events`, `logEvents`: envelopes.
    Envelopes,
    /// An array without a name.
    Bare,
}

/// Whether a comma must come before the next element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Members {
    None,
    Some,
}

impl<'o> Splitter<'o> {
    /// Nothing was read yet.
    pub fn new(opener: &'o Opener<'o>) -> Self {
        Self {
            opener,
            depth: 0,
            base: 0,
            place: Place::Start,
            keys: Keys::default(),
            stepping: None,
            decided: None,
            saw_document: Saw::No,
            saw_log: Saw::No,
            saw_digest: Saw::No,
            saw_control: Saw::No,
            damage: Vec::new(),
            elements: 0,
            is_slow: false,
        }
    }

    /// The same, without the fast way through arrays of records, which it is compared with.
    pub fn slowly(self) -> Self {
        Self {
            is_slow: true,
            ..self
        }
    }

    /// Reads the next window: the text from where the last one was done with.
    pub fn feed<'t>(&mut self, text: &'t [u8], after: After) -> Fed<'t> {
        let fed = Window::new(self, text, after).read();
        self.base = self.base.saturating_add(fed.done as u64);
        fed
    }

    /// Whether the rest of the text cannot matter.
    pub fn is_over(&self) -> bool {
        self.place == Place::Over
    }

    /// What the whole text was. In a text without any record, what is no record is no loss.
    pub fn finish(mut self) -> Told {
        if let Some((_, damage, _)) = self.stepping.take() {
            tell(&mut self.damage, damage);
        }
        let kind = self.kind();
        if kind != TextKind::Log {
            self.damage
                .retain(|damage| damage.kind != LossKind::NotARecord);
        }
        self.damage.sort_by_key(|damage| damage.offset);
        Told {
            kind,
            damage: self.damage,
            elements: self.elements,
        }
    }

    fn kind(&self) -> TextKind {
        match (self.decided, self.saw_document) {
            (Some(kind), _) => kind,
            (None, Saw::No) => TextKind::Empty,
            _ if self.saw_log == Saw::Yes => TextKind::Log,
            _ if self.saw_digest == Saw::Yes => TextKind::Digest,
            _ if self.saw_control == Saw::Yes => TextKind::Control,
            _ => TextKind::NoRecords,
        }
    }

    pub(super) fn next_index(&mut self) -> u64 {
        let index = self.elements;
        self.elements = index.saturating_add(1);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::shape::{Opened, Split, split};
    use proptest::prelude::*;
    use std::borrow::Cow;

    fn as_text(text: Vec<u8>) -> Opened {
        Opened {
            text,
            damage: Vec::new(),
        }
    }

    /// The text read in windows that begin with `step` bytes, and grow where nothing was done with.
    fn in_windows(text: &[u8], step: usize) -> Split<'static> {
        let mut splitter = Splitter::new(&as_text);
        let (mut records, mut start, mut length) = (Vec::new(), 0, step);
        loop {
            let end = text.len().min(start + length);
            let after = if end == text.len() {
                After::End
            } else {
                After::More
            };
            let fed = splitter.feed(&text[start..end], after);
            for found in fed.records {
                records.push(crate::record::shape::Found {
                    raw: Cow::Owned(found.raw.into_owned()),
                    ..found
                });
            }
            start += fed.done;
            if after == After::End && start == text.len() {
                break;
            }
            length = if fed.done == 0 { length * 2 } else { length };
        }
        let told = splitter.finish();
        Split {
            kind: told.kind,
            records,
            damage: told.damage,
            elements: told.elements,
        }
    }

    fn event(name: &str) -> String {
        format!("{{\"eventVersion\":\"1.08\",\"eventName\":\"{name}\",\"x\":[{{}},\"\\\"}}\"]}}")
    }

    fn texts() -> Vec<String> {
        let (a, b) = (event("A"), event("B"));
        let quoted = serde_json::Value::from(a.as_str());
        [
            format!("{{\"Records\":[{a},{b},1,{a}],\"x\":[1,2]}}"),
            format!("\u{feff}{{\"Records\" : [ {a} , {b} ] }}\n{{\"Records\":[]}}"),
            format!("[{a},{{\"k\":1}},\n{b}]{a}\n{b}"),
            format!(
                "{{\"Events\":[{{\"CloudTrailEvent\":{quoted}}},{{\"CloudTrailEvent\":{quoted}}}],\"NextToken\":\"x\"}}"
            ),
            format!(
                "{{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{{\"message\":{quoted}}}]}}{{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[{{\"message\":\"CWL CONTROL MESSAGE\"}}]}}"
            ),
            format!("2024-03-04T08:59:00.000Z {a}\n2024-03-04T08:59:01.000Z {b}\n"),
            format!("{a}\n{{\"eventName\":\"X\n{b}\noops\n{a}"),
            format!("{{\"Records\":[{a},{{\"eventName\":\"cut"),
            format!("{quoted}\n{quoted}\n"),
            "hello".to_owned(),
            "  ".to_owned(),
        ]
        .map(|text| vec![text; 8].join("\n"))
        .to_vec()
    }

    #[test]
    fn windows_of_any_length_give_what_the_whole_gives() {
        for text in texts() {
            let whole = split(text.as_bytes(), &as_text);
            for step in (1..1_500).step_by(7) {
                assert_eq!(in_windows(text.as_bytes(), step), whole, "{step}: {text}");
            }
        }
    }

    /// What windows give that are as long as windows get, the last one aside.
    fn in_full_windows(windows: &[&str]) -> (Vec<String>, Vec<Damage>) {
        let mut splitter = Splitter::new(&as_text);
        let mut records = Vec::new();
        let mut left = String::new();
        for (number, window) in (1..).zip(windows) {
            let after = match number == windows.len() {
                true => After::End,
                false => After::Full,
            };
            left.push_str(window);
            let fed = splitter.feed(left.as_bytes(), after);
            records.extend(
                fed.records
                    .iter()
                    .map(|it| String::from_utf8_lossy(&it.raw).into()),
            );
            let done = fed.done;
            left.drain(..done);
        }
        assert_eq!(left, "");
        (records, splitter.finish().damage)
    }

    #[test]
    fn blanks_between_records_that_no_window_holds_are_no_loss() {
        let (a, b) = (event("A"), event("B"));
        let (first, last) = (format!("{a} "), format!("{b} ]}}\n{a}"));
        for windows in [
            &["{\"Records\":[ ", "  ", " ", &first, ",", " ", &last][..],
            &[
                "{\"Records\" : [",
                " ",
                &first,
                " ",
                " , ",
                " ",
                "\n",
                &last,
            ],
            &["[", "\t", &first, " ", "", " , ", &format!("{b}] {a}")],
            &[&format!("{{\"Events\":[{a}"), " ", " ", " , ", " ", &last],
        ] {
            let (records, damage) = in_full_windows(windows);
            assert_eq!(records, [a.as_str(), &b, &a], "{windows:?}");
            assert_eq!(damage, [], "{windows:?}");
        }
    }

    #[test]
    fn what_no_window_holds_is_told_as_what_it_is() {
        let a = event("A");
        let (first, long) = (format!("{{\"Records\":[{a}"), "{\"eventVersion\":\"");
        let rest = format!("\",\"eventName\":\"B\"}},{a}]}}");
        for (windows, is_record, count) in [
            (&[first.as_str(), ",", long, &rest][..], true, 2),
            (&[&first, "]  ", " ", "}", &a], false, 2),
        ] {
            let (records, damage) = in_full_windows(windows);
            assert_eq!(records.len(), count, "{windows:?}");
            let [damage] = &damage[..] else {
                panic!("{windows:?}: {damage:?}");
            };
            assert_eq!(damage.record_index.is_some(), is_record, "{damage:?}");
            let told = damage.detail.starts_with("the record is longer");
            assert_eq!(told, is_record, "{damage:?}");
        }
    }

    proptest! {
        #[test]
        fn windows_of_damaged_texts_lose_no_record(
            which in 0usize..11,
            places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
            step in 1usize..2_000,
        ) {
            let mut text = texts().swap_remove(which).into_bytes();
            for (place, byte) in places {
                let place = place.index(text.len());
                text[place] = byte;
            }
            let (whole, windows) = (split(&text, &as_text), in_windows(&text, step));
            prop_assert_eq!(windows.records, whole.records);
            prop_assert_eq!(windows.elements, whole.elements);
        }
    }
}
