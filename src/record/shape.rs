//! Which records are in a text?
//!
//! A text is a sequence of JSON documents with nothing or white space between them, so that JSON Lines, one log file
//! and log files back to back are one rule. A document is an object with an array of records or of what carries them, a
//! bare array, one record, or an envelope around one; on a line of CloudWatch Logs an instant stands before it. What is
//! broken is told and stepped over; reading goes on at the next place where a document must begin.
//!
//! A text is read window by window: a [`Splitter`] is given a window, tells how much of it is done with, and is given
//! the next one from there. What is kept between two windows does not grow with the text.

use super::damage::Damage;
use super::glance::Glance;
use super::places::Places;
use super::splitter::Splitter;
use crate::vocab::LossKind;
use std::borrow::Cow;

/// A record that nests deeper than this is stepped over. The decoder has the same limit.
pub const MAX_DEPTH: usize = 100;

/// A record longer than this is stepped over: CloudTrail's own limit is 256 KiB, and 1 MB in Lake.
pub const MAX_RECORD: usize = 64 << 20;

/// A window this long holds every record that is read, and what stands before its array.
pub const MAX_WINDOW: usize = MAX_RECORD + (1 << 20);

/// What a text holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Split<'t> {
    /// What kind of text it is.
    pub kind: TextKind,
    /// Its records, in the order of the text.
    pub records: Vec<Found<'t>>,
    /// What of it could not be used, in the order of the text.
    pub damage: Vec<Damage>,
    /// How many elements were counted: the records and what stands in the place of one. Every index is below it.
    pub elements: u64,
}

/// The kinds of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextKind {
    /// CloudTrail records, perhaps none.
    Log,
    /// A digest file: hashes of log files.
    Digest,
    /// Control messages of a subscription, and nothing else.
    Control,
    /// The first byte that is not blank begins no document.
    NotJson,
    /// JSON, but nothing in it looks like CloudTrail.
    NoRecords,
    /// Nothing but white space.
    Empty,
    /// UTF-16, which is not read.
    Utf16,
}

/// One record, found but not read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found<'t> {
    /// Which element of the text it is, counted from 0 over all documents, damaged elements included.
    pub index: u64,
    /// Where it, or the envelope around it, begins: a byte offset into the text.
    pub offset: u64,
    /// The record as it was written, from `{` to `}`; of one that was a message's text, that text.
    pub raw: Cow<'t, [u8]>,
    /// Where its fields lie, where that is known.
    pub(super) places: Option<Places>,
}

/// One record, found but not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RawRecord<'t> {
    /// Which element of the text it is, counted from 0 over all documents, damaged elements included.
    pub index: u64,
    /// Where it, or the envelope around it, begins: a byte offset into the text.
    pub offset: u64,
    /// The record as it was written, from `{` to `}`; of one that was a message's text, that text.
    pub raw: &'t [u8],
}

impl Found<'_> {
    /// The record, borrowed.
    pub fn as_raw(&self) -> RawRecord<'_> {
        RawRecord {
            index: self.index,
            offset: self.offset,
            raw: &self.raw,
        }
    }

    /// What the record says at a glance.
    pub fn glance(&self) -> Option<Glance<'_>> {
        let places = self.places.as_ref()?;
        Glance::new(&self.raw, places)
    }
}

/// What the bytes of a payload hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opened {
    /// The text.
    pub text: Vec<u8>,
    /// What of it could not be had.
    pub damage: Vec<(LossKind, String)>,
}

/// How the bytes of a payload become text: handed down by whoever knows.
pub type Opener<'o> = dyn Fn(Vec<u8>) -> Opened + 'o;

/// What follows a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// More of the text, and the window may grow.
    More,
    /// More of the text, but the window is as long as it gets.
    Full,
    /// Nothing.
    End,
}

/// What one window gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fed<'t> {
    /// The records that were found.
    pub records: Vec<Found<'t>>,
    /// How much of the window is done with. The next window begins there.
    pub done: usize,
}

/// What is told of a text when all of it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// What kind of text it is.
    pub kind: TextKind,
    /// What of it could not be used, in the order of the text.
    pub damage: Vec<Damage>,
    /// How many elements were counted.
    pub elements: u64,
}

