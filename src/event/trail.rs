//! What was done to the trails that wrote this evidence? Calls that begin, end or narrow what is logged.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Operations.html>

use super::actor::Actor;
use super::json::{elements, field, find_field, text_at, unquoted};
use super::outcome::Outcome;
use super::read::event_time;
use super::table::{TrailEffect, TrailKind};
use crate::record::Record;
use crate::vocab::{AccountId, Citation, EventId, Region, Timestamp, Untrusted};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Calls on trails by time, each with the records that tell of it.
pub type TrailCalls = BTreeMap<TrailEvent, BTreeSet<Citation>>;

/// A call on a trail that took effect.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TrailEvent {
    /// eventTime.
    pub time: Timestamp,
    /// The account that recorded it.
    pub account: Option<AccountId>,
    /// awsRegion: the trail's home Region.
    pub region: Option<Region>,
    /// eventName, as AWS writes it.
    pub name: &'static str,
    /// What it does to the logging.
    pub effect: TrailEffect,
    /// The trail's name.
    pub trail: Untrusted,
    /// The account that its ARN names, where the call gave one.
    pub trail_account: Option<AccountId>,
    /// CloudTrail's eventID.
    pub event_id: Option<EventId>,
    /// Who made it.
    pub actor: Untrusted,
    /// Whether it turned log file validation off, or moved the trail to another bucket or prefix.
    pub moves_digests: bool,
    /// Whether every management event that was logged before it is logged after it too. It may silence others.
    pub keeps_management: bool,
    /// The event selectors that it set, as JSON.
    pub selectors: Option<Untrusted>,
}

impl TrailEvent {
    /// Reads a call on a trail; `None` if it did not take effect or has no time.
    pub fn read(kind: &'static TrailKind, record: &Record<'_>) -> Option<Self> {
        let json = record.to_json();
        let outcome = Outcome::of_record(&json);
        if outcome != Outcome::Took {
            return None;
        }
        let parameters = field(&json, "requestParameters").and_then(unquoted);
        let parameters = parameters.unwrap_or(Cow::Owned(Value::Null));
        let trail = named_trail(&parameters);
        Some(Self {
            time: event_time(record)?,
            account: AccountId::parse(text_at(&json, &["recipientAccountId"]))
                .or_else(|| AccountId::parse(text_at(&json, &["userIdentity", "accountId"]))),
            region: Region::parse(text_at(&json, &["awsRegion"])),
            name: kind.name,
            effect: kind.effect,
            trail: trail.rsplit('/').next().unwrap_or_default().into(),
            trail_account: account_of_arn(trail),
            event_id: EventId::parse(text_at(&json, &["eventID"])),
            actor: Actor::read(&json).name,
            moves_digests: moves_digests(&parameters),
            keeps_management: match kind.effect {
                TrailEffect::Starts => true,
                TrailEffect::Stops => false,
                TrailEffect::Changes => changes_nothing_logged(&parameters),
                TrailEffect::Selects => selects_all_management(&parameters),
            },
            selectors: selectors(&parameters),
        })
    }

    /// Whether the trail's chain of digests breaks by it.
    pub fn breaks_digests(&self) -> bool {
        match self.effect {
            TrailEffect::Stops => true,
            TrailEffect::Changes => self.moves_digests,
            TrailEffect::Starts | TrailEffect::Selects => false,
        }
    }

    /// Whose trail it was made on: an ARN says so; a bare name is of a trail of the account that recorded the call.
    pub fn owner(&self) -> Option<&AccountId> {
        self.trail_account.as_ref().or(self.account.as_ref())
    }

    /// Whether less may be logged from it on.
    pub fn may_silence(&self) -> bool {
        self.effect != TrailEffect::Starts
    }
}

/// How a call names its trail: by the name or by the ARN.
fn named_trail(parameters: &Value) -> &str {
    let mut named = ["name", "trailName"]
        .iter()
        .map(|key| text_at(parameters, &[key]));
    named.find(|text| !text.is_empty()).unwrap_or_default()
}

/// The account in `arn:<partition>:cloudtrail:<Region>:<account>:trail/<name>`.
fn account_of_arn(name: &str) -> Option<AccountId> {
    let mut parts = name.split(':');
    let is_trails = parts.next() == Some("arn") && parts.nth(1) == Some("cloudtrail");
    parts
        .nth(1)
        .filter(|_| is_trails)
        .and_then(AccountId::parse)
}

fn moves_digests(parameters: &Value) -> bool {
    let validated = find_field(parameters, "enableLogFileValidation").and_then(Value::as_bool);
    validated == Some(false) || moves(parameters)
}

/// Whether it goes to another bucket or prefix.
fn moves(parameters: &Value) -> bool {
    ["s3BucketName", "s3KeyPrefix"]
        .iter()
        .any(|key| field(parameters, key).is_some())
}

