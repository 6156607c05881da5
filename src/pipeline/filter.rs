//! Which records match, exactly as they were written?
//!
//! A record is not read that is told at a glance, or lacks the words that a match needs ([`Prefilter`]): it is counted, and what is broken in it beyond
//! its brackets is not looked for, since nothing of it could match.

use super::prefilter::{Places, Prefilter};
use super::reading::{Ended, Reader, read_records};
use super::text::record_loss;
use super::turns::{Threads, announce, in_order, in_turn};
use super::{Options, Progress, ScanError, in_pool};
use crate::analysis::{NoLog, Selection};
use crate::event::{bucket_named, event_time};
use crate::pattern::{Field, MetricFilter};
use crate::record::{Decoder, Glance, RawRecord, Record, TextKind};
use crate::source::{LogFile, Source};
use crate::vocab::{Citation, LogFileId, Loss, LossKind, Region, SkipReason, Untrusted};
use rayon::prelude::*;

/// What is looked for, and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Query<'q> {
    /// A record that matches any of these is found.
    pub filters: &'q [MetricFilter],
    /// What is wanted of it.
    pub wanted: Wanted<'q>,
    /// Which records are read.
    pub thoroughness: Thoroughness,
}

/// What is wanted of a record that matches.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'q> {
    /// The record as it was written, on a line of the output.
    Records,
    /// What it says in these fields, as a row.
    Fields(&'q [Field]),
    /// Only that it is there.
    Count,
}

/// Which records are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Thoroughness {
    /// Those that hold what a match needs.
    #[default]
    Likely,
    /// All of them: slower, with the same matches.
    Everything,
}

/// A selector that can have found nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unseen {
    /// As it is written.
    pub selector: String,
    /// The name in it that no record has.
    pub name: String,
}

/// What a filter run found.
#[derive(Clone, Debug, Default)]
pub struct Filtered {
    /// How many records matched.
    pub matched: u64,
    /// How many matched each filter, in the filters' order.
    pub matched_each: Vec<u64>,
    /// How many records there are.
    pub records: u64,
    /// The rows of chosen fields.
    pub rows: Vec<FieldRow>,
    /// Selectors of which a name occurs in no record: probably mistyped.
    pub unseen: Vec<Unseen>,
    /// Selectors whose names all occur, and that lead to nothing in any record: probably another way was meant.
    pub unmet: Vec<String>,
    /// What could not be read.
    pub losses: Vec<Loss>,
    /// How many log files were read.
    pub logs: u64,
    /// What became of the other files.
    pub others: NoLog,
}

/// The chosen fields of one record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldRow {
    /// What each field says, where the record has it.
    pub cells: Vec<Option<Untrusted>>,
    /// Where the record is.
    pub citation: Citation,
}

/// How many files are filtered before what they gave is written: bounds what is held in memory.
const FILTER_BATCH: usize = 256;

