//! How are the lanes drawn? Every place is a share of the axis in percent, so that a lane fits any width and can be zoomed.

use super::super::lanes::{Lane, Picture, Stretch};
use super::super::lines;
use super::super::story::{self, lasting, shown};
use super::super::terminal::latent;
use super::super::words::{count, duration, first_few, grouped};
use super::bound::{FEWEST_SHAPES, MOST_LANES, MOST_NAMES, MOST_SHAPES, Tables};
use crate::analysis::Analysis;
use crate::exposure::Verdict;
use crate::timeline::{ClosedHow, Exposure, OpenedHow};
use crate::vocab::{Span, Timestamp};
use std::collections::BTreeSet;

/// Further along the axis a label would not fit.
const LAST_LABEL: f64 = 0.92;

/// The picture as the template takes it.
pub(super) struct Drawn {
    /// What the axis spans.
    pub span: Span,
    /// The marks along it.
    pub ticks: Vec<Tick>,
    /// The lanes.
    pub lanes: Vec<LaneView>,
    /// What is not drawn.
    pub notes: Vec<String>,
}

/// A mark of the axis.
pub(super) struct Tick {
    /// Where, in percent.
    pub at: String,
    /// The instant, as far as the axis tells it; empty where it has no room.
    pub label: String,
}

/// One bucket's lane.
pub(super) struct LaneView {
    pub bucket: String,
    pub account: String,
    /// Owner and Region.
    pub place: String,
    /// The first exposure's id.
    pub story: Option<String>,
    /// The verdicts it ever had but private.
    pub verdicts: String,
    /// `open`, `closed` or `none`.
    pub status: &'static str,
    pub gaps: Vec<Shape>,
    pub stretches: Vec<Shape>,
    pub bars: Vec<Shape>,
    pub marks: Vec<Mark>,
    /// What is not drawn of it.
    pub note: String,
}

/// A rectangle.
pub(super) struct Shape {
    /// Its beginning, in percent.
    pub x: String,
    /// Its length, in percent.
    pub width: String,
    /// Its upper edge, in pixels, where the template does not say.
    pub y: u64,
    /// Its height likewise.
    pub height: u64,
    /// The verdict, where it is one.
    pub class: &'static str,
    /// What it is.
    pub tip: String,
}

/// An opening, a closing, or the end of the evidence of what is still open.
pub(super) struct Mark {
    pub x: String,
    pub class: &'static str,
    /// Whether the change itself was not seen.
    pub inferred: bool,
    /// The exposure's id.
    pub story: String,
    pub tip: String,
}

/// Draws the lanes that have room.
pub(super) fn draw(analysis: &Analysis, tables: Tables<'_>) -> Drawn {
    let picture = Picture::of(analysis);
    let all = usize::try_from(picture.all).unwrap_or(usize::MAX);
    let room = (MOST_SHAPES / all.clamp(1, MOST_LANES)).max(FEWEST_SHAPES);
    let lanes = picture.lanes.iter().take(MOST_LANES);
    let lanes: Vec<LaneView> = lanes
        .map(|lane| view(&picture, lane, room, tables))
        .collect();
    let mut notes = vec![tables.left(lanes.len(), all, "lanes", "timeline")];
    notes.extend(lines::unexposed(analysis));
    notes.push(match picture.private {
        0 => String::new(),
        1 => "1 bucket was private all the time; it has no lane.".to_owned(),
        number => {
            let number = grouped(number);
            format!("{number} buckets were private all the time; they have no lane.")
        }
    });
    notes.push(named(
        "Public but for a block at the end of the evidence",
        &latent(analysis),
    ));
    notes.retain(|note| !note.is_empty());
    Drawn {
        span: picture.span,
        ticks: ticks(&picture),
        lanes,
        notes,
    }
}

