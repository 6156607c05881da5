//! Do the conditions of a statement hold for a request?

use super::request::Request;
use super::{glob, list};
use serde_json::Value;

/// All operators and keys must hold; of the values of one key, one.
pub fn all_hold(block: &Value, request: &Request, variables: bool) -> bool {
    let operators = block.as_object().cloned().unwrap_or_default();
    operators.iter().all(|(operator, keys)| {
        keys.as_object()
            .unwrap()
            .iter()
            .all(|(key, values)| holds(operator, key, values, request, variables))
    })
}

fn holds(operator: &str, key: &str, values: &Value, request: &Request, variables: bool) -> bool {
    let given = request.values(key);
    let wanted: Vec<String> = list(values)
        .iter()
        .map(|value| value.as_str().unwrap().to_owned())
        .collect();
    if operator == "Null" {
        return wanted
            .iter()
            .any(|value| (value == "true") == given.is_empty());
    }
    let (quantifier, rest) = operator
        .split_once(':')
        .map_or(("", operator), |(quantifier, rest)| (quantifier, rest));
    let (base, if_exists) = rest
        .strip_suffix("IfExists")
        .map_or((rest, false), |base| (base, true));
    let wanted: Vec<String> = wanted
        .iter()
        .filter_map(|value| resolved(value, request, variables))
        .collect();
    match quantifier {
        _ if given.is_empty() && if_exists => true,
        "ForAllValues" => given.iter().all(|value| passes(base, value, &wanted)),
        "ForAnyValue" => given.iter().any(|value| passes(base, value, &wanted)),
        _ => match given.first() {
            Some(value) => passes(base, value, &wanted),
            None => base.contains("Not"),
        },
    }
}

/// One value of the request against all of the policy's: one must match, and of a negated operator none may.
fn passes(base: &str, given: &str, wanted: &[String]) -> bool {
    let negated = base.contains("Not");
    let plain = base.replace("Not", "");
    let one = |value: &String| match plain.as_str() {
        "StringEquals" | "Bool" => value == given,
        "StringEqualsIgnoreCase" => value.eq_ignore_ascii_case(given),
        "StringLike" => glob(value, given),
        "ArnEquals" | "ArnLike" => arn_like(value, given),
        "IpAddress" => in_range(value, given),
        other => panic!("the oracle does not know {other}"),
    };
    wanted.iter().any(one) != negated
}

/// Each of the six parts of an ARN by itself; the last may hold colons.
fn arn_like(pattern: &str, arn: &str) -> bool {
    let (left, right): (Vec<&str>, Vec<&str>) = (
        pattern.splitn(6, ':').collect(),
        arn.splitn(6, ':').collect(),
    );
    left.len() == 6
        && right.len() == 6
        && left
            .iter()
            .zip(&right)
            .all(|(pattern, part)| glob(pattern, part))
}

fn in_range(range: &str, address: &str) -> bool {
    let (network, bits) = range.split_once('/').unwrap_or((range, "32"));
    let number = |text: &str| u32::from(text.parse::<std::net::Ipv4Addr>().unwrap());
    let bits: u32 = bits.parse().unwrap();
    bits == 0 || (number(network) ^ number(address)) >> (32 - bits) == 0
}

/// A value with its `${key}` filled in; none where the request does not carry the key.
fn resolved(value: &str, request: &Request, variables: bool) -> Option<String> {
    let Some((before, rest)) = value.split_once("${").filter(|_| variables) else {
        return Some(value.to_owned());
    };
    let (key, after) = rest.split_once('}').unwrap();
    let filled = request.values(key).into_iter().next()?;
    resolved(&format!("{before}{filled}{after}"), request, variables)
}
