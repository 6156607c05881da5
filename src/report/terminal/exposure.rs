//! How is an exposure set on a page? A block under its bucket's name, or one line.

use super::super::story::{Story, Visitors, audience, lasting};
use super::page::{Ink, Page};
use crate::analysis::Analysis;
use crate::timeline::Exposure;

/// So many exposures are shown where one line each must do.
const MOST_SHORT: usize = 20;

/// A section of exposures; none where there are none.
pub(super) fn write(
    page: &mut Page,
    heading: &str,
    ink: Ink,
    rows: &[&Exposure],
    all: u64,
    analysis: &Analysis,
) {
    if rows.is_empty() {
        return;
    }
    page.heading(&format!("{heading} ({all})"), ink);
    let visitors = Visitors::of(analysis);
    for row in rows {
        page.title(row.bucket.as_str(), ink);
        tell(page, &Story::of(row, &visitors));
    }
}

fn tell(page: &mut Page, story: &Story) {
    for field in &story.fields {
        let mut label = field.label;
        for line in &field.lines {
            page.field(label, &line.text);
            label = "";
        }
    }
}

/// One line for each of the first exposures.
pub(super) fn write_short(page: &mut Page, rows: &[&Exposure], all: u64) {
    if rows.is_empty() {
        return;
    }
    page.heading(&format!("Still open ({all})"), Ink::Alarm);
    let lines = rows.iter().map(|row| {
        let (bucket, since, length) = (&row.bucket, row.opened_at, lasting(row));
        format!(
            "{bucket}: open to {} since {since}, {length}",
            audience(row)
        )
    });
    page.elements(lines, MOST_SHORT, "exposures");
}
