//! Whose is a bucket's name? One account's at a time: whoever creates a bucket shows that another account's of that name is gone, and
//! whoever is refused its creation because it exists elsewhere shows that his own is.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>

use super::order::{Accounts, Call};
use crate::event::{Change, CitedInquiry, Copies, Heard, Inquiry, Told};
use crate::vocab::{AccountId, BucketName, Region};

/// Lets the creations of each account tell the others that their buckets of that name are gone.
pub(super) fn tell(accounts: &mut Accounts) {
    let mut gone: Vec<CitedInquiry> = Vec::new();
    for (account, calls) in &*accounts {
        let refused = calls.buckets.iter().flat_map(|(bucket, calls)| {
            let refused = calls.iter().filter(|call| is_refused(call));
            refused.map(move |call| (bucket, call))
        });
        let losing =
            refused.filter_map(|(bucket, call)| Some(told(call, bucket, account.clone()?)));
        gone.extend(losing);
        let created = calls.buckets.iter().flat_map(|(bucket, calls)| {
            let creations = calls.iter().filter(|call| creates(call));
            creations.map(move |call| (bucket, call))
        });
        for (bucket, call) in created {
            let others = accounts.iter().filter(|(other, _)| *other != account);
            let losing = others.filter(|(_, theirs)| {
                let calls = theirs.buckets.get(bucket);
                calls.is_some_and(|calls| are_in_one_partition(calls, call))
            });
            let told = losing.filter_map(|(other, _)| Some(told(call, bucket, other.clone()?)));
            gone.extend(told);
        }
    }
    for cited in gone {
        let calls = accounts.get_mut(&cited.inquiry.account);
        if let (Some(calls), Some(bucket)) = (calls, cited.inquiry.bucket.clone()) {
            let reads = calls.reads.entry(bucket).or_default();
            reads.push(cited);
            reads.sort_by(|left, right| {
                (left.inquiry.time, &left.key).cmp(&(right.inquiry.time, &right.key))
            });
        }
    }
}

/// Whether a bucket was surely created, in an account that is known.
fn creates(call: &Call) -> bool {
    let event = &call.cause.event;
    let creation = matches!(event.change, Change::CreateBucket { .. });
    creation && event.took() && call.cause.copies != Copies::Differ && event.account.is_some()
}

/// Whether a bucket was not created because another account has one of the name.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
fn is_refused(call: &Call) -> bool {
    let event = &call.cause.event;
    let creation = matches!(event.change, Change::CreateBucket { .. });
    let code = event.outcome.error_code();
    let is_foreign = code.is_some_and(|code| code.reveal() == "BucketAlreadyExists");
    creation && is_foreign && call.cause.copies != Copies::Differ
}

/// Whether calls on a bucket are of the partition in which one was created. Where that is not known it may be another bucket.
fn are_in_one_partition(calls: &[Call], created: &Call) -> bool {
    let partition = |call: &Call| call.cause.event.region.as_ref().map(Region::partition);
    let own = calls.iter().find_map(partition);
    own.is_some() && own == partition(created)
}

fn told(call: &Call, bucket: &BucketName, loser: AccountId) -> CitedInquiry {
    let event = &call.cause.event;
    CitedInquiry {
        key: event.key.clone(),
        inquiry: Inquiry {
            time: event.time,
            account: Some(loser),
            bucket: Some(bucket.clone()),
            region: event.region.clone(),
            name: event.name,
            told: Told::NoBucket,
            heard: Heard::Followed,
        },
        citation: call.cause.citation.clone(),
    }
}
