//! Is a record of no interest, told at a glance?
//!
//! Most are: all that is wanted of them is when, where and of which kind they were. Whatever a glance leaves open is left to whoever
//! reads the record; the two must count alike.

use super::super::issued::{Issued, Names};
use super::presence::account_named;
use super::{Gathering, Writes};
use crate::event::{
    DirectCall, IssuanceKind, is_alias, is_source_of_interest, issuance_of, names_of_interest,
    table,
};
use crate::evidence::{Category, Coverage};
use crate::record::{Field, Glance, RawRecord};
use crate::vocab::{AccountId, BucketName, EventId, Timestamp};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a call is of which a glance may be enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
    /// None that is of interest.
    Other,
    /// One that gives out a session's credentials.
    Issuance,
    /// One on an object, which may come from outside.
    Request,
    /// One that writes an object, which may do so too.
    Write,
    /// A read that tells something only if it is refused.
    Inquiry,
}

impl Gathering<'_> {
    /// Counts a record of which a glance is enough; says whether it is one.
    pub(in crate::pipeline) fn pass_over(
        &mut self,
        raw: &RawRecord<'_>,
        glance: &Glance<'_>,
    ) -> bool {
        self.glanced_over(raw, glance).is_some()
    }

    fn glanced_over(&mut self, raw: &RawRecord<'_>, glance: &Glance<'_>) -> Option<()> {
        let bytes = |field| glance.get(field);
        let (source, name) = (bytes(Field::Source)?, bytes(Field::Name)?);
        let call = call_of(source, name)?;
        if bytes(Field::Type) == Some(b"AwsCloudTrailInsight") {
            return None;
        }
        let is_request = matches!(call, Call::Request | Call::Write);
        let is_s3 = source == table::S3.as_bytes();
        let category = match bytes(Field::Category) {
            Some(b"Management") if !is_request => Category::Management,
            Some(b"Data") if is_request || !is_s3 => Category::Data,
            None if !is_s3 && !glance.may_tell_category_otherwise() => Category::Management,
            _ => return None,
        };
        let is_service = bytes(Field::CallerType) == Some(b"AWSService");
        let is_own =
            || is_service || bytes(Field::InvokedBy).is_some_and(|service| !service.is_empty());
        let time = bytes(Field::Time).and_then(|time| self.calendar.read(time))?;
        // Of what cannot be read again, the addresses of direct calls are kept: they may be asked for later. Should the record be
        // read after all, it is seen twice, which is once.
        if self.writes.keeps_all() && category == Category::Management && !is_own() {
            if matches!(call, Call::Issuance) {
                return None;
            }
            self.see_caller(glance, source, time)?;
        }
        let account = account_named(bytes(Field::Recipient), bytes(Field::CallerAccount));
        let region = bytes(Field::Region).unwrap_or_default();
        match call {
            Call::Other => self.account.not_of_interest += 1,
            Call::Inquiry if !glance.has_error_code() => self.account.not_of_interest += 1,
            Call::Issuance if glance.has_known_response() && !glance.has_error_code() => {
                self.note_issued(raw, glance, time)?;
                self.presence.issue(account, region, Coverage::at(time));
            }
            Call::Request if glance.has_known_resources() => {
                self.note_own_request(glance, is_service, time)?;
            }
            Call::Write if glance.has_known_resources() && glance.has_known_parameters() => {
                let written = self.quiet_write(glance)?;
                self.note_own_request(glance, is_service, time)?;
                if !self.written.contains(written) {
                    self.written.extend(BucketName::parse(written));
                }
            }
            _ => return None,
        }
        self.presence.note(account, region, Some(category), time);
        Some(())
    }

    /// Sees from where somebody called; `None` where the record must be read to know.
    fn see_caller(&mut self, glance: &Glance<'_>, source: &[u8], time: Timestamp) -> Option<()> {
        let service = str::from_utf8(source).ok()?;
        if let Some(call) = DirectCall::at_a_glance(glance)? {
            let read = || call.whereabouts(service, time);
            self.catch.see(Some(call.likeness()), service, time, read);
        }
        Some(())
    }

    /// Notes a record that gave out a session's credentials, if all that is wanted of it is plain to see.
    fn note_issued(
        &mut self,
        raw: &RawRecord<'_>,
        glance: &Glance<'_>,
        time: Timestamp,
    ) -> Option<()> {
        if self.writes.keeps_all() {
            return None;
        }
        let bytes = |field| glance.get(field);
        let names = Names {
            id: bytes(Field::Id).filter(|id| EventId::is_written(id))?,
            recipient: bytes(Field::Recipient).filter(|account| AccountId::is_written(account)),
            key: bytes(Field::IssuedKey).filter(|key| !key.is_empty())?,
            session: bytes(Field::IssuedSession).filter(|session| !session.is_empty())?,
            shared: bytes(Field::Shared).filter(|shared| EventId::is_written(shared)),
        };
        let issued = Issued::new(&names, time, raw.index)?;
        self.catch.issued.push(issued);
        self.used += 1;
        Some(())
    }

    /// The bucket that an object is written into, if that can only matter where some ACL lets others in.
    fn quiet_write<'g>(&self, glance: &Glance<'g>) -> Option<&'g str> {
        let bucket = text_of(glance, Field::Bucket)?;
        if !BucketName::is_valid(bucket) || is_alias(bucket) {
            return None;
        }
        let is_noted = matches!(self.writes, Writes::Noted);
        let is_whole = glance.get(Field::Key).is_some() && !glance.has_error_code();
        (is_noted && is_whole).then_some(bucket)
    }

    /// Counts a request that does not come from outside; of it counts only that the bucket's requests are logged.
    fn note_own_request(
        &mut self,
        glance: &Glance<'_>,
        is_service: bool,
        time: Timestamp,
    ) -> Option<()> {
        let bytes = |field| glance.get(field);
        let caller = bytes(Field::CallerAccount).filter(|caller| AccountId::is_written(caller));
        let (recipient, owner) = (bytes(Field::Recipient), bytes(Field::Owner));
        let is_owners = caller.is_some_and(|caller| {
            recipient.is_none_or(|recipient| recipient == caller)
                && owner.is_none_or(|owner| owner == caller)
        });
        if !is_service && !is_owners {
            return None;
        }
        let bucket = text_of(glance, Field::Bucket)?;
        let owner = owner.or(recipient).filter(|it| AccountId::is_written(it));
        let owner = owner.and_then(|owner| str::from_utf8(owner).ok());
        self.evidence().log(bucket, owner, Coverage::at(time));
        self.account.not_of_interest += 1;
        Some(())
    }
}

