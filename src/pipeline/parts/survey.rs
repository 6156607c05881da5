//! What is learned of all groups before any is judged?

use super::super::conclude::Bench;
use super::super::known::{self, Owners};
use super::super::pile::{Group, Groups, others};
use super::super::sink::Kept;
use super::super::{Options, ScanError, again::count_writes};
use super::{AT_ONCE, Place};
use crate::event::CitedEvent;
use crate::evidence::{Coverage, Evidence};
use crate::timeline::{Survey, Visits};
use crate::vocab::{AccountId, BucketName, LogFileId};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What reaches beyond one bucket, and what is counted over all.
pub(super) struct Surveyed {
    pub survey: Survey,
    /// What speaks to several buckets or to none.
    pub common: Group,
    /// The accounts that are known to own each bucket, where that is asked for.
    pub owners: Owners,
    /// How many different events, reads and requests there are.
    pub distinct: u64,
    counted: BTreeMap<LogFileId, u64>,
    coverage: BTreeMap<Place, Coverage>,
}

/// The same of one group.
struct Noted {
    events: Vec<CitedEvent>,
    counted: BTreeMap<LogFileId, u64>,
    coverage: BTreeMap<Place, Coverage>,
    owners: Owners,
    distinct: u64,
}

impl Surveyed {
    pub fn of(
        groups: &Groups,
        bench: Bench<'_>,
        kept: &Kept<'_>,
        options: &Options,
    ) -> Result<Self, ScanError> {
        let common = groups.load_common()?;
        let visited = visited(kept);
        let others = others(groups, visited.keys());
        let first = note(common.clone(), &others, (kept, &visited), (bench, options));
        let mut survey = Survey::of(first.events, &options.settings);
        for (inquiry, _) in common.evidence.inquiries.values() {
            if inquiry.bucket.is_none() {
                survey.block_moves(inquiry.account.clone(), inquiry.time);
            }
        }
        if let Some((_, at)) = options.known_state {
            survey.blocks_may_be_read(at);
        }
        let mut surveyed = Self {
            survey,
            common,
            counted: first.counted,
            coverage: first.coverage,
            owners: first.owners,
            distinct: first.distinct,
        };
        for some in groups.apart.chunks(AT_ONCE) {
            let noted: Vec<_> = some
                .par_iter()
                .map(|names| {
                    let names: BTreeSet<BucketName> = names.iter().cloned().collect();
                    let group = groups.load(names.iter())?;
                    let seen = (kept, &visited);
                    Ok::<_, ScanError>(note(group, &names, seen, (bench, options)))
                })
                .collect();
            for noted in noted {
                surveyed.add(noted?);
            }
        }
        kept.failure().map_err(ScanError::Spill)?;
        Ok(surveyed)
    }

    fn add(&mut self, noted: Noted) {
        self.survey.note(noted.events);
        self.distinct += noted.distinct;
        for (file, count) in noted.counted {
            *self.counted.entry(file).or_default() += count;
        }
        for (place, span) in noted.coverage {
            let known = self.coverage.entry(place).or_insert(span);
            *known = known.merge(span);
        }
        for (bucket, accounts) in noted.owners {
            self.owners.entry(bucket).or_default().extend(accounts);
        }
    }

    /// Tells what follows for files and times.
    pub fn tell(&mut self, evidence: &mut Evidence) {
        count_writes(&self.counted, evidence);
        for ((account, region), span) in std::mem::take(&mut self.coverage) {
            evidence.cover(account, region, span);
        }
    }
}

type Visited = BTreeMap<BucketName, Vec<Option<AccountId>>>;

/// On whose buckets there are requests from outside.
fn visited(kept: &Kept<'_>) -> Visited {
    let mut visited = Visited::new();
    for (account, bucket) in kept.buckets() {
        visited.entry(bucket).or_default().push(account);
    }
    visited
}

fn note(
    group: Group,
    names: &BTreeSet<BucketName>,
    (kept, visited): (&Kept<'_>, &Visited),
    (bench, options): (Bench<'_>, &Options),
) -> Noted {
    let Group { evidence, counted } = group;
    let mut owners = Owners::new();
    if options.known_state.is_some() {
        known::learn_owners(&evidence, &mut owners);
    }
    let places = names.iter().filter_map(|name| visited.get_key_value(name));
    let requests = places
        .flat_map(|(bucket, accounts)| accounts.iter().map(move |account| (account, bucket)))
        .flat_map(|(account, bucket)| kept.of(account.as_ref(), bucket))
        .filter(|cited| !cited.is_beside && !evidence.events.contains_key(&cited.key));
    Noted {
        distinct: evidence.distinct() + requests.count() as u64,
        counted,
        coverage: evidence.coverage.clone(),
        owners,
        events: bench.cited(evidence).0,
    }
}
