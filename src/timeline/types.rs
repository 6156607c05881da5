//! What is a timeline made of?

use crate::event::{Change, CitedEvent, Outcome};
use crate::exposure::{
    Answer, Assumption, Audience, Certainty, Mechanism, Outsider, Permission, Reach, Verdict,
};
use crate::vocab::{AccountId, BucketName, Region, Span, Timestamp, Untrusted, named};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An event that brought something about.
pub type Cause = Arc<CitedEvent>;

/// How a reconstruction is to be made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// The evidence is taken to end here, if it does not end before.
    pub until: Option<Timestamp>,
    /// Accounts that count as the owner's.
    pub trusted_accounts: BTreeSet<AccountId>,
    /// Organizations that count as the owner's.
    pub trusted_organizations: BTreeSet<String>,
}

/// One bucket's life, or the part of it that the evidence shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timeline {
    /// The owner's account, where it is known.
    pub account: Option<AccountId>,
    /// The bucket.
    pub bucket: BucketName,
    /// Its Region, where it is known.
    pub region: Option<Region>,
    /// Its intervals: sorted, touching, neighbours differ.
    pub intervals: Vec<Interval>,
}

/// A stretch of time during which nothing of what is told changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interval {
    /// From when until when.
    pub span: Span,
    /// Who could get in.
    pub verdict: Verdict,
    /// What was assumed.
    pub assumptions: BTreeSet<Assumption>,
    /// What those could do.
    pub reach: Reach,
    /// Whether a public grant was silenced by a block only.
    pub latent: bool,
    /// What else was configured that amplifies an exposure.
    pub notes: BTreeSet<&'static str>,
    /// The events that began it.
    pub causes: Vec<Cause>,
    /// Whether the order of its causes cannot be told.
    pub order_uncertain: bool,
    /// The exposures that overlap it.
    pub exposure_ids: Vec<String>,
}

impl Interval {
    /// Whether events decide its verdict. What is unknown is not decided.
    pub fn certainty(&self) -> Certainty {
        if self.assumptions.is_empty() && self.verdict != Verdict::Unknown {
            Certainty::Proven
        } else {
            Certainty::Assumed
        }
    }

    /// Whether two intervals tell the same.
    pub fn tells_same(&self, other: &Self) -> bool {
        self.verdict == other.verdict
            && self.assumptions == other.assumptions
            && self.reach.shows_same(&other.reach)
            && self.latent == other.latent
            && self.notes == other.notes
            && self.order_uncertain == other.order_uncertain
    }
}

/// A maximal stretch of time during which one audience could get in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exposure {
    /// Sixteen hex digits that name it.
    pub id: String,
    /// The owner's account, where it is known.
    pub account: Option<AccountId>,
    /// The bucket.
    pub bucket: BucketName,
    /// Its Region, where it is known.
    pub region: Option<Region>,
    /// What was exposed.
    pub scope: Scope,
    /// The access point, where it was one.
    pub access_point: Option<Untrusted>,
    /// Who could get in.
    pub audience: Audience,
    /// What was assumed at any time of its life.
    pub assumptions: BTreeSet<Assumption>,
    /// When it began.
    pub opened_at: Timestamp,
    /// How it is known that it began then.
    pub opened_how: OpenedHow,
    /// The last instant at which it is known that it had not begun, where that is not `opened_at`.
    pub opened_not_before: Option<Timestamp>,
    /// When it ended; `None` while it is open.
    pub closed_at: Option<Timestamp>,
    /// How it is known that it ended then.
    pub closed_how: ClosedHow,
    /// The first instant at which it is known that it had ended, where that is not `closed_at`.
    pub closed_not_after: Option<Timestamp>,
    /// Its length in seconds, to its end or the end of the evidence.
    pub duration_seconds: i64,
    /// What the audience could do at any time of its life.
    pub reach: Reach,
    /// Whether S3 would have called the policy public.
    pub aws_public: Answer,
    /// The event that opened it.
    pub opened: Option<Cause>,
    /// The event that ended it.
    pub closed: Option<Cause>,
    /// The events that wrote the grants it lived on, in order.
    pub granted: Vec<Cause>,
}

