//! What was assumed of an exposure, as long as it lasted?

use crate::exposure::Assumption;
use crate::vocab::Timestamp;
use std::collections::BTreeSet;

/// What was assumed so far. What held only within one second is not counted: nobody can tell in which order its calls came.
#[derive(Clone, Debug, Default)]
pub(super) struct Assumed {
    lasting: BTreeSet<Assumption>,
    since: Option<Timestamp>,
    now: BTreeSet<Assumption>,
}

impl Assumed {
    /// From that instant on this is assumed.
    pub fn hold(&mut self, at: Timestamp, assumed: &BTreeSet<Assumption>) {
        if self.since != Some(at) {
            self.lasting.append(&mut self.now);
        }
        (self.since, self.now) = (Some(at), assumed.clone());
    }

    /// Whether anything was assumed.
    pub fn is_any(&self) -> bool {
        !self.lasting.is_empty() || !self.now.is_empty()
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
            assert_eq!(assumed.is_any(), !assumed.clone().all().is_empty());
            assumed.all()
        };
        assert_eq!(told(&[]), set(&[]));
        assert_eq!(told(&[(1, &[policy]), (1, &[])]), set(&[]));
        assert_eq!(told(&[(1, &[policy]), (1, &[acl])]), set(&[acl]));
        assert_eq!(told(&[(1, &[policy]), (2, &[acl])]), set(&[policy, acl]));
        assert_eq!(told(&[(1, &[policy]), (2, &[]), (2, &[])]), set(&[policy]));
    }
}
