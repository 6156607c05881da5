//! Do patterns match what the slow and obvious way says, on records nobody would write, and whether or not most are passed over?
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod slow_pattern;

use leaktrail::pattern::{InteriorStar, MetricFilter, Pattern};
use leaktrail::pipeline::{Filtered, Options, Query, Thoroughness, Wanted, filter};
use leaktrail::record::{Decoder, Record};
use leaktrail::source::{Listing, LogFile, Source, SourceError};
use leaktrail::vocab::{LogFileId, Loss};
use proptest::prelude::*;
use slow_pattern::{Expr, Seg, Test, Word};

/// Some of them are glanced at.
const NAMES: [&str; 8] = [
    "a",
    "b",
    "eventName",
    "eventSource",
    "userIdentity",
    "type",
    "errorCode",
    "k.\u{e9}",
];
const TEXTS: [&str; 13] = [
    "s3.amazonaws.com",
    "",
    "x",
    "5",
    "5.0",
    "PutBucketAcl",
    "PutBucketPolicy",
    "AccessDenied",
    "true",
    "a/b",
    "q\"q",
    "\u{e9}t\u{e9}",
    "back\\slash",
];
const NUMBERS: [&str; 8] = [
    "5",
    "5.0",
    "5e0",
    "50",
    "-1",
    "0.5",
    "1e2",
    "18446744073709551616",
];

/// A JSON value, as its text.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => (prop::sample::select(&TEXTS[..]), any::<u32>()).prop_map(|(text, how)| quoted(text, how)),
        2 => prop::sample::select(&NUMBERS[..]).prop_map(str::to_owned),
        1 => prop::sample::select(&["true", "false", "null", "{}", "[]"][..]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            (
                prop::collection::vec(inner.clone(), 0..4),
                prop::sample::select(&[",", " , "][..])
            )
                .prop_map(|(all, between)| format!("[{}]", all.join(between))),
            object(inner),
        ]
    })
}

/// An object; a name may occur twice.
fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member = (prop::sample::select(&NAMES[..]), any::<u32>(), value)
        .prop_map(|(name, how, value)| format!("{}: {value}", quoted(name, how)));
    prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// A text in quotes; about a quarter of texts have escapes where none are needed.
fn quoted(text: &str, how: u32) -> String {
    let escape = |(at, c): (usize, char)| match c {
        c if how.is_multiple_of(4) && how.rotate_right(at as u32) & 16 != 0 => {
            format!("\\u{:04x}", u32::from(c))
        }
        '/' if how & 8 != 0 => "\\/".to_owned(),
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        c => c.to_string(),
    };
    let text: String = text.chars().enumerate().map(escape).collect();
    format!("\"{text}\"")
}

fn path() -> impl Strategy<Value = Vec<Seg>> {
    let name = || prop::sample::select(&NAMES[..]).prop_map(|name| Seg::Name(name.to_owned()));
    let more = prop_oneof![
        3 => Just(vec![]),
        1 => (0..3usize).prop_map(|index| vec![Seg::Index(index)]),
        1 => name().prop_map(|name| vec![name]),
        1 => (0..2usize, name()).prop_map(|(index, name)| vec![Seg::Index(index), name]),
    ];
    (name(), more).prop_map(|(first, more)| [vec![first], more].concat())
}

/// A selector with a wildcard: the whole pattern may have three of them.
fn wild_path() -> impl Strategy<Value = Vec<Seg>> {
    let name = prop::sample::select(&NAMES[..]).prop_map(|name| Seg::Name(name.to_owned()));
    prop_oneof![
        Just(vec![Seg::AnyMember]),
        name.clone().prop_map(|name| vec![name, Seg::AnyElement]),
        name.clone().prop_map(|name| vec![name, Seg::AnyMember]),
        (name.clone(), name).prop_map(|(one, two)| vec![one, Seg::AnyElement, two]),
    ]
}

fn word() -> impl Strategy<Value = Word> {
    let star = prop::sample::select(&["", "*"][..]);
    prop_oneof![
        4 => (star.clone(), prop::sample::select(&TEXTS[..]), star)
            .prop_map(|(start, text, end)| Word::Quoted(format!("{start}{text}{end}"))),
        2 => prop::sample::select(&["5", "50", "-1", "0.5", "5.0", "1e2"][..]).prop_map(Word::Number),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    prop_oneof![
        4 => (any::<bool>(), word()).prop_map(|(equal, word)| Test::Equals(equal, word)),
        1 => (prop::sample::select(&["<", ">", "<=", ">="][..]), prop::sample::select(&["5", "0.5", "1e2"][..]))
            .prop_map(|(operator, number)| Test::Ordered(operator, number)),
        1 => Just(Test::Null),
        1 => any::<bool>().prop_map(Test::Truth),
        1 => Just(Test::NotExists),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    let plain = (path(), test()).prop_map(|(path, test)| Expr::Is(path, test));
    let inner = plain.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::All),
            prop::collection::vec(inner, 2..4).prop_map(Expr::Any),
        ]
    });
    let wild = (wild_path(), test())
        .prop_map(|(path, test)| Expr::Is(path, test))
        .boxed();
    let regex = (
        path(),
        any::<bool>(),
        prop::sample::select(&["Bucket", "x", "5", "Denied"][..]),
    )
        .prop_map(|(path, equal, part)| {
            Expr::Is(path, Test::Equals(equal, Word::Regex(part.to_owned())))
        })
        .boxed();
    prop_oneof![
        4 => inner.clone(),
        1 => wild.clone(),
        1 => regex.clone(),
        1 => (inner.clone(), wild).prop_map(|(one, two)| Expr::All(vec![one, two])),
        1 => (inner, regex).prop_map(|(one, two)| Expr::Any(vec![one, two])),
    ]
}

