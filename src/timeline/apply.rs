//! What does one call make of what is known of a bucket?
//!
//! A success sets its control and proves what S3 checks before it accepts; a failure changes nothing but may prove a
//! control; a call that may have taken effect makes its control opaque.

use super::order::Call;
use super::proof::{flags_after, refuses_accepted};
use super::types::{Cause, ContradictionKind};
use crate::event::{Acl, AclGrant, Asked, BlockFlags, Change, Grantee, Outcome, Ownership};
use crate::exposure::{AclSetting, BlockSetting, BucketState, Known};
use crate::vocab::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is known of a bucket at one instant.
#[derive(Clone, Debug, Default)]
pub(super) struct Life {
    /// Whether the bucket is there.
    pub existence: Existence,
    /// Which bucket of that name it is.
    pub incarnation: u32,
    /// Its four controls.
    pub state: BucketState,
    /// The account's block.
    pub account_block: Known<BlockFlags>,
    /// When the account's block was last set, as far as that was seen.
    pub account_block_set: Option<Timestamp>,
    /// The event that last changed what the policy says.
    pub policy_author: Option<Cause>,
    /// The event that last changed what the ACL says.
    pub acl_author: Option<Cause>,
    /// What amplifies an exposure.
    pub notes: BTreeSet<&'static str>,
}

/// Whether a bucket is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Existence {
    /// Nothing has told of it yet.
    #[default]
    Unseen,
    /// It is there.
    Alive,
    /// Its deletion may have taken effect.
    Doubtful,
    /// It was deleted.
    Deleted,
    /// The name belongs to another account.
    Foreign,
}

impl Life {
    /// Whether the bucket's timeline has begun and not ended.
    pub fn is_told(&self) -> bool {
        !matches!(self.existence, Existence::Unseen | Existence::Deleted)
    }

    /// Whether there is a bucket of this account whose life another one would end.
    pub fn is_its_own(&self) -> bool {
        matches!(self.existence, Existence::Alive | Existence::Doubtful)
    }

    /// Whether it can be judged by its controls.
    pub fn is_certain(&self) -> bool {
        self.existence == Existence::Alive
    }

    /// Takes an account-wide call.
    pub fn apply_account(&mut self, call: &Call) {
        let after = flags_after(&self.account_block, call);
        if after != self.account_block || call.cause.event.took() {
            self.account_block_set = Some(call.time());
        }
        self.account_block = after;
    }

    /// Takes a call on the bucket; what it contradicts is named.
    pub fn apply(&mut self, call: &Call) -> Vec<ContradictionKind> {
        match &call.cause.event.outcome {
            Outcome::Took => self.take(call),
            Outcome::Failed(code) => self.learn(&call.cause.event, code.reveal()),
            Outcome::Uncertain(_) => self.doubt(call),
        }
    }

    /// A call that took effect.
    fn take(&mut self, call: &Call) -> Vec<ContradictionKind> {
        let event = &call.cause.event;
        let mut found = Vec::new();
        if let Change::CreateBucket { acl, ownership } = &event.change {
            return self.create(&call.cause, acl.as_ref(), ownership.as_ref());
        }
        self.exist(&mut found);
        if let Some(kind) = self
            .block()
            .and_then(|flags| refuses_accepted(call, &flags))
        {
            found.push(kind);
            self.state.block = Known::Unobserved;
        }
        if let Some(flags) = self
            .account_block
            .observed()
            .filter(|flags| refuses_accepted(call, flags).is_some())
        {
            found.extend(refuses_accepted(call, flags));
            self.account_block = Known::Unobserved;
        }
        if refuses_accepted(call, &BlockFlags::ALL).is_some()
            && self.state.block == Known::Observed(BlockSetting::Either)
        {
            self.state.block = Known::Observed(BlockSetting::Exactly(BlockFlags::NONE));
        }
        self.set(call, &mut found);
        found
    }

    /// A success shows that the bucket is there.
    pub(super) fn exist(&mut self, found: &mut Vec<ContradictionKind>) {
        match self.existence {
            Existence::Deleted => {
                found.push(ContradictionKind::UsedAfterDeletion);
                self.begin_anew();
            }
            Existence::Foreign | Existence::Unseen => self.incarnation += 1,
            Existence::Alive | Existence::Doubtful => {}
        }
        self.existence = Existence::Alive;
    }

    /// Another bucket of the name: nothing is known of its controls.
    pub(super) fn begin_anew(&mut self) {
        self.incarnation += 1;
        self.state = BucketState::default();
        (self.policy_author, self.acl_author) = (None, None);
        self.notes.clear();
    }

    pub(super) fn block(&self) -> Option<BlockFlags> {
        match self.state.block {
            Known::Observed(BlockSetting::Exactly(flags)) => Some(flags),
            _ => None,
        }
    }

