//! What is told by bucket, where there is more of it than fits in memory?
//!
//! Kept records and reads go into lines that are sorted by bucket, on disk where they are many. Of each event, and of each id
//! that copies in several accounts' trails share, the place is noted, so that buckets whose events belong together are judged
//! together. What speaks to several buckets or to none is in a group of its own, which is held.

mod line;

use super::ScanError;
use super::again::Teller;
use crate::event::{CitedRequest, EventKey, ExposureEvent, Inquiry, Outcome, table};
use crate::evidence::{Evidence, ObjectsOfInterest, Sighting, matters_by_itself};
use crate::spill::{Lines, Sorted, Spill};
use crate::store::Again;
use crate::vocab::{BucketName, Citation, LogFileId};
use line::{ASKED, CHANGE, READ, WRITE, hear, of_read, of_record, place, place_of, tell};
pub(super) use line::{key_text, read_key, word};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many bytes of lines are held in memory: a run on disk has so many.
const HELD: usize = 64 << 20;
/// So many bytes are handed on at once.
const BATCH: usize = 1 << 20;

/// In what an id tells things apart.
const OF_EVENT: u8 = 1;
const OF_SHARED: u8 = 2;
const OF_READ: u8 = 3;

/// Takes what many threads read of a store.
pub(super) struct Pile {
    lines: Spill,
    ids: Spill,
    places: Mutex<Places>,
    beside: Mutex<(Evidence, ObjectsOfInterest)>,
}

/// The buckets, numbered as they come; 0 is what speaks to several or to none.
#[derive(Default)]
struct Places {
    numbers: HashMap<BucketName, u32>,
    names: Vec<BucketName>,
}

impl Places {
    fn number(&mut self, bucket: Option<&BucketName>) -> u32 {
        let Some(bucket) = bucket else {
            return 0;
        };
        if let Some(number) = self.numbers.get(bucket) {
            return *number;
        }
        self.names.push(bucket.clone());
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.numbers.insert(bucket.clone(), number);
        number
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pile {
    pub fn new() -> Self {
        Self {
            lines: Spill::new(HELD),
            ids: Spill::new(HELD / 8),
            places: Mutex::default(),
            beside: Mutex::default(),
        }
    }

    /// Begins to take what one segment holds.
    pub fn filling(&self) -> Filling<'_> {
        Filling {
            pile: self,
            teller: Teller::default(),
            lines: Lines::default(),
            ids: Lines::default(),
            beside: Evidence::default(),
            objects: ObjectsOfInterest::new(),
            failed: None,
        }
    }

    /// The objects whose ACL some copy of a call may have opened to others.
    pub fn objects(&self) -> ObjectsOfInterest {
        locked(&self.beside).1.clone()
    }

    /// All of it by bucket, and what is told beside that.
    pub fn finish(self) -> io::Result<(Groups, Evidence)> {
        let places = self.places.into_inner();
        let names = places.unwrap_or_else(PoisonError::into_inner).names;
        let mut joined = Joined::new(names.len() + 1);
        let ids = self.ids.finish(|_| &[])?;
        let mut last: Option<Vec<u8>> = None;
        for line in ids.of(&[]) {
            let line = line?;
            let Some((id, place)) = line.split_last_chunk::<4>() else {
                continue;
            };
            if let Some(last) = &last
                && let Some((same, other)) = last.split_last_chunk::<4>()
                && same == id
            {
                joined.join(u32::from_be_bytes(*place), u32::from_be_bytes(*other));
            }
            last = Some(line);
        }
        drop(ids);
        let mut together: BTreeMap<u32, Vec<BucketName>> = BTreeMap::from([(0, Vec::new())]);
        for (number, name) in (1..).zip(names) {
            let root = joined.root(number);
            together.entry(root).or_default().push(name);
        }
        let common = together.remove(&joined.root(0)).unwrap_or_default();
        let mut apart: Vec<Vec<BucketName>> = together.into_values().collect();
        apart.iter_mut().for_each(|names| names.sort_unstable());
        apart.sort_unstable();
        let groups = Groups {
            lines: self.lines.finish(place_of)?,
            common,
            apart,
        };
        let beside = self.beside.into_inner();
        Ok((groups, beside.unwrap_or_else(PoisonError::into_inner).0))
    }
}

/// Which places belong together.
struct Joined(Vec<u32>);

impl Joined {
    fn new(places: usize) -> Self {
        Self((0..).take(places).collect())
    }

