//! Is a key the one that stood in its place before?
//!
//! Keys are compared as words of eight bytes, with masks for what belongs to them: no branches, no calls.

use super::glance::{Field, Key};
use super::skeleton::Value;

/// A key that is looked for, of the record itself or of its userIdentity.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub member: u16,
    pub key: Key,
    pub value: Value,
    pub name: Written<LONGEST>,
}

/// Another key there.
#[derive(Clone, Copy)]
pub(super) struct Other {
    pub member: u16,
    tail: Written<1>,
    /// Whether it may be any but that one, in any case, and but an object: names of parameters are many.
    is_any_but: bool,
}

/// Stands for a parameter of any name.
pub(super) const ANY_PARAMETER: Key = Key::Beside(b"");

/// Sets the bit that tells small letters from capitals, in every byte.
const ANY_CASE: u64 = 0x2020_2020_2020_2020;

/// How an object's parameter is written, with its first quote.
const OBJECT: u64 = u32::from_le_bytes(*b"\"key") as u64;

impl Other {
    /// The key before that place, whose last bytes tell it from others.
    pub fn exactly(member: u16, head: &[u8], length: usize) -> Option<Self> {
        Some(Self {
            member,
            tail: Written::of(head, length.min(8))?,
            is_any_but: false,
        })
    }

    /// A parameter of any name, but not a bucket's, nor an object's.
    pub fn any_parameter(member: u16) -> Self {
        let name = Key::Of(Field::Bucket).name();
        let words = words::<1>(name).map_or([0], |[word]| [word | ANY_CASE]);
        Self {
            member,
            tail: Written { words, masks: [0] },
            is_any_but: true,
        }
    }

    #[inline(always)]
    pub fn differs(&self, head: Option<&[u8]>) -> u64 {
        if !self.is_any_but {
            let [differs] = self.tail.differs([0], head);
            return differs;
        }
        let found = head.and_then(words::<1>).map(|[word]| word | ANY_CASE);
        let is_that = found.is_none_or(|word| [word] == self.tail.words || word >> 32 == OBJECT);
        u64::from(is_that)
    }
}

/// So many words hold the longest key that is looked for, with its first quote; and are compared at once.
pub(super) const LONGEST: usize = 4;

/// The last bytes before a key's last quote, its first quote included: words of eight, as far as the masks say.
#[derive(Clone, Copy)]
pub(super) struct Written<const WORDS: usize> {
    words: [u64; WORDS],
    masks: [u64; WORDS],
}

impl<const WORDS: usize> Written<WORDS> {
    pub fn of(head: &[u8], covered: usize) -> Option<Self> {
        let words = words::<WORDS>(head)?;
        let mut masks = [0; WORDS];
        for (mask, behind) in masks.iter_mut().zip((0..WORDS).rev()) {
            let here = covered.saturating_sub(8 * behind).min(8);
            *mask = match here {
                0 => 0,
                here => u64::MAX << (8 * (8 - here)),
            };
        }
        let words = std::array::from_fn(|place| {
            let pair = words.get(place).zip(masks.get(place));
            pair.map_or(0, |(word, mask)| word & mask)
        });
        Some(Self { words, masks })
    }

    /// Adds the bits in which what is written before that place differs.
    #[inline(always)]
    pub fn differs(&self, mut known: [u64; WORDS], head: Option<&[u8]>) -> [u64; WORDS] {
        let Some(found) = head.and_then(words::<WORDS>) else {
            return [u64::MAX; WORDS];
        };
        let here = found.iter().zip(&self.masks).zip(&self.words);
        for (known, ((found, mask), word)) in known.iter_mut().zip(here) {
            *known |= found & mask ^ word;
        }
        known
    }
}

/// The last words of a text.
#[inline(always)]
fn words<const WORDS: usize>(head: &[u8]) -> Option<[u64; WORDS]> {
    let (_, chunks) = head.as_rchunks::<8>();
    let chunks = chunks.last_chunk::<WORDS>()?;
    Some(chunks.map(u64::from_le_bytes))
}
