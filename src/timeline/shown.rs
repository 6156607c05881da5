//! What is known of an ACL that was read while its public grants may have been ignored?
//!
//! S3 shows the ACL that is in effect. So nothing is known of public grants that are stored, and they are open as soon as
//! nothing ignores them any more.

use super::apply::Life;
use crate::event::{Acl, BlockFlags};
use crate::exposure::{BlockSetting, BucketState, Gate, Known};
use std::sync::Arc;

/// An ACL that was shown without public grants, under blocks that may have hidden some.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Shown {
    /// What was known of the ACL before.
    known: Known<Arc<Acl>>,
    /// The bucket's block, if it may have hidden them.
    bucket: Option<Known<BlockSetting>>,
    /// The account's.
    account: Option<Known<BlockFlags>>,
}

impl Life {
    /// What blocks may hide of an ACL that is read now; nothing, if all that might are known to be off.
    pub(super) fn may_hide_grants(&self) -> Option<Shown> {
        let (bucket, account) = self.ignoring();
        let is_off = |gate: &Gate| *gate == Gate::Off(Default::default());
        let shown = Shown {
            known: self.state.acl.clone(),
            bucket: (!is_off(&bucket)).then(|| self.state.block.clone()),
            account: (!is_off(&account)).then(|| self.account_block.clone()),
        };
        (shown.bucket.is_some() || shown.account.is_some()).then_some(shown)
    }

    /// The gates that ignore public grants: the bucket's and the account's.
    fn ignoring(&self) -> (Gate, Gate) {
        let ignores = |flags: &BlockFlags| flags.ignore_public_acls;
        let nowhere = BucketState {
            block: Known::Observed(BlockSetting::Exactly(BlockFlags::NONE)),
            ..BucketState::default()
        };
        let off = Known::Observed(BlockFlags::NONE);
        (
            self.state.block_gate(&off, ignores),
            nowhere.block_gate(&self.account_block, ignores),
        )
    }

    /// The ACL as it is judged: what was shown counts as long as what may have hidden more is as it was, or hides it anyway.
    pub(super) fn judged_acl(&self) -> &Known<Arc<Acl>> {
        let Some(shown) = &self.shown else {
            return &self.state.acl;
        };
        let (bucket, account) = self.ignoring();
        let is_as_it_was = (shown.bucket.as_ref()).is_none_or(|block| *block == self.state.block)
            && (shown.account.as_ref()).is_none_or(|block| *block == self.account_block);
        match bucket == Gate::On || account == Gate::On || is_as_it_was {
            true => &self.state.acl,
            false => &shown.known,
        }
    }

    /// What was known of the ACL before it was shown.
    pub(super) fn forget_shown(&mut self) {
        if let Some(shown) = self.shown.take() {
            self.state.acl = shown.known;
        }
    }
}
