//! `leaktrail scan`: when was each bucket public?

use crate::cli::{Color, Files, Judging, Output, Rows, Running, Scan};
use crate::exit::Exit;
use crate::progress::Bar;
use crate::store_cli::{FailOn, Summary, Telling};
use crate::{store, talk, verify};
use leaktrail::analysis::{Analysis, Selection, Strictness};
use leaktrail::pipeline::{self, Options, Way};
use leaktrail::report::terminal::{self, Style};
use leaktrail::report::{self, Custody, Folder, Format, Invocation, Overwrite, SpilledTables};
use leaktrail::timeline::Settings;
use leaktrail::vocab::Loss;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

pub fn run(asked: &Scan) -> anyhow::Result<Exit> {
    let folder = open(&asked.output)?;
    let store = asked.keeping.store.as_deref();
    let store = store.map(|path| store::open(path, &asked.sources));
    let store = store.transpose()?;
    let bar = Bar::new(asked.running.quiet);
    let options = read_options(&asked.rows, &asked.files, &asked.running);
    let options = verify::checked(judged(options, &asked.judging), &asked.checking)?;
    let source = asked.running.sources(&asked.sources, &options.choice)?;
    let outcome = Outcome {
        formats: &asked.output.format,
        invocation: invocation(&asked.sources, asked.checking.custody()),
        folder,
        telling: &asked.telling,
        quiet: asked.running.quiet,
        verbose: asked.running.verbose,
    };
    #[cfg(feature = "cluster")]
    if let Some(cluster) = &asked.clustering.cluster {
        return crate::cluster::scan((cluster, &source), store, options, asked, &bar, outcome);
    }
    match store {
        Some(store) => store::scan(&source, store, options, asked, &bar, outcome),
        None => {
            let scanned = pipeline::scan(&source, &options, &bar);
            bar.finish();
            outcome.tell(&scanned?)
        }
    }
}

/// Where and how a run tells what it found.
pub struct Outcome<'o> {
    pub formats: &'o [Format],
    pub invocation: Invocation,
    pub folder: Option<Folder>,
    pub telling: &'o Telling,
    pub quiet: bool,
    pub verbose: bool,
}

impl Outcome<'_> {
    /// Writes the report, and says how the run ends.
    pub fn tell(self, analysis: &Analysis) -> anyhow::Result<Exit> {
        self.tell_all(analysis, None)
    }

    /// The same, with rows that are too many to be held.
    pub fn tell_all(
        self,
        analysis: &Analysis,
        rows: Option<SpilledTables>,
    ) -> anyhow::Result<Exit> {
        let (exit, style) = (self.exit(analysis), style(self.telling.color));
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let wrote = self.folder.is_some();
        if let Some(folder) = self.folder {
            let (formats, invocation) = (formats(self.formats), &self.invocation);
            match rows {
                None => report::write_all(analysis, &formats, invocation, folder)?,
                Some(rows) => report::write_spilled(analysis, &rows, &formats, invocation, folder)?,
            };
        }
        match self.telling.summary {
            Some(Summary::Json) => report::write_line(analysis, exit as u8, &mut out)?,
            None if !wrote => terminal::write(analysis, &style, &mut out)?,
            None if !self.quiet => terminal::write_summary(analysis, &style, &mut out)?,
            None => {}
        }
        out.flush()?;
        warn(analysis);
        name_losses(self.verbose, &analysis.losses);
        Ok(exit)
    }

    fn exit(&self, analysis: &Analysis) -> Exit {
        let exposures = analysis.totals().exposures();
        let found = match self.telling.fail_on {
            None => false,
            Some(FailOn::Any) => exposures.all() > 0,
            Some(FailOn::Open) => exposures.open > 0,
        };
        exit(analysis).or(if found { Exit::Found } else { Exit::Done })
    }
}

/// The folder that takes the report, if one is to be written.
pub fn open(output: &Output) -> anyhow::Result<Option<Folder>> {
    let overwrite = match output.force {
        true => Overwrite::Replace,
        false => Overwrite::Refuse,
    };
    let folder = output.folder.as_deref();
    let folder = folder.map(|path| Folder::open(path, overwrite));
    Ok(folder.transpose()?)
}

/// How a run ends that has a report.
pub fn exit(analysis: &Analysis) -> Exit {
    if analysis.losses.is_empty() {
        Exit::Done
    } else {
        Exit::Incomplete
    }
}

/// How sources are read and which rows are shown, as any subcommand is told it.
pub fn read_options(rows: &Rows, files: &Files, running: &Running) -> Options {
    Options {
        threads: running.threads,
        max_inflated: running.max_inflated,
        choice: files.choice(),
        way: match running.slow_path {
            true => Way::Slow,
            false => Way::Fast,
        },
        ..row_options(rows)
    }
}

/// Which rows are shown.
pub fn row_options(rows: &Rows) -> Options {
    Options {
        settings: Settings {
            until: rows.to,
            ..Settings::default()
        },
        selection: Selection {
            from: rows.from,
            to: rows.to,
            accounts: rows.account.clone(),
            regions: rows.region.clone(),
            buckets: rows.bucket.clone(),
        },
        ..Options::default()
    }
}

/// The same, judged as asked.
pub fn judged(options: Options, asked: &Judging) -> Options {
    Options {
        known_state: asked.known_state.clone().zip(asked.at),
        strictness: match asked.strict {
            true => Strictness::Strict,
            false => Strictness::Lenient,
        },
        settings: Settings {
            trusted_accounts: asked.trusted_account.iter().cloned().collect(),
            trusted_organizations: asked.trusted_organization.iter().cloned().collect(),
            ..options.settings
        },
        ..options
    }
}

/// The formats asked for; without a choice, all but what is for one other program only.
pub fn formats(asked: &[Format]) -> Vec<Format> {
    match asked {
        [] => Format::DEFAULT.to_vec(),
        asked => asked.to_vec(),
    }
}

/// What run.json says of the call.
pub fn invocation(sources: &[PathBuf], custody: Custody) -> Invocation {
    Invocation {
        command: std::env::args_os()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        sources: sources
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect(),
        custody,
    }
}

fn style(color: Color) -> Style {
    let terminal = std::io::stdout().is_terminal();
    let wanted = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let color = match color {
        Color::Auto => wanted,
        Color::Always => true,
        Color::Never => false,
    };
    Style {
        color,
        width: width(),
    }
}

/// The width that `COLUMNS` asks for, else the terminal's own, else 100 columns.
fn width() -> u16 {
    let asked = std::env::var("COLUMNS").ok();
    let asked = asked.and_then(|text| text.parse().ok());
    let own = || console::Term::stdout().size_checked();
    asked
        .or_else(|| own().map(|(_, columns)| columns))
        .filter(|width| (40..=400).contains(width))
        .unwrap_or(100)
}

/// Says on stderr that no log file was read, or none of the time asked for. It is said quietly too: that looks like a clean answer.
pub fn warn(analysis: &Analysis) {
    if let Some(told) = report::ends_before_line(analysis) {
        talk::note(&format!("warning: {told}"));
    }
    if let Some(found) = analysis.no_log() {
        talk::note(&format!("warning: {}", report::no_log_line(&found)));
    }
}

/// Names each loss on stderr, where that is asked for.
pub fn name_losses(verbose: bool, losses: &[Loss]) {
    if verbose {
        losses
            .iter()
            .for_each(|loss| talk::note(&report::loss_line(loss)));
    }
}
