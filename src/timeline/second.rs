//! Calls of one second: which came first?
//!
//! eventTime has whole seconds, so causality must tell: a bucket is created before it is changed, a block is gone before a
//! public grant is accepted. Of all orders, those that contradict least are possible. Where these end in different
//! verdicts, the controls in which they differ are opaque until they are next known.

use super::account::AccountStep;
use super::apply::{Existence, Life};
use super::contradiction::ContradictionKind;
use super::lesson::{Control, Found};
use super::order::{Call, Read};
use super::possible::{agree, left_alike, possible_orders};
use super::types::Cause;
use crate::event::{Change, Copies, EventKey, Heard, Outcome, Request, Told};
use crate::exposure::{Known, Owner};
use std::sync::Arc;

/// One step in a bucket's life.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A call on the bucket.
    Bucket(Call),
    /// A read of the bucket's configuration.
    Read(Read),
    /// A request from outside.
    Request(Cause, Arc<Request>),
    /// Something that reaches every bucket of the account.
    Account(AccountStep),
}

impl Step {
    /// The event behind it.
    pub fn cause(&self) -> &Cause {
        match self {
            Self::Bucket(call) => &call.cause,
            Self::Read(read) => &read.cause,
            Self::Request(cause, _) => cause,
            Self::Account(step) => step.cause(),
        }
    }

    /// What it means of a call on the bucket that its records differ, where that leaves no doubt of what it did.
    pub fn records_differ(&self) -> Option<ContradictionKind> {
        match self {
            Self::Bucket(call) if call.cause.copies != Copies::Differ => {
                ContradictionKind::of_copies(call.cause.copies)
            }
            _ => None,
        }
    }

    /// By eventID; of reads first those of the gates, without which an ACL that is shown cannot be understood.
    pub fn order(&self) -> (u8, &EventKey) {
        let rank = match self {
            Self::Read(Read {
                told: Told::Ownership(_) | Told::Block(_),
                ..
            }) => 1,
            Self::Read(_) => 2,
            Self::Bucket(_) | Self::Account(_) => 0,
            Self::Request(..) => 3,
        };
        (rank, &self.cause().event.key)
    }

    /// Takes the step; what it contradicts and proves is named.
    pub fn apply(&self, life: &mut Life) -> Found {
        match self {
            Self::Bucket(call) => life.apply(call),
            Self::Read(read) => life.hear(read),
            Self::Request(..) => Found::default(),
            Self::Account(AccountStep::Call(call)) => {
                life.apply_account(call);
                Found::default()
            }
            Self::Account(AccountStep::Doubt(cause)) => {
                life.account_block = Known::Unobserved;
                life.know(Control::AccountBlock, cause);
                Found::default()
            }
            Self::Account(AccountStep::Read(cause, flags, _)) => {
                life.account_block = Known::Observed(*flags);
                life.know(Control::AccountBlock, cause);
                Found::default()
            }
        }
    }

    /// Whether it shows a bucket of which nothing was known, without creating it.
    pub fn shows_bucket(&self, life: &Life) -> bool {
        match self {
            _ if life.is_its_own() => false,
            Self::Bucket(call) => life.is_shown_by(call),
            Self::Read(_) => true,
            Self::Request(_, request) => request.outcome == Outcome::Took,
            Self::Account(_) => false,
        }
    }

    /// Whether it shows that a bucket is still there of which that could not be told.
    pub fn shows_alive(&self, life: &Life) -> bool {
        match self {
            Self::Bucket(call) => !self.deletes() && !self.creates() && life.is_shown_by(call),
            Self::Read(_) => true,
            Self::Request(..) | Self::Account(_) => false,
        }
    }

    pub(super) fn creates(&self) -> bool {
        let event = &self.cause().event;
        matches!(self, Self::Bucket(_))
            && event.took()
            && matches!(event.change, Change::CreateBucket { .. })
    }

    /// Whether it deletes the bucket.
    pub fn deletes(&self) -> bool {
        let event = &self.cause().event;
        event.outcome == Outcome::Took && event.change == Change::DeleteBucket
    }

    /// Plain failures and reads prove nothing about an order: they go last.
    pub fn goes_last(&self) -> bool {
        let read = matches!(
            self,
            Self::Read(_) | Self::Request(..) | Self::Account(AccountStep::Read(..))
        );
        read || self.is_idle()
    }

