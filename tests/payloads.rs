//! What becomes of what others wrapped a log file in, and of wrappings that were damaged on their way? All is read or named.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use program::{counts, folder, gzip, leaktrail, log, put, story};
use serde_json::{Value, json};
use std::fs;

/// How a scan of one file ends, its counts, and the kinds and details of its losses.
fn scanned(name: &str, bytes: &[u8]) -> (String, String, Vec<String>) {
    let folder = folder();
    put(&folder, &format!("in/{name}"), bytes);
    let told = leaktrail(
        folder.path(),
        &["scan", "in", "-o", "out", "-q", "-f", "jsonl"],
    );
    let losses = fs::read_to_string(folder.path().join("out/losses.jsonl")).unwrap();
    let loss = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        format!(
            "{}: {}",
            row["kind"].as_str().unwrap(),
            row["detail"].as_str().unwrap()
        )
    };
    let status = told.lines().next().unwrap_or_default().to_owned();
    let losses = losses.lines().map(loss).collect();
    (status, counts(&folder.path().join("out")), losses)
}

/// What CloudWatch Logs hands to a subscription, in base64.
fn subscription() -> String {
    let events = story()
        .into_iter()
        .map(|record| json!({"id": "1", "timestamp": 1, "message": record.to_string()}));
    let document = json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logEvents": events.collect::<Vec<_>>()});
    STANDARD.encode(gzip(document.to_string().as_bytes()))
}

fn kinesis(data: &[&str]) -> Value {
    let record = |data: &&str| json!({"kinesis": {"data": data}, "eventSource": "aws:kinesis", "eventName": "aws:kinesis:record"});
    json!({"Records": data.iter().map(record).collect::<Vec<_>>()})
}

#[test]
fn a_damaged_payload_of_a_subscription_is_a_loss_wherever_it_stands() {
    let good = subscription();
    let mut bytes = STANDARD.decode(&good).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8].fill(0xff);
    let gzip_broken = STANDARD.encode(&bytes);
    let no_base64 = format!("{}!!{}", &good[..50], &good[52..]);
    let pulled = |data: &str| json!({"Records": [{"SequenceNumber": "1", "PartitionKey": "p", "Data": data}]});
    for broken in [&no_base64, &gzip_broken, &"!!!".to_owned()] {
        for document in [
            json!({"awslogs": {"data": broken}}),
            kinesis(&[broken]),
            pulled(broken),
        ] {
            let (status, _, losses) = scanned("a.json", document.to_string().as_bytes());
            assert_eq!(status, "exit status 3", "{document}");
            assert!(!losses.is_empty(), "{document}");
        }
        let both = kinesis(&[&good, broken]).to_string();
        let (status, told, losses) = scanned("a.json", both.as_bytes());
        assert_eq!(status, "exit status 3", "{broken}: {told}");
        assert!(!losses.is_empty(), "{broken}");
    }
    let (_, told, losses) = scanned(
        "a.json",
        kinesis(&[&good, &no_base64]).to_string().as_bytes(),
    );
    assert_eq!(losses, ["malformed-json: the payload is no base64"]);
    assert!(told.ends_with("records 4/3/0/0/1"), "{told}");
    for document in [
        json!({"awslogs": {"data": good}}),
        kinesis(&[&good]),
        pulled(&good),
    ] {
        let (status, told, _) = scanned("a.json", document.to_string().as_bytes());
        assert_eq!(status, "exit status 0", "{document}");
        assert!(told.ends_with("records 3/3/0/0/0"), "{told}");
    }
}

#[test]
fn a_table_of_one_column_is_named_as_one_of_several_is() {
    let cell = |record: &Value| format!("\"{}\"\n", record.to_string().replace('"', "\"\""));
    let text: String = story().iter().map(cell).collect();
    for heading in ["\"eventJson\"", "eventjson", "eventID,eventJson"] {
        let table = format!("{heading}\n{text}");
        for (name, bytes) in [
            ("r.csv", table.clone().into_bytes()),
            ("result_1.csv.gz", gzip(table.as_bytes())),
        ] {
            let (status, _, losses) = scanned(name, &bytes);
            assert_eq!(status, "exit status 3", "{heading} {name}");
            let expected = "unread-form: a CSV of CloudTrail Lake: recognised, but not read";
            assert_eq!(losses, [expected], "{heading} {name}");
        }
    }
}

#[test]
fn a_text_that_is_a_whole_log_file_is_read() {
    let text = String::from_utf8(log(&story())).unwrap();
    for document in [
        json!({"events": [{"timestamp": 1, "message": text}]}),
        json!({"result": {"_raw": text}}),
        json!({"event": {"original": text}}),
        json!({"event.original": text}),
        json!({"Events": [{"EventId": "x", "EventName": "A", "CloudTrailEvent": text}]}),
    ] {
        let (status, told, losses) = scanned("a.json", document.to_string().as_bytes());
        assert_eq!(
            (status.as_str(), losses.len()),
            ("exit status 0", 0),
            "{document}"
        );
        assert!(told.ends_with("records 3/3/0/0/0"), "{told} {document}");
    }
    // Of one that breaks off the whole records are read, and the end is told.
    let message = &text[..text.len() - 40];
    let cut = json!({"events": [{"timestamp": 1, "message": message}]});
    let (status, told, losses) = scanned("a.json", cut.to_string().as_bytes());
    assert_eq!(status, "exit status 3", "{told}");
    assert!(
        losses[0].starts_with("truncated-json: in a payload"),
        "{losses:?}"
    );
    assert!(told.ends_with("records 3/2/0/0/1"), "{told}");
}
