//! Which objects does a bucket have whose own ACLs let others in, and who set them so?
//!
//! An object's ACL lasts until it is set anew, the object is written anew or deleted, or the bucket is. A multipart upload
//! counts from its creation: that is the call that carries the ACL.

use super::apply::Life;
use super::lesson::Found;
use super::order::Call;
use super::types::Cause;
use crate::event::{Acl, Asked, Change, Outcome};
use crate::exposure::ObjectAcls;
use crate::vocab::Untrusted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The objects whose ACLs let others in, and the event that set each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Objects {
    pub acls: ObjectAcls,
    authors: BTreeMap<Untrusted, Cause>,
}

impl Objects {
    fn set(&mut self, key: &Untrusted, acl: Option<Arc<Acl>>, cause: &Cause) {
        self.acls.set(key, acl);
        match self.acls.get(key) {
            Some(_) => self.authors.insert(key.clone(), cause.clone()),
            None => self.authors.remove(key),
        };
    }

    /// The event that set an object's ACL.
    pub fn author(&self, key: &Untrusted) -> Option<&Cause> {
        self.authors.get(key)
    }
}

/// What one call did to one object.
pub(super) struct Touched {
    pub key: Untrusted,
    pub before: Option<Arc<Acl>>,
    pub after: Option<Arc<Acl>>,
}

impl Life {
    /// Takes a call on an object that took effect or may have. `None` where it concerns no object that matters.
    pub(super) fn touch(&mut self, call: &Call) -> Option<(Touched, Found)> {
        let change = &call.cause.event.change;
        let key = change.object()?.clone();
        let mut found = Found::default();
        let before = self.objects.acls.get(&key).cloned();
        let after = match (&call.cause.event.outcome, change.asked_acl()) {
            (Outcome::Took, Some(Asked::Said(acl))) => Some(Arc::new(acl.clone())),
            _ => None,
        };
        let after = after.filter(|acl| acl.names_others());
        if after.is_some() {
            self.disprove_blocks(call, &mut found);
            self.prove_acls_enabled(&call.cause, &mut found);
        }
        if before.is_none() && after.is_none() {
            return None;
        }
        let same = before.as_ref().zip(after.as_ref());
        if !same.is_some_and(|(before, after)| before.grants_same(after)) {
            Arc::make_mut(&mut self.objects).set(&key, after.clone(), &call.cause);
        }
        Some((Touched { key, before, after }, found))
    }
}

impl Life {
    /// An object's ACL cannot be told from here: it counts as letting nobody in.
    pub(super) fn lose_object(&mut self, key: &Untrusted, cause: &Cause) {
        Arc::make_mut(&mut self.objects).set(key, None, cause);
    }
}

/// The calls of one second on objects, in the order that causality suggests: written, then its ACL set, then deleted.
/// Of one object's calls of one kind that ask differently it cannot be told which came last: they count as unreadable.
pub(super) fn in_order(mut calls: Vec<Call>) -> Vec<Call> {
    let rank = |call: &Call| match call.cause.event.change {
        Change::WriteObject { .. } => 0,
        Change::PutObjectAcl { .. } => 1,
        _ => 2,
    };
    calls.sort_by_key(|call| (rank(call), call.cause.event.key.clone()));
    calls
}

/// The objects of which calls of one second disagree.
pub(super) fn disputed(calls: &[Call]) -> BTreeSet<Untrusted> {
    let mut asked: BTreeMap<(&Untrusted, bool), &Change> = BTreeMap::new();
    let mut disputed = BTreeSet::new();
    for change in calls.iter().map(|call| &call.cause.event.change) {
        let Some(key) = change.object() else {
            continue;
        };
        let kind = matches!(change, Change::PutObjectAcl { .. });
        if matches!(change, Change::DeleteObject { .. }) {
            continue;
        }
        let grants = |change: &Change| match change.asked_acl() {
            Some(Asked::Said(acl)) if acl.names_others() => Some(acl.grants.clone()),
            _ => None,
        };
        match asked.insert((key, kind), change) {
            Some(other) if grants(other) != grants(change) => _ = disputed.insert(key.clone()),
            _ => {}
        }
    }
    disputed
}
