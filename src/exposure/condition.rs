//! Does a condition hold a wildcard principal to something fixed?
//!
//! S3's rule: a grant is not public if some condition limits it to fixed values (no wildcard, no policy variable) of a
//! listed key. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>

use super::network::{self, Breadth};
use super::verdict::Answer;
use crate::event::{Condition, Policy, Quantifier};
use crate::vocab::AccountId;
use std::collections::BTreeSet;

/// What one condition does to a grant that names everyone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It holds the grant to something fixed; AWS counts that as not public (`True`) or does not say (`Unknown`).
    Holds(Held, Answer),
    /// It narrows the grant and leaves it public.
    Narrows {
        /// The condition in words.
        qualifier: String,
        /// Whether a request without credentials cannot pass it.
        signed_only: bool,
    },
    /// It can never be met, or what it does is not documented.
    Undocumented(&'static str),
}

/// To what a condition holds a grant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Held {
    /// These principals' accounts.
    Accounts(BTreeSet<AccountId>),
    /// Principals whose account their id does not tell.
    UniqueIds,
    /// These organizations.
    Organizations(BTreeSet<String>),
    /// Networks, VPCs, endpoints, sources or access points.
    Places,
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

/// Reads one condition.
pub fn effect(condition: &Condition, has_variables: bool, kind: PolicyKind) -> Effect {
    match Test::of(condition) {
        Test::Positive => positive(condition, has_variables, kind),
        Test::PassesWithoutKey => narrows(condition, false),
        Test::Presence => presence(condition),
        Test::Other => narrows(
            condition,
            needs_signature(&condition.key)
                && condition.operator != "null"
                && !is_negated(condition),
        ),
        Test::Unknown => Effect::Undocumented("a condition operator that IAM does not document"),
    }
}

/// What kind of test an operator makes.
enum Test {
    /// The key must be present and match one of the values.
    Positive,
    /// A request without the key passes.
    PassesWithoutKey,
    /// `Null`: the key must be present, or absent.
    Presence,
    /// A test that restricts nobody for good: negated, boolean, of numbers or of dates.
    Other,
    /// Not an operator of IAM.
    Unknown,
}

impl Test {
    fn of(condition: &Condition) -> Self {
        let optional = condition.if_exists || condition.quantifier == Quantifier::AllValues;
        match condition.operator.as_str() {
            _ if optional && is_positive(condition) && !is_always_present(&condition.key) => {
                Self::PassesWithoutKey
            }
            _ if is_positive(condition) => Self::Positive,
            "null" => Self::Presence,
            "bool" if optional && !is_always_present(&condition.key) => Self::PassesWithoutKey,
            _ if is_negated(condition) || is_scalar(condition) => Self::Other,
            _ => Self::Unknown,
        }
    }
}

fn is_positive(condition: &Condition) -> bool {
    matches!(
        condition.operator.as_str(),
        "stringequals"
            | "stringequalsignorecase"
            | "stringlike"
            | "arnequals"
            | "arnlike"
            | "ipaddress"
    )
}

/// Whether the operator is one of the negated ones, which also match a request without the key.
pub fn is_negated(condition: &Condition) -> bool {
    matches!(
        condition.operator.as_str(),
        "stringnotequals"
            | "stringnotequalsignorecase"
            | "stringnotlike"
            | "arnnotequals"
            | "arnnotlike"
            | "notipaddress"
            | "numericnotequals"
            | "datenotequals"
    )
}

fn is_scalar(condition: &Condition) -> bool {
    condition.operator.starts_with("numeric")
        || condition.operator.starts_with("date")
        || matches!(condition.operator.as_str(), "bool" | "binaryequals")
}

/// Keys that every request has, signed or not.
fn is_always_present(key: &str) -> bool {
    matches!(
        key,
        "aws:sourceip"
            | "aws:securetransport"
            | "aws:currenttime"
            | "aws:epochtime"
            | "aws:requestedregion"
    )
}

/// Keys that only a signed request has.
fn needs_signature(key: &str) -> bool {
    const KEYS: [&str; 12] = [
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:principaltype",
        "aws:username",
        "aws:userid",
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:tokenissuetime",
        "aws:federatedprovider",
        "s3:authtype",
        "s3:signatureage",
    ];
    KEYS.contains(&key)
        || [
            "aws:principaltag/",
            "aws:calledvia",
            "s3:signature",
            "aws:principalorgpaths",
        ]
        .iter()
        .any(|prefix| key.starts_with(prefix))
}

