//! Does every step of a plan do what it says, and nothing else? Its commands are written as records, and all is read again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod calls;

use calls::{BUCKET, filled, run};
use leaktrail::analysis::{Analysis, Remedy, Step, plan};
use leaktrail::timeline::Exposure;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const DAY: &str = "2022-05-01";
const OTHER: &str = "amzn-s3-demo-other";
const STRANGER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const OWNER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const FLAGS: [&str; 4] = [
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
];

/// One call: in which minute it happens, on which bucket, and how it ended.
#[derive(Clone, Debug)]
struct Called {
    what: What,
    minute: u8,
    bucket: &'static str,
    error: Option<&'static str>,
}

#[derive(Clone, Debug)]
enum What {
    /// The places of its statements.
    Policy(Vec<usize>),
    NoPolicy,
    /// Whether it grants everybody, and a stranger.
    Acl(bool, bool),
    Block(u8),
    NoBlock,
    Ownership(&'static str),
    Object,
    AccountBlock(u8),
    /// The flags of its own block.
    Point(u8),
    PointPolicy(Vec<usize>),
}

/// What policies are made of.
fn statement(place: usize, resource: &str) -> Value {
    let allow = |principal: Value, action: &str| json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource});
    match place {
        0 => allow(json!("*"), "s3:GetObject"),
        1 => allow(
            json!({"AWS": "arn:aws:iam::444455556666:root"}),
            "s3:GetObject",
        ),
        2 => allow(json!({"CanonicalUser": STRANGER}), "s3:*"),
        3 => allow(json!({"AWS": "arn:aws:iam::111122223333:root"}), "s3:*"),
        4 => json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resource}),
        5 => {
            json!({"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket", "Resource": format!("arn:aws:s3:::{BUCKET}")})
        }
        6 => json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": resource,
            "Condition": {"StringEquals": {"s3:DataAccessPointAccount": "111122223333"}}}),
        _ => {
            json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource,
            "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}})
        }
    }
}