/// Writes every record that matches, as it was written, one a line, in the order of the files; or gathers its fields.
///
/// White space between a record's values that would break the line is written as a space.
///
/// # Errors
/// If the source cannot be listed, holds nothing, or the output cannot be written.
pub fn filter(
    source: &dyn Source,
    options: &Options,
    query: &Query<'_>,
    out: &mut (dyn std::io::Write + Send),
    progress: &dyn Progress,
) -> Result<Filtered, ScanError> {
    in_pool(options.threads, || {
        let listing = source.list_with(&Threads)?;
        let bytes = listing.files.iter().map(|file| file.bytes);
        progress.found(
            listing.files.len() as u64,
            bytes.fold(0, u64::saturating_add),
        );
        let prefilter = Prefilter::of(query.filters, query.thoroughness);
        let mut all = Filtered {
            matched_each: vec![0; query.filters.len()],
            ..Filtered::default()
        };
        for (_, reason) in &listing.skipped {
            all.skip(*reason);
        }
        all.others.lost = listing.losses.len() as u64;
        all.losses = listing.losses;
        let passed_over = |file: &LogFile| options.choice.passes_over(&file.id).is_some();
        announce(source, listing.files.iter(), passed_over);
        for batch in listing.files.chunks(FILTER_BATCH) {
            let sift = |file| sift(source, file, options, query, &prefilter);
            let sifted: Vec<(usize, Sieve<'_>)> = in_turn(batch, sift).collect();
            for (file, sieve) in batch.iter().zip(in_order(sifted)) {
                out.write_all(&sieve.lines)?;
                progress.read(file.bytes, sieve.found.records);
                all.add(sieve.found);
            }
        }
        out.flush()?;
        if all.records > 0 {
            all.unseen = prefilter.unseen();
            all.unmet = prefilter.unmet();
        }
        Ok(all)
    })?
}

impl Filtered {
    fn add(&mut self, other: Self) {
        self.matched += other.matched;
        self.records += other.records;
        self.losses.extend(other.losses);
        self.logs += other.logs;
        self.others.lost += other.others.lost;
        for (reason, number) in other.others.skipped {
            *self.others.skipped.entry(reason).or_default() += number;
        }
        self.rows.extend(other.rows);
        let each = self.matched_each.iter_mut().zip(other.matched_each);
        each.for_each(|(all, more)| *all += more);
    }

    fn skip(&mut self, reason: SkipReason) {
        *self.others.skipped.entry(reason).or_default() += 1;
    }

    /// What became of the files, if none was a log file.
    pub fn no_log(&self) -> Option<&NoLog> {
        (self.logs == 0).then_some(&self.others)
    }
}

fn sift<'s>(
    source: &dyn Source,
    file: &LogFile,
    options: &'s Options,
    query: &'s Query<'s>,
    prefilter: &'s Prefilter,
) -> Sieve<'s> {
    let begin = |file: &LogFile| Sieve {
        file: file.id.clone(),
        query,
        selection: &options.selection,
        prefilter,
        places: None,
        follows: None,
        lines: Vec::new(),
        found: Filtered {
            matched_each: vec![0; query.filters.len()],
            ..Filtered::default()
        },
    };
    let mut all = begin(file);
    let mut join = |sieve| all.join(sieve);
    read_records(source, file, options.reading(), &begin, &mut join);
    all
}

/// Keeps the records of one file that match.
struct Sieve<'s> {
    file: LogFileId,
    query: &'s Query<'s>,
    selection: &'s Selection,
    prefilter: &'s Prefilter,
    /// Where in the window something may match, where it was searched.
    places: Option<Places>,
    /// Reads records while a selector's names occur and it led to nothing yet.
    follows: Option<Box<Decoder>>,
    lines: Vec<u8>,
    found: Filtered,
}

impl Sieve<'_> {
    /// Adds what the next file gave.
    fn join(&mut self, next: Self) {
        self.lines.extend(next.lines);
        let mut found = next.found;
        let is_other = found.logs == 0 && found.others == NoLog::default();
        found.others.lost = u64::from(is_other && !found.losses.is_empty());
        self.found.add(found);
    }

    /// Whether any filter matches, as far as a glance tells.
    fn told_by(&self, glance: &Glance<'_>) -> Option<bool> {
        let mut any = false;
        for filter in self.query.filters {
            any |= filter.pattern.told_by(glance)?;
        }
        (self.query.thoroughness == Thoroughness::Likely).then_some(any)
    }

    /// Whether a record holds what a match needs. It is searched by itself where its window was not.
    fn may_match(&self, raw: &[u8], at: Option<usize>) -> bool {
        if let (Some(at), Some(places)) = (at, &self.places) {
            return places.touch(at, raw.len());
        }
        self.prefilter.search(raw).touch(0, raw.len())
    }

    /// Looks which selectors' names occur in a text, and whether there is one to be followed.
    fn look_for_names(&mut self, text: &[u8]) {
        self.prefilter.look_for_names(text);
        match self.prefilter.is_any_open() {
            true => _ = self.follows.get_or_insert_default(),
            false => self.follows = None,
        }
    }

    fn follow(&mut self, raw: &[u8]) {
        let Some(decoder) = &mut self.follows else {
            return;
        };
        self.prefilter.follow(raw, decoder);
        if !self.prefilter.is_any_open() {
            self.follows = None;
        }
    }

    fn asks_for_fields(&self) -> bool {
        let asks = |filter: &MetricFilter| filter.pattern.asks_for_fields();
        self.query.filters.iter().any(asks)
    }

    /// Whether a match can be handed on without reading the record.
    fn needs_only_matches(&self) -> bool {
        *self.selection == Selection::default() && !matches!(self.query.wanted, Wanted::Fields(_))
    }

    /// Which filters match.
    fn matching(&self, raw: &[u8], record: Option<&Record<'_>>) -> Vec<bool> {
        let view = record.map(Record::view);
        self.each(|filter| filter.pattern.matches(raw, view))
    }

    fn each(&self, matches: impl FnMut(&MetricFilter) -> bool) -> Vec<bool> {
        self.query.filters.iter().map(matches).collect()
    }

    fn take(&mut self, matching: &[bool], raw: &RawRecord<'_>, record: Option<&Record<'_>>) {
        self.found.matched += 1;
        for (count, matches) in self.found.matched_each.iter_mut().zip(matching) {
            *count += u64::from(*matches);
        }
        match (self.query.wanted, record) {
            (Wanted::Records, _) => write_line(&mut self.lines, raw.raw),
            (Wanted::Fields(fields), Some(record)) => {
                let read = |field: &Field| field.read(record.view()).map(Untrusted::from);
                self.found.rows.push(FieldRow {
                    cells: fields.iter().map(read).collect(),
                    citation: Citation {
                        log_file: self.file.clone(),
                        record_index: raw.index,
                    },
                });
            }
            (Wanted::Fields(_), None) | (Wanted::Count, _) => {}
        }
    }

    fn selects(&self, record: &Record<'_>) -> bool {
        if *self.selection == Selection::default() {
            return true;
        }
        let bucket = match self.selection.buckets.is_empty() {
            true => None,
            false => bucket_named(record),
        };
        self.selection.shows_record(
            event_time(record),
            super::account_of(record).as_ref(),
            record.text("awsRegion").and_then(Region::parse).as_ref(),
            bucket.as_ref(),
        )
    }
}

