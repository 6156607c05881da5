//! Of what do the tests of the reports tell? A small analysis, made by hand, in which every column is filled.
//!
//! Event names stand here as words, not strings: the house allows those in `event/table.rs` only.

mod losses;
mod who;

use super::sample_assured as assured;
use crate::analysis::{Analysis, Counts};
use crate::event::{
    Actor, Belief, Change, CitedEvent, Copies, EventKey, ExposureEvent, Outcome, Session,
};
use crate::evidence::{Coverage, Fate, FileAccount};
use crate::exposure::{
    Answer, Assumption, Audience, Mechanism, Outsider, Permission, Reach, Verdict,
};
use crate::integrity::RecordVerdict;
use crate::timeline::{
    Attendance, Cause, ChangeRow, ClosedHow, Contradiction, ContradictionKind, Effect, Exposure,
    Interval, OpenedHow, Origins, Scope, Timeline,
};
use crate::vocab::{
    AccountId, BucketName, Citation, EventId, LogFileId, Loss, LossKind, Region, SkipReason, Span,
    Timestamp, Untrusted,
};
use losses::losses;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use who::{attendance, origin, visitors};

/// Attacks by their names, and a text that makes each.
pub(super) static ATTACKS: LazyLock<[(&str, &str); 12]> = LazyLock::new(|| {
    [
        ("OSC 52", "\u{1b}]52;c;cm0gLXJmIC8=\u{7}"),
        ("8-bit CSI", "\u{9b}2J\u{9b}31mred"),
        ("CR forgery", "curl\rNo bucket was exposed.          \n"),
        ("row forgery", "x\n2024-01-01T00:00:00Z,111122223333,\"a\""),
        ("formula", "=HYPERLINK(\"http://evil.example\",\"click\")"),
        ("formula after a separator", "a;=1+1;@x;-2;+3"),
        ("formula behind a tab", "\t=1+1"),
        ("script", "<script>alert(1)</script>"),
        ("bidi", "\u{202e}gpj.exe\u{2066}\u{200f}"),
        ("zero width", "ad\u{200b}m\u{200d}in\u{feff}\u{ad}"),
        ("mimicry", "'\\u{1b}\\;\\\\u{"),
        ("100 kB", Box::leak("A".repeat(100_000).into_boxed_str())),
    ]
});

/// The same analysis, with an attack in every text that an attacker may choose.
pub(super) fn attacked() -> Analysis {
    let mut analysis = sample();
    let attacks: Vec<Untrusted> = ATTACKS.iter().map(|(_, text)| (*text).into()).collect();
    for (at, row) in analysis.changes.iter_mut().enumerate() {
        let attack = |place: usize| attacks[(at + place) % attacks.len()].clone();
        let mut cited = CitedEvent::clone(&row.event);
        cited.event.actor = Actor {
            name: attack(0),
            kind: attack(1),
            access_key_id: attack(2),
            mfa: None,
            source_ip: attack(3),
            user_agent: attack(4),
            invoked_by: attack(5),
            session: Session::default(),
        };
        cited.event.outcome = Outcome::Failed(attack(6));
        cited.event.record = attack(7);
        row.summary = attack(8);
        row.origin.line = attack(9);
        row.event = Arc::new(cited);
    }
    let cause = |at: usize| Arc::clone(&analysis.changes[at % analysis.changes.len()].event);
    for (at, row) in analysis.exposures.iter_mut().enumerate() {
        (row.opened, row.closed) = (Some(cause(at)), Some(cause(at + 1)));
        row.granted = (0..attacks.len()).map(cause).collect();
        row.origins.opened.line = attacks[(at + 3) % attacks.len()].clone();
        row.origins.opened.steps = attacks.clone();
        row.reach.resources = attacks.iter().cloned().collect();
        row.reach.principals = attacks.iter().cloned().collect();
        row.reach.qualifiers = attacks.iter().cloned().collect();
        row.audience = Audience::Foreign(Outsider::Canonical(attacks[at].clone()));
    }
    for interval in analysis
        .timelines
        .iter_mut()
        .flat_map(|it| &mut it.intervals)
    {
        interval.causes = (0..3).map(cause).collect();
        interval.reach.principals = attacks.iter().cloned().collect();
    }
    for (at, attack) in attacks.iter().enumerate() {
        analysis.losses.push(Loss {
            log_file: LogFileId::new(ATTACKS[at].1),
            record_index: None,
            offset: None,
            kind: LossKind::MalformedJson,
            detail: attack.clone(),
            bytes: None,
        });
    }
    analysis
}

