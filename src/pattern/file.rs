//! Which patterns does a file hold? One pattern, or what `aws logs describe-metric-filters` prints.

use super::error::one_line;
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
    /// What it has that is not applied here.
    pub unapplied: Vec<Unapplied>,
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
            unapplied: Vec::new(),
        }
    }
}

/// What CloudWatch would apply of a filter, and is not applied here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unapplied {
    /// Which records it is asked of at all, by their account and Region.
    FieldSelection(String),
    /// It is asked of log events that a transformer has changed.
    Transformed,
    /// Its metric is kept apart by the values of these dimensions.
    Dimensions(Vec<String>),
}

impl fmt::Display for Unapplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldSelection(criteria) => write!(
                f,
                "its fieldSelectionCriteria are not applied: records that CloudWatch leaves out by `{}` match here",
                one_line(criteria)
            ),
            Self::Transformed => write!(
                f,
                "applyOnTransformedLogs is not applied: CloudWatch asks it of transformed log events, which may match otherwise than records as CloudTrail writes them"
            ),
            Self::Dimensions(names) => write!(
                f,
                "its dimensions `{}` are not applied: CloudWatch keeps a metric for each of their values, and here all matches are counted in one",
                one_line(&names.join("`, `"))
            ),
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
    /// What it publishes for a minute without a match is no number.
    DefaultValue(String),
    /// The whole file is JSON that cannot be read.
    BrokenJson(String),
    /// The whole file is JSON, and holds no filters.
    OtherJson,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filter = one_line(&self.filter);
        match &self.problem {
            Problem::Pattern(error) => write!(f, "filter `{filter}`: {error}"),
            Problem::MetricValue(text) => write!(
                f,
                "filter `{filter}`: its metricValue `{}` is neither a number nor a selector",
                one_line(text)
            ),
            Problem::DefaultValue(text) => write!(
                f,
                "filter `{filter}`: its defaultValue `{}` is no number",
                one_line(text)
            ),
            Problem::NoPattern => write!(f, "filter `{filter}` has no `filterPattern`"),
            Problem::BrokenJson(cause) => write!(
                f,
                "broken JSON: {cause}\nhint: is it all that `aws logs describe-metric-filters` printed?"
            ),
            Problem::OtherJson => write!(
                f,
                "JSON that holds no filters\nhint: give what `aws logs describe-metric-filters` prints, or one pattern"
            ),
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
    let unreadable = |problem| {
        let filter = name.to_owned();
        (Vec::new(), vec![FileError { filter, problem }])
    };
    let filters = match listed(text) {
        Some(Ok(filters)) => filters,
        Some(Err(problem)) => return unreadable(problem),
        None => {
            return match Pattern::parse(text.trim(), stars) {
                Ok(pattern) => (vec![MetricFilter::counting(name, pattern)], Vec::new()),
                Err(error) => unreadable(Problem::Pattern(Box::new(error))),
            };
        }
    };
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (at, filter) in filters.iter().enumerate() {
        match read_filter(at, filter, stars) {
            Ok(filter) => good.push(filter),
            Err(error) => bad.push(error),
        }
    }
    (good, bad)
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

/// The filters of `{"metricFilters": […]}`: several such documents, as paginated calls leave them, and bare arrays too. `None`
/// where the text is no JSON but a pattern.
fn listed(text: &str) -> Option<Result<Vec<Value>, Problem>> {
    let documents: Result<Vec<Value>, _> = Deserializer::from_str(text).into_iter().collect();
    let listed = match documents {
        Ok(documents) => filters_of(documents).ok_or(Problem::OtherJson),
        Err(error) => Err(Problem::BrokenJson(error.to_string())),
    };
    (listed.is_ok() || begins_as_json(text)).then_some(listed)
}

/// Whether no pattern begins so: after a brace they have a selector or a parenthesis, and a bracket is not read.
fn begins_as_json(text: &str) -> bool {
    let mut marks = text.chars().filter(|c| !c.is_whitespace());
    matches!(
        (marks.next(), marks.next()),
        (Some('{'), Some('"')) | (Some('['), Some('{'))
    )
}

/// The filters in these documents; `None` where one is of another kind, or there is none.
fn filters_of(documents: Vec<Value>) -> Option<Vec<Value>> {
    let mut filters = Vec::new();
    if documents.is_empty() {
        return None;
    }
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
    let name = text_in(filter, "filterName").unwrap_or_else(|| format!("number {}", at + 1));
    read_named(&name, filter, stars).map_err(|problem| FileError {
        filter: name,
        problem,
    })
}

fn read_named(name: &str, filter: &Value, stars: InteriorStar) -> Result<MetricFilter, Problem> {
    let pattern = text_in(filter, "filterPattern").ok_or(Problem::NoPattern)?;
    let pattern =
        Pattern::parse(&pattern, stars).map_err(|error| Problem::Pattern(Box::new(error)))?;
    let metric = filter
        .get("metricTransformations")
        .and_then(|all| all.get(0))
        .unwrap_or(&Value::Null);
    Ok(MetricFilter {
        name: name.to_owned(),
        log_group: text_in(filter, "logGroupName"),
        pattern,
        metric_name: text_in(metric, "metricName"),
        namespace: text_in(metric, "metricNamespace"),
        metric_value: metric_value(metric)?,
        default_value: default_value(metric)?,
        unapplied: unapplied(filter, metric),
    })
}

fn text_in(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// What a key holds that may be a number or the text of one, as text.
fn written(metric: &Value, key: &str) -> Option<String> {
    match metric.get(key)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn metric_value(metric: &Value) -> Result<MetricValue, Problem> {
    let Some(text) = written(metric, "metricValue") else {
        return Ok(MetricValue::Constant(1.0));
    };
    match (finite(&text), Field::parse(&text)) {
        (Some(number), _) => Ok(MetricValue::Constant(number)),
        (None, Ok(field)) => Ok(MetricValue::Field(field)),
        (None, Err(_)) => Err(Problem::MetricValue(text)),
    }
}

fn default_value(metric: &Value) -> Result<Option<f64>, Problem> {
    match written(metric, "defaultValue") {
        None => Ok(None),
        Some(text) => match finite(&text) {
            Some(number) => Ok(Some(number)),
            None => Err(Problem::DefaultValue(text)),
        },
    }
}

fn unapplied(filter: &Value, metric: &Value) -> Vec<Unapplied> {
    let criteria = text_in(filter, "fieldSelectionCriteria").filter(|text| !text.is_empty());
    let transformed = filter.get("applyOnTransformedLogs") == Some(&Value::Bool(true));
    let of_metric = metric.get("dimensions").and_then(Value::as_object);
    let of_system = filter.get("emitSystemFieldDimensions");
    let of_system = of_system.and_then(Value::as_array).into_iter().flatten();
    let names = of_metric
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone());
    let names = names.chain(of_system.filter_map(Value::as_str).map(str::to_owned));
    let names: Vec<String> = names.collect();
    let mut unapplied: Vec<Unapplied> = criteria
        .map(Unapplied::FieldSelection)
        .into_iter()
        .collect();
    if transformed {
        unapplied.push(Unapplied::Transformed);
    }
    if !names.is_empty() {
        unapplied.push(Unapplied::Dimensions(names));
    }
    unapplied
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
            ("", &["patterns.txt"], &[]),
        ] {
            assert_eq!(read(text), (names(good), names(bad)), "{text}");
        }
        let (good, _) = read_file(filters, "x", InteriorStar::Literal);
        assert_eq!(
            (good[0].metric_name.as_deref(), good[0].default_value),
            (Some("m"), Some(0.0))
        );
    }

    fn problems(text: &str) -> String {
        let (_, bad) = read_file(text, "x", InteriorStar::Literal);
        let bad: Vec<String> = bad.iter().map(ToString::to_string).collect();
        bad.join("\n")
    }

    #[test]
    fn json_that_is_no_list_of_filters_is_not_called_a_bad_pattern() {
        insta::assert_snapshot!(problems("{\"metricFilters\":[{\"filterName\":\"a\",\"filterPa"), @r"
        broken JSON: EOF while parsing a string at line 1 column 45
        hint: is it all that `aws logs describe-metric-filters` printed?
        ");
        insta::assert_snapshot!(problems(" [ {\"filterName\": }]"), @r"
        broken JSON: expected value at line 1 column 19
        hint: is it all that `aws logs describe-metric-filters` printed?
        ");
        insta::assert_snapshot!(problems("{\"a\":1}"), @r"
        JSON that holds no filters
        hint: give what `aws logs describe-metric-filters` prints, or one pattern
        ");
    }

    #[test]
    fn values_are_numbers_or_their_texts() {
        let of = |metric: &str| {
            let filter = format!(
                "[{{\"filterName\":\"f\",\"filterPattern\":\"x\",\"metricTransformations\":[{metric}]}}]"
            );
            let (good, bad) = read_file(&filter, "x", InteriorStar::Literal);
            match good.first() {
                Some(filter) => format!("{:?} {:?}", filter.metric_value, filter.default_value),
                None => bad[0].to_string(),
            }
        };
        for (metric, told) in [
            ("{}", "Constant(1.0) None"),
            (
                r#"{"metricValue":"2","defaultValue":0.5}"#,
                "Constant(2.0) Some(0.5)",
            ),
            (
                r#"{"metricValue":2,"defaultValue":"0"}"#,
                "Constant(2.0) Some(0.0)",
            ),
            (
                r#"{"defaultValue":"none"}"#,
                "filter `f`: its defaultValue `none` is no number",
            ),
            (
                r#"{"metricValue":[1]}"#,
                "filter `f`: its metricValue `[1]` is neither a number nor a selector",
            ),
        ] {
            assert_eq!(of(metric), told, "{metric}");
        }
    }

    #[test]
    fn what_is_not_applied_of_a_filter_is_named() {
        let filter = r#"[{"filterName":"f","filterPattern":"x","fieldSelectionCriteria":"@aws.region = us-east-1","applyOnTransformedLogs":true,
            "emitSystemFieldDimensions":["@aws.account"],"metricTransformations":[{"dimensions":{"who":"$.userIdentity.arn"}}]},
            {"filterPattern":"x","fieldSelectionCriteria":"","applyOnTransformedLogs":false,"metricTransformations":[{"dimensions":{}}]}]"#;
        let (good, _) = read_file(filter, "x", InteriorStar::Literal);
        let told: Vec<String> = good[0].unapplied.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        its fieldSelectionCriteria are not applied: records that CloudWatch leaves out by `@aws.region = us-east-1` match here
        applyOnTransformedLogs is not applied: CloudWatch asks it of transformed log events, which may match otherwise than records as CloudTrail writes them
        its dimensions `who`, `@aws.account` are not applied: CloudWatch keeps a metric for each of their values, and here all matches are counted in one
        ");
        assert!(good[1].unapplied.is_empty());
    }
}
