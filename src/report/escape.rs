//! How does text that an attacker may have chosen become fit for one medium?
//!
//! User agents, session names, keys, policies and file names are chosen by whoever is under suspicion. This is the only
//! file of the reports that reads such text raw. Each medium has its own way:
//!
//! - *Parquet* and *JSON Lines* carry the exact text. JSON writes every invisible character as `\uXXXX`, which any
//!   reader turns back into it: the file is exact, and yet nothing in it steers a terminal.
//! - *CSV* is what people open in spreadsheets, print to terminals and cut up with line tools; it carries the text so
//!   that it can be undone, but does no harm on the way:
//!   1. Lists are joined by `;`; inside an element, `\` and `;` get a `\` before them.
//!   2. Control characters (line breaks too: one row is one line), marks that change the direction of writing and
//!      invisible characters are shown as `\u{1b}`; a `\` that stands before `u{` in the text itself is shown as `\u{5c}`.
//!   3. Where a spreadsheet would begin a formula, at the start of a cell and after each `;` (the separator of
//!      spreadsheets in half of Europe, whatever the file says), a `'` is put before `=`, `+`, `-`, `@`, their
//!      full-width forms, and `'` itself.
//!
//!   To undo it, take the steps back from 3 to 1.
//! - The *terminal* shows invisible characters in the same way, a line break as `\n`, and cuts the middle of long text out (`…`).
//!
//! <https://owasp.org/www-community/attacks/CSV_Injection>

use super::row::Cell;
use crate::vocab::{LogFileId, Untrusted};
use std::borrow::Cow;

/// How many characters of one text the terminal shows.
const MOST_SHOWN: usize = 240;
/// How many of a sentence that names some such text.
const MOST_OF_A_SENTENCE: usize = 2_000;
/// How many, where a glimpse is enough.
const MOST_GLIMPSED: usize = 120;

/// Text that is read raw nowhere but here.
pub(super) trait Raw {
    /// The text as it is.
    fn raw(&self) -> &str;
}

impl Raw for Untrusted {
    fn raw(&self) -> &str {
        self.reveal()
    }
}

impl Raw for LogFileId {
    fn raw(&self) -> &str {
        self.as_str()
    }
}

impl Raw for str {
    fn raw(&self) -> &str {
        self
    }
}

/// The exact text of a text cell: for writers whose medium needs no escape, or that escape it next.
pub(super) fn exact<'c>(cell: &'c Cell<'_>) -> Option<&'c str> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Untrusted(text) => Some(text.reveal()),
        _ => None,
    }
}

/// The exact text, for writers that escape it next.
pub(super) fn exact_text(text: &Untrusted) -> &str {
    text.reveal()
}

/// The exact texts of a set, for writers that escape them next.
pub(super) fn exact_texts(texts: &std::collections::BTreeSet<Untrusted>) -> Vec<&str> {
    texts.iter().map(Untrusted::reveal).collect()
}

/// A cell that lists such texts.
pub(super) fn list<'a>(texts: impl Iterator<Item = &'a Untrusted>) -> Cell<'a> {
    Cell::List(texts.map(|text| Cow::Borrowed(text.reveal())).collect())
}

/// A cell with the name of a log file.
pub(super) fn file_name(id: &LogFileId) -> Cell<'static> {
    Cell::Untrusted(Cow::Owned(id.as_str().into()))
}

/// A cell with the one text there is; several are joined as CSV joins a list, so that each keeps its place.
pub(super) fn joined<'a, T: Raw + ?Sized + 'a>(texts: impl Iterator<Item = &'a T>) -> Cell<'a> {
    let texts: Vec<&str> = texts.map(Raw::raw).collect();
    let text = match texts.as_slice() {
        texts if texts.iter().all(|text| text.is_empty()) => return Cell::Empty,
        [one] => (*one).to_owned(),
        several => csv_list(several),
    };
    Cell::Untrusted(Cow::Owned(text.into()))
}

/// The elements of a list as one text, joined by `;`: step 1.
pub(super) fn csv_list<T: AsRef<str>>(elements: &[T]) -> String {
    let mut text = String::new();
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            text.push(';');
        }
        for c in element.as_ref().chars() {
            if matches!(c, '\\' | ';') {
                text.push('\\');
            }
            text.push(c);
        }
    }
    text
}

