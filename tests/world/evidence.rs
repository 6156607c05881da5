//! What does the log allow one to say? The oracle: it sees the logged calls only, in their true order, and draws up
//! the rows that reports.md (Verdicts) asks for. What the log does not show is unseen, never invented.

use std::collections::BTreeMap;

use crate::lives::{Life, Lives};
use crate::reach::Controls;
use crate::rows::Row;
use crate::script::World;
use crate::track::Place;
use crate::verdict::Verdict;
use crate::walk::walk;

/// (account, bucket, second)
pub type Instant = (usize, &'static str, i64);

/// All that the log of a world must yield.
#[derive(Debug, Default)]
pub struct Truth {
    pub rows: Vec<Row>,
    /// The verdict at every second at which something was learnt, after all that happened in it.
    pub verdicts: BTreeMap<Instant, Verdict>,
    pub known: Vec<Known>,
}

/// What is known of the controls of one life, from each place on.
#[derive(Debug)]
pub struct Known {
    pub account: usize,
    pub name: &'static str,
    pub controls: BTreeMap<Place, Controls>,
    /// Until here some control is known only by what a later proof tells of the time before it.
    pub backwards_until: usize,
    /// Where it ends, if it does.
    pub until: Option<i64>,
}

/// The latest second of any record, by account and Region, and of an account-wide call.
#[derive(Debug, Default)]
pub struct Ends {
    latest: BTreeMap<(usize, &'static str), i64>,
    account_wide: [i64; 2],
}

impl Ends {
    fn extend(&mut self, account: usize, region: &'static str, second: i64) {
        let latest = self.latest.entry((account, region)).or_insert(second);
        *latest = second.max(*latest);
    }

    /// The end of the evidence of a bucket that is still there.
    pub fn of(&self, life: &Life) -> i64 {
        self.latest[&(life.account, life.region)]
            .max(self.account_wide[life.account])
            .max(life.last_seen())
    }
}

/// What the log of a world must yield.
pub fn truth(world: &World) -> Truth {
    let (mut lives, mut ends) = (Lives::default(), Ends::default());
    for one in &world.noise {
        ends.extend(one.account, one.region, one.second);
    }
    for (at, call) in world.calls.iter().enumerate() {
        if call.logged {
            lives.observe(at, call);
            ends.extend(call.account, call.region, call.second);
        }
    }
    for (place, call) in &lives.account_calls {
        let wide = &mut ends.account_wide[call.account];
        *wide = place.second.max(*wide);
    }
    let mut truth = Truth::default();
    for life in lives.ended.iter().chain(lives.alive.values()) {
        walk(life, &lives, &ends, &mut truth);
    }
    truth
}
