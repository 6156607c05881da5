//! How does CloudTrail lay files out in a bucket, and where does a prefix stand in it?
//!
//! `[prefix/]AWSLogs/[o-id/]<account>/CloudTrail[-Digest ...]/<region>/YYYY/MM/DD/`. What stands below a Region is dated, so the
//! days that are asked for can be listed alone.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>

use crate::source::FileChoice;
use crate::vocab::{AccountId, Region, Timestamp};

/// Where a prefix stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Level {
    /// `AWSLogs/`, or an organization in it: accounts stand below.
    Accounts,
    /// An account: services stand below, CloudTrail among them. Whether it stands where CloudTrail puts it.
    Services(Stands),
    /// One of CloudTrail's folders: Regions stand below.
    Regions,
    /// A Region or what is below it; it ends here.
    Dated { base: String },
    /// Nowhere in what CloudTrail lays out.
    Elsewhere,
}

/// Whether an account stands below `AWSLogs/`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stands {
    BelowLogs,
    Alone,
}

/// The name of the folder in which CloudTrail begins.
const LOGS: &str = "AWSLogs";

/// Where a prefix that ends with a slash, or is empty, stands.
pub(super) fn level(prefix: &str) -> Level {
    let parts: Vec<&str> = prefix
        .strip_suffix('/')
        .unwrap_or(prefix)
        .split('/')
        .collect();
    let is_account = |at: usize| {
        parts
            .get(at)
            .is_some_and(|part| AccountId::parse(part).is_some())
    };
    let account = (0..parts.len())
        .rev()
        .find(|at| is_account(*at) && parts.get(at + 1).is_none_or(|part| is_cloudtrail(part)));
    let Some(account) = account else {
        return match parts.as_slice() {
            [.., LOGS] => Level::Accounts,
            [.., LOGS, organization] if is_organization(organization) => Level::Accounts,
            _ => Level::Elsewhere,
        };
    };
    let before = parts.get(..account).unwrap_or_default();
    let region = parts
        .get(account + 2)
        .map(|part| Region::parse(part).is_some());
    match (parts.len() - account, region) {
        (1, _) => Level::Services(match before {
            [.., LOGS] => Stands::BelowLogs,
            [.., LOGS, organization] if is_organization(organization) => Stands::BelowLogs,
            _ => Stands::Alone,
        }),
        (2, _) => Level::Regions,
        (_, Some(true)) => Level::Dated {
            base: parts.get(..account + 3).unwrap_or_default().join("/") + "/",
        },
        _ => Level::Elsewhere,
    }
}

fn is_cloudtrail(part: &str) -> bool {
    part == "CloudTrail" || part.starts_with("CloudTrail-")
}

fn is_organization(part: &str) -> bool {
    part.starts_with("o-")
}

/// Whether a prefix is one that CloudTrail may be found below.
pub(super) fn may_lead_there(child: &str) -> bool {
    level(child) != Level::Elsewhere || {
        let name = child.strip_suffix('/').unwrap_or(child);
        is_organization(name.rsplit('/').next().unwrap_or_default())
    }
}

/// Whether a service's folder is CloudTrail's.
pub(super) fn is_cloudtrails(child: &str) -> bool {
    let name = child.strip_suffix('/').unwrap_or(child);
    is_cloudtrail(name.rsplit('/').next().unwrap_or_default())
}

const DAY: i64 = 86_400;

/// The days of delivery that are asked for. Either end may be open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Days {
    pub first: Option<i64>,
    pub last: Option<i64>,
}

impl Days {
    pub fn of(choice: &FileChoice) -> Self {
        let day = |time: Timestamp| time.unix().div_euclid(DAY);
        Self {
            first: choice.read_from.map(day),
            last: choice.read_to.map(|to| day(to) + choice.slack.days()),
        }
    }

    pub fn is_all(self) -> bool {
        self == Self::default()
    }

    /// The keys below `base`: none up to the first, none from the second on.
    pub fn bounds(self, base: &str) -> (Option<String>, Option<String>) {
        (
            self.first.map(|day| format!("{base}{}", dated(day))),
            self.last
                .map(|day| behind(&format!("{base}{}", dated(day)))),
        )
    }
}

/// The first key that does not begin with this and a slash, of those that are greater.
pub(super) fn behind(prefix: &str) -> String {
    // `0` follows `/`.
    format!("{prefix}0")
}

/// `YYYY/MM/DD`
pub(super) fn dated(day: i64) -> String {
    let date = Timestamp::from_unix(day.saturating_mul(DAY)).to_string();
    date.get(..10).unwrap_or_default().replace('-', "/")
}

