//! `leaktrail scan`: when was each bucket public?

use crate::cli::{Color, Rows, Running, Scan};
use crate::exit::Exit;
use crate::progress::Bar;
use crate::talk;
use leaktrail::analysis::{Analysis, Selection, Strictness};
use leaktrail::pipeline::{self, Options};
use leaktrail::report::terminal::{self, Style};
use leaktrail::report::{self, Folder, Format, Invocation, Overwrite};
use leaktrail::source::DirSource;
use leaktrail::timeline::Settings;
use leaktrail::vocab::Loss;
use std::io::{IsTerminal, Write};

pub fn run(asked: &Scan) -> anyhow::Result<Exit> {
    let overwrite = if asked.force {
        Overwrite::Replace
    } else {
        Overwrite::Refuse
    };
    let folder = asked
        .output
        .as_deref()
        .map(|path| Folder::open(path, overwrite))
        .transpose()?;
    let bar = Bar::new(asked.running.quiet);
    let scanned = pipeline::scan(
        &DirSource::new(asked.sources.clone()),
        &options(asked),
        &bar,
    );
    bar.finish();
    let analysis = scanned?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match folder {
        None => terminal::write(&analysis, &style(asked), &mut out)?,
        Some(folder) => {
            report::write_all(&analysis, &formats(asked), &invocation(asked), folder)?;
            if !asked.running.quiet {
                terminal::write_summary(&analysis, &style(asked), &mut out)?;
            }
        }
    }
    out.flush()?;
    name_losses(&asked.running, &analysis.losses);
    Ok(exit(&analysis))
}

fn exit(analysis: &Analysis) -> Exit {
    if analysis.losses.is_empty() {
        Exit::Done
    } else {
        Exit::Incomplete
    }
}

fn options(asked: &Scan) -> Options {
    let Rows {
        from,
        to,
        account,
        region,
        bucket,
    } = &asked.rows;
    Options {
        threads: asked.running.threads,
        max_inflated: asked.running.max_inflated,
        known_state: asked.judging.known_state.clone().zip(asked.judging.at),
        strictness: match asked.judging.strict {
            true => Strictness::Strict,
            false => Strictness::Lenient,
        },
        settings: Settings {
            until: *to,
            trusted_accounts: asked.judging.trusted_account.iter().cloned().collect(),
            trusted_organizations: asked.judging.trusted_organization.iter().cloned().collect(),
        },
        selection: Selection {
            from: *from,
            to: *to,
            accounts: account.clone(),
            regions: region.clone(),
            buckets: bucket.clone(),
        },
        choice: asked.files.choice(),
    }
}

/// The formats asked for; without a choice, all that are built.
fn formats(asked: &Scan) -> Vec<Format> {
    if asked.format.is_empty() {
        Format::ALL.to_vec()
    } else {
        asked.format.clone()
    }
}

/// What run.json says of the call.
fn invocation(asked: &Scan) -> Invocation {
    Invocation {
        command: std::env::args_os()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        sources: asked
            .sources
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect(),
    }
}

fn style(asked: &Scan) -> Style {
    let terminal = std::io::stdout().is_terminal();
    let wanted = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let color = match asked.color {
        Color::Auto => wanted,
        Color::Always => true,
        Color::Never => false,
    };
    Style {
        color,
        width: width(),
    }
}

/// The terminal's width as the shell tells it, else 100 columns.
fn width() -> u16 {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|width| (40..=400).contains(width))
        .unwrap_or(100)
}

/// Names each loss on stderr, where that is asked for.
pub fn name_losses(running: &Running, losses: &[Loss]) {
    if running.verbose {
        losses
            .iter()
            .for_each(|loss| talk::note(&report::loss_line(loss)));
    }
}
