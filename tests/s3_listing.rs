//! Which objects are found, and with how few lists?
#![cfg(feature = "s3")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod bucket;

use bucket::objects::Objects;
use bucket::{BUCKET, Server};
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::{FileChoice, Listing, S3Source, Slack, Source};
use leaktrail::vocab::{SkipReason, Timestamp};
use std::io::{Read, Seek, SeekFrom};

const RECORD: &str = r#"{"Records":[]}"#;

/// The beginning of a day.
fn time(day: &str) -> Timestamp {
    Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap()
}

fn choice(from: Option<&str>, to: Option<&str>) -> FileChoice {
    FileChoice {
        read_from: from.map(time),
        read_to: to.map(time),
        ..FileChoice::default()
    }
}

/// The name of a file that is delivered on a day since 1970, below whatever stands before `AWSLogs/`.
fn delivered((account, kind, region): (u64, &str, &str), day: i64, number: usize) -> String {
    let date = Timestamp::from_unix(day * 86_400).to_string();
    let (year, month, day) = (&date[..4], &date[5..7], &date[8..10]);
    let minute = format!("T{:02}{:02}Z", number / 60 % 24, number % 60);
    if kind == "CloudTrail-Digest" {
        let second = format!(
            "T{:02}{:02}{:02}Z",
            number / 3600 % 24,
            number / 60 % 60,
            number % 60
        );
        return format!(
            "AWSLogs/{account}/{kind}/{region}/{year}/{month}/{day}/{account}_{kind}_{region}_main_{region}_{year}{month}{day}{second}.json.gz"
        );
    }
    format!(
        "AWSLogs/{account}/{kind}/{region}/{year}/{month}/{day}/{account}_{kind}_{region}_{year}{month}{day}{minute}_{number:016}.json.gz"
    )
}

/// Keys as the listing names them, in their order.
fn keys(listing: &Listing) -> Vec<String> {
    let prefix = format!("s3://{BUCKET}/");
    let key = |name: &str| name.strip_prefix(&prefix).unwrap().to_owned();
    listing
        .files
        .iter()
        .map(|file| key(file.id.as_str()))
        .collect()
}

fn list(server: &Server, prefix: &str, choice: &FileChoice) -> (Listing, Vec<String>) {
    let (source, said) = server.source_with(prefix, server.settings(), choice);
    let listing = source.list().unwrap();
    let said = said.lock().unwrap().clone();
    (listing, said)
}

/// Twenty accounts in five Regions, 50,000 files over a year.
fn year() -> Objects {
    let regions = [
        "ap-southeast-2",
        "eu-central-1",
        "eu-west-1",
        "us-east-1",
        "us-west-2",
    ];
    let first = time("2024-01-01").unix() / 86_400;
    Objects::of((0..50_000_usize).map(|number| {
        let account = 111_122_223_300 + (number % 20) as u64;
        let region = regions[number / 20 % 5];
        let day = first + (number / 100 * 365 / 500) as i64;
        (
            delivered((account, "CloudTrail", region), day, number),
            RECORD,
        )
    }))
}

#[test]
fn a_day_of_a_year_takes_few_lists() {
    let server = Server::of_objects(year());
    let day = choice(Some("2024-07-01"), Some("2024-07-01"));
    let (listing, said) = list(&server, "", &day);
    let lists = server.gate.lists();
    assert!(lists <= 2 * 20 * 5 + 50, "{lists} lists were asked for");
    assert!(
        listing
            .files
            .iter()
            .all(|file| day.passes_over(&file.id).is_none())
    );
    assert!(
        (200..=400).contains(&listing.files.len()),
        "{}",
        listing.files.len()
    );
    assert_eq!(said, Vec::<String>::new());

    let (source, _) = server.source_with("", server.settings(), &day);
    let options = Options {
        choice: day,
        ..Options::default()
    };
    let analysis = scan(&source, &options, &()).unwrap();
    assert_eq!(
        (analysis.files.len(), analysis.losses.len()),
        (listing.files.len(), 0)
    );
    let most = server.gate.most_under_way();
    assert!(most <= 64, "{most} requests were under way");
}

