//! Which files does a file hold, and who reads them?
//!
//! An archive's files come one after the other; small ones are gathered and read by all threads at once, and told in the
//! archive's order. What may come out of an archive is bounded: of each file, and of all together, however deep they lie.

use super::reading::{Ahead, Begun, Reader, Reading, begin_text, read_text};
use super::text::of_file;
use super::whole::with_buffers;
use crate::archive::{
    ArchiveKind, ArchiveLoss, HEAD, Member, archive_kind, each_in_tar, each_in_zip,
};
use crate::inflate::{Budget, Inflater};
use crate::integrity::ContentHash;
use crate::source::{Bytes, LogFile};
use crate::vocab::{LogFileId, Loss, LossKind, SkipReason};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// How a file is walked, and the files in it.
pub(super) struct Walk<'w, R> {
    pub reading: Reading<'w>,
    pub begin: &'w (dyn Fn(&LogFile) -> R + Sync),
    /// How many archives lie around it.
    pub depth: u8,
    /// How much was taken from the file itself.
    pub taken: &'w AtomicU64,
    /// How much may come out of the file itself and of all that lies in it.
    pub all: &'w Budget<'w>,
    pub trial: Trial,
}

/// Whether the files of an archive are read on trial. Which file is the first of which no more may come out must not rest on
/// how fast threads are; so several that are read at once, and spend all that is left, are read again one after the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trial {
    /// They are not, and nobody else spends meanwhile.
    None,
    /// They are: what is read counts only if enough is left.
    Going,
    /// They were, and in vain: no two are read at once.
    InVain,
}

/// How many archives may lie in each other.
const MOST_ARCHIVES: u8 = 3;
/// A zip archive is read from its end: of one that cannot be, so much is held.
const MOST_HELD_ARCHIVE: u64 = 256 << 20;
/// A file of this size or less is gathered with others; what the archive says of its size is not believed.
const SMALL: u64 = 4 << 20;
/// So many bytes, or so many files, are gathered at most.
const BATCH: (u64, usize) = (32 << 20, 1024);
/// CloudTrail's files have a ratio below ten, and are compressed already where they lie in an archive.
const HIGHEST_RATIO: u64 = 100;

/// Opens a file once more, where its source can.
pub(super) type Again<'s> = dyn Fn() -> Option<Box<dyn Bytes + 's>> + 's;

/// Hands every file of an archive to who takes it.
type Each<'e> = dyn FnOnce(&mut dyn FnMut(Member<'_>)) -> Vec<ArchiveLoss> + 'e;

impl<R: Reader> Walk<'_, R> {
    /// Opens a file: reads its text, or every file in it.
    pub(super) fn open(
        &self,
        file: &LogFile,
        (mut inflater, budget): (Inflater<'_>, &Budget<'_>),
        again: &Again<'_>,
        mut reader: R,
        done: &mut dyn FnMut(R),
    ) {
        if archive_kind(inflater.head(HEAD)) == Some(ArchiveKind::Zip)
            && let Some(bytes) = again()
        {
            let each: Box<Each<'_>> = Box::new(move |take| each_in_zip(bytes, take));
            self.unpack(file, each, &mut reader, done);
            return done(reader);
        }
        let begun = begin_text(inflater, file.bytes);
        match archive_kind(&begun.first) {
            None => {
                let ahead = match self.depth {
                    0 => Ahead::Yes,
                    _ => Ahead::IfJson,
                };
                read_text(file, begun, (self.reading, budget, ahead), &mut reader);
            }
            Some(_) if self.depth >= MOST_ARCHIVES => {
                let detail = format!("archives lie more than {MOST_ARCHIVES} deep in each other");
                reader.loss(of_file(&file.id, LossKind::TooDeep, &detail));
            }
            Some(ArchiveKind::Tar) => self.unpack_tar(file, begun, &mut reader, done),
            Some(ArchiveKind::Zip) => self.unpack_held_zip(file, begun, &mut reader, done),
        }
        if self.depth == 0 {
            reader.taken(self.taken.load(Ordering::Relaxed));
        }
        done(reader);
    }

    fn unpack_tar(
        &self,
        file: &LogFile,
        begun: Begun<'_>,
        reader: &mut R,
        done: &mut dyn FnMut(R),
    ) {
        let inflater = begun.inflater.with_budget(self.all);
        let (text, losses) = inflater.into_reader(begun.first);
        let each: Box<Each<'_>> = Box::new(move |take| each_in_tar(text, take));
        self.unpack(file, each, reader, done);
        for loss in losses.take() {
            reader.loss(Loss {
                offset: Some(loss.offset),
                bytes: loss.bytes,
                ..of_file(&file.id, loss.kind, &loss.detail)
            });
        }
    }

    /// A zip archive that has no place to go back to: in another archive, compressed, or piped in.
    fn unpack_held_zip(
        &self,
        file: &LogFile,
        begun: Begun<'_>,
        reader: &mut R,
        done: &mut dyn FnMut(R),
    ) {
        let (text, _) = begun.inflater.into_reader(begun.first);
        let mut held = Vec::new();
        let read = text.take(MOST_HELD_ARCHIVE + 1).read_to_end(&mut held);
        if read.is_err() || held.len() as u64 > MOST_HELD_ARCHIVE {
            let detail = format!(
                "a zip archive of more than {MOST_HELD_ARCHIVE} bytes that is piped in or lies in another file: give it as a file"
            );
            return reader.loss(of_file(&file.id, LossKind::SizeCap, &detail));
        }
        let each: Box<Each<'_>> = Box::new(move |take| each_in_zip(Cursor::new(held), take));
        self.unpack(file, each, reader, done);
    }

    fn unpack(&self, file: &LogFile, each: Box<Each<'_>>, reader: &mut R, done: &mut dyn FnMut(R)) {
        let mut members = Members {
            walk: Walk {
                reading: self.reading,
                begin: self.begin,
                depth: self.depth + 1,
                taken: self.taken,
                all: self.all,
                trial: self.trial,
            },
            archive: file,
            names: BTreeSet::new(),
            batch: Vec::new(),
            batched: 0,
            stopped: None,
            done,
        };
        let losses = each(&mut |member| members.take(member));
        members.flush();
        members.tell(losses, reader);
    }
}

