//! Does the tree keep the house rules? Import floors, file sizes, where names and marks may stand.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below a folder, with its text.
fn sources(folder: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    collect(Path::new(folder), &mut found);
    assert!(!found.is_empty(), "no source below {folder}");
    found
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(
                path.clone(),
                fs::read_to_string(&path).expect("a source file"),
            );
        }
    }
}

/// The text before the tests at a file's end, without comments.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text[..end]
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Which modules each module may use. Everything may use what is listed for it, and itself.
const FLOORS: [(&str, &[&str]); 19] = [
    ("vocab", &[]),
    ("source", &["vocab"]),
    ("archive", &["vocab"]),
    ("inflate", &["vocab"]),
    ("spill", &[]),
    ("record", &["vocab"]),
    ("event", &["vocab", "record"]),
    ("pattern", &["vocab", "record"]),
    ("evidence", &["vocab", "event"]),
    ("exposure", &["vocab", "event"]),
    ("integrity", &["vocab", "source", "event"]),
    ("timeline", &["vocab", "event", "exposure", "integrity"]),
    (
        "store",
        &["vocab", "source", "spill", "event", "evidence", "integrity"],
    ),
    ("alarm", &["vocab"]),
    (
        "coverage",
        &["vocab", "source", "event", "evidence", "integrity"],
    ),
    (
        "analysis",
        &[
            "vocab",
            "source",
            "event",
            "evidence",
            "exposure",
            "integrity",
            "timeline",
            "alarm",
            "coverage",
        ],
    ),
    (
        "report",
        &[
            "vocab",
            "spill",
            "event",
            "evidence",
            "exposure",
            "integrity",
            "timeline",
            "alarm",
            "coverage",
            "analysis",
        ],
    ),
    (
        "pipeline",
        &[
            "vocab",
            "source",
            "archive",
            "inflate",
            "spill",
            "record",
            "event",
            "pattern",
            "evidence",
            "integrity",
            "store",
            "timeline",
            "alarm",
            "coverage",
            "analysis",
        ],
    ),
    ("cluster", &["vocab", "source", "store", "pipeline"]),
];

