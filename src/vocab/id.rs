//! What may be called an account, a bucket, a Region, an event?
//!
//! Each name is checked once, where it enters; from then on its type says that it was.

use std::borrow::Borrow;
use std::fmt;

/// Declares a checked name: a string that passed its rule, ordered and printed as itself.
macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident, $rule:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The name, or `None` where the text breaks the rule for such names.
            pub fn parse(text: &str) -> Option<Self> {
                Self::is_valid(text).then(|| Self(text.into()))
            }

            /// Whether the text is such a name.
            pub fn is_valid(text: &str) -> bool {
                let rule: fn(&str) -> bool = $rule;
                rule(text)
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

checked_name! {
    /// An AWS account id: twelve digits.
    ///
    /// <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html>
    AccountId, |text| AccountId::is_written(text.as_bytes())
}

checked_name! {
    /// A bucket's name.
    ///
    /// New names have 3 to 63 lower-case letters, digits, dots and hyphens; buckets made in us-east-1 before
    /// 2018-03-01 may have up to 255 characters, upper case and underscores. Both are accepted.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
    BucketName, |text| (1..=255).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

checked_name! {
    /// An AWS Region's code, such as `eu-west-1`.
    Region, |text| (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

checked_name! {
    /// The id that CloudTrail gave an event: a GUID; edited and old exports hold other forms, so any short printable text passes.
    EventId, |text| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl AccountId {
    /// Whether bytes of a record are an account's id.
    pub fn is_written(bytes: &[u8]) -> bool {
        bytes.len() == 12 && bytes.iter().all(u8::is_ascii_digit)
    }
}

impl Region {
    /// The Region where S3 lets an owner create a bucket that already exists.
    pub fn is_us_east_1(&self) -> bool {
        self.as_str() == "us-east-1"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_twelve_digits() {
        assert!(AccountId::parse("111122223333").is_some());
        for wrong in [
            "",
            "11112222333",
            "1111222233334",
            "16xxxxxxxxx9",
            "anonymous",
        ] {
            assert!(AccountId::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_bucket_name_has_no_other_characters() {
        for right in ["amzn-s3-demo-bucket", "Old_Name", "a.b"] {
            assert!(BucketName::parse(right).is_some(), "{right}");
        }
        for wrong in ["", "a b", "a/b", "<script>", "ü"] {
            assert!(BucketName::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_event_id_is_short_and_printable() {
        assert!(EventId::parse("ab45689d-69cd-41e7-8705-5350402cf7ac").is_some());
        assert!(EventId::parse("a\u{1b}]52").is_none());
    }
}
