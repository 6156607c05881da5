//! What does a user see? Whole commands: exit status, stdout and stderr together.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;

use program::{folder, leaktrail, log, public_policy, put, story};
use std::fs;

#[test]
fn a_missing_source_is_an_error_that_says_what_to_give() {
    insta::assert_snapshot!(leaktrail(folder().path(), &["scan", "nowhere"]), @r#"
        exit status 1
        --- stdout
        --- stderr
        error: `nowhere` does not exist
        hint: give a CloudTrail log file, or a folder with log files below it
        "#);
}

#[test]
fn a_missing_known_state_is_an_error_that_says_what_it_should_hold() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    let words = [
        "scan",
        "logs",
        "--known-state",
        "nope",
        "--at",
        "2024-03-04",
    ];
    insta::assert_snapshot!(leaktrail(folder.path(), &words), @r#"
        exit status 1
        --- stdout
        --- stderr
        error: cannot use the known state: `nope` does not exist
        hint: give a folder with `<bucket>/policy.json`, `acl.json`, `block.json` or `ownership.json`, as the AWS CLI prints them
        "#);
}

#[test]
fn an_empty_source_is_an_error_that_says_what_was_looked_for() {
    let folder = folder();
    fs::create_dir(folder.path().join("logs")).expect("a folder");
    insta::assert_snapshot!(leaktrail(folder.path(), &["scan", "logs"]), @r#"
        exit status 1
        --- stdout
        --- stderr
        error: no file in `logs`
        hint: looked in every folder below for CloudTrail log files (`*.json.gz`, `*.json`)
        "#);
}

#[test]
fn a_wrong_flag_is_named() {
    insta::assert_snapshot!(leaktrail(folder().path(), &["scan", "logs", "--frmo", "2024-01-01"]), @r#"
        exit status 2
        --- stdout
        --- stderr
        error: unexpected argument '--frmo' found

          tip: a similar argument exists: '--from'

        Usage: leaktrail scan --from <TIME> <SOURCE>...

        For more information, try '--help'.
        "#);
}

#[test]
fn arguments_that_cannot_be_meant_name_the_usage_of_their_command() {
    let folder = folder();
    let span = ["--from", "2024-01-02", "--to", "2024-01-01"];
    for (words, usage) in [
        (
            [&["scan", "logs"][..], &span].concat(),
            "scan [OPTIONS] <SOURCE>...",
        ),
        (
            [&["plan", "logs"][..], &span].concat(),
            "plan [OPTIONS] <SOURCE>...",
        ),
        (
            vec!["scan", "-", "--store", "kept"],
            "scan [OPTIONS] <SOURCE>...",
        ),
    ] {
        let told = leaktrail(folder.path(), &words);
        assert!(told.starts_with("exit status 2\n"), "{words:?}: {told}");
        assert!(
            told.contains(&format!("Usage: leaktrail {usage}")),
            "{words:?}: {told}"
        );
    }
}

#[test]
fn a_wrong_date_says_the_expected_form() {
    insta::assert_snapshot!(leaktrail(folder().path(), &["scan", "logs", "--from", "yesterday"]), @r#"
        exit status 2
        --- stdout
        --- stderr
        error: invalid value 'yesterday' for '--from <TIME>': expected RFC 3339 (2024-01-31T12:00:00Z), a date (2024-01-31) or days back (30d)

        For more information, try '--help'.
        "#);
}

#[test]
fn a_wrong_size_format_account_and_preset_say_what_is_expected() {
    for (words, expected) in [
        (
            &["scan", "logs", "--max-inflated", "lots"][..],
            "expected a size such as 512MiB or 2GiB",
        ),
        (
            &["scan", "logs", "-o", "out", "-f", "xml"],
            "csv, parquet, jsonl",
        ),
        (&["scan", "logs", "--account", "me"], "twelve digits"),
        (
            &["filter", "logs", "--preset", "nonesuch"],
            "bucket-policy-change",
        ),
        (&["scan", "logs", "--threads", "0"], "1 to 1024"),
        (
            &["scan", "logs", "--from", "2024-02-01", "--to", "2024-02-01"],
            "--from must be earlier than --to",
        ),
        (
            &[
                "scan",
                "logs",
                "--read-from",
                "2024-02-02",
                "--read-to",
                "2024-02-01",
            ],
            "--read-from must not be later than --read-to",
        ),
    ] {
        let told = leaktrail(folder().path(), words);
        assert!(
            told.starts_with("exit status 2\n") && told.contains(expected),
            "{words:?}: {told}"
        );
    }
}

#[test]
fn an_output_folder_that_cannot_be_written_is_an_error_before_the_scan() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    put(&folder, "out", "a file is in the way");
    let told = leaktrail(folder.path(), &["scan", "logs", "-o", "out"]);
    assert!(
        told.starts_with("exit status 1\n--- stdout\n--- stderr\nerror: "),
        "{told}"
    );
    assert!(told.contains("`out`"), "{told}");
}

#[test]
fn an_earlier_report_is_replaced_only_by_force() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    assert!(
        leaktrail(folder.path(), &["scan", "logs", "-o", "out", "-q"]).starts_with("exit status 0")
    );
    let told = leaktrail(folder.path(), &["scan", "logs", "-o", "out", "-q"]);
    assert!(
        told.starts_with("exit status 1") && told.contains("--force"),
        "{told}"
    );
    assert!(
        leaktrail(
            folder.path(),
            &["scan", "logs", "-o", "out", "-q", "--force", "-f", "csv"]
        )
        .starts_with("exit status 0")
    );
    assert!(
        !folder.path().join("out/exposures.parquet").exists(),
        "a stale table stayed"
    );
}

#[test]
fn the_report_goes_to_stdout_and_nothing_to_stderr() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    insta::assert_snapshot!(leaktrail(folder.path(), &["scan", "logs"]), @r"
        exit status 0
        --- stdout
        1 bucket was exposed; it is closed. 1 bucket cannot be decided.

            evidence    2024-03-04T08:59:00Z to 2024-03-04T10:00:00Z
            files       1: 1 read, 0 skipped, 0 lost
            records     3: 3 used, 0 of no interest here, 0 repeated, 0 lost

                                     2024-03-04 08:59                                       2024-03-04 10:00
          amzn-s3-demo-bucket        ?██████████████████████████████████████████████████████████████████████

        █ public  ▓ cross-account  ▒ limited  ? unknown  · private  ╌ latent  ╱ no evidence  ▁▃▇ came in

        Closed (1)

          amzn-s3-demo-bucket
            open to     the public
            principals  everyone
            owner       account 111122223333, eu-west-1
            when        2024-03-04T09:00:00Z until 2024-03-04T10:00:00Z
                        what was before is not in the evidence
            lasted      at least 1 h
            may         read
            on          *
            through     bucket-policy
            opened by   arn:aws:iam::111122223333:user/alice
                        IAMUser, from 203.0.113.9
                        aws-cli/2.15
                        PutBucketPolicy
                        event 2024-03-04T09:00:00Z-PutBucketPolicy
                        record 1 of logs/a.json
            closed by   arn:aws:iam::111122223333:user/alice
                        IAMUser, from 203.0.113.9
                        aws-cli/2.15
                        DeleteBucketPolicy
                        event 2024-03-04T10:00:00Z-DeleteBucketPolicy
                        record 2 of logs/a.json
            came in     nobody could have been seen: the evidence holds no data events of this bucket
            assumed     the account's public access block was never seen; taken as off

        Undecided (1 bucket)
        The evidence does not decide who could get in:
          - for some of the time: amzn-s3-demo-bucket

        What this evidence cannot tell
          - acl-unseen: the bucket's ACL was never seen; taken as the owner's only (0 exposures, 1 interval)
          - account-block-unseen: the account's public access block was never seen; taken as off (1
            exposure, 1 interval)
          - which objects were public by their own ACL, and who came in, where data events of the bucket
            were not recorded
          - where an access point leads that was made before the first record
          - what happened before the first record, or in a Region without records

        Where the evidence ends
          - account 111122223333, eu-west-1: 2024-03-04T10:00:00Z
        --- stderr
        ");
}

#[test]
fn the_filter_prints_matching_records_as_they_were_written() {
    let folder = folder();
    let written =
        "{\"eventSource\" : \"s3.amazonaws.com\",\"eventName\":\"PutBucketCors\",\"x\":1.50}";
    put(
        &folder,
        "logs/a.json",
        format!(
            "{{\"Records\":[{written},{{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\"}}]}}"
        ),
    );
    let told = leaktrail(
        folder.path(),
        &["filter", "logs", "--preset", "bucket-policy-change", "-q"],
    );
    assert_eq!(
        told,
        format!("exit status 0\n--- stdout\n{written}\n--- stderr\n")
    );
}

#[test]
fn rows_are_limited_and_state_is_not() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    let exposures = |words: &[&str]| {
        let all = [
            &["scan", "logs", "-o", "out", "-q", "--force", "-f", "jsonl"],
            words,
        ]
        .concat();
        assert!(
            leaktrail(folder.path(), &all).starts_with("exit status 0"),
            "{words:?}"
        );
        fs::read_to_string(folder.path().join("out/exposures.jsonl"))
            .expect("exposures.jsonl")
            .lines()
            .count()
    };
    assert_eq!(exposures(&[]), 1);
    assert_eq!(exposures(&["--from", "2024-03-04T09:30:00Z"]), 1);
    assert_eq!(exposures(&["--from", "2024-03-04T10:00:00Z"]), 0);
    assert_eq!(exposures(&["--to", "2024-03-04T09:00:00Z"]), 0);
    assert_eq!(exposures(&["--bucket", "amzn-*"]), 1);
    assert_eq!(exposures(&["--bucket", "other"]), 0);
    assert_eq!(exposures(&["--account", "444455556666"]), 0);
    assert_eq!(exposures(&["--region", "eu-west-1"]), 1);
}

