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
    libdeflate_alloc_decompressor, libdeflate_decompressor, libdeflate_free_decompressor,
    libdeflate_gzip_decompress_ex, libdeflate_result, libdeflate_result_LIBDEFLATE_SUCCESS,
};
use std::ptr::NonNull;

/// Deflate cannot grow bytes by more than this.
const HIGHEST_RATIO: usize = 1032;
/// The shortest gzip member: header, an empty block, trailer.
const SHORTEST_MEMBER: usize = 20;

/// A decoder, to be used for many files. One for each thread.
pub struct WholeInflater(NonNull<libdeflate_decompressor>);

/// What is known of a file that was inflated whole, and is sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Whole {
    /// How many gzip members it has.
    pub members: u32,
    /// How far the first one reaches.
    pub first: FirstMember,
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
        text.clear();
        let mut rest = bytes;
        let mut members = 0_u32;
        let mut first = FirstMember::default();
        while !rest.is_empty() {
            if !is_gzip(rest) {
                return None;
            }
            let taken = self.member(rest, text, most)?;
            rest = rest.get(taken..)?;
            members = members.checked_add(1)?;
            if members == 1 {
                first = FirstMember {
                    text: Some(text.len() as u64),
                    bytes: taken as u64,
                    is_whole: true,
                    is_cut: false,
                };
            }
        }
        (members > 0).then_some(Whole { members, first })
    }

    /// Appends one member's text; gives how many bytes of the file it took. The trailer's length is a hint, never believed.
    fn member(&mut self, bytes: &[u8], text: &mut Vec<u8>, most: usize) -> Option<usize> {
        let possible = bytes.len().saturating_mul(HIGHEST_RATIO);
        let most = most.checked_sub(text.len())?.min(possible);
        let hint = bytes
            .last_chunk::<4>()
            .filter(|_| bytes.len() >= SHORTEST_MEMBER)
            .map_or(0, |size| u32::from_le_bytes(*size) as usize);
        // What promises too much is left to the stream, which holds no more than a window.
        if hint > most {
            return None;
        }
        // One byte more than is promised: an output that fits exactly is then known to be whole.
        let mut room = hint.saturating_add(1).min(most);
        loop {
            text.reserve(room);
            match self.member_into(bytes, text, room) {
                Step::Done { taken } => return Some(taken),
                Step::Damaged => return None,
                Step::TooShort if room >= most => return None,
                Step::TooShort => room = room.max(1 << 12).saturating_mul(2).min(most),
            }
        }
    }

    fn member_into(&mut self, bytes: &[u8], text: &mut Vec<u8>, room: usize) -> Step {
        let length = text.len();
        let spare = text.spare_capacity_mut();
        let room = room.min(spare.len());
        let (mut taken, mut made) = (0_usize, 0_usize);
        // SAFETY: the decoder is valid and not used elsewhere (`&mut self`); both buffers are valid for the lengths given
        // (`room` is at most the spare capacity), do not overlap, and libdeflate only writes to the second.
        let result: libdeflate_result = unsafe {
            libdeflate_gzip_decompress_ex(
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
        Step::Done { taken }
    }
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
    use flate2::Compression;
    use flate2::write::GzEncoder;
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
            if let Some(whole) = inflater.inflate(&bytes, &mut text, cap) {
                prop_assert_eq!(&text, &slow.text);
                prop_assert_eq!(whole.members, slow.members);
                prop_assert!(slow.losses.is_empty());
            } else if slow.members > 0 {
                // Zeros that pad a file are no loss to the stream, and are left to it.
                prop_assert!(!slow.losses.is_empty() || bytes.ends_with(&[0]));
            }
        }
    }
}
