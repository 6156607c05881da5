//! How are all buckets' lives told from all calls?
//!
//! Account by account, bucket by bucket; what one account-wide call did is gathered over all buckets that it reached.

use super::access::{AccessRow, Visits, attend};
use super::account::{AccountStep, disproves_organization_block, history};
use super::contradiction::Contradiction;
use super::lesson::{Gap, Lessons};
use super::order::{AccountCalls, Call, Read, order};
use super::origin::Origin;
use super::rows::Whose;
use super::second::Step;
use super::summary::summary;
use super::types::{ChangeRow, Effect, Exposure, Settings, Timeline};
use super::walk::{Ground, Walk};
use crate::event::{CitedEvent, CitedInquiry, CitedRequest, EventKey, ExposureEvent, Outcome};
use crate::exposure::Assumption;
use crate::vocab::{AccountId, BucketName, Region, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    /// Who came in from outside during each exposure, in the exposures' order.
    pub access: Vec<AccessRow>,
    /// How many second copies of calls across accounts were left out.
    pub collapsed: u64,
}

/// Until when an account's Region has evidence.
pub type EndOf<'e> = dyn Fn(Option<&AccountId>, Option<&Region>) -> Option<Timestamp> + 'e;

/// Tells every bucket's life. `end_of` knows until when an account's Region has evidence.
pub fn reconstruct(
    events: Vec<CitedEvent>,
    inquiries: Vec<CitedInquiry>,
    visits: &dyn Visits,
    end_of: &EndOf<'_>,
    settings: &Settings,
) -> Reconstruction {
    let ordered = order(events, inquiries, visits.buckets(), settings);
    let mut told = Reconstruction {
        collapsed: ordered.collapsed,
        ..Reconstruction::default()
    };
    for calls in ordered.accounts.values() {
        tell_account(calls, (visits, settings.until), end_of, &mut told);
    }
    told.exposures
        .sort_by(|left, right| exposure_order(left).cmp(&exposure_order(right)));
    let owners = &ordered.accounts;
    for of_bucket in told
        .exposures
        .chunk_by_mut(|left, right| left.account == right.account && left.bucket == right.bucket)
    {
        let mut rows: Vec<&mut Exposure> = of_bucket.iter_mut().collect();
        let place = rows
            .first()
            .map(|row| (row.account.clone(), row.bucket.clone()));
        if let Some((account, bucket)) = place
            && let Some(calls) = owners.get(&account)
        {
            let requests = visits.of(account.as_ref(), &bucket);
            let requests = before(settings.until, requests);
            told.access
                .extend(attend(&mut rows, requests, &calls.owner));
        }
    }
    told.changes
        .sort_by(|left, right| change_order(left).cmp(&change_order(right)));
    sort_contradictions(&mut told.contradictions);
    told
}

/// By time, then kind, then place.
pub(super) fn sort_contradictions(contradictions: &mut [Contradiction]) {
    contradictions.sort_by(|left, right| {
        (left.at, left.kind, &left.account, &left.bucket).cmp(&(
            right.at,
            right.kind,
            &right.account,
            &right.bucket,
        ))
    });
}

fn before<'v>(
    until: Option<Timestamp>,
    requests: impl Iterator<Item = CitedRequest> + 'v,
) -> impl Iterator<Item = CitedRequest> + 'v {
    requests.take_while(move |cited| until.is_none_or(|until| cited.request.time < until))
}

