//! What stands in the tables that tell of the evidence itself: contradictions, log files, losses?

use super::super::escape;
use super::super::row::{Cell, Table};
use super::cells::{count, event_ids, instant, known, maybe_count, plain, untrusted};
use super::{integer, list, text, time};
use crate::analysis::Analysis;
use crate::evidence::{Fate, FileAccount};
use crate::timeline::Contradiction;
use crate::vocab::{LogFileId, Loss};

/// Where the evidence cannot be the whole truth.
pub(super) fn contradictions(analysis: &Analysis) -> Table<'_> {
    let fields = vec![
        time("at", |row: &Contradiction| Cell::Time(row.at)),
        text("account_id", |row| known(row.account.as_ref())),
        text("bucket", |row| known(row.bucket.as_ref())),
        text("kind", |row| plain(row.kind.name())),
        text("detail", |row| plain(row.kind.detail())),
        list("event_ids", |row| event_ids(&row.causes)),
    ];
    super::table("contradictions", fields, || analysis.contradictions.iter())
}

/// Each file, and what became of it.
pub(super) fn log_files(analysis: &Analysis) -> Table<'_> {
    let fields = vec![
        text("log_file", |(id, _): (&LogFileId, &FileAccount)| {
            escape::file_name(id)
        }),
        integer("bytes", |(_, file)| count(file.bytes)),
        integer("records", |(_, file)| count(file.records)),
        time("first_event", |(_, file)| {
            instant(file.coverage.map(|span| span.first))
        }),
        time("last_event", |(_, file)| {
            instant(file.coverage.map(|span| span.last))
        }),
        text("status", |(_, file)| plain(status(file.fate))),
        text("skipped_because", |(_, file)| match file.fate {
            Fate::Skipped(reason) => plain(reason.name()),
            _ => Cell::Empty,
        }),
    ];
    super::table("log_files", fields, || analysis.files.iter())
}

fn status(fate: Fate) -> &'static str {
    match fate {
        Fate::Read => "read",
        Fate::Skipped(_) => "skipped",
        Fate::Lost => "lost",
    }
}

/// What could not be used.
pub(super) fn losses(analysis: &Analysis) -> Table<'_> {
    let fields = vec![
        text("log_file", |row: &Loss| escape::file_name(&row.log_file)),
        integer("record_index", |row| maybe_count(row.record_index)),
        integer("offset", |row| maybe_count(row.offset)),
        text("kind", |row| plain(row.kind.name())),
        text("detail", |row| untrusted(&row.detail)),
        integer("bytes", |row| maybe_count(row.bytes)),
    ];
    super::table("losses", fields, || analysis.losses.iter())
}
