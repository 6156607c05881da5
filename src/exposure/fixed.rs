//! Which conditions hold a grant to fixed values?
//!
//! S3's rule: a grant is not public if some condition limits it to fixed values (no wildcard, no policy variable) of a
//! listed key. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>
//!
//! Two answers again: to whom a condition holds the grant, which IAM documents, and whether S3 counts it.

use super::condition::{Effect, Held, Hold, PolicyKind, Reading, narrows};
use super::edition::Revised;
use super::keys::{self, Carried};
use super::network::{self, Breadth};
use super::pattern::{has_variable, is_wild};
use super::verdict::Answer;
use crate::event::{Condition, Quantifier};
use crate::vocab::AccountId;
use std::collections::BTreeSet;

const UNLISTED: &str = "S3's page does not list the condition key; likely not public";
const ACCESS_POINT: &str = "every request through the access point itself may carry the key";

/// What a positive test of a listed key does; `None` for other keys.
pub fn hold(condition: &Condition, reading: Reading) -> Option<Effect> {
    let listed = Listed::of(&condition.key)?;
    let is_of_addresses = condition.operator == "ipaddress";
    Some(match listed {
        Listed::SourceIp if is_of_addresses => networks(condition),
        Listed::SourceIp => {
            Effect::Undocumented("aws:SourceIp compared as text, which AWS does not document")
        }
        _ if is_of_addresses => Effect::Undocumented("an operator that is not made for its key"),
        _ => match Words::of(condition, reading.has_variables) {
            Words::NeverMatch => Effect::Undocumented(
                "a value with a wildcard or variable that is taken literally and never matches",
            ),
            Words::Fixed => listed.fixed(condition, reading),
            Words::Loose { by_variable } => listed.loose(condition, reading, by_variable),
        },
    })
}

/// The keys that can hold a grant to fixed values, and how each is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listed {
    SourceIp,
    Place,
    PlaceUnlisted,
    ServiceUnlisted,
    SourceArn,
    Organization,
    OrganizationPath,
    Account,
    PrincipalArn,
    UserId,
    AccessPointArn,
    AccessPointAccount,
}

impl Listed {
    fn of(key: &str) -> Option<Self> {
        Some(match key {
            "aws:sourceip" => Self::SourceIp,
            "aws:sourcevpc" | "aws:sourcevpce" | "aws:sourceowner" | "aws:sourceaccount" => {
                Self::Place
            }
            "aws:sourcevpcarn"
            | "aws:vpceaccount"
            | "aws:vpceorgid"
            | "aws:vpceorgpaths"
            | "aws:sourceorgid"
            | "aws:sourceorgpaths"
            | "aws:ec2instancesourcevpc"
            | "ec2:sourceinstancearn"
            | "lambda:sourcefunctionarn"
            | "ssm:sourceinstancearn"
            | "aws:chatbotsourcearn"
            | "codebuild:buildarn"
            | "codebuild:projectarn"
            | "s3:accessgrantsinstancearn" => Self::PlaceUnlisted,
            "aws:principalservicename" | "aws:principalservicenameslist" => Self::ServiceUnlisted,
            "aws:sourcearn" => Self::SourceArn,
            "aws:principalorgid" => Self::Organization,
            "aws:principalorgpaths" => Self::OrganizationPath,
            "aws:principalaccount" => Self::Account,
            "aws:principalarn" => Self::PrincipalArn,
            "aws:userid" => Self::UserId,
            "s3:dataaccesspointarn" => Self::AccessPointArn,
            "s3:dataaccesspointaccount" => Self::AccessPointAccount,
            _ => return None,
        })
    }

