//! Which bytes of a text are quotes, brackets, colons? Sixty-four at a time.
//!
//! The processor's vector instructions where it has them, found out when the program runs; plain code, which is also their
//! oracle, where it has not. This file and [`x86`] are the only ones of their floor with `unsafe`: the instructions' functions may
//! only run where the instructions are.
#![expect(
    unsafe_code,
    reason = "vector instructions, behind a test whether the processor has them"
)]

/// How many bytes a block has: one a bit of a mask.
pub(super) const BLOCK: usize = 64;

/// Which bytes of a block are what; the lowest bit is the first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Masks {
    /// `"`
    pub quotes: u64,
    /// `\`
    pub backslashes: u64,
    /// `{` and `[`
    pub opens: u64,
    /// `}` and `]`
    pub closes: u64,
    /// `:`
    pub colons: u64,
    /// Below the space (line ends, tabs, what JSON allows in no string) or beyond ASCII.
    pub rare: u64,
}

/// Classifies blocks, with one kind of instructions.
pub(super) trait Lanes: Copy {
    /// What the bytes of a block are.
    fn masks(self, block: &[u8; BLOCK]) -> Masks;
    /// For each bit, whether an odd number of bits is set up to it, itself included.
    fn parity(self, bits: u64) -> u64;
    /// Puts those bytes of a block together at the front of the room. What is behind them there is of no account.
    fn pack(self, block: &[u8; BLOCK], kept: u64, room: &mut [u8; BLOCK]);
    /// Which bytes are digits, and which of these are `0`.
    fn digits(self, block: &[u8; BLOCK]) -> (u64, u64);
    /// The same block with `0` in those places.
    fn zeroed(self, block: &[u8; BLOCK], places: u64) -> [u8; BLOCK];
    /// Where the quotes of a block are.
    fn quotes(self, block: &[u8; BLOCK]) -> u64;
    /// Puts the numbers of the bits, and the base to each, to the front of the room. What is behind them there is of no account.
    fn positions(self, bits: u64, base: u32, room: &mut [u32; BLOCK]);
    /// Does work in a function of its own, so that it takes no registers from the work around it.
    fn apart<W: Work>(self, work: W) -> W::Output;
}

/// Work that is done with whatever lanes the processor has.
pub(super) trait Work {
    /// What comes of it.
    type Output;
    /// Does it. Must be `#[inline(always)]`, so that it is compiled for the instructions of the lanes.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// Does work with the best lanes that the processor has.
pub(super) fn with_best_lanes<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        let has_scalar =
            has!("pclmulqdq") && has!("bmi1") && has!("bmi2") && has!("popcnt") && has!("lzcnt");
        let has_vector = has!("avx512f") && has!("avx512bw") && has!("avx512vl");
        if has_scalar && has_vector && has!("avx512vbmi2") {
            // SAFETY: the processor has the instructions, as was just asked.
            return unsafe { x86::with_avx512(work) };
        }
        if has_scalar && has!("avx2") {
            // SAFETY: the processor has the instructions, as was just asked.
            return unsafe { x86::with_avx2(work) };
        }
    }
    work.run(Plain)
}

/// Byte by byte, on any processor.
#[derive(Clone, Copy)]
pub(super) struct Plain;

impl Lanes for Plain {
    #[inline(always)]
    fn masks(self, block: &[u8; BLOCK]) -> Masks {
        let mut masks = Masks::default();
        for (place, byte) in block.iter().enumerate() {
            let bit = 1 << place;
            match byte {
                b'"' => masks.quotes |= bit,
                b'\\' => masks.backslashes |= bit,
                b'{' | b'[' => masks.opens |= bit,
                b'}' | b']' => masks.closes |= bit,
                b':' => masks.colons |= bit,
                0..0x20 | 0x80.. => masks.rare |= bit,
                _ => {}
            }
        }
        masks
    }

    #[inline(always)]
    fn parity(self, bits: u64) -> u64 {
        [1, 2, 4, 8, 16, 32]
            .iter()
            .fold(bits, |bits, shift| bits ^ (bits << shift))
    }

    #[inline(always)]
    fn pack(self, block: &[u8; BLOCK], kept: u64, room: &mut [u8; BLOCK]) {
        pack(block, kept, room);
    }

