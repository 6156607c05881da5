//! Does a store survive that the program is killed at any instant?
//!
//! The program runs as users run it and is killed, two hundred times; what was committed stays, the next run does the rest, and
//! the report is that of an undisturbed run. When it is killed is left to chance: nothing is measured.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod container;
mod fixture;
mod kept;

use fixture::{compact, elements, gzip};
use kept::put;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// So often the program is killed in all,
const KILLS: u32 = 200;
/// and so often before a store is completed and its report looked at.
const ROUND: u32 = 10;

fn started(folder: &Path, words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_leaktrail"))
        .args(words)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs to the end. Some of the archive is damaged on purpose.
fn done(folder: &Path, words: &[&str]) {
    let status = started(folder, words).wait().unwrap();
    assert_eq!(status.code(), Some(3), "{words:?}");
}

fn tables(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let tables = kept::files(folder).into_iter();
    tables
        .filter(|path| !path.ends_with("run.json"))
        .map(|path| {
            let name = path.strip_prefix(folder).unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

/// Golden archives, one damaged file among them, and so many small files that they make two segments.
fn small_archive(logs: &Path) {
    kept::copy(Path::new("fixtures/archives"), &logs.join("archives"));
    let text = std::fs::read("fixtures/cases/objects-by-their-own-acl/records.json").unwrap();
    let records = elements(&compact(&String::from_utf8(text).unwrap()));
    for (number, record) in (0..260).zip(records.iter().cycle()) {
        let file = gzip(format!("{{\"Records\":[{record}]}}").as_bytes());
        put(logs, &format!("many/{number:04}.json.gz"), &file);
    }
}

/// Numbers without a pattern.
fn dice(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    *state >> 33
}

#[test]
fn a_store_survives_two_hundred_kills() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    small_archive(&folder.join("logs"));
    let begun = Instant::now();
    done(
        folder,
        &[
            "scan", "logs", "--store", "whole", "-o", "expected", "-f", "csv",
        ],
    );
    let whole = begun.elapsed();
    let expected = tables(&folder.join("expected"));
    done(folder, &["scan", "logs", "-o", "plain", "-f", "csv"]);
    assert!(
        tables(&folder.join("plain")) == expected,
        "a store alone changes the report"
    );
    let mut state = u64::from(std::process::id());
    let (mut killed, mut segments) = (0, BTreeMap::new());
    for round in 0..KILLS / ROUND {
        let (store, report) = (format!("store-{round}"), format!("report-{round}"));
        while killed < (round + 1) * ROUND {
            let mut child = started(folder, &["scan", "logs", "--store", &store]);
            let thousandths = u32::try_from(dice(&mut state) % 1000).unwrap();
            std::thread::sleep(whole * thousandths / 1000);
            let ended = child.try_wait().unwrap().is_some();
            child.kill().unwrap();
            child.wait().unwrap();
            // A run that was faster than chance was not killed; it begins anew.
            match ended {
                true => std::fs::remove_dir_all(folder.join(&store)).unwrap(),
                false => killed += 1,
            }
            let manifest = std::fs::read_to_string(folder.join(&store).join("manifest.json"));
            let named = manifest.map_or(0, |text| text.matches("\"name\"").count());
            *segments.entry(named).or_insert(0) += 1;
        }
        done(folder, &["scan", "logs", "--store", &store]);
        done(
            folder,
            &["report", "--store", &store, "-o", &report, "-f", "csv"],
        );
        assert!(
            tables(&folder.join(&report)) == expected,
            "{report} differs"
        );
        std::fs::remove_dir_all(folder.join(&store)).unwrap();
        std::fs::remove_dir_all(folder.join(&report)).unwrap();
    }
    assert_eq!(killed, KILLS);
    assert!(
        segments.len() > 1,
        "every kill came at the same place: {segments:?}"
    );
}
