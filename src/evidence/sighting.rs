//! What do the records of one event tell, each by itself?
//!
//! Which of them is believed is known only when all files are read and checked (`settled`), so every telling that differs
//! is kept until then.

use crate::event::ExposureEvent;
use crate::vocab::{Citation, Untrusted};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

/// One event, as each of its records tells it: what several say in the same words, once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// The fullest.
    first: ExposureEvent,
    /// The records that say so.
    citations: BTreeSet<Citation>,
    /// What the others say: most events have none.
    others: BTreeMap<Box<Telling>, BTreeSet<Citation>>,
}

/// What one record tells of an event, in the order in which tellings are believed: one that can be read before one that cannot,
/// then the fuller one, then the smaller text.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Telling(ExposureEvent);

impl Telling {
    fn rank(event: &ExposureEvent) -> (bool, Reverse<u64>, &Untrusted) {
        let unreadable = event.change.unreadable().is_some();
        (unreadable, Reverse(event.fullness), &event.record)
    }
}

impl Ord for Telling {
    fn cmp(&self, other: &Self) -> Ordering {
        Self::rank(&self.0).cmp(&Self::rank(&other.0))
    }
}

impl PartialOrd for Telling {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Sighting {
    /// What one record tells of an event.
    pub(super) fn of(event: ExposureEvent, citation: Citation) -> Self {
        Self {
            first: event,
            citations: BTreeSet::from([citation]),
            others: BTreeMap::new(),
        }
    }

    /// The event as the fullest of its records tells it.
    pub fn fullest(&self) -> &ExposureEvent {
        &self.first
    }

    /// The event as each of its records tells it, the fullest first.
    pub fn events(&self) -> impl Iterator<Item = &ExposureEvent> {
        let others = self.others.keys().map(|telling| &telling.0);
        std::iter::once(&self.first).chain(others)
    }

    /// The same, with the records that say so.
    pub(super) fn into_tellings(self) -> Vec<(ExposureEvent, BTreeSet<Citation>)> {
        let others = self.others.into_iter();
        let others = others.map(|(telling, citations)| (telling.0, citations));
        std::iter::once((self.first, self.citations))
            .chain(others)
            .collect()
    }

    /// Joins another sighting of the same event.
    pub(super) fn join(&mut self, other: Self) {
        self.add(other.first, other.citations);
        for (telling, citations) in other.others {
            self.add(telling.0, citations);
        }
    }

    fn add(&mut self, event: ExposureEvent, citations: BTreeSet<Citation>) {
        let (event, citations) = match Telling::rank(&event).cmp(&Telling::rank(&self.first)) {
            Ordering::Equal => return self.citations.extend(citations),
            Ordering::Greater => (event, citations),
            Ordering::Less => (
                std::mem::replace(&mut self.first, event),
                std::mem::replace(&mut self.citations, citations),
            ),
        };
        let known = self.others.entry(Box::new(Telling(event))).or_default();
        known.extend(citations);
    }
}
