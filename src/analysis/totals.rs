//! How much of everything is there? What people are told of all rows, however many are shown.

use super::Analysis;
use crate::event::{Change, Outcome};
use crate::exposure::{Assumption, Audience, Certainty, Verdict};
use crate::timeline::{Effect, Exposure, Interval, Timeline};
use crate::vocab::{AccountId, BucketName};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What is counted over all rows. Those of different buckets can be added up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Exposures to the public.
    pub public: Ended,
    /// Exposures to other accounts.
    pub foreign: Ended,
    /// Exposures during which somebody from outside came in.
    pub confirmed: u64,
    /// Exposures of buckets whose data events the evidence does not hold.
    pub unlogged: u64,
    /// Exposures that events decide.
    pub proven: u64,
    /// Buckets with an exposure.
    pub exposed: u64,
    /// Of these, those that are open.
    pub exposed_now: u64,
    /// Buckets with a time of which the evidence does not decide who could get in.
    pub undecided: u64,
    /// Buckets whose last word is a public grant that only a block silences.
    pub latent: u64,
    /// Buckets that anybody but the owner could or may have got into at any time.
    pub told: u64,
    /// The other buckets.
    pub private: u64,
    /// Changes.
    pub changes: u64,
    /// Of these, those that failed.
    pub failed: u64,
    /// Of these, those that may or may not have taken effect.
    pub uncertain: u64,
    /// Intervals that the unknown order of changes within a second decides.
    pub unordered: u64,
    /// Contradictions.
    pub contradictions: u64,
    /// How much leans on each assumption.
    pub leanings: BTreeMap<Assumption, Leaning>,
    /// The exposure that is open longest; if none is open, the longest.
    pub worst: Option<Exposure>,
    /// The exposure during which most was sent.
    pub busiest: Option<Exposure>,
}

/// How many are open and closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ended {
    /// At the end of the evidence.
    pub open: u64,
    /// Before it.
    pub closed: u64,
}

impl Ended {
    /// All of them.
    pub fn all(self) -> u64 {
        self.open + self.closed
    }
}

/// How many rows lean on an assumption.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Leaning {
    /// Exposures.
    pub exposures: u64,
    /// Intervals.
    pub intervals: u64,
}

impl Totals {
    /// How many exposures there are.
    pub fn exposures(&self) -> Ended {
        Ended {
            open: self.public.open + self.foreign.open,
            closed: self.public.closed + self.foreign.closed,
        }
    }

    /// Adds the rows of an analysis, which tells of other buckets than those before.
    pub fn add(&mut self, part: &Analysis) {
        for row in &part.exposures {
            self.add_exposure(row);
        }
        for row in part.timelines.iter().flat_map(|it| &it.intervals) {
            self.unordered += u64::from(row.order_uncertain);
            for assumption in &row.assumptions {
                self.leanings.entry(*assumption).or_default().intervals += 1;
            }
        }
        for row in &part.changes {
            let uncertain = matches!(row.event.event.outcome, Outcome::Uncertain(_));
            self.uncertain += u64::from(uncertain);
            self.failed += u64::from(row.effect == Effect::Attempted);
        }
        self.changes += part.changes.len() as u64;
        self.contradictions += part.contradictions.len() as u64;
        self.add_buckets(part);
    }

    fn add_exposure(&mut self, row: &Exposure) {
        let ended = match row.audience {
            Audience::Public => &mut self.public,
            Audience::Foreign(_) => &mut self.foreign,
        };
        match row.is_open() {
            true => ended.open += 1,
            false => ended.closed += 1,
        }
        self.confirmed += u64::from(row.is_confirmed());
        self.unlogged += u64::from(!row.attendance.logged);
        self.proven += u64::from(row.certainty() == Certainty::Proven);
        for assumption in &row.assumptions {
            self.leanings.entry(*assumption).or_default().exposures += 1;
        }
        if self.worst.as_ref().is_none_or(|it| worse(row) < worse(it)) {
            self.worst = Some(row.clone());
        }
        let busiest = self.busiest.as_ref();
        if row.is_confirmed() && busiest.is_none_or(|it| busy(row) >= busy(it)) {
            self.busiest = Some(row.clone());
        }
    }

