//! Why is a verdict what it is, in one sentence?

use super::grant::Grant;
use super::known::Known;
use super::state::BucketState;
use super::verdict::{Mechanism, Verdict};

/// The reason for a verdict, with the rule that it follows.
pub fn reason(
    verdict: Verdict,
    deciding: &[&Grant],
    silenced: &[&Grant],
    bucket: &BucketState,
) -> String {
    let through_policy = deciding
        .iter()
        .any(|grant| grant.mechanism == Mechanism::BucketPolicy);
    let through_acl = deciding
        .iter()
        .any(|grant| grant.mechanism == Mechanism::BucketAcl);
    let by = match (through_policy, through_acl) {
        (true, true) => "the bucket policy and the bucket ACL",
        (_, true) => "the bucket ACL",
        _ => "the bucket policy",
    };
    let noted = deciding
        .iter()
        .map(|grant| grant.reason)
        .find(|reason| !reason.is_empty());
    let denied = deciding
        .iter()
        .find_map(|grant| grant.undecided_deny.as_ref());
    let sentence = match verdict {
        Verdict::Public => format!("{by} lets in anyone from outside, and no block or ownership setting silences it (S3 User Guide: the meaning of public)"),
        Verdict::CrossAccount => format!("{by} names principals outside the owner's account (S3 User Guide: fixed principals are not public)"),
        Verdict::Limited => format!("{by} holds a wildcard principal to fixed values, or names an AWS service (S3 User Guide: the meaning of public)"),
        Verdict::Private if !silenced.is_empty() => silencing(silenced),
        Verdict::Private if !deciding.is_empty() => {
            "the policy is public, but grants nothing that a stranger can use (S3 API: PutBucketPolicy needs an identity of the owner; actions need matching resources)".to_owned()
        }
        Verdict::Private => "no policy or ACL in force lets anyone in from outside the owner's account".to_owned(),
        Verdict::Unknown => unknown(bucket, noted.is_some()).to_owned(),
    };
    let noted = noted.map(|note| format!("; {note}")).unwrap_or_default();
    let denied = denied
        .map(|_| "; a Deny statement may take it away")
        .unwrap_or_default();
    format!("{sentence}{noted}{denied}")
}

fn unknown(bucket: &BucketState, undocumented: bool) -> &'static str {
    match (&bucket.policy, &bucket.acl) {
        _ if undocumented => "AWS does not document what a grant of it amounts to",
        (Known::Unobserved, Known::Unobserved) => {
            "neither a policy nor an ACL of this bucket was seen"
        }
        (Known::Opaque, _) => "the policy was changed, and to what cannot be told",
        (_, Known::Opaque) => "the ACL was changed, and to what cannot be told",
        _ => "a block or ownership setting was changed, and to what cannot be told",
    }
}

/// Which flags silence which grants.
fn silencing(silenced: &[&Grant]) -> String {
    let through = |mechanism| silenced.iter().any(|grant| grant.mechanism == mechanism);
    let policy = "RestrictPublicBuckets silences the public bucket policy";
    let acl = "IgnorePublicAcls silences the public ACL";
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
