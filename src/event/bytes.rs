//! How do callers, sessions and what issued them become bytes, and come back?

use super::actor::Actor;
use super::change::EventKey;
use super::issuances::issuance_named;
use super::pack::{Packer, Unpacker};
use super::session::{CitedIssuance, Issuance, Session};
use crate::vocab::{AccountId, Citation, EventId, LogFileId, Region, Timestamp};

impl CitedIssuance {
    /// As bytes: equal issuances have equal ones.
    pub fn pack(&self) -> Vec<u8> {
        let mut packer = Packer::default();
        let issuance = &self.issuance;
        packer.instant(issuance.time.unix());
        self.event.pack(&mut packer);
        for text in [
            issuance.name,
            issuance.kind.name(),
            issuance.region.as_ref().map_or("", Region::as_str),
            issuance.account.as_ref().map_or("", AccountId::as_str),
            issuance.key.reveal(),
            issuance.session.reveal(),
            issuance.subject.reveal(),
            issuance.provider.reveal(),
            issuance.source_identity.reveal(),
            issuance.shared.as_ref().map_or("", EventId::as_str),
            self.citation.log_file.as_str(),
        ] {
            packer.text(text);
        }
        packer.number(self.citation.record_index);
        packer.number(pack_mfa(issuance.mfa));
        issuance.parent.pack(&mut packer);
        issuance.parent.session.pack(&mut packer);
        packer.0
    }

    /// From bytes.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacker(bytes);
        let time = Timestamp::from_unix(from.instant()?);
        let event = EventKey::unpack(&mut from)?;
        let (name, kind) = (from.text()?, from.text()?);
        let (kind, name) = issuance_named(kind, name)?;
        let issuance = Issuance {
            time,
            name,
            kind,
            region: Region::parse(from.text()?),
            account: AccountId::parse(from.text()?),
            key: from.text()?.into(),
            session: from.text()?.into(),
            subject: from.text()?.into(),
            provider: from.text()?.into(),
            source_identity: from.text()?.into(),
            shared: EventId::parse(from.text()?),
            parent: Actor::default(),
            mfa: None,
        };
        let log_file = LogFileId::new(from.text()?);
        let citation = Citation {
            log_file,
            record_index: from.number()?,
        };
        let mfa = unpack_mfa(from.number()?);
        let mut parent = Actor::unpack(&mut from)?;
        parent.session = Session::unpack(&mut from)?;
        Some(Self {
            event,
            issuance: Issuance {
                parent,
                mfa,
                ..issuance
            },
            citation,
        })
    }
}

fn pack_mfa(mfa: Option<bool>) -> u64 {
    mfa.map_or(2, u64::from)
}

fn unpack_mfa(number: u64) -> Option<bool> {
    match number {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

impl Session {
    fn pack(&self, into: &mut Packer) {
        into.text(self.account.as_ref().map_or("", AccountId::as_str));
        into.instant(self.began.map_or(i64::MIN, Timestamp::unix));
        for text in [
            &self.principal_id,
            &self.issuer,
            &self.source_identity,
            &self.user,
            &self.provider,
            &self.on_behalf_of,
            &self.delivery,
        ] {
            into.text(text.reveal());
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            account: AccountId::parse(from.text()?),
            began: Some(from.instant()?)
                .filter(|seconds| *seconds != i64::MIN)
                .map(Timestamp::from_unix),
            principal_id: from.text()?.into(),
            issuer: from.text()?.into(),
            source_identity: from.text()?.into(),
            user: from.text()?.into(),
            provider: from.text()?.into(),
            on_behalf_of: from.text()?.into(),
            delivery: from.text()?.into(),
        })
    }
}

impl Actor {
    /// As bytes, without its session.
    pub(super) fn pack(&self, into: &mut Packer) {
        for text in [
            &self.name,
            &self.kind,
            &self.access_key_id,
            &self.source_ip,
            &self.user_agent,
            &self.invoked_by,
        ] {
            into.text(text.reveal());
        }
        into.number(pack_mfa(self.mfa));
    }

    pub(super) fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            name: from.text()?.into(),
            kind: from.text()?.into(),
            access_key_id: from.text()?.into(),
            source_ip: from.text()?.into(),
            user_agent: from.text()?.into(),
            invoked_by: from.text()?.into(),
            mfa: unpack_mfa(from.number()?),
            session: Session::default(),
        })
    }
}

impl EventKey {
    /// As bytes: those that are equal are equal.
    pub(super) fn pack(&self, into: &mut Packer) {
        match self {
            Self::Id(id, recipient) => {
                into.number(0);
                into.name(id.as_str());
                into.name(recipient.as_ref().map_or("", AccountId::as_str));
            }
            Self::Content(hash) => {
                into.number(1);
                into.0.extend_from_slice(hash);
            }
        }
    }

    pub(super) fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        match from.number()? {
            0 => Some(Self::Id(
                EventId::parse(from.name()?)?,
                AccountId::parse(from.name()?),
            )),
            _ => Some(Self::Content(from.bytes(32)?.try_into().ok()?)),
        }
    }
}
