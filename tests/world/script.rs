//! What happens in a world? A few hundred calls on a dozen buckets of two accounts, over 21 months around April 2023.
//! Five of the buckets are older than the log: what was done to them before it begins is never written down.

use std::collections::BTreeSet;

use crate::acl::AclAsk;
use crate::actor::Actor;
use crate::calendar::{DAY, day};
use crate::dice::Dice;
use crate::look::Hole;
use crate::names::{BUCKETS, OURS, REGIONS, other};
use crate::policy::Policy;
use crate::reads::{OF_BUCKETS, Read};
use crate::s3::{
    ALL_ON, Bucket, Call, Flags, NEW_DEFAULTS_FROM, OLD_DEFAULTS_UNTIL, Ownership, Refusal,
    Request, S3, failed, not_authorized, not_empty,
};

pub const LOG_BEGINS: i64 = day(2022, 6, 1);
pub const LOG_ENDS: i64 = day(2024, 3, 1);
const OLD_BUCKETS: usize = 5;

/// All that happened, and the seconds at which an account did something else in a Region.
#[derive(Debug)]
pub struct World {
    pub calls: Vec<Call>,
    pub noise: Vec<Noise>,
    pub hole: Option<Hole>,
}

/// A record of no interest: (account, Region, second).
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    pub account: usize,
    pub region: &'static str,
    pub second: i64,
}

pub struct Script {
    pub dice: Dice,
    pub s3: S3,
    /// Does S3 fail now and then, so that nobody knows what it did?
    pub shaky: bool,
    /// Account-wide calls, in percent.
    pub account_wide: usize,
    pub second: i64,
    pub logged: bool,
    /// Buckets of which a success has been logged since they were created.
    pub witnessed: BTreeSet<&'static str>,
    /// Buckets touched in this second; an account-wide call touches all.
    pub touched: BTreeSet<&'static str>,
    pub calls: Vec<Call>,
    pub hole: Option<Hole>,
    /// Has somebody looked what is there since the hole?
    pub looked_around: bool,
    /// S3 as it was before the last change, while that has not got round.
    pub from_before: Option<S3>,
}

/// The world of a seed.
pub fn world(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let hole = Hole::any(&mut dice);
    let mut script = Script {
        s3: S3::default(),
        shaky: dice.chance(40),
        account_wide: dice.pick(&[0, 2, 5]),
        dice,
        second: LOG_BEGINS - 200 * DAY,
        logged: false,
        witnessed: BTreeSet::new(),
        touched: BTreeSet::new(),
        calls: Vec::new(),
        hole,
        looked_around: false,
        from_before: None,
    };
    script.before_the_log();
    script.second = LOG_BEGINS;
    script.logged = true;
    let count = script.dice.pick(&[120, 300, 600, 1000]);
    let pause = (LOG_ENDS - LOG_BEGINS) / count;
    while script.second < LOG_ENDS - 3 * DAY {
        script.something(pause);
        script.look_around();
    }
    let mut noise = noise(&mut script.dice);
    noise.retain(|one| hole.is_none_or(|hole| !hole.swallows(one.account, one.second)));
    World {
        calls: script.calls,
        noise,
        hole,
    }
}

impl Script {
    fn before_the_log(&mut self) {
        let mut names = BUCKETS;
        self.dice.shuffle(&mut names);
        for name in &names[..OLD_BUCKETS] {
            while !self.s3.buckets.contains_key(name) {
                self.wait(DAY);
                self.create(name);
            }
        }
        for _ in 0..60 {
            self.wait(DAY);
            match self.dice.below(20) {
                0 => self.account_wide(),
                _ => {
                    let name = names[self.dice.below(OLD_BUCKETS)];
                    self.change(name);
                }
            }
        }
    }

    fn something(&mut self, pause: i64) {
        let name = self.dice.pick(&BUCKETS);
        let same_second = self.dice.chance(6) && !self.touched.contains(name);
        if !same_second {
            self.wait(pause);
        }
        let before = self.s3.clone();
        match self.s3.buckets.get(name) {
            Some(_) if self.dice.chance(10) => return self.look(name),
            Some(_) if self.dice.chance(22) => return self.reach_inside(name),
            _ if !same_second && self.dice.chance(self.account_wide) => self.account_wide(),
            Some(_) if self.dice.chance(5) => self.change_twice_at_once(name),
            Some(_) => self.change(name),
            None if self.dice.chance(20) => self.change_of_nothing(name),
            None => self.create(name),
        }
        self.look_back(&before);
    }

    /// Moves on by a second at least, `pause` in the mean.
    fn wait(&mut self, pause: i64) {
        self.touched.clear();
        let most = if self.dice.chance(15) { 3 } else { 2 * pause };
        self.second += self.dice.between(1, most.max(2));
    }

