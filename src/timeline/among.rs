//! Where among the other steps of its second do calls on objects stand?
//!
//! Mostly behind them. S3 accepts an object's ACL only where ACLs count and no block refuses it, so what it accepted stands before
//! the call that stopped it and behind the one that allowed it. Of all places those are possible that contradict least; where they
//! leave blocks or ownership differently, these cannot be told.

use super::apply::Life;
use super::lesson::Control;
use super::order::Call;
use super::possible::end_of;
use super::second::{Settled, Step, settle};
use super::types::Cause;
use crate::event::{Asked, Upload};
use crate::exposure::Owner;

/// So many steps are tried before and after.
const MOST: u32 = 5;

/// The steps of a second, and where its calls on objects stand among them.
pub(super) struct Among {
    /// The steps before them.
    pub before: Vec<Step>,
    /// The steps after them.
    pub after: Vec<Step>,
    /// What other places leave, where they are possible too.
    pub others: Vec<Life>,
    /// What is left, where the places leave different verdicts.
    pub unknown: Option<Box<Life>>,
}

impl Among {
    /// All calls on objects come last.
    fn last(steps: Vec<Step>) -> Self {
        Self {
            before: steps,
            after: Vec::new(),
            others: Vec::new(),
            unknown: None,
        }
    }

    /// The best of all places.
    pub fn of(life: &Life, calls: &[Call], steps: Vec<Step>, owner: &Owner) -> Self {
        if steps.iter().any(Step::deletes) && !calls.is_empty() {
            return Self {
                after: steps,
                ..Self::last(Vec::new())
            };
        }
        let gates = steps.iter().filter(|step| moves_gate(step)).count() as u32;
        if gates == 0 || gates > MOST || !calls.iter().any(asks_for_others) {
            return Self::last(steps);
        }
        let mut ways: Vec<(usize, u32, Life)> = (0..1_u32 << gates)
            .map(|mask| {
                let (before, after) = parted(steps.clone(), mask);
                let (life, contradictions) = through(life, before, calls, after, owner);
                (contradictions, mask, life)
            })
            .collect();
        let least = ways.iter().map(|(found, ..)| *found).min();
        ways.retain(|(found, ..)| Some(*found) == least);
        ways.sort_by_key(|(_, mask, _)| (mask.count_ones(), *mask));
        let mut ways = ways.into_iter();
        let Some((_, mask, end)) = ways.next() else {
            return Self::last(steps);
        };
        let others: Vec<Life> = ways.map(|(_, _, life)| life).collect();
        let causes = steps.iter().map(Step::cause);
        let causes: Vec<Cause> = causes
            .chain(calls.iter().map(|it| &it.cause))
            .cloned()
            .collect();
        let unknown = end.unknown_among(&others, &causes, owner);
        let (before, after) = parted(steps, mask);
        Self {
            before,
            after,
            others,
            unknown: unknown.map(Box::new),
        }
    }
}

/// Whether a call on an object asks for an ACL that lets others in, and was given it.
fn asks_for_others(call: &Call) -> bool {
    let change = &call.cause.event.change;
    let asks = !matches!(change.upload(), Some(Upload::Completed | Upload::Resumed));
    let others = matches!(change.asked_acl(), Some(Asked::Said(acl)) if acl.names_others());
    call.cause.event.took() && asks && others
}

/// Whether a step may decide what ACLs S3 accepts.
fn moves_gate(step: &Step) -> bool {
    let control = Control::of(&step.cause().event.change);
    let is_gate = matches!(
        control,
        Some(Control::Block | Control::Ownership | Control::AccountBlock)
    );
    step.changes() && is_gate && !matches!(step, Step::Read(_)) || is_refused_acl(step)
}

/// Whether a call was refused because ACLs are disabled, which may be so before those that were accepted or after.
fn is_refused_acl(step: &Step) -> bool {
    let code = step.cause().event.outcome.error_code();
    let is_refused = code.is_some_and(|code| code.reveal() == "AccessControlListNotSupported");
    is_refused && matches!(step, Step::Bucket(_))
}

/// The steps before, and those after: of the gates those with a bit, and then what only tells how these are.
fn parted(steps: Vec<Step>, mask: u32) -> (Vec<Step>, Vec<Step>) {
    let mut gate = 0;
    let (after, before) = steps.into_iter().partition(|step| {
        if !moves_gate(step) {
            return mask != 0 && step.goes_last();
        }
        gate += 1;
        mask >> (gate - 1) & 1 == 1
    });
    (before, after)
}

/// What is left on such a way, and how often it contradicts itself.
fn through(
    life: &Life,
    before: Vec<Step>,
    calls: &[Call],
    after: Vec<Step>,
    owner: &Owner,
) -> (Life, usize) {
    let (mut life, mut contradictions) = walk(life.clone(), before, owner);
    for call in calls {
        let touched = life.touch(call, false);
        contradictions += touched.map_or(0, |(_, found)| found.contradictions.len());
    }
    let (life, more) = walk(life, after, owner);
    (life, contradictions + more)
}

fn walk(mut life: Life, steps: Vec<Step>, owner: &Owner) -> (Life, usize) {
    let (steps, left) = match settle(&life, steps, owner) {
        Settled::Ordered(steps, blurred) => (steps, blurred),
        Settled::Uncertain(after, steps) => (steps, Some(after)),
    };
    let mut contradictions = 0;
    for step in steps {
        contradictions += step.apply(&mut life).contradictions.len();
    }
    (left.map_or(life, |left| *left), contradictions)
}

impl Life {
    /// What is left where other ends are possible that leave another verdict.
    fn unknown_among(&self, others: &[Self], causes: &[Cause], owner: &Owner) -> Option<Self> {
        let quiet = self.blurred(others, &[]);
        let is_same = end_of(&quiet, owner) == end_of(self, owner);
        (!is_same).then(|| self.blurred(others, causes))
    }

    /// The same, with gates that cannot be told where other ends have others.
    pub(super) fn blurred(&self, others: &[Self], causes: &[Cause]) -> Self {
        let mut life = self.clone();
        let blur = |other: &Self| life.blur_gates(other, causes);
        others.iter().for_each(blur);
        life
    }
}
