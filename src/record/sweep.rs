//! Which records lie one after the other, sound and plainly written?
//!
//! The fast way through an array of records: block by block of 64 bytes, with bit masks for what the bytes are. It takes a record
//! only if the whole of it is valid JSON, written without white space but for a space behind a colon or a comma, as CloudTrail
//! and Python write it. At anything else it stops, and [`scan`](super::scan), which is slow and forgiving, takes that record.
//! So it may stop anywhere, and may never take a record that the slow way would not take, as it would take it.
//!
//! What lies outside of strings is put together on the way, and looked up among what was read before: see
//! [`skeleton`](super::skeleton) and [`frame`](super::frame). What is within strings is checked by its masks.

use super::blocks::{BLOCK, Lanes, Masks, Work, with_best_lanes};
use super::frame::{Framed, Frames};
use super::places::Places;
use super::shape::{MAX_RECORD, MAX_WINDOW};
use super::skeleton::MOST_MEMBERS;
use super::strings::{Seen, Strings};
use std::cell::Cell;

/// A record begins so; anything else is looked at more closely.
pub(super) const BEGINNING: &[u8] = b"{\"eventVersion\"";
/// A record of which more lies outside of strings is left to the slow way.
const MOST_OUTSIDE: usize = 1 << 14;

/// A record that was swept up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Swept {
    pub start: usize,
    pub end: usize,
    /// Where its fields lie, counted from its start.
    pub places: Places,
}

/// Sweeps up records from where one begins; gives where the last one ended, or where it began if there was none.
pub(super) fn sweep(text: &[u8], start: usize, take: &mut dyn FnMut(&Swept)) -> usize {
    thread_local! {
        static KEPT: Cell<Option<Box<Kept>>> = const { Cell::new(None) };
    }
    let mut kept = KEPT.take().unwrap_or_default();
    let done = with_best_lanes(Sweep {
        text,
        start,
        kept: &mut kept,
        take,
    });
    KEPT.set(Some(kept));
    done
}

/// What a thread keeps from text to text.
struct Kept {
    frames: Frames,
    /// What lies outside of strings, of the record that is open.
    outside: Box<[u8]>,
    /// What is left of it when runs of digits are made one.
    skeleton: Box<[u8]>,
    /// Where its colons are.
    colons: Box<[u32]>,
    /// Whether the last record held a number with more than one digit.
    has_numbers: bool,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            frames: Frames::default(),
            outside: vec![0; MOST_OUTSIDE + BLOCK].into(),
            skeleton: vec![0; MOST_OUTSIDE + BLOCK].into(),
            colons: vec![0; MOST_MEMBERS + BLOCK].into(),
            has_numbers: false,
        }
    }
}

struct Sweep<'t, 'k> {
    text: &'t [u8],
    start: usize,
    kept: &'k mut Kept,
    take: &'k mut dyn FnMut(&Swept),
}

impl Work for Sweep<'_, '_> {
    type Output = usize;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> usize {
        if !begins(self.text, self.start) || self.text.len() > MAX_WINDOW * 2 {
            return self.start;
        }
        let mut taking = Taking {
            text: self.text,
            done: self.start,
            kept: self.kept,
            take: self.take,
        };
        let (mut record, mut strings) = (Record::at(self.start), Strings::default());
        let mut base = self.start;
        let (blocks, rest) = self
            .text
            .get(base..)
            .unwrap_or_default()
            .as_chunks::<BLOCK>();
        let mut padded = [b' '; BLOCK];
        let room = padded.iter_mut().zip(rest);
        room.for_each(|(room, byte)| *room = *byte);
        for bytes in blocks.iter().chain(std::iter::once(&padded)) {
            let masks = lanes.masks(bytes);
            let is_odd = masks.rare | masks.backslashes | strings.escapes != 0;
            let escaped = match is_odd {
                true => strings.escaped(masks.backslashes),
                false => 0,
            };
            let seen = strings.see(lanes, &masks, escaped);
            let closes = seen.closes.count_ones();
            // Before its first bracket, a record has no depth.
            let goes = if !is_odd && record.depth > closes {
                let opens = seen.opens.count_ones();
                record.depth = record.depth.wrapping_add(opens).wrapping_sub(closes);
                let part = (base, !seen.inside, seen.colons);
                taking.kept.put(lanes, bytes, &mut record, part)
            } else {
                let (goes, next) = lanes.apart(Unusual {
                    taking: &mut taking,
                    record,
                    base,
                    bytes,
                    seen,
                    odd: is_odd.then_some((masks, escaped)),
                });
                record = next;
                goes
            };
            if !goes {
                break;
            }
            base += BLOCK;
        }
        taking.done
    }
}

