//! What does S3 answer to a look at a bucket's configuration? With a body of a certain length, or with an error that
//! says that there is none (semantics.md 3.3, 3.4). For a minute after a change the answer may be the one from before.

use crate::s3::{Bucket, Call, Flags, Refusal, Request, S3, refuse};

/// Configuration is eventually consistent: so long a read may still be answered from before a change.
pub const PROPAGATION: i64 = 60;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    Policy,
    PolicyStatus,
    Block,
    AccountBlock,
    Ownership,
}

pub const OF_BUCKETS: [Read; 4] = [
    Read::Policy,
    Read::PolicyStatus,
    Read::Block,
    Read::Ownership,
];

impl Read {
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Policy => "GetBucketPolicy",
            Self::PolicyStatus => "GetBucketPolicyStatus",
            Self::Block => "GetBucketPublicAccessBlock",
            Self::AccountBlock => "GetAccountPublicAccessBlock",
            Self::Ownership => "GetBucketOwnershipControls",
        }
    }

    /// The sub-resource, as the query string names it.
    pub fn marker(self) -> Option<&'static str> {
        match self {
            Self::Policy => Some("policy"),
            Self::PolicyStatus => Some("policyStatus"),
            Self::Block => Some("publicAccessBlock"),
            Self::Ownership => Some("ownershipControls"),
            Self::AccountBlock => None,
        }
    }

    fn nothing_there(self) -> Option<Refusal> {
        match self {
            Self::Policy | Self::PolicyStatus => {
                refuse("NoSuchBucketPolicy", "The bucket policy does not exist")
            }
            Self::Block | Self::AccountBlock => refuse(
                "NoSuchPublicAccessBlockConfiguration",
                "The public access block configuration was not found",
            ),
            Self::Ownership => refuse(
                "OwnershipControlsNotFoundError",
                "The bucket ownership controls were not found",
            ),
        }
    }
}

impl S3 {
    /// The error of a look at what is not there.
    pub fn read_refusal(&self, call: &Call) -> Option<Refusal> {
        let Request::Read(read) = call.request else {
            return None;
        };
        match call.bucket {
            None if self.account_block_set[call.account] => None,
            None => read.nothing_there(),
            Some(name) => self.buckets[name].read_refusal(read),
        }
    }

    /// The length of the body of an answer.
    pub fn length(&self, call: &Call) -> i64 {
        match (&call.request, call.bucket) {
            (Request::Read(_), _) if call.refused.is_some() => 308,
            (Request::Read(Read::AccountBlock), _) => {
                block_length(self.account_blocks[call.account])
            }
            (Request::Read(read), Some(name)) => self.buckets[name].length(name, *read),
            _ => 0,
        }
    }
}

impl Bucket {
    fn read_refusal(&self, read: Read) -> Option<Refusal> {
        let there = match read {
            Read::Policy | Read::PolicyStatus => self.policy.is_some(),
            Read::Block => self.block_set,
            Read::Ownership => self.ownership_set,
            Read::AccountBlock => true,
        };
        if there { None } else { read.nothing_there() }
    }

    fn length(&self, name: &str, read: Read) -> i64 {
        let policy = self.policy.as_ref();
        match read {
            Read::Policy => policy.map_or(0, |policy| policy.length(name, self.owner)),
            Read::PolicyStatus => 142 - i64::from(policy.is_some_and(|policy| policy.is_public())),
            Read::Block | Read::AccountBlock => block_length(self.block),
            Read::Ownership => 240,
        }
    }
}

/// `false` is one letter longer than `true`.
fn block_length(flags: Flags) -> i64 {
    let off = [
        flags.block_acls,
        flags.ignore_acls,
        flags.block_policy,
        flags.restrict,
    ];
    326 + off.into_iter().filter(|on| !on).count() as i64
}
