//! Which operators has the plan that no engine knows? One reads units of files, one lets each row through once.
//!
//! The first is no leaf: a scheduler cuts only leaves that it knows to what a task is to read, and would hand every task all of an
//! unknown one. So the units are rows of a source in memory, which it does cut, and the operator reads what it is given.

use super::orders::Orders;
use super::wire::{self, ORDINAL, TABLE, UNIT, column};
use super::work::unpack;
use super::workshop::Workshop;
use arrow_array::{BinaryArray, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::{
    RecordBatchReceiverStreamBuilder, RecordBatchStreamAdapter,
};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
    SendableRecordBatchStream,
};
use futures::StreamExt;
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// The column of a unit's number.
const NUMBER: &str = "unit";
/// The column of its files.
const FILES: &str = "files";

/// The schema of units.
pub(super) fn unit_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new(NUMBER, DataType::UInt64, false),
        Field::new(FILES, DataType::Binary, false),
    ]))
}

/// Reads the files of the units that come in.
#[derive(Debug)]
pub(super) struct ArchiveScanExec {
    input: Arc<dyn ExecutionPlan>,
    pub orders: Arc<Orders>,
    workshop: Arc<Workshop>,
    properties: Arc<PlanProperties>,
}

impl ArchiveScanExec {
    pub fn new(
        input: Arc<dyn ExecutionPlan>,
        orders: Arc<Orders>,
        workshop: Arc<Workshop>,
    ) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(wire::schema()),
            input.output_partitioning().clone(),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self {
            input,
            orders,
            workshop,
            properties,
        }
    }
}

impl DisplayAs for ArchiveScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArchiveScanExec")
    }
}

impl ExecutionPlan for ArchiveScanExec {
    fn name(&self) -> &str {
        "ArchiveScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    /// A unit is as large as it should be: nothing is to be cut anew before it is read.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (orders, workshop) = (Arc::clone(&self.orders), Arc::clone(&self.workshop));
        Ok(Arc::new(Self::new(only(children)?, orders, workshop)))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let units = self.input.execute(partition, context)?;
        let mut stream = RecordBatchReceiverStreamBuilder::new(self.schema(), 2);
        let (orders, workshop) = (Arc::clone(&self.orders), Arc::clone(&self.workshop));
        let reading = read_all(units, orders, workshop, stream.tx());
        stream.spawn(reading);
        Ok(stream.build())
    }
}

/// The one child of an operator.
pub(super) fn only(children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let mut children = children.into_iter();
    match (children.next(), children.next()) {
        (Some(child), None) => Ok(child),
        _ => Err(DataFusionError::Internal("expected one child".to_owned())),
    }
}

/// Reads unit after unit; what they tell goes into the channel. Who closes the channel ends it.
async fn read_all(
    mut units: SendableRecordBatchStream,
    orders: Arc<Orders>,
    workshop: Arc<Workshop>,
    out: Sender<Result<RecordBatch>>,
) -> Result<()> {
    while let Some(batch) = units.next().await {
        let batch = batch?;
        let numbers = column::<UInt64Array>(&batch, NUMBER)?;
        let files = column::<BinaryArray>(&batch, FILES)?;
        for (number, packed) in numbers.values().iter().zip(files.iter().flatten()) {
            let unit = (*number, unpack(packed)?);
            let (orders, workshop, out) = (Arc::clone(&orders), Arc::clone(&workshop), out.clone());
            let reading = tokio::task::spawn_blocking(move || {
                let is_wanted = || !out.is_closed();
                workshop.read(unit, &orders, &is_wanted, &mut |rows| {
                    out.blocking_send(Ok(rows)).is_ok()
                })
            });
            let read = reading.await;
            read.map_err(|error| DataFusionError::External(Box::new(error)))??;
        }
    }
    Ok(())
}

/// Lets each row through once. Rows come sorted, so copies stand together.
#[derive(Debug)]
pub(super) struct MergeExec {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl MergeExec {
    pub fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        Self {
            properties: Arc::clone(input.properties()),
            input,
        }
    }
}

impl DisplayAs for MergeExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MergeExec")
    }
}

impl ExecutionPlan for MergeExec {
    fn name(&self) -> &str {
        "MergeExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(only(children)?)))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, context)?;
        let mut last = None;
        let once = rows.map(move |batch| batch.and_then(|batch| once(&batch, &mut last)));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), once)))
    }
}

/// The last row that was let through: of which table and unit, and the how manieth.
type Last = Option<(String, u64, u64)>;

/// The rows that are not what the row before them was.
fn once(batch: &RecordBatch, last: &mut Last) -> Result<RecordBatch> {
    let tables = column::<StringArray>(batch, TABLE)?;
    let units = column::<UInt64Array>(batch, UNIT)?.values().iter();
    let ordinals = column::<UInt64Array>(batch, ORDINAL)?.values().iter();
    let rows = tables.iter().flatten().zip(units.zip(ordinals));
    let is_new: BooleanArray = rows
        .map(|(table, (unit, ordinal))| {
            let known = last.as_ref();
            let is_known = known
                .is_some_and(|(of, in_unit, at)| of == table && in_unit == unit && at == ordinal);
            if !is_known {
                *last = Some((table.to_owned(), *unit, *ordinal));
            }
            Some(!is_known)
        })
        .collect();
    Ok(filter_record_batch(batch, &is_new)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::wire::Outgoing;
    use arrow_select::concat::concat_batches;

    #[test]
    fn a_row_that_comes_twice_goes_on_once() {
        let rows = |unit| Outgoing::of(unit).end().unwrap();
        let schema = wire::schema();
        let mut last = None;
        let mut lengths = Vec::new();
        for batches in [vec![rows(1), rows(1), rows(2)], vec![rows(2), rows(3)]] {
            let batch = concat_batches(&schema, &batches).unwrap();
            lengths.push(once(&batch, &mut last).unwrap().num_rows());
        }
        assert_eq!(lengths, [2, 1]);
    }
}
