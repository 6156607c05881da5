//! How does one bucket go through time?
//!
//! Each second's calls are put in order, each changes what is known, what is known is judged, and the judgements before
//! and after say which exposures began, went on or ended.

use super::account::AccountStep;
use super::apply::{Existence, Life};
use super::effect::{Around, effect};
use super::fold::{Effects, EndOf, Reconstruction};
use super::interval::Intervals;
use super::rows::{Moved, Rows, Transition, Whose};
use super::second::{Settled, Step, judge_life, settle};
use super::types::{
    Cause, ClosedHow, Contradiction, ContradictionKind, Effect, Exposure, Timeline,
};
use crate::event::{Change, EventKey};
use crate::exposure::{Assumption, Audience, Judgement, Owner};
use crate::vocab::Timestamp;
use std::collections::BTreeMap;

/// One bucket's way through time.
pub(super) struct Walk<'w> {
    owner: &'w Owner,
    whose: Whose,
    end_of: &'w EndOf<'w>,
    beyond: Option<(Timestamp, Assumption)>,
    life: Life,
    judged: Judgement,
    last_told: Option<Timestamp>,
    rows: Rows,
    intervals: Intervals,
    exposures: Vec<Exposure>,
    timelines: Vec<Timeline>,
    effects: Vec<(EventKey, Effect)>,
    places: Vec<(EventKey, usize)>,
    contradictions: Vec<Contradiction>,
}

impl<'w> Walk<'w> {
    pub fn new(
        owner: &'w Owner,
        whose: Whose,
        end_of: &'w EndOf<'w>,
        beyond: Option<(Timestamp, Assumption)>,
    ) -> Self {
        let life = Life::default();
        Self {
            owner,
            whose,
            end_of,
            beyond,
            judged: judge_life(&life, owner),
            life,
            last_told: None,
            rows: Rows::default(),
            intervals: Intervals::default(),
            exposures: Vec::new(),
            timelines: Vec::new(),
            effects: Vec::new(),
            places: Vec::new(),
            contradictions: Vec::new(),
        }
    }

    /// Takes the steps of one second.
    pub fn second(&mut self, at: Timestamp, steps: Vec<Step>) {
        let tells = !steps.iter().all(Step::is_idle);
        let (causes, uncertain) = match settle(&self.life, steps, self.owner) {
            Settled::Ordered(steps, blurred) => {
                steps.iter().for_each(|step| self.step(at, step));
                if let Some(life) = blurred {
                    self.life = *life;
                    self.judged = self.judge();
                }
                self.places.extend(
                    steps
                        .iter()
                        .enumerate()
                        .map(|(place, step)| (step.cause().event.key.clone(), place)),
                );
                (causes_of(&steps, tells), false)
            }
            Settled::Uncertain(after, steps) => {
                self.leap(at, *after, &steps);
                (causes_of(&steps, tells), true)
            }
        };
        if self.life.is_told() {
            self.intervals
                .begin(at, &self.judged, &self.life, causes, uncertain);
            self.last_told = Some(at).filter(|_| tells).or(self.last_told);
        }
    }

    /// Takes one step whose place is known.
    fn step(&mut self, at: Timestamp, step: &Step) {
        let before = self.life.clone();
        let judged_before = self.judged.clone();
        let found = step.apply(&mut self.life);
        let cause = step.cause();
        let renewed = self.life.incarnation != before.incarnation && before.is_its_own();
        let mut closed = false;
        if renewed {
            closed = self.close_life(at, cause);
        }
        self.place(step, renewed);
        self.note(at, cause, &found);
        self.judged = self.judge();
        let moved = match self.life.existence {
            Existence::Deleted => self.delete(&before, at, cause),
            _ => self.rows.step(&Transition {
                at,
                cause: Some(cause),
                openers: &BTreeMap::new(),
                before: &judged_before,
                after: &self.judged,
                newborn: renewed || (self.life.incarnation != before.incarnation && created(cause)),
                unseen_since: matches!(step, Step::Account(AccountStep::Doubt(_)))
                    .then_some(before.account_block_set)
                    .flatten(),
                life: &self.life,
            }),
        };
        let moved = Moved {
            closed: moved.closed || closed,
            ..moved
        };
        if reported(step, &before, &self.life) {
            let done = effect(
                cause,
                moved,
                &Around {
                    life: &before,
                    judged: &judged_before,
                },
                &Around {
                    life: &self.life,
                    judged: &self.judged,
                },
            );
            self.effects.push((cause.event.key.clone(), done));
        }
    }

    /// A bucket's Region is the one that its first call names; another bucket of the name may lie elsewhere.
    fn place(&mut self, step: &Step, renewed: bool) {
        let anew = renewed || self.whose.region.is_none() || created(step.cause());
        if let (Step::Bucket(call), true) = (step, anew) {
            let named = call.cause.event.region.clone();
            self.whose.region = named.or(self.whose.region.take());
        }
    }

    /// Takes steps of one second whose order cannot be told, all at once.
    fn leap(&mut self, at: Timestamp, after: Life, steps: &[Step]) {
        let before = std::mem::replace(&mut self.life, after);
        let judged_before = self.judged.clone();
        self.judged = self.judge();
        if self.life.existence == Existence::Deleted {
            steps
                .iter()
                .find(|step| created(step.cause()))
                .or(steps.first())
                .into_iter()
                .for_each(|step| _ = self.delete(&before, at, step.cause()));
            return;
        }
        let openers = self.openers(&before, steps);
        let transition = Transition {
            at,
            cause: None,
            openers: &openers,
            before: &judged_before,
            after: &self.judged,
            newborn: false,
            unseen_since: None,
            life: &self.life,
        };
        let moved = self.rows.step(&transition);
        for step in steps {
            let cause = step.cause();
            let around = (
                Around {
                    life: &before,
                    judged: &judged_before,
                },
                Around {
                    life: &self.life,
                    judged: &self.judged,
                },
            );
            self.effects.push((
                cause.event.key.clone(),
                effect(cause, moved, &around.0, &around.1),
            ));
        }
    }

