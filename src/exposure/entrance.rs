//! Through one entrance beside the bucket itself, its objects or an access point, who gets in?

use super::assumption::Entry;
use super::grant::{Grant, Grantees, LimitedTo};
use super::verdict::{Assumption, Audience, Mechanism, Reach};
use super::way::Way;
use std::collections::{BTreeMap, BTreeSet};

/// An entrance and what stands before it. The default lets nobody in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Entrance {
    way: Way,
}

impl Entrance {
    pub(super) fn through(way: Way) -> Self {
        Self { way }
    }

    /// An entrance of which nothing can be told.
    pub fn unknown() -> Self {
        Self {
            way: Way::undecided(),
        }
    }

    /// Whether an audience gets in.
    pub fn entry(&self, audience: &Audience) -> Entry {
        self.way.entry(audience)
    }

    /// Through which controls an audience gets in by what it is granted, or may.
    pub fn admitting(&self, audience: &Audience) -> BTreeSet<Mechanism> {
        self.way.admitting(audience).collect()
    }

    /// Each audience that gets in: what it can do, and what was assumed for that.
    pub fn open(&self) -> BTreeMap<Audience, (Reach, BTreeSet<Assumption>)> {
        let usable = self.way.grants().filter(|(grant, _)| grant.is_usable());
        let audiences: BTreeSet<Audience> =
            usable.filter_map(|(grant, _)| grant.audience()).collect();
        audiences
            .into_iter()
            .filter_map(|audience| self.opened(audience))
            .collect()
    }

    fn opened(&self, audience: Audience) -> Option<(Audience, (Reach, BTreeSet<Assumption>))> {
        let Entry::Open(assumed) = self.entry(&audience) else {
            return None;
        };
        let mut reach = Reach::default();
        let lets_in = |(grant, entry): &&(Grant, Entry)| {
            entry.is_open() && grant.is_usable() && grant.audience().as_ref() == Some(&audience)
        };
        self.way
            .grants()
            .filter(lets_in)
            .for_each(|(grant, _)| reach.extend(&grant.reach()));
        Some((audience, (reach, assumed)))
    }

    /// Whether somebody gets in from fixed places only.
    pub fn is_limited(&self) -> bool {
        self.way.grants().any(|(grant, entry)| {
            let limited = grant.grantees == Grantees::Limited(LimitedTo::Places);
            limited && entry.is_open() && grant.is_usable()
        })
    }

    /// Whether a public grant is silenced by a block only.
    pub fn is_latent(&self) -> bool {
        self.way.grants().any(|(grant, entry)| {
            *entry == Entry::Shut && grant.audience() == Some(Audience::Public) && grant.is_usable()
        })
    }

    /// Whether a block silences what is granted there to anybody from outside.
    pub fn is_silenced(&self) -> bool {
        self.way.grants().any(|(grant, entry)| {
            *entry == Entry::Shut && grant.audience().is_some() && grant.is_usable()
        })
    }

    /// Whether it may let in some outsider, and that cannot be told.
    pub fn may_be_foreign(&self) -> bool {
        let named = self.way.grants().any(|(grant, entry)| {
            let outsider = grant.audience().is_some_and(|who| who != Audience::Public);
            *entry == Entry::Unknown && outsider && grant.is_usable()
        });
        named || self.way.may_hide_outsiders()
    }

    /// Whether it may let the public in, and that cannot be told.
    pub fn may_be_public(&self) -> bool {
        self.entry(&Audience::Public) == Entry::Unknown
    }
}