#[test]
fn what_is_listed_by_days_is_what_a_full_list_would_leave() {
    let (sparse, dense) = (
        (111_122_223_333, "CloudTrail", "eu-west-1"),
        (444_455_556_666, "CloudTrail", "us-east-1"),
    );
    let digests = (444_455_556_666, "CloudTrail-Digest", "us-east-1");
    let first = time("2023-11-20").unix() / 86_400;
    let mut objects: Vec<String> = (0..600)
        .map(|day| delivered(sparse, first + day, 7))
        .collect();
    // Two days of a page and more, months of some pages, and a single day of several.
    objects.extend(
        (0..9_000).map(|number| delivered(dense, first + 35 + number as i64 / 1_500, number)),
    );
    objects
        .extend((0..4_000).map(|number| delivered(dense, first + 90 + number as i64 / 30, number)));
    objects.extend((0..3_500).map(|number| delivered(dense, first + 400, number)));
    objects.extend((0..2_000).map(|number| delivered(digests, first + number as i64 / 4, number)));
    objects.push("AWSLogs/444455556666/CloudTrail/us-east-1/2024/03/05/renamed.json".to_owned());
    let server = Server::of_objects(Objects::of(objects.into_iter().map(|key| (key, RECORD))));
    let (all, _) = list(&server, "", &FileChoice::ALL);
    assert_eq!(all.files.len(), 600 + 9_000 + 4_000 + 3_500 + 2_000 + 1);
    for (from, to) in [
        (None, None),
        (Some("2023-12-25"), Some("2023-12-25")),
        (Some("2023-12-24"), Some("2023-12-31")),
        (Some("2023-12-26"), None),
        (None, Some("2023-12-27")),
        (None, Some("2024-03-20")),
        (Some("2024-02-20"), Some("2024-06-30")),
        (Some("2024-12-20"), Some("2025-01-10")),
        (Some("2020-01-01"), None),
        (Some("2029-01-01"), None),
    ] {
        for slack in [Slack::Day, Slack::Complete] {
            let choice = FileChoice {
                slack,
                ..choice(from, to)
            };
            let (pruned, _) = list(&server, "", &choice);
            let is_named = |key: &&String| !key.ends_with("renamed.json");
            let found: Vec<String> = keys(&pruned);
            let mut expected = all.clone();
            expected
                .files
                .retain(|file| choice.passes_over(&file.id).is_none());
            let expected = keys(&expected);
            let (found, expected): (Vec<_>, Vec<_>) = (
                found.iter().filter(is_named).collect(),
                expected.iter().filter(is_named).collect(),
            );
            assert!(
                found == expected,
                "{from:?} {to:?} {slack:?}: {} found, {} expected",
                found.len(),
                expected.len()
            );
        }
    }
}

