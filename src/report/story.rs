//! How is one exposure told? Its story, for every medium that people read: who could get in, since when, how long, what they could do, who opened and closed it.

use super::escape;
use super::words::{assumption, bytes, closed_how, count, duration, grouped, opened_how};
use crate::analysis::Analysis;
use crate::event::CitedEvent;
use crate::exposure::{Audience, Outsider};
use crate::timeline::{AccessRow, Exposure, OpenedHow, Origin, Scope};
use crate::vocab::{EventId, Untrusted};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// So many values of a list are shown.
const MOST_VALUES: usize = 12;
/// So many grants are shown.
const MOST_GRANTS: usize = 5;
/// So many requesters from outside are shown.
const MOST_VISITORS: usize = 5;

/// One exposure, told from its audience to its certainty.
pub(super) struct Story {
    /// Its parts, in the order in which they are read.
    pub fields: Vec<Field>,
}

/// One part of a story.
pub(super) struct Field {
    /// What it tells of.
    pub label: &'static str,
    /// What it tells, each on a line of its own; escaped for a terminal.
    pub lines: Vec<Line>,
}

/// One line of a part.
pub(super) struct Line {
    /// What it says.
    pub text: String,
    /// The event that it names, by its id.
    pub event: Option<EventId>,
}

/// Each exposure's requesters.
pub(super) struct Visitors<'a>(BTreeMap<&'a str, Vec<&'a AccessRow>>);

impl<'a> Visitors<'a> {
    /// All requesters of an analysis.
    pub fn of(analysis: &'a Analysis) -> Self {
        let mut sorted: BTreeMap<&str, Vec<&AccessRow>> = BTreeMap::new();
        for visitor in &analysis.access {
            let of_it = sorted.entry(&visitor.exposure_id).or_default();
            of_it.push(visitor);
        }
        Self(sorted)
    }

    /// Those of one exposure who got what they asked for, the busiest first.
    fn admitted(&self, row: &Exposure) -> Vec<&'a AccessRow> {
        let rows = self.0.get(row.id.as_str()).into_iter().flatten();
        let mut rows: Vec<&AccessRow> = rows
            .copied()
            .filter(|visitor| visitor.kind.outcome == "took")
            .collect();
        rows.sort_by_key(|visitor| Reverse((visitor.requests, visitor.bytes)));
        rows
    }
}

impl Story {
    /// The story of an exposure.
    pub fn of(row: &Exposure, visitors: &Visitors<'_>) -> Self {
        let mut story = Self { fields: Vec::new() };
        who_and_when(&mut story, row);
        what(&mut story, row);
        if let Some(cause) = &row.opened {
            call(&mut story, first_event(row), cause);
            traced(&mut story, &row.origins.opened);
        }
        granted(&mut story, row);
        if let Some(cause) = &row.closed {
            call(&mut story, "closed by", cause);
            traced(&mut story, &row.origins.closed);
        }
        came_in(&mut story, row, visitors);
        certainty(&mut story, row);
        story
    }

    /// A part and its line; without a label the line goes on below the one before.
    fn field(&mut self, label: &'static str, text: &str) {
        self.line(label, text.to_owned(), None);
    }

    /// A line that names an event.
    fn event(&mut self, cause: &CitedEvent) {
        self.line("", event_id(cause), cause.event.event_id().cloned());
    }

    fn line(&mut self, label: &'static str, text: String, event: Option<EventId>) {
        let line = Line { text, event };
        match self.fields.last_mut().filter(|_| label.is_empty()) {
            Some(field) => field.lines.push(line),
            None => self.fields.push(Field {
                label,
                lines: vec![line],
            }),
        }
    }
}

/// What the event that an exposure begins with is to it.
fn first_event(row: &Exposure) -> &'static str {
    match row.opened_how {
        OpenedHow::Observed => "first seen",
        _ if row.opener().is_none() => "shown by",
        _ => "opened by",
    }
}

