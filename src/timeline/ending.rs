//! How does a bucket's life end, and what is told of it then?

use super::apply::{Existence, Life};
use super::observed;
use super::passing::Passing;
use super::remains::{Closing, Ending};
use super::rows::{Moved, Whose};
use super::standing::Standing;
use super::types::{Cause, ClosedHow, Exposure, Timeline};
use super::walk::Walk;
use crate::vocab::Timestamp;

impl Walk<'_> {
    /// The bucket was deleted by this event: its exposures and its timeline end.
    pub(super) fn delete(&mut self, before: &Life, at: Timestamp, cause: &Cause) -> Moved {
        if !before.is_told() {
            return Moved::default();
        }
        let closed = self.rows.end_all(at, ClosedHow::Event, None, Some(cause));
        self.end_timeline(at);
        Moved {
            closed,
            ..Moved::default()
        }
    }

    /// Another bucket of the name is there, and the end of the one before was not seen.
    pub(super) fn close_life(&mut self, at: Timestamp, cause: &Cause) -> bool {
        let last = self.last_told.unwrap_or(at);
        let closed = self.rows.end_all(last, ClosedHow::InGap, Some(at), None);
        if closed && last < at {
            let untold = Life {
                existence: Existence::Doubtful,
                ..Life::default()
            };
            let judged = Standing::of(&untold, self.ground.owner);
            self.intervals.cut_back(last);
            self.intervals
                .begin(last, &judged, &untold, vec![cause.clone()], false);
        }
        self.end_timeline(at);
        closed
    }

    fn ending(&self, at: Timestamp) -> Ending {
        let is_open = self.rows.is_any_open();
        Ending {
            at,
            beyond: self.ground.beyond,
            closing: is_open.then(|| Closing::of(&self.life, self.ground.owner)),
        }
    }

    pub(super) fn end_timeline(&mut self, at: Timestamp) {
        let ending = self.ending(at);
        let mut rows = std::mem::take(&mut self.rows).finish(&self.whose, &ending);
        let observed = std::mem::take(&mut self.observed).finish(&self.whose);
        let seen = observed.iter().filter_map(|(row, _)| row.closed_at).max();
        let at = seen.map_or(at, |seen| at.max(seen));
        let intervals = std::mem::take(&mut self.intervals);
        if intervals.is_empty() {
            rows.extend(observed.into_iter().map(|(row, _)| row));
            self.exposures.extend(rows);
            return;
        }
        let mut intervals = observed::overlay(intervals.finish(at, self.ground.beyond), &observed);
        rows.extend(observed.into_iter().map(|(row, _)| row));
        let mut passing = Passing::new(rows.iter().map(|row| (row.opened_at, row.closed_at)));
        for interval in &mut intervals {
            let overlap = |row: &&Exposure| {
                row.opened_at < interval.span.until
                    && row.closed_at.is_none_or(|closed| {
                        closed > interval.span.from
                            || closed == row.opened_at && closed >= interval.span.from
                    })
            };
            let at_end = |row: &&Exposure| {
                interval.span.seconds() == 0
                    && row.opened_at <= interval.span.from
                    && row
                        .closed_at
                        .is_none_or(|closed| closed > interval.span.from)
            };
            let met = passing.meet(interval.span);
            interval.exposure_ids = met
                .filter_map(|number| rows.get(number))
                .filter(|row| overlap(row) || at_end(row))
                .map(|row| row.id.clone())
                .collect();
        }
        let Whose {
            account,
            bucket,
            region,
        } = self.whose.clone();
        self.timelines.push(Timeline {
            account,
            bucket,
            region,
            intervals,
        });
        self.exposures.extend(rows);
    }
}
