//! What do `leaktrail alarms` and `leaktrail plan` tell of the archive of fixtures? Goldens, and whole commands.
//!
//! `LEAKTRAIL_REWRITE=1 cargo test` writes the goldens anew.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;

use program::{folder, leaktrail, log, public_policy, put, record, story};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn golden(path: &str, words: &[&str]) {
    let told = leaktrail(Path::new("."), words);
    if std::env::var_os("LEAKTRAIL_REWRITE").is_some_and(|value| value == "1") {
        fs::write(path, &told).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_else(|cause| panic!("{path}: {cause}"));
    assert_eq!(told, expected, "{path}");
}

/// The article's chain: the opening, the minute of the alarm, the notification, the escalation; and what slipped through.
#[test]
fn the_usual_alarm_over_the_archive() {
    golden(
        "fixtures/alarms.txt",
        &[
            "alarms",
            "fixtures/archives",
            "--preset",
            "bucket-policy-change",
        ],
    );
}

#[test]
fn the_plan_for_the_archive() {
    golden("fixtures/plan.txt", &["plan", "fixtures/archives"]);
}

/// Opened at nine, closed at ten, in a file whose name tells when it was delivered.
fn delivered(minute: &str, records: &[Value]) -> TempDir {
    let folder = folder();
    let name =
        format!("logs/111122223333_CloudTrail_eu-west-1_20240304T{minute}Z_abcdefgh12345678.json");
    put(&folder, &name, log(records));
    folder
}

fn rows(folder: &TempDir, table: &str) -> Vec<Value> {
    let path = folder.path().join("out").join(table);
    let text = fs::read_to_string(path).expect("a table");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn alarms(folder: &TempDir, words: &[&str]) {
    let all = [
        &[
            "alarms",
            "logs",
            "--preset",
            "bucket-policy-change",
            "-o",
            "out",
            "-f",
            "jsonl",
            "-q",
            "--force",
        ],
        words,
    ]
    .concat();
    let told = leaktrail(folder.path(), &all);
    assert!(told.starts_with("exit status 0\n"), "{told}");
}

#[test]
fn a_match_counts_when_its_file_was_delivered() {
    let folder = delivered("0907", &story()[..2]);
    alarms(&folder, &[]);
    let changes = rows(&folder, "alarms.jsonl");
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["at"], "2024-03-04T09:08:00Z");
    assert_eq!(changes[0]["seconds_from_event"], 480);
    assert_eq!(
        changes[0]["event_ids"],
        json!(["2024-03-04T09:00:00Z-PutBucketPolicy"])
    );
    assert_eq!(changes[0]["simulated"], true);
    let sent = rows(&folder, "notifications.jsonl");
    assert_eq!(sent[0]["simulated"], true);
    let message: Value = serde_json::from_str(sent[0]["Message"].as_str().unwrap()).unwrap();
    assert_eq!(message["StateChangeTime"], "2024-03-04T09:08:00.000+0000");
}

#[test]
fn a_match_can_count_when_its_event_happened() {
    let folder = delivered("0907", &story()[..2]);
    alarms(&folder, &["--metric-time", "event"]);
    let matches = rows(&folder, "matches.jsonl");
    assert_eq!(matches[0]["counted_at"], "2024-03-04T09:00:00Z");
    assert_eq!(matches[0]["arrived_at"], "2024-03-04T09:07:00Z");
    assert_eq!(matches[0]["notified_at"], "2024-03-04T09:08:00Z");
    alarms(
        &folder,
        &["--metric-time", "event", "--evaluation-range", "1"],
    );
    assert_eq!(rows(&folder, "matches.jsonl")[0]["outcome"], "late");
    assert!(rows(&folder, "notifications.jsonl").is_empty());
}

#[test]
fn the_replay_goes_on_until_the_last_record_arrives() {
    let folder = delivered("0907", &story()[..1]);
    let late = "logs/111122223333_CloudTrail_eu-west-1_20240304T0911Z_zzzzefgh12345678.json";
    let mut second = story()[1].clone();
    second["eventTime"] = json!("2024-03-04T08:59:30Z");
    put(&folder, late, log(&[second]));
    alarms(&folder, &["--metric-time", "event"]);
    let matches = rows(&folder, "matches.jsonl");
    assert_eq!(matches[0]["notified_at"], "2024-03-04T09:12:00Z");
}

#[test]
fn without_a_delivered_name_a_delay_is_taken() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()[..2]));
    alarms(&folder, &["--delay", "11m"]);
    assert_eq!(
        rows(&folder, "alarms.jsonl")[0]["at"],
        "2024-03-04T09:12:00Z"
    );
}

