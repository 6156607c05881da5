//! What did the account's own block do over time, for every bucket of the account?
//!
//! A public grant that S3 accepted while the account's block was known to refuse it, whichever bucket it was on, shows that
//! the block was no longer what it was known to be: from there it counts as unseen, for every bucket.

use super::contradiction::{Contradiction, ContradictionKind};
use super::effect::account_effect;
use super::lesson::{Control, Found, Gap, Instants};
use super::order::{AccountCalls, Call, Read};
use super::proof::{flags_after, refuses_accepted};
use super::told::PROPAGATION;
use super::types::{Cause, Effect};
use crate::event::{BlockFlags, EventKey, Heard, Outcome, Told};
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
    /// The account's block was read, as the logs or a document that is held tell.
    Read(Cause, BlockFlags, Heard),
}

impl AccountStep {
    pub fn cause(&self) -> &Cause {
        match self {
            Self::Call(call) => &call.cause,
            Self::Doubt(cause) | Self::Read(cause, ..) => cause,
        }
    }
}

/// What an account's block went through.
#[derive(Default)]
pub(super) struct History {
    /// What it was when the evidence began.
    pub before: Known<BlockFlags>,
    /// Its steps, in order.
    pub steps: Vec<AccountStep>,
    /// Between which instants it cannot be told.
    pub gaps: Vec<Gap>,
    /// What contradicts it.
    pub contradictions: Vec<Contradiction>,
    /// What each call did to it.
    pub effects: Vec<(EventKey, Effect)>,
}

/// The history of an account's block. `puts` are public grants that are not among the calls.
pub(super) fn history(calls: &AccountCalls, puts: &[Call]) -> History {
    let mut telling = Telling {
        calls,
        block: Known::Unobserved,
        since: Instants::default(),
        unblocked: None,
        told: History::default(),
    };
    for (at, second) in by_second(calls, puts) {
        telling.second(at, &second);
    }
    telling.told
}

/// An account's block on its way through time.
struct Telling<'c> {
    calls: &'c AccountCalls,
    block: Known<BlockFlags>,
    since: Instants,
    /// When a public grant was last accepted.
    unblocked: Option<Timestamp>,
    told: History,
}

