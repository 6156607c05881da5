//! Which session was a call made in, and which event issued a session?
//!
//! A session is known by its access key, and by its ARN and the instant it began (`creationDate`), which is the instant of
//! the event that issued it. <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>

use super::actor::Actor;
use super::change::EventKey;
use super::issuances::IssuanceKind;
use super::json::{Tree, text_at};
use super::outcome::Outcome;
use super::read::{event_time, key_of};
use crate::record::{Record, View};
use crate::vocab::{AccountId, Citation, EventId, Region, Timestamp, Untrusted};

/// What userIdentity says beside the caller's name: of the session, and of whoever stands behind it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Session {
    /// The caller's account.
    pub account: Option<AccountId>,
    /// principalId.
    pub principal_id: Untrusted,
    /// creationDate: when the session began; absent for long-term keys.
    pub began: Option<Timestamp>,
    /// The ARN of the role or user that the session was issued for.
    pub issuer: Untrusted,
    /// sourceIdentity, which stays the same along a chain of roles.
    pub source_identity: Untrusted,
    /// userName.
    pub user: Untrusted,
    /// The identity provider that vouched for the caller.
    pub provider: Untrusted,
    /// The Identity Center user for whom the call was made.
    pub on_behalf_of: Untrusted,
    /// How an EC2 instance was given the credentials: 1.0 or 2.0 of the metadata service.
    pub delivery: Untrusted,
}

impl Session {
    /// Reads a userIdentity.
    pub(super) fn read<'v>(identity: impl Tree<'v>) -> Self {
        let text = |path: &[&str]| Untrusted::from(text_at(identity, path));
        let first = |paths: [&[&str]; 2]| {
            let mut texts = paths.into_iter().map(text);
            texts.find(|text| !text.is_empty()).unwrap_or_default()
        };
        let began = text_at(identity, &["sessionContext", "attributes", "creationDate"]);
        Self {
            account: AccountId::parse(text_at(identity, &["accountId"])),
            principal_id: text(&["principalId"]),
            began: Timestamp::parse(began),
            issuer: text(&["sessionContext", "sessionIssuer", "arn"]),
            source_identity: text(&["sessionContext", "sourceIdentity"]),
            user: text(&["userName"]),
            provider: first([
                &["identityProvider"],
                &["sessionContext", "webIdFederationData", "federatedProvider"],
            ]),
            on_behalf_of: text(&["onBehalfOf", "userId"]),
            delivery: first([
                &["sessionContext", "ec2RoleDelivery"],
                &["sessionContext", "attributes", "ec2RoleDelivery"],
            ]),
        }
    }
}

/// An event that issued a session, or shows that one began.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Issuance {
    /// When.
    pub time: Timestamp,
    /// eventName, as AWS writes it.
    pub name: &'static str,
    /// What kind of event.
    pub kind: IssuanceKind,
    /// awsRegion.
    pub region: Option<Region>,
    /// The account whose trail has it.
    pub account: Option<AccountId>,
    /// The access key that it gave out.
    pub key: Untrusted,
    /// The ARN of the session; for Identity Center, the permission set.
    pub session: Untrusted,
    /// Who asked for it.
    pub parent: Actor,
    /// The subject that an identity provider vouched for.
    pub subject: Untrusted,
    /// That provider.
    pub provider: Untrusted,
    /// The sourceIdentity that it sets.
    pub source_identity: Untrusted,
    /// Whether with a second factor, where it says.
    pub mfa: Option<bool>,
    /// The id that the copies in two accounts' trails share.
    pub shared: Option<EventId>,
}

/// An issuance, which event it is, and the record that tells of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CitedIssuance {
    /// Which event it is.
    pub event: EventKey,
    /// What it issued.
    pub issuance: Issuance,
    /// The record that tells of it.
    pub citation: Citation,
}

/// The top-level members that tell of an issuance. With which program it was asked for is not told: there are millions of them.
const MEMBERS: [&str; 11] = [
    "userIdentity",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "serviceEventDetails",
    "recipientAccountId",
    "eventID",
    "sharedEventID",
    "awsRegion",
    "errorCode",
    "sourceIPAddress",
];

