//! What is a bucket at the end of a few calls, reads and requests? One named test a sequence.
//!
//! Facts from the S3 User Guide (blocking public access, object ownership, ACLs) and from what its error codes prove.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod calls;

use calls::{BUCKET, filled, run};
use leaktrail::analysis::Analysis;
use serde_json::{Value, json};

/// The last verdict of the bucket, in words; `untold` where the evidence tells of no bucket.
fn at_the_end(analysis: &Analysis) -> &'static str {
    let mut timelines = analysis.timelines.iter();
    let timeline = timelines.rfind(|it| it.bucket.as_str() == BUCKET);
    timeline.map_or("untold", |it| it.intervals.last().unwrap().verdict.name())
}

fn check(day: &str, calls: &[Value], verdict: &str, contradictions: &[&str]) {
    let analysis = run(day, calls);
    let kinds: Vec<&str> = analysis
        .contradictions
        .iter()
        .map(|it| it.kind.name())
        .collect();
    assert_eq!(
        (at_the_end(&analysis), kinds.as_slice()),
        (verdict, contradictions),
        "{:?}",
        analysis.losses
    );
    assert!(analysis.counts.add_up());
}

/// A row: the day, the calls, the verdict at the end, what contradicts what.
macro_rules! rows {
    ($($name:ident: $day:expr, [$($call:tt),+ $(,)?] => $verdict:expr, $contradictions:expr;)+) => {
        $(#[test] fn $name() { check($day, &[$(filled(json!($call))),+], $verdict, &$contradictions); })+
    };
}

// Policies, blocks and creation.
rows! {
    block_deleted_then_public: "2024-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:02", "is": "PutBucketPolicy", "asks": "a public policy"}] => "public", [];
    public_though_blocked_since_creation: "2024-05-01", [{"is": "CreateBucket"}, {"t": "00:02", "is": "PutBucketPolicy", "asks": "a public policy"}] => "public", ["policy-accepted-despite-bucket-block"];
    first_evidence_is_a_public_policy: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}] => "public", [];
    masked_and_unmasked: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:30", "is": "PutBucketPublicAccessBlock", "asks": "restrict"}, {"t": "02:00", "is": "DeleteBucketPublicAccessBlock"}] => "public", [];
    an_account_block_masks: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:10", "is": "PutAccountPublicAccessBlock", "asks": "all flags"}] => "private", [];
    refusing_flags_come_too_late: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:30", "is": "PutBucketPublicAccessBlock", "asks": "refusing flags"}] => "public", [];
    a_put_of_flags_replaces_them: "2022-05-01", [{"is": "PutBucketPublicAccessBlock", "asks": "all flags"}, {"t": "00:30", "is": "PutBucketPublicAccessBlock", "asks": "one flag"}] => "unknown", [];
    a_failed_repair_changes_nothing: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:10", "is": "PutBucketPolicy", "asks": "a policy for the own account", "errorCode": "MalformedPolicy"}] => "public", [];
    closing_one_way_leaves_the_other: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:30", "is": "PutBucketAcl", "asks": "private"}] => "public", [];
    two_policies_in_one_second: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"is": "PutBucketPolicy", "asks": "a policy for the own account"}] => "unknown", [];
    one_event_twice: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy", "eventID": "x"}, {"is": "PutBucketPolicy", "asks": "a public policy", "eventID": "x"}] => "public", [];
    deletion_ends_it: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "01:00", "is": "DeleteBucket"}] => "public", [];
    the_owner_creates_it_again_elsewhere: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "01:00", "is": "CreateBucket", "errorCode": "BucketAlreadyOwnedByYou"}] => "public", [];
    the_name_is_somebody_elses: "2022-05-01", [{"is": "CreateBucket", "errorCode": "BucketAlreadyExists"}] => "unknown", [];
    a_creation_refused_for_its_acl: "2023-05-01", [{"is": "CreateBucket", "asks": "public-read", "errorCode": "InvalidBucketAclWithBlockPublicAccessError"}] => "untold", [];
    somebody_else_creates_it: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "01:00", "is": "CreateBucket", "recipientAccountId": "444455556666"}] => "private", ["gone-without-deletion"];
    somebody_else_creates_it_at_once: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:05", "is": "CreateBucket", "recipientAccountId": "444455556666"}] => "private", ["gone-without-deletion"];
    somebody_else_creates_it_after_its_deletion: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:30", "is": "DeleteBucket"}, {"t": "01:00", "is": "CreateBucket", "recipientAccountId": "444455556666"}] => "private", [];
    somebody_else_creates_its_namesake_in_china: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "01:00", "is": "CreateBucket", "recipientAccountId": "444455556666", "awsRegion": "cn-north-1"}] => "private", [];
    the_owner_creates_it_again_in_us_east_1: "2022-05-01", [{"is": "PutBucketAcl", "asks": "public-read", "awsRegion": "us-east-1"}, {"t": "01:00", "is": "CreateBucket", "awsRegion": "us-east-1"}] => "private", [];
}

