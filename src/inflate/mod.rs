//! How do bytes become text?
//!
//! By content, not by name: what starts with the gzip magic is inflated, every member of it; anything else is text
//! already. It streams: what is held does not grow with the file. What came out before a damage is kept, and the damage is
//! told. A byte order mark is left to the splitter, which meets one on every path.
//!
//! gzip: <https://www.rfc-editor.org/rfc/rfc1952>

mod budget;
mod input;
mod whole;

pub use budget::Budget;
pub use whole::{Whole, WholeInflater};

use crate::vocab::LossKind;
use flate2::{Decompress, FlushDecompress, Status};
use input::Input;
use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

/// The text of a log file, and what of it could not be had.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Inflated {
    /// The text: of a gzip file, all members' texts, one after the other.
    pub text: Vec<u8>,
    /// What could not be inflated.
    pub losses: Vec<InflateLoss>,
    /// How many gzip members were read; 0: the file was not compressed.
    pub members: u32,
}

/// A damage of a file's compression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InflateLoss {
    /// What kind of damage.
    pub kind: LossKind,
    /// Where it was met: a byte offset into the file, as it lies there.
    pub offset: u64,
    /// The damage in words.
    pub detail: String,
    /// How many bytes of the file were given up, where that is known.
    pub bytes: Option<u64>,
}

/// Inflates bytes that are held, to at most `cap` bytes of text. Text that was not compressed is as long as it is.
pub fn inflate(bytes: &[u8], cap: u64) -> Inflated {
    let budget = Budget::new(cap);
    let mut inflater = Inflater::new(Box::new(bytes), &budget);
    let mut text = Vec::new();
    let most = if inflater.is_compressed() {
        usize::try_from(cap).unwrap_or(usize::MAX)
    } else {
        bytes.len()
    };
    while inflater.read_into(&mut text, bytes.len().saturating_mul(8), most) > 0 {}
    Inflated {
        text,
        members: inflater.members,
        losses: inflater.take_losses(),
    }
}

/// How far the first gzip member reaches: what a digest's hash is over. Of plain text, all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FirstMember {
    /// How many bytes of the text are its; `None` while it has no end.
    pub text: Option<u64>,
    /// How many bytes of the file, up to the next member where it is damaged; all of them where it has no end.
    pub bytes: u64,
    /// Whether it came out whole: a digest can say what it should be.
    pub is_whole: bool,
    /// Whether the size cap cut it.
    pub is_cut: bool,
    /// Whether what comes out of it is compressed once more. The text is then another's, and so are the numbers here.
    pub is_packed_twice: bool,
}

impl Default for FirstMember {
    fn default() -> Self {
        Self {
            text: None,
            bytes: u64::MAX,
            is_whole: false,
            is_cut: false,
            is_packed_twice: false,
        }
    }
}

/// Whether bytes begin as gzip does.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Text that comes out of bytes as it is asked for.
pub struct Inflater<'r> {
    input: Input<'r>,
    state: State,
    budget: &'r Budget<'r>,
    /// How much text came out.
    produced: u64,
    /// What the next member holds is no continuation of a damaged text, so it begins on a line of its own.
    owes_newline: bool,
    members: u32,
    first: FirstMember,
    losses: Losses,
}

/// What could not be inflated; the layers of a file compressed twice tell into one list.
type Losses = Rc<RefCell<Vec<InflateLoss>>>;

enum State {
    Start,
    Plain,
    Between,
    Member(Box<Decompress>),
    Over,
}

impl<'r> Inflater<'r> {
    /// The text of what a reader gives, of which no more than the budget allows may come out of compression.
    pub fn new(source: Box<dyn Read + 'r>, budget: &'r Budget<'r>) -> Self {
        Self {
            input: Input::new(source),
            state: State::Start,
            budget,
            produced: 0,
            owes_newline: false,
            members: 0,
            first: FirstMember::default(),
            losses: Losses::default(),
        }
    }

    /// The text of what is compressed once more: `first` was read already.
    pub fn inner(self, first: Vec<u8>) -> Self
    where
        Self: 'r,
    {
        let (budget, losses) = (self.budget, Rc::clone(&self.losses));
        let mut inner = Self::new(Box::new(io::Cursor::new(first).chain(self)), budget);
        inner.losses = losses;
        inner
    }

    /// The same text, of which as much may come out as another budget allows.
    pub fn with_budget(self, budget: &'r Budget<'r>) -> Self {
        Self { budget, ..self }
    }

