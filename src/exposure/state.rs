//! What is known of the controls that decide who gets into a bucket?

use super::assumption::Gate;
use super::known::Known;
use super::meaning::PolicyMeaning;
use super::verdict::{Answer, Assumption};
use crate::event::{Acl, BlockFlags, Ownership, Policy};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The four controls of a bucket.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BucketState {
    /// The bucket policy; `Observed(None)` is known to have none.
    pub policy: Known<Option<Arc<PolicyInForce>>>,
    /// The bucket's ACL.
    pub acl: Known<Arc<Acl>>,
    /// Object ownership: do ACLs count?
    pub ownership: Known<AclSetting>,
    /// The bucket's own public access block.
    pub block: Known<BlockSetting>,
}

/// A policy and what it means for the bucket's owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyInForce {
    /// What it says.
    pub policy: Policy,
    /// What it means.
    pub meaning: PolicyMeaning,
}

/// Whether ACLs count, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AclSetting {
    /// The setting itself is known.
    Exactly(Ownership),
    /// They count: S3 accepted an ACL. Which of the two settings it is does not matter.
    Enabled,
    /// The bucket was made while S3 changed its defaults: they count or they do not.
    Either,
}

/// A level's public access block, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockSetting {
    /// These flags.
    Exactly(BlockFlags),
    /// The bucket was made while S3 changed its defaults: all four flags or none.
    Either,
    /// Each flag of the first is on, and none but those of the second: it may have been loosened unseen.
    Between(BlockFlags, BlockFlags),
}

impl BucketState {
    /// Whether ACLs are known to be disabled: then the ACL counts as seen, and owner-only.
    pub fn acls_disabled(&self) -> bool {
        self.ownership == Known::Observed(AclSetting::Exactly(Ownership::BucketOwnerEnforced))
    }

    /// Controls of which nothing was seen, and which might let somebody in.
    pub fn unseen_grants(&self) -> BTreeSet<Assumption> {
        let policy = (self.policy == Known::Unobserved).then_some(Assumption::PolicyUnseen);
        let acl = (self.acl == Known::Unobserved && !self.acls_disabled())
            .then_some(Assumption::AclUnseen);
        policy.into_iter().chain(acl).collect()
    }

    /// Whether S3 calls the policy public.
    pub fn aws_public(&self) -> Answer {
        match &self.policy {
            Known::Observed(Some(policy)) => policy.meaning.aws_public,
            Known::Observed(None) => Answer::False,
            Known::Unobserved | Known::Opaque => Answer::Unknown,
        }
    }

    /// The gate that disabled ACLs are to an ACL's grants.
    pub fn acl_gate(&self) -> Gate {
        match &self.ownership {
            Known::Observed(AclSetting::Exactly(ownership)) if !ownership.acls_enabled() => {
                Gate::On
            }
            Known::Observed(AclSetting::Either) => {
                Gate::assumed(Assumption::CreationDefaultsEither)
            }
            Known::Observed(_) => Gate::Off(BTreeSet::new()),
            Known::Unobserved => Gate::assumed(Assumption::OwnershipUnseen),
            Known::Opaque => Gate::Opaque,
        }
    }

    /// The gate that one flag of the block is, over the bucket's and the account's level: the most restrictive holds.
    pub fn block_gate(&self, account: &Known<BlockFlags>, flag: fn(&BlockFlags) -> bool) -> Gate {
        let bucket = match &self.block {
            Known::Observed(BlockSetting::Between(least, most)) => match () {
                () if flag(least) => Gate::On,
                () if flag(most) => Gate::Opaque,
                () => Gate::Off(BTreeSet::new()),
            },
            Known::Observed(BlockSetting::Exactly(flags)) if flag(flags) => Gate::On,
            Known::Observed(BlockSetting::Exactly(_)) => Gate::Off(BTreeSet::new()),
            Known::Observed(BlockSetting::Either) => {
                Gate::assumed(Assumption::CreationDefaultsEither)
            }
            Known::Unobserved => Gate::assumed(Assumption::BucketBlockUnseen),
            Known::Opaque => Gate::Opaque,
        };
        bucket.or(account_gate(account, flag))
    }
}

fn account_gate(account: &Known<BlockFlags>, flag: fn(&BlockFlags) -> bool) -> Gate {
    match account {
        Known::Observed(flags) if flag(flags) => Gate::On,
        Known::Observed(_) => Gate::Off(BTreeSet::new()),
        Known::Unobserved => Gate::assumed(Assumption::AccountBlockUnseen),
        Known::Opaque => Gate::Opaque,
    }
}
