//! Which of the files that were found are to be read?
//!
//! By what their names say, and only by that: the delivery's date, and patterns. Never by a key's Region: records of global
//! services lie in the files of any Region. A file whose name tells no date is read.

use super::key::{names_archive, parse};
use crate::vocab::{LogFileId, SkipReason, Timestamp, matches_pattern};

/// Which files are read. What is left out is counted, and says why.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FileChoice {
    /// Only what was delivered on this day or later.
    pub read_from: Option<Timestamp>,
    /// Only what was delivered on this day, or so much later that it may yet tell of it.
    pub read_to: Option<Timestamp>,
    /// How much later that is.
    pub slack: Slack,
    /// Only files whose name matches one of these; empty for all.
    pub include: Vec<String>,
    /// No file whose name matches one of these.
    pub exclude: Vec<String>,
}

/// How long after an event a file that tells of it may be delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Slack {
    /// One day: deliveries take minutes, in rare cases hours.
    #[default]
    Day,
    /// Thirty days: so long CloudTrail tries again when a trail's bucket refuses it.
    ///
    /// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html>
    Complete,
}

impl Slack {
    /// In days.
    pub fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Complete => 30,
        }
    }
}

const DAY: i64 = 86_400;

impl FileChoice {
    /// Every file.
    pub const ALL: Self = Self {
        read_from: None,
        read_to: None,
        slack: Slack::Day,
        include: Vec::new(),
        exclude: Vec::new(),
    };

    /// Why a file of that name is not read, if so. An archive that is included is so with all in it; what its name says is one is
    /// opened in any case, for the files in it that are included.
    pub fn passes_over(&self, id: &LogFileId) -> Option<SkipReason> {
        let name = id.as_str();
        let any = |globs: &[String], name| globs.iter().any(|glob| matches_name(glob, name));
        if any(&self.exclude, name) {
            return Some(SkipReason::Excluded);
        }
        let is_included = |name| any(&self.include, name);
        let all = self.include.is_empty() || names_archive(name);
        if !all && !is_included(name) && !id.archives().any(is_included) {
            return Some(SkipReason::NotIncluded);
        }
        self.delivered_outside(name)
    }

    /// Days are compared, not instants: a key is dated by the minute of its delivery, and to read too much is no fault.
    fn delivered_outside(&self, name: &str) -> Option<SkipReason> {
        if self.read_from.is_none() && self.read_to.is_none() {
            return None;
        }
        let delivered = day(parse(name)?.delivered);
        if self.read_from.is_some_and(|from| delivered < day(from)) {
            return Some(SkipReason::DeliveredBefore);
        }
        let is_after = |to| delivered > day(to) + self.slack.days();
        self.read_to
            .is_some_and(is_after)
            .then_some(SkipReason::DeliveredAfter)
    }

    /// Whether no day is chosen: the last one comes before the first.
    pub fn has_no_day(&self) -> bool {
        let days = self.read_from.zip(self.read_to);
        days.is_some_and(|(from, to)| day(from) > day(to))
    }

    /// Whether every file is read.
    pub fn is_all(&self) -> bool {
        *self
            == Self {
                slack: self.slack,
                ..Self::default()
            }
    }
}

fn day(time: Timestamp) -> i64 {
    time.unix().div_euclid(DAY)
}

