//! Which records lie one after the other, sound and plainly written?
//!
//! The fast way through an array of records. It takes a record only if the whole of it is valid JSON, written without white space
//! but for a space behind a colon or a comma, as CloudTrail and Python write it. At anything else it stops, and
//! [`scan`](super::scan), which is slow and forgiving, takes that record. So it may stop anywhere, and may never take a record that
//! the slow way would not take, as it would take it.
//!
//! Some KiB of text at a time, what lies outside of strings is put together ([`outside`](super::outside)): an eighth of the text.
//! In that, records' ends are found, and each is looked up among what was read before: see [`skeleton`](super::skeleton) and
//! [`frame`](super::frame).

use super::blocks::{BLOCK, Lanes, Work, with_best_lanes};
use super::frame::{Frame, Frames};
use super::framed::Framed;
use super::outside::{Bones, MOST_BLOCKS, Outside};
use super::places::Places;
use super::shape::MAX_RECORD;
use std::cell::Cell;

/// A record begins so; anything else is looked at more closely.
pub(super) const BEGINNING: &[u8] = b"{\"eventVersion\"";
/// A record that reaches further is left to the slow way: places have sixteen bits.
const FARTHEST: usize = 1 << 16;
/// So many blocks are looked at at once, at first.
const FIRST_BLOCKS: usize = 32;

const _: () = assert!(FARTHEST <= MAX_RECORD);

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
#[derive(Default)]
struct Kept {
    frames: Frames,
    /// What lies outside of strings, from the record that is open on.
    outside: Outside,
    bones: Bones,
    /// Whether the last record held a number with more than one digit.
    has_numbers: bool,
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
        if !begins(self.text, self.start) {
            return self.start;
        }
        self.kept.outside.begin(self.start);
        let mut taking = Taking {
            text: self.text,
            done: self.start,
            record: Record::at(self.start, 0),
            kept: self.kept,
            take: self.take,
        };
        let (mut base, mut most) = (self.start, FIRST_BLOCKS);
        loop {
            let rest = self.text.get(base..).unwrap_or_default();
            let (blocks, tail) = rest.as_chunks::<BLOCK>();
            let now = blocks.get(..most).unwrap_or(blocks);
            taking.kept.outside.add(lanes, now, base);
            base += now.len() * BLOCK;
            let is_last = now.len() == blocks.len();
            if is_last {
                let mut padded = [b' '; BLOCK];
                let room = padded.iter_mut().zip(tail);
                room.for_each(|(room, byte)| *room = *byte);
                taking.kept.outside.add(lanes, &[padded], base);
                base += BLOCK;
            }
            if base - taking.record.start > FARTHEST || !taking.take_all(lanes) || is_last {
                return taking.done;
            }
            if !taking.forget() {
                return taking.done;
            }
            most = MOST_BLOCKS.min(most * 2);
        }
    }
}

fn begins(text: &[u8], place: usize) -> bool {
    text.get(place..)
        .is_some_and(|rest| rest.starts_with(BEGINNING))
}

/// The record that is open.
#[derive(Clone, Copy)]
struct Record {
    start: usize,
    /// Where it begins among what is outside of strings.
    from: usize,
    /// How far that was looked at for its end, and how deep it was there.
    looked: usize,
    depth: u32,
}

impl Record {
    fn at(start: usize, from: usize) -> Self {
        Self {
            start,
            from,
            looked: from + 1,
            depth: 1,
        }
    }
}

/// Takes records.
struct Taking<'t, 'k> {
    text: &'t [u8],
    /// Where the last record ended.
    done: usize,
    record: Record,
    kept: &'k mut Kept,
    take: &'k mut dyn FnMut(&Swept),
}

impl Taking<'_, '_> {
    /// Takes all records that end in what was looked at; says whether to go on.
    #[inline(always)]
    fn take_all<L: Lanes>(&mut self, lanes: L) -> bool {
        while let Some(end) = self.end_of_record(lanes) {
            if !self.take_one(lanes, end) {
                return false;
            }
        }
        true
    }

    /// Forgets what is done with; says whether to go on.
    fn forget(&mut self) -> bool {
        let record = &mut self.record;
        let many = record.from.min(self.kept.outside.length());
        record.from -= many;
        record.looked -= many;
        self.kept.outside.forget(many, record.start)
    }

