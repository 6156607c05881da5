//! Which objects are there, of those that are asked for?
//!
//! Step by step, many at once: levels are walked with a delimiter as far as CloudTrail's layout reaches, and of what is dated only
//! the days that are asked for are listed. What is laid out otherwise is listed whole.

use super::answer::{Object, Page};
use super::client::{Client, List};
use super::layout::{
    Days, Level, Stands, Unit, behind, day_of, is_cloudtrails, level, may_lead_there, units,
};
use super::place::Place;
use super::refusal::Refusal;
use std::sync::Arc;
use tokio::task::JoinSet;

/// So many lists are under way at once.
const AT_ONCE: usize = 32;
/// How deep below the given place CloudTrail's folders are looked for.
const DEPTH: u8 = 4;
/// Of a level with more folders than this that lead nowhere in particular, everything is listed at once.
const MOST_FOLDERS: usize = 40;

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub objects: Vec<Object>,
    /// Folders of other services, beside CloudTrail's.
    pub passed_over: Vec<String>,
    /// What could not be listed.
    pub failed: Vec<(String, Refusal)>,
    /// What is laid out otherwise than CloudTrail does.
    pub elsewhere: Vec<String>,
    /// How many Regions of how many kinds were listed by days.
    pub dated: usize,
}

/// One thing to list.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    /// Whether the place is an object itself.
    Itself { key: String },
    /// A level: what lies on it, and what stands below.
    Level {
        prefix: String,
        depth: u8,
        token: Option<String>,
    },
    /// Everything that begins so.
    All {
        prefix: String,
        token: Option<String>,
    },
    /// Keys of a Region, in order.
    Range(Range),
    /// The years behind one.
    Years {
        base: String,
        after: String,
        until: Option<String>,
    },
}

/// The keys that begin with `prefix`, after the one and before the other.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Range {
    base: String,
    prefix: String,
    after: Option<String>,
    until: Option<String>,
    /// Whether it may be cut into months or days, to list them at once.
    may_be_cut: bool,
}

/// What a step gave.
#[derive(Default)]
struct Taken {
    found: Found,
    next: Vec<Step>,
}

/// Lists a place.
///
/// # Errors
/// If nothing of it can be listed.
pub(super) async fn list(
    client: &Arc<Client>,
    place: &Place,
    days: Days,
) -> Result<Found, Refusal> {
    let mut steps = vec![Step::first(place)];
    let (mut found, mut under_way, mut has_begun) = (Found::default(), JoinSet::new(), false);
    loop {
        while under_way.len() < AT_ONCE
            && let Some(step) = steps.pop()
        {
            let (client, bucket) = (client.clone(), place.bucket.clone());
            under_way.spawn(async move {
                let walk = Walk {
                    client: &client,
                    bucket: &bucket,
                    days,
                };
                (walk.take(&step).await, step)
            });
        }
        match under_way.join_next().await {
            None => return Ok(found),
            Some(Ok((Ok(taken), _))) => {
                has_begun = true;
                steps.extend(taken.next);
                found.join(taken.found);
            }
            Some(Ok((Err(refusal), _))) if !has_begun => return Err(refusal),
            Some(Ok((Err(refusal), step))) => {
                found.failed.push((step.prefix().to_owned(), refusal))
            }
            Some(Err(broken)) => return Err(Refusal::new(broken.to_string())),
        }
    }
}

impl Found {
    fn join(&mut self, more: Self) {
        self.objects.extend(more.objects);
        self.passed_over.extend(more.passed_over);
        self.failed.extend(more.failed);
        self.elsewhere.extend(more.elsewhere);
        self.dated += more.dated;
    }
}

impl Step {
    fn first(place: &Place) -> Self {
        match place.key.is_empty() || place.key.ends_with('/') {
            true => Self::level(place.key.clone(), DEPTH),
            false => Self::Itself {
                key: place.key.clone(),
            },
        }
    }

    fn level(prefix: String, depth: u8) -> Self {
        Self::Level {
            prefix,
            depth,
            token: None,
        }
    }

