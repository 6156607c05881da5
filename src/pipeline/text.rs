//! What of a text is handed on?
//!
//! Its records, each counted once; what is damaged; and at the end what kind of text it was, which says whether what could not be
//! used is a loss.

use super::reading::{Ended, MOST_LAYERS, Reader, Reading};
use crate::inflate::{Budget, FirstMember, InflateLoss, inflate, is_gzip};
use crate::record::{
    After, Damage, Decoder, Form, Opened, Opener, RawRecord, Splitter, TextKind, Told, form_of,
    is_parquet_of_events,
};
use crate::source::LogFile;
use crate::vocab::{LogFileId, Loss, LossKind, SkipReason};

/// How much may come out of one payload within a text.
const MOST_PAYLOAD: u64 = 64 << 20;

/// A text while it is read.
pub(super) struct TextSplitter<'f> {
    file: &'f LogFile,
    splitter: Splitter<'f>,
    form: Option<Form>,
    /// How many records were handed on.
    records: u64,
    pub is_compressed: bool,
}

/// What is known of a text at its end, beside what was split.
pub(super) struct End<'e> {
    pub members: u32,
    pub size: u64,
    pub first: FirstMember,
    pub losses: Vec<InflateLoss>,
    pub whole: Option<&'e [u8]>,
    /// The last window.
    pub last: &'e [u8],
}

impl<'f> TextSplitter<'f> {
    /// A text that begins so.
    pub fn new(
        file: &'f LogFile,
        first: &[u8],
        opener: &'f Opener<'f>,
        reading: Reading<'_>,
    ) -> Self {
        let splitter = Splitter::new(opener);
        Self {
            file,
            splitter: match reading.is_fast() {
                true => splitter,
                false => splitter.slowly(),
            },
            form: form_of(first),
            records: 0,
            is_compressed: false,
        }
    }

    /// Hands on what is in a window; gives how much of it is done with, and whether that was all.
    pub fn feed(
        &mut self,
        window: &[u8],
        after: After,
        decoder: &mut Decoder,
        reader: &mut dyn Reader,
    ) -> (usize, bool) {
        let fed = self.splitter.feed(window, after);
        self.records += fed.records.len() as u64;
        if !fed.records.is_empty() {
            reader.window(window);
        }
        for found in &fed.records {
            let raw = found.as_raw();
            let glance = found.glance();
            if reader.wants(&raw, place_in(window, raw.raw), glance.as_ref()) {
                hand_over(&self.file.id, &raw, decoder, reader);
            }
        }
        let done = fed.done;
        fed.done_with();
        let is_all = after == After::End && done >= window.len();
        let is_over = self.splitter.is_over() && self.form != Some(Form::Parquet);
        (done, is_all || is_over)
    }

    /// Tells what the text was.
    pub fn end(self, end: End<'_>, reader: &mut dyn Reader) {
        let told = self.splitter.finish();
        reader.end(&Ended {
            kind: told.kind,
            members: end.members,
            size: end.size,
            first: end.first,
            losses: &end.losses,
            whole: end.whole,
        });
        let id = &self.file.id;
        let seen = Seen {
            file: self.file,
            is_compressed: self.is_compressed,
            is_damaged: !end.losses.is_empty(),
            form: self.form,
            end: end.last,
        };
        for loss in end.losses {
            reader.loss(Loss {
                offset: Some(loss.offset),
                bytes: loss.bytes,
                ..of_file(id, loss.kind, &loss.detail)
            });
        }
        match unusable(&told, &seen) {
            Some(Unused::Skip(reason)) => reader.skip(reason),
            Some(Unused::Loss(kind, detail)) => reader.loss(of_file(id, kind, &detail)),
            None => {
                reader.damaged(told.elements.saturating_sub(self.records));
                for damage in told.damage {
                    reader.loss(damage_loss(id, damage));
                }
            }
        }
    }
}

/// What was seen of a file beside its records.
struct Seen<'a> {
    file: &'a LogFile,
    is_compressed: bool,
    is_damaged: bool,
    form: Option<Form>,
    /// The last window.
    end: &'a [u8],
}

enum Unused {
    Skip(SkipReason),
    Loss(LossKind, String),
}

fn lost(kind: LossKind, detail: &str) -> Option<Unused> {
    Some(Unused::Loss(kind, detail.to_owned()))
}

