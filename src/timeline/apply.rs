//! What does one call make of what is known of a bucket?
//!
//! A success sets its control and proves what S3 checks before it accepts; a failure changes nothing but may prove a
//! control; a call that may have taken effect makes its control opaque.

use super::contradiction::ContradictionKind;
use super::doubt::Loosened;
use super::lesson::{Control, Found, Instants, Value};
use super::objects::Objects;
use super::order::Call;
use super::perhaps::Perhaps;
use super::points::Point;
use super::proof::{flags_after, refuses_accepted};
use super::shown::Shown;
use super::standing::PointId;
use super::types::Cause;
use crate::event::{
    Acl, AclGrant, Asked, BlockFlags, Change, Copies, Grantee, Outcome, Ownership, Payer, Switch,
};
use crate::exposure::{AclSetting, BlockSetting, BucketState, Known};
use crate::vocab::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
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
    /// Where the ACL was shown under blocks that may have hidden more of it: that.
    pub shown: Option<Shown>,
    /// The account's block.
    pub account_block: Known<BlockFlags>,
    /// Its objects whose own ACLs let others in.
    pub objects: Arc<Objects>,
    /// Its access points.
    pub points: BTreeMap<PointId, Point>,
    /// When each control was last set or proven.
    pub since: Instants,
    /// Since when each control cannot be told, because a call is missing.
    pub missing: Instants,
    /// What is known of blocks that cannot be told.
    pub loosened: Loosened,
    /// Whether something speaks against what is known of the bucket's block, and decides nothing.
    pub block_doubted: bool,
    /// When something last succeeded that a block would have kept from it.
    pub unblocked: Option<Timestamp>,
    /// Until when it cannot be told: the proof that a call is missing.
    pub refuted: Instants,
    /// Which blocks that proof shows to be lifted.
    pub lifted: Instants,
    /// For each control that cannot be told, because the order of calls cannot: these calls.
    pub disputes: BTreeMap<Control, Arc<[Cause]>>,
    /// For each control that is one thing or the other, which makes no difference as long as what silences it does: the calls whose
    /// order cannot be told.
    pub tied: BTreeMap<Control, Arc<[Cause]>>,
    /// What policy and ACL may be, where they cannot be told.
    pub perhaps: Perhaps,
    /// The calls whose order leaves open whether the bucket is there.
    pub doubted_by: Arc<[Cause]>,
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
            self.know(Control::AccountBlock, &call.cause);
        }
        self.account_block = after;
    }

    /// Takes a call on the bucket; what it contradicts and proves is named.
    pub fn apply(&mut self, call: &Call) -> Found {
        match &call.cause.event.outcome {
            _ if call.cause.copies == Copies::Differ => {
                let mut found = self.doubt(call);
                found.push(ContradictionKind::CopiesDiffer);
                found
            }
            Outcome::Took => self.take(call),
            Outcome::Failed(code) => self.learn(&call.cause, code.reveal()),
            Outcome::Uncertain(_) => self.doubt(call),
        }
    }

    /// A control is known from this event on.
    pub(super) fn know(&mut self, control: Control, cause: &Cause) {
        self.since.set(control, Some(cause.event.time));
        self.missing.set(control, None);
        self.refuted.set(control, None);
        self.lifted.set(control, None);
        self.loosen(control, None);
        self.disputes.remove(&control);
        self.tied.remove(&control);
        self.perhaps.forget(control);
        self.shown = self.shown.take().filter(|_| control != Control::Acl);
        self.block_doubted &= control != Control::Block;
    }

    /// Takes note of a contradiction.
    pub(super) fn heed(&mut self, kind: ContradictionKind) {
        self.block_doubted |= kind.doubts_block();
    }

    /// A call that took effect.
    fn take(&mut self, call: &Call) -> Found {
        let event = &call.cause.event;
        let mut found = Found::default();
        if let Change::CreateBucket { acl, ownership } = &event.change {
            self.create(&call.cause, acl.as_ref(), ownership.as_ref(), &mut found);
            return found;
        }
        self.exist(&mut found);
        self.disprove_blocks(call, &mut found);
        self.set(call, &mut found);
        found
    }

    /// A block that would have refused what S3 accepted was lifted before, unseen.
    pub(super) fn disprove_blocks(&mut self, call: &Call, found: &mut Found) {
        if let Some(kind) = self
            .block()
            .and_then(|flags| refuses_accepted(call, &flags))
        {
            found.push(kind);
            found.miss(Control::Block, self.since.get(Control::Block), &call.cause);
            self.forget_block(&call.cause);
        }
        if let Some(kind) = self
            .account_block
            .observed()
            .and_then(|flags| refuses_accepted(call, flags))
        {
            found.push(kind.of_account());
            self.account_block = Known::Unobserved;
        }
        if refuses_accepted(call, &BlockFlags::ALL).is_none() {
            return;
        }
        self.unblocked = Some(call.time());
        if self.refuted.get(Control::Block) == Some(call.time()) {
            self.forget_block(&call.cause);
        }
        self.had_old_defaults();
    }

    pub(super) fn forget_block(&mut self, cause: &Cause) {
        self.state.block = Known::Unobserved;
        self.know(Control::Block, cause);
        self.unmask(Control::Block);
    }

    /// A success shows that the bucket is there.
    pub(super) fn exist(&mut self, found: &mut Found) {
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
        (self.policy_author, self.acl_author, self.shown) = (None, None, None);
        for control in [
            Control::Policy,
            Control::Acl,
            Control::Ownership,
            Control::Block,
        ] {
            self.since.set(control, None);
            self.missing.set(control, None);
            self.disputes.remove(&control);
        }
        self.perhaps = Perhaps::default();
        (self.unblocked, self.block_doubted) = (None, false);
        self.loosen(Control::Block, None);
        self.notes.clear();
        self.objects = Arc::default();
        self.points.clear();
    }

    pub(super) fn block(&self) -> Option<BlockFlags> {
        match self.state.block {
            Known::Observed(BlockSetting::Exactly(flags)) => Some(flags),
            _ => None,
        }
    }

    pub(super) fn set(&mut self, call: &Call, found: &mut Found) {
        let cause = &call.cause;
        match &cause.event.change {
            Change::CreateBucket { .. } => {}
            Change::DeleteBucket => self.existence = Existence::Deleted,
            Change::PutPolicy(_) => self.set_policy(call),
            Change::DeletePolicy => {
                (self.state.policy, self.policy_author) = (Known::Observed(None), None);
                self.know(Control::Policy, cause);
            }
            Change::PutAcl(asked) => self.set_acl(asked, cause, found),
            Change::PutBlock(asked) => {
                self.state.block = known(asked, |flags| BlockSetting::Exactly(*flags));
                self.know(Control::Block, cause);
            }
            Change::DeleteBlock => {
                self.state.block = Known::Observed(BlockSetting::Exactly(BlockFlags::NONE));
                self.know(Control::Block, cause);
            }
            Change::PutOwnership(asked) => self.set_ownership(asked, cause, found),
            Change::DeleteOwnership => {
                self.state.ownership =
                    Known::Observed(AclSetting::Exactly(Ownership::ObjectWriter));
                self.know(Control::Ownership, cause);
            }
            Change::AccessPoint(name, change) => self.set_point(name, change, call, found),
            change => self.take_note(change),
        }
    }

    /// What amplifies an exposure, or leads to one elsewhere, and is none itself.
    fn take_note(&mut self, change: &Change) {
        let (note, switch) = match change {
            Change::PutWebsite => ("website", Switch::On),
            Change::DeleteWebsite => ("website", Switch::Off),
            Change::PutCors => ("cors", Switch::On),
            Change::DeleteCors => ("cors", Switch::Off),
            Change::PutReplication(_) => ("replication", Switch::On),
            Change::DeleteReplication => ("replication", Switch::Off),
            Change::PutRequestPayment(Payer::Requester) => ("requester-pays", Switch::On),
            Change::PutRequestPayment(_) => ("requester-pays", Switch::Off),
            Change::MultiRegionAccessPoint(switch, _) => ("multi-region-access-point", *switch),
            Change::ObjectLambdaAccessPoint(switch, _) => ("object-lambda-access-point", *switch),
            _ => return,
        };
        match switch {
            Switch::On => self.notes.insert(note),
            Switch::Off => self.notes.remove(note),
        };
    }

    /// Puts a policy in force. One that says the same as before leaves its author.
    fn set_policy(&mut self, call: &Call) {
        let before = self.state.policy.observed().and_then(Option::as_ref);
        let same = before
            .zip(call.policy.as_ref())
            .is_some_and(|(before, after)| before.policy.says_same(&after.policy));
        match &call.policy {
            Some(policy) if same => self.respell_policy(policy.policy.length),
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
        self.know(Control::Policy, &call.cause);
    }

    /// The same policy in other words: it means the same, and is served with another length.
    fn respell_policy(&mut self, length: Option<u64>) {
        if let Known::Observed(Some(known)) = &mut self.state.policy
            && known.policy.length != length
        {
            Arc::make_mut(known).policy.length = length;
        }
    }

    /// Sets the ACL. That S3 accepted one shows that ACLs are enabled.
    pub(super) fn set_acl(&mut self, asked: &Asked<Acl>, cause: &Cause, found: &mut Found) {
        self.prove_acls_enabled(cause, found);
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
        self.know(Control::Acl, cause);
    }

    pub(super) fn prove_acls_enabled(&mut self, cause: &Cause, found: &mut Found) {
        let since = self.since.get(Control::Ownership);
        match &self.state.ownership {
            Known::Observed(AclSetting::Exactly(ownership)) if ownership.acls_enabled() => {}
            Known::Observed(AclSetting::Enabled) => {}
            Known::Observed(AclSetting::Exactly(_)) => {
                found.push(ContradictionKind::AclAcceptedWhileDisabled);
                found.miss(Control::Ownership, since, cause);
                self.state.ownership = Known::Observed(AclSetting::Enabled);
            }
            Known::Observed(AclSetting::Either) => {
                self.had_old_defaults();
                self.state.ownership = Known::Observed(AclSetting::Enabled);
            }
            Known::Unobserved if since.is_none() => {
                found.before.push(Value::Ownership(AclSetting::Enabled));
                self.state.ownership = Known::Observed(AclSetting::Enabled);
            }
            Known::Unobserved | Known::Opaque => {
                self.state.ownership = Known::Observed(AclSetting::Enabled);
            }
        }
        self.know(Control::Ownership, cause);
    }

    /// ACLs were enabled at creation, so the bucket got the defaults of before April 2023, which had no block.
    pub(super) fn had_old_defaults(&mut self) {
        if self.state.block == Known::Observed(BlockSetting::Either) {
            self.state.block = Known::Observed(BlockSetting::Exactly(BlockFlags::NONE));
        }
    }

    /// Sets ownership. S3 disables ACLs only while the ACL grants nobody but the owner.
    fn set_ownership(&mut self, asked: &Asked<Ownership>, cause: &Cause, found: &mut Found) {
        self.state.ownership = known(asked, |ownership| AclSetting::Exactly(*ownership));
        self.know(Control::Ownership, cause);
        if self.state.acls_disabled() {
            if self
                .state
                .acl
                .observed()
                .is_some_and(|acl| acl.grants.iter().any(|grant| is_surely_foreign(grant, acl)))
            {
                found.push(ContradictionKind::DisabledDespiteGrants);
            }
            if self.state.acl == Known::Unobserved && self.since.get(Control::Acl).is_none() {
                found.before.push(Value::Acl(Arc::new(Acl::owner_only())));
            }
            self.own_acl(cause);
        }
    }

    pub(super) fn own_acl(&mut self, cause: &Cause) {
        (self.state.acl, self.acl_author) = (Known::Observed(Arc::new(Acl::owner_only())), None);
        self.know(Control::Acl, cause);
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