// What one second holds is put in the order that contradicts least.
rows! {
    an_object_between_one_block_and_another: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:01", "is": "PutAccountPublicAccessBlock", "for": {"accountId": "111122223333", "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}}}] => "private", [];
    an_object_before_the_block_of_an_old_bucket: "2022-05-01", [{"is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"is": "PutBucketPublicAccessBlock", "asks": "all flags"}] => "private", [];
    an_object_before_acls_are_disabled: "2022-05-01", [{"is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"is": "PutBucketOwnershipControls", "asks": "enforced"}] => "private", [];
    an_object_and_acls_enabled_and_disabled: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:02", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:02", "is": "PutBucketOwnershipControls", "asks": "enforced"}, {"t": "00:02", "is": "PutBucketOwnershipControls", "asks": {"OwnershipControls": {"Rule": {"ObjectOwnership": "BucketOwnerPreferred"}}}}] => "unknown", [];
    of_two_blocks_in_one_second_none_is_known: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:01", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}, {"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:02", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}] => "unknown", [];
    of_two_acls_behind_a_block_none_is_known: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:01", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}, {"t": "00:02", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:02", "is": "PutBucketAcl", "asks": "private"}, {"t": "00:10", "is": "DeleteBucketPublicAccessBlock"}] => "unknown", [];
    of_two_acls_in_the_other_order_none_is_known: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:01", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}, {"t": "00:02", "is": "PutBucketAcl", "asks": "private"}, {"t": "00:02", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:10", "is": "DeleteBucketPublicAccessBlock"}] => "unknown", [];
    of_two_acls_behind_a_block_a_refusal_tells: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:01", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}, {"t": "00:02", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:02", "is": "PutBucketAcl", "asks": "private"}, {"t": "00:10", "is": "PutBucketOwnershipControls", "asks": "enforced", "errorCode": "InvalidBucketAclWithObjectOwnership"}] => "unknown", [];
    of_two_policies_beside_an_acl_none_is_known: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:01", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:02", "is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:02", "is": "DeleteBucketPolicy"}, {"t": "00:10", "is": "PutBucketAcl", "asks": "private"}] => "unknown", [];
    what_may_have_gone_silences_no_longer_what_is_open: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:01", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}, {"t": "00:02", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:02", "is": "PutBucketAcl", "asks": "private"}, {"t": "00:10", "is": "DeleteBucketPublicAccessBlock", "errorCode": "InternalError"}] => "unknown", [];
    what_may_have_gone_in_the_other_order: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:01", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}, {"t": "00:02", "is": "PutBucketAcl", "asks": "private"}, {"t": "00:02", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:10", "is": "DeleteBucketPublicAccessBlock", "errorCode": "InternalError"}] => "unknown", [];
    written_disabled_and_refused: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:02", "is": "PutObject", "asks": {"key": "b", "x-amz-acl": "public-read"}, "errorCode": "AccessControlListNotSupported"}, {"t": "00:02", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:02", "is": "PutBucketOwnershipControls", "asks": "enforced"}] => "private", [];
    written_blocked_and_refused: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"is": "GetAccountPublicAccessBlock", "errorCode": "NoSuchPublicAccessBlockConfiguration", "for": {"accountId": "111122223333"}}, {"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:05", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:05", "is": "PutBucketPublicAccessBlock", "asks": "refusing flags"}, {"t": "00:05", "is": "PutBucketAcl", "asks": "public-read", "errorCode": "AccessDenied", "errorMessage": "User is not authorized to perform: s3:PutBucketAcl because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."}] => "public", [];
    refused_unblocked_and_tried_again: "2024-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "GetAccountPublicAccessBlock", "errorCode": "NoSuchPublicAccessBlockConfiguration", "for": {"accountId": "111122223333"}}, {"t": "00:10", "is": "PutBucketPolicy", "asks": "a public policy", "errorCode": "AccessDenied", "errorMessage": "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."}, {"t": "00:10", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:10", "is": "PutBucketPolicy", "asks": "a public policy"}] => "public", [];
    written_read_and_deleted: "2024-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:10", "is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:10", "is": "GetBucketPolicy"}, {"t": "00:10", "is": "DeleteBucket"}] => "private", [];
    read_in_the_second_of_its_end: "2024-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "GetBucketPublicAccessBlock"}, {"t": "00:10", "is": "DeleteBucket"}] => "private", [];
    deleted_and_made_anew_in_its_first_second: "2024-05-01", [{"is": "CreateBucket"}, {"is": "DeleteBucket"}, {"t": "00:10", "is": "DeleteBucketPublicAccessBlock"}] => "private", [];
}

