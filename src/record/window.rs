//! What is in one window of a text?
//!
//! Documents, elements, what lies between them. A fault is met here and handed to `giving_up`, which knows how to go on.

use super::damage::Damage;
use super::envelope::{BASE64_GZIP, Carried, carried, carried_in_string, holds_members};
use super::keys::{Keys, Saw, key_text};
use super::resume::{MOST_PREFIX, line_prefix};
use super::scan::{Cursor, Fault};
use super::shape::{After, Fed, Found, TextKind};
use super::splitter::{Members, Place, Splitter, Within};
use crate::vocab::LossKind;
use std::borrow::Cow;
use std::cell::Cell;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// So much text of envelopes that was unescaped may be held before the window is given back.
pub(super) const MOST_HELD: usize = 32 << 20;

/// A byte order mark of UTF-16, or a bracket that is one of its units.
fn is_utf16(text: &[u8]) -> bool {
    matches!(
        text,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'{' | b'[', 0, ..] | [0, b'{' | b'[', ..]
    )
}

/// The arrays that hold records or what carries them.
fn array_named(key: &str) -> Option<Within> {
    match key {
        "Records" => Some(Within::Records),
        "Events" | "events" | "logEvents" => Some(Within::Envelopes),
        _ => None,
    }
}

/// What begins a document, though it is no bracket.
enum Words {
    /// So many bytes of an instant before an object.
    Line(usize),
    /// A string that holds an object.
    Quoted,
    /// So many bytes of base64.
    Base64(usize),
}

/// One window while it is read.
pub(super) struct Window<'t, 's, 'o> {
    pub(super) text: &'t [u8],
    pub(super) cursor: Cursor<'t>,
    pub(super) after: After,
    pub(super) state: &'s mut Splitter<'o>,
    /// All before this offset is a record, structure or damage: what a fault gives up begins here, and so does the next
    /// window.
    pub(super) settled: usize,
    pub(super) in_element: Saw,
    /// Behind the bracket of an array that has no element yet, and what lies in it.
    pub(super) opened: Option<(usize, Within)>,
    /// How far back reading was taken up again, in all: damaged text must not cost quadratic time.
    pub(super) reread: usize,
    pub(super) records: Vec<Found<'t>>,
    pub(super) held: usize,
}

/// So many bytes of what is no JSON are looked through for the beginning of a record.
const MOST_TORN: usize = 64 << 10;
/// Most records are longer, in bytes.
const SHORT_RECORD: usize = 1_000;

thread_local! {
    /// Room for the records of a window, which a thread keeps from one to the next: asked for anew each time it would be given
    /// back to the system in between, and cost more than what is written there.
    static ROOM: Cell<Vec<Found<'static>>> = const { Cell::new(Vec::new()) };
}

/// Room for more records than that is given back.
const MOST_KEPT: usize = 1 << 14;

/// The room of records that are done with.
fn emptied<'t>(records: Vec<Found<'_>>) -> Vec<Found<'t>> {
    records.into_iter().map_while(|_| None).collect()
}

impl Fed<'_> {
    /// Keeps the room of its records for the next window, unless they were many.
    pub fn done_with(self) {
        if self.records.capacity() <= MOST_KEPT {
            ROOM.set(emptied(self.records));
        }
    }
}

impl<'t, 's, 'o> Window<'t, 's, 'o> {
    pub(super) fn new(state: &'s mut Splitter<'o>, text: &'t [u8], after: After) -> Self {
        Self {
            text,
            cursor: Cursor::new(text, 0),
            after,
            state,
            settled: 0,
            in_element: Saw::No,
            opened: None,
            reread: 0,
            records: {
                let mut room = emptied(ROOM.take());
                // A record is seldom shorter than this; longer ones leave room that costs nothing.
                room.reserve(text.len() / SHORT_RECORD);
                room
            },
            held: 0,
        }
    }

