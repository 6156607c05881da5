//! What does a read make of what is known of a bucket?
//!
//! It sets nothing, but what it tells was so at its instant. A policy that was served and never seen is one that cannot be
//! told. The length of an answer decides nothing; it may contradict what was written.

use super::apply::Life;
use super::contradiction::ContradictionKind;
use super::lesson::{Control, Found, Value};
use super::order::Read;
use super::types::Cause;
use crate::event::{Acl, BlockFlags, Heard, Ownership, Switch, Told};
use crate::exposure::{AclSetting, BlockSetting, Known, PolicyInForce};
use std::sync::Arc;

/// Bucket configuration is eventually consistent: a read that disagrees so many seconds after a change tells nothing.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel>
pub(super) const PROPAGATION: i64 = 60;

/// `<PublicAccessBlockConfiguration>` with four flags that are on; `false` has one letter more than `true`.
const BLOCK_LENGTH: u64 = 326;

impl Life {
    /// What a read tells of a bucket that is there.
    pub(super) fn hear(&mut self, read: &Read) -> Found {
        let mut found = Found::default();
        let tied = match &read.told {
            Told::Policy(_) | Told::PolicyServed(_) => Some(Control::Policy),
            Told::Acl(_) => Some(Control::Acl),
            _ => None,
        };
        // What is read tells which of two it is.
        if let Some(control) = tied.filter(|control| !self.is_fresh(*control, read)) {
            self.untie(control);
        }
        match &read.told {
            Told::Policy(_) => self.hear_policy(read.policy.as_ref(), read, &mut found),
            Told::PolicyServed(length) => self.hear_served(*length, read, &mut found),
            Told::Acl(acl) => self.hear_acl(acl, read, &mut found),
            Told::Block(flags) => self.hear_block(*flags, read, &mut found),
            Told::BlockServed(length) => self.hear_block_length(*length, read, &mut found),
            Told::Ownership(ownership) => self.hear_ownership(*ownership, read, &mut found),
            Told::Website(Switch::On) => _ = self.notes.insert("website"),
            Told::Website(Switch::Off) => _ = self.notes.remove("website"),
            Told::AccountBlock(_) | Told::Exists | Told::NoBucket => {}
        }
        found
    }

    /// Whether a change of the control is so fresh that a read may not show it yet.
    fn is_fresh(&self, control: Control, read: &Read) -> bool {
        let since = self.since.get(control);
        read.heard == Heard::Logged
            && since.is_some_and(|since| read.cause.event.time < since.plus(PROPAGATION))
    }

    fn hear_policy(&mut self, told: Option<&Arc<PolicyInForce>>, read: &Read, found: &mut Found) {
        let agrees = match (&self.state.policy, told) {
            (Known::Observed(None), None) => true,
            (Known::Observed(Some(known)), Some(told)) => known.policy.says_same(&told.policy),
            _ => false,
        };
        if !agrees {
            if self.is_fresh(Control::Policy, read) {
                return;
            }
            self.correct_policy(Value::Policy(told.cloned()), &read.cause, found);
            (self.state.policy, self.policy_author) = (Known::Observed(told.cloned()), None);
        }
        self.know(Control::Policy, &read.cause);
    }

    /// What was known of the policy was another one, or nothing was.
    fn correct_policy(&self, value: Value, cause: &Cause, found: &mut Found) {
        let since = self.since.get(Control::Policy);
        match &self.state.policy {
            Known::Observed(_) => {
                found.push(ContradictionKind::PolicyDiffers);
                found.miss(Control::Policy, since, cause);
            }
            Known::Unobserved if since.is_none() => found.before.push(value),
            Known::Unobserved | Known::Opaque => {}
        }
    }

    /// A policy was served: there is one. If none is known that it could be, it cannot be told what it says.
    fn hear_served(&mut self, length: Option<u64>, read: &Read, found: &mut Found) {
        if let Known::Observed(Some(known)) = &self.state.policy {
            let differs = length
                .zip(known.policy.length)
                .is_some_and(|(served, written)| served != written);
            if differs && !self.is_fresh(Control::Policy, read) {
                found.push(ContradictionKind::PolicyLengthDiffers);
            }
            return;
        }
        if self.is_fresh(Control::Policy, read) {
            return;
        }
        self.correct_policy(Value::SomePolicy, &read.cause, found);
        self.cloud(Control::Policy);
        self.know(Control::Policy, &read.cause);
    }

