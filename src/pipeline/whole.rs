//! How is a usual file read: one that can be held, sound, with one layer of compression or none?
//!
//! At once: fetched, inflated by the fastest decoder, split. Whatever is unusual about it is left to the stream, which finds out
//! what it is. Each thread has buffers that it keeps.

use super::reading::{Reader, Reading, next_length};
use super::text::{End, TextSplitter, opener};
use crate::archive::{HEAD, archive_kind};
use crate::inflate::{Budget, FirstMember, Inflater, Whole, WholeInflater, is_gzip};
use crate::record::{After, Decoder, MAX_WINDOW};
use crate::source::LogFile;
use std::cell::Cell;
use std::io::{ErrorKind, Read};

/// A file longer than this is streamed.
const MOST_BYTES: u64 = 64 << 20;
/// So is one of which more comes out.
const MOST_TEXT: u64 = 256 << 20;
/// A text is gone through by windows of this length: what was split of one is still in the processor's cache when it is glanced at.
const WINDOW: usize = 256 << 10;
/// A text longer than this is checked by windows too: less is in the cache anyway.
const LONG_TEXT: usize = 2 * WINDOW;
/// A buffer longer than this is given back after use.
const MOST_KEPT: usize = 64 << 20;

/// What a thread keeps from file to file.
#[derive(Default)]
pub(super) struct Buffers {
    /// A file, as it lies there, and what is left of longer ones.
    pub bytes: Vec<u8>,
    pub inner: Inner,
}

/// What is needed to read a file that is held.
#[derive(Default)]
pub(super) struct Inner {
    text: Vec<u8>,
    inflater: Option<WholeInflater>,
    decoder: Decoder,
}

/// Lends a thread's buffers. Whoever asks while they are lent gets new ones.
pub(super) fn with_buffers<T>(work: impl FnOnce(&mut Buffers) -> T) -> T {
    thread_local! {
        static BUFFERS: Cell<Option<Box<Buffers>>> = const { Cell::new(None) };
    }
    let mut buffers = BUFFERS.take().unwrap_or_default();
    let done = work(&mut buffers);
    buffers.inner.text.clear();
    for buffer in [&mut buffers.bytes, &mut buffers.inner.text] {
        buffer.truncate(MOST_KEPT);
        buffer.shrink_to(MOST_KEPT);
    }
    BUFFERS.set(Some(buffers));
    done
}

/// Whether a file may be read at once.
pub(super) fn may_be_held(file: &LogFile, reading: Reading<'_>) -> bool {
    reading.is_fast() && !file.is_standard_input() && file.bytes <= MOST_BYTES
}

