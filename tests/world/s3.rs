//! What would S3 answer? The rules of the User Guide for the calls that decide exposure (semantics.md 2, 3, 4):
//! what each call asks, when it is refused and with which error, and what a success changes.

use std::collections::BTreeMap;

use crate::acl::{Acl, AclAsk};
use crate::actor::Actor;
use crate::calendar::day;
use crate::dice::Dice;
use crate::names::REGIONS;
use crate::policy::Policy;

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
}

const UNCERTAIN: [&str; 2] = ["InternalError", "ServiceUnavailable"];

impl Call {
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
    pub block: Flags,
}

/// S3 as it really is.
#[derive(Debug, Clone, Default)]
pub struct S3 {
    pub buckets: BTreeMap<&'static str, Bucket>,
    pub account_blocks: [Flags; 2],
}

const DENIED: &str = "Access Denied";
const BY_BLOCKED_POLICIES: &str = "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
const BY_BLOCKED_ACLS: &str = "User is not authorized to perform: s3:PutBucketAcl because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.";

fn refuse(code: &'static str, message: &'static str) -> Option<Refusal> {
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
    fn or(self, other: Self) -> Self {
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
        let name = call.bucket?;
        match (self.buckets.get(name), &call.request) {
            (None, Request::CreateBucket { acl, ownership }) => {
                self.creation_refusal(call, acl.as_ref(), *ownership)
            }
            (None, _) => refuse("NoSuchBucket", "The specified bucket does not exist"),
            (Some(bucket), Request::CreateBucket { .. }) => repeated_creation_refusal(bucket, call),
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
            Request::PutAccountBlock(flags) => self.account_blocks[call.account] = *flags,
            Request::DeleteAccountBlock => self.account_blocks[call.account] = Flags::default(),
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
            Request::PutBlock(flags) => self.block = *flags,
            Request::DeleteBlock => self.block = Flags::default(),
            Request::PutOwnership(ownership) => self.ownership = *ownership,
            Request::DeleteOwnership => self.ownership = Ownership::ObjectWriter,
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
        block: born_block(call.second),
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
