//! Whose calls may be of interest, and which of S3's?

use super::issuances::issues_sessions;
use super::table::{CLOUDTRAIL, INQUIRIES, KINDS, ORGANIZATIONS, REQUESTS, S3};

/// Whether any call of that eventSource may be of interest.
pub fn is_source_of_interest(source: &[u8]) -> bool {
    const S3_BYTES: &[u8] = S3.as_bytes();
    const ORGANIZATIONS_BYTES: &[u8] = ORGANIZATIONS.as_bytes();
    const CLOUDTRAIL_BYTES: &[u8] = CLOUDTRAIL.as_bytes();
    // Compared length by length.
    match source {
        S3_BYTES | ORGANIZATIONS_BYTES | CLOUDTRAIL_BYTES => true,
        other => issues_sessions(other),
    }
}

/// All names, as records spell them, of S3's calls that may be of interest.
pub fn names_of_interest() -> impl Iterator<Item = &'static str> {
    let kinds = KINDS.iter().map(|kind| (kind.name, kind.aliases));
    let inquiries = INQUIRIES.iter().map(|kind| (kind.name, kind.aliases));
    let requests = REQUESTS.iter().map(|kind| (kind.name, kind.aliases));
    let all = kinds.chain(inquiries).chain(requests);
    all.flat_map(|(name, aliases)| std::iter::once(name).chain(aliases.iter().copied()))
}
