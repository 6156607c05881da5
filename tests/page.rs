//! Do the page's numbers equal the tables', and do the shells and `man` get what they ask for? Read without a browser.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

fn run(words: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_leaktrail");
    assert_cmd::Command::new(program)
        .args(words)
        .output()
        .unwrap()
}

/// The report of the fixtures, in some formats.
fn report(formats: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_string_lossy().into_owned();
    let mut words = vec!["scan", "fixtures/archives", "-q", "-o", &out];
    formats
        .iter()
        .for_each(|format| words.extend(["-f", format]));
    assert_eq!(run(&words).status.code(), Some(3));
    folder
}

/// A table's rows, each as its columns' values.
fn rows(folder: &Path, table: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.join(format!("{table}.csv"))).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// Each element of a kind and class: its own text, from its first letter to the next of them.
fn elements<'p>(page: &'p str, opening: &str) -> Vec<&'p str> {
    page.split(opening).skip(1).collect()
}

/// The value of an attribute in an element's first tag.
fn attribute<'e>(element: &'e str, name: &str) -> &'e str {
    let tag = element.split('>').next().unwrap();
    let rest = tag.split(&format!(" {name}=\"")).nth(1).unwrap();
    rest.split('"').next().unwrap()
}

#[test]
fn the_pages_numbers_are_the_tables() {
    let folder = report(&["csv", "html"]);
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    let table = |name: &str| rows(folder.path(), name);
    let exposures = table("exposures");
    let number =
        |column: &str, value: &str| exposures.iter().filter(|row| row[column] == value).count();
    let gaps = table("coverage")
        .iter()
        .filter(|row| !row["gap_from"].is_empty())
        .count();
    let expected = [
        ("open", number("status", "open")),
        ("exposures", exposures.len()),
        ("confirmed", number("confirmed", "true")),
        ("proven", number("certainty", "proven")),
        ("changes", table("changes").len()),
        ("contradictions", table("contradictions").len()),
        ("losses", table("losses").len()),
        ("gaps", gaps),
    ];
    for (name, number) in expected {
        let told = format!("data-count=\"{name}\" data-value=\"{number}\">{number}</dd>");
        assert!(page.contains(&told), "{name} is not {number}");
    }
    assert_eq!(page.matches("data-count=").count(), expected.len());
}

#[test]
fn every_story_has_the_numbers_of_its_row() {
    let folder = report(&["csv", "html"]);
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    let told: BTreeMap<&str, &str> = elements(&page, "<details class=\"story")
        .into_iter()
        .map(|story| (attribute(story, "id"), story))
        .collect();
    let exposures = rows(folder.path(), "exposures");
    assert_eq!(told.len(), exposures.len());
    for row in &exposures {
        let story = told[format!("x-{}", row["exposure_id"]).as_str()];
        for (name, column) in [
            ("data-b", "bucket"),
            ("data-a", "account_id"),
            ("data-v", "audience"),
            ("data-s", "status"),
            ("data-opened", "opened_at"),
            ("data-closed", "closed_at"),
            ("data-seconds", "duration_seconds"),
            ("data-requests", "outside_requests"),
            ("data-denied", "outside_denied"),
            ("data-bytes", "outside_bytes"),
        ] {
            assert_eq!(
                attribute(story, name),
                row[column],
                "{}: {column}",
                row["exposure_id"]
            );
        }
        for column in [
            "opened_at",
            "opened_by",
            "opened_event_id",
            "closed_event_id",
            "opened_source_ip",
        ] {
            assert!(
                story.contains(&row[column]),
                "{column} is not told: {}",
                row[column]
            );
        }
    }
}

