//! Was any log file read? Where none was, nothing that is not found means anything.

use super::Analysis;
use crate::evidence::{Fate, FileAccount};
use crate::vocab::{LogFileId, SkipReason};
use std::collections::BTreeMap;

/// What became of files of which none was a log file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NoLog {
    /// How many were passed over, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// How many could not be read.
    pub lost: u64,
}

impl NoLog {
    /// How many files there were.
    pub fn files(&self) -> u64 {
        self.skipped
            .values()
            .fold(self.lost, |sum, number| sum.saturating_add(*number))
    }
}

impl Analysis {
    /// What became of the files, if none was a log file. An archive is none: what lies in it may be.
    pub fn no_log(&self) -> Option<NoLog> {
        let mut found = NoLog::default();
        let mut files = self.files.iter().peekable();
        while let Some((id, FileAccount { fate, .. })) = files.next() {
            let mut is_archive = || files.peek().is_some_and(|(next, _)| lies_in(next, id));
            match fate {
                Fate::Read if !is_archive() => return None,
                Fate::Read => {}
                Fate::Skipped(reason) => *found.skipped.entry(*reason).or_default() += 1,
                Fate::Lost => found.lost += 1,
            }
        }
        Some(found)
    }
}

fn lies_in(file: &LogFileId, archive: &LogFileId) -> bool {
    let rest = file.as_str().strip_prefix(archive.as_str());
    rest.is_some_and(|rest| rest.starts_with("!/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_log(files: &[(&str, Fate)]) -> Option<NoLog> {
        let account = |(name, fate): &(&str, Fate)| {
            let account = FileAccount {
                bytes: 0,
                fate: *fate,
                records: 0,
                not_of_interest: 0,
                lost_records: 0,
                coverage: None,
                activity: Vec::new(),
            };
            (LogFileId::new(*name), account)
        };
        let analysis = Analysis {
            files: files.iter().map(account).collect(),
            ..Analysis::default()
        };
        analysis.no_log()
    }

    #[test]
    fn an_archive_is_no_log_file_and_an_empty_log_is_one() {
        let skipped = Fate::Skipped(SkipReason::NotCloudTrail);
        assert_eq!(no_log(&[]), Some(NoLog::default()));
        assert_eq!(no_log(&[("a", skipped), ("b", Fate::Read)]), None);
        assert_eq!(
            no_log(&[("a.zip", Fate::Read), ("a.zip!/b", Fate::Read)]),
            None
        );
        let none = no_log(&[
            ("a.zip", Fate::Read),
            ("a.zip!/b", skipped),
            ("c", Fate::Lost),
        ]);
        let none = none.unwrap();
        assert_eq!((none.lost, none.files()), (1, 2));
        assert_eq!(none.skipped, [(SkipReason::NotCloudTrail, 1)].into());
    }
}
