//! What was run, on what, and do its numbers add up? `run.json`: the record that goes with the tables.

use super::checks::Integrity;
use super::{ReportError, SCHEMA_VERSION, escape, lines};
use crate::analysis::{Analysis, Counts, Ended, Leaning, Totals};
use crate::evidence::Fate;
use crate::exposure::{Assumption, Audience};
use crate::vocab::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The name of the file.
pub(super) const FILE: &str = "run.json";

/// How the program was called: what no analysis knows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Invocation {
    /// The command line as it was typed, the program's name aside.
    pub command: Vec<String>,
    /// The sources that were read.
    pub sources: Vec<String>,
    /// Whether a custody statement goes with the report.
    pub custody: Custody,
}

/// Whether a custody statement goes with a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Custody {
    /// None.
    #[default]
    Unstated,
    /// One does.
    Stated,
}

/// A file that was written beside `run.json`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its bytes, in lower-case hex digits.
    pub sha256: String,
    /// How many rows it has.
    pub rows: u64,
}

/// Writes `run.json`: its keys in a fixed order, nothing in it that depends on the clock.
///
/// # Errors
/// If the output takes no more.
pub fn write(
    analysis: &Analysis,
    invocation: &Invocation,
    reports: &[Written],
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let run = Run::of(analysis, invocation, reports);
    let text = serde_json::to_string_pretty(&run).map_err(io::Error::from)?;
    writeln!(out, "{}", escape::json(&text))?;
    Ok(out.flush()?)
}

/// Everything that `run.json` says, in its order.
#[derive(Serialize)]
struct Run<'a> {
    program: &'static str,
    version: &'static str,
    schema_version: u32,
    command: &'a [String],
    sources: &'a [String],
    filters: Filters<'a>,
    evidence: Option<Evidence>,
    files: Files,
    records: Records,
    losses: Counted,
    end_of_evidence: Vec<End<'a>>,
    exposures: BTreeMap<&'static str, Exposures>,
    confirmed_exposures: u64,
    access_not_logged: u64,
    contradictions: u64,
    integrity: Integrity<'a>,
    assumptions: BTreeMap<&'static str, Leans>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown_as_unknown: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    reports: BTreeMap<&'a str, Report<'a>>,
}

pub(super) type Counted = BTreeMap<&'static str, u64>;

#[derive(Serialize)]
struct Filters<'a> {
    from: Option<String>,
    to: Option<String>,
    accounts: Vec<&'a str>,
    regions: Vec<&'a str>,
    buckets: &'a [String],
    read_from: Option<String>,
    read_to: Option<String>,
    read_slack_days: Option<i64>,
    include: &'a [String],
    exclude: &'a [String],
}

#[derive(Serialize)]
pub(super) struct Evidence {
    first_event: String,
    last_event: String,
}

#[derive(Serialize)]
pub(super) struct Files {
    found: u64,
    read: u64,
    skipped: u64,
    lost: u64,
    bytes: u64,
    skipped_because: Counted,
}

#[derive(Serialize)]
pub(super) struct Records {
    found: u64,
    used: u64,
    not_of_interest: u64,
    duplicates: u64,
    lost: u64,
}

#[derive(Serialize)]
struct End<'a> {
    account_id: Option<&'a str>,
    region: Option<&'a str>,
    first_event: String,
    last_event: String,
}

#[derive(Serialize, Default)]
pub(super) struct Exposures {
    open: u64,
    closed: u64,
}

/// How many rows lean on an assumption.
#[derive(Serialize)]
struct Leans {
    exposures: u64,
    intervals: u64,
}

#[derive(Serialize)]
struct Report<'a> {
    sha256: &'a str,
    rows: u64,
}

