//! How are the lanes drawn with letters? A line of blocks for each bucket, under it how many came in, above them the time.
//!
//! A letter is the worst verdict of its time, so that nothing short goes unseen. Each verdict has a letter of its own;
//! colours only add.

use super::super::lanes::{Lane, Picture};
use super::super::lines;
use super::page::{Ink, Page};
use crate::analysis::Analysis;
use crate::exposure::Verdict;
use crate::vocab::{Span, Timestamp};

/// So many lanes are drawn.
const MOST_LANES: usize = 20;
/// So many columns the names have at most.
const MOST_NAMES: usize = 26;
/// How many columns the names have, and the time.
#[derive(Clone, Copy)]
struct Setting {
    names: usize,
    columns: usize,
}

/// Letters for how many came in, from few to many.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The picture; nothing where there is no lane.
pub(super) fn write(page: &mut Page, analysis: &Analysis) {
    let picture = Picture::of(analysis);
    if picture.lanes.is_empty() {
        return;
    }
    let names = MOST_NAMES.min(page.full_width() / 3);
    let setting = Setting {
        names,
        columns: page.full_width().saturating_sub(names + 3).max(10),
    };
    page.blank();
    write_axis(page, &picture, setting);
    for lane in picture.lanes.iter().take(MOST_LANES) {
        write_lane(page, &picture, lane, setting);
    }
    let left = picture
        .all
        .saturating_sub(MOST_LANES.min(picture.lanes.len()) as u64);
    if left > 0 {
        page.element(&format!("and {left} more: see the table timeline"));
    }
    page.blank();
    page.text(
        "█ public  ▓ cross-account  ▒ limited  ? unknown  · private  ╌ latent  ╱ no evidence  ▁▃▇ came in",
    );
    if let Some(told) = lines::unexposed(analysis) {
        page.text(&told);
    }
}

fn write_axis(page: &mut Page, picture: &Picture<'_>, Setting { names, columns }: Setting) {
    let (from, until) = (minute(picture.span.from), minute(picture.span.until));
    let room = columns.saturating_sub(from.len() + until.len());
    let axis = match room {
        0..2 => from,
        room => format!("{from}{:room$}{until}", ""),
    };
    page.parts(&[
        (format!("  {:names$} ", ""), None),
        (axis, Some(Ink::Faint)),
    ]);
}

/// An instant, to the minute.
fn minute(at: Timestamp) -> String {
    let text = at.to_string().replace('T', " ");
    text.get(..16).unwrap_or(&text).to_owned()
}

fn write_lane(
    page: &mut Page,
    picture: &Picture<'_>,
    lane: &Lane<'_>,
    Setting { names, columns }: Setting,
) {
    let mut parts = vec![(format!("  {:names$} ", name(lane.bucket, names)), None)];
    for column in 0..columns {
        let (letter, ink) = drawn(letter(lane, cell(picture, column, columns)));
        match parts.last_mut().filter(|(_, last)| *last == ink) {
            Some((text, _)) => text.push(letter),
            None => parts.push((letter.to_string(), ink)),
        }
    }
    page.parts(&parts);
    let came = visitors(picture, lane, columns);
    if came.iter().any(|number| *number > 0) {
        let bars = bars(&came);
        page.parts(&[(format!("  {:names$} {bars}", ""), None)]);
    }
}

/// A name in its column; of a long one the beginning and the end.
fn name(bucket: &str, names: usize) -> String {
    let letters: Vec<char> = bucket.chars().collect();
    let (begin, end) = (names / 2, names - names / 2 - 1);
    match (letters.get(..begin), letters.len().checked_sub(end)) {
        (Some(first), Some(at)) if letters.len() > names => first
            .iter()
            .chain(&['…'])
            .chain(letters.get(at..).unwrap_or_default())
            .collect(),
        _ => bucket.to_owned(),
    }
}

/// The time of one column: half-open, and never empty.
fn cell(picture: &Picture<'_>, column: usize, columns: usize) -> Span {
    let length = i128::from(picture.span.seconds());
    let at = |column: usize| {
        let along = length.saturating_mul(column as i128) / (columns.max(1) as i128);
        picture
            .span
            .from
            .plus(i64::try_from(along).unwrap_or(i64::MAX))
    };
    let (from, until) = (at(column), at(column + 1));
    Span {
        from,
        until: until.max(from.plus(1)),
    }
}

/// The worst that holds at any time of a cell; where nothing is told of it, whether evidence is missing.
fn letter(lane: &Lane<'_>, cell: Span) -> Told {
    let exposed = lane.exposures.iter().filter(|row| {
        let end = lane.end(row);
        let ends_before = end <= cell.from && !(end == row.opened_at && end == cell.from);
        row.opened_at < cell.until && !ends_before
    });
    let exposed = exposed.map(|row| lane.verdict(row));
    let stretches = lane.stretches.iter().filter(|it| meet(it.span, cell));
    let latent = stretches.clone().any(|it| it.latent);
    let stretches = stretches.map(|it| it.verdict);
    let worst = stretches
        .chain(exposed)
        .min_by_key(|verdict| rank(*verdict));
    let uncovered = lane.gaps.iter().any(|gap| meet(*gap, cell));
    match worst {
        Some(Verdict::Private) | None if uncovered => Told::NoEvidence,
        Some(Verdict::Private) if latent => Told::Latent,
        Some(verdict) => Told::Verdict(verdict),
        None => Told::Nothing,
    }
}

