//! Whom does an access point let in?
//!
//! Whoever its own policy grants something and the bucket policy lets in through it. The bucket's owner usually delegates
//! with `s3:DataAccessPointAccount`. An access point for one VPC is never public.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html>

use super::assumption::{Entry, Gate, through};
use super::condition::PolicyKind;
use super::entrance::Entrance;
use super::grant::{Grant, Owner};
use super::known::Known;
use super::meaning::PolicyMeaning;
use super::pattern::matches;
use super::resource::Cover;
use super::state::{BucketState, PolicyInForce};
use super::verdict::{Answer, Assumption, Audience, Mechanism};
use super::way::Way;
use crate::event::{BlockFlags, Condition, NetworkOrigin, Policy, Statement};
use crate::vocab::{AccountId, Region, Untrusted};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is known of an access point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessPoint {
    /// The account that owns it.
    pub account: Option<AccountId>,
    /// Its Region.
    pub region: Option<Region>,
    /// Its name.
    pub name: Untrusted,
    /// Its policy; `Observed(None)` is known to have none.
    pub policy: Known<Option<Arc<PolicyInForce>>>,
    /// Its own block, given when it was made.
    pub block: Known<BlockFlags>,
    /// From where it can be reached.
    pub origin: NetworkOrigin,
}

/// Judges one access point.
pub fn judge_access_point(
    point: &AccessPoint,
    bucket: &BucketState,
    account_block: &Known<BlockFlags>,
    owner: &Owner,
) -> Entrance {
    let policy = match (&point.policy, point.origin) {
        (_, NetworkOrigin::Vpc)
        | (Known::Unobserved | Known::Observed(None), NetworkOrigin::Internet) => {
            return Entrance::default();
        }
        (Known::Opaque, NetworkOrigin::Internet) => return Entrance::unknown(),
        (Known::Observed(Some(policy)), NetworkOrigin::Internet) => policy,
    };
    let own = policy
        .meaning
        .grants
        .iter()
        .filter(|grant| grant.audience().is_some() || grant.is_doubtful());
    let restrict = restricting(point, bucket, account_block);
    // Whatever the bucket policy says.
    let silenced = restrict == Gate::On && policy.meaning.aws_public == Answer::True;
    let grants: Vec<(Grant, Entry)> = match &bucket.policy {
        Known::Observed(None) => Vec::new(),
        Known::Unobserved => own
            .map(|grant| (as_own(grant), Entry::shut_if(Assumption::PolicyUnseen)))
            .collect(),
        Known::Opaque if silenced => own.map(|grant| (as_own(grant), Entry::Shut)).collect(),
        Known::Opaque => own.map(|grant| (as_own(grant), Entry::Unknown)).collect(),
        Known::Observed(Some(of_bucket)) => {
            let delegated = PolicyMeaning::of(
                &seen_through(&of_bucket.policy, point),
                owner,
                PolicyKind::Bucket,
            );
            let public = policy.meaning.aws_public != Answer::False
                || of_bucket.meaning.aws_public == Answer::True;
            own.flat_map(|grant| both(grant, &delegated.grants, public, &restrict))
                .collect()
        }
    };
    let way = Way::granting(grants);
    let to_all = policy
        .meaning
        .grants
        .iter()
        .any(|grant| grant.audience() == Some(Audience::Public));
    // What the bucket policy might add holds for whomever it names, if the access point's lets everybody in.
    Entrance::through(match &bucket.policy {
        Known::Unobserved if to_all => way.for_outsiders(Entry::shut_if(Assumption::PolicyUnseen)),
        Known::Opaque if to_all && !silenced => way.for_outsiders(Entry::Unknown),
        _ => way,
    })
}

/// RestrictPublicBuckets of the access point, the bucket or the account: one is enough.
fn restricting(point: &AccessPoint, bucket: &BucketState, account: &Known<BlockFlags>) -> Gate {
    let own = match &point.block {
        Known::Observed(flags) if flags.restrict_public_buckets => Gate::On,
        Known::Observed(_) => Gate::Off(BTreeSet::new()),
        Known::Unobserved => Gate::assumed(Assumption::BucketBlockUnseen),
        Known::Opaque => Gate::Opaque,
    };
    own.or(bucket.block_gate(account, |flags| flags.restrict_public_buckets))
}

fn as_own(grant: &Grant) -> Grant {
    Grant {
        mechanism: Mechanism::AccessPointPolicy,
        ..grant.clone()
    }
}

