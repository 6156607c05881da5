//! What would an alarm on these filters have done? One reading of the archive gives the evidence and the matches.

use super::conclude::conclude_with_verdicts;
use super::gather::{Gathered, Gathering, Whole, Writes, account_at_a_glance, account_of};
use super::matches::{Copied, Matches, counted_in};
use super::proof::{Asked, is_read_late};
use super::reading::{Ended, Reader, read_records};
use super::sink::{Kept, Sinks};
use super::stage::Stage;
use super::text::record_loss;
use super::turns::{Threads, announce, in_turn};
use super::{Options, Progress, ScanError, in_pool, known, read_writes, unlisted};
use crate::alarm::{AlarmSettings, Datum, Fate};
use crate::analysis::{AlarmHistory, Analysis};
use crate::event::{content_length, event_time};
use crate::inflate::FirstMember;
use crate::integrity::{ContentHash, Wanted};
use crate::pattern::{MetricFilter, MetricValue};
use crate::record::{Field, Glance, RawRecord, Record};
use crate::source::{KeyKind, LogFile, Source};
use crate::vocab::{AccountId, Loss, LossKind, Region, SkipReason, Timestamp};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Which alarms are replayed, and what is done about them.
#[derive(Clone, Debug)]
pub struct Watch<'w> {
    /// The filters; each has an alarm in each log group.
    pub filters: &'w [MetricFilter],
    /// How the alarms are set.
    pub settings: AlarmSettings,
    /// What is published for a minute with records and no match, where the filter does not say.
    pub default_value: Option<f64>,
    /// Which log groups there are.
    pub log_groups: LogGroups,
    /// The Region of log group and alarm.
    pub region: Region,
    /// After how many seconds an incident is escalated.
    pub escalate_after: i64,
}

/// Which records share a log group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogGroups {
    /// Those of one account: each has a trail of its own.
    Account,
    /// All: an organization's trail.
    Archive,
}

/// An archive's analysis, and what alarms would have made of it.
#[derive(Clone, Debug)]
pub struct Alarms {
    /// What was found.
    pub analysis: Analysis,
    /// What each alarm did: by filter, in their order, and account.
    pub histories: Vec<AlarmHistory>,
}

/// Reads an archive and replays alarms over it.
///
/// # Errors
/// If the source cannot be listed, or holds nothing.
pub fn alarms(
    source: &dyn Source,
    options: &Options,
    watch: &Watch<'_>,
    progress: &dyn Progress,
) -> Result<Alarms, ScanError> {
    let ((evidence, material), kept, watched) =
        in_pool(options.threads, || gather(source, options, watch, progress))??;
    let checked = Options {
        metadata: options.metadata.clone().with(source.signatures()),
        ..options.clone()
    };
    let evidence = known::add(evidence, &checked)?;
    let (analysis, verdicts) = conclude_with_verdicts(evidence, material, &kept, &checked)?;
    let histories = watched
        .groups
        .iter()
        .flat_map(|(group, seen)| {
            let filters = watch.filters.iter().zip(&seen.matches);
            filters.map(move |(filter, matches)| (filter, group, seen, matches))
        })
        .map(|(filter, group, seen, matches)| {
            let stage = Stage {
                watch,
                filter,
                group: group.as_ref(),
                seen,
                until: options.settings.until,
                verdicts: &verdicts,
            };
            let matches = matches.assured(&analysis.integrity, &analysis.material);
            let history = stage.history(matches, &analysis.exposures);
            history.pick(&options.selection, group.as_ref())
        })
        .collect();
    let mut alarms = Alarms {
        analysis,
        histories,
    };
    let accounts = &options.selection.accounts;
    alarms.histories.retain(|history| {
        accounts.is_empty()
            || history
                .alarm
                .account
                .as_ref()
                .is_none_or(|account| accounts.contains(account))
    });
    Ok(alarms)
}

