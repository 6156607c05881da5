//! Is what is said so? The world is played again, and at every second what the oracle knows and what the program claims
//! without assumptions is held against what really was. Only what a hole hides may be missed, until it is next known.

use std::collections::BTreeMap;

use crate::acl::Acl;
use crate::calendar::rfc3339;
use crate::evidence::{Known, Truth};
use crate::names::OURS;
use crate::reach::{Controls, Seen};
use crate::s3::{Call, Ownership, S3};
use crate::script::World;
use crate::story;
use crate::timeline::Said;
use crate::track::Place;
use crate::verdict::verdict;

/// How many claims were held against the world, and how many could not be because of a hole.
#[derive(Debug, Default, Clone, Copy)]
pub struct Claims {
    pub held: usize,
    pub excused: usize,
}

impl Claims {
    pub fn and(self, other: Self) -> Self {
        Self {
            held: self.held + other.held,
            excused: self.excused + other.excused,
        }
    }
}

type Lives<'t> = BTreeMap<(usize, &'static str), Vec<&'t Known>>;

/// Plays the world and checks; the first false claim is told.
pub fn check(world: &World, truth: &Truth, said: Option<&Said>) -> Result<Claims, String> {
    let mut lives: Lives = BTreeMap::new();
    for known in &truth.known {
        let account_and_name = (known.account, known.name);
        lives.entry(account_and_name).or_default().push(known);
    }
    let (mut s3, mut claims) = (S3::default(), Claims::default());
    for (at, call) in world.calls.iter().enumerate() {
        if call.took {
            s3.apply(call);
        }
        let next = world.calls.get(at + 1);
        if next.is_none_or(|next| next.second > call.second) {
            let second = call.second;
            check_second(world, &s3, &lives, Place { at, second }, said, &mut claims)?;
        }
    }
    Ok(claims)
}

fn check_second(
    world: &World,
    s3: &S3,
    lives: &Lives,
    place: Place,
    said: Option<&Said>,
    claims: &mut Claims,
) -> Result<(), String> {
    let call = &world.calls[place.at];
    let reached = lives.iter().filter(|((account, name), _)| {
        *account == call.account && call.bucket.is_none_or(|bucket| bucket == *name)
    });
    for ((account, name), lives) in reached {
        let at = |known: &&&Known| known.at(place).is_some();
        let Some((known, seen)) = lives
            .iter()
            .find(at)
            .and_then(|one| Some((one, one.at(place)?)))
        else {
            continue;
        };
        let real = real(s3, *account, name);
        match real {
            Some(real) if !seen.differs(&real) => {
                claims.held += oracle(seen, &real, name, call)?;
                if let Some(said) = said {
                    program(said, *account, name, place.second, &real)?;
                }
            }
            _ if is_excused(world, known, place) => claims.excused += 1,
            real => {
                let told = told(name, call, &format!("known {seen:?}\n  real {real:?}"));
                let owner = OURS[*account].id;
                return Err(story::of(world, &format!("{told} of {owner}")));
            }
        }
    }
    Ok(())
}

/// A hole hides what happened in it until it is next known, and from what is proven later of the time before it.
fn is_excused(world: &World, known: &Known, place: Place) -> bool {
    world.hole.is_some_and(|hole| {
        let backwards = place.at < known.backwards_until;
        hole.account == known.account && (place.second >= hole.from || backwards)
    })
}

fn real(s3: &S3, account: usize, name: &str) -> Option<Controls> {
    let bucket = s3.buckets.get(name)?;
    (bucket.owner == account).then(|| Controls::of(bucket, s3.account_blocks[account]))
}

fn told(name: &str, call: &Call, what: &str) -> String {
    let at = rfc3339(call.second);
    format!("a false claim of {name} at {at}: {what}\n  after {call:?}")
}

/// What the oracle says for certain is so.
fn oracle(seen: &Controls, real: &Controls, name: &str, call: &Call) -> Result<usize, String> {
    let said = verdict(seen);
    let sure = said.name != "unknown" && said.assumptions.is_empty();
    if sure && said.name != verdict(real).name {
        return Err(told(name, call, &format!("{said:?}")));
    }
    let (truth, claimed) = (real.doors(), seen.doors());
    let in_falsely = claimed
        .iter()
        .find(|(one, way)| way.assumptions.is_empty() && !truth.contains_key(*one));
    let out_falsely = truth
        .keys()
        .find(|one| !claimed.contains_key(*one) && seen.surely_out_at(**one));
    if in_falsely.is_some() || out_falsely.is_some() {
        let what = format!("in {in_falsely:?} out {out_falsely:?}");
        return Err(told(name, call, &what));
    }
    Ok(claimed.len() + usize::from(sure))
}

/// What the program's timeline says for certain is so.
fn program(
    said: &Said,
    account: usize,
    name: &'static str,
    second: i64,
    real: &Controls,
) -> Result<(), String> {
    let account = OURS[account].id;
    let claim = said.proven(account, name, second);
    let so = verdict(real).name;
    match claim {
        Some(claim) if claim != so => Err(format!(
            "{name} of {account} is {so} at {}, but is claimed to be {claim}",
            rfc3339(second)
        )),
        _ => Ok(()),
    }
}

impl Known {
    /// What is known at a place within this life.
    fn at(&self, place: Place) -> Option<&Controls> {
        let alive = self.until.is_none_or(|until| place.second < until);
        let (_, controls) = self
            .controls
            .range(..=place)
            .next_back()
            .filter(|_| alive)?;
        Some(controls)
    }
}

impl Controls {
    /// The objects whose ACL lets in somebody; the others are as if they were not there.
    fn named_objects(&self) -> Vec<(&str, &Acl)> {
        let named = self
            .objects
            .iter()
            .filter(|(_, acl)| !acl.grants.is_empty());
        named.map(|(key, acl)| (*key, acl)).collect()
    }

    /// Is something that is held to be known otherwise?
    fn differs(&self, real: &Self) -> bool {
        fn differ<T: PartialEq>(seen: &Seen<T>, real: &Seen<T>) -> bool {
            matches!(seen, Seen::Known(_)) && seen != real
        }
        let enforced = |seen: &Seen<Ownership>| match seen {
            Seen::Known(ownership) => Seen::Known(*ownership == Ownership::BucketOwnerEnforced),
            _ => Seen::Unseen,
        };
        differ(&self.policy, &real.policy)
            || differ(&self.acl, &real.acl)
            || differ(&enforced(&self.ownership), &enforced(&real.ownership))
            || differ(&self.bucket_block, &real.bucket_block)
            || differ(&self.account_block, &real.account_block)
            || self.points != real.points
            || self.named_objects() != real.named_objects()
    }
}
