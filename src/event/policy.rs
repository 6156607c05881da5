//! What does a bucket policy say, word for word? (What it means is `exposure`'s question.)
//!
//! The grammar: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use super::change::Asked;
use super::json::{elements, field, find_field, same_key, unquoted};
use crate::vocab::Untrusted;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A resource policy, read into its statements.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Policy {
    /// Whether `${…}` in it are policy variables: Version 2012-10-17 has them, 2008-10-17 has not.
    pub has_variables: bool,
    /// The statements, in the order they were written.
    pub statements: Vec<Statement>,
    /// How many bytes the document has without white space: what S3 serves. `None` where a pipeline may have changed it.
    pub length: Option<u64>,
}

/// One statement of a policy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Statement {
    /// Its `Sid`, or empty.
    pub sid: Untrusted,
    /// Allow or Deny; `None` where it is neither.
    pub effect: Option<Effect>,
    /// Whom it speaks of.
    pub principal: Principals,
    /// Which actions it speaks of, in lower case.
    pub actions: Selection,
    /// Which resources it speaks of.
    pub resources: Selection,
    /// Under which conditions; all of them must hold.
    pub conditions: BTreeSet<Condition>,
    /// Where it breaks the grammar, if it does: S3 would not accept it, so what it does cannot be told.
    pub malformed: Option<&'static str>,
}

/// What a statement does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Effect {
    /// It grants.
    Allow,
    /// It takes away.
    Deny,
}

/// Whom a statement speaks of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Principals {
    /// These.
    Only(BTreeSet<Principal>),
    /// Everybody but these.
    AllBut(BTreeSet<Principal>),
    /// The statement does not say, or not in a form that S3 documents.
    Unsaid,
}

/// One principal, as the policy names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Principal {
    /// `"*"` or `{"AWS": "*"}`: everybody, with an account or without.
    Everyone,
    /// An account, ARN or unique id under `AWS`.
    Aws(String),
    /// An AWS service.
    Service(String),
    /// An identity provider.
    Federated(String),
    /// A canonical user id.
    CanonicalUser(String),
    /// A kind of principal that IAM does not document.
    Unknown(String),
}

/// A list of patterns, or everything but a list of patterns.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Selection {
    /// What matches one of these.
    Only(BTreeSet<String>),
    /// What matches none of these.
    AllBut(BTreeSet<String>),
}

/// One condition: an operator, a key and its values, of which one must match.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Condition {
    /// How a request's several values are taken.
    pub quantifier: Quantifier,
    /// The operator in lower case, without quantifier and `IfExists`.
    pub operator: String,
    /// Whether it also holds for a request without the key.
    pub if_exists: bool,
    /// The key, in lower case.
    pub key: String,
    /// The values.
    pub values: BTreeSet<String>,
}

/// The set operators of conditions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Quantifier {
    /// None given.
    Single,
    /// `ForAnyValue:`.
    AnyValue,
    /// `ForAllValues:`, which also holds for a request without the key.
    AllValues,
}

impl Principals {
    /// The same principals, accounts named by their ids: an account id equals its root ARN.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-accounts>
    fn normal(&self) -> Self {
        let account = |name: &str| {
            let (_, rest) = name.split_once(":iam::")?;
            rest.strip_suffix(":root").map(str::to_owned)
        };
        let normal = |principal: &Principal| match principal {
            Principal::Aws(name) => Principal::Aws(account(name).unwrap_or_else(|| name.clone())),
            other => other.clone(),
        };
        match self {
            Self::Only(names) => Self::Only(names.iter().map(normal).collect()),
            Self::AllBut(names) => Self::AllBut(names.iter().map(normal).collect()),
            Self::Unsaid => Self::Unsaid,
        }
    }
}

impl Policy {
    /// Reads the policy that a request carries: an object or a string, under whatever wrapper.
    pub(crate) fn read(parameters: &Value) -> Asked<Self> {
        let Some(document) = document_in(parameters) else {
            return Asked::Unreadable("no policy in the request");
        };
        Self::parse(&document).map_or(
            Asked::Unreadable("a policy without readable statements"),
            Asked::Said,
        )
    }

