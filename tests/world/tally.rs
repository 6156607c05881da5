//! How much of the worlds' time and exposures does the evidence decide? The numbers behind the floors of the test.

use std::fmt::{self, Display, Formatter};

use crate::evidence::Truth;
use crate::script::World;
use crate::timeline::Share;

#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub share: Share,
    holes: usize,
    calls: usize,
    rows: usize,
    proven: usize,
}

impl Tally {
    pub fn of(world: &World, truth: &Truth, share: Share) -> Self {
        let proven = |row: &&crate::rows::Row| row.get("certainty") == "proven";
        Self {
            share,
            holes: usize::from(world.hole.is_some()),
            calls: world.calls.iter().filter(|call| call.logged).count(),
            rows: truth.rows.len(),
            proven: truth.rows.iter().filter(proven).count(),
        }
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            share: self.share.and(other.share),
            holes: self.holes + other.holes,
            calls: self.calls + other.calls,
            rows: self.rows + other.rows,
            proven: self.proven + other.proven,
        }
    }

    /// Of all exposures those that need no assumption, in tenths of a percent.
    pub fn proven_rows(self) -> u64 {
        (self.proven * 1000 / self.rows.max(1)) as u64
    }
}

impl Display for Tally {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let [proven, assumed, unknown] = self.share.per_mille();
        write!(
            out,
            "{} of them with a hole, {} calls logged, {} exposures ({} per mille proven); \
             bucket time, per mille: proven {proven}, assumed {assumed}, unknown {unknown}",
            self.holes,
            self.calls,
            self.rows,
            self.proven_rows()
        )
    }
}
