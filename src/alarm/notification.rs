//! What does SNS deliver when an alarm changes state? The message as CloudWatch words it, marked as simulated.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>

use super::replay::Transition;
use super::settings::{AlarmSettings, Comparison};
use super::state::{Missing, State};
use crate::vocab::{AccountId, Region};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// An alarm's name and place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    /// The alarm's name.
    pub name: String,
    /// The account whose log group it watches; `None` where one log group takes all accounts.
    pub account: Option<AccountId>,
    /// Its Region.
    pub region: Region,
    /// The metric it watches.
    pub metric_name: String,
    /// The metric's namespace.
    pub namespace: String,
}

impl Alarm {
    fn account_id(&self) -> &str {
        self.account
            .as_ref()
            .map_or("000000000000", AccountId::as_str)
    }

    /// The alarm's ARN.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:cloudwatch:{}:{}:alarm:{}",
            self.region,
            self.account_id(),
            self.name
        )
    }

    /// The topic that it would notify. Which one is really set is not in the logs.
    pub fn topic(&self) -> String {
        format!(
            "arn:aws:sns:{}:{}:simulated",
            self.region,
            self.account_id()
        )
    }
}

/// Why the state changed, as CloudWatch words it.
pub fn reason(settings: &AlarmSettings, change: &Transition) -> String {
    let real: Vec<(i64, f64)> = change
        .periods
        .iter()
        .filter_map(|(from, value)| value.map(|value| (*from, value)))
        .collect();
    let all = settings.evaluation_periods;
    let missing = all.saturating_sub(real.len());
    match change.to {
        State::InsufficientData => format!("Insufficient Data: {}.", were(all, "unknown")),
        _ if real.is_empty() => format!(
            "Threshold Crossed: no datapoints were received for {} and {} treated as [{}].",
            counted(all, "period"),
            were_verb(missing, "missing datapoint"),
            match settings.missing {
                Missing::Breaching => "Breaching",
                _ => "NonBreaching",
            }
        ),
        State::Alarm => match change.breaching(settings) {
            // Missing ones alone were enough.
            none if none.is_empty() => format!(
                "Threshold Crossed: {} treated as [Breaching]{}.",
                were_verb(missing, "missing datapoint"),
                minimum(settings, "")
            ),
            breaching => crossed(settings, &breaching, "", minimum(settings, "")),
        },
        State::Ok => {
            let newest: Vec<_> = real.iter().rev().take(all).rev().copied().collect();
            let breaching = change.breaching(settings);
            match breaching.is_empty() {
                true => crossed(settings, &newest, "not ", String::new()),
                // CloudWatch's wording would say of these that they did not breach. They did, and were too few.
                false => crossed(settings, &breaching, "", minimum(settings, " not reached")),
            }
        }
    }
}

fn minimum(settings: &AlarmSettings, reached: &str) -> String {
    match settings.evaluation_periods {
        1 => String::new(),
        _ => format!(
            " (minimum {} for OK -> ALARM transition{reached})",
            counted(settings.datapoints_to_alarm, "datapoint")
        ),
    }
}

fn crossed(settings: &AlarmSettings, points: &[(i64, f64)], not: &str, minimum: String) -> String {
    let shown: Vec<String> = points
        .iter()
        .map(|(from, value)| {
            format!(
                "{} ({})",
                decimal(*value),
                stamp(*from, "%d/%m/%y %H:%M:%S")
            )
        })
        .collect();
    let how_many = match settings.evaluation_periods {
        1 => counted(points.len(), "datapoint"),
        all => format!(
            "{} out of the last {}",
            points.len(),
            counted(all, "datapoint")
        ),
    };
    let verb = if points.len() == 1 { "was" } else { "were" };
    format!(
        "Threshold Crossed: {how_many} [{}] {verb} {not}{} the threshold ({}){minimum}.",
        shown.join(", "),
        comparison(settings.comparison),
        decimal(settings.threshold)
    )
}

fn comparison(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::AtLeast => "greater than or equal to",
        Comparison::Above => "greater than",
        Comparison::Below => "less than",
        Comparison::AtMost => "less than or equal to",
    }
}

