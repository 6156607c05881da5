//! What does a Deny take away from a grant?
//!
//! S3 publishes no rule for Deny in its meaning of public, so such a policy's `aws_public` is unknown. Who can really get in
//! follows IAM (an explicit Deny wins) where the subtraction is exact; any other Deny leaves the grant, named and undecided.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use super::action::{Action, Target, expand};
use super::bite::{Bite, excuses};
use super::condition::{Held, describe};
use super::fixed::account_in_arn;
use super::grant::{Grant, Grantees, LimitedTo, Owner};
use super::keys::{Carried, carried};
use super::meaning::label;
use super::resource::{Cover, Named, Scope};
use super::verdict::{Answer, Outsider};
use crate::event::{Condition, Principal, Principals, Statement};
use crate::vocab::{AccountId, Untrusted};
use std::collections::BTreeSet;

/// A Deny statement, as far as it speaks of one bucket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deny {
    label: Untrusted,
    whom: Principals,
    actions: Vec<&'static Action>,
    scope: Scope,
    conditions: BTreeSet<Condition>,
    bite: Bite,
}

/// What a Deny cuts out of a grant: some resources of some actions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Carved {
    label: Untrusted,
    actions: Vec<&'static Action>,
    scope: Scope,
}

/// What is left of grants after all Deny statements.
pub fn subtract(grants: Vec<Grant>, denies: &[Deny], owner: &Owner) -> Vec<Grant> {
    let left = denies.iter().fold(grants, |grants, deny| {
        grants
            .into_iter()
            .flat_map(|grant| deny.bite_into(grant, owner))
            .collect()
    });
    left.into_iter().flat_map(settle).collect()
}

impl Deny {
    /// Reads a Deny statement.
    pub fn of(statement: &Statement, index: usize, bucket: &Named) -> Self {
        let (actions, _) = expand(&statement.actions);
        Self {
            label: label(statement, index),
            whom: statement.principal.clone(),
            actions,
            scope: Scope::of(&statement.resources, bucket),
            conditions: statement.conditions.clone(),
            bite: match statement.malformed {
                Some(_) => Bite::Undecided,
                None => Bite::of(&statement.conditions),
            },
        }
    }

    fn bite_into(&self, grant: Grant, owner: &Owner) -> Vec<Grant> {
        if !self.speaks_of(&grant) || excuses(&grant.conditions, &self.conditions) {
            return vec![grant];
        }
        let [untouched, partly, wholly] = self.shares_of(&grant);
        let share = |actions: Vec<&'static Action>| {
            (!actions.is_empty()).then(|| Grant {
                actions,
                ..grant.clone()
            })
        };
        let untouched = share(untouched);
        let partly = share(partly).map(|grant| self.cut_part_of(grant));
        let wholly = share(wholly).map(|grant| self.take(grant, owner));
        untouched
            .into_iter()
            .chain(partly)
            .chain(wholly.into_iter().flatten())
            .collect()
    }

    /// The grant's actions: those that the Deny leaves alone, those of which it touches a part of the resources, and those
    /// of which it touches all. Actions that have nothing to act on go where others are.
    fn shares_of(&self, grant: &Grant) -> [Vec<&'static Action>; 3] {
        let mut shares = [Vec::new(), Vec::new(), Vec::new()];
        for action in grant.effective() {
            let [untouched, partly, wholly] = &mut shares;
            match self.cover(grant, action) {
                Cover::Nothing => untouched.push(*action),
                Cover::Some => partly.push(*action),
                Cover::All => wholly.push(*action),
            }
        }
        let idle = grant
            .actions
            .iter()
            .filter(|action| !grant.scope.has(action.target));
        let place = shares
            .iter()
            .position(|share| !share.is_empty())
            .unwrap_or(0);
        shares
            .iter_mut()
            .skip(place)
            .take(1)
            .for_each(|share| share.extend(idle.clone()));
        shares
    }

    fn cover(&self, grant: &Grant, action: &&'static Action) -> Cover {
        if self.actions.contains(action) {
            self.scope.cover(&grant.scope, action.target)
        } else {
            Cover::Nothing
        }
    }

    /// A grant, all of whose resources the Deny names.
    fn take(&self, grant: Grant, owner: &Owner) -> Vec<Grant> {
        match &self.bite {
            Bite::Harmless if !self.shares_key(&grant) => vec![grant],
            Bite::Always if self.is_for_everyone() => {
                vec![self.taken(grant.given_to_nobody())]
            }
            Bite::StrangersEscape
                if self.is_for_everyone()
                    && grant.grantees == Grantees::Everyone
                    && !self.meets_at_all(&grant) =>
            {
                vec![Grant {
                    aws_public: doubted(grant.aws_public),
                    ..self.qualified(grant)
                }]
            }
            Bite::AllBut(held) if self.is_for_everyone() && self.is_exact(&grant, held, owner) => {
                let grant = Grant {
                    aws_public: doubted(grant.aws_public),
                    ..self.qualified(grant)
                };
                let left = grant.held_to(held, owner).into_iter();
                left.map(|grant| {
                    if grant.grantees == Grantees::Nobody {
                        self.taken(grant)
                    } else {
                        grant
                    }
                })
                .collect()
            }
            _ => vec![self.undecided(grant)],
        }
    }

    /// A grant, some of whose resources the Deny names: what it does to those changes nothing for the others.
    fn cut_part_of(&self, grant: Grant) -> Grant {
        if self.bite == Bite::Harmless && !self.shares_key(&grant) {
            return grant;
        }
        let keys = self.scope.keys.iter().filter(|key| *key != "*");
        let except = keys.map(|key| Untrusted::from(format!("except {key}")));
        let mut grant = self.qualified(grant);
        grant.qualifiers.extend(except);
        grant.carved.push(Carved {
            label: self.label.clone(),
            actions: self.actions.clone(),
            scope: self.scope.clone(),
        });
        grant
    }

    /// Whether it can be told who of the grantees is left when all but those of a fixed value are denied.
    fn is_exact(&self, grant: &Grant, held: &Held, owner: &Owner) -> bool {
        match (&grant.grantees, held) {
            (Grantees::Everyone | Grantees::AnyAwsAccount, _) => !self.shares_key(grant),
            (Grantees::Fixed(_), Held::Places) => !self.shares_key(grant),
            (Grantees::Fixed(Outsider::Account(_)), Held::Accounts(_)) => true,
            (Grantees::Fixed(Outsider::Account(_)), Held::Own) => owner.account.is_some(),
            (Grantees::Fixed(Outsider::Organization(_)), Held::Organizations(_)) => true,
            _ => false,
        }
    }

    /// Whether both are under conditions on the same key: then it takes more to say what is left.
    fn shares_key(&self, grant: &Grant) -> bool {
        let keys: BTreeSet<&str> = grant
            .conditions
            .iter()
            .map(|condition| condition.key.as_str())
            .collect();
        self.conditions
            .iter()
            .any(|condition| keys.contains(condition.key.as_str()))
    }

    /// Whether strangers must carry, to use the grant, a key of the kind that the Deny asks for.
    fn meets_at_all(&self, grant: &Grant) -> bool {
        let elsewhere = |conditions: &BTreeSet<Condition>| {
            conditions
                .iter()
                .any(|condition| carried(&condition.key) == Some(Carried::FromElsewhere))
        };
        self.shares_key(grant) || (elsewhere(&self.conditions) && elsewhere(&grant.conditions))
    }

    fn is_for_everyone(&self) -> bool {
        matches!(&self.whom, Principals::Only(names) if names.contains(&Principal::Everyone))
    }

    /// Whether the Deny can speak of the grantees: one to fixed principals leaves everyone else alone.
    fn speaks_of(&self, grant: &Grant) -> bool {
        let fixed = match &self.whom {
            Principals::Only(names) if names.contains(&Principal::Everyone) => None,
            Principals::Only(names) => Some(names),
            Principals::AllBut(names) => return !names.contains(&Principal::Everyone),
            Principals::Unsaid => None,
        };
        match (&grant.grantees, fixed) {
            (Grantees::Own | Grantees::Nobody, _) => false,
            (_, None) => true,
            (Grantees::Everyone | Grantees::AnyAwsAccount, Some(_)) => false,
            (_, Some(names)) => names.iter().any(|name| may_be(name, grant)),
        }
    }

    /// The grant, with what the Deny asks said.
    fn qualified(&self, mut grant: Grant) -> Grant {
        let denied = self
            .conditions
            .iter()
            .map(|condition| format!("denied if {}", describe(condition)));
        grant.qualifiers.extend(denied.map(Untrusted::from));
        grant
    }

    fn taken(&self, grant: Grant) -> Grant {
        Grant {
            aws_public: doubted(grant.aws_public),
            taken_by: Some(self.label.clone()),
            ..grant
        }
    }

    fn undecided(&self, grant: Grant) -> Grant {
        Grant {
            aws_public: doubted(grant.aws_public),
            undecided_deny: Some(self.label.clone()),
            ..grant
        }
    }
}

