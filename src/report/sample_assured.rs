//! How is the sample of the reports' tests assured? One stream with a gap, one log file that a digest speaks for.

use super::sample::{account, at, region, span};
use crate::coverage::{CoverageGap, GapKind, Stream};
use crate::event::{TrailEvent, table::TrailEffect};
use crate::evidence::Category;
use crate::integrity::{ContentHash, FileProof, Integrity, LogFinding, LogVerdict, Material};
use crate::vocab::{EventId, LogFileId, Untrusted};
use std::collections::BTreeMap;

/// What can be said of the first log file.
pub(super) fn integrity() -> Integrity {
    Integrity {
        logs: BTreeMap::from([(LogFileId::new("logs/a.json.gz"), finding())]),
        ..Integrity::default()
    }
}

/// What was taken of it.
pub(super) fn material() -> Material {
    Material {
        proofs: BTreeMap::from([(LogFileId::new("logs/a.json.gz"), proof())]),
        ..Material::default()
    }
}

pub(super) fn stream() -> Stream {
    let stop = TrailEvent {
        time: at(5000),
        account: account(),
        region: region(),
        name: "Stopped",
        effect: TrailEffect::Stops,
        trail: "main".into(),
        trail_account: None,
        event_id: EventId::parse("5"),
        actor: "arn:aws:iam::111122223333:user/mallory".into(),
        moves_digests: false,
        keeps_management: false,
        selectors: None,
    };
    Stream {
        account: account(),
        region: region(),
        category: Category::Management,
        events: Some((at(0), at(900_000))),
        log_files: 1,
        records: 9,
        gaps: vec![CoverageGap {
            span: span(2000, 3000),
            kind: GapKind::Silent,
            explained_by: Some(stop),
        }],
        selectors: vec!["main since then: []".into()],
    }
}

fn finding() -> LogFinding {
    LogFinding {
        verdict: LogVerdict::Consistent,
        detail: Untrusted::default(),
        unreferenced: None,
    }
}

fn proof() -> FileProof {
    FileProof {
        content: Some(ContentHash::of(b"a")),
        file: Some(ContentHash::of(b"b")),
        ..FileProof::default()
    }
}
