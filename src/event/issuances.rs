//! Which events issue sessions, or show that one began? Beside `table` the only place where their names are spelled.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>,
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>

use crate::vocab::named;

named! {
    /// What kind of event issued a session.
    IssuanceKind {
        /// The Security Token Service gave out credentials.
        Sts = "sts",
        /// The Security Token Service gave a user another key.
        Token = "token",
        /// Somebody signed in to the console.
        Login = "login",
        /// Somebody switched roles in the console.
        Switch = "switch",
        /// Identity Center gave a user a role.
        IdentityCenter = "identity-center",
    }
}

/// eventSource, eventName, and what kind of issuance it is.
const ISSUANCES: [(&str, &str, IssuanceKind); 13] = [
    (STS, "AssumeRole", IssuanceKind::Sts),
    (STS, "AssumeRoleWithSAML", IssuanceKind::Sts),
    (STS, "AssumeRoleWithWebIdentity", IssuanceKind::Sts),
    (STS, "GetSessionToken", IssuanceKind::Token),
    (STS, "GetFederationToken", IssuanceKind::Sts),
    (STS, "AssumeRoot", IssuanceKind::Sts),
    (SIGNIN, "ConsoleLogin", IssuanceKind::Login),
    (SIGNIN, "AssumeRole", IssuanceKind::Login),
    (SIGNIN, "GetSigninToken", IssuanceKind::Login),
    (SIGNIN, "SwitchRole", IssuanceKind::Switch),
    (SSO, "Federate", IssuanceKind::IdentityCenter),
    (SSO, "GetRoleCredentials", IssuanceKind::IdentityCenter),
    (SSO, "Authenticate", IssuanceKind::IdentityCenter),
];

const STS: &str = "sts.amazonaws.com";
const SIGNIN: &str = "signin.amazonaws.com";
const SSO: &str = "sso.amazonaws.com";

/// Whether events of that eventSource issue sessions.
pub(super) fn issues_sessions(source: &[u8]) -> bool {
    const STS_BYTES: &[u8] = STS.as_bytes();
    const SIGNIN_BYTES: &[u8] = SIGNIN.as_bytes();
    const SSO_BYTES: &[u8] = SSO.as_bytes();
    matches!(source, STS_BYTES | SIGNIN_BYTES | SSO_BYTES)
}

/// The kind of issuance of that source and name, and the name.
pub fn issuance_of(source: &str, name: &str) -> Option<(IssuanceKind, &'static str)> {
    if !issues_sessions(source.as_bytes()) {
        return None;
    }
    let mut known = ISSUANCES.iter();
    let found = known.find(|(of, known, _)| *known == name && *of == source)?;
    Some((found.2, found.1))
}

/// The issuance of that kind's name and that name.
pub(super) fn issuance_named(kind: &str, name: &str) -> Option<(IssuanceKind, &'static str)> {
    let mut known = ISSUANCES.iter();
    let found = known.find(|(_, known, of)| of.name() == kind && *known == name)?;
    Some((found.2, found.1))
}