    /// Reads a policy document.
    pub fn parse(document: &Value) -> Option<Self> {
        let version = field(document, "Version")
            .and_then(Value::as_str)
            .unwrap_or("2008-10-17");
        let statements = field(document, "Statement")
            .filter(|statements| statements.is_object() || statements.is_array())?;
        let statements = elements(statements)
            .into_iter()
            .map(read_statement)
            .collect::<Option<_>>()?;
        Some(Self {
            has_variables: version.starts_with("2012-10-17"),
            statements,
            length: served_length(document, version),
        })
    }

    /// Whether two policies say the same: their order, `Sid`s and the spelling of lists aside. The version counts only
    /// where a `${…}` is read differently.
    pub fn says_same(&self, other: &Self) -> bool {
        let same_version = self.has_variables == other.has_variables || !self.names_variables();
        same_version && self.unordered() == other.unordered()
    }

    fn names_variables(&self) -> bool {
        let in_values = |statement: &Statement| {
            let values = statement
                .conditions
                .iter()
                .flat_map(|condition| &condition.values);
            values
                .chain(statement.resources.patterns())
                .any(|text| text.contains("${"))
        };
        self.statements.iter().any(in_values)
    }

    fn unordered(&self) -> BTreeSet<Statement> {
        self.statements
            .iter()
            .map(|statement| Statement {
                sid: Untrusted::default(),
                principal: statement.principal.normal(),
                ..statement.clone()
            })
            .collect()
    }
}

/// The length of the document without white space. Text beyond ASCII may be escaped either way, and a version that a
/// pipeline turned into a date is no longer what was written.
fn served_length(document: &Value, version: &str) -> Option<u64> {
    let text = serde_json::to_string(document).ok()?;
    let untouched = text.is_ascii() && !text.contains('\\') && version.len() == "2012-10-17".len();
    untouched.then_some(text.len() as u64)
}

/// The policy under its own key, else the first object that has statements, else what a string under `Policy` holds.
pub(super) fn document_in(parameters: &Value) -> Option<Cow<'_, Value>> {
    let named = ["bucketPolicy", "Policy"]
        .iter()
        .filter_map(|key| find_field(parameters, key));
    named
        .filter(|value| {
            value.is_object()
                || value
                    .as_str()
                    .is_some_and(|text| text.trim_start().starts_with('{'))
        })
        .find_map(unquoted)
        .filter(|document| field(document.as_ref(), "Statement").is_some())
        .or_else(|| object_with_statements(parameters).map(Cow::Borrowed))
}

fn object_with_statements(value: &Value) -> Option<&Value> {
    match value {
        Value::Object(_) if field(value, "Statement").is_some() => Some(value),
        Value::Object(object) => object.values().find_map(object_with_statements),
        Value::Array(inner) => inner.iter().find_map(object_with_statements),
        _ => None,
    }
}

fn read_statement(value: &Value) -> Option<Statement> {
    value.is_object().then(|| Statement {
        sid: field(value, "Sid")
            .and_then(Value::as_str)
            .unwrap_or("")
            .into(),
        effect: read_effect(value),
        principal: read_principals(value),
        actions: read_selection(value, "Action", "NotAction").to_lower_case(),
        resources: read_selection(value, "Resource", "NotResource"),
        conditions: field(value, "Condition")
            .map(read_conditions)
            .unwrap_or_default(),
        malformed: malformed(value),
    })
}

/// The elements of a statement. Those that stand together are each other's opposites.
const GRAMMAR: [&[&str]; 6] = [
    &["Sid"],
    &["Effect"],
    &["Principal", "NotPrincipal"],
    &["Action", "NotAction"],
    &["Resource", "NotResource"],
    &["Condition"],
];

