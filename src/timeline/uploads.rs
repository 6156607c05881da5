//! What becomes of uploads in parts?
//!
//! S3 fixes an object's ACL when its upload begins, checks then whether it may be asked for, and makes the object when the upload is
//! completed. So the call that completes an upload is given what the one that began it asked for. Records name no upload where
//! it begins, so uploads are told apart by their objects.

use crate::event::{Acl, Asked, Change, CitedEvent, Outcome, Upload};
use crate::vocab::{AccountId, BucketName, Untrusted};
use std::collections::BTreeMap;

/// Which object: whose, in which bucket.
type Object = (Option<AccountId>, Option<BucketName>, Untrusted);

/// Gives each call that completes an upload what was asked for when it began, and tells which that begin one are seen to end.
/// The events are in order.
pub(super) fn join_uploads(events: &mut [CitedEvent]) {
    let mut calls: Vec<(usize, Object, Upload)> = Vec::new();
    for (place, cited) in events.iter().enumerate() {
        if let Some((key, upload)) = upload_of(&cited.event.change) {
            let (account, bucket) = (cited.event.account.clone(), cited.event.bucket.clone());
            calls.push((place, (account, bucket, key.clone()), upload));
        }
    }
    // What begins and ends in one second begins before.
    calls.sort_by_key(|(place, _, upload)| {
        let time = events.get(*place).map(|cited| cited.event.time);
        (time, *upload != Upload::Begun, *place)
    });
    let mut under_way: BTreeMap<Object, Vec<usize>> = BTreeMap::new();
    for (place, object, upload) in calls {
        let begun = under_way.entry(object).or_default();
        let Some(cited) = events.get(place) else {
            continue;
        };
        let (took, failed) = (
            cited.event.took(),
            matches!(cited.event.outcome, Outcome::Failed(_)),
        );
        match upload {
            Upload::Begun if !failed => begun.push(place),
            Upload::Completed | Upload::Aborted => {
                let asked = common_acl(events, begun);
                if asked.is_ok() && took && !begun.is_empty() {
                    mark_ended(events, begun.remove(0));
                }
                if upload == Upload::Completed {
                    complete(events, place, asked);
                }
            }
            _ => {}
        }
    }
}

fn upload_of(change: &Change) -> Option<(&Untrusted, Upload)> {
    match change {
        Change::WriteObject { key, upload, .. } => Some((key, (*upload)?)),
        _ => None,
    }
}

/// The ACL that all uploads under way ask for, where they ask for the same; else why it is not known.
fn common_acl(events: &[CitedEvent], begun: &[usize]) -> Result<Option<Asked<Acl>>, &'static str> {
    let changes = begun.iter().filter_map(|place| events.get(*place));
    let mut changes = changes.map(|cited| &cited.event.change);
    let Some(first) = changes.next() else {
        return Err("the upload began before the evidence");
    };
    match changes.all(|other| first.asks_same(other)) {
        true => Ok(first.asked_acl().cloned()),
        false => Err("several uploads of the object with different ACLs were under way"),
    }
}

fn mark_ended(events: &mut [CitedEvent], place: usize) {
    let change = events.get_mut(place).map(|cited| &mut cited.event.change);
    if let Some(Change::WriteObject { upload, .. }) = change {
        *upload = Some(Upload::Ended);
    }
}

fn complete(
    events: &mut [CitedEvent],
    place: usize,
    asked: Result<Option<Asked<Acl>>, &'static str>,
) {
    let change = events.get_mut(place).map(|cited| &mut cited.event.change);
    if let Some(Change::WriteObject { acl, .. }) = change {
        *acl = asked.unwrap_or_else(|why| Some(Asked::Unreadable(why)));
    }
}
