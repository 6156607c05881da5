//! What was done to S3, as AWS writes it?
//!
//! Syntax only: a record of interest becomes an [`ExposureEvent`]. What it means for who can get in is `exposure`'s question.

mod acl;
mod actor;
mod block;
mod change;
mod document;
mod json;
mod ownership;
mod policy;
mod read;
pub mod table;

pub use acl::{Acl, AclGrant, AclPermission, CannedAcl, Grantee};
pub use actor::Actor;
pub use block::BlockFlags;
pub use change::{Asked, Change, CitedEvent, EventKey, ExposureEvent, Outcome};
pub use document::Document;
pub use ownership::Ownership;
pub use policy::{
    Condition, Effect, Policy, Principal, Principals, Quantifier, Selection, Statement,
};
pub use read::{Unusable, event_time, read_event};
