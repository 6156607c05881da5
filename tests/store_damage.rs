//! What does a store do that is damaged, in use, of another version, or no store?
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod container;
mod fixture;
mod kept;

use kept::{add, archive, assert_same, reported, scanned};
use leaktrail::pipeline::{Options, report};
use leaktrail::store::{Store, StoreError};
use leaktrail::vocab::LossKind;
use std::fs;
use std::path::{Path, PathBuf};

const TABLES: [&str; 12] = [
    "sources",
    "files",
    "activity",
    "spans",
    "changes",
    "writes",
    "reads",
    "sessions",
    "requests",
    "addresses",
    "losses",
    "proofs",
];

type Damage = (&'static str, fn(&Path));

/// Ways to damage a file.
const DAMAGES: [Damage; 3] = [
    ("a bit", |path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    }),
    ("the end", |path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() - 7]).unwrap();
    }),
    ("all of it", |path| fs::remove_file(path).unwrap()),
];

fn only_segment(store: &Path, table: &str) -> PathBuf {
    let found = kept::files(&store.join(table));
    assert_eq!(found.len(), 1, "{table}");
    found[0].clone()
}

#[test]
fn a_damaged_segment_is_named_and_read_again_where_the_source_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let logs = [folder.path().join("logs")];
    archive(&logs[0]);
    let (store, options) = (folder.path().join("store"), Options::default());
    let files = add(&store, &logs, &options, None);
    let expected = scanned(&logs, &options);
    for (number, table) in TABLES.into_iter().enumerate() {
        let (what, damage) = DAMAGES[number % DAMAGES.len()];
        let path = only_segment(&store, table);
        damage(&path);
        let told = reported(&store, &options);
        let losses: Vec<&str> = told["losses"].lines().skip(1).collect();
        let named = losses.iter().filter(|row| row.contains("damaged-store"));
        assert_eq!(named.count() as u64, files, "{what} of {table}");
        assert!(losses[0].contains(path.to_str().unwrap()), "{}", losses[0]);
        assert_eq!(add(&store, &logs, &options, None), files, "{table}");
        assert_same(&reported(&store, &options), &expected, table);
    }
}

#[test]
fn what_a_damaged_segment_told_of_files_that_are_gone_stays_a_loss() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    archive(&logs);
    let files = kept::files(&logs);
    let (gone, here) = files.split_at(5);
    let (store, options) = (folder.path().join("store"), Options::default());
    add(&store, &files, &options, None);
    (DAMAGES[0].1)(&only_segment(&store, "changes"));
    assert_eq!(add(&store, here, &options, None), here.len() as u64);
    for _ in 0..2 {
        let told = reported(&store, &options);
        let losses = told["losses"].lines();
        let named: Vec<&str> = losses.filter(|row| row.contains("damaged-store")).collect();
        assert_eq!(named.len(), gone.len());
        for (row, path) in named.iter().zip(gone) {
            assert!(row.contains(path.to_str().unwrap()), "{row}");
        }
    }
    add(&store, &files, &options, None);
    assert_same(
        &reported(&store, &options),
        &scanned(&files, &options),
        "all are back",
    );
}

#[test]
fn a_segment_that_lost_its_list_of_files_is_one_loss() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    archive(&logs);
    let (store, options) = (folder.path().join("store"), Options::default());
    let files = add(&store, &[logs], &options, None);
    for table in ["sources", "files"] {
        fs::remove_file(only_segment(&store, table)).unwrap();
    }
    let mut store = Store::open(&store).unwrap();
    let analysis = report(&mut store, &options, Default::default()).unwrap();
    assert_eq!(analysis.losses.len(), 1);
    assert_eq!(analysis.losses[0].kind, LossKind::DamagedStore);
    let detail = analysis.losses[0].detail.reveal();
    assert!(
        detail.contains(&format!("what {files} files told")),
        "{detail}"
    );
    assert_eq!(analysis.counts.files_lost, 1);
    assert!(analysis.counts.add_up());
}

#[test]
fn a_store_of_another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    Store::open_to_write(folder.path()).unwrap();
    let manifest = folder.path().join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let other = text.replace("\"leaktrail_store\": 2", "\"leaktrail_store\": 1");
    assert_ne!(text, other);
    fs::write(&manifest, &other).unwrap();
    for opened in [
        Store::open(folder.path()),
        Store::open_to_write(folder.path()),
    ] {
        let error = opened.unwrap_err().to_string();
        assert!(
            error.contains("has version 1; this program reads version 2"),
            "{error}"
        );
    }
    assert_eq!(fs::read_to_string(&manifest).unwrap(), other);
}

#[test]
fn a_manifest_that_cannot_be_understood_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    Store::open_to_write(folder.path()).unwrap();
    let manifest = folder.path().join("manifest.json");
    for text in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"leaktrail_store": 2}"#,
        r#"{"leaktrail_store": 2, "program": "0", "parts": [], "segments": [{"name": "../../etc/passwd", "source_files": 1, "first_event": null, "last_event": null, "told": false, "tables": {}}]}"#,
        r#"{"leaktrail_store": 2, "program": "0", "parts": [], "segments": [{"name": "0123456789abcdef", "source_files": 1, "first_event": null, "last_event": null, "told": false, "tables": {"..": {"rows": 1, "bytes": 1, "sha256": ""}}}]}"#,
    ] {
        fs::write(&manifest, text).unwrap();
        for opened in [
            Store::open(folder.path()),
            Store::open_to_write(folder.path()),
        ] {
            let error = opened.unwrap_err();
            assert!(
                matches!(error, StoreError::Manifest { .. }),
                "{text}: {error}"
            );
        }
        assert_eq!(fs::read_to_string(&manifest).unwrap(), text);
    }
}

#[test]
fn a_folder_with_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let error = Store::open_to_write(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Occupied { .. }), "{error}");
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
    assert_eq!(kept::files(folder.path()).len(), 1);
    let error = Store::open(&folder.path().join("nowhere")).unwrap_err();
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
}

#[test]
fn two_runs_do_not_share_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let in_use =
        |opened: Result<Store, StoreError>| matches!(opened.unwrap_err(), StoreError::InUse { .. });
    let writing = Store::open_to_write(folder.path()).unwrap();
    assert!(in_use(Store::open_to_write(folder.path())));
    assert!(in_use(Store::open(folder.path())));
    drop(writing);
    let reading = Store::open(folder.path()).unwrap();
    let _too = Store::open(folder.path()).unwrap();
    assert!(in_use(Store::open_to_write(folder.path())));
    drop((reading, _too));
    Store::open_to_write(folder.path()).unwrap();
}

#[test]
fn what_an_interrupted_run_left_goes_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open_to_write(folder.path()).unwrap());
    let inside = folder.path().join("changes");
    fs::create_dir(&inside).unwrap();
    for name in ["_partial", "0123456789abcdef.parquet", "mine.parquet"] {
        fs::write(inside.join(name), "x").unwrap();
    }
    drop(Store::open(folder.path()).unwrap());
    assert_eq!(kept::files(&inside).len(), 3);
    drop(Store::open_to_write(folder.path()).unwrap());
    assert_eq!(kept::files(&inside), [inside.join("mine.parquet")]);
}
