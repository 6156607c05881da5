//! How is a store judged that holds more than fits in memory?
//!
//! What it holds is piled by bucket. All of it is surveyed for what reaches beyond one bucket; then group after group is judged
//! twice: first to learn who is to be traced and what events did that are common to many buckets, then to hand on its rows. What
//! is held grows with files, buckets and sessions, not with changes.

mod survey;
mod unissued;

use super::again::{lost, requests};
use super::conclude::{Bench, Verdicts, listed, verified};
use super::known;
use super::pile::{Groups, Pile, others};
use super::segment::{Choosing, Part};
use super::sink::Kept;
use super::traced::{search, sessions_of};
use super::{Beside, Covered, Options, ScanError};
use crate::analysis::{Analysis, Counts, Excerpt, TakesRows};
use crate::coverage::{self, Stream};
use crate::event::{Belief, CitedInquiry};
use crate::evidence::{Evidence, ObjectsOfInterest};
use crate::integrity::Material;
use crate::store::Store;
use crate::timeline::{ChangeRow, Effects, Realm, Reconstruction, Tracer, Visits};
use crate::vocab::{AccountId, BucketName, Region};
use rayon::prelude::*;
use std::collections::BTreeSet;
use survey::Surveyed;
use unissued::Sessions;

/// So many groups of buckets are held at once.
const AT_ONCE: usize = 32;

type Place = (Option<AccountId>, Option<Region>);

/// Judges a store bucket by bucket.
pub(super) fn judge(
    store: &Store,
    options: &Options,
    left_out: Evidence,
    rows: &mut dyn TakesRows,
) -> Result<Analysis, ScanError> {
    let Piled {
        evidence,
        material,
        kept,
        groups,
    } = pile(store, options)?;
    let mut evidence = evidence.merge(left_out);
    let trails = std::mem::take(&mut evidence.trails);
    let files = listed(&evidence, &material);
    let integrity = verified(&material, &files, &trails, options)?;
    let bench = Bench {
        integrity: &integrity,
        material: &material,
    };
    let mut surveyed = Surveyed::of(&groups, bench, &kept, options)?;
    surveyed.tell(&mut evidence);
    let held = known::held_documents(&surveyed.owners, options)?;
    evidence.losses.extend(held.losses.iter().cloned());
    let mut inquiries = reads(&surveyed.common.evidence);
    inquiries.extend(reads(&held));
    let realm = surveyed.survey.finish(inquiries, kept.buckets());
    let distinct = surveyed.distinct + sessions_of(&kept);
    let found = Found {
        counts: counts(&evidence, distinct, realm.collapsed()),
        trails,
        coverage: covered(&evidence),
        evidence,
    };
    let court = Court {
        others: others(&groups, realm.buckets()),
        common: surveyed.common.evidence,
        groups: &groups,
        kept: &kept,
        realm: &realm,
        bench,
        options,
    };
    let judged = court.judge(found, rows)?;
    Ok(Analysis {
        integrity,
        material,
        ..judged
    })
}

/// The reads in some evidence, of which no digest decides.
fn reads(evidence: &Evidence) -> Vec<CitedInquiry> {
    let reads = Evidence {
        inquiries: evidence.inquiries.clone(),
        ..Evidence::default()
    };
    reads.cited(&|_| Belief::Unvouched).1
}

/// What was read of a store.
struct Piled<'s> {
    evidence: Evidence,
    material: Material,
    kept: Kept<'s>,
    groups: Groups,
}

fn pile<'s>(store: &'s Store, options: &'s Options) -> Result<Piled<'s>, ScanError> {
    let asked = Choosing(&options.choice);
    let segments = store.sound();
    let pile = Pile::new();
    let parts = segments.par_iter().map(|number| {
        pile_changes(store, *number, asked, &pile)?;
        Ok::<_, ScanError>(Part::beside(store, *number, asked)?)
    });
    let all = parts.try_reduce(Part::default, |one, other| Ok(one.merge(other)))?;
    let (beside, material) = all.checked(store, &segments, asked, options)?;
    let objects = pile.objects();
    let numbers = segments.par_iter();
    numbers.try_for_each(|number| pile_writes(store, *number, asked, (&pile, &objects)))?;
    let kept = requests(store, options, &|lines| {
        let mut filling = pile.filling();
        lines.iter().for_each(|line| filling.request(line));
        filling.end()
    })?;
    let (groups, piled) = pile.finish().map_err(ScanError::Spill)?;
    let damaged = store.damaged().map(lost);
    let evidence = damaged.fold(beside.merge(piled), Evidence::merge);
    Ok(Piled {
        evidence,
        material,
        kept,
        groups,
    })
}

