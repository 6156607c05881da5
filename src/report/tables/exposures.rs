//! What stands in the exposures table? A row for each stretch of time during which one audience could get in.

use super::super::escape;
use super::super::row::{Cell, Table};
use super::super::run::audience;
use super::cells::{
    actor, actor_type, actors, count, event_id, event_ids, event_name, instant, known, mfa, names,
    plain, source_ip, untrusted, user_agent,
};
use super::{Field, boolean, integer, list, text, time};
use crate::analysis::Analysis;
use crate::event::CitedEvent;

use crate::timeline::{Attendance, Cause, Exposure};
use std::borrow::Cow;

type Row<'a> = &'a Exposure;

pub(super) fn table(analysis: &Analysis) -> Table<'_> {
    let fields = [
        place(),
        life(),
        reach(),
        opened(),
        closed(),
        granted(),
        access(),
    ];
    super::table("exposures", fields.concat(), || analysis.exposures.iter())
}

fn place<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        text("exposure_id", |row| plain(&row.id)),
        text("account_id", |row| known(row.account.as_ref())),
        text("bucket", |row| plain(row.bucket.as_str())),
        text("region", |row| known(row.region.as_ref())),
        text("scope", |row| plain(row.scope.name())),
        text("access_point", |row| {
            row.access_point.as_ref().map_or(Cell::Empty, untrusted)
        }),
        text("audience", |row| plain(audience(&row.audience))),
        text("outsider", outsider),
        text("status", |row| plain(status(row))),
        text("certainty", |row| plain(row.certainty().name())),
        list("assumptions", |row| {
            names(row.assumptions.iter().map(|it| it.name()))
        }),
        boolean("confirmed", |row| Cell::Boolean(row.is_confirmed())),
    ]
}

fn life<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        time("opened_at", |row| Cell::Time(row.opened_at)),
        text("opened_how", |row| plain(row.opened_how.name())),
        time("opened_not_before", |row| instant(row.opened_not_before)),
        time("closed_at", |row| instant(row.closed_at)),
        text("closed_how", |row| plain(row.closed_how.name())),
        time("closed_not_after", |row| instant(row.closed_not_after)),
        integer("duration_seconds", |row| {
            Cell::Integer(row.duration_seconds)
        }),
        boolean("duration_is_lower_bound", |row| {
            Cell::Boolean(row.duration_is_lower_bound())
        }),
    ]
}

fn reach<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        list("mechanisms", |row| {
            names(row.mechanisms().iter().map(|it| it.name()))
        }),
        list("permissions", |row| {
            names(row.permissions().iter().map(|it| it.name()))
        }),
        list("principals", |row| {
            escape::list(row.reach.principals.iter())
        }),
        list("resources", |row| escape::list(row.reach.resources.iter())),
        list("qualifiers", |row| {
            escape::list(row.reach.qualifiers.iter())
        }),
        text("aws_public", |row| plain(row.aws_public.name())),
    ]
}

fn opened<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        text("opened_event_id", |row| of(row.opened.as_ref(), event_id)),
        text("opened_event_name", |row| {
            of(row.opened.as_ref(), event_name)
        }),
        text("opened_by", |row| of(row.opener(), actor)),
        text("opened_by_type", |row| of(row.opener(), actor_type)),
        text("opened_by_origin", |row| match row.opener() {
            Some(_) => untrusted(&row.origins.opened.line),
            None => Cell::Empty,
        }),
        text("opened_source_ip", |row| of(row.opener(), source_ip)),
        text("opened_user_agent", |row| of(row.opener(), user_agent)),
        boolean("opened_mfa", |row| mfa(row.opener(), &row.origins.opened)),
    ]
}

fn closed<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        text("closed_event_id", |row| of(row.closed.as_ref(), event_id)),
        text("closed_event_name", |row| {
            of(row.closed.as_ref(), event_name)
        }),
        text("closed_by", |row| of(row.closed.as_ref(), actor)),
        text("closed_by_type", |row| of(row.closed.as_ref(), actor_type)),
        text("closed_by_origin", |row| {
            untrusted(&row.origins.closed.line)
        }),
        text("closed_source_ip", |row| of(row.closed.as_ref(), source_ip)),
        text("closed_user_agent", |row| {
            of(row.closed.as_ref(), user_agent)
        }),
        boolean("closed_mfa", |row| {
            mfa(row.closed.as_ref(), &row.origins.closed)
        }),
    ]
}

fn granted<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        list("granted_by", |row| actors(&row.granted)),
        list("granted_event_ids", |row| event_ids(&row.granted)),
    ]
}

fn access<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        boolean("access_logged", |row| Cell::Boolean(row.attendance.logged)),
        integer("outside_requests", |row| seen(row, |it| it.requests)),
        integer("outside_denied", |row| seen(row, |it| it.denied)),
        integer("outside_bytes", |row| seen(row, |it| it.bytes)),
        integer("outside_addresses", |row| seen(row, |it| it.addresses)),
        time("first_outside_access", |row| instant(row.attendance.first)),
        time("last_outside_access", |row| instant(row.attendance.last)),
        list("uncovered", |row| {
            let spans = row.uncovered.iter();
            let told = spans.map(|it| Cow::Owned(format!("{}/{}", it.from, it.until)));
            Cell::List(told.collect())
        }),
    ]
}

/// A count of what was seen: where nobody could have been seen there is none.
fn seen<'a>(row: Row<'a>, number: fn(&Attendance) -> u64) -> Cell<'a> {
    match row.attendance.logged {
        true => count(number(&row.attendance)),
        false => Cell::Empty,
    }
}

fn of(cause: Option<&Cause>, cell: fn(&CitedEvent) -> Cell<'_>) -> Cell<'_> {
    cause.map_or(Cell::Empty, |cause| cell(cause))
}

/// Who opened it. The first who was seen inside did not, as far as is known.
fn outsider(row: &Exposure) -> Cell<'_> {
    row.outsider().map_or(Cell::Empty, |outsider| {
        Cell::Untrusted(Cow::Owned(outsider.id()))
    })
}

fn status(row: &Exposure) -> &'static str {
    match row.is_open() {
        true => "open",
        false => "closed",
    }
}
