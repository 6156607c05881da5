//! Which object does a call copy?
//!
//! CopyObject and UploadPartCopy name it in a header: `bucket/key`, escaped as in a URL, perhaps with a slash before and a version
//! behind. Whoever may copy an object has read it.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

use super::json::text_at;
use crate::vocab::BucketName;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// An object that is copied.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct CopySource {
    pub bucket: BucketName,
    pub key: String,
}

impl CopySource {
    /// The one that a call's parameters name. An access point's ARN names no bucket.
    pub fn read(parameters: &Value) -> Option<Self> {
        let header = text_at(parameters, &["x-amz-copy-source"]);
        let (path, _) = header.split_once("?versionId=").unwrap_or((header, ""));
        let path = percent_decode_str(path).decode_utf8_lossy();
        let (bucket, key) = path.strip_prefix('/').unwrap_or(&path).split_once('/')?;
        Some(Self {
            bucket: BucketName::parse(bucket)?,
            key: key.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_source_is_told_however_it_is_written() {
        let read = |header: &str| {
            let source = CopySource::read(&json!({"x-amz-copy-source": header}))?;
            Some((source.bucket.as_str().to_owned(), source.key))
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
            "",
            "amzn-s3-demo-bucket",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/shared/object/a.csv",
        ] {
            assert_eq!(read(header), None, "{header}");
        }
        assert_eq!(CopySource::read(&Value::Null), None);
    }
}
