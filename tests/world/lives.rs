//! Which buckets does the evidence show, from when to when, and what does it say of each control of theirs?
//! One life is one incarnation: from its creation or its first evidence to its deletion, or to the proof that it is gone.

use std::collections::BTreeMap;

use crate::acl::Acl;
use crate::names::REGIONS;
use crate::point::PointCall;
use crate::reach::{Controls, Seen};
use crate::reads::PROPAGATION;
use crate::s3::{Call, Flags, Request, born_block, born_ownership};
use crate::track::{Gap, Place, Track};
use crate::tracks::{Tracks, enabled_or_not, forbids, is_missing};

/// How a life ends.
#[derive(Debug, Clone)]
pub enum Death {
    Deleted(Box<Call>),
    /// The bucket is not there any more at this place, and no deletion was seen.
    Gone(Place),
}

/// One bucket from its first evidence on.
#[derive(Debug)]
pub struct Life {
    pub account: usize,
    pub name: &'static str,
    pub region: &'static str,
    pub created: bool,
    pub tracks: Tracks,
    /// The calls on it that tell something.
    pub calls: Vec<(Place, Call)>,
    pub death: Option<Death>,
}

/// All that the log tells, before it is judged.
#[derive(Debug, Default)]
pub struct Lives {
    pub alive: BTreeMap<(usize, &'static str), Life>,
    pub ended: Vec<Life>,
    /// The second of the last deletion, whether the bucket was seen before or not.
    deleted: BTreeMap<(usize, &'static str), i64>,
    pub account_blocks: [Track<Flags>; 2],
    /// The calls that tell something of an account's block.
    pub account_calls: BTreeMap<Place, Call>,
}

impl Lives {
    /// Reads one more record.
    pub fn observe(&mut self, at: usize, call: &Call) {
        let place = Place {
            at,
            second: call.second,
        };
        match call.bucket {
            None => self.observe_account(place, call),
            Some(name) if is_absent(call) => self.observe_absence(place, call.account, name),
            Some(name) => self.observe_bucket(place, call, name),
        }
    }

    fn observe_account(&mut self, place: Place, call: &Call) {
        let track = &mut self.account_blocks[call.account];
        let marks = track.places().count();
        match (&call.request, &call.refused) {
            (Request::Read(_), Some(refusal)) if is_missing(refusal.code) => {
                track.read(place, Flags::default());
            }
            (Request::Read(_), _) => {}
            (_, Some(_)) if call.is_uncertain() => track.cloud(place),
            (_, Some(_)) => {}
            (Request::PutAccountBlock(flags), None) => track.set(place, *flags),
            _ => track.set(place, Flags::default()),
        }
        if track.places().count() > marks {
            self.account_calls.insert(place, call.clone());
        }
    }

    /// Soon after it was seen, that the bucket is not found tells nothing.
    fn observe_absence(&mut self, place: Place, account: usize, name: &'static str) {
        let gone = |life: &Life| life.last_seen() + PROPAGATION <= place.second;
        if self.alive.get(&(account, name)).is_some_and(gone) {
            self.end(account, name, Death::Gone(place));
        }
    }

    fn end(&mut self, account: usize, name: &'static str, death: Death) {
        if let Some(mut life) = self.alive.remove(&(account, name)) {
            life.death = Some(death);
            self.ended.push(life);
        }
    }

    fn observe_bucket(&mut self, place: Place, call: &Call, name: &'static str) {
        if !tells(call) || self.is_late_read(place, call, name) || self.is_nowhere(call, name) {
            return;
        }
        match &call.request {
            Request::DeleteBucket if call.refused.is_none() => {
                self.deleted.insert((call.account, name), call.second);
                return self.end(call.account, name, Death::Deleted(Box::new(call.clone())));
            }
            Request::CreateBucket { .. } if call.refused.is_none() && call.region != REGIONS[0] => {
                self.end(call.account, name, Death::Gone(place));
            }
            _ => {}
        }
        self.refute_account_block(place, call);
        // A name is one account's at a time.
        if matches!(call.request, Request::CreateBucket { .. }) && call.refused.is_none() {
            self.observe_absence(place, 1 - call.account, name);
        }
        let life = self
            .alive
            .entry((call.account, name))
            .or_insert_with(|| Life::new(place, call, name));
        life.tracks.learn(place, call);
        life.calls.push((place, call.clone()));
    }

    /// For a minute a bucket that was deleted may still be read.
    fn is_late_read(&self, place: Place, call: &Call, name: &'static str) -> bool {
        let at = (call.account, name);
        let deleted = self.deleted.get(&at);
        let late = deleted.is_some_and(|second| place.second < second + PROPAGATION);
        late && matches!(call.request, Request::Read(_)) && !self.alive.contains_key(&at)
    }

    /// A call on an access point whose creation was not seen: it cannot be told which bucket it is of. Of calls on objects
    /// only those matter that concern an ACL which lets in others: all the rest is the daily use of the bucket.
    fn is_nowhere(&self, call: &Call, name: &'static str) -> bool {
        if let Request::Object(key, object) = &call.request {
            let life = self.alive.get(&(call.account, name));
            let known = life.and_then(|life| Some(life.tracks.objects.get(key)?.now()));
            let grants = |acl: &Acl| !acl.grants.is_empty();
            let granted = matches!(known, Some(Seen::Known(Some(acl))) if grants(&acl));
            let asks = object.asks().is_some_and(|ask| grants(&ask.acl));
            return call.refused.is_none() && !granted && !asks;
        }
        let Request::Point(point, request) = &call.request else {
            return false;
        };
        let life = self.alive.get(&(call.account, name));
        let known = life.and_then(|life| life.tracks.points.get(point));
        let there = known.is_some_and(|track| matches!(track.now(), Seen::Known(Some(_))));
        !there && !matches!((request, &call.refused), (PointCall::Create(..), None))
    }

    fn refute_account_block(&mut self, place: Place, call: &Call) {
        let track = &mut self.account_blocks[call.account];
        if matches!(track.now(), Seen::Known(flags) if forbids(flags, call)) {
            track.refute(place);
            self.account_calls.insert(place, call.clone());
        }
    }
}

fn is_absent(call: &Call) -> bool {
    call.refused
        .as_ref()
        .is_some_and(|refusal| refusal.code == "NoSuchBucket")
}

/// Does it show that the bucket is there? A success does, an outcome in doubt, and an error that only a bucket that is
/// there can give.
fn tells(call: &Call) -> bool {
    let creates = matches!(call.request, Request::CreateBucket { .. });
    let Some(refusal) = &call.refused else {
        return true;
    };
    match refusal.code {
        "BucketAlreadyOwnedByYou" | "BucketNotEmpty" | "AccessControlListNotSupported" => true,
        "InvalidBucketAclWithObjectOwnership" => !creates,
        "AccessDenied" => refusal.names_a_block(),
        code => call.is_uncertain() || is_missing(code),
    }
}

impl Life {
    fn new(place: Place, call: &Call, name: &'static str) -> Self {
        let created =
            call.refused.is_none() && matches!(call.request, Request::CreateBucket { .. });
        let mut life = Self {
            account: call.account,
            name,
            region: call.region,
            created,
            tracks: Tracks::default(),
            calls: Vec::new(),
            death: None,
        };
        if let (true, Request::CreateBucket { ownership, .. }) = (created, &call.request) {
            let ownership = born_ownership(call.second, *ownership);
            life.tracks.policy.set(place, None);
            life.tracks.ownership.set(place, enabled_or_not(ownership));
            life.tracks.block.set(place, born_block(call.second));
        }
        life
    }

    pub fn first(&self) -> Place {
        self.calls[0].0
    }

    /// The last second at which something showed that it is there.
    pub fn last_seen(&self) -> i64 {
        self.calls
            .last()
            .map_or(i64::MIN, |(place, _)| place.second)
    }

    /// What was so just before its first evidence.
    pub fn before(&self, account_block: &Track<Flags>) -> Controls {
        let first = self.first();
        let earlier = Place {
            at: first.at.wrapping_sub(1),
            ..first
        };
        let account_block = match first.at {
            0 => account_block.before(),
            _ => account_block.at(earlier),
        };
        if self.created {
            return Controls {
                policy: Seen::Known(None),
                acl: Seen::Known(Acl::default()),
                account_block,
                objects: BTreeMap::new(),
                points: BTreeMap::new(),
                ..self.at(first, &Track::default())
            };
        }
        Controls {
            policy: self.tracks.policy.before(),
            acl: self.tracks.acl.before(),
            ownership: self.tracks.ownership.before(),
            bucket_block: self.tracks.block.before(),
            account_block,
            objects: BTreeMap::new(),
            points: BTreeMap::new(),
        }
    }

    /// Until which place some control is known only by a later proof.
    pub fn backwards_until(&self, account_block: &Track<Flags>) -> usize {
        let tracks = &self.tracks;
        let places = [
            tracks.policy.backwards_until(),
            tracks.acl.backwards_until(),
            tracks.ownership.backwards_until(),
            tracks.block.backwards_until(),
            account_block.backwards_until(),
        ];
        places.into_iter().max().unwrap_or_default()
    }

    /// What is known right after a place.
    pub fn at(&self, place: Place, account_block: &Track<Flags>) -> Controls {
        Controls {
            policy: self.tracks.policy.at(place),
            acl: self.tracks.acl.at(place),
            ownership: self.tracks.ownership.at(place),
            bucket_block: self.tracks.block.at(place),
            account_block: account_block.at(place),
            objects: there(&self.tracks.objects, place),
            points: there(&self.tracks.points, place),
        }
    }

    /// What is known at the end of a place's second, and until when a gap that begins with it lasts.
    pub fn settled(&self, place: Place, account_block: &Track<Flags>) -> (Controls, Option<Gap>) {
        let (policy, of_policy) = self.tracks.policy.settled(place);
        let (acl, of_acl) = self.tracks.acl.settled(place);
        let (ownership, of_ownership) = self.tracks.ownership.settled(place);
        let (bucket_block, of_block) = self.tracks.block.settled(place);
        let (account_block, of_account) = account_block.settled(place);
        let controls = Controls {
            policy,
            acl,
            ownership,
            bucket_block,
            account_block,
            objects: there(&self.tracks.objects, place),
            points: there(&self.tracks.points, place),
        };
        let gaps = [of_policy, of_acl, of_ownership, of_block, of_account];
        (controls, gaps.into_iter().flatten().min())
    }

    /// The gap that ends here.
    pub fn gap_until(&self, place: Place, account_block: &Track<Flags>) -> Option<Gap> {
        let gaps = [
            self.tracks.policy.gap_until(place),
            self.tracks.acl.gap_until(place),
            self.tracks.ownership.gap_until(place),
            self.tracks.block.gap_until(place),
            account_block.gap_until(place),
        ];
        gaps.into_iter().flatten().min()
    }
}

impl Life {
    /// Where a call that sets nothing proves a control again that was in doubt: since when it was.
    pub fn doubt_until(
        &self,
        place: Place,
        account_block: &Track<Flags>,
        call: &Call,
    ) -> Option<Gap> {
        if call.sets() {
            return None;
        }
        let doubts = [
            self.tracks.policy.doubt_until(place),
            self.tracks.acl.doubt_until(place),
            self.tracks.ownership.doubt_until(place),
            self.tracks.block.doubt_until(place),
            account_block.doubt_until(place),
        ];
        doubts.into_iter().flatten().min()
    }
}

fn there<T: Clone + PartialEq + std::fmt::Debug>(
    tracks: &BTreeMap<&'static str, Track<Option<T>>>,
    place: Place,
) -> BTreeMap<&'static str, T> {
    let known = tracks
        .iter()
        .filter_map(|(name, track)| match track.at(place) {
            Seen::Known(Some(one)) => Some((*name, one)),
            _ => None,
        });
    known.collect()
}
