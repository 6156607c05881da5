//! What becomes of damaged and odd files? Each is read as far as it goes, the rest is named, and the counts add up.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;

use program::{counts, folder, gzip, leaktrail, log, losses, public_policy, put, record, story};
use serde_json::{Value, json};
use std::fs;

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

/// A file whose beginning is torn off, or has something before it, is a damaged log file, whatever its name.
#[test]
fn what_stands_before_the_first_record_loses_no_other() {
    // As CloudTrail writes them, its version first.
    let line = |record: &Value| {
        let rest = record.to_string();
        let rest = rest.replacen("\"eventVersion\":\"1.09\",", "", 1);
        rest.replacen('{', "{\"eventVersion\":\"1.09\",", 1)
    };
    let records: Vec<String> = story().iter().map(line).collect();
    let log = format!("{{\"Records\":[{}]}}", records.join(","));
    for (name, text, lost) in [
        ("torn", log[1..].to_owned(), true),
        ("torn.json", log[1..].to_owned(), true),
        ("before", format!("garbage\n{log}"), true),
        ("lines", format!("not json\n{}", records.join("\n")), true),
        ("whole", log.clone(), false),
    ] {
        let folder = folder();
        put(&folder, name, text);
        let told = leaktrail(folder.path(), &["scan", name, "-o", "out", "-q"]);
        let status = if lost {
            "exit status 3\n"
        } else {
            "exit status 0\n"
        };
        assert!(told.starts_with(status), "{name}: {told}");
        let counts = counts(&folder.path().join("out"));
        assert!(counts.contains("records 3/3/0/0/0"), "{name}: {counts}");
    }
}

/// What looks like a clean answer, and is none: not one file was a log file.
#[test]
fn that_no_log_file_was_read_is_said_by_every_command() {
    let folder = folder();
    let name = "111122223333_CloudTrail_eu-west-1_20240304T1005Z_p8JWK2YCxLL9EPqK.json.gz";
    put(&folder, &format!("logs/{name}"), gzip(&log(&story())));
    put(&folder, "logs/note.txt", "a note");
    put(&folder, "notes/note.txt", "a note");
    put(&folder, "notes/other.json", "{\"a\":1}");
    put(&folder, "empty/log.json", "{\"Records\":[]}");
    let commands: [&[&str]; 5] = [
        &["scan"],
        &["filter", "--preset", "bucket-policy-change"],
        &["alarms", "--preset", "bucket-policy-change"],
        &["plan"],
        &["verify"],
    ];
    let none = "files that are not CloudTrail's: ";
    for (sources, why) in [
        (&["notes"][..], Some(format!("2 files ({none}2)"))),
        (
            &["logs", "--include", "x*"],
            Some("2 files (not among what `--include` names: 2)".to_owned()),
        ),
        (
            &["logs", "--exclude", "*_CloudTrail_*"],
            Some(format!("2 files (excluded by `--exclude`: 1; {none}1)")),
        ),
        (
            &["logs", "--read-from", "2030-01-01"],
            Some(format!(
                "2 files (delivered before `--read-from`: 1; {none}1)"
            )),
        ),
        (
            &["logs", "--read-to", "2020-01-01"],
            Some(format!("2 files (delivered after `--read-to`: 1; {none}1)")),
        ),
        (&["logs"], None),
        (&["empty"], None),
    ] {
        for command in commands {
            if command == ["verify"] && sources.len() > 1 {
                continue;
            }
            let told = leaktrail(folder.path(), &[command, sources, &["-q"]].concat());
            let warned = told.contains("warning: no log file was read");
            assert_eq!(warned, why.is_some(), "{command:?} {sources:?}: {told}");
            let Some(why) = &why else {
                continue;
            };
            assert!(
                told.contains(&format!("warning: no log file was read, of {why}")),
                "{told}"
            );
            assert!(told.starts_with("exit status 0\n"), "{told}");
            let stdout = told.split("--- stderr").next().unwrap();
            let says = [
                "No log file was read, of ",
                "# no log file was read, of ",
                "Warning: no log file was read, of ",
            ];
            let is_report = ["scan", "plan", "verify"].contains(&command[0]);
            assert_eq!(
                says.iter().any(|it| stdout.contains(it)),
                is_report,
                "{told}"
            );
        }
    }
    let told = leaktrail(
        folder.path(),
        &["scan", "notes", "-o", "out", "--summary", "json"],
    );
    let run = fs::read_to_string(folder.path().join("out/run.json")).unwrap();
    let run: Value = serde_json::from_str(&run).unwrap();
    assert_eq!(
        run["warnings"],
        json!([format!("no log file was read, of 2 files ({none}2)")])
    );
    assert!(
        told.contains("\"warnings\":[\"no log file was read"),
        "{told}"
    );
    let page = fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(
        page.contains("<h1>No log file was read, of 2 files"),
        "{page}"
    );
}

/// Records as CloudTrail begins them, one of which is given otherwise.
fn one_of_four(place: usize, other: &str) -> String {
    let story = story();
    let all = story.iter().chain(&story[..1]);
    let mut records: Vec<String> = all
        .map(|record| {
            let mut record = record.clone();
            record.as_object_mut().unwrap().remove("eventVersion");
            format!("{{\"eventVersion\":\"1.09\",{}", &record.to_string()[1..])
        })
        .collect();
    records[place] = other.replace("RECORD", &records[place]);
    format!("{{\"Records\":[{}]}}", records.join(","))
}

#[test]
fn a_fault_in_an_array_costs_what_it_breaks() {
    let begun = "{\"eventVersion\":\"1.09\",\"a\":";
    for (place, other, counted) in [
        (1, "RECORD RECORD", "5/3/0/2/0"),
        (1, &format!("{begun}nonsense}}"), "4/2/0/1/1"),
        (2, "RECORD}", "4/3/0/1/0"),
        (3, begun, "4/3/0/0/1"),
    ] {
        let folder = folder();
        put(&folder, "logs/a.json", one_of_four(place, other));
        let told = leaktrail(folder.path(), &["scan", "logs", "-o", "out", "-q"]);
        assert!(told.starts_with("exit status 3\n"), "{other}");
        let out = folder.path().join("out");
        assert_eq!(
            counts(&out),
            format!("files 1/1/0/0, records {counted}"),
            "{other}"
        );
        assert_eq!(losses(&out).len(), 1, "{other}");
    }
}
