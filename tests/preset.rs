//! Does the preset `s3-exposure` match all that decides who gets into a bucket, and no more?
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fixture;

use fixture::case::{Container, Layout, cases, records, store};
use leaktrail::event::{Change, Upload, table};
use leaktrail::pattern::{InteriorStar, Pattern, preset};
use leaktrail::pipeline::{Options, scan};
use leaktrail::record::Decoder;
use leaktrail::source::DirSource;
use leaktrail::timeline::{ChangeRow, Effect};
use std::fmt::Write;

/// What a timeline notes beside its verdict. Website and CORS are no such, though they decide nothing either: the usual filter has
/// one of them, and a website makes what is open easier to find.
const NOTED_ONLY: [&str; 5] = [
    "DeleteBucketWebsite",
    "DeleteBucketCors",
    "PutBucketReplication",
    "DeleteBucketReplication",
    "PutBucketRequestPayment",
];

/// Writes of objects open something only by an ACL that they ask for. Without one they close at most, and so does a deletion:
/// a filter that counts all of them counts nothing.
const OF_OBJECTS: [&str; 6] = [
    "PutObject",
    "CopyObject",
    "CreateMultipartUpload",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
    "DeleteObject",
];

fn is_matched(record: &str) -> bool {
    let text = preset("s3-exposure").unwrap().pattern;
    let pattern = Pattern::parse(text, InteriorStar::Literal).unwrap();
    let mut decoder = Decoder::new();
    let read = decoder.decode(record.as_bytes()).unwrap();
    pattern.matches(record.as_bytes(), Some(read.view()))
}

fn call(name: &str, parameters: &str) -> String {
    format!(
        r#"{{"eventSource":"s3.amazonaws.com","eventName":"{name}","requestParameters":{{"bucketName":"b"{parameters}}}}}"#
    )
}

#[test]
fn every_kind_of_event_that_decides_is_matched() {
    for kind in table::kinds() {
        let is_counted = !NOTED_ONLY.contains(&kind.name) && !OF_OBJECTS.contains(&kind.name);
        assert_eq!(
            is_matched(&call(kind.name, "")),
            is_counted,
            "{}",
            kind.name
        );
    }
    for name in NOTED_ONLY.iter().chain(&OF_OBJECTS) {
        assert!(table::kind_of(table::S3, name).is_some(), "{name}");
    }
}

#[test]
fn no_read_and_no_other_setting_is_matched() {
    let others = [
        "GetBucketPolicy",
        "GetBucketAcl",
        "GetObjectAcl",
        "GetBucketPublicAccessBlock",
        "GetAccountPublicAccessBlock",
        "GetAccessPointPolicy",
        "ListAccessPoints",
        "GetMultiRegionAccessPoint",
        "GetObject",
        "PutBucketTagging",
        "DeleteBucketTagging",
        "PutBucketLifecycle",
        "PutBucketLogging",
        "PutBucketVersioning",
    ];
    for name in others {
        assert!(!is_matched(&call(name, "")), "{name}");
    }
}

#[test]
fn a_write_of_an_object_is_matched_by_the_acl_it_asks_for() {
    let opens = [
        r#","x-amz-acl":"public-read""#,
        r#","x-amz-acl":"public-read-write""#,
        r#","x-amz-acl":"authenticated-read""#,
        r#","x-amz-acl":["public-read"]"#,
        r#","x-amz-grant-read":"uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"""#,
        r#","x-amz-grant-read-acp":"id=\"abc\"""#,
        r#","x-amz-grant-write-acp":"id=\"abc\"""#,
        r#","x-amz-grant-full-control":"id=\"abc\"""#,
    ];
    let does_not = [
        r#","x-amz-acl":"private""#,
        r#","x-amz-acl":["private"]"#,
        r#","x-amz-acl":"bucket-owner-full-control""#,
        r#","key":"public-read""#,
    ];
    for name in ["PutObject", "CopyObject", "CreateMultipartUpload"] {
        for asked in opens {
            assert!(is_matched(&call(name, asked)), "{name} {asked}");
        }
        for asked in does_not {
            assert!(!is_matched(&call(name, asked)), "{name} {asked}");
        }
    }
}

/// The other way round: whatever had an effect in some case is matched.
#[test]
fn whatever_has_an_effect_in_the_cases_is_matched() {
    let (mut seen, mut missed) = (0, String::new());
    for case in cases() {
        let folder = tempfile::tempdir().unwrap();
        store(
            &records(&case),
            Container::Plain,
            Layout::OneFile,
            folder.path(),
        );
        let source = DirSource::new(vec![folder.path().to_owned()]);
        let analysis = scan(&source, &Options::default(), &()).unwrap();
        for row in analysis.changes.iter().filter(|row| had_effect(row)) {
            seen += 1;
            // An upload in parts asks for its ACL when it begins: that call is matched.
            let is_completion = row.event.event.change.upload() == Some(Upload::Completed);
            let is_counted = !closes_only(row) && !is_completion;
            if is_counted && !is_matched(row.event.event.record.reveal()) {
                writeln!(missed, "{}: {:?}", case.display(), row.summary).unwrap();
            }
        }
    }
    assert!(seen > 100, "{seen} are too few to tell anything");
    assert_eq!(missed, "");
}

fn had_effect(row: &ChangeRow) -> bool {
    !matches!(
        row.effect,
        Effect::None | Effect::Attempted | Effect::Unknown
    )
}

/// What takes an object's ACL away by writing or deleting the object.
fn closes_only(row: &ChangeRow) -> bool {
    match &row.event.event.change {
        Change::DeleteObject { .. } => true,
        Change::WriteObject { acl, .. } => acl.is_none(),
        _ => false,
    }
}
