//! Through which states does an alarm go, minute by minute, and what becomes of each match?

use super::metric::{Datum, Metric};
use super::settings::AlarmSettings;
use super::state::{Point, State};
use super::window::Windows;
use crate::vocab::named;

/// An alarm's history.
#[derive(Clone, PartialEq, Debug)]
pub struct Replay {
    /// The changes of state, in order.
    pub transitions: Vec<Transition>,
    /// The first minute that was evaluated.
    pub start: i64,
    /// The last.
    pub until: i64,
    /// Every evaluation that found data, in order.
    evaluations: Vec<Evaluation>,
    /// What was evaluated.
    metric: Metric,
}

/// What an evaluation looked at: of the periods that it fetched those that decide.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Evaluation {
    minute: i64,
    /// When the oldest of them began.
    since: i64,
    /// Whether the state is ALARM, for those of them that breach.
    alarms: bool,
}

/// A change of state.
#[derive(Clone, PartialEq, Debug)]
pub struct Transition {
    /// In which minute, since 1970.
    pub minute: i64,
    /// From which state
    pub from: State,
    /// to which.
    pub to: State,
    /// The periods that were fetched, oldest first: when each began, and its value.
    pub periods: Vec<(i64, Option<f64>)>,
    /// What each of them is.
    pub points: Vec<Point>,
}

named! {
    /// What became of a match.
    Fate {
        /// A change to ALARM told of it: it lies in a datapoint that the reason names.
        Notified = "notified",
        /// It lies in a datapoint that breached while the alarm was in ALARM already: nothing was sent.
        Swallowed = "swallowed",
        /// It arrived when its datapoint was too old for an evaluation to look at.
        Late = "late",
        /// It was not enough to alarm.
        BelowThreshold = "below-threshold",
        /// The evidence ends before the last evaluation that could look at it.
        Undetermined = "undetermined",
        /// CloudTrail does not send so large an event to CloudWatch Logs: no filter saw it.
        TooLarge = "too-large",
        /// The field that is to be published holds no number: nothing was counted.
        NoValue = "no-value",
    }
}

impl Fate {
    /// Whether the filter published something for the match.
    pub fn is_published(self) -> bool {
        !matches!(self, Self::TooLarge | Self::NoValue)
    }
}

/// Evaluates an alarm from minute to minute, both included. It begins in INSUFFICIENT_DATA, as a new alarm does.
pub fn replay(settings: &AlarmSettings, metric: &Metric, start: i64, end: i64) -> Replay {
    let mut windows = Windows::new(settings, metric);
    let (mut state, mut now) = (State::InsufficientData, start);
    let (mut transitions, mut evaluations) = (Vec::new(), Vec::new());
    while now <= end {
        let window = windows.at(now);
        let next = window.fetched(settings, now).decide(
            settings.evaluation_periods,
            settings.datapoints_to_alarm,
            settings.missing,
            state,
        );
        let since = window.since();
        evaluations.extend(since.map(|since| Evaluation {
            minute: now,
            since,
            alarms: next == State::Alarm,
        }));
        let idle = next == state && since.is_none();
        if next != state {
            transitions.push(Transition::at(settings, metric, now, (state, next)));
            state = next;
        }
        // Without data nothing changes until something appears.
        now = match (idle, windows.next_appearance(now)) {
            (false, _) => now.saturating_add(settings.step()),
            (true, Some(minute)) => evaluation_from(settings, start, minute),
            (true, None) => break,
        };
        if now == i64::MAX {
            break;
        }
    }
    Replay {
        transitions,
        start,
        until: end,
        evaluations,
        metric: metric.clone(),
    }
}

/// The points with data, newest first: what each is, when its period began, and its value.
fn real<'p>(
    periods: &'p [(i64, Option<f64>)],
    points: &'p [Point],
) -> impl Iterator<Item = (Point, i64, f64)> + 'p {
    let points = points.iter().zip(periods).rev();
    points.filter_map(|(point, (from, value))| Some((*point, *from, (*value)?)))
}

/// The points that breach, of so many newest ones with data: oldest first.
fn breaching(periods: &[(i64, Option<f64>)], points: &[Point], newest: usize) -> Vec<(i64, f64)> {
    let looked_at = real(periods, points).take(newest);
    let breaching = looked_at.filter(|(point, ..)| *point == Point::Breaching);
    let mut breaching: Vec<_> = breaching.map(|(_, from, value)| (from, value)).collect();
    breaching.reverse();
    breaching
}

impl Transition {
    fn at(
        settings: &AlarmSettings,
        metric: &Metric,
        minute: i64,
        (from, to): (State, State),
    ) -> Self {
        let periods = fetch(settings, metric, minute);
        let points = periods.iter().map(|(_, value)| settings.point(*value));
        Self {
            minute,
            from,
            to,
            points: points.collect(),
            periods,
        }
    }

