//! How does what is told learn who stands behind it?
//!
//! Each change, opening and closing gets its origin; a session that began where sessions are recorded and that nothing
//! issued is a contradiction.

use super::contradiction::{Contradiction, ContradictionKind};
use super::fold::Reconstruction;
use super::origin::{Origin, Tracer};
use super::types::{Cause, ChangeRow};
use crate::event::Whereabouts;
use crate::vocab::{AccountId, Region, Timestamp, Untrusted};
use std::collections::BTreeMap;

/// Whether sessions of an account that began at an instant would be recorded in a Region.
pub type Recorded<'r> = dyn Fn(&AccountId, &Region, Timestamp) -> bool + 'r;

impl Tracer {
    /// Whether anybody's direct calls are wanted.
    pub fn wants_addresses(&self) -> bool {
        self.sightings.is_wanted()
    }

    /// Whose direct calls are wanted.
    pub fn callers(&self) -> impl Iterator<Item = &str> {
        self.sightings.names()
    }

    /// Whether a direct call between two instants may be wanted.
    pub fn may_want(&self, first: Timestamp, last: Timestamp) -> bool {
        self.sightings.may_want(first, last)
    }

    /// Whether that direct call is wanted.
    pub fn wants(&self, seen: &Whereabouts) -> bool {
        self.sightings.wants(seen)
    }

    /// Takes somebody's direct call.
    pub fn see(&mut self, seen: Whereabouts) {
        self.sightings.see(seen);
    }

    /// Tells everything's origin.
    pub fn tell(&self, told: &mut Reconstruction, recorded: &Recorded<'_>) {
        let origin = |cause: &Cause| self.origin(&cause.event.actor, cause.event.time);
        let of = |cause: &Option<Cause>| cause.as_ref().map_or_else(Origin::default, origin);
        for row in &mut told.exposures {
            row.origins.opened = of(&row.opened);
            row.origins.closed = of(&row.closed);
        }
        for row in &mut told.changes {
            row.origin = origin(&row.event);
        }
        let missing = self.missing(&told.changes, recorded);
        told.contradictions.extend(missing);
        super::fold::sort_contradictions(&mut told.contradictions);
    }

    /// The sessions that nothing issued though it would be recorded: one contradiction each, at its first call.
    fn missing(&self, changes: &[ChangeRow], recorded: &Recorded<'_>) -> Vec<Contradiction> {
        let mut missing: BTreeMap<(Untrusted, Timestamp), Contradiction> = BTreeMap::new();
        for row in changes {
            let event = &row.event.event;
            let (actor, session) = (&event.actor, &event.actor.session);
            let Some((began, account)) = session.began.zip(session.account.as_ref()) else {
                continue;
            };
            let regions = [event.region.clone(), Region::parse("us-east-1")];
            let mut regions = regions.into_iter().flatten();
            if !self.misses_issuance(actor, event.time)
                || !regions.any(|region| recorded(account, &region, began))
            {
                continue;
            }
            let session = (actor.name.clone(), began);
            let contradiction = missing.entry(session).or_insert_with(|| Contradiction {
                at: event.time,
                account: row.account.clone(),
                bucket: event.bucket.clone(),
                kind: ContradictionKind::SessionWithoutIssuance,
                causes: Vec::new(),
            });
            contradiction.causes.push(row.event.clone());
        }
        missing.into_values().collect()
    }
}
