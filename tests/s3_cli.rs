//! The commands on `s3://` sources, as a user types them: credentials from the environment, tables as from a folder.
#![cfg(feature = "s3")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod bucket;
mod program;

use bucket::gate::Fault;
use bucket::objects::Objects;
use bucket::{BUCKET, KEY_ID, SECRET, Server};
use program::{counts, folder, gzip, log, put, story};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const KEY: &str = "AWSLogs/111122223333/CloudTrail/eu-west-1/2024/03/04/111122223333_CloudTrail_eu-west-1_20240304T";

/// The story's records, each in a file that was delivered five minutes later.
fn files() -> Vec<(String, Vec<u8>)> {
    let records = story().into_iter().enumerate();
    let file = |(number, record)| {
        (
            format!("{KEY}{:02}05Z_{number:016}.json.gz", 9 + number),
            gzip(&log(&[record])),
        )
    };
    records.map(file).collect()
}

fn server() -> Server {
    Server::of_objects(Objects::of(files()))
}

/// The same files in a folder.
fn here() -> TempDir {
    let here = folder();
    for (name, bytes) in files() {
        put(&here, &format!("{BUCKET}/{name}"), bytes);
    }
    here
}

/// How a command ended: its status, and what it wrote to stdout and stderr.
struct Ended {
    status: i32,
    stdout: String,
    stderr: String,
}

fn run(folder: &Path, words: &[&str], environment: &[(&str, &str)]) -> Ended {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_leaktrail"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "100")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("HOME", folder)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    Ended {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

const SIGNED: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", KEY_ID),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
];

fn with_address(url: &str) -> Vec<(&str, &str)> {
    [&SIGNED[..], &[("AWS_ENDPOINT_URL", url)]].concat()
}

#[test]
fn a_bucket_makes_the_tables_that_a_folder_makes() {
    let (server, here) = (server(), here());
    let url = server.url();
    let environment = with_address(&url);
    let afar = run(
        here.path(),
        &[
            "scan",
            "s3://trail-bucket",
            "-o",
            "afar",
            "-f",
            "csv",
            "-f",
            "jsonl",
        ],
        &environment,
    );
    let near = run(
        here.path(),
        &["scan", BUCKET, "-o", "near", "-f", "csv", "-f", "jsonl"],
        &[],
    );
    assert_eq!((afar.status, near.status), (0, 0), "{}", afar.stderr);
    assert_eq!(afar.stdout.replace("afar", "near"), near.stdout);
    assert_eq!(afar.stderr, near.stderr);
    let table =
        |report: &str, name: &str| fs::read_to_string(here.path().join(report).join(name)).unwrap();
    for name in [
        "exposures",
        "timeline",
        "coverage",
        "contradictions",
        "access",
        "changes",
        "log_files",
        "losses",
    ] {
        for format in ["csv", "jsonl"] {
            let name = format!("{name}.{format}");
            let afar = table("afar", &name).replace("s3://trail-bucket/", "trail-bucket/");
            assert_eq!(afar, table("near", &name), "{name}");
        }
    }
    assert_eq!(
        counts(&here.path().join("afar")),
        counts(&here.path().join("near"))
    );
}

#[test]
fn every_command_reads_a_bucket() {
    let (server, here) = (server(), here());
    let url = server.url();
    let preset = ["--preset", "bucket-policy-change"];
    for words in [
        &["scan"][..],
        &["filter", preset[0], preset[1]],
        &["filter", "--count", preset[0], preset[1]],
        &["alarms", preset[0], preset[1]],
        &["plan"],
        &["verify"],
    ] {
        let ask = ["--endpoint-url", &url, "--s3-concurrency", "3"];
        let afar = run(
            here.path(),
            &[words, &["s3://trail-bucket/AWSLogs/"], &ask].concat(),
            &SIGNED,
        );
        let near = run(
            here.path(),
            &[words, &["trail-bucket/AWSLogs"]].concat(),
            &[],
        );
        assert_eq!(afar.status, near.status, "{words:?}: {}", afar.stderr);
        assert_eq!(afar.stdout.replace("s3://", ""), near.stdout, "{words:?}");
        assert!(!afar.stdout.is_empty(), "{words:?}");
    }
    assert!(server.gate.most_under_way() <= 3);
}

#[test]
fn a_bucket_and_a_folder_are_read_together() {
    let (server, here) = (server(), here());
    let url = server.url();
    let both = [
        "scan",
        "s3://trail-bucket",
        BUCKET,
        "-o",
        "both",
        "-f",
        "jsonl",
    ];
    let ended = run(here.path(), &both, &with_address(&url));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert_eq!(
        counts(&here.path().join("both")),
        "files 6/6/0/0, records 6/3/0/3/0"
    );
}

#[test]
fn a_store_reads_no_object_twice() {
    let (server, here) = (server(), here());
    let url = server.url();
    let environment = with_address(&url);
    let words = ["scan", "s3://trail-bucket", "--store", "store"];
    let first = run(here.path(), &words, &environment);
    assert_eq!(first.status, 0, "{}", first.stderr);
    assert!(
        first
            .stderr
            .contains("3 files read, 0 of them again; 0 known"),
        "{}",
        first.stderr
    );
    let (requests, lists) = (server.gate.requests(), server.gate.lists());
    let second = run(here.path(), &words, &environment);
    assert!(
        second
            .stderr
            .contains("0 files read, 0 of them again; 3 known"),
        "{}",
        second.stderr
    );
    assert_eq!(second.stdout, first.stdout);
    let read = (server.gate.requests() - requests) - (server.gate.lists() - lists);
    assert_eq!(read, 0, "objects were read again");
}

