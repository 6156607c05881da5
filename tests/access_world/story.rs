//! What happens in a world, and the records that CloudTrail writes of it?

use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const OWNER: &str = "111122223333";
const ACCOUNTS: [&str; 2] = ["444455556666", "123456789012"];
const BUCKETS: [&str; 3] = ["amzn-s3-demo-one", "amzn-s3-demo-two", "amzn-s3-demo-quiet"];
const BEGIN: i64 = 1_709_280_000;
/// Calls are so many seconds apart; requests fall between them.
const STEP: i64 = 600;

/// Chance, repeatable.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
    }

    /// SplitMix64.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.roll() % most.max(1)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

/// Who asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    Anonymous,
    Account(&'static str),
    Owner,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub bucket: &'static str,
    pub at: i64,
    pub who: Who,
    pub ip: String,
    pub agent: String,
    pub name: &'static str,
    pub key: Option<String>,
    pub granted: bool,
    pub bytes: u64,
}

/// Who stands behind a call: the first, and the events on the way, the first one's first.
#[derive(Clone, Debug)]
pub struct Origin {
    pub first: String,
    pub resolved: bool,
    pub events: Vec<String>,
}

/// Everything that happens.
#[derive(Default)]
pub struct Story {
    pub records: Vec<String>,
    pub asked: Vec<Asked>,
    pub origins: BTreeMap<String, Origin>,
    /// The calls in sessions whose issuance was left out though it would be recorded.
    pub ghosts: Vec<String>,
    pub exposures: usize,
    numbers: u64,
}

/// An identity in use, and what is known of where it comes from.
struct Caller {
    identity: Value,
    origin: Origin,
    ghost: bool,
}

impl Story {
    /// A story, as the dice fall.
    pub fn told(dice: &mut Dice) -> Self {
        let mut story = Self::default();
        // Sessions are recorded from before the first call to after the last.
        story.issue(BEGIN - 10, "early", &user("warden"), None);
        for bucket in BUCKETS {
            story.live(bucket, dice);
        }
        story.issue(BEGIN + 100 * STEP, "late", &user("warden"), None);
        story
    }

