//! How is it said? Durations, counts and the closed lists of the contract, in words.

use crate::exposure::Assumption;
use crate::timeline::{ClosedHow, Exposure, OpenedHow};
use crate::vocab::SkipReason;

/// A space at which no line breaks.
pub(super) const HARD_SPACE: char = '\u{a0}';

/// A length of time in its two largest units.
pub(super) fn duration(seconds: i64) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let mut left = seconds.max(0);
    let mut parts: Vec<String> = Vec::new();
    for (unit, length) in units {
        let number = left / length;
        left %= length;
        if number > 0 {
            parts.push(format!(
                "{}{HARD_SPACE}{unit}",
                grouped(number.unsigned_abs())
            ));
        } else if !parts.is_empty() {
            break;
        }
    }
    parts.truncate(2);
    match parts.is_empty() {
        true => "less than 1\u{a0}s".to_owned(),
        false => parts.join("\u{a0}"),
    }
}

/// A number and what it counts.
pub(super) fn count(number: impl TryInto<u64>, noun: &str) -> String {
    match number.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {noun}"),
        number => format!("{} {noun}s", grouped(number)),
    }
}

/// A number with its thousands set apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes, in the largest unit that it fills.
pub(super) fn bytes(number: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1 << 40, "TiB"),
        (1 << 30, "GiB"),
        (1 << 20, "MiB"),
        (1 << 10, "KiB"),
    ];
    match UNITS.into_iter().find(|(size, _)| number >= *size) {
        None => format!("{number} B"),
        Some((size, unit)) => {
            let tenths = u128::from(number) * 10 / u128::from(size);
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
    }
}

/// The first names of many, and how many more.
pub(super) fn first_few(names: &[String], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(String::as_str).collect();
    match names.len().saturating_sub(most) {
        0 => shown.join(", "),
        left => format!("{} and {left} more", shown.join(", ")),
    }
}

/// What was assumed, of one bucket.
pub(super) fn assumption(assumption: Assumption) -> &'static str {
    match assumption {
        Assumption::PolicyUnseen => "the bucket's policy was never seen; taken as none",
        Assumption::AclUnseen => "the bucket's ACL was never seen; taken as the owner's only",
        Assumption::OwnershipUnseen => "object ownership was never seen; ACLs taken as enabled",
        Assumption::BucketBlockUnseen => {
            "the bucket's public access block was never seen; taken as off"
        }
        Assumption::AccountBlockUnseen => {
            "the account's public access block was never seen; taken as off"
        }
        Assumption::OrganizationBlockUnseen => {
            "the organization's public access block cannot be seen; taken as off"
        }
        Assumption::CreationDefaultsEither => {
            "the bucket was created while S3 changed its defaults; taken as the old ones"
        }
        Assumption::DenyUndecided => "a Deny statement may take the grant away",
    }
}

/// How it is known when an exposure began; nothing where an event says so.
pub(super) fn opened_how(row: &Exposure) -> Option<String> {
    match row.opened_how {
        OpenedHow::Event => None,
        OpenedHow::FirstEvidence => Some("what was before is not in the evidence".to_owned()),
        OpenedHow::BeforeEvidence => {
            Some("it was open before the evidence begins; who opened it was not seen".to_owned())
        }
        OpenedHow::Observed => Some(
            "somebody from outside got in; what let them in was not seen, nor when it began"
                .to_owned(),
        ),
        OpenedHow::InGap => Some(match row.opened_not_before {
            Some(time) => format!("it was closed at {time}; what opened it since was not seen"),
            None => "what opened it was not seen".to_owned(),
        }),
    }
}

/// How it is known when an exposure ended; nothing where an event says so, or it is open.
pub(super) fn closed_how(row: &Exposure) -> Option<String> {
    match row.closed_how {
        ClosedHow::Event | ClosedHow::StillOpen => None,
        ClosedHow::InGap => Some(match row.closed_not_after {
            Some(time) => format!("it was closed by {time}; what closed it was not seen"),
            None => "what closed it was not seen".to_owned(),
        }),
        ClosedHow::LastSeen => Some("the end is the last time that anybody was seen".to_owned()),
        ClosedHow::Opaque => Some("what came then cannot be told".to_owned()),
    }
}

/// Files that were skipped, by reason.
pub(super) fn skipped(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::ControlMessage => "control messages of a log subscription",
        SkipReason::DeliveredBefore => "delivered before `--read-from`",
        SkipReason::DeliveredAfter => "delivered after `--read-to`",
        SkipReason::NotIncluded => "not among what `--include` names",
        SkipReason::Excluded => "excluded by `--exclude`",
        SkipReason::OtherShard => "of other shards than `--shard` names",
        SkipReason::Digest => "digest files",
        SkipReason::Insight => "files of Insight events",
        SkipReason::Aggregated => "file of aggregated events",
        SkipReason::NotCloudTrail => "files that are not CloudTrail's",
        SkipReason::NotAFile => "no regular files",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_its_two_largest_units() {
        for (seconds, text) in [
            (0, "less than 1 s"),
            (-5, "less than 1 s"),
            (59, "59 s"),
            (3368, "56 min 8 s"),
            (3600, "1 h"),
            (3601, "1 h"),
            (1_047_600, "12 d 3 h"),
            (86_400 * 1200 + 59, "1,200 d"),
        ] {
            assert_eq!(duration(seconds).replace(HARD_SPACE, " "), text);
        }
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(count(1_u64, "file"), "1 file");
        assert_eq!(count(0_u64, "file"), "0 files");
        assert_eq!(count(1_234_567_u64, "file"), "1,234,567 files");
    }

    #[test]
    fn of_many_names_a_few_are_shown() {
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(first_few(&names, 3), "a, b, c");
        assert_eq!(first_few(&names, 1), "a and 2 more");
    }
}
