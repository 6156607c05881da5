//! Where do the rows of tables lie that are too many to be held?
//!
//! Packed and sorted, on disk where they are many. They come bucket by bucket, in whatever order; each line begins with what puts
//! it in its table's order, so that what is read back is the table as it would be had it been held.

use super::row::{Cell, Column, Rows};
use super::{ReportError, Table, escape, tables};
use crate::analysis::{Analysis, TakesRows};
use crate::event::EventKey;
use crate::spill::{Lines, Sorted, Spill};
use crate::timeline::{ChangeRow, Contradiction};
use crate::vocab::{AccountId, BucketName, Timestamp};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

/// So many bytes of changes are held in memory, which hold whole records; of each other table a quarter.
const HELD: usize = 64 << 20;
/// So many bytes of rows are handed on at once.
const BATCH: usize = 1 << 20;

/// Takes rows.
pub struct SpilledRows {
    spills: BTreeMap<&'static str, Spill>,
    parts: u32,
}

impl Default for SpilledRows {
    fn default() -> Self {
        let names = [
            "exposures",
            "timeline",
            "changes",
            "access",
            "contradictions",
        ];
        let spill = |name| match name {
            "changes" => Spill::new(HELD),
            _ => Spill::new(HELD / 4),
        };
        Self {
            spills: names.map(|name| (name, spill(name))).into(),
            parts: 0,
        }
    }
}

impl TakesRows for SpilledRows {
    fn take(&mut self, part: &Analysis) -> io::Result<()> {
        self.parts += 1;
        for table in tables(part) {
            let Some(spill) = self.spills.get(table.name) else {
                continue;
            };
            let orders = orders(table.name, part, self.parts);
            let mut lines = Lines::default();
            for (row, order) in (table.rows)().zip(orders) {
                lines.push(&packed(order, &row));
                if lines.size() > BATCH {
                    spill.add(&std::mem::take(&mut lines))?;
                }
            }
            spill.add(&lines)?;
        }
        Ok(())
    }
}

impl SpilledRows {
    /// All rows, in their tables' orders; none where none was taken.
    ///
    /// # Errors
    /// If they cannot be read back or written.
    pub fn finish(self) -> Result<Option<SpilledTables>, ReportError> {
        if self.parts == 0 {
            return Ok(None);
        }
        let sorted = self.spills.into_iter().map(|(name, spill)| {
            let sorted = spill.finish(|_| &[]).map_err(ReportError::Spill)?;
            Ok((name, sorted))
        });
        Ok(Some(SpilledTables {
            sorted: sorted.collect::<Result<_, ReportError>>()?,
            failed: Mutex::default(),
        }))
    }
}

/// Rows that are read back as often as they are asked for.
pub struct SpilledTables {
    sorted: BTreeMap<&'static str, Sorted>,
    failed: Mutex<Option<io::Error>>,
}

impl SpilledTables {
    /// All tables of an analysis, with these rows.
    pub fn tables<'a>(&'a self, analysis: &'a Analysis) -> Vec<Table<'a>> {
        let tables = tables(analysis).into_iter();
        let replaced = tables.map(|table| match self.sorted.get(table.name) {
            Some(sorted) => self.table(table.name, table.columns, sorted),
            None => table,
        });
        replaced.collect()
    }

    fn table<'a>(
        &'a self,
        name: &'static str,
        columns: Vec<Column>,
        sorted: &'a Sorted,
    ) -> Table<'a> {
        let rows = move || {
            let lines = sorted.of(&[]).map_while(|line| self.sound(line));
            Box::new(lines.filter_map(|line| unpacked(&line))) as Rows<'a>
        };
        Table {
            name,
            columns,
            rows: Box::new(rows),
        }
    }

    fn sound(&self, line: io::Result<Vec<u8>>) -> Option<Vec<u8>> {
        let remember = |cause| {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
        };
        line.map_err(remember).ok()
    }

    /// Why rows could not be read back.
    pub(super) fn failure(&self) -> Result<(), ReportError> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed
            .take()
            .map_or(Ok(()), Err)
            .map_err(ReportError::Spill)
    }
}

