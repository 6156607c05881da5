//! How is one thing got from S3? A request, signed, made again while that may help.
//!
//! The HTTP client and the signature are `object_store`'s. Its store is not used: it takes keys for paths, and there are keys
//! (with `//` in them) that its paths cannot hold.

use super::account::{Account, causes};
use super::answer::{self, Page};
use super::body;
use super::place::{cannot_be_asked_for, escaped};
use super::refusal::{Asked, Refusal, Trouble, trouble};
use super::settings::{Payer, S3Settings};
use super::tries::{Health, Tries};
use crate::source::DigestSignature;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use object_store::ClientOptions;
use object_store::aws::AwsAuthorizer;
use object_store::client::{
    HttpClient, HttpConnector, HttpRequest, HttpRequestBody, HttpResponse, ReqwestConnector,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::Url;

/// A connection that takes longer is as good as none.
const CONNECT: Duration = Duration::from_secs(10);
/// An answer that is no object is not longer.
const MOST_ANSWER: u64 = 64 << 20;

/// Asks S3.
pub(super) struct Client {
    http: HttpClient,
    account: Account,
    settings: S3Settings,
    health: Health,
    /// Lets so many requests through at once.
    gate: Semaphore,
    /// Where buckets lie, as S3 told.
    regions: Mutex<BTreeMap<String, String>>,
    /// What came beside digests.
    signatures: Mutex<BTreeSet<DigestSignature>>,
}

/// What is listed.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct List<'l> {
    pub bucket: &'l str,
    pub prefix: &'l str,
    /// Whether keys are told only up to the next slash.
    pub by_level: bool,
    /// Only keys greater than this.
    pub after: Option<&'l str>,
    /// How the page before ended.
    pub token: Option<&'l str>,
    /// How many keys at most; `None` for as many as fit.
    pub most: Option<u32>,
}

/// An object that is fetched, or a part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'w> {
    pub bucket: &'w str,
    pub key: &'w str,
    /// Its ETag, where it was listed.
    pub etag: Option<&'w str>,
    pub range: Option<(u64, u64)>,
    /// How many bytes that are.
    pub bytes: u64,
}

/// One request.
struct Request<'r> {
    method: Method,
    asked: Asked,
    bucket: &'r str,
    /// What follows the bucket, escaped.
    path: String,
    query: String,
    range: Option<(u64, u64)>,
}

