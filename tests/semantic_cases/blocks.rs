//! What do blocks and ownership silence?

use super::{bare, in_force, judge, owner, statement};
use leaktrail::event::{Acl, BlockFlags, CannedAcl, Ownership};
use leaktrail::exposure::{
    AclSetting, BlockSetting, BucketState, Known, PolicyInForce, PolicyKind, Verdict,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The flags by their first letters: `a` BlockPublicAcls, `i` IgnorePublicAcls, `p` BlockPublicPolicy, `r` RestrictPublicBuckets.
fn flags(letters: &str) -> BlockFlags {
    BlockFlags {
        block_public_acls: letters.contains('a'),
        ignore_public_acls: letters.contains('i'),
        block_public_policy: letters.contains('p'),
        restrict_public_buckets: letters.contains('r'),
    }
}

const READ: Option<&str> = Some("public");
const BOTH: Option<&str> = Some("cross-account and public");

fn policy_of(case: Option<&str>) -> Known<Option<Arc<PolicyInForce>>> {
    let public = json!({});
    let foreign = json!({"Principal": {"AWS": "444455556666"}});
    let statements = match case {
        None => return Known::Observed(None),
        READ => vec![public],
        _ => vec![foreign, public],
    };
    let statements: Vec<Value> = statements.iter().map(statement).collect();
    in_force(
        &json!({"Version": "2012-10-17", "Statement": statements}),
        PolicyKind::Bucket,
    )
}

/// A bucket's block, its account's, its policy, its ACL and its ownership.
type Controls = (
    &'static str,
    &'static str,
    Option<&'static str>,
    CannedAcl,
    Ownership,
);

fn check_block(
    (bucket, account, policy, canned, ownership): Controls,
    verdict: Verdict,
    latent: bool,
) {
    let state = BucketState {
        policy: policy_of(policy),
        acl: Known::Observed(Arc::new(Acl::canned(canned))),
        ownership: Known::Observed(AclSetting::Exactly(ownership)),
        block: Known::Observed(BlockSetting::Exactly(flags(bucket))),
    };
    let judged = judge(&state, &Known::Observed(flags(account)), &owner());
    assert_eq!(
        (judged.verdict, judged.latent),
        (verdict, latent),
        "{}",
        judged.reason.reveal()
    );
}

use CannedAcl::{Private as Closed, PublicRead};
use Ownership::{BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter};
use Verdict::{Private, Public};

/// Rows of blocks: the bucket's flags, the account's, policy, ACL, ownership => the verdict, whether a grant is latent.
macro_rules! blocks {
    ($($name:ident: $controls:expr => $verdict:expr, $latent:literal;)+) => {
        $(#[test] fn $name() { check_block($controls, $verdict, $latent); })+
    };
}

// Blocks and ownership.
blocks! {
    b001_no_block_anywhere: ("", "", READ, Closed, ObjectWriter) => Public, false;
    b002_restrictpublicbuckets_masks_an_existing_public_policy: ("r", "", READ, Closed, ObjectWriter) => Private, true;
    b005_ignorepublicacls_masks_an_existing_public_acl: ("i", "", None, PublicRead, ObjectWriter) => Private, true;
    b006_blockpublicacls_alone_does_not_touch_an_existing_public_acl: ("a", "", None, PublicRead, ObjectWriter) => Public, false;
    b007_restrictpublicbuckets_does_not_affect_acl_publicness: ("r", "", None, PublicRead, ObjectWriter) => Public, false;
    b008_all_four_on: ("aipr", "", READ, PublicRead, ObjectWriter) => Private, true;
    b009_account_level_wins_over_permissive_bucket: ("", "aipr", READ, PublicRead, ObjectWriter) => Private, true;
    b011_flags_are_combined_per_flag_bucket_ignores_acls_policy: ("i", "a", READ, PublicRead, ObjectWriter) => Public, true;
    b012_per_flag_union_ignorepublicacls_from_account_restrictpublicbuckets_from_bucket: ("r", "i", READ, PublicRead, ObjectWriter) => Private, true;
    b014_organization_policy_none_does_not_force_anything_on: ("", "", READ, Closed, ObjectWriter) => Public, false;
    b015_bucketownerenforced_disables_acls_an_old_public_acl_has_no: ("", "", None, PublicRead, BucketOwnerEnforced) => Private, false;
    b016_bucketownerpreferred_keeps_acls_working: ("", "", None, PublicRead, BucketOwnerPreferred) => Public, false;
    b017_ownership_setting_does_not_affect_policies: ("", "", READ, Closed, BucketOwnerEnforced) => Public, false;
    b019_with_one_public_statement_present_restrictpublicbuckets_also_cuts_the: ("r", "", BOTH, Closed, ObjectWriter) => Private, true;
    b026_website_hosting_adds_nothing_by_itself_but_public_policy: ("", "", READ, Closed, ObjectWriter) => Public, false;
    b027_website_configured_no_public_read_every_request_gets_403: ("", "", None, Closed, ObjectWriter) => Private, false;
    b028_cors_configuration_alone_grants_nothing: ("", "", None, Closed, ObjectWriter) => Private, false;
}

// Blocks, leaning: AWS does not say whether RestrictPublicBuckets also cuts what a public ACL grants.
blocks! {
    b031_public_policy_and_public_acl_with_only_restrictpublicbuckets_the: ("r", "", READ, PublicRead, ObjectWriter) => Public, true;
}

#[test]
fn b029_a_stored_public_policy_under_blocks_that_were_never_seen_is_public_and_assumed() {
    let state = BucketState {
        policy: policy_of(READ),
        block: Known::Unobserved,
        ..bare()
    };
    let judged = judge(&state, &Known::Unobserved, &owner());
    let assumed: Vec<&str> = judged
        .assumptions
        .iter()
        .map(|assumption| assumption.name())
        .collect();
    assert_eq!(judged.verdict, Public);
    assert_eq!(assumed, ["bucket-block-unseen", "account-block-unseen"]);
}