/// Reads what an event of that kind issued; `None` where it failed or issued nothing.
pub fn read_issuance(
    kind: IssuanceKind,
    name: &'static str,
    record: &Record<'_>,
    raw: &[u8],
) -> Option<(EventKey, Issuance)> {
    let time = event_time(record)?;
    let part = record.part(&MEMBERS);
    let json = part.view();
    let outcome = Outcome::of_record(&record.pick(&["errorCode"]));
    let refused = text_at(json, &["responseElements", name]) == "Failure";
    if outcome != Outcome::Took || refused {
        return None;
    }
    let recipient = AccountId::parse(text_at(json, &["recipientAccountId"]));
    let parent = parent(json);
    let key = key_of(json, recipient.clone(), raw);
    let account = recipient.or_else(|| parent.session.account.clone());
    let mut issuance = Issuance {
        time,
        name,
        kind,
        region: Region::parse(text_at(json, &["awsRegion"])),
        account,
        key: text_at(json, &["responseElements", "credentials", "accessKeyId"]).into(),
        session: Untrusted::default(),
        subject: first_of(
            json,
            &[
                &["responseElements", "subjectFromWebIdentityToken"],
                &["responseElements", "subject"],
            ],
        ),
        provider: first_of(
            json,
            &[
                &["responseElements", "provider"],
                &["responseElements", "issuer"],
            ],
        ),
        source_identity: first_of(
            json,
            &[
                &["requestParameters", "sourceIdentity"],
                &["responseElements", "sourceIdentity"],
            ],
        ),
        mfa: mfa(json),
        shared: EventId::parse(text_at(json, &["sharedEventID"])),
        parent,
    };
    issuance.session = session_of(json, &issuance);
    let useful = !issuance.key.is_empty() || !issuance.session.is_empty();
    useful.then_some((key, issuance))
}

/// Who asked: for a switch of roles in the console, the identity that was switched from.
fn parent(json: View<'_, '_>) -> Actor {
    let mut parent = Actor::read(json);
    let from = text_at(json, &["additionalEventData", "SwitchFrom"]);
    if !from.is_empty() {
        parent.kind = kind_of_arn(from).into();
        parent.name = from.into();
        (parent.session, parent.access_key_id) = Default::default();
    }
    parent
}

fn kind_of_arn(arn: &str) -> &'static str {
    match () {
        () if arn.contains(":assumed-role/") => "AssumedRole",
        () if arn.contains(":federated-user/") => "FederatedUser",
        () if arn.contains(":user/") => "IAMUser",
        () if arn.ends_with(":root") => "Root",
        () => "",
    }
}

/// The ARN of the session that began.
fn session_of(json: View<'_, '_>, issuance: &Issuance) -> Untrusted {
    let issued = first_of(
        json,
        &[
            &["responseElements", "assumedRoleUser", "arn"],
            &["responseElements", "federatedUser", "arn"],
        ],
    );
    let target = text_at(json, &["requestParameters", "targetPrincipal"]);
    match issuance.kind {
        IssuanceKind::IdentityCenter => permission_set(json),
        IssuanceKind::Token | IssuanceKind::Login | IssuanceKind::Switch => {
            text_at(json, &["userIdentity", "arn"]).into()
        }
        IssuanceKind::Sts if !issued.is_empty() => issued,
        IssuanceKind::Sts if target.contains(':') => target.into(),
        IssuanceKind::Sts if !target.is_empty() => format!("arn:aws:iam::{target}:root").into(),
        IssuanceKind::Sts => asked_for(json).unwrap_or_default(),
    }
}

/// The ARN of the session of a role that was asked for, where the response is not told.
fn asked_for(json: View<'_, '_>) -> Option<Untrusted> {
    let role = text_at(json, &["requestParameters", "roleArn"]);
    let session = text_at(json, &["requestParameters", "roleSessionName"]);
    let (place, path) = role.split_once(":role/")?;
    let name = path.rsplit('/').next()?;
    let place = place.replacen(":iam:", ":sts:", 1);
    (!session.is_empty()).then(|| format!("{place}:assumed-role/{name}/{session}").into())
}

