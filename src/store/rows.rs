//! How does what files told become rows?

use super::error::StoreError;
use super::read::hash_of;
use super::story::{Aside, Identity, KeptRecord, Story};
use super::table::Table;
use super::write::{Rows, Value};
use crate::event::{CitedRequest, EventKey};
use crate::evidence::{Coverage, Fate, FileAccount};
use crate::vocab::{AccountId, BucketName, Citation, EventId, Region};
use sha2::{Digest as _, Sha256};

use Value::{Boolean, Bytes, Hash, Integer, Nothing, Text, Time};

/// Writes the row of a file of the source.
pub(super) fn write_source(identity: &Identity, rows: &mut Rows<'_>) -> Result<(), StoreError> {
    rows.push(&[
        Text(identity.id.as_str()),
        Integer(identity.bytes),
        Value::text(identity.version.as_deref()),
        Value::text(identity.sha256.as_deref()),
        Value::integer(identity.max_inflated),
        Boolean(identity.unsettled),
    ])
}

/// Writes one table's rows of what a log file told.
pub(super) fn write_story(
    table: Table,
    source: &str,
    story: &Story,
    rows: &mut Rows<'_>,
) -> Result<(), StoreError> {
    match table {
        Table::Sources => Ok(()),
        Table::Files => each_account(story, |file, account| {
            rows.push(&file_row(source, file, account))
        }),
        Table::Activity => {
            each_account(story, |file, account| activity(source, file, account, rows))
        }
        Table::Spans => spans(source, story, rows),
        Table::Changes | Table::Writes => records(table, source, story, rows),
        Table::Reads => reads(source, story, rows),
        Table::Sessions => sessions(source, story, rows),
        Table::Requests => requests(source, story, rows),
        Table::Addresses => addresses(source, story, rows),
        Table::Losses => losses(source, story, rows),
        Table::Proofs => super::proofs::write(source, story, rows),
    }
}

fn each_account(
    story: &Story,
    mut take: impl FnMut(&str, &FileAccount) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut files = story.evidence.files.iter();
    files.try_for_each(|(file, account)| take(file.as_str(), account))
}

fn file_row<'v>(source: &'v str, file: &'v str, account: &'v FileAccount) -> [Value<'v>; 10] {
    let (fate, reason) = match account.fate {
        Fate::Read => ("read", Nothing),
        Fate::Lost => ("lost", Nothing),
        Fate::Skipped(reason) => ("skipped", Text(reason.name())),
    };
    let [first, last] = ends(account.coverage);
    [
        Text(source),
        Text(file),
        Integer(account.bytes),
        Text(fate),
        reason,
        Integer(account.records),
        Integer(account.not_of_interest),
        Integer(account.lost_records),
        first,
        last,
    ]
}

fn ends<'v>(coverage: Option<Coverage>) -> [Value<'v>; 2] {
    match coverage {
        Some(span) => [Time(span.first), Time(span.last)],
        None => [Nothing, Nothing],
    }
}

fn activity(
    source: &str,
    file: &str,
    account: &FileAccount,
    rows: &mut Rows<'_>,
) -> Result<(), StoreError> {
    for hour in &account.activity {
        let [first, last] = ends(Some(hour.coverage));
        rows.push(&[
            Text(source),
            Text(file),
            of_account(hour.account.as_ref()),
            of_region(hour.region.as_ref()),
            Text(hour.category.name()),
            Time(crate::vocab::Timestamp::from_unix(
                hour.hour.saturating_mul(3600),
            )),
            Integer(hour.records),
            first,
            last,
        ])?;
    }
    Ok(())
}

fn of_account(account: Option<&AccountId>) -> Value<'_> {
    Value::text(account.map(AccountId::as_str))
}

fn of_region(region: Option<&Region>) -> Value<'_> {
    Value::text(region.map(Region::as_str))
}

/// What a span is of.
pub(super) const COVERED: &str = "records";
pub(super) const LOGGED: &str = "data-events";
pub(super) const ISSUED: &str = "sessions";

