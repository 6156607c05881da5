//! Which records issued sessions, and where do they stand?
//!
//! Every sixth record of a busy account issues a session, and hardly any of them stands behind a change. Which do is known only
//! when the timeline is made; so of each no more is kept than what it is found by, and those that may be wanted are read once
//! more. Names are kept as hashes: where two share one, a record is read in vain.

use super::ScanError;
use super::sought::Sought;
use crate::event::{CitedIssuance, EventKey};
use crate::spill::{Lines, Sorted, Spill};
use crate::timeline::Tracer;
use crate::vocab::{AccountId, LogFileId, Loss, Timestamp};
use foldhash::quality::FixedState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash};
use std::io;

/// So many are held in memory: 16 MiB.
const MOST_HELD: usize = 1 << 19;
/// How many bytes one takes.
const WIDTH: usize = 32;

/// A record that issued a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Issued {
    /// Which event it is.
    event: u64,
    /// The names it may be looked for by.
    names: [u32; 3],
    /// When, in seconds; what lies before 1970 is as of 1970.
    time: u32,
    /// Which record of the file.
    index: u32,
    /// Which file.
    file: u32,
}

/// What a record that issued a session says, as far as it is looked for by it.
pub(super) struct Names<'n> {
    pub id: &'n [u8],
    pub recipient: Option<&'n [u8]>,
    pub key: &'n [u8],
    pub session: &'n [u8],
    pub shared: Option<&'n [u8]>,
}

impl Issued {
    /// One at that place of a file; `None` where the place is beyond what is kept.
    pub fn new(names: &Names<'_>, time: Timestamp, index: u64) -> Option<Self> {
        let event = hash_of_id(names.id, names.recipient);
        Self::at(event, names, time, index)
    }

    /// The same of one that was read.
    pub fn of(cited: &CitedIssuance) -> Option<Self> {
        let issuance = &cited.issuance;
        let shared = issuance.shared.as_ref();
        let names = Names {
            id: b"",
            recipient: None,
            key: issuance.key.reveal().as_bytes(),
            session: issuance.session.reveal().as_bytes(),
            shared: shared.map(|shared| shared.as_str().as_bytes()),
        };
        let event = hash_of_event(&cited.event);
        Self::at(event, &names, issuance.time, cited.citation.record_index)
    }

    fn at(event: u64, names: &Names<'_>, time: Timestamp, index: u64) -> Option<Self> {
        let texts = [names.key, names.session, names.shared.unwrap_or_default()];
        Some(Self {
            event,
            names: texts.map(hash_of_name),
            time: seconds(time),
            index: u32::try_from(index).ok()?,
            file: 0,
        })
    }

    fn to_bytes(self) -> [u8; WIDTH] {
        let [key, session, shared] = self.names;
        let rest = [key, session, shared, self.time, self.index, self.file];
        let bytes = self.event.to_be_bytes().into_iter();
        let mut all = bytes.chain(rest.into_iter().flat_map(u32::to_be_bytes));
        std::array::from_fn(|_| all.next().unwrap_or_default())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (event, rest) = bytes.split_first_chunk()?;
        let (words, _) = rest.as_chunks();
        let mut words = words.iter().map(|word| u32::from_be_bytes(*word));
        let mut next = || words.next();
        Some(Self {
            event: u64::from_be_bytes(*event),
            names: [next()?, next()?, next()?],
            time: next()?,
            index: next()?,
            file: next()?,
        })
    }
}

fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.unix().max(0)).unwrap_or(u32::MAX)
}

/// No name is 0, and no hash of a name is.
fn hash_of_name(name: &[u8]) -> u32 {
    match name {
        b"" => 0,
        name => (hash_of(name) as u32).max(1),
    }
}

fn hash_of(text: impl Hash) -> u64 {
    FixedState::default().hash_one(text)
}

fn hash_of_id(id: &[u8], recipient: Option<&[u8]>) -> u64 {
    hash_of((id, recipient.unwrap_or_default()))
}

/// What tells events apart, here and where they were glanced at.
pub(super) fn hash_of_event(event: &EventKey) -> u64 {
    match event {
        EventKey::Id(id, recipient) => {
            let recipient = recipient.as_ref().map(AccountId::as_str);
            hash_of_id(id.as_str().as_bytes(), recipient.map(str::as_bytes))
        }
        EventKey::Content(content) => hash_of(content),
    }
}

/// Takes them from all files.
pub(super) struct Collecting {
    files: Vec<LogFileId>,
    held: Vec<Issued>,
    spill: Spill,
    has_spilled: bool,
    most_held: usize,
}

impl Collecting {
    pub fn new() -> Self {
        Self::holding(MOST_HELD)
    }

    /// Holds up to so many in memory.
    fn holding(most_held: usize) -> Self {
        Self {
            files: Vec::new(),
            held: Vec::new(),
            spill: Spill::new(most_held.saturating_mul(WIDTH) / 4),
            has_spilled: false,
            most_held,
        }
    }

