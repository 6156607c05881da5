//! Which exposures begin, go on and end with a step?

use super::apply::Life;
use super::types::{Cause, ClosedHow, Exposure, OpenedHow, Scope};
use crate::exposure::{Answer, Assumption, Audience, Entry, Judgement, Mechanism, Outsider, Reach};
use crate::vocab::{AccountId, BucketName, Region, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Whose exposures they are.
#[derive(Clone, Debug)]
pub(super) struct Whose {
    pub account: Option<AccountId>,
    pub bucket: BucketName,
    pub region: Option<Region>,
}

/// What one step did to the exposures.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Moved {
    pub opened: bool,
    pub closed: bool,
    pub widened: bool,
    pub narrowed: bool,
    pub lost: bool,
}

/// The exposures of one bucket, open and ended.
#[derive(Default)]
pub(super) struct Rows {
    open: BTreeMap<Audience, Row>,
    ended: Vec<Row>,
}

/// An exposure in the making.
#[derive(Clone, Debug)]
struct Row {
    audience: Audience,
    opened_at: Timestamp,
    opened_how: OpenedHow,
    opened_not_before: Option<Timestamp>,
    opened: Option<Cause>,
    now: Reach,
    reach: Reach,
    assumptions: BTreeSet<Assumption>,
    aws_public: Answer,
    granted: BTreeMap<Mechanism, Cause>,
    end: Option<End>,
}

#[derive(Clone, Debug)]
struct End {
    at: Timestamp,
    how: ClosedHow,
    not_after: Option<Timestamp>,
    cause: Option<Cause>,
}

/// What a step came from and led to.
pub(super) struct Transition<'t> {
    pub at: Timestamp,
    /// The event; `None` where several of one second cannot be told apart.
    pub cause: Option<&'t Cause>,
    /// Where they cannot be told apart: the event that let each audience in, in the order that eventIDs suggest.
    pub openers: &'t BTreeMap<Audience, Cause>,
    pub before: &'t Judgement,
    pub after: &'t Judgement,
    /// Whether it is known that the bucket was not there just before.
    pub newborn: bool,
    /// Whether what opens was opened by a change that was not seen, and when it was last known shut.
    pub unseen_since: Option<Timestamp>,
    /// The bucket after the step.
    pub life: &'t Life,
}

impl<'t> Transition<'t> {
    /// The event that opened it: none where the change was not seen.
    fn opener(&self, audience: &Audience) -> Option<&'t Cause> {
        match self.cause {
            _ if self.unseen_since.is_some() => None,
            Some(cause) => Some(cause),
            None => self.openers.get(audience),
        }
    }

    /// The events that last wrote what grants an audience its reach.
    fn authors(&self, reach: &Reach) -> impl Iterator<Item = (Mechanism, &'t Cause)> {
        let by = |mechanism, author: &'t Option<Cause>| {
            let granting = reach.mechanisms.contains(&mechanism);
            author
                .as_ref()
                .filter(|_| granting)
                .map(|author| (mechanism, author))
        };
        let policy = by(Mechanism::BucketPolicy, &self.life.policy_author);
        policy
            .into_iter()
            .chain(by(Mechanism::BucketAcl, &self.life.acl_author))
    }
}

impl Rows {
    /// Takes a step.
    pub fn step(&mut self, transition: &Transition<'_>) -> Moved {
        let mut moved = Moved::default();
        for audience in self.open.keys().cloned().collect::<Vec<_>>() {
            if !transition.after.open.contains_key(&audience) {
                let how = end_of(transition, &audience);
                self.end(&audience, transition.at, how, None, transition.cause);
                moved.closed |= how != ClosedHow::Opaque;
                moved.lost |= how == ClosedHow::Opaque;
            }
        }
        for (audience, (reach, assumed)) in &transition.after.open {
            match self.open.get_mut(audience) {
                Some(row) => {
                    moved.widened |= !row.now.covers(reach);
                    moved.narrowed |= !reach.covers(&row.now);
                    row.go_on(reach, assumed, transition);
                }
                None => {
                    self.open.insert(
                        audience.clone(),
                        Row::begin(audience, reach, assumed, transition),
                    );
                    moved.opened = true;
                }
            }
        }
        moved
    }

    /// Ends every exposure: the bucket was deleted, or another one of its name is there.
    pub fn end_all(
        &mut self,
        at: Timestamp,
        how: ClosedHow,
        not_after: Option<Timestamp>,
        cause: Option<&Cause>,
    ) -> bool {
        let audiences: Vec<_> = self.open.keys().cloned().collect();
        audiences
            .iter()
            .for_each(|audience| self.end(audience, at, how, not_after, cause));
        !audiences.is_empty()
    }

