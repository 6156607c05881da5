//! Why can a store not be used?

use std::io;
use std::path::{Path, PathBuf};

/// Why an evidence store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder holds no store.
    #[error("`{}` is no evidence store\nhint: make one with `leaktrail scan SOURCE --store DIR`", .path.display())]
    NotAStore {
        /// The folder, as it was given.
        path: PathBuf,
    },
    /// The folder holds something else.
    #[error("`{}` holds `{found}` and is no evidence store\nhint: give an empty or a new folder", .path.display())]
    Occupied {
        /// The folder, as it was given.
        path: PathBuf,
        /// What was found there.
        found: String,
    },
    /// The store was written by another version of the program.
    #[error("the evidence store `{}` has version {found}; this program reads version {}\nhint: read the archives into a new store, or use the program that wrote this one", .path.display(), super::VERSION)]
    Version {
        /// The folder, as it was given.
        path: PathBuf,
        /// The version that it has, as it is written.
        found: String,
    },
    /// Another run has it open.
    #[error("another run is using the evidence store `{}`\nhint: wait until it has ended, or give each run a store of its own and join them with `leaktrail merge`", .path.display())]
    InUse {
        /// The folder, as it was given.
        path: PathBuf,
    },
    /// Its manifest cannot be understood.
    #[error("the manifest of the evidence store `{}` is damaged: {why}\nhint: read the archives into a new store", .path.display())]
    Manifest {
        /// The folder, as it was given.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file of it cannot be read or written.
    #[error("cannot {verb} `{}`: {}", .path.display(), in_words(.cause))]
    File {
        /// Read or write.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: io::Error,
    },
    /// A segment is not what was written.
    #[error("`{}` is damaged: {why}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Whoever was handed rows takes no more.
    #[error("the rows are not taken")]
    NotTaken,
}

impl StoreError {
    pub(super) fn read(path: &Path, cause: io::Error) -> Self {
        Self::File {
            verb: "read",
            path: path.to_owned(),
            cause,
        }
    }

    pub(super) fn write(path: &Path, cause: io::Error) -> Self {
        Self::File {
            verb: "write to",
            path: path.to_owned(),
            cause,
        }
    }

    pub(super) fn damaged(path: &Path, why: impl std::fmt::Display) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }
}

/// What the operating system says, without its number and in lower case.
fn in_words(cause: &io::Error) -> String {
    let text = cause.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => "no reason was given".to_owned(),
    }
}
