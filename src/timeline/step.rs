//! What does one step do to a bucket, and to what is told of it?
//!
//! The state before and after are judged; what lies between them says which exposures began, went on or ended, and what the
//! call did.

use super::account::AccountStep;
use super::apply::{Existence, Life};
use super::contradiction::ContradictionKind;
use super::effect::{Around, effect};
use super::lesson::{Control, Found, Gap, Instants, Loss};
use super::order::Read;
use super::rows::{Moved, Transition};
use super::second::Step;
use super::standing::{Door, Standing};
use super::told::PROPAGATION;
use super::types::{Cause, ClosedHow, Effect, OpenedHow};
use super::walk::Walk;
use crate::event::{Change, EventKey, Heard, Outcome};
use crate::exposure::{Audience, Verdict};
use crate::vocab::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Walk<'_> {
    /// From here a control cannot be told, until the proof that a call is missing.
    pub(super) fn miss(&mut self, at: Timestamp, gap: Gap) {
        let most = self.life.flags(gap.control);
        self.life.cloud(gap.control);
        if gap.loss != Loss::Changed {
            self.life.loosen(gap.control, most);
        }
        self.life.missing.set(gap.control, Some(at));
        self.life.refuted.set(gap.control, Some(gap.until));
        let lifted = (gap.loss == Loss::Lifted).then_some(gap.until);
        self.life.lifted.set(gap.control, lifted);
        let before = self.judge_anew();
        self.doubted.insert(gap.control, (at, before.clone()));
        self.rows.step(&Transition {
            at,
            cause: None,
            openers: &BTreeMap::new(),
            before: &before,
            after: &self.judged,
            opening: None,
            shut_before: None,
            closing: Some((ClosedHow::InGap, Some(gap.until))),
            touched: None,
            life: &self.life,
            owner: self.ground.owner,
        });
    }

    /// Takes one step whose place is known.
    pub(super) fn step(&mut self, at: Timestamp, step: &Step) {
        if step.says_gone() {
            return self.vanish(at, step);
        }
        if self.is_too_late(at, step) {
            return;
        }
        let begins = step.shows_bucket(&self.life);
        if begins {
            self.begin(at, step.cause());
        } else if self.life.existence == Existence::Doubtful && step.shows_alive(&self.life) {
            self.revive(at);
        }
        let before = self.life.clone();
        let judged_before = Arc::clone(&self.judged);
        let mut found = step.apply(&mut self.life);
        self.life.untie_since(&before);
        let cause = step.cause();
        found.contradictions.extend(step.records_differ());
        if let Step::Read(read) = step {
            self.hold_to_the_logs(at, read, &mut found);
        }
        let renewed = self.life.incarnation != before.incarnation && before.is_its_own();
        if renewed {
            self.close_life(at, cause);
        }
        self.place(step, self.life.incarnation != before.incarnation);
        self.note(at, cause, found);
        self.judged = self.judge();
        if let (Outcome::Uncertain(_), Some(control)) =
            (&cause.event.outcome, Control::of(&cause.event.change))
        {
            self.doubted.insert(control, (at, judged_before.clone()));
        }
        let shut_before = self.ended_gap(&before.missing).or_else(|| {
            let proves = step.proves_only();
            proves.then(|| self.resolved(&before)).flatten()
        });
        let newborn = renewed || (self.life.incarnation != before.incarnation && created(cause));
        let moved = match self.life.existence {
            Existence::Deleted => self.delete(&before, at, cause),
            _ => self.rows.step(&Transition {
                at,
                cause: Some(cause),
                openers: &BTreeMap::new(),
                before: &judged_before,
                after: &self.judged,
                opening: newborn.then_some((OpenedHow::Event, None)),
                shut_before: shut_before.as_ref(),
                closing: None,
                touched: None,
                life: &self.life,
                owner: self.ground.owner,
            }),
        };
        let reopened = begins && before.state != self.life.state && !step.proves_only();
        if reopened {
            self.rows.renew(at, cause, &self.judged);
        }
        let moved = Moved {
            opened: moved.opened || reopened && !self.judged.open.is_empty(),
            ..moved
        };
        if reported(step, &before, &self.life) {
            let done = effect(
                cause,
                moved,
                &Around {
                    life: &before,
                    judged: &judged_before,
                },
                &Around {
                    life: &self.life,
                    judged: &self.judged,
                },
            );
            self.effects.push((cause.event.key.clone(), done));
        }
    }

    /// What a document of later than the logs tells otherwise was changed after they end: up to then they would tell of it.
    fn hold_to_the_logs(&self, at: Timestamp, read: &Read, found: &mut Found) {
        let end = (self.ground.end_of)(self.whose.account.as_ref(), self.whose.region.as_ref());
        if let Some(end) = end.filter(|end| read.heard == Heard::Held && *end < at) {
            for gap in &mut found.gaps {
                gap.from = gap.from.max(end);
            }
        }
    }

    /// The first evidence of a bucket: what later proofs teach of it was so already.
    pub(super) fn begin(&mut self, at: Timestamp, cause: &Cause) {
        let mut found = Found::default();
        self.life.exist(&mut found);
        self.locate(cause);
        let taught = self.taught.before.get(&self.life.incarnation);
        taught
            .into_iter()
            .flatten()
            .for_each(|value| self.life.was(value));
        self.note(at, cause, found);
        self.appear(at);
    }

    /// The bucket is there, and what is open was so before the event that shows it.
    fn appear(&mut self, at: Timestamp) {
        let before = self.judge_anew();
        self.rows.step(&Transition {
            at,
            cause: None,
            openers: &BTreeMap::new(),
            before: &before,
            after: &self.judged,
            opening: Some((OpenedHow::BeforeEvidence, None)),
            shut_before: None,
            closing: None,
            touched: None,
            life: &self.life,
            owner: self.ground.owner,
        });
    }

    /// How the bucket stood before the gap that ends with this step.
    pub(super) fn ended_gap(&self, missing: &Instants) -> Option<(Timestamp, Arc<Standing>)> {
        let ended = |control: &Control| self.life.missing.get(*control).is_none();
        let gaps = Control::ALL.into_iter().filter(ended);
        let (_, control) = gaps
            .filter_map(|control| Some((missing.get(control)?, control)))
            .min_by_key(|(since, _)| *since)?;
        self.doubted.get(&control).cloned()
    }

    /// How the bucket stood just before the call that left the control open which is known again now.
    fn resolved(&self, before: &Life) -> Option<(Timestamp, Arc<Standing>)> {
        let again =
            |control: &Control| before.is_opaque(*control) && !self.life.is_opaque(*control);
        let control = Control::ALL.into_iter().find(again)?;
        self.doubted.get(&control).cloned()
    }

    /// The bucket is there after all, as it was: nothing opens by the event that shows it.
    fn revive(&mut self, at: Timestamp) {
        self.life.existence = Existence::Alive;
        self.appear(at);
    }

    /// A read of a deleted bucket may be answered from what was there a moment before.
    pub(super) fn is_too_late(&self, at: Timestamp, step: &Step) -> bool {
        let deleted = self.life.existence == Existence::Deleted;
        let moment = self
            .last_told
            .is_some_and(|last| at < last.plus(PROPAGATION));
        deleted && moment && matches!(step, Step::Read(_))
    }

    /// There is no bucket of that name. If there was one, its deletion was not seen.
    pub(super) fn vanish(&mut self, at: Timestamp, step: &Step) {
        let cause = step.cause();
        self.effects.extend(attempted(cause));
        let last = self.last_told.filter(|_| step.may_be_late());
        let fresh = last.is_some_and(|last| at < last.plus(PROPAGATION));
        if !self.life.is_its_own() || fresh {
            return;
        }
        if self.life.existence == Existence::Alive {
            let mut found = Found::default();
            found.push(ContradictionKind::GoneWithoutDeletion);
            self.note(at, cause, found);
        }
        self.close_life(at, cause);
        self.life.existence = Existence::Deleted;
        self.judged = self.judge();
    }

    /// A bucket's Region is the one that its first call names; another bucket of the name may lie elsewhere.
    pub(super) fn place(&mut self, step: &Step, renewed: bool) {
        let anew = renewed || self.whose.region.is_none();
        let shown = self.life.is_its_own();
        if anew && shown && !matches!(step, Step::Account(_)) {
            self.locate(step.cause());
        }
    }

    /// A call on a bucket is handled, and recorded, in the bucket's Region; but those on multi-Region access points are not.
    fn locate(&mut self, cause: &Cause) {
        let event = &cause.event;
        if !matches!(event.change, Change::MultiRegionAccessPoint(..)) {
            let named = event.region.clone();
            self.whose.region = named.or(self.whose.region.take());
        }
    }

    /// Takes steps of one second whose order cannot be told, all at once.
    pub(super) fn leap(&mut self, at: Timestamp, after: Life, steps: &[Step]) {
        let before = std::mem::replace(&mut self.life, after);
        let judged_before = self.judge_anew();
        if self.life.existence == Existence::Deleted {
            steps
                .iter()
                .find(|step| created(step.cause()))
                .or(steps.first())
                .into_iter()
                .for_each(|step| _ = self.delete(&before, at, step.cause()));
            return;
        }
        let openers = self.openers(&before, steps);
        let transition = Transition {
            at,
            cause: None,
            openers: &openers,
            before: &judged_before,
            after: &self.judged,
            opening: None,
            shut_before: None,
            closing: Some((ClosedHow::Opaque, None)),
            touched: None,
            life: &self.life,
            owner: self.ground.owner,
        };
        let moved = self.rows.step(&transition);
        for step in steps {
            let cause = step.cause();
            let mut found = Found::default();
            found.contradictions.extend(step.records_differ());
            self.note(at, cause, found);
            let around = (
                Around {
                    life: &before,
                    judged: &judged_before,
                },
                Around {
                    life: &self.life,
                    judged: &self.judged,
                },
            );
            let done = match step.is_idle() {
                true => Effect::Attempted,
                false => effect(cause, moved, &around.0, &around.1),
            };
            let undecided = self.judged.verdict() == Verdict::Unknown && done == Effect::None;
            let done = if undecided { Effect::Unknown } else { done };
            self.effects.push((cause.event.key.clone(), done));
        }
    }

    /// The event of several that let each audience in, in the order in which they are given.
    pub(super) fn openers(
        &self,
        before: &Life,
        steps: &[Step],
    ) -> BTreeMap<(Door, Audience), Cause> {
        let mut life = before.clone();
        let mut openers = BTreeMap::new();
        for step in steps {
            step.apply(&mut life);
            let open = Standing::of(&life, self.ground.owner).open;
            openers.retain(|who, _| open.contains_key(who));
            for who in open.into_keys() {
                openers.entry(who).or_insert_with(|| step.cause().clone());
            }
        }
        openers
    }
}

/// A call that found no bucket was an attempt.
fn attempted(cause: &Cause) -> Option<(EventKey, Effect)> {
    let read = cause.event.change == Change::Read;
    (!read).then(|| (cause.event.key.clone(), Effect::Attempted))
}

fn created(cause: &Cause) -> bool {
    matches!(cause.event.change, Change::CreateBucket { .. }) && cause.event.took()
}

/// Whether a step's effect on this bucket is told: account-wide ones only where the bucket is there.
fn reported(step: &Step, before: &Life, after: &Life) -> bool {
    match step {
        Step::Bucket(_) => true,
        Step::Account(AccountStep::Call(_)) => before.is_told() || after.is_told(),
        Step::Read(_)
        | Step::Request(..)
        | Step::Account(AccountStep::Doubt(_) | AccountStep::Read(..)) => false,
    }
}