fn counted(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

fn were_verb(number: usize, noun: &str) -> String {
    let verb = if number == 1 { "was" } else { "were" };
    format!("{} {verb}", counted(number, noun))
}

fn were(number: usize, what: &str) -> String {
    format!("{} {what}", were_verb(number, "datapoint"))
}

/// As Java prints a double: `1.0`.
fn decimal(value: f64) -> String {
    format!("{value:?}")
}

fn stamp(minute: i64, form: &str) -> String {
    match DateTime::<Utc>::from_timestamp(minute.saturating_mul(60), 0) {
        Some(time) => time.format(form).to_string(),
        None => format!("@{minute}"),
    }
}

/// The envelope, and in it the message, a JSON text. Nothing is signed: it is marked as simulated.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    #[serde(rename = "simulated")]
    simulated: bool,
    r#type: &'static str,
    topic_arn: String,
    subject: String,
    message: String,
    timestamp: String,
    signature_version: &'static str,
    signature: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    alarm_name: &'a str,
    alarm_description: &'static str,
    #[serde(rename = "AWSAccountId")]
    account: &'a str,
    alarm_configuration_updated_timestamp: Option<&'static str>,
    new_state_value: &'static str,
    new_state_reason: String,
    state_change_time: String,
    region: String,
    alarm_arn: String,
    old_state_value: &'static str,
    #[serde(rename = "OKActions")]
    ok_actions: [String; 0],
    alarm_actions: [String; 1],
    insufficient_data_actions: [String; 0],
    trigger: Trigger<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Trigger<'a> {
    metric_name: &'a str,
    namespace: &'a str,
    statistic_type: &'static str,
    statistic: String,
    unit: Option<&'static str>,
    dimensions: [&'static str; 0],
    period: i64,
    evaluation_periods: usize,
    datapoints_to_alarm: usize,
    comparison_operator: &'static str,
    threshold: f64,
    treat_missing_data: &'static str,
    evaluate_low_sample_count_percentile: &'static str,
}

/// The notification of a change of state, as one line of JSON.
///
/// # Errors
/// None that is known: what it is made of can be written as JSON.
pub fn notification(
    alarm: &Alarm,
    settings: &AlarmSettings,
    change: &Transition,
) -> Result<String, serde_json::Error> {
    let region = long_name(&alarm.region);
    let envelope = Envelope {
        simulated: true,
        r#type: "Notification",
        topic_arn: alarm.topic(),
        subject: format!("{}: \"{}\" in {region}", change.to.name(), alarm.name),
        message: serde_json::to_string(&message(alarm, settings, change))?,
        timestamp: stamp(change.minute, "%Y-%m-%dT%H:%M:%S.000Z"),
        signature_version: "1",
        signature: "",
    };
    serde_json::to_string(&envelope)
}

fn message<'a>(alarm: &'a Alarm, settings: &AlarmSettings, change: &Transition) -> Message<'a> {
    Message {
        alarm_name: &alarm.name,
        alarm_description: "simulated by leaktrail from archived log files",
        account: alarm.account_id(),
        alarm_configuration_updated_timestamp: None,
        new_state_value: change.to.name(),
        new_state_reason: reason(settings, change),
        state_change_time: stamp(change.minute, "%Y-%m-%dT%H:%M:%S.000+0000"),
        region: long_name(&alarm.region).to_owned(),
        alarm_arn: alarm.arn(),
        old_state_value: change.from.name(),
        ok_actions: [],
        alarm_actions: [alarm.topic()],
        insufficient_data_actions: [],
        trigger: Trigger {
            metric_name: &alarm.metric_name,
            namespace: &alarm.namespace,
            statistic_type: "Statistic",
            statistic: upper_snake(settings.statistic.name()),
            unit: None,
            dimensions: [],
            period: settings.period.saturating_mul(60),
            evaluation_periods: settings.evaluation_periods,
            datapoints_to_alarm: settings.datapoints_to_alarm,
            comparison_operator: settings.comparison.name(),
            threshold: settings.threshold,
            treat_missing_data: settings.missing.name(),
            evaluate_low_sample_count_percentile: "",
        },
    }
}

/// `SampleCount` as messages write it: `SAMPLE_COUNT`.
fn upper_snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_uppercase());
    }
    text
}

