//! Which records are put aside for a store, and what is told when they are read from it again?
//!
//! Everything that is decided by a record as a whole: changes, writes of objects, calls on trails. They are kept as they were
//! written, so there is no second form of them to be kept true.

use super::super::proof::Asked;
use super::super::reading::{Reading, read_records};
use super::{Gathering, Writes};
use crate::event::{ExposureEvent, Outcome, TrailEvent, event_time, record_text, table};
use crate::evidence::Evidence;
use crate::record::{RawRecord, Record};
use crate::source::{LogFile, Source};
use crate::store::{Aside, KeptRecord, Story, WrittenObject};
use crate::vocab::{BucketName, Citation, Region, Untrusted};

/// Hands out what one file tells, and every file in it, each by itself: for a store.
pub(in crate::pipeline) fn read_stories(
    source: &dyn Source,
    file: &LogFile,
    reading: Reading<'_>,
    asked: Asked<'_>,
    take: &mut dyn FnMut(Story),
) {
    let begin = |file: &LogFile| Gathering::of(file, Writes::Aside, asked);
    read_records(source, file, reading, &begin, &mut |mut gathered| {
        let caught = gathered.caught();
        let log_file = gathered.id.clone();
        let (evidence, material) = gathered.finish().whole();
        take(caught.into_story(log_file, evidence, material));
    });
}

impl Gathering<'_> {
    /// A call on a trail that took effect.
    pub(super) fn hear_of_trail(
        &mut self,
        kind: &'static table::TrailKind,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
    ) {
        let Some(event) = TrailEvent::read(kind, record) else {
            return;
        };
        if matches!(self.writes, Writes::Aside) {
            let kept = KeptRecord {
                account: event.account.clone(),
                region: event.region.clone(),
                ..kept(raw, record, record_text(raw.raw))
            };
            self.catch.kept.push(kept);
        }
        let citation = Citation {
            log_file: self.id.clone(),
            record_index: raw.index,
        };
        let calls = &mut self.evidence().trails;
        calls.entry(event).or_default().insert(citation);
    }

    /// A change that matters by itself.
    pub(super) fn put_change_aside(
        &mut self,
        event: &ExposureEvent,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
    ) {
        if matches!(self.writes, Writes::Aside) {
            let kept = kept(raw, record, event.record.clone());
            self.catch.kept.push(told(kept, event));
        }
    }

    /// A call on an object that matters only where some call let others in to that object.
    pub(super) fn put_write_aside(
        &mut self,
        event: &ExposureEvent,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
        asked: bool,
    ) {
        let failed = matches!(event.outcome, Outcome::Failed(_));
        let (Writes::Aside, Some(_), Some(key), false) =
            (self.writes, &event.bucket, event.change.object(), failed)
        else {
            return;
        };
        let kept = KeptRecord {
            aside: Aside::Write(written(key, asked)),
            ..kept(raw, record, event.record.clone())
        };
        self.catch.kept.push(told(kept, event));
    }

    /// The same, told without reading the whole record.
    pub(super) fn put_quiet_write_aside(
        &mut self,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
        (bucket, key): (&BucketName, &Untrusted),
        asked: bool,
    ) {
        self.catch.kept.push(KeptRecord {
            bucket: Some(bucket.clone()),
            aside: Aside::Write(written(key, asked)),
            ..kept(raw, record, record_text(raw.raw))
        });
    }

    /// Tells again what a record told that was put aside. Counts and losses are kept by themselves.
    pub(in crate::pipeline) fn tell_again(&mut self, raw: &RawRecord<'_>, record: &Record<'_>) {
        let Some((source, name)) = record.text("eventSource").zip(record.text("eventName")) else {
            return;
        };
        match (
            table::kind_of(source, name),
            table::trail_kind_of(source, name),
        ) {
            (Some(kind), _) => self.see(kind, raw, record, false),
            (None, Some(kind)) => self.hear_of_trail(kind, raw, record),
            (None, None) => {}
        }
    }
}

impl Gathering<'_> {
    /// What records told again.
    pub(in crate::pipeline) fn told_again(self) -> Evidence {
        Evidence {
            losses: Default::default(),
            ..self.evidence.map(|found| *found).unwrap_or_default()
        }
    }
}

fn written(key: &Untrusted, asked: bool) -> WrittenObject {
    WrittenObject {
        key: key.clone(),
        asked,
    }
}

/// A record as it is kept; whose it is, and where, is known to whoever read it.
fn kept(raw: &RawRecord<'_>, record: &Record<'_>, text: Untrusted) -> KeptRecord {
    let of = |key: &str| record.text(key).unwrap_or_default().into();
    KeptRecord {
        index: raw.index,
        time: event_time(record),
        account: super::account_of(record),
        region: record.text("awsRegion").and_then(Region::parse),
        bucket: None,
        source: of("eventSource"),
        name: of("eventName"),
        event_id: of("eventID"),
        aside: Aside::Change,
        record: text,
    }
}

fn told(kept: KeptRecord, event: &ExposureEvent) -> KeptRecord {
    KeptRecord {
        account: event.account.clone(),
        region: event.region.clone(),
        bucket: event.bucket.clone(),
        ..kept
    }
}
