//! In which state is an alarm, given the data points that it fetched?
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>

use crate::vocab::named;

named! {
    /// The states of an alarm.
    State {
        /// Within the threshold.
        Ok = "OK",
        /// Beyond it.
        Alarm = "ALARM",
        /// Just made, or without data.
        InsufficientData = "INSUFFICIENT_DATA",
    }
}

named! {
    /// What a missing data point counts as.
    Missing {
        /// Nothing: without any data the state is INSUFFICIENT_DATA.
        Missing = "missing",
        /// The state stays.
        Ignore = "ignore",
        /// Beyond the threshold.
        Breaching = "breaching",
        /// Within it.
        NotBreaching = "notBreaching",
    }
}

/// One data point of those fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Point {
    /// There is none.
    Missing,
    /// Within the threshold.
    Within,
    /// Beyond it.
    Breaching,
}

/// The state after an evaluation of these points, oldest first: `evaluated` of them count, `to_alarm` must breach.
pub fn decide(
    points: &[Point],
    evaluated: usize,
    to_alarm: usize,
    missing: Missing,
    before: State,
) -> State {
    Fetched::of(points, evaluated).decide(evaluated, to_alarm, missing, before)
}

/// What decides, of all points that were fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fetched {
    /// How many have data.
    pub real: usize,
    /// How many of the newest ones with data breach, of as many as are evaluated.
    pub breaching: usize,
    /// Whether any is within the threshold.
    pub any_within: bool,
    /// How old the oldest one is that breaches: the newest point of all is 1 old.
    pub oldest_breaching: Option<usize>,
}

impl Fetched {
    fn of(points: &[Point], evaluated: usize) -> Self {
        let real = points.iter().filter(|point| **point != Point::Missing);
        // With enough real points the newest of them count, however old; what is missing between them does not matter.
        let newest = real.clone().rev().take(evaluated);
        let oldest = points.iter().position(|point| *point == Point::Breaching);
        Self {
            real: real.count(),
            breaching: newest.filter(|point| **point == Point::Breaching).count(),
            any_within: points.contains(&Point::Within),
            oldest_breaching: oldest.map(|at| points.len() - at),
        }
    }

    /// The state after the evaluation.
    pub fn decide(
        &self,
        evaluated: usize,
        to_alarm: usize,
        missing: Missing,
        before: State,
    ) -> State {
        let filled = evaluated.saturating_sub(self.real);
        let breaching = self.breaching;
        let alarm_if = |alarm| if alarm { State::Alarm } else { State::Ok };
        match missing {
            _ if filled == 0 => alarm_if(breaching >= to_alarm),
            Missing::NotBreaching => alarm_if(breaching >= to_alarm),
            Missing::Breaching => alarm_if(breaching + filled >= to_alarm),
            Missing::Missing if self.real == 0 => State::InsufficientData,
            Missing::Ignore if self.real == 0 => before,
            Missing::Missing | Missing::Ignore if breaching >= to_alarm => State::Alarm,
            Missing::Missing if self.is_premature(to_alarm) => State::Alarm,
            Missing::Ignore if self.is_premature(to_alarm) => before,
            Missing::Missing | Missing::Ignore => State::Ok,
        }
    }

    /// Whether all real points breach, too few of them to alarm, and the oldest is so old that no more will come: then missing
    /// ones do not keep the alarm back. The oldest is looked for in all that was fetched.
    fn is_premature(&self, to_alarm: usize) -> bool {
        !self.any_within && self.oldest_breaching.is_some_and(|age| age >= to_alarm)
    }
}
