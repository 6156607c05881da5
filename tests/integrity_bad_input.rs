//! What becomes of digests that are malformed, moved, written anew, or signed with other keys? Each has its verdict.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop"
)]

mod digests;
mod vectors;

use digests::{Trail, fingerprint, gzip, key_list, put, signers, stamp};
use flate2::read::GzDecoder;
use leaktrail::integrity::{Metadata, PublicKeys};
use leaktrail::pipeline::{Options, scan};
use leaktrail::source::DirSource;
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use vectors::{Saved, Tree, exit_status, expect};

#[test]
fn a_moved_digest_is_invalid_and_speaks_for_nothing() {
    let tree = Tree::new();
    let text = fs::read(tree.path("D2")).unwrap();
    tree.remove("D2");
    let elsewhere = tree
        .path("D2")
        .to_str()
        .unwrap()
        .replace("/03/10/", "/03/11/");
    put(&PathBuf::from(elsewhere), &text);
    let changed = [("D2", "moved"), ("l3", "digest-invalid")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
    assert_eq!(exit_status(&tree, &[]), 5);
}

#[test]
fn a_digest_that_was_serialised_anew_is_not_what_was_signed() {
    let tree = Tree::new();
    let json: Value = serde_json::from_slice(&tree.text("D2")).unwrap();
    tree.write(
        "D2",
        serde_json::to_string_pretty(&json).unwrap().as_bytes(),
    );
    let changed = [("D2", "signature-bad"), ("l3", "digest-invalid")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
}

#[test]
fn what_is_no_digest_in_a_digests_place_is_malformed() {
    for text in [
        &b"{"[..],
        b"",
        b"[]",
        b"{\"digestEndTime\":7}",
        b"\xff\xfe",
        b"not json",
    ] {
        let tree = Tree::new();
        tree.write("D6", text);
        let told = tree.told(Saved::All);
        let malformed = told.values().filter(|it| **it == "malformed").count();
        assert_eq!(malformed, 1, "{text:?}: {told:?}");
    }
    let tree = Tree::new();
    let whole = fs::read(tree.path("D6")).unwrap();
    put(tree.path("D6"), &whole[..whole.len() - 9]);
    assert_eq!(
        tree.told(Saved::All),
        expect(Saved::All, &[("D6", "malformed")])
    );
}

#[test]
fn a_digest_that_cannot_be_read_is_not_missing_too() {
    let tree = Tree::new();
    tree.write("D2", b"{");
    let changed = [("-D2", ""), ("?", "malformed"), ("l3", "unreferenced")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
    let tree = Tree::new();
    tree.edit("D2", |json| json["digestS3Bucket"] = json!("another"));
    let changed = [("D2", "signature-bad"), ("l3", "digest-invalid")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
}

#[test]
fn bytes_after_a_digest_make_it_invalid() {
    let tree = Tree::new();
    tree.append("D2", &gzip(b"{}", 6));
    let changed = [("D2", "trailing-data"), ("l3", "digest-invalid")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
}

#[test]
fn a_truncated_log_file_is_no_match() {
    let tree = Tree::new();
    let whole = fs::read(tree.path("l4")).unwrap();
    put(tree.path("l4"), &whole[..whole.len() - 20]);
    assert_eq!(
        tree.told(Saved::All),
        expect(Saved::All, &[("l4", "hash-mismatch")])
    );
}

#[test]
fn with_keys_of_others_every_digest_lacks_its_key() {
    let tree = Tree::new();
    let [old, new] = signers();
    // The name of a key is the hash of its bytes: other bytes under that name are refused.
    let mut swapped = old.listed();
    swapped["Fingerprint"] = json!(new.fingerprint());
    let keys = PublicKeys::read(&key_list(&[swapped])).unwrap();
    assert_eq!((keys.len(), keys.refused.len()), (0, 1));
    let told = tree.verdicts(&tree.checked(keys, Metadata::default()));
    for name in ["D1", "D4", "B1"] {
        assert_eq!(told[name], "key-missing");
    }
    assert_eq!((told["l1"], told["lu"]), ("consistent", "unreferenced"));
    let keys = PublicKeys::read(&key_list(&[new.listed()])).unwrap();
    let told = tree.verdicts(&tree.checked(keys, Metadata::default()));
    assert_eq!(
        (told["D1"], told["D5"]),
        ("key-missing", "signature-from-successor-ok")
    );
    let saved = tree.dir.path().join("keys.json");
    put(&saved, &key_list(&[new.listed()]));
    assert_eq!(
        exit_status(&tree, &["--public-keys", saved.to_str().unwrap()]),
        5
    );
}

#[test]
fn a_forged_fingerprint_is_a_bad_signature() {
    let tree = Tree::new();
    let other = signers()[1].fingerprint();
    tree.edit("D2", |json| {
        json["digestPublicKeyFingerprint"] = json!(other)
    });
    let changed = [("D2", "signature-bad"), ("l3", "digest-invalid")];
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
}

#[test]
fn signatures_that_are_short_or_no_hex_are_bad() {
    for forged in ["", "ab", "zz", &"00".repeat(256), &"f".repeat(511)] {
        let mut tree = Tree::new();
        let key = tree
            .metadata
            .as_object()
            .unwrap()
            .keys()
            .find(|key| key.contains("T090500Z"))
            .unwrap()
            .clone();
        tree.metadata[&key]["signature"] = json!(forged);
        assert_eq!(
            tree.told(Saved::All),
            expect(Saved::All, &[("D6", "signature-bad")]),
            "{forged}"
        );
    }
}

#[test]
fn a_forged_signature_in_the_next_digest_is_found_there() {
    let tree = Tree::new();
    tree.edit("D6", |json| {
        json["previousDigestSignature"] = json!("ab".repeat(256))
    });
    // D6 has no signature of its own here, so the forgery shows in the digest that it speaks of.
    assert_eq!(
        tree.told(Saved::Keys),
        expect(
            Saved::Keys,
            &[("D5", "signature-bad"), ("l6", "digest-invalid")]
        )
    );
    // With what S3 had, D5 is proven and D6 is not what was signed.
    assert_eq!(
        tree.told(Saved::All),
        expect(Saved::All, &[("D6", "signature-bad")])
    );
}

#[test]
fn keys_are_read_as_either_cli_prints_them_and_in_either_form() {
    let tree = Tree::new();
    let [old, new] = signers();
    let base64 =
        |der: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
    let first = json!({"PublicKeyList": [{"Value": base64(&old.pkcs1), "Fingerprint": old.fingerprint(), "ValidityStartTime": 1770519600.0, "ValidityEndTime": 1773111600.0}]});
    let second = json!({"publicKeyList": [{"Value": base64(&new.pkcs1), "Fingerprint": new.fingerprint().to_uppercase(), "ValidityStartTime": "1770519600", "ValidityEndTime": "1773111600"}], "NextToken": "x"});
    let keys = PublicKeys::read(format!("{first}\n{second}").as_bytes()).unwrap();
    assert_eq!((keys.len(), keys.refused.len()), (2, 0));
    assert_eq!(
        tree.verdicts(&tree.checked(keys, Metadata::default())),
        expect(Saved::Keys, &[])
    );
}

#[test]
fn a_key_in_spki_form_has_the_fingerprint_of_that_form() {
    let dir = tempfile::tempdir().unwrap();
    let signer = &signers()[0];
    let mut trail = Trail::new(dir.path(), "b", "us-east-2", "t");
    trail.deliver(0, 3600, &[], signer);
    trail.deliver(3600, 7200, &[], signer);
    // The digest names the key by its SubjectPublicKeyInfo: signed again, since the fingerprint is signed too.
    let spki = fingerprint(&signer.spki);
    let key = trail.digest_key(3600);
    let path = trail.root.join(&key);
    let mut text = Vec::new();
    GzDecoder::new(&fs::read(&path).unwrap()[..])
        .read_to_end(&mut text)
        .unwrap();
    let text = String::from_utf8(text)
        .unwrap()
        .replace(&signer.fingerprint(), &spki);
    put(&path, &gzip(text.as_bytes(), 6));
    let hash = digests::sha256(text.as_bytes());
    let signature = signer.sign(&format!("{}\nb/{key}\n{hash}\nnull", stamp(3600)));
    let metadata = json!({format!("s3://b/{key}"): {"signature": signature, "signature-algorithm": "SHA256withRSA"}});
    let value = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &signer.spki);
    let options = Options {
        public_keys: PublicKeys::read(&key_list(&[json!({"Value": value, "Fingerprint": spki})]))
            .unwrap(),
        metadata: Metadata::read(metadata.to_string().as_bytes()).unwrap(),
        ..Options::default()
    };
    let analysis = scan(
        &DirSource::new(vec![dir.path().to_path_buf()]),
        &options,
        &(),
    )
    .unwrap();
    let verdicts: Vec<_> = analysis
        .integrity
        .digests
        .iter()
        .map(|it| it.verdict.name())
        .collect();
    assert_eq!(verdicts, ["signature-ok", "hash-link-bad"]);
}

#[test]
fn an_edited_bucket_does_not_lead_away_from_what_speaks_against_it() {
    for name in ["D2", "D6"] {
        let tree = Tree::new();
        tree.edit(name, |json| json["digestS3Bucket"] = json!("another"));
        assert_eq!(tree.told(Saved::All)[name], "signature-bad");
    }
    let tree = Tree::new();
    tree.edit("D2", |json| json["digestS3Bucket"] = json!("another"));
    assert_eq!(tree.told(Saved::Nothing)["D2"], "hash-link-bad");
}
