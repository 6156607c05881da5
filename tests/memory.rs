//! Does the memory stay bounded when strangers come by the hundred thousand? The bench `memory` tries ten million.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

#[path = "../benches/crowd/mod.rs"]
mod crowd;

use crowd::{Crowd, peak_memory};
use leaktrail::pipeline::{Options, scan};

#[test]
fn a_crowd_is_counted_in_bounded_memory() {
    let crowd = Crowd {
        events: 60_000,
        in_a_file: 2_000,
    };
    let options = Options {
        threads: Some(2),
        ..Options::default()
    };
    let before = peak_memory();
    let analysis = scan(&crowd, &options, &()).unwrap();
    let seen = &analysis.exposures[0].attendance;
    assert_eq!(seen.requests, crowd.events);
    assert_eq!(seen.addresses, 997);
    assert!(analysis.counts.add_up());
    assert_eq!(
        analysis.access.iter().map(|row| row.requests).sum::<u64>(),
        crowd.events
    );
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        let most = (96 << 20) + 2 * crowd.largest();
        assert!(after - before < most, "{} bytes were held", after - before);
    }
}
