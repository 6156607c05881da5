//! Which bytes of a text are quotes, brackets, colons? Sixty-four at a time.
//!
//! The processor's vector instructions where it has them, found out when the program runs; plain code, which is also their
//! oracle, where it has not. This is the only file of its floor with `unsafe`: the instructions' functions may only run where
//! the instructions are.
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
mod x86 {
    use super::{BLOCK, Lanes, Masks, Work, pack, zeroed};
    use std::arch::x86_64::{
        __m256i, __m512i, _MM_HINT_T0, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_prefetch,
        _mm_set_epi64x, _mm_set1_epi8, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256,
        _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_sub_epi8,
        _mm512_cmpeq_epi8_mask, _mm512_cmplt_epi8_mask, _mm512_cmplt_epu8_mask, _mm512_loadu_si512,
        _mm512_mask_blend_epi8, _mm512_maskz_compress_epi8, _mm512_or_si512, _mm512_set1_epi8,
        _mm512_storeu_si512, _mm512_sub_epi8,
    };

    /// How far ahead of a block memory is asked for, in bytes.
    const AHEAD: usize = 2048;

    /// Only made where the processor has AVX2 and PCLMULQDQ.
    #[derive(Clone, Copy)]
    struct Avx2(());

    /// Only made where the processor has AVX-512 BW and VBMI2 and PCLMULQDQ.
    #[derive(Clone, Copy)]
    struct Avx512(());

    #[inline(never)]
    #[target_feature(enable = "avx2,pclmulqdq,bmi1,bmi2,popcnt,lzcnt")]
    pub(super) fn with_avx2<W: Work>(work: W) -> W::Output {
        work.run(Avx2(()))
    }