/// Text that a spreadsheet, a terminal and a line tool can take: steps 2 and 3. Quoting is the CSV writer's.
pub(super) fn csv(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for (at, c) in text.char_indices() {
        let mimics = c == '\\' && text.get(at..).is_some_and(|rest| rest.starts_with("\\u{"));
        if begins && starts_formula(c) {
            shown.push('\'');
        }
        match is_hidden(c) || mimics {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
        begins = c == ';';
    }
    shown
}

/// What a spreadsheet takes for the beginning of a formula, and the mark that keeps it from doing so.
fn starts_formula(c: char) -> bool {
    matches!(
        c,
        '=' | '+' | '-' | '@' | '\'' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'
    )
}

/// JSON as it was serialized, its invisible characters written as `\uXXXX`. Such stand in strings only, so no value changes.
pub(super) fn json(serialized: &str) -> Cow<'_, str> {
    let hides = |c: char| !c.is_ascii_control() && is_hidden(c) || c == '\u{7f}';
    if !serialized.contains(hides) {
        return Cow::Borrowed(serialized);
    }
    let mut text = String::with_capacity(serialized.len() + 16);
    for c in serialized.chars() {
        match hides(c) {
            true => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
            false => text.push(c),
        }
    }
    Cow::Owned(text)
}

/// Text that a terminal shows and does not obey. Of long text the beginning and the end are shown.
pub(super) fn terminal<T: Raw + ?Sized>(text: &T) -> String {
    shortened(text.raw(), MOST_SHOWN)
}

/// The same, for a sentence that names such text.
pub(super) fn sentence<T: Raw + ?Sized>(text: &T) -> String {
    shortened(text.raw(), MOST_OF_A_SENTENCE)
}

/// The same, for text of which a glimpse is enough: user agents.
pub(super) fn glimpse<T: Raw + ?Sized>(text: &T) -> String {
    shortened(text.raw(), MOST_GLIMPSED)
}

/// So many characters of a text at most: two thirds of them from its beginning, the others from its end.
fn shortened(text: &str, most: usize) -> String {
    let (whole, is_whole) = within(text.chars(), most);
    if is_whole {
        return whole.concat();
    }
    let (beginning, _) = within(text.chars(), most - most / 3);
    let (mut end, _) = within(text.chars().rev(), most / 3);
    end.reverse();
    format!("{}…{}", beginning.concat(), end.concat())
}

/// Each character as it is shown, as far as there is room; and whether that is all of them.
fn within(chars: impl Iterator<Item = char>, room: usize) -> (Vec<String>, bool) {
    let (mut shown, mut left) = (Vec::new(), room);
    for c in chars {
        let visible = match c {
            '\n' => "\\n".to_owned(),
            c if is_hidden(c) => c.escape_unicode().to_string(),
            c => c.to_string(),
        };
        match left.checked_sub(visible.chars().count()) {
            Some(rest) => left = rest,
            None => return (shown, false),
        }
        shown.push(visible);
    }
    (shown, true)
}

/// Whether a character steers, rather than shows: controls (C0, DEL, C1), line and paragraph separators, marks that change
/// the direction of writing, and what has no width.
///
/// <https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text that [`csv`] was given: steps 3 and 2 undone.
#[cfg(test)]
pub(super) fn undo_csv(shown: &str) -> String {
    let mut unguarded = String::new();
    let mut begins = true;
    for c in shown.chars() {
        if !(begins && c == '\'') {
            unguarded.push(c);
        }
        begins = c == ';';
    }
    let mut parts = unguarded.split("\\u{");
    let mut text = parts.next().expect("a first part").to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').expect("an end");
        let code = u32::from_str_radix(code, 16).expect("a code");
        text.push(char::from_u32(code).expect("a character"));
        text.push_str(rest);
    }
    text
}