/// Whether a denied principal may be one of the grantees: it names the same, or the same account.
fn may_be(name: &Principal, grant: &Grant) -> bool {
    let granted = grant.principal.reveal();
    match name {
        Principal::Aws(text) if text == granted => true,
        Principal::Aws(text) => match account_of(granted) {
            Some(account) => account_of(text) == Some(account),
            None => grant.grantees != Grantees::Limited(LimitedTo::Service),
        },
        Principal::Service(text) | Principal::Federated(text) | Principal::CanonicalUser(text) => {
            text == granted || matches!(grant.grantees, Grantees::Limited(LimitedTo::Places))
        }
        Principal::Everyone | Principal::Unknown(_) => true,
    }
}

fn account_of(name: &str) -> Option<&str> {
    account_in_arn(name)
        .or(Some(name))
        .filter(|account| AccountId::parse(account).is_some())
}

/// A grant out of which parts were cut. Where a key can be named that no cut takes, the rest surely stands; where none can,
/// the cuts may have taken all.
fn settle(grant: Grant) -> Vec<Grant> {
    let Some(cut) = grant.carved.first().map(|carved| carved.label.clone()) else {
        return vec![grant];
    };
    let keys = grant.scope.sample_keys();
    let stands = |action: &&'static Action| {
        let takes = |carved: &Carved, key: &str| {
            carved.actions.contains(action) && carved.scope.may_have_key(key)
        };
        action.target == Target::Bucket
            || keys
                .iter()
                .any(|key| !grant.carved.iter().any(|carved| takes(carved, key)))
    };
    let (standing, doubtful): (Vec<_>, Vec<_>) = grant.actions.iter().copied().partition(stands);
    let standing = (!standing.is_empty()).then(|| Grant {
        actions: standing,
        ..grant.clone()
    });
    let doubtful = (!doubtful.is_empty()).then(|| Grant {
        actions: doubtful,
        aws_public: doubted(grant.aws_public),
        undecided_deny: Some(cut),
        ..grant
    });
    standing.into_iter().chain(doubtful).collect()
}

/// A public grant under a Deny: S3 does not say what it makes of that.
fn doubted(answer: Answer) -> Answer {
    if answer == Answer::True {
        Answer::Unknown
    } else {
        answer
    }
}