    fn all(prefix: String) -> Self {
        Self::All {
            prefix,
            token: None,
        }
    }

    fn prefix(&self) -> &str {
        match self {
            Self::Itself { key } => key,
            Self::Level { prefix, .. } | Self::All { prefix, .. } => prefix,
            Self::Range(range) => &range.prefix,
            Self::Years { base, .. } => base,
        }
    }
}

struct Walk<'w> {
    client: &'w Client,
    bucket: &'w str,
    days: Days,
}

impl Walk<'_> {
    async fn take(&self, step: &Step) -> Result<Taken, Refusal> {
        match step {
            Step::Itself { key } => self.itself(key).await,
            Step::Level {
                prefix,
                depth,
                token,
            } => match level(prefix) {
                Level::Dated { base } => self.range(&self.dated(base, prefix)).await,
                level => self.level(level, prefix, *depth, token.as_deref()).await,
            },
            Step::All { prefix, token } => self.all(prefix, token.as_deref()).await,
            Step::Range(range) => self.range(range).await,
            Step::Years { base, after, until } => self.years(base, after, until.as_deref()).await,
        }
    }

    async fn page(&self, list: List<'_>) -> Result<Page, Refusal> {
        let bucket = self.bucket;
        self.client.list(List { bucket, ..list }).await
    }

    async fn itself(&self, key: &str) -> Result<Taken, Refusal> {
        let page = self.page(List {
            prefix: key,
            most: Some(1),
            ..List::default()
        });
        let mut objects = page.await?.objects;
        objects.retain(|object| object.key == key);
        Ok(Taken {
            next: vec![Step::level(format!("{key}/"), DEPTH)],
            found: Found {
                objects,
                ..Found::default()
            },
        })
    }

    async fn all(&self, prefix: &str, token: Option<&str>) -> Result<Taken, Refusal> {
        let page = self.page(List {
            prefix,
            token,
            ..List::default()
        });
        let page = page.await?;
        let next = page.next.map(|token| Step::All {
            prefix: prefix.to_owned(),
            token: Some(token),
        });
        Ok(Taken {
            next: next.into_iter().collect(),
            found: Found {
                objects: page.objects,
                elsewhere: token
                    .is_none()
                    .then(|| prefix.to_owned())
                    .into_iter()
                    .collect(),
                ..Found::default()
            },
        })
    }

    async fn level(
        &self,
        level: Level,
        prefix: &str,
        depth: u8,
        token: Option<&str>,
    ) -> Result<Taken, Refusal> {
        let page = self.page(List {
            prefix,
            token,
            by_level: true,
            ..List::default()
        });
        let page = page.await?;
        let is_known = level != Level::Elsewhere;
        let leads = |child: &String| may_lead_there(child);
        let (there, other): (Vec<_>, Vec<_>) = page.prefixes.into_iter().partition(leads);
        let is_wide = other.len() > MOST_FOLDERS || (page.next.is_some() && !other.is_empty());
        if !is_known && there.is_empty() && token.is_none() && is_wide {
            return Ok(Taken {
                next: vec![Step::all(prefix.to_owned())],
                ..Taken::default()
            });
        }
        let mut taken = Taken::default();
        if !is_known && there.is_empty() && !page.objects.is_empty() {
            taken.found.elsewhere.push(prefix.to_owned());
        }
        taken.found.objects = page.objects;
        for child in there {
            taken.next.push(Step::level(child, depth));
        }
        for child in other {
            match &level {
                Level::Services(stands) if passes_over(*stands, &child) => {
                    taken.found.passed_over.push(child);
                }
                Level::Elsewhere if depth > 0 && !is_wide => {
                    taken.next.push(Step::level(child, depth - 1))
                }
                _ => taken.next.push(Step::all(child)),
            }
        }
        taken.next.extend(page.next.map(|token| Step::Level {
            prefix: prefix.to_owned(),
            depth,
            token: Some(token),
        }));
        Ok(taken)
    }

    /// What is asked for of a Region.
    fn dated(&self, base: String, prefix: &str) -> Range {
        let (after, until) = self.days.bounds(&base);
        Range {
            may_be_cut: base == prefix,
            prefix: prefix.to_owned(),
            base,
            after,
            until,
        }
    }

    async fn range(&self, range: &Range) -> Result<Taken, Refusal> {
        let page = self.page(List {
            prefix: &range.prefix,
            after: range.after.as_deref(),
            ..List::default()
        });
        let Page {
            mut objects, next, ..
        } = page.await?;
        let until = range.until.as_deref();
        let last = objects
            .last()
            .map(|object| object.key.clone())
            .filter(|_| next.is_some());
        objects.retain(|object| until.is_none_or(|until| object.key.as_str() < until));
        let last = last.filter(|last| until.is_none_or(|until| last.as_str() < until));
        let rest = last.map(|last| range.rest(&objects, last, self.days.last));
        Ok(Taken {
            next: rest.unwrap_or_default(),
            found: Found {
                objects,
                dated: usize::from(range.may_be_cut && range.prefix == range.base),
                ..Found::default()
            },
        })
    }

    async fn years(&self, base: &str, after: &str, until: Option<&str>) -> Result<Taken, Refusal> {
        let page = self.page(List {
            prefix: base,
            by_level: true,
            after: Some(after),
            ..List::default()
        });
        let page = page.await?;
        let begins = |prefix: &String| until.is_none_or(|until| prefix.as_str() < until);
        let year = |prefix: String| {
            Step::Range(Range {
                until: until.map(str::to_owned),
                ..Range::of(base, prefix)
            })
        };
        Ok(Taken {
            next: page.prefixes.into_iter().filter(begins).map(year).collect(),
            ..Taken::default()
        })
    }
}

