//! What was done to S3, as AWS writes it?
//!
//! Syntax only: a record of interest becomes an [`ExposureEvent`]. What it means for who can get in is `exposure`'s question.

mod access_point;
mod acl;
mod actor;
mod amend;
mod block;
mod bytes;
mod change;
mod cited;
mod copied;
mod document;
mod held;
mod inquiry;
mod issuances;
mod json;
mod outcome;
mod ownership;
mod pack;
mod phrase;
mod policy;
mod read;
mod request;
mod session;
mod sources;
pub mod table;
mod trail;
mod whereabouts;

pub use acl::{Acl, AclGrant, AclPermission, CannedAcl, Grantee};
pub use actor::Actor;
pub use amend::{amend, amended_event};
pub use block::BlockFlags;
pub use change::{
    AccessPointChange, Asked, Change, EventKey, ExposureEvent, NetworkOrigin, Payer, Upload,
    Version,
};
pub use cited::{Belief, CitedEvent, Copies};
pub use copied::is_alias;
pub use document::Document;
pub use held::{HeldKind, held, held_of_bucket};
pub use inquiry::{CitedInquiry, Heard, Inquiry, Switch, Told, read_inquiry};
pub use issuances::{IssuanceKind, issuance_of};
pub use outcome::Outcome;
pub use ownership::Ownership;
pub use phrase::phrase;
pub use policy::{
    Condition, Effect, Policy, Principal, Principals, Quantifier, Selection, Statement,
};
pub use read::{
    QuietWrite, Unusable, bucket_and_owner, bucket_named, bucket_of_record, content_hash,
    content_length, event_key, event_time, policy_written, read_event, record_text,
};
pub use request::{
    Asking, Caller, CitedRequest, Copied, Request, bucket_of_prefix, bucket_prefix,
    has_unsound_bytes, is_own_by_type, prefix_of, read_requests,
};
pub use session::{CitedIssuance, Issuance, Session, read_issuance};
pub use sources::{is_source_of_interest, names_of_interest};
pub use trail::{TrailCalls, TrailEvent};
pub use whereabouts::{DirectCall, Likeness, Whereabouts};
