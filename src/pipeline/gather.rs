//! What does one file tell?

use super::reading::{Reader, read_records, record_loss};
use super::unread;
use crate::event::{event_time, read_event, table};
use crate::evidence::{Coverage, Evidence, Fate, FileAccount};
use crate::record::{RawRecord, Record};
use crate::source::{LogFile, Source};
use crate::vocab::{AccountId, Citation, Loss, LossKind, Region, SkipReason, Timestamp};

/// What one file tells.
pub(super) fn read_file(source: &dyn Source, file: &LogFile, max_inflated: u64) -> Evidence {
    let mut gathered = Gathering::of(file);
    read_records(source, file, max_inflated, &mut gathered);
    gathered.finish()
}

/// Gathers the evidence of one file.
struct Gathering<'f> {
    file: &'f LogFile,
    evidence: Evidence,
    account: FileAccount,
    used: u64,
    insights: u64,
    aggregated: u64,
    skipped: Option<SkipReason>,
}

impl<'f> Gathering<'f> {
    fn of(file: &'f LogFile) -> Self {
        let account = unread(file.bytes, Fate::Read);
        Self {
            file,
            evidence: Evidence::default(),
            account,
            used: 0,
            insights: 0,
            aggregated: 0,
            skipped: None,
        }
    }

    fn finish(mut self) -> Evidence {
        self.account.records = self.used + self.account.not_of_interest + self.account.lost_records;
        self.account.fate = match self.skipped.or(self.only_other_records()) {
            Some(reason) => Fate::Skipped(reason),
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

    fn see(&mut self, kind: &'static table::Kind, raw: &RawRecord<'_>, record: &Record<'_>) {
        match read_event(kind, record, raw.raw) {
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
                self.evidence.see(
                    event,
                    Citation {
                        log_file: self.file.id.clone(),
                        record_index: raw.index,
                    },
                );
                self.used += 1;
            }
            Err(unusable) => self.lose(raw, unusable.kind, unusable.detail),
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
                if let Some(kind) = table::kind_of(source, name) {
                    return self.see(kind, raw, record);
                }
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
}
