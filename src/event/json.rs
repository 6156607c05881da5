//! How is a field found in a record, whichever pipeline it came through?
//!
//! Pipelines lower-case keys, write `_` for `:` and `-`, turn scalars into one-element arrays and objects into strings.
//! An exact key wins; otherwise keys are compared with those differences folded away.

use crate::record::{Scalar, View};
use serde_json::Value;
use std::borrow::Cow;

/// A value of a record, owned or where it lies: whoever looks for a few texts need not have the rest read.
pub(super) trait Tree<'v>: Copy {
    /// The value under a key of an object: the exact key, else the one that differs only in case or in `_`, `:`, `-`.
    fn under(self, key: &str) -> Option<Self>;
    /// The text of a string, or of the one string in an array.
    fn text(self) -> Option<&'v str>;
    /// The elements of an array; a lone value is an array of one; null and an empty string are an array of none.
    fn elements(self) -> Vec<Self>;
    /// The value, read.
    fn read(self) -> Cow<'v, Value>;
}

impl<'v> Tree<'v> for &'v Value {
    fn under(self, key: &str) -> Option<Self> {
        let object = self.as_object()?;
        object.get(key).or_else(|| {
            object
                .iter()
                .find(|(other, _)| same_key(other, key))
                .map(|(_, found)| found)
        })
    }

    fn text(self) -> Option<&'v str> {
        match self {
            Value::String(text) => Some(text),
            Value::Array(elements) => match elements.as_slice() {
                [Value::String(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    fn elements(self) -> Vec<Self> {
        match self {
            Value::Array(elements) => elements.iter().collect(),
            Value::Null => Vec::new(),
            Value::String(text) if text.is_empty() => Vec::new(),
            other => vec![other],
        }
    }

    fn read(self) -> Cow<'v, Value> {
        Cow::Borrowed(self)
    }
}

/// Of keys that differ from the one asked for the smallest counts, as in a map, and of one that is repeated the last.
impl<'v> Tree<'v> for View<'_, 'v> {
    fn under(self, key: &str) -> Option<Self> {
        self.member(key).or_else(|| {
            let alike = self.members().filter(|(name, _)| same_key(name, key));
            let smallest = alike.max_by(|(one, _), (other, _)| other.cmp(one));
            smallest.map(|(_, value)| value)
        })
    }

    fn text(self) -> Option<&'v str> {
        let of = |value: Self| match value.scalar() {
            Some(Scalar::Text(text)) => Some(text),
            _ => None,
        };
        let mut elements = View::elements(self);
        match (elements.next(), elements.next()) {
            (None, _) => of(self),
            (Some(only), None) => of(only),
            _ => None,
        }
    }

    fn elements(self) -> Vec<Self> {
        match self.scalar() {
            Some(Scalar::Null | Scalar::Text("")) => Vec::new(),
            None if self.is_array() => View::elements(self).collect(),
            _ => vec![self],
        }
    }

    fn read(self) -> Cow<'v, Value> {
        Cow::Owned(self.to_json())
    }
}

/// What is not there has nothing under it.
impl<'v, T: Tree<'v>> Tree<'v> for Option<T> {
    fn under(self, key: &str) -> Option<Self> {
        self?.under(key).map(Some)
    }

    fn text(self) -> Option<&'v str> {
        self?.text()
    }

    fn elements(self) -> Vec<Self> {
        let elements = self.map(T::elements).unwrap_or_default();
        elements.into_iter().map(Some).collect()
    }

    fn read(self) -> Cow<'v, Value> {
        self.map_or(Cow::Owned(Value::Null), T::read)
    }
}

/// The value under a key of an object: the exact key, else the one that differs only in case or in `_`, `:`, `-`.
pub(super) fn field<'v, T: Tree<'v>>(value: T, key: &str) -> Option<T> {
    value.under(key)
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
pub(super) fn text_at<'v, T: Tree<'v>>(value: T, path: &[&str]) -> &'v str {
    path.iter()
        .try_fold(value, |inner, key| inner.under(key))
        .and_then(T::text)
        .unwrap_or("")
}

/// The text of a string, or of the one string in an array.
pub(super) fn scalar_text(value: &Value) -> Option<&str> {
    value.text()
}

