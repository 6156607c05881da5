//! Where does a chain of digests break off, what explains that, and where does it go on? Each break is told, also one that leaves
//! no time between; and only what can be believed explains one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod digests;
mod program;

use digests::{Trail, everyday, gzip, key_list, log, put, seconds, signers};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

const HOUR: i64 = 3600;
const ACCOUNT: &str = "111122223333";
const OTHER: &str = "999988887777";
const BREAK: &str = "1 break in a chain that nothing explains";

fn start() -> i64 {
    seconds("2026-03-10T00:00:00Z")
}

/// A folder with what trails delivered.
struct Evidence {
    dir: TempDir,
    metadata: serde_json::Map<String, Value>,
}

impl Evidence {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            metadata: serde_json::Map::new(),
        }
    }

    fn trail(&self, bucket: &str) -> Trail {
        Trail::new(self.dir.path(), bucket, "us-east-2", "main")
    }

    fn take(&mut self, trail: Trail) {
        self.metadata.extend(trail.metadata);
    }

    /// What `verify` prints, with the saved metadata or without it.
    fn verify(&self, words: &[&str]) -> String {
        let keys = signers().each_ref().map(|signer| signer.listed());
        put(&self.dir.path().join("keys.json"), &key_list(&keys));
        let metadata = Value::Object(self.metadata.clone()).to_string();
        put(&self.dir.path().join("metadata.json"), metadata.as_bytes());
        let verify = [&["verify", "-q", ".", "--public-keys", "keys.json"], words];
        program::leaktrail(self.dir.path(), &verify.concat())
    }
}

const SAVED: [&str; 2] = ["--metadata", "metadata.json"];

/// The digest and the log file of one hour, with further records in it.
fn hour(trail: &mut Trail, hour: i64, more: &[Value]) -> String {
    let from = start() + hour * HOUR;
    let id = format!("{}-{}-{hour}", trail.bucket, trail.account);
    let mut record = everyday(from + 60, &trail.region, &id);
    record["recipientAccountId"] = json!(trail.account);
    let records = [&[record], more].concat();
    let key = trail.log_key(from + 600, &format!("{hour:016}"));
    trail.deliver(from, from + HOUR, &[(key, log(&records))], &signers()[0])
}

/// A call by which a trail of that account is stopped, as that account records it.
fn stop(account: &str, name: &str) -> Value {
    let mut record = everyday(start() + 3 * HOUR - 600, "us-east-1", "stops");
    record["eventSource"] = json!("cloudtrail.amazonaws.com");
    record["eventName"] = json!("StopLogging");
    record["userIdentity"]["arn"] = json!(format!("arn:aws:iam::{account}:user/mallory"));
    record["userIdentity"]["accountId"] = json!(account);
    record["recipientAccountId"] = json!(account);
    record["requestParameters"] = json!({ "name": name });
    record
}

fn arn(account: &str) -> String {
    format!("arn:aws:cloudtrail:us-east-1:{account}:trail/main")
}

/// Three hours, four without a digest, two more; further records in the third.
fn stopped(more: &[Value]) -> Evidence {
    let mut evidence = Evidence::new();
    let mut trail = evidence.trail("bucket");
    for at in [0, 1, 2] {
        hour(&mut trail, at, if at == 2 { more } else { &[] });
    }
    trail.previous = None;
    for at in [7, 8] {
        hour(&mut trail, at, &[]);
    }
    evidence.take(trail);
    evidence
}

#[test]
fn a_link_that_was_cut_out_of_the_last_digest_is_a_break() {
    let evidence = Evidence::new();
    let mut trail = evidence.trail("bucket");
    let keys: Vec<String> = (0..6).map(|at| hour(&mut trail, at, &[])).collect();
    let last = trail.root.join(&keys[5]);
    let mut text = String::new();
    let packed = fs::read(&last).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut text)
        .unwrap();
    let mut digest: Value = serde_json::from_str(&text).unwrap();
    for part in [
        "S3Bucket",
        "S3Object",
        "HashValue",
        "HashAlgorithm",
        "Signature",
    ] {
        digest[format!("previousDigest{part}")] = Value::Null;
    }
    // Nothing signs the digest before it any more: the log file that it names may be dropped from it.
    put(&last, &gzip(digest.to_string().as_bytes(), 6));
    let page = evidence.verify(&[]);
    let told = "begins anew at 2026-03-10T05:00:00Z: its first digest names none before it, though one ends at 2026-03-10T05:00:00Z, unexplained";
    assert!(page.contains(told) && page.contains(BREAK), "{page}");
    assert!(page.contains("2 unverifiable-last-of-chain"), "{page}");
}

