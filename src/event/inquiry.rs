//! What does a read tell of a control? Reads change nothing, but their answers prove.
//!
//! `NoSuchBucketPolicy` proves that there is no policy; a policy that was served proves that there is one. How long the
//! answer was is kept too: it may contradict what was written, and decides nothing.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>

use super::acl::Acl;
use super::block::BlockFlags;
use super::change::{Change, EventKey, ExposureEvent};
use super::cited::{Belief, CitedEvent, Copies};
use super::json::{field, text_at};
use super::outcome::Outcome;
use super::ownership::Ownership;
use super::policy::Policy;
use super::read::{Place, Subject, Unusable, time_of};
use super::table::InquiryKind;
use crate::record::Record;
use crate::vocab::{AccountId, BucketName, Citation, Region, Timestamp, Untrusted};
use serde_json::Value;

/// What a bucket's or an account's control was at one instant, as somebody read it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Told {
    /// The bucket policy; `None` if there was none.
    Policy(Option<Policy>),
    /// A policy was served: there was one. So many bytes, where the record says.
    PolicyServed(Option<u64>),
    /// The bucket's ACL, as S3 showed it.
    Acl(Acl),
    /// The bucket's own block; no configuration is no flag.
    Block(BlockFlags),
    /// The bucket's block was served: there was a configuration. So many bytes, where the record says.
    BlockServed(Option<u64>),
    /// The account's block; no configuration is no flag.
    AccountBlock(BlockFlags),
    /// Object ownership; no rule is ObjectWriter.
    Ownership(Ownership),
    /// Whether the bucket was configured as a website.
    Website(Switch),
    /// The bucket was there.
    Exists,
    /// There was no bucket of that name.
    NoBucket,
}

/// The answers that a log can hold, and what each is called.
const ANSWERS: [(&str, Told); 8] = [
    ("no-policy", Told::Policy(None)),
    ("no-block", Told::Block(BlockFlags::NONE)),
    ("no-account-block", Told::AccountBlock(BlockFlags::NONE)),
    ("no-ownership", Told::Ownership(Ownership::ObjectWriter)),
    ("website", Told::Website(Switch::On)),
    ("no-website", Told::Website(Switch::Off)),
    ("bucket", Told::Exists),
    ("no-bucket", Told::NoBucket),
];

impl Told {
    /// What a logged read told in one word, and how long the answer was where that is kept; `None` for a document that is
    /// held, which no log holds.
    pub fn in_short(&self) -> Option<(&'static str, Option<u64>)> {
        match self {
            Self::PolicyServed(bytes) => Some(("policy", *bytes)),
            Self::BlockServed(bytes) => Some(("block", *bytes)),
            told => {
                let mut answers = ANSWERS.iter();
                let found = answers.find(|(_, answer)| answer == told)?;
                Some((found.0, None))
            }
        }
    }

    /// What is told so in short.
    pub fn of_short(word: &str, bytes: Option<u64>) -> Option<Self> {
        match word {
            "policy" => Some(Self::PolicyServed(bytes)),
            "block" => Some(Self::BlockServed(bytes)),
            word => {
                let mut answers = ANSWERS.iter();
                let found = answers.find(|(known, _)| *known == word)?;
                Some(found.1.clone())
            }
        }
    }
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Switch {
    /// It was on.
    On,
    /// It was off.
    Off,
}

impl Told {
    /// Whether it speaks of every bucket of an account.
    pub fn is_account_wide(&self) -> bool {
        matches!(self, Self::AccountBlock(_))
    }
}

/// One read, and what its answer tells.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Inquiry {
    /// When it was answered.
    pub time: Timestamp,
    /// The account whose bucket or block it is, as far as the record tells.
    pub account: Option<AccountId>,
    /// The bucket, absent for account-wide reads.
    pub bucket: Option<BucketName>,
    /// awsRegion.
    pub region: Option<Region>,
    /// eventName, as AWS writes it.
    pub name: &'static str,
    /// What the answer tells.
    pub told: Told,
    /// Where it was heard.
    pub heard: Heard,
}

