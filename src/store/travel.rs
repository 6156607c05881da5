//! How does evidence go from one machine to another? As rows of tables: handed out by one store, taken in by another.
//!
//! Rows may arrive in any order. A file of the source stands in one segment, so its name decides to which it goes; nothing counts
//! before all of it has arrived.

use super::error::StoreError;
use super::manifest::table_folder;
use super::read::{Batches, hash_of, path_of, text};
use super::segment::Draft;
use super::story::Identity;
use super::table::Table;
use super::write::{TableWriter, schema};
use super::{PARTIAL, Store, load};
use arrow_array::{BooleanArray, RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use arrow_select::filter::filter_record_batch;
use std::collections::BTreeMap;
use std::path::PathBuf;

impl Table {
    /// The columns, as Arrow has them.
    pub fn arrow_schema(self) -> SchemaRef {
        schema(self)
    }
}

impl Store {
    /// Hands out every row that is kept, table by table.
    ///
    /// # Errors
    /// If a segment cannot be read.
    pub fn hand_out(&self, take: &mut dyn FnMut(Table, &RecordBatch)) -> Result<(), StoreError> {
        for segment in &self.manifest.segments {
            for table in segment.tables.keys().filter_map(|it| Table::of_name(it)) {
                for batch in Batches::open(&path_of(&self.folder, table, &segment.name), &[])? {
                    take(table, &batch?.batch);
                }
            }
        }
        Ok(())
    }

    /// Begins so many segments that take rows as they arrive.
    pub fn begin_arrivals(&self, segments: usize) -> Arrivals {
        Arrivals {
            folder: self.folder.clone(),
            segments: (0..segments.max(1)).map(|_| BTreeMap::new()).collect(),
        }
    }

    /// Commits what has arrived, segment by segment.
    ///
    /// # Errors
    /// If the disk takes no more; a file of the source is then kept whole or not at all.
    pub fn commit_arrivals(&mut self, arrivals: Arrivals) -> Result<(), StoreError> {
        for tables in arrivals.segments {
            self.commit(finished(tables)?)?;
        }
        Ok(())
    }
}

type Tables = BTreeMap<Table, (PathBuf, TableWriter)>;

/// Segments on their way from elsewhere. Dropped, they leave nothing behind.
pub struct Arrivals {
    folder: PathBuf,
    segments: Vec<Tables>,
}

impl Arrivals {
    /// Takes rows of a table.
    ///
    /// # Errors
    /// If the disk takes no more, or the rows are none of this table's.
    pub fn take(&mut self, table: Table, rows: &RecordBatch) -> Result<(), StoreError> {
        let of = self.segments.len();
        if of == 1 {
            return self.write(0, table, rows);
        }
        let path = self.folder.join(table.name());
        let unsound = || StoreError::damaged(&path, "rows arrived that name no file");
        let names = rows.column_by_name("source_file");
        let names = names.and_then(|names| names.as_any().downcast_ref::<StringArray>());
        let names = names.ok_or_else(unsound)?;
        let segments: Vec<usize> = (0..rows.num_rows())
            .map(|at| segment_of(text(names, at).unwrap_or_default(), of))
            .collect();
        for segment in 0..of {
            let here: BooleanArray = segments.iter().map(|it| Some(*it == segment)).collect();
            if here.true_count() > 0 {
                let rows = filter_record_batch(rows, &here)
                    .map_err(|error| StoreError::damaged(&path, error))?;
                self.write(segment, table, &rows)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, at: usize, table: Table, rows: &RecordBatch) -> Result<(), StoreError> {
        let Some(tables) = self.segments.get_mut(at) else {
            return Ok(());
        };
        let (_, writer) = match tables.entry(table) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(none) => {
                let path = table_folder(&self.folder, table)?.join(format!("{PARTIAL}-{at}"));
                let writer = TableWriter::create(&path, table)?;
                none.insert((path, writer))
            }
        };
        writer.write(rows)
    }
}

/// To which of some segments a file of the source belongs. Names that are nearly alike have hashes that are: they are mixed.
fn segment_of(source_file: &str, of: usize) -> usize {
    let hash = hash_of(&[source_file]);
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let segment = (mixed ^ (mixed >> 33)).checked_rem(of as u64);
    usize::try_from(segment.unwrap_or_default()).unwrap_or_default()
}

/// The tables of a segment, whole and on the disk, and the files of the source that it tells of.
fn finished(tables: Tables) -> Result<(Vec<Draft>, Vec<Identity>), StoreError> {
    let mut drafts = Vec::new();
    let mut identities = Vec::new();
    for (table, (path, writer)) in tables {
        let draft = Draft::new(table, path, writer.finish()?);
        if table == Table::Sources {
            identities = load::sources(Batches::open(draft.path(), &[])?)?;
        }
        drafts.push(draft);
    }
    Ok((drafts, identities))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Evidence, Fate, FileAccount};
    use crate::integrity::Material;
    use crate::spill::Lines;
    use crate::store::{Drafting, Story};
    use crate::vocab::LogFileId;
    use std::path::Path;
    use std::sync::Mutex;

    fn identity(name: &str) -> Identity {
        Identity {
            id: LogFileId::new(name),
            bytes: 3,
            version: Some("1".into()),
            sha256: None,
            max_inflated: None,
            unsettled: false,
        }
    }

    fn story(name: &str) -> Story {
        let account = FileAccount {
            bytes: 3,
            fate: Fate::Lost,
            records: 0,
            not_of_interest: 0,
            lost_records: 0,
            coverage: None,
            activity: Vec::new(),
        };
        Story {
            log_file: LogFileId::new(name),
            evidence: Evidence {
                files: [(LogFileId::new(name), account)].into(),
                ..Evidence::default()
            },
            material: Material::default(),
            kept: Vec::new(),
            requests: Lines::default(),
            sessions: Vec::new(),
            addresses: Vec::new(),
        }
    }

    fn store(folder: &Path, names: &[String]) -> Store {
        let mut store = Store::open_to_write(folder).unwrap();
        let drafting = store.begin().unwrap();
        for name in names {
            drafting
                .take(&LogFileId::new(name.as_str()), &story(name))
                .unwrap();
            drafting.end(identity(name)).unwrap();
        }
        let drafted = drafting.finish().unwrap();
        store.commit(drafted).unwrap();
        store
    }

    fn known(store: &Store) -> Vec<String> {
        let mut names: Vec<String> = (0..store.segments())
            .flat_map(|number| store.sources(number).unwrap())
            .map(|identity| identity.id.as_str().to_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn rows_arrive_as_they_were_handed_out_each_file_in_one_segment() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..40).map(|number| format!("file {number:02}")).collect();
        let from = store(&folder.path().join("from"), &names);
        for segments in [1, 3] {
            let path = folder.path().join(format!("into {segments}"));
            let mut into = Store::open_to_write(&path).unwrap();
            let mut arrivals = into.begin_arrivals(segments);
            from.hand_out(&mut |table, rows| arrivals.take(table, rows).unwrap())
                .unwrap();
            into.commit_arrivals(arrivals).unwrap();
            assert_eq!(
                (into.segments(), known(&into)),
                (segments, names.clone()),
                "{segments}"
            );
            assert_eq!(into.rows(Table::Files), 40);
        }
    }

    #[test]
    fn rows_are_handed_on_as_a_store_hands_them_out() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["a".to_owned(), "b".to_owned()];
        let (mut out, on) = (Vec::new(), Mutex::new(Vec::new()));
        let from = store(folder.path(), &names);
        from.hand_out(&mut |table, rows| out.push((table, rows.clone())))
            .unwrap();
        let take = |table, rows: &RecordBatch| {
            on.lock().unwrap().push((table, rows.clone()));
            Ok(())
        };
        let drafting = Drafting::handing_on(&take);
        for name in &names {
            let id = LogFileId::new(name.as_str());
            drafting.take(&id, &story(name)).unwrap();
            drafting.end(identity(name)).unwrap();
        }
        let (drafts, identities) = drafting.finish().unwrap();
        assert_eq!((drafts.len(), identities.len()), (0, 2));
        let mut on = on.into_inner().unwrap();
        on.sort_by_key(|(table, _)| table.name());
        assert_eq!(on, out);
        let refusing = Drafting::handing_on(&|_, _| Err(StoreError::NotTaken));
        refusing.take(&LogFileId::new("a"), &story("a")).unwrap();
        assert!(matches!(refusing.finish(), Err(StoreError::NotTaken)));
    }

    #[test]
    fn what_did_not_arrive_whole_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let from = store(&folder.path().join("from"), &["a".to_owned()]);
        let path = folder.path().join("into");
        let into = Store::open_to_write(&path).unwrap();
        let mut arrivals = into.begin_arrivals(1);
        from.hand_out(&mut |table, rows| arrivals.take(table, rows).unwrap())
            .unwrap();
        drop(arrivals);
        let left = std::fs::read_dir(path.join("sources")).unwrap().count();
        assert_eq!((left, into.segments()), (0, 0));
    }
}
