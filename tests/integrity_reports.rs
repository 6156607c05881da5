//! What does an auditor read of a tree that was tampered with? Golden reports of `verify`, one for each tampering.
//!
//! `LEAKTRAIL_REWRITE=1 cargo test` writes them anew; a missing one fails. Hashes of key files differ from run to run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod digests;
mod fixture;
mod program;

use digests::{Log, Trail, everyday, gzip, key_list, log, put, seconds, signers};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const HOURS: i64 = 60;
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
const HOUR: i64 = 3600;

fn start() -> i64 {
    seconds("2026-03-02T00:00:00Z")
}

/// Two trails, two Regions, two and a half days, a new key on the second day. One call in the first hours makes a bucket
/// public.
struct Tree {
    dir: TempDir,
}

impl Tree {
    fn new() -> Self {
        Self::with(|_, _| None, |_| true)
    }

    /// With further records in some hours, and hours in which nothing is delivered, after which the chain begins anew.
    fn with(more: fn(&str, i64) -> Option<Value>, runs: fn(i64) -> bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut metadata = serde_json::Map::new();
        for (number, name) in ["main", "audit_2"].iter().enumerate() {
            for region in REGIONS {
                let mut trail = Trail::new(dir.path(), "bucket", region, name);
                for hour in 0..HOURS {
                    if !runs(hour) {
                        trail.previous = None;
                        continue;
                    }
                    let log = hour_log(&trail, number, hour, more(region, hour));
                    let signer = &signers()[usize::from(hour >= 24)];
                    let from = start() + hour * HOUR;
                    trail.deliver(from, from + HOUR, &[log], signer);
                }
                metadata.extend(trail.metadata);
            }
        }
        let keys = signers().each_ref().map(|signer| signer.listed());
        put(&dir.path().join("keys.json"), &key_list(&keys));
        put(
            &dir.path().join("metadata.json"),
            Value::Object(metadata).to_string().as_bytes(),
        );
        Self { dir }
    }

    /// The files whose paths hold all these words, in order.
    fn find(&self, words: &[&str]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.dir.path().join("bucket"), &mut found);
        found.retain(|path| {
            words
                .iter()
                .all(|word| path.to_str().unwrap().contains(word))
        });
        found.sort();
        found
    }

    fn remove(&self, words: &[&str]) {
        let found = self.find(words);
        assert!(!found.is_empty(), "nothing like {words:?}");
        found.iter().for_each(|path| fs::remove_file(path).unwrap());
    }

    fn report(&self) -> String {
        let words = [
            "verify",
            "bucket",
            "--public-keys",
            "keys.json",
            "--metadata",
            "metadata.json",
        ];
        let told = program::leaktrail(self.dir.path(), &words);
        let mut parts = told.split("SHA-256 ");
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |told, rest| {
            format!("{told}SHA-256 ...{}", &rest[64..])
        })
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => walk(&path, found),
            false => found.push(path),
        }
    }
}

/// Both trails tell of the same events, each in a file of its own.
fn hour_log(trail: &Trail, number: usize, hour: i64, more: Option<Value>) -> Log {
    let from = start() + hour * HOUR;
    let record = |part: i64| {
        let id = format!("{}-{hour}-{part}", trail.region);
        everyday(from + part * 600 + 60, &trail.region, &id)
    };
    let mut records: Vec<Value> = (0..4).map(record).collect();
    records.extend(more);
    let unique = format!("{}{hour:015}", ["A", "B"][number]);
    (trail.log_key(from + 3000, &unique), log(&records))
}

/// A call on the trail, made by mallory a little after half past.
fn call(name: &str, hour: i64, parameters: Value) -> Value {
    let mut record = everyday(
        start() + hour * HOUR + 2000,
        "us-east-1",
        &format!("call-{hour}"),
    );
    record["eventSource"] = json!("cloudtrail.amazonaws.com");
    record["eventName"] = json!(name);
    record["userIdentity"]["arn"] = json!("arn:aws:iam::111122223333:user/mallory");
    record["requestParameters"] = parameters;
    record
}

