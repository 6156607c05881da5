//! In which formats can a table be written?

use super::{ReportError, Table, csv, jsonl, parquet};
use std::io::Write;

/// A format for tables.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Format {
    /// Comma-separated values (RFC 4180), made safe for spreadsheets.
    Csv,
    /// Apache Parquet, for engines.
    Parquet,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// All of them, as the default writes them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Parquet, Self::Jsonl];

    /// The name, which is also the file's extension.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Writes a table in this format, and tells how many rows it has.
    ///
    /// # Errors
    /// If the output takes no more, or a cell does not fit the format.
    pub fn write(
        self,
        table: &Table<'_>,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, ReportError> {
        match self {
            Self::Csv => csv::write(table, out),
            Self::Parquet => parquet::write(table, out),
            Self::Jsonl => jsonl::write(table, out),
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
}
