//! Is it told where evidence is missing, and which rows lean on that? Gaps and their causes, verdicts of single records.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod digests;

use digests::{Trail, everyday, gzip, log, put, seconds, signers, stamp};
use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use serde_json::{Value, json};
use std::path::Path;

const HOUR: i64 = 3600;
const DAYS: i64 = 14;

fn start() -> i64 {
    seconds("2026-03-02T00:00:00Z")
}

fn analysis(folder: &Path) -> Analysis {
    let source = DirSource::new(vec![folder.to_path_buf()]);
    scan(&source, &Options::default(), &()).unwrap()
}

/// Two weeks with a record in each hour that is asked for, and further records.
fn weeks(is_active: impl Fn(i64) -> bool, more: Vec<Value>) -> Analysis {
    let dir = tempfile::tempdir().unwrap();
    let hours = (0..24 * DAYS).filter(|hour| is_active(*hour));
    let record = |hour| everyday(start() + hour * HOUR + 60, "us-east-1", &format!("{hour}"));
    let records: Vec<Value> = hours.map(record).chain(more).collect();
    put(&dir.path().join("logs.json"), &log(&records));
    analysis(dir.path())
}

fn gaps(analysis: &Analysis) -> Vec<String> {
    let streams = analysis.streams.iter();
    let gaps = streams.flat_map(|stream| stream.gaps.iter().map(move |gap| (stream, gap)));
    let told = |(stream, gap): (
        &leaktrail::coverage::Stream,
        &leaktrail::coverage::CoverageGap,
    )| {
        let why = gap
            .explained_by
            .as_ref()
            .map_or("unexplained", |it| it.name);
        let (from, until) = (
            gap.span.from.unix() - start(),
            gap.span.until.unix() - start(),
        );
        let category = stream.category.name();
        format!(
            "{category} {} h to {} h: {} {why}",
            from / HOUR,
            until / HOUR,
            gap.kind.name()
        )
    };
    gaps.map(told).collect()
}

fn call(name: &str, at: i64, parameters: Value) -> Value {
    let mut record = everyday(at, "us-east-1", &format!("{name}-{at}"));
    record["eventSource"] = json!("cloudtrail.amazonaws.com");
    record["eventName"] = json!(name);
    record["requestParameters"] = parameters;
    record
}

fn on_bucket(name: &str, at: i64, mut parameters: Value) -> Value {
    parameters["bucketName"] = json!("amzn-s3-demo-bucket");
    let mut record = everyday(at, "us-east-1", &format!("{name}-{at}"));
    record["eventSource"] = json!("s3.amazonaws.com");
    record["eventName"] = json!(name);
    record["requestParameters"] = parameters;
    record
}

