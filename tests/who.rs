//! Who made a call, where copies of it or sessions of one name leave that open?
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod calls;

use calls::{filled, run};
use leaktrail::analysis::Analysis;
use serde_json::{Value, json};

const DAY: &str = "2024-05-01";
const SHARED: &str = "5a0d4c1e-0000-4000-8000-0000000000ff";

fn made(calls: &[Value]) -> Vec<Value> {
    let made = [
        json!({"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}),
        json!({"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}),
    ];
    let calls = calls.iter().cloned().map(filled);
    made.into_iter().chain(calls).collect()
}

fn kinds(analysis: &Analysis) -> Vec<&'static str> {
    let all = analysis.contradictions.iter();
    all.map(|it| it.kind.name()).collect()
}

/// Verdict at the end, who opened it, and what stands behind him.
fn opened(analysis: &Analysis) -> (&'static str, String, String) {
    let last = analysis.timelines[0].intervals.last().unwrap();
    let row = analysis.exposures.first();
    let by = row.and_then(|row| row.opened.as_ref());
    let name = by.map_or_else(String::new, |by| by.event.actor.name.reveal().to_owned());
    let origin = row.map_or_else(String::new, |row| {
        row.origins.opened.line.reveal().to_owned()
    });
    (last.verdict.name(), name, origin)
}

/// A call from another account: the owner's copy names the account only, the caller's copy names the user and was recorded there.
fn pair(owners: &Value, callers: &Value) -> Vec<Value> {
    let resources = json!([{"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket"}]);
    let copy = |asks: &Value, identity: Value, recipient: &str| {
        json!({"t": "01:00", "is": "PutBucketAcl", "asks": asks, "userIdentity": identity, "resources": resources,
            "sharedEventID": SHARED, "recipientAccountId": recipient})
    };
    let foreign =
        json!({"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "444455556666"});
    let user = json!({"type": "IAMUser", "arn": "arn:aws:iam::444455556666:user/m", "accountId": "444455556666", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"});
    vec![
        copy(owners, foreign, "111122223333"),
        copy(callers, user, "444455556666"),
    ]
}

#[test]
fn the_callers_own_copy_names_him() {
    let open = json!({"acl": "", "x-amz-acl": "public-read"});
    let analysis = run(DAY, &made(&pair(&open, &open)));
    let (verdict, name, origin) = opened(&analysis);
    assert_eq!(
        (verdict, name.as_str()),
        ("public", "arn:aws:iam::444455556666:user/m")
    );
    assert!(!origin.starts_with("unresolved"), "{origin}");
    assert_eq!(
        analysis.exposures[0].account.as_ref().unwrap().as_str(),
        "111122223333"
    );
    assert_eq!(analysis.timelines.len(), 1);
}

#[test]
fn whose_bucket_it_is_rests_on_no_event_id() {
    let open = json!({"acl": "", "x-amz-acl": "public-read"});
    for ids in [["a", "b"], ["b", "a"]] {
        let mut pair = pair(&open, &open);
        // The caller's copy does not say whose the bucket is.
        pair[1].as_object_mut().unwrap().remove("resources");
        for (copy, id) in pair.iter_mut().zip(ids) {
            copy["eventID"] = format!("5a0d4c1e-0000-4000-8000-00000000000{id}").into();
        }
        let analysis = run(DAY, &made(&pair));
        assert_eq!(analysis.timelines.len(), 1);
        let owner = analysis.exposures[0].account.as_ref().unwrap();
        assert_eq!(owner.as_str(), "111122223333");
    }
}

#[test]
fn copies_of_two_trails_that_tell_different_things_are_a_contradiction() {
    let open = json!({"acl": "", "x-amz-acl": "public-read"});
    let shut = json!({"acl": "", "x-amz-acl": "private"});
    let analysis = run(DAY, &made(&pair(&open, &shut)));
    assert_eq!(
        (opened(&analysis).0, kinds(&analysis)),
        ("unknown", vec!["copies-differ"])
    );
    let mut denied = pair(&open, &open);
    denied[1]["errorCode"] = "AccessDenied".into();
    let analysis = run(DAY, &made(&denied));
    assert_eq!(
        (opened(&analysis).0, kinds(&analysis)),
        ("unknown", vec!["copies-differ"])
    );
}

#[test]
fn the_copy_that_can_be_read_tells_what_was_asked() {
    let (bare, open) = (
        json!({"acl": ""}),
        json!({"acl": "", "x-amz-acl": "public-read"}),
    );
    for (owners, callers) in [(&bare, &open), (&open, &bare)] {
        let analysis = run(DAY, &made(&pair(owners, callers)));
        assert_eq!(opened(&analysis).0, "public", "{owners} {callers}");
    }
}

#[test]
fn copies_that_name_different_callers_are_a_contradiction_and_no_doubt() {
    let put = |name: &str, address: &str| {
        json!({"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy", "sourceIPAddress": address,
            "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::111122223333:user/{name}"), "accountId": "111122223333"},
            "eventID": SHARED})
    };
    for other in [put("adam", "203.0.113.10"), put("zoe", "198.51.100.7")] {
        let analysis = run(DAY, &made(&[put("zoe", "203.0.113.10"), other.clone()]));
        assert_eq!(kinds(&analysis), ["callers-differ"]);
        assert_eq!(opened(&analysis).0, "public");
        // What is quoted is cited.
        let event = &analysis.exposures[0].opened.as_ref().unwrap();
        let said: Value = serde_json::from_str(event.event.record.reveal()).unwrap();
        let place = event.citation.record_index as usize;
        let written = [put("zoe", "203.0.113.10"), other.clone()];
        assert_eq!(said["userIdentity"], written[place - 2]["userIdentity"]);
        assert_eq!(
            said["sourceIPAddress"],
            written[place - 2]["sourceIPAddress"]
        );
    }
    // A copy that leaves the caller out is no other one.
    let mut silent = put("zoe", "203.0.113.10");
    silent["userIdentity"] = Value::Null;
    let analysis = run(DAY, &made(&[put("zoe", "203.0.113.10"), silent]));
    assert_eq!(kinds(&analysis), [""; 0]);
}

#[test]
fn of_two_sessions_of_one_second_neither_is_named() {
    let assume = |user: &str, key: &str| {
        json!({"t": "00:30", "is": "AssumeRole", "eventSource": "sts.amazonaws.com",
            "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::111122223333:user/{user}"), "accountId": "111122223333"},
            "for": {"roleArn": "arn:aws:iam::111122223333:role/Admin", "roleSessionName": "s"},
            "responseElements": {"credentials": {"accessKeyId": key}, "assumedRoleUser": {"arn": "arn:aws:sts::111122223333:assumed-role/Admin/s"}}})
    };
    let put = json!({"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Admin/s", "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLE000000003", "sessionContext": {"attributes": {"creationDate": "2024-05-01T00:30:00Z"}}}});
    let told = |other: &str| {
        let calls = [
            assume("alice", "ASIAEXAMPLE000000001"),
            assume(other, "ASIAEXAMPLE000000002"),
            put.clone(),
        ];
        let analysis = run(DAY, &made(&calls));
        assert_eq!(kinds(&analysis), [""; 0]);
        opened(&analysis).2
    };
    let both = told("bob");
    assert!(
        both.starts_with("unresolved: ")
            && both.contains("it cannot be told which of these issued it"),
        "{both}"
    );
    let one = told("alice");
    assert!(
        one.starts_with("arn:aws:iam::111122223333:user/alice"),
        "{one}"
    );
}

#[test]
fn a_user_of_identity_center_is_not_named_by_the_account() {
    let identity = json!({"type": "IdentityCenterUser", "accountId": "111122223333",
        "onBehalfOf": {"userId": "544894e8-80c1-707f-60e3-3ba6510dfac1", "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-0123456789"}});
    let put = json!({"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy", "userIdentity": identity});
    let (verdict, name, _) = opened(&run(DAY, &made(&[put])));
    assert_eq!(
        (verdict, name.as_str()),
        ("public", "544894e8-80c1-707f-60e3-3ba6510dfac1")
    );
}