/// Where a statement breaks the grammar. What it says of its principals and its effect is checked where they are read.
fn malformed(statement: &Value) -> Option<&'static str> {
    let given =
        |name: &&str| field(statement, name).is_some_and(|value| !elements(value).is_empty());
    let is_known = |key: &String| {
        GRAMMAR
            .iter()
            .copied()
            .flatten()
            .any(|name| same_key(key, name))
    };
    let missing = |names: [&str; 2]| !names.iter().any(given);
    match statement.as_object() {
        Some(object) if !object.keys().all(is_known) => {
            Some("a statement with an element that the policy grammar does not have")
        }
        _ if GRAMMAR.iter().any(|names| {
            names
                .iter()
                .copied()
                .filter(|name| field(statement, name).is_some())
                .count()
                > 1
        }) =>
        {
            Some("a statement with an element and its opposite")
        }
        _ if missing(["Action", "NotAction"]) => Some("a statement without an action"),
        _ if missing(["Resource", "NotResource"]) => Some("a statement without a resource"),
        _ if !field(statement, "Condition").is_none_or(is_condition_block) => {
            Some("a condition in a form that the policy grammar does not have")
        }
        _ => None,
    }
}

/// `{operator: {key: value or values}}`, all values scalars.
fn is_condition_block(block: &Value) -> bool {
    let are_values = |value: &Value| {
        elements(value)
            .into_iter()
            .all(|value| scalar(value).is_some())
    };
    let are_keys = |keys: &Value| {
        keys.as_object()
            .is_some_and(|keys| keys.values().all(are_values))
    };
    block.is_null()
        || block
            .as_object()
            .is_some_and(|operators| operators.values().all(are_keys))
}

fn read_effect(statement: &Value) -> Option<Effect> {
    match field(statement, "Effect")?.as_str()? {
        "Allow" => Some(Effect::Allow),
        "Deny" => Some(Effect::Deny),
        _ => None,
    }
}

fn read_principals(statement: &Value) -> Principals {
    match (
        field(statement, "Principal"),
        field(statement, "NotPrincipal"),
    ) {
        (Some(value), _) => read_principal(value).map_or(Principals::Unsaid, Principals::Only),
        (None, Some(value)) => read_principal(value).map_or(Principals::Unsaid, Principals::AllBut),
        (None, None) => Principals::Unsaid,
    }
}

/// The principals that an element names; `None` where it names none.
fn read_principal(value: &Value) -> Option<BTreeSet<Principal>> {
    match value {
        Value::String(text) if text == "*" => Some(BTreeSet::from([Principal::Everyone])),
        Value::Object(kinds) => {
            let named: BTreeSet<Principal> = kinds
                .iter()
                .flat_map(|(kind, names)| read_principals_of(kind, names))
                .collect();
            Some(named).filter(|named| !named.is_empty())
        }
        _ => None,
    }
}

fn read_principals_of(kind: &str, names: &Value) -> Vec<Principal> {
    let texts = elements(names)
        .into_iter()
        .map(|name| scalar(name).unwrap_or_default());
    texts.map(|name| principal_of(kind, name)).collect()
}

fn principal_of(kind: &str, name: String) -> Principal {
    match kind.to_ascii_lowercase().as_str() {
        "aws" if name == "*" => Principal::Everyone,
        "aws" => Principal::Aws(name),
        "service" => Principal::Service(name),
        "federated" => Principal::Federated(name),
        "canonicaluser" => Principal::CanonicalUser(name),
        _ => Principal::Unknown(format!("{kind}: {name}")),
    }
}

fn read_selection(statement: &Value, only: &str, all_but: &str) -> Selection {
    let patterns = |value: &Value| elements(value).into_iter().filter_map(scalar).collect();
    match (field(statement, only), field(statement, all_but)) {
        (None, Some(value)) => Selection::AllBut(patterns(value)),
        (value, _) => Selection::Only(value.map(patterns).unwrap_or_default()),
    }
}

impl Selection {
    /// The patterns, whichever way they select.
    pub fn patterns(&self) -> &BTreeSet<String> {
        match self {
            Self::Only(patterns) | Self::AllBut(patterns) => patterns,
        }
    }

