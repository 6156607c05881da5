//! How does a record become an event: whose bucket, which bucket, what was asked, how did it end?

use super::actor::Actor;
use super::change::{EventKey, ExposureEvent, Outcome};
use super::json::{elements, field, scalar_text, text_at, unquoted};
use super::table::Kind;
use crate::record::Record;
use crate::vocab::{AccountId, BucketName, EventId, LossKind, Region, Timestamp, Untrusted};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Why a record of interest could not become an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unusable {
    /// The kind of loss.
    pub kind: LossKind,
    /// The reason in words.
    pub detail: &'static str,
}

/// Reads an event of that kind from its record.
pub fn read_event(
    kind: &'static Kind,
    record: &Record<'_>,
    raw: &[u8],
) -> Result<ExposureEvent, Unusable> {
    let json = record.to_json();
    let unusable = |kind, detail| Unusable { kind, detail };
    let time =
        event_time(record).ok_or(unusable(LossKind::MissingField, "no readable eventTime"))?;
    let parameters = field(&json, "requestParameters")
        .and_then(unquoted)
        .unwrap_or(Value::Null);
    let change = kind.read(&parameters);
    let bucket = bucket_of(&json, &parameters);
    if bucket.is_none() && !change.is_account_wide() {
        return Err(unusable(
            LossKind::NoBucket,
            "no field of the record names the bucket",
        ));
    }
    let recipient = AccountId::parse(text_at(&json, &["recipientAccountId"]));
    Ok(ExposureEvent {
        key: key_of(&json, recipient.clone(), raw),
        time,
        name: kind.name,
        region: region_of(&json, &parameters),
        account: account_of(
            &json,
            &parameters,
            change.is_account_wide(),
            recipient.clone(),
        ),
        bucket: bucket.filter(|_| !change.is_account_wide()),
        change,
        outcome: Outcome::of(field(&json, "errorCode").and_then(scalar_text)),
        error_message: text_at(&json, &["errorMessage"]).into(),
        actor: Actor::read(&json),
        shared_event_id: EventId::parse(text_at(&json, &["sharedEventID"])),
        recipient,
        fullness: record.fullness(),
        record: Untrusted::new(String::from_utf8_lossy(raw)),
    })
}

/// The instant of a record: eventTime, or the `@timestamp` that some pipelines leave in its place.
pub fn event_time(record: &Record<'_>) -> Option<Timestamp> {
    ["eventTime", "@timestamp"]
        .iter()
        .find_map(|key| record.text(key).and_then(Timestamp::parse))
}

fn key_of(json: &Value, recipient: Option<AccountId>, raw: &[u8]) -> EventKey {
    match EventId::parse(text_at(json, &["eventID"])) {
        Some(id) => EventKey::Id(id, recipient),
        None => EventKey::Content(Sha256::digest(raw).into()),
    }
}

/// The bucket: from the parameters, else from the resources, else from a virtual-hosted Host header.
fn bucket_of(json: &Value, parameters: &Value) -> Option<BucketName> {
    ["bucketName", "bucket"]
        .iter()
        .find_map(|key| BucketName::parse(text_at(parameters, &[key])))
        .or_else(|| resource_buckets(json).find_map(|(arn, _)| bucket_in_arn(arn)))
        .or_else(|| bucket_in_host(host_of(parameters)))
}

/// The ARN and owner of each bucket among the record's resources.
fn resource_buckets(json: &Value) -> impl Iterator<Item = (&str, &str)> {
    let resources = field(json, "resources").map(elements).unwrap_or_default();
    resources
        .into_iter()
        .map(|resource| {
            (
                text_at(resource, &["ARN"]),
                text_at(resource, &["accountId"]),
            )
        })
        .filter(|(arn, _)| bucket_in_arn(arn).is_some())
}

/// The bucket of `arn:aws:s3:::bucket` or `arn:aws:s3:::bucket/key`.
fn bucket_in_arn(arn: &str) -> Option<BucketName> {
    let (_, tail) = arn.split_once(":s3:::")?;
    BucketName::parse(tail.split('/').next()?)
}

fn host_of(parameters: &Value) -> &str {
    text_at(parameters, &["Host"])
}

/// The bucket of a virtual-hosted address: `bucket.s3.region.amazonaws.com` and its older and special forms.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>
fn bucket_in_host(host: &str) -> Option<BucketName> {
    let host = host.split(':').next()?;
    host.strip_suffix(".amazonaws.com.cn")
        .or_else(|| host.strip_suffix(".amazonaws.com"))?;
    let at = [".s3.", ".s3-"]
        .iter()
        .filter_map(|mark| host.rfind(mark))
        .max()?;
    BucketName::parse(host.get(..at)?)
}

/// The account: for a bucket its owner, for an account-wide call the account in the Host header.
fn account_of(
    json: &Value,
    parameters: &Value,
    account_wide: bool,
    recipient: Option<AccountId>,
) -> Option<AccountId> {
    let named = match account_wide {
        true => account_in_host(host_of(parameters))
            .or_else(|| AccountId::parse(text_at(parameters, &["x-amz-account-id"]))),
        false => resource_buckets(json).find_map(|(_, account)| AccountId::parse(account)),
    };
    named
        .or(recipient)
        .or_else(|| AccountId::parse(text_at(json, &["userIdentity", "accountId"])))
}

/// The account of `111122223333.s3-control.region.amazonaws.com`.
fn account_in_host(host: &str) -> Option<AccountId> {
    let (account, rest) = host.split_once('.')?;
    rest.starts_with("s3-control")
        .then(|| AccountId::parse(account))?
}

/// The Region: for a new bucket the one it was asked for in, else where the event was recorded.
fn region_of(json: &Value, parameters: &Value) -> Option<Region> {
    match text_at(
        parameters,
        &["CreateBucketConfiguration", "LocationConstraint"],
    ) {
        "" => Region::parse(text_at(json, &["awsRegion"])),
        "EU" => Region::parse("eu-west-1"),
        named => Region::parse(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bucket_is_found_in_every_kind_of_host() {
        for (host, bucket) in [
            ("b.s3.eu-west-1.amazonaws.com", Some("b")),
            ("a.b.s3.amazonaws.com", Some("a.b")),
            ("b.s3-eu-west-1.amazonaws.com", Some("b")),
            ("b.s3.dualstack.eu-west-1.amazonaws.com", Some("b")),
            ("b.s3-accelerate.amazonaws.com", Some("b")),
            ("b.s3-website-us-east-1.amazonaws.com", Some("b")),
            ("b.s3.cn-north-1.amazonaws.com.cn", Some("b")),
            ("b.s3.eu-west-1.amazonaws.com:443", Some("b")),
            ("s3.eu-west-1.amazonaws.com", None),
            ("s3.amazonaws.com", None),
            ("www.example.com", None),
        ] {
            assert_eq!(
                bucket_in_host(host).as_ref().map(BucketName::as_str),
                bucket,
                "{host}"
            );
        }
    }

    #[test]
    fn the_owner_among_the_resources_goes_before_the_recipient() {
        let record = json!({"recipientAccountId": "444455556666",
            "resources": [{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b", "accountId": "111122223333"}]});
        let account = account_of(
            &record,
            &Value::Null,
            false,
            AccountId::parse("444455556666"),
        );
        assert_eq!(account, AccountId::parse("111122223333"));
    }

    #[test]
    fn an_account_wide_call_names_its_account_in_the_host() {
        let parameters = json!({"Host": "111122223333.s3-control.us-east-1.amazonaws.com"});
        assert_eq!(
            account_of(&json!({}), &parameters, true, None),
            AccountId::parse("111122223333")
        );
    }
}
