//! Over which accounts, Regions, kinds and buckets does a file's evidence reach?

use super::Gathering;
use crate::event::{Whereabouts, bucket_of_record, is_own_by_type, table};
use crate::evidence::{Activity, Category, Coverage};
use crate::record::{RawRecord, Record};
use crate::vocab::{AccountId, Region, Timestamp};

impl Gathering<'_> {
    pub(super) fn cover(&mut self, record: &Record<'_>, time: Timestamp) {
        let here = Coverage::at(time);
        self.account.coverage = Some(
            self.account
                .coverage
                .map_or(here, |known| known.merge(here)),
        );
        let region = record.text("awsRegion").and_then(Region::parse);
        let account = account_of(record);
        if let Some(category) = category_of(record) {
            self.note_activity(account.as_ref(), region.as_ref(), category, time);
        }
        self.evidence.cover(account, region, here);
    }

    /// Records of one hour mostly lie together, so the search begins at the end.
    fn note_activity(
        &mut self,
        account: Option<&AccountId>,
        region: Option<&Region>,
        category: Category,
        time: Timestamp,
    ) {
        let hour = time.unix().div_euclid(3600);
        let known = self.account.activity.iter_mut().rev().find(|it| {
            it.hour == hour
                && it.category == category
                && it.region.as_ref() == region
                && it.account.as_ref() == account
        });
        match known {
            Some(known) => {
                known.records += 1;
                known.coverage = known.coverage.merge(Coverage::at(time));
            }
            None => self.account.activity.push(Activity {
                account: account.cloned(),
                region: region.cloned(),
                category,
                hour,
                records: 1,
                coverage: Coverage::at(time),
            }),
        }
    }

    /// Notes what a record tells beside what it is: that a bucket's data events are logged, from where somebody called.
    pub(super) fn note(
        &mut self,
        (source, name): (&str, &str),
        time: Timestamp,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
    ) {
        let on_data = match record.text("eventCategory") {
            Some(category) => category == "Data",
            None => table::is_data_event(source, name),
        };
        match on_data {
            true if source == table::S3 => self.log(time, record),
            true => {}
            false if is_own_by_type(record) => {}
            false => self
                .catch
                .see(Whereabouts::likeness(record), source, time, || {
                    Whereabouts::read(source, record, raw.raw)
                }),
        }
    }

    fn log(&mut self, time: Timestamp, record: &Record<'_>) {
        let owner = record.text_below("resources", "accountId");
        let owner = owner.or_else(|| record.text("recipientAccountId"));
        let account = owner.and_then(AccountId::parse);
        let bucket = record.text_in("requestParameters", "bucketName");
        match bucket {
            Some(bucket) => self.evidence.log(bucket, account, Coverage::at(time)),
            None => {
                if let Some(bucket) = bucket_of_record(record) {
                    self.evidence
                        .log(bucket.as_str(), account, Coverage::at(time));
                }
            }
        }
    }
}

/// Management or data; neither for what is of another kind. Before eventVersion 1.07 no field says so directly.
fn category_of(record: &Record<'_>) -> Option<Category> {
    match record.text("eventCategory") {
        Some("Management") => Some(Category::Management),
        Some("Data") => Some(Category::Data),
        Some(_) => None,
        None => Some(category_of_old(&record.to_json())),
    }
}

fn category_of_old(record: &serde_json::Value) -> Category {
    let is_management = record.get("managementEvent").and_then(|it| it.as_bool());
    let resources = record.get("resources").and_then(|it| it.as_array());
    let is_object = |resource: &serde_json::Value| {
        resource.get("type").and_then(|it| it.as_str()) == Some("AWS::S3::Object")
    };
    match is_management {
        Some(true) => Category::Management,
        Some(false) => Category::Data,
        None if resources.into_iter().flatten().any(is_object) => Category::Data,
        None => Category::Management,
    }
}

/// The account whose trail has the record; old records name only the caller's.
pub(in crate::pipeline) fn account_of(record: &Record<'_>) -> Option<AccountId> {
    record
        .text("recipientAccountId")
        .and_then(AccountId::parse)
        .or_else(|| {
            record
                .text_in("userIdentity", "accountId")
                .and_then(AccountId::parse)
        })
}
