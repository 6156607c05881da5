//! Whom does a bucket policy let in?
//!
//! Two answers, kept apart. `aws_public`: what S3 calls a public policy (GetBucketPolicyStatus, and what the block's flags
//! look at). The grants: who can really get in, after Deny.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>

use super::action::{ACTIONS, Action, matches};
use super::condition::{self, Effect, Held, PolicyKind, account_in_arn};
use super::deny;
use super::grant::{Grant, Grantees, LimitedTo, Owner};
use super::resource::Scope;
use super::verdict::{Answer, Mechanism};
use crate::event::{self, Policy, Principal, Principals, Selection, Statement};
use crate::vocab::{AccountId, Untrusted};
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
}

impl PolicyMeaning {
    /// No policy.
    pub fn none() -> Self {
        Self {
            aws_public: Answer::False,
            grants: Vec::new(),
            undocumented: false,
        }
    }

    /// What a policy means.
    pub fn of(policy: &Policy, owner: &Owner, kind: PolicyKind) -> Self {
        let allowed = policy
            .statements
            .iter()
            .enumerate()
            .flat_map(|(index, statement)| {
                allow(statement, index, policy.has_variables, owner, kind)
            });
        let mut grants: Vec<Grant> = allowed.collect();
        let denies = policy
            .statements
            .iter()
            .enumerate()
            .filter(|(_, statement)| statement.effect == Some(event::Effect::Deny));
        for (index, statement) in denies {
            grants = grants
                .into_iter()
                .flat_map(|grant| deny::subtract(grant, statement, index, owner))
                .collect();
        }
        let undocumented = policy
            .statements
            .iter()
            .any(|statement| statement.effect.is_none());
        let aws_public = grants
            .iter()
            .map(|grant| grant.aws_public)
            .max()
            .unwrap_or(Answer::False);
        let aws_public = if undocumented {
            aws_public.max(Answer::Unknown)
        } else {
            aws_public
        };
        Self {
            aws_public,
            grants,
            undocumented,
        }
    }
}

/// How a statement is called in reports: its Sid, else its place.
pub fn label(statement: &Statement, index: usize) -> Untrusted {
    match statement.sid.is_empty() {
        true => format!("statement {}", index + 1).into(),
        false => statement.sid.clone(),
    }
}

/// The grants of one statement.
fn allow(
    statement: &Statement,
    index: usize,
    has_variables: bool,
    owner: &Owner,
    kind: PolicyKind,
) -> Vec<Grant> {
    if statement.effect != Some(event::Effect::Allow) {
        return Vec::new();
    }
    let base = base_grant(statement, index);
    let named: Vec<Grant> = match &statement.principal {
        Principals::Only(principals) => principals
            .iter()
            .flat_map(|principal| to_principal(&base, principal, owner))
            .collect(),
        Principals::AllBut(_) => vec![to_everyone(&base)],
        Principals::Unsaid => vec![undocumented(
            &base,
            "",
            "no principal in a form that S3 documents",
        )],
    };
    let conditions = Conditions::of(statement, has_variables, kind);
    named
        .into_iter()
        .flat_map(|grant| conditions.apply(grant, owner))
        .collect()
}

fn base_grant(statement: &Statement, index: usize) -> Grant {
    let (actions, unlisted) = expand(&statement.actions);
    Grant {
        grantees: Grantees::Nobody,
        principal: Untrusted::default(),
        actions,
        scope: Scope::of(&statement.resources),
        mechanism: Mechanism::BucketPolicy,
        qualifiers: BTreeSet::new(),
        acl_permission: None,
        aws_public: Answer::False,
        undecided_deny: None,
        label: label(statement, index),
        reason: if unlisted {
            "it names actions that S3 does not list"
        } else {
            ""
        },
    }
}

/// The listed actions that a selection takes in, and whether it names others.
pub fn expand(selection: &Selection) -> (Vec<&'static Action>, bool) {
    let bare = |pattern: &String| {
        pattern
            .strip_prefix("s3:")
            .map(str::to_owned)
            .or_else(|| (pattern == "*").then(|| "*".to_owned()))
    };
    let named =
        |patterns: &BTreeSet<String>| -> Vec<String> { patterns.iter().filter_map(bare).collect() };
    match selection {
        Selection::Only(patterns) => {
            let bare = named(patterns);
            let takes = |pattern: &str| {
                ACTIONS
                    .iter()
                    .filter(|action| matches(pattern, action.name))
                    .count()
            };
            let listed = ACTIONS
                .iter()
                .filter(|action| bare.iter().any(|pattern| matches(pattern, action.name)));
            (
                listed.collect(),
                bare.iter().any(|pattern| takes(pattern) == 0),
            )
        }
        Selection::AllBut(patterns) => {
            let bare = named(patterns);
            (
                ACTIONS
                    .iter()
                    .filter(|action| !bare.iter().any(|pattern| matches(pattern, action.name)))
                    .collect(),
                false,
            )
        }
    }
}

fn to_everyone(base: &Grant) -> Grant {
    Grant {
        grantees: Grantees::Everyone,
        principal: "everyone".into(),
        aws_public: Answer::True,
        ..base.clone()
    }
}

fn undocumented(base: &Grant, name: &str, reason: &'static str) -> Grant {
    Grant {
        principal: name.into(),
        grantees: Grantees::Undocumented,
        aws_public: Answer::Unknown,
        reason,
        ..base.clone()
    }
}

