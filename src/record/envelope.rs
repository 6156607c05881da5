//! What does an object carry: is it a record, or what others wrapped one in?
//!
//! A record travels as the text of a log message, as an object in an event bus's envelope, as a field that an index kept.
//! Whatever has a record's own keys is a record and is opened no further: what a request said, an attacker may have chosen.

use super::keys::{holds_records, is_record_key, key_text, looks_like_broken_record};
use super::scan::{Cursor, Fault};
use crate::vocab::LossKind;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::borrow::Cow;

/// What was found in an envelope.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Carried<'t> {
    /// A record, as it was written.
    Record(Cow<'t, [u8]>),
    /// Bytes that are a text of their own, perhaps compressed.
    Payload(Vec<u8>),
    /// A message by which CloudWatch Logs tries its subscription.
    Control,
    /// An event that CloudTrail did not write.
    OtherEvent,
    /// An event of CloudTrail's in a form that is not read.
    Unread(&'static str),
    /// A record that is damaged.
    Damaged(LossKind, &'static str),
    /// No record.
    Nothing,
}

/// How many envelopes may lie in each other: a search's hit around an index's document around a bus's event around a record.
const MOST_ENVELOPES: u8 = 6;

/// Opens an object.
pub(super) fn carried(object: &[u8]) -> Carried<'_> {
    open(object, MOST_ENVELOPES)
}

/// Opens a JSON string, its quotes included: the text of a message, or base64.
pub(super) fn carried_in_string(quoted: &[u8]) -> Carried<'static> {
    if quoted.starts_with(b"\"H4sI") {
        return payload(quoted);
    }
    text_of(quoted, MOST_ENVELOPES)
}

/// The beginning of gzip in base64.
pub(super) const BASE64_GZIP: &[u8] = b"H4sI";

fn open(object: &[u8], left: u8) -> Carried<'_> {
    if left == 0 {
        return Carried::Nothing;
    }
    let Some(members) = Members::of(object) else {
        return malformed(object);
    };
    let string = |name: &str| members.get(name).filter(|value| value.starts_with(b"\""));
    let inner = |name: &str| members.get(name).filter(|value| value.starts_with(b"{"));
    if let Some(text) = string("CloudTrailEvent") {
        return text_of(text, left - 1);
    }
    if members.has("TimeGenerated") && members.has("EventName") {
        return Carried::Unread("a row of Microsoft Sentinel's AWSCloudTrail table");
    }
    if let Some(data) = inner("kinesis").and_then(|kinesis| Members::of(kinesis)?.get("data")) {
        return payload(data);
    }
    let is_kinesis = members.has("SequenceNumber") && members.has("PartitionKey");
    if let Some(data) = string("Data").filter(|_| is_kinesis) {
        return payload(data);
    }
    if members.has_record_key() {
        return Carried::Record(Cow::Borrowed(object));
    }
    if let Some(detail_type) = string("detail-type") {
        let detail = inner("detail").map_or(Carried::Nothing, |detail| open(detail, left - 1));
        return match detail {
            Carried::Nothing if !is_cloudtrail(detail_type) => Carried::OtherEvent,
            detail => detail,
        };
    }
    if let Some(text) = ["_raw", "event.original"]
        .iter()
        .find_map(|name| string(name))
    {
        return text_of(text, left - 1);
    }
    for name in ["result", "_source", "event"] {
        match inner(name).map_or(Carried::Nothing, |value| open(value, left - 1)) {
            Carried::Nothing => {}
            found => return found,
        }
    }
    if let Some(text) = string("original") {
        return text_of(text, left - 1);
    }
    if let Some(data) = inner("awslogs").and_then(|logs| Members::of(logs)?.get("data")) {
        return subscription(data);
    }
    if let Some(data) = string("Data") {
        return match payload(data) {
            // Others have such a name for what they like.
            Carried::Damaged(..) => Carried::Nothing,
            found => found,
        };
    }
    if let Some(text) = ["message", "event"].iter().find_map(|name| string(name)) {
        return text_of(text, left - 1);
    }
    members.unread()
}

/// An object that cannot be read to its end, though its brackets match. It is a record's if it says so.
fn malformed(object: &[u8]) -> Carried<'static> {
    match mentions_event(object) {
        true if is_json5(object) => Carried::Damaged(LossKind::MalformedJson, JSON5),
        true => Carried::Damaged(LossKind::MalformedJson, "the record is no valid JSON"),
        false => Carried::Nothing,
    }
}

/// What is told of a record whose keys are not quoted as JSON has it.
pub(super) const JSON5: &str = "a key without double quotes: JSON5 is not read";

