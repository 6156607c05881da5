//! Is each digest what CloudTrail delivered?
//!
//! A digest does not hold its own signature: S3 keeps it as metadata, and the digest after it repeats it. Whoever has
//! only files therefore finds the signature of each in its successor, and none for the last of a chain. The hash that a
//! successor has of it is compared too, which `aws cloudtrail validate-logs` does not do.

use super::digest::{Digest, Previous};
use super::hash::ContentHash;
use super::keys::PublicKeys;
use super::material::{HeldDigest, Material};
use super::metadata::{ALGORITHM, Metadata, Saved};
use super::name::{ChainKind, file_name, folder_before, lies_at, unpacked};
use super::verdict::{DigestVerdict, Trust};
use crate::vocab::{LogFileId, Untrusted};
use std::collections::HashMap;

/// A verdict, and why.
pub type Judged = (DigestVerdict, String);

/// The digests that tell of one before them, by that one's name. The bucket does not count: it stands in the very text
/// that is to be checked, and whoever edits it must not get away from what speaks against him.
type Successors<'m> = HashMap<&'m str, Vec<Successor<'m>>>;

/// A digest, and what it says of the one before it.
pub(super) type Successor<'m> = (&'m LogFileId, &'m Previous);

/// What digests are checked with. Each is judged by itself, in any order: signatures take longest of all.
pub struct Check<'m> {
    pub(super) material: &'m Material,
    pub(super) keys: &'m PublicKeys,
    pub(super) metadata: &'m Metadata,
    successors: Successors<'m>,
}

fn successors(material: &Material) -> Successors<'_> {
    let mut successors = Successors::new();
    for (file, held) in &material.digests {
        let previous = held
            .digest
            .as_ref()
            .ok()
            .and_then(|it| it.previous.as_ref());
        if let Some(previous) = previous {
            let name = name(&previous.key);
            successors.entry(name).or_default().push((file, previous));
        }
    }
    successors
}

/// What the digests after it say of a digest's hash.
#[derive(PartialEq, Eq)]
enum Link {
    /// Nothing: there is none.
    None,
    /// One of them has it.
    Good,
    /// They have another.
    Broken,
}

impl<'m> Check<'m> {
    /// A check of those digests.
    pub fn of(material: &'m Material, keys: &'m PublicKeys, metadata: &'m Metadata) -> Self {
        Self {
            material,
            keys,
            metadata,
            successors: successors(material),
        }
    }

    /// Whether the best that can be hoped for is that digests fit each other: no keys are here, or no metadata, so that the
    /// last digest before a break cannot be proven.
    pub(super) fn has_no_better(&self) -> bool {
        self.keys.file.is_none() || self.metadata.is_empty()
    }

    /// The digest files, in order.
    pub fn digests(&self) -> Vec<(&'m LogFileId, &'m HeldDigest)> {
        self.material.digests.iter().collect()
    }

    /// What one digest is by itself.
    pub fn judge(&self, file: &LogFileId, held: &HeldDigest) -> Judged {
        self.judge_by(file, held, &|_| true)
    }

    /// The same, where only some of the digests after it are believed.
    pub(super) fn judge_by(
        &self,
        file: &LogFileId,
        held: &HeldDigest,
        is_heard: &dyn Fn(&LogFileId) -> bool,
    ) -> Judged {
        let plain = |verdict, why: &str| (verdict, why.to_owned());
        let digest = match &held.digest {
            Ok(digest) => digest,
            Err(why) => return plain(DigestVerdict::Malformed, why.reveal()),
        };
        if let Some(damage) = &held.proof.damage {
            return plain(DigestVerdict::Malformed, damage.reveal());
        }
        if let Some(trailing) = &held.proof.trailing {
            let why = format!(
                "{} bytes follow the gzip member at byte {}",
                trailing.bytes, trailing.offset
            );
            return (DigestVerdict::TrailingData, why);
        }
        if !lies_at(file, digest.key.reveal()) {
            let why = format!("it says that it was delivered as {}", digest.key.reveal());
            return (DigestVerdict::Moved, why);
        }
        let (verdict, why) = match held.proof.content {
            Some(content) => self.proof(digest, content, &self.after(digest, is_heard)),
            None => plain(DigestVerdict::Malformed, "it could not be read"),
        };
        if verdict.trust() != Trust::Invalid && self.is_of_unknown_making(digest) {
            let why = "its saved metadata does not say when it was generated, which a backfill digest's does";
            return plain(DigestVerdict::Malformed, why);
        }
        (verdict, with_bucket(file, digest, why))
    }

    /// Whether it is a backfill digest whose metadata was saved, and lacks what CloudTrail adds to such a digest's.
    fn is_of_unknown_making(&self, digest: &Digest) -> bool {
        let bucket = digest.chain.bucket.reveal();
        let saved = self.metadata.of(digest.key.reveal()).iter();
        let mut its = saved.filter(|it| it.may_be_of(bucket)).peekable();
        digest.chain.kind == ChainKind::Backfill
            && its.peek().is_some()
            && its.all(|it| it.generated.is_none())
    }