/// What puts each row of a table in its place among those of all parts.
fn orders<'a>(
    table: &str,
    part: &'a Analysis,
    number: u32,
) -> Box<dyn Iterator<Item = Vec<u8>> + 'a> {
    match table {
        "exposures" => {
            let rows = part.exposures.iter();
            numbered(rows.map(|row| place(row.account.as_ref(), Some(&row.bucket))))
        }
        "timeline" => numbered(part.timelines.iter().flat_map(|timeline| {
            let place = place(timeline.account.as_ref(), Some(&timeline.bucket));
            std::iter::repeat_n(place, timeline.intervals.len())
        })),
        "access" => {
            let exposures = part.exposures.iter();
            let accounts: BTreeMap<&str, Option<&AccountId>> = exposures
                .map(|row| (row.id.as_str(), row.account.as_ref()))
                .collect();
            numbered(part.access.iter().map(move |row| {
                let account = accounts.get(row.exposure_id.as_str()).copied();
                place(account.flatten(), Some(&row.bucket))
            }))
        }
        "changes" => Box::new(part.changes.iter().map(order_of_change)),
        _ => {
            let rows = part.contradictions.iter();
            numbered(rows.map(move |row| order_of_contradiction(row, number)))
        }
    }
}

/// Rows that are alike stand as they came.
fn numbered<'a>(
    orders: impl Iterator<Item = Vec<u8>> + 'a,
) -> Box<dyn Iterator<Item = Vec<u8>> + 'a> {
    Box::new((0_u64..).zip(orders).map(|(number, mut order)| {
        order.extend_from_slice(&number.to_be_bytes());
        order
    }))
}

/// By account, then bucket; what is not known comes first.
fn place(account: Option<&AccountId>, bucket: Option<&BucketName>) -> Vec<u8> {
    let mut order = Vec::new();
    for name in [
        account.map(AccountId::as_str),
        bucket.map(BucketName::as_str),
    ] {
        push_name(&mut order, name);
    }
    order
}

fn push_name(order: &mut Vec<u8>, name: Option<&str>) {
    order.push(u8::from(name.is_some()));
    if let Some(name) = name {
        order.extend_from_slice(name.as_bytes());
        order.push(0);
    }
}

