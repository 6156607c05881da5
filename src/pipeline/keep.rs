//! Which files does a store not know yet, and what do they tell it?
//!
//! Files are read in portions, each of which becomes a segment: a run that is stopped keeps the portions before. The first are
//! small. All content is hashed, whether a digest asks for it or not: the digest may come in another run.

use super::gather::read_stories;
use super::proof::{Asked, is_read_late};
use super::reading::{Reading, hash_of};
use super::turns::{Threads, in_turn};
use super::{Options, Progress, ScanError, in_pool, unread};
use crate::evidence::{Evidence, Fate};
use crate::integrity::{Material, Wanted, delivered_part};
use crate::source::{FileChoice, Listing, LogFile, Part, Source};
use crate::spill::Lines;
use crate::store::{Drafting, Identity, Store, StoreError, Story, TakesBatches, Unfinished};
use crate::vocab::{LogFileId, LossKind, SkipReason};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The first portion: so many files, of so many bytes. Each later one may be twice as large,
const FIRST: (usize, u64) = (256, 16 << 20);
/// up to this.
const MOST: (usize, u64) = (4096, 256 << 20);

/// The i-th of n parts of a source's files, by a hash of their keys that is the same everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    index: u64,
    of: u64,
}

impl Shard {
    /// The part of that index, counted from 0; `None` if there are not so many.
    pub fn new(index: u64, of: u64) -> Option<Self> {
        (index < of).then_some(Self { index, of })
    }

    /// Its index, and how many there are.
    pub fn parts(self) -> (u64, u64) {
        (self.index, self.of)
    }

    /// Whether a file is in it. What stands before `AWSLogs/` does not count: machines see an archive at different places.
    pub fn holds(self, file: &LogFileId) -> bool {
        let name = file.as_str();
        let key = delivered_part(name).unwrap_or(name);
        let hash = Sha256::digest(key.as_bytes());
        let number = hash
            .iter()
            .take(8)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        number % self.of == self.index
    }
}

/// What a run added to a store.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Added {
    /// How many files were read that the store did not know.
    pub new: u64,
    /// How many files were read again, for they are not what they were.
    pub changed: u64,
    /// How many files were not read, for they are what they were.
    pub known: u64,
    /// The files that were not asked for, and why.
    pub left_out: Evidence,
}

/// Reads the files of a source that a store does not know, or knows otherwise, and keeps what they tell.
///
/// # Errors
/// If the source cannot be listed, or the store takes no more; what was committed until then is kept.
pub fn keep(
    source: &dyn Source,
    store: &mut Store,
    options: &Options,
    shard: Option<Shard>,
    progress: &dyn Progress,
) -> Result<Added, ScanError> {
    keep_by(source, store, options, shard, progress, |store, files| {
        let run = Run::new(source, options, progress);
        source.expect(files);
        for portion in portions(files) {
            commit(store, |drafting| {
                let read = in_turn(portion, |file| run.read(file, drafting));
                read.try_for_each(|(_, read)| read)
            })?;
        }
        Ok(())
    })
}

/// The same, but another one reads the files that are to be read, and commits what they tell.
///
/// # Errors
/// If the source cannot be listed, the store takes no more, or the other one fails.
pub fn keep_by<E: From<ScanError> + Send>(
    source: &dyn Source,
    store: &mut Store,
    options: &Options,
    shard: Option<Shard>,
    progress: &dyn Progress,
    read: impl FnOnce(&mut Store, &[&LogFile]) -> Result<(), E> + Send,
) -> Result<Added, E> {
    in_pool(options.threads, || {
        // Neither waits for the other.
        let (listing, ()) = rayon::join(|| source.list_with(&Threads), || learn(store));
        let listing = listing.map_err(ScanError::from)?;
        let mut run = Run::new(source, options, progress);
        let files = run.chosen(&listing, store, shard);
        let bytes = files.iter().map(|file| file.bytes);
        progress.found(files.len() as u64, bytes.fold(0, u64::saturating_add));
        read(store, &files)?;
        let unlisted = unlisted(&listing, store, shard);
        if !unlisted.is_empty() {
            commit(store, |drafting| {
                let mut unlisted = unlisted.into_iter();
                unlisted.try_for_each(|(id, story)| not_read(&id, &story, drafting))
            })?;
        }
        let part = Part::of(&options.choice, shard.map(Shard::parts));
        store.took(part).map_err(ScanError::from)?;
        Ok(run.added)
    })?
}

