//! How is the alarm set up? As `aws cloudwatch put-metric-alarm` takes it.

use super::state::{Missing, Point};
use crate::vocab::named;

named! {
    /// What is made of a period's values.
    Statistic {
        /// How many values.
        SampleCount = "SampleCount",
        /// Their mean.
        Average = "Average",
        /// Their sum.
        Sum = "Sum",
        /// The least.
        Minimum = "Minimum",
        /// The greatest.
        Maximum = "Maximum",
    }
}

named! {
    /// How a period's value is compared with the threshold.
    Comparison {
        /// ≥
        AtLeast = "GreaterThanOrEqualToThreshold",
        /// >
        Above = "GreaterThanThreshold",
        /// <
        Below = "LessThanThreshold",
        /// ≤
        AtMost = "LessThanOrEqualToThreshold",
    }
}

named! {
    /// In which minute a match is counted.
    MetricTime {
        /// When its log file was delivered.
        Delivery = "delivery",
        /// When the event happened; it is seen when its log file was delivered.
        Event = "event",
    }
}

impl Comparison {
    /// Whether a value is on the wrong side of the threshold.
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::AtLeast => value >= threshold,
            Self::Above => value > threshold,
            Self::Below => value < threshold,
            Self::AtMost => value <= threshold,
        }
    }
}

/// An alarm on a metric filter's metric. The default is the usual one: Sum ≥ 1 in 5 minutes, missing data is missing.
#[derive(Clone, PartialEq, Debug)]
pub struct AlarmSettings {
    /// The period, in minutes.
    pub period: i64,
    /// N: how many periods are evaluated.
    pub evaluation_periods: usize,
    /// M: how many of them must breach; not more than N.
    pub datapoints_to_alarm: usize,
    /// R: how many periods are fetched, at least N. CloudWatch does not say; `None` for N + max(N/3, 2), as an emulator has it.
    pub evaluation_range: Option<usize>,
    /// What is made of a period's values.
    pub statistic: Statistic,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub threshold: f64,
    /// What a period without data counts as.
    pub missing: Missing,
    /// In which minute a match is counted.
    pub metric_time: MetricTime,
    /// How many seconds after its event a record is delivered, where the log file's name does not say.
    pub delay: i64,
}

impl Default for AlarmSettings {
    fn default() -> Self {
        Self {
            period: 5,
            evaluation_periods: 1,
            datapoints_to_alarm: 1,
            evaluation_range: None,
            statistic: Statistic::Sum,
            comparison: Comparison::AtLeast,
            threshold: 1.0,
            missing: Missing::Missing,
            metric_time: MetricTime::Delivery,
            delay: 300,
        }
    }
}

/// Settings that CloudWatch would refuse.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SettingsError {
    /// The period is no whole number of minutes.
    #[error(
        "the period is no whole number of minutes\nhint: a metric filter reports once a minute; give 60, 300, 900 … seconds"
    )]
    Period,
    /// N is nothing.
    #[error("no period is evaluated\nhint: the evaluation periods are 1 or more")]
    Periods,
    /// M is not between 1 and N.
    #[error("the datapoints to alarm are not between 1 and the evaluation periods")]
    Datapoints,
    /// N periods are too long.
    #[error(
        "the evaluation periods are longer than CloudWatch takes\nhint: together 1 day at most, 7 days for periods of an hour or more"
    )]
    TooLong,
    /// R is less than N.
    #[error("the evaluation range is shorter than the evaluation periods")]
    Range,
    /// R is more than anybody can mean.
    #[error("the evaluation range is longer than {WIDEST_RANGE} periods")]
    WideRange,
    /// The threshold is no number.
    #[error("the threshold is no finite number")]
    Threshold,
}

const DAY: i64 = 1_440;
/// More than this nothing can be meant by an evaluation range: periods.
const WIDEST_RANGE: usize = 10_080;

impl AlarmSettings {
    /// Checks them as CloudWatch would.
    ///
    /// # Errors
    /// What [`SettingsError`] lists.
    pub fn check(&self) -> Result<(), SettingsError> {
        let periods = i64::try_from(self.evaluation_periods).unwrap_or(i64::MAX);
        let most = if self.period >= 60 { 7 * DAY } else { DAY };
        match () {
            () if self.period < 1 => Err(SettingsError::Period),
            () if self.evaluation_periods < 1 => Err(SettingsError::Periods),
            () if self.datapoints_to_alarm < 1
                || self.datapoints_to_alarm > self.evaluation_periods =>
            {
                Err(SettingsError::Datapoints)
            }
            () if self.period.saturating_mul(periods) > most => Err(SettingsError::TooLong),
            () if self.range() < self.evaluation_periods => Err(SettingsError::Range),
            () if self.range() > WIDEST_RANGE => Err(SettingsError::WideRange),
            () if !self.threshold.is_finite() => Err(SettingsError::Threshold),
            () => Ok(()),
        }
    }

    /// R: how many periods are fetched.
    pub fn range(&self) -> usize {
        let usual = self.evaluation_periods + (self.evaluation_periods / 3).max(2);
        self.evaluation_range.unwrap_or(usual)
    }

    /// How many minutes are fetched.
    pub(super) fn fetched(&self) -> i64 {
        let range = i64::try_from(self.range()).unwrap_or(i64::MAX);
        range.saturating_mul(self.period)
    }

    /// When the period began that holds a minute, for an evaluation after it.
    pub(super) fn period_of(&self, minute: i64, now: i64) -> i64 {
        minute.saturating_sub(minute.saturating_sub(now).rem_euclid(self.period))
    }

    /// What a period's value is.
    pub(super) fn point(&self, value: Option<f64>) -> Point {
        match value {
            None => Point::Missing,
            Some(value) if self.comparison.breaches(value, self.threshold) => Point::Breaching,
            Some(_) => Point::Within,
        }
    }

    /// How many minutes lie between two evaluations: one; sixty where the periods together are longer than a day.
    pub fn step(&self) -> i64 {
        let periods = i64::try_from(self.evaluation_periods).unwrap_or(i64::MAX);
        match self.period.saturating_mul(periods) > DAY {
            true => 60,
            false => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cloudwatch_would_refuse_is_refused() {
        let with = |change: fn(&mut AlarmSettings)| {
            let mut settings = AlarmSettings::default();
            change(&mut settings);
            settings.check()
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|it| it.period = 0), Err(SettingsError::Period));
        let none =
            |it: &mut AlarmSettings| (it.evaluation_periods, it.datapoints_to_alarm) = (0, 0);
        assert_eq!(with(none), Err(SettingsError::Periods));
        assert_eq!(
            with(|it| it.datapoints_to_alarm = 2),
            Err(SettingsError::Datapoints)
        );
        assert_eq!(
            with(|it| it.evaluation_periods = 289),
            Err(SettingsError::TooLong)
        );
        assert_eq!(
            with(|it| it.evaluation_range = Some(0)),
            Err(SettingsError::Range)
        );
        assert_eq!(
            with(|it| it.evaluation_range = Some(WIDEST_RANGE + 1)),
            Err(SettingsError::WideRange)
        );
        assert_eq!(
            with(|it| it.threshold = f64::NAN),
            Err(SettingsError::Threshold)
        );
        assert_eq!(AlarmSettings::default().range(), 3);
    }
}
