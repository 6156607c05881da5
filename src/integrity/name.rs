//! Where did CloudTrail put it? The place in a bucket that a key names, and the chain that a digest belongs to.
//!
//! `[prefix/]AWSLogs/[o-id/]<account>/CloudTrail-Digest/<region>/YYYY/MM/DD/`
//! `<account>_CloudTrail-Digest_<region>_<trail>_<home region>_YYYYMMDDTHHMMSSZ[_backfill].json.gz`: trail names may hold
//! underscores, so a name is read from both ends.

use crate::source::{last_part, parse_stamp};
use crate::vocab::{AccountId, LogFileId, Region, Timestamp, Untrusted};

/// The part of a key or path that does not depend on where a copy was put: from `AWSLogs` on.
pub fn delivered_part(name: &str) -> Option<&str> {
    let is_root = |at: &usize| {
        let before = at.checked_sub(1).and_then(|at| name.as_bytes().get(at));
        before.is_none_or(|byte| matches!(byte, b'/' | b'\\'))
    };
    let (at, _) = name
        .rmatch_indices("AWSLogs/")
        .find(|(at, _)| is_root(at))?;
    name.get(at..)
}

/// The last part of a key or path.
pub fn file_name(name: &str) -> &str {
    last_part(name)
}

/// Whether a file lies where a key says: the same from `AWSLogs` on, or, in a copy without such folders, the same name.
/// Copies that were unpacked have lost `.gz`.
pub(super) fn lies_at(file: &LogFileId, key: &str) -> bool {
    // Most copies keep the key whole; then both parts are the same.
    let before = file.as_str().strip_suffix(key);
    if before.is_some_and(|before| before.is_empty() || before.ends_with('/')) {
        return true;
    }
    match (delivered_part(file.as_str()), delivered_part(key)) {
        (Some(here), Some(there)) => unpacked(here) == unpacked(there),
        _ => unpacked(file_name(file.as_str())) == unpacked(file_name(key)),
    }
}

/// A name as it is without compression.
pub(super) fn unpacked(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}

/// The name of a bucket's folder, where a copy is kept in one: what stands before the key in a path.
pub(super) fn folder_before<'p>(file: &'p LogFileId, key: &str) -> Option<&'p str> {
    let path = file.as_str();
    let before = unpacked(path).strip_suffix(unpacked(key))?;
    let folder = before.strip_suffix('/')?;
    Some(file_name(folder)).filter(|name| !name.is_empty() && *name != ".")
}

/// One trail's digests of one Region: they are linked, each to the one before.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ChainId {
    /// The bucket, as the digests name it.
    pub bucket: Untrusted,
    /// What stands before the account's folder: prefix and organization.
    pub above: Untrusted,
    /// The account whose log files are told of.
    pub account: Option<AccountId>,
    /// The Region whose log files are told of.
    pub region: Option<Region>,
    /// The trail's name.
    pub trail: Untrusted,
    /// The trail's home Region.
    pub home: Option<Region>,
    /// Regular, or of what was delivered too late for the regular ones.
    pub kind: ChainKind,
}

/// The two kinds of digest chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ChainKind {
    /// A digest every hour.
    Regular,
    /// Digests of log files that came too late for their regular digest.
    Backfill,
}

impl ChainId {
    /// The chain of a digest with that key in that bucket. What the key does not tell stays unknown.
    pub fn of(bucket: &str, key: &str) -> Self {
        let (name, kind) = bare(key);
        let parts = parts(name);
        let above = key.split("/CloudTrail-Digest/").next().unwrap_or_default();
        let above = above.rsplit_once('/').map_or("", |(above, _)| above);
        Self {
            bucket: bucket.into(),
            above: above.into(),
            account: parts.as_ref().and_then(|it| AccountId::parse(it.account)),
            region: parts.as_ref().and_then(|it| Region::parse(it.region)),
            trail: parts.as_ref().map_or("", |it| it.trail).into(),
            home: parts.as_ref().and_then(|it| Region::parse(it.home)),
            kind,
        }
    }

    /// The place that it lies in: bucket and prefix.
    pub fn place(&self) -> Untrusted {
        format!("s3://{}/{}", self.bucket.reveal(), self.above.reveal()).into()
    }

