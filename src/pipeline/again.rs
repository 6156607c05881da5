//! What does a store tell? The same as its files would, without reading one of them.

use super::conclude::conclude;
use super::gather::{Gathering, Whole, Writes};
use super::keep::learn;
use super::proof::Asked;
use super::segment::{BESIDE, Choosing, Part, Piece};
use super::sink::{Kept, Sinks};
use super::traced::{Stored, distinct_sessions};
use super::{Options, ScanError, in_pool, known, unread};
use crate::analysis::{Analysis, TakesRows};
use crate::evidence::{Evidence, Fate, ObjectsOfInterest};
use crate::integrity::Wanted;
use crate::record::{Decoder, RawRecord};
use crate::source::LogFile;
use crate::spill::Lines;
use crate::store::{DamagedSegment, Store, StoreError, Table, Wants};
use crate::vocab::{LogFileId, Loss, LossKind};
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
        let ((evidence, material), kept) = gather(store, options)?;
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
fn gather<'s>(store: &'s Store, options: &'s Options) -> Result<(Whole, Kept<'s>), ScanError> {
    let asked = Choosing(&options.choice);
    let wants = asked.wants();
    let segments = store.sound();
    // By table first: the largest segments' tables do not wait for each other.
    let pieces = [changes as Piece].into_iter().chain(BESIDE);
    let pieces = pieces.flat_map(|piece| segments.iter().map(move |number| (piece, *number)));
    let pieces: Vec<(Piece, usize)> = pieces.collect();
    let read = || {
        let parts = pieces.into_par_iter().with_max_len(1);
        let parts = parts.map(|(piece, number)| piece(store, number, asked));
        let all = parts.try_reduce(Part::default, |one, other| Ok(one.merge(other)))?;
        all.checked(store, &segments, asked, options)
    };
    let (read, kept) = rayon::join(read, || requests(store, options, &|_| Ok(())));
    let ((mut evidence, material), kept) = (read?, kept?);
    let objects = evidence.objects_of_interest();
    let writes = segments
        .par_iter()
        .map(|number| writes(store, *number, &wants, &objects));
    let writes = writes.try_reduce(Writers::default, |one, other| Ok(one.merge(other)))?;
    count_writes(&writes.counted, &mut evidence);
    for damaged in store.damaged() {
        evidence = evidence.merge(lost(damaged));
    }
    let evidence = evidence.merge(writes.evidence);
    Ok(((evidence, material), kept))
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
    let read = |number: &usize| {
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
    };
    let (read, sessions) = rayon::join(
        || segments.par_iter().try_for_each(read),
        || distinct_sessions(store, &segments, &wants),
    );
    read?;
    let mut kept = sinks.finish().map_err(ScanError::Spill)?;
    kept.stored = Some(Stored {
        store,
        distinct_sessions: sessions?,
        segments,
        wants,
    });
    Ok(kept)
}

/// Changes and reads of one segment.
fn changes(store: &Store, number: usize, asked: Choosing<'_>) -> Result<Part, StoreError> {
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
    Ok(Part {
        evidence,
        ..Part::default()
    })
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
