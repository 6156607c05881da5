//! What should every combination of flags leave of every kind of grant?

use super::states::{
    flags_of, in_force, to_canonical, to_endpoint, to_everyone, to_partner, to_service, verdict,
};
use leaktrail::event::{Acl, CannedAcl, Ownership};
use leaktrail::exposure::{
    AclSetting, Audience, BlockSetting, BucketState, Certainty, Known, Outsider, Verdict,
};
use leaktrail::vocab::AccountId;
use serde_json::Value;
use std::sync::Arc;

/// The gates that matter to a verdict.
#[derive(Clone, Copy)]
struct Gates {
    restrict: bool,
    ignore: bool,
    enforced: bool,
}

/// A kind of grant: its policy, its ACL, and what it should come to behind the gates: the verdict, whether a public grant is
/// latent, whether the partner account gets in.
struct Kind {
    name: &'static str,
    policy: Vec<Value>,
    acl: Acl,
    comes_to: fn(Gates) -> (Verdict, bool, bool),
}

/// RestrictPublicBuckets leaves of a public policy what services may; IgnorePublicAcls silences public ACLs; disabled ACLs
/// silence all of them. Each is written out here as AWS's pages have it, not as the program computes it.
fn kinds() -> [Kind; 12] {
    use Verdict::{CrossAccount, Limited, Private, Public};
    let owner_only = Acl::owner_only;
    let kind = |name, policy, acl, comes_to| Kind {
        name,
        policy,
        acl,
        comes_to,
    };
    [
        kind("nothing", vec![], owner_only(), |_| (Private, false, false)),
        kind("public policy", vec![to_everyone()], owner_only(), |on| {
            if on.restrict {
                (Private, true, false)
            } else {
                (Public, false, false)
            }
        }),
        kind(
            "partner under a public policy",
            vec![to_everyone(), to_partner()],
            owner_only(),
            |on| {
                if on.restrict {
                    (Private, true, false)
                } else {
                    (Public, false, true)
                }
            },
        ),
        kind(
            "service under a public policy",
            vec![to_everyone(), to_service()],
            owner_only(),
            |on| {
                if on.restrict {
                    (Limited, true, false)
                } else {
                    (Public, false, false)
                }
            },
        ),
        kind(
            "endpoint under a public policy",
            vec![to_everyone(), to_endpoint()],
            owner_only(),
            |on| {
                if on.restrict {
                    (Private, true, false)
                } else {
                    (Public, false, false)
                }
            },
        ),
        kind("partner", vec![to_partner()], owner_only(), |_| {
            (CrossAccount, false, true)
        }),
        kind("endpoint", vec![to_endpoint()], owner_only(), |_| {
            (Limited, false, false)
        }),
        kind("service", vec![to_service()], owner_only(), |_| {
            (Limited, false, false)
        }),
        kind(
            "public ACL",
            vec![],
            Acl::canned(CannedAcl::PublicRead),
            |on| match (on.enforced, on.ignore) {
                (true, _) => (Private, false, false),
                (_, true) => (Private, true, false),
                _ => (Public, false, false),
            },
        ),
        kind(
            "authenticated ACL",
            vec![],
            Acl::canned(CannedAcl::AuthenticatedRead),
            |on| match (on.enforced, on.ignore) {
                (true, _) => (Private, false, false),
                (_, true) => (Private, true, false),
                _ => (Public, false, false),
            },
        ),
        kind("stranger's ACL", vec![], to_canonical(), |on| {
            if on.enforced {
                (Private, false, false)
            } else {
                (CrossAccount, false, false)
            }
        }),
        kind(
            "log delivery ACL",
            vec![],
            Acl::canned(CannedAcl::LogDeliveryWrite),
            |on| {
                if on.enforced {
                    (Private, false, false)
                } else {
                    (Limited, false, false)
                }
            },
        ),
    ]
}

#[test]
fn every_combination_of_blocks_silences_what_it_should() {
    let partner = Audience::Foreign(Outsider::Account(
        AccountId::parse("444455556666").expect("an account"),
    ));
    let ownerships = [
        Ownership::BucketOwnerEnforced,
        Ownership::BucketOwnerPreferred,
        Ownership::ObjectWriter,
    ];
    for kind in kinds() {
        for (bucket, account) in
            (0u8..16).flat_map(|bucket| (0u8..16).map(move |account| (bucket, account)))
        {
            for ownership in ownerships {
                let on = flags_of(bucket | account);
                let gates = Gates {
                    restrict: on.restrict_public_buckets,
                    ignore: on.ignore_public_acls,
                    enforced: ownership == Ownership::BucketOwnerEnforced,
                };
                let state = BucketState {
                    policy: Known::Observed(in_force(&kind.policy)),
                    acl: Known::Observed(Arc::new(kind.acl.clone())),
                    ownership: Known::Observed(AclSetting::Exactly(ownership)),
                    block: Known::Observed(BlockSetting::Exactly(flags_of(bucket))),
                };
                let judged = verdict(&state, &Known::Observed(flags_of(account)));
                let found = (
                    judged.verdict,
                    judged.latent,
                    judged.entry(&partner).is_open(),
                );
                let place = format!(
                    "{} behind {bucket:04b} {account:04b} {ownership:?}",
                    kind.name
                );
                assert_eq!(found, (kind.comes_to)(gates), "{place}");
                assert_eq!(judged.certainty(), Certainty::Proven, "{place}");
            }
        }
    }
}
