//! How is it told? Tables for machines and spreadsheets, `run.json` for the record, a page for whoever has to respond.
//!
//! Layout only: what is told was decided before. Every format prints the same rows, which [`tables()`] makes of an
//! [`Analysis`]; text that an attacker may have chosen passes through `escape` on its way into any of them.

mod alarms;
mod chains;
mod checks;
pub mod csv;
pub mod custody;
mod error;
mod escape;
mod folder;
mod format;
pub mod html;
pub mod jsonl;
pub mod judgement;
mod lanes;
mod limits;
mod lines;
pub mod parquet;
pub mod plan;
mod row;
pub mod run;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_assured;
mod spilled;
mod story;
mod summary;
mod tables;
pub mod terminal;
pub mod timesketch;
pub mod verification;
mod words;

pub use alarms::{NOTIFICATIONS, write_alarms, write_text as write_alarms_text};
pub use error::ReportError;
pub use folder::{Folder, Overwrite};
pub use format::Format;
pub use row::{Cell, CellKind, Column, Rows, SCHEMA_VERSION, Table};
pub use run::{Custody, Invocation, Written};
pub use spilled::{SpilledRows, SpilledTables};
pub use summary::write_line;
pub use tables::{alarm_tables, chosen_fields, tables};

use crate::analysis::{Analysis, NoLog, Parts};
use crate::vocab::Loss;

/// Text that a terminal shows and does not obey.
pub fn printable(text: &str) -> String {
    escape::terminal(text)
}

/// The same, of a sentence that names such text: more of it is shown.
pub fn printable_sentence(text: &str) -> String {
    escape::sentence(text)
}

/// That no log file was read, and what became of all files, in one line.
pub fn no_log_line(found: &NoLog) -> String {
    lines::no_log_line(found)
}

/// That all evidence ends before the time that was asked for, in one line.
pub fn ends_before_line(analysis: &Analysis) -> Option<String> {
    lines::ends_before(analysis)
}

/// That a store holds these parts of its sources only, in one line.
pub fn parts_line(parts: &Parts) -> String {
    lines::held_parts(parts)
}

/// A loss in one line: where, what kind, why.
pub fn loss_line(loss: &Loss) -> String {
    let record = loss
        .record_index
        .map(|index| format!(", record {index}"))
        .unwrap_or_default();
    let offset = loss
        .offset
        .map(|offset| format!(", at byte {offset}"))
        .unwrap_or_default();
    let (file, detail) = (
        escape::terminal(&loss.log_file),
        escape::terminal(&loss.detail),
    );
    format!(
        "loss: {file}{record}{offset}: {}: {detail}",
        loss.kind.name()
    )
}

/// Writes every table in each format, and `run.json`, and puts them all in their places.
///
/// # Errors
/// If something cannot be written; what the folder held before is then untouched.
pub fn write_all(
    analysis: &Analysis,
    formats: &[Format],
    invocation: &Invocation,
    folder: Folder,
) -> Result<Vec<Written>, ReportError> {
    let tables = tables(analysis);
    write_with(analysis, (&tables, &|| Ok(())), formats, invocation, folder)
}

/// The same, of an analysis whose rows are too many to be held.
///
/// # Errors
/// The same, and if they cannot be read back.
pub fn write_spilled(
    analysis: &Analysis,
    rows: &SpilledTables,
    formats: &[Format],
    invocation: &Invocation,
    folder: Folder,
) -> Result<Vec<Written>, ReportError> {
    let (tables, sound) = (rows.tables(analysis), || rows.failure());
    write_with(analysis, (&tables, &sound), formats, invocation, folder)
}

/// Whether what was read back of tables so far is sound.
type Sound<'s> = dyn Fn() -> Result<(), ReportError> + 's;

fn write_with(
    analysis: &Analysis,
    tables: (&[Table<'_>], &Sound<'_>),
    formats: &[Format],
    invocation: &Invocation,
    mut folder: Folder,
) -> Result<Vec<Written>, ReportError> {
    let mut written = write_tables(tables, formats, &mut folder)?;
    write_page(analysis, formats, invocation, &mut folder, &mut written)?;
    publish(analysis, invocation, folder, written)
}

/// Writes what tells of all that was written: the custody statement, if one goes with the report, and `run.json`. Then the
/// folder is there.
fn publish(
    analysis: &Analysis,
    invocation: &Invocation,
    mut folder: Folder,
    mut written: Vec<Written>,
) -> Result<Vec<Written>, ReportError> {
    if invocation.custody == Custody::Stated {
        let sha256 = folder.write(custody::FILE, |out| {
            custody::write(analysis, invocation, &written, out)
        })?;
        written.push(Written {
            name: custody::FILE.to_owned(),
            sha256,
            rows: 0,
        });
    }
    folder.write(run::FILE, |out| {
        run::write(analysis, invocation, &written, out)
    })?;
    folder.publish()?;
    Ok(written)
}

/// Writes some tables in each format beside their places.
fn write_tables(
    (tables, sound): (&[Table<'_>], &Sound<'_>),
    formats: &[Format],
    folder: &mut Folder,
) -> Result<Vec<Written>, ReportError> {
    let mut written = Vec::new();
    for table in tables {
        for format in formats {
            let mut rows = 0;
            let Some(name) = format.file(table.name) else {
                continue;
            };
            let sha256 = folder.write(&name, |out| {
                rows = format.write(table, out)?;
                sound()
            })?;
            written.push(Written { name, sha256, rows });
        }
    }
    Ok(written)
}

/// Writes the page beside its place, if it is asked for.
fn write_page(
    analysis: &Analysis,
    formats: &[Format],
    invocation: &Invocation,
    folder: &mut Folder,
    written: &mut Vec<Written>,
) -> Result<(), ReportError> {
    if !formats.contains(&Format::Html) {
        return Ok(());
    }
    let sha256 = folder.write(html::FILE, |out| {
        html::write(analysis, formats, invocation, out)
    })?;
    written.push(Written {
        name: html::FILE.to_owned(),
        sha256,
        rows: 0,
    });
    Ok(())
}
