//! Is it public? [`judge`] answers for one state of a bucket's controls: total, pure, and the whole rule on one screen.
//!
//! Knows nothing of records, files or time.

mod access_list;
mod access_point;
mod action;
mod assumption;
mod birth;
mod bite;
mod condition;
mod deny;
mod edition;
mod entrance;
mod explain;
mod fixed;
mod grant;
mod judge;
mod keys;
mod known;
mod limits;
mod meaning;
mod network;
mod objects;
mod pattern;
mod places;
mod principal;
mod resource;
mod state;
mod verdict;
mod way;

pub use crate::vocab::matches_pattern;
pub use access_point::{AccessPoint, judge_access_point};
pub use assumption::{Entry, Gate};
pub use birth::{Defaults, defaults_at};
pub use condition::PolicyKind;
pub use edition::Edition;
pub use entrance::Entrance;
pub use grant::{Grantees, Owner};
pub use judge::{Judgement, judge};
pub use known::Known;
pub use meaning::PolicyMeaning;
pub use objects::{AtMost, ObjectAcls, judge_objects};
pub use state::{AclSetting, BlockSetting, BucketState, PolicyInForce};
pub use verdict::{
    Answer, Assumption, Audience, Certainty, Mechanism, Outsider, Permission, Reach, Verdict,
};
