//! What was done to S3, as AWS writes it?
//!
//! Syntax only: a record of interest becomes an [`ExposureEvent`]. What it means for who can get in is `exposure`'s question.

mod access_point;
mod acl;
mod actor;
mod amend;
mod block;
mod change;
mod document;
mod held;
mod inquiry;
mod json;
mod outcome;
mod ownership;
mod policy;
mod read;
mod request;
pub mod table;

pub use acl::{Acl, AclGrant, AclPermission, CannedAcl, Grantee};
pub use actor::Actor;
pub use amend::{amend, amended_event};
pub use block::BlockFlags;
pub use change::{
    AccessPointChange, Asked, Change, CitedEvent, Copies, EventKey, ExposureEvent, NetworkOrigin,
    Payer,
};
pub use document::Document;
pub use held::{HeldKind, held};
pub use inquiry::{CitedInquiry, Heard, Inquiry, Switch, Told, read_inquiry};
pub use outcome::Outcome;
pub use ownership::Ownership;
pub use policy::{
    Condition, Effect, Policy, Principal, Principals, Quantifier, Selection, Statement,
};
pub use read::{Unusable, event_time, read_event};
pub use request::{Asking, Caller, CitedRequest, Request, read_request};
