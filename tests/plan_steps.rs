//! Does each step of `leaktrail plan` close what it says, and does no protection go?
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;
mod remedy;

use program::{folder, leaktrail, log, put, record};
use remedy::{allow, commands, place, put_policy, remedy};
use serde_json::{Value, json};

fn put_block(at: &str, on: &[&str]) -> Value {
    let flags = [
        "BlockPublicAcls",
        "IgnorePublicAcls",
        "BlockPublicPolicy",
        "RestrictPublicBuckets",
    ];
    let flags = flags.map(|flag| (flag.to_owned(), json!(on.contains(&flag))));
    let flags = Value::Object(flags.into_iter().collect());
    record(
        at,
        "PutBucketPublicAccessBlock",
        json!({ "PublicAccessBlockConfiguration": flags }),
    )
}

fn put_acl(grantees: &[Value]) -> Value {
    let grants = grantees
        .iter()
        .map(|grantee| json!({"Grantee": grantee, "Permission": "READ"}));
    record(
        "2022-03-04T09:30:00Z",
        "PutBucketAcl",
        json!({"acl": "", "AccessControlPolicy": {"Owner": {"ID": "aaaa"},
            "AccessControlList": {"Grant": grants.collect::<Vec<_>>()}}}),
    )
}

fn everybody() -> Value {
    json!({"xsi:type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"})
}

const STRANGER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn stranger() -> Value {
    json!({"xsi:type": "CanonicalUser", "ID": STRANGER})
}

/// The flags that the bucket's block is to have, and whether it is undone by what was saved.
fn block(remedy: &Value) -> (String, bool) {
    let put = commands(remedy, "put-public-access-block");
    let (_, undo) = place(remedy, "put-public-access-block").unwrap();
    let flags = put[0].last().unwrap().clone();
    (flags, undo.contains("file://"))
}

const ALL: &str =
    "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true";

#[test]
fn a_block_that_a_contradiction_leaves_open_is_not_known() {
    let public = || put_policy(&[allow(json!("*"))]);
    let deleted = record(
        "2022-03-04T08:00:00Z",
        "DeleteBucketPublicAccessBlock",
        json!({}),
    );
    let in_one_second = [
        put_block(
            "2022-03-04T08:00:00Z",
            &["BlockPublicAcls", "IgnorePublicAcls"],
        ),
        deleted.clone(),
        public(),
    ];
    assert_eq!(block(&remedy(&in_one_second)), (ALL.to_owned(), true));
    let accepted = [
        put_block("2022-03-04T08:00:00Z", &["BlockPublicPolicy"]),
        public(),
    ];
    assert_eq!(block(&remedy(&accepted)), (ALL.to_owned(), true));
    // As long as a block is whose flags are all on.
    let mut read = record(
        "2022-03-04T12:00:00Z",
        "GetBucketPublicAccessBlock",
        json!({}),
    );
    read["additionalEventData"] = json!({"bytesTransferredOut": 326.0});
    let read_back = [deleted, public(), read];
    assert_eq!(block(&remedy(&read_back)), (ALL.to_owned(), true));
}

#[test]
fn a_block_that_refused_something_is_not_known_to_be_off() {
    let mut account = record(
        "2022-03-04T07:00:00Z",
        "GetAccountPublicAccessBlock",
        json!({}),
    );
    account["requestParameters"] = json!({"accountId": "111122223333"});
    account["errorCode"] = json!("NoSuchPublicAccessBlockConfiguration");
    let deleted = record(
        "2022-03-04T08:00:00Z",
        "DeleteBucketPublicAccessBlock",
        json!({}),
    );
    let mut refused = put_policy(&[allow(json!("*")), allow(json!("*"))]);
    refused["eventTime"] = json!("2022-03-04T10:00:00Z");
    refused["eventID"] = json!("refused");
    refused["errorCode"] = json!("AccessDenied");
    refused["errorMessage"] = json!(
        "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
    );
    let records = [account, deleted, put_policy(&[allow(json!("*"))])];
    let known = remedy(&records);
    assert_ne!(block(&known), (ALL.to_owned(), true));
    let doubted = remedy(&[records.as_slice(), &[refused]].concat());
    assert_eq!(block(&doubted), (ALL.to_owned(), true));
}

