//! Where are the sessions and addresses looked for that say who stands behind a call?
//!
//! Among the records that issued sessions, of which those that may be wanted are read once more; in packed lines, of what
//! cannot be read again; a store finds by name those that may be wanted. All in rounds.

use super::ScanError;
use super::issued::{Reread, hash_of_event};
use super::sink::Kept;
use crate::event::{CitedIssuance, Whereabouts};
use crate::evidence::{Evidence, FileAccount};
use crate::store::{Names, Store, Wants};
use crate::timeline::{Reconstruction, Recorded, Tracer, Unissued, Visits, sort_contradictions};
use crate::vocab::{LogFileId, Loss};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Sessions and addresses that stay in a store until they are looked for.
pub(super) struct Stored<'s> {
    pub store: &'s Store,
    /// The segments that can be believed.
    pub segments: Vec<usize>,
    pub wants: Wants<'s>,
    /// How many different events issued sessions.
    pub distinct_sessions: u64,
}

impl Stored<'_> {
    /// Every session that may have one of these names.
    fn sessions(&self, names: &Names) -> Result<Vec<CitedIssuance>, ScanError> {
        let of_segment = |number: &usize| {
            let mut found = Vec::new();
            self.store
                .sessions(*number, &self.wants, names, &mut |line| {
                    found.extend(CitedIssuance::unpack(line));
                })?;
            Ok(found)
        };
        let found: Result<Vec<_>, ScanError> = self.segments.par_iter().map(of_segment).collect();
        Ok(found?.concat())
    }

    /// Every direct call that may be of one of these callers.
    fn addresses(&self, names: &Names) -> Result<Vec<Whereabouts>, ScanError> {
        let of_segment = |number: &usize| {
            let mut found = Vec::new();
            let take = &mut |seen| found.push(seen);
            self.store.addresses(*number, &self.wants, names, take)?;
            Ok(found)
        };
        let found: Result<Vec<_>, ScanError> = self.segments.par_iter().map(of_segment).collect();
        Ok(found?.concat())
    }
}

/// How many different events issued the sessions that a store holds.
pub(super) fn distinct_sessions(
    store: &Store,
    segments: &[usize],
    wants: &Wants<'_>,
) -> Result<u64, ScanError> {
    let of_segment = |number: &usize| {
        let mut events = Vec::new();
        store.session_events(*number, wants, &mut events)?;
        Ok(events)
    };
    let events: Result<Vec<_>, ScanError> = segments.par_iter().map(of_segment).collect();
    let mut events = events?.concat();
    events.par_sort_unstable();
    events.dedup();
    Ok(events.len() as u64)
}

/// How many different requests and sessions were kept that are no events of interest by themselves.
pub(super) fn further(evidence: &Evidence, kept: &Kept<'_>) -> u64 {
    let buckets = kept.buckets();
    let requests = buckets
        .iter()
        .flat_map(|(account, bucket)| kept.of(account.as_ref(), bucket))
        .filter(|cited| !cited.is_beside && !evidence.events.contains_key(&cited.key));
    requests.count() as u64 + sessions_of(kept)
}

/// How many different events issued sessions.
pub(super) fn sessions_of(kept: &Kept<'_>) -> u64 {
    match &kept.stored {
        Some(stored) => stored.distinct_sessions,
        None => distinct_in_files(kept),
    }
}

fn distinct_in_files(kept: &Kept<'_>) -> u64 {
    let read = sessions(kept).map(|cited| hash_of_event(&cited.event));
    let noted = kept.issued.events(|line| kept.sound(line));
    let mut events: Vec<u64> = read.chain(noted).collect();
    events.par_sort_unstable();
    events.dedup();
    events.len() as u64
}

fn sessions<'k>(kept: &'k Kept<'_>) -> impl Iterator<Item = CitedIssuance> + 'k {
    let lines = kept.sessions.of(&[]).map_while(|line| kept.sound(line));
    lines.filter_map(|line| CitedIssuance::unpack(&line))
}

/// Traces everybody back. Gives what could not be read again.
pub(super) fn trace(
    told: &mut Reconstruction,
    kept: &Kept<'_>,
    files: &BTreeMap<LogFileId, FileAccount>,
    recorded: &Recorded<'_>,
) -> Result<Vec<Loss>, ScanError> {
    let mut tracer = Tracer::default();
    tracer.want(told);
    let losses = search(&mut tracer, kept, files)?;
    tracer.tell(told);
    let mut unissued = Unissued::default();
    let changes = told.changes.iter();
    let missing = changes.filter(|row| tracer.misses(row, recorded));
    missing.for_each(|row| unissued.add(row.clone()));
    told.contradictions.extend(unissued.into_contradictions());
    sort_contradictions(&mut told.contradictions);
    Ok(losses)
}

/// Looks for whoever is wanted, in rounds: who asked for a session is known only when it was found. Gives what could not be
/// read again.
pub(super) fn search(
    tracer: &mut Tracer,
    kept: &Kept<'_>,
    files: &BTreeMap<LogFileId, FileAccount>,
) -> Result<Vec<Loss>, ScanError> {
    let mut reread = Reread::default();
    while tracer.goes_on() {
        match &kept.stored {
            Some(stored) => {
                let found = stored.sessions(&Names::new(tracer.names()))?;
                found.into_iter().for_each(|cited| tracer.hear(cited));
            }
            None => {
                sessions(kept).for_each(|cited| tracer.hear(cited));
                if let Some(sought) = &kept.sought {
                    reread.go_on(&kept.issued, tracer, sought, |line| kept.sound(line))?;
                }
                let found = reread.found.iter().cloned();
                found.for_each(|cited| tracer.hear(cited));
            }
        }
    }
    if !tracer.wants_addresses() {
        return Ok(reread.losses);
    }
    match &kept.stored {
        Some(stored) => {
            let found = stored.addresses(&Names::new(tracer.callers()))?;
            found.into_iter().for_each(|seen| tracer.see(seen));
        }
        None => {
            let lines = kept.addresses.of(&[]).map_while(|line| kept.sound(line));
            let seen = lines.filter_map(|line| Whereabouts::unpack(&line));
            seen.for_each(|seen| tracer.see(seen));
            if let Some(sought) = &kept.sought {
                let found = sought.addresses(tracer, files)?;
                found.into_iter().for_each(|seen| tracer.see(seen));
            }
        }
    }
    Ok(reread.losses)
}
