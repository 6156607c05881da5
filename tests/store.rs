//! Does a store tell what its files tell, however they came into it?
//!
//! One archive of every golden case, in every container, with digests and damage. Whatever splits it, its report is the same,
//! byte for byte, as that of one scan.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod container;
mod fixture;
mod kept;

use fixture::{compact, elements};
use kept::{add, archive, assert_same, put, reported, scanned};
use leaktrail::analysis::Strictness;
use leaktrail::pipeline::{Options, Shard, keep, report};
use leaktrail::source::{DirSource, FileChoice};
use leaktrail::store::{Store, merge};
use leaktrail::vocab::Timestamp;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn with_archive() -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    archive(&folder.path().join("logs"));
    let files = kept::files(&folder.path().join("logs"));
    assert!(files.len() > 150, "{} files", files.len());
    (folder, files)
}

/// The ways in which one archive may be asked.
fn ways() -> Vec<(&'static str, Options)> {
    let at = |text| Timestamp::parse(text);
    vec![
        ("by default", Options::default()),
        (
            "with custody, strictly",
            Options {
                custody: true,
                strictness: Strictness::Strict,
                ..Options::default()
            },
        ),
        (
            "with what is known besides",
            Options {
                known_state: at("2024-03-05T13:00:00Z").map(|at| ("fixtures/known".into(), at)),
                ..Options::default()
            },
        ),
        (
            "some days",
            Options {
                choice: FileChoice {
                    read_from: at("2024-01-20T00:00:00Z"),
                    read_to: at("2024-03-04T00:00:00Z"),
                    ..FileChoice::default()
                },
                ..Options::default()
            },
        ),
        (
            "some names",
            Options {
                choice: FileChoice {
                    include: vec!["*eu-west-1*".to_owned(), "*.jsonl".to_owned()],
                    exclude: vec!["*who-*".to_owned()],
                    ..FileChoice::default()
                },
                ..Options::default()
            },
        ),
    ]
}

/// Deleting an old version leaves the object as it is: nobody tells of it.
#[test]
fn a_deleted_version_is_told_by_neither() {
    let folder = tempfile::tempdir().unwrap();
    let case = "fixtures/cases/objects-by-their-own-acl/records.json";
    let mut records = elements(&compact(&fs::read_to_string(case).unwrap()));
    let opened = records
        .iter()
        .find(|record| record.contains("PutObjectAcl"));
    let opened: serde_json::Value = serde_json::from_str(opened.unwrap()).unwrap();
    let mut deleted = opened.clone();
    deleted["eventName"] = "DeleteObject".into();
    deleted["eventID"] = "00000000-0000-4000-8000-000000000001".into();
    deleted["requestParameters"] = serde_json::json!({
        "bucketName": opened["requestParameters"]["bucketName"],
        "key": opened["requestParameters"]["key"],
        "versionId": "3HL4kqtJlcpXroDTDmJ",
    });
    records.push(deleted.to_string());
    for (number, record) in records.iter().enumerate() {
        let file = format!("{{\"Records\":[{record}]}}");
        put(
            folder.path(),
            &format!("logs/{number}.json"),
            file.as_bytes(),
        );
    }
    let (logs, place) = (
        vec![folder.path().join("logs")],
        folder.path().join("store"),
    );
    add(&place, &logs, &Options::default(), None);
    let scanned = scanned(&logs, &Options::default());
    assert_same(
        &reported(&place, &Options::default()),
        &scanned,
        "a deleted version",
    );
}

#[test]
fn a_report_of_a_store_is_that_of_a_scan_however_it_is_asked() {
    let (folder, _) = with_archive();
    let logs = [folder.path().join("logs")];
    let store = folder.path().join("store");
    let first = add(&store, &logs, &Options::default(), None);
    assert!(first > 150);
    for (name, options) in ways() {
        let expected = scanned(&logs, &options);
        assert!(expected["exposures"].lines().count() > 2, "{name}");
        assert_same(&reported(&store, &options), &expected, name);
    }
}

