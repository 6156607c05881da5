//! What do the copies of one event tell together?

use crate::event::{Copies, ExposureEvent};
use crate::vocab::{Citation, Untrusted};
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

/// One event, as its best copy tells it, and every record that tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// The fullest copy.
    pub event: ExposureEvent,
    /// All copies.
    pub citations: BTreeSet<Citation>,
    /// Whether the copies ask for the same.
    pub copies: Copies,
    /// Of these, the ones that say what the fullest says.
    pub witnesses: BTreeSet<Citation>,
    /// Whom the copies name, where they do not name the same.
    pub(super) callers: Option<Box<Callers>>,
}

/// Whom several copies name as the caller. Exports may leave fields out: what a copy does not name is no difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Callers {
    /// His name, his key and from where he came: of several, the smallest.
    named: [Untrusted; 3],
    differ: bool,
}

impl Callers {
    fn of(event: &ExposureEvent) -> Self {
        let actor = &event.actor;
        let named = [&actor.name, &actor.access_key_id, &actor.source_ip];
        Self {
            named: named.map(Clone::clone),
            differ: false,
        }
    }

    fn join(&mut self, other: Self) {
        self.differ |= other.differ;
        for (known, other) in self.named.iter_mut().zip(other.named) {
            if known.is_empty() || !other.is_empty() && other < *known {
                self.differ |= !known.is_empty();
                *known = other;
            } else {
                self.differ |= !other.is_empty() && other != *known;
            }
        }
    }
}

impl Sighting {
    /// What one record tells of an event.
    pub(super) fn of(event: ExposureEvent, citation: Citation) -> Self {
        Self {
            event,
            citations: BTreeSet::from([citation.clone()]),
            copies: Copies::Agree,
            witnesses: BTreeSet::from([citation]),
            callers: None,
        }
    }

    /// Joins another sighting of the same event. A copy that can be read is believed before one that cannot, which agrees with
    /// any: else it would rest on the order in which copies come whether two that differ ever meet. Then the fuller one; of two
    /// equally full ones the smaller text.
    pub(super) fn join(&mut self, other: Self) {
        let told = match self.event.tells_same(&other.event) {
            true => self.copies.max(other.copies),
            false => Copies::Differ,
        };
        self.copies = told.max(self.join_callers(&other));
        self.citations.extend(other.citations);
        let rank = |event: &ExposureEvent| {
            (
                event.change.unreadable().is_some(),
                Reverse(event.fullness),
                event.record.clone(),
            )
        };
        match rank(&other.event).cmp(&rank(&self.event)) {
            Ordering::Less => (self.event, self.witnesses) = (other.event, other.witnesses),
            Ordering::Equal => self.witnesses.extend(other.witnesses),
            Ordering::Greater => {}
        }
    }

    /// Most copies name one caller, and nothing is kept of them.
    fn join_callers(&mut self, other: &Self) -> Copies {
        let all = |sighting: &Self| match &sighting.callers {
            Some(callers) => (**callers).clone(),
            None => Callers::of(&sighting.event),
        };
        let (mut known, other) = (all(self), all(other));
        if self.callers.is_none() && known == other {
            return Copies::Agree;
        }
        known.join(other);
        let differ = known.differ;
        self.callers = Some(Box::new(known));
        match differ {
            true => Copies::NameOthers,
            false => Copies::Agree,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, key: &str) -> Callers {
        Callers {
            named: [name.into(), key.into(), "".into()],
            differ: false,
        }
    }

    #[test]
    fn whom_copies_name_does_not_rest_on_their_order() {
        let copies = [
            named("zoe", ""),
            named("", "AKIAIOSFODNN7EXAMPLE"),
            named("adam", "AKIAIOSFODNN7EXAMPLE"),
            named("", ""),
        ];
        let told = |order: [usize; 4]| {
            let mut all = order.map(|at| copies[at].clone()).into_iter();
            let first = all.next().unwrap();
            all.fold(first, |mut known, other| {
                known.join(other);
                known
            })
        };
        let first = told([0, 1, 2, 3]);
        assert!(first.differ);
        for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1], [0, 2, 1, 3]] {
            assert_eq!(told(order), first);
        }
        let mut silent = named("zoe", "");
        silent.join(named("", "AKIAIOSFODNN7EXAMPLE"));
        assert!(!silent.differ);
    }
}