    /// Whether it is a call or a read on the bucket that tells something of it. A document that is held tells that nothing else
    /// changed since the logs end only if it is one by which somebody gets in.
    pub fn is_of_the_bucket(&self) -> bool {
        let shows = match self {
            Self::Bucket(_) => true,
            Self::Read(read) => {
                read.heard == Heard::Logged || matches!(read.told, Told::Policy(_) | Told::Acl(_))
            }
            Self::Request(..) | Self::Account(_) => false,
        };
        shows && !self.is_idle() && !self.says_gone()
    }

    /// Whether it is a call whose end, a refusal too, shows that the bucket is there.
    pub fn proves_there(&self, life: &Life) -> bool {
        matches!(self, Self::Bucket(call) if life.is_shown_by(call))
    }

    /// Whether it speaks of every bucket of the account, wherever it was recorded. A document of its block says nothing of what
    /// became of buckets since the logs end.
    pub fn is_of_the_account(&self) -> bool {
        match self {
            Self::Account(AccountStep::Call(call)) => {
                !matches!(call.cause.event.outcome, Outcome::Failed(_))
            }
            Self::Account(AccountStep::Read(_, _, heard)) => *heard == Heard::Logged,
            _ => false,
        }
    }

    /// Whether it may have been answered from what was a moment before.
    pub fn may_be_late(&self) -> bool {
        !matches!(self, Self::Read(read) if read.heard == Heard::Followed)
    }

    /// Whether it says that there is no bucket of that name.
    pub fn says_gone(&self) -> bool {
        match self {
            Self::Read(read) => read.told == Told::NoBucket,
            Self::Bucket(call) => {
                let code = call.cause.event.outcome.error_code();
                code.is_some_and(|code| code.reveal() == "NoSuchBucket")
            }
            Self::Account(_) | Self::Request(..) => false,
        }
    }

    /// Whether it changed the bucket's controls, or may have.
    pub fn changes(&self) -> bool {
        match self {
            Self::Bucket(call) => !matches!(call.cause.event.outcome, Outcome::Failed(_)),
            Self::Account(_) => true,
            Self::Read(_) | Self::Request(..) => false,
        }
    }

    /// Whether it changes nothing, and only proves.
    pub fn proves_only(&self) -> bool {
        match self {
            Self::Read(_) | Self::Request(..) | Self::Account(AccountStep::Read(..)) => true,
            Self::Bucket(call) => matches!(call.cause.event.outcome, Outcome::Failed(_)),
            Self::Account(_) => false,
        }
    }

    /// Whether it speaks of an access point that is not there, or makes one that is.
    pub(super) fn is_out_of_place(&self, life: &Life) -> bool {
        matches!(self, Self::Bucket(call) if life.misses_point(call))
    }

    /// Whether it touches nothing that decides who can get in: it goes with every order.
    fn is_inert(&self) -> bool {
        match self {
            Self::Bucket(call) => call.cause.event.change.is_noted_only(),
            _ => false,
        }
    }