/// What the access point's grant and the bucket policy's grants allow together.
fn both(grant: &Grant, delegated: &[Grant], public: bool, restrict: &Gate) -> Vec<(Grant, Entry)> {
    let shared = delegated.iter().filter_map(|other| shared(grant, other));
    shared
        .map(|grant| {
            let open = match public {
                true => through(restrict),
                false => Entry::Open(BTreeSet::new()),
            };
            let entry = match open {
                Entry::Open(_) if grant.is_doubtful() => Entry::Unknown,
                Entry::Open(mut assumed) if grant.undecided_deny.is_some() => {
                    assumed.insert(Assumption::DenyUndecided);
                    Entry::Open(assumed)
                }
                entry => entry,
            };
            (grant, entry)
        })
        .collect()
}

/// The grant to whoever both let in, of the actions that both allow.
fn shared(own: &Grant, delegated: &Grant) -> Option<Grant> {
    let (narrow, wide) = match (own.audience(), delegated.audience()) {
        (_, Some(Audience::Public)) => (own, delegated),
        (Some(Audience::Public), Some(Audience::Foreign(_))) => (delegated, own),
        (Some(left), Some(right)) if left == right => (own, delegated),
        _ => return None,
    };
    let actions = own.actions.iter().filter(|action| {
        delegated.actions.contains(action)
            && delegated.scope.cover(&own.scope, action.target) != Cover::Nothing
    });
    let mut grant = Grant {
        grantees: narrow.grantees.clone(),
        principal: narrow.principal.clone(),
        actions: actions.copied().collect(),
        undecided_deny: own
            .undecided_deny
            .clone()
            .or(delegated.undecided_deny.clone()),
        ..as_own(own)
    };
    grant.qualifiers.extend(wide.qualifiers.iter().cloned());
    grant.qualifiers.extend(narrow.qualifiers.iter().cloned());
    grant.is_usable().then_some(grant)
}

/// The bucket policy as a request through the access point meets it: conditions on the access point that it meets are
/// gone, statements whose conditions it does not meet are gone.
fn seen_through(policy: &Policy, point: &AccessPoint) -> Policy {
    let statements = policy
        .statements
        .iter()
        .filter_map(|statement| met_by(statement, point));
    Policy {
        statements: statements.collect(),
        ..policy.clone()
    }
}

fn met_by(statement: &Statement, point: &AccessPoint) -> Option<Statement> {
    let mut left = statement.clone();
    left.conditions.clear();
    for condition in &statement.conditions {
        match meets(condition, point) {
            Some(true) => {}
            Some(false) => return None,
            None => _ = left.conditions.insert(condition.clone()),
        }
    }
    Some(left)
}

/// Whether a request through the access point meets a condition on access points; `None` for other conditions.
fn meets(condition: &Condition, point: &AccessPoint) -> Option<bool> {
    let is = |value: &String, known: Option<&str>| known.is_some_and(|known| matches(value, known));
    let arn = arn_of(point);
    let one = |value: &String| match condition.key.as_str() {
        "s3:dataaccesspointaccount" => is(value, point.account.as_ref().map(AccountId::as_str)),
        "s3:dataaccesspointarn" => is(value, arn.as_deref()),
        _ => is(value, Some("Internet")),
    };
    let concerns = matches!(
        condition.key.as_str(),
        "s3:dataaccesspointaccount" | "s3:dataaccesspointarn" | "s3:accesspointnetworkorigin"
    );
    let variable = condition.values.iter().any(|value| value.contains("${"));
    if !concerns || variable {
        return None;
    }
    let any = condition.values.iter().any(one);
    match condition.operator.as_str() {
        "stringequals" | "stringequalsignorecase" | "stringlike" | "arnequals" | "arnlike" => {
            Some(any)
        }
        "stringnotequals"
        | "stringnotequalsignorecase"
        | "stringnotlike"
        | "arnnotequals"
        | "arnnotlike" => Some(!any),
        "null" => Some(condition.values.iter().all(|value| value == "false")),
        _ => None,
    }
}

/// `arn:aws:s3:region:account:accesspoint/name`. The partition follows from the Region.
fn arn_of(point: &AccessPoint) -> Option<String> {
    let (region, account) = point.region.as_ref().zip(point.account.as_ref())?;
    let partition = region.partition();
    let name = point.name.reveal();
    Some(format!(
        "arn:{partition}:s3:{region}:{account}:accesspoint/{name}"
    ))
}