#[test]
fn every_change_stands_in_its_place() {
    let folder = report(&["csv", "html"]);
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    let section = page.split("<section id=\"changes\">").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    let told = elements(section, "<tr id=\"");
    let changes = rows(folder.path(), "changes");
    assert_eq!(told.len(), changes.len());
    for (row, change) in told.into_iter().zip(&changes) {
        for column in [
            "event_time",
            "effect",
            "event_name",
            "event_id",
            "bucket",
            "account_id",
            "error_code",
        ] {
            assert!(
                row.contains(&change[column]),
                "{column}: {}",
                change[column]
            );
        }
    }
}

#[test]
fn the_page_is_written_where_no_format_is_asked_for_and_timesketch_is_not() {
    let folder = report(&[]);
    assert!(folder.path().join("report.html").exists());
    assert!(!folder.path().join("changes.timesketch.jsonl").exists());
    let record = fs::read_to_string(folder.path().join("run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let hash = record["reports"]["report.html"]["sha256"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
}

#[test]
fn timesketch_gets_an_event_for_each_instant() {
    let folder = report(&["csv", "timesketch"]);
    let events = |table: &str| {
        let path = folder.path().join(format!("{table}.timesketch.jsonl"));
        let text = fs::read_to_string(path).unwrap();
        let read = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        text.lines().map(read).collect::<Vec<_>>()
    };
    let filled = |table: &str, columns: &[&str]| {
        let rows = rows(folder.path(), table);
        let instants = rows
            .iter()
            .flat_map(|row| columns.iter().map(move |column| &row[*column]));
        instants.filter(|instant| !instant.is_empty()).count()
    };
    for (table, columns) in [
        ("exposures", &["opened_at", "closed_at"][..]),
        ("timeline", &["from"]),
        ("changes", &["event_time"]),
        ("access", &["first_seen", "last_seen"]),
        ("coverage", &["gap_from", "gap_until"]),
        ("contradictions", &["at"]),
    ] {
        assert_eq!(events(table).len(), filled(table, columns), "{table}");
    }
    assert!(!folder.path().join("losses.timesketch.jsonl").exists());
    let rows = rows(folder.path(), "changes");
    for (event, row) in events("changes").iter().zip(&rows) {
        assert_eq!(event["datetime"], row["event_time"]);
        assert_eq!(event["event_id"], row["event_id"]);
    }
}

#[test]
fn a_page_is_no_format_of_one_table() {
    let output = run(&[
        "filter",
        "fixtures/archives",
        "--preset",
        "bucket-policy-change",
        "-f",
        "html",
    ]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("expected one of csv, parquet, jsonl"),
        "{said}"
    );
}

#[test]
fn shells_and_man_are_told_every_command() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let commands = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("Options:")
        .next()
        .unwrap();
    let commands: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(
        commands.contains(&"scan") && commands.contains(&"man"),
        "{commands:?}"
    );
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        let script = String::from_utf8(output.stdout).unwrap();
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
        // What clap_complete writes for the two others offers no values of any argument.
        if ["elvish", "powershell"].contains(&shell) {
            continue;
        }
        for value in [
            "SampleCount",
            "notBreaching",
            "bucket-policy-change",
            "timesketch",
        ] {
            assert!(script.contains(value), "{shell}: {value}");
        }
    }
    let page = String::from_utf8(run(&["man"]).stdout).unwrap();
    for command in commands {
        assert!(
            page.contains(&format!("leaktrail\\-{command}(1)")),
            "{command}"
        );
        let output = run(&["man", command]);
        assert_eq!(output.status.code(), Some(0));
        let page = String::from_utf8(output.stdout).unwrap();
        assert!(
            page.contains(".SH SYNOPSIS") && page.contains("EXIT STATUS"),
            "{command}"
        );
        let title = page.lines().find(|line| line.starts_with(".TH"));
        let version = concat!("\"leaktrail ", env!("CARGO_PKG_VERSION"), "\"");
        assert!(title.unwrap().contains(version), "{command}: {title:?}");
    }
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(2));
    assert_eq!(run(&["man", "nope"]).status.code(), Some(2));
}
