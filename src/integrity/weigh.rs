//! What is left of each digest's verdict when all of them are known?
//!
//! Each was judged by what the digests after it say. Those may be forged or damaged themselves: what only an invalid digest says
//! proves nothing against another. And a digest that nothing speaks for may have been put among signed ones, which leave no
//! place for it.

use super::check_digest::{Check, Judged, name};
use super::digest::Digest;
use super::hash::ContentHash;
use super::material::HeldDigest;
use super::name::{ChainId, ChainKind, end_of};
use super::verdict::{DigestVerdict, Trust};
use crate::vocab::{AccountId, LogFileId, Region, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The verdicts on all digests.
pub(super) struct Weighed<'m> {
    /// The verdict on each digest file.
    pub judged: BTreeMap<&'m LogFileId, Judged>,
    /// Those that signed digests leave no place for: they are no part of their chains.
    pub planted: BTreeSet<&'m LogFileId>,
}

/// The verdict on each digest file, from what each was judged to be by itself. The newest first: what the digests after one
/// are worth is known then.
pub(super) fn weigh<'m>(check: &Check<'m>, judged: Vec<Judged>) -> Weighed<'m> {
    let digests = &check.material.digests;
    let judged: BTreeMap<&LogFileId, Judged> = digests.keys().zip(judged).collect();
    let mut weighed = Weighed {
        judged,
        planted: BTreeSet::new(),
    };
    let mut sorted: Vec<(&LogFileId, &HeldDigest, &Digest)> = digests
        .iter()
        .filter_map(|(file, held)| Some((file, held, held.digest.as_ref().ok()?)))
        .collect();
    sorted.sort_by_key(|(file, _, digest)| (Reverse(digest.window.until), *file));
    let signed = Signed::of(&sorted, &weighed);
    for (file, held, digest) in sorted {
        weighed.acquit(check, file, held, digest);
        weighed.blame(check, (file, held, digest), &signed);
    }
    weighed
}

impl<'m> Weighed<'m> {
    fn trust(&self, file: &LogFileId) -> Trust {
        let judged = self.judged.get(file);
        judged.map_or(Trust::Invalid, |(verdict, _)| verdict.trust())
    }

    /// What only invalid digests say against one does not count.
    fn acquit(
        &mut self,
        check: &Check<'m>,
        file: &'m LogFileId,
        held: &HeldDigest,
        digest: &Digest,
    ) {
        let is_accused = self.judged.get(file).is_some_and(|(verdict, _)| {
            matches!(
                verdict,
                DigestVerdict::SignatureBad | DigestVerdict::HashLinkBad
            )
        });
        let is_heard = |after: &LogFileId| self.trust(after) != Trust::Invalid;
        if !is_accused
            || check
                .after(digest, &|_| true)
                .iter()
                .all(|(after, _)| is_heard(after))
        {
            return;
        }
        let (verdict, mut why) = check.judge_by(file, held, &is_heard);
        if verdict == DigestVerdict::UnverifiableLastOfChain {
            why = NOT_HEARD.to_owned();
        }
        self.judged.insert(file, (verdict, why));
    }

    /// What a signed digest is decides about another that contradicts it and is not signed.
    fn blame(
        &mut self,
        check: &Check<'m>,
        (file, held, digest): (&'m LogFileId, &HeldDigest, &Digest),
        signed: &Signed<'m>,
    ) {
        match self.trust(file) {
            Trust::Invalid => {}
            Trust::Signed => {
                let after = check.after(digest, &|after| self.trust(after) == Trust::Signed);
                let mut told = after.iter().filter_map(|(_, previous)| previous.hash);
                if told.next().is_some_and(|hash| {
                    let content = held.proof.content;
                    Some(hash) != content && !told.any(|hash| Some(hash) == content)
                }) {
                    self.condemn(file, "both are signed, but the next has another hash of it");
                }
            }
            Trust::Consistent if signed.has_other_hash(digest) => {
                self.condemn(
                    file,
                    "its hash of the digest before it, which is signed, is wrong",
                );
            }
            Trust::Consistent => {
                if let Some(why) = signed.leave_no_place(digest) {
                    self.condemn(file, why);
                    self.planted.insert(file);
                }
            }
        }
    }

    fn condemn(&mut self, file: &'m LogFileId, why: &str) {
        let verdict = DigestVerdict::HashLinkBad;
        self.judged.insert(file, (verdict, why.to_owned()));
    }
}

const NOT_HEARD: &str =
    "the digest after it is invalid, so what that one says of it proves nothing";

type Trail<'m> = (
    &'m Option<AccountId>,
    &'m Option<Region>,
    &'m Option<Region>,
    &'m str,
);

/// The digests that are signed.
struct Signed<'m> {
    hashes: HashMap<&'m str, Vec<ContentHash>>,
    /// The regular ones of each trail, wherever they lie, by their ends.
    trails: HashMap<Trail<'m>, Vec<&'m Digest>>,
}

fn trail(id: &ChainId) -> Trail<'_> {
    (&id.account, &id.region, &id.home, id.trail.reveal())
}

impl<'m> Signed<'m> {
    fn of(
        newest_first: &[(&LogFileId, &'m HeldDigest, &'m Digest)],
        weighed: &Weighed<'_>,
    ) -> Self {
        let mut signed = Self {
            hashes: HashMap::new(),
            trails: HashMap::new(),
        };
        let digests = newest_first.iter().rev();
        for (_, held, digest) in digests.filter(|(file, ..)| weighed.trust(file) == Trust::Signed) {
            let hashes = signed.hashes.entry(name(&digest.key)).or_default();
            hashes.extend(held.proof.content);
            if digest.chain.kind == ChainKind::Regular {
                let of_trail = signed.trails.entry(trail(&digest.chain)).or_default();
                of_trail.push(digest);
            }
        }
        signed
    }

    /// Whether a digest has another hash of the one before it than that one, which is signed.
    fn has_other_hash(&self, digest: &Digest) -> bool {
        let Some(previous) = &digest.previous else {
            return false;
        };
        let known = self.hashes.get(name(&previous.key));
        let other = |hash| known.is_some_and(|known| !known.contains(&hash));
        previous.hash.is_some_and(other)
    }

    /// Why a digest that is not signed cannot be of its trail: a signed one is of the same time, or names another one as the one
    /// before it. A trail that is made anew may begin in the time of its namesake's last digest.
    fn leave_no_place(&self, digest: &Digest) -> Option<&'static str> {
        let regular = digest.chain.kind == ChainKind::Regular;
        let signed = self.trails.get(&trail(&digest.chain)).filter(|_| regular)?;
        let (from, until) = (digest.window.from, digest.window.until);
        let next = signed.partition_point(|it| it.window.until <= from);
        let mut later = signed.iter().skip(next);
        let first = later.next()?;
        let begins_anew = first.previous.is_none() && from < first.window.from;
        if first.window.from < until && !begins_anew {
            return Some("a signed digest covers its time");
        }
        let before = first.previous.as_ref()?;
        let end_before: Timestamp = end_of(before.key.reveal())?;
        (end_before < until && until <= first.window.from)
            .then_some("the signed digest after it names another as the one before")
    }
}
