//! What does the program make of an archive? It is run as a user runs it; its tables are read back from disk.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::archive::{Container, LogFile, write};
use crate::rows::Row;
use crate::timeline::Interval;

/// The folder of a report.
pub struct Report(TempDir);

/// Lays the files down, scans them, and holds the report; or says what the program said.
pub fn scan(files: &[LogFile], container: Container, options: &[&str]) -> Result<Report, String> {
    let archive = TempDir::new().unwrap();
    write(archive.path(), files, container);
    let report = TempDir::new().unwrap();
    run(archive.path(), &report.path().join("report"), options)?;
    Ok(Report(report))
}

fn run(archive: &Path, out: &Path, options: &[&str]) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leaktrail"));
    command.arg("scan").arg(archive).arg("-o").arg(out);
    command
        .args(["-f", "csv", "-f", "jsonl", "-q"])
        .args(options);
    let output = command.output().unwrap();
    match output.status.code() {
        Some(0) => Ok(()),
        code => Err(format!(
            "{command:?}: exit {code:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

impl Report {
    pub fn table(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join("report").join(name)).unwrap()
    }

    pub fn exposures(&self) -> Vec<Row> {
        self.table("exposures.jsonl")
            .lines()
            .map(Row::read)
            .collect()
    }

    pub fn timeline(&self) -> Vec<Interval> {
        self.table("timeline.jsonl")
            .lines()
            .map(Interval::read)
            .collect()
    }

    /// The first contradiction of state. Callers of the worlds come with sessions that nothing in them issues.
    pub fn contradiction(&self) -> Option<String> {
        let table = self.table("contradictions.jsonl");
        let mut lines = table.lines();
        let of_state = |line: &&str| !line.contains(r#""kind":"session-without-issuance""#);
        lines.find(of_state).map(str::to_owned)
    }

    /// A CSV table without the columns that say where a record lay.
    pub fn table_apart_from_places(&self, name: &str) -> String {
        let text = self.table(name);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers = reader.headers().unwrap().clone();
        let kept: Vec<usize> = (0..headers.len())
            .filter(|at| !["log_file", "record_index"].contains(&&headers[*at]))
            .collect();
        let mut lines = vec![line(&headers, &kept)];
        lines.extend(reader.records().map(|record| line(&record.unwrap(), &kept)));
        lines.join("\n")
    }
}

fn line(record: &csv::StringRecord, kept: &[usize]) -> String {
    kept.iter()
        .map(|at| &record[*at])
        .collect::<Vec<_>>()
        .join("\u{1f}")
}