fn begins(text: &[u8], place: usize) -> bool {
    text.get(place..)
        .is_some_and(|rest| rest.starts_with(BEGINNING))
}

/// The record that is open.
#[derive(Clone, Copy, Default)]
struct Record {
    start: usize,
    depth: u32,
    /// How much of its outside was put together.
    outside: usize,
    /// How many colons it has.
    colons: usize,
    odd: Odd,
}

impl Record {
    fn at(start: usize) -> Self {
        Self {
            start,
            ..Self::default()
        }
    }
}

/// What is seldom in a record; in a block, where.
#[derive(Clone, Copy, Default)]
struct Odd {
    /// What JSON does not allow in a string.
    wrong: u64,
    /// Letters spelled by their number.
    spelled: u64,
    backslashes: u64,
    beyond_ascii: u64,
}

impl Kept {
    /// Makes of every run of digits one, or two if it begins with a zero that others follow; gives how long the rest is. There
    /// is none where a run is so long that it may be no number to some readers.
    #[inline(always)]
    fn without_digits<L: Lanes>(&mut self, lanes: L, length: usize) -> Option<usize> {
        let (mut digit, mut zero, mut done) = (0, 0, 0);
        let (blocks, _) = self.outside.as_chunks::<BLOCK>();
        for (number, block) in blocks.iter().enumerate() {
            let left = length.saturating_sub(number * BLOCK);
            let here = match left {
                0 => break,
                1..BLOCK => u64::MAX >> (BLOCK - left),
                _ => u64::MAX,
            };
            let (digits, zeros) = lanes.digits(block);
            if digits == u64::MAX {
                return None;
            }
            let starts = digits & !(digits << 1 | digit);
            let zeros = starts & zeros;
            let kept = (!digits | starts | digits & (zeros << 1 | zero)) & here;
            (digit, zero) = (digits >> 63, zeros >> 63);
            let room = self.skeleton.get_mut(done..)?.first_chunk_mut()?;
            lanes.pack(&lanes.zeroed(block, digits), kept, room);
            done += kept.count_ones() as usize;
        }
        Some(done)
    }

    /// The frame of a record of which so much lies outside of strings. Most records hold no number there, and are what is left
    /// of them; where the last one did, the next one probably does too.
    #[inline(always)]
    fn frame_of<L: Lanes>(&mut self, lanes: L, length: usize) -> Option<usize> {
        if !self.has_numbers {
            let known = self.frames.known(self.outside.get(..length)?);
            if known.is_some() {
                return known;
            }
        }
        let left = self.without_digits(lanes, length)?;
        self.has_numbers = left < length;
        self.frames.of(self.skeleton.get(..left)?)
    }

    /// Puts to a record what a part of a block has for it; says whether there is room.
    #[inline(always)]
    fn put<L: Lanes>(
        &mut self,
        lanes: L,
        bytes: &[u8; BLOCK],
        record: &mut Record,
        (base, kept, colons): (usize, u64, u64),
    ) -> bool {
        let room = self.outside.get_mut(record.outside..);
        let Some(room) = room.and_then(|room| room.first_chunk_mut()) else {
            return false;
        };
        lanes.pack(bytes, kept, room);
        record.outside = record.outside.wrapping_add(kept.count_ones() as usize);
        let room = self.colons.get_mut(record.colons..);
        let Some(room) = room.and_then(|room| room.first_chunk_mut::<BLOCK>()) else {
            return false;
        };
        record.colons = record.colons.wrapping_add(colons.count_ones() as usize);
        lanes.positions(colons, base as u32, room);
        true
    }
}

/// A block in which a record ends, or something odd is.
struct Unusual<'a, 't, 'k> {
    taking: &'a mut Taking<'t, 'k>,
    record: Record,
    base: usize,
    bytes: &'a [u8; BLOCK],
    seen: Seen,
    odd: Option<(Masks, u64)>,
}

impl Work for Unusual<'_, '_, '_> {
    type Output = (bool, Record);

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> (bool, Record) {
        let mut record = self.record;
        let goes = self.run_on(lanes, &mut record);
        (goes, record)
    }
}

/// Takes records.
struct Taking<'t, 'k> {
    text: &'t [u8],
    /// Where the last record ended.
    done: usize,
    kept: &'k mut Kept,
    take: &'k mut dyn FnMut(&Swept),
}

