//! Which records match, exactly as they were written?

use super::reading::{Reader, Reading, read_records};
use super::{Options, Progress, ScanError, in_pool};
use crate::record::{RawRecord, Record};
use crate::source::{LogFile, Source};
use crate::vocab::{Loss, SkipReason};
use rayon::prelude::*;

/// What a filter run counted.
#[derive(Clone, Debug, Default)]
pub struct Filtered {
    /// How many records matched.
    pub matched: u64,
    /// How many records were read.
    pub records: u64,
    /// What could not be read.
    pub losses: Vec<Loss>,
}

/// How many files are filtered before what they gave is written: bounds what is held in memory.
const FILTER_BATCH: usize = 256;

/// Writes every record whose source and name match, as it was written, one a line, in the order of the files.
///
/// White space between a record's values that would break the line is written as a space.
///
/// # Errors
/// If the source cannot be listed, holds nothing, or the output cannot be written.
pub fn filter(
    source: &dyn Source,
    options: &Options,
    matches: fn(&str, &str) -> bool,
    out: &mut (dyn std::io::Write + Send),
    progress: &dyn Progress,
) -> Result<Filtered, ScanError> {
    in_pool(options.threads, || {
        let listing = source.list()?;
        progress.found(
            listing.files.len() as u64,
            listing
                .files
                .iter()
                .map(|file| file.bytes)
                .fold(0, u64::saturating_add),
        );
        let mut all = Filtered {
            losses: listing.losses,
            ..Filtered::default()
        };
        for batch in listing.files.chunks(FILTER_BATCH) {
            let sifted: Vec<Sieve> = batch
                .par_iter()
                .map(|file| sift(source, file, options.reading(), matches))
                .collect();
            for (file, sieve) in batch.iter().zip(sifted) {
                out.write_all(&sieve.lines)?;
                progress.read(file.bytes, sieve.records);
                all.matched += sieve.matched;
                all.records += sieve.records;
                all.losses.extend(sieve.losses);
            }
        }
        out.flush()?;
        Ok(all)
    })?
}

fn sift(
    source: &dyn Source,
    file: &LogFile,
    reading: Reading<'_>,
    matches: fn(&str, &str) -> bool,
) -> Sieve {
    let begin = |_: &LogFile| Sieve {
        matches,
        lines: Vec::new(),
        matched: 0,
        records: 0,
        losses: Vec::new(),
    };
    let mut all = begin(file);
    read_records(source, file, reading, &begin, &mut |sieve| all.join(sieve));
    all
}

/// Keeps the records of one file that match.
struct Sieve {
    matches: fn(&str, &str) -> bool,
    lines: Vec<u8>,
    matched: u64,
    records: u64,
    losses: Vec<Loss>,
}

impl Sieve {
    /// Adds what the next file gave.
    fn join(&mut self, next: Self) {
        self.lines.extend(next.lines);
        self.matched += next.matched;
        self.records += next.records;
        self.losses.extend(next.losses);
    }
}

impl Reader for Sieve {
    fn record(&mut self, raw: &RawRecord<'_>, record: &Record<'_>) {
        self.records += 1;
        let named = record.text("eventSource").zip(record.text("eventName"));
        if named.is_some_and(|(source, name)| (self.matches)(source, name)) {
            self.matched += 1;
            self.lines.extend(raw.raw.iter().map(|byte| {
                if matches!(byte, b'\n' | b'\r') {
                    b' '
                } else {
                    *byte
                }
            }));
            self.lines.push(b'\n');
        }
    }

    fn loss(&mut self, loss: Loss) {
        self.losses.push(loss);
    }

    fn damaged(&mut self, records: u64) {
        self.records += records;
    }

    fn skip(&mut self, _: SkipReason) {}
}
