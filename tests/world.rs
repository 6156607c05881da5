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
#[path = "world/dice.rs"]
mod dice;
#[path = "world/evidence.rs"]
mod evidence;
#[path = "world/json.rs"]
mod json;
#[path = "world/names.rs"]
mod names;
#[path = "world/noise.rs"]
mod noise;
#[path = "world/parameters.rs"]
mod parameters;
#[path = "world/policy.rs"]
mod policy;
#[path = "world/reach.rs"]
mod reach;
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
#[path = "world/timeline.rs"]
mod timeline;
#[path = "world/verdict.rs"]
mod verdict;

use rayon::prelude::*;

use crate::archive::{Container, Layout, arrange, delivered};
use crate::evidence::{Evidence, Truth};
use crate::reach::Controls;
use crate::run::{Report, scan};
use crate::s3::{Call, S3};
use crate::script::{World, world};
use crate::timeline::Share;
use crate::verdict::verdict;

const SEEDS: u64 = 200;
/// Bucket time whose verdict must be proven, in tenths of a percent: what the evidence of these worlds can decide.
const PROVEN_FLOOR: u64 = 1;

#[test]
fn exposures_are_the_ones_that_happened() {
    let outcomes: Vec<_> = (0..SEEDS).into_par_iter().map(outcome).collect();
    let faults: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.fault.as_ref())
        .collect();
    let share = outcomes
        .iter()
        .fold(Share::default(), |sum, outcome| sum.and(outcome.share));
    let [calls, rows] = [|one: &Outcome| one.calls, |one: &Outcome| one.rows]
        .map(|of| outcomes.iter().map(of).sum::<usize>());
    let [proven, assumed, unknown] = share.per_mille();
    println!("{SEEDS} worlds, {calls} calls logged, {rows} exposures");
    println!("bucket time, per mille: proven {proven}, assumed {assumed}, unknown {unknown}");
    assert!(
        faults.is_empty(),
        "{} of {SEEDS} worlds differ, the first one:\n{}",
        faults.len(),
        faults[0]
    );
    assert!(
        proven >= PROVEN_FLOOR,
        "less of the time is decided: {proven} per mille"
    );
}

struct Outcome {
    calls: usize,
    rows: usize,
    share: Share,
    fault: Option<String>,
}

fn outcome(seed: u64) -> Outcome {
    let world = world(seed);
    let truth = evidence::truth(&world);
    let calls = world.calls.iter().filter(|call| call.logged).count();
    let (share, fault) = match scan(&delivered(&world, seed), Container::Gzip, &[]) {
        Ok(report) => compare(&world, &truth, &report),
        Err(said) => (Share::default(), Some(said)),
    };
    let fault = fault.map(|fault| format!("seed {seed}: {fault}"));
    Outcome {
        calls,
        rows: truth.rows.len(),
        share,
        fault,
    }
}

fn compare(world: &World, truth: &Truth, report: &Report) -> (Share, Option<String>) {
    let timeline = report.timeline();
    let fault = story::difference(world, &truth.rows, report.exposures())
        .or_else(|| timeline::fault(world, &timeline))
        .or_else(|| timeline::wrong_verdict(truth, &timeline));
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

/// The oracle itself is held against the world: what it says without assumptions is so.
#[test]
fn the_oracle_claims_nothing_false() {
    let claims: usize = (0..SEEDS / 5).into_par_iter().map(checked_claims).sum();
    println!("{claims} claims of the oracle hold");
    assert!(claims > 0);
}

fn checked_claims(seed: u64) -> usize {
    let (mut s3, mut evidence) = (S3::default(), Evidence::default());
    let mut claims = 0;
    for call in &world(seed).calls {
        if call.took {
            s3.apply(call);
        }
        if call.logged {
            evidence.observe(call);
            claims += evidence
                .alive
                .iter()
                .map(|((_, name), one)| check(&s3, call, name, &one.controls))
                .sum::<usize>();
        }
    }
    claims
}

fn check(s3: &S3, call: &Call, name: &str, seen: &Controls) -> usize {
    let bucket = &s3.buckets[name];
    let real = Controls::of(bucket, s3.account_blocks[bucket.owner]);
    let said = verdict(seen);
    let so =
        said.name == verdict(&real).name || said.name == "unknown" || !said.assumptions.is_empty();
    assert!(so, "{name} is said to be {said:?} after {call:?}");
    let (truth, claimed) = (real.reach(), seen.reach());
    for (audience, way) in &claimed {
        let in_truth = truth.contains_key(audience) || !way.assumptions.is_empty();
        assert!(
            in_truth,
            "{audience:?} is said to be in {name} after {call:?}"
        );
    }
    for audience in truth.keys() {
        let unsaid = claimed.contains_key(audience) || !seen.surely_out(*audience);
        assert!(
            unsaid,
            "{audience:?} is said to be out of {name} after {call:?}"
        );
    }
    claimed.len()
}

/// A world of these is worth a test: all kinds of calls, outcomes and exposures occur in it.
#[test]
fn worlds_are_rich() {
    let worlds: Vec<_> = (0..20).map(world).collect();
    let logged = || {
        worlds
            .iter()
            .flat_map(|world| &world.calls)
            .filter(|call| call.logged)
    };
    let names: std::collections::BTreeSet<_> = logged()
        .map(|call| record::event_name(&call.request))
        .collect();
    let codes: std::collections::BTreeSet<_> = logged()
        .filter_map(|call| Some(call.refused.as_ref()?.code))
        .collect();
    assert_eq!(names.len(), 15, "{names:?}");
    assert_eq!(codes.len(), 10, "{codes:?}");
    let rows: Vec<_> = worlds
        .iter()
        .flat_map(|world| evidence::truth(world).rows)
        .collect();
    for (column, value) in [
        ("opened_how", "event"),
        ("opened_how", "first-evidence"),
        ("certainty", "proven"),
    ] {
        assert!(
            rows.iter().filter(|row| row.get(column) == value).count() > 50,
            "{column} {value}"
        );
    }
}