#[test]
fn what_a_notification_does_not_name_is_not_told_of_and_opens_no_incident() {
    let other = |at: &str| record(at, "DeleteBucketCors", json!({}));
    let folder = minute_by_minute(&[
        record("2024-03-04T10:02:00Z", "PutBucketPolicy", public_policy()),
        other("2024-03-04T10:12:00Z"),
        other("2024-03-04T10:13:00Z"),
        record("2024-03-04T18:00:00Z", "GetBucketVersioning", json!({})),
    ]);
    alarms(&folder, &["--threshold", "2"]);
    let matches = rows(&folder, "matches.jsonl");
    assert_eq!(matches[0]["outcome"], "below-threshold");
    assert_eq!(matches[1]["outcome"], "notified");
    let changes = rows(&folder, "alarms.jsonl");
    assert_eq!(
        (&changes[1]["to_state"], &changes[1]["matches"]),
        (&json!("ALARM"), &json!(2))
    );
    assert_eq!(changes[1]["seconds_from_event"], 120);
    let told = rows(&folder, "escalations.jsonl");
    assert_eq!(told[0]["outcome"], "below-threshold");
    assert_eq!(told[0]["notified_at"], Value::Null);
    assert_eq!(told[0]["escalation"], "not-told");
}

#[test]
fn where_the_evidence_ends_nothing_is_said_of_who_is_told() {
    let opened = record("2024-03-04T10:02:00Z", "PutBucketPolicy", public_policy());
    let folder = minute_by_minute(&[opened]);
    let settings = ["--evaluation-periods", "3", "--datapoints-to-alarm", "2"];
    alarms(&folder, &settings);
    let told = rows(&folder, "escalations.jsonl");
    assert_eq!(told[0]["outcome"], "undetermined");
    assert_eq!(told[0]["escalation"], "undetermined");
}

/// One record a file, each delivered in the minute of its event.
fn minute_by_minute(records: &[Value]) -> TempDir {
    let folder = folder();
    for record in records {
        let at = record["eventTime"].as_str().unwrap();
        let minute = at[11..16].replace(':', "");
        let name = format!(
            "logs/111122223333_CloudTrail_eu-west-1_20240304T{minute}Z_{minute}abcdefgh1234.json"
        );
        put(&folder, &name, log(std::slice::from_ref(record)));
    }
    folder
}

fn opened_and_closed(closed: Option<&str>, last: &str) -> TempDir {
    let mut records = vec![
        record(
            "2024-03-04T08:59:00Z",
            "DeleteBucketPublicAccessBlock",
            json!({}),
        ),
        record("2024-03-04T10:02:00Z", "PutBucketPolicy", public_policy()),
    ];
    if let Some(closed) = closed {
        let at = format!("2024-03-04T{closed}:00Z");
        records.push(record(&at, "DeleteBucketPolicy", json!({})));
    }
    let at = format!("2024-03-04T{last}:00Z");
    records.push(record(&at, "GetBucketVersioning", json!({})));
    minute_by_minute(&records)
}

fn escalation(closed: Option<&str>, last: &str) -> (String, String) {
    let folder = opened_and_closed(closed, last);
    alarms(&folder, &[]);
    let rows = rows(&folder, "escalations.jsonl");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["notified_at"], "2024-03-04T10:03:00Z");
    assert_eq!(rows[0]["open_when_notified"], true);
    let text = |column: &str| rows[0][column].as_str().unwrap_or_default().to_owned();
    (text("escalation"), text("escalated_at"))
}

#[test]
fn what_is_closed_within_two_hours_is_resolved() {
    assert_eq!(escalation(Some("11:30"), "18:00").0, "resolved");
}

