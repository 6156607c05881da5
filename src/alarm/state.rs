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
    let real: Vec<Point> = points
        .iter()
        .copied()
        .filter(|point| *point != Point::Missing)
        .collect();
    let filled = evaluated.saturating_sub(real.len());
    // With enough real points the newest of them count, however old; what is missing between them does not matter.
    let counted = real.len().min(evaluated);
    let newest = real.iter().rev().take(counted);
    let breaching = newest.filter(|point| **point == Point::Breaching).count();
    let alarm_if = |alarm| if alarm { State::Alarm } else { State::Ok };
    match missing {
        _ if filled == 0 => alarm_if(breaching >= to_alarm),
        Missing::NotBreaching => alarm_if(breaching >= to_alarm),
        Missing::Breaching => alarm_if(breaching + filled >= to_alarm),
        Missing::Missing if real.is_empty() => State::InsufficientData,
        Missing::Ignore if real.is_empty() => before,
        Missing::Missing | Missing::Ignore if breaching >= to_alarm => State::Alarm,
        Missing::Missing if is_premature(points, to_alarm) => State::Alarm,
        Missing::Ignore if is_premature(points, to_alarm) => before,
        Missing::Missing | Missing::Ignore => State::Ok,
    }
}

/// Whether all real points breach, too few of them to alarm, and the oldest is so old that no more will come: then missing
/// ones do not keep the alarm back. The oldest is looked for in all that was fetched.
fn is_premature(points: &[Point], to_alarm: usize) -> bool {
    let within = points.contains(&Point::Within);
    let oldest = points.iter().position(|point| *point == Point::Breaching);
    let age = oldest.map(|at| points.len() - at);
    !within && age.is_some_and(|age| age >= to_alarm)
}
