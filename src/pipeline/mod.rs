//! Who runs first, and who next? The conductor: the only file that names every stage, and the only one with threads.
//!
//! It decides nothing: each stage does, and hands on a value.

mod again;
mod alarms;
mod archives;
mod conclude;
mod filter;
mod gather;
mod issued;
mod keep;
mod known;
mod matches;
mod parts;
mod pieces;
mod pile;
mod prefilter;
mod proof;
mod reading;
mod segment;
mod sink;
mod sought;
mod stage;
mod text;
mod traced;
mod turns;
mod whole;

pub use alarms::{Alarms, LogGroups, Watch, alarms};

pub use again::{judge, report};
pub use filter::{FieldRow, Filtered, Query, Thoroughness, Unseen, Wanted, filter};
pub use keep::{Added, Shard, keep, keep_by, read_rows};

use crate::analysis::{Analysis, Counts, Selection, Strictness};
use crate::evidence::{Coverage, Evidence, Fate, FileAccount};
use crate::integrity::{self, Metadata, PublicKeys};
use crate::source::{FileChoice, Listing, LogFile, Source, SourceError};
use crate::store::StoreError;
use crate::timeline::{Reconstruction, Settings, reconstruct};
use crate::vocab::{AccountId, BucketName, Region, Timestamp};
use conclude::{Bench, Verdicts, conclude};
use gather::{Gathered, Whole, Writes, account_of};
use proof::{Asked, is_read_late};
use rayon::prelude::*;
use reading::Reading;
pub use reading::Way;
use sink::{Kept, Sinks};
use std::collections::BTreeMap;
use std::path::PathBuf;
use traced::{further, trace};
use turns::{Threads, announce, in_turn, put_in_order};

/// How an archive is to be read and told.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many threads read; `None` for one a core.
    pub threads: Option<usize>,
    /// How many bytes may come out of one file: a guard against bombs.
    pub max_inflated: u64,
    /// A folder of buckets' documents, and the instant of which they tell.
    pub known_state: Option<(PathBuf, Timestamp)>,
    /// Whether assumed verdicts are shown.
    pub strictness: Strictness,
    /// How the timeline is made.
    pub settings: Settings,
    /// To which rows the report is limited.
    pub selection: Selection,
    /// Which files are read.
    pub choice: FileChoice,
    /// With what digests are checked.
    pub public_keys: PublicKeys,
    /// What was saved of the digest objects' metadata.
    pub metadata: Metadata,
    /// Whether every file is hashed as it lies there.
    pub custody: bool,
    /// By which way files are read.
    pub way: Way,
    /// So many changes and reads of a store are judged in memory; where there are more, bucket by bucket.
    pub most_held: u64,
    /// So many rows a report is about that people read, where there are too many to be held.
    pub most_told: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: None,
            max_inflated: 2 << 30,
            known_state: None,
            strictness: Strictness::default(),
            settings: Settings::default(),
            selection: Selection::default(),
            choice: FileChoice::default(),
            public_keys: PublicKeys::default(),
            metadata: Metadata::default(),
            custody: false,
            way: Way::default(),
            most_held: 50_000,
            most_told: 20_000,
        }
    }
}

impl Options {
    fn reading(&self) -> Reading<'_> {
        Reading {
            max_inflated: self.max_inflated,
            choice: &self.choice,
            custody: self.custody,
            way: self.way,
        }
    }
}

/// Why a scan could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The source cannot be listed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The folder of what is known of buckets cannot be listed.
    #[error("cannot use the known state: {}", known::why(.0))]
    KnownState(SourceError),
    /// The threads cannot be started.
    #[error("cannot start {0} threads")]
    Threads(usize),
    /// What was found cannot be written where it should go.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// The rows of a report are not taken.
    #[error("cannot keep the report's rows in the folder for temporary files: {0}")]
    Rows(std::io::Error),
    /// What does not fit in memory can be put nowhere, or not be read back.
    #[error("cannot keep what does not fit in memory in the folder for temporary files: {0}")]
    Spill(std::io::Error),
    /// An evidence store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An evidence store takes no more.
    #[error("{cause}\nhint: {kept} files are kept in the store; the next run reads the others")]
    StoreFull {
        /// Why.
        cause: StoreError,
        /// How many files of the source it holds.
        kept: usize,
    },
}

