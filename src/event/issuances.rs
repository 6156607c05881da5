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

/// Whose events issue sessions.
pub(super) const SOURCES: [&str; 3] = [STS, SIGNIN, SSO];

/// The kind of issuance of that source and name, and the name.
pub fn issuance_of(source: &str, name: &str) -> Option<(IssuanceKind, &'static str)> {
    if !SOURCES.contains(&source) {
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
