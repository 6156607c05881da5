//! Where in the pattern is the reader, and what comes next?

use super::error::PatternError;

/// A place in a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    /// A byte offset, always between two characters.
    pub(super) at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Steps over a text that comes next, if it does.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        let comes = self.rest().starts_with(token);
        if comes {
            self.at += token.len();
        }
        comes
    }

    /// Steps over the characters that belong to a word, and gives them.
    pub(super) fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// A complaint about what comes next.
    pub(super) fn unexpected(&self) -> PatternError {
        let found = match self.peek() {
            None => "the pattern ends".to_owned(),
            Some(c) => format!("found `{c}`"),
        };
        PatternError::new(self.text, self.at, found)
    }

    /// A complaint about an earlier place.
    pub(super) fn wrong(&self, at: usize, problem: impl Into<String>) -> PatternError {
        PatternError::new(self.text, at, problem)
    }
}
