//! In which order did it happen, and to whose bucket?
//!
//! By eventTime, then by eventID; what causality says within one second is `second`'s question. Events that do not name the
//! owner are given to the one account that is known to own the bucket, and the two copies that a call across accounts
//! leaves are taken as one.

use super::registry::{Registry, Target};
use super::types::{Cause, Settings};
use super::uploads::join_uploads;
use crate::event::{
    AccessPointChange, Acl, Asked, Change, CitedEvent, CitedInquiry, Copies, EventKey,
    ExposureEvent, Heard, NetworkOrigin, Outcome, Policy, Told,
};
use crate::exposure::{Answer, Edition, Owner, PolicyInForce, PolicyKind, PolicyMeaning};
use crate::vocab::{AccountId, BucketName, EventId, Timestamp, Untrusted};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One call, with what its policy means for the bucket's owner.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The event.
    pub cause: Cause,
    /// The policy it puts in force, where it does.
    pub policy: Option<Arc<PolicyInForce>>,
    /// The account that owns the access point that it speaks of, where it does.
    pub point_account: Option<AccountId>,
}

impl Call {
    /// Whether it is a call on an object that took effect, or may have.
    pub fn is_on_object(&self) -> bool {
        let event = &self.cause.event;
        event.change.object().is_some() && !matches!(event.outcome, Outcome::Failed(_))
    }

    pub fn time(&self) -> Timestamp {
        self.cause.event.time
    }
}

/// One read, and what it tells for the bucket's owner.
#[derive(Clone, Debug)]
pub(super) struct Read {
    /// The read, as an event that can be cited.
    pub cause: Cause,
    /// What it tells.
    pub told: Told,
    /// The policy it tells, where it does.
    pub policy: Option<Arc<PolicyInForce>>,
    /// Where it was heard.
    pub heard: Heard,
}

impl Read {
    pub fn of(cited: &CitedInquiry, owner: &Owner) -> Self {
        let policy = match &cited.inquiry.told {
            Told::Policy(policy) => {
                let owner = Owner {
                    bucket: cited.inquiry.bucket.clone(),
                    ..owner.clone()
                };
                policy
                    .as_ref()
                    .map(|policy| in_force(policy, cited.inquiry.time, &owner))
            }
            _ => None,
        };
        Self {
            cause: Arc::new(cited.to_event()),
            told: cited.inquiry.told.clone(),
            policy,
            heard: cited.inquiry.heard,
        }
    }
}

/// All calls of one account: account-wide ones, and each bucket's; and the reads.
#[derive(Debug, Default)]
pub(super) struct AccountCalls {
    /// Whose account it is, and what it owns and trusts.
    pub owner: Owner,
    /// Calls that speak to every bucket, in order.
    pub account_wide: Vec<Call>,
    /// Calls that speak to one bucket, in order.
    pub buckets: BTreeMap<BucketName, Vec<Call>>,
    /// Calls that reach no bucket that is known.
    pub aside: Vec<Call>,
    /// Reads of the account's own block, in order.
    pub account_reads: Vec<CitedInquiry>,
    /// Reads of one bucket, in order.
    pub reads: BTreeMap<BucketName, Vec<CitedInquiry>>,
    /// The buckets on which there are requests from outside.
    pub visited: BTreeSet<BucketName>,
}

/// All accounts' calls.
pub(super) type Accounts = BTreeMap<Option<AccountId>, AccountCalls>;
/// The accounts that are known to own each bucket.
pub(super) type Owners = BTreeMap<BucketName, BTreeSet<AccountId>>;

/// Puts events in order, given to the owners that are known, without second copies and without what came too late; and tells
/// how many second copies there were.
pub(super) fn put_in_order(
    events: Vec<CitedEvent>,
    known: &Owners,
    settings: &Settings,
) -> (Vec<CitedEvent>, u64) {
    let all = events.len();
    let mut events = collapse(attribute(events, known));
    let collapsed = (all - events.len()) as u64;
    events.retain(|cited| settings.until.is_none_or(|until| cited.event.time < until));
    events.sort_by(|left, right| {
        (left.event.time, &left.event.key).cmp(&(right.event.time, &right.event.key))
    });
    join_uploads(&mut events);
    (events, collapsed)
}

/// Gives every read to its account and bucket, in order.
pub(super) fn add_reads(
    accounts: &mut Accounts,
    mut inquiries: Vec<CitedInquiry>,
    settings: &Settings,
) {
    let seen = |cited: &CitedInquiry| {
        settings
            .until
            .is_none_or(|until| cited.inquiry.time < until)
    };
    inquiries.retain(seen);
    inquiries.sort_by(|left, right| {
        (left.inquiry.time, &left.key).cmp(&(right.inquiry.time, &right.key))
    });
    for cited in inquiries {
        let account = cited.inquiry.account.clone();
        let calls = accounts
            .entry(account.clone())
            .or_insert_with(|| AccountCalls {
                owner: owner_of(account, settings),
                ..AccountCalls::default()
            });
        if let Told::Acl(Acl {
            owner: Some(id), ..
        }) = &cited.inquiry.told
        {
            calls.owner.canonical_ids.insert(id.clone());
        }
        match cited.inquiry.bucket.clone() {
            Some(bucket) => calls.reads.entry(bucket).or_default().push(cited),
            None => calls.account_reads.push(cited),
        }
    }
}

