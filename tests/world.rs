//! Does the report tell the truth? A small S3 of the tests' own is driven at random, its log written down in the shapes
//! of every era and shuffled, and the program's exposures must be the ones that happened, as far as the log decides.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop, and tells its numbers"
)]

#[path = "world/acl.rs"]
mod acl;
#[path = "world/actor.rs"]
mod actor;
#[path = "world/archive.rs"]
mod archive;
#[path = "world/calendar.rs"]
mod calendar;
#[path = "world/claims.rs"]
mod claims;
#[path = "world/dice.rs"]
mod dice;
#[path = "world/doors.rs"]
mod doors;
#[path = "world/evidence.rs"]
mod evidence;
#[path = "world/inner.rs"]
mod inner;
#[path = "world/json.rs"]
mod json;
#[path = "world/lives.rs"]
mod lives;
#[path = "world/look.rs"]
mod look;
#[path = "world/names.rs"]
mod names;
#[path = "world/noise.rs"]
mod noise;
#[path = "world/object.rs"]
mod object;
#[path = "world/parameters.rs"]
mod parameters;
#[path = "world/point.rs"]
mod point;
#[path = "world/policy.rs"]
mod policy;
#[path = "world/reach.rs"]
mod reach;
#[path = "world/reads.rs"]
mod reads;
#[path = "world/record.rs"]
mod record;
#[path = "world/rows.rs"]
mod rows;
#[path = "world/run.rs"]
mod run;
#[path = "world/s3.rs"]
mod s3;
#[path = "world/script.rs"]
mod script;
#[path = "world/story.rs"]
mod story;
#[path = "world/style.rs"]
mod style;
#[path = "world/tally.rs"]
mod tally;
#[path = "world/timeline.rs"]
mod timeline;
#[path = "world/track.rs"]
mod track;
#[path = "world/tracks.rs"]
mod tracks;
#[path = "world/verdict.rs"]
mod verdict;
#[path = "world/walk.rs"]
mod walk;
#[path = "world/who.rs"]
mod who;

use std::collections::BTreeSet;
use std::fs;

use rayon::prelude::*;

use crate::archive::{Container, Layout, arrange, delivered};
use crate::claims::Claims;
use crate::evidence::Truth;
use crate::run::{Report, scan};
use crate::script::{World, world};
use crate::tally::Tally;
use crate::timeline::{Said, Share};

const SEEDS: u64 = 200;

/// Just under what the evidence of these worlds decides, per mille: less would be evidence given away.
const PROVEN_TIME: u64 = 785;
const PROVEN_EXPOSURES: u64 = 905;
/// Just over what it leaves undecided.
const UNKNOWN_TIME: u64 = 120;

#[test]
fn exposures_are_the_ones_that_happened() {
    let outcomes: Vec<_> = (0..SEEDS).into_par_iter().map(outcome).collect();
    let tally = outcomes
        .iter()
        .fold(Tally::default(), |sum, outcome| sum.and(outcome.tally));
    println!("{SEEDS} worlds, {tally}");
    let faults: Vec<_> = outcomes.into_iter().filter_map(|one| one.fault).collect();
    fs::write(FAULTS, faults.join("\n\n")).unwrap();
    assert!(
        faults.is_empty(),
        "{} of {SEEDS} worlds differ, all told in {FAULTS}, the first one:\n{}",
        faults.len(),
        faults[0]
    );
    let [proven, _, unknown] = tally.share.per_mille();
    assert!(proven >= PROVEN_TIME, "less of the time is proven: {tally}");
    assert!(unknown <= UNKNOWN_TIME, "more is unknown: {tally}");
    assert!(
        tally.proven_rows() >= PROVEN_EXPOSURES,
        "fewer exposures are proven: {tally}"
    );
}

const FAULTS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/world-faults.txt");

struct Outcome {
    tally: Tally,
    fault: Option<String>,
}

fn outcome(seed: u64) -> Outcome {
    let world = world(seed);
    let truth = evidence::truth(&world);
    let (share, fault) = match scan(&delivered(&world, seed), Container::Gzip, &[]) {
        Ok(report) => compare(&world, &truth, &report),
        Err(said) => (Share::default(), Some(said)),
    };
    Outcome {
        tally: Tally::of(&world, &truth, share),
        fault: fault.map(|fault| format!("seed {seed}: {fault}")),
    }
}

