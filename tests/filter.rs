//! What does a user of `leaktrail filter` see? Whole commands: exit status, stdout and stderr together.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod program;

use program::{folder, leaktrail, log, put, story};
use serde_json::json;

fn filter(words: &[&str]) -> String {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    put(
        &folder,
        "filters.json",
        json!({"metricFilters": [
            {"filterName": "puts", "filterPattern": "{ $.eventName = \"Put*\" }"},
            {"filterName": "broken", "filterPattern": "{ $.eventName IN (a) }"},
            {"filterName": "deletes", "filterPattern": "{ $.eventName = \"Delete*\" }"}]})
        .to_string(),
    );
    put(
        &folder,
        "bad.json",
        "{\"metricFilters\":[{\"filterName\":\"x\",\"filterPattern\":\"{\"}]}",
    );
    put(
        &folder,
        "messages.txt",
        "{\"a\": 1}\r\nERROR in a\n\nERROR 2",
    );
    leaktrail(folder.path(), &[&["filter"], words].concat())
}

#[test]
fn a_bad_pattern_is_marked_where_it_is_bad() {
    insta::assert_snapshot!(filter(&["logs", "--pattern", "{ ($.eventName = PutBucketAcl) && $.errorCode = Access Denied }"]), @r#"
        exit status 2
        --- stdout
        --- stderr
        error: the pattern cannot be read at column 56: found `D`, expected `&&`, `||` or `}`
          { ($.eventName = PutBucketAcl) && $.errorCode = Access Denied }
                                                                 ^
        hint: put a value of several words into double quotes: `"Failed authentication"`
        "#);
}

#[test]
fn a_bad_filter_among_others_is_named_and_the_others_run() {
    insta::assert_snapshot!(filter(&["logs", "--pattern-file", "filters.json", "--count"]), @r#"
        exit status 3
        --- stdout
        1 puts
        2 deletes
        3 any of them
        --- stderr
        warning: `filters.json`: filter `broken`: the pattern cannot be read at column 15: CloudWatch knows no IN
          { $.eventName IN (a) }
                        ^
        hint: write each value: `($.eventName = "a" || $.eventName = "b")`
        3 of 3 records match; 0 losses
        "#);
}

#[test]
fn a_file_without_a_good_filter_is_misuse() {
    let told = filter(&["logs", "--pattern-file", "bad.json"]);
    assert!(told.starts_with("exit status 2\n"), "{told}");
    assert!(
        told.contains("filter `x`: the pattern cannot be read at column 2"),
        "{told}"
    );
}

#[test]
fn without_a_pattern_it_says_what_to_give() {
    let told = filter(&["logs"]);
    assert!(
        told.starts_with("exit status 2\n") && told.contains("--list-presets"),
        "{told}"
    );
}

#[test]
fn chosen_fields_make_a_table() {
    insta::assert_snapshot!(filter(&["logs", "--pattern", "{ $.eventName = \"Put*\" }", "--field", "$.userIdentity.arn", "--field", "$.requestParameters.bucketName", "-q"]), @r#"
        exit status 0
        --- stdout
        $.userIdentity.arn,$.requestParameters.bucketName,log_file,record_index
        arn:aws:iam::111122223333:user/alice,amzn-s3-demo-bucket,logs/a.json,1
        --- stderr
        "#);
    let rows = filter(&[
        "logs",
        "--preset",
        "bucket-policy-change",
        "-f",
        "jsonl",
        "-q",
    ]);
    assert!(
        rows.contains("\"$.eventName\":\"DeleteBucketPolicy\""),
        "{rows}"
    );
}

#[test]
fn a_table_can_be_parquet() {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_leaktrail"))
        .args([
            "filter",
            "logs",
            "--preset",
            "s3-exposure",
            "-f",
            "parquet",
            "-q",
        ])
        .current_dir(folder.path())
        .output()
        .expect("a run");
    assert!(output.stdout.starts_with(b"PAR1") && output.stdout.ends_with(b"PAR1"));
}

#[test]
fn rows_are_chosen_by_time_place_and_bucket() {
    let count = |words: &[&str]| {
        let all = [&["logs", "--preset", "s3-exposure", "--count", "-q"], words].concat();
        filter(&all).lines().nth(2).unwrap().to_owned()
    };
    assert_eq!(count(&[]), "3");
    assert_eq!(count(&["--from", "2024-03-04T09:00:00Z"]), "2");
    assert_eq!(count(&["--to", "2024-03-04T09:00:00Z"]), "1");
    assert_eq!(count(&["--account", "444455556666"]), "0");
    assert_eq!(
        count(&["--account", "111122223333", "--region", "eu-west-1"]),
        "3"
    );
    assert_eq!(count(&["--region", "us-east-1"]), "0");
    assert_eq!(count(&["--bucket", "amzn-*"]), "3");
    assert_eq!(count(&["--bucket", "other"]), "0");
}

#[test]
fn a_file_of_messages_tells_the_lines_that_match() {
    let lines = |pattern: &str| filter(&["--pattern", pattern, "--test", "messages.txt"]);
    let told = |numbers: &str| format!("exit status 0\n--- stdout\n{numbers}--- stderr\n");
    assert_eq!(lines("{ $.a = 1 }"), told("1\n"));
    assert_eq!(lines("ERROR"), told("2\n4\n"));
    assert_eq!(lines("%a$%"), told("2\n"));
    assert_eq!(lines("\" \""), told("1\n2\n3\n4\n"));
    assert_eq!(lines("{ $.b = 1 }"), told(""));
    assert!(filter(&["--pattern", "x", "--test", "nowhere"]).starts_with("exit status 1\n"));
}

#[test]
fn what_is_probably_not_meant_is_said() {
    insta::assert_snapshot!(filter(&["logs", "--count", "--pattern", "{ $.readOnly = false || $.eventname = PutBucketAcl }"]), @r#"
        exit status 0
        --- stdout
        0
        --- stderr
        warning: filter `pattern`, column 3: `$.readOnly` holds a truth value, which equals no text: write `$.readOnly IS FALSE` [truth-as-text]
        warning: no record has a field of the name `eventname`, which `$.eventname` asks for: is it spelled right?
        warning: no record has a field of the name `readOnly`, which `$.readOnly` asks for: is it spelled right?
        0 of 3 records match; 0 losses
        "#);
}

#[test]
fn a_name_on_the_way_that_no_record_has_is_said() {
    let told = filter(&[
        "logs",
        "--count",
        "--pattern",
        "{ $.requestParametres.bucketName = * && $.requestParameters.bucketName = * }",
    ]);
    let said = "warning: no record has a field of the name `requestParametres`, which `$.requestParametres.bucketName` asks for: is it spelled right?\n";
    assert!(told.contains(said), "{told}");
    assert_eq!(told.matches("warning: no record").count(), 1, "{told}");
}

#[test]
fn the_spelling_of_a_preset_is_nobodys_mistake() {
    let preset = ["logs", "--count", "--preset", "s3-exposure"];
    let told = filter(&preset);
    assert!(!told.contains("warning"), "{told}");
    let own = ["--pattern", "{ $.eventname = PutBucketAcl }"];
    let told = filter(&[&preset[..], &own].concat());
    assert_eq!(told.matches("warning: no record").count(), 1, "{told}");
    let written =
        "{\"metricFilters\":[{\"filterName\":\"x\",\"filterPattern\":\"{ $.eventname = a }\"}]}";
    let told = with_pattern_file(written, &["--preset", "s3-exposure"]);
    assert_eq!(told.matches("warning: no record").count(), 1, "{told}");
}

#[test]
fn presets_are_listed_with_their_patterns() {
    let told = filter(&["--list-presets"]);
    for preset in leaktrail::pattern::PRESETS {
        assert!(
            told.contains(&format!("\n{}\n", preset.name)),
            "{}",
            preset.name
        );
        assert!(told.contains(preset.pattern), "{}", preset.name);
    }
}

#[test]
fn a_record_whose_words_are_written_as_escapes_is_found() {
    let folder = folder();
    let hidden = r#"{"eventSource":"s3.amazonaws.com","eventName":"\u0050utBucketAcl"}"#;
    put(
        &folder,
        "logs/a.json",
        format!("{{\"Records\":[{hidden}]}}"),
    );
    let told = leaktrail(
        folder.path(),
        &[
            "filter",
            "logs",
            "--pattern",
            "{ $.eventName = PutBucketAcl }",
            "-q",
        ],
    );
    assert_eq!(
        told,
        format!("exit status 0\n--- stdout\n{hidden}\n--- stderr\n")
    );
}

#[test]
fn damage_in_a_record_that_may_match_is_told() {
    let folder = folder();
    let broken = r#"{"eventSource":"s3.amazonaws.com","eventName":"PutBucketAcl","x":"\q"}"#;
    put(
        &folder,
        "logs/a.json",
        format!("{{\"Records\":[{broken}]}}"),
    );
    let told = leaktrail(
        folder.path(),
        &["filter", "logs", "--preset", "bucket-policy-change", "-v"],
    );
    assert!(told.starts_with("exit status 3\n"), "{told}");
    assert!(told.contains("malformed-json"), "{told}");
}

fn with_pattern_file(text: &str, words: &[&str]) -> String {
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    put(&folder, "filters.json", text);
    let asked = [
        "filter",
        "logs",
        "--pattern-file",
        "filters.json",
        "--count",
    ];
    leaktrail(folder.path(), &[&asked, words].concat())
}

#[test]
fn what_is_not_applied_of_a_filter_is_said_though_quiet() {
    let filters = json!({"metricFilters": [{"filterName": "puts", "filterPattern": "{ $.eventName = \"Put*\" }",
        "fieldSelectionCriteria": "@aws.account = \"444455556666\""}]});
    insta::assert_snapshot!(with_pattern_file(&filters.to_string(), &["-q"]), @r#"
        exit status 0
        --- stdout
        1
        --- stderr
        warning: `filters.json`: filter `puts`: its fieldSelectionCriteria are not applied: records that CloudWatch leaves out by `@aws.account = "444455556666"` match here
        "#);
}

#[test]
fn a_list_of_filters_that_is_cut_off_is_broken_json() {
    insta::assert_snapshot!(with_pattern_file("{\"metricFilters\": [{\"filterName\": \"a\"", &[]), @r"
        exit status 2
        --- stdout
        --- stderr
        error: `filters.json`: broken JSON: EOF while parsing an object at line 1 column 37
        hint: is it all that `aws logs describe-metric-filters` printed?
        ");
}

#[test]
fn an_empty_file_is_the_pattern_that_matches_all_and_that_is_said() {
    insta::assert_snapshot!(with_pattern_file("\n", &["-q"]), @r"
        exit status 0
        --- stdout
        3
        --- stderr
        warning: `filters.json` is empty: that is the pattern that every record matches
        ");
}

#[test]
fn a_field_that_is_asked_for_twice_is_misuse() {
    insta::assert_snapshot!(filter(&["logs", "--pattern", "x", "--field", "$.eventName", "--field", "$.eventTime", "--field", "$.eventName"]), @r"
        exit status 2
        --- stdout
        --- stderr
        error: the field `$.eventName` is asked for twice
        ");
}

#[test]
fn a_line_break_in_a_file_of_filters_begins_no_line() {
    const FORGED: &str = "a\nerror: forged\r\u{2028}\u{1b}[31m";
    let folder = folder();
    put(&folder, "logs/a.json", log(&story()));
    let filter = |pattern: &str, more: serde_json::Value| {
        let mut filter = json!({"filterName": FORGED, "filterPattern": pattern, "fieldSelectionCriteria": FORGED});
        filter["metricTransformations"] = json!([more]);
        filter
    };
    let filters = json!({"metricFilters": [
        filter("{ $.eventName = b:c }", json!({"metricValue": "1", "dimensions": {FORGED: "$.x"}})),
        filter(&format!("{{ $.['{FORGED}'] != 1 || $.readOnly = \"true\" }}"), json!({"metricValue": "1"})),
        filter(&format!("{{ $.a = {FORGED} }}"), json!({"metricValue": "1"})),
        filter("a", json!({"metricValue": FORGED})),
        filter("a", json!({"metricValue": "1", "defaultValue": FORGED})),
        json!({"filterName": FORGED}),
    ]});
    put(&folder, "filters.json", filters.to_string());
    for command in ["filter", "alarms"] {
        let told = leaktrail(
            folder.path(),
            &[command, "logs", "--pattern-file", "filters.json"],
        );
        let (_, said) = told.split_once("--- stderr\n").unwrap();
        assert!(said.matches("forged").count() > 8, "{said}");
        let ours = |line: &&str| {
            line.starts_with("warning: ") || line.starts_with("  ") || line.starts_with("hint: ")
        };
        let others: Vec<&str> = said.lines().filter(|line| !ours(line)).collect();
        assert!(others.len() <= 1, "{others:#?}");
        assert!(!said.contains(['\r', '\u{1b}', '\u{2028}']), "{said:?}");
    }
}

#[test]
fn a_way_that_leads_nowhere_is_said_though_its_names_occur() {
    let told = |pattern: &str| filter(&["logs", "--count", "--pattern", pattern]);
    for selector in [
        "$.requestParameters.eventName",
        "$.eventName[0]",
        "$.bucketName",
        "$.eventName.*",
    ] {
        let told = told(&format!(
            "{{ {selector} = PutBucketPolicy || $.userIdentity.arn = a }}"
        ));
        let said = format!(
            "warning: `{selector}` leads to nothing in any record, though its names occur elsewhere: is that the way?\n"
        );
        assert!(told.contains(&said), "{told}");
        assert_eq!(told.matches("warning").count(), 1, "{told}");
    }
    let right = told("{ $.requestParameters.bucketName = * && $.responseElements NOT EXISTS }");
    assert!(!right.contains("warning"), "{right}");
}
