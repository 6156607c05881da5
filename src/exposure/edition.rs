//! Which edition of S3's rule was in force when a policy was put?
//!
//! S3's page on the meaning of public was changed at least twice, on days that nobody recorded. Policies are judged by the
//! page as it stands today; where an earlier edition read otherwise, the verdict says so (`rule_edition`).

use crate::vocab::Timestamp;

/// The edition in force when a policy was put, as far as the date tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Edition {
    /// Before June 2023, by when ranges wider than /8 or /32 surely counted as public; in 2019 they did not.
    Early,
    /// Before 2026, by when a fixed KMS key surely no longer counted; in June 2023 it still did.
    Middle,
    /// Today's, also where there is no date.
    #[default]
    Today,
}

/// 2023-06-01T00:00:00Z.
const MIDDLE: Timestamp = Timestamp::from_unix(1_685_577_600);
/// 2026-01-01T00:00:00Z.
const TODAY: Timestamp = Timestamp::from_unix(1_767_225_600);

impl Edition {
    /// The edition in force at that instant.
    pub fn at(put: Timestamp) -> Self {
        match put {
            put if put < MIDDLE => Self::Early,
            put if put < TODAY => Self::Middle,
            _ => Self::Today,
        }
    }
}

/// A fact that the editions read differently.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Revised {
    /// A range wider than /8 or /32 was a fixed value once.
    WideRange,
    /// A fixed KMS key was a listed value once.
    KmsKey,
    /// A web identity host as principal was an example of a public policy once.
    WebIdentity,
}

impl Revised {
    /// What an earlier edition said.
    pub fn note(self) -> &'static str {
        match self {
            Self::WideRange => {
                "rule_edition: in 2019 S3 had no limit of /8 and /32 yet and took a wide range as fixed"
            }
            Self::KmsKey => {
                "rule_edition: until 2023 S3 counted a fixed KMS key among the values that make a policy not public"
            }
            Self::WebIdentity => {
                "rule_edition: until 2023 S3's page showed such a policy as public"
            }
        }
    }

    /// Whether the edition in force when the policy was put may have been the earlier one.
    pub fn is_in_doubt(self, edition: Edition) -> bool {
        match self {
            Self::WideRange => edition == Edition::Early,
            Self::KmsKey | Self::WebIdentity => edition < Edition::Today,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_turn_where_the_page_is_known_to_have_turned() {
        for (time, expected) in [
            ("2019-11-01T00:00:00Z", Edition::Early),
            ("2023-05-31T23:59:59Z", Edition::Early),
            ("2023-06-01T00:00:00Z", Edition::Middle),
            ("2025-12-31T23:59:59Z", Edition::Middle),
            ("2026-01-01T00:00:00Z", Edition::Today),
        ] {
            assert_eq!(
                Timestamp::parse(time).map(Edition::at),
                Some(expected),
                "{time}"
            );
        }
    }
}
