//! What does `leaktrail plan` propose, and can it be pasted into a shell whatever a policy says?
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;

use program::{folder, leaktrail, log, put, record};
use serde_json::{Value, json};
use std::process::Command;

const BUCKET: &str = "arn:aws:s3:::amzn-s3-demo-bucket/*";

/// The one bucket's remedy.
fn remedy(records: &[Value]) -> Value {
    let folder = folder();
    put(&folder, "logs/a.json", log(records));
    let told = leaktrail(folder.path(), &["plan", "logs", "--format", "json"]);
    let (_, text) = told.split_once("--- stdout\n").unwrap();
    let plan: Value = serde_json::from_str(text.split_once("--- stderr").unwrap().0).unwrap();
    assert_eq!(plan.as_array().unwrap().len(), 1, "{told}");
    plan[0].clone()
}

fn text_of(records: &[Value]) -> String {
    let folder = folder();
    put(&folder, "logs/a.json", log(records));
    leaktrail(folder.path(), &["plan", "logs"])
}

fn allow(principal: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": BUCKET})
}

fn put_policy(statements: &[Value]) -> Value {
    let policy = json!({"Version": "2012-10-17", "Id": "p", "Statement": statements});
    record(
        "2022-03-04T09:00:00Z",
        "PutBucketPolicy",
        json!({ "bucketPolicy": policy }),
    )
}

/// The arguments that a shell gives to `aws` for a command; whatever else it would run is an error.
fn arguments(command: &str) -> Vec<String> {
    let script = format!("aws() {{ for it; do printf '%s\\0' \"$it\"; done; }}\n{command}");
    let output = Command::new("/bin/sh")
        .args(["-c", &script])
        .env_clear()
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{command}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// The commands of a verb, each as a shell takes it.
fn commands(remedy: &Value, verb: &str) -> Vec<Vec<String>> {
    let steps = remedy["steps"].as_array().unwrap().iter();
    let commands = steps.flat_map(|step| step["commands"].as_array().unwrap());
    let of_verb = commands
        .map(|command| command.as_str().unwrap())
        .filter(|command| command.contains(&format!(" {verb} ")) && !command.contains(" > "));
    of_verb.map(arguments).collect()
}

/// The policies that commands of a verb would put.
fn policies(remedy: &Value, verb: &str) -> Vec<Value> {
    let policy = |words: Vec<String>| {
        let at = words.iter().position(|word| word == "--policy").unwrap();
        serde_json::from_str(&words[at + 1]).unwrap()
    };
    commands(remedy, verb).into_iter().map(policy).collect()
}

/// Where a step with that verb stands, and what undoes it.
fn place(remedy: &Value, verb: &str) -> Option<(usize, String)> {
    let steps = remedy["steps"].as_array().unwrap();
    let is = |step: &Value| {
        let command = step["commands"][0].as_str().unwrap();
        command.contains(&format!(" {verb} "))
    };
    let at = steps.iter().position(is)?;
    Some((at, steps[at]["undo"].as_str().unwrap().to_owned()))
}

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