/// Notes on which buckets there are requests from outside.
pub(super) fn add_visited(
    accounts: &mut Accounts,
    visited: Vec<(Option<AccountId>, BucketName)>,
    settings: &Settings,
) {
    for (account, bucket) in visited {
        let calls = accounts
            .entry(account.clone())
            .or_insert_with(|| AccountCalls {
                owner: owner_of(account, settings),
                ..AccountCalls::default()
            });
        calls.visited.insert(bucket);
    }
}

pub(super) fn owner_of(account: Option<AccountId>, settings: &Settings) -> Owner {
    Owner {
        account,
        bucket: None,
        canonical_ids: BTreeSet::new(),
        trusted_accounts: settings.trusted_accounts.clone(),
        trusted_organizations: settings.trusted_organizations.clone(),
    }
}

/// Learns from events that name both which account owns which bucket.
pub(super) fn learn_owners(known: &mut Owners, events: &[CitedEvent]) {
    for event in events.iter().map(|cited| &cited.event) {
        if let (Some(bucket), Some(account)) = (&event.bucket, &event.account) {
            match known.get_mut(bucket) {
                Some(accounts) if accounts.contains(account) => {}
                Some(accounts) => _ = accounts.insert(account.clone()),
                None => _ = known.insert(bucket.clone(), BTreeSet::from([account.clone()])),
            }
        }
    }
}

/// Gives events without an account to the only account that is known to own their bucket.
fn attribute(mut events: Vec<CitedEvent>, known: &Owners) -> Vec<CitedEvent> {
    for event in events
        .iter_mut()
        .map(|cited| &mut cited.event)
        .filter(|event| event.account.is_none())
    {
        let accounts = event.bucket.as_ref().and_then(|bucket| known.get(bucket));
        event.account = accounts
            .filter(|accounts| accounts.len() == 1)
            .and_then(|accounts| accounts.first().cloned());
    }
    events
}

