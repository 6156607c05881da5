//! What is said in one line? Contradictions, losses, gaps, verdicts on files: the same words on every page.

use super::limits::day;
use super::story::event_id;
use super::words::{count, first_few, grouped, skipped};
use super::{escape, verification};
use crate::analysis::{Analysis, NoLog, Part, Parts};
use crate::coverage::{CoverageGap, Stream};
use crate::exposure::Verdict;
use crate::timeline::{Contradiction, Interval, Timeline};
use crate::vocab::Loss;
use std::collections::BTreeSet;

/// So many ids or patterns stand in one line,
const MOST_IDS: usize = 4;
/// and so many parts.
const MOST_PARTS: usize = 8;

/// Where the evidence contradicts itself, how, and the events that do.
pub(super) fn contradiction(row: &Contradiction) -> String {
    let place = match (&row.bucket, &row.account) {
        (Some(bucket), _) => bucket.to_string(),
        (None, Some(account)) => format!("account {account}"),
        (None, None) => "an unknown account".to_owned(),
    };
    let ids: Vec<String> = row.causes.iter().map(|cause| event_id(cause)).collect();
    let cited = match ids.is_empty() {
        true => String::new(),
        false => format!(" ({})", first_few(&ids, MOST_IDS)),
    };
    format!("{} {place}: {}{cited}", row.at, row.kind.detail())
}

/// What could not be used, where it stood, and why.
pub(super) fn loss(row: &Loss) -> String {
    let file = escape::terminal(&row.log_file);
    let record = row.record_index.map(|at| format!(", record {at}"));
    let offset = row.offset.map(|at| format!(", at byte {at}"));
    let bytes = row
        .bytes
        .map(|bytes| format!(", {} given up", count(bytes, "byte")));
    let detail = match row.detail.is_empty() {
        true => String::new(),
        false => format!(": {}", escape::terminal(&row.detail)),
    };
    format!(
        "{file}{}{}{detail} ({}{})",
        record.unwrap_or_default(),
        offset.unwrap_or_default(),
        row.kind.name(),
        bytes.unwrap_or_default()
    )
}

/// A stream's name.
pub(super) fn stream(stream: &Stream) -> String {
    let account = stream.account.as_ref().map_or("unknown", |it| it.as_str());
    let region = stream.region.as_ref().map_or("unknown", |it| it.as_str());
    format!("account {account}, {region}, {}", stream.category.name())
}

/// A time without evidence, and what explains it.
pub(super) fn gap(gap: &CoverageGap) -> String {
    let why = gap.explained_by.as_ref();
    let why = why.map_or("unexplained", |it| it.name);
    let (from, until) = (gap.span.from, gap.span.until);
    format!("{from} to {until}, {}, {why}", gap.kind.name())
}

/// How many digests and log files have which verdict.
pub(super) fn integrity(analysis: &Analysis) -> Vec<String> {
    let integrity = &analysis.integrity;
    let digests = integrity.digests.iter().map(|it| it.verdict.name());
    let logs = integrity.logs.values().map(|it| it.verdict.name());
    let missing = match integrity.missing.len() {
        0 => String::new(),
        missing => format!(", {missing} missing"),
    };
    vec![
        format!("digests: {}", verification::counted(digests)),
        format!("log files: {}{missing}", verification::counted(logs)),
        "each by name: `leaktrail verify`, and the tables log_files and changes".to_owned(),
    ]
}

/// What of very many rows is left to the tables; nothing where all are told.
pub(super) fn beyond(analysis: &Analysis) -> Option<String> {
    let beyond = analysis.beyond.as_ref()?;
    let (held, all) = (grouped(beyond.held), grouped(beyond.buckets));
    let large: Vec<String> = beyond.too_large.iter().map(ToString::to_string).collect();
    let large = match large.is_empty() {
        true => String::new(),
        false => format!(
            " Buckets that alone have too many rows to be told of here: {}.",
            large.join(", ")
        ),
    };
    Some(format!(
        "There is too much to tell all of it here: what follows tells of {held} of {all} buckets, those first that are open or were exposed longest. The numbers count everything, and every row stands in the tables.{large}"
    ))
}