impl<'a> Run<'a> {
    fn of(analysis: &'a Analysis, invocation: &'a Invocation, reports: &'a [Written]) -> Self {
        let totals = analysis.totals();
        let leans = |(assumption, leaning): (&Assumption, &Leaning)| {
            let Leaning {
                exposures,
                intervals,
            } = *leaning;
            let leans = Leans {
                exposures,
                intervals,
            };
            (assumption.name(), leans)
        };
        Self {
            program: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            schema_version: SCHEMA_VERSION,
            command: &invocation.command,
            sources: &invocation.sources,
            filters: Filters::of(analysis),
            evidence: analysis.evidence.map(Evidence::of),
            files: Files::of(analysis),
            records: Records::of(&analysis.counts),
            losses: tally(analysis.losses.iter().map(|loss| loss.kind.name())),
            end_of_evidence: ends(analysis),
            exposures: exposures(&totals),
            confirmed_exposures: totals.confirmed,
            access_not_logged: totals.unlogged,
            contradictions: totals.contradictions,
            integrity: Integrity::of(&analysis.integrity),
            assumptions: totals.leanings.iter().map(leans).collect(),
            shown_as_unknown: analysis.withheld,
            warnings: lines::warnings(analysis),
            reports: reports.iter().map(Report::of).collect(),
        }
    }
}

impl<'a> Filters<'a> {
    fn of(analysis: &'a Analysis) -> Self {
        let (selection, choice) = (&analysis.selection, &analysis.choice);
        Self {
            from: selection.from.map(|time| time.to_string()),
            to: selection.to.map(|time| time.to_string()),
            accounts: selection.accounts.iter().map(|it| it.as_str()).collect(),
            regions: selection.regions.iter().map(|it| it.as_str()).collect(),
            buckets: &selection.buckets,
            read_from: choice.read_from.map(|time| time.to_string()),
            read_to: choice.read_to.map(|time| time.to_string()),
            read_slack_days: choice.read_to.map(|_| choice.slack.days()),
            include: &choice.include,
            exclude: &choice.exclude,
        }
    }
}

impl Evidence {
    pub(super) fn of((first, last): (Timestamp, Timestamp)) -> Self {
        Self {
            first_event: first.to_string(),
            last_event: last.to_string(),
        }
    }
}

impl Files {
    pub(super) fn of(analysis: &Analysis) -> Self {
        let counts = &analysis.counts;
        Self {
            found: counts.files,
            read: counts.files_read,
            skipped: counts.files_skipped,
            lost: counts.files_lost,
            bytes: counts.bytes,
            skipped_because: skipped(analysis),
        }
    }
}

impl Records {
    pub(super) fn of(counts: &Counts) -> Self {
        Self {
            found: counts.records,
            used: counts.used,
            not_of_interest: counts.not_of_interest,
            duplicates: counts.duplicates,
            lost: counts.lost,
        }
    }
}

impl<'a> Report<'a> {
    fn of(written: &'a Written) -> (&'a str, Self) {
        let report = Self {
            sha256: &written.sha256,
            rows: written.rows,
        };
        (&written.name, report)
    }
}

/// How often each name comes.
fn tally(names: impl Iterator<Item = &'static str>) -> Counted {
    let mut counted = Counted::new();
    for name in names {
        *counted.entry(name).or_default() += 1;
    }
    counted
}

/// How many files were skipped for each reason.
pub(super) fn skipped(analysis: &Analysis) -> Counted {
    tally(analysis.files.values().filter_map(|file| match file.fate {
        Fate::Skipped(reason) => Some(reason.name()),
        Fate::Read | Fate::Lost => None,
    }))
}

fn ends(analysis: &Analysis) -> Vec<End<'_>> {
    let coverage = analysis.coverage.iter();
    let ends = coverage.map(|((account, region), (first, last))| End {
        account_id: account.as_ref().map(|it| it.as_str()),
        region: region.as_ref().map(|it| it.as_str()),
        first_event: first.to_string(),
        last_event: last.to_string(),
    });
    ends.collect()
}

