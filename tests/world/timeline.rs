//! Does the timeline tile, and how much of it is decided? Intervals of a bucket are disjoint, touch, and differ from
//! their neighbours; only a deletion may be followed by a gap.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::calendar::rfc3339;
use crate::evidence::{Known, Truth};
use crate::names::OURS;
use crate::verdict::Verdict;

/// What makes an interval another one than its neighbour.
const STATE: [&str; 11] = [
    "verdict",
    "certainty",
    "assumptions",
    "mechanisms",
    "permissions",
    "principals",
    "qualifiers",
    "latent",
    "notes",
    "order_uncertain",
    "exposure_ids",
];

/// A row of the timeline.
#[derive(Debug)]
pub struct Interval(Value);

/// The intervals by bucket, to be asked.
pub struct Said<'t>(BTreeMap<(&'t str, &'t str), Vec<&'t Interval>>);

impl<'t> Said<'t> {
    pub fn of(timeline: &'t [Interval]) -> Self {
        Self(by_bucket(timeline))
    }

    /// The verdict at a second, if it is one without assumptions.
    pub fn proven(&self, account: &'t str, bucket: &'t str, second: i64) -> Option<&str> {
        let instant = rfc3339(second);
        let interval = at(self.0.get(&(account, bucket))?, &instant)?;
        let within = instant.as_str() < interval.text("until");
        let sure = interval.text("certainty") == "proven" && interval.text("verdict") != "unknown";
        (within && sure).then(|| interval.text("verdict"))
    }
}

/// Seconds of bucket time by how well the evidence decides them.
#[derive(Debug, Default, Clone, Copy)]
pub struct Share {
    pub proven: u64,
    pub assumed: u64,
    pub unknown: u64,
}

impl Interval {
    pub fn read(line: &str) -> Self {
        Self(serde_json::from_str(line).unwrap())
    }

    fn text(&self, column: &str) -> &str {
        self.0[column].as_str().unwrap_or_default()
    }

    fn seconds(&self) -> u64 {
        self.0["duration_seconds"].as_u64().unwrap_or_default()
    }

    fn says(&self, verdict: &Verdict) -> bool {
        let assumptions: BTreeSet<_> = self.0["assumptions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(as_text)
            .collect();
        let certainty = if verdict.assumptions.is_empty() {
            "proven"
        } else {
            "assumed"
        };
        let decided = self.text("certainty") == certainty && assumptions == verdict.assumptions;
        self.text("verdict") == verdict.name && (decided || verdict.name == "unknown")
    }
}

fn as_text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl Share {
    pub fn of(timeline: &[Interval]) -> Self {
        let mut share = Self::default();
        for interval in timeline {
            let seconds = interval.seconds();
            match (interval.text("verdict"), interval.text("certainty")) {
                ("unknown", _) => share.unknown += seconds,
                (_, "proven") => share.proven += seconds,
                _ => share.assumed += seconds,
            }
        }
        share
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            proven: self.proven + other.proven,
            assumed: self.assumed + other.assumed,
            unknown: self.unknown + other.unknown,
        }
    }

    /// (proven, assumed, unknown) in tenths of a percent.
    pub fn per_mille(self) -> [u64; 3] {
        let all = (self.proven + self.assumed + self.unknown).max(1);
        [self.proven, self.assumed, self.unknown].map(|part| part * 1000 / all)
    }
}

/// The first instant at which the timeline gives another verdict than the truth, told.
pub fn wrong_verdict(truth: &Truth, timeline: &[Interval]) -> Option<String> {
    let buckets = by_bucket(timeline);
    truth
        .verdicts
        .iter()
        .find_map(|((account, bucket, second), expected)| {
            let (account, instant) = (OURS[*account].id, rfc3339(*second));
            let actual = buckets
                .get(&(account, *bucket))
                .and_then(|intervals| at(intervals, &instant));
            if actual.is_some_and(|one| one.says(expected)) {
                return None;
            }
            let told = actual.map_or_else(|| "no interval".to_owned(), |one| one.0.to_string());
            Some(format!(
                "{bucket} of {account} at {instant}: expected {expected:?}\n  {told}"
            ))
        })
}

/// The last interval that has begun by then.
fn at<'a>(intervals: &[&'a Interval], instant: &str) -> Option<&'a Interval> {
    let begun = intervals.partition_point(|one| one.text("from") <= instant);
    intervals[..begun].last().copied()
}

fn by_bucket(timeline: &[Interval]) -> BTreeMap<(&str, &str), Vec<&Interval>> {
    let mut buckets: BTreeMap<_, Vec<&Interval>> = BTreeMap::new();
    for interval in timeline {
        buckets
            .entry((interval.text("account_id"), interval.text("bucket")))
            .or_default()
            .push(interval);
    }
    buckets
}

/// The first fault of the tiling, told.
pub fn fault(truth: &Truth, timeline: &[Interval]) -> Option<String> {
    let ends = ends(truth);
    by_bucket(timeline)
        .iter()
        .find_map(|(bucket, intervals)| fault_of(*bucket, intervals, &ends))
}

type End = (String, String, String);

/// (account, bucket, instant) of each deletion, seen or not.
fn ends(truth: &Truth) -> BTreeSet<End> {
    let tell = |known: &Known| {
        let instant = rfc3339(known.until?);
        Some((
            OURS[known.account].id.to_owned(),
            known.name.to_owned(),
            instant,
        ))
    };
    truth.known.iter().filter_map(tell).collect()
}

fn fault_of(bucket: (&str, &str), intervals: &[&Interval], ends: &BTreeSet<End>) -> Option<String> {
    intervals.windows(2).find_map(|pair| {
        let (left, right) = (pair[0], pair[1]);
        let (until, from) = (left.text("until"), right.text("from"));
        let ended = ends.contains(&(bucket.0.to_owned(), bucket.1.to_owned(), until.to_owned()));
        let same = STATE
            .iter()
            .all(|column| left.0[*column] == right.0[*column]);
        let fault = match () {
            () if until > from => "overlap",
            () if until < from && !ended => "do not touch",
            () if same && !ended => "do not differ",
            () => return None,
        };
        Some(format!(
            "{bucket:?}: intervals {fault}:\n  {}\n  {}",
            left.0, right.0
        ))
    })
}
