//! Which exposures begin, go on and end with a step?

use super::apply::Life;
use super::assumed::Assumed;
use super::id::exposure_id;
use super::objects::Touched;
use super::remains::Ending;
use super::standing::{Door, Standing};
use super::types::{Cause, ClosedHow, Exposure, OpenedHow, Scope};
use crate::exposure::{Answer, Assumption, Audience, Entry, Mechanism, ObjectAcls, Owner, Reach};
use crate::vocab::{AccountId, BucketName, Region, Timestamp, Untrusted};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    open: BTreeMap<(Door, Audience), Row>,
    ended: Vec<Row>,
    /// Those that were open when a call went missing: of them it is not known that they were shut meanwhile.
    interrupted: BTreeSet<(Door, Audience)>,
}

/// An exposure in the making.
#[derive(Clone, Debug)]
struct Row {
    door: Door,
    audience: Audience,
    opened_at: Timestamp,
    opened_how: OpenedHow,
    opened_not_before: Option<Timestamp>,
    opened: Option<Cause>,
    now: Reach,
    reach: Reach,
    assumptions: Assumed,
    aws_public: Answer,
    granted: BTreeMap<Mechanism, Cause>,
    /// The objects that were open at any time of its life, and who set their ACLs.
    objects: BTreeMap<Untrusted, Cause>,
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
    pub openers: &'t BTreeMap<(Door, Audience), Cause>,
    pub before: &'t Standing,
    pub after: &'t Standing,
    /// How what opens is known to open that was not known shut just before, and when it last was.
    pub opening: Option<(OpenedHow, Option<Timestamp>)>,
    /// How the bucket stood just before a call that left open what a proof tells now.
    pub shut_before: Option<&'t (Timestamp, Arc<Standing>)>,
    /// How what ends is known to end, and when it was first known shut again, where no event ended it.
    pub closing: Option<(ClosedHow, Option<Timestamp>)>,
    /// The object that a call touched.
    pub touched: Option<&'t Touched>,
    /// The bucket after the step.
    pub life: &'t Life,
    pub owner: &'t Owner,
}

type Who = (Door, Audience);

impl<'t> Transition<'t> {
    /// How an audience that gets in from here is known to do so.
    fn how(&self, who: &Who) -> (OpenedHow, Option<Timestamp>) {
        match (self.before.entry(&who.0, &who.1), self.opening) {
            (Entry::Shut, _) => (OpenedHow::Event, None),
            (_, Some(opening)) => opening,
            (_, None) => match self.shut_before {
                Some((at, before)) if before.entry(&who.0, &who.1) == Entry::Shut => {
                    (OpenedHow::InGap, Some(*at))
                }
                _ => (OpenedHow::FirstEvidence, None),
            },
        }
    }

    /// The event that opened it: none where the change was not seen.
    fn opener(&self, who: &Who, how: OpenedHow) -> Option<&'t Cause> {
        match self.cause {
            _ if matches!(how, OpenedHow::InGap | OpenedHow::BeforeEvidence) => None,
            Some(cause) => Some(cause),
            None => self.openers.get(who),
        }
    }

    /// The events that last wrote what grants an audience its reach: an access point leans on the bucket policy too.
    fn authors(&self, who: &Who, reach: &Reach) -> Vec<(Mechanism, &'t Cause)> {
        let by = |mechanism: Mechanism, author: &'t Option<Cause>| {
            author.as_ref().map(|author| (mechanism, author))
        };
        let life = self.life;
        let granting = |mechanism| reach.mechanisms.contains(&mechanism);
        let policy = by(Mechanism::BucketPolicy, &life.policy_author).filter(|_| {
            granting(Mechanism::BucketPolicy) || granting(Mechanism::AccessPointPolicy)
        });
        let acl =
            by(Mechanism::BucketAcl, &life.acl_author).filter(|_| granting(Mechanism::BucketAcl));
        let point = match &who.0 {
            Door::AccessPoint(id) => life
                .points
                .get(id)
                .and_then(|point| by(Mechanism::AccessPointPolicy, &point.author)),
            _ => None,
        };
        policy.into_iter().chain(acl).chain(point).collect()
    }

    /// The objects that let an audience in from here on and did not before: all of them where the row begins.
    fn objects(&self, who: &Who, begins: bool) -> Vec<(Untrusted, Cause)> {
        let objects = &self.life.objects;
        let keys: BTreeSet<Untrusted> = match (&who.0, self.touched) {
            (Door::Objects, _) if begins => objects.acls.keys_for(&who.1, self.owner),
            (Door::Objects, Some(touched)) if self.lets_in(touched, &who.1) => {
                BTreeSet::from([touched.key.clone()])
            }
            _ => BTreeSet::new(),
        };
        let authored = |key: Untrusted| objects.author(&key).cloned().map(|author| (key, author));
        keys.into_iter().filter_map(authored).collect()
    }

    fn lets_in(&self, touched: &Touched, audience: &Audience) -> bool {
        let after = touched.after.as_ref();
        after.is_some_and(|acl| ObjectAcls::lets_in(acl, audience, self.owner))
    }

    /// Whether one more object lets an audience in, or one less.
    fn spreads(&self, who: &Who) -> (bool, bool) {
        let Some(touched) = self.touched.filter(|_| who.0 == Door::Objects) else {
            return (false, false);
        };
        let before = touched.before.as_ref();
        let was = before.is_some_and(|acl| ObjectAcls::lets_in(acl, &who.1, self.owner));
        let is = self.lets_in(touched, &who.1);
        (is && !was, was && !is)
    }
}

