//! Which words does a verdict use? The closed lists of the contract.

use super::pattern::may_overlap;
use super::resource::covers_key;
use crate::vocab::{AccountId, Untrusted, named};
use std::collections::BTreeSet;

named! {
    /// Who can get into a bucket, in one word: the first of these that holds.
    Verdict {
        /// Somebody without an AWS account, or anybody with any AWS account, may do something with it.
        Public = "public",
        /// A fixed principal of another account, an organization, or an unknown canonical id may.
        CrossAccount = "cross-account",
        /// A wildcard principal held to fixed networks, VPCs, endpoints or sources may, or an AWS service.
        Limited = "limited",
        /// None of these.
        Private = "private",
        /// The evidence does not decide.
        Unknown = "unknown",
    }
}

named! {
    /// Whether events decide a verdict, or S3's defaults had to be assumed.
    Certainty {
        /// Events decide.
        Proven = "proven",
        /// Something unseen was taken at S3's default.
        Assumed = "assumed",
    }
}

named! {
    /// What was assumed because it was not seen: the closed list.
    Assumption {
        /// No policy event was seen: taken as no policy.
        PolicyUnseen = "policy-unseen",
        /// No ACL event was seen: taken as owner-only.
        AclUnseen = "acl-unseen",
        /// No ownership event was seen: taken as ACLs enabled.
        OwnershipUnseen = "ownership-unseen",
        /// The bucket's block was not seen: taken as none.
        BucketBlockUnseen = "bucket-block-unseen",
        /// The account's block was not seen: taken as none.
        AccountBlockUnseen = "account-block-unseen",
        /// The organization's block cannot be seen from a member account: taken as none.
        OrganizationBlockUnseen = "organization-block-unseen",
        /// The bucket was created while S3 changed its defaults: taken as the old ones.
        CreationDefaultsEither = "creation-defaults-either",
        /// A Deny statement may take the grant away.
        DenyUndecided = "deny-undecided",
    }
}

named! {
    /// Through which control somebody gets in.
    Mechanism {
        /// The bucket policy.
        BucketPolicy = "bucket-policy",
        /// The bucket's ACL.
        BucketAcl = "bucket-acl",
        /// An object's own ACL.
        ObjectAcl = "object-acl",
        /// An access point's policy.
        AccessPointPolicy = "access-point-policy",
        /// Somebody from outside got in; how, was not seen.
        Observed = "observed",
    }
}

named! {
    /// What somebody can do, by class.
    Permission {
        /// List objects, versions or uploads.
        List = "list",
        /// Read objects.
        Read = "read",
        /// Write objects.
        Write = "write",
        /// Delete objects.
        Delete = "delete",
        /// Read an ACL.
        ReadAcl = "read-acl",
        /// Write an ACL.
        WriteAcl = "write-acl",
        /// Read the bucket's configuration.
        ReadConfig = "read-config",
        /// Change what decides who gets in.
        Takeover = "takeover",
        /// Anything else.
        Other = "other",
    }
}

named! {
    /// An answer that may be unknown.
    Answer {
        /// No.
        False = "false",
        /// The evidence or AWS's documentation does not decide.
        Unknown = "unknown",
        /// Yes.
        True = "true",
    }
}

/// Who gets in: one audience of a bucket. Audiences are independent of one another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Audience {
    /// Everyone, or anyone with an AWS account.
    Public,
    /// One foreign account, organization or canonical id.
    Foreign(Outsider),
}

/// Somebody outside the bucket's account.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outsider {
    /// An AWS account.
    Account(AccountId),
    /// An AWS organization, by id.
    Organization(Untrusted),
    /// A canonical user id, or an account known only by its e-mail address.
    Canonical(Untrusted),
}

impl Outsider {
    /// The account, organization or canonical id.
    pub fn id(&self) -> Untrusted {
        match self {
            Self::Account(id) => id.as_str().into(),
            Self::Organization(id) | Self::Canonical(id) => id.clone(),
        }
    }
}

/// What an audience can do, through what, on what terms: unions over all grants that reach it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reach {
    /// Through which controls.
    pub mechanisms: BTreeSet<Mechanism>,
    /// What it can do.
    pub permissions: BTreeSet<Permission>,
    /// `everyone`, `any-aws-account`, or the fixed principals.
    pub principals: BTreeSet<Untrusted>,
    /// `bucket`, or key patterns.
    pub resources: BTreeSet<Untrusted>,
    /// What narrows the grant without closing it.
    pub qualifiers: BTreeSet<Untrusted>,
}

impl Reach {
    /// Adds all that another grant gives.
    pub fn extend(&mut self, other: &Self) {
        self.mechanisms.extend(other.mechanisms.iter().copied());
        self.permissions.extend(other.permissions.iter().copied());
        self.principals.extend(other.principals.iter().cloned());
        self.resources.extend(other.resources.iter().cloned());
        self.qualifiers.extend(other.qualifiers.iter().cloned());
    }

    /// Keeps what another gives too, of which it cannot be told whether it is this one; where they have nothing in common, all.
    pub fn keep_common(&mut self, other: &Self) {
        keep_common(&mut self.mechanisms, &other.mechanisms);
        keep_common(&mut self.permissions, &other.permissions);
        keep_common(&mut self.principals, &other.principals);
        keep_common(&mut self.resources, &other.resources);
        keep_common(&mut self.qualifiers, &other.qualifiers);
    }

    /// Whether a timeline shows the same of both: on which objects is told by the changes.
    pub fn shows_same(&self, other: &Self) -> bool {
        self.mechanisms == other.mechanisms
            && self.permissions == other.permissions
            && self.principals == other.principals
            && self.qualifiers == other.qualifiers
    }

    /// Whether it is given to those too who sign no request.
    pub fn takes_unsigned(&self) -> bool {
        let mut principals = self.principals.iter();
        principals.any(|principal| principal.reveal() == "everyone")
    }

    /// Whether the object of that key may be among what it gives access to.
    pub fn may_name_object(&self, key: &Untrusted) -> bool {
        let mut patterns = self.resources.iter().map(Untrusted::reveal);
        patterns.any(|pattern| match pattern {
            "*" => true,
            "bucket" => false,
            pattern => may_overlap(pattern, key.reveal()),
        })
    }

    /// Whether everything that the other gives is given here, on no harder terms.
    pub fn covers(&self, other: &Self) -> bool {
        let any = self.takes_unsigned();
        let covered = |key: &Untrusted| self.resources.iter().any(|wide| covers_key(wide, key));
        self.permissions.is_superset(&other.permissions)
            && (any || self.principals.is_superset(&other.principals))
            && other.resources.iter().all(covered)
            && self.qualifiers.is_subset(&other.qualifiers)
    }
}

fn keep_common<T: Ord>(these: &mut BTreeSet<T>, those: &BTreeSet<T>) {
    if !these.is_disjoint(those) {
        these.retain(|one| those.contains(one));
    }
}
