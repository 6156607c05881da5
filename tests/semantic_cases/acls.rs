//! Whom does each form of a bucket's ACL let in?

use super::{bare, judged, shown, spelled_out};
use leaktrail::event::Document;
use leaktrail::exposure::{BucketState, Known, Verdict};
use serde_json::{Value, json};
use std::sync::Arc;

fn check_acl(parameters: &Value, verdict: Verdict, principals: &[&str], permissions: &[&str]) {
    let Ok(Document::Acl(acl)) = Document::read(&spelled_out(parameters)) else {
        panic!("no ACL: {parameters}")
    };
    let judged = judged(&BucketState {
        acl: Known::Observed(Arc::new(acl)),
        ..bare()
    });
    assert_eq!(judged.verdict, verdict, "{}", judged.reason.reveal());
    assert_eq!(shown(&judged), (principals.to_vec(), permissions.to_vec()));
}

use Verdict::{CrossAccount, Limited, Private, Public};

/// Rows of ACLs as calls ask for them => the verdict, whom they let in, to do what.
macro_rules! acls {
    ($($name:ident: $parameters:tt => $verdict:expr, $principals:expr, $permissions:expr;)+) => {
        $(#[test] fn $name() { check_acl(&json!($parameters), $verdict, &$principals, &$permissions); })+
    };
}

// ACLs of buckets.
acls! {
    a001_owner_full_control_only: {"acl": "", "x-amz-acl": "private"}
        => Private, [], [];
    a002_allusers_read_on_a_bucket_list: {"acl": "", "x-amz-acl": "public-read"}
        => Public, ["everyone"], ["list"];
    a004_authenticatedusers_read_any_aws_account: {"acl": "", "x-amz-acl": "authenticated-read"}
        => Public, ["any-aws-account"], ["list"];
    a005_logdelivery_write_read_acp_is_not_a_public_group: {"acl": "", "x-amz-acl": "log-delivery-write"}
        => Limited, ["log-delivery"], ["write", "read-acl"];
    a008_object_only_canned_acl_ignored_on_buckets: {"acl": "", "x-amz-acl": "bucket-owner-full-control"}
        => Private, [], [];
    a009_pre_2020_record_shape_values_are_one_element_arrays: {"acl": [""], "x-amz-acl": ["public-read"]}
        => Public, ["everyone"], ["list"];
    a011_read_for_everyone_any_permission_to_a_public_group: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "Group", "URI": "GROUP:global/AllUsers"}, "Permission": "READ"}]}}}
        => Public, ["everyone"], ["list"];
    a012_write_for_everyone_any_permission_to_a_public_group: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "Group", "URI": "GROUP:global/AllUsers"}, "Permission": "WRITE"}]}}}
        => Public, ["everyone"], ["write"];
    a013_read_acp_for_everyone_any_permission_to_a_public: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "Group", "URI": "GROUP:global/AllUsers"}, "Permission": "READ_ACP"}]}}}
        => Public, ["everyone"], ["read-acl"];
    a015_full_control_for_everyone_any_permission_to_a_public: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "Group", "URI": "GROUP:global/AllUsers"}, "Permission": "FULL_CONTROL"}]}}}
        => Public, ["everyone"], ["list", "write", "read-acl", "write-acl"];
    a016_read_for_authenticated_any_permission_to_a_public_group: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "Group", "URI": "GROUP:global/AuthenticatedUsers"}, "Permission": "READ"}]}}}
        => Public, ["any-aws-account"], ["list"];
    a019_write_acp_for_authenticated_any_permission_to_a_public: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "Group", "URI": "GROUP:global/AuthenticatedUsers"}, "Permission": "WRITE_ACP"}]}}}
        => Public, ["any-aws-account"], ["write-acl"];
    a020_full_control_for_authenticated_any_permission_to_a_public: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "Group", "URI": "GROUP:global/AuthenticatedUsers"}, "Permission": "FULL_CONTROL"}]}}}
        => Public, ["any-aws-account"], ["list", "write", "read-acl", "write-acl"];
    a021_explicit_log_delivery_grants_in_real_logs_this_acl: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "Group", "URI": "GROUP:s3/LogDelivery"}, "Permission": "WRITE"}, {"Grantee": {"xsi:type": "Group", "URI": "GROUP:s3/LogDelivery"}, "Permission": "READ_ACP"}]}}}
        => Limited, ["log-delivery"], ["write", "read-acl"];
    a024_foreign_canonical_user_cross_account_grant: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "CanonicalUser", "ID": "STRANGER"}, "Permission": "FULL_CONTROL"}]}}}
        => CrossAccount, ["bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"], ["list", "write", "read-acl", "write-acl"];
    a026_grant_header_with_quoted_uri: {"acl": "", "x-amz-grant-read": "uri=\"GROUP:global/AllUsers\""}
        => Public, ["everyone"], ["list"];
    a027_grant_header_without_quotes: {"acl": "", "x-amz-grant-read": "uri=GROUP:global/AllUsers"}
        => Public, ["everyone"], ["list"];
    a028_comma_list_second_grantee_is_public: {"acl": "", "x-amz-grant-write": "id=\"STRANGER\", uri=\"GROUP:global/AuthenticatedUsers\""}
        => Public, ["any-aws-account"], ["write"];
    a029_owner_only_by_header: {"acl": "", "x-amz-grant-full-control": "id=\"OWNER\""}
        => Private, [], [];
    a031_underscore_key_seen_in_some_pipelines: {"acl": "", "x_amz_grant_read": "uri=GROUP:global/AllUsers"}
        => Public, ["everyone"], ["list"];
    a047_before_april_2023_this_succeeded_since_then_fails_unless: {"x-amz-acl": "public-read"}
        => Public, ["everyone"], ["list"];
    a048_real_2023_shape_x_amz_acl_private_on_creation: {"x-amz-acl": "private", "x-amz-object-ownership": "ObjectWriter"}
        => Private, [], [];
}

// ACLs, leaning.
acls! {
    a033_empty_grant_list_xml_accesscontrollist_may_appear_as_empty: {"acl": "", "AccessControlPolicy": {"xmlns": "x", "Owner": {"ID": "OWNER"}, "AccessControlList": ""}}
        => Private, [], [];
    a034_uri_case_differs_s3_rejects_unknown_group_uris_so: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "Group", "URI": "GROUP:global/allusers"}, "Permission": "READ"}]}}}
        => Verdict::Unknown, ["http://acs.amazonaws.com/groups/global/allusers"], ["list"];
    a035_canonical_id_reserved_for_anonymous_uploaders_whether_a_grant: {"acl": "", "AccessControlPolicy": {"Owner": {"ID": "OWNER"}, "AccessControlList": {"Grant": [{"Grantee": {"xsi:type": "CanonicalUser", "ID": "OWNER"}, "Permission": "FULL_CONTROL"}, {"Grantee": {"xsi:type": "CanonicalUser", "ID": "65a011a29cdf8ec533ec3d1ccaae921c"}, "Permission": "READ"}]}}}
        => Verdict::Unknown, ["65a011a29cdf8ec533ec3d1ccaae921c"], ["list"];
}
