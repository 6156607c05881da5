//! What does the end of a call prove of the controls that S3 looks at before it accepts or refuses?

use super::apply::{Existence, Life, known};
use super::contradiction::ContradictionKind;
use super::lesson::{Control, Found, Value};
use super::order::Call;
use super::told::PROPAGATION;
use super::types::Cause;
use crate::event::{
    Acl, Asked, BlockFlags, Change, Copies, ExposureEvent, Outcome, Ownership, Upload,
};
use crate::exposure::{AclSetting, Answer, Known};
use std::sync::Arc;

impl Life {
    /// A failed call changes nothing, but its code may prove a control, or that the bucket is there.
    pub(super) fn learn(&mut self, cause: &Cause, code: &str) -> Found {
        let mut found = Found::default();
        match Proof::of(&cause.event, code) {
            Some(Proof::Foreign) if self.existence == Existence::Unseen => {
                self.incarnation += 1;
                self.existence = Existence::Foreign;
            }
            Some(Proof::Foreign) => {}
            Some(proof) if self.existence != Existence::Deleted => {
                self.exist(&mut found);
                self.prove(proof, cause, &mut found);
            }
            _ => {}
        }
        found
    }

    /// Whether a call shows that the bucket is there, without creating it.
    pub(super) fn is_shown_by(&self, call: &Call) -> bool {
        let event = &call.cause.event;
        let creation = matches!(event.change, Change::CreateBucket { .. });
        match &event.outcome {
            Outcome::Took => !creation,
            Outcome::Failed(code) => {
                self.existence != Existence::Deleted
                    && !matches!(Proof::of(event, code.reveal()), None | Some(Proof::Foreign))
            }
            Outcome::Uncertain(_) => {
                !creation
                    && event.change != Change::DeleteBucket
                    && self.existence != Existence::Deleted
            }
        }
    }

    fn prove(&mut self, proof: Proof, cause: &Cause, found: &mut Found) {
        match proof {
            Proof::AclsDisabled => self.prove_acls_disabled(cause, found),
            Proof::AclGrantsOthers => self.prove_grants(cause, found),
            // An access point's own block may have refused it too.
            Proof::Blocked(_) if cause.event.change.access_point().is_some() => {}
            Proof::Blocked(flag) => self.prove_blocked(flag, cause, found),
            Proof::Exists | Proof::Foreign => {}
        }
    }

    /// ACLs are disabled: no ACL counts, and none did since the evidence began, if nothing was known of ownership.
    pub(super) fn prove_acls_disabled(&mut self, cause: &Cause, found: &mut Found) {
        self.untie(Control::Acl);
        let since = self.since.get(Control::Ownership);
        match self.state.ownership {
            _ if self.state.acls_disabled() => return self.know(Control::Ownership, cause),
            Known::Observed(AclSetting::Exactly(_) | AclSetting::Enabled) => {
                found.push(ContradictionKind::AclRefusedWhileEnabled);
                found.miss(Control::Ownership, since, cause);
            }
            Known::Unobserved if since.is_none() => found.before.extend([
                Value::Ownership(AclSetting::Exactly(Ownership::BucketOwnerEnforced)),
                Value::Acl(Arc::new(Acl::owner_only())),
            ]),
            _ => {}
        }
        self.state.ownership = Known::Observed(AclSetting::Exactly(Ownership::BucketOwnerEnforced));
        self.know(Control::Ownership, cause);
        self.own_acl(cause);
    }

    /// The ACL grants somebody but the owner; whom, cannot be told where no ACL was seen.
    fn prove_grants(&mut self, cause: &Cause, found: &mut Found) {
        self.untie(Control::Acl);
        let enforced = AclSetting::Exactly(Ownership::BucketOwnerEnforced);
        if self.state.ownership != Known::Observed(enforced) {
            self.prove_acls_enabled(cause, found);
        }
        let owner_only = |acl: &Arc<Acl>| acl.grants_same(&Acl::owner_only());
        let since = self.since.get(Control::Acl);
        match &self.state.acl {
            Known::Observed(acl) if !owner_only(acl) => return,
            Known::Observed(_) => {
                found.push(ContradictionKind::AclGrantsUnseen);
                found.miss(Control::Acl, since, cause);
            }
            Known::Unobserved if since.is_none() => found.before.push(Value::SomeAcl),
            Known::Unobserved | Known::Opaque => {}
        }
        self.cloud(Control::Acl);
        self.know(Control::Acl, cause);
    }

    /// S3 refused what only a block refuses, while both levels were known to have none. One that was taken away a moment ago may
    /// have been in force yet, and within one second the refusal may have been first.
    fn prove_blocked(&mut self, flag: fn(&BlockFlags) -> bool, cause: &Cause, found: &mut Found) {
        let open = |flags: BlockFlags| !flag(&flags);
        let bucket = self.block().is_some_and(open);
        let account = self.account_block.observed().copied().is_some_and(open);
        let is_fresh = |control| {
            let since = self.since.get(control);
            since.is_some_and(|since| cause.event.time < since.plus(PROPAGATION))
        };
        let is_settled = !is_fresh(Control::Block) && !is_fresh(Control::AccountBlock);
        if bucket && account && is_settled {
            found.push(ContradictionKind::RefusedWithoutBlock);
        }
    }
}

/// What flags make S3 refuse a call that it accepted: a public policy or a public ACL. Of access points they concern only those of
/// the bucket's own account.
pub(super) fn refuses_accepted(call: &Call, flags: &BlockFlags) -> Option<ContradictionKind> {
    let event = &call.cause.event;
    let public_policy = call
        .policy
        .as_ref()
        .is_some_and(|policy| policy.meaning.aws_public == Answer::True);
    // What completes an upload asks for no ACL itself: the call that began it did.
    let asks = !matches!(
        event.change.upload(),
        Some(Upload::Completed | Upload::Resumed)
    );
    let public_acl =
        asks && matches!(event.change.asked_acl(), Some(Asked::Said(acl)) if acl.is_public());
    let elsewhere = event.change.access_point().is_some() && call.point_account != event.account;
    match event.outcome {
        _ if call.cause.copies == Copies::Differ || elsewhere => None,
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
        _ if call.cause.copies == Copies::Differ => Known::Opaque,
        Outcome::Took => asked,
        Outcome::Failed(_) => before.clone(),
        Outcome::Uncertain(_) => Known::Opaque,
    }
}

/// What an error proves. <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>
#[derive(Clone, Copy)]
enum Proof {
    /// ACLs are disabled.
    AclsDisabled,
    /// The ACL grants somebody but the owner.
    AclGrantsOthers,
    /// A flag of some level's block is on.
    Blocked(fn(&BlockFlags) -> bool),
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
            "AccessDenied" => Self::of_denial(event.error_message.reveal()),
            _ => None,
        }
    }

    /// Callers of the same account are told which setting refused.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html>
    fn of_denial(message: &str) -> Option<Self> {
        let names = |flag| message.contains(flag);
        match message.contains("S3 Block Public Access") {
            true if names("BlockPublicPolicy") => {
                Some(Self::Blocked(|flags| flags.block_public_policy))
            }
            true if names("BlockPublicAcls") => {
                Some(Self::Blocked(|flags| flags.block_public_acls))
            }
            true => Some(Self::Exists),
            false => None,
        }
    }
}
