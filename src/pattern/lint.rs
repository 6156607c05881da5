//! Which patterns are allowed, and probably not what was meant?
//!
//! Each of these is found in published patterns: they match nothing, or nearly everything, and nobody is told.

use super::clash::clashes;
use super::comparand::Comparand;
use super::error::one_line;
use super::expression::{Condition, Expression, Selector, Test};
use crate::vocab::named;
use std::fmt;

named! {
    /// What a warning is about.
    Lint {
        /// `= true` or `= false` on a field that holds a truth value: it never matches.
        TruthAsText = "truth-as-text",
        /// `IS TRUE` or `IS FALSE` on a field that holds a text: it never matches.
        TextAsTruth = "text-as-truth",
        /// `!=` on a field that many records lack: these never match.
        UnequalOnOptional = "unequal-on-optional",
        /// Several `!=` joined by `||`: almost every record matches.
        AnyUnequal = "any-unequal",
        /// `||` and `&&` side by side without parentheses.
        MixedOperators = "mixed-operators",
        /// A `*` inside a text: it stands for itself.
        InteriorStar = "interior-star",
        /// A word that CloudWatch may want in double quotes.
        Unquoted = "unquoted",
        /// `?` terms beside others, which CloudWatch ignores.
        IgnoredTerms = "ignored-terms",
        /// A CIDR block, which is compared as text.
        CidrAsText = "cidr-as-text",
        /// Two conditions joined by `&&` that hold of no value.
        NeverMatches = "never-matches",
    }
}

/// A pattern that is allowed, and probably not what was meant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Warning {
    /// At which character of the pattern, counted from 1.
    pub column: usize,
    /// What it is about.
    pub lint: Lint,
    /// What happens, and what to write instead.
    pub message: String,
}

impl Warning {
    pub(super) fn new(lint: Lint, pattern: &str, at: usize, message: impl Into<String>) -> Self {
        let before = pattern.get(..at).unwrap_or(pattern);
        Self {
            column: before.chars().count() + 1,
            lint,
            message: one_line(&message.into()),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "column {}: {} [{}]",
            self.column,
            self.message,
            self.lint.name()
        )
    }
}

/// Fields of CloudTrail records that hold truth values,
const TRUTHS: [&str; 2] = ["readOnly", "managementEvent"];
/// fields that hold the texts `true` and `false`,
const TRUTHFUL_TEXTS: [&str; 2] = ["sessionCredentialFromConsole", "mfaAuthenticated"];
/// and fields that many records lack.
const OPTIONAL: [&str; 5] = [
    "invokedBy",
    "MFAUsed",
    "errorCode",
    "errorMessage",
    "vpcEndpointId",
];

/// What is probably not meant in an expression.
pub(super) fn of_expression(pattern: &str, expression: &Expression) -> Vec<Warning> {
    let conditions = expression.conditions();
    let absent: Vec<&Selector> = conditions
        .iter()
        .filter(|condition| matches!(condition.test, Test::NotExists))
        .map(|condition| &condition.selector)
        .collect();
    let mut warnings = Vec::new();
    for condition in conditions {
        let mut warn = |lint, message: String| {
            warnings.push(Warning::new(lint, pattern, condition.at, message));
        };
        of_truth(condition, &mut warn);
        of_text(condition, &mut warn);
        if !absent.contains(&&condition.selector) {
            of_optional(condition, &mut warn);
        }
    }
    of_alternatives(pattern, expression, &mut warnings);
    warnings.extend(never_matching(pattern, expression));
    warnings
}

/// `10.0.0.0/8`, and the like of it for IPv6.
pub(super) fn is_cidr(word: &str) -> bool {
    word.split_once('/').is_some_and(|(address, length)| {
        address.parse::<std::net::IpAddr>().is_ok() && length.parse::<u8>().is_ok()
    })
}

fn of_truth(condition: &Condition, warn: &mut dyn FnMut(Lint, String)) {
    let (name, selector) = (condition.selector.last_name(), condition.selector.written());
    let among = |names: &[&str]| name.is_some_and(|name| names.contains(&name));
    match &condition.test {
        Test::Equal(Comparand::Text(wild)) | Test::Unequal(Comparand::Text(wild))
            if among(&TRUTHS) =>
        {
            if let Some(truth @ ("true" | "false")) = wild.exact() {
                let keyword = truth.to_ascii_uppercase();
                let message = format!(
                    "`{selector}` holds a truth value, which equals no text: write `{selector} IS {keyword}`"
                );
                warn(Lint::TruthAsText, message);
            }
        }
        Test::Is(truth) if among(&TRUTHFUL_TEXTS) => {
            let message = format!(
                "`{selector}` holds a text, which is never TRUE or FALSE: write `{selector} = \"{truth}\"`"
            );
            warn(Lint::TextAsTruth, message);
        }
        _ => {}
    }
}

fn of_text(condition: &Condition, warn: &mut dyn FnMut(Lint, String)) {
    let (Test::Equal(Comparand::Text(wild)) | Test::Unequal(Comparand::Text(wild))) =
        &condition.test
    else {
        return;
    };
    if wild.interior_star {
        let message = "a `*` inside a text may stand for itself only: AWS has documented wildcards at the start and the end".to_owned();
        warn(Lint::InteriorStar, message);
    }
    if wild.exact().is_some_and(is_cidr) {
        let message = "CloudWatch knows no CIDR blocks: this is compared as text".to_owned();
        warn(Lint::CidrAsText, message);
    }
}

