//! What does one file tell?

mod aside;
mod glance;
mod presence;
mod writes;

pub(super) use aside::read_stories;
use presence::Presence;
pub(super) use presence::{account_at_a_glance, account_of, calls_directly};
pub(super) use writes::Writes;

use super::issued::Issued;
use super::proof::{Asked, Beside, Prover, add_hashed};
use super::reading::{Ended, Reader, Reading, read_records};
use super::sink::{Catch, Sinks};
use super::text::record_loss;
use super::unread;
use crate::event::{
    CitedIssuance, CitedRequest, IssuanceKind, Unusable, amended_event, event_time,
    has_unsound_bytes, issuance_of, read_event, read_inquiry, read_issuance, read_requests, table,
};
use crate::evidence::{Coverage, Evidence, Fate, FileAccount};
use crate::inflate::FirstMember;
use crate::integrity::{ContentHash, Material};
use crate::record::{Glance, RawRecord, Record};
use crate::source::{LogFile, Source};
use crate::vocab::{
    AccountId, BucketName, Calendar, Citation, LogFileId, Loss, LossKind, SkipReason,
};
use std::collections::BTreeSet;

/// The same, with nothing left to be hashed.
pub(super) type Whole = (Evidence, Material);

/// What files tell, and what they are checked with.
#[derive(Default)]
pub(super) struct Gathered {
    evidence: Evidence,
    pub material: Material,
    /// What became of each file, as they came: so many are put in order at once.
    accounts: Vec<(LogFileId, FileAccount)>,
    /// What is still being hashed.
    beside: Beside,
}

impl Gathered {
    pub fn merge(mut self, other: Self) -> Self {
        let mut material = self.material.merge(other.material);
        add_hashed(self.beside.merge(other.beside), &mut material);
        self.accounts.extend(other.accounts);
        Self {
            evidence: self.evidence.merge(other.evidence),
            material,
            accounts: self.accounts,
            beside: self.beside,
        }
    }

    /// All of it, with nothing left to be hashed.
    pub fn whole(mut self) -> Whole {
        self.evidence.account_all(self.accounts);
        add_hashed(self.beside.finish(), &mut self.material);
        (self.evidence, self.material)
    }

    /// Adds what one file tells; gives how many records it has. What there is by the million goes into sinks, where there are
    /// some.
    pub fn read_file(
        &mut self,
        source: &dyn Source,
        file: &LogFile,
        reading: Reading<'_>,
        writes: Writes<'_>,
        asked: Asked<'_>,
        sinks: Option<&Sinks>,
    ) -> u64 {
        let mut records = 0_u64;
        let begin = |file: &LogFile| Gathering::of(file, writes, asked);
        read_records(source, file, reading, &begin, &mut |mut gathered| {
            let caught = gathered.caught();
            sinks
                .into_iter()
                .for_each(|sinks| sinks.take(&gathered.id, &caught));
            records = records.saturating_add(gathered.finish_into(self));
        });
        records
    }
}

/// Gathers the evidence of one file.
pub(super) struct Gathering<'o> {
    id: LogFileId,
    is_standard_input: bool,
    writes: Writes<'o>,
    /// Where anything was found: most files tell of nothing but themselves.
    evidence: Option<Box<Evidence>>,
    catch: Catch,
    presence: Presence,
    calendar: Calendar,
    /// Into which buckets its calls wrote objects that matter only where an object's ACL let others in.
    written: BTreeSet<BucketName>,
    account: FileAccount,
    used: u64,
    insights: u64,
    aggregated: u64,
    skipped: Option<SkipReason>,
    /// How many files an archive holds.
    members: u64,
    prover: Prover,
}

impl<'o> Gathering<'o> {
    pub(super) fn of(file: &LogFile, writes: Writes<'o>, asked: Asked<'_>) -> Self {
        let account = unread(file.bytes, Fate::Read);
        Self {
            id: file.id.clone(),
            is_standard_input: file.is_standard_input(),
            writes,
            evidence: None,
            catch: Catch::default(),
            presence: Presence::default(),
            calendar: Calendar::default(),
            written: BTreeSet::new(),
            account,
            used: 0,
            insights: 0,
            aggregated: 0,
            skipped: None,
            members: 0,
            prover: Prover::of(file, asked),
        }
    }