    /// A reader of the text, and the list to which it tells its losses.
    pub fn into_reader(self, first: Vec<u8>) -> (impl Read + 'r, Losses)
    where
        Self: 'r,
    {
        let losses = Rc::clone(&self.losses);
        (io::Cursor::new(first).chain(self), losses)
    }

    /// How many gzip members were met so far.
    pub fn members(&self) -> u32 {
        self.members
    }

    /// How far the first gzip member reaches, as far as is known.
    pub fn first_member(&self) -> FirstMember {
        self.first
    }

    /// How many bytes of the file were taken.
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// Whether gzip was met.
    fn is_compressed(&mut self) -> bool {
        self.members > 0 || (matches!(self.state, State::Start) && is_gzip(self.input.fill(2)))
    }

    /// The first bytes of the file, as they lie there; nothing once text was asked for.
    pub fn head(&mut self, want: usize) -> &[u8] {
        match self.state {
            State::Start => self.input.fill(want),
            _ => &[],
        }
    }

    /// What could not be inflated so far.
    pub fn take_losses(&mut self) -> Vec<InflateLoss> {
        self.note_failure();
        self.losses.take()
    }

    fn note_failure(&mut self) {
        if let Some((kind, cause)) = self.input.take_failure() {
            self.lose(kind, self.input.offset(), cause, None);
        }
    }

    /// Appends text, up to `most` bytes in all; gives how much, 0 at the end. Room is made for the first guess, then
    /// doubled: what a header promises is never believed.
    pub fn read_into(&mut self, text: &mut Vec<u8>, guess: usize, most: usize) -> usize {
        let before = text.len();
        if before >= most {
            return self.step(&mut []);
        }
        if before == text.capacity() {
            let step = before.max(guess).clamp(1 << 12, 1 << 24);
            text.reserve_exact(step.min(most - before));
        }
        let room = text.capacity().min(most).min(before + AT_ONCE);
        text.resize(room, 0);
        let room = text.get_mut(before..).unwrap_or_default();
        let count = self.step(room);
        text.truncate(before + count);
        count
    }

    /// Fills a part of a buffer with text; 0 at the end only. An empty buffer asks whether there is an end.
    fn step(&mut self, out: &mut [u8]) -> usize {
        loop {
            match &mut self.state {
                State::Over => return 0,
                State::Start => {
                    let compressed = is_gzip(self.input.fill(2));
                    self.state = if compressed {
                        State::Between
                    } else {
                        State::Plain
                    };
                }
                State::Plain => return self.input.read(out),
                State::Between => self.begin_member(),
                State::Member(_) => {
                    if self.owes_newline
                        && self.budget.left() > 0
                        && let Some(first) = out.first_mut()
                    {
                        *first = b'\n';
                        self.owes_newline = false;
                        self.produced += 1;
                        self.budget.spend(1);
                        return 1;
                    }
                    let count = self.inflate_some(out);
                    if count > 0 {
                        return count;
                    }
                }
            }
        }
    }

    /// Begins the next member, whatever lies before it; after the last one all is over.
    fn begin_member(&mut self) {
        if self.input.fill(1).is_empty() {
            self.state = State::Over;
        } else if is_gzip(self.input.fill(2)) {
            self.members = self.members.saturating_add(1);
            self.state = State::Member(Box::new(Decompress::new_gzip(15)));
        } else {
            self.step_over_trailing();
        }
    }

    /// Inflates into a buffer; 0 where the member's end was met, or its damage. Header, checksum and length are checked by
    /// the inflater. With the cap reached the stream may yet be at its end: one more byte would show that it is not.
    fn inflate_some(&mut self, out: &mut [u8]) -> usize {
        let left = usize::try_from(self.budget.left()).unwrap_or(usize::MAX);
        let mut probe = [0u8; 1];
        let is_probe = left == 0 || out.is_empty();
        let room = match out.get_mut(..left.min(AT_ONCE)) {
            _ if is_probe => &mut probe[..],
            Some(room) => room,
            None => out,
        };
        let State::Member(inflater) = &mut self.state else {
            return 0;
        };
        let (taken, made) = (inflater.total_in(), inflater.total_out());
        let input = self.input.fill(CHUNK);
        let at_end = input.len() < CHUNK;
        let status = inflater.decompress(input, room, FlushDecompress::None);
        let taken = usize::try_from(inflater.total_in() - taken).unwrap_or(usize::MAX);
        let made = usize::try_from(inflater.total_out() - made).unwrap_or(usize::MAX);
        let is_stuck = at_end && taken == input.len() && made == 0;
        self.input.consume(taken);
        let is_end = matches!(status, Ok(Status::StreamEnd) | Err(_)) && !(is_probe && made > 0);
        if self.members == 1 && is_end {
            let made = if is_probe { 0 } else { made as u64 };
            self.first.text = Some(self.produced + made);
            if status.is_ok() {
                self.first.bytes = self.input.offset();
                self.first.is_whole = true;
            }
        }
        if !is_probe {
            self.produced += made as u64;
            self.budget.spend(made as u64);
        }
        match status {
            _ if is_probe && made > 0 => self.stop_at_cap(),
            Ok(Status::StreamEnd) => self.state = State::Between,
            Ok(_) if is_stuck => self.stop_truncated(),
            Ok(_) => {}
            Err(error) => {
                self.step_over_corrupt(plain(error.message()));
            }
        }
        match is_probe {
            true => 0,
            false => made,
        }
    }

    fn stop_at_cap(&mut self) {
        let detail = format!(
            "more than {} bytes of text would come out",
            self.budget.bound()
        );
        self.first.is_cut |= self.members == 1;
        self.lose(LossKind::SizeCap, self.input.offset(), detail, None);
        self.state = State::Over;
    }

    fn stop_truncated(&mut self) {
        let detail = "the gzip stream ends before its end".to_owned();
        self.lose(LossKind::TruncatedGzip, self.input.offset(), detail, None);
        self.state = State::Over;
    }

    /// Zeros that pad the file are no loss; other bytes that are no member are one.
    fn step_over_trailing(&mut self) {
        let start = self.input.offset();
        let padded = self.input.skip_zeros();
        if padded.is_empty() || is_gzip(padded) {
            return;
        }
        self.input.seek_whole_member();
        let given_up = self.input.offset() - start;
        let detail = format!("{given_up} bytes that are no gzip member follow a member");
        self.lose(LossKind::TrailingBytes, start, detail, Some(given_up));
    }

    fn step_over_corrupt(&mut self, cause: &str) {
        let start = self.input.offset();
        let found = self.input.seek_whole_member();
        let given_up = self.input.offset() - start;
        if found && self.members == 1 {
            self.first.bytes = self.input.offset();
        }
        let detail = format!("the gzip stream is damaged: {cause}");
        self.lose(LossKind::CorruptGzip, start, detail, Some(given_up));
        self.owes_newline = found && self.produced > 0;
        self.state = State::Between;
    }

    fn lose(&mut self, kind: LossKind, offset: u64, detail: String, bytes: Option<u64>) {
        self.losses.borrow_mut().push(InflateLoss {
            kind,
            offset,
            detail,
            bytes,
        });
    }
}

/// What is damaged, in plain words; the decoder's tell of its own insides.
fn plain(told: Option<&str>) -> &'static str {
    match told {
        Some("incorrect data check") => "its checksum is not that of the text that came out",
        Some("incorrect length check") => "its length is not that of the text that came out",
        Some("header crc mismatch") => "its header's checksum is not that of the header",
        Some(
            "incorrect header check"
            | "unknown compression method"
            | "unknown header flags set"
            | "invalid window size",
        ) => "its header is not valid",
        _ => "its compressed data is not valid",
    }
}

