//! What of a block lies inside of strings?

use super::blocks::Lanes;

/// What is carried from block to block about strings.
#[derive(Clone, Copy, Default)]
pub(super) struct Strings {
    /// All ones inside a string.
    inside: u64,
    /// Whether the next byte is escaped.
    pub escapes: u64,
}

impl Strings {
    /// The bytes of a block that lie outside of strings, last quotes of strings among them.
    #[inline(always)]
    pub fn outside<L: Lanes>(&mut self, lanes: L, quotes: u64) -> u64 {
        let inside = lanes.parity(quotes) ^ self.inside;
        self.inside = 0_u64.wrapping_sub(inside >> 63);
        !inside
    }

    /// The bytes of a block that a backslash escapes.
    #[inline(always)]
    pub fn escaped(&mut self, backslashes: u64) -> u64 {
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
