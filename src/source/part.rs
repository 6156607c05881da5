//! Which part of a source was taken in, by several runs and on several machines, and do the parts make it whole?
//!
//! Parts join in any order and any grouping to the same: what is told of them must not rest on how stores were joined.

use super::choice::FileChoice;
use crate::vocab::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What one run takes of a source; nothing that is set is all of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Part {
    names: Names,
    days: Days,
    /// The i-th of n shards, counted from 0.
    shard: Option<Shard>,
}

/// The i-th of n, counted from 0.
type Shard = (u64, u64);

/// By which patterns files are chosen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
struct Names {
    include: BTreeSet<String>,
    exclude: BTreeSet<String>,
}

/// From which day to which one files were delivered, both counted from 1970; open where there is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
struct Days {
    from: Option<i64>,
    to: Option<i64>,
}

impl Days {
    fn first(self) -> i64 {
        self.from.unwrap_or(i64::MIN)
    }

    fn last(self) -> i64 {
        self.to.unwrap_or(i64::MAX)
    }

    fn contains(self, other: Self) -> bool {
        self.first() <= other.first() && other.last() <= self.last()
    }

    fn are_none(self) -> bool {
        self.first() > self.last()
    }

    /// Both as one, where no day lies between them, and neither is empty.
    fn joined(self, other: Self) -> Option<Self> {
        let touch = |one: Self, other: Self| other.first() <= one.last().saturating_add(1);
        (touch(self, other) && touch(other, self)).then(|| Self {
            from: self.from.zip(other.from).map(|(one, other)| one.min(other)),
            to: self.to.zip(other.to).map(|(one, other)| one.max(other)),
        })
    }
}

const DAY: i64 = 86_400;

impl Part {
    /// What is taken with that choice of files, and of these the i-th of n shards.
    pub fn of(choice: &FileChoice, shard: Option<(u64, u64)>) -> Self {
        let day = |time: Timestamp| time.unix().div_euclid(DAY);
        Self {
            names: Names {
                include: choice.include.iter().cloned().collect(),
                exclude: choice.exclude.iter().cloned().collect(),
            },
            days: Days {
                from: choice.read_from.map(day),
                to: choice
                    .read_to
                    .map(|to| day(to).saturating_add(choice.slack.days())),
            },
            shard: shard.filter(|(_, of)| *of > 1),
        }
    }

    /// The patterns of which files' names match one; none for all files.
    pub fn include(&self) -> impl Iterator<Item = &str> {
        self.names.include.iter().map(String::as_str)
    }

    /// The patterns of which files' names match none.
    pub fn exclude(&self) -> impl Iterator<Item = &str> {
        self.names.exclude.iter().map(String::as_str)
    }

    /// The first day of delivery, where there is one.
    pub fn from(&self) -> Option<Timestamp> {
        self.days.from.map(begin_of)
    }

    /// The last day of delivery, where there is one.
    pub fn to(&self) -> Option<Timestamp> {
        self.days.to.map(begin_of)
    }

    /// The i-th of n shards, counted from 0.
    pub fn shard(&self) -> Option<(u64, u64)> {
        self.shard
    }
}

fn begin_of(day: i64) -> Timestamp {
    Timestamp::from_unix(day.saturating_mul(DAY))
}

/// What several runs took of a source.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Parts(BTreeSet<Part>);

impl Parts {
    /// Adds what another run took.
    pub fn add(&mut self, part: Part) {
        self.0.insert(part);
        self.settle();
    }

    /// Adds what others took.
    pub fn join(&mut self, others: &Self) {
        self.0.extend(others.0.iter().cloned());
        self.settle();
    }

    /// Whether they are all of it.
    pub fn are_whole(&self) -> bool {
        self.0.contains(&Part::default())
    }

    /// Each of them, if they are not all of it.
    pub fn iter(&self) -> impl Iterator<Item = &Part> {
        self.0.iter().filter(|_| !self.are_whole())
    }

    /// Makes of parts that complete each other one.
    fn settle(&mut self) {
        let mut named: BTreeMap<Names, Vec<(Days, Option<Shard>)>> = BTreeMap::new();
        for part in std::mem::take(&mut self.0) {
            let alike = named.entry(part.names).or_default();
            alike.push((part.days, part.shard));
        }
        for (names, parts) in named {
            self.0.extend(settled(parts).map(|(days, shard)| Part {
                names: names.clone(),
                days,
                shard,
            }));
        }
        if self.are_whole() {
            self.0 = BTreeSet::from([Part::default()]);
        }
    }
}

