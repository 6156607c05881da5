//! What did a call ask of which control, and did it take effect?

use super::acl::{Acl, CannedAcl};
use super::actor::Actor;
use super::block::BlockFlags;
use super::ownership::Ownership;
use super::policy::Policy;
use crate::vocab::{AccountId, BucketName, Citation, EventId, Region, Timestamp, Untrusted};

/// What a call put in place of a control: what it says, or why that cannot be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked<T> {
    /// The request as it was understood.
    Said(T),
    /// The request was omitted, redacted or not understood.
    Unreadable(&'static str),
}

/// What one call asked of one control.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// CreateBucket, with the ACL and ownership its headers ask for.
    CreateBucket {
        /// The ACL of the headers, where one was given.
        acl: Option<Asked<Acl>>,
        /// The header `x-amz-object-ownership`, where one was given.
        ownership: Option<Asked<Ownership>>,
    },
    /// DeleteBucket.
    DeleteBucket,
    /// PutBucketPolicy.
    PutPolicy(Asked<Policy>),
    /// DeleteBucketPolicy.
    DeletePolicy,
    /// PutBucketAcl.
    PutAcl(Asked<Acl>),
    /// PutBucketPublicAccessBlock.
    PutBlock(Asked<BlockFlags>),
    /// DeleteBucketPublicAccessBlock.
    DeleteBlock,
    /// PutAccountPublicAccessBlock.
    PutAccountBlock(Asked<BlockFlags>),
    /// DeleteAccountPublicAccessBlock.
    DeleteAccountBlock,
    /// PutBucketOwnershipControls.
    PutOwnership(Asked<Ownership>),
    /// DeleteBucketOwnershipControls.
    DeleteOwnership,
    /// PutBucketWebsite.
    PutWebsite,
    /// DeleteBucketWebsite.
    DeleteWebsite,
    /// PutBucketCors.
    PutCors,
    /// DeleteBucketCors.
    DeleteCors,
}

impl Change {
    /// Whether the call speaks to every bucket of an account.
    pub fn is_account_wide(&self) -> bool {
        matches!(self, Self::PutAccountBlock(_) | Self::DeleteAccountBlock)
    }

    /// Why the request could not be understood, where it could not.
    pub fn unreadable(&self) -> Option<&'static str> {
        match self {
            Self::PutPolicy(Asked::Unreadable(why))
            | Self::PutAcl(Asked::Unreadable(why))
            | Self::PutBlock(Asked::Unreadable(why))
            | Self::PutAccountBlock(Asked::Unreadable(why))
            | Self::PutOwnership(Asked::Unreadable(why)) => Some(why),
            Self::CreateBucket {
                acl: Some(Asked::Unreadable(why)),
                ..
            }
            | Self::CreateBucket {
                ownership: Some(Asked::Unreadable(why)),
                ..
            } => Some(why),
            _ => None,
        }
    }

    /// The canned ACL a call names, where it does: for the sentence that says what was asked.
    pub fn canned_acl(&self) -> Option<CannedAcl> {
        match self {
            Self::PutAcl(Asked::Said(acl))
            | Self::CreateBucket {
                acl: Some(Asked::Said(acl)),
                ..
            } => acl.canned,
            _ => None,
        }
    }
}

/// How a call ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It took effect: the record has no errorCode.
    Took,
    /// It failed with this code and changed nothing.
    Failed(Untrusted),
    /// It ended in a server's error or a timeout, after which it may have taken effect.
    Uncertain(Untrusted),
}

impl Outcome {
    /// The outcome that a record's errorCode tells (spec: a failed call changes nothing; a server's failure may have applied).
    pub fn of(error_code: Option<&str>) -> Self {
        match error_code {
            None | Some("") => Self::Took,
            Some(code) if is_server_failure(code) => Self::Uncertain(code.into()),
            Some(code) => Self::Failed(code.into()),
        }
    }

    /// The errorCode, where there is one.
    pub fn error_code(&self) -> Option<&Untrusted> {
        match self {
            Self::Took => None,
            Self::Failed(code) | Self::Uncertain(code) => Some(code),
        }
    }

    /// The outcome's name in the changes table.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Took => "took",
            Self::Failed(_) => "failed",
            Self::Uncertain(_) => "uncertain",
        }
    }
}

/// Whether an errorCode leaves open if the call took effect.
///
/// S3 answers 500 InternalError, 503 ServiceUnavailable or SlowDown, and 400 RequestTimeout.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>
fn is_server_failure(code: &str) -> bool {
    const CODES: [&str; 10] = [
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Service Unavailable",
        "SlowDown",
        "RequestTimeout",
        "RequestTimeoutException",
        "503",
    ];
    CODES.iter().any(|known| code.eq_ignore_ascii_case(known)) || code == "500" || code == "504"
}

/// Which event is it? Copies of one event have the same key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EventKey {
    /// CloudTrail's eventID, and the account whose trail recorded this copy.
    Id(EventId, Option<AccountId>),
    /// For records without an eventID: the hash of the record's text.
    Content([u8; 32]),
}

/// An event that speaks to who can get into a bucket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExposureEvent {
    /// Which event it is.
    pub key: EventKey,
    /// eventTime: when the request was completed.
    pub time: Timestamp,
    /// eventName, as AWS writes it.
    pub name: &'static str,
    /// awsRegion.
    pub region: Option<Region>,
    /// The account that owns the bucket (or whose block it is), as far as the record tells.
    pub account: Option<AccountId>,
    /// The bucket, absent for account-wide calls.
    pub bucket: Option<BucketName>,
    /// What was asked.
    pub change: Change,
    /// How it ended.
    pub outcome: Outcome,
    /// errorMessage, which may say which control refused.
    pub error_message: Untrusted,
    /// Who asked, from where, with what.
    pub actor: Actor,
    /// The id that copies in several accounts' trails share.
    pub shared_event_id: Option<EventId>,
    /// The account whose trail recorded this copy.
    pub recipient: Option<AccountId>,
    /// How many values the record holds: of two copies, the fuller one is believed.
    pub fullness: u64,
    /// The record, as it was written.
    pub record: Untrusted,
}

impl ExposureEvent {
    /// CloudTrail's eventID, where the record has one.
    pub fn event_id(&self) -> Option<&EventId> {
        match &self.key {
            EventKey::Id(id, _) => Some(id),
            EventKey::Content(_) => None,
        }
    }

    /// Whether the call took effect.
    pub fn took(&self) -> bool {
        self.outcome == Outcome::Took
    }
}

/// An event and the record that tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CitedEvent {
    /// The event.
    pub event: ExposureEvent,
    /// The record it was read from, of copies the smallest.
    pub citation: Citation,
}