fn public_policy(at: i64) -> Value {
    on_bucket(
        "PutBucketPolicy",
        at,
        json!({"bucketPolicy": {"Statement": [{"Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}]}}),
    )
}

#[test]
fn a_silence_is_unexplained_without_a_call() {
    assert_eq!(gaps(&weeks(|_| true, vec![])), [""; 0]);
    let silent = weeks(|hour| !(100..105).contains(&hour), vec![]);
    assert_eq!(
        gaps(&silent),
        ["management 99 h to 105 h: silent unexplained"]
    );
}

#[test]
fn each_call_that_may_silence_explains_unless_logging_began_again() {
    let main = || json!({"name": "main"});
    let at = start() + 99 * HOUR + 600;
    let is_active = |hour| !(100..105).contains(&hour);
    for name in [
        "StopLogging",
        "DeleteTrail",
        "UpdateTrail",
        "PutEventSelectors",
    ] {
        let silent = weeks(is_active, vec![call(name, at, main())]);
        assert_eq!(
            gaps(&silent),
            [format!("management 99 h to 105 h: silent {name}")]
        );
    }
    for (name, parameters) in [
        (
            "PutEventSelectors",
            json!({"trailName": "main", "eventSelectors": [{"readWriteType": "All", "includeManagementEvents": true,
                "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}]}),
        ),
        (
            "UpdateTrail",
            json!({"name": "main", "enableLogFileValidation": true}),
        ),
    ] {
        let silent = weeks(is_active, vec![call(name, at, parameters)]);
        assert_eq!(
            gaps(&silent),
            ["management 99 h to 105 h: silent unexplained"]
        );
    }
    let begun = vec![
        call("StopLogging", at, main()),
        call("StartLogging", at + 60, main()),
    ];
    assert_eq!(
        gaps(&weeks(is_active, begun)),
        ["management 99 h to 105 h: silent unexplained"]
    );
    let mut failed = call("StopLogging", at, main());
    failed["errorCode"] = json!("AccessDenied");
    assert_eq!(
        gaps(&weeks(is_active, vec![failed])),
        ["management 99 h to 105 h: silent unexplained"]
    );
}

#[test]
fn an_exposure_that_leans_on_a_gap_says_so() {
    let opened = |hour: i64| vec![public_policy(start() + hour * HOUR + 30)];
    let silent = |hour: i64| weeks(|hour| !(100..105).contains(&hour), opened(hour));
    let [before, after] = [90, 110].map(|hour| silent(hour).exposures[0].uncovered.clone());
    let told: Vec<_> = before.iter().map(|span| stamp(span.until.unix())).collect();
    assert_eq!(told, [stamp(start() + 105 * HOUR + 60)]);
    assert!(after.is_empty(), "{after:?}");
}

#[test]
fn the_last_selectors_of_each_trail_are_told() {
    let select = |at: i64, what: &str| {
        call(
            "PutEventSelectors",
            start() + at,
            json!({"trailName": "arn:aws:cloudtrail:us-east-1:111122223333:trail/main", "eventSelectors": [{"readWriteType": what}]}),
        )
    };
    let analysis = weeks(|_| true, vec![select(10, "All"), select(20, "WriteOnly")]);
    let told: Vec<_> = analysis.streams[0]
        .selectors
        .iter()
        .map(|it| it.reveal().to_owned())
        .collect();
    assert_eq!(
        told,
        [r#"main since 2026-03-02T00:00:20Z: [{"readWriteType":"WriteOnly"}]"#]
    );
}

#[test]
fn data_events_are_a_stream_of_their_own_by_whichever_field_says_so() {
    let record = |number: i64| everyday(start() + number, "us-east-1", &format!("data-{number}"));
    let mut named = record(1);
    named["eventCategory"] = json!("Data");
    let mut flagged = record(2);
    flagged.as_object_mut().unwrap().remove("eventCategory");
    flagged["managementEvent"] = json!(false);
    let mut old = record(3);
    old.as_object_mut().unwrap().remove("eventCategory");
    old.as_object_mut().unwrap().remove("managementEvent");
    let mut object = old.clone();
    object["eventID"] = json!("data-4");
    object["resources"] = json!([{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::b/"}]);
    let mut network = record(5);
    network["eventCategory"] = json!("NetworkActivity");
    let analysis = weeks(|_| true, vec![named, flagged, old, object, network]);
    let streams = analysis
        .streams
        .iter()
        .map(|it| (it.category.name(), it.records));
    let all = 24 * DAYS as u64;
    assert_eq!(
        streams.collect::<Vec<_>>(),
        [("management", all + 1), ("data", 3)]
    );
}

#[test]
fn a_bucket_without_files_of_its_account_is_told() {
    let mut foreign = public_policy(start());
    foreign["resources"] = json!([{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::amzn-s3-demo-bucket", "accountId": "444455556666"}]);
    let analysis = weeks(|_| true, vec![foreign]);
    let empty: Vec<_> = analysis
        .streams
        .iter()
        .filter(|it| it.log_files == 0)
        .collect();
    assert_eq!(empty.len(), 1);
    assert_eq!(empty[0].account.as_ref().unwrap().as_str(), "444455556666");
    assert_eq!(empty[0].gaps[0].kind.name(), "no-files");
}

/// A chain of two hours; the first log file has the public policy.
fn chain(folder: &Path) -> (Trail, String) {
    let mut trail = Trail::new(folder, "bucket", "us-east-1", "main");
    let key = trail.log_key(start() + 600, "AAAAAAAAAAAAAAAA");
    let text = log(&[public_policy(start() + 60)]);
    trail.deliver(
        start(),
        start() + HOUR,
        &[(key.clone(), text)],
        &signers()[0],
    );
    trail.deliver(start() + HOUR, start() + 2 * HOUR, &[], &signers()[0]);
    (trail, key)
}

fn integrity(folder: &Path) -> Vec<(&'static str, &'static str)> {
    let changes = analysis(folder).changes;
    let told = |row: &leaktrail::timeline::ChangeRow| {
        (row.event.event.name, row.integrity.unwrap().name())
    };
    changes.iter().map(told).collect()
}

#[test]
fn a_change_has_its_files_verdict_and_an_appended_one_none() {
    let dir = tempfile::tempdir().unwrap();
    let (trail, key) = chain(dir.path());
    assert_eq!(integrity(dir.path()), [("PutBucketPolicy", "consistent")]);
    let path = trail.root.join(key);
    let forged = on_bucket("DeleteBucketPolicy", start() + 120, json!({}));
    let whole = [std::fs::read(&path).unwrap(), gzip(&log(&[forged]), 6)].concat();
    put(&path, &whole);
    assert_eq!(
        integrity(dir.path()),
        [
            ("PutBucketPolicy", "trailing-data"),
            ("DeleteBucketPolicy", "unproven")
        ]
    );
}

#[test]
fn a_planted_copy_that_says_more_changes_nothing_of_what_it_imitates() {
    let dir = tempfile::tempdir().unwrap();
    let (trail, _) = chain(dir.path());
    let mut fuller = public_policy(start() + 60);
    fuller["requestParameters"]["more"] = json!({"a": [1, 2, 3], "b": {"c": "d"}});
    let planted = trail
        .root
        .join(trail.log_key(start() + 660, "BBBBBBBBBBBBBBBB"));
    put(&planted, &gzip(&log(&[fuller]), 6));
    assert_eq!(integrity(dir.path()), [("PutBucketPolicy", "consistent")]);
    let changes = analysis(dir.path()).changes;
    assert!(!changes[0].event.event.record.reveal().contains("more"));
    // The very same record in a second trail's file takes nothing away.
    put(&planted, &gzip(&log(&[public_policy(start() + 60)]), 6));
    assert_eq!(integrity(dir.path()), [("PutBucketPolicy", "consistent")]);
}

/// Two weeks of two Regions, with calls on trails in the first.
fn regions(home: impl Fn(i64) -> bool, other: impl Fn(i64) -> bool, calls: Vec<Value>) -> Analysis {
    let dir = tempfile::tempdir().unwrap();
    let records = |region: &str, is_active: &dyn Fn(i64) -> bool| {
        let hours = (0..24 * DAYS).filter(|hour| is_active(*hour));
        let record = |hour| {
            everyday(
                start() + hour * HOUR + 60,
                region,
                &format!("{region}-{hour}"),
            )
        };
        hours.map(record).collect::<Vec<_>>()
    };
    let all = [
        records("us-east-1", &home),
        records("eu-west-1", &other),
        calls,
    ]
    .concat();
    put(&dir.path().join("logs.json"), &log(&all));
    analysis(dir.path())
}

fn main_trail(name: &str, hour: i64) -> Value {
    call(name, start() + hour * HOUR + 120, json!({"name": "main"}))
}

#[test]
fn a_call_explains_only_a_silence_that_begins_with_it() {
    let is_active = |hour| !(100..140).contains(&hour);
    for (hour, why) in [
        (99, "StopLogging"),
        (100, "StopLogging"),
        (117, "unexplained"),
    ] {
        // In a Region that is silent as long, but for the call itself.
        let told = regions(is_active, is_active, vec![main_trail("StopLogging", hour)]);
        let silent = format!("management 99 h to 140 h: silent {why}");
        assert!(gaps(&told).contains(&silent), "{hour}: {:?}", gaps(&told));
    }
}

#[test]
fn a_stop_that_left_its_home_region_alone_is_not_why_another_is_silent() {
    let is_active = |hour| !(100..140).contains(&hour);
    let stopped = |home: &dyn Fn(i64) -> bool| {
        let calls = vec![
            main_trail("StopLogging", 99),
            main_trail("StartLogging", 139),
        ];
        gaps(&regions(home, is_active, calls))
    };
    assert_eq!(
        stopped(&|_| true),
        ["management 99 h to 140 h: silent unexplained"]
    );
    let both = [
        "management 99 h to 140 h: silent StopLogging",
        "management 99 h to 139 h: silent StopLogging",
    ];
    assert_eq!(stopped(&is_active), both);
    // One that ends what is logged elsewhere leaves its home Region alone.
    let mut ends = main_trail("UpdateTrail", 99);
    ends["requestParameters"]["isMultiRegionTrail"] = json!(false);
    let told = gaps(&regions(|_| true, is_active, vec![ends]));
    assert_eq!(told, ["management 99 h to 140 h: silent UpdateTrail"]);
}

#[test]
fn what_is_stopped_and_stays_so_has_an_end_without_a_rhythm() {
    let until = |hours: i64| move |hour| hour < hours;
    let told = |hours: i64, calls: Vec<Value>| gaps(&regions(until(hours), |_| true, calls));
    for hours in [2, 9, 145] {
        for name in ["StopLogging", "DeleteTrail"] {
            let gap = format!("management {} h to 335 h: silent {name}", hours - 1);
            assert_eq!(told(hours, vec![main_trail(name, hours - 1)]), [gap]);
        }
        assert_eq!(told(hours, vec![]), [""; 0]);
    }
    // Another trail may go on; a record came after it; it began again.
    let mut another = main_trail("StartLogging", 3);
    another["requestParameters"]["name"] = json!("another");
    let begun = main_trail("StartLogging", 8);
    for calls in [
        vec![main_trail("StopLogging", 8), another],
        vec![main_trail("StopLogging", 4)],
        vec![main_trail("StopLogging", 7), begun],
    ] {
        assert_eq!(told(9, calls), [""; 0]);
    }
    let gap = ["management 199 h to 335 h: silent StopLogging"];
    assert_eq!(told(200, vec![main_trail("StopLogging", 199)]), gap);
}

/// Digests of three hours and of three more, seven hours later; one record in each of these hours, and further files.
fn broken(folder: &Path, planted: &[Value]) -> Vec<String> {
    let mut trail = Trail::new(folder, "bucket", "us-east-1", "main");
    let mut deliver = |hour: i64| {
        let from = start() + hour * HOUR;
        let key = trail.log_key(from + 300, &format!("{hour:016}"));
        let record = everyday(from + 60, "us-east-1", &format!("{hour}"));
        trail.deliver(from, from + HOUR, &[(key, log(&[record]))], &signers()[0]);
        if hour == 2 {
            trail.previous = None;
        }
    };
    [0, 1, 2, 10, 11, 12].into_iter().for_each(&mut deliver);
    for (number, record) in planted.iter().enumerate() {
        let key = trail.log_key(start() + 5 * HOUR, &format!("planted{number:09}"));
        put(
            &trail.root.join(key),
            &gzip(&log(std::slice::from_ref(record)), 6),
        );
    }
    gaps(&analysis(folder))
}

#[test]
fn a_hole_in_the_digests_is_told_though_a_record_lies_in_it() {
    let told = ["management 3 h to 10 h: no-digest unexplained"];
    let in_hole = |hour: i64| {
        let at = start() + hour * HOUR + 60;
        everyday(at, "us-east-1", &format!("in-{hour}"))
    };
    let again = start() + 10 * HOUR - 20;
    let begun = call("StartLogging", again, json!({"name": "main"}));
    for planted in [
        vec![],
        vec![in_hole(5)],
        vec![begun],
        vec![in_hole(3), in_hole(9)],
    ] {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(broken(dir.path(), &planted), told, "{planted:?}");
    }
    // Where another trail's records fill it there is no gap.
    let dir = tempfile::tempdir().unwrap();
    let filled: Vec<Value> = (3..10).map(in_hole).collect();
    assert_eq!(broken(dir.path(), &filled), [""; 0]);
}

#[test]
fn a_planted_call_explains_no_silence_among_digests() {
    let dir = tempfile::tempdir().unwrap();
    let mut trail = Trail::new(dir.path(), "bucket", "us-east-1", "main");
    for hour in 0..24 * 3 {
        let from = start() + hour * HOUR;
        let key = trail.log_key(from + 300, &format!("{hour:016}"));
        let record = everyday(from + 60, "us-east-1", &format!("{hour}"));
        let text = log(&[record]);
        let silent = (40..50).contains(&hour);
        let logs = if silent { vec![] } else { vec![(key, text)] };
        trail.deliver(from, from + HOUR, &logs, &signers()[0]);
    }
    let key = trail.log_key(start() + 39 * HOUR + 600, "planted000000000");
    let stop = log(&[main_trail("StopLogging", 39)]);
    put(&trail.root.join(&key), &gzip(&stop, 6));
    let told = |why: &str| [format!("management 39 h to 50 h: silent {why}")];
    assert_eq!(gaps(&analysis(dir.path())), told("unexplained"));
    std::fs::remove_dir_all(trail.root.join("AWSLogs/111122223333/CloudTrail-Digest")).unwrap();
    assert_eq!(gaps(&analysis(dir.path())), told("StopLogging"));
}