impl Exposure {
    /// Whether events decide it, or something was assumed.
    pub fn certainty(&self) -> Certainty {
        if self.assumptions.is_empty() {
            Certainty::Proven
        } else {
            Certainty::Assumed
        }
    }

    /// The event that opened it, where one is known: who came in, looked or was refused only showed that it was open.
    pub fn opener(&self) -> Option<&Cause> {
        let opens = |cause: &&Cause| {
            let event = &cause.event;
            event.change != Change::Read && !matches!(event.outcome, Outcome::Failed(_))
        };
        let opened = self.opened.as_ref().filter(opens);
        opened.filter(|_| self.opened_how != OpenedHow::Observed)
    }

    /// Whether it is open at the end of the evidence.
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Whether it may have lasted longer than `duration_seconds`.
    pub fn duration_is_lower_bound(&self) -> bool {
        self.opened_how != OpenedHow::Event || self.closed_how != ClosedHow::Event
    }

    /// The foreign account, organization or canonical id, of an exposure to one.
    pub fn outsider(&self) -> Option<&Outsider> {
        match &self.audience {
            Audience::Public => None,
            Audience::Foreign(outsider) => Some(outsider),
        }
    }

    /// Through which controls the audience got in.
    pub fn mechanisms(&self) -> &BTreeSet<Mechanism> {
        &self.reach.mechanisms
    }

    /// What the audience could do.
    pub fn permissions(&self) -> &BTreeSet<Permission> {
        &self.reach.permissions
    }
}

named! {
    /// What is exposed.
    Scope {
        /// The bucket, by its policy and ACL.
        Bucket = "bucket",
        /// Objects, by their own ACLs.
        Objects = "objects",
        /// What one access point leads to.
        AccessPoint = "access-point",
    }
}

named! {
    /// What a change speaks to.
    ChangeScope {
        /// A bucket.
        Bucket = "bucket",
        /// All buckets of an account.
        Account = "account",
        /// An access point.
        AccessPoint = "access-point",
        /// One object.
        Object = "object",
    }
}

named! {
    /// How it is known when an exposure began.
    OpenedHow {
        /// Known shut just before; opened by this event.
        Event = "event",
        /// Opened or renewed by this event; what was before is unseen.
        FirstEvidence = "first-evidence",
        /// Open at the bucket's first evidence, without an opening event.
        BeforeEvidence = "before-evidence",
        /// Known shut at one instant and open at a later one; the change was not seen.
        InGap = "in-gap",
        /// Open, because somebody from outside got in; no grant was seen.
        Observed = "observed",
    }
}

named! {
    /// How it is known when an exposure ended.
    ClosedHow {
        /// Ended by this event.
        Event = "event",
        /// Open at the end of the evidence.
        StillOpen = "still-open",
        /// Known ended at a later instant; the change was not seen.
        InGap = "in-gap",
        /// The last time that somebody from outside got in: no grant was seen.
        LastSeen = "last-seen",
        /// From here on it cannot be told.
        Opaque = "opaque",
    }
}

named! {
    /// What a change did: the first of these that holds for any bucket it reaches.
    Effect {
        /// An exposure begins.
        Opened = "opened",
        /// An exposure ends.
        Closed = "closed",
        /// Those who can get in can do more, or more of them can.
        Widened = "widened",
        /// Those who can get in can do less.
        Narrowed = "narrowed",
        /// A public grant arrives or stays, but is silenced.
        Masked = "masked",
        /// A protection went, and no exposure is known.
        Weakened = "weakened",
        /// It failed.
        Attempted = "attempted",
        /// What it did cannot be told.
        Unknown = "unknown",
        /// Nothing that matters here.
        None = "none",
    }
}

