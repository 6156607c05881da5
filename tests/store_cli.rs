//! How does the program tell of stores? Status, stdout and stderr of whole commands.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod program;

use program::{folder, leaktrail, public_policy, put, record};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn log(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

/// A bucket is opened on the first day and shut on the third.
fn two_days() -> TempDir {
    let dir = folder();
    put(
        &dir,
        "logs/1.json",
        log(&[record(
            "2024-03-01T10:00:00Z",
            "PutBucketPolicy",
            public_policy(),
        )]),
    );
    put(
        &dir,
        "logs/2.json",
        log(&[record("2024-03-02T10:00:00Z", "GetBucketPolicy", json!({}))]),
    );
    dir
}

fn third_day(dir: &TempDir) {
    put(
        dir,
        "logs/3.json",
        log(&[record(
            "2024-03-03T10:00:00Z",
            "DeleteBucketPolicy",
            json!({}),
        )]),
    );
}

fn status(told: &str) -> &str {
    told.lines()
        .next()
        .unwrap()
        .trim_start_matches("exit status ")
}

fn stdout(told: &str) -> &str {
    let (_, rest) = told.split_once("--- stdout\n").unwrap();
    rest.split_once("--- stderr\n").unwrap().0
}

#[test]
fn a_store_is_filled_added_to_and_asked_again() {
    let dir = two_days();
    let first = leaktrail(dir.path(), &["scan", "logs", "--store", "kept"]);
    let plain = leaktrail(dir.path(), &["scan", "logs"]);
    assert_eq!(stdout(&first), stdout(&plain));
    assert!(first.ends_with("evidence store `kept`: 2 files read, 0 of them again; 0 known\n"));
    third_day(&dir);
    let second = leaktrail(dir.path(), &["scan", "logs", "--store", "kept"]);
    assert!(second.ends_with("evidence store `kept`: 1 files read, 0 of them again; 2 known\n"));
    let plain = leaktrail(dir.path(), &["scan", "logs"]);
    assert_eq!(stdout(&second), stdout(&plain));
    fs::remove_dir_all(dir.path().join("logs")).unwrap();
    let again = leaktrail(dir.path(), &["report", "--store", "kept"]);
    assert_eq!(again, plain);
}

#[test]
fn a_run_can_end_by_what_it_found_and_tell_it_in_a_line() {
    let dir = two_days();
    for (words, expected) in [
        (&["--fail-on", "open"][..], "4"),
        (&["--fail-on", "any"], "4"),
        (&["--fail-on", "any", "--bucket", "other"], "0"),
        (&[], "0"),
    ] {
        let all = [&["scan", "logs"], words].concat();
        assert_eq!(status(&leaktrail(dir.path(), &all)), expected, "{words:?}");
    }
    third_day(&dir);
    let line = ["scan", "logs", "--store", "kept", "--summary", "json", "-q"];
    for (fail_on, expected) in [("open", "0"), ("any", "4")] {
        let told = leaktrail(dir.path(), &[&line[..], &["--fail-on", fail_on]].concat());
        assert_eq!(status(&told), expected, "{fail_on}");
        let found: Value = serde_json::from_str(stdout(&told)).unwrap();
        assert_eq!(stdout(&told).lines().count(), 1);
        assert_eq!(found["exit_status"].to_string(), expected);
        assert_eq!(
            found["exposures"]["public"],
            json!({"open": 0, "closed": 1})
        );
        assert_eq!(found["files"]["read"], 3);
    }
    put(&dir, "logs/cut.json", "{\"Records\":[");
    let told = leaktrail(dir.path(), &[&line[..], &["--fail-on", "any"]].concat());
    assert_eq!(status(&told), "3", "a loss goes before what was found");
}

#[test]
fn since_last_shows_what_no_such_run_has_told() {
    let dir = two_days();
    let words = [
        "scan",
        "logs",
        "--store",
        "kept",
        "--since-last",
        "-f",
        "csv",
        "--force",
        "-q",
        "-o",
        "out",
    ];
    let changes = || -> Vec<String> {
        let text = fs::read_to_string(dir.path().join("out/changes.csv")).unwrap();
        text.lines()
            .skip(1)
            .map(|row| row[..10].to_owned())
            .collect()
    };
    assert_eq!(status(&leaktrail(dir.path(), &words)), "0");
    assert_eq!(changes(), ["2024-03-01"]);
    // A run without it has not told what is new to those with it.
    third_day(&dir);
    assert_eq!(
        status(&leaktrail(
            dir.path(),
            &["scan", "logs", "--store", "kept", "-q"]
        )),
        "0"
    );
    put(
        &dir,
        "logs/4.json",
        log(&[record(
            "2024-03-04T10:00:00Z",
            "PutBucketPolicy",
            public_policy(),
        )]),
    );
    assert_eq!(status(&leaktrail(dir.path(), &words)), "0");
    assert_eq!(changes(), ["2024-03-03", "2024-03-04"]);
    assert_eq!(status(&leaktrail(dir.path(), &words)), "0");
    assert_eq!(changes(), ["2024-03-04"], "the last instant itself");
    let open = fs::read_to_string(dir.path().join("out/exposures.csv")).unwrap();
    assert_eq!(open.lines().count(), 2, "what is still open is always told");
    // What was delivered late is new, however old it is.
    put(
        &dir,
        "logs/5.json",
        log(&[record(
            "2024-03-02T23:00:00Z",
            "DeleteBucketPolicy",
            json!({}),
        )]),
    );
    assert_eq!(status(&leaktrail(dir.path(), &words)), "0");
    assert_eq!(changes(), ["2024-03-02", "2024-03-03", "2024-03-04"]);
}

#[test]
fn stores_of_two_machines_are_joined() {
    let dir = two_days();
    third_day(&dir);
    for (shard, store) in [("0/2", "a"), ("1/2", "b")] {
        let words = ["scan", "logs", "--store", store, "--shard", shard, "-q"];
        leaktrail(dir.path(), &words);
    }
    let told = leaktrail(dir.path(), &["merge", "a", "b", "-o", "both"]);
    assert_eq!(
        told,
        "exit status 0\n--- stdout\n--- stderr\nevidence store `both`: 3 files; 0 were in several stores, 0 of them in different versions, of which the last one counts\n"
    );
    let both = leaktrail(dir.path(), &["report", "--store", "both"]);
    assert_eq!(both, leaktrail(dir.path(), &["scan", "logs"]));
    let again = leaktrail(dir.path(), &["merge", "a", "-o", "both"]);
    assert!(
        again.contains("3 files; 1 were in several stores")
            || again.contains("3 files; 2 were in several stores"),
        "{again}"
    );
    let itself = leaktrail(dir.path(), &["merge", "a", "-o", "./a"]);
    assert_eq!(status(&itself), "1");
    let none = leaktrail(dir.path(), &["merge", "a", "logs", "-o", "c"]);
    assert!(
        none.contains("error: `logs` is no evidence store"),
        "{none}"
    );
}

#[test]
fn what_cannot_be_meant_is_said() {
    let dir = two_days();
    put(&dir, "other/notes.txt", "mine");
    leaktrail(dir.path(), &["scan", "logs", "--store", "kept", "-q"]);
    for (words, expected, why) in [
        (
            &["scan", "-", "--store", "kept"][..],
            "2",
            "what is piped in has no name",
        ),
        (&["scan", "logs", "--shard", "0/2"], "2", "--store"),
        (&["scan", "logs", "--since-last"], "2", "--store"),
        (
            &["scan", "logs", "--store", "kept", "--shard", "2/2"],
            "2",
            "such as 0/7 to 6/7",
        ),
        (
            &[
                "scan",
                "logs",
                "--store",
                "kept",
                "--since-last",
                "--from",
                "2024-01-01",
            ],
            "2",
            "cannot be used with",
        ),
        (
            &["scan", "logs", "--store", "logs"],
            "2",
            "its own files would be read too",
        ),
        (
            &["scan", ".", "--store", "new/kept"],
            "2",
            "its own files would be read too",
        ),
        (
            &["scan", "logs", "--store", "other"],
            "1",
            "holds `notes.txt` and is no evidence store",
        ),
        (
            &["report", "--store", "nowhere"],
            "1",
            "is no evidence store",
        ),
        (&["report"], "2", "--store"),
        (
            &["scan", "nowhere", "--store", "kept"],
            "1",
            "does not exist",
        ),
    ] {
        let told = leaktrail(dir.path(), words);
        assert_eq!(status(&told), expected, "{words:?}: {told}");
        assert!(told.contains(why), "{words:?}: {told}");
    }
}

/// Runs a shell's command line in a folder, and tells its status and stderr.
fn shell(folder: &Path, line: &str) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_leaktrail");
    let ran = Command::new("sh")
        .args(["-c", &line.replace("leaktrail", program)])
        .current_dir(folder)
        .output()
        .unwrap();
    let stderr = String::from_utf8(ran.stderr).unwrap();
    (ran.status.code(), stderr)
}

