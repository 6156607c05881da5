//! What reaches beyond one bucket, so that each can be told without the others?
//!
//! The account's own block, access points, which account owns which bucket and which ids it has, and whether an organization's
//! block was lifted. A survey learns that from all events; then buckets can be told in any order and grouping. Events that are
//! common to several buckets are held; those of one bucket alone are handed in twice: to be surveyed, and to be told.

use super::access::{AccessRow, Visits, attend};
use super::account::{History, disproves_organization_block, history};
use super::fold::{EndOf, Reconstruction, by_second, change_row, exposure_order, walk};
use super::order::{
    AccountCalls, Accounts, Call, Owners, add_reads, add_visited, learn_names, learn_owners,
    owner_of, place, put_in_order, to_call,
};
use super::proof::refuses_accepted;
use super::registry::Registry;
use super::sum::Effects;
use super::takeover;
use super::types::{Exposure, Settings};
use super::walk::Ground;
use crate::event::{BlockFlags, CitedEvent, CitedInquiry, CitedRequest};
use crate::exposure::{Assumption, Owner};
use crate::vocab::{AccountId, BucketName, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// 2025-11-26T00:00:00Z: organizations can block public access since then, unseen by their members' trails.
///
/// <https://aws.amazon.com/about-aws/whats-new/2025/11/amazon-s3-block-public-access-organization-level-enforcement/>
const ORGANIZATION_BLOCK_SINCE: Timestamp = Timestamp::from_unix(1_764_115_200);

type Account = Option<AccountId>;

/// Events and reads that concern some buckets and no others.
pub type Apart = (Vec<CitedEvent>, Vec<CitedInquiry>);

/// Learns from all events what reaches beyond one bucket.
#[derive(Debug)]
pub struct Survey {
    settings: Settings,
    common: Vec<CitedEvent>,
    known: Owners,
    owners: BTreeMap<Account, Owner>,
    /// Accounts with a call that shows that no organization's block is in force.
    off: BTreeSet<Account>,
    puts: BTreeMap<Account, Puts>,
    /// When any account's block may be read.
    held_at: Option<Timestamp>,
    collapsed: u64,
}

/// Public grants that an account's block might have refused.
#[derive(Debug, Default)]
struct Puts {
    /// When the account's block was changed or read.
    seconds: BTreeSet<Timestamp>,
    /// Those of these seconds.
    beside: Vec<Call>,
    /// Between two of them only the first second counts: after it the block is known no more. Policies and ACLs apart, for a
    /// block may refuse the one or the other.
    first: BTreeMap<(Option<Timestamp>, bool), (Timestamp, Vec<Call>)>,
}

impl Puts {
    fn take(&mut self, call: Call) {
        let at = call.time();
        let since = self.seconds.range(..=at).next_back().copied();
        if since == Some(at) {
            return self.beside.push(call);
        }
        let kept = self.first.entry((since, call.policy.is_some()));
        let (first, calls) = kept.or_insert_with(|| (at, Vec::new()));
        if at < *first {
            (*first, *calls) = (at, Vec::new());
        }
        if at == *first {
            calls.push(call);
        }
    }

    fn into_calls(self) -> impl Iterator<Item = Call> {
        let first = self.first.into_values().flat_map(|(_, calls)| calls);
        self.beside.into_iter().chain(first)
    }
}

impl Survey {
    /// Begins with the events that are common to several buckets.
    pub fn of(common: Vec<CitedEvent>, settings: &Settings) -> Self {
        let mut survey = Self {
            settings: settings.clone(),
            common: Vec::new(),
            known: Owners::new(),
            owners: BTreeMap::new(),
            off: BTreeSet::new(),
            puts: BTreeMap::new(),
            held_at: None,
            collapsed: 0,
        };
        learn_owners(&mut survey.known, &common);
        for event in common.iter().map(|cited| &cited.event) {
            if event.bucket.is_none() && event.change.is_account_wide() {
                survey.block_moves(event.account.clone(), event.time);
            }
        }
        survey.common = common;
        survey
    }

    /// An account's block is changed or read at that instant.
    pub fn block_moves(&mut self, account: Option<AccountId>, at: Timestamp) {
        self.puts.entry(account).or_default().seconds.insert(at);
    }

    /// Any account's block may be read at that instant.
    pub fn blocks_may_be_read(&mut self, at: Timestamp) {
        self.held_at = Some(at);
    }

    /// Learns from the events of some buckets, which are told later.
    pub fn note(&mut self, events: Vec<CitedEvent>) {
        learn_owners(&mut self.known, &events);
        let (events, collapsed) = put_in_order(events, &self.known, &self.settings);
        self.collapsed += collapsed;
        learn_names(&mut self.owners, &events, &self.settings);
        for cited in events {
            self.note_put(cited);
        }
    }

    fn note_put(&mut self, cited: CitedEvent) {
        let account = cited.event.account.clone();
        let is_new = cited.event.time >= ORGANIZATION_BLOCK_SINCE && !self.off.contains(&account);
        if let Some(at) = self.held_at {
            self.block_moves(account.clone(), at);
        }
        let puts = self.puts.get_mut(&account);
        let Some(owner) = self.owners.get(&account) else {
            return;
        };
        if !is_new && puts.is_none() {
            return;
        }
        let call = to_call(cited, owner, None, account.clone());
        if is_new && disproves_organization_block(&call) {
            self.off.insert(account);
        }
        if let Some(puts) = puts.filter(|_| refuses_accepted(&call, &BlockFlags::ALL).is_some()) {
            puts.take(call);
        }
    }

    /// Everything that reaches beyond one bucket. `inquiries` are those that are common or held, `visited` the buckets on which
    /// there are requests from outside.
    pub fn finish(
        mut self,
        inquiries: Vec<CitedInquiry>,
        visited: Vec<(Option<AccountId>, BucketName)>,
    ) -> Realm {
        let common = std::mem::take(&mut self.common);
        let (common, collapsed) = put_in_order(common, &self.known, &self.settings);
        learn_names(&mut self.owners, &common, &self.settings);
        let mut accounts = Accounts::new();
        for (account, owner) in &self.owners {
            accounts.entry(account.clone()).or_default().owner = owner.clone();
        }
        let registry = Registry::of(&common);
        for cited in common {
            place(cited, &registry, &mut accounts, &|account| {
                owner_of(account.clone(), &self.settings)
            });
        }
        add_reads(&mut accounts, inquiries, &self.settings);
        add_visited(&mut accounts, visited, &self.settings);
        let common = accounts.into_iter().map(|(account, calls)| {
            let puts = self.puts.remove(&account).map(Puts::into_calls);
            let puts: Vec<Call> = puts.into_iter().flatten().collect();
            if all_calls(&calls).any(is_off) {
                self.off.insert(account.clone());
            }
            let history = history(&calls, &puts);
            (account, Common { calls, history })
        });
        Realm::of(common.collect(), registry).with(self, collapsed)
    }
}

fn is_off(call: &Call) -> bool {
    call.time() >= ORGANIZATION_BLOCK_SINCE && disproves_organization_block(call)
}

fn all_calls(calls: &AccountCalls) -> impl Iterator<Item = &Call> {
    calls
        .account_wide
        .iter()
        .chain(&calls.aside)
        .chain(calls.buckets.values().flatten())
}

/// What an account's buckets have in common.
struct Common {
    calls: AccountCalls,
    history: History,
}

/// What reaches beyond one bucket.
pub struct Realm {
    settings: Settings,
    known: Owners,
    owners: BTreeMap<Account, Owner>,
    off: BTreeSet<Account>,
    accounts: BTreeMap<Account, Common>,
    registry: Registry,
    /// In which accounts something common reaches each bucket.
    reached: BTreeMap<BucketName, BTreeSet<Account>>,
    nothing: History,
    collapsed: u64,
}

impl Realm {
    fn of(accounts: BTreeMap<Account, Common>, registry: Registry) -> Self {
        let mut reached: BTreeMap<BucketName, BTreeSet<Account>> = BTreeMap::new();
        for (account, Common { calls, .. }) in &accounts {
            let read = calls.reads.keys().chain(&calls.visited);
            for bucket in calls.buckets.keys().chain(read) {
                let accounts = reached.entry(bucket.clone()).or_default();
                accounts.insert(account.clone());
            }
        }
        Self {
            settings: Settings::default(),
            known: Owners::new(),
            owners: BTreeMap::new(),
            off: BTreeSet::new(),
            accounts,
            registry,
            reached,
            nothing: History::default(),
            collapsed: 0,
        }
    }

    fn with(self, survey: Survey, collapsed: u64) -> Self {
        Self {
            settings: survey.settings,
            known: survey.known,
            owners: survey.owners,
            off: survey.off,
            collapsed: survey.collapsed + collapsed,
            ..self
        }
    }

    /// The buckets that something common reaches, in order.
    pub fn buckets(&self) -> impl Iterator<Item = &BucketName> {
        self.reached.keys()
    }

    /// How many second copies of calls across accounts were left out.
    pub fn collapsed(&self) -> u64 {
        self.collapsed
    }

    /// Tells some buckets' lives, of which `apart` holds all that is not common; and what events that are common did to them.
    pub fn tell<'b>(
        &self,
        buckets: impl Iterator<Item = &'b BucketName>,
        apart: Apart,
        visits: &dyn Visits,
        end_of: &EndOf<'_>,
    ) -> (Reconstruction, Effects) {
        let mut accounts = self.placed(apart);
        let own: Vec<Call> = accounts.values().flat_map(all_calls).cloned().collect();
        for bucket in buckets {
            self.add_common(bucket, &mut accounts);
        }
        takeover::tell(&mut accounts);
        let (mut told, mut effects) = (Reconstruction::default(), Effects::default());
        for (account, calls) in &accounts {
            self.walk_all(account, calls, (visits, end_of), (&mut told, &mut effects));
        }
        told.exposures
            .sort_by(|left, right| exposure_order(left).cmp(&exposure_order(right)));
        told.access = self.attendance(&mut told.exposures, visits);
        let mut rows = BTreeSet::new();
        let rows = own.iter().filter(|call| rows.insert(&call.cause.event.key));
        told.changes = rows.map(|call| change_row(call, &effects)).collect();
        let own: BTreeSet<_> = own.iter().map(|call| &call.cause.event.key).collect();
        effects.keep(|key| !own.contains(key));
        (told, effects)
    }

    /// What is told of events that are common, when it is known what they did to all buckets.
    pub fn rest(&self, done: &Effects) -> Reconstruction {
        let mut told = Reconstruction {
            collapsed: self.collapsed,
            ..Reconstruction::default()
        };
        let mut effects = done.clone();
        for Common { calls, history } in self.accounts.values() {
            told.contradictions.extend(history.contradictions.clone());
            for (key, effect) in &history.effects {
                effects.set(key.clone(), *effect);
            }
            let mut told_of = BTreeSet::new();
            let calls = all_calls(calls).filter(|call| told_of.insert(&call.cause.event.key));
            told.changes
                .extend(calls.map(|call| change_row(call, &effects)));
        }
        told
    }

    /// The calls of some buckets alone.
    fn placed(&self, (events, inquiries): Apart) -> Accounts {
        let mut accounts = Accounts::new();
        let (events, _) = put_in_order(events, &self.known, &self.settings);
        for cited in events {
            place(cited, &self.registry, &mut accounts, &|account| {
                let known = self.owners.get(account);
                known.map_or_else(|| owner_of(account.clone(), &self.settings), Owner::clone)
            });
        }
        add_reads(&mut accounts, inquiries, &self.settings);
        accounts
    }

    /// Adds what is common and reaches a bucket.
    fn add_common(&self, bucket: &BucketName, accounts: &mut Accounts) {
        for account in self.reached.get(bucket).into_iter().flatten() {
            let Some(Common { calls: common, .. }) = self.accounts.get(account) else {
                continue;
            };
            let calls = accounts.entry(account.clone()).or_default();
            if let Some(common) = common.buckets.get(bucket) {
                let all = calls.buckets.entry(bucket.clone()).or_default();
                all.extend_from_slice(common);
                all.sort_by(|left, right| {
                    let (left, right) = (&left.cause.event, &right.cause.event);
                    (left.time, &left.key).cmp(&(right.time, &right.key))
                });
            }
            if let Some(common) = common.reads.get(bucket) {
                let all = calls.reads.entry(bucket.clone()).or_default();
                all.extend_from_slice(common);
                all.sort_by(|left, right| {
                    (left.inquiry.time, &left.key).cmp(&(right.inquiry.time, &right.key))
                });
            }
            if common.visited.contains(bucket) {
                calls.visited.insert(bucket.clone());
            }
        }
    }

    fn walk_all(
        &self,
        account: &Account,
        calls: &AccountCalls,
        (visits, end_of): (&dyn Visits, &EndOf<'_>),
        (told, effects): (&mut Reconstruction, &mut Effects),
    ) {
        let common = self.accounts.get(account);
        let history = common.map_or(&self.nothing, |common| &common.history);
        let beyond = (!self.off.contains(account)).then_some((
            ORGANIZATION_BLOCK_SINCE,
            Assumption::OrganizationBlockUnseen,
        ));
        let ground = Ground {
            owner: common.map_or(&calls.owner, |common| &common.calls.owner),
            end_of,
            beyond,
            account_block: &history.before,
        };
        let read = calls.reads.keys().chain(&calls.visited);
        let buckets: BTreeSet<&BucketName> = calls.buckets.keys().chain(read).collect();
        for bucket in buckets {
            let seconds = by_second((calls, ground.owner), bucket, &history.steps);
            let requests = || self.before_end(visits.of(account.as_ref(), bucket));
            walk(ground, bucket, seconds, &requests, &history.gaps).finish(told, effects);
        }
    }

    fn before_end<'v>(
        &self,
        requests: impl Iterator<Item = CitedRequest> + 'v,
    ) -> impl Iterator<Item = CitedRequest> + 'v {
        let until = self.settings.until;
        requests.take_while(move |cited| until.is_none_or(|until| cited.request.time < until))
    }

    /// Who came in during exposures, which are in their order.
    fn attendance(&self, exposures: &mut [Exposure], visits: &dyn Visits) -> Vec<AccessRow> {
        let mut access = Vec::new();
        for of_bucket in exposures.chunk_by_mut(|left, right| {
            left.account == right.account && left.bucket == right.bucket
        }) {
            let mut rows: Vec<&mut Exposure> = of_bucket.iter_mut().collect();
            let Some(first) = rows.first() else {
                continue;
            };
            let (account, bucket) = (first.account.clone(), first.bucket.clone());
            let requests = self.before_end(visits.of(account.as_ref(), &bucket));
            let common = self.accounts.get(&account);
            let plain = || owner_of(account.clone(), &self.settings);
            let owner = common.map_or_else(plain, |common| common.calls.owner.clone());
            access.extend(attend(&mut rows, requests, &owner));
        }
        access
    }
}
