//! What becomes of a run whose requests fail? Passing faults cost time only; what stays lost is named, and the run ends.
#![cfg(feature = "s3")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod bucket;
mod fixture;
mod program;

use bucket::gate::{Fault, Seen, one_in_five};
use bucket::objects::Objects;
use bucket::{BUCKET, Server};
use fixture::told::told;
use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::{FileChoice, Payer, S3Settings, Source};
use program::{gzip, log, public_policy, record};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

fn key(number: usize) -> String {
    format!(
        "AWSLogs/111122223333/CloudTrail/eu-west-1/2024/03/{:02}/111122223333_CloudTrail_eu-west-1_202403{0:02}T{:02}{:02}Z_{number:016}.json.gz",
        1 + number / 100 % 28,
        number / 4 % 24,
        number % 4 * 15
    )
}

/// Files of one change each: a bucket that is opened and closed, again and again.
fn files(count: usize) -> Objects {
    Objects::of((0..count).map(|number| {
        let at = format!(
            "2024-03-{:02}T{:02}:{:02}:00Z",
            1 + number / 100 % 28,
            number / 4 % 24,
            number % 60
        );
        let change = match number % 2 {
            0 => record(&at, "PutBucketPolicy", public_policy()),
            _ => record(&at, "DeleteBucketPolicy", json!({"policy": ""})),
        };
        (key(number), gzip(&log(&[change])))
    }))
}

/// The keys of what was lost, and why.
fn losses(analysis: &Analysis) -> Vec<(String, String)> {
    let prefix = format!("s3://{BUCKET}/");
    let loss = |loss: &leaktrail::vocab::Loss| {
        let key = loss.log_file.as_str().strip_prefix(&prefix).unwrap();
        (key.to_owned(), loss.detail.reveal().to_owned())
    };
    analysis.losses.iter().map(loss).collect()
}

fn scan_with(server: &Server, settings: S3Settings) -> Analysis {
    let (source, _) = server.source_with("", settings, &FileChoice::ALL);
    let analysis = scan(&source, &Options::default(), &()).unwrap();
    assert!(analysis.counts.add_up(), "{:?}", analysis.counts);
    analysis
}

#[test]
fn of_one_fault_in_five_nothing_is_lost() {
    let objects = files(400);
    let expected = told(&Server::of_objects(objects.clone()).scan("").unwrap());
    let server = Server::of_objects(objects).breaking(one_in_five);
    let mut settings = server.settings();
    settings.patience.silence = Duration::from_millis(700);
    let analysis = scan_with(&server, settings);
    assert_eq!(losses(&analysis), []);
    assert_eq!(told(&analysis), expected);
    let (faults, requests) = (server.gate.faults(), server.gate.requests());
    assert!(
        faults * 100 > requests * 14,
        "only {faults} of {requests} requests were broken"
    );
}

#[test]
fn where_no_object_comes_all_are_named_and_few_are_asked_for() {
    for fault in [Fault::Error(503, "SlowDown"), Fault::Drop, Fault::Cut] {
        let objects = files(1500);
        let server = Server::of_objects(objects.clone());
        let server = server.breaking(move |seen| match seen.is_list() {
            true => Fault::None,
            false => fault,
        });
        let mut settings = server.settings();
        (settings.concurrency, settings.patience.attempts) = (8, 3);
        let analysis = scan_with(&server, settings);
        let lost: BTreeSet<String> = losses(&analysis).into_iter().map(|(key, _)| key).collect();
        assert!(lost.into_iter().eq(objects.keys()), "{fault:?}");
        let requests = server.gate.requests();
        assert!(
            requests < 150,
            "{fault:?}: {requests} requests were made in vain"
        );
        let why = losses(&analysis).last().unwrap().1.clone();
        assert!(why.contains("not asked for any more"), "{fault:?}: {why}");
    }
}

#[test]
fn where_nothing_comes_the_run_ends_and_says_why() {
    for (fault, expected) in [
        (Fault::Drop, "given up after 3 attempts"),
        (Fault::Cut, "given up after 3 attempts"),
        (
            Fault::Error(500, "InternalError"),
            "S3 answers InternalError (500): said the gate; given up after 3 attempts",
        ),
        (
            Fault::Stall,
            "nothing was heard for 0.2 seconds; given up after 3 attempts",
        ),
        (
            Fault::Error(403, "AccessDenied"),
            "listing needs s3:ListBucket",
        ),
        (
            Fault::Error(404, "NoSuchBucket"),
            "hint: there is no bucket of that name",
        ),
        (
            Fault::Error(403, "ExpiredToken"),
            "hint: the credentials have expired: sign in anew",
        ),
        (
            Fault::Error(403, "SignatureDoesNotMatch"),
            "hint: these are not credentials that S3 knows",
        ),
    ] {
        let server = Server::of_objects(files(4)).breaking(move |_| fault);
        let mut settings = server.settings();
        settings.patience.attempts = 3;
        settings.patience.silence = Duration::from_millis(200);
        let (source, _) = server.source_with("AWSLogs/", settings, &FileChoice::ALL);
        let error = scan(&source, &Options::default(), &())
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("cannot read `s3://trail-bucket/AWSLogs/`: "),
            "{error}"
        );
        assert!(error.contains(expected), "{fault:?}: {error}");
        assert!(server.gate.requests() <= 3, "{fault:?}");
    }
}

