//! What stands between a grant and those it is made to, and what was assumed of it?

use super::verdict::Assumption;
use std::collections::BTreeSet;

/// A gate that silences a grant while it is on: a flag of the block, or disabled ACLs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Gate {
    /// It is known to be on.
    On,
    /// It is off: known so where nothing had to be assumed.
    Off(BTreeSet<Assumption>),
    /// It was changed, and to what cannot be told.
    Opaque,
}

impl Gate {
    /// Off, because what was not seen is taken at S3's default.
    pub fn assumed(assumption: Assumption) -> Self {
        Self::Off(BTreeSet::from([assumption]))
    }

    /// Two gates in a row: one that is on is enough.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::On, _) | (_, Self::On) => Self::On,
            (Self::Opaque, _) | (_, Self::Opaque) => Self::Opaque,
            (Self::Off(mut assumed), Self::Off(more)) => {
                assumed.extend(more);
                Self::Off(assumed)
            }
        }
    }

    /// Whether it is known to be on.
    pub fn is_on(&self) -> bool {
        *self == Self::On
    }
}

/// Whether an audience can get in through one control, or through all of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// It can, if what was assumed is so.
    Open(BTreeSet<Assumption>),
    /// The evidence does not decide.
    Unknown,
    /// It cannot, if what was assumed is so: a control that was not seen might let it in.
    AssumedShut(BTreeSet<Assumption>),
    /// It cannot: events decide.
    Shut,
}

impl Entry {
    /// What two ways in make together: one that is open is enough.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open(left), Self::Open(right)) => Self::Open(either(left, right)),
            (Self::Open(assumed), _) | (_, Self::Open(assumed)) => Self::Open(assumed),
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::AssumedShut(mut left), Self::AssumedShut(right)) => {
                left.extend(right);
                Self::AssumedShut(left)
            }
            (Self::AssumedShut(assumed), Self::Shut) | (Self::Shut, Self::AssumedShut(assumed)) => {
                Self::AssumedShut(assumed)
            }
            (Self::Shut, Self::Shut) => Self::Shut,
        }
    }

    /// What is left of it where it is this or that, and which cannot be told.
    pub fn in_both(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open(mut left), Self::Open(right)) => {
                left.extend(right);
                Self::Open(left)
            }
            (Self::Shut, Self::Shut) => Self::Shut,
            (Self::AssumedShut(mut left), Self::AssumedShut(right)) => {
                left.extend(right);
                Self::AssumedShut(left)
            }
            (Self::AssumedShut(assumed), Self::Shut) | (Self::Shut, Self::AssumedShut(assumed)) => {
                Self::AssumedShut(assumed)
            }
            _ => Self::Unknown,
        }
    }

    /// Shut, because a control that was not seen is taken to grant nothing.
    pub fn shut_if(assumption: Assumption) -> Self {
        Self::AssumedShut(BTreeSet::from([assumption]))
    }

    /// Whether the audience gets in.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }
}

/// What is assumed where one of two ways in is enough. Where one rests on less than the other, the other adds nothing. Where
/// each rests on something of its own, both may be wrong at once: all of it could change the verdict.
pub fn either(mut left: BTreeSet<Assumption>, right: BTreeSet<Assumption>) -> BTreeSet<Assumption> {
    if left.is_subset(&right) {
        return left;
    }
    if right.is_subset(&left) {
        return right;
    }
    left.extend(right);
    left
}

/// A grant behind a gate.
pub fn through(gate: &Gate) -> Entry {
    match gate {
        Gate::On => Entry::Shut,
        Gate::Off(assumed) => Entry::Open(assumed.clone()),
        Gate::Opaque => Entry::Unknown,
    }
}
