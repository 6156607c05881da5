//! By one way, the policy or an ACL, who gets in?

use super::access_list;
use super::assumption::{Entry, Gate, through};
use super::deny;
use super::grant::{Grant, Grantees, LimitedTo, Owner};
use super::known::Known;
use super::state::BucketState;
use super::verdict::{Answer, Assumption, Audience, Mechanism, Outsider};
use std::collections::BTreeSet;

/// One way in: its grants, each with what stands before it, and what holds for audiences that it grants nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Way {
    grants: Vec<(Grant, Entry)>,
    public: Entry,
    foreign: Entry,
    pub(super) canonical: Entry,
}

impl Default for Way {
    /// A way that lets nobody in.
    fn default() -> Self {
        Self::granting(Vec::new())
    }
}

impl Way {
    /// The policy: RestrictPublicBuckets silences a policy that S3 calls public, for everybody but AWS services and the owner.
    pub(super) fn by_policy(bucket: &BucketState, restrict: &Gate) -> Self {
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
    pub(super) fn by_acl(bucket: &BucketState, ignore: &Gate, owner: &Owner) -> Self {
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
    pub(super) fn granting(grants: Vec<(Grant, Entry)>) -> Self {
        Self {
            grants,
            public: Entry::Shut,
            foreign: Entry::Shut,
            canonical: Entry::Shut,
        }
    }

    /// The same way, with these grants beside what holds for everybody.
    pub(super) fn also_granting(self, grants: Vec<(Grant, Entry)>) -> Self {
        Self { grants, ..self }
    }

    /// Whether it may let in outsiders whom no grant names.
    pub(super) fn may_hide_outsiders(&self) -> bool {
        [&self.foreign, &self.canonical]
            .into_iter()
            .any(|entry| *entry == Entry::Unknown)
    }

    /// A way of which nothing can be told.
    pub(super) fn undecided() -> Self {
        Self {
            grants: Vec::new(),
            public: Entry::Unknown,
            foreign: Entry::Unknown,
            canonical: Entry::Unknown,
        }
    }

    /// The same way, of which this holds for every outsider that it grants nothing.
    pub(super) fn for_outsiders(self, entry: Entry) -> Self {
        Self {
            foreign: entry.clone(),
            canonical: entry,
            ..self
        }
    }

    /// Through which controls an audience gets in by what it is granted, or may.
    pub(super) fn admitting(&self, audience: &Audience) -> impl Iterator<Item = Mechanism> {
        let may = |(grant, entry): &&(Grant, Entry)| {
            matches!(entry, Entry::Open(_) | Entry::Unknown)
                && grant.is_usable()
                && grant.audience().as_ref() == Some(audience)
        };
        self.grants
            .iter()
            .filter(may)
            .map(|(grant, _)| grant.mechanism)
    }

    /// The grants, each with what stands before it.
    pub(super) fn grants(&self) -> impl Iterator<Item = &(Grant, Entry)> {
        self.grants.iter()
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
    pub(super) fn opaque(gate: &Gate) -> Self {
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
    pub(super) fn entry(&self, audience: &Audience) -> Entry {
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

pub(super) fn behind_ignore(grant: Grant, ignore: &Gate, enabled: &Gate) -> (Grant, Entry) {
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
pub(super) fn after_denies(grants: Vec<Grant>, bucket: &BucketState, owner: &Owner) -> Vec<Grant> {
    match bucket.policy.observed() {
        Some(Some(policy)) => deny::subtract(grants, &policy.meaning.denies, owner),
        _ => grants,
    }
}
