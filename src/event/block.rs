//! Which public access block did a call set?

use super::change::Asked;
use super::json::{field, find_field};
use serde_json::Value;

/// The four flags of S3 Block Public Access. A put replaces all four; a flag that is not given is off.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct BlockFlags {
    /// Refuses calls that would set a public ACL.
    pub block_public_acls: bool,
    /// Ignores public ACLs that exist.
    pub ignore_public_acls: bool,
    /// Refuses calls that would set a public policy.
    pub block_public_policy: bool,
    /// Lets only AWS services and the owner's account use a bucket whose policy is public.
    pub restrict_public_buckets: bool,
}

impl BlockFlags {
    /// No flag: what a level without a configuration amounts to.
    pub const NONE: Self = Self {
        block_public_acls: false,
        ignore_public_acls: false,
        block_public_policy: false,
        restrict_public_buckets: false,
    };

    /// All four flags: what S3 gives new buckets since April 2023.
    pub const ALL: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// The flags of both levels together: S3 applies the most restrictive, flag by flag.
    pub fn or(self, other: Self) -> Self {
        Self {
            block_public_acls: self.block_public_acls | other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls | other.ignore_public_acls,
            block_public_policy: self.block_public_policy | other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets | other.restrict_public_buckets,
        }
    }

    /// The flags that both have on.
    pub fn and(self, other: Self) -> Self {
        Self {
            block_public_acls: self.block_public_acls & other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls & other.ignore_public_acls,
            block_public_policy: self.block_public_policy & other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets & other.restrict_public_buckets,
        }
    }

    /// Whether some flag that is on here is off there.
    pub fn loses_to(self, later: Self) -> bool {
        self.or(later) != later
    }

    /// The names of the flags that are on, as AWS writes them.
    pub fn names(self) -> Vec<&'static str> {
        NAMES
            .into_iter()
            .zip(self.as_array())
            .filter_map(|(name, on)| on.then_some(name))
            .collect()
    }

    fn as_array(self) -> [bool; 4] {
        [
            self.block_public_acls,
            self.ignore_public_acls,
            self.block_public_policy,
            self.restrict_public_buckets,
        ]
    }

    /// Reads `PublicAccessBlockConfiguration` in a request or a document, or the flags where they stand alone.
    pub(crate) fn read(parameters: &Value) -> Asked<Self> {
        let Some(configuration) = configuration_in(parameters) else {
            return Asked::Unreadable("no PublicAccessBlockConfiguration in the request");
        };
        let mut flags = [false; 4];
        for (flag, name) in flags.iter_mut().zip(NAMES) {
            match field(configuration, name).map(truth) {
                None => {}
                Some(Some(on)) => *flag = on,
                Some(None) => {
                    return Asked::Unreadable(
                        "a flag of PublicAccessBlockConfiguration is neither true nor false",
                    );
                }
            }
        }
        let [
            block_public_acls,
            ignore_public_acls,
            block_public_policy,
            restrict_public_buckets,
        ] = flags;
        Asked::Said(Self {
            block_public_acls,
            ignore_public_acls,
            block_public_policy,
            restrict_public_buckets,
        })
    }
}

const NAMES: [&str; 4] = [
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
];

/// The configuration under its own name, or the object that holds any of the four flags.
fn configuration_in(parameters: &Value) -> Option<&Value> {
    match find_field(parameters, "PublicAccessBlockConfiguration") {
        Some(configuration) if configuration.is_object() => Some(configuration),
        Some(Value::String(text)) if text.is_empty() => Some(&Value::Null),
        Some(Value::Array(elements)) => elements.first().filter(|inner| inner.is_object()),
        Some(_) => None,
        None => object_with_flag(parameters),
    }
}

fn object_with_flag(value: &Value) -> Option<&Value> {
    match value {
        Value::Object(object) if NAMES.iter().any(|name| field(value, name).is_some()) => {
            Some(value).filter(|_| !object.is_empty())
        }
        Value::Object(object) => object.values().find_map(object_with_flag),
        _ => None,
    }
}

/// Reads `true`, `"true"`, `["true"]` and the like.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        Value::Array(elements) => elements
            .first()
            .filter(|_| elements.len() == 1)
            .and_then(truth),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_flag_that_is_not_given_is_off() {
        let asked = BlockFlags::read(
            &json!({"PublicAccessBlockConfiguration": {"xmlns": "x", "BlockPublicAcls": true}}),
        );
        assert_eq!(
            asked,
            Asked::Said(BlockFlags {
                block_public_acls: true,
                ..BlockFlags::NONE
            })
        );
    }

    #[test]
    fn flags_may_be_text_in_an_array_or_without_a_wrapper() {
        for shape in [
            json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": ["true"], "IgnorePublicAcls": "true", "BlockPublicPolicy": "TRUE", "RestrictPublicBuckets": true}}),
            json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}),
            json!({"putPublicAccessBlockRequest": {"publicaccessblockconfiguration": {"blockpublicacls": true, "ignorepublicacls": true, "blockpublicpolicy": true, "restrictpublicbuckets": true}}}),
        ] {
            assert_eq!(
                BlockFlags::read(&shape),
                Asked::Said(BlockFlags::ALL),
                "{shape}"
            );
        }
    }

    #[test]
    fn a_request_without_a_configuration_says_nothing() {
        for shape in [
            json!({"bucketName": "b"}),
            json!({"omitted": true}),
            json!(null),
            json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": 1}}),
        ] {
            assert!(
                matches!(BlockFlags::read(&shape), Asked::Unreadable(_)),
                "{shape}"
            );
        }
    }
}