    fn live(&mut self, bucket: &'static str, dice: &mut Dice) {
        let admin = user("admin");
        self.call(
            BEGIN,
            "CreateBucket",
            bucket,
            &admin,
            json!({"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}),
        );
        self.call(
            BEGIN + 1,
            "DeleteBucketPublicAccessBlock",
            bucket,
            &admin,
            json!({"publicAccessBlock": ""}),
        );
        // Nobody, everybody, or one account may get in.
        let mut open: Option<&'static str> = None;
        for step in 1..=4 + dice.below(6) as i64 {
            // No two sign-ins of one user fall into the same second.
            let shift = BUCKETS.iter().position(|it| *it == bucket).unwrap() as i64 * 7;
            let at = BEGIN + shift + step * 10 * STEP;
            let next = *dice.pick(&[None, Some("*"), Some(ACCOUNTS[0])]);
            if next != open {
                let caller = self.caller(at, dice);
                let id = match next {
                    Some(who) => {
                        self.exposures += 1;
                        let policy = json!({"policy": "", "bucketPolicy": policy(bucket, who)});
                        self.call(at, "PutBucketPolicy", bucket, &caller.identity, policy)
                    }
                    None => self.call(
                        at,
                        "DeleteBucketPolicy",
                        bucket,
                        &caller.identity,
                        json!({"policy": ""}),
                    ),
                };
                self.ghosts.extend(caller.ghost.then(|| id.clone()));
                self.origins.insert(id, caller.origin);
                open = next;
            }
            if bucket != BUCKETS[2] {
                for _ in 0..dice.below(12) {
                    self.ask(
                        bucket,
                        at + 1 + dice.below(10 * STEP as u64 - 2) as i64,
                        open,
                        dice,
                    );
                }
            }
        }
    }

    fn ask(&mut self, bucket: &'static str, at: i64, open: Option<&'static str>, dice: &mut Dice) {
        let who = dice
            .pick(&[
                Who::Anonymous,
                Who::Anonymous,
                Who::Account(ACCOUNTS[0]),
                Who::Account(ACCOUNTS[1]),
                Who::Owner,
            ])
            .clone();
        let name = *dice.pick(&["GetObject", "GetObject", "HeadObject", "ListObjects"]);
        let granted = match (&who, open) {
            (Who::Owner, _) | (_, Some("*")) => true,
            (Who::Account(id), Some(account)) => *id == account,
            _ => false,
        };
        let asked = Asked {
            bucket,
            at,
            ip: format!("198.51.100.{}", 1 + dice.below(3)),
            agent: (*dice.pick(&["[curl/8.5.0]", "[python-requests/2.31.0]"])).to_owned(),
            name,
            key: (name != "ListObjects").then(|| format!("key-{}", dice.below(4))),
            granted,
            bytes: dice.below(5000),
            who,
        };
        self.write_request(&asked, dice);
        self.asked.push(asked);
    }

    fn write_request(&mut self, asked: &Asked, dice: &mut Dice) {
        let bucket = asked.bucket;
        let identity = match &asked.who {
            Who::Anonymous => {
                json!({"type": "AWSAccount", "principalId": "", "accountId": if asked.at % 2 == 0 { "anonymous" } else { "ANONYMOUS_PRINCIPAL" }})
            }
            Who::Account(id) => {
                json!({"type": "AWSAccount", "principalId": "AIDASTRANGEREXAMPLE", "accountId": id})
            }
            Who::Owner => user("reader"),
        };
        let mut parameters =
            json!({"bucketName": bucket, "Host": format!("{bucket}.s3.eu-west-1.amazonaws.com")});
        if let Some(key) = &asked.key {
            parameters["key"] = json!(key);
        }
        let bytes = match dice.below(3) {
            0 => json!(asked.bytes as f64),
            _ => json!(asked.bytes),
        };
        let mut record = self.record(asked.at, "s3", asked.name, &identity, parameters);
        record["managementEvent"] = json!(false);
        record["eventCategory"] = json!("Data");
        record["sourceIPAddress"] = json!(asked.ip);
        record["userAgent"] = json!(asked.agent);
        record["resources"] = owned(bucket);
        record["additionalEventData"] = json!({"bytesTransferredOut": bytes});
        if !asked.granted {
            record["errorCode"] = json!("AccessDenied");
        }
        if let Who::Account(id) = &asked.who {
            let shared = self.next_id();
            record["sharedEventID"] = json!(shared);
            // The requester's own trail may be in the archive too.
            if dice.below(3) == 0 {
                let mut copy = record.clone();
                copy["eventID"] = json!(self.next_id());
                copy["recipientAccountId"] = json!(id);
                copy["userIdentity"] = json!({"type": "IAMUser", "arn": format!("arn:aws:iam::{id}:user/pat"), "accountId": id});
                self.records.push(copy.to_string());
            }
        }
        self.records.push(record.to_string());
    }

    /// Somebody who calls: a user with a key, a console session, or a chain of roles that one of those began.
    fn caller(&mut self, at: i64, dice: &mut Dice) -> Caller {
        let name = *dice.pick(&["alice", "bob", "carol"]);
        let first = user(name);
        let arn = first["arn"].as_str().unwrap().to_owned();
        let mut caller = Caller {
            identity: first,
            origin: Origin {
                first: arn,
                resolved: true,
                events: Vec::new(),
            },
            ghost: false,
        };
        if dice.below(3) == 0 {
            self.sign_in(at - 400, name, &mut caller);
        }
        for step in 0..dice.below(4) as i64 {
            self.take_role(at - 300 + step * 50, dice, &mut caller);
        }
        caller
    }

    fn sign_in(&mut self, at: i64, name: &str, caller: &mut Caller) {
        let mut known = user(name);
        known.as_object_mut().unwrap().remove("accessKeyId");
        let mut record = self.record(at, "signin", "ConsoleLogin", &known, Value::Null);
        record["responseElements"] = json!({"ConsoleLogin": "Success"});
        record["additionalEventData"] = json!({"MFAUsed": "Yes"});
        caller.origin.events.push(id_of(&record));
        self.records.push(record.to_string());
        caller.identity["accessKeyId"] = json!(self.next_key());
        caller.identity["sessionContext"] =
            json!({"attributes": {"creationDate": instant(at), "mfaAuthenticated": "true"}});
    }

    /// A role is taken; sometimes the record of it is not in the archive, and what came before it cannot be told.
    fn take_role(&mut self, at: i64, dice: &mut Dice, caller: &mut Caller) {
        let lost = dice.below(6) == 0;
        let by_key = dice.below(3) > 0;
        let role = *dice.pick(&["Deploy", "Ops", "Audit"]);
        self.numbers += 1;
        let session = format!("s{}", self.numbers);
        let issued = self.issue(
            at,
            &format!("{role}/{session}"),
            &caller.identity,
            lost.then_some(()),
        );
        let key = if by_key { issued.key } else { self.next_key() };
        let arn = format!("arn:aws:sts::{OWNER}:assumed-role/{role}/{session}");
        caller.identity = json!({"type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{session}"), "arn": arn, "accountId": OWNER, "accessKeyId": key,
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::{OWNER}:role/{role}"), "accountId": OWNER, "userName": role},
                "attributes": {"creationDate": instant(at), "mfaAuthenticated": "false"}}});
        if lost {
            caller.origin = Origin {
                first: arn,
                resolved: false,
                events: Vec::new(),
            };
        } else {
            caller.origin.events.push(issued.event);
        }
        // Only the session of the call itself is missed: of those before it no call is a change.
        caller.ghost = lost;
    }

