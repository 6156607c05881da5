//! What lies in an S3 bucket? The only part with a network and an asynchronous runtime; it lists and reads, and does nothing else.
//!
//! A runtime of one thread does all requests. Files are fetched before their readers, in the order in which these will ask.

mod account;
mod ahead;
mod answer;
mod body;
mod client;
mod layout;
mod listing;
mod parts;
mod place;
mod refusal;
mod runtime;
mod settings;
mod tries;

pub use settings::{Identity, Patience, Payer, S3Settings, Signing};

use super::{Bytes, DigestSignature, FileChoice, Listing, LogFile, Source, SourceError};
use crate::vocab::{LogFileId, Loss, LossKind, SkipReason};
use ahead::Ahead;
use answer::Object;
use client::Client;
use layout::Days;
use listing::Found;
use parts::Parts;
use place::{Place, SCHEME};
use refusal::Refusal;
use runtime::Runtime;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// An object that is larger is read in parts.
const MOST_WHOLE: u64 = 64 << 20;

/// Is told in passing what somebody should know.
pub type Talk = Box<dyn Fn(&str) + Send + Sync>;

/// Objects in S3 buckets, and in what speaks S3's language.
pub struct S3Source {
    places: Vec<Place>,
    settings: S3Settings,
    days: Days,
    talk: Talk,
    runtime: Runtime,
    asked: OnceLock<Asked>,
}

/// What is made with the first request.
struct Asked {
    client: Arc<Client>,
    ahead: Arc<Ahead>,
}

impl S3Source {
    /// The objects at these URLs and below them: of those that are laid out as CloudTrail does, what the choice may read.
    ///
    /// # Errors
    /// If a URL cannot be meant, or no thread can be started.
    pub fn new(
        urls: &[String],
        settings: S3Settings,
        choice: &FileChoice,
        talk: Talk,
    ) -> Result<Self, SourceError> {
        let place = |url: &String| {
            Place::parse(url).map_err(|why| SourceError::Remote {
                place: url.clone(),
                why,
                hint: None,
            })
        };
        Ok(Self {
            places: urls.iter().map(place).collect::<Result<_, _>>()?,
            settings,
            days: Days::of(choice),
            talk,
            runtime: Runtime::start().map_err(no_thread)?,
            asked: OnceLock::new(),
        })
    }

    fn asked(&self) -> Result<&Asked, Refusal> {
        if let Some(asked) = self.asked.get() {
            return Ok(asked);
        }
        let handle = &self.runtime.handle;
        let client = Arc::new(handle.block_on(Client::new(self.settings.clone()))?);
        let settings = &self.settings;
        let ahead = Ahead::new(
            client.clone(),
            handle.clone(),
            settings.concurrency,
            settings.held_bytes,
        );
        let ahead = Arc::new(ahead);
        Ok(self.asked.get_or_init(|| Asked { client, ahead }))
    }

    fn list_place(&self, place: &Place) -> Result<Found, Refusal> {
        let client = &self.asked()?.client;
        self.runtime
            .handle
            .block_on(listing::list(client, place, self.days))
    }

    fn fetch(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        let fetched = self.asked().and_then(|asked| asked.ahead.take(file));
        fetched.map_err(|refusal| loss(file.id.clone(), &refusal))
    }

    /// Says what was not listed as usual.
    fn tell(&self, place: &Place, found: &Found) {
        let named = |prefixes: &[String]| {
            let names = prefixes
                .iter()
                .take(3)
                .map(|prefix| format!("`{}`", place.name(prefix)));
            let mut named = names.collect::<Vec<_>>().join(", ");
            if prefixes.len() > 3 {
                named.push_str(&format!(" and {} more", prefixes.len() - 3));
            }
            named
        };
        if !found.elsewhere.is_empty() && !self.days.is_all() {
            (self.talk)(&format!(
                "not laid out as CloudTrail does (AWSLogs/<account>/CloudTrail/<Region>/<year>/<month>/<day>/), so all of it was listed: {}",
                named(&found.elsewhere)
            ));
        }
        if !found.passed_over.is_empty() {
            (self.talk)(&format!(
                "other services' folders, passed over: {}",
                named(&found.passed_over)
            ));
        }
    }
}