#[test]
fn a_signed_restart_is_told_also_without_a_gap_in_time() {
    for (kind, ending) in [("", ".json.gz"), (", backfill", "_backfill.json.gz")] {
        let mut evidence = Evidence::new();
        let mut trail = evidence.trail("bucket");
        trail.ending = ending;
        for at in 0..4 {
            if at == 2 {
                trail.previous = None;
            }
            hour(&mut trail, at, &[]);
        }
        evidence.take(trail);
        let page = evidence.verify(&SAVED);
        assert!(
            page.contains("begins anew at 2026-03-10T02:00:00Z"),
            "{kind}: {page}"
        );
        assert!(page.contains(BREAK), "{kind}: {page}");
        assert!(page.starts_with("exit status 0"), "{kind}: {page}");
        // No time is uncovered.
        assert!(!page.contains("    gap "), "{page}");
    }
}

#[test]
fn the_call_that_stopped_the_trail_explains_its_break() {
    for name in ["main", &arn(ACCOUNT)] {
        let page = stopped(&[stop(ACCOUNT, name)]).verify(&SAVED);
        assert!(page.contains("explained by StopLogging"), "{page}");
        assert!(!page.contains("To be looked into"), "{page}");
    }
}

#[test]
fn a_store_knows_which_record_explains_a_break() {
    for planted in [false, true] {
        let call = stop(ACCOUNT, "main");
        let evidence = match planted {
            true => stopped(&[]),
            false => stopped(std::slice::from_ref(&call)),
        };
        if planted {
            put(
                &evidence.dir.path().join("bucket/planted.json"),
                &log(&[call]),
            );
        }
        let run = |words: &[&str]| -> Value {
            let told = program::leaktrail(evidence.dir.path(), words);
            assert!(told.starts_with("exit status 0"), "{told}");
            let run = fs::read(evidence.dir.path().join("out/run.json")).unwrap();
            let run: Value = serde_json::from_slice(&run).unwrap();
            run["integrity"]["chains"].clone()
        };
        let report = ["-o", "out", "-f", "jsonl", "-q", "--force"];
        let at_once = run(&[&["scan", "bucket"], &report[..]].concat());
        let stored = ["scan", "bucket", "--store", "store"];
        run(&[&stored[..], &report].concat());
        let later = run(&[&["report", "--store", "store"], &report[..]].concat());
        assert_eq!(at_once, later);
        let explained = &at_once[0]["gaps"][0]["explained_by"];
        assert_eq!(explained.is_null(), planted, "{at_once}");
    }
}

#[test]
fn a_call_on_another_accounts_trail_explains_nothing() {
    // By its ARN, by the account that recorded it, by both.
    for (account, name) in [
        (ACCOUNT, arn(OTHER)),
        (OTHER, "main".to_owned()),
        (OTHER, arn(OTHER)),
    ] {
        let page = stopped(&[stop(account, &name)]).verify(&SAVED);
        let told = "no log files were delivered: 2026-03-10T03:00:00Z to 2026-03-10T07:00:00Z, unexplained\n";
        assert!(
            page.contains(told) && page.contains(BREAK),
            "{name}: {page}"
        );
    }
    // Another account may have been let stop it.
    let page = stopped(&[stop(OTHER, &arn(ACCOUNT))]).verify(&SAVED);
    assert!(page.contains("explained by StopLogging"), "{page}");
}

#[test]
fn an_organizations_trail_is_stopped_by_another_account() {
    let mut evidence = Evidence::new();
    let mut trail = evidence.trail("bucket");
    trail.organization = Some("o-exampleorgid".to_owned());
    for at in [0, 1, 2] {
        let more = [stop(OTHER, &arn(OTHER))];
        hour(&mut trail, at, if at == 2 { &more } else { &[] });
    }
    trail.previous = None;
    hour(&mut trail, 7, &[]);
    evidence.take(trail);
    let page = evidence.verify(&SAVED);
    assert!(page.contains("explained by StopLogging"), "{page}");
}

