//! Is the evidence what CloudTrail delivered, and is it whole?
//!
//! Every hour CloudTrail delivers a digest: it names the log files of the hour with their hashes, and the digest before
//! it. `aws cloudtrail validate-logs` needs S3 and the API for the answer; here it comes from what was saved, and each
//! claim is as strong as that allows: digests alone make log files *consistent*, saved public keys make them *proven*,
//! saved metadata proves the last digest of each chain too.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html>

mod cause;
mod chain;
mod check_digest;
mod check_log;
mod digest;
mod hash;
mod keys;
mod material;
mod metadata;
mod moves;
mod name;
mod saved;
mod twins;
mod verdict;
mod weigh;
mod written;

pub use chain::{Chain, Gap, MissingDigest, ToldBy};
pub use check_digest::{Check, Judged};
pub use digest::{Digest, NamedLog, Previous};
pub use hash::{ContentHash, ContentHasher};
pub use keys::PublicKeys;
pub use material::{FileProof, HeldDigest, Material, Trailing, Wanted};
pub use metadata::Metadata;
pub use name::{ChainId, ChainKind, delivered_part};
pub use twins::Twins;
pub use verdict::{DigestVerdict, LogVerdict, RecordVerdict, Trust, Unreferenced};

use crate::event::{TrailCalls, TrailEvent};
use crate::vocab::{Citation, LogFileId, Span, Timestamp, Untrusted};
use chain::Held;
use name::{end_of, file_name, unpacked};
use saved::{SavedOnly, saved_only};
use std::collections::{BTreeMap, BTreeSet};
use weigh::{Weighed, weigh};

/// What can be said of the evidence's integrity. Empty where there is no digest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Integrity {
    /// Each digest, those that are missing too: by chain, then by time.
    pub digests: Vec<DigestFinding>,
    /// Each log file.
    pub logs: BTreeMap<LogFileId, LogFinding>,
    /// The log files that digests name and that are not here, by key.
    pub missing: Vec<MissingLog>,
    /// The chains.
    pub chains: Vec<Chain>,
    /// The calls on trails that explain nothing, since no digest that can be believed speaks for their records.
    pub doubted: BTreeSet<TrailEvent>,
    /// With what it was checked.
    pub means: Means,
}

/// With what digests were checked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Means {
    /// How many public keys could be used; `None` where no file of keys was given.
    pub keys: Option<u64>,
    /// The keys that could not be used, and why.
    pub refused_keys: Vec<Untrusted>,
    /// The SHA-256 of the file of keys: what authenticity rests on.
    pub keys_file: Option<ContentHash>,
    /// How many objects' metadata was given.
    pub metadata: Option<u64>,
    /// The SHA-256 of the file of metadata.
    pub metadata_file: Option<ContentHash>,
    /// The digests that metadata names and that are not here, by time: bucket and key.
    pub metadata_absent: Vec<Untrusted>,
}

/// What can be said of one digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DigestFinding {
    /// The file; a missing one has none.
    pub file: Option<LogFileId>,
    /// Its chain, where it can be read.
    pub chain: Option<ChainId>,
    /// Its key, where one is known.
    pub key: Option<Untrusted>,
    /// The time of delivery that it covers.
    pub window: Option<Span>,
    /// The verdict.
    pub verdict: DigestVerdict,
    /// Why.
    pub detail: Untrusted,
}

/// What can be said of one log file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogFinding {
    /// The verdict.
    pub verdict: LogVerdict,
    /// Why.
    pub detail: Untrusted,
    /// Why no digest names it, if none does.
    pub unreferenced: Option<Unreferenced>,
}

/// A log file that a digest names and that is not here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MissingLog {
    /// Its key.
    pub key: Untrusted,
    /// The digest that names it.
    pub named_by: LogFileId,
    /// The first eventTime in it.
    pub oldest: Option<Timestamp>,
    /// The last eventTime in it.
    pub newest: Option<Timestamp>,
}

/// A file of the evidence that is no digest.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'m> {
    /// The file.
    pub file: &'m LogFileId,
    /// Whether it has records of CloudTrail's, or a name that says so.
    pub holds_records: bool,
    /// Whether data events are all that its records are of.
    pub holds_data_alone: Option<bool>,
    /// Whether it was passed over, because other files were asked for: it is there, and nothing is said of it.
    pub is_passed_over: bool,
}

