//! Is what is judged bucket by bucket what is judged at once, and is it said what a page leaves out?
//!
//! That the tables are the same, however a store is asked and split, every test of stores tries (`kept::reported`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod container;
mod fixture;
mod kept;

use kept::{add, archive, assert_same, reported_apart};
use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, report};
use leaktrail::report::terminal::{self, Style};
use leaktrail::report::{Folder, Format, Invocation, Overwrite, SpilledRows, write_spilled};
use leaktrail::store::Store;
use leaktrail::vocab::{AccountId, BucketName};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn with_store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let (logs, store) = (folder.path().join("logs"), folder.path().join("store"));
    archive(&logs);
    add(&store, &[logs], &Options::default(), None);
    (folder, Store::open(&store).unwrap())
}

fn at_once(store: &mut Store) -> Analysis {
    report(store, &Options::default(), Default::default()).unwrap()
}

fn of_few_rows() -> Options {
    Options {
        most_told: 300,
        ..Options::default()
    }
}

#[test]
fn where_everything_has_room_the_report_is_the_same() {
    let (_folder, mut store) = with_store();
    let whole = at_once(&mut store);
    let (apart, _) = reported_apart(&mut store, &Options::default());
    assert_eq!(apart.beyond, None);
    assert_eq!(apart.exposures, whole.exposures);
    assert_eq!(apart.timelines, whole.timelines);
    assert_eq!(apart.changes, whole.changes);
    assert_eq!(apart.access, whole.access);
    assert_eq!(page(&apart), page(&whole));
}

fn page(analysis: &Analysis) -> String {
    let mut out = Vec::new();
    terminal::write(analysis, &Style::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

type Bucket = (Option<AccountId>, BucketName);

/// How many rows each bucket has.
fn rows_by_bucket(analysis: &Analysis) -> BTreeMap<Bucket, usize> {
    let mut rows: BTreeMap<Bucket, usize> = BTreeMap::new();
    for row in &analysis.exposures {
        *rows
            .entry((row.account.clone(), row.bucket.clone()))
            .or_default() += 1;
    }
    for row in &analysis.timelines {
        let place = (row.account.clone(), row.bucket.clone());
        *rows.entry(place).or_default() += row.intervals.len();
    }
    let changes = analysis.changes.iter();
    for row in changes.filter(|row| !row.event.event.change.reaches_further()) {
        if let Some(bucket) = &row.event.event.bucket {
            *rows
                .entry((row.account.clone(), bucket.clone()))
                .or_default() += 1;
        }
    }
    rows
}

fn buckets<'a>(
    rows: impl Iterator<Item = (&'a Option<AccountId>, &'a BucketName)>,
) -> BTreeSet<Bucket> {
    rows.map(|(account, bucket)| (account.clone(), bucket.clone()))
        .collect()
}

#[test]
fn a_report_of_too_many_rows_tells_of_whole_buckets_and_counts_all() {
    let (_folder, mut store) = with_store();
    let whole = at_once(&mut store);
    let (excerpt, tables) = reported_apart(&mut store, &of_few_rows());
    assert_same(&tables, &kept::told(&whole), "tables of an excerpt");
    assert_eq!(excerpt.totals(), whole.totals());
    assert_eq!(excerpt.counts, whole.counts);
    let beyond = excerpt.beyond.as_ref().unwrap();
    let (all, held) = (rows_by_bucket(&whole), rows_by_bucket(&excerpt));
    assert_eq!(
        (beyond.buckets, beyond.held),
        (all.len() as u64, held.len() as u64)
    );
    assert!(held.len() > 5 && held.len() < all.len(), "{}", held.len());
    for (bucket, rows) in &held {
        assert_eq!(all[bucket], *rows, "{bucket:?} is not whole");
    }
    // Nothing that is open is left out for something that is not.
    let open = whole.exposures.iter().filter(|row| row.is_open());
    let open = buckets(open.map(|row| (&row.account, &row.bucket)));
    let left_out = open.iter().any(|bucket| !held.contains_key(bucket));
    let others = held.keys().any(|bucket| !open.contains(bucket));
    assert!(!(left_out && others));
    assert!(open.iter().any(|bucket| held.contains_key(bucket)));
}

#[test]
fn what_a_page_leaves_out_is_said_and_stands_in_the_tables() {
    let (folder, mut store) = with_store();
    let whole = at_once(&mut store);
    let formats = [
        Format::Csv,
        Format::Jsonl,
        Format::Parquet,
        Format::Timesketch,
        Format::Html,
    ];
    let written = |name: &str| folder.path().join(name);
    let open = |name: &str| Folder::open(written(name), Overwrite::Refuse).unwrap();
    let invocation = Invocation::default();
    leaktrail::report::write_all(&whole, &formats, &invocation, open("whole")).unwrap();
    let options = Options {
        most_held: 0,
        ..of_few_rows()
    };
    let mut rows = SpilledRows::default();
    let judged = leaktrail::pipeline::judge(&mut store, &options, Default::default(), &mut rows);
    let (excerpt, rows) = (judged.unwrap(), rows.finish().unwrap().unwrap());
    write_spilled(&excerpt, &rows, &formats, &invocation, open("apart")).unwrap();
    let mut compared = 0;
    for path in kept::files(&written("whole")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if !["report.html", "run.json"].contains(&name) {
            let other = fs::read(written("apart").join(name)).unwrap();
            assert!(fs::read(&path).unwrap() == other, "{name} differs");
            compared += 1;
        }
    }
    assert_eq!(compared, 3 * 8 + 6);
    assert_eq!(run(&written("apart")), run(&written("whole")));
    let said = "There is too much to tell all of it here";
    let html = fs::read_to_string(written("apart").join("report.html")).unwrap();
    assert!(html.contains(said) && page(&excerpt).contains(said));
    assert!(!page(&whole).contains(said));
    let tile = format!("data-value=\"{}\"", whole.exposures.len());
    assert!(html.contains(&tile), "the numbers count everything");
}

/// What `run.json` says, but for the hash of the page.
fn run(report: &Path) -> serde_json::Value {
    let text = fs::read_to_string(report.join("run.json")).unwrap();
    let mut run: serde_json::Value = serde_json::from_str(&text).unwrap();
    run["reports"]["report.html"] = serde_json::Value::Null;
    run
}

/// A call of an administrator's, as one trail has it.
fn call(minute: u32, name: &str, id: &str, parameters: Value, more: Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.09", "eventSource": "s3.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
        "eventTime": format!("2026-01-10T08:{minute:02}:00Z"), "sourceIPAddress": "203.0.113.10", "userAgent": "[aws-cli/2.15.24]",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice", "accountId": "111122223333", "userName": "alice"},
        "requestParameters": parameters, "eventID": format!("{id:0>8}-0000-4000-8000-000000000000"),
        "eventCategory": "Management", "recipientAccountId": "111122223333"
    });
    for (key, value) in more.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

