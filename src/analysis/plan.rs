//! What would close what is still open, smallest first? Commands for a person to read and run; nothing here runs them.
//!
//! A step is smaller than another if it takes less away from those who are meant to get in, and is undone more easily: a flag of
//! the bucket's public access block goes before a grant, a grant before a whole policy, the bucket before its account.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>

use super::Analysis;
use super::commands::{Commands, flag_words};
use super::edit::edits;
use crate::event::BlockFlags;
use crate::exposure::{Audience, Mechanism};
use crate::timeline::{Exposure, Remains};
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
    /// Through which controls they are open at the end of the evidence.
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
    /// Which of the mechanisms it closes, to everybody to whom they are open.
    pub closes: BTreeSet<Mechanism>,
    /// Which of the exposures it ends by itself. Where it ends none and closes nothing it only saves what is needed to undo the others.
    pub ends: Vec<String>,
    /// What it would change.
    pub changes: String,
    /// How it is undone.
    pub undo: String,
}

/// How everything that is open at the end of the evidence can be closed, by account and bucket.
pub fn plan(analysis: &Analysis) -> Vec<Remedy> {
    type Place<'a> = (Option<&'a AccountId>, &'a BucketName);
    let open: Vec<Open<'_>> = analysis.exposures.iter().filter_map(Open::of).collect();
    let mut of_buckets: BTreeMap<Place<'_>, Vec<Open<'_>>> = BTreeMap::new();
    for row in &open {
        let place = (row.row.account.as_ref(), &row.row.bucket);
        of_buckets.entry(place).or_default().push(*row);
    }
    let mut remedies: Vec<Remedy> = of_buckets.values().map(|rows| remedy(rows)).collect();
    remedies.extend(account_wide(&open));
    remedies
}

/// An exposure that is open, and what is known of closing it.
#[derive(Clone, Copy)]
pub(super) struct Open<'a> {
    pub row: &'a Exposure,
    pub remains: &'a Remains,
}

impl<'a> Open<'a> {
    fn of(row: &'a Exposure) -> Option<Self> {
        let remains = row.remains.as_ref().filter(|_| row.is_open())?;
        Some(Self { row, remains })
    }

    pub fn is_public(&self) -> bool {
        self.row.audience == Audience::Public
    }

    fn audience(&self) -> Untrusted {
        match self.row.outsider() {
            None => "public".into(),
            Some(outsider) => outsider.id(),
        }
    }

    /// Through which controls its audience gets in no more if every flag of a block is on.
    pub fn blocked(&self) -> impl Iterator<Item = Mechanism> {
        let remains = self.remains;
        let stays = |mechanism: &&Mechanism| !remains.despite_block.contains(mechanism);
        remains.mechanisms.iter().filter(stays).copied()
    }

    /// Whether a block, every flag of which is on, ends it.
    fn ends_by_block(&self) -> bool {
        self.remains.despite_block.is_empty()
    }
}

/// What several exposures have in common: bucket and account, where these are the same ones.
fn told(rows: &[Open<'_>]) -> Remedy {
    let first = rows.first().map(|open| open.row);
    let mechanisms = rows.iter().flat_map(|open| &open.remains.mechanisms);
    Remedy {
        account: first.and_then(|row| row.account.clone()),
        region: None,
        bucket: None,
        exposures: rows.iter().map(|open| open.row.id.clone()).collect(),
        mechanisms: mechanisms.copied().collect(),
        open_to: rows.iter().map(Open::audience).collect(),
        steps: Vec::new(),
    }
}

fn remedy(rows: &[Open<'_>]) -> Remedy {
    let first = rows.first().map(|open| open.row);
    let mut remedy = Remedy {
        region: first.and_then(|row| row.region.clone()),
        bucket: first.map(|row| row.bucket.clone()),
        ..told(rows)
    };
    let exposures: Vec<&Exposure> = rows.iter().map(|open| open.row).collect();
    let points = rows.iter().filter_map(|open| open.row.access_point.clone());
    let commands = Commands {
        remedy: &remedy,
        rows,
        points: points.collect(),
        edits: edits(&remedy, &exposures),
    };
    remedy.steps = commands.steps();
    remedy
}

/// Where several buckets of an account are public, one step closes them all: the largest, so it comes last.
fn account_wide(open: &[Open<'_>]) -> Vec<Remedy> {
    let mut of_accounts: BTreeMap<&AccountId, Vec<Open<'_>>> = BTreeMap::new();
    for row in open {
        if let Some(account) = row.row.account.as_ref() {
            of_accounts.entry(account).or_default().push(*row);
        }
    }
    of_accounts
        .into_iter()
        .filter_map(|(account, rows)| block_account(account, &rows))
        .collect()
}

/// What all flags of an account's block end in its buckets; `None` where that are not several public ones.
fn block_account(account: &AccountId, rows: &[Open<'_>]) -> Option<Remedy> {
    let ended: Vec<Open<'_>> = rows.iter().copied().filter(Open::ends_by_block).collect();
    let public = ended.iter().filter(|open| open.is_public());
    let buckets: BTreeSet<&BucketName> = public.map(|open| &open.row.bucket).collect();
    let told = told(&ended);
    (buckets.len() > 1).then(|| Remedy {
        steps: block_of_account(account, rows, &told),
        ..told.clone()
    })
}

/// Which of these mechanisms a step closes, and which exposures it ends, if an exposure keeps after it what `left` says. What somebody
/// keeps is not closed.
pub(super) fn outcome(
    rows: &[Open<'_>],
    closing: &BTreeSet<Mechanism>,
    left: impl Fn(&Open<'_>) -> BTreeSet<Mechanism>,
) -> (BTreeSet<Mechanism>, Vec<String>) {
    let kept: Vec<(&Open<'_>, BTreeSet<Mechanism>)> =
        rows.iter().map(|open| (open, left(open))).collect();
    let is_kept = |mechanism: &&Mechanism| kept.iter().any(|(_, left)| left.contains(mechanism));
    let closes = closing.iter().filter(|it| !is_kept(it)).copied();
    let ended = kept.iter().filter(|(_, left)| left.is_empty());
    (
        closes.collect(),
        ended.map(|(open, _)| open.row.id.clone()).collect(),
    )
}

/// Saves an account's block, and turns all its flags on.
fn block_of_account(account: &AccountId, rows: &[Open<'_>], told: &Remedy) -> Vec<Step> {
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
        ends: Vec::new(),
        changes: "nothing: it saves what is set now (an error says that nothing is set)".to_owned(),
        undo: "nothing to undo".to_owned(),
    };
    let (closes, ends) = outcome(rows, &told.mechanisms, |open| {
        open.remains.despite_block.clone()
    });
    let close = Step {
        command: put(&flag_words(BlockFlags::ALL)),
        closes,
        ends,
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
