//! Does `verify` take from a bucket what a copy on disk loses: the digests' signatures?
#![cfg(feature = "s3")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop"
)]

mod bucket;
mod digests;
mod vectors;

use bucket::Server;
use bucket::objects::Objects;
use digests::{key_list, signers};
use leaktrail::analysis::Analysis;
use leaktrail::integrity::PublicKeys;
use leaktrail::pipeline::{Options, scan};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use vectors::{Saved, Tree, expect};

/// The tree as a bucket, with what S3 keeps beside its digests.
fn bucket_of(tree: &Tree) -> Objects {
    let saved = tree.metadata.as_object().unwrap();
    let objects = Objects::default();
    for path in tree.paths.values() {
        let key = key_of(path);
        objects.put(key, fs::read(path).unwrap());
        let file = key.rsplit('/').next().unwrap();
        if let Some((_, beside)) = saved.iter().find(|(name, _)| name.ends_with(file)) {
            let beside = beside
                .get("Metadata")
                .unwrap_or(beside)
                .as_object()
                .unwrap();
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let beside: HashMap<_, _> = beside
                .iter()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect();
            objects.put_beside(key, beside);
        }
    }
    objects
}

/// Where a file of the tree lay in its bucket.
fn key_of(path: &Path) -> &str {
    let path = path.to_str().unwrap();
    &path[path.find("AWSLogs/").unwrap()..]
}

fn checked(objects: Objects) -> Analysis {
    let server = Server::of_objects(objects);
    let keys = signers().each_ref().map(|signer| signer.listed());
    let options = Options {
        public_keys: PublicKeys::read(&key_list(&keys)).unwrap(),
        ..Options::default()
    };
    scan(&server.source(""), &options, &()).unwrap()
}

#[test]
fn what_stands_beside_the_digests_proves_the_last_of_each_chain() {
    let tree = Tree::new();
    let analysis = checked(bucket_of(&tree));
    assert_eq!(tree.verdicts(&analysis), expect(Saved::All, &[]));
    assert_eq!(analysis.integrity.means.metadata, Some(7));
    assert_eq!(analysis.integrity.means.metadata_file, None);
}

#[test]
fn a_copy_without_metadata_is_as_good_as_one_on_disk() {
    let tree = Tree::new();
    let objects = bucket_of(&tree);
    for key in objects.keys() {
        objects.put_beside(&key, HashMap::new());
    }
    assert_eq!(tree.verdicts(&checked(objects)), expect(Saved::Keys, &[]));
}

#[test]
fn a_signature_that_does_not_fit_is_told() {
    let tree = Tree::new();
    let objects = bucket_of(&tree);
    let key = key_of(tree.path("D6"));
    let forged = [
        ("signature", "00".repeat(256)),
        ("signature-algorithm", "SHA256withRSA".to_owned()),
    ];
    objects.put_beside(
        key,
        forged.map(|(name, value)| (name.to_owned(), value)).into(),
    );
    let verdicts = tree.verdicts(&checked(objects));
    assert_eq!(verdicts["D6"], "signature-bad");
    assert_eq!(verdicts["D5"], "signature-ok");
}