impl Client {
    pub async fn new(settings: S3Settings) -> Result<Self, Refusal> {
        let account = Account::load(&settings).await;
        let options = ClientOptions::new()
            .with_allow_http(true)
            .with_timeout_disabled()
            .with_connect_timeout(CONNECT);
        let http = ReqwestConnector::default().connect(&options);
        let http = http.map_err(|error| Refusal::new(causes(&error)))?;
        Ok(Self {
            http,
            account,
            health: Health::new(settings.concurrency),
            gate: Semaphore::new(settings.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            settings,
            regions: Mutex::default(),
            signatures: Mutex::default(),
        })
    }

    /// One page of a list.
    pub async fn list(&self, list: List<'_>) -> Result<Page, Refusal> {
        let (mut tries, mut escaping) = (self.tries()?, Escaping::None);
        loop {
            match self.list_once(list, escaping).await {
                Ok(Some(page)) => return Ok(tries.succeeded(page)),
                // XML cannot hold every character of a key.
                Ok(None) if escaping == Escaping::None => escaping = Escaping::Url,
                Ok(None) => tries.after(unread()).await?,
                Err(trouble) => self.next(&mut tries, list.bucket, trouble).await?,
            }
        }
    }

    async fn list_once(&self, list: List<'_>, escaping: Escaping) -> Result<Option<Page>, Trouble> {
        // The gate is never closed.
        let _passed = self.gate.acquire().await;
        let response = self.send(&list.request(escaping)).await?;
        let silence = self.settings.patience.silence;
        let xml = body::read_all(response.into_body(), MOST_ANSWER, silence).await?;
        Ok(answer::page(&xml))
    }

    /// The bytes of an object, all that were promised and of the version that was listed.
    pub async fn fetch(&self, wanted: Wanted<'_>) -> Result<Vec<u8>, Refusal> {
        if cannot_be_asked_for(wanted.key) {
            return Err(Refusal {
                why: "the key has a part `.` or `..`, which no URL can name".to_owned(),
                hint: Some("copy the object to another key"),
            });
        }
        let mut tries = self.tries()?;
        loop {
            match self.fetch_once(wanted).await {
                Ok(bytes) => return Ok(tries.succeeded(bytes)),
                Err(trouble) => self.next(&mut tries, wanted.bucket, trouble).await?,
            }
        }
    }

    async fn fetch_once(&self, wanted: Wanted<'_>) -> Result<Vec<u8>, Trouble> {
        let _passed = self.gate.acquire().await;
        let response = self.send(&wanted.request()).await?;
        let told = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let etag = told(header::ETAG).map(answer::bare);
        let length: Option<u64> = told(header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
        let is_other = wanted
            .etag
            .zip(etag)
            .is_some_and(|(listed, now)| listed != now);
        let is_partial = response.status() == StatusCode::PARTIAL_CONTENT;
        if is_other
            || is_partial != wanted.range.is_some()
            || length.is_some_and(|it| it != wanted.bytes)
        {
            return Err(Trouble::Final(Refusal {
                why: "the object is not the one that was listed: it was written over since"
                    .to_owned(),
                hint: Some("run again"),
            }));
        }
        self.note_signature(wanted.key, response.headers());
        let silence = self.settings.patience.silence;
        body::read(response.into_body(), wanted.bytes, silence).await
    }

    /// Keeps a digest's signature, which S3 has only as metadata.
    fn note_signature(&self, key: &str, headers: &HeaderMap) {
        let told = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let is_digest = key.contains("_CloudTrail-Digest_");
        let signature = told("x-amz-meta-signature").filter(|_| is_digest);
        let noted = signature.map(|signature| DigestSignature {
            key: key.to_owned(),
            signature,
            algorithm: told("x-amz-meta-signature-algorithm").unwrap_or_default(),
            generated: told("x-amz-meta-backfill-generation-timestamp").unwrap_or_default(),
        });
        lock(&self.signatures).extend(noted);
    }

    /// What came beside the digests that were fetched.
    pub fn signatures(&self) -> Vec<DigestSignature> {
        lock(&self.signatures).iter().cloned().collect()
    }

    fn tries(&self) -> Result<Tries<'_>, Refusal> {
        Tries::begin(&self.settings.patience, &self.health)
    }

    /// Prepares the next attempt, if there is to be one.
    async fn next(
        &self,
        tries: &mut Tries<'_>,
        bucket: &str,
        trouble: Trouble,
    ) -> Result<(), Refusal> {
        match &trouble {
            Trouble::Elsewhere(region) => {
                lock(&self.regions).insert(bucket.to_owned(), region.clone());
            }
            Trouble::Unknown(_) => {
                let refused = self.account.credential().await.ok().flatten();
                self.account.forget(refused.as_ref()).await;
            }
            Trouble::Passing(_) | Trouble::Final(_) => {}
        }
        tries.after(trouble).await
    }

    fn region(&self, bucket: &str) -> String {
        let told = lock(&self.regions).get(bucket).cloned();
        told.unwrap_or_else(|| self.account.region.clone())
    }

    /// Makes a request; says what an answer without success means.
    async fn send(&self, request: &Request<'_>) -> Result<HttpResponse, Trouble> {
        let region = self.region(request.bucket);
        let prepared = self
            .prepare(request, &region)
            .await
            .map_err(Trouble::Final)?;
        let silence = self.settings.patience.silence;
        let response = match timeout(silence, self.http.execute(prepared)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(Trouble::Passing(causes(&error))),
            Err(_) => return Err(body::silent(silence)),
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers());
        let elsewhere = headers.get("x-amz-bucket-region");
        let elsewhere = elsewhere.and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let xml = body::read_all(response.into_body(), MOST_ANSWER, silence).await;
        let complaint = answer::complaint(&xml.unwrap_or_default());
        Err(trouble(
            (status, &request.method),
            complaint,
            elsewhere.as_deref(),
            request.asked,
        ))
    }

    async fn prepare(&self, request: &Request<'_>, region: &str) -> Result<HttpRequest, Refusal> {
        let url = self.url(request, region)?;
        let uri: Uri = url.as_str().parse().map_err(|_| no_address(&url))?;
        let mut prepared = HttpRequest::new(HttpRequestBody::empty());
        *prepared.method_mut() = request.method.clone();
        *prepared.uri_mut() = uri;
        let headers = prepared.headers_mut();
        if let Some((first, last)) = request.range {
            let range = format!("bytes={first}-{last}").parse();
            headers.extend(range.ok().map(|range| (header::RANGE, range)));
        }
        let pays = self.settings.payer == Payer::Requester;
        let credential = self.account.credential().await.map_err(no_credentials)?;
        match credential {
            Some(credential) => AwsAuthorizer::new(&credential, "s3", region)
                .with_request_payer(pays)
                .authorize(&mut prepared, None),
            None if pays => {
                let payer = http::HeaderValue::from_static("requester");
                headers.insert("x-amz-request-payer", payer);
            }
            None => {}
        }
        Ok(prepared)
    }

    /// At AWS's own address a bucket is a host, unless its name cannot be one.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>
    fn url(&self, request: &Request<'_>, region: &str) -> Result<Url, Refusal> {
        let Request {
            bucket,
            path,
            query,
            ..
        } = request;
        let own = match region.starts_with("cn-") {
            true => format!("s3.{region}.amazonaws.com.cn"),
            false => format!("s3.{region}.amazonaws.com"),
        };
        let is_label =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let text = match &self.account.endpoint_url {
            Some(endpoint) => format!("{}/{bucket}/{path}?{query}", endpoint.trim_end_matches('/')),
            None if bucket.bytes().all(is_label) => {
                format!("https://{bucket}.{own}/{path}?{query}")
            }
            None => format!("https://{own}/{bucket}/{path}?{query}"),
        };
        let text = text.strip_suffix('?').unwrap_or(&text);
        let url = Url::parse(text).ok().filter(|url| {
            let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
            is_web && url.path().ends_with(path.as_str())
        });
        url.ok_or_else(|| no_address(&text))
    }
}

/// Whether keys of a list are escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escaping {
    /// Not more than XML does.
    None,
    /// As in a URL.
    Url,
}

