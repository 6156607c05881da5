//! How does a sound file become text at once?
//!
//! libdeflate takes whole buffers and is twice as fast as any decoder that streams, but says nothing of damage and yields
//! nothing of what came out before it. So it is asked first; whatever it does not take is left to the stream, which is also its
//! oracle. The crates around it stop after the first member without a word; hence the loop over members, and the only `unsafe`
//! of this floor.
#![expect(
    unsafe_code,
    reason = "libdeflate's C interface: each call is given buffers that live as long as the call"
)]

use super::{FirstMember, is_gzip};
use libdeflate_sys::{
    libdeflate_alloc_decompressor, libdeflate_crc32, libdeflate_decompressor,
    libdeflate_deflate_decompress_ex, libdeflate_free_decompressor, libdeflate_gzip_decompress_ex,
    libdeflate_result, libdeflate_result_LIBDEFLATE_SUCCESS,
};
use std::ptr::NonNull;

/// Deflate cannot grow bytes by more than this.
const HIGHEST_RATIO: usize = 1032;
/// The shortest gzip member: header, an empty block, trailer.
const SHORTEST_MEMBER: usize = 20;
/// A member's header without anything that may be left out.
const HEADER: usize = 10;
/// The flag of a header that holds the file's name, which ends with a zero.
const HAS_NAME: u8 = 8;
/// The flag of a header that holds a checksum of its own.
const HAS_CHECKSUM: u8 = 2;

/// A decoder, to be used for many files. One for each thread.
pub struct WholeInflater(NonNull<libdeflate_decompressor>);

/// What is known of a file that was inflated whole, and is sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Whole {
    /// How many gzip members it has.
    pub members: u32,
    /// How far the first one reaches.
    pub first: FirstMember,
    /// What is yet to be compared: whoever goes through the text adds it, a piece at a time.
    pub checksum: Option<Checksum>,
}

/// A checksum that is compared while a text is gone through: a text is longer than the processor's caches, and whoever has a piece
/// of it there has its sum for nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checksum {
    promised: u32,
    sum: u32,
}

impl Checksum {
    fn new(promised: u32) -> Self {
        Self { promised, sum: 0 }
    }

    /// Adds the next piece of the text.
    pub fn add(&mut self, piece: &[u8]) {
        // SAFETY: the piece is valid for its length, and only read.
        self.sum = unsafe { libdeflate_crc32(self.sum, piece.as_ptr().cast(), piece.len()) };
    }

    /// Whether all that was added is what the file promised.
    pub fn holds(self) -> bool {
        self.sum == self.promised
    }
}

// SAFETY: the decoder belongs to this value alone, and has no tie to the thread that made it.
unsafe impl Send for WholeInflater {}

impl Drop for WholeInflater {
    fn drop(&mut self) {
        // SAFETY: the pointer came from the allocation, and nobody uses it after this.
        unsafe { libdeflate_free_decompressor(self.0.as_ptr()) }
    }
}

impl WholeInflater {
    /// A decoder; `None` where there is no memory for one.
    pub fn new() -> Option<Self> {
        // SAFETY: a call without arguments, which gives a new decoder or null.
        NonNull::new(unsafe { libdeflate_alloc_decompressor() }).map(Self)
    }

    /// Inflates all members of a gzip file into `text`, whose old content goes. `None`, with nothing promised of `text`, if
    /// anything is not as it should be, or more than `most` bytes would come out.
    pub fn inflate(&mut self, bytes: &[u8], text: &mut Vec<u8>, most: usize) -> Option<Whole> {
        self.inflate_ahead(bytes, text, (most, usize::MAX))
    }