/// A pattern with `*` and `?` matches a whole name, or what follows one of its slashes; `*` passes slashes.
fn matches_name(glob: &str, name: &str) -> bool {
    let after_slashes = name
        .match_indices('/')
        .filter_map(|(at, _)| name.get(at + 1..));
    std::iter::once(name)
        .chain(after_slashes)
        .any(|part| matches_pattern(glob, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2024/03/05/111122223333_CloudTrail_us-east-1_20240305T2359Z_p8JWK2YCxLL9EPqK.json.gz";

    fn passed_over(choice: &FileChoice, name: &str) -> Option<&'static str> {
        choice
            .passes_over(&LogFileId::new(name))
            .map(SkipReason::name)
    }

    #[test]
    fn a_day_is_chosen_by_any_of_its_instants() {
        for (from, to, has_none) in [
            (
                Some("2024-03-05T23:00:00Z"),
                Some("2024-03-05T00:00:00Z"),
                false,
            ),
            (
                Some("2024-03-06T00:00:00Z"),
                Some("2024-03-05T23:59:59Z"),
                true,
            ),
            (Some("2024-03-06T00:00:00Z"), None, false),
        ] {
            let at = |text: Option<&str>| text.and_then(Timestamp::parse);
            let choice = FileChoice {
                read_from: at(from),
                read_to: at(to),
                ..FileChoice::default()
            };
            assert_eq!(choice.has_no_day(), has_none, "{from:?} {to:?}");
        }
    }

    #[test]
    fn the_day_of_delivery_decides() {
        for (from, to, slack, expected) in [
            (None, None, Slack::Day, None),
            (Some("2024-03-05T23:59:59Z"), None, Slack::Day, None),
            (
                Some("2024-03-06T00:00:00Z"),
                None,
                Slack::Day,
                Some("delivered-before"),
            ),
            (None, Some("2024-03-04T00:00:00Z"), Slack::Day, None),
            (
                None,
                Some("2024-03-03T23:59:59Z"),
                Slack::Day,
                Some("delivered-after"),
            ),
            (None, Some("2024-02-04T00:00:00Z"), Slack::Complete, None),
            (
                None,
                Some("2024-02-03T00:00:00Z"),
                Slack::Complete,
                Some("delivered-after"),
            ),
        ] {
            let at = |text: Option<&str>| text.map(|text| Timestamp::parse(text).unwrap());
            let choice = FileChoice {
                read_from: at(from),
                read_to: at(to),
                slack,
                ..FileChoice::default()
            };
            assert_eq!(
                passed_over(&choice, NAME),
                expected,
                "{from:?} {to:?} {slack:?}"
            );
            assert_eq!(passed_over(&choice, "renamed.json.gz"), None);
        }
    }

    #[test]
    fn patterns_match_a_name_or_what_follows_a_slash() {
        for (include, exclude, expected) in [
            (&["*.json.gz"][..], &[][..], None),
            (&["2024/03/05/*"], &[], None),
            (&["*_us-east-1_*"], &[], None),
            (&["*/eu-west-1/*", "AWSLogs/*"], &[], None),
            (&["*/eu-west-1/*"], &[], Some("not-included")),
            (&["5/*"], &[], Some("not-included")),
            (&["*"], &["*/us-east-1/*"], Some("excluded")),
            (&[], &["*.csv"], None),
        ] {
            let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
            let choice = FileChoice {
                include: owned(include),
                exclude: owned(exclude),
                ..FileChoice::default()
            };
            assert_eq!(
                passed_over(&choice, NAME),
                expected,
                "{include:?} {exclude:?}"
            );
        }
    }

    #[test]
    fn an_archive_is_opened_for_what_is_included_in_it() {
        let choice = FileChoice {
            include: vec!["*.json.gz".to_owned()],
            ..FileChoice::default()
        };
        assert_eq!(passed_over(&choice, "logs.tar.gz"), None);
        assert_eq!(
            passed_over(&choice, "logs.zip!/a.txt"),
            Some("not-included")
        );
        assert_eq!(passed_over(&choice, "logs.zip!/a.json.gz"), None);
    }

    #[test]
    fn an_archive_that_is_included_is_so_with_all_in_it() {
        for (glob, expected) in [
            ("*.zip", None),
            ("logs.zip", None),
            ("case/logs.zip", None),
            ("b.zip", None),
            ("other.zip", Some("not-included")),
            ("*.tar", Some("not-included")),
        ] {
            let choice = FileChoice {
                include: vec![glob.to_owned()],
                exclude: vec!["*.txt".to_owned()],
                ..FileChoice::default()
            };
            let member = "case/logs.zip!/in/b.zip!/a.json";
            assert_eq!(passed_over(&choice, member), expected, "{glob}");
            let excluded = "case/logs.zip!/a.txt";
            assert_eq!(passed_over(&choice, excluded), Some("excluded"), "{glob}");
        }
    }
}
