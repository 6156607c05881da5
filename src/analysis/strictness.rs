//! Are verdicts shown that rest on assumptions?

use super::Analysis;
use crate::exposure::{Certainty, Verdict};

/// Whether assumed verdicts are shown as they are, or as unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Strictness {
    /// As they are, with their assumptions.
    #[default]
    Lenient,
    /// As unknown. Every row stays, with its certainty and its assumptions.
    Strict,
}

impl Strictness {
    /// The analysis as it is to be shown.
    pub fn apply(self, mut analysis: Analysis) -> Analysis {
        if self == Self::Lenient {
            return analysis;
        }
        let intervals = analysis
            .timelines
            .iter_mut()
            .flat_map(|timeline| &mut timeline.intervals);
        let assumed = intervals.filter(|interval| {
            interval.certainty() == Certainty::Assumed && interval.verdict != Verdict::Unknown
        });
        let withheld = assumed.map(|interval| interval.verdict = Verdict::Unknown);
        analysis.withheld = Some(withheld.count());
        analysis
    }
}