// ACLs and ownership.
rows! {
    a_public_acl_was_accepted: "2022-05-01", [{"is": "PutBucketAcl", "asks": "public-read"}] => "public", [];
    acls_are_not_supported: "2022-05-01", [{"is": "PutBucketAcl", "asks": "public-read", "errorCode": "AccessControlListNotSupported"}] => "private", [];
    enforced_over_a_public_acl: "2022-05-01", [{"is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:05", "is": "PutBucketOwnershipControls", "asks": "enforced"}] => "private", ["acls-disabled-despite-grants"];
    reset_then_enforced: "2022-05-01", [{"is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:04", "is": "PutBucketAcl", "asks": "private"}, {"t": "00:05", "is": "PutBucketOwnershipControls", "asks": "enforced"}] => "private", [];
    ownership_deleted: "2022-05-01", [{"is": "DeleteBucketOwnershipControls"}] => "unknown", [];
    enforcing_refused_because_of_grants: "2022-05-01", [{"is": "PutBucketAcl", "asks": "private"}, {"t": "00:05", "is": "PutBucketOwnershipControls", "asks": "enforced", "errorCode": "InvalidBucketAclWithObjectOwnership"}] => "unknown", ["acl-grants-unseen"];
}

// Reads.
rows! {
    no_policy_was_found: "2022-05-01", [{"is": "GetBucketPolicyStatus", "errorCode": "NoSuchBucketPolicy"}] => "private", [];
    a_status_that_says_not_public_decides_nothing: "2022-05-01", [{"is": "GetBucketPolicyStatus", "served": 142}] => "unknown", [];
    a_status_that_says_public_decides_nothing: "2022-05-01", [{"is": "GetBucketPolicyStatus", "served": 141}] => "unknown", [];
    a_block_of_that_length_decides_nothing: "2022-05-01", [{"is": "GetBucketPublicAccessBlock", "served": 326}] => "unknown", [];
    another_policy_was_served: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:05", "is": "GetBucketPolicy", "served": 999}] => "public", ["policy-length-differs"];
    a_length_may_be_a_float: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:05", "is": "GetBucketPolicy", "served": 145.0}] => "public", [];
    a_read_within_a_minute_may_be_stale: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"is": "GetBucketPolicy", "errorCode": "NoSuchBucketPolicy", "eventTime": "2022-05-01T00:00:30Z"}] => "public", [];
}