/// One change, and what it did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeRow {
    /// The event.
    pub event: Cause,
    /// Where causality puts it among the events of its second.
    pub place: usize,
    /// The owner's account, where it is known.
    pub account: Option<AccountId>,
    /// What it did.
    pub effect: Effect,
    /// What was asked, in one sentence.
    pub summary: Untrusted,
    /// On how many buckets it had an effect.
    pub buckets_affected: u64,
}

/// Where the evidence cannot be the whole truth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contradiction {
    /// When it shows.
    pub at: Timestamp,
    /// The account, where it is known.
    pub account: Option<AccountId>,
    /// The bucket, where it is about one.
    pub bucket: Option<BucketName>,
    /// What kind.
    pub kind: ContradictionKind,
    /// The events that contradict each other or what was known.
    pub causes: Vec<Cause>,
}

named! {
    /// How evidence can contradict itself.
    ContradictionKind {
        /// A public policy was accepted although the bucket's block was known to refuse it.
        PolicyAcceptedDespiteBucketBlock = "policy-accepted-despite-bucket-block",
        /// A public policy was accepted although the account's block was known to refuse it.
        PolicyAcceptedDespiteAccountBlock = "policy-accepted-despite-account-block",
        /// A public ACL was accepted although the bucket's block was known to refuse it.
        AclAcceptedDespiteBucketBlock = "acl-accepted-despite-bucket-block",
        /// A public ACL was accepted although the account's block was known to refuse it.
        AclAcceptedDespiteAccountBlock = "acl-accepted-despite-account-block",
        /// A public policy was accepted although the access point's block was known to refuse it.
        PolicyAcceptedDespiteAccessPointBlock = "policy-accepted-despite-access-point-block",
        /// An ACL was accepted although ACLs were known to be disabled.
        AclAcceptedWhileDisabled = "acl-accepted-while-disabled",
        /// ACLs were disabled although the ACL was known to grant others, which S3 refuses.
        DisabledDespiteGrants = "acls-disabled-despite-grants",
        /// An ACL was refused as disabled although ACLs were known to be enabled.
        AclRefusedWhileEnabled = "acl-refused-while-enabled",
        /// A bucket was created that was known to exist.
        CreatedWhileExisting = "created-while-existing",
        /// A bucket was used that was known to be deleted.
        UsedAfterDeletion = "used-after-deletion",
        /// A bucket was gone that was known to exist.
        GoneWithoutDeletion = "gone-without-deletion",
        /// Another policy was in force than the one that was known.
        PolicyDiffers = "policy-differs",
        /// A policy of another length was served than the one that was written last.
        PolicyLengthDiffers = "policy-length-differs",
        /// Another ACL was in force than the one that was known.
        AclDiffers = "acl-differs",
        /// The ACL granted others though it was known to grant nobody but the owner.
        AclGrantsUnseen = "acl-grants-unseen",
        /// Object ownership was another than the one that was known.
        OwnershipDiffers = "ownership-differs",
        /// The bucket's block was another than the one that was known.
        BlockDiffers = "block-differs",
        /// A block of another length was served than the known one has.
        BlockLengthDiffers = "block-length-differs",
        /// The account's block was another than the one that was known.
        AccountBlockDiffers = "account-block-differs",
        /// Copies of one event tell different things of it.
        CopiesDiffer = "copies-differ",
        /// Somebody without an account got in though nobody was known to be let in.
        EnteredWhileShut = "entered-while-shut",
        /// Somebody without an account was denied what everybody was known to be granted.
        DeniedWhileOpen = "denied-while-open",
        /// A block refused a call though neither level was known to have one.
        RefusedWithoutBlock = "refused-without-block",
    }
}

impl ChangeRow {
    /// What it speaks to.
    pub fn scope(&self) -> ChangeScope {
        let change = &self.event.event.change;
        match () {
            () if change.object().is_some() => ChangeScope::Object,
            () if change.is_account_wide() => ChangeScope::Account,
            () => match change {
                Change::AccessPoint(..)
                | Change::MultiRegionAccessPoint(..)
                | Change::ObjectLambdaAccessPoint(..) => ChangeScope::AccessPoint,
                Change::OrganizationPolicy(_) => ChangeScope::Account,
                _ => ChangeScope::Bucket,
            },
        }
    }
}

