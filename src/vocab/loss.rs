//! What could not be used, and why?
//!
//! Damaged input is a value: every byte that was given and not understood has its line here.

use crate::vocab::{LogFileId, Untrusted};

/// Something in a log file that could not be used.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Loss {
    /// The log file it was in.
    pub log_file: LogFileId,
    /// Which record, counted from 0, where one can be named.
    pub record_index: Option<u64>,
    /// Where it began: a byte offset into the file (for kinds of compression) or into its text (for the rest).
    pub offset: Option<u64>,
    /// What kind of damage.
    pub kind: LossKind,
    /// The damage in words.
    pub detail: Untrusted,
    /// How many bytes were given up, where that is known.
    pub bytes: Option<u64>,
}

/// The kinds of loss. Their names are public: they stand in the losses table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LossKind {
    /// The file could not be opened or read.
    Unreadable,
    /// The file is empty.
    Empty,
    /// The gzip stream ends before its end.
    TruncatedGzip,
    /// The gzip stream is damaged, or its checksum is wrong.
    CorruptGzip,
    /// Bytes that are no gzip member follow the last member.
    TrailingBytes,
    /// More would have come out than the size cap allows.
    SizeCap,
    /// The text is in an encoding that is not read.
    Encoding,
    /// The bytes are neither gzip nor JSON, though the file's name says so.
    NotJson,
    /// The JSON text ends before its end.
    TruncatedJson,
    /// The JSON text is malformed.
    MalformedJson,
    /// A record nests deeper than the limit.
    TooDeep,
    /// An element of a log file that is no CloudTrail record.
    NotARecord,
    /// A record without a field that it cannot be used without.
    MissingField,
    /// A change whose request parameters could not be understood: its control is opaque from there.
    OpaqueParameters,
    /// A change whose bucket cannot be named.
    NoBucket,
}

impl LossKind {
    /// The kind's name in the losses table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Empty => "empty",
            Self::TruncatedGzip => "truncated-gzip",
            Self::CorruptGzip => "corrupt-gzip",
            Self::TrailingBytes => "trailing-bytes",
            Self::SizeCap => "size-cap",
            Self::Encoding => "encoding",
            Self::NotJson => "not-json",
            Self::TruncatedJson => "truncated-json",
            Self::MalformedJson => "malformed-json",
            Self::TooDeep => "too-deep",
            Self::NotARecord => "not-a-record",
            Self::MissingField => "missing-field",
            Self::OpaqueParameters => "opaque-parameters",
            Self::NoBucket => "no-bucket",
        }
    }
}

/// Why a file was passed over without a loss: it is not a CloudTrail log file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SkipReason {
    /// A digest file, which holds hashes of log files.
    Digest,
    /// A file of Insight records.
    Insight,
    /// A file of aggregated records.
    Aggregated,
    /// Neither its name nor its content is a CloudTrail log file's.
    NotCloudTrail,
    /// Not a regular file.
    NotAFile,
}

impl SkipReason {
    /// The reason's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Insight => "insight",
            Self::Aggregated => "aggregated",
            Self::NotCloudTrail => "not-cloudtrail",
            Self::NotAFile => "not-a-file",
        }
    }
}