    fn end(
        &mut self,
        audience: &Audience,
        at: Timestamp,
        how: ClosedHow,
        not_after: Option<Timestamp>,
        cause: Option<&Cause>,
    ) {
        if let Some(mut row) = self.open.remove(audience) {
            row.end = Some(End {
                at: at.max(row.opened_at),
                how,
                not_after,
                cause: cause.cloned(),
            });
            self.ended.push(row);
        }
    }

    /// All exposures, up to the end of the evidence. `beyond` is assumed of public ones that reach past its instant.
    pub fn finish(
        self,
        whose: &Whose,
        end: Timestamp,
        beyond: Option<(Timestamp, Assumption)>,
    ) -> Vec<Exposure> {
        let rows = self.ended.into_iter().chain(self.open.into_values());
        rows.map(|row| row.finish(whose, end, beyond)).collect()
    }
}

fn end_of(transition: &Transition<'_>, audience: &Audience) -> ClosedHow {
    match transition.after.entry(audience) {
        Entry::Unknown => ClosedHow::Opaque,
        _ if transition.cause.is_none() => ClosedHow::Opaque,
        _ => ClosedHow::Event,
    }
}

impl Row {
    fn begin(
        audience: &Audience,
        reach: &Reach,
        assumed: &BTreeSet<Assumption>,
        transition: &Transition<'_>,
    ) -> Self {
        let opened_how = match transition.before.entry(audience) {
            _ if transition.unseen_since.is_some() => OpenedHow::InGap,
            _ if transition.newborn => OpenedHow::Event,
            Entry::Shut => OpenedHow::Event,
            _ => OpenedHow::FirstEvidence,
        };
        let mut row = Self {
            audience: audience.clone(),
            opened_at: transition.at,
            opened_how,
            opened_not_before: transition.unseen_since,
            opened: transition.opener(audience).cloned(),
            now: Reach::default(),
            reach: Reach::default(),
            assumptions: BTreeSet::new(),
            aws_public: Answer::False,
            granted: BTreeMap::new(),
            end: None,
        };
        row.go_on(reach, assumed, transition);
        row
    }

    fn go_on(
        &mut self,
        reach: &Reach,
        assumed: &BTreeSet<Assumption>,
        transition: &Transition<'_>,
    ) {
        self.now = reach.clone();
        self.reach.extend(reach);
        self.assumptions.extend(assumed);
        self.aws_public = self.aws_public.max(transition.after.aws_public);
        let authors = transition.authors(reach);
        self.granted
            .extend(authors.map(|(mechanism, author)| (mechanism, author.clone())));
    }

    fn finish(
        mut self,
        whose: &Whose,
        end: Timestamp,
        beyond: Option<(Timestamp, Assumption)>,
    ) -> Exposure {
        let last = self.end.as_ref().map_or(end, |end| end.at);
        self.assumptions.extend(
            beyond
                .filter(|(date, _)| last > *date && self.audience == Audience::Public)
                .map(|(_, assumption)| assumption),
        );
        Exposure {
            id: self.id(whose),
            account: whose.account.clone(),
            bucket: whose.bucket.clone(),
            region: whose.region.clone(),
            scope: Scope::Bucket,
            audience: self.audience,
            assumptions: self.assumptions,
            opened_at: self.opened_at,
            opened_how: self.opened_how,
            opened_not_before: self.opened_not_before,
            closed_at: self.end.as_ref().map(|end| end.at),
            closed_how: self
                .end
                .as_ref()
                .map_or(ClosedHow::StillOpen, |end| end.how),
            closed_not_after: self.end.as_ref().and_then(|end| end.not_after),
            duration_seconds: last.unix().saturating_sub(self.opened_at.unix()).max(0),
            reach: self.reach,
            aws_public: self.aws_public,
            opened: self.opened,
            closed: self.end.and_then(|end| end.cause),
            granted: in_order(self.granted),
        }
    }

    /// Sixteen hex digits over what makes the exposure this one.
    fn id(&self, whose: &Whose) -> String {
        let (audience, outsider) = match &self.audience {
            Audience::Public => ("public", String::new()),
            Audience::Foreign(outsider) => {
                ("cross-account", Outsider::id(outsider).reveal().to_owned())
            }
        };
        let opening = self
            .opened
            .as_ref()
            .and_then(|cause| cause.event.event_id().map(ToString::to_string));
        let parts = [
            whose
                .account
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            whose.bucket.to_string(),
            Scope::Bucket.name().to_owned(),
            String::new(),
            audience.to_owned(),
            outsider,
            opening.unwrap_or_else(|| self.opened_at.to_string()),
        ];
        let digest = Sha256::digest(parts.join("\u{1f}").as_bytes());
        digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The last effective write of each grant, in order of time.
fn in_order(granted: BTreeMap<Mechanism, Cause>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = granted.into_values().collect();
    causes.sort_by(|left, right| {
        (left.event.time, &left.event.key).cmp(&(right.event.time, &right.event.key))
    });
    causes
}
