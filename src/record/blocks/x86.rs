//! The lanes of x86-64: AVX2, and AVX-512 with VBMI2.

use super::{BLOCK, Blocks, Lanes, Masks, Room, Work, pack, pack_zeroed};
use std::arch::x86_64::{
    __m256i, __m512i, _MM_HINT_T0, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_prefetch,
    _mm_set_epi64x, _mm_set1_epi8, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256,
    _mm256_min_epi8, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_storeu_si256, _mm256_sub_epi8, _mm256_xor_si256, _mm512_add_epi16,
    _mm512_castsi512_si256, _mm512_cmpeq_epi8_mask, _mm512_cmplt_epi8_mask, _mm512_cmplt_epu8_mask,
    _mm512_cvtepu8_epi16, _mm512_extracti64x4_epi64, _mm512_loadu_si512, _mm512_mask_blend_epi8,
    _mm512_maskz_compress_epi8, _mm512_min_epi8, _mm512_min_epu8, _mm512_or_si512,
    _mm512_set1_epi8, _mm512_set1_epi16, _mm512_setr_epi64, _mm512_setzero_si512,
    _mm512_storeu_si512, _mm512_sub_epi8, _mm512_xor_si512,
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
    fn quotes(self, block: &[u8; BLOCK]) -> u64 {
        // SAFETY: a value of this type is only made where the processor has AVX2.
        unsafe { quotes_avx2(block) }
    }

    #[inline(always)]
    fn are_plain(self, blocks: &Blocks) -> bool {
        // SAFETY: a value of this type is only made where the processor has AVX2.
        unsafe { are_plain_avx2(blocks) }
    }

    #[inline(always)]
    fn brackets(self, block: &[u8; BLOCK]) -> (u64, u64) {
        // SAFETY: a value of this type is only made where the processor has AVX2.
        unsafe { brackets_avx2(block) }
    }

    #[inline(always)]
    fn pack(self, block: &[u8; BLOCK], kept: u64, first: u16, room: Room<'_>) {
        pack(block, kept, first, room);
    }

    #[inline(always)]
    fn digits(self, block: &[u8; BLOCK]) -> (u64, u64) {
        // SAFETY: a value of this type is only made where the processor has AVX2.
        unsafe { digits_avx2(block) }
    }

    #[inline(always)]
    fn pack_zeroed(self, block: &[u8; BLOCK], zeroed: u64, kept: u64, room: &mut [u8; BLOCK]) {
        pack_zeroed(block, zeroed, kept, room);
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
    fn quotes(self, block: &[u8; BLOCK]) -> u64 {
        // SAFETY: a value of this type is only made where the processor has AVX-512 BW.
        unsafe { quotes_avx512(block) }
    }

    #[inline(always)]
    fn are_plain(self, blocks: &Blocks) -> bool {
        // SAFETY: a value of this type is only made where the processor has AVX-512 BW.
        unsafe { are_plain_avx512(blocks) }
    }

    #[inline(always)]
    fn brackets(self, block: &[u8; BLOCK]) -> (u64, u64) {
        // SAFETY: a value of this type is only made where the processor has AVX-512 BW.
        unsafe { brackets_avx512(block) }
    }

    #[inline(always)]
    fn pack(self, block: &[u8; BLOCK], kept: u64, first: u16, room: Room<'_>) {
        // SAFETY: a value of this type is only made where the processor has AVX-512 VBMI2.
        unsafe { pack_avx512(block, kept, first, room) }
    }

    #[inline(always)]
    fn digits(self, block: &[u8; BLOCK]) -> (u64, u64) {
        // SAFETY: a value of this type is only made where the processor has AVX-512 BW.
        unsafe { digits_avx512(block) }
    }

    #[inline(always)]
    fn pack_zeroed(self, block: &[u8; BLOCK], zeroed: u64, kept: u64, room: &mut [u8; BLOCK]) {
        // SAFETY: a value of this type is only made where the processor has AVX-512 VBMI2.
        unsafe { pack_zeroed_avx512(block, zeroed, kept, room) }
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
    let rare = |lanes| _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), lanes);
    Masks {
        quotes: equal(low, high, b'"'),
        backslashes: equal(low, high, b'\\'),
        rare: joined(rare(low), rare(high)),
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn quotes_avx2(block: &[u8; BLOCK]) -> u64 {
    let (low, high) = halves(block);
    equal(low, high, b'"')
}

/// The least byte of all, and the least of them with a backslash for zero, tell it.
#[inline]
#[target_feature(enable = "avx2")]
fn are_plain_avx2(blocks: &Blocks) -> bool {
    let backslash = _mm256_set1_epi8(b'\\'.cast_signed());
    let mut least = _mm256_set1_epi8(i8::MAX);
    let mut nearest = _mm256_set1_epi8(-1);
    for block in blocks {
        let (low, high) = halves(block);
        least = _mm256_min_epi8(least, _mm256_min_epi8(low, high));
        let (low, high) = (
            _mm256_xor_si256(low, backslash),
            _mm256_xor_si256(high, backslash),
        );
        nearest = _mm256_min_epu8(nearest, _mm256_min_epu8(low, high));
    }
    let rare = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), least);
    let backslashes = _mm256_cmpeq_epi8(nearest, _mm256_setzero_si256());
    _mm256_movemask_epi8(_mm256_or_si256(rare, backslashes)) == 0
}

