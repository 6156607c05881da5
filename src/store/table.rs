//! Which tables does a segment have, and which columns?
//!
//! This is the schema: whatever reads Parquet can read a store. Every row names the file of the source that it rests on
//! (`source_file`), so that what a file told can be taken out again when the file has changed.

use crate::vocab::named;

named! {
    /// The tables of a segment.
    Table {
        /// The files of the source, each once, and what tells their content from another.
        Sources = "sources",
        /// Every log file, those in archives too, and what became of it.
        Files = "files",
        /// When each log file has records, by account, Region, category and hour.
        Activity = "activity",
        /// Over which span each log file covers accounts and Regions, logs buckets' data events, issues sessions.
        Spans = "spans",
        /// Records of calls that decide who can get in, and of calls on trails, as they were written.
        Changes = "changes",
        /// Records of writes of objects that matter only where some call let others in to the object.
        Writes = "writes",
        /// Reads whose answer proves something.
        Reads = "reads",
        /// Issued sessions.
        Sessions = "sessions",
        /// Requests from outside.
        Requests = "requests",
        /// From where callers called.
        Addresses = "addresses",
        /// What could not be used.
        Losses = "losses",
        /// What files can be checked with: hashes, trailing bytes, digests.
        Proofs = "proofs",
    }
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Text,
    Integer,
    Time,
    Boolean,
    Bytes,
}

use Kind::{Boolean, Bytes, Integer, Text, Time};

/// A column's name and what it holds.
pub(super) type Column = (&'static str, Kind);

/// The columns of `sources`.
const SOURCES: &[Column] = &[
    ("source_file", Text),
    ("bytes", Integer),
    ("version", Text),
    ("sha256", Text),
    ("max_inflated", Integer),
    ("unsettled", Boolean),
];

const FILES: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("bytes", Integer),
    ("fate", Text),
    ("skipped_because", Text),
    ("records", Integer),
    ("not_of_interest", Integer),
    ("lost_records", Integer),
    ("first_event", Time),
    ("last_event", Time),
];

const ACTIVITY: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("account_id", Text),
    ("region", Text),
    ("category", Text),
    ("hour", Time),
    ("records", Integer),
    ("first_event", Time),
    ("last_event", Time),
];

const SPANS: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("what", Text),
    ("account_id", Text),
    ("region", Text),
    ("bucket", Text),
    ("first_event", Time),
    ("last_event", Time),
];

const CHANGES: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("record_index", Integer),
    ("event_time", Time),
    ("account_id", Text),
    ("region", Text),
    ("bucket", Text),
    ("event_source", Text),
    ("event_name", Text),
    ("event_id", Text),
    ("record", Text),
];

const WRITES: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("record_index", Integer),
    ("event_time", Time),
    ("account_id", Text),
    ("region", Text),
    ("bucket", Text),
    ("event_source", Text),
    ("event_name", Text),
    ("event_id", Text),
    ("record", Text),
    ("object_key", Text),
    ("from_outside", Boolean),
    ("find_by_object", Integer),
];

const READS: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("record_index", Integer),
    ("event_time", Time),
    ("account_id", Text),
    ("region", Text),
    ("bucket", Text),
    ("event_name", Text),
    ("event_id", Text),
    ("recipient_account_id", Text),
    ("record_sha256", Text),
    ("told", Text),
    ("answer_bytes", Integer),
];

const SESSIONS: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("record_index", Integer),
    ("event_time", Time),
    ("account_id", Text),
    ("region", Text),
    ("event_name", Text),
    ("event_id", Text),
    ("access_key_id", Text),
    ("session", Text),
    ("asked_by", Text),
    ("source_ip", Text),
    ("packed", Bytes),
    ("event_hash", Bytes),
    ("find_by_key", Integer),
    ("find_by_session", Integer),
    ("find_by_shared", Integer),
];

const REQUESTS: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("record_index", Integer),
    ("event_time", Time),
    ("account_id", Text),
    ("region", Text),
    ("bucket", Text),
    ("event_name", Text),
    ("event_id", Text),
    ("object_key", Text),
    ("asked_by", Text),
    ("source_ip", Text),
    ("user_agent", Text),
    ("outcome", Text),
    ("error_code", Text),
    ("bytes_out", Integer),
    ("packed", Bytes),
];

const ADDRESSES: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("event_time", Time),
    ("asked_by", Text),
    ("access_key_id", Text),
    ("session_began", Time),
    ("source_ip", Text),
    ("event_source", Text),
    ("event_id", Text),
    ("recipient_account_id", Text),
    ("record_sha256", Text),
    ("find_by_caller", Integer),
];

const LOSSES: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("record_index", Integer),
    ("offset", Integer),
    ("kind", Text),
    ("detail", Text),
    ("bytes", Integer),
];

const PROOFS: &[Column] = &[
    ("source_file", Text),
    ("log_file", Text),
    ("content_sha256", Text),
    ("file_sha256", Text),
    ("trailing_offset", Integer),
    ("trailing_bytes", Integer),
    ("trailing_is_member", Boolean),
    ("trailing_records", Integer),
    ("trailing_first_record", Integer),
    ("damage", Text),
    ("digest", Text),
    ("digest_unreadable", Text),
];

impl Table {
    /// All of them, in the order in which they are told of.
    pub const ALL: [Self; 12] = [
        Self::Sources,
        Self::Files,
        Self::Activity,
        Self::Spans,
        Self::Changes,
        Self::Writes,
        Self::Reads,
        Self::Sessions,
        Self::Requests,
        Self::Addresses,
        Self::Losses,
        Self::Proofs,
    ];

    /// The names of its columns.
    pub fn columns(self) -> impl Iterator<Item = &'static str> {
        self.schema().iter().map(|(name, _)| *name)
    }

    pub(super) fn schema(self) -> &'static [Column] {
        match self {
            Self::Sources => SOURCES,
            Self::Files => FILES,
            Self::Activity => ACTIVITY,
            Self::Spans => SPANS,
            Self::Changes => CHANGES,
            Self::Writes => WRITES,
            Self::Reads => READS,
            Self::Sessions => SESSIONS,
            Self::Requests => REQUESTS,
            Self::Addresses => ADDRESSES,
            Self::Losses => LOSSES,
            Self::Proofs => PROOFS,
        }
    }
}
