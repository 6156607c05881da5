//! Who calls? Users, role sessions, root, and a service on a user's behalf, as `userIdentity` shows them.

use crate::dice::Dice;
use crate::json::{Fields, Json};
use crate::names::OURS;

/// A caller of one of our accounts.
#[derive(Debug, Clone)]
pub struct Actor {
    account: usize,
    kind: Kind,
    pub address: &'static str,
    pub agent: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    User(&'static str),
    Session(&'static str, &'static str),
    Root,
    UserThroughService(&'static str),
}

const ADDRESSES: [&str; 5] = [
    "203.0.113.10",
    "203.0.113.77",
    "198.51.100.4",
    "192.0.2.200",
    "AWS Internal",
];
const AGENTS: [&str; 4] = [
    "[aws-cli/2.13.0 Python/3.11.4 Linux/5.10.0 exe/x86_64]",
    "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.1030 vendor/Oracle_Corporation cfg/retry-mode/standard]",
    "[APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) terraform-provider-aws/3.76.1]",
    "Boto3/1.26 Python/3.9",
];
const SERVICE: &str = "cloudformation.amazonaws.com";

impl Actor {
    pub fn any(account: usize, dice: &mut Dice) -> Self {
        let kind = dice.weighted(&[
            (35, Kind::User("alice")),
            (20, Kind::User("bob")),
            (30, Kind::Session("Deploy", "ci-7")),
            (8, Kind::Root),
            (7, Kind::UserThroughService("carol")),
        ]);
        if let Kind::UserThroughService(_) = kind {
            return Self {
                account,
                kind,
                address: SERVICE,
                agent: SERVICE,
            };
        }
        Self {
            account,
            kind,
            address: dice.pick(&ADDRESSES),
            agent: dice.pick(&AGENTS),
        }
    }

    /// The ARN that CloudTrail writes.
    pub fn arn(&self) -> String {
        let account = OURS[self.account].id;
        match self.kind {
            Kind::User(name) | Kind::UserThroughService(name) => {
                format!("arn:aws:iam::{account}:user/{name}")
            }
            Kind::Session(role, session) => {
                format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
            }
            Kind::Root => format!("arn:aws:iam::{account}:root"),
        }
    }

    /// `userIdentity`; before 2019 without empty `sessionIssuer` objects.
    pub fn identity(&self, created: &str, dice: &mut Dice) -> Json {
        let account = OURS[self.account].id;
        let mut fields: Fields = vec![
            ("type", self.type_name().into()),
            ("principalId", self.principal().into()),
            ("arn", self.arn().into()),
            ("accountId", account.into()),
        ];
        match self.kind {
            Kind::User(name) => fields.extend(user(name, "AKIAIOSFODNN7EXAMPLE")),
            Kind::UserThroughService(name) => {
                fields.extend(user(name, "ASIAIOSFODNN7EXAMPLE"));
                fields.push(("sessionContext", session(Json::Object(vec![]), created)));
                fields.push(("invokedBy", SERVICE.into()));
            }
            Kind::Session(role, _) => {
                fields.push(("accessKeyId", "ASIAIOSFODNN7EXAMPLE".into()));
                fields.push(("sessionContext", session(issuer(role, account), created)));
            }
            Kind::Root if dice.chance(50) => {
                fields.push(("accessKeyId", "ASIAIOSFODNN7EXAMPLE".into()));
                fields.push(("sessionContext", session(Json::Object(vec![]), created)));
            }
            Kind::Root => {}
        }
        if dice.chance(10) {
            dice.shuffle(&mut fields);
        }
        Json::Object(fields)
    }

    fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::User(_) | Kind::UserThroughService(_) => "IAMUser",
            Kind::Session(..) => "AssumedRole",
            Kind::Root => "Root",
        }
    }

    fn principal(&self) -> String {
        match self.kind {
            Kind::User(_) | Kind::UserThroughService(_) => "AIDACKCEVSQ6C2EXAMPLE".to_owned(),
            Kind::Session(_, session) => format!("AROADBQP57FF2AEXAMPLE:{session}"),
            Kind::Root => OURS[self.account].id.to_owned(),
        }
    }
}

fn user(name: &str, key: &str) -> Fields {
    vec![("accessKeyId", key.into()), ("userName", name.into())]
}

fn issuer(role: &str, account: &str) -> Json {
    Json::Object(vec![
        ("type", "Role".into()),
        ("principalId", "AROADBQP57FF2AEXAMPLE".into()),
        ("arn", format!("arn:aws:iam::{account}:role/{role}").into()),
        ("accountId", account.into()),
        ("userName", role.into()),
    ])
}

fn session(issuer: Json, created: &str) -> Json {
    let attributes = vec![
        ("creationDate", created.into()),
        ("mfaAuthenticated", "false".into()),
    ];
    Json::Object(vec![
        ("sessionIssuer", issuer),
        ("webIdFederationData", Json::Object(vec![])),
        ("attributes", Json::Object(attributes)),
    ])
}
