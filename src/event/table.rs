//! Which events speak to who can get into a bucket, and how is each read?
//!
//! The only place where an event's name is spelled.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>

mod requests;

pub(super) use requests::REQUESTS;
pub use requests::{RequestKind, is_data_event, request_of};

use super::access_point::{
    buckets_of, deleted_key_of, key_of, name_of, organization_block, payer_of, read_creation,
    read_policy, replication_of, supporting, version_of,
};
use super::acl::Acl;
use super::block::BlockFlags;
use super::change::{AccessPointChange, Change, Upload};
use super::held::HeldKind;
use super::inquiry::{Switch, Told};
use super::json::field;
use super::outcome::Outcome;
use super::ownership::Ownership;
use super::policy::Policy;
use serde_json::Value;

/// The eventSource of S3 and S3 Control.
pub const S3: &str = "s3.amazonaws.com";

/// The eventSource of AWS Organizations.
pub(super) const ORGANIZATIONS: &str = "organizations.amazonaws.com";

/// How one event's request parameters become a change.
type Reader = fn(&Value) -> Change;

/// One kind of event of interest.
pub struct Kind {
    /// eventName.
    pub name: &'static str,
    /// Names for the same that vendors' exports use.
    pub(super) aliases: &'static [&'static str],
    read: Reader,
}

impl Kind {
    /// The change that the request parameters ask for.
    pub fn read(&self, parameters: &Value) -> Change {
        (self.read)(parameters)
    }
}

pub(super) static KINDS: [Kind; 36] = [
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
    kind("PutBucketReplication", &[], |parameters| {
        Change::PutReplication(replication_of(parameters))
    }),
    kind("DeleteBucketReplication", &[], |_| {
        Change::DeleteReplication
    }),
    kind("PutBucketRequestPayment", &[], |parameters| {
        Change::PutRequestPayment(payer_of(parameters))
    }),
    kind("CreateAccessPoint", &[], read_creation),
    kind("DeleteAccessPoint", &[], |parameters| {
        Change::AccessPoint(name_of(parameters), AccessPointChange::Delete)
    }),
    kind("PutAccessPointPolicy", &[], read_policy),
    kind("DeleteAccessPointPolicy", &[], |parameters| {
        Change::AccessPoint(name_of(parameters), AccessPointChange::DeletePolicy)
    }),
    kind("CreateAccessPointForObjectLambda", &[], read_object_lambda),
    kind(
        "PutAccessPointPolicyForObjectLambda",
        &[],
        read_object_lambda,
    ),
    kind(
        "DeleteAccessPointPolicyForObjectLambda",
        &[],
        read_object_lambda,
    ),
    kind("DeleteAccessPointForObjectLambda", &[], |parameters| {
        Change::ObjectLambdaAccessPoint(Switch::Off, supporting(parameters))
    }),
    kind("CreateMultiRegionAccessPoint", &[], read_multi_region),
    kind("PutMultiRegionAccessPointPolicy", &[], read_multi_region),
    kind("DeleteMultiRegionAccessPoint", &[], |parameters| {
        Change::MultiRegionAccessPoint(Switch::Off, buckets_of(parameters))
    }),
    kind("PutObjectAcl", &[], |parameters| Change::PutObjectAcl {
        key: key_of(parameters),
        version: version_of(parameters),
        acl: Acl::read(parameters),
    }),
    kind("PutObject", &["PostObject"], read_write),
    kind("CopyObject", &[], read_write),
    kind("CreateMultipartUpload", &[], |it| {
        read_upload(it, Upload::Begun)
    }),
    kind("CompleteMultipartUpload", &[], |it| {
        read_upload(it, Upload::Completed)
    }),
    kind("AbortMultipartUpload", &[], |it| {
        read_upload(it, Upload::Aborted)
    }),
    kind("DeleteObject", &[], |parameters| Change::DeleteObject {
        key: deleted_key_of(parameters),
    }),
];

