//! Which hours have no digest?
//!
//! CloudTrail delivers a digest an hour, also when nothing happened. Every hour between two digests that are here is
//! told: those whose digest is missing, and those in which the chain was broken, because its trail stood still or
//! because somebody took the digests away.

use super::digest::{Digest, Previous};
use super::moves::Moves;
use super::name::{ChainId, ChainKind, file_name, unpacked};
use super::saved::{Delivered, SavedOnly};
use crate::event::TrailEvent;
use crate::vocab::{LogFileId, Span, Timestamp, Untrusted};
use std::collections::{BTreeMap, HashSet};

/// The digests of one chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// Which.
    pub id: ChainId,
    /// How many of its digests are here.
    pub digests: u64,
    /// From the beginning of the first to the end of the last.
    pub span: Span,
    /// The times of delivery that its digests cover: sorted, disjoint.
    pub covered: Vec<Span>,
    /// The digests that are not here, hour by hour.
    pub missing: Vec<MissingDigest>,
    /// The hours of those that are here and cannot be read.
    pub unreadable: Vec<Span>,
    /// Where it was broken.
    pub gaps: Vec<Gap>,
    /// The key that its first digest names as the one before, where that is not here.
    pub begins_after: Option<Untrusted>,
    /// The chain of the same trail, in another bucket or below another prefix, that goes on after its last digest.
    pub goes_on_in: Option<ChainId>,
    /// The account has later files, or later digests of other Regions: up to then this chain should go on.
    pub ends_early: Option<Gap>,
    /// Whether the log files that it names and that are here hold data events alone.
    pub holds_data_alone: bool,
}

impl Chain {
    /// One of which no digest is here.
    pub(super) fn without_digests(id: &ChainId, span: Span) -> Self {
        Self {
            id: id.clone(),
            digests: 0,
            span,
            covered: Vec::new(),
            missing: Vec::new(),
            unreadable: Vec::new(),
            gaps: Vec::new(),
            begins_after: None,
            goes_on_in: None,
            ends_early: None,
            holds_data_alone: false,
        }
    }
}

/// A digest that should be here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MissingDigest {
    /// The hour of delivery that it covered, as far as its neighbours tell.
    pub window: Span,
    /// Its key, where one is known.
    pub key: Option<Untrusted>,
    /// What tells of it.
    pub told_by: ToldBy,
}

/// What tells of a digest that is not here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ToldBy {
    /// The digest after it names it.
    Successor,
    /// Its metadata was saved.
    Metadata,
    /// There is one every hour.
    Hour,
}

impl ToldBy {
    /// The same in words.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Successor => "the digest after it names it",
            Self::Metadata => "its metadata was saved, so it was delivered",
            Self::Hour => "there is a digest every hour; no digest that names it is here",
        }
    }
}

/// A break in a chain: a time without digests, or, where it begins anew without one, the instant at which nothing links the
/// digest after it to the one before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// From the end of the last digest to the beginning of the next; of no length where these touch.
    pub span: Span,
    /// The call that explains it, where a digest that may be believed speaks for its record.
    pub explained_by: Option<TrailEvent>,
    /// Else the call that would, whose record no such digest speaks for: anybody may have written it.
    pub claimed_by: Option<TrailEvent>,
}

impl Gap {
    fn of(from: Timestamp, until: Timestamp) -> Self {
        Self {
            span: Span { from, until },
            explained_by: None,
            claimed_by: None,
        }
    }
}

const HOUR: i64 = 3600;
/// Log files of the last two hours are usually not named yet.
const SLACK: i64 = 2 * HOUR;
/// A chain's missing hours beyond so many are not told one by one: times in forged digests may be years apart.
const MOST_HOURS: i64 = 24 * 366 * 10;

/// What chains are made from.
pub(super) struct Held<'m> {
    /// The digests that can be read.
    pub digests: Vec<(&'m LogFileId, &'m Digest)>,
    /// The names of all digests: one that cannot be read, or tells of another bucket, is not missing. A file that tells of
    /// another name stands for that one only.
    pub names: HashSet<&'m str>,
    /// The chains and ends of the digests that cannot be read, as their files are named.
    pub unreadable: Vec<(ChainId, Timestamp)>,
    /// The digests of which there is only metadata.
    pub saved: &'m [SavedOnly],
    /// When the log files of each account and Region were delivered, as their names say: the first and the last time.
    pub delivered: Delivered,
}

/// The chains, sorted.
pub(super) fn chains(held: &Held<'_>) -> Vec<Chain> {
    let places: HashSet<(&str, &str)> = held
        .digests
        .iter()
        .map(|(_, it)| (it.chain.bucket.reveal(), it.key.reveal()))
        .collect();
    let mut sorted: BTreeMap<&ChainId, BTreeMap<(Timestamp, &str), &Digest>> = BTreeMap::new();
    for (_, digest) in &held.digests {
        let of_chain = sorted.entry(&digest.chain).or_default();
        of_chain.insert((digest.window.until, digest.key.reveal()), digest);
    }
    let newest = newest(held);
    let sorted: Vec<(&ChainId, Vec<&Digest>)> = sorted
        .into_iter()
        .map(|(id, digests)| (id, digests.into_values().collect()))
        .collect();
    let moves = Moves::of(sorted.iter().map(|(id, digests)| (*id, digests.as_slice())));
    let chain = |(id, digests): &(&ChainId, Vec<&Digest>)| {
        let of_trail = held
            .unreadable
            .iter()
            .filter(|(it, _)| it.is_same_trail(id));
        let walk = Walk {
            unreadable: of_trail.map(|(_, end)| *end).collect(),
            held,
            places: &places,
            moves: &moves,
            id,
            newest: newest.get(account(id)).copied(),
        };
        walk.chain(digests)
    };
    sorted.iter().filter_map(chain).collect()
}

