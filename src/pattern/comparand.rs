//! With what can a value be compared, and when are they equal?

use super::InteriorStar;
use super::value::Number;
use crate::record::Scalar;
use regex::bytes::Regex;
use std::cmp::Ordering;

/// The right-hand side of `=` and `!=`.
#[derive(Clone, Debug)]
pub(super) enum Comparand {
    /// A quoted text, or a word that is no number.
    Text(Wild),
    /// A number, and how it was written: that is what texts are compared with.
    Number(Number, String),
    /// `%…%`: searched for, not anchored.
    Regex(Regex),
}

impl Comparand {
    /// Whether a value equals it; `None` where the two cannot be compared, so that neither `=` nor `!=` holds. Truth values
    /// answer only to IS, null only to IS NULL.
    pub(super) fn equals(&self, value: Scalar<'_>) -> Option<bool> {
        match value {
            Scalar::Text(text) => Some(self.equals_text(text)),
            Scalar::Integer(number) => Some(self.equals_number(Number::Whole(number))),
            Scalar::Float(number) => Some(self.equals_number(Number::Decimal(number))),
            Scalar::Truth(_) | Scalar::Null => None,
        }
    }

    /// The only text that equals it, if there is one.
    pub(super) fn exact(&self) -> Option<&str> {
        match self {
            Self::Text(wild) => wild.exact(),
            Self::Number(_, written) => Some(written),
            Self::Regex(_) => None,
        }
    }

    fn equals_text(&self, text: &str) -> bool {
        match self {
            Self::Text(wild) => wild.matches(text),
            Self::Number(_, written) => written == text,
            Self::Regex(regex) => regex.is_match(text.as_bytes()),
        }
    }

    fn equals_number(&self, number: Number) -> bool {
        match self {
            Self::Number(wanted, _) => number.compare(*wanted) == Some(Ordering::Equal),
            Self::Text(_) | Self::Regex(_) => self.equals_text(&number.text()),
        }
    }
}

/// A text with `*` at its start, its end or both; with [`InteriorStar::Wildcard`] anywhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wild {
    /// What must occur, one after the other; the first at the start, the last at the end.
    parts: Vec<String>,
    /// Whether a `*` stands inside, neither first nor last.
    pub(super) interior_star: bool,
}

impl Wild {
    pub(super) fn new(text: &str, stars: InteriorStar) -> Self {
        let parts = match stars {
            InteriorStar::Wildcard => text.split('*').map(str::to_owned).collect(),
            InteriorStar::Literal => Self::outer(text),
        };
        let core = text.strip_prefix('*').unwrap_or(text);
        let core = core.strip_suffix('*').unwrap_or(core);
        Self {
            parts,
            interior_star: core.contains('*'),
        }
    }

    /// The parts, if only a star at the start and one at the end are wildcards.
    fn outer(text: &str) -> Vec<String> {
        let (start, text) = match text.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if start && text.is_empty() {
            return vec![String::new(); 2];
        }
        let (end, core) = match text.strip_suffix('*') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut parts = vec![core.to_owned()];
        if start {
            parts.insert(0, String::new());
        }
        if end {
            parts.push(String::new());
        }
        parts
    }

    /// The whole text, where nothing of it is a wildcard.
    pub(super) fn exact(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The longest part that must occur.
    pub(super) fn longest(&self) -> &str {
        let longest = self.parts.iter().max_by_key(|part| part.len());
        longest.map_or("", String::as_str)
    }

    /// Whether no text begins as both ask.
    pub(super) fn begins_otherwise(&self, other: &Self) -> bool {
        let both = self.parts.first().zip(other.parts.first());
        both.is_some_and(|(one, other)| {
            !one.starts_with(other.as_str()) && !other.starts_with(one.as_str())
        })
    }

    /// Whether no text ends as both ask.
    pub(super) fn ends_otherwise(&self, other: &Self) -> bool {
        let both = self.parts.last().zip(other.parts.last());
        both.is_some_and(|(one, other)| {
            !one.ends_with(other.as_str()) && !other.ends_with(one.as_str())
        })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else {
            return false;
        };
        let Some((last, middle)) = rest.split_last() else {
            return text == first;
        };
        let Some(mut left) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in middle {
            let Some((_, after)) = left.split_once(part.as_str()) else {
                return false;
            };
            left = after;
        }
        left.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_either_end_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("Event*", "Event", true),
            ("Event*", "EventX", true),
            ("Event*", "anEvent", false),
            ("*Event", "PutEvent", true),
            ("*Event", "PutEvents", false),
            ("*vent*", "PutEventX", true),
            ("*", "", true),
            ("**", "x", true),
            ("***", "a*b", true),
            ("***", "ab", false),
            ("Ev*ent", "EvXent", false),
            ("Ev*ent", "Ev*ent", true),
            ("*a*b*", "xa*by", true),
            ("*a*b*", "xaby", false),
            ("ab*", "a", false),
        ] {
            let wild = Wild::new(pattern, InteriorStar::Literal);
            assert_eq!(wild.matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_star_inside_can_be_one_too() {
        for (pattern, text, expected) in [
            ("Ev*ent", "EvXent", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*a*b*c", "xaxbxbxc", true),
            ("*a*b*c", "xbxaxc", false),
        ] {
            let wild = Wild::new(pattern, InteriorStar::Wildcard);
            assert_eq!(wild.matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn interior_stars_are_noticed() {
        let has = |text| Wild::new(text, InteriorStar::Literal).interior_star;
        assert!(has("Ev*ent") && has("***"));
        for text in ["*", "**", "a*", "*a", "*a*", ""] {
            assert!(!has(text), "{text}");
        }
    }
}
