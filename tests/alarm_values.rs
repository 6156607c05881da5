//! What does a metric filter publish for a match, and what is told of one for which it publishes nothing?
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;

use program::{folder, leaktrail, public_policy, put, record};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// One more than CloudTrail sends to CloudWatch Logs.
const TOO_MANY: usize = 256 * 1024 + 1;

/// Puts records as JSON Lines into a file that was delivered at ten past nine.
fn delivered(folder: &TempDir, lines: &[String]) {
    let name = "logs/111122223333_CloudTrail_eu-west-1_20240304T0910Z_abcdefgh12345678.json";
    put(folder, name, lines.join("\n"));
    let last = record("2024-03-04T12:00:00Z", "GetBucketVersioning", json!({}));
    put(folder, "logs/last.json", last.to_string());
}

/// A record of so many bytes.
fn padded(mut record: Value, bytes: usize) -> String {
    record["userAgent"] = json!("");
    let rest = bytes - record.to_string().len();
    record["userAgent"] = json!("a".repeat(rest));
    record.to_string()
}

/// Runs `alarms` and gives what it printed.
fn alarms(folder: &TempDir, words: &[&str]) -> String {
    let all = ["alarms", "logs", "-o", "out", "-f", "jsonl", "--force"];
    let told = leaktrail(folder.path(), &[&all, words].concat());
    assert!(told.starts_with("exit status 0\n"), "{told}");
    told
}

fn rows(folder: &TempDir, table: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.path().join("out").join(table)).expect("a table");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn outcomes(folder: &TempDir) -> Vec<String> {
    let word = |row: &Value| row["outcome"].as_str().expect("a word").to_owned();
    rows(folder, "matches.jsonl").iter().map(word).collect()
}

fn opening() -> Value {
    record("2024-03-04T09:00:00Z", "PutBucketPolicy", public_policy())
}

#[test]
fn an_event_that_cloudwatch_logs_is_not_sent_raises_no_alarm() {
    let folder = folder();
    delivered(&folder, &[padded(opening(), TOO_MANY)]);
    let told = alarms(&folder, &["--preset", "bucket-policy-change"]);
    assert!(rows(&folder, "alarms.jsonl").is_empty());
    assert!(rows(&folder, "notifications.jsonl").is_empty());
    assert_eq!(outcomes(&folder), ["too-large"]);
    let exposure = &rows(&folder, "escalations.jsonl")[0];
    assert_eq!(exposure["outcome"], "too-large");
    assert_eq!(exposure["escalation"], "not-told");
    let said = "matches    1: 0 notified, 0 swallowed, 0 late, 0 below-threshold, 0 undetermined\n               1 too-large: ";
    assert!(told.contains(said), "{told}");
}

#[test]
fn the_largest_event_that_is_sent_counts_with_white_space_too() {
    let folder = folder();
    let whole = padded(opening(), TOO_MANY - 1);
    delivered(&folder, &[whole.replacen(":", ": ", 2)]);
    alarms(&folder, &["--preset", "bucket-policy-change"]);
    assert_eq!(outcomes(&folder), ["notified"]);
}

#[test]
fn an_event_that_is_not_sent_makes_no_default_value() {
    let folder = folder();
    let read = record("2024-03-04T09:00:00Z", "GetBucketVersioning", json!({}));
    let words = [
        "--preset",
        "bucket-policy-change",
        "--default-value",
        "0",
        "--to",
        "2024-03-04T11:00:00Z",
    ];
    delivered(&folder, &[padded(read.clone(), TOO_MANY)]);
    alarms(&folder, &words);
    assert!(rows(&folder, "alarms.jsonl").is_empty());
    delivered(&folder, &[padded(read, TOO_MANY - 1)]);
    alarms(&folder, &words);
    assert_eq!(rows(&folder, "alarms.jsonl")[0]["to_state"], "OK");
}

#[test]
fn a_field_counts_only_where_it_holds_a_number() {
    let folder = folder();
    let filter = json!({"metricFilters": [{"filterName": "bytes", "filterPattern": "{ $.eventName = GetObject }",
        "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "$.additionalEventData.bytes"}]}]});
    put(&folder, "filters.json", filter.to_string());
    let read = |(second, bytes): (usize, Value)| {
        let at = format!("2024-03-04T09:00:0{second}Z");
        let mut record = record(&at, "GetObject", json!({}));
        record["additionalEventData"] = json!({ "bytes": bytes });
        record.to_string()
    };
    let values = [
        json!(5),
        json!("5"),
        json!("NaN"),
        json!("-inf"),
        json!(null),
        json!([7]),
    ];
    let lines: Vec<String> = values.into_iter().enumerate().map(read).collect();
    delivered(&folder, &lines);
    let told = alarms(&folder, &["--pattern-file", "filters.json"]);
    let (first, others) = ("notified", vec!["no-value"; 5]);
    assert_eq!(outcomes(&folder), [vec![first], others].concat());
    let reason = rows(&folder, "alarms.jsonl")[0]["reason"].to_string();
    assert!(reason.contains("1 datapoint [5.0 "), "{reason}");
    assert!(told.contains("5 no-value: the field"), "{told}");
}
