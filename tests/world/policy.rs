//! What does a bucket policy grant, to whom, and how may it be spelled?
//! A handful of statements whose meaning the User Guide settles (semantics.md 1), each in many equal spellings.

use std::collections::{BTreeMap, BTreeSet};

use crate::dice::Dice;
use crate::json::{Fields, Json, one_or_many};
use crate::names::{Account, Audience, OURS, STRANGER, other};
use crate::who::Who;

pub type Permissions = BTreeSet<&'static str>;

/// A bucket policy: Allow statements only. Two are equal if they say the same: key order, statement order, lists of one,
/// Sids, an account's id or root ARN, and the version of a policy without variables say nothing.
#[derive(Debug, Clone)]
pub struct Policy {
    statements: Vec<Statement>,
    version: &'static str,
    /// Which of its spellings is used.
    spelling: u64,
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        let said = |policy: &Self| -> BTreeSet<String> {
            policy.statements.iter().map(Statement::said).collect()
        };
        said(self) == said(other)
    }
}

/// Somebody may do something.
#[derive(Debug, Clone)]
pub struct Statement {
    who: Who,
    may: &'static [Action],
    /// The objects meant, below the bucket.
    keys: &'static str,
    /// `{"AWS": "*"}` rather than `"*"`, a root ARN rather than an account id.
    long_principal: bool,
    sid: Option<&'static str>,
}

#[derive(Debug, PartialEq, Eq)]
struct Action {
    name: &'static str,
    class: &'static str,
    on_objects: bool,
}

const fn on_objects(name: &'static str, class: &'static str) -> Action {
    Action {
        name,
        class,
        on_objects: true,
    }
}

const fn on_bucket(name: &'static str, class: &'static str) -> Action {
    Action {
        name,
        class,
        on_objects: false,
    }
}

const VERSION: &str = "2012-10-17";
const READ: &[Action] = &[on_objects("s3:GetObject", "read")];
const READ_VERSIONS: &[Action] = &[
    on_objects("s3:GetObject", "read"),
    on_objects("s3:GetObjectVersion", "read"),
];
const LIST_READ: &[Action] = &[
    on_bucket("s3:ListBucket", "list"),
    on_objects("s3:GetObject", "read"),
];
const LIST: &[Action] = &[
    on_bucket("s3:ListBucket", "list"),
    on_bucket("s3:ListBucketVersions", "list"),
];
const WRITE: &[Action] = &[on_objects("s3:PutObject", "write")];
const WRITE_DELETE: &[Action] = &[
    on_objects("s3:PutObject", "write"),
    on_objects("s3:DeleteObject", "delete"),
];
const WRITE_ACL: &[Action] = &[
    on_objects("s3:PutObject", "write"),
    on_objects("s3:PutObjectAcl", "write-acl"),
];
const MOST: &[Action] = &[
    on_bucket("s3:ListBucket", "list"),
    on_bucket("s3:ListBucketVersions", "list"),
    on_objects("s3:GetObject", "read"),
    on_objects("s3:GetObjectVersion", "read"),
    on_objects("s3:PutObject", "write"),
    on_objects("s3:DeleteObject", "delete"),
];
const CONFIG: &[Action] = &[on_bucket("s3:GetBucketLocation", "read-config")];
const ANY: [&[Action]; 8] = [
    READ,
    READ_VERSIONS,
    LIST_READ,
    LIST,
    WRITE,
    WRITE_DELETE,
    WRITE_ACL,
    CONFIG,
];

impl Policy {
    /// Any of the handful; `owner` is the index of the bucket's account.
    pub fn any(owner: usize, dice: &mut Dice) -> Self {
        let count = dice.weighted(&[(70, 1), (22, 2), (8, 3)]);
        let mut statements: Vec<_> = (0..count).map(|_| Statement::any(owner, dice)).collect();
        statements.sort_by_key(|one| format!("{one:?}"));
        statements[0].sid = dice.pick(&[None, None, Some("Access"), Some("Statement1")]);
        Self {
            statements,
            version: dice.weighted(&[(90, VERSION), (10, "2008-10-17")]),
            spelling: dice.roll(),
        }
    }

