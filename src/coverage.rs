//! For which times, accounts and Regions is there evidence at all?
//!
//! A stream is what one account's trails logged in one Region of one category. Its gaps are silent hours that its own
//! rhythm does not explain, hours whose digests or log files are missing, and the end of a chain of digests while the
//! account goes on. A call that stops or changes a trail explains a gap; without one it is unexplained.

mod causes;
mod rhythm;

use crate::event::{TrailCalls, TrailEvent};
use crate::evidence::{Category, FileAccount};
use crate::integrity::{Chain, ChainKind, Gap, Integrity};
use crate::source::parse;
use crate::vocab::{AccountId, LogFileId, Region, Span, Timestamp, Untrusted, named};
use rhythm::Hours;
use std::collections::{BTreeMap, BTreeSet};

/// What one account's trails logged in one Region, of one category.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stream {
    /// The account whose trail has the records.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Option<Region>,
    /// The category.
    pub category: Category,
    /// The first and the last instant of a record.
    pub events: Option<(Timestamp, Timestamp)>,
    /// How many files have such records.
    pub log_files: u64,
    /// How many records, copies included.
    pub records: u64,
    /// The times without evidence.
    pub gaps: Vec<CoverageGap>,
    /// The event selectors in force at the end, each with its trail and since when.
    pub selectors: Vec<Untrusted>,
}

/// A time without evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoverageGap {
    /// The time.
    pub span: Span,
    /// Why it counts as one.
    pub kind: GapKind,
    /// The call that explains it, where one is in the evidence.
    pub explained_by: Option<TrailEvent>,
}

named! {
    /// Why a time counts as a gap.
    GapKind {
        /// There is no record, and by the stream's own rhythm there should be.
        Silent = "silent",
        /// The chain of digests was broken, and there is no record.
        NoDigest = "no-digest",
        /// Digests are missing, and there is no record.
        DigestMissing = "digest-missing",
        /// Log files that digests name are missing.
        LogFilesMissing = "log-files-missing",
        /// The chain of digests ends, the account's evidence goes on, and there is no record.
        EndsEarly = "ends-early",
        /// A bucket is there, and no file.
        NoFiles = "no-files",
    }
}

/// An account's Region.
pub type Place = (Option<AccountId>, Option<Region>);
type Key = (Option<AccountId>, Option<Region>, Category);

/// The streams of some evidence, sorted. `buckets` are the places where buckets are.
pub fn streams(
    files: &BTreeMap<LogFileId, FileAccount>,
    trails: &TrailCalls,
    integrity: &Integrity,
    buckets: &BTreeSet<Place>,
) -> Vec<Stream> {
    let mut sorted = gather(files);
    let whole = whole(&sorted);
    for chain in &integrity.chains {
        let place = (chain.id.account.clone(), chain.id.region.clone());
        add_place(&mut sorted, &place);
    }
    buckets
        .iter()
        .for_each(|place| add_place(&mut sorted, place));
    let ends = ends(&sorted);
    let places = places(&sorted);
    let nothing = Hours::default();
    let stream = |(key, gathered): (&Key, &Gathered)| {
        let found = Finder {
            key,
            gathered,
            all: &sorted,
            place: places
                .get(&(key.0.clone(), key.1.clone()))
                .unwrap_or(&nothing),
            integrity,
            trails,
        };
        let gaps = found.gaps(ends.get(&key.0).copied(), whole);
        let selectors = selectors(trails, key.0.as_ref());
        let (account, region, category) = key.clone();
        Stream {
            account,
            region,
            category,
            events: gathered.hours.span(),
            log_files: gathered.log_files,
            records: gathered.records,
            gaps,
            selectors,
        }
    };
    sorted.iter().map(stream).collect()
}

#[derive(Default)]
struct Gathered {
    hours: Hours,
    log_files: u64,
    records: u64,
}

fn gather(files: &BTreeMap<LogFileId, FileAccount>) -> BTreeMap<Key, Gathered> {
    let mut sorted: BTreeMap<Key, Gathered> = BTreeMap::new();
    for file in files.values() {
        let mut seen: Vec<Key> = Vec::new();
        for activity in &file.activity {
            let key = (
                activity.account.clone(),
                activity.region.clone(),
                activity.category,
            );
            let gathered = sorted.entry(key.clone()).or_default();
            gathered.records = gathered.records.saturating_add(activity.records);
            gathered.hours.add(activity.hour, activity.coverage);
            if !seen.contains(&key) {
                gathered.log_files += 1;
                seen.push(key);
            }
        }
    }
    sorted
}