/// Of the copies that share a sharedEventID, keeps the best. Those that may be believed furthest come first.
fn collapse(events: Vec<CitedEvent>) -> Vec<CitedEvent> {
    let (mut shared, mut alone): (Vec<CitedEvent>, Vec<CitedEvent>) = events
        .into_iter()
        .partition(|cited| cited.event.shared_event_id.is_some());
    shared.sort_by_key(|cited| cited.belief);
    let mut best: BTreeMap<(Option<EventId>, &'static str), CitedEvent> = BTreeMap::new();
    for cited in shared {
        match best.entry((cited.event.shared_event_id.clone(), cited.event.name)) {
            Entry::Occupied(mut known) => better(known.get_mut(), cited),
            Entry::Vacant(place) => _ = place.insert(cited),
        }
    }
    alone.extend(best.into_values());
    alone
}

/// Keeps the better one of two copies; whose bucket it is, the owner's tells. Where they tell different things, one was altered:
/// the one that is believed less, if either is.
fn better(known: &mut CitedEvent, mut other: CitedEvent) {
    let is_same = known.event.bucket.is_none()
        || other.event.bucket.is_none()
        || known.event.tells_same(&other.event);
    let belief = known.belief.min(other.belief);
    if !is_same && other.belief > known.belief {
        known.copies = known.copies.max(Copies::Outvoted);
        return;
    }
    let owner = owner_by(&known.event).or(owner_by(&other.event));
    let is_better = match other.belief > known.belief {
        // What is believed less tells what the other lacks, and no more.
        true => lacks(&other.event) < lacks(&known.event),
        false => rank(&other) < rank(known),
    };
    if is_better {
        std::mem::swap(known, &mut other);
    }
    known.event.account = owner.or(known.event.account.take());
    known.copies = known.copies.max(other.copies);
    known.belief = belief;
    if !is_same {
        known.copies = Copies::Differ;
    }
}

/// Whose bucket it is, if the copy is the owner's: another account called, or nobody, and the owner's recorded it.
fn owner_by(event: &ExposureEvent) -> Option<AccountId> {
    let recipient = event.recipient.as_ref()?;
    let is_callers = event.actor.session.account.as_ref() == Some(recipient);
    let is_owners = event
        .account
        .as_ref()
        .is_none_or(|owner| owner == recipient);
    (is_owners && !is_callers).then(|| recipient.clone())
}

/// What can be read comes before what cannot: the owner's copy lacks what it need not know. Then what names the caller: only his own
/// account's copy names more of him than his account. Then the owner's.
fn rank(cited: &CitedEvent) -> ((bool, bool), bool, bool, &EventKey) {
    let event = &cited.event;
    (
        lacks(event),
        owner_by(event).is_none(),
        event.recipient != event.account,
        &event.key,
    )
}

/// Whether what was done, or who did it, is missing.
fn lacks(event: &ExposureEvent) -> (bool, bool) {
    let is_nameless = event.actor.kind.reveal() == "AWSAccount";
    (event.change.unreadable().is_some(), is_nameless)
}

/// Learns who owns what: the canonical ids that accepted ACLs name as the owner's.
pub(super) fn learn_names(
    owners: &mut BTreeMap<Option<AccountId>, Owner>,
    events: &[CitedEvent],
    settings: &Settings,
) {
    for event in events.iter().map(|cited| &cited.event) {
        let named = owner_named(&event.change).filter(|_| event.took());
        match owners.get_mut(&event.account) {
            Some(owner) => owner.canonical_ids.extend(named),
            None => {
                let mut owner = owner_of(event.account.clone(), settings);
                owner.canonical_ids.extend(named);
                owners.insert(event.account.clone(), owner);
            }
        }
    }
}

fn owner_named(change: &Change) -> Option<Untrusted> {
    match change {
        Change::PutAcl(Asked::Said(Acl { owner, .. })) => owner.clone(),
        _ => None,
    }
}

/// Gives an event to every bucket that it reaches. `owner` knows what an account owns and trusts.
pub(super) fn place(
    mut cited: CitedEvent,
    registry: &Registry,
    accounts: &mut Accounts,
    owner: &dyn Fn(&Option<AccountId>) -> Owner,
) {
    let point_account = cited.event.account.clone();
    let target = registry.target(&cited.event);
    if let Some(target) = &target {
        cited.event.bucket = Some(target.bucket.clone());
        cited.event.account = target.account.clone();
    }
    let account = cited.event.account.clone();
    let calls = accounts
        .entry(account)
        .or_insert_with_key(|account| AccountCalls {
            owner: owner(account),
            ..AccountCalls::default()
        });
    let known = known_meaning(&cited.event, calls);
    let call = match known {
        Some(policy) => Call {
            cause: Arc::new(cited),
            policy: Some(policy),
            point_account,
        },
        None => to_call(cited, &calls.owner, target.as_ref(), point_account),
    };
    let event = &call.cause.event;
    match (&event.change, event.bucket.clone()) {
        (Change::MultiRegionAccessPoint(_, buckets), _) if !buckets.is_empty() => {
            for bucket in buckets {
                let bucket_calls = calls.buckets.entry(bucket.clone()).or_default();
                bucket_calls.push(call.clone());
            }
        }
        (_, Some(bucket)) => calls.buckets.entry(bucket).or_default().push(call),
        (change, None) if change.is_account_wide() => calls.account_wide.push(call),
        (_, None) => calls.aside.push(call),
    }
}

/// So many calls back the same policy is looked for.
const LOOK_BACK: usize = 4;

/// What a bucket's policy means, if one of the calls before put the same: tools put one policy again and again, or one of two.
fn known_meaning(event: &ExposureEvent, calls: &AccountCalls) -> Option<Arc<PolicyInForce>> {
    let Change::PutPolicy(Asked::Said(policy)) = &event.change else {
        return None;
    };
    let edition = Edition::at(event.time);
    let before = calls.buckets.get(event.bucket.as_ref()?)?.iter().rev();
    before.take(LOOK_BACK).find_map(|call| {
        let event = &call.cause.event;
        let is_alike =
            matches!(event.change, Change::PutPolicy(_)) && Edition::at(event.time) == edition;
        let known = call.policy.as_ref().filter(|_| is_alike)?;
        (known.policy == *policy).then(|| Arc::clone(known))
    })
}

pub(super) fn to_call(
    cited: CitedEvent,
    owner: &Owner,
    target: Option<&Target>,
    point_account: Option<AccountId>,
) -> Call {
    let policy = match &cited.event.change {
        Change::PutPolicy(Asked::Said(policy)) => {
            let owner = Owner {
                bucket: cited.event.bucket.clone(),
                ..owner.clone()
            };
            Some(in_force(policy, cited.event.time, &owner))
        }
        Change::AccessPoint(_, AccessPointChange::PutPolicy(Asked::Said(policy))) => {
            let edition = Edition::at(cited.event.time);
            let kind = PolicyKind::AccessPoint;
            let mut meaning = PolicyMeaning::put_under(edition, policy, owner, kind);
            if target.is_some_and(|target| target.origin == NetworkOrigin::Vpc) {
                meaning.aws_public = Answer::False;
            }
            Some(Arc::new(PolicyInForce {
                policy: policy.clone(),
                meaning,
            }))
        }
        _ => None,
    };
    Call {
        cause: Arc::new(cited),
        policy,
        point_account,
    }
}

fn in_force(policy: &Policy, at: Timestamp, owner: &Owner) -> Arc<PolicyInForce> {
    Arc::new(PolicyInForce {
        policy: policy.clone(),
        meaning: PolicyMeaning::put_under(Edition::at(at), policy, owner, PolicyKind::Bucket),
    })
}
