//! Which document of a bucket is this? Told apart by content, not by name.

use super::acl::Acl;
use super::block::BlockFlags;
use super::change::Asked;
use super::json::{find_field, unquoted};
use super::ownership::Ownership;
use super::policy::Policy;
use serde_json::Value;

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
        let value = unquoted(value).ok_or("a string that holds no JSON")?;
        let has = |key| find_field(&value, key).is_some();
        match () {
            () if has("Statement") || has("Policy") || has("bucketPolicy") => {
                said(Policy::read(&value)).map(Self::Policy)
            }
            () if [
                "BlockPublicAcls",
                "IgnorePublicAcls",
                "BlockPublicPolicy",
                "RestrictPublicBuckets",
                "PublicAccessBlockConfiguration",
            ]
            .into_iter()
            .any(has) =>
            {
                said(BlockFlags::read(&value)).map(Self::Block)
            }
            () => match Acl::read_if_any(&value) {
                Some(acl) => said(acl).map(Self::Acl),
                None if has("ObjectOwnership") => {
                    said(Ownership::read(&value)).map(Self::Ownership)
                }
                None => Err("neither a policy, an ACL, a public access block nor object ownership"),
            },
        }
    }
}

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
        assert!(Document::read(&json!({"a": 1})).is_err());
    }
}