// What decides nothing, and who came in.
rows! {
    a_website_is_no_exposure: "2022-05-01", [{"is": "PutBucketWebsite"}] => "unknown", [];
    a_public_policy_for_a_blocked_access_point: "2022-05-01", [
        {"is": "CreateAccessPoint", "for": {"name": "ap", "CreateAccessPointRequest": {"Bucket": BUCKET}}},
        {"t": "00:01", "is": "PutAccessPointPolicy", "for": {"name": "ap", "PutAccessPointPolicyRequest": {"Policy": "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/*\"}]}"}}}
    ] => "unknown", ["policy-accepted-despite-access-point-block"];
    a_stranger_read_an_object: "2018-11-28", [{"is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody, as of 2018"}] => "public", [];
    a_stranger_needed_an_acl: "2022-05-01", [{"is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody", "additionalEventData": {"aclRequired": "Yes"}}] => "public", [];
    a_stranger_listed: "2022-05-01", [{"is": "ListObjects", "userIdentity": "nobody"}] => "public", [];
    a_stranger_in_a_network_that_is_let_in: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*"), "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}}},
        {"t": "00:02", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"}, {"t": "00:03", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"}] => "limited", [];
    a_stranger_beside_a_network_that_is_let_in: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*"), "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}}},
        {"t": "00:02", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"}, {"t": "00:03", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody", "sourceIPAddress": "198.51.100.7"}] => "public", [];
    a_stranger_may_have_come_by_an_endpoint: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*"), "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}]}}},
        {"t": "00:02", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody", "sourceIPAddress": "10.0.0.7", "vpcEndpointId": "vpce-1a2b3c4d"}] => "limited", [];
    a_stranger_from_the_internet_did_not_come_by_an_endpoint: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*"), "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}]}}},
        {"t": "00:02", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody", "sourceIPAddress": "10.0.0.7"}, {"t": "00:03", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"}] => "public", [];
    a_foreign_account_in_a_network_that_is_let_in: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*"), "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}}},
        {"t": "00:02", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "444455556666", "resources": [{"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{BUCKET}")}]}] => "limited", [];
    a_network_may_read_and_a_stranger_writes: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*"), "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}}},
        {"t": "00:02", "is": "DeleteObject", "asks": {"key": "a"}, "userIdentity": "nobody"}] => "public", ["entered-while-shut"];
    a_foreign_account_needed_an_acl: "2022-05-01", [{"is": "GetObject", "asks": {"key": "a"}, "userIdentity": "444455556666", "resources": [{"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{BUCKET}")}]}] => "cross-account", [];
    a_preflight_proves_nothing: "2022-05-01", [{"is": "PreflightRequest", "asks": {"key": "a"}, "userIdentity": "nobody"}] => "untold", [];
    a_presigned_request_is_the_signers: "2022-05-01", [{"is": "GetObject", "asks": {"key": "a", "X-Amz-Expires": "300"}, "additionalEventData": {"AuthenticationMethod": "QueryString"}}] => "untold", [];
    a_public_object: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}] => "public", [];
    a_public_object_and_disabled_acls_in_one_second: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketOwnershipControls", "asks": "enforced"}, {"t": "00:10", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}] => "private", [];
    a_public_object_and_a_block_in_one_second: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketPublicAccessBlock", "asks": "all flags"}, {"t": "00:10", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "public-read"}}] => "private", [];
    a_public_object_and_the_end_of_a_block_in_one_second: "2024-05-01", [{"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}, {"t": "00:10", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:10", "is": "DeleteBucketPublicAccessBlock"}] => "public", [];
    a_public_object_though_acls_are_disabled: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketOwnershipControls", "asks": "enforced"}, {"t": "00:11", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}] => "public", ["acl-accepted-while-disabled"];
    a_stranger_came_while_a_block_spread: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:20", "is": "PutBucketPublicAccessBlock", "asks": "all flags"}, {"is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody", "eventTime": "2022-05-01T00:20:30Z"}, {"t": "00:30", "is": "PutBucketPolicy", "asks": "a policy for the own account"}] => "private", [];
    a_stranger_came_long_after_the_block: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:20", "is": "PutBucketPublicAccessBlock", "asks": "all flags"}, {"t": "00:21", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"}, {"t": "00:30", "is": "PutBucketPolicy", "asks": "a policy for the own account"}] => "private", ["entered-while-shut"];
    a_public_object_that_is_ignored: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}] => "private", [];
}

