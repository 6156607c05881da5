//! What becomes of what a window holds: is it kept, opened, or told as lost?

use super::damage::{Damage, tell};
use super::envelope::{Carried, JSON5, carried, decode_base64, is_json5, mentions_event};
use super::keys::{Saw, looks_like_broken_record};
use super::resume::{next_document_after, next_document_in_garbage, next_record_after};
use super::scan::{Fault, is_blank};
use super::shape::{After, Found, MAX_DEPTH, MAX_RECORD, MAX_WINDOW, TextKind};
use super::skip::Skipper;
use super::splitter::{Members, Place, Splitter, Within};
use super::sweep::sweep;
use super::window::{MOST_HELD, Window};
use crate::vocab::LossKind;
use std::borrow::Cow;
use std::ops::Range;

/// How many payloads may lie in each other.
const MOST_PAYLOADS: u8 = 3;

impl<'t> Window<'t, '_, '_> {
    /// Settles an object without an array of elements.
    pub(super) fn lone_object(&mut self, start: usize, depth: usize) {
        let keys = self.state.keys;
        let raw = self.cursor.since(start);
        if keys.event == Saw::Yes && keys.envelope == Saw::No {
            self.state.saw_log = Saw::Yes;
            return self.keep(start, depth, Cow::Borrowed(raw));
        }
        if keys.digest == Saw::Yes {
            self.state.saw_digest = Saw::Yes;
            return self.take(Carried::Nothing, start, depth);
        }
        self.take(carried(raw), start, depth);
    }

    /// Takes what was found in the object or string that ends at the cursor.
    pub(super) fn take(&mut self, found: Carried<'t>, start: usize, depth: usize) {
        let place = start..self.cursor.at;
        match found {
            Carried::Record(raw) => {
                self.state.saw_log = Saw::Yes;
                self.keep(start, depth, raw);
            }
            Carried::Payload(bytes) => self.open_payload(bytes, start),
            Carried::Control => self.state.saw_control = Saw::Yes,
            Carried::OtherEvent => {}
            Carried::Unread(form) => {
                let detail = format!("{form}: recognised, but not read");
                self.lose_element(LossKind::UnreadForm, place, detail);
            }
            Carried::Damaged(kind, detail) => {
                self.state.saw_log = Saw::Yes;
                self.lose_element(kind, place, detail.to_owned());
            }
            Carried::Nothing => {
                let detail = "the object has neither `eventName` nor `eventSource`".to_owned();
                self.lose_element(LossKind::NotARecord, place, detail);
            }
        }
    }

    /// Keeps the record that ends at the cursor, unless it nests too deep or is too long.
    pub(super) fn keep(&mut self, start: usize, depth: usize, raw: Cow<'t, [u8]>) {
        let place = start..self.cursor.at;
        if depth > MAX_DEPTH {
            let detail = format!("the record nests {depth} levels deep; the limit is {MAX_DEPTH}");
            return self.lose_element(LossKind::TooDeep, place, detail);
        }
        if raw.len() > MAX_RECORD {
            return self.lose_element(LossKind::TooLong, place, too_long());
        }
        if let Cow::Owned(text) = &raw {
            self.held = self.held.saturating_add(text.len());
        }
        let index = self.state.next_index();
        self.records.push(Found {
            index,
            offset: self.state.base.saturating_add(start as u64),
            raw,
            places: None,
        });
    }

    /// Keeps what the fast way takes of an array of records, from the element at the cursor on; says whether it took any.
    pub(super) fn sweep(&mut self) -> bool {
        let (text, start) = (self.text, self.cursor.at);
        if self.state.is_slow {
            return false;
        }
        let (state, records) = (&mut *self.state, &mut self.records);
        self.cursor.at = sweep(text, start, &mut |swept| {
            let index = state.next_index();
            records.push(Found {
                index,
                offset: state.base.saturating_add(swept.start as u64),
                raw: Cow::Borrowed(text.get(swept.start..swept.end).unwrap_or_default()),
                places: Some(swept.places),
            });
        });
        self.cursor.at > start
    }

    /// Reads base64 that no JSON surrounds; a line that begins as gzip does begins another payload.
    pub(super) fn base64(&mut self, length: usize) -> Result<(), Fault> {
        let start = self.cursor.at;
        let end = start.saturating_add(length);
        if end == self.text.len() && self.after != After::End {
            return Err(Fault::Ends);
        }
        self.cursor.at = end;
        let text = String::from_utf8_lossy(self.text.get(start..end).unwrap_or_default());
        for (number, part) in text.split("\nH4sI").enumerate() {
            let part = if number == 0 {
                part.to_owned()
            } else {
                format!("H4sI{part}")
            };
            match decode_base64(part.as_bytes()) {
                Some(bytes) => self.open_payload(bytes, start),
                None => {
                    self.state.saw_log = Saw::Yes;
                    let detail = "what begins as base64 is none".to_owned();
                    self.lose_element(LossKind::MalformedJson, start..end, detail);
                }
            }
        }
        Ok(())
    }

