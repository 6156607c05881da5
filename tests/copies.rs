//! Do copies of one event that do not say the same tell the same by whichever way they come?
//!
//! Copies of the golden cases' records, of which some lack what others have, lie in files, are piped in, and are kept in a store.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod container;
mod fixture;
mod kept;

use fixture::{compact, elements};
use kept::{assert_same, reported_apart, told};
use leaktrail::pipeline::{self, Options, Way, keep};
use leaktrail::source::{Listing, LogFile, Source, SourceError};
use leaktrail::store::Store;
use leaktrail::vocab::{LogFileId, Loss};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

/// How files can be read.
#[derive(Clone, Copy, PartialEq)]
enum Lies {
    /// As often as need be.
    InFolder,
    /// Once, in order.
    InPipe,
}

/// Files in memory.
struct Files<'f>(&'f BTreeMap<String, String>, Lies);

impl Source for Files<'_> {
    fn list(&self) -> Result<Listing, SourceError> {
        let files = self.0.iter().map(|(name, text)| {
            let (id, bytes) = (LogFileId::new(name.as_str()), text.len() as u64);
            match self.1 {
                Lies::InFolder => LogFile::new(id, bytes),
                Lies::InPipe => LogFile::lying_at(id, bytes, PathBuf::from("-")),
            }
        });
        Ok(Listing {
            files: files.collect(),
            ..Listing::default()
        })
    }

    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        Ok(self.0[file.id.as_str()].clone().into_bytes())
    }
}

/// Fails unless all ways tell what the slow one tells; gives that.
fn told_by_all(files: &BTreeMap<String, String>) -> BTreeMap<&'static str, String> {
    let options = |way| Options {
        way,
        ..Options::default()
    };
    let scanned = |lies, way| {
        let analysis = pipeline::scan(&Files(files, lies), &options(way), &()).unwrap();
        told(&analysis)
    };
    let slow = scanned(Lies::InFolder, Way::Slow);
    assert_same(&slow, &scanned(Lies::InFolder, Way::Fast), "fast");
    assert_same(&slow, &scanned(Lies::InPipe, Way::Fast), "piped in");
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open_to_write(&folder.path().join("store")).unwrap();
    let options = Options::default();
    keep(
        &Files(files, Lies::InFolder),
        &mut store,
        &options,
        None,
        &(),
    )
    .unwrap();
    let kept = pipeline::report(&mut store, &options, Default::default()).unwrap();
    assert_same(&slow, &told(&kept), "kept");
    let (_, apart) = reported_apart(&mut store, &options);
    assert_same(&slow, &apart, "kept, bucket by bucket");
    slow
}

fn file(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

/// Every record of the golden cases; those that speak of objects come more often.
static RECORDS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let mut cases: Vec<_> = fs::read_dir("fixtures/cases")
        .unwrap()
        .map(|case| case.unwrap().path().join("records.json"))
        .collect();
    cases.sort();
    let texts = cases.iter().map(|case| fs::read_to_string(case).unwrap());
    let all: Vec<String> = texts.flat_map(|text| elements(&compact(&text))).collect();
    let objects: Vec<String> = all
        .iter()
        .filter(|record| record.contains("\"PutObject") || record.contains("\"DeleteObject\""))
        .cloned()
        .collect();
    let often = vec![objects; 12].concat();
    let texts = all.iter().chain(&often);
    texts
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
});

/// What a copy may lack, or say otherwise.
const LACKS: [&[&str]; 15] = [
    &["requestParameters"],
    &["requestParameters", "key"],
    &["requestParameters", "bucketName"],
    &["requestParameters", "x-amz-acl"],
    &["requestParameters", "accessControlList"],
    &["requestParameters", "AccessControlPolicy"],
    &["requestParameters", "bucketPolicy"],
    &["resources"],
    &["userIdentity"],
    &["userIdentity", "accountId"],
    &["responseElements"],
    &["additionalEventData"],
    &["eventCategory"],
    &["errorCode"],
    &["sharedEventID"],
];

#[derive(Clone, Debug)]
enum Differs {
    Lacks(&'static [&'static str]),
    /// It says so of a member.
    Says(&'static [&'static str], &'static str),
    /// It amends the event of that number.
    Amends(Index),
}

fn differences() -> impl Strategy<Value = Vec<Differs>> {
    let says: [(&'static [&'static str], &'static str); 5] = [
        (&["requestParameters", "key"], "other"),
        (&["requestParameters", "x-amz-acl"], "public-read"),
        (&["requestParameters", "versionId"], "v1"),
        (&["requestParameters", "bucketName"], "amzn-s3-demo-other"),
        (&["errorCode"], "AccessDenied"),
    ];
    let one = prop_oneof![
        6 => select(LACKS.to_vec()).prop_map(Differs::Lacks),
        2 => select(says.to_vec()).prop_map(|(path, value)| Differs::Says(path, value)),
        1 => any::<Index>().prop_map(Differs::Amends),
    ];
    prop::collection::vec(one, 0..3)
}

