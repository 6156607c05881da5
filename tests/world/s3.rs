//! What would S3 answer? The rules of the User Guide for the calls that decide exposure (semantics.md 2, 3, 4):
//! what each call asks, when it is refused and with which error, and what a success changes.

use std::collections::BTreeMap;

use crate::acl::{Acl, AclAsk};
use crate::actor::Actor;
use crate::calendar::day;
use crate::dice::Dice;
use crate::names::REGIONS;
use crate::object::ObjectCall;
use crate::point::{Point, PointCall};
use crate::policy::Policy;
use crate::reads::Read;

/// The roll-out of April 2023: a bucket created between these days may have either defaults.
pub const OLD_DEFAULTS_UNTIL: i64 = day(2023, 4, 1);
pub const NEW_DEFAULTS_FROM: i64 = day(2023, 4, 28);

/// BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets; no configuration is all off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    pub block_acls: bool,
    pub ignore_acls: bool,
    pub block_policy: bool,
    pub restrict: bool,
}

pub const ALL_ON: Flags = Flags {
    block_acls: true,
    ignore_acls: true,
    block_policy: true,
    restrict: true,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    ObjectWriter,
    BucketOwnerPreferred,
    BucketOwnerEnforced,
}

/// What is asked of S3.
#[derive(Debug, Clone)]
pub enum Request {
    CreateBucket {
        acl: Option<AclAsk>,
        ownership: Option<Ownership>,
    },
    DeleteBucket,
    PutPolicy(Policy),
    DeletePolicy,
    PutAcl(AclAsk),
    PutBlock(Flags),
    DeleteBlock,
    PutAccountBlock(Flags),
    DeleteAccountBlock,
    PutOwnership(Ownership),
    DeleteOwnership,
    /// Website and CORS: of interest, but no control of exposure.
    Amplify(&'static str),
    Read(Read),
    /// Of the object of that key.
    Object(&'static str, ObjectCall),
    /// Of the access point of that name.
    Point(&'static str, PointCall),
}

/// Why S3 did not do it.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub code: &'static str,
    pub message: &'static str,
}

/// One call: who asked what of which bucket, when, and what became of it.
#[derive(Debug, Clone)]
pub struct Call {
    pub second: i64,
    pub account: usize,
    pub region: &'static str,
    /// None for account-wide calls.
    pub bucket: Option<&'static str>,
    pub request: Request,
    pub refused: Option<Refusal>,
    /// Did it change S3? Of a call that ended in an internal error the log does not tell.
    pub took: bool,
    pub actor: Actor,
    pub event_id: String,
    /// Did it happen after the log began?
    pub logged: bool,
    /// The length of the answer's body.
    pub bytes_out: i64,
}

impl Refusal {
    /// Does the message tell that a block refused it?
    pub fn names_a_block(&self) -> bool {
        self.message.contains("S3 Block Public Access")
    }
}

const UNCERTAIN: [&str; 2] = ["InternalError", "ServiceUnavailable"];

impl Call {
    /// The bucket, if its record names it where bucket calls do: calls to S3 Control do not.
    pub fn named_bucket(&self) -> Option<&'static str> {
        let control = matches!(self.request, Request::Point(..));
        self.bucket.filter(|_| !control)
    }

    pub fn is_data(&self) -> bool {
        matches!(self.request, Request::Object(..))
    }

    /// Did it take effect, as far as the log tells, and not only look?
    pub fn sets(&self) -> bool {
        self.refused.is_none() && !matches!(self.request, Request::Read(_))
    }

    /// Did it end in an error that leaves open whether it took effect?
    pub fn is_uncertain(&self) -> bool {
        self.refused
            .as_ref()
            .is_some_and(|refusal| UNCERTAIN.contains(&refusal.code))
    }
}

/// A bucket as it really is.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub owner: usize,
    pub region: &'static str,
    pub policy: Option<Policy>,
    pub acl: Acl,
    pub ownership: Ownership,
    /// Is there an ownership rule? Without one ACLs are as with ObjectWriter.
    pub ownership_set: bool,
    pub block: Flags,
    /// Is there a block configuration, be it with all flags off?
    pub block_set: bool,
    /// The objects that are there, with their ACLs.
    pub objects: BTreeMap<&'static str, Acl>,
    pub points: BTreeMap<&'static str, Point>,
}