    /// Reads what a payload holds. Its records count where it stands.
    fn open_payload(&mut self, bytes: Vec<u8>, start: usize) {
        if self.state.depth >= MOST_PAYLOADS {
            let detail = format!("payloads lie more than {MOST_PAYLOADS} deep in each other");
            return self.lose_element(LossKind::TooDeep, start..self.cursor.at, detail);
        }
        let opened = (self.state.opener)(bytes);
        let mut inner = Splitter::new(self.state.opener);
        inner.depth = self.state.depth + 1;
        inner.elements = self.state.elements;
        inner.is_slow = self.state.is_slow;
        let offset = self.state.base.saturating_add(start as u64);
        let mut rest = opened.text.as_slice();
        while !rest.is_empty() {
            let fed = inner.feed(rest, After::End);
            rest = rest.get(fed.done..).unwrap_or_default();
            for found in fed.records {
                self.held = self.held.saturating_add(found.raw.len());
                self.records.push(Found {
                    offset,
                    index: found.index,
                    raw: Cow::Owned(found.raw.into_owned()),
                    places: found.places,
                });
            }
        }
        let told = inner.finish();
        self.state.elements = told.elements;
        let broken = opened.damage.into_iter().map(|(kind, detail)| Damage {
            kind,
            record_index: None,
            offset,
            detail: format!("in a payload: {detail}"),
            bytes: None,
        });
        let torn = told.damage.into_iter().map(|damage| Damage {
            offset,
            detail: format!("in a payload: {}", damage.detail),
            bytes: None,
            ..damage
        });
        let damage: Vec<Damage> = broken.chain(torn).collect();
        match told.kind {
            _ if damage
                .iter()
                .any(|damage| damage.kind != LossKind::NotARecord) =>
            {
                self.state.saw_log = Saw::Yes;
            }
            TextKind::Log => self.state.saw_log = Saw::Yes,
            TextKind::Control => self.state.saw_control = Saw::Yes,
            TextKind::Digest => self.state.saw_digest = Saw::Yes,
            _ if damage.is_empty() => {
                let detail = "the payload holds no records".to_owned();
                self.lose_element(LossKind::NotARecord, start..self.cursor.at, detail);
            }
            _ => {}
        }
        for damage in damage {
            tell(&mut self.state.damage, damage);
        }
    }

    /// Tells that what stands in the place of a record is none that can be used.
    fn lose_element(&mut self, kind: LossKind, place: Range<usize>, detail: String) {
        let index = self.state.next_index();
        self.lose(kind, Some(index), place, detail);
    }

    /// Tells a damage.
    pub(super) fn lose(
        &mut self,
        kind: LossKind,
        record_index: Option<u64>,
        place: Range<usize>,
        detail: String,
    ) {
        let offset = self.state.base.saturating_add(place.start as u64);
        let damage = Damage {
            kind,
            record_index,
            offset,
            detail,
            bytes: Some(place.len() as u64),
        };
        tell(&mut self.state.damage, damage);
    }

    /// Gives up what is open, from what is settled to the next place where a document may begin. Says whether it did:
    /// where the window may end before the value does, the next one is waited for.
    pub(super) fn step_over_damage(&mut self, fault: &Fault) -> bool {
        let in_element = std::mem::take(&mut self.in_element);
        let start = self.settled;
        if self.held >= MOST_HELD {
            return false;
        }
        if *fault == Fault::Ends && self.after != After::End {
            let is_too_long = self.after == After::Full && start == 0;
            if is_too_long && in_element == Saw::No && self.step_over_blanks() {
                return false;
            }
            if is_too_long {
                self.begin_stepping(in_element);
            }
            return is_too_long;
        }
        let met_at = match fault {
            Fault::Ends => self.text.len(),
            Fault::Unexpected { at, .. } => *at,
        };
        let record = match self.state.place {
            Place::Array(Within::Records, _) => next_record_after(self.text, met_at),
            _ => None,
        };
        // Many faults in one text: none looks further than it must.
        let near = record.and_then(|record| self.text.get(..record));
        let document = next_document_after(near.unwrap_or(self.text), start, met_at);
        let (next, place) = match record.filter(|record| *record <= document) {
            Some(record) => (record, Place::Array(Within::Records, Members::None)),
            None => (self.affordable(document, met_at), Place::Between),
        };
        if next == self.text.len() && self.after == After::More {
            return false;
        }
        self.give_up(fault, in_element, start..next);
        self.cursor.at = next;
        self.settle(place);
        true
    }

