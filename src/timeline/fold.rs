//! How are all buckets' lives told from all calls?
//!
//! Account by account, bucket by bucket; what one account-wide call did is gathered over all buckets that it reached.

use super::access::{AccessRow, Visits};
use super::account::AccountStep;
use super::contradiction::Contradiction;
use super::lesson::{Gap, Lessons};
use super::order::{AccountCalls, Call, Read};
use super::origin::Origin;
use super::realm::Survey;
use super::rows::Whose;
use super::second::Step;
use super::sum::Effects;
use super::summary::summary;
use super::types::{ChangeRow, Effect, Exposure, Settings, Timeline};
use super::walk::{Ground, Walk};
use crate::event::{CitedEvent, CitedInquiry, CitedRequest, ExposureEvent, Outcome};
use crate::exposure::Owner;
use crate::vocab::{AccountId, BucketName, Region, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

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
pub type EndOf<'e> = dyn Fn(Option<&AccountId>, Option<&Region>) -> Option<Timestamp> + Sync + 'e;

/// Tells every bucket's life. `end_of` knows until when an account's Region has evidence.
pub fn reconstruct(
    events: Vec<CitedEvent>,
    inquiries: Vec<CitedInquiry>,
    visits: &dyn Visits,
    end_of: &EndOf<'_>,
    settings: &Settings,
) -> Reconstruction {
    let realm = Survey::of(events, settings).finish(inquiries, visits.buckets());
    let apart = (Vec::new(), Vec::new());
    let (buckets, done) = realm.tell(realm.buckets(), apart, visits, end_of);
    let mut told = realm.rest(&done);
    told.take(buckets);
    told.sort();
    told
}

impl Reconstruction {
    /// Puts all rows in their orders.
    pub fn sort(&mut self) {
        self.exposures
            .sort_by(|left, right| exposure_order(left).cmp(&exposure_order(right)));
        sort_changes(&mut self.changes);
        sort_contradictions(&mut self.contradictions);
    }

    /// Adds what is told of other buckets; rows stand in no order then.
    pub fn take(&mut self, other: Self) {
        self.exposures.extend(other.exposures);
        self.timelines.extend(other.timelines);
        self.changes.extend(other.changes);
        self.contradictions.extend(other.contradictions);
        self.access.extend(other.access);
        self.collapsed = self.collapsed.saturating_add(other.collapsed);
    }
}

/// Puts contradictions in their order: by time, then kind, then place.
pub fn sort_contradictions(contradictions: &mut [Contradiction]) {
    contradictions.sort_by(|left, right| {
        (left.at, left.kind, &left.account, &left.bucket).cmp(&(
            right.at,
            right.kind,
            &right.account,
            &right.bucket,
        ))
    });
}

/// Puts changes in their order: by time, then causality, then eventID.
pub fn sort_changes(changes: &mut [ChangeRow]) {
    changes.sort_by(|left, right| change_order(left).cmp(&change_order(right)));
}

pub(super) fn exposure_order(row: &Exposure) -> impl Ord + '_ {
    (
        &row.account,
        &row.bucket,
        row.opened_at,
        row.scope,
        &row.audience,
        &row.id,
    )
}

fn change_order(row: &ChangeRow) -> impl Ord + '_ {
    (row.event.event.time, row.place, &row.event.event.key)
}

/// What a call did that reached no bucket that is known. An access point whose creation was not seen leads to some bucket.
fn without_bucket(event: &ExposureEvent) -> Effect {
    match event.outcome {
        Outcome::Took if event.bucket.is_none() && event.change.access_point().is_some() => {
            Effect::Unknown
        }
        Outcome::Took => Effect::None,
        Outcome::Failed(_) => Effect::Attempted,
        Outcome::Uncertain(_) => Effect::Unknown,
    }
}

pub(super) fn change_row(call: &Call, effects: &Effects) -> ChangeRow {
    let event = &call.cause.event;
    let sum = effects.of(&event.key);
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

pub(super) type Seconds = BTreeMap<Timestamp, Vec<Step>>;

/// Goes a bucket's way; where later proofs teach of earlier times, a second time, knowing that beforehand.
pub(super) fn walk<'g, V: Iterator<Item = CitedRequest>>(
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
    // What a document of later than the logs tells otherwise was changed after they end.
    let end = (ground.end_of)(ground.owner.account.as_ref(), None);
    for gap in account_gaps {
        let mut gap = gap.clone();
        if let Some(end) = end.filter(|end| (gap.from..gap.until).contains(end)) {
            gap.from = end;
            seconds.entry(end).or_default();
        }
        taught.gaps.entry(gap.from).or_default().push(gap);
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
pub(super) fn by_second(
    (calls, owner): (&AccountCalls, &Owner),
    bucket: &BucketName,
    account: &[AccountStep],
) -> Seconds {
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
        .map(|cited| Step::Read(Read::of(cited, owner)))
        .for_each(&mut add);
    seconds
        .values_mut()
        .for_each(|steps| steps.sort_by(|left, right| left.order().cmp(&right.order())));
    seconds
}
