//! What if machines are lost? The report is the same, or there is none and it is said why. When they are lost is left to chance.

use crate::fixture::{compact, elements, gzip};
use crate::kept::put;
use crate::machines::{Machines, assert_same, files, run};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// So often an executor is killed, if nobody says otherwise: each takes half a minute.
const KILLS: usize = 2;

/// An archive that takes three executors some seconds, most of it calls that tell nothing.
fn long_archive(folder: &Path) {
    let text = fs::read_to_string("fixtures/cases/objects-by-their-own-acl/records.json").unwrap();
    let records = elements(&compact(&text));
    for (number, record) in (0..240).zip(records.iter().cycle()) {
        let calls = (0..500).map(|call| {
            format!(
                r#"{{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE:ci","arn":"arn:aws:sts::111122223333:assumed-role/ci/ci","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE"}},"eventTime":"2024-03-04T09:{:02}:{:02}Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.9","userAgent":"aws-cli/2.15","requestParameters":{{"filterSet":{{"items":[{{"name":"tag","value":"{call}"}}]}}}},"responseElements":null,"requestID":"{number:08}-{call:04}","eventID":"{number:08}-0000-4000-8000-{call:012}","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}}"#,
                call / 60 % 60,
                call % 60
            )
        });
        let all: Vec<String> = calls.chain([(*record).to_string()]).collect();
        let file = gzip(format!("{{\"Records\":[{}]}}", all.join(",")).as_bytes());
        put(folder, &format!("logs/{number:04}.json.gz"), &file);
    }
}

const WORDS: [&str; 7] = ["logs", "-f", "csv", "-f", "jsonl", "--cluster-units", "120"];

/// What one machine makes of it.
fn alone(folder: &Path) {
    let words = [&["scan"], &WORDS[..], &["-o", "alone"]].concat();
    assert_eq!(run(folder, &words, &[]).status.code(), Some(0));
}

/// Numbers without a pattern.
fn dice(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    *state >> 33
}

/// How long the cluster takes undisturbed.
fn undisturbed(machines: &Machines, folder: &Path) -> Duration {
    let begun = Instant::now();
    let words = [&WORDS[..], &["-o", "together", "--force"]].concat();
    let (status, said) = machines.begin(folder, &words).end();
    assert_eq!(status, 0, "{said}");
    assert_same(&folder.join("alone"), &folder.join("together"));
    begun.elapsed()
}

/// Waits until so many tasks are done.
fn await_tasks(machines: &Machines, count: usize) {
    let begun = Instant::now();
    while machines.tasks_done() < count {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "nothing happens"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn executors_are_killed_at_any_instant() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    long_archive(folder);
    alone(folder);
    let mut machines = Machines::start(3);
    let whole = undisturbed(&machines, folder);
    let kills = std::env::var("LEAKTRAIL_KILLS").ok();
    let kills = kills.and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let mut state = u64::from(std::process::id());
    let (mut same, mut failed) = (0, 0);
    for kill in 0..kills {
        let words = [&WORDS[..], &["-o", "together", "--force"]].concat();
        _ = fs::remove_dir_all(folder.join("together"));
        let client = machines.begin(folder, &words);
        std::thread::sleep(whole * u32::try_from(dice(&mut state) % 1000).unwrap() / 1000);
        let victim = usize::try_from(dice(&mut state)).unwrap() % machines.executors.len();
        machines.executors.swap_remove(victim).kill();
        machines.add(&[]);
        let (status, said) = client.end();
        match status {
            0 => {
                assert_same(&folder.join("alone"), &folder.join("together"));
                same += 1;
            }
            1 => {
                assert!(said.contains("error: "), "{said}");
                assert!(
                    !folder.join("together").exists(),
                    "kill {kill}: a part was told"
                );
                failed += 1;
            }
            _ => panic!("kill {kill} ended with {status}: {said}"),
        }
    }
    println!("{kills} executors killed: {same} reports alike, {failed} clear failures");
    assert!(same > 0);
}

#[test]
fn an_executor_is_killed_after_some_of_its_tasks() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    long_archive(folder);
    alone(folder);
    let mut machines = Machines::start(3);
    let words = [&WORDS[..], &["-o", "together"]].concat();
    let client = machines.begin(folder, &words);
    // What all have done of the first stage is needed by the second one; a third of it goes.
    await_tasks(&machines, 90);
    machines.executors.remove(0).kill();
    let (status, said) = client.end();
    assert_eq!(status, 0, "{said}");
    assert_same(&folder.join("alone"), &folder.join("together"));
}

#[test]
fn a_scheduler_is_killed_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    long_archive(folder);
    alone(folder);
    let mut machines = Machines::start(2);
    let words = [&WORDS[..], &["-o", "together"]].concat();
    let client = machines.begin(folder, &words);
    await_tasks(&machines, 10);
    machines.scheduler.kill();
    machines.restart_scheduler();
    let (status, said) = client.end();
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("the job is begun again: "), "{said}");
    assert_same(&folder.join("alone"), &folder.join("together"));
}

#[test]
fn a_scheduler_is_killed_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    long_archive(folder);
    let mut machines = Machines::start(2);
    let words = [&WORDS[..], &["-o", "together", "--cluster-wait", "3"]].concat();
    let client = machines.begin(folder, &words);
    await_tasks(&machines, 10);
    machines.scheduler.kill();
    let (status, said) = client.end();
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("error: no scheduler answers at `127.0.0.1:"),
        "{said}"
    );
    assert!(!folder.join("together/exposures.csv").exists());
}

#[test]
fn a_client_that_is_stopped_takes_its_job_along() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    long_archive(folder);
    let machines = Machines::start(1);
    let client = machines.begin(folder, &[&WORDS[..], &["-o", "together"]].concat());
    await_tasks(&machines, 2);
    client.signal("INT");
    let (status, said) = client.end();
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("error: stopped: "), "{said}");
    assert!(!folder.join("together/exposures.csv").exists());
    let begun = Instant::now();
    while machines.ask("/api/jobs").contains("\"status\":\"Running\"") {
        assert!(begun.elapsed() < Duration::from_secs(20), "the job runs on");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(machines.tasks_done() < 100, "the job was done all the same");
}

/// How many files executors keep of jobs.
fn left(folder: &Path) -> usize {
    files(folder).len()
}

#[test]
fn nothing_is_left_on_executors() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    crate::kept::archive(&folder.join("logs"));
    let mut machines = Machines::start(2);
    let (status, said) = machines.begin(folder, &["logs", "-o", "together"]).end();
    assert_eq!(status, 3, "{said}");
    let begun = Instant::now();
    while left(machines.folder()) > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{:?}",
            files(machines.folder())
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    for executor in machines.executors.drain(..) {
        executor.signal("TERM");
        let (status, said) = executor.end();
        assert_eq!(status, 0, "{said}");
    }
    assert_eq!(fs::read_dir(machines.folder()).unwrap().count(), 0);
}
