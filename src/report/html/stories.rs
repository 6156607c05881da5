//! How is an exposure told on the page? The story that every medium tells, its events linked to the changes.

use super::super::run::audience;
use super::super::story::{self, Story, Visitors, lasting};
use super::super::terminal::sorted;
use super::bound::{MOST_STORIES, MOST_UNFOLDED};
use super::rows::{anchor, href};
use crate::analysis::Analysis;
use crate::timeline::Exposure;
use std::collections::BTreeSet;

/// One exposure.
pub(super) struct StoryView {
    pub id: String,
    pub bucket: String,
    pub account: String,
    pub audience: &'static str,
    pub status: &'static str,
    /// To whom it is or was open, and how long.
    pub state: String,
    /// From when until when.
    pub when: String,
    pub opened_at: String,
    /// Empty while it is open.
    pub closed_at: String,
    pub seconds: i64,
    /// The same ends in seconds since 1970.
    pub from: i64,
    pub until: i64,
    /// Empty where nobody could have been seen.
    pub requests: String,
    pub denied: String,
    pub bytes: String,
    /// Whether it is shown unfolded.
    pub unfolded: bool,
    pub fields: Vec<FieldView>,
}

/// A part of a story.
pub(super) struct FieldView {
    pub label: &'static str,
    pub lines: Vec<LineView>,
}

/// A line of it.
pub(super) struct LineView {
    pub text: String,
    /// Where on the page its event is.
    pub event: Option<String>,
}

/// Those that have room: the open ones first, the longest before the others. `anchors` are the changes on the page.
pub(super) fn stories(analysis: &Analysis, anchors: &BTreeSet<&str>) -> Vec<StoryView> {
    let visitors = Visitors::of(analysis);
    let open = sorted(analysis, Exposure::is_open).into_iter();
    let all = open.chain(sorted(analysis, |row| !row.is_open()));
    let told = all.take(MOST_STORIES).enumerate();
    told.map(|(at, row)| StoryView {
        unfolded: at < MOST_UNFOLDED,
        fields: fields(Story::of(row, &visitors), anchors),
        ..view(row)
    })
    .collect()
}

fn view(row: &Exposure) -> StoryView {
    let seen = |number: u64| match row.attendance.logged {
        true => number.to_string(),
        false => String::new(),
    };
    let closed_at = row.closed_at.map(|time| time.to_string());
    let who = story::audience(row);
    let (status, state) = match row.is_open() {
        true => ("open", format!("open to {who}, {}", lasting(row))),
        false => ("closed", format!("was open to {who}, {}", lasting(row))),
    };
    StoryView {
        id: row.id.clone(),
        bucket: row.bucket.to_string(),
        account: row
            .account
            .as_ref()
            .map_or(String::new(), ToString::to_string),
        audience: audience(&row.audience),
        status,
        state,
        when: match &closed_at {
            Some(closed) => format!("{} to {closed}", row.opened_at),
            None => format!("since {}", row.opened_at),
        },
        opened_at: row.opened_at.to_string(),
        closed_at: closed_at.unwrap_or_default(),
        seconds: row.duration_seconds,
        from: row.opened_at.unix(),
        until: row.opened_at.plus(row.duration_seconds).unix(),
        requests: seen(row.attendance.requests),
        denied: seen(row.attendance.denied),
        bytes: seen(row.attendance.bytes),
        unfolded: false,
        fields: Vec::new(),
    }
}

fn fields(story: Story, anchors: &BTreeSet<&str>) -> Vec<FieldView> {
    let line = |line: story::Line| LineView {
        event: line
            .event
            .map(|id| anchor(id.as_str()))
            .filter(|anchor| anchors.contains(anchor.as_str()))
            .map(|anchor| href(&anchor)),
        text: line.text,
    };
    let fields = story.fields.into_iter();
    let field = |field: story::Field| FieldView {
        label: field.label,
        lines: field.lines.into_iter().map(line).collect(),
    };
    fields.map(field).collect()
}