    /// The least of those that belong together.
    fn root(&mut self, place: u32) -> u32 {
        let mut at = place;
        while let Some(next) = self.0.get(at as usize).copied().filter(|next| *next != at) {
            let further = self.0.get(next as usize).copied().unwrap_or(next);
            if let Some(known) = self.0.get_mut(at as usize) {
                *known = further;
            }
            at = further;
        }
        at
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(known) = self.0.get_mut(one.max(other) as usize) {
            *known = one.min(other);
        }
    }
}

/// The bucket that an event is of; none where it may speak to others.
fn bucket_of(event: &ExposureEvent) -> Option<&BucketName> {
    let bucket = event.bucket.as_ref();
    bucket.filter(|_| !event.change.reaches_further())
}

/// What one segment holds, on its way into the pile.
pub(super) struct Filling<'p> {
    pile: &'p Pile,
    teller: Teller,
    lines: Lines,
    ids: Lines,
    beside: Evidence,
    objects: ObjectsOfInterest,
    failed: Option<io::Error>,
}

impl Filling<'_> {
    /// Takes a record that decides.
    pub fn change(&mut self, again: &Again<'_>) {
        let told = self.teller.read(again.log_file, again.index, again.record);
        for event in told.events.values().flat_map(Sighting::events) {
            if let Some((bucket, key)) = event.bucket.as_ref().zip(event.change.object())
                && matters_by_itself(event)
            {
                let keys = self.objects.entry(bucket.clone()).or_default();
                keys.insert(key.clone());
            }
        }
        self.record(told, CHANGE, again);
    }

    /// Takes a record of a write of an object that may matter.
    pub fn write(&mut self, again: &Again<'_>) {
        let told = self.teller.read(again.log_file, again.index, again.record);
        let kind = match again.asked {
            true => ASKED,
            false => WRITE,
        };
        self.record(told, kind, again);
    }

    fn record(&mut self, told: Evidence, kind: u8, again: &Again<'_>) {
        let mut place = None;
        for (key, sighting) in &told.events {
            let event = sighting.fullest();
            let here = bucket_of(event).cloned();
            self.note_event(here.as_ref(), key, event);
            place = Some(here);
        }
        for (original, addenda) in &told.addenda {
            for event in addenda.values().flat_map(Sighting::events) {
                let here = bucket_of(event).cloned();
                self.note_event(here.as_ref(), original, event);
                place = Some(here);
            }
        }
        match place {
            None => self.add_beside(told),
            Some(bucket) => {
                let line = of_record(bucket.as_ref(), kind, again);
                self.lines.push(&line);
                self.hand_on(BATCH);
            }
        }
    }

    /// Takes a read.
    pub fn read(&mut self, key: &EventKey, inquiry: &Inquiry, citation: &Citation) {
        let bucket = inquiry.bucket.as_ref();
        self.note(OF_READ, hash_of(&key_text(key)), bucket);
        let Some(line) = of_read(key, inquiry, citation) else {
            return;
        };
        self.lines.push(&line);
        self.hand_on(BATCH);
    }

    /// Notes where a request from outside is that may be a change too.
    pub fn request(&mut self, packed: &[u8]) {
        let Some((cited, _)) = CitedRequest::unpack(packed) else {
            return;
        };
        if table::changes_too(cited.request.name) {
            let bucket = Some(&cited.request.bucket);
            self.note(OF_EVENT, hash_of(&key_text(&cited.key)), bucket);
            self.hand_on(BATCH);
        }
    }

    fn note_event(&mut self, bucket: Option<&BucketName>, key: &EventKey, event: &ExposureEvent) {
        self.note(OF_EVENT, hash_of(&key_text(key)), bucket);
        if let Some(shared) = &event.shared_event_id {
            self.note(OF_SHARED, hash_of(&(shared, event.name)), bucket);
        }
    }

    /// Two ids with one hash do no harm: what they name is judged together.
    fn note(&mut self, of: u8, id: u64, bucket: Option<&BucketName>) {
        let place = locked(&self.pile.places).number(bucket);
        let mut line = vec![of];
        line.extend_from_slice(&id.to_be_bytes());
        line.extend_from_slice(&place.to_be_bytes());
        self.ids.push(&line);
    }

    fn add_beside(&mut self, told: Evidence) {
        let known = std::mem::take(&mut self.beside);
        self.beside = known.merge(told);
    }

    fn hand_on(&mut self, most: usize) {
        for (lines, spill) in [
            (&mut self.lines, &self.pile.lines),
            (&mut self.ids, &self.pile.ids),
        ] {
            if lines.size() > most
                && let Err(cause) = spill.add(&std::mem::take(lines))
            {
                self.failed.get_or_insert(cause);
            }
        }
    }

    /// Hands over the rest.
    pub fn end(mut self) -> Result<(), ScanError> {
        self.hand_on(0);
        let mut beside = locked(&self.pile.beside);
        let known = std::mem::take(&mut beside.0);
        beside.0 = known.merge(self.beside);
        for (bucket, keys) in self.objects {
            beside.1.entry(bucket).or_default().extend(keys);
        }
        self.failed.map_or(Ok(()), Err).map_err(ScanError::Spill)
    }
}