/// `account/permission set`, as Identity Center's events name it.
fn permission_set(json: View<'_, '_>) -> Untrusted {
    let account = first_of(
        json,
        &[
            &["serviceEventDetails", "account_id"],
            &["requestParameters", "accountId"],
        ],
    );
    let role = first_of(
        json,
        &[
            &["serviceEventDetails", "role_name"],
            &["requestParameters", "roleName"],
        ],
    );
    match account.is_empty() || role.is_empty() {
        true => Untrusted::default(),
        false => format!("{}/{}", account.reveal(), role.reveal()).into(),
    }
}

/// The first text among some paths.
fn first_of(json: View<'_, '_>, paths: &[&[&str]]) -> Untrusted {
    let texts = paths.iter().map(|path| text_at(json, path));
    texts
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or("")
        .into()
}

/// A second factor: as the sign-in says, or because a device was named, whose code STS checks.
fn mfa(json: View<'_, '_>) -> Option<bool> {
    match text_at(json, &["additionalEventData", "MFAUsed"]) {
        "Yes" => Some(true),
        "No" => Some(false),
        _ => {
            let device = text_at(json, &["requestParameters", "serialNumber"]);
            (!device.is_empty()).then_some(true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::issuances::issuance_named;
    use super::*;
    use crate::record::Decoder;
    use crate::vocab::LogFileId;
    use serde_json::{Value, json};

    fn read(kind: IssuanceKind, name: &'static str, record: &Value) -> Option<Issuance> {
        let text = record.to_string();
        let mut decoder = Decoder::new();
        let record = decoder.decode(text.as_bytes()).unwrap();
        let (event, issuance) = read_issuance(kind, name, &record, text.as_bytes())?;
        let cited = CitedIssuance {
            event,
            issuance,
            citation: Citation {
                log_file: LogFileId::new("a.json"),
                record_index: 300,
            },
        };
        assert_eq!(CitedIssuance::unpack(&cited.pack()).as_ref(), Some(&cited));
        Some(cited.issuance)
    }

    fn assume_role() -> (IssuanceKind, &'static str) {
        issuance_named("sts", stringify!(AssumeRole)).unwrap()
    }

    #[test]
    fn a_role_session_is_known_by_its_key_and_its_arn() {
        let (kind, name) = assume_role();
        let issued = read(
            kind,
            name,
            &json!({"eventTime": "2024-01-01T00:00:00Z", "eventID": "e1", "recipientAccountId": "111122223333",
                "sharedEventID": "s1",
                "userIdentity": {"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "444455556666"},
                "requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/R", "sourceIdentity": "alice", "serialNumber": "arn:aws:iam::444455556666:mfa/a"},
                "responseElements": {"credentials": {"accessKeyId": "ASIA1"}, "assumedRoleUser": {"arn": "arn:aws:sts::111122223333:assumed-role/R/s"}}}),
        )
        .unwrap();
        assert_eq!(issued.key.reveal(), "ASIA1");
        assert_eq!(
            issued.session.reveal(),
            "arn:aws:sts::111122223333:assumed-role/R/s"
        );
        assert_eq!(
            (issued.source_identity.reveal(), issued.mfa),
            ("alice", Some(true))
        );
    }

    #[test]
    fn what_failed_issued_nothing() {
        let (kind, name) = assume_role();
        let failed = json!({"eventTime": "2024-01-01T00:00:00Z", "errorCode": "AccessDenied", "userIdentity": {"arn": "arn:aws:iam::111122223333:user/a"}});
        assert_eq!(read(kind, name, &failed), None);
        let (kind, name) = issuance_named("login", stringify!(ConsoleLogin)).unwrap();
        let failed = json!({"eventTime": "2024-01-01T00:00:00Z", "userIdentity": {"arn": "arn:aws:iam::111122223333:user/a"},
            "responseElements": {"ConsoleLogin": "Failure"}});
        assert_eq!(read(kind, name, &failed), None);
    }
}