/// Whether an object begins with a comment, or its first key is not quoted, or not as JSON has it. A key that only lost one of its
/// quotes is no other form, but damage.
pub(super) fn is_json5(object: &[u8]) -> bool {
    let inside = object.get(1..).unwrap_or_default().trim_ascii_start();
    let behind = match inside {
        [b'/', b'/' | b'*', ..] => return true,
        [b'\'', rest @ ..] => {
            let end = memchr::memchr(b'\'', rest);
            end.and_then(|end| rest.get(end + 1..))
        }
        _ => {
            let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
            let end = inside.iter().position(|byte| !in_name(byte));
            end.filter(|end| *end > 0).and_then(|end| inside.get(end..))
        }
    };
    behind.is_some_and(|behind| behind.trim_ascii_start().starts_with(b":"))
}

/// Whether the beginning of what is broken names what only records name.
pub(super) fn mentions_event(broken: &[u8]) -> bool {
    let head = broken.get(..MOST_HEAD).unwrap_or(broken);
    let has = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    has(b"eventName") || has(b"eventSource")
}

/// Whether a text that is no JSON holds members of records all the same, be they quoted once more or not.
pub(super) fn holds_members(text: &[u8]) -> bool {
    let names = |key: &[u8]| {
        memchr::memmem::find_iter(text, key).any(|at| {
            let rest = text.get(at + key.len()..).unwrap_or_default();
            let rest = rest.trim_ascii_start();
            let unquoted = rest.iter().position(|byte| *byte != b'\\').unwrap_or(0);
            let behind = rest
                .get(unquoted..)
                .and_then(|rest| rest.strip_prefix(b"\""));
            behind.is_some_and(|rest| rest.trim_ascii_start().starts_with(b":"))
        })
    };
    names(b"eventName") && [&b"eventVersion"[..], b"eventID"].into_iter().any(names)
}

/// A record names its event among its first few hundred bytes.
const MOST_HEAD: usize = 4096;

fn is_cloudtrail(detail_type: &[u8]) -> bool {
    detail_type.ends_with(b"via CloudTrail\"")
}

/// What a message's text carries. A text that is no JSON object is no record; one that breaks off is a damaged one.
fn text_of(quoted: &[u8], left: u8) -> Carried<'static> {
    let Ok(text) = serde_json::from_slice::<String>(quoted) else {
        return Carried::Damaged(LossKind::MalformedJson, "the message is no valid string");
    };
    let text = text.trim_ascii().as_bytes();
    if text.starts_with(b"CWL CONTROL MESSAGE") {
        return Carried::Control;
    }
    if !text.starts_with(b"{") {
        return Carried::Nothing;
    }
    let mut cursor = Cursor::new(text, 0);
    let read = cursor.value();
    match (read, cursor.peek()) {
        (Ok(_), Err(Fault::Ends)) => match own(open(text, left)) {
            Carried::Nothing => log_file(text),
            found => found,
        },
        _ if !looks_like_broken_record(text) => log_file(text),
        (Err(Fault::Ends), _) => {
            Carried::Damaged(LossKind::TruncatedJson, "the message ends inside a record")
        }
        _ => Carried::Damaged(LossKind::MalformedJson, "the message is no single record"),
    }
}

/// A text without a record's own keys may be a whole log file, perhaps cut off.
fn log_file(text: &[u8]) -> Carried<'static> {
    match holds_records(text) {
        true => Carried::Payload(text.to_vec()),
        false => Carried::Nothing,
    }
}

/// Text that was unescaped lives only as long as its envelope is open.
fn own(carried: Carried<'_>) -> Carried<'static> {
    match carried {
        Carried::Record(raw) => Carried::Record(Cow::Owned(raw.into_owned())),
        Carried::Payload(bytes) => Carried::Payload(bytes),
        Carried::Control => Carried::Control,
        Carried::OtherEvent => Carried::OtherEvent,
        Carried::Unread(form) => Carried::Unread(form),
        Carried::Damaged(kind, detail) => Carried::Damaged(kind, detail),
        Carried::Nothing => Carried::Nothing,
    }
}

/// What CloudWatch Logs hands to a subscription: gzip of a document, nothing else.
fn subscription(quoted: &[u8]) -> Carried<'static> {
    match payload(quoted) {
        Carried::Payload(bytes) if !is_document(&bytes) => Carried::Damaged(
            LossKind::MalformedJson,
            "the payload of a subscription is neither gzip nor JSON",
        ),
        found => found,
    }
}

/// Whether bytes begin as gzip or as an object.
fn is_document(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b") || bytes.trim_ascii_start().starts_with(b"{")
}

/// What is handed on in base64; a text that is none was damaged on its way.
fn payload(quoted: &[u8]) -> Carried<'static> {
    let Ok(text) = serde_json::from_slice::<String>(quoted) else {
        return match quoted.starts_with(b"\"") {
            true => Carried::Damaged(LossKind::MalformedJson, "the payload is no valid string"),
            false => Carried::Nothing,
        };
    };
    match decode_base64(text.as_bytes()) {
        Some(bytes) if bytes.is_empty() => Carried::Nothing,
        Some(bytes) => Carried::Payload(bytes),
        None => Carried::Damaged(LossKind::MalformedJson, NO_BASE64),
    }
}

