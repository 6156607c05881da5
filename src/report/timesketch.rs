//! How does a table become events for Timesketch? A JSON object a line, one for each instant of a row.
//!
//! Timesketch asks of each event a `message`, a `datetime` and a `timestamp_desc`, which says of what the instant is; the
//! row's own columns follow. A row without an instant, such as a loss, is no event: it stands in the other formats.
//!
//! <https://timesketch.org/guides/user/import-from-json-csv/>

use super::jsonl::Value;
use super::row::{Cell, Column};
use super::{ReportError, Table, escape};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::io::{self, Write};

/// An instant that a row tells of.
struct Instant {
    /// Its column.
    column: &'static str,
    /// What it is of.
    of: &'static str,
    /// What happened, with the names of columns in braces; what may be unknown in brackets.
    message: &'static str,
}

/// The instants of a table's rows; none where its rows are no events.
fn instants(table: &str) -> &'static [Instant] {
    macro_rules! instants {
        ($($column:literal, $of:literal, $message:literal;)*) => {
            &[$(Instant { column: $column, of: $of, message: $message }),*]
        };
    }
    match table {
        "exposures" => instants![
            "opened_at", "Exposure Opened", "{bucket} opened to {audience}[ {outsider}] ({opened_how})[: {opened_event_name} by {opened_by}]";
            "closed_at", "Exposure Closed", "{bucket} closed to {audience}[ {outsider}] ({closed_how})[: {closed_event_name} by {closed_by}]";
        ],
        "timeline" => instants![
            "from", "Verdict Begins", "{bucket} is {verdict} ({certainty}) until {until}[: {event_name} by {actor}]";
        ],
        "changes" => instants![
            "event_time", "Event Time", "{event_name} {outcome}[ {error_code}] ({effect})[ on {bucket}][: {summary}][, by {actor}][ from {source_ip}]";
        ],
        "access" => instants![
            "first_seen", "First Seen", "{bucket}: {principal}[ from {source_ip}], {event_name} {outcome}, first of {requests}";
            "last_seen", "Last Seen", "{bucket}: {principal}[ from {source_ip}], {event_name} {outcome}, last of {requests}";
        ],
        "coverage" => instants![
            "gap_from", "Evidence Gap Begins", "no evidence of {category} events[ of account {account_id}][ in {region}] until {gap_until}: {gap_kind}, {gap_explained_by}";
            "gap_until", "Evidence Gap Ends", "evidence of {category} events[ of account {account_id}][ in {region}] goes on: it was missing since {gap_from}";
        ],
        "contradictions" => instants![
            "at", "Contradiction", "[{bucket} ]{kind}: {detail}";
        ],
        "alarms" => instants![
            "at", "Alarm State Change (simulated)", "{filter}: {from_state} to {to_state}";
        ],
        "matches" => instants![
            "event_time", "Event Time", "{event_name}[ on {bucket}] matches {filter}: {outcome}";
            "notified_at", "Notification (simulated)", "{filter} tells of {event_name}[ on {bucket}]";
        ],
        "escalations" => instants![
            "notified_at", "Notification (simulated)", "{filter} tells that {bucket} is open: {outcome}";
            "escalated_at", "Escalation (simulated)", "{filter}: {bucket}, {escalation}";
        ],
        _ => &[],
    }
}

/// Whether a table's rows tell of instants.
pub(super) fn has_instants(table: &str) -> bool {
    !instants(table).is_empty()
}

/// Writes the events of a table, and tells how many there are.
///
/// # Errors
/// If the output takes no more.
pub fn write(table: &Table<'_>, mut out: impl Write) -> Result<u64, ReportError> {
    let mut events = 0;
    for cells in (table.rows)() {
        let row = Row {
            columns: &table.columns,
            cells: &cells,
        };
        for instant in instants(table.name) {
            if let Some(Cell::Time(time)) = row.cell(instant.column) {
                let event = Event {
                    message: row.say(instant.message),
                    datetime: time.to_string(),
                    of: instant.of,
                    row: &row,
                };
                let line = serde_json::to_string(&event).map_err(io::Error::from)?;
                writeln!(out, "{}", escape::json(&line))?;
                events += 1;
            }
        }
    }
    out.flush()?;
    Ok(events)
}

