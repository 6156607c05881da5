//! Whom do objects let in by their own ACLs?
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions>

use super::access_list;
use super::assumption::Entry;
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

/// The ACLs of a bucket's objects, of those that grant anybody but owners and AWS services, or may do so.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ObjectAcls {
    by_key: BTreeMap<Untrusted, Arc<Acl>>,
    by_grant: ByGrant,
    /// Of these it cannot be told what they grant.
    doubtful: BTreeMap<Untrusted, AtMost>,
}

/// The objects that make each grant.
type ByGrant = BTreeMap<AclGrant, BTreeSet<Untrusted>>;

/// What an object may grant of which that cannot be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AtMost {
    /// No more than this.
    Grants(Arc<Acl>),
    /// Anything.
    Anything,
}

impl ObjectAcls {
    /// An object's ACL is this from now on; `None` where it grants nobody else, or the object is gone.
    pub fn set(&mut self, key: &Untrusted, acl: Option<Arc<Acl>>) {
        self.doubtful.remove(key);
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

    /// From now on it cannot be told what an object's ACL grants.
    pub fn doubt(&mut self, key: &Untrusted, most: AtMost) {
        self.set(key, None);
        self.doubtful.insert(key.clone(), most);
    }

    /// What an object may grant, where that cannot be told.
    pub fn doubted(&self, key: &Untrusted) -> Option<&AtMost> {
        self.doubtful.get(key)
    }

    /// Of how many objects it cannot be told what they grant.
    pub fn doubted_count(&self) -> usize {
        self.doubtful.len()
    }

    /// The ACL of an object, where it grants anybody else.
    pub fn get(&self, key: &Untrusted) -> Option<&Arc<Acl>> {
        self.by_key.get(key)
    }

    /// Whether no object grants anybody else, or may do so.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty() && self.doubtful.is_empty()
    }

    /// The grants that objects may make of which it cannot be told.
    fn doubtful_grants(&self) -> ByGrant {
        let mut by_grant = ByGrant::new();
        for (key, most) in &self.doubtful {
            let AtMost::Grants(acl) = most else {
                continue;
            };
            for grant in acl.grants.iter().filter(|grant| names_another(grant)) {
                let keys = by_grant.entry(grant.clone()).or_default();
                keys.insert(key.clone());
            }
        }
        by_grant
    }

    /// Whether an object's ACL grants an audience something.
    pub fn lets_in(acl: &Acl, audience: &Audience, owner: &Owner) -> bool {
        let grants = acl.grants.iter();
        grants
            .flat_map(|grant| access_list::object_grants(grant, owner))
            .any(|grant| grant.audience().as_ref() == Some(audience))
    }

    /// The objects that grant an audience something, whatever stands before them; where none does so by name, those that grant it
    /// to everybody, of whom a Deny may leave that audience.
    pub fn keys_for(&self, audience: &Audience, owner: &Owner) -> BTreeSet<Untrusted> {
        let keys = self.keys_naming(audience, owner);
        match keys.is_empty() {
            true => self.keys_naming(&Audience::Public, owner),
            false => keys,
        }
    }

    fn keys_naming(&self, audience: &Audience, owner: &Owner) -> BTreeSet<Untrusted> {
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
    let behind = |by_grant: &ByGrant| -> Vec<(Grant, Entry)> {
        let left = left(by_grant, bucket, owner).into_iter();
        left.map(|grant| behind_ignore(grant, &ignore, &enabled))
            .collect()
    };
    let mut grants = behind(&objects.by_grant);
    // What may be granted lets nobody in for sure; what a gate shuts out is shut out in any case.
    let doubtful = behind(&objects.doubtful_grants()).into_iter();
    let may = doubtful.filter(|(_, entry)| matches!(entry, Entry::Open(_) | Entry::Unknown));
    grants.extend(may.map(|(grant, _)| (grant, Entry::Unknown)));
    let is_anything = objects
        .doubtful
        .values()
        .any(|most| *most == AtMost::Anything);
    let way = match is_anything {
        true => Way::opaque(&enabled.or(ignore)),
        false => Way::default(),
    };
    Entrance::through(way.also_granting(grants))
}

/// What the policy's Deny statements leave of what objects grant.
fn left(by_grant: &ByGrant, bucket: &BucketState, owner: &Owner) -> Vec<Grant> {
    match denies(bucket) {
        [] => by_grant
            .keys()
            .flat_map(|grant| access_list::object_grants(grant, owner))
            .collect(),
        _ => left_by_denies(by_grant, bucket, owner),
    }
}

fn denies(bucket: &BucketState) -> &[Deny] {
    match bucket.policy.observed() {
        Some(Some(policy)) => &policy.meaning.denies,
        _ => &[],
    }
}

/// What the policy's Deny statements leave, object by object.
fn left_by_denies(by_grant: &ByGrant, bucket: &BucketState, owner: &Owner) -> Vec<Grant> {
    let mut left: Vec<Grant> = Vec::new();
    for (grant, keys) in by_grant {
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
