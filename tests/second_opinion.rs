//! Do the verdicts on random policies agree with what IAM would say to concrete requests?
//!
//! The program reasons about a policy as a whole; the oracle lets single requests through or not. Wherever the program says
//! that it is sure, no request may prove it wrong.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod oracle;

use leaktrail::event::{Acl, BlockFlags, Policy};
use leaktrail::exposure::{
    AclSetting, Answer, Assumption, BlockSetting, BucketState, Judgement, Known, Owner,
    PolicyInForce, PolicyKind, PolicyMeaning, Verdict, judge,
};
use leaktrail::vocab::AccountId;
use oracle::{Caller, Place, Request, lets_through};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use std::sync::Arc;

const OWN: &str = "111122223333";
const PARTNER: &str = "444455556666";
const MEMBER: &str = "777788889999";
const STRANGER: &str = "999988887777";
const BUCKET: &str = "arn:aws:s3:::amzn-s3-demo-bucket";

fn judged(policy: &Value) -> Judgement {
    let owner = Owner {
        account: AccountId::parse(OWN),
        ..Owner::default()
    };
    let policy = Policy::parse(policy).expect("a policy");
    let meaning = PolicyMeaning::of(&policy, &owner, PolicyKind::Bucket);
    let state = BucketState {
        policy: Known::Observed(Some(Arc::new(PolicyInForce { policy, meaning }))),
        acl: Known::Observed(Arc::new(Acl::owner_only())),
        ownership: Known::Observed(AclSetting::Enabled),
        block: Known::Observed(BlockSetting::Exactly(BlockFlags::NONE)),
    };
    judge(&state, &Known::Observed(BlockFlags::NONE), &owner)
}

/// Every request of a small world: who, from where, for what.
fn requests() -> Vec<Request> {
    let callers = [
        Caller::Anonymous,
        Caller::User(STRANGER, None),
        Caller::User(STRANGER, Some("o-zzzzzzzzzz")),
        Caller::User(PARTNER, None),
        Caller::User(PARTNER, Some("o-a1b2c3d4e5")),
        Caller::User(PARTNER, Some("o-zzzzzzzzzz")),
        Caller::User(MEMBER, None),
        Caller::User(MEMBER, Some("o-a1b2c3d4e5")),
        Caller::User(MEMBER, Some("o-zzzzzzzzzz")),
        Caller::User(OWN, Some("o-a1b2c3d4e5")),
        Caller::Service,
    ];
    let places = [
        Place::Internet("8.8.8.8"),
        Place::Internet("203.0.113.7"),
        Place::Endpoint("vpce-9z9z9z9z", "vpc-9z9z9z9z"),
        Place::Endpoint("vpce-1a2b3c4d", "vpc-91237329"),
    ];
    let keys = ["a/x", "a/x.txt", "b/x", "b/x.txt", "y.txt", "z"];
    let on_objects = [
        "s3:GetObject",
        "s3:GetObjectAcl",
        "s3:PutObject",
        "s3:PutObjectAcl",
        "s3:DeleteObject",
    ];
    let on_buckets = [
        "s3:ListBucket",
        "s3:GetBucketAcl",
        "s3:PutBucketTagging",
        "s3:DeleteBucket",
    ];
    let on_objects = on_objects
        .iter()
        .flat_map(|action| keys.map(|key| (*action, Some(key))));
    let deeds: Vec<_> = on_objects
        .chain(on_buckets.map(|action| (action, None)))
        .collect();
    let manners = [
        (true, None),
        (false, None),
        (true, Some("https://www.example.com/")),
    ];
    let mut all = Vec::new();
    for caller in callers {
        for place in places {
            for (action, key) in &deeds {
                all.extend(manners.map(|(over_tls, referer)| Request {
                    caller,
                    place,
                    action,
                    key: *key,
                    over_tls,
                    referer,
                }));
            }
        }
    }
    all
}

/// Whether whoever sends it can be anybody: no fixed account, organization, network or endpoint.
fn is_from_anybody(request: &Request) -> bool {
    let nobody_fixed = matches!(
        request.caller,
        Caller::Anonymous | Caller::User(STRANGER, _)
    );
    let nowhere_fixed = matches!(
        request.place,
        Place::Internet("8.8.8.8") | Place::Endpoint("vpce-9z9z9z9z", _)
    );
    nobody_fixed && nowhere_fixed
}