fn instant(at: Timestamp) -> [u8; 8] {
    (at.unix().cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

/// By time, then causality, then eventID.
fn order_of_change(row: &ChangeRow) -> Vec<u8> {
    let event = &row.event.event;
    let mut order = instant(event.time).to_vec();
    order.extend_from_slice(&(row.place as u64).to_be_bytes());
    match &event.key {
        EventKey::Id(id, recipient) => {
            order.push(0);
            push_name(&mut order, Some(id.as_str()));
            push_name(&mut order, recipient.as_ref().map(AccountId::as_str));
        }
        EventKey::Content(hash) => {
            order.push(1);
            order.extend_from_slice(hash);
        }
    }
    order
}

/// By time, then kind, then place.
fn order_of_contradiction(row: &Contradiction, part: u32) -> Vec<u8> {
    let mut order = instant(row.at).to_vec();
    order.push(row.kind as u8);
    order.extend(place(row.account.as_ref(), row.bucket.as_ref()));
    order.extend_from_slice(&part.to_be_bytes());
    order
}

/// The kinds of cells.
const EMPTY: u8 = 0;
const TEXT: u8 = 1;
const UNTRUSTED: u8 = 2;
const LIST: u8 = 3;
const TIME: u8 = 4;
const INTEGER: u8 = 5;
const YES: u8 = 6;
const NO: u8 = 7;

/// A row behind what puts it in its place; how long that is, stands at the end.
fn packed(order: Vec<u8>, row: &[Cell<'_>]) -> Vec<u8> {
    let length = order.len() as u64;
    let mut line = order;
    for cell in row {
        match cell {
            Cell::Empty => line.push(EMPTY),
            Cell::Text(_) => push_text(&mut line, TEXT, escape::exact(cell)),
            Cell::Untrusted(_) => push_text(&mut line, UNTRUSTED, escape::exact(cell)),
            Cell::List(texts) => {
                line.push(LIST);
                line.extend_from_slice(&(texts.len() as u64).to_be_bytes());
                for text in texts {
                    push_text(&mut line, TEXT, Some(text));
                }
            }
            Cell::Time(at) => push_number(&mut line, TIME, at.unix()),
            Cell::Integer(number) => push_number(&mut line, INTEGER, *number),
            Cell::Boolean(true) => line.push(YES),
            Cell::Boolean(false) => line.push(NO),
        }
    }
    line.extend_from_slice(&length.to_be_bytes());
    line
}

fn push_text(line: &mut Vec<u8>, kind: u8, text: Option<&str>) {
    let text = text.unwrap_or_default();
    line.push(kind);
    line.extend_from_slice(&(text.len() as u64).to_be_bytes());
    line.extend_from_slice(text.as_bytes());
}

fn push_number(line: &mut Vec<u8>, kind: u8, number: i64) {
    line.push(kind);
    line.extend_from_slice(&number.to_be_bytes());
}

fn unpacked(line: &[u8]) -> Option<Vec<Cell<'static>>> {
    let (line, length) = line.split_last_chunk::<8>()?;
    let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
    let mut rest = line.get(length..)?;
    let mut row = Vec::new();
    while !rest.is_empty() {
        row.push(cell(&mut rest)?);
    }
    Some(row)
}

fn cell(rest: &mut &[u8]) -> Option<Cell<'static>> {
    let (kind, after) = rest.split_first()?;
    *rest = after;
    Some(match *kind {
        EMPTY => Cell::Empty,
        TEXT => Cell::Text(Cow::Owned(text(rest)?)),
        UNTRUSTED => Cell::Untrusted(Cow::Owned(text(rest)?.into())),
        LIST => {
            let count = number(rest)?;
            let texts = (0..count).map(|_| {
                let (_, after) = rest.split_first()?;
                *rest = after;
                Some(Cow::Owned(text(rest)?))
            });
            Cell::List(texts.collect::<Option<_>>()?)
        }
        TIME => Cell::Time(Timestamp::from_unix(number(rest)?)),
        INTEGER => Cell::Integer(number(rest)?),
        YES => Cell::Boolean(true),
        _ => Cell::Boolean(false),
    })
}

fn number(rest: &mut &[u8]) -> Option<i64> {
    let (number, after) = rest.split_first_chunk::<8>()?;
    *rest = after;
    Some(i64::from_be_bytes(*number))
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(number(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{attacked, sample};
    use super::*;

    fn rows(tables: Vec<Table<'_>>) -> Vec<(&'static str, Vec<Vec<Cell<'_>>>)> {
        let rows = tables.into_iter();
        rows.map(|table| (table.name, (table.rows)().collect()))
            .collect()
    }

    #[test]
    fn rows_come_back_cell_by_cell_in_their_order() {
        for analysis in [sample(), attacked()] {
            let mut spilled = SpilledRows::default();
            spilled.take(&analysis).unwrap();
            let spilled = spilled.finish().unwrap().unwrap();
            assert_eq!(rows(spilled.tables(&analysis)), rows(tables(&analysis)));
            spilled.failure().unwrap();
        }
    }

    #[test]
    fn the_order_of_parts_does_not_matter() {
        let whole = sample();
        let buckets: Vec<_> = whole.timelines.iter().map(|it| it.bucket.clone()).collect();
        let part = |bucket: &BucketName| {
            let mut part = whole.clone();
            part.exposures.retain(|row| row.bucket == *bucket);
            part.timelines.retain(|row| row.bucket == *bucket);
            part.access.retain(|row| row.bucket == *bucket);
            part.changes
                .retain(|row| row.event.event.bucket.as_ref() == Some(bucket));
            part.contradictions
                .retain(|row| row.bucket.as_ref() == Some(bucket));
            part
        };
        let told = |buckets: &mut dyn Iterator<Item = &BucketName>| {
            let mut spilled = SpilledRows::default();
            buckets.for_each(|bucket| spilled.take(&part(bucket)).unwrap());
            let spilled = spilled.finish().unwrap().unwrap();
            let tables = spilled.tables(&whole).into_iter();
            let text = tables.map(|table| {
                let mut out = Vec::new();
                super::super::csv::write(&table, &mut out).unwrap();
                String::from_utf8(out).unwrap()
            });
            text.collect::<Vec<_>>()
        };
        assert_eq!(told(&mut buckets.iter()), told(&mut buckets.iter().rev()));
    }

    #[test]
    fn damaged_lines_are_no_rows() {
        let line = packed(vec![1, 2], &[Cell::Text("text".into()), Cell::Integer(7)]);
        assert!(unpacked(&line).is_some());
        for end in 0..line.len() {
            let _ = unpacked(&line[..end]);
        }
    }
}