fn golden(name: &str, tree: &Tree) {
    let path = Path::new("fixtures/integrity").join(format!("{name}.txt"));
    let told = tree.report();
    if fixture::rewrites() {
        put(&path, told.as_bytes());
    }
    let expected = fs::read_to_string(&path).expect("a golden report");
    assert_eq!(told, expected, "{name}");
}

#[test]
fn an_intact_tree_is_proven() {
    golden("intact", &Tree::new());
}

#[test]
fn adjacent_missing_digests_are_told_hour_by_hour() {
    let tree = Tree::new();
    for hour in ["T050000Z", "T060000Z", "T070000Z"] {
        tree.remove(&["CloudTrail-Digest_eu-west-1_main", "20260303", hour]);
    }
    golden("adjacent-missing-digests", &tree);
}

#[test]
fn an_appended_member_is_told_with_what_it_adds() {
    let tree = Tree::new();
    let log_file = &tree.find(&["_CloudTrail_us-east-1_20260302T1050Z_A"])[0];
    let at = start() + 10 * HOUR + 120;
    let forged = log(&[
        everyday(at, "us-east-1", "forged-1"),
        everyday(at, "us-east-1", "forged-2"),
    ]);
    let whole = [fs::read(log_file).unwrap(), gzip(&forged, 6)].concat();
    put(log_file, &whole);
    golden("appended-member", &tree);
}

#[test]
fn a_planted_file_is_told() {
    let tree = Tree::new();
    let sibling = tree.find(&["_CloudTrail_us-east-1_20260302T1050Z_A"])[0]
        .to_str()
        .unwrap()
        .to_owned();
    let planted = sibling.replace("T1050Z_A00", "T1040Z_Q7x");
    put(
        Path::new(&planted),
        &gzip(
            &log(&[everyday(start() + 10 * HOUR, "us-east-1", "planted")]),
            6,
        ),
    );
    golden("planted-file", &tree);
}

#[test]
fn a_truncated_tail_is_told() {
    let tree = Tree::new();
    tree.remove(&["_eu-west-1_", "20260304T"]);
    golden("truncated-tail", &tree);
}

#[test]
fn a_deleted_hour_of_log_files_is_told() {
    let tree = Tree::new();
    tree.remove(&["_CloudTrail_eu-west-1_20260303T0950Z"]);
    golden("missing-log-files", &tree);
}

#[test]
fn a_gap_is_explained_by_the_call_that_made_it() {
    let stop = |region: &str, hour: i64| {
        let name = json!({"name": "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"});
        (region == "us-east-1" && hour == 29).then(|| call("StopLogging", hour, name))
    };
    golden(
        "stopped-trail",
        &Tree::with(stop, |hour| !(30..41).contains(&hour)),
    );
}

#[test]
fn a_call_on_another_trail_or_one_that_breaks_no_chain_explains_nothing() {
    let on_another = |region: &str, hour: i64| {
        let name = json!({"name": "arn:aws:cloudtrail:us-east-1:111122223333:trail/other"});
        (region == "us-east-1" && hour == 29).then(|| call("StopLogging", hour, name))
    };
    let turns_on = |region: &str, hour: i64| {
        let changes = json!({"name": "main", "enableLogFileValidation": true});
        (region == "us-east-1" && hour == 29).then(|| call("UpdateTrail", hour, changes))
    };
    for more in [on_another as fn(&str, i64) -> Option<Value>, turns_on] {
        let page = Tree::with(more, |hour| !(30..41).contains(&hour)).report();
        assert!(!page.contains("explained by"), "{page}");
        assert_eq!(page.matches("silent, unexplained").count(), 2, "{page}");
    }
}

