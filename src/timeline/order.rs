//! In which order did it happen, and to whose bucket?
//!
//! By eventTime, then by eventID; what causality says within one second is `second`'s question. Events that do not name the
//! owner are given to the one account that is known to own the bucket, and the two copies that a call across accounts
//! leaves are taken as one.

use super::types::{Cause, Settings};
use crate::event::{Acl, Asked, Change, CitedEvent};
use crate::exposure::{Edition, Owner, PolicyInForce, PolicyKind, PolicyMeaning};
use crate::vocab::{AccountId, BucketName, EventId, Timestamp, Untrusted};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One call, with what its policy means for the bucket's owner.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The event.
    pub cause: Cause,
    /// The policy it puts in force, where it does.
    pub policy: Option<Arc<PolicyInForce>>,
}

impl Call {
    pub fn time(&self) -> Timestamp {
        self.cause.event.time
    }
}

/// All calls of one account: account-wide ones, and each bucket's.
#[derive(Debug, Default)]
pub(super) struct AccountCalls {
    /// Whose account it is, and what it owns and trusts.
    pub owner: Owner,
    /// Calls that speak to every bucket, in order.
    pub account_wide: Vec<Call>,
    /// Calls that speak to one bucket, in order.
    pub buckets: BTreeMap<BucketName, Vec<Call>>,
}

/// Everything in order, and how many second copies of calls across accounts were left out.
pub(super) struct Ordered {
    pub accounts: BTreeMap<Option<AccountId>, AccountCalls>,
    pub collapsed: u64,
}

/// Puts events in order.
pub(super) fn order(events: Vec<CitedEvent>, settings: &Settings) -> Ordered {
    let all = events.len();
    let mut events = collapse(attribute(events));
    let collapsed = (all - events.len()) as u64;
    events.retain(|cited| settings.until.is_none_or(|until| cited.event.time < until));
    events.sort_by(|left, right| {
        (left.event.time, &left.event.key).cmp(&(right.event.time, &right.event.key))
    });

    let mut accounts: BTreeMap<Option<AccountId>, AccountCalls> = BTreeMap::new();
    for (account, owner) in owners(&events, settings) {
        accounts.entry(account).or_default().owner = owner;
    }
    for cited in events {
        let calls = accounts.entry(cited.event.account.clone()).or_default();
        let call = to_call(cited, &calls.owner);
        match call.cause.event.bucket.clone() {
            Some(bucket) => calls.buckets.entry(bucket).or_default().push(call),
            None => calls.account_wide.push(call),
        }
    }
    Ordered {
        accounts,
        collapsed,
    }
}

/// Gives events without an account to the only account that is known to own their bucket.
fn attribute(mut events: Vec<CitedEvent>) -> Vec<CitedEvent> {
    let mut known: BTreeMap<BucketName, BTreeSet<AccountId>> = BTreeMap::new();
    for event in events.iter().map(|cited| &cited.event) {
        if let (Some(bucket), Some(account)) = (&event.bucket, &event.account) {
            known
                .entry(bucket.clone())
                .or_default()
                .insert(account.clone());
        }
    }
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

/// Of the copies that share a sharedEventID, keeps the owner's; of others the one with the smallest key.
fn collapse(events: Vec<CitedEvent>) -> Vec<CitedEvent> {
    let mut best: BTreeMap<(EventId, &'static str), CitedEvent> = BTreeMap::new();
    let mut alone = Vec::new();
    for cited in events {
        let Some(shared) = cited.event.shared_event_id.clone() else {
            alone.push(cited);
            continue;
        };
        let key = (shared, cited.event.name);
        match best.get_mut(&key) {
            Some(known) if rank(&cited) < rank(known) => *known = cited,
            Some(_) => {}
            None => {
                best.insert(key, cited);
            }
        }
    }
    alone.extend(best.into_values());
    alone
}

fn rank(cited: &CitedEvent) -> (bool, &crate::event::EventKey) {
    (
        cited.event.recipient != cited.event.account,
        &cited.event.key,
    )
}

/// Who owns what: the canonical ids that accepted ACLs name as the owner's.
fn owners(events: &[CitedEvent], settings: &Settings) -> BTreeMap<Option<AccountId>, Owner> {
    let mut owners: BTreeMap<Option<AccountId>, Owner> = BTreeMap::new();
    for event in events.iter().map(|cited| &cited.event) {
        let owner = owners
            .entry(event.account.clone())
            .or_insert_with(|| Owner {
                account: event.account.clone(),
                bucket: None,
                canonical_ids: BTreeSet::new(),
                trusted_accounts: settings.trusted_accounts.clone(),
                trusted_organizations: settings.trusted_organizations.clone(),
            });
        owner
            .canonical_ids
            .extend(owner_named(&event.change).filter(|_| event.took()));
    }
    owners
}

fn owner_named(change: &Change) -> Option<Untrusted> {
    match change {
        Change::PutAcl(Asked::Said(Acl { owner, .. })) => owner.clone(),
        _ => None,
    }
}

fn to_call(cited: CitedEvent, owner: &Owner) -> Call {
    let policy = match &cited.event.change {
        Change::PutPolicy(Asked::Said(policy)) => {
            let owner = Owner {
                bucket: cited.event.bucket.clone(),
                ..owner.clone()
            };
            let meaning = PolicyMeaning::put_under(
                Edition::at(cited.event.time),
                policy,
                &owner,
                PolicyKind::Bucket,
            );
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
    }
}
