//! Is a key the one that stood in its place before?
//!
//! Keys are compared as words of eight bytes, with masks for what belongs to them: no branches, no calls.

use super::glance::{Field, Key};

/// A key that is looked for, of the record itself or of its userIdentity.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// Where its colon stands among what is outside of strings.
    pub colon: u16,
    pub key: Key,
    pub name: Written,
}

/// Another key there.
#[derive(Clone, Copy)]
pub(super) struct Other {
    /// Where its colon stands among what is outside of strings.
    pub colon: u16,
    tail: Tail,
}

/// A parameter of any name but a bucket's, in any case, and but an object's.
#[derive(Clone, Copy)]
pub(super) struct AnyBut {
    /// Where its colon stands among what is outside of strings.
    pub colon: u16,
    /// How a bucket's ends.
    bucket: u64,
}

/// Stands for a parameter of any name.
pub(super) const ANY_PARAMETER: Key = Key::Beside(b"");

/// Sets the bit that tells small letters from capitals, in every byte.
const ANY_CASE: u64 = 0x2020_2020_2020_2020;

/// How an object's parameter is written, with its first quote.
const OBJECT: u64 = u32::from_le_bytes(*b"\"key") as u64;

impl Other {
    /// The key before that place, whose last bytes tell it from others.
    pub fn exactly(colon: u16, head: &[u8], length: usize) -> Option<Self> {
        Some(Self {
            colon,
            tail: Tail {
                word: word(head)? & mask(length),
                mask: mask(length),
            },
        })
    }

    #[inline(always)]
    pub fn differs(&self, found: u64) -> u64 {
        found & self.tail.mask ^ self.tail.word
    }
}

impl AnyBut {
    /// The one whose colon stands there.
    pub fn bucket_or_object(colon: u16) -> Self {
        let name = word(Key::Of(Field::Bucket).name());
        Self {
            colon,
            bucket: name.unwrap_or_default() | ANY_CASE,
        }
    }

    #[inline(always)]
    pub fn differs(&self, found: u64) -> u64 {
        let found = found | ANY_CASE;
        u64::from(found == self.bucket || found >> 32 == OBJECT)
    }
}

/// The last bytes of a key, its first quote included if it is as short.
#[derive(Clone, Copy)]
struct Tail {
    word: u64,
    mask: u64,
}

/// So many words hold the longest key that is looked for, with its first quote; and are compared at once.
pub(super) const LONGEST: usize = 4;

/// Words of a text.
pub(super) type Words = [u64; LONGEST];

/// The last bytes before a key's last quote, its first quote included: words of eight, as far as the masks say.
#[derive(Clone, Copy)]
pub(super) struct Written {
    words: Words,
    masks: Words,
}

impl Written {
    pub fn of(head: &[u8], covered: usize) -> Option<Self> {
        let mut words = words(head)?;
        let mut masks = [0; LONGEST];
        let behind = (0..LONGEST).rev();
        for ((word, mask_here), behind) in words.iter_mut().zip(&mut masks).zip(behind) {
            *mask_here = mask(covered.saturating_sub(8 * behind));
            *word &= *mask_here;
        }
        Some(Self { words, masks })
    }

    /// Adds the bits in which what is written before that place differs.
    #[inline(always)]
    pub fn differs(&self, known: &mut Words, found: Words) {
        let (mut masks, mut words) = (self.masks.iter(), self.words.iter());
        for (known, found) in known.iter_mut().zip(found) {
            if let (Some(mask), Some(word)) = (masks.next(), words.next()) {
                *known |= found & mask ^ word;
            }
        }
    }
}

/// Takes the last so many bytes of a word.
fn mask(bytes: usize) -> u64 {
    match bytes.min(8) {
        0 => 0,
        bytes => u64::MAX << (8 * (8 - bytes)),
    }
}

/// The last bytes of a text.
fn word(head: &[u8]) -> Option<u64> {
    head.last_chunk().map(|word| u64::from_le_bytes(*word))
}

/// The last words of a text.
fn words(head: &[u8]) -> Option<Words> {
    as_words(head.last_chunk()?)
}

/// Bytes as words.
#[inline(always)]
pub(super) fn as_words(bytes: &[u8; size_of::<Words>()]) -> Option<Words> {
    let (words, _) = bytes.as_chunks();
    let words: &[[u8; 8]; LONGEST] = words.as_array()?;
    Some(words.map(u64::from_le_bytes))
}