#[test]
fn a_record_that_no_digest_speaks_for_is_told_and_explains_nothing() {
    let planted = log(&[stop(ACCOUNT, "main")]);
    let told = "unexplained: StopLogging at 2026-03-10T02:50:00Z by arn:aws:iam::111122223333:user/mallory (event stops), but no digest that can be believed speaks for that record";
    let evidence = stopped(&[]);
    put(&evidence.dir.path().join("planted.json"), &planted);
    let page = evidence.verify(&SAVED);
    assert!(page.contains(told) && page.contains(BREAK), "{page}");
    // In the coverage too.
    assert!(!page.contains("explained by StopLogging"), "{page}");
    let words = ["scan", "-q", ".", "-o", "out", "-f", "jsonl"];
    program::leaktrail(evidence.dir.path(), &words);
    let run = fs::read(evidence.dir.path().join("out/run.json")).unwrap();
    let run: Value = serde_json::from_slice(&run).unwrap();
    let gap = &run["integrity"]["chains"][0]["gaps"][0];
    assert_eq!(gap["explained_by"], Value::Null);
    assert_eq!(
        (&gap["claimed_by"], &gap["claimed_event_id"]),
        (&json!("StopLogging"), &json!("stops"))
    );
    // Behind the first member of a file that a digest names, too.
    let evidence = stopped(&[]);
    let named = evidence
        .trail("bucket")
        .log_key(start() + 2 * HOUR + 600, "0000000000000002");
    let path = evidence.dir.path().join("bucket").join(named);
    put(
        &path,
        &[fs::read(&path).unwrap(), gzip(&planted, 6)].concat(),
    );
    let page = evidence.verify(&SAVED);
    assert!(page.contains(told), "{page}");
    // A copy in a file that a digest does speak for explains, wherever else it lies.
    let evidence = stopped(&[stop(ACCOUNT, "main")]);
    put(&evidence.dir.path().join("copy.json"), &planted);
    let page = evidence.verify(&SAVED);
    assert!(page.contains("explained by StopLogging"), "{page}");
}

/// Two hours in one bucket, seven in another.
fn moved(is_linked: bool) -> Evidence {
    let mut evidence = Evidence::new();
    let mut old = evidence.trail("old");
    hour(&mut old, 0, &[]);
    hour(&mut old, 1, &[]);
    let mut new = evidence.trail("new");
    if is_linked {
        (new.previous, new.previous_bucket) = (old.previous.take(), Some("old".to_owned()));
    }
    for at in 2..9 {
        hour(&mut new, at, &[]);
    }
    evidence.take(old);
    evidence.take(new);
    evidence
}

#[test]
fn a_chain_that_goes_on_in_another_bucket_does_not_end_early() {
    let page = moved(true).verify(&SAVED);
    assert!(page.contains("    goes on in s3://new/AWSLogs\n"), "{page}");
    for word in ["ends early", "To be looked into", "begins anew"] {
        assert!(!page.contains(word), "{word}: {page}");
    }
}

#[test]
fn a_chain_that_begins_anew_in_another_bucket_is_a_break() {
    let page = moved(false).verify(&SAVED);
    assert!(page.contains("    goes on in s3://new/AWSLogs\n"), "{page}");
    assert!(
        page.contains("begins anew at 2026-03-10T02:00:00Z"),
        "{page}"
    );
    assert!(
        page.contains(BREAK) && !page.contains("ends early"),
        "{page}"
    );
}

#[test]
fn a_chain_that_comes_back_to_its_first_bucket_is_whole() {
    let mut evidence = Evidence::new();
    let (mut here, mut there) = (evidence.trail("old"), evidence.trail("new"));
    hour(&mut here, 0, &[]);
    (there.previous, there.previous_bucket) = (here.previous.take(), Some("old".to_owned()));
    (1..4).for_each(|at| {
        hour(&mut there, at, &[]);
    });
    (here.previous, here.previous_bucket) = (there.previous.take(), Some("new".to_owned()));
    (4..6).for_each(|at| {
        hour(&mut here, at, &[]);
    });
    evidence.take(here);
    evidence.take(there);
    let page = evidence.verify(&SAVED);
    for word in [
        "no log files were delivered",
        "ends early",
        "To be looked into",
    ] {
        assert!(!page.contains(word), "{word}: {page}");
    }
}

