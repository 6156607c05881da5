//! Whom does the principal of a statement name?
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use super::edition::{Edition, Revised};
use super::fixed::account_in_arn;
use super::grant::{Grant, Grantees, LimitedTo, Owner};
use super::pattern::is_wild;
use super::verdict::Answer;
use crate::event::{Principal, Principals};
use crate::vocab::{AccountId, Untrusted};

/// The grants that a statement makes to those it names, before its conditions.
pub fn grants(base: &Grant, named: &Principals, owner: &Owner, edition: Edition) -> Vec<Grant> {
    match named {
        Principals::Only(principals) => principals
            .iter()
            .map(|principal| to_principal(base, principal, owner, edition))
            .collect(),
        Principals::AllBut(principals) if principals.contains(&Principal::Everyone) => Vec::new(),
        Principals::AllBut(principals) => vec![to_all_but(base, principals)],
        Principals::Unsaid => vec![undocumented(
            base,
            "",
            "no principal in a form that S3 documents",
        )],
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

/// NotPrincipal with Allow: everyone else, also without credentials.
fn to_all_but<'p>(base: &Grant, left_out: impl IntoIterator<Item = &'p Principal>) -> Grant {
    let mut grant = to_everyone(base);
    let except = left_out
        .into_iter()
        .map(|principal| Untrusted::from(format!("except {}", name_of(principal))));
    grant.qualifiers.extend(except);
    grant
}

fn name_of(principal: &Principal) -> &str {
    match principal {
        Principal::Everyone => "*",
        Principal::Aws(name)
        | Principal::Service(name)
        | Principal::Federated(name)
        | Principal::CanonicalUser(name)
        | Principal::Unknown(name) => name,
    }
}

/// A grant to somebody of whom AWS does not document who it is.
pub fn undocumented(base: &Grant, name: &str, doubt: &'static str) -> Grant {
    Grant {
        grantees: Grantees::Undocumented,
        principal: name.into(),
        aws_public: Answer::Unknown,
        doubt: Some(doubt),
        ..base.clone()
    }
}

fn to_principal(base: &Grant, principal: &Principal, owner: &Owner, edition: Edition) -> Grant {
    match principal {
        Principal::Everyone => to_everyone(base),
        Principal::Aws(name) => to_aws(base, name, owner),
        Principal::Service(name) if name.is_empty() || is_wild(name) => {
            undocumented(base, name, "a service principal that is no fixed value")
        }
        Principal::Service(name) => fixed(base, Grantees::Limited(LimitedTo::Service), name),
        Principal::Federated(name) => to_provider(base, name, owner, edition),
        Principal::CanonicalUser(id) if id.is_empty() || is_wild(id) => {
            undocumented(base, id, "a canonical id that is no fixed value")
        }
        Principal::CanonicalUser(id) => fixed(base, owner.canonical(&id.as_str().into()), id),
        Principal::Unknown(name) => {
            undocumented(base, name, "a kind of principal that IAM does not document")
        }
    }
}

fn fixed(base: &Grant, grantees: Grantees, name: &str) -> Grant {
    Grant {
        grantees,
        principal: name.into(),
        ..base.clone()
    }
}

/// A principal under `AWS`: an account, an ARN, a CloudFront identity, or the unique id that a deleted principal leaves.
fn to_aws(base: &Grant, name: &str, owner: &Owner) -> Grant {
    if name.contains(":iam::cloudfront:user/") && !is_wild(name) {
        return fixed(base, Grantees::Limited(LimitedTo::Service), name);
    }
    if is_unique_id(name) {
        return fixed(base, Grantees::Nobody, name);
    }
    let account =
        AccountId::parse(name).or_else(|| account_in_arn(name).and_then(AccountId::parse));
    match account {
        Some(account) if !is_wild(name) => fixed(base, owner.account(&account), name),
        _ => undocumented(base, name, "a principal that S3 would not accept"),
    }
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
fn to_provider(base: &Grant, name: &str, owner: &Owner, edition: Edition) -> Grant {
    match account_in_arn(name).and_then(AccountId::parse) {
        Some(account) if !is_wild(name) => fixed(base, owner.account(&account), name),
        _ => {
            let mut grant = undocumented(
                base,
                name,
                "a web identity provider, of which AWS no longer says whether it is public",
            );
            grant.mark(Revised::WebIdentity, edition);
            grant
        }
    }
}
