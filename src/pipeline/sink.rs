//! Where does that go of which there may be millions: requests from outside, sessions, addresses?
//!
//! Each into sorted lines, which move to disk when they are many. What a thread cannot write stops the scan at its end.

use super::Options;
use super::issued::{Collecting, Issued, Register};
use super::reading::Reading;
use super::sought::Sought;
use super::traced::Stored;
use crate::event::{
    CitedIssuance, CitedRequest, Likeness, Whereabouts, bucket_of_prefix, bucket_prefix, prefix_of,
};
use crate::evidence::Evidence;
use crate::integrity::Material;
use crate::source::{LogFile, Source};
use crate::spill::{Lines, Sorted, Spill};
use crate::store::{KeptRecord, Story};
use crate::timeline::Visits;
use crate::vocab::{AccountId, BucketName, LogFileId, Timestamp};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::{Mutex, PoisonError};

/// So many bytes of requests are held in memory; of the others a quarter.
const HELD: usize = 16 << 20;

/// What one file has for the sinks.
#[derive(Default)]
pub(super) struct Catch {
    pub requests: Lines,
    /// Sessions, of what cannot be read again, or for a store.
    pub sessions: Vec<CitedIssuance>,
    /// The records that issue sessions, of what can.
    pub issued: Vec<Issued>,
    addresses: Vec<Whereabouts>,
    /// Where among them one of a likeness stands.
    likenesses: HashMap<u64, usize>,
    /// Records that are put aside for a store.
    pub kept: Vec<KeptRecord>,
}

impl Catch {
    /// Sees somebody's call from an address. Of the calls of one day that are alike the earliest is kept, however the
    /// records were split into files.
    pub fn see(
        &mut self,
        likeness: Option<Likeness<'_>>,
        service: &str,
        time: Timestamp,
        read: impl Fn() -> Option<Whereabouts>,
    ) {
        let Some(likeness) = likeness else {
            return;
        };
        let mut hasher = DefaultHasher::new();
        (likeness, service, time.unix().div_euclid(86_400)).hash(&mut hasher);
        let place = hasher.finish();
        let known = self.likenesses.get(&place).copied();
        let known = known.and_then(|number| self.addresses.get_mut(number));
        match known {
            Some(known) if known.time < time => {}
            Some(known) => {
                let earlier =
                    |found: &Whereabouts| (found.time, &found.event) < (known.time, &known.event);
                if let Some(found) = read().filter(earlier) {
                    *known = found;
                }
            }
            None => {
                if let Some(found) = read() {
                    self.likenesses.insert(place, self.addresses.len());
                    self.addresses.push(found);
                }
            }
        }
    }
}

impl Catch {
    /// All that one log file told, for a store.
    pub fn into_story(self, log_file: LogFileId, evidence: Evidence, material: Material) -> Story {
        let mut addresses = self.addresses;
        addresses.sort_unstable();
        Story {
            log_file,
            evidence,
            material,
            kept: self.kept,
            requests: self.requests,
            sessions: self.sessions,
            addresses,
        }
    }
}

/// What was packed, as lines.
fn lines(packed: impl Iterator<Item = Vec<u8>>) -> Lines {
    let mut lines = Lines::default();
    packed.for_each(|line| lines.push(&line));
    lines
}

/// Takes what all files have.
pub(super) struct Sinks {
    requests: Spill,
    sessions: Spill,
    issued: Mutex<Collecting>,
    addresses: Spill,
    failed: Mutex<Option<io::Error>>,
}

impl Sinks {
    pub fn new() -> Self {
        Self {
            requests: Spill::new(HELD),
            sessions: Spill::new(HELD / 4),
            issued: Mutex::new(Collecting::new()),
            addresses: Spill::new(HELD / 4),
            failed: Mutex::default(),
        }
    }

