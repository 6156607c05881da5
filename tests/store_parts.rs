//! Is what is judged bucket by bucket what is judged at once, and is it said what a page leaves out?
//!
//! That the tables are the same, however a store is asked and split, every test of stores tries (`kept::reported`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod container;
mod fixture;
mod kept;

use kept::{add, archive, assert_same, reported_apart};
use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, report};
use leaktrail::report::terminal::{self, Style};
use leaktrail::report::{Folder, Format, Invocation, Overwrite, SpilledRows, write_spilled};
use leaktrail::store::Store;
use leaktrail::vocab::{AccountId, BucketName};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn with_store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let (logs, store) = (folder.path().join("logs"), folder.path().join("store"));
    archive(&logs);
    add(&store, &[logs], &Options::default(), None);
    (folder, Store::open(&store).unwrap())
}

fn at_once(store: &mut Store) -> Analysis {
    report(store, &Options::default(), Default::default()).unwrap()
}

fn of_few_rows() -> Options {
    Options {
        most_told: 300,
        ..Options::default()
    }
}

#[test]
fn where_everything_has_room_the_report_is_the_same() {
    let (_folder, mut store) = with_store();
    let whole = at_once(&mut store);
    let (apart, _) = reported_apart(&mut store, &Options::default());
    assert_eq!(apart.beyond, None);
    assert_eq!(apart.exposures, whole.exposures);
    assert_eq!(apart.timelines, whole.timelines);
    assert_eq!(apart.changes, whole.changes);
    assert_eq!(apart.access, whole.access);
    assert_eq!(page(&apart), page(&whole));
}

fn page(analysis: &Analysis) -> String {
    let mut out = Vec::new();
    terminal::write(analysis, &Style::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

type Bucket = (Option<AccountId>, BucketName);

/// How many rows each bucket has.
fn rows_by_bucket(analysis: &Analysis) -> BTreeMap<Bucket, usize> {
    let mut rows: BTreeMap<Bucket, usize> = BTreeMap::new();
    for row in &analysis.exposures {
        *rows
            .entry((row.account.clone(), row.bucket.clone()))
            .or_default() += 1;
    }
    for row in &analysis.timelines {
        let place = (row.account.clone(), row.bucket.clone());
        *rows.entry(place).or_default() += row.intervals.len();
    }
    let changes = analysis.changes.iter();
    for row in changes.filter(|row| !row.event.event.change.reaches_further()) {
        if let Some(bucket) = &row.event.event.bucket {
            *rows
                .entry((row.account.clone(), bucket.clone()))
                .or_default() += 1;
        }
    }
    rows
}

fn buckets<'a>(
    rows: impl Iterator<Item = (&'a Option<AccountId>, &'a BucketName)>,
) -> BTreeSet<Bucket> {
    rows.map(|(account, bucket)| (account.clone(), bucket.clone()))
        .collect()
}

#[test]
fn a_report_of_too_many_rows_tells_of_whole_buckets_and_counts_all() {
    let (_folder, mut store) = with_store();
    let whole = at_once(&mut store);
    let (excerpt, tables) = reported_apart(&mut store, &of_few_rows());
    assert_same(&tables, &kept::told(&whole), "tables of an excerpt");
    assert_eq!(excerpt.totals(), whole.totals());
    assert_eq!(excerpt.counts, whole.counts);
    let beyond = excerpt.beyond.as_ref().unwrap();
    let (all, held) = (rows_by_bucket(&whole), rows_by_bucket(&excerpt));
    assert_eq!(
        (beyond.buckets, beyond.held),
        (all.len() as u64, held.len() as u64)
    );
    assert!(held.len() > 5 && held.len() < all.len(), "{}", held.len());
    for (bucket, rows) in &held {
        assert_eq!(all[bucket], *rows, "{bucket:?} is not whole");
    }
    // Nothing that is open is left out for something that is not.
    let open = whole.exposures.iter().filter(|row| row.is_open());
    let open = buckets(open.map(|row| (&row.account, &row.bucket)));
    let left_out = open.iter().any(|bucket| !held.contains_key(bucket));
    let others = held.keys().any(|bucket| !open.contains(bucket));
    assert!(!(left_out && others));
    assert!(open.iter().any(|bucket| held.contains_key(bucket)));
}

#[test]
fn what_a_page_leaves_out_is_said_and_stands_in_the_tables() {
    let (folder, mut store) = with_store();
    let whole = at_once(&mut store);
    let formats = [
        Format::Csv,
        Format::Jsonl,
        Format::Parquet,
        Format::Timesketch,
        Format::Html,
    ];
    let written = |name: &str| folder.path().join(name);
    let open = |name: &str| Folder::open(written(name), Overwrite::Refuse).unwrap();
    let invocation = Invocation::default();
    leaktrail::report::write_all(&whole, &formats, &invocation, open("whole")).unwrap();
    let options = Options {
        most_held: 0,
        ..of_few_rows()
    };
    let mut rows = SpilledRows::default();
    let judged = leaktrail::pipeline::judge(&mut store, &options, Default::default(), &mut rows);
    let (excerpt, rows) = (judged.unwrap(), rows.finish().unwrap().unwrap());
    write_spilled(&excerpt, &rows, &formats, &invocation, open("apart")).unwrap();
    let mut compared = 0;
    for path in kept::files(&written("whole")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if !["report.html", "run.json"].contains(&name) {
            let other = fs::read(written("apart").join(name)).unwrap();
            assert!(fs::read(&path).unwrap() == other, "{name} differs");
            compared += 1;
        }
    }
    assert_eq!(compared, 3 * 8 + 6);
    assert_eq!(run(&written("apart")), run(&written("whole")));
    let said = "There is too much to tell all of it here";
    let html = fs::read_to_string(written("apart").join("report.html")).unwrap();
    assert!(html.contains(said) && page(&excerpt).contains(said));
    assert!(!page(&whole).contains(said));
    let tile = format!("data-value=\"{}\"", whole.exposures.len());
    assert!(html.contains(&tile), "the numbers count everything");
}

/// What `run.json` says, but for the hash of the page.
fn run(report: &Path) -> serde_json::Value {
    let text = fs::read_to_string(report.join("run.json")).unwrap();
    let mut run: serde_json::Value = serde_json::from_str(&text).unwrap();
    run["reports"]["report.html"] = serde_json::Value::Null;
    run
}
