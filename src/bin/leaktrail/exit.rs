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

/// A run without a report.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return Exit::Done.into();
    }
    crate::talk::error(error);
    Exit::Failed.into()
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
