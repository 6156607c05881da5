//! Does a record satisfy a JSON pattern?
//!
//! On the borrowed view: no value is copied. What is absent, and containers, satisfy nothing but their own test; `!=` is no
//! exception, which is the mistake most patterns in the field make.

use super::expression::{Condition, Expression, Order, Step, Test};
use super::value::Number;
use crate::record::{Glance, Scalar, View};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Whether the expression holds for a record.
pub(super) fn holds(expression: &Expression, record: View<'_, '_>) -> bool {
    match expression {
        Expression::Condition(condition) => satisfied(condition, record),
        Expression::All(parts) => parts.iter().all(|part| holds(part, record)),
        Expression::Any(parts) => parts.iter().any(|part| holds(part, record)),
    }
}

/// Whether the expression holds for a record, as far as a glance tells.
pub(super) fn told(expression: &Expression, glance: &Glance<'_>) -> Option<bool> {
    match expression {
        Expression::Condition(condition) => condition_told(condition, glance),
        Expression::All(parts) => decided(parts, glance, false),
        Expression::Any(parts) => decided(parts, glance, true),
    }
}

/// One part that is told so decides; that none is so takes all of them to be told.
fn decided(parts: &[Expression], glance: &Glance<'_>, decisive: bool) -> Option<bool> {
    let mut all = Some(!decisive);
    for part in parts {
        match told(part, glance) {
            Some(told) if told == decisive => return Some(decisive),
            Some(_) => {}
            None => all = None,
        }
    }
    all
}

/// What a glance does not see may be there and be no text.
fn condition_told(condition: &Condition, glance: &Glance<'_>) -> Option<bool> {
    let text = glance.get(condition.selector.field?)?;
    if let Some((exact, is_wanted)) = exactly(&condition.test) {
        return Some((exact.as_bytes() == text) == is_wanted);
    }
    let text = str::from_utf8(text).ok()?;
    Some(match &condition.test {
        Test::NotExists => false,
        test => passes(test, Scalar::Text(text)),
    })
}

/// The one text that a test is for or against.
fn exactly(test: &Test) -> Option<(&str, bool)> {
    match test {
        Test::Equal(wanted) => wanted.exact().map(|exact| (exact, true)),
        Test::Unequal(unwanted) => unwanted.exact().map(|exact| (exact, false)),
        _ => None,
    }
}

/// A wildcard selector finds several values: one that passes is enough.
fn satisfied(condition: &Condition, record: View<'_, '_>) -> bool {
    let steps = &condition.selector.steps;
    match &condition.test {
        Test::NotExists => !finds(record, steps, &|_| true),
        test => finds(record, steps, &|value| {
            value.scalar().is_some_and(|scalar| passes(test, scalar))
        }),
    }
}

/// Whether the way leads to a value that passes.
fn finds(from: View<'_, '_>, steps: &[Step], passes: &dyn Fn(View<'_, '_>) -> bool) -> bool {
    walk(from, steps, &mut |value| match passes(value) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    })
    .is_break()
}

/// Hands over every value that the way leads to.
pub(super) fn each(from: View<'_, '_>, steps: &[Step], take: &mut dyn FnMut(View<'_, '_>)) {
    let _ = walk(from, steps, &mut |value| {
        take(value);
        ControlFlow::Continue(())
    });
}

/// What is done at the end of a way: it may be enough.
type Visit<'v> = dyn FnMut(View<'_, '_>) -> ControlFlow<()> + 'v;

fn walk(from: View<'_, '_>, steps: &[Step], visit: &mut Visit<'_>) -> ControlFlow<()> {
    let Some((step, rest)) = steps.split_first() else {
        return visit(from);
    };
    let mut go = |value| walk(value, rest, visit);
    match step {
        Step::Name(name) => from.member(name).map_or(ControlFlow::Continue(()), go),
        Step::Index(index) => from.element(*index).map_or(ControlFlow::Continue(()), go),
        Step::AnyElement => from.elements().try_for_each(go),
        Step::AnyMember => effective(from).into_iter().try_for_each(&mut go),
    }
}

/// The members of an object; of those with one name the last.
fn effective<'r, 'd>(object: View<'r, 'd>) -> Vec<View<'r, 'd>> {
    let mut members: Vec<_> = object.members().collect();
    members.reverse();
    let mut seen = BTreeSet::new();
    members.retain(|(name, _)| seen.insert(*name));
    members.into_iter().map(|(_, value)| value).collect()
}

fn passes(test: &Test, value: Scalar<'_>) -> bool {
    match (test, value) {
        (Test::Equal(wanted), value) => wanted.equals(value) == Some(true),
        (Test::Unequal(unwanted), value) => unwanted.equals(value) == Some(false),
        (Test::Ordered(order, limit), Scalar::Integer(number)) => {
            is_ordered(*order, Number::Whole(number).compare(*limit))
        }
        (Test::Ordered(order, limit), Scalar::Float(number)) => {
            is_ordered(*order, Number::Decimal(number).compare(*limit))
        }
        (Test::IsNull, Scalar::Null) => true,
        (Test::Is(wanted), Scalar::Truth(truth)) => truth == *wanted,
        _ => false,
    }
}

fn is_ordered(order: Order, compared: Option<Ordering>) -> bool {
    compared.is_some_and(|compared| match order {
        Order::Less => compared.is_lt(),
        Order::Greater => compared.is_gt(),
        Order::AtMost => compared.is_le(),
        Order::AtLeast => compared.is_ge(),
    })
}
