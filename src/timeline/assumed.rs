//! What was assumed of an exposure, as long as it lasted?

use crate::exposure::Assumption;
use crate::vocab::Timestamp;
use std::collections::BTreeSet;

/// What was assumed so far. What held only within one second is not counted: nobody can tell in which order its calls came.
#[derive(Clone, Debug, Default)]
pub(super) struct Assumed {
    /// Whether it began with something assumed.
    begins: bool,
    lasting: BTreeSet<Assumption>,
    since: Option<Timestamp>,
    now: BTreeSet<Assumption>,
}

impl Assumed {
    /// From that instant on this is assumed.
    pub fn hold(&mut self, at: Timestamp, assumed: &BTreeSet<Assumption>) {
        self.begins |= self.since.is_none() && !assumed.is_empty();
        if self.since != Some(at) {
            self.lasting.append(&mut self.now);
        }
        (self.since, self.now) = (Some(at), assumed.clone());
    }

    /// Whether it was open at first only if something is assumed.
    pub fn begins(&self) -> bool {
        self.begins
    }

    /// All of it.
    pub fn all(mut self) -> BTreeSet<Assumption> {
        self.lasting.append(&mut self.now);
        self.lasting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assumed_within_a_second_is_not_kept() {
        let set = |all: &[Assumption]| all.iter().copied().collect::<BTreeSet<_>>();
        let (policy, acl) = (Assumption::PolicyUnseen, Assumption::AclUnseen);
        let told = |steps: &[(i64, &[Assumption])]| {
            let mut assumed = Assumed::default();
            for (second, held) in steps {
                assumed.hold(Timestamp::from_unix(*second), &set(held));
            }
            let first = steps.first();
            assert_eq!(
                assumed.begins(),
                first.is_some_and(|(_, held)| !held.is_empty())
            );
            assumed.all()
        };
        assert_eq!(told(&[]), set(&[]));
        assert_eq!(told(&[(1, &[policy]), (1, &[])]), set(&[]));
        assert_eq!(told(&[(1, &[policy]), (1, &[acl])]), set(&[acl]));
        assert_eq!(told(&[(1, &[policy]), (2, &[acl])]), set(&[policy, acl]));
        assert_eq!(told(&[(1, &[policy]), (2, &[]), (2, &[])]), set(&[policy]));
    }
}
