//! Does `verify` say of each digest and log file what the material allows, and of each tampering what it is?
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop"
)]

mod digests;
mod vectors;

use digests::{everyday, gzip, log, put, stamp};
use leaktrail::integrity::Metadata;
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::{DirSource, FileChoice};
use serde_json::json;
use std::fs;
use vectors::{DAY, Saved, Tree, at, exit_status, expect, pack};

#[test]
fn keys_and_metadata_prove_everything_that_is_named() {
    let tree = Tree::new();
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &[]));
}

#[test]
fn what_lies_in_an_archive_is_checked_as_what_lies_in_a_folder() {
    for saved in [Saved::Nothing, Saved::Keys, Saved::All] {
        let tree = Tree::new();
        tree.append("l2", b"junk");
        pack(&tree);
        assert_eq!(tree.told(saved), expect(saved, &[("l2", "trailing-data")]));
    }
}

#[test]
fn a_log_file_that_was_not_asked_for_is_neither_missing_nor_bad() {
    let tree = Tree::new();
    let name = tree.path("l2").file_name().unwrap().to_str().unwrap();
    let options = Options {
        choice: FileChoice {
            exclude: vec![name.to_owned()],
            ..FileChoice::default()
        },
        ..Options::default()
    };
    let source = DirSource::new(vec![tree.dir.path().to_path_buf()]);
    let analysis = scan(&source, &options, &()).unwrap();
    let expected = expect(Saved::Nothing, &[("-l2", "")]);
    assert_eq!(tree.verdicts(&analysis), expected);
}

#[test]
fn keys_alone_leave_the_last_of_each_chain_open() {
    let tree = Tree::new();
    assert_eq!(tree.told(Saved::Keys), expect(Saved::Keys, &[]));
}

#[test]
fn without_keys_everything_is_consistent_and_nothing_proven() {
    let tree = Tree::new();
    assert_eq!(tree.told(Saved::Nothing), expect(Saved::Nothing, &[]));
    assert_eq!(exit_status(&tree, &[]), 0);
}

#[test]
fn the_break_is_told_and_unexplained() {
    let tree = Tree::new();
    let analysis = tree.analysis(Saved::Nothing);
    let chain = &analysis.integrity.chains[0];
    let gaps: Vec<_> = chain
        .gaps
        .iter()
        .map(|gap| {
            (
                gap.span.from.unix(),
                gap.span.until.unix(),
                gap.explained_by.is_some(),
            )
        })
        .collect();
    assert_eq!(gaps, [(at("03:30:00"), at("07:05:00"), false)]);
    assert_eq!(analysis.integrity.chains.len(), 2);
    assert!(chain.missing.is_empty() && chain.ends_early.is_none() && chain.begins_after.is_none());
}

#[test]
fn an_appended_member_is_trailing_data() {
    let tree = Tree::new();
    let forged = log(&[
        everyday(at("00:07:00"), "us-east-2", "forged-1"),
        everyday(at("00:08:00"), "us-east-2", "forged-2"),
    ]);
    let length = fs::metadata(tree.path("l2")).unwrap().len();
    let member = gzip(&forged, 6);
    tree.append("l2", &member);
    for saved in [Saved::Nothing, Saved::Keys, Saved::All] {
        assert_eq!(tree.told(saved), expect(saved, &[("l2", "trailing-data")]));
    }
    let analysis = tree.analysis(Saved::All);
    let (_, finding) = analysis
        .integrity
        .logs
        .iter()
        .find(|(file, _)| file.as_str().contains("bbbb"))
        .unwrap();
    let expected = format!(
        "{} bytes follow the first gzip member at byte {length}: another gzip member, which would add 2 records; the first member is what the digest says",
        member.len()
    );
    assert_eq!(finding.detail.reveal(), expected);
    assert_eq!(exit_status(&tree, &[]), 5);
}

#[test]
fn appended_bytes_are_trailing_data_even_zeros() {
    for bytes in [&b"junk"[..], &[0; 512], b"\x1f\x8b"] {
        let tree = Tree::new();
        tree.append("l3", bytes);
        assert_eq!(
            tree.told(Saved::All),
            expect(Saved::All, &[("l3", "trailing-data")])
        );
    }
}

#[test]
fn another_byte_is_a_hash_mismatch() {
    let tree = Tree::new();
    let text = String::from_utf8(tree.text("l4"))
        .unwrap()
        .replace("alice", "alicf");
    tree.write("l4", text.as_bytes());
    for saved in [Saved::Nothing, Saved::Keys, Saved::All] {
        assert_eq!(tree.told(saved), expect(saved, &[("l4", "hash-mismatch")]));
    }
    assert_eq!(exit_status(&tree, &[]), 5);
}

#[test]
fn another_compression_of_the_same_text_is_as_good() {
    let tree = Tree::new();
    tree.write("l4", &tree.text("l4"));
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &[]));
}