    /// Whether it is a plain failure.
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

/// How many steps may be tried in every order: so many subsets of them are looked at.
const MOST: usize = 9;

/// Puts the steps of one second in order. They come sorted by eventID.
pub(super) fn settle(before: &Life, steps: Vec<Step>, owner: &Owner) -> Settled {
    let (last, first): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(Step::goes_last);
    let (inert, mut active): (Vec<Step>, Vec<Step>) = first.into_iter().partition(Step::is_inert);
    let (creates, deletes) = (
        active.iter().any(Step::creates),
        active.iter().any(Step::deletes),
    );
    // What shows the bucket in the second in which it is deleted does so before.
    let ends = before.existence != Existence::Deleted && deletes && !creates;
    // What finds none in the second in which it is made does so before.
    let begins = creates && (deletes || !before.is_its_own());
    let is_early = |step: &Step| match step.says_gone() {
        true => begins,
        false => ends && (matches!(step, Step::Read(_)) || step.is_inert()),
    };
    let rest = inert.into_iter().chain(last);
    let (early, rest): (Vec<Step>, Vec<Step>) = rest.partition(is_early);
    let around = |mut ordered: Vec<Step>, rest: Vec<Step>| {
        let turns = |step: &Step| match begins {
            true => step.creates(),
            false => step.deletes(),
        };
        let turn = ordered.iter().position(turns).unwrap_or(0);
        ordered.splice(turn..turn, early);
        ordered.extend(rest);
        ordered
    };
    active.sort_by_key(|step| rank(before, step));
    if active.len() < 2 {
        return Settled::Ordered(around(active, rest), None);
    }
    if active.len() > MOST {
        let (ordered, after) = too_many(before, active);
        return match after {
            Some(life) => Settled::Uncertain(Box::new(life), around(ordered, rest)),
            None => Settled::Ordered(around(ordered, rest), None),
        };
    }
    let possible = possible_orders(before, &active);
    let Some(best) = possible.first() else {
        return Settled::Ordered(around(active, rest), None);
    };
    let ordered: Vec<Step> = best
        .order
        .iter()
        .filter_map(|&index| active.get(index).cloned())
        .collect();
    let ends: Vec<&Life> = possible.iter().map(|one| &one.life).collect();
    let causes: Vec<Cause> = ordered.iter().map(|step| step.cause().clone()).collect();
    let ordered = around(ordered, rest);
    if agree(&ends, owner) {
        let left = left_alike(&best.life, &ends, &causes, owner);
        return Settled::Ordered(ordered, left.map(Box::new));
    }
    let mut after = best.life.clone();
    ends.iter().for_each(|end| after.blur(end, &causes));
    Settled::Uncertain(Box::new(after), ordered)
}

/// A step that need not wait, is where it should be, and contradicts nothing.
const LEAST: (bool, bool, usize) = (false, false, 0);

/// More steps than can be tried: the order that contradicts least from step to step. Every control for which calls ask
/// differently cannot be told; where there is one, this is what is known after them.
fn too_many(before: &Life, mut waiting: Vec<Step>) -> (Vec<Step>, Option<Life>) {
    let (mut life, mut ordered) = (before.clone(), Vec::new());
    let disputed = disputed_controls(&waiting);
    while !waiting.is_empty() {
        let blocked = waiting.iter().any(Step::creates) && !life.is_its_own();
        let contradicts = |step: &Step| {
            let waits = blocked && !step.creates();
            let found = step.apply(&mut life.clone()).contradictions.len();
            (waits, step.is_out_of_place(&life), found)
        };
        // The first that contradicts nothing is as good as any; few seconds have none.
        let place = waiting.iter().position(|step| contradicts(step) == LEAST);
        let next = place.unwrap_or_else(|| {
            let ranks = waiting.iter().map(contradicts).enumerate();
            ranks.min_by_key(|(_, rank)| *rank).map_or(0, |it| it.0)
        });
        let step = waiting.remove(next);
        step.apply(&mut life);
        ordered.push(step);
    }
    if disputed.is_empty() {
        return (ordered, None);
    }
    let causes: Vec<Cause> = ordered.iter().map(|step| step.cause().clone()).collect();
    disputed
        .into_iter()
        .for_each(|control| life.dispute(control, &causes));
    (ordered, Some(life))
}

/// The controls for which calls of one second ask differently.
fn disputed_controls(steps: &[Step]) -> Vec<Control> {
    let asked: Vec<(Control, &Change)> = steps
        .iter()
        .map(|step| &step.cause().event.change)
        .filter_map(|change| Some((Control::of(change)?, change)))
        .collect();
    let differs = |control: &Control| {
        let mut changes = asked
            .iter()
            .filter(|(of, _)| of == control)
            .map(|(_, change)| change);
        let first = changes.next();
        changes.any(|change| Some(change) != first)
    };
    Control::ALL.into_iter().filter(differs).collect()
}

/// Where no order is better than another, the one that causality suggests comes first.
fn rank(before: &Life, step: &Step) -> u8 {
    match (step, before.existence) {
        (Step::Account(AccountStep::Doubt(_)), _) => 0,
        (_, Existence::Alive | Existence::Doubtful | Existence::Unseen) if step.deletes() => 1,
        _ if step.creates() => 2,
        _ if step.deletes() => 4,
        _ => 3,
    }
}