    fn of(who: Who, may: &'static [Action]) -> Self {
        Self {
            statements: vec![Statement {
                who,
                may,
                keys: "*",
                long_principal: false,
                sid: None,
            }],
            version: VERSION,
            spelling: 0,
        }
    }

    /// Any policy of an access point.
    pub fn any_of_point(owner: usize, dice: &mut Dice) -> Self {
        let outsider = dice.pick(&[&OURS[other(owner)], &STRANGER]);
        let who = dice.weighted(&[
            (50, Who::Everyone),
            (15, Who::Account(outsider.id)),
            (10, Who::Roles(outsider.id, 1)),
            (10, Who::OrganizationMembers),
            (15, Who::OwnAccount),
        ]);
        let may = dice.pick(&[READ, READ_VERSIONS, LIST_READ, LIST, WRITE, WRITE_DELETE]);
        Self {
            spelling: dice.roll(),
            ..Self::of(who, may)
        }
    }

    /// Leaves it to the account's access points whom to let in.
    pub fn delegating(owner: usize, region: &'static str, dice: &mut Dice) -> Self {
        let account = OURS[owner].id;
        let who = dice.weighted(&[
            (60, Who::ThroughPoints(account)),
            (40, Who::ThroughPointsNamed(region, account, "-web")),
        ]);
        let mut policy = Self::of(who, MOST);
        if dice.chance(30) {
            policy.statements.push(Statement::any(owner, dice));
        }
        policy.spelling = dice.roll();
        policy
    }

    /// Whom it lets in together with an access point's own policy, and what each may do.
    pub fn grants_through(&self, point: &str, own: &Self) -> BTreeMap<Audience, Permissions> {
        let mut grants: BTreeMap<Audience, Permissions> = BTreeMap::new();
        for (here, there) in own
            .statements
            .iter()
            .flat_map(|here| self.statements.iter().map(move |there| (here, there)))
        {
            let both = here
                .who
                .audience()
                .and_then(|audience| there.who.audience_through(point)?.both(audience));
            let shared = here.may.iter().filter(|action| there.may.contains(action));
            let classes: Permissions = shared.map(|action| action.class).collect();
            if let (Some(audience), false) = (both, classes.is_empty()) {
                grants.entry(audience).or_default().extend(classes);
            }
        }
        grants
    }

    /// Anybody may read its objects.
    pub fn public_read() -> Self {
        Self::of(Who::Everyone, READ)
    }

    /// Only principals of the bucket's own account.
    pub fn own() -> Self {
        Self::of(Who::OwnAccount, LIST_READ)
    }

    /// One policy of every kind that tells verdicts apart.
    pub fn kinds() -> [Self; 5] {
        let foreign = [
            Who::Account(STRANGER.id),
            Who::CanonicalUser(STRANGER.canonical),
        ];
        let through = Who::ThroughPoints(OURS[0].id);
        [
            Who::Everyone,
            foreign[0],
            foreign[1],
            Who::FromNetwork,
            through,
        ]
        .map(|who| Self::of(who, MOST))
    }

    /// Does it let in a wildcard held to fixed networks or endpoints?
    pub fn serves_fixed_sources(&self) -> bool {
        self.statements
            .iter()
            .any(|one| one.who.is_held_to_fixed_sources())
    }

    /// Does it let in an AWS service?
    pub fn serves_services(&self) -> bool {
        self.statements.iter().any(|one| one.who == Who::Service)
    }

    /// AWS's answer: one public statement makes the whole policy public.
    pub fn is_public(&self) -> bool {
        self.statements
            .iter()
            .any(|statement| statement.who == Who::Everyone)
    }

