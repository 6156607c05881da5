//! Is a record of no interest, told at a glance?
//!
//! Most are: all that is wanted of them is when, where and of which kind they were. Whatever a glance leaves open is left to whoever
//! reads the record; the two must count alike.

use super::Gathering;
use super::presence::account_named;
use crate::event::{issuance_of, table};
use crate::evidence::Category;
use crate::record::{Field, Glance};
use crate::vocab::Timestamp;

impl Gathering<'_> {
    /// Counts a record of no interest; says whether it is one.
    pub(super) fn pass_over(&mut self, glance: &Glance<'_>) -> bool {
        self.glanced_over(glance).is_some()
    }

    fn glanced_over(&mut self, glance: &Glance<'_>) -> Option<()> {
        let text = |field| glance.get(field).and_then(|text| str::from_utf8(text).ok());
        let (source, name) = (text(Field::Source)?, text(Field::Name)?);
        if may_matter(source, name) || text(Field::Type) == Some("AwsCloudTrailInsight") {
            return None;
        }
        let category = match text(Field::Category) {
            Some("Management") => Category::Management,
            Some("Data") if source != table::S3 => Category::Data,
            None if source != table::S3 && !glance.may_tell_category_otherwise() => {
                Category::Management
            }
            _ => return None,
        };
        // Of what cannot be read again, the addresses of direct calls are kept: they may be asked for later.
        let is_own = text(Field::CallerType) == Some("AWSService")
            || text(Field::InvokedBy).is_some_and(|service| !service.is_empty());
        if category == Category::Management && self.writes.keeps_addresses() && !is_own {
            return None;
        }
        let time = text(Field::Time).and_then(Timestamp::parse)?;
        let account = account_named(text(Field::Recipient), text(Field::CallerAccount));
        let region = text(Field::Region).unwrap_or("");
        self.presence.note(account, region, Some(category), time);
        self.account.not_of_interest += 1;
        Some(())
    }
}

/// Whether a call of that name may be of interest.
fn may_matter(source: &str, name: &str) -> bool {
    table::kind_of(source, name).is_some()
        || table::inquiry_of(source, name).is_some()
        || table::request_of(source, name).is_some()
        || table::trail_kind_of(source, name).is_some()
        || issuance_of(source, name).is_some()
}
