//! What does the picture show? A lane for each bucket that anybody but its owner could or may have got into.
//!
//! Every medium draws these lanes with its own means. Buckets that are open come first, then those that were, the longest
//! exposed before the others; then those of which the evidence does not decide, or where only fixed networks or services got in.

use crate::analysis::Analysis;
use crate::coverage::Stream;
use crate::evidence::Category;
use crate::exposure::{Audience, Certainty, Verdict};
use crate::timeline::{Exposure, Interval};
use crate::vocab::{AccountId, BucketName, Region, Span, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A time axis, and the lanes along it.
pub(super) struct Picture<'a> {
    /// From where to where the axis goes; never empty.
    pub span: Span,
    /// The lanes, in the order in which they are looked at.
    pub lanes: Vec<Lane<'a>>,
    /// How many buckets have one, those too that are not held.
    pub all: u64,
    /// How many buckets have none: they were private all the time.
    pub private: u64,
}

/// One bucket's lane.
#[derive(Default)]
pub(super) struct Lane<'a> {
    /// The owner's account, where it is known.
    pub account: Option<&'a AccountId>,
    /// The bucket's name.
    pub bucket: &'a str,
    /// Its Region, where it is known.
    pub region: Option<&'a Region>,
    /// Its verdicts, one after the other; neighbours differ.
    pub stretches: Vec<Stretch<'a>>,
    /// Its exposures, in order of their opening.
    pub exposures: Vec<&'a Exposure>,
    /// The times without evidence.
    pub gaps: Vec<Span>,
    /// Whether what was assumed is shown as unknown.
    pub is_strict: bool,
}

/// A time of one verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stretch<'a> {
    /// The time.
    pub span: Span,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether anything was assumed in it.
    pub assumed: bool,
    /// Whether a public grant was silenced by a block only.
    pub latent: bool,
    /// The interval that begins it.
    pub first: &'a Interval,
}

impl<'a> Picture<'a> {
    /// The picture of an analysis.
    pub fn of(analysis: &'a Analysis) -> Self {
        let mut sorted: BTreeMap<(Option<&AccountId>, &BucketName), Lane<'a>> = BTreeMap::new();
        for timeline in &analysis.timelines {
            let lane = sorted
                .entry((timeline.account.as_ref(), &timeline.bucket))
                .or_default();
            lane.region = lane.region.or(timeline.region.as_ref());
            lane.extend(&timeline.intervals);
        }
        for exposure in &analysis.exposures {
            let lane = sorted
                .entry((exposure.account.as_ref(), &exposure.bucket))
                .or_default();
            lane.region = lane.region.or(exposure.region.as_ref());
            lane.exposures.push(exposure);
        }
        let named = sorted.into_iter().map(|((account, bucket), lane)| Lane {
            account,
            bucket: bucket.as_str(),
            ..lane
        });
        let mut lanes: Vec<Lane<'a>> = named.filter(Lane::is_shown).collect();
        lanes.sort_by_key(Lane::rank);
        let gaps = Gaps::of(analysis);
        for lane in &mut lanes {
            lane.gaps = gaps.at(lane.account, lane.region);
            lane.is_strict = analysis.withheld.is_some();
        }
        let totals = analysis.totals();
        Self {
            span: axis(analysis, &lanes),
            all: totals.told,
            private: totals.private,
            lanes,
        }
    }

    /// Where on the axis an instant lies: 0 is its beginning, 1 its end; what lies beyond is at the nearer of these.
    pub fn place(&self, at: Timestamp) -> f64 {
        let (from, until) = (self.span.from.unix(), self.span.until.unix());
        let along = at.unix().clamp(from, until).saturating_sub(from);
        #[expect(clippy::cast_precision_loss, reason = "seconds of this era are exact")]
        let place = along as f64 / self.span.seconds().max(1) as f64;
        place
    }
}

impl Stretch<'_> {
    fn tells_same(&self, interval: &Interval) -> bool {
        self.verdict == interval.verdict && self.latent == interval.latent
    }
}

impl<'a> Lane<'a> {
    fn extend(&mut self, intervals: &'a [Interval]) {
        for interval in intervals {
            let assumed = !interval.assumptions.is_empty();
            match self.stretches.last_mut() {
                Some(last)
                    if last.tells_same(interval) && last.span.until == interval.span.from =>
                {
                    last.span.until = interval.span.until;
                    last.assumed |= assumed;
                }
                _ => self.stretches.push(Stretch {
                    span: interval.span,
                    verdict: interval.verdict,
                    assumed,
                    latent: interval.latent,
                    first: interval,
                }),
            }
        }
    }

    fn is_shown(&self) -> bool {
        let private = |it: &Stretch<'_>| it.verdict == Verdict::Private;
        !self.exposures.is_empty() || !self.stretches.iter().all(private)
    }

