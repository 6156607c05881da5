//! Does evidence tell the same from a bucket as from a folder? Every case in every container and layout, and the delivered tree.
#![cfg(feature = "s3")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod bucket;
mod fixture;

use bucket::{BUCKET, Server};
use fixture::case::{cases, difference, paths, records, store};
use fixture::told::{ledger, told};
use std::fs;
use std::path::Path;

#[test]
fn every_case_is_told_as_from_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::of_folder(root.path());
    let faults: Vec<String> = cases()
        .iter()
        .filter_map(|case| fault(&server, root.path(), case))
        .collect();
    assert!(
        faults.is_empty(),
        "{} cases are told otherwise:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// The first path on which a case is told otherwise than expected, and the lines that differ.
fn fault(server: &Server, root: &Path, case: &Path) -> Option<String> {
    let (records, name) = (records(case), case.file_name().unwrap().to_str().unwrap());
    let expected = fs::read_to_string(case.join("timeline.txt")).unwrap();
    paths().find_map(|(container, layout)| {
        let folder = root.join(BUCKET);
        let prefix = format!("{name}/{container:?}-{layout:?}");
        store(&records, container, layout, &folder.join(&prefix));
        let analysis = server.scan(&prefix).unwrap();
        // The server walks all of the bucket for each list.
        fs::remove_dir_all(folder).unwrap();
        let actual = told(&analysis);
        assert!(analysis.counts.add_up(), "{prefix}: {:?}", analysis.counts);
        (actual != expected).then(|| format!("{prefix}\n{}", difference(&expected, &actual)))
    })
}

#[test]
fn the_delivered_tree_is_told_as_from_a_folder() {
    let root = tempfile::tempdir().unwrap();
    copy(Path::new("fixtures/archives"), &root.path().join(BUCKET));
    let server = Server::of_folder(root.path());
    let analysis = server.scan("").unwrap();
    let actual = told(&analysis) + &ledger(&analysis);
    let expected = fs::read_to_string("fixtures/archives.txt").unwrap();
    assert_eq!(actual, expected, "{}", difference(&expected, &actual));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => _ = fs::copy(&path, target).unwrap(),
        }
    }
}
