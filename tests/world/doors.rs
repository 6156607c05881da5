//! By which door can who get in? The bucket itself, its objects by their own ACLs, each of its access points: an exposure
//! is of one door and one audience.

use std::collections::{BTreeMap, BTreeSet};

use crate::acl::Acl;
use crate::names::Audience;
use crate::point::Point;
use crate::policy::Policy;
use crate::reach::{Controls, Reach, Seen};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    Bucket,
    Objects,
    Point(&'static str),
}

impl Door {
    /// The columns `scope` and `access_point`.
    pub fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Bucket => ("bucket", ""),
            Self::Objects => ("objects", ""),
            Self::Point(name) => ("access-point", name),
        }
    }
}

pub type Who = (Door, Audience);

impl Controls {
    /// Everybody who can get in by any door.
    pub fn doors(&self) -> BTreeMap<Who, Reach> {
        let of = |door: Door, reach: BTreeMap<Audience, Reach>| {
            reach
                .into_iter()
                .map(move |(audience, way)| ((door, audience), way))
        };
        let mut doors: BTreeMap<Who, Reach> = of(Door::Bucket, self.reach()).collect();
        doors.extend(of(Door::Objects, self.by_objects()));
        for (name, point) in &self.points {
            doors.extend(of(Door::Point(name), self.by_point(name, point)));
        }
        doors
    }

    fn by_objects(&self) -> BTreeMap<Audience, Reach> {
        let mut reach: BTreeMap<Audience, Reach> = BTreeMap::new();
        for (&key, acl) in &self.objects {
            if self.silences(acl) {
                continue;
            }
            for (audience, may) in acl.audiences_of_object() {
                let mut way = self.way("object-acl", acl.is_public(), may);
                way.by = BTreeSet::from([key]);
                match reach.get_mut(&audience) {
                    None => drop(reach.insert(audience, way)),
                    Some(known) => known.join(way),
                }
            }
        }
        reach
    }

    fn silences(&self, acl: &Acl) -> bool {
        let ignored = acl.is_public()
            && (self.any_block(|flags| flags.ignore_acls) || self.block_is_opaque());
        ignored || self.acls_disabled() || self.ownership == Seen::Opaque
    }

    /// Both the access point's policy and the bucket's must let in; if one of them is public, RestrictPublicBuckets of
    /// the access point, the bucket and the account must be off.
    fn by_point(&self, name: &'static str, point: &Point) -> BTreeMap<Audience, Reach> {
        let (Some(own), Seen::Known(Some(policy)), false) =
            (&point.policy, &self.policy, point.for_vpc)
        else {
            return BTreeMap::new();
        };
        let public = own.is_public() || policy.is_public();
        let restricted = point.block.restrict
            || self.any_block(|flags| flags.restrict)
            || self.block_is_opaque();
        if public && restricted {
            return BTreeMap::new();
        }
        let grants = policy.grants_through(name, own).into_iter();
        let with_way = grants.map(|(audience, may)| {
            let mut way = self.way("access-point-policy", public, may);
            way.by = BTreeSet::from([name, "bucket-policy"]);
            if public && point.is_refuted {
                way.assumptions.insert("bucket-block-unseen");
            }
            (audience, way)
        });
        with_way.collect()
    }

    /// Is it certain that an audience that does not get in by a door is out there?
    pub fn surely_out_at(&self, (door, audience): Who) -> bool {
        match door {
            Door::Bucket => self.surely_out(audience),
            _ => {
                !self
                    .with_open_gates()
                    .doors()
                    .contains_key(&(door, audience))
                    && !self.maybe_by_unknown_policy((door, audience), |policy| {
                        !matches!(policy, Seen::Known(_))
                    })
            }
        }
    }

    /// Is an audience that does not get in perhaps in, because of a call whose outcome is not known?
    pub fn opaque_at(&self, (door, audience): Who) -> bool {
        match door {
            Door::Bucket => self.opaque_for(audience),
            _ => {
                self.with_open_gates()
                    .doors()
                    .contains_key(&(door, audience))
                    || self
                        .maybe_by_unknown_policy((door, audience), |policy| *policy == Seen::Opaque)
            }
        }
    }

    /// Could a bucket policy that is not known let in the audience through an access point?
    fn maybe_by_unknown_policy(
        &self,
        who: Who,
        is_unknown: impl Fn(&Seen<Option<Policy>>) -> bool,
    ) -> bool {
        let could = |policy: Policy| {
            let mut tried = self.with_open_gates();
            tried.policy = Seen::Known(Some(policy));
            tried.doors().contains_key(&who)
        };
        matches!(who.0, Door::Point(_))
            && is_unknown(&self.policy)
            && (Policy::kinds().into_iter().any(could) || self.named_by_some((who.0, who.1)))
    }

    /// A bucket policy may name the audience itself, to which an open policy of the access point then leads.
    fn named_by_some(&self, (door, _): Who) -> bool {
        let Door::Point(name) = door else {
            return false;
        };
        let own = self.points.get(name).filter(|point| !point.for_vpc);
        let public = own.and_then(|point| point.policy.as_ref());
        let cut = |point: &Point| point.block.restrict || self.any_block(|flags| flags.restrict);
        public.is_some_and(Policy::is_public) && !own.is_some_and(cut)
    }
}