    /// As what an exposure is drawn.
    pub fn verdict(&self, row: &Exposure) -> Verdict {
        match row.audience {
            _ if self.is_strict && row.certainty() == Certainty::Assumed => Verdict::Unknown,
            Audience::Public => Verdict::Public,
            Audience::Foreign(_) => Verdict::CrossAccount,
        }
    }

    /// Up to when an exposure is drawn: what is open is so to the end of the bucket's evidence.
    pub fn end(&self, row: &Exposure) -> Timestamp {
        let known = self.stretches.iter().map(|it| it.span.until).max();
        let known = known.map(|known| known.max(row.opened_at));
        let lasted = row.opened_at.plus(row.duration_seconds);
        row.closed_at.or(known).unwrap_or(lasted)
    }

    /// Whether the bucket is open at the end of the evidence.
    pub fn is_open(&self) -> bool {
        self.exposures.iter().any(|row| row.is_open())
    }

    fn rank(&self) -> (bool, bool, Reverse<i64>) {
        let lengths = self.exposures.iter().map(|row| row.duration_seconds);
        let longest = lengths.max().unwrap_or(0);
        (!self.is_open(), self.exposures.is_empty(), Reverse(longest))
    }
}

/// The times for which there is no evidence of management events, by account.
struct Gaps<'a>(BTreeMap<Option<&'a AccountId>, Vec<&'a Stream>>);

impl<'a> Gaps<'a> {
    fn of(analysis: &'a Analysis) -> Self {
        let mut sorted: BTreeMap<_, Vec<&Stream>> = BTreeMap::new();
        for stream in &analysis.streams {
            if stream.category == Category::Management && !stream.gaps.is_empty() {
                sorted
                    .entry(stream.account.as_ref())
                    .or_default()
                    .push(stream);
            }
        }
        Self(sorted)
    }

    /// Those in one Region of an account, or in all of them.
    fn at(&self, account: Option<&AccountId>, region: Option<&Region>) -> Vec<Span> {
        let streams = self.0.get(&account).into_iter().flatten();
        let near = streams.filter(|it| region.is_none() || it.region.as_ref() == region);
        let mut spans: Vec<Span> = near.flat_map(|it| &it.gaps).map(|it| it.span).collect();
        spans.sort_unstable();
        spans.dedup();
        spans
    }
}

/// The rows' own limits, within the evidence; at least a minute.
fn axis(analysis: &Analysis, lanes: &[Lane<'_>]) -> Span {
    let stretches = lanes.iter().flat_map(|lane| &lane.stretches);
    let (mut from, mut until) = analysis.evidence.unwrap_or((
        Timestamp::from_unix(i64::MAX),
        Timestamp::from_unix(i64::MIN),
    ));
    for stretch in stretches {
        from = from.min(stretch.span.from);
        until = until.max(stretch.span.until);
    }
    if from > until {
        (from, until) = (Timestamp::from_unix(0), Timestamp::from_unix(0));
    }
    let selection = &analysis.selection;
    from = selection.from.map_or(from, |limit| limit.max(from));
    until = selection.to.map_or(until, |limit| limit.min(until));
    Span {
        from,
        until: until.max(from.plus(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{sample, span};
    use super::*;

    fn told(picture: &Picture<'_>) -> String {
        let lane = |lane: &Lane<'_>| {
            let verdicts = lane.stretches.iter().map(|it| it.verdict.name());
            let open = if lane.is_open() { " (open)" } else { "" };
            let verdicts = verdicts.collect::<Vec<_>>().join(" ");
            format!("{}{open}: {verdicts}", lane.bucket)
        };
        picture
            .lanes
            .iter()
            .map(lane)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn open_buckets_come_first_and_undecided_ones_last() {
        let analysis = sample();
        let picture = Picture::of(&analysis);
        insta::assert_snapshot!(told(&picture), @r"
        amzn-s3-demo-logs (open): public
        amzn-s3-demo-assets: cross-account private
        amzn-s3-demo-old: unknown
        ");
        assert_eq!(picture.private, 0);
        assert_eq!(picture.span, span(0, 900_000));
    }

    #[test]
    fn a_bucket_that_was_private_all_the_time_has_no_lane() {
        let mut analysis = sample();
        analysis.exposures.clear();
        for timeline in &mut analysis.timelines {
            timeline
                .intervals
                .retain(|it| it.verdict == Verdict::Private);
        }
        let picture = Picture::of(&analysis);
        assert_eq!((picture.lanes.len(), picture.private), (0, 3));
    }

    #[test]
    fn the_axis_is_what_the_rows_were_limited_to() {
        let mut analysis = sample();
        analysis.selection.from = Some(span(500, 0).from);
        let picture = Picture::of(&analysis);
        assert_eq!(picture.span, span(500, 900_000));
        assert!(picture.place(span(0, 0).from).abs() < f64::EPSILON);
        assert!((picture.place(picture.span.until) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn without_evidence_there_is_an_axis_all_the_same() {
        let none = Analysis::default();
        assert_eq!(Picture::of(&none).span.seconds(), 60);
    }
}