    #[inline(always)]
    fn digits(self, block: &[u8; BLOCK]) -> (u64, u64) {
        let mut found = (0, 0);
        for (place, byte) in block.iter().enumerate() {
            found.0 |= u64::from(byte.is_ascii_digit()) << place;
            found.1 |= u64::from(*byte == b'0') << place;
        }
        found
    }

    #[inline(always)]
    fn zeroed(self, block: &[u8; BLOCK], places: u64) -> [u8; BLOCK] {
        zeroed(block, places)
    }

    #[inline(always)]
    fn quotes(self, block: &[u8; BLOCK]) -> u64 {
        self.masks(block).quotes
    }

    #[inline(always)]
    fn positions(self, bits: u64, base: u32, room: &mut [u32; BLOCK]) {
        positions(bits, base, room);
    }

    #[inline(never)]
    fn apart<W: Work>(self, work: W) -> W::Output {
        work.run(self)
    }
}

/// Byte by byte.
#[inline(always)]
fn zeroed(block: &[u8; BLOCK], places: u64) -> [u8; BLOCK] {
    let mut place = 0;
    block.map(|byte| {
        let is_zeroed = places >> place & 1 == 1;
        place += 1;
        if is_zeroed { b'0' } else { byte }
    })
}

/// Four at once, whether there are so many or not.
#[inline(always)]
fn positions(mut bits: u64, base: u32, room: &mut [u32; BLOCK]) {
    for rooms in room.as_chunks_mut::<4>().0 {
        for room in rooms {
            *room = base.wrapping_add(bits.trailing_zeros());
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            break;
        }
    }
}

/// Byte by byte.
#[inline(always)]
fn pack(block: &[u8; BLOCK], mut kept: u64, room: &mut [u8; BLOCK]) {
    for room in room {
        if kept == 0 {
            break;
        }
        let place = kept.trailing_zeros() as usize;
        kept &= kept - 1;
        *room = block.get(place).copied().unwrap_or_default();
    }
}

#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct All<'b>(&'b [u8; BLOCK], u64);

    impl Work for All<'_> {
        type Output = (Masks, u64, Vec<u8>, u64, (u64, u64), [u8; BLOCK], Vec<u32>);

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> Self::Output {
            let mut room = [0; BLOCK];
            lanes.pack(self.0, self.1, &mut room);
            let packed = room[..self.1.count_ones() as usize].to_vec();
            let mut places = [0; BLOCK];
            lanes.positions(self.1, 7, &mut places);
            let places = places[..self.1.count_ones() as usize].to_vec();
            let (masks, parity) = (lanes.masks(self.0), lanes.parity(self.1));
            let (quotes, digits) = (lanes.quotes(self.0), lanes.digits(self.0));
            (
                masks,
                parity,
                packed,
                quotes,
                digits,
                lanes.zeroed(self.0, self.1),
                places,
            )
        }
    }

    type Told = <All<'static> as Work>::Output;

    /// Every kind of lanes that this processor has.
    fn every(block: &[u8; BLOCK], bits: u64) -> Vec<Told> {
        let mut all = vec![with_best_lanes(All(block, bits))];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("pclmulqdq") {
            // SAFETY: the processor has the instructions, as was just asked.
            all.push(unsafe { x86::with_avx2(All(block, bits)) });
        }
        all
    }

    #[test]
    fn every_byte_is_what_it_is() {
        for start in (0..=255).step_by(BLOCK) {
            let block: [u8; BLOCK] = std::array::from_fn(|place| (start + place) as u8);
            for found in every(&block, 1) {
                assert_eq!(found.0, Plain.masks(&block));
            }
        }
    }

    proptest! {
        #[test]
        fn all_lanes_agree(bytes in prop::collection::vec(any::<u8>(), BLOCK), bits in any::<u64>()) {
            let block: [u8; BLOCK] = bytes.try_into().unwrap();
            for found in every(&block, bits) {
                prop_assert_eq!(found, All(&block, bits).run(Plain));
            }
        }

        #[test]
        fn parity_counts_bits(bits in any::<u64>()) {
            let parity = Plain.parity(bits);
            for place in 0..64 {
                let up_to = bits << (63 - place);
                prop_assert_eq!(parity >> place & 1, u64::from(up_to.count_ones() % 2));
            }
        }
    }
}
