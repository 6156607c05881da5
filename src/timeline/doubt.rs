//! What is left of what is known, where it cannot be told what took effect?

use super::apply::{Existence, Life};
use super::lesson::{Control, Found};
use super::order::Call;
use super::types::Cause;
use crate::event::{Acl, BlockFlags, Change};
use crate::exposure::{BlockSetting, BucketState, Known, PolicyInForce};
use crate::vocab::Region;
use std::sync::Arc;

/// Between what blocks are that cannot be told: they may have been loosened since, or were one thing or the other.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Loosened {
    bucket: Option<Bounds>,
    account: Option<Bounds>,
}

/// The flags that are on, and those that may be.
type Bounds = (BlockFlags, BlockFlags);

impl Life {
    /// A call that may have taken effect: its control is opaque from here, until it is next known.
    pub(super) fn doubt(&mut self, call: &Call) -> Found {
        let mut found = Found::default();
        if call.cause.event.change == Change::DeleteBucket {
            if self.existence == Existence::Alive {
                self.existence = Existence::Doubtful;
                self.doubted_by = Arc::default();
            }
            return found;
        }
        if let Change::CreateBucket { acl, ownership } = &call.cause.event.change {
            match self.existence {
                Existence::Deleted => {
                    self.create(&call.cause, acl.as_ref(), ownership.as_ref(), &mut found);
                    self.existence = Existence::Doubtful;
                    self.doubted_by = Arc::default();
                }
                _ => self.doubt_reset(call),
            }
            return found;
        }
        if self.existence == Existence::Deleted {
            return found;
        }
        self.exist(&mut found);
        self.lose(call);
        found
    }

    /// In us-east-1 a creation of the owner's own bucket, which may have taken effect, may have reset its ACL.
    fn doubt_reset(&mut self, call: &Call) {
        let region = call.cause.event.region.as_ref();
        let owner_only = |acl: &Arc<Acl>| acl.grants_same(&Acl::owner_only());
        let reset = self.state.acl.observed().is_none_or(|acl| !owner_only(acl));
        if self.is_its_own() && reset && region.is_some_and(Region::is_us_east_1) {
            let perhaps = self.perhaps_after(call);
            self.cloud(Control::Acl);
            self.acl_author = Some(call.cause.clone());
            self.know(Control::Acl, &call.cause);
            self.narrow(Control::Acl, perhaps);
        }
    }

    /// The control of a call can no longer be told.
    fn lose(&mut self, call: &Call) {
        let author = Some(call.cause.clone());
        if let Change::AccessPoint(name, change) = &call.cause.event.change {
            return self.cloud_point(name, change, call);
        }
        let Some(control) = Control::of(&call.cause.event.change) else {
            return;
        };
        let perhaps = self.perhaps_after(call);
        self.cloud(control);
        match control {
            Control::Policy => self.policy_author = author,
            Control::Acl => self.acl_author = author,
            _ => {}
        }
        self.know(control, &call.cause);
        self.narrow(control, perhaps);
    }

    /// Whether a control cannot be told.
    pub fn is_opaque(&self, control: Control) -> bool {
        match control {
            Control::Policy => self.state.policy == Known::Opaque,
            Control::Acl => self.state.acl == Known::Opaque,
            Control::Ownership => self.state.ownership == Known::Opaque,
            Control::Block => self.state.block == Known::Opaque,
            Control::AccountBlock => self.account_block == Known::Opaque,
        }
    }

    /// A control is opaque from here.
    pub fn cloud(&mut self, control: Control) {
        match control {
            Control::Policy => (self.state.policy, self.policy_author) = (Known::Opaque, None),
            Control::Acl => (self.state.acl, self.acl_author) = (Known::Opaque, None),
            Control::Ownership => self.state.ownership = Known::Opaque,
            Control::Block => self.state.block = Known::Opaque,
            Control::AccountBlock => self.account_block = Known::Opaque,
        }
        self.shown = self.shown.take().filter(|_| control != Control::Acl);
        self.perhaps.forget(control);
        self.loosen(control, None);
        self.unmask(control);
    }

    /// What is known of a block.
    pub fn flags(&self, control: Control) -> Option<BlockFlags> {
        match control {
            Control::Block => self.block(),
            Control::AccountBlock => self.account_block.observed().copied(),
            _ => None,
        }
    }

    /// A block that cannot be told was these flags at most.
    pub fn loosen(&mut self, control: Control, most: Option<BlockFlags>) {
        self.bound(control, most.map(|most| (BlockFlags::NONE, most)));
    }

    fn bound(&mut self, control: Control, bounds: Option<Bounds>) {
        match control {
            Control::Block => self.loosened.bucket = bounds,
            Control::AccountBlock => self.loosened.account = bounds,
            _ => {}
        }
    }

    /// Between what a block is, where anything is known of it.
    fn bounds(&self, control: Control) -> Option<Bounds> {
        match control {
            Control::Block => match self.state.block {
                Known::Observed(BlockSetting::Exactly(flags)) => Some((flags, flags)),
                Known::Observed(BlockSetting::Between(least, most)) => Some((least, most)),
                Known::Opaque => self.loosened.bucket,
                Known::Observed(BlockSetting::Either) | Known::Unobserved => None,
            },
            Control::AccountBlock => match self.account_block {
                Known::Observed(flags) => Some((flags, flags)),
                Known::Opaque => self.loosened.account,
                Known::Unobserved => None,
            },
            _ => None,
        }
    }

    /// A block is what it is here or what it is there.
    fn dispute_block(&mut self, control: Control, other: &Self, causes: &[Cause]) {
        let both = self.bounds(control).zip(other.bounds(control));
        self.dispute(control, causes);
        self.bound(
            control,
            both.map(|(one, other)| (one.0.and(other.0), one.1.or(other.1))),
        );
    }

