//! What would close what is still open, smallest first? Commands for a person to read and run; nothing here runs them.
//!
//! A step is smaller than another if it takes less away from those who are meant to get in, and is undone more easily: a flag of
//! the bucket's public access block goes before a grant, a grant before a whole policy, the bucket before its account.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>

use super::Analysis;
use crate::event::{Asked, BlockFlags, Change, Outcome};
use crate::exposure::{Audience, Mechanism};
use crate::timeline::Exposure;
use crate::vocab::{AccountId, BucketName, Region, Untrusted};
use std::collections::{BTreeMap, BTreeSet};

/// How one bucket that is open can be closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remedy {
    /// The owner's account, where it is known.
    pub account: Option<AccountId>,
    /// The bucket's Region, where it is known.
    pub region: Option<Region>,
    /// The bucket; `None` for what closes a whole account.
    pub bucket: Option<BucketName>,
    /// The exposures that are open.
    pub exposures: Vec<String>,
    /// Through which controls, as far as is known at the end of the evidence.
    pub mechanisms: BTreeSet<Mechanism>,
    /// To whom: `public`, or foreign accounts, organizations and canonical ids.
    pub open_to: BTreeSet<Untrusted>,
    /// The steps, smallest first. Each says what it closes; the first that closes all is enough.
    pub steps: Vec<Step>,
}

/// One command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The command, for the AWS CLI.
    pub command: String,
    /// Which of the mechanisms it closes; none: it only saves what is needed to undo the others.
    pub closes: BTreeSet<Mechanism>,
    /// What it would change.
    pub changes: String,
    /// How it is undone.
    pub undo: String,
}

/// How everything that is open at the end of the evidence can be closed, by account and bucket.
pub fn plan(analysis: &Analysis) -> Vec<Remedy> {
    type Place<'a> = (Option<&'a AccountId>, &'a BucketName);
    let mut open: BTreeMap<Place<'_>, Vec<&Exposure>> = BTreeMap::new();
    for row in analysis.exposures.iter().filter(|row| row.is_open()) {
        let place = (row.account.as_ref(), &row.bucket);
        open.entry(place).or_default().push(row);
    }
    let mut remedies: Vec<Remedy> = open.values().map(|rows| remedy(analysis, rows)).collect();
    remedies.extend(account_wide(&remedies));
    remedies
}

fn remedy(analysis: &Analysis, rows: &[&Exposure]) -> Remedy {
    let first = rows.first();
    let mut remedy = Remedy {
        account: first.and_then(|row| row.account.clone()),
        region: first.and_then(|row| row.region.clone()),
        bucket: first.map(|row| row.bucket.clone()),
        exposures: rows.iter().map(|row| row.id.clone()).collect(),
        mechanisms: rows.iter().flat_map(|row| live(analysis, row)).collect(),
        open_to: rows.iter().map(|row| audience(row)).collect(),
        steps: Vec::new(),
    };
    let public: BTreeSet<Mechanism> = rows
        .iter()
        .filter(|row| row.audience == Audience::Public)
        .flat_map(|row| live(analysis, row))
        .collect();
    let points = rows.iter().filter_map(|row| row.access_point.clone());
    let commands = Commands {
        remedy: &remedy,
        block: known_block(analysis, &remedy),
        points: points.collect(),
    };
    remedy.steps = commands.steps(&public);
    remedy
}

fn audience(row: &Exposure) -> Untrusted {
    match row.outsider() {
        None => "public".into(),
        Some(outsider) => outsider.id(),
    }
}

/// The mechanisms of a row that still work at the end: those of its bucket's last interval, where that tells.
fn live(analysis: &Analysis, row: &Exposure) -> BTreeSet<Mechanism> {
    let all = row.mechanisms();
    let last = analysis
        .timelines
        .iter()
        .filter(|timeline| timeline.account == row.account && timeline.bucket == row.bucket)
        .filter_map(|timeline| timeline.intervals.last())
        .max_by_key(|interval| interval.span.until);
    let still: BTreeSet<Mechanism> = match last {
        Some(interval) => all
            .intersection(&interval.reach.mechanisms)
            .copied()
            .collect(),
        None => BTreeSet::new(),
    };
    if still.is_empty() { all.clone() } else { still }
}

