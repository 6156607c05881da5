//! What stands in the coverage table? Each account's Region and category, a row for each gap, one row if there is none.

use super::super::escape;
use super::super::row::{Cell, Table};
use super::cells::{count, instant, known, plain};
use super::{integer, list, text, time};
use crate::analysis::Analysis;
use crate::coverage::{CoverageGap, Stream};

type Row<'a> = (&'a Stream, Option<&'a CoverageGap>);

pub(super) fn table(analysis: &Analysis) -> Table<'_> {
    let fields = vec![
        text("account_id", |(it, _): Row<'_>| known(it.account.as_ref())),
        text("region", |(it, _)| known(it.region.as_ref())),
        text("category", |(it, _)| plain(it.category.name())),
        time("first_event", |(it, _)| {
            instant(it.events.map(|(first, _)| first))
        }),
        time("last_event", |(it, _)| {
            instant(it.events.map(|(_, last)| last))
        }),
        integer("log_files", |(it, _)| count(it.log_files)),
        integer("records", |(it, _)| count(it.records)),
        time("gap_from", |(_, gap)| instant(gap.map(|it| it.span.from))),
        time("gap_until", |(_, gap)| instant(gap.map(|it| it.span.until))),
        text("gap_explained_by", |(_, gap)| match gap {
            None => Cell::Empty,
            Some(gap) => plain(
                gap.explained_by
                    .as_ref()
                    .map_or("unexplained", |it| it.name),
            ),
        }),
        text("gap_kind", |(_, gap)| {
            gap.map_or(Cell::Empty, |it| plain(it.kind.name()))
        }),
        text("gap_event_id", |(_, gap)| {
            let event = gap.and_then(|it| it.explained_by.as_ref());
            known(event.and_then(|it| it.event_id.as_ref()))
        }),
        list("selectors", |(it, _)| escape::list(it.selectors.iter())),
    ];
    super::table("coverage", fields, || {
        analysis.streams.iter().flat_map(rows)
    })
}

fn rows(stream: &Stream) -> impl Iterator<Item = Row<'_>> {
    let none = stream.gaps.is_empty().then_some((stream, None));
    let gaps = stream.gaps.iter().map(move |gap| (stream, Some(gap)));
    none.into_iter().chain(gaps)
}
