//! What does a Deny take away from a grant?
//!
//! S3 publishes no rule for Deny in its meaning of public, so such a policy's `aws_public` is unknown. Who can really get in
//! follows IAM (an explicit Deny wins) where the subtraction is exact; any other Deny leaves the grant, named and undecided.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use super::condition::{Held, account_in_arn, describe};
use super::grant::{Grant, Grantees, Owner};
use super::meaning::{expand, label};
use super::network::{self, Breadth};
use super::resource::{Cover, Scope};
use super::verdict::{Answer, Outsider};
use crate::event::{Condition, Principal, Principals, Quantifier, Statement};
use crate::vocab::{AccountId, Untrusted};
use std::collections::BTreeSet;

/// What is left of a grant after a Deny statement.
pub fn subtract(grant: Grant, deny: &Statement, index: usize, owner: &Owner) -> Vec<Grant> {
    let touched = touched_actions(&grant, deny);
    if touched == Cover::Nothing || !speaks_of(&deny.principal, &grant) {
        return vec![grant];
    }
    match Bite::of(&deny.conditions) {
        Bite::Harmless => vec![grant],
        _ if !is_everyone(&deny.principal) => undecided(grant, deny, index),
        Bite::Always => without(grant, deny),
        Bite::AbsentKeyEscapes => vec![qualified(grant, deny, touched)],
        Bite::AllBut(held) if touched == Cover::All => held_to(grant, &held, deny, index, owner),
        Bite::AllBut(_) | Bite::Undecided => undecided(grant, deny, index),
    }
}

/// How much of the grant's actions and resources the Deny touches.
fn touched_actions(grant: &Grant, deny: &Statement) -> Cover {
    let (denied, _) = expand(&deny.actions);
    let scope = Scope::of(&deny.resources);
    let covers: Vec<Cover> = grant
        .actions
        .iter()
        .filter(|action| grant.scope.has(action.target))
        .map(|action| {
            if denied.contains(action) {
                scope.cover(&grant.scope, action.target)
            } else {
                Cover::Nothing
            }
        })
        .collect();
    match covers.iter().min() {
        Some(Cover::All) => Cover::All,
        _ if covers.iter().all(|cover| *cover == Cover::Nothing) => Cover::Nothing,
        _ => Cover::Some,
    }
}

fn is_everyone(principals: &Principals) -> bool {
    matches!(principals, Principals::Only(names) if names.contains(&Principal::Everyone))
}

/// Whether a Deny can speak of the grant's grantees: one to fixed principals leaves everyone else alone.
fn speaks_of(principals: &Principals, grant: &Grant) -> bool {
    let Principals::Only(names) = principals else {
        return true;
    };
    names.contains(&Principal::Everyone)
        || match &grant.grantees {
            Grantees::Everyone | Grantees::AnyAwsAccount => false,
            _ => names
                .iter()
                .any(|name| shares_account(name, &grant.principal)),
        }
}

/// Whether a denied principal and a granted one may be the same: they name the same thing or the same account.
fn shares_account(name: &Principal, granted: &Untrusted) -> bool {
    match name {
        Principal::Aws(text) => {
            text == granted.reveal() || account_of(text) == account_of(granted.reveal())
        }
        Principal::Service(text) | Principal::Federated(text) | Principal::CanonicalUser(text) => {
            text == granted.reveal()
        }
        Principal::Everyone | Principal::Unknown(_) => true,
    }
}

fn account_of(name: &str) -> Option<&str> {
    account_in_arn(name)
        .or(Some(name))
        .filter(|account| AccountId::parse(account).is_some())
}

/// An unconditional Deny to everyone: the actions whose resources it covers go; the rest stays.
fn without(mut grant: Grant, deny: &Statement) -> Vec<Grant> {
    let (denied, _) = expand(&deny.actions);
    let scope = Scope::of(&deny.resources);
    let kept_before = grant.actions.len();
    let granted = grant.scope.clone();
    grant.actions.retain(|action| {
        !denied.contains(action) || scope.cover(&granted, action.target) != Cover::All
    });
    let left = grant
        .actions
        .iter()
        .any(|action| grant.scope.has(action.target));
    match left {
        false => vec![Grant {
            grantees: Grantees::Nobody,
            aws_public: doubted(grant.aws_public),
            ..grant
        }],
        true if grant.actions.len() == kept_before => vec![qualified(grant, deny, Cover::Some)],
        true => vec![grant],
    }
}

/// A Deny to all but a fixed value: the grant is held to that value.
fn held_to(grant: Grant, held: &Held, deny: &Statement, index: usize, owner: &Owner) -> Vec<Grant> {
    let grant = Grant {
        aws_public: doubted(grant.aws_public),
        ..with_conditions(grant, deny)
    };
    match (&grant.grantees, held) {
        (Grantees::Everyone | Grantees::AnyAwsAccount, _) => grant.held_to(held, owner),
        (Grantees::Fixed(Outsider::Account(account)), Held::Accounts(left))
            if !left.contains(account) =>
        {
            vec![Grant {
                grantees: Grantees::Nobody,
                ..grant
            }]
        }
        (Grantees::Fixed(Outsider::Account(_)), Held::Accounts(_)) | (_, Held::Places) => {
            vec![grant]
        }
        _ => undecided(grant, deny, index),
    }
}