/// S3 as it really is.
#[derive(Debug, Clone, Default)]
pub struct S3 {
    pub buckets: BTreeMap<&'static str, Bucket>,
    pub account_blocks: [Flags; 2],
    pub account_block_set: [bool; 2],
}

const DENIED: &str = "Access Denied";
const BY_BLOCKED_POLICIES: &str = "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
const BY_BLOCKED_ACLS: &str = "User is not authorized to perform: s3:PutBucketAcl because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.";

pub fn refuse(code: &'static str, message: &'static str) -> Option<Refusal> {
    Some(Refusal { code, message })
}

/// Refused by IAM, whatever was asked.
pub fn not_authorized() -> Refusal {
    Refusal {
        code: "AccessDenied",
        message: DENIED,
    }
}

/// S3 failed; it may have done what was asked.
pub fn failed(dice: &mut Dice) -> Refusal {
    Refusal {
        code: dice.pick(&UNCERTAIN),
        message: "We encountered an internal error. Please try again.",
    }
}

/// DeleteBucket of a bucket that holds objects.
pub fn not_empty() -> Refusal {
    Refusal {
        code: "BucketNotEmpty",
        message: "The bucket you tried to delete is not empty",
    }
}

impl Flags {
    pub fn or(self, other: Self) -> Self {
        Self {
            block_acls: self.block_acls || other.block_acls,
            ignore_acls: self.ignore_acls || other.ignore_acls,
            block_policy: self.block_policy || other.block_policy,
            restrict: self.restrict || other.restrict,
        }
    }
}

impl S3 {
    /// The refusal, if S3's own rules refuse the call.
    pub fn refusal(&self, call: &Call) -> Option<Refusal> {
        let Some(name) = call.bucket else {
            return self.read_refusal(call);
        };
        match (self.buckets.get(name), &call.request) {
            (None, Request::CreateBucket { acl, ownership }) => {
                self.creation_refusal(call, acl.as_ref(), *ownership)
            }
            (None, _) => refuse("NoSuchBucket", "The specified bucket does not exist"),
            (Some(bucket), Request::CreateBucket { .. }) => repeated_creation_refusal(bucket, call),
            (Some(_), Request::Read(_)) => self.read_refusal(call),
            (Some(bucket), request) => self.change_refusal(bucket, request),
        }
    }

    fn creation_refusal(
        &self,
        call: &Call,
        acl: Option<&AclAsk>,
        ownership: Option<Ownership>,
    ) -> Option<Refusal> {
        let acl = acl.map(|ask| ask.acl.clone()).unwrap_or_default();
        let (ownership, block) = (
            born_ownership(call.second, ownership),
            born_block(call.second),
        );
        if ownership == Ownership::BucketOwnerEnforced && !acl.grants.is_empty() {
            return refuse(
                "InvalidBucketAclWithObjectOwnership",
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
            );
        }
        if block.or(self.account_blocks[call.account]).block_acls && acl.is_public() {
            return refuse(
                "InvalidBucketAclWithBlockPublicAccessError",
                "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
            );
        }
        None
    }

    fn change_refusal(&self, bucket: &Bucket, request: &Request) -> Option<Refusal> {
        let block = bucket.block.or(self.account_blocks[bucket.owner]);
        let enforced = bucket.ownership == Ownership::BucketOwnerEnforced;
        match request {
            Request::PutPolicy(policy) if policy.is_public() && block.block_policy => {
                refuse("AccessDenied", BY_BLOCKED_POLICIES)
            }
            Request::Object(key, object) => bucket.object_refusal(key, object, block, enforced),
            Request::Point(name, point) => bucket.point_refusal(name, point, block),
            Request::PutAcl(_) if enforced => refuse(
                "AccessControlListNotSupported",
                "The bucket does not allow ACLs",
            ),
            Request::PutAcl(ask) if ask.acl.is_public() && block.block_acls => {
                refuse("AccessDenied", BY_BLOCKED_ACLS)
            }
            Request::PutOwnership(Ownership::BucketOwnerEnforced)
                if !bucket.acl.grants.is_empty() =>
            {
                refuse(
                    "InvalidBucketAclWithObjectOwnership",
                    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
                )
            }
            _ => None,
        }
    }

