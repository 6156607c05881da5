//! What becomes of requests from outside that say too little, or what cannot be? Each loss has its line.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use serde_json::{Value, json};
use std::fs;

fn request(more: Value) -> Value {
    let mut record = json!({"eventTime": "2024-05-01T10:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventID": "e-1",
        "recipientAccountId": "111122223333", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7", "userAgent": "[curl/8]",
        "userIdentity": {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}, "eventCategory": "Data",
        "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "key": "a"},
        "additionalEventData": {"bytesTransferredOut": 10}});
    for (key, value) in more.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

fn analysed(records: &[Value]) -> Analysis {
    analysed_with(records, &Options::default())
}

fn analysed_with(records: &[Value], options: &Options) -> Analysis {
    let folder = tempfile::tempdir().unwrap();
    let text = json!({ "Records": records }).to_string();
    fs::write(folder.path().join("a.json"), text).unwrap();
    let source = DirSource::new(vec![folder.path().to_owned()]);
    scan(&source, options, &()).unwrap()
}

fn losses(analysis: &Analysis) -> Vec<(Option<u64>, &'static str)> {
    let losses = analysis.losses.iter();
    losses
        .map(|loss| (loss.record_index, loss.kind.name()))
        .collect()
}

#[test]
fn a_byte_count_that_is_none_is_a_loss_and_the_request_counts() {
    let counts = [
        json!(-1),
        json!(0.5),
        json!("many"),
        json!(1e30),
        json!(20.0),
        json!("30"),
        Value::Null,
    ];
    let records: Vec<Value> = counts
        .iter()
        .enumerate()
        .map(|(number, bytes)| {
            let data = json!({"bytesTransferredOut": bytes});
            request(json!({"eventID": format!("e-{number}"), "additionalEventData": data}))
        })
        .collect();
    let analysis = analysed(&records);
    let unsound: Vec<_> = (0..4)
        .map(|number| (Some(number), "unsound-bytes"))
        .collect();
    assert_eq!(losses(&analysis), unsound);
    assert_eq!((analysis.counts.used, analysis.counts.lost), (7, 0));
    let seen = &analysis.exposures[0].attendance;
    assert_eq!((seen.requests, seen.bytes), (7, 50));
}

#[test]
fn a_success_that_cannot_be_placed_is_lost_and_a_failure_is_of_no_interest() {
    let analysis = analysed(&[
        request(json!({"eventTime": null})),
        request(json!({"requestParameters": null})),
        request(json!({"requestParameters": null, "errorCode": "AccessDenied"})),
        request(json!({})),
    ]);
    let expected = [(Some(0), "missing-field"), (Some(1), "no-bucket")];
    assert_eq!(losses(&analysis), expected);
    let counts = &analysis.counts;
    assert_eq!(
        (counts.used, counts.lost, counts.not_of_interest),
        (1, 2, 1)
    );
    assert!(counts.add_up());
}

#[test]
fn copies_count_once_and_the_smallest_citation_is_quoted() {
    let analysis = analysed(&[
        request(json!({"eventID": "e-2", "eventTime": "2024-05-01T10:00:05Z"})),
        request(json!({})),
        request(json!({})),
    ]);
    let seen = &analysis.exposures[0].attendance;
    assert_eq!((seen.requests, analysis.counts.duplicates), (2, 1));
    let opened = analysis.exposures[0].opened.as_ref().unwrap();
    assert_eq!(opened.citation.record_index, 1);
}

/// Calls that copy or upload, by somebody of another account, on a bucket that all may use; which buckets are told, and what of
/// them was asked for.
fn visits(calls: &[Value]) -> Vec<String> {
    let policy = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}});
    let opening = request(
        json!({"eventTime": "2024-05-01T09:00:00Z", "eventName": "PutBucketPolicy", "eventID": "e-0", "eventCategory": "Management",
        "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:user/ana"},
        "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "bucketPolicy": policy}}),
    );
    let calls = calls.iter().map(|call| request(call.clone()));
    let records: Vec<Value> = std::iter::once(opening).chain(calls).collect();
    let analysis = analysed(&records);
    assert_eq!(losses(&analysis), []);
    assert!(analysis.counts.add_up(), "{:?}", analysis.counts);
    let buckets = analysis.timelines.iter().map(|it| it.bucket.to_string());
    let rows = analysis.access.iter().map(|row| {
        format!(
            "{} {} {} {} x{}, {} objects",
            row.bucket,
            row.kind.principal.reveal(),
            row.kind.name,
            row.kind.outcome,
            row.requests,
            row.objects
        )
    });
    buckets.chain(rows).collect()
}