const NO_BASE64: &str = "the payload is no base64";

/// Reads base64, padded or not, whatever white space lies in it. Of what breaks off, the whole groups are read: what they hold
/// then tells that it ends too soon.
pub(super) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .copied()
        .collect();
    let whole_groups = text.get(..text.len() & !3).unwrap_or_default();
    STANDARD
        .decode(&text)
        .or_else(|_| STANDARD_NO_PAD.decode(&text))
        .or_else(|_| STANDARD.decode(whole_groups))
        .ok()
        .filter(|bytes| !bytes.is_empty() || text.is_empty())
}

/// The top-level members of an object, each value as it is written.
struct Members<'t>(Vec<(Cow<'t, str>, &'t [u8])>);

impl<'t> Members<'t> {
    /// `None` where the object cannot be read to its end.
    fn of(object: &'t [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(object, 0);
        let mut members = Vec::new();
        cursor.expect(b'{').ok()?;
        while cursor.has_more(b'}', members.len()).ok()? {
            let key = cursor.key().ok()?;
            cursor.peek().ok()?;
            let start = cursor.at;
            cursor.value().ok()?;
            members.push((key_text(key), cursor.since(start)));
        }
        Some(Self(members))
    }

    /// Of equal names the last counts.
    fn get(&self, name: &str) -> Option<&'t [u8]> {
        let named = self.0.iter().rev().find(|(key, _)| key == name);
        named.map(|(_, value)| *value)
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn has_record_key(&self) -> bool {
        self.0.iter().any(|(key, _)| is_record_key(key))
    }

    /// Renderings that lose what a judgement needs.
    fn unread(&self) -> Carried<'static> {
        let elastic = self.has("aws.cloudtrail.event_type")
            || self.get("aws").is_some_and(|aws| {
                Members::of(aws).is_some_and(|members| members.has("cloudtrail"))
            });
        if elastic {
            return Carried::Unread("an Elastic document without `event.original`");
        }
        if self.has("class_uid") && self.has("metadata") && self.has("api") {
            return Carried::Unread("an OCSF event, as Security Lake keeps them");
        }
        Carried::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_lost_a_quote_is_no_json5() {
        for text in ["{a: 1", "{ _a1 :", "{'a b': 1", "{/* x */", "{// x", "{$:"] {
            assert!(is_json5(text.as_bytes()), "{text}");
        }
        for text in [
            "{ eventName\":1",
            "{beventName\": 1",
            "{'eventName\":",
            "{}",
            "{",
            "{a",
            "{\"a\":1",
        ] {
            assert!(!is_json5(text.as_bytes()), "{text}");
        }
    }
    use serde_json::{Value, json};

    const RECORD: &str = r#"{"eventVersion":"1.09", "eventName":"A\n","x":1.50}"#;

    fn record() -> Value {
        Value::from(RECORD)
    }

    fn raw(object: &str) -> Option<String> {
        match carried(object.as_bytes()) {
            Carried::Record(raw) => Some(String::from_utf8(raw.into_owned()).unwrap()),
            _ => None,
        }
    }

    #[test]
    fn every_envelope_gives_the_record_as_it_was_written() {
        let text = record();
        for envelope in [
            json!({"EventId": "x", "EventName": "A", "CloudTrailEvent": text}),
            json!({"timestamp": 1, "message": text, "ingestionTime": 2}),
            json!({"preview": false, "result": {"_raw": text, "_time": 1}}),
            json!({"_raw": text}),
            json!({"event": {"original": text, "action": "A"}, "message": "text"}),
            json!({"event.original": text}),
            json!({"_index": "x", "_source": {"event": {"original": text}}}),
            json!({"time": 1, "event": text}),
            json!({"message": format!("{{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":{RECORD}}}")}),
        ] {
            assert_eq!(
                raw(&envelope.to_string()).as_deref(),
                Some(RECORD),
                "{envelope}"
            );
        }
        for object in [
            RECORD.to_owned(),
            format!(
                "{{\"version\":\"0\",\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\": {RECORD} }}"
            ),
            format!("{{\"time\":1,\"event\":{RECORD}}}"),
        ] {
            assert_eq!(raw(&object).as_deref(), Some(RECORD), "{object}");
        }
    }

    #[test]
    fn a_message_may_be_a_whole_log_file() {
        let log = format!("{{\"Records\":[{RECORD}]}}");
        for text in [
            log.clone(),
            format!("{log} x"),
            format!("{{\"a\":1,{}", &log[1..30]),
        ] {
            for envelope in [
                json!({"message": text}),
                json!({"result": {"_raw": text}}),
                json!({"event": {"original": text}}),
                json!({"EventId": "x", "EventName": "A", "CloudTrailEvent": text}),
            ] {
                let found = carried_in(&envelope);
                assert_eq!(
                    found,
                    Carried::Payload(text.clone().into_bytes()),
                    "{envelope}"
                );
            }
        }
        // What has a record's own keys is one, whatever else it has.
        let record = format!("{{\"eventName\":\"A\",{}", &log[1..]);
        let found = carried_in(&json!({ "message": record }));
        assert_eq!(found, Carried::Record(record.into_bytes().into()));
    }

    fn carried_in(envelope: &Value) -> Carried<'static> {
        own(carried(envelope.to_string().as_bytes()))
    }