fn is_foreign(request: &Request) -> bool {
    matches!(request.caller, Caller::User(account, _) if account != OWN)
}

/// IpAddressIfExists on aws:SourceIp counts as a hold, as S3's page has it, though requests through an endpoint pass.
fn passes_by_the_optional_address(policy: &Value, request: &Request) -> bool {
    matches!(request.place, Place::Endpoint(..)) && policy.to_string().contains("IpAddressIfExists")
}

/// S3 takes a statement by what it names: that two of its conditions may never be met together it leaves aside, and so does
/// the program. Likewise a service is served by name; what its calls carry AWS does not document.
fn names_more_than_it_serves(policy: &Value, judged: &Judgement) -> bool {
    let count = |keys: &Value| keys.as_object().map_or(0, |keys| keys.len());
    let several = oracle::list(&policy["Statement"]).iter().any(|statement| {
        let operators = statement["Condition"].as_object();
        operators.is_some_and(|operators| operators.values().map(count).sum::<usize>() > 1)
    });
    several || (judged.verdict == Verdict::Limited && policy.to_string().contains("\"Service\":"))
}

/// Why the verdict is wrong, if some request proves it wrong.
fn objection(policy: &Value, judged: &Judgement) -> Option<String> {
    if judged.verdict == Verdict::Unknown || judged.assumptions.contains(&Assumption::DenyUndecided)
    {
        return None;
    }
    let passed: Vec<Request> = requests()
        .into_iter()
        .filter(|request| lets_through(policy, request))
        .collect();
    let too_many = who_should_not(policy, judged, &passed);
    if names_more_than_it_serves(policy, judged) {
        too_many
    } else {
        too_many.or_else(|| who_should(judged, &passed))
    }
}

fn is_anonymous(request: &Request) -> bool {
    is_from_anybody(request) && request.caller == Caller::Anonymous
}

fn says_everyone(judged: &Judgement) -> bool {
    judged
        .reach
        .principals
        .iter()
        .any(|name| name.reveal() == "everyone")
}

/// Somebody who gets in though the verdict says that they cannot.
fn who_should_not(policy: &Value, judged: &Judgement, passed: &[Request]) -> Option<String> {
    let mut passed = passed
        .iter()
        .filter(|request| !passes_by_the_optional_address(policy, request));
    let is_too_much = |request: &&Request| match judged.verdict {
        Verdict::Public => is_anonymous(request) && !says_everyone(judged),
        Verdict::Private => !matches!(request.caller, Caller::User(OWN, _)),
        Verdict::Limited => {
            is_from_anybody(request)
                || (is_foreign(request) && matches!(request.place, Place::Internet("8.8.8.8")))
        }
        _ => is_from_anybody(request),
    };
    let objection = passed
        .clone()
        .find(is_too_much)
        .map(|request| format!("gets in: {request:?}"));
    objection.or_else(|| {
        objection_to_aws_public(judged, passed.find(|request| is_from_anybody(request)))
    })
}

/// What the verdict says, if nobody at all proves it.
fn who_should(judged: &Judgement, passed: &[Request]) -> Option<String> {
    let found = match judged.verdict {
        Verdict::Public if says_everyone(judged) => passed.iter().any(is_anonymous),
        Verdict::Public => passed.iter().any(is_from_anybody),
        Verdict::CrossAccount => passed.iter().any(is_foreign),
        Verdict::Limited => passed
            .iter()
            .any(|request| !matches!(request.caller, Caller::User(OWN, _))),
        _ => true,
    };
    (!found).then(|| "nobody gets in".to_owned())
}

/// A policy that S3 surely does not call public lets nobody in whom it cannot name.
fn objection_to_aws_public(judged: &Judgement, anybody: Option<&Request>) -> Option<String> {
    (judged.aws_public == Answer::False && anybody.is_some())
        .then(|| format!("not public for S3, and yet: {anybody:?}"))
}

fn principals() -> impl Strategy<Value = (&'static str, Value)> {
    let only = |value| ("Principal", value);
    select(vec![
        only(json!("*")),
        only(json!("*")),
        only(json!({"AWS": "*"})),
        only(json!({"AWS": PARTNER})),
        only(json!({"AWS": format!("arn:aws:iam::{PARTNER}:root")})),
        only(json!({"AWS": format!("arn:aws:iam::{MEMBER}:user/dev/app")})),
        only(json!({"AWS": [OWN, PARTNER]})),
        only(json!({"AWS": OWN})),
        only(json!({"Service": "cloudtrail.amazonaws.com"})),
        only(json!({"Service": "cloudtrail.amazonaws.com", "AWS": "*"})),
        ("NotPrincipal", json!({"AWS": OWN})),
    ])
}

