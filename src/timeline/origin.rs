//! Who stands behind a call?
//!
//! A session is traced back to the event that issued it: by its access key, else by its ARN and the instant it began; whoever
//! asked for it is traced in turn, until a person, a service or an identity provider is reached, or nothing more is known.
//! Sessions may be millions and are read in rounds: each keeps only what somebody was wanted for.
//!
//! The line: `<first> <- <next> <- ... <- <caller>`, each `name (how, with its event)`; what cannot be traced to its first
//! begins with `unresolved: `.

use super::fold::Reconstruction;
use super::steps::step;
use super::whence::{Sightings, service};
use crate::event::{Actor, CitedIssuance, EventKey, IssuanceKind};
use crate::vocab::{EventId, Timestamp, Untrusted};
use std::collections::{BTreeMap, BTreeSet};

/// `creationDate` and the eventTime of what issued a session differ by no more seconds than this.
const SAME: i64 = 1;
/// Identity Center's own event comes so many seconds before or after the session begins.
const NEAR: i64 = 60;
/// The longest a session of a role lasts, in seconds.
const LONGEST: i64 = 12 * 3600;
/// So many events that may have issued a session are named.
pub(super) const MOST_CANDIDATES: usize = 3;
/// A chain of roles longer than this is cut: a loop in forged records.
const MOST_STEPS: usize = 32;

/// Who stands behind a call.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// In one line.
    pub line: Untrusted,
    /// The line's steps, the first one's first.
    pub steps: Vec<Untrusted>,
    /// Whether it leads to the first.
    pub is_resolved: bool,
    /// Whether it says more than the record of the call itself.
    pub says_more: bool,
    /// Whether whoever it was signed in with a second factor, where that is known.
    pub mfa: Option<bool>,
}

/// Who stands behind whoever opened an exposure and closed it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origins {
    /// Behind the opening.
    pub opened: Origin,
    /// Behind the closing.
    pub closed: Origin,
}

/// Traces calls back to whoever stands behind them.
#[derive(Debug, Default)]
pub struct Tracer {
    wanted: Wanted,
    searched: Wanted,
    known: BTreeMap<EventKey, CitedIssuance>,
    by_key: BTreeMap<Untrusted, BTreeSet<EventKey>>,
    by_session: BTreeMap<Untrusted, BTreeSet<EventKey>>,
    by_shared: BTreeMap<EventId, BTreeSet<EventKey>>,
    /// For each session that was not found exactly, the last that were issued before under the same ARN.
    pub(super) candidates: BTreeMap<(Untrusted, Timestamp), BTreeSet<(Timestamp, EventKey)>>,
    pub(super) sightings: Sightings,
}

/// For what issuances are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Wanted {
    keys: BTreeSet<Untrusted>,
    sessions: BTreeMap<Untrusted, BTreeSet<Timestamp>>,
    shared: BTreeSet<EventId>,
}

impl Wanted {
    /// Whatever may have issued the session of a caller. Without the instant it began, that of the call stands for it.
    fn want(&mut self, actor: &Actor, at: Timestamp) {
        if !actor.access_key_id.is_empty() && !self.keys.contains(&actor.access_key_id) {
            self.keys.insert(actor.access_key_id.clone());
        }
        let began = actor.session.began.unwrap_or(at);
        for session in [Some(actor.name.clone()), permission_set(actor)] {
            if let Some(session) = session.filter(|session| !session.is_empty()) {
                self.sessions.entry(session).or_default().insert(began);
            }
        }
    }
}

/// `account/permission set`, where a role is one of Identity Center's.
pub(super) fn permission_set(actor: &Actor) -> Option<Untrusted> {
    let (_, role) = actor
        .name
        .reveal()
        .split_once("assumed-role/AWSReservedSSO_")?;
    let (set, _) = role.split('/').next()?.rsplit_once('_')?;
    let account = actor.session.account.as_ref()?;
    Some(format!("{account}/{set}").into())
}