/// Whether a trail is updated in some way, but in none by which it logs less or elsewhere.
fn changes_nothing_logged(parameters: &Value) -> bool {
    let lessens = |key: &str| find_field(parameters, key).and_then(Value::as_bool) == Some(false);
    let flags = [
        "isMultiRegionTrail",
        "includeGlobalServiceEvents",
        "isOrganizationTrail",
    ];
    let names = |key: &&String| ["name", "trailName"].contains(&key.as_str());
    let sets = parameters
        .as_object()
        .is_some_and(|all| all.keys().any(|key| !names(&key)));
    sets && !flags.into_iter().any(lessens) && !moves(parameters)
}

/// Whether one of the selectors takes every management event: the others only add to it.
///
/// <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html>
fn selects_all_management(parameters: &Value) -> bool {
    let all = |key: &str| field(parameters, key).map(elements).unwrap_or_default();
    let is_all = |selector: &Value| {
        let includes = field(selector, "includeManagementEvents").and_then(Value::as_bool);
        let without = field(selector, "excludeManagementEventSources").map(elements);
        selector.is_object()
            && includes != Some(false)
            && matches!(text_at(selector, &["readWriteType"]), "" | "All")
            && without.is_none_or(|sources| sources.is_empty())
    };
    let is_all_advanced = |selector: &Value| {
        let fields = field(selector, "fieldSelectors").map(elements);
        let [only] = *fields.as_deref().unwrap_or_default() else {
            return false;
        };
        text_at(only, &["field"]) == "eventCategory" && text_at(only, &["equals"]) == "Management"
    };
    all("eventSelectors").into_iter().any(is_all)
        || all("advancedEventSelectors")
            .into_iter()
            .any(is_all_advanced)
}

fn selectors(parameters: &Value) -> Option<Untrusted> {
    let set = ["eventSelectors", "advancedEventSelectors"]
        .iter()
        .find_map(|key| field(parameters, key));
    set.filter(|value| !value.is_null())
        .map(|value| value.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_call_that_keeps_all_management_events_silences_none() {
        for (selectors, keeps) in [
            (
                json!([{"readWriteType": "All", "includeManagementEvents": true}]),
                true,
            ),
            (json!([{"dataResources": []}]), true),
            (
                json!([{"readWriteType": "WriteOnly"}, {"readWriteType": "All"}]),
                true,
            ),
            (json!([{"readWriteType": "WriteOnly"}]), false),
            (json!([{"includeManagementEvents": false}]), false),
            (
                json!([{"excludeManagementEventSources": ["kms.amazonaws.com"]}]),
                false,
            ),
            (json!([{"excludeManagementEventSources": []}]), true),
            (json!([]), false),
            (json!("unreadable"), false),
        ] {
            let told = selects_all_management(&json!({"eventSelectors": selectors}));
            assert_eq!(told, keeps, "{selectors}");
        }
        let category = json!({"field": "eventCategory", "equals": ["Management"]});
        let reads = json!({"field": "readOnly", "equals": ["false"]});
        for (fields, keeps) in [
            (json!([category]), true),
            (json!([category, reads]), false),
            (
                json!([{"field": "eventCategory", "equals": ["Data"]}]),
                false,
            ),
        ] {
            let parameters = json!({"advancedEventSelectors": [{"fieldSelectors": fields}]});
            assert_eq!(selects_all_management(&parameters), keeps, "{fields}");
        }
        for (parameters, keeps) in [
            (
                json!({"name": "main", "enableLogFileValidation": true}),
                true,
            ),
            (json!({"name": "main", "isMultiRegionTrail": true}), true),
            (json!({"name": "main", "isMultiRegionTrail": false}), false),
            (
                json!({"name": "main", "s3BucketName": "amzn-s3-demo-bucket"}),
                false,
            ),
            (json!({"name": "main"}), false),
        ] {
            assert_eq!(changes_nothing_logged(&parameters), keeps, "{parameters}");
        }
    }

    #[test]
    fn an_arn_says_whose_trail_it_is() {
        for (name, account) in [
            ("arn:aws:cloudtrail:us-east-1:111122223333:trail/main", true),
            (
                "arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/a/b",
                true,
            ),
            ("main", false),
            ("", false),
            ("arn:aws:s3:us-east-1:111122223333:trail/main", false),
            ("arn:aws:cloudtrail:us-east-1:1:trail/main", false),
            ("a:aws:cloudtrail:us-east-1:111122223333:trail/main", false),
        ] {
            let expected = account.then(|| AccountId::parse("111122223333").unwrap());
            assert_eq!(account_of_arn(name), expected, "{name}");
        }
        assert_eq!(named_trail(&json!({"name": "", "trailName": "x"})), "x");
    }
}
