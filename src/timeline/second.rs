//! Calls of one second: which came first?
//!
//! eventTime has whole seconds, so causality must tell: a bucket is created before it is changed, a block is gone before a
//! public grant is accepted. Of all orders, those that contradict least are possible. Where these end in different
//! verdicts, the controls in which they differ are opaque until they are next known.

use super::account::AccountStep;
use super::apply::{Existence, Life};
use super::order::Call;
use super::types::{Cause, ContradictionKind};
use crate::event::{Change, Outcome};
use crate::exposure::{Audience, Judgement, Known, Owner, Verdict};

/// One step in a bucket's life.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A call on the bucket.
    Bucket(Call),
    /// Something that reaches every bucket of the account.
    Account(AccountStep),
}

impl Step {
    /// The event behind it.
    pub fn cause(&self) -> &Cause {
        match self {
            Self::Bucket(call) | Self::Account(AccountStep::Call(call)) => &call.cause,
            Self::Account(AccountStep::Doubt(cause)) => cause,
        }
    }

    /// Takes the step; what it contradicts is named.
    pub fn apply(&self, life: &mut Life) -> Vec<ContradictionKind> {
        match self {
            Self::Bucket(call) => life.apply(call),
            Self::Account(AccountStep::Call(call)) => {
                life.apply_account(call);
                Vec::new()
            }
            Self::Account(AccountStep::Doubt(_)) => {
                life.account_block = Known::Unobserved;
                Vec::new()
            }
        }
    }

    fn creates(&self) -> bool {
        let event = &self.cause().event;
        matches!(self, Self::Bucket(_))
            && event.took()
            && matches!(event.change, Change::CreateBucket { .. })
    }

    fn deletes(&self) -> bool {
        let event = &self.cause().event;
        event.outcome == Outcome::Took && event.change == Change::DeleteBucket
    }

    /// Plain failures prove nothing about an order: they go last.
    pub fn is_idle(&self) -> bool {
        matches!(&self.cause().event.outcome, Outcome::Failed(code) if code.reveal() != "AccessControlListNotSupported")
    }
}

/// The steps of one second, put in order.
pub(super) enum Settled {
    /// In this order. Where other orders are possible too, and end with other blocks, this is what is known after it.
    Ordered(Vec<Step>, Option<Box<Life>>),
    /// In no order that can be told: this is what is known after them.
    Uncertain(Box<Life>, Vec<Step>),
}

/// How many steps may be tried in every order: 720 orders.
const MOST: usize = 6;

/// Puts the steps of one second in order. They come sorted by eventID.
pub(super) fn settle(before: &Life, steps: Vec<Step>, owner: &Owner) -> Settled {
    let (idle, mut active): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(Step::is_idle);
    if active.len() < 2 {
        active.extend(idle);
        return Settled::Ordered(active, None);
    }
    active.sort_by_key(|step| rank(before, step));
    if active.len() > MOST {
        active.extend(idle);
        return Settled::Ordered(active, None);
    }
    let possible = possible_orders(before, &active);
    let Some((first, first_end)) = possible.first() else {
        return Settled::Ordered(active, None);
    };
    let mut ordered: Vec<Step> = first
        .iter()
        .filter_map(|&index| active.get(index).cloned())
        .collect();
    ordered.extend(idle);
    if agree(&possible, owner) {
        let blurred = blur_gates(first_end, &possible, owner);
        return Settled::Ordered(ordered, blurred.map(Box::new));
    }
    let mut after = first_end.clone();
    possible.iter().for_each(|(_, end)| after.blur(end));
    Settled::Uncertain(Box::new(after), ordered)
}

/// Where no order is better than another, the one that causality suggests comes first.
fn rank(before: &Life, step: &Step) -> u8 {
    match (step, before.existence) {
        (Step::Account(AccountStep::Doubt(_)), _) => 0,
        (_, Existence::Alive | Existence::Doubtful) if step.deletes() => 1,
        _ if step.creates() => 2,
        _ if step.deletes() => 4,
        _ => 3,
    }
}

type Order = Vec<usize>;

/// The orders with the fewest contradictions, each with where it ends; the first is the one that eventIDs suggest.
fn possible_orders(before: &Life, steps: &[Step]) -> Vec<(Order, Life)> {
    let mut search = Search {
        steps,
        best: usize::MAX,
        found: Vec::new(),
    };
    search.go(&mut Vec::new(), before, 0);
    search.found
}

struct Search<'s> {
    steps: &'s [Step],
    best: usize,
    found: Vec<(Order, Life)>,
}

impl Search<'_> {
    fn go(&mut self, taken: &mut Order, life: &Life, contradictions: usize) {
        if contradictions > self.best {
            return;
        }
        if taken.len() == self.steps.len() {
            self.keep(taken, life, contradictions);
            return;
        }
        for (index, step) in self.steps.iter().enumerate() {
            if taken.contains(&index) || self.must_wait(life, step, taken) {
                continue;
            }
            let mut next = life.clone();
            let found = step.apply(&mut next).len();
            taken.push(index);
            self.go(taken, &next, contradictions.saturating_add(found));
            taken.pop();
        }
    }

    fn keep(&mut self, taken: &Order, life: &Life, contradictions: usize) {
        if contradictions < self.best {
            self.best = contradictions;
            self.found.clear();
        }
        self.found.push((taken.clone(), life.clone()));
    }

    /// A bucket that is not there is created before anything else is done to it.
    fn must_wait(&self, life: &Life, step: &Step, taken: &Order) -> bool {
        let creation_pending = self
            .steps
            .iter()
            .enumerate()
            .any(|(index, other)| other.creates() && !taken.contains(&index));
        matches!(step, Step::Bucket(_)) && creation_pending && !step.creates() && !life.is_its_own()
    }
}

/// Whether all possible orders end with the same verdict and the same audiences.
fn agree(possible: &[(Order, Life)], owner: &Owner) -> bool {
    let mut ends = possible.iter().map(|(_, life)| end_of(life, owner));
    let first = ends.next();
    ends.all(|end| Some(end) == first)
}

fn end_of(life: &Life, owner: &Owner) -> (Existence, Verdict, Vec<Audience>) {
    let judged = judge_life(life, owner);
    (
        life.existence,
        judged.verdict,
        judged.open.into_keys().collect(),
    )
}

/// The verdict is the same, but a gate may not be: it is opaque from here if that leaves the verdict as it is.
fn blur_gates(end: &Life, possible: &[(Order, Life)], owner: &Owner) -> Option<Life> {
    let mut blurred = end.clone();
    possible
        .iter()
        .for_each(|(_, other)| blurred.blur_gates(other));
    let changed = blurred.state != end.state || blurred.account_block != end.account_block;
    (changed && end_of(&blurred, owner) == end_of(end, owner)).then_some(blurred)
}

/// Judges a bucket, which cannot be told where it is not sure to be there.
pub(super) fn judge_life(life: &Life, owner: &Owner) -> Judgement {
    match life.is_certain() {
        true => crate::exposure::judge(&life.state, &life.account_block, owner),
        false => crate::exposure::judge(&Default::default(), &Known::Opaque, owner),
    }
}