    /// Whether its trail is an organization's: then the organization's id stands above the account.
    pub(super) fn is_organizations(&self) -> bool {
        let above = self.above.reveal().rsplit('/').next();
        above.is_some_and(|folder| folder.starts_with("o-"))
    }

    /// Whether both are of one trail, wherever its digests lie.
    pub(super) fn is_same_trail(&self, other: &Self) -> bool {
        let parts = |it: &Self| (it.account.clone(), it.region.clone(), it.home.clone());
        self.trail == other.trail && self.kind == other.kind && parts(self) == parts(other)
    }
}

/// The end of the time that a digest covers: it is in its name, to the second.
pub(super) fn end_of(key: &str) -> Option<Timestamp> {
    parse_stamp(parts(bare(key).0)?.stamp)
}

/// A digest's name without its endings, and what they tell.
fn bare(key: &str) -> (&str, ChainKind) {
    let name = unpacked(file_name(key));
    let name = name.strip_suffix(".json").unwrap_or(name);
    match name.strip_suffix("_backfill") {
        Some(name) => (name, ChainKind::Backfill),
        None => (name, ChainKind::Regular),
    }
}

struct Parts<'n> {
    account: &'n str,
    region: &'n str,
    trail: &'n str,
    home: &'n str,
    stamp: &'n str,
}

fn parts(name: &str) -> Option<Parts<'_>> {
    let (account, rest) = name.split_once("_CloudTrail-Digest_")?;
    let (region, rest) = rest.split_once('_')?;
    let (rest, stamp) = rest.rsplit_once('_')?;
    let (trail, home) = rest.rsplit_once('_')?;
    Some(Parts {
        account,
        region,
        trail,
        home,
        stamp,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_read_from_both_ends_of_a_name() {
        let key = |trail: &str, end: &str| {
            format!(
                "logs/AWSLogs/o-a1/111122223333/CloudTrail-Digest/us-east-2/2026/03/10/111122223333_CloudTrail-Digest_us-east-2_{trail}_us-east-1_20260310T003000Z{end}"
            )
        };
        for trail in ["org-main", "my_trail_2", "a.b", "_"] {
            for (end, kind) in [
                (".json.gz", ChainKind::Regular),
                ("_backfill.json.gz", ChainKind::Backfill),
                ("_backfill.json", ChainKind::Backfill),
            ] {
                let chain = ChainId::of("b", &key(trail, end));
                assert_eq!(chain.trail.reveal(), trail);
                assert_eq!(chain.above.reveal(), "logs/AWSLogs/o-a1");
                assert_eq!(chain.home, Region::parse("us-east-1"));
                assert_eq!(chain.region, Region::parse("us-east-2"));
                assert_eq!(chain.account, AccountId::parse("111122223333"));
                assert_eq!(chain.kind, kind);
                let end = end_of(&key(trail, end));
                assert_eq!(end, Timestamp::parse("2026-03-10T00:30:00Z"));
            }
        }
        assert_eq!(ChainId::of("b", "renamed.json.gz").account, None);
    }

    #[test]
    fn a_copy_lies_where_its_key_says_wherever_it_was_put() {
        let key = "p/AWSLogs/1/CloudTrail/x/a.json.gz";
        for (path, there) in [
            ("case/bucket/p/AWSLogs/1/CloudTrail/x/a.json.gz", true),
            ("AWSLogs/1/CloudTrail/x/a.json.gz", true),
            ("AWSLogs/1/CloudTrail/x/a.json", true),
            ("flat/a.json.gz", true),
            ("AWSLogs/1/CloudTrail/y/a.json.gz", false),
            ("flat/b.json.gz", false),
            ("notAWSLogs/1/a.json.gz", true),
        ] {
            assert_eq!(lies_at(&LogFileId::new(path), key), there, "{path}");
        }
    }

    #[test]
    fn the_folder_before_a_key_may_be_a_buckets() {
        let file = LogFileId::new("case/s3/renamed/p/AWSLogs/1/a.json.gz");
        assert_eq!(
            folder_before(&file, "p/AWSLogs/1/a.json.gz"),
            Some("renamed")
        );
        assert_eq!(folder_before(&file, "q/AWSLogs/1/a.json.gz"), None);
        assert_eq!(
            folder_before(
                &LogFileId::new("AWSLogs/1/a.json.gz"),
                "AWSLogs/1/a.json.gz"
            ),
            None
        );
    }
}
