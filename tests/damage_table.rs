//! What exactly is told of each kind of bad input? One row for each, with its ledger lines and what was salvaged.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "fixture/archive.rs"]
mod archive;
#[path = "fixture/ledger.rs"]
mod ledger;
mod program;

use archive::{tar, zip};
use leaktrail::analysis::Counts;
use ledger::{of, scanned, told};
use program::{folder, gzip, log, put, record, story};
use serde_json::json;
use std::io::Write as _;

fn whole() -> Vec<u8> {
    log(&story())
}

/// Bytes that do not compress, so that what is cut is the same whatever the compressor.
fn stored(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(text).expect("gzip");
    encoder.finish().expect("gzip")
}

#[test]
fn truncated_gzip() {
    let gz = stored(&whole());
    let name = "111122223333_CloudTrail_eu-west-1_20240304T1005Z_p8JWK2YCxLL9EPqK.json.gz";
    insta::assert_snapshot!(of(name, &gz[..gz.len() - 300]), @r#"
        111122223333_CloudTrail_eu-west-1_20240304T1005Z_p8JWK2YCxLL9EPqK.json.gz: read, 2 of 3 records used
          truncated-gzip in 111122223333_CloudTrail_eu-west-1_20240304T1005Z_p8JWK2YCxLL9EPqK.json.gz, record -, from byte 1518, - bytes: the gzip stream ends before its end
          truncated-json in 111122223333_CloudTrail_eu-west-1_20240304T1005Z_p8JWK2YCxLL9EPqK.json.gz, record 2, from byte 1251, 252 bytes: the text ends inside a value
        "#);
}

#[test]
fn truncated_json() {
    let text = whole();
    insta::assert_snapshot!(of("a.json", &text[..text.len() - 40]), @r#"
        a.json: read, 2 of 3 records used
          truncated-json in a.json, record 2, from byte 1251, 504 bytes: the text ends inside a value
        "#);
}

#[test]
fn garbage_after_a_member() {
    insta::assert_snapshot!(of("a.json.gz", [stored(&whole()), b"<html>".to_vec()].concat()), @r#"
        a.json.gz: read, 3 of 3 records used
          trailing-bytes in a.json.gz, record -, from byte 1818, 6 bytes: 6 bytes that are no gzip member follow a member
        "#);
}

#[test]
fn garbage_between_documents() {
    let parts = [log(&story()[..1]), b"\noops\n".to_vec(), log(&story()[1..])];
    insta::assert_snapshot!(of("a.json", parts.concat()), @r#"
        a.json: read, 3 of 3 records used
          malformed-json in a.json, record -, from byte 567, 5 bytes: bytes between documents that are no JSON
        "#);
}

#[test]
fn a_wrong_suffix() {
    insta::assert_snapshot!(of("plain.json.gz", whole()), @r"plain.json.gz: read, 3 of 3 records used");
    insta::assert_snapshot!(of("compressed.json", gzip(&whole())), @r"compressed.json: read, 3 of 3 records used");
}

/// What is no JSON and holds records' members is a part of a log file, whatever its name.
#[test]
fn a_part_of_a_log_file() {
    let quoted = r#"s":"AKIA"},\"eventID\" : \"1\",\"eventName\":\"PutBucketPolicy\"}"}"#;
    insta::assert_snapshot!(of("part-ab", quoted), @r#"
        part-ab: lost, 0 of 0 records used
          not-json in part-ab, record -, from byte 0, - bytes: no JSON, though CloudTrail's events are in it: if a file was cut into parts, join them
        "#);
    insta::assert_snapshot!(of("part-ab", gzip(quoted.as_bytes())), @r#"
        part-ab: lost, 0 of 0 records used
          not-json in part-ab, record -, from byte 0, - bytes: no JSON, though CloudTrail's events are in it: if a file was cut into parts, join them
        "#);
    let prose = r#"The eventName "PutBucketPolicy" and its "eventID": see below"#;
    insta::assert_snapshot!(of("notes.txt", prose), @r"notes.txt: skipped as not-cloudtrail, 0 of 0 records used");
}

#[test]
fn zero_bytes() {
    insta::assert_snapshot!(of("a.json.gz", ""), @r#"
        a.json.gz: lost, 0 of 0 records used
          empty in a.json.gz, record -, from byte 0, - bytes: the file holds nothing
        "#);
    insta::assert_snapshot!(of("marker", ""), @r"marker: skipped as not-cloudtrail, 0 of 0 records used");
}

#[test]
fn kms_ciphertext() {
    insta::assert_snapshot!(of("a.json.gz", b"\x01\x02\x02\x00\x78\x5e\x21\xaa\x03"), @r#"
        a.json.gz: lost, 0 of 0 records used
          encrypted in a.json.gz, record -, from byte 0, - bytes: the file is AWS KMS ciphertext
        "#);
    insta::assert_snapshot!(of("b.json.gz", (0u8..200).rev().collect::<Vec<_>>()), @r#"
        b.json.gz: lost, 0 of 0 records used
          not-json in b.json.gz, record -, from byte 0, - bytes: neither gzip nor JSON
        "#);
}

#[test]
fn json5() {
    let record = "{eventVersion: \"1.08\",\n eventName: \"PutBucketPolicy\", eventSource: \"s3.amazonaws.com\"}";
    insta::assert_snapshot!(of("a.json", format!("[\n{record}\n]\n")), @r#"
        a.json: lost, 0 of 1 records used
          malformed-json in a.json, record 0, from byte 2, 86 bytes: a key without double quotes: JSON5 is not read
        "#);
    insta::assert_snapshot!(of("a.txt", format!("{record}\n{}\n", story()[0])), @r#"
        a.txt: read, 1 of 2 records used
          malformed-json in a.txt, record 0, from byte 0, 87 bytes: a key without double quotes: JSON5 is not read
        "#);
}

#[test]
fn utf16() {
    let text = String::from_utf8(whole()).expect("text");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    insta::assert_snapshot!(of("a.json", [b"\xff\xfe".to_vec(), wide].concat()), @r#"
        a.json: lost, 0 of 0 records used
          encoding in a.json, record -, from byte 0, - bytes: the text is UTF-16, which CloudTrail never writes
        "#);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends() {
    let lines: String = story()
        .iter()
        .map(|record| format!("{record}\r\n"))
        .collect();
    insta::assert_snapshot!(of("a.jsonl", format!("\u{feff}{lines}")), @r"a.jsonl: read, 3 of 3 records used");
}

#[test]
fn a_record_of_300_megabytes() {
    let mut text =
        b"{\"Records\":[{\"eventVersion\":\"1.08\",\"eventName\":\"PutBucketPolicy\",\"x\":\""
            .to_vec();
    text.resize(300_000_000, b'x');
    text.extend(b"\"},");
    text.extend(story()[1].to_string().into_bytes());
    text.extend(b"]}");
    insta::assert_snapshot!(of("a.json.gz", gzip(&text)), @r#"
        a.json.gz: read, 1 of 2 records used
          too-long in a.json.gz, record 0, from byte 12, 299999990 bytes: the record is longer than 67108864 bytes
        "#);
}

#[test]
fn ten_thousand_levels() {
    let deep = format!(
        "{{\"eventName\":\"x\",\"a\":{}{}}}",
        "[".repeat(9_999),
        "]".repeat(9_999)
    );
    insta::assert_snapshot!(of("a.json", format!("{{\"Records\":[{deep},{}]}}", story()[1])), @r#"
        a.json: read, 1 of 2 records used
          too-deep in a.json, record 0, from byte 12, 20020 bytes: the record nests 10000 levels deep; the limit is 100
        "#);
}

#[test]
fn a_zip_bomb() {
    let folder = folder();
    let bomb = [log(&story()), vec![b' '; 3 << 20]].concat();
    put(&folder, "bomb.json.gz", gzip(&bomb));
    put(
        &folder,
        "bomb.zip",
        zip(&[("a.json", &bomb), ("b.json", &log(&story()))]),
    );
    insta::assert_snapshot!(told(folder.path(), &scanned(folder.path(), 1 << 20)), @r#"
        bomb.json.gz: read, 3 of 3 records used
        bomb.zip: read, 0 of 0 records used
        bomb.zip!/a.json: read, 3 of 3 records used
          size-cap in bomb.json.gz, record -, from byte 1567, - bytes: more than 1048576 bytes of text would come out
          size-cap in bomb.zip, record -, from byte 0, - bytes: more than 1048576 bytes would come out: nothing is read from `b.json` on
          size-cap in bomb.zip!/a.json, record -, from byte 1048576, - bytes: more than 1048576 bytes would come out
        "#);
}

#[test]
fn a_zip_whose_list_is_missing_is_read_from_its_beginning() {
    let archive = zip(&[("a.json", &whole()), ("b.json", &whole())]);
    let list = archive
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .expect("a list");
    insta::assert_snapshot!(of("a.zip", &archive[..list]), @r#"
        a.zip: read, 0 of 0 records used
        a.zip!/a.json: read, 3 of 3 records used
        a.zip!/b.json: read, 3 of 3 records used
          corrupt-archive in a.zip, record -, from byte 0, - bytes: the zip archive breaks off: i/o error: failed to fill whole buffer
          corrupt-archive in a.zip, record -, from byte 0, - bytes: the zip archive's list of files cannot be read (invalid Zip archive: Could not find EOCD): its files are read from the beginning
        "#);
}

#[test]
fn a_zip_member_that_is_damaged() {
    let archive = zip(&[("a.json", &whole()), ("b.json", &whole())]);
    let mut archive = archive;
    let place = archive
        .windows(6)
        .position(|six| six == b"a.json")
        .expect("a name")
        + 6
        + 60;
    archive[place] ^= 0xff;
    insta::assert_snapshot!(of("a.zip", archive), @r#"
        a.zip: read, 0 of 0 records used
        a.zip!/a.json: lost, 0 of 0 records used
        a.zip!/b.json: read, 3 of 3 records used
          corrupt-archive in a.zip!/a.json, record -, from byte 0, - bytes: the file is damaged in its archive: corrupt deflate stream
        "#);
}

#[test]
fn a_tar_with_other_names_and_a_cut() {
    let archive = tar(&[
        ("../../etc/a.json", &whole()),
        (
            "/abs/b.json",
            &log(&[record("2024-03-04T11:00:00Z", "DeleteBucket", json!({}))]),
        ),
    ]);
    insta::assert_snapshot!(of("a.tar", &archive), @r#"
        a.tar: read, 0 of 0 records used
        a.tar!/../../etc/a.json: read, 3 of 3 records used
        a.tar!//abs/b.json: read, 1 of 1 records used
        "#);
    insta::assert_snapshot!(of("cut.tar", &archive[..whole().len() + 200]), @r#"
        cut.tar: read, 0 of 0 records used
        cut.tar!/../../etc/a.json: read, 2 of 3 records used
          corrupt-archive in cut.tar, record -, from byte 0, - bytes: the tar archive breaks off: unexpected EOF during skip
          corrupt-archive in cut.tar!/../../etc/a.json, record -, from byte 1483, - bytes: the file is damaged in its archive: the archive breaks off 312 bytes before the file's end
          truncated-json in cut.tar!/../../etc/a.json, record 2, from byte 1251, 232 bytes: the text ends inside a value
        "#);
}

#[test]
fn archives_in_archives_end_somewhere() {
    let mut archive = zip(&[("a.json", &whole())]);
    for _ in 0..3 {
        archive = zip(&[("inner.zip", &archive)]);
    }
    insta::assert_snapshot!(of("a.zip", archive), @r#"
        a.zip: read, 0 of 0 records used
        a.zip!/inner.zip: read, 0 of 0 records used
        a.zip!/inner.zip!/inner.zip: read, 0 of 0 records used
        a.zip!/inner.zip!/inner.zip!/inner.zip: lost, 0 of 0 records used
          too-deep in a.zip!/inner.zip!/inner.zip!/inner.zip, record -, from byte 0, - bytes: archives lie more than 3 deep in each other
        "#);
}

#[cfg(unix)]
#[test]
fn links_in_a_loop() {
    let folder = folder();
    put(&folder, "logs/a.json", whole());
    std::os::unix::fs::symlink("..", folder.path().join("logs/up")).expect("a link");
    insta::assert_snapshot!(told(folder.path(), &scanned(folder.path(), 2 << 30)), @r#"
        logs/a.json: read, 3 of 3 records used
        logs/up: lost, 0 of 0 records used
          unreadable in logs/up, record -, from byte -, - bytes: the link leads back to `the folder`
        "#);
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder();
    let name = std::ffi::OsStr::from_bytes(b"a\xff.json");
    std::fs::write(folder.path().join(name), whole()).expect("a file");
    insta::assert_snapshot!(told(folder.path(), &scanned(folder.path(), 2 << 30)), @r"a\xff.json: read, 3 of 3 records used");
}

#[test]
fn forms_that_are_not_read() {
    let folder = folder();
    put(
        &folder,
        "athena.csv",
        "\"eventversion\",\"useridentity\",\"eventtime\",\"eventsource\",\"eventname\"\n",
    );
    put(&folder, "lake.csv.gz", gzip(b"eventJson,eventTime\n"));
    put(
        &folder,
        "history.csv",
        "Event name,Event time,User name,Event source\n",
    );
    put(
        &folder,
        "lake.parquet",
        "PAR1....class_uid....metadata....PAR1",
    );
    put(&folder, "other.parquet", "PAR1....price....PAR1");
    put(
        &folder,
        "elastic.ndjson",
        json!({"aws": {"cloudtrail": {}}, "event": {"action": "x"}}).to_string(),
    );
    put(&folder, "sentinel.json", json!([{"TimeGenerated": "x", "EventName": "PutBucketAcl", "EventSource": "s3.amazonaws.com"}]).to_string());
    put(
        &folder,
        "ocsf.json",
        json!({"class_uid": 6003, "metadata": {}, "api": {}}).to_string(),
    );
    put(&folder, "logs.tar.zst", b"\x28\xb5\x2f\xfd....");
    put(
        &folder,
        "aws-logs-write-test",
        "Permission Check Successful",
    );
    put(&folder, "control.gz", gzip(json!({"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL CONTROL MESSAGE: x"}]}).to_string().as_bytes()));
    insta::assert_snapshot!(told(folder.path(), &scanned(folder.path(), 2 << 30)), @r#"
        athena.csv: lost, 0 of 0 records used
        aws-logs-write-test: skipped as not-cloudtrail, 0 of 0 records used
        control.gz: skipped as control-message, 0 of 0 records used
        elastic.ndjson: lost, 0 of 1 records used
        history.csv: lost, 0 of 0 records used
        lake.csv.gz: lost, 0 of 0 records used
        lake.parquet: lost, 0 of 0 records used
        logs.tar.zst: lost, 0 of 0 records used
        ocsf.json: lost, 0 of 1 records used
        other.parquet: skipped as not-cloudtrail, 0 of 0 records used
        sentinel.json: lost, 0 of 1 records used
          unread-form in athena.csv, record -, from byte 0, - bytes: a CSV of Amazon Athena or CloudTrail Lake: recognised, but not read
          unread-form in elastic.ndjson, record 0, from byte 0, 48 bytes: an Elastic document without `event.original`: recognised, but not read
          unread-form in history.csv, record -, from byte 0, - bytes: a CSV of the console's Event history: recognised, but not read
          unread-form in lake.csv.gz, record -, from byte 0, - bytes: a CSV of CloudTrail Lake: recognised, but not read
          unread-form in lake.parquet, record -, from byte 0, - bytes: a Parquet table of CloudTrail events, as Security Lake and Athena keep them: recognised, but not read
          unread-form in logs.tar.zst, record -, from byte 0, - bytes: compressed with zstd, which is not read: give it as gzip, zip or tar
          unread-form in ocsf.json, record 0, from byte 0, 41 bytes: an OCSF event, as Security Lake keeps them: recognised, but not read
          unread-form in sentinel.json, record 0, from byte 1, 81 bytes: a row of Microsoft Sentinel's AWSCloudTrail table: recognised, but not read
        "#);
}

#[test]
fn a_damaged_message_is_a_damaged_record() {
    let message = |text: &str| json!({"timestamp": 1, "message": text});
    let cut = &story()[0].to_string()[..300];
    let text =
        json!({"events": [message(cut), message("START"), message(&story()[1].to_string())]});
    insta::assert_snapshot!(of("events.json", text.to_string()), @r#"
        events.json: read, 1 of 3 records used
          truncated-json in events.json, record 0, from byte 11, 361 bytes: the message ends inside a record
          not-a-record in events.json, record 1, from byte 373, 33 bytes: the object has neither `eventName` nor `eventSource`
        "#);
}

#[test]
fn a_payload_in_base64_that_breaks_off() {
    use base64::Engine;
    let lines: String = story().iter().map(|record| format!("{record}\n")).collect();
    let text = base64::engine::general_purpose::STANDARD.encode(stored(lines.as_bytes()));
    insta::assert_snapshot!(of("payload.b64", &text[..text.len() - 301]), @r"
    payload.b64: read, 2 of 3 records used
      truncated-gzip in payload.b64, record -, from byte 0, - bytes: in a payload: the gzip stream ends before its end
      truncated-json in payload.b64, record 2, from byte 0, - bytes: in a payload: the text ends inside a value
    ");
    insta::assert_snapshot!(of("none.b64", "H4sI====H4sI="), @r"
    none.b64: lost, 0 of 1 records used
      malformed-json in none.b64, record 0, from byte 0, 13 bytes: what begins as base64 is none
    ");
}

/// A file that cannot be opened is lost; the others are read. Whoever runs as root can open it, so there it is a folder's
/// place that the file takes while it is listed: here only what holds for everybody is asserted.
#[cfg(unix)]
#[test]
fn an_unreadable_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    put(&folder, "a.json", whole());
    put(&folder, "b.json", whole());
    let path = folder.path().join("b.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).expect("permissions");
    let is_readable = std::fs::read(&path).is_ok();
    let Counts {
        files_read,
        files_lost,
        ..
    } = scanned(folder.path(), 2 << 30).counts;
    assert_eq!(
        (files_read, files_lost),
        if is_readable { (2, 0) } else { (1, 1) }
    );
}
