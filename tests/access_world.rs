//! Who did it, and who came in meanwhile: does the program tell what happened?
//!
//! A small world in which it is known: buckets are opened and shut by callers of whom each session's history is known, and
//! asked by strangers, an account, and the owner. What happened is worked out by loops over the story, without the program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

#[path = "access_world/story.rs"]
mod story;

mod fixture;

use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use leaktrail::timeline::Exposure;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use story::{Asked, Dice, Story, Who};

/// So many worlds are tried.
const WORLDS: u64 = 200;

fn analysed(story: &Story, dice: &mut Dice) -> Analysis {
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<Vec<String>> = vec![Vec::new(); 1 + dice.below(5) as usize];
    for record in &story.records {
        for _ in 0..=dice.below(8) / 7 {
            let file = dice.below(files.len() as u64) as usize;
            let at = dice.below(files[file].len() as u64 + 1) as usize;
            files[file].insert(at, record.clone());
        }
    }
    for (number, records) in files.iter().enumerate() {
        let text = format!("{{\"Records\":[{}]}}", records.join(","));
        fs::write(
            folder.path().join(format!("{number}.json.gz")),
            fixture::gzip(text.as_bytes()),
        )
        .unwrap();
    }
    let options = Options {
        threads: Some(1 + dice.below(3) as usize),
        ..Options::default()
    };
    scan(
        &DirSource::new(vec![folder.path().to_owned()]),
        &options,
        &(),
    )
    .unwrap()
}

/// What one row of the access table counts.
#[derive(Default, PartialEq, Eq, Debug)]
struct Row {
    requests: u64,
    bytes: u64,
    keys: BTreeSet<String>,
    first: i64,
    last: i64,
}