impl Unusual<'_, '_, '_> {
    /// Goes through the block; says whether to go on.
    #[inline(always)]
    fn run_on<L: Lanes>(self, lanes: L, record: &mut Record) -> bool {
        let (base, seen) = (self.base, self.seen);
        let odd = self
            .odd
            .map(|(masks, escaped)| look_at(self.bytes, &masks, escaped, seen.inside));
        let mut rest = u64::MAX;
        // The next record may begin in the next block.
        if record.start > base {
            rest <<= record.start - base;
        }
        loop {
            let end = record.end(seen.opens & rest, seen.closes & rest);
            let part = match end {
                Some(end) => rest & (u64::MAX >> (63 - end)),
                None => rest,
            };
            if let Some(odd) = odd {
                record.odd.add(odd, part);
            }
            let (kept, colons) = (!seen.inside & part, seen.colons & part);
            let part = (base, kept, colons);
            let goes = self.taking.kept.put(lanes, self.bytes, record, part);
            let Some(end) = end.filter(|_| goes) else {
                return goes;
            };
            let end = base + end as usize + 1;
            if !self.taking.end_record(lanes, record, end) {
                return false;
            }
            let next = record.start - base;
            if next >= BLOCK {
                return true;
            }
            rest = u64::MAX << next;
        }
    }
}

impl Taking<'_, '_> {
    /// Ends a record, and looks whether another one follows.
    #[inline(always)]
    fn end_record<L: Lanes>(&mut self, lanes: L, record: &mut Record, end: usize) -> bool {
        let start = record.start;
        if record.odd.wrong != 0 || end - start > MAX_RECORD {
            return false;
        }
        if record.odd.beyond_ascii != 0 {
            let raw = self.text.get(start..end).unwrap_or_default();
            if str::from_utf8(raw).is_err() {
                return false;
            }
        }
        let Some(number) = self.kept.frame_of(lanes, record.outside) else {
            return false;
        };
        let Some(frame) = self.kept.frames.get(number) else {
            return false;
        };
        let mut swept = Swept {
            start,
            end,
            places: Places::default(),
        };
        let framed = Framed {
            text: self.text,
            start,
            colons: self.kept.colons.get(..record.colons).unwrap_or_default(),
            has_backslash: record.odd.backslashes != 0,
        };
        frame.place(lanes, framed, &mut swept.places);
        if record.odd.spelled != 0 {
            swept.places.doubt();
        }
        (self.take)(&swept);
        self.done = end;
        let next = match self.text.get(end..) {
            Some([b',', b' ', ..]) => end + 2,
            Some([b',', ..]) => end + 1,
            _ => return false,
        };
        *record = Record::at(next);
        begins(self.text, next)
    }
}

impl Record {
    /// Where the record ends among those brackets, if it does.
    #[inline(always)]
    fn end(&mut self, opens: u64, closes: u64) -> Option<u32> {
        if self.depth > closes.count_ones() {
            self.depth += opens.count_ones();
            self.depth -= closes.count_ones();
            return None;
        }
        let mut brackets = opens | closes;
        while brackets != 0 {
            let place = brackets.trailing_zeros();
            brackets &= brackets - 1;
            if opens >> place & 1 == 1 {
                self.depth += 1;
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Some(place);
                }
            }
        }
        None
    }
}

impl Odd {
    fn add(&mut self, other: Self, part: u64) {
        self.wrong |= other.wrong & part;
        self.spelled |= other.spelled & part;
        self.backslashes |= other.backslashes & part;
        self.beyond_ascii |= other.beyond_ascii & part;
    }
}

