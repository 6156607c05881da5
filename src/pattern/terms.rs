//! Does a text hold these words? Patterns without braces: terms, phrases, `-excluded`, `?either`.
//!
//! The text searched is the record as it was written.

use super::cursor::Cursor;
use super::error::PatternError;
use super::lint::{Lint, Warning};
use super::needles::{self, Needles};
use super::{Kind, parse};
use memchr::memmem::Finder;

/// The terms of a pattern.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    /// All of these occur,
    wanted: Vec<Finder<'static>>,
    /// none of these,
    excluded: Vec<Finder<'static>>,
    /// and one of these, if there are any and nothing else.
    either: Vec<Finder<'static>>,
}

/// Reads a pattern of terms.
pub(super) fn read(mut cursor: Cursor<'_>) -> Result<(Kind, Vec<Warning>), PatternError> {
    let start = cursor.at;
    let (mut terms, mut warnings) = (Terms::default(), Vec::new());
    // A lone quoted space is AWS's own way to write "everything".
    if matches!(cursor.rest().trim(), "\" \"" | "\"\"") {
        return Ok((Kind::Everything, warnings));
    }
    while cursor.peek().is_some() {
        let list = match () {
            () if cursor.eat("-") => &mut terms.excluded,
            () if cursor.eat("?") => &mut terms.either,
            () => &mut terms.wanted,
        };
        let term = term(&mut cursor, &mut warnings)?;
        list.push(Finder::new(term.as_bytes()).into_owned());
        cursor.skip_blanks();
    }
    if !terms.either.is_empty() && terms.wanted.len() + terms.excluded.len() > 0 {
        let message = "beside other terms CloudWatch ignores every `?` term";
        warnings.push(Warning::new(
            Lint::IgnoredTerms,
            cursor.text,
            start,
            message,
        ));
        terms.either.clear();
    }
    Ok((Kind::Terms(terms), warnings))
}

fn term(cursor: &mut Cursor<'_>, warnings: &mut Vec<Warning>) -> Result<String, PatternError> {
    let at = cursor.at;
    if cursor.peek() == Some('"') {
        return parse::quoted(cursor);
    }
    let word = cursor.take_while(|c| !c.is_whitespace());
    if word.is_empty() {
        return Err(cursor.unexpected().expected(&["a word", "a \"phrase\""]));
    }
    if word.starts_with("$.") {
        let error = cursor.wrong(at, "a condition on a field stands outside braces");
        return Err(error.hint("write `{ $.eventName = PutBucketPolicy }`"));
    }
    if let Some(odd) = word.chars().find(|c| !c.is_alphanumeric() && *c != '_') {
        let message =
            format!("`{word}` holds `{odd}`: CloudWatch asks for double quotes around it");
        warnings.push(Warning::new(Lint::Unquoted, cursor.text, at, message));
    }
    Ok(word.to_owned())
}

impl Terms {
    pub(super) fn match_text(&self, text: &[u8]) -> bool {
        let occurs = |finder: &Finder<'_>| finder.find(text).is_some();
        self.wanted.iter().all(occurs)
            && !self.excluded.iter().any(occurs)
            && (self.either.is_empty() || self.either.iter().any(occurs))
    }

    /// What must occur: it is searched as it stands, escapes are no other way to write it.
    pub(super) fn needles(&self) -> Needles {
        let longest = self
            .wanted
            .iter()
            .map(Finder::needle)
            .max_by_key(|term| term.len());
        match longest {
            Some(term) => needles::verbatim([term]),
            None => needles::verbatim(self.either.iter().map(Finder::needle)),
        }
    }
}
