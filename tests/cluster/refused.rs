//! What is refused, and in which words?

use crate::kept::put;
use crate::machines::{Machines, run};
use std::path::Path;

fn some_logs(folder: &Path) {
    put(folder, "logs/a.json", br#"{"Records":[]}"#);
}

/// How a scan by a cluster ends that makes no report.
fn refused(folder: &Path, words: &[&str]) -> String {
    let words = [&["scan", "-o", "report", "--cluster-wait", "1"], words].concat();
    let ended = run(folder, &words, &[]);
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(!folder.join("report/exposures.csv").exists());
    said
}

#[test]
fn without_a_scheduler() {
    let dir = tempfile::tempdir().unwrap();
    some_logs(dir.path());
    let said = refused(dir.path(), &["logs", "--cluster", "df://127.0.0.1:1"]);
    assert_eq!(
        said,
        "error: no scheduler answers at `127.0.0.1:1`: connection refused\nhint: start one with `leaktrail cluster scheduler`, and look at what lies between: it needs a private network\n"
    );
}

#[test]
fn without_executors() {
    let dir = tempfile::tempdir().unwrap();
    some_logs(dir.path());
    let machines = Machines::start(0);
    let said = refused(dir.path(), &["logs", "--cluster", &machines.url()]);
    assert!(
        said.starts_with("error: no executor has joined the scheduler at `127.0.0.1:"),
        "{said}"
    );
}

#[test]
fn what_is_no_cluster() {
    let dir = tempfile::tempdir().unwrap();
    some_logs(dir.path());
    let ended = run(
        dir.path(),
        &["scan", "logs", "--cluster", "http://localhost:1"],
        &[],
    );
    assert_eq!(ended.status.code(), Some(2));
    let machines = Machines::start(0);
    let piped = refused(dir.path(), &["-", "--cluster", &machines.url()]);
    assert!(
        piped.starts_with("error: standard input cannot be read by a cluster"),
        "{piped}"
    );
}

#[test]
fn a_folder_that_executors_do_not_see() {
    let dir = tempfile::tempdir().unwrap();
    some_logs(dir.path());
    let machines = Machines::start(2);
    // Each process has another folder there.
    let words = ["/proc/self/cwd/logs", "--cluster", &machines.url()];
    let said = refused(dir.path(), &words);
    assert!(
        said.starts_with("error: the executor `127.0.0.1:"),
        "{said}"
    );
    assert!(said.contains("` does not see `/proc/self/cwd/logs/a.json`\nhint: a cluster reads s3:// and folders that every executor has at the same path"), "{said}");
    put(machines.folder(), "logs/a.json", b"of another machine");
    let said = refused(dir.path(), &words);
    assert!(
        said.contains(
            "sees another file at `/proc/self/cwd/logs/a.json` than was listed: 18 bytes, not 14"
        ),
        "{said}"
    );
}

#[test]
fn another_version() {
    let dir = tempfile::tempdir().unwrap();
    some_logs(dir.path());
    let own = format!("the job comes from leaktrail {}", env!("CARGO_PKG_VERSION"));
    let machines = Machines::start_with(1, &["--speak-version", "9.9.9"], &[]);
    let said = refused(dir.path(), &["logs", "--cluster", &machines.url()]);
    assert!(said.starts_with("error: the versions differ: "), "{said}");
    assert!(
        said.contains(&own) && said.contains("and the scheduler is leaktrail 9.9.9"),
        "{said}"
    );
    let mut machines = Machines::start(0);
    machines.add(&["--speak-version", "9.9.9"]);
    machines.await_executors(1);
    let said = refused(dir.path(), &["logs", "--cluster", &machines.url()]);
    assert!(said.starts_with("error: the versions differ: "), "{said}");
    assert!(
        said.contains(&own) && said.contains("and the executor `127.0.0.1:"),
        "{said}"
    );
}

#[test]
fn a_port_that_is_taken() {
    let machines = Machines::start(0);
    let (_, port) = machines.place.rsplit_once(':').unwrap();
    let words = ["cluster", "scheduler", "--bind-port", port];
    let ended = run(machines.folder(), &words, &[]);
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("error: the scheduler cannot run: cannot listen at `127.0.0.1:"),
        "{said}"
    );
}
