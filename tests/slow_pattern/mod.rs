//! What does a filter pattern match, the slow and obvious way? Over serde_json, from AWS's documentation, with nothing of the
//! library in it.

use serde_json::Value;

/// A pattern as the oracle holds it.
#[derive(Clone, Debug)]
pub enum Expr {
    Is(Vec<Seg>, Test),
    All(Vec<Expr>),
    Any(Vec<Expr>),
}

/// A step of a selector.
#[derive(Clone, Debug)]
pub enum Seg {
    Name(String),
    Index(usize),
    AnyElement,
    AnyMember,
}

/// A condition.
#[derive(Clone, Debug)]
pub enum Test {
    /// With `=` (true) or `!=`.
    Equals(bool, Word),
    /// `<`, `>`, `<=`, `>=`, and a number as it is written.
    Ordered(&'static str, &'static str),
    Null,
    Truth(bool),
    NotExists,
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub enum Word {
    /// In double quotes, with stars at its ends perhaps.
    Quoted(String),
    /// A number as it is written.
    Number(&'static str),
    /// A word to search for, as a regular expression.
    Regex(String),
}

/// The pattern as text.
pub fn render(expr: &Expr) -> String {
    format!("{{ {} }}", render_inner(expr))
}

fn render_inner(expr: &Expr) -> String {
    let joined = |parts: &[Expr], operator: &str| {
        let parts: Vec<String> = parts.iter().map(render_inner).collect();
        format!("({})", parts.join(operator))
    };
    match expr {
        Expr::All(parts) => joined(parts, " && "),
        Expr::Any(parts) => joined(parts, "||"),
        Expr::Is(path, test) => format!("{} {}", render_path(path), render_test(test)),
    }
}

fn render_path(path: &[Seg]) -> String {
    let mut text = "$".to_owned();
    for seg in path {
        match seg {
            Seg::Name(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                text.push_str(&format!(".{name}"));
            }
            Seg::Name(name) => text.push_str(&format!(".['{name}']")),
            Seg::Index(index) => text.push_str(&format!("[{index}]")),
            Seg::AnyElement => text.push_str("[*]"),
            Seg::AnyMember => text.push_str(".*"),
        }
    }
    text
}

fn render_test(test: &Test) -> String {
    match test {
        Test::Equals(equal, word) => {
            let operator = if *equal { "=" } else { "!=" };
            let word = match word {
                Word::Quoted(text) => {
                    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
                }
                Word::Number(text) => (*text).to_owned(),
                Word::Regex(text) => format!("%{text}%"),
            };
            format!("{operator} {word}")
        }
        Test::Ordered(operator, number) => format!("{operator} {number}"),
        Test::Null => "IS NULL".to_owned(),
        Test::Truth(true) => "IS TRUE".to_owned(),
        Test::Truth(false) => "IS FALSE".to_owned(),
        Test::NotExists => "NOT EXISTS".to_owned(),
    }
}

/// Whether the pattern matches a text.
pub fn matches(expr: &Expr, text: &str) -> bool {
    match serde_json::from_str::<Value>(text) {
        Ok(record @ Value::Object(_)) => holds(expr, &record),
        _ => false,
    }
}

fn holds(expr: &Expr, record: &Value) -> bool {
    match expr {
        Expr::All(parts) => parts.iter().all(|part| holds(part, record)),
        Expr::Any(parts) => parts.iter().any(|part| holds(part, record)),
        Expr::Is(path, test) => {
            let found = select(record, path);
            match test {
                Test::NotExists => found.is_empty(),
                test => found.iter().any(|value| passes(test, value)),
            }
        }
    }
}

/// Everything a selector finds.
fn select<'v>(record: &'v Value, path: &[Seg]) -> Vec<&'v Value> {
    let mut found = vec![record];
    for seg in path {
        let mut next = Vec::new();
        for value in found {
            match (seg, value) {
                (Seg::Name(name), Value::Object(members)) => next.extend(members.get(name)),
                (Seg::Index(index), Value::Array(elements)) => next.extend(elements.get(*index)),
                (Seg::AnyElement, Value::Array(elements)) => next.extend(elements),
                (Seg::AnyMember, Value::Object(members)) => next.extend(members.values()),
                _ => {}
            }
        }
        found = next;
    }
    found
}

fn passes(test: &Test, value: &Value) -> bool {
    match (test, value) {
        (Test::Equals(equal, word), Value::String(text)) => same_text(word, text) == *equal,
        (Test::Equals(equal, word), Value::Number(number)) => {
            let number = number.as_f64().unwrap();
            let same = match word {
                Word::Number(wanted) => number == wanted.parse::<f64>().unwrap(),
                word => same_text(word, &number.to_string()),
            };
            same == *equal
        }
        (Test::Ordered(operator, limit), Value::Number(number)) => {
            let (number, limit) = (number.as_f64().unwrap(), limit.parse::<f64>().unwrap());
            match *operator {
                "<" => number < limit,
                ">" => number > limit,
                "<=" => number <= limit,
                _ => number >= limit,
            }
        }
        (Test::Null, Value::Null) => true,
        (Test::Truth(wanted), Value::Bool(truth)) => wanted == truth,
        _ => false,
    }
}

fn same_text(word: &Word, text: &str) -> bool {
    match word {
        Word::Number(written) => *written == text,
        Word::Regex(part) => text.contains(part.as_str()),
        Word::Quoted(pattern) => {
            let (start, rest) = match pattern.strip_prefix('*') {
                Some(rest) => (true, rest),
                None => (false, pattern.as_str()),
            };
            let (end, core) = match rest.strip_suffix('*') {
                Some(core) => (true, core),
                None => (false, rest),
            };
            match (start, end) {
                (true, _) if rest.is_empty() => true,
                (true, true) => text.contains(core),
                (true, false) => text.ends_with(core),
                (false, true) => text.starts_with(core),
                (false, false) => text == core,
            }
        }
    }
}
