//! How is evidence kept, so that no log file is read twice?
//!
//! In a folder of segments. What some files of the source told is written once, as Parquet: one file for each table that has
//! rows, `<table>/<segment>.parquet`. The manifest names the segments that count. A segment is never changed: where a file of
//! the source has changed, the segment that told of it is written anew without it. Every file of the source stands in one
//! segment only, so all of a table's files together are the table.

mod error;
mod find;
mod hand;
mod hold;
mod join;
mod load;
mod manifest;
mod proofs;
mod read;
mod rows;
mod segment;
mod story;
mod table;
mod travel;
mod write;

pub use error::StoreError;
pub use find::{Again, Names};
pub use join::{Joined, merge};
pub use load::Wants;
pub use segment::{Draft, Drafting, Unfinished};
pub use story::{Aside, Identity, KeptRecord, Story, WrittenObject};
pub use table::Table;
pub use travel::Arrivals;
pub use write::TakesBatches;

use crate::vocab::{LogFileId, Timestamp};
use manifest::{Manifest, Segment};
use read::{Batches, path_of};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version of the layout. A store of another one is refused.
pub const VERSION: u32 = 2;
/// The file that a run holds locked.
const LOCK: &str = "lock";
/// The name of a table's file while it is written; Spark and globs for Parquet files pass it over.
const PARTIAL: &str = "_partial";

/// A folder of evidence.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    manifest: Manifest,
    /// What keeps other runs out; a store that lies where nothing can be locked has none.
    _lock: Option<File>,
    index: BTreeMap<LogFileId, Known>,
    damaged: BTreeMap<String, DamagedSegment>,
    /// Whether these two are known.
    is_learned: bool,
    /// Whether it lasts only as long as a run: which part of its sources it holds is what the run was asked for.
    is_passing: bool,
}

/// Where a file of the source stands.
#[derive(Clone, Debug)]
struct Known {
    segment: Arc<str>,
    identity: Identity,
}

/// A segment that is not what was written. Nothing in it is believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DamagedSegment {
    /// Which file of it is damaged, and how.
    pub why: String,
    /// The path of that file.
    pub path: PathBuf,
    /// How many files of the source it told of.
    pub source_files: u64,
    /// Those that were not read again since, as far as their names can still be read.
    pub missing: Option<BTreeSet<LogFileId>>,
}

impl DamagedSegment {
    /// Whether all that it told of was read again, if these were.
    fn is_replaced_by(&self, read: &BTreeSet<LogFileId>) -> bool {
        let missing = self.missing.as_ref();
        missing.is_some_and(|missing| missing.is_subset(read))
    }
}

