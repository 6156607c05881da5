//! How does a table become Parquet? Arrow columns in batches, zstd; texts exact, times `timestamp[us, UTC]`, lists `list<utf8>`.

use super::row::{Cell, CellKind, Column};
use super::{ReportError, SCHEMA_VERSION, Table, escape};
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
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

#[cfg(test)]
mod tests {
    use super::super::sample::{attacked, sample};
    use super::super::tables;
    use super::*;
    use crate::analysis::Analysis;
    use crate::vocab::Timestamp;
    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int64Type, TimestampMicrosecondType};
    use std::fs::File;

    fn written(table: &Table<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        let rows = write(table, &mut out).unwrap();
        assert_eq!(rows as usize, (table.rows)().count());
        out
    }

    fn opened(table: &Table<'_>) -> ParquetRecordBatchReaderBuilder<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&written(table)).unwrap();
        ParquetRecordBatchReaderBuilder::try_new(file).unwrap()
    }

    fn read(table: &Table<'_>) -> Vec<RecordBatch> {
        let batches = opened(table).build().unwrap();
        batches.map(Result::unwrap).collect()
    }

    fn cell(array: &ArrayRef, row: usize, kind: CellKind) -> Cell<'static> {
        if array.is_null(row) {
            return Cell::Empty;
        }
        match kind {
            CellKind::Text => Cell::Text(array.as_string::<i32>().value(row).to_owned().into()),
            CellKind::List => {
                let elements = array.as_list::<i32>().value(row);
                let elements = elements.as_string::<i32>();
                Cell::List(
                    elements
                        .iter()
                        .map(|it| it.unwrap().to_owned().into())
                        .collect(),
                )
            }
            CellKind::Time => {
                let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
                Cell::Time(Timestamp::from_unix(micros / 1_000_000))
            }
            CellKind::Integer => Cell::Integer(array.as_primitive::<Int64Type>().value(row)),
            CellKind::Boolean => Cell::Boolean(array.as_boolean().value(row)),
        }
    }

    fn exact(cell: &Cell<'_>) -> Cell<'static> {
        match cell {
            Cell::Empty => Cell::Empty,
            Cell::Text(_) | Cell::Untrusted(_) => {
                Cell::Text(escape::exact(cell).unwrap().to_owned().into())
            }
            Cell::List(list) => Cell::List(list.iter().map(|it| it.to_string().into()).collect()),
            Cell::Time(time) => Cell::Time(*time),
            Cell::Integer(number) => Cell::Integer(*number),
            Cell::Boolean(yes) => Cell::Boolean(*yes),
        }
    }

    fn check(analysis: &Analysis) {
        for table in tables(analysis) {
            let batches = read(&table);
            let places = batches
                .iter()
                .flat_map(|batch| (0..batch.num_rows()).map(move |at| (batch, at)));
            let mut rows = 0;
            for ((batch, at), row) in places.zip((table.rows)()) {
                for (number, column) in table.columns.iter().enumerate() {
                    let read = cell(batch.column(number), at, column.kind);
                    assert_eq!(read, exact(&row[number]), "{}", column.name);
                }
                rows += 1;
            }
            assert_eq!(rows, (table.rows)().count(), "{}", table.name);
        }
    }

    #[test]
    fn a_table_reads_back_cell_by_cell() {
        check(&sample());
    }

    #[test]
    fn attacked_text_reads_back_exactly() {
        check(&attacked());
    }

    #[test]
    fn a_table_of_many_batches_keeps_its_rows() {
        let mut analysis = sample();
        let row = analysis.changes[0].clone();
        analysis
            .changes
            .extend(std::iter::repeat_n(row, 2 * BATCH_ROWS + 7));
        for (at, row) in analysis.changes.iter_mut().enumerate() {
            row.buckets_affected = at as u64;
        }
        check(&analysis);
    }

    #[test]
    fn a_table_without_rows_has_its_columns() {
        let none = Analysis::default();
        for table in tables(&none) {
            let builder = opened(&table);
            assert_eq!(builder.schema().fields().len(), table.columns.len());
            assert_eq!(builder.metadata().file_metadata().num_rows(), 0);
        }
    }

    #[test]
    fn the_same_rows_make_the_same_bytes() {
        let analysis = sample();
        for table in tables(&analysis) {
            assert_eq!(written(&table), written(&table), "{}", table.name);
        }
    }

    #[test]
    fn the_types_and_the_version_stand_in_the_file() {
        let analysis = sample();
        let table = tables(&analysis).pop().unwrap();
        let builder = opened(&table);
        let metadata = builder.metadata().file_metadata();
        let value = |key: &str| {
            let pairs = metadata.key_value_metadata().unwrap();
            pairs
                .iter()
                .find(|pair| pair.key == key)
                .unwrap()
                .value
                .clone()
                .unwrap()
        };
        assert_eq!(
            value("leaktrail.schema_version"),
            SCHEMA_VERSION.to_string()
        );
        assert_eq!(value("leaktrail.table"), "losses");
    }

    #[test]
    fn a_cell_of_another_kind_is_an_error() {
        let table = Table {
            name: "wrong",
            columns: vec![Column {
                name: "at",
                kind: CellKind::Time,
            }],
            rows: Box::new(|| Box::new(std::iter::once(vec![Cell::Integer(1)]))),
        };
        let error = write(&table, Vec::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot write the table `wrong`: what stands in `at` is of another kind"
        );
    }

    #[test]
    fn an_output_that_takes_no_more_is_told_as_such() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let analysis = sample();
        let table = tables(&analysis).remove(0);
        let error = super::write(&table, Full).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot write the report: no storage space"
        );
    }
}
