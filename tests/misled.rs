//! Is anybody misled by what looks like a clean answer, or by a picture? Whole commands.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;

use program::{folder, gzip, leaktrail, log, put, story};
use std::fs;
use tempfile::TempDir;

/// A bucket that stays open at the end of the evidence.
fn open() -> TempDir {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()[..2]));
    folder
}

#[test]
fn what_is_named_as_an_archive_and_is_none_is_a_loss() {
    let garbage = b"\x05\x11garbage that is nothing at all";
    for name in ["a.zip", "a.tar", "a.TGZ", "a.tar.gz"] {
        let folder = folder();
        put(&folder, "logs/a.json", log(&story()));
        put(&folder, &format!("logs/{name}"), garbage);
        let told = leaktrail(folder.path(), &["scan", "logs", "-v"]);
        let said =
            format!("loss: logs/{name}, at byte 0: not-json: named as an archive, and is none\n");
        assert!(
            told.starts_with("exit status 3\n") && told.contains(&said),
            "{told}"
        );
    }
}

#[test]
fn an_archive_without_files_and_one_of_other_files_is_no_loss() {
    for (name, bytes) in [
        ("a.tar", vec![0; 10_240]),
        ("a.tar.gz", gzip(&[0; 1024])),
        ("a.zip", [&b"PK\x05\x06"[..], &[0; 18]].concat()),
    ] {
        let folder = folder();
        put(&folder, "logs/a.json", log(&story()));
        put(&folder, &format!("logs/{name}"), bytes);
        let told = leaktrail(folder.path(), &["scan", "logs", "-v"]);
        assert!(told.starts_with("exit status 0\n"), "{name}: {told}");
    }
}

#[test]
fn what_is_shown_as_unknown_is_drawn_as_unknown() {
    let folder = open();
    let words = ["scan", "logs", "--strict", "-o", "out"];
    let told = leaktrail(folder.path(), &words);
    assert!(told.starts_with("exit status 0\n"), "{told}");
    let lane = told
        .lines()
        .find(|line| line.starts_with("  amzn-s3-demo-bucket"))
        .expect("a lane");
    assert!(lane.contains("???") && !lane.contains('█'), "{told}");
    let exposures = fs::read_to_string(folder.path().join("out/exposures.csv")).expect("a table");
    assert_eq!(exposures.lines().count(), 2);
    let page = fs::read_to_string(folder.path().join("out/report.html")).expect("a page");
    assert!(page.contains("data-v=\"unknown\""), "{page}");
}

#[test]
fn what_is_open_when_the_evidence_ends_is_not_told_of_later() {
    let folder = open();
    let last = leaktrail(
        folder.path(),
        &["scan", "logs", "--from", "2024-03-04T09:00:00Z"],
    );
    assert!(last.contains("Still open (1)"), "{last}");
    let told = leaktrail(
        folder.path(),
        &["scan", "logs", "--from", "2024-03-05", "-o", "out"],
    );
    let said = "The evidence ends at 2024-03-04T09:00:00Z, before 2024-03-05T00:00:00Z: nothing can be said of the\ntime that was asked for.\n";
    let warned = "warning: the evidence ends at 2024-03-04T09:00:00Z, before 2024-03-05T00:00:00Z: of the time that was asked for it tells nothing\n";
    assert!(told.contains(said) && told.contains(warned), "{told}");
    assert!(!told.contains('█') && !told.contains("open"), "{told}");
    let exposures = fs::read_to_string(folder.path().join("out/exposures.csv")).expect("a table");
    assert_eq!(exposures.lines().count(), 1);
    let run = fs::read_to_string(folder.path().join("out/run.json")).expect("run.json");
    assert!(run.contains("the evidence ends at"), "{run}");
}

#[test]
fn a_plan_for_a_time_without_evidence_does_not_say_that_nothing_is_open() {
    let told = leaktrail(
        open().path(),
        &["plan", "logs", "--from", "2024-03-05", "-q"],
    );
    let said = "tells nothing; of nothing can be said whether it is open\n";
    assert!(told.contains(said), "{told}");
}

#[test]
fn what_is_open_in_a_quiet_region_is_told_while_there_is_evidence() {
    let folder = open();
    let mut later = story()[0].clone();
    later["awsRegion"] = "us-east-1".into();
    later["eventTime"] = "2024-03-06T00:00:00Z".into();
    later["eventID"] = "later".into();
    later["requestParameters"]["bucketName"] = "another".into();
    put(&folder, "logs/b.json", log(&[later]));
    let told = leaktrail(folder.path(), &["scan", "logs", "--from", "2024-03-05"]);
    assert!(told.contains("Still open (1)"), "{told}");
    let lane = told
        .lines()
        .find(|line| line.starts_with("  amzn-s3-demo-bucket"));
    assert!(!lane.expect("a lane").contains('█'), "{told}");
}

#[test]
fn the_quiet_are_told_nothing_where_a_report_is_written() {
    let folder = open();
    let told = leaktrail(folder.path(), &["scan", "logs", "-o", "out", "-q"]);
    assert_eq!(told, "exit status 0\n--- stdout\n--- stderr\n");
}

#[test]
fn a_file_that_was_read_and_says_too_little_is_not_called_unread() {
    let folder = folder();
    let mut nameless = story()[0].clone();
    nameless["requestParameters"] = serde_json::json!({});
    put(&folder, "logs/a.json", log(&[nameless]));
    put(&folder, "logs/b.json", log(&story()));
    let told = leaktrail(folder.path(), &["verify", "logs"]);
    let said =
        "  files        2, of which 0 could not be read, and 1 holds no record that says enough\n";
    assert!(
        told.starts_with("exit status 0\n") && told.contains(said),
        "{told}"
    );
    put(&folder, "logs/c.json.gz", &gzip(&log(&story()))[..20]);
    let told = leaktrail(folder.path(), &["verify", "logs"]);
    let said =
        "  files        3, of which 1 could not be read, and 1 holds no record that says enough\n";
    assert!(
        told.starts_with("exit status 3\n") && told.contains(said),
        "{told}"
    );
}
