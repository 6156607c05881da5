//! Somebody from outside got in: what does that say of the controls that are known, and what does it leave alone?
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod calls;

use calls::{BUCKET, filled, run};
use leaktrail::vocab::Timestamp;
use serde_json::{Value, json};

fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    let clock = text.split_once('T').unwrap().1.trim_end_matches('Z');
    clock.strip_suffix(":00").unwrap_or(clock).to_owned()
}

/// Exposures, intervals and contradictions, a line each, without the day.
fn told(day: &str, calls: &[Value]) -> Vec<String> {
    let analysis = run(day, calls);
    assert!(analysis.counts.add_up());
    let mut exposures: Vec<_> = analysis.exposures.iter().collect();
    exposures.sort_by_key(|row| (row.opened_at, row.scope.name()));
    let exposures = exposures.into_iter().map(|row| {
        let end = row.closed_at.map_or_else(String::new, minute);
        let not_before = row.opened_not_before.map(minute);
        let not_before = not_before.map_or_else(String::new, |at| format!(" (not {at})"));
        let opener = row.opened.as_ref();
        let opener = opener.map_or_else(String::new, |by| format!("by {}", by.event.name));
        format!(
            "{} {} {}{not_before} to {end} {} {opener}",
            row.scope.name(),
            minute(row.opened_at),
            row.opened_how.name(),
            row.closed_how.name(),
        )
    });
    let intervals = analysis.timelines.iter().flat_map(|it| &it.intervals);
    let intervals = intervals.map(|it| format!("{} {}", minute(it.span.from), it.verdict.name()));
    let contradictions = analysis.contradictions.iter();
    let contradictions = contradictions.map(|it| format!("{} {}", minute(it.at), it.kind.name()));
    let lines = exposures.chain(intervals).chain(contradictions);
    lines.map(|line| line.trim_end().to_owned()).collect()
}

/// A row: the calls of a bucket that was made without a block and with ACLs, and what is told of them.
macro_rules! stories {
    ($($name:ident: [$($call:tt),+ $(,)?] => [$($line:expr),* $(,)?];)+) => {
        $(#[test] fn $name() {
            let made = json!({"is": "CreateBucket", "asks": {"x-amz-object-ownership": "ObjectWriter"}});
            let bare = json!({"t": "00:01", "is": "DeleteBucketPublicAccessBlock"});
            let calls = [made, bare, $(filled(json!($call))),+];
            let lines: [&str; _] = [$($line),*];
            assert_eq!(told("2024-05-01", &calls), lines);
        })+
    };
}