fn text_of<'g>(glance: &Glance<'g>, field: Field) -> Option<&'g str> {
    str::from_utf8(glance.get(field)?).ok()
}

/// What a call of that name is; `None` if it may be of interest in another way.
fn call_of(source: &[u8], name: &[u8]) -> Option<Call> {
    if source == table::S3.as_bytes() {
        return call_of_s3(name);
    }
    if !is_source_of_interest(source) {
        return Some(Call::Other);
    }
    looked_up(source, name)
}

/// The same of S3, which is asked for most: its names are looked up once.
fn call_of_s3(name: &[u8]) -> Option<Call> {
    static CALLS: LazyLock<HashMap<&[u8], Option<Call>, FixedState>> = LazyLock::new(|| {
        let source = table::S3.as_bytes();
        let names = names_of_interest().map(str::as_bytes);
        names.map(|name| (name, looked_up(source, name))).collect()
    });
    CALLS.get(name).copied().unwrap_or(Some(Call::Other))
}

fn looked_up(source: &[u8], name: &[u8]) -> Option<Call> {
    let (source, name) = (str::from_utf8(source).ok()?, str::from_utf8(name).ok()?);
    let kind = table::kind_of(source, name);
    if table::trail_kind_of(source, name).is_some()
        || kind.is_some_and(|kind| !table::is_on_object(kind))
    {
        return None;
    }
    match (
        issuance_of(source, name),
        table::inquiry_of(source, name),
        table::request_of(source, name),
    ) {
        (None, None, None) if kind.is_none() => Some(Call::Other),
        // What a copy reads may be another's.
        (None, None, Some(request)) if request.copies => None,
        (None, None, Some(request)) if kind.is_some() => {
            table::is_done_at_once(request).then_some(Call::Write)
        }
        _ if kind.is_some() => None,
        (None, None, Some(_)) => Some(Call::Request),
        (None, Some(kind), None) if kind.tells_by_refusal_only() => Some(Call::Inquiry),
        (Some((IssuanceKind::Sts, _)), None, None) => Some(Call::Issuance),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3s_calls_are_what_the_tables_say() {
        let source = table::S3.as_bytes();
        let other = ["ListBuckets", "getobject", "", "PutBucketAcl2", "\u{e9}"];
        for name in names_of_interest().chain(other) {
            assert_eq!(
                call_of(source, name.as_bytes()),
                looked_up(source, name.as_bytes()),
                "{name}"
            );
        }
        assert_eq!(call_of(source, b"PutBucketPolicy"), None);
        assert_eq!(call_of(source, b"GetObject"), Some(Call::Request));
    }

    /// Whatever changes something is read, or told to be a write: never passed over for what its record says of its category.
    #[test]
    fn no_change_is_another_call() {
        for name in names_of_interest().filter(|name| table::kind_of(table::S3, name).is_some()) {
            let call = call_of(table::S3.as_bytes(), name.as_bytes());
            assert!(matches!(call, None | Some(Call::Write)), "{name}: {call:?}");
        }
    }
}