/// Who is told how far a scan is.
pub trait Progress: Sync {
    /// So many files, of so many bytes, will be read.
    fn found(&self, files: u64, bytes: u64);
    /// One more file was read: its bytes, and its records.
    fn read(&self, bytes: u64, records: u64);
}

/// Nobody is told.
impl Progress for () {
    fn found(&self, _: u64, _: u64) {}
    fn read(&self, _: u64, _: u64) {}
}

/// Reads every log file of a source and tells when each bucket was public.
///
/// Damaged files are no error: what could be read of them is used, the rest is in [`Analysis::losses`].
///
/// # Errors
/// If the source cannot be listed, or holds nothing.
pub fn scan(
    source: &dyn Source,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Analysis, ScanError> {
    let ((evidence, material), kept) =
        in_pool(options.threads, || gather(source, options, progress))??;
    let options = Options {
        metadata: options.metadata.clone().with(source.signatures()),
        ..options.clone()
    };
    conclude(known::add(evidence, &options)?, material, &kept, &options)
}

fn in_pool<T: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, ScanError> {
    match threads {
        None => Ok(work()),
        Some(threads) => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            Ok(pool.map_err(|_| ScanError::Threads(threads))?.install(work))
        }
    }
}

/// Reads every file, in parallel, and merges what they tell. The digests come first: they say which log files are to be
/// hashed.
fn gather<'s>(
    source: &'s dyn Source,
    options: &'s Options,
    progress: &dyn Progress,
) -> Result<(Whole, Kept<'s>), ScanError> {
    let sinks = Sinks::new();
    let listing = source.list_with(&Threads)?;
    progress.found(
        listing.files.len() as u64,
        listing
            .files
            .iter()
            .map(|file| file.bytes)
            .fold(0, u64::saturating_add),
    );
    let all = |files: &[&LogFile], wanted: &integrity::Wanted<'_>| {
        let asked = Asked { wanted };
        let read = |mut all: Gathered, file: &LogFile| {
            let (reading, writes) = (options.reading(), Writes::at_first(file));
            let records = all.read_file(source, file, reading, writes, asked, Some(&sinks));
            progress.read(file.bytes, records);
            all
        };
        in_turn(files, |file| *file)
            .fold(Gathered::default, |all, (_, file)| read(all, file))
            .reduce(Gathered::default, Gathered::merge)
    };
    let (mut late, mut early): (Vec<_>, Vec<_>) =
        listing.files.iter().partition(|file| is_read_late(file));
    for files in [&mut early, &mut late] {
        put_in_order(files);
    }
    let files = early.iter().chain(&late).copied();
    announce(source, files, |file| {
        options.choice.passes_over(&file.id).is_some()
    });
    let first = all(&early, &integrity::Wanted::default());
    let then = all(&late, &first.material.wanted());
    let (evidence, material) = first.merge(then).whole();
    let read = read_writes(source, &listing.files, evidence, options);
    let kept = sinks.finish().map_err(ScanError::Spill)?;
    let gathered = (read.merge(unlisted(&listing)), material);
    Ok((gathered, kept.with_files(source, listing.files, options)))
}

/// What a listing tells of files that cannot be read.
fn unlisted(listing: &Listing) -> Evidence {
    let skipped = listing
        .skipped
        .iter()
        .map(|(id, reason)| (id.clone(), unread(0, Fate::Skipped(*reason))));
    let lost = listing
        .losses
        .iter()
        .map(|loss| (loss.log_file.clone(), unread(0, Fate::Lost)));
    Evidence {
        files: skipped.chain(lost).collect(),
        losses: listing.losses.iter().cloned().collect(),
        ..Evidence::default()
    }
}

/// Reads again the files whose calls wrote into buckets with objects whose ACL let others in: whatever was written over such
/// an object, or deleted it, closed it. Which objects these are is known only when every file was read once.
fn read_writes(
    source: &dyn Source,
    files: &[LogFile],
    first: Evidence,
    options: &Options,
) -> Evidence {
    let objects = first.objects_of_interest();
    let concerned: Vec<&LogFile> = files
        .iter()
        .filter(|file| first.wrote_into(&file.id, &objects))
        .collect();
    let wanted = integrity::Wanted::default();
    let (asked, reading) = (
        Asked { wanted: &wanted },
        Reading {
            custody: false,
            ..options.reading()
        },
    );
    source.expect(&concerned);
    let again = |mut all: Gathered, file: &LogFile| {
        all.read_file(source, file, reading, Writes::Of(&objects), asked, None);
        all
    };
    let second = in_turn(&concerned, |file| *file)
        .fold(Gathered::default, |all, (_, file)| again(all, file))
        .reduce(Gathered::default, Gathered::merge);
    let (second, _) = second.whole();
    let mut both = first.merge(second);
    if files.iter().any(LogFile::is_standard_input) {
        both.settle_held_writes();
    }
    both
}

