//! What would S3 answer to calls on the objects and access points of a bucket, and what do they change?

use crate::object::ObjectCall;
use crate::point::{Point, PointCall};
use crate::s3::{Bucket, Flags, Refusal, refuse};

const BY_BLOCKED_ACLS: &str = "User is not authorized to perform: s3:PutObjectAcl because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.";
const BY_BLOCKED_POLICIES: &str = "User is not authorized to perform: s3:PutAccessPointPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";

impl Bucket {
    pub fn object_refusal(
        &self,
        key: &str,
        object: &ObjectCall,
        block: Flags,
        enforced: bool,
    ) -> Option<Refusal> {
        let there = self.objects.contains_key(key);
        match (object, object.asks()) {
            (ObjectCall::PutAcl(_), _) if !there => {
                refuse("NoSuchKey", "The specified key does not exist.")
            }
            (_, Some(ask)) if enforced && !ask.leaves_it_to_the_owner() => refuse(
                "AccessControlListNotSupported",
                "The bucket does not allow ACLs",
            ),
            (_, Some(ask)) if block.block_acls && ask.acl.is_public() => {
                refuse("AccessDenied", BY_BLOCKED_ACLS)
            }
            _ => None,
        }
    }

    pub fn change_object(&mut self, key: &'static str, object: &ObjectCall) {
        match object.leaves() {
            Some(Some(acl)) => _ = self.objects.insert(key, acl),
            Some(None) => _ = self.objects.remove(key),
            None => {}
        }
    }

    pub fn point_refusal(&self, name: &str, point: &PointCall, block: Flags) -> Option<Refusal> {
        match (self.points.get(name), point) {
            (Some(_), PointCall::Create(..)) => refuse(
                "AccessPointAlreadyOwnedByYou",
                "Your previous request to create the named accesspoint succeeded and you already own it.",
            ),
            (None, PointCall::Create(..)) => None,
            (None, _) => refuse(
                "NoSuchAccessPoint",
                "The specified accesspoint does not exist",
            ),
            (Some(known), PointCall::PutPolicy(policy))
                if policy.is_public() && block.or(known.block).block_policy =>
            {
                refuse("AccessDenied", BY_BLOCKED_POLICIES)
            }
            _ => None,
        }
    }

    pub fn change_point(&mut self, name: &'static str, call: &PointCall) {
        match call {
            PointCall::Create(block, for_vpc) => {
                self.points.insert(name, Point::created(*block, *for_vpc));
            }
            PointCall::Delete => _ = self.points.remove(name),
            PointCall::PutPolicy(policy) => self.set_point_policy(name, Some(policy.clone())),
            PointCall::DeletePolicy => self.set_point_policy(name, None),
        }
    }

    fn set_point_policy(&mut self, name: &str, policy: Option<crate::policy::Policy>) {
        if let Some(point) = self.points.get_mut(name) {
            point.policy = policy;
        }
    }
}
