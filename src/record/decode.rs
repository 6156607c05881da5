//! What does one record say?
//!
//! The only file that knows which JSON parser is used. It parses a copy, because the parser writes into its input and a
//! record must stay as it was written. Of duplicate keys the last counts, here as everywhere.

use super::repeated::sum_of_last;
use super::shape::MAX_DEPTH;
use crate::vocab::LossKind;
use serde_json::{Map, Number, Value};
use simd_json::{Buffers, ErrorType, Node, StaticNode, Tape};
use std::fmt;

/// Reads records, one at a time, into buffers that it keeps. One for each thread.
pub struct Decoder {
    copy: Vec<u8>,
    buffers: Buffers,
    /// The tape's allocation, between two records; it is empty then.
    spare: Tape<'static>,
    /// Whether another parser reads each record first.
    is_double: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder with empty buffers.
    pub fn new() -> Self {
        Self {
            copy: Vec::new(),
            buffers: Buffers::with_max_depth(1 << 12, MAX_DEPTH),
            spare: Tape(Vec::new()),
            is_double: false,
        }
    }

    /// A decoder that has serde_json read each record first, and reads what that wrote: for comparison.
    pub fn doubly() -> Self {
        Self {
            is_double: true,
            ..Self::new()
        }
    }

    /// Reads one record. The text is not touched.
    ///
    /// # Errors
    ///
    /// [`LossKind::TooDeep`] beyond [`MAX_DEPTH`] levels, [`LossKind::Encoding`] where the text is no UTF-8,
    /// [`LossKind::NotARecord`] where it is no object, [`LossKind::MalformedJson`] for all else.
    pub fn decode<'d>(&'d mut self, raw: &[u8]) -> Result<Record<'d>, DecodeError> {
        self.copy.clear();
        let mut refusal = None;
        match self.is_double.then(|| serde_json::from_slice::<Value>(raw)) {
            Some(Ok(value)) => self.copy.extend_from_slice(value.to_string().as_bytes()),
            Some(Err(error)) => refusal = Some(error),
            None => {}
        }
        if self.copy.is_empty() {
            self.copy.extend_from_slice(raw);
        }
        let home = &mut self.spare;
        let mut tape = std::mem::replace(home, Tape(Vec::new())).reset();
        let parsed = simd_json::fill_tape(&mut self.copy, &mut self.buffers, &mut tape);
        let record = Record { tape, home };
        parsed.map_err(|error| DecodeError::from_parser(&error))?;
        if let Some(error) = refusal {
            return Err(DecodeError {
                kind: LossKind::MalformedJson,
                detail: format!("one parser reads the record and another does not: {error}"),
            });
        }
        match record.tape.0.first() {
            Some(Node::Object { .. }) => Ok(record),
            _ => Err(DecodeError {
                kind: LossKind::NotARecord,
                detail: "the record is no object".to_owned(),
            }),
        }
    }
}

/// One record, read. It borrows from its decoder.
pub struct Record<'d> {
    tape: Tape<'d>,
    /// Where the tape's allocation goes back to.
    home: &'d mut Tape<'static>,
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        *self.home = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_json(), f)
    }
}

