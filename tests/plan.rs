//! What does `leaktrail plan` propose, and can it be pasted into a shell whatever a policy says?
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
use remedy::{BUCKET, allow, place, policies, put_policy, remedy, text_of};
use serde_json::{Value, json};

#[test]
fn the_statements_that_let_outsiders_in_go_and_the_others_stay() {
    let insecure = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": BUCKET,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}}});
    let statements = [
        allow(json!({"AWS": "arn:aws:iam::111122223333:role/app"})),
        allow(json!("*")),
        insecure,
        allow(json!({"AWS": "444455556666"})),
        allow(json!({"Service": "cloudfront.amazonaws.com"})),
    ];
    let remedy = remedy(&[put_policy(&statements)]);
    let left = |places: &[usize]| {
        let left: Vec<_> = places.iter().map(|at| statements[*at].clone()).collect();
        json!({"Version": "2012-10-17", "Id": "p", "Statement": left})
    };
    // What lets everybody in does not go alone: the block before it cuts the other account off only while the policy is public.
    assert_eq!(policies(&remedy, "put-bucket-policy"), [left(&[0, 2, 4])]);
    let (block, _) = place(&remedy, "put-public-access-block").unwrap();
    let (edit, undo) = place(&remedy, "put-bucket-policy").unwrap();
    let (delete, _) = place(&remedy, "delete-bucket-policy").unwrap();
    assert!(block < edit && edit + 1 == delete);
    assert!(
        undo.ends_with("--policy file://amzn-s3-demo-bucket.bucket-policy.json"),
        "{undo}"
    );
    let save = remedy["steps"][0]["commands"].to_string();
    assert!(save.contains("get-bucket-policy"), "{save}");
    let changes = remedy["steps"][edit]["changes"].as_str().unwrap();
    assert!(
        changes.starts_with("takes statements 2, 4 out of the bucket policy, for what is granted there to those to whom it is open; the other 3 stay."),
        "{changes}"
    );
}

#[test]
fn no_step_lets_in_again_whom_an_earlier_one_cut_off() {
    let remedy = remedy(&[put_policy(&[
        allow(json!({"AWS": "arn:aws:iam::999988887777:root"})),
        allow(json!("*")),
    ])]);
    // Nothing would be left without what lets outsiders in.
    assert!(policies(&remedy, "put-bucket-policy").is_empty());
    assert!(place(&remedy, "put-public-access-block").is_some());
    assert!(place(&remedy, "delete-bucket-policy").is_some());
}

#[test]
fn a_statement_that_a_deny_empties_stays() {
    let wanted = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("{BUCKET}.pdf")});
    let deny =
        json!({"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": BUCKET});
    let mut written = allow(json!("*"));
    written["Action"] = json!("s3:PutObject");
    let statements = [written.clone(), wanted, deny.clone()];
    let remedy = remedy(&[put_policy(&statements)]);
    assert_eq!(
        policies(&remedy, "put-bucket-policy"),
        [json!({"Version": "2012-10-17", "Id": "p", "Statement": [written, deny]})]
    );
}

#[test]
fn what_others_get_by_the_same_statement_is_told() {
    let statements = [
        allow(json!({"AWS": ["444455556666", "111122223333"]})),
        allow(json!({"AWS": "111122223333"})),
    ];
    let remedy = remedy(&[put_policy(&statements)]);
    let (edit, _) = place(&remedy, "put-bucket-policy").unwrap();
    let changes = remedy["steps"][edit]["changes"].as_str().unwrap();
    assert!(changes.contains("to those to whom it is open (others get in by it too, and would not any more); the other one stays."), "{changes}");
}

#[test]
fn the_last_policy_is_the_one_that_is_edited() {
    let mut first = put_policy(&[allow(json!("*")), allow(json!({"AWS": "111122223333"}))]);
    first["eventTime"] = json!("2022-03-04T08:00:00Z");
    first["eventID"] = json!("first");
    let service = allow(json!({"Service": "logging.s3.amazonaws.com"}));
    let second = put_policy(&[service.clone(), allow(json!("*"))]);
    let remedy = remedy(&[first, second]);
    let left = policies(&remedy, "put-bucket-policy");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["Statement"], json!([service]));
}

#[test]
fn a_shell_takes_whatever_a_policy_says_as_one_word() {
    let hostile = [
        "'; touch /tmp/owned; echo '",
        "$(touch /tmp/owned)`id`${IFS}\\\"",
        "\u{202e}txt.exe\u{1b}[31m\u{0}\u{7f}\u{9b}\u{2028}\u{1f600}é",
        "a\nrm -rf /\n# !! \t",
    ];
    let statements: Vec<Value> = hostile
        .iter()
        .map(|text| {
            let mut kept = allow(json!({"AWS": "111122223333"}));
            kept["Sid"] = json!(text);
            kept["Condition"] = json!({"StringEquals": {"aws:PrincipalTag/a": text}});
            kept
        })
        .collect();
    let all = [statements.as_slice(), &[allow(json!("*"))]].concat();
    let records = [put_policy(&all)];
    let left = policies(&remedy(&records), "put-bucket-policy");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["Statement"], json!(statements));
    let told = text_of(&records);
    let command = told
        .lines()
        .find(|line| line.contains("put-bucket-policy") && !line.starts_with('#'))
        .unwrap();
    assert!(command.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    assert_eq!(command.matches('\'').count(), 2, "{command}");
}

