//! Which fields does a record have, told by another one of the same skeleton?
//!
//! A frame is what is known of all records with one skeleton: what lies in what, and which keys the last of them had. If
//! the next one has the same keys, its fields are found without looking for them. Each thread keeps a few hundred frames.

use super::blocks::{BLOCK, Lanes};
use super::glance::{Field, Found, Key, Level, Strange, key_before};
use super::places::{Met, Places};
use super::skeleton::{Outline, Value};
use super::written::{ANY_PARAMETER, LONGEST, Other, Wanted, Written};

/// How many frames are kept: a record's skeleton has one place where its frame may be.
const FRAMES: usize = 512;

/// The frames that a thread knows.
#[derive(Default)]
pub(super) struct Frames(Vec<Frame>);

/// What records of one skeleton have in common.
#[derive(Clone, Default)]
pub(super) struct Frame {
    skeleton: Vec<u8>,
    outline: Outline,
    is_sound: bool,
    /// The keys that are looked for.
    wanted: Vec<Wanted>,
    others: Vec<Other>,
    /// The members whose texts are placed.
    texts: Vec<(u16, Field)>,
    /// The member that is the session's context, where that is an object.
    context: Option<u16>,
    /// Which keys are met, and what is [`Strange`]: the same in all records with these keys.
    met: Met,
    /// Bits of what is [`Strange`].
    strange: u32,
    service: Service,
    /// Whether the keys are known, and whoever has the same tails has the same keys.
    is_known: bool,
}

/// A record that a frame is held to.
#[derive(Clone, Copy)]
pub(super) struct Framed<'r> {
    pub text: &'r [u8],
    pub start: usize,
    /// Where its members' colons are.
    pub colons: &'r [u32],
    pub has_backslash: bool,
}

impl Frames {
    /// The number of the frame that is known of a skeleton, if that is JSON.
    #[inline(always)]
    pub fn known(&self, skeleton: &[u8]) -> Option<usize> {
        let number = hash(skeleton) as usize % FRAMES;
        let frame = self.0.get(number)?;
        (frame.is_sound && frame.skeleton == skeleton).then_some(number)
    }

    /// The number of a skeleton's frame, if that is JSON.
    #[inline(always)]
    pub fn of(&mut self, skeleton: &[u8]) -> Option<usize> {
        if self.0.is_empty() {
            self.0.resize(FRAMES, Frame::default());
        }
        let number = hash(skeleton) as usize % FRAMES;
        let frame = self.0.get_mut(number)?;
        if frame.skeleton != skeleton {
            frame.begin(skeleton);
        }
        frame.is_sound.then_some(number)
    }

    /// The frame of that number.
    pub fn get(&mut self, number: usize) -> Option<&mut Frame> {
        self.0.get_mut(number)
    }
}

/// Four sums side by side, so that none waits for another.
#[inline(always)]
fn hash(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let (chunks, rest) = bytes.as_chunks::<32>();
    let mut sums = [bytes.len() as u64, 1, 2, 3];
    for chunk in chunks {
        let (words, _) = chunk.as_chunks::<8>();
        for (sum, word) in sums.iter_mut().zip(words) {
            *sum = (*sum ^ u64::from_le_bytes(*word)).wrapping_mul(ODD);
        }
    }
    let mix = |sum: u64, more: u64| (sum.rotate_left(23) ^ more).wrapping_mul(ODD);
    let sum = sums.into_iter().fold(0, mix);
    let (words, letters) = rest.as_chunks::<8>();
    let sum = words
        .iter()
        .fold(sum, |sum, word| mix(sum, u64::from_le_bytes(*word)));
    let sum = letters
        .iter()
        .fold(sum, |sum, letter| mix(sum, u64::from(*letter)));
    sum ^ sum >> 32
}

impl Frame {
    #[cold]
    fn begin(&mut self, skeleton: &[u8]) {
        self.skeleton.clear();
        self.skeleton.extend_from_slice(skeleton);
        self.is_sound = self.outline.read(skeleton);
        self.is_known = false;
    }

    /// Places a record's fields, counted from its start, where nothing is placed yet.
    #[inline(always)]
    pub fn place<L: Lanes>(&mut self, lanes: L, record: Framed<'_>, places: &mut Places) {
        let is_like = self.is_known && !record.has_backslash && self.has_same_keys(record);
        if !is_like || self.place_known(lanes, record, places).is_none() {
            *places = self.learn(record);
        }
    }

