//! Did everything come back, once? Every file that was listed, and every row that its unit counted.
//!
//! A cluster can lose an answer, or give one twice, without a word. So files are held against the list, and rows against what
//! their unit says it sent; where they do not agree, nothing is reported.

use super::error::ClusterError;
use super::wire::Arrived;
use crate::source::LogFile;
use crate::store::Table;
use crate::vocab::LogFileId;
use arrow_array::{Array, RecordBatch, StringArray};
use std::collections::BTreeMap;

/// How often a file came back: as a file of the source, and with what became of it (read, skipped or lost).
#[derive(Clone, Copy, Default)]
struct File {
    returned: u32,
    told: u32,
}

/// What a unit said it sent, and what came.
#[derive(Clone, Copy, Default)]
struct Unit {
    said: Option<u64>,
    ends: u32,
    came: u64,
}

/// The books of one job.
pub(super) struct Ledger {
    files: BTreeMap<LogFileId, File>,
    units: BTreeMap<u64, Unit>,
    unlisted: u64,
}

impl Ledger {
    /// What is to come back.
    pub fn of(files: &[&LogFile], units: u64) -> Self {
        let files = files.iter().map(|file| (file.id.clone(), File::default()));
        Self {
            files: files.collect(),
            units: (0..units).map(|unit| (unit, Unit::default())).collect(),
            unlisted: 0,
        }
    }

    /// Enters what came.
    pub fn enter(&mut self, arrived: &Arrived) {
        match arrived {
            Arrived::Rows(table, rows, units) => {
                self.count(units);
                match table {
                    Table::Sources => self.note(rows, |file| file.returned += 1),
                    Table::Files => self.note_told(rows),
                    _ => {}
                }
            }
            Arrived::Signatures(_, units) => self.count(units),
            Arrived::Ends(ends) => {
                for (unit, said) in ends {
                    match self.units.get_mut(unit) {
                        Some(unit) => (unit.said, unit.ends) = (Some(*said), unit.ends + 1),
                        None => self.unlisted += 1,
                    }
                }
            }
        }
    }

    fn count(&mut self, units: &[u64]) {
        for unit in units {
            match self.units.get_mut(unit) {
                Some(unit) => unit.came += 1,
                None => self.unlisted += 1,
            }
        }
    }

    fn note(&mut self, rows: &RecordBatch, note: fn(&mut File)) {
        for name in texts(rows, "source_file") {
            match self.files.get_mut(&LogFileId::new(name)) {
                Some(file) => note(file),
                None => self.unlisted += 1,
            }
        }
    }

    /// Notes what became of the files themselves, not of those that lie in them.
    fn note_told(&mut self, rows: &RecordBatch) {
        let files = texts(rows, "source_file").zip(texts(rows, "log_file"));
        for (source, file) in files {
            if let Some(known) = self.files.get_mut(&LogFileId::new(source)) {
                known.told += u32::from(source == file);
            }
        }
    }

    /// Closes the books.
    pub fn close(&self) -> Result<(), ClusterError> {
        let files = || self.files.values();
        let named = |is: fn(&File) -> bool| {
            let mut wrong = self.files.iter().filter(|(_, file)| is(file));
            wrong.next().map(|(id, _)| id.as_str().to_owned())
        };
        let missing = files().filter(|file| file.returned == 0).count();
        let twice = files().filter(|file| file.returned > 1).count();
        let untold = files().filter(|file| file.told != 1).count();
        let short = self.units.values().filter(|unit| !unit.is_whole()).count();
        let why = match () {
            () if missing > 0 => format!(
                "{missing} of {} files did not come back, such as `{}`",
                self.files.len(),
                named(|file| file.returned == 0).unwrap_or_default()
            ),
            () if twice > 0 => format!(
                "{twice} files came back twice, such as `{}`",
                named(|file| file.returned > 1).unwrap_or_default()
            ),
            () if untold > 0 => format!(
                "of {untold} files it is not known whether they were read, skipped or lost, such as `{}`",
                named(|file| file.told != 1).unwrap_or_default()
            ),
            () if short > 0 => format!("of {short} units of work not every row came, once"),
            () if self.unlisted > 0 => {
                format!("{} rows came that nobody asked for", self.unlisted)
            }
            () => return Ok(()),
        };
        Err(ClusterError::Books(why))
    }
}

impl Unit {
    fn is_whole(&self) -> bool {
        self.ends == 1 && self.said == Some(self.came)
    }
}

fn texts<'b>(rows: &'b RecordBatch, name: &str) -> impl Iterator<Item = &'b str> {
    let column = rows.column_by_name(name);
    let column = column.and_then(|column| column.as_any().downcast_ref::<StringArray>());
    let texts = column.into_iter();
    texts.flat_map(|column| (0..column.len()).map(|at| column.value(at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, new_null_array};
    use std::sync::Arc;

    fn rows(table: Table, names: &[&str]) -> Arrived {
        let schema = table.arrow_schema();
        let columns = schema.fields().iter().map(|field| -> ArrayRef {
            match field.name().as_str() {
                "source_file" | "log_file" => Arc::new(StringArray::from(names.to_vec())),
                _ => new_null_array(field.data_type(), names.len()),
            }
        });
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap();
        Arrived::Rows(table, batch, vec![0; names.len()])
    }

    fn closed(arrived: &[Arrived]) -> String {
        let files = ["a", "b"].map(|name| LogFile::new(LogFileId::new(name), 1));
        let mut ledger = Ledger::of(&files.iter().collect::<Vec<_>>(), 1);
        arrived.iter().for_each(|it| ledger.enter(it));
        match ledger.close() {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    fn whole(names: &[&str]) -> Vec<Arrived> {
        vec![rows(Table::Sources, names), rows(Table::Files, names)]
    }

    #[test]
    fn every_file_comes_back_once_and_every_row() {
        let end = |rows| Arrived::Ends(vec![(0, rows)]);
        let mut good = whole(&["a", "b"]);
        good.push(end(4));
        assert_eq!(closed(&good), "");
        for (mut arrived, last, expected) in [
            (
                whole(&["a"]),
                end(2),
                "1 of 2 files did not come back, such as `b`",
            ),
            (
                whole(&["a", "b", "b"]),
                end(6),
                "1 files came back twice, such as `b`",
            ),
            (
                whole(&["a", "b", "c"]),
                end(6),
                "rows came that nobody asked for",
            ),
            (
                whole(&["a", "b"]),
                end(5),
                "of 1 units of work not every row came",
            ),
            (
                whole(&["a", "b"]),
                Arrived::Ends(vec![]),
                "of 1 units of work",
            ),
            (
                whole(&["a", "b"]),
                Arrived::Ends(vec![(0, 4), (0, 4)]),
                "of 1 units",
            ),
            (
                whole(&["a", "b"]),
                Arrived::Ends(vec![(0, 4), (7, 4)]),
                "nobody asked for",
            ),
            (
                vec![rows(Table::Sources, &["a", "b"])],
                end(2),
                "of 2 files it is not known",
            ),
        ] {
            arrived.push(last);
            let said = closed(&arrived);
            assert!(said.contains(expected), "{said}: {expected}");
        }
    }
}
