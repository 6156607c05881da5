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

/// Passes on what the engine of a cluster says: of errors, or also of what it does.
#[cfg(feature = "cluster")]
pub fn listen(quiet: bool, verbose: bool) {
    let most = match (quiet, verbose) {
        (true, _) => log::LevelFilter::Error,
        (false, false) => log::LevelFilter::Warn,
        (false, true) => log::LevelFilter::Info,
    };
    if log::set_logger(&ENGINE).is_ok() {
        log::set_max_level(most);
    }
}

/// What the engine talks to. What it says many times, as while its scheduler is away, is said once.
#[cfg(feature = "cluster")]
struct Engine {
    last: std::sync::Mutex<String>,
}

#[cfg(feature = "cluster")]
static ENGINE: Engine = Engine {
    last: std::sync::Mutex::new(String::new()),
};

#[cfg(feature = "cluster")]
impl log::Log for Engine {
    fn enabled(&self, of: &log::Metadata<'_>) -> bool {
        of.level() <= log::max_level()
    }

    fn log(&self, said: &log::Record<'_>) {
        if self.enabled(said.metadata()) {
            let level = said.level().as_str().to_ascii_lowercase();
            let words = format!("{level}: {}", said.args());
            let last = self.last.lock();
            let mut last = last.unwrap_or_else(std::sync::PoisonError::into_inner);
            if *last != words {
                note(&words);
                *last = words;
            }
        }
    }

    fn flush(&self) {}
}
