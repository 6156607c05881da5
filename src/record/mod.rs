//! Which records does a text hold, and what does each say?
//!
//! [`split`] finds the records without reading them; [`Decoder`] reads one. A [`RawRecord`] is the record exactly as it
//! was written, so that it can be shown so.

mod damage;
mod decode;
mod keys;
mod resume;
mod scan;
mod shape;

pub use damage::Damage;
pub use decode::{DecodeError, Decoder, Record};
pub use shape::{MAX_DEPTH, RawRecord, Split, TextKind, split};
