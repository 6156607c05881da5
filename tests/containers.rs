//! Does one case tell the same, whatever it lies in?
//!
//! Every golden case goes through every container that the README names; each table that is made, but for what names the
//! file, is the same byte for byte, and the filter gives back the records as they were written.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod container;
mod fixture;

use container::{CONTAINERS, Container};
use fixture::{compact, elements};
use leaktrail::analysis::Analysis;
use leaktrail::pattern::{InteriorStar, MetricFilter, Pattern};
use leaktrail::pipeline::{self, Filtered, Options, Query, Thoroughness, Wanted, scan};
use leaktrail::report::{jsonl, tables};
use leaktrail::source::DirSource;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// The cases' records, each as it would be delivered.
fn cases() -> BTreeMap<String, Vec<String>> {
    let case = |folder: fs::DirEntry| {
        let text = fs::read_to_string(folder.path().join("records.json")).unwrap();
        let name = folder.file_name().into_string().unwrap();
        (name, elements(&compact(&text)))
    };
    let folders = fs::read_dir("fixtures/cases").unwrap();
    folders.map(|folder| case(folder.unwrap())).collect()
}

fn source(container: &Container, records: &[String]) -> (tempfile::TempDir, DirSource) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join(container.file),
        (container.bytes)(records),
    )
    .unwrap();
    let source = DirSource::new(vec![folder.path().to_owned()]);
    (folder, source)
}

/// Every table as JSON Lines, without the columns that name or count files; those of files themselves left out.
fn told(analysis: &Analysis) -> BTreeMap<&'static str, String> {
    let blind = |table: &str| {
        let lines = table.lines().map(|line| {
            let mut row: Value = serde_json::from_str(line).unwrap();
            for column in ["log_file", "record_index", "log_files"] {
                row.as_object_mut().unwrap().remove(column);
            }
            format!("{row}\n")
        });
        lines.collect::<String>()
    };
    let tables = tables(analysis);
    let evidence = tables
        .iter()
        .filter(|table| !["log_files", "losses"].contains(&table.name));
    let text = |table| {
        let mut out = Vec::new();
        jsonl::write(table, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    evidence
        .map(|table| (table.name, blind(&text(table))))
        .collect()
}

#[test]
fn every_case_tells_the_same_in_every_container() {
    for (case, records) in cases() {
        let mut plain: Option<(Vec<_>, BTreeMap<_, _>)> = None;
        for container in &CONTAINERS {
            let (_folder, source) = source(container, &records);
            let analysis = scan(&source, &Options::default(), &()).unwrap();
            let place = format!("{case} in {}", container.name);
            assert!(analysis.counts.add_up(), "{place}: {:?}", analysis.counts);
            assert_eq!(analysis.counts.records, records.len() as u64, "{place}");
            let told = told(&analysis);
            assert!(told.values().any(|table| !table.is_empty()), "{place}");
            let losses = analysis.losses.iter();
            let mut losses: Vec<_> = losses
                .map(|loss| (loss.kind, loss.detail.clone()))
                .collect();
            losses.sort();
            let told = (losses, told);
            assert_eq!(*plain.get_or_insert_with(|| told.clone()), told, "{place}");
        }
    }
}

#[test]
fn the_filter_gives_records_as_they_were_written_from_every_container() {
    let records: Vec<String> = cases().into_values().flatten().collect();
    for container in &CONTAINERS {
        let (_folder, source) = source(container, &records);
        let (lines, _) = matching(&source, "{ $.eventName = * }", Thoroughness::Likely);
        assert!(
            lines.lines().eq(&(container.written)(&records)),
            "{}",
            container.name
        );
    }
}

fn matching(source: &DirSource, pattern: &str, thoroughness: Thoroughness) -> (String, Filtered) {
    let pattern = Pattern::parse(pattern, InteriorStar::Literal).unwrap();
    let query = Query {
        filters: &[MetricFilter::counting("it", pattern)],
        wanted: Wanted::Records,
        thoroughness,
    };
    let mut out = Vec::new();
    let found = pipeline::filter(source, &Options::default(), &query, &mut out, &()).unwrap();
    (String::from_utf8(out).unwrap(), found)
}

#[test]
fn the_prefilter_passes_over_no_match_in_any_container() {
    let records: Vec<String> = cases().into_values().flatten().collect();
    for container in &CONTAINERS {
        let (_folder, source) = source(container, &records);
        for pattern in [
            "{ $.eventName = PutBucketPolicy }",
            "{ $.requestParameters.bucketName = * && $.errorCode NOT EXISTS }",
            "DeleteBucketPolicy",
        ] {
            let (likely, few) = matching(&source, pattern, Thoroughness::Likely);
            let (everything, all) = matching(&source, pattern, Thoroughness::Everything);
            let place = format!("{pattern} in {}", container.name);
            assert!(!likely.is_empty(), "{place}");
            assert_eq!(likely, everything, "{place}");
            assert_eq!(few.records, all.records, "{place}");
            assert_eq!(few.unseen, all.unseen, "{place}");
            assert!(few.unseen.is_empty(), "{place}");
        }
    }
}

#[test]
fn the_readme_names_every_container() {
    let readme = fs::read_to_string("README.md").unwrap();
    let rows: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with("| ") && line.ends_with(" | read |"))
        .collect();
    for container in &CONTAINERS {
        assert!(
            rows.iter()
                .any(|row| row.starts_with(&format!("| {} |", container.row))),
            "the README does not say that `{}` is read",
            container.row
        );
    }
    for row in &rows {
        assert!(
            CONTAINERS
                .iter()
                .any(|container| row.starts_with(&format!("| {} |", container.row))),
            "nothing tests: {row}"
        );
    }
}
