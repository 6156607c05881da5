//! How does a record become an event: whose bucket, which bucket, what was asked, how did it end?

use super::actor::Actor;
use super::change::{Change, EventKey, ExposureEvent};
use super::copied::{CopySource, is_alias, is_apart};
use super::json::{Tree, compacted, elements, field, text_at, unquoted};
use super::outcome::Outcome;
use super::table::Kind;
use crate::record::Record;
use crate::vocab::{AccountId, BucketName, EventId, LossKind, Region, Timestamp, Untrusted};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

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
    let written = Written {
        time: time_of(record)?,
        fullness: record.fullness(),
        text: compacted(raw),
    };
    read_json(kind, record.view(), written)
}

/// What of a record is not in its JSON.
pub(super) struct Written {
    pub time: Timestamp,
    pub fullness: u64,
    /// The record as it was written, without white space between its values: the same in whichever form it lay.
    pub text: String,
}

/// Reads an event of that kind from a record's JSON.
pub(super) fn read_json<'v>(
    kind: &'static Kind,
    json: impl Tree<'v>,
    written: Written,
) -> Result<ExposureEvent, Unusable> {
    let parameters = parameters_of(json);
    let change = kind.read(&parameters);
    let text = written.text.as_bytes();
    let subject = Subject::of(&change);
    let place = Place::among((json, &parameters), written.time, text, subject)?;
    Ok(ExposureEvent {
        key: place.key,
        time: place.time,
        name: kind.name,
        region: place.region,
        account: place.account,
        bucket: place.bucket,
        change,
        outcome: Outcome::of_record(json),
        error_message: text_at(json, &["errorMessage"]).into(),
        actor: Actor::read(json),
        shared_event_id: EventId::parse(text_at(json, &["sharedEventID"])),
        recipient: place.recipient,
        fullness: written.fullness,
        record: Untrusted::new(written.text),
    })
}

pub(super) fn parameters_of<'v>(json: impl Tree<'v>) -> Cow<'v, Value> {
    field(json, "requestParameters")
        .and_then(unquoted)
        .unwrap_or(Cow::Owned(Value::Null))
}

/// The policy that a record of a call carries, as it was written.
pub fn policy_written(record: &Untrusted) -> Option<Value> {
    let json = serde_json::from_str(record.reveal()).ok()?;
    super::policy::document_in(&parameters_of(&json)).map(Cow::into_owned)
}

/// Of what a record speaks, and so where it names it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Bucket,
    Account,
    /// An access point or an organization: its account is named as an account-wide call's.
    Other,
}

impl Subject {
    fn of(change: &Change) -> Self {
        match change {
            _ if change.is_account_wide() => Self::Account,
            _ if change.names_bucket() => Self::Bucket,
            _ => Self::Other,
        }
    }
}

/// Which event a record tells of, when and where: what every kind of record must say.
pub(super) struct Place {
    pub key: EventKey,
    pub time: Timestamp,
    pub region: Option<Region>,
    pub account: Option<AccountId>,
    pub bucket: Option<BucketName>,
    pub recipient: Option<AccountId>,
}

impl Place {
    /// Reads them. Only what speaks of a bucket must name one.
    pub fn of<'v>(
        json: impl Tree<'v>,
        time: Timestamp,
        raw: &[u8],
        subject: Subject,
    ) -> Result<Self, Unusable> {
        Self::among((json, &parameters_of(json)), time, raw, subject)
    }

    /// The same, where the record's parameters were read already.
    fn among<'v>(
        (json, parameters): (impl Tree<'v>, &Value),
        time: Timestamp,
        raw: &[u8],
        subject: Subject,
    ) -> Result<Self, Unusable> {
        let of_bucket = subject == Subject::Bucket;
        let bucket = bucket_of(json, parameters).filter(|_| of_bucket);
        if bucket.is_none() && of_bucket {
            return Err(Unusable {
                kind: LossKind::NoBucket,
                detail: "no field of the record names the bucket",
            });
        }
        let recipient = AccountId::parse(text_at(json, &["recipientAccountId"]));
        Ok(Self {
            key: key_of(json, recipient.clone(), raw),
            time,
            region: region_of(json, parameters),
            account: account_of(
                json,
                parameters,
                (subject, bucket.as_ref()),
                recipient.clone(),
            ),
            bucket,
            recipient,
        })
    }
}

