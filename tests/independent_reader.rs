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
