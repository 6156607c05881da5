//! Which values does an argument take, and what is a shell told of them?

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command};
use leaktrail::alarm::{Comparison, MetricTime, Missing, Statistic};
use leaktrail::pattern::PRESETS;
use leaktrail::report::Format;
use std::ffi::OsStr;

/// Reads a value as another parser does, and offers names to whoever completes the command line.
#[derive(Clone)]
pub struct Offering<P> {
    read: P,
    names: Vec<&'static str>,
}

impl<P: TypedValueParser> TypedValueParser for Offering<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        self.read.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.names.iter().map(PossibleValue::new)))
    }
}

type Reads<T> = fn(&str) -> Result<T, String>;

fn offering<T: Clone + Send + Sync + 'static>(
    read: Reads<T>,
    names: impl IntoIterator<Item = &'static str>,
) -> Offering<Reads<T>> {
    Offering {
        read,
        names: names.into_iter().collect(),
    }
}

/// A format of reports.
pub fn format() -> Offering<Reads<Format>> {
    offering(
        |text| chosen(text, &Format::ALL),
        Format::ALL.map(Format::name),
    )
}

/// A format for one table.
pub fn tabular() -> Offering<Reads<Format>> {
    offering(
        |text| chosen(text, &Format::TABULAR),
        Format::TABULAR.map(Format::name),
    )
}

/// A preset's name; one that is none is told what is like it elsewhere.
pub fn preset() -> Offering<StringValueParser> {
    Offering {
        read: StringValueParser::new(),
        names: PRESETS.iter().map(|preset| preset.name).collect(),
    }
}

fn chosen(text: &str, among: &[Format]) -> Result<Format, String> {
    let format = Format::parse(text).filter(|format| among.contains(format));
    let names: Vec<&str> = among.iter().map(|format| format.name()).collect();
    format.ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

/// One of a closed list of names, in any case.
fn one_of<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    let mut each = all.iter().copied();
    let found = each.find(|one| name(*one).eq_ignore_ascii_case(text));
    let names: Vec<&str> = all.iter().copied().map(name).collect();
    found.ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

const STATISTICS: [Statistic; 5] = {
    use Statistic::{Average, Maximum, Minimum, SampleCount, Sum};
    [SampleCount, Average, Sum, Minimum, Maximum]
};
const COMPARISONS: [Comparison; 4] = {
    use Comparison::{Above, AtLeast, AtMost, Below};
    [AtLeast, Above, Below, AtMost]
};
const MISSING: [Missing; 4] = [
    Missing::Missing,
    Missing::Ignore,
    Missing::Breaching,
    Missing::NotBreaching,
];
const METRIC_TIMES: [MetricTime; 2] = [MetricTime::Delivery, MetricTime::Event];

/// What is made of a period's values.
pub fn statistic() -> Offering<Reads<Statistic>> {
    offering(
        |text| one_of(text, &STATISTICS, Statistic::name),
        STATISTICS.map(Statistic::name),
    )
}

/// How that is compared with the threshold.
pub fn comparison() -> Offering<Reads<Comparison>> {
    offering(
        |text| one_of(text, &COMPARISONS, Comparison::name),
        COMPARISONS.map(Comparison::name),
    )
}

/// What a period without data counts as.
pub fn missing() -> Offering<Reads<Missing>> {
    offering(
        |text| one_of(text, &MISSING, Missing::name),
        MISSING.map(Missing::name),
    )
}

/// In which minute a match counts.
pub fn metric_time() -> Offering<Reads<MetricTime>> {
    offering(
        |text| one_of(text, &METRIC_TIMES, MetricTime::name),
        METRIC_TIMES.map(MetricTime::name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_in_any_case() {
        let read = |text: &str| (statistic().read)(text);
        assert_eq!(read("sum").ok(), Some(Statistic::Sum));
        let refused = (comparison().read)("more").unwrap_err();
        assert!(refused.contains("GreaterThanThreshold"));
    }

    #[test]
    fn whatever_is_offered_is_taken() {
        for name in statistic().names {
            assert!((statistic().read)(name).is_ok(), "{name}");
        }
        for name in tabular().names {
            assert!((tabular().read)(name).is_ok(), "{name}");
        }
        for name in preset().names {
            assert!(leaktrail::pattern::preset(name).is_some(), "{name}");
        }
    }
}
