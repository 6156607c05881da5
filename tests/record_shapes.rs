//! Is a record in every form that CloudTrail has written in ten years read, or its loss explained?
//!
//! The forms are those of published logs and of the documentation; names and values are our own.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;

use Read::{Change, Explained, Quiet};
use program::{folder, leaktrail, log, put};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// What becomes of a record.
#[derive(Clone, Copy)]
enum Read {
    /// A row of the changes table, without a loss.
    Change,
    /// Evidence or not of interest: no row, and no loss.
    Quiet,
    /// A loss of this kind, for this reason.
    Explained(&'static str, &'static str),
}

const NO_BUCKET: Read = Explained("no-bucket", "it names no bucket and carries no ARN of one");
const UNTOLD: Read = Explained(
    "opaque-parameters",
    "it took effect, but what was asked was not recorded",
);

/// Rows of what a record is called => eventVersion, eventName, errorCode, requestParameters, what becomes of it.
macro_rules! forms {
    ($($name:literal: $version:tt $event:literal $code:tt $parameters:tt => $read:expr;)+) => {
        [$(($name, json!($version), $event, json!($code), json!($parameters), $read)),+]
    };
}

fn forms() -> impl IntoIterator<Item = (&'static str, Value, &'static str, Value, Value, Read)> {
    forms! {
        "acl-header-arrays": "1.05" "PutBucketAcl" null {"bucketName": "b", "acl": [""], "x-amz-acl": ["public-read"], "host": ["b.s3.amazonaws.com"]} => Change;
        "acl-body-2017": "1.04" "PutBucketAcl" null {"bucketName": "b", "acl": [""], "AccessControlPolicy": {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "Owner": {"ID": "0a"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}]}}} => Change;
        "acl-body-one-grant": "1.09" "PutBucketAcl" null {"bucketName": "b", "acl": "", "AccessControlPolicy": {"Owner": {"ID": "0a"}, "AccessControlList": {"Grant": {"Grantee": {"xsi:type": "CanonicalUser", "ID": "0a"}, "Permission": "FULL_CONTROL"}}}} => Change;
        "acl-grant-headers": "1.09" "PutBucketAcl" null {"bucketName": "b", "acl": "", "x-amz-grant-read": "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""} => Change;
        "acl-without-bucket": "1.03" "PutBucketAcl" null {"AccessControlPolicy": {"Owner": {"ID": "0a"}, "AccessControlList": {"Grant": []}}, "acl": [""]} => NO_BUCKET;
        "acl-no-such-bucket": "1.09" "PutBucketAcl" "NoSuchBucket" {"bucketName": "b", "acl": "", "x-amz-acl": "public-read"} => Change;
        "acl-not-supported": "1.09" "PutBucketAcl" "AccessControlListNotSupported" {"bucketName": "b", "acl": "", "x-amz-acl": "public-read"} => Change;
        "policy-arrays": "1.05" "PutBucketPolicy" null {"bucketName": "b", "policy": [""], "host": ["b.s3.amazonaws.com"], "bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Sid": "s", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}} => Change;
        "policy-object": "1.08" "PutBucketPolicy" null {"bucketName": "b", "policy": "", "bucketPolicy": {"Version": "2012-10-17", "Id": "i", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}]}} => Change;
        "policy-as-a-string": "1.08" "PutBucketPolicy" null {"bucketName": "b", "policy": "", "bucketPolicy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"} => Change;
        "policy-without-version": null "PutBucketPolicy" null {"bucketName": "b", "policy": "", "bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}} => Change;
        "policy-no-such-bucket": "1.09" "PutBucketPolicy" "NoSuchBucket" {"bucketName": "b", "policy": "", "bucketPolicy": {}} => Change;
        "policy-denied": "1.05" "PutBucketPolicy" "AccessDenied" {"bucketName": "b", "policy": [""]} => Change;
        "policy-null-parameters": "1.05" "PutBucketPolicy" null null => NO_BUCKET;
        "policy-string-without-bucket": null "PutBucketPolicy" null {"bucketPolicy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"} => NO_BUCKET;
        "policy-without-bucket": null "PutBucketPolicy" null {"bucketPolicy": {"Version": "2012-10-17", "Statement": []}} => NO_BUCKET;
        "policy-omitted-without-bucket": "1.09" "PutBucketPolicy" null {"omitted": true, "originalSize": 150000, "reason": "requestParameters too large"} => NO_BUCKET;
        "policy-missing": "1.09" "PutBucketPolicy" null {"bucketName": "b", "policy": ""} => UNTOLD;
        "policy-deleted": "1.08" "DeleteBucketPolicy" null {"bucketName": "b", "policy": ""} => Change;
        "policy-deleted-no-bucket": "1.09" "DeleteBucketPolicy" "NoSuchBucket" {"bucketName": "b", "policy": ""} => Change;
        "block": "1.09" "PutBucketPublicAccessBlock" null {"bucketName": "b", "publicAccessBlock": "", "PublicAccessBlockConfiguration": {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}} => Change;
        "block-partial": "1.09" "PutBucketPublicAccessBlock" null {"bucketName": "b", "publicAccessBlock": "", "PublicAccessBlockConfiguration": {"BlockPublicAcls": true}} => Change;
        "block-missing": "1.08" "PutBucketPublicAccessBlock" null {"bucketName": "b", "host": "b.s3.amazonaws.com"} => UNTOLD;
        "block-deleted": "1.08" "DeleteBucketPublicAccessBlock" null {"bucketName": "b", "host": "b.s3.amazonaws.com", "publicAccessBlock": ""} => Change;
        "block-deletion-denied": "1.08" "DeleteBucketPublicAccessBlock" "AccessDenied" {"bucketName": "b", "host": "b.s3.amazonaws.com"} => Change;
        "account-block": "1.09" "PutAccountPublicAccessBlock" null {"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}, "Host": "111122223333.s3-control.us-east-1.amazonaws.com"} => Change;
        "account-block-deleted": "1.09" "DeleteAccountPublicAccessBlock" null {"Host": "111122223333.s3-control.us-east-1.amazonaws.com"} => Change;
        "account-block-read": "1.08" "GetAccountPublicAccessBlock" "NoSuchPublicAccessBlockConfiguration" {"Host": "111122223333.s3-control.us-east-1.amazonaws.com"} => Quiet;
        "ownership": "1.09" "PutBucketOwnershipControls" null {"bucketName": "b", "ownershipControls": "", "OwnershipControls": {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "Rule": {"ObjectOwnership": "BucketOwnerEnforced"}}} => Change;
        "ownership-deleted": "1.09" "DeleteBucketOwnershipControls" null {"bucketName": "b", "ownershipControls": ""} => Change;
        "bucket": "1.05" "CreateBucket" null {"bucketName": "b", "host": ["s3.amazonaws.com"]} => Change;
        "bucket-with-region": null "CreateBucket" null {"bucketName": "b", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1", "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}, "x-amz-object-ownership": "BucketOwnerEnforced"} => Change;
        "bucket-by-the-console": "1.11" "CreateBucket" null {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}, "bucketName": "b"} => Change;
        "bucket-with-acl": "1.08" "CreateBucket" null {"bucketName": "b", "x-amz-acl": "private"} => Change;
        "bucket-refused": "1.09" "CreateBucket" "InvalidBucketAclWithBlockPublicAccessError" {"bucketName": "b", "x-amz-acl": "public-read", "x-amz-object-ownership": "ObjectWriter"} => Change;
        "bucket-deleted": "1.04" "DeleteBucket" null {"bucketName": "b"} => Change;
        "bucket-deleted-empty-code": "1.05" "DeleteBucket" "" {"bucketName": "b", "host": ["b.s3.amazonaws.com"]} => Change;
        "bucket-not-empty": "1.08" "DeleteBucket" "BucketNotEmpty" {"bucketName": "b"} => Change;
        "website": "1.09" "PutBucketWebsite" null {"bucketName": "b", "website": "", "WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}} => Change;
        "replication-missing": "1.08" "PutBucketReplication" null {"bucketName": "b", "host": "b.s3.amazonaws.com"} => Change;
        "point": "1.09" "CreateAccessPoint" null {"name": "p", "CreateAccessPointRequest": {"Bucket": "b", "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}}} => Change;
        "point-policy": "1.09" "PutAccessPointPolicy" null {"name": "p", "PutAccessPointPolicyRequest": {"Policy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"}} => Change;
        "object-acl": "1.08" "PutObjectAcl" null {"bucketName": "b", "key": "k", "acl": "", "x-amz-acl": "public-read"} => Change;
        "object-with-acl": "1.08" "PutObject" null {"bucketName": "b", "key": "k", "x-amz-acl": "public-read", "x-amz-server-side-encryption": "AES256"} => Change;
        "object-copied-with-acl": "1.08" "CopyObject" null {"bucketName": "b", "key": "k", "x-amz-acl": "public-read", "x-amz-copy-source": "b/j"} => Change;
        "object": "1.08" "PutObject" null {"bucketName": "b", "key": "closed"} => Quiet;
        "object-presigned": "1.09" "PutObject" null {"X-Amz-Date": "20240304T090000Z", "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Expires": "300", "bucketName": "b", "key": "closed"} => Quiet;
        "object-null-parameters": null "PutObject" null null => NO_BUCKET;
        "object-read": "1.05" "GetObject" null {"bucketName": "b", "key": "k"} => Quiet;
        "preflight": "1.10" "PreflightRequest" null {"bucketName": "b", "key": "k", "X-Amz-Expires": "300"} => Quiet;
        "policy-read": "1.08" "GetBucketPolicy" "NoSuchBucketPolicy" {"bucketName": "b", "policy": ""} => Quiet;
        "status-read": "1.08" "GetBucketPolicyStatus" null {"bucketName": "b", "policyStatus": ""} => Quiet;
        "acl-read": "1.08" "GetBucketAcl" null {"bucketName": "b", "acl": ""} => Quiet;
        "website-read": "1.08" "GetBucketWebsite" "NoSuchWebsiteConfiguration" {"bucketName": "b", "website": ""} => Quiet;
        "location-read": "1.11" "GetBucketLocation" "NoSuchBucket" {"bucketName": "b", "location": ""} => Quiet;
        "buckets-listed": "1.05" "ListBuckets" null null => Quiet;
        "points-listed": "1.08" "ListAccessPoints" null {"bucket": "b", "maxResults": "1000"} => Quiet;
        "lifecycle": "1.10" "PutBucketLifecycle" null {"bucketName": "b", "lifecycle": "", "LifecycleConfiguration": {"Rule": {"Status": "Enabled", "ID": "r", "Filter": ""}}} => Quiet;
        "logging": "1.11" "PutBucketLogging" null {"bucketName": "b", "logging": [{"targetBucket": "c", "targetPrefix": "p"}]} => Quiet;
    }
}

/// A record with what CloudTrail leaves out left out.
fn record(name: &str, version: &Value, event: &str, code: &Value, parameters: &Value) -> Value {
    let mut record = json!({
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Admin/alice",
            "accountId": "111122223333"},
        "eventTime": "2024-03-04T09:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": event,
        "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.9", "userAgent": "[aws-cli/2.15]",
        "requestParameters": parameters, "responseElements": null, "eventID": name,
        "recipientAccountId": "111122223333"
    });
    for (key, value) in [("eventVersion", version), ("errorCode", code)] {
        if !value.is_null() {
            record[key] = value.clone();
        }
    }
    record
}

