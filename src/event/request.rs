//! Who from outside asked for a bucket's objects, and was it given?
//!
//! Data events: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>. The owner's own requests
//! and those of AWS services are no access from outside; a preflight request of a browser is none either.

mod packed;

pub use packed::{bucket_of_prefix, bucket_prefix, prefix_of};

use super::actor::Actor;
use super::amend::amended_event;
use super::change::{Change, EventKey, ExposureEvent};
use super::cited::{Belief, CitedEvent, Copies};
use super::copied::{CopySource, source_of};
use super::json::{field, scalar_text, text_at};
use super::outcome::Outcome;
use super::read::{Place, Subject, Unusable, parameters_of, time_of};
use super::table::RequestKind;
use crate::record::Record;
use crate::vocab::{
    AccountId, BucketName, Citation, EventId, LossKind, Region, Timestamp, Untrusted,
};
use serde_json::Value;

/// One request from outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Request {
    /// When it was answered.
    pub time: Timestamp,
    /// The account that owns the bucket, as far as the record tells.
    pub account: Option<AccountId>,
    /// The bucket.
    pub bucket: BucketName,
    /// awsRegion.
    pub region: Option<Region>,
    /// eventName, as AWS writes it.
    pub name: &'static str,
    /// What was asked for.
    pub asked: Asking,
    /// The object's key; empty for requests on the bucket.
    pub key: Untrusted,
    /// Who asked.
    pub caller: Caller,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it was an ACL that allowed it, and no policy: `aclRequired`.
    pub needed_acl: bool,
    /// How many bytes were sent, where the record says.
    pub bytes: Option<u64>,
    /// The id that the copies in two accounts' trails share.
    pub shared: Option<EventId>,
    /// Whether the copy is the owner's, or the requester's.
    pub copy: Copied,
    /// From where, and with what.
    pub actor: Actor,
}

/// What a request asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Asking {
    /// An object, or what is known of it.
    Read,
    /// The objects that there are.
    List,
    /// To write an object.
    Write,
    /// To delete an object.
    Delete,
    /// To read an object's ACL.
    ReadAcl,
    /// To set an object's ACL.
    WriteAcl,
}

/// Whose trail has a copy of a request. The owner's goes before the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Copied {
    /// The owner's.
    Owners,
    /// Another account's: the requester's.
    Others,
}

/// Who asked from outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Caller {
    /// Somebody whose request was not signed.
    Anonymous,
    /// Somebody of another account.
    Account(AccountId),
}

/// A request, which event it is, and the record that tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CitedRequest {
    /// Which event it is.
    pub key: EventKey,
    /// The request.
    pub request: Request,
    /// The record it was read from, of copies the smallest.
    pub citation: Citation,
    /// Whether that record tells of another request too, and is counted by that one.
    pub is_beside: bool,
    /// Whether that record amends the one of the event that it names: of the two it counts.
    pub is_addendum: bool,
}

impl CitedRequest {
    /// The request as an event that can be cited.
    pub fn to_event(&self) -> CitedEvent {
        let request = &self.request;
        CitedEvent {
            event: ExposureEvent {
                key: self.key.clone(),
                time: request.time,
                name: request.name,
                region: request.region.clone(),
                account: request.account.clone(),
                bucket: Some(request.bucket.clone()),
                change: Change::Read,
                outcome: request.outcome.clone(),
                error_message: Untrusted::default(),
                actor: request.actor.clone(),
                shared_event_id: None,
                recipient: None,
                fullness: 0,
                record: Untrusted::default(),
            },
            citation: self.citation.clone(),
            copies: Copies::Agree,
            belief: Belief::Unvouched,
        }
    }
}

/// The top-level members that tell of a request.
const MEMBERS: [&str; 12] = [
    "userIdentity",
    "requestParameters",
    "resources",
    "recipientAccountId",
    "eventID",
    "sharedEventID",
    "awsRegion",
    "errorCode",
    "errorMessage",
    "sourceIPAddress",
    "userAgent",
    "additionalEventData",
];

/// What a call asks for in one bucket.
struct Side {
    account: Option<AccountId>,
    bucket: Option<BucketName>,
    key: Untrusted,
    asked: Asking,
    needed_acl: bool,
    bytes: Option<u64>,
}