/// How much may come out in all of a file of so many bytes and of all that lies in it.
pub(super) fn most_of(bytes: u64, reading: Reading<'_>) -> u64 {
    let usual = bytes.saturating_mul(HIGHEST_RATIO);
    reading.max_inflated.max(usual)
}

/// The files of one archive while it is walked.
struct Members<'m, R> {
    walk: Walk<'m, R>,
    archive: &'m LogFile,
    names: BTreeSet<String>,
    batch: Vec<Held>,
    batched: u64,
    /// The file at which all that may come out had come out.
    stopped: Option<String>,
    done: &'m mut dyn FnMut(R),
}

/// A small file of an archive, and why it broke off if it did.
struct Held {
    file: LogFile,
    bytes: Vec<u8>,
    failure: Option<(io::ErrorKind, String)>,
}

impl<R: Reader> Members<'_, R> {
    fn take(&mut self, member: Member<'_>) {
        let file = LogFile::new(self.unique_id(&member.name), member.bytes);
        let skipped = match member.content {
            None => Some(SkipReason::NotAFile),
            Some(_) => self.walk.reading.choice.passes_over(&file.id),
        };
        match (member.content, skipped) {
            // What lies in a tar archive as it is came out already.
            (Some(content), None) if !member.may_grow || self.walk.all.left() > 0 => {
                self.read(file, content, member.may_grow);
            }
            (_, Some(reason)) => {
                let mut reader = (self.walk.begin)(&file);
                reader.skip(reason);
                (self.done)(reader);
            }
            _ => {
                self.stopped.get_or_insert(member.name);
            }
        }
    }

    fn read(&mut self, file: LogFile, content: &mut dyn Read, may_grow: bool) {
        let Walk { all, reading, .. } = self.walk;
        let budget = match may_grow {
            true => all.within(reading.max_inflated),
            false => Budget::new(reading.max_inflated),
        };
        let mut content = Bounded {
            content,
            budget: &budget,
        };
        let mut bytes = Vec::new();
        let failure = (&mut content).take(SMALL + 1).read_to_end(&mut bytes).err();
        if bytes.len() as u64 > SMALL {
            self.flush();
            let reader = (self.walk.begin)(&file);
            let bytes = Box::new(Cursor::new(bytes).chain(&mut content));
            let budget = all.within(reading.max_inflated);
            let inflater = Inflater::new(bytes, &budget);
            let opened = (inflater, &budget);
            self.walk.open(&file, opened, &|| None, reader, self.done);
        } else {
            self.batched += bytes.len() as u64;
            self.batch.push(Held {
                file,
                bytes,
                failure: failure.map(|cause| (cause.kind(), cause.to_string())),
            });
        }
        if self.batched >= BATCH.0 || self.batch.len() >= BATCH.1 {
            self.flush();
        }
    }

    /// Reads what was gathered, with all threads.
    fn flush(&mut self) {
        self.batched = 0;
        let batch = std::mem::take(&mut self.batch);
        let read = self.walk.read_all(&batch);
        read.into_iter().flatten().for_each(&mut *self.done);
    }

    /// Tells how many files there were, and what could not be had.
    fn tell(self, losses: Vec<ArchiveLoss>, reader: &mut R) {
        reader.archive(self.names.len() as u64);
        for loss in losses {
            let Some(member) = loss.member else {
                reader.loss(of_file(&self.archive.id, loss.kind, &loss.detail));
                continue;
            };
            let file = LogFile::new(id_in(self.archive, &member), 0);
            let mut lost = (self.walk.begin)(&file);
            lost.loss(of_file(&file.id, loss.kind, &loss.detail));
            (self.done)(lost);
        }
        if let Some(name) = self.stopped {
            let most = self.walk.all.most();
            let detail =
                format!("more than {most} bytes would come out: nothing is read from `{name}` on");
            reader.loss(of_file(&self.archive.id, LossKind::SizeCap, &detail));
        }
    }

    /// A name that an archive gives twice is told apart by a number: both are evidence.
    fn unique_id(&mut self, name: &str) -> LogFileId {
        let mut unique = name.to_owned();
        let mut number = 1;
        while !self.names.insert(unique.clone()) {
            number += 1;
            unique = format!("{name}#{number}");
        }
        id_in(self.archive, &unique)
    }
}