/// Reads every file of a source, and hands on what it tells: the rows that a store would take, and no store.
///
/// # Errors
/// If the source cannot be listed, or the rows are not taken.
pub fn read_rows(
    source: &dyn Source,
    options: &Options,
    take: &TakesBatches<'_>,
) -> Result<(), ScanError> {
    in_pool(options.threads, || {
        let listing = source.list_with(&Threads)?;
        let files: Vec<&LogFile> = listing.files.iter().collect();
        source.expect(&files);
        let run = Run::new(source, options, &());
        let drafting = Drafting::handing_on(take);
        let told = in_turn(&files, |file| run.read(file, &drafting));
        let told = told.try_for_each(|(_, read)| read);
        let handed_on = told.and_then(|()| drafting.finish());
        let refused = |cause| ScanError::StoreFull { cause, kept: 0 };
        handed_on.map(|_| ()).map_err(refused)
    })?
}

/// Checks a store's segments and learns which files it knows.
pub(super) fn learn(store: &mut Store) {
    let segments: Vec<usize> = (0..store.segments()).collect();
    let checked = segments.into_par_iter().map(|number| {
        let tables = store.tables(number).into_par_iter();
        let checked: Vec<_> = tables
            .map(|table| store.check_table(number, table))
            .collect();
        checked.into_iter().collect::<Result<(), _>>()?;
        store.sources(number)
    });
    let checked = checked.collect();
    store.learn(checked);
}

/// Writes a segment of what some files tell.
fn commit(
    store: &mut Store,
    fill: impl FnOnce(&Drafting<'_>) -> Result<(), StoreError>,
) -> Result<(), ScanError> {
    let drafted = store.begin().and_then(|drafting| {
        fill(&drafting)?;
        let (tables, files) = drafting.into_tables();
        let drafts = tables.into_par_iter().map(Unfinished::finish);
        let drafts: Result<Vec<_>, _> = drafts.collect();
        Ok((drafts?.into_iter().flatten().collect(), files))
    });
    let committed = drafted.and_then(|drafted| store.commit(drafted));
    committed.map_err(|cause| ScanError::StoreFull {
        cause,
        kept: store.source_files(),
    })
}

/// One run that adds to a store.
struct Run<'r> {
    source: &'r dyn Source,
    options: &'r Options,
    progress: &'r dyn Progress,
    added: Added,
}

impl<'r> Run<'r> {
    fn new(source: &'r dyn Source, options: &'r Options, progress: &'r dyn Progress) -> Self {
        Self {
            source,
            options,
            progress,
            added: Added::default(),
        }
    }

