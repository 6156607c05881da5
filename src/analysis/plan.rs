//! What would close what is still open, smallest first? Commands for a person to read and run; nothing here runs them.
//!
//! A step is smaller than another if it takes less away from those who are meant to get in, and is undone more easily: a flag of
//! the bucket's public access block goes before a grant, a grant before a whole policy, the bucket before its account.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>

use super::Analysis;
use super::commands::{Commands, flag_words};
use super::edit::edits;
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
        edits: edits(&remedy, rows),
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
        steps: block_of_account(account, &mechanisms),
        mechanisms,
    }
}

/// Saves an account's block, and turns all its flags on.
fn block_of_account(account: &AccountId, mechanisms: &BTreeSet<Mechanism>) -> Vec<Step> {
    let call = |verb: &str, more: &str| {
        format!("aws s3control {verb}-public-access-block --account-id {account}{more}")
    };
    let put = |flags: &str| {
        call(
            "put",
            &format!(" --public-access-block-configuration {flags}"),
        )
    };
    let saved = format!("{account}.public-access-block.json");
    let get = call("get", " --query PublicAccessBlockConfiguration");
    let save = Step {
        command: format!("{get} > {saved}"),
        closes: BTreeSet::new(),
        changes: "nothing: it saves what is set now (an error says that nothing is set)".to_owned(),
        undo: "nothing to undo".to_owned(),
    };
    let close = Step {
        command: put(&flag_words(BlockFlags::ALL)),
        closes: mechanisms.clone(),
        changes:
            "every bucket of the account, in every Region, those that are meant to be public too"
                .to_owned(),
        undo: format!(
            "{}; if none was set: {}",
            put(&format!("file://{saved}")),
            call("delete", "")
        ),
    };
    vec![save, close]
}
