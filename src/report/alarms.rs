//! How are alarms told? Tables, the notifications as SNS would deliver them, and `run.json`; or a page of text.

use super::{
    Folder, Format, Invocation, ReportError, Written, alarm_tables, escape, publish, tables,
    verification, write_page, write_tables,
};
use crate::alarm::Fate;
use crate::analysis::{AlarmChange, AlarmHistory, Analysis, ExposureTold};
use crate::integrity::RecordVerdict;
use crate::vocab::Timestamp;
use std::io::Write;

/// The file of notifications: one SNS message a line, marked as simulated.
pub const NOTIFICATIONS: &str = "notifications.jsonl";

/// Writes the tables of a scan and those of alarms in each format, the notifications, and `run.json`.
///
/// # Errors
/// If something cannot be written; what the folder held before is then untouched.
pub fn write_alarms(
    analysis: &Analysis,
    histories: &[AlarmHistory],
    formats: &[Format],
    invocation: &Invocation,
    mut folder: Folder,
) -> Result<Vec<Written>, ReportError> {
    let mut all = tables(analysis);
    all.extend(alarm_tables(histories));
    let mut written = write_tables((&all, &|| Ok(())), formats, &mut folder)?;
    write_page(analysis, formats, invocation, &mut folder, &mut written)?;
    let mut rows = 0;
    let sha256 = folder.write(NOTIFICATIONS, |out| {
        rows = write_notifications(histories, out)?;
        Ok(())
    })?;
    written.push(Written {
        name: NOTIFICATIONS.to_owned(),
        sha256,
        rows,
    });
    publish(analysis, invocation, folder, written)
}

/// In the order of time; those of one minute in the order of the alarms.
fn write_notifications(
    histories: &[AlarmHistory],
    out: &mut dyn Write,
) -> Result<u64, ReportError> {
    let changes = histories.iter().flat_map(|history| &history.changes);
    let mut sent: Vec<(Timestamp, &String)> = changes
        .filter_map(|change| Some((change.at, change.notification.as_ref()?)))
        .collect();
    sent.sort_by_key(|(at, _)| *at);
    for (_, line) in &sent {
        writeln!(out, "{}", escape::json(line))?;
    }
    Ok(sent.len() as u64)
}

/// Tells what alarms would have done, as text.
///
/// # Errors
/// If the output takes no more.
pub fn write_text(
    analysis: &Analysis,
    histories: &[AlarmHistory],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    writeln!(
        out,
        "Simulated: CloudWatch says neither how far back an alarm looks nor when within a minute."
    )?;
    if analysis.integrity.has_digests() {
        writeln!(out, "{}", verification::headline(&analysis.integrity))?;
    }
    for history in histories {
        writeln!(out)?;
        write_head(history, out)?;
        let tolerated = tolerated(history);
        for change in &history.changes {
            write_change(change, out)?;
            write_doubt(change.integrity(), tolerated, out)?;
        }
        for row in &history.exposures {
            write_exposure(row, out)?;
            write_doubt(row.integrity, tolerated, out)?;
        }
    }
    if histories.is_empty() {
        writeln!(out, "\nNo log group has records.")?;
    }
    Ok(())
}

fn write_head(history: &AlarmHistory, out: &mut dyn Write) -> std::io::Result<()> {
    let group = match &history.alarm.account {
        Some(account) => format!("account {account}"),
        None => "records of any account, or of none that is told".to_owned(),
    };
    let settings = &history.settings;
    writeln!(out, "{}, {group}", escape::terminal(&history.filter))?;
    writeln!(
        out,
        "    alarm      {} {} {:?}, period {} min, {} of {} periods, {} fetched; missing data: {}",
        settings.statistic.name(),
        settings.comparison.name(),
        settings.threshold,
        settings.period,
        settings.datapoints_to_alarm,
        settings.evaluation_periods,
        settings.range(),
        settings.missing.name()
    )?;
    let counted = |fate: Fate| format!("{} {}", history.count(fate), fate.name());
    let fates = [
        Fate::Notified,
        Fate::Swallowed,
        Fate::Late,
        Fate::BelowThreshold,
        Fate::Undetermined,
    ];
    writeln!(
        out,
        "    matches    {}: {}",
        history.matches.len(),
        fates.map(counted).join(", ")
    )?;
    write_unpublished(history, out)?;
    if let (Some(first), Some(last)) = (history.matches.first(), history.matches.last()) {
        writeln!(out, "               {} to {}", first.time, last.time)?;
    }
    let assured = history.assured();
    if !assured.is_empty() {
        let counted = assured.iter();
        let counted = counted.map(|(verdict, number)| format!("{number} {}", verdict.name()));
        let counted: Vec<String> = counted.collect();
        writeln!(out, "    records    {}", counted.join(", "))?;
    }
    Ok(())
}

/// The matches that no metric counted, where there are any.
fn write_unpublished(history: &AlarmHistory, out: &mut dyn Write) -> std::io::Result<()> {
    let why = [
        (
            Fate::TooLarge,
            "CloudTrail sends no event over 256 KB to CloudWatch Logs",
        ),
        (
            Fate::NoValue,
            "the field that the filter publishes holds no number",
        ),
    ];
    for (fate, why) in why {
        match history.count(fate) {
            0 => {}
            count => writeln!(out, "               {count} {}: {why}", fate.name())?,
        }
    }
    Ok(())
}

/// The least that can be said of records without a word: that no digest names any of them is said once, for all.
fn tolerated(history: &AlarmHistory) -> RecordVerdict {
    match history
        .assured()
        .keys()
        .all(|verdict| verdict.is_doubtful())
    {
        true => RecordVerdict::Unreferenced,
        false => RecordVerdict::Consistent,
    }
}

/// What a line rests on, where that needs saying.
fn write_doubt(
    verdict: Option<RecordVerdict>,
    tolerated: RecordVerdict,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    match verdict.filter(|verdict| *verdict > tolerated) {
        Some(verdict) => writeln!(out, "               its record: {}", verdict.name()),
        None => Ok(()),
    }
}

fn write_change(change: &AlarmChange, out: &mut dyn Write) -> std::io::Result<()> {
    let (from, to) = (change.transition.from.name(), change.transition.to.name());
    let sent = match (&change.notification, change.seconds_from_event()) {
        (None, _) => String::new(),
        (Some(_), None) => "; notification".to_owned(),
        (Some(_), Some(seconds)) => {
            format!(
                "; notification, {} after the event",
                super::terminal::length(seconds)
            )
        }
    };
    writeln!(out, "    {}  {from} -> {to}{sent}", change.at)?;
    writeln!(out, "               {}", change.reason)
}

fn write_exposure(row: &ExposureTold, out: &mut dyn Write) -> std::io::Result<()> {
    let exposure = &row.exposure;
    let closed = match exposure.closed_at {
        Some(at) => format!("closed {at}"),
        None => "still open".to_owned(),
    };
    writeln!(
        out,
        "    exposure   {} {}: opened {}, {closed}",
        exposure.bucket, exposure.id, exposure.opened_at
    )?;
    let told = match (row.notified, row.open_when_notified) {
        (Some(at), open) => format!(
            "notified {at}{}",
            match open {
                Some(true) => ", while it was open",
                Some(false) => ", when it was closed already",
                None => "",
            }
        ),
        (None, _) => row.outcome().to_owned(),
    };
    let escalated = row
        .told
        .escalated_at
        .map_or(String::new(), |at| format!(" {at}"));
    writeln!(
        out,
        "               {told}; {}{escalated}",
        row.told.escalation.name()
    )
}