    /// The event of several that let each audience in, in the order in which they are given.
    fn openers(&self, before: &Life, steps: &[Step]) -> BTreeMap<Audience, Cause> {
        let mut life = before.clone();
        let mut openers = BTreeMap::new();
        for step in steps {
            step.apply(&mut life);
            let open = judge_life(&life, self.owner).open;
            openers.retain(|audience, _| open.contains_key(audience));
            for audience in open.into_keys() {
                openers
                    .entry(audience)
                    .or_insert_with(|| step.cause().clone());
            }
        }
        openers
    }

    fn judge(&self) -> Judgement {
        judge_life(&self.life, self.owner)
    }

    /// The bucket was deleted by this event: its exposures and its timeline end.
    fn delete(&mut self, before: &Life, at: Timestamp, cause: &Cause) -> Moved {
        if !before.is_told() {
            return Moved::default();
        }
        let closed = self.rows.end_all(at, ClosedHow::Event, None, Some(cause));
        self.end_timeline(at);
        Moved {
            closed,
            ..Moved::default()
        }
    }

    /// Another bucket of the name is there, and the end of the one before was not seen.
    fn close_life(&mut self, at: Timestamp, cause: &Cause) -> bool {
        let last = self.last_told.unwrap_or(at);
        let closed = self.rows.end_all(last, ClosedHow::InGap, Some(at), None);
        if closed && last < at {
            let untold = Life {
                existence: Existence::Doubtful,
                ..Life::default()
            };
            let judged = judge_life(&untold, self.owner);
            self.intervals
                .begin(last, &judged, &untold, vec![cause.clone()], false);
        }
        self.end_timeline(at);
        closed
    }

    fn end_timeline(&mut self, at: Timestamp) {
        let rows = std::mem::take(&mut self.rows).finish(&self.whose, at, self.beyond);
        let intervals = std::mem::take(&mut self.intervals);
        if intervals.is_empty() {
            self.exposures.extend(rows);
            return;
        }
        let mut intervals = intervals.finish(at, self.beyond);
        for interval in &mut intervals {
            let overlap = |row: &&Exposure| {
                row.opened_at < interval.span.until
                    && row.closed_at.is_none_or(|closed| {
                        closed > interval.span.from
                            || closed == row.opened_at && closed >= interval.span.from
                    })
            };
            let at_end = |row: &&Exposure| {
                interval.span.seconds() == 0
                    && row.opened_at <= interval.span.from
                    && row
                        .closed_at
                        .is_none_or(|closed| closed > interval.span.from)
            };
            interval.exposure_ids = rows
                .iter()
                .filter(|row| overlap(row) || at_end(row))
                .map(|row| row.id.clone())
                .collect();
        }
        let Whose {
            account,
            bucket,
            region,
        } = self.whose.clone();
        self.timelines.push(Timeline {
            account,
            bucket,
            region,
            intervals,
        });
        self.exposures.extend(rows);
    }

    fn note(&mut self, at: Timestamp, cause: &Cause, found: &[ContradictionKind]) {
        let (account, bucket) = (self.whose.account.clone(), Some(self.whose.bucket.clone()));
        self.contradictions
            .extend(found.iter().map(|kind| Contradiction {
                at,
                account: account.clone(),
                bucket: bucket.clone(),
                kind: *kind,
                causes: vec![cause.clone()],
            }));
    }

    pub fn finish(mut self, told: &mut Reconstruction, effects: &mut Effects) {
        if self.life.is_told() {
            let end = (self.end_of)(self.whose.account.as_ref(), self.whose.region.as_ref());
            let end = end.into_iter().chain(self.last_told).max();
            self.end_timeline(end.unwrap_or(Timestamp::from_unix(0)));
        }
        self.effects
            .into_iter()
            .for_each(|(key, done)| effects.entry(key).or_default().add(done));
        self.places
            .into_iter()
            .for_each(|(key, place)| effects.entry(key).or_default().stands_at(place));
        told.exposures.extend(self.exposures);
        told.timelines.extend(self.timelines);
        told.contradictions.extend(self.contradictions);
    }
}

/// The events behind a second's steps, each once, in their order; plain failures only where there is nothing else.
fn causes_of(steps: &[Step], tells: bool) -> Vec<Cause> {
    let telling = steps.iter().filter(|step| !step.is_idle() || !tells);
    let mut causes: Vec<Cause> = telling.map(|step| step.cause().clone()).collect();
    causes.dedup_by(|left, right| left.event.key == right.event.key);
    causes
}

fn created(cause: &Cause) -> bool {
    matches!(cause.event.change, Change::CreateBucket { .. }) && cause.event.took()
}

/// Whether a step's effect on this bucket is told: account-wide ones only where the bucket is there.
fn reported(step: &Step, before: &Life, after: &Life) -> bool {
    match step {
        Step::Bucket(_) => true,
        Step::Account(AccountStep::Call(_)) => before.is_told() || after.is_told(),
        Step::Account(AccountStep::Doubt(_)) => false,
    }
}