/// Reads every file for the evidence and for the filters, the digests first: they say which log files are to be hashed.
fn gather<'s>(
    source: &'s dyn Source,
    options: &'s Options,
    watch: &Watch<'_>,
    progress: &dyn Progress,
) -> Result<(Whole, Kept<'s>, Watched), ScanError> {
    let sinks = Sinks::new();
    let listing = source.list_with(&Threads)?;
    let bytes = listing.files.iter().map(|file| file.bytes);
    progress.found(
        listing.files.len() as u64,
        bytes.fold(0, u64::saturating_add),
    );
    let all = |files: &[&LogFile], wanted: &Wanted<'_>| {
        let begin = |file: &LogFile| Watcher {
            gathering: Gathering::of(file, Writes::at_first(file), Asked { wanted }),
            file: file.clone(),
            watch,
            watched: Watched::default(),
        };
        let read = |file: &LogFile| {
            let mut all = Seeing::default();
            let mut join = |mut watcher: Watcher<'_>| {
                sinks.take(&watcher.file.id, &watcher.gathering.caught());
                let more = Seeing(watcher.gathering.finish(), watcher.watched);
                all = std::mem::take(&mut all).merge(more);
            };
            read_records(source, file, options.reading(), &begin, &mut join);
            progress.read(file.bytes, 0);
            all
        };
        in_turn(files, |file| read(file))
            .map(|(_, told)| told)
            .reduce(Seeing::default, Seeing::merge)
    };
    let (late, early): (Vec<_>, Vec<_>) = listing.files.iter().partition(|file| is_read_late(file));
    let passed_over = |file: &LogFile| options.choice.passes_over(&file.id).is_some();
    announce(source, early.iter().chain(&late).copied(), passed_over);
    let first = all(&early, &Wanted::default());
    let then = all(&late, &first.0.material.wanted());
    let Seeing(gathered, watched) = first.merge(then);
    let (evidence, material) = gathered.whole();
    let read = read_writes(source, &listing.files, evidence, options);
    let kept = sinks.finish().map_err(ScanError::Spill)?;
    let gathered = (read.merge(unlisted(&listing)), material);
    let kept = kept.with_files(source, listing.files, options);
    Ok((gathered, kept, watched))
}

/// What files told, and what was seen in them.
#[derive(Default)]
struct Seeing(Gathered, Watched);

impl Seeing {
    fn merge(self, other: Self) -> Self {
        Self(self.0.merge(other.0), self.1.merge(other.1))
    }
}

/// What was seen of each log group.
#[derive(Debug, Default)]
struct Watched {
    groups: BTreeMap<Option<AccountId>, Seen>,
}

/// What was seen of one log group.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Each filter's matches, each event once.
    pub(super) matches: Vec<Matches>,
    /// The minutes in which records count that CloudWatch Logs is sent, and when the first of each arrives.
    pub(super) active: BTreeMap<i64, i64>,
    /// The first minute in which any record counts, and the last in which one arrives.
    pub(super) span: Option<(i64, i64)>,
}

impl Watched {
    /// What was seen of a log group, with room for the matches of so many filters.
    fn group(&mut self, group: Option<AccountId>, filters: usize) -> &mut Seen {
        let seen = self.groups.entry(group).or_default();
        seen.matches.resize_with(filters, Matches::default);
        seen
    }

    fn merge(mut self, other: Self) -> Self {
        for (group, seen) in other.groups {
            let known = self.group(group, seen.matches.len());
            for (minute, arrives) in seen.active {
                known.sent(minute, arrives);
            }
            seen.span.into_iter().for_each(|span| known.widen(span));
            for (known, more) in known.matches.iter_mut().zip(seen.matches) {
                known.merge(more);
            }
        }
        self
    }
}

impl Seen {
    /// Notes a record, and whether it is one that CloudWatch Logs is sent.
    fn note(&mut self, raw: &[u8], minute: i64, arrives: i64) {
        self.widen((minute, arrives));
        if is_sent(raw) {
            self.sent(minute, arrives);
        }
    }

    fn widen(&mut self, (minute, arrives): (i64, i64)) {
        let (first, last) = self.span.unwrap_or((minute, arrives));
        self.span = Some((first.min(minute), last.max(arrives)));
    }

    fn sent(&mut self, minute: i64, arrives: i64) {
        self.active
            .entry(minute)
            .and_modify(|known| *known = arrives.min(*known))
            .or_insert(arrives);
    }
}

/// Reads one file for the evidence and for the filters.
struct Watcher<'f> {
    gathering: Gathering<'f>,
    file: LogFile,
    watch: &'f Watch<'f>,
    watched: Watched,
}

