//! What was asked, in one sentence?

use super::order::Call;
use crate::event::{
    AccessPointChange, Acl, Asked, BlockFlags, Change, NetworkOrigin, Payer, Upload, phrase,
};
use crate::exposure::{Answer, PolicyInForce};
use crate::vocab::Untrusted;
use std::collections::BTreeSet;

/// The sentence for one call. It may hold principals and keys that the caller chose.
pub(super) fn summary(call: &Call) -> Untrusted {
    let change = &call.cause.event.change;
    let asked = phrase(change);
    match change.unreadable() {
        Some(why) if change.upload() == Some(Upload::Completed) => {
            format!("{asked} (what it was begun with is not known: {why})").into()
        }
        Some(why) => format!("{asked} (what was asked cannot be read: {why})").into(),
        None => match detail(call, change) {
            Some(detail) => format!("{asked}: {detail}").into(),
            None => asked.into(),
        },
    }
}

fn detail(call: &Call, change: &Change) -> Option<String> {
    match change {
        Change::PutPolicy(_) => call.policy.as_deref().map(policy),
        Change::PutAcl(Asked::Said(acl))
        | Change::PutObjectAcl {
            acl: Asked::Said(acl),
            ..
        } => Some(acl_in_words(acl)),
        Change::WriteObject { acl, upload, .. } => {
            let asked = acl.as_ref().and_then(said).map(acl_in_words);
            let without = |what: &str| format!("without an ACL, which {what}");
            match upload {
                Some(Upload::Aborted) => None,
                Some(Upload::Resumed) => Some("its beginning was not seen".to_owned()),
                Some(Upload::Begun | Upload::Ended) => {
                    Some(asked.unwrap_or_else(|| without("will make it private")))
                }
                _ => Some(asked.unwrap_or_else(|| without("makes it private"))),
            }
        }
        Change::AccessPoint(_, AccessPointChange::PutPolicy(_)) => {
            call.policy.as_deref().map(policy)
        }
        Change::AccessPoint(
            _,
            AccessPointChange::Create {
                block: Asked::Said(flags),
                origin,
                ..
            },
        ) => {
            let from = match origin {
                NetworkOrigin::Internet => "from the Internet",
                NetworkOrigin::Vpc => "from one VPC only",
            };
            Some(format!("{from}, {}", block(*flags)))
        }
        Change::PutRequestPayment(Payer::Requester) => Some("whoever asks".to_owned()),
        Change::PutRequestPayment(Payer::BucketOwner) => Some("the bucket's owner".to_owned()),
        Change::PutReplication(destinations) => Some(replication(destinations)),
        Change::OrganizationPolicy(block) => Some(block.reveal().to_owned()),
        Change::CreateBucket { acl, ownership } => creation(
            acl.as_ref(),
            ownership.as_ref().and_then(said).map(|it| it.name()),
        ),
        Change::PutBlock(Asked::Said(flags)) | Change::PutAccountBlock(Asked::Said(flags)) => {
            Some(block(*flags))
        }
        Change::PutOwnership(Asked::Said(ownership)) => Some(ownership.name().to_owned()),
        _ => None,
    }
}

fn said<T>(asked: &Asked<T>) -> Option<&T> {
    match asked {
        Asked::Said(said) => Some(said),
        Asked::Unreadable(_) => None,
    }
}

fn creation(acl: Option<&Asked<Acl>>, ownership: Option<&'static str>) -> Option<String> {
    let acl = acl.and_then(said).map(acl_in_words);
    let parts: Vec<String> = acl
        .into_iter()
        .chain(ownership.map(str::to_owned))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn policy(policy: &PolicyInForce) -> String {
    let statements = policy.policy.statements.len();
    let public = match policy.meaning.aws_public {
        Answer::True => "public",
        Answer::False => "not public",
        Answer::Unknown => "public or not, AWS does not say",
    };
    let grants: BTreeSet<String> = policy
        .meaning
        .grants
        .iter()
        .filter(|grant| grant.audience().is_some())
        .map(|grant| {
            let reach = grant.reach();
            let permissions: Vec<&str> = reach
                .permissions
                .iter()
                .map(|permission| permission.name())
                .collect();
            format!(
                "{} may {}",
                grant.principal.reveal(),
                if permissions.is_empty() {
                    "do nothing".to_owned()
                } else {
                    permissions.join(", ")
                }
            )
        })
        .collect();
    let grants: Vec<String> = grants.into_iter().take(5).collect();
    let plural = if statements == 1 { "" } else { "s" };
    let grants = if grants.is_empty() {
        String::new()
    } else {
        format!("; {}", grants.join("; "))
    };
    format!("{statements} statement{plural}, {public}{grants}")
}

fn replication(destinations: &[Untrusted]) -> String {
    let names: BTreeSet<&str> = destinations.iter().map(Untrusted::reveal).collect();
    let names: Vec<&str> = names.into_iter().take(5).collect();
    format!("to {}", names.join(", "))
}

fn acl_in_words(acl: &Acl) -> String {
    match acl.canned {
        Some(canned) => canned.name().to_owned(),
        None => {
            let plural = if acl.grants.len() == 1 { "" } else { "s" };
            let public = if acl.is_public() {
                "public"
            } else {
                "not public"
            };
            format!("{} grant{plural}, {public}", acl.grants.len())
        }
    }
}

fn block(flags: BlockFlags) -> String {
    match flags.names().as_slice() {
        [] => "no flag on".to_owned(),
        [_, _, _, _] => "all four flags on".to_owned(),
        names => format!("only {} on", names.join(", ")),
    }
}
