//! What stands in the access table? A row for each kind of request from outside during an exposure.

use super::super::row::{Cell, Table};
use super::cells::{count, plain, untrusted};
use super::{Field, boolean, integer, text, time};
use crate::analysis::Analysis;
use crate::timeline::AccessRow;

type Row<'a> = &'a AccessRow;

pub(super) fn table(analysis: &Analysis) -> Table<'_> {
    let fields = [who(), what()];
    super::table("access", fields.concat(), || analysis.access.iter())
}

fn who<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        text("exposure_id", |row| plain(&row.exposure_id)),
        text("bucket", |row| plain(row.bucket.as_str())),
        text("principal", |row| untrusted(&row.kind.principal)),
        text("source_ip", |row| untrusted(&row.kind.source_ip)),
        text("user_agent", |row| untrusted(&row.kind.user_agent)),
        text("event_name", |row| plain(row.kind.name)),
        text("outcome", |row| plain(row.kind.outcome)),
    ]
}

fn what<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        integer("requests", |row| count(row.requests)),
        integer("bytes_out", |row| count(row.bytes)),
        integer("objects", |row| count(row.objects)),
        time("first_seen", |row| Cell::Time(row.first)),
        time("last_seen", |row| Cell::Time(row.last)),
        boolean("objects_estimated", |row| {
            Cell::Boolean(row.objects_estimated)
        }),
    ]
}
