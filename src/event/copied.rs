//! Which object does a call copy?
//!
//! CopyObject and UploadPartCopy name it in a header: `bucket/key`, escaped as in a URL, perhaps with a slash before and a version
//! behind. Whoever may copy an object has read it.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

use super::json::text_at;
use super::read::{Place, bucket_in_arn, resource_buckets};
use crate::vocab::{AccountId, BucketName};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// An object that is copied.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct CopySource {
    /// Its bucket; `None` where an access point is named, which may be of any.
    pub bucket: Option<BucketName>,
    pub key: String,
}

impl CopySource {
    /// The one that a call's parameters name.
    pub fn read(parameters: &Value) -> Option<Self> {
        let header = text_at(parameters, &["x-amz-copy-source"]);
        let (path, _) = header.split_once("?versionId=").unwrap_or((header, ""));
        let path = percent_decode_str(path).decode_utf8_lossy();
        let path = path.strip_prefix('/').unwrap_or(&path);
        if path.starts_with("arn:") {
            let (_, key) = path.split_once("/object/")?;
            let key = key.to_owned();
            return Some(Self { bucket: None, key });
        }
        let (bucket, key) = path.split_once('/')?;
        let bucket = BucketName::parse(bucket)?;
        Some(Self {
            bucket: Some(bucket).filter(|bucket| !is_alias(bucket.as_str())),
            key: key.to_owned(),
        })
    }
}

/// Whether a bucket of a record's resources may be another one than a call copies from: an access point's may be any.
pub(super) fn is_apart(source: Option<&CopySource>, bucket: &BucketName) -> bool {
    source.is_none_or(|source| source.bucket.as_ref().is_some_and(|from| from != bucket))
}

/// Whether a name is an access point's, which S3 lets stand where a bucket's does: no bucket may be called so.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
pub fn is_alias(name: &str) -> bool {
    ["-s3alias", "--ol-s3"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// The bucket from which a call copies, and its owner: as the resources name him, else who got a copy of the record and is neither
/// who asked nor the owner of the bucket that is written into. Of an access point it is the bucket that the resources name beside
/// that one.
pub(super) fn source_of(
    json: &Value,
    source: &CopySource,
    place: &Place,
) -> Option<(BucketName, Option<AccountId>)> {
    let others = || {
        let buckets = resource_buckets(json);
        let buckets = buckets.filter_map(|(arn, owner)| Some((bucket_in_arn(arn)?, owner)));
        buckets.filter(|(bucket, _)| place.bucket.as_ref() != Some(bucket))
    };
    let bucket = match &source.bucket {
        Some(bucket) => bucket.clone(),
        None => others().next()?.0,
    };
    if place.bucket.as_ref() == Some(&bucket) {
        return None;
    }
    let asked = text_at(json, &["userIdentity", "accountId"]);
    let recipient = place.recipient.as_ref().filter(|recipient| {
        let is_others = place.bucket.is_some() && place.account.as_ref() == Some(recipient);
        recipient.as_str() != asked && !is_others
    });
    let mut named = others().filter(|(other, _)| *other == bucket);
    let owner = named.find_map(|(_, owner)| AccountId::parse(owner));
    Some((bucket, owner.or_else(|| recipient.cloned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_source_is_told_however_it_is_written() {
        let read = |header: &str| {
            let source = CopySource::read(&json!({"x-amz-copy-source": header}))?;
            let bucket = source.bucket.map(|it| it.as_str().to_owned());
            Some((bucket.unwrap_or_default(), source.key))
        };
        for (header, key) in [
            ("amzn-s3-demo-bucket/a/b.csv", "a/b.csv"),
            ("/amzn-s3-demo-bucket/a/b.csv", "a/b.csv"),
            ("amzn-s3-demo-bucket%2Fa%2Fb%20c+d.csv", "a/b c+d.csv"),
            ("amzn-s3-demo-bucket/a%3FversionId=b", "a?versionId=b"),
            ("amzn-s3-demo-bucket/a.csv?versionId=3HL4kqtJ", "a.csv"),
            ("amzn-s3-demo-bucket//a", "/a"),
        ] {
            let told = Some(("amzn-s3-demo-bucket".to_owned(), key.to_owned()));
            assert_eq!(read(header), told, "{header}");
        }
        for header in [
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/shared/object/a/b.csv",
            "shared-1a2b3c-s3alias/a/b.csv",
        ] {
            let told = Some((String::new(), "a/b.csv".to_owned()));
            assert_eq!(read(header), told, "{header}");
        }
        for header in ["", "amzn-s3-demo-bucket", "arn:aws:s3:::x"] {
            assert_eq!(read(header), None, "{header}");
        }
        assert_eq!(CopySource::read(&Value::Null), None);
    }
}
