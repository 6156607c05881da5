//! From where did a person call through a service?
//!
//! The service's call carries its own address; the person's stands in the other calls of the session. Where the service has a
//! key of its own, the person's calls of that service on the same day, or the day before, tell.

use super::words::{event, name, say};
use crate::event::{Actor, EventKey, Whereabouts};
use crate::vocab::{Timestamp, Untrusted};
use std::collections::{BTreeMap, BTreeSet};

/// So many addresses are named.
const MOST: usize = 3;
/// Calls further away than so many seconds tell nothing of a call.
const FAR: i64 = 86_400;

/// The direct calls of those who also called through services.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    wanted: BTreeMap<Untrusted, BTreeSet<Timestamp>>,
    seen: BTreeMap<Untrusted, BTreeSet<Whereabouts>>,
}

impl Sightings {
    /// A caller's other calls are wanted, where a service called for it.
    pub fn want(&mut self, actor: &Actor, at: Timestamp) {
        if !actor.invoked_by.is_empty() && !actor.name.is_empty() {
            self.wanted
                .entry(actor.name.clone())
                .or_default()
                .insert(at);
        }
    }

    pub fn is_wanted(&self) -> bool {
        !self.wanted.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.wanted.keys().map(Untrusted::reveal)
    }

    /// Keeps what somebody's direct call tells, if it is wanted.
    pub fn see(&mut self, seen: Whereabouts) {
        let wanted = self.wanted.get(&seen.name);
        let near = |calls: &BTreeSet<Timestamp>| {
            let mut near = calls.range(seen.time.plus(-FAR)..=seen.time.plus(2 * FAR));
            near.next().is_some()
        };
        if wanted.is_some_and(near) {
            self.seen.entry(seen.name.clone()).or_default().insert(seen);
        }
    }

    /// The addresses of a caller's direct calls, each with its earliest event: of the session, else of the same service.
    fn of(&self, actor: &Actor, at: Timestamp) -> BTreeMap<&Untrusted, (Timestamp, &EventKey)> {
        let all = || {
            let seen = self.seen.get(&actor.name).into_iter().flatten();
            seen.filter(move |seen| (at.unix() - seen.time.unix()).abs() <= 2 * FAR)
        };
        let in_session = all().filter(|seen| {
            let key = !actor.access_key_id.is_empty() && seen.access_key_id == actor.access_key_id;
            key || actor.session.began.is_some() && seen.began == actor.session.began
        });
        let by_service = all().filter(|seen| {
            let ago = at.unix() - seen.time.unix();
            seen.service == actor.invoked_by && (-FAR..=FAR).contains(&ago)
        });
        let mut found = BTreeMap::new();
        let session: Vec<&Whereabouts> = in_session.collect();
        let chosen = match session.is_empty() {
            true => by_service.collect(),
            false => session,
        };
        for seen in chosen {
            let here = (seen.time, &seen.event);
            let known = found.entry(&seen.source_ip).or_insert(here);
            *known = here.min(*known);
        }
        found
    }
}

/// The step of a service that called for somebody, with that one's own address.
pub(super) fn service(actor: &Actor, at: Timestamp, sightings: &Sightings) -> String {
    let addresses = sightings.of(actor, at);
    let shown: Vec<String> = addresses
        .iter()
        .take(MOST)
        .map(|(address, (at, key))| format!("{} at {at}, {}", name(address), event(key)))
        .collect();
    let own = match (shown.is_empty(), addresses.len().saturating_sub(MOST)) {
        (true, _) => "the caller's own address is not in the evidence".to_owned(),
        (false, 0) => format!("the caller's own address: {}", shown.join(", or ")),
        (false, more) => format!(
            "the caller's own address: {}, or {more} more",
            shown.join(", or ")
        ),
    };
    format!(
        "AWS service{} (for the caller; {own})",
        say("", &actor.invoked_by)
    )
}