    /// The files that are to be read.
    fn chosen<'l>(
        &mut self,
        listing: &'l Listing,
        store: &Store,
        shard: Option<Shard>,
    ) -> Vec<&'l LogFile> {
        let mut chosen = Vec::new();
        for file in &listing.files {
            let other = shard.is_some_and(|shard| !shard.holds(&file.id));
            let reason = match other {
                true => Some(SkipReason::OtherShard),
                false => self.options.choice.passes_over(&file.id),
            };
            match (reason, store.identity(&file.id)) {
                (Some(_), Some(_)) => {}
                (Some(reason), None) => {
                    let account = unread(file.bytes, Fate::Skipped(reason));
                    self.added.left_out.files.insert(file.id.clone(), account);
                }
                (None, Some(known)) if self.is_same(file, known) => self.added.known += 1,
                (None, known) => {
                    match known {
                        Some(_) => self.added.changed += 1,
                        None => self.added.new += 1,
                    }
                    chosen.push(file);
                }
            }
        }
        chosen
    }

    /// Whether a file is what it was. What could not be used may be usable with another limit. With custody, and where a source tells nothing but the size, its bytes decide.
    fn is_same(&self, file: &LogFile, known: &Identity) -> bool {
        let alike = known.bytes == file.bytes && known.version == file.version;
        let cut = known
            .max_inflated
            .is_some_and(|most| most != self.options.max_inflated);
        if !alike || cut || known.unsettled {
            return false;
        }
        if file.version.is_some() && !self.options.custody {
            return true;
        }
        let hash = hash_of(self.source, file, self.reading());
        hash.is_some_and(|hash| known.sha256.as_deref() == Some(&*hash.to_string()))
    }

    /// Everything is read of a file that is read at all: who asks for less later is given less.
    fn reading(&self) -> Reading<'static> {
        const ALL: &FileChoice = &FileChoice::ALL;
        Reading {
            custody: true,
            max_inflated: self.options.max_inflated,
            choice: ALL,
            way: self.options.way,
        }
    }

    fn read(&self, file: &LogFile, drafting: &Drafting<'_>) -> Result<(), StoreError> {
        let wanted = match is_read_late(file) {
            true => Wanted::everything(),
            false => Wanted::default(),
        };
        let asked = Asked { wanted: &wanted };
        let mut identity = Identity {
            version: file.version.clone(),
            bytes: file.bytes,
            unsettled: false,
            ..nothing_of(&file.id)
        };
        let (mut records, mut taken) = (0_u64, Ok(()));
        read_stories(self.source, file, self.reading(), asked, &mut |story| {
            let accounts = story.evidence.files.values();
            records += accounts.map(|account| account.records).sum::<u64>();
            let losses = &story.evidence.losses;
            if !losses.is_empty() {
                identity.max_inflated = Some(self.options.max_inflated);
            }
            identity.unsettled |= losses
                .iter()
                .any(|loss| loss.kind == LossKind::Unreadable && loss.log_file == file.id);
            if let Some(hash) = story.material.file_hash(&file.id) {
                identity.sha256 = Some(hash.to_string().into());
            }
            if taken.is_ok() {
                taken = drafting.take(&file.id, &story);
            }
        });
        self.progress.read(file.bytes, records);
        taken.and_then(|()| drafting.end(identity))
    }
}

/// Cuts files into portions that become segments.
fn portions<'f, 'l>(files: &'f [&'l LogFile]) -> Vec<&'f [&'l LogFile]> {
    let (mut portions, mut rest) = (Vec::new(), files);
    let (mut most_files, mut most_bytes) = FIRST;
    while !rest.is_empty() {
        let mut bytes = 0_u64;
        let fits = |file: &&&LogFile| {
            bytes = bytes.saturating_add(file.bytes);
            bytes <= most_bytes
        };
        let count = rest.iter().take(most_files).take_while(fits).count().max(1);
        let (portion, others) = rest.split_at(count);
        portions.push(portion);
        rest = others;
        most_files = (most_files * 2).min(MOST.0);
        most_bytes = (most_bytes * 2).min(MOST.1);
    }
    portions
}

/// What a listing tells of files that cannot be read, as far as the store does not know it.
fn unlisted(listing: &Listing, store: &Store, shard: Option<Shard>) -> Vec<(LogFileId, Evidence)> {
    let skipped = listing.skipped.iter();
    let skipped = skipped.map(|(id, reason)| (id, Fate::Skipped(*reason), None));
    let losses = listing.losses.iter();
    let lost = losses.map(|loss| (&loss.log_file, Fate::Lost, Some(loss)));
    let mut seen = BTreeSet::new();
    skipped
        .chain(lost)
        .filter(|(id, ..)| shard.is_none_or(|shard| shard.holds(id)))
        .filter(|(id, ..)| store.identity(id).is_none() && seen.insert((*id).clone()))
        .map(|(id, fate, loss)| {
            let evidence = Evidence {
                files: [(id.clone(), unread(0, fate))].into(),
                losses: loss.cloned().into_iter().collect(),
                ..Evidence::default()
            };
            (id.clone(), evidence)
        })
        .collect()
}

fn not_read(id: &LogFileId, told: &Evidence, drafting: &Drafting<'_>) -> Result<(), StoreError> {
    let story = Story {
        log_file: id.clone(),
        evidence: told.clone(),
        material: Material::default(),
        kept: Vec::new(),
        requests: Lines::default(),
        sessions: Vec::new(),
        addresses: Vec::new(),
    };
    drafting.take(id, &story)?;
    drafting.end(nothing_of(id))
}

/// A file of which nothing is known but its name; it is tried again in every run.
fn nothing_of(id: &LogFileId) -> Identity {
    Identity {
        id: id.clone(),
        bytes: 0,
        version: None,
        sha256: None,
        max_inflated: None,
        unsettled: true,
    }
}
