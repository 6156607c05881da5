//! Where does a value end that is longer than what may be held?
//!
//! It is stepped over piece by piece, by its quotes and brackets alone.

/// Steps over one value, or out of the brackets that are open.
#[derive(Clone, Debug)]
pub(super) struct Skipper {
    depth: usize,
    string: InString,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum InString {
    No,
    Yes,
    Escaped,
}

impl Skipper {
    /// Steps out of so many brackets; with none, over the container or string that comes next.
    pub(super) fn out_of(depth: usize) -> Self {
        Self {
            depth,
            string: InString::No,
        }
    }

    /// Steps over a piece; gives the offset behind the value, where it ends in it. A line that ends inside a string ends
    /// the value too: it is damaged, and must not swallow the lines behind it.
    pub(super) fn step(&mut self, piece: &[u8]) -> Option<usize> {
        let end = piece.iter().position(|byte| self.ends_with(*byte))?;
        Some(end + 1)
    }

    fn ends_with(&mut self, byte: u8) -> bool {
        match (self.string, byte) {
            (InString::Escaped, _) => self.string = InString::Yes,
            (InString::Yes, b'\\') => self.string = InString::Escaped,
            (InString::Yes, b'\n') => return true,
            (InString::Yes, b'"') => {
                self.string = InString::No;
                return self.depth == 0;
            }
            (InString::Yes, _) => {}
            (InString::No, b'"') => self.string = InString::Yes,
            (InString::No, b'{' | b'[') => self.depth = self.depth.saturating_add(1),
            (InString::No, b'}' | b']') => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            (InString::No, _) => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_there_however_it_is_cut() {
        for (text, depth, end) in [
            ("{\"a\":[\"}\\\"]\"]},x", 0, Some(14)),
            ("\"a\\\\\",", 0, Some(5)),
            (",\"x\":[1]}]", 2, Some(10)),
            ("{\"a", 0, None),
            ("{\"a\n{}", 0, Some(4)),
        ] {
            let text = text.as_bytes();
            for cut in 0..text.len() {
                let mut skipper = Skipper::out_of(depth);
                let (head, tail) = text.split_at(cut);
                let found = skipper.step(head);
                let found = found.or_else(|| Some(cut + skipper.step(tail)?));
                assert_eq!(found, end, "{cut}");
            }
        }
    }
}