#[test]
fn judge_tells_verdict_reason_and_what_decided() {
    let folder = folder();
    put(
        &folder,
        "policy.json",
        public_policy()["bucketPolicy"].to_string(),
    );
    put(
        &folder,
        "block.json",
        "{\"PublicAccessBlockConfiguration\":{\"RestrictPublicBuckets\":true}}",
    );
    insta::assert_snapshot!(leaktrail(folder.path(), &["judge", "policy.json"]), @r#"
        exit status 0
        --- stdout
        public (proven)
          reason: the bucket policy lets in anyone from outside, and no block or ownership setting silences it (S3 User Guide: the meaning of public)
          decided by: statement 1
          who: everyone
          may: read
          on: *
          through: bucket-policy
          S3 calls the policy public: true
        --- stderr
        not given, and taken as absent: ACL, public access block, ownership
        "#);
    insta::assert_snapshot!(leaktrail(folder.path(), &["judge", "policy.json", "block.json", "--format", "json"]), @r#"
        exit status 0
        --- stdout
        {
          "verdict": "private",
          "aws_public": "true",
          "certainty": "proven",
          "assumptions": [],
          "permissions": [],
          "principals": [],
          "resources": [],
          "qualifiers": [],
          "mechanisms": [],
          "latent": true,
          "decided_by": [
            "statement 1"
          ],
          "reason": "RestrictPublicBuckets silences the public bucket policy (S3 User Guide: blocking public access)"
        }
        --- stderr
        not given, and taken as absent: ACL, ownership
        "#);
}

#[test]
fn judge_refuses_what_it_cannot_use() {
    let folder = folder();
    put(&folder, "note.json", "{\"a\": 1}");
    put(&folder, "broken.json", "{\"Statement\": [");
    put(&folder, "denied.json", saved_error("AccessDenied"));
    put(&folder, "none.json", saved_error("NoSuchBucketPolicy"));
    put(&folder, "policy.json", "{\"Statement\": []}");
    for (words, expected) in [
        (&["judge", "note.json"][..], "neither a policy"),
        (&["judge", "broken.json"], "it is no JSON"),
        (
            &["judge", "denied.json"],
            "no error of the AWS CLI that says that there is nothing",
        ),
        (
            &["judge", "none.json", "policy.json"],
            "`policy.json` is a second policy",
        ),
        (
            &["judge", "policy.json", "--account-block", "none.json"],
            "is no public access block",
        ),
        (&["judge", "absent.json"], "cannot read `absent.json`"),
    ] {
        let told = leaktrail(folder.path(), words);
        assert!(
            told.starts_with("exit status 1\n") && told.contains(expected),
            "{words:?}: {told}"
        );
    }
}

/// What the AWS CLI prints in place of a document.
fn saved_error(code: &str) -> String {
    format!("\nAn error occurred ({code}) when calling an operation: whatever it says\n")
}

/// What the loop of README.md saves is what judge takes: an error says that there is nothing.
#[test]
fn judge_takes_the_errors_that_tell_of_nothing() {
    let folder = folder();
    let acl = r#"{"Owner": {"ID": "a"}, "Grants": [{"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}]}"#;
    put(&folder, "policy.json", saved_error("NoSuchBucketPolicy"));
    put(&folder, "acl.json", acl);
    let block = saved_error("NoSuchPublicAccessBlockConfiguration");
    put(&folder, "block.json", &block);
    put(
        &folder,
        "ownership.json",
        saved_error("OwnershipControlsNotFoundError"),
    );
    put(&folder, "account-block.json", block);
    insta::assert_snapshot!(leaktrail(folder.path(), &["judge", "policy.json", "acl.json", "block.json", "ownership.json", "--account-block", "account-block.json"]), @r#"
        exit status 0
        --- stdout
        public (proven)
          reason: the bucket ACL lets in anyone from outside, and no block or ownership setting silences it (S3 User Guide: the meaning of public)
          decided by: ACL grant to everyone
          who: everyone
          may: list
          on: bucket
          through: bucket-acl
          S3 calls the policy public: false
        --- stderr
        "#);
}