/// A grant that stays, with what the Deny leaves out said.
fn qualified(grant: Grant, deny: &Statement, touched: Cover) -> Grant {
    match touched {
        Cover::All => Grant {
            aws_public: doubted(grant.aws_public),
            ..with_conditions(grant, deny)
        },
        _ => {
            let keys = Scope::of(&deny.resources).keys;
            let mut grant = with_conditions(grant, deny);
            grant.qualifiers.extend(
                keys.iter()
                    .filter(|key| *key != "*")
                    .map(|key| Untrusted::from(format!("except {key}"))),
            );
            grant
        }
    }
}

fn with_conditions(mut grant: Grant, deny: &Statement) -> Grant {
    grant.qualifiers.extend(
        deny.conditions
            .iter()
            .map(|condition| Untrusted::from(format!("denied if {}", describe(condition)))),
    );
    grant
}

fn undecided(grant: Grant, deny: &Statement, index: usize) -> Vec<Grant> {
    vec![Grant {
        aws_public: doubted(grant.aws_public),
        undecided_deny: Some(label(deny, index)),
        ..grant
    }]
}

/// A public grant under a Deny: S3 does not say what it makes of that.
fn doubted(answer: Answer) -> Answer {
    if answer == Answer::True {
        Answer::Unknown
    } else {
        answer
    }
}

/// When a Deny bites.
enum Bite {
    /// Always: it has no condition.
    Always,
    /// On plain HTTP or old TLS, which a caller can avoid.
    Harmless,
    /// On everybody but who matches a fixed value; a request without the key is denied too.
    AllBut(Held),
    /// Only on requests that have the key: anonymous ones escape.
    AbsentKeyEscapes,
    /// It cannot be told.
    Undecided,
}

impl Bite {
    fn of(conditions: &BTreeSet<Condition>) -> Self {
        let all: Vec<&Condition> = conditions.iter().collect();
        match all.as_slice() {
            [] => Self::Always,
            _ if all.iter().any(|condition| is_transport(condition)) => Self::Harmless,
            _ if all.iter().any(|condition| asks_for_absent_key(condition)) => {
                Self::AbsentKeyEscapes
            }
            [one] => all_but(one).map_or(Self::Undecided, Self::AllBut),
            _ => Self::Undecided,
        }
    }
}

/// `Bool aws:SecureTransport false` and `NumericLessThan s3:TlsVersion`: the caller only has to use TLS.
fn is_transport(condition: &Condition) -> bool {
    let is_false = condition
        .values
        .iter()
        .all(|value| value.eq_ignore_ascii_case("false"));
    (condition.operator == "bool" && condition.key == "aws:securetransport" && is_false)
        || (condition.operator.starts_with("numericlessthan") && condition.key == "s3:tlsversion")
}

/// A condition that an unsigned request from the Internet cannot meet, because it lacks the key.
fn asks_for_absent_key(condition: &Condition) -> bool {
    let positive = matches!(
        condition.operator.as_str(),
        "stringequals" | "stringequalsignorecase" | "stringlike" | "arnequals" | "arnlike"
    );
    let asked = condition.operator == "null"
        && condition
            .values
            .iter()
            .all(|value| value.eq_ignore_ascii_case("false"));
    let optional = condition.if_exists || condition.quantifier == Quantifier::AllValues;
    let only_signed = condition.key.starts_with("aws:principal")
        || condition.key.starts_with("aws:sourcevpc")
        || condition.key == "aws:userid";
    only_signed && !optional && (positive || asked)
}

/// One negated condition over fixed values: who is left.
fn all_but(condition: &Condition) -> Option<Held> {
    if condition.quantifier != Quantifier::Single
        || condition.values.iter().any(|value| value.contains("${"))
    {
        return None;
    }
    let wild = condition
        .values
        .iter()
        .any(|value| value.contains(['*', '?']));
    match (condition.operator.as_str(), condition.key.as_str()) {
        ("notipaddress", "aws:sourceip") => condition
            .values
            .iter()
            .all(|value| network::breadth(value) == Some(Breadth::Narrow))
            .then_some(Held::Places),
        (
            "arnnotlike" | "arnnotequals" | "stringnotlike" | "stringnotequals",
            "aws:principalarn",
        ) => accounts(condition, account_in_arn),
        ("stringnotequals" | "stringnotequalsignorecase" | "stringnotlike", key) if !wild => {
            match key {
                "aws:sourcevpce" | "aws:sourcevpc" => Some(Held::Places),
                "aws:principalorgid" => Some(Held::Organizations(condition.values.clone())),
                "aws:principalaccount" => accounts(condition, |value| Some(value)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn accounts(condition: &Condition, account_in: fn(&str) -> Option<&str>) -> Option<Held> {
    let accounts: Option<BTreeSet<AccountId>> = condition
        .values
        .iter()
        .map(|value| account_in(value).and_then(AccountId::parse))
        .collect();
    accounts.map(Held::Accounts)
}
