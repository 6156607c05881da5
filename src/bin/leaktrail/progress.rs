//! How far is it? A bar on stderr, only where stderr is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use leaktrail::pipeline::Progress;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

/// A bar of files, bytes, records, rate and time left.
pub struct Bar {
    bar: ProgressBar,
    files: AtomicU64,
    all_files: AtomicU64,
    records: AtomicU64,
}

impl Bar {
    /// A bar, or none where nobody would see it.
    pub fn new(quiet: bool) -> Self {
        let seen = !quiet && std::io::stderr().is_terminal();
        let target = if seen {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template(
            "{bar:30} {bytes}/{total_bytes} at {binary_bytes_per_sec}, {eta} left, {msg}",
        ) {
            bar.set_style(style);
        }
        Self {
            bar,
            files: AtomicU64::new(0),
            all_files: AtomicU64::new(0),
            records: AtomicU64::new(0),
        }
    }

    /// Shows how many tasks of a cluster's job are done.
    #[cfg(feature = "cluster")]
    pub fn tasks(&self, done: u64, all: u64) {
        let share = u128::from(self.bar.length().unwrap_or(0)) * u128::from(done.min(all));
        let share = share.checked_div(u128::from(all)).unwrap_or_default();
        self.bar
            .set_position(u64::try_from(share).unwrap_or(u64::MAX));
        self.bar.set_message(format!("{done}/{all} tasks"));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn found(&self, files: u64, bytes: u64) {
        self.all_files.store(files, Ordering::Relaxed);
        self.bar.set_length(bytes);
    }

    fn read(&self, bytes: u64, records: u64) {
        let files = self.files.fetch_add(1, Ordering::Relaxed) + 1;
        let records = self.records.fetch_add(records, Ordering::Relaxed) + records;
        self.bar.inc(bytes);
        if files.is_multiple_of(64) || files == self.all_files.load(Ordering::Relaxed) {
            self.bar.set_message(format!(
                "{files}/{} files, {records} records",
                self.all_files.load(Ordering::Relaxed)
            ));
        }
    }
}
