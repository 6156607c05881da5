//! Whose calls may be of interest?

use super::issuances::issues_sessions;
use super::table::{CLOUDTRAIL, ORGANIZATIONS, S3};

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
