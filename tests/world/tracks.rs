//! What does one call tell of the controls of a bucket? What it set, what S3 made sure of before it did that, and what an
//! error or a read proves (semantics.md 3.3).

use std::collections::BTreeMap;

use crate::acl::Acl;
use crate::object::ObjectCall;
use crate::point::{Point, PointCall};
use crate::policy::Policy;
use crate::reach::Seen;
use crate::reads::Read;
use crate::s3::{Call, Flags, Ownership, Request};
use crate::track::{Place, Track};

/// The controls of a bucket, and what it has below it.
#[derive(Debug, Default)]
pub struct Tracks {
    /// By key, what its ACL is, or that nothing is known of it.
    pub objects: BTreeMap<&'static str, Track<Option<Acl>>>,
    pub points: BTreeMap<&'static str, Track<Option<Point>>>,
    pub policy: Track<Option<Policy>>,
    pub acl: Track<Acl>,
    pub ownership: Track<Ownership>,
    pub block: Track<Flags>,
}

impl Tracks {
    /// What a call that tells something of the bucket tells of its controls.
    pub fn learn(&mut self, place: Place, call: &Call) {
        match &call.refused {
            None if matches!(self.block.now(), Seen::Known(flags) if forbids(flags, call)) => {
                self.block.refute(place);
                self.take(place, call);
            }
            None => self.take(place, call),
            Some(_) if call.is_uncertain() => self.doubt(place, &call.request),
            Some(refusal) => self.hear(place, refusal.code, &call.request),
        }
    }

    /// What a success sets, and what S3 made sure of before.
    fn take(&mut self, place: Place, call: &Call) {
        match &call.request {
            // If the bucket was there before, in us-east-1: resets the ACL, and nothing else.
            Request::CreateBucket { acl, .. } => {
                let acl = acl.as_ref().map(|ask| ask.acl.clone()).unwrap_or_default();
                self.acl.set(place, acl);
            }
            Request::PutPolicy(policy) => self.policy.set(place, Some(policy.clone())),
            Request::DeletePolicy => self.policy.set(place, None),
            Request::PutAcl(ask) => {
                self.ownership.prove(place, Ownership::ObjectWriter);
                self.acl.set(place, ask.acl.clone());
            }
            Request::PutBlock(flags) => self.block.set(place, *flags),
            Request::DeleteBlock => self.block.set(place, Flags::default()),
            Request::PutOwnership(ownership) => self.own(place, *ownership),
            Request::DeleteOwnership => self.own(place, Ownership::ObjectWriter),
            Request::Object(key, object) => self.take_object(place, key, object),
            Request::Point(name, point) => self.take_point(place, name, point),
            Request::Read(Read::Policy | Read::PolicyStatus) if !self.policy.is_fresh(place) => {
                self.policy.prove_some(place, Option::is_some);
            }
            _ => {}
        }
    }

    /// An ACL that grants others proves ACLs enabled, as that of a bucket does.
    fn take_object(&mut self, place: Place, key: &'static str, object: &ObjectCall) {
        if object.asks().is_some_and(|ask| !ask.acl.grants.is_empty()) {
            self.ownership.prove(place, Ownership::ObjectWriter);
        }
        if let Some(left) = object.leaves() {
            self.objects.entry(key).or_default().set(place, left);
        }
    }

    /// Only an access point whose creation was seen is known to belong to this bucket. Its block cannot be changed: one
    /// that would have refused what S3 accepted is none.
    fn take_point(&mut self, place: Place, name: &'static str, call: &PointCall) {
        let track = self.points.entry(name).or_default();
        let known = match track.now() {
            Seen::Known(Some(point)) => Some(point),
            _ => None,
        };
        let after = match (call, known) {
            (PointCall::Create(block, for_vpc), _) => Some(Point::created(*block, *for_vpc)),
            (PointCall::Delete, _) | (_, None) => None,
            (PointCall::PutPolicy(policy), Some(point)) => Some(point.accepting(policy)),
            (PointCall::DeletePolicy, Some(point)) => Some(Point {
                policy: None,
                ..point
            }),
        };
        track.set(place, after);
    }

    /// S3 enforces ownership only over an ACL that grants nobody else.
    fn own(&mut self, place: Place, ownership: Ownership) {
        self.ownership.set(place, enabled_or_not(ownership));
        if ownership == Ownership::BucketOwnerEnforced {
            self.disable_acls(place);
        }
    }

    /// An ACL that was known to grant others counts until here, though there must have been another one by now.
    fn disable_acls(&mut self, place: Place) {
        match self.acl.now() {
            Seen::Known(acl) if !acl.grants.is_empty() => self.acl.set(place, Acl::default()),
            _ => self.acl.prove(place, Acl::default()),
        }
    }

    /// After an error that may come too late: its control is anything, whatever was asked.
    fn doubt(&mut self, place: Place, request: &Request) {
        match request {
            Request::PutPolicy(_) | Request::DeletePolicy => self.policy.cloud(place),
            Request::PutAcl(_) => self.acl.cloud(place),
            Request::PutBlock(_) | Request::DeleteBlock => self.block.cloud(place),
            Request::PutOwnership(_) | Request::DeleteOwnership => self.ownership.cloud(place),
            _ => {}
        }
    }

    /// What an error proves.
    fn hear(&mut self, place: Place, code: &str, request: &Request) {
        match (code, request) {
            ("NoSuchBucketPolicy", _) => self.policy.read(place, None),
            ("NoSuchPublicAccessBlockConfiguration", _) => {
                self.block.read(place, Flags::default());
            }
            ("OwnershipControlsNotFoundError", _) => {
                self.ownership.read(place, Ownership::ObjectWriter);
            }
            ("AccessControlListNotSupported", _) => {
                self.ownership.prove(place, Ownership::BucketOwnerEnforced);
                self.disable_acls(place);
            }
            ("InvalidBucketAclWithObjectOwnership", Request::PutOwnership(_)) => {
                self.ownership.prove(place, Ownership::ObjectWriter);
                self.acl.prove_some(place, |acl| !acl.grants.is_empty());
            }
            _ => {}
        }
    }
}

/// ACLs are disabled or they are not; the two ways in which they are enabled make no difference to a bucket.
pub fn enabled_or_not(ownership: Ownership) -> Ownership {
    match ownership {
        Ownership::BucketOwnerEnforced => ownership,
        _ => Ownership::ObjectWriter,
    }
}

/// Is it the error of a read that finds nothing?
pub fn is_missing(code: &str) -> bool {
    [
        "NoSuchBucketPolicy",
        "NoSuchPublicAccessBlockConfiguration",
        "OwnershipControlsNotFoundError",
    ]
    .contains(&code)
}

/// Would S3 have refused, with these flags on, what it accepted?
pub fn forbids(flags: Flags, call: &Call) -> bool {
    call.refused.is_none()
        && match &call.request {
            Request::PutPolicy(policy) => flags.block_policy && policy.is_public(),
            Request::PutAcl(ask) => flags.block_acls && ask.acl.is_public(),
            Request::CreateBucket { acl: Some(ask), .. } => flags.block_acls && ask.acl.is_public(),
            Request::Object(_, object) => {
                flags.block_acls && object.asks().is_some_and(|ask| ask.acl.is_public())
            }
            Request::Point(_, PointCall::PutPolicy(policy)) => {
                flags.block_policy && policy.is_public()
            }
            _ => false,
        }
}