/// The bucket's block as its last change left it; `None` where that is not known.
fn known_block(analysis: &Analysis, remedy: &Remedy) -> Option<BlockFlags> {
    let of_bucket = analysis
        .changes
        .iter()
        .filter(|row| row.account == remedy.account && row.event.event.bucket == remedy.bucket);
    let mut known = None;
    for row in of_bucket {
        let event = &row.event.event;
        match (&event.change, &event.outcome) {
            (_, Outcome::Failed(_)) => {}
            (Change::PutBlock(Asked::Said(flags)), Outcome::Took) => known = Some(*flags),
            (Change::DeleteBlock, Outcome::Took) => known = Some(BlockFlags::NONE),
            (
                Change::PutBlock(_)
                | Change::DeleteBlock
                | Change::CreateBucket { .. }
                | Change::DeleteBucket,
                _,
            ) => known = None,
            _ => {}
        }
    }
    known
}

/// The commands for one bucket.
struct Commands<'r> {
    remedy: &'r Remedy,
    block: Option<BlockFlags>,
    /// The access points that are open.
    points: BTreeSet<Untrusted>,
}

impl Commands<'_> {
    fn steps(&self, public: &BTreeSet<Mechanism>) -> Vec<Step> {
        let mut steps = vec![self.save()];
        if !public.is_empty() {
            steps.push(self.put_block(public));
        }
        steps.extend(self.by_mechanism());
        steps
    }

    /// What must be kept to undo the rest. It changes nothing.
    fn save(&self) -> Step {
        // Saved as the commands that put them back take them.
        let what: Vec<String> = [
            (
                "get-public-access-block",
                " --query PublicAccessBlockConfiguration",
            ),
            ("get-bucket-policy", " --query Policy --output text"),
            ("get-bucket-acl", ""),
        ]
        .iter()
        .map(|(verb, how)| {
            format!(
                "{} > {}",
                self.s3api(verb, how),
                self.saved(verb.trim_start_matches("get-"))
            )
        })
        .collect();
        Step {
            command: what.join("\n"),
            closes: BTreeSet::new(),
            changes: "nothing: it saves what is set now, which the steps below need to be undone (an error says that nothing is set)".to_owned(),
            undo: "nothing to undo".to_owned(),
        }
    }

    /// Turns on the flags that silence public grants. A put sets all four flags: those that are on stay on, and where they
    /// are not known all are turned on, so that no protection goes.
    fn put_block(&self, public: &BTreeSet<Mechanism>) -> Step {
        // How somebody got in who was only observed is not known: policy or ACL.
        let has = |mechanism| public.contains(&mechanism);
        let needed = BlockFlags {
            restrict_public_buckets: has(Mechanism::BucketPolicy)
                || has(Mechanism::AccessPointPolicy)
                || has(Mechanism::Observed),
            ignore_public_acls: has(Mechanism::BucketAcl)
                || has(Mechanism::ObjectAcl)
                || has(Mechanism::Observed),
            ..BlockFlags::NONE
        };
        let flags = self.block.map_or(BlockFlags::ALL, |known| known.or(needed));
        let how = match self.block {
            Some(_) => "the other flags stay as they were last seen",
            None => "the flags that are set now are not known, so all four are turned on",
        };
        Step {
            command: self.s3api(
                "put-public-access-block",
                &format!(" --public-access-block-configuration {}", flag_words(flags)),
            ),
            closes: public.clone(),
            changes: format!(
                "the bucket's public access block silences public grants, and leaves policy and ACLs as they are; {how}. A public policy then reaches only the owner's account and AWS services, so grants to fixed accounts in it stop too"
            ),
            undo: match self.block {
                Some(known) if known == BlockFlags::NONE => {
                    self.s3api("delete-public-access-block", "")
                }
                Some(known) => self.s3api(
                    "put-public-access-block",
                    &format!(" --public-access-block-configuration {}", flag_words(known)),
                ),
                None => format!(
                    "{}; if none was set: {}",
                    self.put_back(
                        "put-public-access-block",
                        "--public-access-block-configuration",
                        "public-access-block"
                    ),
                    self.s3api("delete-public-access-block", "")
                ),
            },
        }
    }

    /// Takes the grants themselves away. A new mechanism needs its own way; what was only observed has none.
    fn by_mechanism(&self) -> impl Iterator<Item = Step> {
        let points = self
            .points
            .iter()
            .filter_map(|name| self.delete_point(name));
        self.remedy.mechanisms.iter().filter_map(|mechanism| {
            let (verb, more, changes, undo) = match mechanism {
                Mechanism::BucketAcl => (
                    "put-bucket-acl",
                    " --acl private",
                    "the bucket's ACL grants nobody but the owner, log delivery included",
                    self.put_back("put-bucket-acl", "--access-control-policy", "bucket-acl"),
                ),
                Mechanism::ObjectAcl => (
                    "put-bucket-ownership-controls",
                    " --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'",
                    "ACLs are disabled: no ACL of the bucket or its objects grants anything, and uploads that ask for one fail. S3 refuses it while the bucket's ACL grants others",
                    "put-bucket-ownership-controls with the earlier setting, or delete-bucket-ownership-controls".to_owned(),
                ),
                Mechanism::BucketPolicy => (
                    "delete-bucket-policy",
                    "",
                    "the whole policy goes, wanted grants and Deny statements with it. To take only the grant away put the saved policy back without the statement that makes it",
                    self.put_back("put-bucket-policy", "--policy", "bucket-policy"),
                ),
                Mechanism::AccessPointPolicy | Mechanism::Observed => return None,
            };
            Some(Step {
                command: self.s3api(verb, more),
                closes: BTreeSet::from([*mechanism]),
                changes: changes.to_owned(),
                undo,
            })
        })
        .chain(points)
    }

    /// Takes an access point's policy away. A name that AWS could not have given does not get into a command.
    fn delete_point(&self, name: &Untrusted) -> Option<Step> {
        let account = self.remedy.account.as_ref()?;
        let name = name.reveal();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.starts_with('-') || !name.bytes().all(fits) {
            return None;
        }
        let region = match &self.remedy.region {
            Some(region) => format!(" --region {region}"),
            None => String::new(),
        };
        let call = |verb: &str| {
            format!(
                "aws s3control {verb}-access-point-policy --account-id {account} --name {name}{region}"
            )
        };
        Some(Step {
            command: format!(
                "{} > {name}.access-point-policy.json\n{}",
                call("get"),
                call("delete")
            ),
            closes: BTreeSet::from([Mechanism::AccessPointPolicy]),
            changes: format!(
                "the access point `{name}` lets nobody in by a policy of its own; if another account owns it, that account's id is to be given"
            ),
            undo: "put-access-point-policy with the saved policy".to_owned(),
        })
    }

    /// The file that keeps what is set now.
    fn saved(&self, what: &str) -> String {
        let bucket = self.remedy.bucket.as_ref().map_or("", BucketName::as_str);
        format!("{bucket}.{what}.json")
    }

    /// The call that puts back what was saved.
    fn put_back(&self, verb: &str, option: &str, what: &str) -> String {
        self.s3api(verb, &format!(" {option} file://{}", self.saved(what)))
    }

    /// A call on the bucket. Its name is of letters, digits and `.-_` only, so it needs no quotes.
    fn s3api(&self, verb: &str, more: &str) -> String {
        let bucket = self.remedy.bucket.as_ref().map_or("", BucketName::as_str);
        let region = match &self.remedy.region {
            Some(region) => format!(" --region {region}"),
            None => String::new(),
        };
        format!("aws s3api {verb} --bucket={bucket}{region}{more}")
    }
}

