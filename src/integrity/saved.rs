//! Of which digests was the metadata saved, and they are not here?
//!
//! S3 told of such a digest, so it was delivered: of a chain whose end was cut off that is the one proof that a copy can give.

use super::Listed;
use super::chain::{Chain, MissingDigest, ToldBy};
use super::check_digest::Judged;
use super::check_log::Names;
use super::material::Material;
use super::metadata::Metadata;
use super::name::{ChainId, ChainKind, end_of, file_name, unpacked};
use super::verdict::Trust;
use crate::source::parse;
use crate::vocab::{AccountId, LogFileId, Region, Span, Timestamp, Untrusted};
use std::collections::{BTreeMap, BTreeSet, HashSet};

const HOUR: i64 = 3600;

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

/// When log files of each account and Region were delivered: the first and the last time.
pub(super) type Delivered = BTreeMap<(AccountId, Region), (Timestamp, Timestamp)>;

/// When those of some files were.
pub(super) fn delivered<'f>(files: impl Iterator<Item = &'f LogFileId>) -> Delivered {
    let mut delivered = Delivered::new();
    for key in files.filter_map(|file| parse(file.as_str())) {
        let (first, last) = delivered
            .entry((key.account, key.region))
            .or_insert((key.delivered, key.delivered));
        (*first, *last) = (key.delivered.min(*first), key.delivered.max(*last));
    }
    delivered
}

/// The regular chains of which nothing but metadata is left, and which should be here: log files of their account, Region and time are,
/// and no digest names these.
pub(super) fn wiped(
    saved: &[SavedOnly],
    chains: &[Chain],
    files: &[Listed<'_>],
    names: &Names<'_>,
) -> Vec<Chain> {
    let known: BTreeSet<&ChainId> = chains.iter().map(|chain| &chain.id).collect();
    let told = chains.iter().flat_map(|chain| &chain.missing);
    let told: HashSet<&Untrusted> = told.filter_map(|it| it.key.as_ref()).collect();
    let mut left = saved
        .iter()
        .filter(|it| it.chain.kind == ChainKind::Regular)
        .filter(|it| !known.contains(&it.chain) && !told.contains(&it.key))
        .peekable();
    if left.peek().is_none() {
        return Vec::new();
    }
    let unnamed = files
        .iter()
        .filter(|it| it.holds_records && !it.is_passed_over && !names.name(it.file));
    let unnamed = delivered(unnamed.map(|it| it.file));
    let mut wiped: BTreeMap<&ChainId, Chain> = BTreeMap::new();
    for saved in left {
        let window = Span {
            from: saved.until.plus(-HOUR),
            until: saved.until,
        };
        let place = saved.chain.account.clone().zip(saved.chain.region.clone());
        let files = place.and_then(|place| unnamed.get(&place));
        if files.is_some_and(|(first, last)| *first < window.until && window.from <= *last) {
            let chain = wiped
                .entry(&saved.chain)
                .or_insert_with(|| Chain::without_digests(&saved.chain, window));
            chain.span.until = chain.span.until.max(window.until);
            chain.missing.push(MissingDigest {
                window,
                key: Some(saved.key.clone()),
                told_by: ToldBy::Metadata,
            });
        }
    }
    wiped.into_values().collect()
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
