//! Which patterns are meant? From the command line, from presets, from files.

use crate::cli::{Patterns, Star};
use crate::exit::{Exit, Misuse};
use crate::talk;
use anyhow::Context;
use leaktrail::pattern::{
    InteriorStar, MetricFilter, PRESETS, Pattern, PatternError, distinguish, preset, read_file,
};
use leaktrail::report::printable;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

/// The filters that are meant, and whether all that were given can be used.
pub struct Meant {
    pub filters: Vec<MetricFilter>,
    pub exit: Exit,
    /// Which of them are presets.
    presets: Range<usize>,
}

impl Meant {
    /// The filters that somebody wrote for himself: their spelling is worth a word, a preset's is not.
    pub fn written(&self) -> impl Iterator<Item = &MetricFilter> {
        let filters = self.filters.iter().enumerate();
        let own = filters.filter(|(at, _)| !self.presets.contains(at));
        own.map(|(_, filter)| filter)
    }

    /// Whether anybody wrote that selector.
    pub fn asks_for(&self, selector: &str) -> bool {
        self.written().any(|filter| {
            let selectors = filter.pattern.selectors();
            selectors.iter().any(|(written, _)| *written == selector)
        })
    }
}

/// Reads all patterns. One that was typed must be right; a bad one in a file among others is named, and the others run.
pub fn read(asked: &Patterns) -> anyhow::Result<Meant> {
    let stars = stars(asked);
    let mut meant = Meant {
        filters: Vec::new(),
        exit: Exit::Done,
        presets: 0..0,
    };
    for text in &asked.pattern {
        let pattern = Pattern::parse(text, stars).map_err(misuse)?;
        meant
            .filters
            .push(MetricFilter::counting("pattern", pattern));
    }
    let first = meant.filters.len();
    for name in &asked.preset {
        meant.filters.push(named(name, stars)?);
    }
    meant.presets = first..meant.filters.len();
    for path in &asked.pattern_file {
        from_file(path, stars, &mut meant)?;
    }
    if meant.filters.is_empty() {
        return Err(Misuse(
            "no pattern\nhint: give `--pattern`, `--preset` or `--pattern-file`; `leaktrail filter --list-presets` tells the presets"
                .to_owned(),
        )
        .into());
    }
    distinguish(&mut meant.filters);
    Ok(meant)
}

/// Says on stderr what is allowed in a pattern, and probably not meant.
pub fn warn(meant: &Meant) {
    for filter in meant.written() {
        for warning in filter.pattern.warnings() {
            let name = printable(&filter.name);
            talk::note(&format!("warning: filter `{name}`, {warning}"));
        }
    }
}

fn stars(asked: &Patterns) -> InteriorStar {
    match asked.interior_star {
        Star::Literal => InteriorStar::Literal,
        Star::Wildcard => InteriorStar::Wildcard,
    }
}

fn named(name: &str, stars: InteriorStar) -> anyhow::Result<MetricFilter> {
    let Some(preset) = preset(name) else {
        let text = format!(
            "no preset is called `{}`\nhint: {}",
            printable(name),
            nearest(name)
        );
        return Err(Misuse(text).into());
    };
    let pattern = Pattern::parse(preset.pattern, stars).map_err(misuse)?;
    Ok(MetricFilter::counting(preset.name, pattern))
}

/// The presets of which the name holds what was typed, or the way to all of them.
fn nearest(typed: &str) -> String {
    let near: Vec<String> = PRESETS
        .iter()
        .filter(|preset| preset.name.contains(typed) && !typed.is_empty())
        .map(|preset| format!("`{}`", preset.name))
        .collect();
    match near.is_empty() {
        true => "`leaktrail filter --list-presets` names them, such as `bucket-policy-change`"
            .to_owned(),
        false => format!("there is {}", near.join(", ")),
    }
}

fn from_file(path: &Path, stars: InteriorStar, meant: &mut Meant) -> anyhow::Result<()> {
    let shown = printable(&path.to_string_lossy());
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{shown}`"))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let text = text.trim_start_matches('\u{feff}');
    let (good, bad) = read_file(text, &name, stars);
    if good.is_empty() {
        let why: Vec<String> = bad.iter().map(ToString::to_string).collect();
        let text = match why.is_empty() {
            true => format!("`{shown}` holds no filter"),
            false => format!("`{shown}`: {}", why.join("\n")),
        };
        return Err(Misuse(text).into());
    }
    for error in bad {
        talk::note(&format!("warning: `{shown}`: {error}"));
        meant.exit = Exit::Incomplete;
    }
    if text.trim().is_empty() {
        talk::note(&format!(
            "warning: `{shown}` is empty: that is the pattern that every record matches"
        ));
    }
    for filter in &good {
        for unapplied in &filter.unapplied {
            talk::note(&format!(
                "warning: `{shown}`: filter `{}`: {unapplied}",
                printable(&filter.name)
            ));
        }
    }
    meant.filters.extend(good);
    Ok(())
}

fn misuse(error: PatternError) -> Misuse {
    Misuse(error.to_string())
}

/// Prints every preset: its name, what it is for, where it comes from, and the pattern.
pub fn list(out: &mut dyn Write) -> std::io::Result<()> {
    for preset in PRESETS {
        writeln!(out, "{}", preset.name)?;
        writeln!(out, "    {}", preset.about)?;
        writeln!(out, "    {}", preset.source)?;
        writeln!(out, "    {}", preset.pattern)?;
    }
    Ok(())
}
