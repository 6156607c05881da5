//! From where did those call directly who also called through a service?
//!
//! Who that is is known only when the timeline is made, and it is mostly nobody. So the addresses of all other calls are not kept:
//! the few files of the days concerned are read once more, and of these only the records that name such a caller.

use super::gather::calls_directly;
use super::reading::{Reader, Reading, read_records};
use super::turns::in_turn;
use super::{ScanError, in_pool};
use crate::event::{Whereabouts, event_time};
use crate::evidence::FileAccount;
use crate::record::{RawRecord, Record};
use crate::source::{LogFile, Source};
use crate::timeline::Tracer;
use crate::vocab::{LogFileId, Loss, SkipReason};
use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use std::collections::BTreeMap;

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
        let concerned: Vec<&LogFile> = concerned.collect();
        self.source.expect(&concerned);
        let read = |file: &&LogFile| {
            let mut found = Vec::new();
            let take = &mut |seeker: Seeker<'_>| found.extend(seeker.found);
            read_records(self.source, file, self.reading, &begin, take);
            found
        };
        in_pool(self.threads, || {
            in_turn(&concerned, read)
                .flat_map_iter(|(_, found)| found)
                .collect()
        })
    }
}

/// Whether a file, or a file in it, has records of a time that is asked for.
fn may_tell(tracer: &Tracer, known: &BTreeMap<LogFileId, FileAccount>, id: &LogFileId) -> bool {
    let within = format!("{}!/", id.as_str());
    let inner = known
        .range(LogFileId::new(within.as_str())..)
        .take_while(|(inner, _)| inner.as_str().starts_with(&within));
    let own = known.get_key_value(id);
    let mut coverages = own
        .into_iter()
        .chain(inner)
        .filter_map(|(_, file)| file.coverage);
    coverages.any(|coverage| tracer.may_want(coverage.first, coverage.last))
}

/// Looks for direct calls in one file.
struct Seeker<'t> {
    tracer: &'t Tracer,
    names: Option<&'t AhoCorasick>,
    found: Vec<Whereabouts>,
}

impl Reader for Seeker<'_> {
    fn wants(&mut self, raw: &RawRecord<'_>, _: Option<usize>) -> bool {
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
