//! What is done to a record that stays one: writings that one reader might take otherwise than another.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What is done to one record, which stays valid.
#[derive(Clone, Debug)]
pub enum Turn {
    AsItIs,
    /// Letters are written as escapes.
    Escaped(Index, usize),
    /// A key comes twice, in this writing.
    Twice(&'static str),
    /// Names stand where they mean nothing.
    LookAlike,
    /// A member more in some object, before its own.
    Within(Index, &'static str),
    /// Of the other category, as an export may have it.
    OtherCategory,
    /// Spaces behind colons and commas, as Python has them.
    Spaced,
    /// On many lines.
    Pretty,
}

/// Any turn.
pub fn turns() -> impl Strategy<Value = Turn> {
    let keys = [
        "eventName",
        "eventname",
        "event\\u004eame",
        "eventTime",
        "EVENTSOURCE",
        "userIdentity",
        "@timestamp",
    ];
    let members = [
        "\"accountId\":\"111122223333\"",
        "\"accountId\":5",
        "\"ACCOUNTID\":\"444455556666\"",
        "\"accountId\":{\"accountId\":\"444455556666\"}",
        "\"arn\":\"arn:aws:sts::111122223333:assumed-role/R/s\"",
        "\"accessKeyId\":\"ASIAEXAMPLE\"",
        "\"AccessKeyId\":\"ASIAEXAMPLE\"",
        "\"credentials\":{\"accessKeyId\":\"ASIAOTHER\"}",
        "\"AssumeRole\":\"Failure\"",
        "\"errorCode\":\"AccessDenied\"",
        "\"errorcode\":\"AccessDenied\"",
        "\"bucketName\":[\"amzn-s3-demo-other\"]",
        "\"bucketname\":\"amzn-s3-demo-other\"",
        "\"resources\":[\"accountId\",{\"accountId\":\"444455556666\"}]",
        "\"eventSource\":\"s3.amazonaws.com\"",
        "\"sharedEventID\":null",
    ];
    prop_oneof![
        4 => Just(Turn::AsItIs),
        4 => (any::<Index>(), select(members.to_vec())).prop_map(|(place, member)| Turn::Within(place, member)),
        2 => (any::<Index>(), 1_usize..4).prop_map(|(place, letters)| Turn::Escaped(place, letters)),
        1 => select(keys.to_vec()).prop_map(Turn::Twice),
        1 => Just(Turn::LookAlike),
        1 => Just(Turn::OtherCategory),
        1 => Just(Turn::Spaced),
        1 => Just(Turn::Pretty),
    ]
}

/// The record, so written.
pub fn turned(record: &str, turn: &Turn) -> String {
    match turn {
        Turn::AsItIs => record.to_owned(),
        Turn::Escaped(place, letters) => escaped(record, place.index(record.len()), *letters),
        Turn::Twice(key) => {
            let inner = record.strip_suffix('}').unwrap();
            format!("{inner},\"{key}\":\"GetObject\"}}")
        }
        Turn::LookAlike => {
            let inner = record.strip_suffix('}').unwrap();
            format!(
                "{inner},\"a\":{{\"eventName\":\"PutBucketAcl\",\"x\":[{{\"eventSource\":\"s3.amazonaws.com\"}}]}},\"b\":\"\\\"eventName\\\":\\\"PutBucketPolicy\\\"}}\"}}"
            )
        }
        Turn::Within(place, member) => within(record, *place, member),
        Turn::OtherCategory => match record.contains("\"Data\"") {
            true => record.replace("\"Data\"", "\"Management\""),
            false => record.replace("\"Management\"", "\"Data\""),
        },
        Turn::Spaced => spaced(record),
        Turn::Pretty => {
            let value: serde_json::Value = serde_json::from_str(record).unwrap();
            serde_json::to_string_pretty(&value).unwrap()
        }
    }
}

/// Puts a member at the beginning of one of the record's objects.
fn within(record: &str, place: Index, member: &str) -> String {
    let (mut quoted, mut after_backslash) = (false, false);
    let mut begins = Vec::new();
    for (at, character) in record.char_indices() {
        if character == '{' && !quoted {
            begins.push(at + 1);
        }
        quoted = quoted != (character == '"' && !after_backslash);
        after_backslash = quoted && character == '\\' && !after_backslash;
    }
    let (before, after) = record.split_at(begins[place.index(begins.len())]);
    let comma = if after.starts_with('}') { "" } else { "," };
    format!("{before}{member}{comma}{after}")
}

/// Writes the next letters from a place on as escapes, where a letter may be written so: inside a string.
fn escaped(record: &str, place: usize, letters: usize) -> String {
    let (mut text, mut left, mut quoted, mut after_backslash) =
        (String::new(), letters, false, false);
    for (at, character) in record.char_indices() {
        let plain = quoted && !after_backslash && character.is_ascii_alphabetic();
        if at >= place && left > 0 && plain {
            text.push_str(&format!("\\u{:04x}", u32::from(character)));
            left -= 1;
        } else {
            text.push(character);
        }
        quoted = quoted != (character == '"' && !after_backslash);
        after_backslash = quoted && character == '\\' && !after_backslash;
    }
    text
}

fn spaced(record: &str) -> String {
    let (mut text, mut quoted, mut after_backslash) = (String::new(), false, false);
    for character in record.chars() {
        text.push(character);
        if !quoted && matches!(character, ':' | ',') {
            text.push(' ');
        }
        quoted = quoted != (character == '"' && !after_backslash);
        after_backslash = quoted && character == '\\' && !after_backslash;
    }
    text
}
