//! Does an alarm go through the states that AWS documents? One named test a row.
//!
//! The tables and the rows on premature alarms are AWS's; the timelines follow from the model that `alarm` describes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use leaktrail::alarm::{AlarmSettings, Datum, Metric, Missing, Point, State, decide, replay};
use std::collections::BTreeMap;

fn points(text: &str) -> Vec<Point> {
    let point = |word| match word {
        "-" => Point::Missing,
        "0" => Point::Within,
        "X" => Point::Breaching,
        other => panic!("{other}"),
    };
    text.split_whitespace().map(point).collect()
}

/// The state after an evaluation, and after one that began in another state: `RETAIN` where it stays as it was.
fn state(evaluated: usize, to_alarm: usize, text: &str, missing: Missing) -> &'static str {
    let from = |before| decide(&points(text), evaluated, to_alarm, missing, before);
    let all = [State::Ok, State::Alarm, State::InsufficientData].map(from);
    match all {
        [State::Ok, State::Alarm, State::InsufficientData] => "RETAIN",
        [first, second, third] if first == second && second == third => first.name(),
        other => panic!("{other:?}"),
    }
}

/// Each row: points oldest first, and the state for missing, ignore, breaching, notBreaching.
macro_rules! tables {
    ($($name:ident $evaluated:literal $to_alarm:literal $points:literal $states:literal;)+) => {
        mod documented { $(#[test] fn $name() {
            use leaktrail::alarm::Missing::{Breaching, Ignore, Missing, NotBreaching};
            let states = [Missing, Ignore, Breaching, NotBreaching]
                .map(|missing| super::state($evaluated, $to_alarm, $points, missing));
            assert_eq!(states.join(" "), $states);
        })+ }
    };
}

tables! {
    m3_ok_none_breach_none_breach 3 3 "0 - X - X" "OK OK OK OK";
    m3_ok_none_none_none_none 3 3 "0 - - - -" "OK OK OK OK";
    m3_none_none_none_none_none 3 3 "- - - - -" "INSUFFICIENT_DATA RETAIN ALARM OK";
    m3_ok_breach_breach_none_breach 3 3 "0 X X - X" "ALARM ALARM ALARM ALARM";
    m3_none_none_breach_none_none 3 3 "- - X - -" "ALARM RETAIN ALARM OK";
    m2_ok_none_breach_none_breach 3 2 "0 - X - X" "ALARM ALARM ALARM ALARM";
    m2_ok_ok_breach_ok_breach 3 2 "0 0 X 0 X" "ALARM ALARM ALARM ALARM";
    m2_ok_none_breach_none_none 3 2 "0 - X - -" "OK OK ALARM OK";
    m2_none_none_none_none_ok 3 2 "- - - - 0" "OK OK ALARM OK";
    m2_none_none_none_breach_none 3 2 "- - - X -" "ALARM RETAIN ALARM OK";
}

/// Rows for one treatment of missing data.
macro_rules! rows {
    ($group:ident: $($name:ident $evaluated:literal $to_alarm:literal $points:literal $missing:ident $state:literal;)+) => {
        mod $group { $(#[test] fn $name() {
            let state = super::state($evaluated, $to_alarm, $points, super::Missing::$missing);
            assert_eq!(state, $state);
        })+ }
    };
}

rows! { premature:
    m3_none_none_none_none_breach 3 3 "- - - - X" Missing "OK";
    m3_none_none_none_breach_none 3 3 "- - - X -" Missing "OK";
    m3_none_none_none_breach_ok 3 3 "- - - X 0" Missing "OK";
    m3_none_none_breach_none_ok 3 3 "- - X - 0" Missing "OK";
    m3_none_none_breach_none_none 3 3 "- - X - -" Missing "ALARM";
    m2_none_none_none_breach_none 3 2 "- - - X -" Missing "ALARM";
}

rows! { as_emulators_have_it:
    missing_breach_none_none_none_none 3 3 "X - - - -" Missing "ALARM";
    breaching_ok_none_breach_none_none 3 3 "0 - X - -" Breaching "OK";
    missing_breach_none_breach_none_breach 3 3 "X - X - X" Missing "ALARM";
    notbreaching_breach_none_breach_none_breach 3 3 "X - X - X" NotBreaching "ALARM";
    missing_ok_breach_breach_none_none 3 3 "0 X X - -" Missing "OK";
}

/// A story in minutes: what matched when, how late it arrives, and how the alarm is set.
struct Story {
    /// Minute, and how many matches.
    matches: &'static [(i64, usize)],
    delay: i64,
    until: i64,
    /// The default value, and until which minute there are records.
    default: Option<(f64, i64)>,
    settings: AlarmSettings,
}

