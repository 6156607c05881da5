//! Does the fast way through an archive tell what the slow one tells?
//!
//! The slow way streams, splits byte by byte, and has another parser read each record first. A thousand archives of the golden
//! cases' records, with escapes, spaces, copies of keys, look-alikes and damage: the same records, losses and tables.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod container;
mod fixture;
mod kept;
mod turned;

use arrow_array::RecordBatch;
use fixture::{compact, elements, gzip};
use kept::{archive, assert_same, scanned, told};
use leaktrail::alarm::AlarmSettings;
use leaktrail::pattern::{InteriorStar, MetricFilter, PRESETS, Pattern};
use leaktrail::pipeline::{self, LogGroups, Options, Watch, Way};
use leaktrail::source::{DirSource, Listing, LogFile, Source, SourceError};
use leaktrail::vocab::{LogFileId, Loss, Region};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed};
use std::collections::BTreeMap;
use std::fs;
use std::sync::{LazyLock, Mutex};
use turned::{Turn, turned, turns};

/// Every record of the golden cases, as CloudTrail would write it.
static RECORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut cases: Vec<_> = fs::read_dir("fixtures/cases")
        .unwrap()
        .map(|case| case.unwrap().path().join("records.json"))
        .collect();
    cases.sort();
    let texts = cases.iter().map(|case| fs::read_to_string(case).unwrap());
    let all: Vec<String> = texts.flat_map(|text| elements(&compact(&text))).collect();
    // What is told at a glance though it is of interest comes more often.
    let glanced: Vec<String> = all
        .iter()
        .filter(|record| {
            [
                "assumedRoleUser",
                "\"GetObject\"",
                "\"PutObject\"",
                "\"DeleteObject\"",
            ]
            .iter()
            .any(|word| record.contains(word))
        })
        .cloned()
        .collect();
    let often = vec![glanced; 4].concat();
    [all, often].concat()
});

/// Files in memory.
struct Files(BTreeMap<String, Vec<u8>>);

impl Source for Files {
    fn list(&self) -> Result<Listing, SourceError> {
        let files = self
            .0
            .iter()
            .map(|(name, bytes)| LogFile::new(LogFileId::new(name.as_str()), bytes.len() as u64));
        Ok(Listing {
            files: files.collect(),
            ..Listing::default()
        })
    }

    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        Ok(self.0[file.id.as_str()].clone())
    }
}

fn by(way: Way) -> Options {
    Options {
        way,
        ..Options::default()
    }
}

fn tables(files: &Files, way: Way) -> BTreeMap<&'static str, String> {
    told(&pipeline::scan(files, &by(way), &()).unwrap())
}

/// The rows that a store would take.
fn rows(source: &dyn Source, way: Way) -> BTreeMap<&'static str, Vec<RecordBatch>> {
    let one = Options {
        threads: Some(1),
        ..by(way)
    };
    let rows: Mutex<BTreeMap<_, Vec<_>>> = Mutex::default();
    pipeline::read_rows(source, &one, &|table, batch| {
        let mut rows = rows.lock().unwrap();
        rows.entry(table.name()).or_default().push(batch.clone());
        Ok(())
    })
    .unwrap();
    rows.into_inner().unwrap()
}

/// Fails where the two ways tell a store different rows.
fn assert_same_rows(source: &dyn Source) {
    let (slow, fast) = (rows(source, Way::Slow), rows(source, Way::Fast));
    assert_eq!(
        slow.keys().collect::<Vec<_>>(),
        fast.keys().collect::<Vec<_>>()
    );
    for (table, batches) in &slow {
        assert!(
            *batches == fast[table],
            "{table}: {batches:?}\n{:?}",
            fast[table]
        );
    }
}

/// A byte that is put in, taken out or replaced.
type Damage = (Index, u8, u8);

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let bytes = b"{}[]:,\"\\ \n\tu0e-.trfnZ\xc3\x00\xff".to_vec();
    prop::collection::vec((any::<Index>(), select(bytes), 0_u8..3), 0..3)
}

fn damage(text: &mut Vec<u8>, damages: &[Damage]) {
    for (place, byte, how) in damages {
        if text.is_empty() {
            return;
        }
        let place = place.index(text.len());
        match how {
            0 => text[place] = *byte,
            1 => text.insert(place, *byte),
            _ => {
                text.remove(place);
            }
        }
    }
}

/// How the records of a file lie in it.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Log,
    Lines,
    Array,
    Spaced,
    Marked,
    TwoMembers,
    NotCompressed,
}

type Made = (Vec<(Index, Turn)>, Shape, Vec<Damage>, Vec<Damage>);