/// Two accounts' buckets: one opened by policy and still open, one opened by a block's removal and closed, one unknown.
pub(super) fn sample() -> Analysis {
    let [grant, removal, close, refused] = causes();
    let open = exposure("logs", &grant, None);
    let closed = exposure("assets", &removal, Some(&close));
    let timelines = vec![
        timeline(
            "assets",
            vec![
                interval(
                    (100, 3468),
                    Verdict::CrossAccount,
                    &[&grant, &removal],
                    &closed,
                ),
                interval((3468, 9000), Verdict::Private, &[&close], &closed),
            ],
        ),
        timeline(
            "logs",
            vec![interval((1000, 900_000), Verdict::Public, &[&grant], &open)],
        ),
        timeline(
            "old",
            vec![interval((0, 900_000), Verdict::Unknown, &[], &open)],
        ),
    ];
    Analysis {
        changes: vec![
            change(
                &grant,
                Effect::Opened,
                "set the bucket policy: 1 statement, public",
            ),
            change(
                &removal,
                Effect::Opened,
                "delete the account's public access block",
            ),
            change(&close, Effect::Closed, "delete the bucket policy"),
            change(
                &refused,
                Effect::Attempted,
                "set the bucket ACL: public-read",
            ),
        ],
        access: visitors(&open),
        exposures: vec![closed, open],
        timelines,
        contradictions: vec![Contradiction {
            at: at(1000),
            account: account(),
            bucket: bucket("logs"),
            kind: ContradictionKind::PolicyAcceptedDespiteBucketBlock,
            causes: vec![grant],
        }],
        ..ledger()
    }
}

fn ledger() -> Analysis {
    let read = FileAccount {
        bytes: 512,
        fate: Fate::Read,
        records: 9,
        not_of_interest: 3,
        lost_records: 1,
        coverage: Some(Coverage {
            first: at(0),
            last: at(900_000),
        }),
        activity: Vec::new(),
    };
    let unread = |fate| FileAccount {
        fate,
        records: 0,
        coverage: None,
        ..read.clone()
    };
    let files = BTreeMap::from([
        (LogFileId::new("logs/a.json.gz"), read.clone()),
        (LogFileId::new("logs/b.json.gz"), unread(Fate::Lost)),
        (
            LogFileId::new("logs/.DS_Store"),
            unread(Fate::Skipped(SkipReason::NotCloudTrail)),
        ),
        (
            LogFileId::new("logs/d.json.gz"),
            unread(Fate::Skipped(SkipReason::Digest)),
        ),
    ]);
    Analysis {
        files,
        losses: losses(),
        counts: Counts {
            files: 4,
            files_read: 1,
            files_skipped: 2,
            files_lost: 1,
            bytes: 2048,
            records: 9,
            used: 4,
            not_of_interest: 3,
            duplicates: 1,
            lost: 1,
        },
        evidence: Some((at(0), at(900_000))),
        coverage: BTreeMap::from([((account(), region()), (at(0), at(900_000)))]),
        streams: vec![assured::stream()],
        integrity: assured::integrity(),
        material: assured::material(),
        ..Analysis::default()
    }
}

/// A grant, the removal of the account's block, a closing, and a refused try.
fn causes() -> [Cause; 4] {
    [
        cause(
            1000,
            stringify!(PutBucketPolicy),
            Change::DeletePolicy,
            "logs",
            Outcome::Took,
        ),
        cause(
            1100,
            stringify!(DeleteAccountPublicAccessBlock),
            Change::DeleteAccountBlock,
            "",
            Outcome::Took,
        ),
        cause(
            3468,
            stringify!(DeleteBucketPolicy),
            Change::DeletePolicy,
            "assets",
            Outcome::Took,
        ),
        cause(
            5000,
            stringify!(PutBucketAcl),
            Change::DeletePolicy,
            "assets",
            Outcome::Failed("AccessDenied".into()),
        ),
    ]
}

fn cause(time: i64, name: &'static str, change: Change, of: &str, outcome: Outcome) -> Cause {
    let event = ExposureEvent {
        key: EventKey::Id(
            EventId::parse(&format!("ab45689d-69cd-41e7-8705-{time:012}")).unwrap(),
            None,
        ),
        time: at(time),
        name,
        region: region(),
        account: account(),
        bucket: (!of.is_empty()).then(|| bucket(of)).flatten(),
        change,
        outcome,
        error_message: Untrusted::default(),
        actor: actor(),
        shared_event_id: None,
        recipient: None,
        fullness: 1,
        record: format!("{{\"eventName\":\"{name}\"}}").into(),
    };
    let citation = Citation {
        log_file: LogFileId::new("logs/a.json.gz"),
        record_index: 3,
    };
    Arc::new(CitedEvent {
        event,
        citation,
        copies: Copies::Agree,
        belief: Belief::Unvouched,
    })
}

