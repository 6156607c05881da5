//! How well is the evidence assured? Invalid files, digests and log files that are missing, times without evidence.

use super::super::verification;
use super::page::{Ink, Page};
use super::words::count;
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
        for line in verdicts(analysis) {
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

fn verdicts(analysis: &Analysis) -> Vec<String> {
    let integrity = &analysis.integrity;
    let digests = integrity.digests.iter().map(|it| it.verdict.name());
    let logs = integrity.logs.values().map(|it| it.verdict.name());
    let missing = match integrity.missing.len() {
        0 => String::new(),
        missing => format!(", {missing} missing"),
    };
    vec![
        format!("digests: {}", verification::counted(digests)),
        format!("log files: {}{missing}", verification::counted(logs)),
        "each by name: `leaktrail verify`, and the tables log_files and changes".to_owned(),
    ]
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
    let lines = gaps.into_iter().map(|(stream, gap)| {
        let account = stream.account.as_ref().map_or("unknown", |it| it.as_str());
        let region = stream.region.as_ref().map_or("unknown", |it| it.as_str());
        let why = gap
            .explained_by
            .as_ref()
            .map_or("unexplained", |it| it.name);
        format!(
            "account {account}, {region}, {}: {} to {}, {}, {why}",
            stream.category.name(),
            gap.span.from,
            gap.span.until,
            gap.kind.name()
        )
    });
    page.elements(lines, MOST_GAPS, "coverage");
}