/// Small letters and capitals differ in one bit, and so do the two kinds of brackets.
#[inline]
#[target_feature(enable = "avx2")]
fn brackets_avx2(block: &[u8; BLOCK]) -> (u64, u64) {
    let (low, high) = halves(block);
    let bit = _mm256_set1_epi8(0x20);
    let (low, high) = (_mm256_or_si256(low, bit), _mm256_or_si256(high, bit));
    (equal(low, high, b'{'), equal(low, high, b'}'))
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
fn digits_avx512(block: &[u8; BLOCK]) -> (u64, u64) {
    let lanes = load(block);
    let zero = _mm512_set1_epi8(b'0'.cast_signed());
    let above = _mm512_sub_epi8(lanes, zero);
    let digits = _mm512_cmplt_epu8_mask(above, _mm512_set1_epi8(10));
    (digits, _mm512_cmpeq_epi8_mask(lanes, zero))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2")]
fn pack_zeroed_avx512(block: &[u8; BLOCK], zeroed: u64, kept: u64, room: &mut [u8; BLOCK]) {
    let zero = _mm512_set1_epi8(b'0'.cast_signed());
    let lanes = _mm512_mask_blend_epi8(zeroed, load(block), zero);
    let packed = _mm512_maskz_compress_epi8(kept, lanes);
    // SAFETY: the room is 64 bytes: one store, which needs no alignment.
    unsafe { _mm512_storeu_si512(room.as_mut_ptr().cast(), packed) }
}

/// Half a block's at once, whether there are so many or not; seldom there are more.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2")]
fn pack_avx512(block: &[u8; BLOCK], kept: u64, first: u16, (bytes, places): Room<'_>) {
    let numbers = _mm512_setr_epi64(
        0x0706_0504_0302_0100,
        0x0f0e_0d0c_0b0a_0908,
        0x1716_1514_1312_1110,
        0x1f1e_1d1c_1b1a_1918,
        0x2726_2524_2322_2120,
        0x2f2e_2d2c_2b2a_2928,
        0x3736_3534_3332_3130,
        0x3f3e_3d3c_3b3a_3938,
    );
    let packed = _mm512_maskz_compress_epi8(kept, load(block));
    let numbers = _mm512_maskz_compress_epi8(kept, numbers);
    let first = first.cast_signed();
    let first = _mm512_set1_epi16(first);
    let low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(numbers));
    let place = places.as_mut_ptr().cast::<__m512i>();
    // SAFETY: the rooms are 64 and 128 bytes: stores of 32 and of 64, which need no alignment.
    unsafe {
        _mm256_storeu_si256(bytes.as_mut_ptr().cast(), _mm512_castsi512_si256(packed));
        _mm512_storeu_si512(place, _mm512_add_epi16(low, first));
    }
    if kept.count_ones() <= 32 {
        return;
    }
    let high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(numbers));
    // SAFETY: the rooms are 64 and 128 bytes: a store of 64 and one of 64 behind the first, which need no alignment.
    unsafe {
        _mm512_storeu_si512(bytes.as_mut_ptr().cast(), packed);
        _mm512_storeu_si512(place.add(1), _mm512_add_epi16(high, first));
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn quotes_avx512(block: &[u8; BLOCK]) -> u64 {
    _mm512_cmpeq_epi8_mask(load(block), _mm512_set1_epi8(b'"'.cast_signed()))
}

/// The least byte of all, and the least of them with a backslash for zero, tell it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn are_plain_avx512(blocks: &Blocks) -> bool {
    let backslash = _mm512_set1_epi8(b'\\'.cast_signed());
    let mut least = _mm512_set1_epi8(i8::MAX);
    let mut nearest = _mm512_set1_epi8(-1);
    for block in blocks {
        // What is some records ahead is asked for now: a text is longer than the caches.
        // It touches nothing, whatever the address.
        _mm_prefetch::<_MM_HINT_T0>(block.as_ptr().wrapping_add(AHEAD).cast());
        let lanes = load(block);
        least = _mm512_min_epi8(least, lanes);
        nearest = _mm512_min_epu8(nearest, _mm512_xor_si512(lanes, backslash));
    }
    let rare = _mm512_cmplt_epi8_mask(least, _mm512_set1_epi8(0x20));
    let backslashes = _mm512_cmpeq_epi8_mask(nearest, _mm512_setzero_si512());
    rare | backslashes == 0
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn masks_avx512(block: &[u8; BLOCK]) -> Masks {
    let lanes = load(block);
    let all = |byte: u8| _mm512_set1_epi8(byte.cast_signed());
    Masks {
        quotes: _mm512_cmpeq_epi8_mask(lanes, all(b'"')),
        backslashes: _mm512_cmpeq_epi8_mask(lanes, all(b'\\')),
        rare: _mm512_cmplt_epi8_mask(lanes, all(0x20)),
    }
}

/// Small letters and capitals differ in one bit, and so do the two kinds of brackets.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn brackets_avx512(block: &[u8; BLOCK]) -> (u64, u64) {
    let cased = _mm512_or_si512(load(block), _mm512_set1_epi8(0x20));
    let all = |byte: u8| _mm512_set1_epi8(byte.cast_signed());
    (
        _mm512_cmpeq_epi8_mask(cased, all(b'{')),
        _mm512_cmpeq_epi8_mask(cased, all(b'}')),
    )
}