fn who_and_when(story: &mut Story, row: &Exposure) {
    story.field("open to", &audience(row));
    match (row.scope, &row.access_point) {
        (Scope::Objects, _) => story.field("by", "objects' own ACLs"),
        (_, Some(name)) => story.field("by", &format!("access point {}", escape::terminal(name))),
        _ => {}
    }
    story.field("principals", &values(&row.reach.principals));
    story.field("owner", &owner(row));
    match row.closed_at {
        Some(until) => story.field("when", &format!("{} until {until}", row.opened_at)),
        None => story.field("since", &row.opened_at.to_string()),
    }
    for how in opened_how(row).into_iter().chain(closed_how(row)) {
        story.field("", &how);
    }
    story.field("lasted", &lasting(row));
    if let Some(first) = row.uncovered.first() {
        let more = match row.uncovered.len() {
            1 => String::new(),
            all => format!(" and {} more times", all - 1),
        };
        let (from, until) = (first.from, first.until);
        story.field(
            "leans on",
            &format!("no change in times without evidence: {from} to {until}{more}"),
        );
    }
}

fn what(story: &mut Story, row: &Exposure) {
    let permissions: Vec<&str> = row.permissions().iter().map(|it| it.name()).collect();
    let mechanisms: Vec<&str> = row.mechanisms().iter().map(|it| it.name()).collect();
    story.field("may", &permissions.join(", "));
    story.field("on", &values(&row.reach.resources));
    if !row.reach.qualifiers.is_empty() {
        story.field("narrowed by", &values(&row.reach.qualifiers));
    }
    story.field("through", &mechanisms.join(", "));
}

pub(super) fn owner(row: &Exposure) -> String {
    let account = row.account.as_ref().map_or("unknown", |it| it.as_str());
    match &row.region {
        Some(region) => format!("account {account}, {region}"),
        None => format!("account {account}"),
    }
}

pub(super) fn lasting(row: &Exposure) -> String {
    let length = duration(row.duration_seconds);
    match (row.duration_is_lower_bound(), row.duration_seconds) {
        (false, _) => length,
        (true, ..=0) => "at least a moment".to_owned(),
        (true, _) => format!("at least {length}"),
    }
}

pub(super) fn audience(row: &Exposure) -> String {
    match &row.audience {
        Audience::Public => "the public".to_owned(),
        Audience::Foreign(Outsider::Account(id)) => format!("account {id}"),
        Audience::Foreign(Outsider::Organization(id)) => {
            format!("organization {}", escape::terminal(id))
        }
        Audience::Foreign(Outsider::Canonical(id)) => {
            format!("canonical id {}", escape::terminal(id))
        }
    }
}

fn values(texts: &BTreeSet<Untrusted>) -> String {
    let names: Vec<String> = texts
        .iter()
        .take(MOST_VALUES)
        .map(escape::terminal)
        .collect();
    match texts.len().saturating_sub(MOST_VALUES) {
        0 => names.join(", "),
        left => format!("{} and {left} more", names.join(", ")),
    }
}

/// Who made a call, from where, with what; which event it is and where it stands.
fn call(story: &mut Story, label: &'static str, cause: &CitedEvent) {
    let event = &cause.event;
    story.field(label, &shown(&event.actor.name));
    story.field("", &session(cause));
    if !event.actor.user_agent.is_empty() {
        story.field("", &escape::glimpse(&event.actor.user_agent));
    }
    story.field("", event.name);
    story.event(cause);
    let file = escape::sentence(&cause.citation.log_file);
    story.field(
        "",
        &format!("record {} of {file}", cause.citation.record_index),
    );
}

/// Who stands behind a call, in one line.
fn traced(story: &mut Story, origin: &Origin) {
    if origin.says_more {
        // Whole: an id that is cut names nothing.
        let steps: Vec<String> = origin.steps.iter().map(escape::sentence).collect();
        let unresolved = if origin.is_resolved {
            ""
        } else {
            "unresolved: "
        };
        story.field("traced to", &format!("{unresolved}{}", steps.join(" <- ")));
    }
}