    /// The points that breach, of those that were looked at: when each period began, and its value, oldest first. With enough
    /// points with data these are the newest of them, however many were fetched.
    pub fn breaching(&self, settings: &AlarmSettings) -> Vec<(i64, f64)> {
        breaching(&self.periods, &self.points, settings.evaluation_periods)
    }

    /// Whether the period that holds a minute is among these.
    fn names(&self, settings: &AlarmSettings, minute: i64) -> bool {
        let holding = settings.period_of(minute, self.minute);
        let at = self.periods.partition_point(|(from, _)| *from < holding);
        let is_there = self
            .periods
            .get(at)
            .is_some_and(|(from, _)| *from == holding);
        let newer = self.points.iter().skip(at + 1);
        let newer = newer.filter(|point| **point != Point::Missing);
        is_there
            && self.points.get(at) == Some(&Point::Breaching)
            && newer.count() < settings.evaluation_periods
    }
}

fn fetch(settings: &AlarmSettings, metric: &Metric, now: i64) -> Vec<(i64, Option<f64>)> {
    let range = i64::try_from(settings.range()).unwrap_or(i64::MAX);
    let period = |back: i64| {
        let from = now.saturating_sub((back + 1).saturating_mul(settings.period));
        (from, metric.in_period(settings, from, now))
    };
    (0..range).rev().map(period).collect()
}

/// The first evaluation that sees what appears in a minute: on the steps counted from the start.
fn evaluation_from(settings: &AlarmSettings, start: i64, minute: i64) -> i64 {
    let steps = (minute - start + settings.step() - 1) / settings.step();
    start.saturating_add(steps.saturating_mul(settings.step()))
}

impl Replay {
    /// What became of a value, and which transition told of it.
    pub fn fate(&self, settings: &AlarmSettings, datum: &Datum) -> (Fate, Option<&Transition>) {
        let first = datum.minute.max(datum.arrives).saturating_add(1);
        let last = self.last_evaluation(settings, datum);
        let tells = |change: &&Transition| {
            change.to == State::Alarm && change.names(settings, datum.minute)
        };
        let changes = within(&self.transitions, (first, last), |change| change.minute);
        if let Some(told) = changes.iter().find(tells) {
            return (Fate::Notified, Some(told));
        }
        let seen = within(&self.evaluations, (first, last), |seen| seen.minute);
        let is_looked_at = |seen: &Evaluation| seen.since <= datum.minute;
        let alarms = |seen: &Evaluation| seen.alarms && self.is_breaching(settings, datum, seen);
        let fate = match () {
            () if seen.iter().any(alarms) => Fate::Swallowed,
            () if first <= last && self.until < last => Fate::Undetermined,
            () if !seen.iter().any(is_looked_at) => Fate::Late,
            () => Fate::BelowThreshold,
        };
        (fate, None)
    }

    /// Whether the period that holds a value is one of those that an evaluation looked at, and breached then.
    fn is_breaching(&self, settings: &AlarmSettings, datum: &Datum, seen: &Evaluation) -> bool {
        let from = settings.period_of(datum.minute, seen.minute);
        let value = || self.metric.in_period(settings, from, seen.minute);
        from >= seen.since && settings.point(value()) == Point::Breaching
    }

    /// The last evaluation that fetches a value's minute.
    fn last_evaluation(&self, settings: &AlarmSettings, datum: &Datum) -> i64 {
        let last = datum.minute.saturating_add(settings.fetched());
        last.saturating_sub(last.saturating_sub(self.start).rem_euclid(settings.step()))
    }
}

