//! Are the documents that run a cluster, and what the README says of one, true?

use crate::machines::{Machines, run};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Whether the program takes these words: asked for help last, it has looked at all before.
fn is_taken(words: &[&str]) -> bool {
    let words = [words, &["--help"]].concat();
    run(Path::new("."), &words, &[]).status.success()
}

#[test]
fn the_kubernetes_manifest_starts_what_there_is() {
    let text = fs::read_to_string("fixtures/cluster/kubernetes.json").unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    let items = list["items"].as_array().unwrap();
    let kinds: Vec<&str> = items
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    let expected = [
        "ServiceAccount",
        "Service",
        "Deployment",
        "Deployment",
        "NetworkPolicy",
    ];
    assert_eq!(kinds, expected);
    for item in items.iter().filter(|it| it["kind"] == "Deployment") {
        let spec = &item["spec"]["template"]["spec"];
        let container = &spec["containers"][0];
        let labels = &item["spec"]["template"]["metadata"]["labels"];
        assert_eq!(*labels, item["spec"]["selector"]["matchLabels"]);
        let words = container["args"].as_array().unwrap().iter();
        let words: Vec<&str> = words.map(|word| word.as_str().unwrap()).collect();
        assert!(is_taken(&words), "{words:?}");
        let at = words
            .iter()
            .position(|word| *word == "--bind-port")
            .unwrap();
        let port = container["ports"][0]["containerPort"].to_string();
        assert_eq!(words[at + 1], port);
        let version = format!("leaktrail:{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(container["image"], version.as_str());
        assert!(!text.contains("SECRET"));
    }
}

#[test]
fn the_systemd_unit_starts_an_executor() {
    let text = fs::read_to_string("fixtures/cluster/leaktrail-executor.service").unwrap();
    let mut section = "";
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            Some(name) => section = name,
            None => {
                let (name, value) = line.split_once('=').unwrap();
                found.push((section, name, value));
            }
        }
    }
    let of = |section: &str, name: &str| {
        let entry = found.iter().find(|it| (it.0, it.1) == (section, name));
        entry.unwrap_or_else(|| panic!("no {name}")).2
    };
    let words: Vec<&str> = of("Service", "ExecStart")
        .split_whitespace()
        .skip(1)
        .collect();
    assert!(is_taken(&words), "{words:?}");
    assert_eq!(of("Service", "Restart"), "always");
    assert_eq!(of("Install", "WantedBy"), "multi-user.target");
}

/// The commands of the README's section.
fn commands() -> Vec<String> {
    let text = fs::read_to_string("README.md").unwrap();
    let (_, section) = text.split_once("\n## Several machines\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let lines = section.lines().filter_map(|line| line.strip_prefix("$ "));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_readmes_three_terminals_make_a_report() {
    let machines = Machines::start(2);
    let dir = tempfile::tempdir().unwrap();
    let here = std::env::current_dir().unwrap();
    let (mut scanned, mut taken) = (0, 0);
    for command in commands() {
        let Some(command) = command.strip_prefix("leaktrail ") else {
            continue;
        };
        let command = command.replace("df://127.0.0.1:50050", &machines.url());
        let out = dir.path().join("report");
        let words: Vec<&str> = command
            .split_whitespace()
            .map(|word| match word {
                "report" => out.to_str().unwrap(),
                word => word,
            })
            .collect();
        match words.contains(&"fixtures/archives") {
            true => {
                let ended = run(&here, &words, &[]);
                let said = String::from_utf8(ended.stderr).unwrap();
                assert_eq!(ended.status.code(), Some(3), "{said}");
                assert!(out.join("exposures.csv").exists());
                scanned += 1;
            }
            // The others begin servers, or read a bucket.
            false => {
                assert!(is_taken(&words), "{command}");
                taken += 1;
            }
        }
    }
    assert!(scanned >= 1 && taken >= 3, "{scanned} and {taken} commands");
}
