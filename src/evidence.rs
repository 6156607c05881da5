//! What does one log file tell, and what do all of them tell together?
//!
//! Evidence merges: in any order, in any grouping, and twice the same is once. That is what makes reports independent of
//! how the files were split, read or repeated.

mod apart;
mod held;
mod settled;
mod sighting;

pub use held::HeldWrite;
pub use settled::{Believe, Settled};
pub use sighting::Sighting;

use crate::event::{CitedInquiry, EventKey, ExposureEvent, Heard, Inquiry, TrailCalls};
use crate::vocab::{
    AccountId, BucketName, Citation, LogFileId, Loss, Region, SkipReason, Timestamp, Untrusted,
    named,
};
use apart::lie_apart;
use settled::settle;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// What a set of log files tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Evidence {
    /// Each file, and what became of it.
    pub files: BTreeMap<LogFileId, FileAccount>,
    /// Each event of interest, once.
    pub events: BTreeMap<EventKey, Sighting>,
    /// For each event that later records amend, those records, each once.
    pub addenda: BTreeMap<EventKey, BTreeMap<EventKey, Sighting>>,
    /// Each read whose answer tells something, once, with the smallest of its citations.
    pub inquiries: BTreeMap<EventKey, (Inquiry, Citation)>,
    /// The buckets whose data events the evidence holds, and over which span.
    pub logged: BTreeMap<BucketName, BTreeMap<Option<AccountId>, Coverage>>,
    /// The accounts whose sessions' issuances the evidence holds, in which Region and over which span.
    pub issued: BTreeMap<(AccountId, Region), Coverage>,
    /// Writes of objects in what can be read only once, by the record that tells of each: which matter is known when all is read.
    pub held: BTreeMap<Citation, HeldWrite>,
    /// Over which span each account's Regions have records, of whatever kind.
    pub coverage: BTreeMap<(Option<AccountId>, Option<Region>), Coverage>,
    /// What could not be used.
    pub losses: BTreeSet<Loss>,
    /// The buckets into which calls of each file wrote objects that matter only where an object's ACL let others in.
    pub written: BTreeMap<LogFileId, BTreeSet<BucketName>>,
    /// Calls on the trails that wrote all this.
    pub trails: TrailCalls,
}

/// The objects whose every write matters: those whose ACL let others in at some time.
pub type ObjectsOfInterest = BTreeMap<BucketName, BTreeSet<Untrusted>>;

/// What became of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileAccount {
    /// Its size, compressed if it is.
    pub bytes: u64,
    /// Read, skipped or lost.
    pub fate: Fate,
    /// How many records it holds, damaged ones included.
    pub records: u64,
    /// Of these, how many are of no interest.
    pub not_of_interest: u64,
    /// Of these, how many could not be used.
    pub lost_records: u64,
    /// The first and last eventTime in it.
    pub coverage: Option<Coverage>,
    /// When it has records of which account, Region and category, by the hour.
    pub activity: Vec<Activity>,
}

/// The records of one hour in one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Activity {
    /// The account whose trail has them.
    pub account: Option<AccountId>,
    /// awsRegion.
    pub region: Option<Region>,
    /// What kind of event they are of.
    pub category: Category,
    /// The hour, counted from 1970.
    pub hour: i64,
    /// How many they are.
    pub records: u64,
    /// Their first and last instant.
    pub coverage: Coverage,
}

named! {
    /// The kinds of event that a trail may or may not log.
    Category {
        /// Management events.
        Management = "management",
        /// Data events.
        Data = "data",
    }
}

impl FileAccount {
    /// How many of its records were used.
    pub fn of_interest(&self) -> u64 {
        self.records
            .saturating_sub(self.not_of_interest)
            .saturating_sub(self.lost_records)
    }
}

/// Whether a file was used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fate {
    /// Something of it was used.
    Read,
    /// It is no CloudTrail log file.
    Skipped(SkipReason),
    /// Nothing of it could be used.
    Lost,
}

/// The first and the last instant of some records, and how many they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Coverage {
    /// The earliest eventTime.
    pub first: Timestamp,
    /// The latest eventTime.
    pub last: Timestamp,
}

impl Coverage {
    /// One instant.
    pub fn at(time: Timestamp) -> Self {
        Self {
            first: time,
            last: time,
        }
    }

