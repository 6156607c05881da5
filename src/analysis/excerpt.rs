//! Which rows are held where there are too many for a report that people read?
//!
//! Those of whole buckets: open ones first, then those that were, the longest exposed before the others; then those of which the
//! evidence does not decide. A bucket is held whole or not at all, so that what is told of it is all there is. What is counted is
//! counted over all rows, and every row stands in the tables.

use super::{Analysis, Totals};
use crate::exposure::Verdict;
use crate::timeline::{
    AccessRow, ChangeRow, Contradiction, Exposure, Timeline, sort_changes, sort_contradictions,
};
use crate::vocab::{AccountId, BucketName};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Takes rows bucket by bucket: of a bucket all at once.
pub trait TakesRows: Send {
    /// Takes the rows of an analysis that tells of some buckets.
    ///
    /// # Errors
    /// If they cannot be kept.
    fn take(&mut self, part: &Analysis) -> io::Result<()>;
}

/// Nobody wants them.
impl TakesRows for () {
    fn take(&mut self, _: &Analysis) -> io::Result<()> {
        Ok(())
    }
}

/// What is known of rows that are too many to be held.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Beyond {
    /// What is counted over all rows.
    pub totals: Totals,
    /// How many buckets there are in all.
    pub buckets: u64,
    /// How many of them are held.
    pub held: u64,
    /// Buckets that are not, for they alone have too many rows: the first of them, in the order in which they would be looked at.
    pub too_large: Vec<BucketName>,
}

/// So many buckets that are too large are named.
const MOST_NAMED: usize = 12;

/// In which order buckets are looked at.
type Rank = (
    bool,
    bool,
    bool,
    Reverse<i64>,
    Option<AccountId>,
    BucketName,
);

/// All rows of one bucket.
#[derive(Default)]
struct Bucket {
    exposures: Vec<Exposure>,
    timelines: Vec<Timeline>,
    changes: Vec<ChangeRow>,
    access: Vec<AccessRow>,
}

impl Bucket {
    fn rows(&self) -> usize {
        let intervals = self.timelines.iter().map(|it| it.intervals.len());
        intervals.sum::<usize>() + self.exposures.len() + self.changes.len() + self.access.len()
    }

    fn rank(&self, account: Option<AccountId>, bucket: BucketName) -> Rank {
        let lengths = self.exposures.iter().map(|row| row.duration_seconds);
        let mut intervals = self.timelines.iter().flat_map(|it| &it.intervals);
        (
            !self.exposures.iter().any(Exposure::is_open),
            self.exposures.is_empty(),
            intervals.all(|it| it.verdict == Verdict::Private),
            Reverse(lengths.max().unwrap_or(0)),
            account,
            bucket,
        )
    }
}

/// The rows that are held, while others come.
pub struct Excerpt {
    most: usize,
    totals: Totals,
    buckets: u64,
    held: BTreeMap<Rank, Bucket>,
    rows: usize,
    /// The first in rank that had no room: none behind it is held, in whatever order they come.
    cut: Option<Rank>,
    too_large: BTreeMap<Rank, ()>,
    /// Changes of no one bucket.
    changes: Vec<ChangeRow>,
    contradictions: Vec<Contradiction>,
}

impl Excerpt {
    /// Of about so many rows.
    pub fn of(most: usize) -> Self {
        Self {
            most,
            totals: Totals::default(),
            buckets: 0,
            held: BTreeMap::new(),
            rows: 0,
            cut: None,
            too_large: BTreeMap::new(),
            changes: Vec::new(),
            contradictions: Vec::new(),
        }
    }

    /// Adds rows that are common to buckets. Changes stand for themselves, but those of buckets of which all is told here.
    pub fn add_common(&mut self, mut part: Analysis) {
        let timelines = part.timelines.iter().map(|row| (&row.account, &row.bucket));
        let told: BTreeSet<_> = timelines
            .map(|(account, bucket)| (account.clone(), bucket.clone()))
            .collect();
        let is_told = |row: &ChangeRow| {
            let bucket = row.event.event.bucket.clone();
            bucket.is_some_and(|bucket| told.contains(&(row.account.clone(), bucket)))
        };
        self.totals.add(&part);
        let changes = std::mem::take(&mut part.changes).into_iter();
        let (of_buckets, common) = changes.partition(is_told);
        part.changes = of_buckets;
        self.changes.extend::<Vec<_>>(common);
        self.hold_all(part);
    }

