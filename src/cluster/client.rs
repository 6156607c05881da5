//! How does a run have its files read by a cluster? It lists them, hands in a job, waits, and keeps what comes back.
//!
//! A job that is lost, with its scheduler or because results went with an executor, is begun again, a bounded number of times. What
//! arrives counts only when all of it has arrived and the books close.

use super::codec::Codec;
use super::error::{ClusterError, refusal_in};
use super::ledger::Ledger;
use super::orders::Orders;
use super::plan::{Planned, planned};
use super::scheduler::{Scheduler, Setback, Standing, refused};
use super::stop::asked_to_stop;
use super::wire::{Arrived, apart};
use super::work::{Unit, cut};
use super::{Cluster, MOST_MESSAGE, VERSION, Watch};
use crate::pipeline::{Added, Options, Progress, Shard, keep_by};
use crate::source::{DigestSignature, LogFile, S3Settings, Source};
use crate::store::{Arrivals, Store};
use arrow_array::RecordBatch;
use ballista_core::client::BallistaClient;
use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::protobuf::PartitionLocation;
use datafusion::prelude::SessionConfig;
use futures::StreamExt;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// So often a job is begun.
const ATTEMPTS: usize = 4;
/// How often a job's state is asked for,
const POLL: Duration = Duration::from_millis(100);
/// and how often, at most, how many of its tasks are done: that is a longer answer.
const TELL: Duration = Duration::from_secs(1);
/// More bytes of files are kept in more segments, up to a number.
const SEGMENT: (u64, u64) = (2 << 30, 16);

/// What a cluster found out.
#[derive(Debug, Default)]
pub struct Kept {
    /// What became of the files.
    pub added: Added,
    /// The signatures that lay beside digests.
    pub signatures: Vec<DigestSignature>,
}

/// Has a cluster read the files of a source that a store does not know, or knows otherwise, and keeps what they tell.
///
/// # Errors
/// If the source cannot be listed, or the cluster did not read all of it; the store is then as it was.
pub fn keep(
    cluster: &Cluster,
    (source, remote): (&dyn Source, &S3Settings),
    store: &mut Store,
    options: &Options,
    shard: Option<Shard>,
    (progress, watch): (&dyn Progress, &dyn Watch),
) -> Result<Kept, ClusterError> {
    let orders = Orders::of(options, remote);
    let mut signatures = Vec::new();
    let added = keep_by(source, store, options, shard, progress, |store, files| {
        if files.iter().any(|file| file.is_standard_input()) {
            return Err(ClusterError::Piped);
        }
        if files.is_empty() {
            return Ok(());
        }
        let run = Run {
            cluster,
            files,
            orders,
            watch,
        };
        signatures = run.through(store)?;
        Ok(())
    })?;
    Ok(Kept { added, signatures })
}

/// One run of a client.
struct Run<'r> {
    cluster: &'r Cluster,
    files: &'r [&'r LogFile],
    orders: Orders,
    watch: &'r dyn Watch,
}

/// A job that a scheduler has taken.
struct Job {
    scheduler: Scheduler,
    id: String,
    tasks: u64,
    units: u64,
}

