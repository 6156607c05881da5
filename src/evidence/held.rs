//! Which writes of objects matter of what can be read only once? They are held until all is read.

use super::{Evidence, concerns};
use crate::event::{EventKey, ExposureEvent};

/// A write of an object, as one record tells it, that matters only where some call opened the object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldWrite {
    /// What the record tells.
    pub event: ExposureEvent,
    /// The event that the record amends, if it does.
    pub amends: Option<EventKey>,
    /// Whether it is a request from outside too.
    pub asked: bool,
}

impl Evidence {
    /// Adds the held writes of objects that some call opened, record by record as a second reading would, and lays aside the
    /// others: where a file can be read only once, they are held until it is known which those are.
    pub fn settle_held_writes(&mut self) {
        let objects = self.objects_of_interest();
        for (citation, write) in std::mem::take(&mut self.held) {
            if concerns(&write.event, &objects) {
                self.tell(write.event, write.amends, citation);
            } else if let Some(account) = self.files.get_mut(&citation.log_file)
                && !write.asked
            {
                account.not_of_interest += 1;
            }
        }
    }
}
