//! Whom does a statement of a policy let in? The principal, with the condition that holds it to something fixed, and how
//! both are spelled.

use crate::dice::Dice;
use crate::json::{Json, one_or_many};
use crate::names::{Account, Audience, ORGANIZATION};

/// The principal, with the condition that holds it to something fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Everyone,
    Account(&'static str),
    /// One or two roles of the account.
    Roles(&'static str, usize),
    CanonicalUser(&'static str),
    OrganizationMembers,
    ThroughEndpoint,
    FromNetwork,
    OwnAccount,
    Service,
    /// Everybody who comes through an access point of the account, or through one of a Region whose name ends so.
    ThroughPoints(&'static str),
    ThroughPointsNamed(&'static str, &'static str, &'static str),
}

impl Who {
    pub fn audience(self) -> Option<Audience> {
        match self {
            Self::Everyone => Some(Audience::Public),
            Self::Account(id) | Self::Roles(id, _) => Some(Audience::Account(id)),
            Self::CanonicalUser(id) => Some(Audience::Canonical(id)),
            Self::OrganizationMembers => Some(Audience::Organization(ORGANIZATION)),
            _ => None,
        }
    }

    /// As a request through an access point meets it.
    pub fn audience_through(self, point: &str) -> Option<Audience> {
        match self {
            Self::ThroughPoints(_) => Some(Audience::Public),
            Self::ThroughPointsNamed(_, _, end) => point.ends_with(end).then_some(Audience::Public),
            who => who.audience(),
        }
    }

    pub fn is_held_to_fixed_sources(self) -> bool {
        matches!(
            self,
            Self::ThroughEndpoint
                | Self::FromNetwork
                | Self::ThroughPoints(_)
                | Self::ThroughPointsNamed(..)
        )
    }

    pub fn principal(self, owner: &Account, long: bool, dice: &mut Dice) -> Json {
        let aws = |values: Vec<Json>, dice: &mut Dice| {
            Json::Object(vec![("AWS", one_or_many(values, dice))])
        };
        match self {
            Self::Account(id) => aws(vec![account_principal(id, long)], dice),
            Self::OwnAccount => aws(vec![account_principal(owner.id, long)], dice),
            Self::Roles(id, count) => {
                let arns = ["partner", "reader"]
                    .map(|role| format!("arn:aws:iam::{id}:role/{role}").into());
                aws(arns[..count].to_vec(), dice)
            }
            Self::CanonicalUser(id) => Json::Object(vec![("CanonicalUser", id.into())]),
            Self::Service => Json::Object(vec![("Service", "cloudtrail.amazonaws.com".into())]),
            _ if long => aws(vec!["*".into()], dice),
            _ => "*".into(),
        }
    }

    /// May its principal be written in a long and a short way?
    pub fn has_two_names(self) -> bool {
        !matches!(
            self,
            Self::Roles(..) | Self::CanonicalUser(_) | Self::Service
        )
    }

    pub fn condition(self) -> Option<Json> {
        let (operator, key, value) = match self {
            Self::ThroughPoints(account) => {
                let value = account.into();
                return Some(held_to("StringEquals", "s3:DataAccessPointAccount", value));
            }
            Self::ThroughPointsNamed(region, account, end) => {
                let value = format!("arn:aws:s3:{region}:{account}:accesspoint/*{end}").into();
                return Some(held_to("StringLike", "s3:DataAccessPointArn", value));
            }
            Self::OrganizationMembers => ("StringEquals", "aws:PrincipalOrgID", ORGANIZATION),
            Self::ThroughEndpoint => ("StringEquals", "aws:SourceVpce", "vpce-1a2b3c4d"),
            Self::FromNetwork => ("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
            _ => return None,
        };
        Some(held_to(operator, key, value.into()))
    }
}

fn held_to(operator: &'static str, key: &'static str, value: Json) -> Json {
    Json::Object(vec![(operator, Json::Object(vec![(key, value)]))])
}

fn account_principal(id: &str, long: bool) -> Json {
    if long {
        format!("arn:aws:iam::{id}:root").into()
    } else {
        id.into()
    }
}