    /// Both together.
    pub fn merge(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

impl Evidence {
    /// Adds an event that a record tells of.
    pub fn see(&mut self, event: ExposureEvent, citation: Citation) {
        self.add(event.key.clone(), Sighting::of(event, citation));
    }

    /// Adds a record that amends an event, whether that event is seen or not.
    pub fn see_addendum(&mut self, original: EventKey, event: ExposureEvent, citation: Citation) {
        let sighting = Sighting::of(event, citation);
        let addenda = self.addenda.entry(original).or_default();
        add(addenda, sighting.fullest().key.clone(), sighting);
    }

    /// Adds what the answer to a read tells. Of two copies that differ the smaller is believed.
    pub fn hear(&mut self, key: EventKey, inquiry: Inquiry, citation: Citation) {
        match self.inquiries.get_mut(&key) {
            Some(known) => {
                let (heard, cited) = known;
                *cited = citation.min(cited.clone());
                *heard = inquiry.min(heard.clone());
            }
            None => {
                self.inquiries.insert(key, (inquiry, citation));
            }
        }
    }

    /// Notes that a bucket's data events are logged in an account, if one is known.
    pub fn log(&mut self, bucket: &str, account: Option<&str>, here: Coverage) {
        let known = self.logged.get_mut(bucket);
        let spans = known.into_iter().flat_map(|accounts| accounts.iter_mut());
        let mut same = spans.filter(|(known, _)| known.as_ref().map(AccountId::as_str) == account);
        if let Some((_, span)) = same.next() {
            *span = span.merge(here);
        } else if let Some(bucket) = BucketName::parse(bucket) {
            let accounts = self.logged.entry(bucket).or_default();
            merge_into(accounts, account.and_then(AccountId::parse), here);
        }
    }

    /// Notes that an account's sessions are logged in a Region.
    pub fn issue(&mut self, account: AccountId, region: Region, here: Coverage) {
        merge_into(&mut self.issued, (account, region), here);
    }

    /// Notes that an account's Region has a record of that instant.
    pub fn cover(
        &mut self,
        account: Option<AccountId>,
        region: Option<Region>,
        coverage: Coverage,
    ) {
        merge_into(&mut self.coverage, (account, region), coverage);
    }

    /// Everything that either tells.
    pub fn merge(mut self, mut other: Self) -> Self {
        // The larger takes in the smaller, of each by itself: much of one does not move for little of another.
        if self.events.len() < other.events.len() {
            std::mem::swap(&mut self.events, &mut other.events);
        }
        if self.files.len() < other.files.len() {
            std::mem::swap(&mut self.files, &mut other.files);
        }
        if self.losses.len() < other.losses.len() {
            std::mem::swap(&mut self.losses, &mut other.losses);
        }
        if self.inquiries.len() < other.inquiries.len() {
            std::mem::swap(&mut self.inquiries, &mut other.inquiries);
        }
        if lie_apart(&self.files, &other.files) {
            self.files.append(&mut other.files);
        }
        for (id, account) in other.files {
            self.account(id, account);
        }
        for (id, buckets) in other.written {
            self.written.entry(id).or_default().extend(buckets);
        }
        self.losses.extend(other.losses);
        self.held.extend(other.held);
        for (key, (inquiry, citation)) in other.inquiries {
            self.hear(key, inquiry, citation);
        }
        for (bucket, accounts) in other.logged {
            let known = self.logged.entry(bucket).or_default();
            for (account, span) in accounts {
                merge_into(known, account, span);
            }
        }
        for ((account, region), span) in other.issued {
            self.issue(account, region, span);
        }
        for (call, citations) in other.trails {
            self.trails.entry(call).or_default().extend(citations);
        }
        other
            .events
            .into_iter()
            .for_each(|(key, sighting)| self.add(key, sighting));
        for (original, addenda) in other.addenda {
            let known = self.addenda.entry(original).or_default();
            addenda
                .into_iter()
                .for_each(|(key, sighting)| add(known, key, sighting));
        }
        other
            .coverage
            .into_iter()
            .for_each(|((account, region), coverage)| self.cover(account, region, coverage));
        self
    }

    /// Notes what became of a file. Of two readings the one that used more of it counts.
    pub fn account(&mut self, id: LogFileId, account: FileAccount) {
        match self.files.entry(id) {
            Entry::Occupied(mut known) if known.get().of_interest() < account.of_interest() => {
                known.insert(account);
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => {
                place.insert(account);
            }
        }
    }

    /// Notes what became of many files.
    pub fn account_all(&mut self, mut accounts: Vec<(LogFileId, FileAccount)>) {
        accounts.sort_by(|(one, its), (other, others)| {
            let most_used = others.of_interest().cmp(&its.of_interest());
            one.cmp(other).then(most_used)
        });
        accounts.dedup_by(|(later, _), (first, _)| later == first);
        match self.files.is_empty() {
            true => self.files = accounts.into_iter().collect(),
            false => accounts
                .into_iter()
                .for_each(|(id, account)| self.account(id, account)),
        }
    }

    /// The objects whose ACL some copy of a call may have opened to others.
    pub fn objects_of_interest(&self) -> ObjectsOfInterest {
        let mut objects = ObjectsOfInterest::new();
        let events = self.events.values().flat_map(Sighting::events);
        for event in events.filter(|event| matters_by_itself(event)) {
            if let (Some(bucket), Some(key)) = (&event.bucket, event.change.object()) {
                objects
                    .entry(bucket.clone())
                    .or_default()
                    .insert(key.clone());
            }
        }
        objects
    }

    /// Whether calls of a file, or of a file in it, wrote objects into some of these buckets.
    pub fn wrote_into(&self, file: &LogFileId, objects: &ObjectsOfInterest) -> bool {
        let name = file.as_str();
        let is_it = |id: &LogFileId| {
            let rest = id.as_str().strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("!/"))
        };
        self.written
            .range(file.clone()..)
            .take_while(|(id, _)| id.as_str().starts_with(name))
            .filter(|(id, _)| is_it(id))
            .any(|(_, buckets)| buckets.iter().any(|bucket| objects.contains_key(bucket)))
    }

    fn add(&mut self, key: EventKey, sighting: Sighting) {
        add(&mut self.events, key, sighting);
    }

    /// How many different events, addenda and reads of interest the records tell of; requests from outside are counted
    /// elsewhere.
    pub fn distinct(&self) -> u64 {
        let logged = |(inquiry, _): &&(Inquiry, Citation)| inquiry.heard == Heard::Logged;
        let reads = self.inquiries.values().filter(logged).count();
        let addenda: usize = self.addenda.values().map(BTreeMap::len).sum();
        (self.events.len() + addenda + reads) as u64
    }

    /// How many records are of interest, copies included.
    pub fn of_interest(&self) -> u64 {
        let all = self.files.values().map(FileAccount::of_interest);
        all.fold(0, u64::saturating_add)
    }

    /// Adds what a record tells of an event, or in amendment of one, and that its account's Region has a record of that instant.
    pub fn tell(&mut self, event: ExposureEvent, amends: Option<EventKey>, citation: Citation) {
        let here = Coverage::at(event.time);
        self.cover(event.account.clone(), event.region.clone(), here);
        match amends {
            Some(original) => self.see_addendum(original, event, citation),
            None => self.see(event, citation),
        }
    }

    /// The events as they are believed and amended, by key, and the reads, each with the smallest citation of the record that
    /// it rests on. `believe` says how far each record may be believed.
    pub fn cited(mut self, believe: &Believe<'_>) -> (Vec<Settled>, Vec<CitedInquiry>) {
        let addenda = std::mem::take(&mut self.addenda).into_iter();
        let mut amended: BTreeMap<EventKey, Settled> = addenda
            .filter_map(|(key, addenda)| {
                let seen = self.events.remove(&key);
                let settled = settle(&key, seen, addenda, believe)?;
                Some((key, settled))
            })
            .collect();
        let alone = self.events.into_iter().filter_map(|(key, sighting)| {
            let settled = settle(&key, Some(sighting), BTreeMap::new(), believe)?;
            Some((key, settled))
        });
        amended.extend(alone);
        let inquiries = self.inquiries.into_iter();
        let heard = inquiries.map(|(key, (inquiry, citation))| CitedInquiry {
            key,
            inquiry,
            citation,
        });
        (amended.into_values().collect(), heard.collect())
    }
}

fn merge_into<K: Ord>(spans: &mut BTreeMap<K, Coverage>, key: K, here: Coverage) {
    spans
        .entry(key)
        .and_modify(|known| *known = known.merge(here))
        .or_insert(here);
}

/// Whether an event matters whatever was done to the object that it touches.
pub fn matters_by_itself(event: &ExposureEvent) -> bool {
    event.change.is_of_interest() || event.proves_acls_disabled()
}

/// Whether an event matters: most writes of objects do only where the object's ACL let others in.
pub fn concerns(event: &ExposureEvent, objects: &ObjectsOfInterest) -> bool {
    let written = event.bucket.as_ref().zip(event.change.object());
    let touches = |(bucket, key)| objects.get(bucket).is_some_and(|keys| keys.contains(key));
    matters_by_itself(event) || written.is_some_and(touches)
}

fn add(known: &mut BTreeMap<EventKey, Sighting>, key: EventKey, sighting: Sighting) {
    match known.get_mut(&key) {
        Some(known) => known.join(sighting),
        None => {
            known.insert(key, sighting);
        }
    }
}
