//! What could not be used, and why?
//!
//! Damaged input is a value: every byte that was given and not understood has its line here.

use crate::vocab::{LogFileId, Untrusted, named};

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

named! {
    /// The kinds of loss. Their names are public: they stand in the losses table.
    LossKind {
        /// The file could not be opened or read.
        Unreadable = "unreadable",
        /// The file is empty.
        Empty = "empty",
        /// The gzip stream ends before its end.
        TruncatedGzip = "truncated-gzip",
        /// The gzip stream is damaged, or its checksum is wrong.
        CorruptGzip = "corrupt-gzip",
        /// Bytes that are no gzip member follow the last member.
        TrailingBytes = "trailing-bytes",
        /// More would have come out than the size cap allows.
        SizeCap = "size-cap",
        /// The text is in an encoding that is not read.
        Encoding = "encoding",
        /// The bytes are neither gzip nor JSON, though the file's name says so.
        NotJson = "not-json",
        /// The JSON text ends before its end.
        TruncatedJson = "truncated-json",
        /// The JSON text is malformed.
        MalformedJson = "malformed-json",
        /// The file is encrypted.
        Encrypted = "encrypted",
        /// A form in which CloudTrail events are kept that is recognised, but not read: a table, a rendering, another compression.
        UnreadForm = "unread-form",
        /// An archive's list or one of its files is damaged.
        CorruptArchive = "corrupt-archive",
        /// A record is longer than the limit.
        TooLong = "too-long",
        /// A record nests deeper than the limit.
        TooDeep = "too-deep",
        /// An element of a log file that is no CloudTrail record.
        NotARecord = "not-a-record",
        /// A record without a field that it cannot be used without.
        MissingField = "missing-field",
        /// A change whose request parameters could not be understood: its control is opaque from there.
        OpaqueParameters = "opaque-parameters",
        /// A request from outside whose byte count is no number of bytes; the rest of it is used.
        UnsoundBytes = "unsound-bytes",
        /// A change whose bucket cannot be named.
        NoBucket = "no-bucket",
        /// A document of the known state that cannot be used.
        KnownState = "known-state",
        /// A segment of an evidence store is damaged, and what it held was not read again.
        DamagedStore = "damaged-store",
    }
}

named! {
    /// Why a file was passed over without a loss: it is not a CloudTrail log file.
    SkipReason {
        /// A digest file, which holds hashes of log files.
        Digest = "digest",
        /// A file of Insight records.
        Insight = "insight",
        /// A file of aggregated records.
        Aggregated = "aggregated",
        /// Control messages of a CloudWatch Logs subscription only.
        ControlMessage = "control-message",
        /// Delivered before the first day that was asked for.
        DeliveredBefore = "delivered-before",
        /// Delivered after the last day that was asked for.
        DeliveredAfter = "delivered-after",
        /// Its name matches none of the patterns to include.
        NotIncluded = "not-included",
        /// Its name matches a pattern to exclude.
        Excluded = "excluded",
        /// It belongs to another shard of the archive.
        OtherShard = "other-shard",
        /// Neither its name nor its content is a CloudTrail log file's.
        NotCloudTrail = "not-cloudtrail",
        /// Not a regular file.
        NotAFile = "not-a-file",
    }
}
