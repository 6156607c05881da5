//! How do rows come back? Some columns of a table, a batch at a time, so that no more is held than that.

use super::error::StoreError;
use super::table::Table;
use crate::vocab::Timestamp;
use arrow_array::{
    Array, BinaryArray, BooleanArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// So many rows come at once.
const BATCH_ROWS: usize = 8192;

/// Which rows are looked for: those that have one of these hashes in one of these columns.
pub(super) struct Find {
    pub by: &'static [&'static str],
    pub wanted: Arc<Wanted>,
}

/// Hashes that are looked for. Millions are asked about and few are there, so most are told off by one bit.
#[derive(Debug)]
pub(super) struct Wanted {
    hashes: Vec<i64>,
    bits: Vec<u64>,
}

impl Wanted {
    pub fn of(hashes: impl Iterator<Item = u64>) -> Self {
        let mut hashes: Vec<i64> = hashes.map(u64::cast_signed).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let words = (hashes.len() / 4).next_power_of_two().max(64);
        let mut wanted = Self {
            bits: vec![0; words],
            hashes: Vec::new(),
        };
        for hash in &hashes {
            let (word, bit) = wanted.place(*hash);
            if let Some(word) = wanted.bits.get_mut(word) {
                *word |= bit;
            }
        }
        wanted.hashes = hashes;
        wanted
    }

    /// Which bit stands for a hash: sixteen of them for each that is wanted.
    fn place(&self, hash: i64) -> (usize, u64) {
        let spread = hash.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (spread >> 32) as usize & (self.bits.len() - 1);
        (word, 1 << (spread >> 58))
    }

    pub fn has(&self, hash: i64) -> bool {
        let (word, bit) = self.place(hash);
        let may_be = self.bits.get(word).is_some_and(|word| word & bit != 0);
        may_be && self.hashes.binary_search(&hash).is_ok()
    }
}

