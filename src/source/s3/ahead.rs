//! Which files are fetched before their readers ask for them?
//!
//! Those that will be asked for next, in that order: so many requests at once, and so many bytes at most that nobody has taken yet.
//! Whoever asks for another file gets it fetched at once, so nobody waits for what nobody takes.

use super::client::{Client, Wanted};
use super::place::Place;
use super::refusal::Refusal;
use crate::source::LogFile;
use crate::vocab::LogFileId;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;

/// What a file counts beside its bytes.
const BESIDE: u64 = 512;

/// The bytes of a file, or why there are none.
pub(super) type Fetched = Result<Vec<u8>, Refusal>;

/// What is fetched ahead.
pub(super) struct Ahead {
    client: Arc<Client>,
    handle: Handle,
    concurrency: usize,
    most_bytes: u64,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    /// What will be asked for and was not begun.
    expected: VecDeque<File>,
    /// What was asked for before its turn.
    taken_early: HashSet<LogFileId>,
    /// What was begun and not taken.
    begun: HashMap<LogFileId, Slot>,
    /// How many requests were ever begun.
    number: u64,
    under_way: usize,
    /// The bytes of what was begun and not taken.
    bytes: u64,
}

#[derive(Clone)]
struct File {
    id: LogFileId,
    etag: Option<Box<str>>,
    bytes: u64,
}

/// A file that was begun, by which request, and what came of it.
struct Slot {
    number: u64,
    bytes: u64,
    fetched: Option<Fetched>,
}

impl Ahead {
    pub fn new(client: Arc<Client>, handle: Handle, concurrency: usize, most_bytes: u64) -> Self {
        Self {
            client,
            handle,
            concurrency: concurrency.max(1),
            most_bytes,
            state: Mutex::default(),
            arrived: Condvar::new(),
        }
    }

    /// These will be asked for next, in this order; what was to come before is not.
    pub fn expect(self: &Arc<Self>, files: &[&LogFile]) {
        let mut state = self.lock();
        state.forget();
        state.expected = files.iter().map(|file| File::of(file)).collect();
        self.begin(&mut state);
    }

    /// The bytes of a file: those that were fetched ahead, or fetched now.
    pub fn take(self: &Arc<Self>, file: &LogFile) -> Fetched {
        let mut state = self.lock();
        let is_next = state
            .expected
            .front()
            .is_some_and(|next| next.id == file.id);
        if is_next {
            // The limit is for what is held ahead, and this is asked for now.
            self.begin_next(&mut state);
        }
        while let Some(slot) = state.begun.get(&file.id) {
            if slot.fetched.is_none() {
                state = self
                    .arrived
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            } else if let Some(fetched) = state.begun.remove(&file.id).and_then(|slot| slot.fetched)
            {
                state.bytes = state.bytes.saturating_sub(size(file.bytes));
                self.begin(&mut state);
                return fetched;
            }
        }
        state.taken_early.insert(file.id.clone());
        drop(state);
        self.handle.block_on(fetch(&self.client, &File::of(file)))
    }

    fn begin(self: &Arc<Self>, state: &mut State) {
        while state.under_way < self.concurrency
            && let Some(next) = state.expected.front()
            && (state.bytes == 0 || state.bytes.saturating_add(size(next.bytes)) <= self.most_bytes)
        {
            self.begin_next(state);
        }
    }

    fn begin_next(self: &Arc<Self>, state: &mut State) {
        let Some(file) = state.expected.pop_front() else {
            return;
        };
        if state.taken_early.remove(&file.id) {
            return;
        }
        state.under_way += 1;
        state.number += 1;
        state.bytes = state.bytes.saturating_add(size(file.bytes));
        let number = state.number;
        let slot = Slot {
            number,
            bytes: size(file.bytes),
            fetched: None,
        };
        state.begun.insert(file.id.clone(), slot);
        let ahead = self.clone();
        self.handle.spawn(async move {
            let (client, wanted) = (ahead.client.clone(), file.clone());
            let fetched = tokio::spawn(async move { fetch(&client, &wanted).await });
            // Whatever breaks, nobody may wait for it in vain.
            let fetched = fetched.await;
            let fetched = fetched.unwrap_or_else(|broken| Err(Refusal::new(broken.to_string())));
            ahead.put(number, &file, fetched);
        });
    }

    fn put(self: &Arc<Self>, number: u64, file: &File, fetched: Fetched) {
        let mut state = self.lock();
        state.under_way = state.under_way.saturating_sub(1);
        match state.begun.get_mut(&file.id) {
            Some(slot) if slot.number == number => slot.fetched = Some(fetched),
            // It is not expected any more.
            _ => state.bytes = state.bytes.saturating_sub(size(file.bytes)),
        }
        self.begin(&mut state);
        drop(state);
        self.arrived.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Nothing is expected any more. What is under way counts until it arrives.
    fn forget(&mut self) {
        self.expected.clear();
        self.taken_early.clear();
        let begun = std::mem::take(&mut self.begun);
        let arrived = begun.into_values().filter(|slot| slot.fetched.is_some());
        self.bytes = arrived.fold(self.bytes, |bytes, slot| bytes.saturating_sub(slot.bytes));
    }
}

impl File {
    fn of(file: &LogFile) -> Self {
        Self {
            id: file.id.clone(),
            etag: file.version.clone(),
            bytes: file.bytes,
        }
    }
}

fn size(bytes: u64) -> u64 {
    bytes.saturating_add(BESIDE)
}

async fn fetch(client: &Client, file: &File) -> Fetched {
    let Some((bucket, key)) = Place::of_file(file.id.as_str()) else {
        return Err(Refusal::new("not a name in S3"));
    };
    let wanted = Wanted {
        bucket,
        key,
        etag: file.etag.as_deref(),
        range: None,
        bytes: file.bytes,
    };
    client.fetch(wanted).await
}
