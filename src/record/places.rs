//! Where in a record do the fields' strings lie, and which keys were met?

use super::glance::{Field, Key, Strange};

/// How many fields there are.
const FIELDS: usize = 20;

/// Where in a record the fields' strings lie. A record of which that is known is shorter than 64 KiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Places {
    /// Where they begin, behind the quote.
    starts: [u16; FIELDS],
    /// How long they are.
    lengths: [u16; FIELDS],
    /// Which fields have one, a bit each.
    known: u32,
    /// Which keys were met, a bit each: those of [`Key`].
    met: u32,
    /// Where userIdentity.sessionContext's object begins; 0 where there is none.
    context: u16,
    /// Whether the record must be read.
    is_doubtful: bool,
}

/// Which keys all records of one kind have.
#[derive(Clone, Copy, Default)]
pub(super) struct Met {
    keys: u32,
    /// Whether one of them is met twice.
    is_doubtful: bool,
}

/// Which fields of all records of one kind have a string, none of them twice.
#[derive(Clone, Copy, Default)]
pub(super) struct Placed(u32);

impl Placed {
    /// Those fields.
    pub fn of(fields: impl Iterator<Item = Field>) -> Self {
        Self(fields.fold(0, |all, field| all | 1 << field as u32))
    }
}

impl Met {
    /// Those keys, and bits of what is strange.
    pub fn of(keys: impl Iterator<Item = Key>, strange: u32) -> Self {
        let mut places = Places::default();
        keys.for_each(|key| places.meet(key));
        places.wonder(strange);
        Self {
            keys: places.met,
            is_doubtful: places.is_doubtful,
        }
    }
}

impl Places {
    /// Notes that all of these were met, where none was yet, and that these fields will be put.
    #[inline(always)]
    pub fn meet_all(&mut self, met: Met, placed: Placed) {
        self.met = met.keys;
        self.is_doubtful |= met.is_doubtful;
        self.known = placed.0;
    }

    /// Notes where the string of a field lies that was said to be put.
    #[inline(always)]
    pub fn put_known(&mut self, field: Field, start: u16, end: u16) {
        let place = field as usize;
        if let (Some(to), Some(long)) = (self.starts.get_mut(place), self.lengths.get_mut(place)) {
            (*to, *long) = (start, end.wrapping_sub(start));
        }
    }

    /// The record must be read.
    pub fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// Something is strange.
    pub fn wonder(&mut self, bits: u32) {
        self.met |= bits;
    }

    /// Notes that a key was met. One that is met twice is not glanced at.
    #[inline(always)]
    pub fn meet(&mut self, key: Key) {
        self.is_doubtful |= self.met & key.bit() != 0;
        self.met |= key.bit();
    }

    /// Notes where userIdentity.sessionContext's object begins in a record.
    #[inline(always)]
    pub fn put_context(&mut self, start: u16) {
        self.context = start;
    }

    /// Where userIdentity.sessionContext's object begins in the record; 0 where there is none.
    #[inline(always)]
    pub fn context(&self) -> u16 {
        self.context
    }

    /// Whether the record must be read.
    #[inline(always)]
    pub fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// Whether that is strange.
    pub fn is_strange(&self, strange: Strange) -> bool {
        self.met & strange.bit() != 0
    }

    /// Whether a key was met.
    pub fn has(&self, key: Key) -> bool {
        self.met & key.bit() != 0
    }

    /// Notes where a field's string lies in a record; one that lies too far to be noted makes it be read.
    pub fn put(&mut self, raw: &[u8], field: Field, start: usize, end: usize) {
        match (u16::try_from(start), u16::try_from(end)) {
            (Ok(start), Ok(end)) => self.put_within(raw, field, start, end),
            _ => self.doubt(),
        }
    }

    /// Notes where a field's string lies in a record; of several owners, whether they are the same.
    #[inline(always)]
    pub fn put_within(&mut self, raw: &[u8], field: Field, start: u16, end: u16) {
        let before = match field {
            Field::Owner => self.of(raw, field),
            _ => None,
        };
        self.put_known(field, start, end);
        self.known |= 1 << field as u32;
        if before.is_some() && before != self.of(raw, field) {
            self.wonder(Strange::Resources.bit());
        }
    }

    #[inline(always)]
    pub fn of<'r>(&self, raw: &'r [u8], field: Field) -> Option<&'r [u8]> {
        let place = field as usize;
        let (start, length) = (self.starts.get(place)?, self.lengths.get(place)?);
        let is_known = self.known >> place & 1 == 1;
        let start = usize::from(*start);
        raw.get(start..start + usize::from(*length))
            .filter(|_| is_known)
    }
}