fn spans(source: &str, story: &Story, rows: &mut Rows<'_>) -> Result<(), StoreError> {
    let file = story.log_file.as_str();
    let mut push = |what, account, region, bucket: Option<&BucketName>, span: Coverage| {
        let [first, last] = ends(Some(span));
        rows.push(&[
            Text(source),
            Text(file),
            Text(what),
            of_account(account),
            of_region(region),
            Value::text(bucket.map(BucketName::as_str)),
            first,
            last,
        ])
    };
    let evidence = &story.evidence;
    for ((account, region), span) in &evidence.coverage {
        push(COVERED, account.as_ref(), region.as_ref(), None, *span)?;
    }
    for ((account, region), span) in &evidence.issued {
        push(ISSUED, Some(account), Some(region), None, *span)?;
    }
    for (bucket, accounts) in &evidence.logged {
        for (account, span) in accounts {
            push(LOGGED, account.as_ref(), None, Some(bucket), *span)?;
        }
    }
    Ok(())
}

fn records(
    table: Table,
    source: &str,
    story: &Story,
    rows: &mut Rows<'_>,
) -> Result<(), StoreError> {
    let file = story.log_file.as_str();
    for kept in &story.kept {
        let common = record_row(source, file, kept);
        match (&kept.aside, table) {
            (Aside::Change, Table::Changes) => rows.push(&common)?,
            (Aside::Write(object), Table::Writes) => {
                let bucket = kept.bucket.as_ref().map_or("", BucketName::as_str);
                let own = [
                    Text(object.key.reveal()),
                    Boolean(object.asked),
                    Hash(hash_of(&[bucket, object.key.reveal()])),
                ];
                let row: Vec<_> = common.into_iter().chain(own).collect();
                rows.push(&row)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn record_row<'v>(source: &'v str, file: &'v str, kept: &'v KeptRecord) -> [Value<'v>; 11] {
    [
        Text(source),
        Text(file),
        Integer(kept.index),
        Value::time(kept.time),
        of_account(kept.account.as_ref()),
        of_region(kept.region.as_ref()),
        Value::text(kept.bucket.as_ref().map(BucketName::as_str)),
        Value::some(kept.source.reveal()),
        Value::some(kept.name.reveal()),
        Value::some(kept.event_id.reveal()),
        Text(kept.record.reveal()),
    ]
}

/// An event's id, the account whose trail has it, and, without an id, the hash of its record.
fn parts(key: &EventKey) -> (Option<&str>, Option<&AccountId>, Option<String>) {
    match key {
        EventKey::Id(id, recipient) => (Some(id.as_str()), recipient.as_ref(), None),
        EventKey::Content(hash) => (None, None, Some(super::write::hex(hash))),
    }
}

fn reads(source: &str, story: &Story, rows: &mut Rows<'_>) -> Result<(), StoreError> {
    for (key, (inquiry, citation)) in &story.evidence.inquiries {
        let (id, recipient, hash) = parts(key);
        // What is held by the investigator is never part of a log file's story.
        let Some((told, bytes)) = inquiry.told.in_short() else {
            continue;
        };
        rows.push(&[
            Text(source),
            Text(citation.log_file.as_str()),
            Integer(citation.record_index),
            Time(inquiry.time),
            of_account(inquiry.account.as_ref()),
            of_region(inquiry.region.as_ref()),
            Value::text(inquiry.bucket.as_ref().map(BucketName::as_str)),
            Text(inquiry.name),
            Value::text(id),
            of_account(recipient),
            Value::text(hash.as_deref()),
            Text(told),
            Value::integer(bytes),
        ])?;
    }
    Ok(())
}

fn cited(citation: &Citation) -> [Value<'_>; 2] {
    [
        Text(citation.log_file.as_str()),
        Integer(citation.record_index),
    ]
}

fn event_id(key: &EventKey) -> Value<'_> {
    match key {
        EventKey::Id(id, _) => Value::text(Some(EventId::as_str(id))),
        EventKey::Content(_) => Nothing,
    }
}

fn sessions(source: &str, story: &Story, rows: &mut Rows<'_>) -> Result<(), StoreError> {
    for session in &story.sessions {
        let issuance = &session.issuance;
        let [file, index] = cited(&session.citation);
        rows.push(&[
            Text(source),
            file,
            index,
            Time(issuance.time),
            of_account(issuance.account.as_ref()),
            of_region(issuance.region.as_ref()),
            Text(issuance.name),
            event_id(&session.event),
            Value::some(issuance.key.reveal()),
            Value::some(issuance.session.reveal()),
            Value::some(issuance.parent.name.reveal()),
            Value::some(issuance.parent.source_ip.reveal()),
            Bytes(&session.pack()),
            Bytes(&hash_of_event(&session.event)),
            find_by(issuance.key.reveal()),
            find_by(issuance.session.reveal()),
            find_by(issuance.shared.as_ref().map_or("", EventId::as_str)),
        ])?;
    }
    Ok(())
}

/// By what a text is found again, where there is one.
fn find_by<'v>(text: &str) -> Value<'v> {
    match text {
        "" => Nothing,
        text => Hash(hash_of(&[text])),
    }
}

/// Sixteen bytes that tell an event from every other.
fn hash_of_event(key: &EventKey) -> [u8; 16] {
    let (id, recipient, hash) = parts(key);
    let recipient = recipient.map_or("", AccountId::as_str);
    let text = format!(
        "{}\n{recipient}\n{}",
        id.unwrap_or(""),
        hash.unwrap_or_default()
    );
    let digest = Sha256::digest(text.as_bytes());
    std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default())
}

fn requests(source: &str, story: &Story, rows: &mut Rows<'_>) -> Result<(), StoreError> {
    for packed in story.requests.iter() {
        let Some((asked, _)) = CitedRequest::unpack(packed) else {
            continue;
        };
        let request = &asked.request;
        let [file, index] = cited(&asked.citation);
        let code = request.outcome.error_code();
        rows.push(&[
            Text(source),
            file,
            index,
            Time(request.time),
            of_account(request.account.as_ref()),
            of_region(request.region.as_ref()),
            Text(request.bucket.as_str()),
            Text(request.name),
            event_id(&asked.key),
            Value::some(request.key.reveal()),
            Value::some(request.actor.name.reveal()),
            Value::some(request.actor.source_ip.reveal()),
            Value::some(request.actor.user_agent.reveal()),
            Text(request.outcome.name()),
            Value::text(code.map(|code| code.reveal())),
            Value::integer(request.bytes),
            Bytes(packed),
        ])?;
    }
    Ok(())
}

fn addresses(source: &str, story: &Story, rows: &mut Rows<'_>) -> Result<(), StoreError> {
    for seen in &story.addresses {
        let (id, recipient, hash) = parts(&seen.event);
        rows.push(&[
            Text(source),
            Text(story.log_file.as_str()),
            Time(seen.time),
            Value::some(seen.name.reveal()),
            Value::some(seen.access_key_id.reveal()),
            Value::time(seen.began),
            Value::some(seen.source_ip.reveal()),
            Value::some(seen.service.reveal()),
            Value::text(id),
            of_account(recipient),
            Value::text(hash.as_deref()),
            find_by(seen.name.reveal()),
        ])?;
    }
    Ok(())
}

fn losses(source: &str, story: &Story, rows: &mut Rows<'_>) -> Result<(), StoreError> {
    for loss in &story.evidence.losses {
        rows.push(&[
            Text(source),
            Text(loss.log_file.as_str()),
            Value::integer(loss.record_index),
            Value::integer(loss.offset),
            Text(loss.kind.name()),
            Text(loss.detail.reveal()),
            Value::integer(loss.bytes),
        ])?;
    }
    Ok(())
}
