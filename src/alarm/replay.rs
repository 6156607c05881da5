//! Through which states does an alarm go, minute by minute, and what becomes of each match?

use super::metric::{Datum, Metric};
use super::settings::AlarmSettings;
use super::state::{Point, State, decide};
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
}

/// What an evaluation looked at: of the periods that it fetched those that decide.
#[derive(Clone, PartialEq, Debug)]
struct Evaluation {
    minute: i64,
    /// When the oldest of them began.
    since: i64,
    /// When those began for which the state is ALARM.
    alarming: Vec<i64>,
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
    let appearances = metric.appearances();
    let (mut state, mut now) = (State::InsufficientData, start);
    let (mut transitions, mut evaluations) = (Vec::new(), Vec::new());
    while now <= end {
        let fetched = Fetched::at(settings, metric, now);
        let next = decide(
            &fetched.points,
            settings.evaluation_periods,
            settings.datapoints_to_alarm,
            settings.missing,
            state,
        );
        let seen = fetched.evaluation(settings, now, next);
        let idle = next == state && seen.is_none();
        evaluations.extend(seen);
        if next != state {
            transitions.push(Transition {
                minute: now,
                from: state,
                to: next,
                periods: fetched.periods,
                points: fetched.points,
            });
            state = next;
        }
        // Without data nothing changes until something appears.
        now = match idle {
            true => next_evaluation(settings, &appearances, start, now),
            false => now.saturating_add(settings.step()),
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
    }
}

/// What an evaluation fetched, oldest first.
struct Fetched {
    periods: Vec<(i64, Option<f64>)>,
    points: Vec<Point>,
}

impl Fetched {
    fn at(settings: &AlarmSettings, metric: &Metric, now: i64) -> Self {
        let periods = fetch(settings, metric, now);
        let point = |(_, value): &(i64, Option<f64>)| point(settings, *value);
        let points = periods.iter().map(point).collect();
        Self { periods, points }
    }

    /// What is looked at of it; `None` where there is no data.
    fn evaluation(
        &self,
        settings: &AlarmSettings,
        minute: i64,
        state: State,
    ) -> Option<Evaluation> {
        let newest = settings.evaluation_periods;
        let (_, since, _) = real(&self.periods, &self.points).take(newest).last()?;
        let alarming = match state {
            State::Alarm => breaching(&self.periods, &self.points, newest),
            State::Ok | State::InsufficientData => Vec::new(),
        };
        Some(Evaluation {
            minute,
            since,
            alarming: alarming.into_iter().map(|(from, _)| from).collect(),
        })
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
    /// The points that breach, of those that were looked at: when each period began, and its value, oldest first. With enough
    /// points with data these are the newest of them, however many were fetched.
    pub fn breaching(&self, settings: &AlarmSettings) -> Vec<(i64, f64)> {
        breaching(&self.periods, &self.points, settings.evaluation_periods)
    }
}

fn fetch(settings: &AlarmSettings, metric: &Metric, now: i64) -> Vec<(i64, Option<f64>)> {
    let range = i64::try_from(settings.range()).unwrap_or(i64::MAX);
    let period = |back: i64| {
        let until = now.saturating_sub(back.saturating_mul(settings.period));
        let from = until.saturating_sub(settings.period);
        (from, metric.over((from, until), now, settings.statistic))
    };
    (0..range).rev().map(period).collect()
}

fn point(settings: &AlarmSettings, value: Option<f64>) -> Point {
    match value {
        None => Point::Missing,
        Some(value) if settings.comparison.breaches(value, settings.threshold) => Point::Breaching,
        Some(_) => Point::Within,
    }
}

/// The first evaluation after `now` that may see something: on the steps counted from the start.
fn next_evaluation(settings: &AlarmSettings, appearances: &[i64], start: i64, now: i64) -> i64 {
    let at = appearances.partition_point(|minute| *minute <= now);
    match appearances.get(at) {
        None => i64::MAX,
        Some(minute) => {
            let steps = (minute - start + settings.step() - 1) / settings.step();
            start.saturating_add(steps.saturating_mul(settings.step()))
        }
    }
}

impl Replay {
    /// What became of a value, and which transition told of it.
    pub fn fate(&self, settings: &AlarmSettings, datum: &Datum) -> (Fate, Option<&Transition>) {
        let first = datum.minute.max(datum.arrives).saturating_add(1);
        let last = self.last_evaluation(settings, datum);
        let holds =
            |from: i64| (from..from.saturating_add(settings.period)).contains(&datum.minute);
        let tells = |change: &&Transition| {
            let mut named = change.breaching(settings).into_iter();
            change.to == State::Alarm && named.any(|(from, _)| holds(from))
        };
        let changes = within(&self.transitions, (first, last), |change| change.minute);
        if let Some(told) = changes.iter().find(tells) {
            return (Fate::Notified, Some(told));
        }
        let seen = within(&self.evaluations, (first, last), |seen| seen.minute);
        let is_looked_at = |seen: &Evaluation| seen.since <= datum.minute;
        let alarms = |seen: &Evaluation| seen.alarming.iter().any(|from| holds(*from));
        let fate = match () {
            () if seen.iter().any(alarms) => Fate::Swallowed,
            () if first <= last && self.until < last => Fate::Undetermined,
            () if !seen.iter().any(is_looked_at) => Fate::Late,
            () => Fate::BelowThreshold,
        };
        (fate, None)
    }

    /// The last evaluation that fetches a value's minute.
    fn last_evaluation(&self, settings: &AlarmSettings, datum: &Datum) -> i64 {
        let range = i64::try_from(settings.range()).unwrap_or(i64::MAX);
        let fetched = range.saturating_mul(settings.period);
        let last = datum.minute.saturating_add(fetched);
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
    use super::*;
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
            missing: super::super::Missing::Breaching,
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
}