fn meet(one: Span, other: Span) -> bool {
    one.from < other.until && other.from < one.until
}

/// What is worse comes first.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Public => 0,
        Verdict::CrossAccount => 1,
        Verdict::Limited => 2,
        Verdict::Unknown => 3,
        Verdict::Private => 4,
    }
}

/// What is told of one cell.
enum Told {
    Verdict(Verdict),
    Latent,
    NoEvidence,
    Nothing,
}

fn drawn(told: Told) -> (char, Option<Ink>) {
    match told {
        Told::Verdict(Verdict::Public) => ('█', Some(Ink::Alarm)),
        Told::Verdict(Verdict::CrossAccount) => ('▓', Some(Ink::Warning)),
        Told::Verdict(Verdict::Limited) => ('▒', Some(Ink::Calm)),
        Told::Verdict(Verdict::Unknown) => ('?', None),
        Told::Verdict(Verdict::Private) => ('·', Some(Ink::Faint)),
        Told::Latent => ('╌', Some(Ink::Warning)),
        Told::NoEvidence => ('╱', Some(Ink::Faint)),
        Told::Nothing => (' ', None),
    }
}

/// How many requests from outside succeeded in each column; one that spans several counts in the first.
fn visitors(picture: &Picture<'_>, lane: &Lane<'_>, columns: usize) -> Vec<u64> {
    let mut came = vec![0_u64; columns];
    for row in &lane.exposures {
        for (span, count) in row.attendance.density.stretches() {
            let inside = span.until > picture.span.from && span.from <= picture.span.until;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "from 0 to the number of columns"
            )]
            let column = (picture.place(span.from) * columns as f64) as usize;
            let column = column.min(columns.saturating_sub(1));
            if let Some(number) = came.get_mut(column).filter(|_| inside) {
                *number = number.saturating_add(count);
            }
        }
    }
    came
}

/// A bar for each number, by its binary logarithm: one request is seen beside a million.
fn bars(numbers: &[u64]) -> String {
    let most = numbers.iter().copied().max().unwrap_or(0);
    let scale = u64::from(most.checked_ilog2().unwrap_or(0)).max(1);
    let bar = |number: &u64| match number.checked_ilog2() {
        None => ' ',
        Some(log) => {
            let level = u64::from(log) * 7 / scale;
            let level = usize::try_from(level).unwrap_or(0);
            LEVELS.get(level).copied().unwrap_or('█')
        }
    };
    numbers.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::{attacked, sample};
    use super::super::Style;
    use super::*;

    fn drawn(analysis: &Analysis, width: u16) -> String {
        let style = Style {
            color: false,
            width,
        };
        let mut page = Page::new(style);
        write(&mut page, analysis);
        let mut out = Vec::new();
        page.print(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lanes_fit_the_width() {
        insta::assert_snapshot!(drawn(&sample(), 72), @r"
                                   2024-01-01 00:00             2024-01-11 10:00
          amzn-s3-demo-logs        █████████████████████████████████████████████
                                   █
          amzn-s3-demo-assets      ▓
          amzn-s3-demo-old         ?????????????????????????????????????????????

        █ public  ▓ cross-account  ▒ limited  ? unknown  · private  ╌ latent  ╱
        no evidence  ▁▃▇ came in
        1 of 3 lanes is of a bucket without an exposure: limited to fixed
        networks, sources or services, or unknown.
        ");
        for width in [40, 72, 100, 160, 400] {
            let text = drawn(&sample(), width);
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(usize::from(width)), "{width}:\n{text}");
        }
    }

    #[test]
    fn an_exposure_of_a_moment_is_seen() {
        let mut analysis = sample();
        for row in &mut analysis.exposures {
            row.closed_at = Some(row.opened_at);
        }
        for timeline in &mut analysis.timelines {
            timeline
                .intervals
                .iter_mut()
                .for_each(|it| it.verdict = Verdict::Private);
        }
        let text = drawn(&analysis, 100);
        let lanes: Vec<&str> = text.lines().filter(|line| line.contains("amzn")).collect();
        assert!(
            lanes.iter().any(|line| line.matches('█').count() == 1),
            "{text}"
        );
        assert!(
            lanes.iter().any(|line| line.matches('▓').count() == 1),
            "{text}"
        );
    }

    #[test]
    fn attacks_do_not_reach_the_picture() {
        let text = drawn(&attacked(), 100);
        assert!(!text.contains('\u{1b}') && !text.contains('<'), "{text}");
    }

    #[test]
    fn few_are_seen_beside_many() {
        assert_eq!(bars(&[0, 1, 1000, 1 << 40]), " ▁▂█");
        assert_eq!(bars(&[1]), "▁");
    }
}