fn files() -> impl Strategy<Value = Vec<Made>> {
    let shapes = [
        Shape::Log,
        Shape::Log,
        Shape::Lines,
        Shape::Array,
        Shape::Spaced,
        Shape::Marked,
        Shape::TwoMembers,
        Shape::NotCompressed,
    ];
    let records = prop::collection::vec((any::<Index>(), turns()), 0..8);
    let outer = prop_oneof![3 => Just(Vec::new()), 1 => damages()];
    prop::collection::vec((records, select(shapes.to_vec()), damages(), outer), 1..3)
}

fn file((records, shape, inner, outer): &Made) -> Vec<u8> {
    let records: Vec<String> = records
        .iter()
        .map(|(record, turn)| turned(&RECORDS[record.index(RECORDS.len())], turn))
        .collect();
    let all = |between: &str| records.join(between);
    let mut text = match shape {
        Shape::Lines => all("\n"),
        Shape::Array => format!("[{}]", all(",")),
        Shape::Spaced => format!("{{ \"Records\" : [ {} ] }}\n", all(" , ")),
        Shape::Marked => format!("\u{feff}{{\"Records\":[{}]}}", all(", ")),
        Shape::Log | Shape::TwoMembers | Shape::NotCompressed => {
            format!("{{\"Records\":[{}]}}", all(","))
        }
    }
    .into_bytes();
    damage(&mut text, inner);
    let mut bytes = match shape {
        Shape::NotCompressed => text,
        Shape::TwoMembers => {
            let (first, second) = text.split_at(text.len() / 2);
            [gzip(first), gzip(second)].concat()
        }
        _ => gzip(&text),
    };
    damage(&mut bytes, outer);
    bytes
}

/// A fixed seed, so that a change is judged by what it changed. `LEAKTRAIL_ARCHIVES=20000` draws that many afresh.
fn drawn() -> Config {
    let asked = std::env::var("LEAKTRAIL_ARCHIVES").ok();
    let asked = asked.map(|cases| cases.parse().unwrap());
    Config {
        cases: asked.unwrap_or(1_000),
        rng_seed: match asked {
            Some(_) => RngSeed::Random,
            None => RngSeed::Fixed(7),
        },
        failure_persistence: None,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(drawn())]

    #[test]
    fn a_thousand_archives_are_told_alike(made in files()) {
        let files = made.iter().enumerate().map(|(number, made)| (format!("logs/{number}.json.gz"), file(made)));
        let files = Files(files.collect());
        assert_same(&tables(&files, Way::Slow), &tables(&files, Way::Fast), "generated");
        assert_same_rows(&files);
    }
}

#[test]
fn every_container_is_told_alike() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    archive(&logs);
    for custody in [false, true] {
        let by = |way| Options { custody, ..by(way) };
        let (slow, fast) = (
            scanned(std::slice::from_ref(&logs), &by(Way::Slow)),
            scanned(std::slice::from_ref(&logs), &by(Way::Fast)),
        );
        assert_same(&slow, &fast, "every container");
        assert!(fast["changes"].lines().count() > 100);
    }
    assert_same_rows(&DirSource::new(vec![logs]));
}

/// A text is gone through by windows: what stands where one of them ends, whole or broken, is told as elsewhere.
#[test]
fn what_windows_cut_is_told_alike() {
    const WINDOW: usize = 256 << 10;
    let broken = [
        "",
        "{\"a\":",
        "\"x",
        "]",
        "}}",
        "nonsense",
        "{ \"eventName\" : \"x\" }",
        "{\"eventVersion\":\"1\u{0}\"}",
    ];
    let mut files = BTreeMap::new();
    for (number, what) in broken.iter().enumerate() {
        for before in [3000, 700, 90, 20, 2, 1, 0] {
            let mut text = "{\"Records\":[".to_owned();
            let (mut next, mut is_put) = (number, false);
            while text.len() < 2 * WINDOW + 50_000 {
                let record = &RECORDS[next % RECORDS.len()];
                next += 1;
                if !is_put && text.len() + record.len() + before > WINDOW {
                    let long = WINDOW.saturating_sub(text.len() + before + 40);
                    text += &format!("{{\"eventVersion\":\"1\",\"a\":\"{}\"}},", "x".repeat(long));
                    text += what;
                    text += &",".repeat(usize::from(!what.is_empty()));
                    is_put = true;
                }
                text += record;
                text += ",";
            }
            text.truncate(text.len() - 1);
            text += "]}";
            files.insert(
                format!("logs/{number}-{before}.json.gz"),
                gzip(text.as_bytes()),
            );
        }
    }
    let files = Files(files);
    let (slow, fast) = (tables(&files, Way::Slow), tables(&files, Way::Fast));
    assert_same(&slow, &fast, "cut by windows");
    assert!(fast["changes"].lines().count() > 100);
}