/// Which tables of which segment can be read: segments are counted from 0.
impl Store {
    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        self.manifest.segments.len()
    }

    /// How many files of the source are kept.
    pub fn source_files(&self) -> usize {
        self.index.len()
    }

    /// How many rows a table has in all segments.
    pub fn rows(&self, table: Table) -> u64 {
        let segments = self.manifest.segments.iter();
        let files = segments.filter_map(|segment| segment.tables.get(table.name()));
        files.map(|file| file.rows).fold(0, u64::saturating_add)
    }

    fn segment(&self, number: usize) -> Option<&Segment> {
        self.manifest.segments.get(number)
    }

    /// Whether a segment's files are what was written.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self, number: usize) -> Result<(), StoreError> {
        let mut tables = self.tables(number).into_iter();
        tables.try_for_each(|table| self.check_table(number, table))
    }

    /// The tables of a segment that have rows.
    pub fn tables(&self, number: usize) -> Vec<Table> {
        let tables = self.segment(number).map(|segment| segment.tables.keys());
        let names = tables.into_iter().flatten();
        names.filter_map(|name| Table::of_name(name)).collect()
    }

    /// Whether the file of a table of a segment is what was written.
    ///
    /// # Errors
    /// If it is not.
    pub fn check_table(&self, number: usize, table: Table) -> Result<(), StoreError> {
        let segment = self.segment(number);
        let file = segment.and_then(|segment| segment.tables.get(table.name()));
        match (self.path(number, table), file) {
            (Some(path), Some(file)) => read::check(&path, file),
            _ => Ok(()),
        }
    }

    /// The batches of a table of a segment; `None` where it has no rows.
    fn batches(
        &self,
        number: usize,
        table: Table,
        columns: &[&'static str],
    ) -> Result<Option<Batches>, StoreError> {
        let path = self.path(number, table);
        path.map(|path| Batches::open(&path, columns)).transpose()
    }

    /// The file of a table of a segment, where it has rows.
    fn path(&self, number: usize, table: Table) -> Option<PathBuf> {
        let segment = self.segment(number);
        let segment = segment.filter(|segment| segment.tables.contains_key(table.name()));
        segment.map(|segment| path_of(&self.folder, table, &segment.name))
    }

    /// The files of the source that a segment tells of.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn sources(&self, number: usize) -> Result<Vec<Identity>, StoreError> {
        let batches = self.batches(number, Table::Sources, &[])?;
        batches.map_or(Ok(Vec::new()), load::sources)
    }

    /// Learns which files of the source are kept: of every segment, what its check and its list of them gave.
    pub fn learn(&mut self, checked: Vec<Result<Vec<Identity>, StoreError>>) {
        self.index.clear();
        self.damaged.clear();
        self.is_learned = true;
        for (number, checked) in checked.into_iter().enumerate() {
            let Some(segment) = self.manifest.segments.get(number).cloned() else {
                continue;
            };
            match checked {
                Ok(identities) => self.remember(&segment.name, &[], identities),
                Err(error) => {
                    let damaged = self.damage(number, &segment, &error);
                    self.damaged.insert(segment.name, damaged);
                }
            }
        }
        // What another segment tells of is not missing.
        for damaged in self.damaged.values_mut() {
            if let Some(missing) = &mut damaged.missing {
                missing.retain(|id| !self.index.contains_key(id));
            }
        }
    }

    /// Whether it was learned which files are kept.
    pub fn is_learned(&self) -> bool {
        self.is_learned
    }

    fn damage(&self, number: usize, segment: &Segment, error: &StoreError) -> DamagedSegment {
        let (path, why) = match error {
            StoreError::Damaged { path, why } => (path.clone(), why.clone()),
            StoreError::File { path, .. } => (path.clone(), error.to_string()),
            other => (self.folder.clone(), other.to_string()),
        };
        let is_sound = |table: Table| {
            let file = segment.tables.get(table.name());
            let path = path_of(&self.folder, table, &segment.name);
            file.is_some_and(|file| read::check(&path, file).is_ok())
        };
        let names = match () {
            () if is_sound(Table::Sources) => self.sources(number).ok().map(|found| {
                let ids = found.into_iter().map(|identity| identity.id);
                ids.collect()
            }),
            () if is_sound(Table::Files) => self.names_in(number, Table::Files).ok(),
            () => None,
        };
        DamagedSegment {
            why,
            path,
            source_files: segment.source_files,
            missing: names,
        }
    }

    /// The files of the source that a table's rows rest on.
    fn names_in(&self, number: usize, table: Table) -> Result<BTreeSet<LogFileId>, StoreError> {
        let mut names = BTreeSet::new();
        for batch in self
            .batches(number, table, &["source_file"])?
            .into_iter()
            .flatten()
        {
            let batch = batch?;
            let column = batch.texts("source_file")?;
            let found = batch.rows().filter_map(|at| read::text(column, at));
            names.extend(found.map(LogFileId::new));
        }
        Ok(names)
    }

    /// The segments that are damaged.
    pub fn damaged(&self) -> impl Iterator<Item = &DamagedSegment> {
        self.damaged.values()
    }

    /// The numbers of the segments that can be believed.
    pub fn sound(&self) -> Vec<usize> {
        let segments = self.manifest.segments.iter().enumerate();
        segments
            .filter(|(_, segment)| !self.damaged.contains_key(&segment.name))
            .map(|(number, _)| number)
            .collect()
    }

    /// What is kept of a file of the source.
    pub fn identity(&self, id: &LogFileId) -> Option<&Identity> {
        self.index.get(id).map(|known| &known.identity)
    }

    /// The earliest instant of which no run with `--since-last` has told; if all was told, the last instant of all.
    pub fn untold_since(&self) -> Option<Timestamp> {
        let segments = self.manifest.segments.iter();
        let untold = segments.clone().filter(|segment| !segment.told);
        let first = untold.filter_map(|segment| segment.first_event).min();
        let last = || segments.filter_map(|segment| segment.last_event).max();
        first.or_else(last).map(Timestamp::from_unix)
    }
}