struct Row<'a, 'c> {
    columns: &'a [Column],
    cells: &'a [Cell<'c>],
}

impl<'a, 'c> Row<'a, 'c> {
    fn cell(&self, name: &str) -> Option<&'a Cell<'c>> {
        let mut pairs = self.columns.iter().zip(self.cells);
        pairs
            .find(|(column, _)| column.name == name)
            .map(|(_, cell)| cell)
    }

    /// A sentence whose braces are filled; a part in brackets stands only where all that it names is known.
    fn say(&self, template: &str) -> String {
        let mut text = String::new();
        for (at, part) in template.split(['[', ']']).enumerate() {
            let (filled, whole) = self.fill(part);
            if whole || at % 2 == 0 {
                text.push_str(&filled);
            }
        }
        text
    }

    /// A part of a sentence, and whether all that it names is known.
    fn fill(&self, template: &str) -> (String, bool) {
        let mut parts = template.split('{');
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut whole = true;
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            let value = self.cell(name).map(said).unwrap_or_default();
            whole &= !value.is_empty();
            text.push_str(&value);
            text.push_str(rest);
        }
        (text, whole)
    }
}

/// A value in a sentence: as on a terminal.
fn said(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(_) | Cell::Untrusted(_) => escape::exact(cell)
            .map(escape::terminal)
            .unwrap_or_default(),
        Cell::List(elements) => escape::terminal(elements.join(", ").as_str()),
        Cell::Time(time) => time.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Boolean(yes) => yes.to_string(),
    }
}

struct Event<'a, 'c> {
    message: String,
    datetime: String,
    of: &'static str,
    row: &'a Row<'a, 'c>,
}

