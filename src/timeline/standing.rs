//! Who can get into a bucket by any of its entrances: itself, its objects, its access points?

use super::apply::Life;
use super::perhaps::Perhaps;
use crate::event::BlockFlags;
use crate::exposure::{
    Assumption, Audience, BucketState, Entrance, Entry, Judgement, Known, Mechanism, Owner, Reach,
    Verdict, judge, judge_access_point, judge_objects,
};
use crate::vocab::{AccountId, Untrusted};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// An entrance to a bucket.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Door {
    /// The bucket itself: its policy and its ACL.
    Bucket,
    /// Its objects, by their own ACLs.
    Objects,
    /// One access point.
    AccessPoint(PointId),
}

/// An access point: the account that owns it, and its name.
pub(super) type PointId = (Option<AccountId>, Untrusted);

/// What is open, to whom, with what, on which assumptions.
pub(super) type Open = BTreeMap<(Door, Audience), (Reach, BTreeSet<Assumption>)>;

/// The judgement of every entrance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    pub bucket: Judgement,
    objects: Entrance,
    points: BTreeMap<PointId, Entrance>,
    /// What is open by any entrance.
    pub open: Open,
    /// Whether it cannot be told if the bucket is there.
    doubtful: bool,
    /// The judgements of what policy and ACL may be instead.
    others: Vec<Standing>,
}

/// How one bucket was judged lately: most steps change nothing, and many go back to what was there before.
#[derive(Default)]
pub(super) struct Lately(VecDeque<(BucketState, Known<BlockFlags>, Arc<Standing>)>);

/// So many judgements are remembered.
const REMEMBERED: usize = 4;

impl Lately {
    /// Judges the bucket, whose owner is always the same one. What objects and access points add is judged anew every time.
    pub fn judge(&mut self, life: &Life, owner: &Owner) -> Arc<Standing> {
        let is_plain = life.is_certain()
            && life.points.is_empty()
            && life.objects.acls.is_empty()
            && life.perhaps == Perhaps::default();
        if !is_plain {
            return Arc::new(Standing::of(life, owner));
        }
        let of = life.judged_by();
        let same = |(state, block, _): &&(BucketState, Known<BlockFlags>, Arc<Standing>)| {
            *state == of.0 && *block == of.1
        };
        if let Some((_, _, judged)) = self.0.iter().find(same) {
            return Arc::clone(judged);
        }
        let judged = Arc::new(Standing::of(life, owner));
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front((of.0, of.1, Arc::clone(&judged)));
        judged
    }
}

impl Standing {
    /// Judges a bucket, which cannot be told where it is not sure to be there.
    pub fn of(life: &Life, owner: &Owner) -> Self {
        if !life.is_certain() {
            return Self::doubtful(life, owner);
        }
        let (state, account) = life.judged_by();
        let judged = |state: &BucketState| Self::by(life, state, &account, owner);
        let mut all = life.perhaps.states(state).into_iter();
        let first = all.next().unwrap_or_default();
        let others: Vec<Self> = all.map(|state| judged(&state)).collect();
        judged(&first).or_one_of(others)
    }

    /// Judges it by controls that are so.
    fn by(life: &Life, state: &BucketState, account: &Known<BlockFlags>, owner: &Owner) -> Self {
        let judged_point = |point| judge_access_point(point, state, account, owner);
        let points = life.points.iter();
        Self::with(
            judge(state, account, owner),
            judge_objects(&life.objects.acls, state, account, owner),
            points
                .map(|(id, point)| (id.clone(), judged_point(&point.state)))
                .collect(),
        )
    }

    /// This, or one of others: what is open in all of them is open.
    fn or_one_of(mut self, others: Vec<Self>) -> Self {
        for other in &others {
            self.open.retain(|way, (reach, assumed)| {
                let also = other.open.get(way);
                if let Some((others, more)) = also {
                    reach.keep_common(others);
                    assumed.extend(more);
                }
                also.is_some()
            });
        }
        Self { others, ..self }
    }

    fn doubtful(life: &Life, owner: &Owner) -> Self {
        let unknown = |id: &PointId| (id.clone(), Entrance::unknown());
        let objects = match life.is_told() {
            true => Entrance::unknown(),
            false => Entrance::default(),
        };
        let standing = Self::with(
            judge(&Default::default(), &Known::Opaque, owner),
            objects,
            life.points.keys().map(unknown).collect(),
        );
        Self {
            doubtful: life.is_its_own(),
            ..standing
        }
    }

    fn with(bucket: Judgement, objects: Entrance, points: BTreeMap<PointId, Entrance>) -> Self {
        let by = |door: Door| move |(audience, way)| ((door.clone(), audience), way);
        let mut open: Open = bucket
            .open
            .clone()
            .into_iter()
            .map(by(Door::Bucket))
            .collect();
        open.extend(objects.open().into_iter().map(by(Door::Objects)));
        for (id, point) in &points {
            let door = Door::AccessPoint(id.clone());
            open.extend(point.open().into_iter().map(by(door)));
        }
        Self {
            bucket,
            objects,
            points,
            open,
            doubtful: false,
            others: Vec::new(),
        }
    }

    /// Whether an audience gets in by an entrance.
    pub fn entry(&self, door: &Door, audience: &Audience) -> Entry {
        let others = self.others.iter().map(|other| other.entry(door, audience));
        others.fold(self.own_entry(door, audience), Entry::in_both)
    }

    fn own_entry(&self, door: &Door, audience: &Audience) -> Entry {
        match door {
            _ if self.doubtful => Entry::Unknown,
            Door::Bucket => self.bucket.entry(audience),
            Door::Objects => self.objects.entry(audience),
            Door::AccessPoint(id) => self
                .points
                .get(id)
                .map_or(Entry::Shut, |point| point.entry(audience)),
        }
    }