fn id_in(archive: &LogFile, name: &str) -> LogFileId {
    LogFileId::new(format!("{}!/{name}", archive.id.as_str()))
}

impl<R: Reader> Walk<'_, R> {
    /// Reads files that are held, with all threads where enough is left for all of them.
    fn read_all(&self, batch: &[Held]) -> Vec<Vec<R>> {
        if self.trial == Trial::InVain {
            return batch.iter().map(|held| self.read_held(held)).collect();
        }
        let on_trial = self.on(Trial::Going);
        let before = self.all.spent();
        let files = batch.par_iter();
        let read = files.map(|held| on_trial.read_held(held)).collect();
        if self.trial == Trial::Going || self.all.left() > 0 {
            return read;
        }
        drop(read);
        self.all.rewind(before);
        self.on(Trial::InVain).read_all(batch)
    }

    fn on(&self, trial: Trial) -> Self {
        Self { trial, ..*self }
    }

    fn read_held(&self, held: &Held) -> Vec<R> {
        let mut readers = Vec::new();
        let hash = self.reading.custody.then(|| ContentHash::of(&held.bytes));
        let mut reader = (self.begin)(&held.file);
        if let Some(hash) = hash {
            reader.hashed(hash);
        }
        let budget = self.all.within(self.reading.max_inflated);
        let is_read = held.failure.is_none()
            && with_buffers(|buffers| {
                let (inner, reading) = (&mut buffers.inner, self.reading);
                inner.read(&held.file, &held.bytes, (reading, &budget), &mut reader)
            });
        if is_read {
            return vec![reader];
        }
        let failure = held.failure.clone();
        let bytes = Cursor::new(&held.bytes).chain(Failing(failure));
        let opened = (Inflater::new(Box::new(bytes), &budget), &budget);
        self.open(&held.file, opened, &|| None, reader, &mut |reader| {
            readers.push(reader);
        });
        readers
    }
}

/// Fails where what was read before failed.
struct Failing(Option<(io::ErrorKind, String)>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let failure = self.0.take();
        failure.map_or(Ok(0), |(kind, cause)| Err(io::Error::new(kind, cause)))
    }
}

/// A file of an archive, of which no more comes out than the budget allows.
struct Bounded<'r> {
    content: &'r mut dyn Read,
    budget: &'r Budget<'r>,
}

impl Read for Bounded<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.budget.left()).unwrap_or(usize::MAX);
        let mut probe = [0; 1];
        let is_probe = left == 0 && !room.is_empty();
        let most = room.len().min(left);
        let room = match is_probe {
            true => &mut probe[..],
            false => room.get_mut(..most).unwrap_or_default(),
        };
        let count = self.content.read(room).map_err(|cause| {
            let detail = format!("the file is damaged in its archive: {cause}");
            io::Error::new(io::ErrorKind::InvalidData, detail)
        })?;
        if is_probe && count > 0 {
            let detail = format!("more than {} bytes would come out", self.budget.bound());
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, detail));
        }
        self.budget.spend(count as u64);
        Ok(count)
    }
}
