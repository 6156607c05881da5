//! What does the investigator hold: a bucket's documents, as they were at one instant?
//!
//! A folder `<bucket>/{policy,acl,block,ownership}.json` and `account-block.json`, each as the AWS CLI prints it. They are
//! observations like any other: reads of that instant.

use super::{Options, ScanError};
use crate::event::{EventKey, Heard, HeldKind, Inquiry, held};
use crate::evidence::{Evidence, Sighting};
use crate::source::{DirSource, LogFile, Source, SourceError};
use crate::vocab::{AccountId, BucketName, Citation, LogFileId, Loss, LossKind, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The accounts that are known to own each bucket.
pub(super) type Owners = BTreeMap<BucketName, BTreeSet<AccountId>>;

/// Adds what is held to what the logs tell. Documents that cannot be used are losses.
pub(super) fn add(evidence: Evidence, options: &Options) -> Result<Evidence, ScanError> {
    if options.known_state.is_none() {
        return Ok(evidence);
    }
    let mut owners = Owners::new();
    learn_owners(&evidence, &mut owners);
    Ok(evidence.merge(held_documents(&owners, options)?))
}

/// What is held, where it is known from the logs who owns which bucket.
pub(super) fn held_documents(owners: &Owners, options: &Options) -> Result<Evidence, ScanError> {
    let Some((folder, at)) = &options.known_state else {
        return Ok(Evidence::default());
    };
    let source = DirSource::new(vec![folder.clone()]);
    let listing = source.list().map_err(ScanError::KnownState)?;
    let mut known = Evidence {
        losses: listing.losses.into_iter().collect(),
        ..Evidence::default()
    };
    let documents: Vec<_> = listing
        .files
        .iter()
        .filter_map(|file| document(&source, file, &mut known.losses))
        .collect();
    let account = only_owner(&documents, owners);
    for Held { file, bucket, told } in documents {
        let owner = match &bucket {
            Some(bucket) => owners.get(bucket).cloned().and_then(only),
            None => account.clone(),
        };
        if bucket.is_none() && owner.is_none() {
            known.losses.insert(loss(
                &file,
                "it cannot be told whose account's block it is: the folder's buckets belong to several accounts, or to none in the logs",
            ));
            continue;
        }
        let inquiry = Inquiry {
            time: *at,
            account: owner,
            bucket,
            region: None,
            name: told.0.read_name(),
            told: told.1,
            heard: Heard::Held,
        };
        known.hear(key_of(&file, *at), inquiry, cite(&file));
    }
    Ok(known)
}

/// Why there is no such folder, and what it should hold.
pub(super) fn why(error: &SourceError) -> String {
    let told = error.to_string();
    let why = told.lines().next().unwrap_or_default();
    format!(
        "{why}\nhint: give a folder with `<bucket>/policy.json`, `acl.json`, `block.json` or `ownership.json`, as the AWS CLI prints them"
    )
}

/// One document of the folder.
struct Held {
    file: LogFileId,
    bucket: Option<BucketName>,
    told: (HeldKind, crate::event::Told),
}

fn document(source: &DirSource, file: &LogFile, losses: &mut BTreeSet<Loss>) -> Option<Held> {
    let mut lose = |why: &str| {
        losses.insert(loss(&file.id, why));
        None
    };
    let name = file.id.as_str();
    let mut parts = name.rsplit(['/', '\\']);
    let kind = parts.next().and_then(HeldKind::of_file);
    let folder = parts.next().and_then(BucketName::parse);
    let Some(kind) = kind else {
        return lose(
            "not one of policy.json, acl.json, block.json, ownership.json, account-block.json",
        );
    };
    let bucket = folder.filter(|_| kind != HeldKind::AccountBlock);
    if bucket.is_none() && kind != HeldKind::AccountBlock {
        return lose("it does not lie in a folder of a bucket's name");
    }
    match source.read(file) {
        Ok(bytes) => match held(kind, &bytes) {
            Ok(told) => Some(Held {
                file: file.id.clone(),
                bucket,
                told: (kind, told),
            }),
            Err(why) => lose(why),
        },
        Err(unreadable) => {
            losses.insert(unreadable);
            None
        }
    }
}

fn loss(file: &LogFileId, why: &str) -> Loss {
    Loss {
        log_file: file.clone(),
        record_index: None,
        offset: None,
        kind: LossKind::KnownState,
        detail: why.into(),
        bytes: None,
    }
}

/// Learns from the logs which account owns which bucket.
pub(super) fn learn_owners(evidence: &Evidence, owners: &mut Owners) {
    let events = evidence.events.values().map(Sighting::fullest);
    let of_events = events.map(|event| (&event.bucket, &event.account));
    let inquiries = evidence.inquiries.values();
    let of_reads = inquiries.map(|(inquiry, _)| (&inquiry.bucket, &inquiry.account));
    for (bucket, account) in of_events.chain(of_reads) {
        if let (Some(bucket), Some(account)) = (bucket, account) {
            owners
                .entry(bucket.clone())
                .or_default()
                .insert(account.clone());
        }
    }
}

/// The one account that owns the documents' buckets.
fn only_owner(documents: &[Held], owners: &Owners) -> Option<AccountId> {
    let buckets = documents.iter().filter_map(|held| held.bucket.as_ref());
    let all: BTreeSet<AccountId> = buckets
        .filter_map(|bucket| owners.get(bucket))
        .flatten()
        .cloned()
        .collect();
    match all.is_empty() {
        true => only(owners.values().flatten().cloned().collect()),
        false => only(all),
    }
}

fn only(accounts: BTreeSet<AccountId>) -> Option<AccountId> {
    match accounts.len() {
        1 => accounts.into_iter().next(),
        _ => None,
    }
}

/// The key of a document: which file, and of which instant.
fn key_of(file: &LogFileId, at: Timestamp) -> EventKey {
    EventKey::of_text(&format!("{}\u{1f}{at}", file.as_str()))
}

fn cite(file: &LogFileId) -> Citation {
    Citation {
        log_file: file.clone(),
        record_index: 0,
    }
}
