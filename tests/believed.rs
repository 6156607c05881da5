//! Is a record that digests speak for believed before one that anybody may have written?
//!
//! Altered copies and addenda are planted beside a signed record; a scan, a store and a store that is judged in parts must tell
//! the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod container;
mod digests;
mod fixture;
mod kept;

use digests::{Log, Trail, everyday, gzip, key_list, log, put, seconds, signers};
use kept::{add, assert_same, reported_apart, told};
use leaktrail::analysis::Analysis;
use leaktrail::integrity::{Metadata, PublicKeys};
use leaktrail::pipeline::{Options, report, scan};
use leaktrail::source::DirSource;
use leaktrail::store::Store;
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;

const HOUR: i64 = 3600;
const REGION: &str = "us-east-1";

fn start() -> i64 {
    seconds("2026-03-02T00:00:00Z")
}

/// The signed record: alice makes a bucket public.
fn opening() -> Value {
    let mut record = everyday(start() + HOUR + 2400, REGION, "the-opening");
    record["eventSource"] = json!("s3.amazonaws.com");
    record["eventName"] = json!("PutBucketPolicy");
    record["requestParameters"] =
        json!({"bucketName": "amzn-s3-demo-bucket", "bucketPolicy": policy("*")});
    record
}

fn policy(principal: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": principal},
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}]})
}

/// A bucket of log files with three hours of digests.
struct Tree {
    dir: TempDir,
    trail: Trail,
    planted: u32,
}

impl Tree {
    fn new() -> Self {
        Self::of(&opening())
    }

    fn of(record: &Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut trail = Trail::new(dir.path(), "bucket", REGION, "main");
        for hour in 0..3 {
            let from = start() + hour * HOUR;
            let mut records = vec![everyday(from + 60, REGION, &format!("hour-{hour}"))];
            records.extend((hour == 1).then(|| record.clone()));
            let text = log(&records);
            let key = trail.log_key(from + 2700, &format!("{hour:016}"));
            trail.deliver(from, from + HOUR, &[(key, text)], &signers()[0]);
        }
        Self {
            dir,
            trail,
            planted: 0,
        }
    }

    /// Puts a file with a record where no digest names it.
    fn plant(&mut self, record: &Value) {
        self.planted += 1;
        let key = self
            .trail
            .log_key(start() + 2100, &format!("{:A>16}", self.planted));
        put(
            &self.trail.root.join(key),
            &gzip(&log(std::slice::from_ref(record)), 6),
        );
    }

    /// Puts a file with a record where a digest names it that is not signed as it should be.
    fn plant_with_digest(&mut self, record: &Value) {
        let from = start() + 10 * HOUR;
        let log: Log = (
            self.trail.log_key(from + 60, &"B".repeat(16)),
            log(std::slice::from_ref(record)),
        );
        let metadata = self.trail.metadata.clone();
        self.trail.previous = None;
        let forger = &signers()[1];
        self.trail.deliver(from, from + HOUR, &[log], forger);
        self.trail.metadata = metadata;
    }

    fn options(&self) -> Options {
        let metadata = Value::Object(self.trail.metadata.clone()).to_string();
        Options {
            public_keys: PublicKeys::read(&key_list(&[signers()[0].listed()])).unwrap(),
            metadata: Metadata::read(metadata.as_bytes()).unwrap(),
            ..Options::default()
        }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("bucket")
    }

    /// What a scan tells, which is what a store tells, at once and in parts.
    fn told(&self, options: &Options) -> Analysis {
        let scanned = scan(&DirSource::new(vec![self.root()]), options, &()).unwrap();
        let store = self.dir.path().join("store");
        add(&store, &[self.root()], options, None);
        let mut store = Store::open(&store).unwrap();
        let kept = report(&mut store, options, Default::default()).unwrap();
        assert_same(&told(&kept), &told(&scanned), "a store");
        let (_, tables) = reported_apart(&mut store, options);
        assert_same(&tables, &told(&scanned), "a store in parts");
        scanned
    }

    fn summary(&self, options: &Options) -> Vec<String> {
        summary(&self.told(options))
    }
}

/// Who opened what, how far its record is believed, and what is contradicted.
fn summary(analysis: &Analysis) -> Vec<String> {
    let opened = analysis.exposures.iter().map(|row| {
        let by = row
            .opened
            .as_ref()
            .map(|cause| cause.event.actor.name.reveal());
        format!(
            "opened by {}",
            by.unwrap_or("nobody").rsplit('/').next().unwrap()
        )
    });
    let changes = analysis.changes.iter().map(|row| {
        let verdict = row.integrity.map_or("", |verdict| verdict.name());
        format!("{} {verdict}", row.event.event.name)
    });
    let contradictions = analysis.contradictions.iter();
    let contradictions = contradictions.map(|row| row.kind.name().to_owned());
    opened.chain(changes).chain(contradictions).collect()
}

fn private(mut record: Value) -> Value {
    record["requestParameters"]["bucketPolicy"] = policy("arn:aws:iam::111122223333:root");
    record
}

