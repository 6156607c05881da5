//! How does a table become JSON Lines? One object a row, its keys in the order of the columns, its texts exact.

use super::row::{Cell, Column};
use super::{ReportError, Table, escape};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::io::{self, Write};

/// Writes a table, and tells how many rows it has.
///
/// Nothing is `null`; lists are arrays; times are RFC 3339 in UTC; an object stands on a line of its own.
///
/// # Errors
/// If the output takes no more.
pub fn write(table: &Table<'_>, mut out: impl Write) -> Result<u64, ReportError> {
    let mut rows = 0;
    for cells in (table.rows)() {
        let row = Row {
            columns: &table.columns,
            cells: &cells,
        };
        let line = serde_json::to_string(&row).map_err(io::Error::from)?;
        writeln!(out, "{}", escape::json(&line))?;
        rows += 1;
    }
    out.flush()?;
    Ok(rows)
}

struct Row<'a, 'c> {
    columns: &'a [Column],
    cells: &'a [Cell<'c>],
}

impl Serialize for Row<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, cell) in self.columns.iter().zip(self.cells) {
            map.serialize_entry(column.name, &Value(cell))?;
        }
        map.end()
    }
}

/// The value of a cell.
pub(super) struct Value<'a, 'c>(pub &'a Cell<'c>);

impl Serialize for Value<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cell::Empty => serializer.serialize_none(),
            Cell::Text(_) | Cell::Untrusted(_) => escape::exact(self.0).serialize(serializer),
            Cell::List(elements) => elements.serialize(serializer),
            Cell::Time(time) => serializer.collect_str(time),
            Cell::Integer(number) => serializer.serialize_i64(*number),
            Cell::Boolean(yes) => serializer.serialize_bool(*yes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{attacked, sample};
    use super::super::tables;
    use super::*;
    use crate::analysis::Analysis;
    use serde_json::json;

    fn expected(cell: &Cell<'_>) -> serde_json::Value {
        match cell {
            Cell::Empty => json!(null),
            Cell::Text(_) | Cell::Untrusted(_) => json!(escape::exact(cell).unwrap()),
            Cell::List(elements) => json!(elements),
            Cell::Time(time) => json!(time.to_string()),
            Cell::Integer(number) => json!(number),
            Cell::Boolean(yes) => json!(yes),
        }
    }

    fn check(analysis: &Analysis) {
        for table in tables(analysis) {
            let mut out = Vec::new();
            let rows = write(&table, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert_eq!(text.lines().count() as u64, rows);
            for (line, row) in text.lines().zip((table.rows)()) {
                let read: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(read.as_object().unwrap().len(), table.columns.len());
                for (column, cell) in table.columns.iter().zip(&row) {
                    assert_eq!(read[column.name], expected(cell), "{}", column.name);
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
    fn keys_stand_in_the_order_of_the_columns() {
        let analysis = sample();
        let losses = tables(&analysis).pop().unwrap();
        let mut out = Vec::new();
        write(&losses, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let places: Vec<_> = losses
            .columns
            .iter()
            .map(|column| text.find(&format!("\"{}\":", column.name)).unwrap())
            .collect();
        assert!(places.is_sorted(), "{text}");
    }
}
