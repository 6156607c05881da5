//! What travels between machines? Rows of the evidence store's tables, all in one schema, with where they belong.
//!
//! The columns are those of all tables, each once: a column of one name holds the same in every table. A row says besides which
//! table it is of, which unit of work told it and as the how manieth, and by what it is shuffled: account, and bucket where it has
//! one, else the file it rests on.

use crate::source::DigestSignature;
use crate::store::Table;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, UInt64Array, new_null_array};
use arrow_schema::ArrowError;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const TABLE: &str = "wire_table";
pub(super) const UNIT: &str = "wire_unit";
pub(super) const ORDINAL: &str = "wire_ordinal";
pub(super) const ACCOUNT: &str = "wire_account";
pub(super) const PLACE: &str = "wire_place";

/// The last row of a unit: its ordinal is how many rows came before.
const END: &str = "unit";
/// A digest's signature, where the source keeps it beside the bytes.
const SIGNATURE: &str = "signature";
/// The column that takes a signature.
const DETAIL: &str = "detail";

/// The one schema.
pub(super) fn schema() -> SchemaRef {
    let mut columns: BTreeMap<String, DataType> = BTreeMap::new();
    for table in Table::ALL {
        let of_table = table.arrow_schema();
        let fields = of_table.fields().iter();
        columns.extend(fields.map(|field| (field.name().clone(), field.data_type().clone())));
    }
    let keys = [
        (TABLE, DataType::Utf8),
        (UNIT, DataType::UInt64),
        (ORDINAL, DataType::UInt64),
        (ACCOUNT, DataType::Utf8),
        (PLACE, DataType::Utf8),
    ];
    let keys = keys.map(|(name, kind)| Field::new(name, kind, false));
    let columns = columns.into_iter();
    let columns = columns.map(|(name, kind)| Field::new(name, kind, true));
    Arc::new(Schema::new(
        keys.into_iter().chain(columns).collect::<Vec<_>>(),
    ))
}

/// The rows of one unit on their way out: each gets its number.
pub(super) struct Outgoing {
    schema: SchemaRef,
    unit: u64,
    rows: u64,
}

impl Outgoing {
    pub fn of(unit: u64) -> Self {
        Self {
            schema: schema(),
            unit,
            rows: 0,
        }
    }

    /// Rows of a table.
    pub fn table(&mut self, table: Table, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let texts = |name: &str| {
            let column = rows.column_by_name(name)?;
            column.as_any().downcast_ref::<StringArray>()
        };
        let (accounts, buckets) = (texts("account_id"), texts("bucket"));
        let files = texts("source_file");
        let at = |column: Option<&StringArray>, at: usize| {
            let column = column.filter(|column| column.is_valid(at))?;
            Some(column.value(at).to_owned())
        };
        let all = 0..rows.num_rows();
        let account: StringArray = all
            .clone()
            .map(|row| Some(at(accounts, row).unwrap_or_default()))
            .collect();
        let place: StringArray = all
            .map(|row| {
                Some(
                    at(buckets, row)
                        .or_else(|| at(files, row))
                        .unwrap_or_default(),
                )
            })
            .collect();
        let named = |name: &str| rows.column_by_name(name).cloned();
        self.batch(table.name(), (account, place), &named)
    }

    /// The signatures that the source told with the unit's digests.
    pub fn signatures(&mut self, told: &[DigestSignature]) -> Result<RecordBatch, ArrowError> {
        let text = |it: &DigestSignature| {
            serde_json::json!([it.key, it.signature, it.algorithm, it.generated]).to_string()
        };
        let details: ArrayRef = Arc::new(StringArray::from_iter_values(told.iter().map(text)));
        let place = StringArray::from_iter_values(told.iter().map(|it| it.key.as_str()));
        let account = StringArray::from_iter_values(told.iter().map(|_| ""));
        let named = |name: &str| (name == DETAIL).then(|| Arc::clone(&details));
        self.batch(SIGNATURE, (account, place), &named)
    }

    /// Says how many rows there were.
    pub fn end(&mut self) -> Result<RecordBatch, ArrowError> {
        let place = StringArray::from_iter_values([format!("unit {}", self.unit)]);
        let account = StringArray::from_iter_values([""]);
        self.batch(END, (account, place), &|_| None)
    }

    fn batch(
        &mut self,
        table: &str,
        (account, place): (StringArray, StringArray),
        named: &dyn Fn(&str) -> Option<ArrayRef>,
    ) -> Result<RecordBatch, ArrowError> {
        let rows = account.len();
        let first = self.rows;
        self.rows += rows as u64;
        let columns = self.schema.fields().iter().map(|field| {
            let column: ArrayRef = match field.name().as_str() {
                TABLE => Arc::new(StringArray::from_iter_values((0..rows).map(|_| table))),
                UNIT => Arc::new(UInt64Array::from(vec![self.unit; rows])),
                ORDINAL => Arc::new(UInt64Array::from_iter_values(first..self.rows)),
                ACCOUNT => Arc::new(account.clone()),
                PLACE => Arc::new(place.clone()),
                name => named(name).unwrap_or_else(|| new_null_array(field.data_type(), rows)),
            };
            column
        });
        RecordBatch::try_new(Arc::clone(&self.schema), columns.collect())
    }
}

/// What came back.
pub(super) enum Arrived {
    /// Rows of a table, each of the unit that stands beside it.
    Rows(Table, RecordBatch, Vec<u64>),
    /// Signatures, of these units.
    Signatures(Vec<DigestSignature>, Vec<u64>),
    /// Units that ended, and how many rows each had.
    Ends(Vec<(u64, u64)>),
}

