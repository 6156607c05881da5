//! Is a cluster's report that of one machine, whatever is lost on the way; and is there none where it would not be?
//!
//! Scheduler, executors and clients are the program itself, run as processes on loopback.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop, tells its numbers, and uses some of each world"
)]

#[path = "../bucket/mod.rs"]
mod bucket;
#[path = "../container/mod.rs"]
mod container;
#[path = "../digests/mod.rs"]
mod digests;
#[path = "../fixture/mod.rs"]
mod fixture;
#[path = "../kept/mod.rs"]
mod kept;
#[path = "../vectors/mod.rs"]
mod vectors;

#[path = "../world/acl.rs"]
mod acl;
#[path = "../world/actor.rs"]
mod actor;
#[path = "../world/archive.rs"]
mod archive;
#[path = "../world/calendar.rs"]
mod calendar;
#[path = "../world/dice.rs"]
mod dice;
#[path = "../world/doors.rs"]
mod doors;
#[path = "../world/evidence.rs"]
mod evidence;
#[path = "../world/inner.rs"]
mod inner;
#[path = "../world/json.rs"]
mod json;
#[path = "../world/lives.rs"]
mod lives;
#[path = "../world/look.rs"]
mod look;
#[path = "../world/names.rs"]
mod names;
#[path = "../world/noise.rs"]
mod noise;
#[path = "../world/object.rs"]
mod object;
#[path = "../world/parameters.rs"]
mod parameters;
#[path = "../world/point.rs"]
mod point;
#[path = "../world/policy.rs"]
mod policy;
#[path = "../world/reach.rs"]
mod reach;
#[path = "../world/reads.rs"]
mod reads;
#[path = "../world/record.rs"]
mod record;
#[path = "../world/rows.rs"]
mod rows;
#[path = "../world/s3.rs"]
mod s3;
#[path = "../world/script.rs"]
mod script;
#[path = "../world/story.rs"]
mod story;
#[path = "../world/style.rs"]
mod style;
#[path = "../world/track.rs"]
mod track;
#[path = "../world/tracks.rs"]
mod tracks;
#[path = "../world/verdict.rs"]
mod verdict;
#[path = "../world/walk.rs"]
mod walk;
#[path = "../world/who.rs"]
mod who;

mod documents;
mod limits;
mod loss;
mod machines;
mod refused;
mod same;
