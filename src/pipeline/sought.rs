//! What is looked for in files once more, when it is known what is wanted?
//!
//! From where those called directly who also called through a service: who that is is known only when the timeline is made,
//! and it is mostly nobody. So the addresses of all other calls are not kept: the few files of the days concerned are read once
//! more, and of these only the records that name such a caller. And the records that issued the sessions in which changes were
//! made, which [`issued`](super::issued) finds.

use super::gather::calls_directly;
use super::reading::{Reader, Reading, read_records};
use super::turns::in_turn;
use super::{ScanError, in_pool};
use crate::event::{CitedIssuance, Whereabouts, event_time, issuance_of, read_issuance};
use crate::evidence::FileAccount;
use crate::record::{Glance, RawRecord, Record};
use crate::source::{LogFile, Source};
use crate::timeline::Tracer;
use crate::vocab::{Citation, LogFileId, Loss, LossKind, SkipReason};
use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Bound;

/// Files that can be read once more.
pub(super) struct Sought<'s> {
    pub source: &'s dyn Source,
    pub files: Vec<LogFile>,
    pub reading: Reading<'s>,
    pub threads: Option<usize>,
}

impl Sought<'_> {
    /// The direct calls that are wanted. All records of a file were read before, so what is damaged is told already.
    pub fn addresses(
        &self,
        tracer: &Tracer,
        known: &BTreeMap<LogFileId, FileAccount>,
    ) -> Result<Vec<Whereabouts>, ScanError> {
        // Of names too many for a search, every record is read.
        let names = AhoCorasick::new(tracer.callers()).ok();
        let begin = |_: &LogFile| Seeker {
            tracer,
            names: names.as_ref(),
            found: Vec::new(),
        };
        let concerned = self
            .files
            .iter()
            .filter(|file| !file.is_standard_input() && may_tell(tracer, known, &file.id));
        let found = |seeker: Seeker<'_>| seeker.found;
        Ok(self.again(concerned.collect(), &begin, &found)?.concat())
    }

    /// What is told of these files, and of every file in them, when they are read once more.
    fn again<R: Reader, T: Send>(
        &self,
        files: Vec<&LogFile>,
        begin: &(dyn Fn(&LogFile) -> R + Sync),
        tell: &(dyn Fn(R) -> T + Sync),
    ) -> Result<Vec<T>, ScanError> {
        self.source.expect(&files);
        let read = |file: &&LogFile| {
            let mut told = Vec::new();
            let take = &mut |reader: R| told.push(tell(reader));
            read_records(self.source, file, self.reading, begin, take);
            told
        };
        in_pool(self.threads, || {
            let told = in_turn(&files, read);
            told.flat_map_iter(|(_, told)| told).collect()
        })
    }
}

impl Sought<'_> {
    /// The sessions that these records issued; and a loss for each file that has not all of them any more.
    pub fn sessions(
        &self,
        wanted: &BTreeMap<LogFileId, BTreeSet<u64>>,
    ) -> Result<(Vec<CitedIssuance>, Vec<Loss>), ScanError> {
        let archives = wanted.keys().flat_map(LogFileId::archives);
        let names: HashSet<&str> = wanted
            .keys()
            .map(LogFileId::as_str)
            .chain(archives)
            .collect();
        let concerned = self
            .files
            .iter()
            .filter(|file| names.contains(file.id.as_str()));
        let nothing = BTreeSet::new();
        let begin = |file: &LogFile| Listener {
            id: file.id.clone(),
            wanted: wanted.get(&file.id).unwrap_or(&nothing),
            found: Vec::new(),
        };
        let found = |listener: Listener<'_>| listener.found;
        let found = self.again(concerned.collect(), &begin, &found)?.concat();
        let mut missing: BTreeMap<&LogFileId, usize> = wanted
            .iter()
            .map(|(id, records)| (id, records.len()))
            .collect();
        for cited in &found {
            if let Some(left) = missing.get_mut(&cited.citation.log_file) {
                *left = left.saturating_sub(1);
            }
        }
        let missing = missing.into_iter().filter(|(_, left)| *left > 0);
        let losses = missing.map(|(id, left)| changed(id, left)).collect();
        Ok((found, losses))
    }
}

