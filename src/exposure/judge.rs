//! Is it public? The whole rule.
//!
//! Two ways in, the policy and the ACL; three gates, RestrictPublicBuckets, IgnorePublicAcls and disabled ACLs. An unseen
//! control is taken at S3's default and named; an opaque one leaves the question open where it decides.

use super::access_list;
use super::assumption::{Entry, Gate, either, through};
use super::deny;
use super::explain::reason;
use super::grant::{Grant, Grantees, LimitedTo, Owner};
use super::known::Known;
use super::state::BucketState;
use super::verdict::{Answer, Assumption, Audience, Certainty, Outsider, Reach, Verdict};
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

/// One way in: its grants, each with what stands before it, and what holds for audiences that it grants nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Way {
    grants: Vec<(Grant, Entry)>,
    public: Entry,
    foreign: Entry,
    canonical: Entry,
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
        self.policy.grants.iter().chain(&self.acl.grants)
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

impl Way {
    /// The policy: RestrictPublicBuckets silences a policy that S3 calls public, for everybody but AWS services and the owner.
    fn by_policy(bucket: &BucketState, restrict: &Gate) -> Self {
        match &bucket.policy {
            Known::Unobserved => Self::unseen(Assumption::PolicyUnseen, restrict),
            Known::Opaque => Self::opaque(restrict),
            Known::Observed(None) => Self::granting(Vec::new()),
            Known::Observed(Some(policy)) => {
                let meaning = &policy.meaning;
                let gated = |grant: &Grant| {
                    (
                        grant.clone(),
                        behind_restrict(grant, meaning.aws_public, restrict),
                    )
                };
                let mut way = Self::granting(meaning.grants.iter().map(gated).collect());
                if meaning.undocumented && !restrict.is_on() {
                    way.public = Entry::Unknown;
                }
                way
            }
        }
    }

    /// The ACL: disabled ACLs silence all of it, IgnorePublicAcls its public grants, a Deny of the policy what it names.
    fn by_acl(bucket: &BucketState, ignore: &Gate, owner: &Owner) -> Self {
        match (&bucket.acl, bucket.acl_gate()) {
            (_, Gate::On) => Self::granting(Vec::new()),
            (Known::Unobserved, _) => Self {
                foreign: Entry::Shut,
                ..Self::unseen(Assumption::AclUnseen, ignore)
            },
            (Known::Opaque, _) => Self {
                foreign: Entry::Shut,
                ..Self::opaque(ignore)
            },
            (Known::Observed(acl), enabled) => {
                let grants = after_denies(access_list::grants(acl, owner), bucket, owner)
                    .into_iter()
                    .map(|grant| behind_ignore(grant, ignore, &enabled));
                Self::granting(grants.collect())
            }
        }
    }

    /// A way that is known to grant these and nothing else.
    fn granting(grants: Vec<(Grant, Entry)>) -> Self {
        Self {
            grants,
            public: Entry::Shut,
            foreign: Entry::Shut,
            canonical: Entry::Shut,
        }
    }

    /// A way of which nothing was seen: taken to grant nothing, but it might.
    fn unseen(assumption: Assumption, gate: &Gate) -> Self {
        let shut = Entry::shut_if(assumption);
        let public = if gate.is_on() {
            Entry::Shut
        } else {
            shut.clone()
        };
        Self {
            grants: Vec::new(),
            public,
            foreign: shut.clone(),
            canonical: shut,
        }
    }

    /// A way of which it cannot be told what it grants.
    fn opaque(gate: &Gate) -> Self {
        let public = if gate.is_on() {
            Entry::Shut
        } else {
            Entry::Unknown
        };
        Self {
            grants: Vec::new(),
            public,
            foreign: Entry::Unknown,
            canonical: Entry::Unknown,
        }
    }

    /// Whether an audience gets in this way.
    fn entry(&self, audience: &Audience) -> Entry {
        let ungranted = match audience {
            Audience::Public => &self.public,
            Audience::Foreign(Outsider::Canonical(_)) => &self.canonical,
            Audience::Foreign(_) => &self.foreign,
        };
        let concerns = |grant: &Grant| {
            grant.is_usable()
                && (grant.audience().as_ref() == Some(audience)
                    || is_open_question(grant, audience))
        };
        let granted = self
            .grants
            .iter()
            .filter(|(grant, _)| concerns(grant))
            .map(|(_, entry)| entry.clone());
        granted.fold(ungranted.clone(), Entry::or)
    }
}

/// A grant of which AWS does not say to whom it is might be to everyone.
fn is_open_question(grant: &Grant, audience: &Audience) -> bool {
    *audience == Audience::Public && grant.grantees == Grantees::Undocumented
}

fn behind_restrict(grant: &Grant, policy_is_public: Answer, restrict: &Gate) -> Entry {
    let undocumented = grant.is_doubtful();
    let entry = match (&grant.grantees, policy_is_public) {
        (Grantees::Own | Grantees::Nobody, _) => Entry::Shut,
        (Grantees::Limited(LimitedTo::Service), _) | (_, Answer::False) => {
            Entry::Open(BTreeSet::new())
        }
        // Whoever S3 calls public it shuts out; and what it does not call public does not let everyone in.
        (Grantees::Everyone | Grantees::AnyAwsAccount | Grantees::Undocumented, _)
            if restrict.is_on() =>
        {
            Entry::Shut
        }
        (_, Answer::Unknown) if restrict.is_on() => Entry::Unknown,
        _ => through(restrict),
    };
    match entry {
        Entry::Open(_) if undocumented => Entry::Unknown,
        Entry::Open(mut assumed) if grant.undecided_deny.is_some() => {
            assumed.insert(Assumption::DenyUndecided);
            Entry::Open(assumed)
        }
        entry => entry,
    }
}

fn behind_ignore(grant: Grant, ignore: &Gate, enabled: &Gate) -> (Grant, Entry) {
    let public = matches!(
        grant.grantees,
        Grantees::Everyone | Grantees::AnyAwsAccount | Grantees::Undocumented
    );
    let gate = if public {
        enabled.clone().or(ignore.clone())
    } else {
        enabled.clone()
    };
    let entry = match (&grant.grantees, through(&gate)) {
        (Grantees::Own | Grantees::Nobody, _) => Entry::Shut,
        (Grantees::Undocumented, Entry::Open(_)) => Entry::Unknown,
        (_, Entry::Open(mut assumed)) if grant.undecided_deny.is_some() => {
            assumed.insert(Assumption::DenyUndecided);
            Entry::Open(assumed)
        }
        (_, entry) => entry,
    };
    (grant, entry)
}

/// What is left of an ACL's grants under the Deny statements of the policy: an explicit Deny wins over any grant.
fn after_denies(grants: Vec<Grant>, bucket: &BucketState, owner: &Owner) -> Vec<Grant> {
    match bucket.policy.observed() {
        Some(Some(policy)) => deny::subtract(grants, &policy.meaning.denies, owner),
        _ => grants,
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