// Objects of which it cannot be told what their ACLs grant.
rows! {
    an_upload_in_parts: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "public", [];
    an_upload_that_is_not_seen_to_end: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}] => "unknown", [];
    an_upload_that_was_given_up: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "AbortMultipartUpload", "asks": {"key": "a"}}] => "private", [];
    an_upload_of_one_second: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}] => "public", [];
    a_private_upload_over_a_public_object: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "private", [];
    a_private_upload_over_a_public_object_that_is_not_seen_to_end: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a"}}] => "public", [];
    a_private_upload_over_a_public_object_that_was_given_up: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a"}}, {"t": "00:20", "is": "AbortMultipartUpload", "asks": {"key": "a"}}] => "public", [];
    an_upload_that_began_before_the_evidence: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "unknown", [];
    a_deletion_while_an_upload_is_under_way: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:15", "is": "DeleteObject", "asks": {"key": "a"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "public", [];
    an_upload_that_was_completed_behind_a_block: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:15", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "private", [];
    one_of_two_uploads_alike_is_completed: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:11", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "public", [];
    one_of_two_different_uploads_is_completed: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:11", "is": "CreateMultipartUpload", "asks": {"key": "a"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "unknown", [];
    two_uploads_one_after_the_other: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}, {"t": "00:30", "is": "CreateMultipartUpload", "asks": {"key": "a"}}, {"t": "00:40", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "private", [];
    an_upload_whose_completion_may_have_failed: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}, "errorCode": "InternalError"}] => "unknown", [];
    an_upload_that_was_completed_at_the_second_try: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}, "errorCode": "InternalError"}, {"t": "00:30", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "public", [];
    an_upload_whose_completion_was_refused: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}, "errorCode": "AccessDenied"}, {"t": "00:30", "is": "AbortMultipartUpload", "asks": {"key": "a"}}] => "private", [];
    an_upload_that_was_refused: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}, "errorCode": "AccessDenied"}, {"t": "00:15", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:16", "is": "CreateMultipartUpload", "asks": {"key": "a"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "private", [];
    a_deletion_ends_no_upload: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:15", "is": "DeleteObject", "asks": {"key": "a"}}] => "unknown", [];
    a_write_ends_no_upload: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:15", "is": "PutObject", "asks": {"key": "a"}}] => "unknown", [];
    an_upload_over_an_open_object_is_not_forgotten: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:15", "is": "DeleteObject", "asks": {"key": "a"}}] => "unknown", [];
    an_upload_that_began_before_the_evidence_where_nothing_was_open: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:06", "is": "AbortMultipartUpload", "asks": {"key": "a"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "private", [];
    an_upload_ends_with_its_bucket: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:12", "is": "DeleteBucket"}, {"t": "00:14", "is": "CreateBucket"}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "private", [];
    an_upload_of_the_bucket_before_does_not_count: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a"}}, {"t": "00:12", "is": "DeleteBucket"}, {"t": "00:14", "is": "CreateBucket"}, {"t": "00:15", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "public", [];
    an_upload_whose_beginning_may_have_failed: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}, "errorCode": "InternalError"}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "unknown", [];
    an_upload_that_began_at_the_second_try: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a"}, "errorCode": "InternalError"}, {"t": "00:11", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "public", [];
    two_different_uploads_were_given_up: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:11", "is": "CreateMultipartUpload", "asks": {"key": "a"}}, {"t": "00:20", "is": "AbortMultipartUpload", "asks": {"key": "a"}}, {"t": "00:30", "is": "AbortMultipartUpload", "asks": {"key": "a"}}] => "private", [];
    two_different_uploads_are_over: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:11", "is": "CreateMultipartUpload", "asks": {"key": "a"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}, {"t": "00:21", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}, {"t": "00:30", "is": "DeleteObject", "asks": {"key": "a"}}, {"t": "00:40", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:41", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "public", [];
    two_different_uploads_are_over_and_a_private_one_follows: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:10", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:11", "is": "CreateMultipartUpload", "asks": {"key": "a"}}, {"t": "00:20", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}, {"t": "00:21", "is": "AbortMultipartUpload", "asks": {"key": "a"}}, {"t": "00:30", "is": "DeleteObject", "asks": {"key": "a"}}, {"t": "00:40", "is": "CreateMultipartUpload", "asks": {"key": "a"}}, {"t": "00:41", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}] => "private", [];
    an_objects_repair_may_have_failed: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:02", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "private"}, "errorCode": "InternalError"}] => "unknown", [];
    an_objects_deletion_may_have_failed: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:02", "is": "DeleteObject", "asks": {"key": "a"}, "errorCode": "503 Slow Down"}] => "unknown", [];
    an_objects_rewriting_may_have_failed: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:02", "is": "PutObject", "asks": {"key": "a"}, "errorCode": "InternalError"}] => "unknown", [];
    an_object_may_have_been_opened: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}, "errorCode": "InternalError"}] => "unknown", [];
    an_object_was_opened_at_the_second_try: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}, "errorCode": "InternalError"}, {"t": "00:02", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}] => "public", [];
    an_object_that_may_have_been_opened_was_written_anew: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}, "errorCode": "InternalError"}, {"t": "00:02", "is": "PutObject", "asks": {"key": "a"}}] => "private", [];
    an_object_that_may_have_been_opened_was_deleted: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "public-read"}, "errorCode": "InternalError"}, {"t": "00:02", "is": "DeleteObject", "asks": {"key": "a"}}] => "private", [];
    another_object_is_written: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "public-read"}, "errorCode": "InternalError"}, {"t": "00:02", "is": "PutObject", "asks": {"key": "b"}}] => "unknown", [];
    another_object_is_surely_open: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "public-read"}, "errorCode": "InternalError"}, {"t": "00:02", "is": "PutObject", "asks": {"key": "b", "x-amz-acl": "public-read"}}] => "public", [];
    what_may_be_open_is_ignored: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "public-read"}, "errorCode": "InternalError"}, {"t": "00:02", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}] => "private", [];
    what_may_be_open_while_acls_are_disabled: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "public-read"}, "errorCode": "InternalError"}, {"t": "00:02", "is": "PutBucketOwnershipControls", "asks": "enforced"}] => "private", [];
    a_private_acl_that_may_have_failed: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "private"}, "errorCode": "InternalError"}] => "private", [];
    an_objects_acl_cannot_be_read: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-grant-read": "?"}}] => "unknown", [];
    an_unreadable_acl_may_be_to_some_account: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-grant-read": "?"}}, {"t": "00:02", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}] => "unknown", [];
    an_object_opened_and_closed_in_one_second: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:01", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "private"}}] => "unknown", [];
    a_version_is_closed_that_may_be_an_older_one: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:02", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "private", "versionId": "3sL4kqtJlcpXro"}}] => "unknown", [];
    the_only_version_is_closed: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:02", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "private", "versionId": "null"}}] => "private", [];
    a_version_is_opened: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:02", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "public-read", "versionId": "3sL4kqtJlcpXro"}}] => "public", [];
}