/// The events of AWS Organizations that may set a public access block for all its accounts.
static ORGANIZATION_KINDS: [Kind; 2] = [
    kind("CreatePolicy", &[], |parameters| {
        Change::OrganizationPolicy(organization_block(parameters))
    }),
    kind("UpdatePolicy", &[], |parameters| {
        Change::OrganizationPolicy(organization_block(parameters))
    }),
];

fn read_write(parameters: &Value) -> Change {
    Change::WriteObject {
        key: key_of(parameters),
        acl: Acl::read_if_any(parameters),
        upload: None,
    }
}

fn read_upload(parameters: &Value, upload: Upload) -> Change {
    Change::WriteObject {
        key: key_of(parameters),
        acl: Acl::read_if_any(parameters).filter(|_| upload == Upload::Begun),
        upload: Some(upload),
    }
}

fn read_object_lambda(parameters: &Value) -> Change {
    Change::ObjectLambdaAccessPoint(Switch::On, supporting(parameters))
}

fn read_multi_region(parameters: &Value) -> Change {
    Change::MultiRegionAccessPoint(Switch::On, buckets_of(parameters))
}

const fn kind(name: &'static str, aliases: &'static [&'static str], read: Reader) -> Kind {
    Kind {
        name,
        aliases,
        read,
    }
}

/// One kind of read whose answer may prove a control.
#[derive(Debug)]
pub struct InquiryKind {
    /// eventName.
    pub name: &'static str,
    pub(super) aliases: &'static [&'static str],
    /// The errorCode that says that there is nothing.
    absent: &'static str,
    /// What that proves.
    nothing: Told,
    /// What an answer of so many bytes proves.
    served: fn(Option<u64>) -> Option<Told>,
}

impl InquiryKind {
    /// Whether an answer proves nothing, whatever it is: only a refusal may.
    pub fn tells_by_refusal_only(&self) -> bool {
        let answers = [None, Some(0), Some(1)];
        let mut told = answers
            .map(|bytes| self.told(&Outcome::Took, bytes))
            .into_iter();
        told.all(|told| told.is_none())
    }

    /// What a read proves that ended so, with an answer of so many bytes.
    pub fn told(&self, outcome: &Outcome, served: Option<u64>) -> Option<Told> {
        match outcome {
            Outcome::Took => (self.served)(served),
            Outcome::Failed(code) if code.reveal() == self.absent => Some(self.nothing.clone()),
            Outcome::Failed(code) if code.reveal() == "NoSuchBucket" => Some(Told::NoBucket),
            Outcome::Failed(_) | Outcome::Uncertain(_) => None,
        }
    }
}

pub(super) static INQUIRIES: [InquiryKind; 7] = [
    inquiry(
        "GetBucketPolicy",
        &[],
        "NoSuchBucketPolicy",
        Told::Policy(None),
        |bytes| Some(Told::PolicyServed(bytes)),
    ),
    inquiry(
        "GetBucketPolicyStatus",
        &[],
        "NoSuchBucketPolicy",
        Told::Policy(None),
        |_| Some(Told::PolicyServed(None)),
    ),
    inquiry(
        "GetBucketPublicAccessBlock",
        &["GetPublicAccessBlock"],
        "NoSuchPublicAccessBlockConfiguration",
        Told::Block(BlockFlags::NONE),
        |bytes| Some(Told::BlockServed(bytes)),
    ),
    inquiry(
        "GetAccountPublicAccessBlock",
        &[],
        "NoSuchPublicAccessBlockConfiguration",
        Told::AccountBlock(BlockFlags::NONE),
        |_| None,
    ),
    inquiry(
        "GetBucketOwnershipControls",
        &[],
        "OwnershipControlsNotFoundError",
        Told::Ownership(Ownership::ObjectWriter),
        |_| Some(Told::Exists),
    ),
    inquiry(
        "GetBucketWebsite",
        &[],
        "NoSuchWebsiteConfiguration",
        Told::Website(Switch::Off),
        |_| Some(Told::Website(Switch::On)),
    ),
    inquiry("GetBucketAcl", &[], "NoSuchBucket", Told::NoBucket, |_| {
        None
    }),
];

