//! How is one exposure told? A block: who could get in, since when, how long, what they could do, who opened and closed it.

use super::super::escape;
use super::page::{Ink, Page};
use super::words::{assumption, bytes, closed_how, count, duration, grouped, opened_how};
use crate::analysis::Analysis;
use crate::event::CitedEvent;
use crate::exposure::{Audience, Outsider};
use crate::timeline::{AccessRow, Exposure, OpenedHow, Origin, Scope};
use crate::vocab::Untrusted;
use std::collections::{BTreeMap, BTreeSet};

/// So many values of a list are shown.
const MOST_VALUES: usize = 12;
/// So many grants are shown.
const MOST_GRANTS: usize = 5;
/// So many requesters from outside are shown.
const MOST_VISITORS: usize = 5;
/// So many exposures are shown where one line each must do.
const MOST_SHORT: usize = 20;

/// Each exposure's requesters.
type Visitors<'a> = BTreeMap<&'a str, Vec<&'a AccessRow>>;

/// A section of exposures; none where there are none.
pub(super) fn write(
    page: &mut Page,
    heading: &str,
    ink: Ink,
    rows: &[&Exposure],
    analysis: &Analysis,
) {
    if rows.is_empty() {
        return;
    }
    page.heading(&format!("{heading} ({})", rows.len()), ink);
    let mut visitors: Visitors<'_> = BTreeMap::new();
    for visitor in &analysis.access {
        let of_it = visitors.entry(&visitor.exposure_id).or_default();
        of_it.push(visitor);
    }
    for row in rows {
        page.title(row.bucket.as_str(), ink);
        who_and_when(page, row);
        what(page, row);
        if let Some(cause) = &row.opened {
            call(page, first_event(row), cause);
            traced(page, &row.origins.opened);
        }
        granted(page, row);
        if let Some(cause) = &row.closed {
            call(page, "closed by", cause);
            traced(page, &row.origins.closed);
        }
        came_in(page, row, visitors.get(row.id.as_str()));
        certainty(page, row);
    }
}

/// One line for each of the first exposures.
pub(super) fn write_short(page: &mut Page, rows: &[&Exposure]) {
    if rows.is_empty() {
        return;
    }
    page.heading(&format!("Still open ({})", rows.len()), Ink::Alarm);
    let lines = rows.iter().map(|row| {
        let (bucket, since, length) = (&row.bucket, row.opened_at, lasting(row));
        format!(
            "{bucket}: open to {} since {since}, {length}",
            audience(row)
        )
    });
    page.elements(lines, MOST_SHORT, "exposures");
}

/// What the event that an exposure begins with is to it.
fn first_event(row: &Exposure) -> &'static str {
    match row.opened_how {
        OpenedHow::Observed => "first seen",
        _ if row.opener().is_none() => "shown by",
        _ => "opened by",
    }
}

fn who_and_when(page: &mut Page, row: &Exposure) {
    page.field("open to", &audience(row));
    match (row.scope, &row.access_point) {
        (Scope::Objects, _) => page.field("by", "objects' own ACLs"),
        (_, Some(name)) => page.field("by", &format!("access point {}", escape::terminal(name))),
        _ => {}
    }
    page.field("principals", &values(&row.reach.principals));
    page.field("owner", &owner(row));
    match row.closed_at {
        Some(until) => page.field("when", &format!("{} until {until}", row.opened_at)),
        None => page.field("since", &row.opened_at.to_string()),
    }
    for how in opened_how(row).into_iter().chain(closed_how(row)) {
        page.field("", &how);
    }
    page.field("lasted", &lasting(row));
    if let Some(first) = row.uncovered.first() {
        let more = match row.uncovered.len() {
            1 => String::new(),
            all => format!(" and {} more times", all - 1),
        };
        let (from, until) = (first.from, first.until);
        page.field(
            "leans on",
            &format!("no change in times without evidence: {from} to {until}{more}"),
        );
    }
}

