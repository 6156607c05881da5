//! What does a digest file say?
//!
//! Its text is hashed as it is, never written anew: signature and links are over those bytes.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html>

use super::hash::ContentHash;
use super::name::ChainId;
use super::written::Written;
use crate::vocab::{Span, Timestamp, Untrusted};

/// What a digest file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Digest {
    /// Which chain it belongs to.
    pub chain: ChainId,
    /// Where it was delivered: the key.
    pub key: Untrusted,
    /// The time of delivery of the log files that it names.
    pub window: Span,
    /// The end of that time, as it is written.
    pub end: Untrusted,
    /// Which key signed it.
    pub fingerprint: Untrusted,
    /// The digest before it; a starting digest has none.
    pub previous: Option<Previous>,
    /// The log files that it names.
    pub logs: Vec<NamedLog>,
}

/// What a digest says of the one before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Previous {
    /// The bucket.
    pub bucket: Untrusted,
    /// The key.
    pub key: Untrusted,
    /// The hash of its content, where one can be read.
    pub hash: Option<ContentHash>,
    /// Its signature, in hex digits, as it is written.
    pub signature: Untrusted,
}

/// A log file that a digest names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedLog {
    /// The key.
    pub key: Untrusted,
    /// The hash of its content, where one can be read.
    pub hash: Option<ContentHash>,
    /// The first eventTime in it.
    pub oldest: Option<Timestamp>,
    /// The last eventTime in it.
    pub newest: Option<Timestamp>,
}

impl Digest {
    /// Reads a digest.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let json: Written<'_> =
            serde_json::from_slice(text).map_err(|error| format!("no whole JSON: {error}"))?;
        let required = |key: &str| -> Result<&str, String> {
            let text = json.text_at(key);
            text.ok_or_else(|| format!("`{key}` is missing"))
        };
        let time = |key: &str| -> Result<Timestamp, String> {
            Timestamp::parse(required(key)?).ok_or_else(|| format!("`{key}` is no time"))
        };
        let (bucket, key) = (required("digestS3Bucket")?, required("digestS3Object")?);
        Ok(Self {
            chain: ChainId::of(bucket, key),
            key: key.into(),
            window: Span {
                from: time("digestStartTime")?,
                until: time("digestEndTime")?,
            },
            end: required("digestEndTime")?.into(),
            fingerprint: required("digestPublicKeyFingerprint")?.into(),
            previous: Previous::read(&json)?,
            logs: logs(&json)?,
        })
    }

    /// The text that is signed: end, place, hash and the signature before, `null` where there is none.
    pub(super) fn string_to_sign(&self, content: ContentHash) -> String {
        let previous = self.previous.as_ref().map(|it| it.signature.reveal());
        format!(
            "{}\n{}/{}\n{content}\n{}",
            self.end.reveal(),
            self.chain.bucket.reveal(),
            self.key.reveal(),
            previous.unwrap_or("null")
        )
    }
}

impl Previous {
    fn read(json: &Written<'_>) -> Result<Option<Self>, String> {
        let Some(signature) = json.get("previousDigestSignature") else {
            return Err("`previousDigestSignature` is missing".to_owned());
        };
        let key = json.text_at("previousDigestS3Object").unwrap_or_default();
        if *signature == Written::Null && key.is_empty() {
            return Ok(None);
        }
        let Some(signature) = signature.text() else {
            return Err("`previousDigestSignature` is no text".to_owned());
        };
        let bucket = json.text_at("previousDigestS3Bucket");
        let bucket = bucket.or(json.text_at("digestS3Bucket"));
        let hash = json.text_at("previousDigestHashValue");
        Ok(Some(Self {
            bucket: bucket.unwrap_or_default().into(),
            key: key.into(),
            hash: hash.and_then(ContentHash::parse),
            signature: signature.into(),
        }))
    }
}

