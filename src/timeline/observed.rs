//! What does it prove that somebody from outside got in?
//!
//! That the bucket was open at that second, whatever is known of its controls. Where a grant that is known explains it, it
//! proves nothing new. Where none does, it is an exposure by itself, from the first to the last such success, and what is
//! not seen decides from there on: the verdict is unknown until that is known, or shut by something else. Other changes say nothing of it.

use super::apply::Life;
use super::distinct::Distinct;
use super::id::exposure_id;
use super::passing::Passing;
use super::rows::{MOST_OBJECTS, Whose};
use super::standing::{Door, Standing};
use super::types::{Cause, ClosedHow, Exposure, Interval, OpenedHow, Scope};
use crate::event::{Asking, Caller, Request};
use crate::exposure::{
    Answer, Audience, Entry, Grantees, Mechanism, Outsider, Owner, Permission, Reach, Verdict,
};
use crate::vocab::{Span, Timestamp, Untrusted};
use std::collections::{BTreeMap, BTreeSet};

/// The exposures that nothing but successes from outside shows.
#[derive(Default)]
pub(super) struct Observed {
    open: BTreeMap<(Door, Audience), Sight>,
    done: Vec<Sight>,
}

/// One of them, in the making.
struct Sight {
    door: Door,
    audience: Audience,
    first: Cause,
    last: Timestamp,
    permissions: BTreeSet<Permission>,
    keys: Keys,
    principal: Untrusted,
    aws_public: Answer,
    /// Until when it is in doubt what is open, where that is known: what shut them out had not done so everywhere yet.
    settles: Option<Timestamp>,
}

/// The objects that were read: the first of them by name, and how many there were.
#[derive(Default)]
struct Keys {
    first: BTreeSet<Untrusted>,
    count: Distinct,
}

impl Keys {
    fn add(&mut self, key: &Untrusted) {
        self.count.add(key.reveal());
        let full = self.first.len() >= MOST_OBJECTS;
        if !full || self.first.last().is_some_and(|last| key < last) {
            self.first.insert(key.clone());
        }
        if self.first.len() > MOST_OBJECTS {
            self.first.pop_last();
        }
    }

    fn shown(self) -> BTreeSet<Untrusted> {
        let more = self.count.count() > MOST_OBJECTS as u64;
        let about = if self.count.is_estimated() {
            "about "
        } else {
            ""
        };
        let count = more.then(|| format!("{about}{} objects", self.count.count()).into());
        self.first.into_iter().chain(count).collect()
    }
}

/// What a success means for what is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// A grant that is known explains it.
    Explained,
    /// No grant that is known explains it.
    Unexplained,
    /// It should not have been possible.
    Impossible,
}

/// Whom a caller stands for; `None` for those whom the owner trusts.
pub(super) fn audience_of(caller: &Caller, owner: &Owner) -> Option<Audience> {
    match caller {
        Caller::Anonymous => Some(Audience::Public),
        Caller::Account(account) => match owner.account(account) {
            Grantees::Fixed(outsider) => Some(Audience::Foreign(outsider)),
            _ => None,
        },
    }
}

/// The entrance that a success shows to be open: objects for a key that was read, the bucket for all else.
pub(super) fn door_of(request: &Request) -> Door {
    match request.asked {
        Asking::Read | Asking::ReadAcl => Door::Objects,
        Asking::List | Asking::Write | Asking::Delete | Asking::WriteAcl => Door::Bucket,
    }
}

pub(super) fn permission_of(asked: Asking) -> Permission {
    match asked {
        Asking::Read => Permission::Read,
        Asking::List => Permission::List,
        Asking::Write => Permission::Write,
        Asking::Delete => Permission::Delete,
        Asking::ReadAcl => Permission::ReadAcl,
        Asking::WriteAcl => Permission::WriteAcl,
    }
}

/// What a success means.
pub(super) fn meaning(
    request: &Request,
    audience: &Audience,
    judged: &Standing,
    (life, owner): (&Life, &Owner),
) -> Meaning {
    let explained = is_granted(request, audience, judged, (life, owner))
        || is_from_a_place(request, audience, judged);
    let mut doors = doors_of(life);
    let by_bucket = doors.all(|door| entries(judged, &door, audience).all(|it| it == Entry::Shut));
    let by_objects = door_of(request) == Door::Bucket || life.objects_are_shut(audience);
    match explained {
        true => Meaning::Explained,
        false if by_bucket && by_objects => Meaning::Impossible,
        false => Meaning::Unexplained,
    }
}

/// The bucket itself and its access points.
pub(super) fn doors_of(life: &Life) -> impl Iterator<Item = Door> {
    let points = life.points.keys().cloned().map(Door::AccessPoint);
    std::iter::once(Door::Bucket).chain(points)
}

