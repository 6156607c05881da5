//! How does one bucket go through time?
//!
//! Each second's calls are put in order, each changes what is known, what is known is judged, and the judgements before
//! and after say which exposures began, went on or ended.

use super::among::Among;
use super::apply::{Existence, Life};
use super::contradiction::{Contradiction, ContradictionKind};
use super::fold::{EndOf, Reconstruction};
use super::interval::Intervals;
use super::lesson::{Control, Found, Lessons};
use super::observed::Observed;
use super::order::Call;
use super::rows::{Rows, Whose};
use super::second::{Settled, Step, settle};
use super::standing::{Lately, Standing};
use super::sum::Effects;
use super::types::{Cause, Effect, Exposure, Timeline};
use super::visit::Routine;
use crate::event::{EventKey, Request};
use crate::exposure::{Assumption, Known, Owner, Verdict};
use crate::vocab::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is the same for every bucket of an account.
#[derive(Clone, Copy)]
pub(super) struct Ground<'w> {
    pub owner: &'w Owner,
    pub end_of: &'w EndOf<'w>,
    /// What is assumed of public exposures that reach past an instant.
    pub beyond: Option<(Timestamp, Assumption)>,
    /// What the account's block was when the evidence began.
    pub account_block: &'w Known<crate::event::BlockFlags>,
}

/// One bucket's way through time.
pub(super) struct Walk<'w> {
    pub(super) ground: Ground<'w>,
    pub(super) whose: Whose,
    pub(super) life: Life,
    pub(super) judged: Arc<Standing>,
    lately: Lately,
    pub(super) last_told: Option<Timestamp>,
    /// When something that concerns the whole account last reached it.
    pub(super) reached: Option<Timestamp>,
    pub(super) rows: Rows,
    pub(super) observed: Observed,
    /// What requests from outside are to what is known now, and the second before whose calls it was otherwise.
    pub(super) routine: Routine,
    pub(super) intervals: Intervals,
    pub(super) exposures: Vec<Exposure>,
    pub(super) timelines: Vec<Timeline>,
    pub(super) effects: Vec<(EventKey, Effect)>,
    pub(super) places: Vec<(EventKey, usize)>,
    pub(super) contradictions: Vec<Contradiction>,
    /// For each control that a call may have changed: when, and how the bucket stood just before.
    pub(super) doubted: BTreeMap<Control, (Timestamp, Arc<Standing>)>,
    /// What is known beforehand of what later proofs teach.
    pub(super) taught: Lessons,
    /// What this way taught.
    pub(super) learned: Lessons,
}

impl<'w> Walk<'w> {
    /// The way of a bucket, knowing beforehand what later proofs teach.
    pub fn new(ground: Ground<'w>, whose: Whose, taught: Lessons) -> Self {
        let life = Life {
            account_block: ground.account_block.clone(),
            ..Life::default()
        };
        let mut lately = Lately::default();
        Self {
            ground,
            whose,
            judged: lately.judge(&life, ground.owner),
            lately,
            life,
            last_told: None,
            reached: None,
            rows: Rows::default(),
            observed: Observed::default(),
            routine: Routine::default(),
            intervals: Intervals::default(),
            exposures: Vec::new(),
            timelines: Vec::new(),
            effects: Vec::new(),
            places: Vec::new(),
            contradictions: Vec::new(),
            doubted: BTreeMap::new(),
            taught,
            learned: Lessons::default(),
        }
    }

    /// What the way taught, and what contradicts what.
    pub fn lessons(&mut self) -> (Lessons, Vec<Contradiction>) {
        (
            std::mem::take(&mut self.learned),
            std::mem::take(&mut self.contradictions),
        )
    }

    /// Takes what contradicts what from a first way.
    pub fn contradict(&mut self, contradictions: Vec<Contradiction>) {
        self.contradictions = contradictions;
    }

