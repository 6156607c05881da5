//! What may a report read? The hand-over value: everything that was found, and nothing of how.

mod alarms;
mod commands;
mod edit;
mod excerpt;
mod no_log;
mod plan;
mod selection;
mod strictness;
mod totals;

pub use crate::source::{Part, Parts};
pub use alarms::{AlarmChange, AlarmHistory, ExposureTold, Match, ToldEvent};
pub use excerpt::{Beyond, Excerpt, TakesRows};
pub use no_log::NoLog;
pub use plan::{Remedy, Step, plan};
pub use selection::Selection;
pub use strictness::Strictness;
pub use totals::{Ended, Leaning, Totals};

use crate::coverage::Stream;
use crate::event::EventKey;
use crate::evidence::{Category, Evidence, Fate, FileAccount};
use crate::integrity::{Integrity, Material, RecordVerdict};
use crate::source::FileChoice;
use crate::timeline::{AccessRow, ChangeRow, Contradiction, Exposure, Timeline};
use crate::vocab::{AccountId, LogFileId, Loss, Region, Span, Timestamp};
use std::collections::BTreeMap;

/// Everything that a report may tell.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Analysis {
    /// The exposures, by account, bucket, opening, audience.
    pub exposures: Vec<Exposure>,
    /// The buckets' timelines, by account, bucket, beginning.
    pub timelines: Vec<Timeline>,
    /// The changes, in their order.
    pub changes: Vec<ChangeRow>,
    /// Who came in from outside during each exposure, in the exposures' order.
    pub access: Vec<AccessRow>,
    /// Where the evidence contradicts itself, in order of time.
    pub contradictions: Vec<Contradiction>,
    /// Each file and what became of it.
    pub files: BTreeMap<LogFileId, FileAccount>,
    /// What could not be used.
    pub losses: Vec<Loss>,
    /// The counts, which add up.
    pub counts: Counts,
    /// The first and the last instant of any record.
    pub evidence: Option<(Timestamp, Timestamp)>,
    /// The accounts' Regions that have records, with their first and last instant.
    pub coverage: BTreeMap<(Option<AccountId>, Option<Region>), (Timestamp, Timestamp)>,
    /// What the rows were limited to.
    pub selection: Selection,
    /// Which files were read.
    pub choice: FileChoice,
    /// How many assumed verdicts are shown as unknown, because that was asked for.
    pub withheld: Option<usize>,
    /// What each account's Regions have, by category, and where something is missing.
    pub streams: Vec<Stream>,
    /// Whether the files are what CloudTrail delivered.
    pub integrity: Integrity,
    /// What that was checked with: digests and hashes.
    pub material: Material,
    /// Which parts of its sources a store holds, where these are not all.
    pub parts: Option<Parts>,
    /// What is known of rows that are too many to be held here.
    pub beyond: Option<Beyond>,
}

impl Analysis {
    /// The same, each row told how well it is assured: a change by what can be said of its records, an exposure by the times
    /// without evidence inside it.
    pub fn assured(mut self, verdicts: &BTreeMap<EventKey, RecordVerdict>) -> Self {
        let streams = std::mem::take(&mut self.streams);
        self.assure(&streams, verdicts);
        Self { streams, ..self }
    }

    /// Tells how well each row is assured.
    pub fn assure(&mut self, streams: &[Stream], verdicts: &BTreeMap<EventKey, RecordVerdict>) {
        let exposures = self.exposures.iter();
        let uncovered: Vec<_> = exposures.map(|row| self.uncovered(row, streams)).collect();
        for (row, uncovered) in self.exposures.iter_mut().zip(uncovered) {
            row.uncovered = uncovered;
        }
        for row in &mut self.changes {
            row.integrity = verdicts.get(&row.event.event.key).copied();
        }
    }

    /// The evidence's last instant and that from which rows are shown, if all evidence ends before any row could be.
    pub fn ends_before(&self) -> Option<(Timestamp, Timestamp)> {
        let (_, last) = self.evidence?;
        let from = self.selection.from?;
        (last < from).then_some((last, from))
    }

    /// The times inside an exposure for which there is no evidence of its bucket's management events.
    fn uncovered(&self, exposure: &Exposure, streams: &[Stream]) -> Vec<Span> {
        let end = || self.evidence.map(|(_, last)| last);
        let until = exposure
            .closed_at
            .or_else(end)
            .unwrap_or(exposure.opened_at);
        let of_bucket = |stream: &&Stream| {
            stream.category == Category::Management
                && stream.account == exposure.account
                && (exposure.region.is_none() || stream.region == exposure.region)
        };
        let gaps = streams.iter().filter(of_bucket).flat_map(|it| &it.gaps);
        let mut spans: Vec<Span> = gaps
            .map(|gap| gap.span)
            .filter(|span| span.from < until && span.until > exposure.opened_at)
            .collect();
        spans.sort_unstable();
        spans.dedup();
        spans
    }
}

/// What was counted. Files: all = read + skipped + lost. Records: all = used + not of interest + duplicates + lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Files found.
    pub files: u64,
    /// Files of which something was used.
    pub files_read: u64,
    /// Files that are no CloudTrail log files.
    pub files_skipped: u64,
    /// Files of which nothing could be used.
    pub files_lost: u64,
    /// Bytes of all files, compressed as they are.
    pub bytes: u64,
    /// Records found.
    pub records: u64,
    /// Records of interest that were used.
    pub used: u64,
    /// Records that are of no interest here.
    pub not_of_interest: u64,
    /// Further copies of records that were used.
    pub duplicates: u64,
    /// Records that could not be used.
    pub lost: u64,
}

impl Counts {
    /// The counts of some evidence, and of so many different events that are kept beside it.
    pub fn of(evidence: &Evidence, further: u64) -> Self {
        let used = evidence.distinct().saturating_add(further);
        let files = evidence.files.values();
        let fated =
            |is: fn(&Fate) -> bool| files.clone().filter(|file| is(&file.fate)).count() as u64;
        let sum = |of: fn(&FileAccount) -> u64| files.clone().map(of).fold(0, u64::saturating_add);
        Self {
            files: files.len() as u64,
            files_read: fated(|fate| *fate == Fate::Read),
            files_skipped: fated(|fate| matches!(fate, Fate::Skipped(_))),
            files_lost: fated(|fate| *fate == Fate::Lost),
            bytes: sum(|file| file.bytes),
            records: sum(|file| file.records),
            used,
            not_of_interest: sum(|file| file.not_of_interest),
            duplicates: evidence.of_interest().saturating_sub(used),
            lost: sum(|file| file.lost_records),
        }
    }

    /// Whether everything that was given is accounted for.
    pub fn add_up(&self) -> bool {
        self.files == self.files_read + self.files_skipped + self.files_lost
            && self.records == self.used + self.not_of_interest + self.duplicates + self.lost
    }
}
