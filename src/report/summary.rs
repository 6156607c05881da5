//! What did a run find, in one line? For programs that start it.

use super::run::{Evidence, Exposures, Files, Records, exposures};
use super::{ReportError, SCHEMA_VERSION, escape};
use crate::analysis::Analysis;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

#[derive(Serialize)]
struct Line {
    program: &'static str,
    version: &'static str,
    schema_version: u32,
    exit_status: u8,
    exposures: BTreeMap<&'static str, Exposures>,
    confirmed_exposures: usize,
    contradictions: usize,
    evidence: Option<Evidence>,
    files: Files,
    records: Records,
    losses: usize,
}

/// Writes one line of JSON: what was found, and the status with which the run ends.
///
/// # Errors
/// If the output takes no more.
pub fn write_line(
    analysis: &Analysis,
    exit_status: u8,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let confirmed = analysis.exposures.iter().filter(|row| row.is_confirmed());
    let line = Line {
        program: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        schema_version: SCHEMA_VERSION,
        exit_status,
        exposures: exposures(analysis),
        confirmed_exposures: confirmed.count(),
        contradictions: analysis.contradictions.len(),
        evidence: analysis.evidence.map(Evidence::of),
        files: Files::of(analysis),
        records: Records::of(&analysis.counts),
        losses: analysis.losses.len(),
    };
    let text = serde_json::to_string(&line).map_err(io::Error::from)?;
    writeln!(out, "{}", escape::json(&text))?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::*;

    #[test]
    fn everything_stands_in_one_line() {
        let mut out = Vec::new();
        write_line(&sample(), 4, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap().trim_end());
    }
}