    /// The audiences outside the account, and what each may do, before any block.
    pub fn grants(&self) -> BTreeMap<Audience, Permissions> {
        let mut grants: BTreeMap<Audience, Permissions> = BTreeMap::new();
        for statement in &self.statements {
            if let Some(audience) = statement.who.audience() {
                grants
                    .entry(audience)
                    .or_default()
                    .extend(statement.may.iter().map(|action| action.class));
            }
        }
        grants
    }

    /// The length of the text that S3 keeps.
    pub fn length(&self, bucket: &str, owner: usize) -> i64 {
        self.json(&format!("arn:aws:s3:::{bucket}"), "", &OURS[owner])
            .text()
            .len() as i64
    }

    /// One of its spellings, for a bucket's ARN, or an access point's with what stands between it and a key.
    pub fn json(&self, arn: &str, between: &str, owner: &Account) -> Json {
        let dice = &mut Dice::new(self.spelling);
        let mut statements: Vec<_> = self
            .statements
            .iter()
            .map(|one| one.json(arn, between, owner, dice))
            .collect();
        dice.shuffle(&mut statements);
        let mut fields: Fields = vec![
            ("Version", self.version.into()),
            ("Statement", one_or_many(statements, dice)),
        ];
        dice.shuffle(&mut fields);
        Json::Object(fields)
    }

    /// For a story: `everyone: s3:GetObject`.
    pub fn tell(&self) -> String {
        let tell = |one: &Statement| {
            let names: Vec<_> = one.may.iter().map(|action| action.name).collect();
            format!("{:?}: {}", one.who, names.join(" "))
        };
        self.statements
            .iter()
            .map(tell)
            .collect::<Vec<_>>()
            .join(" | ")
    }
}

impl Statement {
    /// What it says, however it is spelled.
    fn said(&self) -> String {
        let names: BTreeSet<&str> = self.may.iter().map(|action| action.name).collect();
        format!("{:?} {names:?} {}", self.who, self.keys)
    }

    fn any(owner: usize, dice: &mut Dice) -> Self {
        let outsider = dice.pick(&[&OURS[other(owner)], &STRANGER]);
        let count = 1 + dice.below(2);
        let who = dice.weighted(&[
            (34, Who::Everyone),
            (12, Who::Account(outsider.id)),
            (8, Who::Roles(outsider.id, count)),
            (5, Who::CanonicalUser(outsider.canonical)),
            (6, Who::OrganizationMembers),
            (8, Who::ThroughEndpoint),
            (8, Who::FromNetwork),
            (13, Who::OwnAccount),
            (6, Who::Service),
        ]);
        let may = ANY[dice.below(ANY.len())];
        let some_keys = may.iter().any(|action| action.on_objects) && dice.chance(15);
        Self {
            who,
            may,
            keys: if some_keys { "public/*" } else { "*" },
            long_principal: who.has_two_names() && dice.chance(60),
            sid: None,
        }
    }

    fn json(&self, arn: &str, between: &str, owner: &Account, dice: &mut Dice) -> Json {
        let names = self.may.iter().map(|action| action.name.into()).collect();
        let mut fields: Fields = vec![
            ("Effect", "Allow".into()),
            (
                "Principal",
                self.who.principal(owner, self.long_principal, dice),
            ),
            ("Action", one_or_many(names, dice)),
            ("Resource", self.resource(arn, between, dice)),
        ];
        fields.extend(self.sid.map(|sid| ("Sid", sid.into())));
        fields.extend(
            self.who
                .condition()
                .map(|condition| ("Condition", condition)),
        );
        if dice.chance(30) {
            dice.shuffle(&mut fields);
        }
        Json::Object(fields)
    }

    fn resource(&self, arn: &str, between: &str, dice: &mut Dice) -> Json {
        let mut arns = Vec::new();
        if self.may.iter().any(|action| !action.on_objects) {
            arns.push(arn.into());
        }
        if self.may.iter().any(|action| action.on_objects) {
            arns.push(format!("{arn}{between}/{}", self.keys).into());
        }
        one_or_many(arns, dice)
    }
}