    #[test]
    fn what_a_request_said_is_not_opened() {
        let object = json!({"eventName": "A", "message": RECORD, "detail": {"eventName": "Forged"}, "detail-type": "x"});
        assert_eq!(raw(&object.to_string()), Some(object.to_string()));
    }

    #[test]
    fn what_carries_no_record_says_so() {
        for (object, expected) in [
            (
                json!({"message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}),
                Carried::Control,
            ),
            (
                json!({"detail-type": "EC2 Instance State-change Notification", "detail": {"state": "x"}}),
                Carried::OtherEvent,
            ),
            (
                json!({"detail-type": "AWS API Call via CloudTrail", "detail": {}}),
                Carried::Nothing,
            ),
            (
                json!({"TimeGenerated": "x", "EventName": "A"}),
                Carried::Unread("a row of Microsoft Sentinel's AWSCloudTrail table"),
            ),
            (
                json!({"aws": {"cloudtrail": {}}, "event": {"action": "A"}}),
                Carried::Unread("an Elastic document without `event.original`"),
            ),
            (
                json!({"class_uid": 6003, "metadata": {}, "api": {}}),
                Carried::Unread("an OCSF event, as Security Lake keeps them"),
            ),
            (json!({"message": "START RequestId"}), Carried::Nothing),
            (json!({"message": "{\"level\":\"info\"}"}), Carried::Nothing),
            (
                json!({"message": "{\"eventVersion\":\"1.0\",\"eventN"}),
                Carried::Damaged(LossKind::TruncatedJson, "the message ends inside a record"),
            ),
            (
                json!({"message": "{\"eventName\":\"A\"} x"}),
                Carried::Damaged(LossKind::MalformedJson, "the message is no single record"),
            ),
            (
                json!({"awslogs": {"data": "e30="}}),
                Carried::Payload(b"{}".to_vec()),
            ),
            (
                json!({"eventSource": "aws:kinesis", "kinesis": {"data": "e30"}}),
                Carried::Payload(b"{}".to_vec()),
            ),
            (
                json!({"awslogs": {"data": "H4sI!!!!"}}),
                Carried::Damaged(LossKind::MalformedJson, NO_BASE64),
            ),
            (
                json!({"awslogs": {"data": "AAAA"}}),
                Carried::Damaged(
                    LossKind::MalformedJson,
                    "the payload of a subscription is neither gzip nor JSON",
                ),
            ),
            (
                json!({"eventSource": "aws:kinesis", "kinesis": {"data": "H4sI!!!!"}}),
                Carried::Damaged(LossKind::MalformedJson, NO_BASE64),
            ),
            (
                json!({"awslogs": {"data": "!!!"}}),
                Carried::Damaged(LossKind::MalformedJson, NO_BASE64),
            ),
            (json!({"awslogs": {"data": ""}}), Carried::Nothing),
            (json!({"kinesis": {"data": 7}}), Carried::Nothing),
            (
                json!({"SequenceNumber": "1", "PartitionKey": "p", "Data": "?"}),
                Carried::Damaged(LossKind::MalformedJson, NO_BASE64),
            ),
            (json!({"Data": "?"}), Carried::Nothing),
            (json!({"message": "{\"Records\":7}"}), Carried::Nothing),
            (json!({}), Carried::Nothing),
        ] {
            assert_eq!(carried(object.to_string().as_bytes()), expected, "{object}");
        }
        assert_eq!(
            carried(br#"{"message":"{\"eventName\":\ud800"}"#),
            Carried::Damaged(LossKind::MalformedJson, "the message is no valid string")
        );
    }

    #[test]
    fn envelopes_in_each_other_end_somewhere() {
        let mut object = RECORD.to_owned();
        for _ in 0..50 {
            object = json!({ "message": object }).to_string();
            if object.len() > 1 << 20 {
                break;
            }
        }
        assert_eq!(carried(object.as_bytes()), Carried::Nothing);
    }
}
