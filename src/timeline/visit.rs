//! What do calls on objects, and requests from outside, do to what is told of a bucket?

use super::effect::object_effect;
use super::lesson::Found;
use super::objects;
use super::observed::{self, Meaning};
use super::order::Call;
use super::rows::Transition;
use super::standing::{Door, Standing};
use super::types::{Cause, ClosedHow, ContradictionKind, Effect};
use super::walk::Walk;
use crate::event::Request;
use crate::exposure::{Audience, Permission};
use crate::vocab::Timestamp;
use std::collections::BTreeMap;

impl Walk<'_> {
    /// Takes the calls of one second on objects. Those that matter are causes.
    pub(super) fn on_objects(&mut self, at: Timestamp, calls: Vec<Call>) -> Vec<Cause> {
        let disputed = objects::disputed(&calls);
        let mut causes = Vec::new();
        for call in objects::in_order(calls) {
            if !self.life.is_its_own() {
                self.begin(at, &call.cause);
            }
            let dispute = call
                .cause
                .event
                .change
                .object()
                .is_some_and(|key| disputed.contains(key));
            if self.on_object(at, &call, dispute) {
                causes.push(call.cause);
            }
        }
        causes
    }

    /// Takes a request from outside.
    pub(super) fn on_request(&mut self, at: Timestamp, cause: &Cause, request: &Request) {
        let Some(audience) = observed::audience_of(&request.caller, self.ground.owner) else {
            return;
        };
        if !cause.event.took() {
            return self.on_denial(at, cause, request, &audience);
        }
        if !self.life.is_its_own() {
            self.begin(at, cause);
        }
        let meaning = observed::meaning(request, &audience, &self.judged, &self.life);
        if meaning == Meaning::Impossible {
            self.contradict_once(at, cause, ContradictionKind::EnteredWhileShut);
        }
        if meaning != Meaning::Explained {
            self.observed.see(request, &audience, cause, &self.judged);
            let found = self.life.refute(request.asked, meaning, cause);
            self.note(at, cause, found);
            self.judged = self.judge();
        }
    }

    /// Without a list of the objects S3 denies what is not there: only what is sure to be granted is worth a word.
    pub(super) fn on_denial(
        &mut self,
        at: Timestamp,
        cause: &Cause,
        request: &Request,
        audience: &Audience,
    ) {
        let denied = cause.event.outcome.error_code();
        let granted = self.judged.open.get(&(Door::Bucket, audience.clone()));
        let everything = granted.is_some_and(|(reach, _)| {
            let all = reach.resources.contains(&"*".into()) && reach.qualifiers.is_empty();
            let may = |permission| reach.permissions.contains(&permission);
            all && may(Permission::List) && may(observed::permission_of(request.asked))
        });
        let payable = !self.life.notes.contains("requester-pays");
        let refused = denied.is_some_and(|code| code.reveal() == "AccessDenied");
        if everything && payable && refused && *audience == Audience::Public {
            self.contradict_once(at, cause, ContradictionKind::DeniedWhileOpen);
        }
    }

    /// Names a contradiction that many requests may show, once until something changes.
    pub(super) fn contradict_once(
        &mut self,
        at: Timestamp,
        cause: &Cause,
        kind: ContradictionKind,
    ) {
        let last = self.intervals.last_begun();
        let named = self
            .contradictions
            .iter()
            .rev()
            .take_while(|one| last.is_none_or(|last| one.at >= last))
            .any(|one| one.kind == kind);
        if !named {
            let mut found = Found::default();
            found.push(kind);
            self.note(at, cause, found);
        }
    }

    /// Takes one call on an object. What is disputed within its second cannot be told.
    pub(super) fn on_object(&mut self, at: Timestamp, call: &Call, disputed: bool) -> bool {
        let Some((touched, found)) = self.life.touch(call) else {
            self.effects
                .push((call.cause.event.key.clone(), Effect::None));
            return false;
        };
        self.note(at, &call.cause, found);
        if disputed {
            self.life.lose_object(&touched.key, &call.cause);
        }
        let lost = disputed || !call.cause.event.took();
        let before = std::mem::replace(
            &mut self.judged,
            Standing::of(&self.life, self.ground.owner),
        );
        let moved = self.rows.step(&Transition {
            at,
            cause: Some(&call.cause),
            openers: &BTreeMap::new(),
            before: &before,
            after: &self.judged,
            opening: None,
            shut_before: None,
            closing: lost.then_some((ClosedHow::Opaque, None)),
            touched: Some(&touched),
            life: &self.life,
            owner: self.ground.owner,
        });
        let done = object_effect(moved, &touched, &self.judged);
        self.effects.push((call.cause.event.key.clone(), done));
        true
    }
}