/// The instant of a record: eventTime, or the `@timestamp` that some pipelines leave in its place.
pub fn event_time(record: &Record<'_>) -> Option<Timestamp> {
    ["eventTime", "@timestamp"]
        .iter()
        .find_map(|key| record.text(key).and_then(Timestamp::parse))
}

/// The instant of a record of interest, which must have one.
pub(super) fn time_of(record: &Record<'_>) -> Result<Timestamp, Unusable> {
    event_time(record).ok_or(Unusable {
        kind: LossKind::MissingField,
        detail: "no readable eventTime",
    })
}

/// A record as it was written, as tables tell it.
pub fn record_text(raw: &[u8]) -> Untrusted {
    compacted(raw).into()
}

/// The bucket that a record of any kind names.
pub fn bucket_named(record: &Record<'_>) -> Option<BucketName> {
    let json = record.view();
    bucket_of(json, &parameters_of(json))
}

/// Which event a record of any kind is.
pub fn event_key(record: &Record<'_>, raw: &[u8]) -> EventKey {
    let recipient = record.text("recipientAccountId").and_then(AccountId::parse);
    match record.text("eventID").and_then(EventId::parse) {
        Some(id) => EventKey::Id(id, recipient),
        None => EventKey::Content(content_hash(raw)),
    }
}

/// A hash of what a record says; white space between its values is none of it.
pub fn content_hash(raw: &[u8]) -> [u8; 32] {
    Sha256::digest(compacted(raw)).into()
}

/// How many bytes a record takes; white space between its values is none of it.
pub fn content_length(raw: &[u8]) -> usize {
    compacted(raw).len()
}

pub(super) fn key_of<'v>(
    json: impl Tree<'v>,
    recipient: Option<AccountId>,
    raw: &[u8],
) -> EventKey {
    match EventId::parse(text_at(json, &["eventID"])) {
        Some(id) => EventKey::Id(id, recipient),
        None => EventKey::Content(content_hash(raw)),
    }
}

/// A call on an object that carries no ACL: most of them are of no interest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuietWrite {
    /// The bucket.
    pub bucket: BucketName,
    /// The object.
    pub key: Untrusted,
    /// Whether it failed for sure.
    pub failed: bool,
}

impl QuietWrite {
    /// Reads one without reading the whole record; `None` where that does not do.
    pub fn read(kind: &Kind, record: &Record<'_>) -> Option<Self> {
        let on_object = super::table::is_on_object(kind) && event_time(record).is_some();
        let mut names = record.names_in("requestParameters").filter(|_| on_object)?;
        // A call that names a version is no write of the current one.
        if names.any(|name| may_hold_acl(name) || name == "versionId") {
            return None;
        }
        let ended = Outcome::of_record(&record.pick(&["errorCode"]));
        let bucket = record.text_in("requestParameters", "bucketName");
        Some(Self {
            bucket: BucketName::parse(bucket.filter(|name| !is_alias(name))?)?,
            key: record.text_in("requestParameters", "key")?.into(),
            failed: matches!(ended, Outcome::Failed(_)),
        })
    }
}

