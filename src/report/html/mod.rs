//! How does the report become a page to open, to show and to print? One file that asks nothing of any network.
//!
//! `page.html` is the page, a template that escapes whatever stands in it; `report.css` and `report.js` stand inside the
//! page, and its Content-Security-Policy names them by their hashes: no other script runs, nothing is loaded, whatever
//! the logs say. Text of the logs comes here as it is shown on a terminal: invisible characters are visible, and of long
//! text the middle is left out. Without scripts the page says the same; they only filter, zoom and point.
//!
//! What there may be very many of is bounded, and the page says what it leaves to the tables.

mod bound;
mod page;
mod picture;
mod rows;
mod stories;
mod summary;

use super::{Format, Invocation, ReportError};
use crate::analysis::Analysis;
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// The name of the file.
pub(super) const FILE: &str = "report.html";

const STYLE: &str = include_str!("../../../templates/report.css");
const SCRIPT: &str = include_str!("../../../templates/report.js");

/// Writes the page. `formats` are those that the tables beside it have: rows that are left out are found there.
///
/// # Errors
/// If the output takes no more.
pub fn write(
    analysis: &Analysis,
    formats: &[Format],
    invocation: &Invocation,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let page = page::Page::of(analysis, formats, invocation);
    let mut out = io::BufWriter::new(out);
    page.write_into(&mut out)?;
    Ok(out.flush()?)
}

/// What a browser may do with the page: apply its style, run its script, and nothing else.
///
/// <https://www.w3.org/TR/CSP3/#grammardef-hash-source>
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ATTACKS, attacked, sample};
    use super::*;

    pub(super) fn written(analysis: &Analysis, formats: &[Format]) -> String {
        let mut out = Vec::new();
        write(analysis, formats, &Invocation::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The page without its own script, style and first line.
    fn told(analysis: &Analysis) -> String {
        let page = written(analysis, &[Format::Csv]);
        page.replace(SCRIPT, "").replace(STYLE, "")
    }

    #[test]
    fn the_script_and_the_style_stay_in_their_elements() {
        for text in [SCRIPT, STYLE] {
            assert!(!text.contains("</") && !text.contains("<!--"));
            assert!(
                !text.contains('\r'),
                "a browser would read another text than was hashed"
            );
        }
    }

    #[test]
    fn nothing_is_loaded() {
        let page = told(&sample());
        // The policy's hashes may hold two slashes; what it names is tested in a browser.
        let lines = page
            .lines()
            .filter(|line| !line.contains("Content-Security-Policy"));
        let page = lines.collect::<Vec<_>>().join("\n");
        for word in [
            "http:", "https:", "//", "src=", "url(", "@import", "<link", "<img", "<iframe", "<base",
        ] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(!STYLE.contains("http") && !STYLE.contains("@import"));
        for word in [
            "fetch(",
            "XMLHttpRequest",
            "eval(",
            "innerHTML",
            "import(",
            "Function(",
        ] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
    }

    #[test]
    fn no_style_and_no_handler_stands_in_an_element() {
        let page = told(&attacked());
        assert!(
            !page.contains(" style=")
                && !page.contains(" onload=")
                && !page.contains("javascript:")
        );
    }

    #[test]
    fn no_attack_reaches_the_page() {
        let plain = told(&sample());
        let page = told(&attacked());
        // The page's own elements are what they were: as many scripts, and no element of an attack.
        assert_eq!(
            page.matches("<script").count(),
            plain.matches("<script").count()
        );
        for (name, text) in ATTACKS.iter().filter(|(_, text)| text.len() < 1000) {
            let steers = text
                .chars()
                .any(|c| c.is_control() || ('\u{200b}'..='\u{206f}').contains(&c));
            let markup = text.contains(['<', '"', '\'']);
            assert!(!(steers || markup) || !page.contains(text), "{name}");
        }
        assert!(
            page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"),
            "the text itself is shown"
        );
        assert!(page.contains("\\u{202e}gpj.exe"), "what steers is shown");
        let hidden = |c: char| {
            c != '\n' && c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{feff}'
        };
        assert!(!page.contains(hidden));
        assert!(!page.contains(&"A".repeat(2_001)), "long text is cut");
    }

    #[test]
    fn two_pages_of_one_analysis_are_the_same() {
        let formats = [Format::Csv];
        assert_eq!(
            written(&attacked(), &formats),
            written(&attacked(), &formats)
        );
    }

    #[test]
    fn an_analysis_without_anything_has_a_page() {
        let page = told(&Analysis::default());
        assert!(
            page.contains("No log file was read: there was no file. Of no bucket"),
            "{page}"
        );
        assert!(page.contains("Everything that was given could be read."));
    }
}
