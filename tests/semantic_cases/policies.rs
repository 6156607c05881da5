//! Whom does each form of policy let in, and does S3 call it public?

use super::{bare, in_force, judged, shown, statement};
use leaktrail::exposure::{Answer, BucketState, PolicyKind, Verdict};
use serde_json::{Value, json};

/// What a policy case expects.
struct Expected<'e> {
    aws_public: Answer,
    verdict: Verdict,
    principals: &'e [&'e str],
    permissions: &'e [&'e str],
}

fn check_policy(kind: PolicyKind, version: &str, statements: &[Value], expected: &Expected) {
    let statements: Vec<Value> = statements.iter().map(statement).collect();
    let policy = json!({"Version": version, "Statement": statements});
    let state = BucketState {
        policy: in_force(&policy, kind),
        ..bare()
    };
    let judged = judged(&state);
    let reason = judged.reason.reveal();
    assert_eq!(
        (judged.aws_public, judged.verdict),
        (expected.aws_public, expected.verdict),
        "{reason}"
    );
    assert_eq!(
        shown(&judged),
        (expected.principals.to_vec(), expected.permissions.to_vec()),
        "{reason}"
    );
}

use Answer::{False, True, Unknown};
use Verdict::{CrossAccount, Limited, Private, Public};

/// Rows of policies: kind, version, statements => what S3 calls it, the verdict, whom it lets in, to do what.
macro_rules! policies {
    ($($name:ident: $kind:ident $version:literal [$($statement:tt),*] => $aws:expr, $verdict:expr, $principals:expr, $permissions:expr;)+) => {
        $(#[test] fn $name() {
            let expected = Expected { aws_public: $aws, verdict: $verdict, principals: &$principals, permissions: &$permissions };
            check_policy(PolicyKind::$kind, $version, &[$(json!($statement)),*], &expected);
        })+
    };
}

