//! What is left of what is known, where it cannot be told what took effect?

use super::apply::{Existence, Life};
use super::order::Call;
use super::types::ContradictionKind;
use crate::event::{Acl, Change};
use crate::exposure::{Known, PolicyInForce};
use std::sync::Arc;

impl Life {
    /// A call that may have taken effect: its control is opaque from here, until it is next known.
    pub(super) fn doubt(&mut self, call: &Call) -> Vec<ContradictionKind> {
        if call.cause.event.change == Change::DeleteBucket {
            if self.existence == Existence::Alive {
                self.existence = Existence::Doubtful;
            }
            return Vec::new();
        }
        if matches!(call.cause.event.change, Change::CreateBucket { .. })
            || self.existence == Existence::Deleted
        {
            return Vec::new();
        }
        self.exist(&mut Vec::new());
        self.lose(call);
        Vec::new()
    }

    /// The control of a call can no longer be told.
    fn lose(&mut self, call: &Call) {
        let author = Some(call.cause.clone());
        match &call.cause.event.change {
            Change::PutPolicy(_) | Change::DeletePolicy => {
                (self.state.policy, self.policy_author) = (Known::Opaque, author);
            }
            Change::PutAcl(_) => (self.state.acl, self.acl_author) = (Known::Opaque, author),
            Change::PutBlock(_) | Change::DeleteBlock => self.state.block = Known::Opaque,
            Change::PutOwnership(_) | Change::DeleteOwnership => {
                self.state.ownership = Known::Opaque;
            }
            _ => {}
        }
    }

    /// Makes every control opaque in which another life differs.
    pub fn blur(&mut self, other: &Self) {
        if !same_policy(&self.state.policy, &other.state.policy) {
            (self.state.policy, self.policy_author) = (Known::Opaque, None);
        }
        if !same_acl(&self.state.acl, &other.state.acl) {
            (self.state.acl, self.acl_author) = (Known::Opaque, None);
        }
        self.blur_gates(other);
    }

    /// Makes blocks and ownership opaque where another life differs.
    pub fn blur_gates(&mut self, other: &Self) {
        if self.state.ownership != other.state.ownership {
            self.state.ownership = Known::Opaque;
        }
        if self.state.block != other.state.block {
            self.state.block = Known::Opaque;
        }
        if self.account_block != other.account_block {
            self.account_block = Known::Opaque;
        }
        if self.existence != other.existence && self.is_told() {
            self.existence = Existence::Doubtful;
        }
    }
}

fn same_policy(
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

fn same_acl(left: &Known<Arc<Acl>>, right: &Known<Arc<Acl>>) -> bool {
    match (left, right) {
        (Known::Observed(left), Known::Observed(right)) => left.grants_same(right),
        _ => left == right,
    }
}
