//! In which orders may the calls of one second have come?
//!
//! In those that contradict least. Where several do, what is left is what all of them leave.

use super::apply::{Existence, Life};
use super::second::Step;
use super::standing::{Door, Standing};
use super::types::Cause;
use crate::exposure::{Audience, Owner, Verdict};
use std::collections::BTreeMap;

/// One possible order: where it ends, and what it contradicts on the way.
#[derive(Clone)]
pub(super) struct Way {
    pub order: Vec<usize>,
    pub life: Life,
    contradictions: usize,
}

/// The orders with the fewest contradictions, one for each end; the first is the one that eventIDs suggest. Of two orders of
/// the same steps that come to the same, only the better goes on.
pub(super) fn possible_orders(before: &Life, steps: &[Step]) -> Vec<Way> {
    let start = Way {
        order: Vec::new(),
        life: before.clone(),
        contradictions: 0,
    };
    let replaces = is_replaced(before, steps);
    let mut reached: BTreeMap<u32, Vec<Way>> = BTreeMap::from([(0, vec![start])]);
    for _ in 0..steps.len() {
        let mut next: BTreeMap<u32, Vec<Way>> = BTreeMap::new();
        for (taken, ways) in &reached {
            for way in ways {
                go_on(way, *taken, steps, replaces, &mut next);
            }
        }
        reached = next;
    }
    let mut ends: Vec<Way> = reached.into_values().flatten().collect();
    let best = ends.iter().map(|way| way.contradictions).min();
    ends.retain(|way| Some(way.contradictions) == best);
    ends.sort_by(|left, right| left.order.cmp(&right.order));
    ends
}

/// Whether a creation shows that the bucket before it is gone, and no call of the second deletes that one.
fn is_replaced(before: &Life, steps: &[Step]) -> bool {
    let contradicts = |step: &Step| !step.apply(&mut before.clone()).contradictions.is_empty();
    !steps.iter().any(Step::deletes) && steps.iter().any(|step| step.creates() && contradicts(step))
}

/// Every step that may come next.
fn go_on(
    way: &Way,
    taken: u32,
    steps: &[Step],
    replaces: bool,
    next: &mut BTreeMap<u32, Vec<Way>>,
) {
    let left = |index: usize| taken & (1 << index) == 0;
    let creation_pending = steps
        .iter()
        .enumerate()
        .any(|(index, step)| left(index) && step.creates());
    for (index, step) in steps.iter().enumerate().filter(|(index, _)| left(*index)) {
        // A bucket that is not there, or no longer, is created before anything else is done to it.
        let absent = replaces || !way.life.is_its_own();
        // A bucket of which nothing was seen may have been deleted to be made anew.
        let ends = step.deletes() && way.life.existence == Existence::Unseen && !replaces;
        let waits = creation_pending && !step.creates() && absent && !ends;
        if waits && matches!(step, Step::Bucket(_)) {
            continue;
        }
        let mut further = way.clone();
        further.contradictions += usize::from(step.is_out_of_place(&further.life));
        further.contradictions += step.apply(&mut further.life).contradictions.len();
        further.order.push(index);
        keep(further, next.entry(taken | (1 << index)).or_default());
    }
}

fn keep(way: Way, ways: &mut Vec<Way>) {
    let rank = |way: &Way| (way.contradictions, way.order.clone());
    match ways
        .iter_mut()
        .find(|other| other.life.comes_to_same(&way.life))
    {
        Some(other) if rank(&way) < rank(other) => *other = way,
        Some(_) => {}
        None => ways.push(way),
    }
}

/// Whether all possible orders end with the same verdict and the same audiences.
pub(super) fn agree(ends: &[&Life], owner: &Owner) -> bool {
    let mut ends = ends.iter().map(|life| end_of(life, owner));
    let first = ends.next();
    ends.all(|end| Some(end) == first)
}

pub(super) fn end_of(life: &Life, owner: &Owner) -> (Existence, Verdict, Vec<(Door, Audience)>) {
    let judged = Standing::of(life, owner);
    (
        life.existence,
        judged.verdict(),
        judged.open.into_keys().collect(),
    )
}

/// The verdict is the same, but a control may not be: it is opaque from here if that leaves the verdict as it is. Else blocks and
/// ownership are so by themselves, and of policy and ACL it is noted.
pub(super) fn left_alike(
    end: &Life,
    ends: &[&Life],
    causes: &[Cause],
    owner: &Owner,
) -> Option<Life> {
    let is_other = |life: &Life| life.state != end.state || life.account_block != end.account_block;
    let is_alike = |life: &Life| is_other(life) && end_of(life, owner) == end_of(end, owner);
    let mut all = end.clone();
    ends.iter().for_each(|other| all.blur(other, causes));
    if is_alike(&all) {
        return Some(all);
    }
    let mut gates = end.clone();
    ends.iter()
        .for_each(|other| gates.blur_gates(other, causes));
    let mut rest = gates.clone();
    ends.iter().for_each(|other| rest.blur_rest(other, causes));
    let open = [rest, gates].into_iter().find(is_alike);
    let mut left = open.unwrap_or_else(|| end.clone());
    ends.iter().for_each(|other| left.tie(other, causes));
    (is_other(&left) || !left.tied.is_empty()).then_some(left)
}