/// How many digests a page tells to be missing.
fn missing(page: &str) -> usize {
    page.matches("    digest missing: ").count()
}

#[test]
fn what_is_missing_between_two_buckets_is_told_once_and_whole() {
    // The last of the old bucket, the first of the new one, both and one more.
    for (removed, hours) in [
        (vec![("old", 1)], 1),
        (vec![("new", 2)], 1),
        (vec![("old", 1), ("new", 2), ("new", 3)], 3),
    ] {
        for saved in [&SAVED[..], &[]] {
            let evidence = moved(true);
            for (bucket, hour) in &removed {
                let key = evidence
                    .trail(bucket)
                    .digest_key(start() + (hour + 1) * HOUR);
                fs::remove_file(evidence.dir.path().join(bucket).join(key)).unwrap();
            }
            let page = evidence.verify(saved);
            assert_eq!(missing(&page), hours, "{removed:?}: {page}");
            assert!(page.contains(&format!("{hours} missing")), "{page}");
            assert!(!page.contains("ends early"), "{page}");
            assert!(page.contains("    goes on in s3://new/AWSLogs\n"), "{page}");
        }
    }
}

/// Two Regions of one trail; of the second no digest is left.
fn wiped() -> Evidence {
    let mut evidence = Evidence::new();
    for region in ["us-east-2", "eu-west-1"] {
        let mut trail = Trail::new(evidence.dir.path(), "bucket", region, "main");
        (0..3).for_each(|at| _ = hour(&mut trail, at, &[]));
        evidence.take(trail);
    }
    let digests = "bucket/AWSLogs/111122223333/CloudTrail-Digest/eu-west-1";
    fs::remove_dir_all(evidence.dir.path().join(digests)).unwrap();
    evidence
}

#[test]
fn a_chain_that_is_gone_is_missing_where_its_metadata_was_saved_and_its_log_files_are_here() {
    let page = wiped().verify(&SAVED);
    assert!(page.starts_with("exit status 5\n"), "{page}");
    assert!(
        page.contains("eu-west-1, trail main of us-east-1, bucket bucket: 0 digests"),
        "{page}"
    );
    assert_eq!(missing(&page), 3, "{page}");
    let page = wiped().verify(&[]);
    assert!(
        page.starts_with("exit status 0\n") && missing(&page) == 0,
        "{page}"
    );
    // Whose log files are not here may lie elsewhere.
    let evidence = wiped();
    let logs = "bucket/AWSLogs/111122223333/CloudTrail/eu-west-1";
    fs::remove_dir_all(evidence.dir.path().join(logs)).unwrap();
    let page = evidence.verify(&SAVED);
    assert!(
        page.starts_with("exit status 0\n") && missing(&page) == 0,
        "{page}"
    );
}

#[test]
fn what_a_digest_under_a_log_files_name_names_is_not_to_be_believed() {
    let mut evidence = Evidence::new();
    let mut trail = evidence.trail("bucket");
    let keys: Vec<String> = (0..4).map(|at| hour(&mut trail, at, &[])).collect();
    let from = trail.root.join(&keys[2]);
    let to = trail
        .root
        .join(trail.log_key(start() + 4 * HOUR, "AAAAAAAAAAAAAAAA"));
    fs::rename(from, to).unwrap();
    evidence.take(trail);
    let page = evidence.verify(&SAVED);
    assert!(page.starts_with("exit status 5\n"), "{page}");
    assert!(
        page.contains("  log files    4: 1 digest-invalid, 3 proven\n"),
        "{page}"
    );
}

#[test]
fn a_digest_that_is_dated_years_ahead_does_not_fill_the_page() {
    let evidence = Evidence::new();
    let mut trail = evidence.trail("bucket");
    (0..3).for_each(|at| _ = hour(&mut trail, at, &[]));
    let far = 24 * 365 * 9;
    trail.previous = Some((
        trail.digest_key(start() + far * HOUR),
        "00".repeat(32),
        "00".to_owned(),
    ));
    hour(&mut trail, far, &[]);
    let page = evidence.verify(&[]);
    assert!(
        page.contains(&format!("    {} digests missing: ", far - 3)),
        "{page}"
    );
    assert!(
        page.contains(&format!("({} digests on end)", far - 4)),
        "{page}"
    );
    assert!(page.lines().count() < 50, "{}", page.lines().count());
}
