//! What does a JSON pattern say, once it is read?

use super::comparand::Comparand;
use super::value::Number;
use crate::record::Field;

/// Conditions, joined. `&&` binds tighter than `||`.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Condition(Condition),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

/// One condition on the values that a selector finds.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) selector: Selector,
    pub(super) test: Test,
    /// Where it begins: a byte offset into the pattern.
    pub(super) at: usize,
}

/// What is asked of a value.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Equal(Comparand),
    Unequal(Comparand),
    Ordered(Order, Number),
    IsNull,
    Is(bool),
    NotExists,
}

/// `<`, `>`, `<=`, `>=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    Less,
    Greater,
    AtMost,
    AtLeast,
}

/// `$.a.b[0]`: the way to a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Selector {
    written: String,
    pub(super) steps: Vec<Step>,
    /// The field of a glance that lies there.
    pub(super) field: Option<Field>,
}

/// One step of the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Name(String),
    AnyMember,
    Index(usize),
    AnyElement,
}

impl Selector {
    pub(super) fn new(written: &str, steps: Vec<Step>) -> Self {
        Self {
            written: written.to_owned(),
            field: field_at(&steps),
            steps,
        }
    }

    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// The names on its way, in order.
    pub(super) fn names(&self) -> Vec<&str> {
        let names = self.steps.iter().filter_map(|step| match step {
            Step::Name(name) => Some(name.as_str()),
            Step::AnyMember | Step::Index(_) | Step::AnyElement => None,
        });
        names.collect()
    }

    pub(super) fn last_name(&self) -> Option<&str> {
        self.names().pop()
    }

    pub(super) fn wildcards(&self) -> usize {
        let any = |step: &&Step| matches!(step, Step::AnyMember | Step::AnyElement);
        self.steps.iter().filter(any).count()
    }
}

/// The field of a glance to which such a way leads. Of arrays a glance does not tell which element said what.
fn field_at(steps: &[Step]) -> Option<Field> {
    let name = |step: &Step| match step {
        Step::Name(name) => Some(name.clone()),
        _ => None,
    };
    let names: Option<Vec<String>> = steps.iter().map(name).collect();
    Field::at(&names?.iter().map(String::as_str).collect::<Vec<_>>())
}

impl Expression {
    /// All its conditions, in their order.
    pub(super) fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::Condition(condition) => vec![condition],
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().flat_map(Self::conditions).collect()
            }
        }
    }
}
