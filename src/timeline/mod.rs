//! When, by whom, for how long?
//!
//! Events are put in order, folded bucket by bucket into states, and each state is judged; what comes out are intervals,
//! exposures, and what each change did. Policy text is never looked at here: `judge` is asked.

mod account;
mod apply;
mod creation;
mod doubt;
mod effect;
mod fold;
mod interval;
mod order;
mod proof;
mod rows;
mod second;
mod summary;
mod types;
mod walk;

pub use fold::{EndOf, Reconstruction, reconstruct};
pub use types::{
    Cause, ChangeRow, ClosedHow, Contradiction, ContradictionKind, Effect, Exposure, Interval,
    OpenedHow, Scope, Settings, Timeline,
};
