//! How does what files can be checked with become rows, and come back?

use super::error::StoreError;
use super::load::{LastName, Wants, each, each_row};
use super::read::{Batch, Batches, integer, text, yes};
use super::story::Story;
use super::write::{Rows, Value};
use crate::integrity::{ContentHash, Digest, FileProof, HeldDigest, Material, Trailing};
use crate::vocab::Untrusted;
use serde_json::{Value as Json, json};

use Value::{Boolean, Nothing, Text};

/// Writes the rows of what a log file can be checked with.
pub(super) fn write(source: &str, story: &Story, rows: &mut Rows<'_>) -> Result<(), StoreError> {
    for (file, proof) in &story.material.proofs {
        rows.push(&proof_row(
            source,
            file.as_str(),
            &Shown::of(proof),
            [Nothing; 2],
        ))?;
    }
    for (file, held) in &story.material.digests {
        let text = held
            .digest
            .as_ref()
            .map(|digest| digest_text(digest).to_string());
        let told = match &text {
            Ok(text) => [Text(text), Nothing],
            Err(why) => [Nothing, Text(why.reveal())],
        };
        let shown = Shown::of(&held.proof);
        rows.push(&proof_row(source, file.as_str(), &shown, told))?;
    }
    Ok(())
}

/// A proof, its hashes as text.
struct Shown<'p> {
    proof: &'p FileProof,
    content: Option<String>,
    file: Option<String>,
}

impl<'p> Shown<'p> {
    fn of(proof: &'p FileProof) -> Self {
        Self {
            proof,
            content: proof.content.map(|hash| hash.to_string()),
            file: proof.file.map(|hash| hash.to_string()),
        }
    }
}

fn proof_row<'v>(
    source: &'v str,
    file: &'v str,
    shown: &'v Shown<'_>,
    [digest, unreadable]: [Value<'v>; 2],
) -> [Value<'v>; 12] {
    let trailing = shown.proof.trailing.as_ref();
    let number = |of: fn(&Trailing) -> u64| Value::integer(trailing.map(of));
    let damage = shown.proof.damage.as_ref();
    [
        Text(source),
        Text(file),
        Value::text(shown.content.as_deref()),
        Value::text(shown.file.as_deref()),
        number(|it| it.offset),
        number(|it| it.bytes),
        trailing.map_or(Nothing, |it| Boolean(it.is_member)),
        number(|it| it.records),
        number(|it| it.first_record),
        Value::text(damage.map(|why| why.reveal())),
        digest,
        unreadable,
    ]
}

/// A digest as CloudTrail writes it, as far as it was read: it reads back as the same.
pub(super) fn digest_text(digest: &Digest) -> Json {
    let previous = digest.previous.as_ref();
    let hash = |hash: Option<ContentHash>| hash.map(|hash| hash.to_string());
    let logs: Vec<Json> = digest
        .logs
        .iter()
        .map(|log| {
            json!({
                "s3Object": log.key.reveal(),
                "hashValue": hash(log.hash),
                "oldestEventTime": log.oldest.map(|time| time.to_string()),
                "newestEventTime": log.newest.map(|time| time.to_string()),
            })
        })
        .collect();
    json!({
        "digestS3Bucket": digest.chain.bucket.reveal(),
        "digestS3Object": digest.key.reveal(),
        "digestStartTime": digest.window.from.to_string(),
        "digestEndTime": digest.end.reveal(),
        "digestPublicKeyFingerprint": digest.fingerprint.reveal(),
        "previousDigestS3Bucket": previous.map(|it| it.bucket.reveal()),
        "previousDigestS3Object": previous.map(|it| it.key.reveal()),
        "previousDigestHashValue": previous.and_then(|it| hash(it.hash)),
        "previousDigestSignature": previous.map(|it| it.signature.reveal()),
        "logFiles": logs,
    })
}

/// What is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// Digests.
    Digests,
    /// The other files.
    Others,
}

/// The columns of what a digest says.
pub(super) const DIGESTS: [&str; 2] = ["digest", "digest_unreadable"];