    /// The controls and the account's block as they are judged: of a block that was loosened, flags that were off stay so. The account's
    /// is then taken as a part of the bucket's, where that is known.
    pub fn judged_by(&self) -> (BucketState, Known<BlockFlags>) {
        let (mut state, mut account) = (self.state.clone(), self.account_block.clone());
        state.acl.clone_from(self.judged_acl());
        if let (Known::Opaque, Some((least, most))) = (&state.block, self.loosened.bucket) {
            state.block = Known::Observed(BlockSetting::Between(least, most));
        }
        let known = self.bounds(Control::Block);
        if let (Known::Opaque, Some(more), Some((least, most))) =
            (&account, self.loosened.account, known)
        {
            let (least, most) = (least.or(more.0), most.or(more.1));
            state.block = Known::Observed(BlockSetting::Between(least, most));
            account = Known::Observed(BlockFlags::NONE);
        }
        (state, account)
    }

    /// A control that cannot be told because the order of these calls cannot.
    pub fn dispute(&mut self, control: Control, causes: &[Cause]) {
        self.cloud(control);
        if !causes.is_empty() {
            self.disputes.insert(control, causes.into());
        }
    }

    /// Makes every control opaque in which another life differs, for the order of these calls cannot be told.
    pub fn blur(&mut self, other: &Self, causes: &[Cause]) {
        self.blur_ways(other, causes);
        self.blur_gates(other, causes);
        self.blur_rest(other, causes);
    }

    /// Notes which ways in are other ones in another life, where neither lets anybody else in as things are.
    pub fn tie(&mut self, other: &Self, causes: &[Cause]) {
        let policy =
            (!same_policy(&self.state.policy, &other.state.policy)).then_some(Control::Policy);
        let acl = (!same_acl(&self.state.acl, &other.state.acl)).then_some(Control::Acl);
        for control in policy.into_iter().chain(acl) {
            self.tied.insert(control, causes.into());
        }
    }

    /// Where a control is one thing or the other, that matters from here.
    pub fn untie(&mut self, control: Control) {
        if let Some(causes) = self.tied.remove(&control) {
            self.dispute(control, &causes);
        }
    }

    /// The same of policy and ACL, where what may silence them can no longer be told.
    pub fn unmask(&mut self, control: Control) {
        if !matches!(control, Control::Policy | Control::Acl) {
            self.untie(Control::Policy);
            self.untie(Control::Acl);
        }
    }

    /// The same of all controls, if what silences them is another than it was before.
    pub fn untie_since(&mut self, before: &Self) {
        let is_same = self.state.block == before.state.block
            && self.state.ownership == before.state.ownership
            && self.account_block == before.account_block;
        if !is_same {
            Control::ALL
                .into_iter()
                .for_each(|control| self.untie(control));
        }
    }

    /// Makes blocks and ownership opaque where another life differs.
    pub fn blur_gates(&mut self, other: &Self, causes: &[Cause]) {
        if self.state.ownership != other.state.ownership {
            self.dispute(Control::Ownership, causes);
        }
        if self.state.block != other.state.block {
            self.dispute_block(Control::Block, other, causes);
        }
        if self.account_block != other.account_block {
            self.dispute_block(Control::AccountBlock, other, causes);
        }
    }

    /// The same of access points' policies, and of whether the bucket is there.
    pub fn blur_rest(&mut self, other: &Self, causes: &[Cause]) {
        for (id, point) in &mut self.points {
            let same = other
                .points
                .get(id)
                .is_some_and(|other| other.state == point.state);
            if !same {
                point.state.policy = Known::Opaque;
            }
        }
        if self.existence != other.existence && self.is_told() {
            self.existence = Existence::Doubtful;
            self.doubted_by = causes.into();
        }
    }

    /// Whether two lives are the same but for who made them so.
    pub fn comes_to_same(&self, other: &Self) -> bool {
        let points = |life: &Self| -> Vec<_> {
            let points = life.points.values();
            points.map(|point| point.state.clone()).collect()
        };
        self.existence == other.existence
            && self.incarnation == other.incarnation
            && same_policy(&self.state.policy, &other.state.policy)
            && same_acl(&self.state.acl, &other.state.acl)
            && self.state.ownership == other.state.ownership
            && self.state.block == other.state.block
            && self.account_block == other.account_block
            && self.perhaps == other.perhaps
            && points(self) == points(other)
    }

    /// The calls whose order cannot be told, where that leaves something open.
    pub fn disputing(&self) -> Vec<Cause> {
        let doubted = match self.existence {
            Existence::Doubtful => self.doubted_by.iter(),
            _ => [].iter(),
        };
        let mut causes: Vec<Cause> = doubted
            .chain(self.disputes.values().flat_map(|causes| causes.iter()))
            .cloned()
            .collect();
        causes.sort_by(|left, right| {
            (left.event.time, &left.event.key).cmp(&(right.event.time, &right.event.key))
        });
        causes.dedup_by(|left, right| left.event.key == right.event.key);
        causes
    }
}

pub(super) fn same_policy(
    left: &Known<Option<Arc<PolicyInForce>>>,
    right: &Known<Option<Arc<PolicyInForce>>>,
) -> bool {
    match (left, right) {
        (Known::Observed(Some(left)), Known::Observed(Some(right))) => {
            left.policy.says_same(&right.policy)
        }
        _ => left == right,
    }
}

pub(super) fn same_acl(left: &Known<Arc<Acl>>, right: &Known<Arc<Acl>>) -> bool {
    match (left, right) {
        (Known::Observed(left), Known::Observed(right)) => left.grants_same(right),
        _ => left == right,
    }
}
