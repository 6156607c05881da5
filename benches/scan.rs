//! How fast is a scan? Inflation alone, which is the limit, and everything from a folder to the analysis.
//!
//! What was found is printed and compared with what is known to be there: a speed-up that loses records is no speed-up.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench may stop, and tells its numbers"
)]

mod corpus;
#[allow(dead_code, reason = "only what it tells of memory is used")]
mod crowd;
#[path = "corpus/inflation.rs"]
mod inflation;

use corpus::{Corpus, Shape};
use crowd::peak_memory;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use leaktrail::analysis::Analysis;
use leaktrail::inflate::inflate;
use leaktrail::pattern::{InteriorStar, MetricFilter, Pattern, preset};
use leaktrail::pipeline::{Options, Query, Thoroughness, Wanted, filter, scan};
use leaktrail::source::DirSource;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

const SHAPES: [Shape; 3] = [Shape::ManySmall, Shape::FewLarge, Shape::DataEvents];
/// So many times as large as elsewhere: what a scan does once, before and after its files, is to be small beside them.
const TIMES: u64 = 10;
/// So many times what is compared is measured.
const PAIRS: usize = 11;
static CORPORA: OnceLock<[Corpus; 3]> = OnceLock::new();

/// A process that is to scan a folder, and tell how much memory that took, is told so by this variable.
const SCANS: &str = "LEAKTRAIL_BENCH_SCANS";
/// A scan may hold so many bytes beside, for each thread, twice the longest text.
const MOST: u64 = 64 << 20;
const THREADS: usize = 2;

fn main() {
    if let Some(folder) = std::env::var_os(SCANS) {
        let analysis = analysis(Path::new(&folder), Some(THREADS));
        let peak = peak_memory().unwrap_or_default();
        return println!("{} {peak}", analysis.counts.records);
    }
    let folder = tempfile::tempdir().unwrap();
    // `LEAKTRAIL_CORPUS=DIR` leaves the archives there, for other tools.
    let kept = std::env::var_os("LEAKTRAIL_CORPUS").map(PathBuf::from);
    let place = kept.as_deref().unwrap_or(folder.path());
    let corpora = SHAPES.map(|shape| Corpus::write_many(place, shape, TIMES).unwrap());
    let corpora = CORPORA.get_or_init(|| corpora);
    for (shape, corpus) in SHAPES.iter().zip(corpora) {
        tell(*shape, corpus);
        tell_memory(*shape, corpus);
    }
    // Cargo says `--bench`; whoever says more wants less.
    if std::env::args().skip(1).all(|word| word == "--bench") {
        for (shape, corpus) in SHAPES.iter().zip(corpora) {
            compare(*shape, corpus);
        }
    }
    divan::main();
}

/// Prints how many times as long as inflation a scan takes and a filter, on one thread, and how much faster all threads are. What is
/// compared is measured one after the other, so that it matters little what else the machine does; medians count.
fn compare(shape: Shape, corpus: &Corpus) {
    let mut ratios = [(); 3].map(|()| Vec::new());
    for _ in 0..PAIRS {
        let times = [
            took(|| inflated(corpus)),
            took(|| analysis(&corpus.folder, Some(1)).counts.records),
            took(|| filtered(corpus, Thoroughness::Likely).1),
            took(|| analysis(&corpus.folder, None).counts.records),
        ];
        let [inflation, one, filter, all] = times;
        let found = [one / inflation, filter / inflation, one / all];
        let pairs = ratios.iter_mut().zip(found);
        pairs.for_each(|(ratios, found)| ratios.push(found));
    }
    let [scan, filter, threads] = ratios.map(|mut ratios| {
        ratios.sort_by(f64::total_cmp);
        ratios[PAIRS / 2]
    });
    println!(
        "{shape:?}: scan {scan:.2} and filter {filter:.2} times inflation; all threads {threads:.2} times one"
    );
}

/// How long something takes, in seconds.
fn took<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}

/// Prints what is there and what a scan finds, which must be the same.
fn tell(shape: Shape, corpus: &Corpus) {
    let analysis = analysis(&corpus.folder, None);
    let (counts, exposures) = (analysis.counts, analysis.exposures.len());
    println!(
        "{shape:?}: {} files, {} bytes, {} inflated, {} records, {} used, {exposures} exposures",
        counts.files, counts.bytes, corpus.inflated, counts.records, counts.used
    );
    assert_eq!(counts.files_read, corpus.files.len() as u64);
    assert_eq!(counts.bytes, corpus.bytes());
    assert_eq!(counts.records, corpus.records);
    assert_eq!(
        counts.used,
        corpus.changes + corpus.sessions + corpus.outside
    );
    assert_eq!(exposures as u64, corpus.exposures());
    let found = filtered(corpus, Thoroughness::Likely);
    println!(
        "{shape:?}: {} of {} records match the filter",
        found.0, found.1
    );
    assert_eq!(found, filtered(corpus, Thoroughness::Everything));
}

