//! What did each event do, over all buckets that it reaches?

use super::types::Effect;
use crate::event::EventKey;
use std::collections::BTreeMap;

/// What events did. Sums of different buckets can be added up in any order.
#[derive(Clone, Debug, Default)]
pub struct Effects(BTreeMap<EventKey, Sum>);

/// What one event did, over all buckets that it reaches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub effect: Option<Effect>,
    pub buckets_affected: u64,
    pub place: usize,
}

impl Effects {
    /// Adds what was told of other buckets.
    pub fn merge(&mut self, other: Self) {
        for (key, sum) in other.0 {
            let known = self.0.entry(key).or_default();
            known.buckets_affected = known.buckets_affected.saturating_add(sum.buckets_affected);
            known.place = known.place.max(sum.place);
            known.effect = [known.effect, sum.effect].into_iter().flatten().min();
        }
    }

    /// An event did this, whichever buckets there are.
    pub(super) fn set(&mut self, key: EventKey, effect: Effect) {
        let known = self.0.entry(key).or_default();
        known.effect = Some(known.effect.map_or(effect, |known| known.min(effect)));
    }

    /// An event did this to one more bucket.
    pub(super) fn add(&mut self, key: EventKey, effect: Effect) {
        let affects = !matches!(effect, Effect::None | Effect::Attempted);
        let known = self.0.entry(key).or_default();
        known.buckets_affected = known.buckets_affected.saturating_add(u64::from(affects));
        known.effect = Some(known.effect.map_or(effect, |known| known.min(effect)));
    }

    /// Causality puts an event at that place among the events of its second.
    pub(super) fn stand(&mut self, key: EventKey, place: usize) {
        let known = self.0.entry(key).or_default();
        known.place = known.place.max(place);
    }

    pub(super) fn of(&self, key: &EventKey) -> Sum {
        self.0.get(key).copied().unwrap_or_default()
    }

    /// Takes away what other events did than these.
    pub(super) fn keep(&mut self, wanted: impl Fn(&EventKey) -> bool) {
        self.0.retain(|key, _| wanted(key));
    }
}
