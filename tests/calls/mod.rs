//! A few calls on one bucket, written as records and scanned.

use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use serde_json::{Value, json};
use std::fs;

pub const BUCKET: &str = "amzn-s3-demo-bucket";

/// One record: at that minute of the day, this call with these parameters, and whatever else the record holds.
fn record(day: &str, (index, call): (usize, &Value)) -> Value {
    let minute = call["t"].as_str().unwrap_or("00:00");
    let mut record = json!({
        "eventVersion": "1.09",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Operator/ana.silva", "accountId": "111122223333"},
        "eventTime": format!("{day}T{minute}:00Z"),
        "eventSource": "s3.amazonaws.com",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.10",
        "requestParameters": {"bucketName": BUCKET},
        "eventID": format!("00000000-0000-4000-8000-{index:012}"),
        "recipientAccountId": "111122223333",
    });
    for (key, value) in call
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, _)| *key != "t")
    {
        match key.as_str() {
            "is" => record["eventName"] = value.clone(),
            "asks" => {
                for (name, asked) in value.as_object().unwrap() {
                    record["requestParameters"][name] = asked.clone();
                }
            }
            "for" => record["requestParameters"] = value.clone(),
            "served" => record["additionalEventData"] = json!({"bytesTransferredOut": value}),
            key => record[key] = value.clone(),
        }
    }
    record
}

/// What is told of these calls.
pub fn run(day: &str, calls: &[Value]) -> Analysis {
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|call| record(day, call))
        .collect();
    fs::write(
        folder.path().join("log.json"),
        json!({"Records": records}).to_string(),
    )
    .unwrap();
    let source = DirSource::new(vec![folder.path().to_owned()]);
    scan(&source, &Options::default(), &()).unwrap()
}

/// `public-policy` and its like stand for the documents that they name.
pub fn filled(mut call: Value) -> Value {
    let policy = |principal: Value| {
        json!({"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": principal, "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*")}]}})
    };
    let flags = |on: &[&str]| {
        let all = [
            "BlockPublicAcls",
            "IgnorePublicAcls",
            "BlockPublicPolicy",
            "RestrictPublicBuckets",
        ];
        let flags = all
            .iter()
            .map(|flag| ((*flag).to_owned(), on.contains(flag).into()));
        json!({"PublicAccessBlockConfiguration": Value::Object(flags.collect())})
    };
    let stranger = |id: &str| json!({"type": "AWSAccount", "principalId": "", "accountId": id});
    let asked = match call["asks"].as_str() {
        Some("a public policy") => Some(policy(json!("*"))),
        Some("a policy for the own account") => {
            Some(policy(json!({"AWS": "arn:aws:iam::111122223333:root"})))
        }
        Some("public-read") => Some(json!({"acl": "", "x-amz-acl": "public-read"})),
        Some("private") => Some(json!({"acl": "", "x-amz-acl": "private"})),
        Some("enforced") => {
            Some(json!({"OwnershipControls": {"Rule": {"ObjectOwnership": "BucketOwnerEnforced"}}}))
        }
        Some("all flags") => Some(flags(&[
            "BlockPublicAcls",
            "IgnorePublicAcls",
            "BlockPublicPolicy",
            "RestrictPublicBuckets",
        ])),
        Some("restrict") => Some(flags(&["RestrictPublicBuckets"])),
        Some("ignore") => Some(flags(&["IgnorePublicAcls"])),
        Some("refusing flags") => Some(flags(&["BlockPublicAcls", "BlockPublicPolicy"])),
        Some("one flag") => {
            Some(json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}}))
        }
        Some(other) => panic!("nothing is called {other}"),
        None => None,
    };
    if let Some(asked) = asked {
        call["asks"] = asked;
    }
    match call["userIdentity"].as_str() {
        Some("nobody") => call["userIdentity"] = stranger("anonymous"),
        Some("nobody, as of 2018") => call["userIdentity"] = stranger("ANONYMOUS_PRINCIPAL"),
        Some(account) => call["userIdentity"] = stranger(account),
        None => {}
    }
    call
}
