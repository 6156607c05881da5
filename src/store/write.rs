//! How do rows become a Parquet file that is whole and safe on the disk?
//!
//! A file is written beside its place, hashed on the way and synchronised; only then is its hash told.

use super::error::StoreError;
use super::table::{Column, Kind, Table};
use crate::vocab::Timestamp;
use arrow_array::builder::{
    ArrayBuilder, BinaryBuilder, BooleanBuilder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// So many rows make a batch,
const BATCH_ROWS: usize = 16_384;
/// or so many bytes.
const BATCH_BYTES: usize = 16 << 20;
/// So many bytes make a row group, which bounds what is held in memory.
const ROW_GROUP_BYTES: usize = 64 << 20;

/// The columns in which hardly two rows are alike: no dictionary is made of them, and nobody asks for their smallest.
const UNLIKE: [&str; 16] = [
    "access_key_id",
    "content_sha256",
    "digest",
    "event_hash",
    "event_id",
    "file_sha256",
    "find_by_key",
    "find_by_object",
    "find_by_session",
    "find_by_shared",
    "object_key",
    "packed",
    "record",
    "record_sha256",
    "sha256",
    "version",
];

/// What stands in one column of one row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'v> {
    Nothing,
    Text(&'v str),
    Integer(u64),
    /// By which a row is found; of no meaning by itself.
    Hash(u64),
    Time(Timestamp),
    Boolean(bool),
    Bytes(&'v [u8]),
}

impl<'v> Value<'v> {
    /// A text where there is one.
    pub fn text(text: Option<&'v str>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }

    /// A text that is not empty.
    pub fn some(text: &'v str) -> Self {
        Self::text(Some(text).filter(|text| !text.is_empty()))
    }

    pub fn integer(number: Option<u64>) -> Self {
        number.map_or(Self::Nothing, Self::Integer)
    }

    pub fn time(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Nothing, Self::Time)
    }
}

/// A table's file as it lies in a segment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(super) struct TableFile {
    pub rows: u64,
    pub bytes: u64,
    /// For whoever wants to know that it is what was written.
    pub sha256: String,
    /// For every opening: damage is told by it in a tenth of the time.
    pub crc32: u32,
}

/// The Arrow schema of a table.
pub(super) fn schema(table: Table) -> SchemaRef {
    let field = |(name, kind): &Column| Field::new(*name, data_type(*kind), true);
    Arc::new(Schema::new(
        table.schema().iter().map(field).collect::<Vec<_>>(),
    ))
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::Utf8,
        Kind::Integer => DataType::Int64,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Boolean => DataType::Boolean,
        Kind::Bytes => DataType::Binary,
    }
}

fn properties(table: Table) -> Result<WriterProperties, ParquetError> {
    let named = |key: &str, value: String| KeyValue::new(format!("leaktrail.{key}"), value);
    let metadata = vec![
        named("table", table.name().to_owned()),
        named("store_version", super::VERSION.to_string()),
    ];
    let usual = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_key_value_metadata(Some(metadata));
    let unlike = table.columns().filter(|name| UNLIKE.contains(name));
    let properties = unlike.fold(usual, |properties, name| {
        properties
            .set_column_dictionary_enabled(name.into(), false)
            .set_column_statistics_enabled(name.into(), EnabledStatistics::None)
    });
    Ok(properties.build())
}

/// A Parquet file on its way. What was not finished is taken away again.
pub(super) struct TableWriter {
    path: PathBuf,
    writer: Option<ArrowWriter<Hashing>>,
    rows: u64,
}

impl TableWriter {
    /// Begins the file of a table.
    pub fn create(path: &Path, table: Table) -> Result<Self, StoreError> {
        let opened = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(|cause| StoreError::write(path, cause))?;
        let out = Hashing {
            file: opened,
            sha256: Sha256::new(),
            crc32: crc32fast::Hasher::new(),
            bytes: 0,
        };
        let failed = |error| at(path, error);
        let properties = properties(table).map_err(failed)?;
        let writer = ArrowWriter::try_new(out, schema(table), Some(properties)).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Some(writer),
            rows: 0,
        })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        self.rows += batch.num_rows() as u64;
        match self.writer.as_mut() {
            Some(writer) => writer.write(batch).map_err(|error| at(&self.path, error)),
            None => Ok(()),
        }
    }

    /// Ends the file: it is whole and on the disk.
    pub fn finish(mut self) -> Result<TableFile, StoreError> {
        let failed = |cause| StoreError::write(&self.path, cause);
        let Some(writer) = self.writer.take() else {
            return Err(failed(io::ErrorKind::NotConnected.into()));
        };
        let out = writer.into_inner().map_err(|error| at(&self.path, error))?;
        out.file.sync_all().map_err(failed)?;
        let done = TableFile {
            rows: self.rows,
            bytes: out.bytes,
            sha256: hex(&out.sha256.finalize()),
            crc32: out.crc32.finalize(),
        };
        self.path = PathBuf::new();
        Ok(done)
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An error of the writer's: what the disk said, or what does not fit.
fn at(path: &Path, error: ParquetError) -> StoreError {
    let cause = match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => *cause,
            Err(cause) => io::Error::other(cause.to_string()),
        },
        other => io::Error::other(other.to_string()),
    };
    StoreError::write(path, cause)
}

