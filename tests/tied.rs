//! What cannot be told, where it makes no difference, and where it does: calls of one second in any order, and calls that may have
//! taken effect.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod calls;

use calls::{BUCKET, filled, run};
use serde_json::{Value, json};

/// The verdicts of the bucket one after the other, whether order leaves them open, and what contradicts what.
fn told(day: &str, calls: &[Value]) -> String {
    let analysis = run(day, calls);
    assert!(analysis.counts.add_up());
    let mut timelines = analysis.timelines.iter();
    let timeline = timelines.rfind(|it| it.bucket.as_str() == BUCKET);
    let word = |certain: bool, name: &str| match certain {
        true => name.to_owned(),
        false => format!("{name}?"),
    };
    let mut told: Vec<String> = timeline
        .into_iter()
        .flat_map(|it| &it.intervals)
        .map(|one| word(!one.order_uncertain, one.verdict.name()))
        .collect();
    let contradictions = analysis.contradictions.iter();
    told.extend(contradictions.map(|it| format!("({})", it.kind.name())));
    let closed = analysis.exposures.iter();
    let closed = closed.filter_map(|row| Some(format!("by {}", row.closed.as_ref()?.event.name)));
    told.extend(closed);
    told.join(" ")
}

/// Every order of so many.
fn orders(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let with = |order: Vec<usize>| {
        (0..of).map(move |place| {
            let mut order = order.clone();
            order.insert(place, of - 1);
            order
        })
    };
    orders(of - 1).into_iter().flat_map(with).collect()
}

/// Whatever the ids of the calls, they are told so.
fn check(day: &str, calls: &[Value], expected: &str) {
    let calls: Vec<Value> = calls.iter().map(|call| filled(call.clone())).collect();
    for order in orders(calls.len()) {
        let ordered: Vec<Value> = order.iter().map(|place| calls[*place].clone()).collect();
        assert_eq!(told(day, &ordered), expected, "{order:?}");
    }
}

