//! Which name has an exposure, the same in every run?

use super::rows::Whose;
use super::types::{Cause, Scope};
use crate::exposure::{Audience, Outsider};
use crate::vocab::{Timestamp, Untrusted};
use sha2::{Digest, Sha256};

/// Sixteen hex digits over what makes an exposure this one.
pub(super) fn exposure_id(
    whose: &Whose,
    scope: Scope,
    access_point: Option<&Untrusted>,
    audience: &Audience,
    opened: Option<&Cause>,
    opened_at: Timestamp,
) -> String {
    let (audience, outsider) = match audience {
        Audience::Public => ("public", String::new()),
        Audience::Foreign(outsider) => {
            ("cross-account", Outsider::id(outsider).reveal().to_owned())
        }
    };
    let opening = opened.map(|cause| match cause.event.event_id() {
        Some(id) => id.to_string(),
        None => format!("{opened_at} {}", cause.event.name),
    });
    let parts = [
        whose
            .account
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        whose.bucket.to_string(),
        scope.name().to_owned(),
        access_point.map_or_else(String::new, |name| name.reveal().to_owned()),
        audience.to_owned(),
        outsider,
        opening.unwrap_or_else(|| opened_at.to_string()),
    ];
    let digest = Sha256::digest(parts.join("\u{1f}").as_bytes());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