    #[inline(always)]
    fn has_same_keys(&self, record: Framed<'_>) -> bool {
        let others = self.others.iter().fold(0, |differs, other| {
            differs | other.differs(record.head(other.member))
        });
        let wanted = self.wanted.iter().fold([0; LONGEST], |differs, wanted| {
            wanted.name.differs(differs, record.head(wanted.member))
        });
        wanted.iter().fold(others, |all, differs| all | differs) == 0
    }

    #[inline(always)]
    fn place_known<L: Lanes>(
        &self,
        lanes: L,
        record: Framed<'_>,
        places: &mut Places,
    ) -> Option<()> {
        places.meet_all(self.met);
        for (member, field) in &self.texts {
            let start = record.value(record.colon(*member)) + 1;
            let end = string_end(lanes, record.text, start)?;
            places.put(
                record.raw(),
                *field,
                start - record.start,
                end - record.start,
            );
        }
        if let Some(member) = self.context {
            let start = record.value(record.colon(member));
            places.put_context(start - record.start);
        }
        (record.service(places) == self.service).then_some(())
    }

    /// Reads a record's keys, and keeps them if they are plain.
    #[cold]
    #[inline(never)]
    fn learn(&mut self, record: Framed<'_>) -> Places {
        let mut places = Places::default();
        let mut is_unsure = record.has_backslash;
        let mut levels = Levels::default();
        self.wanted.clear();
        self.others.clear();
        self.strange = 0;
        for number in 0.. {
            let Some(member) = self.outline.members.get(usize::from(number)).copied() else {
                break;
            };
            let Some(level) = levels.of(member.object, &self.outline) else {
                continue;
            };
            let colon = record.colon(number);
            let key = match (key_before(record.text, colon, level), level.closed()) {
                (Found::Wanted(key), _) => Some(key),
                (_, Some(strange)) => {
                    self.strange |= strange.bit();
                    None
                }
                (Found::Other, None) => None,
                (Found::Doubtful, None) => {
                    places.doubt();
                    is_unsure = true;
                    None
                }
            };
            if let Some(key) = key {
                places.meet(key);
                record.learn_value(key, member.value, colon, &mut places);
                let goes_in = record.goes_into(key, &places);
                self.strange |= self.strangeness(key, member.value, level, goes_in);
                if let (Value::Within(bracket), true) = (member.value, goes_in) {
                    levels.enter(key, bracket);
                }
            }
            is_unsure |= !self.keep(record, number, level, key.map(|key| (key, member.value)));
        }
        self.is_known = !is_unsure;
        if !places.has(Key::Of(Field::Key)) {
            self.forget_parameters();
        }
        places.wonder(self.strange);
        self.service = record.service(&places);
        self.met = Met::of(self.wanted.iter().map(|wanted| wanted.key), self.strange);
        let texts = self.wanted.iter().filter_map(|wanted| match wanted {
            Wanted {
                key: Key::Of(field),
                value: Value::Text,
                ..
            } => Some((wanted.member, *field)),
            _ => None,
        });
        self.texts.clear();
        self.texts.extend(texts);
        self.context = self.wanted.iter().find_map(|wanted| {
            let is_one = wanted.key == Key::Context && matches!(wanted.value, Value::Within(_));
            is_one.then_some(wanted.member)
        });
        places
    }

    /// What is strange about such a value, as bits: that owners may lie where they are not seen.
    fn strangeness(&self, key: Key, value: Value, level: Level, goes_in: bool) -> u32 {
        let Value::Within(bracket) = value else {
            let is_no_text = key == Key::Of(Field::Owner) && value != Value::Text;
            return Strange::Resources.bit() * u32::from(is_no_text);
        };
        let bracket = self.outline.brackets.get(usize::from(bracket));
        let holds_objects = bracket.is_some_and(|it| !it.is_object && it.holds_objects_only);
        let is_strange = match key {
            Key::Resources => !goes_in || !holds_objects,
            _ => level == Level::Resource,
        };
        Strange::Resources.bit() * u32::from(is_strange)
    }

    /// Of a call that is on no object it matters only that no parameter is another bucket's name.
    fn forget_parameters(&mut self) {
        let parameters = self
            .wanted
            .extract_if(.., |wanted| wanted.key == ANY_PARAMETER);
        let any = parameters.map(|parameter| Other::any_parameter(parameter.member));
        self.others.extend(any);
        self.strange |= Strange::Parameters.bit();
    }

