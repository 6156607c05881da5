//! What does one file tell?

use super::reading::{Reader, Reading, read_records, record_loss};
use super::unread;
use crate::event::{
    ExposureEvent, Outcome, amended_event, event_time, read_event, read_inquiry, read_request,
    table,
};
use crate::evidence::{
    Coverage, Evidence, Fate, FileAccount, ObjectsOfInterest, concerns, matters_by_itself,
};
use crate::record::{RawRecord, Record};
use crate::source::{LogFile, Source};
use crate::vocab::{AccountId, Citation, Loss, LossKind, Region, SkipReason, Timestamp};

/// Which writes of objects are kept that do not matter by themselves.
#[derive(Clone, Copy)]
pub(super) enum Writes<'o> {
    /// None; it is noted where there are some.
    Noted,
    /// Those of these objects.
    Of(&'o ObjectsOfInterest),
    /// All, of a file that can be read only once.
    All,
}

/// What one file tells.
pub(super) fn read_file(
    source: &dyn Source,
    file: &LogFile,
    reading: Reading<'_>,
    writes: Writes<'_>,
) -> Evidence {
    let mut all = Evidence::default();
    let begin = |file: &LogFile| Gathering::of(file, writes);
    read_records(source, file, reading, &begin, &mut |gathered| {
        all = std::mem::take(&mut all).merge(gathered.finish());
    });
    all
}

/// Gathers the evidence of one file.
struct Gathering<'o> {
    file: LogFile,
    writes: Writes<'o>,
    evidence: Evidence,
    account: FileAccount,
    used: u64,
    insights: u64,
    aggregated: u64,
    skipped: Option<SkipReason>,
    /// How many files an archive holds.
    members: u64,
}

impl<'o> Gathering<'o> {
    fn of(file: &LogFile, writes: Writes<'o>) -> Self {
        let account = unread(file.bytes, Fate::Read);
        Self {
            file: file.clone(),
            writes,
            evidence: Evidence::default(),
            account,
            used: 0,
            insights: 0,
            aggregated: 0,
            skipped: None,
            members: 0,
        }
    }

    fn finish(mut self) -> Evidence {
        self.account.records = self.used + self.account.not_of_interest + self.account.lost_records;
        self.account.fate = match self.skipped.or(self.only_other_records()) {
            Some(reason) => Fate::Skipped(reason),
            None if self.members > 0 => Fate::Read,
            None if self.used + self.account.not_of_interest == 0
                && !self.evidence.losses.is_empty() =>
            {
                Fate::Lost
            }
            None => Fate::Read,
        };
        self.evidence
            .files
            .insert(self.file.id.clone(), self.account);
        self.evidence
    }

    /// A file of Insight or aggregated records only is no log file.
    fn only_other_records(&self) -> Option<SkipReason> {
        let all = self.account.records;
        match () {
            () if all == 0 => None,
            () if self.insights == all => Some(SkipReason::Insight),
            () if self.aggregated == all => Some(SkipReason::Aggregated),
            () => None,
        }
    }

    fn cover(&mut self, record: &Record<'_>, time: Timestamp) {
        let here = Coverage::at(time);
        self.account.coverage = Some(
            self.account
                .coverage
                .map_or(here, |known| known.merge(here)),
        );
        let region = record.text("awsRegion").and_then(Region::parse);
        self.evidence.cover(account_of(record), region, here);
    }

    fn lose(&mut self, raw: &RawRecord<'_>, kind: LossKind, detail: &str) {
        self.evidence
            .losses
            .insert(record_loss(&self.file.id, raw, kind, detail));
        self.account.lost_records += 1;
    }

    /// A call that may speak to who can get in. One that does not may still be a request from outside.
    fn see(
        &mut self,
        kind: &'static table::Kind,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
        asked: bool,
    ) {
        match read_event(kind, record, raw.raw) {
            Ok(event) if !self.wants(&event) && asked => self.used += 1,
            Ok(event) if !self.wants(&event) => self.account.not_of_interest += 1,
            Ok(event) => {
                if let Some(why) = event.change.unreadable().filter(|_| event.took()) {
                    self.evidence.losses.insert(record_loss(
                        &self.file.id,
                        raw,
                        LossKind::OpaqueParameters,
                        why,
                    ));
                }
                self.evidence.cover(
                    event.account.clone(),
                    event.region.clone(),
                    Coverage::at(event.time),
                );
                let citation = self.cite(raw);
                match amended_event(record) {
                    Some(original) => self.evidence.see_addendum(original, event, citation),
                    None => self.evidence.see(event, citation),
                }
                self.used += 1;
            }
            Err(unusable) => self.lose(raw, unusable.kind, unusable.detail),
        }
    }
}