    #[inline(never)]
    #[target_feature(
        enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,pclmulqdq,bmi1,bmi2,popcnt,lzcnt"
    )]
    pub(super) fn with_avx512<W: Work>(work: W) -> W::Output {
        work.run(Avx512(()))
    }

    /// The product without carries of the bits and all ones is the parity of every prefix.
    #[inline]
    #[target_feature(enable = "pclmulqdq")]
    fn parity(bits: u64) -> u64 {
        let ones = _mm_set1_epi8(-1);
        let product = _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits.cast_signed()), ones);
        _mm_cvtsi128_si64(product).cast_unsigned()
    }

    impl Lanes for Avx2 {
        #[inline(always)]
        fn masks(self, block: &[u8; BLOCK]) -> Masks {
            // SAFETY: a value of this type is only made where the processor has AVX2.
            unsafe { masks_avx2(block) }
        }

        #[inline(always)]
        fn pack(self, block: &[u8; BLOCK], kept: u64, room: &mut [u8; BLOCK]) {
            pack(block, kept, room);
        }

        #[inline(always)]
        fn digits(self, block: &[u8; BLOCK]) -> (u64, u64) {
            // SAFETY: a value of this type is only made where the processor has AVX2.
            unsafe { digits_avx2(block) }
        }

        #[inline(always)]
        fn zeroed(self, block: &[u8; BLOCK], places: u64) -> [u8; BLOCK] {
            zeroed(block, places)
        }

        #[inline(always)]
        fn quotes(self, block: &[u8; BLOCK]) -> u64 {
            // SAFETY: a value of this type is only made where the processor has AVX2.
            unsafe { quotes_avx2(block) }
        }

        #[inline(always)]
        fn apart<W: Work>(self, work: W) -> W::Output {
            // SAFETY: a value of this type is only made where the processor has all of these instructions.
            unsafe { with_avx2(work) }
        }

        #[inline(always)]
        fn parity(self, bits: u64) -> u64 {
            // SAFETY: a value of this type is only made where the processor has PCLMULQDQ.
            unsafe { parity(bits) }
        }
    }

    impl Lanes for Avx512 {
        #[inline(always)]
        fn masks(self, block: &[u8; BLOCK]) -> Masks {
            // SAFETY: a value of this type is only made where the processor has AVX-512 BW.
            unsafe { masks_avx512(block) }
        }

        #[inline(always)]
        fn pack(self, block: &[u8; BLOCK], kept: u64, room: &mut [u8; BLOCK]) {
            // SAFETY: a value of this type is only made where the processor has AVX-512 VBMI2.
            unsafe { pack_avx512(block, kept, room) }
        }

        #[inline(always)]
        fn digits(self, block: &[u8; BLOCK]) -> (u64, u64) {
            // SAFETY: a value of this type is only made where the processor has AVX-512 BW.
            unsafe { digits_avx512(block) }
        }

        #[inline(always)]
        fn zeroed(self, block: &[u8; BLOCK], places: u64) -> [u8; BLOCK] {
            // SAFETY: a value of this type is only made where the processor has AVX-512 BW.
            unsafe { zeroed_avx512(block, places) }
        }

        #[inline(always)]
        fn quotes(self, block: &[u8; BLOCK]) -> u64 {
            // SAFETY: a value of this type is only made where the processor has AVX-512 BW.
            unsafe { quotes_avx512(block) }
        }

        #[inline(always)]
        fn apart<W: Work>(self, work: W) -> W::Output {
            // SAFETY: a value of this type is only made where the processor has all of these instructions.
            unsafe { with_avx512(work) }
        }

        #[inline(always)]
        fn parity(self, bits: u64) -> u64 {
            // SAFETY: a value of this type is only made where the processor has PCLMULQDQ.
            unsafe { parity(bits) }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn halves(block: &[u8; BLOCK]) -> (__m256i, __m256i) {
        let half = block.as_ptr().cast::<__m256i>();
        // SAFETY: a block is 64 bytes: two loads of 32, which need no alignment.
        unsafe { (_mm256_loadu_si256(half), _mm256_loadu_si256(half.add(1))) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn quotes_avx2(block: &[u8; BLOCK]) -> u64 {
        let (low, high) = halves(block);
        equal(low, high, b'"')
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn digits_avx2(block: &[u8; BLOCK]) -> (u64, u64) {
        let (low, high) = halves(block);
        let zero = _mm256_set1_epi8(b'0'.cast_signed());
        let digits = |lanes| {
            let (above, nine) = (_mm256_sub_epi8(lanes, zero), _mm256_set1_epi8(9));
            _mm256_cmpeq_epi8(_mm256_min_epu8(above, nine), above)
        };
        (joined(digits(low), digits(high)), equal(low, high, b'0'))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn masks_avx2(block: &[u8; BLOCK]) -> Masks {
        let (low, high) = halves(block);
        let (low_case, high_case) = {
            let bit = _mm256_set1_epi8(0x20);
            (_mm256_or_si256(low, bit), _mm256_or_si256(high, bit))
        };
        let rare = |lanes| _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), lanes);
        Masks {
            quotes: equal(low, high, b'"'),
            backslashes: equal(low, high, b'\\'),
            opens: equal(low_case, high_case, b'{'),
            closes: equal(low_case, high_case, b'}'),
            colons: equal(low, high, b':'),
            rare: joined(rare(low), rare(high)),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn equal(low: __m256i, high: __m256i, byte: u8) -> u64 {
        let byte = _mm256_set1_epi8(byte.cast_signed());
        joined(_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn joined(low: __m256i, high: __m256i) -> u64 {
        let half = |lanes| u64::from(_mm256_movemask_epi8(lanes).cast_unsigned());
        half(low) | half(high) << 32
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(block: &[u8; BLOCK]) -> __m512i {
        // SAFETY: a block is 64 bytes: one load, which needs no alignment.
        unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn quotes_avx512(block: &[u8; BLOCK]) -> u64 {
        _mm512_cmpeq_epi8_mask(load(block), _mm512_set1_epi8(b'"'.cast_signed()))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn digits_avx512(block: &[u8; BLOCK]) -> (u64, u64) {
        let lanes = load(block);
        let zero = _mm512_set1_epi8(b'0'.cast_signed());
        let above = _mm512_sub_epi8(lanes, zero);
        let digits = _mm512_cmplt_epu8_mask(above, _mm512_set1_epi8(10));
        (digits, _mm512_cmpeq_epi8_mask(lanes, zero))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn zeroed_avx512(block: &[u8; BLOCK], places: u64) -> [u8; BLOCK] {
        let zero = _mm512_set1_epi8(b'0'.cast_signed());
        let lanes = _mm512_mask_blend_epi8(places, load(block), zero);
        let mut zeroed = [0; BLOCK];
        // SAFETY: the room is 64 bytes: one store, which needs no alignment.
        unsafe { _mm512_storeu_si512(zeroed.as_mut_ptr().cast(), lanes) }
        zeroed
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2")]
    fn pack_avx512(block: &[u8; BLOCK], kept: u64, room: &mut [u8; BLOCK]) {
        let packed = _mm512_maskz_compress_epi8(kept, load(block));
        // SAFETY: the room is 64 bytes: one store, which needs no alignment.
        unsafe { _mm512_storeu_si512(room.as_mut_ptr().cast(), packed) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn masks_avx512(block: &[u8; BLOCK]) -> Masks {
        // What is some records ahead is asked for now: a text is longer than the caches.
        // It touches nothing, whatever the address.
        _mm_prefetch::<_MM_HINT_T0>(block.as_ptr().wrapping_add(AHEAD).cast());
        let lanes = load(block);
        let cased = _mm512_or_si512(lanes, _mm512_set1_epi8(0x20));
        let all = |byte: u8| _mm512_set1_epi8(byte.cast_signed());
        Masks {
            quotes: _mm512_cmpeq_epi8_mask(lanes, all(b'"')),
            backslashes: _mm512_cmpeq_epi8_mask(lanes, all(b'\\')),
            opens: _mm512_cmpeq_epi8_mask(cased, all(b'{')),
            closes: _mm512_cmpeq_epi8_mask(cased, all(b'}')),
            colons: _mm512_cmpeq_epi8_mask(lanes, all(b':')),
            rare: _mm512_cmplt_epi8_mask(lanes, all(0x20)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct All<'b>(&'b [u8; BLOCK], u64);

    impl Work for All<'_> {
        type Output = (Masks, u64, Vec<u8>, u64, (u64, u64), [u8; BLOCK]);

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> Self::Output {
            let mut room = [0; BLOCK];
            lanes.pack(self.0, self.1, &mut room);
            let packed = room[..self.1.count_ones() as usize].to_vec();
            let (masks, parity) = (lanes.masks(self.0), lanes.parity(self.1));
            let (quotes, digits) = (lanes.quotes(self.0), lanes.digits(self.0));
            (
                masks,
                parity,
                packed,
                quotes,
                digits,
                lanes.zeroed(self.0, self.1),
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