    /// Takes those of a file.
    pub fn take(&mut self, file: &LogFileId, issued: &[Issued]) -> io::Result<()> {
        let number = u32::try_from(self.files.len()).map_err(io::Error::other)?;
        self.files.push(file.clone());
        let here = issued.iter().map(|one| Issued {
            file: number,
            ..*one
        });
        self.held.extend(here);
        match self.held.len() > self.most_held {
            true => self.write(),
            false => Ok(()),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        self.has_spilled = true;
        let mut lines = Lines::default();
        let held = self.held.drain(..);
        held.for_each(|issued| lines.push(&issued.to_bytes()));
        self.spill.add(&lines)
    }

    pub fn finish(mut self) -> io::Result<Register> {
        if self.has_spilled {
            self.write()?;
        }
        Ok(Register {
            files: self.files,
            held: self.held,
            spilled: self.spill.finish(|_| &[])?,
        })
    }
}

/// All records that issued sessions.
#[derive(Default)]
pub(super) struct Register {
    files: Vec<LogFileId>,
    held: Vec<Issued>,
    spilled: Sorted,
}

impl Register {
    /// All, in no order; `sound` says what becomes of one that cannot be read back.
    pub fn all<'r>(
        &'r self,
        sound: impl Fn(io::Result<Vec<u8>>) -> Option<Vec<u8>> + 'r,
    ) -> impl Iterator<Item = Issued> + 'r {
        let spilled = self.spilled.of(&[]).map_while(sound);
        let spilled = spilled.filter_map(|line| Issued::from_bytes(&line));
        self.held.iter().copied().chain(spilled)
    }

    /// What tells their events apart.
    pub fn events<'r>(
        &'r self,
        sound: impl Fn(io::Result<Vec<u8>>) -> Option<Vec<u8>> + 'r,
    ) -> impl Iterator<Item = u64> + 'r {
        self.all(sound).map(|issued| issued.event)
    }
}

/// What was read once more: every round asks for more.
#[derive(Default)]
pub(super) struct Reread {
    read: BTreeSet<(u32, u32)>,
    pub found: Vec<CitedIssuance>,
    /// Files that did not have what they had before.
    pub losses: Vec<Loss>,
}

impl Reread {
    /// Reads whatever may be wanted now and was not read before.
    pub fn go_on(
        &mut self,
        register: &Register,
        tracer: &Tracer,
        sought: &Sought<'_>,
        sound: impl Fn(io::Result<Vec<u8>>) -> Option<Vec<u8>>,
    ) -> Result<(), ScanError> {
        let wants = Wants::of(tracer);
        let mut concerned: BTreeMap<LogFileId, BTreeSet<u64>> = BTreeMap::new();
        for issued in register.all(sound).filter(|issued| wants.may_be(issued)) {
            let file = register.files.get(issued.file as usize);
            if let Some(file) = file.filter(|_| self.read.insert((issued.file, issued.index))) {
                let records = concerned.entry(file.clone()).or_default();
                records.insert(u64::from(issued.index));
            }
        }
        if !concerned.is_empty() {
            let (found, losses) = sought.sessions(&concerned)?;
            self.found.extend(found);
            self.losses.extend(losses);
        }
        Ok(())
    }
}

/// For which names records are wanted, and of what time.
struct Wants(HashMap<u32, Vec<(u32, u32)>>);

impl Wants {
    fn of(tracer: &Tracer) -> Self {
        let mut wants: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
        for (name, window) in tracer.sought() {
            let window = window.map_or((0, u32::MAX), |(from, to)| (seconds(from), seconds(to)));
            wants
                .entry(hash_of_name(name.as_bytes()))
                .or_default()
                .push(window);
        }
        Self(wants)
    }

    fn may_be(&self, issued: &Issued) -> bool {
        let mut windows = issued.names.iter().filter_map(|name| self.0.get(name));
        windows.any(|windows| {
            let mut windows = windows.iter();
            windows.any(|(from, to)| (*from..=*to).contains(&issued.time))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spilled_comes_back() {
        let names = Names {
            id: b"e1",
            recipient: Some(b"111122223333"),
            key: b"ASIAEXAMPLE",
            session: b"arn:aws:sts::111122223333:assumed-role/R/s",
            shared: None,
        };
        let issued = Issued::new(&names, Timestamp::from_unix(1_700_000_000), 7).unwrap();
        assert_eq!(Issued::from_bytes(&issued.to_bytes()), Some(issued));
        assert_eq!((issued.names[2], issued.index), (0, 7));
        assert_eq!(Issued::new(&names, Timestamp::from_unix(0), 1 << 40), None);
    }

    #[test]
    fn what_is_on_disk_is_found_as_what_is_in_memory() {
        let registers = [3, 1 << 10].map(|most_held| {
            let mut collecting = Collecting::holding(most_held);
            for file in 0..20 {
                let issued = (0..5).map(|index| {
                    let id = format!("{file}-{index}");
                    let names = Names {
                        id: id.as_bytes(),
                        recipient: None,
                        key: id.as_bytes(),
                        session: b"",
                        shared: None,
                    };
                    let time = Timestamp::from_unix(file * 60 + index);
                    Issued::new(&names, time, index.unsigned_abs()).unwrap()
                });
                let id = LogFileId::new(format!("{file}.json.gz"));
                let issued: Vec<Issued> = issued.collect();
                collecting.take(&id, &issued).unwrap();
            }
            assert_eq!(collecting.has_spilled, most_held == 3);
            let register = collecting.finish().unwrap();
            let mut all: Vec<_> = register.all(Result::ok).map(Issued::to_bytes).collect();
            all.sort_unstable();
            (register.files.clone(), all)
        });
        assert_eq!(registers[0].1.len(), 100);
        assert_eq!(registers[0], registers[1]);
    }
}