#[test]
fn unpacked_copies_are_as_good() {
    let tree = Tree::new();
    for name in ["l4", "D2", "D1"] {
        let text = tree.text(name);
        tree.remove(name);
        put(&tree.path(name).with_extension(""), &text);
    }
    let verdicts: Vec<_> = tree.told(Saved::All).into_values().collect();
    let good: Vec<_> = expect(Saved::All, &[]).into_values().collect();
    let count = |all: &[&str], one: &str| all.iter().filter(|it| **it == one).count();
    for verdict in ["proven", "signature-ok", "unreferenced"] {
        assert_eq!(
            count(&verdicts, verdict),
            count(&good, verdict),
            "{verdict}"
        );
    }
}

#[test]
fn a_deleted_log_file_is_missing() {
    let tree = Tree::new();
    tree.remove("l1");
    assert_eq!(
        tree.told(Saved::All),
        expect(Saved::All, &[("l1", "missing")])
    );
    let analysis = tree.analysis(Saved::All);
    let gaps = &analysis.streams[0].gaps;
    let missing = gaps
        .iter()
        .find(|gap| gap.kind.name() == "log-files-missing")
        .unwrap();
    assert_eq!(stamp(missing.span.from.unix()), "2026-03-10T00:01:10Z");
    assert_eq!(exit_status(&tree, &[]), 5);
}

#[test]
fn a_deleted_digest_is_missing_and_what_it_named_is_unreferenced() {
    let tree = Tree::new();
    tree.remove("D2");
    let changed = [("D2", "missing"), ("l3", "unreferenced")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
    // D1's signature was in D2 alone.
    let changed = [
        ("D2", "missing"),
        ("l3", "unreferenced"),
        ("D1", "unverifiable-last-of-chain"),
        ("l1", "consistent"),
        ("l2", "consistent"),
    ];
    assert_eq!(tree.told(Saved::Keys), expect(Saved::Keys, &changed));
    let analysis = tree.analysis(Saved::All);
    let (_, finding) = analysis
        .integrity
        .logs
        .iter()
        .find(|(file, _)| file.as_str().contains("cccc"))
        .unwrap();
    assert_eq!(finding.unreferenced.unwrap().name(), "digest-missing");
    assert_eq!(exit_status(&tree, &[]), 5);
}

#[test]
fn of_adjacent_deleted_digests_every_hour_is_told() {
    let tree = Tree::new();
    tree.remove("D2");
    tree.remove("D3");
    // D2's key is known from its metadata alone.
    let changed = [("D2", "missing"), ("D3", "missing"), ("l3", "unreferenced")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
    let told = tree.told(Saved::Keys);
    let hour = "2026-03-10T00:30:00Z to 2026-03-10T01:30:00Z";
    assert_eq!((told[hour], told.get("D2")), ("missing", None));
    let windows: Vec<_> = tree.analysis(Saved::Keys).integrity.chains[0]
        .missing
        .iter()
        .map(|it| {
            (
                stamp(it.window.from.unix()),
                stamp(it.window.until.unix()),
                it.key.is_some(),
            )
        })
        .collect();
    let hour =
        |from: &str, until: &str, named| (format!("{DAY}{from}Z"), format!("{DAY}{until}Z"), named);
    assert_eq!(
        windows,
        [
            hour("00:30:00", "01:30:00", false),
            hour("01:30:00", "02:30:00", true)
        ]
    );
}

#[test]
fn an_edited_digest_fails_by_signature_and_by_link() {
    let tree = Tree::new();
    tree.edit("D2", |json| json["logFiles"] = json!([]));
    let bad = [("D2", "signature-bad"), ("l3", "unreferenced")];
    assert_eq!(tree.told(Saved::Keys), expect(Saved::Keys, &bad));
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &bad));
    let linked = [("D2", "hash-link-bad"), ("l3", "unreferenced")];
    assert_eq!(tree.told(Saved::Nothing), expect(Saved::Nothing, &linked));
    let analysis = tree.analysis(Saved::Keys);
    let digest = analysis
        .integrity
        .digests
        .iter()
        .find(|it| it.verdict.name() == "signature-bad")
        .unwrap();
    assert!(
        digest.detail.reveal().contains("another hash of it"),
        "{digest:?}"
    );
    assert_eq!(exit_status(&tree, &[]), 5);
}

#[test]
fn a_truncated_tail_shows_by_what_is_left_of_it() {
    let tree = Tree::new();
    tree.remove("D5");
    tree.remove("D6");
    let changed = [("-D5", ""), ("-D6", ""), ("l6", "unreferenced")];
    assert_eq!(tree.told(Saved::Keys), expect(Saved::Keys, &changed));
    let analysis = tree.analysis(Saved::Keys);
    let early = analysis.integrity.chains[0].ends_early.as_ref().unwrap();
    assert_eq!(
        (early.span.from.unix(), early.span.until.unix()),
        (at("03:30:00"), at("07:15:00"))
    );
    let (_, finding) = analysis
        .integrity
        .logs
        .iter()
        .find(|(file, _)| file.as_str().contains("ffff"))
        .unwrap();
    assert_eq!(finding.unreferenced.unwrap().name(), "after-last-digest");
}