    fn issue(&mut self, at: i64, session: &str, parent: &Value, lost: Option<()>) -> Issued {
        let key = self.next_key();
        let (role, name) = session.split_once('/').unwrap_or(("Watch", session));
        let parameters = json!({"roleArn": format!("arn:aws:iam::{OWNER}:role/{role}"), "roleSessionName": name});
        let mut record = self.record(at, "sts", "AssumeRole", parent, parameters);
        record["responseElements"] = json!({"credentials": {"accessKeyId": key}, "assumedRoleUser": {"arn": format!("arn:aws:sts::{OWNER}:assumed-role/{role}/{name}")}});
        let event = id_of(&record);
        if lost.is_none() {
            self.records.push(record.to_string());
        }
        Issued { key, event }
    }

    fn call(&mut self, at: i64, name: &str, bucket: &str, identity: &Value, more: Value) -> String {
        let mut parameters =
            json!({"bucketName": bucket, "Host": format!("{bucket}.s3.eu-west-1.amazonaws.com")});
        for (key, value) in more.as_object().unwrap() {
            parameters[key] = value.clone();
        }
        let mut record = self.record(at, "s3", name, identity, parameters);
        record["resources"] = owned(bucket);
        self.records.push(record.to_string());
        id_of(&record)
    }

    fn record(
        &mut self,
        at: i64,
        source: &str,
        name: &str,
        identity: &Value,
        parameters: Value,
    ) -> Value {
        json!({"eventVersion": "1.09", "userIdentity": identity, "eventTime": instant(at), "eventSource": format!("{source}.amazonaws.com"),
            "eventName": name, "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.10", "userAgent": "[aws-cli/2.15.24]",
            "requestParameters": parameters, "responseElements": null, "eventID": self.next_id(), "eventType": "AwsApiCall",
            "managementEvent": true, "recipientAccountId": OWNER, "eventCategory": "Management"})
    }

    fn next_id(&mut self) -> String {
        self.numbers += 1;
        format!("ab45689d-69cd-41e7-8705-{:012}", self.numbers)
    }

    fn next_key(&mut self) -> String {
        self.numbers += 1;
        format!("ASIAEXAMPLE{:09}", self.numbers)
    }
}

struct Issued {
    key: String,
    event: String,
}

fn id_of(record: &Value) -> String {
    record["eventID"].as_str().unwrap().to_owned()
}

fn owned(bucket: &str) -> Value {
    json!([{"accountId": OWNER, "type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{bucket}")}])
}

fn user(name: &str) -> Value {
    json!({"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": format!("arn:aws:iam::{OWNER}:user/{name}"), "accountId": OWNER,
        "accessKeyId": format!("AKIA{}EXAMPLE", name.to_uppercase()), "userName": name})
}

fn policy(bucket: &str, who: &str) -> Value {
    let principal = match who {
        "*" => json!("*"),
        account => json!({"AWS": format!("arn:aws:iam::{account}:root")}),
    };
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")]}]})
}

fn instant(at: i64) -> String {
    leaktrail::vocab::Timestamp::from_unix(at).to_string()
}
