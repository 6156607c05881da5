//! What else should a responder know? Undecided buckets, silenced grants, failed calls, contradictions, losses.

use super::super::lines::{contradiction, is_unknown, loss, named, undecided};
use super::super::story::shown;
use super::super::words::{self, count, first_few, grouped};
use super::page::{Ink, Page};
use crate::analysis::Analysis;
use crate::evidence::Fate;
use crate::timeline::{ChangeRow, Effect, Timeline};
use crate::vocab::{SkipReason, Untrusted};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// So many names stand in one sentence,
const MOST_NAMES: usize = 8;
/// so many lines in one list,
const MOST_LINES: usize = 20;
/// and so many ids in one of them.
const MOST_IDS: usize = 4;

/// Every section that has something to say.
pub(super) fn write(page: &mut Page, analysis: &Analysis) {
    write_undecided(page, analysis);
    write_latent(page, analysis);
    write_failed(page, analysis);
    write_contradictions(page, analysis);
    write_losses(page, analysis);
    write_skipped(page, analysis);
}

/// How much of each there is, in one line each.
pub(super) fn write_short(page: &mut Page, analysis: &Analysis) {
    let totals = analysis.totals();
    let told = [
        (totals.exposures().closed, "closed exposures"),
        (totals.undecided, "undecided buckets"),
        (
            totals.latent,
            "buckets that only a block keeps from being public",
        ),
        (totals.failed, "failed calls"),
        (totals.contradictions, "contradictions"),
        (analysis.losses.len() as u64, "parts that could not be read"),
    ];
    let mut told = told.iter().filter(|(number, _)| *number > 0).peekable();
    if told.peek().is_some() {
        page.heading("Besides", Ink::Strong);
    }
    for (number, nouns) in told {
        page.element(&format!("{nouns}: {}", grouped(*number)));
    }
}

/// The buckets whose last word is a public grant that only a block silences.
pub(in crate::report) fn latent(analysis: &Analysis) -> Vec<String> {
    named(analysis.latent())
}

fn write_undecided(page: &mut Page, analysis: &Analysis) {
    let all = undecided(analysis);
    if all.is_empty() {
        return;
    }
    let heading = format!(
        "Undecided ({})",
        count(analysis.totals().undecided, "bucket")
    );
    page.heading(&heading, Ink::Strong);
    page.text("The evidence does not decide who could get in:");
    let is_last = |timeline: &&Timeline| timeline.intervals.last().is_some_and(is_unknown);
    let at_end = named(analysis.lasting().filter(is_last));
    let before: Vec<String> = all
        .into_iter()
        .filter(|name| !at_end.contains(name))
        .collect();
    for (when, names) in [("up to its end", at_end), ("for some of the time", before)] {
        if !names.is_empty() {
            page.element(&format!("{when}: {}", first_few(&names, MOST_NAMES)));
        }
    }
}

fn write_latent(page: &mut Page, analysis: &Analysis) {
    let latent = latent(analysis);
    if latent.is_empty() {
        return;
    }
    let all = count(analysis.totals().latent, "bucket");
    let heading = format!("Public but for a block ({all})");
    page.heading(&heading, Ink::Strong);
    page.text("A public grant is stored, and only a public access block silences it:");
    page.element(&first_few(&latent, MOST_NAMES));
}

fn failed(analysis: &Analysis) -> impl Iterator<Item = &ChangeRow> {
    let changes = analysis.changes.iter();
    changes.filter(|row| row.effect == Effect::Attempted)
}

fn write_failed(page: &mut Page, analysis: &Analysis) {
    let mut alike = BTreeMap::<_, Vec<&ChangeRow>>::new();
    for row in failed(analysis) {
        alike.entry(likeness(row)).or_default().push(row);
    }
    if alike.is_empty() {
        return;
    }
    let mut groups: Vec<_> = alike.into_values().collect();
    groups.sort_by_key(|rows| Reverse(rows.len()));
    let heading = format!("Failed calls ({})", analysis.totals().failed);
    page.heading(&heading, Ink::Strong);
    page.text("They changed nothing, but somebody tried:");
    page.elements(
        groups.iter().filter_map(|rows| attempt(rows)),
        MOST_LINES,
        "changes",
    );
}

/// Calls that are told together: of one actor, of one name, with one error.
fn likeness(row: &ChangeRow) -> (&Untrusted, &'static str, Option<&Untrusted>) {
    let event = &row.event.event;
    (&event.actor.name, event.name, event.outcome.error_code())
}

fn attempt(rows: &[&ChangeRow]) -> Option<String> {
    let first = rows.first()?;
    let event = &first.event.event;
    let buckets: BTreeSet<_> = rows
        .iter()
        .filter_map(|row| row.event.event.bucket.as_ref())
        .map(|bucket| bucket.to_string())
        .collect();
    let on = match buckets.is_empty() {
        true => "an account".to_owned(),
        false => first_few(&Vec::from_iter(buckets), MOST_IDS),
    };
    let error = event.outcome.error_code().map(shown).unwrap_or_default();
    let times = match rows.len() {
        1 => format!("at {}", event.time),
        number => format!("{} times from {}", grouped(number as u64), event.time),
    };
    let who = shown(&event.actor.name);
    Some(format!(
        "{} on {on}, {times}: {error}, by {who} from {}",
        event.name,
        shown(&event.actor.source_ip)
    ))
}

fn write_contradictions(page: &mut Page, analysis: &Analysis) {
    let rows = &analysis.contradictions;
    if rows.is_empty() {
        return;
    }
    let all = analysis.totals().contradictions;
    page.heading(&format!("Contradictions ({all})"), Ink::Strong);
    page.text("Here the evidence cannot be the whole truth:");
    page.elements(rows.iter().map(contradiction), MOST_LINES, "contradictions");
}

fn write_losses(page: &mut Page, analysis: &Analysis) {
    let rows = &analysis.losses;
    if rows.is_empty() {
        return;
    }
    page.heading(&format!("Could not be read ({})", rows.len()), Ink::Strong);
    page.elements(rows.iter().map(loss), MOST_LINES, "losses");
}

fn write_skipped(page: &mut Page, analysis: &Analysis) {
    let mut reasons = BTreeMap::<SkipReason, u64>::new();
    for file in analysis.files.values() {
        if let Fate::Skipped(reason) = file.fate {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    if reasons.is_empty() {
        return;
    }
    let total = reasons.values().sum();
    page.heading(&format!("Skipped ({})", grouped(total)), Ink::Strong);
    for (reason, number) in reasons {
        page.element(&format!("{}: {}", words::skipped(reason), grouped(number)));
    }
}