/// How many exposures there are to each audience that has any.
pub(super) fn exposures(totals: &Totals) -> BTreeMap<&'static str, Exposures> {
    let audiences = [("public", totals.public), ("cross-account", totals.foreign)];
    let counted = audiences.into_iter().filter(|(_, ended)| ended.all() > 0);
    counted
        .map(|(audience, Ended { open, closed })| (audience, Exposures { open, closed }))
        .collect()
}

/// An audience's name in the tables.
pub(super) fn audience(audience: &Audience) -> &'static str {
    match audience {
        Audience::Public => "public",
        Audience::Foreign(_) => "cross-account",
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::*;

    fn told() -> String {
        let invocation = Invocation {
            command: vec!["scan".to_owned(), "logs\u{9b}".to_owned()],
            sources: vec!["logs\u{9b}".to_owned()],
            custody: Custody::Unstated,
        };
        let reports = [Written {
            name: "exposures.csv".to_owned(),
            sha256: "00".repeat(32),
            rows: 2,
        }];
        let mut out = Vec::new();
        write(&sample(), &invocation, &reports, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_record_tells_everything_in_its_order() {
        insta::assert_snapshot!(told(), @r#"
        {
          "program": "leaktrail",
          "version": "0.1.0",
          "schema_version": 1,
          "command": [
            "scan",
            "logs\u009b"
          ],
          "sources": [
            "logs\u009b"
          ],
          "filters": {
            "from": null,
            "to": null,
            "accounts": [],
            "regions": [],
            "buckets": [],
            "read_from": null,
            "read_to": null,
            "read_slack_days": null,
            "include": [],
            "exclude": []
          },
          "evidence": {
            "first_event": "2024-01-01T00:00:00Z",
            "last_event": "2024-01-11T10:00:00Z"
          },
          "files": {
            "found": 4,
            "read": 1,
            "skipped": 2,
            "lost": 1,
            "bytes": 2048,
            "skipped_because": {
              "digest": 1,
              "not-cloudtrail": 1
            }
          },
          "records": {
            "found": 9,
            "used": 4,
            "not_of_interest": 3,
            "duplicates": 1,
            "lost": 1
          },
          "losses": {
            "corrupt-gzip": 1,
            "missing-field": 1
          },
          "end_of_evidence": [
            {
              "account_id": "111122223333",
              "region": "eu-west-1",
              "first_event": "2024-01-01T00:00:00Z",
              "last_event": "2024-01-11T10:00:00Z"
            }
          ],
          "exposures": {
            "cross-account": {
              "open": 0,
              "closed": 1
            },
            "public": {
              "open": 1,
              "closed": 0
            }
          },
          "confirmed_exposures": 1,
          "access_not_logged": 1,
          "contradictions": 1,
          "integrity": {
            "public_keys": null,
            "public_keys_sha256": null,
            "metadata_objects": null,
            "metadata_sha256": null,
            "digests": {},
            "log_files": {
              "consistent": 1
            },
            "missing_log_files": [],
            "chains": []
          },
          "assumptions": {
            "account-block-unseen": {
              "exposures": 1,
              "intervals": 3
            },
            "bucket-block-unseen": {
              "exposures": 1,
              "intervals": 3
            }
          },
          "reports": {
            "exposures.csv": {
              "sha256": "0000000000000000000000000000000000000000000000000000000000000000",
              "rows": 2
            }
          }
        }
        "#);
    }

    #[test]
    fn the_counts_add_up() {
        let run: serde_json::Value = serde_json::from_str(&told()).unwrap();
        let sum = |of: &str, parts: &[&str]| -> u64 {
            parts
                .iter()
                .map(|part| run[of][part].as_u64().unwrap())
                .sum()
        };
        assert_eq!(
            run["files"]["found"],
            sum("files", &["read", "skipped", "lost"])
        );
        let records = sum(
            "records",
            &["used", "not_of_interest", "duplicates", "lost"],
        );
        assert_eq!(run["records"]["found"], records);
    }
}
