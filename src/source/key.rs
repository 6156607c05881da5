//! What does the name of a delivered file say?
//!
//! `[prefix/]AWSLogs/[o-id/]<account>/CloudTrail/<region>/YYYY/MM/DD/<account>_CloudTrail_<region>_YYYYMMDDTHHmmZ_<unique>.json.gz`:
//! the last part alone tells all. Names are hints only: files are renamed, so what a file is, its content decides.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>

use crate::vocab::{AccountId, Region, Timestamp};

/// What CloudTrail's name for a file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveredKey {
    /// The account whose trail delivered it.
    pub account: AccountId,
    /// The Region whose events it holds, those of global services aside; of a digest, the Region it tells of.
    pub region: Region,
    /// When it was delivered: UTC, to the minute (of a digest, to the second).
    pub delivered: Timestamp,
    /// What kind of file.
    pub kind: KeyKind,
}

/// The kinds of file that CloudTrail delivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// A log file of management and data events.
    Log,
    /// A digest: hashes of log files.
    Digest,
    /// A log file of Insight events.
    Insight,
    /// A log file of aggregated events.
    Aggregated,
    /// A log file of network activity events.
    NetworkActivity,
}

/// Reads the name or path of a delivered file; `None` where it is not one that CloudTrail gives.
pub fn parse(name: &str) -> Option<DeliveredKey> {
    let (account, kind, rest) = begins(name)?;
    let (region, rest) = rest.split_once('_')?;
    let stamp = if kind == KeyKind::Digest {
        digest_stamp(rest)?
    } else {
        rest
    };
    Some(DeliveredKey {
        account: AccountId::parse(account)?,
        region: Region::parse(region)?,
        delivered: parse_stamp(stamp)?,
        kind,
    })
}

/// Whether CloudTrail gives such a name to a digest.
pub fn names_digest(name: &str) -> bool {
    begins(name).is_some_and(|(_, kind, _)| kind == KeyKind::Digest) && parse(name).is_some()
}

/// The account's place, the kind, and what follows.
fn begins(name: &str) -> Option<(&str, KeyKind, &str)> {
    let (account, rest) = last_part(name).split_once('_')?;
    let (kind, rest) = rest.split_once('_')?;
    Some((account, parse_kind(kind)?, rest))
}

/// The last part of a name or path.
pub fn last_part(name: &str) -> &str {
    let slash = memchr::memrchr2(b'/', b'\\', name.as_bytes());
    let start = slash.map_or(0, |slash| slash + 1);
    name.get(start..).unwrap_or(name)
}

/// Whether a file of that name might be expected to hold records.
pub fn suggests_log(name: &str) -> bool {
    [".json", ".gz", ".jsonl", ".ndjson"]
        .iter()
        .any(|ending| ends_with(name, ending))
        || parse(name).is_some()
}

/// Whether a file of that name should be an archive.
pub fn names_archive(name: &str) -> bool {
    [".zip", ".tar", ".tgz", ".tar.gz"]
        .iter()
        .any(|ending| ends_with(name, ending))
}