    /// The same, except that of a file of one member from which `longest` bytes or more come out the checksum is yet to be compared.
    pub fn inflate_ahead(
        &mut self,
        bytes: &[u8],
        text: &mut Vec<u8>,
        (most, longest): (usize, usize),
    ) -> Option<Whole> {
        text.clear();
        let mut rest = bytes;
        let mut members = 0_u32;
        let mut first = FirstMember::default();
        let mut checksum = None;
        while !rest.is_empty() {
            // libdeflate does not compare a header's checksum.
            let has_checksum = rest.get(3).is_some_and(|flags| flags & HAS_CHECKSUM != 0);
            if !is_gzip(rest) || has_checksum {
                return None;
            }
            let before = text.len();
            let header = plain_header(rest).filter(|_| promised(rest) >= longest);
            let mut taken = self.member(rest, header, text, most)?;
            if header.is_some() {
                let (trailer, behind) = rest.get(taken..)?.split_first_chunk::<8>()?;
                let [crc, size] = [0, 4].map(|at| word(trailer, at));
                let made = text.get(before..)?;
                let mut sum = Checksum::new(crc);
                if size != made.len() as u32 {
                    return None;
                }
                if before == 0 && behind.is_empty() && members == 0 {
                    checksum = Some(sum);
                } else {
                    sum.add(made);
                    sum.holds().then_some(())?;
                }
                taken += trailer.len();
            }
            rest = rest.get(taken..)?;
            members = members.checked_add(1)?;
            if members == 1 {
                first = FirstMember {
                    text: Some(text.len() as u64),
                    bytes: taken as u64,
                    is_whole: true,
                    is_cut: false,
                    is_packed_twice: false,
                };
            }
        }
        (members > 0).then_some(Whole {
            members,
            first,
            checksum,
        })
    }

    /// Appends one member's text; gives how many bytes of the file it took: behind a header that is known to be so long, without
    /// its trailer. The trailer's length is a hint, never believed.
    fn member(
        &mut self,
        bytes: &[u8],
        header: Option<usize>,
        text: &mut Vec<u8>,
        most: usize,
    ) -> Option<usize> {
        let possible = bytes.len().saturating_mul(HIGHEST_RATIO);
        let most = most.checked_sub(text.len())?.min(possible);
        let hint = promised(bytes);
        // What promises too much is left to the stream, which holds no more than a window.
        if hint > most {
            return None;
        }
        // One byte more than is promised: an output that fits exactly is then known to be whole.
        let mut room = hint.saturating_add(1).min(most);
        loop {
            text.reserve(room);
            match self.member_into(bytes, header, text, room) {
                Step::Done { taken } => return Some(taken),
                Step::Damaged => return None,
                Step::TooShort if room >= most => return None,
                Step::TooShort => room = room.max(1 << 12).saturating_mul(2).min(most),
            }
        }
    }

    fn member_into(
        &mut self,
        bytes: &[u8],
        header: Option<usize>,
        text: &mut Vec<u8>,
        room: usize,
    ) -> Step {
        let decompress = match header {
            Some(_) => libdeflate_deflate_decompress_ex,
            None => libdeflate_gzip_decompress_ex,
        };
        let header = header.unwrap_or(0);
        let bytes = bytes.get(header..).unwrap_or_default();
        let length = text.len();
        let spare = text.spare_capacity_mut();
        let room = room.min(spare.len());
        let (mut taken, mut made) = (0_usize, 0_usize);
        // SAFETY: the decoder is valid and not used elsewhere (`&mut self`); both buffers are valid for the lengths given
        // (`room` is at most the spare capacity), do not overlap, and libdeflate only writes to the second.
        let result: libdeflate_result = unsafe {
            decompress(
                self.0.as_ptr(),
                bytes.as_ptr().cast(),
                bytes.len(),
                spare.as_mut_ptr().cast(),
                room,
                &raw mut taken,
                &raw mut made,
            )
        };
        if result != libdeflate_result_LIBDEFLATE_SUCCESS {
            return match result {
                libdeflate_sys::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE => Step::TooShort,
                _ => Step::Damaged,
            };
        }
        // SAFETY: libdeflate succeeded, so it wrote the first `made` bytes of the room, which lies behind the text.
        unsafe { text.set_len(length + made.min(room)) };
        Step::Done {
            taken: header + taken,
        }
    }
}

/// How much a file's last member says that it holds: a hint.
fn promised(bytes: &[u8]) -> usize {
    bytes
        .last_chunk::<4>()
        .filter(|_| bytes.len() >= SHORTEST_MEMBER)
        .map_or(0, |size| u32::from_le_bytes(*size) as usize)
}

/// How long a member's header is, if it holds no more than a file's name.
fn plain_header(bytes: &[u8]) -> Option<usize> {
    let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
    match header {
        [_, _, 8, 0, ..] => Some(HEADER),
        [_, _, 8, HAS_NAME, ..] => Some(HEADER + memchr::memchr(0, rest)? + 1),
        _ => None,
    }
}

/// The little-endian word that stands there.
fn word(bytes: &[u8; 8], at: usize) -> u32 {
    let (words, _) = bytes.as_chunks::<4>();
    words.get(at / 4).copied().map_or(0, u32::from_le_bytes)
}

