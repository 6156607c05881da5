//! When was each S3 bucket public, who made it so, and how long did it stay? Read from archived CloudTrail log files.
//!
//! ```text
//! source → inflate → record → event → evidence → timeline → analysis → report
//!  where    bytes     what     what    what one   when,      what a     how it
//!  bytes    become    was      was     log file   by whom,   report     is told
//!  live     text      written  asked   tells      how long   may read
//! ```
//!
//! Each module knows only those before it. [`pipeline::scan`] runs them all:
//!
//! ```
//! use leaktrail::{pipeline::{Options, scan}, source::DirSource};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let archive = DirSource::new(vec!["fixtures/archives".into()]);
//! let analysis = scan(&archive, &Options::default(), &())?;
//! for exposure in analysis.exposures.iter().filter(|exposure| exposure.is_open()) {
//!     println!("{} is open since {}", exposure.bucket, exposure.opened_at);
//! }
//! # Ok(())
//! # }
//! ```

pub mod vocab;

pub mod archive;
pub mod inflate;
pub mod source;
pub mod spill;

pub mod record;

pub mod event;
pub mod pattern;

pub mod evidence;
pub mod exposure;
pub mod integrity;

pub mod alarm;
pub mod coverage;
pub mod store;
pub mod timeline;

pub mod analysis;

pub mod pipeline;
pub mod report;

#[cfg(feature = "cluster")]
pub mod cluster;
