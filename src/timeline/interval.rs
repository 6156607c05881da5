//! How do judgements become intervals that tile?

use super::apply::Life;
use super::standing::Standing;
use super::types::{Cause, Interval};
use crate::exposure::{Assumption, Verdict};
use crate::vocab::{Span, Timestamp};

/// The intervals of one bucket, as they are made.
#[derive(Default)]
pub(super) struct Intervals {
    done: Vec<Interval>,
}

impl Intervals {
    /// From this instant on the bucket is as judged.
    pub fn begin(
        &mut self,
        at: Timestamp,
        judged: &Standing,
        life: &Life,
        causes: Vec<Cause>,
        order_uncertain: bool,
    ) {
        let interval = Interval {
            span: Span {
                from: at,
                until: at,
            },
            verdict: judged.verdict(),
            assumptions: judged.assumptions(),
            reach: judged.reach(),
            latent: judged.is_latent(),
            notes: life.notes.iter().copied().chain(judged.notes()).collect(),
            causes,
            order_uncertain,
            exposure_ids: Vec::new(),
        };
        if self
            .done
            .last()
            .is_some_and(|last| last.tells_same(&interval))
        {
            return;
        }
        self.end(at);
        self.done.push(interval);
    }

    /// Nothing is told of the bucket beyond this instant.
    pub fn cut_back(&mut self, last: Timestamp) {
        self.done.retain(|interval| interval.span.from <= last);
    }

    /// When the last of them began.
    pub fn last_begun(&self) -> Option<Timestamp> {
        self.done.last().map(|interval| interval.span.from)
    }

    /// Whether nothing has begun.
    pub fn is_empty(&self) -> bool {
        self.done.is_empty()
    }

    /// The last interval lasts until this instant.
    fn end(&mut self, at: Timestamp) {
        if let Some(last) = self.done.last_mut() {
            last.span.until = at;
        }
    }

    /// All intervals, up to the end of the evidence; `beyond` is assumed of public ones that reach past its instant.
    pub fn finish(
        mut self,
        end: Timestamp,
        beyond: Option<(Timestamp, Assumption)>,
    ) -> Vec<Interval> {
        self.end(end);
        let last = self.done.len().saturating_sub(1);
        let lasting = self
            .done
            .into_iter()
            .enumerate()
            .filter(|(index, interval)| interval.span.seconds() > 0 || *index == last);
        let mut tiles: Vec<Interval> = Vec::new();
        for (_, mut interval) in lasting {
            let reaches = |(date, _): &(Timestamp, Assumption)| {
                interval.span.until > *date && interval.verdict == Verdict::Public
            };
            interval
                .assumptions
                .extend(beyond.filter(reaches).map(|(_, assumption)| assumption));
            match tiles.last_mut() {
                Some(before) if before.tells_same(&interval) => {
                    before.span.until = interval.span.until
                }
                _ => tiles.push(interval),
            }
        }
        tiles
    }
}
