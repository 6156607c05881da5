//! How is a chain of digests told? Which it is, what is missing of it, where it broke off and what explains that.

use super::verification::{MOST_TOLD, count, shown, span};
use crate::event::TrailEvent;
use crate::integrity::{Chain, ChainKind, Gap};
use crate::vocab::Span;

/// The lines of one chain: which it is, and where it is not whole.
pub(super) fn lines(chain: &Chain) -> Vec<String> {
    let id = &chain.id;
    let known = |it: Option<&str>| it.unwrap_or("unknown").to_owned();
    let backfill = match id.kind {
        ChainKind::Regular => "",
        ChainKind::Backfill => ", backfill",
    };
    let mut lines = vec![format!(
        "account {}, {}, trail {} of {}{backfill}, bucket {}: {}, {}",
        known(id.account.as_ref().map(|it| it.as_str())),
        known(id.region.as_ref().map(|it| it.as_str())),
        shown(&id.trail),
        known(id.home.as_ref().map(|it| it.as_str())),
        shown(&id.bucket),
        count(chain.digests, "digest"),
        span(chain.span)
    )];
    if let Some(key) = &chain.begins_after {
        lines.push(format!(
            "  goes back beyond this evidence, to {}",
            shown(key)
        ));
    }
    lines.extend(missing(chain));
    let is_silent = |gap: &Gap| gap.span.seconds() > 0 && id.kind == ChainKind::Regular;
    let gap = |gap: &Gap| match is_silent(gap) {
        true => format!(
            "  no log files were delivered: {}, {}",
            span(gap.span),
            cause(gap)
        ),
        false => format!(
            "  begins anew at {}: its first digest names none before it, though one ends at {}, {}",
            gap.span.until,
            gap.span.from,
            cause(gap)
        ),
    };
    lines.extend(chain.gaps.iter().map(gap));
    let next = chain.goes_on_in.iter();
    lines.extend(next.map(|next| format!("  goes on in {}", shown(&next.place()))));
    lines.extend(chain.ends_early.iter().map(|gap| {
        format!(
            "  ends early: the account's evidence goes on until {}, {}",
            gap.span.until,
            cause(gap)
        )
    }));
    lines
}

/// The missing digests, hour by hour; too many on end together.
fn missing(chain: &Chain) -> Vec<String> {
    let windows: Vec<Span> = chain.missing.iter().map(|it| it.window).collect();
    let runs = windows.chunk_by(|one, next| one.until == next.from);
    runs.flat_map(|run| match run {
        [first, .., last] if run.len() > MOST_TOLD => {
            let (from, until) = (first.from, last.until);
            vec![format!(
                "  {} digests missing: {}",
                run.len(),
                span(Span { from, until })
            )]
        }
        _ => run
            .iter()
            .map(|window| format!("  digest missing: {}", span(*window)))
            .collect(),
    })
    .collect()
}

/// What explains a break; or what would, if its record could be believed.
fn cause(gap: &Gap) -> String {
    match &gap.claimed_by {
        None => explained(gap.explained_by.as_ref()),
        Some(call) => format!(
            "unexplained: {}, but no digest that can be believed speaks for that record",
            called(call)
        ),
    }
}

/// What explains that something is not there.
pub(super) fn explained(event: Option<&TrailEvent>) -> String {
    match event {
        None => "unexplained".to_owned(),
        Some(event) => format!("explained by {}", called(event)),
    }
}

fn called(event: &TrailEvent) -> String {
    format!(
        "{} at {} by {} (event {})",
        event.name,
        event.time,
        shown(&event.actor),
        event.event_id.as_ref().map_or("unknown", |it| it.as_str())
    )
}