/// The loss of records that were there when a file was read first.
fn changed(file: &LogFileId, records: usize) -> Loss {
    Loss {
        log_file: file.clone(),
        record_index: None,
        offset: None,
        kind: LossKind::Unreadable,
        detail: format!("{records} records that issued sessions were not found when the file was read again: it changed meanwhile").into(),
        bytes: None,
    }
}

/// Reads the records of one file that issued sessions.
struct Listener<'w> {
    id: LogFileId,
    wanted: &'w BTreeSet<u64>,
    found: Vec<CitedIssuance>,
}

impl Reader for Listener<'_> {
    fn wants(&mut self, raw: &RawRecord<'_>, _: Option<usize>, _: Option<&Glance<'_>>) -> bool {
        self.wanted.contains(&raw.index)
    }

    fn record(&mut self, raw: &RawRecord<'_>, record: &Record<'_>) {
        let named = record.text("eventSource").zip(record.text("eventName"));
        let Some((kind, name)) = named.and_then(|(source, name)| issuance_of(source, name)) else {
            return;
        };
        if let Some((event, issuance)) = read_issuance(kind, name, record, raw.raw) {
            self.found.push(CitedIssuance {
                event,
                issuance,
                citation: Citation {
                    log_file: self.id.clone(),
                    record_index: raw.index,
                },
            });
        }
    }

    fn loss(&mut self, _: Loss) {}

    fn damaged(&mut self, _: u64) {}

    fn skip(&mut self, _: SkipReason) {}
}

/// Whether a file, or a file in it, has records of a time that is asked for.
fn may_tell(tracer: &Tracer, known: &BTreeMap<LogFileId, FileAccount>, id: &LogFileId) -> bool {
    let mut coverages = of_file(known, id).filter_map(|file| file.coverage);
    coverages.any(|coverage| tracer.may_want(coverage.first, coverage.last))
}

/// What is known of a file, and of every file in it.
fn of_file<'k, T>(
    known: &'k BTreeMap<LogFileId, T>,
    id: &LogFileId,
) -> impl Iterator<Item = &'k T> {
    let within = format!("{}!/", id.as_str());
    let inner = known.range::<str, _>((Bound::Included(within.as_str()), Bound::Unbounded));
    let inner = inner.take_while(move |(inner, _)| inner.as_str().starts_with(&within));
    let own = known.get(id).into_iter();
    own.chain(inner.map(|(_, known)| known))
}

/// Looks for direct calls in one file.
struct Seeker<'t> {
    tracer: &'t Tracer,
    names: Option<&'t AhoCorasick>,
    found: Vec<Whereabouts>,
}

impl Reader for Seeker<'_> {
    fn wants(&mut self, raw: &RawRecord<'_>, _: Option<usize>, _: Option<&Glance<'_>>) -> bool {
        // A name may be written with escapes.
        let may_be_escaped = memchr::memchr(b'\\', raw.raw).is_some();
        may_be_escaped || self.names.is_none_or(|names| names.is_match(raw.raw))
    }

    fn record(&mut self, raw: &RawRecord<'_>, record: &Record<'_>) {
        let Some((source, name)) = record.text("eventSource").zip(record.text("eventName")) else {
            return;
        };
        if event_time(record).is_none() || !calls_directly((source, name), record) {
            return;
        }
        let seen = Whereabouts::read(source, record, raw.raw);
        self.found
            .extend(seen.filter(|seen| self.tracer.wants(seen)));
    }

    fn loss(&mut self, _: Loss) {}

    fn damaged(&mut self, _: u64) {}

    fn skip(&mut self, _: SkipReason) {}
}