fn public(bucket: &str) -> Value {
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*")});
    json!({"bucketName": bucket, "bucketPolicy": {"Version": "2012-10-17", "Statement": [statement]}})
}

/// Buckets that have something in common: an account's block and grants that it should have refused, copies that name other
/// buckets or none, ids that copies share, access points.
fn entangled() -> Vec<Value> {
    let (policy, block) = ("PutBucketPolicy", "PutAccountPublicAccessBlock");
    let all = json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}});
    let control = json!({"eventSource": "s3.amazonaws.com"});
    let none = json!({});
    let mut records = vec![
        call(1, policy, "a1", public("amzn-s3-demo-one"), none.clone()),
        call(2, policy, "a2", public("amzn-s3-demo-two"), none.clone()),
        call(5, block, "b1", all.clone(), control.clone()),
        // Accepted though the block refuses it: the first second of each stretch counts, in whichever bucket.
        call(20, policy, "c1", public("amzn-s3-demo-six"), none.clone()),
        call(15, policy, "c2", public("amzn-s3-demo-five"), none.clone()),
        call(15, policy, "c3", public("amzn-s3-demo-four"), none.clone()),
        call(30, block, "b2", all, control),
        call(40, policy, "c4", public("amzn-s3-demo-one"), none.clone()),
        // Copies of one event that name different buckets, and none.
        call(41, policy, "d1", public("amzn-s3-demo-seven"), none.clone()),
        call(41, policy, "d1", public("amzn-s3-demo-eight"), none.clone()),
        call(42, policy, "d2", public("amzn-s3-demo-nine"), none.clone()),
        call(42, policy, "d2", Value::Null, none.clone()),
        call(
            43,
            "DeleteBucketPolicy",
            "d3",
            json!({"bucketName": "amzn-s3-demo-eight"}),
            none.clone(),
        ),
    ];
    // One call in the trails of two accounts, of which one copy does not name the bucket.
    for (id, recipient, parameters) in [
        ("e1", "111122223333", public("amzn-s3-demo-ten")),
        ("e2", "444455556666", json!({})),
    ] {
        let shared = json!({"sharedEventID": "shared-1", "recipientAccountId": recipient});
        records.push(call(44, policy, id, parameters, shared));
    }
    let point = json!({"name": "door", "accessPointName": "door", "CreateAccessPointRequest": {"Bucket": "amzn-s3-demo-two"}, "accountId": "111122223333"});
    records.push(call(45, "CreateAccessPoint", "f1", point, none.clone()));
    let gone = json!({"name": "door", "accessPointName": "door", "accountId": "111122223333"});
    records.push(call(50, "DeleteAccessPoint", "f2", gone, none));
    records
}

#[test]
fn what_is_entangled_is_judged_together() {
    let folder = tempfile::tempdir().unwrap();
    let (logs, store) = (folder.path().join("logs"), folder.path().join("store"));
    for (number, record) in entangled().iter().enumerate() {
        let text = json!({"Records": [record]}).to_string();
        kept::put(&logs, &format!("{number:02}.json"), text.as_bytes());
    }
    add(
        &store,
        std::slice::from_ref(&logs),
        &Options::default(),
        None,
    );
    let expected = kept::scanned(&[logs], &Options::default());
    let told = kept::reported(&store, &Options::default());
    assert_same(&told, &expected, "entangled buckets");
    let contradictions = &told["contradictions"];
    for expected in ["policy-accepted-despite-account-block", "copies-differ"] {
        assert!(contradictions.contains(expected), "{contradictions}");
    }
    let despite = contradictions.matches("despite-account-block").count();
    assert_eq!(
        despite, 3,
        "two buckets of the first second, and one later: {contradictions}"
    );
    assert!(
        told["changes"].contains("access-point"),
        "{}",
        told["changes"]
    );
}
