//! Whom does a bucket policy let in?
//!
//! Two answers, kept apart. `aws_public`: what S3 calls a public policy (GetBucketPolicyStatus, and what the block's flags
//! look at). The grants: who can really get in, after Deny.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>
//!
//! The rule is the one that AWS's page states today; `edition` says where an earlier one read otherwise.

use super::action::expand;
use super::condition::{PolicyKind, Reading};
use super::deny::{Deny, subtract};
use super::edition::Edition;
use super::grant::{Grant, Grantees, Owner};
use super::limits::Limits;
use super::principal;
use super::resource::{Named, Scope};
use super::verdict::{Answer, Mechanism};
use crate::event::{Effect, Policy, Statement};
use crate::vocab::{BucketName, Untrusted};
use std::collections::BTreeSet;

/// What a policy means for one owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyMeaning {
    /// Whether S3 calls the policy public.
    pub aws_public: Answer,
    /// What it grants to anybody, after Deny.
    pub grants: Vec<Grant>,
    /// Whether some statement could not be read as S3 documents it.
    pub undocumented: bool,
    /// Its Deny statements, which take from what other controls grant too.
    pub denies: Vec<Deny>,
}

impl PolicyMeaning {
    /// No policy.
    pub fn none() -> Self {
        Self {
            aws_public: Answer::False,
            grants: Vec::new(),
            undocumented: false,
            denies: Vec::new(),
        }
    }

    /// What a policy means, of which it is not known when it was put.
    pub fn of(policy: &Policy, owner: &Owner, kind: PolicyKind) -> Self {
        Self::put_under(Edition::default(), policy, owner, kind)
    }

    /// What a policy means that was put while that edition of S3's rule was in force.
    pub fn put_under(edition: Edition, policy: &Policy, owner: &Owner, kind: PolicyKind) -> Self {
        let bucket = Named::of(owner.bucket.as_ref().map(BucketName::as_str), policy);
        let reading = Reading {
            kind,
            has_variables: policy.has_variables,
            edition,
        };
        let numbered = || policy.statements.iter().enumerate();
        let allowed = numbered()
            .filter(|(_, statement)| statement.effect != Some(Effect::Deny))
            .flat_map(|(index, statement)| {
                allow(
                    base_grant(statement, index, &bucket),
                    statement,
                    reading,
                    owner,
                )
            });
        let denies: Vec<Deny> = numbered()
            .filter(|(_, statement)| statement.effect == Some(Effect::Deny))
            .map(|(index, statement)| Deny::of(statement, index, &bucket))
            .collect();
        let grants = subtract(allowed.collect(), &denies, owner);
        Self {
            aws_public: grants
                .iter()
                .map(|grant| grant.aws_public)
                .max()
                .unwrap_or(Answer::False),
            undocumented: policy.statements.iter().any(is_unreadable_grant),
            grants,
            denies,
        }
    }
}

/// A statement that may grant something, and of which S3 documents no reading.
fn is_unreadable_grant(statement: &Statement) -> bool {
    statement.effect.is_none()
        || (statement.effect == Some(Effect::Allow) && statement.malformed.is_some())
}

/// How a statement is called in reports: its Sid, else its place.
pub fn label(statement: &Statement, index: usize) -> Untrusted {
    match statement.sid.is_empty() {
        true => format!("statement {}", index + 1).into(),
        false => statement.sid.clone(),
    }
}

/// The grants of one statement.
fn allow(base: Grant, statement: &Statement, reading: Reading, owner: &Owner) -> Vec<Grant> {
    if statement.effect.is_none() {
        return vec![principal::undocumented(
            &base,
            "",
            "an effect that is neither Allow nor Deny",
        )];
    }
    let limits = Limits::of(statement, &base.scope, reading);
    principal::grants(&base, &statement.principal, owner, reading.edition)
        .into_iter()
        .flat_map(|grant| limits.apply(grant, owner))
        .collect()
}

fn base_grant(statement: &Statement, index: usize, bucket: &Named) -> Grant {
    let (actions, unlisted) = expand(&statement.actions);
    let scope = Scope::of(&statement.resources, bucket);
    let left_out = scope
        .all_but
        .iter()
        .map(|key| format!("except {key}").into());
    Grant {
        grantees: Grantees::Nobody,
        principal: Untrusted::default(),
        actions,
        mechanism: Mechanism::BucketPolicy,
        qualifiers: left_out.collect(),
        scope,
        conditions: BTreeSet::new(),
        acl_permission: None,
        aws_public: Answer::False,
        undecided_deny: None,
        taken_by: None,
        carved: Vec::new(),
        label: label(statement, index),
        doubt: None,
        notes: unlisted
            .then_some("it names actions that S3 does not list")
            .into_iter()
            .collect(),
    }
}