fn view(picture: &Picture<'_>, lane: &Lane<'_>, room: usize, tables: Tables<'_>) -> LaneView {
    let account = lane.account.map_or("", |it| it.as_str());
    let region = lane.region.map_or("", |it| it.as_str());
    let place: Vec<&str> = [account, region]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    let stretches: Vec<&Stretch<'_>> = visible(picture, &lane.stretches);
    let shown = |number: usize| number.min(room);
    let note = if stretches.len() > room || lane.exposures.len() > room {
        format!(
            "Too much happened here to draw all of it: {} of {} stretches, {} of {} exposures are drawn. All are in {}.",
            grouped(shown(stretches.len()) as u64),
            grouped(stretches.len() as u64),
            grouped(shown(lane.exposures.len()) as u64),
            grouped(lane.exposures.len() as u64),
            tables.place("timeline")
        )
    } else {
        String::new()
    };
    LaneView {
        bucket: lane.bucket.to_owned(),
        account: account.to_owned(),
        place: place.join(" · "),
        story: first_told(lane).map(|row| row.id.clone()),
        verdicts: verdicts(lane),
        status: status(lane),
        gaps: lane
            .gaps
            .iter()
            .take(room)
            .filter_map(|gap| gap_shape(picture, *gap))
            .collect(),
        stretches: stretches
            .into_iter()
            .rev()
            .take(room)
            .map(|it| stretch(picture, it))
            .collect(),
        bars: bars(picture, lane, room),
        marks: lane
            .exposures
            .iter()
            .rev()
            .take(room)
            .flat_map(|row| marks(picture, lane, row))
            .collect(),
        note,
    }
}

/// The names of some buckets behind what they have in common; nothing where there are none.
fn named(what: &str, names: &[String]) -> String {
    match names.is_empty() {
        true => String::new(),
        false => format!("{what}: {}.", first_few(names, MOST_NAMES)),
    }
}

/// The exposure that a lane's name leads to: one that is open, else the longest.
fn first_told<'a>(lane: &Lane<'a>) -> Option<&'a Exposure> {
    let rows = lane.exposures.iter().copied();
    rows.max_by_key(|row| (row.is_open(), row.duration_seconds))
}

