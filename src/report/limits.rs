//! What can this evidence not tell? What was assumed, where the evidence ends, what is not read.

use super::escape;
use super::words::{assumption, count};
use crate::analysis::{Analysis, Leaning, Totals};
use crate::vocab::Timestamp;

/// Since 2025-11-26T00:00:00Z an organization can block public access in all its accounts.
///
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3.html>
const ORGANIZATION_BLOCK: Timestamp = Timestamp::from_unix(1_764_115_200);

/// A sentence for each limit.
pub(super) fn lines(analysis: &Analysis) -> Vec<String> {
    let mut told = Vec::new();
    let totals = analysis.totals();
    for (assumed, leaning) in &totals.leanings {
        let (name, said) = (assumed.name(), assumption(*assumed));
        told.push(format!("{name}: {said} ({})", leaning_in_words(*leaning)));
    }
    if let Some(withheld) = analysis.withheld {
        let intervals = count(withheld, "interval");
        told.push(format!(
            "{intervals} whose verdict rests on assumptions: shown as unknown, because --strict was given"
        ));
    }
    unsure(&mut told, &totals);
    unread(&mut told, analysis);
    filters(&mut told, analysis);
    passed_over(&mut told, analysis);
    told
}

fn leaning_in_words(leaning: Leaning) -> String {
    let exposures = count(leaning.exposures, "exposure");
    format!("{exposures}, {}", count(leaning.intervals, "interval"))
}

/// What the records leave open by what they say.
fn unsure(told: &mut Vec<String>, totals: &Totals) {
    if totals.uncertain > 0 {
        let calls = count(totals.uncertain, "call");
        told.push(format!(
            "{calls} ended in a server's error, and may or may not have taken effect"
        ));
    }
    if totals.unordered > 0 {
        let intervals = count(totals.unordered, "interval");
        told.push(format!(
            "the order of changes within one second, which decides {intervals}"
        ));
    }
}

/// What no record says, or none that is read.
fn unread(told: &mut Vec<String>, analysis: &Analysis) {
    told.push("which objects were public by their own ACL, and who came in, where data events of the bucket were not recorded".to_owned());
    told.push("where an access point leads that was made before the first record".to_owned());
    let organizations = analysis
        .evidence
        .is_some_and(|(_, last)| last >= ORGANIZATION_BLOCK);
    if organizations {
        told.push("whether an organization's public access block, which leaves no event in a member account, silenced what is told as open".to_owned());
    }
    told.push("what happened before the first record, or in a Region without records".to_owned());
}

fn filters(told: &mut Vec<String>, analysis: &Analysis) {
    let selection = &analysis.selection;
    let from = selection.from.map(|time| format!("from {time}"));
    let to = selection.to.map(|time| format!("before {time}"));
    let accounts = selection.accounts.iter().map(|it| format!("account {it}"));
    let regions = selection.regions.iter().map(|it| format!("Region {it}"));
    let buckets = selection.buckets.iter();
    let buckets = buckets.map(|it| format!("buckets like {}", escape::terminal(it.as_str())));
    let all: Vec<String> = from
        .into_iter()
        .chain(to)
        .chain(accounts)
        .chain(regions)
        .chain(buckets)
        .collect();
    if !all.is_empty() {
        told.push(format!("rows outside the filters: {}", all.join(", ")));
    }
}

/// What was given and not read, because it was not asked for.
fn passed_over(told: &mut Vec<String>, analysis: &Analysis) {
    let choice = &analysis.choice;
    let from = choice.read_from.map(|time| {
        format!(
            "delivered before {}, so what came before is unseen",
            day(time)
        )
    });
    let to = choice.read_to.map(|time| {
        let days = count(choice.slack.days().unsigned_abs(), "day");
        format!("delivered later than {days} after {}", day(time))
    });
    let patterns = |globs: &[String], what: &str| {
        let globs: Vec<_> = globs
            .iter()
            .map(|it| escape::terminal(it.as_str()))
            .collect();
        (!globs.is_empty()).then(|| format!("{what} {}", globs.join(", ")))
    };
    let include = patterns(&choice.include, "not named like");
    let exclude = patterns(&choice.exclude, "named like");
    let all: Vec<String> = [from, to, include, exclude].into_iter().flatten().collect();
    if !all.is_empty() {
        told.push(format!("files that were not read: {}", all.join("; ")));
    }
}

/// Files are chosen by the day.
pub(super) fn day(time: Timestamp) -> String {
    let time = time.to_string();
    time.split('T').next().unwrap_or(&time).to_owned()
}

/// Where the evidence of each account and Region ends.
pub(super) fn ends(analysis: &Analysis) -> impl Iterator<Item = String> {
    analysis
        .coverage
        .iter()
        .map(|((account, region), (_, last))| {
            let account = account.as_ref().map_or("unknown", |it| it.as_str());
            let region = region.as_ref().map_or("unknown Region", |it| it.as_str());
            format!("account {account}, {region}: {last}")
        })
}
