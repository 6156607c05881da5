//! Why can a report not be written?

use std::io;
use std::path::PathBuf;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Rows that do not fit in memory can be put nowhere, or not be read back.
    #[error("cannot keep what does not fit in memory in the folder for temporary files: {0}")]
    Spill(io::Error),
    /// The folder or a file in it cannot be made or written.
    #[error("cannot write to `{}`: {}", .path.display(), in_words(.cause))]
    Path {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system says.
        cause: io::Error,
    },
    /// There is a file where the folder should be.
    #[error("cannot write to `{}`: it is a file, not a folder", .path.display())]
    NotAFolder {
        /// The path, as it was given.
        path: PathBuf,
    },
    /// The folder holds an earlier report.
    #[error("`{}` holds an earlier report (`{found}`)\nhint: choose another folder, or replace it with `--force`", .path.display())]
    Occupied {
        /// The folder, as it was given.
        path: PathBuf,
        /// A file of the earlier report.
        found: String,
    },
    /// What the report is written to takes no more.
    #[error("cannot write the report: {}", in_words(.0))]
    Output(#[from] io::Error),
    /// A table cannot be put into a format.
    #[error("cannot write the table `{table}`: {cause}")]
    Table {
        /// The table.
        table: &'static str,
        /// Why not.
        cause: String,
    },
}

impl ReportError {
    /// The same error, told of the path at which it happened.
    pub(super) fn at(self, path: impl Into<PathBuf>) -> Self {
        match self {
            Self::Output(cause) => Self::Path {
                path: path.into(),
                cause,
            },
            other => other,
        }
    }

    /// Whether whoever read the report stopped reading: `leaktrail scan … | head`.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(cause) | Self::Path { cause, .. } if cause.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// What the operating system says, without its number and in lower case.
fn in_words(cause: &io::Error) -> String {
    let text = cause.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => "no reason was given".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_speaks_the_users_language() {
        let cause = io::Error::from_raw_os_error(13);
        let error = ReportError::Output(cause).at("out");
        assert_eq!(
            error.to_string(),
            "cannot write to `out`: permission denied"
        );
        let occupied = ReportError::Occupied {
            path: "out".into(),
            found: "run.json".to_owned(),
        };
        assert!(
            occupied
                .to_string()
                .starts_with("`out` holds an earlier report (`run.json`)\nhint: ")
        );
    }

    #[test]
    fn a_reader_that_left_is_told_apart() {
        assert!(ReportError::Output(io::Error::from(io::ErrorKind::BrokenPipe)).is_broken_pipe());
        assert!(!ReportError::NotAFolder { path: "a".into() }.is_broken_pipe());
    }
}
