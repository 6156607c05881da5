//! What does a creation tell of a bucket?
//!
//! Everything: no policy, the ACL and ownership of its headers, else S3's defaults of the day.

use super::apply::{Existence, Life, known};
use super::types::{Cause, ContradictionKind};
use crate::event::{Acl, Asked, BlockFlags, Ownership};
use crate::exposure::{AclSetting, BlockSetting, Defaults, Known, defaults_at};
use crate::vocab::Region;
use std::sync::Arc;

impl Life {
    /// A new bucket, or in us-east-1 the owner's own once more, which only resets the ACL.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
    pub(super) fn create(
        &mut self,
        cause: &Cause,
        acl: Option<&Asked<Acl>>,
        ownership: Option<&Asked<Ownership>>,
    ) -> Vec<ContradictionKind> {
        let mut found = Vec::new();
        if self.existence == Existence::Alive {
            if cause
                .event
                .region
                .as_ref()
                .is_some_and(Region::is_us_east_1)
            {
                self.reset_acl(cause, acl, &mut found);
                return found;
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
        self.state.acl = Known::Observed(Arc::new(Acl::owner_only()));
        self.take_creation_acl(cause, acl, &mut found);
        found
    }

    fn reset_acl(
        &mut self,
        cause: &Cause,
        acl: Option<&Asked<Acl>>,
        found: &mut Vec<ContradictionKind>,
    ) {
        self.own_acl();
        self.take_creation_acl(cause, acl, found);
    }

    /// The ACL in the headers of a creation; one that grants others was accepted only with ACLs enabled and nothing blocked.
    fn take_creation_acl(
        &mut self,
        cause: &Cause,
        acl: Option<&Asked<Acl>>,
        found: &mut Vec<ContradictionKind>,
    ) {
        match acl {
            None => {}
            Some(Asked::Said(acl)) if acl.grants_same(&Acl::owner_only()) => {}
            Some(asked) => {
                if matches!(asked, Asked::Said(acl) if acl.is_public()) {
                    self.prove_acls_unblocked(found);
                }
                self.set_acl(asked, cause, found);
            }
        }
    }

    fn prove_acls_unblocked(&mut self, found: &mut Vec<ContradictionKind>) {
        if self.block().is_some_and(|flags| flags.block_public_acls) {
            found.push(ContradictionKind::AclAcceptedDespiteBucketBlock);
            self.state.block = Known::Unobserved;
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
