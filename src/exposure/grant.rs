//! What does one grant give, to whom?

use super::action::{Action, Target, is_for_owner_only};
use super::condition::Held;
use super::deny::Carved;
use super::edition::{Edition, Revised};
use super::resource::Scope;
use super::verdict::{Answer, Audience, Mechanism, Outsider, Permission, Reach};
use crate::event::Condition;
use crate::vocab::{AccountId, BucketName, Untrusted};
use std::collections::BTreeSet;

/// To whom a grant is made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Grantees {
    /// Everyone, with an account or without.
    Everyone,
    /// Anyone with an AWS account.
    AnyAwsAccount,
    /// Somebody fixed, outside or inside the account.
    Fixed(Outsider),
    /// The bucket's own account.
    Own,
    /// A wildcard principal held to fixed places, or an AWS service.
    Limited(LimitedTo),
    /// Nobody: a deleted principal.
    Nobody,
    /// AWS does not document to whom.
    Undocumented,
}

/// Why a grant is limited.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LimitedTo {
    /// An AWS service principal: RestrictPublicBuckets lets it through.
    Service,
    /// Networks, VPCs, endpoints, sources, access points.
    Places,
}

/// One grant: to whom, which actions, on what, through which control.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// To whom.
    pub grantees: Grantees,
    /// How reports name them.
    pub principal: Untrusted,
    /// What may be done.
    pub actions: Vec<&'static Action>,
    /// On what.
    pub scope: Scope,
    /// Through which control.
    pub mechanism: Mechanism,
    /// What narrows it.
    pub qualifiers: BTreeSet<Untrusted>,
    /// Under which conditions it is made.
    pub conditions: BTreeSet<Condition>,
    /// The class of an ACL's permission; a policy's classes are those of its actions.
    pub acl_permission: Option<Permission>,
    /// Whether S3 counts it as public: what GetBucketPolicyStatus and the block look at.
    pub aws_public: Answer,
    /// A Deny that may take it away, by name.
    pub undecided_deny: Option<Untrusted>,
    /// A Deny that left nothing of it, by name.
    pub taken_by: Option<Untrusted>,
    /// What Deny statements cut out of its resources.
    pub carved: Vec<Carved>,
    /// Which statement or grant it is.
    pub label: Untrusted,
    /// Why it cannot be told whether it is in force, where it cannot.
    pub doubt: Option<&'static str>,
    /// Why it is taken as it is, where that needs saying.
    pub notes: BTreeSet<&'static str>,
}

impl Grant {
    /// Which audience it lets in, if it lets anybody outside in.
    pub fn audience(&self) -> Option<Audience> {
        match &self.grantees {
            Grantees::Everyone | Grantees::AnyAwsAccount => Some(Audience::Public),
            Grantees::Fixed(outsider) => Some(Audience::Foreign(outsider.clone())),
            _ => None,
        }
    }

    /// Whether a stranger could do anything with it.
    pub fn is_usable(&self) -> bool {
        self.effective()
            .any(|action| self.acl_permission.is_some() || !is_for_owner_only(action))
    }

    /// Whether it cannot be told to whom it is, or whether it is in force at all.
    pub fn is_doubtful(&self) -> bool {
        self.doubt.is_some() || self.grantees == Grantees::Undocumented
    }

