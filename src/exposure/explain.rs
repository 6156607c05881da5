//! Why is a verdict what it is, in one sentence?

use super::action::Target;
use super::grant::Grant;
use super::known::Known;
use super::state::BucketState;
use super::verdict::{Mechanism, Verdict};
use crate::vocab::Untrusted;
use std::collections::BTreeSet;

/// The reason for a verdict, with the rule that it follows. It may hold names out of the policy.
pub fn reason(
    verdict: Verdict,
    deciding: &[&Grant],
    silenced: &[&Grant],
    bucket: &BucketState,
) -> Untrusted {
    let by = mechanisms(deciding);
    let sentence = match verdict {
        Verdict::Public => format!(
            "{by} lets in anyone from outside, and no block or ownership setting silences it (S3 User Guide: the meaning of public)"
        ),
        Verdict::CrossAccount => format!(
            "{by} names principals outside the owner's account (S3 User Guide: fixed principals are not public)"
        ),
        Verdict::Limited => format!(
            "{by} holds a wildcard principal to fixed values, or names an AWS service (S3 User Guide: the meaning of public)"
        ),
        Verdict::Private if !silenced.is_empty() => silencing(silenced),
        Verdict::Private if !deciding.is_empty() => useless(deciding),
        Verdict::Private if !takers(bucket).is_empty() => taken(&takers(bucket)),
        Verdict::Private => {
            "no policy or ACL in force lets anyone in from outside the owner's account".to_owned()
        }
        Verdict::Unknown => unknown(deciding, bucket),
    };
    format!("{sentence}{}{}", noted(deciding), denied(deciding)).into()
}

fn mechanisms(deciding: &[&Grant]) -> &'static str {
    let through = |mechanism| deciding.iter().any(|grant| grant.mechanism == mechanism);
    match (
        through(Mechanism::BucketPolicy),
        through(Mechanism::BucketAcl),
    ) {
        (true, true) => "the bucket policy and the bucket ACL",
        (_, true) => "the bucket ACL",
        _ => "the bucket policy",
    }
}

/// What needs saying of the grants that decide.
fn noted(deciding: &[&Grant]) -> String {
    let notes: BTreeSet<&str> = deciding
        .iter()
        .flat_map(|grant| grant.notes.iter().copied())
        .collect();
    notes.iter().map(|note| format!("; {note}")).collect()
}

/// The Deny statements that may take a deciding grant away, by name.
fn denied(deciding: &[&Grant]) -> String {
    let names: BTreeSet<&str> = deciding
        .iter()
        .filter_map(|grant| grant.undecided_deny.as_ref())
        .map(Untrusted::reveal)
        .collect();
    names
        .iter()
        .map(|name| format!("; the Deny `{name}` may take it away"))
        .collect()
}

/// A policy that grants something to outsiders, and nothing that they can use.
fn useless(deciding: &[&Grant]) -> String {
    let names = |target| {
        deciding
            .iter()
            .any(|grant| grant.actions.iter().any(|action| action.target == target))
            && !deciding.iter().any(|grant| grant.scope.has(target))
    };
    let nothing = deciding
        .iter()
        .all(|grant| grant.effective().next().is_none());
    let what = match (names(Target::Object), names(Target::Bucket)) {
        (true, _) if nothing => {
            "its actions act on objects and its resources name none: an object action on the bucket's ARN grants nothing (IAM service authorization reference: resource types of Amazon S3)"
        }
        (_, true) if nothing => {
            "its actions act on the bucket and its resources do not name it: a bucket action on objects grants nothing (IAM service authorization reference: resource types of Amazon S3)"
        }
        _ if nothing => "it names no action that S3 has",
        _ => {
            "only an identity of the owner's account can use it (S3 API: PutBucketPolicy answers others with 405)"
        }
    };
    format!("the policy grants outsiders nothing that they can use: {what}")
}

/// The Deny statements that leave nothing of a grant, by name.
fn takers(bucket: &BucketState) -> BTreeSet<&str> {
    let policy = bucket.policy.observed().and_then(Option::as_ref);
    let grants = policy.into_iter().flat_map(|policy| &policy.meaning.grants);
    grants
        .filter_map(|grant| grant.taken_by.as_ref())
        .map(Untrusted::reveal)
        .collect()
}

fn taken(names: &BTreeSet<&str>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "the Deny {} takes what the policy grants to anyone from outside (IAM User Guide: an explicit deny overrides any allow)",
        names.join(", ")
    )
}

fn unknown(deciding: &[&Grant], bucket: &BucketState) -> String {
    let doubts: BTreeSet<&str> = deciding.iter().filter_map(|grant| grant.doubt).collect();
    if doubts.is_empty() {
        return undecided(deciding, bucket).to_owned();
    }
    let doubts: Vec<&str> = doubts.into_iter().collect();
    format!(
        "AWS does not document whom a grant of it lets in: {}",
        doubts.join("; ")
    )
}

fn undecided(deciding: &[&Grant], bucket: &BucketState) -> &'static str {
    match (&bucket.policy, &bucket.acl) {
        (Known::Unobserved, Known::Unobserved) => {
            "neither a policy nor an ACL of this bucket was seen"
        }
        (Known::Opaque, _) => "the policy was changed, and to what cannot be told",
        (_, Known::Opaque) => "the ACL was changed, and to what cannot be told",
        _ if !deciding.is_empty()
            && bucket.block != Known::Opaque
            && bucket.ownership != Known::Opaque =>
        {
            "AWS does not say whether it calls the policy public, and so whether RestrictPublicBuckets or an unseen block silences it"
        }
        _ => "a block or ownership setting was changed, and to what cannot be told",
    }
}

/// Which flags silence which grants.
fn silencing(silenced: &[&Grant]) -> String {
    let through = |mechanism| silenced.iter().any(|grant| grant.mechanism == mechanism);
    let policy = "RestrictPublicBuckets silences the public bucket policy";
    let acl = "IgnorePublicAcls or disabled ACLs silence the public ACL";
    let flags = match (
        through(Mechanism::BucketPolicy),
        through(Mechanism::BucketAcl),
    ) {
        (true, true) => format!("{policy}, and {acl}"),
        (true, false) => policy.to_owned(),
        _ => acl.to_owned(),
    };
    format!("{flags} (S3 User Guide: blocking public access)")
}
