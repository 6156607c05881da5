//! What becomes of uploads in parts?
//!
//! S3 fixes an object's ACL when its upload begins, checks then whether it may be asked for, and makes the object when the upload is
//! completed. So the call that completes an upload is given what the one that began it asked for. Records name no upload where
//! it begins, so uploads are told apart by their objects: of several of one object under way at once it is known which one ends
//! only if they ask for the same. They end with their bucket.

use crate::event::{Acl, Asked, Change, CitedEvent, Copies, Outcome, Upload};
use crate::vocab::{BucketName, Untrusted};
use std::collections::BTreeMap;

/// The uploads of one object that are under way.
#[derive(Default)]
struct UnderWay {
    /// The calls that began them.
    begun: Vec<usize>,
    /// Whether they ask for different ACLs, or it is not known what one asks for.
    doubt: Option<&'static str>,
    /// How many ended of which it is not known which they were.
    ended: usize,
    /// Whether a call may have begun one, and ended in an error.
    has_unsure: bool,
}

impl UnderWay {
    fn begin(&mut self, events: &[CitedEvent], place: usize) {
        let first = self.begun.first().copied().unwrap_or(place);
        if let (Some(first), Some(new)) = (events.get(first), events.get(place)) {
            if new.copies == Copies::Differ {
                self.doubt = Some("the copies of the call that began it differ");
            } else if !first.event.change.asks_same(&new.event.change) {
                self.doubt = Some("several uploads with different ACLs were under way");
            }
        }
        self.begun.push(place);
    }

    /// What the upload asked for that ends now.
    fn beginning(&self, events: &[CitedEvent]) -> Beginning {
        let first = self.begun.first().and_then(|place| events.get(*place));
        match (first, self.doubt) {
            (Some(_), Some(why)) => Beginning::Unknown(why),
            (Some(first), None) => Beginning::Asked(first.event.change.asked_acl().cloned()),
            (None, _) if self.has_unsure => {
                Beginning::Unknown("the call that may have begun it ended in an error")
            }
            (None, _) => Beginning::Unseen,
        }
    }
}

/// What a call is here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Begins,
    Completes,
    Aborts,
    DeletesBucket,
}

/// What is known of the beginning of an upload that is completed.
enum Beginning {
    /// It asked for this.
    Asked(Option<Asked<Acl>>),
    /// It is not known what it asked for.
    Unknown(&'static str),
    /// It was not seen.
    Unseen,
}

/// Gives each call that completes an upload what was asked for when it began, and tells which that begin one are seen to end.
/// The events are in order.
pub(super) fn join_uploads(events: &mut [CitedEvent]) {
    let kinds = events.iter().map(|cited| kind(&cited.event.change));
    let mut calls: Vec<(usize, Kind)> = kinds
        .enumerate()
        .filter_map(|(place, kind)| Some((place, kind?)))
        .collect();
    // What begins and ends in one second begins before.
    calls.sort_by_key(|(place, kind)| {
        let time = events.get(*place).map(|cited| cited.event.time);
        (time, *kind, *place)
    });
    // By name, which one account has at a time: the trail of whoever uploads may have what the owner's has not.
    let mut under_way: BTreeMap<Option<BucketName>, BTreeMap<Untrusted, UnderWay>> =
        BTreeMap::new();
    for (place, kind) in calls {
        let Some(CitedEvent { event, .. }) = events.get(place) else {
            continue;
        };
        let took = event.took();
        let bucket = event.bucket.clone();
        let Some(key) = event.change.object().cloned() else {
            let ended = took.then(|| under_way.remove(&bucket)).flatten();
            for uploads in ended.into_iter().flat_map(BTreeMap::into_values) {
                end_all(events, uploads);
            }
            continue;
        };
        let uploads = under_way.entry(bucket).or_default().entry(key).or_default();
        match kind {
            Kind::Begins if took => uploads.begin(events, place),
            _ if matches!(event.outcome, Outcome::Failed(_)) => {}
            // Who was told of an error has no upload to go on with, as far as is seen.
            Kind::Begins => {
                uploads.has_unsure = true;
                become_of(events, place, Upload::Ended);
            }
            _ => {
                let beginning = uploads.beginning(events);
                if took {
                    end_one(events, uploads, &beginning);
                }
                if kind == Kind::Completes {
                    complete(events, place, beginning);
                }
            }
        }
    }
}

fn kind(change: &Change) -> Option<Kind> {
    match (change, change.upload()) {
        (Change::DeleteBucket, _) => Some(Kind::DeletesBucket),
        (_, Some(Upload::Begun)) => Some(Kind::Begins),
        (_, Some(Upload::Completed)) => Some(Kind::Completes),
        (_, Some(Upload::Aborted)) => Some(Kind::Aborts),
        _ => None,
    }
}

/// One upload ends. Of those that are alike it may be the last: then the first is still under way.
fn end_one(events: &mut [CitedEvent], uploads: &mut UnderWay, beginning: &Beginning) {
    match beginning {
        Beginning::Asked(_) => {
            let last = uploads.begun.pop();
            last.into_iter()
                .for_each(|place| become_of(events, place, Upload::Ended));
        }
        Beginning::Unknown(_) => {
            uploads.ended += 1;
            if uploads.ended >= uploads.begun.len() {
                end_all(events, std::mem::take(uploads));
            }
        }
        Beginning::Unseen => {}
    }
}

fn end_all(events: &mut [CitedEvent], uploads: UnderWay) {
    let begun = uploads.begun.into_iter();
    begun.for_each(|place| become_of(events, place, Upload::Ended));
}

fn become_of(events: &mut [CitedEvent], place: usize, what: Upload) {
    let change = events.get_mut(place).map(|cited| &mut cited.event.change);
    if let Some(Change::WriteObject { upload, .. }) = change {
        *upload = Some(what);
    }
}

fn complete(events: &mut [CitedEvent], place: usize, beginning: Beginning) {
    let change = events.get_mut(place).map(|cited| &mut cited.event.change);
    if let Some(Change::WriteObject { acl, upload, .. }) = change {
        match beginning {
            Beginning::Asked(asked) => *acl = asked,
            Beginning::Unknown(why) => *acl = Some(Asked::Unreadable(why)),
            Beginning::Unseen => *upload = Some(Upload::Resumed),
        }
    }
}