/// Whether a request parameter of that name may be an ACL, or a part of one.
fn may_hold_acl(name: &str) -> bool {
    let begins = |with: &str| {
        let start = name.as_bytes().get(..with.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    };
    ["x-amz", "x_amz", "x:amz"].into_iter().any(begins)
        && name.len() > 8
        && (contains(name, "acl") || contains(name, "grant"))
        || ["accesscontrol", "grant"].into_iter().any(begins)
}

fn contains(name: &str, part: &str) -> bool {
    name.to_ascii_lowercase().contains(part)
}

/// The bucket that a record names, wherever it does.
pub fn bucket_of_record(record: &Record<'_>) -> Option<BucketName> {
    let json = record.pick(&["requestParameters", "resources"]);
    bucket_of(&json, &parameters_of(&json))
}

/// The bucket that a record names, and its owner among the record's resources.
pub fn bucket_and_owner(record: &Record<'_>) -> (Option<BucketName>, Option<AccountId>) {
    let json = record.pick(&["requestParameters", "resources"]);
    let parameters = parameters_of(&json);
    let bucket = bucket_of(&json, &parameters);
    let copied = CopySource::read(&parameters);
    let owner = owner_among(&json, bucket.as_ref(), copied.as_ref());
    (bucket, owner)
}

/// The bucket: from the parameters, else from the resources, else from a virtual-hosted Host header. An access point's alias only
/// where nothing else names it, and what is only copied from is not it.
fn bucket_of<'v>(json: impl Tree<'v>, parameters: &Value) -> Option<BucketName> {
    let named = ["bucketName", "bucket"]
        .iter()
        .find_map(|key| BucketName::parse(text_at(parameters, &[key])));
    let copied = CopySource::read(parameters);
    named
        .clone()
        .filter(|bucket| !is_alias(bucket.as_str()))
        .or_else(|| {
            let mut buckets = resource_buckets(json).filter_map(|(arn, _)| bucket_in_arn(arn));
            buckets.find(|bucket| is_apart(copied.as_ref(), bucket))
        })
        .or_else(|| bucket_in_host(host_of(parameters)))
        .or(named)
}

/// The ARN and owner of each bucket among the record's resources.
pub(super) fn resource_buckets<'v>(
    json: impl Tree<'v>,
) -> impl Iterator<Item = (&'v str, &'v str)> {
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
pub(super) fn bucket_in_arn(arn: &str) -> Option<BucketName> {
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
    let host = host.split(':').next()?.to_ascii_lowercase();
    let host = host
        .strip_suffix(".amazonaws.com.cn")
        .or_else(|| host.strip_suffix(".amazonaws.com"))?;
    if let Some(private) = host.strip_suffix(".vpce") {
        return bucket_in_private_host(private);
    }
    let at = [".s3.", ".s3-"]
        .iter()
        .filter_map(|mark| host.rfind(mark))
        .max();
    let (bucket, service) = match at {
        Some(at) => host.split_at_checked(at)?,
        None => (host.strip_suffix(".s3")?, ".s3"),
    };
    let elsewhere = [
        ".s3-control",
        ".s3-accesspoint",
        ".s3-object-lambda",
        ".s3-outposts",
    ];
    match elsewhere.iter().any(|other| service.starts_with(other)) {
        true => None,
        false => BucketName::parse(bucket),
    }
}

/// `name.bucket.vpce-1a2b3c4d-5678.s3.region.vpce.amazonaws.com`: what stands before `bucket` is the name, if anything does.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html>
fn bucket_in_private_host(host: &str) -> Option<BucketName> {
    let (name, _) = host.split_once(".bucket.vpce-")?;
    BucketName::parse(name)
}

/// The owner of a bucket among a record's resources. A copy names the bucket that it is taken from too, and before the other;
/// that one's owner is not the other's.
pub(super) fn owner_among<'v>(
    json: impl Tree<'v>,
    bucket: Option<&BucketName>,
    copied: Option<&CopySource>,
) -> Option<AccountId> {
    let owner = |(_, account): (&str, &str)| AccountId::parse(account);
    let is_its =
        |(arn, _): &(&str, &str)| bucket.is_some() && bucket_in_arn(arn).as_ref() == bucket;
    let may_be_its = |(arn, _): &(&str, &str)| {
        bucket_in_arn(arn).is_some_and(|bucket| is_apart(copied, &bucket))
    };
    let own = resource_buckets(json).filter(is_its);
    let others = resource_buckets(json).filter(may_be_its);
    own.chain(others).find_map(owner)
}

