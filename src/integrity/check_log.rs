//! Is each log file what a digest says it is?

use super::chain::Chain;
use super::check_digest::Judged;
use super::digest::NamedLog;
use super::material::{FileProof, Material, Trailing};
use super::name::{ChainKind, file_name, lies_at, unpacked};
use super::verdict::{DigestVerdict, LogVerdict, Trust, Unreferenced};
use super::{Listed, LogFinding, MissingLog};
use crate::source::{DeliveredKey, parse};
use crate::vocab::{LogFileId, Span};
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap, HashSet};

/// One naming of a log file: how far the digest that names it may be believed.
#[derive(Clone, Copy)]
struct Naming<'m> {
    log: &'m NamedLog,
    digest: &'m LogFileId,
    trust: Trust,
    /// Whether that digest is one that `verify` ends with status 5 for.
    is_invalid: bool,
}

/// What digests say of log files, by the files' names.
pub(super) struct Names<'m> {
    by_name: HashMap<&'m str, Vec<Naming<'m>>, RandomState>,
}

impl<'m> Names<'m> {
    /// All that the digests name.
    pub fn of(material: &'m Material, judged: &BTreeMap<&'m LogFileId, Judged>) -> Self {
        let mut by_name: HashMap<&str, Vec<Naming<'_>>, RandomState> = HashMap::default();
        for (file, held) in &material.digests {
            let Ok(digest) = &held.digest else { continue };
            let verdict = judged.get(file).map(|(verdict, _)| *verdict);
            let trust = verdict.map_or(Trust::Invalid, DigestVerdict::trust);
            for log in &digest.logs {
                let name = unpacked(file_name(log.key.reveal()));
                by_name.entry(name).or_default().push(Naming {
                    log,
                    digest: file,
                    trust,
                    is_invalid: verdict.is_none_or(DigestVerdict::is_invalid),
                });
            }
        }
        Self { by_name }
    }

    fn naming<'s>(&'s self, file: &'s LogFileId) -> impl Iterator<Item = &'s Naming<'m>> {
        let named = self.by_name.get(unpacked(file_name(file.as_str())));
        let here = named.into_iter().flatten();
        here.filter(|naming| lies_at(file, naming.log.key.reveal()))
    }

    /// Whether a digest names a file.
    pub fn name(&self, file: &LogFileId) -> bool {
        self.naming(file).next().is_some()
    }

    /// Whether a digest that is not invalid names a file.
    pub fn vouch(&self, file: &LogFileId) -> bool {
        self.naming(file).any(|naming| !naming.is_invalid)
    }

    /// The log files that a digest names and that are not among those.
    pub fn missing(&self, present: &HashSet<&str, RandomState>) -> Vec<MissingLog> {
        let mut missing: BTreeMap<&str, MissingLog> = BTreeMap::new();
        for naming in self.by_name.values().flatten() {
            let key = naming.log.key.reveal();
            if present.contains(key) {
                continue;
            }
            let told = MissingLog {
                key: naming.log.key.clone(),
                named_by: naming.digest.clone(),
                oldest: naming.log.oldest,
                newest: naming.log.newest,
            };
            let known = missing.entry(key).or_insert_with(|| told.clone());
            if told.named_by < known.named_by {
                *known = told;
            }
        }
        missing.into_values().collect()
    }
}

/// What is found of the log files that are here.
#[derive(Default)]
pub(super) struct Checked<'m> {
    /// The verdicts on them.
    pub found: BTreeMap<LogFileId, LogFinding>,
    /// The keys by which digests name them.
    pub present: HashSet<&'m str, RandomState>,
    /// The digests that name some, and whether these hold data events alone.
    pub alone: BTreeMap<&'m LogFileId, bool>,
}

/// Looks each log file up in what digests say.
pub(super) fn check_logs<'m>(
    files: &[Listed<'m>],
    material: &Material,
    names: &Names<'m>,
    chains: &[Chain],
) -> Checked<'m> {
    let mut checked = Checked::default();
    for listed in files {
        let naming: Vec<&Naming<'_>> = names.naming(listed.file).collect();
        let keys = naming.iter().map(|it| it.log.key.reveal());
        checked.present.extend(keys);
        if let Some(is_data) = listed.holds_data_alone {
            for it in &naming {
                *checked.alone.entry(it.digest).or_insert(true) &= is_data;
            }
        }
        if listed.is_passed_over {
            continue;
        }
        let finding = match naming.is_empty() {
            false => named(&naming, material.proof(listed.file)),
            true if listed.holds_records => unreferenced(listed.file, chains),
            true => continue,
        };
        checked.found.insert(listed.file.clone(), finding);
    }
    checked
}

