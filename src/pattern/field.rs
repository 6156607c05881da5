//! What does a record say under a selector? For tables of chosen fields.

use super::error::PatternError;
use super::expression::{Selector, Step};
use super::{eval, selector};
use crate::record::{Scalar, View};
use serde_json::Value;

/// A field of records, named by a selector as patterns write it.
#[derive(Clone, Debug)]
pub struct Field {
    selector: Selector,
}

impl Field {
    /// Reads a selector such as `$.userIdentity.arn`.
    ///
    /// # Errors
    /// If it is none that a pattern could have.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        selector::read(text).map(|selector| Self { selector })
    }

    /// The selector, as it was written.
    pub fn written(&self) -> &str {
        self.selector.written()
    }

    /// The number that a record says there. A text of digits is none, and neither are several values.
    #[allow(
        clippy::cast_precision_loss,
        reason = "CloudWatch keeps values in double precision"
    )]
    pub fn number(&self, record: View<'_, '_>) -> Option<f64> {
        let mut found = Vec::new();
        eval::each(record, &self.selector.steps, &mut |value| {
            found.push(match value.scalar() {
                Some(Scalar::Integer(number)) => Some(number as f64),
                Some(Scalar::Float(number)) => Some(number),
                _ => None,
            });
        });
        match found.as_slice() {
            [number] => number.filter(|number| number.is_finite()),
            _ => None,
        }
    }

    /// Whether a record says anything there.
    pub fn is_in(&self, record: View<'_, '_>) -> bool {
        let mut is_there = false;
        eval::each(record, &self.selector.steps, &mut |_| is_there = true);
        is_there
    }

    /// What a record says there: a text as it is, anything else as JSON writes it; of a wildcard's values a JSON array.
    pub fn read(&self, record: View<'_, '_>) -> Option<String> {
        let mut found = Vec::new();
        eval::each(record, &self.selector.steps, &mut |value| {
            found.push(value.to_json());
        });
        let wild = |step: &Step| matches!(step, Step::AnyElement | Step::AnyMember);
        if self.selector.steps.iter().any(wild) && !found.is_empty() {
            return Some(Value::Array(found).to_string());
        }
        match found.pop()? {
            Value::String(text) => Some(text),
            value => Some(value.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Decoder;

    #[test]
    fn a_field_is_read_as_text_and_as_a_number() {
        let mut decoder = Decoder::new();
        let raw = br#"{"a":{"b":"x","n":1.5},"list":[{"c":"1"},{"c":2}],"no":null}"#;
        let record = decoder.decode(raw).unwrap();
        for (selector, expected) in [
            ("$.a.b", Some("x")),
            ("$.a.n", Some("1.5")),
            ("$.a", Some("{\"b\":\"x\",\"n\":1.5}")),
            ("$.list[*].c", Some("[\"1\",2]")),
            ("$.list[1].c", Some("2")),
            ("$.no", Some("null")),
            ("$.other", None),
            ("$.other[*]", None),
        ] {
            let field = Field::parse(selector).unwrap();
            assert_eq!(field.read(record.view()).as_deref(), expected, "{selector}");
        }
        for (selector, expected) in [
            ("$.a.n", Some(1.5)),
            ("$.list[1].c", Some(2.0)),
            ("$.list[0].c", None),
            ("$.list[*].c", None),
            ("$.a", None),
            ("$.no", None),
            ("$.other", None),
        ] {
            let field = Field::parse(selector).unwrap();
            assert_eq!(field.number(record.view()), expected, "{selector}");
        }
        for wrong in ["", "a.b", "$", "$.a b", "$.a = 1", "$.*.b[*]"] {
            assert!(Field::parse(wrong).is_err(), "{wrong}");
        }
    }
}
