//! What is taken of a file to check it with? Hashes where a digest asks, digests themselves, bytes that should not be there.
//!
//! All in the one pass over the file, as its text comes out; only for custody a file is read once more, as it lies there.

use super::reading::Ended;
use crate::inflate::FirstMember;
use crate::integrity::{
    ContentHash, ContentHasher, Digest, FileProof, HeldDigest, Material, Trailing, Twins, Wanted,
};
use crate::record::{RawRecord, TextKind};
use crate::source::{LogFile, last_part, names_digest};
use crate::vocab::{LogFileId, Untrusted};

/// What is to be taken of files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The log files whose contents digests ask for.
    pub wanted: &'a Wanted<'a>,
}

/// A digest is not longer than this; one names each log file of an hour in a few hundred bytes.
const LONGEST_DIGEST: usize = 64 << 20;

/// The content of a file whose hash a digest may ask for.
enum Content {
    NotAsked,
    /// All of it: it is hashed beside another file's.
    Short(Vec<u8>),
    /// Too long to be kept.
    Long(ContentHasher),
}

/// A content up to so many bytes is kept.
const LONGEST_KEPT: usize = 256 << 10;
/// By which no content grows more when it is hashed.
const PADDING: usize = 128;

impl Content {
    fn add(&mut self, piece: &[u8]) {
        match self {
            Self::NotAsked => {}
            Self::Short(kept) if kept.len() + piece.len() <= LONGEST_KEPT => {
                // Hashing pads it.
                kept.reserve(piece.len() + PADDING);
                kept.extend_from_slice(piece);
            }
            Self::Short(kept) => {
                let mut hasher = ContentHasher::default();
                hasher.add(kept);
                hasher.add(piece);
                *self = Self::Long(hasher);
            }
            Self::Long(hasher) => hasher.add(piece),
        }
    }
}

/// The hashes of short contents, two of which are worked out at once.
pub(super) type Beside = Twins<(LogFileId, FileProof)>;

/// Takes what is asked of one file.
pub(super) struct Prover {
    /// Whether a digest may yet ask for the content.
    is_late: bool,
    is_named_digest: bool,
    content: Content,
    /// The content, where all of it came and it is yet to be hashed.
    unhashed: Option<Vec<u8>>,
    /// How much text came out.
    seen: u64,
    /// The text of what is named as a digest.
    held: Vec<u8>,
    first: FirstMember,
    /// How many records lie behind the first member, and the index of the first of these.
    added: u64,
    first_record: u64,
    proof: FileProof,
    digest: Option<Box<HeldDigest>>,
}

/// Whether a file is read after the digests. Digests are known by their names; whatever has no name of CloudTrail's may be
/// one too, and no digest can ask for it. Kinds of log file that are not known yet begin their names in the same way.
pub(super) fn is_read_late(file: &LogFile) -> bool {
    is_name_read_late(file.id.as_str())
}

/// The same of a file of that name.
pub(super) fn is_name_read_late(name: &str) -> bool {
    let name = last_part(name);
    let kind = name.split_once('_').filter(|(account, _)| {
        account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())
    });
    kind.is_some_and(|(_, kind)| {
        kind.starts_with("CloudTrail") && !kind.starts_with("CloudTrail-Digest_")
    })
}

impl Prover {
    pub fn of(file: &LogFile, asked: Asked<'_>) -> Self {
        let is_late = is_read_late(file);
        // What digests ask for is not known when an archive is read: it may hold them itself.
        let in_archive = is_late && file.id.archives().next().is_some();
        let is_named_digest = names_digest(file.id.as_str());
        let is_asked = is_named_digest || in_archive || asked.wanted.asks_for(&file.id);
        Self {
            is_late,
            is_named_digest,
            content: match is_asked {
                true => Content::Short(Vec::new()),
                false => Content::NotAsked,
            },
            unhashed: None,
            seen: 0,
            held: Vec::new(),
            first: FirstMember::default(),
            added: 0,
            first_record: 0,
            proof: FileProof::default(),
            digest: None,
        }
    }