    /// What a call that took effect changes.
    pub fn apply(&mut self, call: &Call) {
        match &call.request {
            Request::Read(_) => {}
            Request::PutAccountBlock(flags) => {
                self.account_blocks[call.account] = *flags;
                self.account_block_set[call.account] = true;
            }
            Request::DeleteAccountBlock => {
                self.account_blocks[call.account] = Flags::default();
                self.account_block_set[call.account] = false;
            }
            request => self.apply_to_bucket(call, call.bucket.unwrap(), request),
        }
    }

    fn apply_to_bucket(&mut self, call: &Call, name: &'static str, request: &Request) {
        if let Request::DeleteBucket = request {
            self.buckets.remove(name);
            return;
        }
        match (self.buckets.get_mut(name), request) {
            (None, Request::CreateBucket { acl, ownership }) => {
                self.buckets
                    .insert(name, born(call, acl.as_ref(), *ownership));
            }
            (Some(bucket), request) => bucket.change(request),
            (None, _) => unreachable!("a call of a bucket that is not there was refused"),
        }
    }
}

impl Bucket {
    fn change(&mut self, request: &Request) {
        match request {
            // In us-east-1 the owner's repeated CreateBucket answers 200 and resets the ACL, nothing else.
            Request::CreateBucket { .. } => self.acl = Acl::default(),
            Request::PutPolicy(policy) => self.policy = Some(policy.clone()),
            Request::DeletePolicy => self.policy = None,
            Request::PutAcl(ask) => self.acl = ask.acl.clone(),
            Request::PutBlock(flags) => (self.block, self.block_set) = (*flags, true),
            Request::DeleteBlock => (self.block, self.block_set) = (Flags::default(), false),
            Request::PutOwnership(ownership) => {
                (self.ownership, self.ownership_set) = (*ownership, true);
            }
            Request::DeleteOwnership => {
                (self.ownership, self.ownership_set) = (Ownership::ObjectWriter, false);
            }
            Request::Object(key, object) => self.change_object(key, object),
            Request::Point(name, point) => self.change_point(name, point),
            _ => {}
        }
    }
}

fn repeated_creation_refusal(bucket: &Bucket, call: &Call) -> Option<Refusal> {
    if bucket.owner != call.account {
        return refuse(
            "BucketAlreadyExists",
            "The requested bucket name is not available.",
        );
    }
    if bucket.region == REGIONS[0] && call.region == REGIONS[0] {
        return None;
    }
    refuse(
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
    )
}

fn born(call: &Call, acl: Option<&AclAsk>, ownership: Option<Ownership>) -> Bucket {
    Bucket {
        owner: call.account,
        region: call.region,
        policy: None,
        acl: acl.map(|ask| ask.acl.clone()).unwrap_or_default(),
        ownership: born_ownership(call.second, ownership),
        ownership_set: ownership.is_some() || call.second >= OLD_DEFAULTS_UNTIL,
        block: born_block(call.second),
        block_set: call.second >= OLD_DEFAULTS_UNTIL,
        objects: BTreeMap::new(),
        points: BTreeMap::new(),
    }
}

/// The ownership that S3 gives a bucket created at that second.
pub fn born_ownership(second: i64, asked: Option<Ownership>) -> Ownership {
    let default = if second < OLD_DEFAULTS_UNTIL {
        Ownership::ObjectWriter
    } else {
        Ownership::BucketOwnerEnforced
    };
    asked.unwrap_or(default)
}

/// The block that S3 gives a bucket created at that second.
pub fn born_block(second: i64) -> Flags {
    if second < OLD_DEFAULTS_UNTIL {
        Flags::default()
    } else {
        ALL_ON
    }
}
