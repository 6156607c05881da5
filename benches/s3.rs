//! How fast is a scan of a bucket, with 20 ms of latency in every answer? The same archive is read from disk and from a server on
//! loopback, in turns; what binds is the slower of the disk and the link, which carries so many answers at once and no more.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench may stop, and tells its numbers"
)]

#[path = "../tests/bucket/mod.rs"]
mod bucket;
#[allow(dead_code, reason = "the exposures are not counted here")]
mod corpus;

use bucket::Server;
use bucket::objects::Objects;
use corpus::{Corpus, Shape};
use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::{DirSource, FileChoice, S3Settings, Source};
use std::time::{Duration, Instant};

const LATENCY: Duration = Duration::from_millis(20);
const ROUNDS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    for (shape, accounts) in [(Shape::ManySmall, 4), (Shape::FewLarge, 4)] {
        let corpus = Corpus::write(folder.path(), shape).unwrap();
        let organization = Organization::of(&corpus, accounts);
        let server = Server::of_objects(organization.objects.clone());
        *server.gate.latency.lock().unwrap() = LATENCY;
        measure(shape, &organization, &server);
    }
}

/// The same log files in each of several accounts, spread over Regions and days.
struct Organization {
    folder: tempfile::TempDir,
    objects: Objects,
    files: usize,
    bytes: u64,
    records: u64,
}

impl Organization {
    fn of(corpus: &Corpus, accounts: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut objects = Vec::new();
        for account in (0..accounts).map(|account| 111_122_223_333 + account) {
            for (number, bytes) in corpus.files.iter().enumerate() {
                let key = key(account, number);
                let path = folder.path().join(&key);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
                objects.push((key, bytes.clone()));
            }
        }
        Self {
            folder,
            files: objects.len(),
            bytes: corpus.bytes() * accounts,
            records: corpus.records * accounts,
            objects: Objects::of(objects),
        }
    }
}

fn key(account: u64, number: usize) -> String {
    let region = ["eu-west-1", "us-east-1", "us-west-2"][number % 3];
    let (day, hour, minute) = (1 + number / 3 % 30, number / 90 % 24, number % 60);
    format!(
        "AWSLogs/{account}/CloudTrail/{region}/2024/06/{day:02}/{account}_CloudTrail_{region}_202406{day:02}T{hour:02}{minute:02}Z_{number:016}.json.gz"
    )
}

fn measure(shape: Shape, organization: &Organization, server: &Server) {
    let settings = S3Settings {
        patience: Default::default(),
        ..server.settings()
    };
    let (mut disk, mut afar) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        disk.push(timed(
            organization,
            &DirSource::new(vec![organization.folder.path().to_owned()]),
        ));
        let (source, _) = server.source_with("", settings.clone(), &FileChoice::ALL);
        afar.push(timed(organization, &source));
    }
    let (disk, afar) = (median(disk), median(afar));
    let answers = organization.files.div_ceil(settings.concurrency) as u32;
    let link = LATENCY * answers;
    let (bound, what) = match disk > link {
        true => (disk, "disk"),
        false => (link, "link"),
    };
    println!(
        "{shape:?}: {} files, {} bytes, {} records; disk {disk:.2?}, link {link:.2?}, S3 {afar:.2?}: {:.2} of the {what}, at most {} requests at once",
        organization.files,
        organization.bytes,
        organization.records,
        bound.as_secs_f64() / afar.as_secs_f64(),
        server.gate.most_under_way()
    );
}

/// How long a scan takes. It must find all there is.
fn timed(organization: &Organization, source: &dyn Source) -> Duration {
    let begun = Instant::now();
    let analysis: Analysis = scan(source, &Options::default(), &()).unwrap();
    let took = begun.elapsed();
    assert_eq!(analysis.counts.records, organization.records);
    assert_eq!(analysis.counts.bytes, organization.bytes);
    assert_eq!(analysis.losses, []);
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
