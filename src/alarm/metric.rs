//! What does a metric filter publish? A value for each match, in a minute; and a default for minutes with records and no match.

use super::settings::{AlarmSettings, Statistic};
use std::collections::BTreeMap;

/// One published value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Datum {
    /// The minute in which it counts, since 1970.
    pub minute: i64,
    /// The minute in which it arrives: an evaluation at a later one sees it.
    pub arrives: i64,
    /// The value.
    pub value: f64,
}

/// All that was published, by the minute in which it counts.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Metric {
    minutes: BTreeMap<i64, Vec<(i64, f64)>>,
}

impl Metric {
    /// A metric of these values. Minutes that have records and none of these values have the default, if there is one;
    /// `active` tells such minutes, and when their first record arrives.
    pub fn new(data: &[Datum], default: Option<f64>, active: &BTreeMap<i64, i64>) -> Self {
        let mut metric = Self::default();
        for datum in data {
            let minute = metric.minutes.entry(datum.minute).or_default();
            minute.push((datum.arrives, datum.value));
        }
        if let Some(default) = default {
            for (minute, arrives) in active {
                let values = metric.minutes.entry(*minute).or_default();
                if values.is_empty() {
                    values.push((*arrives, default));
                }
            }
        }
        metric
    }

    /// The statistic over the minutes from `from` to before `until`, of what has arrived before `now`; `None` without data.
    pub(super) fn over(
        &self,
        (from, until): (i64, i64),
        now: i64,
        statistic: Statistic,
    ) -> Option<f64> {
        let values = self
            .minutes
            .range(from..until)
            .flat_map(|(_, values)| values)
            .filter(|(arrives, _)| *arrives < now)
            .map(|(_, value)| *value);
        let (mut count, mut sum) = (0.0, 0.0);
        let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            count += 1.0;
            sum += value;
            least = least.min(value);
            greatest = greatest.max(value);
        }
        (count > 0.0).then_some(match statistic {
            Statistic::SampleCount => count,
            Statistic::Average => sum / count,
            Statistic::Sum => sum,
            Statistic::Minimum => least,
            Statistic::Maximum => greatest,
        })
    }

    /// The value of the period that began then, as an evaluation sees it.
    pub(super) fn in_period(&self, settings: &AlarmSettings, from: i64, now: i64) -> Option<f64> {
        let until = from.saturating_add(settings.period);
        self.over((from, until), now, settings.statistic)
    }

    /// For each value the minute from which on an evaluation sees it, and the one in which it counts: in order, alike ones once.
    pub(super) fn appearing(&self) -> Vec<(i64, i64)> {
        let appears = |(minute, values): (&i64, &Vec<(i64, f64)>)| {
            let minute = *minute;
            let after =
                |(arrives, _): &(i64, f64)| (minute.max(*arrives).saturating_add(1), minute);
            values.iter().map(after).collect::<Vec<_>>()
        };
        let mut appearing: Vec<_> = self.minutes.iter().flat_map(appears).collect();
        appearing.sort_unstable();
        appearing.dedup();
        appearing
    }
}
