//! What is a digest worth that was forged or damaged, to those beside it? It accuses nobody, finds no place among signed ones,
//! and explains nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod digests;
mod program;
mod vectors;

use digests::{
    Log, Signer, Trail, compact, everyday, gzip, key_list, log, put, seconds, sha256, signers,
    stamp,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use vectors::{Saved, Tree, at, exit_status, expect};

/// Damages a file's checksum, so that what is in it comes out all the same.
fn damage(tree: &Tree, name: &str) {
    let mut bytes = fs::read(tree.path(name)).unwrap();
    let end = bytes.len();
    bytes[end - 6] ^= 1;
    put(tree.path(name), &bytes);
}

fn other_digits(digits: &Value) -> Value {
    let text = digits.as_str().unwrap();
    let first = if text.starts_with('0') { "1" } else { "0" };
    json!(format!("{first}{}", &text[1..]))
}

fn edit_what_is_said_before(tree: &Tree, key: &str) {
    tree.edit("D3", |digest| digest[key] = other_digits(&digest[key]));
}

#[test]
fn a_digest_that_was_edited_does_not_accuse_the_one_before_it() {
    let tree = Tree::new();
    edit_what_is_said_before(&tree, "previousDigestSignature");
    let changed = [
        ("D3", "signature-bad"),
        ("D2", "unverifiable-last-of-chain"),
        ("l3", "consistent"),
    ];
    assert_eq!(tree.told(Saved::Keys), expect(Saved::Keys, &changed));
    assert_eq!(
        tree.told(Saved::All),
        expect(Saved::All, &[("D3", "signature-bad")])
    );
}

#[test]
fn a_digest_that_was_damaged_does_not_accuse_the_one_before_it() {
    let tree = Tree::new();
    edit_what_is_said_before(&tree, "previousDigestSignature");
    damage(&tree, "D3");
    let changed = [
        ("D3", "malformed"),
        ("D2", "unverifiable-last-of-chain"),
        ("l3", "consistent"),
    ];
    assert_eq!(tree.told(Saved::Keys), expect(Saved::Keys, &changed));
    let tree = Tree::new();
    edit_what_is_said_before(&tree, "previousDigestHashValue");
    damage(&tree, "D3");
    let changed = [("D3", "malformed"), ("D2", "unverifiable-last-of-chain")];
    assert_eq!(tree.told(Saved::Nothing), expect(Saved::Nothing, &changed));
}

#[test]
fn a_digest_whose_successor_is_intact_is_accused_still() {
    let tree = Tree::new();
    tree.edit("D2", |digest| {
        digest["newestEventTime"] = json!("2026-03-10T01:16:00Z")
    });
    for saved in [Saved::Nothing, Saved::Keys, Saved::All] {
        let told = tree.told(saved);
        let verdict = match saved {
            Saved::Nothing => "hash-link-bad",
            _ => "signature-bad",
        };
        assert_eq!((told["D2"], told["l3"]), (verdict, "digest-invalid"));
    }
}

/// Puts a digest of a window that names a planted log file among those that are here.
fn plant(tree: &Tree, [from, until]: [&str; 2], change: impl FnOnce(&mut Value)) -> [String; 2] {
    let mut digest: Value = serde_json::from_slice(&tree.text("D3")).unwrap();
    let folder = tree.path("D3").parent().unwrap();
    let (key, name) = (
        digest["digestS3Object"].as_str().unwrap().to_owned(),
        |at: &str| compact(vectors::at(at)),
    );
    let key = key.replace("20260310T023000Z", &name(until));
    let record = everyday(at("02:10:00"), "us-east-2", "planted");
    let (log_key, text) = (
        key.replace("CloudTrail-Digest", "CloudTrail")
            .replace("_org-main_us-east-1", "")
            .replace(&name(until), "20260310T0212Z_zzzzzzzzzzzzzzzz"),
        log(&[record]),
    );
    digest["digestS3Object"] = json!(key);
    digest["digestStartTime"] = json!(stamp(at(from)));
    digest["digestEndTime"] = json!(stamp(at(until)));
    digest["logFiles"] = json!([{"s3Bucket": "example-ct-archive", "s3Object": log_key, "hashValue": sha256(&text), "hashAlgorithm": "SHA-256"}]);
    change(&mut digest);
    let file = |key: &str| key.rsplit('/').next().unwrap().to_owned();
    put(
        &folder.join(file(&key)),
        &gzip(digest.to_string().as_bytes(), 6),
    );
    let root = folder.ancestors().nth(7).unwrap();
    put(&root.join(&log_key), &gzip(&text, 6));
    [file(&key), file(&log_key)]
}

/// The verdicts by the last part of their names.
fn by_file(told: BTreeMap<String, &'static str>) -> BTreeMap<String, &'static str> {
    let file = |name: String| name.rsplit('/').next().unwrap().to_owned();
    told.into_iter()
        .map(|(name, it)| (file(name), it))
        .collect()
}

#[test]
fn signed_digests_leave_no_place_for_another() {
    let begins_anew = |digest: &mut Value| {
        for key in [
            "S3Bucket",
            "S3Object",
            "HashValue",
            "HashAlgorithm",
            "Signature",
        ] {
            digest[format!("previousDigest{key}")] = Value::Null;
        }
    };
    let elsewhere = |digest: &mut Value| digest["digestS3Bucket"] = json!("another");
    let same = |_: &mut Value| {};
    let changes: [fn(&mut Value); 3] = [same, begins_anew, elsewhere];
    for window in [
        ["01:30:00", "02:29:59"],
        ["02:00:00", "02:01:00"],
        ["01:29:59", "01:30:01"],
        ["01:30:00", "05:00:00"],
    ] {
        for change in changes {
            let tree = Tree::new();
            let [digest, planted] = plant(&tree, window, change);
            for saved in [Saved::Keys, Saved::All] {
                let mut expected = by_file(expect(saved, &[]));
                expected.insert(digest.clone(), "hash-link-bad");
                expected.insert(planted.clone(), "digest-invalid");
                assert_eq!(by_file(tree.told(saved)), expected, "{window:?}");
            }
            let before = Tree::new().analysis(Saved::All).integrity.chains;
            assert_eq!(tree.analysis(Saved::All).integrity.chains, before);
            let keys = tempfile::NamedTempFile::new().unwrap();
            let listed = signers().each_ref().map(|signer| signer.listed());
            fs::write(keys.path(), key_list(&listed)).unwrap();
            let words = ["--public-keys", keys.path().to_str().unwrap()];
            assert_eq!(exit_status(&tree, &words), 5);
        }
    }
}

#[test]
fn a_digest_that_its_signed_successor_passes_by_is_none_of_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let mut trail = Trail::new(dir.path(), "bucket", "us-east-1", "main");
    let hour = |trail: &mut Trail, at: i64| {
        let from = start() + at * HOUR;
        trail.deliver(from, from + HOUR, &[], &signers()[0])
    };
    hour(&mut trail, 0);
    let before = trail.previous.clone();
    hour(&mut trail, 1);
    trail.previous = before;
    hour(&mut trail, 3);
    let mut metadata = trail.metadata;
    metadata.retain(|place, _| !place.ends_with("020000Z.json.gz"));
    put(
        &dir.path().join("keys.json"),
        &key_list(&[signers()[0].listed()]),
    );
    put(
        &dir.path().join("metadata.json"),
        Value::Object(metadata).to_string().as_bytes(),
    );
    let words = [
        "verify",
        "-q",
        "bucket",
        "--public-keys",
        "keys.json",
        "--metadata",
        "metadata.json",
    ];
    let page = program::leaktrail(dir.path(), &words);
    let told = "T020000Z.json.gz: hash-link-bad: the signed digest after it names another as the one before\n";
    assert!(
        page.starts_with("exit status 5") && page.contains(told),
        "{page}"
    );
}

#[test]
fn a_trail_that_is_made_anew_may_begin_in_the_hour_of_its_namesakes_last_digest() {
    let tree = Tree::new();
    let [digest, planted] = plant(&tree, ["06:30:00", "07:30:00"], |_| {});
    let told = by_file(tree.told(Saved::All));
    assert_eq!(
        (told[&digest], told[&planted]),
        ("unverifiable-last-of-chain", "consistent")
    );
}

const HOUR: i64 = 3600;

fn start() -> i64 {
    seconds("2026-03-10T00:00:00Z")
}

/// A trail that is whole for three hours and from the eighth on, and between them a digest that names a stop; what `verify` says
/// of it, with the metadata that was saved of some digests.
fn broken(signer: &Signer, is_saved: impl Fn(&str) -> bool, saved: bool) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut trail = Trail::new(dir.path(), "bucket", "us-east-1", "main");
    let hour = |trail: &mut Trail, from: i64, until: i64, record: Value, signer| {
        let log: Log = (
            trail.log_key(from + 300, &format!("{from:016}")),
            log(&[record]),
        );
        trail.deliver(from, until, &[log], signer)
    };
    for at in [0, 1, 2] {
        let from = start() + at * HOUR;
        let record = everyday(from + 60, "us-east-1", &format!("hour-{at}"));
        hour(&mut trail, from, from + HOUR, record, &signers()[0]);
    }
    let from = start() + 3 * HOUR;
    let mut stop = everyday(from + 60, "us-east-1", "stops");
    stop["eventSource"] = json!("cloudtrail.amazonaws.com");
    stop["eventName"] = json!("StopLogging");
    stop["requestParameters"] = json!({"name": "main"});
    let stops = hour(&mut trail, from, from + 600, stop, signer);
    trail.previous = None;
    for at in [8, 9] {
        let from = start() + at * HOUR;
        let record = everyday(from + 60, "us-east-1", &format!("hour-{at}"));
        hour(&mut trail, from, from + HOUR, record, &signers()[0]);
    }
    let mut metadata = trail.metadata;
    metadata.retain(|place, _| !place.ends_with(&stops) || is_saved(place));
    put(
        &dir.path().join("keys.json"),
        &key_list(&[signers()[0].listed()]),
    );
    put(
        &dir.path().join("metadata.json"),
        Value::Object(metadata).to_string().as_bytes(),
    );
    let mut words = vec!["verify", "-q", "bucket", "--public-keys", "keys.json"];
    if saved {
        words.extend(["--metadata", "metadata.json"]);
    }
    program::leaktrail(dir.path(), &words)
}

#[test]
fn a_break_is_explained_only_by_a_digest_that_can_be_believed() {
    let own = &signers()[0];
    for page in [broken(own, |_| true, true), broken(own, |_| true, false)] {
        assert!(page.contains("explained by StopLogging"), "{page}");
    }
    let unsaved = broken(own, |_| false, true);
    let foreign = [true, false].map(|saved| broken(&signers()[1], |_| true, saved));
    for page in foreign.iter().chain([&unsaved]) {
        let told = "unexplained: StopLogging at 2026-03-10T03:01:00Z";
        assert!(page.contains(told), "{page}");
        assert!(!page.contains("explained by StopLogging"), "{page}");
    }
}
