//! What does a document tell that an investigator holds: what the AWS CLI printed of a bucket at some instant?
//!
//! The CLI prints an error where there is nothing; its text, kept in place of the document, proves that. An empty file proves
//! nothing: it is what a redirection leaves when the CLI failed.

use super::block::BlockFlags;
use super::document::Document;
use super::inquiry::Told;
use super::ownership::Ownership;
use super::table;
use serde_json::Value;

/// Which control a held document speaks of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum HeldKind {
    /// `policy.json`: `aws s3api get-bucket-policy`.
    Policy,
    /// `acl.json`: `aws s3api get-bucket-acl`.
    Acl,
    /// `block.json`: `aws s3api get-public-access-block`.
    Block,
    /// `ownership.json`: `aws s3api get-bucket-ownership-controls`.
    Ownership,
    /// `account-block.json`: `aws s3control get-public-access-block`.
    AccountBlock,
}

impl HeldKind {
    /// The kind of a file of that name.
    pub fn of_file(name: &str) -> Option<Self> {
        match name {
            "policy.json" => Some(Self::Policy),
            "acl.json" => Some(Self::Acl),
            "block.json" => Some(Self::Block),
            "ownership.json" => Some(Self::Ownership),
            "account-block.json" => Some(Self::AccountBlock),
            _ => None,
        }
    }

    /// The kind of a bucket's document, by what it says.
    fn of_document(document: &Document) -> Self {
        match document {
            Document::Policy(_) => Self::Policy,
            Document::Acl(_) => Self::Acl,
            Document::Block(_) => Self::Block,
            Document::Ownership(_) => Self::Ownership,
        }
    }

    /// The name of the read that gives such a document.
    pub fn read_name(self) -> &'static str {
        table::read_of(self)
    }

    /// The error that says that there is nothing, and what there is then.
    fn nothing(self) -> Option<(&'static str, Told)> {
        let block = "NoSuchPublicAccessBlockConfiguration";
        match self {
            Self::Policy => Some(("NoSuchBucketPolicy", Told::Policy(None))),
            Self::Acl => None,
            Self::Block => Some((block, Told::Block(BlockFlags::NONE))),
            Self::Ownership => Some((
                "OwnershipControlsNotFoundError",
                Told::Ownership(Ownership::ObjectWriter),
            )),
            Self::AccountBlock => Some((block, Told::AccountBlock(BlockFlags::NONE))),
        }
    }
}

/// What a held document tells.
///
/// # Errors
/// If it is not what its name says, or says nothing; with the reason.
pub fn held(kind: HeldKind, bytes: &[u8]) -> Result<Told, &'static str> {
    match saved(bytes)? {
        Saved::Json(value) => told(kind, Document::read(&value)?),
        Saved::Words(text) => refused(kind, text),
    }
}

/// The same of a document that no name tells apart: which control of a bucket it speaks of, and what it tells.
///
/// # Errors
/// If it is none that the AWS CLI prints of a bucket, or says nothing; with the reason.
pub fn held_of_bucket(bytes: &[u8]) -> Result<(HeldKind, Told), &'static str> {
    match saved(bytes)? {
        Saved::Json(value) => {
            let document = Document::read(&value)?;
            let kind = HeldKind::of_document(&document);
            Ok((kind, told(kind, document)?))
        }
        Saved::Words(text) => {
            let kinds = [HeldKind::Policy, HeldKind::Block, HeldKind::Ownership];
            let known = kinds
                .into_iter()
                .find_map(|kind| Some((kind, refused(kind, text).ok()?)));
            known.ok_or(NO_ANSWER)
        }
    }
}

const NO_ANSWER: &str =
    "it is no JSON, and no error of the AWS CLI that says that there is nothing";

/// What a file holds that the AWS CLI's output was saved in.
enum Saved<'t> {
    Json(Value),
    Words(&'t str),
}

