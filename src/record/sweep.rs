//! Which records lie one after the other, sound and plainly written?
//!
//! The fast way through an array of records: block by block of 64 bytes, with bit masks for what the bytes are. It takes a record
//! only if the whole of it is valid JSON, written without white space but for a space behind a colon or a comma, as CloudTrail
//! and Python write it. At anything else it stops, and [`scan`](super::scan), which is slow and forgiving, takes that record.
//! So it may stop anywhere, and may never take a record that the slow way would not take, as it would take it.
//!
//! Which bytes may follow which is asked of all bytes of a block at once; what depends on the bracket around them is asked
//! from bracket to bracket. In an object colons and commas alternate, whatever lies deeper left out: the parity of their
//! number up to a byte says which of them may stand there.

use super::blocks::{BLOCK, Lanes, Work, with_best_lanes};
use super::glance::{Found, Key, Level, Places, key_before};
use super::literal::{is_literal, may_be_escaped};
use super::outside::{Outside, Strings};
use super::shape::MAX_RECORD;

/// A record begins so; anything else is looked at more closely.
pub(super) const BEGINNING: &[u8] = b"{\"eventVersion\"";
/// Deeper nesting is left to the slow way. Below [`MAX_DEPTH`](super::MAX_DEPTH), and so that a bit stands for each level.
const DEEPEST: u32 = 60;

/// A record that was swept up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Swept {
    pub start: usize,
    pub end: usize,
    /// Where its fields lie, counted from its start.
    pub places: Places,
}

/// Sweeps up records from where one begins; gives where the last one ended, or where it began if there was none.
pub(super) fn sweep(text: &[u8], start: usize, take: &mut dyn FnMut(Swept)) -> usize {
    with_best_lanes(Sweep { text, start, take })
}

struct Sweep<'t, 'k> {
    text: &'t [u8],
    start: usize,
    take: &'k mut dyn FnMut(Swept),
}

impl Work for Sweep<'_, '_> {
    type Output = usize;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> usize {
        if !begins(self.text, self.start) {
            return self.start;
        }
        let mut taking = Taking {
            text: self.text,
            record: Record::at(self.start),
            done: self.start,
            take: self.take,
        };
        let (mut strings, mut nest) = (Strings::default(), Nest::default());
        // As behind a comma of the array.
        let mut last = b',';
        let mut base = self.start;
        let (blocks, rest) = self
            .text
            .get(base..)
            .unwrap_or_default()
            .as_chunks::<BLOCK>();
        let mut padded = [b' '; BLOCK];
        let room = padded.iter_mut().zip(rest);
        room.for_each(|(room, byte)| *room = *byte);
        for block in blocks.iter().chain(std::iter::once(&padded)) {
            let outside = Outside::of(lanes, lanes.masks(block), &mut strings, last);
            last = block[BLOCK - 1];
            let (goes, after) = taking.block(lanes, base, outside, nest);
            if !goes {
                break;
            }
            nest = after;
            base += BLOCK;
        }
        taking.done
    }
}

fn begins(text: &[u8], place: usize) -> bool {
    text.get(place..)
        .is_some_and(|rest| rest.starts_with(BEGINNING))
}

/// The open brackets: a bit for each, the innermost lowest.
#[derive(Clone, Copy, Default)]
struct Nest {
    depth: u32,
    /// Whether it is an object.
    objects: u64,
    /// Whether a comma is due in it, not a colon.
    commas_due: u64,
}

/// The record that is open.
#[derive(Clone, Copy, Default)]
struct Record {
    start: usize,
    is_beyond_ascii: bool,
    /// Whether the open object of level two is userIdentity.
    in_identity: bool,
    places: Places,
}

impl Record {
    fn at(start: usize) -> Self {
        Self {
            start,
            ..Self::default()
        }
    }
}

/// One block while it is gone through.
#[derive(Clone, Copy)]
struct Block {
    base: usize,
    /// Whether the number of separators up to a byte is odd.
    parity: u64,
    /// The same before what is left.
    before: u64,
    /// What is left: all bytes behind the last bracket.
    rest: u64,
}

