//! Who stands behind the sample's calls, and who came in meanwhile?

use super::at;
use crate::timeline::{AccessRow, Attendance, Density, Exposure, Origin, Visitor};

/// alice, who took a role.
pub(super) fn origin() -> Origin {
    Origin {
        line: "arn:aws:iam::111122223333:user/alice (from 203.0.113.9, access key AKIAIOSFODNN7EXAMPLE) <- arn:aws:sts::111122223333:assumed-role/Admin/alice (AssumeRole 2024-01-01T00:10:00Z, event ab45689d-69cd-41e7-8705-000000000600, from 203.0.113.9)".into(),
        steps: vec!["arn:aws:iam::111122223333:user/alice (from 203.0.113.9, access key AKIAIOSFODNN7EXAMPLE)".into(), "arn:aws:sts::111122223333:assumed-role/Admin/alice (AssumeRole 2024-01-01T00:10:00Z, event ab45689d-69cd-41e7-8705-000000000600, from 203.0.113.9)".into()],
        is_resolved: true,
        says_more: true,
        mfa: Some(false),
    }
}

pub(super) fn attendance() -> Attendance {
    Attendance {
        logged: true,
        requests: 3,
        denied: 2,
        bytes: 3_145_728,
        addresses: 1,
        first: Some(at(1200)),
        last: Some(at(1300)),
        density: density(),
    }
}

fn density() -> Density {
    let mut density = Density::default();
    for seconds in [1200, 1250, 1300] {
        density.add(at(seconds));
    }
    density
}

pub(super) fn visitors(of: &Exposure) -> Vec<AccessRow> {
    let row = |source_ip: &str, requests, name, outcome| AccessRow {
        exposure_id: of.id.clone(),
        bucket: of.bucket.clone(),
        kind: Visitor {
            principal: "anonymous".into(),
            source_ip: source_ip.into(),
            user_agent: "[curl/8.5.0]".into(),
            name,
            outcome,
        },
        requests,
        bytes: requests * 1_048_576,
        objects: 3,
        objects_estimated: requests > 2,
        first: at(1200),
        last: at(1300),
    };
    vec![
        row("198.51.100.7", 3, stringify!(GetObject), "took"),
        row("198.51.100.9", 2, stringify!(GetObject), "failed"),
    ]
}
