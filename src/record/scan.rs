//! Where does a JSON value end?
//!
//! A cursor that steps over whole values by their quotes and brackets alone: it never recurses, whatever the nesting,
//! and leaves it to the decoder whether what lies between is sound. It notices what would let one damaged value
//! swallow its neighbours: a bracket that does not match, one that may not open there, a line that ends inside a string.

/// A place in a JSON text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t> {
    text: &'t [u8],
    /// The offset of the next byte.
    pub(super) at: usize,
}

/// Why a cursor cannot go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// The text ends inside a value.
    Ends,
    /// There is something that cannot be there.
    Unexpected {
        /// Where it is.
        at: usize,
        /// What it is, in words.
        what: String,
    },
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t [u8], at: usize) -> Self {
        Self { text, at }
    }

    /// The bytes from an offset to the cursor.
    pub(super) fn since(&self, start: usize) -> &'t [u8] {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The next byte that is not white space, left in place.
    pub(super) fn peek(&mut self) -> Result<u8, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let blanks = rest
            .iter()
            .position(|byte| !is_blank(*byte))
            .unwrap_or(rest.len());
        self.at += blanks;
        rest.get(blanks).copied().ok_or(Fault::Ends)
    }

    /// Steps over a byte that must come next, white space aside.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek()? != byte {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    /// Whether a container has another member; `members` were read so far. Steps over the comma before the member, or
    /// over the closing bracket. A comma before the closing bracket is passed: nothing is lost by it.
    pub(super) fn has_more(&mut self, close: u8, members: usize) -> Result<bool, Fault> {
        if members > 0 && self.peek()? != close {
            self.expect(b',')?;
        }
        if self.peek()? == close {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// Steps over a key and its colon; gives the key as it is written between its quotes.
    pub(super) fn key(&mut self) -> Result<&'t [u8], Fault> {
        if self.peek()? != b'"' {
            return Err(self.unexpected());
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Steps over one value; gives its nesting depth: 0 for a scalar, 1 for a container of scalars.
    pub(super) fn value(&mut self) -> Result<usize, Fault> {
        match self.peek()? {
            b'{' | b'[' => self.container(),
            b'"' => self.string().map(|_| 0),
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.scalar(),
            _ => Err(self.unexpected()),
        }
    }

    fn scalar(&mut self) -> Result<usize, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|byte| is_blank(*byte) || b",:]}[{\"".contains(byte));
        self.at += end.ok_or(Fault::Ends)?;
        Ok(0)
    }

    /// Steps over a string; gives what lies between its quotes.
    fn string(&mut self) -> Result<&'t [u8], Fault> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            at += memchr::memchr3(b'"', b'\\', b'\n', rest).ok_or(Fault::Ends)?;
            match self.text.get(at..) {
                Some([b'"', ..]) => break,
                Some([b'\\', b'\n', ..]) => at += 1,
                Some([b'\\', _, ..]) => at += 2,
                Some([b'\\']) => return Err(Fault::Ends),
                _ => {
                    return Err(Fault::Unexpected {
                        at,
                        what: "end of line inside a string".to_owned(),
                    });
                }
            }
        }
        self.at = at + 1;
        Ok(self.text.get(start..at).unwrap_or_default())
    }

    fn container(&mut self) -> Result<usize, Fault> {
        let mut nesting = Nesting::default();
        let mut before = b':';
        loop {
            let byte = *self.text.get(self.at).ok_or(Fault::Ends)?;
            match byte {
                b'"' => {
                    self.string()?;
                    before = byte;
                    continue;
                }
                b' ' | b'\n' | b'\r' | b'\t' => {}
                b'{' | b'[' if nesting.opens(byte, before) => before = byte,
                b'}' | b']' if nesting.closes(byte) => before = byte,
                b'{' | b'[' | b'}' | b']' => return Err(self.unexpected()),
                _ => before = byte,
            }
            self.at += 1;
            if nesting.depth == 0 {
                return Ok(nesting.deepest);
            }
        }
    }

    fn unexpected(&self) -> Fault {
        let byte = self.text.get(self.at).copied().unwrap_or_default();
        Fault::Unexpected {
            at: self.at,
            what: format!("`{}`", byte.escape_ascii()),
        }
    }
}

