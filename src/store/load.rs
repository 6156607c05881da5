//! How do rows become evidence again?

use super::error::StoreError;
use super::read::{Batch, Batches, integer, text, time, yes};
use super::rows::{COVERED, ISSUED, LOGGED};
use super::story::Identity;
use super::table::Table;
use crate::event::{EventKey, Heard, Inquiry, Told, table::read_named};
use crate::evidence::{Activity, Category, Coverage, Evidence, Fate, FileAccount};
use crate::integrity::ContentHash;
use crate::vocab::{
    AccountId, BucketName, Citation, EventId, LogFileId, Loss, LossKind, Region, SkipReason,
    Timestamp,
};
use std::collections::BTreeMap;

/// Whether a row is wanted, by the file of the source and the log file that it rests on.
type IsWanted<'w> = dyn Fn(&str, &str) -> bool + Send + Sync + 'w;

/// Which rows are wanted.
pub struct Wants<'w>(Option<Box<IsWanted<'w>>>);

impl<'w> Wants<'w> {
    /// All: what they rest on is not even looked at.
    pub fn all() -> Self {
        Self(None)
    }

    /// Those of which this says so, by the file of the source and the log file that they rest on.
    pub fn those(are: impl Fn(&str, &str) -> bool + Send + Sync + 'w) -> Self {
        Self(Some(Box::new(are)))
    }

    /// These columns, and those that tell which rows are wanted.
    pub(super) fn columns(
        &self,
        wanted: impl IntoIterator<Item = &'static str>,
    ) -> Vec<&'static str> {
        const NAMES: [&str; 2] = ["source_file", "log_file"];
        let mut columns: Vec<_> = wanted.into_iter().collect();
        let missing = NAMES.into_iter().filter(|name| !columns.contains(name));
        let missing: Vec<_> = missing.filter(|_| self.0.is_some()).collect();
        columns.extend(missing);
        columns
    }
}

/// The columns of a table without the file of the source; of spans, which are put together, without the log file too.
pub(super) fn own_columns(table: Table) -> impl Iterator<Item = &'static str> {
    let names_nothing = table == Table::Spans;
    let is_own =
        move |name: &&str| *name != "source_file" && !(names_nothing && *name == "log_file");
    table.columns().filter(is_own)
}

/// The name of the last row's file: rows of one file stand together.
#[derive(Default)]
pub(super) struct LastName(Option<LogFileId>);

impl LastName {
    fn of(&mut self, name: &str) -> LogFileId {
        match &self.0 {
            Some(last) if last.as_str() == name => last.clone(),
            _ => self.0.insert(LogFileId::new(name)).clone(),
        }
    }
}

/// The files of the source.
pub(super) fn sources(batches: Batches) -> Result<Vec<Identity>, StoreError> {
    let mut found = Vec::new();
    for batch in batches {
        let batch = batch?;
        let (ids, sizes) = (batch.texts("source_file")?, batch.integers("bytes")?);
        let (versions, hashes) = (batch.texts("version")?, batch.texts("sha256")?);
        let (caps, unsettled) = (
            batch.integers("max_inflated")?,
            batch.booleans("unsettled")?,
        );
        for at in batch.rows() {
            let id = text(ids, at).ok_or_else(|| batch.unsound("source_file"))?;
            found.push(Identity {
                id: LogFileId::new(id),
                bytes: integer(sizes, at).unwrap_or_default(),
                version: text(versions, at).map(Into::into),
                sha256: text(hashes, at).map(Into::into),
                max_inflated: integer(caps, at),
                unsettled: yes(unsettled, at),
            });
        }
    }
    Ok(found)
}

/// The rows of a batch that are wanted, each with its log file.
pub(super) fn each(
    batch: &Batch,
    names: &mut LastName,
    wants: &Wants<'_>,
    mut take: impl FnMut(usize, LogFileId) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let files = batch.texts("log_file")?;
    each_row(batch, wants, |at| {
        let file = text(files, at).ok_or_else(|| batch.unsound("log_file"))?;
        take(at, names.of(file))
    })
}

/// The rows of a batch that are wanted.
pub(super) fn each_row(
    batch: &Batch,
    wants: &Wants<'_>,
    mut take: impl FnMut(usize) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let Some(is_wanted) = &wants.0 else {
        return batch.rows().try_for_each(take);
    };
    let (sources, files) = (batch.texts("source_file")?, batch.texts("log_file")?);
    for at in batch.rows() {
        let (Some(source), Some(file)) = (text(sources, at), text(files, at)) else {
            return Err(batch.unsound("log_file"));
        };
        if is_wanted(source, file) {
            take(at)?;
        }
    }
    Ok(())
}

