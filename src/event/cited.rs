//! On which record does an event rest, and how far may that be believed?

use super::change::ExposureEvent;
use crate::vocab::Citation;

/// Whether the copies of one event tell the same of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Copies {
    /// They do, or there is only one.
    Agree,
    /// They do, but name different callers.
    NameOthers,
    /// They do, but an addendum that is believed less would have changed it.
    Unamended,
    /// Those do that are believed furthest; another tells something else.
    Outvoted,
    /// They do not: at least one of them was altered, and which one cannot be told.
    Differ,
}

/// How far a record may be believed, the best first. Where there are no digests none is believed above another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Belief {
    /// A signed digest speaks for it.
    Signed,
    /// A digest speaks for it.
    Consistent,
    /// Nothing speaks for it.
    Unvouched,
}

/// An event and the record that tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CitedEvent {
    /// The event.
    pub event: ExposureEvent,
    /// The record it was read from, of copies the smallest.
    pub citation: Citation,
    /// Whether its copies tell the same.
    pub copies: Copies,
    /// How far it may be believed.
    pub belief: Belief,
}