/// How far a caller was traced.
struct Trace {
    steps: Vec<String>,
    resolved: bool,
    mfa: Option<bool>,
}

impl Tracer {
    /// Wants everybody traced who made a change, opened or closed.
    pub fn want(&mut self, told: &Reconstruction) {
        let opened = told
            .exposures
            .iter()
            .flat_map(|row| [&row.opened, &row.closed]);
        let causes = opened
            .flatten()
            .chain(told.changes.iter().map(|row| &row.event));
        for cause in causes {
            let event = &cause.event;
            self.wanted.want(&event.actor, event.time);
            self.sightings.want(&event.actor, event.time);
        }
    }

    /// Whether something is wanted that was not searched for yet; if so, everything must be heard once more.
    pub fn goes_on(&mut self) -> bool {
        let goes_on = self.searched != self.wanted;
        self.searched = self.wanted.clone();
        goes_on
    }

    /// Every name by which an issuance is searched for: access keys, sessions, ids that copies share.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let searched = &self.searched;
        let keys = searched.keys.iter().map(Untrusted::reveal);
        let sessions = searched.sessions.keys().map(Untrusted::reveal);
        let shared = searched.shared.iter().map(EventId::as_str);
        keys.chain(sessions).chain(shared)
    }

    /// The same, and for sessions between which instants whatever may have issued them was written.
    pub fn sought(&self) -> impl Iterator<Item = (&str, Option<(Timestamp, Timestamp)>)> {
        let searched = &self.searched;
        let keys = searched.keys.iter().map(Untrusted::reveal);
        let shared = searched.shared.iter().map(EventId::as_str);
        let whenever = keys.chain(shared).map(|name| (name, None));
        let sessions = searched.sessions.iter().flat_map(|(session, began)| {
            let window = |began: &Timestamp| (began.plus(-LONGEST), began.plus(NEAR));
            let windows = began.iter().map(move |began| Some(window(began)));
            windows.map(move |window| (session.reveal(), window))
        });
        whenever.chain(sessions)
    }

    /// Hears of an issuance, and keeps it if it is wanted.
    pub fn hear(&mut self, cited: CitedIssuance) {
        let issuance = &cited.issuance;
        let within = match issuance.kind {
            IssuanceKind::IdentityCenter => NEAR,
            _ => SAME,
        };
        let began = self.searched.sessions.get(&issuance.session);
        let at = issuance.time;
        let exact = began.is_some_and(|began| {
            began
                .range(at.plus(-within)..=at.plus(within))
                .next()
                .is_some()
        });
        let shared = issuance.shared.as_ref();
        let wanted = exact
            || !issuance.key.is_empty() && self.searched.keys.contains(&issuance.key)
            || shared.is_some_and(|shared| self.searched.shared.contains(shared));
        for began in began
            .into_iter()
            .flat_map(|began| began.range(at.plus(1)..=at.plus(LONGEST)))
        {
            let near = self
                .candidates
                .entry((issuance.session.clone(), *began))
                .or_default();
            near.insert((at, cited.event.clone()));
            if near.len() > MOST_CANDIDATES {
                near.pop_first();
            }
        }
        if wanted {
            self.keep(cited);
        }
    }

    fn keep(&mut self, cited: CitedIssuance) {
        let (event, issuance) = (&cited.event, &cited.issuance);
        self.wanted.want(&issuance.parent, issuance.time);
        if let Some(shared) = &issuance.shared {
            self.wanted
                .shared
                .extend(is_foreign(&issuance.parent).then(|| shared.clone()));
            let of_shared = self.by_shared.entry(shared.clone()).or_default();
            of_shared.insert(event.clone());
        }
        let of_key = self.by_key.entry(issuance.key.clone()).or_default();
        of_key.insert(event.clone());
        let of_session = self.by_session.entry(issuance.session.clone());
        of_session.or_default().insert(event.clone());
        match self.known.get(event) {
            Some(known) if *known <= cited => {}
            _ => _ = self.known.insert(cited.event.clone(), cited),
        }
    }

    /// Who stands behind a call of that instant.
    pub fn origin(&self, actor: &Actor, at: Timestamp) -> Origin {
        if *actor == Actor::default() {
            return Origin::default();
        }
        let mut trace = self.trace(actor, at);
        let says_more = trace.steps.len() > 1 || !trace.resolved || trace.mfa.is_some();
        trace.steps.reverse();
        let line = trace.steps.join(" <- ");
        let line = match trace.resolved {
            true => line,
            false => format!("unresolved: {line}"),
        };
        Origin {
            line: line.into(),
            steps: trace.steps.into_iter().map(Untrusted::from).collect(),
            is_resolved: trace.resolved,
            says_more,
            mfa: trace.mfa,
        }
    }

    /// From the call back.
    fn trace(&self, actor: &Actor, at: Timestamp) -> Trace {
        let mut trace = Trace {
            steps: Vec::new(),
            resolved: false,
            mfa: None,
        };
        if !actor.invoked_by.is_empty() && actor.kind.reveal() != "AWSService" {
            trace.steps.push(service(actor, at, &self.sightings));
        }
        let (mut actor, mut at, mut through) = (actor, at, None);
        let mut seen = BTreeSet::new();
        while trace.steps.len() < MOST_STEPS {
            let Some(cited) = self.issued(actor, at, &seen) else {
                break;
            };
            seen.insert(cited.event.clone());
            let issuance = &cited.issuance;
            let console = self.sign_in(actor, cited);
            let at_console = console.and_then(|login| login.issuance.mfa);
            trace.steps.push(step(actor, cited, console));
            let told = at_console.or(issuance.mfa).or(issuance.parent.mfa);
            trace.mfa = told.or(trace.mfa);
            let parent = self.in_full(cited);
            let signed_in =
                issuance.kind == IssuanceKind::Login && !is_issued(&parent.issuance.parent);
            if signed_in || issuance.kind == IssuanceKind::IdentityCenter {
                trace.resolved = true;
                return trace;
            }
            (actor, at, through) = (&parent.issuance.parent, issuance.time, Some(parent));
        }
        let (first, resolved) = self.first(actor, at, through);
        trace.steps.push(first);
        trace.resolved = resolved;
        trace
    }

    /// The sign-in to the console that shows the same session, where another event issued it.
    fn sign_in(&self, actor: &Actor, issued: &CitedIssuance) -> Option<&CitedIssuance> {
        let began = actor.session.began?;
        let mut of_session = self.found(&self.by_session, &actor.name);
        of_session.find(|cited| {
            let apart = (began.unix() - cited.issuance.time.unix()).abs();
            cited.issuance.kind == IssuanceKind::Login
                && issued.issuance.kind != IssuanceKind::Login
                && apart <= SAME
        })
    }

    /// The event that issued a caller's session, if it can be told.
    fn issued(
        &self,
        actor: &Actor,
        at: Timestamp,
        seen: &BTreeSet<EventKey>,
    ) -> Option<&CitedIssuance> {
        match self.issuers(actor, at, seen).as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// What may have issued a caller's session: found by its key, else by its ARN and the instant it began. Two of one second cannot
    /// be told apart if neither gave out the caller's key.
    pub(super) fn issuers(
        &self,
        actor: &Actor,
        at: Timestamp,
        seen: &BTreeSet<EventKey>,
    ) -> Vec<&CitedIssuance> {
        let before = |cited: &&CitedIssuance| {
            !seen.contains(&cited.event) && cited.issuance.time <= at.plus(SAME)
        };
        let by_key = self.found(&self.by_key, &actor.access_key_id);
        if let Some(cited) = by_key.filter(before).last() {
            return vec![cited];
        }
        let began = actor.session.began;
        let near = |cited: &CitedIssuance, within: i64| {
            began.is_some_and(|began| (began.unix() - cited.issuance.time.unix()).abs() <= within)
        };
        let of_session = self.found(&self.by_session, &actor.name).filter(before);
        let mut of_session: Vec<_> = of_session
            .filter(|cited| near(cited, SAME) && takes_part(actor, cited))
            .collect();
        of_session.sort_by_key(|cited| (cited.issuance.kind, &cited.event));
        if let Some(first) = of_session.first().copied() {
            of_session.retain(|cited| {
                *cited == first
                    || cited.issuance.kind == first.issuance.kind && differ(cited, first)
            });
            return of_session;
        }
        let by_user = || {
            let set = permission_set(actor)?;
            let of_set = self.found(&self.by_session, &set).filter(before);
            of_set
                .filter(|cited| near(cited, NEAR) && is_user_of(actor, cited))
                .last()
        };
        by_user().into_iter().collect()
    }

    fn found<'t>(
        &'t self,
        index: &'t BTreeMap<Untrusted, BTreeSet<EventKey>>,
        text: &Untrusted,
    ) -> impl Iterator<Item = &'t CitedIssuance> + 't {
        let keys = index.get(text).filter(|_| !text.is_empty());
        let mut found: Vec<_> = keys
            .into_iter()
            .flatten()
            .filter_map(|key| self.known.get(key))
            .collect();
        found.sort_by_key(|cited| (cited.issuance.time, &cited.event));
        found.into_iter()
    }

    /// The copy of an issuance that names the caller in full: across accounts, that of the caller's own account.
    fn in_full<'t>(&'t self, cited: &'t CitedIssuance) -> &'t CitedIssuance {
        let shared = cited.issuance.shared.as_ref();
        let copies = shared.and_then(|shared| self.by_shared.get(shared));
        let mut full = copies
            .into_iter()
            .flatten()
            .filter_map(|key| self.known.get(key))
            .filter(|copy| !is_foreign(&copy.issuance.parent));
        match is_foreign(&cited.issuance.parent) {
            true => full.next().unwrap_or(cited),
            false => cited,
        }
    }

    /// Whether a caller's session should have been issued by somebody, and nobody did.
    pub(super) fn misses_issuance(&self, actor: &Actor, at: Timestamp) -> bool {
        matches!(actor.kind.reveal(), "AssumedRole" | "FederatedUser")
            && actor.session.began.is_some()
            && self.issuers(actor, at, &BTreeSet::new()).is_empty()
    }
}