impl<'d> Record<'d> {
    /// The text under a top-level key: the exact key, else one that differs only in ASCII case. `None` where there is
    /// no such key or its value is no string.
    pub fn text(&self, key: &str) -> Option<&'d str> {
        match self.member(key)? {
            [Node::String(text)] => Some(text),
            _ => None,
        }
    }

    /// The text at a key inside the object under a top-level key, found as [`Record::text`] finds them.
    pub fn text_in(&self, outer: &str, inner: &str) -> Option<&'d str> {
        match self.member(outer)? {
            nodes @ [Node::Object { .. }, ..] => match named(nodes, inner)? {
                [Node::String(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The names of the members of the object under a top-level key; `None` where there is no object.
    pub fn names_in(&self, outer: &str) -> Option<impl Iterator<Item = &'d str>> {
        match self.member(outer)? {
            nodes @ [Node::Object { .. }, ..] => Some(members(nodes).map(|(name, _)| name)),
            _ => None,
        }
    }

    /// Whether, in an object or the objects of an array under a top-level key, a member of that name has another text, or none.
    pub fn differs_among(&self, outer: &str, name: &str, text: &str) -> bool {
        let mut values = self.among(outer, name);
        values.any(|value| !matches!(value, [Node::String(other)] if *other == text))
    }

    /// The first text of a member of that name in an object, or the objects of an array, under a top-level key.
    pub fn text_among(&self, outer: &str, name: &str) -> Option<&'d str> {
        self.among(outer, name).find_map(|value| match value {
            [Node::String(text)] => Some(*text),
            _ => None,
        })
    }

    /// The members of that name in an object, or the objects of an array, under a top-level key.
    fn among<'s>(&'s self, outer: &str, name: &str) -> impl Iterator<Item = &'s [Node<'d>]> {
        let nodes = self.member(outer).unwrap_or_default();
        let lone = matches!(nodes.first(), Some(Node::Object { .. })).then_some(nodes);
        let elements = View { nodes }.elements().map(|element| element.nodes);
        let objects = lone.into_iter().chain(elements);
        let is_object = |nodes: &&[Node<'d>]| matches!(nodes.first(), Some(Node::Object { .. }));
        objects
            .filter(is_object)
            .filter_map(move |object| named(object, name))
    }

    /// Some top-level members as JSON, without reading the others; names are compared without ASCII case.
    pub fn pick(&self, keys: &[&str]) -> Value {
        let wanted = |name: &str| keys.iter().any(|key| name.eq_ignore_ascii_case(key));
        let members = self.members().filter(|(name, _)| wanted(name));
        let read =
            |(name, nodes): (&str, &[Node<'d>])| (name.to_owned(), read_value(&mut nodes.iter()));
        Value::Object(members.map(read).collect())
    }

    /// The same members, where they lie: of these a value is found sooner than of all.
    pub fn part(&self, keys: &[&str]) -> Part<'d> {
        let mut nodes = vec![Node::Object { len: 0, count: 0 }];
        for (name, value) in self.members() {
            if keys.iter().any(|key| name.eq_ignore_ascii_case(key)) {
                nodes.push(Node::String(name));
                nodes.extend_from_slice(value);
            }
        }
        Part { nodes }
    }

    fn member(&self, key: &str) -> Option<&[Node<'d>]> {
        named(&self.tape.0, key)
    }

    /// The whole record. Integers beyond 64 bits become floating-point numbers.
    pub fn to_json(&self) -> Value {
        read_value(&mut self.tape.0.iter())
    }

    /// How much the record says: the number of its values, containers included, nulls and empty ones not. Of two copies
    /// of a record the fuller one is the better evidence.
    pub fn fullness(&self) -> u64 {
        count_values(&mut self.tape.0.iter())
    }

    /// The top-level members: each name, and the nodes of its value.
    fn members(&self) -> impl Iterator<Item = (&'d str, &[Node<'d>])> {
        members(&self.tape.0)
    }
}

impl<'d> Record<'d> {
    /// The whole record as a borrowed view, for readers that want a few values of it.
    pub fn view(&self) -> View<'_, 'd> {
        View {
            nodes: &self.tape.0,
        }
    }
}

/// Some members of a record.
#[derive(Debug)]
pub struct Part<'d> {
    nodes: Vec<Node<'d>>,
}

impl<'d> Part<'d> {
    /// An object of these members.
    pub fn view(&self) -> View<'_, 'd> {
        View { nodes: &self.nodes }
    }
}

/// One value of a record, borrowed: nothing is copied to look at it. Its keys are exact, case included.
#[derive(Clone, Copy)]
pub struct View<'r, 'd> {
    nodes: &'r [Node<'d>],
}

/// What a value is. What containers hold is asked of the [`View`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Scalar<'d> {
    /// A string.
    Text(&'d str),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// `true` or `false`.
    Truth(bool),
    /// `null`.
    Null,
}

impl fmt::Debug for View<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_json(), f)
    }
}