#[test]
fn what_is_open_after_two_hours_is_escalated_though_the_alarm_has_gone() {
    let expected = ("escalated".to_owned(), "2024-03-04T12:03:00Z".to_owned());
    assert_eq!(escalation(Some("12:30"), "18:00"), expected);
    assert_eq!(escalation(None, "18:00"), expected);
}

#[test]
fn evidence_that_ends_sooner_decides_nothing() {
    assert_eq!(escalation(None, "11:50").0, "undetermined");
}

#[test]
fn an_opening_that_the_filter_does_not_match_is_told_as_such() {
    let records = [
        record(
            "2024-03-04T08:00:00Z",
            "PutBucketPublicAccessBlock",
            json!({"PublicAccessBlockConfiguration":
            {"RestrictPublicBuckets": true, "BlockPublicPolicy": false, "BlockPublicAcls": false, "IgnorePublicAcls": false}}),
        ),
        record("2024-03-04T09:00:00Z", "PutBucketPolicy", public_policy()),
        record(
            "2024-03-04T11:00:00Z",
            "DeleteBucketPublicAccessBlock",
            json!({}),
        ),
    ];
    let folder = minute_by_minute(&records);
    alarms(&folder, &[]);
    let told = rows(&folder, "escalations.jsonl");
    assert_eq!(told[0]["outcome"], "not-matched");
    assert_eq!(told[0]["escalation"], "not-told");
}

#[test]
fn copies_of_a_record_count_once() {
    let folder = delivered("0907", &story()[..2]);
    let name = "logs/copy/111122223333_CloudTrail_eu-west-1_20240304T0907Z_zzzzefgh12345678.json";
    put(&folder, name, log(&story()[..2]));
    let last = record("2024-03-04T12:00:00Z", "GetBucketVersioning", json!({}));
    put(&folder, "logs/last.json", log(&[last]));
    alarms(&folder, &["--threshold", "2"]);
    let matches = rows(&folder, "matches.jsonl");
    assert_eq!(matches.len(), 1);
    assert_eq!(matches[0]["outcome"], "below-threshold");
}

#[test]
fn settings_that_cloudwatch_would_refuse_are_misuse() {
    let folder = delivered("0907", &story());
    for (words, said) in [
        (&["--period", "90"][..], "whole number of minutes"),
        (
            &["--evaluation-periods", "2", "--datapoints-to-alarm", "3"],
            "between 1 and",
        ),
        (
            &["--evaluation-periods", "300"],
            "longer than CloudWatch takes",
        ),
        (
            &["--evaluation-range", "0"],
            "shorter than the evaluation periods",
        ),
        (
            &["--evaluation-range", "100000000"],
            "longer than 10080 periods",
        ),
        (&["--threshold", "nan"], "the threshold is no finite"),
        (
            &["--default-value", "nan"],
            "the default value is no finite",
        ),
        (&["--treat-missing-data", "never"], "notBreaching"),
        (&["--statistic", "p99"], "SampleCount"),
        (&["--escalate-after", "soon"], "2h"),
    ] {
        let all = [
            &["alarms", "logs", "--preset", "bucket-policy-change"],
            words,
        ]
        .concat();
        let told = leaktrail(folder.path(), &all);
        assert!(
            told.starts_with("exit status 2\n") && told.contains(said),
            "{told}"
        );
    }
}

#[test]
fn filters_of_one_name_are_told_apart() {
    let folder = delivered("0907", &story());
    let patterns = [
        "--pattern",
        "{ $.eventName = Put* }",
        "--pattern",
        "{ $.a = 1 }",
    ];
    let told = leaktrail(
        folder.path(),
        &[&["alarms", "logs"][..], &patterns].concat(),
    );
    assert!(
        told.contains("pattern-1") && told.contains("pattern-2"),
        "{told}"
    );
    let told = leaktrail(
        folder.path(),
        &[&["filter", "logs", "--count"][..], &patterns].concat(),
    );
    assert!(told.contains("1 pattern-1\n0 pattern-2\n"), "{told}");
    let told = leaktrail(
        folder.path(),
        &[&["alarms", "logs"][..], &patterns[..2]].concat(),
    );
    assert!(
        told.contains("pattern") && !told.contains("pattern-1"),
        "{told}"
    );
}

