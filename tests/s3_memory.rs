//! How much is held of a bucket while it is read? One test in a process of its own: the system knows only the peak of a process.
#![cfg(feature = "s3")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod bucket;
#[path = "../benches/crowd/mod.rs"]
#[allow(dead_code, reason = "only the memory is measured")]
mod crowd;

use bucket::Server;
use bucket::objects::Objects;
use crowd::peak_memory;
use hyper::body::Bytes;
use leaktrail::source::{LogFile, Source};

/// What may be held with 64 requests under way.
const MOST: u64 = 512 << 20;

#[test]
fn large_objects_are_fetched_ahead_in_bounded_memory() {
    let content = Bytes::from(vec![b'x'; 16 << 20]);
    let objects = (0..80).map(|number| (format!("{number:02}.json"), content.clone()));
    let server = Server::of_objects(Objects::of(objects));
    let source = server.source("");
    let listing = source.list().unwrap();
    source.expect(&listing.files.iter().collect::<Vec<&LogFile>>());
    for file in &listing.files {
        let mut opened = source.open(file).unwrap();
        let read = std::io::copy(&mut opened, &mut std::io::sink()).unwrap();
        assert_eq!(read, content.len() as u64);
    }
    if let Some(peak) = peak_memory() {
        assert!(peak < MOST, "{peak} bytes were held");
    }
}
