//! How do our operators go over the wire? As a few bytes behind a mark of our own; all other operators as the engine writes them.
//!
//! The mark is followed by the version of the program. Another one is refused, by whoever reads it: what a version makes of a
//! file, another may tell otherwise.

use super::error::marked;
use super::operator::{ArchiveScanExec, MergeExec, only};
use super::orders::Orders;
use super::workshop::Workshop;
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// With this begins what is ours.
const MAGIC: &[u8] = b"leaktrail\0";
/// The version of what follows.
const FORMAT: u8 = 1;

/// One of our operators.
#[derive(Serialize, Deserialize)]
enum Node {
    Scan(Orders),
    Merge,
}

/// What is said of an operator.
#[derive(Serialize, Deserialize)]
struct Said {
    /// The program's version.
    program: String,
    /// The evidence store's.
    store: u32,
    node: Node,
}

/// Writes and reads operators, ours and the engine's.
#[derive(Debug)]
pub(super) struct Codec {
    /// Who reads: the client, the scheduler or an executor.
    who: String,
    program: String,
    workshop: Arc<Workshop>,
    engine: BallistaPhysicalExtensionCodec,
}

impl Codec {
    /// A codec for whoever works with files there; `program` is the version that it speaks.
    pub fn new(who: &str, program: &str, workshop: Arc<Workshop>) -> Self {
        Self {
            who: who.to_owned(),
            program: program.to_owned(),
            workshop,
            engine: BallistaPhysicalExtensionCodec::default(),
        }
    }

    fn read(&self, bytes: &[u8]) -> Result<Node> {
        let said: Option<Said> = bytes
            .strip_prefix(&[FORMAT])
            .and_then(|text| serde_json::from_slice(text).ok());
        let theirs = said
            .as_ref()
            .map_or("another version", |said| &said.program);
        match &said {
            Some(Said {
                program,
                store: crate::store::VERSION,
                ..
            }) if *program == self.program => {}
            _ => {
                return Err(DataFusionError::Execution(marked(&format!(
                    "the versions differ: the job comes from leaktrail {theirs}, and {} is leaktrail {}\nhint: run one version on all machines",
                    self.who, self.program
                ))));
            }
        }
        said.map(|said| said.node)
            .ok_or_else(|| DataFusionError::Internal("nothing was said".to_owned()))
    }

    fn write(&self, node: Node, into: &mut Vec<u8>) -> Result<()> {
        let said = Said {
            program: self.program.clone(),
            store: crate::store::VERSION,
            node,
        };
        into.extend_from_slice(MAGIC);
        into.push(FORMAT);
        serde_json::to_writer(into, &said)
            .map_err(|error| DataFusionError::External(Box::new(error)))
    }
}

impl PhysicalExtensionCodec for Codec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(own) = bytes.strip_prefix(MAGIC) else {
            return self.engine.try_decode(bytes, inputs, context, converter);
        };
        let node = self.read(own)?;
        let input = only(inputs.to_vec())?;
        Ok(match node {
            Node::Merge => Arc::new(MergeExec::new(input)),
            Node::Scan(orders) => {
                let workshop = Arc::clone(&self.workshop);
                Arc::new(ArchiveScanExec::new(input, Arc::new(orders), workshop))
            }
        })
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        into: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        if let Some(scan) = node.downcast_ref::<ArchiveScanExec>() {
            return self.write(Node::Scan(scan.orders.as_ref().clone()), into);
        }
        match node.downcast_ref::<MergeExec>() {
            Some(_) => self.write(Node::Merge, into),
            None => self.engine.try_encode(node, into, converter),
        }
    }

    fn try_decode_udf(&self, name: &str, bytes: &[u8]) -> Result<Arc<ScalarUDF>> {
        self.engine.try_decode_udf(name, bytes)
    }

    fn try_encode_udf(&self, node: &ScalarUDF, into: &mut Vec<u8>) -> Result<()> {
        self.engine.try_encode_udf(node, into)
    }

    fn try_decode_udaf(&self, name: &str, bytes: &[u8]) -> Result<Arc<AggregateUDF>> {
        self.engine.try_decode_udaf(name, bytes)
    }

    fn try_encode_udaf(&self, node: &AggregateUDF, into: &mut Vec<u8>) -> Result<()> {
        self.engine.try_encode_udaf(node, into)
    }

    fn try_decode_udwf(&self, name: &str, bytes: &[u8]) -> Result<Arc<WindowUDF>> {
        self.engine.try_decode_udwf(name, bytes)
    }

    fn try_encode_udwf(&self, node: &WindowUDF, into: &mut Vec<u8>) -> Result<()> {
        self.engine.try_encode_udwf(node, into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::error::refusal_in;
    use crate::pipeline::Options;
    use crate::source::S3Settings;

    fn codec(program: &str) -> Codec {
        Codec::new("this executor", program, Arc::default())
    }

    fn written(program: &str) -> Vec<u8> {
        let orders = Orders::of(&Options::default(), &S3Settings::default());
        let mut bytes = Vec::new();
        codec(program)
            .write(Node::Scan(orders), &mut bytes)
            .unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Node> {
        codec("1.2.3").read(bytes.strip_prefix(MAGIC).unwrap())
    }

    #[test]
    fn the_same_version_is_understood() {
        let node = read(&written("1.2.3")).unwrap();
        let Node::Scan(orders) = node else {
            panic!("a scan was written");
        };
        assert_eq!(orders.options().max_inflated, 2 << 30);
    }

    #[test]
    fn another_version_is_refused_in_words() {
        let mut of_another_format = written("1.2.3");
        of_another_format[MAGIC.len()] = FORMAT + 1;
        for (bytes, named) in [
            (written("1.2.4"), "leaktrail 1.2.4"),
            (of_another_format, "leaktrail another version"),
        ] {
            let Err(error) = read(&bytes) else {
                panic!("it was taken");
            };
            let words = refusal_in(&error.to_string()).unwrap();
            assert!(words.contains(named), "{words}");
            assert!(
                words.contains("this executor is leaktrail 1.2.3"),
                "{words}"
            );
        }
    }
}
