//! How does an executor read a unit of files? As a run with `--store` does, but that the rows go to whoever takes them.

use super::error::marked;
use super::orders::Orders;
use super::wire::Outgoing;
use crate::pipeline::{self, ScanError};
use crate::source::{
    Bytes, DigestSignature, DirSource, FileChoice, Listing, LogFile, S3Source, Source, SourceError,
    is_remote,
};
use crate::store::StoreError;
use crate::vocab::{Loss, LossKind};
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use datafusion::error::DataFusionError;
use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where units are read: one in a process.
#[derive(Default)]
pub(super) struct Workshop {
    /// What this executor is called where it complains.
    name: String,
    /// So many units are read at once.
    cores: usize,
    /// Sources in S3 that no unit uses now: each has found its credentials.
    idle: Mutex<Vec<(Orders, S3Source)>>,
}

impl std::fmt::Debug for Workshop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Workshop").field(&self.name).finish()
    }
}

/// Why a unit was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// It makes no sense to try again.
    #[error("{0}")]
    Refused(String),
    /// The disk or the machine: another try, or another executor, may do.
    #[error("{0}")]
    Machine(String),
    /// Nobody wants it any more.
    #[error("the job was dropped")]
    Unwanted,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Machine(error.to_string())
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        Self::Refused(format!("an executor cannot send what it found: {error}"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Machine(error.to_string())
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        Self::Machine(error.to_string())
    }
}

impl From<Failure> for DataFusionError {
    /// An I/O error is tried four times; any other fails the job at once.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(words) => Self::Execution(marked(&words)),
            Failure::Machine(words) => Self::IoError(io::Error::other(words)),
            Failure::Unwanted => Self::Execution(Failure::Unwanted.to_string()),
        }
    }
}

impl Workshop {
    pub fn new(name: String, cores: usize) -> Self {
        Self {
            name,
            cores,
            idle: Mutex::default(),
        }
    }

    /// Reads some files, and hands on all that they told; who takes it says whether more is wanted.
    pub fn read(
        &self,
        (unit, files): (u64, Vec<LogFile>),
        orders: &Orders,
        is_wanted: &(dyn Fn() -> bool + Sync),
        take: &mut (dyn FnMut(RecordBatch) -> bool + Send),
    ) -> Result<(), Failure> {
        self.see(&files)?;
        let afar = match files.iter().any(|file| is_remote(file.id.as_str())) {
            true => Some(self.remote(orders)?),
            false => None,
        };
        let source = UnitSource {
            files: &files,
            here: DirSource::new(Vec::new()),
            afar: afar.as_ref(),
            is_wanted,
        };
        let mut sending = Sending {
            outgoing: Outgoing::of(unit),
            take,
            failed: None,
        };
        let read = {
            let sending = Mutex::new(&mut sending);
            pipeline::read_rows(&source, &orders.options(), &|table, rows| {
                locked(&sending).send(|outgoing| outgoing.table(table, rows))
            })
        };
        if let Some(failure) = sending.failed.take() {
            return Err(failure);
        }
        read?;
        let signatures = source.signatures();
        if let Some(afar) = afar {
            locked(&self.idle).push((orders.clone(), afar));
        }
        sending.end(&signatures)
    }

    /// Whether this machine sees the files that the other one listed.
    fn see(&self, files: &[LogFile]) -> Result<(), Failure> {
        let here = files.iter().filter(|file| !is_remote(file.id.as_str()));
        for file in here {
            let path = file.path().display();
            let why = match DirSource::size(file) {
                Ok(bytes) if bytes == file.bytes => continue,
                Ok(bytes) => format!(
                    "sees another file at `{path}` than was listed: {bytes} bytes, not {}",
                    file.bytes
                ),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                    format!("does not see `{path}`")
                }
                // That it may not be read is said of the file, as it would be anywhere.
                Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => continue,
                Err(cause) => format!("cannot look at `{path}`: {cause}"),
            };
            return Err(Failure::Refused(format!(
                "the executor `{}` {why}\nhint: a cluster reads s3:// and folders that every executor has at the same path",
                self.name
            )));
        }
        Ok(())
    }

    /// A source in S3, with this machine's own credentials.
    fn remote(&self, orders: &Orders) -> Result<S3Source, Failure> {
        let mut idle = locked(&self.idle);
        if let Some(at) = idle.iter().position(|(known, _)| known == orders) {
            return Ok(idle.swap_remove(at).1);
        }
        drop(idle);
        let settings = orders.remote(self.cores);
        let made = S3Source::new(&[], settings, &FileChoice::ALL, Box::new(|_| {}));
        made.map_err(|error| Failure::Machine(error.to_string()))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a unit told, on its way.
struct Sending<'t> {
    outgoing: Outgoing,
    /// Says whether more is wanted.
    take: &'t mut (dyn FnMut(RecordBatch) -> bool + Send),
    /// Why no more is sent.
    failed: Option<Failure>,
}

