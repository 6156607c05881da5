//! When did a caller's session begin, told without reading the record?
//!
//! Its instant stands deep in userIdentity.sessionContext. Only that object is gone through, of a record that was found to be JSON. It is
//! only told where it is what [`Record`](super::Record) would say: where a key is written twice, in other case or with escapes, or a
//! value is of another kind, the record is read.

/// The text at `attributes.creationDate` of the object that begins there, empty where there is none.
pub(super) fn began(record: &[u8], place: usize) -> Option<&str> {
    let mut began: &[u8] = b"";
    let mut walk = Walk {
        text: record,
        at: place,
    };
    walk.each(b"attributes", &mut |walk| {
        walk.each(b"creationDate", &mut |walk| {
            let text = walk.string()?;
            began = text;
            (!text.contains(&b'\\')).then_some(())
        })
    })?;
    str::from_utf8(began).ok()
}

/// A place in a JSON text.
struct Walk<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Walk<'t> {
    /// Goes through an object; a member of that name, which is met once at most, is to be stepped over.
    fn each(&mut self, name: &[u8], take: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if self.next()? != b'{' {
            return None;
        }
        let mut is_met = false;
        loop {
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                b',' => self.at += 1,
                b'"' => {
                    let key = self.string()?;
                    let is_colon = self.next()? == b':';
                    if key.contains(&b'\\') || !is_colon {
                        return None;
                    }
                    match key.eq_ignore_ascii_case(name) {
                        false => self.value()?,
                        true if key != name || is_met => return None,
                        true => {
                            is_met = true;
                            take(self)?;
                        }
                    }
                }
                _ => return None,
            }
        }
    }

    /// The next byte that is no space, left in place.
    fn peek(&mut self) -> Option<u8> {
        while *self.text.get(self.at)? == b' ' {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    /// Steps over a string; gives what lies between its quotes.
    fn string(&mut self) -> Option<&'t [u8]> {
        if self.next()? != b'"' {
            return None;
        }
        let start = self.at;
        loop {
            let rest = self.text.get(self.at..)?;
            self.at += memchr::memchr2(b'"', b'\\', rest)?;
            match self.text.get(self.at)? {
                b'"' => break,
                _ => self.at += 2,
            }
        }
        self.at += 1;
        self.text.get(start..self.at - 1)
    }

    /// Steps over a value.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => _ = self.string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                b'}' | b']' => return Some(()),
                b',' if depth == 0 => return Some(()),
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Decoder;

    const USUAL: &str = r#"{"sessionIssuer":{"type":"Role","arn":"arn:2","a":[1,{"b":"]}"}],"userName":"a\"\\"},"webIdFederationData":{"attributes":{"creationDate":"no"}},"attributes":{"mfaAuthenticated":"false","creationDate":"2024-03-01T00:00:00Z"},"n":-1,"ec2RoleDelivery":"2.0"}"#;

    #[test]
    fn a_beginning_is_told_as_the_record_says() {
        let spaced = USUAL.replace("\":", "\": ").replace(",\"", ", \"");
        for (context, expected) in [
            (USUAL, "2024-03-01T00:00:00Z"),
            (&spaced, "2024-03-01T00:00:00Z"),
            ("{}", ""),
            (r#"{"attributes":{}}"#, ""),
            (
                r#"{"creationDate":"no","attributes":{"a":null,"b":true}}"#,
                "",
            ),
            (r#"{"attributes":{"creationDate":"é"}}"#, "é"),
        ] {
            assert_eq!(began(context.as_bytes(), 0), Some(expected), "{context}");
            let mut decoder = Decoder::new();
            let record = decoder.decode(context.as_bytes()).unwrap();
            let json = record.to_json();
            let told = json.pointer("/attributes/creationDate");
            assert_eq!(told.map_or("", |told| told.as_str().unwrap()), expected);
        }
    }

    #[test]
    fn what_is_written_otherwise_is_left_to_the_record() {
        for context in [
            "null",
            "[]",
            r#""x""#,
            r#"{"attributes":["x"]}"#,
            r#"{"attributes":"x"}"#,
            r#"{"Attributes":{}}"#,
            r#"{"\u0061ttributes":{}}"#,
            r#"{"attributes":{"creationDate":1}}"#,
            r#"{"attributes":{"creationDate":["a"]}}"#,
            r#"{"attributes":{"creationDate":"a\u0062"}}"#,
            r#"{"attributes":{},"attributes":{}}"#,
            r#"{"attributes":{"creationDate":"a","creationdate":"b"}}"#,
            r#"{"attributes":{"creationDate":"a""#,
            "{",
        ] {
            assert_eq!(began(context.as_bytes(), 0), None, "{context}");
        }
    }
}
