//! What do calls on objects, and requests from outside, do to what is told of a bucket?

use super::apply::Existence;
use super::contradiction::ContradictionKind;
use super::effect::object_effect;
use super::lesson::Found;
use super::objects;
use super::observed::{self, Meaning};
use super::order::Call;
use super::rows::Transition;
use super::second::Step;
use super::standing::{Door, Standing};
use super::told::PROPAGATION;
use super::types::{Cause, ClosedHow, Effect};
use super::walk::Walk;
use crate::event::{Asking, Caller, CitedRequest, Outcome, Request};
use crate::exposure::{Audience, Permission};
use crate::vocab::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What requests are to what is known, until that changes: there may be millions that tell the same.
#[derive(Default)]
pub(super) struct Routine {
    known: BTreeMap<Likeness, Option<Meaning>>,
    /// What was known before the calls of the last seconds that changed something: a request of such a second may have been answered
    /// before them, and one a moment later by what was in force then.
    earlier: Vec<(Timestamp, Arc<Standing>)>,
}

/// What requests have in common that tell the same: who asked for what, how it ended, whether an ACL was needed, and whether a grant
/// explains it.
type Likeness = (Caller, Asking, Ended, bool, bool);

/// How a request ended, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ended {
    Took,
    Denied,
    Otherwise,
}

impl Ended {
    fn of(request: &Request) -> Self {
        match &request.outcome {
            Outcome::Took => Self::Took,
            Outcome::Failed(code) if code.reveal() == "AccessDenied" => Self::Denied,
            Outcome::Failed(_) | Outcome::Uncertain(_) => Self::Otherwise,
        }
    }
}

impl Routine {
    /// Something changes in this second.
    pub fn forget(&mut self, at: Timestamp, before: &Arc<Standing>) {
        self.known.clear();
        self.earlier
            .retain(|(second, _)| *second != at && at < second.plus(PROPAGATION));
        self.earlier.push((at, Arc::clone(before)));
    }

    /// What is known is another thing now.
    pub fn change(&mut self) {
        self.known.clear();
    }

    fn before(&self, at: Timestamp) -> Option<&Standing> {
        let (second, standing) = self.earlier.last()?;
        (*second == at).then_some(standing)
    }

    /// What was known a moment ago, and until when it may still be so somewhere: changes of a bucket's configuration take effect
    /// everywhere a little later.
    fn lately(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, &Standing)> {
        let lately = self.earlier.iter();
        let lately = lately.map(|(second, standing)| (second.plus(PROPAGATION), standing.as_ref()));
        lately.filter(move |(settled, _)| at < *settled)
    }
}

