//! Who may use a store? One run that writes, or any number that read.

use super::error::StoreError;
use super::manifest::{Manifest, foreign, sweep};
use super::{LOCK, Store};
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

impl Store {
    /// Opens a store to write to it; makes it if the folder is new or empty. Other runs are kept out until it is dropped.
    ///
    /// # Errors
    /// If the folder cannot be written, holds something else, or is in use; if the store has another version or is damaged.
    pub fn open_to_write(folder: &Path) -> Result<Self, StoreError> {
        let failed = |cause| StoreError::write(folder, cause);
        fs::create_dir_all(folder).map_err(failed)?;
        let known = Manifest::read(folder)?;
        if known.is_none()
            && let Some(found) = foreign(folder).map_err(failed)?
        {
            return Err(StoreError::Occupied {
                path: folder.to_owned(),
                found,
            });
        }
        let path = folder.join(LOCK);
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|cause| StoreError::write(&path, cause))?;
        held(folder, lock.try_lock())?;
        // Another run may have ended between the first look and the lock.
        let manifest = match Manifest::read(folder)? {
            Some(manifest) => manifest,
            None => {
                let manifest = Manifest::default();
                manifest.write(folder)?;
                manifest
            }
        };
        sweep(folder, &manifest);
        Ok(Self::of(folder, manifest, Some(lock)))
    }

    /// Opens a store to read it; nothing is written, so it may lie where nothing can be.
    ///
    /// # Errors
    /// If there is no store, it is being written, has another version or is damaged.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let lock = match File::open(folder.join(LOCK)) {
            Ok(lock) => {
                held(folder, lock.try_lock_shared())?;
                Some(lock)
            }
            // A copy may have left it behind.
            Err(_) => None,
        };
        match Manifest::read(folder)? {
            Some(manifest) => Ok(Self::of(folder, manifest, lock)),
            None => Err(StoreError::NotAStore {
                path: folder.to_owned(),
            }),
        }
    }

    fn of(folder: &Path, manifest: Manifest, lock: Option<File>) -> Self {
        Self {
            folder: folder.to_owned(),
            manifest,
            _lock: lock,
            index: BTreeMap::new(),
            damaged: BTreeMap::new(),
            is_passing: false,
            is_learned: false,
        }
    }
}

/// Whether the lock was given.
fn held(folder: &Path, tried: Result<(), TryLockError>) -> Result<(), StoreError> {
    match tried {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            path: folder.to_owned(),
        }),
        // Where nothing can be locked nothing is kept out; that is so of some network folders, for reading and writing.
        Err(TryLockError::Error(cause)) if cause.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(cause)) => Err(StoreError::File {
            verb: "lock",
            path: folder.join(LOCK),
            cause,
        }),
    }
}
