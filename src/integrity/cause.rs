//! Which call explains that a chain of digests broke off?
//!
//! One that stopped the trail, turned validation off or moved the trail elsewhere, on that very trail and near the break. It
//! explains as far as its record can be believed: whoever tampers with digests can plant a record too, so one in a file that no
//! digest speaks for is told, and leaves the break unexplained.

use super::chain::Chain;
use super::name::{ChainId, ChainKind};
use crate::event::{TrailCalls, TrailEvent};
use crate::vocab::Span;
use std::collections::BTreeSet;

const HOUR: i64 = 3600;
/// A trail that is stopped delivers its last digest within so long.
const BEFORE: i64 = 2 * HOUR;

/// Looks for the call behind each break and each early end. Of those that are `doubted` no digest that may be believed speaks
/// for a record.
pub(super) fn explain(chains: &mut [Chain], calls: &TrailCalls, doubted: &BTreeSet<TrailEvent>) {
    for Chain {
        id,
        gaps,
        ends_early,
        ..
    } in chains
    {
        for gap in gaps.iter_mut().chain(ends_early) {
            let near = near(gap.span, id.kind);
            let may = |call: &TrailEvent| {
                near.from <= call.time && call.time <= near.until && breaks(call, id)
            };
            let last = |is_doubted: bool| {
                let mut calls = calls.keys();
                let found = calls.rfind(|call| may(call) && doubted.contains(call) == is_doubted);
                found.cloned()
            };
            gap.explained_by = last(false);
            gap.claimed_by = match gap.explained_by {
                Some(_) => None,
                None => last(true),
            };
        }
    }
}

/// When the call was made: a digest's end tells it to two hours. Backfill digests come when there is something to tell.
fn near(gap: Span, kind: ChainKind) -> Span {
    let after = gap.from.plus(HOUR);
    Span {
        from: gap.from.plus(-BEFORE),
        until: match kind {
            ChainKind::Regular => after,
            ChainKind::Backfill => gap.until.max(after),
        },
    }
}

/// Whether a call breaks that chain. A trail of an account is that account's; an organization's trail is the management
/// account's, which its members' digests do not name.
fn breaks(call: &TrailEvent, chain: &ChainId) -> bool {
    let is_its = match call.owner() {
        Some(owner) => chain.is_organizations() || chain.account.as_ref() == Some(owner),
        None => false,
    };
    is_its && call.breaks_digests() && call.trail == chain.trail && call.region == chain.home
}