fn to_principal(base: &Grant, principal: &Principal, owner: &Owner) -> Option<Grant> {
    let fixed = |grantees, name: &str| {
        Some(Grant {
            grantees,
            principal: name.into(),
            ..base.clone()
        })
    };
    match principal {
        Principal::Everyone => Some(to_everyone(base)),
        Principal::Aws(name) => to_aws(base, name, owner),
        Principal::Service(name) if name.contains('*') => Some(undocumented(
            base,
            name,
            "a service principal with a wildcard",
        )),
        Principal::Service(name) => fixed(Grantees::Limited(LimitedTo::Service), name),
        Principal::Federated(name) => Some(to_provider(base, name, owner)),
        Principal::CanonicalUser(id) => fixed(owner.canonical(&id.as_str().into()), id),
        Principal::Unknown(name) => Some(undocumented(
            base,
            name,
            "a kind of principal that IAM does not document",
        )),
    }
}

/// A principal under `AWS`: an account, an ARN, a CloudFront identity, or the unique id that a deleted principal leaves.
fn to_aws(base: &Grant, name: &str, owner: &Owner) -> Option<Grant> {
    let grantees = match name {
        _ if name.contains(":iam::cloudfront:user/") => Grantees::Limited(LimitedTo::Service),
        _ if AccountId::parse(name).is_some() => owner.account(&AccountId::parse(name)?),
        _ if is_unique_id(name) => Grantees::Nobody,
        _ => match account_in_arn(name).and_then(AccountId::parse) {
            Some(account) if !name.contains(['*', '?']) => owner.account(&account),
            _ => {
                return Some(undocumented(
                    base,
                    name,
                    "a principal that S3 would not accept",
                ));
            }
        },
    };
    Some(Grant {
        grantees,
        principal: name.into(),
        ..base.clone()
    })
}

/// `AIDA…`, `AROA…` and their like: what IAM shows for a principal that was deleted.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>
fn is_unique_id(name: &str) -> bool {
    name.len() >= 16
        && name.starts_with('A')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// An identity provider: by ARN it is its account's; a bare web identity host was public once and is no longer documented.
fn to_provider(base: &Grant, name: &str, owner: &Owner) -> Grant {
    match account_in_arn(name).and_then(AccountId::parse) {
        Some(account) => Grant {
            grantees: owner.account(&account),
            principal: name.into(),
            ..base.clone()
        },
        None => undocumented(
            base,
            name,
            "a web identity provider, of which AWS no longer says whether it is public",
        ),
    }
}

/// What the conditions of a statement do together: all of them must hold.
struct Conditions {
    held: Vec<(Held, Answer)>,
    qualifiers: BTreeSet<Untrusted>,
    signed_only: bool,
    undocumented: Option<&'static str>,
}

impl Conditions {
    fn of(statement: &Statement, has_variables: bool, kind: PolicyKind) -> Self {
        let mut all = Self {
            held: Vec::new(),
            qualifiers: BTreeSet::new(),
            signed_only: false,
            undocumented: None,
        };
        for one in &statement.conditions {
            match condition::effect(one, has_variables, kind) {
                Effect::Holds(held, counts) => {
                    all.qualifiers.insert(condition::describe(one).into());
                    all.held.push((held, counts));
                }
                Effect::Narrows {
                    qualifier,
                    signed_only,
                } => {
                    all.qualifiers.insert(qualifier.into());
                    all.signed_only |= signed_only;
                }
                Effect::Undocumented(why) => all.undocumented = Some(why),
            }
        }
        all
    }

    /// The grant under the conditions. Those to fixed principals stay what they are, only qualified.
    fn apply(&self, mut grant: Grant, owner: &Owner) -> Vec<Grant> {
        grant.qualifiers.extend(self.qualifiers.iter().cloned());
        if grant.grantees != Grantees::Everyone {
            return vec![grant];
        }
        match self.strongest() {
            Some((held, counts)) => {
                grant.aws_public = self.counts_as_public(*counts);
                grant.held_to(held, owner)
            }
            None => vec![self.unheld(grant)],
        }
    }

    /// The condition that says most about who gets in: principals before places.
    fn strongest(&self) -> Option<&(Held, Answer)> {
        let rank = |held: &Held| match held {
            Held::Accounts(_) => 0,
            Held::UniqueIds => 1,
            Held::Organizations(_) => 2,
            Held::Places => 3,
        };
        self.held
            .iter()
            .min_by_key(|(held, counts)| (rank(held), *counts != Answer::True))
    }

    /// One documented restriction makes the grant not public; an undocumented one leaves it open.
    fn counts_as_public(&self, strongest: Answer) -> Answer {
        let documented = strongest == Answer::True
            || self.held.iter().any(|(_, counts)| *counts == Answer::True);
        if documented {
            Answer::False
        } else {
            Answer::Unknown
        }
    }

    fn unheld(&self, mut grant: Grant) -> Grant {
        if let Some(reason) = self.undocumented {
            return Grant {
                reason,
                grantees: Grantees::Undocumented,
                aws_public: Answer::Unknown,
                ..grant
            };
        }
        if self.signed_only {
            grant.grantees = Grantees::AnyAwsAccount;
            grant.principal = "any-aws-account".into();
        }
        grant
    }
}
