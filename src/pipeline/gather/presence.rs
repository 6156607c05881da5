//! Over which accounts, Regions, kinds and buckets does a file's evidence reach?

use super::Gathering;
use crate::event::{Whereabouts, bucket_and_owner, bucket_of_record, is_own_by_type, table};
use crate::evidence::{Activity, Category, Coverage, Evidence, FileAccount};
use crate::record::{Field, Glance, RawRecord, Record};
use crate::vocab::{AccountId, BucketName, Region, Timestamp};

impl Gathering<'_> {
    /// Notes where and when a record was written.
    pub(super) fn cover(&mut self, record: &Record<'_>, time: Timestamp) {
        let account = account_named(
            record.text("recipientAccountId").map(str::as_bytes),
            record
                .text_in("userIdentity", "accountId")
                .map(str::as_bytes),
        );
        let region = record.text("awsRegion").unwrap_or("").as_bytes();
        let category = category_of(record);
        self.presence.note(account, region, category, time);
    }

    /// Notes what a record tells beside what it is: that a bucket's data events are logged, from where somebody called.
    pub(super) fn note(
        &mut self,
        (source, name): (&str, &str),
        time: Timestamp,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
    ) {
        if is_on_data((source, name), record) {
            if source == table::S3 {
                self.log(time, record);
            }
        } else if self.writes.keeps_all() && !is_own_by_type(record) {
            let likeness = Whereabouts::likeness(record);
            let read = || Whereabouts::read(source, record, raw.raw);
            self.catch.see(likeness, source, time, read);
        }
    }

    fn log(&mut self, time: Timestamp, record: &Record<'_>) {
        let owner = record.text_among("resources", "accountId");
        if owner.is_some_and(|owner| record.differs_among("resources", "accountId", owner)) {
            let (bucket, owner) = bucket_and_owner(record);
            let (bucket, owner) = (bucket.as_ref(), owner.as_ref().map(AccountId::as_str));
            let bucket = bucket.map(BucketName::as_str).into_iter();
            bucket.for_each(|bucket| self.evidence().log(bucket, owner, Coverage::at(time)));
            return;
        }
        let owner = owner.or_else(|| record.text("recipientAccountId"));
        let account = owner.filter(|owner| AccountId::is_valid(owner));
        let bucket = record.text_in("requestParameters", "bucketName");
        match bucket {
            Some(bucket) => self.evidence().log(bucket, account, Coverage::at(time)),
            None => {
                if let Some(bucket) = bucket_of_record(record) {
                    self.evidence()
                        .log(bucket.as_str(), account, Coverage::at(time));
                }
            }
        }
    }
}

/// Where and when the records of one file were written, counted as they are read.
#[derive(Default)]
pub(in crate::pipeline) struct Presence {
    spots: Vec<Spot>,
    /// One for each account and Region.
    issued: Vec<Issuing>,
}

/// Where and when sessions were issued.
struct Issuing {
    account: Box<[u8]>,
    region: Box<[u8]>,
    coverage: Coverage,
}

/// The records of one hour, account, Region and category. Texts are kept as they were written until the file is read: most
/// records are like the one before.
struct Spot {
    account: Box<[u8]>,
    region: Box<[u8]>,
    category: Option<Category>,
    hour: i64,
    records: u64,
    coverage: Coverage,
}

impl Presence {
    /// Notes a record. Those of one hour mostly lie together, so the search begins at the end.
    pub fn note(
        &mut self,
        account: &[u8],
        region: &[u8],
        category: Option<Category>,
        time: Timestamp,
    ) {
        let hour = time.unix().div_euclid(3600);
        let here = Coverage::at(time);
        let known = self.spots.iter_mut().rev().find(|spot| {
            spot.hour == hour
                && spot.category == category
                && *spot.region == *region
                && *spot.account == *account
        });
        match known {
            Some(spot) => {
                spot.records += 1;
                spot.coverage = spot.coverage.merge(here);
            }
            None => self.spots.push(Spot {
                account: account.into(),
                region: region.into(),
                category,
                hour,
                records: 1,
                coverage: here,
            }),
        }
    }