#[test]
fn a_second_run_reads_only_what_is_new_or_changed() {
    let (folder, files) = with_archive();
    let (store, options) = (folder.path().join("store"), Options::default());
    let (most, rest) = files.split_at(files.len() - 7);
    assert_eq!(add(&store, most, &options, None), most.len() as u64);
    assert_eq!(add(&store, most, &options, None), 0);
    assert_eq!(add(&store, &files, &options, None), rest.len() as u64);
    assert_same(
        &reported(&store, &options),
        &scanned(&files, &options),
        "in two runs",
    );
    let changed = files
        .iter()
        .filter(|path| path.to_str().unwrap().contains("objects-by-their-own-acl"));
    let changed: Vec<_> = changed.collect();
    for path in &changed {
        fs::write(path, br#"{"Records":[]}"#).unwrap();
    }
    assert_eq!(add(&store, &files, &options, None), changed.len() as u64);
    let expected = scanned(&files, &options);
    assert_same(&reported(&store, &options), &expected, "after a change");
    fs::remove_file(&files[0]).unwrap();
    assert_eq!(add(&store, &files[1..], &options, None), 0);
    assert_same(&reported(&store, &options), &expected, "a file went away");
}

#[test]
fn what_is_left_out_is_told_and_read_when_it_is_asked_for() {
    let (folder, files) = with_archive();
    let store = folder.path().join("store");
    let mut read = 0;
    for (name, options) in ways().into_iter().rev() {
        let source = DirSource::new(files.clone());
        let mut kept = Store::open_to_write(&store).unwrap();
        let added = keep(&source, &mut kept, &options, None, &()).unwrap();
        read += added.new;
        let analysis = report(&mut kept, &options, added.left_out).unwrap();
        assert_same(&kept::told(&analysis), &scanned(&files, &options), name);
    }
    assert_eq!(read, files.len() as u64);
}

#[test]
fn custody_reads_again_what_only_its_bytes_tell() {
    let (folder, files) = with_archive();
    let (store, options) = (folder.path().join("store"), Options::default());
    add(&store, &files, &options, None);
    let path = files
        .iter()
        .find(|path| path.to_str().unwrap().ends_with(".jsonl"))
        .unwrap();
    let (bytes, changed_at) = (
        fs::read(path).unwrap(),
        fs::metadata(path).unwrap().modified().unwrap(),
    );
    fs::write(path, vec![b' '; bytes.len()]).unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(changed_at).unwrap();
    assert_eq!(add(&store, &files, &options, None), 0);
    let custody = Options {
        custody: true,
        ..Options::default()
    };
    assert_eq!(add(&store, &files, &custody, None), 1);
    assert_same(
        &reported(&store, &custody),
        &scanned(&files, &custody),
        "with custody",
    );
}

#[test]
fn what_a_smaller_limit_cut_off_is_read_with_a_greater_one() {
    let (folder, files) = with_archive();
    let store = folder.path().join("store");
    let small = Options {
        max_inflated: 500,
        ..Options::default()
    };
    add(&store, &files, &small, None);
    assert_same(&reported(&store, &small), &scanned(&files, &small), "cut");
    assert_eq!(add(&store, &files, &small, None), 0);
    let again = add(&store, &files, &Options::default(), None);
    assert!(again > 0 && again < files.len() as u64, "{again}");
    assert_same(
        &reported(&store, &Options::default()),
        &scanned(&files, &Options::default()),
        "whole",
    );
}

#[test]
fn seven_shards_are_one_scan() {
    let (folder, files) = with_archive();
    let (logs, options) = ([folder.path().join("logs")], Options::default());
    let place = |number: u64| folder.path().join(format!("shard-{number}"));
    let mut read = Vec::new();
    for number in 0..7 {
        read.push(add(&place(number), &logs, &options, Shard::new(number, 7)));
    }
    assert_eq!(read.iter().sum::<u64>(), files.len() as u64);
    assert!(read.iter().all(|read| *read > 5), "{read:?}");
    let stores: Vec<PathBuf> = (0..7).map(place).collect();
    let into = folder.path().join("all");
    join(&stores, &into);
    assert_same(
        &reported(&into, &options),
        &scanned(&logs, &options),
        "shards",
    );
    // Another machine sees the archive at another place, and has the same shards.
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&logs[0], &elsewhere).unwrap();
    let delivered = |root: &Path| -> Vec<Vec<bool>> {
        let of = |path: &PathBuf| {
            let name = path.to_str().unwrap();
            let id = leaktrail::vocab::LogFileId::new(name);
            name.contains("AWSLogs").then(|| {
                (0..7)
                    .map(|number| Shard::new(number, 7).unwrap().holds(&id))
                    .collect()
            })
        };
        kept::files(root).iter().filter_map(of).collect()
    };
    let there = delivered(&elsewhere);
    fs::rename(&elsewhere, &logs[0]).unwrap();
    assert_eq!(there, delivered(&logs[0]));
    assert!(
        there
            .iter()
            .all(|holds| holds.iter().filter(|it| **it).count() == 1)
    );
}