fn failed(mut record: Value) -> Value {
    record["errorCode"] = json!("AccessDenied");
    record
}

/// With more fields than the record has, so that it is the fuller one.
fn fuller(mut record: Value) -> Value {
    record["requestParameters"]["Host"] = json!("amzn-s3-demo-bucket.s3.amazonaws.com");
    record["tlsDetails"] =
        json!({"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"});
    record
}

#[test]
fn an_altered_copy_that_no_digest_names_changes_nothing_and_is_told() {
    let expected = ["opened by alice", "PutBucketPolicy proven", "copies-differ"];
    for alter in [private, failed] {
        for further in [|record| record, fuller] {
            let mut tree = Tree::new();
            tree.plant(&further(alter(opening())));
            assert_eq!(tree.summary(&tree.options()), expected);
            tree.plant(&failed(private(opening())));
            assert_eq!(tree.summary(&tree.options()), expected);
        }
    }
}

#[test]
fn an_altered_copy_that_an_invalid_digest_names_changes_nothing() {
    let mut tree = Tree::new();
    tree.plant_with_digest(&private(opening()));
    let expected = ["opened by alice", "PutBucketPolicy proven", "copies-differ"];
    assert_eq!(tree.summary(&tree.options()), expected);
}

#[test]
fn of_digests_without_keys_those_speak_for_a_record_that_name_its_file() {
    let mut tree = Tree::new();
    tree.plant(&private(opening()));
    let expected = [
        "opened by alice",
        "PutBucketPolicy consistent",
        "copies-differ",
    ];
    assert_eq!(tree.summary(&Options::default()), expected);
}

#[test]
fn whoever_a_planted_copy_names_is_not_accused() {
    let mut zed = fuller(opening());
    zed["userIdentity"]["arn"] = json!("arn:aws:iam::111122223333:user/zed");
    let mut tree = Tree::new();
    tree.plant(&zed);
    let expected = [
        "opened by alice",
        "PutBucketPolicy proven",
        "callers-differ",
    ];
    assert_eq!(tree.summary(&tree.options()), expected);
}

fn addendum(of: Value, fields: &str) -> Value {
    let mut record = of;
    record["eventID"] = json!("an-addendum");
    record["addendum"] = json!({"reason": "UPDATED_DATA", "updatedFields": fields, "originalEventID": "the-opening"});
    record
}

#[test]
fn an_addendum_that_is_believed_less_than_its_original_amends_nothing() {
    let mut zed = opening();
    zed["userIdentity"]["arn"] = json!("arn:aws:iam::111122223333:user/zed");
    let expected = [
        "opened by alice",
        "PutBucketPolicy proven",
        "addendum-unvouched",
    ];
    for (record, fields) in [
        (zed, "userIdentity"),
        (failed(opening()), "errorCode"),
        (private(opening()), "requestParameters"),
        (private(opening()), ""),
    ] {
        let mut tree = Tree::new();
        tree.plant(&addendum(record, fields));
        assert_eq!(tree.summary(&tree.options()), expected);
    }
}

#[test]
fn what_an_addendum_amends_is_believed_no_further_than_either_record() {
    let mut planted = Tree::of(&everyday(start() + HOUR + 2400, REGION, "another"));
    planted.plant(&opening());
    planted.plant(&addendum(private(opening()), "requestParameters"));
    let expected = ["PutBucketPolicy unreferenced"];
    assert_eq!(planted.summary(&planted.options()), expected);
    let mut late = Tree::of(&addendum(private(opening()), "requestParameters"));
    late.plant(&opening());
    assert_eq!(late.summary(&late.options()), expected);
}

#[test]
fn without_digests_copies_that_differ_decide_nothing() {
    let mut tree = Tree::new();
    tree.plant(&private(opening()));
    std::fs::remove_dir_all(tree.root().join("AWSLogs/111122223333/CloudTrail-Digest")).unwrap();
    let told = tree.summary(&Options::default());
    assert_eq!(told, ["PutBucketPolicy ", "copies-differ"]);
}

/// The copy of a call across accounts that the other account's trail has.
fn shared(mut record: Value, id: &str, recipient: &str) -> Value {
    record["sharedEventID"] = json!("shared");
    record["eventID"] = json!(id);
    record["recipientAccountId"] = json!(recipient);
    record
}

#[test]
fn a_planted_copy_of_another_account_changes_nothing() {
    let signed = shared(opening(), "the-opening", "111122223333");
    let mut tree = Tree::of(&signed);
    tree.plant(&shared(failed(opening()), "a-first-copy", "444455556666"));
    let expected = ["opened by alice", "PutBucketPolicy proven", "copies-differ"];
    assert_eq!(tree.summary(&tree.options()), expected);
    let mut mallory = opening();
    mallory["userIdentity"] = json!({"type": "IAMUser", "arn": "arn:aws:iam::444455556666:user/mallory", "accountId": "444455556666"});
    let mut tree = Tree::of(&signed);
    tree.plant(&shared(mallory, "a-first-copy", "444455556666"));
    assert_eq!(tree.summary(&tree.options())[..2], expected[..2]);
}
