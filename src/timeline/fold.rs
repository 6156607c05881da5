//! How are all buckets' lives told from all calls?
//!
//! Account by account, bucket by bucket; what one account-wide call did is gathered over all buckets that it reached.

use super::account::{AccountStep, disproves_organization_block, history};
use super::order::{AccountCalls, Call, order};
use super::rows::Whose;
use super::second::Step;
use super::summary::summary;
use super::types::{ChangeRow, Contradiction, Effect, Exposure, Settings, Timeline};
use super::walk::Walk;
use crate::event::{CitedEvent, EventKey};
use crate::exposure::Assumption;
use crate::vocab::{AccountId, Region, Timestamp};
use std::collections::BTreeMap;

/// 2025-11-26T00:00:00Z: organizations can block public access since then, unseen by their members' trails.
///
/// <https://aws.amazon.com/about-aws/whats-new/2025/11/amazon-s3-block-public-access-organization-level-enforcement/>
const ORGANIZATION_BLOCK_SINCE: Timestamp = Timestamp::from_unix(1_764_115_200);

/// What the events of an archive tell, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reconstruction {
    /// The exposures, by account, bucket, opening, audience.
    pub exposures: Vec<Exposure>,
    /// The timelines, by account, bucket, beginning.
    pub timelines: Vec<Timeline>,
    /// The changes, in their order.
    pub changes: Vec<ChangeRow>,
    /// The contradictions, in order of time.
    pub contradictions: Vec<Contradiction>,
    /// How many second copies of calls across accounts were left out.
    pub collapsed: u64,
}

/// Until when an account's Region has evidence.
pub type EndOf<'e> = dyn Fn(Option<&AccountId>, Option<&Region>) -> Option<Timestamp> + 'e;

/// Tells every bucket's life. `end_of` knows until when an account's Region has evidence.
pub fn reconstruct(
    events: Vec<CitedEvent>,
    end_of: &EndOf<'_>,
    settings: &Settings,
) -> Reconstruction {
    let ordered = order(events, settings);
    let mut told = Reconstruction {
        collapsed: ordered.collapsed,
        ..Reconstruction::default()
    };
    for calls in ordered.accounts.values() {
        tell_account(calls, end_of, &mut told);
    }
    told.exposures
        .sort_by(|left, right| exposure_order(left).cmp(&exposure_order(right)));
    told.changes
        .sort_by(|left, right| change_order(left).cmp(&change_order(right)));
    told.contradictions.sort_by(|left, right| {
        (left.at, left.kind, &left.account, &left.bucket).cmp(&(
            right.at,
            right.kind,
            &right.account,
            &right.bucket,
        ))
    });
    told
}

fn exposure_order(row: &Exposure) -> impl Ord + '_ {
    (
        &row.account,
        &row.bucket,
        row.opened_at,
        &row.audience,
        &row.id,
    )
}

/// By time, then causality, then eventID.
fn change_order(row: &ChangeRow) -> impl Ord + '_ {
    (row.event.event.time, row.place, &row.event.event.key)
}

/// What each event did, over all buckets that it reaches.
pub(super) type Effects = BTreeMap<EventKey, Sum>;

/// What one event did, over all buckets that it reaches.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    effect: Option<Effect>,
    buckets_affected: u64,
    place: usize,
}

impl Sum {
    /// It did this to one more bucket.
    pub fn add(&mut self, effect: Effect) {
        let affects = !matches!(effect, Effect::None | Effect::Attempted);
        self.buckets_affected = self.buckets_affected.saturating_add(u64::from(affects));
        self.effect = Some(self.effect.map_or(effect, |known| known.min(effect)));
    }

    /// Causality puts it at that place among the events of its second.
    pub fn stands_at(&mut self, place: usize) {
        self.place = self.place.max(place);
    }
}

fn tell_account(calls: &AccountCalls, end_of: &EndOf<'_>, told: &mut Reconstruction) {
    let history = history(calls);
    told.contradictions.extend(history.contradictions);
    let organization_off = all_calls(calls)
        .any(|call| call.time() >= ORGANIZATION_BLOCK_SINCE && disproves_organization_block(call));
    let beyond = (!organization_off).then_some((
        ORGANIZATION_BLOCK_SINCE,
        Assumption::OrganizationBlockUnseen,
    ));
    let of_account = |(key, done)| {
        (
            key,
            Sum {
                effect: Some(done),
                ..Sum::default()
            },
        )
    };
    let mut effects: Effects = history.effects.into_iter().map(of_account).collect();
    for (bucket, bucket_calls) in &calls.buckets {
        let whose = Whose {
            account: calls.owner.account.clone(),
            bucket: bucket.clone(),
            region: None,
        };
        let mut walk = Walk::new(&calls.owner, whose, end_of, beyond);
        for (at, steps) in by_second(bucket_calls, &history.steps) {
            walk.second(at, steps);
        }
        walk.finish(told, &mut effects);
    }
    told.changes
        .extend(all_calls(calls).map(|call| change_row(call, &effects)));
}

fn all_calls(calls: &AccountCalls) -> impl Iterator<Item = &Call> {
    calls
        .account_wide
        .iter()
        .chain(calls.buckets.values().flatten())
}

fn change_row(call: &Call, effects: &Effects) -> ChangeRow {
    let event = &call.cause.event;
    let sum = effects.get(&event.key).copied().unwrap_or_default();
    ChangeRow {
        event: call.cause.clone(),
        place: sum.place,
        account: event.account.clone(),
        effect: sum.effect.unwrap_or(Effect::None),
        summary: summary(call),
        buckets_affected: sum.buckets_affected,
    }
}

/// The bucket's steps and the account's, second by second.
fn by_second(bucket: &[Call], account: &[AccountStep]) -> BTreeMap<Timestamp, Vec<Step>> {
    let mut seconds: BTreeMap<Timestamp, Vec<Step>> = BTreeMap::new();
    for step in account {
        seconds
            .entry(step.time())
            .or_default()
            .push(Step::Account(step.clone()));
    }
    for call in bucket {
        seconds
            .entry(call.time())
            .or_default()
            .push(Step::Bucket(call.clone()));
    }
    seconds.values_mut().for_each(|steps| {
        steps.sort_by(|left, right| left.cause().event.key.cmp(&right.cause().event.key))
    });
    seconds
}