fn account(id: &ChainId) -> &str {
    id.account.as_ref().map_or("", |account| account.as_str())
}

/// The last sign of life of each account: a log file's delivery or a digest's end.
fn newest<'h>(held: &'h Held<'_>) -> BTreeMap<&'h str, Timestamp> {
    let mut newest: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let logs = held
        .delivered
        .iter()
        .map(|((of, _), (_, last))| (of.as_str(), *last));
    let digests = held
        .digests
        .iter()
        .map(|(_, it)| (account(&it.chain), it.window.until));
    for (account, at) in logs.chain(digests) {
        let known = newest.entry(account).or_insert(at);
        *known = at.max(*known);
    }
    newest
}

struct Walk<'w> {
    held: &'w Held<'w>,
    places: &'w HashSet<(&'w str, &'w str)>,
    moves: &'w Moves<'w>,
    id: &'w ChainId,
    newest: Option<Timestamp>,
    /// The ends of its digests that cannot be read.
    unreadable: Vec<Timestamp>,
}

impl Walk<'_> {
    fn chain(&self, digests: &[&Digest]) -> Option<Chain> {
        let (first, last) = (digests.first()?, digests.last()?);
        let span = Span {
            from: first.window.from,
            until: last.window.until,
        };
        let mut chain = Chain {
            digests: digests.len() as u64,
            covered: covered(digests),
            goes_on_in: self.goes_on_in(last),
            ..Chain::without_digests(self.id, span)
        };
        let end_before = self.moves.before(self.id, first);
        match (end_before, self.absent(first)) {
            // What lies between two places of a trail is told where it goes on.
            (Some(end), Some(previous)) => self.add_missing(end, first, previous, &mut chain),
            (None, Some(previous)) => self.begin(first, previous, &mut chain),
            (Some(end), None) if first.previous.is_none() => {
                chain.gaps.push(begins_anew(end, first));
            }
            (_, None) => {}
        }
        for (older, newer) in digests.iter().zip(digests.iter().skip(1)) {
            self.step(older, newer, &mut chain);
        }
        self.saved(end_before, &mut chain);
        // Where it goes on, that chain tells how: whether it is linked, and whether it ends early itself.
        if chain.goes_on_in.is_none() {
            chain.ends_early = self.ends_early(last.window.until);
        }
        chain.unreadable = self.unreadable(&chain.covered);
        Some(chain)
    }

    fn goes_on_in(&self, last: &Digest) -> Option<ChainId> {
        let is_absent = |digest: &Digest| self.absent(digest).is_some();
        self.moves.after(self.id, last, &is_absent).cloned()
    }

    /// The digest that one names as the one before it, if that is not here.
    fn absent<'d>(&self, digest: &'d Digest) -> Option<&'d Previous> {
        let is_absent = |previous: &&Previous| {
            let place = (previous.bucket.reveal(), previous.key.reveal());
            !self.places.contains(&place)
        };
        digest.previous.as_ref().filter(is_absent)
    }

    /// A chain may have begun before this evidence; where log files from before are here, its digests are missing.
    fn begin(&self, first: &Digest, previous: &Previous, chain: &mut Chain) {
        if self.has_name(&previous.key) {
            return;
        }
        chain.begins_after = Some(previous.key.clone());
        let place = self.id.account.clone().zip(self.id.region.clone());
        let delivered = place.and_then(|place| self.held.delivered.get(&place));
        let from = first.window.from;
        let is_regular = self.id.kind == ChainKind::Regular;
        if is_regular && delivered.is_some_and(|(earliest, _)| earliest.plus(60) <= from) {
            chain.missing.push(MissingDigest {
                window: Span {
                    from: from.plus(-HOUR),
                    until: from,
                },
                key: Some(previous.key.clone()),
                told_by: ToldBy::Successor,
            });
        }
    }

    /// Of what metadata was saved was delivered, so within the chain and after it is missing. Before it lies what was perhaps not
    /// to be part of this evidence, but where the trail comes from another place: then all after its end there is missing here.
    fn saved(&self, end_before: Option<Timestamp>, chain: &mut Chain) {
        let Span { from, until } = chain.span;
        let next = chain.goes_on_in.as_ref();
        let next = next.and_then(|id| self.moves.begins(id)).unwrap_or(until);
        let is_between = |it: &SavedOnly| {
            let since = end_before.is_some_and(|end| end < it.until);
            since && it.until <= from && it.chain.is_same_trail(self.id)
        };
        let of_chain = |it: &&SavedOnly| match it.chain == *self.id && it.until > from {
            true => it.until <= until || next < it.until,
            false => is_between(it),
        };
        for saved in self.held.saved.iter().filter(of_chain) {
            let is_it = |it: &&mut MissingDigest| match &it.key {
                Some(key) => *key == saved.key,
                None => it.window.from < saved.until && saved.until <= it.window.until,
            };
            match chain.missing.iter_mut().find(is_it) {
                Some(known) if known.key.is_some() => {}
                Some(known) => {
                    known.key = Some(saved.key.clone());
                    known.told_by = ToldBy::Metadata;
                }
                None => chain.missing.push(MissingDigest {
                    window: Span {
                        from: saved.until.plus(-HOUR),
                        until: saved.until,
                    },
                    key: Some(saved.key.clone()),
                    told_by: ToldBy::Metadata,
                }),
            }
        }
        chain.missing.sort_unstable();
    }

    /// The hours of the digests that cannot be read: what other digests cover is not theirs.
    fn unreadable(&self, covered: &[Span]) -> Vec<Span> {
        let hour = |until: &Timestamp| {
            let before = covered.partition_point(|it| it.until < *until);
            let before = before.checked_sub(1).and_then(|at| covered.get(at));
            let from = until.plus(-HOUR);
            Span {
                from: before.map_or(from, |it| it.until.max(from)),
                until: *until,
            }
        };
        self.unreadable.iter().map(hour).collect()
    }

    fn step(&self, older: &Digest, newer: &Digest, chain: &mut Chain) {
        let hole = Span {
            from: older.window.until,
            until: newer.window.from,
        };
        let Some(named) = &newer.previous else {
            return chain.gaps.push(begins_anew(hole.from, newer));
        };
        match self.absent(newer) {
            Some(previous) => self.add_missing(hole.from, newer, previous, chain),
            // Where it was elsewhere in between, that chain tells of the time.
            None if named.bucket != self.id.bucket || self.id.kind != ChainKind::Regular => {}
            None if hole.seconds() > 0 => chain.gaps.push(Gap::of(hole.from, hole.until)),
            None => {}
        }
    }

    /// Every hour between the end of a digest and one that names another as the one before it.
    fn add_missing(&self, end: Timestamp, newer: &Digest, previous: &Previous, chain: &mut Chain) {
        let hole = Span {
            from: end,
            until: newer.window.from,
        };
        let told = i64::try_from(chain.missing.len()).unwrap_or(i64::MAX);
        let left = MOST_HOURS.saturating_sub(told);
        let hours = self.missing(hole, previous, left).into_iter();
        chain.missing.extend(hours.filter(|it| !self.is_here(it)));
    }

    fn is_here(&self, digest: &MissingDigest) -> bool {
        let window = digest.window;
        match &digest.key {
            Some(key) => self.has_name(key),
            None => {
                let mut ends = self.unreadable.iter();
                ends.any(|end| window.from < *end && *end <= window.until)
            }
        }
    }

    fn has_name(&self, key: &Untrusted) -> bool {
        let name = unpacked(file_name(key.reveal()));
        self.held.names.contains(name)
    }

    /// Every hour of a hole. Only the last has a name: those before are named by digests that are missing themselves.
    fn missing(&self, hole: Span, previous: &Previous, most: i64) -> Vec<MissingDigest> {
        let hours = (hole.seconds().saturating_add(HOUR / 2) / HOUR).max(1);
        let hours = match self.id.kind {
            ChainKind::Regular if hours <= most => hours,
            _ => 1,
        };
        let hour = |back: i64| MissingDigest {
            window: Span {
                from: match back + 1 == hours {
                    true => hole.from.min(hole.until),
                    false => hole.until.plus(-HOUR * (back + 1)),
                },
                until: hole.until.plus(-HOUR * back),
            },
            key: (back == 0).then(|| previous.key.clone()),
            told_by: match back {
                0 => ToldBy::Successor,
                _ => ToldBy::Hour,
            },
        };
        (0..hours).rev().map(hour).collect()
    }

    fn ends_early(&self, end: Timestamp) -> Option<Gap> {
        let newest = self.newest.filter(|newest| *newest > end.plus(SLACK))?;
        (self.id.kind == ChainKind::Regular).then(|| Gap::of(end, newest))
    }
}

/// A digest that names none before it, though there are older ones: nothing vouches for what was the last of these. Also where
/// no time lies between, for whoever cuts a link out leaves none.
fn begins_anew(end_before: Timestamp, digest: &Digest) -> Gap {
    let from = digest.window.from;
    Gap::of(end_before.min(from), from)
}

/// The union of the digests' windows.
fn covered(digests: &[&Digest]) -> Vec<Span> {
    let mut windows: Vec<Span> = digests.iter().map(|it| it.window).collect();
    windows.sort_unstable();
    let mut covered: Vec<Span> = Vec::new();
    for window in windows {
        match covered.last_mut() {
            Some(last) if window.from <= last.until => last.until = last.until.max(window.until),
            _ => covered.push(window),
        }
    }
    covered
}