impl Sending<'_> {
    /// Sends rows; who is refused need not come again.
    fn send(
        &mut self,
        rows: impl FnOnce(&mut Outgoing) -> Result<RecordBatch, ArrowError>,
    ) -> Result<(), StoreError> {
        let sent = rows(&mut self.outgoing).map_err(Failure::from);
        let sent = sent.and_then(|rows| match (self.take)(rows) {
            true => Ok(()),
            false => Err(Failure::Unwanted),
        });
        sent.map_err(|failure| {
            self.failed = Some(failure);
            StoreError::NotTaken
        })
    }

    /// Sends what comes last: signatures, and how many rows there were.
    fn end(mut self, signatures: &[DigestSignature]) -> Result<(), Failure> {
        let told = match signatures.is_empty() {
            true => Ok(()),
            false => self.send(|outgoing| outgoing.signatures(signatures)),
        };
        let told = told.and_then(|()| self.send(|outgoing| outgoing.end()));
        match self.failed {
            Some(failure) => Err(failure),
            None => Ok(told?),
        }
    }
}

/// The files of one unit, wherever they lie.
struct UnitSource<'u> {
    files: &'u [LogFile],
    here: DirSource,
    afar: Option<&'u S3Source>,
    is_wanted: &'u (dyn Fn() -> bool + Sync),
}

impl UnitSource<'_> {
    fn of(&self, file: &LogFile) -> &dyn Source {
        match self.afar.filter(|_| is_remote(file.id.as_str())) {
            Some(afar) => afar,
            None => &self.here,
        }
    }

    /// What nobody wants any more is not read: what comes of it is thrown away.
    fn unless_dropped(&self, file: &LogFile) -> Result<(), Loss> {
        match (self.is_wanted)() {
            true => Ok(()),
            false => Err(Loss {
                log_file: file.id.clone(),
                record_index: None,
                offset: None,
                kind: LossKind::Unreadable,
                detail: Failure::Unwanted.to_string().into(),
                bytes: None,
            }),
        }
    }
}

impl Source for UnitSource<'_> {
    fn list(&self) -> Result<Listing, SourceError> {
        Ok(Listing {
            files: self.files.to_vec(),
            ..Listing::default()
        })
    }

    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        self.unless_dropped(file)?;
        self.of(file).read(file)
    }

    fn open<'s>(&'s self, file: &LogFile) -> Result<Box<dyn Bytes + 's>, Loss> {
        self.unless_dropped(file)?;
        self.of(file).open(file)
    }

    fn expect(&self, files: &[&LogFile]) {
        if let Some(afar) = self.afar {
            let files = files.iter().filter(|file| is_remote(file.id.as_str()));
            afar.expect(&files.copied().collect::<Vec<_>>());
        }
    }

    /// Those of this unit's digests; a source is used for one unit after the other.
    fn signatures(&self) -> Vec<DigestSignature> {
        let Some(afar) = self.afar else {
            return Vec::new();
        };
        let keys = self.files.iter().filter_map(|file| {
            let name = file.id.as_str().strip_prefix("s3://")?;
            Some(name.split_once('/')?.1)
        });
        let keys: BTreeSet<&str> = keys.collect();
        let told = afar.signatures().into_iter();
        told.filter(|it| keys.contains(it.key.as_str())).collect()
    }
}