impl Source for S3Source {
    fn list(&self) -> Result<Listing, SourceError> {
        let mut all = All::default();
        for place in &self.places {
            let found = self
                .list_place(place)
                .map_err(|refusal| SourceError::Remote {
                    place: place.name(&place.key),
                    why: refusal.why,
                    hint: refusal.hint,
                })?;
            self.tell(place, &found);
            all.add(place, found);
        }
        let listing = all.listing();
        if listing.files.is_empty() && listing.losses.is_empty() && self.days.is_all() {
            let urls = self.places.iter().map(|place| place.name(&place.key));
            return Err(SourceError::Nothing {
                paths: urls.map(PathBuf::from).collect(),
            });
        }
        Ok(listing)
    }

    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        self.fetch(file)
    }

    fn open<'s>(&'s self, file: &LogFile) -> Result<Box<dyn Bytes + 's>, Loss> {
        let place = Place::of_file(file.id.as_str()).filter(|_| file.bytes > MOST_WHOLE);
        let Some(place) = place else {
            return Ok(Box::new(Cursor::new(self.fetch(file)?)));
        };
        let asked = self
            .asked()
            .map_err(|refusal| loss(file.id.clone(), &refusal))?;
        let (version, bytes) = (file.version.clone(), file.bytes);
        let parts = Parts::new((&asked.client, &self.runtime.handle), place, version, bytes);
        Ok(Box::new(parts))
    }

    fn expect(&self, files: &[&LogFile]) {
        let held = files.iter().filter(|file| file.bytes <= MOST_WHOLE);
        let held: Vec<&LogFile> = held.copied().collect();
        if let Ok(asked) = self.asked() {
            asked.ahead.expect(&held);
        }
    }

    fn signatures(&self) -> Vec<DigestSignature> {
        let asked = self.asked.get();
        asked
            .map(|asked| asked.client.signatures())
            .unwrap_or_default()
    }
}

/// What all places hold, by name.
#[derive(Default)]
struct All {
    files: BTreeMap<LogFileId, (u64, Option<Box<str>>)>,
    skipped: BTreeMap<LogFileId, SkipReason>,
    losses: BTreeMap<LogFileId, Loss>,
}

impl All {
    fn add(&mut self, place: &Place, found: Found) {
        for Object { key, bytes, etag } in found.objects {
            let id = LogFileId::new(place.name(&key));
            // What consoles put where they show a folder.
            match key.ends_with('/') && bytes == 0 {
                true => _ = self.skipped.insert(id, SkipReason::NotAFile),
                false => _ = self.files.insert(id, (bytes, etag)),
            }
        }
        for prefix in found.passed_over {
            let id = LogFileId::new(place.name(&prefix));
            self.skipped.insert(id, SkipReason::NotCloudTrail);
        }
        for (prefix, refusal) in found.failed {
            let id = LogFileId::new(place.name(&prefix));
            let lost = loss(id.clone(), &refusal);
            self.losses.insert(id, lost);
        }
    }

    fn listing(self) -> Listing {
        let file = |(id, (bytes, version))| LogFile {
            id,
            bytes,
            version,
            path: Some(Path::new("").into()),
        };
        Listing {
            files: self.files.into_iter().map(file).collect(),
            skipped: self.skipped.into_iter().collect(),
            losses: self.losses.into_values().collect(),
        }
    }
}

fn loss(log_file: LogFileId, refusal: &Refusal) -> Loss {
    Loss {
        log_file,
        record_index: None,
        offset: None,
        kind: LossKind::Unreadable,
        detail: refusal.line().into(),
        bytes: None,
    }
}

fn no_thread(cause: std::io::Error) -> SourceError {
    SourceError::Remote {
        place: SCHEME.to_owned(),
        why: format!("no thread can be started: {cause}"),
        hint: None,
    }
}
