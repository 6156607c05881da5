//! Where does a text's next piece come from: the inflater, or one that runs ahead of the reader on a thread of its own?
//!
//! A long file that must be streamed would keep one core busy. Inflating it takes longer than reading what comes out, so the
//! reader is given a thread, and the two overlap. What is told of the file goes along with each piece: it rests on the pieces, not on how
//! far ahead the inflater is.

use super::reading::{Ahead, Reading};
use crate::inflate::{FirstMember, InflateLoss, Inflater};
use crate::source::LogFile;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// A file of so many bytes is worth a thread.
const LONG: u64 = 8 << 20;
/// How long a piece is at most.
const PIECE: usize = 1 << 20;
/// How many pieces may wait to be read.
const AHEAD: usize = 8;

/// Where text comes from, and what is known of its file so far.
pub(super) trait Pieces {
    /// Appends text, up to `most` bytes in all; nothing is appended at the end only. The guess is how much there may be.
    fn read_into(&mut self, text: &mut Vec<u8>, guess: usize, most: usize);
    /// How many gzip members were met.
    fn members(&self) -> u32;
    /// How far the first of them reaches.
    fn first_member(&self) -> FirstMember;
    /// How many bytes of the file were taken.
    fn offset(&self) -> u64;
    /// What could not be inflated so far.
    fn take_losses(&mut self) -> Vec<InflateLoss>;
}

impl Pieces for Inflater<'_> {
    fn read_into(&mut self, text: &mut Vec<u8>, guess: usize, most: usize) {
        self.read_into(text, guess, most);
    }

    fn members(&self) -> u32 {
        self.members()
    }

    fn first_member(&self) -> FirstMember {
        self.first_member()
    }

    fn offset(&self) -> u64 {
        self.offset()
    }

    fn take_losses(&mut self) -> Vec<InflateLoss> {
        self.take_losses()
    }
}

/// A piece of text, and what is known of its file behind it.
struct Piece {
    text: Vec<u8>,
    members: u32,
    first: FirstMember,
    offset: u64,
    losses: Vec<InflateLoss>,
}

impl Piece {
    /// What is known before the next piece.
    fn nothing_more(inflater: &mut Inflater<'_>) -> Self {
        Self {
            text: Vec::new(),
            members: inflater.members(),
            first: inflater.first_member(),
            offset: inflater.offset(),
            losses: inflater.take_losses(),
        }
    }

    fn next(inflater: &mut Inflater<'_>) -> Self {
        let mut text = Vec::with_capacity(PIECE);
        while text.len() < PIECE && inflater.read_into(&mut text, PIECE, PIECE) > 0 {}
        Self {
            text,
            ..Self::nothing_more(inflater)
        }
    }
}

/// Pieces that another thread inflates.
struct Piped {
    from: Receiver<Piece>,
    last: Piece,
    /// How much of the last piece was handed on.
    done: usize,
    losses: Vec<InflateLoss>,
}

impl Pieces for Piped {
    fn read_into(&mut self, text: &mut Vec<u8>, guess: usize, most: usize) {
        if self.done == self.last.text.len() {
            let Ok(mut piece) = self.from.recv() else {
                return;
            };
            self.losses.append(&mut piece.losses);
            (self.last, self.done) = (piece, 0);
        }
        let rest = self.last.text.get(self.done..).unwrap_or_default();
        let count = rest.len().min(most.saturating_sub(text.len()));
        if text.capacity() < text.len() + count {
            let room = guess.min(most).saturating_sub(text.len());
            text.reserve(room.max(count));
        }
        text.extend_from_slice(rest.get(..count).unwrap_or_default());
        self.done += count;
    }

    fn members(&self) -> u32 {
        self.last.members
    }

    fn first_member(&self) -> FirstMember {
        self.last.first
    }

    fn offset(&self) -> u64 {
        self.last.offset
    }

    fn take_losses(&mut self) -> Vec<InflateLoss> {
        std::mem::take(&mut self.losses)
    }
}