fn actions() -> impl Strategy<Value = (&'static str, Value)> {
    select(vec![
        ("Action", json!("s3:GetObject")),
        ("Action", json!("s3:*")),
        ("Action", json!("*")),
        ("Action", json!(["s3:GetObject", "s3:PutObject"])),
        ("Action", json!("s3:PutObject")),
        ("Action", json!(["s3:ListBucket", "s3:GetObject"])),
        ("Action", json!("s3:Get*")),
        ("Action", json!("s3:Delete*")),
        ("NotAction", json!("s3:Get*")),
        ("NotAction", json!(["s3:PutObject", "s3:Delete*"])),
    ])
}

fn resources() -> impl Strategy<Value = (&'static str, Value)> {
    let below = |key: &str| format!("{BUCKET}/{key}");
    select(vec![
        ("Resource", json!(below("*"))),
        ("Resource", json!([BUCKET, below("*")])),
        ("Resource", json!(BUCKET)),
        ("Resource", json!("*")),
        ("Resource", json!(format!("{BUCKET}*"))),
        ("Resource", json!(below("a/*"))),
        ("Resource", json!(below("b/*"))),
        ("Resource", json!([below("a/*"), below("b/*")])),
        ("Resource", json!(below("*.txt"))),
        ("Resource", json!("arn:aws:s3:::*.txt")),
        ("NotResource", json!(below("a/*"))),
        ("NotResource", json!([BUCKET, below("b/*")])),
    ])
}

/// One test: operator, key, values.
fn tests() -> impl Strategy<Value = (&'static str, &'static str, Value)> {
    let any_account = json!("arn:aws:iam::*:user/dev/app");
    select(vec![
        ("StringEquals", "aws:SourceVpce", json!("vpce-1a2b3c4d")),
        ("StringLike", "aws:SourceVpce", json!("vpce-*")),
        ("StringNotEquals", "aws:SourceVpce", json!("vpce-1a2b3c4d")),
        (
            "StringEqualsIfExists",
            "aws:SourceVpce",
            json!("vpce-1a2b3c4d"),
        ),
        ("Null", "aws:SourceVpce", json!("false")),
        ("Null", "aws:SourceVpce", json!("true")),
        ("StringEquals", "aws:SourceVpc", json!("vpc-91237329")),
        (
            "StringNotEqualsIfExists",
            "aws:SourceVpc",
            json!("vpc-91237329"),
        ),
        ("IpAddress", "aws:SourceIp", json!(["203.0.113.0/24"])),
        ("IpAddressIfExists", "aws:SourceIp", json!("203.0.113.0/24")),
        ("NotIpAddress", "aws:SourceIp", json!("203.0.113.0/24")),
        ("IpAddress", "aws:SourceIp", json!("0.0.0.0/0")),
        (
            "IpAddress",
            "aws:SourceIp",
            json!(["0.0.0.0/1", "128.0.0.0/1"]),
        ),
        ("NotIpAddress", "aws:SourceIp", json!("0.0.0.0/0")),
        ("StringEquals", "aws:PrincipalOrgID", json!("o-a1b2c3d4e5")),
        (
            "StringNotEquals",
            "aws:PrincipalOrgID",
            json!("o-a1b2c3d4e5"),
        ),
        (
            "StringNotEqualsIfExists",
            "aws:PrincipalOrgID",
            json!("o-a1b2c3d4e5"),
        ),
        ("StringLike", "aws:PrincipalOrgID", json!("o-*")),
        ("Null", "aws:PrincipalOrgID", json!("false")),
        (
            "ForAnyValue:StringLike",
            "aws:PrincipalOrgPaths",
            json!("o-a1b2c3d4e5/*"),
        ),
        (
            "ForAllValues:StringLike",
            "aws:PrincipalOrgPaths",
            json!("o-a1b2c3d4e5/*"),
        ),
        (
            "ForAnyValue:StringNotLike",
            "aws:PrincipalOrgPaths",
            json!("o-a1b2c3d4e5/*"),
        ),
        ("StringEquals", "aws:PrincipalAccount", json!([PARTNER])),
        ("StringEquals", "aws:PrincipalAccount", json!([OWN, MEMBER])),
        ("StringNotEquals", "aws:PrincipalAccount", json!([OWN])),
        (
            "StringNotEquals",
            "aws:PrincipalAccount",
            json!([OWN, PARTNER]),
        ),
        (
            "StringEquals",
            "aws:PrincipalAccount",
            json!("${aws:ResourceAccount}"),
        ),
        (
            "StringNotEquals",
            "aws:PrincipalAccount",
            json!("${aws:ResourceAccount}"),
        ),
        (
            "ArnLike",
            "aws:PrincipalArn",
            json!("arn:aws:iam::444455556666:user/*"),
        ),
        ("ArnLike", "aws:PrincipalArn", any_account),
        (
            "ArnNotLike",
            "aws:PrincipalArn",
            json!("arn:aws:iam::111122223333:*"),
        ),
        ("StringLike", "aws:PrincipalArn", json!("*")),
        ("Null", "aws:PrincipalArn", json!("false")),
        ("StringEquals", "aws:username", json!("app")),
        ("StringEquals", "aws:PrincipalType", json!("User")),
        ("Bool", "aws:MultiFactorAuthPresent", json!("true")),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", json!("false")),
        ("Bool", "aws:SecureTransport", json!("false")),
        ("Bool", "aws:SecureTransport", json!("true")),
        (
            "StringLike",
            "aws:Referer",
            json!("https://www.example.com/*"),
        ),
        (
            "StringNotLike",
            "aws:Referer",
            json!("https://www.example.com/*"),
        ),
        ("StringEquals", "s3:ResourceAccount", json!(OWN)),
        ("Bool", "aws:PrincipalIsAWSService", json!("false")),
    ])
}

