//! How do the scheduler and the executors run? As processes of their own, until they are stopped.
//!
//! Executors ask for work (pull): whoever is faster does more. The times after which somebody counts as lost are short, since work
//! is cheap to do again.

use super::codec::Codec;
use super::error::ClusterError;
use super::stop::{asked_to_end, asked_to_stop};
use super::workshop::Workshop;
use super::{MOST_MESSAGE, VERSION};
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::extension::SessionConfigExt;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion::prelude::SessionConfig;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// An executor that was not heard of for so long is lost: it asks for work every few seconds, however busy.
const LOST_AFTER: u64 = 12;
/// So often the lost ones are looked for.
const LOOK_EVERY: u64 = 2;
/// A job without any executor is given up after so long.
const WITHOUT_EXECUTORS: u64 = 30;
/// What executors keep of a job is removed so long after its end, where no client had it removed,
const KEEP: u64 = 60;
/// and is forgotten by the scheduler after so long.
const REMEMBER: u64 = 600;
/// What no scheduler had removed, because it was lost, is removed when it is so old.
const STALE: u64 = 6 * 3600;
/// An executor looks so often for what is stale.
const CLEAN_EVERY: u64 = 600;
/// An executor waits so long for its scheduler when it starts.
const JOIN_WITHIN: u16 = 60;
/// An executor that is to end has so long to finish its tasks; then others do them.
const FINISH_WITHIN: Duration = Duration::from_secs(25);

/// How a scheduler runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SchedulerSettings {
    /// Where it listens: a host name or address.
    pub bind_host: String,
    /// At which port; 0 for any.
    pub bind_port: u16,
    /// Whether clients fetch results through it, for they do not reach the executors.
    pub proxy_results: bool,
    /// The version that it speaks, if it is not its own.
    pub version: Option<String>,
}

/// How an executor runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExecutorSettings {
    /// The scheduler's `host:port`.
    pub scheduler: String,
    /// The address where it listens.
    pub bind_host: String,
    /// At which port others fetch what it found; 0 for any.
    pub bind_port: u16,
    /// The name under which others reach it, if the scheduler cannot tell.
    pub external_host: Option<String>,
    /// How many units it reads at once; `None` for one a core.
    pub cores: Option<usize>,
    /// Where it puts what it works on.
    pub folder: PathBuf,
    /// The version that it speaks, if it is not its own.
    pub version: Option<String>,
}

/// Runs a scheduler until it is stopped. Whoever listens is told where it can be reached.
///
/// # Errors
/// If it cannot listen there, or ends by itself.
pub fn scheduler(settings: &SchedulerSettings, ready: &dyn Fn(&str)) -> Result<(), ClusterError> {
    let failed = |why: &dyn Display| server("scheduler", why);
    runtime("scheduler")?.block_on(async {
        let SchedulerSettings {
            bind_host,
            bind_port,
            ..
        } = settings;
        let listener = TcpListener::bind((bind_host.as_str(), *bind_port)).await;
        let listener = listener.map_err(|error| {
            failed(&format!(
                "cannot listen at `{bind_host}:{bind_port}`: {error}"
            ))
        })?;
        let place = listener.local_addr().map_err(|error| failed(&error))?;
        let config = Arc::new(scheduler_config(settings, place.port()));
        let cluster = BallistaCluster::new_from_config(&config).await;
        let cluster = cluster.map_err(|error| failed(&error))?;
        let made = create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, config);
        let scheduler = made.await.map_err(|error| failed(&error))?;
        ready(&place.to_string());
        tokio::select! {
            ended = start_grpc_service_with_listener(listener, scheduler) => {
                ended.map_err(|error| failed(&error))
            }
            () = asked_to_stop() => Ok(()),
        }
    })
}

fn scheduler_config(settings: &SchedulerSettings, port: u16) -> SchedulerConfig {
    let version = settings.version.as_deref().unwrap_or(VERSION);
    let codec = Codec::new("the scheduler", version, Arc::default());
    SchedulerConfig {
        namespace: "leaktrail".to_owned(),
        bind_host: settings.bind_host.clone(),
        bind_port: port,
        scheduling_policy: TaskSchedulingPolicy::PullStaged,
        executor_timeout_seconds: LOST_AFTER,
        expire_dead_executor_interval_seconds: LOOK_EVERY,
        no_executors_grace_period_seconds: WITHOUT_EXECUTORS,
        finished_job_data_clean_up_interval_seconds: KEEP,
        finished_job_state_clean_up_interval_seconds: REMEMBER,
        grpc_server_max_decoding_message_size: MOST_MESSAGE as u32,
        grpc_server_max_encoding_message_size: MOST_MESSAGE as u32,
        grpc_client_max_message_size: MOST_MESSAGE as u32,
        enable_embedded_flight_proxy: settings.proxy_results,
        override_physical_codec: Some(Arc::new(codec)),
        override_config_producer: Some(Arc::new(session)),
        // No page of another host may ask it.
        cors_allowed_origins: format!("http://localhost:{port}"),
        ..SchedulerConfig::default()
    }
}