#[test]
fn a_block_that_is_held_stays_on() {
    let folder = folder();
    let deleted = record(
        "2022-03-04T08:00:00Z",
        "DeleteBucketPublicAccessBlock",
        json!({}),
    );
    let records = [
        deleted,
        put_acl(&[everybody()]),
        put_policy(&[allow(json!("*"))]),
    ];
    put(&folder, "logs/a.json", log(&records));
    let held = json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true,
        "BlockPublicPolicy": false, "RestrictPublicBuckets": false}});
    put(
        &folder,
        "state/amzn-s3-demo-bucket/block.json",
        held.to_string(),
    );
    let words = [
        "plan",
        "logs",
        "--format",
        "json",
        "--known-state",
        "state",
        "--at",
        "2022-03-04T11:00:00Z",
    ];
    let told = leaktrail(folder.path(), &words);
    let (_, text) = told.split_once("--- stdout\n").unwrap();
    let plan: Value = serde_json::from_str(text.split_once("--- stderr").unwrap().0).unwrap();
    let (flags, _) = block(&plan[0]);
    let on =
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=";
    assert_eq!(flags, format!("{on}true"));
    let (_, undo) = place(&plan[0], "put-public-access-block").unwrap();
    assert!(undo.ends_with(&format!("{on}false")), "{undo}");
}

#[test]
fn what_an_outsider_is_granted_by_a_policy_too_is_closed() {
    let mut grant = allow(json!({ "CanonicalUser": STRANGER }));
    grant["Action"] = json!("s3:*");
    let remedy = remedy(&[put_policy(&[grant]), put_acl(&[everybody(), stranger()])]);
    assert_eq!(remedy["mechanisms"], json!(["bucket-policy", "bucket-acl"]));
    let (acl, _) = place(&remedy, "put-bucket-acl").unwrap();
    let (policy, _) = place(&remedy, "delete-bucket-policy").unwrap();
    assert!(acl < policy);
    // Neither of them ends what the stranger has by both.
    assert_eq!(remedy["steps"][policy]["ends"], json!([]));
}

#[test]
fn a_mechanism_that_somebody_keeps_is_not_closed() {
    let remedy = remedy(&[put_acl(&[everybody(), stranger()])]);
    let steps = &remedy["steps"];
    let (block, _) = place(&remedy, "put-public-access-block").unwrap();
    assert_eq!(steps[block]["closes"], json!([]));
    let ended = steps[block]["ends"].as_array().unwrap();
    assert_eq!(ended.len(), 1);
    let (acl, _) = place(&remedy, "put-bucket-acl").unwrap();
    assert_eq!(steps[acl]["closes"], json!(["bucket-acl"]));
    assert_eq!(steps[acl]["ends"], remedy["exposure_ids"]);
}

#[test]
fn the_account_is_blocked_for_what_that_closes() {
    let of = |record: Value| {
        let text = record
            .to_string()
            .replace("amzn-s3-demo-bucket", "amzn-s3-demo-other");
        let mut record: Value = serde_json::from_str(&text).unwrap();
        record["eventID"] = json!(format!("other-{}", record["eventName"]));
        record
    };
    let fixed = allow(json!({"AWS": "arn:aws:iam::444455556666:root"}));
    let account = |statements: &[Value]| {
        let folder = folder();
        let records = [
            put_policy(statements),
            put_acl(&[everybody()]),
            of(put_policy(&[allow(json!("*"))])),
        ];
        put(&folder, "logs/a.json", log(&records));
        let told = leaktrail(folder.path(), &["plan", "logs", "--format", "json"]);
        let (_, text) = told.split_once("--- stdout\n").unwrap();
        let plan: Value = serde_json::from_str(text.split_once("--- stderr").unwrap().0).unwrap();
        assert_eq!(plan[2]["bucket"], Value::Null);
        plan[2].clone()
    };
    let kept = account(std::slice::from_ref(&fixed));
    assert_eq!(kept["open_to"], json!(["public"]));
    assert_eq!(kept["exposure_ids"].as_array().unwrap().len(), 2);
    assert_eq!(kept["steps"][1]["closes"], json!(["bucket-acl"]));
    assert_eq!(kept["steps"][1]["ends"], kept["exposure_ids"]);
    // A policy that is public is cut off as a whole.
    let cut_off = account(&[fixed, allow(json!("*"))]);
    assert_eq!(cut_off["open_to"], json!(["444455556666", "public"]));
    assert_eq!(cut_off["exposure_ids"].as_array().unwrap().len(), 3);
    assert_eq!(cut_off["steps"][1]["closes"], cut_off["mechanisms"]);
}

#[test]
fn what_a_deny_silences_is_closed_before_the_policy_goes() {
    let mut deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket*", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket"});
    deny["Note"] = json!("so that the policy is not as S3 takes it, and cannot be edited");
    let remedy = remedy(&[
        put_acl(&[everybody()]),
        put_policy(&[allow(json!({"AWS": "444455556666"})), deny]),
    ]);
    assert_eq!(place(&remedy, "put-bucket-policy"), None);
    let (acl, _) = place(&remedy, "put-bucket-acl").unwrap();
    let (policy, _) = place(&remedy, "delete-bucket-policy").unwrap();
    assert!(acl < policy);
}
