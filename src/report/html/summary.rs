//! What stands at the top of the page: what was found, and how well the evidence carries it?

use super::super::lines;
use super::super::story::{audience, lasting, shown};
use super::super::words::{bytes, count, grouped};
use crate::analysis::{Analysis, Totals};
use crate::timeline::Exposure;

/// One number of the page's top.
pub(super) struct Tile {
    /// Its name for programs.
    pub name: &'static str,
    pub label: &'static str,
    /// The number itself.
    pub value: u64,
    /// The number as it is read.
    pub shown: String,
    pub note: String,
    /// Whether it is bad news.
    pub alarm: bool,
}

/// The first and the last instant of the evidence.
pub(super) fn evidence(analysis: &Analysis) -> (String, String) {
    match analysis.evidence {
        Some((first, last)) => (first.to_string(), last.to_string()),
        None => ("no record".to_owned(), "no record".to_owned()),
    }
}

/// Two sentences after the headline: the worst of what was found, and who came in.
pub(super) fn sentences(analysis: &Analysis) -> Vec<String> {
    let parts = lines::parts(analysis);
    let parts =
        parts.map(|parts| format!("Note: {parts}. What the rest tells is not in this report."));
    parts.into_iter().chain(found(analysis)).collect()
}

fn found(analysis: &Analysis) -> Vec<String> {
    let totals = analysis.totals();
    let Some(worst) = &totals.worst else {
        return vec![match analysis.evidence {
            Some(_) if analysis.ends_before().is_some() => {
                "What was open at the end of the evidence is not known to be open later.".to_owned()
            }
            Some(_) => "Nobody from outside could get into any bucket at any time that the evidence decides.".to_owned(),
            None => "No record was read, so nothing can be said.".to_owned(),
        }];
    };
    let beyond = lines::beyond(analysis);
    let told = [told_of(worst), came_in(&totals)];
    told.into_iter().chain(beyond).collect()
}

fn told_of(row: &Exposure) -> String {
    let (bucket, who, since, lasted) = (&row.bucket, audience(row), row.opened_at, lasting(row));
    let which = match row.is_open() {
        true => "The one open longest",
        false => "The longest",
    };
    let by = match row.opener() {
        Some(cause) => format!(
            "opened by {} with {}",
            shown(&cause.event.actor.name),
            cause.event.name
        ),
        None => "who opened it was not seen".to_owned(),
    };
    format!("{which} is {bucket}: to {who} since {since}, {lasted}; {by}.")
}

fn came_in(totals: &Totals) -> String {
    let all = totals.exposures().all();
    let unseen = match totals.unlogged {
        0 => String::new(),
        _ => format!(
            "; in {} nobody could have been seen, for the trail recorded no data events",
            grouped(totals.unlogged)
        ),
    };
    match &totals.busiest {
        None => format!(
            "Nobody from outside was seen getting in during any of the {}{unseen}.",
            count(all, "exposure")
        ),
        Some(row) => {
            let (times, of) = (grouped(totals.confirmed), count(all, "exposure"));
            let seen = &row.attendance;
            format!(
                "Somebody from outside got in during {times} of {of}, most to {}: {}, {} sent{unseen}.",
                row.bucket,
                count(seen.requests, "request"),
                bytes(seen.bytes)
            )
        }
    }
}

/// The numbers, each equal to what the tables hold.
pub(super) fn tiles(analysis: &Analysis) -> Vec<Tile> {
    let totals = analysis.totals();
    let (all, open) = (totals.exposures().all(), totals.exposures().open);
    let gaps = analysis.streams.iter().map(|it| it.gaps.len() as u64).sum();
    let tile = |name, label, value: u64, note: String, alarm: bool| Tile {
        name,
        label,
        value,
        shown: grouped(value),
        note,
        alarm,
    };
    vec![
        tile(
            "open",
            "still open",
            open,
            "at the end of the evidence".to_owned(),
            open > 0,
        ),
        tile(
            "exposures",
            "exposures",
            all,
            format!("of {}", count(totals.exposed, "bucket")),
            false,
        ),
        tile(
            "confirmed",
            "came in",
            totals.confirmed,
            format!("{} without data events", grouped(totals.unlogged)),
            false,
        ),
        tile(
            "proven",
            "proven by events",
            totals.proven,
            format!("{} rest on assumptions", grouped(all - totals.proven)),
            false,
        ),
        tile("changes", "changes", totals.changes, String::new(), false),
        tile(
            "contradictions",
            "contradictions",
            totals.contradictions,
            String::new(),
            totals.contradictions > 0,
        ),
        tile(
            "losses",
            "losses",
            analysis.losses.len() as u64,
            "parts that could not be read".to_owned(),
            !analysis.losses.is_empty(),
        ),
        tile(
            "gaps",
            "gaps",
            gaps,
            "times without evidence".to_owned(),
            gaps > 0,
        ),
    ]
}
