//! Do the invariants of ARCHITECTURE.md hold for whatever happens? Laws over stories of a tiny alphabet.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::{Listing, LogFile, Source, SourceError};
use leaktrail::timeline::Effect;
use leaktrail::vocab::{LogFileId, Loss};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Log files in memory.
struct Memory(BTreeMap<String, Vec<u8>>);

impl Memory {
    /// One file for each group of records.
    fn of(groups: &[Vec<Value>]) -> Self {
        let file = |(index, records): (usize, &Vec<Value>)| {
            let text = json!({ "Records": records }).to_string();
            (format!("{index:03}.json"), text.into_bytes())
        };
        Self(groups.iter().enumerate().map(file).collect())
    }

    fn scan(&self) -> Analysis {
        scan(self, &Options::default(), &()).expect("a scan")
    }
}

impl Source for Memory {
    fn list(&self) -> Result<Listing, SourceError> {
        let file = |(name, bytes): (&String, &Vec<u8>)| {
            LogFile::new(LogFileId::new(name.as_str()), bytes.len() as u64)
        };
        Ok(Listing {
            files: self.0.iter().map(file).collect(),
            ..Listing::default()
        })
    }

    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        Ok(self.0[file.id.as_str()].clone())
    }
}

/// What may happen to a bucket or its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Create,
    Delete,
    PublicPolicy,
    ForeignPolicy,
    NoPolicy,
    PublicAcl,
    PrivateAcl,
    Block,
    Unblock,
    AccountBlock,
    AccountUnblock,
    Enforce,
    EnableAcls,
}

const DEEDS: [Deed; 13] = [
    Deed::Create,
    Deed::Delete,
    Deed::PublicPolicy,
    Deed::ForeignPolicy,
    Deed::NoPolicy,
    Deed::PublicAcl,
    Deed::PrivateAcl,
    Deed::Block,
    Deed::Unblock,
    Deed::AccountBlock,
    Deed::AccountUnblock,
    Deed::Enforce,
    Deed::EnableAcls,
];

#[derive(Clone, Debug)]
struct Call {
    deed: Deed,
    bucket: u8,
    /// Seconds since the call before.
    after: i64,
    error: Option<&'static str>,
}

fn calls(most: usize) -> impl Strategy<Value = Vec<Call>> {
    let error = prop_oneof![6 => Just(None), 1 => Just(Some("AccessDenied")), 1 => Just(Some("InternalError"))];
    let call = (prop::sample::select(&DEEDS[..]), 0u8..2, 0i64..3, error).prop_map(
        |(deed, bucket, after, error)| Call {
            deed,
            bucket,
            after,
            error,
        },
    );
    prop::collection::vec(call, 1..most)
}

fn policy(principal: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}]})
}

fn flags(on: bool) -> Value {
    json!({"BlockPublicAcls": on, "IgnorePublicAcls": on, "BlockPublicPolicy": on, "RestrictPublicBuckets": on})
}

fn asked(deed: Deed) -> (&'static str, Value) {
    match deed {
        Deed::Create => ("CreateBucket", json!({})),
        Deed::Delete => ("DeleteBucket", json!({})),
        Deed::PublicPolicy => (
            "PutBucketPolicy",
            json!({"bucketPolicy": policy(json!("*"))}),
        ),
        Deed::ForeignPolicy => (
            "PutBucketPolicy",
            json!({"bucketPolicy": policy(json!({"AWS": "444455556666"}))}),
        ),
        Deed::NoPolicy => ("DeleteBucketPolicy", json!({"policy": ""})),
        Deed::PublicAcl => ("PutBucketAcl", json!({"x-amz-acl": "public-read"})),
        Deed::PrivateAcl => ("PutBucketAcl", json!({"x-amz-acl": "private"})),
        Deed::Block => (
            "PutBucketPublicAccessBlock",
            json!({"PublicAccessBlockConfiguration": flags(true)}),
        ),
        Deed::Unblock => ("DeleteBucketPublicAccessBlock", json!({})),
        Deed::AccountBlock => (
            "PutAccountPublicAccessBlock",
            json!({"PublicAccessBlockConfiguration": flags(true)}),
        ),
        Deed::AccountUnblock => ("DeleteAccountPublicAccessBlock", json!({})),
        Deed::Enforce => ownership("BucketOwnerEnforced"),
        Deed::EnableAcls => ownership("ObjectWriter"),
    }
}

fn ownership(setting: &str) -> (&'static str, Value) {
    (
        "PutBucketOwnershipControls",
        json!({"OwnershipControls": {"Rule": {"ObjectOwnership": setting}}}),
    )
}

/// The records of a story, in order of time.
fn records(calls: &[Call]) -> Vec<Value> {
    let mut now = 1_700_000_000;
    let mut record = |(index, call): (usize, &Call)| {
        now += call.after;
        let (name, mut parameters) = asked(call.deed);
        if !matches!(call.deed, Deed::AccountBlock | Deed::AccountUnblock) {
            parameters["bucketName"] = json!(format!("amzn-s3-demo-bucket{}", call.bucket));
        }
        let mut record = json!({
            "eventVersion": "1.08", "eventSource": "s3.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
            "eventTime": leaktrail::vocab::Timestamp::from_unix(now).to_string(),
            "eventID": format!("{index:08x}-0000-4000-8000-000000000000"), "recipientAccountId": "111122223333",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice", "accountId": "111122223333"},
            "sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli", "requestParameters": parameters,
        });
        if let Some(code) = call.error {
            record["errorCode"] = json!(code);
        }
        record
    };
    calls.iter().enumerate().map(&mut record).collect()
}