    /// What there is by the million of what was gathered.
    pub(super) fn caught(&mut self) -> Catch {
        std::mem::take(&mut self.catch)
    }

    pub(super) fn finish(self) -> Gathered {
        let mut all = Gathered::default();
        self.finish_into(&mut all);
        all
    }

    /// Adds what was gathered; gives how many records there were.
    fn finish_into(mut self, all: &mut Gathered) -> u64 {
        self.account.records = self.used + self.account.not_of_interest + self.account.lost_records;
        self.account.fate = match self.skipped.or(self.only_other_records()) {
            Some(reason) => Fate::Skipped(reason),
            None if self.members > 0 => Fate::Read,
            None if self.used + self.account.not_of_interest == 0 && self.has_losses() => {
                Fate::Lost
            }
            None => Fate::Read,
        };
        self.presence.tell(&mut all.evidence, &mut self.account);
        if !self.written.is_empty() {
            let known = all.evidence.written.entry(self.id.clone());
            known.or_default().extend(self.written);
        }
        let records = self.account.records;
        all.accounts.push((self.id.clone(), self.account));
        if let Some(evidence) = self.evidence {
            all.evidence = std::mem::take(&mut all.evidence).merge(*evidence);
        }
        self.prover
            .finish_into(self.id, &mut all.material, &mut all.beside);
        records
    }

    /// What was found, to add to it.
    fn evidence(&mut self) -> &mut Evidence {
        self.evidence.get_or_insert_default()
    }

    fn has_losses(&self) -> bool {
        let evidence = self.evidence.as_ref();
        evidence.is_some_and(|evidence| !evidence.losses.is_empty())
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

    fn lose(&mut self, raw: &RawRecord<'_>, kind: LossKind, detail: &str) {
        let loss = record_loss(&self.id, raw, kind, detail);
        self.evidence().losses.insert(loss);
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
            Ok(event) if !self.wants(&event) => {
                self.put_write_aside(&event, raw, record, asked);
                match self.hold(event, raw, record, asked) || asked {
                    true => self.used += 1,
                    false => self.account.not_of_interest += 1,
                }
            }
            Ok(event) => {
                self.put_change_aside(&event, raw, record);
                if let Some(why) = event.change.unreadable().filter(|_| event.took()) {
                    let loss = record_loss(&self.id, raw, LossKind::OpaqueParameters, why);
                    self.evidence().losses.insert(loss);
                }
                let citation = self.cite(raw);
                self.evidence().tell(event, amended_event(record), citation);
                self.used += 1;
            }
            // Of a copy it counts that it was read, wherever it was copied to.
            Err(unusable) if asked && unusable.kind == LossKind::NoBucket => self.used += 1,
            Err(unusable) => self.lose(raw, unusable.kind, unusable.detail),
        }
    }
}

