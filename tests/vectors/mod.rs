//! The tree of the specification's vectors, made anew with keys of its own: D1 (a starting digest) to D4 (signed with the
//! next key, the last before a break), D5 and D6 after it, B1 (backfill), log files l1 to l6, le (backfill) and lu, which
//! no digest names.
#![allow(dead_code, reason = "each test uses some of it")]

use crate::digests::{Log, Trail, everyday, gzip, key_list, log, put, seconds, signers};
use flate2::read::GzDecoder;
use leaktrail::analysis::Analysis;
use leaktrail::integrity::{Metadata, PublicKeys};
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use tempfile::TempDir;

pub const DAY: &str = "2026-03-10T";

pub fn at(time: &str) -> i64 {
    seconds(&format!("{DAY}{time}Z"))
}

/// The vectors: a folder, the place of each digest and log file by its short name, and what was saved beside it.
pub struct Tree {
    pub dir: TempDir,
    pub paths: BTreeMap<&'static str, PathBuf>,
    pub metadata: Value,
}

impl Tree {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let [old, new] = signers();
        let mut trail = Trail::new(dir.path(), "example-ct-archive", "us-east-2", "org-main");
        let root = trail.root.clone();
        let one = |trail: &Trail, time: &str, unique: char, event: &str| -> Log {
            let id = format!("{unique}-{event}");
            let record = everyday(at(event), "us-east-2", &id);
            (
                trail.log_key(at(time), &unique.to_string().repeat(16)),
                log(&[record]),
            )
        };
        let logs = [
            ("l1", one(&trail, "00:05:00", 'a', "00:01:10")),
            ("l2", one(&trail, "00:10:00", 'b', "00:06:00")),
            ("l3", one(&trail, "01:20:00", 'c', "01:15:00")),
            ("l4", one(&trail, "03:10:00", 'd', "03:05:00")),
            ("le", one(&trail, "01:35:00", 'e', "01:00:00")),
            ("l6", one(&trail, "07:15:00", 'f', "07:09:00")),
            ("lu", one(&trail, "01:25:00", 'g', "01:21:00")),
        ];
        let named = |names: &[&str]| -> Vec<Log> {
            let found = logs.iter().filter(|(name, _)| names.contains(name));
            found.map(|(_, log)| log.clone()).collect()
        };
        let hour = |trail: &mut Trail, from: &str, until: &str, names: &[&str], signer| {
            root.join(trail.deliver(at(from), at(until), &named(names), signer))
        };
        let eve = at("00:30:00") - 3600;
        let mut paths = BTreeMap::from([(
            "D1",
            root.join(trail.deliver(eve, at("00:30:00"), &named(&["l1", "l2"]), old)),
        )]);
        paths.insert("D2", hour(&mut trail, "00:30:00", "01:30:00", &["l3"], old));
        paths.insert("D3", hour(&mut trail, "01:30:00", "02:30:00", &[], old));
        paths.insert("D4", hour(&mut trail, "02:30:00", "03:30:00", &["l4"], new));
        trail.previous = None;
        paths.insert("D5", hour(&mut trail, "07:05:00", "08:05:00", &["l6"], new));
        paths.insert("D6", hour(&mut trail, "08:05:00", "09:05:00", &[], new));
        (trail.previous, trail.ending) = (None, "_backfill.json.gz");
        paths.insert("B1", hour(&mut trail, "00:30:00", "01:30:00", &["le"], new));
        for (name, (key, text)) in logs {
            put(&root.join(&key), &gzip(&text, 6));
            paths.insert(name, root.join(key));
        }
        let metadata = Value::Object(trail.metadata);
        Self {
            dir,
            paths,
            metadata,
        }
    }

    pub fn path(&self, name: &str) -> &PathBuf {
        &self.paths[name]
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    pub fn text(&self, name: &str) -> Vec<u8> {
        let mut text = Vec::new();
        GzDecoder::new(&fs::read(self.path(name)).unwrap()[..])
            .read_to_end(&mut text)
            .unwrap();
        text
    }

    /// Writes a text in a file's place, compressed anew.
    pub fn write(&self, name: &str, text: &[u8]) {
        put(self.path(name), &gzip(text, 9));
    }

    pub fn append(&self, name: &str, bytes: &[u8]) {
        let whole = [&fs::read(self.path(name)).unwrap(), bytes].concat();
        put(self.path(name), &whole);
    }

    /// Changes a digest's or log file's JSON.
    pub fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut json = serde_json::from_slice(&self.text(name)).unwrap();
        change(&mut json);
        self.write(name, json.to_string().as_bytes());
    }

    pub fn analysis(&self, saved: Saved) -> Analysis {
        let listed = signers().each_ref().map(|signer| signer.listed());
        let keys = match saved {
            Saved::Nothing => PublicKeys::default(),
            _ => PublicKeys::read(&key_list(&listed)).unwrap(),
        };
        let metadata = match saved {
            Saved::All => Metadata::read(self.metadata.to_string().as_bytes()).unwrap(),
            _ => Metadata::default(),
        };
        self.checked(keys, metadata)
    }

    pub fn checked(&self, public_keys: PublicKeys, metadata: Metadata) -> Analysis {
        let options = Options {
            public_keys,
            metadata,
            ..Options::default()
        };
        let source = DirSource::new(vec![self.dir.path().to_path_buf()]);
        scan(&source, &options, &()).unwrap()
    }

    /// The verdicts, by short names: files that are no longer here, and hours without a name, too.
    pub fn verdicts(&self, analysis: &Analysis) -> BTreeMap<String, &'static str> {
        let short = |key: &str| {
            let file = |key: &str| key.rsplit('/').next().unwrap().to_owned();
            let named = self
                .paths
                .iter()
                .find(|(_, path)| file(path.to_str().unwrap()) == file(key));
            named.map_or(key.to_owned(), |(name, _)| (*name).to_owned())
        };
        let integrity = &analysis.integrity;
        let logs = integrity
            .logs
            .iter()
            .map(|(file, it)| (short(file.as_str()), it.verdict.name()));
        let missing = integrity
            .missing
            .iter()
            .map(|it| (short(it.key.reveal()), "missing"));
        let digests = integrity.digests.iter().map(|it| {
            let key = it.key.as_ref().map(|key| short(key.reveal()));
            let hour = it
                .window
                .map(|span| format!("{} to {}", span.from, span.until));
            (
                key.or(hour).unwrap_or_else(|| "?".to_owned()),
                it.verdict.name(),
            )
        });
        logs.chain(missing).chain(digests).collect()
    }

    pub fn told(&self, saved: Saved) -> BTreeMap<String, &'static str> {
        self.verdicts(&self.analysis(saved))
    }
}

