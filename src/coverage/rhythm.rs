//! Which silent hours are out of a stream's own rhythm?
//!
//! How often a stream has records in an hour of the day, on working days and at weekends, is what it usually does. A
//! silence is told where by that measure fewer than one as long would be expected in all its time: an hour for a Region
//! that never rests, a working day for an office, nothing for one that is used now and then. The silence itself is left
//! out of the measure.

use crate::evidence::Coverage;
use crate::vocab::{Span, Timestamp};
use std::collections::BTreeMap;

/// The hours in which a stream has records, and the first and last of these.
#[derive(Clone, Debug, Default)]
pub(super) struct Hours(BTreeMap<i64, Coverage>);

/// A stream with fewer active hours has no rhythm.
const LEAST_ACTIVE: usize = 12;
/// Hours so far apart are no rhythm but a wrong clock: five years.
const MOST_APART: i64 = 24 * 366 * 5;
/// A stream that is known for less than a week may just have ended.
const LEAST_FOR_END: i64 = 24 * 7;
/// How many hours the average of all slots counts for in each.
const POOLED: f64 = 2.0;
/// Hours of the day, on working days and at weekends.
const SLOTS: usize = 48;

impl Hours {
    /// Notes records of an hour.
    pub fn add(&mut self, hour: i64, coverage: Coverage) {
        self.0
            .entry(hour)
            .and_modify(|known| *known = known.merge(coverage))
            .or_insert(coverage);
    }

    /// Notes the records of other hours too.
    pub fn join(&mut self, other: &Self) {
        other
            .0
            .iter()
            .for_each(|(hour, coverage)| self.add(*hour, *coverage));
    }

    /// The first and the last instant.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.0.values().next()?.first;
        Some((first, self.0.values().next_back()?.last))
    }

    /// Whether there is a record in that time.
    pub fn any_in(&self, span: Span) -> bool {
        let hours = span.from.unix().div_euclid(3600)..=span.until.unix().div_euclid(3600);
        let mut here = self.0.range(hours).map(|(_, coverage)| coverage);
        here.any(|it| it.first < span.until && it.last >= span.from)
    }

    /// Whether there are records all through that time: never more than an hour without one.
    pub fn fill(&self, span: Span) -> bool {
        let hours = span.from.unix().div_euclid(3600)..=span.until.unix().div_euclid(3600);
        let here = self.0.range(hours).map(|(_, coverage)| coverage);
        let here = here.filter(|it| it.first < span.until && it.last >= span.from);
        let (mut reached, mut any) = (span.from, false);
        for coverage in here {
            if coverage.first > reached.plus(3600) {
                return false;
            }
            (reached, any) = (coverage.last, true);
        }
        any && span.until <= reached.plus(3600)
    }

    /// Until when a silence is nothing unusual: from then on it needs a cause, which must have come before.
    pub fn usual_until(&self, silence: Span) -> Timestamp {
        let (hour, end) = (
            silence.from.unix().div_euclid(3600),
            silence.until.unix().div_euclid(3600),
        );
        let segments = self.segments();
        let longest = segments.iter().max_by_key(|segment| segment.len());
        let rhythm = longest.and_then(|hours| Rhythm::of(hours));
        let least = silence.from.plus(2 * 3600);
        let rhythm = rhythm.filter(|_| end.saturating_sub(hour) <= MOST_APART);
        let broken = rhythm.and_then(|rhythm| rhythm.broken_at(hour + 1, end));
        let broken =
            broken.map(|hour| Timestamp::from_unix(hour.saturating_add(1).saturating_mul(3600)));
        broken.map_or(least, |broken| broken.max(least))
    }

    /// The silences that are out of rhythm, in order. The evidence of the account goes on until `end`.
    pub fn silent(&self, end: Option<Timestamp>) -> Vec<Span> {
        let segments = self.segments();
        let longest = segments.iter().max_by_key(|segment| segment.len());
        let rhythm = longest.and_then(|hours| Rhythm::of(hours));
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        let mut silent: Vec<Span> = pairs
            .filter(|((hour, _), (next, _))| **next - **hour > 1)
            .filter(|((hour, _), (next, _))| match &rhythm {
                _ if **next - **hour > MOST_APART => true,
                Some(rhythm) => rhythm.breaks(**hour + 1, **next),
                None => false,
            })
            .map(|((_, before), (_, after))| Span {
                from: before.last,
                until: after.first,
            })
            .collect();
        silent.extend(self.silent_end(end, rhythm.as_ref()));
        silent
    }

    /// The silence after the last record, while the account's evidence goes on.
    fn silent_end(&self, end: Option<Timestamp>, rhythm: Option<&Rhythm>) -> Option<Span> {
        let (end, rhythm) = end.zip(rhythm)?;
        let (hour, last) = self.0.iter().next_back()?;
        let until = end.unix().div_euclid(3600);
        let counts = rhythm.total >= LEAST_FOR_END && (2..MOST_APART).contains(&(until - hour));
        (counts && rhythm.breaks(hour + 1, until)).then_some(Span {
            from: last.last,
            until: end,
        })
    }

    /// The active hours, cut where they are years apart.
    fn segments(&self) -> Vec<Vec<i64>> {
        let mut segments: Vec<Vec<i64>> = Vec::new();
        for hour in self.0.keys() {
            match segments.last_mut() {
                Some(segment) if segment.last().is_some_and(|last| hour - last <= MOST_APART) => {
                    segment.push(*hour);
                }
                _ => segments.push(vec![*hour]),
            }
        }
        segments
    }
}

