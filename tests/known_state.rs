//! Does what an investigator holds decide what the logs leave open, before and after its instant?
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod fixture;

use fixture::{compact, elements, told::told};
use leaktrail::analysis::{Analysis, Strictness};
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use leaktrail::timeline::Exposure;
use leaktrail::vocab::Timestamp;
use std::fs;
use std::path::Path;

const PUBLIC: &str = r#"{"Policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::amzn-s3-demo-bucket/*\"}]}"}"#;
const NO_POLICY: &str = "An error occurred (NoSuchBucketPolicy) when calling the GetBucketPolicy operation: The bucket policy does not exist";
const NO_BLOCK: &str = "An error occurred (NoSuchPublicAccessBlockConfiguration) when calling the GetPublicAccessBlock operation: The public access block configuration was not found";
const OWNER_ONLY: &str = r#"{"Owner": {"ID": "aaaa"}, "Grants": [{"Grantee": {"ID": "aaaa", "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}]}"#;

/// The records of a golden case, and documents held at an instant.
fn known(case: &str, at: &str, documents: &[(&str, &str)], strictness: Strictness) -> Analysis {
    let (logs, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let records = fs::read_to_string(Path::new("fixtures/cases").join(case).join("records.json"));
    let records = elements(&compact(&records.unwrap()));
    fs::write(logs.path().join("log.jsonl"), records.join("\n")).unwrap();
    for (name, text) in documents {
        let path = state.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let held = !documents.is_empty();
    let options = Options {
        known_state: held.then(|| (state.path().to_owned(), Timestamp::parse(at).unwrap())),
        strictness,
        ..Options::default()
    };
    scan(&DirSource::new(vec![logs.path().to_owned()]), &options, &()).unwrap()
}

fn intervals(analysis: &Analysis) -> Vec<String> {
    let intervals = analysis.timelines.iter().flat_map(|it| &it.intervals);
    let assumed = |names: Vec<&str>| match names.is_empty() {
        true => String::new(),
        false => format!(" if {}", names.join(", ")),
    };
    intervals
        .map(|one| {
            let names = one.assumptions.iter().map(|it| it.name()).collect();
            format!("{} {}{}", one.span.from, one.verdict.name(), assumed(names))
        })
        .collect()
}

const LATER: &str = "2025-01-01T00:00:00Z";

#[test]
fn it_decides_what_the_log_leaves_open_before_and_after() {
    // The log shows only that the block of an old bucket was deleted.
    let documents = [
        ("amzn-s3-demo-bucket/policy.json", PUBLIC),
        ("amzn-s3-demo-bucket/acl.json", OWNER_ONLY),
        ("amzn-s3-demo-bucket/block.json", NO_BLOCK),
        ("account-block.json", NO_BLOCK),
    ];
    let analysis = known(
        "old-bucket-block-deleted",
        LATER,
        &documents,
        Strictness::Lenient,
    );
    assert!(analysis.losses.is_empty(), "{:?}", analysis.losses);
    assert!(analysis.contradictions.is_empty());
    let row = &analysis.exposures[0];
    assert_eq!(row.opened_how.name(), "first-evidence");
    assert!(row.assumptions.is_empty() && row.is_open());
    assert_eq!(
        row.opened.as_ref().unwrap().event.name,
        "DeleteBucketPublicAccessBlock"
    );
    assert!(
        intervals(&analysis)
            .iter()
            .all(|one| one.ends_with("public"))
    );
}

/// While public grants are ignored an ACL is shown without them: what it shows says nothing of the time in which they count.
#[test]
fn an_acl_that_is_shown_behind_a_block_hides_its_public_grants() {
    let on = r#"{"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}}"#;
    let case = "old-bucket-block-deleted";
    let read = |at: &str, (bucket, account): (&str, &str)| {
        let documents = [
            ("amzn-s3-demo-bucket/policy.json", NO_POLICY),
            ("amzn-s3-demo-bucket/acl.json", OWNER_ONLY),
            ("amzn-s3-demo-bucket/block.json", bucket),
            ("account-block.json", account),
        ];
        intervals(&known(case, at, &documents, Strictness::Lenient))
    };
    let (before, after) = ("2022-06-14T08:00:00Z", "2022-06-14T11:00:00Z");
    // The log shows that the bucket's block was deleted at ten past nine.
    assert_eq!(
        read(before, (on, NO_BLOCK)),
        [
            "2022-06-14T08:00:00Z private",
            "2022-06-14T09:10:00Z private if acl-unseen"
        ]
    );
    // The account's hides them all the time, or nothing does.
    assert_eq!(read(before, (on, on)), ["2022-06-14T08:00:00Z private"]);
    assert_eq!(
        read(before, (NO_BLOCK, NO_BLOCK)),
        ["2022-06-14T08:00:00Z private"]
    );
    assert_eq!(
        read(after, (NO_BLOCK, NO_BLOCK)),
        ["2022-06-14T09:10:00Z private"]
    );
}

#[test]
fn it_contradicts_what_the_log_says_otherwise() {
    // The log shows a public policy put and never removed.
    let documents = [("amzn-s3-demo-bucket1/policy.json", NO_POLICY)];
    let analysis = known(
        "old-bucket-public-policy",
        LATER,
        &documents,
        Strictness::Lenient,
    );
    let kinds: Vec<&str> = analysis
        .contradictions
        .iter()
        .map(|it| it.kind.name())
        .collect();
    assert!(
        kinds.contains(&"policy-differs"),
        "{kinds:?}\n{}",
        told(&analysis)
    );
    let row = &analysis.exposures[0];
    assert_eq!(row.closed_how.name(), "in-gap");
    assert_eq!(row.closed_not_after, Timestamp::parse(LATER));
    assert!(row.closed.is_none());
    // Up to their end the logs would tell of a change.
    let last = analysis.coverage.values().map(|(_, last)| *last).max();
    assert_eq!(row.closed_at, last);
}

/// Mended after the logs end: what was public until then was public until then.
#[test]
fn a_block_of_later_takes_nothing_back() {
    let block = r#"{"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}}"#;
    let case = "old-bucket-public-policy";
    let before = known(case, LATER, &[], Strictness::Lenient);
    for name in ["amzn-s3-demo-bucket1/block.json", "account-block.json"] {
        let analysis = known(case, LATER, &[(name, block)], Strictness::Lenient);
        let (row, alone) = (&analysis.exposures[0], &before.exposures[0]);
        let end = analysis.coverage.values().map(|(_, last)| *last).max();
        assert_eq!(row.opened_at, alone.opened_at, "{name}");
        let opener = |row: &Exposure| row.opened.as_ref().map(|by| by.event.key.clone());
        assert_eq!(opener(row), opener(alone), "{name}");
        assert_eq!(
            (row.closed_at, row.closed_how.name()),
            (end, "in-gap"),
            "{name}"
        );
        assert_eq!(row.closed_not_after, Timestamp::parse(LATER), "{name}");
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let documents = [
        ("amzn-s3-demo-bucket/policy.json", ""),
        ("amzn-s3-demo-bucket/acl.json", NO_POLICY),
        ("amzn-s3-demo-bucket/block.json", OWNER_ONLY),
        ("amzn-s3-demo-bucket/notes.txt", "note"),
        ("stray/deeper/account-block.json", "{"),
    ];
    let analysis = known(
        "old-bucket-public-policy",
        LATER,
        &documents,
        Strictness::Lenient,
    );
    let kinds: Vec<&str> = analysis
        .losses
        .iter()
        .map(|loss| loss.kind.name())
        .collect();
    assert_eq!(kinds, ["known-state"; 5]);
}

#[test]
fn strict_shows_assumed_verdicts_as_unknown_and_keeps_every_row() {
    let lenient = known("old-bucket-public-policy", LATER, &[], Strictness::Lenient);
    let strict = known("old-bucket-public-policy", LATER, &[], Strictness::Strict);
    assert_eq!(lenient.exposures.len(), strict.exposures.len());
    let (before, after) = (intervals(&lenient), intervals(&strict));
    assert_eq!(before.len(), after.len());
    let assumed = before.iter().filter(|one| one.contains(" if ")).count();
    assert_eq!(strict.withheld, Some(assumed));
    assert!(assumed > 0);
    assert!(
        after
            .iter()
            .filter(|one| one.contains(" if "))
            .all(|one| one.contains("unknown"))
    );
}

/// Who gets in is not told by a block alone: what was public when the logs end may have been closed since.
#[test]
fn only_what_lets_somebody_in_speaks_for_the_time_since_the_logs_end() {
    let until = |documents: &[(&str, &str)]| {
        let case = "old-bucket-public-policy";
        let analysis = known(case, LATER, documents, Strictness::Lenient);
        let intervals = analysis.timelines.iter().flat_map(|it| &it.intervals);
        (
            analysis.losses.len(),
            intervals.map(|one| one.span.until).max(),
        )
    };
    let blocks = [
        ("amzn-s3-demo-bucket1/block.json", NO_BLOCK),
        ("account-block.json", NO_BLOCK),
    ];
    let policy = ("amzn-s3-demo-bucket1/policy.json", PUBLIC);
    assert_eq!(until(&blocks), until(&[]));
    let all = [&blocks[..], &[policy]].concat();
    assert_eq!(until(&all), (0, Timestamp::parse(LATER)));
}