fn pile_changes(
    store: &Store,
    number: usize,
    asked: Choosing<'_>,
    pile: &Pile,
) -> Result<(), ScanError> {
    let (wants, mut filling) = (asked.wants(), pile.filling());
    store.changes(number, &wants, &mut |again| filling.change(&again))?;
    store.reads(number, &wants, &mut |key, inquiry, citation| {
        filling.read(&key, &inquiry, &citation);
    })?;
    filling.end()
}

fn pile_writes(
    store: &Store,
    number: usize,
    asked: Choosing<'_>,
    (pile, objects): (&Pile, &ObjectsOfInterest),
) -> Result<(), ScanError> {
    let (wants, mut filling) = (asked.wants(), pile.filling());
    store.writes(number, &wants, objects, &mut |again| filling.write(&again))?;
    filling.end()
}

fn counts(evidence: &Evidence, distinct: u64, collapsed: u64) -> Counts {
    let counts = Counts::of(evidence, distinct);
    Counts {
        used: counts.used.saturating_sub(collapsed),
        duplicates: counts.duplicates.saturating_add(collapsed),
        ..counts
    }
}

fn covered(evidence: &Evidence) -> Covered {
    let coverage = evidence.coverage.iter();
    coverage
        .map(|(place, span)| (place.clone(), (span.first, span.last)))
        .collect()
}

/// What is known beside what was done to buckets.
struct Found {
    evidence: Evidence,
    trails: crate::event::TrailCalls,
    coverage: Covered,
    counts: Counts,
}

/// Judges group after group.
struct Court<'c> {
    groups: &'c Groups,
    kept: &'c Kept<'c>,
    realm: &'c Realm,
    bench: Bench<'c>,
    options: &'c Options,
    /// The evidence that is common to buckets.
    common: Evidence,
    /// The buckets that it alone reaches.
    others: BTreeSet<BucketName>,
}

/// What was told of a group, what its events did, and what can be said of their records.
type Told = (Reconstruction, Effects, Verdicts);

/// What was learned when everything was judged once.
#[derive(Default)]
struct Learned {
    tracer: Tracer,
    effects: Effects,
    places: BTreeSet<Place>,
}

impl Learned {
    fn take(&mut self, (told, done, _): Told) {
        self.tracer.want(&told);
        let timelines = told.timelines.into_iter();
        self.places
            .extend(timelines.map(|timeline| (timeline.account, timeline.region)));
        self.effects.merge(done);
    }
}

/// What finishes rows.
struct Finish<'f> {
    tracer: &'f Tracer,
    beside: &'f Beside<'f>,
    streams: &'f [Stream],
    options: &'f Options,
}

