//! Why can a pattern not be read? With the column marked under the pattern, and what was expected there.

use std::fmt;

/// How much of a long pattern is shown around the mark.
const SHOWN: usize = 72;

/// A pattern that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatternError {
    pattern: String,
    /// A byte offset into the pattern.
    at: usize,
    problem: String,
    expected: Vec<&'static str>,
    hint: Option<String>,
}

impl PatternError {
    pub(super) fn new(pattern: &str, at: usize, problem: impl Into<String>) -> Self {
        Self {
            pattern: pattern.to_owned(),
            at,
            problem: one_line(&problem.into()),
            expected: Vec::new(),
            hint: None,
        }
    }

    pub(super) fn expected(mut self, expected: &[&'static str]) -> Self {
        self.expected.extend_from_slice(expected);
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(one_line(&hint.into()));
        self
    }

    /// The character, counted from 1, at which it cannot be read.
    pub fn column(&self) -> usize {
        self.before().chars().count() + 1
    }

    /// What is wrong there, in words, without the pattern.
    pub fn problem(&self) -> String {
        match self.expected.split_last() {
            None => self.problem.clone(),
            Some((only, [])) => format!("{}, expected {only}", self.problem),
            Some((last, others)) => {
                format!("{}, expected {} or {last}", self.problem, others.join(", "))
            }
        }
    }

    fn before(&self) -> &str {
        self.pattern.get(..self.at).unwrap_or(&self.pattern)
    }

    /// The part of the pattern around the mark, in one line, and where the mark stands in it.
    fn excerpt(&self) -> (String, usize) {
        let flat = |c: char| if c.is_whitespace() { ' ' } else { c };
        let chars: Vec<char> = self.pattern.chars().map(flat).collect();
        let mark = self.column() - 1;
        if chars.len() <= SHOWN {
            return (chars.into_iter().collect(), mark);
        }
        let from = mark.saturating_sub(SHOWN / 2).min(chars.len() - SHOWN);
        let part: String = chars.iter().skip(from).take(SHOWN).collect();
        let left = if from > 0 { "…" } else { "" };
        let right = if from + SHOWN < chars.len() {
            "…"
        } else {
            ""
        };
        let mark = mark - from + left.chars().count();
        (format!("{left}{part}{right}"), mark)
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (excerpt, mark) = self.excerpt();
        write!(
            f,
            "the pattern cannot be read at column {}: {}\n  {excerpt}\n  {:mark$}^",
            self.column(),
            self.problem(),
            ""
        )?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PatternError {}

/// Text as a part of one line: names and values can hold line breaks, which would begin a line that nobody here wrote.
pub(super) fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match breaks(c) {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_the_place() {
        let error = PatternError::new("{ $.ü = }", 9, "found `}`")
            .expected(&["a word", "a number"])
            .hint("write a value");
        insta::assert_snapshot!(error, @r"
        the pattern cannot be read at column 9: found `}`, expected a word or a number
          { $.ü = }
                  ^
        hint: write a value
        ");
    }

    #[test]
    fn of_a_long_pattern_the_part_around_the_mark_is_shown() {
        let text = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        let shown = PatternError::new(&text, 500, "found `!`").to_string();
        let lines: Vec<&str> = shown.lines().collect();
        let mark = lines[2].chars().count() - 1;
        assert_eq!(lines[1].chars().nth(mark), Some('!'));
        assert!(lines[1].chars().count() < 80);
    }
}