    /// All values are fixed.
    fn fixed(self, condition: &Condition, reading: Reading) -> Effect {
        let values = &condition.values;
        match self {
            Self::Organization => holds(Held::Organizations(values.clone())),
            Self::OrganizationPath => organizations(condition),
            Self::Account => match accounts(values, AccountId::parse) {
                Some(accounts) => holds(Held::Accounts(accounts)),
                None => Effect::Undocumented("aws:PrincipalAccount is not an account id"),
            },
            Self::PrincipalArn => match accounts(values, |value| {
                account_in_arn(value).and_then(AccountId::parse)
            }) {
                Some(accounts) => holds(Held::Accounts(accounts)),
                None => Effect::Undocumented("aws:PrincipalArn without an account id"),
            },
            Self::UserId => holds(user_ids(values)),
            Self::PlaceUnlisted => leans(Held::Places, UNLISTED),
            Self::ServiceUnlisted => leans(Held::Services, UNLISTED),
            Self::AccessPointArn | Self::AccessPointAccount
                if reading.kind == PolicyKind::AccessPoint =>
            {
                held(Held::Places, Answer::True, Some(ACCESS_POINT))
            }
            Self::SourceIp
            | Self::Place
            | Self::SourceArn
            | Self::AccessPointArn
            | Self::AccessPointAccount => holds(Held::Places),
        }
    }

    /// Some value has a wildcard or a policy variable: one bad value spoils the list.
    fn loose(self, condition: &Condition, reading: Reading, by_variable: bool) -> Effect {
        let values = &condition.values;
        let is_text = condition.operator.starts_with("string");
        let bound = || accounts(values, |value| bound_account(value, is_text));
        match self {
            Self::Account if all_are(values, "${aws:ResourceAccount}") => held(
                Held::Own,
                Answer::False,
                Some("a policy variable: S3 calls it public though it holds to the own account"),
            ),
            Self::Organization if all_are(values, "${aws:ResourceOrgID}") => held(
                Held::Organizations(values.clone()),
                Answer::False,
                Some(
                    "a policy variable: S3 calls it public though it holds to the own organization",
                ),
            ),
            Self::AccessPointArn
                if reading.kind == PolicyKind::Bucket && is_of_accounts(values) =>
            {
                access_points(values, by_variable)
            }
            Self::PrincipalArn => match bound() {
                Some(accounts) if by_variable => leans(
                    Held::Accounts(accounts),
                    "a policy variable bound to one account; likely not public",
                ),
                Some(accounts) => holds(Held::Accounts(accounts)),
                None => narrows(true),
            },
            Self::SourceArn if is_of_accounts(values) => leans(
                Held::Places,
                "a wildcard in aws:SourceArn bound to one account; likely not public",
            ),
            Self::UserId if values.iter().all(|value| is_session_of_one_role(value)) => leans(
                user_ids(values),
                "S3's page leaves open whether `AROLEID:*` is fixed; likely not public",
            ),
            Self::OrganizationPath if values.iter().all(|value| is_fixed_organization(value)) => {
                organizations(condition)
            }
            _ => narrows(keys::carried(&condition.key) == Some(Carried::IfSigned)),
        }
    }
}

fn held(to: Held, counts: Answer, note: Option<&'static str>) -> Effect {
    Effect::Holds(Hold { to, counts, note })
}

/// It holds, and S3 counts it.
fn holds(to: Held) -> Effect {
    held(to, Answer::True, None)
}

/// It holds, and AWS does not say whether S3 counts it.
fn leans(to: Held, likely: &'static str) -> Effect {
    held(to, Answer::Unknown, Some(likely))
}

fn all_are(values: &BTreeSet<String>, variable: &str) -> bool {
    values
        .iter()
        .all(|value| value.eq_ignore_ascii_case(variable))
}

/// Whether the values of a condition are fixed.
enum Words {
    Fixed,
    Loose { by_variable: bool },
    NeverMatch,
}

impl Words {
    fn of(condition: &Condition, has_variables: bool) -> Self {
        let exact = matches!(
            condition.operator.as_str(),
            "stringequals" | "stringequalsignorecase"
        );
        let variable = |value: &String| has_variables && has_variable(value);
        let spoiled = |value: &String| (is_wild(value) && !exact) || variable(value);
        let dead = |value: &String| {
            (is_wild(value) && exact && !has_variable(value)) || has_variable(value)
        };
        match &condition.values {
            values if values.iter().any(spoiled) => Self::Loose {
                by_variable: values.iter().any(variable),
            },
            values if values.iter().any(dead) => Self::NeverMatch,
            _ => Self::Fixed,
        }
    }
}

