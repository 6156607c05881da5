//! From where did somebody call, who also called through a service?
//!
//! A call that a service makes for a person (`invokedBy`) carries the service's address. The person's own stands in the
//! other calls of the session.

use super::actor::Actor;
use super::change::EventKey;
use super::pack::{Packer, Unpacker};
use super::read::{event_time, key_of};
use crate::record::Record;
use crate::vocab::{AccountId, Timestamp, Untrusted};

/// A direct call of a session, from an address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Whereabouts {
    /// The caller's ARN.
    pub name: Untrusted,
    /// The access key.
    pub access_key_id: Untrusted,
    /// When the session began.
    pub began: Option<Timestamp>,
    /// The address.
    pub source_ip: Untrusted,
    /// The service that was called.
    pub service: Untrusted,
    /// When.
    pub time: Timestamp,
    /// Which event it is.
    pub event: EventKey,
}

impl Whereabouts {
    /// Reads a direct call; `None` where a service made it, or no address or caller is named.
    pub fn read(service: &str, record: &Record<'_>, raw: &[u8]) -> Option<Self> {
        let address = record.text("sourceIPAddress")?;
        address.parse::<std::net::IpAddr>().ok()?;
        record.text_in("userIdentity", "arn")?;
        let json = record.pick(&[
            "userIdentity",
            "sourceIPAddress",
            "recipientAccountId",
            "eventID",
        ]);
        let actor = Actor::read(&json);
        let recipient = record.text("recipientAccountId").and_then(AccountId::parse);
        actor.invoked_by.is_empty().then_some(Self {
            name: actor.name,
            access_key_id: actor.access_key_id,
            began: actor.session.began,
            source_ip: actor.source_ip,
            service: service.into(),
            time: event_time(record)?,
            event: key_of(&json, recipient, raw),
        })
    }

    /// What makes two of them alike, in one log file.
    pub fn likeness<'r>(record: &Record<'r>) -> Option<(&'r str, &'r str, &'r str)> {
        let texts = (
            record.text_in("userIdentity", "arn")?,
            record.text_in("userIdentity", "accessKeyId").unwrap_or(""),
            record.text("sourceIPAddress")?,
        );
        Some(texts)
    }

    /// As bytes: equal ones are equal.
    pub fn pack(&self) -> Vec<u8> {
        let mut packer = Packer::default();
        for text in [
            &self.name,
            &self.access_key_id,
            &self.source_ip,
            &self.service,
        ] {
            packer.text(text.reveal());
        }
        packer.instant(self.began.map_or(i64::MIN, Timestamp::unix));
        packer.instant(self.time.unix());
        self.event.pack(&mut packer);
        packer.0
    }

    /// From bytes.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacker(bytes);
        Some(Self {
            name: from.text()?.into(),
            access_key_id: from.text()?.into(),
            source_ip: from.text()?.into(),
            service: from.text()?.into(),
            began: Some(from.instant()?)
                .filter(|seconds| *seconds != i64::MIN)
                .map(Timestamp::from_unix),
            time: Timestamp::from_unix(from.instant()?),
            event: EventKey::unpack(&mut from)?,
        })
    }
}
