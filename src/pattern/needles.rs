//! What must a record hold somewhere in its text to match at all?
//!
//! May say "perhaps" wrongly, never "no". JSON can write any character as `\uXXXX`, and some with a short escape: only what
//! has no other spelling than itself and `\uXXXX` becomes a needle, and a text with a `\u` in it is never ruled out.

use super::comparand::Comparand;
use super::expression::{Condition, Expression, Test};
use super::value::Number;

/// What a matching record must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Needles {
    /// Nothing can be said: every record must be read.
    Anything,
    /// One of these, or a `\u` that may hide one.
    InJson(Vec<Vec<u8>>),
    /// One of these, as it stands.
    InText(Vec<Vec<u8>>),
}

/// What a record must hold for an expression to hold.
pub(super) fn of_expression(expression: &Expression) -> Needles {
    match required(expression) {
        Some(needles) => Needles::InJson(needles.into_iter().map(|needle| needle.text).collect()),
        None => Needles::Anything,
    }
}

/// One of these texts, as it stands.
pub(super) fn verbatim<'n>(terms: impl IntoIterator<Item = &'n [u8]>) -> Needles {
    let terms: Vec<Vec<u8>> = terms.into_iter().map(<[u8]>::to_vec).collect();
    match terms.is_empty() || terms.iter().any(Vec::is_empty) {
        true => Needles::Anything,
        false => Needles::InText(terms),
    }
}

/// A text that must occur, and how well it tells records apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Needle {
    worth: usize,
    text: Vec<u8>,
}

/// The texts of which one must occur. Of several demands that all hold, the one whose worst needle is best.
fn required(expression: &Expression) -> Option<Vec<Needle>> {
    match expression {
        Expression::Condition(condition) => of_condition(condition).map(|needle| vec![needle]),
        Expression::All(parts) => parts
            .iter()
            .filter_map(required)
            .max_by_key(|needles| needles.iter().map(|needle| needle.worth).min()),
        Expression::Any(parts) => {
            let all: Option<Vec<Vec<Needle>>> = parts.iter().map(required).collect();
            let mut needles = all?.concat();
            needles.sort();
            needles.dedup();
            Some(needles)
        }
    }
}

fn of_condition(condition: &Condition) -> Option<Needle> {
    let by_value = match &condition.test {
        Test::NotExists => return None,
        Test::Equal(Comparand::Text(wild)) => match wild.exact() {
            Some(text) if can_be_number(text) => None,
            Some(text) if text.chars().all(is_plain) && !text.is_empty() => {
                needle(&format!("\"{text}\""))
            }
            Some(text) => needle(fragment(text)),
            None if can_be_number(wild.longest()) => None,
            None => needle(fragment(wild.longest())),
        },
        _ => None,
    };
    by_value.or_else(|| by_key(condition))
}

/// A value that passes any other test stands under its key.
fn by_key(condition: &Condition) -> Option<Needle> {
    let name = condition.selector.last_name()?;
    let text = match name.chars().all(is_plain) {
        true => format!("\"{name}\""),
        false => fragment(name).to_owned(),
    };
    needle(&text).map(|needle| Needle { worth: 1, ..needle })
}

fn needle(text: &str) -> Option<Needle> {
    (text.len() > 2).then(|| Needle {
        worth: worth(text),
        text: text.as_bytes().to_vec(),
    })
}

/// Long words are rare, but the names of AWS's services stand in every record.
fn worth(text: &str) -> usize {
    match text.contains("amazonaws") {
        true => 2,
        false => text.len().max(3),
    }
}

/// Texts of these characters are also matched by numbers, which can be written in many ways. `NaN` and `inf` are none of JSON.
fn can_be_number(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'))
        || Number::parse(text).is_some()
}

/// The longest part of a text without a character that has a short escape.
fn fragment(text: &str) -> &str {
    let parts = text.split(|c| !is_plain(c));
    parts.max_by_key(|part| part.len()).unwrap_or_default()
}

/// Characters that JSON writes as themselves or as `\uXXXX`, and in no third way.
fn is_plain(c: char) -> bool {
    (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '/')
}

#[cfg(test)]
mod tests {
    use super::super::{InteriorStar, PRESETS, Pattern};
    use super::*;

    fn needles(pattern: &str) -> String {
        match Pattern::parse(pattern, InteriorStar::Literal)
            .unwrap()
            .needles()
        {
            Needles::Anything => "anything".to_owned(),
            Needles::InJson(texts) => format!("json {}", joined(&texts)),
            Needles::InText(texts) => format!("text {}", joined(&texts)),
        }
    }

    fn joined(texts: &[Vec<u8>]) -> String {
        let texts: Vec<_> = texts
            .iter()
            .map(|text| String::from_utf8_lossy(text))
            .collect();
        texts.join(" ")
    }

    #[test]
    fn a_pattern_demands_its_rarest_words() {
        for (pattern, expected) in [
            (
                "{ $.eventName = PutBucketPolicy }",
                "json \"PutBucketPolicy\"",
            ),
            (
                "{ $.eventSource = s3.amazonaws.com && ($.eventName = A1b2 || $.eventName = C3d4) }",
                "json \"A1b2\" \"C3d4\"",
            ),
            ("{ $.errorCode = \"AccessDenied*\" }", "json AccessDenied"),
            ("{ $.a != x }", "json \"a\""),
            ("{ $.flag IS TRUE }", "json \"flag\""),
            ("{ $.a.b > 5 }", "json \"b\""),
            ("{ $.id = \"50\" }", "json \"id\""),
            ("{ $.id = 123456789012 }", "json \"id\""),
            (
                "{ $.arn = \"arn:aws:iam::1:role/Admin\" }",
                "json arn:aws:iam::1:role",
            ),
            ("{ $.a NOT EXISTS }", "anything"),
            ("{ $.a NOT EXISTS || $.b = long }", "anything"),
            ("{ $.a NOT EXISTS && $.b = long }", "json \"long\""),
            ("{ $.* = x }", "json \"x\""),
            ("{ $.* IS NULL }", "anything"),
            ("{ $.a = \"ü\" }", "json \"a\""),
            ("{ $.['a\"b/c'] IS NULL }", "anything"),
            ("ERROR \"a phrase\" -x", "text a phrase"),
            ("?one ?two", "text one two"),
            ("-x", "anything"),
            ("%regex%", "anything"),
            ("", "anything"),
        ] {
            assert_eq!(needles(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn every_preset_has_needles() {
        for preset in PRESETS {
            assert_ne!(needles(preset.pattern), "anything", "{}", preset.name);
        }
    }
}
