//! Whom does each form of policy let in? The condition table, the principals, resources and Denys, one named test a row.
//!
//! Facts from the S3 User Guide ("The meaning of public") and the IAM User Guide (principals, condition operators).
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use leaktrail::event::{Acl, BlockFlags, Policy};
use leaktrail::exposure::{
    AclSetting, Answer, BlockSetting, BucketState, Edition, Judgement, Known, Owner, PolicyInForce,
    PolicyKind, PolicyMeaning, Verdict, judge,
};
use leaktrail::vocab::{AccountId, BucketName};
use serde_json::{Value, json};
use std::sync::Arc;

fn judged(policy: &Value) -> Judgement {
    let owner = Owner {
        account: AccountId::parse("111122223333"),
        ..Owner::default()
    };
    let policy = Policy::parse(policy).expect("a policy");
    let meaning = PolicyMeaning::of(&policy, &owner, PolicyKind::Bucket);
    let state = BucketState {
        policy: Known::Observed(Some(Arc::new(PolicyInForce { policy, meaning }))),
        acl: Known::Observed(Arc::new(Acl::owner_only())),
        ownership: Known::Observed(AclSetting::Enabled),
        block: Known::Observed(BlockSetting::Exactly(BlockFlags::NONE)),
    };
    judge(&state, &Known::Observed(BlockFlags::NONE), &owner)
}

fn with(statement: Value) -> Value {
    let mut whole = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"});
    for (key, value) in statement.as_object().expect("an object") {
        if value.is_null() {
            whole.as_object_mut().expect("an object").remove(key);
        } else {
            whole[key] = value.clone();
        }
    }
    whole
}

fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements.iter().cloned().map(with).collect::<Vec<_>>()})
}

fn check(
    statements: &[Value],
    aws_public: Answer,
    verdict: Verdict,
    principals: &[&str],
    permissions: &[&str],
) {
    let judged = judged(&policy(statements));
    let shown: Vec<&str> = judged
        .reach
        .principals
        .iter()
        .map(|name| name.reveal())
        .collect();
    let classes: Vec<&str> = judged
        .reach
        .permissions
        .iter()
        .map(|class| class.name())
        .collect();
    assert_eq!(
        (judged.aws_public, judged.verdict),
        (aws_public, verdict),
        "{}",
        judged.reason.reveal()
    );
    assert_eq!(shown, principals, "{}", judged.reason.reveal());
    assert_eq!(classes, permissions, "{}", judged.reason.reveal());
}

use Answer::{False, True, Unknown};
use Verdict::{CrossAccount, Limited, Private, Public};

