//! How is a record written? As JSON whose keys keep the order they were given in, because eras differ in it.

use crate::dice::Dice;

pub type Fields = Vec<(&'static str, Json)>;

/// A JSON value with ordered keys.
#[derive(Debug, Clone)]
pub enum Json {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Object(Fields),
}

impl Json {
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) => out.push_str(&value.to_string()),
            Self::Text(value) => out.push_str(&serde_json::to_string(value).unwrap()),
            Self::List(values) => enclose(out, '[', ']', values, |value, out| value.write(out)),
            Self::Object(fields) => enclose(out, '{', '}', fields, |(key, value), out| {
                out.push('"');
                out.push_str(key);
                out.push_str("\":");
                value.write(out);
            }),
        }
    }
}

fn enclose<T>(
    out: &mut String,
    open: char,
    close: char,
    items: &[T],
    write: impl Fn(&T, &mut String),
) {
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// As XML becomes JSON in CloudTrail: one element is itself, several are a list; some writers list always.
pub fn one_or_many(mut values: Vec<Json>, dice: &mut Dice) -> Json {
    if values.len() == 1 && !dice.chance(30) {
        return values.remove(0);
    }
    Json::List(values)
}
