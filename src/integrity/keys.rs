//! Who may have signed? The public keys that `aws cloudtrail list-public-keys` printed.
//!
//! They are what authenticity rests on: nothing in the file is signed, but each key's fingerprint is the MD5 of its bytes,
//! so that a damaged one is found. Keys are PKCS#1, some SubjectPublicKeyInfo; signatures are RSASSA-PKCS1-v1_5 over SHA-256.

use super::hash::{ContentHash, unhex};
use crate::vocab::Untrusted;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;
use std::collections::BTreeMap;

/// Public keys, by their fingerprints.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PublicKeys {
    keys: BTreeMap<String, Vec<u8>>,
    /// The keys that cannot be used, and why.
    pub refused: Vec<Untrusted>,
    /// The SHA-256 of the file they came from.
    pub file: Option<ContentHash>,
}

impl PublicKeys {
    /// Reads what `aws cloudtrail list-public-keys` printed: one answer, or several one after the other.
    ///
    /// # Errors
    /// If the text is no such answer.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let mut read = Self {
            file: Some(ContentHash::of(text)),
            ..Self::default()
        };
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let answers = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
        for answer in answers {
            let answer = answer.map_err(|error| format!("not JSON: {error}"))?;
            let list = field(&answer, "PublicKeyList").and_then(Value::as_array);
            let list = list.ok_or("no `PublicKeyList` in it")?;
            list.iter().for_each(|key| read.take(key));
        }
        match read.keys.is_empty() && read.refused.is_empty() {
            true => Err("no key in it".to_owned()),
            false => Ok(read),
        }
    }

    /// How many keys can be used.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn take(&mut self, key: &Value) {
        let told = field(key, "Fingerprint").and_then(Value::as_str);
        match usable(key, told) {
            Ok((fingerprint, der)) => {
                self.keys.insert(fingerprint, der);
            }
            Err(why) => {
                let name = told.unwrap_or("without a fingerprint");
                self.refused.push(format!("key {name}: {why}").into());
            }
        }
    }

    /// Whether there is a key with that fingerprint.
    pub(super) fn has(&self, fingerprint: &str) -> bool {
        self.keys.contains_key(&fingerprint.to_ascii_lowercase())
    }

    /// Whether the key with that fingerprint signed the text so.
    pub(super) fn signed(&self, fingerprint: &str, text: &str, signature: &str) -> bool {
        let key = self.keys.get(&fingerprint.to_ascii_lowercase());
        let Some((key, signature)) = key.zip(unhex(signature)) else {
            return false;
        };
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        key.verify(text.as_bytes(), &signature).is_ok()
    }
}

fn field<'v>(json: &'v Value, name: &str) -> Option<&'v Value> {
    let mut members = json.as_object()?.iter();
    members
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// A key's fingerprint and its PKCS#1 bytes, if the one fits the other.
fn usable(key: &Value, told: Option<&str>) -> Result<(String, Vec<u8>), &'static str> {
    let value = field(key, "Value").and_then(Value::as_str);
    let value: String = value
        .ok_or("no `Value`")?
        .split_ascii_whitespace()
        .collect();
    let der = STANDARD
        .decode(value)
        .map_err(|_| "its value is no base64")?;
    let fingerprint: String = Md5::digest(&der)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if told.is_some_and(|told| !told.eq_ignore_ascii_case(&fingerprint)) {
        return Err("its fingerprint is not that of its value");
    }
    let rsa = pkcs1(&der).ok_or("its value is no RSA key")?.to_vec();
    Ok((fingerprint, rsa))
}

/// The PKCS#1 key: all of it, or the bit string of a SubjectPublicKeyInfo for rsaEncryption.
///
/// <https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1>, <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>
fn pkcs1(der: &[u8]) -> Option<&[u8]> {
    const RSA_ENCRYPTION: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    let (0x30, body, _) = element(der)? else {
        return None;
    };
    match element(body)? {
        (0x02, ..) => Some(der),
        (0x30, algorithm, rest) if algorithm.starts_with(RSA_ENCRYPTION) => match element(rest)? {
            (0x03, bits, _) => bits.strip_prefix(&[0]),
            _ => None,
        },
        _ => None,
    }
}

/// The first element of a DER text: its tag, its value, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let add = |length: usize, byte: &u8| length << 8 | usize::from(*byte);
            (bytes.iter().fold(0, add), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_answer_is_refused_with_a_reason() {
        for (text, why) in [
            ("", "no key in it"),
            ("{", "not JSON"),
            ("{}", "no `PublicKeyList` in it"),
            (r#"{"PublicKeyList":[]}"#, "no key in it"),
        ] {
            let error = PublicKeys::read(text.as_bytes()).unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_is_named() {
        let key = |value: &str, fingerprint: &str| json!({"PublicKeyList": [{"Value": value, "Fingerprint": fingerprint}]});
        for (answer, why) in [
            (key("!", "f"), "key f: its value is no base64"),
            (
                key("AAAA", "f"),
                "key f: its fingerprint is not that of its value",
            ),
            (
                key("AAAA", "ac34a2ad5a8bb1d2e8f5a3f5a3f5a3f5"),
                "key ac34a2ad5a8bb1d2e8f5a3f5a3f5a3f5: its fingerprint is not that of its value",
            ),
            (
                json!({"publicKeyList": [{}]}),
                "key without a fingerprint: no `Value`",
            ),
            (
                json!({"publicKeyList": [{"Value": "AAAA"}]}),
                "key without a fingerprint: its value is no RSA key",
            ),
        ] {
            let keys = PublicKeys::read(answer.to_string().as_bytes()).unwrap();
            assert_eq!(
                (keys.len(), keys.refused.as_slice()),
                (0, &[why.into()][..])
            );
        }
    }

    #[test]
    fn der_is_read_within_its_bounds() {
        for der in [
            &b""[..],
            &[0x30],
            &[0x30, 0x85, 1],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 2, 2],
            &[0x30, 0x80],
        ] {
            assert_eq!(pkcs1(der), None, "{der:?}");
        }
    }
}