stories! {
    a_block_that_did_not_keep_a_stranger_out_leaves_what_it_ended: [
        {"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy"},
        {"t": "01:30", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"},
        {"t": "02:00", "is": "PutBucketPublicAccessBlock", "asks": "all flags"},
        {"t": "03:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"},
        {"t": "04:00", "is": "PutBucketPolicy", "asks": "a policy for the own account"},
    ] => [
        "bucket 01:00 event to 02:00 event by PutBucketPolicy",
        "bucket 03:00 in-gap (not 02:00) to 04:00 event",
        "00:00 private", "01:00 public", "02:00 unknown", "03:00 public", "04:00 private",
        "03:00 entered-while-shut",
    ];
    the_accounts_block_did_not_keep_a_stranger_out: [
        {"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy"},
        {"t": "02:00", "is": "PutAccountPublicAccessBlock", "for": {"accountId": "111122223333", "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}}},
        {"t": "03:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"},
    ] => [
        "bucket 01:00 event to 02:00 event by PutBucketPolicy",
        "bucket 03:00 in-gap (not 02:00) to  still-open",
        "00:00 private", "01:00 public", "02:00 unknown", "03:00 public",
        "03:00 entered-while-shut",
    ];
    an_ignored_acl_let_a_stranger_list: [
        {"t": "01:00", "is": "PutBucketAcl", "asks": "public-read"},
        {"t": "02:00", "is": "PutBucketPublicAccessBlock", "asks": "ignore"},
        {"t": "03:00", "is": "ListObjects", "userIdentity": "nobody", "additionalEventData": {"aclRequired": "Yes"}},
    ] => [
        "bucket 01:00 event to 02:00 event by PutBucketAcl",
        "bucket 03:00 in-gap (not 02:00) to  still-open",
        "00:00 private", "01:00 public", "02:00 unknown", "03:00 public",
        "03:00 entered-while-shut",
    ];
    a_public_object_that_is_ignored_was_read: [
        {"t": "01:00", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}},
        {"t": "02:00", "is": "PutBucketPublicAccessBlock", "asks": "all flags"},
        {"t": "03:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"},
    ] => [
        "objects 01:00 event to 02:00 event by PutObject",
        "objects 03:00 in-gap (not 02:00) to  still-open",
        "00:00 private", "01:00 public", "02:00 unknown", "03:00 public",
        "03:00 entered-while-shut",
    ];
    two_blocks_did_not_keep_a_stranger_out: [
        {"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy"},
        {"t": "02:00", "is": "PutBucketPublicAccessBlock", "asks": "all flags"},
        {"t": "02:30", "is": "PutAccountPublicAccessBlock", "for": {"accountId": "111122223333", "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}}},
        {"t": "03:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"},
    ] => [
        "bucket 01:00 event to 02:00 event by PutBucketPolicy",
        "bucket 03:00 in-gap (not 02:30) to  still-open",
        "00:00 private", "01:00 public", "02:00 unknown", "03:00 public",
        "03:00 entered-while-shut",
    ];
    whoever_sets_an_objects_acl_did_not_open_the_bucket: [
        {"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy"},
        {"t": "02:00", "is": "PutBucketPublicAccessBlock", "asks": "all flags"},
        {"t": "03:00", "is": "PutObjectAcl", "asks": {"key": "a", "x-amz-acl": "public-read"}},
    ] => [
        "bucket 01:00 event to 02:00 event by PutBucketPolicy",
        "bucket 03:00 in-gap (not 02:00) to  still-open",
        "objects 03:00 event to  still-open by PutObjectAcl",
        "00:00 private", "01:00 public", "02:00 unknown", "03:00 public",
        "03:00 acl-accepted-despite-bucket-block",
    ];
    neither_a_policy_nor_a_block_would_have_let_him_in: [
        {"t": "01:00", "is": "PutBucketPublicAccessBlock", "asks": "all flags"},
        {"t": "03:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"},
        {"t": "04:00", "is": "PutBucketWebsite"},
    ] => [
        "objects 03:00 observed to 03:00:01 last-seen by GetObject",
        "00:00 unknown", "03:00 public", "03:00:01 unknown", "04:00 unknown",
        "03:00 entered-while-shut",
    ];
    whoever_writes_after_an_unseen_change_is_named: [
        {"t": "01:00", "is": "ListObjects", "userIdentity": "nobody"},
        {"t": "03:00", "is": "PutBucketPolicy", "asks": "a public policy"},
    ] => [
        "bucket 01:00 observed to 01:00:01 last-seen by ListObjects",
        "bucket 03:00 first-evidence to  still-open by PutBucketPolicy",
        "00:00 unknown", "01:00 public", "01:00:01 unknown", "03:00 public",
        "01:00 entered-while-shut",
    ];
    a_read_while_a_block_spread_leaves_the_block: [
        {"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy"},
        {"t": "02:00", "is": "PutBucketPublicAccessBlock", "asks": "all flags"},
        {"is": "GetObject", "eventTime": "2024-05-01T02:00:05Z", "asks": {"key": "a"}, "userIdentity": "nobody"},
        {"is": "GetObject", "eventTime": "2024-05-01T02:00:20Z", "asks": {"key": "a"}, "userIdentity": "nobody"},
        {"t": "03:00", "is": "PutBucketOwnershipControls", "asks": "enforced"},
    ] => [
        "bucket 01:00 event to 02:00 event by PutBucketPolicy",
        "objects 02:00:05 observed to 02:00:20 last-seen by GetObject",
        "00:00 private", "01:00 public", "02:00 private", "02:00:05 public", "02:00:20 unknown", "02:01 private",
    ];
    a_list_while_a_deletion_spread_is_of_no_other_bucket: [
        {"t": "01:00", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": format!("arn:aws:s3:::{BUCKET}")}]}}},
        {"t": "02:00", "is": "DeleteBucket"},
        {"is": "ListObjects", "eventTime": "2024-05-01T02:00:05Z", "userIdentity": "nobody"},
    ] => [
        "bucket 01:00 event to 02:00 event by PutBucketPolicy",
        "00:00 private", "01:00 public",
    ];
    a_list_long_after_a_deletion_is_of_another_bucket: [
        {"t": "01:00", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": format!("arn:aws:s3:::{BUCKET}")}]}}},
        {"t": "02:00", "is": "DeleteBucket"},
        {"is": "ListObjects", "eventTime": "2024-05-01T02:00:05Z", "userIdentity": "nobody"},
        {"is": "ListObjects", "eventTime": "2024-05-01T02:10:00Z", "userIdentity": "nobody"},
    ] => [
        "bucket 01:00 event to 02:00 event by PutBucketPolicy",
        "bucket 02:10 observed to 02:10:01 last-seen by ListObjects",
        "00:00 private", "01:00 public", "02:10 public",
        "02:10 used-after-deletion",
    ];
    // The ACL may have been opened at any time since the bucket was made.
    a_list_long_after_the_policy_went_is_a_sight_of_its_own: [
        {"t": "01:00", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": format!("arn:aws:s3:::{BUCKET}")}]}}},
        {"t": "02:00", "is": "DeleteBucketPolicy"},
        {"is": "ListObjects", "eventTime": "2024-05-01T02:00:05Z", "userIdentity": "nobody"},
        {"is": "ListObjects", "eventTime": "2024-05-01T02:10:00Z", "userIdentity": "nobody"},
    ] => [
        "bucket 01:00 first-evidence to 02:00 opaque by PutBucketPolicy",
        "bucket 02:00:05 observed to 02:00:06 last-seen by ListObjects",
        "bucket 02:10 observed to 02:10:01 last-seen by ListObjects",
        "00:00 unknown", "01:00 public", "02:00 unknown", "02:00:05 public", "02:00:06 unknown", "02:10 public",
        "02:10 entered-while-shut",
    ];
    what_lets_others_in_is_not_hidden: [
        {"t": "00:30", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"}, "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*")}]}}},
        {"t": "02:00", "is": "ListObjects", "userIdentity": "nobody"},
        {"t": "03:00", "is": "PutBucketWebsite"},
    ] => [
        "bucket 00:30 event to  still-open by PutBucketPolicy",
        "bucket 02:00 observed to 02:00:01 last-seen by ListObjects",
        "00:00 unknown", "02:00 public", "02:00:01 unknown", "03:00 unknown",
        "02:00 entered-while-shut",
    ];
    what_a_block_keeps_from_others_is_not_hidden: [
        {"t": "00:20", "is": "PutBucketOwnershipControls", "asks": "enforced"},
        {"t": "00:30", "is": "PutBucketPolicy", "asks": "a public policy"},
        {"t": "01:00", "is": "PutBucketPublicAccessBlock", "asks": "all flags"},
        {"t": "02:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "444455556666", "resources": [{"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{BUCKET}")}]},
        {"t": "03:00", "is": "PutBucketWebsite"},
    ] => [
        "bucket 00:30 event to 01:00 event by PutBucketPolicy",
        "bucket 02:00 in-gap (not 01:00) to  still-open",
        "00:00 private", "00:30 public", "01:00 unknown", "02:00 public", "03:00 public",
        "02:00 entered-while-shut",
    ];
    an_acl_may_name_an_account: [
        {"t": "01:00", "is": "ListObjects", "userIdentity": "444455556666", "additionalEventData": {"aclRequired": "Yes"}},
        {"t": "03:00", "is": "PutBucketWebsite"},
    ] => [
        "bucket 01:00 observed to 01:00:01 last-seen by ListObjects",
        "00:00 unknown", "01:00 cross-account", "01:00:01 unknown", "03:00 unknown",
        "01:00 entered-while-shut",
    ];
    disabled_acls_let_nobody_list: [
        {"t": "00:30", "is": "PutBucketOwnershipControls", "asks": "enforced"},
        {"t": "01:00", "is": "ListObjects", "userIdentity": "nobody", "additionalEventData": {"aclRequired": "Yes"}},
        {"t": "03:00", "is": "PutBucketWebsite"},
    ] => [
        "bucket 01:00 observed to 01:00:01 last-seen by ListObjects",
        "00:00 private", "00:30 unknown", "01:00 public", "01:00:01 unknown", "03:00 unknown",
        "01:00 entered-while-shut",
    ];
    whoever_may_write_by_an_acl_may_delete_what_he_wrote: [
        {"t": "01:00", "is": "PutBucketAcl", "asks": {"acl": "", "x-amz-acl": "public-read-write"}},
        {"t": "02:00", "is": "DeleteObject", "asks": {"key": "a"}, "userIdentity": "444455556666"},
        {"t": "03:00", "is": "PutBucketWebsite"},
    ] => [
        "bucket 01:00 event to  still-open by PutBucketAcl",
        "00:00 private", "01:00 public", "03:00 public",
    ];
    flags_that_were_off_stay_off: [
        {"t": "00:10", "is": "PutAccountPublicAccessBlock", "for": {"accountId": "111122223333", "PublicAccessBlockConfiguration": {"BlockPublicAcls": false, "IgnorePublicAcls": true, "BlockPublicPolicy": false, "RestrictPublicBuckets": false}}},
        {"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy"},
        {"t": "02:00", "is": "DeleteBucketPolicy"},
        {"t": "03:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody", "additionalEventData": {"aclRequired": "Yes"}},
        {"t": "04:00", "is": "PutBucketWebsite"},
    ] => [
        "bucket 01:00 event to 02:00 event by PutBucketPolicy",
        "objects 03:00 observed to 03:00:01 last-seen by GetObject",
        "00:00 private", "01:00 public", "02:00 private", "03:00 public", "03:00:01 unknown", "04:00 unknown",
        "03:00 entered-while-shut",
    ];
    what_a_loosened_block_never_kept_out_stays_open: [
        {"t": "00:10", "is": "PutBucketPublicAccessBlock", "asks": "ignore"},
        {"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy"},
        {"t": "03:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody", "additionalEventData": {"aclRequired": "Yes"}},
        {"t": "04:00", "is": "PutBucketWebsite"},
    ] => [
        "bucket 01:00 event to  still-open by PutBucketPolicy",
        "objects 03:00 observed to 03:00:01 last-seen by GetObject",
        "00:00 private", "01:00 public", "03:00 public", "04:00 public",
        "03:00 entered-while-shut",
    ];
    disabled_acls_let_an_open_object_out: [
        {"t": "01:00", "is": "PutObject", "asks": {"key": "a", "x-amz-acl": "public-read"}},
        {"t": "02:00", "is": "PutBucketOwnershipControls", "asks": "enforced"},
        {"t": "03:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody", "additionalEventData": {"aclRequired": "Yes"}},
    ] => [
        "objects 01:00 event to 02:00 event by PutObject",
        "objects 03:00 in-gap (not 02:00) to  still-open",
        "00:00 private", "01:00 public", "02:00 unknown", "03:00 public",
        "03:00 entered-while-shut",
    ];
    a_read_while_a_deletion_spread_is_of_no_other_bucket: [
        {"t": "01:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"},
        {"t": "02:00", "is": "DeleteBucket"},
        {"is": "GetObject", "eventTime": "2024-05-01T02:00:05Z", "asks": {"key": "a"}, "userIdentity": "nobody"},
    ] => [
        "objects 01:00 observed to 01:00:01 last-seen by GetObject",
        "00:00 private", "01:00 public", "01:00:01 unknown",
    ];
}

/// Of a bucket of which nothing was known until then.
#[test]
fn a_block_that_was_just_put_is_not_thrown_away() {
    let calls = [
        json!({"t": "00:30", "is": "PutBucketWebsite"}),
        json!({"t": "02:00", "is": "PutBucketPublicAccessBlock", "asks": "all flags"}),
        json!({"is": "GetObject", "eventTime": "2019-05-01T02:00:20Z", "asks": {"key": "a"}, "userIdentity": "nobody"}),
        json!({"t": "05:00", "is": "PutBucketPolicy", "asks": "a public policy"}),
    ];
    let lines = told("2019-05-01", &calls.map(filled));
    assert!(
        lines.contains(&"bucket 05:00 in-gap (not 02:00) to  still-open".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines.ends_with(&["05:00 policy-accepted-despite-bucket-block".to_owned()]),
        "{lines:?}"
    );
}

/// An ACL was needed at one: they were not disabled all along.
#[test]
fn a_later_refusal_tells_nothing_of_before_a_success_that_disproves_it() {
    let calls = [
        json!({"t": "00:30", "is": "PutBucketWebsite"}),
        json!({"t": "01:00", "is": "ListObjects", "userIdentity": "nobody", "additionalEventData": {"aclRequired": "Yes"}}),
        json!({"t": "02:00", "is": "PutBucketAcl", "errorCode": "AccessControlListNotSupported", "asks": "private"}),
    ];
    let lines = told("2019-05-01", &calls.map(filled));
    assert_eq!(
        lines[1..],
        [
            "00:30 unknown",
            "01:00 public",
            "01:00:01 unknown",
            "02:00 private",
            "02:00 acl-refused-while-enabled"
        ]
    );
}

/// Whoever came in at the end of what is known of an open bucket came in.
#[test]
fn a_success_in_the_last_second_of_an_exposure_counts_however_it_ends() {
    for (end, how) in [
        (
            json!({"t": "03:00", "is": "GetBucketAcl", "errorCode": "NoSuchBucket"}),
            "in-gap",
        ),
        (
            json!({"t": "02:00", "is": "DeleteBucketPolicy", "errorCode": "InternalError"}),
            "opaque",
        ),
        (json!({"t": "02:00", "is": "DeleteBucketPolicy"}), "event"),
    ] {
        let calls = [
            json!({"is": "CreateBucket"}),
            json!({"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}),
            json!({"t": "01:00", "is": "PutBucketPolicy", "asks": "a public policy"}),
            json!({"t": "02:00", "is": "GetObject", "asks": {"key": "a"}, "userIdentity": "nobody"}),
            end,
        ];
        let analysis = run("2024-05-01", &calls.map(filled));
        let [row] = analysis.exposures.as_slice() else {
            panic!("{:?}", analysis.exposures);
        };
        assert_eq!(row.closed_how.name(), how);
        assert_eq!(row.attendance.requests, 1, "{how}");
    }
}

/// What nobody's account writes is nobody's: where ACLs count it stays open when the policy is gone.
#[test]
fn what_a_stranger_without_an_account_wrote_may_stay_open() {
    for (ownership, verdict) in [
        ("ObjectWriter", "unknown"),
        ("BucketOwnerEnforced", "private"),
    ] {
        let calls = [
            json!({"is": "CreateBucket", "asks": {"x-amz-object-ownership": ownership}}),
            json!({"t": "00:01", "is": "DeleteBucketPublicAccessBlock"}),
            json!({"t": "01:00", "is": "PutBucketPolicy", "asks": {"bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{BUCKET}/*")}]}}}),
            json!({"t": "02:00", "is": "PutObject", "asks": {"key": "a"}, "userIdentity": "nobody"}),
            json!({"t": "03:00", "is": "DeleteBucketPolicy"}),
        ];
        let analysis = run("2024-05-01", &calls.map(filled));
        let last = analysis.timelines[0].intervals.last().unwrap();
        assert_eq!(last.verdict.name(), verdict, "{ownership}");
    }
}
