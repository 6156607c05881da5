//! How does a table become Parquet? Arrow columns in batches, zstd; texts exact, times `timestamp[us, UTC]`, lists `list<utf8>`.

use super::row::{Cell, CellKind, Column};
use super::{ReportError, SCHEMA_VERSION, Table, escape};
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::io::{self, Write};
use std::sync::Arc;

/// So many rows make a batch,
const BATCH_ROWS: usize = 8192;
/// or so many bytes of text, which keeps an array's offsets well below their 2 GiB.
const BATCH_BYTES: usize = 64 << 20;
/// So many bytes make a row group, which bounds what is held in memory.
const ROW_GROUP_BYTES: usize = 128 << 20;

/// Writes a table, and tells how many rows it has. The bytes depend on the rows alone.
///
/// # Errors
/// If the output takes no more, or a text is longer than an Arrow array may be (2 GiB).
pub fn write(table: &Table<'_>, out: impl Write + Send) -> Result<u64, ReportError> {
    let failed = |error| in_table(table.name, error);
    let schema = schema(&table.columns);
    let properties = properties(table.name).map_err(failed)?;
    let mut writer =
        ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties)).map_err(failed)?;
    let mut batch = Batch::new(&table.columns);
    let mut rows = 0;
    for row in (table.rows)() {
        if !batch.has_room_for(&row) {
            writer
                .write(&batch.finish(&schema).map_err(failed)?)
                .map_err(failed)?;
        }
        batch.push(table, &row)?;
        rows += 1;
    }
    writer
        .write(&batch.finish(&schema).map_err(failed)?)
        .map_err(failed)?;
    writer.into_inner().map_err(failed)?.flush()?;
    Ok(rows)
}

fn schema(columns: &[Column]) -> SchemaRef {
    let fields: Vec<Field> = columns
        .iter()
        .map(|column| Field::new(column.name, data_type(column.kind), true))
        .collect();
    Arc::new(Schema::new(fields))
}

fn data_type(kind: CellKind) -> DataType {
    match kind {
        CellKind::Text => DataType::Utf8,
        CellKind::List => DataType::List(element()),
        CellKind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        CellKind::Integer => DataType::Int64,
        CellKind::Boolean => DataType::Boolean,
    }
}

fn element() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Utf8, false))
}

fn properties(table: &str) -> Result<WriterProperties, ParquetError> {
    let metadata = vec![
        KeyValue::new("leaktrail.table".to_owned(), table.to_owned()),
        KeyValue::new(
            "leaktrail.schema_version".to_owned(),
            SCHEMA_VERSION.to_string(),
        ),
    ];
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_key_value_metadata(Some(metadata))
        .build())
}

/// An error of the writer's as the user's: what the output said, or what does not fit the table.
fn in_table(table: &'static str, error: ParquetError) -> ReportError {
    let cause = match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => return ReportError::Output(*cause),
            Err(cause) => cause.to_string(),
        },
        other => other.to_string(),
    };
    ReportError::Table { table, cause }
}

/// Rows on their way into the file, column by column.
struct Batch {
    columns: Vec<Growing>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    fn new(columns: &[Column]) -> Self {
        Self {
            columns: columns
                .iter()
                .map(|column| Growing::new(column.kind))
                .collect(),
            rows: 0,
            bytes: 0,
        }
    }

    /// Whether a row still goes in. An empty batch takes any.
    fn has_room_for(&self, row: &[Cell<'_>]) -> bool {
        let bytes = row
            .iter()
            .map(weight)
            .fold(self.bytes, usize::saturating_add);
        self.rows == 0 || (self.rows < BATCH_ROWS && bytes <= BATCH_BYTES)
    }

    fn push(&mut self, table: &Table<'_>, row: &[Cell<'_>]) -> Result<(), ReportError> {
        for ((growing, cell), column) in self.columns.iter_mut().zip(row).zip(&table.columns) {
            let cause = match (weight(cell) <= i32::MAX as usize, cell.fits(column.kind)) {
                (true, true) => {
                    growing.push(cell);
                    continue;
                }
                (false, _) => format!("a text in `{}` is longer than 2 GiB", column.name),
                (_, false) => format!("what stands in `{}` is of another kind", column.name),
            };
            return Err(ReportError::Table {
                table: table.name,
                cause,
            });
        }
        self.rows += 1;
        self.bytes = row
            .iter()
            .map(weight)
            .fold(self.bytes, usize::saturating_add);
        Ok(())
    }

    /// Hands out what was gathered and begins anew.
    fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch, ParquetError> {
        let arrays = self.columns.iter_mut().map(Growing::finish).collect();
        (self.rows, self.bytes) = (0, 0);
        RecordBatch::try_new(Arc::clone(schema), arrays).map_err(ParquetError::from)
    }
}

/// How many bytes of text a cell holds.
fn weight(cell: &Cell<'_>) -> usize {
    match cell {
        Cell::List(elements) => elements.iter().map(|element| element.len()).sum(),
        cell => escape::exact(cell).map_or(0, str::len),
    }
}

/// A column on its way.
enum Growing {
    Text(StringBuilder),
    List(ListBuilder<StringBuilder>),
    Time(TimestampMicrosecondBuilder),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
}

impl Growing {
    fn new(kind: CellKind) -> Self {
        match kind {
            CellKind::Text => Self::Text(StringBuilder::new()),
            CellKind::List => {
                Self::List(ListBuilder::new(StringBuilder::new()).with_field(element()))
            }
            CellKind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            CellKind::Integer => Self::Integer(Int64Builder::new()),
            CellKind::Boolean => Self::Boolean(BooleanBuilder::new()),
        }
    }

    /// Adds a cell of the column's kind; anything else is nothing.
    fn push(&mut self, cell: &Cell<'_>) {
        match self {
            Self::Text(builder) => builder.append_option(escape::exact(cell)),
            Self::List(builder) => match cell {
                Cell::List(elements) => builder.append_value(elements.iter().map(Some)),
                _ => builder.append_null(),
            },
            Self::Time(builder) => builder.append_option(match cell {
                Cell::Time(time) => Some(time.unix().saturating_mul(1_000_000)),
                _ => None,
            }),
            Self::Integer(builder) => builder.append_option(match cell {
                Cell::Integer(number) => Some(*number),
                _ => None,
            }),
            Self::Boolean(builder) => builder.append_option(match cell {
                Cell::Boolean(yes) => Some(*yes),
                _ => None,
            }),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => ArrayBuilder::finish(builder),
            Self::List(builder) => ArrayBuilder::finish(builder),
            Self::Time(builder) => ArrayBuilder::finish(builder),
            Self::Integer(builder) => ArrayBuilder::finish(builder),
            Self::Boolean(builder) => ArrayBuilder::finish(builder),
        }
    }
}
