//! What does it cost to know that the evidence is whole? A scan that verifies beside one that does not, and inflation alone.
//!
//! `Year`: two trails, three Regions, a digest an hour for a year, a new key every month, few log files: what digests cost.
//! `Month`: one trail, one Region, twelve log files an hour, as a working account has: what verifying adds to a scan.
//! The files lie in a folder, and reading them belongs to inflating them. What was verified is printed and compared with what is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench may stop, and tells its numbers"
)]

#[path = "corpus/dice.rs"]
#[allow(dead_code, reason = "the corpus uses more of it")]
mod dice;
#[path = "../tests/digests/mod.rs"]
mod digests;
#[path = "corpus/inflation.rs"]
mod inflation;
#[path = "corpus/record.rs"]
#[allow(dead_code, reason = "the corpus uses more of it")]
mod record;

use dice::Dice;
use digests::{Signer, Trail, key_list, put_nowhere, seconds};
use divan::Bencher;
use inflation::inflated;
use leaktrail::analysis::Analysis;
use leaktrail::inflate::inflate;
use leaktrail::integrity::PublicKeys;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use tempfile::TempDir;

/// How much there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Year,
    Month,
}

const SHAPES: [Shape; 2] = [Shape::Year, Shape::Month];
static ARCHIVES: OnceLock<[Archive; 2]> = OnceLock::new();

/// A bucket that was downloaded: log files into one folder, digests into another.
struct Archive {
    folder: TempDir,
    /// The files, in order.
    paths: Vec<PathBuf>,
    keys: Vec<u8>,
    digests: u64,
    logs: u64,
    chains: u64,
}

const LOGS: &str = "logs";
const DIGESTS: &str = "digests";