    /// Which byte of what is outside of strings ends the record, if it does.
    #[inline(always)]
    fn end_of_record<L: Lanes>(&mut self, lanes: L) -> Option<usize> {
        let record = &mut self.record;
        while let Some((block, here)) = self.kept.outside.block(record.looked) {
            let (opens, closes) = lanes.brackets(block);
            let (opens, closes) = (opens & here, closes & here);
            if record.depth > closes.count_ones() {
                record.depth += opens.count_ones();
                record.depth -= closes.count_ones();
            } else {
                let (mut rest, depth) = (closes, record.depth);
                let mut closed = 0;
                while rest != 0 {
                    let place = rest.trailing_zeros();
                    rest &= rest - 1;
                    closed += 1;
                    let opened = (opens & ((1 << place) - 1)).count_ones();
                    if depth.wrapping_add(opened) == closed {
                        return Some(record.looked + place as usize);
                    }
                }
                record.depth = depth.wrapping_add(opens.count_ones()).wrapping_sub(closed);
            }
            record.looked += here.count_ones() as usize;
        }
        None
    }

    /// Takes the record that ends there, and looks whether another one follows.
    #[inline(always)]
    fn take_one<L: Lanes>(&mut self, lanes: L, last: usize) -> bool {
        let Record { start, from, .. } = self.record;
        let end = self.kept.outside.place(last) + 1;
        let odd = self.kept.outside.odd(start, end);
        if odd.wrong != 0 {
            return false;
        }
        if odd.beyond_ascii != 0 {
            let raw = self.text.get(start..end).unwrap_or_default();
            if str::from_utf8(raw).is_err() {
                return false;
            }
        }
        let origin = self.kept.outside.origin();
        let Some((frame, places)) = self.kept.frame_of(lanes, from, last + 1) else {
            return false;
        };
        let mut swept = Swept {
            start,
            end,
            places: Places::default(),
        };
        let framed = Framed {
            text: self.text,
            origin,
            start,
            places,
            has_backslash: odd.backslashes != 0,
        };
        frame.place(framed, &mut swept.places);
        if odd.spelled != 0 {
            swept.places.doubt();
        }
        (self.take)(&swept);
        self.done = end;
        let behind = match self.text.get(end..) {
            Some([b',', b' ', ..]) => 2,
            Some([b',', ..]) => 1,
            _ => return false,
        };
        self.record = Record::at(end + behind, last + 1 + behind);
        begins(self.text, end + behind)
    }
}

impl Kept {
    /// The frame of the record that lies there outside of strings, and where in the text its skeleton does. Most records hold
    /// no number there, and are what is left of them; where the last one did, the next one probably does too.
    #[inline(always)]
    fn frame_of<L: Lanes>(
        &mut self,
        lanes: L,
        from: usize,
        to: usize,
    ) -> Option<(&mut Frame, &[u16])> {
        let (outside, places) = self.outside.part(from, to)?;
        let known = match self.has_numbers {
            true => None,
            false => self.frames.known(outside),
        };
        if let Some(number) = known {
            return Some((self.frames.get(number)?, places));
        }
        let length = self.bones.make(lanes, &self.outside, from, to)?;
        self.has_numbers = length < outside.len();
        let number = self.frames.of(self.bones.bytes(length))?;
        let places = self.bones.places(length).unwrap_or(places);
        Some((self.frames.get(number)?, places))
    }
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

    /// A record with numbers and a string of that length.
    fn record_of(numbers: [u64; 3], length: usize) -> String {
        let [first, second, third] = numbers;
        format!(
            r#"{{"eventVersion":"1.08","a":{first},"eventName":"{}","b":[{second},-{third}.{second}],"eventTime":"{third}","userIdentity":{{"n":{third},"type":"Root"}}}}"#,
            "x".repeat(length)
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// However records lie across what is looked at at once, all are taken, and their fields found.
        #[test]
        fn long_texts_are_swept_up(
            records in prop::collection::vec(
                ((0_u64..20, 0_u64..30_000, any::<u64>()), prop_oneof![8 => 0_usize..600, 1 => 0_usize..30_000], 0..RECORDS.len()),
                1..80,
            ),
            ahead in 0_usize..70,
        ) {
            let written = records.iter().flat_map(|((first, second, third), length, known)| {
                [record_of([*first, *second, *third >> (third % 60)], *length), RECORDS[*known].to_owned()]
            });
            let written: Vec<String> = written.collect();
            let text = format!("{}{}", " ".repeat(ahead), written.join(","));
            let mut count = 0;
            let done = sweep(text.as_bytes(), ahead, &mut |_| count += 1);
            prop_assert_eq!((count, done), (written.len(), text.len()));
            check(text.trim_start().as_bytes());
        }
    }

    #[test]
    fn what_reaches_too_far_is_left() {
        for (length, expected) in [(60_000, 2), (70_000, 0), (200_000, 0)] {
            let record = record_of([1, 22, 333], length);
            assert_eq!(check(format!("{record},{record}]").as_bytes()), expected);
        }
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