    /// The actions that have something to act on.
    pub fn effective(&self) -> impl Iterator<Item = &&'static Action> {
        self.actions
            .iter()
            .filter(|action| self.scope.has(action.target))
    }

    /// What it gives, as reports show it.
    pub fn reach(&self) -> Reach {
        let targets: Vec<Target> = self.effective().map(|action| action.target).collect();
        Reach {
            mechanisms: BTreeSet::from([self.mechanism]),
            permissions: self.classes(),
            principals: BTreeSet::from([self.principal.clone()]),
            resources: match self.acl_permission {
                // Which objects, the timeline knows.
                Some(_) if self.mechanism == Mechanism::ObjectAcl => BTreeSet::new(),
                Some(_) => BTreeSet::from(["bucket".into()]),
                None => self.scope.names(&targets),
            },
            qualifiers: self.qualifiers.clone(),
        }
    }

    /// What it gives by class. What only the owner can use is told of a grant that gives nothing else.
    fn classes(&self) -> BTreeSet<Permission> {
        let class = |action: &&'static Action| self.acl_permission.unwrap_or(action.permission);
        let usable = |action: &&&'static Action| {
            self.acl_permission.is_some() || !self.is_usable() || !is_for_owner_only(action)
        };
        self.effective().filter(usable).map(class).collect()
    }

    /// Says that an earlier edition of S3's rule read a fact of it differently.
    pub fn mark(&mut self, fact: Revised, edition: Edition) {
        self.notes.insert(fact.note());
        if fact.is_in_doubt(edition) {
            self.qualifiers.insert("rule_edition".into());
        }
    }

    /// The same grant to nobody.
    pub fn given_to_nobody(self) -> Self {
        Self {
            grantees: Grantees::Nobody,
            ..self
        }
    }

    /// The same grant, held to something fixed.
    pub fn held_to(self, held: &Held, owner: &Owner) -> Vec<Self> {
        match (&self.grantees, held) {
            (Grantees::Everyone | Grantees::AnyAwsAccount, _) => self.narrowed_to(held, owner),
            (Grantees::Fixed(Outsider::Account(account)), Held::Accounts(left))
                if !left.contains(account) =>
            {
                vec![self.given_to_nobody()]
            }
            (Grantees::Fixed(Outsider::Account(_)), Held::Own) if owner.account.is_some() => {
                vec![self.given_to_nobody()]
            }
            (Grantees::Fixed(Outsider::Organization(id)), Held::Organizations(left))
                if !left.contains(id.reveal()) =>
            {
                vec![self.given_to_nobody()]
            }
            _ => vec![self],
        }
    }

    fn narrowed_to(mut self, held: &Held, owner: &Owner) -> Vec<Self> {
        let mut to = |grantees| {
            self.grantees = grantees;
            vec![self.clone()]
        };
        match held {
            Held::Places => to(Grantees::Limited(LimitedTo::Places)),
            Held::Services => to(Grantees::Limited(LimitedTo::Service)),
            Held::UniqueIds | Held::Own => to(Grantees::Own),
            Held::Accounts(accounts) => accounts
                .iter()
                .map(|account| {
                    self.clone()
                        .given_to(owner.account(account), account.as_str())
                })
                .collect(),
            Held::Organizations(ids) => ids
                .iter()
                .map(|id| self.clone().given_to(owner.organization(id), id))
                .collect(),
        }
    }

    fn given_to(mut self, grantees: Grantees, name: &str) -> Self {
        self.grantees = grantees;
        self.principal = name.into();
        self
    }
}

/// Whose bucket it is, and whom its owner trusts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Owner {
    /// The account, where it is known.
    pub account: Option<AccountId>,
    /// The bucket, where its name is known: what its policy says of other buckets is nothing.
    pub bucket: Option<BucketName>,
    /// Its canonical user ids, as far as they are known.
    pub canonical_ids: BTreeSet<Untrusted>,
    /// Accounts that count as the owner's.
    pub trusted_accounts: BTreeSet<AccountId>,
    /// Organizations that count as the owner's.
    pub trusted_organizations: BTreeSet<String>,
}

impl Owner {
    /// An account as a grantee: the owner's own, or a foreign one.
    pub fn account(&self, account: &AccountId) -> Grantees {
        if self.account.as_ref() == Some(account) || self.trusted_accounts.contains(account) {
            Grantees::Own
        } else {
            Grantees::Fixed(Outsider::Account(account.clone()))
        }
    }

    /// An organization as a grantee.
    pub fn organization(&self, id: &str) -> Grantees {
        if self.trusted_organizations.contains(id) {
            Grantees::Own
        } else {
            Grantees::Fixed(Outsider::Organization(id.into()))
        }
    }

    /// A canonical user id as a grantee.
    pub fn canonical(&self, id: &Untrusted) -> Grantees {
        if self.canonical_ids.contains(id) {
            Grantees::Own
        } else {
            Grantees::Fixed(Outsider::Canonical(id.clone()))
        }
    }
}