/// Adds a table's rows to evidence: of files, activity, spans or losses.
pub(super) fn add(
    table: Table,
    batches: Batches,
    wants: &Wants<'_>,
    into: &mut Evidence,
) -> Result<(), StoreError> {
    let mut names = LastName::default();
    for batch in batches {
        let batch = batch?;
        match table {
            Table::Files => files(&batch, &mut names, wants, into)?,
            Table::Activity => activity(&batch, wants, into)?,
            Table::Spans => spans(&batch, wants, into)?,
            Table::Losses => losses(&batch, &mut names, wants, into)?,
            _ => {}
        }
    }
    Ok(())
}

fn files(
    batch: &Batch,
    names: &mut LastName,
    wants: &Wants<'_>,
    into: &mut Evidence,
) -> Result<(), StoreError> {
    let (sizes, fates) = (batch.integers("bytes")?, batch.texts("fate")?);
    let (reasons, records) = (batch.texts("skipped_because")?, batch.integers("records")?);
    let (idle, lost) = (
        batch.integers("not_of_interest")?,
        batch.integers("lost_records")?,
    );
    let (first, last) = (batch.times("first_event")?, batch.times("last_event")?);
    let mut found = Vec::with_capacity(batch.rows().len());
    each(batch, names, wants, |at, file| {
        let reason = text(reasons, at).and_then(SkipReason::of_name);
        let fate = match (text(fates, at), reason) {
            (Some("read"), _) => Fate::Read,
            (Some("lost"), _) => Fate::Lost,
            (Some("skipped"), Some(reason)) => Fate::Skipped(reason),
            _ => return Err(batch.unsound("fate")),
        };
        let span = time(first, at).zip(time(last, at));
        let account = FileAccount {
            bytes: integer(sizes, at).unwrap_or_default(),
            fate,
            records: integer(records, at).unwrap_or_default(),
            not_of_interest: integer(idle, at).unwrap_or_default(),
            lost_records: integer(lost, at).unwrap_or_default(),
            coverage: span.map(|(first, last)| Coverage { first, last }),
            activity: Vec::new(),
        };
        found.push((file, account));
        Ok(())
    })?;
    // They come nearly in their order: all at once is sooner done than each by itself.
    into.files.append(&mut found.into_iter().collect());
    Ok(())
}

fn activity(batch: &Batch, wants: &Wants<'_>, into: &mut Evidence) -> Result<(), StoreError> {
    let (accounts, regions) = (batch.texts("account_id")?, batch.texts("region")?);
    let (categories, hours) = (batch.texts("category")?, batch.times("hour")?);
    let records = batch.integers("records")?;
    let (first, last) = (batch.times("first_event")?, batch.times("last_event")?);
    let files = batch.texts("log_file")?;
    let mut found = Vec::with_capacity(batch.rows().len());
    each_row(batch, wants, |at| {
        let file = text(files, at).ok_or_else(|| batch.unsound("log_file"))?;
        let category = text(categories, at).and_then(Category::of_name);
        let span = time(first, at).zip(time(last, at));
        let Some(((category, hour), (first, last))) = category.zip(time(hours, at)).zip(span)
        else {
            return Err(batch.unsound("category"));
        };
        let activity = Activity {
            account: text(accounts, at).and_then(AccountId::parse),
            region: text(regions, at).and_then(Region::parse),
            category,
            hour: hour.unix().div_euclid(3600),
            records: integer(records, at).unwrap_or_default(),
            coverage: Coverage { first, last },
        };
        found.push((file, activity));
        Ok(())
    })?;
    give(found, &mut into.files);
    Ok(())
}

/// Gives each file its activity, in the order in which it comes.
fn give(mut found: Vec<(&str, Activity)>, files: &mut BTreeMap<LogFileId, FileAccount>) {
    found.sort_by_key(|(file, _)| *file);
    let mut files = files.iter_mut().peekable();
    for (file, activity) in found {
        while files.next_if(|(name, _)| name.as_str() < file).is_some() {}
        let same = files.peek_mut().filter(|(name, _)| name.as_str() == file);
        if let Some((_, account)) = same {
            account.activity.push(activity);
        }
    }
}

