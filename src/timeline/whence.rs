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
/// Calls of so many days before tell of a call, by its session.
const DAYS_BEFORE: i64 = 2;
/// So do calls of so many days after it, and before it by its service.
const DAYS_APART: i64 = 1;

/// The direct calls of those who also called through services.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    wanted: BTreeMap<Untrusted, BTreeSet<Timestamp>>,
    seen: BTreeMap<Untrusted, BTreeSet<Whereabouts>>,
}

impl Sightings {
    /// A caller's other calls are wanted, where a service called for it. Behind a service that called for itself there is nobody.
    pub fn want(&mut self, actor: &Actor, at: Timestamp) {
        let is_service = actor.kind.reveal() == "AWSService" || actor.name == actor.invoked_by;
        if !actor.invoked_by.is_empty() && !actor.name.is_empty() && !is_service {
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

    /// Whether a direct call is wanted.
    pub fn wants(&self, seen: &Whereabouts) -> bool {
        let wanted = self.wanted.get(&seen.name);
        wanted.is_some_and(|calls| calls.iter().any(|at| is_near(*at, seen.time)))
    }

    /// Whether a direct call between two instants may be wanted.
    pub fn may_want(&self, first: Timestamp, last: Timestamp) -> bool {
        let mut calls = self.wanted.values().flatten().map(|at| day(*at));
        calls.any(|at| day(first) <= at + DAYS_APART && day(last) >= at - DAYS_BEFORE)
    }

    /// Keeps what somebody's direct call tells, if it is wanted.
    pub fn see(&mut self, seen: Whereabouts) {
        if self.wants(&seen) {
            self.seen.entry(seen.name.clone()).or_default().insert(seen);
        }
    }

    /// The addresses of a caller's direct calls, each with its earliest event: of the session, else of the same service.
    fn of(&self, actor: &Actor, at: Timestamp) -> BTreeMap<&Untrusted, (Timestamp, &EventKey)> {
        let all = || {
            let seen = self.seen.get(&actor.name).into_iter().flatten();
            seen.filter(move |seen| is_near(at, seen.time))
        };
        let in_session = all().filter(|seen| {
            let key = !actor.access_key_id.is_empty() && seen.access_key_id == actor.access_key_id;
            key || actor.session.began.is_some() && seen.began == actor.session.began
        });
        let by_service = all().filter(|seen| {
            let ago = day(at) - day(seen.time);
            seen.service == actor.invoked_by && (-DAYS_APART..=DAYS_APART).contains(&ago)
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

fn day(at: Timestamp) -> i64 {
    at.unix().div_euclid(86_400)
}

/// Whether a direct call may tell of a call. By whole days, UTC: of the calls of one day that are alike any may stand for all.
fn is_near(at: Timestamp, seen: Timestamp) -> bool {
    (-DAYS_APART..=DAYS_BEFORE).contains(&(day(at) - day(seen)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::EventId;

    /// One call of a day stands for all that are alike: whichever was kept, the same calls are near.
    #[test]
    fn what_is_near_rests_on_days_alone() {
        let hour = 3_600;
        let at = Timestamp::from_unix(100 * 86_400 + 13 * hour);
        let key = EventKey::Id(EventId::parse("e-1").unwrap(), None);
        let seen = |seconds| Whereabouts {
            name: "arn:aws:iam::111122223333:user/alice".into(),
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            began: None,
            source_ip: "203.0.113.7".into(),
            service: "cloudformation.amazonaws.com".into(),
            time: Timestamp::from_unix(seconds),
            event: key.clone(),
        };
        let actor = Actor {
            name: seen(0).name,
            invoked_by: seen(0).service,
            ..Actor::default()
        };
        let mut sightings = Sightings::default();
        sightings.want(&actor, at);
        for (day, is_wanted) in [
            (97, false),
            (98, true),
            (100, true),
            (101, true),
            (102, false),
        ] {
            for second in [0, 13 * hour, 86_399] {
                let seen = seen(day * 86_400 + second);
                assert_eq!(sightings.wants(&seen), is_wanted, "{day} {second}");
                assert_eq!(sightings.may_want(seen.time, seen.time), is_wanted);
            }
        }
        let long = (Timestamp::from_unix(0), Timestamp::from_unix(1 << 40));
        assert!(sightings.may_want(long.0, long.1));
        sightings.see(seen(98 * 86_400));
        assert!(sightings.of(&actor, at).is_empty(), "by its service a day");
        sightings.see(seen(99 * 86_400));
        assert_eq!(sightings.of(&actor, at).len(), 1);
    }
}
