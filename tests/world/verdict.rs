//! Which verdict does the evidence allow, and on which assumptions? The five verdicts of reports.md, found by trying:
//! an opaque control is given every kind of value, an unseen one S3's default and then every other kind.

use std::collections::BTreeSet;

use crate::acl::Acl;
use crate::names::Audience;
use crate::policy::Policy;
use crate::reach::{Controls, Seen};
use crate::s3::{ALL_ON, Flags, Ownership};

/// The verdict at an instant; `assumptions` empty is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub name: &'static str,
    pub assumptions: BTreeSet<&'static str>,
}

const UNKNOWN: &str = "unknown";

/// The verdict that the evidence allows.
pub fn verdict(seen: &Controls) -> Verdict {
    let possible: BTreeSet<_> = with_any_opaque(seen).iter().map(plain).collect();
    let nothing_seen = seen.policy == Seen::Unseen
        && seen.acl == Seen::Unseen
        && !seen.surely_out(Audience::Public);
    match possible.first() {
        Some(&name) if possible.len() == 1 && (!nothing_seen || name == "public") => Verdict {
            name,
            assumptions: deciding(seen, name),
        },
        _ => Verdict {
            name: UNKNOWN,
            assumptions: BTreeSet::new(),
        },
    }
}

/// The unseen controls each of which could alone make the verdict another one.
fn deciding(seen: &Controls, name: &'static str) -> BTreeSet<&'static str> {
    let changes = |tries: Vec<Controls>| {
        tries
            .iter()
            .flat_map(with_any_opaque)
            .any(|one| plain(&one) != name)
    };
    let mut assumptions = BTreeSet::new();
    for (assumption, unseen, tries) in [
        ("policy-unseen", seen.policy == Seen::Unseen, policies(seen)),
        ("acl-unseen", seen.acl == Seen::Unseen, acls(seen)),
        (
            "ownership-unseen",
            seen.ownership == Seen::Unseen,
            ownerships(seen),
        ),
        (
            "bucket-block-unseen",
            seen.bucket_block == Seen::Unseen,
            bucket_blocks(seen),
        ),
        (
            "account-block-unseen",
            seen.account_block == Seen::Unseen,
            account_blocks(seen),
        ),
    ] {
        if unseen && changes(tries) {
            assumptions.insert(assumption);
        }
    }
    assumptions
}

/// The verdict if nothing is opaque; what is unseen stands at its default.
fn plain(controls: &Controls) -> &'static str {
    let doors = controls.doors();
    if doors
        .keys()
        .any(|(_, audience)| *audience == Audience::Public)
    {
        return "public";
    }
    if !doors.is_empty() {
        return "cross-account";
    }
    if controls.lets_in_some() {
        "limited"
    } else {
        "private"
    }
}

fn with_any_opaque(seen: &Controls) -> Vec<Controls> {
    type Tries = fn(&Controls) -> Vec<Controls>;
    let controls: [(bool, Tries); 5] = [
        (seen.policy == Seen::Opaque, policies),
        (seen.acl == Seen::Opaque, acls),
        (seen.ownership == Seen::Opaque, ownerships),
        (seen.bucket_block == Seen::Opaque, bucket_blocks),
        (seen.account_block == Seen::Opaque, account_blocks),
    ];
    let opaque = controls.into_iter().filter(|(opaque, _)| *opaque);
    opaque.fold(vec![seen.clone()], |all, (_, tries)| {
        all.iter().flat_map(tries).collect()
    })
}

fn policies(seen: &Controls) -> Vec<Controls> {
    let kinds = [None].into_iter().chain(Policy::kinds().map(Some));
    kinds
        .map(|policy| Controls {
            policy: Seen::Known(policy),
            ..seen.clone()
        })
        .collect()
}

fn acls(seen: &Controls) -> Vec<Controls> {
    Acl::kinds()
        .map(|acl| Controls {
            acl: Seen::Known(acl),
            ..seen.clone()
        })
        .to_vec()
}

fn ownerships(seen: &Controls) -> Vec<Controls> {
    let kinds = [Ownership::ObjectWriter, Ownership::BucketOwnerEnforced];
    kinds
        .map(|ownership| Controls {
            ownership: Seen::Known(ownership),
            ..seen.clone()
        })
        .to_vec()
}

fn bucket_blocks(seen: &Controls) -> Vec<Controls> {
    [Flags::default(), ALL_ON]
        .map(|flags| Controls {
            bucket_block: Seen::Known(flags),
            ..seen.clone()
        })
        .to_vec()
}

fn account_blocks(seen: &Controls) -> Vec<Controls> {
    [Flags::default(), ALL_ON]
        .map(|flags| Controls {
            account_block: Seen::Known(flags),
            ..seen.clone()
        })
        .to_vec()
}
