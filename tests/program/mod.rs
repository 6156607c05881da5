//! How is the program run as a user runs it? Folders, records and whole commands, for the tests of the command line.
#![allow(dead_code, reason = "each test uses some of it")]

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

/// Runs the program in a folder and tells how it ended.
pub fn leaktrail(folder: &Path, words: &[&str]) -> String {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_leaktrail"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .expect("a run");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    format!(
        "exit status {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().expect("a status"),
        text(&output.stdout),
        text(&output.stderr)
    )
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

pub fn put(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, bytes).expect("a file");
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

/// A record of a call on a bucket by alice.
pub fn record(at: &str, name: &str, parameters: Value) -> Value {
    let mut parameters = parameters;
    parameters["bucketName"] = json!("amzn-s3-demo-bucket");
    json!({
        "eventVersion": "1.09",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice", "accountId": "111122223333", "userName": "alice"},
        "eventTime": at, "eventSource": "s3.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli/2.15", "requestParameters": parameters, "responseElements": null,
        "eventID": format!("{at}-{name}"),
        "recipientAccountId": "111122223333", "eventCategory": "Management"
    })
}

pub fn public_policy() -> Value {
    json!({"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}]}})
}

pub fn log(records: &[Value]) -> Vec<u8> {
    json!({ "Records": records }).to_string().into_bytes()
}

/// Opened at nine, closed at ten.
pub fn story() -> Vec<Value> {
    vec![
        record(
            "2024-03-04T08:59:00Z",
            "DeleteBucketPublicAccessBlock",
            json!({}),
        ),
        record("2024-03-04T09:00:00Z", "PutBucketPolicy", public_policy()),
        record(
            "2024-03-04T10:00:00Z",
            "DeleteBucketPolicy",
            json!({"policy": ""}),
        ),
    ]
}

/// The counts in run.json, as `files found/read/skipped/lost, records found/used/not of interest/duplicates/lost`.
pub fn counts(report: &Path) -> String {
    let run: Value = serde_json::from_slice(&fs::read(report.join("run.json")).expect("run.json"))
        .expect("JSON");
    let of = |part: &str, names: &[&str]| {
        let numbers: Vec<String> = names
            .iter()
            .map(|name| run[part][name].to_string())
            .collect();
        numbers.join("/")
    };
    format!(
        "files {}, records {}",
        of("files", &["found", "read", "skipped", "lost"]),
        of(
            "records",
            &["found", "used", "not_of_interest", "duplicates", "lost"]
        )
    )
}

/// The losses table, without sizes that a compressor decides.
pub fn losses(report: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(report.join("losses.jsonl")).expect("losses.jsonl");
    let line = |line: &str| {
        let row: Value = serde_json::from_str(line).expect("JSON");
        let name = row["log_file"]
            .as_str()
            .expect("a name")
            .rsplit('/')
            .next()
            .expect("a name")
            .to_owned();
        (name, row["kind"].as_str().expect("a kind").to_owned())
    };
    text.lines().map(line).collect()
}
