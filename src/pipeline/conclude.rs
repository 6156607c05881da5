//! What follows from the evidence? Checks, reconstruction and coverage, one after the other.

use super::sink::Kept;
use super::{Options, ScanError, in_pool, tell};
use crate::analysis::Analysis;
use crate::coverage;
use crate::event::{Belief, CitedEvent, CitedInquiry, EventKey, TrailCalls};
use crate::evidence::{Activity, Category, Evidence, Fate, FileAccount, Settled};
use crate::integrity::{
    self, Check, HeldDigest, Integrity, Judged, Listed, Material, RecordVerdict,
};
use crate::vocab::{Citation, LogFileId, SkipReason};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};

/// What can be said of the records of each event.
pub(super) type Verdicts = BTreeMap<EventKey, RecordVerdict>;

/// From evidence, and what it is checked with, to what a report tells.
pub(super) fn conclude(
    evidence: Evidence,
    material: Material,
    kept: &Kept<'_>,
    options: &Options,
) -> Result<Analysis, ScanError> {
    let (analysis, _) = conclude_with_verdicts(evidence, material, kept, options)?;
    Ok(analysis)
}

/// The same, with what can be said of the records of every event, those of rows that were not asked for too.
pub(super) fn conclude_with_verdicts(
    mut evidence: Evidence,
    material: Material,
    kept: &Kept<'_>,
    options: &Options,
) -> Result<(Analysis, Verdicts), ScanError> {
    let trails = std::mem::take(&mut evidence.trails);
    let files = listed(&evidence, &material);
    let integrity = verified(&material, &files, &trails, options)?;
    let bench = Bench {
        integrity: &integrity,
        material: &material,
    };
    let (told, verdicts) = tell(evidence, &bench, kept, options)?;
    let timelines = told.timelines.iter();
    let buckets = timelines
        .map(|timeline| (timeline.account.clone(), timeline.region.clone()))
        .collect();
    let streams = coverage::streams(&told.files, &trails, &integrity, &buckets);
    let whole = Analysis {
        streams,
        integrity,
        material,
        ..told
    };
    let analysis = options.selection.pick_streams(whole.assured(&verdicts));
    Ok((analysis, verdicts))
}

/// What can be said of digests and log files. Digests are judged by all threads: signatures take longest.
pub(super) fn verified(
    material: &Material,
    files: &[Listed<'_>],
    trails: &TrailCalls,
    options: &Options,
) -> Result<Integrity, ScanError> {
    let check = Check::of(material, &options.public_keys, &options.metadata);
    let digests = check.digests();
    let judge = |(file, held): &(&LogFileId, &HeldDigest)| check.judge(file, held);
    let judged: Vec<Judged> = match digests.is_empty() {
        true => Vec::new(),
        false => in_pool(options.threads, || digests.par_iter().map(judge).collect())?,
    };
    Ok(integrity::verify(&check, judged, files, trails))
}

/// Every file that is no digest.
pub(super) fn listed<'e>(evidence: &'e Evidence, material: &Material) -> Vec<Listed<'e>> {
    let is_log = |fate: &Fate| match fate {
        Fate::Read | Fate::Lost => true,
        Fate::Skipped(reason) => matches!(reason, SkipReason::Insight | SkipReason::Aggregated),
    };
    let files = evidence.files.iter();
    // An archive is told of beside its files.
    let archives: HashSet<&str> = evidence
        .files
        .keys()
        .flat_map(LogFileId::archives)
        .collect();
    files
        .filter(|(file, _)| {
            !material.digests.contains_key(*file) && !archives.contains(file.as_str())
        })
        .map(|(file, account)| Listed {
            file,
            holds_records: is_log(&account.fate),
            holds_data_alone: holds_data_alone(account),
            is_passed_over: is_passed_over(&account.fate),
        })
        .collect()
}

fn holds_data_alone(account: &FileAccount) -> Option<bool> {
    let is_data = |it: &Activity| it.category == Category::Data;
    let holds_any = !account.activity.is_empty();
    holds_any.then(|| account.activity.iter().all(is_data))
}

/// Whether other files than this one were asked for.
fn is_passed_over(fate: &Fate) -> bool {
    matches!(
        fate,
        Fate::Skipped(
            SkipReason::Excluded
                | SkipReason::NotIncluded
                | SkipReason::DeliveredBefore
                | SkipReason::DeliveredAfter
                | SkipReason::OtherShard
        )
    )
}

/// Says how far records may be believed.
#[derive(Clone, Copy)]
pub(super) struct Bench<'i> {
    pub integrity: &'i Integrity,
    pub material: &'i Material,
}

impl Bench<'_> {
    /// The events as they are believed and the reads, and what can be said of the records of each event.
    pub fn cited(&self, evidence: Evidence) -> (Vec<CitedEvent>, Vec<CitedInquiry>, Verdicts) {
        let (settled, inquiries) = evidence.cited(&|record| self.belief(record));
        let mut verdicts = Verdicts::new();
        let cite = |settled: Settled| {
            if let Some(verdict) = self.verdict(&settled) {
                verdicts.insert(settled.cited.event.key.clone(), verdict);
            }
            settled.cited
        };
        let events = settled.into_iter().map(cite).collect();
        (events, inquiries, verdicts)
    }

    fn belief(&self, record: &Citation) -> Belief {
        if !self.integrity.has_digests() {
            return Belief::Unvouched;
        }
        let verdict = self
            .integrity
            .record_verdict([record].into_iter(), self.material);
        match verdict {
            Some(RecordVerdict::Proven) => Belief::Signed,
            Some(RecordVerdict::Consistent) => Belief::Consistent,
            _ => Belief::Unvouched,
        }
    }

    /// What rests on several records is as good as the worst of them.
    fn verdict(&self, settled: &Settled) -> Option<RecordVerdict> {
        let grounds = settled.grounds.iter();
        let verdicts = grounds
            .filter_map(|records| self.integrity.record_verdict(records.iter(), self.material));
        verdicts.max()
    }
}
