//! Which bucket does an access point lead to?
//!
//! Only its creation names the bucket; every later call names the access point alone.

use crate::event::{AccessPointChange, Change, CitedEvent, ExposureEvent, NetworkOrigin, Outcome};
use crate::vocab::{AccountId, BucketName, Region, Timestamp, Untrusted};
use std::collections::BTreeMap;

/// Where access points lead from which instant on, by owner, Region and name; nowhere after their deletion.
#[derive(Default)]
pub(super) struct Registry(BTreeMap<Name, Vec<(Timestamp, Option<Target>)>>);

type Name = (Option<AccountId>, Option<Region>, Untrusted);

/// Where an access point leads.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub bucket: BucketName,
    /// The account that owns the bucket.
    pub account: Option<AccountId>,
    pub origin: NetworkOrigin,
}

impl Registry {
    /// The access points whose creation is among the events, which are in order of time.
    pub fn of(events: &[CitedEvent]) -> Self {
        let mut registry = Self::default();
        for event in events.iter().map(|cited| &cited.event) {
            if let Change::AccessPoint(name, change) = &event.change {
                registry.add(event, name, change);
            }
        }
        registry
    }

    fn add(&mut self, event: &ExposureEvent, name: &Untrusted, change: &AccessPointChange) {
        let target = match change {
            AccessPointChange::Create { .. } => created(event, change),
            AccessPointChange::Delete => None,
            _ => return,
        };
        let leads = self.0.entry(name_of(event, name)).or_default();
        let is_there = matches!(leads.last(), Some((_, Some(_))));
        match &event.outcome {
            Outcome::Took => leads.push((event.time, target)),
            // What it may have made it did not make where one was.
            Outcome::Uncertain(_) if target.is_some() && !is_there => {
                leads.push((event.time, target));
            }
            Outcome::Uncertain(_) | Outcome::Failed(_) => {}
        }
    }

    /// Where the access point leads that an event speaks of: by the last creation before it, if no deletion came in between.
    pub fn target(&self, event: &ExposureEvent) -> Option<Target> {
        let name = match &event.change {
            Change::AccessPoint(_, change @ AccessPointChange::Create { .. }) => {
                return created(event, change);
            }
            Change::AccessPoint(name, _) | Change::ObjectLambdaAccessPoint(_, name) => name,
            _ => return None,
        };
        let leads = self.0.get(&name_of(event, name))?;
        // In the second of its deletion it led where it led just before.
        let known = leads
            .iter()
            .rev()
            .find(|(at, to)| *at < event.time || *at == event.time && to.is_some());
        known.and_then(|(_, target)| target.clone())
    }
}

fn name_of(event: &ExposureEvent, name: &Untrusted) -> Name {
    (event.account.clone(), event.region.clone(), name.clone())
}

fn created(event: &ExposureEvent, change: &AccessPointChange) -> Option<Target> {
    match change {
        AccessPointChange::Create {
            bucket,
            bucket_account,
            origin,
            ..
        } => Some(Target {
            bucket: bucket.clone()?,
            account: bucket_account.clone().or_else(|| event.account.clone()),
            origin: *origin,
        }),
        _ => None,
    }
}