#[test]
fn whoever_copies_an_object_out_of_a_bucket_has_read_it() {
    let stranger = json!({"type": "IAMUser", "accountId": "444455556666", "arn": "arn:aws:iam::444455556666:user/eve"});
    let named = |bucket: &str, account: &str| json!({"type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{bucket}"), "accountId": account});
    let (from, into) = (
        named("amzn-s3-demo-bucket", "111122223333"),
        named("amzn-s3-demo-loot", "444455556666"),
    );
    let copy = |name: &str, id: &str, key: &str, resources: Value| {
        json!({"eventName": name, "eventID": id, "userIdentity": stranger, "resources": resources,
            "requestParameters": {"bucketName": "amzn-s3-demo-loot", "key": "b", "x-amz-copy-source": format!("/amzn-s3-demo-bucket/{key}")}})
    };
    let calls = [
        copy("CopyObject", "e-1", "a", json!([from, into])),
        copy("CopyObject", "e-2", "a%20b", json!([from])),
        copy("UploadPartCopy", "e-3", "a", json!([into])),
    ];
    assert_eq!(
        visits(&calls),
        [
            "amzn-s3-demo-bucket",
            "amzn-s3-demo-bucket arn:aws:iam::444455556666:user/eve CopyObject took x2, 2 objects",
            "amzn-s3-demo-bucket arn:aws:iam::444455556666:user/eve UploadPartCopy took x1, 1 objects",
        ]
    );
}

