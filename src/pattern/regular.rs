//! Which regular expressions does CloudWatch know?
//!
//! A small dialect: the alphabet is checked first, so that what AWS refuses (groups, look-around, `!`) is refused here too;
//! what passes is handed to the regex crate, byte by byte and without Unicode classes.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#regex-expressions>

use super::cursor::Cursor;
use super::error::PatternError;
use regex::bytes::{Regex, RegexBuilder};

/// How large a compiled expression may become: a guard, far above what the alphabet and 1024 characters need in earnest.
const LARGEST: usize = 1 << 22;

/// Reads `%…%`.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Regex, PatternError> {
    let start = cursor.at;
    cursor.eat("%");
    let inside = cursor.at;
    let written = cursor.take_while(|c| c != '%');
    if !cursor.eat("%") {
        let error = cursor.wrong(start, "a regular expression has no end");
        return Err(error.expected(&["a closing `%`"]));
    }
    if written.is_empty() {
        return Err(cursor.wrong(start, "a regular expression is empty"));
    }
    let translated = Translation::new(written).run().map_err(|(at, problem)| {
        let error = cursor.wrong(inside + at, problem);
        error.hint("CloudWatch's regular expressions have no groups and no look-around; write other symbols as `\\xhh`")
    })?;
    compile(&translated).map_err(|problem| cursor.wrong(inside, problem))
}

fn compile(translated: &str) -> Result<Regex, String> {
    RegexBuilder::new(translated)
        .unicode(false)
        .size_limit(LARGEST)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
            error => format!("the regular expression is not valid: {}", last_line(&error)),
        })
}

/// The regex crate draws a picture; its last line says what is wrong.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default();
    line.trim().trim_start_matches("error: ").to_owned()
}

/// From AWS's dialect to the crate's.
struct Translation<'p> {
    chars: std::iter::Peekable<std::str::CharIndices<'p>>,
    out: String,
    class: Class,
}

/// Whether a `[…]` is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Outside,
    /// Open, and nothing stands in it yet.
    Empty,
    Inside,
}

type Wrong = (usize, String);

impl<'p> Translation<'p> {
    fn new(written: &'p str) -> Self {
        Self {
            chars: written.char_indices().peekable(),
            out: String::new(),
            class: Class::Outside,
        }
    }

    fn run(mut self) -> Result<String, Wrong> {
        while let Some((at, c)) = self.chars.next() {
            match c {
                '\\' => self.escape(at)?,
                c if !is_allowed(c) => {
                    return Err((at, format!("`{c}` may not stand in a regular expression")));
                }
                c if self.class == Class::Outside => self.outside(c),
                c => self.inside(c),
            }
        }
        Ok(self.out)
    }

    fn outside(&mut self, c: char) {
        self.out.push(c);
        match c {
            '[' => {
                self.class = Class::Empty;
                if self.next_is('^') {
                    self.out.push('^');
                }
            }
            // `{,n}` has an empty minimum, which the crate does not take.
            '{' if self.chars.peek().is_some_and(|(_, next)| *next == ',') => self.out.push('0'),
            _ => {}
        }
    }

    /// Inside a class the crate gives a meaning to `[`, `--`, and the like that AWS does not name.
    fn inside(&mut self, c: char) {
        match c {
            ']' if self.class == Class::Inside => {
                self.out.push(']');
                self.class = Class::Outside;
                return;
            }
            '-' if self.out.ends_with('-') => self.out.push_str("\\-"),
            ']' | '[' => {
                self.out.push('\\');
                self.out.push(c);
            }
            c => self.out.push(c),
        }
        self.class = Class::Inside;
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    fn escape(&mut self, at: usize) -> Result<(), Wrong> {
        if self.class == Class::Empty {
            self.class = Class::Inside;
        }
        match self.chars.next() {
            Some((_, 'x')) => self.hex(at),
            Some((_, c @ ('d' | 'D' | 's' | 'S' | 'w' | 'W'))) => {
                self.out.push('\\');
                self.out.push(c);
                Ok(())
            }
            Some((_, c)) if is_allowed(c) && !c.is_ascii_alphanumeric() => {
                self.out.push_str(&regex::escape(&c.to_string()));
                Ok(())
            }
            Some((_, c)) => Err((at, format!("`\\{c}` is no escape that CloudWatch knows"))),
            None => Err((at, "a `\\` stands last".to_owned())),
        }
    }

    fn hex(&mut self, at: usize) -> Result<(), Wrong> {
        let mut digits = String::new();
        while let Some((_, digit)) = self.chars.next_if(|(_, c)| c.is_ascii_hexdigit()) {
            digits.push(digit);
            if digits.len() == 2 {
                self.out.push_str("\\x");
                self.out.push_str(&digits);
                return Ok(());
            }
        }
        Err((at, "`\\x` is followed by two hex digits".to_owned()))
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || ":_#=@/;,- ^$?[]{}|\\*+.".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(pattern: &str, text: &str) -> bool {
        let mut cursor = Cursor::new(pattern);
        read(&mut cursor).unwrap().is_match(text.as_bytes())
    }

    #[test]
    fn it_searches_and_is_not_anchored() {
        for (pattern, text, expected) in [
            ("%[hc]at$%", "the cat", true),
            ("%colou?r%", "my color", true),
            ("%\\x28%", "f(x)", true),
            ("%\\[.\\]%", "x [7] y", true),
            ("%ab{,2}c%", "abbc", true),
            ("%ab{,2}c%", "ac", true),
            ("%^ab{,2}c%", "abbbc", false),
            ("%ab{2,}c%", "abc", false),
            ("%[]a]%", "]", true),
            ("%[^]a]%", "]", false),
            ("%[a[b]%", "[", true),
            ("%[+--]%", ",", true),
            ("%[\\d-]%", "-", true),
            ("%a b%", "a b", true),
            ("%a\\ b%", "a b", true),
            ("%\\w%", "é", false),
        ] {
            assert_eq!(finds(pattern, text), expected, "{pattern} in {text}");
        }
    }

    #[test]
    fn what_cloudwatch_does_not_know_is_refused() {
        for pattern in [
            "%%",
            "%a",
            "%(ab)+%",
            "%a!%",
            "%\\bfoo%",
            "%\\x1%",
            "%a\\",
            "%ü%",
            "%[a%",
            "%*a%",
            "%a{1000}{1000}{1000}%",
            "%~%",
            "%a&&b%",
            "%\\(%",
        ] {
            let mut cursor = Cursor::new(pattern);
            assert!(read(&mut cursor).is_err(), "{pattern}");
        }
    }
}