/// Where a read was heard of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Heard {
    /// A record of the logs tells of it.
    Logged,
    /// It is among the documents that the investigator holds.
    Held,
    /// It follows from what another account did: no answer came late.
    Followed,
}

/// A read, which event it is, and the record that tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CitedInquiry {
    /// Which event it is.
    pub key: EventKey,
    /// The read.
    pub inquiry: Inquiry,
    /// The record it was read from, of copies the smallest.
    pub citation: Citation,
}

impl CitedInquiry {
    /// The read as an event that can be cited.
    pub fn to_event(&self) -> CitedEvent {
        let inquiry = &self.inquiry;
        CitedEvent {
            event: ExposureEvent {
                key: self.key.clone(),
                time: inquiry.time,
                name: inquiry.name,
                region: inquiry.region.clone(),
                account: inquiry.account.clone(),
                bucket: inquiry.bucket.clone(),
                change: Change::Read,
                outcome: Outcome::Took,
                error_message: Untrusted::default(),
                actor: Default::default(),
                shared_event_id: None,
                recipient: None,
                fullness: 0,
                record: Untrusted::default(),
            },
            citation: self.citation.clone(),
            copies: Copies::Agree,
            belief: Belief::Unvouched,
        }
    }
}

/// Reads what a read of that kind tells; `None` where its answer tells nothing.
///
/// # Errors
/// If it tells something, and when or of which bucket cannot be told.
pub fn read_inquiry(
    kind: &InquiryKind,
    record: &Record<'_>,
    raw: &[u8],
) -> Result<Option<(EventKey, Inquiry)>, Unusable> {
    let answer = record.pick(&["errorCode", "additionalEventData"]);
    let outcome = Outcome::of_record(&answer);
    let Some(told) = kind.told(&outcome, served(&answer)) else {
        return Ok(None);
    };
    let json = record.to_json();
    let subject = if told.is_account_wide() {
        Subject::Account
    } else {
        Subject::Bucket
    };
    let place = Place::of(&json, time_of(record)?, raw, subject)?;
    Ok(Some((
        place.key,
        Inquiry {
            time: place.time,
            account: place.account,
            bucket: place.bucket,
            region: place.region,
            name: kind.name,
            told,
            heard: Heard::Logged,
        },
    )))
}

/// How many bytes the answer had: `bytesTransferredOut`, which some records write as a floating-point number.
fn served(json: &Value) -> Option<u64> {
    let bytes = field(field(json, "additionalEventData")?, "bytesTransferredOut")?;
    let text = || {
        text_at(json, &["additionalEventData", "bytesTransferredOut"])
            .parse()
            .ok()
    };
    let number = bytes.as_f64().or_else(text)?;
    (number >= 0.0 && number.fract() == 0.0 && number < 1e15).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::super::table::{S3, inquiry_of, read_named};
    use super::*;

    #[test]
    fn every_answer_of_a_log_comes_back_from_a_word() {
        let outcomes = [
            "",
            "NoSuchBucket",
            "NoSuchBucketPolicy",
            "NoSuchPublicAccessBlockConfiguration",
            "OwnershipControlsNotFoundError",
            "NoSuchWebsiteConfiguration",
        ];
        let names = [
            "BucketPolicy",
            "BucketPolicyStatus",
            "BucketPublicAccessBlock",
            "AccountPublicAccessBlock",
            "BucketOwnershipControls",
            "BucketWebsite",
            "BucketAcl",
        ];
        let mut told = 0;
        for name in names.map(|name| format!("Get{name}")) {
            let kind = inquiry_of(S3, &name).unwrap();
            assert_eq!(read_named(&name), Some(kind.name));
            for (code, bytes) in outcomes
                .iter()
                .zip([None, Some(0), Some(617)].iter().cycle())
            {
                if let Some(answer) = kind.told(&Outcome::of(Some(code)), *bytes) {
                    let (word, bytes) = answer.in_short().unwrap();
                    assert_eq!(Told::of_short(word, bytes), Some(answer));
                    told += 1;
                }
            }
        }
        assert!(told > 15, "{told}");
        assert_eq!(Told::of_short("something", None), None);
        assert_eq!(Told::AccountBlock(BlockFlags::ALL).in_short(), None);
    }
}
