//! Which call explains a silence?
//!
//! One on a trail that was in force there, from about when the silence began. Where digests are, it explains as far as one of
//! them speaks for its record: whoever removes log files can plant a record too.

use super::{Finder, HOUR};
use crate::event::{TrailEvent, table::TrailEffect};
use crate::evidence::Category;
use crate::vocab::{Span, Timestamp};

/// So long after a trail was stopped what it still logged may come.
const SLACK: i64 = HOUR / 4;

impl Finder<'_> {
    /// The last call before the gap, or the first in it, after which less may have been logged; unless logging began again
    /// before the gap.
    pub(super) fn explanation(&self, gap: Span) -> Option<TrailEvent> {
        let begun = self.gathered.hours.usual_until(gap);
        let may = |event: &&TrailEvent| {
            event.may_silence()
                && !(event.keeps_management && self.key.2 == Category::Management)
                && event.time >= gap.from.plus(-2 * HOUR)
                && event.time < gap.until.min(begun)
                && !self.restarted(event, gap.from)
                && self.speaks_of_here(event)
                && !self.goes_on_at_home(event, gap.until)
        };
        let calls = self.calls().filter(may);
        let before = calls.clone().rfind(|event| event.time <= gap.from);
        before.or_else(|| calls.clone().next()).cloned()
    }

    fn calls(&self) -> impl DoubleEndedIterator<Item = &TrailEvent> + Clone {
        let of_account =
            |event: &&TrailEvent| event.account.is_none() || event.account == self.key.0;
        self.trails.keys().filter(of_account)
    }

    fn restarted(&self, stop: &TrailEvent, before: Timestamp) -> bool {
        let again = self.started_after(stop);
        again.is_some_and(|again| again <= before)
    }

    /// When logging of the trail began again.
    fn started_after(&self, stop: &TrailEvent) -> Option<Timestamp> {
        let mut starts = self.trails.keys().filter(|event| {
            event.effect == TrailEffect::Starts
                && event.trail == stop.trail
                && event.time > stop.time
        });
        starts.next().map(|event| event.time)
    }

    /// Where a chain of digests is, only a call on its trail counts.
    fn speaks_of_here(&self, event: &TrailEvent) -> bool {
        let mut chains = self.chains();
        let is_its = chains.any(|it| it.id.trail == event.trail && it.id.home == event.region);
        !self.is_doubted(event) && (is_its || !self.has_chain())
    }

    /// Of an account that has digests only such calls count as they speak for.
    fn is_doubted(&self, event: &TrailEvent) -> bool {
        let mut chains = self.integrity.chains.iter();
        chains.any(|it| it.id.account == self.key.0) && self.integrity.doubted.contains(event)
    }

    /// Whether a trail was stopped without a silence in its home Region: then it is not why another one is silent.
    fn goes_on_at_home(&self, stop: &TrailEvent, until: Timestamp) -> bool {
        if stop.effect != TrailEffect::Stops || stop.region.is_none() || stop.region == self.key.1 {
            return false;
        }
        let home = (
            self.key.0.clone(),
            stop.region.clone(),
            Category::Management,
        );
        let again = self.started_after(stop).unwrap_or(until);
        let after = Span {
            from: stop.time.plus(SLACK),
            until: until.min(again),
        };
        let home = self.all.get(&home);
        home.is_some_and(|home| home.hours.any_in(after))
    }

    /// The time after the last record of a Region whose trail was stopped and not started again, while the account's evidence
    /// goes on: it needs no rhythm to be told. Digests tell that by themselves, and of several trails another may go on.
    pub(super) fn stopped(&self, account_ends: Option<Timestamp>) -> Option<Span> {
        let (_, last) = self.gathered.hours.span()?;
        let until = account_ends.filter(|end| *end > last.plus(2 * HOUR))?;
        let of_region = |event: &&TrailEvent| event.region == self.key.1;
        let stops = |event: &&TrailEvent| event.effect == TrailEffect::Stops;
        let stop = self.calls().filter(of_region).rfind(stops)?;
        let is_last = stop.time <= last && last <= stop.time.plus(SLACK);
        let of_others = self.calls().any(|event| event.trail != stop.trail);
        let is_told = self.key.2 == Category::Management
            && is_last
            && !of_others
            && !self.has_chain()
            && !self.is_doubted(stop)
            && self.started_after(stop).is_none();
        is_told.then_some(Span { from: last, until })
    }
}
