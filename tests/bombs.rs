//! How much comes out of archives that lie in each other? No more than is allowed of the file as it is listed, by whichever way.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod kept;

mod container;
mod fixture;

use fixture::archive::{tar, zip};
use fixture::gzip;
use kept::{assert_same, told};
use leaktrail::pipeline::{Options, Way, scan};
use leaktrail::source::{Listing, LogFile, Source, SourceError};
use leaktrail::vocab::{LogFileId, Loss, LossKind};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// So much may come out.
const MOST: u64 = 4 << 20;
/// A log file has one record, then so many blanks.
const BLANKS: usize = 1 << 20;

fn log(number: usize) -> Vec<u8> {
    let record = format!(
        "{{\"Records\":[{{\"eventVersion\":\"1.08\",\"eventTime\":\"2024-03-04T10:00:00Z\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"PutBucketAcl\",\"eventID\":\"e-{number}\",\"recipientAccountId\":\"111122223333\",\"requestParameters\":{{\"bucketName\":\"amzn-s3-demo-bucket\",\"x-amz-acl\":\"private\"}}}}"
    );
    [record.into_bytes(), vec![b' '; BLANKS], b"]}".to_vec()].concat()
}

type Pack = fn(&[(String, Vec<u8>)]) -> Vec<u8>;

/// Four archives of eight log files.
fn nested(member: fn(usize) -> Vec<u8>, inner: Pack, outer: Pack) -> Vec<u8> {
    let inner = |number: usize| {
        let files: Vec<_> = (0..8)
            .map(|file| (format!("{file}.json"), member(8 * number + file)))
            .collect();
        (format!("{number}.archive"), inner(&files))
    };
    let inner: Vec<_> = (0..4).map(inner).collect();
    outer(&inner)
}

/// One file, in a folder or piped in.
struct One(Vec<u8>, &'static str);

impl Source for One {
    fn list(&self) -> Result<Listing, SourceError> {
        let (id, bytes) = (LogFileId::new("bomb"), self.0.len() as u64);
        Ok(Listing {
            files: vec![LogFile::lying_at(id, bytes, PathBuf::from(self.1))],
            ..Listing::default()
        })
    }

    fn read(&self, _: &LogFile) -> Result<Vec<u8>, Loss> {
        Ok(self.0.clone())
    }
}

fn told_of(source: &One, most: u64, threads: usize, way: Way) -> BTreeMap<&'static str, String> {
    let options = Options {
        max_inflated: most,
        threads: Some(threads),
        way,
        ..Options::default()
    };
    told(&scan(source, &options, &()).unwrap())
}

#[test]
fn all_layers_together_give_no_more_than_is_allowed() {
    let tar_gz: Pack = |files| gzip(&tar(files));
    let zip: Pack = |files| zip(files);
    let packed: fn(usize) -> Vec<u8> = |number| gzip(&log(number));
    for (name, bytes) in [
        ("zips in a zip", nested(log, zip, zip)),
        ("zips of gzip files in a zip", nested(packed, zip, zip)),
        ("tars in a zip", nested(packed, tar_gz, zip)),
        ("zips in a tar", nested(log, zip, tar_gz)),
        ("tars in a tar", nested(log, tar_gz, tar_gz)),
    ] {
        assert!((bytes.len() as u64) < MOST / 100, "{name}: {}", bytes.len());
        let bomb = One(bytes, "bomb");
        let first = told_of(&bomb, MOST, 1, Way::Slow);
        for threads in [1, 2, 4] {
            let again = told_of(&bomb, MOST, threads, Way::Fast);
            assert_same(&first, &again, &format!("{name}, {threads} threads"));
        }
        let read = first["changes"].lines().count() - 1;
        assert!((1..=4).contains(&read), "{name}: {read} records");
        assert!(first["losses"].contains(LossKind::SizeCap.name()), "{name}");
        assert!(
            first["losses"].contains(&format!("more than {MOST} bytes")),
            "{name}: {}",
            first["losses"]
        );
        let whole = told_of(&bomb, 1 << 30, 2, Way::Fast);
        assert_eq!(whole["changes"].lines().count(), 33, "{name}");
        assert_eq!(
            whole["losses"].lines().count(),
            1,
            "{name}: {}",
            whole["losses"]
        );
    }
}

/// What is piped in tells no size before; the more of it there is, the more may come out.
#[test]
fn what_is_piped_in_is_allowed_what_a_file_is() {
    let files = (0..8).map(|number| (format!("{number}.json"), gzip(&log(number))));
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    });
    let noise = ("noise".to_owned(), noise.take(120_000).collect());
    let bytes = tar(&std::iter::once(noise).chain(files).collect::<Vec<_>>());
    let lies = told_of(&One(bytes.clone(), "bomb"), MOST, 2, Way::Fast);
    let piped = told_of(&One(bytes, "-"), MOST, 2, Way::Fast);
    assert_same(&lies, &piped, "piped in");
    assert_eq!(piped["changes"].lines().count(), 9, "{}", piped["losses"]);
}
