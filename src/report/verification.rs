//! Is the evidence whole? The page of `leaktrail verify`: every digest and log file that is not proven, by name.
//!
//! Lines are not wrapped: names of files are to be copied and searched for.

use super::{ReportError, chains, escape, lines};
use crate::analysis::Analysis;
use crate::coverage::{CoverageGap, Stream};
use crate::evidence::Fate;
use crate::integrity::{
    DigestFinding, DigestVerdict, Gap, Integrity, LogFinding, LogVerdict, Trust,
};
use crate::vocab::{LogFileId, Loss, LossKind, Span, Untrusted};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Writes the page.
///
/// # Errors
/// If the output takes no more.
pub fn write(analysis: &Analysis, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut text = Lines::default();
    let integrity = &analysis.integrity;
    text.line(&headline(integrity));
    for warning in lines::warnings(analysis) {
        text.line(&format!("Warning: {warning}."));
    }
    text.line("");
    means(&mut text, integrity);
    counts(&mut text, analysis);
    invalid(&mut text, integrity);
    undecided(&mut text, integrity);
    unreferenced(&mut text, integrity);
    unread(&mut text, analysis);
    chain_lines(&mut text, integrity);
    coverage(&mut text, &analysis.streams);
    out.write_all(text.0.as_bytes())?;
    Ok(out.flush()?)
}

/// The losses that are of files and their text; what a record that can be read does not tell is another question.
pub fn unread_parts(analysis: &Analysis) -> impl Iterator<Item = &Loss> {
    let is_meaning = |kind| {
        matches!(
            kind,
            LossKind::MissingField | LossKind::OpaqueParameters | LossKind::NoBucket
        )
    };
    analysis
        .losses
        .iter()
        .filter(move |loss| !is_meaning(loss.kind))
}

/// So many missing hours on end are told one by one.
pub(super) const MOST_TOLD: usize = 24 * 31;

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// A section, if there is anything in it.
    fn section(&mut self, title: &str, lines: &[String]) {
        if !lines.is_empty() {
            self.line(&format!("\n{title} ({})", lines.len()));
            lines
                .iter()
                .for_each(|line| self.line(&format!("  {line}")));
        }
    }
}

/// One sentence that claims no more than was proven, and one on what may be missing.
pub(super) fn headline(integrity: &Integrity) -> String {
    let claim = claim(integrity);
    let doubts = doubts(integrity);
    match doubts.is_empty() {
        true => claim,
        false => format!("{claim} To be looked into: {}.", doubts.join(", ")),
    }
}

fn claim(integrity: &Integrity) -> String {
    let (logs, digests) = (integrity.invalid_logs(), integrity.invalid_digests());
    let proven = tally(integrity, LogVerdict::Proven);
    let consistent = count(tally(integrity, LogVerdict::Consistent), "log file");
    let named = count(proven, "log file");
    let are = if proven == 1 { "is" } else { "are" };
    let signed = integrity.digests.iter();
    let signed = signed
        .filter(|it| it.verdict.trust() == Trust::Signed)
        .count();
    match () {
        () if !integrity.has_digests() => {
            "No digest is among the files: whether they are what CloudTrail delivered cannot be checked.".to_owned()
        }
        () if logs + digests > 0 => {
            let (logs, digests) = (count(logs, "log file"), count(digests, "digest"));
            format!("NOT INTACT: invalid, missing ones included: {logs} and {digests}.")
        }
        () if proven > 0 && tally(integrity, LogVerdict::Consistent) == 0 => {
            format!("No invalid file: {named} {are} proven to be what CloudTrail delivered.")
        }
        () if proven > 0 => format!(
            "No invalid file: {named} {are} proven to be what CloudTrail delivered, {consistent} consistent with digests that could not be proven."
        ),
        () if integrity.logs.is_empty() && signed > 0 => quiet(signed, integrity.digests.len()),
        () => format!(
            "No invalid file: {consistent} consistent with digests that could not be proven. Authenticity is not proven."
        ),
    }
}

/// Digests of hours in which nothing happened are proven all the same.
fn quiet(signed: usize, all: usize) -> String {
    let digests = match signed {
        _ if signed < all => format!("{signed} of {}", count(all, "digest")),
        _ => count(all, "digest"),
    };
    let (are, they) = match signed {
        1 => ("is", "it names"),
        _ => ("are", "they name"),
    };
    format!(
        "No invalid file: {digests} {are} proven to be what CloudTrail delivered; {they} no log file that was read."
    )
}

/// What is no invalid file, and yet nothing to pass over.
fn doubts(integrity: &Integrity) -> Vec<String> {
    let chains = integrity.chains.iter();
    let is_open = |gap: &&Gap| gap.explained_by.is_none();
    let breaks = chains
        .clone()
        .flat_map(|it| &it.gaps)
        .filter(is_open)
        .count();
    let early = chains
        .filter_map(|it| it.ends_early.as_ref())
        .filter(is_open)
        .count();
    let told = [
        (
            tally(integrity, LogVerdict::Unreferenced),
            "log file",
            "that no digest names",
        ),
        (
            tally(integrity, LogVerdict::Unreadable),
            "log file",
            "that could not be checked",
        ),
        (breaks, "break", "in a chain that nothing explains"),
        (early, "chain", "cut off before the account's evidence ends"),
    ];
    let told = told.into_iter().filter(|(number, ..)| *number > 0);
    told.map(|(number, noun, what)| format!("{} {what}", count(number, noun)))
        .collect()
}