#[test]
fn a_full_disk_loses_nothing_that_was_kept() {
    let dir = folder();
    for number in 0..2_000 {
        let at = format!("2024-03-01T{:02}:{:02}:00Z", number / 60 % 24, number % 60);
        let change = record(&at, "PutBucketPolicy", public_policy());
        put(&dir, &format!("logs/{number:04}.json"), log(&[change]));
    }
    // No file may be longer than that: the first segments' are not, a later one's is.
    let full = "trap '' XFSZ; ulimit -f 40; leaktrail scan logs --store kept -q";
    let (status, told) = shell(dir.path(), full);
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains("error: cannot write to `kept/"), "{told}");
    let kept = told.split("hint: ").nth(1).unwrap();
    let kept: u64 = kept.split(' ').next().unwrap().parse().unwrap();
    assert!((1..2_000).contains(&kept), "{told}");
    let (status, told) = shell(
        dir.path(),
        "leaktrail report --store kept --summary json -q > kept.json",
    );
    assert_eq!(status, Some(0), "{told}");
    let line = fs::read_to_string(dir.path().join("kept.json")).unwrap();
    let found: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(found["files"]["found"], kept);
    let rest = leaktrail(dir.path(), &["scan", "logs", "--store", "kept"]);
    assert!(
        rest.contains(&format!(
            "{} files read, 0 of them again; {kept} known",
            2_000 - kept
        )),
        "{rest}"
    );
    assert_eq!(
        stdout(&rest),
        stdout(&leaktrail(dir.path(), &["scan", "logs"]))
    );
}

