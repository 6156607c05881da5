//! What does a row of the exposures table say? The columns that the truth decides, expected and as read back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::calendar::rfc3339;
use crate::doors::{Door, Who};
use crate::reach::Reach;
use crate::record::event_name;
use crate::s3::Call;
use crate::track::Gap;

/// The columns compared; the first ones are the key by which rows are sorted.
const COLUMNS: [&str; 31] = [
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
    "resources",
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
        let compared = |column: &&str| *column != "resources" || object["scope"] == "objects";
        let cells = COLUMNS.into_iter().map(|column| match compared(&column) {
            true => cell(&object[column]),
            false => String::new(),
        });
        Self(cells.collect())
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

/// How a row begins.
#[derive(Debug, Clone)]
pub enum Begin {
    /// By this call; just before, the audience was surely out.
    Event(Call),
    /// By this call, or renewed by it.
    FirstEvidence(Call),
    /// Open at this second, the first of the evidence, by what later proofs tell.
    BeforeEvidence(i64),
    /// Open at the end of a gap.
    InGap(Gap),
}

impl Begin {
    fn second(&self) -> i64 {
        match self {
            Self::Event(call) | Self::FirstEvidence(call) => call.second,
            Self::BeforeEvidence(second) => *second,
            Self::InGap(gap) => gap.until,
        }
    }

    fn how(&self) -> &'static str {
        match self {
            Self::Event(_) => "event",
            Self::FirstEvidence(_) => "first-evidence",
            Self::BeforeEvidence(_) => "before-evidence",
            Self::InGap(_) => "in-gap",
        }
    }
}

/// How a row ends.
#[derive(Debug, Clone, Copy)]
pub enum End<'a> {
    Event(&'a Call),
    /// By a call that may have taken effect, or one after which an opaque control decides.
    Opaque(&'a Call),
    /// At the beginning of a gap.
    InGap(Gap),
    /// Open at this second, the last of the evidence.
    StillOpen(i64),
}

/// An exposure while it lasts.
#[derive(Debug, Clone)]
pub struct Exposure {
    begin: Begin,
    /// All that held at some time of its life.
    union: Reach,
    /// By mechanism, object or access point, the call that last wrote the grant by which it lived.
    granted: BTreeMap<&'static str, String>,
}

impl Exposure {
    pub fn opened(begin: Begin) -> Self {
        let union = Reach {
            permissions: BTreeSet::new(),
            mechanisms: BTreeSet::new(),
            assumptions: BTreeSet::new(),
            by: BTreeSet::new(),
        };
        Self {
            begin,
            union,
            granted: BTreeMap::new(),
        }
    }

    /// It is in by these mechanisms, whose grants were written by these calls.
    pub fn lives_on(&mut self, now: &Reach, written: &BTreeMap<&'static str, String>) {
        self.granted.extend(
            now.by
                .iter()
                .filter_map(|&what| Some((what, written.get(what)?.clone()))),
        );
        self.union.permissions.extend(&now.permissions);
        self.union.mechanisms.extend(&now.mechanisms);
        self.union.by.extend(&now.by);
        self.union.assumptions.extend(&now.assumptions);
    }

    /// Its row, closed by a call or still open at a second.
    pub fn row(
        self,
        account: &str,
        bucket: &str,
        region: &str,
        (door, audience): Who,
        end: End,
    ) -> Row {
        let (audience, outsider) = audience.columns();
        let (scope, access_point) = door.columns();
        let mut cells = BTreeMap::from([
            ("account_id", account.to_owned()),
            ("bucket", bucket.to_owned()),
            ("region", region.to_owned()),
            ("scope", scope.to_owned()),
            ("access_point", access_point.to_owned()),
            ("audience", audience.to_owned()),
            ("outsider", outsider.to_owned()),
        ]);
        if door == Door::Objects {
            let keys = self.union.by.iter().map(|&key| key.to_owned());
            cells.insert("resources", joined(keys.collect()));
        }
        cells.extend(self.opening());
        cells.extend(self.life());
        cells.extend(self.ending(end));
        Row::new(&cells)
    }

    fn opening(&self) -> Vec<(&'static str, String)> {
        let mut cells = vec![
            ("opened_at", rfc3339(self.begin.second())),
            ("opened_how", self.begin.how().to_owned()),
        ];
        match &self.begin {
            Begin::Event(call) | Begin::FirstEvidence(call) => {
                cells.push(("opened_event_id", call.event_id.clone()));
                cells.push(("opened_event_name", event_name(&call.request).to_owned()));
                cells.extend(opener(call));
            }
            Begin::InGap(gap) => cells.push(("opened_not_before", rfc3339(gap.from))),
            Begin::BeforeEvidence(_) => {}
        }
        cells
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
        let (second, how) = match end {
            End::Event(call) => (call.second, "event"),
            End::Opaque(call) => (call.second, "opaque"),
            End::InGap(gap) => (gap.from.max(self.begin.second()), "in-gap"),
            End::StillOpen(second) => (second, "still-open"),
        };
        let both_known = matches!((&self.begin, end), (Begin::Event(_), End::Event(_)));
        let mut cells = vec![
            ("closed_how", how.to_owned()),
            (
                "duration_seconds",
                (second - self.begin.second()).to_string(),
            ),
            ("duration_is_lower_bound", (!both_known).to_string()),
        ];
        match end {
            End::StillOpen(_) => cells.push(("status", "open".to_owned())),
            _ => {
                cells.push(("status", "closed".to_owned()));
                cells.push(("closed_at", rfc3339(second)));
            }
        }
        match end {
            End::Event(call) | End::Opaque(call) => cells.extend(by(call)),
            End::InGap(gap) => cells.push(("closed_not_after", rfc3339(gap.until))),
            End::StillOpen(_) => {}
        }
        cells
    }
}

/// Who only looked, or was refused, opened nothing.
fn opener(call: &Call) -> Vec<(&'static str, String)> {
    if !call.sets() {
        return vec![];
    }
    vec![
        ("opened_by", call.actor.arn()),
        ("opened_source_ip", call.actor.address.to_owned()),
        ("opened_user_agent", call.actor.agent.to_owned()),
    ]
}

fn by(call: &Call) -> [(&'static str, String); 4] {
    [
        ("closed_event_id", call.event_id.clone()),
        ("closed_event_name", event_name(&call.request).to_owned()),
        ("closed_by", call.actor.arn()),
        ("closed_source_ip", call.actor.address.to_owned()),
    ]
}
