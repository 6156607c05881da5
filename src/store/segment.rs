//! How does a segment come to count? Its tables are written, put in their places, and named by the manifest; in that order.

use super::error::StoreError;
use super::manifest::{Segment, sync_folder, table_folder};
use super::read::{Batches, path_of};
use super::story::{Identity, Story};
use super::table::Table;
use super::write::{Rows, TableFile, TableWriter, TakesBatches};
use super::{Known, PARTIAL, Store, load, rows};
use crate::vocab::{LogFileId, Timestamp};
use arrow_array::BooleanArray;
use arrow_select::filter::filter_record_batch;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A segment's table, written and not yet counting.
#[derive(Debug)]
pub struct Draft {
    table: Table,
    path: PathBuf,
    file: TableFile,
}

impl Draft {
    pub(super) fn new(table: Table, path: PathBuf, file: TableFile) -> Self {
        Self { table, path, file }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// What was not put in its place is taken away.
impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A segment on its way. It takes what files told from many threads, and holds little of it.
pub struct Drafting<'t> {
    tables: Vec<(Table, Mutex<Rows<'t>>)>,
    files: Mutex<Vec<Identity>>,
}

impl<'t> Drafting<'t> {
    /// One that never becomes a segment: its rows are handed on as they come, table by table and in no other order.
    pub fn handing_on(taker: &'t TakesBatches<'t>) -> Self {
        Self::of(|table| Rows::to(table, taker))
    }

    fn of(mut rows: impl FnMut(Table) -> Rows<'t>) -> Self {
        let tables = Table::ALL.into_iter();
        Self {
            tables: tables
                .map(|table| (table, Mutex::new(rows(table))))
                .collect(),
            files: Mutex::default(),
        }
    }

    /// Takes what a log file told, which is a file of the source or lies in it.
    ///
    /// # Errors
    /// If the disk takes no more.
    pub fn take(&self, source: &LogFileId, story: &Story) -> Result<(), StoreError> {
        let mut tables = self.tables.iter();
        tables.try_for_each(|(table, rows)| {
            rows::write_story(*table, source.as_str(), story, &mut locked(rows))
        })
    }

    /// All that a file of the source told was taken.
    ///
    /// # Errors
    /// If the disk takes no more.
    pub fn end(&self, identity: Identity) -> Result<(), StoreError> {
        let mut tables = self.tables.iter();
        if let Some((_, rows)) = tables.find(|(table, _)| *table == Table::Sources) {
            rows::write_source(&identity, &mut locked(rows))?;
        }
        locked(&self.files).push(identity);
        Ok(())
    }

    /// The tables that have rows, whole and on the disk, and the files that they tell of.
    ///
    /// # Errors
    /// If the disk takes no more.
    pub fn finish(self) -> Result<(Vec<Draft>, Vec<Identity>), StoreError> {
        let (tables, files) = self.into_tables();
        let drafts: Result<Vec<_>, _> = tables.into_iter().map(Unfinished::finish).collect();
        Ok((drafts?.into_iter().flatten().collect(), files))
    }

    /// The tables, which may be finished one beside the other, and the files that they tell of.
    pub fn into_tables(self) -> (Vec<Unfinished<'t>>, Vec<Identity>) {
        let tables = self.tables.into_iter().map(|(table, rows)| {
            let rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
            Unfinished { table, rows }
        });
        let files = self.files.into_inner();
        (
            tables.collect(),
            files.unwrap_or_else(PoisonError::into_inner),
        )
    }
}

/// A table that takes no more rows.
pub struct Unfinished<'t> {
    table: Table,
    rows: Rows<'t>,
}

impl Unfinished<'_> {
    /// Makes it whole, and safe on the disk; nothing, if it has no rows.
    ///
    /// # Errors
    /// If the disk takes no more.
    pub fn finish(self) -> Result<Option<Draft>, StoreError> {
        let (table, file) = (self.table, self.rows.finish()?);
        Ok(file.map(|(path, file)| Draft { table, path, file }))
    }
}

