//! What did a call ask of which control, and did it take effect?

use super::acl::{Acl, CannedAcl};
use super::actor::Actor;
use super::block::BlockFlags;
use super::inquiry::Switch;
use super::outcome::Outcome;
use super::ownership::Ownership;
use super::policy::Policy;
use crate::vocab::{AccountId, BucketName, EventId, Region, Timestamp, Untrusted};
use sha2::{Digest, Sha256};

/// What a call put in place of a control: what it says, or why that cannot be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked<T> {
    /// The request as it was understood.
    Said(T),
    /// The request was omitted, redacted or not understood.
    Unreadable(&'static str),
}

/// Which version of an object a call speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// The current one.
    Current,
    /// One that it names: it may be the current one, or an older one.
    Named,
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
    /// PutObjectAcl.
    PutObjectAcl {
        /// Which object.
        key: Untrusted,
        /// Which version of it.
        version: Version,
        /// Its ACL.
        acl: Asked<Acl>,
    },
    /// PutObject, CopyObject or an upload in parts: the object's ACL is what the headers ask for, else private.
    WriteObject {
        /// Which object.
        key: Untrusted,
        /// The ACL of the headers, where one was given.
        acl: Option<Asked<Acl>>,
        /// What the call is to an upload in parts, if it is one of those.
        upload: Option<Upload>,
    },
    /// DeleteObject of the current version.
    DeleteObject {
        /// Which object.
        key: Untrusted,
    },
    /// A call that made or removed an access point, or its policy.
    AccessPoint(Untrusted, AccessPointChange),
    /// PutBucketReplication: the buckets that copies go to.
    PutReplication(Vec<Untrusted>),
    /// DeleteBucketReplication.
    DeleteReplication,
    /// PutBucketRequestPayment: who pays.
    PutRequestPayment(Payer),
    /// A call on a multi-region access point, and the buckets that it names.
    MultiRegionAccessPoint(Switch, Vec<BucketName>),
    /// A call on an Object Lambda access point, and the access point that it stands on.
    ObjectLambdaAccessPoint(Switch, Untrusted),
    /// A policy that sets the public access block of a whole organization: `all` or `none`; empty for another policy.
    OrganizationPolicy(Untrusted),
    /// A read, which changes nothing.
    Read,
}

/// What a call is to an upload in parts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Upload {
    /// CreateMultipartUpload of one that is not seen to end: it asks for the ACL.
    Begun,
    /// The same of one that is seen to end.
    Ended,
    /// CompleteMultipartUpload: from here the object is there, with the ACL that was asked for at the beginning.
    Completed,
    /// The same of one whose beginning was not seen.
    Resumed,
    /// AbortMultipartUpload.
    Aborted,
}

/// What was done to one access point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AccessPointChange {
    /// CreateAccessPoint.
    Create {
        /// The bucket that it leads to.
        bucket: Option<BucketName>,
        /// The bucket's owner, where that is another account than the access point's.
        bucket_account: Option<AccountId>,
        /// Its own block, which cannot be changed later.
        block: Asked<BlockFlags>,
        /// From where it can be reached.
        origin: NetworkOrigin,
    },
    /// DeleteAccessPoint.
    Delete,
    /// PutAccessPointPolicy.
    PutPolicy(Asked<Policy>),
    /// DeleteAccessPointPolicy.
    DeletePolicy,
}

/// From where an access point can be reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NetworkOrigin {
    /// From everywhere.
    Internet,
    /// From one VPC only: S3 never calls it public.
    Vpc,
}