    fn add_buckets(&mut self, part: &Analysis) {
        let exposed: BTreeSet<_> = part.exposures.iter().map(of_exposure).collect();
        let open = part.exposures.iter().filter(|row| row.is_open());
        let open: BTreeSet<_> = open.map(of_exposure).collect();
        let mut told = exposed.clone();
        let timelines = part.timelines.iter();
        told.extend(
            timelines
                .clone()
                .filter(|it| !is_private(it))
                .map(of_timeline),
        );
        let mut all = exposed.clone();
        all.extend(timelines.map(of_timeline));
        self.exposed += exposed.len() as u64;
        self.exposed_now += open.len() as u64;
        self.told += told.len() as u64;
        self.private += (all.len() - told.len()) as u64;
        self.undecided += buckets(part.undecided());
        self.latent += buckets(part.latent());
    }
}

type Bucket<'a> = (&'a Option<AccountId>, &'a BucketName);

fn of_exposure(row: &Exposure) -> Bucket<'_> {
    (&row.account, &row.bucket)
}

fn of_timeline(timeline: &Timeline) -> Bucket<'_> {
    (&timeline.account, &timeline.bucket)
}

fn is_private(timeline: &Timeline) -> bool {
    let mut intervals = timeline.intervals.iter();
    intervals.all(|interval| interval.verdict == Verdict::Private)
}

fn buckets<'a>(timelines: impl Iterator<Item = &'a Timeline>) -> u64 {
    timelines.map(of_timeline).collect::<BTreeSet<_>>().len() as u64
}

/// What orders exposures by how bad they are, and those that are alike as their table does.
fn worse(row: &Exposure) -> impl Ord + '_ {
    let length = (!row.is_open(), Reverse(row.duration_seconds));
    (length, place(row))
}

fn busy(row: &Exposure) -> impl Ord + '_ {
    let seen = &row.attendance;
    (seen.bytes, seen.requests, place(row))
}

fn place(row: &Exposure) -> impl Ord + '_ {
    let opening = (row.opened_at, row.scope, &row.audience, &row.id);
    (&row.account, &row.bucket, opening)
}

impl Analysis {
    /// What is counted over all rows, those too that are not held.
    pub fn totals(&self) -> Totals {
        if let Some(beyond) = &self.beyond {
            return beyond.totals.clone();
        }
        let mut totals = Totals::default();
        totals.add(self);
        totals
    }

    /// The timelines with a time of which the evidence does not decide who could get in.
    pub fn undecided(&self) -> impl Iterator<Item = &Timeline> {
        let unknown = |it: &Interval| it.verdict == Verdict::Unknown;
        let timelines = self.timelines.iter();
        timelines.filter(move |timeline| timeline.intervals.iter().any(unknown))
    }

    /// The timelines whose last word is a public grant that only a block silences.
    pub fn latent(&self) -> impl Iterator<Item = &Timeline> {
        let last = |timeline: &&Timeline| timeline.intervals.last().is_some_and(|it| it.latent);
        self.lasting().filter(last)
    }

    /// The timelines of buckets that were not deleted.
    pub fn lasting(&self) -> impl Iterator<Item = &Timeline> {
        let deletions: BTreeSet<_> = self
            .changes
            .iter()
            .map(|row| &row.event.event)
            .filter(|event| event.took() && event.change == Change::DeleteBucket)
            .filter_map(|event| Some((event.bucket.as_ref()?, event.time)))
            .collect();
        self.timelines.iter().filter(move |timeline| {
            let end = timeline
                .intervals
                .last()
                .map(|interval| interval.span.until);
            end.is_none_or(|end| !deletions.contains(&(&timeline.bucket, end)))
        })
    }
}