    fn to_lower_case(&self) -> Self {
        let lower = |patterns: &BTreeSet<String>| {
            patterns
                .iter()
                .map(|pattern| pattern.to_ascii_lowercase())
                .collect()
        };
        match self {
            Self::Only(patterns) => Self::Only(lower(patterns)),
            Self::AllBut(patterns) => Self::AllBut(lower(patterns)),
        }
    }
}

fn read_conditions(block: &Value) -> BTreeSet<Condition> {
    let operators = block.as_object().into_iter().flatten();
    operators
        .flat_map(|(operator, keys)| {
            let keys = keys.as_object().into_iter().flatten();
            keys.map(move |(key, values)| read_condition(operator, key, values))
        })
        .collect()
}

fn read_condition(operator: &str, key: &str, values: &Value) -> Condition {
    let lower = operator.to_ascii_lowercase();
    let (quantifier, rest) = match lower.split_once([':', '_']) {
        Some(("foranyvalue", rest)) => (Quantifier::AnyValue, rest),
        Some(("forallvalues", rest)) => (Quantifier::AllValues, rest),
        _ => (Quantifier::Single, lower.as_str()),
    };
    let (base, if_exists) = rest
        .strip_suffix("ifexists")
        .map_or((rest, false), |base| (base, true));
    Condition {
        quantifier,
        operator: base.to_owned(),
        if_exists,
        key: normal_key(key),
        values: elements(values).into_iter().filter_map(scalar).collect(),
    }
}

/// A condition key in lower case. Pipelines that allow no `:` in keys write `aws_SourceIp`, which S3 would not accept.
fn normal_key(key: &str) -> String {
    let lower = key.to_ascii_lowercase();
    for (spelled, meant) in [("aws_", "aws:"), ("s3_", "s3:")] {
        if let Some(rest) = lower.strip_prefix(spelled) {
            return format!("{meant}{rest}");
        }
    }
    lower
}

/// A scalar as policies mean it: `true` and `"true"`, `5` and `"5"` are the same.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(on) => Some(on.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn public_read() -> Value {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}]})
    }

    #[test]
    fn a_policy_may_be_an_object_or_a_string_under_any_wrapper() {
        let policy = public_read();
        for shape in [
            json!({"bucketName": "b", "bucketPolicy": policy}),
            json!({"bucketPolicy": policy.to_string()}),
            json!({"PutAccessPointPolicyRequest": {"Policy": policy.to_string()}}),
            json!({"bucketpolicy": policy, "policy": [""]}),
            policy.clone(),
        ] {
            assert!(matches!(Policy::read(&shape), Asked::Said(_)), "{shape}");
        }
    }

    #[test]
    fn a_request_without_statements_says_nothing() {
        for shape in [
            json!({"bucketPolicy": {}, "policy": ""}),
            json!({"omitted": true}),
            json!(null),
            json!({"bucketPolicy": "{\"Version\":"}),
            json!({"bucketPolicy": {"Version": "2012-10-17", "Statement": null}}),
            json!({"bucketPolicy": {"Version": "2012-10-17", "Statement": ""}}),
        ] {
            assert!(
                matches!(Policy::read(&shape), Asked::Unreadable(_)),
                "{shape}"
            );
        }
    }

    #[test]
    fn order_sids_and_lists_of_one_do_not_matter() {
        let one = json!({"Version": "2012-10-17", "Statement": {"Sid": "x", "Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["S3:GetObject"],
            "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket/*"]}});
        let (left, right) = (Policy::parse(&one), Policy::parse(&public_read()));
        assert!(
            left.zip(right)
                .is_some_and(|(left, right)| left.says_same(&right))
        );
    }

    #[test]
    fn operators_are_taken_apart() {
        let condition = read_condition(
            "ForAnyValue:StringEqualsIfExists",
            "AWS:SourceVpc",
            &json!("vpc-1"),
        );
        assert_eq!(
            (
                condition.quantifier,
                condition.operator.as_str(),
                condition.if_exists
            ),
            (Quantifier::AnyValue, "stringequals", true)
        );
        assert_eq!(condition.key, "aws:sourcevpc");
    }
}
