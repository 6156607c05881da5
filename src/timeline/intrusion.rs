//! Somebody got in though nothing that is known lets them: what must have changed unseen?
//!
//! The fewest controls that, changed, would have let them in. One that is in every such set surely changed; any other of them may
//! have, and cannot be told. A control that would have made no difference is left alone: what it opened before stays told.

use super::apply::Life;
use super::lesson::{Control, Found, Loss};
use super::observed::{Meaning, door_of, doors_of, entries, meaning};
use super::rows::Transition;
use super::standing::{Door, Standing};
use super::told::PROPAGATION;
use super::types::{Cause, ClosedHow, OpenedHow};
use super::walk::Walk;
use crate::event::{Asking, BlockFlags, Caller, Ownership, Request};
use crate::exposure::{
    AclSetting, Audience, BlockSetting, BucketState, Entry, Known, Mechanism, Owner,
};
use crate::vocab::{Timestamp, Untrusted};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Of so many objects it is kept that their ACLs must let somebody in.
const MOST_DOUBTED: usize = 1_000;

/// A success from outside, and whom its caller stands for.
pub(super) type Intrusion<'i> = (&'i Request, &'i Audience);

/// Which controls must have changed, or may have, for somebody to get in.
#[derive(Default, PartialEq, Eq, Debug)]
struct Suspects {
    /// Any of them may have.
    all: BTreeSet<Control>,
    /// These did.
    sure: BTreeSet<Control>,
}

/// By what somebody may get in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By what the bucket's controls grant, or an object's ACL that is known.
    Bucket,
    /// By an object's ACL that was not seen.
    ObjectAcl,
}

impl Walk<'_> {
    /// Somebody got in though no grant that is known explains it.
    pub(super) fn refute(
        &mut self,
        at: Timestamp,
        intrusion: Intrusion<'_>,
        meaning: Meaning,
        cause: &Cause,
    ) {
        let known_until = self.intervals.last_begun();
        let (before, owner) = (self.life.grounds(), self.ground.owner);
        let found = self.life.refute(intrusion, meaning, cause, owner);
        self.note(at, cause, found);
        // Millions of requests may teach nothing new, and objects are many.
        if self.life.grounds() != before {
            self.rejudge(at, known_until);
        }
        self.take_proof(at, cause, known_until);
    }

    /// At the proof that controls changed unseen: whatever is written from here on is not what was missing, and a block that is
    /// lifted counts as unseen.
    pub(super) fn take_proof(
        &mut self,
        at: Timestamp,
        cause: &Cause,
        known_until: Option<Timestamp>,
    ) {
        let is_at = |instant: Option<Timestamp>| instant == Some(at);
        let lifted = |control: &Control| is_at(self.life.lifted.get(*control));
        let lifted: Vec<Control> = Control::ALL.into_iter().filter(lifted).collect();
        let since = lifted
            .iter()
            .filter_map(|control| self.doubted.get(control));
        let since = since.map(|(since, _)| *since).max().or(known_until);
        for control in Control::ALL {
            if is_at(self.life.refuted.get(control)) {
                self.life.missing.set(control, None);
                self.life.refuted.set(control, None);
            }
        }
        if lifted.is_empty() {
            return;
        }
        for control in lifted {
            match control {
                Control::AccountBlock => self.life.account_block = Known::Unobserved,
                _ => self.life.state.block = Known::Unobserved,
            }
            self.life.know(control, cause);
            self.life.unmask(control);
        }
        self.rejudge(at, since);
    }

    /// Tells what opens and what ends by what a proof shows, which no call did: what opens was shut when it was last known.
    pub(super) fn rejudge(&mut self, at: Timestamp, known_until: Option<Timestamp>) {
        let before = self.judge_anew();
        if before == self.judged {
            return;
        }
        self.routine.change();
        self.rows.step(&Transition {
            at,
            cause: None,
            openers: &BTreeMap::new(),
            before: &before,
            after: &self.judged,
            opening: Some((OpenedHow::InGap, known_until)),
            shut_before: None,
            closing: Some((ClosedHow::Opaque, None)),
            touched: None,
            life: &self.life,
            owner: self.ground.owner,
        });
    }
}

/// What a success can change of what a bucket is judged by: its controls, the account's block, and of how many objects the ACL cannot
/// be told.
type Grounds = (BucketState, Known<BlockFlags>, usize);

impl Life {
    pub(super) fn grounds(&self) -> Grounds {
        let (state, account) = self.judged_by();
        (state, account, self.objects.acls.doubted_count())
    }

