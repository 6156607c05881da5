//! Does the verdict obey its laws for every state of the controls?
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use leaktrail::event::{Acl, BlockFlags, CannedAcl, Ownership, Policy};
use leaktrail::exposure::{
    AclSetting, BlockSetting, BucketState, Judgement, Known, Owner, PolicyInForce, PolicyKind,
    PolicyMeaning, Verdict, judge,
};
use leaktrail::vocab::AccountId;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

fn policy(principal: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}]})
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn judge_is_total_and_pure(state in states(), account in blocks()) {
        let owner = Owner { account: AccountId::parse("111122223333"), ..Owner::default() };
        prop_assert_eq!(judge(&state, &account, &owner), judge(&state, &account, &owner));
    }

    #[test]
    fn unknown_is_never_shown_as_private(state in states(), account in blocks()) {
        let judged = verdict(&state, &account);
        if state.policy == Known::Opaque {
            prop_assert_ne!(judged.verdict, Verdict::Private);
            prop_assert_ne!(judged.verdict, Verdict::Limited);
        }
        let decided = judged.verdict != Verdict::Unknown;
        let granted = state.acl.observed().is_some_and(|acl| acl.grants.len() > 1 && !acl.is_public());
        if granted && state.ownership == Known::Opaque && decided {
            prop_assert_ne!(judged.verdict, Verdict::Private);
        }
        if judged.verdict == Verdict::Private && (state.policy == Known::Unobserved || (state.acl == Known::Unobserved && !state.acls_disabled())) {
            prop_assert!(!judged.assumptions.is_empty());
        }
    }

    #[test]
    fn a_gate_that_closes_never_makes_private_public(state in states(), account in blocks()) {
        let open = verdict(&state, &account).verdict;
        let shut = verdict(&BucketState { block: Known::Observed(BlockSetting::Exactly(BlockFlags::ALL)), ..state.clone() }, &account).verdict;
        prop_assert_ne!(shut, Verdict::Public);
        if open == Verdict::Private {
            prop_assert_eq!(shut, Verdict::Private);
        }
    }

    #[test]
    fn refusing_flags_alone_change_no_verdict(state in states(), account in blocks(), acls in any::<bool>(), policies in any::<bool>()) {
        let refusing = BlockFlags { block_public_acls: acls, block_public_policy: policies, ..BlockFlags::NONE };
        let with = BucketState { block: Known::Observed(BlockSetting::Exactly(refusing)), ..state.clone() };
        let without = BucketState { block: Known::Observed(BlockSetting::Exactly(BlockFlags::NONE)), ..state };
        prop_assert_eq!(verdict(&with, &account).verdict, verdict(&without, &account).verdict);
    }

    #[test]
    fn learning_an_unseen_control_at_its_default_changes_no_decided_verdict(state in states(), account in blocks()) {
        let before = verdict(&state, &account);
        prop_assume!(before.verdict != Verdict::Unknown);
        let mut learned = state.clone();
        if learned.policy == Known::Unobserved { learned.policy = Known::Observed(None); }
        if learned.acl == Known::Unobserved { learned.acl = Known::Observed(Arc::new(Acl::owner_only())); }
        if learned.block == Known::Unobserved { learned.block = Known::Observed(BlockSetting::Exactly(BlockFlags::NONE)); }
        if learned.ownership == Known::Unobserved { learned.ownership = Known::Observed(AclSetting::Enabled); }
        let account = if account == Known::Unobserved { Known::Observed(BlockFlags::NONE) } else { account };
        let after = verdict(&learned, &account);
        prop_assert_eq!(before.verdict, after.verdict);
        prop_assert!(after.assumptions.is_subset(&before.assumptions));
    }
}

fn verdict(state: &BucketState, account: &Known<BlockFlags>) -> Judgement {
    let owner = Owner {
        account: AccountId::parse("111122223333"),
        ..Owner::default()
    };
    judge(state, account, &owner)
}

fn known<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> BoxedStrategy<Known<T>> {
    prop_oneof![1 => Just(Known::Unobserved), 1 => Just(Known::Opaque), 4 => prop::sample::select(values).prop_map(Known::Observed)].boxed()
}

fn in_force(principal: Value) -> Option<Arc<PolicyInForce>> {
    let owner = Owner {
        account: AccountId::parse("111122223333"),
        ..Owner::default()
    };
    let policy = Policy::parse(&policy(principal)).expect("a policy");
    let meaning = PolicyMeaning::of(&policy, &owner, PolicyKind::Bucket);
    Some(Arc::new(PolicyInForce { policy, meaning }))
}

fn states() -> impl Strategy<Value = BucketState> {
    let policies = vec![
        None,
        in_force(json!("*")),
        in_force(json!({"AWS": "444455556666"})),
        in_force(json!({"AWS": "111122223333"})),
    ];
    let acls = [
        CannedAcl::Private,
        CannedAcl::PublicRead,
        CannedAcl::LogDeliveryWrite,
    ]
    .map(|canned| Arc::new(Acl::canned(canned)));
    let ownership = vec![
        AclSetting::Exactly(Ownership::BucketOwnerEnforced),
        AclSetting::Exactly(Ownership::ObjectWriter),
        AclSetting::Enabled,
        AclSetting::Either,
    ];
    let settings = [0u8, 1, 2, 4, 8, 15]
        .map(|bits| BlockSetting::Exactly(flags_of(bits)))
        .into_iter()
        .chain([BlockSetting::Either])
        .collect();
    (
        known(policies),
        known(acls.to_vec()),
        known(ownership),
        known(settings),
    )
        .prop_map(|(policy, acl, ownership, block)| BucketState {
            policy,
            acl,
            ownership,
            block,
        })
}

fn blocks() -> BoxedStrategy<Known<BlockFlags>> {
    known([0u8, 2, 8, 15].map(flags_of).to_vec())
}

fn flags_of(bits: u8) -> BlockFlags {
    BlockFlags {
        block_public_acls: bits & 1 != 0,
        ignore_public_acls: bits & 2 != 0,
        block_public_policy: bits & 4 != 0,
        restrict_public_buckets: bits & 8 != 0,
    }
}

#[test]
fn every_combination_of_blocks_silences_what_it_should() {
    let grants = [
        (in_force(json!("*")), CannedAcl::Private),
        (None, CannedAcl::PublicRead),
    ];
    for bucket in 0u8..16 {
        for account in 0u8..16 {
            let on = flags_of(bucket).or(flags_of(account));
            for (index, (policy, canned)) in grants.iter().enumerate() {
                let state = BucketState {
                    policy: Known::Observed(policy.clone()),
                    acl: Known::Observed(Arc::new(Acl::canned(*canned))),
                    ownership: Known::Observed(AclSetting::Exactly(Ownership::ObjectWriter)),
                    block: Known::Observed(BlockSetting::Exactly(flags_of(bucket))),
                };
                let silenced = if index == 0 {
                    on.restrict_public_buckets
                } else {
                    on.ignore_public_acls
                };
                let judged = verdict(&state, &Known::Observed(flags_of(account)));
                assert_eq!(
                    judged.verdict == Verdict::Private,
                    silenced,
                    "{bucket:04b} {account:04b} {canned:?}"
                );
                assert_eq!(
                    judged.latent, silenced,
                    "{bucket:04b} {account:04b} {canned:?}"
                );
                assert!(judged.assumptions.is_empty());
            }
        }
    }
}