/// Whether a caller gets in by a door: what everybody may do an account may too, and it may be the holder of a canonical id.
pub(super) fn entries<'s>(
    judged: &'s Standing,
    door: &'s Door,
    audience: &Audience,
) -> impl Iterator<Item = Entry> + 's {
    let others = match audience {
        Audience::Public => Vec::new(),
        Audience::Foreign(_) => vec![
            Audience::Public,
            Audience::Foreign(Outsider::Canonical(Untrusted::default())),
        ],
    };
    let all = std::iter::once(audience.clone()).chain(others);
    all.map(|who| judged.entry(door, &who))
}

/// Whether a grant that is known gives a caller what he asked for: the permission, to him, on that object.
pub(super) fn is_granted(
    request: &Request,
    audience: &Audience,
    judged: &Standing,
    (life, owner): (&Life, &Owner),
) -> bool {
    let permission = permission_of(request.asked);
    // Whoever may write by an ACL may delete what he wrote.
    let gives = |reach: &Reach| {
        reach.permissions.contains(&permission)
            || permission == Permission::Delete
                && reach.permissions.contains(&Permission::Write)
                && reach.mechanisms.contains(&Mechanism::BucketAcl)
    };
    let lets_in = |who: &Audience| match (who, audience) {
        (Audience::Public, _) => true,
        // Members of organizations and holders of canonical ids are accounts too, and which cannot be told.
        (Audience::Foreign(Outsider::Account(_)), _) => who == audience,
        (Audience::Foreign(_), Audience::Foreign(_)) => true,
        (Audience::Foreign(_), Audience::Public) => false,
    };
    let open = judged.open.iter();
    let mut ways = open.filter(|((_, who), (reach, _))| lets_in(who) && gives(reach));
    ways.any(|((door, who), (reach, _))| {
        let may = *audience != Audience::Public || reach.takes_unsigned();
        let names = match (door, door_of(request)) {
            (_, Door::Bucket) => {
                !request.needed_acl || reach.mechanisms.contains(&Mechanism::BucketAcl)
            }
            (Door::Bucket | Door::AccessPoint(_), _) if request.needed_acl => false,
            (Door::Objects, _) => life.object_lets_in(&request.key, who, owner),
            _ => request.key.reveal().is_empty() || reach.may_name_object(&request.key),
        };
        may && names
    })
}

/// Whether a grant to networks, VPCs or endpoints, or to an organization that is trusted, explains a success: whoever came from there
/// proves no more.
pub(super) fn is_from_a_place(request: &Request, audience: &Audience, judged: &Standing) -> bool {
    let permission = permission_of(request.asked);
    let from = (audience, &request.actor.source_ip);
    let is_foreign = matches!(audience, Audience::Foreign(_));
    judged.bucket.admits_from(permission, from)
        || is_foreign && judged.bucket.admits_members(permission)
}

impl Observed {
    /// A success that no grant explains, or only one that was taken back a moment ago: that settles by itself.
    pub fn see(
        &mut self,
        request: &Request,
        audience: &Audience,
        (cause, judged): (&Cause, &Standing),
        settles: Option<Timestamp>,
    ) {
        let who = (door_of(request), audience.clone());
        let is_over = |sight: &Sight| sight.settles.is_some_and(|at| at <= request.time);
        if self.open.get(&who).is_some_and(is_over) {
            self.done.extend(self.open.remove(&who));
        }
        let sight = self.open.entry(who.clone()).or_insert_with(|| Sight {
            door: who.0,
            audience: who.1,
            first: cause.clone(),
            last: cause.event.time,
            permissions: BTreeSet::new(),
            keys: Keys::default(),
            principal: principal(audience),
            aws_public: judged.bucket.aws_public,
            settles,
        });
        sight.settles = sight
            .settles
            .zip(settles)
            .map(|(one, other)| one.max(other));
        sight.take(request);
    }

    /// One more of a kind that was seen before.
    pub fn see_again(&mut self, request: &Request, owner: &Owner) {
        if let Some(audience) = audience_of(&request.caller, owner)
            && let Some(sight) = self.open.get_mut(&(door_of(request), audience))
        {
            sight.take(request);
        }
    }

    /// A change of the bucket: what is known now to be shut, or open, is no longer only observed.
    pub fn change(&mut self, judged: &Standing) {
        let decided: Vec<_> = self
            .open
            .keys()
            .filter(|who| {
                judged.open.contains_key(who) || judged.entry(&who.0, &who.1) == Entry::Shut
            })
            .cloned()
            .collect();
        for who in decided {
            self.done.extend(self.open.remove(&who));
        }
    }

    /// All of them, as exposures, each with the instant at which what is known holds again by itself, where there is one.
    pub fn finish(self, whose: &Whose) -> Vec<(Exposure, Option<Timestamp>)> {
        let all = self.done.into_iter().chain(self.open.into_values());
        all.map(|sight| {
            let settles = sight.settles;
            (sight.finish(whose), settles)
        })
        .collect()
    }
}