#[test]
fn what_cannot_be_read_is_said_with_what_to_do() {
    let (server, here) = (server(), here());
    let url = server.url();
    let ask = ["scan", "s3://trail-bucket", "--endpoint-url", &url];
    for (words, environment, status, expected) in [
        (&ask[..], &[][..], 1, "no AWS credentials"),
        (&ask, &[], 1, "hint: set AWS_PROFILE or give --profile"),
        (
            &[&ask[..], &["--no-sign-request"]].concat(),
            &[],
            1,
            "AccessDenied",
        ),
        (
            &[&ask[..], &["--profile", "absent"]].concat(),
            &[],
            1,
            "absent",
        ),
        (
            &["scan", "s3://other-bucket", "--endpoint-url", &url],
            &SIGNED,
            1,
            "NoSuchBucket",
        ),
        (
            &["scan", "s3://Not A Bucket", "--endpoint-url", &url],
            &SIGNED,
            1,
            "expected s3://bucket",
        ),
        (
            &["scan", "s3://trail-bucket", "--endpoint-url", "nowhere"],
            &SIGNED,
            1,
            "is no address",
        ),
        (
            &["scan", "s3://trail-bucket/none", "--endpoint-url", &url],
            &SIGNED,
            1,
            "no file in `s3://trail-bucket/none`",
        ),
        (
            &[&ask[..], &["--s3-concurrency", "0"]].concat(),
            &SIGNED,
            2,
            "--s3-concurrency",
        ),
    ] {
        let ended = run(here.path(), words, environment);
        assert_eq!(ended.status, status, "{words:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(expected),
            "{words:?}: {}",
            ended.stderr
        );
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn a_profile_is_used_where_it_is_named() {
    let (server, here) = (server(), here());
    let keys = format!("[audit]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET}\n");
    put(&here, "credentials", keys);
    put(
        &here,
        "config",
        format!(
            "[profile audit]\nregion=eu-west-1\nendpoint_url={}\n",
            server.url()
        ),
    );
    let files = [
        ("AWS_CONFIG_FILE", "config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    ];
    let named = run(
        here.path(),
        &["scan", "s3://trail-bucket", "--profile", "audit"],
        &files,
    );
    assert_eq!(named.status, 0, "{}", named.stderr);
    let profile = [&files[..], &[("AWS_PROFILE", "audit")]].concat();
    let meant = run(here.path(), &["scan", "s3://trail-bucket"], &profile);
    assert_eq!(
        (meant.status, meant.stdout),
        (0, named.stdout),
        "{}",
        meant.stderr
    );
}

#[test]
fn an_object_that_is_lost_makes_status_3() {
    let here = here();
    let server = server().breaking(|seen| match seen.target.contains("0000000001.json") {
        true => Fault::Error(403, "AccessDenied"),
        false => Fault::None,
    });
    let ended = run(
        here.path(),
        &[
            "scan",
            "-v",
            "s3://trail-bucket",
            "--endpoint-url",
            &server.url(),
        ],
        &SIGNED,
    );
    assert_eq!(ended.status, 3, "{}", ended.stderr);
    let expected = format!("s3://trail-bucket/{KEY}1005Z_0000000000000001.json.gz");
    assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
    assert!(ended.stderr.contains("s3:GetObject"), "{}", ended.stderr);
}

#[test]
fn what_is_said_in_passing_is_not_said_to_the_quiet() {
    let here = here();
    let flat = files()
        .into_iter()
        .map(|(name, bytes)| (name.rsplit('/').next().unwrap().to_owned(), bytes));
    let server = Server::of_objects(Objects::of(flat));
    let url = server.url();
    let ask = [
        "scan",
        "s3://trail-bucket",
        "--endpoint-url",
        &url,
        "--read-from",
        "2024-03-04",
    ];
    let loud = run(here.path(), &ask, &SIGNED);
    assert!(
        loud.stderr
            .contains("all of it was listed: `s3://trail-bucket/`"),
        "{}",
        loud.stderr
    );
    let quiet = run(here.path(), &[&ask[..], &["-q"]].concat(), &SIGNED);
    assert_eq!((quiet.status, quiet.stderr.as_str()), (0, ""));
    assert_eq!(quiet.stdout, loud.stdout);
}

#[test]
fn the_commands_of_the_readme_run() {
    let (server, here) = (server(), here());
    let url = server.url();
    let readme = fs::read_to_string("README.md").unwrap();
    let commands = readme
        .lines()
        .filter_map(|line| line.strip_prefix("$ leaktrail "))
        // Clusters have tests of their own.
        .filter(|line| line.contains("s3://trail-bucket") && !line.contains("--cluster"));
    let mut ran = 0;
    for command in commands {
        let words: Vec<&str> = command
            .split_whitespace()
            .filter(|word| !word.starts_with("--profile="))
            .collect();
        let ended = run(here.path(), &words, &with_address(&url));
        assert_eq!(ended.status, 0, "`{command}`: {}", ended.stderr);
        ran += 1;
    }
    assert!(ran >= 3, "{ran} commands were found");
}
