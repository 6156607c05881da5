//! How do stores become one? Their segments are copied; a file that several tell of counts once. And what part of its sources does
//! one hold?

use super::error::StoreError;
use super::manifest::Segment;
use super::read::path_of;
use super::segment::span;
use super::story::Identity;
use super::{Store, Table};
use crate::source::{self, Parts};
use crate::vocab::LogFileId;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What became of stores that were joined.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Joined {
    /// How many files of the source are kept.
    pub source_files: u64,
    /// How many of them several stores told of alike.
    pub alike: u64,
    /// How many of them several stores told of differently: what was changed last counts.
    pub changed: u64,
}

/// One segment of one of the stores.
struct Part<'s> {
    store: &'s Store,
    segment: &'s Segment,
    identities: Vec<Identity>,
}

/// Copies what some stores hold into another one, which may hold something already.
///
/// # Errors
/// If a segment is damaged or cannot be read, or the other store cannot be written; then that one is as it was.
pub fn merge(from: &[Store], into: &mut Store) -> Result<Joined, StoreError> {
    let own: Vec<Segment> = into.manifest.segments.clone();
    let mut parts = Vec::new();
    let owned = own.iter().enumerate();
    for (number, segment) in owned {
        into.check(number)?;
        parts.push((None, segment, into.sources(number)?));
    }
    for store in from {
        for (number, segment) in store.manifest.segments.iter().enumerate() {
            store.check(number)?;
            parts.push((Some(store), segment, store.sources(number)?));
        }
    }
    let target: &Store = into;
    let parts: Vec<Part<'_>> = parts
        .into_iter()
        .map(|(store, segment, identities)| Part {
            store: store.unwrap_or(target),
            segment,
            identities,
        })
        .collect();
    let (winners, joined) = winners(&parts);
    let mut manifest = target.manifest.clone();
    manifest.segments.clear();
    for store in from {
        manifest.parts.join(&store.manifest.parts);
    }
    for (number, part) in parts.iter().enumerate() {
        let wants = |id: &str| winners.get(id).is_some_and(|(part, _)| *part == number);
        let kept = part.identities.iter();
        let left = kept.filter(|identity| wants(identity.id.as_str())).count();
        let is_whole = left == part.identities.len();
        match () {
            () if left == 0 => {}
            () if is_whole && std::ptr::eq(part.store, target) => {
                manifest.segments.push(part.segment.clone());
            }
            () => manifest.segments.push(target.copied(part, &wants)?),
        }
    }
    manifest.write(&target.folder)?;
    super::manifest::sweep(&target.folder, &manifest);
    into.manifest = manifest;
    into.is_learned = false;
    Ok(joined)
}

impl Store {
    /// A run ended that took that part of its source.
    ///
    /// # Errors
    /// If the disk takes no more.
    pub fn took(&mut self, part: source::Part) -> Result<(), StoreError> {
        let mut manifest = self.manifest.clone();
        manifest.parts.add(part);
        if manifest != self.manifest {
            manifest.write(&self.folder)?;
            self.manifest = manifest;
        }
        Ok(())
    }

    /// The same store, which lasts only as long as a run: what of its sources the run was asked for is no news.
    pub fn passing(mut self) -> Self {
        self.is_passing = true;
        self
    }

    /// What was taken of the sources, unless that is all of them or the store is passing.
    pub fn parts(&self) -> Option<Parts> {
        let parts = &self.manifest.parts;
        (!self.is_passing && !parts.are_whole()).then(|| parts.clone())
    }

    /// Copies some files' rows of a segment of another store.
    fn copied(&self, part: &Part<'_>, wants: &dyn Fn(&str) -> bool) -> Result<Segment, StoreError> {
        let from =
            |table: Table| -> PathBuf { path_of(&part.store.folder, table, &part.segment.name) };
        let (drafts, left) = self.copy(part.segment, &from, wants)?;
        let span = span(&drafts)?;
        self.place(drafts, left, span, part.segment.told)
    }
}

/// For each file of the source the part that tells of it best, and what was found on the way.
fn winners<'p>(parts: &'p [Part<'_>]) -> (BTreeMap<LogFileId, (usize, &'p Identity)>, Joined) {
    let mut winners: BTreeMap<LogFileId, (usize, &Identity)> = BTreeMap::new();
    let mut joined = Joined::default();
    for (number, part) in parts.iter().enumerate() {
        for identity in &part.identities {
            match winners.get_mut(&identity.id) {
                None => {
                    winners.insert(identity.id.clone(), (number, identity));
                }
                Some(known) => {
                    match rank(known.1) == rank(identity) {
                        true => joined.alike += 1,
                        false => joined.changed += 1,
                    }
                    if rank(known.1) < rank(identity) {
                        *known = (number, identity);
                    }
                }
            }
        }
    }
    joined.source_files = winners.len() as u64;
    (winners, joined)
}

/// Of two readings of one file the one counts that was settled; then the later version; then whatever is greater, so that it
/// does not matter in which order stores are joined.
fn rank(identity: &Identity) -> (bool, Option<&str>, u64, Option<&str>, Option<u64>) {
    (
        !identity.unsettled,
        identity.version.as_deref(),
        identity.bytes,
        identity.sha256.as_deref(),
        identity.max_inflated,
    )
}