fn told(report: &std::path::Path, table: &str, key: &str, value: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(report.join(table)).expect("a table");
    let rows = text.lines().map(|line| {
        let row: Value = serde_json::from_str(line).expect("JSON");
        let of = |name: &str| row[name].as_str().expect("a text").to_owned();
        let name = of(key);
        let name = name.rsplit('/').next().expect("a name");
        (name.trim_end_matches(".json").to_owned(), of(value))
    });
    rows.collect()
}

#[test]
fn every_form_is_read_or_its_loss_is_explained() {
    let folder = folder();
    for (name, version, event, code, parameters, _) in forms() {
        let record = record(name, &version, event, &code, &parameters);
        put(&folder, &format!("logs/{name}.json"), log(&[record]));
    }
    let words = ["scan", "logs", "-o", "out", "-q", "-f", "jsonl"];
    let said = leaktrail(folder.path(), &words);
    assert!(!said.contains("panic"), "{said}");
    let report = folder.path().join("out");
    let losses = told(&report, "losses.jsonl", "log_file", "kind");
    let changes = told(&report, "changes.jsonl", "event_id", "event_name");
    let mut wrong = Vec::new();
    for (name, _, event, _, _, read) in forms() {
        let is = (
            losses.get(name).map(String::as_str),
            changes.get(name).map(String::as_str),
        );
        let (must_be, why) = match read {
            Change => ((None, Some(event)), ""),
            Quiet => ((None, None), ""),
            Explained(kind @ "no-bucket", why) => ((Some(kind), None), why),
            Explained(kind, why) => ((Some(kind), Some(event)), why),
        };
        if is != must_be {
            wrong.push(format!("{name}: {is:?}, not {must_be:?} {why}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