    /// Notes that a session was issued there.
    pub fn issue(&mut self, account: &[u8], region: &[u8], here: Coverage) {
        let mut known = self.issued.iter_mut();
        match known.find(|known| *known.account == *account && *known.region == *region) {
            Some(known) => known.coverage = known.coverage.merge(here),
            None => self.issued.push(Issuing {
                account: account.into(),
                region: region.into(),
                coverage: here,
            }),
        }
    }

    /// Hands over what was counted.
    pub fn tell(self, evidence: &mut Evidence, file: &mut FileAccount) {
        for here in self.issued {
            let account = AccountId::parse(text(&here.account));
            if let Some((account, region)) = account.zip(Region::parse(text(&here.region))) {
                evidence.issue(account, region, here.coverage);
            }
        }
        file.activity.reserve_exact(self.spots.len());
        for spot in self.spots {
            let account = AccountId::parse(text(&spot.account));
            let region = Region::parse(text(&spot.region));
            let known = file.coverage;
            file.coverage = Some(known.map_or(spot.coverage, |known| known.merge(spot.coverage)));
            file.activity.extend(spot.category.map(|category| Activity {
                account: account.clone(),
                region: region.clone(),
                category,
                hour: spot.hour,
                records: spot.records,
                coverage: spot.coverage,
            }));
            evidence.cover(account, region, spot.coverage);
        }
        file.activity
            .sort_by(|one, other| place_of(one).cmp(&place_of(other)));
        // Texts that were written differently may name no account alike.
        file.activity.dedup_by(|more, known| {
            let is_same = place_of(more) == place_of(known);
            if is_same {
                known.records += more.records;
                known.coverage = known.coverage.merge(more.coverage);
            }
            is_same
        });
    }
}

type PlaceOf<'a> = (i64, Option<&'a AccountId>, Option<&'a Region>, Category);

fn place_of(activity: &Activity) -> PlaceOf<'_> {
    let (account, region) = (&activity.account, &activity.region);
    let category = activity.category;
    (activity.hour, account.as_ref(), region.as_ref(), category)
}

/// Whether a record is of a data event, as far as its category or its name tells.
fn is_on_data((source, name): (&str, &str), record: &Record<'_>) -> bool {
    match record.text("eventCategory") {
        Some(category) => category == "Data",
        None => table::is_data_event(source, name),
    }
}

/// Whether a record is of a management call that no AWS service made: its address is its caller's.
pub(in crate::pipeline) fn calls_directly(event: (&str, &str), record: &Record<'_>) -> bool {
    let is_other = matches!(record.text("eventCategory"), Some("Aggregated" | "Insight"))
        || record.text("eventType") == Some("AwsCloudTrailInsight");
    !is_other && !is_on_data(event, record) && !is_own_by_type(record)
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
    AccountId::parse(text(account_named(
        record.text("recipientAccountId").map(str::as_bytes),
        record
            .text_in("userIdentity", "accountId")
            .map(str::as_bytes),
    )))
}

/// The same account, told at a glance.
pub(in crate::pipeline) fn account_at_a_glance(glance: &Glance<'_>) -> Option<AccountId> {
    let (recipient, caller) = (
        glance.get(Field::Recipient),
        glance.get(Field::CallerAccount),
    );
    AccountId::parse(text(account_named(recipient, caller)))
}

/// The recipient, if it is an account's id; else the caller's account.
pub(super) fn account_named<'r>(recipient: Option<&'r [u8]>, caller: Option<&'r [u8]>) -> &'r [u8] {
    let is_account = |bytes: &&[u8]| AccountId::is_written(bytes);
    recipient.filter(is_account).or(caller).unwrap_or_default()
}

/// Bytes of a record, which is UTF-8.
fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}
