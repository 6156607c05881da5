//! In which formats can a report be written?

use super::{ReportError, Table, csv, html, jsonl, parquet, timesketch};
use std::io::Write;

/// A format of reports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Format {
    /// Comma-separated values (RFC 4180), made safe for spreadsheets.
    Csv,
    /// Apache Parquet, for engines.
    Parquet,
    /// One JSON object a line.
    Jsonl,
    /// A page to open, to show and to print: one file for all tables.
    Html,
    /// Events for Timesketch: one JSON object a line, for each instant of a row.
    Timesketch,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Csv,
        Self::Parquet,
        Self::Jsonl,
        Self::Html,
        Self::Timesketch,
    ];

    /// Those that are written where none is asked for.
    pub const DEFAULT: [Self; 4] = [Self::Csv, Self::Parquet, Self::Jsonl, Self::Html];

    /// Those that hold rows as they are.
    pub const TABULAR: [Self; 3] = [Self::Csv, Self::Parquet, Self::Jsonl];

    /// The name by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::Html => "html",
            Self::Timesketch => "timesketch",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The name of the file that a table is written to; none where the format has no such file.
    ///
    /// Timesketch takes files by their last extension, and knows `jsonl`.
    pub fn file(self, table: &str) -> Option<String> {
        match self {
            Self::Csv | Self::Parquet | Self::Jsonl => Some(format!("{table}.{}", self.name())),
            Self::Html => None,
            Self::Timesketch => {
                timesketch::has_instants(table).then(|| format!("{table}.timesketch.jsonl"))
            }
        }
    }

    /// The names of all files that it may write, for those tables.
    pub(super) fn files(self, tables: &[&str]) -> Vec<String> {
        match self {
            Self::Html => vec![html::FILE.to_owned()],
            _ => tables.iter().filter_map(|table| self.file(table)).collect(),
        }
    }

    /// Writes a table in this format, and tells how many rows it has.
    ///
    /// # Errors
    /// If the output takes no more, or a cell or the table does not fit the format.
    pub fn write(
        self,
        table: &Table<'_>,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, ReportError> {
        match self {
            Self::Csv => csv::write(table, out),
            Self::Parquet => parquet::write(table, out),
            Self::Jsonl => jsonl::write(table, out),
            Self::Timesketch => timesketch::write(table, out),
            Self::Html => Err(ReportError::Table {
                table: table.name,
                cause: "a page holds a whole report, not one table".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.name()), Some(format));
        }
        assert_eq!(Format::parse("xlsx"), None);
    }

    #[test]
    fn files_are_named_by_table_and_format() {
        assert_eq!(Format::Csv.file("changes").as_deref(), Some("changes.csv"));
        assert_eq!(
            Format::Timesketch.file("changes").as_deref(),
            Some("changes.timesketch.jsonl")
        );
        assert_eq!(Format::Timesketch.file("losses"), None);
        assert_eq!(Format::Html.files(&["changes"]), ["report.html"]);
    }
}
