//! `leaktrail scan --store`, `report` and `merge`: evidence that is kept, judged again, joined.

use crate::cli::Scan;
use crate::exit::{Exit, Misuse};
use crate::progress::Bar;
use crate::scan::{self, Outcome};
use crate::store_cli::{Merge, Report};
use crate::{talk, verify};
use anyhow::anyhow;
use leaktrail::evidence::Evidence;
use leaktrail::pipeline::{self, Added, Options};
use leaktrail::report::{SpilledRows, parts_line};
use leaktrail::source::Sources;
use leaktrail::store::{self, Store};
use std::path::{Path, PathBuf};

/// Opens a store to write to it. It must not lie in what is read: its own files would be.
pub fn open(path: &Path, sources: &[PathBuf]) -> anyhow::Result<Store> {
    let place = std::path::absolute(path)?;
    let place = real(&place).unwrap_or(place);
    let inside = |source: &&PathBuf| {
        let source = source.canonicalize();
        source.is_ok_and(|source| place.starts_with(source))
    };
    if let Some(source) = sources.iter().find(inside) {
        return Err(Misuse(format!(
            "the evidence store `{}` lies in `{}`, which is read: its own files would be read too\nhint: choose a folder elsewhere",
            path.display(),
            source.display()
        ))
        .into());
    }
    Ok(Store::open_to_write(path)?)
}

/// A path without links, as far as it exists.
fn real(path: &Path) -> Option<PathBuf> {
    let known = path.ancestors().find(|path| path.exists())?;
    let rest = path.strip_prefix(known).ok()?;
    Some(known.canonicalize().ok()?.join(rest))
}

/// Reads what a store does not know yet, and tells what it holds then.
pub fn scan(
    source: &Sources,
    mut store: Store,
    options: Options,
    asked: &Scan,
    bar: &Bar,
    outcome: Outcome<'_>,
) -> anyhow::Result<Exit> {
    let kept = pipeline::keep(source, &mut store, &options, asked.keeping.shard, bar);
    bar.finish();
    tell_added(store, options, kept?, asked, outcome)
}

/// Tells what a store holds after something was added.
pub fn tell_added(
    mut store: Store,
    mut options: Options,
    added: Added,
    asked: &Scan,
    outcome: Outcome<'_>,
) -> anyhow::Result<Exit> {
    if !outcome.quiet {
        talk::note(&format!(
            "evidence store `{}`: {} files read, {} of them again; {} known",
            store.folder().display(),
            added.new + added.changed,
            added.changed,
            added.known
        ));
    }
    if asked.keeping.since_last {
        options.selection.from = store.untold_since();
    }
    let exit = tell(&mut store, &options, added.left_out, outcome)?;
    if asked.keeping.since_last {
        store.mark_told()?;
    }
    Ok(exit)
}

/// `leaktrail report`
pub fn report(asked: &Report) -> anyhow::Result<Exit> {
    let folder = scan::open(&asked.output)?;
    let options = Options {
        threads: asked.threads,
        choice: asked.files.choice(),
        ..scan::row_options(&asked.rows)
    };
    let options = verify::checked(scan::judged(options, &asked.judging), &asked.checking)?;
    let mut store = Store::open(&asked.store)?;
    let outcome = Outcome {
        formats: &asked.output.format,
        invocation: scan::invocation(std::slice::from_ref(&asked.store), asked.checking.custody()),
        folder,
        telling: &asked.telling,
        quiet: asked.quiet,
        verbose: asked.verbose,
    };
    tell(&mut store, &options, Evidence::default(), outcome)
}

/// Tells what a store holds. Rows that are too many to be held are kept aside if they are to be written.
pub fn tell(
    store: &mut Store,
    options: &Options,
    left_out: Evidence,
    outcome: Outcome<'_>,
) -> anyhow::Result<Exit> {
    if outcome.folder.is_none() {
        let analysis = pipeline::judge(store, options, left_out, &mut ())?;
        return outcome.tell(&analysis);
    }
    let mut rows = SpilledRows::default();
    let analysis = pipeline::judge(store, options, left_out, &mut rows)?;
    outcome.tell_all(&analysis, rows.finish()?)
}

/// `leaktrail merge`
pub fn merge(asked: &Merge) -> anyhow::Result<Exit> {
    let is_target = |path: &&PathBuf| same(path, &asked.output);
    if let Some(path) = asked.stores.iter().find(is_target) {
        return Err(anyhow!(
            "`{}` is both to be read and to be written\nhint: what the output holds already stays; name only the others",
            path.display()
        ));
    }
    let stores: Result<Vec<Store>, _> = asked.stores.iter().map(|path| Store::open(path)).collect();
    let stores = stores?;
    let mut into = Store::open_to_write(&asked.output)?;
    let joined = store::merge(&stores, &mut into)?;
    if !asked.quiet {
        talk::note(&format!(
            "evidence store `{}`: {} files; {} were in several stores, {} of them in different versions, of which the last one counts",
            asked.output.display(),
            joined.source_files,
            joined.alike + joined.changed,
            joined.changed
        ));
        if let Some(parts) = into.parts() {
            talk::note(&format!("note: {}", parts_line(&parts)));
        }
    }
    Ok(Exit::Done)
}

fn same(one: &Path, other: &Path) -> bool {
    let found = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    found(one) == found(other)
}
