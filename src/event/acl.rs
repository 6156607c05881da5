//! Which ACL did a call set: which grantee may do what?
//!
//! An ACL comes as a canned ACL (`x-amz-acl`), as grant headers (`x-amz-grant-…`) or as a body (`AccessControlPolicy`).
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>

use super::change::Asked;
use super::json::{elements, field, find_field, scalar_text, text_at};
use crate::vocab::Untrusted;
use serde_json::Value;
use std::collections::BTreeSet;

/// An access control list: its owner, where it says, and its grants.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Acl {
    /// The owner's canonical user id, where the request names it.
    pub owner: Option<Untrusted>,
    /// The grants, without repetition or order.
    pub grants: BTreeSet<AclGrant>,
    /// The canned ACL it was asked as, where it was.
    pub canned: Option<CannedAcl>,
}

/// One grant of an ACL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AclGrant {
    /// To whom.
    pub grantee: Grantee,
    /// What.
    pub permission: AclPermission,
}

/// To whom an ACL grants.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grantee {
    /// The bucket's owner, as canned ACLs mean it.
    Owner,
    /// Everyone: `http://acs.amazonaws.com/groups/global/AllUsers`.
    AllUsers,
    /// Anyone with an AWS account: `http://acs.amazonaws.com/groups/global/AuthenticatedUsers`.
    AuthenticatedUsers,
    /// S3 log delivery: `http://acs.amazonaws.com/groups/s3/LogDelivery`.
    LogDelivery,
    /// Amazon EC2, as the canned ACL aws-exec-read means it.
    Ec2,
    /// A user by canonical id.
    CanonicalUser(Untrusted),
    /// An account by its root user's e-mail address.
    Email(Untrusted),
    /// A group that S3 does not document.
    UnknownGroup(Untrusted),
}

/// What an ACL may grant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AclPermission {
    /// List a bucket; read an object.
    Read,
    /// Create objects in a bucket.
    Write,
    /// Read the ACL.
    ReadAcp,
    /// Write the ACL.
    WriteAcp,
    /// All of these.
    FullControl,
}

/// The canned ACLs. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CannedAcl {
    /// Only the owner.
    Private,
    /// Everyone may READ.
    PublicRead,
    /// Everyone may READ and WRITE.
    PublicReadWrite,
    /// Anyone with an AWS account may READ.
    AuthenticatedRead,
    /// Amazon EC2 may READ.
    AwsExecRead,
    /// The bucket's owner may READ the object; ignored on buckets.
    BucketOwnerRead,
    /// The bucket's owner has FULL_CONTROL of the object; ignored on buckets.
    BucketOwnerFullControl,
    /// Log delivery may WRITE and READ_ACP.
    LogDeliveryWrite,
}

impl CannedAcl {
    const ALL: [Self; 8] = [
        Self::Private,
        Self::PublicRead,
        Self::PublicReadWrite,
        Self::AuthenticatedRead,
        Self::AwsExecRead,
        Self::BucketOwnerRead,
        Self::BucketOwnerFullControl,
        Self::LogDeliveryWrite,
    ];

    /// The name, as `x-amz-acl` holds it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::PublicRead => "public-read",
            Self::PublicReadWrite => "public-read-write",
            Self::AuthenticatedRead => "authenticated-read",
            Self::AwsExecRead => "aws-exec-read",
            Self::BucketOwnerRead => "bucket-owner-read",
            Self::BucketOwnerFullControl => "bucket-owner-full-control",
            Self::LogDeliveryWrite => "log-delivery-write",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|canned| canned.name().eq_ignore_ascii_case(text.trim()))
    }

    fn grants(self) -> Vec<(Grantee, AclPermission)> {
        use AclPermission::{FullControl, Read, ReadAcp, Write};
        let mut grants = vec![(Grantee::Owner, FullControl)];
        match self {
            Self::Private | Self::BucketOwnerRead | Self::BucketOwnerFullControl => {}
            Self::PublicRead => grants.push((Grantee::AllUsers, Read)),
            Self::PublicReadWrite => {
                grants.extend([(Grantee::AllUsers, Read), (Grantee::AllUsers, Write)])
            }
            Self::AuthenticatedRead => grants.push((Grantee::AuthenticatedUsers, Read)),
            Self::AwsExecRead => grants.push((Grantee::Ec2, Read)),
            Self::LogDeliveryWrite => grants.extend([
                (Grantee::LogDelivery, Write),
                (Grantee::LogDelivery, ReadAcp),
            ]),
        }
        grants
    }
}

