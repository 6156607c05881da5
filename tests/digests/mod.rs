//! How does a bucket with digests look? Chains of digests over log files, signed with keys that are made for the occasion
//! and kept nowhere.
#![allow(dead_code, reason = "each test uses some of it")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, write::GzEncoder};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A key that signs as CloudTrail does.
pub struct Signer {
    pair: RsaKeyPair,
    /// The public key in both forms that AWS has used: PKCS#1 and SubjectPublicKeyInfo.
    pub pkcs1: Vec<u8>,
    pub spki: Vec<u8>,
}

impl Signer {
    /// Makes a key.
    pub fn new() -> Self {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
        let private = key.to_pkcs8_der().expect("PKCS#8");
        let public = key.to_public_key();
        Self {
            pair: RsaKeyPair::from_pkcs8(private.as_bytes()).expect("a key pair"),
            pkcs1: public.to_pkcs1_der().expect("PKCS#1").as_bytes().to_vec(),
            spki: public
                .to_public_key_der()
                .expect("SPKI")
                .as_bytes()
                .to_vec(),
        }
    }

    pub fn fingerprint(&self) -> String {
        fingerprint(&self.pkcs1)
    }

    pub fn sign(&self, text: &str) -> String {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)
            .expect("a signature");
        hex(&signature)
    }

    /// An entry of what `aws cloudtrail list-public-keys` prints.
    pub fn listed(&self) -> Value {
        json!({"Value": STANDARD.encode(&self.pkcs1), "Fingerprint": self.fingerprint(),
            "ValidityStartTime": "2026-02-08T03:00:00+00:00", "ValidityEndTime": "2026-04-10T03:00:00+00:00"})
    }
}

/// Two keys, made once for each program of tests: there is a rotation between them.
pub fn signers() -> &'static [Signer; 2] {
    static SIGNERS: OnceLock<[Signer; 2]> = OnceLock::new();
    SIGNERS.get_or_init(|| {
        let other = std::thread::spawn(Signer::new);
        [Signer::new(), other.join().expect("a key")]
    })
}

pub fn key_list(keys: &[Value]) -> Vec<u8> {
    json!({ "PublicKeyList": keys }).to_string().into_bytes()
}

