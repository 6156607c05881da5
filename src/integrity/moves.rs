//! Where does a chain go on, and what was before it, when its trail was given another bucket or prefix?
//!
//! A digest names the one before it wherever that lies, so a change of bucket in the middle of a chain leaves no break. A chain
//! that begins anew elsewhere has one.

use super::digest::Digest;
use super::name::{ChainId, ChainKind};
use crate::vocab::{AccountId, Region, Timestamp, Untrusted};
use std::collections::{BTreeMap, HashMap};

type Trail<'m> = (
    &'m Option<AccountId>,
    &'m Option<Region>,
    &'m Option<Region>,
    &'m Untrusted,
    ChainKind,
);

/// The ends of one chain.
struct Ends<'m> {
    id: &'m ChainId,
    first: &'m Digest,
    last: &'m Digest,
}

/// How the chains of each trail follow each other.
pub(super) struct Moves<'m> {
    /// The chains of the digests that name a digest, by the bucket and the key that they name.
    named: HashMap<(&'m str, &'m str), Vec<&'m ChainId>>,
    trails: BTreeMap<Trail<'m>, Vec<Ends<'m>>>,
}

/// A trail is one of an account's; what a name does not tell makes no two chains one.
fn trail(id: &ChainId) -> Option<Trail<'_>> {
    let is_told = id.account.is_some() && id.region.is_some();
    is_told.then_some((&id.account, &id.region, &id.home, &id.trail, id.kind))
}

impl<'m> Moves<'m> {
    /// The moves of these chains: of each its digests in order.
    pub fn of<'c>(chains: impl Iterator<Item = (&'m ChainId, &'c [&'m Digest])>) -> Self
    where
        'm: 'c,
    {
        let (mut named, mut trails) = (HashMap::new(), BTreeMap::new());
        for (id, digests) in chains {
            for previous in digests.iter().filter_map(|it| it.previous.as_ref()) {
                let place = (previous.bucket.reveal(), previous.key.reveal());
                let naming: &mut Vec<&ChainId> = named.entry(place).or_default();
                naming.push(id);
            }
            if let (Some(trail), Some(first), Some(last)) =
                (trail(id), digests.first(), digests.last())
            {
                let ends: &mut Vec<Ends<'_>> = trails.entry(trail).or_default();
                ends.push(Ends { id, first, last });
            }
        }
        Self { named, trails }
    }

    /// The chain that goes on after a chain's last digest: one that names it; or the next that begins later, anew or with a
    /// digest that names one which is not here (`is_absent`).
    pub fn after(
        &self,
        id: &ChainId,
        last: &Digest,
        is_absent: &dyn Fn(&Digest) -> bool,
    ) -> Option<&'m ChainId> {
        let place = (id.bucket.reveal(), last.key.reveal());
        let naming = self.named.get(&place).into_iter().flatten();
        let mut naming = naming.filter(|it| **it != id && it.is_same_trail(id));
        let goes_on = |it: &&Ends<'_>| match it.first.previous {
            None => it.first.window.from >= last.window.from,
            Some(_) => it.first.window.from >= last.window.until && is_absent(it.first),
        };
        let later = || {
            let later = self.others(id).filter(goes_on);
            later.min_by_key(|it| it.first.window.from).map(|it| it.id)
        };
        naming.next().copied().or_else(later)
    }

    /// Where the chain that goes on after another one begins.
    pub fn begins(&self, id: &ChainId) -> Option<Timestamp> {
        let chains = trail(id).and_then(|trail| self.trails.get(&trail));
        let mut chains = chains.into_iter().flatten();
        let found = chains.find(|it| it.id == id);
        found.map(|it| it.first.window.from)
    }

    /// The end of the last digest elsewhere before a chain's first one.
    pub fn before(&self, id: &ChainId, first: &Digest) -> Option<Timestamp> {
        let others = self.others(id).map(|it| it.last.window.until);
        others.filter(|until| *until < first.window.until).max()
    }

    fn others<'i>(&'i self, id: &'i ChainId) -> impl Iterator<Item = &'i Ends<'m>> {
        let chains = trail(id).and_then(|trail| self.trails.get(&trail));
        chains.into_iter().flatten().filter(move |it| it.id != id)
    }
}