macro_rules! rows {
    ($($name:ident: $day:expr, [$($call:tt),+ $(,)?] => $expected:expr;)+) => {
        $(#[test] fn $name() { check($day, &[$(json!($call)),+], $expected); })+
    };
}

fn policy(statements: &[Value]) -> Value {
    json!({"bucketPolicy": {"Version": "2012-10-17", "Statement": statements}})
}

fn allow(principal: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*")})
}

fn deny_all() -> Value {
    let both = [
        format!("arn:aws:s3:::{BUCKET}"),
        format!("arn:aws:s3:::{BUCKET}/*"),
    ];
    policy(&[json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": both})])
}

fn public_and_foreign() -> Value {
    policy(&[allow(json!("*")), allow(json!({"AWS": "444455556666"}))])
}

/// The bucket leaves it to access points of its account.
fn delegating() -> Value {
    policy(&[
        json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": [format!("arn:aws:s3:::{BUCKET}"), format!("arn:aws:s3:::{BUCKET}/*")],
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": "111122223333"}}}),
    ])
}

/// An access point on which no flag is on.
fn point() -> Value {
    let off = json!({"BlockPublicAcls": false, "IgnorePublicAcls": false, "BlockPublicPolicy": false, "RestrictPublicBuckets": false});
    json!({"name": "ap", "CreateAccessPointRequest": {"Bucket": BUCKET, "PublicAccessBlockConfiguration": off}})
}

fn open_point() -> Value {
    let policy = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/*"}]});
    json!({"name": "ap", "PutAccessPointPolicyRequest": {"Policy": policy.to_string()}})
}

// Two of one control, of which it cannot be told which came last.
rows! {
    both_policies_are_public: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:10", "is": "PutBucketPolicy", "asks": (public_and_foreign())}]
        => "private public";
    both_public_policies_are_silenced: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:10", "is": "PutBucketPolicy", "asks": (public_and_foreign())}, {"t": "00:20", "is": "PutBucketPublicAccessBlock", "asks": "all flags"}]
        => "private public private by PutBucketPublicAccessBlock";
    one_policy_takes_away_what_the_acl_grants: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:20", "is": "PutBucketPolicy", "asks": (deny_all())}, {"t": "00:20", "is": "PutBucketPolicy", "asks": "a policy for the own account"}]
        => "private public unknown?";
    blocks_left_open_matter_later: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:20", "is": "PutBucketPublicAccessBlock", "asks": {"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}}}, {"t": "00:20", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:40", "is": "PutBucketPolicy", "asks": "a public policy"}]
        => "private unknown?";
}

// What may have taken effect.
rows! {
    a_denial_may_have_taken_effect: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:20", "is": "PutBucketPolicy", "asks": (deny_all()), "errorCode": "InternalError"}]
        => "private public unknown by PutBucketPolicy";
    a_denial_may_have_gone: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:20", "is": "PutBucketPolicy", "asks": (deny_all())}, {"t": "00:30", "is": "DeleteBucketPolicy", "errorCode": "InternalError"}]
        => "private public private unknown by PutBucketPolicy";
    a_denial_of_an_open_object_may_have_taken_effect: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "PutBucketPolicy", "asks": (deny_all()), "errorCode": "InternalError"}]
        => "private public unknown by PutBucketPolicy";
    no_policy_makes_an_open_acl_another: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:20", "is": "PutBucketPolicy", "asks": "a public policy", "errorCode": "InternalError"}]
        => "private public";
    a_public_policy_may_be_another: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:20", "is": "PutBucketPolicy", "asks": (public_and_foreign()), "errorCode": "InternalError"}]
        => "private public unknown by PutBucketPolicy";
    an_access_point_that_may_have_been_made_was_used: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutBucketPolicy", "asks": (delegating())}, {"t": "00:10", "is": "CreateAccessPoint", "for": (point()), "errorCode": "InternalError"}, {"t": "00:20", "is": "PutAccessPointPolicy", "for": (open_point())}]
        => "private limited public";
    a_bucket_that_may_have_been_made_was_used: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "DeleteBucket"}, {"t": "00:10", "is": "CreateBucket", "errorCode": "InternalError"}, {"t": "00:20", "is": "PutBucketPolicy", "asks": "a public policy"}]
        => "unknown public";
}

// What comes first, whatever the ids say.
rows! {
    an_access_point_is_made_before_it_has_a_policy: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateAccessPoint", "for": (point())}, {"t": "00:10", "is": "PutAccessPointPolicy", "for": (open_point())}, {"t": "00:20", "is": "PutBucketPolicy", "asks": (delegating())}]
        => "private public";
    beside_an_access_point_blocks_are_as_open_as_without: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:20", "is": "PutBucketPublicAccessBlock", "asks": "restrict"}, {"t": "00:20", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:20", "is": "CreateAccessPoint", "for": (point())}, {"t": "00:20", "is": "PutAccessPointPolicy", "for": (open_point())}, {"t": "00:40", "is": "PutBucketPolicy", "asks": "a public policy"}]
        => "private unknown?";
    an_access_point_is_gone_before_it_is_made_anew: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutBucketPolicy", "asks": (delegating())}, {"t": "00:10", "is": "CreateAccessPoint", "for": (point())}, {"t": "00:15", "is": "PutAccessPointPolicy", "for": (open_point())}, {"t": "00:20", "is": "DeleteAccessPoint", "for": {"name": "ap"}}, {"t": "00:20", "is": "CreateAccessPoint", "for": (point())}]
        => "private limited public limited by DeleteAccessPoint";
    an_access_point_is_open_until_it_is_gone: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutBucketPolicy", "asks": (delegating())}, {"t": "00:06", "is": "CreateAccessPoint", "for": (point())}, {"t": "00:10", "is": "PutAccessPointPolicy", "for": (open_point())}, {"t": "00:10", "is": "DeleteAccessPoint", "for": {"name": "ap"}}]
        => "private limited by DeleteAccessPoint";
    what_finds_no_bucket_comes_before_it_is_made: "2024-05-01", [{"is": "DeleteBucketPolicy", "errorCode": "NoSuchBucket"}, {"is": "CreateBucket"}, {"t": "00:10", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:20", "is": "PutBucketPolicy", "asks": "a public policy"}]
        => "private public";
    what_finds_no_bucket_comes_between: "2024-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "DeleteBucket"}, {"t": "00:10", "is": "DeleteBucketPolicy", "errorCode": "NoSuchBucket"}, {"t": "00:10", "is": "CreateBucket"}, {"t": "00:20", "is": "DeleteBucketPublicAccessBlock"}]
        => "private";
    what_is_only_noted_comes_before_the_end: "2024-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketWebsite"}, {"t": "00:10", "is": "PutBucketCors"}, {"t": "00:10", "is": "DeleteBucket"}]
        => "private";
}
