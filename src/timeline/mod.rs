//! When, by whom, for how long?
//!
//! Events are put in order, folded bucket by bucket into states, and each state is judged; what comes out are intervals,
//! exposures, and what each change did. Policy text is never looked at here: `judge` is asked.

mod account;
mod apply;
mod creation;
mod doubt;
mod effect;
mod ending;
mod fold;
mod interval;
mod lesson;
mod objects;
mod observed;
mod order;
mod points;
mod proof;
mod registry;
mod rows;
mod second;
mod standing;
mod step;
mod summary;
mod told;
mod types;
mod visit;
mod walk;

pub use fold::{EndOf, Reconstruction, reconstruct};
pub use types::{
    Cause, ChangeRow, ChangeScope, ClosedHow, Contradiction, ContradictionKind, Effect, Exposure,
    Interval, OpenedHow, Scope, Settings, Timeline,
};
