//! What does a proof tell of the time before it?
//!
//! A control that no call set since the evidence began was then what a later read, refusal or success proves it to be. A
//! proof that disagrees with what was known shows that a call is missing: between the last instant at which the control
//! was known and the proof it cannot be told.

use super::contradiction::ContradictionKind;
use super::shown::Shown;
use super::types::Cause;
use crate::event::{Acl, Change};
use crate::exposure::{AclSetting, BlockSetting, PolicyInForce};
use crate::vocab::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A control of a bucket or its account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Control {
    Policy,
    Acl,
    Ownership,
    Block,
    AccountBlock,
}

impl Control {
    pub const ALL: [Self; 5] = [
        Self::Policy,
        Self::Acl,
        Self::Ownership,
        Self::Block,
        Self::AccountBlock,
    ];

    /// The control that a call asks to change.
    pub fn of(change: &Change) -> Option<Self> {
        match change {
            Change::PutPolicy(_) | Change::DeletePolicy => Some(Self::Policy),
            Change::PutAcl(_) => Some(Self::Acl),
            Change::PutBlock(_) | Change::DeleteBlock => Some(Self::Block),
            Change::PutOwnership(_) | Change::DeleteOwnership => Some(Self::Ownership),
            Change::PutAccountBlock(_) | Change::DeleteAccountBlock => Some(Self::AccountBlock),
            _ => None,
        }
    }
}

/// What a control was all along.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    Policy(Option<Arc<PolicyInForce>>),
    /// There was a policy, and what it said cannot be told.
    SomePolicy,
    Acl(Arc<Acl>),
    /// The ACL was shown so, under blocks that may have hidden more of it.
    ShownAcl(Arc<Acl>, Shown),
    /// The ACL granted somebody else; whom, cannot be told.
    SomeAcl,
    Ownership(AclSetting),
    Block(BlockSetting),
}

/// An instant for each control, where there is one.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Instants([Option<Timestamp>; 5]);

impl Instants {
    pub fn get(&self, control: Control) -> Option<Timestamp> {
        self.0.get(control as usize).copied().flatten()
    }

    pub fn set(&mut self, control: Control, at: Option<Timestamp>) {
        if let Some(instant) = self.0.get_mut(control as usize) {
            *instant = at;
        }
    }
}

/// A stretch of time during which a control cannot be told: a call is missing in it.
#[derive(Clone, Debug)]
pub(super) struct Gap {
    pub control: Control,
    /// The last instant at which the control was known.
    pub from: Timestamp,
    /// The proof that disagrees.
    pub until: Timestamp,
    pub cause: Cause,
    /// What became of it, where that is known.
    pub loss: Loss,
}

/// What became of a control in a gap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Loss {
    /// Anything.
    Changed,
    /// If it is a block it was loosened, or nothing became of it.
    Loosened,
    /// It is a block, and was lifted at the proof.
    Lifted,
}

/// What one step teaches beyond the state after it.
#[derive(Clone, Default, Debug)]
pub(super) struct Found {
    /// What it contradicts.
    pub contradictions: Vec<ContradictionKind>,
    /// What its control was since the evidence of this bucket began.
    pub before: Vec<Value>,
    /// Between which instants a control cannot be told.
    pub gaps: Vec<Gap>,
}

impl Found {
    pub fn push(&mut self, kind: ContradictionKind) {
        self.contradictions.push(kind);
    }

    /// A call is missing between the last instant at which the control was known and this proof.
    pub fn miss(&mut self, control: Control, from: Option<Timestamp>, cause: &Cause) {
        let until = cause.event.time;
        self.gaps
            .extend(from.filter(|from| *from < until).map(|from| Gap {
                control,
                from,
                until,
                cause: cause.clone(),
                loss: Loss::Changed,
            }));
    }

    /// The same where it is known what became of it.
    pub fn lose(&mut self, control: Control, from: Option<Timestamp>, cause: &Cause, loss: Loss) {
        self.miss(control, from, cause);
        if let Some(gap) = self.gaps.last_mut().filter(|gap| gap.control == control) {
            gap.loss = loss;
        }
    }
}

/// All that later proofs teach of one bucket.
#[derive(Clone, Default, Debug)]
pub(super) struct Lessons {
    /// By incarnation: what its controls were when its evidence began.
    pub before: BTreeMap<u32, Vec<Value>>,
    /// By the instant from which a control cannot be told.
    pub gaps: BTreeMap<Timestamp, Vec<Gap>>,
}

impl Lessons {
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.gaps.is_empty()
    }

    pub fn learn(&mut self, incarnation: u32, found: Found) {
        if !found.before.is_empty() {
            self.before
                .entry(incarnation)
                .or_default()
                .extend(found.before);
        }
        for gap in found.gaps {
            self.gaps.entry(gap.from).or_default().push(gap);
        }
    }
}