/// The elements of an array; a lone value is an array of one; null and an empty string are an array of none.
pub(super) fn elements<'v, T: Tree<'v>>(value: T) -> Vec<T> {
    value.elements()
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
pub(super) fn unquoted<'v>(value: impl Tree<'v>) -> Option<Cow<'v, Value>> {
    let value = value.read();
    match &*value {
        Value::String(text) => serde_json::from_str(text).ok().map(Cow::Owned),
        _ => Some(value),
    }
}

/// A JSON text without the white space between its values: every byte of a string, every digit, the order of keys stay.
/// Exporters put that white space in and take it out, so what is told of a record must not depend on it.
pub(super) fn compacted(raw: &[u8]) -> String {
    let mut kept = Vec::with_capacity(raw.len());
    // What lies from here on to where white space begins is copied at once: mostly that is all.
    let (mut from, mut at) = (0, 0);
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let begin = memchr::memchr(b'"', rest).map_or(rest.len(), |quote| quote + 1);
        let (outside, inside) = rest.split_at(begin);
        for (place, byte) in (at..).zip(outside) {
            if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                kept.extend_from_slice(raw.get(from..place).unwrap_or_default());
                from = place + 1;
            }
        }
        at += begin + string_end(inside);
    }
    kept.extend_from_slice(raw.get(from..).unwrap_or_default());
    String::from_utf8(kept)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Where the string ends, its quote included, in which the text begins.
fn string_end(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += found;
        match text.get(at) {
            Some(b'"') => return at + 1,
            _ => at += 2,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Decoder;
    use proptest::prelude::*;

    #[test]
    fn only_white_space_between_values_goes() {
        let written = "{ \"a b\" :\t[ 1.50 ,\r\n\"x\\\" y \\\\\" , null ] }";
        let expected = "{\"a b\":[1.50,\"x\\\" y \\\\\",null]}";
        assert_eq!(compacted(written.as_bytes()), expected);
    }

    /// The same, byte by byte.
    fn compacted_slowly(raw: &[u8]) -> String {
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

    fn at<'v, T: Tree<'v>>(value: T, path: &[&str]) -> Option<T> {
        path.iter().try_fold(value, |inner, key| inner.under(key))
    }

    fn letters() -> impl Strategy<Value = Vec<u8>> {
        let letter = prop::sample::select(b"\" \\\n\ta{:\xc3\xa9".to_vec());
        prop::collection::vec(letter, 0..40)
    }

    fn keys() -> impl Strategy<Value = String> {
        let names = ["a-b", "a_b", "A-B", "a:b", "c", "C", "d"];
        prop::sample::select(names.to_vec()).prop_map(str::to_owned)
    }

    fn values() -> impl Strategy<Value = String> {
        let leaves = [
            "\"t\"",
            "1",
            "null",
            "[]",
            "[\"u\"]",
            "[\"u\",\"v\"]",
            "[[\"w\"]]",
            "{}",
            "\"\"",
            "\"{\\\"c\\\":1}\"",
        ];
        let leaf = prop::sample::select(leaves.to_vec()).prop_map(str::to_owned);
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop::collection::vec((keys(), inner), 0..5).prop_map(|members| {
                let members = members
                    .iter()
                    .map(|(key, value)| format!("\"{key}\":{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            })
        })
    }

    proptest! {
        #[test]
        fn white_space_goes_as_byte_by_byte(raw in letters()) {
            prop_assert_eq!(compacted(&raw), compacted_slowly(&raw));
        }

        #[test]
        fn texts_are_the_same_owned_and_where_they_lie(value in values(), path in prop::collection::vec(keys(), 0..3)) {
            let record = format!("{{\"c\":{value}}}");
            let mut decoder = Decoder::new();
            let record = decoder.decode(record.as_bytes()).unwrap();
            let path: Vec<&str> = std::iter::once("c").chain(path.iter().map(String::as_str)).collect();
            let owned = record.to_json();
            prop_assert_eq!(text_at(record.view(), &path), text_at(&owned, &path));
            let (lying, owned) = (at(record.view(), &path), at(&owned, &path));
            prop_assert_eq!(lying.map(Tree::read), owned.map(Tree::read));
            prop_assert_eq!(lying.and_then(unquoted), owned.and_then(unquoted));
            let read = |lying: Vec<View<'_, '_>>| lying.into_iter().map(View::to_json).collect::<Vec<_>>();
            let owned: Option<Vec<Value>> = owned.map(|it| elements(it).into_iter().cloned().collect());
            prop_assert_eq!(lying.map(elements).map(read), owned);
        }
    }
}
