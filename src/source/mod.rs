//! Where do the bytes come from?
//!
//! A [`Source`] lists log files in a fixed order and hands out the bytes of each. It knows nothing of what is in them.

mod choice;
mod dir;
mod key;
mod part;
#[cfg(feature = "s3")]
mod s3;
mod several;

pub use choice::{FileChoice, Slack};
pub use dir::DirSource;
use key::names_archive;
pub use key::{DeliveredKey, KeyKind, last_part, names_digest, parse, parse_stamp, suggests_log};
pub use part::{Part, Parts};
#[cfg(feature = "s3")]
pub use s3::{Identity, Patience, Payer, S3Settings, S3Source, Signing, Talk};
pub use several::{Sources, is_remote};

use crate::vocab::{LogFileId, Loss, SkipReason};
use std::path::{Path, PathBuf};

/// A place where log files lie.
pub trait Source: Sync {
    /// Every file of the source, each once, in the byte order of their names.
    ///
    /// # Errors
    ///
    /// A place that does not exist or cannot be read, and a source without any file.
    fn list(&self) -> Result<Listing, SourceError>;

    /// The same, by a crew, where the source has work for one.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    fn list_with(&self, crew: &dyn Crew) -> Result<Listing, SourceError> {
        _ = crew;
        self.list()
    }

    /// The bytes of one file, as they lie there.
    ///
    /// # Errors
    ///
    /// A file that cannot be read whole is a loss, of kind [`Unreadable`](crate::vocab::LossKind::Unreadable); the run goes on.
    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss>;

    /// The bytes of one file as they are asked for. A source that can, holds no more of them than that.
    ///
    /// # Errors
    ///
    /// A file that cannot be opened is a loss, of kind [`Unreadable`](crate::vocab::LossKind::Unreadable).
    fn open<'s>(&'s self, file: &LogFile) -> Result<Box<dyn Bytes + 's>, Loss> {
        Ok(Box::new(std::io::Cursor::new(self.read(file)?)))
    }

    /// These files will be opened next, each once and about in this order; what was announced before will not be any more. A source
    /// whose bytes are far away can fetch them meanwhile.
    fn expect(&self, files: &[&LogFile]) {
        _ = files;
    }

    /// The signatures of the digests that were read, where the source keeps them beside the bytes.
    fn signatures(&self) -> Vec<DigestSignature> {
        Vec::new()
    }
}

/// Who does work that falls into parts.
pub trait Crew: Sync {
    /// Does every part, from the first, which is number 0; several at once, where there are hands.
    fn share(&self, parts: usize, work: &(dyn Fn(usize) + Sync));
}

/// One after the other.
impl Crew for () {
    fn share(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..parts).for_each(work);
    }
}

/// What S3 keeps beside a digest's bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DigestSignature {
    /// The digest's key.
    pub key: String,
    /// The signature, in hex digits.
    pub signature: String,
    /// How it was made.
    pub algorithm: String,
    /// When a backfill digest was made; empty where S3 does not say.
    pub generated: String,
}

/// A file's bytes: read in order, or, where the source can, from any place.
pub trait Bytes: std::io::Read + std::io::Seek {}

impl<B: std::io::Read + std::io::Seek> Bytes for B {}

/// What a source holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listing {
    /// The files that can be read, in the byte order of their names.
    pub files: Vec<LogFile>,
    /// What is no file.
    pub skipped: Vec<(LogFileId, SkipReason)>,
    /// What could not be listed: a folder that may not be read, a link that leads nowhere or in a circle. Each is one lost file.
    pub losses: Vec<Loss>,
}

/// A file of a source. It need not be a log file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogFile {
    /// The file's name.
    pub id: LogFileId,
    /// Its size when it was listed.
    pub bytes: u64,
    /// What tells its content from another of the same name and size, where the source knows: when it was changed, an ETag.
    /// Of two that are times the later is the greater text.
    pub version: Option<Box<str>>,
    /// Where it lies, if that is written otherwise than its name.
    path: Option<Box<Path>>,
}

impl LogFile {
    /// A file of that name and size, for a source of one's own.
    pub fn new(id: LogFileId, bytes: u64) -> Self {
        Self {
            id,
            bytes,
            version: None,
            path: None,
        }
    }

    /// A file of this machine that was listed under that name and lies at that path.
    pub fn lying_at(id: LogFileId, bytes: u64, path: PathBuf) -> Self {
        let is_name = path.as_os_str() == id.as_str();
        Self {
            path: (!is_name).then(|| path.into()),
            ..Self::new(id, bytes)
        }
    }

    /// Where it lies on the machine that listed it; of one that lies elsewhere its name says so.
    pub fn path(&self) -> &Path {
        let path = self.path.as_deref();
        path.unwrap_or(Path::new(self.id.as_str()))
    }

    /// The same file, told from others of its name and size.
    pub fn with_version(self, version: Option<Box<str>>) -> Self {
        Self { version, ..self }
    }

    /// Whether the file's name is one that a log file would have, so that a file without records is worth a word.
    pub fn name_suggests_log(&self) -> bool {
        self.is_standard_input() || suggests_log(self.id.as_str())
    }

    /// Whether the file's name is an archive's.
    pub fn name_suggests_archive(&self) -> bool {
        names_archive(self.id.as_str())
    }

    /// Whether it is what was piped in: it can be read once, and only in order.
    pub fn is_standard_input(&self) -> bool {
        self.path().as_os_str() == dir::STANDARD_INPUT
    }

    /// What the file's name says, where it is one that CloudTrail gives.
    pub fn delivered_key(&self) -> Option<DeliveredKey> {
        parse(self.id.as_str())
    }
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A path that does not exist.
    #[error("`{}` does not exist\nhint: give a CloudTrail log file, or a folder with log files below it", .path.display())]
    Missing {
        /// The path, as it was given.
        path: PathBuf,
    },
    /// A path that cannot be read.
    #[error("cannot read `{}`: {cause}", .path.display())]
    Unreadable {
        /// The path, as it was given.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// A pipe, a socket or a device.
    #[error("`{}` is neither a file nor a folder\nhint: what comes through a pipe is read from standard input: give `-`", .path.display())]
    NotAFile {
        /// The path, as it was given.
        path: PathBuf,
    },
    /// What lies elsewhere and cannot be listed.
    #[error("cannot read `{place}`: {why}{}", hint_line(.hint))]
    Remote {
        /// The place, as it was given.
        place: String,
        /// What it says, or what happened.
        why: String,
        /// What to do.
        hint: Option<&'static str>,
    },
    /// No file at any of the paths.
    #[error("no file in {}\nhint: looked in every folder below for CloudTrail log files (`*.json.gz`, `*.json`)", quoted(.paths))]
    Nothing {
        /// The paths, as they were given.
        paths: Vec<PathBuf>,
    },
}

fn hint_line(hint: &Option<&'static str>) -> String {
    hint.map(|hint| format!("\nhint: {hint}"))
        .unwrap_or_default()
}

fn quoted(paths: &[PathBuf]) -> String {
    let quoted: Vec<String> = paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    quoted.join(", ")
}
