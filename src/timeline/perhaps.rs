//! What may a policy or an ACL be that cannot be told?
//!
//! Mostly it is one of a few: what it was before a call that may have taken effect and what that asked for, what calls of one
//! second leave in one order and in another. Where all of them come to the same, that is told.

use super::apply::Life;
use super::doubt::{same_acl, same_policy};
use super::lesson::Control;
use super::order::Call;
use super::types::Cause;
use crate::event::{Acl, Asked, Change, Copies};
use crate::exposure::{BucketState, Known, PolicyInForce};
use std::sync::Arc;

type Policy = Known<Option<Arc<PolicyInForce>>>;
type List = Known<Arc<Acl>>;

/// What policy and ACL may be, each of them where it cannot be told; nothing where it may be anything.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Perhaps {
    policies: Vec<Policy>,
    acls: Vec<List>,
}

/// Of more there is no telling.
const MOST: usize = 5;

impl Perhaps {
    /// It is known, or may be anything.
    pub fn forget(&mut self, control: Control) {
        match control {
            Control::Policy => self.policies.clear(),
            Control::Acl => self.acls.clear(),
            _ => {}
        }
    }

    /// The controls as they may be. What the order of calls by their ids leaves comes first.
    pub fn states(&self, state: BucketState) -> Vec<BucketState> {
        let policies = match state.policy {
            Known::Opaque if !self.policies.is_empty() => self.policies.clone(),
            _ => vec![state.policy.clone()],
        };
        let acls = match state.acl {
            Known::Opaque if !self.acls.is_empty() => self.acls.clone(),
            _ => vec![state.acl.clone()],
        };
        let with = |policy: &Policy| {
            let (policy, state) = (policy.clone(), &state);
            let with = move |acl: &List| BucketState {
                policy: policy.clone(),
                acl: acl.clone(),
                ..state.clone()
            };
            acls.iter().map(with).collect::<Vec<_>>()
        };
        policies.iter().flat_map(with).collect()
    }
}

impl Life {
    /// What the policy may be.
    fn policies(&self) -> Vec<Policy> {
        match self.state.policy {
            Known::Opaque => self.perhaps.policies.clone(),
            _ => vec![self.state.policy.clone()],
        }
    }

    /// What the ACL may be.
    fn acls(&self) -> Vec<List> {
        match self.state.acl {
            Known::Opaque => self.perhaps.acls.clone(),
            _ => vec![self.judged_acl().clone()],
        }
    }

    /// Makes policy and ACL opaque where another life differs: each is what it is here or what it is there. Who wrote them is left as
    /// it is, for of calls of one second it is their ids that decide who is named.
    pub(super) fn blur_ways(&mut self, other: &Self, causes: &[Cause]) {
        let authors = (self.policy_author.clone(), self.acl_author.clone());
        let perhaps = Perhaps {
            policies: either(self.policies(), other.policies(), same_policy),
            acls: either(self.acls(), other.acls(), same_acl),
        };
        let same_policies = same_policy(&self.state.policy, &other.state.policy)
            && self.perhaps.policies == other.perhaps.policies;
        let same_acls =
            same_acl(&self.state.acl, &other.state.acl) && self.perhaps.acls == other.perhaps.acls;
        if !same_policies {
            self.dispute(Control::Policy, causes);
            self.narrow(Control::Policy, perhaps.clone());
        }
        if !same_acls {
            self.dispute(Control::Acl, causes);
            self.narrow(Control::Acl, perhaps);
        }
        (self.policy_author, self.acl_author) = authors;
    }

    /// What the policy and the ACL may be after a call that may have taken effect. Where it decides it is not told even if it comes
    /// to the same either way; but where one of the two takes away what the other way in grants, that is not told either.
    pub(super) fn perhaps_after(&self, call: &Call) -> Perhaps {
        let (mut policies, mut acls) = match &call.cause.event.change {
            _ if call.cause.copies == Copies::Differ => Default::default(),
            Change::PutPolicy(_) => {
                let asked = call.policy.clone().map(|it| Known::Observed(Some(it)));
                (Vec::from_iter(asked), Vec::new())
            }
            Change::DeletePolicy => (vec![Known::Observed(None)], Vec::new()),
            Change::PutAcl(Asked::Said(acl)) => {
                let asked = Known::Observed(Arc::new(acl.clone()));
                (Vec::new(), vec![asked])
            }
            Change::CreateBucket { .. } => {
                let reset = Known::Observed(Arc::new(Acl::owner_only()));
                (Vec::new(), vec![reset])
            }
            _ => Default::default(),
        };
        if !policies.is_empty() {
            policies.push(Known::Opaque);
        }
        if !acls.is_empty() {
            acls.push(Known::Opaque);
        }
        Perhaps {
            policies: either(self.policies(), policies, same_policy),
            acls: either(self.acls(), acls, same_acl),
        }
    }

    /// A control that cannot be told is one of these.
    pub(super) fn narrow(&mut self, control: Control, perhaps: Perhaps) {
        match control {
            Control::Policy => self.perhaps.policies = perhaps.policies,
            Control::Acl => self.perhaps.acls = perhaps.acls,
            _ => {}
        }
    }
}

/// One of these or of those; nothing where either may be anything, or too much.
fn either<T>(
    mut these: Vec<Known<T>>,
    those: Vec<Known<T>>,
    same: fn(&Known<T>, &Known<T>) -> bool,
) -> Vec<Known<T>> {
    if these.is_empty() || those.is_empty() {
        return Vec::new();
    }
    for one in those {
        if !these.iter().any(|known| same(known, &one)) {
            these.push(one);
        }
    }
    match these.len() > MOST {
        true => Vec::new(),
        false => these,
    }
}
