//! What does a store tell? The same as its files would, without reading one of them.

use super::conclude::conclude;
use super::gather::{Gathered, Gathering, Writes};
use super::keep::learn;
use super::proof::{Asked, is_read_late};
use super::sink::{Kept, Sinks};
use super::traced::Stored;
use super::{Options, ScanError, in_pool, known, unread};
use crate::analysis::{Analysis, TakesRows};
use crate::evidence::{Evidence, Fate, ObjectsOfInterest};
use crate::integrity::{FileProof, Material, Wanted};
use crate::record::{Decoder, RawRecord};
use crate::source::{FileChoice, LogFile};
use crate::spill::Lines;
use crate::store::{DamagedSegment, Store, StoreError, Table, Wants};
use crate::vocab::{LogFileId, Loss, LossKind, SkipReason};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// So many bytes of requests are handed on at once.
const LINES: usize = 1 << 20;

/// Judges what a store holds, and what else is known of files that it does not hold.
///
/// # Errors
/// If the store cannot be read.
pub fn report(
    store: &mut Store,
    options: &Options,
    left_out: Evidence,
) -> Result<Analysis, ScanError> {
    in_pool(options.threads, || {
        if !store.is_learned() {
            learn(store);
        }
        let (Gathered { evidence, material }, kept) = gather(store, options)?;
        let evidence = evidence.merge(left_out);
        let analysis = conclude(known::add(evidence, options)?, material, &kept, options)?;
        Ok(Analysis {
            parts: store.parts(),
            ..analysis
        })
    })?
}

/// The same, but where a store holds more than [`Options::most_held`], rows are handed on bucket by bucket, and the analysis
/// holds only those of the buckets that matter most.
///
/// # Errors
/// If the store cannot be read, what does not fit in memory cannot be put anywhere, or the rows are not taken.
pub fn judge(
    store: &mut Store,
    options: &Options,
    left_out: Evidence,
    rows: &mut dyn TakesRows,
) -> Result<Analysis, ScanError> {
    let tables = [Table::Changes, Table::Reads].into_iter();
    let held = tables.map(|table| store.rows(table)).sum::<u64>();
    if held <= options.most_held {
        return report(store, options, left_out);
    }
    in_pool(options.threads, || {
        if !store.is_learned() {
            learn(store);
        }
        let analysis = super::parts::judge(store, options, left_out, rows)?;
        Ok(Analysis {
            parts: store.parts(),
            ..analysis
        })
    })?
}

/// Everything that a store holds and that was asked for.
fn gather<'s>(store: &'s Store, options: &'s Options) -> Result<(Gathered, Kept<'s>), ScanError> {
    let asked = Choosing(&options.choice);
    let wants = asked.wants();
    let segments = store.sound();
    // By table first: the largest segments' tables do not wait for each other.
    let pieces = PIECES.into_iter().chain([Part::changes as Piece]);
    let pieces = pieces.flat_map(|piece| segments.iter().map(move |number| (piece, *number)));
    let pieces: Vec<(Piece, usize)> = pieces.collect();
    let parts = pieces.into_par_iter();
    let parts = parts.map(|(piece, number)| piece(store, number, asked));
    let all = parts.try_reduce(Part::default, |one, other| Ok(one.merge(other)))?;
    let mut evidence = all.evidence;
    let objects = evidence.objects_of_interest();
    let writes = segments
        .par_iter()
        .map(|number| writes(store, *number, &wants, &objects));
    let writes = writes.try_reduce(Writers::default, |one, other| Ok(one.merge(other)))?;
    count_writes(&writes.counted, &mut evidence);
    let kept = requests(store, options, &|_| Ok(()))?;
    for damaged in store.damaged() {
        evidence = evidence.merge(lost(damaged));
    }
    let material = as_asked(all.early, all.late, options);
    let evidence = evidence.merge(writes.evidence);
    Ok((Gathered { evidence, material }, kept))
}

/// All requests from outside, each line of which is shown on the way; sessions and addresses stay in the store.
pub(super) fn requests<'s>(
    store: &'s Store,
    options: &'s Options,
    show: &(dyn Fn(&Lines) -> Result<(), ScanError> + Sync),
) -> Result<Kept<'s>, ScanError> {
    let wants = Choosing(&options.choice).wants();
    let sinks = Sinks::new();
    let segments = store.sound();
    segments.par_iter().try_for_each(|number| {
        let (mut lines, mut shown) = (Lines::default(), Ok(()));
        store.packed(*number, Table::Requests, &wants, &mut |line| {
            lines.push(line);
            if lines.size() > LINES && shown.is_ok() {
                shown = show(&lines);
                sinks.take_requests(&std::mem::take(&mut lines));
            }
        })?;
        shown.and_then(|()| show(&lines))?;
        sinks.take_requests(&lines);
        Ok::<_, ScanError>(())
    })?;
    let mut kept = sinks.finish().map_err(ScanError::Spill)?;
    kept.stored = Some(Stored {
        store,
        segments,
        wants,
    });
    Ok(kept)
}