/// What a stream usually does.
struct Rhythm {
    /// How many hours there were of each slot, and in how many of them was something.
    slots: [(f64, f64); SLOTS],
    /// How many hours from the first to the last.
    total: i64,
    active: f64,
}

impl Rhythm {
    fn of(hours: &[i64]) -> Option<Self> {
        let (first, last) = (*hours.first()?, *hours.last()?);
        if hours.len() < LEAST_ACTIVE {
            return None;
        }
        let mut slots = [(0.0, 0.0); SLOTS];
        for hour in first..=last {
            if let Some((all, _)) = slots.get_mut(slot(hour)) {
                *all += 1.0;
            }
        }
        for hour in hours {
            if let Some((_, active)) = slots.get_mut(slot(*hour)) {
                *active += 1.0;
            }
        }
        Some(Self {
            slots,
            total: last - first + 1,
            active: hours.len() as f64,
        })
    }

    /// Whether a silence from one hour to another, which is not part of it, is out of rhythm.
    fn breaks(&self, from: i64, until: i64) -> bool {
        self.broken_at(from, until).is_some()
    }

    /// The hour of such a silence by which it is out of rhythm.
    fn broken_at(&self, from: i64, until: i64) -> Option<i64> {
        let mut left_out = [0.0; SLOTS];
        for hour in from..until {
            if let Some(count) = left_out.get_mut(slot(hour)) {
                *count += 1.0;
            }
        }
        let others = (self.total as f64 - (until - from) as f64).max(self.active);
        let pooled = (self.active + 0.5) / (others + 1.0);
        let rare = 1.0 / self.total as f64;
        let mut likely = 1.0;
        for hour in from..until {
            let at = slot(hour);
            let (all, active) = self.slots.get(at).copied().unwrap_or_default();
            let all = (all - left_out.get(at).copied().unwrap_or_default()).max(active);
            likely *= 1.0 - (active + POOLED * pooled) / (all + POOLED);
            if likely < rare {
                return Some(hour);
            }
        }
        None
    }
}

/// Which slot an hour is: 1970-01-01 was a Thursday.
fn slot(hour: i64) -> usize {
    let weekday = (hour.div_euclid(24) + 3).rem_euclid(7);
    let weekend = if weekday >= 5 { 24 } else { 0 };
    usize::try_from(hour.rem_euclid(24) + weekend).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 2024-01-01T00:00:00Z.
    const MONDAY: i64 = 1_704_067_200 / 3600;

    fn stream(hours: impl Iterator<Item = i64>) -> Hours {
        let mut stream = Hours::default();
        for hour in hours {
            stream.add(
                MONDAY + hour,
                Coverage {
                    first: Timestamp::from_unix((MONDAY + hour) * 3600 + 60),
                    last: Timestamp::from_unix((MONDAY + hour) * 3600 + 3500),
                },
            );
        }
        stream
    }

    fn silences(stream: &Hours, end: i64) -> Vec<(i64, i64)> {
        let end = Timestamp::from_unix((MONDAY + end) * 3600);
        let hour = |time: Timestamp| time.unix().div_euclid(3600) - MONDAY;
        let silent = stream.silent(Some(end));
        silent
            .iter()
            .map(|span| (hour(span.from), hour(span.until)))
            .collect()
    }

    #[test]
    fn one_hour_is_told_of_a_region_that_never_rests() {
        let month = || 0..24 * 30;
        assert_eq!(silences(&stream(month()), 24 * 30), []);
        let holed = stream(month().filter(|hour| *hour != 400));
        assert_eq!(silences(&holed, 24 * 30), [(399, 401)]);
    }

    fn office(hour: i64) -> bool {
        (8..18).contains(&(hour % 24)) && hour / 24 % 7 < 5
    }

    #[test]
    fn nights_and_weekends_are_an_offices_rhythm_and_a_missing_day_is_not() {
        let quarter = || (0..24 * 91).filter(|hour| office(*hour));
        assert_eq!(silences(&stream(quarter()), 24 * 90), []);
        let wednesday = 24 * 44;
        let holed = stream(quarter().filter(|hour| hour / 24 != 44));
        assert_eq!(silences(&holed, 24 * 90), [(wednesday - 7, wednesday + 32)]);
    }

    #[test]
    fn what_is_used_now_and_then_has_no_gaps() {
        let bursts = (0..26).map(|week| week * 24 * 7 + week * week % 97);
        assert_eq!(silences(&stream(bursts), 24 * 7 * 26), []);
        assert_eq!(silences(&stream(0..11), 24 * 365), []);
    }

    #[test]
    fn an_end_before_the_accounts_is_told() {
        let busy = stream(0..24 * 14);
        assert_eq!(silences(&busy, 24 * 20), [(24 * 14 - 1, 24 * 20)]);
        assert_eq!(silences(&stream(0..24 * 3), 24 * 20), []);
    }

    #[test]
    fn a_wrong_clock_costs_no_time() {
        let hours = (0..200).chain([10_000_000, i64::MAX / 7200 - MONDAY]);
        let silent = silences(&stream(hours), 200);
        assert_eq!(silent.first(), Some(&(199, 10_000_000)));
        assert_eq!(silent.len(), 2);
    }
}
