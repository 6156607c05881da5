//! Which records would a CloudWatch Logs metric filter match?
//!
//! A filter pattern is compiled once ([`Pattern::parse`]) and then asked of many records: JSON patterns (`{ $.eventName = … }`)
//! look at a record's borrowed view, term patterns and `%regex%` at its text. [`Pattern::needles`] tells what a record must
//! hold somewhere to match at all, so that most need not be read.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

mod clash;
mod comparand;
mod cursor;
mod error;
mod eval;
mod expression;
mod field;
mod file;
mod lint;
mod needles;
mod parse;
mod presets;
mod regular;
mod selector;
mod terms;
mod value;

pub use error::PatternError;
pub use field::Field;
pub use file::{FileError, MetricFilter, MetricValue, Problem, Unapplied, distinguish, read_file};
pub use lint::{Lint, Warning};
pub use needles::Needles;
pub use presets::{PRESETS, Preset, preset};

use crate::record::{Glance, View};
use expression::Expression;
use regex::bytes::Regex;
use terms::Terms;

/// The longest pattern that CloudWatch takes, in characters.
pub const LONGEST: usize = 1024;

/// How a pattern's open questions are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum InteriorStar {
    /// `Ev*ent` matches only the text `Ev*ent`, as AWS's documentation said until 2021.
    #[default]
    Literal,
    /// `Ev*ent` matches whatever begins with `Ev` and ends with `ent`.
    Wildcard,
}

/// A filter pattern, ready to be asked.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    kind: Kind,
    warnings: Vec<Warning>,
}

#[derive(Clone, Debug)]
enum Kind {
    Everything,
    Json(Expression),
    Regex(Regex),
    Terms(Terms),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where CloudWatch would refuse it, and for space-delimited patterns, which CloudTrail's records cannot match.
    pub fn parse(text: &str, stars: InteriorStar) -> Result<Self, PatternError> {
        parse::parse(text, stars)
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is allowed, and probably not what was meant.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether it asks for fields, so that a record must be read as JSON.
    pub fn asks_for_fields(&self) -> bool {
        matches!(self.kind, Kind::Json(_))
    }

    /// Whether it matches a message: its text, and what the text says where that is a JSON object. What is no JSON object
    /// matches no JSON pattern, not even NOT EXISTS.
    pub fn matches(&self, text: &[u8], json: Option<View<'_, '_>>) -> bool {
        match &self.kind {
            Kind::Everything => true,
            Kind::Json(expression) => json.is_some_and(|record| eval::holds(expression, record)),
            Kind::Regex(regex) => regex.is_match(text),
            Kind::Terms(terms) => terms.match_text(text),
        }
    }

    /// Whether it matches a record, as far as a glance tells.
    pub fn told_by(&self, glance: &Glance<'_>) -> Option<bool> {
        match &self.kind {
            Kind::Everything => Some(true),
            Kind::Json(expression) => eval::told(expression, glance),
            Kind::Regex(_) | Kind::Terms(_) => None,
        }
    }

    /// Whether a glance may tell: whether it asks for a field that is glanced at.
    pub fn asks_for_glanced_fields(&self) -> bool {
        let Kind::Json(expression) = &self.kind else {
            return false;
        };
        let conditions = expression.conditions();
        conditions.iter().any(|it| it.selector.field.is_some())
    }

    /// What a record must hold somewhere to match.
    pub fn needles(&self) -> Needles {
        match &self.kind {
            Kind::Json(expression) => needles::of_expression(expression),
            Kind::Terms(terms) => terms.needles(),
            Kind::Everything | Kind::Regex(_) => Needles::Anything,
        }
    }

    /// The selectors that it asks for, as they are written, with the names of each: one that never occurs in the records is
    /// probably mistyped.
    pub fn selectors(&self) -> Vec<(&str, Vec<&str>)> {
        let Kind::Json(expression) = &self.kind else {
            return Vec::new();
        };
        let mut selectors: Vec<_> = expression
            .conditions()
            .into_iter()
            .map(|condition| (condition.selector.written(), condition.selector.names()))
            .collect();
        selectors.sort_unstable();
        selectors.dedup();
        selectors
    }
}
