//! How is a plan told? As a shell script whose every line but the commands is a comment, or as JSON.

use super::{escape, lines};
use crate::analysis::{Analysis, Remedy, Step};
use serde::Serialize;
use std::io::{self, Write};

/// Writes a plan as text. The commands are there to be read first: this program runs none of them.
///
/// # Errors
/// If the output takes no more.
pub fn write_text(plan: &[Remedy], analysis: &Analysis, out: &mut dyn Write) -> io::Result<()> {
    let no_log = analysis.no_log().map(|found| lines::no_log_line(&found));
    let why = no_log.or_else(|| lines::ends_before(analysis));
    if let (true, Some(why)) = (plan.is_empty(), why) {
        return writeln!(out, "# {why}; of nothing can be said whether it is open");
    }
    if plan.is_empty() {
        return writeln!(
            out,
            "# nothing is known to be open at the end of the evidence"
        );
    }
    writeln!(
        out,
        "# Commands that would close what is open at the end of the evidence. None of them was run.\n\
         # Within a bucket the smallest step comes first; stop at the first that closes enough."
    )?;
    for remedy in plan {
        write_head(remedy, out)?;
        for (number, step) in remedy.steps.iter().enumerate() {
            write_step(number + 1, step, remedy, out)?;
        }
    }
    Ok(())
}

fn write_head(remedy: &Remedy, out: &mut dyn Write) -> io::Result<()> {
    let account = remedy
        .account
        .as_ref()
        .map_or("an unknown account", |id| id.as_str());
    let open_to: Vec<String> = remedy.open_to.iter().map(escape::terminal).collect();
    let mechanisms: Vec<&str> = remedy.mechanisms.iter().map(|one| one.name()).collect();
    match &remedy.bucket {
        Some(bucket) => writeln!(out, "\n# == {bucket}, account {account}")?,
        None => writeln!(out, "\n# == every bucket of account {account}")?,
    }
    writeln!(
        out,
        "#    open to {} through {}; exposures {}",
        open_to.join(", "),
        mechanisms.join(", "),
        remedy.exposures.join(", ")
    )
}

fn write_step(number: usize, step: &Step, remedy: &Remedy, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# {number}. {}", comes_to(step, remedy))?;
    writeln!(out, "#    changes: {}", step.changes)?;
    writeln!(out, "#    undo: {}", step.undo)?;
    writeln!(out, "{}", step.command)
}

/// What a step comes to.
fn comes_to(step: &Step, remedy: &Remedy) -> String {
    let names: Vec<&str> = step.closes.iter().map(|one| one.name()).collect();
    let closes = (!names.is_empty()).then(|| format!("closes {}", names.join(", ")));
    let ends = match step.ends.len() {
        0 => None,
        all if all == remedy.exposures.len() => Some("ends all".to_owned()),
        _ => Some(format!("ends {}", step.ends.join(", "))),
    };
    let told: Vec<String> = closes.into_iter().chain(ends).collect();
    match told.is_empty() {
        true => "saves only".to_owned(),
        false => told.join("; "),
    }
}

#[derive(Serialize)]
struct RemedyJson<'a> {
    account_id: Option<&'a str>,
    region: Option<&'a str>,
    bucket: Option<&'a str>,
    exposure_ids: &'a [String],
    open_to: Vec<&'a str>,
    mechanisms: Vec<&'static str>,
    steps: Vec<StepJson<'a>>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    commands: Vec<&'a str>,
    closes: Vec<&'static str>,
    ends: &'a [String],
    changes: &'a str,
    undo: &'a str,
}

/// Writes a plan as one JSON array.
///
/// # Errors
/// If the output takes no more.
pub fn write_json(plan: &[Remedy], out: &mut dyn Write) -> io::Result<()> {
    let remedies: Vec<RemedyJson<'_>> = plan.iter().map(json).collect();
    let text = serde_json::to_string_pretty(&remedies)?;
    writeln!(out, "{}", escape::json(&text))
}

fn json(remedy: &Remedy) -> RemedyJson<'_> {
    RemedyJson {
        account_id: remedy.account.as_ref().map(|id| id.as_str()),
        region: remedy.region.as_ref().map(|region| region.as_str()),
        bucket: remedy.bucket.as_ref().map(|bucket| bucket.as_str()),
        exposure_ids: &remedy.exposures,
        open_to: escape::exact_texts(&remedy.open_to),
        mechanisms: remedy.mechanisms.iter().map(|one| one.name()).collect(),
        steps: remedy.steps.iter().map(step_json).collect(),
    }
}

fn step_json(step: &Step) -> StepJson<'_> {
    StepJson {
        commands: step.command.lines().collect(),
        closes: step.closes.iter().map(|one| one.name()).collect(),
        ends: &step.ends,
        changes: &step.changes,
        undo: &step.undo,
    }
}
