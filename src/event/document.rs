//! Which document of a bucket is this? Told apart by content, not by name.

use super::acl::Acl;
use super::block::BlockFlags;
use super::change::Asked;
use super::json::{field, find_field, unquoted};
use super::ownership::Ownership;
use super::policy::Policy;
use serde_json::Value;
use std::borrow::Cow;

/// A document that says what one control is, as the AWS CLI prints it or as CloudTrail records a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Document {
    /// A bucket policy.
    Policy(Policy),
    /// An ACL.
    Acl(Acl),
    /// A public access block.
    Block(BlockFlags),
    /// Object ownership.
    Ownership(Ownership),
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// If it is none of the four, or one of them that cannot be understood; with the reason.
    pub fn read(value: &Value) -> Result<Self, &'static str> {
        let written = unquoted(value).ok_or("a string that holds no JSON")?;
        let parameters = field(&*written, "requestParameters").and_then(unquoted);
        let value = parameters.unwrap_or(Cow::Borrowed(&*written));
        let kinds: Vec<Kind> = KINDS
            .into_iter()
            .filter(|(_, keys)| keys.iter().any(|key| find_field(&value, key).is_some()))
            .map(|(kind, _)| kind)
            .collect();
        match kinds.as_slice() {
            [] => Err("neither a policy, an ACL, a public access block nor object ownership"),
            [Kind::Policy] => said(Policy::read(&value)).map(Self::Policy),
            [Kind::Block] => said(BlockFlags::read(&value)).map(Self::Block),
            [Kind::Acl] => said(Acl::read(&value)).map(Self::Acl),
            [Kind::Ownership] => said(Ownership::read(&value)).map(Self::Ownership),
            _ => Err("more than one kind of document in one file"),
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Policy,
    Acl,
    Block,
    Ownership,
}

/// By which keys each kind is known.
const KINDS: [(Kind, &[&str]); 4] = [
    (Kind::Policy, &["Statement", "Policy", "bucketPolicy"]),
    (
        Kind::Block,
        &[
            "BlockPublicAcls",
            "IgnorePublicAcls",
            "BlockPublicPolicy",
            "RestrictPublicBuckets",
            "PublicAccessBlockConfiguration",
        ],
    ),
    (
        Kind::Acl,
        &[
            "Grants",
            "AccessControlList",
            "AccessControlPolicy",
            "x-amz-acl",
            "x-amz-grant-read",
            "x-amz-grant-write",
            "x-amz-grant-read-acp",
            "x-amz-grant-write-acp",
            "x-amz-grant-full-control",
        ],
    ),
    (Kind::Ownership, &["ObjectOwnership"]),
];

fn said<T>(asked: Asked<T>) -> Result<T, &'static str> {
    match asked {
        Asked::Said(said) => Ok(said),
        Asked::Unreadable(why) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_told_apart_by_content() {
        let policy = json!({"Version": "2012-10-17", "Statement": []});
        assert!(matches!(Document::read(&policy), Ok(Document::Policy(_))));
        assert!(matches!(
            Document::read(&json!({"Policy": policy.to_string()})),
            Ok(Document::Policy(_))
        ));
        assert!(matches!(
            Document::read(&json!({"Owner": {"ID": "a"}, "Grants": []})),
            Ok(Document::Acl(_))
        ));
        assert!(matches!(
            Document::read(&json!({"x-amz-acl": "public-read", "bucketName": "b"})),
            Ok(Document::Acl(_))
        ));
        assert!(matches!(
            Document::read(&json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}})),
            Ok(Document::Block(_))
        ));
        assert!(matches!(
            Document::read(&json!({"BlockPublicAcls": true})),
            Ok(Document::Block(_))
        ));
        assert!(matches!(
            Document::read(
                &json!({"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}})
            ),
            Ok(Document::Ownership(_))
        ));
        let call = json!({"eventName": "PutBucketAcl", "requestParameters": {"acl": "", "x_amz_grant_read": "id=a"}});
        assert!(matches!(Document::read(&call), Ok(Document::Acl(_))));
        assert!(Document::read(&json!({"a": 1})).is_err());
    }

    #[test]
    fn two_documents_in_one_file_are_one_too_many() {
        let both = json!({"Policy": "{\"Statement\": []}", "PublicAccessBlockConfiguration": {"BlockPublicAcls": true}});
        assert_eq!(
            Document::read(&both),
            Err("more than one kind of document in one file")
        );
    }
}
