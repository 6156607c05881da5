//! Which objects does a bucket have whose own ACLs let others in, and who set them so?
//!
//! An object's ACL lasts until it is set anew, the object is written anew or deleted, or the bucket is. Where it cannot be told
//! what one grants, that lasts as long. An upload in parts counts from its completion, with the ACL that was asked for when it
//! began. One that asks to let others in and is not seen to end may have been completed: from its beginning it cannot be told.

use super::apply::Life;
use super::lesson::Found;
use super::order::Call;
use super::types::Cause;
use crate::event::{Acl, AclGrant, Asked, CannedAcl, Change, Copies, Upload, Version};
use crate::exposure::{AtMost, Audience, ObjectAcls, Owner};
use crate::vocab::Untrusted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The objects whose ACLs let others in, and the event that set each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Objects {
    pub acls: ObjectAcls,
    authors: BTreeMap<Untrusted, Cause>,
    /// The call that last began an upload of an object and asked to let others in.
    began: BTreeMap<Untrusted, Cause>,
    /// What uploads that are not seen to end may make of objects, at any time.
    pending: BTreeMap<Untrusted, AtMost>,
}

impl Objects {
    /// Only that object's ACL, where it lets others in: many others need not be judged for it.
    pub fn only(&self, key: &Untrusted) -> Self {
        let mut one = Self::default();
        one.acls.set(key, self.acls.get(key).cloned());
        one
    }

    fn set(&mut self, key: &Untrusted, acl: Option<Arc<Acl>>, cause: &Cause) {
        self.acls.set(key, acl);
        match self.acls.get(key) {
            Some(_) => self.authors.insert(key.clone(), cause.clone()),
            None => self.authors.remove(key),
        };
    }

    /// Notes a call that begins an upload and asks to let others in.
    fn begin(&mut self, key: &Untrusted, call: &Call) {
        self.began.insert(key.clone(), call.cause.clone());
        let change = &call.cause.event.change;
        if change.upload() != Some(Upload::Begun) {
            return;
        }
        let more = match (change.asked_acl(), self.pending.get(key)) {
            (Some(Asked::Said(acl)), None) => AtMost::Grants(Arc::new(acl.clone())),
            (Some(Asked::Said(acl)), Some(AtMost::Grants(known))) => {
                AtMost::Grants(either(Some(known), &Arc::new(acl.clone())))
            }
            _ => AtMost::Anything,
        };
        self.pending.insert(key.clone(), more);
    }

    /// What is left of an object's ACL if any upload under way may have been completed.
    fn with_pending(&self, key: &Untrusted, left: Left) -> Left {
        match (left, self.pending.get(key)) {
            (left, None) => left,
            (Left::Grants(Some(after)), Some(AtMost::Grants(most)))
                if most.grants.is_subset(&after.grants) =>
            {
                Left::Grants(Some(after))
            }
            (Left::Grants(after), Some(AtMost::Grants(most))) => {
                Left::Doubt(AtMost::Grants(either(after.as_ref(), most)))
            }
            (Left::Doubt(AtMost::Grants(other)), Some(AtMost::Grants(most))) => {
                Left::Doubt(AtMost::Grants(either(Some(&other), most)))
            }
            (_, Some(_)) => Left::Doubt(AtMost::Anything),
        }
    }

    /// Who is to be named for what a call leaves: of an upload, who began it.
    fn asker(&self, key: &Untrusted, call: &Call) -> Cause {
        let is_completed = call.cause.event.change.upload() == Some(Upload::Completed);
        let began = self.began.get(key).filter(|_| is_completed);
        began.unwrap_or(&call.cause).clone()
    }

    fn doubt(&mut self, key: &Untrusted, most: AtMost) {
        self.acls.doubt(key, most);
        self.authors.remove(key);
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
    /// Whether it cannot be told what the object grants from here.
    pub is_doubtful: bool,
}

impl Touched {
    /// A call on an object that leaves it as it was.
    fn nothing(key: Untrusted) -> Self {
        Self {
            key,
            before: None,
            after: None,
            is_doubtful: false,
        }
    }
}

/// What is left of an object's ACL.
enum Left {
    /// It grants this; `None` is nobody else.
    Grants(Option<Arc<Acl>>),
    /// It cannot be told what it grants.
    Doubt(AtMost),
}

impl Life {
    /// Whether an object's own ACL, as far as it was seen, lets an audience in.
    pub(super) fn object_lets_in(
        &self,
        key: &Untrusted,
        audience: &Audience,
        owner: &Owner,
    ) -> bool {
        let acl = self.objects.acls.get(key);
        // What lets in everybody lets in those whom a Deny leaves.
        let mut audiences = [audience, &Audience::Public].into_iter();
        acl.is_some_and(|acl| audiences.any(|who| ObjectAcls::lets_in(acl, who, owner)))
    }

