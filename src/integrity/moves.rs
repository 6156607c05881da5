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

    /// The chain that goes on after a chain's last digest: one that names it, or that begins anew later.
    pub fn after(&self, id: &ChainId, last: &Digest) -> Option<&'m ChainId> {
        let place = (id.bucket.reveal(), last.key.reveal());
        let naming = self.named.get(&place).into_iter().flatten();
        let mut naming = naming.filter(|it| **it != id && it.is_same_trail(id));
        let begins_anew = |it: &&Ends<'_>| {
            it.first.previous.is_none() && it.first.window.from >= last.window.from
        };
        let anew = || self.others(id).find(begins_anew).map(|it| it.id);
        naming.next().copied().or_else(anew)
    }

    /// The end of the last digest elsewhere before a chain that begins anew.
    pub fn before(&self, id: &ChainId, first: &Digest) -> Option<Timestamp> {
        let others = self.others(id).map(|it| it.last.window.until);
        let before = others.filter(|until| *until < first.window.until);
        before.max().filter(|_| first.previous.is_none())
    }

    fn others<'i>(&'i self, id: &'i ChainId) -> impl Iterator<Item = &'i Ends<'m>> {
        let chains = trail(id).and_then(|trail| self.trails.get(&trail));
        chains.into_iter().flatten().filter(move |it| it.id != id)
    }
}
