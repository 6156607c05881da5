//! How does one bucket go through the evidence? Call by call, second by second: what is known before and after each
//! decides which exposures begin, go on and end.

use std::collections::BTreeMap;

use crate::doors::Who;
use crate::evidence::{Ends, Known, Truth};
use crate::lives::{Death, Life, Lives};
use crate::names::OURS;
use crate::reach::{Controls, Reach};
use crate::rows::{Begin, End, Exposure, Row};
use crate::s3::{Call, Flags};
use crate::track::{Gap, Place, Track};
use crate::verdict::{Verdict, verdict};

struct Walk<'w> {
    life: &'w Life,
    account_block: &'w Track<Flags>,
    controls: Controls,
    /// The call that wrote the policy and the ACL last, by mechanism.
    written: BTreeMap<&'static str, String>,
    open: BTreeMap<Who, Exposure>,
    rows: Vec<Row>,
    past: Past,
}

/// What was known at each second before anything happened in it, and when all had happened but no gap begun.
type Past = BTreeMap<i64, (Controls, Controls)>;

/// Walks one life and adds what it yields.
pub fn walk(life: &Life, lives: &Lives, ends: &Ends, truth: &mut Truth) {
    let account_block = &lives.account_blocks[life.account];
    let mut walk = Walk {
        life,
        account_block,
        controls: life.before(account_block),
        written: BTreeMap::new(),
        open: BTreeMap::new(),
        rows: Vec::new(),
        past: Past::new(),
    };
    let mut known = BTreeMap::new();
    walk.begin();
    for second in seconds(life, lives) {
        let before = walk.controls.clone();
        for (place, call) in &second {
            walk.call(*place, call);
        }
        let place = second[second.len() - 1].0;
        let after = walk.controls.clone();
        walk.past.insert(place.second, (before, after));
        walk.settle(place);
        let instant = (life.account, life.name, place.second);
        truth.verdicts.insert(instant, verdict(&walk.controls));
        known.insert(place, walk.controls.clone());
    }
    let doubt = walk.end(ends);
    if let Some((from, until)) = doubt {
        doubt_verdicts(truth, life, from, until);
    }
    truth.rows.extend(walk.rows);
    truth.known.push(Known {
        account: life.account,
        name: life.name,
        controls: known,
        backwards_until: life.backwards_until(account_block),
        until: life.until(),
    });
}

/// Nothing can be said from when the bucket was last seen until it was found gone.
fn doubt_verdicts(truth: &mut Truth, life: &Life, from: i64, until: i64) {
    let unknown = Verdict {
        name: "unknown",
        assumptions: Default::default(),
    };
    let span = (life.account, life.name, from)..(life.account, life.name, until);
    for (_, verdict) in truth.verdicts.range_mut(span) {
        *verdict = unknown.clone();
    }
}

impl Life {
    fn until(&self) -> Option<i64> {
        self.death.as_ref().map(|death| match death {
            Death::Deleted(call) => call.second,
            Death::Gone(place) => place.second,
        })
    }
}

/// The calls that reach the bucket, second by second.
fn seconds<'w>(life: &'w Life, lives: &'w Lives) -> Vec<Vec<(Place, &'w Call)>> {
    let mut calls: Vec<(Place, &Call)> = life.calls.iter().map(|(at, call)| (*at, call)).collect();
    let within = |place: &Place| {
        *place > life.first() && life.until().is_none_or(|until| place.second < until)
    };
    let account_wide = lives.account_calls.iter();
    calls.extend(account_wide.filter_map(|(place, call)| {
        let reached = call.account == life.account && within(place);
        let twice = life.calls.iter().any(|(own, _)| own == place);
        (reached && !twice).then_some((*place, call))
    }));
    calls.sort_by_key(|(place, _)| *place);
    let by_second = calls.chunk_by(|left, right| left.0.second == right.0.second);
    by_second.map(<[_]>::to_vec).collect()
}