/// Which of the files that a store holds were asked for.
#[derive(Clone, Copy)]
pub(super) struct Choosing<'c>(pub &'c FileChoice);

/// What becomes of a file that a store holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chosen {
    Read,
    Skipped(SkipReason),
    /// It lies in an archive that is passed over.
    Unseen,
}

impl<'c> Choosing<'c> {
    /// Whether a row is wanted, by the file of the source and the log file that it rests on.
    pub fn wants(self) -> Wants<'c> {
        match self.0.is_all() {
            true => Wants::all(),
            false => Wants::those(move |source, file| self.of(source, file) == Chosen::Read),
        }
    }

    /// As if the files were read now: what is passed over hides what lies in it.
    fn of(self, source: &str, file: &str) -> Chosen {
        let inside = file.get(source.len()..).unwrap_or_default();
        let ends = inside.match_indices("!/").map(|(at, _)| source.len() + at);
        for end in ends {
            let outer = file.get(..end).unwrap_or_default();
            if self.passes_over(outer).is_some() {
                return Chosen::Unseen;
            }
        }
        self.passes_over(file).map_or(Chosen::Read, Chosen::Skipped)
    }

    fn passes_over(self, name: &str) -> Option<SkipReason> {
        self.0.passes_over(&LogFileId::new(name))
    }
}

/// What one segment tells.
#[derive(Default)]
pub(super) struct Part {
    pub evidence: Evidence,
    /// What was taken of files that are read before the others, and of those others.
    pub early: Material,
    pub late: Material,
}