    /// Takes the steps of one second.
    pub fn second(&mut self, at: Timestamp, steps: Vec<Step>) {
        let gaps = self.taught.gaps.remove(&at).unwrap_or_default();
        let Apart {
            objects: on_objects,
            requests,
            others: steps,
        } = apart(steps);
        if !steps.is_empty() || !on_objects.is_empty() || !gaps.is_empty() {
            self.routine.forget(at, &self.judged);
        }
        let changes = steps.iter().any(Step::changes) || !on_objects.is_empty();
        let among = self.among(at, &on_objects, steps);
        let go_first =
            among.before.is_empty() && !among.after.is_empty() && among.unknown.is_none();
        let (early, late) = match go_first {
            true => (on_objects, Vec::new()),
            false => (Vec::new(), on_objects),
        };
        let mut touched = self.on_objects(at, early);
        let was_told = self.life.is_told();
        let touches = !late.is_empty() || !touched.is_empty();
        let steps = || among.before.iter().chain(&among.after);
        let shows = |step: &Step| step.is_of_the_bucket() || step.proves_there(&self.life);
        let steps_show = steps().any(shows);
        if steps().any(Step::is_of_the_account) {
            self.reached = Some(at);
        }
        let entered = requests.iter().any(|(cause, _)| cause.event.took());
        let tells = entered || touches || !steps().all(Step::is_idle);
        let mut causes = match among.unknown {
            Some(life) => {
                let steps = among.before.into_iter().chain(among.after);
                self.take_all(at, *life, steps.collect(), late)
            }
            None => {
                let first = among.before.len();
                let mut causes = self.take_steps(at, among.before, (0, tells));
                touched.extend(self.on_objects(at, late));
                causes.extend(self.take_steps(at, among.after, (first, tells)));
                if !among.others.is_empty() {
                    self.life = self.life.blurred(&among.others, &[]);
                    self.judged = self.judge();
                }
                causes
            }
        };
        causes.extend(touched);
        if changes {
            self.observed.change(&self.judged);
        }
        for (cause, request) in &requests {
            self.on_request(at, cause, request);
        }
        for gap in gaps {
            let (verdict, doubted) = (self.judged.verdict(), gap.cause.clone());
            self.miss(at, gap);
            causes.extend(Some(doubted).filter(|_| verdict != self.judged.verdict()));
        }
        let shows = entered || touches || steps_show;
        if shows && (was_told || self.life.is_told()) {
            self.last_told = Some(at);
        }
        if self.life.is_told() {
            let disputing = match self.judged.verdict() {
                Verdict::Unknown => self.life.disputing(),
                _ => Vec::new(),
            };
            let uncertain = !disputing.is_empty();
            let causes = if uncertain { disputing } else { causes };
            self.intervals
                .begin(at, &self.judged, &self.life, causes, uncertain);
        }
    }

    /// Takes steps of one second, of which so many came before, in whichever order; gives the events behind them.
    fn take_steps(
        &mut self,
        at: Timestamp,
        steps: Vec<Step>,
        (first, tells): (usize, bool),
    ) -> Vec<Cause> {
        match self.settled(at, steps) {
            Settled::Ordered(steps, blurred) => {
                steps.iter().for_each(|step| self.step(at, step));
                if let Some(life) = blurred {
                    self.life = *life;
                    self.judged = self.judge();
                }
                let keys = steps.iter().map(|step| step.cause().event.key.clone());
                let places = keys.zip(first..);
                self.places.extend(places);
                causes_of(&steps, tells)
            }
            Settled::Uncertain(after, steps) => {
                self.leap(at, *after, &steps);
                causes_of(&steps, tells)
            }
        }
    }

    /// The steps in order. Where that leaves something open of a bucket of which nothing was known before, what later proofs teach of it
    /// comes first.
    fn settled(&mut self, at: Timestamp, steps: Vec<Step>) -> Settled {
        let owner = self.ground.owner;
        let is_old = self.life.existence == Existence::Unseen && !steps.iter().any(Step::creates);
        if !is_old || steps.len() < 2 {
            return settle(&self.life, steps, owner);
        }
        let settled = settle(&self.life, steps.clone(), owner);
        let first = match &settled {
            Settled::Ordered(_, None) => None,
            Settled::Ordered(ordered, Some(_)) | Settled::Uncertain(_, ordered) => ordered.first(),
        };
        match first.filter(|first| first.shows_bucket(&self.life)) {
            Some(first) => {
                self.begin(at, first.cause());
                settle(&self.life, steps, owner)
            }
            None => settled,
        }
    }