impl Read for Inflater<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = if out.is_empty() { 0 } else { self.step(out) };
        if count == 0 {
            self.note_failure();
        }
        Ok(count)
    }
}

/// So many compressed bytes are looked at together.
const CHUNK: usize = 1 << 16;
/// So much text is asked for at once.
const AT_ONCE: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    fn inflate(bytes: impl AsRef<[u8]>, cap: u64) -> Inflated {
        super::inflate(bytes.as_ref(), cap)
    }

    const CAP: u64 = 1 << 20;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 1u32;
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + (state >> 28) as u8
        })
        .take(len)
        .collect()
    }

    fn kinds(inflated: &Inflated) -> Vec<(LossKind, u64, Option<u64>)> {
        inflated
            .losses
            .iter()
            .map(|loss| (loss.kind, loss.offset, loss.bytes))
            .collect()
    }

    #[test]
    fn plain_text_passes_through() {
        for text in [&b""[..], b"{}", b"\x1f", b"\xef\xbb\xbf{}"] {
            let inflated = inflate(text, CAP);
            assert_eq!(
                (
                    inflated.text.as_slice(),
                    inflated.members,
                    inflated.losses.len()
                ),
                (text, 0, 0)
            );
        }
    }

    #[test]
    fn every_member_is_read() {
        let bytes = [gzip(b"{\"a\":1}"), gzip(b""), gzip(b"{\"b\":2}\n")].concat();
        let inflated = inflate(bytes, CAP);
        assert_eq!(
            (inflated.text.as_slice(), inflated.members),
            (&b"{\"a\":1}{\"b\":2}\n"[..], 3)
        );
        assert_eq!(inflated.losses, []);
    }

    #[test]
    fn a_header_with_every_optional_field_is_read() {
        let mut encoder = flate2::GzBuilder::new()
            .filename("a.json")
            .comment("c")
            .extra(vec![1, 2, 3])
            .mtime(7)
            .write(Vec::new(), Compression::fast());
        encoder.write_all(b"[]").unwrap();
        assert_eq!(inflate(encoder.finish().unwrap(), CAP).text, b"[]");
    }

    #[test]
    fn zeros_after_a_member_are_padding() {
        let padded = [gzip(b"[]"), vec![0; 512]].concat();
        assert_eq!(inflate(padded.clone(), CAP).losses, []);
        let inflated = inflate([padded, gzip(b"{}")].concat(), CAP);
        assert_eq!(
            (
                inflated.text.as_slice(),
                inflated.losses.len(),
                inflated.members
            ),
            (&b"[]{}"[..], 0, 2)
        );
    }

    #[test]
    fn other_bytes_after_a_member_are_a_loss() {
        let member = gzip(b"[]");
        let inflated = inflate([member.clone(), b"\0\0<html>".to_vec()].concat(), CAP);
        assert_eq!(inflated.text, b"[]");
        assert_eq!(
            kinds(&inflated),
            [(LossKind::TrailingBytes, member.len() as u64, Some(8))]
        );
    }

    #[test]
    fn members_after_other_bytes_are_read() {
        let member = gzip(b"[]");
        let inflated = inflate(
            [member.clone(), b"junk".to_vec(), member.clone()].concat(),
            CAP,
        );
        assert_eq!(inflated.text, b"[][]");
        assert_eq!(
            kinds(&inflated),
            [(LossKind::TrailingBytes, member.len() as u64, Some(4))]
        );
    }

    #[test]
    fn what_came_out_before_a_truncation_is_kept() {
        let text = noise(50_000);
        let bytes = gzip(&text);
        for keep in [
            2,
            5,
            10,
            11,
            1_000,
            bytes.len() / 2,
            bytes.len() - 9,
            bytes.len() - 8,
            bytes.len() - 1,
        ] {
            let inflated = inflate(&bytes[..keep], CAP);
            assert!(text.starts_with(&inflated.text), "{keep}");
            assert_eq!(
                kinds(&inflated),
                [(LossKind::TruncatedGzip, keep as u64, None)],
                "{keep}"
            );
            assert!(inflated.text.len() * 2 + 2_000 > keep, "{keep}");
        }
        assert_eq!(inflate(&bytes[..bytes.len() - 1], CAP).text, text);
    }

    #[test]
    fn a_wrong_checksum_or_length_keeps_the_text() {
        for from_end in [1, 5] {
            let mut bytes = gzip(b"{\"Records\":[]}");
            let place = bytes.len() - from_end;
            bytes[place] ^= 0x55;
            let inflated = inflate(bytes, CAP);
            assert_eq!(inflated.text, b"{\"Records\":[]}");
            assert_eq!(inflated.losses.len(), 1);
            assert_eq!(inflated.losses[0].kind, LossKind::CorruptGzip);
        }
    }

    /// However little of it is asked for at once.
    #[test]
    fn behind_a_damaged_member_a_line_begins() {
        let mut torn = gzip(b"{\"a\":\"1");
        let place = torn.len() - 5;
        torn[place] ^= 0x55;
        let bytes = [torn, gzip(b"{\"b\":2}")].concat();
        for room in [1, 3, 7, 8, 100] {
            let budget = Budget::new(CAP);
            let mut inflater = Inflater::new(Box::new(bytes.as_slice()), &budget);
            let (mut text, mut piece) = (Vec::new(), vec![0; room]);
            loop {
                match inflater.read(&mut piece).unwrap() {
                    0 => break,
                    count => text.extend_from_slice(&piece[..count]),
                }
            }
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text, "{\"a\":\"1\n{\"b\":2}", "{room}");
        }
    }

    #[test]
    fn what_is_damaged_is_said_in_plain_words() {
        let whole = gzip(&noise(50_000));
        let end = whole.len();
        for (place, said) in [
            (3..4, "its header is not valid"),
            (10..11, "its compressed data is not valid"),
            (
                end - 8..end - 4,
                "its checksum is not that of the text that came out",
            ),
            (
                end - 4..end,
                "its length is not that of the text that came out",
            ),
        ] {
            let mut bytes = whole.clone();
            bytes[place].fill(0xff);
            let detail = &inflate(bytes, CAP).losses[0].detail;
            assert_eq!(*detail, format!("the gzip stream is damaged: {said}"));
        }
    }

    #[test]
    fn what_came_out_before_bad_data_is_kept_and_the_next_member_read() {
        let text = noise(400_000);
        let mut bytes = gzip(&text);
        let middle = bytes.len() / 2;
        bytes[middle..middle + 400].fill(0xff);
        let damaged = bytes.len();
        bytes.extend(gzip(b"{\"next\":1}"));
        let inflated = inflate(bytes, CAP);
        let [loss] = inflated.losses.as_slice() else {
            panic!("{:?}", inflated.losses)
        };
        assert_eq!(
            (loss.kind, loss.offset + loss.bytes.unwrap()),
            (LossKind::CorruptGzip, damaged as u64)
        );
        assert!(inflated.text.starts_with(&text[..150_000]));
        assert!(inflated.text.ends_with(b"\n{\"next\":1}"));
    }

    #[test]
    fn a_magic_without_a_stream_is_corrupt() {
        let inflated = inflate(b"\x1f\x8bnot gzip at all, only its magic", CAP);
        assert_eq!((inflated.text.len(), inflated.losses.len()), (0, 1));
        assert_eq!(inflated.losses[0].kind, LossKind::CorruptGzip);
    }

    #[test]
    fn the_cap_keeps_what_fits() {
        let bytes = gzip(&[b' '; 10_000]);
        let fits = inflate(bytes.clone(), 10_000);
        assert_eq!((fits.text.len(), fits.losses.len()), (10_000, 0));
        for cap in [0, 1, 9_999] {
            let over = inflate(bytes.clone(), cap);
            assert_eq!(over.text.len() as u64, cap);
            assert!(over.text.capacity() as u64 <= cap, "{cap}");
            assert_eq!(
                over.losses.iter().map(|loss| loss.kind).collect::<Vec<_>>(),
                [LossKind::SizeCap]
            );
        }
    }

    #[test]
    fn the_cap_counts_all_members_and_no_plain_text() {
        let two = inflate([gzip(&[b'a'; 60]), gzip(&[b'b'; 60])].concat(), 100);
        assert_eq!(
            (two.text.len(), two.losses[0].kind),
            (100, LossKind::SizeCap)
        );
        let plain = inflate(vec![b' '; 120], 100);
        assert_eq!((plain.text.len(), kinds(&plain)), (120, vec![]));
    }

    #[test]
    fn a_bomb_costs_no_more_than_the_cap() {
        let bomb = gzip(&vec![0; 50 << 20]);
        let inflated = inflate(bomb, 1 << 16);
        assert_eq!(
            (inflated.text.len(), inflated.text.capacity()),
            (1 << 16, 1 << 16)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_inflated_or_lost(bytes in prop::collection::vec(any::<u8>(), 0..400), magic in any::<bool>()) {
            let bytes = if magic { [vec![0x1f, 0x8b, 8, 0], bytes].concat() } else { bytes };
            let len = bytes.len() as u64;
            let inflated = inflate(bytes, 1_000);
            prop_assert!(inflated.text.len() <= 1_000);
            prop_assert!(inflated.losses.iter().all(|loss| loss.offset.saturating_add(loss.bytes.unwrap_or(0)) <= len));
        }

        #[test]
        fn a_damaged_member_never_adds_text_silently(
            texts in prop::collection::vec(prop::collection::vec(32u8..127, 0..300), 1..4),
            place in any::<prop::sample::Index>(),
            change in 1u8..,
        ) {
            let whole: Vec<u8> = texts.concat();
            let mut bytes: Vec<u8> = texts.iter().flat_map(|text| gzip(text)).collect();
            prop_assert_eq!(&inflate(bytes.clone(), CAP).text, &whole);
            let place = place.index(bytes.len());
            bytes[place] ^= change;
            let inflated = inflate(bytes, CAP);
            prop_assert!(inflated.text == whole || !inflated.losses.is_empty() || inflated.members == 0);
        }
    }
}