/// Of how many lanes the buckets were not exposed; nothing where all were: the numbers at the top do not count them.
pub(super) fn unexposed(analysis: &Analysis) -> Option<String> {
    let totals = analysis.totals();
    let others = totals.told.saturating_sub(totals.exposed);
    let are = if others == 1 {
        "is of a bucket"
    } else {
        "are of buckets"
    };
    let told = format!(
        "{} of {} {are} without an exposure: limited to fixed networks, sources or services, or unknown.",
        grouped(others),
        count(totals.told, "lane")
    );
    (others > 0).then_some(told)
}

/// That no log file was read, and what became of all files.
pub(super) fn no_log_line(found: &NoLog) -> String {
    let reasons = found.skipped.iter();
    let skipped = reasons.map(|(reason, number)| (skipped(*reason), *number));
    let lost = (found.lost > 0).then_some(("could not be read", found.lost));
    let each: Vec<String> = skipped
        .chain(lost)
        .map(|(what, number)| format!("{what}: {}", grouped(number)))
        .collect();
    match each.is_empty() {
        true => "no log file was read: there was no file".to_owned(),
        false => {
            let files = count(found.files(), "file");
            format!("no log file was read, of {files} ({})", each.join("; "))
        }
    }
}

/// What whoever reads a report must know before anything else.
pub(super) fn warnings(analysis: &Analysis) -> Vec<String> {
    let no_log = analysis.no_log();
    no_log
        .iter()
        .map(no_log_line)
        .chain(ends_before(analysis))
        .chain(parts(analysis))
        .collect()
}

/// That all evidence ends before the time that was asked for.
pub(super) fn ends_before(analysis: &Analysis) -> Option<String> {
    let (last, from) = analysis.ends_before()?;
    Some(format!(
        "the evidence ends at {last}, before {from}: of the time that was asked for it tells nothing"
    ))
}

/// That a store holds a part of its sources only, and which.
pub(super) fn parts(analysis: &Analysis) -> Option<String> {
    analysis.parts.as_ref().map(held_parts)
}

/// The same, of these parts.
pub(super) fn held_parts(parts: &Parts) -> String {
    let each: Vec<String> = parts.iter().map(part).collect();
    match each.is_empty() {
        true => "the evidence store holds a part of its sources: no run that filled it has ended"
            .to_owned(),
        false => format!(
            "the evidence store holds a part of its sources: {}",
            first_few(&each, MOST_PARTS)
        ),
    }
}

fn part(part: &Part) -> String {
    let shard = part
        .shard()
        .map(|(index, of)| format!("shard {index} of {of}"));
    let globs = |globs: &mut dyn Iterator<Item = &str>, what: &str| {
        let globs: Vec<String> = globs.map(escape::terminal).collect();
        (!globs.is_empty()).then(|| format!("{what} {}", first_few(&globs, MOST_IDS)))
    };
    let days = match (part.from().map(day), part.to().map(day)) {
        (None, None) => None,
        (Some(from), None) => Some(format!("delivered on {from} or later")),
        (None, Some(to)) => Some(format!("delivered up to {to}")),
        (Some(from), Some(to)) => Some(format!("delivered from {from} to {to}")),
    };
    let told = [
        shard,
        globs(&mut part.include(), "files named like"),
        globs(&mut part.exclude(), "no files named like"),
        days,
    ];
    told.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The buckets with a stretch of time of which the evidence does not decide who could get in.
pub(super) fn undecided(analysis: &Analysis) -> Vec<String> {
    named(analysis.undecided())
}

/// Whether the evidence does not decide an interval.
pub(super) fn is_unknown(interval: &Interval) -> bool {
    interval.verdict == Verdict::Unknown
}

/// The names of some buckets, each once.
pub(super) fn named<'a>(timelines: impl Iterator<Item = &'a Timeline>) -> Vec<String> {
    let names: BTreeSet<_> = timelines
        .map(|timeline| (&timeline.account, &timeline.bucket))
        .collect();
    names.iter().map(|(_, bucket)| bucket.to_string()).collect()
}