impl Telling<'_> {
    fn second(&mut self, at: Timestamp, second: &Second<'_>) {
        let failed = |call: &&&Call| matches!(call.cause.event.outcome, Outcome::Failed(_));
        let effective = second.account_wide.iter().filter(|call| !failed(call));
        let after: Vec<_> = effective
            .map(|call| flags_after(&self.block, call))
            .collect();
        self.doubt(at, second, &after);
        for call in &second.account_wide {
            let kind = ContradictionKind::of_copies(call.cause.copies);
            let told = kind.map(|kind| contradiction(at, self.calls, call, kind));
            self.told.contradictions.extend(told);
        }
        let done = |call: &&Call| {
            (
                call.cause.event.key.clone(),
                account_effect(call, &self.block),
            )
        };
        self.told
            .effects
            .extend(second.account_wide.iter().map(done));
        self.block = settled(&self.block, &after, self.told.steps.last(), at);
        self.told.steps.extend(
            second
                .account_wide
                .iter()
                .map(|call| AccountStep::Call((*call).clone())),
        );
        if !after.is_empty() {
            self.since.set(Control::AccountBlock, Some(at));
        }
        let accepted = |call: &&Call| call.cause.event.took();
        if second.public_puts.iter().any(accepted) {
            self.unblocked = Some(at);
        }
        second.reads.iter().for_each(|read| self.hear(at, read));
    }

    /// Public grants that every possible state of the block would have refused show that it was lifted before, unseen.
    fn doubt(&mut self, at: Timestamp, second: &Second<'_>, after: &[Known<BlockFlags>]) {
        let possible: Vec<_> = std::iter::once(self.block.clone())
            .chain(after.iter().cloned())
            .collect();
        let doubts = second
            .public_puts
            .iter()
            .filter_map(|call| refused_by_all(call, &possible).map(|kind| (*call, kind)));
        let doubts: Vec<(&Call, ContradictionKind)> = doubts.collect();
        let Some((call, _)) = doubts.first() else {
            return;
        };
        self.miss(self.since.get(Control::AccountBlock), &call.cause);
        self.told.steps.push(AccountStep::Doubt(call.cause.clone()));
        self.since.set(Control::AccountBlock, Some(at));
        let calls = self.calls;
        self.told.contradictions.extend(
            doubts
                .into_iter()
                .map(|(call, kind)| contradiction(at, calls, call, kind)),
        );
    }

    /// A read of the account's own block.
    fn hear(&mut self, at: Timestamp, read: &Read) {
        let Told::AccountBlock(flags) = read.told else {
            return;
        };
        let since = self.since.get(Control::AccountBlock);
        let fresh =
            read.heard == Heard::Logged && since.is_some_and(|since| at < since.plus(PROPAGATION));
        match &self.block {
            Known::Observed(known) if *known == flags => {}
            Known::Observed(_) if fresh => return,
            Known::Observed(_) => {
                self.miss(since, &read.cause);
                self.told.contradictions.push(Contradiction {
                    at,
                    account: self.calls.owner.account.clone(),
                    bucket: None,
                    kind: ContradictionKind::AccountBlockDiffers,
                    causes: vec![read.cause.clone()],
                });
            }
            Known::Opaque if fresh => return,
            // What an accepted grant disproves was not so all along.
            Known::Unobserved
                if since.is_none() && (self.unblocked.is_none() || flags == BlockFlags::NONE) =>
            {
                self.told.before = Known::Observed(flags);
            }
            Known::Unobserved if since.is_none() => self.miss(self.unblocked, &read.cause),
            Known::Unobserved | Known::Opaque => {}
        }
        self.block = Known::Observed(flags);
        self.since.set(Control::AccountBlock, Some(at));
        self.told
            .steps
            .push(AccountStep::Read(read.cause.clone(), flags, read.heard));
    }

    fn miss(&mut self, since: Option<Timestamp>, cause: &Cause) {
        let mut found = Found::default();
        found.miss(Control::AccountBlock, since, cause);
        self.told.gaps.extend(found.gaps);
    }
}

/// The calls of one second that concern the account's block.
#[derive(Default)]
struct Second<'c> {
    account_wide: Vec<&'c Call>,
    public_puts: Vec<&'c Call>,
    reads: Vec<Read>,
}

fn by_second<'c>(calls: &'c AccountCalls, puts: &'c [Call]) -> BTreeMap<Timestamp, Second<'c>> {
    let mut seconds: BTreeMap<Timestamp, Second<'_>> = BTreeMap::new();
    for call in &calls.account_wide {
        seconds
            .entry(call.time())
            .or_default()
            .account_wide
            .push(call);
    }
    for cited in &calls.account_reads {
        let read = Read::of(cited, &calls.owner);
        seconds
            .entry(cited.inquiry.time)
            .or_default()
            .reads
            .push(read);
    }
    if !calls.account_wide.is_empty() || !calls.account_reads.is_empty() {
        let puts = calls
            .buckets
            .values()
            .flatten()
            .chain(puts)
            .filter(|call| refuses_accepted(call, &BlockFlags::ALL).is_some());
        puts.for_each(|call| {
            seconds
                .entry(call.time())
                .or_default()
                .public_puts
                .push(call)
        });
        for second in seconds.values_mut() {
            second.public_puts.sort_by(|left, right| {
                let (left, right) = (&left.cause.event, &right.cause.event);
                (&left.bucket, &left.key).cmp(&(&right.bucket, &right.key))
            });
        }
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
    Contradiction {
        at,
        account: calls.owner.account.clone(),
        bucket: call.cause.event.bucket.clone(),
        kind: kind.of_account(),
        causes: vec![call.cause.clone()],
    }
}

/// Whether a successful call shows that no organization-wide block is in force: a public put, or a change of the account's block.
pub(super) fn disproves_organization_block(call: &Call) -> bool {
    let event = &call.cause.event;
    event.outcome == Outcome::Took
        && (event.change.is_account_wide() || refuses_accepted(call, &BlockFlags::ALL).is_some())
}
