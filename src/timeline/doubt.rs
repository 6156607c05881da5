//! What is left of what is known, where it cannot be told what took effect?

use super::apply::{Existence, Life};
use super::order::Call;
use super::types::{Cause, ContradictionKind};
use crate::event::{Acl, Change};
use crate::exposure::{Known, PolicyInForce};
use std::sync::Arc;

impl Life {
    /// A call that may have taken effect: if it would have changed its control, that control is opaque from here.
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
        let mut applied = self.clone();
        applied.set(call, &mut Vec::new());
        self.blur(&applied, Some(&call.cause));
        Vec::new()
    }

    /// Makes every control opaque in which another life differs.
    pub fn blur(&mut self, other: &Self, author: Option<&Cause>) {
        if !same_policy(&self.state.policy, &other.state.policy) {
            (self.state.policy, self.policy_author) = (Known::Opaque, author.cloned());
        }
        if !same_acl(&self.state.acl, &other.state.acl) {
            (self.state.acl, self.acl_author) = (Known::Opaque, author.cloned());
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
