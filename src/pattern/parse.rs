//! How does a text become a pattern?
//!
//! ```text
//! pattern   := "{" any "}"
//! any       := all ("||" all)*
//! all       := primary ("&&" primary)*
//! primary   := "(" any ")" | condition
//! condition := selector op value | selector "IS" ("NULL"|"TRUE"|"FALSE") | selector "NOT" "EXISTS"
//! selector  := "$" step+          step := "." name | ".*" | "[" digits "]" | "[*]" | ".['" text "']"
//! value     := "text" | word | number | %regex%
//! ```

use super::comparand::{Comparand, Wild};
use super::cursor::Cursor;
use super::error::PatternError;
use super::expression::{Condition, Expression, Order, Selector, Test};
use super::lint::{self, Lint, Warning};
use super::value::Number;
use super::{InteriorStar, Kind, LONGEST, Pattern, regular, terms};

/// How deep parentheses may nest.
const DEEPEST: usize = 64;
/// How many regular expressions a pattern may have.
const MOST_REGEXES: usize = 2;

pub(super) type Parsed<T> = Result<T, PatternError>;

/// Reads a pattern of any kind: its first character tells which.
pub(super) fn parse(text: &str, stars: InteriorStar) -> Parsed<Pattern> {
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        let problem = format!("it is longer than the {LONGEST} characters that CloudWatch takes");
        return Err(PatternError::new(text, at, problem));
    }
    let mut cursor = Cursor::new(text);
    cursor.skip_blanks();
    let (kind, warnings) = match cursor.peek() {
        None => (Kind::Everything, Vec::new()),
        Some('{') => read_json(cursor, stars)?,
        Some('[') => return Err(delimited(&cursor)),
        Some('%') => (read_lone_regex(cursor)?, Vec::new()),
        Some(_) => terms::read(cursor)?,
    };
    Ok(Pattern {
        text: text.to_owned(),
        kind,
        warnings,
    })
}

fn delimited(cursor: &Cursor<'_>) -> PatternError {
    cursor
        .wrong(cursor.at, "this is a space-delimited pattern, which is not read here")
        .hint("CloudTrail's records are JSON, which has no columns: write `{ $.field = value }`, or a word to search for")
}

fn read_lone_regex(mut cursor: Cursor<'_>) -> Parsed<Kind> {
    let regex = regular::read(&mut cursor)?;
    cursor.skip_blanks();
    match cursor.peek() {
        None => Ok(Kind::Regex(regex)),
        Some(_) => Err(cursor.unexpected().expected(&["the end of the pattern"])),
    }
}

fn read_json(cursor: Cursor<'_>, stars: InteriorStar) -> Parsed<(Kind, Vec<Warning>)> {
    let mut parser = Parser::new(cursor, stars);
    let expression = parser.pattern()?;
    let mut warnings = parser.warnings;
    warnings.extend(lint::of_expression(cursor.text, &expression));
    warnings.sort();
    Ok((Kind::Json(expression), warnings))
}

