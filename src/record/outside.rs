//! What of a text lies outside of strings, and where?
//!
//! Block by block of 64 bytes, with bit masks for what the bytes are. Mostly that is an eighth of a text, and all that decides
//! where a record ends and whether it is JSON; what is within strings is checked by its masks.

use super::blocks::{BLOCK, Lanes};
use super::strings::Strings;

/// What lies outside of strings is put together for so many blocks at once, at most: 16 KiB.
pub(super) const MOST_BLOCKS: usize = 256;
/// A record of which more lies outside of strings, before its last blocks, is left to the slow way.
const MOST_OPEN: usize = 1 << 14;
/// So much has room.
const ROOM: usize = MOST_OPEN + (MOST_BLOCKS + 2) * BLOCK;

/// What of a stretch of text lies outside of strings, last quotes of strings among it.
pub(super) struct Outside {
    bytes: Box<[u8; ROOM]>,
    /// Where in the text places count from.
    origin: usize,
    /// Where each byte is.
    places: Box<[u16; ROOM]>,
    length: usize,
    /// Blocks in which something is odd, and where they begin.
    odd: Vec<(usize, Odd)>,
    strings: Strings,
}

/// What is seldom in a text; in a block, where.
#[derive(Clone, Copy, Default)]
pub(super) struct Odd {
    /// What JSON does not allow in a string.
    pub wrong: u64,
    /// Letters spelled by their number.
    pub spelled: u64,
    pub backslashes: u64,
    pub beyond_ascii: u64,
}

impl Default for Outside {
    fn default() -> Self {
        Self {
            bytes: Box::new([0; ROOM]),
            origin: 0,
            places: Box::new([0; ROOM]),
            length: 0,
            odd: Vec::new(),
            strings: Strings::default(),
        }
    }
}

impl Outside {
    /// Begins a text there, outside of strings.
    pub fn begin(&mut self, start: usize) {
        (self.origin, self.length) = (start, 0);
        self.odd.clear();
        self.strings = Strings::default();
    }

    /// How much there is.
    #[inline(always)]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Adds what some blocks have, of which the first begins at that place of the text, less than 64 KiB behind the origin: so
    /// do the others, if their places are to be known.
    #[inline(always)]
    pub fn add<L: Lanes>(&mut self, lanes: L, blocks: &[[u8; BLOCK]], mut base: usize) {
        let (fours, rest) = blocks.as_chunks();
        for blocks in fours {
            // Most are plain.
            match self.strings.escapes == 0 && lanes.are_plain(blocks) {
                true => blocks
                    .iter()
                    .for_each(|block| self.add_plain(lanes, block, &mut base)),
                false => blocks
                    .iter()
                    .for_each(|block| self.add_any(lanes, block, &mut base)),
            }
        }
        for block in rest {
            self.add_any(lanes, block, &mut base);
        }
    }

    /// Adds a block in which nothing is odd, and goes on to the next.
    #[inline(always)]
    fn add_plain<L: Lanes>(&mut self, lanes: L, block: &[u8; BLOCK], base: &mut usize) {
        let outside = self.strings.outside(lanes, lanes.quotes(block));
        self.keep(lanes, block, outside, base);
    }

    #[inline(always)]
    fn add_any<L: Lanes>(&mut self, lanes: L, block: &[u8; BLOCK], base: &mut usize) {
        let masks = lanes.masks(block);
        let is_odd = masks.are_odd() || self.strings.escapes != 0;
        let escaped = match is_odd {
            true => self.strings.escaped(masks.backslashes),
            false => 0,
        };
        let outside = self.strings.outside(lanes, masks.quotes & !escaped);
        if is_odd {
            let odd = look_at(block, masks.backslashes, escaped, !outside);
            self.odd.push((*base, odd));
        }
        self.keep(lanes, block, outside, base);
    }