#[test]
fn files_of_messages_that_are_not_there_and_patterns_that_are_bad_end_the_run_before_it_begins() {
    let folder = delivered("0907", &story());
    let told = leaktrail(folder.path(), &["alarms", "logs", "--pattern", "{ $.a"]);
    assert!(told.starts_with("exit status 2\n"), "{told}");
    let told = leaktrail(folder.path(), &["alarms", "logs"]);
    assert!(told.starts_with("exit status 2\n"), "{told}");
}

#[test]
fn a_plan_keeps_flags_that_are_on_and_saves_what_it_changes() {
    let records = [
        record(
            "2024-03-04T08:00:00Z",
            "PutBucketPublicAccessBlock",
            json!({"PublicAccessBlockConfiguration":
            {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": false, "RestrictPublicBuckets": false}}),
        ),
        record("2024-03-04T09:00:00Z", "PutBucketPolicy", public_policy()),
    ];
    let folder = minute_by_minute(&records);
    let told = leaktrail(folder.path(), &["plan", "logs", "--format", "json"]);
    let (_, text) = told.split_once("--- stdout\n").unwrap();
    let plan: Value = serde_json::from_str(text.split_once("--- stderr").unwrap().0).unwrap();
    let steps = plan[0]["steps"].as_array().unwrap();
    assert_eq!(steps[0]["closes"], json!([]));
    let block = steps[1]["commands"][0].as_str().unwrap();
    assert!(block.ends_with("BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=true"), "{block}");
    let undo = steps[1]["undo"].as_str().unwrap();
    assert!(undo.ends_with("BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=false"), "{undo}");
    assert!(
        steps[2]["commands"][0]
            .as_str()
            .unwrap()
            .contains("delete-bucket-policy")
    );
}

#[test]
fn a_plan_for_nothing_open_says_so() {
    let folder = minute_by_minute(&story());
    let told = leaktrail(folder.path(), &["plan", "logs"]);
    assert!(told.contains("# nothing is known to be open"), "{told}");
}

#[test]
fn a_delay_is_counted_in_seconds() {
    let folder = folder();
    let put_policy = record("2024-03-04T10:00:50Z", "PutBucketPolicy", public_policy());
    put(&folder, "logs/a.json", log(&[put_policy]));
    alarms(&folder, &["--delay", "90s"]);
    let matches = rows(&folder, "matches.jsonl");
    assert_eq!(matches[0]["arrived_at"], "2024-03-04T10:02:00Z");
    assert_eq!(
        rows(&folder, "alarms.jsonl")[0]["at"],
        "2024-03-04T10:03:00Z"
    );
}

#[test]
fn what_is_evaluated_when_the_time_is_over_is_not_told() {
    let opened = record("2024-03-04T10:00:00Z", "PutBucketPolicy", public_policy());
    let last = record("2024-03-04T15:00:00Z", "GetBucketVersioning", json!({}));
    let folder = folder();
    put(&folder, "logs/a.json", log(&[opened, last]));
    alarms(&folder, &["--to", "2024-03-04T10:06:00Z"]);
    assert_eq!(rows(&folder, "matches.jsonl")[0]["outcome"], "undetermined");
    assert!(rows(&folder, "alarms.jsonl").is_empty());
    let told = &rows(&folder, "escalations.jsonl")[0];
    assert_eq!(told["escalation"], "undetermined");
    alarms(&folder, &["--to", "2024-03-04T10:06:01Z"]);
    assert_eq!(rows(&folder, "matches.jsonl")[0]["outcome"], "notified");
    assert_eq!(rows(&folder, "notifications.jsonl").len(), 1);
}

#[test]
fn settings_that_cannot_be_meant_are_named() {
    let told = leaktrail(
        Path::new("."),
        &[
            "alarms",
            "fixtures/archives",
            "--preset",
            "bucket-policy-change",
            "--evaluation-periods",
            "0",
        ],
    );
    assert_eq!(
        told,
        "exit status 2\n--- stdout\n--- stderr\nerror: no period is evaluated\nhint: the evaluation periods are 1 or more\n"
    );
}