fn actor() -> Actor {
    Actor {
        name: "arn:aws:sts::111122223333:assumed-role/Admin/alice".into(),
        kind: "AssumedRole".into(),
        access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
        mfa: Some(false),
        source_ip: "203.0.113.9".into(),
        user_agent: "aws-cli/2.15.0 Python/3.11.6 Linux/5.10 exe/x86_64 prompt/off command/s3api.put-bucket-policy".into(),
        invoked_by: Untrusted::default(),
        session: Session::default(),
    }
}

fn exposure(name: &str, opened: &Cause, closed: Option<&Cause>) -> Exposure {
    let is_open = closed.is_none();
    let outsider = Outsider::Account(AccountId::parse("444455556666").unwrap());
    Exposure {
        id: format!("{:016x}", name.len()),
        account: account(),
        bucket: bucket(name).unwrap(),
        region: region(),
        scope: Scope::AccessPoint,
        access_point: Some("partner-feed".into()),
        audience: if is_open {
            Audience::Public
        } else {
            Audience::Foreign(outsider)
        },
        assumptions: if is_open {
            assumptions()
        } else {
            BTreeSet::new()
        },
        opened_at: opened.event.time,
        opened_how: if is_open {
            OpenedHow::FirstEvidence
        } else {
            OpenedHow::InGap
        },
        opened_not_before: (!is_open).then(|| at(100)),
        closed_at: closed.map(|cause| cause.event.time),
        closed_how: if is_open {
            ClosedHow::StillOpen
        } else {
            ClosedHow::InGap
        },
        closed_not_after: (!is_open).then(|| at(4000)),
        duration_seconds: closed.map_or(899_000, |_| 3368),
        reach: reach(if is_open {
            "everyone"
        } else {
            "arn:aws:iam::444455556666:root"
        }),
        aws_public: Answer::True,
        opened: Some(Arc::clone(opened)),
        closed: closed.cloned(),
        granted: vec![causes()[0].clone(), causes()[0].clone()],
        origins: Origins {
            opened: origin(),
            closed: origin(),
        },
        attendance: match is_open {
            true => attendance(),
            false => Attendance::default(),
        },
        uncovered: vec![span(2000, 3000)],
        remains: None,
    }
}

fn reach(principal: &str) -> Reach {
    Reach {
        mechanisms: BTreeSet::from([Mechanism::BucketPolicy]),
        permissions: BTreeSet::from([Permission::List, Permission::Read]),
        principals: BTreeSet::from([principal.into()]),
        resources: BTreeSet::from(["bucket".into(), "public/*".into()]),
        qualifiers: BTreeSet::from(["aws:Referer".into()]),
    }
}

fn interval(
    (from, until): (i64, i64),
    verdict: Verdict,
    causes: &[&Cause],
    of: &Exposure,
) -> Interval {
    Interval {
        span: Span {
            from: at(from),
            until: at(until),
        },
        verdict,
        assumptions: if verdict == Verdict::Private {
            BTreeSet::new()
        } else {
            assumptions()
        },
        reach: if verdict == Verdict::Public {
            reach("everyone")
        } else {
            Reach::default()
        },
        latent: verdict == Verdict::Private,
        notes: BTreeSet::from(["website"]),
        causes: causes.iter().map(|&cause| Arc::clone(cause)).collect(),
        order_uncertain: causes.len() > 1,
        exposure_ids: vec![of.id.clone()],
    }
}

fn timeline(name: &str, intervals: Vec<Interval>) -> Timeline {
    Timeline {
        account: account(),
        bucket: bucket(name).unwrap(),
        region: region(),
        intervals,
    }
}

fn change(event: &Cause, effect: Effect, summary: &str) -> ChangeRow {
    ChangeRow {
        event: Arc::clone(event),
        account: account(),
        effect,
        place: 0,
        summary: summary.into(),
        buckets_affected: 1,
        origin: origin(),
        integrity: Some(RecordVerdict::Consistent),
    }
}

pub(super) fn span(from: i64, until: i64) -> Span {
    Span {
        from: at(from),
        until: at(until),
    }
}

fn assumptions() -> BTreeSet<Assumption> {
    BTreeSet::from([
        Assumption::AccountBlockUnseen,
        Assumption::BucketBlockUnseen,
    ])
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_704_067_200 + seconds)
}

pub(super) fn account() -> Option<AccountId> {
    AccountId::parse("111122223333")
}

pub(super) fn region() -> Option<Region> {
    Region::parse("eu-west-1")
}

fn bucket(name: &str) -> Option<BucketName> {
    BucketName::parse(&format!("amzn-s3-demo-{name}"))
}
