//! Of which digests was the metadata saved, and they are not here?
//!
//! S3 told of such a digest, so it was delivered: of a chain whose end was cut off that is the one proof that a copy can give.

use super::Listed;
use super::check_digest::Judged;
use super::material::Material;
use super::metadata::Metadata;
use super::name::{ChainId, end_of, file_name, unpacked};
use super::verdict::Trust;
use crate::vocab::{LogFileId, Timestamp, Untrusted};
use std::collections::{BTreeMap, HashSet};

/// A digest of which there is only metadata.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct SavedOnly {
    /// The end of the time that it covers.
    pub until: Timestamp,
    /// Its chain.
    pub chain: ChainId,
    /// Its key.
    pub key: Untrusted,
}

impl SavedOnly {
    /// Bucket and key.
    pub fn place(&self) -> Untrusted {
        format!("s3://{}/{}", self.chain.bucket.reveal(), self.key.reveal()).into()
    }
}

/// The digests that metadata names and that are not here, by time. A file that cannot be read is here, in its name's place, and
/// so is one that was passed over. A digest that tells of another bucket is not, unless it is invalid anyhow.
pub(super) fn saved_only(
    metadata: &Metadata,
    material: &Material,
    judged: &BTreeMap<&LogFileId, Judged>,
    files: &[Listed<'_>],
) -> Vec<SavedOnly> {
    if metadata.places().next().is_none() {
        return Vec::new();
    }
    let mut places: HashSet<(&str, &str)> = HashSet::new();
    let passed_over = files.iter().filter(|it| it.is_passed_over);
    let mut standing: HashSet<&str> = passed_over
        .map(|it| unpacked(file_name(it.file.as_str())))
        .collect();
    for (file, held) in &material.digests {
        match &held.digest {
            Ok(digest) => {
                places.insert((digest.chain.bucket.reveal(), digest.key.reveal()));
                let verdict = judged.get(file).map(|(verdict, _)| verdict.trust());
                if verdict == Some(Trust::Invalid) {
                    standing.insert(unpacked(file_name(digest.key.reveal())));
                }
            }
            Err(_) => {
                standing.insert(unpacked(file_name(file.as_str())));
            }
        }
    }
    let is_here = |(bucket, key): &(&str, &str)| {
        places.contains(&(*bucket, *key)) || standing.contains(unpacked(file_name(key)))
    };
    let absent = metadata.places().filter(|place| !is_here(place));
    let mut saved: Vec<SavedOnly> = absent
        .filter_map(|(bucket, key)| {
            Some(SavedOnly {
                until: end_of(key)?,
                chain: ChainId::of(bucket, key),
                key: key.into(),
            })
        })
        .collect();
    saved.sort_unstable();
    saved.dedup();
    saved
}
