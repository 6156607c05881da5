//! How many different texts were there? Exactly up to a bound, beyond it an estimate in constant memory.

use datasketches::hll::{HllSketch, HllType};
use sha2::{Digest, Sha256};

/// The sketch has 2¹³ registers of a byte: a standard error of about 1.2 percent.
const REGISTERS: u8 = 13;

/// Counts different texts, each by 64 bits of its hash.
pub(super) enum Distinct {
    /// All of them, sorted: as much memory as a sketch at most.
    Exact(Vec<u64>),
    /// Too many to hold: HyperLogLog.
    Sketch(Box<HllSketch>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl Distinct {
    /// So many are counted exactly.
    pub const EXACT: usize = 1024;

    /// Counts a text.
    pub fn add(&mut self, text: &str) {
        let digest = Sha256::digest(text.as_bytes());
        let bytes = digest.iter().take(8);
        let hash = bytes.fold(0, |hash, byte| hash << 8 | u64::from(*byte));
        match self {
            Self::Sketch(sketch) => sketch.update(hash),
            Self::Exact(hashes) => {
                if let Err(place) = hashes.binary_search(&hash) {
                    hashes.insert(place, hash);
                }
                let sketch = (hashes.len() > Self::EXACT).then(|| sketch_of(hashes));
                if let Some(sketch) = sketch.flatten() {
                    *self = Self::Sketch(Box::new(sketch));
                }
            }
        }
    }

    /// How many there were. The estimate is the one that does not depend on the order in which they came.
    pub fn count(&self) -> u64 {
        match self {
            Self::Exact(hashes) => hashes.len() as u64,
            Self::Sketch(sketch) => sketch.composite_estimate().round() as u64,
        }
    }

    /// Whether that is an estimate.
    pub fn is_estimated(&self) -> bool {
        matches!(self, Self::Sketch(_))
    }
}

/// A sketch of what was counted so far; registers of a byte know nothing of the order in which they were filled.
fn sketch_of(hashes: &[u64]) -> Option<HllSketch> {
    let mut sketch = HllSketch::new(REGISTERS, HllType::Hll8).ok()?;
    hashes.iter().for_each(|hash| sketch.update(hash));
    Some(sketch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(many: usize) -> Distinct {
        let mut distinct = Distinct::default();
        for number in (0..many).chain(0..many / 2) {
            distinct.add(&format!("key-{number}"));
        }
        distinct
    }

    #[test]
    fn it_is_exact_up_to_the_bound() {
        for many in [0, 1, 1000, Distinct::EXACT] {
            assert_eq!(counted(many).count(), many as u64);
            assert!(!counted(many).is_estimated());
        }
    }

    #[test]
    fn the_order_does_not_matter() {
        let texts: Vec<String> = (0..20_000).map(|number| format!("key-{number}")).collect();
        let (mut forward, mut backward) = (Distinct::default(), Distinct::default());
        texts.iter().for_each(|text| forward.add(text));
        texts.iter().rev().for_each(|text| backward.add(text));
        assert_eq!(forward.count(), backward.count());
    }

    #[test]
    fn beyond_it_the_estimate_is_close() {
        for many in [Distinct::EXACT + 1, 5_000, 50_000] {
            let distinct = counted(many);
            let off = (distinct.count() as f64 - many as f64).abs() / many as f64;
            assert!(distinct.is_estimated() && off < 0.04, "{many}: {off}");
        }
    }
}