/// Why nothing of a text can be used, if so. What its name or its damage says is a log file is a loss; the rest is skipped.
fn unusable(told: &Told, seen: &Seen<'_>) -> Option<Unused> {
    let is_archive = seen.file.name_suggests_archive();
    let is_expected = || seen.is_compressed || is_archive || seen.file.name_suggests_log();
    let is_named = |damage: &Damage| damage.kind == LossKind::UnreadForm;
    match told.kind {
        TextKind::Log => None,
        TextKind::Digest => Some(Unused::Skip(SkipReason::Digest)),
        TextKind::Control => Some(Unused::Skip(SkipReason::ControlMessage)),
        TextKind::Utf16 => lost(
            LossKind::Encoding,
            "the text is UTF-16, which CloudTrail never writes",
        ),
        TextKind::NotJson if seen.form.is_some() => no_json(seen),
        TextKind::NotJson if !told.damage.is_empty() => None,
        TextKind::Empty if seen.is_damaged => None,
        TextKind::Empty if is_expected() => lost(LossKind::Empty, "the file holds nothing"),
        TextKind::NotJson if is_archive && is_empty_tar(seen.end) => {
            Some(Unused::Skip(SkipReason::NotCloudTrail))
        }
        TextKind::NotJson if is_archive => {
            lost(LossKind::NotJson, "named as an archive, and is none")
        }
        TextKind::NotJson if is_expected() => lost(LossKind::NotJson, "neither gzip nor JSON"),
        TextKind::NoRecords if told.damage.iter().any(is_named) => None,
        TextKind::NoRecords if !told.damage.is_empty() && is_expected() => None,
        TextKind::NoRecords if seen.file.delivered_key().is_some() => {
            lost(LossKind::NotARecord, "JSON, but no CloudTrail records")
        }
        TextKind::Empty | TextKind::NotJson | TextKind::NoRecords => {
            Some(Unused::Skip(SkipReason::NotCloudTrail))
        }
    }
}

/// Whether that is a tar archive without files: a few blocks of zeros.
fn is_empty_tar(text: &[u8]) -> bool {
    const LONGEST: usize = 20 * 512;
    text.len() <= LONGEST && text.iter().all(|byte| *byte == 0)
}

/// A form that is known and not read.
fn no_json(seen: &Seen<'_>) -> Option<Unused> {
    let loss = |kind, detail| Some(Unused::Loss(kind, detail));
    match seen.form? {
        Form::Unread(form) => loss(
            LossKind::UnreadForm,
            format!("{form}: recognised, but not read"),
        ),
        Form::Compressed(how) => loss(
            LossKind::UnreadForm,
            format!("compressed with {how}, which is not read: give it as gzip, zip or tar"),
        ),
        Form::Parquet if is_parquet_of_events(seen.end) => loss(
            LossKind::UnreadForm,
            "a Parquet table of CloudTrail events, as Security Lake and Athena keep them: recognised, but not read".to_owned(),
        ),
        Form::Encrypted(how) => loss(LossKind::Encrypted, format!("the file is {how}")),
        Form::Parquet | Form::Litter => Some(Unused::Skip(SkipReason::NotCloudTrail)),
    }
}

/// How payloads within a text are opened: what comes out of them counts as what comes out of the file.
pub(super) fn opener(budget: &Budget<'_>) -> impl Fn(Vec<u8>) -> Opened {
    move |bytes| open_payload(bytes, budget)
}

fn open_payload(bytes: Vec<u8>, budget: &Budget<'_>) -> Opened {
    let mut opened = Opened {
        text: bytes,
        damage: Vec::new(),
    };
    for _ in 0..MOST_LAYERS {
        if !is_gzip(&opened.text) {
            break;
        }
        let inflated = inflate(&opened.text, budget.left().min(MOST_PAYLOAD));
        budget.spend(inflated.text.len() as u64);
        opened.text = inflated.text;
        let damage = inflated.losses.into_iter();
        opened
            .damage
            .extend(damage.map(|loss| (loss.kind, loss.detail)));
    }
    opened
}

/// A loss that is a file's, and no record's.
pub(super) fn of_file(id: &LogFileId, kind: LossKind, detail: &str) -> Loss {
    Loss {
        log_file: id.clone(),
        record_index: None,
        offset: Some(0),
        kind,
        detail: detail.into(),
        bytes: None,
    }
}

fn damage_loss(id: &LogFileId, damage: Damage) -> Loss {
    Loss {
        log_file: id.clone(),
        record_index: damage.record_index,
        offset: Some(damage.offset),
        kind: damage.kind,
        detail: damage.detail.into(),
        bytes: damage.bytes,
    }
}

/// Where in a window a record stands, unless it was unpacked from something in it.
fn place_in(window: &[u8], record: &[u8]) -> Option<usize> {
    let start = record.as_ptr().addr().checked_sub(window.as_ptr().addr())?;
    let end = start.checked_add(record.len())?;
    (end <= window.len()).then_some(start)
}

fn hand_over(id: &LogFileId, raw: &RawRecord<'_>, decoder: &mut Decoder, reader: &mut dyn Reader) {
    match decoder.decode(raw.raw) {
        Ok(record) => reader.record(raw, &record),
        Err(error) => {
            reader.loss(record_loss(id, raw, error.kind, &error.detail));
            reader.damaged(1);
        }
    }
}

pub(super) fn record_loss(
    id: &LogFileId,
    raw: &RawRecord<'_>,
    kind: LossKind,
    detail: &str,
) -> Loss {
    Loss {
        log_file: id.clone(),
        record_index: Some(raw.index),
        offset: Some(raw.offset),
        kind,
        detail: detail.into(),
        bytes: Some(raw.raw.len() as u64),
    }
}
