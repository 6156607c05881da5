//! What stands at the top of the page: what was found, and how well the evidence carries it?

use super::super::story::{audience, lasting, shown};
use super::super::terminal::{buckets, sorted};
use super::super::words::{bytes, count, grouped};
use crate::analysis::Analysis;
use crate::exposure::Certainty;
use crate::timeline::Exposure;

/// One number of the page's top.
pub(super) struct Tile {
    /// Its name for programs.
    pub name: &'static str,
    pub label: &'static str,
    /// The number itself.
    pub value: usize,
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
    let open = sorted(analysis, Exposure::is_open);
    let closed = sorted(analysis, |row| !row.is_open());
    let Some(worst) = open.first().or(closed.first()) else {
        return vec![match analysis.evidence {
            Some(_) => "Nobody from outside could get into any bucket at any time that the evidence decides.".to_owned(),
            None => "No record was read, so nothing can be said.".to_owned(),
        }];
    };
    vec![told_of(worst), came_in(analysis)]
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

fn came_in(analysis: &Analysis) -> String {
    let all = analysis.exposures.len();
    let confirmed = analysis.exposures.iter().filter(|row| row.is_confirmed());
    let busiest = confirmed
        .clone()
        .max_by_key(|row| (row.attendance.bytes, row.attendance.requests));
    let unlogged = unlogged(analysis);
    let unseen = match unlogged {
        0 => String::new(),
        _ => format!(
            "; in {} nobody could have been seen, for the trail recorded no data events",
            grouped(unlogged as u64)
        ),
    };
    match busiest {
        None => format!(
            "Nobody from outside was seen getting in during any of the {}{unseen}.",
            count(all, "exposure")
        ),
        Some(row) => {
            let (times, of) = (grouped(confirmed.count() as u64), count(all, "exposure"));
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

fn unlogged(analysis: &Analysis) -> usize {
    let rows = analysis.exposures.iter();
    rows.filter(|row| !row.attendance.logged).count()
}

/// The numbers, each equal to what the tables hold.
pub(super) fn tiles(analysis: &Analysis) -> Vec<Tile> {
    let rows = &analysis.exposures;
    let number = |holds: fn(&Exposure) -> bool| rows.iter().filter(|row| holds(row)).count();
    let open = number(Exposure::is_open);
    let proven = number(|row| row.certainty() == Certainty::Proven);
    let gaps = analysis.streams.iter().map(|it| it.gaps.len()).sum();
    let tile = |name, label, value: usize, note: String, alarm: bool| Tile {
        name,
        label,
        value,
        shown: grouped(value as u64),
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
            rows.len(),
            format!("of {}", count(buckets(rows.iter()), "bucket")),
            false,
        ),
        tile(
            "confirmed",
            "came in",
            number(Exposure::is_confirmed),
            format!("{} without data events", grouped(unlogged(analysis) as u64)),
            false,
        ),
        tile(
            "proven",
            "proven by events",
            proven,
            format!(
                "{} rest on assumptions",
                grouped((rows.len() - proven) as u64)
            ),
            false,
        ),
        tile(
            "changes",
            "changes",
            analysis.changes.len(),
            String::new(),
            false,
        ),
        tile(
            "contradictions",
            "contradictions",
            analysis.contradictions.len(),
            String::new(),
            !analysis.contradictions.is_empty(),
        ),
        tile(
            "losses",
            "losses",
            analysis.losses.len(),
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
