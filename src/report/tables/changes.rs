//! What stands in the changes table? Every call that speaks to who can get in, what it did, and the record itself.

use super::super::escape;
use super::super::row::{Cell, Table};
use super::cells::{
    actor, actor_type, count, event_id, event_name, known, mfa, plain, source_ip, untrusted,
    user_agent, verdict,
};
use super::{Field, boolean, integer, text, time};
use crate::analysis::Analysis;
use crate::timeline::{ChangeRow, ChangeScope};

type Row<'a> = &'a ChangeRow;

pub(super) fn table(analysis: &Analysis) -> Table<'_> {
    let fields = [call(), caller(), citation()];
    super::table("changes", fields.concat(), || analysis.changes.iter())
}

fn call<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        time("event_time", |row| Cell::Time(row.event.event.time)),
        text("account_id", |row| known(row.account.as_ref())),
        text("region", |row| known(row.event.event.region.as_ref())),
        text("bucket", bucket),
        text("scope", |row| plain(row.scope().name())),
        text("event_name", |row| event_name(&row.event)),
        text("outcome", |row| plain(row.event.event.outcome.name())),
        text("error_code", |row| {
            let code = row.event.event.outcome.error_code();
            code.map_or(Cell::Empty, untrusted)
        }),
        text("effect", |row| plain(row.effect.name())),
        text("summary", |row| untrusted(&row.summary)),
    ]
}

fn caller<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        text("actor", |row| actor(&row.event)),
        text("actor_type", |row| actor_type(&row.event)),
        text("actor_origin", |row| untrusted(&row.origin.line)),
        text("access_key_id", |row| {
            untrusted(&row.event.event.actor.access_key_id)
        }),
        boolean("mfa", |row| mfa(Some(&row.event), &row.origin)),
        text("source_ip", |row| source_ip(&row.event)),
        text("user_agent", |row| user_agent(&row.event)),
    ]
}

fn citation<'a>() -> Vec<Field<'a, Row<'a>>> {
    vec![
        text("event_id", |row| event_id(&row.event)),
        integer("buckets_affected", |row| count(row.buckets_affected)),
        text("log_file", |row| {
            escape::file_name(&row.event.citation.log_file)
        }),
        integer("record_index", |row| count(row.event.citation.record_index)),
        text("integrity", |row| verdict(row.integrity)),
        text("record", |row| untrusted(&row.event.event.record)),
    ]
}

fn bucket(row: &ChangeRow) -> Cell<'_> {
    match row.scope() {
        ChangeScope::Account => Cell::Empty,
        _ => known(row.event.event.bucket.as_ref()),
    }
}