    /// S3 shows the ACL that is in effect: while IgnorePublicAcls may be on, one without public grants hides nothing known, and
    /// tells nothing of such grants.
    fn hear_acl(&mut self, told: &Acl, read: &Read, found: &mut Found) {
        let told = Arc::new(told.clone());
        self.forget_shown();
        let since = self.since.get(Control::Acl);
        let agrees = self
            .state
            .acl
            .observed()
            .is_some_and(|known| known.grants_same(&told));
        let hides = self.may_hide_grants();
        let hides = hides.filter(|_| !told.is_public() && !self.state.acls_disabled());
        let masked = self.state.acls_disabled() || hides.is_some();
        let mut shown = None;
        match &self.state.acl {
            Known::Observed(_) if agrees || masked || self.is_fresh(Control::Acl, read) => {}
            Known::Observed(_) => {
                found.push(ContradictionKind::AclDiffers);
                found.miss(Control::Acl, since, &read.cause);
                (self.state.acl, self.acl_author) = (Known::Observed(told), None);
            }
            known => {
                if *known == Known::Unobserved && since.is_none() {
                    found.before.push(match &hides {
                        Some(hides) => Value::ShownAcl(told.clone(), hides.clone()),
                        None => Value::Acl(told.clone()),
                    });
                }
                shown = hides;
                (self.state.acl, self.acl_author) = (Known::Observed(told), None);
            }
        }
        self.know(Control::Acl, &read.cause);
        self.shown = shown;
    }

    fn hear_block(&mut self, told: BlockFlags, read: &Read, found: &mut Found) {
        let since = self.since.get(Control::Block);
        match self.state.block {
            Known::Observed(BlockSetting::Exactly(known)) if known == told => {}
            Known::Observed(BlockSetting::Exactly(_)) if self.is_fresh(Control::Block, read) => {
                return;
            }
            Known::Observed(BlockSetting::Exactly(_)) => {
                found.push(ContradictionKind::BlockDiffers);
                found.miss(Control::Block, since, &read.cause);
            }
            // What somebody's success disproves was not so all along.
            Known::Unobserved if since.is_none() => match self.unblocked {
                Some(_) if told != BlockFlags::NONE => {
                    found.miss(Control::Block, self.unblocked, &read.cause);
                }
                _ => (found.before).push(Value::Block(BlockSetting::Exactly(told))),
            },
            Known::Opaque if self.is_fresh(Control::Block, read) => return,
            _ => {}
        }
        self.state.block = Known::Observed(BlockSetting::Exactly(told));
        self.know(Control::Block, &read.cause);
    }

    fn hear_block_length(&self, length: Option<u64>, read: &Read, found: &mut Found) {
        let Some((served, known)) = length.zip(self.block()) else {
            return;
        };
        let off = 4_u64.saturating_sub(known.names().len() as u64);
        if served != BLOCK_LENGTH + off && !self.is_fresh(Control::Block, read) {
            found.push(ContradictionKind::BlockLengthDiffers);
        }
    }

    fn hear_ownership(&mut self, told: Ownership, read: &Read, found: &mut Found) {
        let since = self.since.get(Control::Ownership);
        let known = match self.state.ownership {
            Known::Observed(AclSetting::Exactly(known)) => Some(known.acls_enabled()),
            Known::Observed(AclSetting::Enabled) => Some(true),
            _ => None,
        };
        match known {
            Some(enabled) if enabled == told.acls_enabled() => {}
            Some(_) if self.is_fresh(Control::Ownership, read) => return,
            Some(_) => {
                found.push(ContradictionKind::OwnershipDiffers);
                found.miss(Control::Ownership, since, &read.cause);
            }
            None if self.is_fresh(Control::Ownership, read) => return,
            None if since.is_none() => found
                .before
                .push(Value::Ownership(AclSetting::Exactly(told))),
            None => {}
        }
        self.state.ownership = Known::Observed(AclSetting::Exactly(told));
        self.know(Control::Ownership, &read.cause);
        if !told.acls_enabled() {
            if self.state.acl == Known::Unobserved && self.since.get(Control::Acl).is_none() {
                found.before.push(Value::Acl(Arc::new(Acl::owner_only())));
            }
            self.own_acl(&read.cause);
        }
    }

    /// What a control was all along, as a later proof tells. What is known is left alone.
    pub(super) fn was(&mut self, value: &Value) {
        match value {
            Value::Policy(policy) if self.state.policy == Known::Unobserved => {
                self.state.policy = Known::Observed(policy.clone());
            }
            Value::SomePolicy if self.state.policy == Known::Unobserved => {
                self.state.policy = Known::Opaque;
            }
            Value::SomeAcl if self.state.acl == Known::Unobserved => {
                self.state.acl = Known::Opaque;
            }
            Value::Acl(acl) if self.state.acl == Known::Unobserved => {
                self.state.acl = Known::Observed(acl.clone());
            }
            Value::ShownAcl(acl, shown) if self.state.acl == Known::Unobserved => {
                self.state.acl = Known::Observed(acl.clone());
                self.shown = Some(shown.clone());
            }
            Value::Ownership(setting) if self.state.ownership == Known::Unobserved => {
                self.state.ownership = Known::Observed(*setting);
            }
            Value::Block(setting) if self.state.block == Known::Unobserved => {
                self.state.block = Known::Observed(*setting);
            }
            _ => {}
        }
    }
}
