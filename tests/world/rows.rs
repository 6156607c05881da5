//! What does a row of the exposures table say? The columns that the truth decides, expected and as read back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::calendar::rfc3339;
use crate::names::Audience;
use crate::reach::Reach;
use crate::record::event_name;
use crate::s3::Call;

/// The columns compared; the first ones are the key by which rows are sorted.
const COLUMNS: [&str; 30] = [
    "account_id",
    "bucket",
    "scope",
    "audience",
    "outsider",
    "opened_at",
    "opened_event_id",
    "region",
    "access_point",
    "status",
    "opened_how",
    "opened_not_before",
    "opened_event_name",
    "opened_source_ip",
    "opened_user_agent",
    "closed_at",
    "closed_how",
    "closed_not_after",
    "closed_event_id",
    "closed_event_name",
    "closed_source_ip",
    "duration_seconds",
    "duration_is_lower_bound",
    "certainty",
    "assumptions",
    "mechanisms",
    "permissions",
    "opened_by",
    "closed_by",
    "granted_event_ids",
];

/// One row: a text for every compared column, empty where the table has none; lists sorted and joined by `;`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(Vec<String>);

impl Row {
    fn new(cells: &BTreeMap<&str, String>) -> Self {
        Self(
            COLUMNS
                .into_iter()
                .map(|column| cells.get(column).cloned().unwrap_or_default())
                .collect(),
        )
    }

    /// A row as the program wrote it.
    pub fn read(line: &str) -> Self {
        let object: Value = serde_json::from_str(line).unwrap();
        Self(
            COLUMNS
                .into_iter()
                .map(|column| cell(&object[column]))
                .collect(),
        )
    }

    pub fn get(&self, column: &str) -> &str {
        let at = COLUMNS.into_iter().position(|name| name == column).unwrap();
        &self.0[at]
    }

    /// For a story: `opened_at=…` a cell, only what is not empty.
    pub fn tell(&self) -> String {
        let cells = COLUMNS
            .into_iter()
            .zip(&self.0)
            .filter(|(_, cell)| !cell.is_empty());
        cells
            .map(|(column, cell)| format!("{column}={cell}"))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => joined(values.iter().map(cell).collect()),
        other => other.to_string(),
    }
}

fn joined(list: BTreeSet<String>) -> String {
    list.into_iter().collect::<Vec<_>>().join(";")
}

/// How a row ends.
#[derive(Debug, Clone, Copy)]
pub enum End<'a> {
    Event(&'a Call),
    /// By a call that may have taken effect, or one after which an opaque control decides.
    Opaque(&'a Call),
    /// Open at this second, the last of the evidence.
    StillOpen(i64),
}

/// An exposure while it lasts.
#[derive(Debug, Clone)]
pub struct Exposure {
    opened: Call,
    /// Was this audience known to be out just before?
    known_out: bool,
    /// All that held at some time of its life.
    union: Reach,
    /// By mechanism, the call that last wrote the grant by which it lived.
    granted: BTreeMap<&'static str, String>,
}

impl Exposure {
    pub fn opened(call: &Call, known_out: bool) -> Self {
        let union = Reach {
            permissions: BTreeSet::new(),
            mechanisms: BTreeSet::new(),
            assumptions: BTreeSet::new(),
        };
        Self {
            opened: call.clone(),
            known_out,
            union,
            granted: BTreeMap::new(),
        }
    }

    /// It is in by these mechanisms, whose grants were written by these calls.
    pub fn lives_on(&mut self, now: &Reach, written: &BTreeMap<&'static str, String>) {
        self.granted.extend(
            now.mechanisms
                .iter()
                .filter_map(|&mechanism| Some((mechanism, written.get(mechanism)?.clone()))),
        );
        self.union.permissions.extend(&now.permissions);
        self.union.mechanisms.extend(&now.mechanisms);
        self.union.assumptions.extend(&now.assumptions);
    }

    /// Its row, closed by a call or still open at a second.
    pub fn row(
        self,
        account: &str,
        bucket: &str,
        region: &str,
        audience: Audience,
        end: End,
    ) -> Row {
        let (audience, outsider) = audience.columns();
        let mut cells = BTreeMap::from([
            ("account_id", account.to_owned()),
            ("bucket", bucket.to_owned()),
            ("region", region.to_owned()),
            ("scope", "bucket".to_owned()),
            ("audience", audience.to_owned()),
            ("outsider", outsider.to_owned()),
        ]);
        cells.extend(self.opening());
        cells.extend(self.life());
        cells.extend(self.ending(end));
        Row::new(&cells)
    }

    fn opening(&self) -> [(&'static str, String); 7] {
        let how = if self.known_out {
            "event"
        } else {
            "first-evidence"
        };
        [
            ("opened_at", rfc3339(self.opened.second)),
            ("opened_how", how.to_owned()),
            ("opened_event_id", self.opened.event_id.clone()),
            (
                "opened_event_name",
                event_name(&self.opened.request).to_owned(),
            ),
            ("opened_by", self.opened.actor.arn()),
            ("opened_source_ip", self.opened.actor.address.to_owned()),
            ("opened_user_agent", self.opened.actor.agent.to_owned()),
        ]
    }

    fn life(&self) -> [(&'static str, String); 5] {
        let list =
            |set: &BTreeSet<&'static str>| joined(set.iter().map(|&one| one.to_owned()).collect());
        let certainty = if self.union.assumptions.is_empty() {
            "proven"
        } else {
            "assumed"
        };
        [
            ("certainty", certainty.to_owned()),
            ("assumptions", list(&self.union.assumptions)),
            ("mechanisms", list(&self.union.mechanisms)),
            (
                "granted_event_ids",
                joined(self.granted.values().cloned().collect()),
            ),
            ("permissions", list(&self.union.permissions)),
        ]
    }

    fn ending(&self, end: End) -> Vec<(&'static str, String)> {
        let (second, how, by) = match end {
            End::Event(call) => (call.second, "event", Some(call)),
            End::Opaque(call) => (call.second, "opaque", Some(call)),
            End::StillOpen(second) => (second, "still-open", None),
        };
        let both_known = self.known_out && matches!(end, End::Event(_));
        let mut cells = vec![
            ("closed_how", how.to_owned()),
            (
                "status",
                if by.is_some() { "closed" } else { "open" }.to_owned(),
            ),
            (
                "duration_seconds",
                (second - self.opened.second).to_string(),
            ),
            ("duration_is_lower_bound", (!both_known).to_string()),
        ];
        if let Some(call) = by {
            cells.push(("closed_at", rfc3339(call.second)));
            cells.push(("closed_event_id", call.event_id.clone()));
            cells.push(("closed_event_name", event_name(&call.request).to_owned()));
            cells.push(("closed_by", call.actor.arn()));
            cells.push(("closed_source_ip", call.actor.address.to_owned()));
        }
        cells
    }
}