fn hash_of(id: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// What was piled, by buckets that are judged together.
pub(super) struct Groups {
    lines: Sorted,
    /// The buckets that go with what speaks to several or to none.
    pub common: Vec<BucketName>,
    /// The others.
    pub apart: Vec<Vec<BucketName>>,
}

/// What some buckets' lines tell.
#[derive(Clone, Default)]
pub(super) struct Group {
    pub evidence: Evidence,
    /// How many writes of each file matter that count for nothing else.
    pub counted: BTreeMap<LogFileId, u64>,
}

impl Groups {
    /// What speaks to several buckets or to none.
    pub fn load_common(&self) -> Result<Group, ScanError> {
        let places = self.common.iter().map(place);
        self.load_places(std::iter::once(vec![0]).chain(places))
    }

    /// What speaks to these buckets alone.
    pub fn load<'b>(
        &self,
        names: impl Iterator<Item = &'b BucketName>,
    ) -> Result<Group, ScanError> {
        self.load_places(names.map(place))
    }

    fn load_places(&self, places: impl Iterator<Item = Vec<u8>>) -> Result<Group, ScanError> {
        let (mut group, mut teller) = (Group::default(), Teller::default());
        let mut writes = Vec::new();
        for place in places {
            for line in self.lines.of(&place) {
                let line = line.map_err(ScanError::Spill)?;
                let Some((kind, rest)) = line.get(place.len()..).and_then(<[u8]>::split_first)
                else {
                    continue;
                };
                match *kind {
                    READ => _ = hear(&place, rest, &mut group.evidence),
                    CHANGE => {
                        let told = tell(&mut teller, rest).map(|(told, _)| told);
                        group.add(told.unwrap_or_default());
                    }
                    kind => writes.push((kind == ASKED, rest.to_vec())),
                }
            }
        }
        let objects = group.evidence.objects_of_interest();
        for (asked, rest) in writes {
            if let Some((told, file)) = tell(&mut teller, &rest)
                && touches(&told, &objects)
            {
                if !asked {
                    *group.counted.entry(file).or_default() += 1;
                }
                group.add(told);
            }
        }
        Ok(group)
    }
}

impl Group {
    fn add(&mut self, told: Evidence) {
        let known = std::mem::take(&mut self.evidence);
        self.evidence = known.merge(told);
    }
}

/// Whether a record wrote one of these objects.
fn touches(told: &Evidence, objects: &ObjectsOfInterest) -> bool {
    let addenda = told.addenda.values().flat_map(BTreeMap::values);
    let mut told = told.events.values().chain(addenda);
    told.any(|sighting| {
        let event = sighting.fullest();
        let written = event.bucket.as_ref().zip(event.change.object());
        let failed = matches!(event.outcome, Outcome::Failed(_));
        let known = |(bucket, key)| objects.get(bucket).is_some_and(|keys| keys.contains(key));
        !failed && written.is_some_and(known)
    })
}

/// Buckets that are in no group: only requests from outside, or something common, reach them.
pub(super) fn others<'b>(
    groups: &Groups,
    buckets: impl Iterator<Item = &'b BucketName>,
) -> BTreeSet<BucketName> {
    let known: BTreeSet<&BucketName> = groups.apart.iter().flatten().collect();
    buckets.filter(|it| !known.contains(it)).cloned().collect()
}