impl AclPermission {
    fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_uppercase().as_str() {
            "READ" => Some(Self::Read),
            "WRITE" => Some(Self::Write),
            "READ_ACP" => Some(Self::ReadAcp),
            "WRITE_ACP" => Some(Self::WriteAcp),
            "FULL_CONTROL" => Some(Self::FullControl),
            _ => None,
        }
    }
}

impl AclGrant {
    /// The same grant, with the owner's canonical id named as the owner.
    pub fn as_seen_by(self, owner: Option<&Untrusted>) -> Self {
        match &self.grantee {
            Grantee::CanonicalUser(id) if Some(id) == owner => Self {
                grantee: Grantee::Owner,
                ..self
            },
            _ => self,
        }
    }
}

impl Acl {
    /// The ACL that S3 gives when nothing is asked: only the owner.
    pub fn owner_only() -> Self {
        Self::canned(CannedAcl::Private)
    }

    /// What a canned ACL grants.
    pub fn canned(canned: CannedAcl) -> Self {
        let grants = canned
            .grants()
            .into_iter()
            .map(|(grantee, permission)| AclGrant {
                grantee,
                permission,
            });
        Self {
            owner: None,
            grants: grants.collect(),
            canned: Some(canned),
        }
    }

    /// Whether some grant is to everyone or to anyone with an AWS account: what S3 calls a public ACL.
    pub fn is_public(&self) -> bool {
        self.grants.iter().any(|grant| {
            matches!(
                grant.grantee,
                Grantee::AllUsers | Grantee::AuthenticatedUsers
            )
        })
    }

    /// Whether some grant is to anybody but the owner and AWS's own services.
    pub fn names_others(&self) -> bool {
        self.grants.iter().any(|grant| {
            !matches!(
                grant.grantee,
                Grantee::Owner | Grantee::LogDelivery | Grantee::Ec2
            )
        })
    }

    /// Whether two ACLs grant the same, however they were asked.
    pub fn grants_same(&self, other: &Self) -> bool {
        self.grants == other.grants
    }

    /// Reads the ACL that a request carries, or `None` where it carries none.
    pub(crate) fn read_if_any(parameters: &Value) -> Option<Asked<Self>> {
        if let Some(body) =
            field(parameters, "AccessControlPolicy").or_else(|| document_in(parameters))
        {
            return Some(read_body(body));
        }
        let headers = read_headers(parameters);
        let canned = field(parameters, "x-amz-acl").map(|value| scalar_text(value).unwrap_or(""));
        if canned.is_some() && headers.is_some() {
            return Some(Asked::Unreadable(
                "a canned ACL and grant headers, of which S3 takes only one",
            ));
        }
        match canned {
            Some(text) => Some(
                CannedAcl::parse(text).map_or(Asked::Unreadable("unknown canned ACL"), |known| {
                    Asked::Said(Self::canned(known))
                }),
            ),
            None => headers,
        }
    }

    /// Reads the ACL of a call that must carry one.
    pub(crate) fn read(parameters: &Value) -> Asked<Self> {
        Self::read_if_any(parameters).unwrap_or(Asked::Unreadable("no ACL in the request"))
    }
}

/// An object that is an ACL itself, as `get-bucket-acl` prints one.
fn document_in(parameters: &Value) -> Option<&Value> {
    (field(parameters, "Grants").is_some() || field(parameters, "AccessControlList").is_some())
        .then_some(parameters)
}

