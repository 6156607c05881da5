//! How does a table become CSV? RFC 4180 with a header, one row a line, made safe as `escape` says.

use super::row::Cell;
use super::{ReportError, Table, escape};
use ::csv::{Terminator, Writer, WriterBuilder};
use std::io::{self, Write};

/// Writes a table, and tells how many rows it has.
///
/// Nothing is an empty field; lists are joined by `;`; times are RFC 3339 in UTC.
///
/// # Errors
/// If the output takes no more.
pub fn write(table: &Table<'_>, out: impl Write) -> Result<u64, ReportError> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::Any(b'\n'))
        .from_writer(out);
    let names = table.columns.iter().map(|column| column.name);
    writer.write_record(names).map_err(io::Error::from)?;
    let mut rows = 0;
    for row in (table.rows)() {
        write_row(&mut writer, &row).map_err(io::Error::from)?;
        rows += 1;
    }
    writer.flush()?;
    Ok(rows)
}

fn write_row(writer: &mut Writer<impl Write>, row: &[Cell<'_>]) -> Result<(), ::csv::Error> {
    for cell in row {
        writer.write_field(field(cell))?;
    }
    writer.write_record(None::<&[u8]>)
}

/// The text of one field, before quoting.
fn field(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(_) | Cell::Untrusted(_) => {
            escape::exact(cell).map(escape::csv).unwrap_or_default()
        }
        Cell::List(elements) => escape::csv(&escape::csv_list(elements)),
        Cell::Time(time) => escape::csv(&time.to_string()),
        Cell::Integer(number) => number.to_string(),
        Cell::Boolean(yes) => yes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::CellKind;
    use super::super::sample::{attacked, sample};
    use super::super::tables;
    use super::*;
    use crate::analysis::Analysis;
    use crate::vocab::Timestamp;

    fn read_back(text: &str, kind: CellKind) -> Cell<'static> {
        let text = escape::undo_csv(text);
        match kind {
            CellKind::List => Cell::List(
                escape::undo_csv_list(&text)
                    .into_iter()
                    .map(Into::into)
                    .collect(),
            ),
            _ if text.is_empty() => Cell::Empty,
            CellKind::Text => Cell::Text(text.into()),
            CellKind::Time => Cell::Time(Timestamp::parse(&text).unwrap()),
            CellKind::Integer => Cell::Integer(text.parse().unwrap()),
            CellKind::Boolean => Cell::Boolean(text.parse().unwrap()),
        }
    }

    fn check(analysis: &Analysis) {
        for table in tables(analysis) {
            let mut out = Vec::new();
            let rows = write(&table, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert_eq!(text.lines().count() as u64, rows + 1, "{}", table.name);
            let mut reader = ::csv::Reader::from_reader(text.as_bytes());
            let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
            assert_eq!(reader.headers().unwrap(), names);
            for (record, row) in reader.records().zip((table.rows)()) {
                for ((field, cell), column) in record.unwrap().iter().zip(&row).zip(&table.columns)
                {
                    let expected = match escape::exact(cell) {
                        Some(text) => Cell::Text(text.to_owned().into()),
                        None => cell.clone(),
                    };
                    assert_eq!(read_back(field, column.kind), expected, "{}", column.name);
                }
            }
        }
    }

    #[test]
    fn a_table_reads_back_cell_by_cell() {
        check(&sample());
    }

    #[test]
    fn attacked_text_reads_back_too() {
        check(&attacked());
    }

    #[test]
    fn a_table_without_rows_has_its_header() {
        let analysis = Analysis::default();
        let mut out = Vec::new();
        let losses = tables(&analysis).pop().unwrap();
        assert_eq!(write(&losses, &mut out).unwrap(), 0);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "log_file,record_index,offset,kind,detail,bytes\n"
        );
    }
}