/// aws:SourceIp: the ranges are judged by their breadth.
fn networks(condition: &Condition) -> Effect {
    match network::breadth(condition.values.iter()) {
        None => Effect::Undocumented("aws:SourceIp is not an address range as S3 documents it"),
        Some(Breadth::Wide) => {
            let everything = condition.values.iter().any(|value| value.ends_with("/0"));
            Effect::Narrows {
                signed_only: false,
                revised: (!everything).then_some(Revised::WideRange),
            }
        }
        Some(Breadth::WideTogether) => Effect::Undocumented(
            "S3 does not say whether it adds up ranges that are wider than /8 only together; likely not public",
        ),
        Some(Breadth::Narrow) if condition.if_exists => held(
            Held::Places,
            Answer::True,
            Some("a request through a VPC endpoint carries no aws:SourceIp and passes"),
        ),
        Some(Breadth::Narrow) => holds(Held::Places),
    }
}

/// aws:PrincipalOrgPaths has several values; IAM wants a set operator for it, and does not say what it does without.
fn organizations(condition: &Condition) -> Effect {
    let ids = condition
        .values
        .iter()
        .map(|path| organization_of(path))
        .collect();
    match condition.quantifier {
        Quantifier::Single => leans(
            Held::Organizations(ids),
            "aws:PrincipalOrgPaths without a set operator; likely not public",
        ),
        _ => holds(Held::Organizations(ids)),
    }
}

/// s3:DataAccessPointArn in a bucket policy: S3 lets the access point's name be a wildcard where the account is fixed.
fn access_points(values: &BTreeSet<String>, by_variable: bool) -> Effect {
    let only_name = |value: &String| {
        value
            .split_once(":accesspoint/")
            .is_some_and(|(before, _)| !is_wild(before))
    };
    match !by_variable
        && values
            .iter()
            .all(|value| !is_wild(value) || only_name(value))
    {
        true => holds(Held::Places),
        false => leans(
            Held::Places,
            "more than the access point's name is a wildcard, the account is fixed; likely not public",
        ),
    }
}

/// The accounts of all values, or `None` if one has no fixed account.
pub fn accounts(
    values: &BTreeSet<String>,
    account_in: impl Fn(&str) -> Option<AccountId>,
) -> Option<BTreeSet<AccountId>> {
    values.iter().map(|value| account_in(value)).collect()
}

/// The account field of an ARN: `arn:partition:service:region:account:resource`.
pub fn account_in_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(3)
}

/// The account to which an ARN with wildcards or variables is bound. Compared as an ARN, a wildcard ends at the next `:`;
/// compared as text it runs on, so that none may stand before the account.
pub fn bound_account(arn: &str, is_text: bool) -> Option<AccountId> {
    let (before, account) = match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        [_, partition, service, region, account, ..] => ([*partition, *service, *region], *account),
        _ => return None,
    };
    let is_loose = |part: &&str| has_variable(part) || (is_text && is_wild(part));
    let fixed = arn.starts_with("arn:") && !before.iter().any(is_loose);
    let account = match account.split_once('*') {
        Some((digits, "")) if is_text => digits,
        _ => account,
    };
    AccountId::parse(account).filter(|_| fixed)
}

/// Whether each ARN names its account. AWS makes these ARNs, and no part of theirs holds a colon.
fn is_of_accounts(values: &BTreeSet<String>) -> bool {
    accounts(values, |value| bound_account(value, false)).is_some()
}

/// aws:userid: the accounts that the ids tell (a root user's id is its account's), else ids that tell none.
fn user_ids(values: &BTreeSet<String>) -> Held {
    let accounts: BTreeSet<AccountId> = values
        .iter()
        .filter_map(|value| AccountId::parse(value.split(':').next().unwrap_or(value)))
        .collect();
    if accounts.is_empty() {
        Held::UniqueIds
    } else {
        Held::Accounts(accounts)
    }
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

/// `AROAEXAMPLE:*`, or an id without a wildcard: every session of one role.
fn is_session_of_one_role(value: &str) -> bool {
    let is_fixed = |text: &str| !text.contains(['*', '?', '$']);
    is_fixed(value)
        || value
            .split_once(':')
            .is_some_and(|(role, _)| role.starts_with("ARO") && is_fixed(role))
}