/// Parts of the same names: all shards of the same days are these days; days that touch are one span; what lies in a span goes.
/// A part that ends before it begins has no day, so it touches nothing and nothing lies in it.
fn settled(parts: Vec<(Days, Option<Shard>)>) -> impl Iterator<Item = (Days, Option<Shard>)> {
    let mut spans: Vec<Days> = Vec::new();
    let mut shards: BTreeMap<(Days, u64), BTreeSet<u64>> = BTreeMap::new();
    for (days, shard) in parts {
        match shard {
            None => spans.push(days),
            Some((index, of)) => _ = shards.entry((days, of)).or_default().insert(index),
        }
    }
    let complete = shards
        .iter()
        .filter(|((_, of), known)| known.len() as u64 == *of);
    spans.extend(complete.map(|((days, _), _)| *days));
    let empty: BTreeSet<Days> = spans.extract_if(.., |days| days.are_none()).collect();
    spans.sort_by_key(|days| (days.first(), days.last()));
    let mut joined: Vec<Days> = Vec::new();
    for days in spans {
        match joined
            .last_mut()
            .and_then(|last| Some((last.joined(days)?, last)))
        {
            Some((both, last)) => *last = both,
            None => joined.push(days),
        }
    }
    let lies_in_one = |days: &Days| joined.iter().any(|span| span.contains(*days));
    let empty: BTreeSet<Days> = empty
        .into_iter()
        .filter(|days| !lies_in_one(days))
        .collect();
    shards.retain(|(days, _), _| !lies_in_one(days) && !empty.contains(days));
    let left = shards.into_iter();
    let left = left.flat_map(|((days, of), known)| {
        known
            .into_iter()
            .map(move |index| (days, Some((index, of))))
    });
    let spans = joined.into_iter().chain(empty);
    spans.map(|days| (days, None)).chain(left)
}

#[cfg(test)]
mod tests {
    use super::super::Slack;
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn part(days: (Option<i64>, Option<i64>), shard: Option<(u64, u64)>) -> Part {
        let (from, to) = days;
        Part {
            days: Days { from, to },
            shard,
            ..Part::default()
        }
    }

    fn parts(all: &[Part]) -> Parts {
        let mut parts = Parts::default();
        all.iter().cloned().for_each(|part| parts.add(part));
        parts
    }

    const ALL: (Option<i64>, Option<i64>) = (None, None);

    #[test]
    fn a_run_without_choice_takes_all_of_it() {
        assert_eq!(Part::of(&FileChoice::default(), None), Part::default());
        assert_eq!(
            Part::of(&FileChoice::default(), Some((0, 1))),
            Part::default()
        );
        let choice = FileChoice {
            read_to: Timestamp::parse("1970-01-03T05:00:00Z"),
            slack: Slack::Complete,
            ..FileChoice::default()
        };
        assert_eq!(Part::of(&choice, None).days.to, Some(32));
    }

    #[test]
    fn what_completes_each_other_is_one() {
        let shard = |index, of| part(ALL, Some((index, of)));
        let of = |from, to| part((from, to), None);
        for (all, is_whole, left) in [
            (vec![], false, 0),
            (vec![shard(0, 2)], false, 1),
            (vec![shard(0, 2), shard(1, 2)], true, 0),
            (vec![shard(0, 2), shard(1, 3), shard(2, 3)], false, 3),
            (vec![shard(0, 2), Part::default()], true, 0),
            (vec![of(Some(3), Some(5)), of(Some(6), Some(9))], false, 1),
            (vec![of(Some(3), Some(5)), of(Some(7), Some(9))], false, 2),
            (vec![of(None, Some(5)), of(Some(2), None)], true, 0),
            (
                vec![
                    part((Some(1), Some(2)), Some((0, 2))),
                    of(Some(3), Some(4)),
                    part((Some(1), Some(2)), Some((1, 2))),
                ],
                false,
                1,
            ),
            (
                vec![of(Some(1), Some(9)), part((Some(2), Some(3)), Some((0, 2)))],
                false,
                1,
            ),
        ] {
            let joined = parts(&all);
            assert_eq!(
                (joined.are_whole(), joined.iter().count()),
                (is_whole, left),
                "{all:?}"
            );
        }
    }

    #[test]
    fn parts_of_other_names_do_not_complete_each_other() {
        let named = |include: &[&str]| {
            let include = include.iter().map(|glob| (*glob).to_owned()).collect();
            let choice = FileChoice {
                include,
                ..FileChoice::default()
            };
            Part::of(&choice, None)
        };
        let joined = parts(&[named(&["a*"]), named(&["b*"])]);
        assert_eq!((joined.are_whole(), joined.iter().count()), (false, 2));
        assert_eq!(named(&["a", "b"]), named(&["b", "a"]));
    }

    fn any_part() -> impl Strategy<Value = Part> {
        let day = || prop_oneof![1 => Just(None), 3 => (0_i64..6).prop_map(Some)];
        let shards = [
            None,
            None,
            Some((0, 2)),
            Some((1, 2)),
            Some((0, 3)),
            Some((1, 3)),
            Some((2, 3)),
        ];
        let names = select(vec![vec![], vec!["a*".to_owned()]]);
        (day(), day(), select(shards.to_vec()), names).prop_map(|(from, to, shard, include)| {
            let names = Names {
                include: include.into_iter().collect(),
                exclude: BTreeSet::new(),
            };
            Part {
                names,
                ..part((from, to), shard)
            }
        })
    }

    proptest! {
        #[test]
        fn any_order_and_grouping_gives_the_same(
            all in prop::collection::vec(any_part(), 0..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let straight = parts(&all);
            let reversed: Vec<Part> = all.iter().rev().cloned().collect();
            prop_assert_eq!(&straight, &parts(&reversed));
            let (one, other) = all.split_at(cut.index(all.len() + 1));
            let mut joined = parts(other);
            joined.join(&parts(one));
            joined.join(&parts(one));
            prop_assert_eq!(&straight, &joined);
        }
    }
}