fn statements() -> impl Strategy<Value = Value> {
    let effects = prop_oneof![3 => Just("Allow"), 2 => Just("Deny")];
    let conditions = prop_oneof![2 => Just(0usize), 3 => Just(1), 1 => Just(2)];
    let tests = conditions.prop_flat_map(|count| prop::collection::vec(tests(), count));
    (effects, principals(), actions(), resources(), tests).prop_map(|(effect, principal, action, resource, tests)| {
        let mut statement = json!({"Effect": effect, principal.0: principal.1, action.0: action.1, resource.0: resource.1});
        for (operator, key, values) in tests {
            statement["Condition"][operator][key] = values;
        }
        statement
    })
}

fn policies() -> impl Strategy<Value = Value> {
    let versions = prop_oneof![9 => Just("2012-10-17"), 1 => Just("2008-10-17")];
    (versions, prop::collection::vec(statements(), 1..4))
        .prop_map(|(version, statements)| json!({"Version": version, "Statement": statements}))
}

/// A fixed seed, so that a change is judged by what it changed. `LEAKTRAIL_OPINIONS=20000` draws that many afresh.
fn drawn() -> ProptestConfig {
    let asked = std::env::var("LEAKTRAIL_OPINIONS").ok();
    let asked = asked.map(|cases| cases.parse().expect("a number of policies"));
    let seed = match asked {
        Some(_) => RngSeed::Random,
        None => RngSeed::Fixed(20_240_105),
    };
    ProptestConfig {
        cases: asked.unwrap_or(1_000),
        rng_seed: seed,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(drawn())]

    #[test]
    fn no_request_proves_a_sure_verdict_wrong(policy in policies()) {
        let judged = judged(&policy);
        let objection = objection(&policy, &judged);
        prop_assert!(objection.is_none(), "{:?}: {}\n{policy:#}", judged.verdict, objection.unwrap_or_default());
    }
}

/// Of what is generated most is decided: a program that shrugs at everything would pass the law above.
#[test]
fn most_policies_are_decided() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let undecided = (0..2_000).filter(|_| {
        let tree = policies().new_tree(&mut runner).expect("a policy");
        let judged = judged(&proptest::strategy::ValueTree::current(&tree));
        judged.verdict == Verdict::Unknown
            || judged.assumptions.contains(&Assumption::DenyUndecided)
    });
    let undecided = undecided.count();
    assert!(undecided < 500, "{undecided} of 2000 are undecided");
}
