//! What of a file's bytes is held?
//!
//! So much as is looked at: a little ahead of what was taken, and more only while the next whole member is looked for.

use crate::vocab::LossKind;
use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, Read};

/// A reader that can look ahead.
pub(super) struct Input<'r> {
    source: Box<dyn Read + 'r>,
    held: Vec<u8>,
    /// How much of what is held was taken.
    at: usize,
    /// Where what is held begins in the file.
    base: u64,
    ended: bool,
    failure: Option<(LossKind, String)>,
}

/// So much is asked of the reader at once.
const READ: usize = 1 << 16;

impl<'r> Input<'r> {
    pub(super) fn new(source: Box<dyn Read + 'r>) -> Self {
        Self {
            source,
            held: Vec::new(),
            at: 0,
            base: 0,
            ended: false,
            failure: None,
        }
    }

    /// Where the next byte lies in the file.
    pub(super) fn offset(&self) -> u64 {
        self.base.saturating_add(self.at as u64)
    }

    /// Why reading broke off, if it did.
    pub(super) fn take_failure(&mut self) -> Option<(LossKind, String)> {
        self.failure.take()
    }

    /// The next bytes, at least so many unless the file ends before, left in place.
    pub(super) fn fill(&mut self, want: usize) -> &[u8] {
        while !self.ended && self.held.len() - self.at < want {
            if self.at >= READ {
                self.held.drain(..self.at);
                self.base += self.at as u64;
                self.at = 0;
            }
            let before = self.held.len();
            self.held
                .resize(before + READ.max(want.saturating_sub(before)), 0);
            let room = self.held.get_mut(before..).unwrap_or_default();
            let read = self.source.read(room);
            self.held
                .truncate(before + read.as_ref().map_or(0, |count| *count));
            match read {
                Ok(0) => self.ended = true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = match error.kind() {
                        io::ErrorKind::FileTooLarge => LossKind::SizeCap,
                        io::ErrorKind::InvalidData => LossKind::CorruptArchive,
                        _ => LossKind::Unreadable,
                    };
                    self.failure = Some((kind, error.to_string()));
                    self.ended = true;
                }
            }
        }
        self.held.get(self.at..).unwrap_or_default()
    }

    /// Takes bytes that were looked at.
    pub(super) fn consume(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.held.len());
    }

    /// Takes bytes into a buffer; 0 at the end.
    pub(super) fn read(&mut self, out: &mut [u8]) -> usize {
        let next = self.fill(1);
        let count = next.len().min(out.len());
        if let (Some(from), Some(to)) = (next.get(..count), out.get_mut(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        count
    }

    /// Takes zeros; gives the bytes behind them.
    pub(super) fn skip_zeros(&mut self) -> &[u8] {
        loop {
            let next = self.fill(2);
            let zeros = next.iter().position(|byte| *byte != 0);
            let count = zeros.unwrap_or(next.len());
            self.consume(count);
            if zeros.is_some() || self.fill(1).is_empty() {
                return self.fill(2);
            }
        }
    }

    /// Goes to the next place where a member begins that is whole, or so long that chance cannot have made it; else to the
    /// end. Says whether there is one.
    pub(super) fn seek_whole_member(&mut self) -> bool {
        let mut tries = 0;
        loop {
            let next = self.fill(READ);
            let start = next.windows(4).position(is_member_start);
            let rest = next.len().saturating_sub(3);
            match start {
                Some(start) if tries < TRIES => {
                    tries += 1;
                    self.consume(start);
                    if self.is_worth_resuming() {
                        return true;
                    }
                    self.consume(1);
                }
                _ if next.len() < READ => {
                    let all = next.len();
                    self.consume(all);
                    return false;
                }
                _ => self.consume(rest),
            }
        }
    }

    /// Whether the member that begins here is whole, or goes on without damage for as long as a try may last.
    fn is_worth_resuming(&mut self) -> bool {
        let mut inflater = Decompress::new_gzip(15);
        let mut room = vec![0; READ];
        loop {
            let taken = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
            if taken >= TRY || inflater.total_out() >= TRY as u64 {
                return true;
            }
            let input = self.fill(taken.saturating_add(READ));
            let input = input.get(taken..).unwrap_or_default();
            let made = inflater.total_out();
            match inflater.decompress(input, &mut room, FlushDecompress::None) {
                Ok(Status::StreamEnd) => return true,
                Ok(_) if inflater.total_out() == made && inflater.total_in() == taken as u64 => {
                    return false;
                }
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }
}

/// How many places that look like the start of a member are tried: the magic also occurs by chance in compressed bytes.
const TRIES: usize = 16;
/// How much a try may hold on to, and bring out.
const TRY: usize = 1 << 24;

/// Magic, method deflate, and none of the reserved flags.
fn is_member_start(window: &[u8]) -> bool {
    matches!(window, [0x1f, 0x8b, 8, flags] if flags & 0xe0 == 0)
}