/// A record on one line, otherwise as it was written. Line breaks can only stand between its values.
fn write_line(lines: &mut Vec<u8>, raw: &[u8]) {
    let flat = |byte: &u8| match byte {
        b'\n' | b'\r' => b' ',
        byte => *byte,
    };
    lines.extend(raw.iter().map(flat));
    lines.push(b'\n');
}

impl Reader for Sieve<'_> {
    fn window(&mut self, window: &[u8]) {
        self.look_for_names(window);
        // Most records are told at a glance: each of the others is searched by itself.
        let is_searched = !self.prefilter.is_for_glances();
        self.places = is_searched.then(|| self.prefilter.search(window));
    }

    fn wants(
        &mut self,
        raw: &RawRecord<'_>,
        at: Option<usize>,
        glance: Option<&Glance<'_>>,
    ) -> bool {
        if at.is_none() {
            self.look_for_names(raw.raw);
        }
        self.follow(raw.raw);
        let told = glance.and_then(|glance| self.told_by(glance));
        match told.unwrap_or_else(|| self.may_match(raw.raw, at)) {
            false => {}
            true if !self.needs_only_matches() => return true,
            true if told.is_none() && self.asks_for_fields() => return true,
            true => {
                let matching = match glance.filter(|_| told.is_some()) {
                    Some(glance) => self.each(|it| it.pattern.told_by(glance) == Some(true)),
                    None => self.matching(raw.raw, None),
                };
                if matching.contains(&true) {
                    self.take(&matching, raw, None);
                }
            }
        }
        self.found.records += 1;
        false
    }

    fn record(&mut self, raw: &RawRecord<'_>, record: &Record<'_>) {
        self.found.records += 1;
        let matching = self.matching(raw.raw, Some(record));
        if !matching.contains(&true) {
            return;
        }
        let dated = self.selection.from.is_none() && self.selection.to.is_none();
        if !dated && event_time(record).is_none() {
            let detail = "it matches, but has no readable eventTime to choose it by";
            let loss = record_loss(&self.file, raw, LossKind::MissingField, detail);
            return self.found.losses.push(loss);
        }
        if self.selects(record) {
            self.take(&matching, raw, Some(record));
        }
    }

    fn loss(&mut self, loss: Loss) {
        self.found.losses.push(loss);
    }

    fn damaged(&mut self, records: u64) {
        self.found.records += records;
    }

    fn skip(&mut self, reason: SkipReason) {
        self.found.skip(reason);
    }

    fn end(&mut self, ended: &Ended<'_>) {
        self.found.logs += u64::from(ended.kind == TextKind::Log);
    }
}