/// How records begin: so that they are glanced at, and otherwise.
const BEGINNINGS: [&str; 3] = [
    r#"{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","#,
    r#"{"eventVersion":"1.08","userIdentity":{"type":"x","accountId":"5"},"eventName":"PutBucketAcl","#,
    r#"{"eventSource":"s3.amazonaws.com","#,
];

/// One log file in memory.
struct Memory(String);

impl Source for Memory {
    fn list(&self) -> Result<Listing, SourceError> {
        let file = LogFile::new(LogFileId::new("a.json"), self.0.len() as u64);
        Ok(Listing {
            files: vec![file],
            ..Listing::default()
        })
    }

    fn read(&self, _: &LogFile) -> Result<Vec<u8>, Loss> {
        Ok(self.0.clone().into_bytes())
    }
}

fn found(text: &str, filters: &[MetricFilter], thoroughness: Thoroughness) -> (String, Filtered) {
    let query = Query {
        filters,
        wanted: Wanted::Records,
        thoroughness,
    };
    let mut out = Vec::new();
    let source = Memory(text.to_owned());
    let found = filter(&source, &Options::default(), &query, &mut out, &()).unwrap();
    (String::from_utf8(out).unwrap(), found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_tape_says_what_serde_json_says(expr in expr(), record in object(json())) {
        let text = slow_pattern::render(&expr);
        let pattern = Pattern::parse(&text, InteriorStar::Literal)
            .unwrap_or_else(|error| panic!("{error}"));
        let mut decoder = Decoder::new();
        let read = decoder.decode(record.as_bytes()).unwrap();
        let matches = pattern.matches(record.as_bytes(), Some(Record::view(&read)));
        prop_assert_eq!(matches, slow_pattern::matches(&expr, &record), "{} on {}", text, record);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_passed_over_could_not_have_matched(
        exprs in prop::collection::vec(expr(), 1..3),
        records in prop::collection::vec(object(json()), 1..8),
    ) {
        let filters: Vec<MetricFilter> = exprs
            .iter()
            .map(|expr| Pattern::parse(&slow_pattern::render(expr), InteriorStar::Literal).unwrap())
            .map(|pattern| MetricFilter::counting("p", pattern))
            .collect();
        let lines: Vec<String> = records
            .iter()
            .zip(BEGINNINGS.iter().cycle())
            .map(|(record, beginning)| record.replacen('{', beginning, 1).replace(",}", "}"))
            .collect();
        let text = format!("{{\"Records\":[{}]}}", lines.join(","));
        let (likely, few) = found(&text, &filters, Thoroughness::Likely);
        let (everything, all) = found(&text, &filters, Thoroughness::Everything);
        let expected: String = lines
            .iter()
            .filter(|line| exprs.iter().any(|expr| slow_pattern::matches(expr, line)))
            .map(|line| format!("{line}\n"))
            .collect();
        prop_assert_eq!(&likely, &everything);
        prop_assert_eq!(&likely, &expected);
        prop_assert_eq!((few.matched, few.records), (all.matched, all.records));
        prop_assert_eq!(few.matched_each, all.matched_each);
        prop_assert_eq!(all.records, lines.len() as u64);
    }
}

/// Every preset, as it is published, on records that hold its words and on some that do not.
#[test]
fn presets_find_the_same_whether_or_not_records_are_passed_over() {
    let mut records = Vec::new();
    for preset in leaktrail::pattern::PRESETS {
        for word in preset.pattern.split(|c: char| !c.is_ascii_alphanumeric()) {
            let hidden = word.replacen('P', "\\u0050", 1);
            for (name, code) in [
                (word, word),
                (hidden.as_str(), "x"),
                ("GetObject", hidden.as_str()),
            ] {
                for beginning in BEGINNINGS {
                    records.push(format!(
                        "{beginning}\"eventName\":\"{name}\",\"errorCode\":\"{code}\"}}"
                    ));
                }
            }
        }
    }
    let text = format!("{{\"Records\":[{}]}}", records.join(","));
    for preset in leaktrail::pattern::PRESETS {
        let pattern = Pattern::parse(preset.pattern, InteriorStar::Literal).unwrap();
        let filters = [MetricFilter::counting(preset.name, pattern)];
        let (likely, few) = found(&text, &filters, Thoroughness::Likely);
        let (everything, all) = found(&text, &filters, Thoroughness::Everything);
        assert!(likely == everything, "{}", preset.name);
        assert_eq!((few.matched, few.records), (all.matched, all.records));
    }
}