/// Takes records.
struct Taking<'t, 'k> {
    text: &'t [u8],
    record: Record,
    /// Where the last record ended.
    done: usize,
    take: &'k mut dyn FnMut(Swept),
}

impl Taking<'_, '_> {
    /// Goes through a block; says whether to go on, and with which brackets open.
    #[inline(always)]
    fn block<L: Lanes>(
        &mut self,
        lanes: L,
        base: usize,
        mut outside: Outside,
        mut nest: Nest,
    ) -> (bool, Nest) {
        let mut literals = outside.literals;
        while literals != 0 {
            let place = literals.trailing_zeros();
            if !is_literal(self.text, base + place as usize) {
                outside.wrong |= 1 << place;
            }
            literals &= literals - 1;
        }
        let mut escapes = 0;
        if outside.escaped != 0 {
            let (wrong, letters) = look_at_escapes(self.text, base, outside.escaped);
            outside.wrong |= wrong;
            escapes = letters;
        }
        let sound = match outside.wrong {
            0 => u64::MAX,
            wrong => (wrong & wrong.wrapping_neg()).wrapping_sub(1),
        };
        let mut block = Block {
            base,
            parity: lanes.parity(outside.separators),
            before: 0,
            rest: u64::MAX,
        };
        let mut brackets = outside.brackets & sound;
        while brackets != 0 {
            let place = brackets.trailing_zeros();
            brackets &= brackets - 1;
            let below = (1_u64 << place) - 1;
            let Some(bracket) = self.text.get(base + place as usize) else {
                return (false, nest);
            };
            if !self.segment(&outside, &mut block, &mut nest, (below, place)) {
                return (false, nest);
            }
            block.rest = !(u64::MAX >> (63 - place));
            match bracket {
                b'{' | b'[' => {
                    nest.depth += 1;
                    nest.objects = nest.objects << 1 | u64::from(*bracket == b'{');
                    nest.commas_due <<= 1;
                    if nest.depth > DEEPEST {
                        return (false, nest);
                    }
                }
                _ => {
                    let is_object = *bracket == b'}';
                    if is_object != (nest.objects & 1 == 1) || nest.depth == 0 {
                        return (false, nest);
                    }
                    // An object ends behind a value, or where it began.
                    if is_object && nest.commas_due & 1 == 0 && !self.is_empty(base, place) {
                        return (false, nest);
                    }
                    nest.depth -= 1;
                    nest.objects >>= 1;
                    nest.commas_due >>= 1;
                    if nest.depth <= 1 {
                        self.record.in_identity = false;
                    }
                    if nest.depth == 0 {
                        let up_to = u64::MAX >> (63 - place);
                        let odd = (escapes & up_to != 0, outside.beyond & up_to != 0);
                        if !self.end_record(base + place as usize, odd) {
                            return (false, nest);
                        }
                        escapes &= !up_to;
                        outside.beyond &= !up_to;
                    }
                }
            }
        }
        if outside.wrong != 0 || !self.segment(&outside, &mut block, &mut nest, (u64::MAX, 64)) {
            return (false, nest);
        }
        if outside.beyond | escapes != 0 {
            self.record.is_beyond_ascii |= outside.beyond != 0;
            if escapes != 0 {
                self.record.places.doubt();
            }
        }
        (true, nest)
    }

    #[inline(always)]
    fn is_empty(&self, base: usize, place: u32) -> bool {
        let before = (base + place as usize).wrapping_sub(1);
        self.text.get(before) == Some(&b'{')
    }