fn read_body(body: &Value) -> Asked<Acl> {
    let owner = Some(text_at(body, &["Owner", "ID"]))
        .filter(|id| !id.is_empty())
        .map(Untrusted::from);
    let list = find_field(body, "Grants").or_else(|| find_field(body, "Grant"));
    let mut acl = Acl {
        owner,
        ..Acl::default()
    };
    match (list, find_field(body, "AccessControlList")) {
        (None, None) => {
            return Asked::Unreadable("an AccessControlPolicy without an AccessControlList");
        }
        (None, Some(all)) if !is_empty(all) => {
            return Asked::Unreadable("an AccessControlList without a Grant");
        }
        (Some(Value::Null), _) => return Asked::Unreadable("a Grant of nothing"),
        _ => {}
    }
    for element in list.map(elements).unwrap_or_default() {
        match read_grant(element) {
            Some(grant) => acl.grants.insert(grant.as_seen_by(acl.owner.as_ref())),
            None => return Asked::Unreadable("a grant without a known grantee or permission"),
        };
    }
    Asked::Said(acl)
}

/// Whether nothing is in an element, however that is written.
fn is_empty(element: &Value) -> bool {
    match element {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.keys().all(|key| key.starts_with("xmlns")),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn read_grant(element: &Value) -> Option<AclGrant> {
    let grantee = field(element, "Grantee")?;
    Some(AclGrant {
        grantee: read_grantee(grantee)?,
        permission: AclPermission::parse(text_at(element, &["Permission"]))?,
    })
}

fn read_grantee(grantee: &Value) -> Option<Grantee> {
    let of = |key| Some(text_at(grantee, &[key])).filter(|text| !text.is_empty());
    of("URI")
        .map(group)
        .or_else(|| of("ID").map(|id| Grantee::CanonicalUser(id.into())))
        .or_else(|| of("EmailAddress").map(|address| Grantee::Email(address.into())))
}

fn group(uri: &str) -> Grantee {
    let name = uri
        .trim()
        .trim_start_matches("https://")
        .trim_start_matches("http://");
    match name {
        "acs.amazonaws.com/groups/global/AllUsers" => Grantee::AllUsers,
        "acs.amazonaws.com/groups/global/AuthenticatedUsers" => Grantee::AuthenticatedUsers,
        "acs.amazonaws.com/groups/s3/LogDelivery" => Grantee::LogDelivery,
        _ => Grantee::UnknownGroup(uri.into()),
    }
}

const GRANT_HEADERS: [(&str, AclPermission); 5] = [
    ("x-amz-grant-read", AclPermission::Read),
    ("x-amz-grant-write", AclPermission::Write),
    ("x-amz-grant-read-acp", AclPermission::ReadAcp),
    ("x-amz-grant-write-acp", AclPermission::WriteAcp),
    ("x-amz-grant-full-control", AclPermission::FullControl),
];

const NO_GRANTEE: Asked<Acl> = Asked::Unreadable("a grant header that names no known grantee");

/// Reads the grant headers; the ACL they make holds their grants and nothing else.
fn read_headers(parameters: &Value) -> Option<Asked<Acl>> {
    let mut acl = None::<Acl>;
    for (header, permission) in GRANT_HEADERS {
        let Some(value) = field(parameters, header).filter(|value| !value.is_null()) else {
            continue;
        };
        let grants = &mut acl.get_or_insert_default().grants;
        let texts = elements(value);
        if texts.is_empty() {
            return Some(NO_GRANTEE);
        }
        for text in texts {
            let Some(grantees) = text.as_str().and_then(header_grantees) else {
                return Some(NO_GRANTEE);
            };
            grants.extend(grantees.into_iter().map(|grantee| AclGrant {
                grantee,
                permission,
            }));
        }
    }
    acl.map(Asked::Said)
}

/// Reads `id="…", uri="…", emailAddress="…"`.
fn header_grantees(text: &str) -> Option<Vec<Grantee>> {
    let parts = text.split(',').map(str::trim);
    let named: Option<Vec<Grantee>> = parts
        .filter(|part| !part.is_empty())
        .map(header_grantee)
        .collect();
    named.filter(|named| !named.is_empty())
}

fn header_grantee(part: &str) -> Option<Grantee> {
    let (kind, value) = part.split_once('=')?;
    let value = value.trim().trim_matches(['"', '\'']);
    match kind.trim().to_ascii_lowercase().as_str() {
        "uri" => Some(group(value)),
        "id" => Some(Grantee::CanonicalUser(value.into())),
        "emailaddress" => Some(Grantee::Email(value.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";

    #[test]
    fn a_grant_header_without_a_grantee_says_nothing() {
        for value in [json!(""), json!(" , "), json!([]), json!([""]), json!("x")] {
            let asked = Acl::read(&json!({ "x-amz-grant-read": value }));
            assert!(matches!(asked, Asked::Unreadable(_)), "{value}");
        }
        let absent = Acl::read_if_any(&json!({ "x-amz-grant-read": null }));
        assert_eq!(absent, None);
    }

    fn said(parameters: &Value) -> Acl {
        match Acl::read(parameters) {
            Asked::Said(acl) => acl,
            Asked::Unreadable(why) => panic!("{why}: {parameters}"),
        }
    }

    #[test]
    fn one_grant_is_an_object_and_many_are_an_array() {
        let grant =
            json!({"Grantee": {"xsi:type": "Group", "URI": ALL_USERS}, "Permission": "READ"});
        let one = said(&json!({"AccessControlPolicy": {"AccessControlList": {"Grant": grant}}}));
        let many =
            said(&json!({"AccessControlPolicy": {"AccessControlList": {"Grant": [grant, grant]}}}));
        assert_eq!(one, many);
        assert!(one.is_public());
    }

    #[test]
    fn canned_acls_come_as_text_or_as_an_array_of_one() {
        for shape in [
            json!({"x-amz-acl": "public-read"}),
            json!({"x-amz-acl": ["public-read"]}),
            json!({"x_amz_acl": "public-read"}),
        ] {
            assert_eq!(said(&shape), Acl::canned(CannedAcl::PublicRead), "{shape}");
        }
    }

    #[test]
    fn grant_headers_name_several_grantees() {
        let acl = said(
            &json!({"x-amz-grant-read": format!("uri=\"{ALL_USERS}\", id=\"abc\""), "x-amz-grant-full-control": ["id=\"abc\""]}),
        );
        assert_eq!(acl.grants.len(), 3);
        assert!(acl.is_public());
    }

    #[test]
    fn an_empty_list_grants_nothing() {
        for list in [json!(""), json!({}), json!(null), json!({"Grant": []})] {
            assert!(
                said(&json!({"AccessControlPolicy": {"AccessControlList": list}}))
                    .grants
                    .is_empty()
            );
        }
    }

    #[test]
    fn what_cannot_be_understood_says_nothing() {
        for shape in [
            json!({"acl": ""}),
            json!({"x-amz-acl": "TrailDiscoverAcl"}),
            json!({"x-amz-grant-read": "everybody"}),
            json!({"AccessControlPolicy": {"AccessControlList": {"Grant": {"Grantee": {}, "Permission": "READ"}}}}),
            json!({"AccessControlPolicy": {"AccessControlList": {"Grant": null}}}),
            json!({"AccessControlPolicy": {"AccessControlList": [{"Grantee": {"URI": ALL_USERS}, "Permission": "READ"}]}}),
            json!({"AccessControlPolicy": {"AccessControlList": 7}}),
        ] {
            assert!(matches!(Acl::read(&shape), Asked::Unreadable(_)), "{shape}");
        }
    }

    #[test]
    fn log_delivery_is_not_public() {
        assert!(!Acl::canned(CannedAcl::LogDeliveryWrite).is_public());
    }
}