impl<'r, 'd> View<'r, 'd> {
    /// The value, where it is neither object nor array.
    pub fn scalar(self) -> Option<Scalar<'d>> {
        match self.nodes.first()? {
            Node::String(text) => Some(Scalar::Text(text)),
            Node::Static(scalar) => Some(match *scalar {
                StaticNode::I64(number) => Scalar::Integer(number.into()),
                StaticNode::U64(number) => Scalar::Integer(number.into()),
                StaticNode::F64(number) => Scalar::Float(number),
                StaticNode::Bool(truth) => Scalar::Truth(truth),
                StaticNode::Null => Scalar::Null,
            }),
            Node::Object { .. } | Node::Array { .. } => None,
        }
    }

    /// The member of that name, where this is an object that has one. Of several the last.
    pub fn member(self, name: &str) -> Option<Self> {
        let mut found = None;
        for (key, value) in self.members() {
            if key == name {
                found = Some(value);
            }
        }
        found
    }

    /// Whether the value is an array.
    pub fn is_array(self) -> bool {
        matches!(self.nodes.first(), Some(Node::Array { .. }))
    }

    /// The element of that number, where this is an array that has one.
    pub fn element(self, index: usize) -> Option<Self> {
        self.elements().nth(index)
    }

    /// The members of an object as they were written, repeated names included; none of anything else.
    pub fn members(self) -> impl Iterator<Item = (&'d str, Self)> {
        let mut rest = match self.nodes.split_first() {
            Some((Node::Object { .. }, rest)) => rest,
            _ => &[],
        };
        std::iter::from_fn(move || {
            let (name, after) = rest.split_first()?;
            let (value, after) = after.split_at_checked(width(after.first()?))?;
            rest = after;
            match name {
                Node::String(name) => Some((*name, View { nodes: value })),
                _ => None,
            }
        })
    }

    /// The elements of an array; none of anything else.
    pub fn elements(self) -> impl Iterator<Item = Self> {
        let mut rest = match self.nodes.split_first() {
            Some((Node::Array { .. }, rest)) => rest,
            _ => &[],
        };
        std::iter::from_fn(move || {
            let (value, after) = rest.split_at_checked(width(rest.first()?))?;
            rest = after;
            Some(View { nodes: value })
        })
    }

    /// The value, owned.
    pub fn to_json(self) -> Value {
        read_value(&mut self.nodes.iter())
    }
}

/// The members of an object: each name, and the nodes of its value.
fn members<'t, 'd>(object: &'t [Node<'d>]) -> impl Iterator<Item = (&'d str, &'t [Node<'d>])> {
    let mut rest = object.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (name, after) = rest.split_first()?;
        let (value, after) = after.split_at_checked(width(after.first()?))?;
        rest = after;
        match name {
            Node::String(name) => Some((*name, value)),
            _ => None,
        }
    })
}

/// The value of an object's member: of the exact name, else of one that differs only in ASCII case. The last counts.
fn named<'t, 'd>(object: &'t [Node<'d>], key: &str) -> Option<&'t [Node<'d>]> {
    let (mut exact, mut folded) = (None, None);
    for (name, value) in members(object) {
        if name == key {
            exact = Some(value);
        } else if name.eq_ignore_ascii_case(key) {
            folded = Some(value);
        }
    }
    exact.or(folded)
}

/// A record that could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// What kind of damage.
    pub kind: LossKind,
    /// The damage in words.
    pub detail: String,
}

impl DecodeError {
    fn from_parser(error: &simd_json::Error) -> Self {
        let (kind, what) = match error.error() {
            ErrorType::DepthLimitExceeded => (LossKind::TooDeep, "it nests too deep"),
            ErrorType::InvalidUtf8 => (LossKind::Encoding, "it is no UTF-8"),
            ErrorType::InvalidEscape
            | ErrorType::InvalidUnicodeEscape
            | ErrorType::InvalidUnicodeCodepoint => {
                (LossKind::MalformedJson, "an escape is invalid")
            }
            ErrorType::InvalidNumber | ErrorType::InvalidExponent | ErrorType::Overflow => {
                (LossKind::MalformedJson, "a number is invalid")
            }
            _ => (LossKind::MalformedJson, "it is no valid JSON"),
        };
        let place = if error.index() == 0 {
            String::new()
        } else {
            format!(", near its byte {}", error.index())
        };
        Self {
            kind,
            detail: format!("the record cannot be read: {what}{place}"),
        }
    }
}

/// How many nodes a value takes, from its first node.
fn width(first: &Node<'_>) -> usize {
    match first {
        Node::Object { count, .. } | Node::Array { count, .. } => count.saturating_add(1),
        Node::String(_) | Node::Static(_) => 1,
    }
}