    /// Adds the rows of some buckets.
    pub fn add(&mut self, part: Analysis) {
        self.totals.add(&part);
        self.hold_all(part);
    }

    fn hold_all(&mut self, part: Analysis) {
        let mut buckets: BTreeMap<(Option<AccountId>, BucketName), Bucket> = BTreeMap::new();
        let mut of_exposure = BTreeMap::new();
        for row in part.exposures {
            let place = (row.account.clone(), row.bucket.clone());
            of_exposure.insert(row.id.clone(), place.clone());
            buckets.entry(place).or_default().exposures.push(row);
        }
        for row in part.timelines {
            let place = (row.account.clone(), row.bucket.clone());
            buckets.entry(place).or_default().timelines.push(row);
        }
        for row in part.changes {
            match row.event.event.bucket.clone() {
                Some(bucket) => {
                    let place = (row.account.clone(), bucket);
                    buckets.entry(place).or_default().changes.push(row);
                }
                None => self.changes.push(row),
            }
        }
        for row in part.access {
            if let Some(place) = of_exposure.get(&row.exposure_id) {
                buckets.entry(place.clone()).or_default().access.push(row);
            }
        }
        for ((account, bucket), rows) in buckets {
            self.hold(rows.rank(account, bucket), rows);
        }
        self.contradictions.extend(part.contradictions);
        self.trim();
    }

    fn hold(&mut self, rank: Rank, bucket: Bucket) {
        self.buckets += 1;
        let rows = bucket.rows();
        if rows > self.most.div_ceil(4) {
            self.too_large.insert(rank, ());
            if self.too_large.len() > MOST_NAMED {
                self.too_large.pop_last();
            }
            return;
        }
        if self.cut.as_ref().is_some_and(|cut| rank > *cut) {
            return;
        }
        self.rows += rows;
        self.held.insert(rank, bucket);
        while self.rows > self.most
            && let Some((rank, bucket)) = self.held.pop_last()
        {
            self.rows -= bucket.rows();
            self.cut = Some(rank);
        }
    }

    /// Of the others, the gravest changes and the first contradictions are held.
    fn trim(&mut self) {
        if self.changes.len() > self.most.saturating_mul(2) {
            self.trim_changes();
        }
        if self.contradictions.len() > self.most {
            sort_contradictions(&mut self.contradictions);
            self.contradictions.truncate(self.most / 2);
        }
    }

    fn trim_changes(&mut self) {
        if self.changes.len() > self.most {
            sort_changes(&mut self.changes);
            self.changes.sort_by_key(|row| row.effect);
            self.changes.truncate(self.most);
        }
    }

    /// The analysis with the rows that are held; it says so where these are not all.
    pub fn finish(mut self, whole: Analysis) -> Analysis {
        self.trim_changes();
        if self.totals.contradictions > self.contradictions.len() as u64 {
            sort_contradictions(&mut self.contradictions);
            self.contradictions.truncate(self.most / 2);
        }
        let held = self.held.len() as u64;
        let mut told = Analysis {
            contradictions: self.contradictions,
            changes: self.changes,
            ..whole
        };
        let mut buckets: Vec<(Rank, Bucket)> = self.held.into_iter().collect();
        buckets.sort_by(|(left, _), (right, _)| (&left.4, &left.5).cmp(&(&right.4, &right.5)));
        for (_, bucket) in buckets {
            told.exposures.extend(bucket.exposures);
            told.timelines.extend(bucket.timelines);
            told.changes.extend(bucket.changes);
            told.access.extend(bucket.access);
        }
        sort_changes(&mut told.changes);
        sort_contradictions(&mut told.contradictions);
        let all_told = held == self.buckets
            && told.changes.len() as u64 == self.totals.changes
            && told.contradictions.len() as u64 == self.totals.contradictions;
        let too_large = self.too_large.into_keys();
        told.beyond = (!all_told).then(|| Beyond {
            totals: self.totals,
            buckets: self.buckets,
            held,
            too_large: too_large.map(|rank| rank.5).collect(),
        });
        told
    }
}