    /// Through which controls an audience gets in by an entrance, or may, of what it is granted there.
    pub fn admitting(&self, door: &Door, audience: &Audience) -> BTreeSet<Mechanism> {
        let all = std::iter::once(self).chain(&self.others);
        all.flat_map(|standing| standing.own_admitting(door, audience))
            .collect()
    }

    fn own_admitting(&self, door: &Door, audience: &Audience) -> BTreeSet<Mechanism> {
        match door {
            Door::Bucket => self.bucket.admitting(audience),
            Door::Objects => self.objects.admitting(audience),
            Door::AccessPoint(id) => {
                let point = self.points.get(id);
                point.map_or(BTreeSet::new(), |point| point.admitting(audience))
            }
        }
    }

    /// The verdict, where what cannot be told makes no difference to it.
    pub fn verdict(&self) -> Verdict {
        let verdict = self.own_verdict();
        match self.others.iter().all(|other| other.verdict() == verdict) {
            true => verdict,
            false => Verdict::Unknown,
        }
    }

    /// The first verdict that holds for any entrance. What is unknown of one is not hidden behind another's privacy.
    fn own_verdict(&self) -> Verdict {
        let aside = |audience: &(Door, Audience)| audience.0 != Door::Bucket;
        let mut others = self
            .open
            .keys()
            .filter(|audience| aside(audience))
            .peekable();
        let public = others.clone().any(|(_, who)| *who == Audience::Public);
        let foreign = others.peek().is_some();
        match self.bucket.verdict {
            Verdict::Public => Verdict::Public,
            _ if public => Verdict::Public,
            Verdict::Unknown if foreign && self.bucket.entry(&Audience::Public) == Entry::Shut => {
                Verdict::CrossAccount
            }
            Verdict::Unknown => Verdict::Unknown,
            _ if self.points.values().any(Entrance::may_be_public) => Verdict::Unknown,
            _ if self.objects.may_be_public() => Verdict::Unknown,
            _ if foreign => Verdict::CrossAccount,
            Verdict::CrossAccount => Verdict::CrossAccount,
            _ if self.points.values().any(Entrance::may_be_foreign) => Verdict::Unknown,
            _ if self.objects.may_be_foreign() => Verdict::Unknown,
            Verdict::Private if self.is_limited() => Verdict::Limited,
            verdict => verdict,
        }
    }

    /// Whether objects or access points let somebody in from fixed places.
    fn is_limited(&self) -> bool {
        self.objects.is_limited() || self.points.values().any(Entrance::is_limited)
    }

    /// What was assumed, of what could change the verdict.
    pub fn assumptions(&self) -> BTreeSet<Assumption> {
        let all = std::iter::once(self).chain(&self.others);
        match self.verdict() {
            Verdict::Unknown => BTreeSet::new(),
            _ => all.flat_map(Self::own_assumptions).collect(),
        }
    }

    fn own_assumptions(&self) -> BTreeSet<Assumption> {
        let verdict = self.own_verdict();
        if verdict == self.bucket.verdict {
            return self.bucket.assumptions.clone();
        }
        let deciding = self.deciding(verdict);
        let shared = deciding
            .map(|(_, assumed)| assumed.clone())
            .reduce(|left, right| left.intersection(&right).copied().collect());
        let mut shared = shared.unwrap_or_default();
        if let (Verdict::CrossAccount, Entry::AssumedShut(assumed)) =
            (verdict, self.bucket.entry(&Audience::Public))
        {
            shared.extend(assumed);
        }
        shared
    }

    /// What those whom the verdict speaks of can do.
    pub fn reach(&self) -> Reach {
        let mut reach = self.own_reach();
        for other in &self.others {
            reach.keep_common(&other.own_reach());
        }
        match self.verdict() {
            Verdict::Unknown if !self.others.is_empty() => Reach::default(),
            _ => reach,
        }
    }

    fn own_reach(&self) -> Reach {
        let verdict = self.own_verdict();
        let mut reach = match verdict == self.bucket.verdict {
            true => self.bucket.reach.clone(),
            false => Reach::default(),
        };
        self.deciding(verdict)
            .for_each(|(also, _)| reach.extend(also));
        reach
    }

    /// The openings beside the bucket itself on which a verdict rests.
    fn deciding(&self, verdict: Verdict) -> impl Iterator<Item = &(Reach, BTreeSet<Assumption>)> {
        let open = self
            .open
            .iter()
            .filter(|((door, _), _)| *door != Door::Bucket);
        let decides = move |((_, audience), _): &(&(Door, Audience), _)| match verdict {
            Verdict::Public => *audience == Audience::Public,
            Verdict::CrossAccount => *audience != Audience::Public,
            _ => false,
        };
        open.filter(decides).map(|(_, way)| way)
    }

    /// Whether a public grant is silenced by a block only.
    pub fn is_latent(&self) -> bool {
        let is_latent = self.bucket.latent
            || self.objects.is_latent()
            || self.points.values().any(Entrance::is_latent);
        is_latent && self.others.iter().all(Self::is_latent)
    }

    /// Whether a block silences what an access point grants to anybody from outside.
    pub fn has_silenced_points(&self) -> bool {
        self.points.values().any(Entrance::is_silenced)
    }

    /// What is open beside the bucket itself, as a timeline notes it.
    pub fn notes(&self) -> impl Iterator<Item = &'static str> {
        let open = |is: fn(&Door) -> bool| self.open.keys().any(|(door, _)| is(door));
        let objects = open(|door| *door == Door::Objects).then_some("open-objects");
        let points =
            open(|door| matches!(door, Door::AccessPoint(_))).then_some("open-access-point");
        objects.into_iter().chain(points)
    }
}
