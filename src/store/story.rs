//! What does one log file tell, as a store keeps it?
//!
//! Records that decide are kept as they were written; what there is by the million is kept packed, beside columns that anybody
//! can read; the rest is counts and spans.

use crate::event::{CitedIssuance, Whereabouts};
use crate::evidence::Evidence;
use crate::integrity::Material;
use crate::spill::Lines;
use crate::vocab::{AccountId, BucketName, LogFileId, Region, Timestamp, Untrusted};

/// All that one log file told.
pub struct Story {
    /// Which log file.
    pub log_file: LogFileId,
    /// Its account, coverage, reads and losses.
    pub evidence: Evidence,
    /// What it can be checked with.
    pub material: Material,
    /// Its records that decide.
    pub kept: Vec<KeptRecord>,
    /// Requests from outside, packed.
    pub requests: Lines,
    /// Issued sessions.
    pub sessions: Vec<CitedIssuance>,
    /// From where callers called.
    pub addresses: Vec<Whereabouts>,
}

/// A record that is kept as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptRecord {
    /// Which record of the log file, counted from 0.
    pub index: u64,
    /// eventTime.
    pub time: Option<Timestamp>,
    /// The account whose bucket or trail it is, as far as the record tells.
    pub account: Option<AccountId>,
    /// awsRegion.
    pub region: Option<Region>,
    /// The bucket.
    pub bucket: Option<BucketName>,
    /// eventSource.
    pub source: Untrusted,
    /// eventName.
    pub name: Untrusted,
    /// eventID.
    pub event_id: Untrusted,
    /// Why it is kept.
    pub aside: Aside,
    /// The record, without white space between its values.
    pub record: Untrusted,
}

/// Why a record is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Aside {
    /// It decides by itself, or tells of a trail.
    Change,
    /// It writes an object: it counts where some call let others in to that object.
    Write(WrittenObject),
}

/// The object that a record writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrittenObject {
    /// Its key.
    pub key: Untrusted,
    /// Whether the call is a request from outside too.
    pub asked: bool,
}

/// A file of a source, and what tells its content from another's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Its name.
    pub id: LogFileId,
    /// Its size.
    pub bytes: u64,
    /// When it was changed, or its ETag.
    pub version: Option<Box<str>>,
    /// The SHA-256 of its bytes, in hex digits.
    pub sha256: Option<Box<str>>,
    /// How much was allowed to come out of it, where something could not be used: it may have been too little.
    pub max_inflated: Option<u64>,
    /// Whether it is to be read again even if it is the same: it could not be opened, or listed.
    pub unsettled: bool,
}