/// Whether there is a digest.
pub(super) fn has_digests(batches: Batches) -> Result<bool, StoreError> {
    for batch in batches {
        let batch = batch?;
        let (digests, unreadable) = (batch.texts("digest")?, batch.texts("digest_unreadable")?);
        let mut rows = batch.rows();
        if rows.any(|at| text(digests, at).or(text(unreadable, at)).is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether there is a row that is wanted.
pub(super) fn has_wanted(batches: Batches, wants: &Wants<'_>) -> Result<bool, StoreError> {
    let mut found = false;
    for batch in batches {
        each_row(&batch?, wants, |_| {
            found = true;
            Ok(())
        })?;
    }
    Ok(found)
}

/// What files can be checked with, of digests or of the others; of each, with the file of the source that it lies in.
pub(super) fn read(
    of: Checked,
    batches: Batches,
    wants: &Wants<'_>,
    take: &mut dyn FnMut(&str, Material),
) -> Result<(), StoreError> {
    let mut names = LastName::default();
    for batch in batches {
        let batch = batch?;
        let sources = batch.texts("source_file")?;
        let (digests, unreadable) = (batch.texts("digest")?, batch.texts("digest_unreadable")?);
        each(&batch, &mut names, wants, |at, file| {
            let is_digest = text(digests, at).or(text(unreadable, at)).is_some();
            if is_digest != (of == Checked::Digests) {
                return Ok(());
            }
            let proof = proof(&batch, at)?;
            let digest = match (text(digests, at), text(unreadable, at)) {
                (Some(text), _) => Some(Digest::read(text.as_bytes()).map_err(Untrusted::from)),
                (None, Some(why)) => Some(Err(why.into())),
                (None, None) => None,
            };
            let mut material = Material::default();
            match digest {
                Some(digest) => _ = material.digests.insert(file, HeldDigest { digest, proof }),
                None => _ = material.proofs.insert(file, proof),
            }
            take(text(sources, at).unwrap_or_default(), material);
            Ok(())
        })?;
    }
    Ok(())
}

fn proof(batch: &Batch, at: usize) -> Result<FileProof, StoreError> {
    let hash = |name: &'static str| -> Result<Option<ContentHash>, StoreError> {
        let Some(text) = text(batch.texts(name)?, at) else {
            return Ok(None);
        };
        let hash = ContentHash::parse(text).ok_or_else(|| batch.unsound(name))?;
        Ok(Some(hash))
    };
    let number = |name: &'static str| batch.integers(name).map(|column| integer(column, at));
    let trailing = match number("trailing_offset")? {
        None => None,
        Some(offset) => Some(Trailing {
            offset,
            bytes: number("trailing_bytes")?.unwrap_or_default(),
            is_member: yes(batch.booleans("trailing_is_member")?, at),
            records: number("trailing_records")?.unwrap_or_default(),
            first_record: number("trailing_first_record")?.unwrap_or_default(),
        }),
    };
    Ok(FileProof {
        content: hash("content_sha256")?,
        file: hash("file_sha256")?,
        trailing,
        damage: text(batch.texts("damage")?, at).map(Into::into),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_as_the_same() {
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let log = json!({"s3Object": "AWSLogs/a.json.gz", "hashValue": hash, "oldestEventTime": "2026-03-10T00:01:02Z"});
        let first = json!({"digestS3Bucket": "b", "digestS3Object": "c", "digestStartTime": "2026-03-10T00:00:00Z",
            "digestEndTime": "2026-03-10T01:00:00Z", "digestPublicKeyFingerprint": "f", "previousDigestSignature": null, "logFiles": []});
        let mut later = first.clone();
        later["previousDigestSignature"] = json!("ab12");
        later["previousDigestS3Bucket"] = json!("other");
        later["previousDigestS3Object"] = json!("before");
        later["previousDigestHashValue"] = json!(hash);
        later["logFiles"] = json!([log, {"s3Object": "x", "hashValue": "no hash"}]);
        let mut unnamed = first.clone();
        unnamed["previousDigestSignature"] = json!("");
        for written in [first, later, unnamed] {
            let digest = Digest::read(written.to_string().as_bytes()).unwrap();
            let again = Digest::read(digest_text(&digest).to_string().as_bytes());
            assert_eq!(again, Ok(digest), "{written}");
        }
    }
}
