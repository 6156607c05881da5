//! Who from outside asked for a bucket's objects, and was it given?
//!
//! Data events: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>. The owner's own requests
//! and those of AWS services are no access from outside; a preflight request of a browser is none either.

use super::actor::Actor;
use super::change::{Change, CitedEvent, Copies, EventKey, ExposureEvent};
use super::json::{field, text_at};
use super::outcome::Outcome;
use super::read::{Place, Subject, Unusable, time_of};
use super::table::RequestKind;
use crate::record::Record;
use crate::vocab::{AccountId, BucketName, Citation, Region, Timestamp, Untrusted};
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
        }
    }
}

/// Reads a request of that kind; `None` if it is the owner's own, or an AWS service's.
///
/// # Errors
/// If it comes from outside, and when or of which bucket cannot be told.
pub fn read_request(
    kind: &RequestKind,
    record: &Record<'_>,
    raw: &[u8],
) -> Result<Option<(EventKey, Request)>, Unusable> {
    let json = record.to_json();
    let identity = field(&json, "userIdentity").unwrap_or(&Value::Null);
    if is_own_by_type(identity) {
        return Ok(None);
    }
    let place = Place::of(&json, time_of(record)?, raw, Subject::Bucket)?;
    let Some((caller, bucket)) = caller(identity, place.account.as_ref()).zip(place.bucket) else {
        return Ok(None);
    };
    let parameters = field(&json, "requestParameters").unwrap_or(&Value::Null);
    let request = Request {
        time: place.time,
        account: place.account,
        bucket,
        region: place.region,
        name: kind.name,
        asked: kind.asks,
        key: text_at(parameters, &["key"]).into(),
        caller,
        outcome: Outcome::of_record(&json),
        actor: Actor::read(&json),
    };
    Ok(Some((place.key, request)))
}

fn is_own_by_type(identity: &Value) -> bool {
    text_at(identity, &["type"]) == "AWSService" || !text_at(identity, &["invokedBy"]).is_empty()
}

/// Somebody from outside: nobody with a name, or an account that is not the owner's.
fn caller(identity: &Value, owner: Option<&AccountId>) -> Option<Caller> {
    match text_at(identity, &["accountId"]) {
        "anonymous" | "ANONYMOUS_PRINCIPAL" => Some(Caller::Anonymous),
        account => AccountId::parse(account)
            .filter(|account| owner.is_some_and(|owner| owner != account))
            .map(Caller::Account),
    }
}
