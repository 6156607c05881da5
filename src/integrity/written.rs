//! What is written in a digest file, as far as it is asked for?
//!
//! Texts are borrowed from the file. A key that is written twice counts where it is written last, as the AWS CLI has it.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// What is written for a key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Said<'t> {
    /// The key is not there.
    #[default]
    Nothing,
    Null,
    Text(Cow<'t, str>),
    /// Neither a text nor `null`.
    Other,
}

impl Said<'_> {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What is written for each of some keys.
pub(super) type Fields<'t, const N: usize> = [Said<'t>; N];

/// The keys of a digest that are asked for.
pub(super) const KEYS: [&str; 9] = [
    "digestS3Bucket",
    "digestS3Object",
    "digestStartTime",
    "digestEndTime",
    "digestPublicKeyFingerprint",
    "previousDigestSignature",
    "previousDigestS3Bucket",
    "previousDigestS3Object",
    "previousDigestHashValue",
];

/// Of what it says of a log file.
pub(super) const LOG_KEYS: [&str; 4] = [
    "s3Object",
    "hashValue",
    "oldestEventTime",
    "newestEventTime",
];

/// A digest file as it is written.
#[derive(Default)]
pub(super) struct Written<'t> {
    pub fields: Fields<'t, 9>,
    /// The log files, where they are a list; nothing where they are none, or there is nothing.
    pub logs: Option<Vec<Fields<'t, 4>>>,
    /// Whether something else stands there than a list or `null`.
    pub is_no_list: bool,
}

impl<'t> Written<'t> {
    /// Reads a digest file's text.
    pub fn read(text: &'t [u8]) -> Result<Self, serde_json::Error> {
        let mut json = serde_json::Deserializer::from_slice(text);
        let written = Whole.deserialize(&mut json)?;
        json.end()?;
        Ok(written)
    }
}

/// Visits any value; what is no list and no object comes to one thing.
macro_rules! visits {
    ($($kind:ident: $type:ty),+ => $value:expr) => {
        $(fn $kind<E>(self, _: $type) -> Result<Self::Value, E> { Ok($value) })+
    };
}

struct Any;

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Said<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Said<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Said<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a value")
    }

    visits!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64 => Said::Other);

    fn visit_unit<E>(self) -> Result<Said<'de>, E> {
        Ok(Said::Null)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Said<'de>, E> {
        Ok(Said::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Said<'de>, E> {
        Ok(Said::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Said<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Said::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Said::Other)
    }
}

/// A whole digest.
struct Whole;

impl<'de> DeserializeSeed<'de> for Whole {
    type Value = Written<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Written<'de>, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Whole {
    type Value = Written<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written<'de>, A::Error> {
        let mut written = Written::default();
        while let Some(key) = map.next_key_seed(Any)? {
            let key = key.text().unwrap_or_default();
            if key == "logFiles" {
                (written.logs, written.is_no_list) = match map.next_value_seed(Logs)? {
                    List::All(logs) => (Some(logs), false),
                    List::Null => (None, false),
                    List::Other => (None, true),
                };
            } else {
                take(&KEYS, &mut written.fields, key, &mut map)?;
            }
        }
        Ok(written)
    }
}

/// Takes the value of a key that is asked for, and passes over others.
fn take<'de, A: MapAccess<'de>>(
    keys: &[&str],
    fields: &mut [Said<'de>],
    key: &str,
    map: &mut A,
) -> Result<(), A::Error> {
    let place = keys.iter().position(|known| *known == key);
    match place.and_then(|place| fields.get_mut(place)) {
        Some(field) => *field = map.next_value_seed(Any)?,
        None => _ = map.next_value::<IgnoredAny>()?,
    }
    Ok(())
}

enum List<'t> {
    All(Vec<Fields<'t, 4>>),
    Null,
    Other,
}

struct Logs;

impl<'de> DeserializeSeed<'de> for Logs {
    type Value = List<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<List<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Logs {
    type Value = List<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a list")
    }

    visits!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str => List::Other);

    fn visit_unit<E>(self) -> Result<List<'de>, E> {
        Ok(List::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<'de>, A::Error> {
        let mut logs = Vec::new();
        while let Some(log) = list.next_element_seed(Log)? {
            logs.push(log);
        }
        Ok(List::All(logs))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(List::Other)
    }
}

/// One log file; what is no object says nothing.
struct Log;

impl<'de> DeserializeSeed<'de> for Log {
    type Value = Fields<'de, 4>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Fields<'de, 4>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Log {
    type Value = Fields<'de, 4>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a log file")
    }

    visits!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str => Fields::default());

    fn visit_unit<E>(self) -> Result<Fields<'de, 4>, E> {
        Ok(Fields::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Fields<'de, 4>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Fields::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de, 4>, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key_seed(Any)? {
            take(
                &LOG_KEYS,
                &mut fields,
                key.text().unwrap_or_default(),
                &mut map,
            )?;
        }
        Ok(fields)
    }
}