fn what(page: &mut Page, row: &Exposure) {
    let permissions: Vec<&str> = row.permissions().iter().map(|it| it.name()).collect();
    let mechanisms: Vec<&str> = row.mechanisms().iter().map(|it| it.name()).collect();
    page.field("may", &permissions.join(", "));
    page.field("on", &values(&row.reach.resources));
    if !row.reach.qualifiers.is_empty() {
        page.field("narrowed by", &values(&row.reach.qualifiers));
    }
    page.field("through", &mechanisms.join(", "));
}

fn owner(row: &Exposure) -> String {
    let account = row.account.as_ref().map_or("unknown", |it| it.as_str());
    match &row.region {
        Some(region) => format!("account {account}, {region}"),
        None => format!("account {account}"),
    }
}

fn lasting(row: &Exposure) -> String {
    let length = duration(row.duration_seconds);
    match (row.duration_is_lower_bound(), row.duration_seconds) {
        (false, _) => length,
        (true, ..=0) => "at least a moment".to_owned(),
        (true, _) => format!("at least {length}"),
    }
}

fn audience(row: &Exposure) -> String {
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
fn call(page: &mut Page, label: &str, cause: &CitedEvent) {
    let event = &cause.event;
    page.field(label, &shown(&event.actor.name));
    page.field("", &session(cause));
    if !event.actor.user_agent.is_empty() {
        page.field("", &escape::glimpse(&event.actor.user_agent));
    }
    page.field("", event.name);
    page.field("", &event_id(cause));
    let file = escape::terminal(&cause.citation.log_file);
    page.field(
        "",
        &format!("record {} of {file}", cause.citation.record_index),
    );
}

/// Who stands behind a call, in one line.
fn traced(page: &mut Page, origin: &Origin) {
    if origin.says_more {
        let steps: Vec<String> = origin.steps.iter().map(escape::terminal).collect();
        let unresolved = if origin.is_resolved {
            ""
        } else {
            "unresolved: "
        };
        page.field("traced to", &format!("{unresolved}{}", steps.join(" <- ")));
    }
}

/// Who came in meanwhile: how many, and the busiest of them.
fn came_in(page: &mut Page, row: &Exposure, visitors: Option<&Vec<&AccessRow>>) {
    let seen = &row.attendance;
    if !seen.logged {
        let why = "nobody could have been seen: the evidence holds no data events of this bucket";
        return page.field("came in", why);
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
            page.field(
                "came in",
                &format!("{requests} from {from}, {sent} sent{denied}"),
            );
            page.field("", &format!("{first} to {last}"));
        }
        None => page.field("came in", &format!("nobody from outside was seen{denied}")),
    }
    let mut rows: Vec<&AccessRow> = visitors.into_iter().flatten().copied().collect();
    rows.retain(|visitor| visitor.kind.outcome == "took");
    rows.sort_by_key(|visitor| std::cmp::Reverse((visitor.requests, visitor.bytes)));
    for visitor in rows.iter().take(MOST_VISITORS) {
        page.field("", &requester(visitor));
    }
    match rows.len().saturating_sub(MOST_VISITORS) {
        0 => {}
        left => page.field("", &format!("and {}", count(left, "further kind"))),
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
fn session(cause: &CitedEvent) -> String {
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
fn granted(page: &mut Page, row: &Exposure) {
    let opened = row.opened.as_ref().map(|cause| &cause.event.key);
    let mut seen = BTreeSet::new();
    let others: Vec<_> = row
        .granted
        .iter()
        .filter(|cause| Some(&cause.event.key) != opened && seen.insert(&cause.event.key))
        .collect();
    let mut label = "granted by";
    for cause in others.iter().take(MOST_GRANTS) {
        page.field(label, &shown(&cause.event.actor.name));
        let (name, time) = (cause.event.name, cause.event.time);
        page.field("", &format!("{name} at {time}"));
        page.field("", &event_id(cause));
        label = "";
    }
    match others.len().saturating_sub(MOST_GRANTS) {
        0 => {}
        left => page.field("", &format!("and {}", count(left, "further grant"))),
    }
}

fn certainty(page: &mut Page, row: &Exposure) {
    if row.assumptions.is_empty() {
        page.field("certainty", "proven: events decide");
    }
    let mut label = "assumed";
    for assumed in &row.assumptions {
        page.field(label, assumption(*assumed));
        label = "";
    }
}