    /// What was not seen, or must have changed, cannot be told from here. An object that was read may have an ACL of its own that
    /// was not seen.
    fn refute(
        &mut self,
        intrusion: Intrusion<'_>,
        meaning: Meaning,
        cause: &Cause,
        owner: &Owner,
    ) -> Found {
        let (request, audience) = intrusion;
        let mut found = Found::default();
        match meaning {
            Meaning::Impossible => {
                self.cloud_suspects(&self.suspects(intrusion, owner), cause, &mut found);
            }
            _ => self.cloud_unseen(request, cause),
        }
        self.prove_what_is_needed(request, audience, cause, &mut found);
        if self.may_doubt(request, audience) {
            self.doubt_object(&request.key, audience);
        }
        found
    }

    /// A success for which an ACL was needed shows that ACLs count. One without an account shows that no block keeps everybody out: no
    /// later answer tells what an unseen one was until then.
    pub(super) fn prove_what_is_needed(
        &mut self,
        request: &Request,
        audience: &Audience,
        cause: &Cause,
        found: &mut Found,
    ) {
        if request.needed_acl && !self.state.acls_disabled() {
            self.prove_acls_enabled(cause, found);
        }
        let now = cause.event.time;
        let since = self.since.get(Control::Block);
        let has_settled = since.is_none_or(|since| since.plus(PROPAGATION) <= now);
        if *audience == Audience::Public && has_settled {
            self.unblocked = Some(now);
        }
    }

    fn cloud_unseen(&mut self, request: &Request, cause: &Cause) {
        for control in grants(request) {
            let is_unseen = match control {
                Control::Policy => self.state.policy == Known::Unobserved,
                _ => self.state.acl == Known::Unobserved && !self.state.acls_disabled(),
            };
            if is_unseen {
                self.cloud(control);
                self.know(control, cause);
            }
        }
    }

    fn cloud_suspects(&mut self, suspects: &Suspects, cause: &Cause, found: &mut Found) {
        for control in &suspects.all {
            let most = self.flags(*control);
            let loss = match most {
                Some(_) if suspects.sure.contains(control) => Loss::Lifted,
                _ => Loss::Loosened,
            };
            let since = self.since.get(*control);
            if !self.is_opaque(*control) {
                found.lose(*control, since, cause, loss);
            }
            self.cloud(*control);
            self.know(*control, cause);
            self.loosen(*control, most);
            let lifted = (loss == Loss::Lifted).then_some(cause.event.time);
            self.lifted.set(*control, lifted);
        }
    }

    /// An object's own ACL, which is seldom seen, counts as one more. What lets others in, or would but for a block, is not hidden.
    fn suspects(&self, intrusion: Intrusion<'_>, owner: &Owner) -> Suspects {
        let gates = [Control::Ownership, Control::Block, Control::AccountBlock];
        let key = &intrusion.0.key;
        let open = self.without_gates(&BTreeSet::from(gates), key);
        let open = Standing::of(&open, owner).open;
        let granting: BTreeSet<Mechanism> = open
            .values()
            .flat_map(|(reach, _)| reach.mechanisms.iter().copied())
            .collect();
        let is_free = |control: &Control| match control {
            // What access points open leans on the bucket's policy too.
            Control::Policy => {
                let by = [Mechanism::BucketPolicy, Mechanism::AccessPointPolicy];
                !by.iter().any(|mechanism| granting.contains(mechanism))
            }
            _ => !granting.contains(&Mechanism::BucketAcl),
        };
        let granting = grants(intrusion.0).into_iter().filter(is_free);
        let controls: Vec<Control> = granting.chain(gates).collect();
        let sets = (1_u32..1 << controls.len()).map(|set| {
            let chosen = controls.iter().enumerate();
            let chosen = chosen.filter(|(at, _)| set >> at & 1 == 1);
            chosen.map(|(_, control)| *control).collect::<BTreeSet<_>>()
        });
        let admitting = sets.filter_map(|changed| {
            let how = self.would_admit(&changed, intrusion, owner)?;
            Some((changed.len() + usize::from(how == Way::ObjectAcl), changed))
        });
        let admitting: Vec<_> = admitting.collect();
        let fewest = admitting.iter().map(|(count, _)| *count).min();
        let fewest = admitting.iter().filter(|(count, _)| Some(*count) == fewest);
        let sets: Vec<_> = fewest.map(|(_, changed)| changed.clone()).collect();
        let sure = sets.iter().cloned().reduce(|one, other| &one & &other);
        Suspects {
            all: sets.into_iter().flatten().collect(),
            sure: sure.unwrap_or_default(),
        }
    }