/// The checksum of a long text is compared while it is gone through: what is wrong with it is told as the stream tells it.
#[test]
fn a_long_text_with_a_wrong_trailer_is_told_alike() {
    let mut text = "{\"Records\":[".to_owned();
    let mut records = RECORDS.iter().cycle();
    while text.len() < 900_000 {
        text += records.next().unwrap();
        text += ",";
    }
    text.truncate(text.len() - 1);
    text += "]}";
    let good = gzip(text.as_bytes());
    let mut files = BTreeMap::from([("logs/good.json.gz".to_owned(), good.clone())]);
    for from_end in 1..=8 {
        let mut bad = good.clone();
        let place = bad.len() - from_end;
        bad[place] ^= 0x10;
        files.insert(format!("logs/{from_end}.json.gz"), bad.clone());
        bad.extend(&good);
        files.insert(format!("logs/{from_end}-and-more.json.gz"), bad);
    }
    let files = Files(files);
    let (slow, fast) = (tables(&files, Way::Slow), tables(&files, Way::Fast));
    assert_same(&slow, &fast, "wrong trailers");
    assert_eq!(fast["losses"].matches("corrupt-gzip").count(), 16);
}

/// What alarms on every preset would have done, an account at a time.
#[test]
fn alarms_are_told_alike() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    archive(&logs);
    let filters: Vec<MetricFilter> = PRESETS
        .iter()
        .map(|preset| {
            let pattern = Pattern::parse(preset.pattern, InteriorStar::Literal).unwrap();
            MetricFilter::counting(preset.name, pattern)
        })
        .collect();
    let watch = Watch {
        filters: &filters,
        settings: AlarmSettings::default(),
        default_value: None,
        log_groups: LogGroups::Account,
        region: Region::parse("us-east-1").unwrap(),
        escalate_after: 7200,
    };
    let [slow, fast] = [Way::Slow, Way::Fast].map(|way| {
        let source = DirSource::new(vec![logs.clone()]);
        pipeline::alarms(&source, &by(way), &watch, &()).unwrap()
    });
    assert_same(&told(&slow.analysis), &told(&fast.analysis), "with alarms");
    assert!(
        fast.histories
            .iter()
            .any(|history| !history.changes.is_empty())
    );
    assert!(format!("{:?}", slow.histories) == format!("{:?}", fast.histories));
}

/// Files that are others when they are read again.
struct Changing(Files, std::sync::atomic::AtomicBool);

impl Source for Changing {
    fn list(&self) -> Result<Listing, SourceError> {
        self.0.list()
    }

    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        let again = self.1.load(std::sync::atomic::Ordering::Relaxed);
        let is_session = file.id.as_str().contains("session");
        self.1
            .fetch_or(is_session, std::sync::atomic::Ordering::Relaxed);
        match again && is_session {
            true => Ok(gzip(br#"{"Records":[]}"#)),
            false => self.0.read(file),
        }
    }
}

/// Records that issued sessions are read again when it is known which matter.
#[test]
fn a_file_that_changed_before_it_is_read_again_is_a_loss() {
    let text = fs::read_to_string("fixtures/cases/who-chain-of-three/records.json").unwrap();
    let (sessions, others): (Vec<String>, Vec<String>) = elements(&compact(&text))
        .into_iter()
        .partition(|record| record.contains("assumedRoleUser"));
    let file =
        |records: Vec<String>| gzip(format!("{{\"Records\":[{}]}}", records.join(",")).as_bytes());
    let files = Files(BTreeMap::from([
        ("a-session.json.gz".to_owned(), file(sessions)),
        ("others.json.gz".to_owned(), file(others)),
    ]));
    let one = Options {
        threads: Some(1),
        ..by(Way::Fast)
    };
    let steady = pipeline::scan(&files, &one, &()).unwrap();
    assert_eq!(steady.losses, []);
    let changing = Changing(files, false.into());
    let changed = pipeline::scan(&changing, &one, &()).unwrap();
    assert_eq!(changed.losses.len(), 1, "{:?}", changed.losses);
    assert_eq!(changed.losses[0].log_file.as_str(), "a-session.json.gz");
    assert_ne!(told(&steady)["changes"], told(&changed)["changes"]);
}

/// The two ways would agree on nothing as well.
#[test]
fn what_is_generated_is_mostly_read() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut records, mut losses) = (0, 0);
    for _ in 0..100 {
        let made = files().new_tree(&mut runner).unwrap();
        let made = proptest::strategy::ValueTree::current(&made);
        let files = made.iter().enumerate();
        let files = files.map(|(number, made)| (format!("{number}.json.gz"), file(made)));
        let analysis = pipeline::scan(&Files(files.collect()), &by(Way::Fast), &()).unwrap();
        records += analysis.counts.used;
        losses += analysis.losses.len();
    }
    assert!(records > 150, "{records}");
    assert!(losses > 50, "{losses}");
}
