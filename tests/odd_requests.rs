//! What becomes of requests from outside that say too little, or what cannot be? Each loss has its line.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use serde_json::{Value, json};
use std::fs;

fn request(more: Value) -> Value {
    let mut record = json!({"eventTime": "2024-05-01T10:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventID": "e-1",
        "recipientAccountId": "111122223333", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7", "userAgent": "[curl/8]",
        "userIdentity": {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}, "eventCategory": "Data",
        "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "key": "a"},
        "additionalEventData": {"bytesTransferredOut": 10}});
    for (key, value) in more.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

fn analysed(records: &[Value]) -> Analysis {
    let folder = tempfile::tempdir().unwrap();
    let text = json!({ "Records": records }).to_string();
    fs::write(folder.path().join("a.json"), text).unwrap();
    let source = DirSource::new(vec![folder.path().to_owned()]);
    scan(&source, &Options::default(), &()).unwrap()
}

fn losses(analysis: &Analysis) -> Vec<(Option<u64>, &'static str)> {
    let losses = analysis.losses.iter();
    losses
        .map(|loss| (loss.record_index, loss.kind.name()))
        .collect()
}

#[test]
fn a_byte_count_that_is_none_is_a_loss_and_the_request_counts() {
    let counts = [
        json!(-1),
        json!(0.5),
        json!("many"),
        json!(1e30),
        json!(20.0),
        json!("30"),
        Value::Null,
    ];
    let records: Vec<Value> = counts
        .iter()
        .enumerate()
        .map(|(number, bytes)| {
            let data = json!({"bytesTransferredOut": bytes});
            request(json!({"eventID": format!("e-{number}"), "additionalEventData": data}))
        })
        .collect();
    let analysis = analysed(&records);
    let unsound: Vec<_> = (0..4)
        .map(|number| (Some(number), "unsound-bytes"))
        .collect();
    assert_eq!(losses(&analysis), unsound);
    assert_eq!((analysis.counts.used, analysis.counts.lost), (7, 0));
    let seen = &analysis.exposures[0].attendance;
    assert_eq!((seen.requests, seen.bytes), (7, 50));
}

#[test]
fn a_success_that_cannot_be_placed_is_lost_and_a_failure_is_of_no_interest() {
    let analysis = analysed(&[
        request(json!({"eventTime": null})),
        request(json!({"requestParameters": null})),
        request(json!({"requestParameters": null, "errorCode": "AccessDenied"})),
        request(json!({})),
    ]);
    let expected = [(Some(0), "missing-field"), (Some(1), "no-bucket")];
    assert_eq!(losses(&analysis), expected);
    let counts = &analysis.counts;
    assert_eq!(
        (counts.used, counts.lost, counts.not_of_interest),
        (1, 2, 1)
    );
    assert!(counts.add_up());
}

#[test]
fn copies_count_once_and_the_smallest_citation_is_quoted() {
    let analysis = analysed(&[
        request(json!({"eventID": "e-2", "eventTime": "2024-05-01T10:00:05Z"})),
        request(json!({})),
        request(json!({})),
    ]);
    let seen = &analysis.exposures[0].attendance;
    assert_eq!((seen.requests, analysis.counts.duplicates), (2, 1));
    let opened = analysis.exposures[0].opened.as_ref().unwrap();
    assert_eq!(opened.citation.record_index, 1);
}