impl Run<'_> {
    fn through(&self, store: &mut Store) -> Result<Vec<DigestSignature>, ClusterError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| ClusterError::Plan(error.to_string()))?;
        let (arrivals, signatures) = runtime.block_on(self.attempts(store))?;
        store.commit_arrivals(arrivals)?;
        Ok(signatures)
    }

    async fn attempts(
        &self,
        store: &Store,
    ) -> Result<(Arrivals, Vec<DigestSignature>), ClusterError> {
        let mut why = String::new();
        for attempt in 1..=ATTEMPTS {
            if attempt > 1 {
                self.watch.say(&format!("the job is begun again: {why}"));
            }
            match self.attempt(store, attempt).await {
                Ok(done) => return Ok(done),
                Err(Setback::Final(error)) => return Err(error),
                Err(Setback::Passing(words)) => why = words,
            }
        }
        Err(ClusterError::GaveUp {
            attempts: ATTEMPTS,
            why,
        })
    }

    async fn attempt(
        &self,
        store: &Store,
        attempt: usize,
    ) -> Result<(Arrivals, Vec<DigestSignature>), Setback> {
        let begin = async { self.begin(self.connect(attempt > 1).await?).await };
        let mut job = tokio::select! {
            begun = begin => begun?,
            () = asked_to_stop() => return Err(ClusterError::Stopped.into()),
        };
        let done = tokio::select! {
            done = self.finish(&mut job, store) => done,
            () = asked_to_stop() => Err(ClusterError::Stopped.into()),
        };
        match &done {
            Ok(_) => job.scheduler.clean(&job.id).await,
            Err(_) => job.scheduler.cancel(&job.id).await,
        }
        done
    }

    /// Connects to the scheduler; to one that was there before, in its time.
    async fn connect(&self, was_there: bool) -> Result<Scheduler, ClusterError> {
        let place = &self.cluster.place;
        let begun = Instant::now();
        loop {
            match Scheduler::connect(place).await {
                Ok(scheduler) => return Ok(scheduler),
                Err(_) if was_there && begun.elapsed() < self.cluster.patience => {
                    sleep(TELL).await;
                }
                Err(why) => {
                    let place = place.clone();
                    return Err(ClusterError::NoScheduler { place, why });
                }
            }
        }
    }

    /// Waits until there is an executor; how many cores there are.
    async fn cores(&self, scheduler: &Scheduler) -> Result<usize, Setback> {
        let begun = Instant::now();
        loop {
            match scheduler.cores().await? {
                0 if begun.elapsed() < self.cluster.patience => sleep(POLL).await,
                0 => return Err(ClusterError::NoExecutors(self.cluster.place.clone()).into()),
                cores => return Ok(cores),
            }
        }
    }

    /// Hands in the job.
    async fn begin(&self, mut scheduler: Scheduler) -> Result<Job, Setback> {
        let cores = self.cores(&scheduler).await?;
        let units = cut(self.files, cores, self.cluster.at_least);
        let Planned { bytes, tasks } = self.plan(&units, cores)?;
        let id = scheduler.submit(bytes, &session()).await?;
        let units = units.len() as u64;
        Ok(Job {
            scheduler,
            id,
            tasks,
            units,
        })
    }

    fn plan(&self, units: &[Unit], cores: usize) -> Result<Planned, ClusterError> {
        let codec = Codec::new("this client", VERSION, Default::default());
        let planned = planned(units, self.orders.clone(), cores, &codec)?;
        // The settings that go with it are a few kilobytes.
        match planned.bytes.len() < MOST_MESSAGE - (1 << 20) {
            true => Ok(planned),
            false => Err(ClusterError::TooLarge {
                bytes: planned.bytes.len(),
                most: MOST_MESSAGE,
            }),
        }
    }

    /// Waits for the job's end and takes what came of it.
    async fn finish(
        &self,
        job: &mut Job,
        store: &Store,
    ) -> Result<(Arrivals, Vec<DigestSignature>), Setback> {
        let (locations, through) = self.wait(job).await?;
        let bytes = self.files.iter().map(|file| file.bytes);
        let bytes = bytes.fold(0, u64::saturating_add);
        let segments = bytes.div_ceil(SEGMENT.0).clamp(1, SEGMENT.1);
        let mut taking = Taking {
            ledger: Ledger::of(self.files, job.units),
            arrivals: store.begin_arrivals(usize::try_from(segments).unwrap_or(1)),
            signatures: BTreeSet::new(),
        };
        for location in locations {
            fetch(location, through.as_ref(), &mut |batch| taking.take(&batch)).await?;
        }
        taking.ledger.close()?;
        Ok((taking.arrivals, taking.signatures.into_iter().collect()))
    }

    /// Waits until the job is done.
    async fn wait(
        &self,
        job: &mut Job,
    ) -> Result<(Vec<PartitionLocation>, Option<(String, u16)>), Setback> {
        let mut told = Instant::now();
        loop {
            match job.scheduler.standing(&job.id).await? {
                Standing::Running => sleep(POLL).await,
                Standing::Done(locations, through) => return Ok((locations, through)),
                Standing::Lost => {
                    return Err(Setback::Passing("the scheduler lost the job".to_owned()));
                }
                Standing::Failed(words) if refusal_in(&words).is_some() => {
                    return Err(refused(words).into());
                }
                Standing::Failed(words) => return Err(Setback::Passing(words)),
            }
            if told.elapsed() >= TELL {
                // What cannot be told of now may be later.
                if let Ok(done) = job.scheduler.tasks_done(&job.id).await {
                    self.watch.tasks(done, job.tasks);
                }
                told = Instant::now();
            }
        }
    }
}

/// How the engine is to run the job.
fn session() -> SessionConfig {
    SessionConfig::new_with_ballista()
        .with_ballista_job_name("leaktrail scan")
        .with_ballista_grpc_client_max_message_size(MOST_MESSAGE)
        .with_ballista_adaptive_query_planner(false)
        .set_usize("ballista.scheduler.max_partitions_per_task", 1)
}

/// What was taken until now.
struct Taking {
    ledger: Ledger,
    arrivals: Arrivals,
    signatures: BTreeSet<DigestSignature>,
}

impl Taking {
    fn take(&mut self, batch: &RecordBatch) -> Result<(), ClusterError> {
        let arrived = apart(batch).map_err(|error| ClusterError::Books(error.to_string()))?;
        for arrived in arrived {
            self.ledger.enter(&arrived);
            match arrived {
                Arrived::Rows(table, rows, _) => self.arrivals.take(table, &rows)?,
                Arrived::Signatures(signatures, _) => self.signatures.extend(signatures),
                Arrived::Ends(_) => {}
            }
        }
        Ok(())
    }
}

/// Fetches one part of the result from the executor that has it, or through somebody else.
async fn fetch(
    location: PartitionLocation,
    through: Option<&(String, u16)>,
    take: &mut dyn FnMut(RecordBatch) -> Result<(), ClusterError>,
) -> Result<(), Setback> {
    let layout = location.layout();
    let (Some(executor), Some(id)) = (location.executor_meta, location.partition_id) else {
        return Err(Setback::Passing(
            "a part of the result lies nowhere".to_owned(),
        ));
    };
    let of = format!("`{}:{}`", executor.host, executor.port);
    let failed = |error: &dyn std::fmt::Display| {
        Setback::Passing(format!(
            "what the executor {of} has cannot be fetched: {error}"
        ))
    };
    let port = u16::try_from(executor.port).map_err(|error| failed(&error))?;
    let (host, at) = match through {
        Some((host, port)) => (host.as_str(), *port),
        None => (executor.host.as_str(), port),
    };
    let client = BallistaClient::try_new(host, at, MOST_MESSAGE, false, None, 3, 500, 0, 0);
    let mut client = client.await.map_err(|error| failed(&error))?;
    let (file, id) = (location.file_id, id.into());
    let asked =
        client.fetch_partition_proxied(&executor.id, &id, file, layout, &executor.host, port, true);
    let mut batches = asked.await.map_err(|error| failed(&error))?;
    while let Some(batch) = batches.next().await {
        take(batch.map_err(|error| failed(&error))?)?;
    }
    Ok(())
}