fn is_foreign(actor: &Actor) -> bool {
    actor.kind.reveal() == "AWSAccount"
}

/// Whether an identity is a session, which something issued.
fn is_issued(actor: &Actor) -> bool {
    matches!(actor.kind.reveal(), "AssumedRole" | "FederatedUser")
}

/// Each call of the console may come with a key of its own, and a role session's ARN names it; but two tokens of one user
/// differ by nothing else than their keys.
fn takes_part(actor: &Actor, cited: &CitedIssuance) -> bool {
    let issuance = &cited.issuance;
    issuance.kind != IssuanceKind::Token || issuance.key == actor.access_key_id
}

/// Whether two events issued two sessions to two callers: copies of one event have one key.
fn differ(one: &CitedIssuance, other: &CitedIssuance) -> bool {
    let (one, other) = (&one.issuance, &other.issuance);
    let is_shared = one.shared.is_some() && one.shared == other.shared;
    let are_two = !one.key.is_empty() && !other.key.is_empty() && one.key != other.key;
    let caller = |actor: &Actor| (actor.name.clone(), actor.session.began);
    !is_shared && are_two && caller(&one.parent) != caller(&other.parent)
}

/// Whether an Identity Center event is of the user that a session is named after.
fn is_user_of(actor: &Actor, cited: &CitedIssuance) -> bool {
    let user = &cited.issuance.parent.session.user;
    let (_, session) = actor.name.reveal().rsplit_once('/').unwrap_or_default();
    user.is_empty() || user.reveal().eq_ignore_ascii_case(session)
}
