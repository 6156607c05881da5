//! Which tables are there, and what stands in each column?
//!
//! A column is declared once, with its name, its kind and the cell it takes from a row: no list of names to keep in step.

mod access;
mod alarms;
mod cells;
mod changes;
mod coverage;
mod exposures;
mod fields;
mod ledger;
mod timeline;

pub use alarms::alarm_tables;
pub use fields::chosen_fields;

use super::row::{Cell, CellKind, Column, Table};
use crate::analysis::Analysis;
use std::rc::Rc;

/// All tables of an analysis, in the contract's order.
pub fn tables(analysis: &Analysis) -> Vec<Table<'_>> {
    vec![
        exposures::table(analysis),
        timeline::table(analysis),
        changes::table(analysis),
        access::table(analysis),
        coverage::table(analysis),
        ledger::contradictions(analysis),
        ledger::log_files(analysis),
        ledger::losses(analysis),
    ]
}

/// The names of all tables: those of their files.
pub(super) fn names() -> Vec<&'static str> {
    let none = Analysis::default();
    let tables = tables(&none).into_iter().chain(alarm_tables(&[]));
    tables.map(|table| table.name).collect()
}

/// A column, and how its cell is taken from a row of what is told.
#[derive(Clone, Copy)]
struct Field<'a, R> {
    column: Column,
    cell: fn(R) -> Cell<'a>,
}

fn text<'a, R>(name: &'static str, cell: fn(R) -> Cell<'a>) -> Field<'a, R> {
    field(name, CellKind::Text, cell)
}

fn list<'a, R>(name: &'static str, cell: fn(R) -> Cell<'a>) -> Field<'a, R> {
    field(name, CellKind::List, cell)
}

fn time<'a, R>(name: &'static str, cell: fn(R) -> Cell<'a>) -> Field<'a, R> {
    field(name, CellKind::Time, cell)
}

fn integer<'a, R>(name: &'static str, cell: fn(R) -> Cell<'a>) -> Field<'a, R> {
    field(name, CellKind::Integer, cell)
}

fn boolean<'a, R>(name: &'static str, cell: fn(R) -> Cell<'a>) -> Field<'a, R> {
    field(name, CellKind::Boolean, cell)
}

fn field<'a, R>(name: &'static str, kind: CellKind, cell: fn(R) -> Cell<'a>) -> Field<'a, R> {
    Field {
        column: Column { name, kind },
        cell,
    }
}

/// A table of that name, those columns and those rows.
fn table<'a, R, I>(
    name: &'static str,
    fields: Vec<Field<'a, R>>,
    rows: impl Fn() -> I + 'a,
) -> Table<'a>
where
    R: Copy + 'a,
    I: Iterator<Item = R> + 'a,
{
    let columns = fields.iter().map(|field| field.column).collect();
    let fields: Rc<[Field<'a, R>]> = fields.into();
    let rows = move || {
        let fields = Rc::clone(&fields);
        let cells = move |row: R| fields.iter().map(|field| (field.cell)(row)).collect();
        Box::new(rows().map(cells)) as super::row::Rows<'a>
    };
    Table {
        name,
        columns,
        rows: Box::new(rows),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::*;

    #[test]
    fn every_cell_is_of_its_columns_kind() {
        let analysis = sample();
        for table in tables(&analysis) {
            let mut rows = 0;
            for row in (table.rows)() {
                assert_eq!(row.len(), table.columns.len(), "{}", table.name);
                for (cell, column) in row.iter().zip(&table.columns) {
                    assert!(
                        cell.fits(column.kind),
                        "{}.{}: {cell:?}",
                        table.name,
                        column.name
                    );
                }
                rows += 1;
            }
            assert!(rows > 0, "{} is not tried", table.name);
        }
    }

    #[test]
    fn every_column_is_filled_somewhere() {
        let analysis = sample();
        for table in tables(&analysis) {
            for (at, column) in table.columns.iter().enumerate() {
                let filled = (table.rows)()
                    .any(|row| !matches!(&row[at], Cell::Empty) && row[at] != Cell::List(vec![]));
                assert!(filled, "{}.{} is not tried", table.name, column.name);
            }
        }
    }

    #[test]
    fn columns_are_named_once() {
        for table in tables(&Analysis::default()) {
            let mut names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), table.columns.len(), "{}", table.name);
        }
    }

    #[test]
    fn the_columns_are_the_contracts() {
        let columns = |name: &str| {
            let none = Analysis::default();
            let tables = tables(&none);
            let table = tables.iter().find(|table| table.name == name).unwrap();
            let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
            names.join(" ")
        };
        insta::assert_snapshot!(columns("exposures"), @"exposure_id account_id bucket region scope access_point audience outsider status certainty assumptions confirmed opened_at opened_how opened_not_before closed_at closed_how closed_not_after duration_seconds duration_is_lower_bound mechanisms permissions principals resources qualifiers aws_public opened_event_id opened_event_name opened_by opened_by_type opened_by_origin opened_source_ip opened_user_agent opened_mfa closed_event_id closed_event_name closed_by closed_by_type closed_by_origin closed_source_ip closed_user_agent closed_mfa granted_by granted_event_ids access_logged outside_requests outside_denied outside_bytes outside_addresses first_outside_access last_outside_access uncovered");
        insta::assert_snapshot!(columns("timeline"), @"account_id bucket region from until duration_seconds verdict certainty assumptions mechanisms permissions principals qualifiers latent notes event_id event_name actor order_uncertain exposure_ids");
        insta::assert_snapshot!(columns("changes"), @"event_time account_id region bucket scope event_name outcome error_code effect summary actor actor_type actor_origin access_key_id mfa source_ip user_agent event_id buckets_affected log_file record_index integrity record");
        insta::assert_snapshot!(columns("access"), @"exposure_id bucket principal source_ip user_agent event_name outcome requests bytes_out objects first_seen last_seen objects_estimated");
        insta::assert_snapshot!(columns("coverage"), @"account_id region category first_event last_event log_files records gap_from gap_until gap_explained_by gap_kind gap_event_id selectors");
        insta::assert_snapshot!(columns("contradictions"), @"at account_id bucket kind detail event_ids");
        insta::assert_snapshot!(columns("log_files"), @"log_file bytes sha256 content_sha256 records first_event last_event integrity status skipped_because");
        insta::assert_snapshot!(columns("losses"), @"log_file record_index offset kind detail bytes");
    }
}
