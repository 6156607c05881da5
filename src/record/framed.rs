//! Where in the text do the parts of a record lie that stand in its skeleton?
//!
//! Places count from where the text that is gone through begins, so that most need no more than to be looked up.

use super::glance::{Field, Key};
use super::places::Places;
use super::skeleton::{Member, Value};
use super::written::{LONGEST, Words, as_words};

/// Where in a skeleton a member is.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// Where its colon stands.
    pub colon: u16,
    /// How far behind that its value begins.
    behind: u16,
    /// Where the first byte of its value that is outside of strings stands: of a string, its last quote.
    value: u16,
}

impl Spot {
    pub fn of(member: Member) -> Self {
        let (colon, behind) = (member.colon, member.behind);
        let value = colon.wrapping_add(behind);
        Self {
            colon,
            behind,
            value,
        }
    }
}

/// A record that a frame is held to.
#[derive(Clone, Copy)]
pub(super) struct Framed<'r> {
    pub text: &'r [u8],
    /// Where in the text places count from: there, or behind, the record begins.
    pub origin: usize,
    pub start: usize,
    /// Where each byte of its skeleton lies.
    pub places: &'r [u16],
    pub has_backslash: bool,
}

/// Whose records are looked into.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Service {
    S3,
    Tokens,
    #[default]
    Other,
}

impl<'r> Framed<'r> {
    /// The record, from its start on.
    #[inline(always)]
    pub fn raw(&self) -> &'r [u8] {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// Whose record it is, as far as is known.
    #[inline(always)]
    pub fn service(&self, places: &Places) -> Service {
        match places.of(self.raw(), Field::Source) {
            Some(b"s3.amazonaws.com") => Service::S3,
            Some(b"sts.amazonaws.com") => Service::Tokens,
            _ => Service::Other,
        }
    }

    /// Whether what is in there is looked at: of records that name their source before.
    pub fn goes_into(&self, key: Key, places: &Places) -> bool {
        match key {
            Key::Identity => true,
            Key::Parameters | Key::Resources => self.service(places) == Service::S3,
            Key::Response | Key::Credentials | Key::AssumedUser => {
                self.service(places) == Service::Tokens
            }
            _ => false,
        }
    }

    /// Where that byte of the skeleton lies, counted from the record's start.
    #[inline(always)]
    fn within(&self, index: u16) -> Option<u16> {
        let place = *self.places.get(usize::from(index))?;
        Some(place.wrapping_sub(self.start.wrapping_sub(self.origin) as u16))
    }

    /// Where in the record a member's value begins.
    #[inline(always)]
    pub fn value(&self, spot: Spot) -> Option<u16> {
        Some(self.within(spot.colon)?.wrapping_add(spot.behind))
    }

    /// Where in the record a member's string begins, behind the quote, and where it ends.
    #[inline(always)]
    pub fn string(&self, spot: Spot) -> Option<(u16, u16)> {
        let start = self.value(spot)?.wrapping_add(1);
        Some((start, self.within(spot.value)?))
    }

    /// Where in the text that byte of the skeleton lies.
    pub fn at(&self, index: u16) -> usize {
        let place = self.places.get(usize::from(index)).copied();
        self.origin + usize::from(place.unwrap_or_default())
    }

    /// What is written before the last quote of the key whose colon stands there.
    pub fn head(&self, colon: u16) -> Option<&'r [u8]> {
        self.text.get(..self.at(colon).wrapping_sub(1))
    }

    /// The ends of what [`head`](Self::head) gives.
    #[inline(always)]
    pub fn tails(&self) -> Tails<'r> {
        let lead = BEFORE.min(self.origin);
        Tails {
            text: self.text.get(self.origin - lead..).unwrap_or_default(),
            missing: BEFORE - lead,
            places: self.places,
        }
    }

    /// Where the text behind a colon lies, if there is one and it has no escape.
    pub fn learn_value(&self, key: Key, member: Member, places: &mut Places) {
        let value = self.value(Spot::of(member)).unwrap_or_default();
        if let (Key::Context, Value::Within(_)) = (key, member.value) {
            places.put_context(value);
        }
        let (Key::Of(field), Value::Text) = (key, member.value) else {
            return;
        };
        let start = usize::from(value) + 1;
        let rest = self.raw().get(start..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(length) if rest.get(length) == Some(&b'"') => {
                places.put(self.raw(), field, start, start + length);
            }
            _ => places.doubt(),
        }
    }
}

/// So far before a colon begins what is compared of its key: its last quote stands between.
const BEFORE: usize = size_of::<Words>() + 1;

/// What stands before the last quotes of a record's keys.
#[derive(Clone, Copy)]
pub(super) struct Tails<'r> {
    /// The text from so far before the place that places count from.
    text: &'r [u8],
    /// How much of it is not there, since the whole text begins later.
    missing: usize,
    places: &'r [u16],
}

impl Tails<'_> {
    /// Where the words before a key's last quote begin.
    #[inline(always)]
    fn before(&self, colon: u16) -> Option<usize> {
        let place = *self.places.get(usize::from(colon))?;
        Some(usize::from(place).wrapping_sub(self.missing))
    }

    /// The last bytes before the last quote of the key whose colon stands there.
    #[inline(always)]
    pub fn word(&self, colon: u16) -> Option<u64> {
        let start = self.before(colon)?.wrapping_add(8 * (LONGEST - 1));
        let word = self.text.get(start..)?.first_chunk()?;
        Some(u64::from_le_bytes(*word))
    }

    /// The last words there.
    #[inline(always)]
    pub fn words(&self, colon: u16) -> Option<Words> {
        as_words(self.text.get(self.before(colon)?..)?.first_chunk()?)
    }
}
