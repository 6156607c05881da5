//! What does a small JSON text say? Its own words, not copies of them.
//!
//! As [`serde_json::Value`] would say it, of a key written twice the last, at a fourth of the cost: a year of digests is many.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value<'j> {
    Null,
    Text(Cow<'j, str>),
    Array(Vec<Self>),
    Object(Object<'j>),
    /// A number, `true` or `false`.
    Other,
}

/// An object's members, as they are written.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Object<'j>(Vec<(Cow<'j, str>, Value<'j>)>);

impl<'j> Object<'j> {
    /// The value of the last member of that name.
    pub fn get(&self, key: &str) -> Option<&Value<'j>> {
        let mut members = self.0.iter().rev();
        members
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

impl<'j> Value<'j> {
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Object<'j>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The object; one without members, if it is another value.
    pub fn into_object(self) -> Object<'j> {
        match self {
            Self::Object(object) => object,
            _ => Object::default(),
        }
    }
}

impl<'j> Deserialize<'j> for Value<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reads)
    }
}

struct Reads;

impl<'j> Visitor<'j> for Reads {
    type Value = Value<'j>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value<'j>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'j>, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'j>, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value<'j>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'j>, E> {
        Ok(Value::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'j str) -> Result<Value<'j>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'j>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut values: A) -> Result<Value<'j>, A::Error> {
        let mut array = Vec::new();
        while let Some(value) = values.next_element()? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'j>>(self, mut members: A) -> Result<Value<'j>, A::Error> {
        let mut object = Vec::with_capacity(8);
        while let Some(name) = members.next_key::<Value<'j>>()? {
            let value = members.next_value()?;
            if let Value::Text(name) = name {
                object.push((name, value));
            }
        }
        Ok(Value::Object(Object(object)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same value as `serde_json` has it, of which only texts are told apart.
    fn same(told: &Value<'_>, json: &serde_json::Value) -> bool {
        match (told, json) {
            (Value::Null, serde_json::Value::Null) => true,
            (Value::Text(told), serde_json::Value::String(json)) => told == json,
            (Value::Array(told), serde_json::Value::Array(json)) => {
                let mut pairs = told.iter().zip(json);
                told.len() == json.len() && pairs.all(|(told, json)| same(told, json))
            }
            (Value::Object(told), serde_json::Value::Object(json)) => {
                let is_in = |(name, _): &(Cow<'_, str>, Value<'_>)| json.contains_key(&**name);
                let mut members = json.iter();
                told.0.iter().all(is_in)
                    && members.all(|(name, value)| told.get(name).is_some_and(|it| same(it, value)))
            }
            (Value::Other, json) => json.is_number() || json.is_boolean(),
            _ => false,
        }
    }

    fn agree(text: &[u8]) {
        let told: Result<Value<'_>, _> = serde_json::from_slice(text);
        let json: Result<serde_json::Value, _> = serde_json::from_slice(text);
        match (told, json) {
            (Ok(told), Ok(json)) => assert!(same(&told, &json), "{told:?} {json}"),
            (Err(told), Err(json)) => assert_eq!(told.to_string(), json.to_string()),
            (told, json) => panic!("{told:?} {json:?}"),
        }
    }

    #[test]
    fn a_text_says_what_serde_json_says() {
        for text in [
            r#"{"a":"b","a":null,"\u0061":[1,-2.5,true,{"c":"\ud83d\ude00"}]}"#,
            "1e999",
            "[1,]",
            r#"{"a" "b"}"#,
            "{1:2}",
            "",
            "nul",
            "[] []",
            "\"\t\"",
            &"[".repeat(200),
        ] {
            agree(text.as_bytes());
        }
        agree(b"\"\xff\"");
    }

    proptest! {
        #[test]
        fn any_text_does(
            parts in prop::collection::vec(prop::sample::select(vec!["{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"\\n\"", "1", "null", " "]), 0..12),
            damage in any::<prop::sample::Index>(),
        ) {
            agree(parts.concat().as_bytes());
            let mut whole = br#"{"a":[{"b":"c","a":1},{}],"b":null,"a":{"c":"\u00e9"}}"#.to_vec();
            whole.remove(damage.index(whole.len()));
            agree(&whole);
        }
    }
}