/// Reads the requests that a call of that kind is: none if it is the owner's own, or an AWS service's; two if it copies an object
/// from a bucket into another one, and both are of others.
///
/// # Errors
/// If it comes from outside, and when or of which bucket cannot be told.
pub fn read_requests(
    kind: &RequestKind,
    record: &Record<'_>,
    raw: &[u8],
) -> Result<Vec<(EventKey, Request)>, Unusable> {
    if is_service(record) || is_own_by_account(record) {
        return Ok(Vec::new());
    }
    let json = record.pick(&MEMBERS);
    let identity = field(&json, "userIdentity").unwrap_or(&Value::Null);
    let parameters = parameters_of(&json);
    let source = CopySource::read(&parameters).filter(|_| kind.copies);
    let place = |subject| Place::of(&json, time_of(record)?, raw, subject);
    let place = match place(Subject::Bucket) {
        // Where it is copied to is not told: it was read all the same.
        Err(unusable) if source.is_some() && unusable.kind == LossKind::NoBucket => {
            place(Subject::Other)?
        }
        place => place?,
    };
    let source = source
        .and_then(|source| Some((source_of(&json, &source, &place)?, source.key)))
        .map(|((bucket, account), key)| Side {
            account,
            bucket: Some(bucket),
            key: key.into(),
            asked: Asking::Read,
            // Of which of the two this is told, the record does not say.
            needed_acl: false,
            bytes: None,
        });
    let key = amended_event(record).unwrap_or(place.key);
    let written = Side {
        account: place.account,
        bucket: place.bucket,
        key: text_at(&*parameters, &["key"]).into(),
        asked: kind.asks,
        needed_acl: text_at(&json, &["additionalEventData", "aclRequired"]) == "Yes",
        bytes: bytes_sent(&json).ok().flatten(),
    };
    let request = |side: Side| {
        let (caller, bucket) = caller(identity, side.account.as_ref()).zip(side.bucket)?;
        let owners = place.recipient == side.account || place.recipient.is_none();
        let request = Request {
            time: place.time,
            account: side.account,
            bucket,
            region: place.region.clone(),
            name: kind.name,
            asked: side.asked,
            key: side.key,
            caller,
            outcome: Outcome::of_record(&json),
            needed_acl: side.needed_acl,
            bytes: side.bytes,
            shared: EventId::parse(text_at(&json, &["sharedEventID"])),
            copy: if owners {
                Copied::Owners
            } else {
                Copied::Others
            },
            actor: Actor::read(&json),
        };
        Some((key.clone(), request))
    };
    Ok(std::iter::once(written)
        .chain(source)
        .filter_map(request)
        .collect())
}

/// Whether the record's byte count, where there is one, is no number of bytes: negative, broken, or beyond any object.
pub fn has_unsound_bytes(record: &Record<'_>) -> bool {
    bytes_sent(&record.pick(&["additionalEventData"])).is_err()
}

/// `bytesTransferredOut`, which some records write as a floating-point number or as text.
fn bytes_sent(json: &Value) -> Result<Option<u64>, ()> {
    let counted =
        field(json, "additionalEventData").and_then(|data| field(data, "bytesTransferredOut"));
    let number = match counted {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64(),
        Some(other) => scalar_text(other).and_then(|text| text.trim().parse().ok()),
    };
    let sound = number.filter(|number| (0.0..1e15).contains(number) && number.fract() == 0.0);
    sound.map(|number| Some(number as u64)).ok_or(())
}

/// Whether an AWS service asked for itself: told without reading the whole record. What somebody does through a service, that one
/// does.
fn is_service(record: &Record<'_>) -> bool {
    record.text_in("userIdentity", "type") == Some("AWSService")
}

/// Whether an AWS service asked, for itself or for somebody: the address is not that one's.
pub fn is_own_by_type(record: &Record<'_>) -> bool {
    is_service(record)
        || record
            .text_in("userIdentity", "invokedBy")
            .is_some_and(|service| !service.is_empty())
}

/// Whether the caller's account is the one whose trail has the record, and no other is named as the bucket's owner.
fn is_own_by_account(record: &Record<'_>) -> bool {
    let caller = record.text_in("userIdentity", "accountId");
    let caller = caller.filter(|account| AccountId::parse(account).is_some());
    caller.is_some_and(|account| {
        let recipient = record.text("recipientAccountId");
        recipient.is_none_or(|recipient| recipient == account)
            && !record.differs_among("resources", "accountId", account)
    })
}

/// Somebody from outside: nobody with a name, or an account that is not the owner's.
fn caller(identity: &Value, owner: Option<&AccountId>) -> Option<Caller> {
    // As a number it has lost its leading zeros.
    let number = field(identity, "accountId").and_then(Value::as_u64);
    let number = number.map(|number| format!("{number:012}"));
    match number
        .as_deref()
        .unwrap_or_else(|| text_at(identity, &["accountId"]))
    {
        "anonymous" | "ANONYMOUS_PRINCIPAL" => Some(Caller::Anonymous),
        "" if is_nobody(identity) => Some(Caller::Anonymous),
        account => AccountId::parse(account)
            .filter(|account| owner.is_some_and(|owner| owner != account))
            .map(Caller::Account),
    }
}