    /// What lies between two brackets, as far as the block goes: `below` the second one.
    #[inline(always)]
    fn segment(
        &mut self,
        outside: &Outside,
        block: &mut Block,
        nest: &mut Nest,
        (below, place): (u64, u32),
    ) -> bool {
        let here = block.rest & below;
        let colons = outside.colons & here;
        let after = match place {
            0 => 0,
            place => block.parity >> (place - 1) & 1,
        };
        let (before, is_object) = (block.before, nest.objects & 1);
        block.before = after;
        // In an array no colon may stand, in an object every second separator is one.
        let flip = 0_u64.wrapping_sub(before ^ nest.commas_due & 1);
        let expected = outside.separators & here & (block.parity ^ flip);
        if colons != expected & 0_u64.wrapping_sub(is_object) {
            return false;
        }
        nest.commas_due ^= (before ^ after) & is_object;
        if colons != 0 && nest.depth <= 2 {
            match nest.depth {
                1 => self.keys(outside, block.base, colons, Level::Record),
                2 if self.record.in_identity => {
                    self.keys(outside, block.base, colons, Level::Identity);
                }
                _ => {}
            }
        }
        true
    }

    /// Looks at the keys before these colons.
    #[inline(always)]
    fn keys(&mut self, outside: &Outside, base: usize, mut colons: u64, level: Level) {
        while colons != 0 {
            let place = colons.trailing_zeros();
            colons &= colons - 1;
            match key_before(self.text, base + place as usize, level) {
                Found::Other => {}
                Found::Doubtful => self.record.places.doubt(),
                Found::Wanted(key) => {
                    let marks = (outside.quotes, outside.backslashes);
                    self.value(base, place, marks, key);
                }
            }
        }
    }

    #[inline(always)]
    fn value(&mut self, base: usize, place: u32, marks: (u64, u64), key: Key) {
        self.record.places.meet(key);
        let mut start = base + place as usize + 1;
        let mut first = self.text.get(start);
        if first == Some(&b' ') {
            start += 1;
            first = self.text.get(start);
        }
        match (key, first) {
            (Key::Identity, Some(b'{')) => self.record.in_identity = true,
            (Key::Of(field), Some(b'"')) => match string_end(self.text, base, start, marks) {
                Some(end) => {
                    let before = self.record.start;
                    let places = &mut self.record.places;
                    places.put(field, start + 1 - before, end - before);
                }
                None => self.record.places.doubt(),
            },
            _ => {}
        }
    }

    /// Ends a record, and looks whether another one follows.
    fn end_record(&mut self, at: usize, (has_escape, is_beyond_ascii): (bool, bool)) -> bool {
        let mut places = self.record.places;
        if has_escape {
            places.doubt();
        }
        let (start, end) = (self.record.start, at + 1);
        if end - start > MAX_RECORD {
            return false;
        }
        if self.record.is_beyond_ascii || is_beyond_ascii {
            let raw = self.text.get(start..end).unwrap_or_default();
            if str::from_utf8(raw).is_err() {
                return false;
            }
        }
        (self.take)(Swept { start, end, places });
        self.done = end;
        let next = match self.text.get(end..) {
            Some([b',', b' ', ..]) => end + 2,
            Some([b',', ..]) => end + 1,
            _ => return false,
        };
        self.record = Record::at(next);
        begins(self.text, next)
    }
}

/// Of the bytes behind a backslash, those that may not stand there, and those that spell any letter.
#[cold]
#[inline(never)]
fn look_at_escapes(text: &[u8], base: usize, mut escaped: u64) -> (u64, u64) {
    let (mut wrong, mut letters) = (0, 0);
    while escaped != 0 {
        let place = escaped.trailing_zeros();
        escaped &= escaped - 1;
        match text.get(base + place as usize) {
            Some(b'u') => letters |= 1 << place,
            Some(byte) if may_be_escaped(*byte) => {}
            _ => wrong |= 1 << place,
        }
    }
    (wrong, letters)
}

