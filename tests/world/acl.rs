//! What does a bucket ACL grant, and in which of three ways is it asked for?
//! A canned name, grant headers, or a body (semantics.md 2); the owner's own FULL_CONTROL goes without saying.

use std::collections::BTreeMap;

use crate::dice::Dice;
use crate::json::{Fields, Json, one_or_many};
use crate::names::{Account, Audience, OURS, STRANGER, other};
use crate::policy::Permissions;

const XMLNS: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What the ACL grants to others than the owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acl {
    pub grants: Vec<(Grantee, Permission)>,
    /// Grant headers replace all there was, the owner's own grant too.
    without_owner: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grantee {
    AllUsers,
    AuthenticatedUsers,
    LogDelivery,
    Canonical(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    Read,
    Write,
    ReadAcp,
    WriteAcp,
    FullControl,
}

/// An ACL as a request asks for it.
#[derive(Debug, Clone)]
pub struct AclAsk {
    pub acl: Acl,
    way: Way,
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Canned(&'static str),
    Headers,
    Body,
}

impl Acl {
    /// One ACL of every kind that tells verdicts apart.
    pub fn kinds() -> [Self; 4] {
        let grantees = [
            Grantee::AllUsers,
            Grantee::Canonical(STRANGER.canonical),
            Grantee::LogDelivery,
        ];
        let [public, foreign, logs] = grantees.map(|grantee| Self {
            grants: vec![(grantee, Permission::Read)],
            without_owner: false,
        });
        [Self::default(), public, foreign, logs]
    }

    /// Does it let in S3's log delivery?
    pub fn serves_services(&self) -> bool {
        self.grants
            .iter()
            .any(|(grantee, _)| *grantee == Grantee::LogDelivery)
    }

    pub fn is_public(&self) -> bool {
        self.grants
            .iter()
            .any(|(grantee, _)| grantee.audience() == Some(Audience::Public))
    }

    /// The audiences outside the account, and what each may do with a bucket, while the ACL is in force.
    pub fn audiences(&self) -> BTreeMap<Audience, Permissions> {
        self.granted(Permission::classes)
    }

    /// The same for an object.
    pub fn audiences_of_object(&self) -> BTreeMap<Audience, Permissions> {
        self.granted(Permission::classes_of_object)
    }

    fn granted(
        &self,
        classes: fn(Permission) -> &'static [&'static str],
    ) -> BTreeMap<Audience, Permissions> {
        let mut audiences: BTreeMap<Audience, Permissions> = BTreeMap::new();
        for (grantee, permission) in &self.grants {
            if let Some(audience) = grantee.audience() {
                audiences
                    .entry(audience)
                    .or_default()
                    .extend(classes(*permission));
            }
        }
        audiences
    }
}

impl AclAsk {
    /// Any ACL in any way; `owner` is the index of the bucket's account. A request grants to groups or to a
    /// foreign account, not both: whether IgnorePublicAcls ignores a whole ACL, AWS does not say.
    pub fn any(owner: usize, with_body: bool, dice: &mut Dice) -> Self {
        let way = if with_body { Way::Body } else { Way::Headers };
        match dice.below(10) {
            0..=2 => Self::private(),
            3..=5 => Self::public(dice),
            6 => Self::canned("log-delivery-write"),
            7 => Self::granting(foreign_grants(owner, dice), way, dice),
            _ => Self::granting(group_grants(dice), way, dice),
        }
    }

    /// Any ACL of an object.
    pub fn any_of_object(owner: usize, with_body: bool, dice: &mut Dice) -> Self {
        let way = if with_body { Way::Body } else { Way::Headers };
        match dice.below(10) {
            0 => Self::private(),
            1 => Self::canned("bucket-owner-full-control"),
            2..=5 => Self::public(dice),
            6 => Self::granting(foreign_grants(owner, dice), way, dice).without_write(),
            _ => Self::granting(group_grants(dice), way, dice).without_write(),
        }
    }

    /// The one ACL of an upload that S3 takes while ACLs are disabled.
    pub fn leaves_it_to_the_owner(&self) -> bool {
        matches!(self.way, Way::Canned("bucket-owner-full-control"))
    }

    /// Of an object there is nothing to be granted by WRITE.
    fn without_write(mut self) -> Self {
        for (_, permission) in &mut self.acl.grants {
            if *permission == Permission::Write {
                *permission = Permission::Read;
            }
        }
        self.acl.grants.sort();
        self.acl.grants.dedup();
        self
    }

    fn granting(mut grants: Vec<(Grantee, Permission)>, way: Way, dice: &mut Dice) -> Self {
        grants.sort();
        grants.dedup();
        let without_owner = matches!(way, Way::Headers) || dice.chance(15);
        Self {
            acl: Acl {
                grants,
                without_owner,
            },
            way,
        }
    }

    pub fn private() -> Self {
        Self::canned("private")
    }

    /// One of the canned ACLs that let strangers in.
    pub fn public(dice: &mut Dice) -> Self {
        Self::canned(dice.pick(&["public-read", "public-read-write", "authenticated-read"]))
    }

    fn canned(name: &'static str) -> Self {
        use Grantee::{AllUsers, AuthenticatedUsers, LogDelivery};
        use Permission::{Read, ReadAcp, Write};
        let grants = match name {
            "public-read" => vec![(AllUsers, Read)],
            "public-read-write" => vec![(AllUsers, Read), (AllUsers, Write)],
            "authenticated-read" => vec![(AuthenticatedUsers, Read)],
            "log-delivery-write" => vec![(LogDelivery, Write), (LogDelivery, ReadAcp)],
            _ => vec![],
        };
        Self {
            acl: Acl {
                grants,
                without_owner: false,
            },
            way: Way::Canned(name),
        }
    }

    /// Headers and body of the request, as `requestParameters` holds them.
    pub fn fields(&self, owner: &Account, dice: &mut Dice) -> Fields {
        match self.way {
            Way::Canned(name) => vec![("x-amz-acl", name.into())],
            Way::Headers => self.headers(dice),
            Way::Body => vec![("AccessControlPolicy", self.body(owner, dice))],
        }
    }

    /// `x-amz-grant-read: uri="…", id="…"`, one header a permission.
    fn headers(&self, dice: &mut Dice) -> Fields {
        let mut headers: Vec<(&'static str, String)> = Vec::new();
        let quote = if dice.chance(75) { "\"" } else { "" };
        for (grantee, permission) in &self.acl.grants {
            let (kind, name) = grantee.named();
            let kind = if kind == "ID" { "id" } else { "uri" };
            let value = format!("{kind}={quote}{name}{quote}");
            match headers
                .iter_mut()
                .find(|header| header.0 == permission.header())
            {
                Some(header) => header.1 = format!("{}, {value}", header.1),
                None => headers.push((permission.header(), value)),
            }
        }
        headers
            .into_iter()
            .map(|(header, value)| (header, value.into()))
            .collect()
    }

    fn body(&self, owner: &Account, dice: &mut Dice) -> Json {
        let mut grants = Vec::new();
        if !self.acl.without_owner {
            grants.push(grant(
                "CanonicalUser",
                "ID",
                owner.canonical,
                "FULL_CONTROL",
            ));
        }
        for (grantee, permission) in &self.acl.grants {
            let (kind, name) = grantee.named();
            let class = if kind == "ID" {
                "CanonicalUser"
            } else {
                "Group"
            };
            grants.push(grant(class, kind, name, permission.name()));
        }
        dice.shuffle(&mut grants);
        let list = Json::Object(vec![("Grant", one_or_many(grants, dice))]);
        let mut holder: Fields = vec![("ID", owner.canonical.into())];
        if dice.chance(50) {
            holder.insert(0, ("DisplayName", "owner".into()));
        }
        let holder = Json::Object(holder);
        let mut fields = vec![
            ("AccessControlList", list),
            ("xmlns", XMLNS.into()),
            ("Owner", holder),
        ];
        dice.shuffle(&mut fields);
        Json::Object(fields)
    }

    /// For a story.
    pub fn tell(&self) -> String {
        match self.way {
            Way::Canned(name) => name.to_owned(),
            way => format!("{way:?} {:?}", self.acl.grants),
        }
    }
}

fn grant(class: &str, key: &'static str, name: &str, permission: &str) -> Json {
    let grantee = Json::Object(vec![
        ("xmlns:xsi", XSI.into()),
        ("xsi:type", class.into()),
        (key, name.into()),
    ]);
    Json::Object(vec![
        ("Grantee", grantee),
        ("Permission", permission.into()),
    ])
}

fn group_grants(dice: &mut Dice) -> Vec<(Grantee, Permission)> {
    let count = dice.weighted(&[(55, 1), (35, 2), (10, 3)]);
    let groups = [Grantee::AllUsers, Grantee::AuthenticatedUsers];
    (0..count)
        .map(|_| (dice.pick(&groups), any_permission(dice)))
        .collect()
}

fn foreign_grants(owner: usize, dice: &mut Dice) -> Vec<(Grantee, Permission)> {
    let outsider = dice.pick(&[&OURS[other(owner)], &STRANGER]);
    vec![(Grantee::Canonical(outsider.canonical), any_permission(dice))]
}

fn any_permission(dice: &mut Dice) -> Permission {
    use Permission::{FullControl, Read, ReadAcp, Write, WriteAcp};
    dice.pick(&[Read, Read, Write, ReadAcp, WriteAcp, FullControl])
}

impl Grantee {
    fn audience(self) -> Option<Audience> {
        match self {
            Self::AllUsers | Self::AuthenticatedUsers => Some(Audience::Public),
            Self::Canonical(id) => Some(Audience::Canonical(id)),
            Self::LogDelivery => None,
        }
    }

    fn named(self) -> (&'static str, &'static str) {
        match self {
            Self::AllUsers => ("URI", "http://acs.amazonaws.com/groups/global/AllUsers"),
            Self::AuthenticatedUsers => (
                "URI",
                "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
            ),
            Self::LogDelivery => ("URI", "http://acs.amazonaws.com/groups/s3/LogDelivery"),
            Self::Canonical(id) => ("ID", id),
        }
    }
}

impl Permission {
    /// On a bucket: READ lists, it reads no object.
    fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["list"],
            Self::Write => &["write"],
            Self::ReadAcp => &["read-acl"],
            Self::WriteAcp => &["write-acl"],
            Self::FullControl => &["list", "write", "read-acl", "write-acl"],
        }
    }

    fn classes_of_object(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["read"],
            Self::Write => &[],
            Self::ReadAcp => &["read-acl"],
            Self::WriteAcp => &["write-acl"],
            Self::FullControl => &["read", "read-acl", "write-acl"],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::ReadAcp => "READ_ACP",
            Self::WriteAcp => "WRITE_ACP",
            Self::FullControl => "FULL_CONTROL",
        }
    }

    fn header(self) -> &'static str {
        match self {
            Self::Read => "x-amz-grant-read",
            Self::Write => "x-amz-grant-write",
            Self::ReadAcp => "x-amz-grant-read-acp",
            Self::WriteAcp => "x-amz-grant-write-acp",
            Self::FullControl => "x-amz-grant-full-control",
        }
    }
}
