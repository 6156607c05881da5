//! What does a condition do to a grant?
//!
//! Four things can be said of a condition: it holds a wildcard principal to something fixed, it narrows the grant and leaves
//! it public, it does nothing that AWS documents. Which keys hold, and to what, is `fixed`'s question.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use super::edition::{Edition, Revised};
use super::fixed;
use super::keys::{self, Carried, KMS_KEY};
use super::verdict::Answer;
use crate::event::{Condition, Policy, Quantifier};
use crate::vocab::AccountId;
use std::collections::BTreeSet;

/// What one condition does to a grant that names everyone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It holds the grant to something fixed.
    Holds(Hold),
    /// It narrows the grant and leaves it public.
    Narrows {
        /// Whether a request without credentials cannot pass it.
        signed_only: bool,
        /// What of it an earlier edition of S3's rule read differently.
        revised: Option<Revised>,
    },
    /// It can never be met, or what it does is not documented.
    Undocumented(&'static str),
}

/// A hold on a grant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hold {
    /// To whom or what.
    pub to: Held,
    /// Whether S3 counts it as fixed values: yes, no, or AWS does not say.
    pub counts: Answer,
    /// Why, where that needs saying.
    pub note: Option<&'static str>,
}

/// To what a condition holds a grant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Held {
    /// These accounts' principals.
    Accounts(BTreeSet<AccountId>),
    /// Principals of the bucket's own account.
    Own,
    /// Principals whose account their id does not tell.
    UniqueIds,
    /// These organizations.
    Organizations(BTreeSet<String>),
    /// Networks, VPCs, endpoints, sources or access points.
    Places,
    /// AWS services.
    Services,
}

/// Which kind of policy a statement stands in: access points have a rule of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyKind {
    /// A bucket policy.
    Bucket,
    /// An access point's policy.
    AccessPoint,
}

impl PolicyKind {
    /// The kind that a policy's own resources name: an access point's policy names only access points.
    pub fn of(policy: &Policy) -> Self {
        let patterns = policy
            .statements
            .iter()
            .flat_map(|statement| statement.resources.patterns());
        let all: Vec<&String> = patterns.collect();
        match all.iter().all(|pattern| pattern.contains(":accesspoint/")) && !all.is_empty() {
            true => Self::AccessPoint,
            false => Self::Bucket,
        }
    }
}

/// What words mean in a policy: of its kind, and of a version with policy variables or without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The policy's kind.
    pub kind: PolicyKind,
    /// Whether `${…}` is a variable.
    pub has_variables: bool,
    /// The edition of S3's rule that was in force when the policy was put.
    pub edition: Edition,
}

/// Reads one condition.
pub fn effect(condition: &Condition, reading: Reading) -> Effect {
    let Some(test) = Test::of(&condition.operator) else {
        return Effect::Undocumented("a condition operator that IAM does not document");
    };
    let Some(carried) = keys::carried(&condition.key) else {
        return Effect::Undocumented("a condition key that AWS does not document");
    };
    if condition.values.is_empty() {
        return Effect::Undocumented("a condition without values");
    }
    match test {
        Test::Presence => narrows(asks_for_key(condition) && carried == Carried::IfSigned),
        _ if passes_without_key(condition, test, carried) => narrows(false),
        Test::Positive => positive(condition, reading, carried),
        Test::Scalar if asks_for(condition, "aws:principalisawsservice") => narrows(false),
        Test::Scalar if asks_for(condition, "aws:viaawsservice") => narrows(true),
        Test::Negated | Test::Scalar => narrows(carried == Carried::IfSigned),
    }
}

/// What kind of test an operator makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Test {
    /// The key must match one of the values.
    Positive,
    /// The key must match none of the values: a request without the key passes.
    Negated,
    /// `Null`: the key must be present, or absent.
    Presence,
    /// Of booleans, numbers, dates and bytes: it holds nobody to anything fixed.
    Scalar,
}

impl Test {
    /// The test that an operator of IAM makes.
    pub fn of(operator: &str) -> Option<Self> {
        Some(match operator {
            "stringequals"
            | "stringequalsignorecase"
            | "stringlike"
            | "arnequals"
            | "arnlike"
            | "ipaddress" => Self::Positive,
            "stringnotequals"
            | "stringnotequalsignorecase"
            | "stringnotlike"
            | "arnnotequals"
            | "arnnotlike"
            | "notipaddress"
            | "numericnotequals"
            | "datenotequals" => Self::Negated,
            "null" => Self::Presence,
            "bool"
            | "binaryequals"
            | "numericequals"
            | "numericlessthan"
            | "numericlessthanequals"
            | "numericgreaterthan"
            | "numericgreaterthanequals"
            | "dateequals"
            | "datelessthan"
            | "datelessthanequals"
            | "dategreaterthan"
            | "dategreaterthanequals" => Self::Scalar,
            _ => return None,
        })
    }
}

/// Whether a request that lacks the key passes.
fn passes_without_key(condition: &Condition, test: Test, carried: Carried) -> bool {
    let optional = condition.if_exists || condition.quantifier == Quantifier::AllValues;
    let negated = test == Test::Negated && condition.quantifier != Quantifier::AnyValue;
    (optional || negated) && carried != Carried::Always
}

/// Whether every request that has a key must have it: `Null` with `false`.
pub fn asks_for_key(condition: &Condition) -> bool {
    condition.operator == "null"
        && condition
            .values
            .iter()
            .all(|value| value.eq_ignore_ascii_case("false"))
}

/// `Bool` with `true`. Of the two keys about services, one is that of a service itself, for whomever it acts, and the other
/// that of a principal for whom a service acts, and who has signed.
fn asks_for(condition: &Condition, key: &str) -> bool {
    condition.key == key
        && condition.operator == "bool"
        && condition
            .values
            .iter()
            .all(|value| value.eq_ignore_ascii_case("true"))
}

/// What a positive test does: of a listed key it may hold; others only narrow.
fn positive(condition: &Condition, reading: Reading, carried: Carried) -> Effect {
    match fixed::hold(condition, reading) {
        Some(effect) => effect,
        None if condition.key == KMS_KEY => Effect::Narrows {
            signed_only: false,
            revised: Some(Revised::KmsKey),
        },
        None => narrows(carried == Carried::IfSigned),
    }
}

/// It narrows, and there is no more to say.
pub fn narrows(signed_only: bool) -> Effect {
    Effect::Narrows {
        signed_only,
        revised: None,
    }
}

/// The condition in words, as qualifiers show it.
pub fn describe(condition: &Condition) -> String {
    let values: Vec<_> = condition.values.iter().map(String::as_str).collect();
    let quantifier = match condition.quantifier {
        Quantifier::Single => "",
        Quantifier::AnyValue => "foranyvalue:",
        Quantifier::AllValues => "forallvalues:",
    };
    let optional = if condition.if_exists { "ifexists" } else { "" };
    format!(
        "{quantifier}{}{optional} {} {}",
        condition.operator,
        condition.key,
        values.join(" or ")
    )
}