/// `Null` with `false` asks for the key, with `true` for its absence.
fn presence(condition: &Condition) -> Effect {
    let asks_for_key = condition
        .values
        .iter()
        .any(|value| value.eq_ignore_ascii_case("false"));
    narrows(condition, asks_for_key && needs_signature(&condition.key))
}

fn narrows(condition: &Condition, signed_only: bool) -> Effect {
    Effect::Narrows {
        qualifier: describe(condition),
        signed_only,
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

/// What a positive test of a listed key does; other keys only narrow.
fn positive(condition: &Condition, has_variables: bool, kind: PolicyKind) -> Effect {
    let Some(listed) = Listed::of(&condition.key) else {
        return narrows(condition, needs_signature(&condition.key));
    };
    if condition.values.is_empty() {
        return Effect::Undocumented("a condition without values");
    }
    if listed.takes(&condition.operator) {
        listed.hold(condition, has_variables, kind)
    } else {
        odd_operator(condition)
    }
}

/// A listed key under an operator that is not made for it.
fn odd_operator(condition: &Condition) -> Effect {
    match condition.key.as_str() {
        "aws:sourceip" => {
            Effect::Undocumented("aws:SourceIp compared as text, which AWS does not document")
        }
        _ => Effect::Undocumented("an operator that is not made for its key"),
    }
}

/// The keys that can hold a grant to fixed values, and how each is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listed {
    SourceIp,
    Place,
    PlaceUnlisted,
    SourceArn,
    Organization,
    OrganizationPath,
    Account,
    PrincipalArn,
    UserId,
    AccessPointArn,
}

impl Listed {
    fn of(key: &str) -> Option<Self> {
        Some(match key {
            "aws:sourceip" => Self::SourceIp,
            "aws:sourcevpc"
            | "aws:sourcevpce"
            | "aws:sourceowner"
            | "aws:sourceaccount"
            | "s3:dataaccesspointaccount" => Self::Place,
            "aws:vpceaccount"
            | "aws:vpceorgid"
            | "aws:vpceorgpaths"
            | "aws:sourceorgid"
            | "aws:sourceorgpaths"
            | "aws:ec2instancesourcevpc" => Self::PlaceUnlisted,
            "aws:sourcearn" => Self::SourceArn,
            "aws:principalorgid" => Self::Organization,
            "aws:principalorgpaths" => Self::OrganizationPath,
            "aws:principalaccount" => Self::Account,
            "aws:principalarn" => Self::PrincipalArn,
            "aws:userid" => Self::UserId,
            "s3:dataaccesspointarn" => Self::AccessPointArn,
            _ => return None,
        })
    }

    fn takes(self, operator: &str) -> bool {
        match self {
            Self::SourceIp => operator == "ipaddress",
            _ => operator != "ipaddress",
        }
    }

    fn hold(self, condition: &Condition, has_variables: bool, kind: PolicyKind) -> Effect {
        let words = match self {
            Self::SourceIp => return networks(condition),
            _ => Words::of(condition, has_variables),
        };
        match words {
            Words::NeverMatch => Effect::Undocumented(
                "a wildcard under an exact operator is taken literally and never matches",
            ),
            Words::Fixed => self.fixed(condition),
            Words::Loose => self.loose(condition, kind),
        }
    }

    /// All values are fixed.
    fn fixed(self, condition: &Condition) -> Effect {
        let held = match self {
            Self::Organization => Held::Organizations(condition.values.clone()),
            Self::OrganizationPath => Held::Organizations(
                condition
                    .values
                    .iter()
                    .map(|path| organization_of(path))
                    .collect(),
            ),
            Self::Account => match accounts(&condition.values, Some) {
                Some(accounts) => Held::Accounts(accounts),
                None => return Effect::Undocumented("aws:PrincipalAccount is not an account id"),
            },
            Self::PrincipalArn => match accounts(&condition.values, account_in_arn) {
                Some(accounts) => Held::Accounts(accounts),
                None => return Effect::Undocumented("aws:PrincipalArn without an account id"),
            },
            Self::UserId => Held::UniqueIds,
            Self::PlaceUnlisted => return Effect::Holds(Held::Places, Answer::Unknown),
            Self::SourceIp | Self::Place | Self::SourceArn | Self::AccessPointArn => Held::Places,
        };
        Effect::Holds(held, Answer::True)
    }

    /// Some value has a wildcard or a policy variable: one bad value spoils the list.
    fn loose(self, condition: &Condition, kind: PolicyKind) -> Effect {
        let bounded =
            |account_in: fn(&str) -> Option<&str>| accounts(&condition.values, account_in);
        match self {
            Self::AccessPointArn
                if kind == PolicyKind::Bucket && bounded(account_in_arn).is_some() =>
            {
                Effect::Holds(Held::Places, Answer::True)
            }
            Self::PrincipalArn => match bounded(account_in_arn) {
                Some(accounts) => Effect::Holds(Held::Accounts(accounts), Answer::True),
                None => narrows(condition, true),
            },
            Self::SourceArn if bounded(account_in_arn).is_some() => {
                Effect::Holds(Held::Places, Answer::Unknown)
            }
            Self::UserId
                if condition
                    .values
                    .iter()
                    .all(|value| is_session_of_one_role(value)) =>
            {
                Effect::Holds(Held::UniqueIds, Answer::Unknown)
            }
            Self::OrganizationPath
                if condition
                    .values
                    .iter()
                    .all(|value| is_fixed_organization(value)) =>
            {
                let ids = condition
                    .values
                    .iter()
                    .map(|path| organization_of(path))
                    .collect();
                Effect::Holds(Held::Organizations(ids), Answer::True)
            }
            _ => narrows(condition, needs_signature(&condition.key)),
        }
    }
}

/// Whether the values of a condition are fixed.
enum Words {
    Fixed,
    Loose,
    NeverMatch,
}

impl Words {
    fn of(condition: &Condition, has_variables: bool) -> Self {
        let exact = matches!(
            condition.operator.as_str(),
            "stringequals" | "stringequalsignorecase"
        );
        let wild = |value: &String| value.contains(['*', '?']);
        let variable = |value: &String| value.contains("${");
        let spoiled =
            |value: &String| (wild(value) && !exact) || (variable(value) && has_variables);
        let dead = |value: &String| {
            (wild(value) && exact && !variable(value)) || (variable(value) && !has_variables)
        };
        match &condition.values {
            values if values.iter().any(spoiled) => Self::Loose,
            values if values.iter().any(dead) => Self::NeverMatch,
            _ => Self::Fixed,
        }
    }
}

/// aws:SourceIp: each range is judged by its breadth.
fn networks(condition: &Condition) -> Effect {
    let breadths: Option<Vec<_>> = condition
        .values
        .iter()
        .map(|value| network::breadth(value))
        .collect();
    match breadths {
        None => Effect::Undocumented("aws:SourceIp is not an address range"),
        Some(breadths) if breadths.contains(&Breadth::Wide) => narrows(condition, false),
        Some(_) => Effect::Holds(Held::Places, Answer::True),
    }
}

/// The accounts of all values, or `None` if one has no fixed account.
fn accounts<'v>(
    values: &'v BTreeSet<String>,
    account_in: fn(&'v str) -> Option<&'v str>,
) -> Option<BTreeSet<AccountId>> {
    values
        .iter()
        .map(|value| account_in(value).and_then(AccountId::parse))
        .collect()
}

/// The account field of an ARN: `arn:partition:service:region:account:resource`.
pub fn account_in_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(3)
}

/// The organization of `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`.
fn organization_of(path: &str) -> String {
    path.split('/').next().unwrap_or(path).to_owned()
}

fn is_fixed_organization(path: &str) -> bool {
    path.split_once('/').is_some_and(|(organization, _)| {
        organization.starts_with("o-") && !organization.contains(['*', '?', '$'])
    })
}

/// `AROAEXAMPLE:*`: every session of one role, of which AWS's page leaves open whether it counts as fixed.
fn is_session_of_one_role(value: &str) -> bool {
    value
        .split_once(':')
        .is_some_and(|(role, _)| role.starts_with("ARO") && !role.contains(['*', '?', '$']))
}
