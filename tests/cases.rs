//! Does the same evidence tell the same, whichever way it is stored?
//!
//! Each folder of `fixtures/cases` has records in real shapes, a paragraph on what they show, and the text that they must
//! make. `LEAKTRAIL_REWRITE=1 cargo test` writes that text anew; a missing one fails.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod fixture;

use fixture::case::{Container, Layout, cases, difference, paths, records, store};
use fixture::{rewrites, told::told};
use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use std::fs;
use std::path::Path;

const THREADS: [usize; 2] = [1, 4];

fn analysis(records: &[String], container: Container, layout: Layout, threads: usize) -> Analysis {
    let folder = tempfile::tempdir().unwrap();
    store(records, container, layout, folder.path());
    let options = Options {
        threads: Some(threads),
        ..Options::default()
    };
    let source = DirSource::new(vec![folder.path().to_owned()]);
    scan(&source, &options, &()).unwrap()
}

fn expected(case: &Path) -> String {
    let golden = case.join("timeline.txt");
    if rewrites() {
        let simplest = analysis(&records(case), Container::Plain, Layout::OneFile, 1);
        fs::write(&golden, told(&simplest)).unwrap();
    }
    fs::read_to_string(&golden).unwrap_or_else(|cause| panic!("{}: {cause}", golden.display()))
}

#[test]
fn every_path_tells_what_is_expected() {
    let faults: Vec<String> = cases().iter().filter_map(|case| fault(case)).collect();
    assert!(
        faults.is_empty(),
        "{} cases are told otherwise:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// The first path on which a case is told otherwise than expected, and the lines that differ.
fn fault(case: &Path) -> Option<String> {
    let (records, expected) = (records(case), expected(case));
    paths().find_map(|(container, layout)| {
        THREADS.iter().find_map(|&threads| {
            let analysis = analysis(&records, container, layout, threads);
            let path = format!(
                "{}: {container:?}, {layout:?}, {threads} threads",
                case.display()
            );
            assert!(analysis.counts.add_up(), "{path}: {:?}", analysis.counts);
            let actual = told(&analysis);
            (actual != expected).then(|| format!("{path}\n{}", difference(&expected, &actual)))
        })
    })
}

#[test]
fn a_row_has_the_same_name_on_every_path() {
    for case in cases() {
        let records = records(&case);
        let mut ids = paths().map(|(container, layout)| {
            let analysis = analysis(&records, container, layout, 1);
            let exposures = analysis.exposures.iter();
            exposures.map(|row| row.id.clone()).collect::<Vec<_>>()
        });
        let first = ids.next().unwrap();
        assert!(ids.all(|other| other == first), "{}", case.display());
    }
}

#[test]
fn every_case_says_what_it_shows() {
    assert!(cases().len() >= 20);
    for case in cases() {
        let about = fs::read_to_string(case.join("about.txt")).unwrap();
        assert!(about.len() > 80, "{} says little", case.display());
    }
}