#[test]
fn a_store_is_read_where_nothing_can_be_written() {
    let dir = two_days();
    leaktrail(dir.path(), &["scan", "logs", "--store", "kept", "-q"]);
    let expected = leaktrail(dir.path(), &["report", "--store", "kept"]);
    let chmod = |mode: &str| {
        let (status, told) = shell(dir.path(), &format!("chmod -R {mode} kept"));
        assert_eq!(status, Some(0), "{told}");
    };
    chmod("a-w");
    let report = leaktrail(dir.path(), &["report", "--store", "kept"]);
    assert_eq!(report, expected);
    // Root may write everywhere; whoever may not is told so before anything is read.
    let writable = fs::write(dir.path().join("kept/try"), "").is_ok();
    if !writable {
        let told = leaktrail(dir.path(), &["scan", "logs", "--store", "kept"]);
        assert_eq!(status(&told), "1");
        assert!(told.contains("cannot write to `kept/lock`"), "{told}");
    }
    chmod("u+w");
    // A copy without the lock.
    fs::remove_file(dir.path().join("kept/lock")).unwrap();
    assert_eq!(
        leaktrail(dir.path(), &["report", "--store", "kept"]),
        expected
    );
}

/// A store knows which part of its sources it holds; parts that complete each other are the whole, however they are joined.
#[test]
fn a_store_of_a_part_says_so_until_the_parts_are_whole() {
    let dir = two_days();
    third_day(&dir);
    let scan = |store: &str, more: &[&str]| {
        let told = leaktrail(
            dir.path(),
            &[&["scan", "logs", "--store", store], more].concat(),
        );
        assert_eq!(status(&told), "0", "{told}");
        told
    };
    let report = |store: &str| {
        let told = leaktrail(dir.path(), &["report", "--store", store]);
        let told = stdout(&told);
        let note = told.lines().skip_while(|line| !line.starts_with("Note: "));
        let note: Vec<&str> = note.take_while(|line| !line.is_empty()).collect();
        (note.join(" "), told.to_owned())
    };
    let holds = |what: &str| {
        format!(
            "Note: the evidence store holds a part of its sources: {what}. What the rest tells is not in this report."
        )
    };
    let merge = |stores: &[&str], into: &str| {
        leaktrail(dir.path(), &[&["merge"], stores, &["-o", into]].concat())
    };
    for number in 0..3 {
        let shard = format!("{number}/3");
        let told = scan(&format!("s{number}"), &["--shard", &shard]);
        let expected = format!("shard {number} of 3");
        assert!(stdout(&told).contains(&expected), "{told}");
        assert_eq!(report(&format!("s{number}")).0, holds(&expected));
    }
    let joined = merge(&["s0", "s2"], "s02");
    let note = "note: the evidence store holds a part of its sources: shard 0 of 3, shard 2 of 3\n";
    assert!(joined.ends_with(note), "{joined}");
    assert_eq!(report("s02").0, holds("shard 0 of 3, shard 2 of 3"));
    let joined = merge(&["s02", "s1"], "one");
    assert!(!joined.contains("note: "), "{joined}");
    merge(&["s1", "s2"], "s12");
    merge(&["s0", "s12"], "other");
    let (whole, plain) = (report("one"), leaktrail(dir.path(), &["scan", "logs"]));
    assert_eq!(whole.0, "");
    assert_eq!(whole, report("other"));
    assert_eq!(whole.1, stdout(&plain));

    scan(
        "days",
        &["--read-from", "2024-03-01", "--read-to", "2024-03-05"],
    );
    assert_eq!(
        report("days").0,
        holds("delivered from 2024-03-01 to 2024-03-06")
    );
    scan("days", &["--read-from", "2024-03-04", "--exclude", "3.*"]);
    let both = "delivered from 2024-03-01 to 2024-03-06, no files named like 3.*, delivered on 2024-03-04 or later";
    assert_eq!(report("days").0, holds(both));
    let told = leaktrail(dir.path(), &["report", "--store", "days", "-o", "out"]);
    assert!(
        stdout(&told).contains("Note: the evidence store holds a part"),
        "{told}"
    );
    let run = fs::read_to_string(dir.path().join("out/run.json")).unwrap();
    let run: Value = serde_json::from_str(&run).unwrap();
    let told = format!("the evidence store holds a part of its sources: {both}");
    assert_eq!(run["warnings"], json!([told]));
    let page = fs::read_to_string(dir.path().join("out/report.html")).unwrap();
    assert!(page.contains("Note: the evidence store holds a part of its sources"));
    scan("days", &[]);
    assert_eq!(report("days").0, "");
}