fn ends_with(name: &str, ending: &str) -> bool {
    let start = name.len().checked_sub(ending.len());
    start
        .and_then(|start| name.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

fn parse_kind(text: &str) -> Option<KeyKind> {
    Some(match text {
        "CloudTrail" => KeyKind::Log,
        "CloudTrail-Digest" => KeyKind::Digest,
        "CloudTrail-Insight" => KeyKind::Insight,
        "CloudTrail-Aggregated" => KeyKind::Aggregated,
        "CloudTrail-NetworkActivity" => KeyKind::NetworkActivity,
        _ => return None,
    })
}

/// A digest's stamp stands after the trail's name, which may hold underscores, and its home Region; of a backfill digest the
/// word `backfill` follows.
fn digest_stamp(rest: &str) -> Option<&str> {
    rest.rsplit('_').find(|part| parse_stamp(part).is_some())
}

/// `YYYYMMDDTHHmmZ` or `YYYYMMDDTHHmmssZ`, whatever follows: old names have no `_` there.
pub fn parse_stamp(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_once('T')?;
    let (time, _) = rest.split_once('Z')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date) || !digits(time) {
        return None;
    }
    let [y1, y2, y3, y4, mo1, mo2, d1, d2] = *date.as_bytes() else {
        return None;
    };
    let (h1, h2, mi1, mi2, s1, s2) = match *time.as_bytes() {
        [h1, h2, mi1, mi2] => (h1, h2, mi1, mi2, b'0', b'0'),
        [h1, h2, mi1, mi2, s1, s2] => (h1, h2, mi1, mi2, s1, s2),
        _ => return None,
    };
    Timestamp::parse_bytes(&[
        y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2,
        b'Z',
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str) -> Option<(String, String, String, KeyKind)> {
        let key = parse(name)?;
        Some((
            key.account.to_string(),
            key.region.to_string(),
            key.delivered.to_string(),
            key.kind,
        ))
    }

    #[test]
    fn a_delivered_name_tells_account_region_minute_and_kind() {
        let log = "111122223333_CloudTrail_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz";
        let below = format!(
            "prefix/AWSLogs/o-exampleorgid/111122223333/CloudTrail/us-east-2/2015/08/01/{log}"
        );
        let old = "111122223333_CloudTrail_us-east-1_20140620T1255ZHdkvFTXOA3Vnhbc.json.gz";
        let digest = "111122223333_CloudTrail-Digest_us-east-2_your_trail_us-east-2_20150815T104302Z.json.gz";
        let backfill = "111122223333_CloudTrail-Digest_eu-west-1_trail_us-east-2_20260301T000000Z_backfill.json.gz";
        for (name, region, minute, kind) in [
            (log, "us-east-2", "2015-08-01T02:10:00Z", KeyKind::Log),
            (&below, "us-east-2", "2015-08-01T02:10:00Z", KeyKind::Log),
            (old, "us-east-1", "2014-06-20T12:55:00Z", KeyKind::Log),
            (digest, "us-east-2", "2015-08-15T10:43:02Z", KeyKind::Digest),
            (
                backfill,
                "eu-west-1",
                "2026-03-01T00:00:00Z",
                KeyKind::Digest,
            ),
            (
                "111122223333_CloudTrail-Insight_eu-west-1_20240229T2359Z_a.json.gz",
                "eu-west-1",
                "2024-02-29T23:59:00Z",
                KeyKind::Insight,
            ),
            (
                "111122223333_CloudTrail-Aggregated_eu-west-1_20240229T2359Z_a.json",
                "eu-west-1",
                "2024-02-29T23:59:00Z",
                KeyKind::Aggregated,
            ),
            (
                "111122223333_CloudTrail-NetworkActivity_us-gov-west-1_20240229T2359Z_a",
                "us-gov-west-1",
                "2024-02-29T23:59:00Z",
                KeyKind::NetworkActivity,
            ),
        ] {
            let expected = (
                "111122223333".to_owned(),
                region.to_owned(),
                minute.to_owned(),
                kind,
            );
            assert_eq!(told(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn only_a_digest_is_named_one() {
        let digest =
            "111122223333_CloudTrail-Digest_us-east-2_trail_us-east-2_20150815T104302Z.json.gz";
        for (name, expected) in [
            (digest, true),
            (&format!("b/{digest}"), true),
            (&format!("b\\{digest}"), true),
            (&format!("{digest}/a_b_c"), false),
            (
                "111122223333_CloudTrail-Digest_us-east-2_trail_us-east-2_20151315T104302Z.json.gz",
                false,
            ),
            (
                "x_CloudTrail-Digest_us-east-2_trail_us-east-2_20150815T104302Z.json.gz",
                false,
            ),
            (
                "111122223333_CloudTrail_us-east-2_20150801T0210Z_a.json.gz",
                false,
            ),
        ] {
            assert_eq!(names_digest(name), expected, "{name}");
        }
    }

    #[test]
    fn a_leap_day_is_a_day() {
        let delivered =
            |day: &str| told(&format!("111122223333_CloudTrail_us-east-2_{day}T0210Z_a"));
        assert_eq!(delivered("20240229").unwrap().2, "2024-02-29T02:10:00Z");
        assert_eq!(delivered("20230229"), None);
        assert_eq!(delivered("2024022"), None);
    }

    #[test]
    fn other_names_are_none() {
        for name in [
            "",
            "flaws_cloudtrail00.json.gz",
            "11112222333_CloudTrail_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz",
            "111122223333_CloudTrail_us-east-2_20151301T0210Z_Mu0KsOhtH1ar15ZZ.json.gz",
            "111122223333_CloudTrail_us-east-2_20150801T02Z_a.json.gz",
            "111122223333_CloudTrail_US_20150801T0210Z_a.json.gz",
            "111122223333_Config_us-east-2_20150801T0210Z_a.json.gz",
            "111122223333_CloudTrail_us-east-2_2015080\u{e9}T0210Z",
        ] {
            assert_eq!(told(name), None, "{name}");
        }
    }

    #[test]
    fn a_log_has_one_of_these_endings_or_a_delivered_name() {
        for name in [
            "a.json",
            "b/a.JSON.GZ",
            "a.gz",
            "a.jsonl",
            "a.ndjson",
            "111122223333_CloudTrail_us-east-2_20150801T0210Z_a",
        ] {
            assert!(suggests_log(name), "{name}");
        }
        for name in [
            "",
            "a",
            ".DS_Store",
            "notes.txt",
            "json",
            "a.json.bak",
            "\u{e9}",
        ] {
            assert!(!suggests_log(name), "{name}");
        }
    }
}
