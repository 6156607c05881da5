//! What does whoever has to respond read first? One page: what is open, what was, and what the evidence cannot tell.
//!
//! Open exposures come first, the longest before the others. All text passes through `escape`; colours only add.

mod exposure;
mod limits;
mod other;
mod page;
mod words;

use super::ReportError;
use crate::analysis::Analysis;
use crate::timeline::Exposure;
use page::{Ink, Page};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::io::Write;
use words::{count, grouped};

/// How a page is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Whether colours may be used (ANSI escapes, of ours only).
    pub color: bool,
    /// How many columns a line may have; below 40 it counts as 40.
    pub width: u16,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            width: 80,
        }
    }
}

/// Writes the whole page.
///
/// # Errors
/// If the output takes no more.
pub fn write(analysis: &Analysis, style: &Style, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut page = Page::new(*style);
    headline(&mut page, analysis);
    exposure::write(
        &mut page,
        "Still open",
        Ink::Alarm,
        &sorted(analysis, Exposure::is_open),
    );
    exposure::write(
        &mut page,
        "Closed",
        Ink::Strong,
        &sorted(analysis, |row| !row.is_open()),
    );
    other::write(&mut page, analysis);
    limits::write(&mut page, analysis);
    Ok(page.print(out)?)
}

/// Writes what fits on a screen: for a run whose report goes to a folder.
///
/// # Errors
/// If the output takes no more.
pub fn write_summary(
    analysis: &Analysis,
    style: &Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut page = Page::new(*style);
    headline(&mut page, analysis);
    exposure::write_short(&mut page, &sorted(analysis, Exposure::is_open));
    other::write_short(&mut page, analysis);
    Ok(page.print(out)?)
}

/// The exposures that are asked for, the longest first.
fn sorted(analysis: &Analysis, asked: fn(&Exposure) -> bool) -> Vec<&Exposure> {
    let mut rows: Vec<&Exposure> = analysis.exposures.iter().filter(|row| asked(row)).collect();
    rows.sort_by_key(|row| Reverse(row.duration_seconds));
    rows
}

fn headline(page: &mut Page, analysis: &Analysis) {
    let open = buckets(analysis.exposures.iter().filter(|row| row.is_open()));
    let ink = match open {
        0 => Ink::Strong,
        _ => Ink::Alarm,
    };
    page.heading(&told_first(analysis, open), ink);
    page.text(&evidence(analysis));
    page.text(&reading(analysis));
}

fn told_first(analysis: &Analysis, open: usize) -> String {
    let exposed = buckets(analysis.exposures.iter());
    let undecided = other::undecided(analysis).len();
    let left = match undecided {
        0 => String::new(),
        _ => format!(" {} cannot be decided.", count(undecided, "bucket")),
    };
    let told = match (exposed, open) {
        (0, _) => "No exposure was found.".to_owned(),
        (1, 0) => "1 bucket was exposed; it is closed.".to_owned(),
        (1, _) => "1 bucket is exposed, and still open.".to_owned(),
        (_, 0) => format!("{exposed} buckets were exposed; all are closed."),
        _ => format!("{exposed} buckets were exposed; {open} still open."),
    };
    format!("{told}{left}")
}

fn buckets<'a>(exposures: impl Iterator<Item = &'a Exposure>) -> usize {
    let names: BTreeSet<_> = exposures.map(|row| (&row.account, &row.bucket)).collect();
    names.len()
}

fn evidence(analysis: &Analysis) -> String {
    match analysis.evidence {
        Some((first, last)) => format!("The evidence runs from {first} to {last}."),
        None => "There is no evidence: no record was read.".to_owned(),
    }
}

fn reading(analysis: &Analysis) -> String {
    let counts = &analysis.counts;
    format!(
        "{}: {} read, {} skipped, {} lost. {}: {} used, {} of no interest here, {} lost, {}.",
        count(counts.files, "file"),
        grouped(counts.files_read),
        grouped(counts.files_skipped),
        grouped(counts.files_lost),
        count(counts.records, "record"),
        grouped(counts.used),
        grouped(counts.not_of_interest),
        grouped(counts.lost),
        count(counts.duplicates, "duplicate"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample::{attacked, sample};
    use super::*;

    fn told(analysis: &Analysis, style: Style) -> String {
        let mut out = Vec::new();
        write(analysis, &style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn summary(analysis: &Analysis) -> String {
        let mut out = Vec::new();
        write_summary(analysis, &Style::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn show() {
        println!("{}", told(&sample(), Style::default()));
        println!("{}", summary(&sample()));
        println!("{}", told(&Analysis::default(), Style::default()));
    }
}
