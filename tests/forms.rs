//! Is what lies where, came twice or came late taken as what it is? Sources, layouts, partitions, copies, addenda.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;

use program::{counts, folder, gzip, leaktrail, log, public_policy, put, record, story};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Scans with these words and gives what a table holds.
fn table(folder: &TempDir, words: &[&str], table: &str) -> String {
    let words = [words, &["-o", "out", "--force", "-q", "-f", "jsonl"]].concat();
    let told = leaktrail(folder.path(), &[&["scan"], words.as_slice()].concat());
    assert!(told.starts_with("exit status 0\n"), "{told}");
    fs::read_to_string(folder.path().join(format!("out/{table}.jsonl"))).expect("a table")
}

fn rows(text: &str) -> Vec<Value> {
    let row = |line: &str| serde_json::from_str(line).expect("JSON");
    text.lines().map(row).collect()
}

fn piped(folder: &Path, words: &[&str], bytes: Vec<u8>) -> (i32, String) {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_leaktrail"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .write_stdin(bytes)
        .output()
        .expect("a run");
    let stdout = String::from_utf8(output.stdout).expect("text");
    (output.status.code().expect("a status"), stdout)
}

#[test]
fn standard_input_is_a_source_whatever_is_piped_in() {
    let folder = folder();
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_path("a.json.gz").unwrap();
    let member = gzip(&log(&story()));
    header.set_size(member.len() as u64);
    header.set_cksum();
    archive.append(&header, member.as_slice()).unwrap();
    let lines: String = story().iter().map(|record| format!("{record}\n")).collect();
    for bytes in [
        log(&story()),
        gzip(&log(&story())),
        lines.into_bytes(),
        archive.into_inner().unwrap(),
    ] {
        let size = bytes.len();
        let (status, _) = piped(
            folder.path(),
            &["scan", "-", "-o", "out", "--force", "-q"],
            bytes.clone(),
        );
        assert_eq!(status, 0);
        assert!(counts(&folder.path().join("out")).ends_with("records 3/3/0/0/0"));
        let files = rows(&fs::read_to_string(folder.path().join("out/log_files.jsonl")).unwrap());
        assert_eq!(
            (&files[0]["log_file"], &files[0]["bytes"]),
            (&json!("-"), &json!(size))
        );
        let (status, lines) = piped(
            folder.path(),
            &["filter", "-", "--preset", "bucket-policy-change", "-q"],
            bytes,
        );
        assert_eq!((status, lines.lines().count()), (0, 2));
    }
    let (status, _) = piped(folder.path(), &["scan", "-", "-q"], Vec::new());
    assert_eq!(status, 3, "nothing was piped in");
}

/// One copy of an event cannot be read and agrees with any: whether two others that differ are told so rests on no order.
#[test]
fn a_copy_that_cannot_be_read_hides_none_that_can() {
    let public = record("2024-03-04T09:00:00Z", "PutBucketPolicy", public_policy());
    let altered = |from: &str, to: &str| -> Value {
        serde_json::from_str(&public.to_string().replace(from, to)).unwrap()
    };
    let unreadable = altered("\"Statement\"", "\"Atatement\"");
    let foreign = altered(
        "\"Principal\":\"*\"",
        "\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"}",
    );
    let told = |copies: &[&Value]| {
        let folder = folder();
        for (number, copy) in copies.iter().enumerate() {
            let text = log(&[(*copy).clone()]);
            fs::write(folder.path().join(format!("{number}.json")), text).unwrap();
        }
        let told = leaktrail(
            folder.path(),
            &["scan", ".", "-o", "out", "-q", "-f", "jsonl"],
        );
        assert!(told.starts_with("exit status 3\n"), "{told}");
        let table = |name: &str| rows(&fs::read_to_string(folder.path().join(name)).unwrap());
        let kinds = table("out/contradictions.jsonl");
        let kinds: Vec<String> = kinds.iter().map(|row| row["kind"].to_string()).collect();
        (table("out/exposures.jsonl").len(), kinds)
    };
    let differ = vec!["\"copies-differ\"".to_owned()];
    for (first, second) in [(&public, &unreadable), (&unreadable, &public)] {
        assert_eq!(told(&[first, second]), (1, vec![]));
    }
    for copies in [
        [&public, &foreign, &unreadable],
        [&public, &unreadable, &foreign],
        [&foreign, &public, &unreadable],
        [&foreign, &unreadable, &public],
        [&unreadable, &public, &foreign],
        [&unreadable, &foreign, &public],
    ] {
        assert_eq!(told(&copies), (0, differ.clone()));
    }
}