/// The day in which a key below `base` stands.
pub(super) fn day_of(base: &str, key: &str) -> Option<i64> {
    let date = key.strip_prefix(base)?.get(..11)?.strip_suffix('/')?;
    let parts: Vec<&str> = date.split('/').collect();
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    let time = Timestamp::parse(&format!("{year}-{month}-{day}T00:00:00Z"))?;
    Some(time.unix().div_euclid(DAY))
}

/// How much of a list is asked for by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    Month,
    Day,
}

/// The months or days from the one in which `day` stands to the end of its year, or to `last`: each as `YYYY/MM` or `YYYY/MM/DD`.
pub(super) fn units(unit: Unit, day: i64, last: Option<i64>) -> Vec<String> {
    let first = dated(day);
    let year = first.get(..5).unwrap_or_default();
    let length = match unit {
        Unit::Month => 7,
        Unit::Day => 10,
    };
    let mut found: Vec<String> = (day..day + 366)
        .take_while(|day| last.is_none_or(|last| *day <= last))
        .map(dated)
        .take_while(|date| date.starts_with(year))
        .filter_map(|date| Some(date.get(..length)?.to_owned()))
        .collect();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_somewhere() {
        let dated = |base: &str| Level::Dated {
            base: base.to_owned(),
        };
        for (prefix, expected) in [
            ("", Level::Elsewhere),
            ("logs/", Level::Elsewhere),
            ("logs/AWSLogs/", Level::Accounts),
            ("AWSLogs/o-a1b2c3d4e5/", Level::Accounts),
            ("o-a1b2c3d4e5/AWSLogs/o-a1b2c3d4e5/", Level::Accounts),
            ("AWSLogs/111122223333/", Level::Services(Stands::BelowLogs)),
            (
                "AWSLogs/o-a1b2c3d4e5/111122223333/",
                Level::Services(Stands::BelowLogs),
            ),
            ("renamed/111122223333/", Level::Services(Stands::Alone)),
            ("AWSLogs/111122223333/CloudTrail/", Level::Regions),
            ("AWSLogs/111122223333/CloudTrail-Digest/", Level::Regions),
            (
                "AWSLogs/111122223333/CloudTrail-Lake/Query/",
                Level::Elsewhere,
            ),
            ("AWSLogs/111122223333/Config/", Level::Elsewhere),
            (
                "AWSLogs/111122223333/vpcflowlogs/us-east-1/",
                Level::Elsewhere,
            ),
            (
                "p/AWSLogs/111122223333/CloudTrail/us-east-1/",
                dated("p/AWSLogs/111122223333/CloudTrail/us-east-1/"),
            ),
            (
                "AWSLogs/111122223333/CloudTrail/us-gov-west-1/2024/03/",
                dated("AWSLogs/111122223333/CloudTrail/us-gov-west-1/"),
            ),
        ] {
            assert_eq!(level(prefix), expected, "{prefix}");
        }
    }

    #[test]
    fn days_bound_keys() {
        let days = Days {
            first: Some(19_787),
            last: Some(19_788),
        };
        let (after, until) = days.bounds("r/");
        let (after, until) = (after.unwrap(), until.unwrap());
        assert_eq!(
            (after.as_str(), until.as_str()),
            ("r/2024/03/05", "r/2024/03/060")
        );
        let within = |key: &str| key > after.as_str() && key < until.as_str();
        assert!(within("r/2024/03/05/a") && within("r/2024/03/06/~"));
        assert!(!within("r/2024/03/04/~") && !within("r/2024/03/07/a"));
    }

    #[test]
    fn a_key_tells_its_day() {
        assert_eq!(day_of("r/", "r/2024/03/05/a"), Some(19_787));
        for key in [
            "r/2024/03/05",
            "r/2024/3/05/a",
            "r/a",
            "q/2024/03/05/a",
            "r/2024/13/05/a",
            "r/\u{e9}2024/03/05/a",
        ] {
            assert_eq!(day_of("r/", key), None, "{key}");
        }
        assert_eq!(dated(19_787), "2024/03/05");
    }

    #[test]
    fn units_end_with_the_year_or_the_last_day() {
        let march = 19_787;
        assert_eq!(
            units(Unit::Day, march, Some(march + 1)),
            ["2024/03/05", "2024/03/06"]
        );
        assert_eq!(
            units(Unit::Month, march, Some(march + 30)),
            ["2024/03", "2024/04"]
        );
        assert_eq!(units(Unit::Month, march, None).len(), 10);
        assert_eq!(
            units(Unit::Day, march + 300, None).last().unwrap(),
            "2024/12/31"
        );
    }
}
