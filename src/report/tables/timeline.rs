//! What stands in the timeline table? The intervals of each bucket, touching, from its first evidence to the last.

use super::super::escape;
use super::super::row::{Cell, Table};
use super::cells::{known, names, plain};
use super::{Field, boolean, integer, list, text, time};
use crate::analysis::Analysis;
use crate::timeline::{Interval, Timeline};
use crate::vocab::EventId;
use std::borrow::Cow;

type Row<'a> = (&'a Timeline, &'a Interval);

pub(super) fn table(analysis: &Analysis) -> Table<'_> {
    let fields = [place(), verdict(), reach(), causes()];
    super::table("timeline", fields.concat(), || {
        analysis.timelines.iter().flat_map(|timeline| {
            let of_it = move |interval| (timeline, interval);
            timeline.intervals.iter().map(of_it)
        })
    })
}

fn place<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        text("account_id", |(bucket, _)| known(bucket.account.as_ref())),
        text("bucket", |(bucket, _)| plain(bucket.bucket.as_str())),
        text("region", |(bucket, _)| known(bucket.region.as_ref())),
        time("from", |(_, row)| Cell::Time(row.span.from)),
        time("until", |(_, row)| Cell::Time(row.span.until)),
        integer("duration_seconds", |(_, row)| {
            Cell::Integer(row.span.seconds())
        }),
    ]
}

fn verdict<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        text("verdict", |(_, row)| plain(row.verdict.name())),
        text("certainty", |(_, row)| plain(row.certainty().name())),
        list("assumptions", |(_, row)| {
            names(row.assumptions.iter().map(|it| it.name()))
        }),
    ]
}

fn reach<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        list("mechanisms", |(_, row)| {
            names(row.reach.mechanisms.iter().map(|it| it.name()))
        }),
        list("permissions", |(_, row)| {
            names(row.reach.permissions.iter().map(|it| it.name()))
        }),
        list("principals", |(_, row)| {
            escape::list(row.reach.principals.iter())
        }),
        list("qualifiers", |(_, row)| {
            escape::list(row.reach.qualifiers.iter())
        }),
        boolean("latent", |(_, row)| Cell::Boolean(row.latent)),
        list("notes", |(_, row)| names(row.notes.iter().copied())),
    ]
}

fn causes<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        text("event_id", |(_, row)| {
            let ids = row.causes.iter().map(|cause| cause.event.event_id());
            escape::joined(ids.map(|id| id.map_or("", EventId::as_str)))
        }),
        text("event_name", |(_, row)| {
            escape::joined(row.causes.iter().map(|cause| cause.event.name))
        }),
        text("actor", |(_, row)| {
            escape::joined(row.causes.iter().map(|cause| &cause.event.actor.name))
        }),
        boolean("order_uncertain", |(_, row)| {
            Cell::Boolean(row.order_uncertain)
        }),
        list("exposure_ids", |(_, row)| {
            let ids = row.exposure_ids.iter();
            Cell::List(ids.map(|id| Cow::Borrowed(id.as_str())).collect())
        }),
    ]
}
