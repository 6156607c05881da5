//! Which patterns does a file hold? One pattern, or what `aws logs describe-metric-filters` prints.

use super::{Field, InteriorStar, Pattern, PatternError};
use serde_json::{Value, de::Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A metric filter: a pattern with a name, and the metric that it feeds.
#[derive(Clone, Debug)]
pub struct MetricFilter {
    /// The filter's name; for a lone pattern, the file's or the preset's.
    pub name: String,
    /// The log group that it is set on, where the filter says.
    pub log_group: Option<String>,
    /// The pattern.
    pub pattern: Pattern,
    /// The metric's name, where the filter says.
    pub metric_name: Option<String>,
    /// The metric's namespace, where the filter says.
    pub namespace: Option<String>,
    /// What is published for each match.
    pub metric_value: MetricValue,
    /// What is published for a minute with records and no match.
    pub default_value: Option<f64>,
}

impl MetricFilter {
    /// A filter of that name that counts its matches.
    pub fn counting(name: &str, pattern: Pattern) -> Self {
        Self {
            name: name.to_owned(),
            log_group: None,
            pattern,
            metric_name: None,
            namespace: None,
            metric_value: MetricValue::Constant(1.0),
            default_value: None,
        }
    }
}

/// What a filter publishes for a match.
#[derive(Clone, Debug)]
pub enum MetricValue {
    /// A number; 1 counts matches.
    Constant(f64),
    /// What a field holds, where that is a number.
    Field(Field),
}

/// A filter of a file that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileError {
    /// The filter's name or, without one, its place.
    pub filter: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a filter of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// Its pattern cannot be read.
    Pattern(Box<PatternError>),
    /// It has no pattern.
    NoPattern,
    /// What it publishes is neither a number nor a selector.
    MetricValue(String),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Pattern(error) => write!(f, "filter `{}`: {error}", self.filter),
            Problem::MetricValue(text) => write!(
                f,
                "filter `{}`: its metricValue `{text}` is neither a number nor a selector",
                self.filter
            ),
            Problem::NoPattern => write!(f, "filter `{}` has no `filterPattern`", self.filter),
        }
    }
}

impl std::error::Error for FileError {}

/// Reads a file's text. A bad filter among others is told, and the others are used.
pub fn read_file(
    text: &str,
    name: &str,
    stars: InteriorStar,
) -> (Vec<MetricFilter>, Vec<FileError>) {
    match listed(text) {
        Some(filters) => {
            let read = |(at, filter)| read_filter(at, filter, stars);
            let (mut good, mut bad) = (Vec::new(), Vec::new());
            for filter in filters.iter().enumerate().map(read) {
                match filter {
                    Ok(filter) => good.push(filter),
                    Err(error) => bad.push(error),
                }
            }
            (good, bad)
        }
        None => match Pattern::parse(text.trim(), stars) {
            Ok(pattern) => (vec![MetricFilter::counting(name, pattern)], Vec::new()),
            Err(error) => (Vec::new(), vec![unreadable(name, error)]),
        },
    }
}

/// Gives filters of the same name names of their own: with their log groups, in which names are unique, else with numbers.
pub fn distinguish(filters: &mut [MetricFilter]) {
    let several = repeated(filters);
    for filter in filters.iter_mut().filter(|it| several.contains(&it.name)) {
        if let Some(group) = &filter.log_group {
            filter.name = format!("{}@{group}", filter.name);
        }
    }
    let several = repeated(filters);
    let mut taken: BTreeSet<String> = filters.iter().map(|it| it.name.clone()).collect();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for filter in filters.iter_mut().filter(|it| several.contains(&it.name)) {
        let number = numbers.entry(filter.name.clone()).or_default();
        loop {
            *number += 1;
            let name = format!("{}-{number}", filter.name);
            if taken.insert(name.clone()) {
                filter.name = name;
                break;
            }
        }
    }
}

/// The names that more than one filter has.
fn repeated(filters: &[MetricFilter]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let again = filters.iter().filter(|it| !seen.insert(&it.name));
    again.map(|it| it.name.clone()).collect()
}

fn unreadable(name: &str, error: PatternError) -> FileError {
    FileError {
        filter: name.to_owned(),
        problem: Problem::Pattern(Box::new(error)),
    }
}

/// The filters of `{"metricFilters": […]}`: several such documents, as paginated calls leave them, and bare arrays too.
fn listed(text: &str) -> Option<Vec<Value>> {
    let documents: Result<Vec<Value>, _> = Deserializer::from_str(text).into_iter().collect();
    let mut filters = Vec::new();
    let documents = documents.ok().filter(|documents| !documents.is_empty())?;
    for document in documents {
        match document {
            Value::Array(listed) => filters.extend(listed),
            Value::Object(mut object) => match object.remove("metricFilters") {
                Some(Value::Array(listed)) => filters.extend(listed),
                None if object.contains_key("filterPattern") => filters.push(object.into()),
                _ => return None,
            },
            _ => return None,
        }
    }
    Some(filters)
}