/// What happened from the one minute to the other, both included, of what is in order.
fn within<T>(all: &[T], (first, last): (i64, i64), minute: impl Fn(&T) -> i64) -> &[T] {
    let from = all.partition_point(|it| minute(it) < first);
    let until = all.partition_point(|it| minute(it) <= last);
    all.get(from..until).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, Missing, Statistic, decide};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Values of 1, by the minutes in which they count and arrive.
    fn fates(
        settings: &AlarmSettings,
        data: &[(i64, i64)],
        quiet: &[i64],
        end: i64,
    ) -> Vec<String> {
        let datum = |(minute, arrives): &(i64, i64)| Datum {
            minute: *minute,
            arrives: *arrives,
            value: 1.0,
        };
        let data: Vec<Datum> = data.iter().map(datum).collect();
        let active: BTreeMap<i64, i64> = quiet.iter().map(|minute| (*minute, *minute)).collect();
        let replayed = replay(settings, &Metric::new(&data, Some(0.0), &active), 0, end);
        let word = |datum: &Datum| match replayed.fate(settings, datum) {
            (fate, Some(told)) => format!("{} {}", fate.name(), told.minute),
            (fate, None) => fate.name().to_owned(),
        };
        data.iter().map(word).collect()
    }

    fn usual() -> AlarmSettings {
        AlarmSettings::default()
    }

    fn two() -> AlarmSettings {
        AlarmSettings {
            threshold: 2.0,
            ..usual()
        }
    }

    fn two_of_three() -> AlarmSettings {
        AlarmSettings {
            evaluation_periods: 3,
            datapoints_to_alarm: 2,
            evaluation_range: Some(5),
            ..usual()
        }
    }

    #[test]
    fn a_value_that_was_fetched_and_not_looked_at_is_not_told_of() {
        let told = fates(&two(), &[(10, 10), (20, 20), (20, 20)], &[], 60);
        assert_eq!(told, ["below-threshold", "notified 21", "notified 21"]);
    }

    #[test]
    fn a_value_beside_those_that_breach_is_not_told_of() {
        let settings = AlarmSettings {
            threshold: 2.0,
            ..two_of_three()
        };
        let data = [(10, 10), (10, 10), (15, 15), (20, 20), (20, 20)];
        let told = fates(&settings, &data, &[], 90);
        assert_eq!(told[2], "below-threshold");
        assert_eq!((&*told[0], &*told[4]), ("notified 21", "notified 21"));
    }

    #[test]
    fn missing_values_that_alarm_tell_of_none_that_does_not_breach() {
        let settings = AlarmSettings {
            missing: Missing::Breaching,
            ..AlarmSettings {
                threshold: 2.0,
                ..two_of_three()
            }
        };
        let told = fates(&settings, &[(30, 30)], &[], 90);
        assert_eq!(told, ["below-threshold"]);
    }

    #[test]
    fn only_what_would_have_alarmed_is_swallowed() {
        let told = fates(&usual(), &[(10, 10), (12, 12)], &[], 60);
        assert_eq!(told, ["notified 11", "swallowed"]);
        let told = fates(&two(), &[(10, 10), (10, 10), (18, 18)], &[], 60);
        assert_eq!(told[2], "below-threshold");
    }

    #[test]
    fn a_value_is_late_where_newer_ones_stand_before_it() {
        let late = [(10, 18)];
        assert_eq!(fates(&usual(), &late, &[], 60), ["notified 19"]);
        let quiet: Vec<i64> = (0..60).filter(|minute| *minute != 10).collect();
        assert_eq!(fates(&usual(), &late, &quiet, 60), ["late"]);
        assert_eq!(fates(&usual(), &[(10, 26)], &[], 60), ["late"]);
    }

    #[test]
    fn where_the_evidence_ends_before_the_last_look_nothing_is_decided() {
        let one = [(10, 10)];
        assert_eq!(fates(&two_of_three(), &one, &[], 11), ["undetermined"]);
        assert_eq!(fates(&two_of_three(), &one, &[], 60), ["notified 16"]);
        assert_eq!(fates(&two(), &one, &[], 24), ["undetermined"]);
        assert_eq!(fates(&two(), &one, &[], 25), ["below-threshold"]);
    }

    #[test]
    fn where_evaluations_are_hours_apart_the_last_of_them_decides() {
        let daily = AlarmSettings {
            period: 1_440,
            evaluation_periods: 2,
            datapoints_to_alarm: 2,
            evaluation_range: Some(2),
            ..usual()
        };
        // Fetched until minute 2,890, looked at for the last time at 2,880.
        assert_eq!(
            fates(&daily, &[(10, 10)], &[1_450], 2_879),
            ["undetermined"]
        );
        assert_eq!(
            fates(&daily, &[(10, 10)], &[1_450], 2_880),
            ["below-threshold"]
        );
        assert_eq!(fates(&daily, &[(10, 2_885)], &[], 9_000), ["late"]);
    }

    /// Every evaluation fetches all its periods anew: minute, state, and the periods that are looked at and breach.
    fn slowly(
        settings: &AlarmSettings,
        metric: &Metric,
        end: i64,
    ) -> Vec<(i64, State, i64, Vec<i64>)> {
        let (mut state, mut all) = (State::InsufficientData, Vec::new());
        let step = usize::try_from(settings.step()).unwrap();
        for now in (0..=end).step_by(step) {
            let periods = fetch(settings, metric, now);
            let points: Vec<Point> = periods.iter().map(|(_, it)| settings.point(*it)).collect();
            let (n, m) = (settings.evaluation_periods, settings.datapoints_to_alarm);
            state = decide(&points, n, m, settings.missing, state);
            let since = real(&periods, &points).take(n).last();
            let named = breaching(&periods, &points, n).into_iter();
            let since = since.map_or(i64::MIN, |(_, from, _)| from);
            all.push((now, state, since, named.map(|(from, _)| from).collect()));
        }
        all
    }

    fn slow_fate(
        settings: &AlarmSettings,
        all: &[(i64, State, i64, Vec<i64>)],
        datum: &Datum,
        end: i64,
    ) -> (Fate, Option<i64>) {
        let range = i64::try_from(settings.range()).unwrap() * settings.period;
        let (first, last) = (datum.minute.max(datum.arrives) + 1, datum.minute + range);
        let last = last - last.rem_euclid(settings.step());
        let sees = |(now, _, since, _): &&(i64, State, i64, Vec<i64>)| {
            (first..=last).contains(now) && *since != i64::MIN
        };
        let seen: Vec<_> = all.iter().filter(sees).collect();
        let holds = |from: &i64| (*from..*from + settings.period).contains(&datum.minute);
        let alarms =
            |one: &(i64, State, i64, Vec<i64>)| one.1 == State::Alarm && one.3.iter().any(holds);
        let changed = |now: i64| {
            let before = all.iter().rev().find(|one| one.0 < now);
            before.is_none_or(|before| before.1 != State::Alarm)
        };
        if let Some(told) = seen.iter().find(|one| alarms(one) && changed(one.0)) {
            return (Fate::Notified, Some(told.0));
        }
        let fate = match () {
            () if seen.iter().any(|one| alarms(one)) => Fate::Swallowed,
            () if first <= last && end < last => Fate::Undetermined,
            () if !seen.iter().any(|one| one.2 <= datum.minute) => Fate::Late,
            () => Fate::BelowThreshold,
        };
        (fate, None)
    }

    fn settings() -> impl Strategy<Value = AlarmSettings> {
        let periods = (1..7_i64, 1..6_usize, 1..6_usize, 0..5_usize);
        let statistic = prop::sample::select(vec![
            Statistic::SampleCount,
            Statistic::Average,
            Statistic::Sum,
            Statistic::Minimum,
            Statistic::Maximum,
        ]);
        let missing = prop::sample::select(vec![
            Missing::Missing,
            Missing::Ignore,
            Missing::Breaching,
            Missing::NotBreaching,
        ]);
        let comparison = prop::sample::select(vec![
            Comparison::AtLeast,
            Comparison::Above,
            Comparison::Below,
            Comparison::AtMost,
        ]);
        (periods, statistic, missing, comparison).prop_map(
            |(periods, statistic, missing, comparison)| {
                let (period, evaluation_periods, to_alarm, more) = periods;
                AlarmSettings {
                    period,
                    evaluation_periods,
                    datapoints_to_alarm: to_alarm.min(evaluation_periods),
                    evaluation_range: Some(evaluation_periods + more),
                    statistic,
                    missing,
                    comparison,
                    threshold: 2.0,
                    ..usual()
                }
            },
        )
    }

    proptest! {
        #[test]
        fn a_window_that_slides_sees_what_one_that_is_fetched_anew_does(
            settings in settings(),
            values in prop::collection::vec((0..70_i64, 0..40_i64, 0..4_u8), 0..30),
            quiet in prop::collection::btree_map(0..90_i64, 0..90_i64, 0..40),
            default in prop::option::of(0..3_u8),
        ) {
            let datum = |(minute, late, value): &(i64, i64, u8)| Datum {
                minute: *minute,
                arrives: minute + late,
                value: f64::from(*value),
            };
            let data: Vec<Datum> = values.iter().map(datum).collect();
            let metric = Metric::new(&data, default.map(f64::from), &quiet);
            let slow = slowly(&settings, &metric, 120);
            let told = replay(&settings, &metric, 0, 120);
            let mut state = State::InsufficientData;
            let mut changes = Vec::new();
            for (now, next, ..) in &slow {
                if *next != state {
                    changes.push(Transition::at(&settings, &metric, *now, (state, *next)));
                    state = *next;
                }
            }
            prop_assert_eq!(&told.transitions, &changes);
            for datum in &data {
                let (fate, change) = told.fate(&settings, datum);
                let expected = slow_fate(&settings, &slow, datum, 120);
                prop_assert_eq!((fate, change.map(|change| change.minute)), expected);
            }
        }
    }

    #[test]
    fn a_day_of_periods_over_a_month_of_minutes_is_replayed_at_once() {
        let settings = AlarmSettings {
            period: 1,
            evaluation_periods: 1_440,
            datapoints_to_alarm: 1_440,
            ..usual()
        };
        let month = 30 * 1_440;
        let quiet: Vec<i64> = (0..month).collect();
        let data: Vec<(i64, i64)> = (0..month).step_by(7).map(|at| (at, at + 5)).collect();
        let told = fates(&settings, &data, &quiet, month);
        assert!(
            told.iter()
                .take(1_000)
                .all(|fate| fate == "below-threshold")
        );
    }
}
