//! How is one file opened, and what of it is handed on?
//!
//! Bytes become text, text becomes records; what is damaged on the way is handed on as a loss. A file may hold files: each
//! has a reader of its own. Text is held a window at a time, so that what is in memory does not grow with a file.

use super::archives::{Trial, Walk, most_of};
use super::pieces::{Pieces, with_pieces};
use super::text::{End, TextSplitter, opener};
use super::whole::{Buffers, fetch, may_be_held, with_buffers};
use crate::inflate::{Budget, FirstMember, InflateLoss, Inflater, is_gzip};
use crate::integrity::ContentHash;
use crate::record::{After, Decoder, Glance, MAX_WINDOW, RawRecord, Record, TextKind};
use crate::source::{Bytes, FileChoice, LogFile, Source};
use crate::vocab::{Loss, SkipReason};
use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// Who takes the records of one file.
pub(super) trait Reader: Send {
    /// The next piece of the text, as it came out, and how far the first gzip member reaches as far as is known.
    fn text(&mut self, _: &[u8], _: FirstMember) {}
    /// Whether all of the text is wanted, also where nothing is found in it.
    fn wants_rest(&self) -> bool {
        false
    }
    /// The text is at its end.
    fn end(&mut self, _: &Ended<'_>) {}
    /// The hash of the file as it lies there.
    fn hashed(&mut self, _: ContentHash) {}
    /// A window of the text, before its records.
    fn window(&mut self, _: &[u8]) {}
    /// Whether a record is to be read; where in the window it stands, if it was not unpacked from something in it; what it says
    /// at a glance. Whoever says no has counted it.
    fn wants(&mut self, _: &RawRecord<'_>, _at: Option<usize>, _: Option<&Glance<'_>>) -> bool {
        true
    }
    /// A record that can be read.
    fn record(&mut self, raw: &RawRecord<'_>, record: &Record<'_>);
    /// Something that cannot be read. It may be one record.
    fn loss(&mut self, loss: Loss);
    /// So many elements of the text are records that cannot be read; the losses say why.
    fn damaged(&mut self, records: u64);
    /// The file is no log file.
    fn skip(&mut self, reason: SkipReason);
    /// The file is an archive, of which so many files were read.
    fn archive(&mut self, _members: u64) {}
    /// So many bytes were taken from a file whose size was not known before.
    fn taken(&mut self, _bytes: u64) {}
}

/// What is known of a text at its end.
pub(super) struct Ended<'e> {
    pub kind: TextKind,
    /// How many gzip members there were.
    pub members: u32,
    /// How many bytes the file has.
    pub size: u64,
    pub first: FirstMember,
    pub losses: &'e [InflateLoss],
    /// The text, where one window held it.
    pub whole: Option<&'e [u8]>,
}

/// What is read of a source, and how much may come out of it.
#[derive(Clone, Copy)]
pub(super) struct Reading<'o> {
    /// Whether files are hashed as they lie there.
    pub custody: bool,
    /// How many bytes may come out of one file's compression.
    pub max_inflated: u64,
    /// Which files are read.
    pub choice: &'o FileChoice,
    /// Which way is gone.
    pub way: Way,
}

/// By which way files are read: the results are the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Way {
    /// The fastest that a file's soundness allows.
    #[default]
    Fast,
    /// Everything streamed, split byte by byte, and read by another parser first: what the fast way is compared with.
    Slow,
}

impl Reading<'_> {
    pub fn is_fast(&self) -> bool {
        self.way == Way::Fast
    }
}

/// Opens a file and hands its records and losses to the reader that `begin` makes for it, and those of every file in it to
/// readers of their own; each goes to `done` when its file is read, in a fixed order.
pub(super) fn read_records<R: Reader>(
    source: &dyn Source,
    file: &LogFile,
    reading: Reading<'_>,
    begin: &(dyn Fn(&LogFile) -> R + Sync),
    done: &mut dyn FnMut(R),
) {
    let mut reader = begin(file);
    if let Some(reason) = reading.choice.passes_over(&file.id) {
        reader.skip(reason);
        return done(reader);
    }
    match source.open(file) {
        Err(loss) => {
            reader.loss(loss);
            done(reader);
        }
        Ok(bytes) if may_be_held(file, reading) => {
            with_buffers(|buffers| {
                open_held(source, file, reading, (bytes, buffers), begin, reader, done)
            });
        }
        Ok(bytes) => {
            if let Some(hash) = hash_of(source, file, reading) {
                reader.hashed(hash);
            }
            stream(source, file, reading, bytes, begin, reader, done);
        }
    }
}

