//! From where did somebody call, who also called through a service?
//!
//! A call that a service makes for a person (`invokedBy`) carries the service's address. The person's own stands in the
//! other calls of the session.

use super::actor::{Actor, is_nobody};
use super::change::EventKey;
use super::pack::{Packer, Unpacker};
use super::read::{event_time, key_of};
use crate::record::{Field, Glance, Record};
use crate::vocab::{AccountId, EventId, Timestamp, Untrusted};
use std::net::IpAddr;

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

/// What makes two of them alike, in one log file: caller, access key and address.
pub type Likeness<'r> = (&'r str, &'r str, &'r str);

impl Whereabouts {
    /// Reads a direct call; `None` where a service made it, or no address or caller is named.
    pub fn read(service: &str, record: &Record<'_>, raw: &[u8]) -> Option<Self> {
        let address = record.text("sourceIPAddress")?;
        address.parse::<IpAddr>().ok()?;
        record.text_in("userIdentity", "arn")?;
        let actor = Actor::read(record.view());
        let recipient = record.text("recipientAccountId").and_then(AccountId::parse);
        actor.invoked_by.is_empty().then_some(Self {
            name: actor.name,
            access_key_id: actor.access_key_id,
            began: actor.session.began,
            source_ip: actor.source_ip,
            service: service.into(),
            time: event_time(record)?,
            event: key_of(record.view(), recipient, raw),
        })
    }

    /// What makes two of them alike, in one log file.
    pub fn likeness<'r>(record: &Record<'r>) -> Option<Likeness<'r>> {
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

/// A management call that no service made, as a glance tells it: nothing is copied before it is known that it is to be kept.
#[derive(Clone, Copy, Debug)]
pub struct DirectCall<'r> {
    likeness: Likeness<'r>,
    recipient: Option<&'r str>,
    id: &'r str,
    began: &'r str,
}

impl<'r> DirectCall<'r> {
    /// Such a call; nothing in it, where no caller or address is named; `None` where the record must be read.
    pub fn at_a_glance(glance: &Glance<'r>) -> Option<Option<Self>> {
        let text = |field| str::from_utf8(glance.get(field)?).ok();
        let plain = [
            Field::Address,
            Field::CallerArn,
            Field::CallerKey,
            Field::CallerAccount,
            Field::InvokedBy,
        ];
        if !plain.into_iter().all(|field| glance.is_plain(field)) {
            return None;
        }
        let Some((name, address)) = text(Field::CallerArn).zip(text(Field::Address)) else {
            return Some(None);
        };
        let is_usual = !name.is_empty() && !text(Field::CallerAccount).is_some_and(is_nobody);
        let id = text(Field::Id).filter(|id| EventId::is_valid(id));
        let key = text(Field::CallerKey).unwrap_or("");
        Some(Some(Self {
            likeness: (name, key, address),
            recipient: text(Field::Recipient),
            id: id.filter(|_| is_usual)?,
            began: glance.session_began()?,
        }))
    }

    /// What makes two of them alike.
    pub fn likeness(&self) -> Likeness<'r> {
        self.likeness
    }

    /// What [`Whereabouts::read`] tells of it.
    pub fn whereabouts(&self, service: &str, time: Timestamp) -> Option<Whereabouts> {
        let (name, access_key_id, address) = self.likeness;
        address.parse::<IpAddr>().ok()?;
        let recipient = self.recipient.and_then(AccountId::parse);
        Some(Whereabouts {
            name: name.into(),
            access_key_id: access_key_id.into(),
            began: Timestamp::parse(self.began),
            source_ip: address.into(),
            service: service.into(),
            time,
            event: EventKey::Id(EventId::parse(self.id)?, recipient),
        })
    }
}
