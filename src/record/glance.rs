//! What does a record say at a glance?
//!
//! The few strings by which it is told whether a record is of interest, found on the way through the text: nothing is copied,
//! and the record is not read. A glance is only given where it says what [`Record`](super::Record) would say: of a record with
//! a key written twice, in other case or with escapes there is none, and the record is read.

/// The fields that a glance takes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// `eventTime`
    Time,
    /// `eventSource`
    Source,
    /// `eventName`
    Name,
    /// `awsRegion`
    Region,
    /// `recipientAccountId`
    Recipient,
    /// `eventCategory`
    Category,
    /// `eventType`
    Type,
    /// `userIdentity.type`
    CallerType,
    /// `userIdentity.accountId`
    CallerAccount,
    /// `userIdentity.invokedBy`
    InvokedBy,
}

/// How many fields there are.
const FIELDS: usize = 10;

/// Where in a record the fields' strings lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Places {
    /// From where to where, between the quotes.
    ends: [(u32, u32); FIELDS],
    /// Which keys were met, a bit each: those of [`Key`].
    met: u32,
    /// Whether the record must be read.
    is_doubtful: bool,
}

/// A record's strings at a glance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glance<'t> {
    raw: &'t [u8],
    places: Places,
}

impl<'t> Glance<'t> {
    pub(super) fn new(raw: &'t [u8], places: Places) -> Option<Self> {
        (!places.is_doubtful).then_some(Self { raw, places })
    }

    /// The field's string, which has no escape; `None` where the record has none, or another kind of value.
    pub fn get(&self, field: Field) -> Option<&'t [u8]> {
        let (start, end) = *self.places.ends.get(field as usize)?;
        if end == 0 {
            return None;
        }
        self.raw.get(start as usize..end as usize)
    }

    /// Whether the record has a top-level `managementEvent` or `resources`: without eventCategory, its kind rests on these.
    pub fn may_tell_category_otherwise(&self) -> bool {
        let bits = [Key::ManagementEvent, Key::Resources].map(Key::bit);
        bits.iter().any(|bit| self.places.met & bit != 0)
    }
}

/// The keys that are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    /// Of a field.
    Of(Field),
    Identity,
    ManagementEvent,
    Resources,
}

impl Key {
    fn bit(self) -> u32 {
        1 << match self {
            Self::Of(field) => field as u32,
            Self::Identity => 16,
            Self::ManagementEvent => 17,
            Self::Resources => 18,
        }
    }
}

/// The key of the record itself that ends with these four letters, in any case.
#[inline(always)]
const fn of_record(tail: &[u8; 4]) -> Option<(&'static [u8], Key)> {
    match tail {
        b"time" => Some((b"eventTime", Key::Of(Field::Time))),
        b"urce" => Some((b"eventSource", Key::Of(Field::Source))),
        b"name" => Some((b"eventName", Key::Of(Field::Name))),
        b"gion" => Some((b"awsRegion", Key::Of(Field::Region))),
        b"ntid" => Some((b"recipientAccountId", Key::Of(Field::Recipient))),
        b"gory" => Some((b"eventCategory", Key::Of(Field::Category))),
        b"type" => Some((b"eventType", Key::Of(Field::Type))),
        b"tity" => Some((b"userIdentity", Key::Identity)),
        b"vent" => Some((b"managementEvent", Key::ManagementEvent)),
        b"rces" => Some((b"resources", Key::Resources)),
        _ => None,
    }
}

/// The same of its userIdentity.
#[inline(always)]
const fn of_identity(tail: &[u8; 4]) -> Option<(&'static [u8], Key)> {
    match tail {
        b"type" => Some((b"type", Key::Of(Field::CallerType))),
        b"ntid" => Some((b"accountId", Key::Of(Field::CallerAccount))),
        b"edby" => Some((b"invokedBy", Key::Of(Field::InvokedBy))),
        _ => None,
    }
}

/// Whose key it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Level {
    Record,
    Identity,
}

/// What a key was found to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// None that is looked for.
    Other,
    /// That one.
    Wanted(Key),
    /// It looks like one, and is written otherwise.
    Doubtful,
}

/// Which key ends, with its quote, before that place of the text.
#[inline(always)]
pub(super) fn key_before(text: &[u8], place: usize, level: Level) -> Found {
    let Some(head) = text.get(..place.wrapping_sub(1)) else {
        return Found::Other;
    };
    let Some(tail) = head.last_chunk::<4>() else {
        return Found::Other;
    };
    let tail = tail.map(|byte| byte | 0x20);
    let known = match level {
        Level::Record => of_record(&tail),
        Level::Identity => of_identity(&tail),
    };
    let Some((name, key)) = known else {
        return Found::Other;
    };
    let Some((before, written)) = head.split_at_checked(head.len().wrapping_sub(name.len())) else {
        return Found::Other;
    };
    match before {
        [.., b'\\', b'"'] => Found::Doubtful,
        [.., b'"'] if written == name => Found::Wanted(key),
        [.., b'"'] if written.eq_ignore_ascii_case(name) => Found::Doubtful,
        _ => Found::Other,
    }
}

impl Places {
    /// The record must be read.
    pub fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// Notes that a key was met. One that is met twice is not glanced at.
    #[inline(always)]
    pub fn meet(&mut self, key: Key) {
        self.is_doubtful |= self.met & key.bit() != 0;
        self.met |= key.bit();
    }

    /// Notes where a field's string lies.
    #[inline(always)]
    pub fn put(&mut self, field: Field, start: usize, end: usize) {
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) else {
            return self.doubt();
        };
        if let Some(place) = self.ends.get_mut(field as usize) {
            *place = (start, end);
        }
    }
}
