//! Is it public? The whole rule.
//!
//! Two ways in, the policy and the ACL; three gates, RestrictPublicBuckets, IgnorePublicAcls and disabled ACLs. An unseen
//! control is taken at S3's default and named; an opaque one leaves the question open where it decides.

use super::assumption::{Entry, either};
use super::explain::reason;
use super::grant::{Grant, Grantees, LimitedTo, Owner};
use super::known::Known;
use super::places;
use super::state::BucketState;
use super::verdict::{
    Answer, Assumption, Audience, Certainty, Mechanism, Permission, Reach, Verdict,
};
use super::way::Way;
use crate::event::BlockFlags;
use crate::vocab::Untrusted;
use std::collections::{BTreeMap, BTreeSet};

/// What a state of the controls amounts to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// Who can get in, in one word.
    pub verdict: Verdict,
    /// What was assumed, of what could change the verdict.
    pub assumptions: BTreeSet<Assumption>,
    /// What those whom the verdict speaks of can do.
    pub reach: Reach,
    /// Each audience that gets in: what it can do, and what was assumed for that.
    pub open: BTreeMap<Audience, (Reach, BTreeSet<Assumption>)>,
    /// Whether a public grant is silenced by a block only.
    pub latent: bool,
    /// Whether S3 calls the policy public.
    pub aws_public: Answer,
    /// The statements and grants that decide.
    pub decided_by: BTreeSet<Untrusted>,
    /// The reason in one sentence.
    pub reason: Untrusted,
    ways: Ways,
}

impl Judgement {
    /// Whether events decide, or something was assumed. What is unknown is not decided.
    pub fn certainty(&self) -> Certainty {
        if self.assumptions.is_empty() && self.verdict != Verdict::Unknown {
            Certainty::Proven
        } else {
            Certainty::Assumed
        }
    }

    /// Whether a grant that is held to places explains that somebody did something of that class from an address.
    pub fn admits_from(
        &self,
        permission: Permission,
        (caller, address): (&Audience, &Untrusted),
    ) -> bool {
        self.ways.grants().any(|(grant, entry)| {
            grant.grantees == Grantees::Limited(LimitedTo::Places)
                && entry.is_open()
                && grant.is_usable()
                && grant.reach().permissions.contains(&permission)
                && places::may_be_met(&grant.conditions, caller, address)
        })
    }

    /// Whether a grant to an organization that is trusted explains that a foreign account did something of that class: which
    /// accounts are its members no record names.
    pub fn admits_members(&self, permission: Permission) -> bool {
        self.ways.grants().any(|(grant, _)| {
            grant.grantees == Grantees::Own
                && grant.principal.reveal().starts_with("o-")
                && grant.is_usable()
                && grant.reach().permissions.contains(&permission)
        })
    }

    /// Through which controls an audience gets in by what it is granted, or may.
    pub fn admitting(&self, audience: &Audience) -> BTreeSet<Mechanism> {
        let ways = [&self.ways.policy, &self.ways.acl].into_iter();
        ways.flat_map(|way| way.admitting(audience)).collect()
    }

    /// Whether one audience gets in.
    pub fn entry(&self, audience: &Audience) -> Entry {
        self.ways.entry(audience)
    }
}

/// Judges a state: total, pure.
pub fn judge(bucket: &BucketState, account_block: &Known<BlockFlags>, owner: &Owner) -> Judgement {
    let ways = Ways::of(bucket, account_block, owner);
    let public = ways.entry(&Audience::Public);
    let outsiders: Vec<Audience> = ways
        .audiences()
        .into_iter()
        .filter(|audience| *audience != Audience::Public)
        .collect();
    let foreign_open = outsiders
        .iter()
        .any(|audience| ways.entry(audience).is_open());
    let opaque = [&ways.policy, &ways.acl]
        .into_iter()
        .any(|way| way.canonical == Entry::Unknown);
    let foreign_unknown = opaque
        || outsiders
            .iter()
            .any(|audience| ways.entry(audience) == Entry::Unknown);
    let nothing_seen = bucket.policy == Known::Unobserved
        && bucket.acl == Known::Unobserved
        && !bucket.acls_disabled();

    let verdict = match public {
        Entry::Open(_) => Verdict::Public,
        Entry::Unknown => Verdict::Unknown,
        Entry::AssumedShut(_) if nothing_seen => Verdict::Unknown,
        _ if foreign_open => Verdict::CrossAccount,
        _ if foreign_unknown => Verdict::Unknown,
        _ if ways.has_limited(Entry::is_open) => Verdict::Limited,
        _ if ways.has_limited(|entry| *entry == Entry::Unknown) => Verdict::Unknown,
        _ => Verdict::Private,
    };
    ways.conclude(verdict, bucket)
}

/// The two ways into a bucket.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Ways {
    policy: Way,
    acl: Way,
}

impl Ways {
    fn of(bucket: &BucketState, account_block: &Known<BlockFlags>, owner: &Owner) -> Self {
        let restrict = bucket.block_gate(account_block, |flags| flags.restrict_public_buckets);
        let ignore = bucket.block_gate(account_block, |flags| flags.ignore_public_acls);
        Self {
            policy: Way::by_policy(bucket, &restrict),
            acl: Way::by_acl(bucket, &ignore, owner),
        }
    }

    fn entry(&self, audience: &Audience) -> Entry {
        self.policy.entry(audience).or(self.acl.entry(audience))
    }

