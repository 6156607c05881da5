//! Does the verdict obey its laws for every state of the controls?
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod states;
mod table;

use leaktrail::event::{Acl, BlockFlags};
use leaktrail::exposure::{
    AclSetting, BlockSetting, BucketState, Certainty, Entry, Known, Owner, PolicyInForce, Verdict,
    judge,
};
use leaktrail::vocab::AccountId;
use proptest::prelude::*;
use states::{acls, block_settings, blocks, flags_of, ownerships, policies, states, verdict};
use std::sync::Arc;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

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
    fn a_flag_more_never_lets_anybody_in(state in states(), account in blocks(), bucket in 0u8..16, more in 0u8..16) {
        let with = |bits| BucketState { block: Known::Observed(BlockSetting::Exactly(flags_of(bits))), ..state.clone() };
        let (before, after) = (verdict(&with(bucket), &account), verdict(&with(bucket | more), &account));
        for audience in after.open.keys() {
            prop_assert!(before.entry(audience).is_open() || before.entry(audience) == Entry::Unknown, "{audience:?}");
        }
        if before.verdict != Verdict::Unknown {
            prop_assert!(after.verdict != Verdict::Public || before.verdict == Verdict::Public);
        }
    }

    #[test]
    fn learning_a_control_only_refines(state in states(), account in blocks(), learned in learned()) {
        let before = verdict(&state, &account);
        let (mut state, mut account) = (state, account);
        let is_default = learned.put_into(&mut state, &mut account);
        let Some(is_default) = is_default else { return Ok(()) };
        let after = verdict(&state, &account);
        if before.certainty() == Certainty::Proven {
            prop_assert_eq!(before.verdict, after.verdict, "{:?}", learned);
            prop_assert_eq!(after.certainty(), Certainty::Proven);
        }
        if is_default && before.verdict != Verdict::Unknown {
            prop_assert_eq!(before.verdict, after.verdict, "{:?}", learned);
            prop_assert!(after.assumptions.is_subset(&before.assumptions), "{:?} {:?}", before.assumptions, after.assumptions);
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
        if before.verdict == Verdict::Unknown {
            return Ok(());
        }
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

/// Something learned of one control that was not seen before.
#[derive(Clone, Debug)]
enum Learned {
    Policy(Option<Arc<PolicyInForce>>),
    Acl(Arc<Acl>),
    Ownership(AclSetting),
    Block(BlockSetting),
    Account(BlockFlags),
}

impl Learned {
    /// Puts it in the place of what was not seen; whether it is what S3's default is, or nothing if the control was seen.
    fn put_into(&self, state: &mut BucketState, account: &mut Known<BlockFlags>) -> Option<bool> {
        match self {
            Self::Policy(policy) => learn(&mut state.policy, policy).then_some(policy.is_none()),
            Self::Acl(acl) => {
                learn(&mut state.acl, acl).then_some(acl.grants_same(&Acl::owner_only()))
            }
            Self::Ownership(setting) => {
                learn(&mut state.ownership, setting).then_some(*setting == AclSetting::Enabled)
            }
            Self::Block(setting) => learn(&mut state.block, setting)
                .then_some(*setting == BlockSetting::Exactly(BlockFlags::NONE)),
            Self::Account(flags) => learn(account, flags).then_some(*flags == BlockFlags::NONE),
        }
    }
}

fn learn<T: Clone + PartialEq>(control: &mut Known<T>, value: &T) -> bool {
    let unseen = *control == Known::Unobserved;
    if unseen {
        *control = Known::Observed(value.clone());
    }
    unseen
}

fn learned() -> impl Strategy<Value = Learned> {
    let settings = ownerships()
        .into_iter()
        .filter(|setting| *setting != AclSetting::Either)
        .collect::<Vec<_>>();
    let blocks = block_settings()
        .into_iter()
        .filter(|setting| *setting != BlockSetting::Either)
        .collect::<Vec<_>>();
    prop_oneof![
        prop::sample::select(policies()).prop_map(Learned::Policy),
        prop::sample::select(acls()).prop_map(Learned::Acl),
        prop::sample::select(settings).prop_map(Learned::Ownership),
        prop::sample::select(blocks).prop_map(Learned::Block),
        prop::sample::select((0u8..16).map(flags_of).collect::<Vec<_>>())
            .prop_map(Learned::Account),
    ]
}
