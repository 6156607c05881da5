//! When are two sets of files put together without looking each file up?

use crate::vocab::LogFileId;
use std::collections::BTreeMap;

type Files<V> = BTreeMap<LogFileId, V>;

/// Whether one of them ends before the other begins, and the second is not small beside the first.
pub(super) fn lie_apart<V>(one: &Files<V>, other: &Files<V>) -> bool {
    other.len() > one.len() / 8 && (ends_before(one, other) || ends_before(other, one))
}

fn ends_before<V>(one: &Files<V>, other: &Files<V>) -> bool {
    let ends = one.last_key_value().zip(other.first_key_value());
    ends.is_none_or(|((last, _), (first, _))| last < first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_shares_no_file_lies_apart() {
        let files = |names: &str| -> Files<()> {
            let names = names.chars();
            names
                .map(|name| (LogFileId::new(name.to_string()), ()))
                .collect()
        };
        for (one, other, expected) in [
            ("ab", "cd", true),
            ("cd", "ab", true),
            ("", "ab", true),
            ("ab", "", false),
            ("ab", "bc", false),
            ("ac", "bd", false),
            ("ad", "bc", false),
            ("abcdefgh", "z", false),
            ("abcdefg", "z", true),
        ] {
            let found = lie_apart(&files(one), &files(other));
            assert_eq!(found, expected, "{one} {other}");
        }
    }
}