#[derive(Clone, Copy)]
pub enum Saved {
    Nothing,
    Keys,
    All,
}

/// What the untouched tree tells, with some verdicts changed: `-name` is told no more.
pub fn expect(saved: Saved, changed: &[(&str, &'static str)]) -> BTreeMap<String, &'static str> {
    let (linked, last, named, ending) = match saved {
        Saved::Nothing => (
            "linked-only",
            "unverifiable-last-of-chain",
            "consistent",
            "consistent",
        ),
        Saved::Keys => (
            "signature-from-successor-ok",
            "unverifiable-last-of-chain",
            "proven",
            "consistent",
        ),
        Saved::All => ("signature-ok", "signature-ok", "proven", "proven"),
    };
    let mut expected: BTreeMap<String, &'static str> = [
        ("D1", linked),
        ("D2", linked),
        ("D3", linked),
        ("D4", last),
        ("D5", linked),
        ("D6", last),
        ("B1", last),
        ("l1", named),
        ("l2", named),
        ("l3", named),
        ("l4", ending),
        ("le", ending),
        ("l6", named),
        ("lu", "unreferenced"),
    ]
    .map(|(name, verdict)| (name.to_owned(), verdict))
    .into();
    for (name, verdict) in changed {
        match name.strip_prefix('-') {
            Some(name) => expected.remove(name),
            None => expected.insert((*name).to_owned(), verdict),
        };
    }
    expected
}

pub fn exit_status(tree: &Tree, words: &[&str]) -> i32 {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_leaktrail"))
        .arg("verify")
        .arg(tree.dir.path())
        .args(words)
        .output()
        .unwrap();
    output.status.code().unwrap()
}

/// Packs the whole tree into one archive, which is all that is left of it.
pub fn pack(tree: &Tree) {
    let root = tree.dir.path();
    let mut packed = tar::Builder::new(Vec::new());
    for path in tree.paths.values() {
        let name = path.strip_prefix(root).unwrap();
        packed.append_path_with_name(path, name).unwrap();
    }
    for folder in fs::read_dir(root).unwrap() {
        fs::remove_dir_all(folder.unwrap().path()).unwrap();
    }
    fs::write(root.join("copy.tar"), packed.into_inner().unwrap()).unwrap();
}