/// Everything that is told, but for where it was read.
fn told(analysis: &Analysis) -> String {
    let timelines: Vec<String> = analysis
        .timelines
        .iter()
        .flat_map(|timeline| {
            timeline.intervals.iter().map(move |interval| {
                let causes: Vec<_> = interval
                    .causes
                    .iter()
                    .map(|cause| &cause.event.key)
                    .collect();
                format!(
                    "{} {:?} {causes:?} {:?}",
                    timeline.bucket,
                    interval.span,
                    (
                        interval.verdict,
                        &interval.assumptions,
                        &interval.reach,
                        &interval.exposure_ids
                    )
                )
            })
        })
        .collect();
    let exposures: Vec<String> = analysis
        .exposures
        .iter()
        .map(|row| {
            format!(
                "{} {} {:?} {:?} {:?}",
                row.id,
                row.bucket,
                row.opened_at,
                row.closed_at,
                (row.opened_how, row.closed_how, &row.reach)
            )
        })
        .collect();
    let changes: Vec<String> = analysis
        .changes
        .iter()
        .map(|row| {
            format!(
                "{:?} {:?} {}",
                row.event.event.key, row.effect, row.buckets_affected
            )
        })
        .collect();
    let contradictions: Vec<String> = analysis
        .contradictions
        .iter()
        .map(|row| format!("{} {:?} {:?}", row.at, row.kind, row.bucket))
        .collect();
    [timelines, exposures, changes, contradictions]
        .concat()
        .join("\n")
}

fn split_at(records: &[Value], cuts: &[usize]) -> Vec<Vec<Value>> {
    let mut groups = vec![Vec::new(); cuts.len() + 1];
    for (index, record) in records.iter().enumerate() {
        let group = cuts.iter().filter(|cut| index % (*cut + 2) == 0).count();
        groups[group].push(record.clone());
    }
    groups
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_silently(calls in calls(20), doubled in any::<bool>()) {
        let records = records(&calls);
        let groups = if doubled { vec![records.clone(), records.clone()] } else { vec![records.clone()] };
        let analysis = Memory::of(&groups).scan();
        prop_assert!(analysis.counts.add_up(), "{:?}", analysis.counts);
        prop_assert_eq!(analysis.counts.used, records.len() as u64);
        prop_assert_eq!(analysis.changes.len(), records.len());
    }

    #[test]
    fn order_and_duplication_do_not_matter(calls in calls(20), cuts in prop::collection::vec(0usize..7, 0..4), turned in any::<bool>()) {
        let records = records(&calls);
        let straight = told(&Memory::of(std::slice::from_ref(&records)).scan());
        let mut groups = split_at(&records, &cuts);
        if turned {
            groups.iter_mut().for_each(|group| group.reverse());
            groups.reverse();
        }
        groups.push(records.iter().rev().take(3).cloned().collect());
        prop_assert_eq!(straight, told(&Memory::of(&groups).scan()));
    }

    #[test]
    fn intervals_tile(calls in calls(30)) {
        for timeline in Memory::of(&[records(&calls)]).scan().timelines {
            let last = timeline.intervals.len() - 1;
            for (index, pair) in timeline.intervals.windows(2).enumerate() {
                prop_assert_eq!(pair[0].span.until, pair[1].span.from);
                prop_assert!(pair[0].span.seconds() > 0 || index == last);
                prop_assert!(!pair[0].tells_same(&pair[1]));
            }
        }
    }

    #[test]
    fn every_claim_cites_file_record_and_event(calls in calls(20)) {
        let analysis = Memory::of(&[records(&calls)]).scan();
        for row in &analysis.exposures {
            let cause = row.opened.as_ref().or(row.closed.as_ref());
            prop_assert!(cause.is_some() || row.opened_how != leaktrail::timeline::OpenedHow::Event);
            prop_assert!(!row.granted.is_empty(), "nobody granted {row:?}");
        }
        for interval in analysis.timelines.iter().flat_map(|timeline| &timeline.intervals) {
            prop_assert!(interval.causes.iter().all(|cause| cause.event.event_id().is_some()));
            prop_assert!(!interval.causes.is_empty());
        }
    }

    #[test]
    fn a_failed_call_changes_nothing(calls in calls(20)) {
        let kept: Vec<Call> = calls.iter().filter(|call| call.error != Some("AccessDenied")).cloned().collect();
        prop_assume!(!kept.is_empty());
        let all = records(&calls);
        let without: Vec<Value> = all.iter().filter(|record| record["errorCode"] != "AccessDenied").cloned().collect();
        let ends_same = all.last() == without.last();
        prop_assume!(ends_same);
        let (with, without) = (Memory::of(&[all]).scan(), Memory::of(&[without]).scan());
        prop_assert_eq!(&with.exposures.iter().map(|row| (&row.id, row.closed_at)).collect::<Vec<_>>(),
            &without.exposures.iter().map(|row| (&row.id, row.closed_at)).collect::<Vec<_>>());
        let attempted = with.changes.iter().filter(|row| row.effect == Effect::Attempted).count();
        prop_assert_eq!(attempted, calls.iter().filter(|call| call.error == Some("AccessDenied")).count());
    }

    #[test]
    fn merging_evidence_in_any_grouping_is_reading_all_of_it(calls in calls(20), cuts in prop::collection::vec(0usize..5, 1..6)) {
        let records = records(&calls);
        prop_assert_eq!(told(&Memory::of(std::slice::from_ref(&records)).scan()), told(&Memory::of(&split_at(&records, &cuts)).scan()));
    }
}