#[test]
fn every_level_of_a_layout_may_be_given() {
    let (one, other) = (
        (111_122_223_333, "CloudTrail", "eu-west-1"),
        (111_122_223_333, "CloudTrail", "us-east-1"),
    );
    let day = time("2024-03-05").unix() / 86_400;
    let objects: Vec<String> = (0..4)
        .flat_map(|later| {
            [
                delivered(one, day + later, 1),
                delivered(other, day + later, 1),
            ]
        })
        .map(|key| format!("prod/o-a1b2c3d4e5/{key}").replace("AWSLogs/", "AWSLogs/o-a1b2c3d4e5/"))
        .collect();
    let server = Server::of_objects(Objects::of(
        objects.iter().map(|key| (key.as_str(), RECORD)),
    ));
    let wanted = choice(Some("2024-03-05"), Some("2024-03-05"));
    let account = "prod/o-a1b2c3d4e5/AWSLogs/o-a1b2c3d4e5/111122223333";
    for (prefix, expected) in [
        (String::new(), 4),
        ("prod".to_owned(), 4),
        ("prod/".to_owned(), 4),
        ("prod/o-a1b2c3d4e5/AWSLogs".to_owned(), 4),
        (account.to_owned(), 4),
        (format!("{account}/CloudTrail/"), 4),
        (format!("{account}/CloudTrail/eu-west-1"), 2),
        (format!("{account}/CloudTrail/eu-west-1/2024/03/"), 2),
        (format!("{account}/CloudTrail/eu-west-1/2024/03/06"), 1),
        (format!("{account}/CloudTrail/eu-west-1/2024/03/08"), 0),
        (objects[0].clone(), 1),
    ] {
        let (listing, said) = list(&server, &prefix, &wanted);
        assert_eq!(listing.files.len(), expected, "{prefix}");
        assert_eq!(said, Vec::<String>::new(), "{prefix}");
    }
    // Names count whole: half of an account's number is none.
    let error = server
        .source(&account[..account.len() - 1])
        .list()
        .unwrap_err();
    let expected = format!(
        "no file in `s3://{BUCKET}/{}`",
        &account[..account.len() - 1]
    );
    assert_eq!(error.to_string().lines().next(), Some(expected.as_str()));
}

#[test]
fn what_is_laid_out_otherwise_is_listed_whole_and_said() {
    let key = |number: usize| {
        format!(
            "111122223333_CloudTrail_eu-west-1_2024030{}T0000Z_{number:016}.json.gz",
            1 + number % 9
        )
    };
    let wanted = choice(Some("2024-03-05"), Some("2024-03-05"));
    for (layout, wide) in [("", false), ("copied/here/", false), ("by-day/", true)] {
        let name = |number: usize| match wide {
            true => format!("{layout}{}/{}", number % 60, key(number)),
            false => format!("{layout}{}", key(number)),
        };
        let server =
            Server::of_objects(Objects::of((0..2_500).map(|number| (name(number), RECORD))));
        let (listing, said) = list(&server, "", &wanted);
        assert_eq!(listing.files.len(), 2_500, "{layout}");
        assert_eq!(said.len(), 1, "{layout}: {said:?}");
        assert!(
            said[0].contains(&format!("all of it was listed: `s3://{BUCKET}/{layout}`")),
            "{said:?}"
        );
        let lists = server.gate.lists();
        assert!(lists <= 8, "{layout}: {lists} lists were asked for");
        let (_, said) = list(&server, "", &FileChoice::ALL);
        assert_eq!(said, Vec::<String>::new(), "nothing was to be left out");
    }
}

#[test]
fn other_services_are_passed_over_and_said() {
    let log = delivered((111_122_223_333, "CloudTrail", "eu-west-1"), 19_787, 1);
    let insight = delivered(
        (111_122_223_333, "CloudTrail-Insight", "eu-west-1"),
        19_787,
        1,
    );
    let flow = "AWSLogs/111122223333/vpcflowlogs/eu-west-1/2024/03/05/flow.log.gz";
    let beside = "AWSLogs/notes/about.txt";
    let server = Server::of_objects(Objects::of(
        [log.as_str(), &insight, flow, beside].map(|key| (key, RECORD)),
    ));
    let (listing, said) = list(&server, "", &FileChoice::ALL);
    assert_eq!(keys(&listing), [insight, log, beside.to_owned()]);
    let skipped: Vec<_> = listing
        .skipped
        .iter()
        .map(|(id, why)| (id.as_str(), *why))
        .collect();
    let folder = format!("s3://{BUCKET}/AWSLogs/111122223333/vpcflowlogs/");
    assert_eq!(skipped, [(folder.as_str(), SkipReason::NotCloudTrail)]);
    assert_eq!(
        said,
        [format!("other services' folders, passed over: `{folder}`")]
    );
    // Who names the folder means it.
    let (listing, _) = list(
        &server,
        "AWSLogs/111122223333/vpcflowlogs",
        &FileChoice::ALL,
    );
    assert_eq!(keys(&listing), [flow]);
}

