//! What does a creation tell of a bucket?
//!
//! Everything: no policy, the ACL and ownership of its headers, else S3's defaults of the day.

use super::apply::{Existence, Life, known};
use super::contradiction::ContradictionKind;
use super::lesson::{Control, Found};
use super::types::Cause;
use crate::event::{Acl, Asked, BlockFlags, Ownership};
use crate::exposure::{AclSetting, BlockSetting, Defaults, Known, defaults_at};
use crate::vocab::Region;

impl Life {
    /// A new bucket, or in us-east-1 the owner's own once more, which only resets the ACL.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
    pub(super) fn create(
        &mut self,
        cause: &Cause,
        acl: Option<&Asked<Acl>>,
        ownership: Option<&Asked<Ownership>>,
        found: &mut Found,
    ) {
        if self.existence == Existence::Alive {
            if cause
                .event
                .region
                .as_ref()
                .is_some_and(Region::is_us_east_1)
            {
                self.own_acl(cause);
                return self.take_creation_acl(cause, acl, found);
            }
            found.push(ContradictionKind::CreatedWhileExisting);
        }
        self.begin_anew();
        self.existence = Existence::Alive;
        self.state.policy = Known::Observed(None);
        let defaults = defaults_at(cause.event.time);
        self.state.block = Known::Observed(default_block(defaults));
        self.state.ownership = ownership
            .map_or(Known::Observed(default_ownership(defaults)), |asked| {
                known(asked, |it| AclSetting::Exactly(*it))
            });
        for control in [Control::Policy, Control::Ownership, Control::Block] {
            self.know(control, cause);
        }
        self.own_acl(cause);
        self.take_creation_acl(cause, acl, found);
    }

    /// The ACL in the headers of a creation; one that grants others was accepted only with ACLs enabled and nothing blocked.
    fn take_creation_acl(&mut self, cause: &Cause, acl: Option<&Asked<Acl>>, found: &mut Found) {
        match acl {
            None => {}
            Some(Asked::Said(acl)) if acl.grants_same(&Acl::owner_only()) => {}
            Some(asked) => {
                if matches!(asked, Asked::Said(acl) if acl.is_public()) {
                    self.prove_acls_unblocked(cause, found);
                }
                self.set_acl(asked, cause, found);
            }
        }
    }

    fn prove_acls_unblocked(&mut self, cause: &Cause, found: &mut Found) {
        if self.block().is_some_and(|flags| flags.block_public_acls) {
            found.push(ContradictionKind::AclAcceptedDespiteBucketBlock);
            found.miss(Control::Block, self.since.get(Control::Block), cause);
            self.forget_block(cause);
        }
        if self.refuted.get(Control::Block) == Some(cause.event.time) {
            self.forget_block(cause);
        }
        self.had_old_defaults();
        if self
            .account_block
            .observed()
            .is_some_and(|flags| flags.block_public_acls)
        {
            found.push(ContradictionKind::AclAcceptedDespiteAccountBlock);
            self.account_block = Known::Unobserved;
        }
    }
}

fn default_block(defaults: Defaults) -> BlockSetting {
    match defaults {
        Defaults::Old => BlockSetting::Exactly(BlockFlags::NONE),
        Defaults::Either => BlockSetting::Either,
        Defaults::New => BlockSetting::Exactly(BlockFlags::ALL),
    }
}

fn default_ownership(defaults: Defaults) -> AclSetting {
    match defaults {
        Defaults::Old => AclSetting::Exactly(Ownership::ObjectWriter),
        Defaults::Either => AclSetting::Either,
        Defaults::New => AclSetting::Exactly(Ownership::BucketOwnerEnforced),
    }
}
