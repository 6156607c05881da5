//! A gate before a server: it counts requests, and drops, refuses, stalls or cuts what it is told to.

use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming};
use hyper::http::response::Parts;
use hyper::{Request, Response, StatusCode};
use s3s::Body;
use s3s::service::S3Service;
use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

/// What becomes of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It arrives.
    None,
    /// The connection breaks before it.
    Drop,
    /// Another one comes: a status and an error's code.
    Error(u16, &'static str),
    /// The same, with a bucket's Region in a header.
    Elsewhere(&'static str),
    /// Nothing comes, ever.
    Stall,
    /// Half of it comes.
    Cut,
}

/// A request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Which one, counted from 0.
    pub number: usize,
    /// The path and the query, escaped as they came.
    pub target: String,
    pub authorization: String,
    pub payer: bool,
}

impl Seen {
    pub fn is_list(&self) -> bool {
        self.target.contains("list-type=2")
    }
}

/// An answer: its head and its body.
pub type Recorded = (Parts, Bytes);

pub type Rule = Box<dyn Fn(&Seen) -> Fault + Send + Sync>;

/// What was asked for.
#[derive(Default)]
pub struct Gate {
    rule: Mutex<Option<Rule>>,
    pub latency: Mutex<Duration>,
    /// What the server answered, where it is to answer everything once only: a bench measures who asks, not the server.
    pub recorded: Mutex<Option<HashMap<String, Recorded>>>,
    all: AtomicUsize,
    lists: AtomicUsize,
    faults: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl Gate {
    pub fn set(&self, rule: Rule) {
        *self.rule.lock().unwrap() = Some(rule);
    }

    /// How many lists were asked for.
    pub fn lists(&self) -> usize {
        self.lists.load(Ordering::Relaxed)
    }

    pub fn requests(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    pub fn faults(&self) -> usize {
        self.faults.load(Ordering::Relaxed)
    }

    /// How many requests were under way at once.
    pub fn most_under_way(&self) -> usize {
        self.most_under_way.load(Ordering::Relaxed)
    }

    pub async fn answer(
        &self,
        service: &S3Service,
        request: Request<Incoming>,
    ) -> io::Result<Response<Body>> {
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_under_way.fetch_max(under_way, Ordering::Relaxed);
        let answer = self.answer_counted(service, request).await;
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        answer
    }

    async fn answer_counted(
        &self,
        service: &S3Service,
        request: Request<Incoming>,
    ) -> io::Result<Response<Body>> {
        let seen = self.seen(&request);
        let fault = self
            .rule
            .lock()
            .unwrap()
            .as_ref()
            .map_or(Fault::None, |rule| rule(&seen));
        self.faults
            .fetch_add(usize::from(fault != Fault::None), Ordering::Relaxed);
        let latency = *self.latency.lock().unwrap();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        match fault {
            Fault::None => self.recorded(service, request, seen.target).await,
            Fault::Drop => Err(io::ErrorKind::ConnectionReset.into()),
            Fault::Error(status, code) => Ok(error(status, code)),
            Fault::Elsewhere(region) => {
                let mut response = error(301, "PermanentRedirect");
                let headers = response.headers_mut();
                headers.insert("x-amz-bucket-region", region.parse().unwrap());
                Ok(response)
            }
            Fault::Stall => std::future::pending().await,
            Fault::Cut => cut(whole(service, request).await?).await,
        }
    }

    async fn recorded(
        &self,
        service: &S3Service,
        request: Request<Incoming>,
        target: String,
    ) -> io::Result<Response<Body>> {
        let known = self
            .recorded
            .lock()
            .unwrap()
            .as_ref()
            .map(|known| known.get(&target).cloned());
        let (parts, bytes) = match known {
            None => return whole(service, request).await,
            Some(Some(recorded)) => recorded,
            Some(None) => {
                let (parts, mut body) = whole(service, request).await?.into_parts();
                let bytes = body
                    .store_all_limited(1 << 30)
                    .await
                    .map_err(io::Error::other)?;
                let recorded = (parts, bytes);
                let mut known = self.recorded.lock().unwrap();
                known.as_mut().unwrap().insert(target, recorded.clone());
                recorded
            }
        };
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }

    fn seen(&self, request: &Request<Incoming>) -> Seen {
        let header = |name| {
            let value = request.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let seen = Seen {
            number: self.all.fetch_add(1, Ordering::Relaxed),
            target: request.uri().to_string(),
            authorization: header("authorization"),
            payer: header("x-amz-request-payer") == "requester",
        };
        self.lists
            .fetch_add(usize::from(seen.is_list()), Ordering::Relaxed);
        seen
    }
}

async fn whole(service: &S3Service, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let answer = service.call(request.map(Body::from)).await;
    answer.map_err(|error| io::Error::other(format!("{error:?}")))
}

fn error(status: u16, code: &str) -> Response<Body> {
    let xml = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>said the gate</Message></Error>"
    );
    let mut response = Response::new(Body::from(xml));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

/// Half of an answer that promises all of it.
async fn cut(response: Response<Body>) -> io::Result<Response<Body>> {
    let (mut parts, mut body) = response.into_parts();
    let bytes = body
        .store_all_limited(1 << 30)
        .await
        .map_err(io::Error::other)?;
    parts.headers.insert("content-length", bytes.len().into());
    let half = Half(Some(bytes.slice(..bytes.len() / 2)));
    Ok(Response::from_parts(parts, Body::http_body(half)))
}

struct Half(Option<Bytes>);

impl HttpBody for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = match self.0.take() {
            Some(bytes) => Ok(Frame::data(bytes)),
            None => Err(io::ErrorKind::ConnectionReset.into()),
        };
        Poll::Ready(Some(frame))
    }
}

/// The faults that pass, one request in five, in no order that repeats.
pub fn one_in_five(seen: &Seen) -> Fault {
    let mixed = (seen.number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33;
    match mixed % 25 {
        0 => Fault::Drop,
        1 => Fault::Error(503, "SlowDown"),
        2 => Fault::Error(500, "InternalError"),
        3 => Fault::Cut,
        4 => Fault::Stall,
        _ => Fault::None,
    }
}
