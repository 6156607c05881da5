//! The nouns of the field: what a log file, a bucket, an account, an instant is called.
//!
//! No behaviour, no input or output. Every other module may use these; these use nothing.

mod citation;
mod id;
mod loss;
mod named;
mod pattern;
mod time;
mod untrusted;

pub use citation::{Citation, LogFileId};
pub use id::{AccountId, BucketName, EventId, Region};
pub(crate) use named::named;

pub use loss::{Loss, LossKind, SkipReason};
pub use pattern::{matches_by, matches_pattern};
pub use time::{Calendar, Span, Timestamp};
pub use untrusted::Untrusted;