fn spans(batch: &Batch, wants: &Wants<'_>, into: &mut Evidence) -> Result<(), StoreError> {
    let (kinds, accounts) = (batch.texts("what")?, batch.texts("account_id")?);
    let (regions, buckets) = (batch.texts("region")?, batch.texts("bucket")?);
    let (first, last) = (batch.times("first_event")?, batch.times("last_event")?);
    each_row(batch, wants, |at| {
        let account = text(accounts, at).and_then(AccountId::parse);
        let region = text(regions, at).and_then(Region::parse);
        let Some((first, last)) = time(first, at).zip(time(last, at)) else {
            return Err(batch.unsound("first_event"));
        };
        let span = Coverage { first, last };
        match (text(kinds, at), text(buckets, at)) {
            (Some(COVERED), _) => into.cover(account, region, span),
            (Some(LOGGED), Some(bucket)) => {
                into.log(bucket, account.as_ref().map(AccountId::as_str), span);
            }
            (Some(ISSUED), _) => match account.zip(region) {
                Some((account, region)) => into.issue(account, region, span),
                None => return Err(batch.unsound("account_id")),
            },
            _ => return Err(batch.unsound("what")),
        }
        Ok(())
    })
}

/// Hands out reads.
pub(super) fn all_reads(
    batches: Batches,
    wants: &Wants<'_>,
    take: &mut dyn FnMut(EventKey, Inquiry, Citation),
) -> Result<(), StoreError> {
    let mut names = LastName::default();
    for batch in batches {
        reads(&batch?, &mut names, wants, take)?;
    }
    Ok(())
}

fn reads(
    batch: &Batch,
    names: &mut LastName,
    wants: &Wants<'_>,
    take: &mut dyn FnMut(EventKey, Inquiry, Citation),
) -> Result<(), StoreError> {
    let (indices, times) = (batch.integers("record_index")?, batch.times("event_time")?);
    let (accounts, regions) = (batch.texts("account_id")?, batch.texts("region")?);
    let (buckets, events) = (batch.texts("bucket")?, batch.texts("event_name")?);
    let told = batch.texts("told")?;
    let answers = batch.integers("answer_bytes")?;
    each(batch, names, wants, |at, log_file| {
        let answer = text(told, at).and_then(|word| Told::of_short(word, integer(answers, at)));
        let name = text(events, at).and_then(read_named);
        let key = key(batch, at)?;
        let Some(((told, name), time)) = answer.zip(name).zip(time(times, at)) else {
            return Err(batch.unsound("told"));
        };
        let inquiry = Inquiry {
            time,
            account: text(accounts, at).and_then(AccountId::parse),
            bucket: text(buckets, at).and_then(BucketName::parse),
            region: text(regions, at).and_then(Region::parse),
            name,
            told,
            heard: Heard::Logged,
        };
        let citation = Citation {
            log_file,
            record_index: integer(indices, at).unwrap_or_default(),
        };
        take(key, inquiry, citation);
        Ok(())
    })
}

fn losses(
    batch: &Batch,
    names: &mut LastName,
    wants: &Wants<'_>,
    into: &mut Evidence,
) -> Result<(), StoreError> {
    let (indices, offsets) = (batch.integers("record_index")?, batch.integers("offset")?);
    let (kinds, details) = (batch.texts("kind")?, batch.texts("detail")?);
    let sizes = batch.integers("bytes")?;
    each(batch, names, wants, |at, log_file| {
        let Some(kind) = text(kinds, at).and_then(LossKind::of_name) else {
            return Err(batch.unsound("kind"));
        };
        into.losses.insert(Loss {
            log_file,
            record_index: integer(indices, at),
            offset: integer(offsets, at),
            kind,
            detail: text(details, at).unwrap_or_default().into(),
            bytes: integer(sizes, at),
        });
        Ok(())
    })
}

/// Which event a row is of.
pub(super) fn key(batch: &Batch, at: usize) -> Result<EventKey, StoreError> {
    let of = |name: &'static str| Ok::<_, StoreError>(text(batch.texts(name)?, at));
    let recipient = of("recipient_account_id")?.and_then(AccountId::parse);
    let hash = of("record_sha256")?.and_then(ContentHash::parse);
    match (of("event_id")?.and_then(EventId::parse), hash) {
        (Some(id), _) => Ok(EventKey::Id(id, recipient)),
        (None, Some(hash)) => Ok(EventKey::Content(hash.bytes())),
        (None, None) => Err(batch.unsound("event_id")),
    }
}

/// The first and the last event of some files.
pub(super) fn span(batches: Batches) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    let mut span: Option<Coverage> = None;
    for batch in batches {
        let batch = batch?;
        let (first, last) = (batch.times("first_event")?, batch.times("last_event")?);
        for at in batch.rows() {
            let here = time(first, at).zip(time(last, at));
            let here = here.map(|(first, last)| Coverage { first, last });
            span = [span, here].into_iter().flatten().reduce(Coverage::merge);
        }
    }
    Ok(span.map(|span| (span.first, span.last)))
}