impl ContradictionKind {
    /// What it means, in a sentence.
    pub fn detail(self) -> &'static str {
        match self {
            Self::PolicyAcceptedDespiteBucketBlock => {
                "S3 accepted a public policy that the bucket's block was known to refuse: the removal of BlockPublicPolicy is missing from the logs"
            }
            Self::PolicyAcceptedDespiteAccountBlock => {
                "S3 accepted a public policy that the account's block was known to refuse: the removal of BlockPublicPolicy is missing from the logs"
            }
            Self::AclAcceptedDespiteBucketBlock => {
                "S3 accepted a public ACL that the bucket's block was known to refuse: the removal of BlockPublicAcls is missing from the logs"
            }
            Self::AclAcceptedDespiteAccountBlock => {
                "S3 accepted a public ACL that the account's block was known to refuse: the removal of BlockPublicAcls is missing from the logs"
            }
            Self::PolicyAcceptedDespiteAccessPointBlock => {
                "S3 accepted a public policy that the access point's own block, which cannot be changed, was known to refuse: its creation was recorded incompletely, or another creation is missing from the logs"
            }
            Self::AclAcceptedWhileDisabled => {
                "S3 accepted an ACL while ACLs were known to be disabled: the change of object ownership is missing from the logs"
            }
            Self::DisabledDespiteGrants => {
                "S3 disables ACLs only while the ACL grants nobody but the owner: the reset of the ACL is missing from the logs"
            }
            Self::AclRefusedWhileEnabled => {
                "S3 refused an ACL because ACLs are disabled, though they were known to be enabled: that change is missing from the logs"
            }
            Self::CreatedWhileExisting => {
                "the bucket was created while it was known to exist: its deletion is missing from the logs"
            }
            Self::GoneWithoutDeletion => {
                "S3 knew no bucket of that name while it was known to exist: its deletion is missing from the logs"
            }
            Self::PolicyDiffers => {
                "another bucket policy, or none, was in force than the one that was known: a change of the policy is missing from the logs"
            }
            Self::PolicyLengthDiffers => {
                "S3 served a bucket policy of another length than the one that was written last: a change of the policy may be missing from the logs"
            }
            Self::AclDiffers => {
                "another bucket ACL was in force than the one that was known: a change of the ACL is missing from the logs"
            }
            Self::AclGrantsUnseen => {
                "S3 refused to disable ACLs because the bucket ACL grants others, though it was known to grant nobody but the owner: a change of the ACL is missing from the logs"
            }
            Self::OwnershipDiffers => {
                "object ownership was another than the one that was known: a change of it is missing from the logs"
            }
            Self::BlockDiffers => {
                "the bucket's block was another than the one that was known: a change of it is missing from the logs"
            }
            Self::BlockLengthDiffers => {
                "S3 served a public access block of another length than the known one has: a change of it may be missing from the logs"
            }
            Self::AccountBlockDiffers => {
                "the account's block was another than the one that was known: a change of it is missing from the logs"
            }
            Self::CopiesDiffer => {
                "copies of one event tell different things of it: at least one of them was altered, and what it did cannot be told"
            }
            Self::EnteredWhileShut => {
                "an unsigned request succeeded while everybody without an account was known to be shut out: the change that let it in is missing from the logs"
            }
            Self::DeniedWhileOpen => {
                "an unsigned request was denied what everybody was known to be granted: something unseen silences the grant, such as a block"
            }
            Self::RefusedWithoutBlock => {
                "a public access block refused the call though neither the bucket nor the account was known to have one: a change of a block is missing from the logs, or an organization's block refused it"
            }
            Self::UsedAfterDeletion => {
                "a call took effect on a bucket that was known to be deleted: its creation is missing from the logs"
            }
        }
    }
}