/// Who pays for requests and transfers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Payer {
    /// The bucket's owner.
    BucketOwner,
    /// Whoever asks: unsigned requests are refused.
    Requester,
    /// The request does not say.
    Unreadable,
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
            | Self::PutOwnership(Asked::Unreadable(why))
            | Self::PutObjectAcl {
                acl: Asked::Unreadable(why),
                ..
            }
            | Self::WriteObject {
                acl: Some(Asked::Unreadable(why)),
                ..
            }
            | Self::AccessPoint(_, AccessPointChange::PutPolicy(Asked::Unreadable(why)))
            | Self::AccessPoint(
                _,
                AccessPointChange::Create {
                    block: Asked::Unreadable(why),
                    ..
                },
            ) => Some(why),
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

    /// Whether two calls ask for the same, however it is written.
    pub fn asks_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::PutPolicy(Asked::Said(left)), Self::PutPolicy(Asked::Said(right))) => {
                left.says_same(right)
            }
            _ => match (self.asked_acl(), other.asked_acl()) {
                (Some(Asked::Said(left)), Some(Asked::Said(right))) => {
                    self.object() == other.object() && left.grants_same(right)
                }
                // Without an ACL what is written is private.
                (None, Some(Asked::Said(acl))) | (Some(Asked::Said(acl)), None) => {
                    matches!(
                        (self, other),
                        (Self::WriteObject { .. }, Self::WriteObject { .. })
                    ) && self.object() == other.object()
                        && !acl.names_others()
                }
                _ => self == other,
            },
        }
    }

    /// Whether it decides nothing of who can get in, and is only noted.
    pub fn is_noted_only(&self) -> bool {
        matches!(
            self,
            Self::PutWebsite
                | Self::DeleteWebsite
                | Self::PutCors
                | Self::DeleteCors
                | Self::PutReplication(_)
                | Self::DeleteReplication
                | Self::PutRequestPayment(_)
                | Self::MultiRegionAccessPoint(..)
                | Self::ObjectLambdaAccessPoint(..)
        )
    }

    /// The object that it speaks of.
    pub fn object(&self) -> Option<&Untrusted> {
        match self {
            Self::PutObjectAcl { key, .. }
            | Self::WriteObject { key, .. }
            | Self::DeleteObject { key } => Some(key),
            _ => None,
        }
    }

    /// What it is to an upload in parts.
    pub fn upload(&self) -> Option<Upload> {
        match self {
            Self::WriteObject { upload, .. } => *upload,
            _ => None,
        }
    }

    /// Whether it may speak to other buckets than the one that the record names, or to none.
    pub fn reaches_further(&self) -> bool {
        self.is_account_wide()
            || matches!(
                self,
                Self::AccessPoint(..)
                    | Self::MultiRegionAccessPoint(..)
                    | Self::ObjectLambdaAccessPoint(..)
                    | Self::OrganizationPolicy(_)
            )
    }

    /// The access point that it speaks of.
    pub fn access_point(&self) -> Option<&Untrusted> {
        match self {
            Self::AccessPoint(name, _) => Some(name),
            _ => None,
        }
    }

    /// The ACL that it asks for: of the bucket, a new bucket, or an object.
    pub fn asked_acl(&self) -> Option<&Asked<Acl>> {
        match self {
            Self::PutAcl(acl) | Self::PutObjectAcl { acl, .. } => Some(acl),
            Self::CreateBucket { acl, .. } | Self::WriteObject { acl, .. } => acl.as_ref(),
            _ => None,
        }
    }

    /// Whether a record of it names its bucket: calls on accounts, access points and organizations do not, or elsewhere.
    pub(crate) fn names_bucket(&self) -> bool {
        !self.is_account_wide()
            && !matches!(
                self,
                Self::AccessPoint(..)
                    | Self::MultiRegionAccessPoint(..)
                    | Self::ObjectLambdaAccessPoint(..)
                    | Self::OrganizationPolicy(_)
            )
    }

    /// Whether it is of interest whatever else is known: most writes of objects, and most policies of organizations, are not.
    pub fn is_of_interest(&self) -> bool {
        match self {
            Self::OrganizationPolicy(block) => !block.is_empty(),
            _ => self.may_grant(),
        }
    }

    /// Whether it can let anybody in that was not let in before: of calls on objects, only those with an ACL that grants
    /// others, or that cannot be read.
    pub fn may_grant(&self) -> bool {
        match (self.object(), self.asked_acl()) {
            (None, _) | (_, Some(Asked::Unreadable(_))) => true,
            (_, Some(Asked::Said(acl))) => acl.names_others(),
            (_, None) => false,
        }
    }
}

/// Which event is it? Copies of one event have the same key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EventKey {
    /// CloudTrail's eventID, and the account whose trail recorded this copy.
    Id(EventId, Option<AccountId>),
    /// For records without an eventID: the hash of the record's text.
    Content([u8; 32]),
}

impl EventKey {
    /// The key of what has no eventID: the hash of its text.
    pub fn of_text(text: &str) -> Self {
        Self::Content(Sha256::digest(text.as_bytes()).into())
    }
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

    /// Whether S3 refused it because ACLs are disabled, whatever it asked.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>
    pub fn proves_acls_disabled(&self) -> bool {
        let code = self.outcome.error_code();
        code.is_some_and(|code| code.reveal() == "AccessControlListNotSupported")
    }

    /// Whether two copies of an event tell the same of what was done, to what, when and how it ended. Exports may leave
    /// fields out: what cannot be read says nothing.
    pub fn tells_same(&self, other: &Self) -> bool {
        let unreadable = self
            .change
            .unreadable()
            .or(other.change.unreadable())
            .is_some();
        self.time == other.time
            && self.name == other.name
            && self.bucket == other.bucket
            && self.outcome == other.outcome
            && (unreadable || self.change.asks_same(&other.change))
    }

    /// Whether the call took effect.
    pub fn took(&self) -> bool {
        self.outcome == Outcome::Took
    }
}