    /// What signature and link prove of a digest that can be read.
    fn proof(&self, digest: &Digest, content: ContentHash, after: &[Successor<'_>]) -> Judged {
        let link = link(content, after);
        let broken = link == Link::Broken;
        let but = match broken {
            true => "the digest after it has another hash of it",
            false => "",
        };
        let told = |verdict, why: &str| (verdict, both(why, but));
        if self.keys.file.is_none() {
            return match link {
                Link::Good => told(DigestVerdict::LinkedOnly, ""),
                Link::Broken => told(
                    DigestVerdict::HashLinkBad,
                    "its content is not what was delivered",
                ),
                Link::None => told(DigestVerdict::UnverifiableLastOfChain, ""),
            };
        }
        if !self.keys.has(digest.fingerprint.reveal()) {
            let why = format!("no key with fingerprint {}", digest.fingerprint.reveal());
            let verdict = match broken {
                true => DigestVerdict::HashLinkBad,
                false => DigestVerdict::KeyMissing,
            };
            return told(verdict, &why);
        }
        match self.signature(digest, content, after) {
            Signature::Metadata => told(DigestVerdict::SignatureOk, ""),
            Signature::Successor => told(DigestVerdict::SignatureFromSuccessorOk, ""),
            Signature::Bad(why) => told(DigestVerdict::SignatureBad, &why),
            Signature::None => told(
                DigestVerdict::UnverifiableLastOfChain,
                "its signature is in its object's metadata, which was not saved",
            ),
        }
    }

    /// One good signature proves it; a bad one beside it says that the place it stands in was tampered with.
    fn signature(
        &self,
        digest: &Digest,
        content: ContentHash,
        after: &[Successor<'_>],
    ) -> Signature {
        let text = digest.string_to_sign(content);
        let good = |signature: &str| {
            self.keys
                .signed(digest.fingerprint.reveal(), &text, signature)
        };
        let saved = self.metadata.of(digest.key.reveal());
        if saved
            .iter()
            .any(|saved| saved.is_cloudtrails() && good(&saved.signature))
        {
            return Signature::Metadata;
        }
        let mut given = after.iter();
        if given.any(|(_, previous)| good(previous.signature.reveal())) {
            return Signature::Successor;
        }
        let bucket = digest.chain.bucket.reveal();
        match saved.iter().find(|it| it.may_be_of(bucket)) {
            Some(saved) => Signature::Bad(fault(saved)),
            None if after.is_empty() => Signature::None,
            None => {
                Signature::Bad("the signature that the digest after it has is not good".to_owned())
            }
        }
    }

    /// The digests that say of one what they say of the one before them, those that are heard.
    pub(super) fn after(
        &self,
        digest: &Digest,
        is_heard: &dyn Fn(&LogFileId) -> bool,
    ) -> Vec<Successor<'m>> {
        let after = self.successors.get(name(&digest.key)).into_iter().flatten();
        after.filter(|(file, _)| is_heard(file)).copied().collect()
    }
}

fn link(content: ContentHash, after: &[Successor<'_>]) -> Link {
    let told = after.iter().filter_map(|(_, previous)| previous.hash);
    match told.clone().any(|hash| hash == content) {
        true => Link::Good,
        false if told.count() == 0 => Link::None,
        false => Link::Broken,
    }
}

enum Signature {
    Metadata,
    Successor,
    Bad(String),
    None,
}

/// What is wrong with saved metadata that does not prove its digest.
fn fault(saved: &Saved) -> String {
    match saved {
        Saved { signature, .. } if signature.is_empty() => {
            "its saved metadata has no signature".to_owned()
        }
        Saved { algorithm, .. } if algorithm.is_empty() => {
            "its saved metadata names no signature algorithm".to_owned()
        }
        Saved { algorithm, .. } if algorithm != ALGORITHM => {
            format!(
                "its saved metadata names the signature algorithm `{algorithm}`, not {ALGORITHM}"
            )
        }
        _ => "the signature in its saved metadata is not good".to_owned(),
    }
}

/// Two remarks, of which either may be empty.
fn both(one: &str, other: &str) -> String {
    match one.is_empty() || other.is_empty() {
        true => format!("{one}{other}"),
        false => format!("{one}; {other}"),
    }
}

pub(super) fn name(key: &Untrusted) -> &str {
    unpacked(file_name(key.reveal()))
}

/// A copy in a folder of another name is as good; that it has another name is said.
fn with_bucket(file: &LogFileId, digest: &Digest, why: String) -> String {
    let bucket = digest.chain.bucket.reveal();
    match folder_before(file, digest.key.reveal()) {
        Some(folder) if folder != bucket => {
            let said =
                format!("it was delivered to the bucket {bucket}, and lies in a folder {folder}");
            both(&why, &said)
        }
        _ => why,
    }
}