/// What reads some tables of a segment.
type Piece = fn(&Store, usize, Choosing<'_>) -> Result<Part, StoreError>;

/// All tables but changes and reads.
const PIECES: [Piece; 3] = [Part::proofs, Part::files, Part::spans];

impl Part {
    /// All but changes and reads.
    pub fn beside(store: &Store, number: usize, asked: Choosing<'_>) -> Result<Self, StoreError> {
        let pieces = PIECES.into_iter();
        pieces
            .map(|piece| piece(store, number, asked))
            .try_fold(Self::default(), |all, part| Ok(all.merge(part?)))
    }

    /// Files, and what they have when.
    fn files(store: &Store, number: usize, asked: Choosing<'_>) -> Result<Self, StoreError> {
        let mut part = Self {
            evidence: passed_over(store, number, asked)?,
            ..Self::default()
        };
        part.add(store, number, asked, &[Table::Files, Table::Activity])?;
        Ok(part)
    }

    fn spans(store: &Store, number: usize, asked: Choosing<'_>) -> Result<Self, StoreError> {
        let mut part = Self::default();
        part.add(store, number, asked, &[Table::Spans, Table::Losses])?;
        Ok(part)
    }

    fn add(
        &mut self,
        store: &Store,
        number: usize,
        asked: Choosing<'_>,
        tables: &[Table],
    ) -> Result<(), StoreError> {
        let (wants, mut tables) = (asked.wants(), tables.iter());
        tables.try_for_each(|table| store.add(number, *table, &wants, &mut self.evidence))
    }

    /// What files are checked with.
    fn proofs(store: &Store, number: usize, asked: Choosing<'_>) -> Result<Self, StoreError> {
        let (wants, mut part) = (asked.wants(), Self::default());
        store.proofs(number, &wants, &mut |source, material| {
            let file = LogFile::new(LogFileId::new(source), 0);
            let into = match is_read_late(&file) {
                true => &mut part.late,
                false => &mut part.early,
            };
            into.digests.extend(material.digests);
            into.proofs.extend(material.proofs);
        })?;
        Ok(part)
    }

    /// Changes and reads.
    fn changes(store: &Store, number: usize, asked: Choosing<'_>) -> Result<Self, StoreError> {
        let wants = asked.wants();
        let mut evidence = Evidence::default();
        store.reads(number, &wants, &mut |key, inquiry, citation| {
            evidence.hear(key, inquiry, citation);
        })?;
        let mut teller = Teller::default();
        store.changes(number, &wants, &mut |again| {
            let told = teller.read(again.log_file, again.index, again.record);
            evidence = std::mem::take(&mut evidence).merge(told);
        })?;
        Ok(Self {
            evidence,
            ..Self::default()
        })
    }

    pub fn merge(self, other: Self) -> Self {
        Self {
            evidence: self.evidence.merge(other.evidence),
            early: self.early.merge(other.early),
            late: self.late.merge(other.late),
        }
    }
}

/// The files that were not asked for.
fn passed_over(store: &Store, number: usize, asked: Choosing<'_>) -> Result<Evidence, StoreError> {
    let mut found = Evidence::default();
    if asked.0.is_all() {
        return Ok(found);
    }
    let skipped = |source: &str, file: &str| matches!(asked.of(source, file), Chosen::Skipped(_));
    let skipped = Wants::those(skipped);
    store.add(number, Table::Files, &skipped, &mut found)?;
    for (id, account) in &mut found.files {
        if let Some(reason) = asked.0.passes_over(id) {
            *account = unread(account.bytes, Fate::Skipped(reason));
        }
    }
    Ok(found)
}

/// Reads kept records again.
#[derive(Default)]
pub(super) struct Teller(Decoder);

impl Teller {
    /// What one record tells.
    pub fn read(&mut self, log_file: &LogFileId, index: u64, record: &str) -> Evidence {
        let file = LogFile::new(log_file.clone(), 0);
        let wanted = Wanted::default();
        let mut gathering = Gathering::of(&file, Writes::Again, Asked { wanted: &wanted });
        let raw = RawRecord {
            raw: record.as_bytes(),
            index,
            offset: 0,
        };
        match self.0.decode(raw.raw) {
            Ok(record) => {
                gathering.tell_again(&raw, &record);
                gathering.told_again()
            }
            Err(error) => Evidence {
                losses: [Loss {
                    log_file: log_file.clone(),
                    record_index: Some(index),
                    offset: None,
                    kind: LossKind::DamagedStore,
                    detail: error.detail.into(),
                    bytes: None,
                }]
                .into(),
                ..Evidence::default()
            },
        }
    }
}

/// Writes of objects that matter, and how many of them each file holds that count for nothing else.
#[derive(Default)]
struct Writers {
    evidence: Evidence,
    counted: BTreeMap<LogFileId, u64>,
}

impl Writers {
    fn merge(mut self, other: Self) -> Self {
        for (file, count) in other.counted {
            *self.counted.entry(file).or_default() += count;
        }
        Self {
            evidence: self.evidence.merge(other.evidence),
            counted: self.counted,
        }
    }
}

/// Writes of objects that matter are of interest now.
pub(super) fn count_writes(counted: &BTreeMap<LogFileId, u64>, evidence: &mut Evidence) {
    for (file, count) in counted {
        if let Some(account) = evidence.files.get_mut(file) {
            account.not_of_interest = account.not_of_interest.saturating_sub(*count);
        }
    }
}

fn writes(
    store: &Store,
    number: usize,
    wants: &Wants<'_>,
    objects: &ObjectsOfInterest,
) -> Result<Writers, StoreError> {
    let mut teller = Teller::default();
    let (mut evidence, mut counted) = (Evidence::default(), BTreeMap::new());
    store.writes(number, wants, objects, &mut |again| {
        if !again.asked {
            *counted.entry(again.log_file.clone()).or_default() += 1;
        }
        let told = teller.read(again.log_file, again.index, again.record);
        evidence = std::mem::take(&mut evidence).merge(told);
    })?;
    Ok(Writers { evidence, counted })
}

/// What a damaged segment told and nothing else does.
pub(super) fn lost(damaged: &DamagedSegment) -> Evidence {
    let detail = |of: &str| {
        format!(
            "the evidence store's `{}` is damaged ({}): {of}",
            damaged.path.display(),
            damaged.why
        )
    };
    let loss = |file: LogFileId, of: &str| Loss {
        log_file: file,
        record_index: None,
        offset: None,
        kind: LossKind::DamagedStore,
        detail: detail(of).into(),
        bytes: None,
    };
    let mut evidence = Evidence::default();
    match &damaged.missing {
        Some(missing) => {
            for file in missing {
                evidence.files.insert(file.clone(), unread(0, Fate::Lost));
                let why = "what this file told is lost; give the source, and it is read again";
                evidence.losses.insert(loss(file.clone(), why));
            }
        }
        None => {
            let file = LogFileId::new(damaged.path.to_string_lossy());
            let why = format!(
                "what {} files told is lost, and their names too; read the archives into a new store",
                damaged.source_files
            );
            evidence.files.insert(file.clone(), unread(0, Fate::Lost));
            evidence.losses.insert(loss(file, &why));
        }
    }
    evidence
}

/// Of what was taken to check files with, what one scan of all of them would have taken: hashes of contents where a digest
/// asks, and of files for custody.
pub(super) fn as_asked(mut early: Material, mut late: Material, options: &Options) -> Material {
    let wanted = early.wanted();
    let is_asked = |file: &LogFileId| {
        let in_archive =
            file.as_str().contains("!/") && is_read_late(&LogFile::new(file.clone(), 0));
        in_archive || wanted.asks_for(file)
    };
    trim(&mut late, &is_asked, options);
    drop(wanted);
    let all = |_: &LogFileId| true;
    trim(&mut early, &all, options);
    early.merge(late)
}

fn trim(material: &mut Material, is_asked: &dyn Fn(&LogFileId) -> bool, options: &Options) {
    for (file, proof) in &mut material.proofs {
        if !is_asked(file) {
            *proof = FileProof {
                file: proof.file,
                ..FileProof::default()
            };
        }
    }
    let digests = material.digests.values_mut().map(|held| &mut held.proof);
    for proof in material.proofs.values_mut().chain(digests) {
        proof.file = proof.file.filter(|_| options.custody);
    }
    material
        .proofs
        .retain(|_, proof| *proof != FileProof::default());
}