    /// Keeps what a key is recognised by; says whether that tells it from those that are looked for.
    fn keep(
        &mut self,
        record: Framed<'_>,
        member: u16,
        level: Level,
        wanted: Option<(Key, Value)>,
    ) -> bool {
        let Some(head) = record.head(member) else {
            return false;
        };
        let length = memchr::memrchr(b'"', head).map_or(0, |quote| head.len() - quote);
        let first = head.get((head.len() - length + 1).min(head.len())..);
        // What an ACL is asked for with begins so.
        let may_be_acl = matches!(first, Some([b'x' | b'X' | b'a' | b'A' | b'g' | b'G', ..]));
        let is_parameter = level == Level::Parameters && wanted.is_none();
        if is_parameter && (may_be_acl || record.has_backslash) {
            self.strange |= Strange::Parameters.bit();
        }
        // A parameter of any name is told by all of it.
        let wanted = wanted.or(is_parameter.then_some((ANY_PARAMETER, Value::Literal)));
        match wanted {
            Some((key, value)) => {
                let name = Written::of(head, length);
                let is_whole = key == ANY_PARAMETER || length == key.name().len() + 1;
                let name = name.filter(|_| is_whole);
                let wanted = name.map(|name| Wanted {
                    member,
                    key,
                    value,
                    name,
                });
                self.wanted.extend(wanted);
                wanted.is_some()
            }
            None => {
                let Some(other) = Other::exactly(member, head, length) else {
                    return false;
                };
                self.others.push(other);
                length <= 8 || !head.last_chunk().is_some_and(|tail| level.may_have(tail))
            }
        }
    }
}

/// Whose records are looked into.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Service {
    S3,
    Tokens,
    #[default]
    Other,
}

/// Which brackets hold keys that are looked for.
#[derive(Default)]
struct Levels(Vec<(u16, Key)>);

impl Levels {
    fn enter(&mut self, key: Key, bracket: u16) {
        self.0.push((bracket, key));
    }

    /// Whose keys an object has.
    fn of(&self, object: u16, outline: &Outline) -> Option<Level> {
        if object == 0 {
            return Some(Level::Record);
        }
        let around = outline.brackets.get(usize::from(object))?.around;
        let known = self.0.iter().find(|(bracket, key)| match key {
            Key::Resources => *bracket == around,
            _ => *bracket == object,
        });
        known?.1.within()
    }
}

impl<'r> Framed<'r> {
    /// The record, from its start on.
    #[inline(always)]
    fn raw(&self) -> &'r [u8] {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// Whose record it is, as far as is known.
    #[inline(always)]
    fn service(&self, places: &Places) -> Service {
        match places.of(self.raw(), Field::Source) {
            Some(b"s3.amazonaws.com") => Service::S3,
            Some(b"sts.amazonaws.com") => Service::Tokens,
            _ => Service::Other,
        }
    }

    /// Whether what is in there is looked at: of records that name their source before.
    fn goes_into(&self, key: Key, places: &Places) -> bool {
        match key {
            Key::Identity => true,
            Key::Parameters | Key::Resources => self.service(places) == Service::S3,
            Key::Response | Key::Credentials | Key::AssumedUser => {
                self.service(places) == Service::Tokens
            }
            _ => false,
        }
    }

    #[inline(always)]
    fn colon(&self, member: u16) -> usize {
        self.colons
            .get(usize::from(member))
            .map_or(0, |colon| *colon as usize)
    }

    /// Where the value behind a colon begins.
    #[inline(always)]
    fn value(&self, colon: usize) -> usize {
        let start = colon + 1;
        start + usize::from(self.text.get(start) == Some(&b' '))
    }

    /// What is written before the last quote of a member's key.
    #[inline(always)]
    fn head(&self, member: u16) -> Option<&[u8]> {
        self.text.get(..self.colon(member).checked_sub(1)?)
    }

    /// Where the text behind a colon lies, if there is one and it has no escape.
    fn learn_value(&self, key: Key, value: Value, colon: usize, places: &mut Places) {
        if let (Key::Context, Value::Within(_)) = (key, value) {
            places.put_context(self.value(colon) - self.start);
        }
        let (Key::Of(field), Value::Text) = (key, value) else {
            return;
        };
        let start = self.value(colon) + 1;
        let rest = self.text.get(start..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(length) if rest.get(length) == Some(&b'"') => {
                let start = start - self.start;
                places.put(self.raw(), field, start, start + length);
            }
            _ => places.doubt(),
        }
    }
}

/// Where a string without escapes ends that begins there.
#[inline(always)]
fn string_end<L: Lanes>(lanes: L, text: &[u8], start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    if let Some(block) = rest.first_chunk::<BLOCK>() {
        let quotes = lanes.quotes(block);
        if quotes != 0 {
            return Some(start + quotes.trailing_zeros() as usize);
        }
    }
    memchr::memchr(b'"', rest).map(|length| start + length)
}