/// Lends the pieces of a file's text to who reads them: on a thread of its own, where that is worth it.
pub(super) fn with_pieces(
    file: &LogFile,
    inflater: &mut Inflater<'_>,
    (reading, ahead): (Reading<'_>, Ahead),
    read: impl FnOnce(&mut dyn Pieces) + Send,
) {
    let is_long = file.bytes >= LONG || file.is_standard_input();
    if !is_long || ahead == Ahead::No || !reading.is_fast() || rayon::current_num_threads() < 2 {
        return read(inflater);
    }
    let mut last = Piece::nothing_more(inflater);
    let losses = std::mem::take(&mut last.losses);
    let (to, from) = sync_channel(AHEAD);
    let mut piped = Piped {
        from,
        last,
        done: 0,
        losses,
    };
    thread::scope(|scope| {
        scope.spawn(move || read(&mut piped));
        send_all(inflater, &to);
        drop(to);
    });
}

/// Inflates until the end, or until nobody reads on.
fn send_all(inflater: &mut Inflater<'_>, to: &SyncSender<Piece>) {
    loop {
        let piece = Piece::next(inflater);
        let is_last = piece.text.is_empty();
        if to.send(piece).is_err() || is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inflate::Budget;
    use crate::pipeline::Way;
    use crate::source::FileChoice;
    use crate::vocab::LogFileId;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::{Cursor, Write};

    #[derive(PartialEq, Eq, Debug)]
    struct Told {
        text: Vec<u8>,
        members: u32,
        first: FirstMember,
        offset: u64,
        losses: Vec<InflateLoss>,
    }

    /// Has bytes that are piped in read on a pool of so many threads; gives how many were taken.
    fn read_with(bytes: &[u8], threads: usize, read: impl FnOnce(&mut dyn Pieces) + Send) -> u64 {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let file = LogFile::new(LogFileId::new("-"), 0);
        let reading = Reading {
            custody: false,
            max_inflated: u64::MAX,
            choice: &FileChoice::ALL,
            way: Way::Fast,
        };
        pool.build().unwrap().install(|| {
            let budget = Budget::new(u64::MAX);
            let mut inflater = Inflater::new(Box::new(Cursor::new(bytes)), &budget);
            with_pieces(&file, &mut inflater, (reading, Ahead::Yes), read);
            inflater.offset()
        })
    }

    /// What is told of bytes that are piped in, read by so many bytes at once.
    fn told(bytes: &[u8], threads: usize, at_once: usize) -> Told {
        let mut all = None;
        read_with(bytes, threads, |pieces| {
            let mut text = Vec::new();
            loop {
                let (known, most) = (text.len(), text.len() + at_once);
                pieces.read_into(&mut text, at_once, most);
                if text.len() == known {
                    break;
                }
            }
            all = Some(Told {
                text,
                members: pieces.members(),
                first: pieces.first_member(),
                offset: pieces.offset(),
                losses: pieces.take_losses(),
            });
        });
        all.unwrap()
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_thread_of_its_own_changes_nothing() {
        let numbers: Vec<String> = (0..400_000).map(|number| number.to_string()).collect();
        let member = gzip(numbers.join(",").as_bytes());
        let (mut broken, half) = (member.clone(), member.len() / 2);
        broken[half..half + 50].fill(0xff);
        let two = [member.as_slice(), &broken, &member, b"junk"].concat();
        for bytes in [&member[..], &broken, &member[..half], &two, b"", b"{}"] {
            let alone = told(bytes, 1, 1 << 18);
            assert!(
                bytes.len() < 10 || alone.text.len() > PIECE,
                "{}",
                bytes.len()
            );
            for at_once in [1 << 18, PIECE * 3 / 2, 77_777] {
                assert_eq!(told(bytes, 2, at_once), alone, "{} bytes", bytes.len());
            }
        }
    }

    #[test]
    fn who_does_not_read_on_ends_it() {
        let bytes = gzip(&vec![b' '; 64 * PIECE]);
        let taken = read_with(&bytes, 2, |pieces| {
            pieces.read_into(&mut Vec::new(), 10, 10);
        });
        assert!(taken < bytes.len() as u64);
    }
}
