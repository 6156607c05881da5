//! Is a hole in one trail's digests told where another trail logs something else?
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod digests;

use digests::{Trail, everyday, log, seconds, signers};
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use serde_json::json;

const HOUR: i64 = 3600;

/// Two trails of one Region: the first stands still from the third hour to the tenth, the second goes on and logs events of that
/// category. Tells the gaps of each stream.
fn gaps(category: &str) -> Vec<(&'static str, i64, i64)> {
    let dir = tempfile::tempdir().unwrap();
    let start = seconds("2026-03-02T00:00:00Z");
    for name in ["main", "second"] {
        let mut trail = Trail::new(dir.path(), "bucket", "us-east-1", name);
        for hour in (0..13).filter(|hour| name == "second" || !(3..10).contains(hour)) {
            let from = start + hour * HOUR;
            let mut record = everyday(from + 60, "us-east-1", &format!("{name}-{hour}"));
            if name == "second" {
                record["eventCategory"] = json!(category);
                record["managementEvent"] = json!(category == "Management");
            }
            if name == "main" && hour == 10 {
                trail.previous = None;
            }
            let key = trail.log_key(from + 300, &format!("{name:0>8}{hour:08}"));
            trail.deliver(from, from + HOUR, &[(key, log(&[record]))], &signers()[0]);
        }
    }
    let source = DirSource::new(vec![dir.path().to_path_buf()]);
    let streams = scan(&source, &Options::default(), &()).unwrap().streams;
    let told = streams.iter().flat_map(|stream| {
        let hours = |at: i64| (at - start) / HOUR;
        let gaps = stream.gaps.iter();
        gaps.map(move |gap| {
            let (from, until) = (gap.span.from.unix(), gap.span.until.unix());
            (stream.category.name(), hours(from), hours(until))
        })
    });
    told.collect()
}

#[test]
fn data_events_of_another_trail_do_not_fill_a_hole_in_the_management_events() {
    assert_eq!(gaps("Data"), [("management", 3, 10)]);
    assert_eq!(gaps("Management"), []);
}
