//! Where do the tables and the truth part? The first bucket in which they differ, told from its calls.

use crate::calendar::rfc3339;
use crate::names::OURS;
use crate::record::event_name;
use crate::rows::Row;
use crate::s3::{Call, Request};
use crate::script::World;

/// None when the rows are the expected ones; else the story of the first bucket whose rows are not.
pub fn difference(world: &World, expected: &[Row], mut actual: Vec<Row>) -> Option<String> {
    let mut expected = expected.to_vec();
    expected.sort();
    actual.sort();
    if expected == actual {
        return None;
    }
    let missing = expected.iter().find(|row| !actual.contains(row));
    let surplus = actual.iter().find(|row| !expected.contains(row));
    let row = missing.into_iter().chain(surplus).min()?;
    Some(story(world, row, &expected, &actual))
}

/// A fault told in words, with all calls of the bucket that it names.
pub fn of(world: &World, fault: &str) -> String {
    let named = |call: &&Call| {
        call.logged
            && fault.contains(OURS[call.account].id)
            && call.bucket.is_none_or(|name| fault.contains(name))
    };
    let calls = world.calls.iter().filter(named).map(tell);
    [fault.to_owned()]
        .into_iter()
        .chain(calls)
        .collect::<Vec<_>>()
        .join("\n")
}

fn story(world: &World, row: &Row, expected: &[Row], actual: &[Row]) -> String {
    let (account, bucket) = (row.get("account_id"), row.get("bucket"));
    let mut lines = vec![format!("{bucket} of {account} differs; its calls:")];
    let of_interest = |call: &&Call| {
        call.logged
            && OURS[call.account].id == account
            && call.bucket.is_none_or(|name| name == bucket)
    };
    lines.extend(world.calls.iter().filter(of_interest).map(tell));
    lines.extend(told_rows("expected", expected, actual, row));
    lines.extend(told_rows("actual", actual, expected, row));
    lines.join("\n")
}

/// The rows of the bucket that the other side does not have.
fn told_rows(whose: &str, rows: &[Row], others: &[Row], like: &Row) -> Vec<String> {
    let same_bucket = |row: &&Row| {
        ["account_id", "bucket"]
            .iter()
            .all(|key| row.get(key) == like.get(key))
    };
    let only = rows
        .iter()
        .filter(same_bucket)
        .filter(|row| !others.contains(row));
    only.map(|row| format!("only {whose}: {}", row.tell()))
        .collect()
}

pub fn tell(call: &Call) -> String {
    let outcome = call.refused.as_ref().map_or("took", |refusal| refusal.code);
    let asked = match &call.request {
        Request::PutPolicy(policy) => policy.tell(),
        Request::PutAcl(ask) => ask.tell(),
        Request::CreateBucket { acl, ownership } => {
            format!(
                "acl {:?} ownership {ownership:?}",
                acl.as_ref().map(|ask| ask.tell())
            )
        }
        Request::PutBlock(flags) | Request::PutAccountBlock(flags) => format!("{flags:?}"),
        Request::PutOwnership(ownership) => format!("{ownership:?}"),
        Request::Object(key, object) => format!("{key} {}", object.tell()),
        Request::Point(name, point) => format!("{name} {}", point.tell()),
        _ => String::new(),
    };
    let (at, name, id) = (
        rfc3339(call.second),
        event_name(&call.request),
        &call.event_id,
    );
    format!("  {at} {id} {} {name} {outcome}: {asked}", call.region)
}
