//! What did S3 know of the digest objects? Signatures that `aws s3api head-object` printed.
//!
//! A copy on disk loses an object's metadata, and with it the signature of the last digest of each chain. Three forms are
//! read: an object from `s3://bucket/key` to what was printed, an array of answers with `Bucket` and `Key` added, and such
//! answers one after the other.

use super::hash::ContentHash;
use crate::source::DigestSignature;
use crate::vocab::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// The saved metadata of digest objects, by key. Of which bucket an object was, the digest itself says, in the text that is
/// to be checked: so all that has its key may prove it. Against it speaks only what is not of another bucket.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metadata {
    objects: BTreeMap<String, Vec<Saved>>,
    /// The SHA-256 of the file they came from.
    pub file: Option<ContentHash>,
}

/// What was saved of one object.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Saved {
    /// The bucket, where one is named.
    pub bucket: Option<String>,
    /// The signature in hex digits; empty where there is none.
    pub signature: String,
    /// The algorithm that it names; empty where it names none.
    pub algorithm: String,
    /// When a backfill digest was made, where that is told.
    pub generated: Option<Timestamp>,
}

/// The algorithm that CloudTrail signs with.
pub(super) const ALGORITHM: &str = "SHA256withRSA";

impl Saved {
    /// Whether its signature is one of CloudTrail's kind.
    pub fn is_cloudtrails(&self) -> bool {
        self.algorithm == ALGORITHM
    }

    /// Whether it may be of an object in that bucket.
    pub fn may_be_of(&self, bucket: &str) -> bool {
        self.bucket.as_ref().is_none_or(|named| named == bucket)
    }
}

impl Metadata {
    /// Reads saved metadata.
    ///
    /// # Errors
    /// If the text is not of one of the three forms.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let mut read = Self {
            file: Some(ContentHash::of(text)),
            ..Self::default()
        };
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for value in serde_json::Deserializer::from_slice(text).into_iter::<Value>() {
            read.take(&value.map_err(|error| format!("not JSON: {error}"))?);
        }
        match read.objects.is_empty() {
            true => Err("no object's metadata in it".to_owned()),
            false => Ok(read),
        }
    }

    /// The same, with what came beside the digests when they were read from S3.
    pub fn with(mut self, signatures: Vec<DigestSignature>) -> Self {
        for signed in signatures {
            let saved = Saved {
                bucket: None,
                signature: signed.signature,
                algorithm: signed.algorithm,
                generated: Timestamp::parse(&signed.generated),
            };
            let known = self.objects.entry(signed.key).or_default();
            let of = |it: &Saved| (it.signature.clone(), it.algorithm.clone(), it.generated);
            let says = |it: &Saved| of(it) == of(&saved);
            if !known.iter().any(says) {
                known.push(saved);
            }
        }
        self
    }

    /// How many objects' metadata there is.
    pub fn len(&self) -> usize {
        self.objects.values().map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub(super) fn of(&self, key: &str) -> &[Saved] {
        self.objects.get(key).map_or(&[], Vec::as_slice)
    }

    /// The objects of which bucket and key are named.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        self.objects.iter().flat_map(|(key, saved)| {
            let buckets = saved.iter().filter_map(|it| it.bucket.as_deref());
            buckets.map(move |bucket| (bucket, key.as_str()))
        })
    }

    fn take(&mut self, value: &Value) {
        if let Some(answers) = value.as_array() {
            return answers.iter().for_each(|answer| self.take(answer));
        }
        let at = |key: &str| value.get(key).and_then(Value::as_str);
        if let Some(place) = at("Bucket").zip(at("Key")) {
            self.keep(place, value);
            return;
        }
        for (place, answer) in value.as_object().into_iter().flatten() {
            let place = place.strip_prefix("s3://").unwrap_or(place);
            if let Some(place) = place.split_once('/').filter(|_| answer.is_object()) {
                self.keep(place, answer);
            }
        }
    }

    fn keep(&mut self, (bucket, key): (&str, &str), answer: &Value) {
        let metadata = answer.get("Metadata").unwrap_or(answer);
        let at = |name: &str| {
            let mut members = metadata.as_object().into_iter().flatten();
            let named = members.find(|(key, _)| {
                let key = key.to_ascii_lowercase();
                key.strip_prefix("x-amz-meta-").unwrap_or(&key) == name
            });
            named.and_then(|(_, value)| value.as_str())
        };
        let saved = Saved {
            bucket: Some(bucket.to_owned()).filter(|bucket| !bucket.is_empty()),
            signature: at("signature").unwrap_or_default().to_owned(),
            algorithm: at("signature-algorithm").unwrap_or_default().to_owned(),
            generated: at("backfill-generation-timestamp").and_then(Timestamp::parse),
        };
        self.objects.entry(key.to_owned()).or_default().push(saved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms_say_the_same() {
        let saved = r#"{"signature":"ab","signature-algorithm":"SHA256withRSA"}"#;
        for text in [
            format!(r#"{{"s3://b/k/1":{saved}}}"#),
            format!(r#"{{"s3://b/k/1":{{"ETag":"x","Metadata":{saved}}}}}"#),
            format!(r#"[{{"Bucket":"b","Key":"k/1","Metadata":{saved}}}]"#),
            format!(r#"{{"Bucket":"b","Key":"k/1","Metadata":{saved}}}
                {{"Bucket":"b","Key":"k/2","Metadata":{saved}}}"#),
            r#"{"b/k/1":{"x-amz-meta-signature":"ab","X-Amz-Meta-Signature-Algorithm":"SHA256withRSA"}}"#.to_owned(),
        ] {
            let read = Metadata::read(text.as_bytes()).unwrap();
            let one = &read.of("k/1")[0];
            assert_eq!((one.signature.as_str(), one.is_cloudtrails()), ("ab", true), "{text}");
            assert!(one.may_be_of("b") && !one.may_be_of("c"), "{text}");
        }
    }

    #[test]
    fn what_is_no_metadata_is_refused() {
        for text in [
            "",
            "{}",
            "[]",
            "{",
            "7",
            r#"{"Metadata":{"signature":"ab"}}"#,
        ] {
            assert!(Metadata::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
