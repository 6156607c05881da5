//! What does S3 make of each documented form of policy, ACL and block? The project's table of cases, one named test a row.
//!
//! The first letter and number of a name is the case's number. Firm rows follow from AWS's pages (the S3 User Guide on
//! blocking public access, ACLs and Object Ownership, the IAM User Guide on policy elements, the Storage Blog), or from real
//! logs. Of the rows under "leaning" AWS does not publish an answer: they pin ours, so that a change of mind shows.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod acls;
mod blocks;
mod policies;

use leaktrail::event::{Acl, BlockFlags, Ownership, Policy};
use leaktrail::exposure::{
    AclSetting, BlockSetting, BucketState, Judgement, Known, Owner, PolicyInForce, PolicyKind,
    PolicyMeaning, judge,
};
use leaktrail::vocab::AccountId;
use serde_json::{Value, json};
use std::sync::Arc;

const OWNER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const STRANGER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// The owner, of whom the account and the canonical id are known.
fn owner() -> Owner {
    Owner {
        account: AccountId::parse("111122223333"),
        canonical_ids: [OWNER.into()].into(),
        ..Owner::default()
    }
}

/// A bucket with nothing but what a case gives it.
fn bare() -> BucketState {
    BucketState {
        policy: Known::Observed(None),
        acl: Known::Observed(Arc::new(Acl::owner_only())),
        ownership: Known::Observed(AclSetting::Exactly(Ownership::ObjectWriter)),
        block: Known::Observed(BlockSetting::Exactly(BlockFlags::NONE)),
    }
}

fn in_force(policy: &Value, kind: PolicyKind) -> Known<Option<Arc<PolicyInForce>>> {
    let policy = Policy::parse(policy).expect("a policy");
    let meaning = PolicyMeaning::of(&policy, &owner(), kind);
    Known::Observed(Some(Arc::new(PolicyInForce { policy, meaning })))
}

fn judged(state: &BucketState) -> Judgement {
    judge(state, &Known::Observed(BlockFlags::NONE), &owner())
}

/// A statement with its short forms written out: everyone may read all objects, but for what it says itself.
fn statement(short: &Value) -> Value {
    let mut whole =
        json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "B:/*"});
    for (element, value) in short.as_object().expect("an object") {
        if value.is_null() {
            whole.as_object_mut().expect("an object").remove(element);
        } else {
            whole[element] = value.clone();
        }
    }
    spelled_out(&whole)
}

/// `B:` stands for the bucket's ARN, `GROUP:` for the ACL groups, OWNER and STRANGER for canonical ids.
fn spelled_out(value: &Value) -> Value {
    let text = value.to_string();
    let text = text
        .replace("\"B:", "\"arn:aws:s3:::amzn-s3-demo-bucket")
        .replace("GROUP:", "http://acs.amazonaws.com/groups/")
        .replace("OWNER", OWNER)
        .replace("STRANGER", STRANGER);
    serde_json::from_str(&text).expect("JSON")
}

fn shown(judged: &Judgement) -> (Vec<&str>, Vec<&str>) {
    let principals = judged.reach.principals.iter().map(|name| name.reveal());
    let permissions = judged.reach.permissions.iter().map(|class| class.name());
    (principals.collect(), permissions.collect())
}
