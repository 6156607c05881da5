//! What does a second run cost that has an evidence store, and a day that is added to ninety?
//!
//! Ratios of one run on one machine; the reports must be the same. Counts are printed, so that a speed-up that loses records
//! is visible.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench may stop, and tells its numbers"
)]

mod corpus;

use corpus::{Corpus, Shape};
use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, keep, report, scan};
use leaktrail::source::DirSource;
use leaktrail::store::Store;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// So many times each is measured; the median counts.
const TIMES: usize = 5;

fn main() {
    for shape in [Shape::ManySmall, Shape::FewLarge, Shape::Large] {
        let folder = tempfile::tempdir().unwrap();
        let corpus = Corpus::write(folder.path(), shape).unwrap();
        second_run(shape, &corpus, folder.path());
        one_day_more(shape, &corpus, folder.path());
    }
}

/// A scan without a store, the first run with one, the second, and a report.
fn second_run(shape: Shape, corpus: &Corpus, folder: &Path) {
    let source = DirSource::new(vec![corpus.folder.clone()]);
    let options = Options::default();
    let (without, plain) = median(|_| scan(&source, &options, &()).unwrap());
    let place = |number: usize| folder.join(format!("{shape:?}-store-{number}"));
    let (first, of_first) = median(|number| run(&source, &place(number)));
    let (second, of_second) = median(|_| run(&source, &place(0)));
    let (again, of_report) = median(|_| {
        report(
            &mut Store::open(&place(0)).unwrap(),
            &options,
            Default::default(),
        )
        .unwrap()
    });
    for analysis in [&of_first, &of_second, &of_report] {
        assert!(*analysis == plain, "the store tells something else");
    }
    assert_eq!(plain.counts.bytes, corpus.bytes());
    assert_eq!(plain.counts.records, corpus.records);
    assert_eq!(plain.counts.used, corpus.changes + corpus.sessions);
    assert_eq!(plain.exposures.len() as u64, corpus.exposures());
    println!(
        "{shape:?}: {} files of {} bytes, {} records, {} used; the store has {} bytes",
        plain.counts.files,
        plain.counts.bytes,
        plain.counts.records,
        plain.counts.used,
        size_of(&place(0))
    );
    println!(
        "{shape:?}: scan {without:.2?}, first run with a store {first:.2?} ({:.2} of the scan)",
        ratio(first, without)
    );
    println!(
        "{shape:?}: second run {second:.2?}, {:.2} % of the first, {:.2} % of a scan; report {again:.2?}, {:.2} %",
        100.0 * ratio(second, first),
        100.0 * ratio(second, without),
        100.0 * ratio(again, first)
    );
}

/// One file in ninety-one is new.
fn one_day_more(shape: Shape, corpus: &Corpus, folder: &Path) {
    let files = paths(&corpus.folder);
    let day = (files.len() / 91).max(1);
    let ninety = DirSource::new(files[day..].to_vec());
    let all = DirSource::new(files.clone());
    let only = DirSource::new(files[..day].to_vec());
    let place = |number: usize| folder.join(format!("{shape:?}-days-{number}"));
    for number in 0..TIMES {
        run(&ninety, &place(number));
    }
    let (known, _) = median(|number| run(&ninety, &place(number)));
    let (added, _) = median(|number| run(&all, &place(number)));
    let (alone, _) = median(|number| run(&only, &folder.join(format!("{shape:?}-day-{number}"))));
    println!(
        "{shape:?}: {day} of {} files added to the others in {added:.2?}: {:.2?} more than with none; alone they take {alone:.2?}",
        files.len(),
        added.saturating_sub(known)
    );
}

fn run(source: &DirSource, place: &Path) -> Analysis {
    let options = Options::default();
    let mut store = Store::open_to_write(place).unwrap();
    let added = keep(source, &mut store, &options, None, &()).unwrap();
    report(&mut store, &options, added.left_out).unwrap()
}

fn median<T>(mut work: impl FnMut(usize) -> T) -> (Duration, T) {
    let mut runs: Vec<(Duration, T)> = (0..TIMES)
        .map(|number| {
            let begun = Instant::now();
            let done = work(number);
            (begun.elapsed(), done)
        })
        .collect();
    runs.sort_by_key(|(took, _)| *took);
    runs.swap_remove(TIMES / 2)
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(paths(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn size_of(folder: &Path) -> u64 {
    let sizes = paths(folder).into_iter();
    sizes.map(|path| path.metadata().unwrap().len()).sum()
}
