//! Which requests on objects, and on the list of them, are followed?

use super::S3;
use crate::event::request::Asking;

/// One kind of request on objects or on the list of them.
#[derive(Debug)]
pub struct RequestKind {
    /// eventName.
    pub name: &'static str,
    pub(in crate::event) aliases: &'static [&'static str],
    /// What it asks for.
    pub asks: Asking,
    /// Whether it reads another object, which a header names.
    pub copies: bool,
}

pub(in crate::event) static REQUESTS: [RequestKind; 17] = [
    request("GetObject", &[], Asking::Read),
    request("HeadObject", &[], Asking::Read),
    request("GetObjectAttributes", &[], Asking::Read),
    request("GetObjectTorrent", &[], Asking::Read),
    request("SelectObjectContent", &[], Asking::Read),
    request(
        "ListObjects",
        &["ListBucket", "ListObjectsV2"],
        Asking::List,
    ),
    request("ListObjectVersions", &["ListBucketVersions"], Asking::List),
    request("HeadBucket", &[], Asking::List),
    request("PutObject", &["PostObject"], Asking::Write),
    copy("CopyObject"),
    request("CreateMultipartUpload", &[], Asking::Write),
    request("UploadPart", &[], Asking::Write),
    copy("UploadPartCopy"),
    request("CompleteMultipartUpload", &[], Asking::Write),
    request("DeleteObject", &[], Asking::Delete),
    request("GetObjectAcl", &[], Asking::ReadAcl),
    request("PutObjectAcl", &[], Asking::WriteAcl),
];

const fn request(
    name: &'static str,
    aliases: &'static [&'static str],
    asks: Asking,
) -> RequestKind {
    RequestKind {
        name,
        aliases,
        asks,
        copies: false,
    }
}

const fn copy(name: &'static str) -> RequestKind {
    RequestKind {
        copies: true,
        ..request(name, &[], Asking::Write)
    }
}

/// The kind of request of that source and name.
pub fn request_of(source: &str, name: &str) -> Option<&'static RequestKind> {
    (source == S3).then(|| {
        REQUESTS
            .iter()
            .find(|kind| kind.name == name || kind.aliases.contains(&name))
    })?
}

/// Requests on objects or their list that ask for nothing that is followed: they show that the bucket's data events are logged.
/// DeleteObjects succeeds even where not one object may be deleted; each that is deleted has a DeleteObject of its own.
const OTHER_DATA_EVENTS: [&str; 8] = [
    "AbortMultipartUpload",
    "ListParts",
    "ListMultipartUploads",
    "DeleteObjects",
    "GetObjectTagging",
    "PutObjectTagging",
    "RestoreObject",
    "PreflightRequest",
];

/// Whether an event of that name is a data event where the record does not say.
pub fn is_data_event(source: &str, name: &str) -> bool {
    // HeadBucket was a management event once.
    let asked = request_of(source, name).is_some_and(|kind| kind.name != "HeadBucket");
    asked || source == S3 && OTHER_DATA_EVENTS.contains(&name)
}