fn changed(record: &Value, differences: &[Differs]) -> Value {
    let mut record = record.clone();
    for difference in differences {
        match difference {
            Differs::Lacks([name]) => _ = record.as_object_mut().unwrap().remove(*name),
            Differs::Lacks([outer, name]) => {
                if let Some(inner) = record[*outer].as_object_mut() {
                    inner.remove(*name);
                }
            }
            Differs::Says([name], value) => record[*name] = json!(value),
            Differs::Says([outer, name], value) => {
                if let Some(inner) = record[*outer].as_object_mut() {
                    inner.insert((*name).to_owned(), json!(value));
                }
            }
            Differs::Amends(which) => {
                let original = &RECORDS[which.index(RECORDS.len())]["eventID"];
                record["addendum"] =
                    json!({"reason": "DELIVERY_DELAY", "originalEventID": original});
                record["eventID"] = json!("addendum-of-an-event");
            }
            Differs::Lacks(_) | Differs::Says(..) => {}
        }
    }
    record
}

/// Of some records, copies that differ: how, and in which file each lies.
type Made = Vec<(Index, Vec<(u8, Vec<Differs>)>)>;

fn made() -> impl Strategy<Value = Made> {
    let copies = prop::collection::vec((0_u8..3, differences()), 1..4);
    prop::collection::vec((any::<Index>(), copies), 1..6)
}

fn files(made: &Made) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (which, copies) in made {
        let record = &RECORDS[which.index(RECORDS.len())];
        for (number, differences) in copies {
            let records = files.entry(format!("logs/{number}.json")).or_default();
            records.push(changed(record, differences));
        }
    }
    let files = files.into_iter();
    files
        .map(|(name, records)| (name, file(&records)))
        .collect()
}

/// A fixed seed, so that a change is judged by what it changed. `LEAKTRAIL_ARCHIVES=20000` draws that many afresh.
fn drawn() -> Config {
    let asked = std::env::var("LEAKTRAIL_ARCHIVES").ok();
    let asked = asked.map(|cases| cases.parse().unwrap());
    Config {
        cases: asked.unwrap_or(150),
        rng_seed: match asked {
            Some(_) => RngSeed::Random,
            None => RngSeed::Fixed(11),
        },
        failure_persistence: None,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(drawn())]

    #[test]
    fn copies_that_differ_are_told_alike(made in made()) {
        told_by_all(&files(&made));
    }
}

/// A call on an object in a bucket of the account that owns it.
fn call(name: &str, id: &str, second: u8, parameters: Value) -> Value {
    json!({"eventVersion": "1.10", "eventTime": format!("2024-05-01T10:00:{second:02}Z"), "eventSource": "s3.amazonaws.com",
        "eventName": name, "eventID": id, "recipientAccountId": "111122223333", "awsRegion": "eu-west-1",
        "eventCategory": "Data", "managementEvent": false, "sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice", "accountId": "111122223333"},
        "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket/a"},
            {"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket"}],
        "requestParameters": parameters})
}

fn object(key: &str) -> Value {
    json!({"bucketName": "amzn-s3-demo-bucket", "key": key})
}

fn opened(key: &str) -> Value {
    json!({"bucketName": "amzn-s3-demo-bucket", "key": key, "x-amz-acl": "public-read"})
}

fn archive(records: &[&[Value]]) -> BTreeMap<String, String> {
    let named = |(number, records): (usize, &&[Value])| (format!("{number}.json"), file(records));
    records.iter().enumerate().map(named).collect()
}

/// A copy that does not name the object says nothing of it: the other is cited, and closes it.
#[test]
fn a_copy_without_parameters_is_not_cited() {
    let bare = call("PutObject", "e-2", 9, Value::Null);
    let told = told_by_all(&archive(&[&[
        bare.clone(),
        call("PutObjectAcl", "e-1", 0, opened("a")),
        call("PutObject", "e-2", 9, object("a")),
        bare,
    ]]));
    assert!(
        told["exposures"].contains("closed"),
        "{}",
        told["exposures"]
    );
    let write = told["changes"].lines().find(|line| line.contains("e-2,"));
    assert!(write.unwrap().contains(",0.json,2,"), "{write:?}");
    let counts = "used: 2, not_of_interest: 2, duplicates: 0, lost: 0";
    assert!(told["counts"].contains(counts), "{}", told["counts"]);
}

/// The fuller copy carries no ACL; the other opened the object all the same, until it was told apart.
#[test]
fn a_fuller_copy_without_the_acl_does_not_hide_it() {
    let mut full = call("PutObject", "e-1", 0, object("a"));
    full["additionalEventData"] = json!({"a": 1, "b": 2, "c": 3});
    let opening = call("PutObject", "e-1", 0, opened("a"));
    let told = told_by_all(&archive(&[&[full], &[opening]]));
    assert!(told["contradictions"].contains("e-1"), "{told:?}");
}

/// An amendment of a write of an object matters as the write does.
#[test]
fn what_amends_a_write_matters_where_the_write_does() {
    for key in ["a", "b"] {
        let mut late = call("DeleteObject", "e-3", 9, object(key));
        late["addendum"] = json!({"reason": "DELIVERY_DELAY", "originalEventID": "e-2"});
        let told = told_by_all(&archive(&[&[
            call("PutObjectAcl", "e-1", 0, opened("a")),
            late,
        ]]));
        assert_eq!(
            told["changes"].contains("e-2"),
            key == "a",
            "{}",
            told["changes"]
        );
    }
}

/// Of what matters nowhere the owner's Region is not taken for covered.
#[test]
fn a_write_that_matters_nowhere_covers_nothing() {
    let mut write = call("PutObject", "e-1", 0, object("a"));
    write["resources"][1]["accountId"] = json!("444455556666");
    let told = told_by_all(&archive(&[&[write]]));
    assert!(
        !told["coverage of all"].contains("444455556666"),
        "{told:?}"
    );
}
