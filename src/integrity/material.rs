//! What is there to check with? Digests, and the hashes of the files that they name.
//!
//! Material merges as evidence does: in any order, and twice is once. It holds no content, only what was taken of it in
//! the one pass over the files.

use super::digest::Digest;
use super::hash::ContentHash;
use super::name::file_name;
use super::name::unpacked;
use crate::vocab::{LogFileId, Untrusted};
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashSet};

/// What was taken of some files to check them with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Material {
    /// The digest files.
    pub digests: BTreeMap<LogFileId, HeldDigest>,
    /// What was taken of the other files: no entry where nothing was asked.
    pub proofs: BTreeMap<LogFileId, FileProof>,
}

/// A digest file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldDigest {
    /// What it says, or why it says nothing.
    pub digest: Result<Digest, Untrusted>,
    /// How its bytes are.
    pub proof: FileProof,
}

/// What was taken of one file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FileProof {
    /// The hash of its content: of the first gzip member's text, of a plain file's.
    pub content: Option<ContentHash>,
    /// The hash of the file as it lies there (for custody).
    pub file: Option<ContentHash>,
    /// What follows the first gzip member.
    pub trailing: Option<Trailing>,
    /// Why the content could not be had whole.
    pub damage: Option<Untrusted>,
}

impl FileProof {
    /// The damage of a file that is compressed more than once: no content of a delivered file is compressed itself.
    pub const PACKED_TWICE: &str =
        "what comes out of its first gzip member is compressed once more";

    /// Whether it is compressed more than once.
    pub fn is_packed_twice(&self) -> bool {
        let damage = self.damage.as_ref().map(|damage| damage.reveal());
        damage == Some(Self::PACKED_TWICE)
    }
}

/// Bytes after a file's first gzip member. CloudTrail writes one member; what follows is covered by no hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trailing {
    /// Where they begin in the file.
    pub offset: u64,
    /// How many they are.
    pub bytes: u64,
    /// Whether they begin another gzip member.
    pub is_member: bool,
    /// How many records they would add.
    pub records: u64,
    /// The index of the first record that is not of the first member.
    pub first_record: u64,
}

impl Material {
    /// All that either holds.
    pub fn merge(mut self, other: Self) -> Self {
        if self.proofs.len() < other.proofs.len() {
            return other.merge(self);
        }
        self.digests.extend(other.digests);
        self.proofs.extend(other.proofs);
        self
    }

    /// The hash of a whole file, where it was taken.
    pub fn file_hash(&self, file: &LogFileId) -> Option<ContentHash> {
        self.proof(file)?.file
    }

    /// What was taken of a file.
    pub fn proof(&self, file: &LogFileId) -> Option<&FileProof> {
        let digest = || self.digests.get(file).map(|held| &held.proof);
        self.proofs.get(file).or_else(digest)
    }

    /// The names of the log files that the digests ask for.
    pub fn wanted(&self) -> Wanted<'_> {
        let digests = self.digests.values().flat_map(|held| &held.digest);
        let logs = digests.flat_map(|digest| &digest.logs);
        Wanted {
            names: logs
                .map(|log| unpacked(file_name(log.key.reveal())))
                .collect(),
            everything: false,
        }
    }
}

/// The names of log files whose contents are to be hashed.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'m> {
    names: HashSet<&'m str, RandomState>,
    everything: bool,
}

impl Wanted<'_> {
    /// Every log file: which of them digests will name is not known yet.
    pub fn everything() -> Self {
        Self {
            names: HashSet::default(),
            everything: true,
        }
    }

    /// Whether a digest may ask for that file.
    pub fn asks_for(&self, file: &LogFileId) -> bool {
        self.asks_for_name(file.as_str())
    }

    /// The same of a file of that name.
    pub fn asks_for_name(&self, name: &str) -> bool {
        self.everything || self.names.contains(unpacked(file_name(name)))
    }
}
