//! Which changes were made in sessions that nothing issued, where these may be too many to be held?
//!
//! Each is a line, sorted by its session; one session's changes are held at a time.

use super::super::ScanError;
use super::super::pile::{key_text, read_key, word};
use crate::event::{Actor, Belief, Change, CitedEvent, Copies, ExposureEvent, Outcome, Session};
use crate::spill::{Lines, Spill};
use crate::timeline::{ChangeRow, Contradiction, Effect, Unissued};
use crate::vocab::{AccountId, BucketName, Citation, LogFileId, Region, Timestamp};
use std::io;
use std::sync::Arc;

/// So many bytes of lines are held in memory.
const HELD: usize = 16 << 20;
/// So many changes are held at most, beside those of one session.
const MOST: usize = 10_000;

/// Takes changes.
pub(super) struct Sessions(Spill);

impl Sessions {
    pub fn new() -> Self {
        Self(Spill::new(HELD))
    }

    /// Takes the changes of one part.
    pub fn take(&self, rows: &[ChangeRow]) -> io::Result<()> {
        let mut lines = Lines::default();
        rows.iter().for_each(|row| lines.push(&line(row)));
        self.0.add(&lines)
    }

    /// Hands out what they contradict, session by session.
    pub fn finish(
        self,
        tell: &mut dyn FnMut(Vec<Contradiction>) -> Result<(), ScanError>,
    ) -> Result<(), ScanError> {
        let sorted = self.0.finish(|_| &[]).map_err(ScanError::Spill)?;
        let (mut held, mut count, mut last) = (Unissued::default(), 0, Vec::<u8>::new());
        for line in sorted.of(&[]) {
            let line = line.map_err(ScanError::Spill)?;
            let Some((session, rest)) = split(&line) else {
                continue;
            };
            if session != last && count > MOST {
                tell(std::mem::take(&mut held).into_contradictions().collect())?;
                count = 0;
            }
            last = session.to_vec();
            if let Some(row) = row(rest) {
                held.add(row);
                count += 1;
            }
        }
        tell(held.into_contradictions().collect())
    }
}

/// A session's name and beginning, sorted as these are.
fn session(actor: &Actor) -> Vec<u8> {
    let mut name = Vec::new();
    for byte in actor.name.reveal().bytes() {
        name.push(byte);
        // A zero byte in a name is not its end.
        name.extend((byte == 0).then_some(u8::MAX));
    }
    name.extend_from_slice(&[0, 0]);
    let began = actor.session.began.map_or(i64::MIN, Timestamp::unix);
    name.extend_from_slice(&(began.cast_unsigned() ^ (1 << 63)).to_be_bytes());
    name
}

/// A line's session, and the rest.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line.windows(2).position(|pair| pair == [0, 0])?;
    line.split_at_checked(end + 10)
}

/// What a contradiction tells of a change.
fn line(row: &ChangeRow) -> Vec<u8> {
    let event = &row.event.event;
    let mut line = session(&event.actor);
    line.extend_from_slice(&(row.place as u64).to_be_bytes());
    line.extend_from_slice(&event.time.unix().to_be_bytes());
    let key = key_text(&event.key);
    for text in [
        event.actor.name.reveal(),
        row.account.as_ref().map_or("", AccountId::as_str),
        event.bucket.as_ref().map_or("", BucketName::as_str),
        event.region.as_ref().map_or("", Region::as_str),
        &key,
    ] {
        line.extend_from_slice(&(text.len() as u64).to_be_bytes());
        line.extend_from_slice(text.as_bytes());
    }
    let began = event.actor.session.began.map_or(0, Timestamp::unix);
    line.extend_from_slice(&began.to_be_bytes());
    line
}

/// The change, as far as it was kept.
fn row(mut rest: &[u8]) -> Option<ChangeRow> {
    let (place, after) = rest.split_first_chunk::<8>()?;
    let (time, after) = after.split_first_chunk::<8>()?;
    rest = after;
    let name = word(&mut rest)?;
    let account = AccountId::parse(word(&mut rest)?);
    let bucket = BucketName::parse(word(&mut rest)?);
    let region = Region::parse(word(&mut rest)?);
    let key = read_key(word(&mut rest)?)?;
    let began = Timestamp::from_unix(i64::from_be_bytes(rest.try_into().ok()?));
    let event = ExposureEvent {
        key,
        time: Timestamp::from_unix(i64::from_be_bytes(*time)),
        name: "",
        region,
        account: account.clone(),
        bucket,
        change: Change::Read,
        outcome: Outcome::Took,
        error_message: Default::default(),
        actor: Actor {
            name: name.into(),
            session: Session {
                began: Some(began),
                ..Session::default()
            },
            ..Actor::default()
        },
        shared_event_id: None,
        recipient: None,
        fullness: 0,
        record: Default::default(),
    };
    let citation = Citation {
        log_file: LogFileId::new(""),
        record_index: 0,
    };
    Some(ChangeRow {
        event: Arc::new(CitedEvent {
            event,
            citation,
            copies: Copies::Agree,
            belief: Belief::Unvouched,
        }),
        place: usize::try_from(u64::from_be_bytes(*place)).unwrap_or(usize::MAX),
        account,
        effect: Effect::None,
        summary: Default::default(),
        buckets_affected: 0,
        origin: Default::default(),
        integrity: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKey;
    use crate::vocab::EventId;

    fn change(name: &str, began: i64, time: i64, id: &str) -> ChangeRow {
        let mut told = row(&line_rest()).unwrap();
        let cited = Arc::get_mut(&mut told.event).unwrap();
        cited.event.actor.name = name.into();
        cited.event.actor.session.began = Some(Timestamp::from_unix(began));
        cited.event.time = Timestamp::from_unix(time);
        cited.event.key = EventKey::Id(EventId::parse(id).unwrap(), None);
        told
    }

    /// A change of nobody.
    fn line_rest() -> Vec<u8> {
        let mut rest = vec![0; 16];
        for text in [
            "",
            "111122223333",
            "amzn-s3-demo-bucket",
            "eu-west-1",
            "i\nid",
        ] {
            rest.extend_from_slice(&(text.len() as u64).to_be_bytes());
            rest.extend_from_slice(text.as_bytes());
        }
        rest.extend_from_slice(&[0; 8]);
        rest
    }

    #[test]
    fn changes_come_back_by_session_in_their_order() {
        let rows = [
            change("b\0\0", 7, 30, "third"),
            change("b\0\0", 7, 10, "first"),
            change("b\0\0", -7, 20, "other"),
            change("b", 7, 10, "last"),
            change("b\0\u{1}", 7, 10, "odd"),
            change("b\0\0", 7, 20, "second"),
        ];
        let sessions = Sessions::new();
        rows.chunks(2).for_each(|some| sessions.take(some).unwrap());
        let mut told = Vec::new();
        let mut expected = Unissued::default();
        rows.into_iter().for_each(|row| expected.add(row));
        sessions
            .finish(&mut |some| {
                told.extend(some);
                Ok(())
            })
            .unwrap();
        let expected: Vec<_> = expected.into_contradictions().collect();
        assert_eq!(expected.len(), 4);
        assert_eq!(told, expected);
    }
}