/// Reads a file at once; by the stream, if it is not as it was listed, or unusual.
fn open_held<R: Reader>(
    source: &dyn Source,
    file: &LogFile,
    reading: Reading<'_>,
    (mut bytes, buffers): (Box<dyn Bytes + '_>, &mut Buffers),
    begin: &(dyn Fn(&LogFile) -> R + Sync),
    mut reader: R,
    done: &mut dyn FnMut(R),
) {
    let length = fetch(&mut bytes, file.bytes, &mut buffers.bytes);
    drop(bytes);
    let Some(held) = length.and_then(|length| buffers.bytes.get(..length)) else {
        return match source.open(file) {
            Ok(bytes) => {
                if let Some(hash) = hash_of(source, file, reading) {
                    reader.hashed(hash);
                }
                stream(source, file, reading, bytes, begin, reader, done);
            }
            Err(loss) => {
                reader.loss(loss);
                done(reader);
            }
        };
    };
    if reading.custody {
        reader.hashed(ContentHash::of(held));
    }
    let budget = Budget::new(reading.max_inflated);
    let inner = &mut buffers.inner;
    if inner.read(file, held, (reading, &budget), &mut reader) {
        return done(reader);
    }
    stream(
        source,
        file,
        reading,
        Box::new(Cursor::new(held)),
        begin,
        reader,
        done,
    );
}

/// Reads a file, and every file in it, as its bytes come.
fn stream<R: Reader>(
    source: &dyn Source,
    file: &LogFile,
    reading: Reading<'_>,
    bytes: Box<dyn Bytes + '_>,
    begin: &(dyn Fn(&LogFile) -> R + Sync),
    reader: R,
    done: &mut dyn FnMut(R),
) {
    let again = || source.open(file).ok().filter(|_| !file.is_standard_input());
    let taken = AtomicU64::new(0);
    let all = Budget::new(most_of(file.bytes, reading));
    let walk = Walk {
        reading,
        begin,
        depth: 0,
        taken: &taken,
        all: &all,
        trial: Trial::None,
    };
    let bytes = Counted {
        bytes,
        taken: &taken,
        allow: &|taken| all.allow(most_of(taken, reading)),
    };
    let budget = all.within(reading.max_inflated);
    let inflater = Inflater::new(Box::new(bytes), &budget);
    walk.open(file, (inflater, &budget), &again, reader, done);
}

/// The hash of a file as it lies there, where it is wanted and the file can be opened twice.
pub(super) fn hash_of(
    source: &dyn Source,
    file: &LogFile,
    reading: Reading<'_>,
) -> Option<ContentHash> {
    if !reading.custody || file.is_standard_input() {
        return None;
    }
    ContentHash::of_all(source.open(file).ok()?)
}

/// Counts what is taken from a file: of what is piped in nobody knows the size before.
struct Counted<'s> {
    bytes: Box<dyn Bytes + 's>,
    taken: &'s AtomicU64,
    /// Is told how much was taken: the more, the more may come out.
    allow: &'s dyn Fn(u64),
}

impl Read for Counted<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(room)?;
        let before = self.taken.fetch_add(count as u64, Ordering::Relaxed);
        (self.allow)(before.saturating_add(count as u64));
        Ok(count)
    }
}

/// A window begins with this length, and grows only if a record does not fit.
pub(super) const WINDOW: usize = 8 << 20;
/// How often a file may be compressed: by CloudWatch Logs, and again by Firehose, and again by whoever kept it.
pub(super) const MOST_LAYERS: u8 = 3;

/// The text of a file, begun.
pub(super) struct Begun<'r> {
    pub inflater: Inflater<'r>,
    /// The first window.
    pub first: Vec<u8>,
    pub is_compressed: bool,
    /// How often it was compressed.
    layers: u8,
}

/// Takes away compression, however often it was put on, and reads the first window.
pub(super) fn begin_text<'r>(mut inflater: Inflater<'r>, bytes: u64) -> Begun<'r> {
    let mut is_compressed = false;
    let mut layers = 0;
    loop {
        let mut first = Vec::new();
        fill(&mut inflater, &mut first, bytes, WINDOW);
        is_compressed |= inflater.members() > 0;
        layers += 1;
        if !is_gzip(&first) || layers >= MOST_LAYERS {
            return Begun {
                inflater,
                first,
                is_compressed,
                layers,
            };
        }
        inflater = inflater.inner(first);
    }
}