    /// Takes what one file has.
    pub fn take(&self, file: &LogFileId, catch: &Catch) {
        if !catch.issued.is_empty() {
            let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(cause) = issued.take(file, &catch.issued) {
                self.fail(cause);
            }
        }
        let sessions = lines(catch.sessions.iter().map(CitedIssuance::pack));
        let addresses = lines(catch.addresses.iter().map(Whereabouts::pack));
        let parts = [
            (&self.requests, &catch.requests),
            (&self.sessions, &sessions),
            (&self.addresses, &addresses),
        ];
        for (spill, lines) in parts {
            if !lines.is_empty() {
                self.add(spill, lines);
            }
        }
    }

    /// Takes requests.
    pub fn take_requests(&self, requests: &Lines) {
        self.add(&self.requests, requests);
    }

    fn add(&self, spill: &Spill, lines: &Lines) {
        if let Err(cause) = spill.add(lines) {
            self.fail(cause);
        }
    }

    fn fail(&self, cause: io::Error) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
    }

    /// All of it, sorted.
    pub fn finish<'s>(self) -> io::Result<Kept<'s>> {
        match self
            .failed
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
        {
            Some(cause) => Err(cause),
            None => Ok(Kept {
                requests: self.requests.finish(prefix_of)?,
                sessions: self.sessions.finish(|_| &[])?,
                issued: self
                    .issued
                    .into_inner()
                    .unwrap_or_else(PoisonError::into_inner)
                    .finish()?,
                addresses: self.addresses.finish(|_| &[])?,
                stored: None,
                sought: None,
                failed: Mutex::default(),
            }),
        }
    }
}

/// What was kept, sorted, to be read as often as need be.
#[derive(Default)]
pub(super) struct Kept<'s> {
    requests: Sorted,
    pub sessions: Sorted,
    pub issued: Register,
    pub addresses: Sorted,
    /// Sessions and addresses that a store holds, instead of those.
    pub stored: Option<Stored<'s>>,
    /// Where sessions and addresses are looked for that were not kept.
    pub sought: Option<Sought<'s>>,
    failed: Mutex<Option<io::Error>>,
}

impl<'s> Kept<'s> {
    /// The same, with the files in which addresses can be looked for.
    pub fn with_files(
        self,
        source: &'s dyn Source,
        files: Vec<LogFile>,
        options: &'s Options,
    ) -> Self {
        let reading = Reading {
            custody: false,
            ..options.reading()
        };
        let sought = Sought {
            source,
            files,
            reading,
            threads: options.threads,
        };
        Self {
            sought: Some(sought),
            ..self
        }
    }
}

impl Kept<'_> {
    /// Why something could not be read back.
    pub fn failure(&self) -> io::Result<()> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.take().map_or(Ok(()), Err)
    }

    /// What could be read; why something could not is remembered.
    pub fn sound<T>(&self, read: io::Result<T>) -> Option<T> {
        let remember = |cause| {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
        };
        read.map_err(remember).ok()
    }
}

impl Visits for Kept<'_> {
    fn buckets(&self) -> Vec<(Option<AccountId>, BucketName)> {
        let prefixes = self.requests.prefixes();
        prefixes.filter_map(bucket_of_prefix).collect()
    }

    fn of<'v>(
        &'v self,
        account: Option<&AccountId>,
        bucket: &BucketName,
    ) -> Box<dyn Iterator<Item = CitedRequest> + 'v> {
        let lines = self.requests.of(&bucket_prefix(account, bucket));
        let mut lines = lines.map_while(|line| self.sound(line)).peekable();
        Box::new(std::iter::from_fn(move || {
            let line = lines.next()?;
            let (mut cited, named) = CitedRequest::unpack(&line)?;
            let name = line.get(..named)?;
            while let Some(copy) = lines.next_if(|other| other.starts_with(name)) {
                let citation = CitedRequest::unpack(&copy)?.0.citation;
                cited.citation = cited.citation.min(citation);
            }
            Some(cited)
        }))
    }
}