/// Where a string ends that begins there; `None` if it has an escape.
#[inline(always)]
fn string_end(
    text: &[u8],
    base: usize,
    start: usize,
    (quotes, backslashes): (u64, u64),
) -> Option<usize> {
    let offset = start - base;
    if offset < BLOCK - 1 {
        let behind = u64::MAX << (offset + 1);
        let ends = quotes & behind;
        if ends != 0 {
            let end = ends.trailing_zeros();
            let within = behind & ((1 << end) - 1);
            let has_escape = backslashes & within != 0;
            return (!has_escape).then_some(base + end as usize);
        }
    }
    let rest = text.get(start + 1..)?;
    let end = memchr::memchr2(b'"', b'\\', rest)?;
    (rest.get(end) == Some(&b'"')).then_some(start + 1 + end)
}

#[cfg(test)]
mod tests {
    use super::super::blocks::Plain;
    use super::super::glance::{Field, Glance};
    use super::super::scan::Cursor;
    use super::*;
    use crate::record::Decoder;
    use proptest::prelude::*;

    /// What is swept up from the start, by the best lanes and by plain code, which must agree.
    fn swept(text: &[u8]) -> Vec<Swept> {
        let mut best = Vec::new();
        let done = sweep(text, 0, &mut |swept| best.push(swept));
        let mut plain = Vec::new();
        let take = &mut |swept| plain.push(swept);
        let work = Sweep {
            text,
            start: 0,
            take,
        };
        assert_eq!(work.run(Plain), done);
        assert_eq!(best, plain);
        assert_eq!(done, best.last().map_or(0, |swept| swept.end));
        best
    }

    /// Nothing is swept up that the slow way would not take so, or that would be read otherwise.
    fn check(text: &[u8]) -> usize {
        let all = swept(text);
        let mut decoder = Decoder::new();
        for swept in &all {
            let raw = &text[swept.start..swept.end];
            let mut cursor = Cursor::new(text, swept.start);
            cursor.value().unwrap();
            assert_eq!(cursor.at, swept.end);
            let shown = String::from_utf8_lossy(raw);
            // What is not glanced at is read, and found out then.
            let Some(glance) = Glance::new(raw, swept.places) else {
                continue;
            };
            serde_json::from_slice::<serde_json::Value>(raw).expect(&shown);
            let record = decoder.decode(raw).expect(&shown);
            let text = |field| glance.get(field).map(|text| str::from_utf8(text).unwrap());
            for (field, key) in [
                (Field::Time, "eventTime"),
                (Field::Source, "eventSource"),
                (Field::Name, "eventName"),
                (Field::Region, "awsRegion"),
                (Field::Recipient, "recipientAccountId"),
                (Field::Category, "eventCategory"),
                (Field::Type, "eventType"),
            ] {
                assert_eq!(text(field), record.text(key), "{key}: {shown}");
            }
            for (field, key) in [
                (Field::CallerType, "type"),
                (Field::CallerAccount, "accountId"),
                (Field::InvokedBy, "invokedBy"),
            ] {
                assert_eq!(
                    text(field),
                    record.text_in("userIdentity", key),
                    "{key}: {shown}"
                );
            }
        }
        all.len()
    }

    const RECORDS: [&str; 9] = [
        r#"{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","accountId":"111122223333","sessionContext":{"attributes":{"mfaAuthenticated":"false"},"type":"no"},"invokedBy":"x.amazonaws.com"},"eventTime":"2024-01-01T00:00:00Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.7","requestParameters":null,"responseElements":{"a":[1,2.5,-3,true,false,null,"x",[],{}]},"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}"#,
        r#"{"eventVersion":"1.08","eventName":"A","x":{"eventName":"B","userIdentity":{"type":"C"}},"userIdentity":null,"y":"\"eventName\":\"D\"","eventTime":"e"}"#,
        r#"{"eventVersion": "1.08", "eventName": "A", "userIdentity": {"type": "Root", "a": [1, 2]}, "u": "\\", "v": "\\\"}"}"#,
        r#"{"eventVersion":"1.08","eventName":"A","eventname":"B","EventSource":"C"}"#,
        r#"{"eventVersion":"1.08","eventName":"A","eventName":"B"}"#,
        r#"{"eventVersion":"1.08","eventName":"A","eventSource":"B"}"#,
        r#"{"eventVersion":"1.08","eventName":"é日本","eventSource":12,"awsRegion":"a\nb","x\"eventTime":"no","sourceIPAddress":""}"#,
        r#"{"eventVersion":{},"eventName":"","":[[[[{"a":{}}]]]],"userIdentity":{"type":1,"accountId":"","invokedBy":null,"TYPE":"x"}}"#,
        r#"{"eventVersion":"1.08"}"#,
    ];

