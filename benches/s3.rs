//! How fast is a scan of a bucket, with 20 ms of latency in every answer? The same archive is read from disk, from a server on
//! loopback, and over the bare link, in turns: as many connections that only take the same answers. What binds is the slower of disk
//! and link. The server shares the processors with who asks; so that this counts little it answers everything from a record.
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

use bucket::objects::Objects;
use bucket::{BUCKET, Server};
use corpus::{Corpus, Shape};
use leaktrail::analysis::Analysis;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::{DirSource, FileChoice, S3Settings, Source};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const LATENCY: Duration = Duration::from_millis(20);
const ROUNDS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    for (shape, copies) in [(Shape::ManySmall, 1), (Shape::FewLarge, 10)] {
        let corpus = Corpus::write(folder.path(), shape).unwrap();
        let organization = Organization::of(&corpus, copies);
        let server = Server::of_objects(organization.objects.clone());
        *server.gate.recorded.lock().unwrap() = Some(HashMap::new());
        // Everything is asked for once before, so that it is recorded.
        let (source, _) = server.source_with("", settings(&server), &FileChoice::ALL);
        timed(&organization, &source);
        *server.gate.latency.lock().unwrap() = LATENCY;
        measure(shape, &organization, &server);
    }
}

/// The same log files in each of four accounts, so many copies of each, spread over Regions and days.
struct Organization {
    folder: tempfile::TempDir,
    objects: Objects,
    files: usize,
    bytes: u64,
    records: u64,
}

impl Organization {
    fn of(corpus: &Corpus, copies: usize) -> Self {
        let accounts = 4;
        let folder = tempfile::tempdir().unwrap();
        let mut objects = Vec::new();
        for account in (0..accounts).map(|account| 111_122_223_333 + account) {
            let files = (0..copies).flat_map(|_| &corpus.files);
            for (number, bytes) in files.enumerate() {
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
            bytes: corpus.bytes() * accounts * copies as u64,
            records: corpus.records * accounts * copies as u64,
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

fn settings(server: &Server) -> S3Settings {
    S3Settings {
        patience: Default::default(),
        ..server.settings()
    }
}

fn measure(shape: Shape, organization: &Organization, server: &Server) {
    let concurrency = settings(server).concurrency;
    let (mut disk, mut link, mut afar, mut listed) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = DirSource::new(vec![organization.folder.path().to_owned()]);
        disk.push(timed(organization, &folder));
        link.push(bare(organization, server, concurrency));
        let (source, _) = server.source_with("", settings(server), &FileChoice::ALL);
        afar.push(timed(organization, &source));
        let (source, _) = server.source_with("", settings(server), &FileChoice::ALL);
        let begun = Instant::now();
        source.list().unwrap();
        listed.push(begun.elapsed());
    }
    let [disk, link, afar, listed] = [disk, link, afar, listed].map(median);
    let (bound, what) = if disk > link {
        (disk, "disk")
    } else {
        (link, "link")
    };
    println!(
        "{shape:?}: {} files, {} bytes, {} records; disk {disk:.2?}, link {link:.2?}, S3 {afar:.2?}, of which {listed:.2?} to list: {:.2} of the {what}, {:.2} of both one after the other, which share the processors, at most {} requests at once",
        organization.files,
        organization.bytes,
        organization.records,
        bound.as_secs_f64() / afar.as_secs_f64(),
        (disk + link).as_secs_f64() / afar.as_secs_f64(),
        server.gate.most_under_way()
    );
}

/// How long the link takes for all objects: so many connections that ask for one after the other and do nothing with it.
fn bare(organization: &Organization, server: &Server, connections: usize) -> Duration {
    let (keys, next) = (organization.objects.keys(), AtomicUsize::new(0));
    let (taken, begun) = (AtomicU64::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..connections.min(keys.len()) {
            scope.spawn(|| {
                let mut connection = BufReader::new(TcpStream::connect(server.address).unwrap());
                while let Some(key) = keys.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let request = format!(
                        "GET /{BUCKET}/{key} HTTP/1.1\r\nhost: {}\r\n\r\n",
                        server.address
                    );
                    connection.get_mut().write_all(request.as_bytes()).unwrap();
                    taken.fetch_add(answer(&mut connection), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(taken.into_inner(), organization.bytes);
    begun.elapsed()
}

/// Takes one answer: how long its body is.
fn answer(connection: &mut BufReader<TcpStream>) -> u64 {
    let mut length = 0;
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        match line.strip_prefix("content-length: ") {
            Some(number) => length = number.parse().unwrap(),
            None if line.is_empty() => break,
            None => {}
        }
    }
    std::io::copy(&mut connection.by_ref().take(length), &mut std::io::sink()).unwrap()
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
