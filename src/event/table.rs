//! Which events speak to who can get into a bucket, and how is each read?
//!
//! The only place where an event's name is spelled.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>

use super::acl::Acl;
use super::block::BlockFlags;
use super::change::Change;
use super::json::field;
use super::ownership::Ownership;
use super::policy::Policy;
use serde_json::Value;

/// The eventSource of S3 and S3 Control.
pub const S3: &str = "s3.amazonaws.com";

/// How one event's request parameters become a change.
type Reader = fn(&Value) -> Change;

/// One kind of event of interest.
pub struct Kind {
    /// eventName.
    pub name: &'static str,
    /// Names for the same that vendors' exports use.
    aliases: &'static [&'static str],
    read: Reader,
}

impl Kind {
    /// The change that the request parameters ask for.
    pub fn read(&self, parameters: &Value) -> Change {
        (self.read)(parameters)
    }
}

static KINDS: [Kind; 15] = [
    kind("CreateBucket", &[], |parameters| Change::CreateBucket {
        acl: Acl::read_if_any(parameters),
        ownership: field(parameters, "x-amz-object-ownership")
            .map(|_| read_ownership_header(parameters)),
    }),
    kind("DeleteBucket", &[], |_| Change::DeleteBucket),
    kind("PutBucketPolicy", &[], |parameters| {
        Change::PutPolicy(Policy::read(parameters))
    }),
    kind("DeleteBucketPolicy", &[], |_| Change::DeletePolicy),
    kind("PutBucketAcl", &[], |parameters| {
        Change::PutAcl(Acl::read(parameters))
    }),
    kind(
        "PutBucketPublicAccessBlock",
        &["PutPublicAccessBlock"],
        |parameters| Change::PutBlock(BlockFlags::read(parameters)),
    ),
    kind(
        "DeleteBucketPublicAccessBlock",
        &["DeletePublicAccessBlock"],
        |_| Change::DeleteBlock,
    ),
    kind("PutAccountPublicAccessBlock", &[], |parameters| {
        Change::PutAccountBlock(BlockFlags::read(parameters))
    }),
    kind("DeleteAccountPublicAccessBlock", &[], |_| {
        Change::DeleteAccountBlock
    }),
    kind("PutBucketOwnershipControls", &[], |parameters| {
        Change::PutOwnership(Ownership::read(parameters))
    }),
    kind("DeleteBucketOwnershipControls", &[], |_| {
        Change::DeleteOwnership
    }),
    kind("PutBucketWebsite", &[], |_| Change::PutWebsite),
    kind("DeleteBucketWebsite", &[], |_| Change::DeleteWebsite),
    kind("PutBucketCors", &[], |_| Change::PutCors),
    kind("DeleteBucketCors", &[], |_| Change::DeleteCors),
];

const fn kind(name: &'static str, aliases: &'static [&'static str], read: Reader) -> Kind {
    Kind {
        name,
        aliases,
        read,
    }
}

fn read_ownership_header(parameters: &Value) -> super::change::Asked<Ownership> {
    let header = field(parameters, "x-amz-object-ownership")
        .cloned()
        .unwrap_or_default();
    Ownership::read(&Value::Object(
        [("ObjectOwnership".to_owned(), header)]
            .into_iter()
            .collect(),
    ))
}

/// The kind of event of that source and name, where it is of interest.
pub fn kind_of(source: &str, name: &str) -> Option<&'static Kind> {
    (source == S3).then(|| {
        KINDS
            .iter()
            .find(|kind| kind.name == name || kind.aliases.contains(&name))
    })?
}

/// The names of the article's metric filter for changes of bucket policies.
const BUCKET_POLICY_CHANGE: [&str; 5] = [
    "PutBucketAcl",
    "PutBucketPolicy",
    "PutBucketCors",
    "DeleteBucketPolicy",
    "DeleteBucketCors",
];

/// Whether the metric filter `bucket-policy-change` matches a record of that source and name.
///
/// `{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) ||
/// ($.eventName = PutBucketCors) || ($.eventName = DeleteBucketPolicy) || ($.eventName = DeleteBucketCors)) }`
pub fn is_bucket_policy_change(source: &str, name: &str) -> bool {
    source == S3 && BUCKET_POLICY_CHANGE.contains(&name)
}

/// What an event name asks for, in words: the beginning of a change's summary.
pub fn phrase(change: &Change) -> &'static str {
    match change {
        Change::CreateBucket { .. } => "create the bucket",
        Change::DeleteBucket => "delete the bucket",
        Change::PutPolicy(_) => "set the bucket policy",
        Change::DeletePolicy => "delete the bucket policy",
        Change::PutAcl(_) => "set the bucket ACL",
        Change::PutBlock(_) => "set the bucket's public access block",
        Change::DeleteBlock => "delete the bucket's public access block",
        Change::PutAccountBlock(_) => "set the account's public access block",
        Change::DeleteAccountBlock => "delete the account's public access block",
        Change::PutOwnership(_) => "set object ownership",
        Change::DeleteOwnership => "delete the ownership controls",
        Change::PutWebsite => "configure static website hosting",
        Change::DeleteWebsite => "delete the website configuration",
        Change::PutCors => "set the CORS configuration",
        Change::DeleteCors => "delete the CORS configuration",
    }
}