    fn account_wide(&mut self) {
        let account = self.dice.below(2);
        let region = self.dice.pick(&REGIONS);
        let request = match self.dice.below(6) {
            0 => Request::Read(Read::AccountBlock),
            1 | 2 => Request::PutAccountBlock(self.flags()),
            _ => Request::DeleteAccountBlock,
        };
        self.touched.extend(BUCKETS);
        self.ask(account, region, None, request);
    }

    fn create(&mut self, name: &'static str) {
        if (OLD_DEFAULTS_UNTIL..NEW_DEFAULTS_FROM).contains(&self.second) {
            return;
        }
        let (account, region) = (self.dice.below(2), self.dice.pick(&REGIONS));
        let dice = &mut self.dice;
        let acl = dice.chance(30).then(|| AclAsk::any(account, false, dice));
        let ownership = dice.chance(35).then(|| any_ownership(dice));
        self.ask(
            account,
            region,
            Some(name),
            Request::CreateBucket { acl, ownership },
        );
        if self.dice.chance(20) {
            self.set_up_at_once(name);
        }
    }

    /// What a tool does in the second of the creation, in the only order in which S3 lets it.
    fn set_up_at_once(&mut self, name: &'static str) {
        let Some(Bucket { owner, region, .. }) = self.s3.buckets.get(name).cloned() else {
            return;
        };
        if self.second >= NEW_DEFAULTS_FROM {
            self.ask(owner, region, Some(name), Request::DeleteBlock);
        }
        let request = match self.dice.below(4) {
            0 => Request::PutPolicy(Policy::own()),
            1 => Request::PutAcl(AclAsk::public(&mut self.dice)),
            _ => Request::PutPolicy(Policy::public_read()),
        };
        self.ask(owner, region, Some(name), request);
    }

    /// Two calls in one second in either order of which the end is the same; the lesser eventID counts as the first.
    fn change_twice_at_once(&mut self, name: &'static str) {
        let Bucket { owner, region, .. } = self.s3.buckets[name].clone();
        let policy = Policy::any(owner, &mut self.dice);
        let acl = AclAsk::any(owner, true, &mut self.dice);
        let twin = if self.dice.chance(50) {
            Request::PutAcl(acl)
        } else {
            Request::PutPolicy(policy.clone())
        };
        let (from, shaky) = (self.calls.len(), std::mem::replace(&mut self.shaky, false));
        self.ask(owner, region, Some(name), Request::PutPolicy(policy));
        self.ask(owner, region, Some(name), twin);
        self.shaky = shaky;
        let mut ids = [0, 1].map(|at| self.calls[from + at].event_id.clone());
        ids.sort();
        for (call, id) in self.calls[from..].iter_mut().zip(ids) {
            call.event_id = id;
        }
    }

    fn change(&mut self, name: &'static str) {
        let Bucket { owner, region, .. } = self.s3.buckets[name].clone();
        let request = self.any_change(name, owner, region);
        if let Request::CreateBucket { .. } = request {
            return self.create_again(name, owner, region);
        }
        self.ask(owner, region, Some(name), request);
    }

    fn any_change(&mut self, name: &'static str, owner: usize, region: &'static str) -> Request {
        let mark = self.dice.below(100);
        let dice = &mut self.dice;
        match mark {
            0..=4 => Request::PutPolicy(Policy::delegating(owner, region, dice)),
            5..=21 => Request::PutPolicy(Policy::any(owner, dice)),
            22..=31 => Request::DeletePolicy,
            32..=51 => {
                let with_body = dice.chance(60);
                Request::PutAcl(AclAsk::any(owner, with_body, dice))
            }
            52..=59 => Request::PutBlock(self.flags()),
            60..=72 => Request::DeleteBlock,
            73..=78 => Request::PutOwnership(any_ownership(dice)),
            79..=85 => Request::DeleteOwnership,
            86..=88 if self.logged => Request::DeleteBucket,
            89..=91 if self.logged => Request::CreateBucket {
                acl: None,
                ownership: None,
            },
            _ => amplify(name, dice),
        }
    }

    /// A second CreateBucket: by the owner, or by somebody who wants the name. Of a bucket that the log has not shown,
    /// the owner's in us-east-1 could not be told from a first one, so there is none.
    fn create_again(&mut self, name: &'static str, owner: usize, region: &'static str) {
        let request = Request::CreateBucket {
            acl: None,
            ownership: None,
        };
        if self.dice.chance(20) {
            return self.ask(other(owner), region, Some(name), request);
        }
        if region != REGIONS[0] || self.witnessed.contains(name) {
            self.ask(owner, region, Some(name), request);
        }
    }

