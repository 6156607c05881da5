//! How close together did they come? A histogram of instants that stays small, however many there are and however far apart.
//!
//! Its stretches are 2ⁿ seconds long and begin at multiples of that since 1970; n is the smallest with which no more than
//! 64 stretches reach from the first instant to the last. So it depends on the instants alone, not on their order.

use crate::vocab::{Span, Timestamp};
use std::collections::BTreeMap;

/// So many stretches at most lie between the first instant and the last.
const MOST: i64 = 64;

/// How many instants fall into each of some stretches of equal length.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Density {
    /// The binary logarithm of the stretches' length in seconds.
    length: u32,
    /// How many fall into each, by its number since 1970.
    counts: BTreeMap<i64, u64>,
}

impl Density {
    /// Counts an instant.
    pub fn add(&mut self, at: Timestamp) {
        let number = at.unix() >> self.length;
        *self.counts.entry(number).or_default() += 1;
        while self.reach() > MOST {
            self.coarsen();
        }
    }

    /// Each stretch that any instant falls into, and how many do.
    pub fn stretches(&self) -> impl Iterator<Item = (Span, u64)> {
        let start = |number: i64| Timestamp::from_unix(number.saturating_mul(1 << self.length));
        self.counts.iter().map(move |(number, count)| {
            let span = Span {
                from: start(*number),
                until: start(number + 1),
            };
            (span, *count)
        })
    }

    /// From the first stretch to the last.
    fn reach(&self) -> i64 {
        let first = self.counts.first_key_value().map_or(0, |(first, _)| *first);
        let last = self.counts.last_key_value().map_or(0, |(last, _)| *last);
        last.saturating_sub(first).saturating_add(1)
    }

    /// Joins every two stretches.
    fn coarsen(&mut self) {
        self.length += 1;
        for (number, count) in std::mem::take(&mut self.counts) {
            *self.counts.entry(number >> 1).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(instants: &[i64]) -> Density {
        let mut density = Density::default();
        for at in instants {
            density.add(Timestamp::from_unix(*at));
        }
        density
    }

    #[test]
    fn one_instant_is_one_second() {
        let told: Vec<_> = of(&[5, 5]).stretches().collect();
        let span = Span {
            from: Timestamp::from_unix(5),
            until: Timestamp::from_unix(6),
        };
        assert_eq!(told, [(span, 2)]);
    }

    proptest! {
        #[test]
        fn it_counts_all_stays_small_and_knows_no_order(mut instants in prop::collection::vec(-9_000_000_000_i64..9_000_000_000, 1..200)) {
            let density = of(&instants);
            prop_assert_eq!(density.stretches().map(|(_, count)| count).sum::<u64>(), instants.len() as u64);
            prop_assert!(density.reach() <= MOST);
            for at in &instants {
                let at = Timestamp::from_unix(*at);
                prop_assert!(density.stretches().any(|(span, _)| span.from <= at && at < span.until));
            }
            instants.reverse();
            prop_assert_eq!(&of(&instants), &density);
            instants.sort_unstable();
            prop_assert_eq!(of(&instants), density);
        }
    }
}
