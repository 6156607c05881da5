//! Would IAM let one request through? The slow and obvious way, written from the IAM User Guide ("Policy evaluation logic",
//! "IAM JSON policy elements") over plain JSON; it shares no code with the program.

mod request;
mod test;

pub use request::{Caller, Place, Request};

use serde_json::Value;

/// An explicit Deny wins over any Allow; without an Allow nothing passes.
pub fn lets_through(policy: &Value, request: &Request) -> bool {
    let statements = list(&policy["Statement"]);
    let variables = policy["Version"] == "2012-10-17";
    let matching = |effect: &str| {
        statements.iter().any(|statement| {
            statement["Effect"] == effect && matches_statement(statement, request, variables)
        })
    };
    !matching("Deny") && matching("Allow")
}

fn matches_statement(statement: &Value, request: &Request, variables: bool) -> bool {
    matches_principal(statement, request)
        && matches_either(statement, "Action", "NotAction", |pattern| {
            glob(&pattern.to_lowercase(), &request.action.to_lowercase())
        })
        && matches_either(statement, "Resource", "NotResource", |pattern| {
            glob(pattern, &request.resource())
        })
        && test::all_hold(&statement["Condition"], request, variables)
}

fn matches_either(statement: &Value, only: &str, all_but: &str, is: impl Fn(&str) -> bool) -> bool {
    match statement.get(only) {
        Some(patterns) => list(patterns)
            .iter()
            .any(|pattern| is(pattern.as_str().unwrap())),
        None => !list(&statement[all_but])
            .iter()
            .any(|pattern| is(pattern.as_str().unwrap())),
    }
}

fn matches_principal(statement: &Value, request: &Request) -> bool {
    match statement.get("Principal") {
        Some(principal) => names(principal, request),
        None => !names(&statement["NotPrincipal"], request),
    }
}

fn names(principal: &Value, request: &Request) -> bool {
    if principal == "*" {
        return true;
    }
    let is_caller = |kind: &str, name: &str| match kind {
        "AWS" if name == "*" => true,
        "AWS" => request.is_aws(name),
        "Service" => request.caller == Caller::Service && name == "cloudtrail.amazonaws.com",
        _ => false,
    };
    principal.as_object().unwrap().iter().any(|(kind, named)| {
        list(named)
            .iter()
            .any(|name| is_caller(kind, name.as_str().unwrap()))
    })
}

/// An array's elements; anything else is an array of itself.
pub fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(elements) => elements.clone(),
        Value::Null => Vec::new(),
        other => vec![other.clone()],
    }
}

/// `*` for any text, `?` for any character: every way is tried.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (first, rest) = match pattern.chars().next() {
        None => return text.is_empty(),
        Some(first) => (first, &pattern[first.len_utf8()..]),
    };
    match first {
        '*' => (0..=text.len()).any(|at| text.is_char_boundary(at) && glob(rest, &text[at..])),
        '?' => text
            .chars()
            .next()
            .is_some_and(|taken| glob(rest, &text[taken.len_utf8()..])),
        _ => text.starts_with(first) && glob(rest, &text[first.len_utf8()..]),
    }
}