fn principal(audience: &Audience) -> Untrusted {
    match audience {
        Audience::Public => "everyone".into(),
        Audience::Foreign(outsider) => outsider.id(),
    }
}

impl Sight {
    fn take(&mut self, request: &Request) {
        self.last = request.time;
        self.permissions.insert(permission_of(request.asked));
        if self.door == Door::Objects {
            self.keys.add(&request.key);
        }
    }

    fn finish(self, whose: &Whose) -> Exposure {
        let opened_at = self.first.event.time;
        let closed_at = self.last.max(opened_at.plus(1));
        let scope = match self.door {
            Door::Objects => Scope::Objects,
            _ => Scope::Bucket,
        };
        let resources = match scope {
            Scope::Objects => self.keys.shown(),
            _ => BTreeSet::from(["bucket".into()]),
        };
        Exposure {
            id: exposure_id(
                whose,
                scope,
                None,
                &self.audience,
                Some(&self.first),
                opened_at,
            ),
            account: whose.account.clone(),
            bucket: whose.bucket.clone(),
            region: whose.region.clone(),
            scope,
            access_point: None,
            audience: self.audience,
            assumptions: BTreeSet::new(),
            opened_at,
            opened_how: OpenedHow::Observed,
            opened_not_before: None,
            closed_at: Some(closed_at),
            closed_how: ClosedHow::LastSeen,
            closed_not_after: None,
            duration_seconds: closed_at.unix().saturating_sub(opened_at.unix()),
            reach: Reach {
                mechanisms: BTreeSet::from([Mechanism::Observed]),
                permissions: self.permissions,
                principals: BTreeSet::from([self.principal]),
                resources,
                qualifiers: BTreeSet::new(),
            },
            aws_public: self.aws_public,
            uncovered: Vec::new(),
            remains: None,
            opened: Some(self.first),
            closed: None,
            granted: Vec::new(),
            origins: Default::default(),
            attendance: Default::default(),
        }
    }
}

/// Lays what was observed over a bucket's intervals: its verdict while it lasts, unknown from there to the interval's end, or until
/// it settles.
pub(super) fn overlay(
    intervals: Vec<Interval>,
    observed: &[(Exposure, Option<Timestamp>)],
) -> Vec<Interval> {
    let ends = |exposure: &Exposure| exposure.closed_at.unwrap_or(exposure.opened_at);
    let spans = observed.iter();
    let mut passing =
        Passing::new(spans.map(|(exposure, _)| (exposure.opened_at, Some(ends(exposure)))));
    let laid = intervals.into_iter().flat_map(|interval| {
        let met = passing.meet(interval.span);
        let met = met.filter_map(|number| observed.get(number));
        met.fold(vec![interval], |parts, (exposure, settles)| {
            let meets = |part: &Interval| {
                part.span.until > exposure.opened_at && part.span.from < ends(exposure)
            };
            let lay = |part: Interval| match meets(&part) {
                true => split(part, exposure, *settles),
                false => vec![part],
            };
            parts.into_iter().flat_map(lay).collect()
        })
    });
    let mut tiles: Vec<Interval> = Vec::new();
    for interval in laid {
        match tiles.last_mut() {
            Some(before) if before.tells_same(&interval) => before.span.until = interval.span.until,
            _ => tiles.push(interval),
        }
    }
    tiles
}

fn split(interval: Interval, exposure: &Exposure, settles: Option<Timestamp>) -> Vec<Interval> {
    let verdict = match exposure.audience {
        Audience::Public => Verdict::Public,
        Audience::Foreign(_) => Verdict::CrossAccount,
    };
    let until = exposure.closed_at.unwrap_or(exposure.opened_at);
    let span = Span {
        from: interval.span.from.max(exposure.opened_at),
        until: interval.span.until.min(until),
    };
    let reached = interval.verdict != Verdict::Unknown && interval.verdict <= verdict;
    if span.from >= span.until || reached {
        return vec![interval];
    }
    let part = |from: Timestamp, until: Timestamp| Interval {
        span: Span { from, until },
        ..interval.clone()
    };
    let seen = Interval {
        verdict,
        assumptions: BTreeSet::new(),
        reach: exposure.reach.clone(),
        causes: exposure.opened.iter().cloned().collect(),
        ..part(span.from, span.until)
    };
    let ends = interval.span.until;
    let settled = settles.map_or(ends, |at| at.clamp(span.until, ends));
    let after = Interval {
        verdict: Verdict::Unknown,
        assumptions: BTreeSet::new(),
        reach: Reach::default(),
        causes: exposure.opened.iter().cloned().collect(),
        ..part(span.until, settled)
    };
    let before = part(interval.span.from, span.from);
    let parts = [before, seen, after, part(settled, ends)];
    parts
        .into_iter()
        .filter(|part| part.span.seconds() > 0)
        .collect()
}
