//! How is a field found in a record, whichever pipeline it came through?
//!
//! Pipelines lower-case keys, write `_` for `:` and `-`, turn scalars into one-element arrays and objects into strings.
//! An exact key wins; otherwise keys are compared with those differences folded away.

use serde_json::Value;

/// The value under a key of an object: the exact key, else the one that differs only in case or in `_`, `:`, `-`.
pub(super) fn field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object.get(key).or_else(|| {
        object
            .iter()
            .find(|(other, _)| same_key(other, key))
            .map(|(_, found)| found)
    })
}

/// Whether two keys are the same, those differences aside.
pub(super) fn same_key(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && left
            .bytes()
            .zip(right.bytes())
            .all(|(a, b)| fold(a) == fold(b))
}

fn fold(byte: u8) -> u8 {
    match byte {
        b'_' | b':' => b'-',
        other => other.to_ascii_lowercase(),
    }
}

/// The text at the end of a path of keys; empty where there is none. A one-element array stands for its element.
pub(super) fn text_at<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    path.iter()
        .try_fold(value, |inner, key| field(inner, key))
        .and_then(scalar_text)
        .unwrap_or("")
}

/// The text of a string, or of the one string in an array.
pub(super) fn scalar_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(elements) => match elements.as_slice() {
            [Value::String(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The elements of an array; a lone value is an array of one; null and an empty string are an array of none.
pub(super) fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(elements) => elements.iter().collect(),
        Value::Null => Vec::new(),
        Value::String(text) if text.is_empty() => Vec::new(),
        other => vec![other],
    }
}

/// The first object, in depth-first order, that has such a key: wrappers differ, what they wrap does not.
pub(super) fn find_field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(object) => {
            field(value, key).or_else(|| object.values().find_map(|inner| find_field(inner, key)))
        }
        Value::Array(elements) => elements.iter().find_map(|inner| find_field(inner, key)),
        _ => None,
    }
}

/// A value, or what a string holds when the string is JSON itself.
pub(super) fn unquoted(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}

/// A JSON text without the white space between its values: every byte of a string, every digit, the order of keys stay.
/// Exporters put that white space in and take it out, so what is told of a record must not depend on it.
pub(super) fn compacted(raw: &[u8]) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let keeps = |byte: &&u8| {
        let is_space = !quoted && matches!(**byte, b' ' | b'\n' | b'\r' | b'\t');
        quoted = quoted != (**byte == b'"' && !escaped);
        escaped = quoted && **byte == b'\\' && !escaped;
        !is_space
    };
    let kept: Vec<u8> = raw.iter().filter(keeps).copied().collect();
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_values_goes() {
        let written = "{ \"a b\" :\t[ 1.50 ,\r\n\"x\\\" y \\\\\" , null ] }";
        let expected = "{\"a b\":[1.50,\"x\\\" y \\\\\",null]}";
        assert_eq!(compacted(written.as_bytes()), expected);
    }
}