fn saved(bytes: &[u8]) -> Result<Saved<'_>, &'static str> {
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf".as_slice())
        .unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|_| "it is no UTF-8")?
        .trim();
    match serde_json::from_str(text) {
        Ok(value) => Ok(Saved::Json(value)),
        Err(_) if text.is_empty() => {
            Err("it is empty: whether there is nothing or the AWS CLI failed cannot be told")
        }
        Err(_) => Ok(Saved::Words(text)),
    }
}

/// The error that the AWS CLI printed.
fn refused(kind: HeldKind, text: &str) -> Result<Told, &'static str> {
    let (code, nothing) = kind.nothing().ok_or("it is no JSON")?;
    match text.contains(&format!("({code})")) {
        true => Ok(nothing),
        false => Err(NO_ANSWER),
    }
}

fn told(kind: HeldKind, document: Document) -> Result<Told, &'static str> {
    match (kind, document) {
        (HeldKind::Policy, Document::Policy(policy)) => Ok(Told::Policy(Some(policy))),
        (HeldKind::Acl, Document::Acl(acl)) => Ok(Told::Acl(acl)),
        (HeldKind::Block, Document::Block(flags)) => Ok(Told::Block(flags)),
        (HeldKind::Ownership, Document::Ownership(ownership)) => Ok(Told::Ownership(ownership)),
        (HeldKind::AccountBlock, Document::Block(flags)) => Ok(Told::AccountBlock(flags)),
        _ => Err("it is another document than its name says"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cli_prints_is_told() {
        let none = "\nAn error occurred (NoSuchBucketPolicy) when calling the GetBucketPolicy operation: The bucket policy does not exist\n";
        assert_eq!(
            held(HeldKind::Policy, none.as_bytes()),
            Ok(Told::Policy(None))
        );
        let block = br#"{"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}}"#;
        assert_eq!(
            held(HeldKind::Block, block),
            Ok(Told::Block(BlockFlags::ALL))
        );
        assert_eq!(
            held(HeldKind::AccountBlock, block),
            Ok(Told::AccountBlock(BlockFlags::ALL))
        );
        let rules =
            br#"{"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}"#;
        assert_eq!(
            held(HeldKind::Ownership, rules),
            Ok(Told::Ownership(Ownership::BucketOwnerEnforced))
        );
    }

    #[test]
    fn what_proves_nothing_is_refused() {
        let denied = b"An error occurred (AccessDenied) when calling the GetBucketPolicy operation: Access Denied";
        let block = br#"{"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}}"#;
        for bytes in [b"".as_slice(), b" \n", denied, block, b"{}", b"\xff"] {
            assert!(held(HeldKind::Policy, bytes).is_err(), "{bytes:?}");
        }
    }
    #[test]
    fn what_no_name_tells_apart_is_told_alike() {
        let error = |code: &str| format!("An error occurred ({code}) when calling an operation: x");
        let [policy, block, ownership] = [
            "NoSuchBucketPolicy",
            "NoSuchPublicAccessBlockConfiguration",
            "OwnershipControlsNotFoundError",
        ]
        .map(error);
        let flags = r#"{"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}}"#.to_owned();
        for (kind, text) in [
            (HeldKind::Policy, policy),
            (HeldKind::Policy, r#"{"Statement": []}"#.to_owned()),
            (HeldKind::Block, block),
            (HeldKind::Block, flags),
            (HeldKind::Ownership, ownership),
            (HeldKind::Acl, r#"{"Grants": []}"#.to_owned()),
        ] {
            let told = held(kind, text.as_bytes()).unwrap();
            assert_eq!(held_of_bucket(text.as_bytes()), Ok((kind, told)), "{text}");
        }
        for text in [&error("AccessDenied"), "", "{}", "{", "NoSuchBucketPolicy"] {
            assert!(held_of_bucket(text.as_bytes()).is_err(), "{text}");
        }
    }
}
