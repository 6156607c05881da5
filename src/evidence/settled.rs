//! What is believed of an event, where its records differ?
//!
//! Whoever can write into a bucket can plant a copy that was altered, or an addendum. So the records that digests speak for
//! best decide alone, and that others differ is told. Among those that are believed alike, and wherever there are no digests,
//! it cannot be told which one was altered.

use super::Sighting;
use crate::event::{Belief, CitedEvent, Copies, EventKey, ExposureEvent, amend};
use crate::vocab::{Citation, Untrusted};
use std::collections::{BTreeMap, BTreeSet};

/// An event as it is believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settled {
    /// The event, and the smallest citation of the records that it rests on.
    pub cited: CitedEvent,
    /// On which records it rests: on one of each of these sets.
    pub grounds: Vec<BTreeSet<Citation>>,
}

/// How far a record may be believed.
pub type Believe<'b> = dyn Fn(&Citation) -> Belief + 'b;

type Telling = (ExposureEvent, BTreeSet<Citation>);

/// What is believed of an event that is seen, or of which there are only addenda.
pub(super) fn settle(
    key: &EventKey,
    seen: Option<Sighting>,
    addenda: BTreeMap<EventKey, Sighting>,
    believe: &Believe<'_>,
) -> Option<Settled> {
    let original = seen.and_then(|sighting| of_copies(sighting, believe));
    let addenda = addenda.into_values();
    let mut addenda: Vec<Settled> = addenda
        .filter_map(|sighting| of_copies(sighting, believe))
        .collect();
    addenda.sort_by_key(|addendum| addendum.cited.belief);
    addenda.into_iter().fold(original, |known, addendum| {
        Some(match known {
            None => of_addendum_alone(key, addendum),
            Some(known) => amended(known, addendum),
        })
    })
}

fn of_addendum_alone(key: &EventKey, mut addendum: Settled) -> Settled {
    addendum.cited.event.key = key.clone();
    addendum
}

/// An addendum that is believed less than what it amends changes nothing.
fn amended(mut known: Settled, addendum: Settled) -> Settled {
    if addendum.cited.belief > known.cited.belief {
        known.cited.copies = known.cited.copies.max(Copies::Unamended);
        return known;
    }
    known.grounds.extend(addendum.grounds);
    Settled {
        cited: CitedEvent {
            event: amend(&known.cited.event, &addendum.cited.event),
            citation: addendum.cited.citation,
            copies: known.cited.copies,
            belief: addendum.cited.belief,
        },
        grounds: known.grounds,
    }
}

/// Of the copies of one event those decide that may be believed furthest; of these the first is quoted.
fn of_copies(sighting: Sighting, believe: &Believe<'_>) -> Option<Settled> {
    let tellings = sighting.into_tellings();
    let belief_of = |(_, citations): &Telling| citations.iter().map(believe).min();
    let belief = tellings.iter().filter_map(belief_of).min()?;
    let (mut deciding, others): (Vec<Telling>, Vec<Telling>) = tellings
        .into_iter()
        .partition(|telling| belief_of(telling) == Some(belief));
    let copies = compared(&deciding, &others);
    // Where copies differ, the one that is quoted is cited.
    let cited = match copies {
        Copies::Agree => smallest(deciding.iter()),
        _ => smallest(deciding.iter().take(1)),
    };
    let (event, witnesses) = deciding.swap_remove(0);
    Some(Settled {
        cited: CitedEvent {
            event,
            citation: cited?,
            copies,
            belief,
        },
        grounds: vec![witnesses],
    })
}

fn smallest<'t>(tellings: impl Iterator<Item = &'t Telling>) -> Option<Citation> {
    let citations = tellings.filter_map(|(_, citations)| citations.first());
    citations.min().cloned()
}

/// Whether those that decide tell the same, and whether the others do.
fn compared(deciding: &[Telling], others: &[Telling]) -> Copies {
    let events = || deciding.iter().map(|(event, _)| event);
    let among = among(events());
    let all = among.max(self::among(events().chain(others.iter().map(|(it, _)| it))));
    match all {
        Copies::Differ => among.max(Copies::Outvoted),
        all => all,
    }
}

/// Whether these tell the same. What cannot be read agrees with anything, and comes last: else it would rest on the order in
/// which copies come whether two that differ ever meet.
fn among<'e>(events: impl Iterator<Item = &'e ExposureEvent> + Clone) -> Copies {
    let mut others = events.clone();
    let Some(first) = others.next() else {
        return Copies::Agree;
    };
    if others.any(|other| !first.tells_same(other)) {
        return Copies::Differ;
    }
    match callers_differ(events) {
        true => Copies::NameOthers,
        false => Copies::Agree,
    }
}

/// Whether copies name different callers, keys or addresses. Exports may leave fields out: what a copy does not name is no
/// difference.
fn callers_differ<'e>(events: impl Iterator<Item = &'e ExposureEvent>) -> bool {
    let mut named: [Option<&Untrusted>; 3] = [None; 3];
    for event in events {
        let actor = &event.actor;
        let here = [&actor.name, &actor.access_key_id, &actor.source_ip];
        for (known, here) in named.iter_mut().zip(here) {
            match known {
                _ if here.is_empty() => {}
                Some(known) if *known != here => return true,
                _ => *known = Some(here),
            }
        }
    }
    false
}
