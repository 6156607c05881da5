//! What does a cluster cost, and what does it bring? The same archive is scanned by one process and by one, two and three executors
//! of one core each, with their scheduler and client on the same machine, which therefore share its cores: so what is measured is
//! what the cluster does besides reading, not how fast more machines would be. The reports must be the same.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a bench may stop, tells its numbers, and uses some of what tests use"
)]

mod corpus;
#[path = "../tests/cluster/machines.rs"]
mod machines;

use corpus::{Corpus, Shape};
use machines::{Machines, assert_same, run};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// So often the archive's files lie in it. A development build is tried on less.
const COPIES: usize = if cfg!(debug_assertions) { 1 } else { 10 };
/// So many times each is measured; the median counts.
const TIMES: usize = if cfg!(debug_assertions) { 1 } else { 3 };

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    for shape in [Shape::Large, Shape::FewLarge] {
        let corpus = Corpus::write(folder, shape).unwrap();
        _ = fs::remove_dir_all(folder.join("logs"));
        let copies = match shape {
            Shape::FewLarge => 20 * COPIES,
            _ => COPIES,
        };
        for copy in 0..copies {
            link(&corpus.folder, &folder.join(format!("logs/{copy}")));
        }
        let bytes = corpus.bytes() * copies as u64;
        println!(
            "{shape:?}: {} files, {:.2} GB, {} records",
            corpus.files.len() * copies,
            bytes as f64 / 1e9,
            corpus.records * copies as u64
        );
        measure(folder, bytes);
    }
}

/// The same files at another place.
fn link(from: &Path, to: &Path) {
    for path in machines::files(from) {
        let to = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::hard_link(path, to).unwrap();
    }
}

fn measure(folder: &Path, bytes: u64) {
    let gigabytes = bytes as f64 / 1e9;
    let tell = |who: &str, took: Duration, memory: String| {
        println!(
            "  {who:<28} {took:>7.2?}  {:>6.1} MB/s{memory}",
            bytes as f64 / 1e6 / took.as_secs_f64()
        );
    };
    let words = ["scan", "logs", "-f", "csv", "-q", "--force", "-o", "alone"];
    let one = median(|| {
        let words = [&words[..], &["--threads", "1"]].concat();
        assert!(run(folder, &words, &[]).status.success());
    });
    tell("one process, one thread", one, String::new());
    let alone = median(|| assert!(run(folder, &words, &[]).status.success()));
    tell("one process, all cores", alone, String::new());
    for executors in 1..=3 {
        let machines = Machines::start(executors);
        let words = ["logs", "-f", "csv", "-q", "--force", "-o", "together"];
        let took = median(|| {
            let (status, said) = machines.begin(folder, &words).end();
            assert_eq!(status, 0, "{said}");
        });
        assert_same(&folder.join("alone"), &folder.join("together"));
        let memory = machines
            .executors
            .iter()
            .map(machines::Process::most_memory);
        let memory = format!(
            "  executor {} MB, scheduler {} MB",
            memory.max().unwrap_or_default(),
            machines.scheduler.most_memory()
        );
        tell(&format!("executors: {executors}"), took, memory);
        let undivided = match executors {
            1 => one,
            _ => alone,
        };
        println!(
            "  {:<28} {:.2} s a gigabyte more than {}",
            "",
            (took.as_secs_f64() - undivided.as_secs_f64()) / gigabytes,
            if executors == 1 {
                "one thread"
            } else {
                "all cores"
            }
        );
    }
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[TIMES / 2]
}
