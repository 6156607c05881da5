//! Does the timeline tile, and how much of it is decided? Intervals of a bucket are disjoint, touch, and differ from
//! their neighbours; only a deletion may be followed by a gap.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::calendar::rfc3339;
use crate::evidence::Truth;
use crate::names::OURS;
use crate::s3::Request;
use crate::script::World;
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
pub fn fault(world: &World, timeline: &[Interval]) -> Option<String> {
    let deletions = deletions(world);
    by_bucket(timeline)
        .iter()
        .find_map(|(bucket, intervals)| fault_of(*bucket, intervals, &deletions))
}

type Instant = (String, String, String);

/// (account, bucket, instant) of each deletion.
fn deletions(world: &World) -> BTreeSet<Instant> {
    let deleted = |call: &&crate::s3::Call| {
        call.refused.is_none() && matches!(call.request, Request::DeleteBucket)
    };
    let tell = |call: &crate::s3::Call| {
        (
            OURS[call.account].id.to_owned(),
            call.bucket.unwrap().to_owned(),
            rfc3339(call.second),
        )
    };
    world.calls.iter().filter(deleted).map(tell).collect()
}

fn fault_of(
    bucket: (&str, &str),
    intervals: &[&Interval],
    deletions: &BTreeSet<Instant>,
) -> Option<String> {
    intervals.windows(2).find_map(|pair| {
        let (left, right) = (pair[0], pair[1]);
        let (until, from) = (left.text("until"), right.text("from"));
        let deleted =
            deletions.contains(&(bucket.0.to_owned(), bucket.1.to_owned(), until.to_owned()));
        let same = STATE
            .iter()
            .all(|column| left.0[*column] == right.0[*column]);
        let fault = match () {
            () if until > from => "overlap",
            () if until < from && !deleted => "do not touch",
            () if same && !deleted => "do not differ",
            () => return None,
        };
        Some(format!(
            "{bucket:?}: intervals {fault}:\n  {}\n  {}",
            left.0, right.0
        ))
    })
}
