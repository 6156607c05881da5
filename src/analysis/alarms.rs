//! What may a report tell of alarms? For each filter and log group: what matched, what the alarm did, who was told of what.

use super::Selection;
use crate::alarm::{Alarm, AlarmSettings, Datum, Fate, State, Told, Transition};
use crate::event::EventKey;
use crate::integrity::RecordVerdict;
use crate::timeline::Exposure;
use crate::vocab::{AccountId, BucketName, Citation, EventId, Region, Timestamp, Untrusted};
use std::collections::BTreeMap;

/// An alarm on one filter's metric in one log group, and all that is told of it. All of it is simulated.
#[derive(Clone, PartialEq, Debug)]
pub struct AlarmHistory {
    /// The filter's name.
    pub filter: Untrusted,
    /// The alarm.
    pub alarm: Alarm,
    /// How it is set.
    pub settings: AlarmSettings,
    /// What matched, in the order of events.
    pub matches: Vec<Match>,
    /// What the alarm did, in order.
    pub changes: Vec<AlarmChange>,
    /// What became of exposures.
    pub exposures: Vec<ExposureTold>,
}

/// A record that matched.
#[derive(Clone, PartialEq, Debug)]
pub struct Match {
    /// eventTime.
    pub time: Timestamp,
    /// Which event it is.
    pub key: EventKey,
    /// eventName.
    pub event_name: Untrusted,
    /// awsRegion.
    pub region: Option<Region>,
    /// The bucket it names.
    pub bucket: Option<BucketName>,
    /// Where it is.
    pub citation: Citation,
    /// What the filter publishes for it.
    pub datum: Datum,
    /// What became of it.
    pub fate: Fate,
    /// When somebody was notified.
    pub notified: Option<Timestamp>,
    /// The shortest time from the event to a notification over all settings that CloudWatch leaves open, in seconds.
    pub soonest: Option<i64>,
    /// The longest; `None` where under some setting nobody would have been notified.
    pub latest: Option<i64>,
    /// What can be said of its record: of copies with the same content the best; `None` where there is no digest.
    pub integrity: Option<RecordVerdict>,
}

impl Match {
    /// CloudTrail's eventID, where the record has one.
    pub fn event_id(&self) -> Option<&EventId> {
        match &self.key {
            EventKey::Id(id, _) => Some(id),
            EventKey::Content(_) => None,
        }
    }
}

/// A change of an alarm's state.
#[derive(Clone, PartialEq, Debug)]
pub struct AlarmChange {
    /// When.
    pub at: Timestamp,
    /// From which state to which, and on what data.
    pub transition: Transition,
    /// Why, as CloudWatch words it.
    pub reason: String,
    /// The events it tells of, in their order.
    pub tells: Vec<ToldEvent>,
    /// The SNS message; `None` where the state has no action.
    pub notification: Option<String>,
}

impl AlarmChange {
    /// Seconds from the earliest event that it tells of.
    pub fn seconds_from_event(&self) -> Option<i64> {
        let first = self.tells.iter().map(|event| event.time).min()?;
        Some(self.at.unix().saturating_sub(first.unix()))
    }

    /// What can be said of the records that it rests on: no more than of the least of them.
    pub fn integrity(&self) -> Option<RecordVerdict> {
        self.tells.iter().filter_map(|event| event.integrity).max()
    }

    /// Whether it is a change to ALARM.
    pub fn is_alarm(&self) -> bool {
        self.transition.to == State::Alarm
    }
}

/// An event that a change of an alarm's state tells of.
#[derive(Clone, PartialEq, Debug)]
pub struct ToldEvent {
    /// eventTime.
    pub time: Timestamp,
    /// Its id, where it has one.
    pub id: Option<EventId>,
    /// What can be said of its record.
    pub integrity: Option<RecordVerdict>,
}

/// What became of one exposure.
#[derive(Clone, PartialEq, Debug)]
pub struct ExposureTold {
    /// The exposure.
    pub exposure: Exposure,
    /// What became of its opening event's match; `None` where the filter does not match it, or no event opened it.
    pub fate: Option<Fate>,
    /// When somebody was notified of its opening.
    pub notified: Option<Timestamp>,
    /// Whether it was still open then.
    pub open_when_notified: Option<bool>,
    /// The incident it belongs to, and how that went.
    pub told: Told,
    /// What can be said of the records of the event that opened it; `None` where no event did, or there is no digest.
    pub integrity: Option<RecordVerdict>,
}

impl ExposureTold {
    /// What became of its opening: a match's fate, or why there is none.
    pub fn outcome(&self) -> &'static str {
        match (self.fate, &self.exposure.opened) {
            (Some(fate), _) => fate.name(),
            (None, Some(_)) => "not-matched",
            (None, None) => "no-opening-event",
        }
    }

    /// Seconds from its opening to the notification.
    pub fn seconds_from_event(&self) -> Option<i64> {
        let at = self.notified?.unix();
        Some(at.saturating_sub(self.exposure.opened_at.unix()))
    }
}

impl AlarmHistory {
    /// How many matches ended so.
    pub fn count(&self, fate: Fate) -> usize {
        self.matches.iter().filter(|row| row.fate == fate).count()
    }

    /// How many matches have which verdict, the best first; none where there is no digest.
    pub fn assured(&self) -> BTreeMap<RecordVerdict, usize> {
        let mut counted = BTreeMap::new();
        for verdict in self.matches.iter().filter_map(|row| row.integrity) {
            *counted.entry(verdict).or_default() += 1;
        }
        counted
    }

    /// Keeps the rows that a selection shows.
    pub fn pick(mut self, selection: &Selection, account: Option<&AccountId>) -> Self {
        let (at_all, none) = (Selection::default(), None);
        let of_time = Selection {
            from: selection.from,
            to: selection.to,
            ..at_all
        };
        self.changes
            .retain(|change| of_time.shows_record(Some(change.at), none, None, None));
        self.matches.retain(|row| {
            selection.shows_record(
                Some(row.time),
                account,
                row.region.as_ref(),
                row.bucket.as_ref(),
            )
        });
        self
    }
}