/// Fetches all bytes of a file to the front of a buffer; says how many, if they are all, and no more than were listed. What
/// the buffer held before is written over, not cleared.
pub(super) fn fetch(from: &mut dyn Read, listed: u64, bytes: &mut Vec<u8>) -> Option<usize> {
    let room = usize::try_from(listed).ok()?.checked_add(1)?;
    if bytes.len() < room {
        bytes.clear();
        bytes.resize(room, 0);
    }
    let mut known = 0;
    loop {
        match from.read(bytes.get_mut(known..room)?) {
            // There is room for one byte more than was listed.
            Ok(0) => return (known < room).then_some(known),
            // All that was listed came at once, though there was room for more: that was the end.
            Ok(all) if known == 0 && all + 1 == room => return Some(all),
            Ok(more) => known += more,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

impl Inner {
    /// Reads a file that is held, if nothing about it is unusual; says whether it did.
    pub fn read(
        &mut self,
        file: &LogFile,
        bytes: &[u8],
        (reading, budget): (Reading<'_>, &Budget<'_>),
        reader: &mut dyn Reader,
    ) -> bool {
        if !reading.is_fast() {
            return false;
        }
        if !is_gzip(bytes) {
            let plain = Whole {
                members: 0,
                first: FirstMember::default(),
                checksum: None,
            };
            let is_archive = archive_kind(bytes.get(..HEAD).unwrap_or(bytes)).is_some();
            if !is_archive {
                read_text(
                    file,
                    (bytes, plain),
                    bytes,
                    (reading, budget),
                    &mut self.decoder,
                    reader,
                );
            }
            return !is_archive;
        }
        if self.inflater.is_none() {
            self.inflater = WholeInflater::new();
        }
        let most = usize::try_from(budget.left().min(MOST_TEXT)).unwrap_or(usize::MAX);
        let Some(whole) = self
            .inflater
            .as_mut()
            .and_then(|inflater| inflater.inflate_ahead(bytes, &mut self.text, (most, LONG_TEXT)))
        else {
            return false;
        };
        let text = self.text.as_slice();
        if is_gzip(text) || archive_kind(text.get(..HEAD).unwrap_or(text)).is_some() {
            return false;
        }
        budget.spend(text.len() as u64);
        read_text(
            file,
            (text, whole),
            bytes,
            (reading, budget),
            &mut self.decoder,
            reader,
        );
        true
    }
}

/// Reads a text that is held, and came out of these bytes.
fn read_text(
    file: &LogFile,
    (text, mut whole): (&[u8], Whole),
    bytes: &[u8],
    (reading, budget): (Reading<'_>, &Budget<'_>),
    decoder: &mut Decoder,
    reader: &mut dyn Reader,
) {
    reader.text(text, whole.first);
    let opener = opener(budget);
    let mut splitter = TextSplitter::new(file, text, &opener, reading);
    splitter.is_compressed = whole.members > 0;
    let (mut from, mut most) = (0, WINDOW);
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let (window, after) = match rest.get(..most) {
            Some(window) if window.len() < rest.len() && most < MAX_WINDOW => (window, After::More),
            Some(window) if window.len() < rest.len() => (window, After::Full),
            _ => (rest, After::End),
        };
        let (done, is_over) = splitter.feed(window, after, decoder, reader);
        if is_over {
            break;
        }
        if let Some(checksum) = &mut whole.checksum {
            checksum.add(window.get(..done).unwrap_or_default());
        }
        from += done;
        most = next_length(window.len() - done, most);
    }
    let last = text.get(from..).unwrap_or_default();
    let mut end = End {
        members: whole.members,
        size: bytes.len() as u64,
        first: whole.first,
        losses: Vec::new(),
        whole: Some(text),
        last,
    };
    let holds = whole.checksum.is_none_or(|mut checksum| {
        checksum.add(last);
        checksum.holds()
    });
    if !holds {
        // The stream gives the same text, and says what is wrong with it.
        let budget = Budget::new(u64::MAX);
        let mut stream = Inflater::new(Box::new(bytes), &budget);
        let mut piece = Vec::new();
        while stream.read_into(&mut piece, WINDOW, WINDOW) > 0 {
            piece.clear();
        }
        end.losses = stream.take_losses();
        end.first = stream.first_member();
        reader.text(&[], end.first);
    }
    splitter.end(end, reader);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Chain};

    /// Gives a byte at a time, each after it was disturbed, and fails at the end if it is to.
    struct Slow<'b> {
        bytes: &'b [u8],
        is_disturbed: bool,
        fails: bool,
    }

    impl Read for Slow<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            self.is_disturbed = !self.is_disturbed;
            match (self.is_disturbed, self.bytes) {
                (true, _) => Err(ErrorKind::Interrupted.into()),
                (false, []) if self.fails => Err(ErrorKind::Other.into()),
                (false, _) => self.bytes.read(room.get_mut(..1).unwrap_or_default()),
            }
        }
    }

    #[test]
    fn a_file_is_fetched_whole_or_not_at_all() {
        let mut buffer = Vec::new();
        for text in [&b"long enough"[..], b"short", b"", b"the longest of all"] {
            for (listed, is_whole) in [(0, true), (3, true), (-1, false)] {
                let Some(listed) = text.len().checked_add_signed(listed) else {
                    continue;
                };
                let slow = |fails| Slow {
                    bytes: text,
                    is_disturbed: false,
                    fails,
                };
                let mut at_once: Chain<&[u8], &[u8]> = text.chain(&[][..]);
                let froms: [&mut dyn Read; 2] = [&mut slow(false), &mut at_once];
                for from in froms {
                    let length = fetch(from, listed as u64, &mut buffer);
                    assert_eq!(
                        length.map(|length| &buffer[..length]),
                        is_whole.then_some(text)
                    );
                }
                assert_eq!(fetch(&mut slow(true), listed as u64, &mut buffer), None);
            }
        }
    }
}