impl Walk<'_> {
    /// Takes a request of a second in which nothing else happened.
    pub(super) fn visit(&mut self, cited: CitedRequest) {
        let request = &cited.request;
        let at = request.time;
        let audience = observed::audience_of(&request.caller, self.ground.owner);
        let around = (&self.life, self.ground.owner);
        let is_explained = audience.as_ref().is_some_and(|who| {
            observed::is_granted(request, who, &self.judged, around)
                || observed::is_from_a_place(request, who, &self.judged)
        });
        let likeness: Likeness = (
            request.caller.clone(),
            request.asked,
            Ended::of(request),
            request.needed_acl,
            is_explained,
        );
        let known = self.routine.known.get(&likeness);
        let is_unexplained = known == Some(&Some(Meaning::Unexplained));
        let teaches = is_unexplained
            && (audience.as_ref()).is_some_and(|who| self.life.may_doubt(request, who))
            || request.outcome == Outcome::Took && self.life.may_leave_open(request);
        match known.filter(|_| !teaches) {
            Some(None) => {}
            Some(Some(meaning)) => {
                if *meaning == Meaning::Unexplained {
                    self.observed.see_again(request, self.ground.owner);
                }
                if self.life.is_told() {
                    self.last_told = Some(at);
                }
            }
            None => {
                let event = Arc::new(cited.to_event());
                self.second(
                    at,
                    vec![Step::Request(event, Arc::new(cited.request.clone()))],
                );
                let took = likeness.2 == Ended::Took;
                let audience = audience.filter(|_| took);
                let is_late = audience.as_ref().is_some_and(|audience| {
                    self.lately_explained(at, &cited.request, audience)
                        .is_some()
                });
                let meaning = audience.map(|audience| self.told_now(&cited.request, &audience));
                // What a moment ago explains, it does not when the moment is over.
                let is_routine = meaning == Some(Meaning::Explained) || !is_late;
                if meaning != Some(Meaning::Impossible) && is_routine {
                    self.routine.known.insert(likeness, meaning);
                }
            }
        }
    }

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
        let late = self.lately_explained(at, request, &audience);
        // It was answered by the bucket that was there.
        if self.life.existence == Existence::Deleted && self.was_open_lately(at, request, &audience)
        {
            return;
        }
        if !self.life.is_its_own() {
            self.begin(at, cause);
            self.routine.change();
        }
        self.take_proof(at, cause, None);
        let meaning = self.meaning_of(at, request, &audience);
        if meaning == Meaning::Explained {
            return self.prove(at, request, &audience, cause);
        }
        // What shuts them out now may not have done so everywhere yet.
        if late.is_none() {
            if meaning == Meaning::Impossible {
                self.contradict_once(at, cause, ContradictionKind::EnteredWhileShut);
            }
            self.refute(at, (request, &audience), meaning, cause);
        }
        if self.meaning_of(at, request, &audience) != Meaning::Explained {
            let judged = (cause, self.judged.as_ref());
            self.observed.see(request, &audience, judged, late);
        }
    }

    /// A success that a grant explains shows nothing new but that nothing kept the caller out.
    fn prove(&mut self, at: Timestamp, request: &Request, audience: &Audience, cause: &Cause) {
        let (before, mut found) = (self.life.grounds(), Found::default());
        self.life
            .prove_what_is_needed(request, audience, cause, &mut found);
        if self.life.may_leave_open(request) {
            self.life.doubt_object(&request.key, audience);
        }
        self.note(at, cause, found);
        if self.life.grounds() != before {
            self.rejudge(at, self.intervals.last_begun());
        }
    }

    /// What a success of this second means, by what is known now or was before the second's calls; a moment ago the caller may not have
    /// been known to be shut out.
    fn meaning_of(&self, at: Timestamp, request: &Request, audience: &Audience) -> Meaning {
        let around = (&self.life, self.ground.owner);
        let told = |judged| observed::meaning(request, audience, judged, around);
        let explained = |earlier| told(earlier) == Meaning::Explained;
        if self.routine.before(at).is_some_and(explained) {
            return Meaning::Explained;
        }
        match self.told_now(request, audience) {
            Meaning::Impossible if self.was_open_lately(at, request, audience) => {
                Meaning::Unexplained
            }
            meaning => meaning,
        }
    }

    /// Whether a caller was not known to be shut out a moment ago.
    fn was_open_lately(&self, at: Timestamp, request: &Request, audience: &Audience) -> bool {
        let around = (&self.life, self.ground.owner);
        let told = |judged| observed::meaning(request, audience, judged, around);
        let mut lately = self.routine.lately(at);
        lately.any(|(_, earlier)| told(earlier) != Meaning::Impossible)
    }

    /// What a success means by what is known now: where an ACL was needed, no policy let the caller in.
    fn told_now(&self, request: &Request, audience: &Audience) -> Meaning {
        let owner = self.ground.owner;
        if !request.needed_acl {
            return observed::meaning(request, audience, &self.judged, (&self.life, owner));
        }
        let life = self.life.without_policies(&request.key);
        let judged = Standing::of(&life, owner);
        observed::meaning(request, audience, &judged, (&life, owner))
    }

    /// Until when what explained a success a moment ago may still be so somewhere.
    fn lately_explained(
        &self,
        at: Timestamp,
        request: &Request,
        audience: &Audience,
    ) -> Option<Timestamp> {
        let around = (&self.life, self.ground.owner);
        let told = |judged| observed::meaning(request, audience, judged, around);
        let lately = self.routine.lately(at);
        let explained = lately.filter(|(_, earlier)| told(earlier) == Meaning::Explained);
        explained.map(|(settled, _)| settled).max()
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
        let earlier = self.routine.before(at).map(|earlier| &earlier.open);
        let ways = [Some(&self.judged.open), earlier];
        let everything = ways.into_iter().flatten().all(|open| {
            let Some((reach, _)) = open.get(&(Door::Bucket, audience.clone())) else {
                return false;
            };
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
        self.life.heed(kind);
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
        if let Some(kind) = ContradictionKind::of_copies(call.cause.copies) {
            let mut found = Found::default();
            found.push(kind);
            self.note(at, &call.cause, found);
        }
        let missing = self.life.missing;
        let Some((touched, found)) = self.life.touch(call, disputed) else {
            self.effects
                .push((call.cause.event.key.clone(), Effect::None));
            return false;
        };
        self.note(at, &call.cause, found);
        let before = self.judge_anew();
        // What opens because the ACL was accepted was opened by a call that is missing.
        let shut_before = self.ended_gap(&missing);
        let moved = self.rows.step(&Transition {
            at,
            cause: Some(&call.cause),
            openers: &BTreeMap::new(),
            before: &before,
            after: &self.judged,
            opening: None,
            shut_before: shut_before.as_ref(),
            closing: touched.is_doubtful.then_some((ClosedHow::Opaque, None)),
            touched: Some(&touched),
            life: &self.life,
            owner: self.ground.owner,
        });
        let done = object_effect(moved, &touched, (&before, &self.judged));
        self.effects.push((call.cause.event.key.clone(), done));
        true
    }
}