fn compare(world: &World, truth: &Truth, report: &Report) -> (Share, Option<String>) {
    let timeline = report.timeline();
    let fault = story::difference(world, &truth.rows, report.exposures())
        .or_else(|| timeline::fault(truth, &timeline))
        .or_else(|| timeline::wrong_verdict(truth, &timeline).map(|fault| story::of(world, &fault)))
        .or_else(|| claims::check(world, truth, Some(&Said::of(&timeline))).err())
        .or_else(|| report.contradiction().filter(|_| world.hole.is_none()));
    (Share::of(&timeline), fault)
}

#[test]
fn the_same_evidence_gives_the_same_tables_on_every_path() {
    (1000..1006u64).into_par_iter().for_each(|seed| {
        let files = delivered(&world(seed), seed);
        let expected = tables(&scan(&files, Container::Gzip, &[]).unwrap());
        for (layout, container, options) in paths() {
            let actual = tables(&scan(&arrange(&files, layout), container, &options).unwrap());
            for (name, (expected, actual)) in TABLES.iter().zip(expected.iter().zip(&actual)) {
                assert!(
                    expected == actual,
                    "seed {seed}: {name} differs as {layout:?} {container:?} {options:?}"
                );
            }
        }
    });
}

const TABLES: [&str; 3] = ["exposures.csv", "timeline.csv", "changes.csv"];

fn tables(report: &Report) -> [String; 3] {
    let [exposures, timeline, changes] = TABLES;
    [
        report.table(exposures),
        report.table(timeline),
        report.table_apart_from_places(changes),
    ]
}

fn paths() -> Vec<(Layout, Container, Vec<&'static str>)> {
    vec![
        (Layout::Delivered, Container::Plain, vec![]),
        (Layout::Delivered, Container::TwoMembers, vec![]),
        (Layout::Delivered, Container::JsonLines, vec![]),
        (Layout::FilePerRecord, Container::Plain, vec![]),
        (Layout::FilePerRecord, Container::Gzip, vec![]),
        (Layout::Reversed, Container::Gzip, vec![]),
        (
            Layout::Reversed,
            Container::JsonLines,
            vec!["--threads", "8"],
        ),
        (Layout::Doubled, Container::Gzip, vec![]),
        (Layout::Delivered, Container::Gzip, vec!["--threads", "1"]),
        (Layout::Delivered, Container::Gzip, vec!["--threads", "16"]),
    ]
}

/// A hole may excuse what is said after it, but not much.
const CLAIMS_PER_EXCUSE: usize = 15;

/// The oracle itself is held against the world: what it says without assumptions is so.
#[test]
fn the_oracle_claims_nothing_false() {
    let claims = (0..SEEDS).into_par_iter().map(|seed| {
        let world = world(seed);
        claims::check(&world, &evidence::truth(&world), None)
            .unwrap_or_else(|fault| panic!("seed {seed}: {fault}"))
    });
    let claims = claims.reduce(Claims::default, Claims::and);
    println!("{claims:?}");
    assert!(
        claims.held > CLAIMS_PER_EXCUSE * claims.excused,
        "{claims:?}"
    );
}

/// A world of these is worth a test: all kinds of calls, outcomes and exposures occur in it.
#[test]
fn worlds_are_rich() {
    let worlds: Vec<_> = (0..40).map(world).collect();
    let logged = || {
        worlds
            .iter()
            .flat_map(|world| &world.calls)
            .filter(|call| call.logged)
    };
    let names: BTreeSet<_> = logged()
        .map(|call| record::event_name(&call.request))
        .collect();
    let codes: BTreeSet<_> = logged()
        .filter_map(|call| Some(call.refused.as_ref()?.code))
        .collect();
    assert_eq!(names.len(), 28, "{names:?}");
    assert_eq!(codes.len(), 16, "{codes:?}");
    let rows: Vec<_> = worlds
        .iter()
        .flat_map(|world| evidence::truth(world).rows)
        .collect();
    for (column, value, least) in RICHES {
        let count = rows.iter().filter(|row| row.get(column) == value).count();
        assert!(count >= least, "{column} {value}: {count}");
    }
}

const RICHES: [(&str, &str, usize); 13] = [
    ("opened_how", "event", 1000),
    ("opened_how", "first-evidence", 200),
    ("opened_how", "in-gap", 6),
    ("closed_how", "event", 1000),
    ("closed_how", "opaque", 50),
    ("closed_how", "in-gap", 6),
    ("closed_how", "still-open", 100),
    ("scope", "bucket", 1000),
    ("scope", "objects", 200),
    ("scope", "access-point", 50),
    ("audience", "cross-account", 1000),
    ("certainty", "proven", 1000),
    ("certainty", "assumed", 200),
];
