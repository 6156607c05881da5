//! What did a change do to a bucket? The first word that holds.

use super::apply::Life;
use super::objects::Touched;
use super::order::Call;
use super::proof::flags_after;
use super::rows::Moved;
use super::standing::Standing;
use super::types::{Cause, Effect};
use crate::event::{BlockFlags, Change, Outcome};
use crate::exposure::{AclSetting, BlockSetting, Known, Verdict};

/// The bucket around one step.
pub(super) struct Around<'a> {
    pub life: &'a Life,
    pub judged: &'a Standing,
}

/// What the step did.
pub(super) fn effect(
    cause: &Cause,
    moved: Moved,
    before: &Around<'_>,
    after: &Around<'_>,
) -> Effect {
    let touched = before.life.state != after.life.state
        || before.life.account_block != after.life.account_block
        || before.life.points != after.life.points;
    let (was, is) = (before.judged.verdict(), after.judged.verdict());
    let held = |verdict| was == verdict && is == verdict;
    let wider = !before
        .judged
        .bucket
        .reach
        .covers(&after.judged.bucket.reach);
    let narrower = !after
        .judged
        .bucket
        .reach
        .covers(&before.judged.bucket.reach);
    match () {
        () if matches!(cause.event.outcome, Outcome::Failed(_)) => Effect::Attempted,
        () if matches!(cause.event.outcome, Outcome::Uncertain(_)) => Effect::Unknown,
        () if moved.opened => Effect::Opened,
        () if moved.closed => Effect::Closed,
        () if moved.widened
            || (held(Verdict::Limited) && wider)
            || (was, is) == (Verdict::Private, Verdict::Limited) =>
        {
            Effect::Widened
        }
        () if moved.narrowed
            || (held(Verdict::Limited) && narrower)
            || (was, is) == (Verdict::Limited, Verdict::Private) =>
        {
            Effect::Narrowed
        }
        () if touched && after.judged.is_latent() => Effect::Masked,
        () if weakens(cause, before.life, after.life) => Effect::Weakened,
        () if moved.lost || is_lost(before, after) => Effect::Unknown,
        () => Effect::None,
    }
}

fn is_lost(before: &Around<'_>, after: &Around<'_>) -> bool {
    before.life.is_told()
        && before.judged.verdict() != Verdict::Unknown
        && after.life.is_told()
        && after.judged.verdict() == Verdict::Unknown
}

/// What a call on an object did.
pub(super) fn object_effect(
    moved: Moved,
    touched: &Touched,
    (before, after): (&Standing, &Standing),
) -> Effect {
    let public = touched.after.as_ref().is_some_and(|acl| acl.is_public());
    let is_lost = before.verdict() != Verdict::Unknown && after.verdict() == Verdict::Unknown;
    match () {
        () if moved.opened => Effect::Opened,
        () if moved.closed => Effect::Closed,
        () if moved.widened => Effect::Widened,
        () if moved.narrowed => Effect::Narrowed,
        () if public && after.is_latent() => Effect::Masked,
        () if moved.lost || touched.is_doubtful || is_lost => Effect::Unknown,
        () => Effect::None,
    }
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
