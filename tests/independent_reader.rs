//! Does somebody else's reader see the same tables? pyarrow reads the Parquet files and compares them with the JSON Lines.
//!
//! It runs where `LEAKTRAIL_PYTHON` names a Python that has pyarrow, as CI arranges; elsewhere it says that it was passed over.
#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it did not do"
)]

use std::process::Command;

const COMPARE: &str = r#"
import datetime, json, sys
import pyarrow.parquet as pq

def shown(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value

rows = 0
for table in ["exposures", "timeline", "changes", "coverage", "contradictions", "log_files", "losses"]:
    parquet = [{k: shown(v) for k, v in row.items()} for row in pq.read_table(f"{sys.argv[1]}/{table}.parquet").to_pylist()]
    lines = [json.loads(line) for line in open(f"{sys.argv[1]}/{table}.jsonl", encoding="utf-8")]
    assert parquet == lines, f"{table} differs"
    rows += len(lines)
assert rows > 100, rows
"#;

#[test]
fn pyarrow_reads_what_json_lines_say() {
    let Some(python) = std::env::var_os("LEAKTRAIL_PYTHON") else {
        eprintln!("passed over: LEAKTRAIL_PYTHON names no Python with pyarrow");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("report");
    let scan = Command::new(env!("CARGO_BIN_EXE_leaktrail"))
        .args(["scan", "fixtures/archives", "-q", "-o"])
        .arg(&out)
        .status();
    assert_eq!(scan.expect("a run").code(), Some(3));
    let compared = Command::new(python)
        .arg("-c")
        .arg(COMPARE)
        .arg(&out)
        .output()
        .expect("python");
    assert!(
        compared.status.success(),
        "{}",
        String::from_utf8_lossy(&compared.stderr)
    );
}

const COUNT: &str = r#"
import json, sys
import pyarrow.parquet as pq

manifest = json.load(open(f"{sys.argv[1]}/manifest.json"))
rows = 0
for segment in manifest["segments"]:
    for table, file in segment["tables"].items():
        read = pq.read_table(f"{sys.argv[1]}/{table}/{segment['name']}.parquet")
        assert read.num_rows == file["rows"], table
        if table == "changes":
            assert all(json.loads(record)["eventName"] == name for record, name in zip(read["record"].to_pylist(), read["event_name"].to_pylist()))
            rows += read.num_rows
assert rows > 30, rows
"#;

#[test]
fn pyarrow_reads_a_store_as_it_lies() {
    let Some(python) = std::env::var_os("LEAKTRAIL_PYTHON") else {
        eprintln!("passed over: LEAKTRAIL_PYTHON names no Python with pyarrow");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let scan = Command::new(env!("CARGO_BIN_EXE_leaktrail"))
        .args([
            "scan",
            "fixtures/archives",
            "-q",
            "--summary",
            "json",
            "--store",
        ])
        .arg(folder.path())
        .status();
    assert_eq!(scan.expect("a run").code(), Some(3));
    let counted = Command::new(python)
        .arg("-c")
        .arg(COUNT)
        .arg(folder.path())
        .output()
        .expect("python");
    let why = String::from_utf8_lossy(&counted.stderr);
    assert!(counted.status.success(), "{why}");
}
