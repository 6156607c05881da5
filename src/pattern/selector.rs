//! How does `$.a.b[0]` become the way to a value?

use super::InteriorStar;
use super::cursor::Cursor;
use super::error::PatternError;
use super::expression::{Selector, Step};
use super::parse::{Parsed, Parser};

/// How many wildcards a selector may have, and all selectors of a pattern.
const MOST_WILDCARDS_IN_SELECTOR: usize = 1;
const MOST_WILDCARDS: usize = 3;

/// Reads a selector that stands alone.
pub(super) fn read(text: &str) -> Parsed<Selector> {
    let mut parser = Parser::new(Cursor::new(text), InteriorStar::Literal);
    let selector = parser.selector()?;
    match parser.cursor.peek() {
        None => Ok(selector),
        Some(_) => Err(parser
            .cursor
            .unexpected()
            .expected(&["the end of the selector"])),
    }
}

impl Parser<'_> {
    pub(super) fn selector(&mut self) -> Parsed<Selector> {
        let start = self.cursor.at;
        if !self.cursor.eat("$") {
            return Err(self.no_selector());
        }
        let mut steps = Vec::new();
        while let Some(step) = self.step(steps.is_empty())? {
            steps.push(step);
        }
        if steps.is_empty() {
            return Err(self
                .cursor
                .unexpected()
                .expected(&["`.` and a field's name"]));
        }
        let written = self.cursor.text.get(start..self.cursor.at);
        let selector = Selector::new(written.unwrap_or_default(), steps);
        self.count_wildcards(&selector, start)?;
        Ok(selector)
    }

    fn no_selector(&self) -> PatternError {
        let error = self
            .cursor
            .unexpected()
            .expected(&["a selector such as `$.eventName`", "`(`"]);
        match self.cursor.peek() {
            Some(c) if is_name(c) => error.hint("a field begins with `$.`: `$.eventName`"),
            _ => error,
        }
    }

    fn count_wildcards(&mut self, selector: &Selector, start: usize) -> Parsed<()> {
        self.wildcards += selector.wildcards();
        let most = match () {
            () if selector.wildcards() > MOST_WILDCARDS_IN_SELECTOR => "one wildcard in a selector",
            () if self.wildcards > MOST_WILDCARDS => {
                "three wildcards in the selectors of a pattern"
            }
            () => return Ok(()),
        };
        let problem = format!("CloudWatch takes at most {most}");
        Err(self.cursor.wrong(start, problem))
    }

    fn step(&mut self, is_first: bool) -> Parsed<Option<Step>> {
        let at = self.cursor.at;
        if self.cursor.eat(".['") || self.cursor.eat("['") {
            return self.quoted_name().map(Some);
        }
        if self.cursor.rest().starts_with(".[\"") || self.cursor.rest().starts_with("[\"") {
            let error = self
                .cursor
                .wrong(at, "a name in brackets stands in double quotes");
            return Err(error.hint("write single quotes: `$.['cluster.name']`"));
        }
        if self.cursor.eat(".*") {
            return Ok(Some(Step::AnyMember));
        }
        if self.cursor.eat(".") {
            let name = self.cursor.take_while(is_name);
            return match name {
                "" => Err(self
                    .cursor
                    .unexpected()
                    .expected(&["a field's name", "`*`", "`['…']`"])),
                name => Ok(Some(Step::Name(name.to_owned()))),
            };
        }
        match self.cursor.peek() {
            Some('[') if is_first => {
                let error = self
                    .cursor
                    .unexpected()
                    .expected(&["`.` and a field's name"]);
                Err(error.hint("an index follows a field: `$.resources[0]`"))
            }
            Some('[') => self.index().map(Some),
            _ => Ok(None),
        }
    }

    fn quoted_name(&mut self) -> Parsed<Step> {
        let name = self.cursor.take_while(|c| c != '\'');
        match name.is_empty() || !self.cursor.eat("']") {
            true => Err(self
                .cursor
                .unexpected()
                .expected(&["a field's name and `']`"])),
            false => Ok(Step::Name(name.to_owned())),
        }
    }

    fn index(&mut self) -> Parsed<Step> {
        self.cursor.eat("[");
        let step = if self.cursor.eat("*") {
            Step::AnyElement
        } else {
            let digits = self.cursor.take_while(|c| c.is_ascii_digit());
            if digits.is_empty() {
                return Err(self
                    .cursor
                    .unexpected()
                    .expected(&["an index such as `0`", "`*`"]));
            }
            Step::Index(digits.parse().unwrap_or(usize::MAX))
        };
        match self.cursor.eat("]") {
            true => Ok(step),
            false => Err(self.cursor.unexpected().expected(&["`]`"])),
        }
    }
}

/// What a field's name may hold without brackets and quotes.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}