    #[test]
    fn sound_records_are_swept_up() {
        assert_eq!(check(RECORDS.join(",").as_bytes()), RECORDS.len());
        assert_eq!(check(RECORDS.join(", ").as_bytes()), RECORDS.len());
        assert_eq!(
            check(format!("{}]}}\n", RECORDS.join(",")).as_bytes()),
            RECORDS.len()
        );
        let long = format!(
            r#"{{"eventVersion":"{}","eventName":"{}"}}"#,
            "a".repeat(1_000),
            "b".repeat(300)
        );
        assert_eq!(check(format!("{long},{long}]").as_bytes()), 2);
    }

    #[test]
    fn what_is_not_plainly_sound_is_left() {
        for value in [
            "tru",
            "01",
            "1e5",
            "1.",
            "-",
            "+1",
            "nul",
            "",
            "{",
            "}",
            "[",
            "[1",
            "[1}",
            "{1}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":1 }"#,
            r#"{"a" :1}"#,
            r#"{"a":  1}"#,
            r#"{"a":1,2:3}"#,
            r#"{"a":1:2}"#,
            r#"{"a","b"}"#,
            r#"["a":1]"#,
            "[1,]",
            "[,1]",
            "[1 2]",
            "[[]1]",
            "[1[]]",
            r#""a""b""#,
            r#""a"1"#,
            r#"1"a""#,
            r#""\x""#,
            "\"\t\"",
            "\"\n\"",
            "\n1",
            "1\n",
            r#"{"a":1"b":2}"#,
            r#"{"a":{}"b":2}"#,
            r#"{"a":1}{"b":2}"#,
            "{}{}",
            "[]{}",
            r#"{:1}"#,
            r#"{,}"#,
            "[:]",
            r#"{[]:1}"#,
            "1,,2",
            "NaN",
            "'a'",
            "\\",
            "é",
            "12345678901234567890",
        ] {
            let text = format!(r#"{{"eventVersion":{value}}},{{"eventVersion":1}}]"#);
            assert_eq!(check(text.as_bytes()), 0, "{text}");
        }
        for text in [
            "",
            "{",
            r#"{"eventVersion""#,
            r#"{"eventVersion":1"#,
            r#"{"a":1}"#,
            r#" {"eventVersion":1}"#,
        ] {
            assert_eq!(check(text.as_bytes()), 0, "{text}");
        }
        let invalid = [br#"{"eventVersion":""#.as_slice(), b"\xff", br#""}"#].concat();
        assert_eq!(check(&invalid), 0);
        let deep = |levels: usize| {
            format!(
                r#"{{"eventVersion":{}{}}}"#,
                "[".repeat(levels),
                "]".repeat(levels)
            )
        };
        assert_eq!(
            (check(deep(59).as_bytes()), check(deep(60).as_bytes())),
            (1, 0)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn damage_is_never_swept_up(
            order in prop::collection::vec(0..RECORDS.len(), 1..5),
            damage in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"{}[]:,\"\\ \n\tu01eE-+.atrufls\xc3\xa9\x00".to_vec()), 0_u8..3), 0..4),
        ) {
            let records: Vec<&str> = order.iter().map(|place| RECORDS[*place]).collect();
            let mut text = records.join(",").into_bytes();
            for (place, byte, how) in damage {
                let place = place.index(text.len());
                match how {
                    0 => text[place] = byte,
                    1 => text.insert(place, byte),
                    _ => { text.remove(place); }
                }
            }
            check(&text);
        }
    }
}