pub(super) struct Parser<'t> {
    pub(super) cursor: Cursor<'t>,
    stars: InteriorStar,
    depth: usize,
    regexes: usize,
    pub(super) wildcards: usize,
    warnings: Vec<Warning>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(cursor: Cursor<'t>, stars: InteriorStar) -> Self {
        Self {
            cursor,
            stars,
            depth: 0,
            regexes: 0,
            wildcards: 0,
            warnings: Vec::new(),
        }
    }

    fn pattern(&mut self) -> Parsed<Expression> {
        self.cursor.eat("{");
        self.cursor.skip_blanks();
        let expression = self.any()?;
        if !self.cursor.eat("}") {
            return Err(self.after_condition("`}`"));
        }
        self.cursor.skip_blanks();
        match self.cursor.peek() {
            None => Ok(expression),
            Some(_) => Err(self
                .cursor
                .unexpected()
                .expected(&["the end of the pattern after `}`"])),
        }
    }

    fn any(&mut self) -> Parsed<Expression> {
        let start = self.cursor.at;
        let (first, mut mixes) = self.all()?;
        let mut parts = vec![first];
        while self.cursor.eat("||") {
            let (part, mixed) = self.all()?;
            mixes |= mixed;
            parts.push(part);
        }
        if parts.len() > 1 && mixes {
            self.warn(
                Lint::MixedOperators,
                start,
                "`&&` binds tighter than `||`: `A || B && C` is `A || (B && C)`; write the parentheses that are meant",
            );
        }
        Ok(one_or(parts, Expression::Any))
    }

    /// Conditions joined by `&&`, and whether there are several.
    fn all(&mut self) -> Parsed<(Expression, bool)> {
        let mut parts = vec![self.primary()?];
        while self.cursor.eat("&&") {
            parts.push(self.primary()?);
        }
        let several = parts.len() > 1;
        Ok((one_or(parts, Expression::All), several))
    }

    fn primary(&mut self) -> Parsed<Expression> {
        self.cursor.skip_blanks();
        let expression = match self.cursor.peek() {
            Some('(') => self.parentheses()?,
            _ => Expression::Condition(self.condition()?),
        };
        self.cursor.skip_blanks();
        Ok(expression)
    }

    fn parentheses(&mut self) -> Parsed<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let problem = format!("parentheses nest deeper than {DEEPEST}");
            return Err(self.cursor.wrong(self.cursor.at, problem));
        }
        self.cursor.eat("(");
        let inner = self.any()?;
        if !self.cursor.eat(")") {
            return Err(self.after_condition("`)`"));
        }
        self.depth -= 1;
        Ok(inner)
    }

    /// A complaint about what stands after a condition. A second bare word is the commonest mistake.
    fn after_condition(&self, closing: &'static str) -> PatternError {
        let error = self
            .cursor
            .unexpected()
            .expected(&["`&&`", "`||`", closing]);
        match self.cursor.peek() {
            Some(c) if is_bare(c) || c == '"' => error.hint(
                "put a value of several words into double quotes: `\"Failed authentication\"`",
            ),
            _ => error,
        }
    }

    fn condition(&mut self) -> Parsed<Condition> {
        let at = self.cursor.at;
        let selector = self.selector()?;
        self.cursor.skip_blanks();
        let test = match self.operator() {
            Some(operator) => self.comparison(operator)?,
            None => self.keyword(&selector)?,
        };
        Ok(Condition { selector, test, at })
    }

    fn operator(&mut self) -> Option<&'static str> {
        ["!=", "<=", ">=", "=", "<", ">"]
            .into_iter()
            .find(|operator| self.cursor.eat(operator))
    }

    fn comparison(&mut self, operator: &str) -> Parsed<Test> {
        self.cursor.skip_blanks();
        let at = self.cursor.at;
        let value = self.value()?;
        let order = match operator {
            "=" => return Ok(Test::Equal(value)),
            "!=" => return Ok(Test::Unequal(value)),
            "<" => Order::Less,
            ">" => Order::Greater,
            "<=" => Order::AtMost,
            _ => Order::AtLeast,
        };
        match value {
            Comparand::Number(number, _) => Ok(Test::Ordered(order, number)),
            Comparand::Text(_) | Comparand::Regex(_) => Err(self
                .cursor
                .wrong(at, format!("`{operator}` compares numbers only"))
                .expected(&["a number without quotes"])),
        }
    }

    fn value(&mut self) -> Parsed<Comparand> {
        match self.cursor.peek() {
            Some('"') => {
                let text = quoted(&mut self.cursor)?;
                Ok(Comparand::Text(Wild::new(&text, self.stars)))
            }
            Some('%') => self.regex(),
            Some(c) if is_bare(c) => self.bare(),
            Some('\'') => Err(self
                .no_value()
                .hint("texts stand in double quotes: `\"Root\"`")),
            Some('=') => Err(self
                .no_value()
                .hint("CloudWatch writes equality as one `=`")),
            _ => Err(self.no_value()),
        }
    }

    fn no_value(&self) -> PatternError {
        let error = self.cursor.unexpected();
        error.expected(&["a word", "a \"text\"", "a number", "a %regex%"])
    }

    fn regex(&mut self) -> Parsed<Comparand> {
        let at = self.cursor.at;
        let regex = regular::read(&mut self.cursor)?;
        self.regexes += 1;
        match self.regexes > MOST_REGEXES {
            false => Ok(Comparand::Regex(regex)),
            true => {
                let problem = format!(
                    "CloudWatch takes at most {MOST_REGEXES} regular expressions in a pattern"
                );
                Err(self.cursor.wrong(at, problem))
            }
        }
    }

    fn bare(&mut self) -> Parsed<Comparand> {
        let at = self.cursor.at;
        let word = self.cursor.take_while(is_bare);
        if word.starts_with("$.") {
            let error = self
                .cursor
                .wrong(at, "a field cannot be compared with another field");
            return Err(
                error.hint("write a value; a text that begins with `$.` stands in double quotes")
            );
        }
        if lint::is_cidr(word) {
            let error = self
                .cursor
                .wrong(at, format!("`{word}`: CloudWatch knows no CIDR blocks"));
            return Err(error
                .hint("write a text with a wildcard, such as `10.0.*`, or a regular expression"));
        }
        if let Some(number) = Number::parse(word) {
            return Ok(Comparand::Number(number, word.to_owned()));
        }
        if let Some(odd) = word.chars().find(|c| !is_plain(*c)) {
            let message =
                format!("`{word}` holds `{odd}`: CloudWatch may ask for double quotes around it");
            self.warn(Lint::Unquoted, at, message);
        }
        Ok(Comparand::Text(Wild::new(word, self.stars)))
    }

    /// `IS NULL`, `IS TRUE`, `IS FALSE`, `NOT EXISTS`, in any case.
    fn keyword(&mut self, selector: &Selector) -> Parsed<Test> {
        let start = self.cursor.at;
        let first = self.word();
        let after_first = self.cursor.at;
        let second = self.word();
        let selector = selector.written();
        let error = |at, problem: &str| self.cursor.wrong(at, problem);
        match (first.as_str(), second.as_str()) {
            ("IS", "NULL") => Ok(Test::IsNull),
            ("IS", "TRUE") => Ok(Test::Is(true)),
            ("IS", "FALSE") => Ok(Test::Is(false)),
            ("NOT", "EXISTS") => Ok(Test::NotExists),
            ("IS", "NOT") => Err(error(after_first, "CloudWatch knows no IS NOT").hint(format!(
                "for a field that holds a text or a number write `{selector} = *`; for a truth value `IS TRUE` or `IS FALSE`"
            ))),
            ("EXISTS", _) => Err(error(start, "CloudWatch knows no EXISTS").hint(format!(
                "for a field that holds a text or a number write `{selector} = *`"
            ))),
            ("IN", _) => Err(error(start, "CloudWatch knows no IN").hint(format!(
                "write each value: `({selector} = \"a\" || {selector} = \"b\")`"
            ))),
            ("LIKE" | "CONTAINS" | "MATCHES", _) => Err(error(
                start,
                "CloudWatch knows no such operator",
            )
            .hint(format!(
                "write a text with wildcards, `{selector} = \"*text*\"`, or a regular expression, `{selector} = %text%`"
            ))),
            ("IS", _) => Err(self.expected_at(after_first, &["`NULL`", "`TRUE`", "`FALSE`"])),
            ("NOT", _) => Err(self.expected_at(after_first, &["`EXISTS`"])),
            _ => Err(self.expected_at(
                start,
                &["`=`", "`!=`", "`<`", "`<=`", "`>`", "`>=`", "`IS`", "`NOT EXISTS`"],
            )),
        }
    }

    fn expected_at(&self, at: usize, expected: &[&'static str]) -> PatternError {
        let mut there = self.cursor;
        there.at = at;
        there.skip_blanks();
        there.unexpected().expected(expected)
    }

    /// The word that comes next, in capitals.
    fn word(&mut self) -> String {
        self.cursor.skip_blanks();
        let word = self.cursor.take_while(|c| c.is_ascii_alphabetic());
        word.to_ascii_uppercase()
    }

    fn warn(&mut self, lint: Lint, at: usize, message: impl Into<String>) {
        self.warnings
            .push(Warning::new(lint, self.cursor.text, at, message));
    }
}

fn one_or(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.pop().unwrap_or_else(|| join(Vec::new())),
        _ => join(parts),
    }
}

/// A text in double quotes. `\"` and `\\` stand for the quote and the backslash, any other backslash for itself.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Parsed<String> {
    let start = cursor.at;
    cursor.eat("\"");
    let mut text = String::new();
    loop {
        text.push_str(cursor.take_while(|c| !matches!(c, '"' | '\\')));
        if cursor.eat("\"") {
            return Ok(text);
        }
        if cursor.eat("\\\"") {
            text.push('"');
        } else if cursor.eat("\\\\") || cursor.eat("\\") {
            text.push('\\');
        } else {
            let error = cursor.wrong(start, "a text has no end");
            return Err(error.expected(&["a closing `\"`"]));
        }
    }
}

/// What AWS's own patterns write without quotes.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '*')
}

/// What may stand in a word without quotes at all.
fn is_bare(c: char) -> bool {
    !c.is_whitespace() && !"(){}&|\"'%=<>!".contains(c)
}
