//! What does a store tell? The same as its files would, without reading one of them.

use super::conclude::conclude;
use super::gather::{Gathered, Gathering, Writes};
use super::keep::learn;
use super::proof::{Asked, is_read_late};
use super::sink::{Kept, Sinks};
use super::traced::Stored;
use super::{Options, ScanError, in_pool, known, unread};
use crate::analysis::Analysis;
use crate::evidence::{Evidence, Fate, ObjectsOfInterest};
use crate::integrity::{FileProof, Material, Wanted};
use crate::record::{Decoder, RawRecord};
use crate::source::{FileChoice, LogFile};
use crate::spill::Lines;
use crate::store::{Again, DamagedSegment, Store, StoreError, Table};
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
        conclude(known::add(evidence, options)?, material, &kept, options)
    })?
}

/// Everything that a store holds and that was asked for.
fn gather<'s>(store: &'s Store, options: &'s Options) -> Result<(Gathered, Kept<'s>), ScanError> {
    let asked = Choosing(&options.choice);
    let wants = move |source: &str, file: &str| asked.of(source, file) == Chosen::Read;
    let segments = store.sound();
    let parts = segments
        .par_iter()
        .map(|number| Part::of(store, *number, asked));
    let all = parts.try_reduce(Part::default, |one, other| Ok(one.merge(other)))?;
    let mut evidence = all.evidence;
    let objects = evidence.objects_of_interest();
    let writes = segments
        .par_iter()
        .map(|number| writes(store, *number, &wants, &objects));
    let writes = writes.try_reduce(Writers::default, |one, other| Ok(one.merge(other)))?;
    writes.count_in(&mut evidence);
    let sinks = Sinks::new();
    segments.par_iter().try_for_each(|number| {
        let mut lines = Lines::default();
        store.packed(*number, Table::Requests, &wants, &mut |line| {
            lines.push(line);
            if lines.size() > LINES {
                sinks.take_requests(&std::mem::take(&mut lines));
            }
        })?;
        sinks.take_requests(&lines);
        Ok::<_, StoreError>(())
    })?;
    for damaged in store.damaged() {
        evidence = evidence.merge(lost(damaged));
    }
    let material = as_asked(all.early, all.late, options);
    let stored = Stored {
        store,
        segments,
        wants: Box::new(wants),
    };
    let mut kept = sinks.finish().map_err(ScanError::Spill)?;
    kept.stored = Some(stored);
    let evidence = evidence.merge(writes.evidence);
    Ok((Gathered { evidence, material }, kept))
}

/// Which of the files that a store holds were asked for.
#[derive(Clone, Copy)]
struct Choosing<'c>(&'c FileChoice);

/// What becomes of a file that a store holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chosen {
    Read,
    Skipped(SkipReason),
    /// It lies in an archive that is passed over.
    Unseen,
}

impl Choosing<'_> {
    /// As if the files were read now: what is passed over hides what lies in it.
    fn of(self, source: &str, file: &str) -> Chosen {
        if self.0.is_all() {
            return Chosen::Read;
        }
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
struct Part {
    evidence: Evidence,
    /// What was taken of files that are read before the others, and of those others.
    early: Material,
    late: Material,
}

impl Part {
    fn of(store: &Store, number: usize, asked: Choosing<'_>) -> Result<Self, StoreError> {
        let wants = |source: &str, file: &str| asked.of(source, file) == Chosen::Read;
        let mut part = Self {
            evidence: passed_over(store, number, asked)?,
            ..Self::default()
        };
        for table in [
            Table::Files,
            Table::Activity,
            Table::Spans,
            Table::Reads,
            Table::Losses,
        ] {
            store.add(number, table, &wants, &mut part.evidence)?;
        }
        let mut teller = Teller::default();
        store.changes(number, &wants, &mut |again| teller.tell(&again))?;
        part.evidence = part.evidence.merge(teller.finish());
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

    fn merge(self, other: Self) -> Self {
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
struct Teller {
    decoder: Decoder,
    evidence: Evidence,
}

impl Teller {
    fn tell(&mut self, again: &Again<'_>) {
        let file = LogFile::new(again.log_file.clone(), 0);
        let wanted = Wanted::default();
        let mut gathering = Gathering::of(&file, Writes::All, Asked { wanted: &wanted });
        let raw = RawRecord {
            raw: again.record.as_bytes(),
            index: again.index,
            offset: 0,
        };
        let told = match self.decoder.decode(raw.raw) {
            Ok(record) => {
                gathering.tell_again(&raw, &record);
                gathering.told_again()
            }
            Err(error) => Evidence {
                losses: [Loss {
                    log_file: again.log_file.clone(),
                    record_index: Some(again.index),
                    offset: None,
                    kind: LossKind::DamagedStore,
                    detail: error.detail.into(),
                    bytes: None,
                }]
                .into(),
                ..Evidence::default()
            },
        };
        let known = std::mem::take(&mut self.evidence);
        self.evidence = known.merge(told);
    }

    fn finish(self) -> Evidence {
        self.evidence
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

    /// They are of interest now.
    fn count_in(&self, evidence: &mut Evidence) {
        for (file, count) in &self.counted {
            if let Some(account) = evidence.files.get_mut(file) {
                account.not_of_interest = account.not_of_interest.saturating_sub(*count);
            }
        }
    }
}

fn writes(
    store: &Store,
    number: usize,
    wants: &crate::store::Wants<'_>,
    objects: &ObjectsOfInterest,
) -> Result<Writers, StoreError> {
    let mut teller = Teller::default();
    let mut counted = BTreeMap::new();
    store.writes(number, wants, objects, &mut |again| {
        if !again.asked {
            *counted.entry(again.log_file.clone()).or_default() += 1;
        }
        teller.tell(&again);
    })?;
    Ok(Writers {
        evidence: teller.finish(),
        counted,
    })
}

/// What a damaged segment told and nothing else does.
fn lost(damaged: &DamagedSegment) -> Evidence {
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
fn as_asked(mut early: Material, mut late: Material, options: &Options) -> Material {
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