impl Gathering<'_> {
    /// Takes a record of that source and name: a request from outside may be a change of an object too.
    fn take(&mut self, source: &str, name: &str, raw: &RawRecord<'_>, record: &Record<'_>) {
        if let Some((kind, name)) = issuance_of(source, name) {
            return self.issue(kind, name, raw, record);
        }
        let request = table::request_of(source, name);
        let changes = table::kind_of(source, name).is_some();
        let asked = match request.map_or(Ok(false), |kind| self.ask(kind, raw, record)) {
            Ok(asked) => asked,
            // What failed and cannot be told apart let nobody in; what is a change too is told as one.
            Err(_) if changes || record.text("errorCode").is_some() => false,
            Err(unusable) => return self.lose(raw, unusable.kind, unusable.detail),
        };
        match (
            table::kind_of(source, name),
            table::inquiry_of(source, name),
        ) {
            (Some(kind), _) if self.is_quiet(kind, raw, record, asked) => match asked {
                true => self.used += 1,
                false => self.account.not_of_interest += 1,
            },
            (Some(kind), _) => self.see(kind, raw, record, asked),
            (None, Some(kind)) => self.hear(kind, raw, record),
            (None, None) if asked => self.used += 1,
            (None, None) => self.account.not_of_interest += 1,
        }
    }

    /// Whether a record is a request from outside that can be used.
    fn ask(
        &mut self,
        kind: &table::RequestKind,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
    ) -> Result<bool, Unusable> {
        let requests = read_requests(kind, record, raw.raw)?;
        if requests.is_empty() {
            return Ok(false);
        }
        if has_unsound_bytes(record) {
            let why = "bytesTransferredOut is no number of bytes; it is not counted";
            let loss = record_loss(&self.id, raw, LossKind::UnsoundBytes, why);
            self.evidence().losses.insert(loss);
        }
        let is_addendum = amended_event(record).is_some();
        for (number, (key, request)) in requests.into_iter().enumerate() {
            let (bucket, owner) = (request.bucket.as_str(), request.account.as_ref());
            let here = Coverage::at(request.time);
            self.evidence()
                .log(bucket, owner.map(AccountId::as_str), here);
            let citation = self.cite(raw);
            let cited = CitedRequest {
                key,
                request,
                citation,
                is_beside: number > 0,
                is_addendum,
            };
            self.catch.requests.push(&cited.pack().0);
        }
        Ok(true)
    }

    /// An event that issues a session.
    fn issue(
        &mut self,
        kind: IssuanceKind,
        name: &'static str,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
    ) {
        let Some((event, issuance)) = read_issuance(kind, name, record, raw.raw) else {
            self.account.not_of_interest += 1;
            return;
        };
        if let Some((account, region)) = issuance.account.clone().zip(issuance.region.clone()) {
            let here = Coverage::at(issuance.time);
            self.evidence().issue(account, region, here);
        }
        let cited = CitedIssuance {
            event,
            issuance,
            citation: self.cite(raw),
        };
        match Issued::of(&cited).filter(|_| !self.writes.keeps_all()) {
            Some(issued) => self.catch.issued.push(issued),
            None => self.catch.sessions.push(cited),
        }
        self.used += 1;
    }

    /// A read, whose answer may prove something.
    fn hear(&mut self, kind: &table::InquiryKind, raw: &RawRecord<'_>, record: &Record<'_>) {
        match read_inquiry(kind, record, raw.raw) {
            Ok(None) => self.account.not_of_interest += 1,
            Ok(Some((key, inquiry))) => {
                let citation = self.cite(raw);
                self.evidence().hear(key, inquiry, citation);
                self.used += 1;
            }
            Err(unusable) => self.lose(raw, unusable.kind, unusable.detail),
        }
    }

    fn cite(&self, raw: &RawRecord<'_>) -> Citation {
        Citation {
            log_file: self.id.clone(),
            record_index: raw.index,
        }
    }
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
                let time = event_time(record);
                time.into_iter().for_each(|time| self.cover(record, time));
                // What passed through an account's VPC endpoint is told by the bucket owner's own trail; this copy's account is the
                // endpoint's.
                if record.text("eventCategory") == Some("NetworkActivity") {
                    self.account.not_of_interest += 1;
                    return;
                }
                if let Some(time) = time {
                    self.note((source, name), time, raw, record);
                }
                if let Some(kind) = table::trail_kind_of(source, name) {
                    self.hear_of_trail(kind, raw, record);
                }
                return self.take(source, name, raw, record);
            }
        }
        self.account.not_of_interest += 1;
    }

    fn loss(&mut self, loss: Loss) {
        self.evidence().losses.insert(loss);
    }

    fn damaged(&mut self, records: u64) {
        self.account.lost_records += records;
    }

    fn skip(&mut self, reason: SkipReason) {
        self.skipped = Some(reason);
    }

    fn text(&mut self, piece: &[u8], first: FirstMember) {
        self.prover.text(piece, first);
    }

    fn wants(
        &mut self,
        raw: &RawRecord<'_>,
        _: Option<usize>,
        glance: Option<&Glance<'_>>,
    ) -> bool {
        self.prover.record(raw);
        !glance.is_some_and(|glance| self.pass_over(raw, glance))
    }

    fn wants_rest(&self) -> bool {
        self.prover.wants_all()
    }

    fn end(&mut self, ended: &Ended<'_>) {
        self.prover.end(ended);
    }

    fn hashed(&mut self, file: ContentHash) {
        self.prover.hashed(file);
    }

    fn archive(&mut self, members: u64) {
        self.members = members;
        if members == 0 && !self.has_losses() {
            self.skip(SkipReason::NotCloudTrail);
        }
    }

    fn taken(&mut self, bytes: u64) {
        if self.is_standard_input {
            self.account.bytes = bytes;
        }
    }
}
