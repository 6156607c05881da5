//! `leaktrail verify`: is the evidence what CloudTrail delivered, and is it whole?

use crate::cli::{Checking, Verify};
use crate::exit::Exit;
use crate::progress::Bar;
use crate::scan;
use anyhow::{Context, anyhow};
use leaktrail::analysis::Analysis;
use leaktrail::integrity::{Metadata, PublicKeys};
use leaktrail::pipeline::{self, Options};
use leaktrail::report::{custody, printable, verification};
use std::io::Write;
use std::path::Path;

pub fn run(asked: &Verify) -> anyhow::Result<Exit> {
    let options = Options {
        threads: asked.running.threads,
        max_inflated: asked.running.max_inflated,
        ..Options::default()
    };
    let options = checked(options, &asked.checking)?;
    let bar = Bar::new(asked.running.quiet);
    let source = asked.running.sources(&asked.sources, &options.choice)?;
    let scanned = pipeline::scan(&source, &options, &bar);
    bar.finish();
    let analysis = scanned?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    verification::write(&analysis, &mut out)?;
    if asked.checking.custody {
        writeln!(out)?;
        let invocation = scan::invocation(&asked.sources, asked.checking.custody());
        custody::write(&analysis, &invocation, &[], &mut out)?;
    }
    out.flush()?;
    scan::warn(&analysis);
    scan::name_losses(asked.running.verbose, &analysis.losses);
    Ok(exit(&analysis))
}

fn exit(analysis: &Analysis) -> Exit {
    let integrity = &analysis.integrity;
    match () {
        () if integrity.invalid_logs() + integrity.invalid_digests() > 0 => Exit::Invalid,
        () if integrity.unchecked_logs() > 0 => Exit::Incomplete,
        () if verification::unread_parts(analysis).next().is_some() => Exit::Incomplete,
        () => Exit::Done,
    }
}

/// The same options, with what files are to be checked with.
pub fn checked(options: Options, asked: &Checking) -> anyhow::Result<Options> {
    Ok(Options {
        public_keys: public_keys(asked)?,
        metadata: metadata(asked)?,
        custody: asked.custody,
        ..options
    })
}

/// The keys that were saved, if any.
fn public_keys(asked: &Checking) -> anyhow::Result<PublicKeys> {
    const HINT: &str = "hint: save what `aws cloudtrail list-public-keys` prints, for each Region";
    load(asked.public_keys.as_deref(), PublicKeys::read, HINT)
}

/// The metadata that was saved, if any.
fn metadata(asked: &Checking) -> anyhow::Result<Metadata> {
    const HINT: &str =
        "hint: give an object from `s3://bucket/key` to what `aws s3api head-object` prints";
    load(asked.metadata.as_deref(), Metadata::read, HINT)
}

fn load<T: Default>(
    path: Option<&Path>,
    read: fn(&[u8]) -> Result<T, String>,
    hint: &str,
) -> anyhow::Result<T> {
    let Some(path) = path else {
        return Ok(T::default());
    };
    let name = || printable(&path.to_string_lossy());
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", name()))?;
    read(&bytes).map_err(|why| anyhow!("cannot use `{}`: {why}\n{hint}", name()))
}