    pub(super) fn set(&mut self, call: &Call, found: &mut Vec<ContradictionKind>) {
        match &call.cause.event.change {
            Change::CreateBucket { .. } => {}
            Change::DeleteBucket => self.existence = Existence::Deleted,
            Change::PutPolicy(_) => self.set_policy(call),
            Change::DeletePolicy => {
                (self.state.policy, self.policy_author) = (Known::Observed(None), None)
            }
            Change::PutAcl(asked) => self.set_acl(asked, &call.cause, found),
            Change::PutBlock(asked) => {
                self.state.block = known(asked, |flags| BlockSetting::Exactly(*flags))
            }
            Change::DeleteBlock => {
                self.state.block = Known::Observed(BlockSetting::Exactly(BlockFlags::NONE))
            }
            Change::PutOwnership(asked) => self.set_ownership(asked, found),
            Change::DeleteOwnership => {
                self.state.ownership = Known::Observed(AclSetting::Exactly(Ownership::ObjectWriter))
            }
            Change::PutWebsite => _ = self.notes.insert("website"),
            Change::DeleteWebsite => _ = self.notes.remove("website"),
            Change::PutCors => _ = self.notes.insert("cors"),
            Change::DeleteCors => _ = self.notes.remove("cors"),
            Change::PutAccountBlock(_) | Change::DeleteAccountBlock => {}
        }
    }

    /// Puts a policy in force. One that says the same as before leaves its author.
    fn set_policy(&mut self, call: &Call) {
        let before = self.state.policy.observed().and_then(Option::as_ref);
        let same = before
            .zip(call.policy.as_ref())
            .is_some_and(|(before, after)| before.policy.says_same(&after.policy));
        match &call.policy {
            _ if same => {}
            Some(policy) => {
                (self.state.policy, self.policy_author) = (
                    Known::Observed(Some(policy.clone())),
                    Some(call.cause.clone()),
                )
            }
            None => {
                (self.state.policy, self.policy_author) = (Known::Opaque, Some(call.cause.clone()))
            }
        }
    }

    /// Sets the ACL. That S3 accepted one shows that ACLs are enabled.
    pub(super) fn set_acl(
        &mut self,
        asked: &Asked<Acl>,
        cause: &Cause,
        found: &mut Vec<ContradictionKind>,
    ) {
        self.prove_acls_enabled(found);
        match asked {
            Asked::Said(acl)
                if self
                    .state
                    .acl
                    .observed()
                    .is_some_and(|before| before.grants_same(acl)) => {}
            Asked::Said(acl) => {
                (self.state.acl, self.acl_author) =
                    (Known::Observed(Arc::new(acl.clone())), Some(cause.clone()))
            }
            Asked::Unreadable(_) => {
                (self.state.acl, self.acl_author) = (Known::Opaque, Some(cause.clone()))
            }
        }
    }

    pub(super) fn prove_acls_enabled(&mut self, found: &mut Vec<ContradictionKind>) {
        match &self.state.ownership {
            Known::Observed(AclSetting::Exactly(ownership)) if ownership.acls_enabled() => return,
            Known::Observed(AclSetting::Exactly(_)) => {
                found.push(ContradictionKind::AclAcceptedWhileDisabled)
            }
            Known::Observed(AclSetting::Either) => self.had_old_defaults(),
            Known::Observed(AclSetting::Enabled) | Known::Unobserved | Known::Opaque => {}
        }
        self.state.ownership = Known::Observed(AclSetting::Enabled);
    }

    /// ACLs were enabled at creation, so the bucket got the defaults of before April 2023, which had no block.
    pub(super) fn had_old_defaults(&mut self) {
        if self.state.block == Known::Observed(BlockSetting::Either) {
            self.state.block = Known::Observed(BlockSetting::Exactly(BlockFlags::NONE));
        }
    }

    /// Sets ownership. S3 disables ACLs only while the ACL grants nobody but the owner.
    fn set_ownership(&mut self, asked: &Asked<Ownership>, found: &mut Vec<ContradictionKind>) {
        self.state.ownership = known(asked, |ownership| AclSetting::Exactly(*ownership));
        if self.state.acls_disabled() {
            if self
                .state
                .acl
                .observed()
                .is_some_and(|acl| acl.grants.iter().any(|grant| is_surely_foreign(grant, acl)))
            {
                found.push(ContradictionKind::DisabledDespiteGrants);
            }
            self.own_acl();
        }
    }

    pub(super) fn own_acl(&mut self) {
        (self.state.acl, self.acl_author) = (Known::Observed(Arc::new(Acl::owner_only())), None);
    }
}

pub(super) fn known<T, U>(asked: &Asked<T>, to: impl Fn(&T) -> U) -> Known<U> {
    match asked {
        Asked::Said(said) => Known::Observed(to(said)),
        Asked::Unreadable(_) => Known::Opaque,
    }
}

/// Whether a grant is to somebody who is surely not the bucket's owner.
fn is_surely_foreign(grant: &AclGrant, acl: &Acl) -> bool {
    match &grant.grantee {
        Grantee::Owner => false,
        Grantee::CanonicalUser(_) => acl.owner.is_some(),
        _ => true,
    }
}
