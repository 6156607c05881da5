//! How much may come out of a file, and of all that it lies in?

use std::sync::atomic::{AtomicU64, Ordering};

/// What may come out in bytes, and what came out. All layers of a file's compression share one.
#[derive(Debug)]
pub struct Budget<'o> {
    most: AtomicU64,
    spent: AtomicU64,
    /// What holds for the file that this one lies in.
    outer: Option<&'o Budget<'o>>,
}

impl<'o> Budget<'o> {
    /// So many bytes.
    pub fn new(most: u64) -> Self {
        Self {
            most: AtomicU64::new(most),
            spent: AtomicU64::new(0),
            outer: None,
        }
    }

    /// So many bytes of what may come out here: of one file of several.
    pub fn within(&'o self, most: u64) -> Self {
        Self {
            outer: Some(self),
            ..Self::new(most)
        }
    }

    /// At least so many bytes may come out: more of the file was met.
    pub fn allow(&self, most: u64) {
        self.most.fetch_max(most, Ordering::Relaxed);
    }

    /// So many bytes came out.
    pub fn spend(&self, bytes: u64) {
        self.spent.fetch_add(bytes, Ordering::Relaxed);
        if let Some(outer) = self.outer {
            outer.spend(bytes);
        }
    }

    /// How many bytes may yet come out.
    pub fn left(&self) -> u64 {
        let here = self.most().saturating_sub(self.spent());
        self.outer.map_or(here, |outer| outer.left().min(here))
    }

    /// How many bytes came out.
    pub fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    /// As if only so many bytes had come out of it; of files that are looked at once more.
    pub fn rewind(&self, spent: u64) {
        self.spent.store(spent, Ordering::Relaxed);
    }

    /// How many bytes may come out in all.
    pub fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }

    /// How many bytes may come out in all of the innermost file of which no more may.
    pub fn bound(&self) -> u64 {
        match self.outer {
            Some(outer) if self.most() > self.spent() => outer.bound(),
            _ => self.most(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_file_counts_for_it() {
        let outer = Budget::new(10);
        let (one, other) = (outer.within(7), outer.within(7));
        one.spend(6);
        assert_eq!((one.left(), other.left(), outer.left()), (1, 4, 4));
        other.spend(4);
        assert_eq!((one.left(), other.left(), outer.left()), (0, 0, 0));
        assert_eq!((one.bound(), outer.bound()), (10, 10));
        one.spend(1);
        assert_eq!((one.bound(), other.bound()), (7, 10));
        outer.allow(20);
        outer.allow(3);
        assert_eq!((one.left(), other.left(), outer.left()), (0, 3, 9));
        outer.rewind(2);
        assert_eq!(outer.left(), 18);
    }
}
