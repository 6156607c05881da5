//! When? An instant of UTC in whole seconds, as CloudTrail writes `eventTime`, and half-open spans of them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use std::fmt;

/// An instant, UTC, in whole seconds since 1970 (eventTime's resolution).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that many seconds after 1970-01-01T00:00:00Z.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// The instant `seconds` later.
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Reads an instant as records write it: RFC 3339, with `T` or a space, with or without a fraction; without an offset it is UTC.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(time) = text.as_bytes().try_into().ok().and_then(Self::parse_plain) {
            return Some(time);
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Some(Self(time.timestamp()));
        }
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .map(|time| Self(time.and_utc().timestamp()))
    }

    /// The same, of bytes that may be no text.
    pub fn parse_bytes(text: &[u8]) -> Option<Self> {
        let plain = text.try_into().ok().and_then(Self::parse_plain);
        plain.or_else(|| Self::parse(str::from_utf8(text).ok()?))
    }

    /// Reads an instant as CloudTrail itself writes it, `2024-01-01T00:00:00Z`: every record has one.
    fn parse_plain(text: &[u8; 20]) -> Option<Self> {
        let (day, clock) = text.split_first_chunk()?;
        Some(Self(midnight(day)? + second_of_day(clock)?))
    }

    /// Midnight, UTC, of a day written `YYYY-MM-DD`.
    pub fn parse_day(text: &str) -> Option<Self> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(Self(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp()))
    }
}

/// The first second of a day that is written so, `2024-01-01T`.
fn midnight(text: &[u8; 11]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T'] = *text else {
        return None;
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (month, day) = (two(mo1, mo2)?, two(d1, d2)?);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        // A leap day is left to the calendar.
        2 => 28,
        _ => 0,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is their last.
    let (year, month) = match month > 2 {
        true => (year, month - 3),
        false => (year - 1, month + 9),
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469;
    Some(days * 86_400)
}

/// Which second of its day is written so, `00:00:00Z`.
fn second_of_day(text: &[u8]) -> Option<i64> {
    let [h1, h2, b':', mi1, mi2, b':', s1, s2, b'Z'] = *text else {
        return None;
    };
    let (hour, minute, second) = (two(h1, h2)?, two(mi1, mi2)?, two(s1, s2)?);
    let is_time = hour < 24 && minute < 60 && second < 60;
    is_time.then_some((hour * 60 + minute) * 60 + second)
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// Reads instants one after the other, which mostly are of the same day.
#[derive(Clone, Copy, Default, Debug)]
pub struct Calendar {
    /// The day of the last one, as it is written.
    day: [u8; 11],
    midnight: i64,
}

impl Calendar {
    /// What [`Timestamp::parse_bytes`] reads.
    pub fn read(&mut self, text: &[u8]) -> Option<Timestamp> {
        let Some((day, clock)) = text.split_first_chunk() else {
            return Timestamp::parse_bytes(text);
        };
        if *day != self.day {
            let Some(midnight) = midnight(day) else {
                return Timestamp::parse_bytes(text);
            };
            *self = Self {
                day: *day,
                midnight,
            };
        }
        match second_of_day(clock) {
            Some(second) => Some(Timestamp(self.midnight + second)),
            None => Timestamp::parse_bytes(text),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp(self.0, 0) {
            Some(time) => f.pad(&time.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => write!(f, "@{}", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A half-open span of time: `from` belongs to it, `until` does not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span {
    /// The first instant of the span.
    pub from: Timestamp,
    /// The first instant after the span.
    pub until: Timestamp,
}

impl Span {
    /// The span's length in seconds.
    pub fn seconds(self) -> i64 {
        self.until.0.saturating_sub(self.from.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_event_time_reads_back_as_written() {
        for text in [
            "2018-08-20T13:01:46Z",
            "1970-01-01T00:00:00Z",
            "2026-11-24T23:59:59Z",
        ] {
            assert_eq!(
                Timestamp::parse(text)
                    .map(|time| time.to_string())
                    .as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn odd_forms_of_the_same_instant_are_equal() {
        let plain = Timestamp::parse("2024-01-01T00:00:00Z");
        for text in [
            "2024-01-01T01:00:00+01:00",
            "2024-01-01T00:00:00.999Z",
            "2024-01-01 00:00:00.000",
            "2024-01-01T00:00:00",
        ] {
            assert_eq!(Timestamp::parse(text), plain, "{text}");
        }
        assert_eq!(Timestamp::parse_day("2024-01-01"), plain);
    }

    proptest! {
        /// The calendar is the oracle of what is read without it.
        #[test]
        fn plain_instants_are_read_as_the_calendar_reads_them(
            (year, month, day) in (0_u32..10_000, 0_u32..14, 0_u32..33),
            (hour, minute, second) in (0_u32..25, 0_u32..61, 0_u32..61),
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
            let slow = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.timestamp());
            prop_assert_eq!(Timestamp::parse(&text).map(Timestamp::unix), slow, "{}", text);
        }
    }

    proptest! {
        /// Whatever was read before, a text is read as if it were the first.
        #[test]
        fn a_calendar_remembers_days_and_nothing_else(
            texts in prop::collection::vec((0_usize..6, 0_usize..6, 0_usize..4), 1..12),
        ) {
            let days = ["2024-02-28", "2024-02-29", "2024-03-01", "2023-02-29", "1969-12-31", "2024-3-01"];
            let clocks = ["T00:00:00", "T23:59:59", "T24:00:00", "T12:3:00", " 12:00:00", ""];
            let ends = ["Z", "", "+01:00", "Z "];
            let mut calendar = Calendar::default();
            for (day, clock, end) in texts {
                let text = [days[day], clocks[clock], ends[end]].concat();
                let bytes = text.as_bytes();
                prop_assert_eq!(calendar.read(bytes), Timestamp::parse_bytes(bytes), "{}", text);
            }
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in ["", "...", "2024-13-01T00:00:00Z", "1704067200", "yesterday"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