/// Prints how much memory a scan takes: in a process of its own, for this one holds the archives.
fn tell_memory(shape: Shape, corpus: &Corpus) {
    let bench = std::env::current_exe().unwrap();
    let scan = Command::new(bench).env(SCANS, &corpus.folder).output();
    let told = String::from_utf8(scan.unwrap().stdout).unwrap();
    let (records, peak) = told.trim().split_once(' ').unwrap();
    assert_eq!(records.parse(), Ok(corpus.records));
    let (peak, most): (u64, u64) = (
        peak.parse().unwrap(),
        MOST + THREADS as u64 * 2 * corpus.largest,
    );
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    match peak {
        0 => println!("{shape:?}: this system does not tell how much memory was held"),
        _ => println!(
            "{shape:?}: peak memory {:.0} MiB of at most {:.0}, the longest text {:.1}, {THREADS} threads",
            mib(peak),
            mib(most),
            mib(corpus.largest)
        ),
    }
    assert!(peak <= most, "{peak} bytes were held");
}

fn corpus(shape: Shape) -> &'static Corpus {
    let place = SHAPES.iter().position(|other| *other == shape).unwrap();
    &CORPORA.get().unwrap()[place]
}

fn analysis(folder: &Path, threads: Option<usize>) -> Analysis {
    let options = Options {
        threads,
        ..Options::default()
    };
    let source = DirSource::new(vec![folder.to_path_buf()]);
    scan(&source, &options, &()).unwrap()
}

/// Every file of the corpus, one after the other, read and inflated by the fastest decoder: what a scan is measured by.
#[divan::bench(args = SHAPES, sample_count = 10, sample_size = 1)]
fn inflation(bencher: Bencher<'_, '_>, shape: Shape) {
    let corpus = corpus(shape);
    counted(bencher, corpus).bench_local(|| inflated(corpus));
}

/// What comes out of every file, which must be all.
fn inflated(corpus: &Corpus) -> u64 {
    let inflated = inflation::inflated(&corpus.paths);
    assert_eq!(inflated, corpus.inflated);
    inflated
}

/// The same by the stream, which takes what is damaged or long.
#[divan::bench(args = SHAPES, sample_count = 10, sample_size = 1)]
fn inflation_streamed(bencher: Bencher<'_, '_>, shape: Shape) {
    let corpus = corpus(shape);
    counted(bencher, corpus)
        .with_inputs(|| corpus.files.clone())
        .bench_local_values(|files| {
            let texts = files.into_iter().map(|file| inflate(&file, u64::MAX).text);
            texts.map(|text| text.len()).sum::<usize>()
        });
}

/// From the folder to the analysis, on one thread.
#[divan::bench(args = SHAPES, sample_count = 10, sample_size = 1)]
fn scan_on_one_thread(bencher: Bencher<'_, '_>, shape: Shape) {
    let corpus = corpus(shape);
    counted(bencher, corpus).bench_local(|| analysis(&corpus.folder, Some(1)));
}

/// From the folder to the analysis, on a thread a core.
#[divan::bench(args = SHAPES, sample_count = 10, sample_size = 1)]
fn scan_on_all_cores(bencher: Bencher<'_, '_>, shape: Shape) {
    let corpus = corpus(shape);
    counted(bencher, corpus).bench_local(|| analysis(&corpus.folder, None));
}

/// A pattern of the CIS benchmark over the folder, on one thread: most records are only counted.
#[divan::bench(args = SHAPES, sample_count = 10, sample_size = 1)]
fn filter_on_one_thread(bencher: Bencher<'_, '_>, shape: Shape) {
    let corpus = corpus(shape);
    counted(bencher, corpus).bench_local(|| filtered(corpus, Thoroughness::Likely));
}

/// The same, every record read.
#[divan::bench(args = SHAPES, sample_count = 10, sample_size = 1)]
fn filter_reading_everything(bencher: Bencher<'_, '_>, shape: Shape) {
    let corpus = corpus(shape);
    counted(bencher, corpus).bench_local(|| filtered(corpus, Thoroughness::Everything));
}

/// How many records the CIS benchmark's pattern for bucket policies matches.
fn filtered(corpus: &Corpus, thoroughness: Thoroughness) -> (u64, u64) {
    let preset = preset("s3-bucket-policy-changes").unwrap();
    let pattern = Pattern::parse(preset.pattern, InteriorStar::Literal).unwrap();
    let query = Query {
        filters: &[MetricFilter::counting(preset.name, pattern)],
        wanted: Wanted::Count,
        thoroughness,
    };
    let options = Options {
        threads: Some(1),
        ..Options::default()
    };
    let source = DirSource::new(vec![corpus.folder.clone()]);
    let found = filter(&source, &options, &query, &mut std::io::sink(), &()).unwrap();
    (found.matched, found.records)
}

/// Rates are of inflated bytes and of records.
fn counted<'a, 'b>(bencher: Bencher<'a, 'b>, corpus: &Corpus) -> Bencher<'a, 'b> {
    bencher
        .counter(BytesCount::new(corpus.inflated))
        .counter(ItemsCount::new(corpus.records))
}
