//! With which status does the program end, and what does it say then?

use std::process::ExitCode;

/// How a run ended. Of several that hold, the first in the contract's order is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// All was read and told.
    Done = 0,
    /// There is no report.
    Failed = 1,
    /// The arguments cannot be meant.
    Usage = 2,
    /// Done, but something could not be read.
    Incomplete = 3,
    /// Such exposures were found as the run was to end so on.
    Found = 4,
    /// A log file or a digest is not what CloudTrail delivered.
    Invalid = 5,
}

impl Exit {
    /// The graver of two ends of a run that has a report.
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Done => other,
            graver => graver,
        }
    }
}

/// Arguments that cannot be meant, or a call for help.
pub fn usage(error: &clap::Error) -> ExitCode {
    let help = matches!(
        error.kind(),
        clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion
    );
    let printed = error.print();
    if help && printed.is_ok() {
        Exit::Done.into()
    } else {
        Exit::Usage.into()
    }
}

/// Arguments that are well formed and cannot be meant: a pattern that cannot be read, names that do not exist.
#[derive(Debug)]
pub struct Misuse(pub String);

impl std::fmt::Display for Misuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

/// A run without a report.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return Exit::Done.into();
    }
    crate::talk::error(error);
    match error.is::<Misuse>() {
        true => Exit::Usage.into(),
        false => Exit::Failed.into(),
    }
}

/// Whether the reader of our output went away, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    };
    error.chain().any(is_pipe)
}
