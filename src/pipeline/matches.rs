//! What matched, each event once, and which of its copies say so?

use crate::alarm::{Datum, Fate, MetricTime};
use crate::analysis::Match;
use crate::event::{EventKey, bucket_named, content_hash, event_key};
use crate::integrity::{Integrity, Material};
use crate::record::{RawRecord, Record};
use crate::vocab::{Citation, LogFileId, Region, Timestamp};
use std::collections::BTreeMap;

/// One filter's matches in one log group.
#[derive(Debug, Default)]
pub(super) struct Matches(BTreeMap<EventKey, Found>);

/// The copies of one event that matches.
#[derive(Debug)]
struct Found {
    /// The one that arrives first, as the smaller citation of two that arrive together.
    counted: Copied,
    /// The others: few events have any.
    further: Vec<Copied>,
}

/// One copy of a record, and what is said of it.
#[derive(Debug)]
pub(super) struct Copied {
    told: Match,
    content: [u8; 32],
}

impl Matches {
    /// Adds a copy.
    pub fn keep(&mut self, mut copy: Copied) {
        let Some(known) = self.0.get_mut(&copy.told.key) else {
            let key = copy.told.key.clone();
            let further = Vec::new();
            let found = Found {
                counted: copy,
                further,
            };
            self.0.insert(key, found);
            return;
        };
        if copy.rank() < known.counted.rank() {
            std::mem::swap(&mut copy, &mut known.counted);
        }
        known.further.push(copy);
    }

    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: Self) {
        for found in other.0.into_values() {
            self.keep(found.counted);
            found.further.into_iter().for_each(|copy| self.keep(copy));
        }
    }

    /// The matches, each with what digests say of its record: the best that they say of a copy with the same content. A copy
    /// with another says nothing for the one that counts.
    pub fn assured(&self, integrity: &Integrity, material: &Material) -> Vec<Match> {
        let assured = |found: &Found| {
            let same = |copy: &&Copied| copy.content == found.counted.content;
            let copies = found.further.iter().filter(same).chain([&found.counted]);
            let citations = copies.map(|copy| &copy.told.citation);
            Match {
                integrity: integrity.record_verdict(citations, material),
                ..found.counted.told.clone()
            }
        };
        self.0.values().map(assured).collect()
    }
}

impl Copied {
    /// Takes what is told of a record that matches, of which so much is known already.
    pub fn of(
        file: &LogFileId,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
        time: Timestamp,
        (datum, fate): (Datum, Fate),
    ) -> Self {
        let told = Match {
            time,
            key: event_key(record, raw.raw),
            event_name: record.text("eventName").unwrap_or_default().into(),
            region: record.text("awsRegion").and_then(Region::parse),
            bucket: bucket_named(record),
            citation: Citation {
                log_file: file.clone(),
                record_index: raw.index,
            },
            datum,
            fate,
            notified: None,
            soonest: None,
            latest: None,
            integrity: None,
        };
        Self {
            told,
            content: content_hash(raw.raw),
        }
    }

    fn rank(&self) -> (i64, &Citation) {
        (self.told.datum.arrives, &self.told.citation)
    }
}

/// In which minute a match counts that happened in one and arrives in another.
pub(super) fn counted_in(metric_time: MetricTime, happened: i64, arrives: i64) -> i64 {
    match metric_time {
        MetricTime::Delivery => arrives,
        MetricTime::Event => happened,
    }
}

/// The same matches, counted in other minutes.
pub(super) fn moved(matches: &[Match], metric_time: MetricTime) -> Vec<Datum> {
    let datum = |found: &Match| Datum {
        minute: counted_in(
            metric_time,
            found.time.unix().div_euclid(60),
            found.datum.arrives,
        ),
        ..found.datum
    };
    matches.iter().map(datum).collect()
}
