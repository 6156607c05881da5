//! Which fields does a record have, told by another one of the same skeleton?
//!
//! A frame is what is known of all records with one skeleton: what lies in what, and which keys the last of them had. If
//! the next one has the same keys, its fields are found without looking for them. Each thread keeps a few hundred frames.

use super::framed::{Framed, Service, Spot};
use super::glance::{Field, Found, Key, Level, Strange, key_before};
use super::places::{Met, Placed, Places};
use super::skeleton::{Member, Outline, Value};
use super::written::{ANY_PARAMETER, AnyBut, LONGEST, Other, Wanted, Written};

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
    /// Parameters, of which there are more names than can be told.
    parameters: Vec<AnyBut>,
    /// The members whose texts are placed, and which fields these are.
    texts: Vec<(Spot, Field)>,
    placed: Placed,
    /// The same of owners, of which there may be several.
    owners: Vec<Spot>,
    /// The member that is the session's context, where that is an object.
    context: Option<Spot>,
    /// Which keys are met, and what is [`Strange`]: the same in all records with these keys.
    met: Met,
    /// Bits of what is [`Strange`].
    strange: u32,
    service: Service,
    /// Whether the keys are known, and whoever has the same tails has the same keys.
    is_known: bool,
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
    let (words, _) = rest.as_chunks::<8>();
    let sum = words
        .iter()
        .fold(sum, |sum, word| mix(sum, u64::from_le_bytes(*word)));
    // What does not fill a word is looked at with what stands before it.
    let last = bytes.last_chunk().copied().unwrap_or_default();
    let sum = mix(sum, u64::from_le_bytes(last));
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
    pub fn place(&mut self, record: Framed<'_>, places: &mut Places) {
        let is_like = self.is_known && !record.has_backslash && self.has_same_keys(record);
        if !is_like || !self.place_known(record, places) {
            *places = self.learn(record);
        }
    }

    #[inline(always)]
    fn has_same_keys(&self, record: Framed<'_>) -> bool {
        let tails = record.tails();
        let (mut differs, mut wanted_differs) = (0, [0; LONGEST]);
        for other in &self.others {
            let Some(found) = tails.word(other.colon) else {
                return false;
            };
            differs |= other.differs(found);
        }
        for parameter in &self.parameters {
            let Some(found) = tails.word(parameter.colon) else {
                return false;
            };
            differs |= parameter.differs(found);
        }
        for wanted in &self.wanted {
            let Some(found) = tails.words(wanted.colon) else {
                return false;
            };
            wanted.name.differs(&mut wanted_differs, found);
        }
        for more in wanted_differs {
            differs |= more;
        }
        differs == 0
    }

    /// Of a string, its last quote is outside of it.
    #[inline(always)]
    fn place_known(&self, record: Framed<'_>, places: &mut Places) -> bool {
        places.meet_all(self.met, self.placed);
        for (spot, field) in &self.texts {
            let Some((start, end)) = record.string(*spot) else {
                return false;
            };
            places.put_known(*field, start, end);
        }
        for spot in &self.owners {
            let Some((start, end)) = record.string(*spot) else {
                return false;
            };
            places.put_within(record.raw(), Field::Owner, start, end);
        }
        if let Some(spot) = self.context {
            let Some(start) = record.value(spot) else {
                return false;
            };
            places.put_context(start);
        }
        record.service(places) == self.service
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
        self.parameters.clear();
        self.texts.clear();
        self.owners.clear();
        self.context = None;
        self.strange = 0;
        for number in 0.. {
            let Some(member) = self.outline.members.get(number).copied() else {
                break;
            };
            let Some(level) = levels.of(member.object, &self.outline) else {
                continue;
            };
            let colon = record.at(member.colon);
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
                record.learn_value(key, member, &mut places);
                let goes_in = record.goes_into(key, &places);
                self.strange |= self.strangeness(key, member.value, level, goes_in);
                if let (Value::Within(bracket), true) = (member.value, goes_in) {
                    levels.enter(key, bracket);
                }
            }
            is_unsure |= !self.keep(record, member, level, key);
        }
        self.is_known = !is_unsure;
        if !places.has(Key::Of(Field::Key)) {
            self.forget_parameters();
        }
        places.wonder(self.strange);
        self.service = record.service(&places);
        self.placed = Placed::of(self.texts.iter().map(|(_, field)| *field));
        self.met = Met::of(self.wanted.iter().map(|wanted| wanted.key), self.strange);
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
        let any = parameters.map(|parameter| AnyBut::bucket_or_object(parameter.colon));
        self.parameters.extend(any);
        self.strange |= Strange::Parameters.bit();
    }

    /// Keeps what a key is recognised by; says whether that tells it from those that are looked for.
    fn keep(
        &mut self,
        record: Framed<'_>,
        member: Member,
        level: Level,
        wanted: Option<Key>,
    ) -> bool {
        let Some(head) = record.head(member.colon) else {
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
        match wanted.or(is_parameter.then_some(ANY_PARAMETER)) {
            Some(key) => {
                let name = Written::of(head, length);
                let is_whole = key == ANY_PARAMETER || length == key.name().len() + 1;
                let name = name.filter(|_| is_whole);
                let wanted = name.map(|name| Wanted {
                    colon: member.colon,
                    key,
                    name,
                });
                self.wanted.extend(wanted);
                let spot = Spot::of(member);
                match (key, member.value) {
                    (Key::Of(Field::Owner), Value::Text) => self.owners.push(spot),
                    (Key::Of(field), Value::Text) => self.texts.push((spot, field)),
                    (Key::Context, Value::Within(_)) => self.context = Some(spot),
                    _ => {}
                }
                wanted.is_some()
            }
            None => {
                let Some(other) = Other::exactly(member.colon, head, length) else {
                    return false;
                };
                self.others.push(other);
                length <= 8 || !head.last_chunk().is_some_and(|tail| level.may_have(tail))
            }
        }
    }
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
