//! Who came in meanwhile?
//!
//! Requests from outside are laid over the exposures: each counts in every exposure of its bucket that was open to whoever
//! asked. Everybody is of the public; of another account, organization or canonical id are its own. The membership of an
//! organization, and whose a canonical id is, no record tells: a success counts there where nothing else explains it.

use super::density::Density;
use super::distinct::Distinct;
use super::observed::audience_of;
use super::types::{Exposure, OpenedHow};
use crate::event::{Caller, CitedRequest, Outcome};
use crate::exposure::{Audience, Outsider, Owner};
use crate::vocab::{AccountId, BucketName, Timestamp, Untrusted};
use std::collections::BTreeMap;

/// Requests from outside, in order, as often as they are asked for.
pub trait Visits: Sync {
    /// The buckets, by owner and name, on which there are any.
    fn buckets(&self) -> Vec<(Option<AccountId>, BucketName)>;

    /// Those on one bucket: by time, then event; each once.
    fn of<'v>(
        &'v self,
        account: Option<&AccountId>,
        bucket: &BucketName,
    ) -> Box<dyn Iterator<Item = CitedRequest> + 'v>;
}

/// Nobody came.
impl Visits for () {
    fn buckets(&self) -> Vec<(Option<AccountId>, BucketName)> {
        Vec::new()
    }

    fn of<'v>(
        &'v self,
        _: Option<&AccountId>,
        _: &BucketName,
    ) -> Box<dyn Iterator<Item = CitedRequest> + 'v> {
        Box::new(std::iter::empty())
    }
}

/// What came in during one exposure, taken together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attendance {
    /// Whether the evidence holds data events of the bucket at all: without any, nobody could have been seen.
    pub logged: bool,
    /// Requests that succeeded.
    pub requests: u64,
    /// Requests that were denied.
    pub denied: u64,
    /// Bytes that were sent.
    pub bytes: u64,
    /// Addresses from which requests succeeded; beyond 1,024 an estimate.
    pub addresses: u64,
    /// The first success.
    pub first: Option<Timestamp>,
    /// The last success.
    pub last: Option<Timestamp>,
    /// When the successes came.
    pub density: Density,
}

/// Requests of one kind during one exposure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessRow {
    /// The exposure.
    pub exposure_id: String,
    /// Its bucket.
    pub bucket: BucketName,
    /// What makes them one kind.
    pub kind: Visitor,
    /// How many.
    pub requests: u64,
    /// How many bytes were sent.
    pub bytes: u64,
    /// How many different objects.
    pub objects: u64,
    /// Whether that is an estimate.
    pub objects_estimated: bool,
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

/// Who asked, from where, with what, for what, and how it ended.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Visitor {
    /// `anonymous`, an ARN, or an account.
    pub principal: Untrusted,
    /// The address.
    pub source_ip: Untrusted,
    /// The program.
    pub user_agent: Untrusted,
    /// eventName.
    pub name: &'static str,
    /// `took`, `failed` or `uncertain`.
    pub outcome: &'static str,
}

impl Visitor {
    fn of(cited: &CitedRequest) -> Self {
        let request = &cited.request;
        let actor = &request.actor;
        let principal = match &request.caller {
            Caller::Anonymous => "anonymous".into(),
            Caller::Account(_) if actor.name.reveal().starts_with("arn:") => actor.name.clone(),
            Caller::Account(account) => account.as_str().into(),
        };
        Self {
            principal,
            source_ip: actor.source_ip.clone(),
            user_agent: actor.user_agent.clone(),
            name: request.name,
            outcome: request.outcome.name(),
        }
    }
}

/// Some requests of one kind, counted.
struct Tally {
    requests: u64,
    bytes: u64,
    objects: Distinct,
    first: Timestamp,
    last: Timestamp,
}

