//! How is a request from outside kept, of which there may be millions? As bytes that sort as requests are to be read.

use super::{Asking, Caller, CitedRequest, Copied, Request};
use crate::event::actor::Actor;
use crate::event::change::EventKey;
use crate::event::outcome::Outcome;
use crate::event::pack::{Packer, Unpacker};
use crate::event::table::{S3, request_of};
use crate::vocab::{AccountId, BucketName, Citation, EventId, LogFileId, Region, Timestamp};

impl CitedRequest {
    /// As bytes, which are sorted by owner, bucket, instant, event: what is the same request stands together, the owner's
    /// copy first. The number tells how many of the bytes name the request.
    pub fn pack(&self) -> (Vec<u8>, usize) {
        let mut packer = Packer(bucket_prefix(
            self.request.account.as_ref(),
            &self.request.bucket,
        ));
        let request = &self.request;
        packer.instant(request.time.unix());
        match &request.shared {
            Some(shared) => {
                packer.name("s");
                packer.name(shared.as_str());
                packer.text(request.name);
                packer.text(request.key.reveal());
            }
            None => {
                packer.name("");
                self.key.pack(&mut packer);
            }
        }
        let named = packer.0.len();
        let reads = request_of(S3, request.name).is_some_and(|kind| kind.asks != request.asked);
        let [others, reads, beside, original] = [
            request.copy == Copied::Others,
            reads,
            self.is_beside,
            !self.is_addendum,
        ]
        .map(u64::from);
        packer.number(others | reads << 1 | beside << 2 | original << 3);
        self.key.pack(&mut packer);
        let (outcome, code) = match &request.outcome {
            Outcome::Took if request.needed_acl => (3, ""),
            Outcome::Took => (0, ""),
            Outcome::Failed(code) => (1, code.reveal()),
            Outcome::Uncertain(code) => (2, code.reveal()),
        };
        packer.number(outcome);
        packer.number(request.bytes.map_or(0, |bytes| bytes.saturating_add(1)));
        let caller = match &request.caller {
            Caller::Anonymous => "",
            Caller::Account(account) => account.as_str(),
        };
        for text in [
            code,
            caller,
            request.name,
            request.key.reveal(),
            request.region.as_ref().map_or("", Region::as_str),
        ] {
            packer.text(text);
        }
        request.actor.pack(&mut packer);
        packer.text(self.citation.log_file.as_str());
        packer.number(self.citation.record_index);
        (packer.0, named)
    }

    /// From bytes; and how many of them name the request.
    pub fn unpack(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut from = Unpacker(bytes);
        let account = AccountId::parse(from.name()?);
        let bucket = BucketName::parse(from.name()?)?;
        let time = Timestamp::from_unix(from.instant()?);
        let shared = match from.name()? {
            "s" => {
                let shared = EventId::parse(from.name()?);
                from.text()?;
                from.text()?;
                shared
            }
            _ => {
                EventKey::unpack(&mut from)?;
                None
            }
        };
        let named = bytes.len().checked_sub(from.0.len())?;
        let which = from.number()?;
        let copy = match which & 1 {
            0 => Copied::Owners,
            _ => Copied::Others,
        };
        let key = EventKey::unpack(&mut from)?;
        let (outcome, sent) = (from.number()?, from.number()?);
        let needed_acl = outcome == 3;
        let outcome = match (outcome, from.text()?) {
            (0 | 3, _) => Outcome::Took,
            (1, code) => Outcome::Failed(code.into()),
            (_, code) => Outcome::Uncertain(code.into()),
        };
        let caller = match from.text()? {
            "" => Caller::Anonymous,
            account => Caller::Account(AccountId::parse(account)?),
        };
        let kind = request_of(S3, from.text()?)?;
        let request = Request {
            time,
            account,
            bucket,
            key: from.text()?.into(),
            region: Region::parse(from.text()?),
            name: kind.name,
            asked: if which & 2 == 0 {
                kind.asks
            } else {
                Asking::Read
            },
            caller,
            outcome,
            needed_acl,
            bytes: sent.checked_sub(1),
            shared,
            copy,
            actor: Actor::unpack(&mut from)?,
        };
        let citation = Citation {
            log_file: LogFileId::new(from.text()?),
            record_index: from.number()?,
        };
        let cited = Self {
            key,
            request,
            citation,
            is_beside: which & 4 != 0,
            is_addendum: which & 8 == 0,
        };
        Some((cited, named))
    }
}

/// The bytes that every request on a bucket begins with.
pub fn bucket_prefix(account: Option<&AccountId>, bucket: &BucketName) -> Vec<u8> {
    let mut packer = Packer::default();
    packer.name(account.map_or("", AccountId::as_str));
    packer.name(bucket.as_str());
    packer.0
}

/// The prefix of a packed request, and what it names.
pub fn prefix_of(line: &[u8]) -> &[u8] {
    let ends = line.iter().enumerate().filter(|(_, byte)| **byte == 0);
    let end = ends.map(|(at, _)| at).nth(1);
    end.and_then(|end| line.get(..=end)).unwrap_or_default()
}

/// The owner and the bucket of a prefix.
pub fn bucket_of_prefix(prefix: &[u8]) -> Option<(Option<AccountId>, BucketName)> {
    let mut from = Unpacker(prefix);
    let account = AccountId::parse(from.name()?);
    Some((account, BucketName::parse(from.name()?)?))
}
