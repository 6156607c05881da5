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
    /// The last minute that was evaluated.
    pub until: i64,
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
        /// A change to ALARM told of it.
        Notified = "notified",
        /// The alarm was in ALARM already: nothing was sent.
        Swallowed = "swallowed",
        /// It arrived after the periods that an evaluation fetches.
        Late = "late",
        /// It was not enough to alarm.
        BelowThreshold = "below-threshold",
        /// The evidence ends before it was evaluated.
        Undetermined = "undetermined",
    }
}

/// Evaluates an alarm from minute to minute, both included. It begins in INSUFFICIENT_DATA, as a new alarm does.
pub fn replay(settings: &AlarmSettings, metric: &Metric, start: i64, end: i64) -> Replay {
    let appearances = metric.appearances();
    let (mut state, mut now) = (State::InsufficientData, start);
    let mut transitions = Vec::new();
    while now <= end {
        let periods = fetch(settings, metric, now);
        let points: Vec<Point> = periods
            .iter()
            .map(|(_, value)| point(settings, *value))
            .collect();
        let next = decide(
            &points,
            settings.evaluation_periods,
            settings.datapoints_to_alarm,
            settings.missing,
            state,
        );
        let idle = next == state && points.iter().all(|point| *point == Point::Missing);
        if next != state {
            transitions.push(Transition {
                minute: now,
                from: state,
                to: next,
                periods,
                points,
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
        until: end,
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
    /// The state just before a minute.
    pub fn state_before(&self, minute: i64) -> State {
        let after = self
            .transitions
            .partition_point(|transition| transition.minute < minute);
        after
            .checked_sub(1)
            .and_then(|last| self.transitions.get(last))
            .map_or(State::InsufficientData, |transition| transition.to)
    }

    /// What became of a value, and which transition told of it.
    pub fn fate(&self, settings: &AlarmSettings, datum: &Datum) -> (Fate, Option<&Transition>) {
        let first = datum.minute.max(datum.arrives).saturating_add(1);
        let range = i64::try_from(settings.range()).unwrap_or(i64::MAX);
        let last = datum
            .minute
            .saturating_add(range.saturating_mul(settings.period));
        if first > last {
            return (Fate::Late, None);
        }
        let from = self
            .transitions
            .partition_point(|transition| transition.minute < first);
        let told = self
            .transitions
            .iter()
            .skip(from)
            .take_while(|transition| transition.minute <= last)
            .find(|transition| transition.to == State::Alarm);
        match told {
            Some(transition) => (Fate::Notified, Some(transition)),
            None if self.state_before(first) == State::Alarm => (Fate::Swallowed, None),
            None if self.until < first => (Fate::Undetermined, None),
            None => (Fate::BelowThreshold, None),
        }
    }
}
