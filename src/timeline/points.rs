//! What does a call make of a bucket's access points?

use super::apply::Life;
use super::contradiction::ContradictionKind;
use super::lesson::Found;
use super::order::Call;
use super::standing::PointId;
use super::types::Cause;
use crate::event::{AccessPointChange, Asked, BlockFlags, Change, NetworkOrigin};
use crate::exposure::{AccessPoint, Answer, Known};
use crate::vocab::Untrusted;

/// An access point, and who wrote its policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Point {
    pub state: AccessPoint,
    pub author: Option<Cause>,
}

impl Life {
    /// Takes a call on an access point that took effect.
    pub(super) fn set_point(
        &mut self,
        name: &Untrusted,
        change: &AccessPointChange,
        call: &Call,
        found: &mut Found,
    ) {
        let id: PointId = (call.point_account.clone(), name.clone());
        match change {
            AccessPointChange::Create { block, origin, .. } => {
                let point = created(name, block, *origin, call);
                self.points.insert(id, point);
            }
            AccessPointChange::Delete => _ = self.points.remove(&id),
            AccessPointChange::PutPolicy(_) => {
                if let Some(point) = self.points.get_mut(&id) {
                    point.set_policy(call, found);
                }
            }
            AccessPointChange::DeletePolicy => {
                if let Some(point) = self.points.get_mut(&id) {
                    (point.state.policy, point.author) = (Known::Observed(None), None);
                }
            }
        }
    }

    /// Whether a call took effect on an access point that is not there, or made one that is.
    pub(super) fn misses_point(&self, call: &Call) -> bool {
        let event = &call.cause.event;
        let Change::AccessPoint(name, change) = &event.change else {
            return false;
        };
        let creates = matches!(change, AccessPointChange::Create { .. });
        let id: PointId = (call.point_account.clone(), name.clone());
        event.took() && self.points.contains_key(&id) == creates
    }

    /// A call on an access point that may have taken effect: its policy is opaque from here. One that may have been made is there, for
    /// without a policy of its own it lets in nobody whom the bucket's does not.
    pub(super) fn cloud_point(
        &mut self,
        name: &Untrusted,
        change: &AccessPointChange,
        call: &Call,
    ) {
        let id: PointId = (call.point_account.clone(), name.clone());
        if let AccessPointChange::Create { block, origin, .. } = change {
            let made = || created(name, block, *origin, call);
            self.points.entry(id).or_insert_with(made);
            return;
        }
        if let Some(point) = self.points.get_mut(&id) {
            (point.state.policy, point.author) = (Known::Opaque, Some(call.cause.clone()));
        }
    }
}

fn created(
    name: &Untrusted,
    block: &Asked<BlockFlags>,
    origin: NetworkOrigin,
    call: &Call,
) -> Point {
    Point {
        state: AccessPoint {
            account: call.point_account.clone(),
            region: call.cause.event.region.clone(),
            name: name.clone(),
            policy: Known::Observed(None),
            block: super::apply::known(block, |flags| *flags),
            origin,
        },
        author: None,
    }
}

impl Point {
    /// Puts a policy in force. A public one that was accepted disproves a block that would have refused it.
    fn set_policy(&mut self, call: &Call, found: &mut Found) {
        let public = call
            .policy
            .as_ref()
            .is_some_and(|policy| policy.meaning.aws_public == Answer::True);
        let refusing = self
            .state
            .block
            .observed()
            .is_some_and(|flags| flags.block_public_policy);
        if public && refusing {
            found.push(ContradictionKind::PolicyAcceptedDespiteAccessPointBlock);
            self.state.block = Known::Unobserved;
        }
        let before = self.state.policy.observed().and_then(Option::as_ref);
        let same = before
            .zip(call.policy.as_ref())
            .is_some_and(|(before, after)| before.policy.says_same(&after.policy));
        if same {
            return;
        }
        self.author = Some(call.cause.clone());
        self.state.policy = match &call.policy {
            Some(policy) => Known::Observed(Some(policy.clone())),
            None => Known::Opaque,
        };
    }
}
