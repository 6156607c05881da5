//! Which periods with data does an evaluation look at?
//!
//! Evaluations that lie a whole number of periods apart cut time in the same places: they share their periods, and each needs only
//! what appeared since the one before. So a replay costs about as much for a thousand periods as for one.

use super::metric::Metric;
use super::settings::AlarmSettings;
use super::state::{Fetched, Point};
use std::collections::{BTreeMap, BTreeSet};

/// The periods with data, for each way in which evaluations cut time.
pub(super) struct Windows<'m> {
    settings: &'m AlarmSettings,
    metric: &'m Metric,
    /// From which minute on each value is seen, and in which it counts: in order.
    appearing: Vec<(i64, i64)>,
    by_phase: BTreeMap<i64, Window>,
}

impl<'m> Windows<'m> {
    pub fn new(settings: &'m AlarmSettings, metric: &'m Metric) -> Self {
        Self {
            settings,
            metric,
            appearing: metric.appearing(),
            by_phase: BTreeMap::new(),
        }
    }

    /// What an evaluation fetches; of those with the same phase a later one than before.
    pub fn at(&mut self, now: i64) -> &Window {
        let settings = self.settings;
        let phase = now.rem_euclid(settings.period);
        let window = self.by_phase.entry(phase).or_default();
        let oldest = now.saturating_sub(settings.fetched());
        let seen = self.appearing.partition_point(|(at, _)| *at <= now);
        let new = self.appearing.get(window.taken..seen).unwrap_or_default();
        let changed = new
            .iter()
            .map(|(_, minute)| settings.period_of(*minute, now));
        let changed: BTreeSet<i64> = changed.filter(|from| *from >= oldest).collect();
        for from in changed {
            let point = settings.point(self.metric.in_period(settings, from, now));
            window.set(from, point, settings.evaluation_periods);
        }
        window.taken = seen.max(window.taken);
        window.forget(oldest);
        window
    }

    /// The first minute after `now` in which something is seen that was not before.
    pub fn next_appearance(&self, now: i64) -> Option<i64> {
        let at = self.appearing.partition_point(|(at, _)| *at <= now);
        self.appearing.get(at).map(|(at, _)| *at)
    }
}

/// The periods with data that evaluations of one phase fetch, by when they began.
#[derive(Default)]
pub(super) struct Window {
    /// The newest, as many as are evaluated.
    counted: BTreeMap<i64, Point>,
    /// The others: none, where fewer than these have data.
    older: BTreeMap<i64, Point>,
    /// Of all of them those that breach; and how many of the newest do.
    breaching: BTreeSet<i64>,
    counted_breaching: usize,
    /// So many of the values that appear were taken.
    taken: usize,
}

impl Window {
    /// When the oldest period began that is looked at; `None` where there is no data.
    pub fn since(&self) -> Option<i64> {
        self.counted.keys().next().copied()
    }

    /// What decides of it.
    pub fn fetched(&self, settings: &AlarmSettings, now: i64) -> Fetched {
        let real = self.counted.len() + self.older.len();
        let oldest = self.breaching.first();
        let age = |from: &i64| usize::try_from((now - from) / settings.period).ok();
        Fetched {
            real,
            breaching: self.counted_breaching,
            any_within: real > self.breaching.len(),
            oldest_breaching: oldest.and_then(age),
        }
    }

    /// A period is that from now on.
    fn set(&mut self, from: i64, point: Point, evaluated: usize) {
        match point {
            Point::Breaching => self.breaching.insert(from),
            Point::Within | Point::Missing => self.breaching.remove(&from),
        };
        let has_room = self.counted.len() < evaluated;
        if !has_room && self.since().is_some_and(|since| from < since) {
            self.older.insert(from, point);
            return;
        }
        let before = self.counted.insert(from, point);
        self.count(before, Some(point));
        if self.counted.len() > evaluated
            && let Some((from, point)) = self.counted.pop_first()
        {
            self.count(Some(point), None);
            self.older.insert(from, point);
        }
    }

    /// Periods that began before are fetched no more.
    fn forget(&mut self, oldest: i64) {
        while self.older.keys().next().is_some_and(|from| *from < oldest) {
            self.older.pop_first();
        }
        while self.breaching.first().is_some_and(|from| *from < oldest) {
            self.breaching.pop_first();
        }
        while self.since().is_some_and(|since| since < oldest) {
            let gone = self.counted.pop_first();
            self.count(gone.map(|(_, point)| point), None);
        }
    }

    /// One of the newest is another.
    fn count(&mut self, before: Option<Point>, after: Option<Point>) {
        let breaches = |point: Option<Point>| usize::from(point == Some(Point::Breaching));
        self.counted_breaching += breaches(after);
        self.counted_breaching = self.counted_breaching.saturating_sub(breaches(before));
    }
}
