//! Where can the evidence not be the whole truth?

use super::types::Cause;
use crate::event::Copies;
use crate::vocab::{AccountId, BucketName, Timestamp, named};

/// Where the evidence cannot be the whole truth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contradiction {
    /// When it shows.
    pub at: Timestamp,
    /// The account, where it is known.
    pub account: Option<AccountId>,
    /// The bucket, where it is about one.
    pub bucket: Option<BucketName>,
    /// What kind.
    pub kind: ContradictionKind,
    /// The events that contradict each other or what was known.
    pub causes: Vec<Cause>,
}

named! {
    /// How evidence can contradict itself.
    ContradictionKind {
        /// A public policy was accepted although the bucket's block was known to refuse it.
        PolicyAcceptedDespiteBucketBlock = "policy-accepted-despite-bucket-block",
        /// A public policy was accepted although the account's block was known to refuse it.
        PolicyAcceptedDespiteAccountBlock = "policy-accepted-despite-account-block",
        /// A public ACL was accepted although the bucket's block was known to refuse it.
        AclAcceptedDespiteBucketBlock = "acl-accepted-despite-bucket-block",
        /// A public ACL was accepted although the account's block was known to refuse it.
        AclAcceptedDespiteAccountBlock = "acl-accepted-despite-account-block",
        /// A public policy was accepted although the access point's block was known to refuse it.
        PolicyAcceptedDespiteAccessPointBlock = "policy-accepted-despite-access-point-block",
        /// An ACL was accepted although ACLs were known to be disabled.
        AclAcceptedWhileDisabled = "acl-accepted-while-disabled",
        /// ACLs were disabled although the ACL was known to grant others, which S3 refuses.
        DisabledDespiteGrants = "acls-disabled-despite-grants",
        /// An ACL was refused as disabled although ACLs were known to be enabled.
        AclRefusedWhileEnabled = "acl-refused-while-enabled",
        /// A bucket was created that was known to exist.
        CreatedWhileExisting = "created-while-existing",
        /// A bucket was used that was known to be deleted.
        UsedAfterDeletion = "used-after-deletion",
        /// A bucket was gone that was known to exist.
        GoneWithoutDeletion = "gone-without-deletion",
        /// Another policy was in force than the one that was known.
        PolicyDiffers = "policy-differs",
        /// A policy of another length was served than the one that was written last.
        PolicyLengthDiffers = "policy-length-differs",
        /// Another ACL was in force than the one that was known.
        AclDiffers = "acl-differs",
        /// The ACL granted others though it was known to grant nobody but the owner.
        AclGrantsUnseen = "acl-grants-unseen",
        /// Object ownership was another than the one that was known.
        OwnershipDiffers = "ownership-differs",
        /// The bucket's block was another than the one that was known.
        BlockDiffers = "block-differs",
        /// A block of another length was served than the known one has.
        BlockLengthDiffers = "block-length-differs",
        /// The account's block was another than the one that was known.
        AccountBlockDiffers = "account-block-differs",
        /// Copies of one event tell different things of it.
        CopiesDiffer = "copies-differ",
        /// Copies of one event name different callers.
        CallersDiffer = "callers-differ",
        /// An addendum that is believed less than the event it amends was not followed.
        AddendumUnvouched = "addendum-unvouched",
        /// Somebody from outside got in who was known to be shut out.
        EnteredWhileShut = "entered-while-shut",
        /// Somebody without an account was denied what everybody was known to be granted.
        DeniedWhileOpen = "denied-while-open",
        /// A block refused a call though neither level was known to have one.
        RefusedWithoutBlock = "refused-without-block",
        /// A call was made in a session that nothing issued.
        SessionWithoutIssuance = "session-without-issuance",
    }
}

impl ContradictionKind {
    /// The same of the account's block.
    pub(super) fn of_account(self) -> Self {
        match self {
            Self::PolicyAcceptedDespiteBucketBlock => Self::PolicyAcceptedDespiteAccountBlock,
            Self::AclAcceptedDespiteBucketBlock => Self::AclAcceptedDespiteAccountBlock,
            kind => kind,
        }
    }

    /// Whether a bucket's block may be another than the one that is known, which stands all the same.
    pub(super) fn doubts_block(self) -> bool {
        matches!(
            self,
            Self::BlockLengthDiffers | Self::RefusedWithoutBlock | Self::DeniedWhileOpen
        )
    }