/// Those digests decide that may be believed furthest.
fn named(naming: &[&Naming<'_>], proof: Option<&FileProof>) -> LogFinding {
    let none = FileProof::default();
    let proof = proof.unwrap_or(&none);
    let damage = proof.damage.as_ref().map(|damage| damage.reveal());
    if proof.is_packed_twice() {
        let why = FileProof::PACKED_TWICE.to_owned();
        return finding(LogVerdict::HashMismatch, why);
    }
    let trust = naming.iter().map(|it| it.trust).max();
    let deciding = naming.iter().filter(|it| Some(it.trust) == trust);
    let named_by = || {
        let digest = deciding.clone().map(|it| it.digest.as_str()).next();
        format!("named by {}", digest.unwrap_or_default())
    };
    let Some(content) = proof.content else {
        // A digest under a log file's name is found too late to ask for what it names.
        if trust == Some(Trust::Invalid) && damage.is_none() {
            return finding(LogVerdict::DigestInvalid, named_by());
        }
        let why = damage.unwrap_or("its content was not hashed");
        return finding(LogVerdict::Unreadable, why.to_owned());
    };
    let fits = deciding.clone().any(|it| it.log.hash == Some(content));
    if let Some(trailing) = &proof.trailing {
        return finding(LogVerdict::TrailingData, added(trailing, fits, damage));
    }
    // What came out may be all there was; a digest with that damage is malformed too, and so it is for the AWS CLI.
    if let Some(damage) = damage.filter(|_| fits) {
        let why = format!("{damage}; the text that came out is what the digest says");
        return finding(LogVerdict::Malformed, why);
    }
    match (fits, trust) {
        (false, _) => finding(
            LogVerdict::HashMismatch,
            damage.unwrap_or_default().to_owned(),
        ),
        (true, Some(Trust::Signed)) => finding(LogVerdict::Proven, String::new()),
        (true, Some(Trust::Consistent)) => finding(LogVerdict::Consistent, String::new()),
        (true, _) => finding(LogVerdict::DigestInvalid, named_by()),
    }
}

/// What follows the first member, and what is to be said of that one.
fn added(trailing: &Trailing, fits: bool, damage: Option<&str>) -> String {
    let what = match trailing.is_member {
        true => "another gzip member",
        false => "no gzip member",
    };
    let first = match (fits, damage) {
        (true, None) => "the first member is what the digest says".to_owned(),
        (true, Some(damage)) => {
            format!("of the first member the text is what the digest says, but {damage}")
        }
        (false, _) => "the first member is not what the digest says either".to_owned(),
    };
    format!(
        "{} bytes follow the first gzip member at byte {}: {what}, which would add {} records; {first}",
        trailing.bytes, trailing.offset, trailing.records
    )
}

fn finding(verdict: LogVerdict, detail: String) -> LogFinding {
    LogFinding {
        verdict,
        detail: detail.into(),
        unreferenced: None,
    }
}

fn unreferenced(file: &LogFileId, chains: &[Chain]) -> LogFinding {
    let why = match parse(file.as_str()) {
        None => Unreferenced::NoDeliveredName,
        Some(key) => place(&key, chains),
    };
    LogFinding {
        verdict: LogVerdict::Unreferenced,
        detail: why.detail().into(),
        unreferenced: Some(why),
    }
}

/// Where a delivery lies among the digests of its account and Region. Names have the minute, digests the second: a
/// minute is inside where any second of it is. A missing digest may have named it, whatever another trail's names.
fn place(key: &DeliveredKey, chains: &[Chain]) -> Unreferenced {
    let of_region = |chain: &&Chain| {
        chain.id.account.as_ref() == Some(&key.account)
            && chain.id.region.as_ref() == Some(&key.region)
            && chain.id.kind == ChainKind::Regular
    };
    let here: Vec<&Chain> = chains.iter().filter(of_region).collect();
    let (at, after) = (key.delivered, key.delivered.plus(59));
    let delivered_in = |span: &Span| span.from <= after && at < span.until;
    let mut missing = here.iter().flat_map(|chain| &chain.missing);
    // What a digest that cannot be read named is as little known.
    let mut unreadable = here.iter().flat_map(|chain| &chain.unreadable);
    let mut covered = here.iter().flat_map(|chain| &chain.covered);
    match () {
        () if here.is_empty() => Unreferenced::NoChain,
        () if missing.any(|it| delivered_in(&it.window)) => Unreferenced::DigestMissing,
        () if unreadable.any(delivered_in) => Unreferenced::InGap,
        () if covered.any(delivered_in) => Unreferenced::InsideChain,
        () if here.iter().all(|chain| after < chain.span.from) => Unreferenced::BeforeFirstDigest,
        () if here.iter().all(|chain| at >= chain.span.until) => Unreferenced::AfterLastDigest,
        () => Unreferenced::InGap,
    }
}
