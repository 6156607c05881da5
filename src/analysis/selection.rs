//! Which rows does a report show? State is built from all that was read; a selection only picks rows.

use super::Analysis;
use crate::timeline::{ChangeRow, Contradiction, Exposure, Reconstruction, Timeline};
use crate::vocab::{AccountId, BucketName, Region, Span, Timestamp};
use std::collections::BTreeSet;

/// To which rows a report is limited. State is always built from all that was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Only what overlaps the time from here on.
    pub from: Option<Timestamp>,
    /// Only what overlaps the time before this instant.
    pub to: Option<Timestamp>,
    /// Only these accounts; empty for all.
    pub accounts: Vec<AccountId>,
    /// Only these Regions; empty for all.
    pub regions: Vec<Region>,
    /// Only buckets whose name matches one of these patterns; empty for all.
    pub buckets: Vec<String>,
}

impl Selection {
    /// Puts the rows that it shows into an analysis.
    pub fn pick(&self, told: Reconstruction, analysis: Analysis) -> Analysis {
        let Reconstruction {
            mut exposures,
            timelines,
            mut changes,
            mut contradictions,
            mut access,
            ..
        } = told;
        let last = analysis.evidence.map(|(_, last)| last);
        exposures.retain(|row| self.shows_exposure(row, last));
        let shown: BTreeSet<&str> = exposures.iter().map(|row| row.id.as_str()).collect();
        access.retain(|row| shown.contains(row.exposure_id.as_str()));
        changes.retain(|row| self.shows_change(row));
        contradictions.retain(|row| self.shows_contradiction(row));
        let timelines = timelines
            .into_iter()
            .filter_map(|timeline| self.cut(timeline))
            .collect();
        Analysis {
            exposures,
            timelines,
            changes,
            access,
            contradictions,
            ..analysis
        }
    }

    /// Whether it shows a record of that instant and place. What a record does not tell cannot be chosen by.
    pub fn shows_record(
        &self,
        at: Option<Timestamp>,
        account: Option<&AccountId>,
        region: Option<&Region>,
        bucket: Option<&BucketName>,
    ) -> bool {
        let timeless = self.from.is_none() && self.to.is_none();
        self.shows_place(account, region, bucket)
            && at.map_or(timeless, |at| self.shows_instant(at))
    }

    /// The streams that it shows.
    pub fn pick_streams(&self, mut analysis: Analysis) -> Analysis {
        analysis.streams.retain(|stream| {
            let region = stream.region.as_ref();
            self.shows_account(stream.account.as_ref())
                && (self.regions.is_empty() || region.is_some_and(|it| self.regions.contains(it)))
        });
        analysis
    }

    /// What is open is so up to the last instant of all evidence, itself included: a Region may only be quiet, but what no evidence
    /// tells of is not known to be open.
    fn shows_exposure(&self, row: &Exposure, last: Option<Timestamp>) -> bool {
        let end = row.opened_at.plus(row.duration_seconds);
        let end = last.map_or(end, |last| last.max(end));
        let until = row.closed_at.unwrap_or(end.plus(1));
        self.shows_place(row.account.as_ref(), row.region.as_ref(), Some(&row.bucket))
            && self.shows_span(Span {
                from: row.opened_at,
                until,
            })
    }

    fn cut(&self, mut timeline: Timeline) -> Option<Timeline> {
        let Timeline {
            account,
            region,
            bucket,
            ..
        } = &timeline;
        let shown = self.shows_place(account.as_ref(), region.as_ref(), Some(bucket));
        timeline
            .intervals
            .retain(|interval| shown && self.shows_span(interval.span));
        (!timeline.intervals.is_empty()).then_some(timeline)
    }

    /// Account-wide changes reach every bucket, so no choice of Regions or buckets hides them.
    fn shows_change(&self, row: &ChangeRow) -> bool {
        let event = &row.event.event;
        let shown = match &event.bucket {
            Some(bucket) => {
                self.shows_place(row.account.as_ref(), event.region.as_ref(), Some(bucket))
            }
            None => self.shows_account(row.account.as_ref()),
        };
        shown && self.shows_instant(event.time)
    }

    fn shows_contradiction(&self, row: &Contradiction) -> bool {
        let region = row
            .causes
            .first()
            .and_then(|cause| cause.event.region.as_ref());
        self.shows_place(row.account.as_ref(), region, row.bucket.as_ref())
            && self.shows_instant(row.at)
    }

    fn shows_account(&self, account: Option<&AccountId>) -> bool {
        self.accounts.is_empty() || account.is_some_and(|account| self.accounts.contains(account))
    }

    fn shows_place(
        &self,
        account: Option<&AccountId>,
        region: Option<&Region>,
        bucket: Option<&BucketName>,
    ) -> bool {
        let in_region =
            self.regions.is_empty() || region.is_some_and(|region| self.regions.contains(region));
        let named = |bucket: &BucketName| {
            self.buckets
                .iter()
                .any(|pattern| crate::exposure::matches_pattern(pattern, bucket.as_str()))
        };
        self.shows_account(account)
            && in_region
            && (self.buckets.is_empty() || bucket.is_some_and(named))
    }

    /// Whether something that lasted over a span is shown; what has no length counts as an instant.
    fn shows_span(&self, span: Span) -> bool {
        let ends_after =
            |from: Timestamp| span.until > from || (span.from == span.until && span.from >= from);
        self.from.is_none_or(ends_after) && self.to.is_none_or(|to| span.from < to)
    }

    fn shows_instant(&self, at: Timestamp) -> bool {
        self.shows_span(Span {
            from: at,
            until: at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_the_span_is_shown() {
        let at = Timestamp::from_unix;
        let selection = Selection {
            from: Some(at(100)),
            to: Some(at(200)),
            ..Selection::default()
        };
        for (from, until, shown) in [
            (0, 100, false),
            (0, 101, true),
            (199, 300, true),
            (200, 300, false),
            (100, 100, true),
            (200, 200, false),
            (99, 99, false),
        ] {
            assert_eq!(
                selection.shows_span(Span {
                    from: at(from),
                    until: at(until)
                }),
                shown,
                "{from}..{until}"
            );
        }
    }

    #[test]
    fn a_choice_of_buckets_is_by_pattern() {
        let selection = Selection {
            buckets: vec!["logs-*".to_owned()],
            ..Selection::default()
        };
        assert!(selection.shows_place(None, None, BucketName::parse("logs-eu").as_ref()));
        assert!(!selection.shows_place(None, None, BucketName::parse("my-logs-eu").as_ref()));
    }
}