/// Whether the folder of a service is passed over. Not where somebody made up the folders: there it may hold anything.
fn passes_over(stands: Stands, child: &str) -> bool {
    stands == Stands::BelowLogs && !is_cloudtrails(child)
}

impl Range {
    /// All keys that begin so.
    fn of(base: &str, prefix: String) -> Self {
        Self {
            base: base.to_owned(),
            prefix,
            after: None,
            until: None,
            may_be_cut: true,
        }
    }

    /// What is left behind the first page: at one piece, or, where a page does not reach far, cut so that no list is much
    /// shorter than a page.
    fn rest(&self, objects: &[Object], last: String, last_day: Option<i64>) -> Vec<Step> {
        let whole = |after: String| {
            Step::Range(Self {
                after: Some(after),
                may_be_cut: false,
                ..self.clone()
            })
        };
        let first = objects
            .first()
            .and_then(|object| day_of(&self.base, &object.key));
        let reached = day_of(&self.base, &last);
        let Some((first, reached)) = first.zip(reached).filter(|_| self.may_be_cut) else {
            return vec![whole(last)];
        };
        let unit = match reached - first {
            ..4 => Unit::Day,
            4..60 => Unit::Month,
            _ => return vec![whole(last)],
        };
        let within = |prefix: &String| {
            prefix.starts_with(&self.prefix) || self.prefix.starts_with(prefix.as_str())
        };
        let cut = units(unit, reached, last_day);
        let prefixes = cut.into_iter().map(|date| format!("{}{date}/", self.base));
        let mut steps: Vec<Step> = prefixes
            .filter(within)
            .map(|prefix| {
                Step::Range(Self {
                    after: last.starts_with(&prefix).then(|| last.clone()),
                    until: self.until.clone(),
                    may_be_cut: unit == Unit::Month,
                    ..Self::of(&self.base, prefix)
                })
            })
            .collect();
        let next_year = behind(last.get(..self.base.len() + 4).unwrap_or(&last));
        let is_asked_for = self.until.as_ref().is_none_or(|until| next_year < *until);
        if self.prefix == self.base && is_asked_for {
            steps.push(Step::Years {
                base: self.base.clone(),
                after: next_year,
                until: self.until.clone(),
            });
        }
        steps
    }
}