impl Archive {
    fn new(shape: Shape) -> Self {
        let (trails, regions, hours, logs) = match shape {
            Shape::Year => (
                2,
                ["us-east-1", "eu-west-1", "ap-southeast-2"].as_slice(),
                365 * 24,
                1,
            ),
            Shape::Month => (1, ["eu-west-1"].as_slice(), 30 * 24, 12),
        };
        let signers: Vec<Signer> = (0..12).map(|_| Signer::new()).collect();
        let chains: Vec<(usize, &str)> = (0..trails)
            .flat_map(|trail| regions.iter().map(move |region| (trail, *region)))
            .collect();
        let made = std::thread::scope(|scope| {
            let signers = &signers;
            let threads: Vec<_> = chains
                .iter()
                .map(|(trail, region)| {
                    scope.spawn(move || chain(*trail, region, hours, logs, signers))
                })
                .collect();
            let made = threads.into_iter().map(|thread| thread.join().unwrap());
            made.collect::<Vec<_>>()
        });
        let keys: Vec<_> = signers.iter().map(Signer::listed).collect();
        let files: BTreeMap<String, Vec<u8>> = made.into_iter().flatten().collect();
        let folder = tempfile::tempdir().unwrap();
        let put = |(key, bytes): (String, Vec<u8>)| {
            let part = match key.contains("/CloudTrail-Digest/") {
                true => DIGESTS,
                false => LOGS,
            };
            let path = folder.path().join(part).join(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
            path
        };
        Self {
            paths: files.into_iter().map(put).collect(),
            folder,
            keys: key_list(&keys),
            digests: chains.len() as u64 * hours as u64,
            logs: chains.len() as u64 * hours as u64 * logs,
            chains: chains.len() as u64,
        }
    }

    fn analysis(&self, digests: bool, custody: bool) -> Analysis {
        let options = Options {
            threads: Some(1),
            public_keys: PublicKeys::read(&self.keys).unwrap(),
            custody,
            ..Options::default()
        };
        let parts = [LOGS, DIGESTS].into_iter().take(1 + usize::from(digests));
        let folders = parts.map(|part| self.folder.path().join(part));
        scan(&DirSource::new(folders.collect()), &options, &()).unwrap()
    }
}

/// One chain: an hour of log files and the digest that names them, month after month under another key.
fn chain(
    trail: usize,
    region: &str,
    hours: i64,
    logs: u64,
    signers: &[Signer],
) -> BTreeMap<String, Vec<u8>> {
    let mut dice = Dice::new(trail as u64 + 7);
    let mut made = Trail::new(
        std::path::Path::new(""),
        "bucket",
        region,
        &format!("trail-{trail}"),
    );
    made.kept = Some(BTreeMap::new());
    let start = seconds("2024-01-01T00:00:00Z");
    for hour in 0..hours {
        let from = start + hour * 3600;
        let delivered: Vec<_> = (0..logs)
            .map(|number| {
                let at = from + (number * 3600 / logs) as i64;
                let unique = dice.text(16, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ");
                (made.log_key(at, &unique), text(&mut dice, hour as u64))
            })
            .collect();
        let signer = &signers[(hour / 730) as usize % signers.len()];
        made.deliver(from, from + 3600, &delivered, signer);
    }
    put_nowhere(made)
}

fn text(dice: &mut Dice, hour: u64) -> Vec<u8> {
    let records: Vec<String> = (0..4 + dice.below(12))
        .map(|second| record::everyday(dice, hour * 3600 + second))
        .collect();
    format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes()
}

fn main() {
    let archives = ARCHIVES.get_or_init(|| SHAPES.map(Archive::new));
    for (shape, archive) in SHAPES.iter().zip(archives) {
        tell(*shape, archive);
    }
    divan::main();
}

/// Prints what was verified, which must be everything.
fn tell(shape: Shape, archive: &Archive) {
    let analysis = archive.analysis(true, false);
    let integrity = &analysis.integrity;
    let count = |verdict: &str| {
        integrity
            .logs
            .values()
            .filter(|it| it.verdict.name() == verdict)
            .count() as u64
    };
    let signed = integrity
        .digests
        .iter()
        .filter(|it| it.verdict.name() == "signature-from-successor-ok");
    let (signed, proven, consistent) =
        (signed.count() as u64, count("proven"), count("consistent"));
    println!(
        "{shape:?}: {signed} digests signed, {proven} log files proven, {consistent} consistent, {} records",
        analysis.counts.records
    );
    assert_eq!(signed, archive.digests - archive.chains);
    assert_eq!(proven + consistent, archive.logs);
    assert_eq!(integrity.invalid_logs() + integrity.invalid_digests(), 0);
    assert!(
        integrity
            .chains
            .iter()
            .all(|chain| chain.gaps.is_empty() && chain.missing.is_empty())
    );
}

fn archive(shape: Shape) -> &'static Archive {
    let place = SHAPES.iter().position(|other| *other == shape).unwrap();
    &ARCHIVES.get().unwrap()[place]
}

/// Every file, digests too, one after the other, read and inflated by the fastest decoder into buffers that are kept: what a scan
/// is measured by.
#[divan::bench(args = SHAPES, sample_count = 5, sample_size = 1)]
fn inflation(bencher: Bencher<'_, '_>, shape: Shape) {
    let archive = archive(shape);
    bencher.bench_local(|| inflated(&archive.paths));
}

/// The same by the stream, which takes what is damaged or long.
#[divan::bench(args = SHAPES, sample_count = 5, sample_size = 1)]
fn inflation_streamed(bencher: Bencher<'_, '_>, shape: Shape) {
    let archive = archive(shape);
    bencher.bench_local(|| {
        let files = archive.paths.iter().map(|path| fs::read(path).unwrap());
        let texts = files.map(|file| inflate(&file, u64::MAX).text);
        texts.map(|text| text.len()).sum::<usize>()
    });
}

/// The log files alone.
#[divan::bench(args = SHAPES, sample_count = 5, sample_size = 1)]
fn scan_without_digests(bencher: Bencher<'_, '_>, shape: Shape) {
    bencher.bench_local(|| archive(shape).analysis(false, false));
}

/// Everything, with hashes and signatures checked.
#[divan::bench(args = SHAPES, sample_count = 5, sample_size = 1)]
fn scan_that_verifies(bencher: Bencher<'_, '_>, shape: Shape) {
    bencher.bench_local(|| archive(shape).analysis(true, false));
}

/// The log files alone, each file hashed as it lies there.
#[divan::bench(args = SHAPES, sample_count = 5, sample_size = 1)]
fn scan_with_custody(bencher: Bencher<'_, '_>, shape: Shape) {
    bencher.bench_local(|| archive(shape).analysis(false, true));
}