fn module_of(path: &Path) -> String {
    let below = path.strip_prefix("src").expect("below src");
    let first = below
        .components()
        .next()
        .expect("a name")
        .as_os_str()
        .to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules that a text names as `crate::module`.
fn used(text: &str) -> Vec<String> {
    let code = code(text);
    let names = code.split("crate::").skip(1);
    let name = |rest: &str| {
        rest.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    names.map(name).collect()
}

#[test]
fn imports_point_down() {
    for (path, text) in sources("src") {
        let module = module_of(&path);
        if matches!(module.as_str(), "lib" | "bin") {
            continue;
        }
        let (_, allowed) = FLOORS
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{} has no floor", path.display()));
        for name in used(&text) {
            assert!(
                name == module || allowed.contains(&name.as_str()),
                "{} uses {name}, which is not below {module}",
                path.display()
            );
        }
    }
}

#[test]
fn the_binary_sees_only_the_public_api() {
    for (path, text) in sources("src/bin") {
        assert!(!text.contains("#[path"), "{}", path.display());
        assert!(!text.contains("include!("), "{}", path.display());
    }
    let main = fs::read_to_string("src/bin/leaktrail/main.rs").expect("main.rs");
    assert!(main.lines().count() < 60, "main.rs has outgrown 60 lines");
}

#[test]
fn unsafe_code_stands_in_three_files() {
    const WHERE: [&str; 3] = [
        "src/inflate/whole.rs",
        "src/record/blocks.rs",
        "src/record/blocks/x86.rs",
    ];
    for (path, text) in sources("src") {
        let allows = text.contains("unsafe_code") || text.contains("unsafe {");
        let may = WHERE.iter().any(|place| path.ends_with(place));
        assert_eq!(allows, may, "{}", path.display());
    }
}

#[test]
fn files_stay_small() {
    const MOST: usize = 450;
    for folder in ["src", "tests", "benches"] {
        for (path, text) in sources(folder) {
            let lines = text
                .find("#[cfg(test)]\nmod tests")
                .map_or(&text[..], |end| &text[..end])
                .lines()
                .count();
            assert!(
                lines <= MOST,
                "{} has {lines} lines without its tests: recut it",
                path.display()
            );
        }
    }
}

#[test]
fn files_open_with_the_question_they_answer() {
    for (path, text) in sources("src") {
        assert!(
            text.starts_with("//! "),
            "{} does not say what it answers",
            path.display()
        );
    }
}

#[test]
fn event_names_stand_only_in_the_table() {
    let table = fs::read_to_string("src/event/table.rs").expect("event/table.rs");
    let names: Vec<&str> = table
        .split("kind(\n        \"")
        .skip(1)
        .chain(table.split("kind(\"").skip(1))
        .chain(table.split("trail(\"").skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(names.len() >= 21, "only {names:?} were found in the table");
    for (path, text) in sources("src") {
        // Presets quote patterns as they were published.
        if path.ends_with("event/table.rs")
            || path.ends_with("event/table/requests.rs")
            || path.ends_with("pattern/presets.rs")
        {
            continue;
        }
        for name in &names {
            let quoted = format!("\"{name}\"");
            assert!(
                !code(&text).contains(&quoted),
                "{} spells {quoted}",
                path.display()
            );
        }
    }
}

#[test]
fn only_one_file_names_simd_json() {
    for (path, text) in sources("src") {
        let named = code(&text).contains("simd_json");
        assert!(
            !named || path.ends_with("record/decode.rs"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn source_knows_no_json_and_report_reads_no_raw_text() {
    for (path, text) in sources("src/source") {
        assert!(
            !code(&text).contains("json::"),
            "{} reads JSON",
            path.display()
        );
    }
    for (path, text) in sources("src/report") {
        let code = code(&text);
        let reveals = code.contains(".reveal()");
        assert!(
            !reveals || path.ends_with("escape.rs"),
            "{} reads untrusted text raw",
            path.display()
        );
    }
}

#[test]
fn only_the_door_talks_and_only_sources_and_reports_open_files() {
    for (path, text) in sources("src") {
        let (code, module) = (code(&text), module_of(&path));
        let talks = [
            "println!",
            "eprintln!",
            "std::env",
            "std::process",
            "SystemTime",
            "Instant::now",
            "Utc::now",
        ];
        let files = [
            "std::fs",
            "File::open",
            "File::create",
            "TcpStream",
            "UdpSocket",
        ];
        // A client waits for a cluster, but not for ever.
        let waits = path.ends_with("cluster/client.rs");
        // Credentials stand in the environment, and expire.
        if module != "bin" && !path.ends_with("source/s3/account.rs") {
            talks
                .iter()
                .filter(|word| !waits || **word != "Instant::now")
                .for_each(|word| assert!(!code.contains(word), "{} uses {word}", path.display()));
        }
        // `spill` keeps what does not fit in memory, in a temporary file without a name that nobody else can open.
        let opens = matches!(module.as_str(), "bin" | "source" | "spill" | "store");
        if !opens && !path.ends_with("report/folder.rs") {
            files
                .iter()
                .for_each(|word| assert!(!code.contains(word), "{} uses {word}", path.display()));
        }
    }
}

#[test]
fn only_the_conductor_has_threads() {
    for (path, text) in sources("src") {
        let threads = ["rayon::", "std::thread", "thread::Builder"]
            .iter()
            .any(|word| code(&text).contains(word));
        // One thread waits for the network.
        assert!(
            !threads || module_of(&path) == "pipeline" || path.ends_with("source/s3/runtime.rs"),
            "{} starts threads",
            path.display()
        );
    }
}

#[test]
fn only_the_source_of_buckets_and_clusters_are_asynchronous() {
    let mut where_it_is = 0;
    for (path, text) in sources("src") {
        let code = code(&text);
        let words = [
            "async ",
            ".await",
            "tokio::",
            "http::",
            "object_store::",
            "aws_config::",
        ];
        let is_asynchronous = words.iter().any(|word| code.contains(word));
        let may = path.starts_with("src/source/s3") || path.starts_with("src/cluster");
        where_it_is += usize::from(is_asynchronous && may);
        assert!(
            !is_asynchronous || may,
            "{} is asynchronous",
            path.display()
        );
    }
    assert!(
        where_it_is > 3,
        "the words that tell are not there any more"
    );
}

#[test]
fn the_public_access_rule_knows_no_time_records_or_json() {
    for (path, text) in sources("src/exposure") {
        let code = code(&text);
        let dated = ["exposure/birth.rs", "exposure/edition.rs"];
        let born = dated.iter().any(|name| path.ends_with(name));
        assert!(
            !code.contains("serde_json"),
            "{} reads JSON",
            path.display()
        );
        assert!(
            born || !code.contains("Timestamp"),
            "{} knows of time",
            path.display()
        );
    }
}