#[test]
fn one_object_that_does_not_come_is_one_named_loss() {
    for (code, status, expected) in [
        (
            "AccessDenied",
            403,
            "reading needs s3:GetObject on the object",
        ),
        ("NoSuchKey", 404, "it was listed, and was deleted since"),
        ("InvalidObjectState", 403, "restore it first"),
        (
            "KMS.DisabledException",
            400,
            "the KMS key that encrypts the object cannot be used",
        ),
    ] {
        let broken = key(17);
        let of_broken = broken.clone();
        let server = Server::of_objects(files(40)).breaking(move |seen: &Seen| {
            match seen.target.contains(&of_broken) {
                true => Fault::Error(status, code),
                false => Fault::None,
            }
        });
        let analysis = scan_with(&server, server.settings());
        let lost = losses(&analysis);
        assert_eq!(lost.len(), 1, "{lost:?}");
        assert_eq!(lost[0].0, broken);
        assert!(
            lost[0].1.contains(expected) && lost[0].1.contains(code),
            "{lost:?}"
        );
        assert_eq!(analysis.files.len(), 40);
    }
}

#[test]
fn credentials_that_expire_on_the_way_end_the_asking() {
    let server = Server::of_objects(files(1000)).breaking(|seen| match seen.number < 200 {
        true => Fault::None,
        false => Fault::Error(400, "ExpiredToken"),
    });
    let mut settings = server.settings();
    settings.concurrency = 8;
    let analysis = scan_with(&server, settings);
    let lost = losses(&analysis);
    assert!(
        lost.len() > 700 && lost.len() < 1000,
        "{} files were lost",
        lost.len()
    );
    assert!(
        lost.iter().all(|(_, why)| why.contains("sign in anew")),
        "{:?}",
        lost[0]
    );
    let requests = server.gate.requests();
    assert!(requests < 230, "{requests} requests were made in vain");
}

#[test]
fn an_object_that_is_written_over_after_it_was_listed_is_a_loss() {
    let objects = files(3);
    let server = Server::of_objects(objects.clone());
    let source = server.source("");
    let listing = source.list().unwrap();
    objects.put(&key(1), &b"other bytes"[..]);
    let read: Vec<_> = listing.files.iter().map(|file| source.read(file)).collect();
    assert!(read[0].is_ok() && read[2].is_ok());
    let loss = read[1].as_ref().unwrap_err();
    assert!(
        loss.detail.reveal().contains("written over since"),
        "{loss:?}"
    );
    assert_eq!(loss.log_file, listing.files[1].id);
}

#[test]
fn a_bucket_of_another_region_is_read_there() {
    let server = Server::of_objects(files(8)).breaking(|seen| {
        match seen.authorization.contains("/ap-southeast-2/s3/") {
            true => Fault::None,
            false => Fault::Elsewhere("ap-southeast-2"),
        }
    });
    let analysis = scan_with(&server, server.settings());
    assert_eq!((analysis.losses.len(), analysis.files.len()), (0, 8));
    assert_eq!(server.gate.faults(), 1, "a Region is learnt once");
}

#[test]
fn a_bucket_that_is_nowhere_is_an_error() {
    let server = Server::of_objects(files(1)).breaking(|_| Fault::Elsewhere("ap-southeast-2"));
    let error = server.scan("").unwrap_err().to_string();
    assert!(error.contains("ap-southeast-2"), "{error}");
    assert!(server.gate.requests() <= 4);
}

#[test]
fn whoever_pays_says_so_with_every_request() {
    let server = Server::of_objects(files(8)).breaking(|seen| match seen.payer {
        true => Fault::None,
        false => Fault::Error(403, "AccessDenied"),
    });
    let error = server.scan("").unwrap_err().to_string();
    assert!(error.contains("--request-payer"), "{error}");
    let settings = S3Settings {
        payer: Payer::Requester,
        ..server.settings()
    };
    assert_eq!(scan_with(&server, settings).losses.len(), 0);
}