fn of_optional(condition: &Condition, warn: &mut dyn FnMut(Lint, String)) {
    let selector = condition.selector.written();
    let optional = condition
        .selector
        .last_name()
        .is_some_and(|name| OPTIONAL.contains(&name));
    if optional && matches!(condition.test, Test::Unequal(_)) {
        let message = format!(
            "records without `{selector}` do not match a `!=` on it: write `({selector} NOT EXISTS || {selector} != …)` if they should"
        );
        warn(Lint::UnequalOnOptional, message);
    }
}

/// Conditions that exclude each other.
fn never_matching(pattern: &str, expression: &Expression) -> impl Iterator<Item = Warning> {
    clashes(expression).into_iter().map(move |(first, second)| {
        let before = pattern.get(..first.at).unwrap_or(pattern);
        let (selector, column) = (second.selector.written(), before.chars().count() + 1);
        let message = format!(
            "no `{selector}` is this and what column {column} asks for: joined by `&&`, the two never match"
        );
        Warning::new(Lint::NeverMatches, pattern, second.at, message)
    })
}

/// Alternatives of which at least two are `!=`: what one refuses another lets through.
fn of_alternatives(pattern: &str, expression: &Expression, warnings: &mut Vec<Warning>) {
    let parts = match expression {
        Expression::Condition(_) => return,
        Expression::All(parts) => parts.iter().collect(),
        Expression::Any(_) => alternatives(expression),
    };
    let unequal = parts.iter().filter_map(|part| match part {
        Expression::Condition(condition) => Some(condition),
        Expression::All(_) | Expression::Any(_) => None,
    });
    let mut unequal = unequal.filter(|condition| matches!(condition.test, Test::Unequal(_)));
    if let (Expression::Any(_), Some(first), Some(_)) = (expression, unequal.next(), unequal.next())
    {
        let message =
            "`!=` joined by `||` lets almost every record through: `&&` is probably meant";
        warnings.push(Warning::new(Lint::AnyUnequal, pattern, first.at, message));
    }
    for part in parts {
        of_alternatives(pattern, part, warnings);
    }
}

/// All that `||` joins, in parentheses too.
fn alternatives(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Any(parts) => parts.iter().flat_map(alternatives).collect(),
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use super::super::{InteriorStar, Pattern};
    use super::*;

    fn lints(pattern: &str) -> Vec<Lint> {
        let pattern = Pattern::parse(pattern, InteriorStar::Literal).unwrap();
        pattern
            .warnings()
            .iter()
            .map(|warning| warning.lint)
            .collect()
    }

    #[test]
    fn what_is_probably_not_meant_is_named() {
        for (pattern, expected) in [
            ("{ $.readOnly = false }", vec![Lint::TruthAsText]),
            ("{ $.managementEvent = \"true\" }", vec![Lint::TruthAsText]),
            ("{ $.readOnly IS FALSE }", vec![]),
            (
                "{ $.sessionCredentialFromConsole IS TRUE }",
                vec![Lint::TextAsTruth],
            ),
            (
                "{ $.userIdentity.sessionContext.attributes.mfaAuthenticated IS FALSE }",
                vec![Lint::TextAsTruth],
            ),
            (
                "{ $.errorCode != \"AccessDenied\" }",
                vec![Lint::UnequalOnOptional],
            ),
            (
                "{ $.errorCode NOT EXISTS || $.errorCode != \"AccessDenied\" }",
                vec![],
            ),
            (
                "{ $.a = x || $.b != y || $.c != z }",
                vec![Lint::AnyUnequal],
            ),
            (
                "{ $.q = 1 && ($.b != y || $.c != z) }",
                vec![Lint::AnyUnequal],
            ),
            (
                "{ ($.a = x || $.b != y) || ($.c != z || $.d != w) }",
                vec![Lint::AnyUnequal],
            ),
            (
                "{ ($.a = x || $.b != 2) || $.c != 3 }",
                vec![Lint::AnyUnequal],
            ),
            ("{ ($.a = x || $.b != 2) && $.c != 3 }", vec![]),
            (
                "{ $.a = x || $.b = y && $.c = z }",
                vec![Lint::MixedOperators],
            ),
            ("{ $.a = x || ($.b = y && $.c = z) }", vec![]),
            ("{ $.a = \"Ev*ent\" }", vec![Lint::InteriorStar]),
            ("{ $.a = \"*vent*\" }", vec![]),
            ("{ $.a = arn:aws }", vec![Lint::Unquoted]),
            ("{ $.a = \"10.0.0.0/8\" }", vec![Lint::CidrAsText]),
            ("?one two", vec![Lint::IgnoredTerms]),
            ("foo-bar", vec![Lint::Unquoted]),
            ("{ $.a = 1 && $.a = 2 }", vec![Lint::NeverMatches]),
        ] {
            assert_eq!(lints(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_warning_names_the_column() {
        let pattern = Pattern::parse("{ $.b = 1 && $.readOnly = true }", InteriorStar::Literal);
        insta::assert_snapshot!(pattern.unwrap().warnings()[0], @"column 14: `$.readOnly` holds a truth value, which equals no text: write `$.readOnly IS TRUE` [truth-as-text]");
    }
}