/// Fills a window up to a length; less is the end of the text. The first guess is a log file's usual ratio.
fn fill(pieces: &mut dyn Pieces, window: &mut Vec<u8>, bytes: u64, most: usize) -> After {
    let guess = usize::try_from(bytes)
        .unwrap_or(most)
        .saturating_mul(8)
        .min(most);
    while window.len() < most {
        let known = window.len();
        pieces.read_into(window, guess, most);
        if window.len() == known {
            return After::End;
        }
    }
    if most < MAX_WINDOW {
        After::More
    } else {
        After::Full
    }
}

/// Whether a text may be inflated ahead of its reader.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ahead {
    Yes,
    /// Where it is JSON, which is read to its end: of a file in an archive no more is to come out than is read.
    IfJson,
    No,
}

fn begins_as_json(first: &[u8]) -> bool {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Reads the text of a file that is no archive, as it comes.
pub(super) fn read_text(
    file: &LogFile,
    begun: Begun<'_>,
    (reading, budget, ahead): (Reading<'_>, &Budget<'_>, Ahead),
    reader: &mut dyn Reader,
) {
    let Begun {
        mut inflater,
        first,
        is_compressed,
        layers,
    } = begun;
    let ahead = match ahead {
        Ahead::IfJson if !begins_as_json(&first) => Ahead::No,
        _ => ahead,
    };
    with_pieces(file, &mut inflater, (reading, ahead), move |pieces| {
        let mut text = Text {
            pieces,
            window: first,
            layers,
        };
        text.read(file, is_compressed, (reading, budget), reader);
    });
}

/// A text while it is read.
struct Text<'p> {
    pieces: &'p mut dyn Pieces,
    window: Vec<u8>,
    /// How often it was compressed.
    layers: u8,
}

impl Text<'_> {
    /// How far the first gzip member reaches. Of what is compressed once more its content is not the text.
    fn first_member(&self) -> FirstMember {
        let first = self.pieces.first_member();
        FirstMember {
            is_packed_twice: self.layers > 1,
            ..first
        }
    }

    fn read(
        &mut self,
        file: &LogFile,
        is_compressed: bool,
        (reading, budget): (Reading<'_>, &Budget<'_>),
        reader: &mut dyn Reader,
    ) {
        let mut decoder = match reading.way {
            Way::Fast => Decoder::new(),
            Way::Slow => Decoder::doubly(),
        };
        let opener = opener(budget);
        let mut splitter = TextSplitter::new(file, &self.window, &opener, reading);
        splitter.is_compressed = is_compressed;
        let (mut most, mut is_whole) = (WINDOW, true);
        reader.text(&self.window, self.first_member());
        loop {
            let known = self.window.len();
            let after = fill(self.pieces, &mut self.window, file.bytes, most);
            let piece = self.window.get(known..).unwrap_or_default();
            reader.text(piece, self.first_member());
            let (done, is_over) = splitter.feed(&self.window, after, &mut decoder, reader);
            if is_over {
                is_whole &= after == After::End;
                break;
            }
            is_whole &= done == 0;
            self.window.drain(..done);
            most = next_length(self.window.len(), most);
        }
        if reader.wants_rest() {
            self.read_rest(reader);
        }
        let losses = self.pieces.take_losses();
        splitter.end(
            End {
                members: self.pieces.members(),
                size: self.pieces.offset(),
                first: self.first_member(),
                losses,
                whole: is_whole.then_some(self.window.as_slice()),
                last: &self.window,
            },
            reader,
        );
    }

    /// Hands over the rest of a text in which nothing is looked for.
    fn read_rest(&mut self, reader: &mut dyn Reader) {
        let mut piece = Vec::new();
        loop {
            piece.clear();
            self.pieces.read_into(&mut piece, WINDOW, WINDOW);
            if piece.is_empty() {
                return;
            }
            reader.text(&piece, self.first_member());
        }
    }
}

/// How long the next window may be, if so much is left of the last one: it grows where a record does not fit.
pub(super) fn next_length(left: usize, most: usize) -> usize {
    match left > most / 2 {
        true => most.saturating_mul(2).min(MAX_WINDOW),
        false => most,
    }
}