/// What a thread that stopped held is not committed: its run fails.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Begins a segment.
    ///
    /// # Errors
    /// If the disk takes no more.
    pub fn begin(&self) -> Result<Drafting<'static>, StoreError> {
        for table in Table::ALL {
            table_folder(&self.folder, table)?;
        }
        let folder = |table: Table| self.folder.join(table.name());
        Ok(Drafting::of(|table| {
            Rows::into_file(table, folder(table).join(PARTIAL))
        }))
    }

    /// Commits a segment: from here on it counts, whatever happens, and what was known of its files does not.
    ///
    /// # Errors
    /// If the disk takes no more; then all is as it was.
    pub fn commit(
        &mut self,
        (drafts, files): (Vec<Draft>, Vec<Identity>),
    ) -> Result<(), StoreError> {
        if files.is_empty() {
            return Ok(());
        }
        let ids: BTreeSet<LogFileId> = files.iter().map(|file| file.id.clone()).collect();
        let span = span(&drafts)?;
        let new = self.place(drafts, files.len() as u64, span, false)?;
        let changed = self.rewritten(&ids)?;
        let mut manifest = self.manifest.clone();
        for (old, anew) in &changed {
            manifest.segments.retain(|known| known.name != *old);
            manifest.segments.extend(anew.clone());
        }
        manifest.segments.retain(|known| {
            let damaged = self.damaged.get(&known.name);
            known.name != new.name && !damaged.is_some_and(|it| it.is_replaced_by(&ids))
        });
        manifest.segments.push(new.clone());
        manifest.program = env!("CARGO_PKG_VERSION").to_owned();
        manifest.write(&self.folder)?;
        let old = std::mem::replace(&mut self.manifest, manifest);
        self.remember(&new.name, &changed, files);
        self.forget_damage(&ids);
        self.remove_replaced(&old.segments);
        Ok(())
    }

    /// Remembers where files stand now: what was written anew moves, and what is new is added.
    pub(super) fn remember(
        &mut self,
        new: &str,
        changed: &[(String, Option<Segment>)],
        files: Vec<Identity>,
    ) {
        for (old, anew) in changed {
            let name: Arc<str> = anew.as_ref().map_or("", |it| &it.name).into();
            let moved = self.index.values_mut();
            moved
                .filter(|known| *known.segment == **old)
                .for_each(|known| known.segment = Arc::clone(&name));
        }
        let segment: Arc<str> = new.into();
        let is_much = files.len() > self.index.len() / 8;
        let added = files.into_iter().map(|identity| {
            let segment = Arc::clone(&segment);
            (identity.id.clone(), Known { segment, identity })
        });
        match is_much {
            true => self.index.append(&mut added.collect()),
            false => self.index.extend(added),
        }
    }

    /// What was read again is not missing any more.
    fn forget_damage(&mut self, read: &BTreeSet<LogFileId>) {
        self.damaged
            .retain(|_, segment| !segment.is_replaced_by(read));
        let missing = self.damaged.values_mut();
        for missing in missing.filter_map(|segment| segment.missing.as_mut()) {
            missing.retain(|id| !read.contains(id));
        }
    }

    /// Notes that what is kept was told to whoever asks for what is new.
    ///
    /// # Errors
    /// If the disk takes no more.
    pub fn mark_told(&mut self) -> Result<(), StoreError> {
        if self.manifest.segments.iter().all(|segment| segment.told) {
            return Ok(());
        }
        for segment in &mut self.manifest.segments {
            segment.told = true;
        }
        self.manifest.write(&self.folder)
    }

    /// Puts the tables of a segment in their places. Until the manifest names it, it does not count.
    pub(super) fn place(
        &self,
        drafts: Vec<Draft>,
        source_files: u64,
        span: Option<(Timestamp, Timestamp)>,
        told: bool,
    ) -> Result<Segment, StoreError> {
        let tables: BTreeMap<String, TableFile> = drafts
            .iter()
            .map(|draft| (draft.table.name().to_owned(), draft.file.clone()))
            .collect();
        let name = name_of(&tables);
        for draft in &drafts {
            let path = path_of(&self.folder, draft.table, &name);
            fs::rename(&draft.path, &path).map_err(|cause| StoreError::write(&path, cause))?;
        }
        // All at once: what makes the first name last mostly makes the others last too.
        for draft in &drafts {
            sync_folder(&self.folder.join(draft.table.name()))?;
        }
        Ok(Segment {
            name,
            source_files,
            first_event: span.map(|(first, _)| first.unix()),
            last_event: span.map(|(_, last)| last.unix()),
            told,
            tables,
        })
    }

    /// Writes anew, without these files, every segment that tells of some of them: the old names, and what takes their places.
    fn rewritten(
        &self,
        ids: &BTreeSet<LogFileId>,
    ) -> Result<Vec<(String, Option<Segment>)>, StoreError> {
        let mut concerned: BTreeSet<&str> = BTreeSet::new();
        for id in ids {
            concerned.extend(self.index.get(id).map(|known| &*known.segment));
        }
        let mut changed = Vec::new();
        for name in concerned {
            if let Some(old) = self.manifest.segments.iter().find(|it| it.name == name) {
                changed.push((name.to_owned(), self.without(old, ids)?));
            }
        }
        Ok(changed)
    }

    /// A segment without the rows of some files; `None` if it has none then.
    fn without(
        &self,
        old: &Segment,
        ids: &BTreeSet<LogFileId>,
    ) -> Result<Option<Segment>, StoreError> {
        let from = |table| path_of(&self.folder, table, &old.name);
        let (drafts, left) = self.copy(old, &from, &|source| !ids.contains(source))?;
        if left == 0 {
            return Ok(None);
        }
        let span = span(&drafts)?;
        self.place(drafts, left, span, old.told).map(Some)
    }

    /// Copies the rows of those files of a segment that are wanted, and counts these.
    pub(super) fn copy(
        &self,
        old: &Segment,
        from: &dyn Fn(Table) -> PathBuf,
        wants: &dyn Fn(&str) -> bool,
    ) -> Result<(Vec<Draft>, u64), StoreError> {
        let (mut drafts, mut left) = (Vec::new(), 0);
        for name in old.tables.keys() {
            let Some(table) = Table::of_name(name) else {
                continue;
            };
            let path = table_folder(&self.folder, table)?.join(PARTIAL);
            let draft = filtered(table, &from(table), &path, wants)?;
            if let Some(draft) = draft {
                if table == Table::Sources {
                    left = draft.file.rows;
                }
                drafts.push(draft);
            }
        }
        Ok((drafts, left))
    }

    /// Removes the files of segments that the manifest no longer names. Should that fail, the next run does it.
    fn remove_replaced(&self, old: &[Segment]) {
        for segment in old.iter().filter(|old| !self.manifest.names(&old.name)) {
            for table in segment
                .tables
                .keys()
                .filter_map(|name| Table::of_name(name))
            {
                let _ = fs::remove_file(path_of(&self.folder, table, &segment.name));
            }
        }
    }
}

