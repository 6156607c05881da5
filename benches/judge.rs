//! How much memory does it take to judge a store of ten million changes in fifty thousand buckets, and to write its tables?
//!
//! Every change of a bucket opens it or shuts it. `LEAKTRAIL_BENCH_CHANGES` asks for another number of them. The store is filled by
//! another process, so that what is measured is what judging holds.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench may stop, and tells its numbers"
)]

use leaktrail::pipeline::{Options, judge, keep};
use leaktrail::report::{Folder, Format, Invocation, Overwrite, SpilledRows, write_spilled};
use leaktrail::source::{Listing, LogFile, Source, SourceError};
use leaktrail::store::Store;
use leaktrail::vocab::{LogFileId, Loss, Timestamp};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// What may be held.
const MOST: u64 = 1 << 30;
/// Where the store is that is to be filled.
const FILL: &str = "LEAKTRAIL_BENCH_FILL";

fn main() {
    let asked = std::env::var("LEAKTRAIL_BENCH_CHANGES").ok();
    let changes = asked.map_or(10_000_000, |number| number.parse().unwrap());
    if let Some(folder) = std::env::var_os(FILL) {
        return fill(changes, Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let mut filling = Command::new(std::env::current_exe().unwrap());
    assert!(filling.env(FILL, &store).status().unwrap().success());
    let begun = Instant::now();
    let mut rows = SpilledRows::default();
    let mut store = Store::open(&store).unwrap();
    let options = Options {
        most_held: 0,
        ..Options::default()
    };
    let analysis = judge(&mut store, &options, Default::default(), &mut rows).unwrap();
    let (judged, of_judging) = (begun.elapsed(), peak_memory());
    let rows = rows.finish().unwrap().unwrap();
    let report = Folder::open(folder.path().join("report"), Overwrite::Refuse).unwrap();
    let (formats, invocation) = ([Format::Parquet, Format::Html], Invocation::default());
    let written = write_spilled(&analysis, &rows, &formats, &invocation, report).unwrap();
    let rows_of = |name: &str| {
        let table = written.iter().find(|written| written.name == name);
        table.unwrap().rows
    };
    let totals = analysis.totals();
    let buckets = totals.told + totals.private;
    assert_eq!(rows_of("changes.parquet"), changes);
    assert_eq!(buckets, changes.div_ceil(PER_BUCKET));
    assert_eq!(rows_of("exposures.parquet"), totals.exposures().all());
    println!(
        "{changes} changes in {buckets} buckets, {} exposures, {} intervals: judged in {judged:.1?}, all written in {:.1?}",
        totals.exposures().all(),
        rows_of("timeline.parquet"),
        begun.elapsed()
    );
    match of_judging.zip(peak_memory()) {
        None => println!("this system does not tell how much memory was held"),
        Some((judging, all)) => {
            println!(
                "{} MiB held at most while it is judged, {} MiB with writing: {} bytes a change",
                judging >> 20,
                all >> 20,
                all / changes
            );
            assert!(all < MOST, "{all} bytes were held");
        }
    }
}

fn fill(changes: u64, folder: &Path) {
    let begun = Instant::now();
    let mut store = Store::open_to_write(folder).unwrap();
    keep(
        &Changes(changes),
        &mut store,
        &Options::default(),
        None,
        &(),
    )
    .unwrap();
    println!(
        "the store was filled in {:.1?}, with {} MiB held at most",
        begun.elapsed(),
        peak_memory().unwrap_or(0) >> 20
    );
}

/// So many changes has each bucket.
const PER_BUCKET: u64 = 200;
/// So many changes lie in a file.
const PER_FILE: u64 = 5_000;

/// So many changes of policies, made when they are asked for.
struct Changes(u64);

impl Source for Changes {
    fn list(&self) -> Result<Listing, SourceError> {
        let name = |number| LogFileId::new(format!("{number:08}.json"));
        let file = |number| LogFile::new(name(number), PER_FILE).with_version(Some("1".into()));
        Ok(Listing {
            files: (0..self.0.div_ceil(PER_FILE)).map(file).collect(),
            ..Listing::default()
        })
    }

    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        let number: u64 = file.id.as_str()[..8].parse().unwrap();
        let first = number * PER_FILE;
        let changes = (first..(first + PER_FILE).min(self.0)).map(change);
        Ok(format!(
            "{{\"Records\":[{}]}}",
            changes.collect::<Vec<_>>().join(",")
        )
        .into_bytes())
    }
}

/// A public policy, or another one.
fn change(number: u64) -> String {
    let (bucket, time) = (
        number / PER_BUCKET,
        Timestamp::from_unix(1_709_280_000 + (number % PER_BUCKET).cast_signed() * 60),
    );
    let account = ["*", "arn:aws:iam::111122223333:root"][usize::from(number % 2 == 1)];
    format!(
        r#"{{"eventVersion":"1.09","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333","accessKeyId":"AKIAALICEEXAMPLE","userName":"alice"}},"eventTime":"{time}","eventSource":"s3.amazonaws.com","eventName":"PutBucketPolicy","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.10","userAgent":"[aws-cli/2.15.24]","requestParameters":{{"bucketName":"amzn-s3-demo-{bucket:06}","bucketPolicy":{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{account}"}},"Action":"s3:GetObject","Resource":"arn:aws:s3:::amzn-s3-demo-{bucket:06}/*"}}]}}}},"eventID":"{number:08x}-0000-4000-8000-{bucket:012x}","eventCategory":"Management","managementEvent":true,"recipientAccountId":"111122223333"}}"#
    )
}

/// The most memory that this process held so far, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
