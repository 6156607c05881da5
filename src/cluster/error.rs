//! Why did a cluster not read the files?

use crate::pipeline::ScanError;
use crate::store::StoreError;

/// Why a cluster gave no report. There is never a part of one.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The address cannot be meant.
    #[error("`{0}` is no cluster\nhint: give its scheduler as df://host:port")]
    Address(String),
    /// Nobody answers there.
    #[error(
        "no scheduler answers at `{place}`: {why}\nhint: start one with `leaktrail cluster scheduler`, and look at what lies between: it needs a private network"
    )]
    NoScheduler {
        /// Where.
        place: String,
        /// What happened.
        why: String,
    },
    /// Nobody is there to do the work.
    #[error(
        "no executor has joined the scheduler at `{0}`\nhint: start some with `leaktrail cluster executor --scheduler HOST:PORT`"
    )]
    NoExecutors(String),
    /// An executor or the scheduler says why it will not do the work.
    #[error("{0}")]
    Refused(String),
    /// The list of files is longer than what can be sent.
    #[error(
        "the list of files makes a plan of {bytes} bytes; a scheduler takes {most}\nhint: read one stretch of time after the other into one store: --store DIR with --read-from and --read-to"
    )]
    TooLarge {
        /// So long it is.
        bytes: usize,
        /// So long it may be.
        most: usize,
    },
    /// The job was given up after it was begun several times.
    #[error("the cluster did not finish the job, which was begun {attempts} times: {why}")]
    GaveUp {
        /// How often it was begun.
        attempts: usize,
        /// What happened the last time.
        why: String,
    },
    /// What came back is not what was asked for.
    #[error("the cluster's answer does not add up, so nothing is reported: {0}")]
    Books(String),
    /// Somebody asked for it to stop.
    #[error("stopped: the cluster was told to drop the job")]
    Stopped,
    /// What is piped in cannot be read elsewhere.
    #[error(
        "standard input cannot be read by a cluster\nhint: save it as a file that all executors see"
    )]
    Piped,
    /// A server cannot be started, or ended with an error.
    #[error("the {who} cannot run: {why}")]
    Server {
        /// Scheduler or executor.
        who: &'static str,
        /// What happened.
        why: String,
    },
    /// The plan cannot be made.
    #[error("cannot plan the job: {0}")]
    Plan(String),
    /// The source cannot be listed, or the store takes no more.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// What arrived cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an executor or a scheduler wants the user to read stands between two of these: engines wrap errors in words of their own.
const MARK: &str = "\u{1}";

/// A refusal, marked so that it is found in whatever it is wrapped in.
pub(super) fn marked(words: &str) -> String {
    format!("{MARK}{words}{MARK}")
}

/// The refusal in an engine's error, if there is one.
pub(super) fn refusal_in(text: &str) -> Option<String> {
    // An error that was printed for programmers has its marks and lines escaped.
    let text = text.replace("\\u{1}", MARK).replace("\\n", "\n");
    let (_, rest) = text.split_once(MARK)?;
    let (words, _) = rest.split_once(MARK)?;
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_found_whatever_it_is_wrapped_in() {
        let words = "an executor does not see `a`\nhint: share it";
        for wrapped in [
            format!("Job x failed: {}: rest", marked(words)),
            format!("{:?}", format!("Execution({})", marked(words))),
            format!("{:?}", format!("Status {{ {:?} }}", marked(words))).replace("\\\\", "\\"),
        ] {
            assert_eq!(refusal_in(&wrapped).as_deref(), Some(words), "{wrapped}");
        }
        assert_eq!(refusal_in("an executor was lost"), None);
    }
}