fn unread(bytes: u64, fate: Fate) -> FileAccount {
    FileAccount {
        bytes,
        fate,
        records: 0,
        not_of_interest: 0,
        lost_records: 0,
        coverage: None,
        activity: Vec::new(),
    }
}

/// From events to exposures, timelines and changes.
fn tell(
    mut evidence: Evidence,
    bench: &Bench<'_>,
    kept: &Kept<'_>,
    options: &Options,
) -> Result<(Analysis, Verdicts), ScanError> {
    let mut counts = Counts::of(&evidence, further(&evidence, kept));
    let coverage: BTreeMap<_, _> = evidence
        .coverage
        .iter()
        .map(|(place, span)| (place.clone(), (span.first, span.last)))
        .collect();
    let files = std::mem::take(&mut evidence.files);
    let mut losses = std::mem::take(&mut evidence.losses);
    let beside = Beside {
        coverage: &coverage,
        issued: std::mem::take(&mut evidence.issued),
        logged: std::mem::take(&mut evidence.logged),
        until: options.settings.until,
    };
    let (events, inquiries, verdicts) = bench.cited(evidence);
    let end_of =
        |account: Option<&AccountId>, region: Option<&Region>| beside.end_of(account, region);
    let mut told = reconstruct(events, inquiries, kept, &end_of, &options.settings);
    beside.tell_logged(&mut told);
    let lost = trace(&mut told, kept, &files, &|account, region, began| {
        beside.records(account, region, began)
    })?;
    kept.failure().map_err(ScanError::Spill)?;
    losses.extend(lost);
    counts.used = counts.used.saturating_sub(told.collapsed);
    counts.duplicates = counts.duplicates.saturating_add(told.collapsed);
    let first = coverage.values().map(|(first, _)| *first).min();
    let last = coverage.values().map(|(_, last)| *last).max();
    let analysis = Analysis {
        files,
        losses: losses.into_iter().collect(),
        counts,
        evidence: first.zip(last),
        coverage,
        selection: options.selection.clone(),
        choice: options.choice.clone(),
        ..Analysis::default()
    };
    let picked = options.selection.pick(told, analysis);
    Ok((options.strictness.apply(picked), verdicts))
}

type Covered = BTreeMap<(Option<AccountId>, Option<Region>), (Timestamp, Timestamp)>;

/// What the evidence tells of all buckets beside what was done to them.
struct Beside<'c> {
    coverage: &'c Covered,
    issued: BTreeMap<(AccountId, Region), Coverage>,
    logged: BTreeMap<BucketName, BTreeMap<Option<AccountId>, Coverage>>,
    until: Option<Timestamp>,
}

impl Beside<'_> {
    /// The latest record of the account's Region; without a known Region, of the account.
    fn end_of(&self, account: Option<&AccountId>, region: Option<&Region>) -> Option<Timestamp> {
        let of_account = self
            .coverage
            .iter()
            .filter(|((owner, _), _)| owner.as_ref() == account);
        let of_region = of_account
            .clone()
            .filter(|((_, place), _)| region.is_none() || place.as_ref() == region)
            .map(|(_, (_, last))| *last)
            .max();
        let last = of_region.or_else(|| of_account.map(|(_, (_, last))| *last).max())?;
        Some(self.until.map_or(last, |until| last.min(until)))
    }

    /// Tells of which exposed buckets data events are logged.
    fn tell_logged(&self, told: &mut Reconstruction) {
        for row in &mut told.exposures {
            let accounts = self.logged.get(row.bucket.as_str());
            row.attendance.logged = accounts.is_some_and(|accounts| {
                accounts.contains_key(&row.account) || accounts.contains_key(&None)
            });
        }
    }

    /// Whether sessions of an account that began at an instant would be recorded in a Region.
    fn records(&self, account: &AccountId, region: &Region, began: Timestamp) -> bool {
        let place = (Some(account.clone()), Some(region.clone()));
        let covered = self.coverage.get(&place);
        self.issued.contains_key(&(account.clone(), region.clone()))
            && covered.is_some_and(|(first, last)| (*first..=*last).contains(&began))
    }
}
