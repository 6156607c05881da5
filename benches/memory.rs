//! How much memory does a bucket take that the whole world reads? Ten million unsigned requests, in one exposure.
//!
//! `LEAKTRAIL_BENCH_EVENTS` asks for another number of them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench may stop, and tells its numbers"
)]

mod crowd;

use crowd::{Crowd, peak_memory};
use leaktrail::pipeline::{Options, scan};
use std::time::Instant;

/// What may be held beside the inflated files that are being read.
const MOST: u64 = 256 << 20;
const THREADS: usize = 2;

fn main() {
    let asked = std::env::var("LEAKTRAIL_BENCH_EVENTS").ok();
    let events = asked.map_or(10_000_000, |number| number.parse().unwrap());
    let crowd = Crowd {
        events,
        in_a_file: 10_000,
    };
    let options = Options {
        threads: Some(THREADS),
        ..Options::default()
    };
    let begun = Instant::now();
    let analysis = scan(&crowd, &options, &()).unwrap();
    let (took, largest) = (begun.elapsed(), crowd.largest());
    let seen = &analysis.exposures[0].attendance;
    assert_eq!((seen.requests, seen.addresses), (events, 997.min(events)));
    assert_eq!(analysis.counts.used, events + 1);
    let most = MOST + THREADS as u64 * largest;
    println!(
        "{events} requests from outside, {} access rows: {:.1} s, {:.0} a second",
        analysis.access.len(),
        took.as_secs_f64(),
        events as f64 / took.as_secs_f64()
    );
    match peak_memory() {
        None => println!("this system does not tell how much memory was held"),
        Some(peak) => {
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            println!(
                "peak memory {:.0} MiB of at most {:.0} MiB: 256 MiB and {THREADS} inflated files of {:.1} MiB",
                mib(peak),
                mib(most),
                mib(largest)
            );
            assert!(peak < most, "{peak} bytes were held");
        }
    }
}
