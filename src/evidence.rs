//! What does one log file tell, and what do all of them tell together?
//!
//! Evidence merges: in any order, in any grouping, and twice the same is once. That is what makes reports independent of
//! how the files were split, read or repeated.

use crate::event::{CitedEvent, EventKey, ExposureEvent};
use crate::vocab::{AccountId, Citation, LogFileId, Loss, Region, SkipReason, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What a set of log files tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Evidence {
    /// Each file, and what became of it.
    pub files: BTreeMap<LogFileId, FileAccount>,
    /// Each event of interest, once.
    pub events: BTreeMap<EventKey, Sighting>,
    /// Over which span each account's Regions have records, of whatever kind.
    pub coverage: BTreeMap<(Option<AccountId>, Option<Region>), Coverage>,
    /// What could not be used.
    pub losses: BTreeSet<Loss>,
}

/// One event, as its best copy tells it, and every record that tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// The fullest copy.
    pub event: ExposureEvent,
    /// All copies.
    pub citations: BTreeSet<Citation>,
}

/// What became of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileAccount {
    /// Its size, compressed if it is.
    pub bytes: u64,
    /// Read, skipped or lost.
    pub fate: Fate,
    /// How many records it holds, damaged ones included.
    pub records: u64,
    /// Of these, how many are of no interest.
    pub not_of_interest: u64,
    /// Of these, how many could not be used.
    pub lost_records: u64,
    /// The first and last eventTime in it.
    pub coverage: Option<Coverage>,
}

/// Whether a file was used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fate {
    /// Something of it was used.
    Read,
    /// It is no CloudTrail log file.
    Skipped(SkipReason),
    /// Nothing of it could be used.
    Lost,
}

/// The first and the last instant of some records, and how many they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Coverage {
    /// The earliest eventTime.
    pub first: Timestamp,
    /// The latest eventTime.
    pub last: Timestamp,
}

impl Coverage {
    /// One instant.
    pub fn at(time: Timestamp) -> Self {
        Self {
            first: time,
            last: time,
        }
    }

    /// Both together.
    pub fn merge(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

impl Evidence {
    /// Adds an event that a record tells of.
    pub fn see(&mut self, event: ExposureEvent, citation: Citation) {
        self.add(
            event.key.clone(),
            Sighting {
                event,
                citations: BTreeSet::from([citation]),
            },
        );
    }

    /// Notes that an account's Region has a record of that instant.
    pub fn cover(
        &mut self,
        account: Option<AccountId>,
        region: Option<Region>,
        coverage: Coverage,
    ) {
        self.coverage
            .entry((account, region))
            .and_modify(|known| *known = known.merge(coverage))
            .or_insert(coverage);
    }

    /// Everything that either tells.
    pub fn merge(mut self, other: Self) -> Self {
        if self.events.len() < other.events.len() {
            return other.merge(self);
        }
        self.files.extend(other.files);
        self.losses.extend(other.losses);
        other
            .events
            .into_iter()
            .for_each(|(key, sighting)| self.add(key, sighting));
        other
            .coverage
            .into_iter()
            .for_each(|((account, region), coverage)| self.cover(account, region, coverage));
        self
    }

    fn add(&mut self, key: EventKey, sighting: Sighting) {
        match self.events.get_mut(&key) {
            Some(known) => known.join(sighting),
            None => {
                self.events.insert(key, sighting);
            }
        }
    }

    /// How many copies of events there are beyond the first of each.
    pub fn duplicates(&self) -> u64 {
        self.events
            .values()
            .map(|sighting| sighting.citations.len().saturating_sub(1) as u64)
            .sum()
    }

    /// The events, each with the smallest of its citations.
    pub fn cited(self) -> Vec<CitedEvent> {
        let cite = |sighting: Sighting| {
            sighting
                .citations
                .into_iter()
                .next()
                .map(|citation| CitedEvent {
                    event: sighting.event,
                    citation,
                })
        };
        self.events.into_values().filter_map(cite).collect()
    }
}

impl Sighting {
    /// Joins another sighting of the same event. The fuller copy is believed; of two equally full ones the smaller text.
    fn join(&mut self, other: Self) {
        self.citations.extend(other.citations);
        let rank =
            |event: &ExposureEvent| (std::cmp::Reverse(event.fullness), event.record.clone());
        if rank(&other.event) < rank(&self.event) {
            self.event = other.event;
        }
    }
}
