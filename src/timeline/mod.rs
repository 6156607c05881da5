//! When, by whom, for how long?
//!
//! Events are put in order, folded bucket by bucket into states, and each state is judged; what comes out are intervals,
//! exposures, and what each change did. Policy text is never looked at here: `judge` is asked.

mod access;
mod account;
mod among;
mod apply;
mod assumed;
mod contradiction;
mod creation;
mod density;
mod distinct;
mod doubt;
mod effect;
mod ending;
mod first;
mod fold;
mod id;
mod interval;
mod intrusion;
mod lesson;
mod objects;
mod observed;
mod order;
mod origin;
mod passing;
mod perhaps;
mod points;
mod possible;
mod proof;
mod realm;
mod registry;
mod remains;
mod rows;
mod second;
mod shown;
mod standing;
mod step;
mod steps;
mod sum;
mod summary;
mod takeover;
mod told;
mod trace;
mod types;
mod uploads;
mod visit;
mod walk;
mod whence;
mod words;

pub use access::{AccessRow, Attendance, Visitor, Visits};
pub use contradiction::{Contradiction, ContradictionKind};
pub use density::Density;
pub use fold::{EndOf, Reconstruction, reconstruct, sort_changes, sort_contradictions};
pub use origin::{Origin, Origins, Tracer};
pub use realm::{Apart, Realm, Survey};
pub use sum::Effects;
pub use trace::{Recorded, Unissued};
pub use types::{
    Cause, ChangeRow, ChangeScope, ClosedHow, Effect, Exposure, Interval, OpenedHow, Remains,
    Scope, Settings, Timeline,
};
