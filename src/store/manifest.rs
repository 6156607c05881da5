//! Which segments are committed? One small JSON file says so; what it does not name does not count.
//!
//! It is written beside its place, made safe on the disk and put there in one step, after the segments that it names: whenever
//! the program or the machine stops, the folder holds the last committed state.

use super::VERSION;
use super::error::StoreError;
use super::write::TableFile;
use crate::source::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The manifest's name.
const NAME: &str = "manifest.json";
/// Its name while it is written.
const PARTIAL: &str = "manifest.json.partial";

/// What the manifest says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The version of the store's layout.
    pub leaktrail_store: u32,
    /// The program's version that wrote it last.
    pub program: String,
    /// What runs that ended took of their sources.
    pub parts: Parts,
    /// The committed segments, in the order of their commits.
    pub segments: Vec<Segment>,
}

/// A committed segment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Segment {
    /// Its name: it follows from what is in it.
    pub name: String,
    /// How many files of the source it holds.
    pub source_files: u64,
    /// The earliest eventTime in it, in seconds since 1970.
    pub first_event: Option<i64>,
    /// The latest one.
    pub last_event: Option<i64>,
    /// Whether a run with `--since-last` has told of it.
    pub told: bool,
    /// Its tables that have rows.
    pub tables: BTreeMap<String, TableFile>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            leaktrail_store: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            parts: Parts::default(),
            segments: Vec::new(),
        }
    }
}

impl Manifest {
    /// Reads the manifest of a folder; `None` if there is none.
    pub fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = folder.join(NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(StoreError::read(&path, cause)),
        };
        let damaged = |why: String| StoreError::Manifest {
            path: folder.to_owned(),
            why,
        };
        let json: Value =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        match json.get("leaktrail_store") {
            None => return Err(damaged("it does not say its version".to_owned())),
            Some(version) if *version != VERSION => {
                return Err(StoreError::Version {
                    path: folder.to_owned(),
                    found: version.to_string(),
                });
            }
            Some(_) => {}
        }
        let manifest: Self =
            serde_json::from_value(json).map_err(|error| damaged(error.to_string()))?;
        match manifest.segments.iter().all(Segment::is_sound) {
            true => Ok(Some(manifest)),
            false => Err(damaged("a segment or a table has no sound name".to_owned())),
        }
    }

    /// Puts the manifest in its place.
    pub fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let path = folder.join(NAME);
        let partial = folder.join(PARTIAL);
        let failed = |cause| StoreError::write(&path, cause);
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        let put = || -> io::Result<()> {
            let mut file = File::create(&partial)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&partial, &path)
        };
        put().map_err(failed)?;
        sync_folder(folder)
    }

    /// Whether it names that segment.
    pub fn names(&self, segment: &str) -> bool {
        self.segments.iter().any(|known| known.name == segment)
    }
}

impl Segment {
    /// A name from a manifest becomes a path, so it may hold nothing but what names are made of.
    fn is_sound(&self) -> bool {
        let tables = self.tables.keys();
        is_segment_name(&self.name)
            && tables
                .into_iter()
                .all(|name| super::Table::of_name(name).is_some())
    }
}

/// Whether a text is a segment's name: sixteen hex digits.
pub(super) fn is_segment_name(text: &str) -> bool {
    text.len() == 16
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Makes new names in a folder last.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|cause| StoreError::write(path, cause))
}

/// Takes away what an interrupted run left: files of segments that the manifest does not name, and half-written ones.
pub(super) fn sweep(folder: &Path, manifest: &Manifest) {
    let _ = fs::remove_file(folder.join(PARTIAL));
    for table in super::Table::ALL {
        let inside = folder.join(table.name());
        for entry in fs::read_dir(&inside).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_orphan = name
                .strip_suffix(".parquet")
                .is_some_and(|segment| is_segment_name(segment) && !manifest.names(segment));
            if is_orphan || name.starts_with(super::PARTIAL) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// What in a folder is no part of a store.
pub(super) fn foreign(folder: &Path) -> io::Result<Option<String>> {
    let is_own = |name: &str| {
        [NAME, PARTIAL, super::LOCK].contains(&name) || super::Table::of_name(name).is_some()
    };
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !is_own(&name) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// The folder of a table, made if it is not there.
pub(super) fn table_folder(folder: &Path, table: super::Table) -> Result<PathBuf, StoreError> {
    let path = folder.join(table.name());
    match fs::create_dir(&path) {
        Ok(()) => sync_folder(folder)?,
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(StoreError::write(&path, cause)),
    }
    Ok(path)
}
