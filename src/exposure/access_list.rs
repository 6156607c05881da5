//! Whom does a bucket's ACL let in?
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions>

use super::action::actions_named;
use super::grant::{Grant, Grantees, LimitedTo, Owner};
use super::resource::Scope;
use super::verdict::{Answer, Mechanism, Permission};
use crate::event::{Acl, AclGrant, AclPermission, Grantee};
use crate::vocab::Untrusted;
use std::collections::BTreeSet;

/// The canonical id under which S3 keeps objects that somebody without credentials uploaded.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee>
const ANONYMOUS: &str = "65a011a29cdf8ec533ec3d1ccaae921c";

const UNDOCUMENTED: &str = "a grantee of whom AWS does not document whom it stands for";

/// The grants of a bucket's ACL, one for each class of permission.
pub fn grants(acl: &Acl, owner: &Owner) -> Vec<Grant> {
    acl.grants
        .iter()
        .flat_map(|grant| {
            classes(grant.permission)
                .iter()
                .map(|class| to_grant(grant, *class, owner))
        })
        .collect()
}

/// The grants of one grant of an object's ACL, one for each class of permission.
pub fn object_grants(grant: &AclGrant, owner: &Owner) -> Vec<Grant> {
    let classes: &[(Permission, &[&str])] = match grant.permission {
        AclPermission::Read => &[OBJECT_READ],
        AclPermission::Write => &[],
        AclPermission::ReadAcp => &[OBJECT_READ_ACL],
        AclPermission::WriteAcp => &[OBJECT_WRITE_ACL],
        AclPermission::FullControl => &[OBJECT_READ, OBJECT_READ_ACL, OBJECT_WRITE_ACL],
    };
    classes
        .iter()
        .map(|(class, actions)| Grant {
            actions: actions_named(actions),
            mechanism: Mechanism::ObjectAcl,
            ..to_grant(grant, *class, owner)
        })
        .collect()
}

const OBJECT_READ: (Permission, &[&str]) = (Permission::Read, &["getobject", "getobjectversion"]);
const OBJECT_READ_ACL: (Permission, &[&str]) = (Permission::ReadAcl, &["getobjectacl"]);
const OBJECT_WRITE_ACL: (Permission, &[&str]) = (Permission::WriteAcl, &["putobjectacl"]);

/// What a permission on a bucket lets one do. It never makes objects readable.
fn classes(permission: AclPermission) -> &'static [Permission] {
    match permission {
        AclPermission::Read => &[Permission::List],
        AclPermission::Write => &[Permission::Write],
        AclPermission::ReadAcp => &[Permission::ReadAcl],
        AclPermission::WriteAcp => &[Permission::WriteAcl],
        AclPermission::FullControl => &[
            Permission::List,
            Permission::Write,
            Permission::ReadAcl,
            Permission::WriteAcl,
        ],
    }
}

/// The actions behind a class, for a Deny to take away.
fn action_names(class: Permission) -> &'static [&'static str] {
    match class {
        Permission::List => &[
            "listbucket",
            "listbucketversions",
            "listbucketmultipartuploads",
        ],
        Permission::Write => &["putobject"],
        Permission::ReadAcl => &["getbucketacl"],
        _ => &["putbucketacl"],
    }
}

fn to_grant(grant: &AclGrant, class: Permission, owner: &Owner) -> Grant {
    let (grantees, principal) = grantees(&grant.grantee, owner);
    let doubt = (grantees == Grantees::Undocumented).then_some(UNDOCUMENTED);
    let aws_public = match grantees {
        Grantees::Everyone | Grantees::AnyAwsAccount => Answer::True,
        Grantees::Undocumented => Answer::Unknown,
        _ => Answer::False,
    };
    Grant {
        grantees,
        principal: principal.clone(),
        actions: actions_named(action_names(class)),
        scope: Scope::everything(),
        mechanism: Mechanism::BucketAcl,
        qualifiers: BTreeSet::new(),
        conditions: BTreeSet::new(),
        acl_permission: Some(class),
        aws_public,
        undecided_deny: None,
        taken_by: None,
        carved: Vec::new(),
        label: format!("ACL grant to {}", principal.reveal()).into(),
        doubt,
        notes: BTreeSet::new(),
    }
}

fn grantees(grantee: &Grantee, owner: &Owner) -> (Grantees, Untrusted) {
    match grantee {
        Grantee::Owner => (Grantees::Own, "owner".into()),
        Grantee::AllUsers => (Grantees::Everyone, "everyone".into()),
        Grantee::AuthenticatedUsers => (Grantees::AnyAwsAccount, "any-aws-account".into()),
        Grantee::LogDelivery => (Grantees::Limited(LimitedTo::Service), "log-delivery".into()),
        Grantee::Ec2 => (
            Grantees::Limited(LimitedTo::Service),
            "ec2.amazonaws.com".into(),
        ),
        Grantee::CanonicalUser(id) if id.reveal() == ANONYMOUS => {
            (Grantees::Undocumented, id.clone())
        }
        Grantee::CanonicalUser(id) => (owner.canonical(id), id.clone()),
        Grantee::Email(address) => (owner.canonical(address), address.clone()),
        Grantee::UnknownGroup(uri) => (Grantees::Undocumented, uri.clone()),
    }
}