/// One named test a row: statements, S3's word, ours, who, what.
macro_rules! rows {
    ($($name:ident: [$($statement:tt),+] => $aws:expr, $verdict:expr, $principals:expr, $permissions:expr;)+) => {
        $(#[test] fn $name() { check(&[$(json!($statement)),+], $aws, $verdict, &$principals, &$permissions); })+
    };
}

// Principals.
rows! {
    a_star_is_everyone: [{"Principal": "*"}] => True, Public, ["everyone"], ["read"];
    a_star_under_aws_is_everyone: [{"Principal": {"AWS": ["*"]}}] => True, Public, ["everyone"], ["read"];
    everybody_but_one_is_everyone: [{"Principal": null, "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/bob"}}] => True, Public, ["everyone"], ["read"];
    a_foreign_account_is_an_outsider: [{"Principal": {"AWS": "444455556666"}}] => False, CrossAccount, ["444455556666"], ["read"];
    a_foreign_role_is_an_outsider: [{"Principal": {"AWS": "arn:aws:iam::444455556666:role/app"}}] => False, CrossAccount, ["arn:aws:iam::444455556666:role/app"], ["read"];
    the_own_account_is_private: [{"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}] => False, Private, [], [];
    a_canonical_id_is_an_outsider: [{"Principal": {"CanonicalUser": "79a5"}}] => False, CrossAccount, ["79a5"], ["read"];
    a_service_is_limited: [{"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject"}] => False, Limited, ["cloudtrail.amazonaws.com"], ["write"];
    an_origin_access_identity_is_limited: [{"Principal": {"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE"}}] => False, Limited, ["arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE"], ["read"];
    a_deleted_principal_is_nobody: [{"Principal": {"AWS": "AIDACKCEVSQ6C2EXAMPLE"}}] => False, Private, [], [];
    a_wildcard_in_an_arn_is_undocumented: [{"Principal": {"AWS": "arn:aws:iam::*:root"}}] => Unknown, Verdict::Unknown, ["arn:aws:iam::*:root"], ["read"];
    no_principal_is_undocumented: [{"Principal": null}] => Unknown, Verdict::Unknown, [""], ["read"];
    a_web_identity_is_undocumented: [{"Principal": {"Federated": "graph.facebook.com"}}] => Unknown, Verdict::Unknown, ["graph.facebook.com"], ["read"];
}

// Conditions that hold a wildcard principal to something fixed.
rows! {
    a_vpc_holds: [{"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}}] => False, Limited, ["everyone"], ["read"];
    keys_have_no_case: [{"Condition": {"StringEquals": {"AWS:sourcevpce": "vpce-1a2b3c4d"}}}] => False, Limited, ["everyone"], ["read"];
    an_address_holds: [{"Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.7"]}}}] => False, Limited, ["everyone"], ["read"];
    an_address_holds_even_if_it_exists: [{"Condition": {"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}}] => False, Limited, ["everyone"], ["read"];
    a_source_arn_holds: [{"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:topic"}}}] => False, Limited, ["everyone"], ["read"];
    an_organization_is_an_outsider: [{"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}] => False, CrossAccount, ["o-a1b2c3d4e5"], ["read"];
    roles_of_the_own_account_are_private: [{"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app-*"}}}] => False, Private, [], [];
    one_condition_of_two_is_enough: [{"Condition": {"StringLike": {"aws:SourceVpc": "vpc-*"}, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}] => False, Limited, ["everyone"], ["read"];
    an_access_point_of_a_fixed_account_holds: [{"Condition": {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:111122223333:accesspoint/*"}}}] => False, Limited, ["everyone"], ["read"];
}

// Conditions that only narrow.
rows! {
    a_wildcard_value_spoils_the_list: [{"Condition": {"StringLike": {"aws:SourceVpce": ["vpce-1a2b3c4d", "vpce-*"]}}}] => True, Public, ["everyone"], ["read"];
    a_policy_variable_is_not_fixed: [{"Condition": {"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}}] => True, Public, ["everyone"], ["read"];
    an_absent_key_passes_if_exists: [{"Condition": {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}] => True, Public, ["everyone"], ["read"];
    an_absent_key_passes_for_all_values: [{"Condition": {"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/"}}}] => True, Public, ["everyone"], ["read"];
    a_negated_operator_restricts_nobody: [{"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}] => True, Public, ["everyone"], ["read"];
    a_range_wider_than_slash_8_is_public: [{"Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "54.0.0.0/7"]}}}] => True, Public, ["everyone"], ["read"];
    a_referer_can_be_forged: [{"Condition": {"StringLike": {"aws:Referer": "https://www.example.com/*"}}}] => True, Public, ["everyone"], ["read"];
    tls_narrows_nobody: [{"Condition": {"Bool": {"aws:SecureTransport": "true"}}}] => True, Public, ["everyone"], ["read"];
    a_user_name_needs_an_account: [{"Condition": {"StringEquals": {"aws:username": "alice"}}}] => True, Public, ["any-aws-account"], ["read"];
    any_principal_arn_needs_an_account: [{"Condition": {"Null": {"aws:PrincipalArn": "false"}}}] => True, Public, ["any-aws-account"], ["read"];
    any_organization_needs_an_account: [{"Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}}] => True, Public, ["any-aws-account"], ["read"];
    a_role_name_in_any_account_needs_an_account: [{"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/Andrew"}}}] => True, Public, ["any-aws-account"], ["read"];
    a_condition_of_nothing_is_none: [{"Condition": {}}] => True, Public, ["everyone"], ["read"];
}

// Actions and resources.
rows! {
    write_and_its_acl_are_two_classes: [{"Action": ["s3:PutObject", "s3:PutObjectAcl"]}] => True, Public, ["everyone"], ["write", "write-acl"];
    an_object_action_needs_objects: [{"Resource": "arn:aws:s3:::b"}] => True, Private, ["everyone"], [];
    a_bucket_action_needs_the_bucket: [{"Action": "s3:ListBucket"}] => True, Private, ["everyone"], [];
    list_and_read: [{"Action": ["s3:ListBucket", "s3:GetObject"], "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}] => True, Public, ["everyone"], ["list", "read"];
    setting_the_policy_is_for_the_owner: [{"Action": "s3:PutBucketPolicy", "Resource": "arn:aws:s3:::b"}] => True, Private, ["everyone"], ["takeover"];
    an_unlisted_action_is_public_and_useless: [{"Action": "s3:NotASupportedAction"}] => True, Private, ["everyone"], [];
    other_services_grant_nothing_here: [{"Action": "sqs:SendMessage"}] => True, Private, ["everyone"], [];
    any_get_reads_and_reads_acls: [{"Action": "s3:Get*"}] => True, Public, ["everyone"], ["read", "read-acl", "other"];
    all_but_delete: [{"Action": null, "NotAction": "s3:Delete*", "Resource": "arn:aws:s3:::b/*"}] => True, Public, ["everyone"], ["read", "write", "delete", "read-acl", "write-acl", "other"];
}

// Deny.
rows! {
    a_deny_of_all_takes_all: [{}, {"Effect": "Deny", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}] => Unknown, Private, [], [];
    a_deny_alone_grants_nothing: [{"Effect": "Deny", "Action": "s3:*"}] => False, Private, [], [];
    a_deny_outside_a_network_holds: [{}, {"Effect": "Deny", "Action": "s3:*", "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}] => Unknown, Limited, ["everyone"], ["read"];
    a_deny_outside_an_organization_holds: [{}, {"Effect": "Deny", "Action": "s3:*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}] => Unknown, CrossAccount, ["o-a1b2c3d4e5"], ["read"];
    a_deny_that_asks_for_the_key_lets_strangers_by: [{}, {"Effect": "Deny", "Action": "s3:*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:PrincipalOrgID": "false"}}}] => Unknown, Public, ["everyone"], ["read"];
    a_deny_of_plain_http_changes_nothing: [{}, {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}] => True, Public, ["everyone"], ["read"];
    a_deny_elsewhere_changes_nothing: [{"Resource": "arn:aws:s3:::b/a/*"}, {"Effect": "Deny", "Resource": "arn:aws:s3:::b/b/*"}] => True, Public, ["everyone"], ["read"];
    a_deny_of_a_part_leaves_the_rest: [{}, {"Effect": "Deny", "Resource": "arn:aws:s3:::b/private/*"}] => True, Public, ["everyone"], ["read"];
    a_deny_of_one_action_leaves_the_others: [{"Action": ["s3:GetObject", "s3:PutObject"]}, {"Effect": "Deny", "Action": "s3:PutObject"}] => True, Public, ["everyone"], ["read"];
}

// What a second opinion or a hard look found wrong once.
rows! {
    a_deny_of_some_files_by_a_wildcard_is_no_deny_of_all: [{}, {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*.pdf"}] => True, Public, ["everyone"], ["read"];
    a_deny_of_all_but_a_prefix_takes_what_lies_outside: [{"Resource": "arn:aws:s3:::b/private/*"}, {"Effect": "Deny", "Resource": null, "NotResource": "arn:aws:s3:::b/public/*"}] => Unknown, Private, [], [];
    a_conditional_deny_of_one_action_leaves_the_others_open: [{"Action": ["s3:GetObject", "s3:PutObject"]}, {"Effect": "Deny", "Action": "s3:PutObject", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}] => True, Public, ["everyone"], ["read"];
    a_deny_that_the_grant_excuses_takes_nothing: [{"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}, {"Effect": "Deny", "Action": "s3:*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}] => False, Limited, ["everyone"], ["read"];
    a_deny_of_the_granted_account_is_not_passed_over: [{"Principal": {"AWS": "444455556666"}}, {"Effect": "Deny", "Action": "s3:*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}}] => False, Private, [], [];
    an_account_held_to_another_one_is_nobody: [{"Principal": {"AWS": "444455556666"}, "Condition": {"StringEquals": {"aws:PrincipalAccount": "777788889999"}}}] => False, Private, [], [];
    a_made_up_key_is_undocumented: [{"Condition": {"StringEquals": {"aws:MadeUp": "x"}}}] => Unknown, Verdict::Unknown, ["everyone"], ["read"];
    a_made_up_operator_is_undocumented: [{"Condition": {"StringMatches": {"aws:SourceVpc": "vpc-91237329"}}}] => Unknown, Verdict::Unknown, ["everyone"], ["read"];
    a_made_up_operator_leaves_a_fixed_principal_undecided: [{"Principal": {"AWS": "444455556666"}, "Condition": {"StringMatches": {"aws:SourceVpc": "vpc-91237329"}}}] => False, Verdict::Unknown, ["444455556666"], ["read"];
    a_misspelt_element_is_no_condition_that_may_be_dropped: [{"Conditions": {"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}}] => Unknown, Verdict::Unknown, ["everyone"], ["read"];
    a_condition_that_is_no_object_is_undocumented: [{"Condition": "aws:SourceVpc"}] => Unknown, Verdict::Unknown, ["everyone"], ["read"];
    an_optional_number_passes_without_its_key: [{"Condition": {"NumericLessThanIfExists": {"s3:signatureAge": "600000"}}}] => True, Public, ["everyone"], ["read"];
    a_text_wildcard_before_the_account_runs_on: [{"Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws*:iam::111122223333:role/app"}}}] => True, Public, ["any-aws-account"], ["read"];
    the_own_account_by_variable_is_public_for_s3_and_private: [{"Condition": {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}}] => True, Private, [], [];
    folders_by_user_name_need_an_account: [{"Resource": "arn:aws:s3:::b/home/${aws:username}/*"}] => True, Public, ["any-aws-account"], ["read"];
    an_organizations_endpoint_is_an_unlisted_value: [{"Condition": {"StringEquals": {"aws:SourceVpcArn": "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-91237329"}}}] => Unknown, Limited, ["everyone"], ["read"];
    a_region_of_access_points_is_more_than_a_name: [{"Condition": {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:*:123456789012:accesspoint/*"}}}] => Unknown, Limited, ["everyone"], ["read"];
    a_root_users_id_is_its_account: [{"Condition": {"StringLike": {"aws:userid": ["AROAEXAMPLEROLEID:*", "444455556666"]}}}] => Unknown, CrossAccount, ["444455556666"], ["read"];
    other_partitions_read_the_same: [{"Principal": {"AWS": "arn:aws-cn:iam::444455556666:root"}, "Resource": "arn:aws-cn:s3:::b/*"}] => False, CrossAccount, ["arn:aws-cn:iam::444455556666:root"], ["read"];
    a_mixed_grant_of_what_only_the_owner_can_use: [{"Action": ["s3:GetObject", "s3:PutBucketPolicy"], "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}] => True, Public, ["everyone"], ["read"];
}

#[test]
fn a_deny_with_not_principal_is_named_and_undecided() {
    let deny = json!({"Sid": "But us", "Effect": "Deny", "Principal": null, "NotPrincipal": {"AWS": "111122223333"}, "Action": "s3:*"});
    let judged = judged(&policy(&[json!({}), deny]));
    assert_eq!(judged.verdict, Public);
    assert!(
        judged
            .reason
            .reveal()
            .ends_with("the Deny `But us` may take it away"),
        "{}",
        judged.reason.reveal()
    );
}

#[test]
fn what_a_policy_says_of_another_bucket_is_nothing() {
    let owner = Owner {
        bucket: BucketName::parse("b"),
        ..Owner::default()
    };
    let meaning = |resource: &str| {
        let policy = Policy::parse(&policy(&[json!({"Resource": resource})])).expect("a policy");
        PolicyMeaning::of(&policy, &owner, PolicyKind::Bucket)
            .grants
            .iter()
            .any(|grant| grant.is_usable())
    };
    assert!(meaning("arn:aws:s3:::b/*"));
    assert!(!meaning("arn:aws:s3:::other/*"));
}

#[test]
fn an_earlier_edition_is_marked_where_it_read_otherwise() {
    let kms = json!({"Action": "s3:PutObject", "Condition": {"StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:111122223333:key/k"}}});
    let policy = Policy::parse(&policy(&[kms])).expect("a policy");
    let marked = |edition| {
        let meaning =
            PolicyMeaning::put_under(edition, &policy, &Owner::default(), PolicyKind::Bucket);
        meaning
            .grants
            .iter()
            .any(|grant| grant.qualifiers.contains(&"rule_edition".into()))
    };
    assert!(marked(Edition::Early) && marked(Edition::Middle) && !marked(Edition::Today));
}

#[test]
fn an_undecided_deny_leaves_the_grant_and_is_named() {
    let deny = json!({"Sid": "Odd", "Effect": "Deny", "Condition": {"StringNotLike": {"aws:UserAgent": "inside*"}}});
    let judged = judged(&policy(&[json!({}), deny]));
    assert_eq!((judged.verdict, judged.aws_public), (Public, Unknown));
    let assumed: Vec<&str> = judged
        .assumptions
        .iter()
        .map(|assumption| assumption.name())
        .collect();
    assert_eq!(assumed, ["deny-undecided"]);
}

#[test]
fn policies_of_2008_have_no_variables() {
    let mut old = policy(&[
        json!({"Condition": {"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}}),
    ]);
    old["Version"] = json!("2008-10-17");
    assert_eq!(judged(&old).verdict, Verdict::Unknown);
}