/// The account: for a bucket its owner, for an account-wide call the account in the Host header.
fn account_of<'v>(
    json: impl Tree<'v>,
    parameters: &Value,
    (subject, bucket): (Subject, Option<&BucketName>),
    recipient: Option<AccountId>,
) -> Option<AccountId> {
    let copied = CopySource::read(parameters);
    // Who owns what is copied gets a copy of the record too, and need not own what is written.
    let is_only_sources = |recipient: &AccountId| {
        copied.as_ref().is_some_and(|source| {
            let from = source.bucket.as_ref();
            from != bucket && owner_among(json, from, None).as_ref() == Some(recipient)
        })
    };
    let named = match subject {
        Subject::Account | Subject::Other => account_in_host(host_of(parameters))
            .or_else(|| AccountId::parse(text_at(parameters, &["x-amz-account-id"]))),
        Subject::Bucket => owner_among(json, bucket, copied.as_ref()),
    };
    named
        .or(recipient.filter(|recipient| !is_only_sources(recipient)))
        .or_else(|| AccountId::parse(text_at(json, &["userIdentity", "accountId"])))
}

/// The account of `111122223333.s3-control.region.amazonaws.com`.
fn account_in_host(host: &str) -> Option<AccountId> {
    let (account, rest) = host.split_once('.')?;
    rest.starts_with("s3-control")
        .then(|| AccountId::parse(account))?
}

/// The Region: for a new bucket the one it was asked for in, else where the event was recorded.
fn region_of<'v>(json: impl Tree<'v>, parameters: &Value) -> Option<Region> {
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
            ("BB7.S3.amazonaws.com", Some("bb7")),
            (
                "b.bucket.vpce-1a2b3c4d-5678.s3.us-east-1.vpce.amazonaws.com",
                Some("b"),
            ),
            (
                "bucket.vpce-1a2b3c4d-5678.s3.us-east-1.vpce.amazonaws.com",
                None,
            ),
            ("111122223333.s3-control.us-east-1.amazonaws.com", None),
            (
                "ap-111122223333.s3-accesspoint.us-east-1.amazonaws.com",
                None,
            ),
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
            (Subject::Bucket, None),
            AccountId::parse("444455556666"),
        );
        assert_eq!(account, AccountId::parse("111122223333"));
        let copy = json!({"resources": [
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::from", "accountId": "444455556666"},
            {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::from/key"},
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::into", "accountId": "111122223333"}]});
        let into = BucketName::parse("into");
        assert_eq!(
            owner_among(&copy, into.as_ref(), None),
            AccountId::parse("111122223333")
        );
        assert_eq!(
            owner_among(&copy, None, None),
            AccountId::parse("444455556666")
        );
    }

    #[test]
    fn the_owner_of_what_is_copied_does_not_own_what_is_written() {
        let parameters = json!({"x-amz-copy-source": "from/key"});
        let account = |asked: &str, recipient: &str, resources: Value| {
            let copy = json!({"userIdentity": {"accountId": asked}, "resources": resources});
            let into = BucketName::parse("into");
            let recipient = AccountId::parse(recipient);
            account_of(
                &copy,
                &parameters,
                (Subject::Bucket, into.as_ref()),
                recipient,
            )
        };
        let from = json!([{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::from", "accountId": "444455556666"}]);
        let alias = json!([{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::alias", "accountId": "111122223333"}]);
        for (asked, recipient, resources, owner) in [
            ("777788889999", "444455556666", &from, "777788889999"),
            ("777788889999", "111122223333", &from, "111122223333"),
            ("777788889999", "444455556666", &alias, "111122223333"),
            ("777788889999", "444455556666", &json!([]), "444455556666"),
        ] {
            assert_eq!(
                account(asked, recipient, resources.clone()),
                AccountId::parse(owner),
                "{recipient}: {resources}"
            );
        }
    }

    #[test]
    fn an_account_wide_call_names_its_account_in_the_host() {
        let parameters = json!({"Host": "111122223333.s3-control.us-east-1.amazonaws.com"});
        assert_eq!(
            account_of(&json!({}), &parameters, (Subject::Account, None), None),
            AccountId::parse("111122223333")
        );
    }
}