/// Runs an executor until it is stopped. Whoever listens is told its name.
///
/// # Errors
/// If its scheduler does not answer, it cannot listen, or it ends by itself.
pub fn executor(settings: &ExecutorSettings, ready: &dyn Fn(&str)) -> Result<(), ClusterError> {
    let failed = |why: &dyn Display| server("executor", why);
    let folder = tempfile::Builder::new()
        .prefix("leaktrail-executor-")
        .tempdir_in(&settings.folder)
        .map_err(|error| {
            failed(&format!(
                "cannot work in `{}`: {error}",
                settings.folder.display()
            ))
        })?;
    let runtime = runtime("executor")?;
    let cores = settings.cores;
    let cores = cores.unwrap_or_else(|| runtime.handle().metrics().num_workers());
    runtime.block_on(async {
        let port = free_port(&settings.bind_host, settings.bind_port).await?;
        let host = settings
            .external_host
            .as_deref()
            .unwrap_or(&settings.bind_host);
        let name = format!("{host}:{port}");
        let config = executor_config((settings, cores), &name, port, folder.path().to_owned())?;
        ready(&name);
        let running = start_executor_process(Arc::new(config));
        let late = async {
            asked_to_end().await;
            tokio::time::sleep(FINISH_WITHIN).await;
        };
        tokio::select! {
            ended = running => ended.map_err(|error| failed(&error)),
            () = late => Ok(()),
        }
    })
}

fn executor_config(
    (settings, cores): (&ExecutorSettings, usize),
    name: &str,
    port: u16,
    folder: PathBuf,
) -> Result<ExecutorProcessConfig, ClusterError> {
    let place = settings.scheduler.rsplit_once(':');
    let place = place.and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (scheduler_host, scheduler_port) =
        place.ok_or_else(|| ClusterError::Address(settings.scheduler.clone()))?;
    let version = settings.version.as_deref().unwrap_or(VERSION);
    let who = format!("the executor `{name}`");
    let workshop = Workshop::new(name.to_owned(), cores);
    Ok(ExecutorProcessConfig {
        bind_host: settings.bind_host.clone(),
        external_host: settings.external_host.clone(),
        port,
        scheduler_host: scheduler_host.to_owned(),
        scheduler_port,
        scheduler_connect_timeout_seconds: JOIN_WITHIN,
        vcores: cores,
        task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
        work_dir: Some(folder.to_string_lossy().into_owned()),
        job_data_ttl_seconds: STALE,
        job_data_clean_up_interval_seconds: CLEAN_EVERY,
        grpc_max_decoding_message_size: MOST_MESSAGE as u32,
        grpc_max_encoding_message_size: MOST_MESSAGE as u32,
        override_physical_codec: Some(Arc::new(Codec::new(&who, version, Arc::new(workshop)))),
        override_config_producer: Some(Arc::new(session)),
        ..ExecutorProcessConfig::default()
    })
}

fn session() -> SessionConfig {
    SessionConfig::new_with_ballista().with_ballista_grpc_client_max_message_size(MOST_MESSAGE)
}

/// A port that nobody listens at now, where any will do: the engine has to know it before it listens.
async fn free_port(host: &str, port: u16) -> Result<u16, ClusterError> {
    let failed = |error: std::io::Error| {
        server(
            "executor",
            &format!("cannot listen at `{host}:{port}`: {error}"),
        )
    };
    let listener = TcpListener::bind((host, port)).await.map_err(failed)?;
    listener
        .local_addr()
        .map(|place| place.port())
        .map_err(failed)
}

fn runtime(who: &'static str) -> Result<tokio::runtime::Runtime, ClusterError> {
    let made = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    made.map_err(|error| server(who, &error))
}

fn server(who: &'static str, why: &dyn Display) -> ClusterError {
    ClusterError::Server {
        who,
        why: why.to_string(),
    }
}