/// Who came in meanwhile: how many, and the busiest of them.
fn came_in(story: &mut Story, row: &Exposure, visitors: &Visitors<'_>) {
    let seen = &row.attendance;
    if !seen.logged {
        let why = "nobody could have been seen: the evidence holds no data events of this bucket";
        return story.field("came in", why);
    }
    let denied = match seen.denied {
        0 => String::new(),
        denied => format!("; {} denied", grouped(denied)),
    };
    match seen.first.zip(seen.last) {
        Some((first, last)) => {
            let requests = count(seen.requests, "request");
            let (addresses, sent) = (seen.addresses, bytes(seen.bytes));
            let from = match addresses {
                1 => "1 address".to_owned(),
                _ => format!("{} addresses", grouped(addresses)),
            };
            story.field(
                "came in",
                &format!("{requests} from {from}, {sent} sent{denied}"),
            );
            story.field("", &format!("{first} to {last}"));
        }
        None => story.field("came in", &format!("nobody from outside was seen{denied}")),
    }
    let rows = visitors.admitted(row);
    for visitor in rows.iter().take(MOST_VISITORS) {
        story.field("", &requester(visitor));
    }
    match rows.len().saturating_sub(MOST_VISITORS) {
        0 => {}
        left => story.field("", &format!("and {}", count(left, "further kind"))),
    }
}

/// Who asked, from where, for what.
fn requester(row: &AccessRow) -> String {
    let (who, name) = (shown(&row.kind.principal), row.kind.name);
    let from = shown(&row.kind.source_ip);
    let about = if row.objects_estimated { "about " } else { "" };
    let of = match row.objects {
        0 => String::new(),
        objects => format!(" of {about}{}", count(objects, "object")),
    };
    let (requests, sent) = (grouped(row.requests), bytes(row.bytes));
    let with = escape::glimpse(&row.kind.user_agent);
    format!("{who} from {from}: {requests} {name}{of}, {sent}, {with}")
}

/// The kind of identity, whether with a second factor, from where, through whom.
pub(super) fn session(cause: &CitedEvent) -> String {
    let actor = &cause.event.actor;
    let mfa = match actor.mfa {
        Some(true) => " with MFA",
        Some(false) => " without MFA",
        None => "",
    };
    let kind = match actor.kind.is_empty() {
        true => "identity of unknown type".to_owned(),
        false => escape::terminal(&actor.kind),
    };
    let through = match actor.invoked_by.is_empty() {
        true => String::new(),
        false => format!(", through {}", escape::terminal(&actor.invoked_by)),
    };
    format!("{kind}{mfa}, from {}{through}", shown(&actor.source_ip))
}

/// Text, or a word for none.
pub(super) fn shown(text: &Untrusted) -> String {
    match text.is_empty() {
        true => "unknown".to_owned(),
        false => escape::terminal(text),
    }
}

pub(super) fn event_id(cause: &CitedEvent) -> String {
    match cause.event.event_id() {
        Some(id) => format!("event {id}"),
        None => "an event without an id".to_owned(),
    }
}

/// Who made the grants, where that is another event than the opening.
fn granted(story: &mut Story, row: &Exposure) {
    let opened = row.opened.as_ref().map(|cause| &cause.event.key);
    let mut seen = BTreeSet::new();
    let others: Vec<_> = row
        .granted
        .iter()
        .filter(|cause| Some(&cause.event.key) != opened && seen.insert(&cause.event.key))
        .collect();
    let mut label = "granted by";
    for cause in others.iter().take(MOST_GRANTS) {
        story.field(label, &shown(&cause.event.actor.name));
        let (name, time) = (cause.event.name, cause.event.time);
        story.field("", &format!("{name} at {time}"));
        story.event(cause);
        label = "";
    }
    match others.len().saturating_sub(MOST_GRANTS) {
        0 => {}
        left => story.field("", &format!("and {}", count(left, "further grant"))),
    }
}

fn certainty(story: &mut Story, row: &Exposure) {
    if row.assumptions.is_empty() {
        story.field("certainty", "proven: events decide");
    }
    let mut label = "assumed";
    for assumed in &row.assumptions {
        story.field(label, assumption(*assumed));
        label = "";
    }
}
