//! What did a change do to a bucket? The first word that holds.

use super::apply::Life;
use super::order::Call;
use super::proof::flags_after;
use super::rows::Moved;
use super::types::{Cause, Effect};
use crate::event::{BlockFlags, Change, Outcome};
use crate::exposure::{AclSetting, BlockSetting, Judgement, Known, Verdict};

/// The bucket around one step.
pub(super) struct Around<'a> {
    pub life: &'a Life,
    pub judged: &'a Judgement,
}

/// What the step did.
pub(super) fn effect(
    cause: &Cause,
    moved: Moved,
    before: &Around<'_>,
    after: &Around<'_>,
) -> Effect {
    let touched = before.life.state != after.life.state
        || before.life.account_block != after.life.account_block;
    let held = |verdict| before.judged.verdict == verdict && after.judged.verdict == verdict;
    let wider = !before.judged.reach.covers(&after.judged.reach);
    let narrower = !after.judged.reach.covers(&before.judged.reach);
    match () {
        () if moved.opened => Effect::Opened,
        () if moved.closed => Effect::Closed,
        () if moved.widened
            || (held(Verdict::Limited) && wider)
            || turns(before, after, Verdict::Private, Verdict::Limited) =>
        {
            Effect::Widened
        }
        () if moved.narrowed
            || (held(Verdict::Limited) && narrower)
            || turns(before, after, Verdict::Limited, Verdict::Private) =>
        {
            Effect::Narrowed
        }
        () if touched && after.judged.latent => Effect::Masked,
        () if cause.event.took() && weakens(cause, before.life, after.life) => Effect::Weakened,
        () if matches!(cause.event.outcome, Outcome::Failed(_)) => Effect::Attempted,
        () if moved.lost
            || matches!(cause.event.outcome, Outcome::Uncertain(_))
            || is_lost(before, after) =>
        {
            Effect::Unknown
        }
        () => Effect::None,
    }
}

fn turns(before: &Around<'_>, after: &Around<'_>, from: Verdict, to: Verdict) -> bool {
    before.judged.verdict == from && after.judged.verdict == to
}

fn is_lost(before: &Around<'_>, after: &Around<'_>) -> bool {
    before.life.is_told()
        && before.judged.verdict != Verdict::Unknown
        && after.life.is_told()
        && after.judged.verdict == Verdict::Unknown
}

/// Whether a protection went: a flag of a block, or ACLs being disabled.
fn weakens(cause: &Cause, before: &Life, after: &Life) -> bool {
    match &cause.event.change {
        Change::PutBlock(_) | Change::DeleteBlock => {
            loses(bucket_flags(before), bucket_flags(after))
        }
        Change::PutAccountBlock(_) | Change::DeleteAccountBlock => loses(
            before.account_block.observed().copied(),
            after.account_block.observed().copied(),
        ),
        Change::PutOwnership(_) | Change::DeleteOwnership => {
            let enabled = matches!(after.state.ownership, Known::Observed(AclSetting::Exactly(ownership)) if ownership.acls_enabled());
            enabled
                && (before.state.acls_disabled()
                    || !matches!(
                        before.state.ownership,
                        Known::Observed(AclSetting::Exactly(_) | AclSetting::Enabled)
                    ))
        }
        _ => false,
    }
}

/// What an account-wide call did, whichever buckets there are.
pub(super) fn account_effect(call: &Call, before: &Known<BlockFlags>) -> Effect {
    let after = flags_after(before, call);
    match call.cause.event.outcome {
        Outcome::Took if loses(before.observed().copied(), after.observed().copied()) => {
            Effect::Weakened
        }
        Outcome::Took => Effect::None,
        Outcome::Failed(_) => Effect::Attempted,
        Outcome::Uncertain(_) => Effect::Unknown,
    }
}

/// Whether flags are lost; where the old ones were not seen, whether none is left.
fn loses(before: Option<BlockFlags>, after: Option<BlockFlags>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => before.loses_to(after),
        (None, Some(after)) => after == BlockFlags::NONE,
        _ => false,
    }
}

fn bucket_flags(life: &Life) -> Option<BlockFlags> {
    match life.state.block {
        Known::Observed(BlockSetting::Exactly(flags)) => Some(flags),
        _ => None,
    }
}
