//! How are the rows of the page's tables told: changes, and for which times there is evidence?

use super::super::story::{event_id, session, shown};
use super::super::words::grouped;
use super::super::{escape, lines};
use super::bound::{MOST_CHANGES, MOST_LINES, Tables};
use crate::analysis::Analysis;
use crate::coverage::Stream;
use crate::timeline::{ChangeRow, ChangeScope};
use crate::vocab::{EventId, Timestamp};
use std::collections::BTreeSet;

/// One change.
pub(super) struct ChangeView {
    pub id: String,
    pub href: String,
    pub time: String,
    pub unix: i64,
    pub effect: &'static str,
    pub integrity: &'static str,
    /// The bucket, where it is one.
    pub bucket: String,
    /// What it speaks to.
    pub place: String,
    pub account: String,
    pub name: &'static str,
    pub summary: String,
    pub error: String,
    pub actor: String,
    pub session: String,
    pub origin: String,
    pub event: String,
    pub citation: String,
}

/// What one account's trails logged in one Region, of one category.
pub(super) struct StreamView {
    pub account: String,
    pub region: String,
    pub category: &'static str,
    pub first: String,
    pub last: String,
    pub log_files: String,
    pub records: String,
    pub gaps: Vec<String>,
}

/// The changes that have room, in their order. Where there are too many, those with the graver effects are kept.
pub(super) fn changes(analysis: &Analysis) -> Vec<ChangeView> {
    let mut kept: Vec<(usize, &ChangeRow)> = analysis.changes.iter().enumerate().collect();
    if kept.len() > MOST_CHANGES {
        kept.sort_by_key(|(at, row)| (row.effect, *at));
        kept.truncate(MOST_CHANGES);
        kept.sort_by_key(|(at, _)| *at);
    }
    let mut ids = BTreeSet::new();
    let view = |(at, row): (usize, &ChangeRow)| {
        let named = row.event.event.event_id().map(|id| anchor(id.as_str()));
        let id = named.filter(|id| ids.insert(id.clone()));
        change(row, id.unwrap_or_else(|| format!("c-{at}")))
    };
    kept.into_iter().map(view).collect()
}

fn change(row: &ChangeRow, id: String) -> ChangeView {
    let event = &row.event.event;
    let bucket = event
        .bucket
        .as_ref()
        .map_or(String::new(), ToString::to_string);
    let (bucket, place) = match row.scope() {
        ChangeScope::Account => (String::new(), "all buckets of the account".to_owned()),
        _ if bucket.is_empty() => (String::new(), row.scope().name().to_owned()),
        _ => (bucket.clone(), bucket),
    };
    let citation = &row.event.citation;
    let file = escape::terminal(&citation.log_file);
    ChangeView {
        href: href(&id),
        id,
        time: event.time.to_string(),
        unix: event.time.unix(),
        effect: row.effect.name(),
        integrity: row.integrity.map_or("", |it| it.name()),
        bucket,
        place,
        account: row
            .account
            .as_ref()
            .map_or(String::new(), ToString::to_string),
        name: event.name,
        summary: escape::sentence(&row.summary),
        error: event
            .outcome
            .error_code()
            .map_or(String::new(), escape::terminal),
        actor: shown(&event.actor.name),
        session: session(&row.event),
        origin: match row.origin.says_more {
            true => escape::sentence(&row.origin.line),
            false => String::new(),
        },
        event: event
            .event_id()
            .map_or_else(|| event_id(&row.event), EventId::to_string),
        citation: format!("record {} of {file}", citation.record_index),
    }
}

/// The streams that have room.
pub(super) fn streams(analysis: &Analysis) -> Vec<StreamView> {
    analysis
        .streams
        .iter()
        .take(MOST_LINES)
        .map(stream)
        .collect()
}

/// How much of the coverage is left to its table.
pub(super) fn streams_left(analysis: &Analysis, tables: Tables<'_>) -> String {
    let all: usize = analysis.streams.iter().map(rows).sum();
    let shown = analysis.streams.iter().take(MOST_LINES);
    let shown: usize = shown.map(|stream| rows(stream).min(MOST_GAPS)).sum();
    tables.left(shown, all, "rows", "coverage")
}

/// So many gaps of one stream are told.
const MOST_GAPS: usize = 50;

fn rows(stream: &Stream) -> usize {
    stream.gaps.len().max(1)
}

fn stream(stream: &Stream) -> StreamView {
    let instant = |time: Option<Timestamp>| time.map_or(String::new(), |time| time.to_string());
    StreamView {
        account: stream
            .account
            .as_ref()
            .map_or("unknown".to_owned(), ToString::to_string),
        region: stream
            .region
            .as_ref()
            .map_or("unknown".to_owned(), ToString::to_string),
        category: stream.category.name(),
        first: instant(stream.events.map(|(first, _)| first)),
        last: instant(stream.events.map(|(_, last)| last)),
        log_files: grouped(stream.log_files),
        records: grouped(stream.records),
        gaps: stream.gaps.iter().take(MOST_GAPS).map(lines::gap).collect(),
    }
}

/// The id of an event's element.
pub(super) fn anchor(event_id: &str) -> String {
    format!("e-{event_id}")
}

/// An id as the fragment of an address: what is not plain is percent-encoded.
///
/// <https://url.spec.whatwg.org/#fragment-percent-encode-set>
pub(super) fn href(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let mut text = String::with_capacity(id.len());
    for byte in id.bytes() {
        match plain(byte) {
            true => text.push(char::from(byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::sample;
    use super::*;
    use crate::timeline::Effect;

    #[test]
    fn of_too_many_changes_the_graver_are_kept_in_their_order() {
        let mut analysis = sample();
        let none = ChangeRow {
            effect: Effect::None,
            ..analysis.changes[0].clone()
        };
        let opened = analysis.changes[0].clone();
        analysis.changes = vec![none; MOST_CHANGES];
        analysis.changes.push(opened);
        let kept = changes(&analysis);
        assert_eq!(kept.len(), MOST_CHANGES);
        assert_eq!(kept.last().map(|row| row.effect), Some("opened"));
    }

    #[test]
    fn every_row_has_an_id_of_its_own() {
        let mut analysis = sample();
        let twice = analysis.changes[0].clone();
        analysis.changes.push(twice);
        let rows = changes(&analysis);
        let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids.len(), rows.len());
    }

    #[test]
    fn an_address_is_plain() {
        assert_eq!(href("e-ab-1"), "e-ab-1");
        assert_eq!(href("e-<\"%"), "e-%3C%22%25");
    }
}