/// By what a text is found again. It need not tell texts apart: who looks for one looks at what is found.
pub(super) fn hash_of(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    // FNV-1a, which is the same everywhere and always.
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn is_found(batch: &RecordBatch, wanted: &Wanted) -> BooleanArray {
    let columns = batch.columns().iter();
    let columns = columns.filter_map(|column| column.as_any().downcast_ref::<Int64Array>());
    let mut found = vec![false; batch.num_rows()];
    for column in columns {
        for ((at, hash), found) in column.values().iter().enumerate().zip(&mut found) {
            *found |= wanted.has(*hash) && column.is_valid(at);
        }
    }
    found.into()
}

/// The batches of a table's file.
pub(super) struct Batches {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
}

impl Batches {
    /// Reads these columns; all, where none is named.
    pub fn open(path: &Path, columns: &[&'static str]) -> Result<Self, StoreError> {
        Self::open_where(path, columns, None)
    }

    /// Reads these columns of the rows that are found by one of their hashes.
    pub fn open_where(
        path: &Path,
        columns: &[&'static str],
        find: Option<&Find>,
    ) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|cause| StoreError::read(path, cause))?;
        let damaged = |error| StoreError::damaged(path, error);
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(damaged)?;
        let mask = match columns {
            [] => ProjectionMask::all(),
            names => ProjectionMask::columns(builder.parquet_schema(), names.iter().copied()),
        };
        let builder = match find {
            None => builder,
            Some(find) => {
                let schema = builder.parquet_schema();
                let by = ProjectionMask::columns(schema, find.by.iter().copied());
                let wanted = find.wanted.clone();
                let found = ArrowPredicateFn::new(by, move |batch| Ok(is_found(&batch, &wanted)));
                builder.with_row_filter(RowFilter::new(vec![Box::new(found)]))
            }
        };
        let reader = builder
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(damaged)?;
        Ok(Self {
            path: path.to_owned(),
            reader,
        })
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        let damaged = |error| StoreError::damaged(&self.path, error);
        Some(batch.map_err(damaged).map(|batch| Batch {
            path: self.path.clone(),
            batch,
        }))
    }
}

/// Some rows.
pub(super) struct Batch {
    path: PathBuf,
    pub batch: RecordBatch,
}

macro_rules! column {
    ($(#[$doc:meta])* $method:ident, $array:ty) => {
        $(#[$doc])*
        pub fn $method(&self, name: &str) -> Result<&$array, StoreError> {
            let column = self.batch.column_by_name(name);
            column
                .and_then(|column| column.as_any().downcast_ref::<$array>())
                .ok_or_else(|| {
                    StoreError::damaged(&self.path, format!("it has no column `{name}` of that kind"))
                })
        }
    };
}

impl Batch {
    pub fn rows(&self) -> std::ops::Range<usize> {
        0..self.batch.num_rows()
    }

    column!(
        /// A column of texts.
        texts, StringArray);
    column!(
        /// A column of numbers.
        integers, Int64Array);
    column!(
        /// A column of instants.
        times, TimestampMicrosecondArray);
    column!(
        /// A column of truth values.
        booleans, BooleanArray);
    column!(
        /// A column of bytes.
        bytes, BinaryArray);

    /// What says that a row cannot be understood.
    pub fn unsound(&self, what: &str) -> StoreError {
        StoreError::damaged(&self.path, format!("a row has no sound `{what}`"))
    }
}

/// The text of a row, where there is one.
pub(super) fn text(column: &StringArray, at: usize) -> Option<&str> {
    (at < column.len() && column.is_valid(at)).then(|| column.value(at))
}

/// The number of a row, where there is one.
pub(super) fn integer(column: &Int64Array, at: usize) -> Option<u64> {
    let is_there = at < column.len() && column.is_valid(at);
    is_there.then(|| u64::try_from(column.value(at)).unwrap_or(0))
}

/// The instant of a row, where there is one.
pub(super) fn time(column: &TimestampMicrosecondArray, at: usize) -> Option<Timestamp> {
    let is_there = at < column.len() && column.is_valid(at);
    is_there.then(|| Timestamp::from_unix(column.value(at).div_euclid(1_000_000)))
}

/// Whether a row says yes.
pub(super) fn yes(column: &BooleanArray, at: usize) -> bool {
    at < column.len() && column.is_valid(at) && column.value(at)
}

/// The bytes of a row, where there are some.
pub(super) fn bytes(column: &BinaryArray, at: usize) -> Option<&[u8]> {
    (at < column.len() && column.is_valid(at)).then(|| column.value(at))
}

/// Whether a file is what was written: its size and its checksum.
pub(super) fn check(path: &Path, expected: &super::write::TableFile) -> Result<(), StoreError> {
    let read = |cause| StoreError::read(path, cause);
    let mut file = File::open(path).map_err(read)?;
    let bytes = file.metadata().map_err(read)?.len();
    if bytes != expected.bytes {
        let why = format!("it has {bytes} bytes, and {} were written", expected.bytes);
        return Err(StoreError::damaged(path, why));
    }
    let (mut crc32, mut room) = (crc32fast::Hasher::new(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut room).map_err(read)? {
            0 => break,
            count => crc32.update(room.get(..count).unwrap_or_default()),
        }
    }
    match crc32.finalize() == expected.crc32 {
        true => Ok(()),
        false => Err(StoreError::damaged(path, "its checksum is another one")),
    }
}

/// The file of a table in a segment of that name.
pub(super) fn path_of(folder: &Path, table: Table, segment: &str) -> PathBuf {
    folder.join(table.name()).join(format!("{segment}.parquet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_found_and_nothing_else() {
        for count in [0_u64, 1, 64, 300, 5_000] {
            let hash = |number: u64| hash_of(&[&number.to_string()]);
            let ends = [0, u64::MAX, 1 << 63];
            let wanted = Wanted::of((0..count).map(hash).chain(ends));
            for number in 0..2 * count.max(1_000) {
                let expected = number < count;
                assert_eq!(wanted.has(hash(number).cast_signed()), expected, "{number}");
            }
            assert!(ends.iter().all(|end| wanted.has(end.cast_signed())));
            assert!(!wanted.has(1));
        }
    }
}