    /// Where calls on objects stand among the other steps of their second.
    fn among(&mut self, at: Timestamp, calls: &[Call], steps: Vec<Step>) -> Among {
        let among = Among::of(&self.life, calls, steps, self.ground.owner);
        let (Some(call), false) = (calls.first(), self.life.is_its_own()) else {
            return among;
        };
        if among.unknown.is_none() {
            return among;
        }
        self.begin(at, &call.cause);
        let steps = among.before.into_iter().chain(among.after).collect();
        Among::of(&self.life, calls, steps, self.ground.owner)
    }

    /// Takes all of a second at once: in which order it cannot be told, and this is what is left.
    fn take_all(
        &mut self,
        at: Timestamp,
        left: Life,
        steps: Vec<Step>,
        calls: Vec<Call>,
    ) -> Vec<Cause> {
        for call in &calls {
            let mut found = Found::default();
            let kind = ContradictionKind::of_copies(call.cause.copies);
            found.contradictions.extend(kind);
            self.note(at, &call.cause, found);
        }
        let calls = calls.into_iter().map(Step::Bucket);
        let steps: Vec<Step> = steps.into_iter().chain(calls).collect();
        self.leap(at, left, &steps);
        steps.iter().map(|step| step.cause().clone()).collect()
    }

    pub(super) fn judge(&mut self) -> Arc<Standing> {
        self.lately.judge(&self.life, self.ground.owner)
    }

    /// Judges the bucket as it is now; gives how it stood before.
    pub(super) fn judge_anew(&mut self) -> Arc<Standing> {
        let judged = self.judge();
        std::mem::replace(&mut self.judged, judged)
    }

    pub(super) fn note(&mut self, at: Timestamp, cause: &Cause, mut found: Found) {
        let (account, bucket) = (self.whose.account.clone(), Some(self.whose.bucket.clone()));
        let kinds = std::mem::take(&mut found.contradictions);
        kinds.iter().for_each(|kind| self.life.heed(*kind));
        self.contradictions
            .extend(kinds.into_iter().map(|kind| Contradiction {
                at,
                account: account.clone(),
                bucket: bucket.clone(),
                kind,
                causes: vec![cause.clone()],
            }));
        self.learned.learn(self.life.incarnation, found);
    }

    pub fn finish(mut self, told: &mut Reconstruction, effects: &mut Effects) {
        if self.life.is_told() {
            let end = (self.ground.end_of)(self.whose.account.as_ref(), self.whose.region.as_ref());
            let end = end
                .into_iter()
                .chain(self.last_told.max(self.reached))
                .chain(self.intervals.last_begun())
                .max();
            self.end_timeline(end.unwrap_or(Timestamp::from_unix(0)));
        }
        self.effects
            .into_iter()
            .for_each(|(key, done)| effects.add(key, done));
        self.places
            .into_iter()
            .for_each(|(key, place)| effects.stand(key, place));
        told.exposures.extend(self.exposures);
        told.timelines.extend(self.timelines);
        told.contradictions.extend(self.contradictions);
    }
}

/// The events behind a second's steps, each once, in their order; plain failures only where there is nothing else.
fn causes_of(steps: &[Step], tells: bool) -> Vec<Cause> {
    let telling = steps.iter().filter(|step| !step.is_idle() || !tells);
    let mut causes: Vec<Cause> = telling.map(|step| step.cause().clone()).collect();
    causes.dedup_by(|left, right| left.event.key == right.event.key);
    causes
}

/// The steps of one second, apart.
struct Apart {
    /// Calls on objects that took effect or may have.
    objects: Vec<Call>,
    /// Requests from outside.
    requests: Vec<(Cause, Arc<Request>)>,
    others: Vec<Step>,
}

fn apart(steps: Vec<Step>) -> Apart {
    let mut apart = Apart {
        objects: Vec::new(),
        requests: Vec::new(),
        others: Vec::new(),
    };
    for step in steps {
        match step {
            Step::Bucket(call) if call.is_on_object() => apart.objects.push(call),
            Step::Request(cause, request) => apart.requests.push((cause, request)),
            step => apart.others.push(step),
        }
    }
    apart
}