fn visible<'l, 'a>(picture: &Picture<'_>, stretches: &'l [Stretch<'a>]) -> Vec<&'l Stretch<'a>> {
    let on_axis =
        |it: &&Stretch<'_>| it.span.until > picture.span.from && it.span.from < picture.span.until;
    stretches.iter().filter(on_axis).collect()
}

fn verdicts(lane: &Lane<'_>) -> String {
    let stretches = lane.stretches.iter().map(|it| it.verdict);
    let stretches = stretches
        .filter(|verdict| *verdict != Verdict::Private)
        .map(Verdict::name);
    let exposures = lane.exposures.iter().map(|row| lane.verdict(row).name());
    let names: BTreeSet<&str> = stretches.chain(exposures).collect();
    Vec::from_iter(names).join(" ")
}

fn status(lane: &Lane<'_>) -> &'static str {
    match lane.exposures.is_empty() {
        true => "none",
        false if lane.is_open() => "open",
        false => "closed",
    }
}

fn stretch(picture: &Picture<'_>, it: &Stretch<'_>) -> Shape {
    let (from, until) = (it.span.from, it.span.until);
    let certainty = match it.verdict {
        Verdict::Unknown => "",
        _ if it.assumed => ", assumed",
        _ => ", proven",
    };
    let lasted = duration(it.span.seconds());
    let mut tip = format!(
        "{}{certainty}\n{from} to {until} ({lasted})",
        it.verdict.name()
    );
    if it.latent {
        tip.push_str("\na public grant is stored, and only a block silences it");
    }
    if let Some(cause) = it.first.causes.first() {
        let who = shown(&cause.event.actor.name);
        tip.push_str(&format!(
            "\nsince {} by {who}\n{}",
            cause.event.name,
            story::event_id(cause)
        ));
    }
    let (x, width) = extent(picture, it.span);
    Shape {
        x,
        width,
        y: 0,
        height: 0,
        class: match it.latent && it.verdict == Verdict::Private {
            true => "latent",
            false => it.verdict.name(),
        },
        tip,
    }
}

fn gap_shape(picture: &Picture<'_>, gap: Span) -> Option<Shape> {
    let on_axis = gap.until > picture.span.from && gap.from < picture.span.until;
    let (x, width) = extent(picture, gap);
    on_axis.then(|| Shape {
        x,
        width,
        y: 0,
        height: 0,
        class: "gap",
        tip: format!("no evidence\n{} to {}", gap.from, gap.until),
    })
}

/// A bar for each stretch in which anybody came in, by the binary logarithm of how many.
fn bars(picture: &Picture<'_>, lane: &Lane<'_>, room: usize) -> Vec<Shape> {
    let densities = lane.exposures.iter().flat_map(|row| {
        let stretches = row.attendance.density.stretches();
        stretches.map(move |(span, number)| (*row, span, number))
    });
    let seen: Vec<(&Exposure, Span, u64)> = densities.collect();
    let most = seen.iter().map(|(_, _, number)| *number).max().unwrap_or(1);
    let scale = u64::from(most.checked_ilog2().unwrap_or(0)).max(1);
    let bar = |(row, span, number): &(&Exposure, Span, u64)| {
        let height = 4 + u64::from(number.checked_ilog2().unwrap_or(0)) * 10 / scale;
        let (x, width) = extent(picture, *span);
        let requests = count(*number, "request");
        let who = story::audience(row);
        Shape {
            x,
            width,
            y: 38_u64.saturating_sub(height),
            height,
            class: "",
            tip: format!(
                "{requests} from outside, while open to {who}\n{} to {}",
                span.from, span.until
            ),
        }
    };
    let on_axis = |span: &Span| span.until > picture.span.from && span.from <= picture.span.until;
    let seen = seen.iter().filter(|(_, span, _)| on_axis(span));
    seen.take(room).map(bar).collect()
}

fn marks(picture: &Picture<'_>, lane: &Lane<'_>, row: &Exposure) -> Vec<Mark> {
    let who = story::audience(row);
    let mark = |at: Timestamp, class, inferred, tip| Mark {
        x: percent(picture.place(at)),
        class,
        inferred,
        story: row.id.clone(),
        tip,
    };
    let mut marks = Vec::new();
    if row.opened_at >= picture.span.from {
        let inferred = row.opened_how != OpenedHow::Event;
        let by = match row.opener() {
            Some(cause) => format!(
                "\n{} by {}\n{}",
                cause.event.name,
                shown(&cause.event.actor.name),
                story::event_id(cause)
            ),
            None => "\nwho opened it was not seen".to_owned(),
        };
        let how = row.opened_how.name();
        marks.push(mark(
            row.opened_at,
            "opened",
            inferred,
            format!("opened to {who} ({how})\n{}{by}", row.opened_at),
        ));
    }
    match row.closed_at {
        None => marks.push(mark(
            lane.end(row),
            "open",
            false,
            format!("still open to {who}, {}", lasting(row)),
        )),
        Some(at) if at <= picture.span.until => {
            let inferred = row.closed_how != ClosedHow::Event;
            let by = row.closed.as_ref().map_or(String::new(), |cause| {
                format!(
                    "\n{} by {}\n{}",
                    cause.event.name,
                    shown(&cause.event.actor.name),
                    story::event_id(cause)
                )
            });
            let how = row.closed_how.name();
            marks.push(mark(
                at,
                "closed",
                inferred,
                format!("closed to {who} ({how}), {}\n{at}{by}", lasting(row)),
            ));
        }
        Some(_) => {}
    }
    marks
}

fn extent(picture: &Picture<'_>, span: Span) -> (String, String) {
    let (from, until) = (picture.place(span.from), picture.place(span.until));
    (percent(from), percent(until - from))
}

/// A share in percent: to a ten-thousandth of the finest that a zoomed picture shows.
fn percent(share: f64) -> String {
    let text = format!("{:.6}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Marks at whole minutes, hours or days, eight at most.
fn ticks(picture: &Picture<'_>) -> Vec<Tick> {
    const STEPS: [i64; 14] = [
        60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600,
        2_592_000, 7_862_400, 31_536_000,
    ];
    let length = picture.span.seconds();
    let fits = |step: &&i64| length / **step <= 8;
    let years = 31_536_000_i64.saturating_mul(length / 31_536_000 / 8 + 1);
    let step = STEPS.iter().find(fits).copied().unwrap_or(years);
    let first = picture
        .span
        .from
        .unix()
        .div_euclid(step)
        .saturating_add(1)
        .saturating_mul(step);
    let mut at = Timestamp::from_unix(first);
    let mut ticks = Vec::new();
    while at < picture.span.until && ticks.len() < 10 {
        ticks.push(Tick {
            at: percent(picture.place(at)),
            label: match picture.place(at) < LAST_LABEL {
                true => label(at, step),
                false => String::new(),
            },
        });
        at = at.plus(step);
    }
    ticks
}

fn label(at: Timestamp, step: i64) -> String {
    let text = at.to_string();
    let part = match step < 86_400 {
        true => text.get(5..16),
        false => text.get(..10),
    };
    part.unwrap_or(&text).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::super::super::Format;
    use super::super::super::sample::sample;
    use super::*;

    const CSV: Tables<'static> = Tables {
        formats: &[Format::Csv],
    };

    #[test]
    fn lanes_have_their_bands_marks_and_bars() {
        let drawn = draw(&sample(), CSV);
        let told: Vec<String> = drawn
            .lanes
            .iter()
            .map(|lane| {
                let bands = lane
                    .stretches
                    .iter()
                    .map(|it| format!("{} {}+{}", it.class, it.x, it.width));
                let marks = lane.marks.iter().map(|it| format!("{} {}", it.class, it.x));
                let gaps = lane
                    .gaps
                    .iter()
                    .map(|it| format!("gap {}+{}", it.x, it.width));
                let all = bands.chain(marks).chain(gaps);
                format!(
                    "{} [{}] {}: {}; {} bars",
                    lane.bucket,
                    lane.status,
                    lane.verdicts,
                    Vec::from_iter(all).join(", "),
                    lane.bars.len()
                )
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        amzn-s3-demo-logs [open] public: public 0.111111+99.888889, opened 0.111111, open 100, gap 0.222222+0.111111; 3 bars
        amzn-s3-demo-assets [closed] cross-account: latent 0.385333+0.614667, cross-account 0.011111+0.374222, opened 0.122222, closed 0.385333, gap 0.222222+0.111111; 0 bars
        amzn-s3-demo-old [none] unknown: unknown 0+100, gap 0.222222+0.111111; 0 bars
        ");
    }

    #[test]
    fn a_busy_lane_says_what_it_leaves_out() {
        let mut analysis = sample();
        let one = analysis.exposures[0].clone();
        analysis.exposures = vec![one; MOST_SHAPES + 1];
        let drawn = draw(&analysis, CSV);
        let busy = drawn
            .lanes
            .iter()
            .find(|lane| !lane.note.is_empty())
            .unwrap();
        assert!(
            busy.note
                .contains("of 60,001 exposures are drawn. All are in timeline.csv."),
            "{}",
            busy.note
        );
        assert!(busy.marks.len() <= 2 * MOST_SHAPES / 3);
    }

    #[test]
    fn ticks_stand_on_the_axis() {
        for length in [
            60,
            3_600,
            86_400,
            864_000,
            31_536_000,
            315_360_000,
            3_153_600_000,
        ] {
            let from = Timestamp::from_unix(1_700_000_001);
            let picture = Picture {
                all: 0,
                span: Span {
                    from,
                    until: from.plus(length),
                },
                lanes: Vec::new(),
                private: 0,
            };
            let ticks = ticks(&picture);
            assert!((1..=9).contains(&ticks.len()), "{length}: {}", ticks.len());
        }
    }
}
