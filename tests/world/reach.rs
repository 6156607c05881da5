//! Who can get in, and what would have to be otherwise for them not to? The formulas of semantics.md 0, over controls
//! of which some may be unseen: such a one stands at S3's default (reports.md, Verdicts). An opaque one decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::acl::Acl;
use crate::names::Audience;
use crate::point::Point;
use crate::policy::{Permissions, Policy};
use crate::s3::{Bucket, Flags, Ownership};

/// What the evidence says of one control.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Seen<T> {
    /// No event tells.
    #[default]
    Unseen,
    Known(T),
    /// The last call may have taken effect or not.
    Opaque,
}

/// The controls of one bucket and its account's block, and what it has of its own below it.
#[derive(Debug, Clone, Default)]
pub struct Controls {
    pub policy: Seen<Option<Policy>>,
    pub acl: Seen<Acl>,
    pub ownership: Seen<Ownership>,
    pub bucket_block: Seen<Flags>,
    pub account_block: Seen<Flags>,
    /// The objects whose own ACL is known; of others nothing is assumed.
    pub objects: BTreeMap<&'static str, Acl>,
    /// The access points whose creation was seen.
    pub points: BTreeMap<&'static str, Point>,
}

/// What one audience can do, by which mechanisms, and which unseen controls could each alone keep it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    pub permissions: Permissions,
    pub mechanisms: BTreeSet<&'static str>,
    pub assumptions: BTreeSet<&'static str>,
    /// The mechanism, the object or the access point whose grant it is.
    pub by: BTreeSet<&'static str>,
}

impl Controls {
    /// A bucket as it really is: nothing unseen.
    pub fn of(bucket: &Bucket, account_block: Flags) -> Self {
        Self {
            policy: Seen::Known(bucket.policy.clone()),
            acl: Seen::Known(bucket.acl.clone()),
            ownership: Seen::Known(bucket.ownership),
            bucket_block: Seen::Known(bucket.block),
            account_block: Seen::Known(account_block),
            objects: bucket.objects.clone(),
            points: bucket.points.clone(),
        }
    }

    /// Everybody from outside who can get in, as far as is seen.
    pub fn reach(&self) -> BTreeMap<Audience, Reach> {
        let mut reach = BTreeMap::new();
        for (audience, way) in self.by_policy().into_iter().chain(self.by_acl()) {
            match reach.get_mut(&audience) {
                None => drop(reach.insert(audience, way)),
                Some(known) => known.join(way),
            }
        }
        reach
    }

    /// RestrictPublicBuckets cuts every grant of a public policy, and only of a public one.
    fn by_policy(&self) -> Vec<(Audience, Reach)> {
        let Seen::Known(Some(policy)) = &self.policy else {
            return vec![];
        };
        let restricted = policy.is_public()
            && (self.any_block(|flags| flags.restrict) || self.block_is_opaque());
        let grants = policy.grants().into_iter().filter(|_| !restricted);
        grants
            .map(|(audience, may)| (audience, self.way("bucket-policy", policy.is_public(), may)))
            .collect()
    }

    /// IgnorePublicAcls silences a public ACL, disabled ACLs are silent all.
    fn by_acl(&self) -> Vec<(Audience, Reach)> {
        let Seen::Known(acl) = &self.acl else {
            return vec![];
        };
        let ignored = acl.is_public()
            && (self.any_block(|flags| flags.ignore_acls) || self.block_is_opaque());
        let silent = ignored || self.acls_disabled() || self.ownership == Seen::Opaque;
        let grants = acl.audiences().into_iter().filter(|_| !silent);
        grants
            .map(|(audience, may)| (audience, self.way("bucket-acl", acl.is_public(), may)))
            .collect()
    }

    /// Does anything let in a service, or a wildcard held to something fixed? RestrictPublicBuckets leaves of a public
    /// policy what it grants to services, and nothing else from outside.
    pub fn lets_in_some(&self) -> bool {
        let restricted = self.any_block(|flags| flags.restrict);
        let by_policy = match &self.policy {
            Seen::Known(Some(policy)) if policy.is_public() && restricted => {
                policy.serves_services()
            }
            Seen::Known(Some(policy)) => policy.serves_services() || policy.serves_fixed_sources(),
            _ => false,
        };
        let by_acl = matches!(&self.acl, Seen::Known(acl) if acl.serves_services());
        by_policy || by_acl && !self.acls_disabled()
    }