#[test]
fn a_copy_within_one_account_is_its_own() {
    let own = json!({"type": "IAMUser", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:user/ana"});
    let copy = json!({"eventName": "CopyObject", "userIdentity": own,
        "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "key": "b", "x-amz-copy-source": "amzn-s3-demo-other/a"}});
    assert_eq!(visits(&[copy]), ["amzn-s3-demo-bucket"]);
}

#[test]
fn an_upload_in_parts_is_a_write() {
    let call = |name: &str, id: &str| json!({"eventName": name, "eventID": id});
    let calls = [
        call("CreateMultipartUpload", "e-1"),
        call("UploadPart", "e-2"),
        call("UploadPart", "e-3"),
        call("CompleteMultipartUpload", "e-4"),
    ];
    assert_eq!(
        visits(&calls),
        [
            "amzn-s3-demo-bucket",
            "amzn-s3-demo-bucket anonymous CompleteMultipartUpload took x1, 1 objects",
            "amzn-s3-demo-bucket anonymous CreateMultipartUpload took x1, 1 objects",
            "amzn-s3-demo-bucket anonymous UploadPart took x2, 1 objects",
        ]
    );
}

fn of_bucket(bucket: &str, account: &str) -> Value {
    json!({"type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{bucket}"), "accountId": account})
}

#[test]
fn what_somebody_does_through_a_service_that_one_does() {
    let call = json!({"eventName": "GetObject", "resources": [of_bucket("amzn-s3-demo-bucket", "111122223333")],
        "userIdentity": {"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "444455556666", "invokedBy": "athena.amazonaws.com"}});
    let service = json!({"eventID": "e-2", "userIdentity": {"type": "AWSService", "invokedBy": "delivery.logs.amazonaws.com"}});
    assert_eq!(
        visits(&[call, service]),
        [
            "amzn-s3-demo-bucket",
            "amzn-s3-demo-bucket 444455556666 GetObject took x1, 1 objects",
        ]
    );
}

#[test]
fn access_points_stand_where_buckets_do() {
    let stranger =
        json!({"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "444455556666"});
    let resources = json!([of_bucket("amzn-s3-demo-bucket", "111122223333"),
        {"type": "AWS::S3::AccessPoint", "ARN": "arn:aws:s3:eu-west-1:444455556666:accesspoint/mine", "accountId": "444455556666"}]);
    let call = |id: &str, name: &str, parameters: Value| {
        json!({"eventName": name, "eventID": id, "userIdentity": stranger, "resources": resources,
        "requestParameters": parameters})
    };
    let calls = [
        call(
            "e-1",
            "GetObject",
            json!({"bucketName": "mine-abc123-s3alias", "key": "a"}),
        ),
        call(
            "e-2",
            "CopyObject",
            json!({"bucketName": "arn:aws:s3:eu-west-1:444455556666:accesspoint/mine", "key": "b",
            "x-amz-copy-source": "amzn-s3-demo-bucket/a"}),
        ),
        call(
            "e-3",
            "CopyObject",
            json!({"bucketName": "amzn-s3-demo-loot", "key": "b",
            "x-amz-copy-source": "arn:aws:s3:eu-west-1:111122223333:accesspoint/shared/object/c"}),
        ),
    ];
    assert_eq!(
        visits(&calls),
        [
            "amzn-s3-demo-bucket",
            "amzn-s3-demo-bucket 444455556666 CopyObject took x2, 2 objects",
            "amzn-s3-demo-bucket 444455556666 GetObject took x1, 1 objects",
        ]
    );
}

#[test]
fn parameters_that_are_a_text_are_read() {
    let stranger = json!({"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": 444_455_556_666_u64});
    let text = |parameters: Value| Value::String(parameters.to_string());
    let calls = [
        json!({"eventID": "e-1", "requestParameters": text(json!({"bucketName": "amzn-s3-demo-bucket", "key": "a"}))}),
        json!({"eventID": "e-2", "requestParameters": text(json!({"bucketName": "amzn-s3-demo-bucket", "key": "b"}))}),
        json!({"eventID": "e-3", "eventName": "CopyObject", "userIdentity": stranger, "resources": [of_bucket("amzn-s3-demo-bucket", "111122223333")],
            "requestParameters": text(json!({"bucketName": "amzn-s3-demo-loot", "key": "b", "x-amz-copy-source": "amzn-s3-demo-bucket/c"}))}),
    ];
    assert_eq!(
        visits(&calls),
        [
            "amzn-s3-demo-bucket",
            "amzn-s3-demo-bucket 444455556666 CopyObject took x1, 1 objects",
            "amzn-s3-demo-bucket anonymous GetObject took x2, 2 objects",
        ]
    );
}

#[test]
fn whatever_counts_shows_that_requests_are_logged() {
    let call = |more: Value| {
        let analysis = analysed(&[request(more)]);
        let row = &analysis.exposures[0];
        (row.attendance.logged, row.attendance.requests)
    };
    for more in [
        json!({"eventName": "HeadBucket", "eventCategory": null}),
        json!({"eventCategory": ""}),
        json!({"eventCategory": "Management"}),
        json!({"requestParameters": {"bucketName": "arn:aws:s3:eu-west-1:111122223333:accesspoint/mine", "key": "a"},
            "resources": [of_bucket("amzn-s3-demo-bucket", "111122223333")]}),
    ] {
        assert_eq!(call(more.clone()), (true, 1), "{more}");
    }
}

#[test]
fn nobody_without_a_signature_is_counted_among_those_who_must_sign() {
    let acl =
        json!({"bucketName": "amzn-s3-demo-bucket", "acl": "", "x-amz-acl": "authenticated-read"});
    let own = json!({"type": "IAMUser", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:user/ana"});
    let opening = request(
        json!({"eventTime": "2024-05-01T09:00:00Z", "eventName": "PutBucketAcl", "eventID": "e-0", "eventCategory": "Management",
        "userIdentity": own, "requestParameters": acl}),
    );
    let signed =
        json!({"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "444455556666"});
    let analysis = analysed(&[
        opening,
        request(
            json!({"eventName": "ListObjects", "userIdentity": signed, "resources": [of_bucket("amzn-s3-demo-bucket", "111122223333")]}),
        ),
        request(json!({"eventName": "ListObjects", "eventID": "e-2"})),
    ]);
    let rows = analysis.exposures.iter();
    let counted: Vec<_> = rows
        .map(|row| (row.opened_how.name(), row.attendance.requests))
        .collect();
    assert_eq!(counted, [("first-evidence", 1), ("observed", 2)]);
}

#[test]
fn a_request_that_is_amended_counts_once_as_amended() {
    let addendum = json!({"reason": "UPDATED_DATA", "updatedFields": "additionalEventData.bytesTransferredOut", "originalEventID": "e-1"});
    let amended = json!({"eventID": "e-2", "addendum": addendum, "additionalEventData": {"bytesTransferredOut": 777}});
    for records in [
        [request(json!({})), request(amended.clone())],
        [request(amended.clone()), request(json!({}))],
    ] {
        let analysis = analysed(&records);
        let seen = &analysis.exposures[0].attendance;
        assert_eq!((seen.requests, seen.bytes), (1, 777));
        assert!(analysis.counts.add_up(), "{:?}", analysis.counts);
    }
}

#[test]
fn a_member_of_a_trusted_organization_is_expected() {
    let policy = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abc1234567"}}}});
    let own = json!({"type": "IAMUser", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:user/ana"});
    let member =
        json!({"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "444455556666"});
    let records = [
        request(
            json!({"eventTime": "2024-05-01T09:00:00Z", "eventName": "PutBucketPolicy", "eventID": "e-0", "eventCategory": "Management", "userIdentity": own,
            "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "bucketPolicy": policy}}),
        ),
        request(
            json!({"userIdentity": member, "resources": [of_bucket("amzn-s3-demo-bucket", "111122223333")]}),
        ),
    ];
    let told = |trusted: &[&str]| {
        let mut options = Options::default();
        options.settings.trusted_organizations =
            trusted.iter().map(|id| (*id).to_owned()).collect();
        let analysis = analysed_with(&records, &options);
        let rows = analysis.exposures.iter();
        rows.map(|row| (row.opened_how.name(), row.attendance.requests))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&[]), [("first-evidence", 1)]);
    assert_eq!(told(&["o-other12345"]), [("first-evidence", 1)]);
    assert_eq!(told(&["o-abc1234567"]), []);
}
