//! What does a user see? Whole commands: exit status, stdout and stderr together.

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

/// Runs the program in a folder and tells how it ended.
fn leaktrail(folder: &Path, words: &[&str]) -> String {
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

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn put(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, bytes).expect("a file");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

/// A record of a call on a bucket by alice.
fn record(at: &str, name: &str, parameters: Value) -> Value {
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

fn public_policy() -> Value {
    json!({"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}]}})
}

fn log(records: &[Value]) -> Vec<u8> {
    json!({ "Records": records }).to_string().into_bytes()
}

/// Opened at nine, closed at ten.
fn story() -> Vec<Value> {
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
fn counts(report: &Path) -> String {
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
fn losses(report: &Path) -> Vec<(String, String)> {
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

#[test]
fn a_missing_source_is_an_error_that_says_what_to_give() {
    insta::assert_snapshot!(leaktrail(folder().path(), &["scan", "nowhere"]), @r#"
        exit status 1
        --- stdout
        --- stderr
        error: `nowhere` does not exist
        hint: give a CloudTrail log file, or a folder with log files below it
        "#);
}

#[test]
fn an_empty_source_is_an_error_that_says_what_was_looked_for() {
    let folder = folder();
    fs::create_dir(folder.path().join("logs")).expect("a folder");
    insta::assert_snapshot!(leaktrail(folder.path(), &["scan", "logs"]), @r#"
        exit status 1
        --- stdout
        --- stderr
        error: no file in `logs`
        hint: looked in every folder below for CloudTrail log files (`*.json.gz`, `*.json`)
        "#);
}

#[test]
fn a_wrong_flag_is_named() {
    insta::assert_snapshot!(leaktrail(folder().path(), &["scan", "logs", "--frmo", "2024-01-01"]), @r#"
        exit status 2
        --- stdout
        --- stderr
        error: unexpected argument '--frmo' found

          tip: a similar argument exists: '--from'

        Usage: leaktrail scan --from <TIME> <SOURCE>...

        For more information, try '--help'.
        "#);
}

#[test]
fn a_wrong_date_says_the_expected_form() {
    insta::assert_snapshot!(leaktrail(folder().path(), &["scan", "logs", "--from", "yesterday"]), @r#"
        exit status 2
        --- stdout
        --- stderr
        error: invalid value 'yesterday' for '--from <TIME>': expected RFC 3339 (2024-01-31T12:00:00Z), a date (2024-01-31) or days back (30d)

        For more information, try '--help'.
        "#);
}

#[test]
fn a_wrong_size_format_account_and_preset_say_what_is_expected() {
    for (words, expected) in [
        (
            &["scan", "logs", "--max-inflated", "lots"][..],
            "expected a size such as 512MiB or 2GiB",
        ),
        (
            &["scan", "logs", "-o", "out", "-f", "xml"],
            "csv, parquet, jsonl",
        ),
        (&["scan", "logs", "--account", "me"], "twelve digits"),
        (
            &["filter", "logs", "--preset", "all"],
            "bucket-policy-change",
        ),
        (&["scan", "logs", "--threads", "0"], "1 to 1024"),
    ] {
        let told = leaktrail(folder().path(), words);
        assert!(
            told.starts_with("exit status 2\n") && told.contains(expected),
            "{words:?}: {told}"
        );
    }
}

#[test]
fn an_output_folder_that_cannot_be_written_is_an_error_before_the_scan() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    put(&folder, "out", "a file is in the way");
    let told = leaktrail(folder.path(), &["scan", "logs", "-o", "out"]);
    assert!(
        told.starts_with("exit status 1\n--- stdout\n--- stderr\nerror: "),
        "{told}"
    );
    assert!(told.contains("`out`"), "{told}");
}

#[test]
fn an_earlier_report_is_replaced_only_by_force() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    assert!(
        leaktrail(folder.path(), &["scan", "logs", "-o", "out", "-q"]).starts_with("exit status 0")
    );
    let told = leaktrail(folder.path(), &["scan", "logs", "-o", "out", "-q"]);
    assert!(
        told.starts_with("exit status 1") && told.contains("--force"),
        "{told}"
    );
    assert!(
        leaktrail(
            folder.path(),
            &["scan", "logs", "-o", "out", "-q", "--force", "-f", "csv"]
        )
        .starts_with("exit status 0")
    );
    assert!(
        !folder.path().join("out/exposures.parquet").exists(),
        "a stale table stayed"
    );
}

#[test]
fn the_report_goes_to_stdout_and_nothing_to_stderr() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    insta::assert_snapshot!(leaktrail(folder.path(), &["scan", "logs"]), @"");
}

#[test]
fn every_form_of_a_log_file_counts_and_tells_the_same() {
    let records = story();
    let whole = log(&records);
    let lines: Vec<u8> = records
        .iter()
        .flat_map(|record| format!("{record}\r\n").into_bytes())
        .collect();
    let members = [gzip(&log(&records[..1])), gzip(&log(&records[1..]))].concat();
    let forms: [(&str, Vec<u8>); 7] = [
        ("plain.json", whole.clone()),
        ("delivered.json.gz", gzip(&whole)),
        ("gzip-without-a-suffix", gzip(&whole)),
        ("plain-with-gz-suffix.json.gz", whole.clone()),
        ("lines.jsonl", lines),
        ("members.json.gz", members),
        ("bom.json", [b"\xef\xbb\xbf".as_slice(), &whole].concat()),
    ];
    let mut first = None;
    for (name, bytes) in forms {
        let folder = folder();
        put(&folder, &format!("logs/{name}"), bytes);
        assert!(
            leaktrail(folder.path(), &["scan", "logs", "-o", "out", "-q"])
                .starts_with("exit status 0\n"),
            "{name}"
        );
        assert_eq!(
            counts(&folder.path().join("out")),
            "files 1/1/0/0, records 3/3/0/0/0",
            "{name}"
        );
        let told =
            fs::read_to_string(folder.path().join("out/exposures.csv")).expect("exposures.csv");
        assert_eq!(*first.get_or_insert(told.clone()), told, "{name}");
    }
}

#[test]
fn damage_is_used_as_far_as_it_goes_and_the_rest_is_named() {
    let whole = log(&story());
    let gz = gzip(&whole);
    let cut = |bytes: &[u8], left: usize| bytes[..bytes.len() - left].to_vec();
    let text = String::from_utf8(whole.clone()).expect("text");
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        (
            "cut.json",
            cut(&whole, 40),
            "files 1/1/0/0, records 3/2/0/0/1",
            "truncated-json",
        ),
        (
            "cut.json.gz",
            cut(&gz, 9),
            "files 1/1/0/0, records 3/3/0/0/0",
            "truncated-gzip",
        ),
        (
            "tail.json.gz",
            [gz.clone(), b"garbage".to_vec()].concat(),
            "files 1/1/0/0, records 3/3/0/0/0",
            "trailing-bytes",
        ),
        (
            "none.json.gz",
            Vec::new(),
            "files 1/0/0/1, records 0/0/0/0/0",
            "empty",
        ),
        (
            "noise.json.gz",
            (0u8..200).rev().collect(),
            "files 1/0/0/1, records 0/0/0/0/0",
            "not-json",
        ),
        (
            "wide.json",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "files 1/0/0/1, records 0/0/0/0/0",
            "encoding",
        ),
        (
            "odd.json",
            log(&[json!("a string"), story()[1].clone()]),
            "files 1/1/0/0, records 2/1/0/0/1",
            "not-a-record",
        ),
        (
            "timeless.json",
            log(&[
                record("soon", "PutBucketPolicy", public_policy()),
                story()[1].clone(),
            ]),
            "files 1/1/0/0, records 2/1/0/0/1",
            "missing-field",
        ),
        (
            "deep.json",
            log(&[story()[1].clone()])
                .iter()
                .copied()
                .chain(deep())
                .collect(),
            "files 1/1/0/0, records 2/1/0/0/1",
            "too-deep",
        ),
    ];
    for (name, bytes, expected, kind) in cases {
        let folder = folder();
        put(&folder, &format!("logs/{name}"), bytes);
        let told = leaktrail(folder.path(), &["scan", "logs", "-o", "out", "-q"]);
        assert!(told.starts_with("exit status 3\n"), "{name}: {told}");
        assert_eq!(counts(&folder.path().join("out")), expected, "{name}");
        assert_eq!(
            losses(&folder.path().join("out")),
            [(name.to_owned(), kind.to_owned())],
            "{name}"
        );
    }
}

fn deep() -> Vec<u8> {
    let open = "{\"a\":".repeat(10_000);
    format!("\n{open}1{}", "}".repeat(10_000))
        .replacen("{\"a\":", "{\"eventName\":\"x\",\"a\":", 1)
        .into_bytes()
}

#[test]
fn what_is_no_log_file_is_skipped_by_name_and_no_loss() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    put(&folder, "logs/.DS_Store", [0, 0, 0, 1, 66, 117, 100, 49]);
    put(&folder, "logs/notes.txt", "call Bob");
    put(&folder, "logs/package.json", "{\"name\": \"x\"}");
    put(
        &folder,
        "logs/digest.json",
        "{\"awsAccountId\":\"111122223333\",\"digestStartTime\":\"2024-03-04T08:00:00Z\",\"digestEndTime\":\"2024-03-04T09:00:00Z\",\"logFiles\":[]}",
    );
    put(
        &folder,
        "logs/insight.json",
        log(&[
            json!({"eventVersion": "1.09", "eventTime": "2024-03-04T08:00:00Z", "eventType": "AwsCloudTrailInsight", "eventCategory": "Insight", "eventID": "x", "insightDetails": {}}),
        ]),
    );
    put(
        &folder,
        "logs/aggregated.json",
        log(&[
            json!({"eventVersion": "1.0", "eventCategory": "Aggregated", "eventType": "AwsAggregatedEvent", "eventId": "x", "eventSource": "s3.amazonaws.com"}),
        ]),
    );
    let told = leaktrail(folder.path(), &["scan", "logs", "-o", "out", "-q"]);
    assert!(told.starts_with("exit status 0\n"), "{told}");
    assert_eq!(
        counts(&folder.path().join("out")),
        "files 7/1/6/0, records 5/3/2/0/0"
    );
}

#[test]
fn the_size_cap_stops_a_bomb() {
    let folder = folder();
    let bomb = [b"{\"Records\":[".to_vec(), vec![b' '; 4 << 20]].concat();
    put(&folder, "logs/bomb.json.gz", gzip(&bomb));
    let told = leaktrail(
        folder.path(),
        &["scan", "logs", "-o", "out", "-q", "--max-inflated", "1MiB"],
    );
    assert!(told.starts_with("exit status 3\n"), "{told}");
    assert!(
        losses(&folder.path().join("out"))
            .contains(&("bomb.json.gz".to_owned(), "size-cap".to_owned()))
    );
}

#[test]
fn the_filter_prints_matching_records_as_they_were_written() {
    let folder = folder();
    let written =
        "{\"eventSource\" : \"s3.amazonaws.com\",\"eventName\":\"PutBucketCors\",\"x\":1.50}";
    put(
        &folder,
        "logs/a.json",
        format!(
            "{{\"Records\":[{written},{{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\"}}]}}"
        ),
    );
    let told = leaktrail(
        folder.path(),
        &["filter", "logs", "--preset", "bucket-policy-change", "-q"],
    );
    assert_eq!(
        told,
        format!("exit status 0\n--- stdout\n{written}\n--- stderr\n")
    );
}

#[test]
fn rows_are_limited_and_state_is_not() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    let exposures = |words: &[&str]| {
        let all = [
            &["scan", "logs", "-o", "out", "-q", "--force", "-f", "jsonl"],
            words,
        ]
        .concat();
        assert!(
            leaktrail(folder.path(), &all).starts_with("exit status 0"),
            "{words:?}"
        );
        fs::read_to_string(folder.path().join("out/exposures.jsonl"))
            .expect("exposures.jsonl")
            .lines()
            .count()
    };
    assert_eq!(exposures(&[]), 1);
    assert_eq!(exposures(&["--from", "2024-03-04T09:30:00Z"]), 1);
    assert_eq!(exposures(&["--from", "2024-03-04T10:00:00Z"]), 0);
    assert_eq!(exposures(&["--to", "2024-03-04T09:00:00Z"]), 0);
    assert_eq!(exposures(&["--bucket", "amzn-*"]), 1);
    assert_eq!(exposures(&["--bucket", "other"]), 0);
    assert_eq!(exposures(&["--account", "444455556666"]), 0);
    assert_eq!(exposures(&["--region", "eu-west-1"]), 1);
}

#[test]
fn judge_tells_verdict_reason_and_what_decided() {
    let folder = folder();
    put(
        &folder,
        "policy.json",
        public_policy()["bucketPolicy"].to_string(),
    );
    put(
        &folder,
        "block.json",
        "{\"PublicAccessBlockConfiguration\":{\"RestrictPublicBuckets\":true}}",
    );
    insta::assert_snapshot!(leaktrail(folder.path(), &["judge", "policy.json"]), @r#"
        exit status 0
        --- stdout
        public (proven)
          reason: the bucket policy lets in anyone from outside, and no block or ownership setting silences it (S3 User Guide: the meaning of public)
          decided by: statement 1
          who: everyone
          may: read
          on: *
          through: bucket-policy
          S3 calls the policy public: true
        --- stderr
        "#);
    insta::assert_snapshot!(leaktrail(folder.path(), &["judge", "policy.json", "block.json", "--format", "json"]), @r#"
        exit status 0
        --- stdout
        {
          "verdict": "private",
          "aws_public": "true",
          "certainty": "proven",
          "assumptions": [],
          "permissions": [],
          "principals": [],
          "resources": [],
          "qualifiers": [],
          "mechanisms": [],
          "latent": true,
          "decided_by": [
            "statement 1"
          ],
          "reason": "RestrictPublicBuckets silences the public bucket policy (S3 User Guide: blocking public access)"
        }
        --- stderr
        "#);
}

#[test]
fn judge_refuses_what_it_cannot_use() {
    let folder = folder();
    put(&folder, "note.json", "{\"a\": 1}");
    put(&folder, "broken.json", "{\"Statement\": [");
    for (words, expected) in [
        (&["judge", "note.json"][..], "neither a policy"),
        (&["judge", "broken.json"], "is not JSON"),
        (&["judge", "absent.json"], "cannot read `absent.json`"),
    ] {
        let told = leaktrail(folder.path(), words);
        assert!(
            told.starts_with("exit status 1\n") && told.contains(expected),
            "{words:?}: {told}"
        );
    }
}
