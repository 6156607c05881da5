//! What do the conditions of a statement do together?
//!
//! All of them must hold, so one that holds the grant to fixed values is enough to make it not public.

use super::condition::{Effect, Held, Hold, Reading, Test, describe, effect};
use super::edition::{Edition, Revised};
use super::grant::{Grant, Grantees, Owner};
use super::keys::{Carried, carried};
use super::pattern::has_variable;
use super::resource::Scope;
use super::verdict::{Answer, Outsider};
use crate::event::{Condition, Quantifier, Statement};
use crate::vocab::Untrusted;
use std::collections::BTreeSet;

/// The conditions of a statement, read.
pub struct Limits {
    conditions: BTreeSet<Condition>,
    qualifiers: BTreeSet<Untrusted>,
    holds: Vec<Hold>,
    signed_only: bool,
    doubt: Option<&'static str>,
    revised: BTreeSet<Revised>,
    edition: Edition,
}

impl Limits {
    /// Reads the conditions of a statement.
    pub fn of(statement: &Statement, scope: &Scope, reading: Reading) -> Self {
        let mut all = Self {
            conditions: statement.conditions.clone(),
            qualifiers: statement
                .conditions
                .iter()
                .map(|condition| describe(condition).into())
                .collect(),
            holds: Vec::new(),
            signed_only: reading.has_variables && names_only_keys_of_signers(scope),
            doubt: statement.malformed,
            revised: BTreeSet::new(),
            edition: reading.edition,
        };
        statement
            .conditions
            .iter()
            .for_each(|condition| all.add(effect(condition, reading)));
        all.holds.sort_by_key(|hold| rank(&hold.to));
        all
    }

    fn add(&mut self, effect: Effect) {
        match effect {
            Effect::Holds(hold) => self.holds.push(hold),
            Effect::Narrows {
                signed_only,
                revised,
            } => {
                self.signed_only |= signed_only;
                self.revised.extend(revised);
            }
            Effect::Undocumented(why) => self.doubt = self.doubt.or(Some(why)),
        }
    }

    /// The grant under the conditions.
    pub fn apply(&self, mut grant: Grant, owner: &Owner) -> Vec<Grant> {
        grant.qualifiers.extend(self.qualifiers.iter().cloned());
        grant.conditions.clone_from(&self.conditions);
        if self.shuts_out(&grant.grantees) {
            return vec![grant.given_to_nobody()];
        }
        let grant = match (&grant.grantees, self.holds.is_empty()) {
            (Grantees::Nobody | Grantees::Own | Grantees::Undocumented, _) => return vec![grant],
            (Grantees::Everyone, true) => return vec![self.unheld(grant)],
            (Grantees::Everyone, false) => self.counted(grant),
            _ => Grant {
                doubt: self.doubt,
                ..grant
            },
        };
        self.holds.iter().fold(vec![grant], |grants, hold| {
            grants
                .into_iter()
                .flat_map(|grant| grant.held_to(&hold.to, owner))
                .collect()
        })
    }

    /// Whether a condition asks for another account than the fixed one.
    fn shuts_out(&self, grantees: &Grantees) -> bool {
        let Grantees::Fixed(Outsider::Account(account)) = grantees else {
            return false;
        };
        self.conditions.iter().any(|condition| {
            condition.key == "aws:principalaccount"
                && Test::of(&condition.operator) == Some(Test::Negated)
                && condition.quantifier != Quantifier::AllValues
                && condition.values.contains(account.as_str())
        })
    }

    /// A grant to everyone that something holds: what S3 says of it, and why.
    fn counted(&self, mut grant: Grant) -> Grant {
        let strongest = self.holds.iter().map(|hold| hold.counts).max();
        let notes = self
            .holds
            .iter()
            .filter(|hold| Some(hold.counts) == strongest)
            .filter_map(|hold| hold.note);
        grant.notes.extend(notes);
        grant.doubt = self.doubt;
        grant.aws_public = match strongest {
            Some(Answer::True) => Answer::False,
            Some(Answer::False) if self.doubt.is_none() => Answer::True,
            _ => Answer::Unknown,
        };
        grant
    }

    /// A grant to everyone that nothing holds.
    fn unheld(&self, mut grant: Grant) -> Grant {
        if self.doubt.is_some() {
            return Grant {
                doubt: self.doubt,
                grantees: Grantees::Undocumented,
                aws_public: Answer::Unknown,
                ..grant
            };
        }
        self.revised
            .iter()
            .for_each(|fact| grant.mark(*fact, self.edition));
        if self.signed_only {
            grant.grantees = Grantees::AnyAwsAccount;
            grant.principal = "any-aws-account".into();
        }
        grant
    }
}

/// Principals before places: what says most about who gets in comes first.
fn rank(held: &Held) -> u8 {
    match held {
        Held::Own => 0,
        Held::Accounts(_) => 1,
        Held::UniqueIds => 2,
        Held::Organizations(_) => 3,
        Held::Services => 4,
        Held::Places => 5,
    }
}

/// Whether all keys stand below a variable of the caller, as in `home/${aws:username}/*`: whoever has not signed has none.
fn names_only_keys_of_signers(scope: &Scope) -> bool {
    let of_signer = |key: &String| {
        let names = key
            .split("${")
            .skip(1)
            .filter_map(|part| part.split(['}', ',']).next());
        has_variable(key)
            && names
                .map(str::to_ascii_lowercase)
                .any(|name| carried(name.trim()) == Some(Carried::IfSigned))
    };
    !scope.bucket && !scope.keys.is_empty() && scope.keys.iter().all(of_signer)
}
