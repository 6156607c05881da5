//! How does what is told of a bucket become a line, and come back?
//!
//! The bucket's name and a zero byte, which sort the lines; what it is; then fields, each behind its length, and the rest.

use super::super::again::Teller;
use crate::event::{EventKey, Heard, Inquiry, Told, table};
use crate::evidence::Evidence;
use crate::store::Again;
use crate::vocab::{AccountId, BucketName, Citation, EventId, LogFileId, Region, Timestamp};

/// What a line holds.
pub(super) const CHANGE: u8 = b'c';
pub(super) const READ: u8 = b'r';
pub(super) const WRITE: u8 = b'w';
/// A write that is a request from outside too.
pub(super) const ASKED: u8 = b'a';

/// A line's bucket, with the zero byte behind it.
pub(super) fn place_of(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|byte| *byte == 0);
    end.and_then(|end| line.get(..=end)).unwrap_or_default()
}

/// What the lines of a bucket begin with.
pub(super) fn place(bucket: &BucketName) -> Vec<u8> {
    [bucket.as_str().as_bytes(), &[0]].concat()
}

/// What a kept record tells, and the file that holds it.
pub(super) fn tell(teller: &mut Teller, mut rest: &[u8]) -> Option<(Evidence, LogFileId)> {
    let file = LogFileId::new(word(&mut rest)?);
    let index = field(&mut rest)?.try_into().ok()?;
    let record = std::str::from_utf8(rest).ok()?;
    let told = teller.read(&file, u64::from_be_bytes(index), record);
    Some((told, file))
}

/// Adds a read.
pub(super) fn hear(place: &[u8], mut rest: &[u8], into: &mut Evidence) -> Option<()> {
    let citation = Citation {
        log_file: LogFileId::new(word(&mut rest)?),
        record_index: word(&mut rest)?.parse().ok()?,
    };
    let bucket = place.strip_suffix(&[0]);
    let inquiry = Inquiry {
        time: Timestamp::from_unix(word(&mut rest)?.parse().ok()?),
        account: AccountId::parse(word(&mut rest)?),
        bucket: bucket.and_then(|name| BucketName::parse(std::str::from_utf8(name).ok()?)),
        region: Region::parse(word(&mut rest)?),
        name: table::read_named(word(&mut rest)?)?,
        told: Told::of_short(word(&mut rest)?, word(&mut rest)?.parse().ok())?,
        heard: Heard::Logged,
    };
    let key = read_key(std::str::from_utf8(rest).ok()?)?;
    into.hear(key, inquiry, citation);
    Some(())
}

/// The line of a record.
pub(super) fn of_record(bucket: Option<&BucketName>, kind: u8, again: &Again<'_>) -> Vec<u8> {
    let index = again.index.to_be_bytes();
    let fields: [&[u8]; 2] = [again.log_file.as_str().as_bytes(), &index];
    line(bucket, kind, &fields, again.record.as_bytes())
}

/// The line of a read; none of a document that is held, which no store holds.
pub(super) fn of_read(key: &EventKey, inquiry: &Inquiry, citation: &Citation) -> Option<Vec<u8>> {
    let (word, bytes) = inquiry.told.in_short()?;
    let fields = [
        citation.log_file.as_str(),
        &citation.record_index.to_string(),
        &inquiry.time.unix().to_string(),
        inquiry.account.as_ref().map_or("", |it| it.as_str()),
        inquiry.region.as_ref().map_or("", |it| it.as_str()),
        inquiry.name,
        word,
        &bytes.map_or_else(String::new, |bytes| bytes.to_string()),
    ];
    let fields: Vec<&[u8]> = fields.iter().map(|field| field.as_bytes()).collect();
    let bucket = inquiry.bucket.as_ref();
    Some(line(bucket, READ, &fields, key_text(key).as_bytes()))
}

fn line(bucket: Option<&BucketName>, kind: u8, fields: &[&[u8]], rest: &[u8]) -> Vec<u8> {
    let mut line = bucket.map_or_else(Vec::new, |bucket| bucket.as_str().as_bytes().to_vec());
    line.extend_from_slice(&[0, kind]);
    for field in fields {
        line.extend_from_slice(&(field.len() as u64).to_be_bytes());
        line.extend_from_slice(field);
    }
    line.extend_from_slice(rest);
    line
}

/// Takes the next field of a line.
fn field<'l>(rest: &mut &'l [u8]) -> Option<&'l [u8]> {
    let (length, after) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
    let (field, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(field)
}

/// Takes the next field, which is text.
pub(in super::super) fn word<'l>(rest: &mut &'l [u8]) -> Option<&'l str> {
    std::str::from_utf8(field(rest)?).ok()
}

/// A key as text from which it can be read again.
pub(in super::super) fn key_text(key: &EventKey) -> String {
    match key {
        EventKey::Id(id, recipient) => {
            let recipient = recipient.as_ref().map_or("", AccountId::as_str);
            format!("i{recipient}\n{id}")
        }
        EventKey::Content(hash) => {
            let digits = hash.iter().map(|byte| format!("{byte:02x}"));
            format!("c{}", digits.collect::<String>())
        }
    }
}

pub(in super::super) fn read_key(text: &str) -> Option<EventKey> {
    if let Some(text) = text.strip_prefix('i') {
        let (recipient, id) = text.split_once('\n')?;
        let id = EventId::parse(id)?;
        return Some(EventKey::Id(id, AccountId::parse(recipient)));
    }
    let digits = text.strip_prefix('c')?;
    let byte = |at: usize| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    Some(EventKey::Content(bytes?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back() {
        let id = EventId::parse("ab45689d-69cd-41e7-8705-5350402cf7ac").unwrap();
        for key in [
            EventKey::Id(id.clone(), None),
            EventKey::Id(id, AccountId::parse("111122223333")),
            EventKey::of_text("a record"),
        ] {
            assert_eq!(read_key(&key_text(&key)), Some(key));
        }
    }

    #[test]
    fn a_read_comes_back() {
        let inquiry = Inquiry {
            time: Timestamp::from_unix(-7),
            account: AccountId::parse("111122223333"),
            bucket: BucketName::parse("amzn-s3-demo-bucket"),
            region: None,
            name: "GetBucketPolicy",
            told: Told::PolicyServed(Some(312)),
            heard: Heard::Logged,
        };
        let citation = Citation {
            log_file: LogFileId::new("logs/a.json"),
            record_index: 3,
        };
        let key = EventKey::of_text("a record");
        let line = of_read(&key, &inquiry, &citation).unwrap();
        let place = place_of(&line);
        assert_eq!(place, b"amzn-s3-demo-bucket\0");
        let mut told = Evidence::default();
        hear(place, &line[place.len() + 1..], &mut told).unwrap();
        assert_eq!(told.inquiries.get(&key), Some(&(inquiry, citation)));
        for end in place.len() + 1..line.len() {
            hear(place, &line[place.len() + 1..end], &mut told);
        }
    }
}
