//! What was asked of an access point, and of the other settings that a timeline notes?
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points.html>

use super::block::BlockFlags;
use super::change::{AccessPointChange, Asked, Change, NetworkOrigin, Payer, Version};
use super::json::{elements, field, find_field, scalar_text, text_at, unquoted};
use super::policy::Policy;
use crate::vocab::{AccountId, BucketName, Untrusted};
use serde_json::Value;

/// The access point that a request names.
pub(super) fn name_of(parameters: &Value) -> Untrusted {
    let name = ["name", "accessPointName"]
        .iter()
        .map(|key| text_at(parameters, &[key]))
        .find(|name| !name.is_empty());
    name.unwrap_or("").into()
}

/// CreateAccessPoint. A block that is not given is all four flags on.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateAccessPoint.html>
pub(super) fn read_creation(parameters: &Value) -> Change {
    let block = match find_field(parameters, "PublicAccessBlockConfiguration") {
        _ if find_field(parameters, "Bucket").is_none() => {
            Asked::Unreadable("no access point in the request")
        }
        None => Asked::Said(BlockFlags::ALL),
        Some(_) => BlockFlags::read(parameters),
    };
    let origin = match find_field(parameters, "VpcConfiguration") {
        Some(_) => NetworkOrigin::Vpc,
        None => NetworkOrigin::Internet,
    };
    let text = |key| {
        find_field(parameters, key)
            .and_then(scalar_text)
            .unwrap_or("")
    };
    Change::AccessPoint(
        name_of(parameters),
        AccessPointChange::Create {
            bucket: BucketName::parse(text("Bucket")),
            bucket_account: AccountId::parse(text("BucketAccountId")),
            block,
            origin,
        },
    )
}

/// The buckets that a request for a multi-region access point names.
pub(super) fn buckets_of(parameters: &Value) -> Vec<BucketName> {
    let regions = find_field(parameters, "Region")
        .or_else(|| find_field(parameters, "Regions"))
        .map(elements)
        .unwrap_or_default();
    regions
        .into_iter()
        .filter_map(|region| BucketName::parse(text_at(region, &["Bucket"])))
        .collect()
}

/// The access point that an Object Lambda access point stands on.
pub(super) fn supporting(parameters: &Value) -> Untrusted {
    let arn = find_field(parameters, "SupportingAccessPoint")
        .and_then(scalar_text)
        .unwrap_or("");
    arn.rsplit('/').next().unwrap_or("").into()
}

/// What an organization's policy says of the public access block of its accounts.
///
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3_syntax.html>
pub(super) fn organization_block(parameters: &Value) -> Untrusted {
    let content = field(parameters, "content").and_then(unquoted);
    let block = content
        .as_deref()
        .and_then(|content| find_field(content, "public_access_block_configuration"));
    let said = block.map(|block| text_at(block, &["@@assign"]));
    said.unwrap_or("").into()
}

pub(super) fn read_policy(parameters: &Value) -> Change {
    Change::AccessPoint(
        name_of(parameters),
        AccessPointChange::PutPolicy(Policy::read(parameters)),
    )
}

/// The key that a call on an object names.
pub(super) fn key_of(parameters: &Value) -> Untrusted {
    text_at(parameters, &["key"]).into()
}

/// The key whose current version a call deletes: none where it names an older version, for the others stay.
pub(super) fn deleted_key_of(parameters: &Value) -> Untrusted {
    match version_of(parameters) {
        Version::Current => key_of(parameters),
        Version::Named => Untrusted::default(),
    }
}

/// Which version of an object a call speaks of. `null` is the only one that a bucket without versioning has.
pub(super) fn version_of(parameters: &Value) -> Version {
    match text_at(parameters, &["versionId"]) {
        "" | "null" => Version::Current,
        _ => Version::Named,
    }
}

/// Where a replication configuration sends copies: the destinations' bucket ARNs.
pub(super) fn replication_of(parameters: &Value) -> Vec<Untrusted> {
    let rules = find_field(parameters, "Rule").or_else(|| find_field(parameters, "Rules"));
    let destination = |rule: &Value| {
        field(rule, "Destination")
            .map(|destination| text_at(destination, &["Bucket"]))
            .filter(|bucket| !bucket.is_empty())
            .map(Untrusted::from)
    };
    rules
        .map(elements)
        .unwrap_or_default()
        .into_iter()
        .filter_map(destination)
        .collect()
}

pub(super) fn payer_of(parameters: &Value) -> Payer {
    match find_field(parameters, "Payer").and_then(scalar_text) {
        Some("Requester") => Payer::Requester,
        Some("BucketOwner") => Payer::BucketOwner,
        _ => Payer::Unreadable,
    }
}