impl Watcher<'_> {
    /// The minutes in which a record of that instant happened and arrived. A file's name tells when it was delivered; without
    /// one it is taken to be some minutes after the event.
    fn minutes(&self, time: Timestamp) -> (i64, i64) {
        let happened = time.unix().div_euclid(60);
        let delivered = self
            .file
            .delivered_key()
            .filter(|key| key.kind == KeyKind::Log)
            .map(|key| key.delivered.unix().div_euclid(60));
        let delayed = time.plus(self.watch.settings.delay).unix().div_euclid(60);
        let arrived = delivered.unwrap_or(delayed);
        (happened, arrived.max(happened))
    }

    /// Counts a record that no filter matches and that is else of no interest, if a glance tells so.
    fn pass_over(&mut self, raw: &RawRecord<'_>, glance: &Glance<'_>) -> Option<()> {
        let mut told = self.watch.filters.iter();
        let time = glance.get(Field::Time).and_then(Timestamp::parse_bytes)?;
        let is_beside = told.all(|filter| filter.pattern.told_by(glance) == Some(false))
            && self.gathering.pass_over(raw, glance);
        if !is_beside {
            return None;
        }
        let (minute, arrives, group) = self.place(time, || account_at_a_glance(glance));
        let filters = self.watch.filters.len();
        let seen = self.watched.group(group, filters);
        seen.note(raw.raw, minute, arrives);
        Some(())
    }

    /// In which minutes a record of that time counts and arrives, and in which log group.
    fn place(
        &self,
        time: Timestamp,
        account: impl FnOnce() -> Option<AccountId>,
    ) -> (i64, i64, Option<AccountId>) {
        let (happened, arrives) = self.minutes(time);
        let minute = counted_in(self.watch.settings.metric_time, happened, arrives);
        let group = match self.watch.log_groups {
            LogGroups::Account => account(),
            LogGroups::Archive => None,
        };
        (minute, arrives, group)
    }

    fn see(&mut self, raw: &RawRecord<'_>, record: &Record<'_>) {
        let view = Some(record.view());
        let matching: Vec<bool> = self
            .watch
            .filters
            .iter()
            .map(|filter| filter.pattern.matches(raw.raw, view))
            .collect();
        let Some(time) = event_time(record) else {
            if matching.contains(&true) {
                let detail = "it matches, but has no readable eventTime to be counted in";
                self.loss(record_loss(
                    &self.file.id,
                    raw,
                    LossKind::MissingField,
                    detail,
                ));
            }
            return;
        };
        let (minute, arrives, group) = self.place(time, || account_of(record));
        let filters = self.watch.filters.len();
        let seen = self.watched.group(group, filters);
        seen.note(raw.raw, minute, arrives);
        let all = self.watch.filters.iter().zip(matching);
        for ((filter, matches), known) in all.zip(&mut seen.matches) {
            if !matches {
                continue;
            }
            let published = published(filter, raw.raw, record);
            let datum = Datum {
                minute,
                arrives,
                value: published.unwrap_or_default(),
            };
            let fate = published.err().unwrap_or(Fate::Undetermined);
            known.keep(Copied::of(&self.file.id, raw, record, time, (datum, fate)));
        }
    }
}

/// What the filter publishes for a match, a number, or what a field holds where that is one; or why it publishes nothing.
fn published(filter: &MetricFilter, raw: &[u8], record: &Record<'_>) -> Result<f64, Fate> {
    if !is_sent(raw) {
        return Err(Fate::TooLarge);
    }
    match &filter.metric_value {
        MetricValue::Constant(value) => Ok(*value),
        MetricValue::Field(field) => field.number(record.view()).ok_or(Fate::NoValue),
    }
}

/// The largest event that CloudTrail sends to CloudWatch Logs, in bytes.
///
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html>
const LARGEST_SENT: usize = 256 * 1024;

/// Whether CloudTrail sends an event to CloudWatch Logs: as it writes it, without white space.
fn is_sent(raw: &[u8]) -> bool {
    raw.len() <= LARGEST_SENT || content_length(raw) <= LARGEST_SENT
}

impl Reader for Watcher<'_> {
    fn wants(
        &mut self,
        raw: &RawRecord<'_>,
        at: Option<usize>,
        glance: Option<&Glance<'_>>,
    ) -> bool {
        // Without a glance it passes over nothing, and only counts what the file is checked with.
        self.gathering.wants(raw, at, None);
        let told = glance.and_then(|glance| self.pass_over(raw, glance));
        told.is_none()
    }

    fn text(&mut self, piece: &[u8], first: FirstMember) {
        self.gathering.text(piece, first);
    }

    fn wants_rest(&self) -> bool {
        self.gathering.wants_rest()
    }

    fn end(&mut self, ended: &Ended<'_>) {
        self.gathering.end(ended);
    }

    fn hashed(&mut self, file: ContentHash) {
        self.gathering.hashed(file);
    }

    fn record(&mut self, raw: &RawRecord<'_>, record: &Record<'_>) {
        self.see(raw, record);
        self.gathering.record(raw, record);
    }

    fn loss(&mut self, loss: Loss) {
        self.gathering.loss(loss);
    }

    fn damaged(&mut self, records: u64) {
        self.gathering.damaged(records);
    }

    fn skip(&mut self, reason: SkipReason) {
        self.gathering.skip(reason);
    }

    fn archive(&mut self, members: u64) {
        self.gathering.archive(members);
    }

    fn taken(&mut self, bytes: u64) {
        self.gathering.taken(bytes);
    }
}