impl Walk<'_> {
    /// What was open before the first evidence, as later proofs tell.
    fn begin(&mut self) {
        if self.life.created {
            return;
        }
        let second = self.life.first().second;
        for (who, way) in self.controls.doors() {
            let mut exposure = Exposure::opened(Begin::BeforeEvidence(second));
            exposure.lives_on(&way, &self.written);
            self.open.insert(who, exposure);
        }
    }

    fn call(&mut self, place: Place, call: &Call) {
        let after = self.life.at(place, self.account_block);
        let before = std::mem::replace(&mut self.controls, after);
        self.note_author(&before, call);
        let reach = self.controls.doors();
        for who in self.left(&reach) {
            let end = if self.controls.opaque_at(who) {
                End::Opaque(call)
            } else {
                End::Event(call)
            };
            self.close(who, end);
        }
        for (who, way) in reach {
            let begin = self.begins(&before, who, place, call);
            self.goes_on_or_opens(who, &way, begin);
        }
    }

    /// The second is over: a gap may begin with it.
    fn settle(&mut self, place: Place) {
        let (settled, gap) = self.life.settled(place, self.account_block);
        self.controls = settled;
        let Some(gap) = gap else { return };
        let reach = self.controls.doors();
        for who in self.left(&reach) {
            self.close(who, End::InGap(gap));
        }
        for (who, way) in reach {
            if let Some(exposure) = self.open.get_mut(&who) {
                exposure.lives_on(&way, &self.written);
            }
        }
    }

    /// Who was in and is no more.
    fn left(&self, reach: &BTreeMap<Who, Reach>) -> Vec<Who> {
        let open = self.open.keys().copied();
        open.filter(|who| !reach.contains_key(who)).collect()
    }

    fn close(&mut self, who: Who, end: End) {
        let (account, region) = (OURS[self.life.account].id, self.life.region);
        let exposure = self.open.remove(&who);
        self.rows
            .extend(exposure.map(|one| one.row(account, self.life.name, region, who, end)));
    }

    /// Who writes again what is there already writes nothing; nobody wrote what was only proven.
    fn note_author(&mut self, before: &Controls, call: &Call) {
        let now = &self.controls;
        let mut changed = vec![
            ("bucket-policy", now.policy != before.policy),
            ("bucket-acl", now.acl != before.acl),
        ];
        let objects = now.objects.iter();
        changed.extend(objects.map(|(key, acl)| (*key, before.objects.get(key) != Some(acl))));
        changed.extend(now.points.iter().map(|(name, point)| {
            let policy = before.points.get(name).map(|before| &before.policy);
            (*name, policy != Some(&point.policy))
        }));
        for (what, _) in changed.into_iter().filter(|(_, changed)| *changed) {
            self.written.insert(what, call.event_id.clone());
        }
    }

    fn goes_on_or_opens(&mut self, who: Who, way: &Reach, begin: Begin) {
        let exposure = self
            .open
            .entry(who)
            .or_insert_with(|| Exposure::opened(begin));
        exposure.lives_on(way, &self.written);
    }

    /// Ends what is open; if the bucket was found gone and that ended something, since when nothing can be said.
    fn end(&mut self, ends: &Ends) -> Option<(i64, i64)> {
        let open: Vec<_> = self.open.keys().copied().collect();
        let last = self.life.last_seen();
        match &self.life.death {
            None => {
                let end = End::StillOpen(ends.of(self.life));
                open.iter().for_each(|one| self.close(*one, end));
            }
            Some(Death::Deleted(call)) => {
                open.iter()
                    .for_each(|one| self.close(*one, End::Event(call)));
            }
            Some(Death::Gone(place)) => {
                let gap = Gap {
                    from: last,
                    until: place.second,
                };
                open.iter()
                    .for_each(|one| self.close(*one, End::InGap(gap)));
                return (!open.is_empty()).then_some((last, place.second));
            }
        }
        None
    }

    /// How an exposure begins with a call, if it does.
    fn begins(&self, before: &Controls, who: Who, place: Place, call: &Call) -> Begin {
        if before.surely_out_at(who) {
            return Begin::Event(call.clone());
        }
        let known_out = |gap: &Gap, out: fn(&(Controls, Controls)) -> &Controls| {
            let past = self.past.get(&gap.from);
            past.is_some_and(|past| out(past).surely_out_at(who))
        };
        let missing = self.life.gap_until(place, self.account_block);
        let doubt = self.life.doubt_until(place, self.account_block, call);
        let missing = missing.filter(|gap| known_out(gap, |past| &past.1));
        let doubt = doubt.filter(|gap| known_out(gap, |past| &past.0));
        match missing.or(doubt) {
            Some(gap) => Begin::InGap(gap),
            None => Begin::FirstEvidence(call.clone()),
        }
    }
}