    fn grants(&self) -> impl Iterator<Item = &(Grant, Entry)> {
        self.policy.grants().chain(self.acl.grants())
    }

    fn audiences(&self) -> BTreeSet<Audience> {
        self.grants()
            .filter(|(grant, _)| grant.is_usable())
            .filter_map(|(grant, _)| grant.audience())
            .collect()
    }

    fn has_limited(&self, is: fn(&Entry) -> bool) -> bool {
        self.grants().any(|(grant, entry)| {
            matches!(grant.grantees, Grantees::Limited(_)) && is(entry) && grant.is_usable()
        })
    }
}

impl Ways {
    fn conclude(self, verdict: Verdict, bucket: &BucketState) -> Judgement {
        let open: BTreeMap<_, _> = self
            .audiences()
            .into_iter()
            .filter_map(|audience| self.opened(audience))
            .collect();
        let deciding: Vec<&Grant> = self
            .grants()
            .filter(|(grant, entry)| decides(verdict, grant, entry))
            .map(|(grant, _)| grant)
            .collect();
        let mut reach = Reach::default();
        deciding
            .iter()
            .for_each(|grant| reach.extend(&grant.reach()));
        Judgement {
            verdict,
            assumptions: self.assumptions(verdict, bucket),
            decided_by: self.labels(verdict, &deciding),
            reason: reason(verdict, &deciding, &self.silenced(), bucket),
            reach,
            open,
            latent: !self.silenced().is_empty(),
            aws_public: bucket.aws_public(),
            ways: self,
        }
    }

    fn opened(&self, audience: Audience) -> Option<(Audience, (Reach, BTreeSet<Assumption>))> {
        let Entry::Open(assumed) = self.entry(&audience) else {
            return None;
        };
        let mut reach = Reach::default();
        let granted = self.grants().filter(|(grant, entry)| {
            entry.is_open() && grant.is_usable() && grant.audience().as_ref() == Some(&audience)
        });
        granted.for_each(|(grant, _)| reach.extend(&grant.reach()));
        Some((audience, (reach, assumed)))
    }

    /// Of what was assumed, what could change the verdict.
    fn assumptions(&self, verdict: Verdict, bucket: &BucketState) -> BTreeSet<Assumption> {
        let of = |entry: Entry| match entry {
            Entry::Open(assumed) | Entry::AssumedShut(assumed) => assumed,
            Entry::Unknown | Entry::Shut => BTreeSet::new(),
        };
        let public = of(self.entry(&Audience::Public));
        match verdict {
            Verdict::Public => public,
            Verdict::CrossAccount => public
                .into_iter()
                .chain(self.assumed_of_outsiders())
                .collect(),
            Verdict::Limited => public
                .into_iter()
                .chain(bucket.unseen_grants())
                .chain(self.assumed_of_limited())
                .collect(),
            Verdict::Private => public.into_iter().chain(bucket.unseen_grants()).collect(),
            Verdict::Unknown => BTreeSet::new(),
        }
    }

    /// What was assumed for the outsiders: if it were otherwise, none would get in.
    fn assumed_of_outsiders(&self) -> BTreeSet<Assumption> {
        let open = self
            .audiences()
            .into_iter()
            .filter(|audience| *audience != Audience::Public)
            .filter_map(|audience| self.opened(audience));
        open.map(|(_, (_, assumed))| assumed)
            .reduce(either)
            .unwrap_or_default()
    }

    /// What was assumed for the limited grants.
    fn assumed_of_limited(&self) -> BTreeSet<Assumption> {
        let assumed = self.grants().filter_map(|(grant, entry)| match entry {
            Entry::Open(assumed) if decides(Verdict::Limited, grant, entry) => {
                Some(assumed.clone())
            }
            _ => None,
        });
        assumed.reduce(either).unwrap_or_default()
    }

    /// The statements and grants behind the verdict; behind a private one, the public grants that a block silences.
    fn labels(&self, verdict: Verdict, deciding: &[&Grant]) -> BTreeSet<Untrusted> {
        let silenced = if verdict == Verdict::Private {
            self.silenced()
        } else {
            Vec::new()
        };
        deciding
            .iter()
            .copied()
            .chain(silenced)
            .map(|grant| grant.label.clone())
            .collect()
    }

    /// The public grants that a block silences.
    fn silenced(&self) -> Vec<&Grant> {
        let silenced = |(grant, entry): &&(Grant, Entry)| {
            *entry == Entry::Shut
                && grant.audience() == Some(Audience::Public)
                && grant.is_usable()
                && !grant.is_doubtful()
        };
        self.grants()
            .filter(silenced)
            .map(|(grant, _)| grant)
            .collect()
    }
}

/// Whether a grant is one of those that the verdict rests on. A public grant that nobody can use is shown though the verdict is private.
fn decides(verdict: Verdict, grant: &Grant, entry: &Entry) -> bool {
    match verdict {
        Verdict::Public => {
            entry.is_open() && grant.is_usable() && grant.audience() == Some(Audience::Public)
        }
        Verdict::CrossAccount => {
            entry.is_open() && grant.is_usable() && matches!(grant.grantees, Grantees::Fixed(_))
        }
        Verdict::Limited => {
            entry.is_open() && grant.is_usable() && matches!(grant.grantees, Grantees::Limited(_))
        }
        Verdict::Private => entry.is_open() && grant.audience().is_some(),
        Verdict::Unknown => *entry == Entry::Unknown,
    }
}
