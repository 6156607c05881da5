//! When does somebody look at a bucket's configuration, and which part of the log is lost? Looks change nothing, but they
//! leave records; in some worlds all records of one account between two instants are missing.

use crate::calendar::DAY;
use crate::dice::Dice;
use crate::names::{BUCKETS, REGIONS};
use crate::object::{KEYS, ObjectCall};
use crate::point::{self, PointCall};
use crate::reads::{OF_BUCKETS, Read};
use crate::s3::{Bucket, Request, S3};
use crate::script::{LOG_BEGINS, LOG_ENDS, Script};

/// All records of an account that are missing: from this second, until before that.
#[derive(Debug, Clone, Copy)]
pub struct Hole {
    pub account: usize,
    pub from: i64,
    pub until: i64,
}

impl Hole {
    /// A few weeks to some months, somewhere well inside the log, in every other world.
    pub fn any(dice: &mut Dice) -> Option<Self> {
        let from = dice.between(LOG_BEGINS + 90 * DAY, LOG_ENDS - 200 * DAY);
        let until = from + dice.between(40 * DAY, 190 * DAY);
        let account = dice.below(2);
        dice.chance(50).then_some(Self {
            account,
            from,
            until,
        })
    }

    pub fn swallows(self, account: usize, second: i64) -> bool {
        self.account == account && (self.from..self.until).contains(&second)
    }
}

impl Script {
    /// The console's list of buckets: some of its looks within one second.
    pub fn look(&mut self, name: &'static str) {
        let Bucket { owner, region, .. } = self.s3.buckets[name].clone();
        for read in OF_BUCKETS {
            if self.dice.chance(45) {
                self.ask(owner, region, Some(name), Request::Read(read));
            }
        }
        if self.dice.chance(40) {
            self.look_at_account(owner);
        }
    }

    /// After a hole somebody opens the console, mostly.
    pub fn look_around(&mut self) {
        let Some(hole) = self.hole.filter(|hole| hole.until <= self.second) else {
            return;
        };
        if std::mem::replace(&mut self.looked_around, true) || self.dice.chance(25) {
            return;
        }
        for name in BUCKETS {
            self.touched.clear();
            self.second += 1;
            let there = self.s3.buckets.get(name);
            match there.map(|bucket| bucket.owner == hole.account) {
                Some(true) => self.look(name),
                None if self.dice.chance(50) => {
                    let read = Request::Read(self.dice.pick(&OF_BUCKETS));
                    self.ask(hole.account, REGIONS[0], Some(name), read);
                }
                _ => {}
            }
        }
    }

    pub fn look_at_account(&mut self, account: usize) {
        let region = self.dice.pick(&REGIONS);
        self.ask(account, region, None, Request::Read(Read::AccountBlock));
    }

    /// A call on one of its objects or access points, of which nothing happened before the log began.
    pub fn reach_inside(&mut self, name: &'static str) {
        let bucket = self.s3.buckets[name].clone();
        let dice = &mut self.dice;
        let request = if dice.chance(60) {
            let key = dice.pick(&KEYS);
            Request::Object(key, ObjectCall::any(bucket.owner, dice))
        } else {
            let point = dice.pick(&point::names(name));
            let there = bucket.points.contains_key(point);
            Request::Point(point, PointCall::any(there, bucket.owner, dice))
        };
        self.ask(bucket.owner, bucket.region, Some(name), request);
    }

    /// Now and then what was just changed is looked at again; soon after, the answer may be the one from before.
    pub fn look_back(&mut self, before: &S3) {
        let Some(change) = self.calls.last().cloned() else {
            return;
        };
        if !change.took || !change.logged || !self.dice.chance(12) {
            return;
        }
        let pause = self.dice.between(1, 110);
        self.touched.clear();
        self.second += pause;
        self.from_before = (pause < 60 && self.dice.chance(50)).then(|| before.clone());
        match change.bucket {
            None => self.look_at_account(change.account),
            Some(name) => {
                let read = self.dice.pick(&OF_BUCKETS);
                let (account, region) = (change.account, change.region);
                self.ask(account, region, Some(name), Request::Read(read));
            }
        }
        self.from_before = None;
    }
}
