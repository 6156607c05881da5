//! What was typed for `leaktrail alarms`?

use crate::choices;
use crate::cli::{Checking, Files, Judging, Output, Patterns, Rows, Running, region};
use clap::{Args, ValueEnum};
use leaktrail::alarm::{Comparison, MetricTime, Missing, Statistic};
use leaktrail::vocab::Region;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub struct Alarms {
    /// Log files and archives of them, folders that are walked recursively, s3://bucket/prefix, or - for standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
    #[command(flatten)]
    pub patterns: Patterns,
    #[command(flatten)]
    pub alarm: Alarm,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub judging: Judging,
    #[command(flatten)]
    pub checking: Checking,
    #[command(flatten)]
    pub running: Running,
}

/// How the alarm is set: by default as the CIS benchmark has it, Sum >= 1 in 5 minutes.
#[derive(Args, Debug)]
pub struct Alarm {
    /// The period, in seconds: a multiple of 60
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub period: i64,
    /// What is made of a period's values
    #[arg(long, value_name = "STATISTIC", value_parser = choices::statistic(), hide_possible_values = true, default_value = "Sum")]
    pub statistic: Statistic,
    /// With what it is compared
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    pub threshold: f64,
    /// How it is compared
    #[arg(long, value_name = "OPERATOR", value_parser = choices::comparison(), hide_possible_values = true, default_value = "GreaterThanOrEqualToThreshold")]
    pub comparison: Comparison,
    /// How many periods are evaluated
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub evaluation_periods: usize,
    /// How many of them must breach [default: all]
    #[arg(long, value_name = "M")]
    pub datapoints_to_alarm: Option<usize>,
    /// How many periods are fetched: CloudWatch does not say [default: N + max(N/3, 2)]
    #[arg(long, value_name = "R")]
    pub evaluation_range: Option<usize>,
    /// What a period without data counts as: missing, ignore, breaching, notBreaching
    #[arg(long, value_name = "HOW", value_parser = choices::missing(), hide_possible_values = true, default_value = "missing")]
    pub treat_missing_data: Missing,
    /// What is published for a minute with records and no match, where the filter does not say [default: nothing]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub default_value: Option<f64>,
    /// In which minute a match counts: when its log file was delivered, or when the event happened
    #[arg(long, value_name = "WHEN", value_parser = choices::metric_time(), hide_possible_values = true, default_value = "delivery")]
    pub metric_time: MetricTime,
    /// How long after its event a record is delivered, where the log file's name does not say, such as 5m
    #[arg(long, value_name = "TIME", value_parser = length, default_value = "5m")]
    pub delay: i64,
    /// How long after a notification an incident is escalated, such as 2h
    #[arg(long, value_name = "TIME", value_parser = length, default_value = "2h")]
    pub escalate_after: i64,
    /// Which records share a log group
    #[arg(long, value_enum, default_value_t = LogGroup::Account, value_name = "WHICH")]
    pub log_group: LogGroup,
    /// The Region of the log group and its alarm
    #[arg(long, value_name = "REGION", value_parser = region, default_value = "us-east-1")]
    pub alarm_region: Region,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogGroup {
    /// Those of one account
    Account,
    /// All: an organization's trail
    Archive,
}

/// A length of time in seconds: a number with s, m, h or d.
fn length(text: &str) -> Result<i64, &'static str> {
    const EXPECTED: &str = "expected a length of time such as 90s, 5m, 2h or 1d";
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or(EXPECTED)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(EXPECTED),
    };
    let number: i64 = number.parse().map_err(|_| EXPECTED)?;
    number
        .checked_mul(seconds)
        .filter(|seconds| *seconds <= 365 * 86_400)
        .ok_or(EXPECTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_units() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("2h", Some(7_200)),
            ("1d", Some(86_400)),
            ("0s", Some(0)),
        ] {
            assert_eq!(length(text).ok(), expected, "{text}");
        }
        for text in ["", "5", "m", "-5m", "5 m", "9999999999999999999h", "400d"] {
            assert!(length(text).is_err(), "{text}");
        }
    }
}
