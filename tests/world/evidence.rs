//! What does the log allow one to say? The oracle: it sees the logged calls only, in their true order, and draws up
//! the rows that reports.md (Verdicts) asks for. What the log does not show is unseen, never invented.

use std::collections::BTreeMap;

use crate::acl::Acl;
use crate::names::{Audience, OURS};
use crate::reach::{Controls, Reach, Seen};
use crate::rows::{End, Exposure, Row};
use crate::s3::{Call, Flags, Ownership, Request, born_block, born_ownership};
use crate::script::World;
use crate::verdict::{Verdict, verdict};

/// One bucket from its first evidence, or its creation, to its deletion or the end.
#[derive(Debug)]
pub struct Incarnation {
    account: usize,
    region: &'static str,
    pub controls: Controls,
    /// The call that wrote the policy and the ACL last, by mechanism.
    written: BTreeMap<&'static str, String>,
    open: BTreeMap<Audience, Exposure>,
}

/// What is known after some of the log has been read.
#[derive(Debug, Default)]
pub struct Evidence {
    /// By account and name: a name may belong to one account first and to the other later.
    pub alive: BTreeMap<(usize, &'static str), Incarnation>,
    account_blocks: [Seen<Flags>; 2],
    /// The latest second of any record, by account and Region.
    latest: BTreeMap<(usize, &'static str), i64>,
    account_wide: [i64; 2],
    rows: Vec<Row>,
    instants: BTreeMap<Instant, Verdict>,
}

/// (account, bucket, second)
pub type Instant = (usize, &'static str, i64);

/// All that the log of a world must yield.
#[derive(Debug)]
pub struct Truth {
    pub rows: Vec<Row>,
    /// The verdict at every second at which something was learnt, after all that happened in it.
    pub verdicts: BTreeMap<Instant, Verdict>,
}

/// What the log of a world must yield.
pub fn truth(world: &World) -> Truth {
    let mut evidence = Evidence::default();
    for one in &world.noise {
        evidence.extend(one.account, one.region, one.second);
    }
    for call in world.calls.iter().filter(|call| call.logged) {
        evidence.observe(call);
    }
    evidence.finish()
}

impl Evidence {
    fn extend(&mut self, account: usize, region: &'static str, second: i64) {
        let latest = self.latest.entry((account, region)).or_insert(second);
        *latest = second.max(*latest);
    }

    /// Reads one more record.
    pub fn observe(&mut self, call: &Call) {
        self.extend(call.account, call.region, call.second);
        match call.bucket {
            None => self.observe_account(call),
            Some(name) => self.observe_bucket(call, name),
        }
        self.judge(call);
    }

    fn judge(&mut self, call: &Call) {
        let reached = |account: usize, name: &str| {
            account == call.account && call.bucket.is_none_or(|one| one == name)
        };
        for ((account, name), incarnation) in &self.alive {
            if reached(*account, name) {
                self.instants.insert(
                    (*account, *name, call.second),
                    verdict(&incarnation.controls),
                );
            }
        }
    }

    fn observe_account(&mut self, call: &Call) {
        let asked = match &call.request {
            Request::PutAccountBlock(flags) => Seen::Known(*flags),
            _ => Seen::Known(Flags::default()),
        };
        let block = match &call.refused {
            None => asked,
            Some(_) if call.is_uncertain() => Seen::Opaque,
            Some(_) => return,
        };
        self.account_blocks[call.account] = block;
        self.account_wide[call.account] = call.second;
        for ((account, name), incarnation) in &mut self.alive {
            if *account == call.account {
                let mut after = incarnation.controls.clone();
                after.account_block = block;
                self.rows.extend(incarnation.becomes(name, after, call));
            }
        }
    }

    fn observe_bucket(&mut self, call: &Call, name: &'static str) {
        if !tells(call) {
            return;
        }
        let at = (call.account, name);
        if let Request::DeleteBucket = call.request {
            let incarnation = self.alive.remove(&at);
            self.rows.extend(
                incarnation
                    .into_iter()
                    .flat_map(|mut one| one.close(name, call)),
            );
            return;
        }
        let account_block = self.account_blocks[call.account];
        let incarnation = match self.alive.entry(at) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert(Incarnation::new(call, account_block))
            }
        };
        let after = after(&incarnation.controls, call);
        self.rows.extend(incarnation.becomes(name, after, call));
    }

    /// The end of the evidence: what is open stays open.
    fn finish(mut self) -> Truth {
        for ((account, name), incarnation) in &mut self.alive {
            let end = self.latest[&(*account, incarnation.region)].max(self.account_wide[*account]);
            let (account, region) = (OURS[*account].id, incarnation.region);
            let open = std::mem::take(&mut incarnation.open);
            self.rows.extend(open.into_iter().map(|(audience, one)| {
                one.row(account, name, region, audience, End::StillOpen(end))
            }));
        }
        Truth {
            rows: self.rows,
            verdicts: self.instants,
        }
    }
}

/// A success tells, and an uncertain outcome; of the refusals only the one that proves ACLs disabled.
fn tells(call: &Call) -> bool {
    call.is_uncertain()
        || call
            .refused
            .as_ref()
            .is_none_or(|refusal| refusal.code == "AccessControlListNotSupported")
}

impl Incarnation {
    fn new(call: &Call, account_block: Seen<Flags>) -> Self {
        let controls = match &call.request {
            Request::CreateBucket { ownership, .. } => Controls {
                policy: Seen::Known(None),
                acl: Seen::Known(Acl::default()),
                ownership: Seen::Known(born_ownership(call.second, *ownership)),
                bucket_block: Seen::Known(born_block(call.second)),
                account_block,
            },
            _ => Controls {
                account_block,
                ..Controls::default()
            },
        };
        Self {
            account: call.account,
            region: call.region,
            controls,
            written: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    /// The controls become these by this call; rows that end with it are returned.
    fn becomes(&mut self, name: &'static str, after: Controls, call: &Call) -> Vec<Row> {
        let (account, region) = (OURS[self.account].id, self.region);
        let before = std::mem::replace(&mut self.controls, after);
        self.note_author(&before, call);
        let reach = self.controls.reach();
        let mut closed = Vec::new();
        let open = std::mem::take(&mut self.open);
        for (audience, exposure) in open {
            match reach.contains_key(&audience) {
                true => drop(self.open.insert(audience, exposure)),
                false if self.controls.opaque_for(audience) => {
                    closed.push(exposure.row(account, name, region, audience, End::Opaque(call)));
                }
                false => {
                    closed.push(exposure.row(account, name, region, audience, End::Event(call)))
                }
            }
        }
        for (audience, way) in reach {
            self.goes_on_or_opens(audience, &way, &before, call);
        }
        closed
    }

    /// Who writes again what is there already writes nothing.
    fn note_author(&mut self, before: &Controls, call: &Call) {
        if self.controls.policy != before.policy {
            self.written.insert("bucket-policy", call.event_id.clone());
        }
        if self.controls.acl != before.acl {
            self.written.insert("bucket-acl", call.event_id.clone());
        }
    }

    fn goes_on_or_opens(
        &mut self,
        audience: Audience,
        way: &Reach,
        before: &Controls,
        call: &Call,
    ) {
        let known_out = before.surely_out(audience);
        let exposure = self
            .open
            .entry(audience)
            .or_insert_with(|| Exposure::opened(call, known_out));
        exposure.lives_on(way, &self.written);
    }

    fn close(&mut self, name: &'static str, call: &Call) -> Vec<Row> {
        let open = std::mem::take(&mut self.open);
        let (account, region) = (OURS[self.account].id, self.region);
        open.into_iter()
            .map(|(audience, one)| one.row(account, name, region, audience, End::Event(call)))
            .collect()
    }
}

/// The controls after a call that tells something.
fn after(before: &Controls, call: &Call) -> Controls {
    match &call.request {
        request if call.is_uncertain() => clouded(before, request),
        // The only refusal that tells: the ACL call proves ACLs disabled.
        _ if call.refused.is_some() => done(
            before,
            &Request::PutOwnership(Ownership::BucketOwnerEnforced),
        ),
        request => done(before, request),
    }
}

/// The controls after a call that took effect.
fn done(before: &Controls, request: &Request) -> Controls {
    let mut after = before.clone();
    match request {
        // If the bucket was there before, in us-east-1: resets the ACL, and nothing else.
        Request::CreateBucket { acl, .. } => {
            after.acl = Seen::Known(acl.as_ref().map(|ask| ask.acl.clone()).unwrap_or_default());
        }
        Request::PutPolicy(policy) => after.policy = Seen::Known(Some(policy.clone())),
        Request::DeletePolicy => after.policy = Seen::Known(None),
        Request::PutAcl(ask) => after.set_acl(ask.acl.clone()),
        Request::PutBlock(flags) => after.bucket_block = Seen::Known(*flags),
        Request::DeleteBlock => after.bucket_block = Seen::Known(Flags::default()),
        // S3 enforces only what no ACL contradicts: a success proves the ACL owner-only.
        Request::PutOwnership(Ownership::BucketOwnerEnforced) => after.disable_acls(),
        Request::PutOwnership(_) | Request::DeleteOwnership => {
            after.ownership = Seen::Known(Ownership::ObjectWriter)
        }
        _ => {}
    }
    after
}

/// The controls after a call that may have taken effect: its control is opaque, whatever it asked.
fn clouded(before: &Controls, request: &Request) -> Controls {
    let mut after = before.clone();
    match request {
        Request::PutPolicy(_) | Request::DeletePolicy => after.policy = Seen::Opaque,
        Request::PutAcl(_) => after.acl = Seen::Opaque,
        Request::PutBlock(_) | Request::DeleteBlock => after.bucket_block = Seen::Opaque,
        Request::PutOwnership(_) | Request::DeleteOwnership => after.ownership = Seen::Opaque,
        _ => {}
    }
    after
}

impl Controls {
    /// ACLs are known to be disabled: no ACL grants anything now, nor will it when they are enabled again.
    fn disable_acls(&mut self) {
        self.ownership = Seen::Known(Ownership::BucketOwnerEnforced);
        self.acl = Seen::Known(Acl::default());
    }

    /// That an ACL was taken proves ACLs enabled.
    fn set_acl(&mut self, acl: Acl) {
        self.acl = Seen::Known(acl);
        if !matches!(self.ownership, Seen::Known(_)) {
            self.ownership = Seen::Known(Ownership::ObjectWriter);
        }
    }
}