fn delivered(day: &str) -> String {
    format!(
        "logs/{}/111122223333_CloudTrail_us-east-1_{}T0905Z_p8JWK2YCxLL9EPqK.json.gz",
        day,
        day.replace('-', "")
    )
}

#[test]
fn files_are_chosen_by_delivery_and_pattern_and_counted_when_they_are_not_read() {
    let folder = folder();
    for (day, record) in ["2024-03-03", "2024-03-04", "2024-03-05", "2024-03-20"]
        .iter()
        .zip(story().iter().cycle())
    {
        put(
            &folder,
            &delivered(day),
            gzip(&log(std::slice::from_ref(record))),
        );
    }
    put(&folder, "logs/renamed.json", log(&story()));
    for (words, skipped) in [
        (&[][..], json!({})),
        (
            &["--read-from", "2024-03-04T12:00:00Z"],
            json!({"delivered-before": 1}),
        ),
        (&["--read-to", "2024-03-03"], json!({"delivered-after": 2})),
        (&["--read-to", "2024-03-03", "--complete"], json!({})),
        (
            &["--include", "2024-03-0?/*", "--include", "renamed*"],
            json!({"not-included": 1}),
        ),
        (
            &["--exclude", "*_us-east-1_*", "--read-from", "2024-03-20"],
            json!({"excluded": 4}),
        ),
    ] {
        table(&folder, &[&["logs"], words].concat(), "exposures");
        let run: Value =
            serde_json::from_slice(&fs::read(folder.path().join("out/run.json")).unwrap()).unwrap();
        assert_eq!(run["files"]["skipped_because"], skipped, "{words:?}");
        assert_eq!(run["files"]["found"], 5, "{words:?}");
    }
    let told = leaktrail(
        folder.path(),
        &["scan", "logs", "--read-from", "2024-03-04"],
    );
    assert!(
        told.contains(
            "files that were not read: delivered before 2024-03-04, so what came before is unseen"
        ),
        "{told}"
    );
    let told = leaktrail(folder.path(), &["scan", "logs", "--complete"]);
    assert!(
        told.starts_with("exit status 2\n") && told.contains("--read-to"),
        "{told}"
    );
}

