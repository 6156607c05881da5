//! Who owns the objects of a bucket, and do its ACLs count?

use super::change::Asked;
use super::json::{find_field, scalar_text};
use serde_json::Value;

/// S3 Object Ownership. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ownership {
    /// ACLs are disabled: they neither grant nor can be set.
    BucketOwnerEnforced,
    /// ACLs count; new objects with the right header belong to the bucket's owner.
    BucketOwnerPreferred,
    /// ACLs count; objects belong to whoever wrote them.
    ObjectWriter,
}

impl Ownership {
    /// Whether ACLs count.
    pub fn acls_enabled(self) -> bool {
        self != Self::BucketOwnerEnforced
    }

    /// The setting's name, as AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BucketOwnerEnforced => "BucketOwnerEnforced",
            Self::BucketOwnerPreferred => "BucketOwnerPreferred",
            Self::ObjectWriter => "ObjectWriter",
        }
    }

    /// The setting of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::BucketOwnerEnforced,
            Self::BucketOwnerPreferred,
            Self::ObjectWriter,
        ]
        .into_iter()
        .find(|setting| setting.name().eq_ignore_ascii_case(text.trim()))
    }

    /// Reads `OwnershipControls` in a request or a document: an object or array of rules, or a lone `ObjectOwnership`.
    pub(crate) fn read(parameters: &Value) -> Asked<Self> {
        match find_field(parameters, "ObjectOwnership")
            .and_then(scalar_text)
            .and_then(Self::parse)
        {
            Some(setting) => Asked::Said(setting),
            None => Asked::Unreadable("no ObjectOwnership in the request"),
        }
    }
}
