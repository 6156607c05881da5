//! What stands in the tables that tell of the evidence itself: contradictions, log files, losses?

use super::super::escape;
use super::super::row::{Cell, Table};
use super::cells::{count, event_ids, instant, known, maybe_count, plain, untrusted};
use super::{integer, list, text, time};
use crate::analysis::Analysis;
use crate::evidence::{Fate, FileAccount};
use crate::integrity::{ContentHash, FileProof};
use crate::timeline::Contradiction;
use crate::vocab::{LogFileId, Loss};
use std::borrow::Cow;
use std::collections::BTreeMap;

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
        text("log_file", |row: FileRow<'_>| escape::file_name(row.id)),
        integer("bytes", |row| count(row.file.bytes)),
        text("sha256", |row| hash(row.proof.and_then(|it| it.file))),
        text("content_sha256", |row| {
            hash(row.proof.and_then(|it| it.content))
        }),
        integer("records", |row| count(row.file.records)),
        time("first_event", |row| {
            instant(row.file.coverage.map(|span| span.first))
        }),
        time("last_event", |row| {
            instant(row.file.coverage.map(|span| span.last))
        }),
        text("integrity", |row| row.integrity.map_or(Cell::Empty, plain)),
        text("status", |row| plain(status(row.file.fate))),
        text("skipped_because", |row| match row.file.fate {
            Fate::Skipped(reason) => plain(reason.name()),
            _ => Cell::Empty,
        }),
    ];
    super::table("log_files", fields, || file_rows(analysis))
}

#[derive(Clone, Copy)]
struct FileRow<'a> {
    id: &'a LogFileId,
    file: &'a FileAccount,
    proof: Option<&'a FileProof>,
    integrity: Option<&'static str>,
}

fn file_rows(analysis: &Analysis) -> impl Iterator<Item = FileRow<'_>> {
    let integrity = &analysis.integrity;
    let digests = integrity.digests.iter();
    let digests: BTreeMap<&LogFileId, &'static str> = digests
        .filter_map(|it| Some((it.file.as_ref()?, it.verdict.name())))
        .collect();
    analysis.files.iter().map(move |(id, file)| FileRow {
        id,
        file,
        proof: analysis.material.proof(id),
        integrity: match integrity.logs.get(id) {
            Some(finding) => Some(finding.verdict.name()),
            None => digests.get(id).copied(),
        },
    })
}

fn hash<'a>(hash: Option<ContentHash>) -> Cell<'a> {
    hash.map_or(Cell::Empty, |hash| Cell::Text(Cow::Owned(hash.to_string())))
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
