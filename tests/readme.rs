//! Is the README true? Every command in it is run, its quoted output is compared, its example is the one that doctests run.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;

fn readme() -> String {
    fs::read_to_string("README.md").expect("README.md")
}

/// The fenced blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let starts = text.split(fence.as_str()).skip(1);
    starts
        .map(|rest| rest.split("\n```").next().expect("an end").to_owned())
        .collect()
}

fn run(words: &[&str]) -> (i32, String) {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_leaktrail"))
        .args(words)
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .expect("a run");
    let stdout = String::from_utf8(output.stdout).expect("text");
    (output.status.code().expect("a status"), stdout)
}

#[test]
fn the_quoted_report_is_what_the_first_command_prints() {
    let quoted = blocks(&readme(), "text").first().expect("a report").clone();
    let (status, printed) = run(&["scan", "fixtures/archives"]);
    assert_eq!(status, 3, "one file of the fixtures is damaged on purpose");
    let shown = quoted.trim_end_matches("\n…");
    assert!(
        printed.starts_with(shown),
        "the report begins otherwise:\n{printed}"
    );
}

#[test]
fn every_command_runs() {
    let text = readme();
    let commands: Vec<String> = blocks(&text, "console")
        .iter()
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| line.strip_prefix("$ ").map(str::to_owned))
        .collect();
    let own = commands.iter().filter_map(|command| {
        let rest = command.strip_prefix("cargo run --release -- ");
        rest.or(command.strip_prefix("leaktrail "))
    });
    let mut ran = 0;
    let folder = tempfile::tempdir().expect("a folder");
    // Those on a bucket are run in `tests/s3_cli.rs`, where there is one, those of a cluster in `tests/cluster`.
    let elsewhere = ["logs/", "<", "s3://", "cluster"];
    for command in own.filter(|command| !elsewhere.iter().any(|word| command.contains(word))) {
        let words: Vec<String> = command
            .split_whitespace()
            .map(|word| match word.strip_prefix("evidence/") {
                Some(rest) => folder.path().join("evidence").join(rest),
                None => word.into(),
            })
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (status, _) = run(&words);
        assert!(
            matches!(status, 0 | 3 | 5),
            "`{command}` ended with {status}"
        );
        ran += 1;
    }
    assert!(ran >= 12, "only {ran} commands were found");
}

#[test]
fn a_report_folder_is_written_as_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("report");
    let (status, _) = run(&["scan", "fixtures/archives", "-o", &out.to_string_lossy()]);
    assert_eq!(status, 3);
    for table in [
        "exposures",
        "timeline",
        "changes",
        "coverage",
        "contradictions",
        "log_files",
        "losses",
    ] {
        assert!(
            readme().contains(&format!("`{table}`")),
            "the README does not name {table}"
        );
        for format in ["csv", "parquet", "jsonl"] {
            assert!(
                out.join(format!("{table}.{format}")).exists(),
                "no {table}.{format}"
            );
        }
    }
    for file in ["run.json", "report.html"] {
        assert!(out.join(file).exists(), "no {file}");
        assert!(readme().contains(file), "the README does not name {file}");
    }
}

#[test]
fn every_format_is_named_and_the_picture_is_there() {
    let text = readme();
    for format in leaktrail::report::Format::ALL {
        let row = format!("| `{}` |", format.name());
        assert!(text.contains(&row), "{row} is not explained");
    }
    let pictures = text.split("](fixtures/").skip(1);
    let names: Vec<&str> = pictures.filter_map(|rest| rest.split(')').next()).collect();
    assert!(!names.is_empty());
    for name in names {
        let size = fs::metadata(format!("fixtures/{name}")).map(|it| it.len());
        assert!(matches!(size, Ok(10_000..300_000)), "{name}: {size:?}");
    }
}

#[test]
fn the_example_is_the_one_that_doctests_run() {
    let example = blocks(&readme(), "rust")
        .first()
        .expect("an example")
        .clone();
    let source = fs::read_to_string("src/lib.rs").expect("lib.rs");
    let documented: Vec<&str> = source
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert!(
        documented.join("\n").contains(&example),
        "the README's example is another one"
    );
}

#[test]
fn the_schema_of_a_store_is_written_down() {
    let text = fs::read_to_string("ARCHITECTURE.md").expect("ARCHITECTURE.md");
    for table in leaktrail::store::Table::ALL {
        let begin = format!("| `{}` |", table.name());
        let mut rows = text.lines().filter(|line| line.starts_with(&begin));
        let row = rows
            .next()
            .unwrap_or_else(|| panic!("no row of `{}`", table.name()));
        let row = match row.contains("the same, ") {
            true => text
                .lines()
                .filter(|line| line.starts_with("| `changes` |"))
                .chain([row])
                .collect(),
            false => row.to_owned(),
        };
        for column in table
            .columns()
            .filter(|name| !["source_file", "log_file"].contains(name))
        {
            assert!(
                row.contains(&format!("`{column}`")),
                "`{column}` of `{}`",
                table.name()
            );
        }
    }
}

#[test]
fn assumptions_and_exit_statuses_are_all_named() {
    let text = readme();
    for word in [
        "policy-unseen",
        "acl-unseen",
        "ownership-unseen",
        "bucket-block-unseen",
        "account-block-unseen",
        "organization-block-unseen",
        "creation-defaults-either",
        "deny-undecided",
    ] {
        assert!(text.contains(word), "{word} is not explained");
    }
}