#[test]
fn saved_metadata_proves_what_was_cut_off() {
    let tree = Tree::new();
    tree.remove("D5");
    tree.remove("D6");
    let changed = [("D5", "missing"), ("D6", "missing"), ("l6", "unreferenced")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
    let integrity = tree.analysis(Saved::All).integrity;
    let absent: Vec<_> = integrity
        .means
        .metadata_absent
        .iter()
        .map(|it| it.reveal())
        .collect();
    assert_eq!(absent.len(), 2, "{absent:?}");
    assert!(
        absent[0].starts_with("s3://example-ct-archive/AWSLogs/") && absent[0].contains("T080500Z")
    );
    assert!(absent[1].contains("T090500Z"), "{absent:?}");
    // A chain of which nothing is here may lie outside this evidence: its digests are told, and not missing.
    let tree = Tree::new();
    tree.remove("B1");
    let changed = [("-B1", ""), ("le", "unreferenced")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
    assert_eq!(
        tree.analysis(Saved::All)
            .integrity
            .means
            .metadata_absent
            .len(),
        1
    );
}

#[test]
fn a_digest_that_was_not_asked_for_is_not_missing_by_its_metadata() {
    let tree = Tree::new();
    let name = tree.path("D6").file_name().unwrap().to_str().unwrap();
    let options = Options {
        choice: FileChoice {
            exclude: vec![name.to_owned()],
            ..FileChoice::default()
        },
        metadata: Metadata::read(tree.metadata.to_string().as_bytes()).unwrap(),
        ..Options::default()
    };
    let source = DirSource::new(vec![tree.dir.path().to_path_buf()]);
    let integrity = scan(&source, &options, &()).unwrap().integrity;
    assert!(
        integrity.means.metadata_absent.is_empty(),
        "{:?}",
        integrity.means
    );
}

#[test]
fn a_renamed_bucket_folder_is_as_good_and_said() {
    let tree = Tree::new();
    let renamed = tree.dir.path().join("copy-of-bucket");
    fs::rename(tree.dir.path().join("example-ct-archive"), renamed).unwrap();
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &[]));
    let analysis = tree.analysis(Saved::All);
    for digest in &analysis.integrity.digests {
        let said = "it was delivered to the bucket example-ct-archive, and lies in a folder copy-of-bucket";
        assert_eq!(digest.detail.reveal(), said);
    }
}

#[test]
fn a_planted_log_file_is_told_inside_the_chain() {
    let analysis = Tree::new().analysis(Saved::All);
    let planted: Vec<_> = analysis
        .integrity
        .logs
        .values()
        .filter_map(|it| it.unreferenced)
        .collect();
    assert_eq!(
        planted.iter().map(|it| it.name()).collect::<Vec<_>>(),
        ["inside-chain"]
    );
}

#[test]
fn without_digests_that_is_said_and_coverage_is_told() {
    let tree = Tree::new();
    fs::remove_dir_all(
        tree.dir
            .path()
            .join("example-ct-archive/AWSLogs/111122223333/CloudTrail-Digest"),
    )
    .unwrap();
    let analysis = tree.analysis(Saved::All);
    assert!(!analysis.integrity.has_digests());
    assert!(analysis.integrity.logs.is_empty());
    assert_eq!(
        (analysis.streams.len(), analysis.streams[0].records),
        (1, 7)
    );
    assert_eq!(exit_status(&tree, &[]), 0);
}

#[test]
fn a_chain_may_begin_before_the_evidence_but_not_before_log_files() {
    let tree = Tree::new();
    tree.remove("D1");
    // l1 and l2 were delivered before D2 begins, so D1 is missing.
    let changed = [
        ("D1", "missing"),
        ("l1", "unreferenced"),
        ("l2", "unreferenced"),
    ];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
    tree.remove("l1");
    tree.remove("l2");
    let analysis = tree.analysis(Saved::All);
    let expected = expect(Saved::All, &[("-D1", ""), ("-l1", ""), ("-l2", "")]);
    assert_eq!(tree.verdicts(&analysis), expected);
    assert!(analysis.integrity.chains[0].begins_after.is_some());
}

#[test]
fn verdicts_do_not_depend_on_threads() {
    let tree = Tree::new();
    tree.append("l2", b"junk");
    let verify = |threads: &str| {
        let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_leaktrail"))
            .args(["verify", "--threads", threads])
            .arg(tree.dir.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(verify("1"), verify("4"));
}