/// Takes rows apart that came together: what stands together of one table stays together.
pub(super) fn apart(batch: &RecordBatch) -> Result<Vec<Arrived>, ArrowError> {
    let tables = column::<StringArray>(batch, TABLE)?;
    let mut arrived = Vec::new();
    let mut first = 0;
    while first < batch.num_rows() {
        let table = tables.value(first);
        let same = (first..batch.num_rows()).take_while(|at| tables.value(*at) == table);
        let count = same.count();
        arrived.push(of_table(table, &batch.slice(first, count))?);
        first += count;
    }
    Ok(arrived)
}

fn of_table(table: &str, rows: &RecordBatch) -> Result<Arrived, ArrowError> {
    let units = column::<UInt64Array>(rows, UNIT)?;
    let units: Vec<u64> = units.values().to_vec();
    match table {
        END => {
            let counts = column::<UInt64Array>(rows, ORDINAL)?;
            let ends = units.into_iter().zip(counts.values().iter().copied());
            Ok(Arrived::Ends(ends.collect()))
        }
        SIGNATURE => {
            let details = column::<StringArray>(rows, DETAIL)?;
            let signatures: Result<Vec<_>, _> = details.iter().map(signature).collect();
            Ok(Arrived::Signatures(signatures?, units))
        }
        name => {
            let table = Table::of_name(name).ok_or_else(|| unsound(name))?;
            let schema = table.arrow_schema();
            let columns = schema.fields().iter().map(|field| {
                let column = rows.column_by_name(field.name());
                column.cloned().ok_or_else(|| unsound(field.name()))
            });
            let columns: Result<Vec<_>, _> = columns.collect();
            let rows = RecordBatch::try_new(schema, columns?)?;
            Ok(Arrived::Rows(table, rows, units))
        }
    }
}

fn signature(detail: Option<&str>) -> Result<DigestSignature, ArrowError> {
    let parts: Option<(String, String, String, String)> =
        detail.and_then(|text| serde_json::from_str(text).ok());
    let (key, signature, algorithm, generated) = parts.ok_or_else(|| unsound(SIGNATURE))?;
    Ok(DigestSignature {
        key,
        signature,
        algorithm,
        generated,
    })
}

pub(super) fn column<'b, A: Array + 'static>(
    batch: &'b RecordBatch,
    name: &str,
) -> Result<&'b A, ArrowError> {
    let column = batch.column_by_name(name);
    let column = column.and_then(|column| column.as_any().downcast_ref::<A>());
    column.ok_or_else(|| unsound(name))
}

fn unsound(name: &str) -> ArrowError {
    ArrowError::SchemaError(format!("`{name}` did not arrive as it was sent"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Int64Array;
    use arrow_select::concat::concat_batches;

    #[test]
    fn a_column_of_one_name_holds_the_same_in_every_table() {
        let one = schema();
        for table in Table::ALL {
            for field in table.arrow_schema().fields() {
                let here = one.field_with_name(field.name()).unwrap();
                assert_eq!(here.data_type(), field.data_type(), "{}", field.name());
            }
        }
    }

    fn some(table: Table, bucket: &str, rows: usize) -> RecordBatch {
        let schema = table.arrow_schema();
        let columns = schema.fields().iter().map(|field| -> ArrayRef {
            match (field.name().as_str(), field.data_type()) {
                ("bucket", _) => Arc::new(StringArray::from(vec![bucket; rows])),
                ("source_file", _) => Arc::new(StringArray::from(vec!["a file"; rows])),
                (_, DataType::Int64) => Arc::new(Int64Array::from(vec![7; rows])),
                (_, kind) => new_null_array(kind, rows),
            }
        });
        RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
    }

    #[test]
    fn rows_come_back_as_they_were_sent() {
        let sent = [
            (Table::Changes, some(Table::Changes, "a-bucket", 3)),
            (Table::Sources, some(Table::Sources, "", 2)),
        ];
        let signed = DigestSignature {
            key: "k".to_owned(),
            signature: "00ff".to_owned(),
            algorithm: "SHA256withRSA".to_owned(),
            generated: "2026-03-10T04:00:00.000Z".to_owned(),
        };
        let mut outgoing = Outgoing::of(9);
        let mut batches: Vec<RecordBatch> = sent
            .iter()
            .map(|(table, rows)| outgoing.table(*table, rows).unwrap())
            .collect();
        batches.push(outgoing.signatures(std::slice::from_ref(&signed)).unwrap());
        batches.push(outgoing.end().unwrap());
        let all = concat_batches(&schema(), &batches).unwrap();
        let places: Vec<_> = column::<StringArray>(&all, PLACE).unwrap().iter().collect();
        let expected = [
            "a-bucket", "a-bucket", "a-bucket", "a file", "a file", "k", "unit 9",
        ];
        assert_eq!(places, expected.map(Some));
        let mut rows = 0;
        for (arrived, at) in apart(&all).unwrap().into_iter().zip(0..) {
            match arrived {
                Arrived::Rows(table, batch, units) => {
                    assert_eq!((table, &batch), (sent[at].0, &sent[at].1));
                    assert_eq!(units, vec![9; batch.num_rows()]);
                    rows += batch.num_rows() as u64;
                }
                Arrived::Signatures(signatures, units) => {
                    assert_eq!((signatures, units), (vec![signed.clone()], vec![9]));
                    rows += 1;
                }
                Arrived::Ends(ends) => assert_eq!(ends, [(9, rows)]),
            }
        }
        assert_eq!(rows, 6);
    }
}