impl Gathering<'_> {
    /// Takes a record of that source and name: a request from outside may be a change of an object too.
    fn take(&mut self, source: &str, name: &str, raw: &RawRecord<'_>, record: &Record<'_>) {
        let asked = table::request_of(source, name).is_some_and(|kind| self.ask(kind, raw, record));
        match (
            table::kind_of(source, name),
            table::inquiry_of(source, name),
        ) {
            (Some(kind), _) => self.see(kind, raw, record, asked),
            (None, Some(kind)) => self.hear(kind, raw, record),
            (None, None) if asked => self.used += 1,
            (None, None) => self.account.not_of_interest += 1,
        }
    }

    /// Whether a record is a request from outside that can be used.
    fn ask(&mut self, kind: &table::RequestKind, raw: &RawRecord<'_>, record: &Record<'_>) -> bool {
        match read_request(kind, record, raw.raw) {
            Ok(Some((key, request))) => {
                let citation = self.cite(raw);
                self.evidence.ask(key, request, citation);
                true
            }
            Ok(None) | Err(_) => false,
        }
    }

    /// Whether an event is kept.
    fn wants(&mut self, event: &ExposureEvent) -> bool {
        if matters_by_itself(event) {
            return true;
        }
        let failed = matches!(event.outcome, Outcome::Failed(_));
        let (Some(bucket), false) = (&event.bucket, failed || event.change.object().is_none())
        else {
            return false;
        };
        match self.writes {
            Writes::All => true,
            Writes::Of(objects) => concerns(event, objects),
            Writes::Noted => {
                let written = self.evidence.written.entry(self.file.id.clone());
                written.or_default().insert(bucket.clone());
                false
            }
        }
    }

    /// A read, whose answer may prove something.
    fn hear(&mut self, kind: &table::InquiryKind, raw: &RawRecord<'_>, record: &Record<'_>) {
        match read_inquiry(kind, record, raw.raw) {
            Ok(None) => self.account.not_of_interest += 1,
            Ok(Some((key, inquiry))) => {
                let citation = self.cite(raw);
                self.evidence.hear(key, inquiry, citation);
                self.used += 1;
            }
            Err(unusable) => self.lose(raw, unusable.kind, unusable.detail),
        }
    }

    fn cite(&self, raw: &RawRecord<'_>) -> Citation {
        Citation {
            log_file: self.file.id.clone(),
            record_index: raw.index,
        }
    }
}

/// The account whose trail has the record; old records name only the caller's.
fn account_of(record: &Record<'_>) -> Option<AccountId> {
    record
        .text("recipientAccountId")
        .and_then(AccountId::parse)
        .or_else(|| {
            let json = record.to_json();
            json.get("userIdentity")
                .and_then(|identity| identity.get("accountId"))
                .and_then(serde_json::Value::as_str)
                .and_then(AccountId::parse)
        })
}

impl Reader for Gathering<'_> {
    fn record(&mut self, raw: &RawRecord<'_>, record: &Record<'_>) {
        match (record.text("eventCategory"), record.text("eventType")) {
            (Some("Aggregated"), _) => self.aggregated += 1,
            (_, Some("AwsCloudTrailInsight")) | (Some("Insight"), _) => self.insights += 1,
            _ => {
                let Some((source, name)) = record.text("eventSource").zip(record.text("eventName"))
                else {
                    return self.lose(
                        raw,
                        LossKind::MissingField,
                        "no eventSource or no eventName",
                    );
                };
                if let Some(time) = event_time(record) {
                    self.cover(record, time);
                }
                return self.take(source, name, raw, record);
            }
        }
        self.account.not_of_interest += 1;
    }

    fn loss(&mut self, loss: Loss) {
        self.evidence.losses.insert(loss);
    }

    fn damaged(&mut self, records: u64) {
        self.account.lost_records += records;
    }

    fn skip(&mut self, reason: SkipReason) {
        self.skipped = Some(reason);
    }

    fn archive(&mut self, members: u64) {
        self.members = members;
        if members == 0 && self.evidence.losses.is_empty() {
            self.skip(SkipReason::NotCloudTrail);
        }
    }

    fn taken(&mut self, bytes: u64) {
        if self.file.is_standard_input() {
            self.account.bytes = bytes;
        }
    }
}