#[test]
fn digests_that_name_no_log_file_are_proven_all_the_same() {
    let tree = Tree {
        dir: tempfile::tempdir().unwrap(),
    };
    let mut trail = Trail::new(tree.dir.path(), "bucket", "us-east-1", "quiet");
    for from in [start(), start() + HOUR] {
        trail.deliver(from, from + HOUR, &[], &signers()[0]);
    }
    let keys = signers().each_ref().map(|signer| signer.listed());
    put(&tree.dir.path().join("keys.json"), &key_list(&keys));
    put(
        &tree.dir.path().join("metadata.json"),
        Value::Object(trail.metadata).to_string().as_bytes(),
    );
    let page = tree.report();
    let said = "No invalid file: 2 digests are proven to be what CloudTrail delivered; they name no log file that was read.\n";
    assert!(page.contains(said), "{page}");
}

#[test]
fn log_files_alone_are_counted_and_not_checked() {
    let tree = Tree::new();
    tree.remove(&["CloudTrail-Digest"]);
    let page = tree.report();
    assert!(
        page.contains("  log files    240: 240 not checked\n"),
        "{page}"
    );
}

#[test]
fn the_report_of_a_scan_carries_the_verdicts() {
    let tree = Tree::new();
    tree.remove(&["CloudTrail-Digest_eu-west-1_main", "20260303T060000Z"]);
    let words = [
        "scan",
        "bucket",
        "-o",
        "out",
        "-q",
        "--custody",
        "--public-keys",
        "keys.json",
    ];
    let told = program::leaktrail(tree.dir.path(), &words);
    assert!(told.starts_with("exit status 0"), "{told}");
    let out = tree.dir.path().join("out");
    let rows = |table: &str| -> Vec<Value> {
        let text = fs::read_to_string(out.join(format!("{table}.jsonl"))).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let mut verdicts: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows("log_files") {
        *verdicts
            .entry(row["integrity"].as_str().unwrap().to_owned())
            .or_default() += 1;
        let bytes = fs::read(tree.dir.path().join(row["log_file"].as_str().unwrap())).unwrap();
        assert_eq!(row["sha256"], digests::sha256(&bytes));
        assert!(
            row["content_sha256"].is_string() || row["integrity"] == "unreferenced",
            "{row}"
        );
    }
    let count = |verdict: &str| verdicts.get(verdict).copied().unwrap_or_default();
    // Four chains end without metadata; the fifth end is where a digest is missing.
    assert_eq!(count("signature-from-successor-ok"), 4 * 60 - 1 - 5);
    assert_eq!(
        (count("unverifiable-last-of-chain"), count("unreferenced")),
        (5, 1)
    );
    assert_eq!((count("consistent"), count("proven")), (5, 4 * 60 - 6));
    let run: Value = serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap();
    let statement = fs::read_to_string(out.join("custody.txt")).unwrap();
    for (name, report) in run["reports"].as_object().unwrap() {
        let hash = digests::sha256(&fs::read(out.join(name)).unwrap());
        assert_eq!(report["sha256"], hash.as_str());
        assert!(name == "custody.txt" || statement.contains(&format!("{hash}  {name}")));
    }
    assert!(
        statement.contains("command          scan bucket -o out"),
        "{statement}"
    );
    assert_eq!(run["integrity"]["chains"].as_array().unwrap().len(), 4);
}

/// A call that makes a bucket public, in both trails' files.
fn opens(region: &str, hour: i64) -> Option<Value> {
    let mut parameters = program::public_policy();
    parameters["bucketName"] = json!("amzn-s3-demo-bucket");
    (region == "us-east-1" && hour == 5).then(|| {
        let mut record = everyday(start() + hour * HOUR + 2400, region, "opens");
        record["eventSource"] = json!("s3.amazonaws.com");
        record["eventName"] = json!("PutBucketPolicy");
        record["requestParameters"] = parameters;
        record
    })
}

/// What alarms say of their records: of the match, the change to ALARM and the exposure, in that order; and the page.
fn alarmed(tree: &Tree, words: &[&str]) -> (Vec<Value>, String) {
    let alarms = [
        &["alarms", "bucket", "--preset", "s3-exposure"][..],
        &["-o", "out", "-f", "jsonl", "--force"],
        words,
    ];
    let told = program::leaktrail(tree.dir.path(), &alarms.concat());
    let verdict = |table: &str, number: usize| {
        let path = tree.dir.path().join("out").join(format!("{table}.jsonl"));
        let text = fs::read_to_string(path).unwrap();
        let row: Value = serde_json::from_str(text.lines().nth(number).unwrap()).unwrap();
        row["integrity"].clone()
    };
    let verdicts = vec![
        verdict("matches", 0),
        verdict("alarms", 0),
        verdict("escalations", 0),
    ];
    (verdicts, told)
}

const KEYS: [&str; 4] = ["--public-keys", "keys.json", "--metadata", "metadata.json"];

#[test]
fn alarms_say_what_their_records_rest_on() {
    let tree = Tree::with(opens, |_| true);
    let (proven, page) = alarmed(&tree, &KEYS);
    assert_eq!(proven, ["proven"; 3]);
    assert!(page.contains("    records    1 proven\n"), "{page}");
    assert!(!page.contains("its record: "), "{page}");
    let (consistent, _) = alarmed(&tree, &[]);
    assert_eq!(consistent, ["consistent"; 3]);
}

#[test]
fn alarms_and_a_scan_check_the_same() {
    let tree = Tree::with(opens, |_| true);
    alarmed(&tree, &[&KEYS[..], &["--custody"]].concat());
    let scan = [
        "scan",
        "bucket",
        "-o",
        "scanned",
        "-f",
        "jsonl",
        "--custody",
    ];
    program::leaktrail(tree.dir.path(), &[&scan[..], &KEYS].concat());
    let read = |folder: &str, table: &str| {
        fs::read_to_string(tree.dir.path().join(folder).join(table)).unwrap()
    };
    for table in ["changes", "log_files", "coverage", "exposures", "losses"] {
        let table = format!("{table}.jsonl");
        assert_eq!(read("out", &table), read("scanned", &table), "{table}");
    }
    let of = |folder: &str| -> Value {
        let run: Value = serde_json::from_str(&read(folder, "run.json")).unwrap();
        run["integrity"].clone()
    };
    assert_eq!(of("out"), of("scanned"));
    assert!(read("out", "custody.txt").contains("matches.jsonl"));
}

#[test]
fn an_alarm_on_a_record_that_was_tampered_with_says_so() {
    let tree = Tree::with(opens, |_| true);
    let files = tree.find(&["_CloudTrail_us-east-1_20260302T0550Z_"]);
    let record = opens("us-east-1", 5).unwrap();
    // What stands beside a record makes its file another, and the other trail's copy says the same of the record.
    put(&files[0], &gzip(&log(std::slice::from_ref(&record)), 6));
    let (proven, page) = alarmed(&tree, &KEYS);
    assert_eq!(proven, ["proven"; 3], "{page}");
    // A copy that says something else does not speak for it: the one that is cited is not what was delivered.
    let mut forged = record.clone();
    forged["sourceIPAddress"] = json!("192.0.2.66");
    put(&files[0], &gzip(&log(&[forged]), 6));
    let (said, page) = alarmed(&tree, &KEYS);
    assert_eq!(said[..2], ["hash-mismatch"; 2], "{page}");
    assert!(page.contains("NOT INTACT"), "{page}");
    assert!(page.contains("its record: hash-mismatch"), "{page}");
}

#[test]
fn alarms_without_digests_say_nothing_of_them() {
    let tree = Tree::with(opens, |_| true);
    tree.remove(&["CloudTrail-Digest"]);
    let (said, page) = alarmed(&tree, &[]);
    assert_eq!(said, [Value::Null, Value::Null, Value::Null]);
    assert!(
        !page.contains("records    ") && !page.contains("igest"),
        "{page}"
    );
}