impl List<'_> {
    fn request(&self, escaping: Escaping) -> Request<'_> {
        let mut query = format!("list-type=2&prefix={}", escaped(self.prefix, b""));
        let mut add =
            |name: &str, value: &str| query.push_str(&format!("&{name}={}", escaped(value, b"")));
        if self.by_level {
            add("delimiter", "/");
        }
        if escaping == Escaping::Url {
            add("encoding-type", "url");
        }
        if let Some(most) = self.most {
            add("max-keys", &most.to_string());
        }
        match (self.token, self.after) {
            (Some(token), _) => add("continuation-token", token),
            (None, Some(after)) => add("start-after", after),
            (None, None) => {}
        }
        Request {
            method: Method::GET,
            asked: Asked::List,
            bucket: self.bucket,
            path: String::new(),
            query,
            range: None,
        }
    }
}

impl Wanted<'_> {
    fn request(&self) -> Request<'_> {
        Request {
            method: Method::GET,
            asked: Asked::Object,
            bucket: self.bucket,
            path: escaped(self.key, b"/"),
            query: String::new(),
            range: self.range,
        }
    }
}

fn unread() -> Trouble {
    Trouble::Passing("the answer is no list of objects".to_owned())
}

fn no_address(text: &dyn std::fmt::Display) -> Refusal {
    Refusal {
        why: format!("`{text}` is no address"),
        hint: Some("check --endpoint-url, AWS_ENDPOINT_URL and the Region"),
    }
}

fn no_credentials(why: String) -> Refusal {
    Refusal {
        why: format!("no AWS credentials: {why}"),
        hint: Some(
            "set AWS_PROFILE or give --profile, or sign in with `aws sso login`; a public bucket is read with --no-sign-request",
        ),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