impl Serialize for Event<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.columns.len() + 3))?;
        map.serialize_entry("message", &self.message)?;
        map.serialize_entry("datetime", &self.datetime)?;
        map.serialize_entry("timestamp_desc", self.of)?;
        for (column, cell) in self.row.columns.iter().zip(self.row.cells) {
            map.serialize_entry(column.name, &Value(cell))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ATTACKS, attacked, sample};
    use super::super::tables;
    use super::*;
    use crate::analysis::Analysis;

    fn events(analysis: &Analysis) -> Vec<serde_json::Value> {
        let mut all = Vec::new();
        for table in tables(analysis) {
            let mut out = Vec::new();
            let told = write(&table, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert_eq!(text.lines().count() as u64, told, "{}", table.name);
            all.extend(
                text.lines()
                    .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()),
            );
        }
        all
    }

    /// What Timesketch's own reader checks of a line: the three fields, and a time it can parse.
    fn passes(event: &serde_json::Value) {
        for field in ["message", "datetime", "timestamp_desc"] {
            let text = event[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no {field}: {event}");
        }
        let time = event["datetime"].as_str().unwrap();
        assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok(), "{time}");
        // The reader makes the number itself, and splits a field of this name.
        assert!(event.get("timestamp").is_none() && event.get("tag").is_none());
    }

    #[test]
    fn every_line_passes_the_readers_checks() {
        let events = events(&sample());
        events.iter().for_each(passes);
        let told: Vec<&str> = events
            .iter()
            .filter_map(|it| it["message"].as_str())
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        amzn-s3-demo-assets opened to cross-account 444455556666 (in-gap): DeleteAccountPublicAccessBlock by arn:aws:sts::111122223333:assumed-role/Admin/alice
        amzn-s3-demo-assets closed to cross-account 444455556666 (in-gap): DeleteBucketPolicy by arn:aws:sts::111122223333:assumed-role/Admin/alice
        amzn-s3-demo-logs opened to public (first-evidence): PutBucketPolicy by arn:aws:sts::111122223333:assumed-role/Admin/alice
        amzn-s3-demo-assets is cross-account (assumed) until 2024-01-01T00:57:48Z: PutBucketPolicy;DeleteAccountPublicAccessBlock by arn:aws:sts::111122223333:assumed-role/Admin/alice;arn:aws:sts::111122223333:assumed-role/Admin/alice
        amzn-s3-demo-assets is private (proven) until 2024-01-01T02:30:00Z: DeleteBucketPolicy by arn:aws:sts::111122223333:assumed-role/Admin/alice
        amzn-s3-demo-logs is public (assumed) until 2024-01-11T10:00:00Z: PutBucketPolicy by arn:aws:sts::111122223333:assumed-role/Admin/alice
        amzn-s3-demo-old is unknown (assumed) until 2024-01-11T10:00:00Z
        PutBucketPolicy took (opened) on amzn-s3-demo-logs: set the bucket policy: 1 statement, public, by arn:aws:sts::111122223333:assumed-role/Admin/alice from 203.0.113.9
        DeleteAccountPublicAccessBlock took (opened): delete the account's public access block, by arn:aws:sts::111122223333:assumed-role/Admin/alice from 203.0.113.9
        DeleteBucketPolicy took (closed) on amzn-s3-demo-assets: delete the bucket policy, by arn:aws:sts::111122223333:assumed-role/Admin/alice from 203.0.113.9
        PutBucketAcl failed AccessDenied (attempted) on amzn-s3-demo-assets: set the bucket ACL: public-read, by arn:aws:sts::111122223333:assumed-role/Admin/alice from 203.0.113.9
        amzn-s3-demo-logs: anonymous from 198.51.100.7, GetObject took, first of 3
        amzn-s3-demo-logs: anonymous from 198.51.100.7, GetObject took, last of 3
        amzn-s3-demo-logs: anonymous from 198.51.100.9, GetObject failed, first of 2
        amzn-s3-demo-logs: anonymous from 198.51.100.9, GetObject failed, last of 2
        no evidence of management events of account 111122223333 in eu-west-1 until 2024-01-01T00:50:00Z: silent, Stopped
        evidence of management events of account 111122223333 in eu-west-1 goes on: it was missing since 2024-01-01T00:33:20Z
        amzn-s3-demo-logs policy-accepted-despite-bucket-block: S3 accepted a public policy that the bucket's block was known to refuse: the removal of BlockPublicPolicy is missing from the logs
        ");
    }

    #[test]
    fn attacked_lines_pass_too_and_messages_are_inert() {
        let all = events(&attacked());
        all.iter().for_each(passes);
        for (name, _) in ATTACKS.iter() {
            for event in &all {
                let message = event["message"].as_str().unwrap();
                assert!(
                    !message.chars().any(char::is_control),
                    "{name}: {message:?}"
                );
                assert!(
                    !message.contains(['\u{202e}', '\u{200b}']),
                    "{name}: {message:?}"
                );
                assert!(message.chars().count() < 2_500, "{name}");
            }
        }
    }

    #[test]
    fn a_row_has_an_event_for_each_of_its_instants_and_all_its_columns() {
        let analysis = sample();
        let table = tables(&analysis).swap_remove(0);
        let mut out = Vec::new();
        assert_eq!(write(&table, &mut out).unwrap(), 3, "one is open");
        let first: serde_json::Value =
            serde_json::from_slice(out.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
        for column in &table.columns {
            assert!(first.get(column.name).is_some(), "{}", column.name);
        }
    }

    #[test]
    fn every_column_that_is_named_is_there() {
        for table in tables(&Analysis::default())
            .into_iter()
            .chain(super::super::alarm_tables(&[]))
        {
            let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            for instant in instants(table.name) {
                assert!(names.contains(&instant.column), "{}", instant.column);
                for part in instant.message.split('{').skip(1) {
                    let name = part.split('}').next().unwrap();
                    assert!(names.contains(&name), "{}: {name}", table.name);
                }
            }
        }
    }
}
