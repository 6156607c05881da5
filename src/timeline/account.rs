//! What did the account's own block do over time, for every bucket of the account?
//!
//! A public grant that S3 accepted while the account's block was known to refuse it, whichever bucket it was on, shows that
//! the block was no longer what it was known to be: from there it counts as unseen, for every bucket.

use super::effect::account_effect;
use super::order::{AccountCalls, Call};
use super::proof::{flags_after, refuses_accepted};
use super::types::{Cause, Contradiction, ContradictionKind, Effect};
use crate::event::{BlockFlags, EventKey, Outcome};
use crate::exposure::Known;
use crate::vocab::Timestamp;
use std::collections::BTreeMap;

/// What reaches every bucket of an account.
#[derive(Clone, Debug)]
pub(super) enum AccountStep {
    /// An account-wide call.
    Call(Call),
    /// The account's block counts as unseen from here, for this event contradicts it.
    Doubt(Cause),
}

impl AccountStep {
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Call(call) => call.time(),
            Self::Doubt(cause) => cause.event.time,
        }
    }
}

/// What an account's block went through.
#[derive(Default)]
pub(super) struct History {
    /// Its steps, in order.
    pub steps: Vec<AccountStep>,
    /// What contradicts it.
    pub contradictions: Vec<Contradiction>,
    /// What each call did to it.
    pub effects: Vec<(EventKey, Effect)>,
}

/// The history of an account's block.
pub(super) fn history(calls: &AccountCalls) -> History {
    let mut block = Known::Unobserved;
    let History {
        mut steps,
        mut contradictions,
        mut effects,
    } = History::default();
    for (at, second) in by_second(calls) {
        let after: Vec<_> = second
            .account_wide
            .iter()
            .map(|call| flags_after(&block, call))
            .collect();
        let possible: Vec<_> = std::iter::once(block.clone())
            .chain(after.iter().cloned())
            .collect();
        let doubts = second
            .public_puts
            .iter()
            .filter_map(|call| refused_by_all(call, &possible).map(|kind| (*call, kind)));
        let doubts: Vec<(&Call, ContradictionKind)> = doubts.collect();
        if let Some((call, _)) = doubts.first() {
            steps.push(AccountStep::Doubt(call.cause.clone()));
        }
        contradictions.extend(
            doubts
                .into_iter()
                .map(|(call, kind)| contradiction(at, calls, call, kind)),
        );
        let done = |call: &&Call| (call.cause.event.key.clone(), account_effect(call, &block));
        effects.extend(second.account_wide.iter().map(done));
        block = settled(&block, &after, steps.last(), at);
        steps.extend(
            second
                .account_wide
                .iter()
                .map(|call| AccountStep::Call((*call).clone())),
        );
    }
    History {
        steps,
        contradictions,
        effects,
    }
}

/// The calls of one second that concern the account's block.
#[derive(Default)]
struct Second<'c> {
    account_wide: Vec<&'c Call>,
    public_puts: Vec<&'c Call>,
}

fn by_second(calls: &AccountCalls) -> BTreeMap<Timestamp, Second<'_>> {
    let mut seconds: BTreeMap<Timestamp, Second<'_>> = BTreeMap::new();
    for call in &calls.account_wide {
        seconds
            .entry(call.time())
            .or_default()
            .account_wide
            .push(call);
    }
    if !calls.account_wide.is_empty() {
        let puts = calls
            .buckets
            .values()
            .flatten()
            .filter(|call| refuses_accepted(call, &BlockFlags::ALL).is_some());
        puts.for_each(|call| {
            seconds
                .entry(call.time())
                .or_default()
                .public_puts
                .push(call)
        });
    }
    seconds
}

/// Whether every state that the block may have had in that second would have refused the call.
fn refused_by_all(call: &Call, possible: &[Known<BlockFlags>]) -> Option<ContradictionKind> {
    possible
        .iter()
        .map(|block| {
            block
                .observed()
                .and_then(|flags| refuses_accepted(call, flags))
        })
        .reduce(|left, right| left.and(right))
        .flatten()
}

/// What the block is after the second: calls of one second that differ leave it open.
fn settled(
    before: &Known<BlockFlags>,
    after: &[Known<BlockFlags>],
    last: Option<&AccountStep>,
    at: Timestamp,
) -> Known<BlockFlags> {
    let doubted = matches!(last, Some(AccountStep::Doubt(cause)) if cause.event.time == at);
    match after {
        [] if doubted => Known::Unobserved,
        [] => before.clone(),
        [first, rest @ ..] if rest.iter().all(|other| other == first) => first.clone(),
        _ => Known::Opaque,
    }
}

fn contradiction(
    at: Timestamp,
    calls: &AccountCalls,
    call: &Call,
    kind: ContradictionKind,
) -> Contradiction {
    let kind = match kind {
        ContradictionKind::PolicyAcceptedDespiteBucketBlock => {
            ContradictionKind::PolicyAcceptedDespiteAccountBlock
        }
        _ => ContradictionKind::AclAcceptedDespiteAccountBlock,
    };
    Contradiction {
        at,
        account: calls.owner.account.clone(),
        bucket: call.cause.event.bucket.clone(),
        kind,
        causes: vec![call.cause.clone()],
    }
}

/// Whether a successful call shows that no organization-wide block is in force: a public put, or a change of the account's block.
pub(super) fn disproves_organization_block(call: &Call) -> bool {
    let event = &call.cause.event;
    event.outcome == Outcome::Took
        && (event.change.is_account_wide() || refuses_accepted(call, &BlockFlags::ALL).is_some())
}