/// A table's file with only those rows that rest on files that are wanted.
fn filtered(
    table: Table,
    from: &Path,
    to: &Path,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Option<Draft>, StoreError> {
    let mut writer = None;
    for batch in Batches::open(from, &[])? {
        let batch = batch?;
        let sources = batch.texts("source_file")?;
        let is_kept: BooleanArray = batch
            .rows()
            .map(|at| Some(super::read::text(sources, at).is_some_and(wants)))
            .collect();
        let kept = filter_record_batch(&batch.batch, &is_kept)
            .map_err(|error| StoreError::damaged(from, error))?;
        if kept.num_rows() > 0 {
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(TableWriter::create(to, table)?),
            };
            writer.write(&kept)?;
        }
    }
    let file = writer.map(TableWriter::finish).transpose()?;
    Ok(file.map(|file| Draft {
        table,
        path: to.to_owned(),
        file,
    }))
}

/// A segment's name follows from what is in it, so that stores that hold the same name it alike.
fn name_of(tables: &BTreeMap<String, TableFile>) -> String {
    let mut sha256 = Sha256::new();
    for (name, file) in tables {
        sha256.update(format!("{name} {}\n", file.sha256));
    }
    let mut name = super::write::hex(&sha256.finalize());
    name.truncate(16);
    name
}

/// The first and the last eventTime in some tables that are written.
pub(super) fn span(drafts: &[Draft]) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    let files = drafts.iter().find(|draft| draft.table == Table::Files);
    let Some(draft) = files else {
        return Ok(None);
    };
    load::span(Batches::open(&draft.path, &["first_event", "last_event"])?)
}