fn policy(places: &[usize], resource: &str) -> Value {
    let statements: Vec<_> = places.iter().map(|it| statement(*it, resource)).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn flags(on: u8) -> Value {
    let flag = |(bit, name): (usize, &&str)| ((*name).to_owned(), json!(on & (1 << bit) != 0));
    Value::Object(FLAGS.iter().enumerate().map(flag).collect())
}

fn acl(everybody: bool, stranger: bool) -> Value {
    let user = |id: &str, permission: &str| json!({"Grantee": {"xsi:type": "CanonicalUser", "ID": id}, "Permission": permission});
    let mut grants = vec![user(OWNER, "FULL_CONTROL")];
    if everybody {
        grants.push(json!({"Grantee": {"xsi:type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}));
    }
    if stranger {
        grants.push(user(STRANGER, "READ"));
    }
    json!({"acl": "", "AccessControlPolicy": {"Owner": {"ID": OWNER}, "AccessControlList": {"Grant": grants}}})
}

impl Called {
    fn record(&self) -> Value {
        let all = format!("arn:aws:s3:::{}/*", self.bucket);
        let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/feed/object/*";
        let (name, asked) = match &self.what {
            What::Policy(places) => (
                "PutBucketPolicy",
                json!({ "bucketPolicy": policy(places, &all) }),
            ),
            What::NoPolicy => ("DeleteBucketPolicy", json!({})),
            What::Acl(everybody, stranger) => ("PutBucketAcl", acl(*everybody, *stranger)),
            What::Block(on) => (
                "PutBucketPublicAccessBlock",
                json!({ "PublicAccessBlockConfiguration": flags(*on) }),
            ),
            What::NoBlock => ("DeleteBucketPublicAccessBlock", json!({})),
            What::Ownership(rule) => (
                "PutBucketOwnershipControls",
                json!({"OwnershipControls": {"Rule": {"ObjectOwnership": rule}}}),
            ),
            What::Object => ("PutObject", json!({"key": "a", "x-amz-acl": "public-read"})),
            What::AccountBlock(on) => (
                "PutAccountPublicAccessBlock",
                json!({"accountId": "111122223333", "PublicAccessBlockConfiguration": flags(*on)}),
            ),
            What::Point(on) => (
                "CreateAccessPoint",
                json!({"name": "feed", "CreateAccessPointRequest":
                    {"Bucket": self.bucket, "PublicAccessBlockConfiguration": flags(*on)}}),
            ),
            What::PointPolicy(places) => (
                "PutAccessPointPolicy",
                json!({"name": "feed", "PutAccessPointPolicyRequest":
                    {"Policy": policy(places, point).to_string()}}),
            ),
        };
        let mut asked = asked;
        if !matches!(
            self.what,
            What::AccountBlock(_) | What::Point(_) | What::PointPolicy(_)
        ) {
            asked["bucketName"] = json!(self.bucket);
        }
        let mut call = json!({"t": format!("01:{:02}", self.minute), "is": name, "for": asked});
        if let Some(error) = self.error {
            call["errorCode"] = json!(error);
        }
        call
    }
}

fn what() -> impl Strategy<Value = What> {
    let places = || prop::sample::subsequence((0..8).collect::<Vec<usize>>(), 1..4);
    prop_oneof![
        6 => places().prop_map(What::Policy),
        1 => Just(What::NoPolicy),
        5 => (any::<bool>(), any::<bool>()).prop_map(|(all, one)| What::Acl(all, one)),
        4 => (0..16u8).prop_map(What::Block),
        2 => Just(What::NoBlock),
        1 => prop::sample::select(vec!["BucketOwnerEnforced", "ObjectWriter"]).prop_map(What::Ownership),
        2 => Just(What::Object),
        1 => (0..16u8).prop_map(What::AccountBlock),
        2 => prop::sample::select(vec![0, 8]).prop_map(What::Point),
        2 => places().prop_map(What::PointPolicy),
    ]
}

fn history() -> impl Strategy<Value = Vec<Called>> {
    let error = prop_oneof![8 => Just(None), 1 => Just(Some("InternalError")), 1 => Just(Some("AccessDenied"))];
    let bucket = prop_oneof![3 => Just(BUCKET), 1 => Just(OTHER)];
    let called =
        (what(), 0..12u8, bucket, error).prop_map(|(what, minute, bucket, error)| Called {
            what,
            minute,
            bucket,
            error,
        });
    prop::collection::vec(called, 1..9).prop_map(|mut all| {
        all.sort_by_key(|called| called.minute);
        all
    })
}

/// The word behind an option.
fn option<'c>(command: &'c str, name: &str) -> Option<&'c str> {
    let at = command.find(&format!("--{name}"))?;
    let rest = &command[at + name.len() + 2..];
    let word = rest.trim_start_matches(['=', ' ']);
    Some(match word.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next().unwrap(),
        None => word.split(' ').next().unwrap(),
    })
}

/// The flags that a command puts.
fn put_flags(command: &str) -> Option<u8> {
    let words = option(command, "public-access-block-configuration")?;
    let on = |(bit, name): (usize, &&str)| u8::from(words.contains(&format!("{name}=true"))) << bit;
    Some(FLAGS.iter().enumerate().map(on).sum())
}

/// The record that a command leaves, if it changes anything.
fn done(step: &Step, minute: usize) -> Option<Value> {
    let command = step.command.as_str();
    let mut words = command.split(' ').skip(1);
    let (service, verb) = (words.next()?, words.next()?);
    if command.contains(" > ") {
        return None;
    }
    let (name, mut asked) = match (service, verb) {
        ("s3api", "put-public-access-block") => (
            "PutBucketPublicAccessBlock",
            json!({"PublicAccessBlockConfiguration": flags(put_flags(command)?)}),
        ),
        ("s3control", "put-public-access-block") => (
            "PutAccountPublicAccessBlock",
            json!({"accountId": "111122223333", "PublicAccessBlockConfiguration": flags(put_flags(command)?)}),
        ),
        ("s3api", "put-bucket-policy") => {
            let policy: Value = serde_json::from_str(option(command, "policy")?).unwrap();
            ("PutBucketPolicy", json!({ "bucketPolicy": policy }))
        }
        ("s3api", "delete-bucket-policy") => ("DeleteBucketPolicy", json!({})),
        ("s3api", "put-bucket-acl") => ("PutBucketAcl", json!({"acl": "", "x-amz-acl": "private"})),
        ("s3api", "put-bucket-ownership-controls") => (
            "PutBucketOwnershipControls",
            json!({"OwnershipControls": {"Rule": {"ObjectOwnership": "BucketOwnerEnforced"}}}),
        ),
        ("s3control", "put-access-point-policy") => (
            "PutAccessPointPolicy",
            json!({"name": option(command, "name")?, "PutAccessPointPolicyRequest": {"Policy": option(command, "policy")?}}),
        ),
        ("s3control", "delete-access-point-policy") => (
            "DeleteAccessPointPolicy",
            json!({"name": option(command, "name")?}),
        ),
        other => panic!("{other:?}"),
    };
    if let Some(bucket) = option(command, "bucket=") {
        asked["bucketName"] = json!(bucket);
    }
    Some(
        json!({"t": format!("{:02}:{:02}", 2 + minute / 60, minute % 60), "is": name, "for": asked}),
    )
}

fn open(analysis: &Analysis) -> Vec<&Exposure> {
    let all = analysis.exposures.iter();
    all.filter(|row| row.is_open()).collect()
}

/// Who gets in where, and through what.
fn ways(analysis: &Analysis) -> BTreeSet<String> {
    let one = |row: &&Exposure| {
        let now = row.remains.as_ref().unwrap().mechanisms.clone();
        let place = format!(
            "{} {:?} {:?} {:?}",
            row.bucket, row.scope, row.access_point, row.audience
        );
        now.into_iter()
            .map(move |it| format!("{place} {}", it.name()))
            .collect::<Vec<_>>()
    };
    open(analysis).iter().flat_map(one).collect()
}

/// Whether a step keeps what it says, after it alone or after those before it too.
fn keeps_its_word(remedy: &Remedy, step: &Step, after: &Analysis) {
    let is_there = |row: &&Exposure| remedy.bucket.as_ref().is_none_or(|it| *it == row.bucket);
    for row in open(after).into_iter().filter(is_there) {
        assert!(
            !step.ends.contains(&row.id),
            "{} is open after {}",
            row.id,
            step.command
        );
        for mechanism in &row.remains.as_ref().unwrap().mechanisms {
            assert!(
                !step.closes.contains(mechanism),
                "{} lets {:?} in after {}",
                mechanism.name(),
                row.audience,
                step.command
            );
        }
    }
}

/// Which flags a bucket's block may have. Of several calls in one minute the order is not known.
fn possible(history: &[Called], bucket: &str) -> BTreeSet<u8> {
    let mut states: BTreeSet<u8> = (0..16).collect();
    for minute in 0..12 {
        let now = history
            .iter()
            .filter(|it| it.minute == minute && it.bucket == bucket);
        let ended = |error| now.clone().filter(move |it| it.error == error);
        let set = |called: &Called| match called.what {
            What::Block(on) => Some(on),
            What::NoBlock => Some(0),
            _ => None,
        };
        let took: BTreeSet<u8> = ended(None).filter_map(set).collect();
        let may: BTreeSet<u8> = ended(Some("InternalError")).filter_map(set).collect();
        let refusing = ended(None).map(|called| match &called.what {
            // One that denies everybody everything is not public.
            What::Policy(places) if places.contains(&0) && !places.contains(&4) => 1 << 2,
            What::Acl(true, _) | What::Object => 1,
            _ => 0,
        });
        let refusing = refusing.fold(0, |all, flag| all | flag);
        let left: BTreeSet<u8> = states
            .iter()
            .copied()
            .filter(|on| on & refusing == 0)
            .collect();
        states = match (took.is_empty(), may.is_empty(), left.is_empty()) {
            (false, ..) => &took | &may,
            (true, false, _) => &states | &may,
            (true, true, false) => left,
            // What it was known to be is no longer so.
            (true, true, true) => (0..16).collect(),
        };
    }
    states
}

/// What any of these flags are.
fn may_be_on(states: &BTreeSet<u8>) -> u8 {
    states.iter().fold(0, |all, on| all | on)
}

fn holds(history: &[Called]) {
    let records: Vec<Value> = history.iter().map(|it| filled(it.record())).collect();
    let before = run(DAY, &records);
    let with = |done: &[Value]| run(DAY, &[records.as_slice(), done].concat());
    let mut all: Vec<Value> = Vec::new();
    let mut were = ways(&before);
    for remedy in plan(&before) {
        for step in &remedy.steps {
            let Some(record) = done(step, all.len()) else {
                assert!(step.closes.is_empty() && step.ends.is_empty());
                continue;
            };
            assert!(
                !step.closes.is_empty() || !step.ends.is_empty(),
                "{} does nothing",
                step.command
            );
            if let (Some(bucket), Some(on)) = (&remedy.bucket, put_flags(&step.command)) {
                let most = may_be_on(&possible(history, bucket.as_str()));
                assert_eq!(
                    most & !on,
                    0,
                    "{most:04b} are or may be on before {}",
                    step.command
                );
            }
            keeps_its_word(&remedy, step, &with(std::slice::from_ref(&record)));
            all.push(record);
            let after = with(&all);
            keeps_its_word(&remedy, step, &after);
            let are = ways(&after);
            assert!(
                are.is_subset(&were),
                "{} opens {:?}",
                step.command,
                are.difference(&were)
            );
            were = are;
        }
    }
    assert!(were.is_empty(), "{were:?} is left");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn steps_close_what_they_say_and_open_nothing(history in history()) {
        holds(&history);
    }
}
