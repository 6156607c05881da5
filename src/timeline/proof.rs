//! What does the end of a call prove of the controls that S3 looks at before it accepts or refuses?

use super::apply::{Existence, Life, known};
use super::order::Call;
use super::types::ContradictionKind;
use crate::event::{Asked, BlockFlags, Change, ExposureEvent, Outcome, Ownership};
use crate::exposure::{AclSetting, Answer, Known};

impl Life {
    /// A failed call changes nothing, but its code may prove a control, or that the bucket is there.
    pub(super) fn learn(&mut self, event: &ExposureEvent, code: &str) -> Vec<ContradictionKind> {
        let mut found = Vec::new();
        match Proof::of(event, code) {
            Some(Proof::Foreign) if self.existence == Existence::Unseen => {
                self.incarnation += 1;
                self.existence = Existence::Foreign;
            }
            Some(proof) if self.existence != Existence::Deleted && proof != Proof::Foreign => {
                self.exist(&mut found);
                self.prove(proof, &mut found);
            }
            _ => {}
        }
        found
    }

    fn prove(&mut self, proof: Proof, found: &mut Vec<ContradictionKind>) {
        match proof {
            Proof::AclsDisabled if self.state.acls_disabled() => {}
            Proof::AclsDisabled => {
                if matches!(
                    self.state.ownership,
                    Known::Observed(AclSetting::Exactly(_) | AclSetting::Enabled)
                ) {
                    found.push(ContradictionKind::AclRefusedWhileEnabled);
                }
                self.state.ownership =
                    Known::Observed(AclSetting::Exactly(Ownership::BucketOwnerEnforced));
                self.own_acl();
            }
            Proof::AclGrantsOthers if self.state.ownership == Known::Unobserved => {
                self.state.ownership = Known::Observed(AclSetting::Enabled);
            }
            Proof::AclGrantsOthers | Proof::Exists | Proof::Foreign => {}
        }
    }
}

/// What flags make S3 refuse a call that it accepted: a public policy or a public ACL.
pub(super) fn refuses_accepted(call: &Call, flags: &BlockFlags) -> Option<ContradictionKind> {
    let event = &call.cause.event;
    let public_policy = call
        .policy
        .as_ref()
        .is_some_and(|policy| policy.meaning.aws_public == Answer::True);
    let public_acl = matches!(&event.change, Change::PutAcl(Asked::Said(acl)) | Change::CreateBucket { acl: Some(Asked::Said(acl)), .. } if acl.is_public());
    match event.outcome {
        Outcome::Took if public_policy && flags.block_public_policy => {
            Some(ContradictionKind::PolicyAcceptedDespiteBucketBlock)
        }
        Outcome::Took if public_acl && flags.block_public_acls => {
            Some(ContradictionKind::AclAcceptedDespiteBucketBlock)
        }
        _ => None,
    }
}

/// What the account's block is after an account-wide call.
pub(super) fn flags_after(before: &Known<BlockFlags>, call: &Call) -> Known<BlockFlags> {
    let event = &call.cause.event;
    let asked = match &event.change {
        Change::PutAccountBlock(asked) => known(asked, |flags| *flags),
        Change::DeleteAccountBlock => Known::Observed(BlockFlags::NONE),
        _ => return before.clone(),
    };
    match event.outcome {
        Outcome::Took => asked,
        Outcome::Failed(_) => before.clone(),
        Outcome::Uncertain(_) => Known::Opaque,
    }
}

/// What an error proves. <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// ACLs are disabled.
    AclsDisabled,
    /// The ACL grants somebody but the owner.
    AclGrantsOthers,
    /// The bucket is there.
    Exists,
    /// The name belongs to another account.
    Foreign,
}

impl Proof {
    /// What a failed call proves. A failed creation says nothing of the controls of a bucket, only whose the name is.
    fn of(event: &ExposureEvent, code: &str) -> Option<Self> {
        let creation = matches!(event.change, Change::CreateBucket { .. });
        match code {
            "BucketAlreadyOwnedByYou" => Some(Self::Exists),
            "BucketAlreadyExists" => Some(Self::Foreign),
            _ if creation => None,
            "AccessControlListNotSupported" => Some(Self::AclsDisabled),
            "InvalidBucketAclWithObjectOwnership" => Some(Self::AclGrantsOthers),
            "BucketNotEmpty" => Some(Self::Exists),
            "AccessDenied"
                if event
                    .error_message
                    .reveal()
                    .contains("S3 Block Public Access") =>
            {
                Some(Self::Exists)
            }
            _ => None,
        }
    }
}