    #[inline(always)]
    fn keep<L: Lanes>(&mut self, lanes: L, block: &[u8; BLOCK], outside: u64, base: &mut usize) {
        let room = self.length..self.length.wrapping_add(BLOCK);
        let bytes = self.bytes.get_mut(room.clone());
        let places = self.places.get_mut(room);
        if let (Some(bytes), Some(places)) = (
            bytes.and_then(|bytes| bytes.as_mut_array()),
            places.and_then(|places| places.as_mut_array()),
        ) {
            let first = base.wrapping_sub(self.origin) as u16;
            lanes.pack(block, outside, first, (bytes, places));
            self.length = self.length.wrapping_add(outside.count_ones() as usize);
        }
        *base = base.wrapping_add(BLOCK);
    }

    /// Forgets the first so many, and what is odd before that place of the text, from which places count now. Says whether there
    /// is room for more.
    pub fn forget(&mut self, many: usize, before: usize) -> bool {
        let many = many.min(self.length);
        self.bytes.copy_within(many..self.length, 0);
        self.places.copy_within(many..self.length, 0);
        self.length -= many;
        let moved = before.wrapping_sub(self.origin) as u16;
        let kept = self.places.iter_mut().take(self.length);
        kept.for_each(|place| *place = place.wrapping_sub(moved));
        self.origin = before;
        self.odd.retain(|(base, _)| base + BLOCK > before);
        self.length <= MOST_OPEN
    }

    /// A block of it, what is behind its end made blank, and how many of its bytes there are.
    #[inline(always)]
    pub fn block(&self, from: usize) -> Option<(&[u8; BLOCK], u64)> {
        let left = self.length.checked_sub(from)?;
        let here = match left {
            0 => return None,
            1..BLOCK => u64::MAX >> (BLOCK - left),
            _ => u64::MAX,
        };
        let block = self.bytes.get(from..)?.first_chunk()?;
        Some((block, here))
    }

    /// A part of it, and where that lies.
    #[inline(always)]
    pub fn part(&self, from: usize, to: usize) -> Option<(&[u8], &[u16])> {
        self.bytes.get(from..to).zip(self.places.get(from..to))
    }

    /// Where in the text places count from.
    #[inline(always)]
    pub fn origin(&self) -> usize {
        self.origin
    }

    /// Where in the text one lies.
    #[inline(always)]
    pub fn place(&self, index: usize) -> usize {
        let place = self.places.get(index).copied();
        self.origin + usize::from(place.unwrap_or_default())
    }

    /// What is odd between two places of the text.
    #[inline(always)]
    pub fn odd(&self, start: usize, end: usize) -> Odd {
        let mut odd = Odd::default();
        // Blocks are in order, and most records have none that is odd.
        let first = self.odd.partition_point(|(base, _)| base + BLOCK <= start);
        let blocks = self.odd.get(first..).unwrap_or_default();
        for (base, here) in blocks.iter().take_while(|(base, _)| *base < end) {
            let behind = start.saturating_sub(*base);
            let before = (base + BLOCK).saturating_sub(end);
            odd.add(*here, u64::MAX << behind & u64::MAX >> before);
        }
        odd
    }
}

impl Odd {
    fn add(&mut self, other: Self, part: u64) {
        self.wrong |= other.wrong & part;
        self.spelled |= other.spelled & part;
        self.backslashes |= other.backslashes & part;
        self.beyond_ascii |= other.beyond_ascii & part;
    }
}

/// What is odd in a block. Behind a backslash some bytes may not stand, and one spells any letter.
#[cold]
#[inline(never)]
fn look_at(bytes: &[u8; BLOCK], backslashes: u64, escaped: u64, inside: u64) -> Odd {
    let mut odd = Odd {
        backslashes: backslashes | escaped,
        ..Odd::default()
    };
    for (place, byte) in bytes.iter().enumerate() {
        let bit = 1 << place;
        match byte {
            0x80.. => odd.beyond_ascii |= bit,
            // Outside of strings it stays in the skeleton, and is wrong there.
            0..0x20 => odd.wrong |= bit & inside,
            _ if escaped & bit == 0 => {}
            b'u' => odd.spelled |= bit,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
            _ => odd.wrong |= bit,
        }
    }
    odd
}