    /// An object was read by an audience whom nothing that is known lets in: its own ACL may, and was not seen.
    pub(super) fn doubt_object(&mut self, key: &Untrusted, audience: &Audience) {
        let most = match audience {
            Audience::Public => AtMost::Grants(Arc::new(Acl::canned(CannedAcl::PublicRead))),
            Audience::Foreign(_) => AtMost::Anything,
        };
        Arc::make_mut(&mut self.objects).doubt(key, most);
    }

    /// Takes a call on an object that took effect or may have; where its order with others of its second is disputed, it cannot
    /// be told what is left of it. `None` where it concerns no object that matters.
    pub(super) fn touch(&mut self, call: &Call, is_disputed: bool) -> Option<(Touched, Found)> {
        let change = &call.cause.event.change;
        let key = change.object()?.clone();
        let mut found = Found::default();
        let before = self.objects.acls.get(&key).cloned();
        let was_doubtful = self.objects.acls.doubted(&key).is_some();
        let grants = matches!(change.asked_acl(), Some(Asked::Said(acl)) if acl.names_others());
        // S3 asks whether an ACL may be set when an upload begins.
        if grants && call.cause.event.took() && change.upload() != Some(Upload::Completed) {
            self.disprove_blocks(call, &mut found);
            self.prove_acls_enabled(&call.cause, &mut found);
        }
        let Some(left) = self.left_after(&key, call, is_disputed) else {
            return grants.then(|| (Touched::nothing(key), found));
        };
        if let (None, false, Left::Grants(None)) = (&before, was_doubtful, &left) {
            return None;
        }
        let objects = Arc::make_mut(&mut self.objects);
        let (after, is_doubtful) = match left {
            Left::Doubt(most) => {
                objects.doubt(&key, most);
                (None, true)
            }
            Left::Grants(after) => {
                let same = before.as_ref().zip(after.as_ref());
                if !same.is_some_and(|(before, after)| before.grants_same(after)) {
                    let asker = objects.asker(&key, call);
                    objects.set(&key, after.clone(), &asker);
                }
                (after, false)
            }
        };
        let touched = Touched {
            key,
            before,
            after,
            is_doubtful,
        };
        Some((touched, found))
    }

    /// What is left of an object's ACL after a call; `None` where it is what it was, as a call on an upload leaves it.
    fn left_after(&mut self, key: &Untrusted, call: &Call, is_disputed: bool) -> Option<Left> {
        let change = &call.cause.event.change;
        let may_grant = grants(&change).is_some() || change.unreadable().is_some();
        if begins(change) && may_grant && call.cause.event.took() {
            Arc::make_mut(&mut self.objects).begin(key, call);
        }
        match change.upload() {
            Some(Upload::Ended | Upload::Aborted) => None,
            // It is known as well as before, or not.
            Some(Upload::Begun) => match self.objects.with_pending(key, self.left_as_it_is(key)) {
                Left::Grants(_) => None,
                doubt @ Left::Doubt(_) => Some(doubt),
            },
            _ => {
                let left = self.left_of(key, call, is_disputed);
                Some(self.objects.with_pending(key, left))
            }
        }
    }

    fn left_as_it_is(&self, key: &Untrusted) -> Left {
        match self.objects.acls.doubted(key) {
            Some(most) => Left::Doubt(most.clone()),
            None => Left::Grants(self.objects.acls.get(key).cloned()),
        }
    }