    /// Whether all of the file's text is wanted: also where a digest may yet ask for it, so that its damage is told alike.
    pub fn wants_all(&self) -> bool {
        !matches!(self.content, Content::NotAsked) || self.is_late
    }

    pub fn hashed(&mut self, file: ContentHash) {
        self.proof.file = Some(file);
    }

    pub fn text(&mut self, piece: &[u8], first: FirstMember) {
        let left = first.text.unwrap_or(u64::MAX).saturating_sub(self.seen);
        let own = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        let own = piece.get(..own).unwrap_or_default();
        self.seen += piece.len() as u64;
        self.first = first;
        self.content.add(own);
        if self.is_named_digest && self.held.len() < LONGEST_DIGEST {
            self.held.extend_from_slice(own);
        }
    }

    /// Counts a record that was found.
    pub fn record(&mut self, raw: &RawRecord<'_>) {
        match self.first.text.is_some_and(|end| raw.offset >= end) {
            true => self.added += 1,
            false => self.first_record = raw.index.saturating_add(1).max(self.first_record),
        }
    }

    pub fn end(&mut self, ended: &Ended<'_>) {
        let is_digest = ended.kind == TextKind::Digest || self.is_named_digest;
        let content = std::mem::replace(&mut self.content, Content::NotAsked);
        if !is_digest && matches!(content, Content::NotAsked) {
            return;
        }
        let end = ended.first.text.and_then(|end| usize::try_from(end).ok());
        let whole = ended
            .whole
            .map(|text| end.and_then(|end| text.get(..end)).unwrap_or(text));
        if !ended.first.is_cut && !ended.first.is_packed_twice {
            self.proof.content = match content {
                Content::NotAsked => whole.map(ContentHash::of),
                Content::Short(text) if is_digest => Some(ContentHash::of(&text)),
                Content::Short(text) => {
                    self.unhashed = Some(text);
                    None
                }
                Content::Long(hasher) => Some(hasher.finish()),
            };
        }
        self.proof.trailing = self.trailing(ended);
        self.proof.damage = damage(ended);
        if is_digest {
            let text = match self.is_named_digest {
                true => self.held.as_slice(),
                false => whole.unwrap_or_default(),
            };
            self.digest = Some(Box::new(HeldDigest {
                digest: Digest::read(text).map_err(Into::into),
                proof: self.proof.clone(),
            }));
        }
    }

    fn trailing(&self, ended: &Ended<'_>) -> Option<Trailing> {
        let bytes = ended.size.checked_sub(ended.first.bytes)?;
        if ended.members == 0 || bytes == 0 {
            return None;
        }
        Some(Trailing {
            offset: ended.first.bytes,
            bytes,
            is_member: ended.members > 1,
            records: self.added,
            first_record: self.first_record,
        })
    }

    /// Adds what was taken of the file of that name.
    pub fn finish_into(self, id: LogFileId, material: &mut Material, beside: &mut Beside) {
        match (self.digest, self.unhashed) {
            (Some(digest), _) => {
                material.digests.insert(id, *digest);
            }
            (None, Some(text)) => {
                add_hashed(beside.add((id, self.proof), text), material);
            }
            (None, None) if self.proof != FileProof::default() => {
                material.proofs.insert(id, self.proof);
            }
            (None, None) => {}
        }
    }
}

/// Adds a file whose content was hashed.
pub(super) fn add_hashed(
    hashed: Option<((LogFileId, FileProof), ContentHash)>,
    material: &mut Material,
) {
    if let Some(((id, mut proof), hash)) = hashed {
        proof.content = Some(hash);
        material.proofs.insert(id, proof);
    }
}

/// Damage of the first member. If that is whole, any loss is of what follows it.
fn damage(ended: &Ended<'_>) -> Option<Untrusted> {
    if ended.first.is_packed_twice {
        return Some(FileProof::PACKED_TWICE.into());
    }
    let first = ended.losses.first();
    first
        .filter(|_| !ended.first.is_whole)
        .map(|loss| loss.detail.as_str().into())
}