fn join(stores: &[PathBuf], into: &Path) {
    let from: Vec<Store> = stores
        .iter()
        .map(|path| Store::open(path).unwrap())
        .collect();
    merge(&from, &mut Store::open_to_write(into).unwrap()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Each file goes into one store or two; each store is filled in some runs; stores are joined by twos, as it comes.
    #[test]
    fn any_split_joined_in_any_grouping_is_one_scan(
        stores in 1_usize..6,
        places in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..5, any::<bool>()), 400),
        pairs in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 8),
    ) {
        let (folder, files) = with_archive();
        let options = Options::default();
        let mut shares: Vec<[Vec<PathBuf>; 2]> = vec![Default::default(); stores];
        for (path, (place, twice, late)) in files.iter().zip(&places) {
            let store = place.index(stores);
            shares[store][usize::from(*late)].push(path.clone());
            if *twice == 0 {
                shares[(store + 1) % stores][usize::from(!*late)].push(path.clone());
            }
        }
        let mut made = Vec::new();
        for (number, runs) in shares.iter().enumerate() {
            let store = folder.path().join(format!("store-{number}"));
            for run in runs.iter().filter(|run| !run.is_empty()) {
                add(&store, run, &options, None);
            }
            if store.exists() {
                made.push(store);
            }
        }
        for (number, (one, other)) in pairs.iter().enumerate() {
            if made.len() < 2 {
                break;
            }
            let one = made.remove(one.index(made.len()));
            let other = made.remove(other.index(made.len()));
            let into = folder.path().join(format!("joined-{number}"));
            join(&[one, other], &into);
            made.push(into);
        }
        prop_assert_eq!(made.len(), 1);
        assert_same(&reported(&made[0], &options), &scanned(&files, &options), "split");
    }
}

#[test]
fn a_file_that_two_stores_know_differently_counts_as_it_was_last() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let text = fs::read_to_string("fixtures/cases/policy-then-acl-one-row/records.json").unwrap();
    put(&logs, "a.json", br#"{"Records":[]}"#);
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    add(&old, std::slice::from_ref(&logs), &Options::default(), None);
    let records = fixture::compact(&text);
    put(
        &logs,
        "a.json",
        format!("{{\"Records\":{records}}}").as_bytes(),
    );
    let file = fs::File::options()
        .write(true)
        .open(logs.join("a.json"))
        .unwrap();
    let later = fs::metadata(logs.join("a.json"))
        .unwrap()
        .modified()
        .unwrap();
    file.set_modified(later + std::time::Duration::from_secs(60))
        .unwrap();
    add(&new, std::slice::from_ref(&logs), &Options::default(), None);
    let expected = scanned(&[logs], &Options::default());
    for (number, order) in [[&old, &new], [&new, &old]].into_iter().enumerate() {
        let into = folder.path().join(format!("joined-{number}"));
        join(&order.map(Clone::clone), &into);
        assert_same(&reported(&into, &Options::default()), &expected, "both");
    }
}
