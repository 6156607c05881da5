//! Which writes of objects are kept?

use super::Gathering;
use crate::event::{ExposureEvent, Outcome, QuietWrite, amended_event, table};
use crate::evidence::{HeldWrite, ObjectsOfInterest, concerns, matters_by_itself};
use crate::record::{RawRecord, Record};
use crate::source::LogFile;

/// Which writes of objects are kept that do not matter by themselves.
#[derive(Clone, Copy)]
pub(in crate::pipeline) enum Writes<'o> {
    /// None; it is noted where there are some.
    Noted,
    /// Those of these objects.
    Of(&'o ObjectsOfInterest),
    /// All, of a file that can be read only once: they are held until it is known which matter.
    All,
    /// All, of records that a store kept and that matter.
    Again,
    /// None, but all are put aside, with every other record that matters: for a store.
    Aside,
}

impl Writes<'_> {
    /// Whether sessions and callers' addresses are kept, since the file may not be there when they are asked for.
    pub(super) fn keeps_all(self) -> bool {
        matches!(self, Self::All | Self::Aside)
    }

    /// Which are kept when a file is read for the first time.
    pub(in crate::pipeline) fn at_first(file: &LogFile) -> Self {
        match file.is_standard_input() {
            true => Self::All,
            false => Self::Noted,
        }
    }
}

impl Gathering<'_> {
    /// Whether a call on an object cannot matter, told without reading the whole record: most cannot.
    pub(super) fn is_quiet(
        &mut self,
        kind: &table::Kind,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
        asked: bool,
    ) -> bool {
        let Some(write) = QuietWrite::read(kind, record) else {
            return false;
        };
        match self.writes {
            _ if write.failed => true,
            Writes::All | Writes::Again => false,
            Writes::Of(objects) => {
                let known = objects.get(&write.bucket);
                !known.is_some_and(|keys| keys.contains(&write.key))
            }
            Writes::Noted => {
                self.written.insert(write.bucket);
                true
            }
            Writes::Aside => {
                self.put_quiet_write_aside(raw, record, (&write.bucket, &write.key), asked);
                true
            }
        }
    }

    /// Whether an event is kept.
    pub(super) fn wants(&mut self, event: &ExposureEvent) -> bool {
        if matters_by_itself(event) {
            return true;
        }
        let Some(bucket) = event.bucket.as_ref().filter(|_| is_write(event)) else {
            return false;
        };
        match self.writes {
            Writes::Again => true,
            Writes::Of(objects) => concerns(event, objects),
            Writes::Noted => {
                self.written.insert(bucket.clone());
                false
            }
            Writes::All | Writes::Aside => false,
        }
    }

    /// Holds a write of an object until it is known whether it matters, where all of them are; says whether it does.
    pub(super) fn hold(
        &mut self,
        event: ExposureEvent,
        raw: &RawRecord<'_>,
        record: &Record<'_>,
        asked: bool,
    ) -> bool {
        let may_matter = matches!(self.writes, Writes::All) && is_write(&event);
        if may_matter {
            let amends = amended_event(record);
            let write = HeldWrite {
                event,
                amends,
                asked,
            };
            let citation = self.cite(raw);
            self.evidence().held.insert(citation, write);
        }
        may_matter
    }
}

/// Whether an event is a call on an object that took effect, or may have.
fn is_write(event: &ExposureEvent) -> bool {
    let failed = matches!(event.outcome, Outcome::Failed(_));
    event.bucket.is_some() && event.change.object().is_some() && !failed
}
