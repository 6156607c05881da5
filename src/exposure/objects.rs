//! Whom do objects let in by their own ACLs?
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions>

use super::access_list;
use super::deny::Deny;
use super::entrance::Entrance;
use super::grant::{Grant, Owner};
use super::known::Known;
use super::resource::Scope;
use super::state::BucketState;
use super::verdict::Audience;
use super::way::{Way, after_denies, behind_ignore};
use crate::event::{Acl, AclGrant, BlockFlags, Grantee};
use crate::vocab::Untrusted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The ACLs of a bucket's objects, of those that grant anybody but owners and AWS services.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ObjectAcls {
    by_key: BTreeMap<Untrusted, Arc<Acl>>,
    by_grant: BTreeMap<AclGrant, BTreeSet<Untrusted>>,
}

impl ObjectAcls {
    /// An object's ACL is this from now on; `None` where it grants nobody else, or the object is gone.
    pub fn set(&mut self, key: &Untrusted, acl: Option<Arc<Acl>>) {
        if let Some(before) = self.by_key.remove(key) {
            for grant in &before.grants {
                if let Some(keys) = self.by_grant.get_mut(grant) {
                    keys.remove(key);
                }
            }
            self.by_grant.retain(|_, keys| !keys.is_empty());
        }
        let Some(acl) = acl.filter(|acl| acl.names_others()) else {
            return;
        };
        for grant in acl.grants.iter().filter(|grant| names_another(grant)) {
            self.by_grant
                .entry(grant.clone())
                .or_default()
                .insert(key.clone());
        }
        self.by_key.insert(key.clone(), acl);
    }

    /// The ACL of an object, where it grants anybody else.
    pub fn get(&self, key: &Untrusted) -> Option<&Arc<Acl>> {
        self.by_key.get(key)
    }

    /// Whether no object grants anybody else.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Whether an object's ACL grants an audience something.
    pub fn lets_in(acl: &Acl, audience: &Audience, owner: &Owner) -> bool {
        let grants = acl.grants.iter();
        grants
            .flat_map(|grant| access_list::object_grants(grant, owner))
            .any(|grant| grant.audience().as_ref() == Some(audience))
    }

    /// The objects that grant an audience something, whatever stands before them.
    pub fn keys_for(&self, audience: &Audience, owner: &Owner) -> BTreeSet<Untrusted> {
        let grants = |grant: &AclGrant| {
            access_list::object_grants(grant, owner)
                .iter()
                .any(|grant| grant.audience().as_ref() == Some(audience))
        };
        self.by_grant
            .iter()
            .filter(|(grant, _)| grants(grant))
            .flat_map(|(_, keys)| keys.iter().cloned())
            .collect()
    }
}

fn names_another(grant: &AclGrant) -> bool {
    !matches!(
        grant.grantee,
        Grantee::Owner | Grantee::LogDelivery | Grantee::Ec2
    )
}

/// Judges the way in through objects' own ACLs: disabled ACLs silence them all, IgnorePublicAcls the public ones, a Deny of
/// the policy what it names.
pub fn judge_objects(
    objects: &ObjectAcls,
    bucket: &BucketState,
    account_block: &Known<BlockFlags>,
    owner: &Owner,
) -> Entrance {
    let enabled = bucket.acl_gate();
    if objects.is_empty() || enabled.is_on() {
        return Entrance::default();
    }
    let ignore = bucket.block_gate(account_block, |flags| flags.ignore_public_acls);
    let left = match denies(bucket) {
        [] => objects
            .by_grant
            .keys()
            .flat_map(|grant| access_list::object_grants(grant, owner))
            .collect(),
        _ => left_by_denies(objects, bucket, owner),
    };
    let behind = left
        .into_iter()
        .map(|grant| behind_ignore(grant, &ignore, &enabled));
    Entrance::through(Way::granting(behind.collect()))
}

fn denies(bucket: &BucketState) -> &[Deny] {
    match bucket.policy.observed() {
        Some(Some(policy)) => &policy.meaning.denies,
        _ => &[],
    }
}

/// What the policy's Deny statements leave, object by object.
fn left_by_denies(objects: &ObjectAcls, bucket: &BucketState, owner: &Owner) -> Vec<Grant> {
    let mut left: Vec<Grant> = Vec::new();
    for (grant, keys) in &objects.by_grant {
        for grant in access_list::object_grants(grant, owner) {
            for key in keys {
                let on_key = Grant {
                    scope: Scope::of_key(key),
                    ..grant.clone()
                };
                let kept = after_denies(vec![on_key], bucket, owner);
                let kept = kept.into_iter().map(|kept| Grant {
                    scope: grant.scope.clone(),
                    ..kept
                });
                left.extend(kept.filter(|kept| !left.contains(kept)).collect::<Vec<_>>());
            }
        }
    }
    left
}
