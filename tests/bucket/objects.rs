//! Objects of a bucket, held in memory: keys that no folder can hold, ETags in lists, and as many objects as a year has.

use super::BUCKET;
use hyper::body::Bytes;
use s3s::dto::{
    CommonPrefix, ETag, GetObjectInput, GetObjectOutput, ListObjectsV2Input, ListObjectsV2Output,
    Object, StreamingBlob,
};
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, RwLock};

/// The objects, by key. They may be changed while they are served.
#[derive(Clone, Default)]
pub struct Objects(pub Arc<RwLock<BTreeMap<String, Bytes>>>, Beside);

/// What a user put beside objects: metadata, by key.
type Beside = Arc<RwLock<BTreeMap<String, HashMap<String, String>>>>;

impl Objects {
    pub fn of<K: Into<String>, V: Into<Bytes>>(objects: impl IntoIterator<Item = (K, V)>) -> Self {
        let objects = objects.into_iter();
        let objects = objects
            .map(|(key, bytes)| (key.into(), bytes.into()))
            .collect();
        Self(Arc::new(RwLock::new(objects)), Beside::default())
    }

    pub fn put(&self, key: &str, bytes: impl Into<Bytes>) {
        self.0.write().unwrap().insert(key.to_owned(), bytes.into());
    }

    pub fn put_beside(&self, key: &str, metadata: HashMap<String, String>) {
        self.1.write().unwrap().insert(key.to_owned(), metadata);
    }

    pub fn keys(&self) -> Vec<String> {
        self.0.read().unwrap().keys().cloned().collect()
    }
}

/// What stands for a content: it need only differ where the content does.
fn etag(bytes: &[u8]) -> String {
    format!("{:08x}-{}", crc32fast::hash(bytes), bytes.len())
}

/// Where the next page begins, and what is on this one.
#[derive(Default)]
struct Page {
    objects: Vec<Object>,
    prefixes: BTreeSet<String>,
    last: Option<String>,
    is_cut: bool,
}

impl Objects {
    fn page(&self, input: &ListObjectsV2Input) -> Page {
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input
            .continuation_token
            .clone()
            .or(input.start_after.clone());
        let most = usize::try_from(input.max_keys.unwrap_or(1000)).unwrap();
        let mut page = Page::default();
        let mut from = Bound::Included(prefix.clone());
        if let Some(after) = after.filter(|after| *after >= prefix) {
            from = Bound::Excluded(after);
        }
        let all = self.0.read().unwrap();
        let mut keys = all.range::<String, _>((from, Bound::Unbounded)).peekable();
        while let Some((key, bytes)) = keys.next().filter(|(key, _)| key.starts_with(&prefix)) {
            let level = input.delimiter.as_ref().and_then(|delimiter| {
                let below = &key[prefix.len()..];
                let at = below.find(delimiter.as_str())?;
                Some(key[..prefix.len() + at + delimiter.len()].to_owned())
            });
            if level.as_ref().is_some_and(|level| {
                page.last
                    .as_ref()
                    .is_some_and(|last| last.starts_with(level))
            }) {
                continue;
            }
            if page.objects.len() + page.prefixes.len() == most {
                page.is_cut = true;
                break;
            }
            match level {
                Some(level) => {
                    // Nothing that follows and begins so is told again.
                    page.last = Some(format!("{level}\u{10ffff}"));
                    page.prefixes.insert(level);
                }
                None => {
                    page.last = Some(key.clone());
                    page.objects.push(Object {
                        key: Some(key.clone()),
                        size: Some(bytes.len() as i64),
                        e_tag: Some(ETag::Strong(etag(bytes))),
                        ..Object::default()
                    });
                }
            }
        }
        page
    }
}

#[async_trait::async_trait]
impl S3 for Objects {
    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        if request.input.bucket != BUCKET {
            return Err(s3_error!(NoSuchBucket));
        }
        let page = self.page(&request.input);
        let prefix = |prefix| CommonPrefix {
            prefix: Some(prefix),
        };
        Ok(S3Response::new(ListObjectsV2Output {
            is_truncated: Some(page.is_cut),
            next_continuation_token: page.last.filter(|_| page.is_cut),
            contents: Some(page.objects),
            common_prefixes: Some(page.prefixes.into_iter().map(prefix).collect()),
            ..ListObjectsV2Output::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let bytes = self.0.read().unwrap().get(&input.key).cloned();
        let bytes = bytes.ok_or(s3_error!(NoSuchKey))?;
        let full = bytes.len() as u64;
        let range = input.range.map(|range| range.check(full)).transpose()?;
        let part = match &range {
            Some(range) => bytes.slice(range.start as usize..range.end as usize),
            None => bytes.clone(),
        };
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(part.len() as i64),
            content_range: range
                .map(|range| format!("bytes {}-{}/{full}", range.start, range.end - 1)),
            e_tag: Some(ETag::Strong(etag(&bytes))),
            metadata: self.1.read().unwrap().get(&input.key).cloned(),
            body: Some(StreamingBlob::from(Body::from(part))),
            ..GetObjectOutput::default()
        }))
    }
}
