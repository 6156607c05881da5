//! Is the delivered tree of `fixtures/archives` what it says, and what does it tell?
//!
//! Every gzip file there is made, byte for byte, from the readable JSON of the same name below `fixtures/archives-json`.
//! `LEAKTRAIL_REWRITE=1 cargo test` makes them anew, and the expected text too.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod fixture;

use fixture::{
    compact, gzip, rewrites,
    told::{ledger, told},
};
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const DELIVERED: &str = "fixtures/archives";
const READABLE: &str = "fixtures/archives-json";
const TOLD: &str = "fixtures/archives.txt";
/// A file that broke off while it was copied, and how many of its bytes arrived.
const DAMAGED: (&str, usize) = (
    "111122223333_CloudTrail_eu-west-1_20240305T0850Z_Q6f1llmVbCnUaWst.json.gz",
    2_120,
);

/// Every file below a folder, by its path below it.
fn files(folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(Path::new(folder), Path::new(folder), &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(root, &path, found),
            false => {
                let below = path.strip_prefix(root).unwrap().to_owned();
                found.insert(below, fs::read(&path).unwrap());
            }
        }
    }
}

/// What the readable files make; written down first if that is asked for.
static MADE: LazyLock<BTreeMap<PathBuf, Vec<u8>>> = LazyLock::new(|| {
    let readable = files(READABLE);
    let made: BTreeMap<_, _> = readable
        .iter()
        .map(|(path, text)| deliver(path, text))
        .collect();
    for (path, bytes) in made.iter().filter(|_| rewrites()) {
        let path = Path::new(DELIVERED).join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    made
});

/// What was delivered of one readable file.
fn deliver(path: &Path, readable: &[u8]) -> (PathBuf, Vec<u8>) {
    let mut bytes = gzip(compact(std::str::from_utf8(readable).unwrap()).as_bytes());
    let delivered = path.with_extension("json.gz");
    if delivered.ends_with(DAMAGED.0) {
        bytes.truncate(DAMAGED.1);
    }
    (delivered, bytes)
}

#[test]
fn the_gzip_files_are_made_from_the_readable_json() {
    let made = &*MADE;
    let mut delivered = files(DELIVERED);
    delivered.retain(|path, _| path.extension().is_some_and(|extension| extension == "gz"));
    assert_eq!(
        delivered.keys().collect::<Vec<_>>(),
        made.keys().collect::<Vec<_>>()
    );
    for (path, bytes) in made {
        assert!(
            delivered[path] == *bytes,
            "{} is not what its JSON makes; LEAKTRAIL_REWRITE=1 makes it anew",
            path.display()
        );
    }
}

#[test]
fn the_archive_tells_what_it_is_there_to_show() {
    LazyLock::force(&MADE);
    let archive = DirSource::new(vec![DELIVERED.into()]);
    let analysis = scan(&archive, &Options::default(), &()).unwrap();
    let mut text = told(&analysis);
    text.push_str(&ledger(&analysis));
    if rewrites() {
        fs::write(TOLD, &text).unwrap();
    }
    let expected = fs::read_to_string(TOLD).unwrap_or_else(|cause| panic!("{TOLD}: {cause}"));
    assert_eq!(text, expected);
    assert!(analysis.counts.add_up());
}
