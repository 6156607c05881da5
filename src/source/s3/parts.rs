//! How is an object read that is too large to be held? In parts, a few of them fetched ahead while it is read in order.

use super::client::{Client, Wanted};
use super::refusal::Refusal;
use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// So many bytes are a part.
const PART: u64 = 8 << 20;
/// So many parts are under way at most.
const AHEAD: usize = 4;

/// An object that is read in parts.
pub(super) struct Parts {
    pub client: Arc<Client>,
    pub handle: Handle,
    pub bucket: String,
    pub key: String,
    pub etag: Option<Box<str>>,
    pub bytes: u64,
    reading: Reading,
}

/// How far the reading is.
#[derive(Default)]
struct Reading {
    /// The next byte.
    at: u64,
    /// The part that is read, by its number.
    held: Option<(u64, Vec<u8>)>,
    coming: VecDeque<(u64, Coming)>,
}

/// A part that is under way.
type Coming = JoinHandle<Result<Vec<u8>, Refusal>>;

impl Parts {
    pub fn new(
        (client, handle): (&Arc<Client>, &Handle),
        (bucket, key): (&str, &str),
        etag: Option<Box<str>>,
        bytes: u64,
    ) -> Self {
        Self {
            client: client.clone(),
            handle: handle.clone(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            etag,
            bytes,
            reading: Reading::default(),
        }
    }

    fn begin(&mut self, part: u64) {
        let first = part.saturating_mul(PART);
        let last = first.saturating_add(PART).min(self.bytes).saturating_sub(1);
        let (client, bucket, key) = (self.client.clone(), self.bucket.clone(), self.key.clone());
        let etag = self.etag.clone();
        let fetched = self.handle.spawn(async move {
            let wanted = Wanted {
                bucket: &bucket,
                key: &key,
                etag: etag.as_deref(),
                range: Some((first, last)),
                bytes: last - first + 1,
            };
            client.fetch(wanted).await
        });
        self.reading.coming.push_back((part, fetched));
    }

    /// Gets a part, and begins the next ones if it is read in order.
    fn get(&mut self, part: u64) -> io::Result<()> {
        let before = self.reading.held.as_ref().map(|(held, _)| *held);
        let in_order = before.is_none_or(|before| before + 1 == part);
        if self
            .reading
            .coming
            .front()
            .is_none_or(|(next, _)| *next != part)
        {
            self.stop();
            self.begin(part);
        }
        let last = self.bytes.saturating_sub(1) / PART;
        while in_order && self.reading.coming.len() < AHEAD {
            let next = self
                .reading
                .coming
                .back()
                .map_or(part, |(coming, _)| coming + 1);
            if next > last {
                break;
            }
            self.begin(next);
        }
        let Some((_, fetched)) = self.reading.coming.pop_front() else {
            return Err(io::Error::other("nothing was asked for"));
        };
        let fetched = self.handle.block_on(fetched).map_err(io::Error::other)?;
        let fetched = fetched.map_err(|refusal| io::Error::other(refusal.line()))?;
        self.reading.held = Some((part, fetched));
        Ok(())
    }

    fn stop(&mut self) {
        for (_, fetched) in self.reading.coming.drain(..) {
            fetched.abort();
        }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Read for Parts {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let at = self.reading.at;
        if at >= self.bytes || room.is_empty() {
            return Ok(0);
        }
        let part = at / PART;
        if self
            .reading
            .held
            .as_ref()
            .is_none_or(|(held, _)| *held != part)
        {
            self.get(part)?;
        }
        let from = usize::try_from(at % PART).unwrap_or(0);
        let held = self.reading.held.as_ref().map(|(_, held)| held.as_slice());
        let held = held.and_then(|held| held.get(from..)).unwrap_or_default();
        let count = held.len().min(room.len());
        if let Some((room, held)) = room.get_mut(..count).zip(held.get(..count)) {
            room.copy_from_slice(held);
        }
        self.reading.at += count as u64;
        Ok(count)
    }
}

impl Seek for Parts {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.reading.at.checked_add_signed(by),
        };
        self.reading.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.reading.at)
    }
}