type Kind = (String, String, String, String, &'static str);

/// The rows of one exposure: everybody is of the public, an account is its own.
fn rows(story: &Story, exposure: &Exposure) -> BTreeMap<Kind, Row> {
    let mut rows: BTreeMap<Kind, Row> = BTreeMap::new();
    let outsider = exposure.outsider().map(|it| it.id().reveal().to_owned());
    for asked in story
        .asked
        .iter()
        .filter(|asked| is_inside(asked, exposure))
    {
        let (principal, counts) = match (&asked.who, &outsider) {
            (Who::Owner, _) => continue,
            (Who::Anonymous, outsider) => ("anonymous", outsider.is_none()),
            (Who::Account(id), None) => (*id, true),
            (Who::Account(id), Some(outsider)) => (*id, id == outsider),
        };
        if !counts {
            continue;
        }
        let kind = (
            principal.to_owned(),
            asked.ip.clone(),
            asked.agent.clone(),
            asked.name.to_owned(),
            if asked.granted { "took" } else { "failed" },
        );
        let row = rows.entry(kind).or_insert_with(|| Row {
            first: asked.at,
            last: asked.at,
            ..Row::default()
        });
        row.requests += 1;
        row.bytes += asked.bytes;
        row.keys.extend(asked.key.clone());
        row.first = row.first.min(asked.at);
        row.last = row.last.max(asked.at);
    }
    rows
}

fn is_inside(asked: &Asked, exposure: &Exposure) -> bool {
    asked.bucket == exposure.bucket.as_str()
        && exposure.opened_at.unix() <= asked.at
        && exposure.closed_at.is_none_or(|end| asked.at < end.unix())
}

fn check_access(story: &Story, analysis: &Analysis) {
    for exposure in &analysis.exposures {
        let expected = rows(story, exposure);
        let told: BTreeMap<Kind, Row> = analysis
            .access
            .iter()
            .filter(|row| row.exposure_id == exposure.id)
            .map(|row| {
                let kind = &row.kind;
                let key = (
                    kind.principal.reveal().to_owned(),
                    kind.source_ip.reveal().to_owned(),
                    kind.user_agent.reveal().to_owned(),
                    kind.name.to_owned(),
                    kind.outcome,
                );
                let keys = expected.get(&key).map(|row| row.keys.clone());
                let keys = keys.filter(|keys| keys.len() as u64 == row.objects);
                let row = Row {
                    requests: row.requests,
                    bytes: row.bytes,
                    keys: keys.unwrap_or_else(|| BTreeSet::from([format!("{} keys", row.objects)])),
                    first: row.first.unix(),
                    last: row.last.unix(),
                };
                (key, row)
            })
            .collect();
        assert_eq!(
            told, expected,
            "{} since {}",
            exposure.bucket, exposure.opened_at
        );
        let took = |(kind, _): &(&Kind, &Row)| kind.4 == "took";
        let sum = |of: fn(&Row) -> u64, granted: bool| {
            let rows = expected.iter().filter(|row| took(row) == granted);
            rows.map(|(_, row)| of(row)).sum::<u64>()
        };
        let addresses: BTreeSet<&String> = expected
            .keys()
            .filter(|kind| kind.4 == "took")
            .map(|kind| &kind.1)
            .collect();
        let seen = &exposure.attendance;
        assert_eq!(seen.requests, sum(|row| row.requests, true));
        assert_eq!(seen.denied, sum(|row| row.requests, false));
        assert_eq!(seen.bytes, sum(|row| row.bytes, true));
        assert_eq!(seen.addresses, addresses.len() as u64);
        assert_eq!(exposure.is_confirmed(), seen.requests > 0);
        let logged = story
            .asked
            .iter()
            .any(|asked| asked.bucket == exposure.bucket.as_str());
        assert_eq!(seen.logged, logged, "{}", exposure.bucket);
    }
}

/// The events that a line cites, in its order.
fn cited(line: &str) -> Vec<&str> {
    let ids = line.split("event ").skip(1);
    ids.map(|rest| rest.split([',', ')', ' ', ';']).next().unwrap())
        .collect()
}

fn check_origins(story: &Story, analysis: &Analysis) {
    for change in &analysis.changes {
        let event = &change.event.event;
        let id = event.event_id().unwrap().as_str();
        let Some(truth) = story.origins.get(id) else {
            continue;
        };
        let line = change.origin.line.reveal();
        assert_eq!(
            !line.starts_with("unresolved: "),
            truth.resolved,
            "{line}\n{truth:?}"
        );
        assert_eq!(cited(line), truth.events, "{line}\n{truth:?}");
        let line = line.trim_start_matches("unresolved: ");
        assert!(line.starts_with(&truth.first), "{line}\n{truth:?}");
    }
    let missing: BTreeSet<&str> = analysis
        .contradictions
        .iter()
        .filter(|row| row.kind.name() == "session-without-issuance")
        .flat_map(|row| &row.causes)
        .map(|cause| cause.event.event_id().unwrap().as_str())
        .collect();
    let removed: BTreeSet<&str> = story.ghosts.iter().map(String::as_str).collect();
    assert_eq!(missing, removed);
}

#[test]
fn origins_and_access_are_what_happened() {
    let (mut exposures, mut requests, mut chains, mut ghosts) = (0, 0, 0, 0);
    for seed in 0..WORLDS {
        let mut dice = Dice::new(seed);
        let story = Story::told(&mut dice);
        let analysis = analysed(&story, &mut dice);
        let worlds = std::panic::catch_unwind(|| {
            assert!(analysis.counts.add_up(), "{:?}", analysis.counts);
            assert_eq!(analysis.exposures.len(), story.exposures);
            check_access(&story, &analysis);
            check_origins(&story, &analysis);
        });
        assert!(worlds.is_ok(), "world {seed} is told otherwise");
        exposures += analysis.exposures.len();
        requests += analysis.access.iter().map(|row| row.requests).sum::<u64>();
        chains += story
            .origins
            .values()
            .filter(|truth| truth.events.len() > 1)
            .count();
        ghosts += story.ghosts.len();
    }
    let enough = exposures > 300 && requests > 3000 && chains > 200 && ghosts > 20;
    assert!(
        enough,
        "the worlds are dull: {exposures} exposures, {requests} requests, {chains} chains, {ghosts} ghosts"
    );
}
