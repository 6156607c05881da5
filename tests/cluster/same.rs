//! Does a cluster tell what one machine does, byte for byte?

use crate::bucket::objects::Objects;
use crate::bucket::{BUCKET, KEY_ID, SECRET, Server};
use crate::digests::{key_list, signers};
use crate::machines::{Machines, assert_same, run};
use crate::vectors::Tree;
use crate::{archive, kept, script};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// Scans on one machine and on several, and compares.
pub fn compare(machines: &Machines, folder: &Path, words: &[&str], environment: &[(&str, &str)]) {
    for name in ["alone", "together"] {
        _ = fs::remove_dir_all(folder.join(name));
    }
    let alone = [&["scan"], words, &["-o", "alone"]].concat();
    let alone = run(folder, &alone, environment);
    let together = machines.begin(folder, &[words, &["-o", "together"]].concat());
    let (status, said) = together.end();
    assert_eq!(Some(status), alone.status.code(), "{words:?}: {said}");
    assert_same(&folder.join("alone"), &folder.join("together"));
}

#[test]
fn every_case_in_every_container_however_it_is_asked() {
    let machines = Machines::start(3);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    kept::archive(&folder.join("logs"));
    for words in [
        &["logs"][..],
        &["logs", "--custody", "--strict", "--cluster-units", "40"],
        &[
            "logs",
            "--read-from",
            "2024-01-20",
            "--read-to",
            "2024-03-04",
        ],
        &["logs", "--include", "*eu-west-1*", "--exclude", "*who-*"],
        &["logs/fixtures", "logs/notes.txt", "--max-inflated", "2KiB"],
        &["logs", "--slow-path", "--bucket", "*photos*"],
    ] {
        compare(&machines, folder, words, &[]);
    }
}

#[test]
fn a_store_takes_month_after_month_from_a_cluster() {
    let machines = Machines::start(2);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    kept::archive(&folder.join("logs"));
    for until in ["2024-02-10", "2024-12-31"] {
        let words = ["logs", "--store", "kept", "--read-to", until, "-q"];
        assert_eq!(machines.begin(folder, &words).end().0, 3);
    }
    let (status, said) = machines.begin(folder, &["logs", "--store", "kept"]).end();
    assert_eq!(status, 3);
    assert!(said.contains(" 0 of them again"), "{said}");
    let report = ["report", "--store", "kept", "-o", "together"];
    assert_eq!(run(folder, &report, &[]).status.code(), Some(3));
    let alone = ["scan", "logs", "-o", "alone"];
    assert_eq!(run(folder, &alone, &[]).status.code(), Some(3));
    assert_same(&folder.join("alone"), &folder.join("together"));
}

#[test]
fn simulated_worlds() {
    let machines = Machines::start(3);
    for seed in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let world = script::world(seed);
        let files = archive::delivered(&world, seed);
        archive::write(&dir.path().join("logs"), &files, archive::Container::Gzip);
        compare(&machines, dir.path(), &["logs"], &[]);
    }
}

const SIGNED: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", KEY_ID),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
];

#[test]
fn a_bucket_with_each_executors_own_credentials() {
    let root = tempfile::tempdir().unwrap();
    kept::copy(Path::new("fixtures/archives"), &root.path().join(BUCKET));
    let server = Server::of_folder(root.path());
    let url = server.url();
    let machines = Machines::start_with(3, &[], &SIGNED);
    let dir = tempfile::tempdir().unwrap();
    let words = ["s3://trail-bucket", "--endpoint-url", &url];
    compare(&machines, dir.path(), &words, &SIGNED);
    // Nobody hands the client's on: where executors have none, what they cannot read is a loss.
    let strangers = Machines::start(1);
    let place = strangers.url();
    let there = ["--cluster", &place, "-v", "-o", "lost"];
    let words = [&["scan"], &words[..], &there].concat();
    let lost = run(dir.path(), &words, &SIGNED);
    let said = String::from_utf8(lost.stderr).unwrap();
    assert_eq!(lost.status.code(), Some(3), "{said}");
    assert!(said.contains("credentials"), "{said}");
    assert!(!said.contains(SECRET));
}

#[test]
fn signatures_come_from_a_bucket_with_the_digests() {
    let tree = Tree::new();
    let objects = Objects::default();
    let saved = tree.metadata.as_object().unwrap();
    for path in tree.paths.values() {
        let name = path.to_str().unwrap();
        let key = &name[name.find("AWSLogs/").unwrap()..];
        objects.put(key, fs::read(path).unwrap());
        let file = key.rsplit('/').next().unwrap();
        if let Some((_, beside)) = saved.iter().find(|(name, _)| name.ends_with(file)) {
            let beside = beside.get("Metadata").unwrap_or(beside);
            let beside = beside.as_object().unwrap().iter();
            let beside: HashMap<String, String> = beside
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect();
            objects.put_beside(key, beside);
        }
    }
    let server = Server::of_objects(objects);
    let url = server.url();
    let machines = Machines::start_with(2, &["--proxy-results"], &SIGNED);
    let dir = tempfile::tempdir().unwrap();
    let keys = signers().each_ref().map(|signer| signer.listed());
    fs::write(dir.path().join("keys.json"), key_list(&keys)).unwrap();
    let words = [
        "s3://trail-bucket",
        "--endpoint-url",
        &url,
        "--public-keys",
        "keys.json",
    ];
    compare(&machines, dir.path(), &words, &SIGNED);
    let files = fs::read_to_string(dir.path().join("together/log_files.csv")).unwrap();
    assert!(
        files.contains("signature-ok") || files.contains("verified"),
        "{files}"
    );
}