/// The Region's name as notifications write it; for one that is not known here, its code.
///
/// <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>
fn long_name(region: &Region) -> &str {
    const NAMES: [(&str, &str); 28] = [
        ("us-east-1", "US East (N. Virginia)"),
        ("us-east-2", "US East (Ohio)"),
        ("us-west-1", "US West (N. California)"),
        ("us-west-2", "US West (Oregon)"),
        ("af-south-1", "Africa (Cape Town)"),
        ("ap-east-1", "Asia Pacific (Hong Kong)"),
        ("ap-south-1", "Asia Pacific (Mumbai)"),
        ("ap-south-2", "Asia Pacific (Hyderabad)"),
        ("ap-southeast-1", "Asia Pacific (Singapore)"),
        ("ap-southeast-2", "Asia Pacific (Sydney)"),
        ("ap-southeast-3", "Asia Pacific (Jakarta)"),
        ("ap-southeast-4", "Asia Pacific (Melbourne)"),
        ("ap-northeast-1", "Asia Pacific (Tokyo)"),
        ("ap-northeast-2", "Asia Pacific (Seoul)"),
        ("ap-northeast-3", "Asia Pacific (Osaka)"),
        ("ca-central-1", "Canada (Central)"),
        ("ca-west-1", "Canada West (Calgary)"),
        ("eu-central-1", "EU (Frankfurt)"),
        ("eu-central-2", "Europe (Zurich)"),
        ("eu-west-1", "EU (Ireland)"),
        ("eu-west-2", "EU (London)"),
        ("eu-west-3", "EU (Paris)"),
        ("eu-north-1", "EU (Stockholm)"),
        ("eu-south-1", "Europe (Milan)"),
        ("eu-south-2", "Europe (Spain)"),
        ("il-central-1", "Israel (Tel Aviv)"),
        ("me-south-1", "Middle East (Bahrain)"),
        ("sa-east-1", "South America (Sao Paulo)"),
    ];
    let known = NAMES.iter().find(|(code, _)| *code == region.as_str());
    known.map_or(region.as_str(), |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::super::{Datum, Metric, replay};
    use super::*;
    use std::collections::BTreeMap;

    /// 2025-02-02T12:05Z, in minutes.
    const AT: i64 = 28_974_965;

    fn change(settings: &AlarmSettings, which: usize) -> Transition {
        let data = [Datum {
            minute: AT,
            arrives: AT,
            value: 1.0,
        }];
        let metric = Metric::new(&data, None, &BTreeMap::new());
        replay(settings, &metric, AT - 60, AT + 60).transitions[which].clone()
    }

    #[test]
    fn a_reason_is_worded_as_cloudwatch_words_it() {
        let usual = AlarmSettings::default();
        insta::assert_snapshot!(reason(&usual, &change(&usual, 0)), @"Threshold Crossed: 1 datapoint [1.0 (02/02/25 12:01:00)] was greater than or equal to the threshold (1.0).");
        insta::assert_snapshot!(reason(&usual, &change(&usual, 1)), @"Insufficient Data: 1 datapoint was unknown.");
        let quiet = AlarmSettings {
            missing: Missing::NotBreaching,
            ..AlarmSettings::default()
        };
        insta::assert_snapshot!(reason(&quiet, &change(&quiet, 0)), @"Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].");
        let several = AlarmSettings {
            evaluation_periods: 3,
            datapoints_to_alarm: 2,
            evaluation_range: Some(5),
            ..AlarmSettings::default()
        };
        insta::assert_snapshot!(reason(&several, &change(&several, 0)), @"Threshold Crossed: 1 out of the last 3 datapoints [1.0 (02/02/25 12:01:00)] was greater than or equal to the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition not reached).");
        let high = AlarmSettings {
            threshold: 2.0,
            ..several.clone()
        };
        insta::assert_snapshot!(reason(&high, &change(&high, 0)), @"Threshold Crossed: 1 out of the last 3 datapoints [1.0 (02/02/25 12:01:00)] was not greater than or equal to the threshold (2.0).");
        insta::assert_snapshot!(reason(&several, &change(&several, 1)), @"Threshold Crossed: 1 out of the last 3 datapoints [1.0 (02/02/25 12:01:00)] was greater than or equal to the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition).");
    }

    /// Why an alarm changes to ALARM for the last time after such values, by their minutes.
    fn reason_to_alarm(settings: &AlarmSettings, values: &[(i64, f64)]) -> String {
        let datum = |(minute, value): &(i64, f64)| Datum {
            minute: AT + minute,
            arrives: AT + minute,
            value: *value,
        };
        let data: Vec<Datum> = values.iter().map(datum).collect();
        let metric = Metric::new(&data, None, &BTreeMap::new());
        let changes = replay(settings, &metric, AT + 1, AT + 60).transitions;
        let alarm = changes.iter().rfind(|it| it.to == State::Alarm).unwrap();
        reason(settings, alarm)
    }

    #[test]
    fn a_reason_names_only_what_was_looked_at() {
        let each_minute = AlarmSettings {
            period: 1,
            evaluation_periods: 3,
            datapoints_to_alarm: 3,
            ..AlarmSettings::default()
        };
        let values = [(0, 0.0), (1, 1.0), (2, 0.0), (3, 1.0), (4, 1.0), (5, 1.0)];
        insta::assert_snapshot!(reason_to_alarm(&each_minute, &values), @"Threshold Crossed: 3 out of the last 3 datapoints [1.0 (02/02/25 12:08:00), 1.0 (02/02/25 12:09:00), 1.0 (02/02/25 12:10:00)] were greater than or equal to the threshold (1.0) (minimum 3 datapoints for OK -> ALARM transition).");
        let usual = AlarmSettings::default();
        let values = [(0, 1.0), (5, 0.0), (10, 2.0)];
        insta::assert_snapshot!(reason_to_alarm(&usual, &values), @"Threshold Crossed: 1 datapoint [2.0 (02/02/25 12:11:00)] was greater than or equal to the threshold (1.0).");
    }

    #[test]
    fn where_missing_ones_alone_alarm_the_reason_names_them() {
        let settings = AlarmSettings {
            evaluation_periods: 3,
            datapoints_to_alarm: 2,
            missing: Missing::Breaching,
            ..AlarmSettings::default()
        };
        insta::assert_snapshot!(reason_to_alarm(&settings, &[(0, 0.0)]), @"Threshold Crossed: 2 missing datapoints were treated as [Breaching] (minimum 2 datapoints for OK -> ALARM transition).");
    }

    #[test]
    fn a_notification_has_the_shape_that_sns_delivers() {
        let settings = AlarmSettings::default();
        let alarm = Alarm {
            name: "policy-changes".to_owned(),
            account: AccountId::parse("111122223333"),
            region: Region::parse("us-east-1").unwrap(),
            metric_name: "PolicyChanges".to_owned(),
            namespace: "CISBenchmark".to_owned(),
        };
        let line = notification(&alarm, &settings, &change(&settings, 0)).unwrap();
        insta::assert_snapshot!(line, @r#"{"simulated":true,"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:111122223333:simulated","Subject":"ALARM: \"policy-changes\" in US East (N. Virginia)","Message":"{\"AlarmName\":\"policy-changes\",\"AlarmDescription\":\"simulated by leaktrail from archived log files\",\"AWSAccountId\":\"111122223333\",\"AlarmConfigurationUpdatedTimestamp\":null,\"NewStateValue\":\"ALARM\",\"NewStateReason\":\"Threshold Crossed: 1 datapoint [1.0 (02/02/25 12:01:00)] was greater than or equal to the threshold (1.0).\",\"StateChangeTime\":\"2025-02-02T12:06:00.000+0000\",\"Region\":\"US East (N. Virginia)\",\"AlarmArn\":\"arn:aws:cloudwatch:us-east-1:111122223333:alarm:policy-changes\",\"OldStateValue\":\"INSUFFICIENT_DATA\",\"OKActions\":[],\"AlarmActions\":[\"arn:aws:sns:us-east-1:111122223333:simulated\"],\"InsufficientDataActions\":[],\"Trigger\":{\"MetricName\":\"PolicyChanges\",\"Namespace\":\"CISBenchmark\",\"StatisticType\":\"Statistic\",\"Statistic\":\"SUM\",\"Unit\":null,\"Dimensions\":[],\"Period\":300,\"EvaluationPeriods\":1,\"DatapointsToAlarm\":1,\"ComparisonOperator\":\"GreaterThanOrEqualToThreshold\",\"Threshold\":1.0,\"TreatMissingData\":\"missing\",\"EvaluateLowSampleCountPercentile\":\"\"}}","Timestamp":"2025-02-02T12:06:00.000Z","SignatureVersion":"1","Signature":""}"#);
    }
}
