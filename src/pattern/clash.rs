//! Which conditions can never hold together?
//!
//! Only what is certain: two conditions on one value, where what CloudWatch documents leaves none that passes both. A wildcard
//! selector finds several values, of which one may pass the one and another the other.

use super::comparand::{Comparand, Wild};
use super::expression::{Condition, Expression, Order, Test};
use super::value::Number;
use std::cmp::Ordering;

/// Every two conditions because of which an expression, or one of its alternatives, never holds.
pub(super) fn clashes(expression: &Expression) -> Vec<(&Condition, &Condition)> {
    match expression {
        Expression::Any(parts) => parts.iter().flat_map(clashes).collect(),
        _ => clash(expression, &mut Vec::new()).into_iter().collect(),
    }
}

type Pair<'e> = (&'e Condition, &'e Condition);

/// Two conditions because of which an expression never holds beside what is given; else what it gives is added.
fn clash<'e>(expression: &'e Expression, given: &mut Vec<&'e Condition>) -> Option<Pair<'e>> {
    match expression {
        Expression::Condition(condition) => {
            let other = given.iter().find(|other| excludes(other, condition));
            if let Some(other) = other {
                return Some((other, condition));
            }
            given.push(condition);
            None
        }
        Expression::All(parts) => {
            let is_any = |part: &&Expression| matches!(part, Expression::Any(_));
            let (any, all): (Vec<_>, Vec<_>) = parts.iter().partition(is_any);
            let mut parts = all.into_iter().chain(any);
            parts.find_map(|part| clash(part, given))
        }
        Expression::Any(parts) => {
            let each = parts.iter().map(|part| clash(part, &mut given.clone()));
            let each: Option<Vec<Pair<'e>>> = each.collect();
            each?.into_iter().next()
        }
    }
}

fn excludes(one: &Condition, other: &Condition) -> bool {
    let is_one_value = one.selector.wildcards() == 0 && one.selector.steps == other.selector.steps;
    let (one, other) = (&one.test, &other.test);
    is_one_value && (shuts_out(one, other) || shuts_out(other, one))
}

/// Whether what passes one test certainly fails the other. What is not documented is not certain: `!=` on truth values and null.
fn shuts_out(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (Test::NotExists, other) => !matches!(other, Test::NotExists),
        (Test::IsNull, other) => matches!(other, Test::Is(_) | Test::Equal(_) | Test::Ordered(..)),
        (Test::Is(one), Test::Is(other)) => one != other,
        (Test::Is(_), other) => matches!(other, Test::Equal(_) | Test::Ordered(..)),
        (Test::Equal(one), Test::Equal(other)) => differ(one, other),
        (Test::Equal(one), Test::Unequal(other)) => is_within(one, other),
        (Test::Equal(Comparand::Number(number, _)), Test::Ordered(order, limit)) => {
            !holds(*order, *number, *limit)
        }
        (Test::Ordered(one, low), Test::Ordered(other, high)) => {
            (is_lower_bound(*one) && !is_lower_bound(*other)) && {
                let both_closed = *one == Order::AtLeast && *other == Order::AtMost;
                match low.compare(*high) {
                    Some(Ordering::Greater) => true,
                    Some(Ordering::Equal) => !both_closed,
                    Some(Ordering::Less) | None => false,
                }
            }
        }
        _ => false,
    }
}

fn is_lower_bound(order: Order) -> bool {
    matches!(order, Order::Greater | Order::AtLeast)
}

fn holds(order: Order, number: Number, limit: Number) -> bool {
    number.compare(limit).is_none_or(|compared| match order {
        Order::Less => compared.is_lt(),
        Order::Greater => compared.is_gt(),
        Order::AtMost => compared.is_le(),
        Order::AtLeast => compared.is_ge(),
    })
}

/// The number that a comparand may be taken for.
fn number_of(comparand: &Comparand) -> Option<Number> {
    match comparand {
        Comparand::Number(number, _) => Some(*number),
        Comparand::Text(wild) => Number::parse(wild.exact()?),
        Comparand::Regex(_) => None,
    }
}

/// The one text that equals a comparand and is no number: how numbers and texts compare is not all documented.
fn word_of(comparand: &Comparand) -> Option<&str> {
    match comparand {
        Comparand::Text(wild) if !wild.interior_star => {
            wild.exact().filter(|text| Number::parse(text).is_none())
        }
        _ => None,
    }
}

/// Whether no value equals both.
fn differ(one: &Comparand, other: &Comparand) -> bool {
    if let (Some(one), Some(other)) = (number_of(one), number_of(other)) {
        return one.compare(other).is_some_and(Ordering::is_ne);
    }
    match (one, other) {
        (Comparand::Text(one), Comparand::Text(other)) if is_known(one) && is_known(other) => {
            match (one.exact(), other.exact()) {
                (Some(text), _) if Number::parse(text).is_none() => !other.matches(text),
                (_, Some(text)) if Number::parse(text).is_none() => !one.matches(text),
                (None, None) => one.begins_otherwise(other) || one.ends_otherwise(other),
                _ => false,
            }
        }
        (Comparand::Number(..), other) => word_of(other).is_some(),
        (Comparand::Regex(regex), other) => {
            word_of(other).is_some_and(|word| !regex.is_match(word.as_bytes()))
        }
        (Comparand::Text(_), _) => false,
    }
}

/// Whether it is settled which of its stars are wildcards.
fn is_known(wild: &Wild) -> bool {
    !wild.interior_star
}

