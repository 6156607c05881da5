//! What stands on the page? Every value that the template names.

use super::super::words::{count, grouped};
use super::super::{Format, Invocation, SCHEMA_VERSION, escape, limits, lines, verification};
use super::bound::{List, MOST_LINES, Tables};
use super::picture::{self, LaneView, Tick};
use super::rows::{self, ChangeView, StreamView};
use super::stories::{self, StoryView};
use super::summary::{self, Tile};
use super::{SCRIPT, STYLE, policy};
use crate::analysis::Analysis;
use askama::Template;
use std::collections::BTreeSet;

/// The sections, by their ids.
const SECTIONS: [(&str, &str); 9] = [
    ("picture", "Picture"),
    ("exposures", "Exposures"),
    ("changes", "Changes"),
    ("contradictions", "Contradictions"),
    ("losses", "Losses"),
    ("coverage", "Coverage"),
    ("integrity", "Integrity"),
    ("assumptions", "Assumptions"),
    ("reading", "How to read this"),
];

/// The page. What it holds is shown text: escaped as for a terminal, and for HTML by the template.
#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    sections: [(&'static str, &'static str); 9],
    verdicts: [&'static str; 4],
    headline: String,
    sentences: Vec<String>,
    tiles: Vec<Tile>,
    from: String,
    until: String,
    files: String,
    records: String,
    accounts: BTreeSet<String>,
    axis_from: i64,
    axis_until: i64,
    ticks: Vec<Tick>,
    lanes: Vec<LaneView>,
    picture_notes: Vec<String>,
    exposures: String,
    stories: Vec<StoryView>,
    stories_left: String,
    changes: Vec<ChangeView>,
    changes_all: String,
    changes_left: String,
    contradictions: List,
    losses: List,
    streams: Vec<StreamView>,
    streams_left: String,
    gaps_told: String,
    integrity: Vec<String>,
    limits: Vec<String>,
    ends: Vec<String>,
    version: &'static str,
    schema: u32,
    command: String,
}

impl Page {
    /// The page of an analysis.
    pub fn of(analysis: &Analysis, formats: &[Format], invocation: &Invocation) -> Self {
        let tables = Tables { formats };
        let totals = analysis.totals();
        let all = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let drawn = picture::draw(analysis, tables);
        let changes = rows::changes(analysis);
        let anchors = changes.iter().map(|row| row.id.as_str()).collect();
        let stories = stories::stories(analysis, &anchors);
        let streams = rows::streams(analysis);
        let [(_, _), (_, files), (_, records)] = super::super::terminal::ledger(analysis);
        let (from, until) = summary::evidence(analysis);
        Self {
            policy: policy(),
            style: STYLE,
            script: SCRIPT,
            sections: SECTIONS,
            verdicts: ["public", "cross-account", "limited", "unknown"],
            headline: super::super::terminal::told_first(analysis),
            sentences: summary::sentences(analysis),
            tiles: summary::tiles(analysis),
            from,
            until,
            files: format!("files {files}"),
            records: format!("records {records}"),
            accounts: accounts(&drawn.lanes),
            axis_from: drawn.span.from.unix(),
            axis_until: drawn.span.until.unix(),
            ticks: drawn.ticks,
            lanes: drawn.lanes,
            picture_notes: drawn.notes,
            exposures: grouped(totals.exposures().all()),
            stories_left: tables.left(
                stories.len(),
                all(totals.exposures().all()),
                "exposures",
                "exposures",
            ),
            stories,
            changes_all: grouped(totals.changes),
            changes_left: tables.left(changes.len(), all(totals.changes), "changes", "changes"),
            changes,
            contradictions: List::of(
                all(totals.contradictions),
                analysis.contradictions.iter().map(lines::contradiction),
                tables,
                "contradictions",
            ),
            losses: List::of(
                analysis.losses.len(),
                analysis.losses.iter().map(lines::loss),
                tables,
                "losses",
            ),
            streams_left: rows::streams_left(analysis, tables),
            streams,
            gaps_told: gaps_told(analysis),
            integrity: integrity(analysis),
            limits: limits::lines(analysis),
            ends: ends(analysis),
            version: env!("CARGO_PKG_VERSION"),
            schema: SCHEMA_VERSION,
            command: command(invocation),
        }
    }
}

fn accounts(lanes: &[LaneView]) -> BTreeSet<String> {
    let accounts = lanes.iter().map(|lane| lane.account.clone());
    accounts.filter(|account| !account.is_empty()).collect()
}

fn gaps_told(analysis: &Analysis) -> String {
    match analysis.streams.iter().map(|it| it.gaps.len()).sum() {
        0_usize => "No gap was found.".to_owned(),
        gaps => format!("{} without evidence.", count(gaps, "time")),
    }
}

fn integrity(analysis: &Analysis) -> Vec<String> {
    let integrity = &analysis.integrity;
    match integrity.has_digests() {
        false => vec![
            "No digest is among the files: nothing can be said of whether they are what CloudTrail delivered."
                .to_owned(),
        ],
        true => std::iter::once(verification::headline(integrity))
            .chain(lines::integrity(analysis))
            .collect(),
    }
}

fn ends(analysis: &Analysis) -> Vec<String> {
    let mut ends: Vec<String> = limits::ends(analysis).take(MOST_LINES).collect();
    let left = analysis.coverage.len().saturating_sub(ends.len());
    if left > 0 {
        ends.push(format!("and {left} more: see run.json"));
    }
    ends
}

fn command(invocation: &Invocation) -> String {
    let words = invocation
        .command
        .iter()
        .map(|it| escape::terminal(it.as_str()));
    let words: Vec<String> = std::iter::once("leaktrail".to_owned())
        .chain(words)
        .collect();
    words.join(" ")
}