pub(super) fn count(number: impl TryInto<u64>, noun: &str) -> String {
    match number.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

fn tally(integrity: &Integrity, verdict: LogVerdict) -> usize {
    let logs = integrity.logs.values();
    logs.filter(|it| it.verdict == verdict).count()
}

/// What the claims rest on.
fn means(text: &mut Lines, integrity: &Integrity) {
    let means = &integrity.means;
    let hash = |hash: &Option<_>| {
        hash.as_ref().map_or(String::new(), |it| {
            format!(", from a file with SHA-256 {it}")
        })
    };
    match means.keys {
        Some(keys) => text.line(&format!("  public keys  {keys}{}", hash(&means.keys_file))),
        None => text.line("  public keys  none given: signatures are not checked (--public-keys)"),
    }
    match means.metadata {
        Some(objects) => text.line(&format!(
            "  metadata     of {objects} objects{}",
            hash(&means.metadata_file)
        )),
        None => text.line("  metadata     none given: the last digest of each chain has no signature here (--metadata)"),
    }
    match means.metadata_absent.as_slice() {
        [] => {}
        [one] => text.line(&format!(
            "               1 of them is of a digest that is not here: {}",
            shown(one)
        )),
        [first, .., last] => text.line(&format!(
            "               {} of them are of digests that are not here: {} to {}",
            means.metadata_absent.len(),
            shown(first),
            shown(last)
        )),
    }
    let refused: Vec<String> = means.refused_keys.iter().map(shown).collect();
    text.section("Keys that cannot be used", &refused);
}

fn counts(text: &mut Lines, analysis: &Analysis) {
    let integrity = &analysis.integrity;
    let digests = counted(integrity.digests.iter().map(|it| it.verdict.name()));
    let missing = integrity.missing.iter().map(|_| LogVerdict::Missing.name());
    let logs = integrity.logs.values().map(|it| it.verdict.name());
    text.line(&format!("  files        {}", files(analysis)));
    text.line(&format!("  digests      {digests}"));
    let told = match integrity.has_digests() {
        true => counted(logs.chain(missing)),
        false => unchecked(analysis),
    };
    text.line(&format!("  log files    {told}"));
}

/// How many there are, and of how many nothing could be used: what was not read is one thing, what was read and does not say
/// enough another.
fn files(analysis: &Analysis) -> String {
    let unread: BTreeSet<&LogFileId> = unread_parts(analysis).map(|it| &it.log_file).collect();
    let lost = analysis
        .files
        .iter()
        .filter(|(_, it)| it.fate == Fate::Lost);
    let (unread, read): (Vec<_>, Vec<_>) = lost.partition(|(file, _)| unread.contains(file));
    let told = format!(
        "{}, of which {} could not be read",
        analysis.counts.files,
        unread.len()
    );
    match read.len() {
        0 => told,
        1 => format!("{told}, and 1 holds no record that says enough"),
        some => format!("{told}, and {some} hold no record that says enough"),
    }
}

/// Without digests there is no verdict, but there may be log files.
fn unchecked(analysis: &Analysis) -> String {
    match analysis.counts.files_read {
        0 => "0".to_owned(),
        files => format!("{files}: {files} not checked"),
    }
}

/// How many there are, and of each verdict.
pub(super) fn counted(names: impl Iterator<Item = &'static str>) -> String {
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    names.for_each(|name| *counted.entry(name).or_default() += 1);
    let all: u64 = counted.values().sum();
    let each: Vec<String> = counted
        .iter()
        .map(|(name, n)| format!("{n} {name}"))
        .collect();
    match each.is_empty() {
        true => "0".to_owned(),
        false => format!("{all}: {}", each.join(", ")),
    }
}

fn invalid(text: &mut Lines, integrity: &Integrity) {
    let logs: Vec<String> = logs(integrity, |it| it.verdict.is_invalid());
    text.section("Invalid log files", &logs);
    let missing = integrity.missing.iter().map(|log| {
        let events = match log.oldest.zip(log.newest) {
            Some((from, until)) => format!("events {from} to {until}, "),
            None => String::new(),
        };
        let digest = escape::terminal(&log.named_by);
        format!("{}: {events}named by {digest}", shown(&log.key))
    });
    text.section("Log files that are not here", &missing.collect::<Vec<_>>());
    text.section(
        "Invalid digests",
        &digests(integrity, |it| it.verdict.is_invalid()),
    );
}

fn logs(integrity: &Integrity, asked: fn(&LogFinding) -> bool) -> Vec<String> {
    let found = integrity.logs.iter().filter(|(_, it)| asked(it));
    found
        .map(|(file, it)| told(&escape::terminal(file), it.verdict.name(), &it.detail))
        .collect()
}

fn digests(integrity: &Integrity, asked: fn(&DigestFinding) -> bool) -> Vec<String> {
    let found = integrity.digests.iter().filter(|it| asked(it));
    let found: Vec<&DigestFinding> = found.collect();
    let follows = |one: &&DigestFinding, next: &&DigestFinding| {
        let touch = |(one, next): (Span, Span)| one.until == next.from;
        let is_hour = one.key.is_none() && next.key.is_none() && one.file.is_none();
        is_hour && one.chain == next.chain && one.window.zip(next.window).is_some_and(touch)
    };
    let runs = found.chunk_by(follows);
    runs.flat_map(|run| match run {
        [first, .., last] if run.len() > MOST_TOLD => vec![told_together(first, last, run.len())],
        _ => run
            .iter()
            .map(|it| told(&digest_name(it), it.verdict.name(), &it.detail))
            .collect(),
    })
    .collect()
}

/// Missing hours on end without a name, as one: a single digest may be dated years ahead.
fn told_together(first: &DigestFinding, last: &DigestFinding, all: usize) -> String {
    let window = first.window.zip(last.window).map(|(first, last)| Span {
        from: first.from,
        until: last.until,
    });
    let whole = DigestFinding {
        window,
        ..first.clone()
    };
    let each = told(&digest_name(&whole), first.verdict.name(), &first.detail);
    format!("{each} ({} on end)", count(all, "digest"))
}

fn told(name: &str, verdict: &str, detail: &Untrusted) -> String {
    match detail.is_empty() {
        true => format!("{name}: {verdict}"),
        false => format!("{name}: {verdict}: {}", shown(detail)),
    }
}

/// The file, else the key, else the hour and the chain.
fn digest_name(finding: &DigestFinding) -> String {
    let window = finding
        .window
        .map_or(String::new(), |it| format!(" [{}]", span(it)));
    match (&finding.file, &finding.key, &finding.chain) {
        (Some(file), ..) => escape::terminal(file),
        (None, Some(key), _) => format!("{}{window}", shown(key)),
        (None, None, Some(chain)) => {
            let region = chain.region.as_ref().map_or("?", |it| it.as_str());
            let account = chain.account.as_ref().map_or("?", |it| it.as_str());
            format!(
                "a digest of account {account}, {region}, trail {}, of unknown name{window}",
                shown(&chain.trail)
            )
        }
        (None, None, None) => "a digest".to_owned(),
    }
}

/// Digests that nothing speaks against, and too little for.
fn undecided(text: &mut Lines, integrity: &Integrity) {
    let is_open = |it: &DigestFinding| {
        it.verdict.trust() == Trust::Consistent && it.verdict != DigestVerdict::KeyMissing
    };
    let is_noted =
        |it: &DigestFinding| it.verdict.trust() == Trust::Signed && !it.detail.is_empty();
    text.section("Digests that are not proven", &digests(integrity, is_open));
    text.section("Remarks on proven digests", &digests(integrity, is_noted));
    let unreadable = logs(integrity, |it| it.verdict == LogVerdict::Unreadable);
    text.section("Log files that could not be checked", &unreadable);
}

fn unreferenced(text: &mut Lines, integrity: &Integrity) {
    let is = |it: &LogFinding| it.verdict == LogVerdict::Unreferenced;
    text.section("Log files that no digest names", &logs(integrity, is));
}

fn unread(text: &mut Lines, analysis: &Analysis) {
    let losses: Vec<String> = unread_parts(analysis).map(super::loss_line).collect();
    text.section("Parts that could not be read", &losses);
}

fn chain_lines(text: &mut Lines, integrity: &Integrity) {
    let all: Vec<String> = integrity.chains.iter().flat_map(chains::lines).collect();
    if !all.is_empty() {
        text.line(&format!("\nChains ({})", integrity.chains.len()));
        all.iter().for_each(|line| text.line(&format!("  {line}")));
    }
}

fn coverage(text: &mut Lines, streams: &[Stream]) {
    text.line(&format!("\nCoverage ({})", streams.len()));
    for stream in streams {
        let account = stream.account.as_ref().map_or("unknown", |it| it.as_str());
        let region = stream.region.as_ref().map_or("unknown", |it| it.as_str());
        let events = match stream.events {
            Some((first, last)) => format!("{first} to {last}"),
            None => "no record".to_owned(),
        };
        text.line(&format!(
            "  account {account}, {region}, {}: {events}, {} in {}",
            stream.category.name(),
            count(stream.records, "record"),
            count(stream.log_files, "file")
        ));
        stream
            .gaps
            .iter()
            .for_each(|it| text.line(&format!("    {}", gap(it))));
    }
}

fn gap(gap: &CoverageGap) -> String {
    let why = chains::explained(gap.explained_by.as_ref());
    format!("gap {}: {}, {why}", span(gap.span), gap.kind.name())
}

pub(super) fn span(span: Span) -> String {
    format!("{} to {}", span.from, span.until)
}

pub(super) fn shown(text: &Untrusted) -> String {
    escape::terminal(text)
}
