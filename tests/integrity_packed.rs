//! What becomes of log files whose compression was tampered with? Nothing that they hold passes unseen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod digests;
mod vectors;

use digests::{everyday, gzip, log, put};
use std::fs;
use vectors::{Saved, Tree, at, exit_status, expect, pack};

const PACKED_TWICE: &str = "what comes out of its first gzip member is compressed once more";

/// Why the verdict on the log file `l4` is what it is.
fn why(tree: &Tree) -> String {
    let logs = tree.analysis(Saved::All).integrity.logs;
    let mut of_l4 = logs
        .iter()
        .filter(|(file, _)| file.as_str().contains("dddd"));
    of_l4.next().unwrap().1.detail.reveal().to_owned()
}

fn forged() -> Vec<u8> {
    log(&["03:06:00", "03:07:00"].map(|time| everyday(at(time), "us-east-2", time)))
}

#[test]
fn a_log_file_that_is_compressed_more_than_once_is_not_what_a_digest_names() {
    for text in [forged(), Tree::new().text("l4")] {
        for further in 1..=4 {
            let tree = Tree::new();
            let packed = (0..further).fold(text.clone(), |text, _| gzip(&text, 6));
            tree.write("l4", &packed);
            for saved in [Saved::Nothing, Saved::Keys, Saved::All] {
                assert_eq!(tree.told(saved), expect(saved, &[("l4", "hash-mismatch")]));
            }
            assert_eq!(why(&tree), PACKED_TWICE);
            assert_eq!(exit_status(&tree, &[]), 5);
            pack(&tree);
            let changed = [("l4", "hash-mismatch")];
            assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
        }
    }
}

#[test]
fn what_no_digest_names_may_be_compressed_twice_and_a_digest_may_not() {
    let tree = Tree::new();
    tree.write("lu", &gzip(&tree.text("lu"), 6));
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &[]));
    assert_eq!(exit_status(&tree, &[]), 0);
    tree.write("D6", &gzip(&tree.text("D6"), 6));
    let changed = [("D6", "malformed")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
}

#[test]
fn a_member_behind_a_damaged_one_is_trailing_data() {
    let member = gzip(&forged(), 6);
    let whole = fs::read(Tree::new().path("l4")).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() - 6] ^= 1;
    let tree = Tree::new();
    put(tree.path("l4"), &[&damaged[..], &member].concat());
    for saved in [Saved::Nothing, Saved::Keys, Saved::All] {
        assert_eq!(tree.told(saved), expect(saved, &[("l4", "trailing-data")]));
    }
    let expected = format!(
        "{} bytes follow the first gzip member at byte {}: another gzip member, which would add 2 records; of the first member the text is what the digest says, but the gzip stream is damaged: its checksum is not that of the text that came out",
        member.len(),
        whole.len()
    );
    assert_eq!(why(&tree), expected);
    assert_eq!(exit_status(&tree, &[]), 5);
}

#[test]
#[cfg(unix)]
fn a_named_log_file_that_cannot_be_read_leaves_the_answer_incomplete() {
    let tree = Tree::new();
    tree.remove("l4");
    let made = std::process::Command::new("mkfifo")
        .arg(tree.path("l4"))
        .status();
    assert!(made.unwrap().success());
    assert_eq!(
        tree.told(Saved::All),
        expect(Saved::All, &[("l4", "unreadable")])
    );
    assert_eq!(exit_status(&tree, &[]), 3);
}
