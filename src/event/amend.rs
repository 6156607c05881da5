//! What does an addendum change?
//!
//! CloudTrail writes a record once; what it learns later it delivers as another record, whose `addendum` names the event and
//! the fields that it brings up to date. The two tell of one call.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>

use super::change::{EventKey, ExposureEvent};
use super::json::{field, text_at};
use super::read::{Written, read_json};
use super::table;
use crate::record::Record;
use crate::vocab::{AccountId, EventId};
use serde_json::Value;

/// The event that a record amends, where it amends one. A late delivery names none: it is the event itself.
pub fn amended_event(record: &Record<'_>) -> Option<EventKey> {
    let json = record.view();
    let original = text_at(json, &["addendum", "originalEventID"]);
    if original == text_at(json, &["eventID"]) {
        return None;
    }
    let recipient = AccountId::parse(text_at(json, &["recipientAccountId"]));
    Some(EventKey::Id(EventId::parse(original)?, recipient))
}

/// The event with what the addendum brings: the fields that it names, else whatever it says at all. The addendum's text is
/// the record then, for it is what the new values rest on. What cannot be read so amended stays as it was.
pub fn amend(original: &ExposureEvent, addendum: &ExposureEvent) -> ExposureEvent {
    amended(original, addendum).unwrap_or_else(|| original.clone())
}

fn amended(original: &ExposureEvent, addendum: &ExposureEvent) -> Option<ExposureEvent> {
    let parse = |event: &ExposureEvent| serde_json::from_str::<Value>(event.record.reveal()).ok();
    let (mut json, brought) = (parse(original)?, parse(addendum)?);
    let fields = text_at(&brought, &["addendum", "updatedFields"]);
    let is_named = |name: &str| {
        let mut named = fields.split(',').map(str::trim);
        named.any(|field| field.split('.').next() == Some(name))
    };
    let record = json.as_object_mut()?;
    for (name, value) in brought.as_object()? {
        let is_brought = if fields.is_empty() {
            !value.is_null()
        } else {
            is_named(name)
        };
        if is_brought && !["eventID", "addendum"].contains(&name.as_str()) {
            record.insert(name.clone(), value.clone());
        }
    }
    let kind = table::kind_of(text_at(&json, &["eventSource"]), original.name)?;
    let time = field(&json, "eventTime").and_then(Value::as_str);
    let written = Written {
        time: time
            .and_then(crate::vocab::Timestamp::parse)
            .unwrap_or(original.time),
        fullness: original.fullness,
        text: addendum.record.reveal().to_owned(),
    };
    let event = read_json(kind, &json, written).ok()?;
    Some(ExposureEvent {
        key: original.key.clone(),
        ..event
    })
}
