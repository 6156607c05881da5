//! What stands in a table of chosen fields? What each matching record says in them, and where the record is.

use super::super::escape;
use super::super::row::{Cell, CellKind, Column, Rows, Table};
use super::cells::{count, untrusted};
use crate::vocab::{Citation, Untrusted};

/// A table of chosen fields: their names, and for each record what it says in them and where it is.
pub fn chosen_fields<'a>(
    names: &[&'static str],
    rows: impl Fn() -> Box<dyn Iterator<Item = (&'a [Option<Untrusted>], &'a Citation)> + 'a> + 'a,
) -> Table<'a> {
    let column = |name: &&'static str| Column {
        name,
        kind: CellKind::Text,
    };
    let mut columns: Vec<Column> = names.iter().map(column).collect();
    columns.extend([
        Column {
            name: "log_file",
            kind: CellKind::Text,
        },
        Column {
            name: "record_index",
            kind: CellKind::Integer,
        },
    ]);
    let cells = |(fields, citation): (&'a [Option<Untrusted>], &'a Citation)| {
        let field = |field: &'a Option<Untrusted>| field.as_ref().map_or(Cell::Empty, untrusted);
        let mut cells: Vec<Cell<'a>> = fields.iter().map(field).collect();
        cells.push(escape::file_name(&citation.log_file));
        cells.push(count(citation.record_index));
        cells
    };
    Table {
        name: "records",
        columns,
        rows: Box::new(move || Box::new(rows().map(cells)) as Rows<'a>),
    }
}
