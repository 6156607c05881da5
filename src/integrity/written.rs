//! What is written in a digest file?
//!
//! A tree of its values whose texts are borrowed from the file. A key that is written twice counts where it is written last, as the
//! AWS CLI has it.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Written<'t> {
    Null,
    Text(Cow<'t, str>),
    List(Vec<Written<'t>>),
    Object(Vec<(Written<'t>, Written<'t>)>),
    /// A number or a truth.
    Other,
}

impl Written<'_> {
    /// What is written for a key; nothing where this is no object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(members) = self else {
            return None;
        };
        let last = members.iter().rev();
        let mut last = last.filter(|(name, _)| name.text() == Some(key));
        last.next().map(|(_, value)| value)
    }

    /// The text that this is.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text that is written for a key.
    pub fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::text)
    }
}

impl<'de> Deserialize<'de> for Written<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Written<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Written<'de>, E> {
        Ok(Written::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Written<'de>, E> {
        Ok(Written::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Written<'de>, E> {
        Ok(Written::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Written<'de>, E> {
        Ok(Written::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Written<'de>, E> {
        Ok(Written::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Written<'de>, E> {
        Ok(Written::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Written<'de>, E> {
        Ok(Written::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Written<'de>, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = list.next_element()? {
            all.push(value);
        }
        Ok(Written::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written<'de>, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = map.next_entry()? {
            all.push(member);
        }
        Ok(Written::Object(all))
    }
}
