//! Which files does a file hold, and who reads them?
//!
//! An archive's files come one after the other; small ones are gathered and read by all threads at once, and told in the
//! archive's order. What may come out of an archive is bounded: of each file, and of all together.

use super::reading::{Begun, Reader, Reading, begin_text, read_text};
use super::text::of_file;
use super::whole::with_buffers;
use crate::archive::{
    ArchiveKind, ArchiveLoss, HEAD, Member, archive_kind, each_in_tar, each_in_zip,
};
use crate::inflate::Inflater;
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
        mut inflater: Inflater<'_>,
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
            None => read_text(file, begun, self.reading, &mut reader),
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
        let inflater = begun.inflater.with_cap(self.most_of(file));
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
            },
            archive: file,
            names: BTreeSet::new(),
            left: self.most_of(file),
            batch: Vec::new(),
            batched: 0,
            stopped: None,
            done,
        };
        let losses = each(&mut |member| members.take(member));
        members.flush();
        members.tell(losses, reader);
    }

    /// How much may come out of an archive in all.
    fn most_of(&self, file: &LogFile) -> u64 {
        let usual = file.bytes.saturating_mul(HIGHEST_RATIO);
        self.reading.max_inflated.max(usual)
    }
}

/// The files of one archive while it is walked.
struct Members<'m, R> {
    walk: Walk<'m, R>,
    archive: &'m LogFile,
    names: BTreeSet<String>,
    /// How much may yet come out.
    left: u64,
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
    failure: Option<io::Error>,
}

impl<R: Reader> Members<'_, R> {
    fn take(&mut self, member: Member<'_>) {
        let file = LogFile::new(self.unique_id(&member.name), member.bytes);
        let skipped = match member.content {
            None => Some(SkipReason::NotAFile),
            Some(_) => self.walk.reading.choice.passes_over(&file.id),
        };
        match (member.content, skipped) {
            (Some(content), None) if self.left > 0 => self.read(file, content),
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

    fn read(&mut self, file: LogFile, content: &mut dyn Read) {
        let mut content = Bounded {
            content,
            left: self.left.min(self.walk.reading.max_inflated),
            taken: 0,
        };
        let mut bytes = Vec::new();
        let failure = (&mut content).take(SMALL + 1).read_to_end(&mut bytes).err();
        if bytes.len() as u64 > SMALL {
            self.flush();
            let reader = (self.walk.begin)(&file);
            let bytes = Box::new(Cursor::new(bytes).chain(&mut content));
            let inflater = Inflater::new(bytes, self.walk.reading.max_inflated);
            self.walk.open(&file, inflater, &|| None, reader, self.done);
        } else {
            self.batched += bytes.len() as u64;
            self.batch.push(Held {
                file,
                bytes,
                failure,
            });
        }
        self.left = self.left.saturating_sub(content.taken);
        if self.batched >= BATCH.0 || self.batch.len() >= BATCH.1 {
            self.flush();
        }
    }

    /// Reads what was gathered, with all threads.
    fn flush(&mut self) {
        self.batched = 0;
        let walk = &self.walk;
        let read: Vec<Vec<R>> = std::mem::take(&mut self.batch)
            .into_par_iter()
            .map(|held| walk.read_held(held))
            .collect();
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
            let most = self.walk.most_of(self.archive);
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
    fn read_held(&self, held: Held) -> Vec<R> {
        let mut readers = Vec::new();
        let hash = self.reading.custody.then(|| ContentHash::of(&held.bytes));
        let mut reader = (self.begin)(&held.file);
        if let Some(hash) = hash {
            reader.hashed(hash);
        }
        let is_read = held.failure.is_none()
            && with_buffers(|buffers| {
                let inner = &mut buffers.inner;
                inner.read(&held.file, &held.bytes, self.reading, &mut reader)
            });
        if is_read {
            return vec![reader];
        }
        let bytes = Cursor::new(held.bytes).chain(Failing(held.failure));
        let inflater = Inflater::new(Box::new(bytes), self.reading.max_inflated);
        self.open(&held.file, inflater, &|| None, reader, &mut |reader| {
            readers.push(reader);
        });
        readers
    }
}

/// Fails where what was read before failed.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// A file of an archive, of which no more than so much comes out.
struct Bounded<'r> {
    content: &'r mut dyn Read,
    left: u64,
    taken: u64,
}

impl Read for Bounded<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(room).map_err(|cause| {
            let detail = format!("the file is damaged in its archive: {cause}");
            io::Error::new(io::ErrorKind::InvalidData, detail)
        })?;
        self.taken = self.taken.saturating_add(count as u64);
        if self.taken > self.left {
            let detail = format!("more than {} bytes would come out", self.left);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, detail));
        }
        Ok(count)
    }
}
