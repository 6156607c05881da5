//! What stands in the tables of alarms? What each alarm did, what became of each match, and who was told of which exposure.

use super::super::escape;
use super::super::row::{Cell, Table};
use super::cells::{count, flag, instant, known, maybe_seconds, plain, untrusted, verdict};
use super::{boolean, integer, list, text, time};
use crate::analysis::{AlarmChange, AlarmHistory, ExposureTold, Match};
use crate::vocab::Timestamp;
use std::borrow::Cow;

/// All tables of some alarms' histories.
pub fn alarm_tables(histories: &[AlarmHistory]) -> Vec<Table<'_>> {
    vec![
        alarms(histories),
        matches(histories),
        escalations(histories),
    ]
}

/// Every change of an alarm's state.
fn alarms(histories: &[AlarmHistory]) -> Table<'_> {
    type Row<'a> = (&'a AlarmHistory, &'a AlarmChange);
    let fields = vec![
        text("filter", |(history, _): Row<'_>| untrusted(&history.filter)),
        text("account_id", |(history, _)| {
            known(history.alarm.account.as_ref())
        }),
        text("region", |(history, _)| {
            plain(history.alarm.region.as_str())
        }),
        time("at", |(_, change)| Cell::Time(change.at)),
        text("from_state", |(_, change)| {
            plain(change.transition.from.name())
        }),
        text("to_state", |(_, change)| plain(change.transition.to.name())),
        text("reason", |(_, change)| plain(&change.reason)),
        boolean("notified", |(_, change)| {
            Cell::Boolean(change.notification.is_some())
        }),
        integer("matches", |(_, change)| count(change.tells.len() as u64)),
        time("first_event_time", |(_, change)| {
            instant(change.tells.first().map(|event| event.time))
        }),
        integer("seconds_from_event", |(_, change)| {
            maybe_seconds(change.seconds_from_event())
        }),
        list("event_ids", |(_, change)| {
            let ids = change.tells.iter().filter_map(|event| event.id.as_ref());
            Cell::List(ids.map(|id| Cow::Borrowed(id.as_str())).collect())
        }),
        boolean("simulated", |_| Cell::Boolean(true)),
        text("integrity", |(_, change)| verdict(change.integrity())),
    ];
    super::table("alarms", fields, || {
        histories.iter().flat_map(|history| {
            let changes = history.changes.iter();
            changes.map(move |change| (history, change))
        })
    })
}

/// Every record that matched.
fn matches(histories: &[AlarmHistory]) -> Table<'_> {
    type Row<'a> = (&'a AlarmHistory, &'a Match);
    let fields = vec![
        text("filter", |(history, _): Row<'_>| untrusted(&history.filter)),
        text("account_id", |(history, _)| {
            known(history.alarm.account.as_ref())
        }),
        time("event_time", |(_, row)| Cell::Time(row.time)),
        text("event_name", |(_, row)| untrusted(&row.event_name)),
        text("region", |(_, row)| known(row.region.as_ref())),
        text("bucket", |(_, row)| known(row.bucket.as_ref())),
        text("event_id", |(_, row)| known(row.event_id())),
        time("counted_at", |(_, row)| {
            Cell::Time(minute(row.datum.minute))
        }),
        time("arrived_at", |(_, row)| {
            Cell::Time(minute(row.datum.arrives))
        }),
        text("outcome", |(_, row)| plain(row.fate.name())),
        time("notified_at", |(_, row)| instant(row.notified)),
        integer("seconds_from_event", |(_, row)| {
            maybe_seconds(
                row.notified
                    .map(|at| at.unix().saturating_sub(row.time.unix())),
            )
        }),
        integer("soonest_seconds", |(_, row)| maybe_seconds(row.soonest)),
        integer("latest_seconds", |(_, row)| maybe_seconds(row.latest)),
        text("log_file", |(_, row)| {
            escape::file_name(&row.citation.log_file)
        }),
        integer("record_index", |(_, row)| count(row.citation.record_index)),
        text("integrity", |(_, row)| verdict(row.integrity)),
    ];
    super::table("matches", fields, || {
        histories.iter().flat_map(|history| {
            let matches = history.matches.iter();
            matches.map(move |row| (history, row))
        })
    })
}

/// Every exposure, and who was told of it.
fn escalations(histories: &[AlarmHistory]) -> Table<'_> {
    type Row<'a> = (&'a AlarmHistory, &'a ExposureTold);
    let fields = vec![
        text("filter", |(history, _): Row<'_>| untrusted(&history.filter)),
        text("account_id", |(history, _)| {
            known(history.alarm.account.as_ref())
        }),
        text("exposure_id", |(_, row)| plain(&row.exposure.id)),
        text("bucket", |(_, row)| plain(row.exposure.bucket.as_str())),
        time("opened_at", |(_, row)| Cell::Time(row.exposure.opened_at)),
        time("closed_at", |(_, row)| instant(row.exposure.closed_at)),
        text("outcome", |(_, row)| plain(row.outcome())),
        time("notified_at", |(_, row)| instant(row.notified)),
        integer("seconds_from_event", |(_, row)| {
            maybe_seconds(row.seconds_from_event())
        }),
        boolean("open_when_notified", |(_, row)| {
            flag(row.open_when_notified)
        }),
        time("incident_at", |(_, row)| instant(row.told.incident)),
        text("escalation", |(_, row)| plain(row.told.escalation.name())),
        time("escalated_at", |(_, row)| instant(row.told.escalated_at)),
        text("integrity", |(_, row)| verdict(row.integrity)),
    ];
    super::table("escalations", fields, || {
        histories.iter().flat_map(|history| {
            let exposures = history.exposures.iter();
            exposures.map(move |row| (history, row))
        })
    })
}

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_unix(minute.saturating_mul(60))
}
