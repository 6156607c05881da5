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

/// The last letters by which two keys are told apart at once.
pub(super) type Tail = [u8; 8];

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
    /// Its name, as AWS writes it.
    pub fn name(self) -> &'static [u8] {
        match self {
            Self::Of(Field::Time) => b"eventTime",
            Self::Of(Field::Source) => b"eventSource",
            Self::Of(Field::Name) => b"eventName",
            Self::Of(Field::Region) => b"awsRegion",
            Self::Of(Field::Recipient) => b"recipientAccountId",
            Self::Of(Field::Category) => b"eventCategory",
            Self::Of(Field::Type) => b"eventType",
            Self::Of(Field::CallerType) => b"type",
            Self::Of(Field::CallerAccount) => b"accountId",
            Self::Of(Field::InvokedBy) => b"invokedBy",
            Self::Identity => b"userIdentity",
            Self::ManagementEvent => b"managementEvent",
            Self::Resources => b"resources",
        }
    }

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
fn of_record(tail: &[u8; 4]) -> Option<(&'static [u8], Key)> {
    let key = match tail {
        b"time" => Key::Of(Field::Time),
        b"urce" => Key::Of(Field::Source),
        b"name" => Key::Of(Field::Name),
        b"gion" => Key::Of(Field::Region),
        b"ntid" => Key::Of(Field::Recipient),
        b"gory" => Key::Of(Field::Category),
        b"type" => Key::Of(Field::Type),
        b"tity" => Key::Identity,
        b"vent" => Key::ManagementEvent,
        b"rces" => Key::Resources,
        _ => return None,
    };
    Some((key.name(), key))
}

/// The same of its userIdentity.
fn of_identity(tail: &[u8; 4]) -> Option<(&'static [u8], Key)> {
    let key = match tail {
        b"type" => Key::Of(Field::CallerType),
        b"ntid" => Key::Of(Field::CallerAccount),
        b"edby" => Key::Of(Field::InvokedBy),
        _ => return None,
    };
    Some((key.name(), key))
}

/// Whether a key that is looked for may end so, in any case.
pub(super) fn may_be_wanted(tail: &Tail, level: Level) -> bool {
    let [.., a, b, c, d] = tail.map(|byte| byte | 0x20);
    let known = match level {
        Level::Record => of_record(&[a, b, c, d]),
        Level::Identity => of_identity(&[a, b, c, d]),
    };
    let end = known.and_then(|(name, _)| name.last_chunk::<8>());
    end.is_some_and(|end| end.eq_ignore_ascii_case(tail))
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