/// Whether whatever equals the one equals the other.
fn is_within(one: &Comparand, other: &Comparand) -> bool {
    match (one, other) {
        (Comparand::Number(_, one), Comparand::Number(_, other)) => one == other,
        (Comparand::Text(one), Comparand::Text(other)) if one == other => true,
        (one, Comparand::Text(other)) => {
            is_known(other) && word_of(one).is_some_and(|word| other.matches(word))
        }
        (one, Comparand::Regex(other)) => {
            word_of(one).is_some_and(|word| other.is_match(word.as_bytes()))
        }
        (_, Comparand::Number(..)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{InteriorStar, Lint, Pattern};
    use crate::record::{Decoder, Record};

    fn is_warned(pattern: &Pattern) -> bool {
        let mut warnings = pattern.warnings().iter();
        warnings.any(|warning| warning.lint == Lint::NeverMatches)
    }

    fn warned(text: &str) -> bool {
        is_warned(&Pattern::parse(text, InteriorStar::Literal).unwrap())
    }

    #[test]
    fn what_never_holds_together_is_named() {
        for both in [
            "$.a = 1 && $.a = 2",
            "$.a = x && $.a = y",
            "$.a = x && $.b = 1 && ($.c = 1 && $.a = y)",
            "$.a = x && $.a != x",
            "$.a = xyz && $.a != \"x*\"",
            "$.a = xyz && $.a = \"*x\"",
            "$.a = \"x*\" && $.a = \"y*\"",
            "$.a = \"*x\" && $.a = \"*y\"",
            "$.a = x && $.a NOT EXISTS",
            "$.a != x && $.a NOT EXISTS",
            "$.a IS TRUE && $.a IS FALSE",
            "$.a IS NULL && $.a = x",
            "$.a IS TRUE && $.a = \"true\"",
            "$.a > 5 && $.a < 3",
            "$.a > 5 && $.a <= 5",
            "$.a = 5 && $.a > 5",
            "$.a = x && $.a = 5",
            "$.a = xyz && $.a = %^y%",
            "$.a = xyz && $.a != %y%",
            "$.a = x && ($.a = y || $.a = z)",
            "($.a = x && $.a = y) || $.b = 1",
            "$.a[0] = x && $.a[0] = y",
            "$.a = x && $.['a'] = y",
        ] {
            assert!(warned(&format!("{{ {both} }}")), "{both}");
        }
    }

    #[test]
    fn what_may_hold_together_is_not() {
        for both in [
            "$.a = 1 || $.a = 2",
            "$.a = 1 && $.b = 2",
            "$.a[*] = x && $.a[*] = y",
            "$.* = x && $.* = y",
            "$.a[0] = x && $.a[1] = y",
            "$.a = 1 && $.a = 1.0",
            "$.a = 1 && $.a = \"1.0\"",
            "$.a = 1 && $.a != 1.0",
            "$.a = \"1.0\" && $.a = \"*1\"",
            "$.a = \"x*\" && $.a = \"xy*\"",
            "$.a = \"x*\" && $.a = \"*y\"",
            "$.a = \"x*\" && $.a != x",
            "$.a = \"a*b\" && $.a = axb",
            "$.a != x && $.a != y",
            "$.a IS NULL && $.a != x",
            "$.a IS TRUE && $.a != x",
            "$.a >= 5 && $.a <= 5",
            "$.a > 3 && $.a < 5",
            "$.a = x && ($.a = x || $.a = y)",
            "$.a = x && ($.a = y || $.b = 1)",
            "$.a.b = x && $.a = y",
            "$.a NOT EXISTS && $.a NOT EXISTS",
        ] {
            assert!(!warned(&format!("{{ {both} }}")), "{both}");
        }
    }

    /// Of every two of these conditions that are warned of, no value passes both.
    #[test]
    fn nothing_that_matches_is_warned_of() {
        let conditions = [
            "= 1",
            "= 1.0",
            "= 2",
            "= \"1\"",
            "= \"1.0\"",
            "= \"1*\"",
            "= \"*1\"",
            "= \"*0\"",
            "= x",
            "= xy",
            "= \"x*\"",
            "= \"*y\"",
            "= \"*\"",
            "= \"x*y\"",
            "= %^x%",
            "= %1%",
            "= \"\"",
            "!= 1",
            "!= 1.0",
            "!= \"1\"",
            "!= x",
            "!= \"x*\"",
            "!= \"*\"",
            "!= %1%",
            "< 1",
            "<= 1",
            "> 1",
            ">= 1",
            ">= 2",
            "< 2.5",
            "IS NULL",
            "IS TRUE",
            "IS FALSE",
            "NOT EXISTS",
        ];
        let values = [
            "1",
            "1.0",
            "2",
            "10",
            "-1",
            "\"1\"",
            "\"1.0\"",
            "\"2\"",
            "\"x\"",
            "\"xy\"",
            "\"x*y\"",
            "\"\"",
            "\"true\"",
            "true",
            "false",
            "null",
            "[1]",
            "{\"b\":1}",
        ];
        let records = values.iter().map(|value| format!("{{\"a\":{value}}}"));
        let records: Vec<String> = records.chain(["{}".to_owned()]).collect();
        let mut decoder = Decoder::new();
        let mut found = 0;
        for one in conditions {
            for other in conditions {
                let text = format!("{{ $.a {one} && $.a {other} }}");
                for stars in [InteriorStar::Literal, InteriorStar::Wildcard] {
                    let pattern = Pattern::parse(&text, stars).unwrap();
                    if !is_warned(&pattern) {
                        continue;
                    }
                    found += 1;
                    for record in &records {
                        let read = decoder.decode(record.as_bytes()).ok();
                        let view = read.as_ref().map(Record::view);
                        assert!(
                            !pattern.matches(record.as_bytes(), view),
                            "{text}: {record}"
                        );
                    }
                }
            }
        }
        assert!(found > 600, "{found}");
    }
}
