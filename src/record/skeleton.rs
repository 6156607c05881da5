//! What is left of a record without its strings' letters and its numbers' digits, and is that JSON?
//!
//! Of a string its last quote is left, of a run of digits one `0` (two, if it begins with a zero that others follow), of what is
//! outside of strings everything else. Whether a text is JSON rests on nothing else, what is within strings aside; and records
//! of one kind, written by one service, have one skeleton. So it is read once for thousands of records.

/// Deeper nesting is left to the slow way: below [`MAX_DEPTH`](super::MAX_DEPTH).
const DEEPEST: usize = 60;
/// A record of more members, or more brackets, is left to the slow way.
const MOST_MEMBERS: usize = 1 << 12;

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Value {
    Text,
    /// A number, `true`, `false` or `null`.
    Literal,
    /// The bracket with that number.
    Within(u16),
}

/// A member of an object, in the order in which their colons are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Member {
    /// The number of the object's bracket.
    pub object: u16,
    pub value: Value,
    /// Where in the skeleton its colon stands.
    pub colon: u16,
    /// How far behind that its value begins.
    pub behind: u16,
}

/// An object or an array, in the order in which they begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bracket {
    pub is_object: bool,
    /// Whether no value of an array is anything but an object.
    pub holds_objects_only: bool,
    /// The bracket around it; its own number where there is none.
    pub around: u16,
}

/// The outline of a record: which members it has, and what lies in what.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Outline {
    pub members: Vec<Member>,
    pub brackets: Vec<Bracket>,
    open: Vec<u16>,
}

/// What must come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

impl Outline {
    /// Reads the skeleton of one object; says whether it is JSON, written without white space but for one space behind a colon
    /// or a comma. The members are only to be used if it is.
    pub fn read(&mut self, skeleton: &[u8]) -> bool {
        self.members.clear();
        self.brackets.clear();
        self.open.clear();
        self.walk(skeleton).is_some() && self.open.is_empty()
    }

    fn walk(&mut self, skeleton: &[u8]) -> Option<()> {
        let (mut due, mut rest) = (Due::Value, skeleton);
        loop {
            let (first, behind) = rest.split_first()?;
            rest = behind;
            due = match (due, first) {
                (Due::Key | Due::KeyOrEnd, b'"') => Due::Colon,
                (Due::Colon, b':') => {
                    let object = *self.open.last()?;
                    rest = without_space(rest);
                    self.members.push(Member {
                        object,
                        value: Value::Literal,
                        colon: u16::try_from(skeleton.len() - behind.len() - 1).ok()?,
                        behind: 1 + u16::from(rest.len() < behind.len()),
                    });
                    Due::Value
                }
                (Due::CommaOrEnd, b',') => {
                    rest = without_space(rest);
                    match self.is_in_object()? {
                        true => Due::Key,
                        false => Due::Value,
                    }
                }
                (Due::Value | Due::ValueOrEnd, b'{' | b'[') => {
                    let is_object = *first == b'{';
                    self.begin(is_object)?;
                    match is_object {
                        true => Due::KeyOrEnd,
                        false => Due::ValueOrEnd,
                    }
                }
                (Due::CommaOrEnd, b'}') | (Due::KeyOrEnd, b'}') if self.is_in_object()? => {
                    self.end()?
                }
                (Due::CommaOrEnd | Due::ValueOrEnd, b']') if !self.is_in_object()? => self.end()?,
                (Due::Value | Due::ValueOrEnd, b'"') => {
                    self.put(Value::Text, false);
                    Due::CommaOrEnd
                }
                (Due::Value | Due::ValueOrEnd, first) => {
                    self.put(Value::Literal, false);
                    rest = behind_literal(*first, rest)?;
                    Due::CommaOrEnd
                }
                _ => return None,
            };
            if self.open.is_empty() {
                return rest.is_empty().then_some(());
            }
        }
    }

    fn is_in_object(&self) -> Option<bool> {
        let open = usize::from(*self.open.last()?);
        Some(self.brackets.get(open)?.is_object)
    }

    /// A value that stands behind the last colon belongs to its member; one in an array belongs to none.
    fn put(&mut self, value: Value, is_object: bool) {
        let open = self.open.last().map(|open| usize::from(*open));
        let Some(around) = open.and_then(|open| self.brackets.get_mut(open)) else {
            return;
        };
        match (around.is_object, self.members.last_mut()) {
            (true, Some(last)) => last.value = value,
            _ => around.holds_objects_only &= is_object,
        }
    }

    fn begin(&mut self, is_object: bool) -> Option<()> {
        let number = u16::try_from(self.brackets.len()).ok()?;
        self.put(Value::Within(number), is_object);
        if self.open.len() >= DEEPEST || self.members.len().max(self.brackets.len()) > MOST_MEMBERS
        {
            return None;
        }
        self.brackets.push(Bracket {
            is_object,
            holds_objects_only: true,
            around: self.open.last().copied().unwrap_or(number),
        });
        self.open.push(number);
        Some(())
    }

    fn end(&mut self) -> Option<Due> {
        self.open.pop().map(|_| Due::CommaOrEnd)
    }
}

fn without_space(rest: &[u8]) -> &[u8] {
    rest.strip_prefix(b" ").unwrap_or(rest)
}

/// What follows a number, `true`, `false` or `null`.
fn behind_literal(first: u8, rest: &[u8]) -> Option<&[u8]> {
    match first {
        b't' => rest.strip_prefix(b"rue"),
        b'f' => rest.strip_prefix(b"alse"),
        b'n' => rest.strip_prefix(b"ull"),
        b'-' => behind_digits(rest.strip_prefix(b"0")?),
        b'0' => behind_digits(rest),
        _ => None,
    }
}

/// What follows a number whose first digits were read. Exponents are left to the slow way.
fn behind_digits(rest: &[u8]) -> Option<&[u8]> {
    match rest {
        [b'.', b'0', b'0', rest @ ..] | [b'.', b'0', rest @ ..] => Some(rest),
        rest => Some(rest),
    }
}