    /// What a call leaves of an object's ACL. One that may not have taken effect leaves what was there or what it asks for, and so
    /// does one that takes grants from a version which may not be the current one.
    fn left_of(&self, key: &Untrusted, call: &Call, is_disputed: bool) -> Left {
        let event = &call.cause.event;
        let asked = match event.change.asked_acl() {
            Some(Asked::Said(acl)) => Some(Arc::new(acl.clone())).filter(|acl| acl.names_others()),
            Some(Asked::Unreadable(_)) => return Left::Doubt(AtMost::Anything),
            None => None,
        };
        if call.cause.copies == Copies::Differ {
            return Left::Doubt(AtMost::Anything);
        }
        let version = match &event.change {
            Change::PutObjectAcl { version, .. } => *version,
            _ => Version::Current,
        };
        let is_sure = event.took() && !is_disputed;
        let (before, doubted) = (self.objects.acls.get(key), self.objects.acls.doubted(key));
        if event.change.upload() == Some(Upload::Resumed) {
            return match (before, doubted) {
                (None, None) => Left::Grants(None),
                _ => Left::Doubt(AtMost::Anything),
            };
        }
        match (doubted, before, asked) {
            (_, _, asked) if is_sure && version == Version::Current => Left::Grants(asked),
            // Whichever version it is, from here it can be read.
            (_, before, Some(asked)) if is_sure => Left::Grants(Some(either(before, &asked))),
            (Some(AtMost::Anything), ..) => Left::Doubt(AtMost::Anything),
            (Some(AtMost::Grants(most)), _, Some(asked)) => {
                Left::Doubt(AtMost::Grants(either(Some(most), &asked)))
            }
            (Some(most), _, None) => Left::Doubt(most.clone()),
            (None, None, None) => Left::Grants(None),
            (None, Some(before), Some(asked)) if before.grants_same(&asked) => {
                Left::Grants(Some(before.clone()))
            }
            (None, before, Some(asked)) => Left::Doubt(AtMost::Grants(either(before, &asked))),
            (None, Some(before), None) => Left::Doubt(AtMost::Grants(before.clone())),
        }
    }
}

/// Whether a call begins an upload, which leaves the object as it is.
fn begins(change: &Change) -> bool {
    matches!(change.upload(), Some(Upload::Begun | Upload::Ended))
}

/// What one of two ACLs grants, or the other.
fn either(one: Option<&Arc<Acl>>, other: &Arc<Acl>) -> Arc<Acl> {
    let Some(one) = one else {
        return other.clone();
    };
    Arc::new(Acl {
        grants: one.grants.union(&other.grants).cloned().collect(),
        ..Acl::default()
    })
}

/// The calls of one second on objects, in the order that causality suggests: written, then its ACL set, then deleted. Of one
/// object's calls of one kind that ask differently it cannot be told which came last; nor where that order would end with nobody let in,
/// though one of them lets others in: a leak may not be hidden behind an order that nobody saw.
pub(super) fn in_order(mut calls: Vec<Call>) -> Vec<Call> {
    calls.sort_by_key(|call| (rank(&call.cause.event.change), call.cause.event.key.clone()));
    calls
}

/// The objects of which calls of one second disagree.
pub(super) fn disputed(calls: &[Call]) -> BTreeSet<Untrusted> {
    let mut asked: BTreeMap<&Untrusted, Vec<&Change>> = BTreeMap::new();
    for change in calls.iter().map(|call| &call.cause.event.change) {
        let writes = !begins(change) && change.upload() != Some(Upload::Aborted);
        if let Some(key) = change.object().filter(|_| writes) {
            asked.entry(key).or_default().push(change);
        }
    }
    let disagreeing = asked.into_iter().filter(|(_, calls)| disagree(calls));
    disagreeing.map(|(key, _)| key.clone()).collect()
}

fn disagree(calls: &[&Change]) -> bool {
    let last = calls.iter().map(|change| rank(change)).max();
    let of_rank = |wanted: u8| calls.iter().filter(move |change| rank(change) == wanted);
    let differ = |wanted: u8| {
        let mut asked = of_rank(wanted).map(grants);
        let first = asked.next();
        asked.any(|other| Some(other) != first)
    };
    let ends_shut = last.is_some_and(|last| of_rank(last).map(grants).all(|it| it.is_none()));
    let opens = calls.iter().map(grants).any(|it| it.is_some());
    differ(WRITTEN) || differ(ACL_SET) || ends_shut && opens
}

/// What a call grants to others than the owner.
fn grants<'c>(change: &&'c Change) -> Option<&'c BTreeSet<AclGrant>> {
    match change.asked_acl() {
        Some(Asked::Said(acl)) if acl.names_others() => Some(&acl.grants),
        _ => None,
    }
}

const WRITTEN: u8 = 1;
const ACL_SET: u8 = 2;

fn rank(change: &Change) -> u8 {
    match change {
        Change::WriteObject {
            upload: Some(Upload::Begun | Upload::Ended),
            ..
        } => 0,
        Change::WriteObject { .. } => WRITTEN,
        Change::PutObjectAcl { .. } => ACL_SET,
        _ => 3,
    }
}