// Policies.
policies! {
    p002_aws_is_equivalent_to: Bucket "2012-10-17" [{"Principal": {"AWS": "*"}}]
        => True, Public, ["everyone"], ["read"];
    p003_array_form_of_the_wildcard: Bucket "2012-10-17" [{"Principal": {"AWS": ["*"]}}]
        => True, Public, ["everyone"], ["read"];
    p006_fixed_aws_principal_account_id_form_of_another_account: Bucket "2012-10-17" [{"Principal": {"AWS": "444455556666"}}]
        => False, CrossAccount, ["444455556666"], ["read"];
    p008_several_fixed_principals_stay_fixed: Bucket "2012-10-17" [{"Principal": {"AWS": ["arn:aws:iam::444455556666:root", "arn:aws:iam::777788889999:role/reader"]}}]
        => False, CrossAccount, ["arn:aws:iam::444455556666:root", "arn:aws:iam::777788889999:role/reader"], ["read"];
    p009_cloudfront_oai_is_a_fixed_principal: Bucket "2012-10-17" [{"Principal": {"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE"}}]
        => False, Limited, ["arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE"], ["read"];
    p010_canonical_user_id_is_a_fixed_principal: Bucket "2012-10-17" [{"Principal": {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}}]
        => False, CrossAccount, ["79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"], ["read"];
    p011_service_principal_is_a_fixed_value_no_condition_needed: Bucket "2012-10-17" [{"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject"}]
        => False, Limited, ["cloudtrail.amazonaws.com"], ["write"];
    p013_real_policy_seen_in_sans_lab_log_ispublic_read: Bucket "2012-10-17" [{"Principal": {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}, "Action": "s3:PutObject", "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}}]
        => False, Limited, ["cloudtrail.amazonaws.com", "config.amazonaws.com"], ["write"];
    p017_allow_notprincipal_grants_to_everyone_else_including_unauthenticated_callers: Bucket "2012-10-17" [{"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/bob"}, "Principal": null}]
        => True, Public, ["everyone"], ["read"];
    p018_only_a_deny_nothing_is_granted: Bucket "2012-10-17" [{"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::444455556666:user/bob", "arn:aws:iam::444455556666:root"]}, "Action": "s3:*", "Resource": ["B:", "B:/*"], "Principal": null}]
        => False, Private, [], [];
    p019_statement_may_be_a_single_object: Bucket "2012-10-17" [{}]
        => True, Public, ["everyone"], ["read"];
    p021_notaction_still_grants_everything_else: Bucket "2012-10-17" [{"NotAction": "s3:DeleteObject", "Action": null}]
        => True, Public, ["everyone"], ["read", "write", "delete", "read-acl", "write-acl", "other"];
    p022_notresource_still_grants_the_rest: Bucket "2012-10-17" [{"NotResource": "B:/private/*", "Resource": null}]
        => True, Public, ["everyone"], ["read"];
    p024_write_only_exposure: Bucket "2012-10-17" [{"Action": ["s3:PutObject", "s3:PutObjectAcl"]}]
        => True, Public, ["everyone"], ["write", "write-acl"];
    p025_policy_is_public_for_bpa_in_practice_an_identity: Bucket "2012-10-17" [{"Action": "s3:PutBucketPolicy", "Resource": "B:"}]
        => True, Private, ["everyone"], ["takeover"];
    p026_prefix_scope_does_not_matter_to_ispublic_record_the: Bucket "2012-10-17" [{"Resource": "B:/public/*"}]
        => True, Public, ["everyone"], ["read"];
    p027_single_object_scope_still_public: Bucket "2012-10-17" [{"Resource": "B:/index.html"}]
        => True, Public, ["everyone"], ["read"];
    p029_deleted_principal_replaced_by_its_unique_id_fixed_and: Bucket "2012-10-17" [{"Principal": {"AWS": "AIDACKCEVSQ6C2EXAMPLE"}}]
        => False, Private, [], [];
    p033_empty_condition_block_restricts_nothing: Bucket "2012-10-17" [{"Condition": {}}]
        => True, Public, ["everyone"], ["read"];
    p034_partial_wildcard_in_a_principal_arn_is_not_accepted: Bucket "2012-10-17" [{"Principal": {"AWS": "arn:aws:iam::*:root"}}]
        => Unknown, Verdict::Unknown, ["arn:aws:iam::*:root"], ["read"];
    p035_resource_policy_without_principal_is_malformed: Bucket "2012-10-17" [{"Principal": null}]
        => Unknown, Verdict::Unknown, [""], ["read"];
    p036_full_delegation_to_another_account_is_cross_account_exposure: Bucket "2012-10-17" [{"Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "s3:*", "Resource": ["B:", "B:/*"]}]
        => False, CrossAccount, ["arn:aws:iam::444455556666:root"], ["list", "read", "write", "delete", "read-acl", "write-acl", "read-config", "takeover", "other"];
    p040_documented_non_public_example: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}}]
        => False, Limited, ["everyone"], ["read"];
    p042_stringlike_without_a_wildcard_is_a_fixed_value: Bucket "2012-10-17" [{"Condition": {"StringLike": {"aws:SourceVpc": "vpc-91237329"}}}]
        => False, Limited, ["everyone"], ["read"];
    p043_listed_key: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}]
        => False, Limited, ["everyone"], ["read"];
    p044_values_are_ored_one_wildcard_spoils_the_list: Bucket "2012-10-17" [{"Condition": {"StringLike": {"aws:SourceVpce": ["vpce-1a2b3c4d", "vpce-*"]}}}]
        => True, Public, ["everyone"], ["read"];
    p045_condition_key_names_are_case_insensitive: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"AWS:sourcevpce": "vpce-1a2b3c4d"}}}]
        => False, Limited, ["everyone"], ["read"];
    p046_negated_operator_matches_everyone_else_and_absent_keys: Bucket "2012-10-17" [{"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}]
        => True, Public, ["everyone"], ["read"];
    p047_ifexists_is_true_when_the_key_is_absent_as: Bucket "2012-10-17" [{"Condition": {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}]
        => True, Public, ["everyone"], ["read"];
    p048_any_vpc_endpoint_of_any_account_null_gives_no: Bucket "2012-10-17" [{"Condition": {"Null": {"aws:SourceVpce": "false"}}}]
        => True, Public, ["everyone"], ["read"];
    p050_fixed_cidr: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.5/32"}}}]
        => False, Limited, ["everyone"], ["read"];
    p051_set_of_fixed_cidrs: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}}}]
        => False, Limited, ["everyone"], ["read"];
    p052_8_is_not_broader_than_8: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": "54.0.0.0/8"}}}]
        => False, Limited, ["everyone"], ["read"];
    p053_broader_than_8: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": "54.0.0.0/7"}}}]
        => True, Public, ["everyone"], ["read"];
    p054_documented_as_an_example_of_an_overly_broad_value: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}}]
        => True, Public, ["everyone"], ["read"];
    p055_broader_than_8: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}]
        => True, Public, ["everyone"], ["read"];
    p056_each_value_broader_than_8: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}}]
        => True, Public, ["everyone"], ["read"];
    p057_values_are_ored: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}}}]
        => True, Public, ["everyone"], ["read"];
    p058_ipv6_32_is_the_limit: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}}]
        => False, Limited, ["everyone"], ["read"];
    p061_one_ipv6_value_broader_than_32_a_user_whose: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": ["173.245.48.0/20", "104.16.0.0/13", "2606:4700::/32", "2a06:98c0::/29"]}}}]
        => True, Public, ["everyone"], ["read"];
    p062_rfc1918_excluded_from_the_breadth_rule_such_a_source: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}]
        => False, Limited, ["everyone"], ["read"];
    p064_rfc1918: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": "192.168.0.0/16"}}}]
        => False, Limited, ["everyone"], ["read"];
    p065_ispublic_false_in_an_independent_s3_conformance_suite: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/32"}}}]
        => False, Limited, ["everyone"], ["read"];
    p066_negated_operator: Bucket "2012-10-17" [{"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]
        => True, Public, ["everyone"], ["read"];
    p069_key_not_in_the_documented_list_anyone_can_use: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}}}]
        => True, Public, ["everyone"], ["read"];
    p071_and_of_wildcard_and_fixed: Bucket "2012-10-17" [{"Condition": {"StringLike": {"aws:SourceVpc": "vpc-*"}, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]
        => False, Limited, ["everyone"], ["read"];
    p075_range_used_in_the_aws_bucket_policy_examples_unlike: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": "54.240.143.0/24"}}}]
        => False, Limited, ["everyone"], ["read"];
    p080_fixed_arn: Bucket "2012-10-17" [{"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::source-bucket"}}}]
        => False, Limited, ["everyone"], ["read"];
    p081_fixed_arn_with_like_operator: Bucket "2012-10-17" [{"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:topic"}}}]
        => False, Limited, ["everyone"], ["read"];
    p082_wildcard_account: Bucket "2012-10-17" [{"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}}]
        => True, Public, ["everyone"], ["read"];
    p087_listed_key: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:SourceOwner": "111122223333"}}}]
        => False, Limited, ["everyone"], ["read"];
    p088_named_in_the_principal_category: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}]
        => False, CrossAccount, ["o-a1b2c3d4e5"], ["read"];
    p089_wildcard_value: Bucket "2012-10-17" [{"Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p091_negated: Bucket "2012-10-17" [{"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}]
        => True, Public, ["everyone"], ["read"];
    p095_forallvalues_is_true_when_the_key_is_absent_anonymous: Bucket "2012-10-17" [{"Condition": {"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/"}}}]
        => True, Public, ["everyone"], ["read"];
    p098_wildcard_bounded_by_a_fixed_account_the_storage_blog: Bucket "2012-10-17" [{"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app-*"}}}]
        => False, Private, [], [];
    p099_all_andrews_in_any_account_is_public_in_the: Bucket "2012-10-17" [{"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/Andrew"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p100_fixed_userid: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:userid": "AIDAEXAMPLEUSERID"}}}]
        => False, Private, [], [];
    p102_fixed_role_session: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:userid": "AROAEXAMPLEROLEID:alice"}}}]
        => False, Private, [], [];
    p104_key_not_in_the_list_any_account_can_have: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:username": "alice"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p105_not_an_identity_restriction: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:PrincipalType": "User"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p107_blocks_anonymous_callers_only_every_aws_account_remains: Bucket "2012-10-17" [{"Condition": {"Null": {"aws:PrincipalArn": "false"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p108_wildcard: Bucket "2012-10-17" [{"Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p111_boolean_not_a_fixed_identity_any_service_on_behalf: Bucket "2012-10-17" [{"Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}}]
        => True, Public, ["everyone"], ["read"];
    p113_not_in_the_list: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:CalledViaFirst": "athena.amazonaws.com"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p114_about_the_resource_always_true_for_this_bucket: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"s3:ResourceAccount": "111122223333"}}}]
        => True, Public, ["everyone"], ["read"];
    p116_not_in_the_list: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}}]
        => True, Public, ["everyone"], ["read"];
    p120_fixed: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/ap1"}}}]
        => False, Limited, ["everyone"], ["read"];
    p121_documented_exception_wildcard_access_point_name_with_fixed_account: Bucket "2012-10-17" [{"Condition": {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}}]
        => False, Limited, ["everyone"], ["read"];
    p122_same_statement_inside_an_access_point_policy_is_public: AccessPoint "2012-10-17" [{"Condition": {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}}]
        => True, Public, ["everyone"], ["read"];
    p123_account_not_fixed: Bucket "2012-10-17" [{"Condition": {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:*:accesspoint/*"}}}]
        => True, Public, ["everyone"], ["read"];
    p124_delegation_to_access_points_of_one_account_standard_pattern: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"s3:DataAccessPointAccount": "123456789012"}}}]
        => False, Limited, ["everyone"], ["read"];
    p126_public_access_point_policy_internet_origin: AccessPoint "2012-10-17" [{"Resource": "arn:aws:s3:us-east-1:111122223333:accesspoint/ap1/object/*"}]
        => True, Public, ["everyone"], ["read"];
    p127_fixed_principal_in_an_access_point_policy: AccessPoint "2012-10-17" [{"Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Resource": "arn:aws:s3:us-east-1:111122223333:accesspoint/ap1/object/*"}]
        => False, Private, [], [];
    p131_mfa_of_any_account_not_in_the_list_key: Bucket "2012-10-17" [{"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p132_header_chosen_by_the_client_key_outside_the_documented: Bucket "2012-10-17" [{"Condition": {"StringLike": {"aws:Referer": "https://www.example.com/*"}}}]
        => True, Public, ["everyone"], ["read"];
    p133_header_chosen_by_the_client_key_outside_the_documented: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:UserAgent": "secret-agent"}}}]
        => True, Public, ["everyone"], ["read"];
    p134_request_header_key_outside_the_documented_list: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"s3:x-amz-acl": "public-read"}}}]
        => True, Public, ["everyone"], ["read"];
    p135_request_parameter_key_outside_the_documented_list: Bucket "2012-10-17" [{"Condition": {"StringLike": {"s3:prefix": "public/*"}}}]
        => True, Public, ["everyone"], ["read"];
    p136_signed_requests_of_any_account_key_outside_the_documented: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"s3:authType": "REST-HEADER"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p137_object_property_limits_scope_not_audience_key_outside_the: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"s3:ExistingObjectTag/public": "yes"}}}]
        => True, Public, ["everyone"], ["read"];
    p138_signed_requests_of_any_account_key_outside_the_documented: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p139_time_window_exposure_has_a_computable_end_key_outside: Bucket "2012-10-17" [{"Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}]
        => True, Public, ["everyone"], ["read"];
    p140_tls_version_key_outside_the_documented_list: Bucket "2012-10-17" [{"Condition": {"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}}}]
        => True, Public, ["everyone"], ["read"];
    p142_presign_age_key_outside_the_documented_list: Bucket "2012-10-17" [{"Condition": {"NumericLessThan": {"s3:signatureAge": "600000"}}}]
        => True, Public, ["any-aws-account"], ["read"];
    p157_two_keys_under_one_operator_are_anded: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-91237329", "aws:Referer": "x"}}}]
        => False, Limited, ["everyone"], ["read"];
    p162_deny_only_removes_plain_http: Bucket "2012-10-17" [{}, {"Effect": "Deny", "Action": "s3:*", "Resource": ["B:", "B:/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]
        => True, Public, ["everyone"], ["read"];
    p164_no_allow_at_all: Bucket "2012-10-17" [{"Effect": "Deny", "Action": "s3:*", "Resource": ["B:", "B:/*"]}]
        => False, Private, [], [];
    p166_disjoint_deny: Bucket "2012-10-17" [{"Resource": "B:/a/*"}, {"Effect": "Deny", "Resource": "B:/b/*"}]
        => True, Public, ["everyone"], ["read"];
    p168_deny_carves_out_a_prefix_only: Bucket "2012-10-17" [{}, {"Effect": "Deny", "Resource": "B:/private/*"}]
        => True, Public, ["everyone"], ["read"];
    p180_documented_three_party_example_without_a_public_statement: Bucket "2012-10-17" [{"Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "s3:*", "Resource": ["B:", "B:/*"]}, {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject"}, {"Principal": {"AWS": "arn:aws:iam::222222222222:root"}}]
        => False, CrossAccount, ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root"], ["list", "read", "write", "delete", "read-acl", "write-acl", "read-config", "takeover", "other"];
    p181_adding_one_public_statement_makes_the_whole_policy_public: Bucket "2012-10-17" [{"Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "s3:*", "Resource": ["B:", "B:/*"]}, {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject"}, {"Principal": {"AWS": "arn:aws:iam::222222222222:root"}}, {}]
        => True, Public, ["everyone"], ["read"];
}

// Policies, leaning: AWS publishes no answer. Whom P160 to P171 let in follows from IAM.
policies! {
    p015_provider_arn_names_one_account: Bucket "2012-10-17" [{"Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/corp"}}]
        => False, Private, [], [];
    p016_federated_aud_is_not_in_the_documented_list: Bucket "2012-10-17" [{"Principal": {"Federated": "cognito-identity.amazonaws.com"}, "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:00000000-0000-0000-0000-000000000000"}}}]
        => Unknown, Verdict::Unknown, ["cognito-identity.amazonaws.com"], ["read"];
    p067_aws_sourceip_is_present_on_internet_requests_so_ifexists: Bucket "2012-10-17" [{"Condition": {"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}}]
        => False, Limited, ["everyone"], ["read"];
    p068_doc_speaks_of_cidrs_with_aws_sourceip_string_operators: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:SourceIp": "203.0.113.5"}}}]
        => Unknown, Verdict::Unknown, ["everyone"], ["read"];
    p073_2025_global_key_fixed_value_but_not_in_the: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:VpceAccount": "111122223333"}}}]
        => Unknown, Limited, ["everyone"], ["read"];
    p074_each_value_is_exactly_8_whether_s3_sums_the: Bucket "2012-10-17" [{"Condition": {"IpAddress": {"aws:SourceIp": ["1.0.0.0/8", "2.0.0.0/8", "3.0.0.0/8", "4.0.0.0/8", "5.0.0.0/8", "6.0.0.0/8", "7.0.0.0/8", "8.0.0.0/8", "9.0.0.0/8"]}}}]
        => Unknown, Verdict::Unknown, ["everyone"], ["read"];
    p083_strict_reading_no_wildcard_says_public_account_is_fixed: Bucket "2012-10-17" [{"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:*"}}}]
        => Unknown, Limited, ["everyone"], ["read"];
    p093_key_not_listed_organisation_id_is_fixed_trailing_wildcard: Bucket "2012-10-17" [{"Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"}}}]
        => False, CrossAccount, ["o-a1b2c3d4e5"], ["read"];
    p094_fixed_path_key_by_category_only: Bucket "2012-10-17" [{"Condition": {"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"}}}]
        => False, CrossAccount, ["o-a1b2c3d4e5"], ["read"];
    p096_fixed_aws_principal_category_key_not_named: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:PrincipalAccount": "444455556666"}}}]
        => False, CrossAccount, ["444455556666"], ["read"];
    p097_fixed_aws_principal_category_key_not_named: Bucket "2012-10-17" [{"Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app"}}}]
        => False, Private, [], [];
    p101_doc_wording_is_aws_userid_outside_the_pattern_aroleid: Bucket "2012-10-17" [{"Condition": {"StringLike": {"aws:userid": "AROAEXAMPLEROLEID:*"}}}]
        => Unknown, Private, [], [];
    p110_fixed_value_key_not_listed: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}}]
        => Unknown, Limited, ["everyone"], ["read"];
    p125_not_in_the_list_value_fixed_but_not_an: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"s3:AccessPointNetworkOrigin": "VPC"}}}]
        => True, Public, ["everyone"], ["read"];
    p151_asterisk_under_an_exact_match_operator_is_a_literal: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-*"}}}]
        => Unknown, Verdict::Unknown, ["everyone"], ["read"];
    p153_2008_10_17_policies_do_not_expand_variables_literal: Bucket "2008-10-17" [{"Condition": {"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}}]
        => Unknown, Verdict::Unknown, ["everyone"], ["read"];
    p154_case_insensitive_equality_with_a_fixed_value: Bucket "2012-10-17" [{"Condition": {"StringEqualsIgnoreCase": {"aws:PrincipalOrgID": "O-A1B2C3D4E5"}}}]
        => False, CrossAccount, ["O-A1B2C3D4E5"], ["read"];
    p158_role_credential_key_not_listed_checkov_accepts_it: Bucket "2012-10-17" [{"Condition": {"StringEquals": {"aws:Ec2InstanceSourceVpc": "vpc-91237329"}}}]
        => Unknown, Limited, ["everyone"], ["read"];
    p160_unconditional_deny_cancels_the_grant_documented_rule_is_statement: Bucket "2012-10-17" [{}, {"Effect": "Deny", "Action": "s3:*", "Resource": ["B:", "B:/*"]}]
        => Unknown, Private, [], [];
    p161_deny_leaves_only_a_fixed_range: Bucket "2012-10-17" [{}, {"Effect": "Deny", "Action": "s3:*", "Resource": ["B:", "B:/*"], "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]
        => Unknown, Limited, ["everyone"], ["read"];
    p163_deny_leaves_one_organisation: Bucket "2012-10-17" [{}, {"Effect": "Deny", "Action": "s3:*", "Resource": ["B:", "B:/*"], "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}]
        => Unknown, CrossAccount, ["o-a1b2c3d4e5"], ["read"];
    p169_very_common_restrict_to_vpce_pattern_negated_operator_also: Bucket "2012-10-17" [{}, {"Effect": "Deny", "Action": "s3:*", "Resource": ["B:", "B:/*"], "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}]
        => Unknown, Limited, ["everyone"], ["read"];
    p170_negated_ifexists_an_absent_key_still_satisfies_the_condition: Bucket "2012-10-17" [{}, {"Effect": "Deny", "Action": "s3:*", "Resource": ["B:", "B:/*"], "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}]
        => Unknown, CrossAccount, ["o-a1b2c3d4e5"], ["read"];
    p171_deny_applies_only_when_the_key_is_present_anonymous: Bucket "2012-10-17" [{}, {"Effect": "Deny", "Action": "s3:*", "Resource": ["B:", "B:/*"], "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:PrincipalOrgID": "false"}}}]
        => Unknown, Public, ["everyone"], ["read"];
    p183_no_statements_grant_nothing_s3_would_reject_as_malformed: Bucket "2012-10-17" []
        => False, Private, [], [];
}