    /// How a caller may get in if these controls let in whom they can.
    fn would_admit(
        &self,
        changed: &BTreeSet<Control>,
        (request, audience): Intrusion<'_>,
        owner: &Owner,
    ) -> Option<Way> {
        let mut life = self.without_gates(changed, &request.key);
        for control in grants(request).iter().filter(|it| changed.contains(it)) {
            life.cloud(*control);
        }
        if request.needed_acl {
            life = life.without_policies(&request.key);
        }
        let judged = Standing::of(&life, owner);
        let may_be_granted = |door: Door| {
            entries(&judged, &door, audience).any(|entry| match entry {
                Entry::Shut => false,
                Entry::Unknown => true,
                // It is open, to less than was asked for: as far as is known.
                _ => !changed.is_disjoint(&BTreeSet::from([Control::Policy, Control::Acl])),
            })
        };
        let mut doors = doors_of(&life);
        let told = meaning(request, audience, &judged, (&life, owner));
        let by_object = door_of(request) == Door::Objects && !life.objects_are_shut(audience);
        match told == Meaning::Explained || doors.any(may_be_granted) {
            true => Some(Way::Bucket),
            false => by_object.then_some(Way::ObjectAcl),
        }
    }

    /// The same bucket, with one object, if these blocks, or the ownership, kept nobody out.
    fn without_gates(&self, gates: &BTreeSet<Control>, key: &Untrusted) -> Self {
        let mut life = self.with_only(key);
        for gate in gates {
            match gate {
                Control::Policy | Control::Acl => {}
                Control::Ownership => {
                    life.state.ownership =
                        Known::Observed(AclSetting::Exactly(Ownership::ObjectWriter));
                }
                Control::Block => {
                    life.state.block = Known::Observed(BlockSetting::Exactly(BlockFlags::NONE));
                }
                Control::AccountBlock => life.account_block = Known::Observed(BlockFlags::NONE),
            }
        }
        life
    }

    fn with_only(&self, key: &Untrusted) -> Self {
        let objects = Arc::new(self.objects.only(key));
        Self {
            objects,
            ..self.clone()
        }
    }

    /// The same bucket, with one object, as far as ACLs let somebody in.
    pub(super) fn without_policies(&self, key: &Untrusted) -> Self {
        let mut life = self.with_only(key);
        life.state.policy = Known::Observed(None);
        life.points.clear();
        life
    }

    /// Whether an unexplained read is of an object of which it is not kept yet that its ACL cannot be told.
    pub(super) fn may_doubt(&self, request: &Request, audience: &Audience) -> bool {
        let acls = &self.objects.acls;
        let is_new = acls.doubted(&request.key).is_none() && acls.get(&request.key).is_none();
        let by_object = door_of(request) == Door::Objects && !self.objects_are_shut(audience);
        by_object && is_new && acls.doubted_count() < MOST_DOUBTED
    }

    /// Whether an object was written by somebody without an account, whose it is then: where ACLs count he may do with it what he
    /// likes, and so may everybody, unless he gave that up.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#SpecifyingGrantee>
    pub(super) fn may_leave_open(&self, request: &Request) -> bool {
        let acls = &self.objects.acls;
        let is_new = acls.doubted(&request.key).is_none() && acls.get(&request.key).is_none();
        let writes = request.asked == Asking::Write && !request.key.reveal().is_empty();
        let is_nobodys = request.caller == Caller::Anonymous;
        writes
            && is_nobodys
            && is_new
            && !self.objects_are_shut(&Audience::Public)
            && acls.doubted_count() < MOST_DOUBTED
    }

    /// Whether no object's ACL can let an audience in: IgnorePublicAcls keeps out who has no account of his own to be named by.
    pub(super) fn objects_are_shut(&self, audience: &Audience) -> bool {
        let (state, account) = self.judged_by();
        let ignored = state.block_gate(&account, |flags| flags.ignore_public_acls);
        let is_public = *audience == Audience::Public;
        self.state.acls_disabled() || is_public && ignored.is_on()
    }
}

/// By which of the bucket's controls a request can have been granted.
fn grants(request: &Request) -> Vec<Control> {
    let list = matches!(request.asked, Asking::List | Asking::Write | Asking::Delete);
    let ways = [(Control::Policy, !request.needed_acl), (Control::Acl, list)];
    let ways = ways.into_iter().filter(|(_, concerned)| *concerned);
    ways.map(|(control, _)| control).collect()
}