fn flag_words(flags: BlockFlags) -> String {
    format!(
        "BlockPublicAcls={},IgnorePublicAcls={},BlockPublicPolicy={},RestrictPublicBuckets={}",
        flags.block_public_acls,
        flags.ignore_public_acls,
        flags.block_public_policy,
        flags.restrict_public_buckets
    )
}

/// Where several buckets of an account are public, one step closes them all: the largest, so it comes last.
fn account_wide(remedies: &[Remedy]) -> Vec<Remedy> {
    let mut public: BTreeMap<&AccountId, Vec<&Remedy>> = BTreeMap::new();
    for remedy in remedies {
        let is_public = remedy.open_to.contains(&Untrusted::from("public"));
        if let Some(account) = remedy.account.as_ref().filter(|_| is_public) {
            public.entry(account).or_default().push(remedy);
        }
    }
    public
        .into_iter()
        .filter(|(_, remedies)| remedies.len() > 1)
        .map(|(account, remedies)| block_account(account, &remedies))
        .collect()
}

fn block_account(account: &AccountId, remedies: &[&Remedy]) -> Remedy {
    let mechanisms: BTreeSet<Mechanism> = remedies
        .iter()
        .flat_map(|remedy| remedy.mechanisms.iter().copied())
        .collect();
    Remedy {
        account: Some(account.clone()),
        region: None,
        bucket: None,
        exposures: remedies
            .iter()
            .flat_map(|remedy| remedy.exposures.clone())
            .collect(),
        open_to: BTreeSet::from(["public".into()]),
        steps: vec![Step {
            command: format!(
                "aws s3control put-public-access-block --account-id {account} --public-access-block-configuration {}",
                flag_words(BlockFlags::ALL)
            ),
            closes: mechanisms.clone(),
            changes: "every bucket of the account, in every Region, those that are meant to be public too".to_owned(),
            undo: format!("aws s3control delete-public-access-block --account-id {account}, or put back what get-public-access-block says now"),
        }],
        mechanisms,
    }
}
