//! Two contents are hashed at once: each round of SHA-256 waits for the one before, and while one content's waits the processor
//! works on the other's.

use super::hash::ContentHash;
use sha2::block_api::compress256;

/// A content whose hash is still being worked out, and what it is wanted for.
#[derive(Debug)]
struct Half<K> {
    key: K,
    /// The content, padded to whole blocks.
    text: Vec<u8>,
    /// So many blocks are done.
    done: usize,
    state: [u32; 8],
}

/// Hashes contents two by two, as they come.
#[derive(Debug)]
pub struct Twins<K>(Option<Half<K>>);

impl<K> Default for Twins<K> {
    fn default() -> Self {
        Self(None)
    }
}

/// What SHA-256 begins with. FIPS 180-4, section 5.3.3.
const BEGIN: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
const BLOCK: usize = 64;

impl<K> Half<K> {
    /// Pads the content: a bit, zeros, and its length in bits. FIPS 180-4, section 5.1.1.
    fn new(key: K, mut text: Vec<u8>) -> Self {
        let bits = (text.len() as u64).wrapping_mul(8);
        text.push(0x80);
        let whole = (text.len() + size_of::<u64>()).next_multiple_of(BLOCK);
        text.resize(whole - size_of::<u64>(), 0);
        text.extend_from_slice(&bits.to_be_bytes());
        Self {
            key,
            text,
            done: 0,
            state: BEGIN,
        }
    }

    fn is_done(&self) -> bool {
        self.done * BLOCK >= self.text.len()
    }

    /// The blocks that are not done.
    fn left(&self) -> &[[u8; BLOCK]] {
        let left = self.text.get(self.done * BLOCK..).unwrap_or_default();
        left.as_chunks().0
    }

    fn told(self) -> (K, ContentHash) {
        let mut hash = [0; 32];
        for (bytes, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        (self.key, ContentHash::from_bytes(hash))
    }

    fn finish(mut self) -> (K, ContentHash) {
        let mut state = self.state;
        compress256(&mut state, self.left());
        self.state = state;
        self.told()
    }
}

impl<K> Twins<K> {
    /// One more content. Whichever ends first is told; the other waits for the next.
    pub fn add(&mut self, key: K, text: Vec<u8>) -> Option<(K, ContentHash)> {
        self.pair(Half::new(key, text))
    }

    /// Takes over what another one began.
    pub fn merge(&mut self, other: Self) -> Option<(K, ContentHash)> {
        self.pair(other.0?)
    }

    fn pair(&mut self, mut new: Half<K>) -> Option<(K, ContentHash)> {
        let Some(mut known) = self.0.take() else {
            self.0 = Some(new);
            return None;
        };
        let (mut one, mut other) = (known.state, new.state);
        let blocks = known.left().iter().zip(new.left());
        let count = blocks.len();
        for (left, right) in blocks {
            compress256(&mut one, std::slice::from_ref(left));
            compress256(&mut other, std::slice::from_ref(right));
        }
        (known.state, new.state) = (one, other);
        known.done += count;
        new.done += count;
        let (ended, waits) = match known.is_done() {
            true => (known, new),
            false => (new, known),
        };
        self.0 = Some(waits);
        Some(ended.told())
    }

    /// The hash of what was waiting.
    pub fn finish(self) -> Option<(K, ContentHash)> {
        self.0.map(Half::finish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn twins_are_hashed_as_each_alone(sizes in prop::collection::vec(0_usize..700, 0..9), split in 0_usize..9) {
            let text = |number: usize| -> Vec<u8> {
                let bytes = (0..sizes[number]).map(|at| (at * 31 + number * 7) as u8);
                bytes.collect()
            };
            let (mut first, mut second, mut told) = (Twins::default(), Twins::default(), Vec::new());
            for number in 0..sizes.len() {
                let twins = if number < split { &mut first } else { &mut second };
                told.extend(twins.add(number, text(number)));
            }
            told.extend(first.merge(second));
            told.extend(first.finish());
            told.sort_by_key(|(number, _)| *number);
            let alone = (0..sizes.len()).map(|number| (number, ContentHash::of(&text(number))));
            prop_assert_eq!(told, alone.collect::<Vec<_>>());
        }
    }
}
