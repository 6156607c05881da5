//! Which of many spans of time meet each of others that come one after the other?
//!
//! A bucket that was opened and closed again all day has as many exposures as intervals: each is looked at where it may be met, and
//! nowhere else.

use crate::vocab::{Span, Timestamp};
use std::collections::BTreeMap;

/// Spans, each known by its number, while time passes.
pub(super) struct Passing {
    /// Those that were not reached yet, the first one last.
    ahead: Vec<(Timestamp, usize)>,
    ends: Vec<Option<Timestamp>>,
    /// Those that may still be met, and when they end.
    open: BTreeMap<usize, Option<Timestamp>>,
}

impl Passing {
    /// Spans from an instant to another one, or to the end of all.
    pub fn new(spans: impl Iterator<Item = (Timestamp, Option<Timestamp>)>) -> Self {
        let (starts, ends): (Vec<_>, Vec<_>) = spans.unzip();
        let starts = starts.into_iter().enumerate();
        let mut ahead: Vec<_> = starts.map(|(number, start)| (start, number)).collect();
        ahead.sort_unstable_by(|one, other| other.cmp(one));
        Self {
            ahead,
            ends,
            open: BTreeMap::new(),
        }
    }

    /// Those that meet a span or touch it, in the order of their numbers. Whoever asks goes on in time.
    pub fn meet(&mut self, span: Span) -> impl Iterator<Item = usize> {
        while let Some((_, number)) = self.ahead.pop_if(|(start, _)| *start <= span.until) {
            let end = self.ends.get(number).copied().flatten();
            self.open.insert(number, end);
        }
        self.open
            .retain(|_, end| end.is_none_or(|end| end >= span.from));
        self.open.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn those_are_met_that_meet(
            spans in prop::collection::vec((0_i64..40, prop::option::of(0_i64..15)), 0..20),
            steps in prop::collection::vec(0_i64..6, 1..20),
        ) {
            let at = Timestamp::from_unix;
            let spans: Vec<_> = spans.into_iter().map(|(from, length)| (from, length.map(|length| from + length))).collect();
            let mut passing = Passing::new(spans.iter().map(|(from, until)| (at(*from), until.map(at))));
            let mut from = 0;
            for step in steps {
                let until = from + step;
                let met: Vec<_> = passing.meet(Span { from: at(from), until: at(until) }).collect();
                let all = spans.iter().enumerate().filter(|(_, (start, end))| *start <= until && end.is_none_or(|end| end >= from));
                prop_assert_eq!(met, all.map(|(number, _)| number).collect::<Vec<_>>());
                from = until;
            }
        }
    }
}