const fn inquiry(
    name: &'static str,
    aliases: &'static [&'static str],
    absent: &'static str,
    nothing: Told,
    served: fn(Option<u64>) -> Option<Told>,
) -> InquiryKind {
    InquiryKind {
        name,
        aliases,
        absent,
        nothing,
        served,
    }
}

/// Whether a request on an object is all that is done with it: what an upload in parts asks for counts when it is completed.
pub fn is_done_at_once(request: &RequestKind) -> bool {
    ["PutObject", "DeleteObject"].contains(&request.name)
}

/// Whether a change of that name is a call on one object.
pub fn is_on_object(kind: &Kind) -> bool {
    const NAMES: [&str; 6] = [
        "PutObject",
        "CopyObject",
        "CreateMultipartUpload",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
        "DeleteObject",
    ];
    NAMES.contains(&kind.name)
}

/// The read that gives a document of that kind.
pub(super) fn read_of(kind: HeldKind) -> &'static str {
    match kind {
        HeldKind::Policy => "GetBucketPolicy",
        HeldKind::Acl => "GetBucketAcl",
        HeldKind::Block => "GetBucketPublicAccessBlock",
        HeldKind::Ownership => "GetBucketOwnershipControls",
        HeldKind::AccountBlock => "GetAccountPublicAccessBlock",
    }
}

/// The name of a read, as this table spells it.
pub fn read_named(name: &str) -> Option<&'static str> {
    Some(inquiry_of(S3, name)?.name)
}

/// The kind of read of that source and name, where its answer may prove a control.
pub fn inquiry_of(source: &str, name: &str) -> Option<&'static InquiryKind> {
    (source == S3).then(|| {
        INQUIRIES
            .iter()
            .find(|kind| kind.name == name || kind.aliases.contains(&name))
    })?
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
    let kinds: &'static [Kind] = match source {
        S3 => &KINDS,
        ORGANIZATIONS => &ORGANIZATION_KINDS,
        _ => return None,
    };
    kinds
        .iter()
        .find(|kind| kind.name == name || kind.aliases.contains(&name))
}

/// The kinds of events of S3 that speak to who can get into a bucket.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter()
}

/// Whether a request of that name may be a change too.
pub fn changes_too(name: &str) -> bool {
    kind_of(S3, name).is_some()
}

/// The eventSource of CloudTrail itself.
pub const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// One kind of call on a trail.
pub struct TrailKind {
    /// eventName.
    pub name: &'static str,
    /// What it does to the logging.
    pub effect: TrailEffect,
}

/// What a call on a trail does to the logging.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TrailEffect {
    /// It begins.
    Starts,
    /// It ends.
    Stops,
    /// The trail is another from then on.
    Changes,
    /// Other events are logged from then on.
    Selects,
}

static TRAIL_KINDS: [TrailKind; 6] = [
    trail("CreateTrail", TrailEffect::Starts),
    trail("StartLogging", TrailEffect::Starts),
    trail("StopLogging", TrailEffect::Stops),
    trail("DeleteTrail", TrailEffect::Stops),
    trail("UpdateTrail", TrailEffect::Changes),
    trail("PutEventSelectors", TrailEffect::Selects),
];

const fn trail(name: &'static str, effect: TrailEffect) -> TrailKind {
    TrailKind { name, effect }
}

/// The kind of call on a trail of that source and name, if it is one.
pub fn trail_kind_of(source: &str, name: &str) -> Option<&'static TrailKind> {
    (source == CLOUDTRAIL).then(|| TRAIL_KINDS.iter().find(|kind| kind.name == name))?
}
