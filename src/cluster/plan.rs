//! Which plan does the engine run?
//!
//! ```text
//! units in memory → ArchiveScanExec → hash by account and bucket → sort → MergeExec
//! ```
//!
//! The scan is not the last stage: what an executor held of a last stage is lost with it, and the client is sent there all the
//! same. Above a shuffle what is lost is made again. What is shuffled is evidence, never records that tell nothing.

use super::error::ClusterError;
use super::operator::{ArchiveScanExec, MergeExec, unit_schema};
use super::orders::Orders;
use super::wire::{self, ACCOUNT, ORDINAL, PLACE, TABLE, UNIT};
use super::work::{Packer, Unit, tasks};
use super::workshop::Workshop;
use arrow_array::{ArrayRef, BinaryArray, RecordBatch, UInt64Array};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning};
use datafusion_proto::physical_plan::{AsExecutionPlan, PhysicalExtensionCodec};
use datafusion_proto::protobuf::PhysicalPlanNode;
use std::sync::Arc;

/// Into at least and at most so many parts is evidence shuffled.
const PARTS: (usize, usize) = (8, 64);

/// A plan as it is sent, and of how many tasks it is.
pub(super) struct Planned {
    pub bytes: Vec<u8>,
    pub tasks: u64,
}

/// Plans the reading of some units on so many cores.
pub(super) fn planned(
    units: &[Unit],
    orders: Orders,
    cores: usize,
    codec: &dyn PhysicalExtensionCodec,
) -> Result<Planned, ClusterError> {
    let parts = cores.saturating_mul(2).clamp(PARTS.0, PARTS.1);
    let tasks = tasks(units.len());
    let made = plan(units, &tasks, orders, parts).and_then(|plan| {
        let node = PhysicalPlanNode::try_from_physical_plan(plan, codec)?;
        let mut bytes = Vec::new();
        node.try_encode(&mut bytes)?;
        Ok(bytes)
    });
    let bytes = made.map_err(|error| ClusterError::Plan(error.to_string()))?;
    Ok(Planned {
        bytes,
        tasks: (tasks.len() + parts) as u64,
    })
}

fn plan(
    units: &[Unit],
    tasks: &[Vec<usize>],
    orders: Orders,
    parts: usize,
) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let mut packer = Packer::new();
    let mut batches = Vec::with_capacity(tasks.len());
    for task in tasks {
        let units = task.iter().filter_map(|at| units.get(*at));
        batches.push(vec![rows(units, &mut packer)?]);
    }
    let source = MemorySourceConfig::try_new(&batches, unit_schema(), None)?;
    let source = DataSourceExec::from_data_source(source);
    let workshop = Arc::new(Workshop::default());
    let scan = Arc::new(ArchiveScanExec::new(source, Arc::new(orders), workshop));
    let schema = wire::schema();
    let by = |name| -> Result<Arc<dyn PhysicalExpr>, DataFusionError> { col(name, &schema) };
    let hash = Partitioning::Hash(vec![by(ACCOUNT)?, by(PLACE)?], parts);
    let shuffled = Arc::new(RepartitionExec::try_new(scan, hash)?);
    let order = [TABLE, UNIT, ORDINAL]
        .map(|name| by(name).map(PhysicalSortExpr::new_default))
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let order =
        LexOrdering::new(order).ok_or_else(|| DataFusionError::Internal("no order".to_owned()))?;
    let sorted = SortExec::new(order, shuffled).with_preserve_partitioning(true);
    Ok(Arc::new(MergeExec::new(Arc::new(sorted))))
}

/// Units as rows: the columns are those of the schema of units.
fn rows<'u>(
    units: impl Iterator<Item = &'u Unit>,
    packer: &mut Packer,
) -> Result<RecordBatch, DataFusionError> {
    let units: Vec<&Unit> = units.collect();
    let numbers = UInt64Array::from_iter_values(units.iter().map(|unit| unit.number));
    let packed: Result<Vec<_>, _> = units.iter().map(|unit| packer.pack(&unit.files)).collect();
    let files = BinaryArray::from_iter_values(packed?);
    let columns: Vec<ArrayRef> = vec![Arc::new(numbers), Arc::new(files)];
    Ok(RecordBatch::try_new(unit_schema(), columns)?)
}
