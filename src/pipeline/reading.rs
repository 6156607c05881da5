//! How is one file opened, and what of it is handed on?
//!
//! Bytes become text, text becomes records; what is damaged on the way is handed on as a loss.

use crate::inflate::inflate;
use crate::record::{Decoder, RawRecord, Record, Split, TextKind, split};
use crate::source::{LogFile, Source};
use crate::vocab::{LogFileId, Loss, LossKind, SkipReason};

/// Who takes the records of one file.
pub(super) trait Reader {
    /// A record that can be read.
    fn record(&mut self, raw: &RawRecord<'_>, record: &Record<'_>);
    /// Something that cannot be read. It may be one record.
    fn loss(&mut self, loss: Loss);
    /// So many elements of the text are records that cannot be read; the losses say why.
    fn damaged(&mut self, records: u64);
    /// The file is no log file.
    fn skip(&mut self, reason: SkipReason);
}

/// Opens a file and hands over its records and losses.
pub(super) fn read_records(
    source: &dyn Source,
    file: &LogFile,
    max_inflated: u64,
    reader: &mut dyn Reader,
) {
    let bytes = match source.read(file) {
        Ok(bytes) => bytes,
        Err(loss) => return reader.loss(loss),
    };
    let inflated = inflate(bytes, max_inflated);
    for loss in &inflated.losses {
        reader.loss(Loss {
            log_file: file.id.clone(),
            record_index: None,
            offset: Some(loss.offset),
            kind: loss.kind,
            detail: loss.detail.as_str().into(),
            bytes: loss.bytes,
        });
    }
    let parts = split(&inflated.text);
    match unusable(
        &parts,
        file,
        inflated.members > 0,
        !inflated.losses.is_empty(),
    ) {
        Some(Unused::Skip(reason)) => reader.skip(reason),
        Some(Unused::Loss(kind, detail)) => reader.loss(whole_file(&file.id, kind, detail)),
        None => hand_over(&file.id, &parts, reader),
    }
}

enum Unused {
    Skip(SkipReason),
    Loss(LossKind, &'static str),
}

/// Why nothing of a text can be used, if so. What its name or its damage says is a log file is a loss; the rest is skipped.
fn unusable(parts: &Split<'_>, file: &LogFile, compressed: bool, damaged: bool) -> Option<Unused> {
    let delivered = file.delivered_key().is_some();
    let expected = compressed || file.name_suggests_log();
    match parts.kind {
        TextKind::Log => None,
        TextKind::Digest => Some(Unused::Skip(SkipReason::Digest)),
        TextKind::Utf16 => Some(Unused::Loss(
            LossKind::Encoding,
            "the text is UTF-16, which CloudTrail never writes",
        )),
        TextKind::Empty if damaged => None,
        TextKind::Empty if expected => {
            Some(Unused::Loss(LossKind::Empty, "the file holds nothing"))
        }
        TextKind::NotJson if expected => {
            Some(Unused::Loss(LossKind::NotJson, "neither gzip nor JSON"))
        }
        TextKind::NoRecords if !parts.damage.is_empty() && expected => None,
        TextKind::NoRecords if delivered => Some(Unused::Loss(
            LossKind::NotARecord,
            "JSON, but no CloudTrail records",
        )),
        TextKind::Empty | TextKind::NotJson | TextKind::NoRecords => {
            Some(Unused::Skip(SkipReason::NotCloudTrail))
        }
    }
}

fn whole_file(id: &LogFileId, kind: LossKind, detail: &str) -> Loss {
    Loss {
        log_file: id.clone(),
        record_index: None,
        offset: Some(0),
        kind,
        detail: detail.into(),
        bytes: None,
    }
}

fn hand_over(id: &LogFileId, parts: &Split<'_>, reader: &mut dyn Reader) {
    for damage in &parts.damage {
        reader.loss(Loss {
            log_file: id.clone(),
            record_index: damage.record_index,
            offset: Some(damage.offset),
            kind: damage.kind,
            detail: damage.detail.as_str().into(),
            bytes: damage.bytes,
        });
    }
    reader.damaged(parts.elements.saturating_sub(parts.records.len() as u64));
    let mut decoder = Decoder::new();
    for raw in &parts.records {
        match decoder.decode(raw.raw) {
            Ok(record) => reader.record(raw, &record),
            Err(error) => {
                reader.loss(record_loss(id, raw, error.kind, &error.detail));
                reader.damaged(1);
            }
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
