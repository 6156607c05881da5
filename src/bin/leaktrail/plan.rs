//! `leaktrail plan`: what would close what is still open? Commands to read; none is run.

use crate::cli::{Answer, Plan};
use crate::exit::Exit;
use crate::progress::Bar;
use crate::scan;
use leaktrail::analysis::plan;
use leaktrail::pipeline;
use leaktrail::report::plan as told;
use std::io::Write;

pub fn run(asked: &Plan) -> anyhow::Result<Exit> {
    let bar = Bar::new(asked.running.quiet);
    let options = scan::read_options(&asked.rows, &asked.files, &asked.running);
    let options = scan::judged(options, &asked.judging);
    let source = asked.running.sources(&asked.sources, &options.choice)?;
    let scanned = pipeline::scan(&source, &options, &bar);
    bar.finish();
    let analysis = scanned?;
    let remedies = plan(&analysis);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match asked.format {
        Answer::Text => told::write_text(&remedies, &analysis, &mut out)?,
        Answer::Json => told::write_json(&remedies, &mut out)?,
    }
    out.flush()?;
    scan::warn(&analysis);
    scan::name_losses(asked.running.verbose, &analysis.losses);
    Ok(scan::exit(&analysis))
}