#[test]
fn a_policy_with_nothing_else_is_deleted_and_one_that_is_not_as_written_is_left_alone() {
    let only = [put_policy(&[allow(json!("*"))])];
    let kept = allow(json!({"AWS": "111122223333"}));
    let both = [allow(json!("*")), kept];
    let policy = |name: &str, value: Value| {
        let mut put = put_policy(&both);
        put["requestParameters"]["bucketPolicy"][name] = value;
        [put]
    };
    let exported = [
        policy("Version", json!("2012-10-17T00:00:00Z")),
        policy("statement", json!([])),
        policy("Note", json!("x")),
    ];
    let mut underscored = both.to_vec();
    underscored[1]["Condition"] = json!({"IpAddress": {"aws_SourceIp": "192.0.2.0/24"}});
    let all = exported
        .into_iter()
        .chain([only, [put_policy(&underscored)]]);
    for records in all {
        let remedy = remedy(&records);
        assert_eq!(place(&remedy, "put-bucket-policy"), None, "{remedy}");
        assert!(place(&remedy, "delete-bucket-policy").is_some());
    }
}

/// A bucket whose policy leaves all to its access points, and an access point that lets everybody in.
fn access_point(name: &str, statements: &[Value]) -> Vec<Value> {
    let mut delegation = allow(json!("*"));
    delegation["Condition"] =
        json!({"StringEquals": {"s3:DataAccessPointAccount": "111122223333"}});
    let call = |at: &str, event: &str, parameters: Value| {
        let mut record = record(at, event, parameters);
        let parameters = record["requestParameters"].as_object_mut().unwrap();
        parameters.remove("bucketName");
        record
    };
    let flags = json!({"BlockPublicAcls": false, "IgnorePublicAcls": false, "BlockPublicPolicy": false, "RestrictPublicBuckets": false});
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    vec![
        put_policy(&[delegation]),
        call(
            "2022-03-04T10:00:00Z",
            "CreateAccessPoint",
            json!({"name": name, "CreateAccessPointRequest":
                {"Bucket": "amzn-s3-demo-bucket", "PublicAccessBlockConfiguration": flags}}),
        ),
        call(
            "2022-03-04T11:00:00Z",
            "PutAccessPointPolicy",
            json!({"name": name, "PutAccessPointPolicyRequest": {"Policy": policy}}),
        ),
    ]
}

#[test]
fn an_access_points_policy_is_saved_edited_and_deleted() {
    let on_point = |principal: Value| {
        let mut statement = allow(principal);
        statement["Resource"] =
            json!("arn:aws:s3:eu-west-1:111122223333:accesspoint/feed/object/*");
        statement
    };
    let own = on_point(json!({"AWS": "111122223333"}));
    let remedy = remedy(&access_point("feed", &[on_point(json!("*")), own.clone()]));
    let save = remedy["steps"][0]["commands"].as_array().unwrap();
    assert_eq!(
        save.last().unwrap(),
        "aws s3control get-access-point-policy --account-id 111122223333 --name feed --region eu-west-1 --query Policy --output text > amzn-s3-demo-bucket.feed.access-point-policy.json"
    );
    assert_eq!(
        policies(&remedy, "put-access-point-policy"),
        [json!({"Version": "2012-10-17", "Statement": [own]})]
    );
    let (edit, undo) = place(&remedy, "put-access-point-policy").unwrap();
    let (delete, also) = place(&remedy, "delete-access-point-policy").unwrap();
    assert!(edit < delete);
    assert_eq!(undo, also);
    assert_eq!(
        undo,
        "aws s3control put-access-point-policy --account-id 111122223333 --name feed --region eu-west-1 --policy file://amzn-s3-demo-bucket.feed.access-point-policy.json"
    );
    // The bucket's own policy lets nobody in but through the access point.
    assert_eq!(place(&remedy, "put-bucket-policy"), None);
}

#[test]
fn an_access_point_with_a_name_that_aws_never_gave_gets_into_no_command() {
    let statement =
        json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"});
    for name in ["x; rm -rf ~", "--cli-input-json", "$(id)", "feed\n"] {
        let told = text_of(&access_point(name, &[statement.clone(), statement.clone()]));
        let commands = told.lines().filter(|line| line.starts_with("aws "));
        for command in commands {
            assert!(!command.contains("access-point"), "{command}");
        }
    }
}

#[test]
fn whatever_is_changed_is_saved_before() {
    let with = |record: Value, bucket: &str| {
        let text = record.to_string().replace("amzn-s3-demo-bucket", bucket);
        let mut record: Value = serde_json::from_str(&text).unwrap();
        record["eventID"] = json!(format!("{bucket}-{}", record["eventName"]));
        record
    };
    let object = json!({"key": "a", "x-amz-acl": "public-read"});
    let records = [
        with(
            record("2022-03-04T09:00:00Z", "PutObject", object),
            "objects",
        ),
        with(put_policy(&[allow(json!("*"))]), "policy"),
    ];
    let folder = folder();
    put(&folder, "logs/a.json", log(&records));
    let told = leaktrail(folder.path(), &["plan", "logs", "--format", "json"]);
    let (_, text) = told.split_once("--- stdout\n").unwrap();
    let plan: Value = serde_json::from_str(text.split_once("--- stderr").unwrap().0).unwrap();
    let remedies = plan.as_array().unwrap();
    assert_eq!(remedies.len(), 3, "{told}");
    for remedy in remedies {
        let steps = remedy["steps"].as_array().unwrap();
        let saves: Vec<&str> = steps[0]["commands"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|command| command.as_str().unwrap().rsplit_once(" > "))
            .map(|(_, file)| file)
            .collect();
        for step in &steps[1..] {
            let undo = step["undo"].as_str().unwrap();
            let file = undo.split("file://").nth(1).unwrap();
            let file = file.split([';', ' ']).next().unwrap();
            assert!(saves.contains(&file), "{undo}");
        }
    }
}