impl Court<'_> {
    fn judge(&self, found: Found, rows: &mut dyn TakesRows) -> Result<Analysis, ScanError> {
        let options = self.options;
        let beside = Beside {
            coverage: &found.coverage,
            issued: found.evidence.issued.clone(),
            logged: found.evidence.logged.clone(),
            until: options.settings.until,
        };
        let mut learned = self.learn(&beside)?;
        search(&mut learned.tracer, self.kept, &found.evidence.files)?;
        let streams = coverage::streams(
            &found.evidence.files,
            &found.trails,
            self.bench.integrity,
            &learned.places,
        );
        let finish = Finish {
            tracer: &learned.tracer,
            beside: &beside,
            streams: &streams,
            options,
        };
        let (excerpt, withheld) = self.tell(&finish, &learned.effects, rows)?;
        let whole = Analysis {
            losses: found.evidence.losses.iter().cloned().collect(),
            counts: found.counts,
            withheld,
            evidence: span(&found.coverage),
            selection: options.selection.clone(),
            choice: options.choice.clone(),
            files: found.evidence.files,
            coverage: found.coverage,
            streams,
            ..Analysis::default()
        };
        Ok(options.selection.pick_streams(excerpt.finish(whole)))
    }

    /// Judges everything once.
    fn learn(&self, beside: &Beside<'_>) -> Result<Learned, ScanError> {
        let mut learned = Learned::default();
        learned.take(self.told_common(beside));
        let work = |names: &[BucketName]| {
            let evidence = self.groups.load(names.iter())?.evidence;
            Ok(self.told(names, evidence, beside))
        };
        self.each(&work, &mut |told| {
            learned.take(told);
            Ok(())
        })?;
        learned.tracer.want(&self.realm.rest(&learned.effects));
        Ok(learned)
    }

    /// Judges everything again, and hands on the rows.
    fn tell(
        &self,
        finish: &Finish<'_>,
        effects: &Effects,
        rows: &mut dyn TakesRows,
    ) -> Result<(Excerpt, Option<usize>), ScanError> {
        let mut excerpt = Excerpt::of(self.options.most_told);
        let sessions = Sessions::new();
        let mut withheld = None;
        let mut hand_on = |part: &Analysis, missing: &[ChangeRow]| {
            sessions.take(missing).map_err(ScanError::Spill)?;
            withheld = part.withheld.map(|here| here + withheld.unwrap_or(0));
            rows.take(part).map_err(ScanError::Rows)
        };
        let mut common = self.realm.rest(effects);
        common.take(self.told_common(finish.beside).0);
        common.sort();
        let (.., verdicts) = self.bench.cited(self.common.clone());
        let (part, missing) = finish.part(common, &verdicts);
        hand_on(&part, &missing)?;
        excerpt.add_common(part);
        let work = |names: &[BucketName]| {
            let evidence = self.groups.load(names.iter())?.evidence;
            let (told, _, verdicts) = self.told(names, evidence, finish.beside);
            Ok(finish.part(told, &verdicts))
        };
        self.each(&work, &mut |(part, missing): (Analysis, Vec<ChangeRow>)| {
            hand_on(&part, &missing)?;
            excerpt.add(part);
            Ok(())
        })?;
        sessions.finish(&mut |contradictions| {
            let told = Reconstruction {
                contradictions,
                ..Reconstruction::default()
            };
            let (part, _) = finish.part(told, &Verdicts::new());
            rows.take(&part).map_err(ScanError::Rows)?;
            excerpt.add(part);
            Ok(())
        })?;
        Ok((excerpt, withheld))
    }

    fn told_common(&self, beside: &Beside<'_>) -> Told {
        self.told_of(self.others.iter(), Evidence::default(), beside)
    }

    fn told(&self, names: &[BucketName], evidence: Evidence, beside: &Beside<'_>) -> Told {
        self.told_of(names.iter(), evidence, beside)
    }

    fn told_of<'b>(
        &self,
        names: impl Iterator<Item = &'b BucketName>,
        evidence: Evidence,
        beside: &Beside<'_>,
    ) -> Told {
        let end_of =
            |account: Option<&AccountId>, region: Option<&Region>| beside.end_of(account, region);
        let (events, inquiries, verdicts) = self.bench.cited(evidence);
        let cited = (events, inquiries);
        let (told, done) = self.realm.tell(names, cited, self.kept, &end_of);
        (told, done, verdicts)
    }

    /// Works on some groups at once, and takes what comes of them in their order.
    fn each<T: Send>(
        &self,
        work: &(dyn Fn(&[BucketName]) -> Result<T, ScanError> + Sync),
        take: &mut dyn FnMut(T) -> Result<(), ScanError>,
    ) -> Result<(), ScanError> {
        for some in self.groups.apart.chunks(AT_ONCE) {
            let done: Vec<_> = some.par_iter().map(|names| work(names)).collect();
            for done in done {
                take(done?)?;
            }
        }
        self.kept.failure().map_err(ScanError::Spill)
    }
}

fn span(coverage: &Covered) -> Option<(crate::vocab::Timestamp, crate::vocab::Timestamp)> {
    let first = coverage.values().map(|(first, _)| *first).min();
    first.zip(coverage.values().map(|(_, last)| *last).max())
}

impl Finish<'_> {
    /// Rows as they are told, and the changes whose sessions nothing issued.
    fn part(&self, mut told: Reconstruction, of: &Verdicts) -> (Analysis, Vec<ChangeRow>) {
        self.beside.tell_logged(&mut told);
        self.tracer.tell(&mut told);
        let recorded = |account: &AccountId, region: &Region, began| {
            self.beside.records(account, region, began)
        };
        let changes = told.changes.iter();
        let missing = changes.filter(|row| self.tracer.misses(row, &recorded));
        let missing = missing.cloned().collect();
        let whole = Analysis {
            evidence: span(self.beside.coverage),
            ..Analysis::default()
        };
        let picked = self.options.selection.pick(told, whole);
        let mut part = self.options.strictness.apply(picked);
        part.assure(self.streams, of);
        (part, missing)
    }
}
