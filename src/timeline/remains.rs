//! What would it take to close what is open at the end of a bucket's life?
//!
//! The bucket is judged as it would be with every flag of its block on, and as it would be without its policy. The rule is the same as
//! for what happened, so what is said of a step is what a later reading of its record says.

use super::apply::Life;
use super::standing::{Door, Open, Standing};
use super::types::Remains;
use crate::event::BlockFlags;
use crate::exposure::{Assumption, Audience, BlockSetting, Known, Mechanism, Owner, Reach};
use crate::vocab::Timestamp;
use std::collections::BTreeSet;

/// The end of a bucket's life, or of the evidence of it.
pub(super) struct Ending {
    pub at: Timestamp,
    /// What is assumed of public exposures that reach past an instant.
    pub beyond: Option<(Timestamp, Assumption)>,
    /// What closes what is open then; `None` where nothing is.
    pub closing: Option<Closing>,
}

/// How a bucket would stand that some step had changed.
pub(super) struct Closing {
    blocked: Standing,
    without_policy: Open,
    silenced_points: bool,
    policy_is_known: bool,
    block: Option<BlockFlags>,
}

impl Closing {
    /// What closes a bucket of which this is known.
    pub fn of(life: &Life, owner: &Owner) -> Self {
        let mut blocked = life.clone();
        blocked.state.block = Known::Observed(BlockSetting::Exactly(BlockFlags::ALL));
        let mut bare = life.clone();
        bare.state.policy = Known::Observed(None);
        Self {
            blocked: Standing::of(&blocked, owner),
            without_policy: Standing::of(&bare, owner).open,
            silenced_points: Standing::of(life, owner).has_silenced_points(),
            policy_is_known: life.state.policy.observed().is_some(),
            block: life.block().filter(|_| !life.block_doubted),
        }
    }
}

impl Ending {
    /// How an exposure stands that is open then, to an audience with that reach.
    pub fn remains(&self, (door, audience): (&Door, &Audience), now: &Reach) -> Option<Remains> {
        let closing = self.closing.as_ref()?;
        let still = closing.blocked.admitting(door, audience);
        let who = (door.clone(), audience.clone());
        let bare = closing.without_policy.get(&who).into_iter();
        let all = closing.without_policy.values();
        Some(Remains {
            mechanisms: now.mechanisms.clone(),
            despite_block: now.mechanisms.intersection(&still).copied().collect(),
            without_policy: mechanisms(bare),
            open_without_policy: mechanisms(all),
            silenced_points: closing.silenced_points,
            policy_is_known: closing.policy_is_known,
            block: closing.block,
        })
    }
}

fn mechanisms<'o>(
    ways: impl Iterator<Item = &'o (Reach, BTreeSet<Assumption>)>,
) -> BTreeSet<Mechanism> {
    let all = ways.flat_map(|(reach, _)| &reach.mechanisms);
    all.copied().collect()
}
