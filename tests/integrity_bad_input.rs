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
use leaktrail::integrity::{DigestFinding, Metadata, PublicKeys};
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
fn a_log_file_whose_container_is_damaged_is_malformed_though_its_text_is_right() {
    let whole = Tree::new();
    let whole = fs::read(whole.path("l4")).unwrap();
    let mut sum = whole.clone();
    let place = whole.len() - 6;
    sum[place] ^= 1;
    for damaged in [
        &sum[..],
        &whole[..whole.len() - 1],
        &whole[..whole.len() - 8],
    ] {
        let tree = Tree::new();
        put(tree.path("l4"), damaged);
        for saved in [Saved::Nothing, Saved::Keys, Saved::All] {
            assert_eq!(tree.told(saved), expect(saved, &[("l4", "malformed")]));
        }
        assert_eq!(exit_status(&tree, &[]), 5);
        // As a digest with that damage is.
        let tree = Tree::new();
        let digest = fs::read(tree.path("D6")).unwrap();
        put(tree.path("D6"), &digest[..digest.len() - 1]);
        assert_eq!(
            tree.told(Saved::All),
            expect(Saved::All, &[("D6", "malformed")])
        );
    }
}

#[test]
fn a_backfill_digest_whose_metadata_does_not_say_when_it_was_made_is_malformed() {
    for told in [None, Some(json!("")), Some(json!("then"))] {
        let mut tree = Tree::new();
        let saved = tree.metadata.as_object_mut().unwrap();
        let (_, saved) = saved
            .iter_mut()
            .find(|(key, _)| key.contains("backfill"))
            .unwrap();
        saved
            .as_object_mut()
            .unwrap()
            .remove("backfill-generation-timestamp")
            .unwrap();
        if let Some(told) = told {
            saved["backfill-generation-timestamp"] = told;
        }
        let changed = [("B1", "malformed"), ("le", "digest-invalid")];
        assert_eq!(tree.told(Saved::All), expect(Saved::All, &changed));
    }
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
fn metadata_of_another_buckets_object_may_prove_and_speaks_against_nothing() {
    let moved = |tree: &Tree, change: fn(&mut Value)| -> Value {
        let saved = tree.metadata.as_object().unwrap().iter();
        let saved = saved.map(|(place, metadata)| {
            let mut metadata = metadata.clone();
            change(&mut metadata);
            (
                place.replace("s3://example-ct-archive/", "s3://another/"),
                metadata,
            )
        });
        saved.collect::<serde_json::Map<_, _>>().into()
    };
    let mut tree = Tree::new();
    tree.metadata = moved(&tree, |_| {});
    assert_eq!(tree.told(Saved::All), expect(Saved::All, &[]));
    tree.metadata = moved(&tree, |metadata| {
        metadata["signature"] = json!("ab".repeat(256))
    });
    assert_eq!(tree.told(Saved::All), expect(Saved::Keys, &[]));
}

#[test]
fn what_is_wrong_with_saved_metadata_is_said() {
    for (name, value, why) in [
        (
            "signature",
            json!(""),
            "its saved metadata has no signature",
        ),
        (
            "signature-algorithm",
            json!(null),
            "its saved metadata names no signature algorithm",
        ),
        (
            "signature-algorithm",
            json!("MD5withRSA"),
            "its saved metadata names the signature algorithm `MD5withRSA`, not SHA256withRSA",
        ),
    ] {
        let mut tree = Tree::new();
        let mut keys = tree.metadata.as_object().unwrap().keys();
        let key = keys.find(|key| key.contains("T090500Z")).unwrap().clone();
        tree.metadata[&key][name] = value;
        let digests = tree.analysis(Saved::All).integrity.digests;
        let bad = digests
            .iter()
            .find(|it| it.verdict.name() == "signature-bad")
            .unwrap();
        assert_eq!(bad.detail.reveal(), why);
    }
}

#[test]
fn a_remark_on_a_good_signature_stands_alone() {
    let tree = Tree::new();
    tree.edit("D3", |json| {
        json["previousDigestHashValue"] = json!("00".repeat(32))
    });
    let digests = tree.analysis(Saved::Keys).integrity.digests;
    let all: Vec<_> = digests.iter().map(|it| it.detail.reveal()).collect();
    assert!(
        all.iter().any(|it| it.contains("another hash of it")),
        "{all:?}"
    );
    assert!(all.iter().all(|it| !it.starts_with("; ")), "{all:?}");
}

#[test]
fn digests_that_cannot_be_read_are_not_missing_too() {
    // The first, and with two in a row the one that no digest names any more.
    for (broken, logs) in [(&["D1"][..], &["l1", "l2"][..]), (&["D2", "D3"], &["l3"])] {
        let tree = Tree::new();
        broken.iter().for_each(|name| tree.write(name, b"{"));
        for saved in [Saved::Keys, Saved::All] {
            let integrity = tree.analysis(saved).integrity;
            let count = |name: &str| {
                let digests = integrity.digests.iter();
                digests.filter(|it| it.verdict.name() == name).count()
            };
            assert_eq!((count("malformed"), count("missing")), (broken.len(), 0));
            assert_eq!(integrity.chains[0].begins_after, None);
            let why = |name: &&str| {
                let file = tree.path(name).file_name().unwrap().to_str().unwrap();
                let (_, it) = integrity
                    .logs
                    .iter()
                    .find(|(id, _)| id.as_str().ends_with(file))
                    .unwrap();
                it.unreferenced.unwrap().name()
            };
            assert!(logs.iter().all(|it| why(it) == "in-gap"));
        }
    }
}

#[test]
fn a_digest_in_anothers_place_does_not_stand_for_it() {
    let tree = Tree::new();
    let text = fs::read(tree.path("D1")).unwrap();
    put(tree.path("D2"), &text);
    let digests = tree.analysis(Saved::Keys).integrity.digests;
    let count = |name: &str| {
        digests
            .iter()
            .filter(|it| it.verdict.name() == name)
            .count()
    };
    assert_eq!((count("moved"), count("missing")), (1, 1));
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
    let tree = Tree::new();
    tree.edit("D2", |json| json["digestS3Bucket"] = json!("another"));
    assert_eq!(tree.told(Saved::All)["D2"], "signature-bad");
    // What was saved of the last one names its bucket: there it is missing, and the file is of a chain of its own.
    let tree = Tree::new();
    tree.edit("D6", |json| json["digestS3Bucket"] = json!("another"));
    let digests = tree.analysis(Saved::All).integrity.digests;
    let of_d6 = |name: &str| {
        let named = |it: &&DigestFinding| {
            it.key
                .as_ref()
                .is_some_and(|key| key.reveal().contains("T090500Z"))
        };
        digests
            .iter()
            .filter(named)
            .filter(|it| it.verdict.name() == name)
            .count()
    };
    assert_eq!(
        (of_d6("missing"), of_d6("unverifiable-last-of-chain")),
        (1, 1)
    );
    let tree = Tree::new();
    tree.edit("D2", |json| json["digestS3Bucket"] = json!("another"));
    assert_eq!(tree.told(Saved::Nothing)["D2"], "hash-link-bad");
}