/// Lays the requests on one bucket over its exposures, which are in order of their opening.
pub(super) fn attend(
    exposures: &mut [&mut Exposure],
    requests: impl Iterator<Item = CitedRequest>,
    owner: &Owner,
) -> Vec<AccessRow> {
    let mut halls: Vec<Hall> = exposures.iter().map(|_| Hall::default()).collect();
    let (mut open, mut next) = (Vec::new(), 0);
    for cited in requests {
        let at = cited.request.time;
        while let Some(exposure) = exposures.get(next).filter(|row| row.opened_at <= at) {
            open.push((next, exposure.closed_at));
            next += 1;
        }
        open.retain(|(_, closed)| closed.is_none_or(|closed| closed >= at));
        let Some(audience) = audience_of(&cited.request.caller, owner) else {
            continue;
        };
        let of = |number: usize| exposures.get(number).map(|row| &**row);
        let inside = |number: &usize, fits: fn(&Audience, &Audience) -> bool| {
            of(*number).is_some_and(|row| fits(&row.audience, &audience) && holds(row, &cited))
        };
        let numbers: Vec<usize> = open.iter().map(|(number, _)| *number).collect();
        let mut rooms: Vec<usize> = numbers
            .iter()
            .copied()
            .filter(|it| inside(it, admits))
            .collect();
        if rooms.is_empty() && cited.request.outcome == Outcome::Took {
            rooms = numbers
                .into_iter()
                .filter(|it| inside(it, may_admit))
                .collect();
        }
        for room in rooms {
            if let Some(hall) = halls.get_mut(room) {
                hall.take(&cited);
            }
        }
    }
    let all = exposures.iter_mut().zip(halls);
    all.flat_map(|(exposure, hall)| hall.tell(exposure))
        .collect()
}

/// Whether who asked is of the audience for sure.
fn admits(audience: &Audience, asking: &Audience) -> bool {
    *audience == Audience::Public || audience == asking
}

/// Whether who asked may be of an audience whose members no record names.
fn may_admit(audience: &Audience, asking: &Audience) -> bool {
    let unnamed = matches!(
        audience,
        Audience::Foreign(Outsider::Organization(_) | Outsider::Canonical(_))
    );
    unnamed && *asking != Audience::Public
}

/// Whether a request falls inside: one that was not signed only where such were let in. In the second of its end a success still
/// does: nothing else explains it. One that opened and closed within a second lasts that second.
fn holds(exposure: &Exposure, cited: &CitedRequest) -> bool {
    let (at, took) = (cited.request.time, cited.request.outcome == Outcome::Took);
    let is_unsigned = cited.request.caller == Caller::Anonymous;
    let takes = exposure.reach.takes_unsigned() || exposure.opened_how == OpenedHow::Observed;
    (takes || !is_unsigned)
        && exposure.opened_at <= at
        && exposure.closed_at.is_none_or(|closed| {
            at < closed || at == closed && (took || closed == exposure.opened_at)
        })
}

/// What is gathered during one exposure.
#[derive(Default)]
struct Hall {
    rows: BTreeMap<Visitor, Tally>,
    addresses: Distinct,
    seen: Attendance,
}

impl Hall {
    fn take(&mut self, cited: &CitedRequest) {
        let request = &cited.request;
        let (at, bytes) = (request.time, request.bytes.unwrap_or(0));
        let tally = self
            .rows
            .entry(Visitor::of(cited))
            .or_insert_with(|| Tally {
                requests: 0,
                bytes: 0,
                objects: Distinct::default(),
                first: at,
                last: at,
            });
        tally.requests += 1;
        tally.bytes = tally.bytes.saturating_add(bytes);
        tally.last = tally.last.max(at);
        if !request.key.is_empty() {
            tally.objects.add(request.key.reveal());
        }
        match &request.outcome {
            Outcome::Took => {
                self.seen.requests += 1;
                self.seen.bytes = self.seen.bytes.saturating_add(bytes);
                self.seen.first = self.seen.first.or(Some(at));
                self.seen.last = Some(at);
                self.seen.density.add(at);
                self.addresses.add(request.actor.source_ip.reveal());
            }
            Outcome::Failed(code) if is_denial(code) => self.seen.denied += 1,
            Outcome::Failed(_) | Outcome::Uncertain(_) => {}
        }
    }

    fn tell(self, exposure: &mut Exposure) -> Vec<AccessRow> {
        exposure.attendance = Attendance {
            logged: exposure.attendance.logged,
            addresses: self.addresses.count(),
            ..self.seen
        };
        let row = |(kind, tally): (Visitor, Tally)| AccessRow {
            exposure_id: exposure.id.clone(),
            bucket: exposure.bucket.clone(),
            kind,
            requests: tally.requests,
            bytes: tally.bytes,
            objects: tally.objects.count(),
            objects_estimated: tally.objects.is_estimated(),
            first: tally.first,
            last: tally.last,
        };
        self.rows.into_iter().map(row).collect()
    }
}

/// Whether an errorCode says that the request was not allowed, rather than that there was nothing or something was wrong.
fn is_denial(code: &Untrusted) -> bool {
    let code = code.reveal();
    code.ends_with("AccessDenied")
        || matches!(
            code,
            "AllAccessDisabled" | "AccessForbidden" | "Forbidden" | "403"
        )
}