/// The records of one call in the trails of two accounts: own eventIDs, one sharedEventID.
fn shared(record: &Value, recipient: &str, id: &str) -> Value {
    let mut copy = record.clone();
    copy["sharedEventID"] = json!("4a3d1c2b-0000-4000-8000-000000000001");
    copy["recipientAccountId"] = json!(recipient);
    copy["eventID"] = json!(id);
    copy["resources"] = json!([{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket", "accountId": "111122223333"}]);
    copy
}

#[test]
fn copies_of_one_call_in_two_accounts_are_one_change() {
    let folder = folder();
    let call = record("2024-03-04T09:00:00Z", "PutBucketPolicy", public_policy());
    put(
        &folder,
        "logs/caller.json",
        log(&[shared(&call, "444455556666", "caller")]),
    );
    put(
        &folder,
        "logs/owner.json",
        log(&[shared(&call, "111122223333", "owner")]),
    );
    let changes = rows(&table(&folder, &["logs"], "changes"));
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (&changes[0]["event_id"], &changes[0]["account_id"]),
        (&json!("owner"), &json!("111122223333"))
    );
    assert_eq!(
        counts(&folder.path().join("out")),
        "files 2/2/0/0, records 2/1/0/1/0"
    );
}

#[test]
fn an_addendum_amends_the_event_that_it_names() {
    let original = record("2024-03-04T09:00:00Z", "PutBucketPolicy", json!({}));
    let mut late = record("2024-03-04T09:00:00Z", "PutBucketPolicy", public_policy());
    late["eventID"] = json!("late");
    late["addendum"] = json!({"reason": "UPDATED_DATA", "updatedFields": "requestParameters, responseElements",
        "originalEventID": original["eventID"], "originalRequestID": "x"});
    late["userIdentity"]["arn"] = json!("not among the updated fields");
    for files in [[&original, &late], [&late, &original]] {
        let folder = folder();
        for (number, record) in files.iter().enumerate() {
            put(
                &folder,
                &format!("logs/{number}.json"),
                log(&[(*record).clone()]),
            );
        }
        put(&folder, "logs/again.json", log(std::slice::from_ref(&late)));
        let words = ["scan", "logs", "-o", "out", "-q"];
        leaktrail(folder.path(), &words);
        let changes = rows(&fs::read_to_string(folder.path().join("out/changes.jsonl")).unwrap());
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0]["event_id"], original["eventID"]);
        assert_eq!(changes[0]["effect"], "opened");
        assert_eq!(changes[0]["actor"], "arn:aws:iam::111122223333:user/alice");
        assert!(changes[0]["record"].as_str().unwrap().contains("\"late\""));
        assert_eq!(
            counts(&folder.path().join("out")),
            "files 3/3/0/0, records 3/2/0/1/0"
        );
    }
    let folder = folder();
    put(&folder, "logs/late.json", log(&[late]));
    let changes = rows(&table(&folder, &["logs"], "changes"));
    assert_eq!(
        (changes.len(), &changes[0]["event_id"]),
        (1, &original["eventID"]),
        "without the original it is the event"
    );
    let mut delayed = record("2024-03-04T09:00:00Z", "PutBucketPolicy", public_policy());
    delayed["addendum"] = json!({"reason": "DELIVERY_DELAY"});
    put(&folder, "delayed/a.json", log(&[delayed]));
    assert_eq!(rows(&table(&folder, &["delayed"], "changes")).len(), 1);
}

#[test]
fn every_layout_of_a_trail_tells_the_same() {
    let name = "111122223333_CloudTrail_eu-west-1_20240304T1005Z_p8JWK2YCxLL9EPqK.json.gz";
    let old = "111122223333_CloudTrail_eu-west-1_20240304T1005ZHdkvFTXOA3Vnhbc.json.gz";
    let below = "111122223333/CloudTrail/eu-west-1/2024/03/04";
    let mut first = None;
    for path in [
        format!("AWSLogs/{below}/{name}"),
        format!("some/prefix/AWSLogs/o-exampleorgid/{below}/{name}"),
        format!("o-exampleorgid/AWSLogs/o-exampleorgid/{below}/{name}"),
        name.to_owned(),
        old.to_owned(),
        "flat00.json.gz".to_owned(),
        "merged".to_owned(),
    ] {
        let folder = folder();
        put(&folder, &format!("logs/{path}"), gzip(&log(&story())));
        let told = table(&folder, &["logs"], "exposures");
        assert_eq!(*first.get_or_insert(told.clone()), told, "{path}");
    }
}

#[test]
fn two_trails_into_one_bucket_repeat_and_do_not_count_twice() {
    let folder = folder();
    put(&folder, "logs/multi-region.json.gz", gzip(&log(&story())));
    put(
        &folder,
        "logs/single-region.json.gz",
        gzip(&log(&story()[1..])),
    );
    assert_eq!(rows(&table(&folder, &["logs"], "changes")).len(), 3);
    assert_eq!(
        counts(&folder.path().join("out")),
        "files 2/2/0/0, records 5/3/0/2/0"
    );
}

#[test]
fn the_other_partitions_are_judged_alike() {
    let verdicts = |partition: &str, region: &str| {
        let folder = folder();
        let text = String::from_utf8(log(&story())).unwrap();
        let text = text
            .replace("arn:aws:", &format!("arn:{partition}:"))
            .replace("eu-west-1", region);
        put(
            &folder,
            &format!(
                "logs/111122223333_CloudTrail_{region}_20240304T1005Z_p8JWK2YCxLL9EPqK.json.gz"
            ),
            gzip(text.as_bytes()),
        );
        let timeline = rows(&table(&folder, &["logs", "--region", region], "timeline"));
        timeline
            .iter()
            .map(|row| row["verdict"].to_string())
            .collect::<Vec<_>>()
    };
    let usual = verdicts("aws", "eu-west-1");
    assert!(usual.contains(&"\"public\"".to_owned()));
    assert_eq!(verdicts("aws-us-gov", "us-gov-west-1"), usual);
    assert_eq!(verdicts("aws-cn", "cn-north-1"), usual);
}

