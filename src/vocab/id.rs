//! What may be called an account, a bucket, a Region, an event?
//!
//! Each name is checked once, where it enters; from then on its type says that it was.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A text that lies where it is held: every record names an account and a Region, and they are copied often. What it does not
/// fill is zero, and no name holds a zero: so it is ordered as the text is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Short<const MOST: usize>([u8; MOST]);

impl<const MOST: usize> Short<MOST> {
    /// `None` of a text that is too long.
    fn of(text: &str) -> Option<Self> {
        let mut bytes = [0; MOST];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        Some(Self(bytes))
    }

    fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0);
        let text = self.0.get(..length.unwrap_or(MOST));
        text.and_then(|text| str::from_utf8(text).ok())
            .unwrap_or_default()
    }
}

/// A text of any length.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Long(Box<str>);

impl Long {
    fn of(text: &str) -> Option<Self> {
        Some(Self(text.into()))
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

/// Declares a checked name: a string that passed its rule, ordered and printed as itself.
macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident($held:ty), $rule:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name($held);

        impl $name {
            /// The name, or `None` where the text breaks the rule for such names.
            pub fn parse(text: &str) -> Option<Self> {
                match Self::is_valid(text) {
                    true => Some(Self(<$held>::of(text)?)),
                    false => None,
                }
            }

            /// Whether the text is such a name.
            pub fn is_valid(text: &str) -> bool {
                let rule: fn(&str) -> bool = $rule;
                rule(text)
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        /// As the text, by which it is found.
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }
    };
}

checked_name! {
    /// An AWS account id: twelve digits.
    ///
    /// <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html>
    AccountId(Short<12>), |text| AccountId::is_written(text.as_bytes())
}

checked_name! {
    /// A bucket's name.
    ///
    /// New names have 3 to 63 lower-case letters, digits, dots and hyphens; buckets made in us-east-1 before
    /// 2018-03-01 may have up to 255 characters, upper case and underscores. Both are accepted.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
    BucketName(Long), |text| (1..=255).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

checked_name! {
    /// An AWS Region's code, such as `eu-west-1`.
    Region(Short<32>), |text| (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

checked_name! {
    /// The id that CloudTrail gave an event: a GUID; edited and old exports hold other forms, so any short printable text passes.
    EventId(Long), |text| EventId::is_written(text.as_bytes())
}

impl AccountId {
    /// Whether bytes of a record are an account's id.
    pub fn is_written(bytes: &[u8]) -> bool {
        bytes.len() == 12 && bytes.iter().all(u8::is_ascii_digit)
    }
}

impl EventId {
    /// Whether bytes of a record are an event's id.
    pub fn is_written(bytes: &[u8]) -> bool {
        (1..=128).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
    }
}

impl Region {
    /// The Region where S3 lets an owner create a bucket that already exists.
    pub fn is_us_east_1(&self) -> bool {
        self.as_str() == "us-east-1"
    }

    /// The partition that it is in, as ARNs name it. Accounts, and names of buckets, are of one partition.
    ///
    /// <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>
    pub fn partition(&self) -> &'static str {
        const PARTITIONS: [(&str, &str); 6] = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eu-isoe-", "aws-iso-e"),
            ("eusc-", "aws-eusc"),
        ];
        let mut partitions = PARTITIONS.iter();
        let found = partitions.find(|(begins, _)| self.as_str().starts_with(begins));
        found.map_or("aws", |(_, partition)| partition)
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
    fn names_that_are_held_in_place_are_ordered_and_found_as_their_texts_are() {
        let texts = [
            "a",
            "a-1",
            "a1",
            "ab",
            "eu-west-1",
            "eu-west-10",
            "z",
            &"z".repeat(32),
        ];
        let regions = texts.map(|text| Region::parse(text).unwrap());
        for (one, region) in texts.iter().zip(&regions) {
            assert_eq!((region.as_str(), region.to_string().as_str()), (*one, *one));
            for (other, next) in texts.iter().zip(&regions) {
                assert_eq!(one.cmp(other), region.cmp(next), "{one} {other}");
            }
        }
        let found = std::collections::HashSet::from(regions);
        assert!(texts.iter().all(|text| found.contains(*text)));
        assert!(Region::parse(&"z".repeat(33)).is_none());
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