pub fn fingerprint(der: &[u8]) -> String {
    hex(&<md5::Md5 as md5::Digest>::digest(der))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

/// Seconds since 1970 as digests write them.
pub fn stamp(seconds: i64) -> String {
    leaktrail::vocab::Timestamp::from_unix(seconds).to_string()
}

/// The same without marks, as keys have it.
pub fn compact(seconds: i64) -> String {
    stamp(seconds).replace(['-', ':'], "")
}

/// The day's folder.
pub fn day(seconds: i64) -> String {
    stamp(seconds)[..10].replace('-', "/")
}

pub fn seconds(stamp: &str) -> i64 {
    leaktrail::vocab::Timestamp::parse(stamp)
        .expect("a time")
        .unix()
}

/// One trail's digests of one Region, as they come.
pub struct Trail {
    pub root: PathBuf,
    pub bucket: String,
    pub account: String,
    /// The organization whose trail it is.
    pub organization: Option<String>,
    pub region: String,
    pub name: String,
    pub home: String,
    pub ending: &'static str,
    /// The last digest: its key, the hash of its text, its signature.
    pub previous: Option<(String, String, String)>,
    /// The bucket that it lies in, where that is another than this one.
    pub previous_bucket: Option<String>,
    /// What S3 knows of each digest.
    pub metadata: Map<String, Value>,
    /// The files, where they are kept in memory instead of on disk.
    pub kept: Option<BTreeMap<String, Vec<u8>>>,
}

/// The files of a trail that keeps them in memory.
pub fn put_nowhere(trail: Trail) -> BTreeMap<String, Vec<u8>> {
    trail.kept.unwrap_or_default()
}

/// A log file's key, and its text.
pub type Log = (String, Vec<u8>);

impl Trail {
    pub fn new(root: &Path, bucket: &str, region: &str, name: &str) -> Self {
        Self {
            root: root.join(bucket),
            bucket: bucket.to_owned(),
            account: "111122223333".to_owned(),
            organization: None,
            region: region.to_owned(),
            name: name.to_owned(),
            home: "us-east-1".to_owned(),
            ending: ".json.gz",
            previous: None,
            previous_bucket: None,
            metadata: Map::new(),
            kept: None,
        }
    }

    /// The account's folder.
    fn folder(&self) -> String {
        match &self.organization {
            Some(organization) => format!("AWSLogs/{organization}/{}", self.account),
            None => format!("AWSLogs/{}", self.account),
        }
    }

    /// A key that CloudTrail would give a log file delivered then.
    pub fn log_key(&self, at: i64, unique: &str) -> String {
        let Self {
            account, region, ..
        } = self;
        let minute = format!("{}Z", &compact(at)[..13]);
        format!(
            "{}/CloudTrail/{region}/{}/{account}_CloudTrail_{region}_{minute}_{unique}.json.gz",
            self.folder(),
            day(at)
        )
    }

    pub fn digest_key(&self, end: i64) -> String {
        let Self {
            account,
            region,
            name,
            home,
            ending,
            ..
        } = self;
        format!(
            "{}/CloudTrail-Digest/{region}/{}/{account}_CloudTrail-Digest_{region}_{name}_{home}_{}{ending}",
            self.folder(),
            day(end),
            compact(end)
        )
    }

    fn put(&mut self, key: &str, bytes: &[u8]) {
        let path = self.root.join(key);
        match &mut self.kept {
            Some(kept) => {
                kept.insert(path.to_str().expect("a path").to_owned(), bytes.to_vec());
            }
            None => put(&path, bytes),
        }
    }

    /// Delivers log files, and the digest that names them; tells the digest's key.
    pub fn deliver(&mut self, start: i64, end: i64, logs: &[Log], signer: &Signer) -> String {
        for (key, text) in logs {
            self.put(key, &gzip(text, 6));
        }
        self.digest(start, end, logs, signer)
    }

    /// Delivers a digest alone.
    pub fn digest(&mut self, start: i64, end: i64, logs: &[Log], signer: &Signer) -> String {
        let key = self.digest_key(end);
        let named = |(key, text): &Log| {
            let events = event_times(text);
            json!({"s3Bucket": self.bucket, "s3Object": key, "hashValue": sha256(text), "hashAlgorithm": "SHA-256",
                "newestEventTime": events.last(), "oldestEventTime": events.first()})
        };
        let bucket_before = self.previous_bucket.take();
        let bucket_before = bucket_before.unwrap_or_else(|| self.bucket.clone());
        let part = |of: fn(&(String, String, String)) -> &String| self.previous.as_ref().map(of);
        let text = json!({
            "awsAccountId": self.account, "digestStartTime": stamp(start), "digestEndTime": stamp(end),
            "digestS3Bucket": self.bucket, "digestS3Object": key, "digestPublicKeyFingerprint": signer.fingerprint(),
            "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": null, "oldestEventTime": null,
            "previousDigestS3Bucket": self.previous.as_ref().map(|_| &bucket_before), "previousDigestS3Object": part(|it| &it.0),
            "previousDigestHashValue": part(|it| &it.1), "previousDigestHashAlgorithm": self.previous.as_ref().map(|_| "SHA-256"),
            "previousDigestSignature": part(|it| &it.2), "logFiles": logs.iter().map(named).collect::<Vec<_>>()
        })
        .to_string();
        let before = part(|it| &it.2).map_or("null", String::as_str);
        let hash = sha256(text.as_bytes());
        let signed = format!("{}\n{}/{key}\n{hash}\n{before}", stamp(end), self.bucket);
        let signature = signer.sign(&signed);
        self.put(&key, &gzip(text.as_bytes(), 6));
        let mut beside = json!({"signature": signature, "signature-algorithm": "SHA256withRSA"});
        if self.ending.contains("backfill") {
            beside["backfill-generation-timestamp"] = json!(stamp(end + 3 * 3600));
        }
        let place = format!("s3://{}/{key}", self.bucket);
        self.metadata.insert(place, beside);
        self.previous = Some((key.clone(), hash, signature));
        key
    }
}

/// The times in a log file's text, in order.
fn event_times(text: &[u8]) -> Vec<String> {
    let log: Value = serde_json::from_slice(text).expect("a log file");
    let records = log["Records"].as_array().expect("records");
    let time = |record: &Value| record["eventTime"].as_str().map(str::to_owned);
    let mut times: Vec<String> = records.iter().filter_map(time).collect();
    times.sort();
    times
}

pub fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, bytes).expect("a file");
}

/// A record of an everyday call.
pub fn everyday(at: i64, region: &str, id: &str) -> Value {
    json!({"eventVersion": "1.09", "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice", "accountId": "111122223333"},
        "eventTime": stamp(at), "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances", "awsRegion": region,
        "sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli/2.15", "requestParameters": null, "responseElements": null,
        "eventID": id, "recipientAccountId": "111122223333", "eventCategory": "Management", "managementEvent": true})
}

pub fn log(records: &[Value]) -> Vec<u8> {
    json!({ "Records": records }).to_string().into_bytes()
}