// Access points of another account: the bucket's block silences what it does not refuse.
rows! {
    a_block_bears_on_an_access_point_of_another_account: "2022-05-01", [
        {"is": "CreateBucket"},
        {"t": "00:01", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*",
            "Resource": [format!("arn:aws:s3:::{BUCKET}"), format!("arn:aws:s3:::{BUCKET}/*")], "Condition": {"StringEquals": {"s3:DataAccessPointAccount": "444455556666"}}}]}}},
        {"t": "00:02", "is": "PutBucketPublicAccessBlock", "asks": "all flags"},
        {"t": "00:03", "is": "CreateAccessPoint", "recipientAccountId": "444455556666", "for": {"name": "ap", "CreateAccessPointRequest": {"Bucket": BUCKET, "BucketAccountId": "111122223333",
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": false, "IgnorePublicAcls": false, "BlockPublicPolicy": false, "RestrictPublicBuckets": false}}}},
        {"t": "00:04", "is": "PutAccessPointPolicy", "recipientAccountId": "444455556666", "for": {"name": "ap", "PutAccessPointPolicyRequest": {"Policy":
            "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:eu-west-1:444455556666:accesspoint/ap/object/*\"}]}"}}}
    ] => "limited", [];
}

/// A copy's record names the bucket that it is taken from too, and before the one that it is written into.
fn copy(from: &str, into: &str) -> Value {
    json!([
        {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::amzn-s3-demo-source", "accountId": from},
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-source/a"},
        {"type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{BUCKET}"), "accountId": into},
        {"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::{BUCKET}/a")}
    ])
}

#[test]
fn a_copy_is_of_the_bucket_that_it_is_written_into() {
    let calls = [
        json!({"is": "CreateBucket"}),
        json!({"t": "00:10", "is": "CopyObject", "resources": copy("444455556666", "111122223333"),
            "asks": {"key": "a", "x-amz-copy-source": "amzn-s3-demo-source/a", "x-amz-acl": "public-read"}}),
    ];
    let analysis = run("2022-05-01", &calls);
    let (rows, from): (Vec<_>, Vec<_>) = analysis
        .exposures
        .iter()
        .partition(|row| row.bucket.as_str() == BUCKET);
    // Whoever copied had read what is another account's, which is all that is told of that bucket.
    assert_eq!((rows.len(), from.len()), (1, 1), "{rows:?}");
    assert_eq!(from[0].account.as_ref().unwrap().as_str(), "444455556666");
    assert_eq!(from[0].opened_how.name(), "observed");
    assert_eq!(rows[0].account.as_ref().unwrap().as_str(), "111122223333");
    assert_eq!(rows[0].scope.name(), "objects");
    assert!(rows[0].attendance.logged);
    assert_eq!(at_the_end(&analysis), "public");
}

