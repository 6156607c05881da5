//! What can be said of a digest, of a log file? Closed lists, each as strong as the material allows and no stronger.

use crate::vocab::named;

named! {
    /// What can be said of one log file.
    LogVerdict {
        /// Its content is what a digest says, and that digest is signed.
        Proven = "proven",
        /// Its content is what a digest says, and nothing here can prove that digest.
        Consistent = "consistent",
        /// Its content is not what a digest says.
        HashMismatch = "hash-mismatch",
        /// Bytes follow the one gzip member that CloudTrail writes.
        TrailingData = "trailing-data",
        /// A digest names it, and it is not here.
        Missing = "missing",
        /// No digest names it.
        Unreferenced = "unreferenced",
        /// Only digests that are invalid name it.
        DigestInvalid = "digest-invalid",
        /// A digest names it, and its content could not be read to the end.
        Unreadable = "unreadable",
        /// Its content is what a digest says, and its gzip member is cut off or has another checksum: it is no gzip file any more.
        Malformed = "malformed",
    }
}

named! {
    /// What can be said of one digest.
    DigestVerdict {
        /// The saved metadata of the object has its signature, and it is good.
        SignatureOk = "signature-ok",
        /// The digest after it has its signature, and it is good.
        SignatureFromSuccessorOk = "signature-from-successor-ok",
        /// The digest after it has its hash; without keys that is all there is.
        LinkedOnly = "linked-only",
        /// No digest after it is here, nor saved metadata: nothing speaks for it.
        UnverifiableLastOfChain = "unverifiable-last-of-chain",
        /// The keys do not have the one that it says it was signed with.
        KeyMissing = "key-missing",
        /// A signature is here, and it is not good.
        SignatureBad = "signature-bad",
        /// Its hash is not the one that the digest after it has.
        HashLinkBad = "hash-link-bad",
        /// It says that it was delivered elsewhere.
        Moved = "moved",
        /// Another digest, or the hour it should be of, tells of it; it is not here.
        Missing = "missing",
        /// It is no digest file that can be read.
        Malformed = "malformed",
        /// Bytes follow its gzip member.
        TrailingData = "trailing-data",
    }
}

named! {
    /// What can be said of one record, the best first.
    RecordVerdict {
        /// A signed digest speaks for its file.
        Proven = "proven",
        /// A digest speaks for its file.
        Consistent = "consistent",
        /// No digest names its file.
        Unreferenced = "unreferenced",
        /// Its file could not be read to the end.
        Unreadable = "unreadable",
        /// Its file is no whole gzip file, though what came out is what a digest says.
        Malformed = "malformed",
        /// Its file has bytes that CloudTrail did not write; they come after it.
        TrailingData = "trailing-data",
        /// Only digests that are invalid name its file.
        DigestInvalid = "digest-invalid",
        /// Its file is not what a digest says.
        HashMismatch = "hash-mismatch",
        /// It stands in bytes that CloudTrail did not write.
        Unproven = "unproven",
    }
}

impl RecordVerdict {
    /// Whether no digest that may be believed speaks for the record.
    pub fn is_doubtful(self) -> bool {
        !matches!(self, Self::Proven | Self::Consistent)
    }
}

impl From<LogVerdict> for RecordVerdict {
    fn from(verdict: LogVerdict) -> Self {
        match verdict {
            LogVerdict::Proven => Self::Proven,
            LogVerdict::Consistent => Self::Consistent,
            LogVerdict::Unreferenced | LogVerdict::Missing => Self::Unreferenced,
            LogVerdict::Unreadable => Self::Unreadable,
            LogVerdict::Malformed => Self::Malformed,
            LogVerdict::TrailingData => Self::TrailingData,
            LogVerdict::DigestInvalid => Self::DigestInvalid,
            LogVerdict::HashMismatch => Self::HashMismatch,
        }
    }
}

/// How far a digest may be believed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Trust {
    /// Not at all.
    Invalid,
    /// As far as it fits the others.
    Consistent,
    /// CloudTrail's key signed it.
    Signed,
}

impl LogVerdict {
    /// Whether the file is not what was delivered: what `verify` ends with status 5 for.
    pub fn is_invalid(self) -> bool {
        matches!(
            self,
            Self::HashMismatch
                | Self::TrailingData
                | Self::Missing
                | Self::DigestInvalid
                | Self::Malformed
        )
    }
}

impl DigestVerdict {
    /// How far a digest with that verdict may be believed.
    pub fn trust(self) -> Trust {
        match self {
            Self::SignatureOk | Self::SignatureFromSuccessorOk => Trust::Signed,
            Self::LinkedOnly | Self::UnverifiableLastOfChain | Self::KeyMissing => {
                Trust::Consistent
            }
            Self::SignatureBad
            | Self::HashLinkBad
            | Self::Moved
            | Self::Missing
            | Self::Malformed
            | Self::TrailingData => Trust::Invalid,
        }
    }

    /// Whether `verify` ends with status 5 for it. Keys were given, and the one it names is not among them: whoever
    /// writes a chain anew with a key of his own would look so, so that counts, as it does for `aws cloudtrail validate-logs`.
    pub fn is_invalid(self) -> bool {
        self.trust() == Trust::Invalid || self == Self::KeyMissing
    }
}

named! {
    /// Why no digest names a log file, as far as its name tells.
    Unreferenced {
        /// Its name is none that CloudTrail gives.
        NoDeliveredName = "no-delivered-name",
        /// No digest of its account and Region is here.
        NoChain = "no-chain",
        /// It was delivered before the first digest of its account and Region begins.
        BeforeFirstDigest = "before-first-digest",
        /// It was delivered after the last one ends.
        AfterLastDigest = "after-last-digest",
        /// It was delivered in an hour whose digest is missing.
        DigestMissing = "digest-missing",
        /// It was delivered while no digests were.
        InGap = "in-gap",
        /// It was delivered, its name says, in the hour of a digest that does not name it.
        InsideChain = "inside-chain",
    }
}

impl Unreferenced {
    /// The same in words.
    pub fn detail(self) -> &'static str {
        match self {
            Self::NoDeliveredName => "its name is none that CloudTrail gives",
            Self::NoChain => "no digest of its account and Region is here",
            Self::BeforeFirstDigest => "delivered before the first digest here",
            Self::AfterLastDigest => "delivered after the last digest here",
            Self::DigestMissing => "the digest of its hour is missing",
            Self::InGap => "delivered in an hour without a digest that can be used",
            Self::InsideChain => {
                "its hour has a digest, which does not name it: planted, or named by another trail's digests"
            }
        }
    }
}