fn logs(json: &Written<'_>) -> Result<Vec<NamedLog>, String> {
    let logs = match json.get("logFiles") {
        None | Some(Written::Null) => return Ok(Vec::new()),
        Some(Written::List(logs)) => logs,
        Some(_) => return Err("`logFiles` is no array".to_owned()),
    };
    let read = |log: &Written<'_>| -> Result<NamedLog, String> {
        let key = log.text_at("s3Object");
        Ok(NamedLog {
            key: key.ok_or("a log file without `s3Object`")?.into(),
            hash: log.text_at("hashValue").and_then(ContentHash::parse),
            oldest: log.text_at("oldestEventTime").and_then(Timestamp::parse),
            newest: log.text_at("newestEventTime").and_then(Timestamp::parse),
        })
    };
    logs.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn whole() -> Value {
        json!({"digestS3Bucket": "b", "digestS3Object": "c", "digestStartTime": "2026-03-10T00:00:00Z",
            "digestEndTime": "2026-03-10T01:00:00Z", "digestPublicKeyFingerprint": "f", "previousDigestSignature": null, "logFiles": []})
    }

    #[test]
    fn the_signed_text_is_that_of_aws_clis_own_test() {
        let mut digest = Digest::read(whole().to_string().as_bytes()).unwrap();
        digest.end = "a".into();
        let signed = digest.string_to_sign(ContentHash::of(b"abc"));
        assert_eq!(
            signed,
            "a\nb/c\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nnull"
        );
    }

    #[test]
    fn what_is_no_digest_says_what_is_missing() {
        for key in [
            "digestS3Bucket",
            "digestS3Object",
            "digestStartTime",
            "digestEndTime",
            "digestPublicKeyFingerprint",
            "previousDigestSignature",
        ] {
            let mut json = whole();
            json.as_object_mut().unwrap().remove(key);
            let error = Digest::read(json.to_string().as_bytes()).unwrap_err();
            assert_eq!(error, format!("`{key}` is missing"));
        }
        for text in ["", "[]", "{", "null", "7", "\u{0}"] {
            assert!(Digest::read(text.as_bytes()).is_err(), "{text}");
        }
        let mut json = whole();
        json["logFiles"] = json!([{}]);
        assert!(Digest::read(json.to_string().as_bytes()).is_err());
    }

    #[test]
    fn what_is_written_last_counts_and_odd_values_say_what_is_wrong() {
        let read = |members: &str| {
            let whole = whole().to_string();
            let text = format!("{},{members}}}", &whole[..whole.len() - 1]);
            Digest::read(text.as_bytes()).map(|it| (it.key.reveal().to_owned(), it.logs.len()))
        };
        let last = |members: &str| read(members).unwrap();
        assert_eq!(last(r#""digestS3Object":"d""#), ("d".to_owned(), 0));
        assert_eq!(
            last(r#""digest\u0053\u0033Object":"\u0064""#),
            ("d".to_owned(), 0)
        );
        let log = r#"{"s3Object":"k","x":[1,{}],"hashValue":{"a":[null]},"oldestEventTime":1.5}"#;
        assert_eq!(last(&format!(r#""logFiles":[{log},{log}]"#)).1, 2);
        assert_eq!(last(&format!(r#""logFiles":[{log}],"logFiles":null"#)).1, 0);
        for (members, said) in [
            (r#""digestS3Object":7"#, "`digestS3Object` is missing"),
            (r#""digestS3Bucket":{"a":1}"#, "`digestS3Bucket` is missing"),
            (r#""digestStartTime":"no""#, "`digestStartTime` is no time"),
            (
                r#""previousDigestSignature":true"#,
                "`previousDigestSignature` is no text",
            ),
            (
                r#""previousDigestS3Object":"p""#,
                "`previousDigestSignature` is no text",
            ),
            (r#""logFiles":{}"#, "`logFiles` is no array"),
            (r#""logFiles":"x""#, "`logFiles` is no array"),
            (r#""logFiles":[7]"#, "a log file without `s3Object`"),
            (r#""logFiles":[null]"#, "a log file without `s3Object`"),
            (r#""logFiles":[[]]"#, "a log file without `s3Object`"),
        ] {
            assert_eq!(read(members).unwrap_err(), said, "{members}");
        }
        assert!(
            read("\"a\":1} {")
                .unwrap_err()
                .starts_with("no whole JSON: ")
        );
    }

    #[test]
    fn unknown_fields_are_allowed() {
        let mut json = whole();
        json["new"] = json!({"a": [1]});
        assert!(Digest::read(json.to_string().as_bytes()).is_ok());
    }
}
