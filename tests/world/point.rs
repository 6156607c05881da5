//! What is done to a bucket's access points? Created with a block or for a VPC, given a policy, deleted; the requests go
//! to S3 Control and name the bucket only when an access point is created.

use crate::dice::Dice;
use crate::json::{Fields, Json};
use crate::names::{BUCKETS, OURS};
use crate::parameters::block;
use crate::policy::Policy;
use crate::s3::{ALL_ON, Call, Flags};

const XMLNS: &str = "http://awss3control.amazonaws.com/doc/2018-08-20/";

/// An access point as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub block: Flags,
    /// Its block was known to be another, but S3 did what that refuses.
    pub is_refuted: bool,
    pub for_vpc: bool,
    pub policy: Option<Policy>,
}

#[derive(Debug, Clone)]
pub enum PointCall {
    Create(Option<Flags>, bool),
    Delete,
    PutPolicy(Policy),
    DeletePolicy,
}

const FIRST: [&str; 12] = [
    "assets-ap",
    "backups-ap",
    "billing-ap",
    "builds-ap",
    "exports-ap",
    "invoices-ap",
    "logs-ap",
    "media-ap",
    "models-ap",
    "reports-ap",
    "uploads-ap",
    "www-ap",
];
const SECOND: [&str; 12] = [
    "assets-web",
    "backups-web",
    "billing-web",
    "builds-web",
    "exports-web",
    "invoices-web",
    "logs-web",
    "media-web",
    "models-web",
    "reports-web",
    "uploads-web",
    "www-web",
];

/// The names that a bucket's access points have.
pub fn names(bucket: &str) -> [&'static str; 2] {
    let at = BUCKETS.into_iter().position(|name| name == bucket).unwrap();
    [FIRST[at], SECOND[at]]
}

impl Point {
    pub fn created(block: Option<Flags>, for_vpc: bool) -> Self {
        Self {
            block: block.unwrap_or(ALL_ON),
            is_refuted: false,
            for_vpc,
            policy: None,
        }
    }
}

impl Point {
    /// With a policy that S3 accepted: a block that refuses it cannot be its.
    pub fn accepting(self, policy: &Policy) -> Self {
        let is_refuted = self.is_refuted || policy.is_public() && self.block.block_policy;
        Self {
            block: if is_refuted {
                Flags::default()
            } else {
                self.block
            },
            is_refuted,
            policy: Some(policy.clone()),
            ..self
        }
    }
}

impl PointCall {
    pub fn any(there: bool, owner: usize, dice: &mut Dice) -> Self {
        if dice.chance(if there { 5 } else { 85 }) {
            let block = dice.chance(75).then(|| open_block(dice));
            return Self::Create(block, dice.chance(15));
        }
        match dice.below(10) {
            0 => Self::Delete,
            1 | 2 => Self::DeletePolicy,
            _ => Self::PutPolicy(Policy::any_of_point(owner, dice)),
        }
    }

    pub fn event_name(&self) -> &'static str {
        match self {
            Self::Create(..) => "CreateAccessPoint",
            Self::Delete => "DeleteAccessPoint",
            Self::PutPolicy(_) => "PutAccessPointPolicy",
            Self::DeletePolicy => "DeleteAccessPointPolicy",
        }
    }

    pub fn fields(&self, name: &'static str, call: &Call, dice: &mut Dice) -> Fields {
        let mut fields: Fields = vec![("name", name.into())];
        let mut body: Fields = vec![("xmlns", XMLNS.into())];
        match self {
            Self::Create(flags, for_vpc) => {
                body.push(("Bucket", call.bucket.unwrap_or_default().into()));
                body.extend(flags.map(|flags| block(flags, XMLNS, dice)));
                if *for_vpc {
                    let vpc = vec![("VpcId", "vpc-1a2b3c4d".into())];
                    body.push(("VpcConfiguration", Json::Object(vpc)));
                }
                fields.push(("CreateAccessPointRequest", Json::Object(body)));
            }
            Self::PutPolicy(policy) => {
                let json = policy.json(&arn(name, call), "/object", &OURS[call.account]);
                body.push(("Policy", json.text().into()));
                fields.push(("PutAccessPointPolicyRequest", Json::Object(body)));
            }
            Self::Delete | Self::DeletePolicy => {}
        }
        fields
    }

    pub fn tell(&self) -> String {
        match self {
            Self::Create(block, for_vpc) => format!("{block:?} vpc {for_vpc}"),
            Self::PutPolicy(policy) => policy.tell(),
            Self::Delete | Self::DeletePolicy => String::new(),
        }
    }
}

/// Mostly none that cuts anything.
fn open_block(dice: &mut Dice) -> Flags {
    Flags {
        block_policy: dice.chance(15),
        restrict: dice.chance(20),
        block_acls: dice.chance(50),
        ignore_acls: dice.chance(50),
    }
}

/// `arn:aws:s3:region:account:accesspoint/name`
pub fn arn(name: &str, call: &Call) -> String {
    let account = OURS[call.account].id;
    format!("arn:aws:s3:{}:{account}:accesspoint/{name}", call.region)
}
