//! `leaktrail filter`: which records match?

use crate::cli::{Filter, Preset};
use crate::exit::Exit;
use crate::progress::Bar;
use crate::{scan, talk};
use leaktrail::event::table;
use leaktrail::pipeline::{self, Options};
use leaktrail::source::DirSource;

pub fn run(asked: &Filter) -> anyhow::Result<Exit> {
    let options = Options {
        threads: asked.running.threads,
        max_inflated: asked.running.max_inflated,
        choice: asked.files.choice(),
        ..Options::default()
    };
    let matches = match asked.preset {
        Preset::BucketPolicyChange => table::is_bucket_policy_change,
    };
    let bar = Bar::new(asked.running.quiet);
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let filtered = pipeline::filter(
        &DirSource::new(asked.sources.clone()),
        &options,
        matches,
        &mut out,
        &bar,
    );
    bar.finish();
    let filtered = filtered?;
    if !asked.running.quiet {
        let losses = filtered.losses.len();
        talk::note(&format!(
            "{} of {} records match; {losses} losses",
            filtered.matched, filtered.records
        ));
    }
    scan::name_losses(&asked.running, &filtered.losses);
    Ok(if filtered.losses.is_empty() {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}
