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
use std::collections::{BTreeMap, HashMap};

/// A verdict, and why.
pub type Judged = (DigestVerdict, String);

/// The digests that tell of one before them, by that one's name. The bucket does not count: it stands in the very text
/// that is to be checked, and whoever edits it must not get away from what speaks against him.
type Successors<'m> = HashMap<&'m str, Vec<(&'m LogFileId, &'m Previous)>>;

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
enum Link<'m> {
    /// Nothing: there is none.
    None,
    /// One of them has it.
    Good,
    /// They have another.
    Broken(Vec<&'m LogFileId>),
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

    /// The digest files, in order.
    pub fn digests(&self) -> Vec<(&'m LogFileId, &'m HeldDigest)> {
        self.material.digests.iter().collect()
    }

    /// The verdict on each digest file, from what each was judged to be by itself.
    pub(super) fn verdicts(&self, judged: Vec<Judged>) -> BTreeMap<&'m LogFileId, Judged> {
        let digests = &self.material.digests;
        let mut judged: BTreeMap<&LogFileId, Judged> = digests.keys().zip(judged).collect();
        for (file, held) in digests {
            if let Ok(digest) = &held.digest {
                blame_for_broken_link(file, self.link(digest, held.proof.content), &mut judged);
            }
        }
        judged
    }

    /// What one digest is by itself.
    pub fn judge(&self, file: &LogFileId, held: &HeldDigest) -> Judged {
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
            Some(content) => self.proof(digest, content),
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
    fn proof(&self, digest: &Digest, content: ContentHash) -> Judged {
        let link = self.link(digest, Some(content));
        let broken = matches!(link, Link::Broken(_));
        let but = match broken {
            true => "the digest after it has another hash of it",
            false => "",
        };
        let told = |verdict, why: &str| (verdict, both(why, but));
        if self.keys.file.is_none() {
            return match link {
                Link::Good => told(DigestVerdict::LinkedOnly, ""),
                Link::Broken(_) => told(
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
        match self.signature(digest, content) {
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
    fn signature(&self, digest: &Digest, content: ContentHash) -> Signature {
        let text = digest.string_to_sign(content);
        let good = |signature: &str| {
            self.keys
                .signed(digest.fingerprint.reveal(), &text, signature)
        };
        let saved = self.metadata.of(digest.key.reveal());
        let successors = self.successors.get(name(&digest.key));
        if saved
            .iter()
            .any(|saved| saved.is_cloudtrails() && good(&saved.signature))
        {
            return Signature::Metadata;
        }
        let mut after = successors.into_iter().flatten();
        if after.any(|(_, previous)| good(previous.signature.reveal())) {
            return Signature::Successor;
        }
        let bucket = digest.chain.bucket.reveal();
        match (saved.iter().find(|it| it.may_be_of(bucket)), successors) {
            (Some(saved), _) => Signature::Bad(fault(saved)),
            (None, Some(_)) => {
                Signature::Bad("the signature that the digest after it has is not good".to_owned())
            }
            (None, None) => Signature::None,
        }
    }

    fn link(&self, digest: &Digest, content: Option<ContentHash>) -> Link<'m> {
        let after = self.successors.get(name(&digest.key)).into_iter().flatten();
        let told: Vec<_> = after
            .filter_map(|(file, previous)| Some((*file, previous.hash?)))
            .collect();
        match told.iter().any(|(_, hash)| Some(*hash) == content) {
            _ if told.is_empty() => Link::None,
            true => Link::Good,
            false => Link::Broken(told.into_iter().map(|(file, _)| file).collect()),
        }
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

fn name(key: &Untrusted) -> &str {
    unpacked(file_name(key.reveal()))
}

/// A signed digest is what was delivered, so a successor that has another hash of it is not, unless it is signed too.
fn blame_for_broken_link<'m>(
    file: &'m LogFileId,
    link: Link<'m>,
    judged: &mut BTreeMap<&'m LogFileId, Judged>,
) {
    let trust = |judged: &BTreeMap<&LogFileId, Judged>, file: &LogFileId| {
        judged.get(file).map(|(verdict, _)| verdict.trust())
    };
    let Link::Broken(successors) = link else {
        return;
    };
    if trust(judged, file) != Some(Trust::Signed) {
        return;
    }
    for successor in successors {
        let (blamed, why) = match trust(judged, successor) {
            Some(Trust::Signed) => (file, "both are signed, but the next has another hash of it"),
            Some(Trust::Consistent) => (
                successor,
                "its hash of the digest before it, which is signed, is wrong",
            ),
            _ => continue,
        };
        judged.insert(blamed, (DigestVerdict::HashLinkBad, why.to_owned()));
    }
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
