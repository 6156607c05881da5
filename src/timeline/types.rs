//! What is a timeline made of?

use super::access::Attendance;
use super::origin::{Origin, Origins};
use crate::event::{BlockFlags, Change, CitedEvent, Outcome};
use crate::exposure::{
    Answer, Assumption, Audience, Certainty, Mechanism, Outsider, Permission, Reach, Verdict,
};
use crate::integrity::RecordVerdict;
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
    /// Who stands behind whoever opened it and closed it.
    pub origins: Origins,
    /// Who came in meanwhile, taken together.
    pub attendance: Attendance,
    /// The times inside it for which there is no evidence: the verdict leans on nothing having happened then.
    pub uncovered: Vec<Span>,
    /// What it would take to close it, while it is open.
    pub remains: Option<Remains>,
}

/// How an exposure stands that is open at the end of the evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remains {
    /// Through which controls its audience gets in then.
    pub mechanisms: BTreeSet<Mechanism>,
    /// Through which of these it still may if every flag of the bucket's block, or of its account's, is on.
    pub despite_block: BTreeSet<Mechanism>,
    /// Through which controls it gets in if the bucket has no policy. They need not be open now: Deny statements go with a policy.
    pub without_policy: BTreeSet<Mechanism>,
    /// Through which controls anybody from outside gets in then.
    pub open_without_policy: BTreeSet<Mechanism>,
    /// Whether access points of the bucket grant others something too that a block silences, as it does only while a policy is public.
    pub silenced_points: bool,
    /// Whether it is known what the bucket policy says.
    pub policy_is_known: bool,
    /// The bucket's own block, where each of its flags is known.
    pub block: Option<BlockFlags>,
}

impl Exposure {
    /// Whether a request from outside succeeded inside it.
    pub fn is_confirmed(&self) -> bool {
        self.attendance.requests > 0
    }

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
    /// Who stands behind whoever made it.
    pub origin: Origin,
    /// What can be said of its records; `None` where there is no digest.
    pub integrity: Option<RecordVerdict>,
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