impl Rows {
    /// Takes a step.
    pub fn step(&mut self, transition: &Transition<'_>) -> Moved {
        let mut moved = Moved::default();
        for who in self.open.keys().cloned().collect::<Vec<_>>() {
            if !transition.after.open.contains_key(&who) {
                let (how, not_after) = end_of(transition, &who);
                self.end(&who, transition.at, how, not_after, transition.cause);
                moved.closed |= how != ClosedHow::Opaque;
                moved.lost |= how == ClosedHow::Opaque;
            }
        }
        for (who, (reach, assumed)) in &transition.after.open {
            match self.open.get_mut(who) {
                Some(row) => {
                    let (wider, narrower) = transition.spreads(who);
                    moved.widened |= wider || !row.now.covers(reach);
                    moved.narrowed |= narrower || !reach.covers(&row.now);
                    row.go_on(who, reach, assumed, transition, false);
                }
                None => {
                    let how = match (transition.how(who), self.interrupted.remove(who)) {
                        ((OpenedHow::InGap, _), true) => (OpenedHow::FirstEvidence, None),
                        (how, _) => how,
                    };
                    let row = Row::begin(who, reach, assumed, transition, how);
                    self.open.insert(who.clone(), row);
                    moved.opened = true;
                }
            }
        }
        moved
    }

    /// The first evidence of the bucket set a control: what was open before it only if something unseen is assumed counts
    /// as opened or renewed by it.
    pub fn renew(&mut self, at: Timestamp, cause: &Cause, after: &Standing) {
        for (who, row) in &mut self.open {
            let assumed = row.opened_how == OpenedHow::BeforeEvidence
                && row.opened_at == at
                && row.assumptions.begins();
            if let Some((_, assumptions)) = after.open.get(who).filter(|_| assumed) {
                row.opened_how = OpenedHow::FirstEvidence;
                row.opened = Some(cause.clone());
                row.assumptions = Assumed::default();
                row.assumptions.hold(at, assumptions);
            }
        }
    }

    /// Ends every exposure: the bucket was deleted, or another one of its name is there.
    pub fn end_all(
        &mut self,
        at: Timestamp,
        how: ClosedHow,
        not_after: Option<Timestamp>,
        cause: Option<&Cause>,
    ) -> bool {
        let open: Vec<_> = self.open.keys().cloned().collect();
        open.iter()
            .for_each(|who| self.end(who, at, how, not_after, cause));
        !open.is_empty()
    }

    fn end(
        &mut self,
        who: &Who,
        at: Timestamp,
        how: ClosedHow,
        not_after: Option<Timestamp>,
        cause: Option<&Cause>,
    ) {
        if let Some(mut row) = self.open.remove(who) {
            if how == ClosedHow::InGap {
                self.interrupted.insert(who.clone());
            }
            row.end = Some(End {
                at: at.max(row.opened_at),
                how,
                not_after,
                cause: cause.cloned(),
            });
            self.ended.push(row);
        }
    }

