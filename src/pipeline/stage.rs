//! What did one alarm do, what became of each match, and who was told of which exposure?

use super::alarms::{Seen, Watch};
use super::conclude::Verdicts;
use super::matches::moved;
use crate::alarm::{
    Alarm, AlarmSettings, Closing, Datum, Escalation, Fate, Finding, Metric, MetricTime, Replay,
    State, Told, Transition, escalate, notification, reason, replay,
};
use crate::analysis::{AlarmChange, AlarmHistory, ExposureTold, Match, ToldEvent};
use crate::event::EventKey;
use crate::integrity::RecordVerdict;
use crate::pattern::MetricFilter;
use crate::timeline::{ClosedHow, Exposure};
use crate::vocab::{AccountId, BucketName, Timestamp};
use std::collections::BTreeMap;

/// One filter in one log group, about to be replayed.
pub(super) struct Stage<'s> {
    pub(super) watch: &'s Watch<'s>,
    pub(super) filter: &'s MetricFilter,
    pub(super) group: Option<&'s AccountId>,
    pub(super) seen: &'s Seen,
    pub(super) until: Option<Timestamp>,
    pub(super) verdicts: &'s Verdicts,
}

impl Stage<'_> {
    pub(super) fn history(&self, mut matches: Vec<Match>, exposures: &[Exposure]) -> AlarmHistory {
        matches.retain(|found| self.until.is_none_or(|until| found.time < until));
        let (mut matches, unpublished): (Vec<_>, Vec<_>) = matches
            .into_iter()
            .partition(|found| found.fate.is_published());
        let replayed = self.replayed(&self.watch.settings, &data(&matches));
        self.tell_fates(&mut matches, &replayed);
        matches.extend(unpublished);
        matches.sort_by(|one, two| (one.time, &one.key).cmp(&(two.time, &two.key)));
        let alarm = self.alarm();
        AlarmHistory {
            filter: self.filter.name.as_str().into(),
            changes: self.changes(&replayed, &matches, &alarm),
            exposures: self.exposures(&matches, exposures),
            alarm,
            settings: self.watch.settings.clone(),
            matches,
        }
    }

    fn alarm(&self) -> Alarm {
        let metric = self.filter.metric_name.as_deref();
        Alarm {
            name: self.filter.name.clone(),
            account: self.group.cloned(),
            region: self.watch.region.clone(),
            metric_name: metric.unwrap_or(&self.filter.name).to_owned(),
            namespace: match &self.filter.namespace {
                Some(namespace) => namespace.clone(),
                None => "LogMetrics".to_owned(),
            },
        }
    }

    /// From the first record of the log group to the minute after its last arrives; what is evaluated when the evidence is taken to have
    /// ended is no part of it.
    fn replayed(&self, settings: &AlarmSettings, data: &[Datum]) -> Replay {
        let default = self.filter.default_value.or(self.watch.default_value);
        let metric = Metric::new(data, default, &self.seen.active);
        let (start, last) = self.seen.span.unwrap_or_default();
        let end = last.saturating_add(1);
        let until = self.until.map(|until| until.plus(-1).unix().div_euclid(60));
        replay(
            settings,
            &metric,
            start,
            until.map_or(end, |until| end.min(until)),
        )
    }

    /// What became of each match; and how soon and how late somebody could have been told, over what CloudWatch leaves open: in
    /// which minute a match counts, and how far back an alarm looks.
    fn tell_fates(&self, matches: &mut [Match], replayed: &Replay) {
        let seconds = |found: &Match, minute: i64| minute * 60 - found.time.unix();
        for found in matches.iter_mut() {
            let (fate, told) = replayed.fate(&self.watch.settings, &found.datum);
            found.fate = fate;
            found.notified = told.map(|told| Timestamp::from_unix(told.minute * 60));
        }
        let mut bounds: Vec<Vec<Option<i64>>> = vec![Vec::new(); matches.len()];
        for settings in self.variants() {
            let data = moved(matches, settings.metric_time);
            let replayed = self.replayed(&settings, &data);
            for ((datum, found), bound) in data.iter().zip(matches.iter()).zip(&mut bounds) {
                let (_, told) = replayed.fate(&settings, datum);
                bound.push(told.map(|told| seconds(found, told.minute)));
            }
        }
        for (found, bound) in matches.iter_mut().zip(bounds) {
            found.soonest = bound.iter().flatten().min().copied();
            let all: Option<Vec<i64>> = bound.into_iter().collect();
            found.latest = all.and_then(|all| all.into_iter().max());
        }
    }

    fn variants(&self) -> Vec<AlarmSettings> {
        let settings = &self.watch.settings;
        let ranges = [settings.evaluation_periods, settings.range()];
        let times = [MetricTime::Delivery, MetricTime::Event];
        let vary = |metric_time| {
            ranges.map(|range| AlarmSettings {
                metric_time,
                evaluation_range: Some(range),
                ..settings.clone()
            })
        };
        times.into_iter().flat_map(vary).collect()
    }

    fn changes(&self, replayed: &Replay, matches: &[Match], alarm: &Alarm) -> Vec<AlarmChange> {
        let mut told: BTreeMap<Timestamp, Vec<_>> = BTreeMap::new();
        for found in matches {
            if let Some(at) = found.notified {
                told.entry(at).or_default().push(ToldEvent {
                    time: found.time,
                    id: found.event_id().cloned(),
                    integrity: found.integrity,
                });
            }
        }
        let change = |transition: &Transition| {
            let at = Timestamp::from_unix(transition.minute.saturating_mul(60));
            let alarms = transition.to == State::Alarm;
            AlarmChange {
                at,
                transition: transition.clone(),
                reason: reason(&self.watch.settings, transition),
                tells: told.remove(&at).filter(|_| alarms).unwrap_or_default(),
                notification: notification(alarm, &self.watch.settings, transition)
                    .ok()
                    .filter(|_| alarms),
            }
        };
        replayed.transitions.iter().map(change).collect()
    }

    fn exposures(&self, matches: &[Match], exposures: &[Exposure]) -> Vec<ExposureTold> {
        let by_key: BTreeMap<&EventKey, &Match> =
            matches.iter().map(|found| (&found.key, found)).collect();
        let opening = |exposure: &Exposure| {
            let opened = exposure.opened.as_ref()?;
            by_key.get(&opened.event.key).copied()
        };
        let of_group = |exposure: &&Exposure| {
            self.group.is_none()
                || exposure.account.as_ref() == self.group
                || opening(exposure).is_some()
        };
        // What happens to one bucket is one incident; another bucket is somebody else's.
        let mut buckets: BTreeMap<(Option<&AccountId>, &BucketName), Vec<Opening<'_>>> =
            BTreeMap::new();
        for exposure in exposures.iter().filter(of_group) {
            let place = (exposure.account.as_ref(), &exposure.bucket);
            let opened = (exposure, opening(exposure));
            buckets.entry(place).or_default().push(opened);
        }
        let rows = buckets.into_values().flat_map(|rows| self.of_bucket(&rows));
        rows.collect()
    }

    /// What can be said of the records of the event that opened it.
    fn verdict(&self, exposure: &Exposure) -> Option<RecordVerdict> {
        let opened = exposure.opened.as_ref()?;
        self.verdicts.get(&opened.event.key).copied()
    }

    fn of_bucket(&self, rows: &[Opening<'_>]) -> Vec<ExposureTold> {
        let findings: Vec<Finding> = rows
            .iter()
            .map(|(exposure, found)| finding(exposure, *found))
            .collect();
        let told = escalate(&findings, self.watch.escalate_after);
        let row =
            |(((exposure, found), finding), told): ((&Opening<'_>, &Finding), Told)| ExposureTold {
                exposure: (*exposure).clone(),
                fate: found.map(|found| found.fate),
                notified: finding.told,
                open_when_notified: finding.told.and_then(|at| finding.closing.is_open_at(at)),
                told: escalated(told, *found),
                integrity: self.verdict(exposure),
            };
        rows.iter().zip(&findings).zip(told).map(row).collect()
    }
}

/// An exposure, and the match of its opening event.
type Opening<'o> = (&'o Exposure, Option<&'o Match>);

/// How its incident went. Where it is open whether anybody is told, so is that.
fn escalated(told: Told, found: Option<&Match>) -> Told {
    let is_open = found.is_some_and(|found| found.fate == Fate::Undetermined);
    match told.escalation {
        Escalation::NotTold if is_open => Told {
            escalation: Escalation::Undetermined,
            ..told
        },
        _ => told,
    }
}

fn data(matches: &[Match]) -> Vec<Datum> {
    matches.iter().map(|found| found.datum).collect()
}

fn finding(exposure: &Exposure, found: Option<&Match>) -> Finding {
    let end = exposure.opened_at.plus(exposure.duration_seconds);
    Finding {
        opened: exposure.opened_at,
        closing: match (exposure.closed_how, exposure.closed_at) {
            (ClosedHow::Opaque, Some(at)) => Closing::UnknownFrom(at),
            (_, Some(at)) => Closing::Closed(at),
            (_, None) => Closing::OpenUntil(end),
        },
        told: found.and_then(|found| found.notified),
        matched: found.is_some_and(|found| found.fate.is_published()),
    }
}
