//! What does `run.json` say of the checks? Counts of verdicts, chains, and every gap in them.

use super::escape;
use crate::event::TrailEvent;
use crate::integrity::{self, Chain, ChainKind, Gap};
use crate::vocab::{Span, Untrusted};
use serde::Serialize;
use std::collections::BTreeMap;

/// What was checked, with what, and what came out.
#[derive(Serialize)]
pub(super) struct Integrity<'a> {
    public_keys: Option<u64>,
    public_keys_sha256: Option<String>,
    metadata_objects: Option<u64>,
    metadata_sha256: Option<String>,
    digests: BTreeMap<&'static str, u64>,
    log_files: BTreeMap<&'static str, u64>,
    missing_log_files: Vec<&'a str>,
    chains: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    account_id: Option<&'a str>,
    region: Option<&'a str>,
    trail: &'a str,
    home_region: Option<&'a str>,
    bucket: &'a str,
    backfill: bool,
    digests: u64,
    from: String,
    until: String,
    begins_after: Option<&'a str>,
    missing_digests: Vec<Missing<'a>>,
    gaps: Vec<Broken<'a>>,
    ends_early: Option<Broken<'a>>,
    goes_on_in: Option<String>,
}

#[derive(Serialize)]
struct Missing<'a> {
    from: String,
    until: String,
    key: Option<&'a str>,
}

#[derive(Serialize)]
struct Broken<'a> {
    from: String,
    until: String,
    explained_by: Option<&'static str>,
    event_id: Option<&'a str>,
    claimed_by: Option<&'static str>,
    claimed_event_id: Option<&'a str>,
}

impl<'a> Integrity<'a> {
    pub fn of(integrity: &'a integrity::Integrity) -> Self {
        let means = &integrity.means;
        let missing = integrity.missing.iter();
        Self {
            public_keys: means.keys,
            public_keys_sha256: means.keys_file.map(|hash| hash.to_string()),
            metadata_objects: means.metadata,
            metadata_sha256: means.metadata_file.map(|hash| hash.to_string()),
            digests: tally(integrity.digests.iter().map(|it| it.verdict.name())),
            log_files: tally(integrity.logs.values().map(|it| it.verdict.name())),
            missing_log_files: missing.map(|it| escape::exact_text(&it.key)).collect(),
            chains: integrity.chains.iter().map(Told::of).collect(),
        }
    }
}

fn tally(names: impl Iterator<Item = &'static str>) -> BTreeMap<&'static str, u64> {
    let mut counted = BTreeMap::new();
    names.for_each(|name| *counted.entry(name).or_default() += 1);
    counted
}

impl<'a> Told<'a> {
    fn of(chain: &'a Chain) -> Self {
        let missing = chain.missing.iter().map(|it| Missing {
            from: it.window.from.to_string(),
            until: it.window.until.to_string(),
            key: it.key.as_ref().map(escape::exact_text),
        });
        let Span { from, until } = chain.span;
        Self {
            account_id: chain.id.account.as_ref().map(|it| it.as_str()),
            region: chain.id.region.as_ref().map(|it| it.as_str()),
            trail: escape::exact_text(&chain.id.trail),
            home_region: chain.id.home.as_ref().map(|it| it.as_str()),
            bucket: escape::exact_text(&chain.id.bucket),
            backfill: chain.id.kind == ChainKind::Backfill,
            digests: chain.digests,
            from: from.to_string(),
            until: until.to_string(),
            begins_after: chain
                .begins_after
                .as_ref()
                .map(|it: &Untrusted| escape::exact_text(it)),
            missing_digests: missing.collect(),
            gaps: chain.gaps.iter().map(Broken::of).collect(),
            ends_early: chain.ends_early.as_ref().map(Broken::of),
            goes_on_in: chain
                .goes_on_in
                .as_ref()
                .map(|it| escape::exact_text(&it.place()).to_owned()),
        }
    }
}

impl<'a> Broken<'a> {
    fn of(gap: &'a Gap) -> Self {
        let (event, claimed) = (gap.explained_by.as_ref(), gap.claimed_by.as_ref());
        let id = |event: Option<&'a TrailEvent>| {
            let id = event.and_then(|it| it.event_id.as_ref());
            id.map(|it| it.as_str())
        };
        Self {
            from: gap.span.from.to_string(),
            until: gap.span.until.to_string(),
            explained_by: event.map(|it| it.name),
            event_id: id(event),
            claimed_by: claimed.map(|it| it.name),
            claimed_event_id: id(claimed),
        }
    }
}
