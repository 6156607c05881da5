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

/// Blocks that are asked at once whether they are plain.
pub(super) type Blocks = [[u8; BLOCK]; 4];

/// Which bytes of a block are what; the lowest bit is the first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Masks {
    /// `"`
    pub quotes: u64,
    /// `\`
    pub backslashes: u64,
    /// Below the space (line ends, tabs, what JSON allows in no string) or beyond ASCII.
    pub rare: u64,
}

/// Classifies blocks, with one kind of instructions.
pub(super) trait Lanes: Copy {
    /// What the bytes of a block are.
    fn masks(self, block: &[u8; BLOCK]) -> Masks;
    /// Which bytes are quotes.
    fn quotes(self, block: &[u8; BLOCK]) -> u64;
    /// Whether all masks but that of quotes are empty.
    fn are_plain(self, blocks: &Blocks) -> bool;
    /// Which bytes are `{` or `[`, and which `}` or `]`.
    fn brackets(self, block: &[u8; BLOCK]) -> (u64, u64);
    /// For each bit, whether an odd number of bits is set up to it, itself included.
    fn parity(self, bits: u64) -> u64;
    /// Puts those bytes of a block together at the front of a room, and their places, the block's first one being that, at
    /// the front of another. What is behind them there is of no account.
    fn pack(self, block: &[u8; BLOCK], kept: u64, first: u16, room: Room<'_>);
    /// Which bytes are digits, and which of these are `0`.
    fn digits(self, block: &[u8; BLOCK]) -> (u64, u64);
    /// Puts those bytes together at the front of a room, with `0` for some of the block's.
    fn pack_zeroed(self, block: &[u8; BLOCK], zeroed: u64, kept: u64, room: &mut [u8; BLOCK]);
}

/// Where packed bytes go to, and where their places do.
pub(super) type Room<'r> = (&'r mut [u8; BLOCK], &'r mut [u16; BLOCK]);

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

impl Masks {
    /// Whether anything but quotes is there.
    #[inline(always)]
    pub fn are_odd(self) -> bool {
        self.backslashes | self.rare != 0
    }
}

impl Lanes for Plain {
    #[inline(always)]
    fn quotes(self, block: &[u8; BLOCK]) -> u64 {
        self.masks(block).quotes
    }

    #[inline(always)]
    fn are_plain(self, blocks: &Blocks) -> bool {
        !blocks.iter().any(|block| self.masks(block).are_odd())
    }

    #[inline(always)]
    fn masks(self, block: &[u8; BLOCK]) -> Masks {
        let mut masks = Masks::default();
        for (place, byte) in block.iter().enumerate() {
            let bit = 1 << place;
            match byte {
                b'"' => masks.quotes |= bit,
                b'\\' => masks.backslashes |= bit,
                0..0x20 | 0x80.. => masks.rare |= bit,
                _ => {}
            }
        }
        masks
    }

    #[inline(always)]
    fn brackets(self, block: &[u8; BLOCK]) -> (u64, u64) {
        let mut found = (0, 0);
        for (place, byte) in block.iter().enumerate() {
            match byte {
                b'{' | b'[' => found.0 |= 1 << place,
                b'}' | b']' => found.1 |= 1 << place,
                _ => {}
            }
        }
        found
    }

    #[inline(always)]
    fn parity(self, bits: u64) -> u64 {
        [1, 2, 4, 8, 16, 32]
            .iter()
            .fold(bits, |bits, shift| bits ^ (bits << shift))
    }

    #[inline(always)]
    fn pack(self, block: &[u8; BLOCK], kept: u64, first: u16, (bytes, places): Room<'_>) {
        pack(block, kept, first, (bytes, places));
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
    fn pack_zeroed(self, block: &[u8; BLOCK], zeroed: u64, kept: u64, room: &mut [u8; BLOCK]) {
        pack_zeroed(block, zeroed, kept, room);
    }
}

/// One after the other.
#[inline(always)]
fn pack(block: &[u8; BLOCK], mut kept: u64, first: u16, (bytes, places): Room<'_>) {
    for (byte, place) in bytes.iter_mut().zip(places) {
        if kept == 0 {
            break;
        }
        let here = kept.trailing_zeros() as usize;
        kept &= kept - 1;
        *byte = block.get(here).copied().unwrap_or_default();
        *place = first.wrapping_add(here as u16);
    }
}

/// One after the other.
#[inline(always)]
fn pack_zeroed(block: &[u8; BLOCK], zeroed: u64, mut kept: u64, room: &mut [u8; BLOCK]) {
    for room in room {
        if kept == 0 {
            break;
        }
        let here = kept.trailing_zeros() as usize;
        kept &= kept - 1;
        *room = match zeroed >> here & 1 {
            1 => b'0',
            _ => block.get(here).copied().unwrap_or_default(),
        };
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
        type Output = (
            Masks,
            (u64, u64),
            u64,
            Vec<u8>,
            Vec<u16>,
            (u64, u64),
            Vec<u8>,
            Vec<bool>,
        );

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> Self::Output {
            let blocks = |place: usize| {
                std::array::from_fn(|at| match at == place {
                    true => *self.0,
                    false => [b'"'; BLOCK],
                })
            };
            let (mut bytes, mut places, mut zeroed) = ([0; BLOCK], [0; BLOCK], [0; BLOCK]);
            lanes.pack(self.0, self.1, 65_500, (&mut bytes, &mut places));
            lanes.pack_zeroed(self.0, self.1.rotate_left(7), self.1, &mut zeroed);
            assert_eq!(lanes.quotes(self.0), lanes.masks(self.0).quotes);
            let kept = self.1.count_ones() as usize;
            (
                lanes.masks(self.0),
                lanes.brackets(self.0),
                lanes.parity(self.1),
                bytes[..kept].to_vec(),
                places[..kept].to_vec(),
                lanes.digits(self.0),
                zeroed[..kept].to_vec(),
                (0..4)
                    .map(|place| lanes.are_plain(&blocks(place)))
                    .collect(),
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
                assert_eq!(found, All(&block, 1).run(Plain));
            }
        }
    }

    proptest! {
        #[test]
        fn all_lanes_agree(
            bytes in prop::collection::vec(any::<u8>(), BLOCK),
            (bits, fewer) in (any::<u64>(), any::<u64>()),
            is_sparse in any::<bool>(),
        ) {
            let bits = if is_sparse { bits & fewer & fewer.rotate_left(9) } else { bits };
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