/// A place where there should be management events.
fn add_place(sorted: &mut BTreeMap<Key, Gathered>, (account, region): &Place) {
    if account.is_some() && region.is_some() {
        let key = (account.clone(), region.clone(), Category::Management);
        sorted.entry(key).or_default();
    }
}

/// The hours of each account's Regions, whatever the category.
fn places(sorted: &BTreeMap<Key, Gathered>) -> BTreeMap<Place, Hours> {
    let mut places: BTreeMap<Place, Hours> = BTreeMap::new();
    for ((account, region, _), gathered) in sorted {
        let place = (account.clone(), region.clone());
        places.entry(place).or_default().join(&gathered.hours);
    }
    places
}

/// The last record of each account.
fn ends(sorted: &BTreeMap<Key, Gathered>) -> BTreeMap<Option<AccountId>, Timestamp> {
    let mut ends = BTreeMap::new();
    for ((account, ..), gathered) in sorted {
        if let Some((_, last)) = gathered.hours.span() {
            let known = ends.entry(account.clone()).or_insert(last);
            *known = last.max(*known);
        }
    }
    ends
}

/// From the first to the last record of all.
fn whole(sorted: &BTreeMap<Key, Gathered>) -> Option<Span> {
    let spans = sorted.values().filter_map(|it| it.hours.span());
    let until = spans.clone().map(|(_, last)| last).max()?;
    let from = spans.map(|(first, _)| first).min()?;
    Some(Span { from, until })
}

const HOUR: i64 = 3600;

struct Finder<'a> {
    key: &'a Key,
    gathered: &'a Gathered,
    /// Every stream's records.
    all: &'a BTreeMap<Key, Gathered>,
    /// The records of all categories: a log file holds what a trail logs, of whatever category.
    place: &'a Hours,
    integrity: &'a Integrity,
    trails: &'a TrailCalls,
}