/// White space as JSON has it: RFC 8259, section 2.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Which brackets are open. The kinds of the outermost 128 are kept; deeper ones are only counted.
#[derive(Default)]
struct Nesting {
    depth: usize,
    deepest: usize,
    objects: u128,
}

impl Nesting {
    /// Opens a bracket, unless none may open after that byte: in an object only after a colon, in an array only at its
    /// start or after a comma.
    fn opens(&mut self, bracket: u8, before: u8) -> bool {
        let may_open = match self.innermost() {
            None => true,
            Some(b'{') => before == b':',
            Some(_) => matches!(before, b'[' | b','),
        };
        if may_open {
            if let Some(bit) = bit(self.depth) {
                self.objects = if bracket == b'{' {
                    self.objects | bit
                } else {
                    self.objects & !bit
                };
            }
            self.depth += 1;
            self.deepest = self.deepest.max(self.depth);
        }
        may_open
    }

    /// Closes a bracket, unless another kind is open.
    fn closes(&mut self, bracket: u8) -> bool {
        let open = if bracket == b'}' { b'{' } else { b'[' };
        let matches = self.innermost().is_none_or(|innermost| innermost == open);
        if matches {
            self.depth = self.depth.saturating_sub(1);
        }
        matches
    }

    fn innermost(&self) -> Option<u8> {
        let bit = bit(self.depth.checked_sub(1)?)?;
        Some(if self.objects & bit == 0 { b'[' } else { b'{' })
    }
}

fn bit(level: usize) -> Option<u128> {
    1u128.checked_shl(u32::try_from(level).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Result<(usize, usize), Fault> {
        let mut cursor = Cursor::new(text.as_bytes(), 0);
        let depth = cursor.value()?;
        Ok((cursor.at, depth))
    }

    fn unexpected(at: usize, what: &str) -> Result<(usize, usize), Fault> {
        Err(Fault::Unexpected {
            at,
            what: what.to_owned(),
        })
    }

    #[test]
    fn a_value_ends_where_it_ends() {
        for (text, expected) in [
            ("{}x", (2, 1)),
            (" [1,[2]] ", (8, 2)),
            (r#"{"a":"}","b":["\"]\\"]} "#, (23, 2)),
            ("12,", (2, 0)),
            (r#""a\\"b"#, (5, 0)),
            ("{\"a\":[],\"b\":{}}", (15, 2)),
        ] {
            assert_eq!(end(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_value_without_an_end_is_a_fault() {
        for text in [
            "",
            " ",
            "{",
            "[1,",
            "\"a",
            "\"a\\",
            "{\"a\":\"b\\\"}",
            "tru",
        ] {
            assert_eq!(end(text), Err(Fault::Ends), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_there_is_named() {
        assert_eq!(end("[1}"), unexpected(2, "`}`"));
        assert_eq!(end("{\"a\":[1},"), unexpected(7, "`}`"));
        assert_eq!(end("{\"a\":1\n{\"b\""), unexpected(7, "`{`"));
        assert_eq!(end("{\"a\":1,\n{\"b\""), unexpected(8, "`{`"));
        assert_eq!(end("[1 [2]]"), unexpected(3, "`[`"));
        assert_eq!(
            end("{\"a\":\"b\n"),
            unexpected(7, "end of line inside a string")
        );
        assert_eq!(
            end("{\"a\":\"b\\\n"),
            unexpected(8, "end of line inside a string")
        );
        assert_eq!(end("\u{7f}"), unexpected(0, "`\\x7f`"));
    }

    #[test]
    fn ten_thousand_levels_are_stepped_over() {
        for depth in [1, 127, 128, 129, 10_000] {
            let text = "[".repeat(depth) + &"]".repeat(depth);
            assert_eq!(end(&text), Ok((2 * depth, depth)));
        }
        let text = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
        assert_eq!(end(&text), Ok((text.len(), 10_000)));
    }
}