/// Finds the records of a text that is held whole.
pub fn split<'t>(text: &'t [u8], opener: &Opener<'_>) -> Split<'t> {
    let mut splitter = Splitter::new(opener);
    let (mut records, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let fed = splitter.feed(rest, After::End);
        records.extend(fed.records);
        rest = rest.get(fed.done..).unwrap_or_default();
    }
    let Told {
        kind,
        damage,
        elements,
    } = splitter.finish();
    Split {
        kind,
        records,
        damage,
        elements,
    }
}

#[cfg(test)]
mod tests {
    use super::{split as split_with, *};
    use crate::record::Decoder;
    use crate::record::damage::DAMAGES_APART;
    use LossKind::{MalformedJson, NotARecord, TooDeep, TruncatedJson};
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    fn split(text: &[u8]) -> Split<'_> {
        split_with(text, &|text| Opened {
            text,
            damage: Vec::new(),
        })
    }

    /// A small record.
    fn event(name: &str) -> String {
        format!(
            "{{\"eventVersion\":\"1.08\",\"eventName\":\"{name}\",\"requestParameters\":{{\"a\":[{{}},null]}}}}"
        )
    }

    fn log(names: &[&str]) -> String {
        let events: Vec<String> = names.iter().map(|name| event(name)).collect();
        format!("{{\"Records\":[{}]}}", events.join(","))
    }

    /// The records as (index, eventName), after a check that each lies where it says.
    fn names(text: &[u8]) -> Vec<(u64, String)> {
        let name = |record: &Found<'_>| {
            let start = record.offset as usize;
            assert_eq!(&text[start..start + record.raw.len()], &*record.raw);
            let mut decoder = Decoder::new();
            let read = decoder.decode(&record.raw).unwrap();
            (
                record.index,
                read.text("eventName").unwrap_or("-").to_owned(),
            )
        };
        split(text).records.iter().map(name).collect()
    }

    fn joined(text: &[u8]) -> String {
        names(text)
            .iter()
            .map(|(index, name)| format!("{index}{name}"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    type Told = (LossKind, Option<u64>, u64, Option<u64>);

    fn damage(text: &[u8]) -> Vec<Told> {
        split(text)
            .damage
            .iter()
            .map(|damage| {
                (
                    damage.kind,
                    damage.record_index,
                    damage.offset,
                    damage.bytes,
                )
            })
            .collect()
    }

    fn told(
        kind: LossKind,
        index: impl Into<Option<u64>>,
        text: &str,
        from: &str,
        bytes: usize,
    ) -> Told {
        (
            kind,
            index.into(),
            text.find(from).unwrap() as u64,
            Some(bytes as u64),
        )
    }

    #[test]
    fn every_shape_of_text_gives_its_records() {
        let (a, b) = (event("A"), event("B"));
        let two = log(&["A", "B"]);
        let pretty =
            serde_json::to_string_pretty(&serde_json::from_str::<Value>(&two).unwrap()).unwrap();
        for text in [
            two.clone(),
            format!("\u{feff}{two}\r\n"),
            pretty.clone(),
            pretty.replace('\n', "\r\n"),
            pretty.replace("  ", ""),
            format!("[{a},\n{b}]"),
            format!("[\n{a},{b},\n]"),
            format!("{a}\n{b}\n"),
            format!("{a}\r\n\r\n{b}\r\n"),
            format!("{a}{b}"),
            format!("\u{feff}{a}\u{feff}{b}"),
            format!("{}{}", log(&["A"]), log(&["B"])),
            format!("{}\n{b}", log(&["A"])),
            format!("[{a}]\n[{b}]"),
            format!("{{\"version\":[1,{{}}],\"Records\":[{a}],\"x\":\"]}}\",\"Records\":[{b}]}}"),
            format!("{{\"\\u0052ecords\" : [ {a} , {b} ] }}"),
            format!("{{\"Records\":[\n{a},\n{b}\n]}}\n"),
        ] {
            assert_eq!(
                (
                    joined(text.as_bytes()).as_str(),
                    split(text.as_bytes()).kind
                ),
                ("0A 1B", TextKind::Log),
                "{text}"
            );
            assert_eq!(damage(text.as_bytes()), [], "{text}");
        }
    }

    #[test]
    fn a_text_is_of_one_kind() {
        for (text, kind) in [
            (&b""[..], TextKind::Empty),
            (b" \r\n\t", TextKind::Empty),
            (b"\xef\xbb\xbf\n", TextKind::Empty),
            (b"hello", TextKind::NotJson),
            (b"\"eventName\"", TextKind::NotJson),
            (b"\xef\xbb\xbf<xml>", TextKind::NotJson),
            (b"\0\0\0", TextKind::NotJson),
            (b"{}", TextKind::NoRecords),
            (b"[]", TextKind::NoRecords),
            (b"[1,{\"a\":1}]", TextKind::NoRecords),
            (
                b"{\"a\":{\"eventName\":\"x\"}}\n{\"b\":1}",
                TextKind::NoRecords,
            ),
            (b"{\"records\":[{}]}", TextKind::NoRecords),
            (b"{\"Records\":[]}", TextKind::Log),
            (b"{\"Records\":[{}]}", TextKind::Log),
            (b"{\"EVENTNAME\":1}", TextKind::Log),
            (b"{\"event\\u0053ource\":1}", TextKind::Log),
            (
                b"{\"digestStartTime\":\"\",\"logFiles\":[{}]}",
                TextKind::Digest,
            ),
        ] {
            let split = split(text);
            assert_eq!(
                (split.kind, split.damage),
                (kind, vec![]),
                "{:?}",
                text.escape_ascii().to_string()
            );
        }
    }

    #[test]
    fn utf16_is_an_encoding_loss() {
        for text in [
            &b"\xff\xfe{\0}\0"[..],
            b"\xfe\xff\0{\0}",
            b"{\0\"\0",
            b"\0[\0]",
        ] {
            assert_eq!(split(text).kind, TextKind::Utf16);
            assert_eq!(
                damage(text),
                [(LossKind::Encoding, None, 0, Some(text.len() as u64))]
            );
        }
    }

    #[test]
    fn what_is_no_record_keeps_its_index() {
        let text = format!(
            "{{\"Records\":[1,{},null,\"}}\",[{{}}],{},{{}}]}}",
            event("A"),
            event("B")
        );
        assert_eq!(joined(text.as_bytes()), "1A 5B 6-");
        let expected = [
            (0, "1", 1),
            (2, "null,\"", 4),
            (3, "\"}\"", 3),
            (4, "[{}]", 4),
        ];
        let expected =
            expected.map(|(index, from, bytes)| told(NotARecord, index, &text, from, bytes));
        assert_eq!(damage(text.as_bytes())[1..], expected[1..]);
        assert_eq!(
            damage(text.as_bytes())[0],
            (NotARecord, Some(0), 12, Some(1))
        );
        assert_eq!(split(text.as_bytes()).elements, 7);
    }

    #[test]
    fn strangers_among_records_are_losses() {
        let text = format!(
            "{}\n{{\"msg\":\"x\"}}\n[{{\"k\":1}}]\n{}\n{{\"digestEndTime\":1}}\n",
            event("A"),
            event("B")
        );
        assert_eq!(joined(text.as_bytes()), "0A 3B");
        let lost = [
            told(NotARecord, 1, &text, "{\"msg", 11),
            told(NotARecord, 2, &text, "{\"k", 7),
            told(NotARecord, 4, &text, "{\"dig", 19),
        ];
        assert_eq!(damage(text.as_bytes()), lost);
    }

    #[test]
    fn records_that_are_no_array_are_a_loss() {
        for value in ["null", "{\"a\":1}", "\"x\""] {
            let text = format!("{{\"Records\":{value}}}");
            assert_eq!(
                damage(text.as_bytes()),
                [(NotARecord, None, 11, Some(value.len() as u64))]
            );
            assert_eq!(split(text.as_bytes()).kind, TextKind::Log);
        }
    }

    #[test]
    fn a_record_that_nests_too_deep_is_stepped_over() {
        let deep = |depth: usize| {
            format!(
                "{{\"eventName\":\"D\",\"a\":{}{}}}",
                "[".repeat(depth - 1),
                "]".repeat(depth - 1)
            )
        };
        for depth in [101, 127, 128, 129, 10_000] {
            for text in [
                format!("{{\"Records\":[{},{}]}}", deep(depth), event("A")),
                format!("{}\n{}", deep(depth), event("A")),
            ] {
                assert_eq!(joined(text.as_bytes()), "1A");
                let bytes = deep(depth).len();
                assert_eq!(
                    damage(text.as_bytes()),
                    [told(TooDeep, 0, &text, "{\"eventName\":\"D", bytes)]
                );
            }
        }
        assert_eq!(joined(deep(MAX_DEPTH).as_bytes()), "0D");
        let elsewhere = format!(
            "{{\"x\":{}{},\"Records\":[{}]}}",
            "[".repeat(10_000),
            "]".repeat(10_000),
            event("A")
        );
        assert_eq!(
            (
                joined(elsewhere.as_bytes()).as_str(),
                damage(elsewhere.as_bytes())
            ),
            ("0A", vec![])
        );
    }

    #[test]
    fn a_cut_log_file_keeps_its_whole_records() {
        let text = log(&["A", "B", "C"]);
        let third = text.rfind("{\"eventVersion").unwrap();
        for end in third + 1..text.len() - 2 {
            let cut = &text.as_bytes()[..end];
            assert_eq!(joined(cut), "0A 1B", "{end}");
            assert_eq!(
                damage(cut),
                [(
                    TruncatedJson,
                    Some(2),
                    third as u64,
                    Some((end - third) as u64)
                )],
                "{end}"
            );
        }
        for end in text.len() - 2..text.len() {
            let cut = &text.as_bytes()[..end];
            assert_eq!(joined(cut), "0A 1B 2C", "{end}");
            let settled = text.len() - 2;
            assert_eq!(
                damage(cut),
                [(
                    TruncatedJson,
                    None,
                    settled as u64,
                    Some((end - settled) as u64)
                )],
                "{end}"
            );
        }
    }

    #[test]
    fn a_lone_beginning_of_a_record_makes_a_log() {
        for text in [
            "{\"eventVersion\":\"1.08\",\"userIde",
            "[{\"eventTime\":\"",
            "{\"Records\":[{\"ev",
        ] {
            assert_eq!(split(text.as_bytes()).kind, TextKind::Log, "{text}");
            assert_eq!(damage(text.as_bytes())[0].0, TruncatedJson);
        }
        assert_eq!(split(b"{\"name\":\"x\",\"eventV").kind, TextKind::NoRecords);
    }

    #[test]
    fn one_bad_line_loses_only_itself() {
        let whole = event("X");
        let mut bad: Vec<String> = (1..whole.len())
            .map(|end| whole[..end].to_owned())
            .collect();
        bad.extend(
            [
                "{]",
                "{{",
                "[",
                "{\"a\":[",
                "{\"a\" \"b\"}",
                "{\"a\":\"x\\",
                "{\"a\":1}}",
                "{,}",
            ]
            .map(str::to_owned),
        );
        for bad in bad {
            for end in ["\n", "\r\n"] {
                let text = format!(
                    "{}{end}{bad}{end}{}{end}{}{end}",
                    event("A"),
                    event("B"),
                    event("C")
                );
                let found = names(text.as_bytes())
                    .into_iter()
                    .map(|(_, name)| name)
                    .collect::<String>();
                assert_eq!(found, "ABC", "{text}");
                let damage = damage(text.as_bytes());
                let lost = damage.iter().map(|told| told.3.unwrap()).sum::<u64>();
                assert!(
                    (1..=(bad.len() + end.len()) as u64).contains(&lost),
                    "{text} {damage:?}"
                );
                assert!(
                    damage
                        .iter()
                        .all(|told| told.0 == MalformedJson || told.0 == NotARecord),
                    "{text} {damage:?}"
                );
            }
        }
    }

    #[test]
    fn a_bad_first_or_last_line_loses_only_itself() {
        let first = format!("{{\"eventName\":\"X\n{}\n", event("A"));
        assert_eq!(
            (joined(first.as_bytes()).as_str(), damage(first.as_bytes())),
            ("1A", vec![told(MalformedJson, 0, &first, "{", 16)])
        );
        let last = format!("{}\n{{\"eventName\":\"X", event("A"));
        assert_eq!(
            (joined(last.as_bytes()).as_str(), damage(last.as_bytes())),
            (
                "0A",
                vec![told(TruncatedJson, 1, &last, "{\"eventName\":\"X", 15)]
            )
        );
    }

    #[test]
    fn garbage_between_documents_is_named() {
        for (garbage, bytes) in [
            ("oops\n", 5),
            ("oops\nmore\n", 10),
            ("oops ", 5),
            ("\0\0\0\0", 4),
            (",", 1),
            ("}\n", 2),
        ] {
            for next in [log(&["B"]), event("B")] {
                let text = format!("{}{garbage}{next}", log(&["A"]));
                assert_eq!(joined(text.as_bytes()), "0A 1B", "{text}");
                let start = log(&["A"]).len() as u64;
                assert_eq!(
                    damage(text.as_bytes()),
                    [(MalformedJson, None, start, Some(bytes))],
                    "{text}"
                );
            }
        }
        let tail = format!("{}\0\0", log(&["A"]));
        assert_eq!(
            damage(tail.as_bytes()),
            [told(MalformedJson, None, &tail, "\0", 2)]
        );
    }

    #[test]
    fn a_log_file_after_a_cut_one_is_read() {
        let whole = log(&["A", "B"]);
        for end in whole.find("\"B\"").unwrap()..whole.len() - 2 {
            if whole[..end].ends_with([':', ',', '[']) {
                continue;
            }
            let text = format!("{}{}", &whole[..end], log(&["C"]));
            let found = names(text.as_bytes())
                .into_iter()
                .map(|(_, name)| name)
                .collect::<String>();
            assert_eq!(found, "AC", "{text}");
            assert_eq!(damage(text.as_bytes()).len(), 1, "{text}");
        }
    }

    #[test]
    fn what_a_cut_request_said_becomes_no_log_file() {
        let forged = log(&["Forged"]);
        for inner in [
            forged.clone(),
            format!("[{forged}]"),
            format!("[1,{forged}]"),
            format!("[1, {forged}]"),
            format!(" {forged}"),
        ] {
            let text = format!(
                "{{\"Records\":[{},{{\"eventName\":\"B\",\"requestParameters\":{inner},\"x\":",
                event("A")
            );
            assert_eq!(joined(text.as_bytes()), "0A", "{text}");
        }
        let text = format!(
            "{{\"eventName\":\"B\",\"x\":\"{}",
            forged.replace('"', "\\\"")
        );
        assert_eq!(joined(text.as_bytes()), "");
    }

    #[test]
    fn very_many_damages_share_lines_and_stay_counted() {
        let text = format!("{{\"Records\":[{}{}]}}", "1,".repeat(5_000), event("A"));
        let split = split(text.as_bytes());
        assert_eq!(
            (split.damage.len(), split.elements, split.records[0].index),
            (DAMAGES_APART, 5_001, 5_000)
        );
        assert_eq!(
            split
                .damage
                .iter()
                .filter_map(|damage| damage.bytes)
                .sum::<u64>(),
            5_000
        );
    }

    #[test]
    fn damage_does_not_cost_quadratic_time() {
        for unit in [
            "[\n{}\n,\n",
            "{\"a\":\n{}\n",
            "{\"a\":{\n",
            "[",
            "{\"Records\":[{\"a\":1",
            "x{\"event",
            "\n{",
        ] {
            let text = unit.repeat(1_000_000 / unit.len());
            let split = split(text.as_bytes());
            assert!(
                split.damage.len() <= DAMAGES_APART + 8 && split.kind != TextKind::Empty,
                "{unit}"
            );
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e9..1e9f64).prop_map(Value::from),
            "[ -~]{0,8}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    fn record() -> impl Strategy<Value = Value> {
        prop::collection::vec(("[a-z\"{}\\[\\]\\\\]{0,4}", value()), 0..5).prop_map(|members| {
            let mut record: Map<String, Value> = members.into_iter().collect();
            record.insert("eventName".to_owned(), json!("E"));
            Value::Object(record)
        })
    }

    fn written(records: &[Value]) -> Vec<String> {
        let lines = |end: &str| {
            records
                .iter()
                .map(|record| format!("{record}{end}"))
                .collect::<String>()
        };
        let wrapped = json!({ "Records": records });
        vec![
            wrapped.to_string(),
            serde_json::to_string_pretty(&wrapped).unwrap(),
            serde_json::to_string(records).unwrap(),
            serde_json::to_string_pretty(records).unwrap(),
            lines("\n"),
            lines("\r\n"),
            lines(""),
        ]
    }

    fn decoded(split: &Split<'_>) -> Vec<Value> {
        let mut decoder = Decoder::new();
        split
            .records
            .iter()
            .map(|record| decoder.decode(&record.raw).unwrap().to_json())
            .collect()
    }

    /// Records and damages in the order of the text, without overlap, and only structure between them.
    fn check_accounts(text: &[u8]) -> Result<(), TestCaseError> {
        let split = split(text);
        let mut places: Vec<(u64, u64)> = split
            .records
            .iter()
            .map(|record| (record.offset, record.raw.len() as u64))
            .collect();
        places.extend(
            split
                .damage
                .iter()
                .map(|damage| (damage.offset, damage.bytes.unwrap())),
        );
        places.sort_unstable();
        let mut end = 0;
        for (offset, bytes) in places {
            prop_assert!(offset >= end, "{:?}", split);
            end = offset + bytes;
        }
        prop_assert!(end <= text.len() as u64);
        let mut indexes: Vec<u64> = split.records.iter().map(|record| record.index).collect();
        indexes.extend(split.damage.iter().filter_map(|damage| damage.record_index));
        indexes.sort_unstable();
        if split.kind == TextKind::Log && split.damage.len() < DAMAGES_APART {
            prop_assert_eq!(indexes, (0..split.elements).collect::<Vec<_>>());
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn split_and_decode_read_what_serde_json_wrote(records in prop::collection::vec(record(), 1..5)) {
            for text in written(&records) {
                let split = split(text.as_bytes());
                prop_assert_eq!(&split.damage, &vec![], "{}", text);
                // Not what serde_json reads again: without `float_roundtrip` it may miss a float by its last bit.
                prop_assert_eq!(&decoded(&split), &records, "{}", text);
            }
        }

        #[test]
        fn any_bytes_are_accounted_for(text in prop::collection::vec(any::<u8>(), 0..200)) {
            check_accounts(&text)?;
        }

        #[test]
        fn any_tokens_are_accounted_for(tokens in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\n", " ", "1", "\"eventName\"", "\"Records\"", "{\"Records\":[", "]}", "{\"eventName\":1}", "\u{feff}", "x",
        ]), 0..40)) {
            check_accounts(tokens.concat().as_bytes())?;
        }

        #[test]
        fn damaged_texts_are_accounted_for(
            records in prop::collection::vec(record(), 1..4),
            shape in 0..7usize,
            cut in any::<prop::sample::Index>(),
            places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut text = written(&records).swap_remove(shape).into_bytes();
            text.truncate(cut.index(text.len()) + 1);
            for (place, byte) in places {
                let place = place.index(text.len());
                text[place] = byte;
            }
            check_accounts(&text)?;
        }

        #[test]
        fn a_truncation_keeps_every_whole_record(records in prop::collection::vec(record(), 1..4), cut in any::<prop::sample::Index>()) {
            let text = json!({ "Records": records }).to_string();
            let whole = split(text.as_bytes());
            let end = cut.index(text.len());
            let kept = split(&text.as_bytes()[..end]);
            let before = whole.records.iter().filter(|record| record.offset + record.raw.len() as u64 <= end as u64);
            prop_assert!(kept.records.iter().eq(before));
        }
    }
}
