//! When does a Deny bite?
//!
//! A negated test is also met by a request that lacks the key, so a Deny on one shuts out all who are not of the fixed value:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use super::condition::{Held, Test, asks_for_key};
use super::fixed::{accounts, bound_account};
use super::keys::{Carried, carried};
use super::network::{self, Breadth};
use super::pattern::{has_variable, is_wild};
use crate::event::{Condition, Quantifier};
use crate::vocab::AccountId;
use std::collections::BTreeSet;

/// When a Deny bites.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bite {
    /// Always: it has no condition.
    Always,
    /// On plain HTTP or old TLS, which a caller can avoid.
    Harmless,
    /// On everybody but who matches a fixed value; a request without the key is denied too.
    AllBut(Held),
    /// Only on requests that have a key which unsigned requests from the Internet lack.
    StrangersEscape,
    /// It cannot be told.
    Undecided,
}

impl Bite {
    /// When a Deny under these conditions bites; all of them must hold.
    pub fn of(conditions: &BTreeSet<Condition>) -> Self {
        let all: Vec<&Condition> = conditions.iter().collect();
        match all.as_slice() {
            [] => Self::Always,
            _ if !all.iter().all(|condition| is_documented(condition)) => Self::Undecided,
            _ if all.iter().any(|condition| is_transport(condition)) => Self::Harmless,
            _ if all
                .iter()
                .any(|condition| asks_for_a_key_that_strangers_lack(condition)) =>
            {
                Self::StrangersEscape
            }
            [one] => all_but(one).map_or(Self::Undecided, Self::AllBut),
            _ => Self::Undecided,
        }
    }
}

fn is_documented(condition: &Condition) -> bool {
    Test::of(&condition.operator).is_some()
        && carried(&condition.key).is_some()
        && !condition.values.is_empty()
}

/// `Bool aws:SecureTransport false`, or a TLS version below 1.3: the caller only has to use TLS as it is today.
fn is_transport(condition: &Condition) -> bool {
    let all = |is: fn(&str) -> bool| condition.values.iter().all(|value| is(value));
    match (condition.operator.as_str(), condition.key.as_str()) {
        ("bool", "aws:securetransport") => all(|value| value.eq_ignore_ascii_case("false")),
        ("numericlessthan", "s3:tlsversion") => {
            all(|value| value.parse::<f64>().is_ok_and(|version| version <= 1.3))
        }
        ("numericlessthanequals", "s3:tlsversion") => {
            all(|value| value.parse::<f64>().is_ok_and(|version| version < 1.3))
        }
        _ => false,
    }
}

/// A test that an unsigned request from the Internet cannot meet, because it lacks the key.
fn asks_for_a_key_that_strangers_lack(condition: &Condition) -> bool {
    let lacking = matches!(
        carried(&condition.key),
        Some(Carried::IfSigned | Carried::FromElsewhere)
    );
    let optional = condition.if_exists || condition.quantifier == Quantifier::AllValues;
    let asks = match Test::of(&condition.operator) {
        Some(Test::Positive | Test::Scalar) => !optional,
        Some(Test::Presence) => asks_for_key(condition),
        Some(Test::Negated) => condition.quantifier == Quantifier::AnyValue && !condition.if_exists,
        None => false,
    };
    lacking && asks
}

/// One negated condition over fixed values: who is left.
fn all_but(condition: &Condition) -> Option<Held> {
    let values = &condition.values;
    if condition.quantifier != Quantifier::Single || values.iter().any(|value| has_variable(value))
    {
        return None;
    }
    let fixed = !values.iter().any(|value| is_wild(value));
    match (condition.operator.as_str(), condition.key.as_str()) {
        ("notipaddress", "aws:sourceip") => {
            (network::breadth(values.iter()) == Some(Breadth::Narrow)).then_some(Held::Places)
        }
        ("arnnotlike" | "arnnotequals", "aws:principalarn") => bound(values, false),
        ("stringnotlike", "aws:principalarn") => bound(values, true),
        ("stringnotequals" | "stringnotequalsignorecase", "aws:principalarn") if fixed => {
            bound(values, true)
        }
        ("arnnotlike" | "arnnotequals", "aws:sourcearn" | "s3:dataaccesspointarn") if fixed => {
            Some(Held::Places)
        }
        ("stringnotequals" | "stringnotequalsignorecase" | "stringnotlike", key) if fixed => {
            held_by_text(key, values)
        }
        _ => None,
    }
}

fn held_by_text(key: &str, values: &BTreeSet<String>) -> Option<Held> {
    match key {
        "aws:sourcevpce"
        | "aws:sourcevpc"
        | "aws:sourcearn"
        | "aws:sourceaccount"
        | "s3:dataaccesspointarn"
        | "s3:dataaccesspointaccount" => Some(Held::Places),
        "aws:principalorgid" => Some(Held::Organizations(values.clone())),
        "aws:principalaccount" => accounts(values, AccountId::parse).map(Held::Accounts),
        _ => None,
    }
}

fn bound(values: &BTreeSet<String>, is_text: bool) -> Option<Held> {
    accounts(values, |value| bound_account(value, is_text)).map(Held::Accounts)
}

/// Whether whoever meets the grant's conditions never meets the Deny's: it asks for the same value that the Deny spares.
pub fn excuses(granted: &BTreeSet<Condition>, denied: &BTreeSet<Condition>) -> bool {
    denied
        .iter()
        .any(|deny| granted.iter().any(|allow| is_spared(allow, deny)))
}

fn is_spared(allow: &Condition, deny: &Condition) -> bool {
    let mandatory = !allow.if_exists
        && allow.quantifier == Quantifier::Single
        && deny.quantifier == Quantifier::Single;
    mandatory
        && allow.key == deny.key
        && opposite(&allow.operator) == Some(&deny.operator)
        && allow.values.is_subset(&deny.values)
}

/// The operator that is met whenever this one is not.
fn opposite(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "stringequals" => "stringnotequals",
        "stringequalsignorecase" => "stringnotequalsignorecase",
        "stringlike" => "stringnotlike",
        "arnequals" => "arnnotequals",
        "arnlike" => "arnnotlike",
        "ipaddress" => "notipaddress",
        _ => return None,
    })
}