#[test]
fn whatever_a_key_is_made_of_it_is_read_or_named() {
    let odd = [
        "//two-before.json",
        "a//two-between.json",
        "a/ending//",
        "blank and+plus%20percent.json",
        "question?hash#amp&semi;colon:at@.json",
        "quotes\"'<>.json",
        "umlaut-\u{e4}/\u{65e5}\u{672c}.json",
        "back\\slash.json",
        "new\nline.json",
        " blank before and behind ",
        "...json",
        "~tilde*star(paren)!.json",
    ];
    let unnameable = ["a/../b.json", "./c.json"];
    let all = odd
        .iter()
        .chain(&unnameable)
        .map(|key| (*key, key.as_bytes().to_vec()));
    let server = Server::of_objects(Objects::of(all.chain([("folder/", Vec::new())])));
    let source = server.source("");
    let listing = source.list().unwrap();
    assert_eq!(listing.skipped.len(), 1, "{:?}", listing.skipped);
    assert_eq!(
        listing.skipped[0].0.as_str(),
        format!("s3://{BUCKET}/folder/")
    );
    assert_eq!(listing.losses, []);
    assert_eq!(listing.files.len(), odd.len() + unnameable.len());
    for (file, key) in listing.files.iter().zip(keys(&listing)) {
        match source.read(file) {
            Ok(bytes) => assert_eq!(bytes, key.as_bytes(), "{key:?}"),
            Err(loss) => {
                assert!(unnameable.contains(&key.as_str()), "{key:?}: {loss:?}");
                assert!(loss.detail.reveal().contains("no URL can name"), "{loss:?}");
            }
        }
    }
}

/// So many bytes that none is like those around it.
fn counted(length: usize) -> Vec<u8> {
    let words = (0..length.div_ceil(8) as u64).flat_map(u64::to_le_bytes);
    words.take(length).collect()
}

#[test]
fn an_object_that_is_not_held_is_read_in_parts() {
    let bytes = counted((65 << 20) + 5);
    let server = Server::of_objects(Objects::of([("large", bytes.clone())]));
    let source = server.source("large");
    let listing = source.list().unwrap();
    let mut opened = source.open(&listing.files[0]).unwrap();
    let mut read = Vec::new();
    opened.read_to_end(&mut read).unwrap();
    assert!(read == bytes);
    for (to, from) in [
        (SeekFrom::Start(3), 3),
        (SeekFrom::End(-4), bytes.len() - 4),
        (SeekFrom::Start(40 << 20), 40 << 20),
        (SeekFrom::Current(-9), (40 << 20) - 5),
    ] {
        opened.seek(to).unwrap();
        let mut few = [0; 4];
        opened.read_exact(&mut few).unwrap();
        assert_eq!(few, bytes[from..from + 4], "{to:?}");
    }
    assert!(server.gate.requests() < 40, "{}", server.gate.requests());
    assert!(opened.seek(SeekFrom::Start(1 << 40)).is_ok());
    assert_eq!(opened.read(&mut [0; 4]).unwrap(), 0);
}

#[test]
fn what_is_announced_is_fetched_once_whatever_is_opened() {
    let server = Server::of_objects(Objects::of(
        (0..50).map(|number| (format!("{number:02}.json"), vec![b'x'; number])),
    ));
    let source: S3Source = server.source("");
    let files = source.list().unwrap().files;
    let lists = server.gate.lists();
    let announced: Vec<_> = files.iter().collect();
    source.expect(&announced);
    let read = |at: usize| assert_eq!(source.read(&files[at]).unwrap().len(), at);
    (0..50).rev().for_each(read);
    assert!(server.gate.requests() - lists <= 100);
    source.expect(&announced);
    source.expect(&announced[..10]);
    (0..10).for_each(read);
    (0..10).for_each(read);
}
