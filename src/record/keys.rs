//! What do an object's keys say that it is?
//!
//! Only the top-level ones count: a log file, a record and a digest are told apart by them, and by nothing else.

use super::scan::{Cursor, Fault};
use std::borrow::Cow;

/// Whether something was met.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Saw {
    #[default]
    No,
    Yes,
}

/// What the top-level keys of an object say that it is.
#[derive(Clone, Copy, Default)]
pub(super) struct Keys {
    /// `Records`: a log file.
    pub(super) records: Saw,
    /// `eventName`, `eventSource`, `insightDetails`: a record.
    pub(super) event: Saw,
    /// A key that only envelopes have, whatever else looks like a record's.
    pub(super) envelope: Saw,
    /// `digestStartTime`, `digestEndTime`: a digest.
    pub(super) digest: Saw,
}

impl Keys {
    /// Notes what a key says; `Records` is noted by whoever reads its value.
    pub(super) fn note(&mut self, key: &[u8]) {
        let key = key_text(key);
        let is_any = |names: [&str; 2]| names.iter().any(|name| key.eq_ignore_ascii_case(name));
        if is_record_key(&key) {
            self.event = Saw::Yes;
        } else if is_any(["digestStartTime", "digestEndTime"]) {
            self.digest = Saw::Yes;
        } else if ENVELOPE_KEYS.contains(&key.as_ref()) {
            self.envelope = Saw::Yes;
        }
    }
}

/// Keys of envelopes that have `EventName` or `eventSource` beside the record that they carry, or in place of it.
const ENVELOPE_KEYS: [&str; 3] = ["CloudTrailEvent", "TimeGenerated", "kinesis"];

/// A key that only records have: an Insight record has no name and no source.
pub(super) fn is_record_key(key: &str) -> bool {
    ["eventName", "eventSource", "insightDetails"]
        .iter()
        .any(|name| key.eq_ignore_ascii_case(name))
}

/// A key with its escapes resolved.
pub(super) fn key_text(key: &[u8]) -> Cow<'_, str> {
    let plain = String::from_utf8_lossy(key);
    if !key.contains(&b'\\') {
        return plain;
    }
    serde_json::from_str(&format!("\"{plain}\"")).map_or(plain, Cow::Owned)
}

/// Of a broken record perhaps only the beginning is left, and that is `eventVersion`.
pub(super) fn looks_like_broken_record(broken: &[u8]) -> bool {
    has_key(broken, |key| {
        key.get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("event"))
    })
}

/// Whether a text is a log file, as far as it can be read.
pub(super) fn holds_records(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text, 0);
    let mut look = || -> Result<bool, Fault> {
        cursor.expect(b'{')?;
        let mut members = 0;
        while cursor.has_more(b'}', members)? {
            if key_text(cursor.key()?) == "Records" {
                return Ok(cursor.peek()? == b'[');
            }
            cursor.value()?;
            members += 1;
        }
        Ok(false)
    };
    look().unwrap_or(false)
}

/// Whether an object has such a top-level key, as far as it can be read.
fn has_key(object: &[u8], is_wanted: impl Fn(&str) -> bool) -> bool {
    let mut cursor = Cursor::new(object, 0);
    let mut members = 0;
    let mut next_is_wanted = || -> Result<bool, Fault> {
        if members == 0 {
            cursor.expect(b'{')?;
        } else {
            cursor.value()?;
        }
        if !cursor.has_more(b'}', members)? {
            return Err(Fault::Ends);
        }
        members += 1;
        cursor.key().map(|key| is_wanted(&key_text(key)))
    };
    std::iter::from_fn(|| next_is_wanted().ok()).any(|wanted| wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_in_keys_are_resolved() {
        for (written, text) in [
            ("Records", "Records"),
            ("\\u0052ecords", "Records"),
            ("a\\\"b", "a\"b"),
            ("\\x", "\\x"),
        ] {
            assert_eq!(key_text(written.as_bytes()), text);
        }
    }

    #[test]
    fn a_record_is_known_by_its_top_level_keys() {
        for (object, expected) in [
            ("{\"a\":[{}],\"eventName\":1}", true),
            ("{\"a\":\"eventName\",\"EVENTSOURCE\":", true),
            ("{\"a\":{\"eventName\":1}}", false),
            ("{}", false),
            ("{\"a\":1} {\"eventName\":1}", false),
            ("[\"eventName\"]", false),
            ("{\"eventVersion\":1}", false),
        ] {
            let found = has_key(object.as_bytes(), is_record_key);
            assert_eq!(found, expected, "{object}");
        }
        assert!(looks_like_broken_record(b"{\"eventVersion\":1"));
        assert!(!looks_like_broken_record(b"{\"eventV"));
    }
}