    fn change_of_nothing(&mut self, name: &'static str) {
        let (account, region) = (self.dice.below(2), self.dice.pick(&REGIONS));
        let request = match self.any_change(name, account, region) {
            Request::CreateBucket { .. } => Request::Read(self.dice.pick(&OF_BUCKETS)),
            request => request,
        };
        self.ask(account, region, Some(name), request);
    }

    fn flags(&mut self) -> Flags {
        let dice = &mut self.dice;
        match dice.below(10) {
            0 | 1 => ALL_ON,
            2 | 3 => Flags::default(),
            _ => Flags {
                block_acls: dice.chance(30),
                ignore_acls: dice.chance(45),
                block_policy: dice.chance(30),
                restrict: dice.chance(45),
            },
        }
    }

    /// Puts the call to S3 and writes down what became of it.
    pub fn ask(
        &mut self,
        account: usize,
        region: &'static str,
        bucket: Option<&'static str>,
        request: Request,
    ) {
        let mut call = Call {
            second: self.second,
            account,
            region,
            bucket,
            request,
            refused: None,
            took: true,
            actor: Actor::any(account, &mut self.dice),
            event_id: self.dice.event_id(),
            logged: self.is_logged(account),
            bytes_out: 0,
        };
        let seen = self.from_before.as_ref().unwrap_or(&self.s3);
        let refusal = seen.refusal(&call);
        (call.took, call.refused) = self.answer(&call, refusal);
        call.bytes_out = self.from_before.as_ref().unwrap_or(&self.s3).length(&call);
        self.touched.extend(bucket);
        if call.took {
            self.s3.apply(&call);
        }
        if call.refused.is_none() {
            self.remember(&call);
        }
        self.calls.push(call);
    }

    /// Did it take, and which error is logged?
    fn answer(&mut self, call: &Call, refusal: Option<Refusal>) -> (bool, Option<Refusal>) {
        let never_in_doubt = matches!(
            call.request,
            Request::CreateBucket { .. }
                | Request::DeleteBucket
                | Request::Read(_)
                | Request::Object(..)
                | Request::Point(..)
        );
        let deletes = matches!(call.request, Request::DeleteBucket);
        match refusal {
            _ if self.dice.chance(4) => (false, Some(not_authorized())),
            Some(refusal) => (false, Some(refusal)),
            None if deletes && self.dice.chance(30) => (false, Some(not_empty())),
            None if self.shaky && !never_in_doubt && !self.repeats(call) && self.dice.chance(2) => {
                (self.dice.chance(50), Some(failed(&mut self.dice)))
            }
            None => (true, None),
        }
    }

    /// Does it ask for the policy or the ACL that is there, perhaps in other words?
    fn repeats(&self, call: &Call) -> bool {
        let bucket = call.bucket.and_then(|name| self.s3.buckets.get(name));
        bucket.is_some_and(|bucket| match &call.request {
            Request::PutPolicy(policy) => bucket.policy.as_ref() == Some(policy),
            Request::PutAcl(ask) => bucket.acl == ask.acl,
            _ => false,
        })
    }

    fn is_logged(&self, account: usize) -> bool {
        let lost = |hole: Hole| hole.swallows(account, self.second);
        self.logged && !self.hole.is_some_and(lost)
    }

    fn remember(&mut self, call: &Call) {
        let Some(name) = call.bucket else { return };
        if let Request::DeleteBucket = call.request {
            self.witnessed.remove(name);
        } else if call.logged {
            self.witnessed.insert(name);
        }
    }
}

fn any_ownership(dice: &mut Dice) -> Ownership {
    dice.weighted(&[
        (50, Ownership::BucketOwnerEnforced),
        (25, Ownership::BucketOwnerPreferred),
        (25, Ownership::ObjectWriter),
    ])
}

fn amplify(name: &'static str, dice: &mut Dice) -> Request {
    let calls = [
        "PutBucketCors",
        "DeleteBucketCors",
        "PutBucketWebsite",
        "DeleteBucketWebsite",
    ];
    Request::Amplify(if name.starts_with("www") {
        calls[2]
    } else {
        dice.pick(&calls)
    })
}

/// Something else now and then in every account and Region, mostly until the very end.
fn noise(dice: &mut Dice) -> Vec<Noise> {
    let mut noise = Vec::new();
    for account in 0..OURS.len() {
        for region in REGIONS {
            let until = if dice.chance(80) {
                LOG_ENDS
            } else {
                dice.between(LOG_BEGINS + DAY, LOG_ENDS)
            };
            for _ in 0..20 {
                noise.push(Noise {
                    account,
                    region,
                    second: dice.between(LOG_BEGINS, until),
                });
            }
            noise.push(Noise {
                account,
                region,
                second: until - dice.between(1, DAY / 2),
            });
        }
    }
    noise
}