/// Says of each digest and each log file what can be said. `judged` is what each digest is by itself, in their order; `trails`
/// are the calls on trails.
pub fn verify(
    check: &Check<'_>,
    judged: Vec<Judged>,
    files: &[Listed<'_>],
    trails: &TrailCalls,
) -> Integrity {
    let material = check.material;
    let Weighed { judged, planted } = weigh(check, judged);
    let saved = saved_only(check.metadata, material, &judged, files);
    let means = Means::of(check.keys, check.metadata, &saved);
    if material.digests.is_empty() {
        return Integrity {
            means,
            ..Integrity::default()
        };
    }
    let names = check_log::Names::of(material, &judged);
    let mut chains = chain::chains(&held(material, &planted, files, &saved));
    chains.extend(saved::wiped(&saved, &chains, files, &names));
    chains.sort_by(|one, other| one.id.cmp(&other.id));
    let checked = check_log::check_logs(files, material, &names, &chains);
    note_data_alone(&mut chains, &checked.alone, material);
    let mut integrity = Integrity {
        missing: names.missing(&checked.present),
        digests: findings(material, &judged, &chains),
        logs: checked.found,
        chains: Vec::new(),
        doubted: BTreeSet::new(),
        means,
    };
    let is_believed = |records: &BTreeSet<Citation>| {
        let mut records = records.iter();
        records.any(
            |record| match integrity.record_verdict([record].into_iter(), material) {
                Some(RecordVerdict::Proven) => true,
                Some(RecordVerdict::Consistent) => {
                    check.has_no_better() && names.vouch(&record.log_file)
                }
                _ => false,
            },
        )
    };
    let doubted = trails.iter().filter(|(_, records)| !is_believed(records));
    let doubted: BTreeSet<TrailEvent> = doubted.map(|(call, _)| call.clone()).collect();
    cause::explain(&mut chains, trails, &doubted);
    integrity.chains = chains;
    integrity.doubted = doubted;
    integrity
}

impl Integrity {
    /// Whether there are digests at all.
    pub fn has_digests(&self) -> bool {
        !self.digests.is_empty()
    }

    /// How many log files are invalid, missing ones included.
    pub fn invalid_logs(&self) -> u64 {
        let invalid = self.logs.values().filter(|it| it.verdict.is_invalid());
        (invalid.count() + self.missing.len()) as u64
    }

    /// How many log files a digest names that could not be checked.
    pub fn unchecked_logs(&self) -> u64 {
        let logs = self.logs.values();
        let unchecked = logs.filter(|it| it.verdict == LogVerdict::Unreadable);
        unchecked.count() as u64
    }

    /// How many digests are invalid, missing ones included.
    pub fn invalid_digests(&self) -> u64 {
        let invalid = self.digests.iter().filter(|it| it.verdict.is_invalid());
        invalid.count() as u64
    }

    /// The best that can be said of some records that say the same; `None` where there is no digest.
    pub fn record_verdict<'c>(
        &self,
        copies: impl Iterator<Item = &'c Citation>,
        material: &Material,
    ) -> Option<RecordVerdict> {
        copies
            .filter_map(|copy| {
                let verdict = self.logs.get(&copy.log_file)?.verdict;
                let trailing = material.proof(&copy.log_file).and_then(|it| it.trailing);
                let is_added = trailing.is_some_and(|it| copy.record_index >= it.first_record);
                Some(match is_added && verdict != LogVerdict::Unreferenced {
                    true => RecordVerdict::Unproven,
                    false => verdict.into(),
                })
            })
            .min()
    }
}

impl Means {
    fn of(keys: &PublicKeys, metadata: &Metadata, saved: &[SavedOnly]) -> Self {
        Self {
            keys: keys.file.map(|_| keys.len() as u64),
            refused_keys: keys.refused.clone(),
            keys_file: keys.file,
            metadata: (!metadata.is_empty()).then(|| metadata.len() as u64),
            metadata_file: metadata.file,
            metadata_absent: saved.iter().map(SavedOnly::place).collect(),
        }
    }
}

/// Notes which chains are of trails that log data events alone, by what their digests name.
fn note_data_alone(
    chains: &mut [Chain],
    digests: &BTreeMap<&LogFileId, bool>,
    material: &Material,
) {
    let mut alone: BTreeMap<&ChainId, bool> = BTreeMap::new();
    for (file, is_data) in digests {
        let held = material.digests.get(*file);
        if let Some(digest) = held.and_then(|held| held.digest.as_ref().ok()) {
            *alone.entry(&digest.chain).or_insert(true) &= is_data;
        }
    }
    for chain in chains {
        chain.holds_data_alone = alone.get(&chain.id).copied().unwrap_or(false);
    }
}

fn held<'m>(
    material: &'m Material,
    planted: &BTreeSet<&LogFileId>,
    files: &[Listed<'m>],
    saved: &'m [SavedOnly],
) -> Held<'m> {
    let digests = material.digests.iter();
    Held {
        digests: digests
            .filter(|(file, _)| !planted.contains(file))
            .filter_map(|(file, held)| Some((file, held.digest.as_ref().ok()?)))
            .collect(),
        names: material.digests.iter().map(name).collect(),
        unreadable: unreadable(material),
        saved,
        delivered: saved::delivered(files.iter().map(|it| it.file)),
    }
}

/// A digest's name: what it says itself, else what its file is called.
fn name<'m>((file, held): (&'m LogFileId, &'m HeldDigest)) -> &'m str {
    let key = held.digest.as_ref().map(|it| it.key.reveal());
    unpacked(file_name(key.unwrap_or(file.as_str())))
}

fn unreadable(material: &Material) -> Vec<(ChainId, Timestamp)> {
    let unreadable = material.digests.iter().filter(|(_, it)| it.digest.is_err());
    let told = |(file, _): (&LogFileId, _)| {
        let name = file.as_str();
        Some((ChainId::of("", name), end_of(name)?))
    };
    unreadable.filter_map(told).collect()
}

fn findings(
    material: &Material,
    judged: &BTreeMap<&LogFileId, check_digest::Judged>,
    chains: &[Chain],
) -> Vec<DigestFinding> {
    let here = judged.iter().map(|(file, (verdict, why))| {
        let digest = material
            .digests
            .get(*file)
            .and_then(|held| held.digest.as_ref().ok());
        DigestFinding {
            file: Some((*file).clone()),
            chain: digest.map(|it| it.chain.clone()),
            key: digest.map(|it| it.key.clone()),
            window: digest.map(|it| it.window),
            verdict: *verdict,
            detail: why.as_str().into(),
        }
    });
    let absent = chains.iter().flat_map(|chain| {
        chain.missing.iter().map(|it| DigestFinding {
            file: None,
            chain: Some(chain.id.clone()),
            key: it.key.clone(),
            window: Some(it.window),
            verdict: DigestVerdict::Missing,
            detail: it.told_by.detail().into(),
        })
    });
    let mut findings: Vec<DigestFinding> = here.chain(absent).collect();
    findings.sort_by(|a, b| (&a.chain, a.window, &a.file).cmp(&(&b.chain, b.window, &b.file)));
    findings
}