    fn give_up(&mut self, fault: &Fault, in_element: Saw, place: Range<usize>) {
        let broken = self.text.get(place.clone()).unwrap_or_default();
        if looks_like_broken_record(broken) || mentions_event(broken) {
            self.state.saw_log = Saw::Yes;
        }
        let is_document = self.state.keys.records == Saw::No && broken.starts_with(b"{");
        let index = (in_element == Saw::Yes || is_document).then(|| self.state.next_index());
        let (kind, detail) = match fault {
            Fault::Ends if place.end == self.text.len() => (
                LossKind::TruncatedJson,
                "the text ends inside a value".to_owned(),
            ),
            Fault::Ends => (LossKind::MalformedJson, "the value has no end".to_owned()),
            Fault::Unexpected { .. } if is_json5(broken) && mentions_event(broken) => {
                (LossKind::MalformedJson, JSON5.to_owned())
            }
            Fault::Unexpected { at, what } => {
                let at = self.state.base.saturating_add(*at as u64);
                (
                    LossKind::MalformedJson,
                    format!("unexpected {what} at byte {at}"),
                )
            }
        };
        self.lose(kind, index, place, detail);
    }

    /// Steps over a window that holds nothing between the elements of an array but blanks; says whether it does.
    fn step_over_blanks(&mut self) -> bool {
        let blanks = |at: usize| {
            let rest = self.text.get(at..).unwrap_or_default();
            let all = rest.iter().position(|byte| !is_blank(*byte));
            (at + all.unwrap_or(rest.len()), all.is_none())
        };
        let place = match (self.opened, self.state.place) {
            (Some((at, within)), _) if blanks(at).1 => Place::Array(within, Members::None),
            (None, Place::Array(within, members)) => match (blanks(self.settled), members) {
                ((_, true), _) => Place::Array(within, members),
                ((at, _), Members::Some)
                    if self.text.get(at) == Some(&b',') && blanks(at + 1).1 =>
                {
                    Place::Array(within, Members::None)
                }
                _ => return false,
            },
            _ => return false,
        };
        self.cursor.at = self.text.len();
        self.settle(place);
        true
    }

    /// What is open is longer than a window gets: it is stepped over, however long it is.
    fn begin_stepping(&mut self, in_element: Saw) {
        if looks_like_broken_record(self.text) {
            self.state.saw_log = Saw::Yes;
        }
        let (levels, back) = match (self.state.place, in_element) {
            (Place::Array(within, _), Saw::Yes) => (0, Place::Array(within, Members::Some)),
            (Place::Array(Within::Bare, _), Saw::No) => (1, Place::Between),
            (Place::Array(..), Saw::No) => (2, Place::Between),
            _ => (0, Place::Between),
        };
        let record_index = (levels == 0).then(|| self.state.next_index());
        let damage = Damage {
            kind: LossKind::TooLong,
            record_index,
            offset: self.state.base,
            detail: match levels {
                0 => too_long(),
                _ => format!(
                    "neither a record nor the end of what holds them in {MAX_WINDOW} bytes: passed over up to that end"
                ),
            },
            bytes: Some(0),
        };
        self.cursor.at = 0;
        self.state.stepping = Some((Skipper::out_of(levels), damage, back));
    }

    /// Steps on over what is too long; says whether anything is left of the window.
    pub(super) fn step_on(&mut self) -> bool {
        let Some((mut skipper, mut damage, back)) = self.state.stepping.take() else {
            return true;
        };
        let rest = self.text.get(self.cursor.at..).unwrap_or_default();
        let end = skipper.step(rest);
        let bytes = end.unwrap_or(rest.len());
        damage.bytes = damage.bytes.map(|all| all.saturating_add(bytes as u64));
        self.cursor.at = self.cursor.at.saturating_add(bytes);
        match end {
            Some(_) => tell(&mut self.state.damage, damage),
            None => self.state.stepping = Some((skipper, damage, back)),
        }
        self.settle(back);
        end.is_some()
    }

    /// A place before the one where the damage was met is read again; all such places together may be a few times the
    /// text, no more.
    fn affordable(&mut self, next: usize, met_at: usize) -> usize {
        self.reread = self.reread.saturating_add(met_at.saturating_sub(next));
        if self.reread > self.text.len().saturating_mul(8) {
            next.max(met_at)
        } else {
            next
        }
    }

    /// Steps over bytes between documents that begin none.
    pub(super) fn step_over_garbage(&mut self) -> Result<bool, Fault> {
        let start = self.cursor.at;
        let next = next_document_in_garbage(self.text, start);
        if next == self.text.len() && self.after == After::More {
            return Err(Fault::Ends);
        }
        let detail = "bytes between documents that are no JSON".to_owned();
        self.lose(LossKind::MalformedJson, None, start..next, detail);
        self.cursor.at = next;
        self.settle(Place::Between);
        Ok(true)
    }
}

fn too_long() -> String {
    format!("the record is longer than {MAX_RECORD} bytes")
}