impl Finder<'_> {
    fn gaps(&self, account_ends: Option<Timestamp>, whole: Option<Span>) -> Vec<CoverageGap> {
        let mut silent = self.gathered.hours.silent(account_ends);
        silent.extend(
            self.stopped(account_ends)
                .filter(|end| !silent.contains(end)),
        );
        let mut found: Vec<CoverageGap> = silent
            .into_iter()
            .map(|span| self.told_by_calls(span, GapKind::Silent))
            .collect();
        for mut hole in self.digest_holes() {
            hole.span = self.after_last_record(hole.span, hole.kind);
            self.add(hole, &mut found);
        }
        found.extend(self.missing_files());
        if found.is_empty() && self.gathered.records == 0 && !self.has_chain() {
            found.extend(whole.map(|span| self.told_by_calls(span, GapKind::NoFiles)));
        }
        found.sort_by_key(|gap| (gap.span, gap.kind));
        found
    }

    /// A hole is told although a record lies in it: that one alone may be left, or planted.
    ///
    /// What the chain of digests says of a hole holds of the silence around it too: a call on another trail explains neither. A
    /// missing digest says nothing of it.
    fn add(&self, hole: CoverageGap, found: &mut Vec<CoverageGap>) {
        let (from, until) = (hole.span.from, hole.span.until);
        let meets = |gap: &&mut CoverageGap| gap.span.from < until && from < gap.span.until;
        let holds = |gap: &CoverageGap| gap.span.from <= from && until <= gap.span.until;
        if from >= until {
            return;
        }
        if hole.explained_by.is_none() && hole.kind != GapKind::DigestMissing {
            let around = found.iter_mut().filter(meets);
            around.for_each(|gap| gap.explained_by = None);
        }
        if !found.iter().any(holds) && !self.filling().fill(hole.span) {
            found.push(hole);
        }
    }

    /// The records that fill a hole: where a trail logs data events alone, they are none of another trail's hole.
    fn filling(&self) -> &Hours {
        let of_management = self.key.2 == Category::Management;
        match of_management && self.chains().any(|chain| chain.holds_data_alone) {
            true => &self.gathered.hours,
            false => self.place,
        }
    }

    fn told_by_calls(&self, span: Span, kind: GapKind) -> CoverageGap {
        CoverageGap {
            span,
            kind,
            explained_by: self.explanation(span),
        }
    }

    /// The last files of a chain are not named yet when it is cut off: the gap begins after what they tell. An end after which
    /// there are records is none.
    fn after_last_record(&self, span: Span, kind: GapKind) -> Span {
        let last = self.place.span().map(|(_, last)| last.plus(1));
        let may_end = |last: &Timestamp| match kind {
            GapKind::EndsEarly => true,
            GapKind::DigestMissing => *last < span.until,
            _ => false,
        };
        match last.filter(|last| *last > span.from).filter(may_end) {
            // Between an event and its delivery lie minutes: two hours, to be safe.
            Some(last) if last.plus(2 * HOUR) < span.until => Span { from: last, ..span },
            Some(_) => Span {
                from: span.until,
                ..span
            },
            None => span,
        }
    }

    fn chains(&self) -> impl Iterator<Item = &Chain> {
        let (account, region, _) = self.key;
        let here = move |chain: &&Chain| {
            chain.id.account == *account
                && chain.id.region == *region
                && chain.id.kind == ChainKind::Regular
        };
        self.integrity.chains.iter().filter(here)
    }

    fn has_chain(&self) -> bool {
        self.chains().next().is_some()
    }

    /// Times of delivery without a digest of any trail. What explains them is the chain's to say: no call does so of a digest
    /// that was delivered and is not here.
    fn digest_holes(&self) -> Vec<CoverageGap> {
        // A trail that logs data events alone is silent on the others, and its own holes are none of theirs.
        let logging = || {
            let of_data = self.key.2 == Category::Data;
            self.chains()
                .filter(move |chain| of_data || !chain.holds_data_alone)
        };
        let covered = |span: &Span| {
            let mut windows = logging().flat_map(|chain| &chain.covered);
            windows.any(|it| it.from <= span.from && span.until <= it.until)
        };
        let holes = logging().flat_map(|chain| {
            let told = |kind| {
                move |gap: &Gap| CoverageGap {
                    span: gap.span,
                    kind,
                    explained_by: gap.explained_by.clone(),
                }
            };
            let missing = joined(chain.missing.iter().map(|it| it.window));
            let missing = missing
                .into_iter()
                .map(|span| unexplained(span, GapKind::DigestMissing));
            let broken = chain.gaps.iter().map(told(GapKind::NoDigest));
            let early = chain.ends_early.iter().map(told(GapKind::EndsEarly));
            broken.chain(missing).chain(early)
        });
        holes.filter(|hole| !covered(&hole.span)).collect()
    }

    fn missing_files(&self) -> impl Iterator<Item = CoverageGap> {
        let (account, region, _) = self.key;
        let here = self.integrity.missing.iter().filter(|log| {
            parse(log.key.reveal())
                .is_some_and(|key| Some(key.account) == *account && Some(key.region) == *region)
        });
        let spans = here.filter_map(|log| {
            let (from, last) = log.oldest.zip(log.newest)?;
            let until = last.max(from).plus(1);
            Some(Span { from, until })
        });
        joined(spans)
            .into_iter()
            .map(|span| unexplained(span, GapKind::LogFilesMissing))
    }
}

fn unexplained(span: Span, kind: GapKind) -> CoverageGap {
    CoverageGap {
        span,
        kind,
        explained_by: None,
    }
}

/// Spans that touch, as one.
fn joined(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.collect();
    sorted.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for span in sorted {
        match joined.last_mut() {
            Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
            _ => joined.push(span),
        }
    }
    joined
}

/// The last selectors that each of the account's trails was given.
fn selectors(trails: &TrailCalls, account: Option<&AccountId>) -> Vec<Untrusted> {
    let mut last: BTreeMap<&Untrusted, Untrusted> = BTreeMap::new();
    for event in trails.keys() {
        let Some(selectors) = &event.selectors else {
            continue;
        };
        if event.account.as_ref() == account {
            let (trail, since) = (event.trail.reveal(), event.time);
            let told = format!("{trail} since {since}: {}", selectors.reveal());
            last.insert(&event.trail, told.into());
        }
    }
    last.into_values().collect()
}