impl Story {
    fn of(matches: &'static [(i64, usize)]) -> Self {
        Self {
            matches,
            delay: 0,
            until: 60,
            default: None,
            settings: AlarmSettings::default(),
        }
    }

    /// The changes of state: minute, states, points.
    fn told(&self) -> Vec<String> {
        let datum = |(minute, count): &(i64, usize)| {
            let datum = Datum {
                minute: *minute,
                arrives: minute + self.delay,
                value: 1.0,
            };
            vec![datum; *count]
        };
        let data: Vec<Datum> = self.matches.iter().flat_map(datum).collect();
        let active: BTreeMap<i64, i64> = self
            .default
            .map(|(_, last)| (0..=last).map(|minute| (minute, minute)).collect())
            .unwrap_or_default();
        let metric = Metric::new(&data, self.default.map(|(value, _)| value), &active);
        let replayed = replay(&self.settings, &metric, 0, self.until);
        let line = |change: &leaktrail::alarm::Transition| {
            let word = |point: &Point| match point {
                Point::Missing => "-",
                Point::Within => "0",
                Point::Breaching => "X",
            };
            let points: Vec<_> = change.points.iter().map(word).collect();
            let (from, to) = (change.from.name(), change.to.name());
            format!("{} {from} {to}: {}", change.minute, points.join(" "))
        };
        replayed.transitions.iter().map(line).collect()
    }
}

/// CIS defaults, one match at minute 10, no delay, no default value.
#[test]
fn cis_single_match() {
    let story = Story::of(&[(10, 1)]);
    assert_eq!(
        story.told(),
        [
            "11 INSUFFICIENT_DATA ALARM: - - X",
            "26 ALARM INSUFFICIENT_DATA: - - -"
        ]
    );
}

/// Same, data visible 5 minutes later, metric timestamp = event time.
#[test]
fn cis_single_match_delay5() {
    let story = Story {
        delay: 5,
        ..Story::of(&[(10, 1)])
    };
    assert_eq!(
        story.told(),
        [
            "16 INSUFFICIENT_DATA ALARM: - X -",
            "26 ALARM INSUFFICIENT_DATA: - - -"
        ]
    );
}

/// Arrives 16 minutes late: outside evaluation range 3x5 min, never alarms.
#[test]
fn cis_single_match_delay16() {
    let story = Story {
        delay: 16,
        ..Story::of(&[(10, 1)])
    };
    assert!(story.told().is_empty());
}

/// Second match while still in ALARM: no second notification.
#[test]
fn cis_two_matches_12min() {
    let story = Story::of(&[(10, 1), (22, 1)]);
    assert_eq!(
        story.told(),
        [
            "11 INSUFFICIENT_DATA ALARM: - - X",
            "38 ALARM INSUFFICIENT_DATA: - - -"
        ]
    );
}

/// Second match after leaving ALARM: second notification.
#[test]
fn cis_two_matches_40min() {
    let story = Story {
        until: 90,
        ..Story::of(&[(10, 1), (50, 1)])
    };
    assert_eq!(
        story.told(),
        [
            "11 INSUFFICIENT_DATA ALARM: - - X",
            "26 ALARM INSUFFICIENT_DATA: - - -",
            "51 INSUFFICIENT_DATA ALARM: - - X",
            "66 ALARM INSUFFICIENT_DATA: - - -"
        ]
    );
}

/// Treat missing as notBreaching: OK first, ALARM, back to OK.
#[test]
fn notbreaching() {
    let story = Story {
        settings: AlarmSettings {
            missing: Missing::NotBreaching,
            ..AlarmSettings::default()
        },
        ..Story::of(&[(10, 1)])
    };
    assert_eq!(
        story.told(),
        [
            "0 INSUFFICIENT_DATA OK: - - -",
            "11 OK ALARM: - - X",
            "26 ALARM OK: - - -"
        ]
    );
}

/// Ignore: stays in ALARM until real non-breaching data.
#[test]
fn ignore() {
    let story = Story {
        settings: AlarmSettings {
            missing: Missing::Ignore,
            ..AlarmSettings::default()
        },
        ..Story::of(&[(10, 1)])
    };
    assert_eq!(story.told(), ["11 INSUFFICIENT_DATA ALARM: - - X"]);
}

/// Breaching: ALARM from the first evaluation, never leaves.
#[test]
fn breaching() {
    let story = Story {
        settings: AlarmSettings {
            missing: Missing::Breaching,
            ..AlarmSettings::default()
        },
        ..Story::of(&[(10, 1)])
    };
    assert_eq!(story.told(), ["0 INSUFFICIENT_DATA ALARM: - - -"]);
}

