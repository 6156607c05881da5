//! What is said on stderr, beside the data on stdout?
#![allow(clippy::print_stderr, reason = "the one place that talks")]

use leaktrail::report::printable_sentence;

/// Says why there is no report: outer to inner cause in one line, then the hint.
pub fn error(error: &anyhow::Error) {
    let mut causes: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if causes.last().is_none_or(|last| !last.contains(&cause)) {
            causes.push(cause);
        }
    }
    let joined = causes.join(": ");
    eprintln!("error: {}", lines(&joined));
}

/// Says something in passing.
pub fn note(text: &str) {
    eprintln!("{}", lines(text));
}

/// Each line made printable: messages name files, and files can be named anything.
fn lines(text: &str) -> String {
    text.lines()
        .map(printable_sentence)
        .collect::<Vec<_>>()
        .join("\n")
}