/// Reads the value that comes next. The recursion is bounded by [`MAX_DEPTH`].
fn read_value(nodes: &mut std::slice::Iter<'_, Node<'_>>) -> Value {
    match nodes.next() {
        Some(Node::Object { len, .. }) => {
            let mut object = Map::new();
            for _ in 0..*len {
                if let Some(Node::String(name)) = nodes.next() {
                    object.insert((*name).to_owned(), read_value(nodes));
                }
            }
            Value::Object(object)
        }
        Some(Node::Array { len, .. }) => (0..*len).map(|_| read_value(nodes)).collect(),
        Some(Node::String(text)) => Value::from(*text),
        Some(Node::Static(scalar)) => read_scalar(*scalar),
        None => Value::Null,
    }
}

fn read_scalar(scalar: StaticNode) -> Value {
    match scalar {
        StaticNode::I64(number) => number.into(),
        StaticNode::U64(number) => number.into(),
        StaticNode::F64(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        StaticNode::Bool(truth) => truth.into(),
        StaticNode::Null => Value::Null,
    }
}

fn count_values(nodes: &mut std::slice::Iter<'_, Node<'_>>) -> u64 {
    match nodes.next() {
        Some(Node::Object { len, .. }) => {
            // Of a name that is repeated the last counts.
            let mut members: Vec<(&str, u64)> = Vec::with_capacity(*len);
            for _ in 0..*len {
                if let Some(Node::String(name)) = nodes.next() {
                    members.push((name, count_values(nodes)));
                }
            }
            u64::from(*len > 0) + sum_of_last(members)
        }
        Some(Node::Array { len, .. }) => {
            u64::from(*len > 0) + (0..*len).map(|_| count_values(nodes)).sum::<u64>()
        }
        Some(Node::String(text)) => u64::from(!text.is_empty()),
        Some(Node::Static(StaticNode::Null)) | None => 0,
        Some(Node::Static(_)) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn decoded(raw: &str) -> Value {
        Decoder::new().decode(raw.as_bytes()).unwrap().to_json()
    }

    fn kind_of(raw: &[u8]) -> LossKind {
        Decoder::new().decode(raw).unwrap_err().kind
    }

    #[test]
    fn a_record_reads_as_serde_json_reads_it() {
        for raw in [
            "{}",
            r#"{"a":[1,-2,2.5,true,false,null,"x",[],{}],"b":{"c":{"d":""}}}"#,
            r#"{ "\u0061" : "\ud83d\ude00 \"\\\/\b\f\n\r\t" , "ü":"é" }"#,
            "{\"a\":\t1e3,\r\n\"b\":-0.5}",
        ] {
            assert_eq!(
                decoded(raw),
                serde_json::from_str::<Value>(raw).unwrap(),
                "{raw}"
            );
        }
    }

    #[test]
    fn the_text_is_not_touched() {
        let raw = br#"{"a":"\u0041\n"}"#.to_vec();
        let before = raw.clone();
        let mut decoder = Decoder::new();
        assert_eq!(decoder.decode(&raw).unwrap().text("a"), Some("A\n"));
        assert_eq!(raw, before);
    }

    #[test]
    fn the_last_of_duplicate_keys_counts() {
        assert_eq!(
            decoded(r#"{"a":1,"b":{"c":1,"c":2},"a":3}"#),
            json!({"a": 3, "b": {"c": 2}})
        );
        let mut decoder = Decoder::new();
        let record = decoder
            .decode(br#"{"eventName":"A","eventName":"B"}"#)
            .unwrap();
        assert_eq!(record.text("eventName"), Some("B"));
        let members: Vec<String> = (0..100).map(|number| format!("\"k\":{number}")).collect();
        assert_eq!(
            decoded(&format!("{{{}}}", members.join(","))),
            json!({"k": 99})
        );
    }

    #[test]
    fn an_exact_key_goes_before_one_of_another_case() {
        let mut decoder = Decoder::new();
        let record = decoder
            .decode(br#"{"eventName":"A","EVENTNAME":"B","eventname":"C","n":1,"o":{"p":"q"}}"#)
            .unwrap();
        assert_eq!(record.text("eventName"), Some("A"));
        assert_eq!(record.text("EventName"), Some("C"));
        for key in ["n", "o", "p", "q", ""] {
            assert_eq!(record.text(key), None, "{key}");
        }
    }

    #[test]
    fn integers_beyond_64_bits_become_floating() {
        for (number, expected) in [
            ("18446744073709551615", json!(u64::MAX)),
            ("18446744073709551616", json!(18_446_744_073_709_551_616.0)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("-9223372036854775809", json!(-9_223_372_036_854_775_809.0)),
            (
                "123456789012345678901234567890",
                json!(123_456_789_012_345_678_901_234_567_890.0),
            ),
        ] {
            assert_eq!(
                decoded(&format!("{{\"n\":{number}}}")),
                json!({ "n": expected }),
                "{number}"
            );
        }
    }

    #[test]
    fn a_hundred_levels_are_read_and_no_more() {
        let nested = |depth: usize| {
            format!(
                "{}{}{}",
                "{\"a\":".repeat(depth - 1),
                "{}",
                "}".repeat(depth - 1)
            )
        };
        let raw = nested(MAX_DEPTH);
        assert_eq!(decoded(&raw), serde_json::from_str::<Value>(&raw).unwrap());
        for depth in [MAX_DEPTH + 1, 1_025, 10_000] {
            assert_eq!(
                kind_of(nested(depth).as_bytes()),
                LossKind::TooDeep,
                "{depth}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for raw in [
            "",
            "{",
            "{\"a\" 1}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\ud800\"}",
            "{} {}",
            "{\"a\":\"\t\"}",
        ] {
            assert_eq!(kind_of(raw.as_bytes()), LossKind::MalformedJson, "{raw}");
        }
        assert_eq!(kind_of(b"{\"a\":\"\xff\"}"), LossKind::Encoding);
        for raw in ["[]", "1", "null", "\"a\""] {
            assert_eq!(kind_of(raw.as_bytes()), LossKind::NotARecord, "{raw}");
        }
    }

    #[test]
    fn a_decoder_reads_on_after_an_error() {
        let mut decoder = Decoder::new();
        for _ in 0..3 {
            assert!(decoder.decode(b"{\"a\":[1,2,").is_err());
            assert_eq!(
                decoder.decode(b"{\"a\":[1,2]}").unwrap().to_json(),
                json!({"a": [1, 2]})
            );
        }
        assert!(decoder.spare.0.capacity() > 0);
    }

    #[test]
    fn a_view_finds_members_and_elements() {
        let mut decoder = Decoder::new();
        let record = decoder
            .decode(br#"{"a":{"b":[1,[2.5,{"c":"x"}],null],"b2":true},"a2":-1,"d":1,"d":"last"}"#)
            .unwrap();
        let root = record.view();
        let array = root.member("a").and_then(|a| a.member("b")).unwrap();
        let inner = array.element(1).unwrap();
        assert_eq!(array.elements().count(), 3);
        assert_eq!(array.scalar(), None);
        assert_eq!(array.element(0).unwrap().scalar(), Some(Scalar::Integer(1)));
        assert_eq!(inner.element(0).unwrap().scalar(), Some(Scalar::Float(2.5)));
        let text = inner.element(1).and_then(|o| o.member("c")).unwrap();
        assert_eq!(text.scalar(), Some(Scalar::Text("x")));
        assert_eq!(array.element(2).unwrap().scalar(), Some(Scalar::Null));
        assert!(array.element(3).is_none());
        assert!(array.member("0").is_none() && root.element(0).is_none());
        assert_eq!(
            root.member("d").unwrap().scalar(),
            Some(Scalar::Text("last"))
        );
        assert_eq!(root.members().count(), 4);
    }

    #[test]
    fn fullness_counts_what_is_said() {
        for (raw, expected) in [
            ("{}", 0),
            (r#"{"a":null,"b":"","c":[],"d":{}}"#, 1),
            (r#"{"a":1,"b":"x","c":[true,null],"d":{"e":false}}"#, 7),
            (r#"{"a":[1,2,3],"a":1}"#, 2),
        ] {
            assert_eq!(
                Decoder::new().decode(raw.as_bytes()).unwrap().fullness(),
                expected,
                "{raw}"
            );
        }
    }
}
