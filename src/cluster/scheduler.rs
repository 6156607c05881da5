//! What is a scheduler asked? To take a job, how it stands, to drop it, and who works for it.
//!
//! The first three by gRPC; who works, and how many tasks are done, only its REST interface tells, at the same port.

use super::MOST_MESSAGE;
use super::error::{ClusterError, refusal_in};
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::get_job_status_result::FlightProxy;
use ballista_core::serde::protobuf::job_status::Status;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, CleanJobDataParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair,
    PartitionLocation, execute_query_result,
};
use ballista_core::utils::{GrpcClientConfig, create_grpc_client_endpoint};
use ballista_core::version::{check_compatibility, insert_version_header, version_from_metadata};
use ballista_core::{BALLISTA_VERSION, config::BallistaConfig};
use datafusion::prelude::SessionConfig;
use http_body_util::BodyExt;
use serde::Deserialize;
use std::time::Duration;
use tonic::codegen::Service;
use tonic::transport::Channel;

/// So long an answer of the REST interface is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a scheduler.
pub(super) struct Scheduler {
    place: String,
    channel: Channel,
    client: SchedulerGrpcClient<Channel>,
}

/// Why a scheduler did not do what it was asked.
pub(super) enum Setback {
    /// It is of no use to ask again.
    Final(ClusterError),
    /// Another try may do.
    Passing(String),
}

impl From<ClusterError> for Setback {
    fn from(error: ClusterError) -> Self {
        Self::Final(error)
    }
}

/// How a job stands.
pub(super) enum Standing {
    Running,
    /// Where its results lie, and through whom they are fetched if not from there.
    Done(Vec<PartitionLocation>, Option<(String, u16)>),
    Failed(String),
    /// The scheduler knows nothing of it.
    Lost,
}

/// An executor, as the REST interface tells of it.
#[derive(Deserialize)]
struct Executor {
    specification: Specification,
}

#[derive(Deserialize)]
struct Specification {
    #[serde(alias = "task_slots")]
    vcores: usize,
}

#[derive(Deserialize)]
struct Stages {
    stages: Vec<Stage>,
}

#[derive(Deserialize)]
struct Stage {
    tasks: Vec<Option<Task>>,
}

#[derive(Deserialize)]
struct Task {
    status: serde_json::Value,
}