    pub(super) fn read(mut self) -> Fed<'t> {
        while self.held < MOST_HELD {
            match self.advance() {
                Ok(true) => {}
                Ok(false) => {
                    let all = self.text.len();
                    return self.fed(all);
                }
                Err(fault) => {
                    if !self.step_over_damage(&fault) {
                        break;
                    }
                }
            }
        }
        let done = self.settled;
        self.fed(done)
    }

    fn fed(self, done: usize) -> Fed<'t> {
        Fed {
            records: self.records,
            done,
        }
    }

    /// Reads on from the place; says whether anything is left of the window.
    fn advance(&mut self) -> Result<bool, Fault> {
        if self.state.stepping.is_some() {
            return Ok(self.step_on());
        }
        match self.state.place {
            Place::Start => self.start(),
            Place::Between => self.document(),
            Place::Array(within, members) => self.resume_array(within, members).map(|()| true),
            Place::Over => {
                if let Some(damage) = self.state.damage.last_mut() {
                    let bytes = damage.bytes.unwrap_or_default();
                    damage.bytes = Some(bytes.saturating_add(self.text.len() as u64));
                }
                Ok(false)
            }
        }
    }

    fn start(&mut self) -> Result<bool, Fault> {
        if is_utf16(self.text) {
            let detail = "the text is UTF-16".to_owned();
            self.lose(LossKind::Encoding, None, 0..self.text.len(), detail);
            return Ok(self.decide(TextKind::Utf16));
        }
        let Some(first) = self.next_document()? else {
            return Ok(false);
        };
        let is_document = matches!(first, b'{' | b'[') || self.document_after_words().is_some();
        if !is_document && !self.is_torn()? {
            self.lose_members();
            return Ok(self.decide(TextKind::NotJson));
        }
        self.state.place = Place::Between;
        self.state.saw_document = Saw::Yes;
        Ok(true)
    }

    /// Whether a record plainly begins behind a beginning that is none: what was before it was torn off, or put there.
    fn is_torn(&self) -> Result<bool, Fault> {
        let rest = self.text.get(self.cursor.at..).unwrap_or_default();
        if rest.len() < MOST_TORN && self.after == After::More {
            return Err(Fault::Ends);
        }
        let rest = rest.get(..MOST_TORN).unwrap_or(rest);
        let begins = memchr::memmem::find(rest, b"{\"eventVersion\":");
        let before = begins.and_then(|at| rest.get(..at));
        Ok(before.is_some_and(|text| str::from_utf8(text).is_ok_and(|text| !text.contains('\0'))))
    }

    /// What is no JSON, and holds members of records all the same, is a part of a log file: it is told, whatever its name.
    fn lose_members(&mut self) {
        let rest = self.text.get(self.cursor.at..).unwrap_or_default();
        let head = rest.get(..MOST_TORN).unwrap_or(rest);
        if holds_members(head) {
            let detail = "no JSON, though CloudTrail's events are in it: if a file was cut into parts, join them";
            self.state.damage.push(Damage {
                kind: LossKind::NotJson,
                record_index: None,
                offset: self.state.base.saturating_add(self.cursor.at as u64),
                detail: detail.to_owned(),
                bytes: None,
            });
        }
    }

    fn decide(&mut self, kind: TextKind) -> bool {
        self.state.decided = Some(kind);
        self.state.place = Place::Over;
        false
    }

    /// The first byte of the next document; `None` at the end of the text. Between documents, byte order marks are white
    /// space: files were joined.
    fn next_document(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let Ok(first) = self.cursor.peek() else {
                self.settled = self.cursor.at;
                return Ok(None);
            };
            let rest = self.text.get(self.cursor.at..).unwrap_or_default();
            if rest.len() < MOST_PREFIX && self.after == After::More {
                self.settled = self.cursor.at;
                return Err(Fault::Ends);
            }
            if !rest.starts_with(BYTE_ORDER_MARK) {
                return Ok(Some(first));
            }
            self.cursor.at += BYTE_ORDER_MARK.len();
        }
    }

    /// Reads one document; says whether there was one.
    fn document(&mut self) -> Result<bool, Fault> {
        let Some(first) = self.next_document()? else {
            return Ok(false);
        };
        self.settle(Place::Between);
        self.state.keys = Keys::default();
        match first {
            b'{' => self.object()?,
            b'[' => self.array(Within::Bare)?,
            _ => match self.document_after_words() {
                Some(Words::Line(words)) => {
                    self.cursor.at += words;
                    self.settle(Place::Between);
                    self.object()?;
                }
                Some(Words::Quoted) => self.element(Within::Bare)?,
                Some(Words::Base64(length)) => self.base64(length)?,
                None => return self.step_over_garbage(),
            },
        }
        self.settle(Place::Between);
        Ok(true)
    }

    /// What begins a document, though it is no bracket.
    fn document_after_words(&self) -> Option<Words> {
        let rest = self.text.get(self.cursor.at..)?;
        if rest.starts_with(b"\"{") {
            return Some(Words::Quoted);
        }
        if rest.starts_with(BASE64_GZIP) {
            let is_base64 = |byte: &u8| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\n' | b'\r')
            };
            let length = rest.iter().position(|byte| !is_base64(byte));
            return Some(Words::Base64(length.unwrap_or(rest.len())));
        }
        line_prefix(self.text, self.cursor.at).map(Words::Line)
    }

    pub(super) fn settle(&mut self, place: Place) {
        self.settled = self.cursor.at;
        self.opened = None;
        self.state.place = place;
    }

    /// Reads an object: a log file's, or one record, or an envelope.
    fn object(&mut self) -> Result<(), Fault> {
        let start = self.cursor.at;
        self.cursor.expect(b'{')?;
        let depth = self.members(0)?;
        if self.state.keys.records == Saw::No {
            self.lone_object(start, depth);
        }
        Ok(())
    }

    /// Reads the members of an object up to its end; gives how deep they nest.
    fn members(&mut self, before: usize) -> Result<usize, Fault> {
        let (mut members, mut depth) = (before, 1);
        while self.cursor.has_more(b'}', members)? {
            let key = self.cursor.key()?;
            match array_named(&key_text(key)) {
                Some(within) if self.holds_elements(within)? => self.named_array(within)?,
                _ => {
                    self.state.keys.note(key);
                    depth = depth.max(1 + self.cursor.value()?);
                }
            }
            members += 1;
        }
        Ok(depth)
    }

    /// Whether the value that comes is the array that its name promises: `Events` is a name that others use too.
    fn holds_elements(&mut self, within: Within) -> Result<bool, Fault> {
        if within == Within::Records {
            return Ok(true);
        }
        let mut ahead = self.cursor;
        if self.state.keys.event == Saw::Yes || ahead.peek()? != b'[' {
            return Ok(false);
        }
        ahead.at += 1;
        Ok(ahead.peek()? == b'{')
    }

    fn named_array(&mut self, within: Within) -> Result<(), Fault> {
        self.state.keys.records = Saw::Yes;
        if within == Within::Records {
            self.state.saw_log = Saw::Yes;
        }
        if self.cursor.peek()? == b'[' {
            return self.array(within);
        }
        let start = self.cursor.at;
        self.cursor.value()?;
        let detail = "`Records` is no array".to_owned();
        self.lose(LossKind::NotARecord, None, start..self.cursor.at, detail);
        self.settled = self.cursor.at;
        Ok(())
    }

    fn array(&mut self, within: Within) -> Result<(), Fault> {
        self.cursor.expect(b'[')?;
        self.opened = Some((self.cursor.at, within));
        self.elements(within, Members::None)
    }

    fn elements(&mut self, within: Within, members: Members) -> Result<(), Fault> {
        let mut members = usize::from(members == Members::Some);
        while self.cursor.has_more(b']', members)? {
            self.settle(Place::Array(within, Members::None));
            if within != Within::Records || !self.sweep() {
                self.element(within)?;
            }
            self.settle(Place::Array(within, Members::Some));
            if self.held >= MOST_HELD {
                return Err(Fault::Ends);
            }
            members = 1;
        }
        Ok(())
    }

    /// Goes on in an array that was open when the window before this one was done with, and then in its object.
    fn resume_array(&mut self, within: Within, members: Members) -> Result<(), Fault> {
        self.elements(within, members)?;
        if within != Within::Bare {
            self.members(1)?;
        }
        self.settle(Place::Between);
        Ok(())
    }

    /// Reads one element: of an array, or a string that is a document.
    fn element(&mut self, within: Within) -> Result<(), Fault> {
        let start = self.cursor.at;
        self.in_element = Saw::Yes;
        let depth = self.cursor.value()?;
        self.in_element = Saw::No;
        let raw = self.cursor.since(start);
        match raw.first() {
            Some(b'{') if within == Within::Records && raw.starts_with(b"{\"eventVersion\"") => {
                self.keep(start, depth, Cow::Borrowed(raw));
            }
            Some(b'{') => match carried(raw) {
                Carried::Nothing if within == Within::Records => {
                    self.keep(start, depth, Cow::Borrowed(raw));
                }
                found => self.take(found, start, depth),
            },
            Some(b'"') if raw.starts_with(b"\"{") || raw.starts_with(b"\"H4sI") => {
                self.take(carried_in_string(raw), start, depth);
            }
            _ => {
                let index = self.state.next_index();
                let detail = "the element is no object".to_owned();
                self.lose(
                    LossKind::NotARecord,
                    Some(index),
                    start..self.cursor.at,
                    detail,
                );
            }
        }
        Ok(())
    }
}