/// DefaultValue 0 with log traffic every minute.
#[test]
fn default0_busy() {
    let story = Story {
        default: Some((0.0, 60)),
        ..Story::of(&[(10, 1)])
    };
    assert_eq!(
        story.told(),
        [
            "1 INSUFFICIENT_DATA OK: - - 0",
            "11 OK ALARM: 0 0 X",
            "16 ALARM OK: 0 X 0"
        ]
    );
}

/// DefaultValue 0 but the log group falls silent after minute 10.
#[test]
fn default0_quiet_after() {
    let story = Story {
        default: Some((0.0, 10)),
        ..Story::of(&[(10, 1)])
    };
    assert_eq!(
        story.told(),
        [
            "1 INSUFFICIENT_DATA OK: - - 0",
            "11 OK ALARM: 0 0 X",
            "26 ALARM INSUFFICIENT_DATA: - - -"
        ]
    );
}

/// 5 matches in minute 10: one ALARM, sum 5.
#[test]
fn burst_5() {
    let story = Story::of(&[(10, 5)]);
    assert_eq!(
        story.told(),
        [
            "11 INSUFFICIENT_DATA ALARM: - - X",
            "26 ALARM INSUFFICIENT_DATA: - - -"
        ]
    );
}

/// Threshold 5, one match per minute 10..19.
#[test]
fn threshold_5_spread() {
    let story = Story {
        settings: AlarmSettings {
            threshold: 5.0,
            ..AlarmSettings::default()
        },
        ..Story::of(&[
            (10, 1),
            (11, 1),
            (12, 1),
            (13, 1),
            (14, 1),
            (15, 1),
            (16, 1),
            (17, 1),
            (18, 1),
            (19, 1),
        ])
    };
    assert_eq!(
        story.told(),
        [
            "11 INSUFFICIENT_DATA OK: - - 0",
            "15 OK ALARM: - - X",
            "21 ALARM OK: 0 X 0",
            "25 OK ALARM: X X -",
            "26 ALARM OK: X 0 -",
            "30 OK ALARM: X - -",
            "31 ALARM OK: 0 - -",
            "35 OK INSUFFICIENT_DATA: - - -"
        ]
    );
}

/// N=3 M=2 R=5, matches at minutes 10 and 18.
#[test]
fn alarm_2_of_3() {
    let story = Story {
        until: 90,
        settings: AlarmSettings {
            evaluation_periods: 3,
            datapoints_to_alarm: 2,
            evaluation_range: Some(5),
            ..AlarmSettings::default()
        },
        ..Story::of(&[(10, 1), (18, 1)])
    };
    assert_eq!(
        story.told(),
        [
            "11 INSUFFICIENT_DATA OK: - - - - X",
            "16 OK ALARM: - - - X -",
            "44 ALARM INSUFFICIENT_DATA: - - - - -"
        ]
    );
}

/// N=3 M=2 R=5, one match at 10: premature rule makes it ALARM once age>=2.
#[test]
fn alarm_2_of_3_single() {
    let story = Story {
        until: 90,
        settings: AlarmSettings {
            evaluation_periods: 3,
            datapoints_to_alarm: 2,
            evaluation_range: Some(5),
            ..AlarmSettings::default()
        },
        ..Story::of(&[(10, 1)])
    };
    assert_eq!(
        story.told(),
        [
            "11 INSUFFICIENT_DATA OK: - - - - X",
            "16 OK ALARM: - - - X -",
            "36 ALARM INSUFFICIENT_DATA: - - - - -"
        ]
    );
}

/// Same with notBreaching: never ALARM.
#[test]
fn alarm_2_of_3_single_notbreaching() {
    let story = Story {
        until: 90,
        settings: AlarmSettings {
            missing: Missing::NotBreaching,
            evaluation_periods: 3,
            datapoints_to_alarm: 2,
            evaluation_range: Some(5),
            ..AlarmSettings::default()
        },
        ..Story::of(&[(10, 1)])
    };
    assert_eq!(story.told(), ["0 INSUFFICIENT_DATA OK: - - - - -"]);
}

/// Evaluation range 1 (strict): data delayed 5 min never seen.
#[test]
fn range_1() {
    let story = Story {
        delay: 5,
        settings: AlarmSettings {
            evaluation_range: Some(1),
            ..AlarmSettings::default()
        },
        ..Story::of(&[(10, 1)])
    };
    assert!(story.told().is_empty());
}
