//! A real S3-compatible server on loopback: `s3s-fs` over a folder, or `s3s` over keys that no folder can hold. Requests must be
//! signed. A gate before it counts what is asked for, and can break any answer.
#![allow(dead_code, reason = "each test uses some of it")]

pub mod gate;
pub mod objects;

use gate::{Fault, Gate, Rule};
use hyper_util::rt::TokioIo;
use leaktrail::pipeline::{Options, ScanError, scan};
use leaktrail::source::{FileChoice, Identity, Patience, S3Settings, S3Source, Signing};
use objects::Objects;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The one bucket.
pub const BUCKET: &str = "trail-bucket";
/// Who may read it.
pub const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// A server that runs until it is dropped.
pub struct Server {
    pub gate: Arc<Gate>,
    pub address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    /// Serves a folder whose folders are buckets.
    pub fn of_folder(root: &Path) -> Self {
        Self::start(S3ServiceBuilder::new(
            s3s_fs::FileSystem::new(root).unwrap(),
        ))
    }

    /// Serves objects.
    pub fn of_objects(objects: Objects) -> Self {
        Self::start(S3ServiceBuilder::new(objects))
    }

    fn start(mut builder: S3ServiceBuilder) -> Self {
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let (service, gate) = (builder.build(), Arc::new(Gate::default()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, service, gate.clone()));
        Self {
            gate,
            address,
            runtime: Some(runtime),
        }
    }

    /// Breaks answers as the rule says.
    pub fn breaking(self, rule: impl Fn(&gate::Seen) -> Fault + Send + Sync + 'static) -> Self {
        self.gate.set(Box::new(rule) as Rule);
        self
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How it is asked: impatiently, so that tests end.
    pub fn settings(&self) -> S3Settings {
        S3Settings {
            endpoint_url: Some(self.url()),
            signing: Signing::As(Identity {
                access_key_id: KEY_ID.to_owned(),
                secret_access_key: SECRET.to_owned(),
                session_token: None,
            }),
            patience: Patience {
                attempts: 12,
                first_pause: Duration::from_millis(1),
                longest_pause: Duration::from_millis(20),
                silence: Duration::from_millis(1500),
            },
            ..S3Settings::default()
        }
    }

    pub fn source(&self, prefix: &str) -> S3Source {
        self.source_with(prefix, self.settings(), &FileChoice::ALL)
            .0
    }

    /// A source, and what it says in passing.
    pub fn source_with(
        &self,
        prefix: &str,
        settings: S3Settings,
        choice: &FileChoice,
    ) -> (S3Source, Arc<Mutex<Vec<String>>>) {
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = said.clone();
        let talk = Box::new(move |text: &str| heard.lock().unwrap().push(text.to_owned()));
        let url = format!("s3://{BUCKET}/{prefix}");
        (S3Source::new(&[url], settings, choice, talk).unwrap(), said)
    }

    /// Reads everything below a prefix.
    pub fn scan(&self, prefix: &str) -> Result<leaktrail::analysis::Analysis, ScanError> {
        scan(&self.source(prefix), &Options::default(), &())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: TcpListener, service: S3Service, gate: Arc<Gate>) {
    while let Ok((socket, _)) = listener.accept().await {
        socket.set_nodelay(true).unwrap();
        let (service, gate) = (service.clone(), gate.clone());
        tokio::spawn(async move {
            let answer = hyper::service::service_fn(move |request| {
                let (service, gate) = (service.clone(), gate.clone());
                async move { gate.answer(&service, request).await }
            });
            let served = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(socket), answer);
            // A connection that breaks is what some tests are about.
            _ = served.await;
        });
    }
}
