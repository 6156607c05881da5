//! What goes into the case file? A plain-text statement: which program, called how, on what, with what result.

use super::{Invocation, ReportError, SCHEMA_VERSION, Written, escape, verification};
use crate::analysis::Analysis;
use std::io::Write;

/// The name of the file.
pub(super) const FILE: &str = "custody.txt";

/// Writes the statement. It has no time of its own: whoever signs it adds that.
///
/// # Errors
/// If the output takes no more.
pub fn write(
    analysis: &Analysis,
    invocation: &Invocation,
    reports: &[Written],
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut text = vec![
        "Custody statement".to_owned(),
        String::new(),
        format!(
            "program          {} {}, tables of schema {SCHEMA_VERSION}",
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION")
        ),
        format!("command          {}", words(&invocation.command)),
        format!("sources          {}", words(&invocation.sources)),
    ];
    text.extend(counts(analysis));
    text.push(String::new());
    text.push(verification::headline(&analysis.integrity));
    if let Some(keys) = &analysis.integrity.means.keys_file {
        text.push(format!(
            "Public keys were taken from a file with SHA-256 {keys}."
        ));
    }
    if let Some(metadata) = &analysis.integrity.means.metadata_file {
        text.push(format!(
            "Object metadata was taken from a file with SHA-256 {metadata}."
        ));
    }
    text.extend(lists(analysis, reports));
    for line in text {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

fn counts(analysis: &Analysis) -> Vec<String> {
    let counts = &analysis.counts;
    let evidence = match analysis.evidence {
        Some((first, last)) => format!("{first} to {last}"),
        None => "none: no record was read".to_owned(),
    };
    let integrity = &analysis.integrity;
    let logs = integrity.logs.values().map(|it| it.verdict.name());
    vec![
        format!("evidence         {evidence}"),
        format!(
            "files            {} of {} bytes: {} read, {} skipped, {} lost",
            counts.files, counts.bytes, counts.files_read, counts.files_skipped, counts.files_lost
        ),
        format!(
            "records          {}: {} used, {} of no interest, {} repeated, {} lost",
            counts.records, counts.used, counts.not_of_interest, counts.duplicates, counts.lost
        ),
        format!(
            "digests          {}",
            verification::counted(integrity.digests.iter().map(|it| it.verdict.name()))
        ),
        format!("log files        {}", verification::counted(logs)),
        format!("absent           {} log files", integrity.missing.len()),
    ]
}

/// The hashes: of what was written, then of what was read.
fn lists(analysis: &Analysis, reports: &[Written]) -> Vec<String> {
    let mut text = Vec::new();
    if !reports.is_empty() {
        text.extend([String::new(), "SHA-256 of each report".to_owned()]);
        text.extend(
            reports
                .iter()
                .map(|it| format!("{}  {}", it.sha256, it.name)),
        );
    }
    text.extend([
        String::new(),
        "SHA-256 of each input, as it lies there".to_owned(),
    ]);
    for (file, account) in &analysis.files {
        let name = escape::terminal(file);
        text.push(match analysis.material.file_hash(file) {
            Some(hash) => format!("{hash}  {} bytes  {name}", account.bytes),
            None => format!("{:64}  {} bytes  {name}", "not read", account.bytes),
        });
    }
    text
}

fn words(words: &[String]) -> String {
    let shown: Vec<String> = words
        .iter()
        .map(|it| escape::terminal(it.as_str()))
        .collect();
    shown.join(" ")
}
