//! What is done to single objects? Written or copied, with or without an ACL, given another ACL, and
//! deleted: data events, and the only trace of what an object's own ACL grants.

use crate::acl::{Acl, AclAsk};
use crate::dice::Dice;
use crate::json::{Fields, Json};
use crate::names::Account;

pub const KEYS: [&str; 6] = [
    "backup.tar",
    "index.html",
    "media/launch film.mp4",
    "media/logo.png",
    "public/notes.txt",
    "reports/2022.csv",
];

/// How an object gets its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    Put,
    Copy,
}

#[derive(Debug, Clone)]
pub enum ObjectCall {
    Write(Write, Option<AclAsk>),
    PutAcl(AclAsk),
    Delete,
    /// Of one version only, which is not the one that an anonymous reader gets.
    DeleteVersion,
}

impl ObjectCall {
    pub fn any(owner: usize, dice: &mut Dice) -> Self {
        let write = dice.pick(&[Write::Put, Write::Put, Write::Copy]);
        match dice.below(20) {
            0..=5 => Self::Write(write, Some(AclAsk::any_of_object(owner, false, dice))),
            6..=8 => Self::Write(write, None),
            9..=15 => {
                let with_body = dice.chance(60);
                Self::PutAcl(AclAsk::any_of_object(owner, with_body, dice))
            }
            16..=18 => Self::Delete,
            _ => Self::DeleteVersion,
        }
    }

    /// The ACL that it asks for, if it asks for one.
    pub fn asks(&self) -> Option<&AclAsk> {
        match self {
            Self::Write(_, ask) => ask.as_ref(),
            Self::PutAcl(ask) => Some(ask),
            Self::Delete | Self::DeleteVersion => None,
        }
    }

    /// What the object's ACL is after it: none is an object that is not there, or `None` for no change.
    pub fn leaves(&self) -> Option<Option<Acl>> {
        match self {
            Self::Write(_, ask) => Some(Some(
                ask.as_ref().map(|ask| ask.acl.clone()).unwrap_or_default(),
            )),
            Self::PutAcl(ask) => Some(Some(ask.acl.clone())),
            Self::Delete => Some(None),
            Self::DeleteVersion => None,
        }
    }

    pub fn event_name(&self) -> &'static str {
        match self {
            Self::Write(Write::Put, _) => "PutObject",
            Self::Write(Write::Copy, _) => "CopyObject",
            Self::PutAcl(_) => "PutObjectAcl",
            Self::Delete | Self::DeleteVersion => "DeleteObject",
        }
    }

    pub fn marker(&self) -> Option<&'static str> {
        match self {
            Self::PutAcl(_) => Some("acl"),
            _ => None,
        }
    }

    pub fn fields(&self, key: &str, owner: &Account, dice: &mut Dice) -> Fields {
        let mut fields: Fields = vec![("key", Json::from(key))];
        fields.extend(
            self.asks()
                .into_iter()
                .flat_map(|ask| ask.fields(owner, dice)),
        );
        match self {
            Self::Write(Write::Copy, _) => {
                fields.push(("x-amz-copy-source", "amzn-s3-demo-trail/source".into()));
            }
            Self::DeleteVersion => {
                fields.push(("versionId", "3HL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY".into()));
            }
            _ => {}
        }
        fields
    }

    pub fn tell(&self) -> String {
        self.asks().map_or_else(String::new, AclAsk::tell)
    }
}
