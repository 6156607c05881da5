//! What does one segment of a store tell, as far as it was asked for?
//!
//! Table by table, so that many threads read one segment. What files are checked with is read last: most of it only if a digest
//! asks for it, and digests are in the store too.

use super::proof::is_name_read_late;
use super::{Options, unread};
use crate::evidence::{Evidence, Fate};
use crate::integrity::{FileProof, Material, Wanted};
use crate::source::FileChoice;
use crate::store::{Store, StoreError, Table, Wants};
use crate::vocab::{LogFileId, SkipReason};
use rayon::prelude::*;

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
            false => Wants::those(move |source, file| self.takes(source, file)),
        }
    }

    fn takes(self, source: &str, file: &str) -> bool {
        self.0.is_all() || self.of(source, file) == Chosen::Read
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
pub(super) type Piece = fn(&Store, usize, Choosing<'_>) -> Result<Part, StoreError>;

/// All tables but changes and reads.
pub(super) const BESIDE: [Piece; 3] = [Part::files, Part::spans, Part::digests];

impl Part {
    /// All but changes and reads.
    pub fn beside(store: &Store, number: usize, asked: Choosing<'_>) -> Result<Self, StoreError> {
        let pieces = BESIDE.into_iter();
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

    /// Digests. What the other files are checked with is read when it is known for which of them they ask.
    fn digests(store: &Store, number: usize, asked: Choosing<'_>) -> Result<Self, StoreError> {
        let mut part = Self::default();
        store.digests(number, &asked.wants(), &mut |source, material| {
            part.take(source, material);
        })?;
        Ok(part)
    }

    /// What the files are checked with for which this says so, by the file of the source and the log file.
    fn proofs(
        store: &Store,
        number: usize,
        asked: Choosing<'_>,
        is_asked: &(dyn Fn(&str, &str) -> bool + Sync),
    ) -> Result<Self, StoreError> {
        let mut part = Self::default();
        let wants =
            Wants::those(|source, file| is_asked(source, file) && asked.takes(source, file));
        store.proofs(number, &wants, &mut |source, material| {
            part.take(source, material);
        })?;
        Ok(part)
    }

    fn take(&mut self, source: &str, material: Material) {
        let into = match is_name_read_late(source) {
            true => &mut self.late,
            false => &mut self.early,
        };
        into.digests.extend(material.digests);
        into.proofs.extend(material.proofs);
    }

    /// The evidence, and all that was taken to check files with, as far as one scan of all of them would have taken it: hashes of
    /// contents where a digest asks, and of files for custody.
    pub fn checked(
        mut self,
        store: &Store,
        segments: &[usize],
        asked: Choosing<'_>,
        options: &Options,
    ) -> Result<(Evidence, Material), StoreError> {
        let wanted = self.early.wanted();
        let is_asked = |source: &str, file: &str| {
            options.custody || !is_name_read_late(source) || is_asked_late(&wanted, file)
        };
        let numbers = segments.par_iter();
        let proofs = numbers.map(|number| Self::proofs(store, *number, asked, &is_asked));
        let proofs = proofs.try_reduce(Self::default, |one, other| Ok(one.merge(other)))?;
        let mut late = self.late.merge(proofs.late);
        let is_asked = |file: &LogFileId| is_asked_late(&wanted, file.as_str());
        trim(&mut late, &is_asked, options);
        drop(wanted);
        let mut early = std::mem::take(&mut self.early).merge(proofs.early);
        let all = |_: &LogFileId| true;
        trim(&mut early, &all, options);
        Ok((self.evidence, early.merge(late)))
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

/// Whether the content of a log file is asked for that is read after the digests: one in an archive always is.
fn is_asked_late(wanted: &Wanted<'_>, file: &str) -> bool {
    let in_archive = file.contains("!/") && is_name_read_late(file);
    in_archive || wanted.asks_for_name(file)
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