    /// Whether any exposure is open.
    pub fn is_any_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// All exposures, up to the end of the evidence.
    pub fn finish(self, whose: &Whose, ending: &Ending) -> Vec<Exposure> {
        let rows = self.ended.into_iter().chain(self.open.into_values());
        rows.map(|row| row.finish(whose, ending)).collect()
    }
}

fn end_of(transition: &Transition<'_>, who: &Who) -> (ClosedHow, Option<Timestamp>) {
    match transition.closing {
        Some(end) => end,
        None if transition.after.entry(&who.0, &who.1) == Entry::Unknown => {
            (ClosedHow::Opaque, None)
        }
        None => (ClosedHow::Event, None),
    }
}

impl Row {
    fn begin(
        who: &Who,
        reach: &Reach,
        assumed: &BTreeSet<Assumption>,
        transition: &Transition<'_>,
        (opened_how, opened_not_before): (OpenedHow, Option<Timestamp>),
    ) -> Self {
        let mut row = Self {
            door: who.0.clone(),
            audience: who.1.clone(),
            opened_at: transition.at,
            opened_how,
            opened_not_before,
            opened: transition.opener(who, opened_how).cloned(),
            now: Reach::default(),
            reach: Reach::default(),
            assumptions: Assumed::default(),
            aws_public: Answer::False,
            granted: BTreeMap::new(),
            objects: BTreeMap::new(),
            end: None,
        };
        row.go_on(who, reach, assumed, transition, true);
        row
    }

    fn go_on(
        &mut self,
        who: &Who,
        reach: &Reach,
        assumed: &BTreeSet<Assumption>,
        transition: &Transition<'_>,
        begins: bool,
    ) {
        self.now = reach.clone();
        self.reach.extend(reach);
        self.assumptions.hold(transition.at, assumed);
        self.aws_public = self.aws_public.max(transition.after.bucket.aws_public);
        let authors = transition.authors(who, reach).into_iter();
        self.granted
            .extend(authors.map(|(mechanism, author)| (mechanism, author.clone())));
        self.objects.extend(transition.objects(who, begins));
    }

    fn finish(mut self, whose: &Whose, ending: &Ending) -> Exposure {
        let last = self.end.as_ref().map_or(ending.at, |end| end.at);
        let remains = match self.end {
            None => ending.remains((&self.door, &self.audience), &self.now),
            Some(_) => None,
        };
        let beyond = ending
            .beyond
            .filter(|(date, _)| last > *date && self.audience == Audience::Public);
        let mut assumptions = self.assumptions.all();
        assumptions.extend(beyond.map(|(_, assumption)| assumption));
        let (scope, access_point) = told(&self.door);
        self.reach.resources.extend(shown(&self.objects));
        let granted = self
            .granted
            .values()
            .chain(self.objects.values().take(MOST_OBJECTS));
        let granted = in_order(granted.cloned());
        Exposure {
            id: exposure_id(
                whose,
                scope,
                access_point.as_ref(),
                &self.audience,
                self.opened.as_ref(),
                self.opened_at,
            ),
            account: whose.account.clone(),
            bucket: whose.bucket.clone(),
            region: whose.region.clone(),
            scope,
            access_point,
            audience: self.audience,
            assumptions,
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
            granted,
            origins: Default::default(),
            attendance: Default::default(),
            uncovered: Vec::new(),
            remains,
        }
    }
}

/// So many objects are named.
pub(super) const MOST_OBJECTS: usize = 20;

/// The objects as resources: the first of them, and how many there are if there are more.
fn shown(objects: &BTreeMap<Untrusted, Cause>) -> Vec<Untrusted> {
    let more = objects.len() > MOST_OBJECTS;
    let count = more.then(|| format!("{} objects", objects.len()).into());
    objects
        .keys()
        .take(MOST_OBJECTS)
        .cloned()
        .chain(count)
        .collect()
}

fn told(door: &Door) -> (Scope, Option<Untrusted>) {
    match door {
        Door::Bucket => (Scope::Bucket, None),
        Door::Objects => (Scope::Objects, None),
        Door::AccessPoint((_, name)) => (Scope::AccessPoint, Some(name.clone())),
    }
}

/// The last effective write of each grant, once, in order of time.
fn in_order(granted: impl Iterator<Item = Cause>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = granted.collect();
    causes.sort_by(|left, right| {
        (left.event.time, &left.event.key).cmp(&(right.event.time, &right.event.key))
    });
    causes.dedup_by(|left, right| left.event.key == right.event.key);
    causes
}