#[test]
fn a_region_in_a_path_leaves_no_file_out() {
    let folder = folder();
    put(
        &folder,
        "logs/111122223333_CloudTrail_us-west-1_20240304T1005Z_p8JWK2YCxLL9EPqK.json.gz",
        gzip(&log(&story())),
    );
    assert_eq!(
        rows(&table(
            &folder,
            &["logs", "--region", "eu-west-1"],
            "exposures"
        ))
        .len(),
        1
    );
}

#[test]
fn insight_and_aggregated_records_are_recognised_in_every_wrapping() {
    let insight = json!({"eventVersion": "1.09", "eventTime": "2024-03-04T08:00:00Z", "eventType": "AwsCloudTrailInsight",
        "eventCategory": "Insight", "eventID": "x", "sharedEventID": "y", "insightDetails": {"state": "Start"}});
    let aggregated = json!({"eventVersion": "1.0", "accountId": "111122223333", "eventId": "x", "eventCategory": "Aggregated",
        "eventType": "AwsAggregatedEvent", "eventSource": "s3.amazonaws.com", "timeWindow": {}, "summary": {}});
    let folder = folder();
    put(&folder, "logs/story.json", log(&story()));
    put(&folder, "logs/list.json", json!([aggregated]).to_string());
    put(
        &folder,
        "logs/lines.jsonl",
        format!("{insight}\n{insight}\n"),
    );
    put(
        &folder,
        "logs/bus.json",
        json!({"detail-type": "AWS Insight via CloudTrail", "detail": insight}).to_string(),
    );
    assert_eq!(rows(&table(&folder, &["logs"], "changes")).len(), 3);
    assert_eq!(
        counts(&folder.path().join("out")),
        "files 4/1/3/0, records 7/3/4/0/0"
    );
}

#[test]
fn a_report_in_the_folder_is_no_evidence() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    let words = ["scan", "logs", "-q", "--force", "-o"];
    leaktrail(folder.path(), &[&words[..], &["logs/report"]].concat());
    leaktrail(folder.path(), &[&words[..], &["out"]].concat());
    let out = folder.path().join("out");
    assert!(counts(&out).ends_with("records 3/3/0/0/0"));
    let losses = program::losses(&out);
    assert!(
        losses.iter().all(|(_, kind)| kind == "empty"),
        "{losses:?}: only its tables without a row are told of"
    );
}

/// Far more text than the limit would hold, in one record after the other.
#[cfg(target_os = "linux")]
#[test]
fn a_file_of_450_megabytes_is_read_in_less_memory() {
    let folder = folder();
    let mut padded = story()[0].clone();
    padded["eventName"] = json!("GetBucketAcl");
    padded["additionalEventData"] = json!("x".repeat(1 << 20));
    let padded = padded.to_string();
    let mut text = b"{\"Records\":[".to_vec();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for record in &story() {
        text.extend(record.to_string().into_bytes());
        text.push(b',');
    }
    std::io::Write::write_all(&mut encoder, &text).unwrap();
    for _ in 0..450 {
        std::io::Write::write_all(&mut encoder, padded.as_bytes()).unwrap();
        std::io::Write::write_all(&mut encoder, b",").unwrap();
    }
    std::io::Write::write_all(&mut encoder, format!("{padded}]}}").as_bytes()).unwrap();
    put(&folder, "big.json.gz", encoder.finish().unwrap());
    let program = env!("CARGO_BIN_EXE_leaktrail");
    let script =
        format!("ulimit -v 400000 && exec '{program}' scan big.json.gz -o out -q --threads 1");
    let status = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .status();
    assert_eq!(status.expect("a run").code(), Some(0));
    assert_eq!(
        counts(&folder.path().join("out")),
        "files 1/1/0/0, records 454/3/451/0/0"
    );
}
