//! How do many machines read one archive? As a plan of a distributed engine, Apache Ballista: a scheduler, executors, and this run
//! as their client.
//!
//! The client lists the files and cuts the list into units. An executor reads a unit as `scan --store` does and sends the rows of
//! the store's tables back; the client puts them into a store and tells what it holds, as `scan --store` does. So there is one
//! path, and a cluster's report is that of one machine.

mod client;
mod codec;
mod error;
mod ledger;
mod operator;
mod orders;
mod plan;
mod scheduler;
mod serve;
mod stop;
mod wire;
mod work;
mod workshop;

pub use client::{Kept, keep};
pub use error::ClusterError;
pub use serve::{ExecutorSettings, SchedulerSettings, executor, scheduler};

use std::time::Duration;

/// No message is longer: a plan names every file. By itself a scheduler takes 16 MiB, which are 300,000 files.
const MOST_MESSAGE: usize = 1 << 30;

/// The program's version: all machines have the same.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where a cluster is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cluster {
    /// Its scheduler's `host:port`.
    place: String,
    /// Into so many units the work is cut at least.
    at_least: usize,
    /// So long a scheduler that was there is waited for, and the first executor: they may just be starting.
    patience: Duration,
}

impl Cluster {
    /// Reads `df://host:port`.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(url: &str) -> Result<Self, ClusterError> {
        let place = url
            .strip_prefix("df://")
            .map(|place| place.trim_end_matches('/'));
        let parts = place.and_then(|place| place.rsplit_once(':'));
        let is_sound = parts.is_some_and(|(host, port)| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
            !host.is_empty() && host.bytes().all(fits) && port.parse::<u16>().is_ok()
        });
        match place.filter(|_| is_sound) {
            Some(place) => Ok(Self {
                place: place.to_owned(),
                at_least: 0,
                patience: Duration::from_secs(30),
            }),
            None => Err(ClusterError::Address(url.to_owned())),
        }
    }

    /// The same, with the work cut into so many units at least.
    pub fn with_units(self, at_least: usize) -> Self {
        Self { at_least, ..self }
    }

    /// The same; a scheduler that went away, and the first executor, are waited for so long.
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

/// Who is told how far a job is.
pub trait Watch: Sync {
    /// So many of so many tasks are done.
    fn tasks(&self, done: u64, all: u64);
    /// Something happened that somebody should know.
    fn say(&self, words: &str);
}

/// Nobody is told.
impl Watch for () {
    fn tasks(&self, _: u64, _: u64) {}
    fn say(&self, _: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_named_by_its_scheduler() {
        for (url, expected) in [
            ("df://localhost:50050", Some("localhost:50050")),
            ("df://10.0.0.1:1/", Some("10.0.0.1:1")),
            ("df://[::1]:50050", Some("[::1]:50050")),
            ("localhost:50050", None),
            ("df://localhost", None),
            ("df://:50050", None),
            ("df://a b:50050", None),
            ("df://localhost:99999", None),
        ] {
            let parsed = Cluster::parse(url).ok();
            assert_eq!(
                parsed.as_ref().map(|it| it.place.as_str()),
                expected,
                "{url}"
            );
        }
    }
}
