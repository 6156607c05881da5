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

use fixture::{compact, elements, gzip, rewrites, told::told};
use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use std::fs;
use std::path::{Path, PathBuf};

const CASES: &str = "fixtures/cases";
const CONTAINERS: [Container; 4] = [
    Container::Plain,
    Container::Gzip,
    Container::TwoMembers,
    Container::JsonLines,
];
const LAYOUTS: [Layout; 4] = [
    Layout::OneFile,
    Layout::FilePerRecord,
    Layout::Reversed,
    Layout::Doubled,
];
const THREADS: [usize; 2] = [1, 4];

/// What the bytes of a file look like.
#[derive(Clone, Copy, Debug)]
enum Container {
    Plain,
    Gzip,
    TwoMembers,
    JsonLines,
}

/// How the records lie in files.
#[derive(Clone, Copy, Debug)]
enum Layout {
    OneFile,
    FilePerRecord,
    Reversed,
    Doubled,
}

impl Container {
    fn file(self, number: usize, records: &[String]) -> (String, Vec<u8>) {
        let text = format!("{{\"Records\":[{}]}}", records.join(","));
        let (head, tail) = text.as_bytes().split_at(text.len() / 2);
        match self {
            Self::Plain => (format!("{number:03}.json"), text.into_bytes()),
            Self::Gzip => (format!("{number:03}.json.gz"), gzip(text.as_bytes())),
            Self::TwoMembers => (
                format!("{number:03}.json.gz"),
                [gzip(head), gzip(tail)].concat(),
            ),
            Self::JsonLines => (
                format!("{number:03}.jsonl"),
                (records.join("\n") + "\n").into_bytes(),
            ),
        }
    }
}

impl Layout {
    fn files(self, records: &[String]) -> Vec<Vec<String>> {
        let reversed = || records.iter().rev().cloned().collect::<Vec<_>>();
        match self {
            Self::OneFile => vec![records.to_vec()],
            Self::FilePerRecord => records.iter().map(|record| vec![record.clone()]).collect(),
            Self::Reversed => vec![reversed()],
            Self::Doubled => vec![[records, records].concat(), reversed()],
        }
    }
}

/// The cases' folders.
fn cases() -> Vec<PathBuf> {
    let folders = fs::read_dir(CASES).unwrap();
    let mut cases: Vec<_> = folders.map(|folder| folder.unwrap().path()).collect();
    cases.sort();
    cases
}

/// The case's records, each as it would be delivered.
fn records(case: &Path) -> Vec<String> {
    elements(&compact(
        &fs::read_to_string(case.join("records.json")).unwrap(),
    ))
}

fn analysis(records: &[String], container: Container, layout: Layout, threads: usize) -> Analysis {
    let folder = tempfile::tempdir().unwrap();
    for (number, part) in layout.files(records).iter().enumerate() {
        let (name, bytes) = container.file(number, part);
        fs::write(folder.path().join(name), bytes).unwrap();
    }
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

fn difference(expected: &str, actual: &str) -> String {
    let lines = expected.lines().zip(actual.lines());
    let differing = lines.filter(|(expected, actual)| expected != actual);
    let mut text: String = differing
        .map(|(expected, actual)| format!("- {expected}\n+ {actual}\n"))
        .collect();
    let (expected, actual) = (expected.lines().count(), actual.lines().count());
    if expected != actual {
        text.push_str(&format!("{expected} lines expected, {actual} told\n"));
    }
    text
}

fn paths() -> impl Iterator<Item = (Container, Layout)> {
    CONTAINERS
        .into_iter()
        .flat_map(|container| LAYOUTS.map(|layout| (container, layout)))
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