enum Step {
    Done { taken: usize },
    TooShort,
    Damaged,
}

#[cfg(test)]
mod tests {
    use super::super::inflate;
    use super::*;
    use flate2::write::GzEncoder;
    use flate2::{Compression, GzBuilder};
    use proptest::prelude::*;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_member_comes_out() {
        let (one, two) = (gzip(&b"a".repeat(100_000)), gzip(b"b"));
        let (mut inflater, mut text) = (WholeInflater::new().unwrap(), Vec::new());
        let whole = inflater.inflate(&[one.clone(), two, gzip(b"")].concat(), &mut text, 1 << 20);
        assert_eq!(text.len(), 100_001);
        let whole = whole.unwrap();
        assert_eq!((whole.members, whole.first.text), (3, Some(100_000)));
        assert_eq!(whole.first.bytes, one.len() as u64);
    }

    #[test]
    fn a_wrong_checksum_is_found_while_the_text_is_gone_through() {
        let name = GzBuilder::new().filename("log.json");
        let mut named = name.write(Vec::new(), Compression::default());
        named.write_all(b"text").unwrap();
        let named = named.finish().unwrap();
        let (mut inflater, mut text) = (WholeInflater::new().unwrap(), Vec::new());
        let mut holds = |bytes: &[u8]| {
            let whole = inflater.inflate_ahead(bytes, &mut text, (100, 4))?;
            assert_eq!(
                (text.as_slice(), whole.first.bytes),
                (&b"text"[..], bytes.len() as u64)
            );
            let mut checksum = whole.checksum.unwrap();
            checksum.add(&text);
            Some(checksum.holds())
        };
        for good in [gzip(b"text"), named] {
            assert_eq!(holds(&good), Some(true));
            let mut bad = good.clone();
            let place = bad.len() - 6;
            bad[place] ^= 1;
            assert_eq!(holds(&bad), Some(false));
            assert!(inflater_refuses(&bad));
        }
    }

    /// Whether a file is not taken where its checksum is compared at once.
    fn inflater_refuses(bytes: &[u8]) -> bool {
        let (mut inflater, mut text) = (WholeInflater::new().unwrap(), Vec::new());
        inflater.inflate(bytes, &mut text, 100).is_none()
    }

    #[test]
    fn no_more_comes_out_than_may() {
        let (mut inflater, mut text) = (WholeInflater::new().unwrap(), Vec::new());
        let bytes = gzip(&[0; 5_000]);
        assert!(inflater.inflate(&bytes, &mut text, 5_000).is_some());
        assert!(inflater.inflate(&bytes, &mut text, 4_999).is_none());
        assert!(text.len() <= 4_999);
    }

    proptest! {
        /// What is taken at once is what the stream gives without a loss, and nothing else.
        #[test]
        fn the_stream_is_the_oracle(
            texts in prop::collection::vec("[a-z]{0,300}", 0..4),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
            tail in prop::collection::vec(any::<u8>(), 0..3),
            cut in any::<prop::sample::Index>(),
            is_cut in any::<bool>(),
            cap in 0_usize..1_200,
        ) {
            let mut bytes: Vec<u8> = texts.iter().flat_map(|text| gzip(text.as_bytes())).collect();
            bytes.extend(tail);
            for (place, byte) in damage {
                if !bytes.is_empty() {
                    let place = place.index(bytes.len());
                    bytes[place] = byte;
                }
            }
            if is_cut && !bytes.is_empty() {
                bytes.truncate(cut.index(bytes.len()));
            }
            let (mut inflater, mut text) = (WholeInflater::new().unwrap(), Vec::new());
            let slow = inflate(&bytes, cap as u64);
            for longest in [usize::MAX, 100, 0] {
                if let Some(whole) = inflater.inflate_ahead(&bytes, &mut text, (cap, longest)) {
                    prop_assert_eq!(&text, &slow.text);
                    prop_assert_eq!(whole.members, slow.members);
                    prop_assert!(longest != usize::MAX || whole.checksum.is_none());
                    let holds = whole.checksum.is_none_or(|mut checksum| {
                        text.chunks(7).for_each(|piece| checksum.add(piece));
                        checksum.holds()
                    });
                    prop_assert_eq!(slow.losses.is_empty(), holds);
                } else if slow.members > 0 {
                    // Zeros that pad a file are no loss to the stream, and are left to it.
                    prop_assert!(!slow.losses.is_empty() || bytes.ends_with(&[0]));
                }
            }
        }
    }
}