/// A record's skeleton, as it is made of what is outside.
pub(super) struct Bones {
    bytes: Box<[u8; ROOM]>,
    /// Where in the text each byte is.
    places: Box<[u16; ROOM]>,
    /// Where digits were removed: how many bytes were kept before them, and how many digits it were.
    removed: Vec<(usize, usize)>,
}

impl Default for Bones {
    fn default() -> Self {
        Self {
            bytes: Box::new([0; ROOM]),
            places: Box::new([0; ROOM]),
            removed: Vec::new(),
        }
    }
}

impl Bones {
    /// Makes of every run of digits one, or two if it begins with a zero that others follow; gives how long the rest is. There
    /// is none where a run is so long that it may be no number to some readers.
    #[inline(always)]
    pub fn make<L: Lanes>(
        &mut self,
        lanes: L,
        outside: &Outside,
        from: usize,
        to: usize,
    ) -> Option<usize> {
        let (mut digit, mut zero, mut done) = (0, 0, 0);
        self.removed.clear();
        let mut at = from;
        while at < to {
            let (block, here) = outside.block(at)?;
            let here = match to - at {
                left @ 1..BLOCK => here & u64::MAX >> (BLOCK - left),
                _ => here,
            };
            let (digits, zeros) = lanes.digits(block);
            if digits == u64::MAX {
                return None;
            }
            let starts = digits & !(digits << 1 | digit);
            let zeros = starts & zeros;
            let kept = (!digits | starts | digits & (zeros << 1 | zero)) & here;
            (digit, zero) = (digits >> 63, zeros >> 63);
            let removed = here & !kept;
            if removed != 0 {
                self.note(removed, kept, done);
            }
            let room = self.bytes.get_mut(done..)?.first_chunk_mut()?;
            lanes.pack_zeroed(block, digits, kept, room);
            done = done.wrapping_add(kept.count_ones() as usize);
            at = at.wrapping_add(BLOCK);
        }
        if !self.removed.is_empty() {
            self.place(outside.places.get(from..to)?, done)?;
        }
        Some(done)
    }

    /// Notes which digits of a block are removed, where so many bytes are kept before it.
    #[inline(always)]
    fn note(&mut self, mut removed: u64, kept: u64, done: usize) {
        while removed != 0 {
            let place = removed.trailing_zeros();
            let run = (removed >> place).trailing_ones();
            removed &= u64::MAX.checked_shl(place + run).unwrap_or_default();
            let before = kept & ((1 << place) - 1);
            let before = done.wrapping_add(before.count_ones() as usize);
            self.removed.push((before, run as usize));
        }
    }

    /// Puts the places of what was kept together, which are so many.
    #[inline(always)]
    fn place(&mut self, mut places: &[u16], all: usize) -> Option<()> {
        let mut done = 0;
        let ends = self.removed.iter().copied();
        for (end, removed) in ends.chain(std::iter::once((all, 0))) {
            let (kept, rest) = places.split_at_checked(end.wrapping_sub(done))?;
            self.places.get_mut(done..end)?.copy_from_slice(kept);
            (places, done) = (rest.get(removed..)?, end);
        }
        Some(())
    }

    /// The bytes of a skeleton of that length.
    #[inline(always)]
    pub fn bytes(&self, length: usize) -> &[u8] {
        self.bytes.get(..length).unwrap_or_default()
    }

    /// Where its bytes are, if digits were removed: else they are where those outside are.
    #[inline(always)]
    pub fn places(&self, length: usize) -> Option<&[u16]> {
        match self.removed.is_empty() {
            true => None,
            false => self.places.get(..length),
        }
    }
}
