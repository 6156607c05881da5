//! What is a store tried on? An archive of every golden case in every container, digests, litter and damage.
#![allow(dead_code, reason = "each test uses some of it")]

use super::container::CONTAINERS;
use super::fixture::{compact, elements, gzip};
use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{self, Options, Shard, keep};
use leaktrail::report::{SpilledRows, Table, csv, tables};
use leaktrail::source::DirSource;
use leaktrail::store::Store;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes the archive below a folder.
pub fn archive(into: &Path) {
    let mut cases: Vec<PathBuf> = fs::read_dir("fixtures/cases")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    for (number, case) in cases.iter().enumerate() {
        let text = fs::read_to_string(case.join("records.json")).unwrap();
        let records = elements(&compact(&text));
        let name = case.file_name().unwrap().to_str().unwrap();
        let (early, late) = records.split_at(records.len() / 2);
        for (half, records) in [early, late].into_iter().enumerate() {
            let container = &CONTAINERS[(2 * number + half) % CONTAINERS.len()];
            let path = format!("{name}/{half}/{}", container.file);
            put(into, &path, &(container.bytes)(records));
        }
        let again = format!("{{\"Records\":[{}]}}", records.join(","));
        put(into, &delivered(number), &gzip(again.as_bytes()));
    }
    for folder in ["fixtures/archives", "fixtures/archives-json"] {
        copy(Path::new(folder), &into.join(folder));
    }
    let whole = gzip(br#"{"Records":[]}"#);
    put(into, "damaged/cut.json.gz", &whole[..whole.len() - 9]);
    put(into, "damaged/empty.json.gz", b"");
    put(into, "damaged/no.json.gz", b"no JSON");
    put(into, "notes.txt", b"nothing");
}

/// A name as CloudTrail gives it, of another day each.
fn delivered(number: usize) -> String {
    let (month, day) = (1 + number / 28, 1 + number % 28);
    format!(
        "AWSLogs/111122223333/CloudTrail/eu-west-1/2024/{month:02}/{day:02}/111122223333_CloudTrail_eu-west-1_2024{month:02}{day:02}T0800Z_{number:016}.json.gz"
    )
}

pub fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Copies every file below a folder.
pub fn copy(from: &Path, to: &Path) {
    for path in files(from) {
        let name = path.strip_prefix(from).unwrap().to_str().unwrap();
        put(to, name, &fs::read(&path).unwrap());
    }
}

/// Every file below a folder, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// Every table, byte for byte, and what was counted.
pub fn told(analysis: &Analysis) -> BTreeMap<&'static str, String> {
    told_with(analysis, &tables(analysis))
}

fn told_with(analysis: &Analysis, tables: &[Table<'_>]) -> BTreeMap<&'static str, String> {
    let mut told: BTreeMap<_, _> = tables
        .iter()
        .map(|table| {
            let mut out = Vec::new();
            csv::write(table, &mut out).unwrap();
            (table.name, String::from_utf8(out).unwrap())
        })
        .collect();
    assert!(analysis.counts.add_up(), "{:?}", analysis.counts);
    told.insert("counts", format!("{:?}", analysis.counts));
    told.insert("coverage of all", format!("{:?}", analysis.coverage));
    told.insert("integrity", format!("{:?}", analysis.integrity));
    told
}

/// Fails where two reports differ, and names the table and the first line.
pub fn assert_same(
    one: &BTreeMap<&'static str, String>,
    other: &BTreeMap<&'static str, String>,
    what: &str,
) {
    assert_eq!(one.len(), other.len());
    for (table, text) in one {
        let mut lines = text.lines().zip(other[table].lines());
        let first = lines.find(|(one, other)| one != other);
        assert!(
            *text == other[table],
            "{what}: `{table}` differs: {first:?}, {} and {} lines",
            text.lines().count(),
            other[table].lines().count()
        );
    }
}

/// What a scan without a store tells.
pub fn scanned(paths: &[PathBuf], options: &Options) -> BTreeMap<&'static str, String> {
    let source = DirSource::new(paths.to_vec());
    told(&pipeline::scan(&source, options, &()).unwrap())
}

/// Adds files to a store, and tells how many were read.
pub fn add(store: &Path, paths: &[PathBuf], options: &Options, shard: Option<Shard>) -> u64 {
    let mut store = Store::open_to_write(store).unwrap();
    let source = DirSource::new(paths.to_vec());
    let added = keep(&source, &mut store, options, shard, &()).unwrap();
    added.new + added.changed
}

/// What a store tells, in memory and bucket by bucket.
pub fn reported(store: &Path, options: &Options) -> BTreeMap<&'static str, String> {
    let mut store = Store::open(store).unwrap();
    let analysis = pipeline::report(&mut store, options, Default::default()).unwrap();
    let told = told(&analysis);
    let (apart, of_apart) = reported_apart(&mut store, options);
    assert_same(&of_apart, &told, "bucket by bucket");
    assert_eq!(apart.totals(), analysis.totals());
    assert_eq!(apart.withheld, analysis.withheld);
    told
}

/// What a store tells whose rows are told bucket by bucket, and do not all fit in memory.
pub fn reported_apart(
    store: &mut Store,
    options: &Options,
) -> (Analysis, BTreeMap<&'static str, String>) {
    let options = Options {
        most_held: 0,
        ..options.clone()
    };
    let mut rows = SpilledRows::default();
    let analysis = pipeline::judge(store, &options, Default::default(), &mut rows).unwrap();
    match rows.finish().unwrap() {
        None => {
            let told = told(&analysis);
            (analysis, told)
        }
        Some(rows) => {
            let told = told_with(&analysis, &rows.tables(&analysis));
            (analysis, told)
        }
    }
}