#[test]
fn what_completes_an_upload_asks_for_no_acl() {
    let block = json!({"accountId": "111122223333", "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}});
    let calls = [
        json!({"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}}),
        json!({"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}),
        json!({"t": "00:02", "is": "PutBucketAcl", "for": {"bucketName": "amzn-s3-demo-other", "acl": "", "x-amz-acl": "public-read"}}),
        json!({"t": "00:03", "is": "CreateMultipartUpload", "asks": {"key": "a", "x-amz-acl": "public-read"}}),
        json!({"t": "00:04", "is": "PutAccountPublicAccessBlock", "for": block}),
        json!({"t": "00:05", "is": "CompleteMultipartUpload", "asks": {"key": "a"}}),
    ];
    let analysis = run("2024-05-01", &calls);
    assert_eq!(analysis.contradictions.len(), 0);
    assert_eq!(at_the_end(&analysis), "private");
    let rows = analysis.exposures.iter();
    let rows: Vec<_> = rows
        .map(|row| (row.bucket.as_str(), row.closed_how.name()))
        .collect();
    assert_eq!(rows, [("amzn-s3-demo-other", "event")]);
}

// Somebody came in by a way that was not seen: it stays open until something shuts it.
rows! {
    a_website_says_nothing_of_how_a_stranger_came_in: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "GetObject", "asks": {"key": "b"}, "userIdentity": "nobody"}, {"t": "00:10", "is": "PutBucketWebsite"}] => "unknown", [];
    writes_are_followed_only_of_objects_with_an_open_acl: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "GetObject", "asks": {"key": "b"}, "userIdentity": "nobody"}, {"t": "00:10", "is": "PutObject", "asks": {"key": "b"}}] => "unknown", [];
    disabled_acls_shut_what_a_stranger_read: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "GetObject", "asks": {"key": "b"}, "userIdentity": "nobody"}, {"t": "00:10", "is": "PutBucketOwnershipControls", "asks": "enforced"}] => "private", [];
    ignored_acls_shut_what_a_stranger_read: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "GetObject", "asks": {"key": "b"}, "userIdentity": "nobody"}, {"t": "00:10", "is": "PutBucketPublicAccessBlock", "asks": "ignore"}] => "private", [];
    a_list_that_is_closed_says_nothing_of_an_objects_acl: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketAcl", "asks": "public-read"}, {"t": "00:05", "is": "GetObject", "asks": {"key": "b"}, "userIdentity": "nobody"}, {"t": "00:10", "is": "PutBucketAcl", "asks": "private"}] => "unknown", [];
    a_stranger_read_beside_what_the_policy_opens: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/pub/*")}]}}}, {"t": "00:05", "is": "GetObject", "asks": {"key": "secret/a"}, "userIdentity": "nobody"}, {"t": "00:10", "is": "DeleteBucketPolicy"}] => "unknown", [];
    a_stranger_read_by_an_acl_what_the_policy_opens_too: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:05", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody", "additionalEventData": {"aclRequired": "Yes"}}, {"t": "00:10", "is": "DeleteBucketPolicy"}] => "unknown", [];
    a_stranger_read_what_the_policy_opens: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/pub/*")}]}}}, {"t": "00:05", "is": "GetObject", "asks": {"key": "pub/a"}, "userIdentity": "nobody"}, {"t": "00:10", "is": "DeleteBucketPolicy"}] => "private", [];
    an_answer_that_was_late_says_nothing_of_other_ways: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:10", "is": "DeleteBucketPolicy"}, {"is": "GetObject", "eventTime": "2022-05-01T00:10:20Z", "asks": {"key": "a"}, "userIdentity": "nobody"}, {"t": "00:20", "is": "PutBucketWebsite"}] => "private", [];
    a_stranger_read_another_object_than_the_open_one: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:05", "is": "GetObject", "asks": {"key": "b"}, "userIdentity": "nobody"}, {"t": "00:10", "is": "PutObject", "asks": {"key": "a"}}] => "unknown", [];
    a_stranger_read_the_open_object: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:05", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"}, {"t": "00:10", "is": "PutObject", "asks": {"key": "a"}}] => "private", [];
    an_account_listed_what_was_shut: "2024-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "ListObjects", "userIdentity": "444455556666"}, {"t": "00:10", "is": "PutBucketWebsite"}] => "unknown", ["entered-while-shut"];
    a_request_of_an_account_without_an_id_is_nobodys: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "GetObject", "asks": {"key": "b"}, "userIdentity": {"type": "AWSAccount", "principalId": ""}}] => "public", [];
    a_request_through_another_ones_endpoint_is_not_counted: "2024-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "GetObject", "asks": {"key": "b"}, "userIdentity": "nobody", "eventCategory": "NetworkActivity"}] => "private", [];
    its_name_turned_out_to_be_somebody_elses: "2022-05-01", [{"is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "01:00", "is": "CreateBucket", "errorCode": "BucketAlreadyExists"}] => "unknown", ["gone-without-deletion"];
    a_block_that_nobody_saw_refused: "2026-02-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}, {"t": "00:01", "is": "DeleteAccountPublicAccessBlock"}, {"t": "00:02", "is": "PutBucketPolicy", "asks": "a public policy"}, {"t": "00:05", "is": "PutBucketPolicy", "asks": "a public policy", "errorCode": "AccessDenied",
        "errorMessage": "User is not authorized because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."}] => "public", ["refused-without-block"];
}

// An object's calls of one second.
rows! {
    an_open_object_held_to_a_network: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:05", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [format!("arn:aws:s3:::{BUCKET}"), format!("arn:aws:s3:::{BUCKET}/*")], "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}}}] => "limited", [];
    deleted_and_made_public_in_one_second: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:05", "is": "DeleteObject", "asks": {"key": "a"}}] => "unknown", [];
    made_private_and_written_public_in_one_second: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}, {"t": "00:05", "is": "PutObjectAcl", "asks": {"key": "a", "acl": "", "x-amz-acl": "private"}}] => "unknown", [];
    written_and_then_opened_in_one_second: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutObject", "asks": {"key": "a"}}, {"t": "00:05", "is": "PutObjectAcl", "asks": {"key": "a", "acl": "", "x-amz-acl": "public-read"}}] => "public", [];
    written_and_deleted_in_one_second: "2022-05-01", [{"is": "CreateBucket"}, {"t": "00:05", "is": "PutObject", "asks": {"key": "a"}}, {"t": "00:05", "is": "DeleteObject", "asks": {"key": "a"}}] => "private", [];
}

#[test]
fn whose_grant_is_left_by_a_deny_is_told_with_its_objects() {
    let calls = [
        json!({"is": "CreateBucket"}),
        json!({"t": "00:01", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}}),
        json!({"t": "00:05", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [format!("arn:aws:s3:::{BUCKET}"), format!("arn:aws:s3:::{BUCKET}/*")], "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1234567890"}}}]}}}),
    ];
    let analysis = run("2022-05-01", &calls);
    let left = analysis
        .exposures
        .iter()
        .find(|row| row.closed_at.is_none());
    let left = left.unwrap();
    let granted: Vec<&str> = left.granted.iter().map(|by| by.event.name).collect();
    assert_eq!(granted, ["PutObject"]);
}

#[test]
fn a_copy_out_of_ones_own_bucket_is_no_write_into_it() {
    let calls = [
        json!({"is": "CreateBucket", "for": {"bucketName": "amzn-s3-demo-source"}}),
        json!({"t": "00:10", "is": "CopyObject", "resources": copy("111122223333", "444455556666"),
            "asks": {"key": "a", "x-amz-copy-source": "amzn-s3-demo-source/a", "x-amz-acl": "public-read"}}),
    ];
    let analysis = run("2022-05-01", &calls);
    let owners: Vec<_> = analysis
        .exposures
        .iter()
        .map(|row| row.account.as_ref().unwrap().as_str())
        .collect();
    assert!(
        !owners.is_empty() && owners.iter().all(|owner| *owner == "444455556666"),
        "{owners:?}"
    );
}

#[test]
fn a_bucket_whose_name_another_account_has_taken_is_no_longer_open() {
    let opened = filled(json!({"is": "PutBucketPolicy", "asks": "a public policy"}));
    let taken = json!({"t": "01:00", "is": "CreateBucket", "recipientAccountId": "444455556666"});
    let later = json!({"t": "02:00", "is": "PutBucketTagging"});
    let analysis = run("2022-05-01", &[opened, taken, later]);
    let row = &analysis.exposures[0];
    assert_eq!(row.closed_how.name(), "in-gap");
    let known_gone = row.closed_not_after.unwrap();
    assert_eq!(known_gone.to_string(), "2022-05-01T01:00:00Z");
}

#[test]
fn an_exercise_of_2018_is_told_to_the_second() {
    let grant = |uri: &str, permission: &str| json!({"Grantee": {"xsi:type": "Group", "URI": uri}, "Permission": permission});
    let everyone = "http://acs.amazonaws.com/groups/global/AllUsers";
    let owner =
        json!({"Grantee": {"xsi:type": "CanonicalUser", "ID": "a1"}, "Permission": "FULL_CONTROL"});
    let acl = |grants: Vec<Value>| json!({"acl": [""], "AccessControlPolicy": {"Owner": {"ID": "a1"}, "AccessControlList": {"Grant": grants}}});
    let calls = [
        json!({"is": "PutBucketAcl", "eventTime": "2018-08-20T13:01:46Z", "asks": acl(vec![owner.clone(), grant(everyone, "READ"), grant(everyone, "WRITE")])}),
        json!({"is": "PutBucketAcl", "eventTime": "2018-08-20T13:57:54Z", "asks": acl(vec![owner])}),
    ];
    let analysis = run("2018-08-20", &calls);
    let row = &analysis.exposures[0];
    assert_eq!(
        (row.duration_seconds, row.closed_how.name()),
        (56 * 60 + 8, "event")
    );
    let permissions: Vec<&str> = row.permissions().iter().map(|it| it.name()).collect();
    assert_eq!(permissions, ["list", "write"]);
    assert_eq!(at_the_end(&analysis), "private");
}
