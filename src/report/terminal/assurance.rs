//! How well is the evidence assured? Invalid files, digests and log files that are missing, times without evidence.

use super::super::words::count;
use super::super::{lines, verification};
use super::page::{Ink, Page};
use crate::analysis::Analysis;
use crate::coverage::{CoverageGap, Stream};

/// So many gaps are shown.
const MOST_GAPS: usize = 20;

/// The section: what was checked, and where evidence is missing.
pub(super) fn write(page: &mut Page, analysis: &Analysis) {
    let integrity = &analysis.integrity;
    let invalid = integrity.invalid_logs() + integrity.invalid_digests() > 0;
    if integrity.has_digests() {
        let ink = if invalid { Ink::Alarm } else { Ink::Strong };
        page.heading("Integrity of the evidence", ink);
        page.text(&verification::headline(integrity));
        for line in lines::integrity(analysis) {
            page.element(&line);
        }
    }
    gaps(page, analysis);
}

/// The same in one line, where there is something to say.
pub(super) fn write_short(page: &mut Page, analysis: &Analysis) {
    let integrity = &analysis.integrity;
    if integrity.has_digests() {
        page.heading(&verification::headline(integrity), Ink::Strong);
    }
    let gaps: usize = analysis.streams.iter().map(|it| it.gaps.len()).sum();
    if gaps > 0 {
        page.element(&format!(
            "{} without evidence: see the table coverage",
            count(gaps, "time")
        ));
    }
}

fn gaps(page: &mut Page, analysis: &Analysis) {
    let gaps: Vec<(&Stream, &CoverageGap)> = analysis
        .streams
        .iter()
        .flat_map(|stream| stream.gaps.iter().map(move |gap| (stream, gap)))
        .collect();
    if gaps.is_empty() {
        return;
    }
    page.heading(
        &format!("Times without evidence ({})", gaps.len()),
        Ink::Strong,
    );
    let lines = gaps
        .into_iter()
        .map(|(stream, gap)| format!("{}: {}", lines::stream(stream), lines::gap(gap)));
    page.elements(lines, MOST_GAPS, "coverage");
}