/// The elements that [`csv_list`] was given: step 1 undone.
#[cfg(test)]
pub(super) fn undo_csv_list(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut elements = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let last = elements.last_mut().expect("one");
        match c {
            '\\' => last.push(chars.next().expect("an escaped character")),
            ';' => elements.push(String::new()),
            c => last.push(c),
        }
    }
    elements
}

#[cfg(test)]
mod tests {
    use super::super::sample::ATTACKS;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_attack_reaches_a_terminal() {
        for (name, text) in ATTACKS.iter() {
            let shown = terminal(*text);
            assert!(!shown.chars().any(is_hidden), "{name}: {shown:?}");
            assert!(shown.chars().count() <= MOST_SHOWN + 1, "{name}");
        }
    }

    #[test]
    fn no_attack_reaches_a_spreadsheet() {
        for (name, text) in ATTACKS.iter() {
            let shown = csv(text);
            assert!(!shown.chars().any(is_hidden), "{name}: {shown:?}");
            for cell in shown.split(';') {
                let first = cell.chars().next();
                assert!(
                    first.is_none_or(|c| c == '\'' || !starts_formula(c)),
                    "{name}: {shown:?}"
                );
            }
            assert_eq!(undo_csv(&shown), *text, "{name}");
        }
    }

    #[test]
    fn what_steers_is_shown() {
        for (text, shown) in [
            ("\u{1b}]52;c;aGk=\u{7}", "\\u{1b}]52;c;aGk=\\u{7}"),
            ("a\rb\nc", "a\\u{d}b\\nc"),
            ("\u{202e}fdp.exe", "\\u{202e}fdp.exe"),
            ("ad\u{200b}min", "ad\\u{200b}min"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("plain ü 漢", "plain ü 漢"),
        ] {
            assert_eq!(terminal(text), shown);
        }
    }

    #[test]
    fn a_formula_is_guarded_in_csv() {
        for (text, shown) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("'=1", "''=1"),
            ("\t=1", "\\u{9}=1"),
            ("\r=1", "\\u{d}=1"),
            ("a;=1", "a;'=1"),
            ("a=1", "a=1"),
            ("\\u{1b}", "\\u{5c}u{1b}"),
        ] {
            assert_eq!(csv(text), shown);
        }
    }

    #[test]
    fn json_keeps_its_values() {
        let text = "a\u{9b}b\u{202e}c\u{7f}\u{e0041}\u{1b}\n\"";
        let serialized = serde_json::to_string(text).unwrap();
        let safe = json(&serialized);
        assert!(!safe.chars().any(is_hidden), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }

    #[test]
    fn several_texts_keep_their_places() {
        let texts = ["a;b", "", "c"];
        assert_eq!(exact(&joined(texts.into_iter())), Some("a\\;b;;c"));
        assert_eq!(exact(&joined(["a;b"].into_iter())), Some("a;b"));
        assert_eq!(joined(["", ""].into_iter()), Cell::Empty);
        assert_eq!(joined(std::iter::empty::<&str>()), Cell::Empty);
    }

    proptest! {
        #[test]
        fn csv_text_can_be_undone(text in "(\\\\u\\{|[;'=\\\\a\\u{1b}\\n{}-]|.)*") {
            prop_assert_eq!(undo_csv(&csv(&text)), text);
        }

        #[test]
        fn csv_lists_can_be_undone(elements in prop::collection::vec("[;\\\\'=a{u\n]{1,4}", 0..4)) {
            let shown = csv(&csv_list(&elements));
            prop_assert_eq!(undo_csv_list(&undo_csv(&shown)), elements);
        }
    }
}
