//! How do single rows come back: records that were kept, and what is packed?

use super::error::StoreError;
use super::load::{LastName, Wants, each, each_row, key};
use super::read::{Batches, Find, Wanted, bytes, hash_of, integer, text, time, yes};
use crate::event::Whereabouts;
use crate::evidence::ObjectsOfInterest;
use crate::vocab::{LogFileId, Untrusted};
use std::sync::Arc;

/// Names that are looked for.
#[derive(Clone, Debug)]
pub struct Names(Arc<Wanted>);

impl Names {
    /// These.
    pub fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        Self::of_hashes(names.map(|name| hash_of(&[name])))
    }

    /// Those of which these are the hashes.
    pub(super) fn of_hashes(hashes: impl Iterator<Item = u64>) -> Self {
        Self(Arc::new(Wanted::of(hashes)))
    }

    pub(super) fn among(&self, by: &'static [&'static str]) -> Find {
        Find {
            by,
            wanted: Arc::clone(&self.0),
        }
    }
}

/// A record that was kept.
pub struct Again<'r> {
    /// The log file.
    pub log_file: &'r LogFileId,
    /// Which record of it.
    pub index: u64,
    /// The record.
    pub record: &'r str,
    /// Whether a write of an object is a request from outside too.
    pub asked: bool,
}

/// The columns that say which record it is, and the record.
pub(super) const RECORD: [&str; 3] = ["log_file", "record_index", "record"];
/// The same of a write of an object.
pub(super) const WRITE: [&str; 6] = [
    "log_file",
    "record_index",
    "record",
    "bucket",
    "object_key",
    "from_outside",
];

/// Hands out kept records: changes, or the writes of these objects.
pub(super) fn records(
    batches: Batches,
    wants: &Wants<'_>,
    objects: Option<&ObjectsOfInterest>,
    take: &mut dyn FnMut(Again<'_>),
) -> Result<(), StoreError> {
    let mut names = LastName::default();
    for batch in batches {
        let batch = batch?;
        let (indices, records) = (batch.integers("record_index")?, batch.texts("record")?);
        let written = match objects {
            None => None,
            Some(objects) => Some((
                objects,
                batch.texts("bucket")?,
                batch.texts("object_key")?,
                batch.booleans("from_outside")?,
            )),
        };
        each(&batch, &mut names, wants, |at, log_file| {
            let (is_wanted, asked) = match written {
                None => (true, false),
                Some((objects, buckets, keys, asked)) => (
                    touches(objects, text(buckets, at), text(keys, at)),
                    yes(asked, at),
                ),
            };
            if is_wanted {
                take(Again {
                    log_file: &log_file,
                    index: integer(indices, at).unwrap_or_default(),
                    record: text(records, at).ok_or_else(|| batch.unsound("record"))?,
                    asked,
                });
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn touches(objects: &ObjectsOfInterest, bucket: Option<&str>, key: Option<&str>) -> bool {
    let Some((bucket, key)) = bucket.zip(key) else {
        return false;
    };
    let keys = objects.get(bucket);
    keys.is_some_and(|keys| keys.contains(&Untrusted::from(key)))
}

/// The column of what is packed.
pub(super) const PACKED: [&str; 1] = ["packed"];
/// The column that tells events apart.
pub(super) const EVENT: [&str; 1] = ["event_hash"];
/// The columns of an address.
pub(super) const ADDRESS: [&str; 9] = [
    "event_time",
    "asked_by",
    "access_key_id",
    "session_began",
    "source_ip",
    "event_source",
    "event_id",
    "recipient_account_id",
    "record_sha256",
];

/// Hands out what is packed.
pub(super) fn packed(
    batches: Batches,
    wants: &Wants<'_>,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), StoreError> {
    for batch in batches {
        let batch = batch?;
        let packed = batch.bytes("packed")?;
        each_row(&batch, wants, |at| {
            take(bytes(packed, at).ok_or_else(|| batch.unsound("packed"))?);
            Ok(())
        })?;
    }
    Ok(())
}

/// The hashes of the events that issued sessions.
pub(super) fn event_hashes(
    batches: Batches,
    wants: &Wants<'_>,
    into: &mut Vec<u128>,
) -> Result<(), StoreError> {
    for batch in batches {
        let batch = batch?;
        let hashes = batch.bytes("event_hash")?;
        each_row(&batch, wants, |at| {
            let hash = bytes(hashes, at).and_then(|hash| hash.try_into().ok());
            let hash = hash.ok_or_else(|| batch.unsound("event_hash"))?;
            into.push(u128::from_be_bytes(hash));
            Ok(())
        })?;
    }
    Ok(())
}

/// Hands out from where callers called.
pub(super) fn addresses(
    batches: Batches,
    wants: &Wants<'_>,
    take: &mut dyn FnMut(Whereabouts),
) -> Result<(), StoreError> {
    for batch in batches {
        let batch = batch?;
        let (callers, keys) = (batch.texts("asked_by")?, batch.texts("access_key_id")?);
        let (began, times) = (batch.times("session_began")?, batch.times("event_time")?);
        let (addresses, services) = (batch.texts("source_ip")?, batch.texts("event_source")?);
        let of = |column, at| Untrusted::from(text(column, at).unwrap_or_default());
        each_row(&batch, wants, |at| {
            take(Whereabouts {
                name: of(callers, at),
                access_key_id: of(keys, at),
                began: time(began, at),
                source_ip: of(addresses, at),
                service: of(services, at),
                time: time(times, at).ok_or_else(|| batch.unsound("event_time"))?,
                event: key(&batch, at)?,
            });
            Ok(())
        })?;
    }
    Ok(())
}