    /// What it means for an event that its copies differ.
    pub(super) fn of_copies(copies: Copies) -> Option<Self> {
        match copies {
            Copies::Agree => None,
            Copies::NameOthers => Some(Self::CallersDiffer),
            Copies::Unamended => Some(Self::AddendumUnvouched),
            Copies::Outvoted | Copies::Differ => Some(Self::CopiesDiffer),
        }
    }

    /// What it means, in a sentence.
    pub fn detail(self) -> &'static str {
        match self {
            Self::PolicyAcceptedDespiteBucketBlock => {
                "S3 accepted a public policy that the bucket's block was known to refuse: the removal of BlockPublicPolicy is missing from the logs"
            }
            Self::PolicyAcceptedDespiteAccountBlock => {
                "S3 accepted a public policy that the account's block was known to refuse: the removal of BlockPublicPolicy is missing from the logs"
            }
            Self::AclAcceptedDespiteBucketBlock => {
                "S3 accepted a public ACL that the bucket's block was known to refuse: the removal of BlockPublicAcls is missing from the logs"
            }
            Self::AclAcceptedDespiteAccountBlock => {
                "S3 accepted a public ACL that the account's block was known to refuse: the removal of BlockPublicAcls is missing from the logs"
            }
            Self::PolicyAcceptedDespiteAccessPointBlock => {
                "S3 accepted a public policy that the access point's own block, which cannot be changed, was known to refuse: its creation was recorded incompletely, or another creation is missing from the logs"
            }
            Self::AclAcceptedWhileDisabled => {
                "S3 accepted an ACL while ACLs were known to be disabled: the change of object ownership is missing from the logs"
            }
            Self::DisabledDespiteGrants => {
                "S3 disables ACLs only while the ACL grants nobody but the owner: the reset of the ACL is missing from the logs"
            }
            Self::AclRefusedWhileEnabled => {
                "S3 refused an ACL because ACLs are disabled, though they were known to be enabled: that change is missing from the logs"
            }
            Self::CreatedWhileExisting => {
                "the bucket was created while it was known to exist: its deletion is missing from the logs"
            }
            Self::GoneWithoutDeletion => {
                "there was no bucket of that name, or another account's, while this one was known to exist: its deletion is missing from the logs"
            }
            Self::PolicyDiffers => {
                "another bucket policy, or none, was in force than the one that was known: a change of the policy is missing from the logs"
            }
            Self::PolicyLengthDiffers => {
                "S3 served a bucket policy of another length than the one that was written last: a change of the policy may be missing from the logs"
            }
            Self::AclDiffers => {
                "another bucket ACL was in force than the one that was known: a change of the ACL is missing from the logs"
            }
            Self::AclGrantsUnseen => {
                "S3 refused to disable ACLs because the bucket ACL grants others, though it was known to grant nobody but the owner: a change of the ACL is missing from the logs"
            }
            Self::OwnershipDiffers => {
                "object ownership was another than the one that was known: a change of it is missing from the logs"
            }
            Self::BlockDiffers => {
                "the bucket's block was another than the one that was known: a change of it is missing from the logs"
            }
            Self::BlockLengthDiffers => {
                "S3 served a public access block of another length than the known one has: a change of it may be missing from the logs"
            }
            Self::AccountBlockDiffers => {
                "the account's block was another than the one that was known: a change of it is missing from the logs"
            }
            Self::CallersDiffer => {
                "copies of one event name different callers, keys or addresses: at least one of them was altered, and unless digests speak for one alone, who made the call cannot be told"
            }
            Self::CopiesDiffer => {
                "copies of one event tell different things of it: at least one of them was altered, and unless digests speak for one alone, what it did cannot be told"
            }
            Self::AddendumUnvouched => {
                "an addendum would have changed the event, and is believed less than its record: it was not followed, and may be planted"
            }
            Self::EnteredWhileShut => {
                "a request from outside succeeded while its caller was known to be shut out: the change that let it in is missing from the logs"
            }
            Self::DeniedWhileOpen => {
                "an unsigned request was denied what everybody was known to be granted: something unseen silences the grant, such as a block"
            }
            Self::RefusedWithoutBlock => {
                "a public access block refused the call though neither the bucket nor the account was known to have one: a change of a block is missing from the logs, or an organization's block refused it"
            }
            Self::SessionWithoutIssuance => {
                "a call was made in a session that began while the account's sessions were recorded, and nothing recorded issued it: the log has a hole, or the session's records were changed"
            }
            Self::UsedAfterDeletion => {
                "a call took effect on a bucket that was known to be deleted: its creation is missing from the logs"
            }
        }
    }
}
