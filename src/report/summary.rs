//! What did a run find, in one line? For programs that start it.

use super::run::{Evidence, Exposures, Files, Records, exposures};
use super::{ReportError, SCHEMA_VERSION, escape, lines};
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
    confirmed_exposures: u64,
    contradictions: u64,
    evidence: Option<Evidence>,
    files: Files,
    records: Records,
    losses: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
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
    let totals = analysis.totals();
    let line = Line {
        program: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        schema_version: SCHEMA_VERSION,
        exit_status,
        exposures: exposures(&totals),
        confirmed_exposures: totals.confirmed,
        contradictions: totals.contradictions,
        evidence: analysis.evidence.map(Evidence::of),
        files: Files::of(analysis),
        records: Records::of(&analysis.counts),
        losses: analysis.losses.len(),
        warnings: lines::warnings(analysis),
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
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "program": "leaktrail", "version": env!("CARGO_PKG_VERSION"), "schema_version": 1, "exit_status": 4,
            "exposures": {"cross-account": {"open": 0, "closed": 1}, "public": {"open": 1, "closed": 0}},
            "confirmed_exposures": 1, "contradictions": 1,
            "evidence": {"first_event": "2024-01-01T00:00:00Z", "last_event": "2024-01-11T10:00:00Z"},
            "files": {"found": 4, "read": 1, "skipped": 2, "lost": 1, "bytes": 2048, "skipped_because": {"digest": 1, "not-cloudtrail": 1}},
            "records": {"found": 9, "used": 4, "not_of_interest": 3, "duplicates": 1, "lost": 1},
            "losses": 2
        });
        assert_eq!(told, expected);
    }
}
