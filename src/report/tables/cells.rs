//! How does one value become a cell? What is not known, and empty text, is an empty cell.

use super::super::escape;
use super::super::row::Cell;
use crate::event::CitedEvent;
use crate::integrity::RecordVerdict;
use crate::timeline::{Cause, Origin};
use crate::vocab::{Timestamp, Untrusted};
use std::borrow::{Borrow, Cow};
use std::collections::BTreeSet;

/// Text of ours, or of a checked name.
pub(super) fn plain(text: &str) -> Cell<'_> {
    match text {
        "" => Cell::Empty,
        text => Cell::Text(Cow::Borrowed(text)),
    }
}

/// A checked name, where it is known.
pub(super) fn known<N: Borrow<str>>(name: Option<&N>) -> Cell<'_> {
    name.map_or(Cell::Empty, |name| plain(name.borrow()))
}

/// Text that an attacker may have chosen.
pub(super) fn untrusted(text: &Untrusted) -> Cell<'_> {
    match text.is_empty() {
        true => Cell::Empty,
        false => Cell::Untrusted(Cow::Borrowed(text)),
    }
}

/// Names of ours, in their order.
pub(super) fn names<'a>(names: impl Iterator<Item = &'static str>) -> Cell<'a> {
    Cell::List(names.map(Cow::Borrowed).collect())
}

/// An instant, where it is known.
pub(super) fn instant<'a>(time: Option<Timestamp>) -> Cell<'a> {
    time.map_or(Cell::Empty, Cell::Time)
}

/// A count; beyond 2⁶³ the largest that fits.
pub(super) fn count<'a>(count: u64) -> Cell<'a> {
    Cell::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

/// A count, where it is known.
pub(super) fn maybe_count<'a>(known: Option<u64>) -> Cell<'a> {
    known.map_or(Cell::Empty, count)
}

/// A length of time in seconds, where it is known.
pub(super) fn maybe_seconds<'a>(known: Option<i64>) -> Cell<'a> {
    known.map_or(Cell::Empty, Cell::Integer)
}

/// Yes or no, where it is known.
pub(super) fn flag<'a>(known: Option<bool>) -> Cell<'a> {
    known.map_or(Cell::Empty, Cell::Boolean)
}

/// The id of an event, where it has one.
pub(super) fn event_id(cause: &CitedEvent) -> Cell<'_> {
    known(cause.event.event_id())
}

/// What can be said of records, where there are digests.
pub(super) fn verdict<'a>(verdict: Option<RecordVerdict>) -> Cell<'a> {
    verdict.map_or(Cell::Empty, |it| plain(it.name()))
}

/// eventName, as AWS writes it.
pub(super) fn event_name(cause: &CitedEvent) -> Cell<'_> {
    plain(cause.event.name)
}

/// Who made the call.
pub(super) fn actor(cause: &CitedEvent) -> Cell<'_> {
    untrusted(&cause.event.actor.name)
}

/// What kind of identity that is.
pub(super) fn actor_type(cause: &CitedEvent) -> Cell<'_> {
    untrusted(&cause.event.actor.kind)
}

/// From which address.
pub(super) fn source_ip(cause: &CitedEvent) -> Cell<'_> {
    untrusted(&cause.event.actor.source_ip)
}

/// With what program.
pub(super) fn user_agent(cause: &CitedEvent) -> Cell<'_> {
    untrusted(&cause.event.actor.user_agent)
}

/// Whether with a second factor, where the record says; else as it was at the sign-in.
pub(super) fn mfa<'a>(cause: Option<&Cause>, origin: &Origin) -> Cell<'a> {
    flag(cause.and_then(|cause| cause.event.actor.mfa.or(origin.mfa)))
}

/// The ids of some events, in their order, each once.
pub(super) fn event_ids(causes: &[Cause]) -> Cell<'_> {
    let ids = causes.iter().filter_map(|cause| cause.event.event_id());
    let mut seen = BTreeSet::new();
    let once = ids.filter(|id| seen.insert(*id));
    Cell::List(once.map(|id| Cow::Borrowed(id.as_str())).collect())
}

/// Who made some calls, in their order, each once.
pub(super) fn actors(causes: &[Cause]) -> Cell<'_> {
    let actors = causes.iter().map(|cause| &cause.event.actor.name);
    let mut seen = BTreeSet::new();
    escape::list(actors.filter(|actor| !actor.is_empty() && seen.insert(*actor)))
}
