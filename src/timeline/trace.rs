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
pub type Recorded<'r> = dyn Fn(&AccountId, &Region, Timestamp) -> bool + Sync + 'r;

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
    pub fn tell(&self, told: &mut Reconstruction) {
        let origin = |cause: &Cause| self.origin(&cause.event.actor, cause.event.time);
        let of = |cause: &Option<Cause>| cause.as_ref().map_or_else(Origin::default, origin);
        for row in &mut told.exposures {
            row.origins.opened = of(&row.opened);
            row.origins.closed = of(&row.closed);
        }
        for row in &mut told.changes {
            row.origin = origin(&row.event);
        }
    }

    /// Whether a change was made in a session that nothing issued though it would be recorded.
    pub fn misses(&self, row: &ChangeRow, recorded: &Recorded<'_>) -> bool {
        let event = &row.event.event;
        let (actor, session) = (&event.actor, &event.actor.session);
        let Some((began, account)) = session.began.zip(session.account.as_ref()) else {
            return false;
        };
        let regions = [event.region.clone(), Region::parse("us-east-1")];
        let mut regions = regions.into_iter().flatten();
        self.misses_issuance(actor, event.time)
            && regions.any(|region| recorded(account, &region, began))
    }
}

/// Changes that were made in sessions that nothing issued.
#[derive(Debug, Default)]
pub struct Unissued(BTreeMap<(Untrusted, Option<Timestamp>), Vec<ChangeRow>>);

impl Unissued {
    /// Adds one.
    pub fn add(&mut self, row: ChangeRow) {
        let actor = &row.event.event.actor;
        let session = (actor.name.clone(), actor.session.began);
        self.0.entry(session).or_default().push(row);
    }

    /// One contradiction for each session, at its first call.
    pub fn into_contradictions(self) -> impl Iterator<Item = Contradiction> {
        self.0.into_values().filter_map(|mut rows| {
            super::fold::sort_changes(&mut rows);
            let first = rows.first()?;
            Some(Contradiction {
                at: first.event.event.time,
                account: first.account.clone(),
                bucket: first.event.event.bucket.clone(),
                kind: ContradictionKind::SessionWithoutIssuance,
                causes: rows.iter().map(|row| row.event.clone()).collect(),
            })
        })
    }
}