/// What is odd in a block. Behind a backslash some bytes may not stand, and one spells any letter.
#[cold]
#[inline(never)]
fn look_at(bytes: &[u8; BLOCK], masks: &Masks, escaped: u64, inside: u64) -> Odd {
    let mut odd = Odd {
        backslashes: masks.backslashes | escaped,
        ..Odd::default()
    };
    for (place, byte) in bytes.iter().enumerate() {
        let bit = 1 << place;
        match byte {
            0x80.. => odd.beyond_ascii |= bit,
            // Outside of strings it stays in the skeleton, and is wrong there.
            0..0x20 => odd.wrong |= bit & inside,
            _ if escaped & bit == 0 => {}
            b'u' => odd.spelled |= bit,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
            _ => odd.wrong |= bit,
        }
    }
    odd
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
        let done = sweep(text, 0, &mut |swept| best.push(*swept));
        let mut plain = Vec::new();
        let work = Sweep {
            text,
            start: 0,
            kept: &mut Kept::default(),
            take: &mut |swept| plain.push(*swept),
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
            let Some(glance) = Glance::new(raw, &swept.places) else {
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
                (Field::Id, "eventID"),
                (Field::Shared, "sharedEventID"),
                (Field::Address, "sourceIPAddress"),
            ] {
                assert_eq!(text(field), record.text(key), "{key}: {shown}");
            }
            check_deeper(&glance, &record);
            for (field, key) in [
                (Field::CallerType, "type"),
                (Field::CallerAccount, "accountId"),
                (Field::InvokedBy, "invokedBy"),
                (Field::CallerArn, "arn"),
                (Field::CallerKey, "accessKeyId"),
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

    /// What lies deeper is told as it is, or not at all.
    fn check_deeper(glance: &Glance<'_>, record: &crate::record::Record<'_>) {
        let json = record.to_json();
        let text = |field| glance.get(field).map(|text| str::from_utf8(text).unwrap());
        assert_eq!(glance.has_error_code(), json.get("errorCode").is_some());
        for (field, path) in [
            (
                Field::IssuedKey,
                "/responseElements/credentials/accessKeyId",
            ),
            (
                Field::IssuedSession,
                "/responseElements/assumedRoleUser/arn",
            ),
            (Field::Bucket, "/requestParameters/bucketName"),
            (Field::Key, "/requestParameters/key"),
        ] {
            let told = text(field);
            assert!(told.is_none() || told == json.pointer(path).unwrap().as_str());
        }
        if let Some(began) = glance.session_began() {
            let path = "/userIdentity/sessionContext/attributes/creationDate";
            let written = json.pointer(path);
            assert_eq!(Some(began), written.map_or(Some(""), |it| it.as_str()));
        }
        let owner = text(Field::Owner);
        if text(Field::Source) == Some("s3.amazonaws.com") && glance.has_known_resources() {
            assert_eq!(owner, record.text_among("resources", "accountId"));
            assert!(!owner.is_some_and(|owner| record.differs_among(
                "resources",
                "accountId",
                owner
            )));
        }
        if glance.has_known_parameters() && text(Field::Bucket).is_some() {
            let mut names = record.names_in("requestParameters").unwrap();
            assert!(!names.any(|name| name.starts_with("x-amz") && name.contains("acl")));
        }
        if glance.has_known_response() && text(Field::IssuedKey).is_some() {
            let response = json.get("responseElements").unwrap().as_object().unwrap();
            assert!(
                !response.values().any(|value| value == "Failure"),
                "{response:?}"
            );
        }
    }

    const RECORDS: [&str; 17] = [
        r#"{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","arn":"arn:1","accountId":"111122223333","accessKeyId":"ASIA1","sessionContext":{"sessionIssuer":{"arn":"arn:2"},"attributes":{"creationDate":"2024-03-01T00:00:00Z","mfaAuthenticated":"false"}}},"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","sourceIPAddress":"203.0.113.9"}"#,
        r#"{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","arn":["arn:1"],"sessionContext":{"attributes":{"creationDate":1}}},"sourceIPAddress":["203.0.113.9"]}"#,
        r#"{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","eventName":"PutObject","requestParameters":{"bucketName":"amzn-s3-demo-bucket","Host":"h","key":"k","x-id":"PutObject","yy-long-name":"z"},"resources":[{"accountId":"111122223333"}],"eventCategory":"Data"}"#,
        r#"{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","eventName":"PutObject","requestParameters":{"bucketName":"amzn-s3-demo-bucket","Host":"h","key":"k","x-id":"PutObject","x-amz-acl":"z"},"resources":[{"accountId":"111122223333"}],"eventCategory":"Data"}"#,
        r#"{"eventVersion":"1.08","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","requestParameters":{"roleArn":"a"},"responseElements":{"credentials":{"accessKeyId":"ASIA1","sessionToken":"t","expiration":"e"},"assumedRoleUser":{"assumedRoleId":"i","arn":"arn:1"},"packedPolicySize":3},"eventID":"e1","sharedEventID":"s1"}"#,
        r#"{"eventVersion":"1.08","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","responseElements":{"credentials":{"accessKeyId":"ASIA1"},"AssumeRole":"Failure","assumedRoleUser":{"arn":["arn:1"]}},"errorCode":"x"}"#,
        r#"{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","eventName":"GetObject","requestParameters":{"bucketName":"amzn-s3-demo-bucket","key":"k"},"responseElements":null,"resources":[{"type":"AWS::S3::Object","ARN":"arn:2"},{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:1"}],"eventCategory":"Data"}"#,
        r#"{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","resources":[{"accountId":"111122223333"},{"accountId":"444455556666"},{"accountId":5},"x",{"ARN":{"accountId":"777788889999"}}],"requestParameters":{"bucketName":["b"]}}"#,
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
