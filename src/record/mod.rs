//! Which records does a text hold, and what does each say?
//!
//! [`split`] finds the records without reading them; [`Decoder`] reads one. A [`RawRecord`] is the record exactly as it
//! was written, so that it can be shown so.

mod blocks;
mod context;
mod damage;
mod decode;
mod envelope;
mod form;
mod frame;
mod framed;
mod glance;
mod keys;
mod outside;
mod places;
mod repeated;
mod resume;
mod scan;
mod shape;
mod skeleton;
mod skip;
mod splitter;
mod strings;
mod sweep;
mod taking;
mod window;
mod written;

pub use damage::Damage;
pub use decode::{DecodeError, Decoder, Part, Record, Scalar, View};
pub use form::{Form, form_of, is_parquet_of_events};
pub use glance::{Field, Glance};
pub use shape::{
    After, Fed, Found, MAX_DEPTH, MAX_RECORD, MAX_WINDOW, Opened, Opener, RawRecord, Split,
    TextKind, Told, split,
};
pub use splitter::Splitter;
