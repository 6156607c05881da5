//! How are lines set? Headings, labelled values that wrap beside their labels, lists; colours that only add.

use super::Style;
use crate::report::words::{HARD_SPACE, grouped};
use std::io::{self, Write};

/// Values stand so far from the left,
const VALUES: usize = 16;
/// and their labels so far.
const LABELS: usize = 4;
/// So many columns are used, however wide the terminal: longer lines read badly.
const WIDEST: usize = 100;
/// And so many by pictures.
const WIDEST_PICTURE: usize = 160;

/// With what something is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ink {
    /// What is urgent.
    Alarm,
    /// What leads.
    Strong,
    /// What is less so.
    Warning,
    /// What is not.
    Calm,
    /// What only guides the eye.
    Faint,
}

/// A page on its way. What it is given is escaped already.
pub(super) struct Page {
    text: String,
    color: bool,
    width: usize,
    /// How many columns pictures may have.
    full_width: usize,
}

impl Page {
    /// An empty page.
    pub fn new(style: Style) -> Self {
        Self {
            text: String::new(),
            color: style.color,
            width: usize::from(style.width).clamp(40, WIDEST),
            full_width: usize::from(style.width).clamp(40, WIDEST_PICTURE),
        }
    }

    /// Puts the page out.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())?;
        out.flush()
    }

    /// A heading, with space above it.
    pub fn heading(&mut self, text: &str, ink: Ink) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        for line in wrap(text, self.width) {
            let line = self.painted(&line, ink);
            self.line(&line);
        }
    }

    /// What a block is about, with space above it.
    pub fn title(&mut self, text: &str, ink: Ink) {
        self.text.push('\n');
        for line in wrap(text, self.width - 2) {
            let line = self.painted(&line, ink);
            self.line(&format!("  {line}"));
        }
    }

    /// An empty line.
    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// How many columns a picture may have.
    pub fn full_width(&self) -> usize {
        self.full_width
    }

    /// One line of parts that stand as they are, each with its ink.
    pub fn parts(&mut self, parts: &[(String, Option<Ink>)]) {
        let painted = parts.iter().map(|(text, ink)| match ink {
            Some(ink) => self.painted(text, *ink),
            None => text.clone(),
        });
        let line: String = painted.collect();
        self.line(&line);
    }

    /// Running text.
    pub fn text(&mut self, text: &str) {
        for line in wrap(text, self.width) {
            self.line(&line);
        }
    }

    /// A value and its label; without a label it goes on below the value before.
    pub fn field(&mut self, label: &str, value: &str) {
        let width = self.width - VALUES;
        let mut label = self.painted(&format!("{label:<0$}", VALUES - LABELS), Ink::Faint);
        for line in wrap(value, width) {
            self.line(&format!("{:LABELS$}{label}{line}", ""));
            label = " ".repeat(VALUES - LABELS);
        }
    }

    /// An element of a list.
    pub fn element(&mut self, text: &str) {
        let mut mark = "- ";
        for line in wrap(text, self.width - 4) {
            self.line(&format!("  {mark}{line}"));
            mark = "  ";
        }
    }

    /// The first elements of a list, and how many more there are in which table.
    pub fn elements(&mut self, texts: impl Iterator<Item = String>, most: usize, table: &str) {
        let mut left = 0_u64;
        for (at, text) in texts.enumerate() {
            match at < most {
                true => self.element(&text),
                false => left += 1,
            }
        }
        if left > 0 {
            self.element(&format!(
                "and {} more: see the table {table}",
                grouped(left)
            ));
        }
    }

    fn line(&mut self, line: &str) {
        let line = line.trim_end_matches(' ').replace(HARD_SPACE, " ");
        self.text.push_str(&line);
        self.text.push('\n');
    }

    fn painted(&self, text: &str, ink: Ink) -> String {
        let code = match ink {
            Ink::Alarm => "1;31",
            Ink::Strong => "1",
            Ink::Warning => "33",
            Ink::Calm => "34",
            Ink::Faint => "2",
        };
        match self.color && !text.trim().is_empty() {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}

/// The text in lines of at most `width` characters, broken at spaces, and within words that are longer than a line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut room) = (String::new(), width);
    for word in text.split(' ') {
        let mut letters: &[char] = &word.chars().collect::<Vec<_>>();
        let gap = usize::from(room < width);
        let fits = letters.len() + gap <= room;
        if !fits && (letters.len() <= width || room <= width / 2 + gap) {
            lines.push(std::mem::take(&mut line));
            room = width;
        } else if gap > 0 {
            line.push(' ');
            room -= gap;
        }
        while letters.len() > room {
            let (piece, rest) = letters.split_at(cut(letters, room));
            line.extend(piece);
            lines.push(std::mem::take(&mut line));
            (letters, room) = (rest, width);
        }
        line.extend(letters);
        room -= letters.len();
    }
    lines.push(line);
    lines
}

/// Where a word that is too long is cut: after the last `/` of the room there is, if that leaves no large gap.
fn cut(letters: &[char], room: usize) -> usize {
    let places = letters.iter().take(room).rposition(|c| *c == '/');
    places
        .map(|place| place + 1)
        .filter(|place| *place > room / 2)
        .unwrap_or(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), [""]);
    }

    #[test]
    fn words_longer_than_a_line_break_within() {
        assert_eq!(wrap("a 123456789 b", 4), ["a", "1234", "5678", "9 b"]);
        assert_eq!(wrap("in 12345678901", 10), ["in 1234567", "8901"]);
        assert_eq!(wrap("ab/cd/efgh", 7), ["ab/cd/", "efgh"]);
        assert_eq!(wrap("a/bcdefghi", 7), ["a/bcdef", "ghi"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_no_letter_goes(text in "[ab/ ü]{0,60}", width in 1_usize..20) {
            let lines = wrap(&text, width);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= width));
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