    /// A block can close what is public, and nothing else.
    pub fn way(&self, mechanism: &'static str, public: bool, permissions: Permissions) -> Reach {
        let assumptions = if public {
            self.unseen_blocks()
        } else {
            BTreeSet::new()
        };
        Reach {
            permissions,
            mechanisms: BTreeSet::from([mechanism]),
            assumptions,
            by: BTreeSet::from([mechanism]),
        }
    }

    /// Is it certain that an audience that `reach` does not hold is out: could no control that is not known have let
    /// it in alone?
    pub fn surely_out(&self, audience: Audience) -> bool {
        !self.maybe_by_gates(audience)
            && !self.maybe_by_policy(audience, matches!(self.policy, Seen::Known(_)))
            && !self.maybe_by_acl(audience, matches!(self.acl, Seen::Known(_)))
    }

    /// Is an audience that `reach` does not hold perhaps in, because of a call whose outcome is not known?
    pub fn opaque_for(&self, audience: Audience) -> bool {
        self.maybe_by_gates(audience)
            || self.maybe_by_policy(audience, self.policy != Seen::Opaque)
            || self.maybe_by_acl(audience, self.acl != Seen::Opaque)
    }

    /// A policy may name anybody.
    fn maybe_by_policy(&self, audience: Audience, told: bool) -> bool {
        !told && (audience != Audience::Public || !self.any_block(|flags| flags.restrict))
    }

    /// An ACL names the groups and canonical ids, never an account by its number.
    fn maybe_by_acl(&self, audience: Audience, told: bool) -> bool {
        let could = match audience {
            Audience::Public => !self.any_block(|flags| flags.ignore_acls),
            Audience::Canonical(_) => true,
            Audience::Account(_) | Audience::Organization(_) => false,
        };
        !told && could && !self.acls_disabled()
    }

    /// If what is opaque of blocks and ownership were open, would the audience be in?
    fn maybe_by_gates(&self, audience: Audience) -> bool {
        self.with_open_gates().reach().contains_key(&audience)
    }

    /// What is opaque of blocks and ownership taken as open.
    pub fn with_open_gates(&self) -> Self {
        let mut open = self.clone();
        for block in [&mut open.bucket_block, &mut open.account_block] {
            if *block == Seen::Opaque {
                *block = Seen::Known(Flags::default());
            }
        }
        if open.ownership == Seen::Opaque {
            open.ownership = Seen::Known(Ownership::ObjectWriter);
        }
        open
    }

    pub fn acls_disabled(&self) -> bool {
        self.ownership == Seen::Known(Ownership::BucketOwnerEnforced)
    }

    fn blocks(&self) -> [(&'static str, Seen<Flags>); 2] {
        [
            ("bucket-block-unseen", self.bucket_block),
            ("account-block-unseen", self.account_block),
        ]
    }

    pub fn any_block(&self, flag: impl Fn(Flags) -> bool) -> bool {
        self.blocks()
            .into_iter()
            .any(|(_, block)| matches!(block, Seen::Known(flags) if flag(flags)))
    }

    pub fn block_is_opaque(&self) -> bool {
        self.blocks()
            .into_iter()
            .any(|(_, block)| block == Seen::Opaque)
    }

    fn unseen_blocks(&self) -> BTreeSet<&'static str> {
        self.blocks()
            .into_iter()
            .filter(|(_, block)| *block == Seen::Unseen)
            .map(|(name, _)| name)
            .collect()
    }
}

impl Reach {
    /// Two ways in at one time: only what would close both is an assumption.
    pub fn join(&mut self, other: Self) {
        self.permissions.extend(other.permissions);
        self.mechanisms.extend(other.mechanisms);
        self.by.extend(other.by);
        self.assumptions
            .retain(|assumption| other.assumptions.contains(assumption));
    }
}