fn read_filter(at: usize, filter: &Value, stars: InteriorStar) -> Result<MetricFilter, FileError> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = text(filter, "filterName").unwrap_or_else(|| format!("number {}", at + 1));
    let Some(pattern) = text(filter, "filterPattern") else {
        return Err(FileError {
            filter: name,
            problem: Problem::NoPattern,
        });
    };
    let pattern = Pattern::parse(&pattern, stars).map_err(|error| unreadable(&name, error))?;
    let metric = filter
        .get("metricTransformations")
        .and_then(|all| all.get(0))
        .unwrap_or(&Value::Null);
    let value = metric_value(metric).map_err(|text| FileError {
        filter: name.clone(),
        problem: Problem::MetricValue(text),
    })?;
    Ok(MetricFilter {
        name,
        log_group: text(filter, "logGroupName"),
        pattern,
        metric_name: text(metric, "metricName"),
        namespace: text(metric, "metricNamespace"),
        metric_value: value,
        default_value: metric.get("defaultValue").and_then(Value::as_f64),
    })
}

fn metric_value(metric: &Value) -> Result<MetricValue, String> {
    let Some(text) = metric.get("metricValue").and_then(Value::as_str) else {
        return Ok(MetricValue::Constant(1.0));
    };
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    match (number, Field::parse(text)) {
        (Some(number), _) => Ok(MetricValue::Constant(number)),
        (None, Ok(field)) => Ok(MetricValue::Field(field)),
        (None, Err(_)) => Err(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let (good, bad) = read_file(text, "patterns.txt", InteriorStar::Literal);
        (
            good.into_iter().map(|filter| filter.name).collect(),
            bad.into_iter().map(|error| error.filter).collect(),
        )
    }

    #[test]
    fn filters_of_one_name_are_told_apart() {
        let filter = |(name, group): &(&str, &str)| MetricFilter {
            log_group: Some((*group).to_owned()).filter(|group| !group.is_empty()),
            ..MetricFilter::counting(name, Pattern::parse("x", InteriorStar::Literal).unwrap())
        };
        for (given, told) in [
            (&[("pattern", "")][..], &["pattern"][..]),
            (&[("a", "g"), ("b", "h")], &["a", "b"]),
            (
                &[("pattern", ""), ("pattern", "")],
                &["pattern-1", "pattern-2"],
            ),
            (&[("a", "g"), ("b", ""), ("a", "h")], &["a@g", "b", "a@h"]),
            (&[("a", "g"), ("a", "")], &["a@g", "a"]),
            (&[("a", "g"), ("a", "g")], &["a@g-1", "a@g-2"]),
            (&[("a", ""), ("a-1", ""), ("a", "")], &["a-2", "a-1", "a-3"]),
        ] {
            let mut filters: Vec<_> = given.iter().map(filter).collect();
            distinguish(&mut filters);
            let names: Vec<_> = filters.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(names, told, "{given:?}");
        }
    }

    #[test]
    fn a_file_holds_one_pattern_or_many_filters() {
        let filters = r#"{"metricFilters":[
            {"filterName":"a","filterPattern":"{ $.a = 1 }","metricTransformations":[{"metricName":"m","metricNamespace":"n","metricValue":"1","defaultValue":0.0}]},
            {"filterName":"b","filterPattern":"{ $.a == 1 }"}, {"filterPattern":"ERROR"}, {"filterName":"c"}]}"#;
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        for (text, good, bad) in [
            ("  { $.a = 1 }\n", &["patterns.txt"][..], &[][..]),
            ("{ $.a }", &[], &["patterns.txt"]),
            ("\"phrase\"", &["patterns.txt"], &[]),
            ("ERROR", &["patterns.txt"], &[]),
            (filters, &["a", "number 3"], &["b", "c"]),
            (
                &format!("{filters}\n{filters}"),
                &["a", "number 3", "a", "number 7"],
                &["b", "c", "b", "c"],
            ),
            ("{\"metricFilters\":[]}", &[], &[]),
        ] {
            assert_eq!(read(text), (names(good), names(bad)), "{text}");
        }
        let (good, _) = read_file(filters, "x", InteriorStar::Literal);
        assert_eq!(
            (good[0].metric_name.as_deref(), good[0].default_value),
            (Some("m"), Some(0.0))
        );
    }
}