fn exposure_order(row: &Exposure) -> impl Ord + '_ {
    (
        &row.account,
        &row.bucket,
        row.opened_at,
        row.scope,
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

fn tell_account(
    calls: &AccountCalls,
    (visits, until): (&dyn Visits, Option<Timestamp>),
    end_of: &EndOf<'_>,
    told: &mut Reconstruction,
) {
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
    let ground = Ground {
        owner: &calls.owner,
        end_of,
        beyond,
        account_block: &history.before,
    };
    let read = calls.reads.keys().chain(&calls.visited);
    let buckets: BTreeSet<&BucketName> = calls.buckets.keys().chain(read).collect();
    for bucket in buckets {
        let seconds = by_second(calls, bucket, &history.steps);
        let requests = || before(until, visits.of(calls.owner.account.as_ref(), bucket));
        walk(ground, bucket, seconds, &requests, &history.gaps).finish(told, &mut effects);
    }
    let mut told_of = BTreeSet::new();
    let calls = all_calls(calls).filter(|call| told_of.insert(&call.cause.event.key));
    told.changes
        .extend(calls.map(|call| change_row(call, &effects)));
}

fn all_calls(calls: &AccountCalls) -> impl Iterator<Item = &Call> {
    calls
        .account_wide
        .iter()
        .chain(&calls.aside)
        .chain(calls.buckets.values().flatten())
}

/// What a call did that reached no bucket that is known.
fn without_bucket(event: &ExposureEvent) -> Effect {
    match event.outcome {
        Outcome::Took => Effect::None,
        Outcome::Failed(_) => Effect::Attempted,
        Outcome::Uncertain(_) => Effect::Unknown,
    }
}

fn change_row(call: &Call, effects: &Effects) -> ChangeRow {
    let event = &call.cause.event;
    let sum = effects.get(&event.key).copied().unwrap_or_default();
    ChangeRow {
        event: call.cause.clone(),
        place: sum.place,
        account: event.account.clone(),
        effect: sum.effect.unwrap_or(without_bucket(event)),
        summary: summary(call),
        buckets_affected: sum.buckets_affected,
        origin: Origin::default(),
        integrity: None,
    }
}

type Seconds = BTreeMap<Timestamp, Vec<Step>>;

/// Goes a bucket's way; where later proofs teach of earlier times, a second time, knowing that beforehand.
fn walk<'g, V: Iterator<Item = CitedRequest>>(
    ground: Ground<'g>,
    bucket: &BucketName,
    mut seconds: Seconds,
    requests: &dyn Fn() -> V,
    account_gaps: &[Gap],
) -> Walk<'g> {
    let whose = Whose {
        account: ground.owner.account.clone(),
        bucket: bucket.clone(),
        region: None,
    };
    let mut taught = Lessons::default();
    for gap in account_gaps {
        taught.gaps.entry(gap.from).or_default().push(gap.clone());
    }
    let mut first = Walk::new(ground, whose.clone(), taught.clone());
    go(&mut first, seconds.clone(), requests());
    let (learned, contradictions) = first.lessons();
    if learned.is_empty() {
        first.contradict(contradictions);
        return first;
    }
    taught.before = learned.before;
    for (from, gaps) in learned.gaps {
        seconds.entry(from).or_default();
        taught.gaps.entry(from).or_default().extend(gaps);
    }
    let mut second = Walk::new(ground, whose, taught);
    go(&mut second, seconds, requests());
    second.contradict(contradictions);
    second
}

/// The requests come one by one, however many they are: only those of a second in which something else happened go with it.
fn go(walk: &mut Walk<'_>, seconds: Seconds, requests: impl Iterator<Item = CitedRequest>) {
    let mut requests = requests.peekable();
    for (at, mut steps) in seconds {
        while let Some(cited) = requests.next_if(|cited| cited.request.time < at) {
            walk.visit(cited);
        }
        while let Some(cited) = requests.next_if(|cited| cited.request.time == at) {
            steps.push(Step::Request(
                Arc::new(cited.to_event()),
                Arc::new(cited.request),
            ));
        }
        walk.second(at, steps);
    }
    requests.for_each(|cited| walk.visit(cited));
}

/// The bucket's steps and the account's, second by second.
fn by_second(calls: &AccountCalls, bucket: &BucketName, account: &[AccountStep]) -> Seconds {
    let mut seconds = Seconds::new();
    let mut add = |step: Step| {
        let at = step.cause().event.time;
        seconds.entry(at).or_default().push(step);
    };
    account
        .iter()
        .cloned()
        .map(Step::Account)
        .for_each(&mut add);
    let of_bucket = calls.buckets.get(bucket).into_iter().flatten();
    of_bucket.cloned().map(Step::Bucket).for_each(&mut add);
    let reads = calls.reads.get(bucket).into_iter().flatten();
    reads
        .map(|cited| Step::Read(Read::of(cited, &calls.owner)))
        .for_each(&mut add);
    seconds
        .values_mut()
        .for_each(|steps| steps.sort_by(|left, right| left.order().cmp(&right.order())));
    seconds
}