impl Scheduler {
    /// Connects to `host:port`.
    pub async fn connect(place: &str) -> Result<Self, String> {
        let config = GrpcClientConfig::from(&BallistaConfig::default());
        let endpoint = create_grpc_client_endpoint(format!("http://{place}"), Some(&config));
        let endpoint = endpoint.map_err(|error| error.to_string())?;
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| innermost(&error))?;
        let client = SchedulerGrpcClient::new(channel.clone())
            .max_encoding_message_size(MOST_MESSAGE)
            .max_decoding_message_size(MOST_MESSAGE);
        Ok(Self {
            place: place.to_owned(),
            channel,
            client,
        })
    }

    /// How many cores its executors have together.
    pub async fn cores(&self) -> Result<usize, Setback> {
        let executors: Vec<Executor> =
            self.ask("/api/executors").await.map_err(Setback::Passing)?;
        let cores = executors.iter().map(|it| it.specification.vcores);
        Ok(cores.fold(0, usize::saturating_add))
    }

    /// How many tasks of a job are done.
    pub async fn tasks_done(&self, job: &str) -> Result<u64, String> {
        let stages: Stages = self.ask(&format!("/api/job/{job}/stages")).await?;
        let tasks = stages.stages.iter().flat_map(|stage| &stage.tasks);
        let done = tasks.flatten().filter(|task| task.status == "Successful");
        Ok(done.count() as u64)
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        let request = http::Request::get(format!("http://{}{path}", self.place))
            .body(tonic::body::Body::empty())
            .map_err(|error| error.to_string())?;
        let mut channel = self.channel.clone();
        let answer = async {
            std::future::poll_fn(|context| channel.poll_ready(context)).await?;
            channel.call(request).await
        };
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        let answer = answer.map_err(|_| "it does not answer".to_owned())?;
        let body = answer.map_err(|error| innermost(&error))?.into_body();
        let body = body.collect().await.map_err(|error| error.to_string())?;
        serde_json::from_slice(&body.to_bytes()).map_err(|error| {
            format!(
                "`http://{}{path}` does not answer as a scheduler does: {error}",
                self.place
            )
        })
    }

    /// Hands in a plan; the job's id.
    pub async fn submit(
        &mut self,
        plan: Vec<u8>,
        session: &SessionConfig,
    ) -> Result<String, Setback> {
        let options = session.options().entries().into_iter();
        let settings = options.map(|entry| KeyValuePair {
            key: entry.key,
            value: entry.value,
        });
        let mut request = tonic::Request::new(ExecuteQueryParams {
            session_id: "leaktrail".to_owned(),
            settings: settings.collect(),
            operation_id: "leaktrail".to_owned(),
            query: Some(Query::PhysicalPlan(plan)),
        });
        insert_version_header(request.metadata_mut());
        let answer = self.client.execute_query(request).await.map_err(setback)?;
        check_compatibility(
            Some(BALLISTA_VERSION),
            version_from_metadata(answer.metadata()),
        )
        .map_err(|why| {
            ClusterError::Refused(format!("{why}\nhint: run one version on all machines"))
        })?;
        match answer.into_inner().result {
            Some(execute_query_result::Result::Success(taken)) => Ok(taken.job_id),
            Some(execute_query_result::Result::Failure(failure)) => {
                Err(refused(format!("{failure:?}")).into())
            }
            None => Err(Setback::Passing("it gave no answer".to_owned())),
        }
    }

    /// How a job stands.
    pub async fn standing(&mut self, job: &str) -> Result<Standing, Setback> {
        let job_id = job.to_owned();
        let asked = self.client.get_job_status(GetJobStatusParams { job_id });
        let answer = asked.await.map_err(setback)?.into_inner();
        let status = answer.status.and_then(|status| status.status);
        Ok(match status {
            None => Standing::Lost,
            Some(Status::Queued(_) | Status::Running(_)) => Standing::Running,
            Some(Status::Failed(failed)) => Standing::Failed(failed.error),
            Some(Status::Successful(done)) => {
                let through = answer.flight_proxy.and_then(|proxy| self.through(proxy));
                Standing::Done(done.partition_location, through)
            }
        })
    }

    /// Through whom results are fetched.
    fn through(&self, proxy: FlightProxy) -> Option<(String, u16)> {
        let place = match proxy {
            FlightProxy::External(place) => place,
            FlightProxy::Local(true) => self.place.clone(),
            FlightProxy::Local(false) => return None,
        };
        let (host, port) = place.rsplit_once(':')?;
        Some((host.to_owned(), port.parse().ok()?))
    }

    /// Drops a job.
    pub async fn cancel(&mut self, job: &str) {
        let job_id = job.to_owned();
        // Whoever does not hear it has lost the job anyway.
        _ = self.client.cancel_job(CancelJobParams { job_id }).await;
    }

    /// Has the executors remove what they keep of a job.
    pub async fn clean(&mut self, job: &str) {
        let job_id = job.to_owned();
        // What is left is removed when it is old.
        _ = self
            .client
            .clean_job_data(CleanJobDataParams {
                job_id,
                remove_stage_ids: Vec::new(),
            })
            .await;
    }
}

fn setback(status: tonic::Status) -> Setback {
    let words = status.message();
    match (refusal_in(words), status.code()) {
        (Some(refusal), _) => Setback::Final(ClusterError::Refused(refusal)),
        (
            None,
            tonic::Code::OutOfRange
            | tonic::Code::InvalidArgument
            | tonic::Code::FailedPrecondition,
        ) => Setback::Final(refused(words.to_owned())),
        (None, _) => Setback::Passing(words.to_owned()),
    }
}

/// What a scheduler says that does not take a job.
pub(super) fn refused(words: String) -> ClusterError {
    ClusterError::Refused(
        refusal_in(&words).unwrap_or_else(|| format!("the cluster does not take the job: {words}")),
    )
}

/// What the operating system says, below the layers that pass it on.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