/// A file, and the hash of what went into it.
struct Hashing {
    file: File,
    sha256: Sha256,
    crc32: crc32fast::Hasher,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        let taken = bytes.get(..written).unwrap_or(bytes);
        self.sha256.update(taken);
        self.crc32.update(taken);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Takes rows of a table as they are told.
pub type TakesBatches<'t> = dyn Fn(Table, &RecordBatch) -> Result<(), StoreError> + Sync + 't;

/// Where rows go.
enum Sink<'t> {
    /// Into a file, which there is only if there are rows.
    File(PathBuf, Option<Box<TableWriter>>),
    Taker(&'t TakesBatches<'t>),
}

/// Rows of a table on their way, column by column.
pub(super) struct Rows<'t> {
    table: Table,
    schema: SchemaRef,
    columns: Vec<Growing>,
    held: usize,
    bytes: usize,
    sink: Sink<'t>,
}

impl<'t> Rows<'t> {
    /// Into a file at that path.
    pub fn into_file(table: Table, path: PathBuf) -> Self {
        Self::new(table, Sink::File(path, None))
    }

    /// To whoever takes them.
    pub fn to(table: Table, taker: &'t TakesBatches<'t>) -> Self {
        Self::new(table, Sink::Taker(taker))
    }

    fn new(table: Table, sink: Sink<'t>) -> Self {
        let columns = table.schema().iter();
        Self {
            table,
            schema: schema(table),
            columns: columns.map(|(_, kind)| Growing::new(*kind)).collect(),
            held: 0,
            bytes: 0,
            sink,
        }
    }

    /// Adds a row, a value for each column.
    pub fn push(&mut self, row: &[Value<'_>]) -> Result<(), StoreError> {
        debug_assert_eq!(row.len(), self.columns.len(), "{}", self.table.name());
        for (column, value) in self.columns.iter_mut().zip(row) {
            self.bytes += column.push(value);
        }
        self.held += 1;
        match self.held >= BATCH_ROWS || self.bytes >= BATCH_BYTES {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        if self.held == 0 {
            return Ok(());
        }
        (self.held, self.bytes) = (0, 0);
        let arrays = self.columns.iter_mut().map(Growing::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(|error| {
            let table = Path::new(self.table.name());
            StoreError::write(table, io::Error::other(error.to_string()))
        })?;
        match &mut self.sink {
            Sink::Taker(taker) => taker(self.table, &batch),
            Sink::File(_, Some(writer)) => writer.write(&batch),
            Sink::File(path, none) => none
                .insert(Box::new(TableWriter::create(path, self.table)?))
                .write(&batch),
        }
    }

    /// Ends it; gives the file, if there is one, and where it lies.
    pub fn finish(mut self) -> Result<Option<(PathBuf, TableFile)>, StoreError> {
        self.flush()?;
        match self.sink {
            Sink::File(path, Some(writer)) => Ok(Some((path, writer.finish()?))),
            Sink::File(_, None) | Sink::Taker(_) => Ok(None),
        }
    }
}

/// A column on its way.
enum Growing {
    Text(StringBuilder),
    Integer(Int64Builder),
    Time(TimestampMicrosecondBuilder),
    Boolean(BooleanBuilder),
    Bytes(BinaryBuilder),
}

impl Growing {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Bytes => Self::Bytes(BinaryBuilder::new()),
        }
    }

    /// Adds a value of the column's kind, and tells its size; anything else is nothing.
    fn push(&mut self, value: &Value<'_>) -> usize {
        match (self, value) {
            (Self::Text(builder), Value::Text(text)) => {
                builder.append_value(text);
                return text.len();
            }
            (Self::Bytes(builder), Value::Bytes(bytes)) => {
                builder.append_value(bytes);
                return bytes.len();
            }
            (Self::Integer(builder), Value::Integer(number)) => {
                builder.append_value(i64::try_from(*number).unwrap_or(i64::MAX));
            }
            (Self::Integer(builder), Value::Hash(hash)) => {
                builder.append_value(hash.cast_signed());
            }
            (Self::Time(builder), Value::Time(time)) => {
                builder.append_value(time.unix().saturating_mul(1_000_000));
            }
            (Self::Boolean(builder), Value::Boolean(yes)) => builder.append_value(*yes),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Integer(builder), _) => builder.append_null(),
            (Self::Time(builder), _) => builder.append_null(),
            (Self::Boolean(builder), _) => builder.append_null(),
            (Self::Bytes(builder), _) => builder.append_null(),
        }
        0
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => ArrayBuilder::finish(builder),
            Self::Integer(builder) => ArrayBuilder::finish(builder),
            Self::Time(builder) => ArrayBuilder::finish(builder),
            Self::Boolean(builder) => ArrayBuilder::finish(builder),
            Self::Bytes(builder) => ArrayBuilder::finish(builder),
        }
    }
}