/// Whether an identity says in so many words that there is none: an account without an id, a principal without one.
fn is_nobody(identity: &Value) -> bool {
    let empty = field(identity, "principalId").and_then(Value::as_str) == Some("");
    text_at(identity, &["type"]) == "AWSAccount" && empty
}

#[cfg(test)]
mod tests {
    use super::super::table::{S3, request_of};
    use super::*;
    use crate::record::Decoder;
    use crate::vocab::LogFileId;
    use serde_json::json;

    fn record(identity: Value, rest: Value) -> Value {
        let mut record = json!({"eventTime": "2024-05-01T10:00:00Z", "eventSource": S3, "eventName": "GetObject", "eventID": "e-1",
            "recipientAccountId": "111122223333", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7", "userAgent": "[curl/8]",
            "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "key": "a/b.txt"},
            "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket/a/b.txt"},
                {"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket"}],
            "userIdentity": identity});
        for (key, value) in rest.as_object().unwrap() {
            record[key] = value.clone();
        }
        record
    }

    fn read(record: &Value) -> Option<(EventKey, Request)> {
        let text = record.to_string();
        let mut decoder = Decoder::new();
        let record = decoder.decode(text.as_bytes()).unwrap();
        let kind = request_of(S3, "GetObject").unwrap();
        read_requests(kind, &record, text.as_bytes()).unwrap().pop()
    }

    fn anonymous() -> Value {
        json!({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"})
    }

    #[test]
    fn who_is_outside_and_who_is_not() {
        let foreign = json!({"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "444455556666"});
        let own = json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/a", "accountId": "111122223333"});
        let service = json!({"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"});
        let through = json!({"type": "IAMUser", "accountId": "444455556666", "invokedBy": "athena.amazonaws.com"});
        let lower = json!({"type": "AWSAccount", "principalid": "", "accountid": ""});
        let caller =
            |identity| read(&record(identity, json!({}))).map(|(_, request)| request.caller);
        assert_eq!(caller(anonymous()), Some(Caller::Anonymous));
        assert_eq!(
            caller(foreign),
            AccountId::parse("444455556666").map(Caller::Account)
        );
        assert_eq!((caller(own), caller(service)), (None, None));
        assert_eq!(caller(lower), Some(Caller::Anonymous));
        assert_eq!(
            caller(through),
            AccountId::parse("444455556666").map(Caller::Account)
        );
    }

    #[test]
    fn the_requesters_own_trail_shows_a_request_from_outside_too() {
        let identity = json!({"type": "IAMUser", "arn": "arn:aws:iam::444455556666:user/x", "accountId": "444455556666"});
        let copy = record(
            identity,
            json!({"recipientAccountId": "444455556666", "sharedEventID": "s-1"}),
        );
        let (_, request) = read(&copy).unwrap();
        assert_eq!(request.account, AccountId::parse("111122223333"));
        assert_eq!(request.copy, Copied::Others);
    }

    #[test]
    fn a_request_comes_back_from_its_bytes() {
        for rest in [
            json!({}),
            json!({"sharedEventID": "s-1", "errorCode": "AccessDenied"}),
            json!({"eventID": null, "errorCode": "SlowDown"}),
        ] {
            let (key, request) = read(&record(anonymous(), rest)).unwrap();
            let citation = Citation {
                log_file: LogFileId::new("logs/a.json.gz"),
                record_index: 7,
            };
            let cited = CitedRequest {
                key,
                request,
                citation,
                is_beside: false,
                is_addendum: false,
            };
            let (bytes, named) = cited.pack();
            let prefix = prefix_of(&bytes);
            let (account, bucket) = bucket_of_prefix(prefix).unwrap();
            assert_eq!(prefix, bucket_prefix(account.as_ref(), &bucket));
            assert_eq!(CitedRequest::unpack(&bytes), Some((cited, named)));
        }
    }

    #[test]
    fn bytes_are_taken_as_far_as_they_are_sound() {
        let sent = |count: Value| {
            let data = json!({"additionalEventData": {"bytesTransferredOut": count}});
            bytes_sent(&data)
        };
        assert_eq!(sent(json!(1024)), Ok(Some(1024)));
        assert_eq!(sent(json!(1024.0)), Ok(Some(1024)));
        assert_eq!(sent(json!("2048")), Ok(Some(2048)));
        assert_eq!(sent(Value::Null), Ok(None));
        assert_eq!(bytes_sent(&json!({})), Ok(None));
        for unsound in [
            json!(-1),
            json!(0.5),
            json!(1e18),
            json!("many"),
            json!(true),
            json!({}),
        ] {
            assert_eq!(sent(unsound.clone()), Err(()), "{unsound}");
        }
    }
}
