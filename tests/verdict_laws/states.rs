//! States of the controls: one of every kind that tells verdicts apart, and any mixture of them.

use leaktrail::event::{Acl, BlockFlags, CannedAcl, Document, Ownership, Policy};
use leaktrail::exposure::{
    AclSetting, BlockSetting, BucketState, Judgement, Known, Owner, PolicyInForce, PolicyKind,
    PolicyMeaning, judge,
};
use leaktrail::vocab::AccountId;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

pub const OBJECTS: &str = "arn:aws:s3:::amzn-s3-demo-bucket/*";

/// Somebody may read.
pub fn statement(principal: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": OBJECTS})
}

/// Everyone may, under a condition.
pub fn under(operator: &str, key: &str, value: &str) -> Value {
    let mut whole = statement(json!("*"));
    whole["Condition"] = json!({operator: {key: value}});
    whole
}

/// Nobody may, under a condition.
pub fn denied(operator: &str, key: &str, value: &str) -> Value {
    let mut whole = under(operator, key, value);
    whole["Effect"] = json!("Deny");
    whole
}

pub fn to_everyone() -> Value {
    statement(json!("*"))
}

pub fn to_partner() -> Value {
    statement(json!({"AWS": "444455556666"}))
}

pub fn to_service() -> Value {
    statement(json!({"Service": "cloudtrail.amazonaws.com"}))
}

pub fn to_endpoint() -> Value {
    under("StringEquals", "aws:SourceVpce", "vpce-1a2b3c4d")
}

pub fn verdict(state: &BucketState, account: &Known<BlockFlags>) -> Judgement {
    let owner = Owner {
        account: AccountId::parse("111122223333"),
        ..Owner::default()
    };
    judge(state, account, &owner)
}

pub fn known<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> BoxedStrategy<Known<T>> {
    prop_oneof![1 => Just(Known::Unobserved), 1 => Just(Known::Opaque), 4 => prop::sample::select(values).prop_map(Known::Observed)].boxed()
}

pub fn in_force(statements: &[Value]) -> Option<Arc<PolicyInForce>> {
    let owner = Owner {
        account: AccountId::parse("111122223333"),
        ..Owner::default()
    };
    let policy = Policy::parse(&json!({"Version": "2012-10-17", "Statement": statements}))
        .expect("a policy");
    let meaning = PolicyMeaning::of(&policy, &owner, PolicyKind::Bucket);
    Some(Arc::new(PolicyInForce { policy, meaning }))
}

/// A policy of every kind that tells verdicts apart.
pub fn policies() -> Vec<Option<Arc<PolicyInForce>>> {
    let kinds: Vec<Vec<Value>> = vec![
        vec![to_everyone()],
        vec![to_partner()],
        vec![statement(json!({"AWS": "111122223333"}))],
        vec![to_service()],
        vec![to_endpoint()],
        vec![to_everyone(), to_partner(), to_service()],
        vec![to_endpoint(), to_partner()],
        vec![under("StringEquals", "aws:VpceAccount", "444455556666")],
        vec![under("StringEquals", "aws:MadeUp", "x")],
        vec![to_everyone(), denied("StringNotLike", "aws:Referer", "x*")],
        vec![
            to_everyone(),
            denied("StringNotEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
        ],
        vec![to_partner(), denied("StringNotLike", "aws:Referer", "x*")],
    ];
    kinds
        .iter()
        .map(|kind| in_force(kind))
        .chain([None])
        .collect()
}

/// An ACL that gives a stranger what it gives the owner.
pub fn to_canonical() -> Acl {
    let document = json!({"Owner": {"ID": "79a5"}, "Grants": [{"Grantee": {"ID": "97b1"}, "Permission": "FULL_CONTROL"}]});
    match Document::read(&document) {
        Ok(Document::Acl(acl)) => acl,
        other => panic!("{other:?}"),
    }
}

pub fn acls() -> Vec<Arc<Acl>> {
    let canned = [
        CannedAcl::Private,
        CannedAcl::PublicRead,
        CannedAcl::AuthenticatedRead,
        CannedAcl::LogDeliveryWrite,
    ];
    canned
        .map(Acl::canned)
        .into_iter()
        .chain([to_canonical()])
        .map(Arc::new)
        .collect()
}

pub fn ownerships() -> Vec<AclSetting> {
    vec![
        AclSetting::Exactly(Ownership::BucketOwnerEnforced),
        AclSetting::Exactly(Ownership::BucketOwnerPreferred),
        AclSetting::Exactly(Ownership::ObjectWriter),
        AclSetting::Enabled,
        AclSetting::Either,
    ]
}

pub fn block_settings() -> Vec<BlockSetting> {
    let exact = (0u8..16).map(|bits| BlockSetting::Exactly(flags_of(bits)));
    exact.chain([BlockSetting::Either]).collect()
}

pub fn states() -> impl Strategy<Value = BucketState> {
    let controls = (
        known(policies()),
        known(acls()),
        known(ownerships()),
        known(block_settings()),
    );
    controls.prop_map(|(policy, acl, ownership, block)| BucketState {
        policy,
        acl,
        ownership,
        block,
    })
}

pub fn blocks() -> BoxedStrategy<Known<BlockFlags>> {
    known((0u8..16).map(flags_of).collect())
}

pub fn flags_of(bits: u8) -> BlockFlags {
    BlockFlags {
        block_public_acls: bits & 1 != 0,
        ignore_public_acls: bits & 2 != 0,
        block_public_policy: bits & 4 != 0,
        restrict_public_buckets: bits & 8 != 0,
    }
}
