//! What of a block lies outside of strings, and does it fit its neighbours?
//!
//! Which bytes may follow which is asked of all bytes at once; what depends on the bracket around them is left to
//! [`sweep`](super::sweep).

use super::blocks::{Lanes, Masks};

/// What is carried from block to block about strings.
#[derive(Clone, Copy, Default)]
pub(super) struct Strings {
    /// All ones inside a string.
    inside: u64,
    /// Whether the next byte is escaped.
    escapes: u64,
}

impl Strings {
    /// The bytes of a block that a backslash escapes.
    #[inline(always)]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        if backslashes == 0 {
            return std::mem::take(&mut self.escapes);
        }
        let backslashes = backslashes & !self.escapes;
        let follows = backslashes << 1 | self.escapes;
        let odd_starts = backslashes & !EVEN & !follows;
        let (even_ends, carries) = odd_starts.overflowing_add(backslashes);
        self.escapes = u64::from(carries);
        (EVEN ^ (even_ends << 1)) & follows
    }
}

/// The outside of strings in one block.
#[derive(Clone, Copy)]
pub(super) struct Outside {
    pub colons: u64,
    pub separators: u64,
    pub brackets: u64,
    pub quotes: u64,
    pub backslashes: u64,
    /// Where something stands that may not stand there, as far as its neighbours tell.
    pub wrong: u64,
    /// Where literals begin.
    pub literals: u64,
    pub escaped: u64,
    pub beyond: u64,
}

/// What the last byte of the block before was, a bit each; nothing inside a string.
mod last {
    pub const SEPARATOR: u8 = 0;
    pub const SPACE: u8 = 1;
    pub const OPEN: u8 = 2;
    pub const QUOTE: u8 = 3;
    pub const VALUE: u8 = 4;
    pub const SCALAR: u8 = 5;

    /// Which bits a byte sets outside of strings.
    #[inline(always)]
    pub const fn bits(byte: u8) -> u64 {
        match byte {
            b':' | b',' => 1 << SEPARATOR,
            b' ' => 1 << SPACE,
            b'{' | b'[' => 1 << OPEN,
            b'"' => 1 << QUOTE | 1 << VALUE,
            b'}' | b']' => 1 << VALUE,
            _ => 1 << VALUE | 1 << SCALAR,
        }
    }
}

impl Outside {
    /// Tells strings from what is outside of them, and looks at neighbours.
    #[inline(always)]
    pub(super) fn of<L: Lanes>(lanes: L, masks: Masks, strings: &mut Strings, last: u8) -> Self {
        let before = match strings.inside {
            0 => last::bits(last),
            _ => 0,
        };
        let escaped = strings.escaped(masks.backslashes);
        let quotes = masks.quotes & !escaped;
        let inside = lanes.parity(quotes) ^ strings.inside;
        strings.inside = 0_u64.wrapping_sub(inside >> 63);
        let after = |bits: u64, kind: u8| bits << 1 | (before >> kind & 1);
        let out = !inside;
        let closed = quotes & out;
        let (opens, closes) = (masks.opens & out, masks.closes & out);
        let (colons, commas) = (masks.colons & out, masks.commas & out);
        let separators = colons | commas;
        let after_separator = after(separators, last::SEPARATOR);
        let spaces = masks.spaces & after_separator;
        let scalars = out & !(closed | opens | closes | separators | spaces);
        let literals = scalars & !after(scalars, last::SCALAR);
        let values = (quotes & inside) | opens | literals;
        let value_due = (after_separator & !spaces) | after(spaces, last::SPACE);
        let after_value = after(closed | closes | scalars, last::VALUE);
        let wrong = (value_due & !values)
            | (after(opens, last::OPEN) & !(values | closes))
            | (values & after_value)
            | (colons & !after(closed, last::QUOTE))
            | (commas & !after_value)
            | (masks.controls & inside);
        Self {
            colons,
            separators,
            brackets: opens | closes,
            quotes,
            backslashes: masks.backslashes,
            wrong,
            literals,
            escaped,
            beyond: masks.beyond,
        }
    }
}
